//! The plan: exactly what a stack create sends to Heat.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::model::spec::{DEFAULT_WORKER, DEFAULT_WORKER_SLOT};
use crate::model::{Cluster, NewTemplate, NodeImage, Spec, WorkerGroup, WorkerNode};

/// What a create call of Heat takes. <https://docs.openstack.org/api-ref/orchestration/v1/#create-stack>
#[derive(Clone)]
pub struct StackPlan {
    pub stack_name: String,
    /// The main template's YAML.
    pub template: String,
    /// Nested templates and scripts by the name the templates use.
    pub files: BTreeMap<String, String>,
    /// Names of environment files among `files`, in order; later ones win.
    pub environment_files: Vec<String>,
    pub parameters: BTreeMap<String, Parameter>,
    /// Minutes.
    pub timeout_mins: u32,
    pub tags: Vec<String>,
}

/// A parameter's value; a secret one never shows in `Debug`.
#[derive(Clone)]
pub enum Parameter {
    Plain(serde_json::Value),
    Secret(SecretString),
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(value) => value.fmt(f),
            Self::Secret(_) => f.write_str("[secret]"),
        }
    }
}

impl fmt::Debug for StackPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StackPlan")
            .field("stack_name", &self.stack_name)
            .field("files", &self.files.keys())
            .field("environment_files", &self.environment_files)
            .field("parameters", &self.parameters)
            .field("timeout_mins", &self.timeout_mins)
            .field("tags", &self.tags)
            .finish_non_exhaustive()
    }
}

/// What was looked up in the cloud when the cluster was accepted; kept with it,
/// so that the same plan comes out after a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub image_id: String,
    /// `v1.31.4`, from the image's property.
    pub kube_version: Option<String>,
    pub os_distro: String,
    pub external_network_id: String,
    pub fixed_network_id: Option<String>,
    pub fixed_subnet_id: Option<String>,
    /// Of the existing or of the new subnet.
    pub fixed_subnet_cidr: String,
    pub has_load_balancer: bool,
    pub auth_url: String,
    pub region: String,
}

impl Facts {
    /// What nodes boot unless their group says otherwise.
    pub fn image(&self) -> NodeImage {
        NodeImage { id: self.image_id.clone(), kube_version: self.kube_version.clone() }
    }

    /// A new cluster's machines: as many masters and workers as it was asked for.
    pub fn first_spec(&self, cluster: &Cluster) -> Spec {
        let mut workers = WorkerGroup {
            slot: DEFAULT_WORKER_SLOT,
            name: DEFAULT_WORKER.into(),
            role: "worker".into(),
            flavor_id: cluster.flavor_id.clone(),
            docker_volume_size: cluster.docker_volume_size,
            labels: cluster.labels.clone(),
            ..WorkerGroup::default()
        };
        let node = WorkerNode { image: self.image(), ca_step: 0 };
        workers.grow(usize::try_from(cluster.node_count).unwrap_or_default(), &node);
        Spec::first(cluster.master_count, &self.image(), workers)
    }
}

/// Everything a plan is made from.
pub struct PlanInput<'a> {
    pub cluster: &'a Cluster,
    pub template: &'a NewTemplate,
    pub facts: &'a Facts,
    /// The machines the stack is to have.
    pub spec: &'a Spec,
    /// Named secrets the manifest may refer to: `ca_cert`, `ca_key`, `etcd_ca_cert`,
    /// `etcd_ca_key`, `front_proxy_ca_cert`, `front_proxy_ca_key`, `service_account_key`,
    /// `service_account_public_key`; `join_cert` and `join_key`, made anew for each stack operation.
    pub secrets: &'a BTreeMap<String, SecretString>,
}
