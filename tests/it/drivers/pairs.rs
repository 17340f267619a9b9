//! Wishes that have every pair of values of every two options in them, and what a stack of each
//! must be made of, counted from the wish alone. The same rows are for the embedded cloud and for
//! a real one: a [`Place`] says what there is to choose from. Start at [`rows`].

use std::collections::{BTreeMap, BTreeSet};

use jeroboam::model::{Labels, NewCluster, NewTemplate, StackResource};
use jeroboam::service::preview::PlanSheet;

/// What the rows use of a cloud.
pub struct Place {
    /// A template that passes all checks: image, flavors, external network.
    pub base: NewTemplate,
    pub keypair: String,
    /// A network with this subnet, and a router from it to the external network.
    pub network: String,
    pub subnet: String,
    /// A router to the external network that a new subnet can be connected to.
    pub router: String,
    pub volume_type: String,
    pub zone: String,
    /// GB that the image fits on.
    pub boot_volume: u32,
    pub has_barbican: bool,
}

type Set = fn(&Place, &mut NewTemplate, &mut NewCluster);

struct Choice {
    name: &'static str,
    values: Vec<(&'static str, Set)>,
}

/// A wish, the values that it is made of, and what must come of it.
pub struct Row {
    pub chosen: BTreeMap<&'static str, &'static str>,
    pub template: NewTemplate,
    pub cluster: NewCluster,
    /// Resources by Heat's type; types not named here are the driver's own affair.
    pub expected: BTreeMap<&'static str, usize>,
}

impl Row {
    /// One line for messages.
    pub fn line(&self) -> String {
        self.chosen.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    }
}

macro_rules! choice {
    ($name:literal: $($word:literal => $set:expr),+ $(,)?) => {
        Choice { name: $name, values: vec![$(($word, $set as Set)),+] }
    };
}

/// A choice that is one label's value, or nothing.
macro_rules! label {
    ($name:literal: $($value:literal),+) => {
        Choice { name: $name, values: vec![$(($value, (|_, _, c| set(c, $name, $value)) as Set)),+] }
    };
}

fn set(cluster: &mut NewCluster, name: &str, value: &str) {
    if !value.is_empty() {
        cluster.labels.0.insert(name.to_owned(), value.to_owned());
    }
}

const MIRROR: &str = "http://127.0.0.1:8080/addons";

fn mirrored(cluster: &mut NewCluster) {
    set(cluster, "addons_mirror", MIRROR);
}

fn choices(driver: &str, place: &Place) -> Vec<Choice> {
    let mut all = vec![
        choice!("masters": "1" => |_, _, c| c.master_count = 1, "3" => |_, _, c| c.master_count = 3, "5" => |_, _, c| c.master_count = 5),
        choice!("workers": "1" => |_, _, c| c.node_count = 1, "0" => |_, _, c| c.node_count = 0, "3" => |_, _, c| c.node_count = 3),
        choice!("lb": "on" => |_, t, _| t.master_lb_enabled = true, "off" => |_, t, _| t.master_lb_enabled = false, "by cluster" => |_, _, c| c.master_lb_enabled = Some(true)),
        choice!("fip": "on" => |_, t, _| t.floating_ip_enabled = true, "off" => |_, t, _| t.floating_ip_enabled = false, "off by cluster" => |_, _, c| c.floating_ip_enabled = Some(false)),
        label!("master_floating_ip_enabled": "", "true", "false"),
        label!("master_lb_floating_ip_enabled": "", "true", "False"),
        label!("master_lb_allowed_cidrs": "", "10.0.0.0/8", "192.168.0.0/16,172.24.4.0/24"),
        label!("octavia_lb_algorithm": "", "LEAST_CONNECTIONS"),
        label!("octavia_lb_healthcheck": "", "true", "false"),
        choice!("network": "own" => |_, _, _| {}, "own range" => |_, _, c| set(c, "fixed_subnet_cidr", "10.77.0.0/24"),
            "own by router" => |p, _, c| set(c, "router", &p.router.clone()),
            "existing" => |p, t, _| t.fixed_network = Some(p.network.clone()),
            "existing subnet" => |p, _, c| { c.fixed_network = Some(p.network.clone()); c.fixed_subnet = Some(p.subnet.clone()); }),
        choice!("dns": "default" => |_, _, _| {}, "two" => |_, t, _| t.dns_nameserver = Some("9.9.9.9,1.1.1.1".into())),
        choice!("container volume": "none" => |_, _, _| {}, "of template" => |_, t, _| t.docker_volume_size = Some(1), "typed" => |p, _, c| { c.docker_volume_size = Some(2); set(c, "docker_volume_type", &p.volume_type.clone()); }),
        choice!("etcd volume": "none" => |_, _, _| {}, "plain" => |_, _, c| set(c, "etcd_volume_size", "1"), "typed" => |p, _, c| { set(c, "etcd_volume_size", "1"); set(c, "etcd_volume_type", &p.volume_type.clone()); }),
        choice!("boot volume": "none" => |_, _, _| {}, "plain" => |p, _, c| set(c, "boot_volume_size", &p.boot_volume.to_string()), "typed" => |p, _, c| { set(c, "boot_volume_size", &p.boot_volume.to_string()); set(c, "boot_volume_type", &p.volume_type.clone()); }),
        choice!("zone": "any" => |_, _, _| {}, "named" => |p, _, c| set(c, "availability_zone", &p.zone.clone())),
        label!("nodes_affinity_policy": "", "soft-affinity", "soft-anti-affinity"),
        choice!("keypair": "of template" => |p, t, _| t.keypair_id = Some(p.keypair.clone()), "of cluster" => |p, _, c| c.keypair = Some(p.keypair.clone()), "none" => |_, t, _| t.keypair_id = None),
        choice!("flavors": "of template" => |_, _, _| {}, "of cluster" => |_, t, c| { c.flavor_id = t.flavor_id.take(); c.master_flavor_id = t.master_flavor_id.take(); }, "one" => |_, t, _| t.master_flavor_id = None),
        choice!("network driver": "unset" => |_, _, _| {}, "flannel" => |_, t, _| t.network_driver = Some("flannel".into()), "calico" => |_, t, _| t.network_driver = Some("calico".into()),
            "cilium" => |_, t, c| { t.network_driver = Some("cilium".into()); mirrored(c); }),
        choice!("pods": "default" => |_, _, _| {}, "given" => |_, _, c| ["flannel_network_cidr", "calico_ipv4pool", "cilium_ipv4pool"].iter().for_each(|name| set(c, name, "10.99.0.0/16"))),
        label!("flannel_backend": "", "host-gw"),
        label!("calico_ipv4pool_ipip": "", "Always"),
        label!("service_cluster_ip_range": "", "10.98.0.0/16"),
        label!("dns_cluster_domain": "", "k8s.example"),
        choice!("volume driver": "none" => |_, _, _| {}, "cinder" => |_, t, _| t.volume_driver = Some("cinder".into()), "by label" => |_, _, c| set(c, "cinder_csi_enabled", "true")),
        label!("cloud_provider_enabled": "", "true", "false"),
        label!("metrics_server_enabled": "", "false", "True"),
        choice!("monitoring": "off" => |_, _, _| {}, "on" => |_, _, c| { set(c, "monitoring_enabled", "true"); mirrored(c); }, "prometheus" => |_, _, c| { set(c, "prometheus_monitoring", "true"); mirrored(c); }),
        choice!("ingress": "none" => |_, _, _| {}, "nginx" => |_, _, c| { set(c, "ingress_controller", "nginx"); mirrored(c); }, "traefik" => |_, _, c| { set(c, "ingress_controller", "traefik"); mirrored(c); },
            "octavia" => |_, _, c| { set(c, "ingress_controller", "octavia"); mirrored(c); }),
        choice!("scaling": "off" => |_, _, _| {}, "on" => |_, _, c| { set(c, "auto_scaling_enabled", "true"); set(c, "max_node_count", "9"); mirrored(c); }),
        choice!("proxies": "none" => |_, _, _| {}, "set" => |_, t, _| { t.http_proxy = Some("http://proxy:3128".into()); t.https_proxy = Some("http://proxy:3128".into()); t.no_proxy = Some("10.1.2.3,.example".into()); }),
        choice!("registries": "none" => |_, _, _| {}, "insecure" => |_, t, _| t.insecure_registry = Some("10.1.2.3:5000".into()), "mirror" => |_, _, c| set(c, "registry_mirror", "http://10.1.2.3:5000"), "prefix" => |_, _, c| set(c, "container_infra_prefix", "10.1.2.3:5000/k8s/")),
        label!("verify_ca": "", "false"),
        choice!("options": "none" => |_, _, _| {}, "set" => |_, _, c| { set(c, "kubelet_options", "--max-pods=50"); set(c, "kubeapi_options", "--v=2"); set(c, "kubecontroller_options", "--v=2"); set(c, "kubescheduler_options", "--v=2"); set(c, "kubeproxy_options", "--v=2"); set(c, "admission_control_list", "NodeRestriction,ServiceAccount"); }),
        label!("post_install_manifest_url": "", "http://127.0.0.1:8080/post.yaml"),
        choice!("time-outs": "default" => |_, _, _| {}, "own" => |_, _, c| { c.create_timeout = 30; set(c, "wait_condition_timeout", "1200"); set(c, "kubeadm_timeout", "600"); set(c, "node_ready_timeout", "600"); }),
        // The last: it moves what the others gave.
        choice!("labels": "of cluster" => |_, _, c| c.merge_labels = false, "of template" => |_, t, c| t.labels = std::mem::take(&mut c.labels),
            "of both" => |_, t, c| { t.labels = Labels([("verify_ca".to_owned(), "true".to_owned())].into()); c.merge_labels = true; }),
    ];
    if driver != "k8s_ubuntu_kubeadm" {
        all.insert(0, label!("kubernetes_mirror": "", "http://127.0.0.1:8080/kubernetes"));
    }
    if place.has_barbican {
        all.insert(0, label!("cert_manager": "", "barbican"));
    }
    all
}

/// Values that exclude each other: such a wish is refused.
const FORBIDDEN: [[(&str, &str); 2]; 4] = [
    [("masters", "3"), ("lb", "off")],
    [("masters", "5"), ("lb", "off")],
    [("volume driver", "cinder"), ("cloud_provider_enabled", "false")],
    // Nobody could find out whether the value of the one label or of the other was meant.
    [("verify_ca", "false"), ("labels", "of both")],
];

fn forbidden(a: (&str, &str), b: (&str, &str)) -> bool {
    FORBIDDEN.iter().any(|[one, other]| (*one, *other) == (a, b) || (*one, *other) == (b, a))
}

/// Indexes of values, one for each choice, that have every allowed pair in some row. Greedy: each row
/// begins with a pair that is missing and takes for every other choice what adds most; always the same.
fn cover(choices: &[Choice]) -> Vec<Vec<usize>> {
    let word = |(choice, value): (usize, usize)| (choices[choice].name, choices[choice].values[value].0);
    let allowed = |a, b| !forbidden(word(a), word(b));
    let mut missing: BTreeSet<[(usize, usize); 2]> = BTreeSet::new();
    for a in 0..choices.len() {
        for b in a + 1..choices.len() {
            for x in 0..choices[a].values.len() {
                missing.extend((0..choices[b].values.len()).map(|y| [(a, x), (b, y)]));
            }
        }
    }
    missing.retain(|[a, b]| allowed(*a, *b));
    let mut rows = Vec::new();
    while let Some([first, second]) = missing.first().copied() {
        let mut row: BTreeMap<usize, usize> = [first, second].into();
        for choice in 0..choices.len() {
            if row.contains_key(&choice) {
                continue;
            }
            let fits = |value: &usize| row.iter().all(|(have, of)| allowed((*have, *of), (choice, *value)));
            let adds = |value: &usize| {
                let pair = |have: (usize, usize)| {
                    if have.0 < choice { [have, (choice, *value)] } else { [(choice, *value), have] }
                };
                row.iter().filter(|(have, of)| missing.contains(&pair((**have, **of)))).count()
            };
            // Of equals the one least used so far, so that later rows find more to do.
            let used = |value: &usize| rows.iter().filter(|row: &&Vec<usize>| row[choice] == *value).count();
            let best = (0..choices[choice].values.len())
                .filter(fits)
                .max_by_key(|value| (adds(value), usize::MAX - used(value)));
            row.insert(choice, best.expect("every choice has a value that nothing forbids"));
        }
        let pairs: Vec<(usize, usize)> = row.into_iter().collect();
        missing.retain(|[a, b]| !(pairs.contains(a) && pairs.contains(b)));
        rows.push(pairs.into_iter().map(|(_, value)| value).collect());
    }
    rows
}

/// The wishes for a driver, each template and cluster with a name of its own.
pub fn rows(driver: &str, place: &Place) -> Vec<Row> {
    let choices = choices(driver, place);
    let made = cover(&choices).into_iter().enumerate().map(|(number, values)| {
        let name = format!("pair-{}-{number}", driver.rsplit('_').next().unwrap_or_default());
        let mut template = NewTemplate { name: name.clone(), driver: Some(driver.to_owned()), ..place.base.clone() };
        let mut cluster = NewCluster { name: name.clone(), cluster_template_id: name, ..NewCluster::default() };
        let mut chosen = BTreeMap::new();
        for (choice, value) in choices.iter().zip(values) {
            let (word, set) = choice.values[value];
            set(place, &mut template, &mut cluster);
            chosen.insert(choice.name, word);
        }
        let expected = expected(&template, &cluster);
        Row { chosen, template, cluster, expected }
    });
    made.collect()
}

/// What a stack of the wish is made of.
pub fn expected(template: &NewTemplate, cluster: &NewCluster) -> BTreeMap<&'static str, usize> {
    let label =
        |name: &str| cluster.labels.get(name).or_else(|| template.labels.get(name)).filter(|value| !value.is_empty());
    let switch =
        |name: &str, otherwise: bool| label(name).map_or(otherwise, |value| value.eq_ignore_ascii_case("true"));
    let size = |name: &str| label(name).map_or(0, |value| value.parse::<u32>().unwrap());
    let (masters, workers) = (cluster.master_count as usize, cluster.node_count as usize);
    let nodes = masters + workers;
    let when = |wanted: bool, count: usize| if wanted { count } else { 0 };
    let lb = cluster.master_lb_enabled.unwrap_or(template.master_lb_enabled);
    let fip = cluster.floating_ip_enabled.unwrap_or(template.floating_ip_enabled);
    let own_network = template.fixed_network.is_none() && cluster.fixed_network.is_none();
    let container = cluster.docker_volume_size.or(template.docker_volume_size).is_some();
    let boot = size("boot_volume_size") > 0;
    let master_fip = switch("master_floating_ip_enabled", fip);
    let lb_fip = lb && switch("master_lb_floating_ip_enabled", fip);
    [
        ("OS::Nova::Server", nodes),
        ("OS::Nova::ServerGroup", 2),
        ("OS::Neutron::Port", nodes),
        ("OS::Neutron::FloatingIP", when(master_fip, masters) + when(fip, workers) + when(lb_fip, 1)),
        ("OS::Neutron::Net", when(own_network, 1)),
        ("OS::Neutron::Subnet", when(own_network, 1)),
        ("OS::Neutron::Router", when(own_network && label("router").is_none(), 1)),
        ("OS::Neutron::RouterInterface", when(own_network, 1)),
        ("OS::Neutron::SecurityGroup", 2),
        (
            "OS::Cinder::Volume",
            when(container, nodes) + when(size("etcd_volume_size") > 0, masters) + when(boot, nodes),
        ),
        ("OS::Octavia::LoadBalancer", when(lb, 1)),
        ("OS::Octavia::Listener", when(lb, 1)),
        ("OS::Octavia::Pool", when(lb, 1)),
        ("OS::Octavia::PoolMember", when(lb, masters)),
        ("OS::Octavia::HealthMonitor", when(lb && switch("octavia_lb_healthcheck", true), 1)),
        ("OS::Heat::WaitCondition", nodes),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .collect()
}

/// What of the kinds that [`expected`] counts is there otherwise: `OS::Nova::Server: 3, not 4`.
pub fn differences<'a>(row: &Row, have: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    have.into_iter().for_each(|kind| *counted.entry(kind).or_default() += 1);
    let told = [
        "OS::Nova::Server",
        "OS::Nova::ServerGroup",
        "OS::Neutron::Port",
        "OS::Neutron::FloatingIP",
        "OS::Neutron::Net",
        "OS::Neutron::Subnet",
        "OS::Neutron::Router",
        "OS::Neutron::RouterInterface",
        "OS::Neutron::SecurityGroup",
        "OS::Cinder::Volume",
        "OS::Octavia::LoadBalancer",
        "OS::Octavia::Listener",
        "OS::Octavia::Pool",
        "OS::Octavia::PoolMember",
        "OS::Octavia::HealthMonitor",
        "OS::Heat::WaitCondition",
    ];
    let count = |from: &BTreeMap<&str, usize>, kind: &str| from.get(kind).copied().unwrap_or_default();
    let apart = told.into_iter().map(|kind| (kind, count(&counted, kind), count(&row.expected, kind)));
    apart
        .filter(|(_, have, wanted)| have != wanted)
        .map(|(kind, have, wanted)| format!("{kind}: {have}, not {wanted}"))
        .collect()
}

