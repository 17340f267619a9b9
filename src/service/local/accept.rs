//! From a wish to a record: what is checked, filled in and looked up before a template or
//! cluster is accepted. Pure; what the cloud has is an argument.

use std::net::Ipv4Addr;

use chrono::{DateTime, Utc};

use crate::cloud::Identity;
use crate::conductor::{groups, keys};
use crate::driver::{Driver, Drivers, Facts, StackPlan};
use crate::model::cluster::timeout_minutes;
use crate::model::labels::origin::merged;
use crate::model::validate::{self, Inventory, pick};
use crate::model::{
    Cluster, ClusterId, ClusterTemplate, Image, KubeVersion, Labels, Network, NewCluster, NewNodeGroup, NewTemplate,
    NodeImage, Problem, Spec, Status, Subnet, TemplateId, WorkerGroup, WorkerNode, nodegroup,
};
use crate::store::{Before, ClusterRecord, Intent, Secrets, Track};

const SUBNET_DEFAULT: &str = "10.0.0.0/24";
/// Heat's limit is 255; the rest is room for what Heat appends for nested stacks.
const STACK_NAME_CUT: usize = 30;

/// The stored template.
pub(super) fn template(
    wish: NewTemplate,
    drivers: &Drivers,
    cloud: &Inventory,
    who: &Identity,
    id: TemplateId,
    now: DateTime<Utc>,
) -> Result<ClusterTemplate, Vec<Problem>> {
    let mut found = validate::template_shape(&wish);
    found.extend(untold(validate::template_fits(&wish, cloud), &found));
    let mut distro = String::new();
    let meant =
        found.iter().all(|problem| !["coe", "server_type"].contains(&problem.field.as_deref().unwrap_or_default()));
    if let Ok(image) = image(&wish, cloud)
        && let Some(os_distro) = image.os_distro.clone().filter(|distro| !distro.is_empty())
    {
        match driver(&wish, image, drivers) {
            Ok(driver) => found.extend(untold(driver.refusals(&wish), &found)),
            Err(problem) if meant => found.extend(untold(vec![problem], &found)),
            Err(_) => {}
        }
        distro = os_distro;
    }
    if !found.is_empty() {
        return Err(once(found));
    }
    Ok(ClusterTemplate {
        uuid: id,
        spec: wish,
        cluster_distro: distro,
        project_id: who.scope.project_id.clone(),
        auth_url: who.keystone().to_owned(),
        user_id: who.user_id.clone(),
        created_at: now,
        updated_at: None,
    })
}

