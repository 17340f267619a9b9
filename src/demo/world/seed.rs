//! What is in the cloud before anybody did anything.

use std::collections::BTreeMap;

use chrono::Utc;
use serde_json::{Value, json};

use super::compute::{BROKEN, SILENT};
use super::{Kind, World, new_hex_id, new_id, row, stamp, text};

/// Ids that other objects refer to.
#[derive(Debug, Clone)]
pub struct Ids {
    pub project: String,
    /// Owns public images and the networks that are not the demo project's.
    pub admin_project: String,
    pub user: String,
    /// Where stacks' own users live; in the URLs that nodes signal to.
    pub stack_project: String,
    pub credential: String,
    pub volume_type: String,
    pub default_group: String,
}

pub const USER: &str = "demo";
pub const PASSWORD: &str = "demo";
pub const PROJECT: &str = "demo";
pub const CREDENTIAL_NAME: &str = "demo-credential";
pub const CREDENTIAL_SECRET: &str = "demo-credential-secret";
pub const REGION: &str = "RegionOne";

/// A public key nobody has the other half of.
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBsUq8yNoV0JmOEwgPpJQrGz0W9r6UqQ7b1m9v0c9D2a demo";
const FINGERPRINT: &str = "44:0a:5c:2d:46:e2:7b:b8:f3:53:82:4d:1f:24:aa:2b";

/// Name, status, least disk in GB, properties.
type Picture = (&'static str, &'static str, u64, &'static [(&'static str, &'static str)]);

const IMAGES: [Picture; 6] = [
    (
        "ubuntu-24.04-kube-v1.33.4",
        "active",
        20,
        &[("os_distro", "ubuntu"), ("os_version", "24.04"), ("kube_version", "v1.33.4")],
    ),
    (
        "ubuntu-24.04-kube-v1.32.8",
        "active",
        20,
        &[("os_distro", "ubuntu"), ("os_version", "24.04"), ("kube_version", "v1.32.8")],
    ),
    (
        "ubuntu-22.04-kube-v1.31.12",
        "active",
        20,
        &[("os_distro", "ubuntu"), ("os_version", "22.04"), ("kube_version", "v1.31.12")],
    ),
    ("fedora-coreos-41", "active", 10, &[("os_distro", "fedora-coreos"), ("os_version", "41")]),
    ("debian-12-plain", "active", 0, &[]),
    (
        "ubuntu-24.04-kube-v1.34.0",
        "queued",
        20,
        &[("os_distro", "ubuntu"), ("os_version", "24.04"), ("kube_version", "v1.34.0")],
    ),
];

const FLAVORS: [(&str, &str, u64, u64, u64); 7] = [
    ("1", "m1.tiny", 1, 512, 1),
    ("2", "m1.small", 1, 2048, 20),
    ("3", "m1.medium", 2, 4096, 40),
    ("4", "m1.large", 4, 8192, 80),
    ("5", "m1.xlarge", 8, 16384, 160),
    ("80", BROKEN, 2, 4096, 40),
    ("81", SILENT, 2, 4096, 40),
];

impl World {
    /// A fresh cloud that answers at `base`.
    pub fn seeded(base: String) -> Result<Self, String> {
        let ids = Ids {
            project: new_hex_id(),
            admin_project: new_hex_id(),
            user: new_hex_id(),
            stack_project: new_hex_id(),
            credential: new_hex_id(),
            volume_type: new_id(),
            default_group: String::new(),
        };
        let mut world =
            Self { tables: BTreeMap::new(), tokens: BTreeMap::new(), heat: super::heat::Heat::default(), ids, base };
        for image in &IMAGES {
            world.seed_image(image);
        }
        for (id, name, vcpus, ram, disk) in FLAVORS {
            world.make_flavor(id, name, vcpus, ram, disk);
        }
        for name in ["demo-key", "laptop"] {
            // Keypairs go by name; the id is only our table's.
            let fields = json!({"id": name, "name": name, "public_key": KEY, "fingerprint": FINGERPRINT});
            world.insert(Kind::Keypair, row(Kind::Keypair, fields));
        }
        world.seed_networks()?;
        Ok(world)
    }

    fn seed_image(&mut self, (name, status, min_disk, properties): &Picture) {
        let id = new_id();
        let now = stamp(Utc::now());
        // What nobody described yet is somebody's own upload.
        let (owner, visibility) =
            if properties.is_empty() { (&self.ids.project, "private") } else { (&self.ids.admin_project, "public") };
        let mut made = row(
            Kind::Image,
            json!({
                "id": id, "name": name, "owner": owner, "visibility": visibility, "created_at": now, "updated_at": now,
                "min_disk": min_disk, "min_ram": 0, "status": status, "disk_format": "qcow2",
                "self": format!("/v2/images/{id}"), "file": format!("/v2/images/{id}/file"),
                "size": 1_610_612_736u64, "virtual_size": 10_737_418_240u64,
            }),
        );
        if *status == "queued" {
            for key in ["size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value"] {
                made.insert(key.into(), Value::Null);
            }
        }
        made.extend(properties.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))));
        self.insert(Kind::Image, made);
    }

    fn seed_networks(&mut self) -> Result<(), String> {
        self.ids.default_group = self.make_security_group("default", "Default security group");
        let group = self.ids.default_group.clone();
        for ethertype in ["IPv4", "IPv6"] {
            let fields =
                json!({"direction": "ingress", "ethertype": ethertype, "remote_group_id": group, "description": null});
            self.make_rule(&group, fields);
        }
        let public = self
            .seed_network(
                "public",
                "172.24.4.0/24",
                true,
                json!({"router:external": true, "is_default": true, "mtu": 1500}),
            )?
            .0;
        let inside = self.seed_network("private", "10.10.0.0/24", false, json!({}))?.1;
        self.seed_network("shared-services", "10.20.0.0/24", true, json!({"shared": true}))?;
        let gateway = self.gateway(&public, true)?;
        let router = self.neutron(Kind::Router, "router1", json!({"external_gateway_info": gateway}));
        let router = self.insert(Kind::Router, router);
        let address = self.find(Kind::Subnet, &inside).map(|subnet| text(subnet, "gateway_ip").to_owned());
        self.make_service_port("network:router_interface", &router, &inside, address.as_deref())?;
        Ok(())
    }

    /// A network and its subnet; both ids.
    fn seed_network(&mut self, name: &str, cidr: &str, admin: bool, fields: Value) -> Result<(String, String), String> {
        let owner = if admin { self.ids.admin_project.clone() } else { self.ids.project.clone() };
        let mut made = self.neutron(Kind::Network, name, fields);
        made.insert("tenant_id".into(), owner.clone().into());
        made.insert("project_id".into(), owner.clone().into());
        let network = self.insert(Kind::Network, made);
        let fields = json!({
            "cidr": cidr, "enable_dhcp": name != "public", "tenant_id": owner, "project_id": owner,
            "dns_nameservers": if name == "private" { json!(["9.9.9.9"]) } else { json!([]) },
        });
        let subnet = self.make_subnet(&format!("{name}-subnet"), &network, fields)?;
        Ok((network, subnet))
    }
}
