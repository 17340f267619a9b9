use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{
    Target, create_group, delete_group, node_index, resize, rotate_ca, rotate_credential, steer, update_group, upgrade,
};
use crate::conductor::groups;
use crate::model::{ClusterChange, NodeImage, Problem, ProblemKind, Status, WorkerGroup, WorkerNode};
use crate::store::tests::record;
use crate::store::{Before, ClusterRecord, Intent};

fn now() -> DateTime<Utc> {
    record(1, "prod").cluster.created_at
}

/// A cluster of so many masters and two workers, at rest.
fn cluster(masters: usize) -> ClusterRecord {
    let mut record = record(1, "prod");
    record.goal.masters = vec![record.goal.masters[0].clone(); masters];
    record.sent = record.goal.clone();
    record.taken = record.goal.clone();
    record.cluster.stack_id = Some("s1".into());
    record.cluster.status = Status::CREATE_COMPLETE;
    groups::show(&mut record);
    record
}

fn to(record: &ClusterRecord, version: &str, group: Option<&str>) -> Target {
    let image = NodeImage { id: format!("image of {version}"), kube_version: Some(version.into()) };
    let before = Before {
        cluster_template_id: record.cluster.cluster_template_id,
        template_name: record.cluster.template_name.clone(),
        template: record.template.clone(),
        facts: record.facts.clone(),
        labels: record.cluster.labels.clone(),
    };
    let mut after = before.clone();
    (after.facts.image_id, after.facts.kube_version) = (image.id.clone(), image.kube_version.clone());
    after.template_name = "newer".into();
    Target { image, group: group.map(str::to_owned), batch: 1, before, after }
}

fn gpu() -> WorkerGroup {
    let mut group = WorkerGroup { name: "gpu".into(), role: "worker".into(), ..WorkerGroup::default() };
    group.grow(2, &WorkerNode { image: record(1, "x").facts.image(), ca_step: 0 });
    group
}

fn no() -> BTreeSet<u32> {
    BTreeSet::new()
}

fn told(result: Result<(), Problem>) -> String {
    result.unwrap_err().line()
}

#[test]
fn a_cluster_that_moves_takes_no_change() {
    let mut busy = cluster(3);
    resize(&mut busy, 3, None, &no(), now()).unwrap();
    for status in ["UPDATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "CREATE_FAILED", "DELETE_FAILED"] {
        let mut record = busy.clone();
        record.cluster.status = status.into();
        let before = record.clone();
        let target = to(&record, "v1.31.9", None);
        for refused in [
            resize(&mut record, 5, None, &no(), now()),
            upgrade(&mut record, target, now()),
            rotate_ca(&mut record, 1, now()),
            create_group(&mut record, gpu(), (0, None), now()),
        ] {
            let problem = refused.unwrap_err();
            assert_eq!(problem.kind, ProblemKind::Conflict);
            assert!(problem.summary.contains(status) && problem.advice.is_some(), "{problem:?}");
        }
        assert_eq!(record, before, "refused and changed all the same");
    }
    let mut going = cluster(1);
    going.intent = Intent::Absent;
    assert!(told(resize(&mut going, 5, None, &no(), now())).contains("being deleted"));
}

