//! One activation of one cluster: load, step, save, do, and step on with what came
//! out, until there is nothing to do at once.
//!
//! Dropping it at any await is a crash like any other: what matters was saved before. Standing
//! still at any await (a process that was stopped, a laptop that slept) does no harm either: what
//! is about to be sent is noted afresh when its note has become old, which fails if somebody
//! else went on meanwhile, and nothing is sent for a cluster that is not ours any more.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{debug, info, warn};

use super::machine::{self, Next, Observed, Op};
use super::shards::Warrant;
use super::{Clock, Observer, cause, chronicle, depart, details, groups, keys, provisions, rollout, sweep};
use crate::cloud::{CloudError, Delegation, KeyManager, Orchestration, Scope, Things};
use crate::driver::{Drivers, StackPlan};
use crate::kube::api::Gateway;
use crate::model::{ClusterId, Problem};
use crate::notify::Outcome::Success;
use crate::notify::{self, Event, Notifier, cadf};
use crate::store::{ClusterRecord, Secrets, Store, StoreError};

/// More operations than any activation has in a row; a brake, not a rule.
const STEPS: usize = 16;
const BRAKE: Duration = Duration::from_secs(5);
/// A note of what is about to be sent counts as old after this: from it the machine reckons for
/// how long an answer may still be on its way.
const NOTE: TimeDelta = TimeDelta::seconds(10);

/// What the conductor works with.
#[derive(Clone)]
pub struct Ports {
    pub scope: Scope,
    /// [`crate::cloud::Identity::keystone`]; other projects' templates are told by it.
    pub keystone: String,
    pub orchestration: Arc<dyn Orchestration>,
    pub delegation: Arc<dyn Delegation>,
    pub key_manager: Arc<dyn KeyManager>,
    /// Where what the cluster's controllers made is found.
    pub things: Arc<dyn Things>,
    /// Opens clusters' APIs; `None`: they are left alone.
    pub kubernetes: Option<Arc<dyn Gateway>>,
    pub notifier: Notifier,
    pub store: Arc<dyn Store>,
    pub drivers: Arc<Drivers>,
    pub observer: Arc<dyn Observer>,
    pub clock: Clock,
}

/// How an activation ended.
#[derive(Debug)]
pub enum Outcome {
    Rest(Box<ClusterRecord>, Next),
    /// There is no such record any more.
    Gone,
    /// The cluster is another conductor's: nothing more was sent.
    Lost,
}

/// Runs the cluster's machine until it rests. Two at once for one cluster, in one
/// process or two, do no harm: of two saves on one revision only one succeeds.
pub async fn activate(
    ports: &Ports,
    warrant: &Warrant,
    id: ClusterId,
    observed: Observed,
) -> Result<Outcome, StoreError> {
    let mut observed = observed;
    let (mut basis, mut noted) = (None, None);
    for _ in 0..STEPS {
        let Some(known) = ports.store.cluster(&ports.scope, id).await? else { return Ok(Outcome::Gone) };
        if basis.is_some_and(|revision| revision != known.revision) && !is_about_create(&observed, noted, &known) {
            // What was observed was asked for on grounds that have changed.
            observed = Observed::Nothing;
        }
        let transition = machine::step(known.clone(), &observed, (ports.clock)());
        let mut record = transition.record;
        let event = if ports.notifier.is_active() { due(&mut record) } else { None };
        if record != known {
            record.cluster.updated_at = Some((ports.clock)());
            groups::show(&mut record);
            chronicle::transition(&known, &mut record, (ports.clock)());
            match ports.store.save_cluster(&mut record).await {
                Ok(()) => {}
                // Somebody else was faster: their record is the ground to stand on.
                Err(StoreError::Stale) => {
                    basis = Some(known.revision);
                    continue;
                }
                Err(error) => return Err(error),
            }
            report(&known, &record, transition.op);
            ports.observer.saved(&record);
            if let Some((action, outcome)) = event {
                ports.notifier.tell(Event::new(&record.cluster, action, outcome, (ports.clock)()));
            }
        }
        let Some(op) = transition.op else { return Ok(Outcome::Rest(Box::new(record), transition.next)) };
        if op == Op::Forget {
            if !warrant.holds() {
                return Ok(Outcome::Lost);
            }
            if let Err(error) = provisions::clear(ports, &record).await? {
                warn!(cluster = %id, %error, request_id = error.request_id, "what it has beside its stack is not gone yet");
                basis = Some(record.revision);
                observed = Observed::Failed { op, error };
                continue;
            }
            match sweep::after(&*ports.things, &record).await {
                Ok(None) => {}
                Ok(Some(told)) => {
                    basis = Some(record.revision);
                    observed = Observed::Held(told);
                    continue;
                }
                Err(error) => {
                    basis = Some(record.revision);
                    observed = Observed::Failed { op, error };
                    continue;
                }
            }
            chronicle::forgotten(&mut record, (ports.clock)());
            match ports.store.remove_cluster(&record).await {
                Ok(()) => {
                    info!(cluster = %id, name = record.cluster.name, "cluster forgotten: nothing of it is left in Heat");
                    ports.observer.forgotten(id, &record.cluster.name);
                    if ports.notifier.is_active() {
                        ports.notifier.tell(Event::new(&record.cluster, "delete", Success, (ports.clock)()));
                    }
                    return Ok(Outcome::Gone);
                }
                Err(StoreError::Stale) => {
                    observed = Observed::Nothing;
                    continue;
                }
                Err(error) => return Err(error),
            }
        }
        observed = match perform(ports, warrant, &mut record, op).await {
            Ok(Some(observed)) => observed,
            Ok(None) => {
                info!(cluster = %id, ?op, "the cluster is another conductor's by now: nothing was sent");
                return Ok(Outcome::Lost);
            }
            Err(StoreError::Stale) => Observed::Nothing,
            Err(error) => return Err(error),
        };
        (basis, noted) = (Some(record.revision), record.track.create_sent);
    }
    warn!(cluster = %id, "the cluster does not come to rest");
    match ports.store.cluster(&ports.scope, id).await? {
        Some(record) => Ok(Outcome::Rest(Box::new(record), Next::After(BRAKE))),
        None => Ok(Outcome::Gone),
    }
}

