use proptest::prelude::*;
use rstest::rstest;

use super::{Sheet, Type, all, checks, distance, find, nearest, parse};
use crate::model::labels::origin::{Origin, effective, merged};
use crate::model::{Labels, Severity};

fn sheet(driver: &str, reads: &[(&str, &str)]) -> Sheet {
    let reads = reads.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sheet { driver: driver.into(), reads, ..Sheet::default() }
}

fn labels(text: &str) -> Labels {
    Labels::parse_flag(text).unwrap()
}

#[test]
fn the_embedded_file_is_whole_and_its_defaults_are_values() {
    assert!(parse(super::TEXT).unwrap().len() > 100);
    for (name, label) in all() {
        assert!(label.meaning.len() > 10 && !label.meaning.ends_with('.'), "{name}");
        if !label.default.is_empty() {
            assert_eq!(label.refuses(&label.default), None, "{name}");
        }
        let ordered = label.max.is_none_or(|max| label.min.unwrap_or(0) <= max);
        assert!(ordered && (label.kind == Type::Number || label.max.is_none()), "{name}");
    }
}

#[rstest]
#[case("flannel_network_cidr", "10.100.0.0/16", true)]
#[case("flannel_network_cidr", "10.100.0.0", false)]
#[case("flannel_network_cidr", "10.100.0.0/33", false)]
#[case("flannel_network_cidr", "10.100.3.0/16", false)]
#[case("flannel_network_cidr", "", false)]
#[case("flannel_network_cidr", "fd00::/8", false)]
#[case("flannel_backend", "vxlan", true)]
#[case("flannel_backend", "VXLAN", false)]
#[case("boot_volume_size", "20", true)]
#[case("boot_volume_size", "-1", false)]
#[case("boot_volume_size", "1.5", false)]
#[case("boot_volume_size", "20GB", false)]
#[case("boot_volume_size", "99999999999999999999", false)]
#[case("wait_condition_timeout", "0", false)]
#[case("wait_condition_timeout", "43201", false)]
#[case("octavia_lb_healthcheck", "True", true)]
#[case("octavia_lb_healthcheck", "yes", false)]
#[case("octavia_lb_healthcheck", "", false)]
#[case("ingress_controller", "", true)]
#[case("ingress_controller", "haproxy", false)]
#[case("master_lb_allowed_cidrs", "10.0.0.0/8, 192.168.0.0/24", true)]
#[case("master_lb_allowed_cidrs", "10.0.0.0/8;192.168.0.0/24", false)]
#[case("kube_tag", "v1.31.4", true)]
#[case("kube_tag", "v1.31; rm -rf /", false)]
#[case("kube_tag", "$(id)", false)]
#[case("containerd_tarball_url", "http://mirror/c.tgz", true)]
#[case("containerd_tarball_url", "file:///etc/passwd", false)]
#[case("containerd_tarball_sha256", "abc", false)]
#[case("kubeadm_timeout", "4m", false)]
#[case("kubelet_options", "--v=2 --fail-swap-on=false", true)]
fn a_value_is_of_its_type_or_refused(#[case] name: &str, #[case] value: &str, #[case] good: bool) {
    assert_eq!(find(name).unwrap().refuses(value).is_none(), good, "{:?}", find(name).unwrap().refuses(value));
}

#[test]
fn each_kind_of_mistake_is_told_with_what_to_do() {
    let mine = sheet("mine", &[("flannel_network_cidr", ""), ("own_label", "")]);
    let other = sheet("other", &[("etcd_volume_size", "0")]);
    let given = labels("flanel_network_cidr=10.0.0.0/16,own_label=x,zzz=1,etcd_volume_size=x,swarm_strategy=spread");
    let found = checks(&given, Some(&mine), &[mine.clone(), other]);
    let told: Vec<String> = found.iter().map(super::Check::line).collect();
    assert_eq!(
        told,
        [
            "warning: label etcd_volume_size has no effect: driver mine does not read it. other does",
            "warning: label flanel_network_cidr is not known, and nothing reads it. Is flannel_network_cidr meant?",
            "warning: label swarm_strategy has no effect: driver mine does not read it. Magnum itself reads it no more since release 16.0; leave it out",
            "warning: label zzz is not known, and nothing reads it. jeroboam label list names those there are",
        ]
    );
    let found = checks(&labels("flannel_network_cidr=all"), Some(&mine), &[]);
    assert_eq!((found[0].severity, found[0].field.as_deref()), (Severity::Error, Some("labels")));
    assert!(checks(&labels("flannel_network_cidr=10.1.0.0/16"), Some(&mine), &[]).is_empty());
}

#[test]
fn labels_merge_as_magnum_merges_them() {
    let (template, own) = (labels("a=1,b=2"), labels("b=3,c=4"));
    assert_eq!(merged(&template, &own, true), labels("a=1,b=3,c=4"));
    assert_eq!(merged(&template, &own, false), own);
    assert_eq!(merged(&template, &Labels::default(), false), template);
}

#[test]
fn every_value_says_where_it_comes_from() {
    let sheet = sheet("d", &[("a", "0"), ("b", "0"), ("d", "9"), ("e", "")]);
    let (template, own) = (labels("a=1,b=2"), labels("b=3,c=4,grafana_admin_passwd=hush"));
    let cluster = merged(&template, &own, true);
    let group = merged(&cluster, &labels("a=7"), true);
    let levels = [(Origin::Template, &template), (Origin::Cluster, &cluster), (Origin::NodeGroup, &group)];
    let told: Vec<String> = effective(Some(&sheet), &levels)
        .iter()
        .map(|e| format!("{}={} {} {}", e.name, e.value, e.origin.word(), e.read.unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            "a=7 node group true",
            "b=3 cluster true",
            "c=4 cluster false",
            "d=9 driver default true",
            "grafana_admin_passwd=[hidden] cluster false"
        ]
    );
    assert_eq!(effective(None, &levels[..1])[0].origin, Origin::Template);
}

#[test]
fn a_slip_of_the_finger_finds_its_label() {
    let names = || all().keys().map(String::as_str);
    for (typed, meant) in [
        ("kube_tga", "kube_tag"),
        ("auto_healing_enable", "auto_healing_enabled"),
        ("servicecluster_ip_range", "service_cluster_ip_range"),
        ("docker_volume_typ", "docker_volume_type"),
    ] {
        assert_eq!(nearest(typed, names()), Some(meant));
    }
    assert_eq!(nearest("completely_different", names()), None);
    assert_eq!((distance("ab", "ba"), distance("", "abc"), distance("kitten", "sitting")), (1, 3, 3));
}

proptest! {
    #[test]
    fn any_label_at_all_is_judged_without_falling_over(name in "\\PC{0,40}", value in "\\PC{0,60}") {
        let mut given = Labels::default();
        given.0.insert(name, value.clone());
        let _ = checks(&given, Some(&sheet("d", &[])), &[]);
        for label in all().values() {
            let _ = label.refuses(&value);
        }
    }
}
