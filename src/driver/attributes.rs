//! The names a manifest may use on the right-hand side, and what each stands for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::plan::PlanInput;
use crate::model::cluster::timeout_minutes;
use crate::model::spec::DEFAULT_MASTER;
use crate::model::{Labels, WorkerGroup, timeout};

/// Where an attribute is asked for: in the whole cluster (then `group.…` means the
/// masters), or in one group of workers.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub input: &'a PlanInput<'a>,
    pub group: Option<&'a WorkerGroup>,
    /// The driver's own, for labels that nobody set.
    pub defaults: &'a BTreeMap<String, String>,
}

impl<'a> Place<'a> {
    fn labels(&self) -> &'a Labels {
        self.group.map_or(&self.input.cluster.labels, |group| &group.labels)
    }

    /// A label's effective value; an empty one counts as not set.
    pub fn label(&self, name: &str) -> Option<&'a str> {
        let own = self.labels().get(name).filter(|value| !value.is_empty());
        own.or_else(|| self.defaults.get(name).map(String::as_str))
    }

    fn switch(&self, name: &str) -> Option<bool> {
        self.label(name).map(|value| value.eq_ignore_ascii_case("true"))
    }
}

type Source = fn(&Place) -> Value;

/// Every attribute except `label.NAME`, `secret.NAME` and [`COMPOSED`]. `null` means "not sent".
pub const ATTRIBUTES: &[(&str, Source)] = &[
    ("cluster.uuid", |p| json!(p.input.cluster.uuid)),
    ("cluster.name", |p| json!(p.input.cluster.name)),
    ("cluster.keypair", |p| json!(p.input.cluster.keypair)),
    ("cluster.master_flavor_id", |p| json!(p.input.cluster.master_flavor_id)),
    ("cluster.flavor_id", |p| json!(p.input.cluster.flavor_id)),
    ("cluster.docker_volume_size", |p| json!(p.input.cluster.docker_volume_size)),
    ("cluster.create_timeout", |p| json!(timeout_minutes(p.input.cluster.create_timeout))),
    ("cluster.master_lb_enabled", |p| json!(p.input.cluster.master_lb_enabled)),
    ("cluster.floating_ip_enabled", |p| json!(p.input.cluster.floating_ip_enabled)),
    ("cluster.master_floating_ip", |p| json!(master_floating_ip(p))),
    ("cluster.master_lb_floating_ip", |p| json!(master_lb_floating_ip(p))),
    ("cluster.has_fixed_network", |p| json!(p.input.facts.fixed_network_id.is_some())),
    ("cluster.wait_condition_timeout", |p| json!(wait_condition_timeout(p))),
    ("cluster.network_driver", |p| json!(network_driver(p))),
    ("cluster.pods_network_cidr", |p| json!(pods_network_cidr(p))),
    ("cluster.no_proxy", |p| json!(no_proxy(p))),
    ("cluster.monitoring_enabled", |p| {
        json!(["monitoring_enabled", "prometheus_monitoring"].iter().any(|label| p.switch(label) == Some(true)))
    }),
    ("cluster.cloud_addons", |p| json!(cloud_addons(p))),
    ("cluster.max_node_count", |p| {
        json!(p.label("max_node_count").map_or_else(|| (p.input.cluster.node_count + 1).to_string(), str::to_owned))
    }),
    ("facts.image_id", |p| json!(p.input.facts.image_id)),
    ("facts.kube_version", |p| json!(p.input.facts.kube_version)),
    ("facts.os_distro", |p| json!(p.input.facts.os_distro)),
    ("facts.external_network_id", |p| json!(p.input.facts.external_network_id)),
    ("facts.fixed_network_id", |p| json!(p.input.facts.fixed_network_id)),
    ("facts.fixed_subnet_id", |p| json!(p.input.facts.fixed_subnet_id)),
    ("facts.fixed_subnet_cidr", |p| json!(p.input.facts.fixed_subnet_cidr)),
    ("facts.auth_url", |p| json!(p.input.facts.auth_url)),
    ("facts.region", |p| json!(p.input.facts.region)),
    ("template.dns_nameserver", |p| json!(p.input.template.dns_nameserver)),
    ("template.network_driver", |p| json!(p.input.template.network_driver)),
    ("template.volume_driver", |p| json!(p.input.template.volume_driver)),
    ("template.insecure_registry", |p| json!(p.input.template.insecure_registry)),
    ("template.docker_storage_driver", |p| json!(p.input.template.docker_storage_driver)),
    ("template.http_proxy", |p| json!(p.input.template.http_proxy)),
    ("template.https_proxy", |p| json!(p.input.template.https_proxy)),
    ("template.no_proxy", |p| json!(p.input.template.no_proxy)),
    ("group.kind", |p| json!(if p.group.is_some() { "worker" } else { "master" })),
    ("group.name", |p| json!(p.group.map_or(DEFAULT_MASTER, |group| group.name.as_str()))),
    ("group.role", |p| json!(p.group.map_or("master", |group| group.role.as_str()))),
    ("group.docker_volume_size", |p| {
        json!(p.group.map_or(p.input.cluster.docker_volume_size, |group| group.docker_volume_size))
    }),
    ("group.node_labels", |p| {
        let labels = p.group.iter().flat_map(|group| &group.node_labels);
        json!(labels.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(","))
    }),
    ("group.node_taints", |p| json!(p.group.map_or_else(String::new, |group| group.node_taints.join(",")))),
    ("spec.revision", |p| json!(p.input.spec.revision.to_string())),
    ("spec.master_count", |p| json!(p.input.spec.masters.len())),
    ("spec.masters", |p| masters(p)),
    ("spec.worker_group_count", |p| json!(p.input.spec.workers.len())),
    ("spec.removed_slots", |p| json!(p.input.spec.removed_slots.iter().map(u32::to_string).collect::<Vec<_>>())),
];

