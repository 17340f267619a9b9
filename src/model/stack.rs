//! Heat's stacks, resources and events as read from its API.
//! <https://docs.openstack.org/api-ref/orchestration/v1/>
//! Reasons and names have passed [`super::text::clean`].

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Status;

/// A stack from a list or a show call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    pub id: String,
    pub name: String,
    pub status: Status,
    pub status_reason: String,
    pub tags: Vec<String>,
    pub created: Option<DateTime<Utc>>,
    pub updated: Option<DateTime<Utc>>,
    /// Filled by a show call with outputs; empty otherwise.
    pub outputs: BTreeMap<String, serde_json::Value>,
    /// The parameter `revision`: which of our specs the stack was last given. Only a show
    /// call tells it; a list does not.
    pub revision: Option<u64>,
}

/// A resource, possibly of a nested stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackResource {
    /// Name in its template.
    pub name: String,
    /// Heat type (`OS::Nova::Server`, or the nested template's URL).
    pub kind: String,
    pub status: Status,
    pub status_reason: String,
    /// Id of the thing in its own service; empty until made.
    pub physical_id: String,
    /// Names of the nested stacks that hold it, outermost first; empty for the cluster's own stack.
    pub path: Vec<String>,
    /// The nested stack's id when this resource is one.
    pub nested: Option<String>,
    /// Id of the stack that holds this resource.
    pub stack_id: String,
    pub updated: Option<DateTime<Utc>>,
}

impl StackResource {
    /// `workers.0.server`: how it is addressed in every list.
    pub fn address(&self) -> String {
        let mut parts = self.path.clone();
        parts.push(self.name.clone());
        parts.join(".")
    }
}

/// An event of a stack or of one of its nested stacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackEvent {
    /// Unique in the cloud; used to drop repeats.
    pub id: String,
    pub time: DateTime<Utc>,
    pub resource: String,
    /// Same meaning as [`StackResource::path`].
    pub path: Vec<String>,
    pub status: Status,
    pub reason: String,
    pub physical_id: String,
}

/// Where a failure began: the deepest failed resource and what its service said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootCause {
    /// [`StackResource::address`].
    pub resource: String,
    pub kind: String,
    pub physical_id: String,
    pub reason: String,
}
