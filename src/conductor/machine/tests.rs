use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Next, Observed, Op, SETTLE, step};
use crate::cloud::{CloudError, CloudErrorKind};
use crate::conductor::cause::Explained;
use crate::driver::Outputs;
use crate::model::{Problem, RootCause, Stack, Status};
use crate::store::tests::record;
use crate::store::{ClusterRecord, Intent};

fn start() -> DateTime<Utc> {
    record(1, "prod").cluster.created_at
}

pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

pub(super) fn stack(status: &str) -> Stack {
    let of = record(1, "prod").cluster;
    Stack {
        id: "s1".into(),
        name: of.stack_name,
        status: status.into(),
        status_reason: format!("Heat's words on {status}"),
        tags: vec!["jeroboam".into(), of.uuid.to_string()],
        created: None,
        updated: None,
        outputs: Default::default(),
        revision: None,
    }
}

pub(super) fn listed(status: &str, asked: i64) -> Observed {
    Observed::Listed { stack: Some(stack(status)), asked: at(asked) }
}

pub(super) fn found(stack: Option<Stack>, asked: i64) -> Observed {
    Observed::Found { stack, asked: at(asked) }
}

fn created() -> Observed {
    Observed::Created { stack_id: "s1".into() }
}

pub(super) fn error(kind: CloudErrorKind) -> CloudError {
    CloudError {
        kind,
        service: "heat".into(),
        status: None,
        request_id: Some("req-1".into()),
        message: "some words".into(),
        retry_after: None,
    }
}

pub(super) fn failed(op: Op, kind: CloudErrorKind) -> Observed {
    Observed::Failed { op, error: error(kind) }
}

/// A record and what becomes of it; checks on the way that nothing is left unsaid.
pub(super) struct Run(pub(super) ClusterRecord);

impl Run {
    fn accepted() -> Self {
        Self(record(1, "prod"))
    }

    /// A create call was sent, and nothing is known of it yet.
    fn sent(seconds: i64) -> Self {
        let mut run = Self::accepted();
        run.see(&Observed::Nothing, seconds);
        run.see(&found(None, seconds), seconds);
        run
    }

    fn creating() -> Self {
        let mut run = Self::sent(0);
        run.see(&created(), 1);
        run
    }

    pub(super) fn complete() -> Self {
        let mut run = Self::creating();
        run.see(&listed("CREATE_COMPLETE", 10), 10);
        run.see(&Observed::Outputs(Outputs::default()), 10);
        run
    }

    pub(super) fn delete(mut self, seconds: i64) -> Self {
        super::super::wish_absent(&mut self.0, at(seconds));
        self
    }

    pub(super) fn see(&mut self, observed: &Observed, seconds: i64) -> (Option<Op>, Next) {
        let transition = step(self.0.clone(), observed, at(seconds));
        let cluster = &transition.record.cluster;
        assert!(!cluster.status.is_failed() || !cluster.status_reason.is_empty(), "failed without a reason");
        self.0 = transition.record;
        (transition.op, transition.next)
    }

    pub(super) fn op(&mut self, observed: &Observed, seconds: i64) -> Option<Op> {
        self.see(observed, seconds).0
    }

    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.0.cluster.status, self.0.cluster.status_reason)
    }
}

#[test]
fn an_accepted_cluster_is_created_and_read() {
    let mut run = Run::accepted();
    assert_eq!(run.op(&Observed::Nothing, 0), Some(Op::Find));
    assert_eq!(run.op(&found(None, 0), 0), Some(Op::Create));
    assert_eq!(run.0.track.create_sent, Some(at(0)), "noted before it is sent");
    assert_eq!(run.see(&created(), 3), (None, Next::List));
    assert_eq!((run.0.cluster.status_since, run.0.track.create_sent), (at(3), None));
    assert_eq!(run.op(&listed("CREATE_IN_PROGRESS", 5), 5), None);
    assert_eq!(run.op(&listed("CREATE_COMPLETE", 60), 60), Some(Op::ReadOutputs));
    assert_eq!(run.0.cluster.status, Status::CREATE_IN_PROGRESS, "not told before its address is known");
    let outputs = Outputs { api_address: Some("https://1.2.3.4:6443".into()), ..Outputs::default() };
    assert_eq!(run.op(&Observed::Outputs(outputs), 61), None);
    assert_eq!(run.0.cluster.status, Status::CREATE_COMPLETE);
    assert_eq!(run.0.cluster.api_address.as_deref(), Some("https://1.2.3.4:6443"));
    assert_eq!(run.0.cluster.coe_version.as_deref(), Some("v1.31.4"));
    assert_eq!(run.op(&Observed::Nothing, 62), None);
    assert_eq!(run.op(&listed("CREATE_COMPLETE", 90), 90), None);
}

