//! What can be asked of a cluster that is there, and how far such a change is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{NewNodeGroup, Problem, nodegroup};

/// A change of a cluster, after the verbs of `openstack coe`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum ClusterChange {
    /// So many nodes in a group.
    Resize {
        count: u32,
        /// Name or uuid; `None`: the default workers.
        nodegroup: Option<String>,
        /// Who goes, when it becomes smaller: server ids, names, addresses or indexes.
        /// Empty: the youngest.
        nodes_to_remove: Vec<String>,
    },
    /// To the image and versions of a template.
    Upgrade {
        /// Name or uuid.
        template: String,
        /// `None`: masters, then every group that has the cluster's image.
        nodegroup: Option<String>,
        /// Workers replaced at the same time.
        max_batch_size: u32,
    },
    /// A new Kubernetes CA takes the old one's place; all machines are replaced on the way.
    RotateCa {
        max_batch_size: u32,
    },
    /// Add-ons get another credential for the cloud, and the old one is revoked; replaces the first master.
    RotateCredential,
    CreateNodegroup {
        nodegroup: Box<NewNodeGroup>,
    },
    /// Bounds only, as in Magnum.
    UpdateNodegroup {
        nodegroup: String,
        min_node_count: Option<u32>,
        /// `Some(None)` takes the maximum away.
        max_node_count: Option<Option<u32>>,
    },
    DeleteNodegroup {
        nodegroup: String,
    },
    /// Nothing further is begun; what Heat is at goes on.
    Pause,
    Resume,
    /// Goes on after a failure, with fresh machines for those that failed.
    Retry,
    /// Gives a failed or paused change up: back to what was last complete.
    Rollback,
    /// Stops what Heat is at; it ends as a failure, from which to retry or roll back.
    Cancel,
}

impl ClusterChange {
    /// In a word or two.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Resize { .. } => "resize",
            Self::Upgrade { .. } => "upgrade",
            Self::RotateCa { .. } => "rotate the CA of",
            Self::RotateCredential => "rotate the credential of",
            Self::CreateNodegroup { .. } => "add a node group to",
            Self::UpdateNodegroup { .. } => "change a node group of",
            Self::DeleteNodegroup { .. } => "delete a node group of",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Retry => "retry",
            Self::Rollback => "roll back",
            Self::Cancel => "stop",
        }
    }
}

/// A change's own rules, whatever the cluster.
pub fn shape(change: &ClusterChange) -> Vec<Problem> {
    let wrong = |field: &str, why: &str| vec![Problem::invalid(why).on_field(field)];
    match change {
        ClusterChange::Upgrade { template, .. } if template.is_empty() => wrong("template", "choose a template"),
        ClusterChange::Upgrade { max_batch_size: 0, .. } | ClusterChange::RotateCa { max_batch_size: 0 } => {
            wrong("max_batch_size", "at least one worker is replaced at a time")
        }
        ClusterChange::CreateNodegroup { nodegroup } => nodegroup::shape(nodegroup),
        _ => Vec::new(),
    }
}

/// What a change that takes several steps is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Resize,
    Upgrade,
    RotateCa,
    RotateCredential,
    CreateNodegroup,
    DeleteNodegroup,
    /// Making the stack what it was.
    Restore,
}

impl Kind {
    /// For a person: "upgrade".
    pub fn word(self) -> &'static str {
        match self {
            Self::Resize => "resize",
            Self::Upgrade => "upgrade",
            Self::RotateCa => "CA rotation",
            Self::RotateCredential => "credential rotation",
            Self::CreateNodegroup => "new node group",
            Self::DeleteNodegroup => "node group removal",
            Self::Restore => "restoring",
        }
    }
}

/// How far a change is, counted in machines made or taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    pub kind: Kind,
    /// What changes, before and after: `default-worker 1 → 3`, `v1.31.4 → v1.32.0`.
    pub about: String,
    pub done: usize,
    pub total: usize,
    /// Updates of the stack that were sent for it.
    #[serde(default)]
    pub step: usize,
    /// How many it should take in all, counted when it was begun.
    #[serde(default)]
    pub steps: usize,
    /// Since when Heat has had the present one; `None`: it is at none.
    #[serde(default)]
    pub step_since: Option<DateTime<Utc>>,
    /// Nothing further is begun.
    pub paused: bool,
    /// Paused, and nothing of it is under way any more.
    #[serde(default)]
    pub held: bool,
}

impl Rollout {
    /// `upgrade v1.31.4 → v1.32.0: 2 of 5 nodes, paused`.
    pub fn line(&self) -> String {
        let nodes = match self.total {
            0 => String::new(),
            1 => format!(": {} of 1 node", self.done),
            total => format!(": {} of {total} nodes", self.done),
        };
        let paused = if self.paused { ", paused" } else { "" };
        format!("{}{nodes}{paused}", self.what())
    }

    /// `upgrade v1.31.4 → v1.32.0`.
    pub fn what(&self) -> String {
        if self.about.is_empty() { self.kind.word().to_owned() } else { format!("{} {}", self.kind.word(), self.about) }
    }
}
