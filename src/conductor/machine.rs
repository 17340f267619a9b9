//! What to do next for one cluster: [`step`], a pure function of its record, what was
//! just observed, and the time.
//!
//! Two halves. *Absorb* folds the observation into the record; *decide* looks at the
//! record alone and names the next operation, if any. So whatever was lost (a crash, an
//! answer, an observation), stepping with [`Observed::Nothing`] picks up again.
//!
//! An update is kept at one in the same way, by the stack's revision: see `update`.
//!
//! What keeps a cluster at one stack: it is looked for by its name, and adopted, before
//! it is created; a create is noted in the record ([`Track::create_sent`](crate::store::Track)) and
//! saved before it is sent; and while that note stands, only a look made [`SETTLE`] after
//! the call proves that there is no stack, so that the create may be sent again or the
//! record forgotten.

use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

use super::cause::Explained;
use super::{backoff, groups};
use crate::cloud::{CloudError, CloudErrorKind};
use crate::driver::Outputs;
use crate::model::{Action, Problem, Stack, State, Status};
use crate::store::{ClusterRecord, Ending, Intent};

mod delete;
mod update;

pub use delete::PATIENCE;
pub use update::{confirms, is_held};

/// How long a create call without an answer may still make a stack appear. Heat checks
/// names before it stores, not while: two creates at once could both pass. Its API gives
/// its engine a minute to validate and store a stack (`rpc_response_timeout`).
pub const SETTLE: Duration = Duration::from_secs(60);
/// Pause between looks for such a stack.
const LOOK: Duration = Duration::from_secs(2);
/// How long after an accepted delete Heat may still show the state before it.
const DELETE_GRACE: Duration = Duration::from_secs(5);
/// A stack that still is not being deleted this long after the call gets another one.
const DELETE_RESEND: Duration = Duration::from_secs(30);
/// A failed delete is repeated so often before the user hears of it: Heat's workers of an
/// interrupted create may still write while it deletes, and ports linger for a moment.
const DELETE_REPEATS: u32 = 1;
/// After so many bare 500s in a row a create is given up: Heat means it.
const DEFECTS: u32 = 5;
/// So often the cause of a failure is looked for before the failure is told without.
const EXPLAIN_TRIES: u32 = 3;
/// How far past its time-out a stack may be before we say so: Heat's own clock decides.
const OVERDUE: Duration = Duration::from_secs(300);

/// The one thing to do next. Each may be done twice without harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Look for the stack, by id if known, else by name.
    Find,
    /// Only right after a look that found none.
    Create,
    /// Have those that the next update takes away hand over what runs on them.
    Drain,
    /// To the record's `sent`. Noted in the record before it is sent; only right when none is under way.
    Update,
    /// Stop the update under way.
    Cancel,
    Delete,
    ReadOutputs,
    /// Look for the failure's root cause.
    Explain,
    /// Remove record and secrets: nothing of the cluster is in the cloud.
    Forget,
}