/// The record of a cluster that may be created: nothing of it is in the cloud yet.
pub(super) fn cluster(
    wish: &NewCluster,
    template: &ClusterTemplate,
    drivers: &Drivers,
    cloud: &Inventory,
    who: &Identity,
    id: ClusterId,
    now: DateTime<Utc>,
) -> Result<ClusterRecord, Vec<Problem>> {
    let spec = &template.spec;
    let lb = wish.master_lb_enabled.unwrap_or(spec.master_lb_enabled);
    let labels = merged(&spec.labels, &wish.labels, wish.merge_labels);
    let mut found = validate::cluster_shape(wish, lb);
    found.extend(untold(validate::cluster_fits(wish, spec, cloud), &found));
    let facts = facts(wish, spec, &labels, cloud, who).map_err(|more| found.extend(untold(more, &found))).ok();
    let driver =
        driver_of(spec, drivers, cloud).map_err(|problem| found.push(problem.on_field("cluster_template_id"))).ok();
    if let Some(driver) = driver {
        found.extend(driver.refusals(spec).into_iter().map(|problem| problem.on_field("cluster_template_id")));
    }
    let (Some(facts), Some(driver), true) = (facts, driver, found.is_empty()) else { return Err(once(found)) };
    let (workers, masters) = wish.flavors(spec);
    let own = |own: &Option<String>, inherited: &Option<String>| own.clone().or_else(|| inherited.clone());
    let mut record = ClusterRecord {
        scope: who.scope.clone(),
        cluster: Cluster {
            uuid: id,
            name: wish.name.clone(),
            cluster_template_id: template.uuid,
            template_name: spec.name.clone(),
            driver: driver.manifest.name.clone(),
            keypair: own(&wish.keypair, &spec.keypair_id),
            node_count: wish.node_count,
            master_count: wish.master_count,
            docker_volume_size: wish.docker_volume_size.or(spec.docker_volume_size),
            flavor_id: workers.unwrap_or_default().to_owned(),
            master_flavor_id: masters.unwrap_or_default().to_owned(),
            fixed_network: own(&wish.fixed_network, &spec.fixed_network),
            fixed_subnet: own(&wish.fixed_subnet, &spec.fixed_subnet),
            floating_ip_enabled: wish.floating_ip_enabled.unwrap_or(spec.floating_ip_enabled),
            master_lb_enabled: lb,
            create_timeout: timeout_minutes(wish.create_timeout),
            labels,
            status: Status::CREATE_IN_PROGRESS,
            status_reason: String::new(),
            stack_id: None,
            stack_name: stack_name(&wish.name, id),
            api_address: None,
            coe_version: None,
            master_addresses: Vec::new(),
            node_addresses: Vec::new(),
            project_id: who.scope.project_id.clone(),
            user_id: who.user_id.clone(),
            created_at: now,
            updated_at: None,
            status_since: now,
            operation: None,
            progress: None,
            node_groups: Vec::new(),
            rollout: None,
            cause: None,
            health: None,
        },
        template: spec.clone(),
        facts,
        goal: Spec::default(),
        sent: Spec::default(),
        taken: Spec::default(),
        batch: 1,
        before: None,
        nodes: Vec::new(),
        intent: Intent::Present,
        track: Track::default(),
        revision: 0,
        notes: Vec::new(),
    };
    record.goal = record.facts.first_spec(&record.cluster);
    record.sent = record.goal.clone();
    record.taken = record.goal.clone();
    groups::show(&mut record);
    for group in record.cluster.node_groups.iter_mut().filter(|group| !group.is_master()) {
        group.min_node_count = fewest_workers(&record.cluster.labels, wish.node_count)?;
    }
    Ok(record)
}

/// Magnum's label for the default workers' minimum.
fn fewest_workers(labels: &Labels, count: u32) -> Result<u32, Vec<Problem>> {
    // What is no number is told by the catalogue.
    let min: u32 = labels.get("min_node_count").and_then(|text| text.parse().ok()).unwrap_or_default();
    if min <= count {
        return Ok(min);
    }
    let told = format!("{count} workers are less than min_node_count {min} allows");
    Err(vec![Problem::invalid(told).on_field("node_count").advise("Change the count or the labels")])
}

/// What an upgrade to the template changes besides machines: before, and after. A template gives
/// image and versions; everything else of a cluster was settled when it was made.
pub(super) fn upgrade(
    record: &ClusterRecord,
    template: &ClusterTemplate,
    drivers: &Drivers,
    cloud: &Inventory,
) -> Result<(Before, Before), Vec<Problem>> {
    let (cluster, spec) = (&record.cluster, &template.spec);
    let mut found = Vec::new();
    let mut same = |field: &str, ours: &str, theirs: &str| {
        if ours != theirs {
            let told = format!(
                "template \"{}\" has the {} \"{theirs}\", cluster \"{}\" was made with \"{ours}\", and that cannot be changed",
                spec.name,
                field.replace('_', " "),
                cluster.name
            );
            found.push(Problem::invalid(told).on_field("template"));
        }
    };
    let network = |of: &NewTemplate| of.network_driver.clone().unwrap_or_else(|| "flannel".into());
    same("coe", &record.template.coe, &spec.coe);
    same("server_type", &record.template.server_type, &spec.server_type);
    same("network_driver", &network(&record.template), &network(spec));
    let image = image(spec, cloud).map_err(|problem| found.push(problem.on_field("template"))).ok();
    if let Some(chosen) = image {
        match driver(spec, chosen, drivers) {
            Ok(driver) if driver.manifest.name == cluster.driver => {}
            Ok(driver) => {
                let told = format!(
                    "image \"{}\" is for driver {}, cluster \"{}\" was made by {}",
                    chosen.name, driver.manifest.name, cluster.name, cluster.driver
                );
                found.push(Problem::invalid(told).on_field("template"));
            }
            Err(problem) => found.push(problem.on_field("template")),
        }
        let booted = NewTemplate {
            image_id: chosen.id.clone(),
            flavor_id: Some(cluster.flavor_id.clone()),
            master_flavor_id: Some(cluster.master_flavor_id.clone()),
            ..record.template.clone()
        };
        found.extend(validate::template_fits(&booted, cloud).into_iter().map(|problem| problem.on_field("template")));
    }
    let (Some(image), true) = (image, found.is_empty()) else { return Err(once(found)) };
    let mut labels = cluster.labels.clone();
    labels.0.remove("kube_tag");
    labels.0.extend(spec.labels.0.clone().into_iter().filter(|(key, _)| is_version(key)));
    let before = Before {
        cluster_template_id: cluster.cluster_template_id,
        template_name: cluster.template_name.clone(),
        template: record.template.clone(),
        facts: record.facts.clone(),
        labels: cluster.labels.clone(),
    };
    let after = Before {
        cluster_template_id: template.uuid,
        template_name: spec.name.clone(),
        template: NewTemplate {
            name: spec.name.clone(),
            image_id: spec.image_id.clone(),
            labels: labels.clone(),
            ..record.template.clone()
        },
        facts: Facts {
            image_id: image.id.clone(),
            kube_version: image.kube_version.clone().or_else(|| labels.get("kube_tag").map(str::to_owned)),
            os_distro: image.os_distro.clone().unwrap_or_default(),
            ..record.facts.clone()
        },
        labels,
    };
    Ok((before, after))
}

