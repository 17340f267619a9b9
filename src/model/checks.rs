//! What is looked at before a cluster is made, beyond the rules of [`super::validate`]:
//! contradictions between fields, networks that overlap, machines that are too small, and
//! what experience says. Pure; quotas are [`super::service_quota`]'s, labels
//! [`super::labels::catalogue`]'s. Start reading at [`cluster`].

mod advice;
mod machines;
mod network;

use chrono::{DateTime, TimeDelta, Utc};

use super::labels::catalogue::{self, Sheet};
use super::validate::Inventory;
use super::{Check, Flavor, Image, Labels, NewCluster, NewTemplate, Severity};

/// A cluster as it would be, and what is known of its cloud.
pub struct Wanted<'a> {
    pub wish: &'a NewCluster,
    pub template: &'a NewTemplate,
    /// Effective ones.
    pub labels: &'a Labels,
    pub cloud: &'a Inventory,
    /// What the driver says of labels, when one was found.
    pub sheet: Option<&'a Sheet>,
    /// Ids of the external networks that the existing network leads to; `None`: not looked
    /// at, or there is no existing network.
    pub ways_out: Option<&'a [String]>,
    pub login: &'a LoginEnds,
    pub now: DateTime<Utc>,
}

/// When what we are logged in with ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoginEnds {
    /// Of the token, where nothing can log in again.
    pub token: Option<DateTime<Utc>>,
    /// How long tokens live.
    pub token_lives: Option<TimeDelta>,
    pub credential: Option<DateTime<Utc>>,
}

impl Wanted<'_> {
    fn floating_ips(&self) -> bool {
        self.wish.floating_ip_enabled.unwrap_or(self.template.floating_ip_enabled)
    }

    fn load_balancer(&self) -> bool {
        self.wish.master_lb_enabled.unwrap_or(self.template.master_lb_enabled)
    }

    fn fixed_network(&self) -> Option<&str> {
        self.wish.fixed_network.as_deref().or(self.template.fixed_network.as_deref())
    }

    fn fixed_subnet(&self) -> Option<&str> {
        self.wish.fixed_subnet.as_deref().or(self.template.fixed_subnet.as_deref())
    }

    fn docker_volume_size(&self) -> Option<u32> {
        self.wish.docker_volume_size.or(self.template.docker_volume_size)
    }

    fn nodes(&self) -> u64 {
        u64::from(self.wish.master_count) + u64::from(self.wish.node_count)
    }

    /// The value in force: given, the driver's or the catalogue's.
    fn label(&self, name: &str) -> &str {
        let given = self.labels.get(name);
        let own = || self.sheet.and_then(|sheet| sheet.reads.get(name)).map(String::as_str).filter(|v| !v.is_empty());
        let known = || catalogue::find(name).map(|label| label.default.as_str());
        given.or_else(own).or_else(known).unwrap_or_default()
    }

    fn is_on(&self, name: &str) -> Option<bool> {
        self.labels.get(name).map(|value| value.eq_ignore_ascii_case("true"))
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.labels.get(name)?.parse().ok()
    }

    fn image(&self) -> Option<&Image> {
        let wanted = &self.template.image_id;
        self.cloud.images.iter().find(|image| image.id == *wanted || image.name == *wanted)
    }

    /// Workers' and masters', each with its field.
    fn flavors(&self) -> [(&'static str, Option<&Flavor>); 2] {
        let (workers, masters) = self.wish.flavors(self.template);
        let find = |wanted: Option<&str>| {
            self.cloud
                .flavors
                .iter()
                .find(|flavor| Some(flavor.id.as_str()) == wanted || Some(flavor.name.as_str()) == wanted)
        };
        [("flavor_id", find(workers)), ("master_flavor_id", find(masters))]
    }
}

/// What is worth saying of a template, although it can be made.
pub fn template(wish: &NewTemplate, cloud: &Inventory) -> Vec<Check> {
    let sheet = cloud.sheet(wish);
    let mut found: Vec<Check> = end_of_life(sheet, "image_id").into_iter().collect();
    found.extend(catalogue::checks(&wish.labels, sheet, &cloud.sheets));
    found.retain(|check| check.severity != Severity::Error);
    found
}

fn end_of_life(sheet: Option<&Sheet>, field: &str) -> Option<Check> {
    let sheet = sheet?;
    let told = format!("driver {} is at its end of life", sheet.driver);
    Some(Check::advice(field, told).advise(sheet.end_of_life.clone()?))
}

/// Everything found, field by field.
pub fn cluster(wanted: &Wanted) -> Vec<Check> {
    let mut found = contradictions(wanted);
    found.extend(machines::checks(wanted));
    found.extend(network::checks(wanted));
    found.extend(advice::checks(wanted));
    found.extend(end_of_life(wanted.sheet, "cluster_template_id"));
    found
}

/// Options that exclude each other.
fn contradictions(wanted: &Wanted) -> Vec<Check> {
    let mut found = Vec::new();
    let labels = wanted.labels;
    if wanted.fixed_subnet().is_some() && wanted.fixed_network().is_none() {
        found.push(
            Check::error("fixed_subnet", "a fixed subnet needs its fixed network named too")
                .advise("Name the network with --fixed-network, or leave the subnet out"),
        );
    }
    if wanted.template.volume_driver.as_deref() == Some("cinder")
        && wanted.is_on("cloud_provider_enabled") == Some(false)
    {
        let told = "volume driver cinder needs the cloud provider, and label cloud_provider_enabled turns it off";
        found.push(Check::error("labels", told).advise("Leave the label out, or choose no volume driver"));
    }
    if labels.get("ingress_controller") == Some("octavia") && !wanted.cloud.has_load_balancer {
        let told = "label ingress_controller is octavia, but this cloud has no load-balancer service (Octavia)";
        found.push(Check::error("labels", told).advise("Use nginx or traefik"));
    }
    if !wanted.load_balancer() {
        for name in ["master_lb_floating_ip_enabled", "master_lb_allowed_cidrs", "octavia_provider"] {
            if labels.get(name).is_some_and(|value| !value.is_empty() && !value.eq_ignore_ascii_case("false")) {
                let told = format!("label {name} has no effect: there is no API load balancer");
                found.push(Check::warning("labels", told).advise("Turn master-lb on, or leave the label out"));
            }
        }
    }
    let algorithm = labels.get("octavia_lb_algorithm");
    if wanted.load_balancer() && labels.get("octavia_provider") == Some("ovn") && algorithm != Some("SOURCE_IP_PORT") {
        let told = "load balancers of provider ovn know no algorithm but SOURCE_IP_PORT";
        found.push(Check::error("labels", told).advise("Add the label octavia_lb_algorithm=SOURCE_IP_PORT"));
    }
    if wanted.is_on("auto_scaling_enabled") == Some(true) {
        found.extend(scaling(wanted));
    }
    found
}

fn scaling(wanted: &Wanted) -> Option<Check> {
    let (min, max) = (wanted.number("min_node_count").unwrap_or(0), wanted.number("max_node_count"));
    let now = u64::from(wanted.wish.node_count);
    let told = match max {
        Some(max) if max < min => format!("labels: max_node_count {max} is less than min_node_count {min}"),
        Some(max) if now > max => format!("{now} workers are more than max_node_count {max} allows"),
        _ if now < min => format!("{now} workers are less than min_node_count {min} allows"),
        _ => return None,
    };
    Some(Check::error("node_count", told).advise("Change the count or the labels"))
}

#[cfg(test)]
mod tests;
