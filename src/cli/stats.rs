//! `jeroboam stats`

use serde_json::json;

use super::fault::Done;
use super::output::Terminal;
use crate::service::Manager;

/// Magnum's counts: clusters in any state, and their masters and workers together, as wished for.
pub async fn show(manager: &dyn Manager, terminal: &mut Terminal<'_>) -> Done {
    let clusters = manager.clusters().await?;
    let nodes: u64 = clusters.iter().map(|c| u64::from(c.master_count) + u64::from(c.node_count)).sum();
    terminal.show(&json!({ "clusters": clusters.len(), "nodes": nodes }))
}
