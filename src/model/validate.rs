//! The rules a template or cluster must keep, whoever asks: form, command line
//! or server. Two kinds: by itself ([`template_shape`], [`cluster_shape`]) and
//! against what the cloud has ([`template_fits`], [`cluster_fits`]). Each returns every
//! problem found, each with its field, so that a form can show all at once.

use std::net::Ipv4Addr;

use super::labels::catalogue::{self, Sheet};
use super::labels::origin;
use super::{Flavor, Image, Keypair, Labels, Network, NewCluster, NewTemplate, Problem, Severity, Subnet, text};

/// Longest cluster name: it becomes an X.509 common name, which ends at 64 characters.
pub const CLUSTER_NAME_MAX: usize = 64;
const FIELD_MAX: usize = 255;
/// Heat takes 32-bit minutes; a month is longer than any create can be meant to last.
const TIMEOUT_MAX: u32 = 43_200;
const NODES_MAX: u32 = 1000;
/// GB; larger than any cloud's volumes for containers.
const VOLUME_MAX: u32 = 16_384;

/// What the cloud has, as far as these rules need it.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    pub images: Vec<Image>,
    pub flavors: Vec<Flavor>,
    pub keypairs: Vec<Keypair>,
    pub networks: Vec<Network>,
    pub subnets: Vec<Subnet>,
    pub has_load_balancer: bool,
    pub has_block_storage: bool,
    /// Values of `os_distro` that some driver builds clusters on; empty: not known.
    pub distros: Vec<String>,
    /// What each driver says of labels; empty: not known.
    pub sheets: Vec<Sheet>,
}

/// A field's name in words and its value -> why it cannot be.
type Rule = fn(&str, &str) -> Result<(), String>;

impl Inventory {
    /// What the driver that will build says of labels, as far as one can tell: the one that is
    /// named by the template or by the image, else the first that serves the image.
    pub fn sheet(&self, template: &NewTemplate) -> Option<&Sheet> {
        let wanted = &template.image_id;
        let image = self.images.iter().find(|image| image.id == *wanted || image.name == *wanted);
        let by_name = |name: &str| self.sheets.iter().find(|sheet| sheet.driver == name);
        if let Some(name) = &template.driver {
            return by_name(name);
        }
        let image = image?;
        image.magnum_driver.as_deref().and_then(by_name).or_else(|| {
            let distro = image.os_distro.as_ref()?;
            self.sheets.iter().find(|sheet| sheet.os_distro.contains(distro))
        })
    }
}

/// A template's own rules.
pub fn template_shape(wish: &NewTemplate) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut check = |field: &str, result: Result<(), String>| {
        if let Err(why) = result {
            found.push(Problem::invalid(why).on_field(field));
        }
    };
    check("name", plain_name("template name", &wish.name, FIELD_MAX));
    check("coe", one_of("COE type", &wish.coe, &["kubernetes"]));
    check("server_type", one_of("server type", &wish.server_type, &["vm", "bm"]));
    check("image_id", required("image", &wish.image_id));
    check("external_network_id", required("external network", wish.external_network_id.as_deref().unwrap_or("")));
    if let Some(driver) = &wish.network_driver {
        let result = if driver == "kuryr" {
            Err("network driver kuryr is retired upstream since 2024; use flannel, calico or cilium".into())
        } else {
            one_of("network driver", driver, &["flannel", "calico", "cilium"])
        };
        check("network_driver", result);
    }
    if let Some(driver) = &wish.volume_driver {
        check("volume_driver", one_of("volume driver", driver, &["cinder"]));
    }
    if let Some(dns) = &wish.dns_nameserver {
        check("dns_nameserver", dns_list(dns));
    }
    check("docker_volume_size", volume_size(wish.docker_volume_size));
    if wish.fixed_subnet.is_some() && wish.fixed_network.is_none() {
        check("fixed_subnet", Err("a fixed subnet needs its fixed network named too".into()));
    }
    let texts = [
        ("image_id", Some(&wish.image_id)),
        ("keypair_id", wish.keypair_id.as_ref()),
        ("external_network_id", wish.external_network_id.as_ref()),
        ("fixed_network", wish.fixed_network.as_ref()),
        ("fixed_subnet", wish.fixed_subnet.as_ref()),
        ("flavor_id", wish.flavor_id.as_ref()),
        ("master_flavor_id", wish.master_flavor_id.as_ref()),
        ("docker_storage_driver", wish.docker_storage_driver.as_ref()),
        ("tags", wish.tags.as_ref()),
        ("driver", wish.driver.as_ref()),
    ];
    for (field, value) in texts {
        if let Some(value) = value {
            check(field, short_clean(field, value));
        }
    }
    let meant: [(&str, &Option<String>, Rule); 4] = [
        ("http_proxy", &wish.http_proxy, proxy),
        ("https_proxy", &wish.https_proxy, proxy),
        ("no_proxy", &wish.no_proxy, hosts),
        ("insecure_registry", &wish.insecure_registry, hosts),
    ];
    for (field, value, rule) in meant {
        if let Some(value) = value {
            check(field, short_clean(field, value).and_then(|()| rule(&field.replace('_', " "), value)));
        }
    }
    found
}

