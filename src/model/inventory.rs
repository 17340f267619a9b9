//! What a cloud offers, as far as clusters need it. Names have passed [`super::text::clean`].

use serde::{Deserialize, Serialize};

/// A Glance image. <https://docs.openstack.org/api-ref/image/v2/>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    pub id: String,
    pub name: String,
    /// `active`, `queued`, … as Glance words it.
    pub status: String,
    /// Property `os_distro`; a driver is chosen by it.
    pub os_distro: Option<String>,
    /// Property `os_version` (`24.04`).
    pub os_version: Option<String>,
    /// Property `os_admin_user`: whom the image lets in by ssh.
    pub os_admin_user: Option<String>,
    /// Property `kube_version` of an image with Kubernetes inside (`v1.31.4`).
    pub kube_version: Option<String>,
    /// Property `magnum_driver`.
    pub magnum_driver: Option<String>,
    /// GB.
    pub min_disk: u64,
    /// MB.
    pub min_ram: u64,
    /// Bytes; `None` until data was uploaded.
    pub size: Option<u64>,
    /// The project that owns it; it and administrators may change it.
    pub owner: String,
    /// `public`, `private`, … as Glance words it.
    pub visibility: String,
    /// Glance is at work on its data; a queued image may also be one that nobody ever fills.
    pub arriving: bool,
    /// Glance could not fetch what it was to be made of.
    pub import_failed: bool,
}

/// A Nova flavor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flavor {
    pub id: String,
    pub name: String,
    pub vcpus: u32,
    /// MB.
    pub ram: u64,
    /// GB; 0 means as large as the image.
    pub disk: u64,
}

/// A Nova keypair; named, never by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keypair {
    pub name: String,
    pub fingerprint: String,
}

/// A Neutron network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    pub id: String,
    pub name: String,
    /// `router:external`.
    pub external: bool,
    pub shared: bool,
    pub subnets: Vec<String>,
}

/// A Neutron subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    pub id: String,
    pub name: String,
    pub network_id: String,
    pub cidr: String,
    /// 4 or 6.
    pub ip_version: u8,
}
