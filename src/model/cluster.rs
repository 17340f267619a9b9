//! The cluster, with Magnum's fields.
//! <https://docs.openstack.org/api-ref/container-infrastructure-management/#manage-cluster>

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Health, Labels, NewTemplate, NodeGroup, Operation, Rollout, RootCause, Status, TemplateId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClusterId(pub Uuid);

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ClusterId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A cluster as asked for. `None` takes the template's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewCluster {
    pub name: String,
    /// Name or uuid of the template.
    pub cluster_template_id: String,
    pub keypair: Option<String>,
    pub node_count: u32,
    pub master_count: u32,
    /// GB.
    pub docker_volume_size: Option<u32>,
    pub flavor_id: Option<String>,
    pub master_flavor_id: Option<String>,
    pub fixed_network: Option<String>,
    pub fixed_subnet: Option<String>,
    pub floating_ip_enabled: Option<bool>,
    pub master_lb_enabled: Option<bool>,
    /// Minutes, through [`timeout_minutes`].
    pub create_timeout: u32,
    pub labels: Labels,
    /// Whether `labels` are laid over the template's instead of replacing them.
    pub merge_labels: bool,
}

impl Default for NewCluster {
    /// Magnum's defaults.
    fn default() -> Self {
        Self {
            name: String::new(),
            cluster_template_id: String::new(),
            keypair: None,
            node_count: 1,
            master_count: 1,
            docker_volume_size: None,
            flavor_id: None,
            master_flavor_id: None,
            fixed_network: None,
            fixed_subnet: None,
            floating_ip_enabled: None,
            master_lb_enabled: None,
            create_timeout: 60,
            labels: Labels::default(),
            merge_labels: false,
        }
    }
}

impl NewCluster {
    /// Flavors in force for workers and for masters. Masters without one of their own are
    /// as large as workers.
    pub fn flavors<'a>(&'a self, template: &'a NewTemplate) -> (Option<&'a str>, Option<&'a str>) {
        let workers = self.flavor_id.as_deref().or(template.flavor_id.as_deref());
        let masters = self.master_flavor_id.as_deref().or(template.master_flavor_id.as_deref());
        (workers, masters.or(workers))
    }
}

/// Minutes a create may take; 0 asks for Magnum's default of an hour.
pub fn timeout_minutes(create_timeout: u32) -> u32 {
    if create_timeout == 0 { 60 } else { create_timeout }
}

/// A cluster as its manager knows it; everything a list or a page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    pub uuid: ClusterId,
    pub name: String,
    pub cluster_template_id: TemplateId,
    /// The template's name at creation, so that a list needs no second look-up.
    pub template_name: String,
    pub driver: String,
    pub keypair: Option<String>,
    pub node_count: u32,
    pub master_count: u32,
    pub docker_volume_size: Option<u32>,
    pub flavor_id: String,
    pub master_flavor_id: String,
    pub fixed_network: Option<String>,
    pub fixed_subnet: Option<String>,
    pub floating_ip_enabled: bool,
    pub master_lb_enabled: bool,
    /// Minutes.
    pub create_timeout: u32,
    /// Effective labels, after the merge rules.
    pub labels: Labels,
    pub status: Status,
    /// Never empty when the status is a failure: the deepest cause known.
    pub status_reason: String,
    /// Heat's uuid; `None` until the stack was made or found.
    pub stack_id: Option<String>,
    pub stack_name: String,
    /// `https://IP:6443`; `None` until known.
    pub api_address: Option<String>,
    pub coe_version: Option<String>,
    pub master_addresses: Vec<String>,
    pub node_addresses: Vec<String>,
    pub project_id: String,
    pub user_id: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
    /// When the present status began: elapsed time and the time-out count from here.
    pub status_since: DateTime<Utc>,
    /// The command being carried out; `None`: nothing was commanded, or its end is told.
    #[serde(default)]
    pub operation: Option<Operation>,
    pub progress: Option<Progress>,
    /// The default ones first; empty when its manager does not tell.
    #[serde(default)]
    pub node_groups: Vec<NodeGroup>,
    /// The change under way, or the one that failed.
    #[serde(default)]
    pub rollout: Option<Rollout>,
    pub cause: Option<RootCause>,
    /// `None`: its Kubernetes API was never asked.
    #[serde(default)]
    pub health: Option<Health>,
}

impl Cluster {
    /// Whether its change waits for the user: paused, and nothing of it under way.
    pub fn is_held(&self) -> bool {
        self.status.is_in_progress() && self.rollout.as_ref().is_some_and(|rollout| rollout.held)
    }
}

/// How far a stack operation is, counted in resources, nested ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub complete: usize,
    /// Resources known so far; grows while nested stacks unfold.
    pub total: usize,
}

impl Progress {
    /// 0..=100.
    pub fn percent(self) -> u8 {
        let percent = (self.complete * 100).checked_div(self.total).unwrap_or(0);
        u8::try_from(percent.min(100)).unwrap_or(100)
    }
}