/// A cluster's own rules; `lb` is whether it will have an API load balancer.
pub fn cluster_shape(wish: &NewCluster, lb: bool) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut check = |field: &str, result: Result<(), String>| {
        if let Err(why) = result {
            found.push(Problem::invalid(why).on_field(field));
        }
    };
    check("name", cluster_name(&wish.name));
    check("cluster_template_id", required("cluster template", &wish.cluster_template_id));
    check(
        "master_count",
        match wish.master_count {
            0 => Err("a cluster needs at least 1 master".into()),
            n if n % 2 == 0 => Err(format!("master count must be odd so that etcd keeps a majority; {n} is even")),
            n if n > 7 => Err(format!("master count {n} is too large: etcd works with at most 7 members")),
            n if n > 1 && !lb => Err(format!("{n} masters need the API load balancer (master-lb-enabled)")),
            _ => Ok(()),
        },
    );
    if wish.node_count > NODES_MAX {
        check(
            "node_count",
            Err(format!("node count {} is over {NODES_MAX}, Heat's limit for one stack", wish.node_count)),
        );
    }
    if wish.create_timeout > TIMEOUT_MAX {
        check(
            "create_timeout",
            Err(format!("time-out of {} minutes is over {TIMEOUT_MAX} (30 days)", wish.create_timeout)),
        );
    }
    check("docker_volume_size", volume_size(wish.docker_volume_size));
    for (field, value) in [
        ("keypair", wish.keypair.as_ref()),
        ("flavor_id", wish.flavor_id.as_ref()),
        ("master_flavor_id", wish.master_flavor_id.as_ref()),
        ("fixed_network", wish.fixed_network.as_ref()),
        ("fixed_subnet", wish.fixed_subnet.as_ref()),
    ] {
        if let Some(value) = value {
            check(field, short_clean(field, value));
        }
    }
    found
}

/// Magnum's rule for cluster names, ended at [`CLUSTER_NAME_MAX`].
pub fn cluster_name(name: &str) -> Result<(), String> {
    plain_name("cluster name", name, CLUSTER_NAME_MAX)?;
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(format!("cluster name \"{name}\" must begin with a letter"));
    }
    match name.chars().find(|c| !(c.is_ascii_alphanumeric() || "_.-".contains(*c))) {
        Some(c) => {
            Err(format!("cluster name \"{name}\" cannot have \"{c}\" in it; letters, digits, \"_\", \".\", \"-\" can"))
        }
        None => Ok(()),
    }
}

