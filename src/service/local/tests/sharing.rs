//! Two projects of one cloud on one store: whose templates are whose.

use super::*;
use crate::cloud::Scope;
use crate::model::patch::PatchOp;
use crate::model::{ClusterChange, Patch, TemplateId};

/// The manager of another project on the same store.
fn neighbour(of: &Bench, project: &str) -> Arc<LocalManager> {
    let mut cloud = of.manager.cloud.clone();
    cloud.identity.scope = Scope { project_id: project.into(), ..cloud.identity.scope };
    // As the neighbour's file has it.
    cloud.identity.auth_url = "http://127.0.0.1/identity/".into();
    LocalManager::new(cloud, of.store.clone(), drivers(), Options::default(), tokio_clock(), Part::OnlyAsks)
}

fn set(path: &str, value: &str) -> Vec<Patch> {
    vec![Patch { op: PatchOp::Replace, path: path.into(), value: Some(value.into()) }]
}

fn told(problems: Vec<crate::model::Problem>) -> String {
    problems.iter().map(crate::model::Problem::line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_public_template_is_used_by_all_and_changed_by_its_own_project() {
    let bench = bench(Services::default(), false);
    let (owner, user) = (&bench.manager, neighbour(&bench, "p2"));
    let id = owner.create_template(new_template()).await.unwrap().uuid;
    assert!(user.templates().await.unwrap().is_empty());
    let lost = told(user.create_cluster(new_cluster()).await.unwrap_err());
    assert!(lost.contains("\"k8s\" was not found"), "{lost}");
    assert_eq!(user.delete_template(id).await.unwrap_err().kind, ProblemKind::NotFound, "nothing is told of it");

    owner.update_template(id, set("public", "true")).await.unwrap();
    assert_eq!(user.templates().await.unwrap().len(), 1);
    let cluster = user.create_cluster(new_cluster()).await.unwrap();
    assert_eq!((cluster.project_id.as_str(), cluster.cluster_template_id), ("p2", id));
    assert_eq!(user.clusters().await.unwrap().len(), 1);
    assert!(owner.clusters().await.unwrap().is_empty(), "the cluster is the user's");

    let denied = user.delete_template(id).await.unwrap_err();
    assert_eq!(
        (denied.kind, denied.summary.as_str()),
        (ProblemKind::Denied, "cluster template \"k8s\" belongs to project p1")
    );
    assert_eq!(user.update_template(id, set("hidden", "true")).await.unwrap_err()[0].kind, ProblemKind::Denied);
    let used = owner.delete_template(id).await.unwrap_err();
    assert!(used.line().contains("used by a cluster of another project. Hide it"), "{used}");
    for (field, value) in [("public", "false"), ("flavor_id", "m1.large")] {
        let refused = told(owner.update_template(id, set(field, value)).await.unwrap_err());
        assert!(refused.contains("used by a cluster of another project"), "{refused}");
    }

    // Hidden, it is in nobody's list but its project's, and still found by who knows it.
    owner.update_template(id, set("hidden", "true")).await.unwrap();
    assert!(user.templates().await.unwrap().is_empty());
    assert_eq!(owner.templates().await.unwrap().len(), 1);
    assert_eq!(user.template(id).await.unwrap().map(|template| template.uuid), Some(id));
    let by_name = NewCluster { name: "two".into(), ..new_cluster() };
    assert!(told(user.create_cluster(by_name.clone()).await.unwrap_err()).contains("was not found"));
    let by_uuid = NewCluster { cluster_template_id: id.to_string(), ..by_name };
    user.create_cluster(by_uuid).await.unwrap();
    assert_eq!(neighbour(&bench, "p3").template(TemplateId(uuid::Uuid::nil())).await.unwrap(), None);
}

#[tokio::test]
async fn upgrades_and_names_prefer_the_projects_own() {
    let bench = bench(Services::default(), false);
    let (owner, user) = (&bench.manager, neighbour(&bench, "p2"));
    let theirs = owner.create_template(NewTemplate { public: true, ..new_template() }).await.unwrap().uuid;
    let upgrade = |template: String| ClusterChange::Upgrade { template, nodegroup: None, max_batch_size: 1 };
    let cluster = user.create_cluster(new_cluster()).await.unwrap();
    // Whether it may be had is another question than whether it is found.
    let found =
        |answer: Result<(), Vec<crate::model::Problem>>| !answer.is_err_and(|all| told(all).contains("not found"));
    assert!(found(user.check_change(cluster.uuid, upgrade("k8s".into())).await));
    assert!(found(user.check_change(cluster.uuid, upgrade(theirs.to_string())).await));
    assert!(!found(user.check_change(cluster.uuid, upgrade("nothing".into())).await));

    let ours = user.create_template(new_template()).await.unwrap().uuid;
    let second = user.create_cluster(NewCluster { name: "two".into(), ..new_cluster() }).await.unwrap();
    assert_eq!(second.cluster_template_id, ours);
    let third = neighbour(&bench, "p3");
    user.update_template(ours, set("public", "true")).await.unwrap();
    let doubt = told(third.create_cluster(new_cluster()).await.unwrap_err());
    assert!(doubt.contains("2 cluster templates are named \"k8s\"") && doubt.contains(&theirs.to_string()), "{doubt}");
}
