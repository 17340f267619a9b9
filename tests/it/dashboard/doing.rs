//! What a machine is said to be doing, from the manager's word, Heat's resources and its own signals.

use chrono::{DateTime, TimeDelta, Utc};
use jeroboam::model::node::Course;
use jeroboam::model::{Cluster, Node, StackEvent, StackResource, Status, timeout};
use jeroboam::ui::doing::{STAGES, doing};
use jeroboam::ui::fleet::Fleet;

use super::world::{self, CI};

fn at(seconds: i64) -> DateTime<Utc> {
    world::now() + TimeDelta::seconds(seconds)
}

/// In a step that began at 100.
fn cluster() -> Cluster {
    let mut cluster = world::clusters().into_iter().find(|cluster| cluster.uuid == CI).unwrap();
    cluster.rollout.as_mut().unwrap().step_since = Some(at(100));
    cluster
}

fn node(slot: Option<u32>, index: u32, course: Course) -> Node {
    Node {
        cluster_uuid: CI,
        name: "prod-worker-1".into(),
        nodegroup: "default-worker".into(),
        slot,
        index,
        server_id: None,
        address: None,
        image_id: "i".into(),
        version: None,
        ca: 1,
        course,
    }
}

fn part(path: &str, name: &str, kind: &str, status: &str, updated: i64) -> StackResource {
    StackResource {
        name: name.into(),
        kind: kind.into(),
        status: Status::from(status),
        status_reason: if status.ends_with("FAILED") { "Message: No valid host was found., Code: 500" } else { "" }
            .into(),
        physical_id: String::new(),
        path: path.split('.').map(str::to_owned).collect(),
        nested: None,
        stack_id: "s".into(),
        updated: Some(at(updated)),
    }
}

fn event(path: &str, status: &str, reason: &str, time: i64) -> StackEvent {
    StackEvent {
        id: format!("{path}{time}"),
        time: at(time),
        resource: "progress".into(),
        path: path.split('.').map(str::to_owned).collect(),
        status: Status::from(status),
        reason: reason.into(),
        physical_id: String::new(),
    }
}

fn fleet(resources: Vec<StackResource>, events: Vec<StackEvent>) -> Fleet {
    let mut fleet = Fleet::default();
    fleet.put_cluster(cluster());
    fleet.put_resources(CI, resources);
    fleet.add_events(CI, events);
    fleet
}

fn told(node: &Node, fleet: &Fleet) -> String {
    let doing = doing(node, fleet);
    format!("{} {}", doing.told.sign, doing.told.word)
}

#[test]
fn a_worker_on_its_way() {
    let (server, wait, port) = ("OS::Nova::Server", "OS::Heat::WaitCondition", "OS::Neutron::Port");
    let here = "workers.0.nodes.1";
    let new = node(Some(0), 1, Course::Coming);
    let mut parts = vec![part("workers.0.nodes.2", "server", server, "CREATE_COMPLETE", 120)];
    assert_eq!(told(&new, &fleet(parts.clone(), vec![])), "◐ about to be made", "another's server is not its own");
    parts.push(part(here, "port", port, "CREATE_IN_PROGRESS", 121));
    assert_eq!(told(&new, &fleet(parts.clone(), vec![])), "◐ making its port");
    parts.push(part(here, "server", server, "CREATE_IN_PROGRESS", 130));
    assert_eq!(told(&new, &fleet(parts.clone(), vec![])), "◐ starting its server");
    parts[2].status = Status::CREATE_COMPLETE;
    parts.push(part(here, "ready", wait, "CREATE_IN_PROGRESS", 131));
    let booting = fleet(parts.clone(), vec![]);
    assert_eq!(told(&new, &booting), "◐ booting");
    let patience = TimeDelta::seconds(timeout::of_node(&cluster()).try_into().unwrap());
    assert_eq!(doing(&new, &booting).until, Some(at(131) + patience));
    let say =
        |words: &str, time| event(here, "SIGNAL_COMPLETE", &format!("Signal: status:SUCCESS reason:{words}"), time);
    let told_so_far = vec![say("prod-worker-1: containerd ready", 140), say("prod-worker-1: joined", 150)];
    let joined = fleet(parts.clone(), told_so_far);
    assert_eq!(told(&new, &joined), "◐ joined");
    assert_eq!((doing(&new, &joined).since, doing(&new, &joined).stage), (Some(at(150)), Some(6)));
    parts[3].status = Status::CREATE_COMPLETE;
    let ready = fleet(parts.clone(), vec![]);
    assert_eq!((told(&new, &ready), doing(&new, &ready).stage), ("● ready".to_owned(), Some(STAGES)));
    parts[2].status = Status::CREATE_FAILED;
    parts[2].status_reason = "Message: No valid host was found., Code: 500".into();
    assert_eq!(told(&new, &fleet(parts, vec![])), "✖ No valid host was found");
}

#[test]
fn what_the_machine_before_left_says_nothing_of_the_new_one() {
    let renewed = node(None, 0, Course::Renewing);
    let mut parts = vec![
        part("masters.0", "server", "OS::Nova::Server", "CREATE_COMPLETE", 10),
        part("masters.0", "ready_even", "OS::Heat::WaitCondition", "CREATE_COMPLETE", 20),
    ];
    let old = event("masters.0", "SIGNAL_COMPLETE", "Signal: status:SUCCESS reason:prod-master-0: node Ready", 19);
    assert_eq!(told(&renewed, &fleet(parts.clone(), vec![old.clone()])), "◐ about to be made");
    let touched = Status::from("UPDATE_COMPLETE");
    parts[0].updated = Some(at(105));
    (parts[0].status, parts[1].status) = (touched.clone(), touched);
    assert_eq!(told(&renewed, &fleet(parts.clone(), vec![old.clone()])), "◐ about to be made", "touched is not made");
    parts[0].status = Status::CREATE_COMPLETE;
    parts[0].updated = Some(at(110));
    parts.push(part("masters.0", "ready_odd", "OS::Heat::WaitCondition", "CREATE_IN_PROGRESS", 111));
    assert_eq!(told(&renewed, &fleet(parts, vec![old])), "◐ booting");
}

#[test]
fn without_heat_what_the_manager_says_is_told() {
    let empty = fleet(vec![], vec![]);
    let all = [Course::Stays, Course::ToCome, Course::ToRenew, Course::ToGo, Course::Draining, Course::Going];
    let words: Vec<String> = all.map(|course| told(&node(Some(0), 1, course), &empty)).into();
    assert_eq!(words, ["● there", "○ to come", "○ to be replaced", "○ to go", "◌ handing over its pods", "◌ going"]);
}
