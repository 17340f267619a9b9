//! `jeroboam cluster resize | upgrade | update | pause …`: changes of a cluster that is there.

use std::sync::Arc;

use super::args::{ClusterResize, ClusterUpgrade, Steered, Update, UpdateOp, Wait};
use super::fault::{Done, Fault};
use super::output::Terminal;
use super::{Work, cluster, find, work};
use crate::model::patch::PatchOp;
use crate::model::{ClusterChange, Patch, Problem, text};
use crate::service::Manager;

pub fn resize(args: &ClusterResize) -> ClusterChange {
    ClusterChange::Resize {
        count: args.node_count,
        nodegroup: args.nodegroup.clone(),
        nodes_to_remove: args.nodes_to_remove.clone(),
    }
}

pub fn upgrade(args: &ClusterUpgrade) -> ClusterChange {
    ClusterChange::Upgrade {
        template: args.cluster_template.clone(),
        nodegroup: args.nodegroup.clone(),
        max_batch_size: args.max_batch_size,
    }
}

/// Magnum's update of a cluster: the count of its default workers, and nothing else.
pub fn update(args: &Update) -> Result<ClusterChange, Problem> {
    let mut count = None;
    for patch in patches(args)? {
        match (patch.target(), patch.value.as_deref()) {
            (("node_count", None), None) => count = Some(1),
            (("node_count", None), Some(value)) => count = Some(number("node_count", value)?),
            ((field, _), _) => {
                let told = format!("a cluster's {} cannot be changed", text::clean(field));
                let advice = "node_count can; for the rest see: cluster upgrade, nodegroup, ca rotate";
                return Err(Problem::invalid(told).on_field(field).advise(advice));
            }
        }
    }
    let count = count.ok_or_else(|| Problem::invalid("nothing to change was named"))?;
    Ok(ClusterChange::Resize { count, nodegroup: None, nodes_to_remove: Vec::new() })
}

pub fn patches(args: &Update) -> Result<Vec<Patch>, Problem> {
    let op = match args.op {
        UpdateOp::Add => PatchOp::Add,
        UpdateOp::Replace => PatchOp::Replace,
        UpdateOp::Remove => PatchOp::Remove,
    };
    args.fields.iter().map(|field| Patch::parse(op, field)).collect()
}

pub fn number(field: &str, value: &str) -> Result<u32, Problem> {
    let told = || format!("{field} is a number, not \"{}\"", text::clean(value));
    value.trim().parse().map_err(|_| Problem::invalid(told()).on_field(field))
}

/// Asks for the change; waits for its end when told to.
pub async fn run(
    manager: &dyn Manager,
    terminal: &mut Terminal<'_>,
    name: &str,
    change: ClusterChange,
    wait: &Wait,
) -> Done {
    let known = find::cluster(manager, name).await?;
    let changed = manager.change_cluster(known.uuid, change).await?;
    let line = changed.rollout.as_ref().map(|rollout| rollout.line());
    terminal.note(&match line {
        Some(line) => format!("Cluster {} ({}): {line}", changed.name, changed.uuid),
        None => format!("Cluster {} ({}) has what was asked for", changed.name, changed.uuid),
    })?;
    if wait.wait {
        return cluster::settle(manager, terminal, changed).await;
    }
    if changed.status.is_in_progress() {
        cluster::left_behind(terminal, &changed)?;
    }
    terminal.show(&changed)
}

pub async fn steer<C>(connect: C, terminal: &mut Terminal<'_>, args: &Steered, change: ClusterChange) -> Done
where
    C: AsyncFnOnce(Work) -> Result<Arc<dyn Manager>, Fault>,
{
    run(&*connect(work(args.wait.wait)).await?, terminal, &args.cluster, change, &args.wait).await
}
