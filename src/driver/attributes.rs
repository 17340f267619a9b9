//! The names a manifest may use on the right-hand side, and what each stands for.

use serde_json::{Value, json};

use super::plan::PlanInput;
use crate::model::cluster::timeout_minutes;

type Source = fn(&PlanInput) -> Value;

/// Every attribute except `secret.NAME`. `null` means "not sent".
pub const ATTRIBUTES: &[(&str, Source)] = &[
    ("cluster.uuid", |i| json!(i.cluster.uuid)),
    ("cluster.name", |i| json!(i.cluster.name)),
    ("cluster.keypair", |i| json!(i.cluster.keypair)),
    ("cluster.master_flavor_id", |i| json!(i.cluster.master_flavor_id)),
    ("cluster.flavor_id", |i| json!(i.cluster.flavor_id)),
    ("cluster.master_count", |i| json!(i.cluster.master_count)),
    ("cluster.node_count", |i| json!(i.cluster.node_count)),
    ("cluster.docker_volume_size", |i| json!(i.cluster.docker_volume_size)),
    ("cluster.master_lb_enabled", |i| json!(i.cluster.master_lb_enabled)),
    ("cluster.floating_ip_enabled", |i| json!(i.cluster.floating_ip_enabled)),
    ("cluster.has_fixed_network", |i| json!(i.facts.fixed_network_id.is_some())),
    ("cluster.master_lb_floating_ip", |i| json!(master_lb_floating_ip(i))),
    ("cluster.wait_condition_timeout", |i| json!(wait_condition_timeout(i))),
    ("cluster.cloud_addons", |i| json!(cloud_addons(i))),
    ("facts.image_id", |i| json!(i.facts.image_id)),
    ("facts.kube_version", |i| json!(i.facts.kube_version)),
    ("facts.external_network_id", |i| json!(i.facts.external_network_id)),
    ("facts.fixed_network_id", |i| json!(i.facts.fixed_network_id)),
    ("facts.fixed_subnet_id", |i| json!(i.facts.fixed_subnet_id)),
    ("facts.fixed_subnet_cidr", |i| json!(i.facts.fixed_subnet_cidr)),
    ("template.dns_nameserver", |i| json!(i.template.dns_nameserver)),
    ("template.network_driver", |i| json!(i.template.network_driver)),
    ("template.http_proxy", |i| json!(i.template.http_proxy)),
    ("template.https_proxy", |i| json!(i.template.https_proxy)),
    ("template.no_proxy", |i| json!(i.template.no_proxy)),
];

pub fn source(name: &str) -> Option<Source> {
    ATTRIBUTES.iter().find(|(known, _)| *known == name).map(|(_, source)| *source)
}

/// Follows `floating_ip_enabled` unless the label says otherwise.
fn master_lb_floating_ip(input: &PlanInput) -> bool {
    let label = input.cluster.labels.get("master_lb_floating_ip_enabled");
    let wanted = label.map_or(input.cluster.floating_ip_enabled, |value| value.eq_ignore_ascii_case("true"));
    input.cluster.master_lb_enabled && wanted
}

/// Seconds. By default nine tenths of the create time-out: the node's wait condition
/// then fails before the stack does, and Heat names the node instead of just "Timed out".
fn wait_condition_timeout(input: &PlanInput) -> u64 {
    const HEAT_MAX: u64 = 43_200;
    let stated = input.cluster.labels.get("wait_condition_timeout").and_then(|value| value.parse().ok());
    let derived = u64::from(timeout_minutes(input.cluster.create_timeout)) * 54;
    stated.unwrap_or(derived).clamp(1, HEAT_MAX)
}

/// Whether something inside the cluster talks to the cloud, and so needs a credential.
fn cloud_addons(input: &PlanInput) -> bool {
    const SWITCHES: [&str; 4] =
        ["cloud_provider_enabled", "cinder_csi_enabled", "auto_scaling_enabled", "auto_healing_enabled"];
    let label = |name: &str| input.cluster.labels.get(name).unwrap_or_default();
    SWITCHES.iter().any(|name| label(name).eq_ignore_ascii_case("true"))
        || label("ingress_controller") == "octavia"
        || input.template.volume_driver.as_deref() == Some("cinder")
}
