use std::collections::BTreeSet;

use super::super::tests::{Run, at, failed, found, listed, stack};
use super::super::{Next, Observed, Op, is_moving};
use super::confirms;
use crate::cloud::CloudErrorKind;
use crate::conductor::cause::Explained;
use crate::conductor::{change, groups};
use crate::driver::Outputs;
use crate::model::{ClusterChange, NodeImage, RootCause, Stack, Status};

/// A cluster that is to have so many workers instead of two.
fn resized(count: u32, seconds: i64) -> Run {
    let mut run = Run::complete();
    groups::show(&mut run.0);
    change::resize(&mut run.0, count, None, &BTreeSet::new(), at(seconds)).unwrap();
    run
}

/// Its update was sent.
fn sent(seconds: i64) -> Run {
    let mut run = resized(3, seconds);
    assert_eq!(run.op(&Observed::Nothing, seconds), Some(Op::Update));
    run
}

fn taken(seconds: i64) -> Run {
    let mut run = sent(seconds);
    run.see(&Observed::Updated { existed: true }, seconds + 1);
    run
}

fn shows(status: &str, revision: u64) -> Stack {
    Stack { revision: Some(revision), ..stack(status) }
}

fn ended() -> Observed {
    Observed::Outputs(Outputs::default())
}

#[test]
fn a_resize_is_sent_followed_and_told() {
    let mut run = resized(3, 20);
    assert_eq!(run.shown(), "UPDATE_IN_PROGRESS ");
    assert_eq!(run.op(&listed("CREATE_COMPLETE", 21), 21), Some(Op::Update), "a list from before changes nothing");
    assert_eq!((run.0.sent.revision, run.0.track.update_sent), (1, Some(at(21))), "noted before it is sent");
    assert_eq!(run.see(&Observed::Updated { existed: true }, 22), (None, Next::List));
    assert_eq!(run.op(&listed("CREATE_COMPLETE", 21), 23), None, "that list was older");
    assert_eq!(run.op(&listed("UPDATE_IN_PROGRESS", 24), 24), None);
    assert_eq!(run.op(&listed("UPDATE_COMPLETE", 60), 60), Some(Op::ReadOutputs));
    assert_eq!(run.0.cluster.status, Status::UPDATE_IN_PROGRESS, "not told before its addresses are known");
    assert_eq!(run.op(&ended(), 61), None);
    assert_eq!(run.shown(), "UPDATE_COMPLETE ");
    assert_eq!(run.0.taken.node_count(), 3);
    assert_eq!((run.0.cluster.rollout.as_ref(), run.0.track.clone()), (None, Default::default()));
    assert_eq!(run.op(&listed("UPDATE_COMPLETE", 90), 90), None);
}

#[test]
fn a_lost_answer_is_settled_by_a_look() {
    let mut run = sent(20);
    assert!(matches!(run.see(&failed(Op::Update, CloudErrorKind::Unreachable), 25).1, Next::After(_)));
    assert!(run.shown().starts_with("UPDATE_IN_PROGRESS not updated yet, trying again: heat: some words"));
    assert_eq!(run.op(&Observed::Nothing, 30), Some(Op::Find));
    assert_eq!(run.op(&listed("UPDATE_IN_PROGRESS", 30), 30), Some(Op::Find), "a list shows no revision");
    let mut there = Run(run.0.clone());
    assert_eq!(there.op(&found(Some(shows("UPDATE_IN_PROGRESS", 1)), 31), 31), None);
    assert_eq!(there.0.track.update_sent, None);
    assert_eq!(there.op(&listed("UPDATE_COMPLETE", 60), 60), Some(Op::ReadOutputs));

    let look = run.see(&found(Some(shows("CREATE_COMPLETE", 0)), 31), 31);
    assert!(matches!(look, (None, Next::After(_))), "it may still come: {look:?}");
    assert_eq!(run.op(&Observed::Nothing, 80), Some(Op::Find));
    assert_eq!(run.op(&found(Some(shows("CREATE_COMPLETE", 0)), 81), 81), Some(Op::Update), "now it will not");
    assert_eq!((run.0.sent.revision, run.0.track.update_sent), (1, Some(at(81))));
}

