//! The machines of a cluster as its manager knows them, and what a change does with each.

use serde::{Deserialize, Serialize};

use super::ClusterId;

/// A machine, or the place of one that is to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    pub cluster_uuid: ClusterId,
    /// Of its server, and of the node in Kubernetes.
    pub name: String,
    /// Its node group's name.
    pub nodegroup: String,
    /// The group's number in the stack; `None`: a master.
    pub slot: Option<u32>,
    pub index: u32,
    /// Nova's id; `None` until the stack told it.
    pub server_id: Option<String>,
    /// The most public one.
    pub address: Option<String>,
    /// Glance's id.
    pub image_id: String,
    /// Kubernetes, by its image.
    pub version: Option<String>,
    /// Which of the cluster's CAs signs for it, counted from 1.
    pub ca: u32,
    pub course: Course,
}

/// What becomes of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    Stays,
    /// A later step makes it.
    ToCome,
    /// The step that Heat was last given makes it.
    Coming,
    /// A later step puts a new machine in its place, with the same name and addresses.
    ToRenew,
    Renewing,
    /// A later step takes it away.
    ToGo,
    /// What runs on it is moved to others first.
    Draining,
    Going,
}

impl Course {
    /// Whether the machine is there now.
    pub fn is_there(self) -> bool {
        !matches!(self, Self::ToCome | Self::Coming)
    }

    /// Whether a machine will be there when the change is done.
    pub fn remains(self) -> bool {
        !matches!(self, Self::ToGo | Self::Draining | Self::Going)
    }
}
