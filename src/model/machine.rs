//! A cluster's machine as somebody who wants to log in to it needs to know it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A server as Nova shows it. <https://docs.openstack.org/api-ref/compute/#list-servers-detailed>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    pub id: String,
    pub name: String,
    /// As Nova words it: `ACTIVE`, `BUILD`, …
    pub status: String,
    pub keypair: Option<String>,
    /// `None` when it boots from a volume.
    pub image_id: Option<String>,
    pub metadata: BTreeMap<String, String>,
    /// Addresses of its ports, then floating ones.
    pub fixed: Vec<IpAddr>,
    pub floating: Vec<IpAddr>,
}

/// All that Nova tells of one server that somebody wants to read.
/// <https://docs.openstack.org/api-ref/compute/#show-server-details>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerSheet {
    pub id: String,
    pub name: String,
    pub status: String,
    /// What Nova is doing to it; `None`: nothing.
    pub task: Option<String>,
    /// By its name where the flavor is still there, else its id.
    pub flavor: String,
    /// As for the flavor; `None`: it boots from a volume.
    pub image: Option<String>,
    pub availability_zone: Option<String>,
    /// Tells apart the hypervisors that the project's servers are on, and no more.
    pub host_id: Option<String>,
    pub keypair: Option<String>,
    pub created: Option<DateTime<Utc>>,
    pub updated: Option<DateTime<Utc>>,
    pub launched: Option<DateTime<Utc>>,
    pub fault: Option<ServerFault>,
    pub addresses: Vec<ServerAddress>,
    /// Cinder's ids.
    pub volumes: Vec<String>,
    pub security_groups: Vec<String>,
    pub metadata: BTreeMap<String, String>,
}

/// Why a server is in error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFault {
    pub message: String,
    /// For administrators only, as a rule.
    pub details: String,
    pub at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerAddress {
    pub network: String,
    pub address: IpAddr,
    pub is_floating: bool,
    /// Of its port; empty when Nova does not tell.
    pub mac: String,
}

/// A node of a cluster. Text in it has passed [`super::text::clean`] and is still a stranger's:
/// nothing of it becomes an argument of another program unchecked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Nova's id.
    pub server_id: String,
    pub name: String,
    /// `master`, `worker`, or the group's own word.
    pub role: String,
    /// Name of its node group; empty when its record does not tell.
    pub group: String,
    pub index: Option<u32>,
    pub status: String,
    /// In the cluster's network.
    pub address: Option<IpAddr>,
    pub floating_address: Option<IpAddr>,
    pub keypair: Option<String>,
    /// Its image's property, or what its driver is made for.
    pub os_distro: Option<String>,
    /// Its image's property: the user whom the image lets in.
    pub os_admin_user: Option<String>,
}

impl Machine {
    /// The end of its name, by which it is told from the cluster's others: `worker-1`.
    pub fn short<'a>(&'a self, stack_name: &str) -> &'a str {
        let rest = self.name.strip_prefix(stack_name).and_then(|rest| rest.strip_prefix('-'));
        rest.filter(|rest| !rest.is_empty()).unwrap_or(&self.name)
    }
}
