use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use rstest::rstest;

use super::{LoginEnds, Wanted, cluster};
use crate::model::validate::Inventory;
use crate::model::{Check, Flavor, Image, Labels, Network, NewCluster, NewTemplate, Severity, Subnet};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000, 0).unwrap()
}

fn cloud() -> Inventory {
    let flavor =
        |name: &str, vcpus, ram, disk| Flavor { id: format!("id-{name}"), name: name.into(), vcpus, ram, disk };
    let network = |id: &str, external, shared| Network {
        id: id.into(),
        name: format!("net-{id}"),
        external,
        shared,
        subnets: vec![],
    };
    let subnet = |id: &str, network: &str, cidr: &str| Subnet {
        id: id.into(),
        name: format!("sub-{id}"),
        network_id: network.into(),
        cidr: cidr.into(),
        ip_version: 4,
    };
    Inventory {
        images: vec![Image {
            id: "i1".into(),
            name: "ubuntu".into(),
            status: "active".into(),
            os_distro: Some("ubuntu".into()),
            kube_version: None,
            os_admin_user: None,
            magnum_driver: None,
            min_disk: 10,
            min_ram: 0,
            size: Some(3 << 30),
            ..Image::default()
        }],
        flavors: vec![
            flavor("good", 2, 4096, 40),
            flavor("one-cpu", 1, 4096, 40),
            flavor("small", 2, 1024, 40),
            flavor("no-disk", 2, 4096, 0),
            flavor("flat", 2, 4096, 2),
        ],
        networks: vec![network("out", true, false), network("in", false, false), network("common", false, true)],
        subnets: vec![
            subnet("out", "out", "172.24.4.0/24"),
            subnet("in", "in", "192.168.7.0/24"),
            subnet("common", "common", "10.100.4.0/22"),
        ],
        has_load_balancer: true,
        has_block_storage: true,
        ..Inventory::default()
    }
}

/// A wish that nothing is wrong with, to be changed.
fn wish() -> (NewTemplate, NewCluster) {
    let template = NewTemplate {
        image_id: "ubuntu".into(),
        external_network_id: Some("net-out".into()),
        flavor_id: Some("good".into()),
        keypair_id: Some("k".into()),
        floating_ip_enabled: false,
        ..NewTemplate::default()
    };
    (template, NewCluster { name: "c".into(), ..NewCluster::default() })
}

struct Case {
    template: NewTemplate,
    wish: NewCluster,
    cloud: Inventory,
    login: LoginEnds,
    ways_out: Option<Vec<String>>,
}

fn found(change: impl FnOnce(&mut Case)) -> Vec<Check> {
    let (template, wish) = wish();
    let mut case = Case { template, wish, cloud: cloud(), login: LoginEnds::default(), ways_out: None };
    change(&mut case);
    cluster(&Wanted {
        wish: &case.wish,
        template: &case.template,
        labels: &case.wish.labels,
        cloud: &case.cloud,
        sheet: None,
        ways_out: case.ways_out.as_deref(),
        login: &case.login,
        now: now(),
    })
}

fn labels(text: &str) -> Labels {
    Labels::parse_flag(text).unwrap()
}

#[test]
fn a_plain_wish_is_left_alone() {
    assert_eq!(found(|_| {}), []);
}

type Change = fn(&mut Case);

