//! `jeroboam stats`

use serde_json::json;

use super::fault::Done;
use super::output::Terminal;
use crate::model::quota::CLUSTER;
use crate::service::Manager;

/// Magnum's counts: clusters in any state, and their masters and workers together, as wished for.
pub async fn show(manager: &dyn Manager, terminal: &mut Terminal<'_>) -> Done {
    let (clusters, quotas) = (manager.clusters().await?, manager.quotas().await?);
    let nodes: u64 = clusters.iter().map(|c| u64::from(c.master_count) + u64::from(c.node_count)).sum();
    let project = manager.identity().scope.project_id;
    let quota = quotas.iter().find(|quota| quota.project_id == project && quota.resource == CLUSTER);
    let limit = quota.map(|quota| quota.hard_limit);
    terminal.show(&json!({ "clusters": clusters.len(), "nodes": nodes, "cluster_quota": limit }))
}