/// Labels that say which version of something runs.
fn is_version(label: &str) -> bool {
    label.ends_with("_tag") || label.ends_with("_version") || label.starts_with("ostree_")
}

/// The machines of a further node group, complete but for its slot.
pub(super) fn node_group(
    record: &ClusterRecord,
    wish: &NewNodeGroup,
    drivers: &Drivers,
    cloud: &Inventory,
) -> Result<WorkerGroup, Vec<Problem>> {
    let cluster = &record.cluster;
    let mut found = nodegroup::shape(wish);
    let wanted = wish.image_id.as_deref().unwrap_or(&record.facts.image_id);
    let image = pick("image", "image_id", wanted, &cloud.images, |image| (&image.id, &image.name));
    let image = image.map_err(|problem| found.push(problem)).ok();
    let flavor_id = wish.flavor_id.clone().unwrap_or_else(|| cluster.flavor_id.clone());
    if let Some(image) = image {
        let fits = NewTemplate {
            image_id: image.id.clone(),
            flavor_id: Some(flavor_id.clone()),
            master_flavor_id: None,
            labels: wish.labels.clone(),
            ..record.template.clone()
        };
        found.extend(validate::template_fits(&fits, cloud));
        match driver(&record.template, image, drivers) {
            Ok(driver) if driver.manifest.name == cluster.driver => {}
            _ => {
                let told =
                    format!("image \"{}\" is not for driver {}, which made this cluster", image.name, cluster.driver);
                found.push(Problem::invalid(told).on_field("image_id"));
            }
        }
    }
    let (Some(image), true) = (image, found.is_empty()) else { return Err(once(found)) };
    let labels = match (wish.labels.is_empty(), wish.merge_labels) {
        (true, _) => cluster.labels.clone(),
        (false, false) => wish.labels.clone(),
        (false, true) => {
            let mut merged = cluster.labels.clone();
            merged.0.extend(wish.labels.0.clone());
            merged
        }
    };
    let version = if image.id == record.facts.image_id { record.facts.kube_version.clone() } else { None };
    let version = version.or_else(|| image.kube_version.clone()).or_else(|| labels.get("kube_tag").map(str::to_owned));
    let masters = groups::oldest(record.taken.masters.iter().map(|master| &master.image));
    let read = |text: &Option<String>| text.as_deref().and_then(KubeVersion::parse);
    if let (Some(workers), Some(masters)) = (read(&version), read(&masters))
        && let Err(why) = workers.works_with(masters)
    {
        let told = format!("image \"{}\" has Kubernetes {}: {why}", image.name, version.unwrap_or_default());
        return Err(vec![Problem::invalid(told).on_field("image_id")]);
    }
    let mut group = WorkerGroup {
        name: wish.name.clone(),
        role: wish.role.clone(),
        flavor_id,
        docker_volume_size: wish.docker_volume_size.or(cluster.docker_volume_size),
        labels,
        node_labels: wish.node_labels.clone(),
        node_taints: wish.node_taints.clone(),
        ..WorkerGroup::default()
    };
    let node =
        WorkerNode { image: NodeImage { id: image.id.clone(), kube_version: version }, ca_step: record.goal.ca_step };
    group.grow(usize::try_from(wish.node_count).unwrap_or_default(), &node);
    Ok(group)
}