/// Heat's word on the create that was `noted` holds whatever else became of the record meanwhile;
/// but not once somebody else sent another.
fn is_about_create(observed: &Observed, noted: Option<DateTime<Utc>>, known: &ClusterRecord) -> bool {
    let sent = known.track.create_sent;
    match observed {
        Observed::Created { .. } => sent.is_none() || sent == noted,
        // These may be about an update as well, which a delete that was wished meanwhile takes back.
        Observed::Unplannable(_) | Observed::Unready(_) => sent.is_some() && sent == noted,
        Observed::Failed { op: Op::Create, .. } => sent == noted,
        _ => false,
    }
}

/// One call, or two, to Heat; never a retry. `None`: the cluster is another conductor's;
/// [`StoreError::Stale`]: somebody else changed its record. Nothing was sent then.
async fn perform(
    ports: &Ports,
    warrant: &Warrant,
    record: &mut ClusterRecord,
    op: Op,
) -> Result<Option<Observed>, StoreError> {
    let heat = &ports.orchestration;
    let id = record.cluster.stack_id.clone().unwrap_or_else(|| record.cluster.stack_name.clone());
    let asked = (ports.clock)();
    let failed = |error: CloudError| Observed::Failed { op, error };
    let observed = match op {
        Op::Find | Op::Forget => match heat.stack(&id, false).await {
            Ok(stack) => Observed::Found { stack, asked },
            Err(error) => failed(error),
        },
        Op::Create | Op::Update => match provisions::ready(ports, record).await? {
            Err(error) => Observed::Unready(error),
            Ok(secrets) => match plan(ports, record, &secrets).and_then(|plan| countable(record, op, plan)) {
                Err(problem) => Observed::Unplannable(problem),
                Ok(plan) => {
                    note_afresh(ports, record).await?;
                    if !warrant.holds() {
                        return Ok(None);
                    }
                    let sent = match op {
                        Op::Create => heat.create_stack(&plan).await.map(|stack_id| Observed::Created { stack_id }),
                        _ => heat.update_stack(&id, &plan).await.map(|existed| Observed::Updated { existed }),
                    };
                    sent.unwrap_or_else(failed)
                }
            },
        },
        Op::Drain | Op::Cancel | Op::Delete if !warrant.holds() => return Ok(None),
        Op::Drain => {
            let next = rollout::upcoming(&record.sent, &record.taken, &record.goal, record.batch);
            if let Some(next) = next {
                depart::drain(ports, record, &next).await;
            }
            Observed::Drained
        }
        Op::Cancel => match details::stack(record) {
            Some(stack) => match heat.cancel_update(&stack).await {
                Ok(existed) => Observed::Cancelled { existed },
                Err(error) => failed(error),
            },
            None => Observed::Cancelled { existed: false },
        },
        Op::Delete => match sweep::before(&*ports.things, record, asked).await {
            Err(error) => failed(error),
            Ok(Some(told)) => Observed::Held(told),
            Ok(None) if !warrant.holds() => return Ok(None),
            Ok(None) => match heat.delete_stack(&id).await {
                Ok(existed) => Observed::Deleted { existed },
                Err(error) => failed(error),
            },
        },
        Op::ReadOutputs => match heat.stack(&id, true).await {
            Ok(Some(stack)) if !machine::confirms(record, &stack) => Observed::Found { stack: Some(stack), asked },
            Ok(Some(stack)) => {
                if record.track.update_taken.is_some() {
                    depart::forget(ports, record).await;
                    // What counts as old is for whoever works on the cluster now.
                    if !warrant.holds() {
                        return Ok(None);
                    }
                    if let Err(error) = provisions::retire(ports, record).await? {
                        return Ok(Some(failed(error)));
                    }
                }
                match ports.drivers.get(&record.cluster.driver) {
                    Some(driver) => Observed::Outputs(driver.outputs(&stack.outputs)),
                    None => Observed::Outputs(crate::driver::Outputs::default()),
                }
            }
            Ok(None) => Observed::Found { stack: None, asked },
            Err(error) => failed(error),
        },
        Op::Explain => match heat.stack(&id, false).await {
            Ok(Some(stack)) if !machine::confirms(record, &stack) => Observed::Found { stack: Some(stack), asked },
            Ok(Some(stack)) => match heat.resources(&stack).await {
                Ok(resources) => {
                    let cause = cause::root_cause(&stack, &resources);
                    let cause = sweep::with_what_is_in_the_way(&*ports.things, record, &resources, cause).await;
                    Observed::Explained(cause::Explained { cause, came_up: rollout::came_up(&resources) })
                }
                Err(error) => failed(error),
            },
            Ok(None) => Observed::Found { stack: None, asked },
            Err(error) => failed(error),
        },
    };
    if let Observed::Failed { error, .. } | Observed::Unready(error) = &observed {
        warn!(cluster = %record.id(), ?op, %error, request_id = error.request_id, "operation failed");
    } else {
        debug!(cluster = %record.id(), ?op, "operation done");
    }
    Ok(Some(observed))
}