#[rstest]
#[case::subnet_alone(|c: &mut Case| c.wish.fixed_subnet = Some("sub-in".into()), "fixed_subnet", "needs its fixed network")]
#[case::csi_without_cloud(|c: &mut Case| { c.template.volume_driver = Some("cinder".into()); c.wish.labels = labels("cloud_provider_enabled=false"); }, "labels", "cloud_provider_enabled")]
#[case::ingress(|c: &mut Case| { c.cloud.has_load_balancer = false; c.wish.labels = labels("ingress_controller=octavia"); }, "labels", "no load-balancer service")]
#[case::ovn(|c: &mut Case| { c.wish.master_lb_enabled = Some(true); c.wish.labels = labels("octavia_provider=ovn"); }, "labels", "SOURCE_IP_PORT")]
#[case::scaling_range(|c: &mut Case| c.wish.labels = labels("auto_scaling_enabled=true,min_node_count=5,max_node_count=3"), "node_count", "less than min_node_count 5")]
#[case::scaling_below(|c: &mut Case| c.wish.labels = labels("auto_scaling_enabled=true,min_node_count=5"), "node_count", "less than min_node_count")]
#[case::scaling_above(|c: &mut Case| { c.wish.node_count = 9; c.wish.labels = labels("auto_scaling_enabled=true,max_node_count=3"); }, "node_count", "more than max_node_count 3")]
#[case::one_cpu(|c: &mut Case| c.wish.master_flavor_id = Some("one-cpu".into()), "master_flavor_id", "1 vCPU: kubeadm refuses")]
#[case::little_memory(|c: &mut Case| c.wish.master_flavor_id = Some("id-small".into()), "master_flavor_id", "1024 MB of memory")]
#[case::no_disk(|c: &mut Case| c.wish.flavor_id = Some("no-disk".into()), "flavor_id", "has no disk")]
#[case::flat_disk(|c: &mut Case| c.wish.flavor_id = Some("flat".into()), "flavor_id", "image \"ubuntu\" is 3 GB")]
#[case::boot_volume(|c: &mut Case| c.wish.labels = labels("boot_volume_size=9"), "labels", "needs 10")]
#[case::devicemapper(|c: &mut Case| { c.template.docker_storage_driver = Some("devicemapper".into()); c.wish.docker_volume_size = Some(2); }, "docker_volume_size", "3 GB at least")]
#[case::pods_and_services(|c: &mut Case| c.wish.labels = labels("flannel_network_cidr=10.254.0.0/16"), "labels", "overlaps with the services' network")]
#[case::pods_and_nodes(|c: &mut Case| c.wish.labels = labels("fixed_subnet_cidr=10.100.0.0/24"), "labels", "overlaps with the nodes' subnet")]
#[case::calico(|c: &mut Case| { c.template.network_driver = Some("calico".into()); c.wish.labels = labels("calico_ipv4pool=10.254.0.0/17"); }, "labels", "calico_ipv4pool")]
#[case::existing_and_pods(|c: &mut Case| c.wish.fixed_network = Some("net-common".into()), "labels", "subnet \"sub-common\" of the nodes 10.100.4.0/22")]
#[case::external(|c: &mut Case| c.wish.labels = labels("fixed_subnet_cidr=172.24.0.0/16"), "labels", "of the external network 172.24.4.0/24")]
#[case::dns(|c: &mut Case| c.template.dns_nameserver = Some("8.8.8.8,10.254.0.10".into()), "dns_nameserver", "would not reach it")]
#[case::crowded(|c: &mut Case| c.wish.labels = labels("fixed_subnet_cidr=10.0.0.0/29"), "", "")]
#[case::too_crowded(|c: &mut Case| { c.wish.node_count = 4; c.wish.labels = labels("fixed_subnet_cidr=10.0.0.0/29"); }, "labels", "has 8 addresses, 9 are needed for 5 nodes")]
#[case::few_pod_ranges(|c: &mut Case| { c.wish.node_count = 4; c.wish.labels = labels("flannel_network_cidr=10.100.0.0/22"); }, "labels", "room for 4 nodes")]
#[case::no_pod_range(|c: &mut Case| c.wish.labels = labels("flannel_network_subnetlen=15"), "labels", "room for 0 nodes")]
#[case::no_router(|c: &mut Case| { c.wish.fixed_network = Some("net-in".into()); c.wish.floating_ip_enabled = Some(true); c.ways_out = Some(vec![]); }, "floating_ip_enabled", "no router leads from network \"net-in\"")]
#[case::other_router(|c: &mut Case| { c.wish.fixed_network = Some("in".into()); c.wish.floating_ip_enabled = Some(true); c.ways_out = Some(vec!["elsewhere".into()]); }, "floating_ip_enabled", "no router leads")]
#[case::credential_gone(|c: &mut Case| c.login.credential = Some(now() - TimeDelta::minutes(1)), "", "application credential has ended")]
fn what_cannot_be_is_one_error_that_names_its_field(#[case] change: Change, #[case] field: &str, #[case] words: &str) {
    let errors: Vec<Check> = found(change).into_iter().filter(|check| check.severity == Severity::Error).collect();
    if words.is_empty() {
        assert_eq!(errors, []);
        return;
    }
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!(errors[0].field.as_deref().unwrap_or_default(), field, "{errors:?}");
    assert!(errors[0].found.contains(words), "{errors:?}");
    assert!(errors[0].advice.is_some(), "{errors:?}");
}

