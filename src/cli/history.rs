//! `jeroboam history`

use super::args::History;
use super::fault::Done;
use super::find;
use super::output::{Column, Terminal, or_dash};
use crate::model::{ClusterId, HistoryEntry, HistoryKind, Problem, ProblemKind};
use crate::service::Manager;

/// So far back a name is looked for that no living cluster has.
const SEARCHED: usize = 10_000;

const COLUMNS: &[Column<HistoryEntry>] = &[
    ("TIME", |entry| entry.at.format("%Y-%m-%d %H:%M:%S").to_string()),
    ("CLUSTER", |entry| entry.cluster_name.clone()),
    ("WHAT", |entry| match entry.kind {
        HistoryKind::Command => format!("{} commanded", entry.event),
        HistoryKind::Transition => entry.event.clone(),
    }),
    ("TOOK", |entry| entry.duration.map_or_else(|| "-".into(), |took| format!("{}:{:02}", took / 60, took % 60))),
    ("BY", |entry| or_dash(entry.user_id.as_deref())),
    ("REASON", |entry| or_dash(Some(&entry.reason))),
];

pub async fn show(manager: &dyn Manager, terminal: &mut Terminal<'_>, wanted: &History) -> Done {
    let of = match &wanted.cluster {
        Some(name) => Some(find(manager, name).await?),
        None => None,
    };
    terminal.list(&manager.history(of, wanted.limit).await?, COLUMNS)
}

/// Of a living cluster, or the last one that had the name.
async fn find(manager: &dyn Manager, name: &str) -> Result<ClusterId, Problem> {
    let missing = match find::cluster(manager, name).await {
        Ok(cluster) => return Ok(cluster.uuid),
        Err(problem) if problem.kind == ProblemKind::NotFound => problem,
        Err(problem) => return Err(problem),
    };
    let uuid = name.parse::<ClusterId>().ok();
    let all = manager.history(uuid, SEARCHED).await?;
    let of = all.iter().find(|entry| Some(entry.cluster_uuid) == uuid || entry.cluster_name == name);
    of.map(|entry| entry.cluster_uuid).ok_or(missing)
}
