//! Templates of this project and of others.

use super::*;

fn template(number: u128, name: &str, project: &str, hidden: bool) -> ClusterTemplate {
    ClusterTemplate {
        uuid: TemplateId(Uuid::from_u128(number)),
        spec: NewTemplate {
            name: name.into(),
            image_id: "ubuntu".into(),
            public: project != "p",
            hidden,
            ..NewTemplate::default()
        },
        cluster_distro: "ubuntu".into(),
        project_id: project.into(),
        auth_url: "http://k".into(),
        user_id: "u".into(),
        created_at: then(),
        updated_at: None,
    }
}

fn several() -> Arc<Scripted> {
    Arc::new(Scripted {
        templates: vec![
            template(4, "old", "q", true),
            template(3, "both", "q", false),
            template(2, "both", "p", false),
            template(1, "theirs", "q", false),
        ],
        ..Scripted::default()
    })
}

#[tokio::test]
async fn a_list_says_whose_they_are() {
    let manager = several();
    insta::assert_snapshot!(ran(&manager, "template list", false).await.out, @r"
    UUID                                  NAME    IMAGE   DISTRO  FLAVOR  FLOATING IP  MASTER LB  PUBLIC  OF PROJECT  TAGS
    00000000-0000-0000-0000-000000000002  both    ubuntu  ubuntu  -       true         false      false   -           -
    00000000-0000-0000-0000-000000000003  both    ubuntu  ubuntu  -       true         false      true    q           -
    00000000-0000-0000-0000-000000000001  theirs  ubuntu  ubuntu  -       true         false      true    q           -
    ");
    let told = ran(&manager, "template list -f json", false).await.out;
    let listed: Vec<ClusterTemplate> = serde_json::from_str(&told).unwrap();
    assert_eq!(listed, [2, 1, 3].map(|at: usize| manager.templates[at].clone()), "every field, and in this order");
}

#[tokio::test]
async fn another_projects_is_shown_as_such_and_found_where_ours_is_not_meant() {
    let manager = several();
    let ours = ran(&manager, "template show both -f json", false).await;
    assert!(ours.out.contains(r#""project_id": "p""#) && ours.err.is_empty(), "{}", ours.err);
    for wanted in ["theirs", "00000000-0000-0000-0000-000000000003", "00000000-0000-0000-0000-000000000004"] {
        let theirs = ran(&manager, &format!("template show {wanted} -f json"), false).await;
        assert!(theirs.out.contains(r#""project_id": "q""#), "{wanted}: {}", theirs.out);
        assert_eq!(theirs.err, "It belongs to project q, which made it public\n");
    }
    assert_eq!(ran(&manager, "template show old", false).await.exit, Some(Exit::NotFound), "hidden");
    let mut doubt = template(5, "theirs", "r", false);
    doubt.spec.public = true;
    let mut templates = manager.templates.clone();
    templates.push(doubt);
    let manager = Arc::new(Scripted { templates, ..Scripted::default() });
    let told = ran(&manager, "template show theirs", false).await.err;
    assert!(told.contains("2 cluster templates are named \"theirs\""), "{told}");
}