#[test]
fn a_clock_set_back_ends_no_patience() {
    let mut run = sent(2000);
    assert_eq!(run.see(&found(Some(shows("CREATE_COMPLETE", 0)), 30), 30).0, None);
    assert_eq!(run.op(&found(Some(shows("CREATE_COMPLETE", 0)), 91), 91), Some(Op::Update));
}

#[test]
fn the_end_of_an_earlier_update_is_not_this_ones() {
    let mut run = taken(20);
    assert_eq!(run.op(&listed("UPDATE_COMPLETE", 22), 22), Some(Op::ReadOutputs));
    assert!(!confirms(&run.0, &shows("UPDATE_COMPLETE", 0)) && !confirms(&run.0, &shows("UPDATE_IN_PROGRESS", 1)));
    assert!(confirms(&run.0, &shows("UPDATE_COMPLETE", 1)));
    assert!(matches!(run.see(&found(Some(shows("UPDATE_COMPLETE", 0)), 23), 23), (None, Next::After(_))));
    assert_eq!(run.0.track.ending, None);
    assert!(run.shown().contains("does not show it yet"), "{}", run.shown());
    assert_eq!(run.op(&found(Some(shows("UPDATE_COMPLETE", 0)), 90), 90), Some(Op::Update), "somebody undid it");
    assert!(run.shown().contains("sending it again"), "{}", run.shown());
    run.see(&Observed::Updated { existed: true }, 91);
    assert_eq!(run.op(&found(Some(shows("UPDATE_COMPLETE", 1)), 95), 95), Some(Op::ReadOutputs));
    run.see(&ended(), 95);
    assert_eq!(run.shown(), "UPDATE_COMPLETE ");
}

#[test]
fn what_heat_refuses_is_told_and_can_be_retried() {
    let mut run = sent(20);
    assert_eq!(run.op(&failed(Op::Update, CloudErrorKind::BadRequest), 21), None);
    assert_eq!(run.shown(), "UPDATE_FAILED heat: some words (request req-1)");
    assert_eq!(run.op(&listed("CREATE_COMPLETE", 30), 30), None);
    assert_eq!(
        run.0.cluster.status,
        Status::UPDATE_FAILED,
        "that the stack is well does not say that the change was made"
    );
    change::steer(&mut run.0, &ClusterChange::Retry, at(40)).unwrap();
    assert_eq!(run.op(&Observed::Nothing, 40), Some(Op::Update));
    assert_eq!((run.0.sent.revision, run.0.sent.node_count()), (2, 3), "a revision is not used twice");
    assert_eq!(
        run.0.sent.workers[0].nodes.keys().copied().collect::<Vec<_>>(),
        [0, 1, 2],
        "none was made that could be broken"
    );
}

#[test]
fn a_busy_heat_is_waited_for() {
    let mut run = sent(20);
    assert!(matches!(run.see(&failed(Op::Update, CloudErrorKind::Conflict), 21), (None, Next::After(_))));
    assert_eq!(run.op(&Observed::Nothing, 25), Some(Op::Update));
}

#[test]
fn a_failed_update_is_explained_and_leads_on_or_back() {
    let mut run = taken(20);
    assert_eq!(run.op(&listed("UPDATE_FAILED", 60), 60), Some(Op::Explain));
    let cause = RootCause {
        resource: "workers.2.server".into(),
        kind: "OS::Nova::Server".into(),
        physical_id: String::new(),
        reason: "No valid host".into(),
    };
    assert_eq!(run.op(&Observed::Explained(Explained { cause: Some(cause), ..Explained::default() }), 61), None);
    assert_eq!(run.shown(), "UPDATE_FAILED workers.2.server: No valid host");
    assert!(run.0.cluster.rollout.is_some());
    assert_eq!(run.op(&listed("UPDATE_FAILED", 70), 70), None);

    let nodes = |run: &Run| run.0.sent.workers[0].nodes.keys().copied().collect::<Vec<_>>();
    let mut on = Run(run.0.clone());
    change::steer(&mut on.0, &ClusterChange::Retry, at(80)).unwrap();
    assert_eq!(on.op(&Observed::Nothing, 80), Some(Op::Update));
    assert_eq!(nodes(&on), [0, 1, 3], "a fresh machine");
    let mut back = run;
    change::steer(&mut back.0, &ClusterChange::Rollback, at(80)).unwrap();
    assert_eq!(back.op(&Observed::Nothing, 80), Some(Op::Update));
    assert_eq!((nodes(&back), back.0.sent.workers[0].removed.clone()), (vec![0, 1], [2].into()));
    back.see(&Observed::Updated { existed: true }, 81);
    assert_eq!(back.op(&listed("UPDATE_COMPLETE", 90), 90), Some(Op::ReadOutputs));
    assert_eq!(back.op(&ended(), 90), None);
    assert_eq!(back.shown(), "UPDATE_COMPLETE ");
}

