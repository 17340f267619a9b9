//! A cluster's machine as somebody who wants to log in to it needs to know it.

use std::collections::BTreeMap;
use std::net::IpAddr;

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