/// A template against the cloud: image with `os_distro`, flavors, external network, fixed network.
pub fn template_fits(wish: &NewTemplate, cloud: &Inventory) -> Vec<Problem> {
    let mut found = Vec::new();
    match pick("image", "image_id", &wish.image_id, &cloud.images, |i| (&i.id, &i.name)) {
        Err(problem) => found.push(problem),
        Ok(image) => {
            if image.os_distro.as_deref().is_none_or(str::is_empty) {
                let told = Problem::invalid(format!(
                    "image \"{}\" has no os_distro property, so no driver can be chosen",
                    image.name
                ));
                found.push(
                    told.on_field("image_id")
                        .advise(format!("Set it: jeroboam image set --os-distro ubuntu {}", image.id)),
                );
            }
            if image.status != "active" {
                let told =
                    format!("image \"{}\" is {}, not active: no server can boot from it", image.name, image.status);
                found.push(Problem::invalid(told).on_field("image_id"));
            }
            for (field, name) in [("flavor_id", &wish.flavor_id), ("master_flavor_id", &wish.master_flavor_id)] {
                if let Some(name) = name {
                    found.extend(flavor_fits(field, name, Some(image), cloud));
                }
            }
        }
    }
    if let Some(name) = wish.external_network_id.as_deref().filter(|name| !name.is_empty()) {
        match pick("external network", "external_network_id", name, &cloud.networks, |n| (&n.id, &n.name)) {
            Err(problem) => found.push(problem),
            Ok(network) if !network.external => {
                let outside: Vec<&str> =
                    cloud.networks.iter().filter(|n| n.external).map(|n| n.name.as_str()).collect();
                let told = format!("network \"{}\" is not external (router:external is false)", network.name);
                found.push(
                    Problem::invalid(told).on_field("external_network_id").advise(offer("External networks", &outside)),
                );
            }
            Ok(_) => {}
        }
    }
    found.extend(fixed_network_fits(wish.fixed_network.as_deref(), wish.fixed_subnet.as_deref(), cloud));
    if let Some(name) = wish.keypair_id.as_deref() {
        found.extend(keypair_fits("keypair_id", name, cloud));
    }
    if wish.master_lb_enabled && !cloud.has_load_balancer {
        found.push(no_octavia());
    }
    if !cloud.has_block_storage {
        let driver = wish.volume_driver.as_ref().map(|_| no_cinder("volume_driver", "a volume driver"));
        let volume = wish.docker_volume_size.map(|_| no_cinder("docker_volume_size", "a docker volume"));
        found.extend(driver.into_iter().chain(volume));
    }
    found.extend(label_errors(&wish.labels, wish, cloud));
    found
}

fn label_errors(labels: &Labels, template: &NewTemplate, cloud: &Inventory) -> impl Iterator<Item = Problem> {
    let checks = catalogue::checks(labels, cloud.sheet(template), &cloud.sheets);
    checks.into_iter().filter(|check| check.severity == Severity::Error).map(Problem::from)
}

