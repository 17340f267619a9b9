//! `jeroboam nodegroup …`

use std::sync::Arc;

use super::args::{Nodegroup, NodegroupCreate, NodegroupUpdate, Update};
use super::fault::{Done, Fault};
use super::output::{Column, Terminal, or_dash};
use super::{Work, change, find, labels, work};
use crate::model::{Cluster, ClusterChange, NewNodeGroup, NodeGroup, Problem, text};
use crate::service::Manager;

const COLUMNS: [Column<NodeGroup>; 8] = [
    ("UUID", |g| g.uuid.to_string()),
    ("NAME", |g| g.name.clone()),
    ("FLAVOR", |g| g.flavor_id.clone()),
    ("IMAGE", |g| g.image_id.clone()),
    ("NODE_COUNT", |g| g.node_count.to_string()),
    ("STATUS", |g| g.status.to_string()),
    ("ROLE", |g| g.role.clone()),
    ("VERSION", |g| or_dash(g.version.as_deref())),
];

pub async fn run<C>(command: Nodegroup, terminal: &mut Terminal<'_>, connect: C) -> Done
where
    C: AsyncFnOnce(Work) -> Result<Arc<dyn Manager>, Fault>,
{
    match command {
        Nodegroup::Create(wanted) => {
            let nodegroup = Box::new(wish(&wanted).map_err(Fault::usage)?);
            let manager = connect(work(wanted.wait.wait)).await?;
            let change = ClusterChange::CreateNodegroup { nodegroup };
            change::run(&*manager, terminal, &wanted.cluster, change, &wanted.wait).await
        }
        Nodegroup::List(wanted) => {
            let cluster = find::cluster(&*connect(Work::Elsewhere).await?, &wanted.cluster).await?;
            let all = cluster.node_groups.into_iter();
            let groups: Vec<NodeGroup> =
                all.filter(|group| wanted.role.as_ref().is_none_or(|role| *role == group.role)).collect();
            terminal.list(&groups, &COLUMNS)
        }
        Nodegroup::Show(wanted) => {
            let cluster = find::cluster(&*connect(Work::Elsewhere).await?, &wanted.cluster).await?;
            terminal.show(find(&cluster, &wanted.nodegroup)?)
        }
        Nodegroup::Update(wanted) => {
            let bounds = bounds(&wanted).map_err(Fault::usage)?;
            let manager = connect(Work::Elsewhere).await?;
            let cluster = find::cluster(&*manager, &wanted.cluster).await?;
            let changed = manager.change_cluster(cluster.uuid, bounds).await?;
            terminal.show(find(&changed, &wanted.nodegroup)?)
        }
        Nodegroup::Delete(wanted) => {
            let manager = connect(work(wanted.wait.wait)).await?;
            let change = ClusterChange::DeleteNodegroup { nodegroup: wanted.nodegroup };
            change::run(&*manager, terminal, &wanted.cluster, change, &wanted.wait).await
        }
    }
}

fn find<'a>(cluster: &'a Cluster, wanted: &str) -> Result<&'a NodeGroup, Problem> {
    let found = cluster.node_groups.iter().find(|group| group.uuid.to_string() == wanted || group.name == wanted);
    found.ok_or_else(|| {
        let names: Vec<&str> = cluster.node_groups.iter().map(|group| group.name.as_str()).collect();
        let told = format!("cluster \"{}\" has no node group \"{}\"", cluster.name, text::clean(wanted));
        Problem::not_found(told).advise(format!("There are: {}", names.join(", ")))
    })
}

fn wish(args: &NodegroupCreate) -> Result<NewNodeGroup, Problem> {
    Ok(NewNodeGroup {
        name: args.name.clone(),
        role: args.role.clone(),
        node_count: args.node_count,
        min_node_count: args.min_nodes,
        max_node_count: args.max_nodes,
        flavor_id: args.flavor.clone(),
        image_id: args.image.clone(),
        docker_volume_size: args.docker_volume_size,
        labels: labels(&args.labels)?,
        merge_labels: args.merge_labels,
        node_labels: labels(&args.node_labels)?.0,
        node_taints: args.node_taint.clone(),
    })
}

/// Magnum's update of a node group: its bounds, and nothing else.
fn bounds(args: &NodegroupUpdate) -> Result<ClusterChange, Problem> {
    let update = Update { name: args.cluster.clone(), op: args.op, fields: args.fields.clone() };
    let (mut min, mut max) = (None, None);
    for patch in change::patches(&update)? {
        let value = patch.value.as_deref();
        match patch.target() {
            (field @ "min_node_count", None) => min = Some(value.map_or(Ok(0), |value| change::number(field, value))?),
            (field @ "max_node_count", None) => {
                max = Some(value.map(|value| change::number(field, value)).transpose()?);
            }
            (field, _) => {
                let told = format!("a node group's {} cannot be changed", text::clean(field));
                let advice = "min_node_count and max_node_count can; for the count see: cluster resize --nodegroup";
                return Err(Problem::invalid(told).on_field(field).advise(advice));
            }
        }
    }
    Ok(ClusterChange::UpdateNodegroup { nodegroup: args.nodegroup.clone(), min_node_count: min, max_node_count: max })
}