#[test]
fn after_a_crash_the_stack_is_looked_for_and_adopted() {
    let mut run = Run::sent(0);
    assert_eq!(run.op(&Observed::Nothing, 1), Some(Op::Find), "never created blindly again");
    assert_eq!(run.see(&found(None, 1), 1), (None, Next::After(Duration::from_secs(2))));
    assert_eq!(run.op(&found(Some(stack("CREATE_IN_PROGRESS")), 4), 4), None);
    assert_eq!(run.0.cluster.stack_id.as_deref(), Some("s1"));
}

#[test]
fn a_create_that_left_no_trace_is_sent_again() {
    let mut run = Run::sent(0);
    let settled = SETTLE.as_secs() as i64;
    assert_eq!(run.op(&found(None, settled - 1), settled - 1), None);
    assert_eq!(run.op(&found(None, settled), settled), Some(Op::Create));
    assert_eq!(run.0.track.create_sent, Some(at(settled)));
}

#[test]
fn a_clock_set_back_does_not_stop_it() {
    let mut run = Run::sent(1_000_000);
    assert_eq!(run.op(&found(None, 0), 0), None);
    assert_eq!(run.op(&found(None, 60), 60), Some(Op::Create));
}

#[test]
fn heat_refusals_are_final_and_in_its_words() {
    for kind in [CloudErrorKind::BadRequest, CloudErrorKind::Forbidden, CloudErrorKind::NoService] {
        let mut run = Run::sent(0);
        assert_eq!(run.see(&failed(Op::Create, kind), 1), (None, Next::List));
        assert_eq!(run.shown(), "CREATE_FAILED heat: some words (request req-1)");
        assert_eq!(run.op(&Observed::Nothing, 2), None, "not tried again");
        assert_eq!(run.op(&Observed::Listed { stack: None, asked: at(3) }, 3), None);
        assert_eq!(run.delete(4).op(&Observed::Nothing, 4), Some(Op::Forget));
    }
    let mut run = Run::sent(0);
    run.see(&Observed::Unplannable(Problem::invalid("no such label")), 1);
    assert_eq!(run.shown(), "CREATE_FAILED no such label");
}

#[test]
fn a_look_counts_from_when_it_was_asked_for() {
    let mut run = Run::sent(0);
    assert!(matches!(run.see(&found(None, 5), 100), (None, Next::After(_))), "its answer was a hundred seconds late");
    let mut run = Run::sent(0).delete(1);
    assert!(matches!(run.see(&found(None, 5), 100), (None, Next::After(_))));
    assert_eq!(run.op(&found(None, 60), 101), Some(Op::Forget));
}

#[test]
fn a_late_answer_does_not_undo_what_a_look_found() {
    let mut run = Run::sent(0);
    let other = Stack { id: "s2".into(), ..stack("CREATE_IN_PROGRESS") };
    run.see(&found(Some(other), 62), 62);
    assert_eq!(run.op(&created(), 63), None);
    assert_eq!(run.0.cluster.stack_id.as_deref(), Some("s2"));
}

#[test]
fn passing_faults_are_shown_and_tried_again() {
    for (kind, then) in [
        (CloudErrorKind::Server, None),
        (CloudErrorKind::Unreachable, None),
        (CloudErrorKind::Protocol, None),
        (CloudErrorKind::OverLimit, Some(Op::Create)),
        (CloudErrorKind::Unauthenticated, Some(Op::Create)),
    ] {
        let mut run = Run::sent(0);
        let (op, next) = run.see(&failed(Op::Create, kind), 1);
        assert!(op.is_none() && matches!(next, Next::After(_)), "{kind:?}");
        assert_eq!(run.shown(), "CREATE_IN_PROGRESS not created yet, trying again: heat: some words (request req-1)");
        assert_eq!(run.op(&Observed::Nothing, 9), Some(Op::Find), "{kind:?}");
        assert_eq!(run.op(&found(None, 9), 9), then, "{kind:?}: only some answers say that nothing was created");
    }
    let mut run = Run::accepted();
    run.see(&Observed::Nothing, 0);
    run.see(&failed(Op::Find, CloudErrorKind::Unreachable), 1);
    assert!(run.shown().starts_with("CREATE_IN_PROGRESS not created yet"));
    assert_eq!(run.op(&found(None, 4), 4), Some(Op::Create), "what was never sent needs no settling");
}

