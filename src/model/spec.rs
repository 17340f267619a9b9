//! What a cluster's stack is made to look like: every node there is, with its image.
//!
//! A [`Spec`] is the whole machine part of a cluster, so a change is always "make the stack
//! match this one". The conductor keeps two of them (what is wanted, and what the stack last
//! completed) and sends specs in between; the driver turns one into Heat parameters.
//! Nothing here knows Heat; but the numbering follows its resource groups: a group has the
//! first `count` indexes that were never removed. Start reading at [`Spec`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Labels;

/// Slot of the group that every cluster begins with.
pub const DEFAULT_WORKER_SLOT: u32 = 0;
/// Magnum's names of the groups that every cluster begins with.
pub const DEFAULT_MASTER: &str = "default-master";
pub const DEFAULT_WORKER: &str = "default-worker";

/// Every machine of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// Counts what was sent to Heat; 0 is the create. The stack shows it as a parameter,
    /// so that after a crash a look tells which spec it was last given.
    pub revision: u64,
    /// By index, without gaps from 0: masters are replaced in place, never renumbered.
    pub masters: Vec<MasterNode>,
    /// Sorted by slot; the default group is always there.
    pub workers: Vec<WorkerGroup>,
    /// Slots of groups that are gone; never used again.
    #[serde(default)]
    pub removed_slots: BTreeSet<u32>,
    /// Counts the steps of all CA rotations, three each; see [`Spec::ca_stage`].
    #[serde(default)]
    pub ca_step: u32,
    /// Counts the rotations of the add-ons' credential; the first master applies the one of this number.
    #[serde(default)]
    pub credential: u32,
}

/// What a node boots.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeImage {
    /// Glance's id.
    pub id: String,
    /// `v1.31.4`; `None` when neither image nor labels say.
    #[serde(default)]
    pub kube_version: Option<String>,
}

/// A control-plane node; its index is its place in [`Spec::masters`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterNode {
    pub image: NodeImage,
    /// Raised by one to have the machine replaced, with the same port, name and addresses.
    #[serde(default)]
    pub generation: u32,
    /// [`Spec::ca_step`] when the machine was made, so that a rotation knows whom it has rolled.
    #[serde(default)]
    pub ca_step: u32,
}

/// A group of equal workers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerGroup {
    /// The group's number in the stack; never used twice in a cluster.
    pub slot: u32,
    pub name: String,
    /// `worker`, or any other word but `master`: becomes the node-role label.
    pub role: String,
    pub flavor_id: String,
    /// GB for containers; `None`: on the root disk.
    pub docker_volume_size: Option<u32>,
    /// Effective ones, after the merge rules.
    #[serde(default)]
    pub labels: Labels,
    /// Kubernetes labels that its nodes join with.
    #[serde(default)]
    pub node_labels: BTreeMap<String, String>,
    /// `key=value:Effect`, as the kubelet takes them.
    #[serde(default)]
    pub node_taints: Vec<String>,
    /// Every node by its index. Changed through [`WorkerGroup::grow`] and
    /// [`WorkerGroup::remove`] only, which keep to Heat's numbering.
    pub nodes: BTreeMap<u32, WorkerNode>,
    /// Indexes that were used and are gone; never used again.
    #[serde(default)]
    pub removed: BTreeSet<u32>,
}

/// A worker is never changed: one with a new index takes its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerNode {
    pub image: NodeImage,
    /// [`Spec::ca_step`] when the machine was made.
    #[serde(default)]
    pub ca_step: u32,
}

/// How far a rotation of the CA is; each stage is a rollout of machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaStage {
    /// One CA.
    Settled,
    /// Trust old and new, sign with the old.
    TrustNew,
    /// Trust both, sign with the new.
    SignNew,
}

impl Spec {
    /// A new cluster's.
    pub fn first(masters: u32, image: &NodeImage, workers: WorkerGroup) -> Self {
        let master = MasterNode { image: image.clone(), ..MasterNode::default() };
        Self {
            masters: vec![master; usize::try_from(masters).unwrap_or_default()],
            workers: vec![workers],
            ..Self::default()
        }
    }

    pub fn ca_stage(&self) -> CaStage {
        match self.ca_step % 3 {
            1 => CaStage::TrustNew,
            2 => CaStage::SignNew,
            _ => CaStage::Settled,
        }
    }

    pub fn group(&self, name: &str) -> Option<&WorkerGroup> {
        self.workers.iter().find(|group| group.name == name)
    }

    pub fn group_mut(&mut self, name: &str) -> Option<&mut WorkerGroup> {
        self.workers.iter_mut().find(|group| group.name == name)
    }

    /// The slot a further group gets.
    pub fn next_slot(&self) -> u32 {
        let used = |slot: &u32| self.removed_slots.contains(slot) || self.workers.iter().any(|g| g.slot == *slot);
        (0..).find(|slot| !used(slot)).unwrap_or_default()
    }

    /// Puts the group into the next slot.
    pub fn add_group(&mut self, mut group: WorkerGroup) {
        group.slot = self.next_slot();
        self.workers.push(group);
        self.workers.sort_by_key(|group| group.slot);
    }

    /// Removes the group and its machines for good; the default one stays.
    pub fn remove_group(&mut self, name: &str) -> Option<WorkerGroup> {
        let at = self.workers.iter().position(|g| g.name == name && g.slot != DEFAULT_WORKER_SLOT)?;
        let group = self.workers.remove(at);
        self.removed_slots.insert(group.slot);
        Some(group)
    }

    pub fn node_count(&self) -> usize {
        self.workers.iter().map(WorkerGroup::count).sum()
    }
}

impl WorkerGroup {
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// The indexes that `more` further nodes get.
    pub fn next_indexes(&self, more: usize) -> Vec<u32> {
        (0..).filter(|index| !self.nodes.contains_key(index) && !self.removed.contains(index)).take(more).collect()
    }

    /// Adds nodes; gives their indexes.
    pub fn grow(&mut self, more: usize, node: &WorkerNode) -> Vec<u32> {
        let indexes = self.next_indexes(more);
        self.nodes.extend(indexes.iter().map(|index| (*index, node.clone())));
        indexes
    }

    /// Removes these nodes, and their indexes for good; unknown ones are left out.
    pub fn remove(&mut self, indexes: &[u32]) {
        for index in indexes {
            if self.nodes.remove(index).is_some() {
                self.removed.insert(*index);
            }
        }
    }

    /// Who goes when a group is made smaller without naming anybody: the youngest.
    pub fn last_indexes(&self, fewer: usize) -> Vec<u32> {
        self.nodes.keys().rev().take(fewer).copied().collect()
    }
}

#[cfg(test)]
mod tests;