/// A cluster against the cloud and its template.
pub fn cluster_fits(wish: &NewCluster, template: &NewTemplate, cloud: &Inventory) -> Vec<Problem> {
    let mut found = Vec::new();
    let image = pick("image", "cluster_template_id", &template.image_id, &cloud.images, |i| (&i.id, &i.name));
    let image = image.map_err(|problem| found.push(problem)).ok();
    let (workers, masters) = wish.flavors(template);
    let own = wish.master_flavor_id.is_some() || template.master_flavor_id.is_some();
    for (field, flavor) in [("flavor_id", workers), ("master_flavor_id", masters)] {
        match flavor {
            // Masters that are as workers are told of with these.
            _ if field == "master_flavor_id" && !own => {}
            Some(name) => found.extend(flavor_fits(field, name, image, cloud)),
            None => {
                let told = format!(
                    "no {} is given, neither for the cluster nor in its template",
                    field.replace("_id", "").replace('_', " ")
                );
                found.push(Problem::invalid(told).on_field(field));
            }
        }
    }
    if let Some(name) = wish.keypair.as_deref().or(template.keypair_id.as_deref()) {
        found.extend(keypair_fits("keypair", name, cloud));
    }
    let network = wish.fixed_network.as_deref().or(template.fixed_network.as_deref());
    let subnet = wish.fixed_subnet.as_deref().or(template.fixed_subnet.as_deref());
    found.extend(fixed_network_fits(network, subnet, cloud));
    if wish.master_lb_enabled.unwrap_or(template.master_lb_enabled) && !cloud.has_load_balancer {
        found.push(no_octavia());
    }
    let labels = origin::merged(&template.labels, &wish.labels, wish.merge_labels);
    if !cloud.has_block_storage {
        let size = wish.docker_volume_size.or(template.docker_volume_size);
        let driver = template.volume_driver.as_ref().map(|_| no_cinder("cluster_template_id", "a volume driver"));
        let volume = size.map(|_| no_cinder("docker_volume_size", "a docker volume"));
        found.extend(driver.into_iter().chain(volume));
        let given = |name: &&str| labels.get(name).is_some_and(|size| size.parse::<u32>().is_ok_and(|size| size > 0));
        let sizes = ["boot_volume_size", "etcd_volume_size"];
        found.extend(
            sizes
                .iter()
                .filter(|name| given(name))
                .map(|name| no_cinder("labels", &format!("a volume by label {name}"))),
        );
    }
    found.extend(label_errors(&labels, template, cloud));
    found
}

/// Finds by id, else by name; tells what is there when it is not, and refuses to guess between equal names.
pub fn pick<'a, T>(
    what: &str,
    field: &str,
    wanted: &str,
    all: &'a [T],
    key: impl Fn(&T) -> (&String, &String),
) -> Result<&'a T, Problem> {
    // Things without a name are there, and nobody means them.
    if wanted.trim().is_empty() {
        return Err(Problem::invalid(format!("{what} is missing")).on_field(field));
    }
    if let Some(one) = all.iter().find(|item| key(item).0 == wanted) {
        return Ok(one);
    }
    let shown = text::shown(wanted);
    let named: Vec<&T> = all.iter().filter(|item| key(item).1 == wanted).collect();
    match named.as_slice() {
        [one] => Ok(one),
        [] => {
            let names: Vec<&str> = all.iter().map(|item| key(item).1.as_str()).collect();
            Err(Problem::invalid(format!("{what} \"{shown}\" was not found"))
                .on_field(field)
                .advise(offer("There are", &names)))
        }
        many => {
            let ids: Vec<&str> = many.iter().map(|item| key(item).0.as_str()).collect();
            Err(Problem::invalid(format!("{} {what}s are named \"{shown}\"", many.len()))
                .on_field(field)
                .advise(offer("Use one of the ids", &ids)))
        }
    }
}

fn flavor_fits(field: &str, name: &str, image: Option<&Image>, cloud: &Inventory) -> Vec<Problem> {
    let flavor = match pick("flavor", field, name, &cloud.flavors, |f| (&f.id, &f.name)) {
        Ok(flavor) => flavor,
        Err(problem) => return vec![problem],
    };
    let Some(image) = image else { return Vec::new() };
    let mut found = Vec::new();
    let mut small = |what: &str, has: u64, needs: u64, unit: &str| {
        let told =
            format!("flavor \"{}\" has {has} {unit} {what}, image \"{}\" needs {needs}", flavor.name, image.name);
        found.push(Problem::invalid(told).on_field(field));
    };
    if flavor.disk > 0 && flavor.disk < image.min_disk {
        small("disk", flavor.disk, image.min_disk, "GB");
    }
    if flavor.ram < image.min_ram {
        small("memory", flavor.ram, image.min_ram, "MB");
    }
    found
}

fn keypair_fits(field: &str, name: &str, cloud: &Inventory) -> Option<Problem> {
    pick("keypair", field, name, &cloud.keypairs, |k| (&k.name, &k.name)).err()
}