/// The request to Heat that will be made of the record: better tried now than told as CREATE_FAILED.
pub(super) fn plan(record: &ClusterRecord, drivers: &Drivers, secrets: &Secrets) -> Result<StackPlan, Problem> {
    let name = &record.cluster.driver;
    let driver = drivers.get(name).ok_or_else(|| Problem::local(format!("there is no driver \"{name}\"")))?;
    driver.plan(&record.plan_input(&keys::for_plan(record, secrets, record.cluster.created_at)?))
}

/// Finds by uuid, else by name, the project's own before others'; never a guess between equal names.
pub(super) fn find_template<'a>(
    wanted: &str,
    all: &'a [ClusterTemplate],
    project_id: &str,
) -> Result<&'a ClusterTemplate, Problem> {
    let own = |template: &ClusterTemplate| template.project_id == project_id;
    let ours = all.iter().any(|template| own(template) && template.spec.name == wanted);
    let meant = all.iter().filter(|template| !ours || own(template) || template.uuid.to_string() == wanted);
    let keyed: Vec<(String, String, &ClusterTemplate)> =
        meant.map(|template| (template.uuid.to_string(), template.spec.name.clone(), template)).collect();
    pick("cluster template", "cluster_template_id", wanted, &keyed, |(uuid, name, _)| (uuid, name)).map(|found| found.2)
}

/// The cluster's name, cut and made plain, and enough of its uuid that no other stack has the name.
fn stack_name(name: &str, id: ClusterId) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = name.chars().take(STACK_NAME_CUT).map(plain).collect();
    let id = id.0.simple().to_string();
    format!("{name}-{}", id.get(..12).unwrap_or(&id))
}

fn image<'a>(template: &NewTemplate, cloud: &'a Inventory) -> Result<&'a Image, Problem> {
    pick("image", "image_id", &template.image_id, &cloud.images, |image| (&image.id, &image.name))
}

/// The driver that a template's clusters are built by.
pub(super) fn driver_of<'a>(
    template: &NewTemplate,
    drivers: &'a Drivers,
    cloud: &Inventory,
) -> Result<&'a Driver, Problem> {
    image(template, cloud).and_then(|image| driver(template, image, drivers))
}

fn driver<'a>(template: &NewTemplate, image: &Image, drivers: &'a Drivers) -> Result<&'a Driver, Problem> {
    // The image may name one of Magnum's own drivers, which are not ours to have.
    let named = image.magnum_driver.as_deref().filter(|name| drivers.get(name).is_some());
    let named = template.driver.as_deref().or(named);
    drivers.choose(&template.server_type, image.os_distro.as_deref().unwrap_or_default(), &template.coe, named)
}

