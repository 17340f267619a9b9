//! The cluster template, with Magnum's fields.
//! <https://docs.openstack.org/api-ref/container-infrastructure-management/#manage-cluster-templates>

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Labels;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TemplateId(pub Uuid);

impl fmt::Display for TemplateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TemplateId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A template as asked for. Names of cloud objects are names or ids, as given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewTemplate {
    pub name: String,
    pub coe: String,
    pub image_id: String,
    pub keypair_id: Option<String>,
    pub external_network_id: Option<String>,
    pub fixed_network: Option<String>,
    pub fixed_subnet: Option<String>,
    pub flavor_id: Option<String>,
    pub master_flavor_id: Option<String>,
    pub network_driver: Option<String>,
    pub volume_driver: Option<String>,
    /// Comma-separated IPv4 addresses.
    pub dns_nameserver: Option<String>,
    /// GB.
    pub docker_volume_size: Option<u32>,
    pub docker_storage_driver: Option<String>,
    pub http_proxy: Option<String>,
    pub https_proxy: Option<String>,
    pub no_proxy: Option<String>,
    pub insecure_registry: Option<String>,
    pub registry_enabled: bool,
    pub tls_disabled: bool,
    pub public: bool,
    pub hidden: bool,
    pub master_lb_enabled: bool,
    pub floating_ip_enabled: bool,
    /// `vm` or `bm`.
    pub server_type: String,
    pub tags: Option<String>,
    /// Explicit choice of driver; `None`: by server type, `os_distro` and COE.
    pub driver: Option<String>,
    pub labels: Labels,
}

impl Default for NewTemplate {
    /// Magnum's defaults.
    fn default() -> Self {
        Self {
            name: String::new(),
            coe: "kubernetes".into(),
            image_id: String::new(),
            keypair_id: None,
            external_network_id: None,
            fixed_network: None,
            fixed_subnet: None,
            flavor_id: None,
            master_flavor_id: None,
            network_driver: None,
            volume_driver: None,
            dns_nameserver: Some("8.8.8.8".into()),
            docker_volume_size: None,
            docker_storage_driver: None,
            http_proxy: None,
            https_proxy: None,
            no_proxy: None,
            insecure_registry: None,
            registry_enabled: false,
            tls_disabled: false,
            public: false,
            hidden: false,
            master_lb_enabled: false,
            floating_ip_enabled: true,
            server_type: "vm".into(),
            tags: None,
            driver: None,
            labels: Labels::default(),
        }
    }
}

/// A stored template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClusterTemplate {
    pub uuid: TemplateId,
    #[serde(flatten)]
    pub spec: NewTemplate,
    /// The image's `os_distro` when the template was made.
    pub cluster_distro: String,
    pub project_id: String,
    pub user_id: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
}