/// Attributes that the plan puts together from a manifest's tables: the settings of masters
/// in base64, and the map of worker groups with theirs inside.
pub const COMPOSED: [&str; 2] = ["settings.masters", "spec.worker_groups"];

/// Labels that act through an attribute instead of `label.NAME`.
pub const LABELS_READ: &[(&str, &[&str])] = &[
    ("cluster.master_floating_ip", &["master_floating_ip_enabled"]),
    ("cluster.master_lb_floating_ip", &["master_lb_floating_ip_enabled"]),
    ("cluster.wait_condition_timeout", &["wait_condition_timeout"]),
    ("cluster.pods_network_cidr", &["flannel_network_cidr", "calico_ipv4pool", "cilium_ipv4pool"]),
    ("cluster.monitoring_enabled", &["monitoring_enabled", "prometheus_monitoring"]),
    ("cluster.max_node_count", &["max_node_count"]),
    ("cluster.cloud_addons", &["cloud_provider_enabled", "cinder_csi_enabled", "auto_scaling_enabled"]),
    ("facts.kube_version", &["kube_tag"]),
    ("facts.fixed_subnet_cidr", &["fixed_subnet_cidr"]),
    ("spec.masters", &["kube_tag"]),
    ("spec.worker_groups", &["boot_volume_size", "boot_volume_type", "docker_volume_type", "availability_zone"]),
];

pub fn source(name: &str) -> Option<Source> {
    ATTRIBUTES.iter().find(|(known, _)| *known == name).map(|(_, source)| *source)
}

/// Whether a manifest may use the name where a value is wanted.
pub fn is_known(name: &str) -> bool {
    source(name).is_some() || name.starts_with("label.") || COMPOSED.contains(&name)
}

/// What an attribute that is no secret and not composed is worth here.
pub fn value(name: &str, place: &Place) -> Value {
    match name.strip_prefix("label.") {
        Some(label) => json!(place.label(label)),
        None => source(name).map_or(Value::Null, |source| source(place)),
    }
}

/// Follows `floating_ip_enabled` unless the label says otherwise.
fn master_floating_ip(place: &Place) -> bool {
    place.switch("master_floating_ip_enabled").unwrap_or(place.input.cluster.floating_ip_enabled)
}

/// Follows `floating_ip_enabled` unless the label says otherwise.
fn master_lb_floating_ip(place: &Place) -> bool {
    let wanted = place.switch("master_lb_floating_ip_enabled").unwrap_or(place.input.cluster.floating_ip_enabled);
    place.input.cluster.master_lb_enabled && wanted
}

fn wait_condition_timeout(place: &Place) -> u64 {
    timeout::node_seconds(place.label(timeout::NODE_LABEL), place.input.cluster.create_timeout)
}

fn network_driver<'a>(place: &Place<'a>) -> &'a str {
    place.input.template.network_driver.as_deref().unwrap_or("flannel")
}

fn pods_network_cidr<'a>(place: &Place<'a>) -> &'a str {
    let label = match network_driver(place) {
        "calico" => "calico_ipv4pool",
        "cilium" => "cilium_ipv4pool",
        _ => "flannel_network_cidr",
    };
    place.label(label).unwrap_or("10.100.0.0/16")
}

/// Whether something inside the cluster talks to the cloud, and so needs a credential.
fn cloud_addons(place: &Place) -> bool {
    const SWITCHES: [&str; 4] =
        ["cloud_provider_enabled", "cinder_csi_enabled", "auto_scaling_enabled", "auto_healing_enabled"];
    SWITCHES.iter().any(|name| place.switch(name) == Some(true))
        || place.label("ingress_controller") == Some("octavia")
        || place.input.template.volume_driver.as_deref() == Some("cinder")
}

/// The user's exceptions and the cluster's own networks. Empty without a proxy.
fn no_proxy(place: &Place) -> String {
    let template = place.input.template;
    if template.http_proxy.is_none() && template.https_proxy.is_none() {
        return String::new();
    }
    let own = [
        template.no_proxy.as_deref().unwrap_or_default(),
        &place.input.facts.fixed_subnet_cidr,
        pods_network_cidr(place),
        place.label("service_cluster_ip_range").unwrap_or_default(),
    ];
    own.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(",")
}

/// Numbers are text where Heat joins them into a node's settings.
fn masters(place: &Place) -> Value {
    let entry = |(index, node): (usize, &crate::model::MasterNode)| {
        let entry = json!({
            "image": node.image.id,
            "kube_version": node.image.kube_version.as_deref().unwrap_or_default(),
            "generation": node.generation.to_string(),
            "odd": node.generation % 2 == 1,
        });
        (index.to_string(), entry)
    };
    Value::Object(place.input.spec.masters.iter().enumerate().map(entry).collect())
}
