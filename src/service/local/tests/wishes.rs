//! Bad input: every option of a template and of a cluster with what cannot be meant. Exactly one
//! error, at its field, that can be shown; the preview says the same; nothing is kept and nothing
//! is made.

use super::*;
use crate::model::{Labels, Problem};

/// What the cloud of most rows has.
fn whole() -> Services {
    Services { cores_left: Some(100), offers: vec!["load-balancer", "block-storage"], ..Services::default() }
}

type Spoil = fn(&mut NewTemplate);
type SpoilBoth = fn(&mut NewTemplate, &mut NewCluster);
type Put = fn(&mut NewCluster, &str);
type Place = fn(&mut NewTemplate) -> &mut Option<String>;
/// What went another way than it should.
type Found = Vec<String>;

/// The one error, of a length that can be read and without anything that steers a terminal.
fn the_one(what: &str, problems: &[Problem], field: &str, words: &str, found: &mut Found) {
    let [problem] = problems else { return found.push(format!("{what}: {} errors: {problems:#?}", problems.len())) };
    let line = problem.line();
    if problem.field.as_deref().unwrap_or_default() != field || !problem.summary.contains(words) {
        found.push(format!("{what}: not {field}, {words:?}: {problem:?}"));
    }
    if line.chars().count() > 700 || line.chars().any(char::is_control) {
        found.push(format!("{what}: cannot be shown: {line:?}"));
    }
}

async fn template(what: &str, services: Services, wish: NewTemplate, field: &str, words: &str, found: &mut Found) {
    let bench = bench(services, false);
    match bench.manager.create_template(wish).await {
        Err(problems) => the_one(what, &problems, field, words, found),
        Ok(_) => found.push(format!("{what}: taken")),
    }
    if bench.manager.templates().await.unwrap().len() > usize::from(found.iter().any(|line| line.ends_with(": taken")))
    {
        found.push(format!("{what}: kept"));
    }
}

async fn cluster(
    what: &str,
    services: Services,
    spoil: impl FnOnce(&mut NewTemplate, &mut NewCluster),
    (field, words): (&str, &str),
    found: &mut Found,
) {
    let bench = bench(services, false);
    let (mut spec, mut wish) = (NewTemplate { labels: Labels::default(), ..new_template() }, new_cluster());
    wish.labels = Labels::default();
    let template = bench.manager.create_template(spec.clone()).await.unwrap();
    spoil(&mut spec, &mut wish);
    // As it came into the store by an older version, or as the cloud was when it was made.
    let uuid = crate::model::TemplateId(uuid::Uuid::from_u128(7));
    let kept = crate::model::ClusterTemplate { spec, uuid, ..template.clone() };
    bench.manager.delete_template(template.uuid).await.unwrap();
    bench.store.add_template(&identity().scope, &kept).await.unwrap();
    let Err(problems) = bench.manager.create_cluster(wish.clone()).await else {
        return found.push(format!("{what}: taken"));
    };
    the_one(what, &problems, field, words, found);
    let same = bench.manager.preview_cluster(wish).await.map_or_else(|same| same, |preview| preview.refusal());
    let told = |all: &[Problem]| all.iter().map(Problem::line).collect::<Vec<_>>();
    if told(&same) != told(&problems) {
        found.push(format!("{what}: the preview says {same:#?}"));
    }
    let made = bench.heat.lock().stacks.len();
    if made > 0 || !bench.store.clusters(&identity().scope).await.unwrap().is_empty() {
        found.push(format!("{what}: kept, {made} stacks"));
    }
}