#[test]
fn counts_and_names_of_a_resize() {
    let mut record = cluster(1);
    assert_eq!(resize(&mut record, 2, None, &no(), now()), Ok(()));
    assert_eq!(record.cluster.rollout, None, "it has two");
    update_group(&mut record, "default-worker", Some(1), Some(Some(4))).unwrap();
    for (count, group, words) in [
        (0, None, "fewer than its minimum of 1"),
        (5, None, "more than its maximum of 4"),
        (3, Some("none"), "no node group \"none\""),
        (3, Some("default-master"), "fixed when a cluster is made"),
    ] {
        let said = told(resize(&mut record, count, group, &no(), now()));
        assert!(said.contains(words), "{said}");
    }
    assert!(
        node_index(&record, None, "7").unwrap_err().line().contains("There are: 0 (prod-000000000001-worker-0), 1 (")
    );
    record.nodes = vec![crate::driver::NodeAddress {
        slot: Some(0),
        index: 1,
        server_id: "5f2e".into(),
        address: Some("10.0.0.7".into()),
        floating_address: None,
    }];
    for name in ["1", "5f2e", "10.0.0.7", "prod-000000000001-worker-1"] {
        assert_eq!(node_index(&record, None, name), Ok(1), "{name}");
    }
    let leaving = [node_index(&record, None, "0").unwrap()].into();
    resize(&mut record, 3, None, &leaving, now()).unwrap();
    assert_eq!(record.goal.workers[0].nodes.keys().copied().collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(record.cluster.node_groups[1].status, Status::UPDATE_IN_PROGRESS);
    assert_eq!(record.cluster.node_groups[0].status, Status::CREATE_COMPLETE, "the masters have nothing to do with it");
    assert_eq!(record.cluster.rollout.as_ref().unwrap().line(), "resize default-worker 2 → 3: 0 of 2 nodes");
}

#[test]
fn versions_go_up_one_at_a_time() {
    for (version, words) in
        [("v1.31.3", "cannot go back"), ("v1.33.0", "one minor version at a time"), ("v1.30.9", "cannot go back")]
    {
        let mut record = cluster(3);
        let target = to(&record, version, None);
        let said = told(upgrade(&mut record, target, now()));
        assert!(said.contains(words), "{said}");
    }
    let mut record = cluster(3);
    let target = to(&record, "v1.32.0", Some("default-worker"));
    assert!(told(upgrade(&mut record, target, now())).contains("cannot be newer than masters"));
    let target = to(&record, "v1.32.0", None);
    upgrade(&mut record, target, now()).unwrap();
    assert_eq!((record.cluster.template_name.as_str(), record.facts.image_id.as_str()), ("newer", "image of v1.32.0"));
    assert_eq!(record.cluster.rollout.as_ref().unwrap().line(), "upgrade v1.31.4 → v1.32.0: 0 of 5 nodes");
    let (mut same, target) = (cluster(3), Target { image: record_image(), ..to(&cluster(3), "v1.31.4", None) });
    assert!(told(upgrade(&mut same, target, now())).contains("already"));
}

fn record_image() -> NodeImage {
    record(1, "x").facts.image()
}

#[test]
fn a_lone_master_without_an_etcd_volume_stays() {
    let mut record = cluster(1);
    let target = to(&record, "v1.32.0", None);
    assert!(told(upgrade(&mut record, target, now())).contains("etcd"));
    assert!(told(rotate_ca(&mut record, 1, now())).contains("etcd_volume_size"));
    assert!(told(rotate_credential(&mut record, now())).contains("credential rotation"));
    record.cluster.labels.0.insert("etcd_volume_size".into(), "10".into());
    let mut other = record.clone();
    rotate_credential(&mut other, now()).unwrap();
    assert_eq!((other.goal.credential, other.cluster.rollout.unwrap().total), (1, 1));
    rotate_ca(&mut record, 1, now()).unwrap();
    assert_eq!((record.goal.ca_step, record.cluster.rollout.unwrap().total), (3, 5));
}

#[test]
fn groups_come_change_and_go() {
    let mut record = cluster(1);
    create_group(&mut record, gpu(), (1, Some(5)), now()).unwrap();
    let made = &record.cluster.node_groups[2];
    assert_eq!(
        (made.name.as_str(), made.status.to_string().as_str(), made.node_count),
        ("gpu", "CREATE_IN_PROGRESS", 2)
    );
    assert_eq!((made.min_node_count, made.max_node_count), (1, Some(5)));
    assert_eq!(record.cluster.node_count, 4);
    record.taken = record.goal.clone();
    record.sent = record.goal.clone();
    record.cluster.status = Status::UPDATE_COMPLETE;
    record.cluster.rollout = None;
    groups::show(&mut record);
    assert_eq!(record.cluster.node_groups[2].status, Status::CREATE_COMPLETE);
    assert!(told(create_group(&mut record, gpu(), (0, None), now())).contains("already has"));
    assert!(told(update_group(&mut record, "gpu", Some(3), None)).contains("fewer than"));
    assert!(told(delete_group(&mut record, "default-worker", now())).contains("default"));
    assert!(told(delete_group(&mut record, "none", now())).contains("no node group"));
    delete_group(&mut record, "gpu", now()).unwrap();
    assert_eq!(record.cluster.node_groups[2].status.to_string(), "DELETE_IN_PROGRESS");
    record.taken = record.goal.clone();
    groups::show(&mut record);
    assert_eq!(record.cluster.node_groups.len(), 2);
}

#[test]
fn only_what_moves_is_steered() {
    let mut record = cluster(3);
    for how in [
        ClusterChange::Pause,
        ClusterChange::Resume,
        ClusterChange::Cancel,
        ClusterChange::Retry,
        ClusterChange::Rollback,
    ] {
        assert!(steer(&mut record, &how, now()).is_err(), "{how:?}");
    }
    let target = to(&record, "v1.32.0", None);
    upgrade(&mut record, target, now()).unwrap();
    assert!(steer(&mut record, &ClusterChange::Cancel, now()).is_err(), "nothing was sent yet");
    assert!(steer(&mut record, &ClusterChange::Rollback, now()).is_err(), "it is not paused");
    steer(&mut record, &ClusterChange::Pause, now()).unwrap();
    assert!(told(resize(&mut record, 5, None, &no(), now())).contains("paused"));
    steer(&mut record, &ClusterChange::Rollback, now()).unwrap();
    assert_eq!((record.cluster.template_name.as_str(), &record.goal), ("k8s", &record.taken));
    let mut turning = cluster(3);
    rotate_ca(&mut turning, 1, now()).unwrap();
    turning.taken.ca_step = 1;
    turning.cluster.status = Status::UPDATE_FAILED;
    assert!(told(steer(&mut turning, &ClusterChange::Rollback, now())).contains("one CA"));
}