#[test]
fn retry_after_is_obeyed() {
    let mut run = Run::sent(0);
    let asked = CloudError { retry_after: Some(Duration::from_secs(77)), ..error(CloudErrorKind::OverLimit) };
    let (_, next) = run.see(&Observed::Failed { op: Op::Create, error: asked }, 1);
    assert_eq!(next, Next::After(Duration::from_secs(77)));
}

#[test]
fn a_stack_of_that_name_is_adopted_unless_it_is_another_clusters() {
    let mut run = Run::sent(0);
    assert_eq!(run.op(&failed(Op::Create, CloudErrorKind::Conflict), 1), Some(Op::Find));
    run.see(&found(Some(stack("CREATE_IN_PROGRESS")), 1), 1);
    assert_eq!(run.0.cluster.stack_id.as_deref(), Some("s1"));

    let mut run = Run::sent(0);
    let foreign = Stack { tags: vec!["theirs".into()], ..stack("CREATE_COMPLETE") };
    assert_eq!(run.op(&found(Some(foreign.clone()), 1), 1), None);
    assert!(run.shown().starts_with("CREATE_FAILED there is a stack named"));
    let mut run = Run::sent(0).delete(1);
    assert_eq!(run.op(&found(Some(foreign), 1), 1), Some(Op::Forget), "never deletes what is not its own");
}

#[test]
fn a_failure_is_explained() {
    let mut run = Run::creating();
    assert_eq!(run.op(&listed("CREATE_FAILED", 10), 10), Some(Op::Explain));
    assert_eq!(run.0.cluster.status, Status::CREATE_IN_PROGRESS, "not told before its cause is known");
    assert!(matches!(run.see(&failed(Op::Explain, CloudErrorKind::Server), 11).1, Next::After(_)));
    assert_eq!(run.op(&Observed::Nothing, 20), Some(Op::Explain));
    let cause = RootCause {
        resource: "workers.0.server".into(),
        kind: "OS::Nova::Server".into(),
        physical_id: "v1".into(),
        reason: "No valid host".into(),
    };
    run.see(&Observed::Explained(Explained { cause: Some(cause), ..Explained::default() }), 21);
    assert_eq!(run.shown(), "CREATE_FAILED workers.0.server: No valid host");
    assert_eq!(run.op(&listed("CREATE_FAILED", 30), 30), None, "explained once");
}

#[test]
fn addresses_that_may_not_be_read_are_read_later() {
    let mut run = Run::creating();
    assert_eq!(run.op(&listed("CREATE_COMPLETE", 10), 10), Some(Op::ReadOutputs));
    assert!(matches!(run.see(&failed(Op::ReadOutputs, CloudErrorKind::Forbidden), 11), (None, Next::After(_))));
    assert_eq!(run.shown(), "CREATE_COMPLETE its addresses could not be read yet: heat: some words (request req-1)");
    assert_eq!(run.op(&Observed::Nothing, 20), Some(Op::ReadOutputs));
    let outputs = Outputs { api_address: Some("https://1.2.3.4:6443".into()), ..Outputs::default() };
    assert_eq!(run.op(&Observed::Outputs(outputs), 21), None);
    assert_eq!(run.shown(), "CREATE_COMPLETE ");
    assert_eq!(run.op(&Observed::Nothing, 22), None);
}

#[test]
fn a_failure_that_cannot_be_explained_is_told_all_the_same() {
    let mut run = Run::creating();
    run.see(&listed("CREATE_FAILED", 10), 10);
    for seconds in 11..14 {
        run.see(&failed(Op::Explain, CloudErrorKind::Server), seconds);
    }
    assert_eq!(run.shown(), "CREATE_FAILED Heat's words on CREATE_FAILED");
    assert_eq!(run.op(&listed("CREATE_FAILED", 30), 30), None);
}

#[test]
fn a_vanished_stack_is_told_once_it_is_certain() {
    let mut run = Run::creating();
    assert_eq!(run.op(&Observed::Listed { stack: None, asked: at(2) }, 3), Some(Op::Find), "a list proves nothing");
    run.see(&found(None, 3), 3);
    assert_eq!(run.shown(), "CREATE_FAILED stack s1 not found in Heat");
    assert_eq!(run.op(&Observed::Listed { stack: None, asked: at(9) }, 9), None);
    assert_eq!(run.op(&Observed::Nothing, 9), None);
    let mut run = run.delete(10);
    assert_eq!(run.op(&Observed::Nothing, 10), Some(Op::Delete));
    assert_eq!(run.op(&Observed::Deleted { existed: false }, 10), Some(Op::Find));
    assert_eq!(run.op(&found(None, 10), 10), Some(Op::Forget));
}

