//! Looks at each cluster's own API from time to time and notes in its record how it is doing.
//!
//! Only the process that works on clusters looks, slowly and a few at a time. A record is saved when
//! its health changed, and else as seldom as keeps it from being stale. Whoever saves the record
//! for a better reason meanwhile comes first: the next look is soon enough.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use super::tell::Tell;
use super::{Ports, reach};
use crate::kube::api::{Api, KubeErrorKind};
use crate::model::{Action, ClusterId, Health, HealthStatus};
use crate::store::{ClusterRecord, Intent, StoreError};

/// Clusters looked at at the same moment.
const AT_ONCE: usize = 32;
/// An unchanged health is saved anew when it is older than this; a third of what makes it stale.
const REFRESH: TimeDelta = TimeDelta::minutes(5);

pub(super) async fn run(ports: Ports, tell: Arc<Tell>, interval: Duration, stop: CancellationToken) {
    loop {
        if tell.leads.load(Ordering::SeqCst) {
            let round = round(&ports, interval);
            if stop.run_until_cancelled(round).await.is_none() {
                return;
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(interval) => {}
        }
    }
}

/// One look at every cluster that is due, a page of the store after the other: all records of a
/// large fleet at once would be more than everything else in memory.
async fn round(ports: &Ports, interval: Duration) {
    let mut since = 0;
    loop {
        let page = match ports.store.changes(&ports.scope, since).await {
            Ok(page) => page,
            // Whoever works on clusters tells it.
            Err(error) => return debug!(%error, "no look at clusters' health"),
        };
        let now = (ports.clock)();
        let due = page.clusters.into_iter().filter(|record| is_due(record, interval, now));
        futures_util::stream::iter(due)
            .for_each_concurrent(AT_ONCE, |record| async move {
                let health = look(ports, &record).await;
                if let Err(error) = note(ports, record.id(), health).await {
                    debug!(cluster = %record.id(), %error, "its health was not noted");
                }
            })
            .await;
        if page.all {
            return;
        }
        since = page.version;
    }
}

/// Clusters that have an API and are not about to go. One that another process looked at is not due.
fn is_due(record: &ClusterRecord, interval: Duration, now: DateTime<Utc>) -> bool {
    let cluster = &record.cluster;
    let lives = record.intent == Intent::Present && cluster.status.action != Action::Delete;
    let half = TimeDelta::from_std(interval / 2).unwrap_or(TimeDelta::zero());
    lives && cluster.api_address.is_some() && cluster.health.as_ref().is_none_or(|health| now - health.seen >= half)
}

/// Asks; whatever comes of it is an answer.
pub async fn look(ports: &Ports, record: &ClusterRecord) -> Health {
    let told = |status, api: String| Health {
        status,
        reason: [("api".to_owned(), api)].into(),
        seen: (ports.clock)(),
        version: None,
    };
    let api = match reach::api(ports, record).await {
        Ok(api) => api,
        Err(problem) => return told(HealthStatus::Unknown, problem.summary),
    };
    match ask(&*api, (ports.clock)()).await {
        Ok(health) => health,
        // It answered, and not as a sound API server does.
        Err(error) if matches!(error.kind, KubeErrorKind::Busy | KubeErrorKind::Denied | KubeErrorKind::Odd) => {
            told(HealthStatus::Unhealthy, error.message)
        }
        Err(error) => told(HealthStatus::Unknown, error.message),
    }
}

async fn ask(api: &dyn Api, now: DateTime<Utc>) -> Result<Health, crate::kube::api::KubeError> {
    let readiness = api.readiness().await?;
    let nodes = api.nodes().await?;
    let told = if readiness.ready {
        "ok".to_owned()
    } else if readiness.failing.is_empty() {
        "not ready".to_owned()
    } else {
        format!("not ready: {}", readiness.failing.join(", "))
    };
    let mut reason = std::collections::BTreeMap::from([("api".to_owned(), told)]);
    for node in &nodes {
        let word = if node.ready { "True" } else { "False" };
        reason.insert(format!("{}.Ready", node.name), word.to_owned());
        if !node.ready {
            reason.insert(format!("{}.reason", node.name), node.reason.clone());
        }
    }
    let well = readiness.ready && !nodes.is_empty() && nodes.iter().all(|node| node.ready);
    let status = if well { HealthStatus::Healthy } else { HealthStatus::Unhealthy };
    Ok(Health { status, reason, seen: now, version: readiness.version })
}

/// Puts it into the record as that is now.
async fn note(ports: &Ports, id: ClusterId, health: Health) -> Result<(), StoreError> {
    let Some(mut record) = ports.store.cluster(&ports.scope, id).await? else { return Ok(()) };
    let before = record.cluster.health.as_ref();
    let same = |known: &Health| {
        (known.status, &known.reason, &known.version) == (health.status, &health.reason, &health.version)
    };
    if before.is_some_and(|known| same(known) && health.seen - known.seen < REFRESH) {
        return Ok(());
    }
    if before.map(|known| known.status) != Some(health.status) {
        info!(cluster = %id, name = record.cluster.name, health = %health.status, reason = health.complaint(), "health");
    }
    record.cluster.health = Some(health);
    match ports.store.save_cluster(&mut record).await {
        Ok(()) => ports.observer.saved(&record),
        Err(StoreError::Stale) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