fn facts(
    wish: &NewCluster,
    template: &NewTemplate,
    labels: &Labels,
    cloud: &Inventory,
    who: &Identity,
) -> Result<Facts, Vec<Problem>> {
    let mut found = Vec::new();
    let mut keep = |problem: Problem| found.push(problem.on_field("cluster_template_id"));
    let image = image(template, cloud).map_err(&mut keep).ok();
    let outside = template.external_network_id.as_deref().unwrap_or_default();
    let external = external_network(outside, cloud).map_err(&mut keep).ok();
    let network = wish.fixed_network.as_deref().or(template.fixed_network.as_deref());
    let subnet = wish.fixed_subnet.as_deref().or(template.fixed_subnet.as_deref());
    let fixed = network.map(|name| fixed_network(name, subnet, cloud)).transpose();
    let fixed = fixed.map_err(|problem| found.push(problem)).unwrap_or_default();
    let cidr = match (&fixed, labels.get("fixed_subnet_cidr")) {
        (Some((_, subnet)), _) => subnet.cidr.clone(),
        (None, Some(label)) => label.to_owned(),
        (None, None) => SUBNET_DEFAULT.to_owned(),
    };
    if !is_cidr(&cidr) {
        match &fixed {
            Some((_, subnet)) => {
                let told = format!("subnet \"{}\" is {cidr}: nodes need an IPv4 network of /8 to /29", subnet.name);
                found.push(Problem::invalid(told).on_field("fixed_subnet"));
            }
            // What is no network at all is told by the catalogue.
            None if crate::model::labels::cidr(&cidr).is_some() => {
                let told = format!("label fixed_subnet_cidr cannot be \"{cidr}\": nodes need a network of /8 to /29");
                found.push(Problem::invalid(told).on_field("labels"));
            }
            None => {}
        }
    }
    let (Some(image), Some(external), true) = (image, external, found.is_empty()) else { return Err(found) };
    Ok(Facts {
        image_id: image.id.clone(),
        kube_version: image.kube_version.clone().or_else(|| labels.get("kube_tag").map(str::to_owned)),
        os_distro: image.os_distro.clone().unwrap_or_default(),
        external_network_id: external.id.clone(),
        fixed_network_id: fixed.map(|(network, _)| network.id.clone()),
        fixed_subnet_id: fixed.map(|(_, subnet)| subnet.id.clone()),
        fixed_subnet_cidr: cidr,
        has_load_balancer: cloud.has_load_balancer,
        auth_url: who.auth_url.clone(),
        region: who.scope.region.clone(),
    })
}

/// It may have been changed, or have gone, since the template was accepted.
fn external_network<'a>(name: &str, cloud: &'a Inventory) -> Result<&'a Network, Problem> {
    let network = pick("external network", "external_network_id", name, &cloud.networks, |n| (&n.id, &n.name))?;
    if network.external {
        Ok(network)
    } else {
        Err(Problem::invalid(format!("network \"{}\" is not external (router:external is false)", network.name)))
    }
}

/// An existing network and the subnet in it that nodes get: the named one, else its only IPv4 one.
fn fixed_network<'a>(
    name: &str,
    subnet: Option<&str>,
    cloud: &'a Inventory,
) -> Result<(&'a Network, &'a Subnet), Problem> {
    let network = pick("fixed network", "fixed_network", name, &cloud.networks, |n| (&n.id, &n.name))?;
    if let Some(name) = subnet {
        let subnet = pick("fixed subnet", "fixed_subnet", name, &cloud.subnets, |s| (&s.id, &s.name))?;
        return Ok((network, subnet));
    }
    let all: Vec<&Subnet> =
        cloud.subnets.iter().filter(|subnet| subnet.network_id == network.id && subnet.ip_version == 4).collect();
    match all.as_slice() {
        [one] => Ok((network, one)),
        [] => {
            let told = format!("fixed network \"{}\" has no IPv4 subnet", network.name);
            Err(Problem::invalid(told).on_field("fixed_network"))
        }
        many => {
            let names: Vec<&str> = many.iter().map(|subnet| subnet.name.as_str()).collect();
            let told = format!("fixed network \"{}\" has {} IPv4 subnets; name one", network.name, many.len());
            Err(Problem::invalid(told).on_field("fixed_subnet").advise(format!("There are: {}", names.join(", "))))
        }
    }
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    address.parse::<Ipv4Addr>().is_ok() && bits.parse::<u8>().is_ok_and(|bits| (8..=29).contains(&bits))
}

/// Those of fields that nothing was told of before: the general rule says it better.
fn untold(more: Vec<Problem>, found: &[Problem]) -> Vec<Problem> {
    let known = |problem: &Problem| problem.field.is_some() && found.iter().any(|have| have.field == problem.field);
    more.into_iter().filter(|problem| !known(problem)).collect()
}

/// Two rules may meet the same fault; it is told once.
fn once(problems: Vec<Problem>) -> Vec<Problem> {
    let mut kept: Vec<Problem> = Vec::new();
    for problem in problems {
        if kept.iter().all(|known| known.summary != problem.summary) {
            kept.push(problem);
        }
    }
    kept
}

#[cfg(test)]
pub(super) mod tests;