#[test]
fn a_retry_sends_what_came_up_once_more_and_a_way_back_does_not() {
    let mut run = resized(5, 20);
    assert_eq!(run.op(&Observed::Nothing, 20), Some(Op::Update));
    run.see(&Observed::Updated { existed: true }, 21);
    assert_eq!(run.op(&listed("UPDATE_FAILED", 60), 60), Some(Op::Explain));
    run.see(&Observed::Explained(Explained { came_up: [(0, 0), (0, 2), (0, 4)].into(), ..Explained::default() }), 61);
    let nodes = |run: &Run| run.0.sent.workers[0].nodes.keys().copied().collect::<Vec<_>>();
    let mut on = Run(run.0.clone());
    change::steer(&mut on.0, &ClusterChange::Retry, at(80)).unwrap();
    assert_eq!(on.op(&Observed::Nothing, 80), Some(Op::Update));
    assert_eq!((nodes(&on), on.0.sent.workers[0].removed.clone()), (vec![0, 1, 2, 4, 5], [3].into()));
    assert!(on.0.track.came_up.is_empty(), "it counts once");
    let mut other = Run(run.0.clone());
    change::resize(&mut other.0, 4, None, &BTreeSet::new(), at(80)).unwrap();
    assert_eq!(other.op(&Observed::Nothing, 80), Some(Op::Update));
    assert_eq!((nodes(&other), other.0.sent.workers[0].removed.clone()), (vec![0, 1, 2, 4], [3, 5].into()));
    let mut back = run;
    change::steer(&mut back.0, &ClusterChange::Rollback, at(80)).unwrap();
    assert_eq!(back.op(&Observed::Nothing, 80), Some(Op::Update));
    assert_eq!((nodes(&back), back.0.sent.workers[0].removed.clone()), (vec![0, 1], [2, 3, 4].into()));
}