/// What was just learnt.
#[derive(Debug, Clone)]
pub enum Observed {
    /// Nothing: a start, a new wish, a retry that is due.
    Nothing,
    /// Our line in the list of all stacks, which was asked for at `asked`. `None` proves
    /// nothing: the list may be older than the stack.
    Listed {
        stack: Option<Stack>,
        asked: DateTime<Utc>,
    },
    /// The answer of [`Op::Find`], asked for at `asked`. `None`: it is not there.
    Found {
        stack: Option<Stack>,
        asked: DateTime<Utc>,
    },
    /// Heat took the create.
    Created {
        stack_id: String,
    },
    /// As far as it could be done: an API that does not answer stops no update.
    Drained,
    /// Heat took the update, or (`false`) knows no such stack.
    Updated {
        existed: bool,
    },
    /// Heat stops the update, or (`false`) there is none.
    Cancelled {
        existed: bool,
    },
    /// No request to Heat could be made of the record: nothing was sent.
    Unplannable(Problem),
    /// What the create or update needs beside the stack could not be had: nothing was sent.
    Unready(CloudError),
    /// Heat took the delete, or (`false`) knows no such stack.
    Deleted {
        existed: bool,
    },
    /// Nothing was asked of Heat: this must be gone first, and is going.
    Held(String),
    Outputs(Outputs),
    Explained(Explained),
    Failed {
        op: Op,
        error: CloudError,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// To be saved, if it differs, before `op` runs.
    pub record: ClusterRecord,
    pub op: Option<Op>,
    /// When to step again if there is no `op`.
    pub next: Next,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// With the next list of all stacks.
    List,
    /// After this long, and not before.
    After(Duration),
}

enum Flow {
    Decide,
    Do(Op),
    Wait(Duration),
    Rest,
}

pub fn step(mut record: ClusterRecord, observed: &Observed, now: DateTime<Utc>) -> Transition {
    let before = record.cluster.status.clone();
    let flow = absorb(&mut record, observed, now);
    let flow = match flow {
        Flow::Decide => decide(&mut record, now),
        other => other,
    };
    let (op, next) = match flow {
        Flow::Do(op) => (Some(op), Next::List),
        Flow::Wait(pause) => (None, Next::After(pause)),
        Flow::Decide | Flow::Rest => (None, Next::List),
    };
    if record.cluster.status != before {
        record.cluster.status_since = now;
    }
    Transition { record, op, next }
}

/// Whether Heat is at work on the cluster, or we still want to know something from it:
/// then the list is asked for often.
pub fn is_moving(record: &ClusterRecord) -> bool {
    (record.cluster.status.is_in_progress() && !is_held(record)) || record.track.ending.is_some()
}

/// The next operation by the record alone; notes in it what is about to be sent.
fn decide(record: &mut ClusterRecord, now: DateTime<Utc>) -> Flow {
    if let Some(flow) = delete::again(record, now) {
        return flow;
    }
    let status = &record.cluster.status;
    let track = &mut record.track;
    match (record.intent, record.cluster.stack_id.is_some()) {
        (Intent::Absent, false) if track.create_sent.is_none() => Flow::Do(Op::Forget),
        (Intent::Absent, false) => Flow::Do(Op::Find),
        (Intent::Present, false) if *status == Status::CREATE_IN_PROGRESS => Flow::Do(Op::Find),
        (Intent::Present, false) => Flow::Rest,
        (Intent::Absent, true) if *status == Status::DELETE_IN_PROGRESS && track.delete_sent.is_none() => {
            track.delete_sent = Some(now);
            Flow::Do(Op::Delete)
        }
        (_, true) => match &track.ending {
            Some(ending) if ending.status.is_failed() => Flow::Do(Op::Explain),
            Some(_) => Flow::Do(Op::ReadOutputs),
            None if track.unread && record.intent == Intent::Present && status.is_complete() => {
                Flow::Do(Op::ReadOutputs)
            }
            None if record.intent == Intent::Present => update::decide(record, now),
            None => Flow::Rest,
        },
    }
}

fn absorb(record: &mut ClusterRecord, observed: &Observed, now: DateTime<Utc>) -> Flow {
    match observed {
        Observed::Nothing => Flow::Decide,
        Observed::Listed { stack: None, .. } if record.cluster.stack_id.is_some() => {
            if stack_is_known_gone(record) {
                Flow::Rest
            } else {
                Flow::Do(Op::Find)
            }
        }
        Observed::Listed { stack: None, .. } => Flow::Rest,
        Observed::Listed { stack: Some(stack), asked } | Observed::Found { stack: Some(stack), asked } => {
            record.track.faults = 0;
            let listed = matches!(observed, Observed::Listed { .. });
            if is_gone(stack) { gone(record, *asked, now) } else { see(record, stack, *asked, now, listed) }
        }
        Observed::Found { stack: None, asked } => gone(record, *asked, now),
        // A look was faster.
        Observed::Created { .. } if record.cluster.stack_id.is_some() => Flow::Decide,
        Observed::Created { stack_id } => {
            record.track.faults = 0;
            record.track.create_sent = None;
            record.cluster.stack_id = Some(stack_id.clone());
            record.cluster.status_reason.clear();
            if record.intent == Intent::Present {
                // Heat's time-out counts from here.
                record.cluster.status_since = now;
            }
            Flow::Decide
        }
        Observed::Drained => {
            record.track.drained = Some(record.sent.revision + 1);
            Flow::Decide
        }
        Observed::Updated { existed } => {
            record.track.faults = 0;
            if !existed {
                return Flow::Do(Op::Find);
            }
            update::taken(record, now);
            Flow::Decide
        }
        Observed::Cancelled { .. } => {
            record.track.cancel = false;
            Flow::Decide
        }
        Observed::Unplannable(problem) if record.cluster.stack_id.is_some() => {
            update::refused(record, problem.line());
            Flow::Decide
        }
        Observed::Unplannable(problem) => {
            record.track.create_sent = None;
            if record.intent == Intent::Absent {
                return Flow::Decide;
            }
            fail(record, Action::Create, problem.line());
            Flow::Rest
        }
        Observed::Unready(error) if record.cluster.stack_id.is_some() => update::unready(record, error),
        Observed::Unready(error) => {
            record.track.create_sent = None;
            match record.intent {
                Intent::Absent => Flow::Decide,
                Intent::Present if is_refusal(error) => {
                    fail(record, Action::Create, words(error));
                    Flow::Rest
                }
                Intent::Present => pause(record, error, "not created yet"),
            }
        }
        Observed::Deleted { existed } => {
            record.track.faults = 0;
            record.cluster.status_reason.clear();
            if *existed { Flow::Rest } else { Flow::Do(Op::Find) }
        }
        Observed::Held(told) => delete::held(record, told, now),
        Observed::Outputs(outputs) => {
            record.track.faults = 0;
            tell(record);
            let cluster = &mut record.cluster;
            if std::mem::take(&mut record.track.unread) {
                cluster.status_reason.clear();
            }
            cluster.api_address.clone_from(&outputs.api_address);
            cluster.master_addresses.clone_from(&outputs.master_addresses);
            cluster.node_addresses.clone_from(&outputs.node_addresses);
            record.nodes.clone_from(&outputs.nodes);
            cluster.coe_version = groups::oldest(record.taken.masters.iter().map(|master| &master.image));
            Flow::Decide
        }
        Observed::Explained(Explained { cause, came_up }) => {
            record.track.faults = 0;
            tell(record);
            record.track.came_up.clone_from(came_up);
            if let Some(cause) = cause {
                record.cluster.status_reason = format!("{}: {}", cause.resource, cause.reason);
            }
            record.cluster.cause.clone_from(cause);
            Flow::Decide
        }
        Observed::Failed { op, error } => failed(record, *op, error),
    }
}

/// A look at the stack itself.
fn see(record: &mut ClusterRecord, stack: &Stack, asked: DateTime<Utc>, now: DateTime<Utc>, listed: bool) -> Flow {
    if record.cluster.stack_id.is_none() {
        if is_foreign(record, stack) {
            record.track.create_sent = None;
            if record.intent == Intent::Absent {
                return Flow::Decide;
            }
            let told = format!("there is a stack named {} in Heat that is not this cluster's", stack.name);
            fail(record, Action::Create, told);
            return Flow::Rest;
        }
        record.cluster.stack_id = Some(stack.id.clone());
        record.track.create_sent = None;
        if record.intent == Intent::Present {
            // Also when the create was given up as refused: an earlier call went through after all.
            record.cluster.status = Status::CREATE_IN_PROGRESS;
            record.cluster.status_since =
                stack.created.unwrap_or(asked).clamp(record.cluster.created_at.min(asked), asked);
        }
    }
    match record.intent {
        Intent::Absent => see_unwanted(record, stack, asked),
        Intent::Present => match update::see(record, stack, asked, now, listed) {
            Some(flow) => flow,
            None => see_wanted(record, stack, asked, now),
        },
    }
}

/// Heat's word becomes the cluster's, one to one; an end is told when its details are known.
fn see_wanted(record: &mut ClusterRecord, stack: &Stack, asked: DateTime<Utc>, now: DateTime<Utc>) -> Flow {
    let shown = if matches!(&stack.status.action, Action::Other(word) if word == "INIT") {
        Status::CREATE_IN_PROGRESS
    } else {
        stack.status.clone()
    };
    if shown == record.cluster.status {
        if shown.is_in_progress() && record.track.ending.is_none() {
            record.cluster.status_reason = overdue(record, now).unwrap_or_default();
        }
        return Flow::Decide;
    }
    let cluster = &mut record.cluster;
    if asked < cluster.status_since {
        // Older than what is known already.
        return Flow::Decide;
    }
    let reason = match shown.state {
        State::InProgress => String::new(),
        State::Failed => failure_text(stack),
        _ => stack.status_reason.clone(),
    };
    if matches!(shown.state, State::Complete | State::Failed) {
        record.track.ending = Some(Ending { status: shown, reason });
    } else {
        record.track.ending = None;
        cluster.status = shown;
        cluster.status_reason = reason;
        cluster.cause = None;
    }
    Flow::Decide
}

/// The end becomes the cluster's status, or that of one step on the way.
fn tell(record: &mut ClusterRecord) {
    if let Some(ending) = record.track.ending.take() {
        if update::ended(record, &ending) {
            return;
        }
        record.cluster.status = ending.status;
        record.cluster.status_reason = ending.reason;
        record.cluster.cause = None;
    }
}

/// A stack that is to go, and is still there.
fn see_unwanted(record: &mut ClusterRecord, stack: &Stack, asked: DateTime<Utc>) -> Flow {
    let cluster = &mut record.cluster;
    let in_delete = stack.status.action == Action::Delete;
    if in_delete && stack.status.is_in_progress() {
        if cluster.status != Status::DELETE_IN_PROGRESS && asked >= cluster.status_since {
            cluster.status = Status::DELETE_IN_PROGRESS;
            cluster.cause = None;
        }
        if cluster.status == Status::DELETE_IN_PROGRESS {
            cluster.status_reason.clear();
        }
        record.track.delete_sent.get_or_insert(asked);
        return Flow::Decide;
    }
    let Some(sent) = record.track.delete_sent.filter(|_| cluster.status == Status::DELETE_IN_PROGRESS) else {
        return Flow::Decide;
    };
    if in_delete && stack.status.is_failed() {
        if record.track.ending.is_some() || elapsed(sent, asked) < DELETE_GRACE {
            return Flow::Decide;
        }
        let track = &mut record.track;
        track.delete_failures = track.delete_failures.saturating_add(1);
        if track.delete_failures <= DELETE_REPEATS {
            track.delete_sent = None;
            cluster.status_reason = format!("deleting once more, as it failed: {}", failure_text(stack));
            return Flow::Wait(backoff::delay(track.delete_failures, None, cluster.uuid.0));
        }
        track.ending = Some(Ending { status: Status::DELETE_FAILED, reason: failure_text(stack) });
    } else if elapsed(sent, asked) >= DELETE_RESEND {
        record.track.delete_sent = None;
    }
    Flow::Decide
}

/// There is no such stack in Heat, and that is certain.
fn gone(record: &mut ClusterRecord, asked: DateTime<Utc>, now: DateTime<Utc>) -> Flow {
    if let Some(id) = &record.cluster.stack_id {
        record.track.faults = 0;
        if record.intent == Intent::Absent {
            return Flow::Do(Op::Forget);
        }
        if !stack_is_known_gone(record) {
            let action = record.cluster.status.action.clone();
            let told = not_found(id);
            fail(record, action, told);
        }
        return Flow::Rest;
    }
    if let Some(sent) = record.track.create_sent {
        if sent > now {
            // The clock was set back: count from now on, or this could take for ever.
            record.track.create_sent = Some(now);
            return Flow::Wait(LOOK);
        }
        // By when the look was asked for: its answer may have been long on its way.
        let left = SETTLE.saturating_sub(elapsed(sent, asked));
        if !left.is_zero() {
            if record.intent == Intent::Present {
                record.cluster.status_reason = "looking in Heat whether the stack was created".into();
            }
            return Flow::Wait(LOOK.min(left));
        }
        record.track.create_sent = None;
    }
    if record.intent == Intent::Present && record.cluster.status == Status::CREATE_IN_PROGRESS {
        record.track.create_sent = Some(now);
        record.cluster.status_reason.clear();
        return Flow::Do(Op::Create);
    }
    Flow::Decide
}

fn failed(record: &mut ClusterRecord, op: Op, error: &CloudError) -> Flow {
    let refused = is_refusal(error);
    match op {
        // It was found by somebody else meanwhile.
        Op::Create if record.cluster.stack_id.is_some() => Flow::Decide,
        Op::Create if error.kind == CloudErrorKind::Conflict => {
            // A stack of the name is there: find it, adopt it.
            if record.track.faults == 0 {
                record.track.faults = 1;
                return Flow::Do(Op::Find);
            }
            pause(record, error, "not created yet")
        }
        Op::Create => {
            // These answers come from Heat before it stores anything, so nothing is under way.
            if refused || matches!(error.kind, CloudErrorKind::OverLimit | CloudErrorKind::Unauthenticated) {
                record.track.create_sent = None;
            }
            if record.intent == Intent::Absent {
                return Flow::Decide;
            }
            let defect = error.status == Some(500) && record.track.faults + 1 >= DEFECTS;
            if refused || defect {
                fail(record, Action::Create, words(error));
                return Flow::Rest;
            }
            pause(record, error, "not created yet")
        }
        Op::Update => update::failed(record, error, refused),
        // Nothing is under way any more, or Heat will not have it: it ends as it ends.
        Op::Cancel if refused || error.kind == CloudErrorKind::Conflict => {
            record.track.cancel = false;
            Flow::Decide
        }
        Op::Delete if error.kind == CloudErrorKind::NotFound => Flow::Do(Op::Find),
        Op::Delete if refused => {
            // It would be refused again.
            record.track.delete_retries = delete::RETRIES;
            fail(record, Action::Delete, words(error));
            Flow::Rest
        }
        Op::Delete => {
            record.track.delete_sent = None;
            pause(record, error, "not deleted yet")
        }
        Op::Explain if refused || record.track.faults + 1 >= EXPLAIN_TRIES => {
            record.track.faults = 0;
            tell(record);
            Flow::Rest
        }
        Op::ReadOutputs if refused => {
            tell(record);
            record.track.unread = true;
            let flow = pause(record, error, "its state is not known");
            record.cluster.status_reason = format!("its addresses could not be read yet: {}", words(error));
            flow
        }
        Op::Find if record.cluster.stack_id.is_none() && record.intent == Intent::Present => {
            if refused && record.track.create_sent.is_none() {
                fail(record, Action::Create, words(error));
                return Flow::Rest;
            }
            pause(record, error, "not created yet")
        }
        Op::Find | Op::Drain | Op::Cancel | Op::ReadOutputs | Op::Explain | Op::Forget => {
            pause(record, error, "its state is not known")
        }
    }
}

/// It would be answered so again.
fn is_refusal(error: &CloudError) -> bool {
    matches!(
        error.kind,
        CloudErrorKind::BadRequest | CloudErrorKind::Forbidden | CloudErrorKind::NotFound | CloudErrorKind::NoService
    )
}

/// A fault that may pass: shown while something is under way, and tried again later.
fn pause(record: &mut ClusterRecord, error: &CloudError, told: &str) -> Flow {
    record.track.faults = record.track.faults.saturating_add(1);
    if record.cluster.status.is_in_progress() {
        record.cluster.status_reason = format!("{told}, trying again: {}", words(error));
    }
    Flow::Wait(backoff::delay(record.track.faults, error.retry_after, record.cluster.uuid.0))
}

fn fail(record: &mut ClusterRecord, action: Action, reason: String) {
    record.cluster.status = Status::new(action, State::Failed);
    record.cluster.status_reason = reason;
    record.cluster.cause = None;
    record.track.faults = 0;
    record.track.ending = None;
    record.track.update_sent = None;
    record.track.update_taken = None;
    record.track.cancel = false;
}

/// A stack that Heat says is no more.
fn is_gone(stack: &Stack) -> bool {
    stack.status == Status::DELETE_COMPLETE
}

/// Found missing before, and reported so.
fn stack_is_known_gone(record: &ClusterRecord) -> bool {
    record.intent == Intent::Present
        && record.cluster.status.is_failed()
        && record.cluster.stack_id.as_deref().is_some_and(|id| record.cluster.status_reason == not_found(id))
}

fn not_found(id: &str) -> String {
    format!("stack {id} not found in Heat")
}

/// Heat stores a stack a moment before its tags, so no tags at all is not somebody else's.
fn is_foreign(record: &ClusterRecord, stack: &Stack) -> bool {
    !stack.tags.is_empty() && !stack.tags.contains(&record.cluster.uuid.to_string())
}

fn failure_text(stack: &Stack) -> String {
    if stack.status_reason.is_empty() {
        format!("stack {} is {}, and Heat gives no reason", stack.name, stack.status)
    } else {
        stack.status_reason.clone()
    }
}

fn overdue(record: &ClusterRecord, now: DateTime<Utc>) -> Option<String> {
    let minutes = record.cluster.create_timeout;
    let limit = Duration::from_secs(u64::from(minutes) * 60).saturating_add(OVERDUE);
    let created = (record.cluster.status == Status::CREATE_IN_PROGRESS).then_some(record.cluster.status_since);
    let since = record.track.update_taken.or(created)?;
    (elapsed(since, now) > limit).then(|| format!("over its time-out of {minutes} minutes, and Heat has not ended it"))
}

fn words(error: &CloudError) -> String {
    let id = error.request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default();
    format!("{}: {}{id}", error.service, error.message)
}

/// Zero when the clock was set back.
fn elapsed(since: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (now - since).max(TimeDelta::zero()).to_std().unwrap_or_default()
}

#[cfg(test)]
mod tests;
