//! The node groups as Magnum shows them, read off the machines that are wanted and those
//! that are there. Pure; called after every step, so that nobody sees one without the other.

use crate::conductor::{machine, rollout};
use crate::driver::NodeAddress;
use crate::model::spec::{DEFAULT_MASTER, DEFAULT_WORKER_SLOT};
use crate::model::{
    Action, KubeVersion, Labels, NodeGroup, NodeGroupId, NodeImage, Spec, State, Status, WorkerGroup, nodegroup,
};
use crate::store::ClusterRecord;

/// Renews the cluster's node groups and counts, and how far its change is.
pub fn show(record: &mut ClusterRecord) {
    let known = std::mem::take(&mut record.cluster.node_groups);
    let old = |id: NodeGroupId| known.iter().find(|group| group.uuid == id);
    let mut groups = vec![masters(record, old(NodeGroupId::of(record.id(), None)))];
    for group in &record.goal.workers {
        groups.push(workers(record, group, old(NodeGroupId::of(record.id(), Some(group.slot)))));
    }
    for group in record.taken.workers.iter().filter(|group| by_slot(&record.goal, group.slot).is_none()) {
        let id = NodeGroupId::of(record.id(), Some(group.slot));
        if let Some(old) = old(id) {
            groups.push(NodeGroup { node_count: 0, ..with_status(record, Action::Delete, old.clone()) });
        }
    }
    record.cluster.node_groups = groups;
    record.cluster.master_count = count(record.goal.masters.len());
    record.cluster.node_count = count(record.goal.node_count());
    let left = rollout::remaining(&record.taken, &record.goal);
    let held = machine::is_held(record);
    if let Some(rollout) = &mut record.cluster.rollout {
        rollout.total = rollout.total.max(left);
        rollout.done = rollout.total - left;
        rollout.held = held;
        rollout.step_since = record.track.update_taken;
    }
}

fn masters(record: &ClusterRecord, old: Option<&NodeGroup>) -> NodeGroup {
    let (taken, goal) = (&record.taken, &record.goal);
    let moved = taken.ca_step != goal.ca_step
        || taken.credential != goal.credential
        || taken.masters.iter().zip(&goal.masters).any(|(have, want)| {
            have.image != want.image || have.ca_step != want.ca_step && have.ca_step < taken.ca_step
        });
    let image = goal.masters.first().map(|master| master.image.id.clone()).unwrap_or_default();
    let group = NodeGroup {
        node_count: count(goal.masters.len()),
        image_id: image,
        version: oldest(taken.masters.iter().map(|master| &master.image)),
        node_addresses: record.cluster.master_addresses.clone(),
        labels: record.cluster.labels.clone(),
        ..old.cloned().unwrap_or_else(|| NodeGroup {
            uuid: NodeGroupId::of(record.id(), None),
            name: DEFAULT_MASTER.into(),
            role: nodegroup::MASTER.into(),
            is_default: true,
            min_node_count: 1,
            flavor_id: record.cluster.master_flavor_id.clone(),
            docker_volume_size: record.cluster.docker_volume_size,
            ..blank(record)
        })
    };
    following(record, moved, group)
}

fn workers(record: &ClusterRecord, want: &WorkerGroup, old: Option<&NodeGroup>) -> NodeGroup {
    let have = by_slot(&record.taken, want.slot);
    let newest = want.nodes.values().next_back().map(|node| node.image.id.clone());
    let mut group = NodeGroup {
        node_count: count(want.count()),
        node_addresses: record
            .nodes
            .iter()
            .filter(|node| node.slot == Some(want.slot))
            .filter_map(NodeAddress::best)
            .collect(),
        version: oldest(have.unwrap_or(want).nodes.values().map(|node| &node.image)),
        ..old.cloned().unwrap_or_else(|| NodeGroup {
            uuid: NodeGroupId::of(record.id(), Some(want.slot)),
            name: want.name.clone(),
            role: want.role.clone(),
            is_default: want.slot == DEFAULT_WORKER_SLOT,
            flavor_id: want.flavor_id.clone(),
            docker_volume_size: want.docker_volume_size,
            labels: want.labels.clone(),
            ..blank(record)
        })
    };
    if let Some(image) = newest {
        group.image_id = image;
    }
    if have.is_none() {
        return with_status(record, Action::Create, group);
    }
    following(record, have.is_some_and(|have| have.nodes != want.nodes), group)
}

/// What no group has of its own.
fn blank(record: &ClusterRecord) -> NodeGroup {
    NodeGroup {
        uuid: NodeGroupId::of(record.id(), None),
        name: String::new(),
        role: String::new(),
        is_default: false,
        node_count: 0,
        min_node_count: 0,
        max_node_count: None,
        flavor_id: String::new(),
        image_id: record.facts.image_id.clone(),
        docker_volume_size: None,
        labels: Labels::default(),
        status: record.cluster.status.clone(),
        status_reason: String::new(),
        version: None,
        node_addresses: Vec::new(),
    }
}

/// A group that is there: the cluster's status is its own where the change concerns it.
fn following(record: &ClusterRecord, moved: bool, mut group: NodeGroup) -> NodeGroup {
    let cluster = &record.cluster;
    if cluster.status.action != Action::Update {
        return with_status(record, cluster.status.action.clone(), group);
    }
    if moved {
        return with_status(record, Action::Update, group);
    }
    group.status = Status::new(group.status.action, State::Complete);
    group.status_reason.clear();
    group
}

fn with_status(record: &ClusterRecord, action: Action, mut group: NodeGroup) -> NodeGroup {
    group.status = Status::new(action, record.cluster.status.state.clone());
    group.status_reason = if group.status.is_failed() { record.cluster.status_reason.clone() } else { String::new() };
    group
}

fn by_slot(spec: &Spec, slot: u32) -> Option<&WorkerGroup> {
    spec.workers.iter().find(|group| group.slot == slot)
}

/// The version a whole is at: that of its oldest part.
pub fn oldest<'a>(images: impl Iterator<Item = &'a NodeImage>) -> Option<String> {
    images.filter_map(|image| image.kube_version.clone()).min_by_key(|version| KubeVersion::parse(version))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
