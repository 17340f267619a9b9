//! Updates of a stack: from what it has to what is wanted, one after another.
//!
//! Each is counted by a revision, which the stack shows as a parameter. It is noted in the
//! record before it is sent; while it is not known whether Heat has it, only a look decides:
//! the stack shows the revision, or it does not [`SETTLE`] after the call and the update is
//! sent again. An end counts once a look shows it together with the revision, so the end of
//! the step before is never taken for this one's.

use chrono::{DateTime, Utc};

use super::{DEFECTS, Flow, LOOK, Op, SETTLE, elapsed, failure_text, is_refusal, overdue, pause, words};
use crate::cloud::{CloudError, CloudErrorKind};
use crate::conductor::rollout;
use crate::model::{Action, Spec, Stack, State, Status};
use crate::store::{ClusterRecord, Ending};

/// Whether a change waits for nobody but the user.
pub fn is_held(record: &ClusterRecord) -> bool {
    let track = &record.track;
    let paused = record.cluster.rollout.as_ref().is_some_and(|rollout| rollout.paused);
    paused && track.update_sent.is_none() && track.update_taken.is_none()
}

/// Whether a look at the stack confirms the end that was seen in a list.
pub fn confirms(record: &ClusterRecord, stack: &Stack) -> bool {
    let Some(ending) = &record.track.ending else { return true };
    let revision = stack.revision.is_none_or(|revision| revision == record.sent.revision);
    record.track.update_taken.is_none() || (revision && stack.status.state == ending.status.state)
}

/// The next operation of a cluster whose stack is not about to be deleted.
pub(super) fn decide(record: &mut ClusterRecord, now: DateTime<Utc>) -> Flow {
    let track = &record.track;
    if track.update_sent.is_some() {
        return Flow::Do(Op::Find);
    }
    if track.update_taken.is_some() {
        return if track.cancel { Flow::Do(Op::Cancel) } else { Flow::Rest };
    }
    let Some(change) = &record.cluster.rollout else { return Flow::Rest };
    if record.cluster.status != Status::UPDATE_IN_PROGRESS {
        return Flow::Rest;
    }
    match rollout::upcoming(&record.sent, &record.taken, &record.goal, record.batch) {
        None => {
            finish(record);
            Flow::Rest
        }
        Some(_) if change.paused => {
            record.cluster.status_reason = "paused".into();
            Flow::Rest
        }
        Some(spec) if !rollout::leaving(&record.taken, &spec).is_empty() && !is_drained(record) => Flow::Do(Op::Drain),
        Some(spec) => {
            record.sent = Spec { revision: record.sent.revision + 1, ..spec };
            record.cluster.status_reason.clear();
            record.track.update_sent = Some(now);
            if let Some(change) = &mut record.cluster.rollout {
                change.step += 1;
                change.steps = change.steps.max(change.step);
            }
            Flow::Do(Op::Update)
        }
    }
}

fn is_drained(record: &ClusterRecord) -> bool {
    record.track.drained == Some(record.sent.revision + 1)
}

/// Everything is as wanted.
fn finish(record: &mut ClusterRecord) {
    record.goal = record.taken.clone();
    record.before = None;
    record.cluster.rollout = None;
    record.cluster.status = Status::UPDATE_COMPLETE;
    record.cluster.status_reason.clear();
    record.cluster.cause = None;
}

/// Heat has the update.
pub(super) fn taken(record: &mut ClusterRecord, at: DateTime<Utc>) {
    if record.track.update_sent.take().is_some() {
        record.track.update_taken = Some(at);
        record.cluster.status_reason.clear();
    }
}

/// What the stack shows of the change under way; `None`: nothing that concerns one.
pub(super) fn see(
    record: &mut ClusterRecord,
    stack: &Stack,
    asked: DateTime<Utc>,
    now: DateTime<Utc>,
    listed: bool,
) -> Option<Flow> {
    if stack.status.action == Action::Delete {
        // Somebody else's doing, and stronger than any update.
        return None;
    }
    if let Some(sent) = record.track.update_sent {
        if listed {
            return Some(Flow::Do(Op::Find));
        }
        if stack.revision != Some(record.sent.revision) {
            return Some(not_there(record, sent, asked, now));
        }
        taken(record, sent.min(asked));
    }
    if let Some(since) = record.track.update_taken {
        return Some(if asked < since { Flow::Decide } else { at_work(record, stack, since, asked, now) });
    }
    record.cluster.rollout.as_ref()?;
    if record.cluster.status == Status::UPDATE_FAILED
        && stack.status.is_in_progress()
        && asked > record.cluster.status_since
    {
        // What was given up as refused went through after all.
        record.cluster.status = Status::UPDATE_IN_PROGRESS;
        record.cluster.status_reason.clear();
        record.track.update_taken = Some(asked);
    }
    let ours = record.cluster.status.action == Action::Update && !record.cluster.status.is_complete();
    // What the stack was before says nothing about what it is to become.
    ours.then_some(Flow::Decide)
}