const TEMPLATES: &[(&str, Spoil, &str, &str)] = &[
    ("no name", |t| t.name = String::new(), "name", "missing"),
    ("blank name", |t| t.name = "  ".into(), "name", "missing"),
    ("coe", |t| t.coe = "swarm".into(), "coe", "kubernetes is"),
    ("no coe", |t| t.coe = String::new(), "coe", "not supported"),
    ("bare metal", |t| t.server_type = "bm".into(), "server_type", "no driver builds"),
    ("server type", |t| t.server_type = "zx".into(), "server_type", "vm, bm"),
    ("no image", |t| t.image_id = String::new(), "image_id", "missing"),
    ("lost image", |t| t.image_id = "gone".into(), "image_id", "not found"),
    ("image without distro", |t| t.image_id = "plain".into(), "image_id", "os_distro"),
    ("image of no driver", |t| t.image_id = "mars".into(), "image_id", "no driver builds"),
    ("no external network", |t| t.external_network_id = None, "external_network_id", "missing"),
    ("empty external network", |t| t.external_network_id = Some(String::new()), "external_network_id", "missing"),
    (
        "inner network as external",
        |t| t.external_network_id = Some("private".into()),
        "external_network_id",
        "not external",
    ),
    ("lost flavor", |t| t.flavor_id = Some("huge".into()), "flavor_id", "not found"),
    ("empty flavor", |t| t.flavor_id = Some(String::new()), "flavor_id", "missing"),
    ("lost master flavor", |t| t.master_flavor_id = Some("huge".into()), "master_flavor_id", "not found"),
    ("lost key", |t| t.keypair_id = Some("lost".into()), "keypair_id", "not found"),
    (
        "subnet without network",
        |t| t.fixed_subnet = Some("private-v4".into()),
        "fixed_subnet",
        "needs its fixed network",
    ),
    ("lost network", |t| t.fixed_network = Some("nowhere".into()), "fixed_network", "not found"),
    ("empty network", |t| t.fixed_network = Some(String::new()), "fixed_network", "missing"),
    (
        "another network's subnet",
        |t| {
            t.fixed_network = Some("double".into());
            t.fixed_subnet = Some("private-v4".into());
        },
        "fixed_subnet",
        "does not belong",
    ),
    ("kuryr", |t| t.network_driver = Some("kuryr".into()), "network_driver", "retired upstream since 2024"),
    ("network driver", |t| t.network_driver = Some("weave".into()), "network_driver", "not supported"),
    ("empty network driver", |t| t.network_driver = Some(String::new()), "network_driver", "not supported"),
    ("volume driver", |t| t.volume_driver = Some("rexray".into()), "volume_driver", "not supported"),
    ("no DNS", |t| t.dns_nameserver = Some(String::new()), "dns_nameserver", "not an IPv4 address"),
    ("DNS by name", |t| t.dns_nameserver = Some("8.8.8.8,dns.google".into()), "dns_nameserver", "dns.google"),
    ("no volume", |t| t.docker_volume_size = Some(0), "docker_volume_size", "at least 1"),
    ("vast volume", |t| t.docker_volume_size = Some(u32::MAX), "docker_volume_size", "over 16384 GB"),
    ("storage driver", |t| t.docker_storage_driver = Some("overlay2".into()), "docker_storage_driver", "does not take"),
    ("proxy", |t| t.http_proxy = Some("proxy:3128".into()), "http_proxy", "not an http:// or https:// address"),
    ("proxy of shell", |t| t.https_proxy = Some("http://p:1/`reboot`".into()), "https_proxy", "not an http://"),
    ("empty proxy", |t| t.https_proxy = Some(String::new()), "https_proxy", "not an http://"),
    ("no_proxy", |t| t.no_proxy = Some("10.0.0.0/8, $(reboot)".into()), "no_proxy", "no host or network"),
    ("registry", |t| t.insecure_registry = Some("http//x y".into()), "insecure_registry", "no host"),
    ("registry of its own", |t| t.registry_enabled = true, "registry_enabled", "does not take"),
    ("no TLS", |t| t.tls_disabled = true, "tls_disabled", "always serves"),
    ("driver", |t| t.driver = Some("k8s_mars".into()), "driver", "there is no driver"),
    (
        "label of a wrong type",
        |t| t.labels = Labels::parse_flag("boot_volume_size=-1").unwrap(),
        "labels",
        "whole number",
    ),
    (
        "label out of range",
        |t| t.labels = Labels::parse_flag("etcd_volume_size=99999").unwrap(),
        "labels",
        "16384 is the most",
    ),
];

#[tokio::test]
async fn a_template_that_cannot_be_is_one_error_at_its_field() {
    let mut found = Found::new();
    for (what, spoil, field, words) in TEMPLATES {
        let mut wish = NewTemplate { labels: Labels::default(), ..new_template() };
        spoil(&mut wish);
        template(what, whole(), wish, field, words, &mut found).await;
    }
    let bare = || Services { cores_left: Some(100), ..Services::default() };
    let lb = NewTemplate { master_lb_enabled: true, ..new_template() };
    template("load balancer without Octavia", bare(), lb, "master_lb_enabled", "Octavia", &mut found).await;
    let csi = NewTemplate { volume_driver: Some("cinder".into()), ..new_template() };
    template("volume driver without Cinder", bare(), csi, "volume_driver", "Cinder", &mut found).await;
    let volume = NewTemplate { docker_volume_size: Some(5), ..new_template() };
    template("volume without Cinder", bare(), volume, "docker_volume_size", "Cinder", &mut found).await;
    assert!(found.is_empty(), "{}: {}", found.len(), found.join("\n"));
}