#[test]
fn a_delete_ends_with_the_stack() {
    let mut run = Run::complete().delete(100);
    assert_eq!(run.shown(), "DELETE_IN_PROGRESS ");
    assert_eq!(run.op(&Observed::Nothing, 100), Some(Op::Delete));
    assert_eq!(run.op(&Observed::Deleted { existed: true }, 101), None);
    assert_eq!(run.op(&Observed::Nothing, 101), None);
    assert_eq!(run.op(&listed("CREATE_COMPLETE", 99), 101), None, "an older list changes nothing");
    assert_eq!(run.shown(), "DELETE_IN_PROGRESS ");
    assert_eq!(run.op(&listed("DELETE_IN_PROGRESS", 103), 103), None);
    assert_eq!(run.op(&Observed::Listed { stack: None, asked: at(110) }, 110), Some(Op::Find));
    assert_eq!(run.op(&found(Some(stack("DELETE_COMPLETE")), 110), 110), Some(Op::Forget));
}

#[test]
fn a_delete_waits_for_a_create_that_may_be_under_way() {
    let mut run = Run::sent(0).delete(1);
    assert_eq!(run.op(&Observed::Nothing, 1), Some(Op::Find));
    assert!(matches!(run.see(&found(None, 1), 1), (None, Next::After(_))));
    let mut late = Run(run.0.clone());
    assert_eq!(late.op(&found(Some(stack("CREATE_IN_PROGRESS")), 20), 20), Some(Op::Delete));
    assert_eq!(run.op(&found(None, 60), 60), Some(Op::Forget));
    assert_eq!(Run::accepted().delete(1).op(&Observed::Nothing, 1), Some(Op::Forget), "nothing was ever sent");
    let mut answered = Run::sent(0).delete(1);
    assert_eq!(answered.op(&created(), 2), Some(Op::Delete));
}

#[test]
fn a_failed_delete_keeps_its_reason_and_can_be_repeated() {
    let mut run = Run::complete().delete(100);
    run.see(&Observed::Nothing, 100);
    run.see(&Observed::Deleted { existed: true }, 100);
    assert_eq!(run.op(&listed("DELETE_FAILED", 102), 102), None, "may be the state before this delete");
    assert!(matches!(run.see(&listed("DELETE_FAILED", 110), 110), (None, Next::After(_))));
    assert_eq!(run.shown(), "DELETE_IN_PROGRESS deleting once more, as it failed: Heat's words on DELETE_FAILED");
    assert_eq!(run.op(&Observed::Nothing, 112), Some(Op::Delete));
    run.see(&Observed::Deleted { existed: true }, 112);
    assert_eq!(run.op(&listed("DELETE_FAILED", 120), 120), Some(Op::Explain));
    run.see(&Observed::Explained(Explained::default()), 121);
    assert_eq!(run.shown(), "DELETE_FAILED Heat's words on DELETE_FAILED");
    assert_eq!(run.op(&listed("DELETE_FAILED", 122), 122), None);
    let mut run = run.delete(130);
    assert_eq!(run.shown(), "DELETE_IN_PROGRESS ");
    assert_eq!(run.op(&listed("DELETE_FAILED", 131), 131), Some(Op::Delete));
}

#[test]
fn delete_faults() {
    let mut run = Run::complete().delete(100);
    run.see(&Observed::Nothing, 100);
    run.see(&failed(Op::Delete, CloudErrorKind::Forbidden), 101);
    assert_eq!(run.shown(), "DELETE_FAILED heat: some words (request req-1)");
    assert_eq!(run.op(&listed("CREATE_COMPLETE", 110), 110), None);

    let mut run = Run::complete().delete(100);
    run.see(&Observed::Nothing, 100);
    assert!(matches!(run.see(&failed(Op::Delete, CloudErrorKind::Conflict), 101), (None, Next::After(_))));
    assert_eq!(run.op(&Observed::Nothing, 104), Some(Op::Delete));
    assert_eq!(run.op(&failed(Op::Delete, CloudErrorKind::NotFound), 105), Some(Op::Find));
}