fn fixed_network_fits(network: Option<&str>, subnet: Option<&str>, cloud: &Inventory) -> Vec<Problem> {
    let Some(name) = network else { return Vec::new() };
    let network = match pick("fixed network", "fixed_network", name, &cloud.networks, |n| (&n.id, &n.name)) {
        Ok(network) => network,
        Err(problem) => return vec![problem],
    };
    let Some(name) = subnet else { return Vec::new() };
    match pick("fixed subnet", "fixed_subnet", name, &cloud.subnets, |s| (&s.id, &s.name)) {
        Err(problem) => vec![problem],
        Ok(subnet) if subnet.network_id != network.id => {
            let told = format!("subnet \"{}\" does not belong to network \"{}\"", subnet.name, network.name);
            vec![Problem::invalid(told).on_field("fixed_subnet")]
        }
        Ok(_) => Vec::new(),
    }
}

fn no_octavia() -> Problem {
    Problem::invalid("an API load balancer is asked for, but this cloud has no load-balancer service (Octavia)")
        .on_field("master_lb_enabled")
        .advise("Turn master-lb off, or ask the cloud's operator for Octavia")
}

fn no_cinder(field: &str, what: &str) -> Problem {
    Problem::invalid(format!("{what} is asked for, but this cloud has no block-storage service (Cinder)"))
        .on_field(field)
        .advise("Do without, or ask the cloud's operator for Cinder")
}

fn offer(lead: &str, names: &[&str]) -> String {
    const SHOWN: usize = 6;
    match names.len() {
        0 => "There is none in this project".into(),
        n if n > SHOWN => format!("{lead}: {}, … ({n} in all)", names[..SHOWN].join(", ")),
        _ => format!("{lead}: {}", names.join(", ")),
    }
}

fn required(what: &str, value: &str) -> Result<(), String> {
    if value.trim().is_empty() { Err(format!("{what} is missing")) } else { Ok(()) }
}

fn plain_name(what: &str, name: &str, max: usize) -> Result<(), String> {
    required(what, name)?;
    if name.chars().any(text::is_unsafe) {
        return Err(format!("{what} has a control character in it"));
    }
    match name.chars().count() {
        n if n > max => Err(format!("{what} has {n} characters; {max} is the most")),
        _ => Ok(()),
    }
}

fn short_clean(what: &str, value: &str) -> Result<(), String> {
    let what = what.replace('_', " ");
    if value.chars().any(text::is_unsafe) {
        return Err(format!("{what} has a control character in it"));
    }
    match value.chars().count() {
        n if n > FIELD_MAX => Err(format!("{what} has {n} characters; {FIELD_MAX} is the most")),
        _ => Ok(()),
    }
}

fn one_of(what: &str, value: &str, allowed: &[&str]) -> Result<(), String> {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(format!("{what} \"{}\" is not supported; {} is", text::shown(value), allowed.join(", ")))
}

fn volume_size(size: Option<u32>) -> Result<(), String> {
    match size {
        Some(0) => Err("docker volume size must be at least 1 GB".into()),
        Some(size) if size > VOLUME_MAX => Err(format!("docker volume size of {size} GB is over {VOLUME_MAX} GB")),
        _ => Ok(()),
    }
}

fn proxy(what: &str, value: &str) -> Result<(), String> {
    if catalogue::is_url(value) {
        return Ok(());
    }
    Err(format!("{what} \"{}\" is not an http:// or https:// address", text::shown(value)))
}

/// Hosts, domains, networks or registries, separated by commas.
fn hosts(what: &str, list: &str) -> Result<(), String> {
    let good =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-._:/*[]".contains(c));
    match list.split(',').map(str::trim).find(|part| !good(part)) {
        Some(bad) => Err(format!("{what}: \"{}\" is no host or network", text::shown(bad))),
        None => Ok(()),
    }
}

fn dns_list(list: &str) -> Result<(), String> {
    match list.split(',').map(str::trim).find(|part| part.parse::<Ipv4Addr>().is_err()) {
        Some(bad) => Err(format!("DNS nameserver \"{}\" is not an IPv4 address", text::shown(bad))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