#[rstest]
#[case::volume(|c: &mut Case| c.wish.docker_volume_size = Some(20), "docker_volume_size", "waits for a volume of 20 GB")]
#[case::lonely_lb(|c: &mut Case| c.wish.master_lb_enabled = Some(true), "master_lb_enabled", "one master needs no load balancer")]
#[case::open_nodes(|c: &mut Case| c.wish.floating_ip_enabled = Some(true), "floating_ip_enabled", "every node gets a floating IP: 2")]
#[case::discovery(|c: &mut Case| c.wish.labels = labels("discovery_url=https://discovery.etcd.io/x"), "labels", "hangs on that service")]
#[case::tls(|c: &mut Case| c.template.tls_disabled = true, "cluster_template_id", "TLS is off")]
#[case::no_key(|c: &mut Case| c.template.keypair_id = None, "keypair", "nobody can log in")]
#[case::proxy(|c: &mut Case| c.template.http_proxy = Some("proxy:3128".into()), "cluster_template_id", "http proxy")]
#[case::hasty(|c: &mut Case| c.wish.create_timeout = 3, "create_timeout", "3 minutes is short")]
#[case::late_wait(|c: &mut Case| c.wish.labels = labels("wait_condition_timeout=3600"), "labels", "the create ends after 3600 s")]
#[case::credential(|c: &mut Case| c.login.credential = Some(now() + TimeDelta::minutes(30)), "create_timeout", "application credential ends in 30 minutes")]
#[case::token(|c: &mut Case| c.login.token = Some(now() + TimeDelta::minutes(59)), "create_timeout", "token, which cannot be renewed")]
#[case::short_tokens(|c: &mut Case| c.login.token_lives = Some(TimeDelta::minutes(15)), "create_timeout", "live 15 minutes")]
#[case::lb_label(|c: &mut Case| c.wish.labels = labels("master_lb_allowed_cidrs=10.0.0.0/8"), "labels", "there is no API load balancer")]
#[case::idle_cidr(|c: &mut Case| { c.wish.fixed_network = Some("net-in".into()); c.wish.labels = labels("fixed_subnet_cidr=10.9.0.0/24"); }, "labels", "has no effect")]
#[case::shared_router(|c: &mut Case| { c.wish.fixed_network = Some("net-common".into()); c.wish.floating_ip_enabled = Some(true); c.wish.node_count = 0; c.wish.labels = labels("flannel_network_cidr=10.1.0.0/16"); c.ways_out = Some(vec![]); }, "floating_ip_enabled", "no router leads")]
#[case::external_and_pods(|c: &mut Case| c.wish.labels = labels("flannel_network_cidr=172.24.0.0/16"), "labels", "of the external network")]
fn what_experience_says_stops_nothing(#[case] change: Change, #[case] field: &str, #[case] words: &str) {
    let all = found(change);
    assert_eq!(all.len(), 1, "{all:#?}");
    assert_ne!(all[0].severity, Severity::Error, "{all:?}");
    assert_eq!(all[0].field.as_deref(), Some(field));
    assert!(all[0].found.contains(words) && all[0].advice.is_some(), "{all:?}");
}

#[test]
fn a_way_out_that_is_there_or_not_looked_at_is_no_fault() {
    for ways_out in [None, Some(vec!["out".to_owned()])] {
        let all = found(|case| {
            case.wish.fixed_network = Some("net-in".into());
            case.wish.floating_ip_enabled = Some(true);
            case.wish.node_count = 0;
            case.ways_out = ways_out;
        });
        assert_eq!(all, []);
    }
}

proptest! {
    /// Whatever is written anywhere: findings, never a fall; and each finding can be shown.
    #[test]
    fn hostile_words_everywhere(words in proptest::collection::vec("\\PC{0,30}|[0-9./]{0,20}|\u{1b}\\[2J", 12), counts in proptest::array::uniform4(any::<u32>())) {
        let word = |n: usize| Some(words[n].clone());
        let all = found(|case| {
            case.template.image_id = words[0].clone();
            case.template.dns_nameserver = word(1);
            case.template.external_network_id = word(2);
            case.wish.fixed_network = word(3);
            case.wish.fixed_subnet = word(4);
            case.wish.flavor_id = word(5);
            case.template.network_driver = word(6);
            (case.wish.master_count, case.wish.node_count) = (counts[0], counts[1]);
            (case.wish.create_timeout, case.wish.docker_volume_size) = (counts[2], Some(counts[3]));
            for (name, value) in ["flannel_network_cidr", "service_cluster_ip_range", "fixed_subnet_cidr", "flannel_network_subnetlen", "discovery_url"].iter().zip(&words[7..]) {
                case.wish.labels.0.insert((*name).into(), value.clone());
            }
            case.cloud.subnets[0].cidr = words[11].clone();
        });
        for check in all {
            prop_assert!(!check.line().chars().any(|c| c.is_control()), "{check:?}");
        }
    }
}
