use proptest::prelude::*;

use super::*;

fn cloud() -> Inventory {
    let image = |name: &str, distro: Option<&str>| Image {
        id: format!("id-{name}"),
        name: name.into(),
        status: "active".into(),
        os_distro: distro.map(Into::into),
        kube_version: None,
        os_admin_user: None,
        magnum_driver: None,
        min_disk: 10,
        min_ram: 1024,
        size: Some(1),
        ..Image::default()
    };
    let network = |id: &str, name: &str, external| Network {
        id: id.into(),
        name: name.into(),
        external,
        shared: false,
        subnets: vec![],
    };
    let flavor = |name: &str, disk, ram| Flavor { id: name.into(), name: name.into(), vcpus: 2, ram, disk };
    Inventory {
        images: vec![image("ubuntu", Some("ubuntu")), image("plain", None), image("twin", Some("ubuntu")), {
            let mut other = image("twin", Some("ubuntu"));
            other.id = "id-twin-2".into();
            other
        }],
        flavors: vec![flavor("m1.small", 20, 2048), flavor("tiny", 1, 512)],
        keypairs: vec![Keypair { name: "key".into(), fingerprint: String::new() }],
        networks: vec![network("n1", "public", true), network("n2", "private", false)],
        subnets: vec![Subnet {
            id: "s1".into(),
            name: "inside".into(),
            network_id: "n2".into(),
            cidr: "10.0.0.0/24".into(),
            ip_version: 4,
        }],
        has_load_balancer: false,
        has_block_storage: true,
        sheets: Vec::new(),
        distros: Vec::new(),
    }
}

fn template() -> NewTemplate {
    NewTemplate {
        name: "t".into(),
        image_id: "ubuntu".into(),
        external_network_id: Some("public".into()),
        flavor_id: Some("m1.small".into()),
        master_flavor_id: Some("m1.small".into()),
        ..NewTemplate::default()
    }
}

fn cluster() -> NewCluster {
    NewCluster { name: "c".into(), cluster_template_id: "t".into(), ..NewCluster::default() }
}

fn fields(found: &[Problem]) -> Vec<&str> {
    found.iter().filter_map(|p| p.field.as_deref()).collect()
}

#[test]
fn a_good_wish_passes() {
    assert_eq!(template_shape(&template()), []);
    assert_eq!(template_fits(&template(), &cloud()), []);
    assert_eq!(cluster_shape(&cluster(), false), []);
    assert_eq!(cluster_fits(&cluster(), &template(), &cloud()), []);
}

#[test]
fn masters_without_a_flavor_are_as_large_as_workers() {
    let bare = NewTemplate { flavor_id: None, master_flavor_id: None, ..template() };
    assert_eq!(fields(&cluster_fits(&cluster(), &bare, &cloud())), ["flavor_id"], "told once");
    let wish = NewCluster { flavor_id: Some("m1.small".into()), ..cluster() };
    assert_eq!(cluster_fits(&wish, &bare, &cloud()), []);
    assert_eq!(wish.flavors(&bare), (Some("m1.small"), Some("m1.small")));
}

#[test]
fn every_bad_template_field_is_named() {
    type Break = fn(&mut NewTemplate);
    let cases: &[(&str, Break)] = &[
        ("name", |t| t.name.clear()),
        ("name", |t| t.name = "x".repeat(300)),
        ("name", |t| t.name = "a\x1b[31m".into()),
        ("coe", |t| t.coe = "swarm".into()),
        ("server_type", |t| t.server_type = "lxd".into()),
        ("image_id", |t| t.image_id = " ".into()),
        ("image_id", |t| t.image_id = "plain".into()),
        ("image_id", |t| t.image_id = "twin".into()),
        ("image_id", |t| t.image_id = "absent".into()),
        ("external_network_id", |t| t.external_network_id = None),
        ("external_network_id", |t| t.external_network_id = Some("private".into())),
        ("network_driver", |t| t.network_driver = Some("kuryr".into())),
        ("volume_driver", |t| t.volume_driver = Some("rexray".into())),
        ("dns_nameserver", |t| t.dns_nameserver = Some("1.1.1.1,::1".into())),
        ("docker_volume_size", |t| t.docker_volume_size = Some(0)),
        ("flavor_id", |t| t.flavor_id = Some("none".into())),
        ("master_flavor_id", |t| t.master_flavor_id = Some("huge\u{7}".into())),
        ("keypair_id", |t| t.keypair_id = Some("lost".into())),
        ("fixed_network", |t| t.fixed_network = Some("lost".into())),
        ("fixed_subnet", |t| t.fixed_subnet = Some("inside".into())),
        ("master_lb_enabled", |t| t.master_lb_enabled = true),
    ];
    for (field, spoil) in cases {
        let mut wish = template();
        spoil(&mut wish);
        let mut found = template_shape(&wish);
        found.extend(template_fits(&wish, &cloud()));
        assert!(fields(&found).contains(field), "{field}: {found:?}");
    }
}

#[test]
fn a_flavor_too_small_for_the_image_is_told_in_numbers() {
    let wish = NewTemplate { flavor_id: Some("tiny".into()), ..template() };
    let told: Vec<String> = template_fits(&wish, &cloud()).into_iter().map(|p| p.summary).collect();
    assert_eq!(
        told,
        [
            "flavor \"tiny\" has 1 GB disk, image \"ubuntu\" needs 10",
            "flavor \"tiny\" has 512 MB memory, image \"ubuntu\" needs 1024"
        ]
    );
}

#[test]
fn every_bad_cluster_field_is_named() {
    type Break = fn(&mut NewCluster);
    let cases: &[(&str, Break)] = &[
        ("name", |c| c.name = "1st".into()),
        ("name", |c| c.name = "a b".into()),
        ("name", |c| c.name = "x".repeat(65)),
        ("name", |c| c.name = "a\u{202E}b".into()),
        ("cluster_template_id", |c| c.cluster_template_id.clear()),
        ("master_count", |c| c.master_count = 0),
        ("master_count", |c| c.master_count = 2),
        ("master_count", |c| c.master_count = 3),
        ("master_count", |c| c.master_count = 9),
        ("node_count", |c| c.node_count = 5000),
        ("create_timeout", |c| c.create_timeout = u32::MAX),
        ("keypair", |c| c.keypair = Some("lost".into())),
        ("flavor_id", |c| c.flavor_id = Some("lost".into())),
    ];
    for (field, spoil) in cases {
        let mut wish = cluster();
        spoil(&mut wish);
        let mut found = cluster_shape(&wish, false);
        found.extend(cluster_fits(&wish, &template(), &cloud()));
        assert!(fields(&found).contains(field), "{field}: {found:?}");
    }
}

proptest! {
    #[test]
    fn accepted_names_fit_a_certificate_and_a_terminal(name in "\\PC{0,80}|[a-z][a-zA-Z0-9_.-]{0,70}") {
        if cluster_name(&name).is_ok() {
            prop_assert!(name.len() <= CLUSTER_NAME_MAX);
            prop_assert!(name.is_ascii() && name.starts_with(|c: char| c.is_ascii_alphabetic()));
            prop_assert_eq!(text::clean(&name), name);
        }
    }
}
