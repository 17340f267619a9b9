//! Address ranges that must not meet, ranges that are too small, and ways out.

use super::Wanted;
use crate::model::labels::cidr;
use crate::model::{Check, Network, Subnet};

/// An IPv4 network and what it is for.
struct Range {
    what: String,
    field: &'static str,
    /// Address and prefix length.
    net: (u32, u8),
}

impl Range {
    fn read(what: impl Into<String>, field: &'static str, text: &str) -> Option<Self> {
        Some(Self { what: what.into(), field, net: cidr(text)? })
    }

    fn meets(&self, other: &Self) -> bool {
        let bits = self.net.1.min(other.net.1);
        let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
        self.net.0 & mask == other.net.0 & mask
    }

    fn shown(&self) -> String {
        format!("{}/{}", std::net::Ipv4Addr::from(self.net.0), self.net.1)
    }
}

/// Where nodes are.
fn existing<'a>(wanted: &Wanted<'a>) -> Option<(&'a Network, Option<&'a Subnet>)> {
    let name = wanted.fixed_network()?;
    let cloud = wanted.cloud;
    let network = cloud.networks.iter().find(|network| network.id == name || network.name == name)?;
    let of = |subnet: &&Subnet| subnet.network_id == network.id && subnet.ip_version == 4;
    let subnet = match wanted.fixed_subnet() {
        Some(name) => cloud.subnets.iter().find(|subnet| subnet.id == name || subnet.name == name),
        None => cloud.subnets.iter().find(of),
    };
    Some((network, subnet))
}

/// The label that says the pods' network, by what connects them.
pub(super) fn pods_label(wanted: &Wanted) -> &'static str {
    match wanted.template.network_driver.as_deref() {
        Some("calico") => "calico_ipv4pool",
        Some("cilium") => "cilium_ipv4pool",
        _ => "flannel_network_cidr",
    }
}

pub fn checks(wanted: &Wanted) -> Vec<Check> {
    let label = pods_label(wanted);
    let existing = existing(wanted);
    let pods = Range::read(format!("the pods' network ({label})"), "labels", wanted.label(label));
    let services = Range::read(
        "the services' network (service_cluster_ip_range)",
        "labels",
        wanted.label("service_cluster_ip_range"),
    );
    let nodes = match existing {
        Some((_, Some(subnet))) => {
            Range::read(format!("subnet \"{}\" of the nodes", subnet.name), "fixed_subnet", &subnet.cidr)
        }
        Some((_, None)) => None,
        None => Range::read("the nodes' subnet (fixed_subnet_cidr)", "labels", wanted.label("fixed_subnet_cidr")),
    };
    let mut found = meetings(wanted, [&pods, &services, &nodes], existing.is_some());
    found.extend(nodes.as_ref().and_then(|nodes| room_for_nodes(wanted, nodes, existing.is_some())));
    found
        .extend(pods.as_ref().filter(|_| label == "flannel_network_cidr").and_then(|pods| room_for_pods(wanted, pods)));
    found.extend(existing.and_then(|(network, _)| way_out(wanted, network)));
    if existing.is_some() && wanted.labels.get("fixed_subnet_cidr").is_some() {
        let told = "label fixed_subnet_cidr has no effect: the nodes are put on an existing network";
        found.push(Check::warning("labels", told).advise("Leave it out"));
    }
    found
}