fn label(cluster: &mut NewCluster, text: &str) {
    cluster.labels = Labels::parse_flag(text).unwrap();
}

const CLUSTERS: &[(&str, SpoilBoth, &str, &str)] = &[
    ("no name", |_, c| c.name = String::new(), "name", "missing"),
    ("digit first", |_, c| c.name = "9lives".into(), "name", "begin with a letter"),
    ("space in the name", |_, c| c.name = "a b".into(), "name", "cannot have"),
    ("long name", |_, c| c.name = "a".repeat(65), "name", "64 is the most"),
    ("lost template", |_, c| c.cluster_template_id = "gone".into(), "cluster_template_id", "not found"),
    ("no template", |_, c| c.cluster_template_id = String::new(), "cluster_template_id", "missing"),
    ("no master", |_, c| c.master_count = 0, "master_count", "at least 1"),
    ("two masters", |_, c| c.master_count = 2, "master_count", "odd"),
    ("eight masters", |_, c| c.master_count = 8, "master_count", "even"),
    ("nine masters", |_, c| c.master_count = 9, "master_count", "at most 7"),
    ("masters without end", |_, c| c.master_count = u32::MAX, "master_count", "too large"),
    ("three masters, no balancer", |_, c| c.master_count = 3, "master_count", "need the API load balancer"),
    ("workers without end", |_, c| c.node_count = u32::MAX, "node_count", "over 1000"),
    ("time without end", |_, c| c.create_timeout = u32::MAX, "create_timeout", "over 43200"),
    ("no volume", |_, c| c.docker_volume_size = Some(0), "docker_volume_size", "at least 1"),
    ("vast volume", |_, c| c.docker_volume_size = Some(20_000), "docker_volume_size", "over 16384 GB"),
    ("lost flavor", |_, c| c.flavor_id = Some("huge".into()), "flavor_id", "not found"),
    (
        "one lost flavor for all",
        |t, c| {
            t.master_flavor_id = None;
            c.flavor_id = Some("huge".into());
        },
        "flavor_id",
        "not found",
    ),
    (
        "no flavor anywhere",
        |t, _| {
            t.flavor_id = None;
            t.master_flavor_id = None;
        },
        "flavor_id",
        "no flavor is given",
    ),
    ("lost master flavor", |_, c| c.master_flavor_id = Some("huge".into()), "master_flavor_id", "not found"),
    ("lost key", |_, c| c.keypair = Some("lost".into()), "keypair", "not found"),
    (
        "subnet without network",
        |_, c| c.fixed_subnet = Some("private-v4".into()),
        "fixed_subnet",
        "needs its fixed network",
    ),
    ("lost network", |_, c| c.fixed_network = Some("nowhere".into()), "fixed_network", "not found"),
    (
        "lost subnet",
        |_, c| {
            c.fixed_network = Some("private".into());
            c.fixed_subnet = Some("nowhere".into());
            c.floating_ip_enabled = Some(false);
        },
        "fixed_subnet",
        "not found",
    ),
    (
        "two subnets",
        |_, c| {
            c.fixed_network = Some("double".into());
            c.floating_ip_enabled = Some(false);
        },
        "fixed_subnet",
        "name one",
    ),
    (
        "no subnet",
        |_, c| {
            c.fixed_network = Some("empty".into());
            c.floating_ip_enabled = Some(false);
        },
        "fixed_network",
        "no IPv4 subnet",
    ),
    (
        "floating IPs without a router",
        |_, c| c.fixed_network = Some("private".into()),
        "floating_ip_enabled",
        "no router leads",
    ),
    (
        "a cilium that nobody has",
        |t, _| t.network_driver = Some("cilium".into()),
        "labels",
        "no manifest for add-on cilium",
    ),
    ("an autoscaler that nobody has", |_, c| label(c, "auto_scaling_enabled=True"), "labels", "cluster-autoscaler"),
    ("an ingress that nobody has", |_, c| label(c, "ingress_controller=nginx"), "labels", "ingress-nginx"),
    (
        "fewer than the autoscaler leaves",
        |_, c| label(c, "auto_scaling_enabled=true,min_node_count=5,addons_mirror=http://m"),
        "node_count",
        "less than min_node_count 5",
    ),
    (
        "most below fewest",
        |_, c| label(c, "auto_scaling_enabled=true,min_node_count=5,max_node_count=3,addons_mirror=http://m"),
        "node_count",
        "min_node_count",
    ),
    (
        "volume driver without its provider",
        |t, c| {
            t.volume_driver = Some("cinder".into());
            label(c, "cloud_provider_enabled=false");
        },
        "labels",
        "cloud_provider_enabled",
    ),
    ("pods on services", |_, c| label(c, "flannel_network_cidr=10.254.0.0/16"), "labels", "overlaps"),
    ("too small a network", |_, c| label(c, "fixed_subnet_cidr=10.0.0.0/30"), "labels", "/8 to /29"),
    ("network with host bits", |_, c| label(c, "fixed_subnet_cidr=10.0.0.1/24"), "labels", "takes a network"),
    (
        "balancer without algorithm",
        |t, c| {
            t.master_lb_enabled = true;
            label(c, "octavia_provider=ovn");
        },
        "labels",
        "SOURCE_IP_PORT",
    ),
    ("quota", |_, c| c.node_count = 60, "node_count", "quota of nova"),
    // The template was made when these were still taken.
    ("old template with kuryr", |t, _| t.network_driver = Some("kuryr".into()), "cluster_template_id", "kuryr"),
    ("old template of a lost image", |t, _| t.image_id = "gone".into(), "cluster_template_id", "not found"),
    (
        "old template of a lost network",
        |t, _| t.external_network_id = Some("gone".into()),
        "cluster_template_id",
        "not found",
    ),
    ("old template without TLS", |t, _| t.tls_disabled = true, "cluster_template_id", "always serves"),
];