/// Between the note that something is about to be sent and the sending, keys were made and read,
/// which may have taken any time. An old note is written again, until writing it took no time to
/// speak of: the save fails if somebody else has gone on with the cluster meanwhile.
async fn note_afresh(ports: &Ports, record: &mut ClusterRecord) -> Result<(), StoreError> {
    loop {
        let now: DateTime<Utc> = (ports.clock)();
        let track = &mut record.track;
        let note = if track.update_sent.is_some() { &mut track.update_sent } else { &mut track.create_sent };
        match note {
            Some(noted) if now - *noted > NOTE || *noted > now => *noted = now,
            _ => return Ok(()),
        }
        ports.store.save_cluster(record).await?;
    }
}

/// The request to Heat, with the certificates that belong to this moment.
fn plan(ports: &Ports, record: &ClusterRecord, secrets: &Secrets) -> Result<StackPlan, Problem> {
    let name = &record.cluster.driver;
    let driver = ports.drivers.get(name).ok_or_else(|| {
        Problem::local(format!("driver \"{name}\", with which this cluster was accepted, is not there any more"))
    })?;
    driver.plan(&record.plan_input(&keys::for_plan(record, secrets, (ports.clock)())?))
}

/// An update nobody could recognize afterwards must not be sent.
fn countable(record: &ClusterRecord, op: Op, plan: StackPlan) -> Result<StackPlan, Problem> {
    if op == Op::Create || plan.parameters.contains_key("revision") {
        return Ok(plan);
    }
    let told =
        format!("driver {} cannot change clusters: its template has no parameter revision", record.cluster.driver);
    Err(Problem::local(told).advise("Map a parameter \"revision\" to spec.revision in its driver.toml"))
}

/// What the record's state has to tell that was not told yet; notes it as told. The note is saved
/// before the telling, so nothing is told twice, by whichever process.
fn due(record: &mut ClusterRecord) -> Option<(&'static str, notify::Outcome)> {
    let (action, outcome) = cadf::of_status(&record.cluster.status)?;
    let words = format!("{action}/{}", outcome.word());
    if record.track.told.as_ref() == Some(&words) {
        return None;
    }
    // Whatever a cluster came to before somebody listened is not news.
    let news = record.track.told.is_some() || outcome == notify::Outcome::Pending;
    record.track.told = Some(words);
    news.then_some((action, outcome))
}

/// The log line of a transition.
fn report(before: &ClusterRecord, after: &ClusterRecord, op: Option<Op>) {
    let (from, to) = (&before.cluster, &after.cluster);
    info!(
        cluster = %to.uuid,
        name = to.name,
        status = %to.status,
        was = (from.status != to.status).then(|| from.status.to_string()),
        stack = to.stack_id,
        next = op.map(|op| format!("{op:?}")),
        reason = to.status_reason,
        "cluster",
    );
}

#[cfg(test)]
mod tests;