fn meetings(wanted: &Wanted, inside: [&Option<Range>; 3], existing: bool) -> Vec<Check> {
    let mut found = Vec::new();
    let all: Vec<&Range> = inside.into_iter().flatten().collect();
    for (at, one) in all.iter().enumerate() {
        for other in all[at + 1..].iter().filter(|other| one.meets(other)) {
            let told = format!("{} {} overlaps with {} {}", one.what, one.shown(), other.what, other.shown());
            found.push(Check::error(one.field, told).advise("Choose another range for one of them"));
        }
    }
    let outside = wanted.template.external_network_id.as_deref().unwrap_or_default();
    let external = wanted.cloud.networks.iter().find(|network| network.id == outside || network.name == outside);
    let subnets = wanted.cloud.subnets.iter().filter(|subnet| Some(&subnet.network_id) == external.map(|n| &n.id));
    for subnet in subnets {
        let Some(range) = Range::read(format!("subnet \"{}\" of the external network", subnet.name), "", &subnet.cidr)
        else {
            continue;
        };
        for one in all.iter().filter(|one| one.meets(&range)) {
            let told = format!("{} {} overlaps with {} {}", one.what, one.shown(), range.what, range.shown());
            let nodes = one.field == "fixed_subnet" || one.what.contains("fixed_subnet_cidr");
            // Neutron itself refuses a router between two networks of the same addresses.
            let check =
                if nodes && !existing { Check::error(one.field, told) } else { Check::warning(one.field, told) };
            found.push(check.advise("What is there could not be reached; choose another range"));
        }
    }
    for address in wanted.template.dns_nameserver.as_deref().unwrap_or_default().split(',') {
        let Some(dns) = Range::read("", "", &format!("{}/32", address.trim())) else { continue };
        let inner = all.iter().filter(|one| one.field == "labels" && !one.what.contains("fixed_subnet_cidr"));
        for one in inner.filter(|one| one.meets(&dns)) {
            let told = format!(
                "DNS nameserver {} lies in {} {}: nodes would not reach it",
                address.trim(),
                one.what,
                one.shown()
            );
            found.push(Check::error("dns_nameserver", told).advise("Choose another range or nameserver"));
        }
    }
    found
}

/// Each node takes an address, and so do gateway, DHCP, network and broadcast, and the load balancer.
fn room_for_nodes(wanted: &Wanted, nodes: &Range, existing: bool) -> Option<Check> {
    // Less than that is no network for nodes at all, which is told elsewhere.
    if nodes.net.1 > 29 && !existing {
        return None;
    }
    let room = 1u64 << (32 - u32::from(nodes.net.1));
    let needed = wanted.nodes() + 4 + u64::from(wanted.load_balancer());
    if needed <= room {
        return None;
    }
    let told = format!(
        "{} {} has {room} addresses, {needed} are needed for {} nodes and what goes with them",
        nodes.what,
        nodes.shown(),
        wanted.nodes()
    );
    let field = if existing { "fixed_subnet" } else { "labels" };
    Some(Check::error(field, told).advise("Choose a larger range, or fewer nodes"))
}

fn room_for_pods(wanted: &Wanted, pods: &Range) -> Option<Check> {
    let each: u8 = wanted.label("flannel_network_subnetlen").parse().ok()?;
    let parts = if each < pods.net.1 { 0 } else { 1u64 << u32::from(each - pods.net.1).min(63) };
    if wanted.nodes() <= parts {
        return None;
    }
    let told = format!(
        "{} {} has room for {parts} nodes of a /{each} each, and there would be {}",
        pods.what,
        pods.shown(),
        wanted.nodes()
    );
    Some(Check::error("labels", told).advise("Choose a larger network for the pods, or fewer nodes"))
}

/// Floating IPs need a router from the nodes' network to the network they come from.
fn way_out(wanted: &Wanted, network: &Network) -> Option<Check> {
    let lb = wanted.load_balancer() && wanted.is_on("master_lb_floating_ip_enabled").unwrap_or(wanted.floating_ips());
    let ways = wanted.ways_out.filter(|_| wanted.floating_ips() || lb)?;
    let outside = wanted.template.external_network_id.as_deref().unwrap_or_default();
    let external = wanted.cloud.networks.iter().find(|network| network.id == outside || network.name == outside)?;
    if ways.contains(&external.id) {
        return None;
    }
    let told = format!(
        "floating IPs are wanted, but no router leads from network \"{}\" to external network \"{}\"",
        network.name, external.name
    );
    let advice = "Connect them with a router, choose the external network it leads to, or turn floating IPs off";
    // Another project's router does not show.
    let check = if network.shared {
        Check::warning("floating_ip_enabled", told)
    } else {
        Check::error("floating_ip_enabled", told)
    };
    Some(check.advise(advice))
}