#[tokio::test]
async fn a_cluster_that_cannot_be_is_one_error_at_its_field() {
    let mut found = Found::new();
    for (what, spoil, field, words) in CLUSTERS {
        cluster(what, whole(), spoil, (field, words), &mut found).await;
    }
    let bare = || Services { cores_left: Some(100), ..Services::default() };
    let rows: [(&str, SpoilBoth, &str); 4] = [
        ("load balancer", |_, c| c.master_lb_enabled = Some(true), "master_lb_enabled"),
        ("docker volume", |_, c| c.docker_volume_size = Some(5), "docker_volume_size"),
        ("boot volume", |_, c| label(c, "boot_volume_size=20"), "labels"),
        ("etcd volume", |_, c| label(c, "etcd_volume_size=5"), "labels"),
    ];
    for (what, spoil, field) in rows {
        cluster(what, bare(), spoil, (field, "this cloud has no"), &mut found).await;
    }
    assert!(found.is_empty(), "{}: {}", found.len(), found.join("\n"));
}

/// Every label that a driver reads, with values it cannot take.
#[tokio::test]
async fn a_label_that_cannot_be_meant_is_one_error() {
    let mut found = Found::new();
    use crate::model::labels::catalogue::{self, Type};
    let sheets = bench(whole(), false).manager.sheets();
    let sheet = sheets.iter().find(|sheet| sheet.driver == "k8s_ubuntu_kubeadm").unwrap();
    for name in sheet.reads.keys() {
        let bad: &[&str] = match catalogue::find(name).unwrap().kind {
            _ if !catalogue::find(name).unwrap().values.is_empty() => &["other", " ", "\"x\""],
            Type::Number => &["", "x", "-1", "1.5", "99999999999999999999", "1;reboot"],
            Type::Bool => &["", "maybe", "1", "true; reboot"],
            Type::Cidr => &["", "10.0.0.0", "10.0.0.0/33", "10.0.0.1/24", "fd00::/64", "$(reboot)/8"],
            Type::Cidrs => &["10.0.0.0/8,", "10.0.0.0/8;0.0.0.0/0", "all"],
            Type::Tag => &["", "v1 2", "v1;x", "../v1"],
            Type::Url => &["x", "ftp://x", "http://", "http://a b", "http://x/\"", "file:///etc/passwd"],
            Type::Sha256 => &["x", "0"],
            Type::Name => &["a\"b", "$(reboot)", "a;b", "{{ x }}", "`x`"],
            Type::Text | Type::Password => &[],
        };
        for value in bad.iter().copied().chain(["a\nb", "\u{1b}[2J", "\u{202e}x"]) {
            let given = Labels([(name.clone(), value.to_owned())].into());
            let what = format!("{name}={value:?}");
            cluster(&what, whole(), |_, c| c.labels = given, ("labels", name), &mut found).await;
        }
    }
    for name in ["", "a b", "a\nb", &"x".repeat(300)] {
        let given = Labels([(name.to_owned(), "1".to_owned())].into());
        cluster(&format!("{name:?}"), whole(), |_, c| c.labels = given, ("labels", "label \""), &mut found).await;
    }
    let vast = Labels([("kubelet_options".to_owned(), "x".repeat(100_000))].into());
    cluster("100 kB of label", whole(), |_, c| c.labels = vast, ("labels", "too long"), &mut found).await;
    assert!(found.is_empty(), "{}: {}", found.len(), found.join("\n"));
}

