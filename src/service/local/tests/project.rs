//! What a project has and may have, and images.

use super::*;
use crate::model::Quota;

#[tokio::test]
async fn limits_are_ours_and_the_services_and_a_service_that_does_not_tell_is_named() {
    let bench = bench(Services { cores_left: Some(40), ..Services::default() }, false);
    let (limits, problems) = bench.manager.limits().await;
    let told: Vec<_> = limits.iter().map(|one| (one.item.service(), one.limit, one.used)).collect();
    assert_eq!(told[..2], [("jeroboam", None, 0), ("nova", Some(100), 60)]);
    assert_eq!(problems, []);
    let project_id = identity().scope.project_id;
    let quota = Quota {
        project_id,
        resource: "Cluster".into(),
        hard_limit: 3,
        created_at: chrono::DateTime::UNIX_EPOCH,
        updated_at: None,
    };
    bench.manager.put_quota(quota).await.unwrap();
    assert_eq!(bench.manager.limits().await.0[0].limit, Some(3));

    let bench = super::bench(Services::default(), false);
    let (limits, problems) = bench.manager.limits().await;
    assert_eq!((limits.len(), problems.len()), (1, 1));
    assert!(problems[0].summary.contains("nova"), "{problems:?}");
}

#[tokio::test]
async fn an_image_is_described_by_the_rules() {
    let bench = bench(Services::default(), false);
    let id = inventory().images[0].id.clone();
    let wanted = |distro: &str| Properties { os_distro: Some(distro.into()), ..Properties::default() };
    let image = bench.manager.set_image(&id, wanted("flatcar")).await.unwrap();
    assert_eq!(image.os_distro.as_deref(), Some("flatcar"));
    let refused = bench.manager.set_image(&id, wanted("")).await.unwrap_err();
    assert_eq!(refused[0].field.as_deref(), Some("os_distro"));
    let missing = bench.manager.set_image("nosuch", wanted("ubuntu")).await.unwrap_err();
    assert_eq!(missing[0].kind, ProblemKind::NotFound);
    let wish = NewImage {
        name: "k8s".into(),
        url: "ftp://example.org/a.img".into(),
        disk_format: "qcow2".into(),
        min_disk: 0,
        properties: wanted("ubuntu"),
    };
    assert_eq!(bench.manager.import_image(wish.clone()).await.unwrap_err()[0].field.as_deref(), Some("url"));
    let wish = NewImage { url: "https://example.org/a.img".into(), ..wish };
    assert_eq!(bench.manager.import_image(wish).await.unwrap().name, "k8s");
}