/// The stack does not show the update that may have been sent.
fn not_there(record: &mut ClusterRecord, sent: DateTime<Utc>, asked: DateTime<Utc>, now: DateTime<Utc>) -> Flow {
    if sent > now {
        // The clock was set back: count from now on, or this could take for ever.
        record.track.update_sent = Some(now);
        return Flow::Wait(LOOK);
    }
    let left = SETTLE.saturating_sub(elapsed(sent, asked));
    if left.is_zero() {
        record.track.update_sent = Some(now);
        record.cluster.status_reason.clear();
        return Flow::Do(Op::Update);
    }
    record.cluster.status_reason = "looking in Heat whether the update was taken".into();
    Flow::Wait(LOOK.min(left))
}

/// Heat has the update; what it makes of it.
fn at_work(
    record: &mut ClusterRecord,
    stack: &Stack,
    since: DateTime<Utc>,
    asked: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Flow {
    if !matches!(stack.status.state, State::Complete | State::Failed) {
        record.track.ending = None;
        record.cluster.status_reason = overdue(record, now).unwrap_or_default();
        return Flow::Decide;
    }
    if stack.revision.is_some_and(|revision| revision != record.sent.revision) {
        // The end of an earlier one: either ours has not begun, or somebody undid it.
        record.track.ending = None;
        if elapsed(since, asked) < SETTLE {
            record.cluster.status_reason = "Heat took the update, and its stack does not show it yet".into();
            return Flow::Wait(LOOK);
        }
        record.cluster.status_reason = "Heat took the update and did not carry it out: sending it again".into();
        record.track.update_taken = None;
        record.track.update_sent = Some(now);
        return Flow::Do(Op::Update);
    }
    let reason = if stack.status.is_failed() { failure_text(stack) } else { String::new() };
    let status = Status::new(Action::Update, stack.status.state.clone());
    record.track.ending = Some(Ending { status, reason });
    Flow::Decide
}

/// The end of a step: of the whole change only when it failed. `false`: the end of something else.
pub(super) fn ended(record: &mut ClusterRecord, ending: &Ending) -> bool {
    if record.track.update_taken.take().is_none() {
        return false;
    }
    record.track.cancel = false;
    if ending.status.is_failed() {
        return false;
    }
    record.taken = record.sent.clone();
    record.cluster.cause = None;
    true
}

/// The update was not sent, or Heat did not take it: the stack is as it was.
pub(super) fn refused(record: &mut ClusterRecord, reason: String) {
    withdraw(record);
    super::fail(record, Action::Update, reason);
}

/// What the update needs beside the stack is missing: it was not sent.
pub(super) fn unready(record: &mut ClusterRecord, error: &CloudError) -> Flow {
    if is_refusal(error) {
        refused(record, words(error));
        return Flow::Rest;
    }
    not_under_way(record, error)
}

/// It is sent later; but not one that the user wanted stopped meanwhile.
fn not_under_way(record: &mut ClusterRecord, error: &CloudError) -> Flow {
    if record.track.cancel {
        refused(record, "cancelled before Heat had it".into());
        return Flow::Rest;
    }
    withdraw(record);
    pause(record, error, "not updated yet")
}

/// The revision stays used: what is sent next must not be mistaken for this one.
fn withdraw(record: &mut ClusterRecord) {
    record.track.update_sent = None;
    record.sent = Spec { revision: record.sent.revision, ..record.taken.clone() };
}

pub(super) fn failed(record: &mut ClusterRecord, error: &CloudError, refused_: bool) -> Flow {
    if error.kind == CloudErrorKind::NotFound {
        return Flow::Do(Op::Find);
    }
    let defect = error.status == Some(500) && record.track.faults + 1 >= DEFECTS;
    if refused_ || defect {
        refused(record, words(error));
        return Flow::Rest;
    }
    if matches!(error.kind, CloudErrorKind::Conflict | CloudErrorKind::OverLimit | CloudErrorKind::Unauthenticated) {
        // These answers come before Heat stores anything: nothing is under way.
        return not_under_way(record, error);
    }
    pause(record, error, "not updated yet")
}

#[cfg(test)]
mod tests;