/// Every field of text with what could steer a terminal, a shell or a parser, or fill a disk.
#[tokio::test]
async fn hostile_words_are_one_error_wherever_they_stand() {
    let mut found = Found::new();
    let hostile = ["a\nb: c", "\u{1b}[2J", "\0", "\u{202e}x", &"x".repeat(100_000)];
    // Not refused where a text is only for people; never where it names something.
    let signs = ["\"; rm -rf / #", "$(reboot)", "`x`", "{{ x }}", "a: [b", "日本 語"];
    let fields: [(&str, Place); 12] = [
        ("keypair_id", |t| &mut t.keypair_id),
        ("external_network_id", |t| &mut t.external_network_id),
        ("fixed_network", |t| &mut t.fixed_network),
        ("flavor_id", |t| &mut t.flavor_id),
        ("master_flavor_id", |t| &mut t.master_flavor_id),
        ("network_driver", |t| &mut t.network_driver),
        ("volume_driver", |t| &mut t.volume_driver),
        ("dns_nameserver", |t| &mut t.dns_nameserver),
        ("docker_storage_driver", |t| &mut t.docker_storage_driver),
        ("http_proxy", |t| &mut t.http_proxy),
        ("no_proxy", |t| &mut t.no_proxy),
        ("insecure_registry", |t| &mut t.insecure_registry),
    ];
    let plain = || NewTemplate { labels: Labels::default(), ..new_template() };
    for word in hostile.iter().copied().chain(signs) {
        for (field, place) in fields {
            let mut wish = plain();
            *place(&mut wish) = Some(word.to_owned());
            template(&format!("{field} {:.20}", word), whole(), wish, field, "", &mut found).await;
        }
        for (field, wish) in [
            ("image_id", NewTemplate { image_id: word.into(), ..plain() }),
            ("coe", NewTemplate { coe: word.into(), ..plain() }),
            ("server_type", NewTemplate { server_type: word.into(), ..plain() }),
            ("driver", NewTemplate { driver: Some(word.into()), ..plain() }),
        ] {
            template(&format!("{field} {:.20}", word), whole(), wish, field, "", &mut found).await;
        }
        let fields: [(&str, Put); 6] = [
            ("name", |c, word| c.name = word.into()),
            ("cluster_template_id", |c, word| c.cluster_template_id = word.into()),
            ("keypair", |c, word| c.keypair = Some(word.into())),
            ("flavor_id", |c, word| c.flavor_id = Some(word.into())),
            ("master_flavor_id", |c, word| c.master_flavor_id = Some(word.into())),
            ("fixed_network", |c, word| c.fixed_network = Some(word.into())),
        ];
        for (field, put) in fields {
            cluster(&format!("{field} {:.20}", word), whole(), |_, c| put(c, word), (field, ""), &mut found).await;
        }
    }
    for word in hostile {
        template("name", whole(), NewTemplate { name: word.into(), ..plain() }, "name", "", &mut found).await;
        template("tags", whole(), NewTemplate { tags: Some(word.into()), ..plain() }, "tags", "", &mut found).await;
    }
    assert!(found.is_empty(), "{}: {}", found.len(), found.join("\n"));
}
