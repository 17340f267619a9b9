//! Things in a project that are no cluster of ours and may belong to one: what
//! its own controllers made, and what past clusters left.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ClusterId;

/// Sorts of things, in an order in which they can be removed: what holds others comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThingSort {
    Stack,
    /// With listeners, pools and members.
    LoadBalancer,
    Server,
    ServerGroup,
    FloatingIp,
    Port,
    SecurityGroup,
    Volume,
    /// Of the user who is logged in.
    AppCredential,
}

impl ThingSort {
    pub const ALL: [Self; 9] = [
        Self::Stack,
        Self::LoadBalancer,
        Self::Server,
        Self::ServerGroup,
        Self::FloatingIp,
        Self::Port,
        Self::SecurityGroup,
        Self::Volume,
        Self::AppCredential,
    ];

    /// As the services call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stack => "stack",
            Self::LoadBalancer => "load balancer",
            Self::Server => "server",
            Self::ServerGroup => "server group",
            Self::FloatingIp => "floating IP",
            Self::Port => "port",
            Self::SecurityGroup => "security group",
            Self::Volume => "volume",
            Self::AppCredential => "application credential",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    pub sort: ThingSort,
    pub id: String,
    /// A floating IP's is its address.
    pub name: String,
    pub description: String,
    /// As its service words it; empty where there is none.
    pub status: String,
    /// Nova's and Cinder's metadata.
    pub metadata: BTreeMap<String, String>,
    pub tags: Vec<String>,
    /// What it hangs on: a port's device, a floating IP's port, a volume's server, a balancer's port.
    pub holder: Option<String>,
    /// A port's `device_owner`.
    pub owner: String,
    /// Of a port or load balancer.
    pub network: Option<String>,
    pub created: Option<DateTime<Utc>>,
}

impl Thing {
    /// `load balancer kube_service_… (0f3a…)`.
    pub fn line(&self) -> String {
        let word = self.sort.word();
        if self.name.is_empty() { format!("{word} {}", self.id) } else { format!("{word} {} ({})", self.name, self.id) }
    }
}

/// What a past cluster left, or may have left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orphan {
    pub thing: Thing,
    pub cluster: ClusterId,
    /// Why it may be somebody's after all; `None`: it is certainly nobody's.
    pub doubt: Option<Doubt>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// A stack of that cluster is there: another Jeroboam, with a store of its own, may keep it.
    Stack,
    /// This store never had such a cluster: Magnum marks its clusters' things alike.
    Stranger,
}

impl Doubt {
    pub fn word(self) -> &'static str {
        match self {
            Self::Stack => "its stack is there: another Jeroboam may keep the cluster",
            Self::Stranger => "the mark is of a cluster this store never had: Magnum or another Jeroboam may keep it",
        }
    }
}
