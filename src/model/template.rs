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
    /// Keystone of the cloud that it was made on ([`crate::cloud::Identity::keystone`]): regions of two
    /// clouds may have one name. Empty: nobody but its own project sees it.
    #[serde(default)]
    pub auth_url: String,
    pub user_id: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
}

impl ClusterTemplate {
    /// Whether the project may use it, on a cloud of this Keystone. Whether its list has it is
    /// [`Self::is_listed`]: a hidden one is found by those who know its uuid.
    pub fn is_seen_by(&self, project_id: &str, auth_url: &str) -> bool {
        let shared = self.spec.public && !auth_url.is_empty() && self.auth_url == auth_url;
        self.project_id == project_id || shared
    }

    pub fn is_listed(&self, project_id: &str, auth_url: &str) -> bool {
        self.is_seen_by(project_id, auth_url) && (self.project_id == project_id || !self.spec.hidden)
    }
}

/// Who made clusters after a template, as its own project may know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateUsers {
    /// The project's own clusters, by name.
    pub names: Vec<String>,
    /// How many there are of other projects.
    pub others: usize,
}

impl TemplateUsers {
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.others == 0
    }
}

impl fmt::Display for TemplateUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = match self.others {
            0 => None,
            1 => Some("a cluster of another project".to_owned()),
            many => Some(format!("{many} clusters of other projects")),
        };
        let all: Vec<&str> = self.names.iter().chain(&others).map(String::as_str).collect();
        f.write_str(&all.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::TemplateUsers;

    #[test]
    fn users_of_other_projects_are_counted_and_not_named() {
        let told = |names: &[&str], others| {
            TemplateUsers { names: names.iter().map(|name| (*name).to_owned()).collect(), others }.to_string()
        };
        assert_eq!(told(&["a", "b"], 0), "a, b");
        assert_eq!(told(&["a"], 1), "a, a cluster of another project");
        assert_eq!(told(&[], 3), "3 clusters of other projects");
    }
}