#[test]
fn masters_go_one_after_another_and_a_pause_holds_between() {
    let mut run = Run::complete();
    for spec in [&mut run.0.goal, &mut run.0.sent, &mut run.0.taken] {
        spec.masters = vec![spec.masters[0].clone(); 3];
    }
    groups::show(&mut run.0);
    let image = NodeImage { id: "i2".into(), kube_version: Some("v1.32.0".into()) };
    let of = |record: &crate::store::ClusterRecord| crate::store::Before {
        cluster_template_id: record.cluster.cluster_template_id,
        template_name: record.cluster.template_name.clone(),
        template: record.template.clone(),
        facts: record.facts.clone(),
        labels: record.cluster.labels.clone(),
    };
    let (before, mut after) = (of(&run.0), of(&run.0));
    (after.facts.image_id, after.facts.kube_version) = (image.id.clone(), image.kube_version.clone());
    let target = change::Target { image, group: None, batch: 1, before, after };
    change::upgrade(&mut run.0, target, at(20)).unwrap();
    let step = |run: &mut Run, seconds: i64| {
        run.see(&Observed::Updated { existed: true }, seconds);
        assert_eq!(run.op(&listed("UPDATE_COMPLETE", seconds + 1), seconds + 1), Some(Op::ReadOutputs));
        run.op(&ended(), seconds + 1)
    };
    assert_eq!(run.op(&Observed::Nothing, 20), Some(Op::Update));
    assert_eq!(step(&mut run, 21), Some(Op::Update), "the next at once");
    change::steer(&mut run.0, &ClusterChange::Pause, at(25)).unwrap();
    assert!(is_moving(&run.0), "what Heat is at goes on");
    assert_eq!(step(&mut run, 30), None);
    groups::show(&mut run.0);
    assert!(!is_moving(&run.0) && run.0.cluster.is_held());
    assert_eq!(run.shown(), "UPDATE_IN_PROGRESS paused");
    assert_eq!(run.0.cluster.rollout.as_ref().unwrap().line(), "upgrade v1.31.4 → v1.32.0: 2 of 5 nodes, paused");
    assert_eq!(run.op(&listed("UPDATE_COMPLETE", 50), 50), None);
    change::steer(&mut run.0, &ClusterChange::Resume, at(60)).unwrap();
    assert_eq!(run.op(&Observed::Nothing, 60), Some(Op::Update));
    let generations: Vec<u32> = run.0.sent.masters.iter().map(|master| master.generation).collect();
    assert_eq!(generations, [1, 1, 1]);
    assert_eq!(step(&mut run, 70), Some(Op::Update), "a worker more");
    for seconds in [80, 90] {
        assert_eq!(step(&mut run, seconds), Some(Op::Drain), "an old one goes");
        assert_eq!(run.op(&Observed::Drained, seconds + 5), Some(Op::Update));
    }
    assert_eq!(step(&mut run, 110), None);
    assert_eq!(run.shown(), "UPDATE_COMPLETE ");
    assert_eq!(run.0.cluster.coe_version.as_deref(), Some("v1.32.0"));
}

#[test]
fn an_update_is_cancelled_where_it_is() {
    let mut run = taken(20);
    change::steer(&mut run.0, &ClusterChange::Cancel, at(30)).unwrap();
    assert_eq!(run.op(&Observed::Nothing, 30), Some(Op::Cancel));
    assert!(matches!(run.see(&failed(Op::Cancel, CloudErrorKind::Unreachable), 31), (None, Next::After(_))));
    assert_eq!(run.op(&Observed::Nothing, 35), Some(Op::Cancel));
    assert_eq!(run.op(&Observed::Cancelled { existed: true }, 36), None);
    assert_eq!(run.op(&listed("UPDATE_FAILED", 40), 40), Some(Op::Explain));
    run.see(&Observed::Explained(Explained::default()), 40);
    assert!(run.shown().starts_with("UPDATE_FAILED"));
}

#[test]
fn a_delete_is_stronger() {
    for run in [resized(3, 20), sent(20), taken(20)] {
        let mut run = run.delete(30);
        assert_eq!(run.op(&Observed::Nothing, 30), Some(Op::Delete));
        assert_eq!(run.op(&Observed::Deleted { existed: true }, 31), None);
        assert_eq!(run.op(&listed("UPDATE_IN_PROGRESS", 32), 32), None);
        assert_eq!(run.op(&listed("DELETE_IN_PROGRESS", 35), 35), None);
        assert_eq!(run.op(&found(None, 60), 60), Some(Op::Forget));
    }
}

#[test]
fn a_stack_that_is_gone_is_told() {
    let mut run = taken(20);
    assert_eq!(run.op(&Observed::Listed { stack: None, asked: at(30) }, 30), Some(Op::Find));
    assert_eq!(run.op(&found(None, 30), 30), None);
    assert_eq!(run.shown(), "UPDATE_FAILED stack s1 not found in Heat");
}

#[test]
fn somebody_elses_update_is_shown_and_left_alone() {
    let mut run = Run::complete();
    assert_eq!(run.op(&listed("UPDATE_IN_PROGRESS", 30), 30), None);
    assert_eq!(run.0.cluster.status, Status::UPDATE_IN_PROGRESS);
    assert_eq!(run.op(&listed("UPDATE_COMPLETE", 40), 40), Some(Op::ReadOutputs));
    assert_eq!(run.op(&ended(), 40), None);
    assert_eq!(run.0.cluster.status, Status::UPDATE_COMPLETE);
}