#[test]
fn a_delete_that_heat_forgot_is_sent_again() {
    let mut run = Run::complete().delete(100);
    run.see(&Observed::Nothing, 100);
    run.see(&Observed::Deleted { existed: true }, 100);
    assert_eq!(run.op(&listed("CREATE_COMPLETE", 120), 120), None);
    assert_eq!(run.op(&listed("CREATE_COMPLETE", 131), 131), Some(Op::Delete));
}

#[test]
fn older_lists_do_not_turn_time_back() {
    let mut run = Run::creating();
    run.see(&found(Some(stack("CREATE_COMPLETE")), 20), 21);
    run.see(&listed("CREATE_IN_PROGRESS", 19), 22);
    run.see(&Observed::Outputs(Outputs::default()), 23);
    run.see(&listed("CREATE_IN_PROGRESS", 19), 24);
    assert_eq!(run.0.cluster.status, Status::CREATE_COMPLETE);
}

#[test]
fn what_others_do_to_the_stack_is_shown() {
    let mut run = Run::complete();
    run.see(&listed("UPDATE_IN_PROGRESS", 50), 50);
    assert_eq!(run.shown(), "UPDATE_IN_PROGRESS ");
    assert_eq!(run.op(&listed("UPDATE_COMPLETE", 60), 60), Some(Op::ReadOutputs), "addresses may have changed");
    run.see(&Observed::Outputs(Outputs::default()), 60);
    run.see(&listed("DELETE_IN_PROGRESS", 70), 70);
    assert_eq!(run.0.intent, Intent::Present);
    run.see(&Observed::Listed { stack: None, asked: at(80) }, 80);
    run.see(&found(None, 80), 80);
    assert_eq!(run.shown(), "DELETE_FAILED stack s1 not found in Heat");
}

#[test]
fn an_overdue_stack_is_told() {
    let mut run = Run::creating();
    run.see(&listed("CREATE_IN_PROGRESS", 4000), 4000);
    assert!(run.shown().contains("over its time-out of 60 minutes"), "{}", run.shown());
}

#[test]
fn a_late_stack_of_a_refused_create_is_adopted() {
    let mut run = Run::sent(0);
    run.see(&failed(Op::Create, CloudErrorKind::BadRequest), 1);
    run.see(&listed("CREATE_IN_PROGRESS", 60), 60);
    assert_eq!((run.shown().as_str(), run.0.cluster.stack_id.as_deref()), ("CREATE_IN_PROGRESS ", Some("s1")));
}

#[test]
fn a_refusal_does_not_undo_the_wish_to_delete() {
    for answer in [failed(Op::Create, CloudErrorKind::BadRequest), Observed::Unplannable(Problem::invalid("no"))] {
        let mut run = Run::sent(0).delete(1);
        assert_eq!(run.op(&answer, 2), Some(Op::Forget));
    }
    let mut run = Run::sent(0).delete(1);
    assert_eq!(run.op(&failed(Op::Create, CloudErrorKind::Server), 2), Some(Op::Find));
}

#[test]
fn the_back_off_grows_though_the_look_succeeds() {
    let mut run = Run::sent(0);
    let mut pauses = Vec::new();
    for round in 1..6 {
        let (_, next) = run.see(&failed(Op::Create, CloudErrorKind::OverLimit), round);
        pauses.push(next);
        run.see(&Observed::Nothing, round);
        assert_eq!(run.op(&found(None, round), round), Some(Op::Create));
    }
    let Next::After(last) = pauses[4] else { panic!("{pauses:?}") };
    assert!(last >= Duration::from_secs(16), "{pauses:?}");
}

#[test]
fn a_heat_that_keeps_failing_on_the_create_is_believed() {
    let mut run = Run::sent(0);
    let defect = CloudError { status: Some(500), ..error(CloudErrorKind::Server) };
    for round in 1..=5 {
        assert_eq!(run.0.cluster.status, Status::CREATE_IN_PROGRESS, "round {round}");
        if round > 1 {
            assert_eq!(run.op(&found(None, round * 100), round * 100), Some(Op::Create));
        }
        run.see(&Observed::Failed { op: Op::Create, error: defect.clone() }, round * 100);
    }
    assert_eq!(run.shown(), "CREATE_FAILED heat: some words (request req-1)");
    let mut run = run.delete(1000);
    assert_eq!(run.op(&Observed::Nothing, 1000), Some(Op::Find), "it may be there all the same");
    assert_eq!(run.op(&found(None, 1000), 1000), Some(Op::Forget));
}
