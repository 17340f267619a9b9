//! When what was done, read from the history and Heat's events.

use chrono::TimeDelta;
use jeroboam::model::{Cluster, Operation, StackEvent, Status};
use jeroboam::service::Change;
use jeroboam::ui::fleet::Fleet;
use jeroboam::ui::timeline::{self, Stretch, Timeline};

use super::world::{self, CI};

fn cluster() -> Cluster {
    world::clusters().into_iter().find(|cluster| cluster.uuid == CI).unwrap()
}

fn fleet(changes: Vec<Change>) -> Fleet {
    let mut fleet = Fleet::default();
    fleet.put_cluster(cluster());
    fleet.put_nodes(CI, Ok(world::nodes(CI)));
    changes.into_iter().for_each(|change| {
        fleet.apply(change);
    });
    fleet
}

/// `server 4`, `ready …`: seconds, or that it goes on.
fn told(stretch: &Stretch) -> String {
    let took = stretch.to.map_or("…".to_owned(), |to| (to - stretch.from).num_seconds().to_string());
    format!("{}{} {took}", if stretch.failed { "✖ " } else { "" }, stretch.name)
}

fn machines(timeline: &Timeline) -> Vec<Vec<String>> {
    let line = |machine: &timeline::Machine| {
        std::iter::once(&machine.whole).chain(&machine.stages).map(told).collect::<Vec<_>>()
    };
    timeline.machines.iter().map(line).collect()
}

#[test]
fn stages_of_machines_follow_each_other_and_what_is_not_over_goes_on() {
    let fleet = fleet(world::upgrade_of_ci());
    let timeline = timeline::last(&cluster(), &fleet).unwrap();
    assert_eq!(told(&timeline.whole), "upgrade …");
    assert_eq!(timeline.phases.iter().map(told).collect::<Vec<_>>(), ["masters, update 36"]);
    assert_eq!(
        machines(&timeline),
        [
            vec!["master-0 24", "port 4", "server 4", "until \"images pulled\" 8", "until it is ready 8"],
            vec!["worker-8 …", "port 4", "server 4", "until \"images pulled\" 8", "until it is ready …"],
        ]
    );
}

#[test]
fn what_failed_is_told_and_what_was_before_is_not() {
    let mut changes = world::upgrade_of_ci();
    let Change::Events { events, .. } = &mut changes[1] else { panic!("events") };
    let server = events.iter_mut().find(|event| event.id == "end-workers.0.nodes.8.server").unwrap();
    server.status = Status::CREATE_FAILED;
    // A server of the operation before.
    let long_ago = world::event(1, "workers.0.nodes.3.server", "CREATE_IN_PROGRESS", "");
    events.push(StackEvent { time: world::ago(4000), ..long_ago });
    let fleet = fleet(changes);
    let timeline = timeline::last(&cluster(), &fleet).unwrap();
    let machines = machines(&timeline);
    assert_eq!(machines.len(), 2);
    assert!(machines[1][0].starts_with("✖ worker-8") && machines[1].contains(&"✖ server 4".to_owned()), "{machines:?}");
}

#[test]
fn without_an_operation_the_last_that_ended_is_told_else_all_that_heat_knows() {
    let mut done = Cluster { operation: None, status: Status::UPDATE_COMPLETE, rollout: None, ..cluster() };
    let mut fleet = fleet(world::upgrade_of_ci());
    assert_eq!(timeline::last(&done, &fleet).unwrap().whole.name, "all that Heat knows of");
    fleet.put_history(CI, Ok(world::history(CI)));
    let timeline = timeline::last(&done, &fleet).unwrap();
    assert_eq!(told(&timeline.whole), "resize 312");
    assert_eq!((timeline.phases, timeline.machines), (vec![], vec![]), "Heat's events are of another time");
    done.operation = Some(Operation { command: "resize".into(), begun: world::ago(1), expected_end: None });
    assert_eq!(told(&timeline::last(&done, &fleet).unwrap().whole), "resize …");
    // A clock that is far off, and a duration that cannot be.
    let mut odd = world::history(CI);
    odd[0].duration = Some(u64::MAX);
    odd[0].at += TimeDelta::days(30_000);
    fleet.put_history(CI, Ok(odd));
    done.operation = None;
    assert_eq!(told(&timeline::last(&done, &fleet).unwrap().whole), "✖ resize 75");
    assert_eq!(timeline::last(&done, &Fleet::default()), None);
}
