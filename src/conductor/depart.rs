//! What nodes leave behind in Kubernetes: their pods are moved off before they go, their
//! names are deleted afterwards. A courtesy to what runs there: an API that does not answer,
//! or a pod that will not go, is said in the log and holds up nothing for longer than [`LIMIT`].

use std::time::Duration;

use tokio::time::Instant;
use tracing::{info, warn};

use super::activate::Ports;
use super::{reach, rollout};
use crate::driver::worker_name;
use crate::model::Spec;
use crate::store::ClusterRecord;

/// For all nodes of one step together.
const LIMIT: Duration = Duration::from_secs(120);

/// Empties the nodes that are there now and not in `next`.
pub(super) async fn drain(ports: &Ports, record: &ClusterRecord, next: &Spec) {
    if ports.kubernetes.is_none() {
        return;
    }
    let (cluster, until) = (record.id(), Instant::now() + LIMIT);
    let api = match reach::api(ports, record).await {
        Ok(api) => api,
        Err(problem) => return warn!(%cluster, %problem, "nodes go without being drained"),
    };
    let names = names(record, next);
    for name in &names {
        // All at once, so that nothing moves from one that goes to another that goes.
        if let Err(error) = api.cordon(name, true).await {
            return warn!(%cluster, node = name, ?error, "nodes go without being drained");
        }
    }
    for name in &names {
        let left = until.saturating_duration_since(Instant::now());
        match api.drain(name, left).await {
            Ok(drained) => info!(%cluster, node = name, ?drained, "node drained"),
            Err(error) => warn!(%cluster, node = name, ?error, "node not drained"),
        }
    }
}

/// Deletes the Kubernetes nodes of machines that the step just completed took away.
pub(super) async fn forget(ports: &Ports, record: &ClusterRecord) {
    let names = names(record, &record.sent);
    if ports.kubernetes.is_none() || names.is_empty() {
        return;
    }
    let cluster = record.id();
    match reach::api(ports, record).await {
        Err(problem) => warn!(%cluster, %problem, "nodes that went are still known to Kubernetes"),
        Ok(api) => {
            for name in names {
                if let Err(error) = api.delete_node(&name).await {
                    return warn!(%cluster, node = name, ?error, "a node that went is still known to Kubernetes");
                }
            }
        }
    }
}

/// As the kubelet calls itself: its host's name.
fn names(record: &ClusterRecord, next: &Spec) -> Vec<String> {
    let leaving = rollout::leaving(&record.taken, next);
    let stack = &record.cluster.stack_name;
    leaving.into_iter().map(|(group, index)| worker_name(stack, group, index).to_ascii_lowercase()).collect()
}
