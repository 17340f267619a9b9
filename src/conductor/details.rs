//! Resources and events of the one cluster somebody looks at. Reads only, so a
//! follower does it as well as a leader. While the cluster moves, often; when it has
//! come to rest, once more; then not at all until its record changes.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::activate::Ports;
use super::machine;
use super::tell::Tell;
use super::{Observer, backoff};
use crate::cloud::CloudError;
use crate::model::{ClusterId, Stack, StackResource, Status};
use crate::store::ClusterRecord;

/// What is known of the watched cluster.
#[derive(Default)]
struct Seen {
    id: Option<ClusterId>,
    stack_id: Option<String>,
    resources: Vec<StackResource>,
    events: HashSet<String>,
    last_event: Option<DateTime<Utc>>,
    /// The status at rest for which everything was read.
    rested: Option<Status>,
    faults: u32,
}

enum Rest {
    Until(Instant),
    /// Until the record changes.
    Changed,
}

pub(super) async fn run(
    ports: Ports,
    tell: Arc<Tell>,
    mut watching: watch::Receiver<Option<ClusterId>>,
    fast: Duration,
    stop: CancellationToken,
) {
    let mut seen = Seen::default();
    loop {
        let id = *watching.borrow_and_update();
        if seen.id != id {
            seen = Seen { id, ..Seen::default() };
        }
        let round = async {
            let rest = match id {
                Some(id) => look(&ports, &tell, id, &mut seen, fast).await,
                None => Rest::Changed,
            };
            match rest {
                Rest::Until(due) => tokio::time::sleep_until(due).await,
                Rest::Changed => tell.changed.notified().await,
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            changed = watching.changed() => if changed.is_err() { return },
            () = round => {}
        }
    }
}

async fn look(ports: &Ports, tell: &Tell, id: ClusterId, seen: &mut Seen, fast: Duration) -> Rest {
    let begun = Instant::now();
    let record = match ports.store.cluster(&ports.scope, id).await {
        Ok(Some(record)) => record,
        Ok(None) => return Rest::Changed,
        Err(error) => {
            debug!(cluster = %id, %error, "no details");
            return Rest::Changed;
        }
    };
    let Some(stack) = stack(&record) else { return Rest::Changed };
    if seen.stack_id.as_ref() != Some(&stack.id) {
        *seen = Seen { id: Some(id), stack_id: Some(stack.id.clone()), ..Seen::default() };
    }
    let moving = machine::is_moving(&record);
    if !moving && seen.rested.as_ref() == Some(&record.cluster.status) {
        return Rest::Changed;
    }
    match read(ports, tell, id, &stack, seen).await {
        Ok(()) => {
            seen.faults = 0;
            seen.rested = (!moving).then(|| record.cluster.status.clone());
            // A large tree takes its time: at most a third of it is spent asking.
            Rest::Until(Instant::now() + fast.max(begun.elapsed() * 2))
        }
        Err(error) => {
            debug!(cluster = %id, %error, "no details");
            seen.faults = seen.faults.saturating_add(1);
            Rest::Until(Instant::now() + backoff::delay(seen.faults, error.retry_after, id.0).max(fast))
        }
    }
}

async fn read(ports: &Ports, tell: &Tell, id: ClusterId, stack: &Stack, seen: &mut Seen) -> Result<(), CloudError> {
    let heat = &ports.orchestration;
    let (resources, events) = tokio::join!(heat.resources(stack), heat.events(stack, seen.last_event));
    let events = events.map(|mut events| {
        events.retain(|event| seen.events.insert(event.id.clone()));
        events
    });
    if let Ok(events) = &events
        && let Some(last) = events.iter().map(|event| event.time).max()
    {
        seen.last_event = seen.last_event.max(Some(last));
        tell.events(id, events.clone());
    }
    let resources = resources?;
    if resources != seen.resources {
        seen.resources.clone_from(&resources);
        tell.resources(id, resources);
    }
    events.map(|_| ())
}

/// The stack as far as calls about its inside need it.
pub fn stack(record: &ClusterRecord) -> Option<Stack> {
    let cluster = &record.cluster;
    Some(Stack {
        id: cluster.stack_id.clone()?,
        name: cluster.stack_name.clone(),
        status: cluster.status.clone(),
        status_reason: String::new(),
        tags: Vec::new(),
        created: None,
        updated: None,
        outputs: Default::default(),
        revision: None,
    })
}