/// Types of resources as a stack lists them, each that the plan's environment files let stand
/// for another as that one.
pub fn kinds(plan: &PlanSheet, resources: &[StackResource]) -> Vec<String> {
    let mut registry: BTreeMap<String, String> = BTreeMap::new();
    for file in &plan.environment_files {
        let read: serde_json::Value = serde_saphyr::from_str(&plan.files[file]).unwrap();
        let own = read["resource_registry"].as_object().into_iter().flatten();
        registry.extend(own.filter_map(|(name, stands)| Some((name.clone(), stands.as_str()?.to_owned()))));
    }
    let kind = |resource: &StackResource| registry.get(&resource.kind).unwrap_or(&resource.kind).clone();
    resources.iter().map(kind).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Choice, Set, cover, forbidden};

    #[test]
    fn every_allowed_pair_is_in_some_row_and_no_other() {
        let nothing: Set = |_, _, _| {};
        let choice =
            |name, words: &[&'static str]| Choice { name, values: words.iter().map(|word| (*word, nothing)).collect() };
        let choices = [
            choice("masters", &["1", "3", "5"]),
            choice("lb", &["on", "off"]),
            choice("c", &["x", "y", "z"]),
            choice("d", &["x", "y", "z", "w"]),
        ];
        let rows = cover(&choices);
        assert!(rows.len() < 18, "{}", rows.len());
        let mut pairs = BTreeSet::new();
        for row in &rows {
            let words: Vec<(&str, &str)> = row.iter().zip(&choices).map(|(v, c)| (c.name, c.values[*v].0)).collect();
            pairs.extend(words.iter().flat_map(|a| words.iter().map(move |b| (*a, *b))).filter(|(a, b)| a < b));
        }
        assert!(pairs.iter().all(|(a, b)| !forbidden(*a, *b)));
        let all = 3 * 2 + 3 * 3 + 3 * 4 + 2 * 3 + 2 * 4 + 3 * 4 - 2;
        assert_eq!(pairs.len(), all);
    }
}
