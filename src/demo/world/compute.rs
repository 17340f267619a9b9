//! Servers and volumes: making rows, and what servers show of their ports.

use chrono::Utc;
use serde_json::{Value, json};

use super::{Kind, Row, World, new_hex_id, new_id, row, stamp, stamp_micros, text};

/// A flavor of this name makes servers that Nova cannot place.
pub const BROKEN: &str = "demo.broken";
/// A flavor of this name makes servers that boot and never signal.
pub const SILENT: &str = "demo.silent";

impl World {
    fn nova_links(&self, path: &str) -> Value {
        json!([
            {"rel": "self", "href": format!("{}/compute/v2.1/{path}", self.base)},
            {"rel": "bookmark", "href": format!("{}/compute/{path}", self.base)},
        ])
    }

    pub fn make_flavor(&mut self, id: &str, name: &str, vcpus: u64, ram: u64, disk: u64) {
        let links = self.nova_links(&format!("flavors/{id}"));
        let fields = json!({"id": id, "name": name, "vcpus": vcpus, "ram": ram, "disk": disk, "links": links});
        self.insert(Kind::Flavor, row(Kind::Flavor, fields));
    }

    /// A flavor as servers show it.
    pub fn server_flavor(&self, flavor: &str) -> Result<Value, String> {
        let Some(flavor) = self.named(Kind::Flavor, flavor) else {
            return Err(format!("Flavor {flavor} could not be found."));
        };
        Ok(json!({
            "vcpus": flavor["vcpus"], "ram": flavor["ram"], "disk": flavor["disk"], "ephemeral": 0, "swap": 0,
            "original_name": flavor["name"], "extra_specs": {}, "_id": flavor["id"],
        }))
    }

    /// An image as servers show it; empty for a server that boots from a volume.
    pub fn server_image(&self, image: &str) -> Result<Value, String> {
        match self.named(Kind::Image, image) {
            None if image.is_empty() => Ok("".into()),
            None => Err(format!("Image {image} could not be found.")),
            Some(image) => {
                let id = text(image, "id");
                if text(image, "status") != "active" {
                    return Err(format!("Image {id} is unacceptable: Image is not active."));
                }
                let href = format!("{}/compute/images/{id}", self.base);
                Ok(json!({"id": id, "links": [{"rel": "bookmark", "href": href}]}))
            }
        }
    }

    /// A server that begins to build.
    pub fn make_server(&mut self, name: &str, image: &str, flavor: &str, fields: Value) -> Result<String, String> {
        let flavor = self.server_flavor(flavor)?;
        let image = self.server_image(image)?;
        let id = new_id();
        let now = stamp(Utc::now());
        let links = self.nova_links(&format!("servers/{id}"));
        let mut made = row(
            Kind::Server,
            json!({
                "id": id, "name": name, "status": "BUILD", "tenant_id": self.ids.project, "user_id": self.ids.user,
                "image": image, "flavor": flavor, "created": now, "updated": now, "links": links,
                "OS-EXT-STS:task_state": "spawning", "OS-EXT-STS:vm_state": "building", "OS-EXT-STS:power_state": 0,
                "OS-SRV-USG:launched_at": null, "OS-EXT-SRV-ATTR:hostname": hostname(name), "key_name": null,
            }),
        );
        if let Value::Object(fields) = fields {
            made.extend(fields);
        }
        Ok(self.insert(Kind::Server, made))
    }

    /// The server is up, or could not be placed (then the error is Nova's fault message).
    pub fn finish_server(&mut self, id: &str) -> Result<(), String> {
        let now = Utc::now();
        let Some(server) = self.find_mut(Kind::Server, id) else {
            return Err(format!("Instance {id} could not be found."));
        };
        server.insert("updated".into(), stamp(now).into());
        server.insert("OS-EXT-STS:task_state".into(), Value::Null);
        if server["flavor"]["original_name"] == BROKEN {
            let message = "No valid host was found. There are not enough hosts available.";
            server.insert("status".into(), "ERROR".into());
            server.insert("OS-EXT-STS:vm_state".into(), "error".into());
            server.insert("fault".into(), json!({"code": 500, "created": stamp(now), "message": message}));
            return Err(message.to_owned());
        }
        server.insert("status".into(), "ACTIVE".into());
        server.insert("OS-EXT-STS:vm_state".into(), "active".into());
        server.insert("OS-EXT-STS:power_state".into(), 1.into());
        server.insert("OS-SRV-USG:launched_at".into(), stamp_micros(now).into());
        server.insert("hostId".into(), format!("{}{}", new_hex_id(), &new_hex_id()[..24]).into());
        let ports: Vec<String> = self.ports_of(id).iter().map(|port| text(port, "id").to_owned()).collect();
        for port in ports {
            self.set(Kind::Port, &port, "status", "ACTIVE");
        }
        Ok(())
    }

    pub fn ports_of(&self, device: &str) -> Vec<&Row> {
        self.rows(Kind::Port).iter().filter(|port| text(port, "device_id") == device).collect()
    }

    pub fn make_volume(&mut self, name: &str, size: u64, fields: Value) -> String {
        let id = new_id();
        let now = stamp_micros(Utc::now());
        let project = self.ids.project.clone();
        let links = json!([
            {"rel": "self", "href": format!("{}/volume/v3/{project}/volumes/{id}", self.base)},
            {"rel": "bookmark", "href": format!("{}/volume/{project}/volumes/{id}", self.base)},
        ]);
        let mut made = row(
            Kind::Volume,
            json!({
                "id": id, "name": name, "size": size, "status": "creating", "created_at": now, "updated_at": now,
                "links": links, "user_id": self.ids.user, "volume_type": VOLUME_TYPE,
                "volume_type_id": self.ids.volume_type, "os-vol-tenant-attr:tenant_id": project,
            }),
        );
        if let Value::Object(fields) = fields {
            made.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        }
        self.insert(Kind::Volume, made)
    }

    pub fn attach_volume(&mut self, volume: &str, server: &str) -> Result<(), String> {
        if self.find(Kind::Server, server).is_none() {
            return Err(format!("Instance {server} could not be found."));
        }
        let nth = self.rows(Kind::Volume).iter().filter(|v| v["attachments"][0]["server_id"] == server).count();
        let letter = char::from(b'b' + u8::try_from(nth).unwrap_or(24).min(24));
        let attachment = json!([{
            "id": volume, "attachment_id": new_id(), "volume_id": volume, "server_id": server, "host_name": null,
            "device": format!("/dev/sd{letter}"), "attached_at": stamp_micros(Utc::now()),
        }]);
        let Some(row) = self.find_mut(Kind::Volume, volume) else {
            return Err(format!("Volume {volume} could not be found."));
        };
        row.insert("attachments".into(), attachment);
        row.insert("status".into(), "in-use".into());
        Ok(())
    }

    /// Takes the volumes off a server that goes.
    pub fn detach_volumes(&mut self, server: &str) {
        let attached = self.rows(Kind::Volume).iter().filter(|volume| volume["attachments"][0]["server_id"] == server);
        let attached: Vec<String> = attached.map(|volume| text(volume, "id").to_owned()).collect();
        for volume in attached {
            self.set(Kind::Volume, &volume, "attachments", json!([]));
            self.set(Kind::Volume, &volume, "status", "available");
        }
    }

    pub(super) fn derive_server(&self, id: &str, row: &mut Row) {
        let mut addresses = Row::default();
        let mut groups: Vec<Value> = Vec::new();
        for port in self.ports_of(id) {
            let network = self.find(Kind::Network, text(port, "network_id")).map_or("", |n| text(n, "name"));
            let entry = |address: &Value, how: &str| {
                json!({
                    "version": 4, "addr": address, "OS-EXT-IPS:type": how,
                    "OS-EXT-IPS-MAC:mac_addr": text(port, "mac_address"),
                })
            };
            if let Value::Array(list) = addresses.entry(network.to_owned()).or_insert_with(|| json!([])) {
                let fixed = port["fixed_ips"].as_array().into_iter().flatten();
                list.extend(fixed.map(|fixed| entry(&fixed["ip_address"], "fixed")));
                let floating = self.rows(Kind::FloatingIp).iter().filter(|ip| text(ip, "port_id") == text(port, "id"));
                list.extend(floating.map(|ip| entry(&ip["floating_ip_address"], "floating")));
            }
            for group in port["security_groups"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                let entry = json!({"name": self.find(Kind::SecurityGroup, group).map_or("", |g| text(g, "name"))});
                if !groups.contains(&entry) {
                    groups.push(entry);
                }
            }
        }
        row.insert("addresses".into(), addresses.into());
        row.insert("security_groups".into(), groups.into());
        let volumes = self.rows(Kind::Volume).iter().filter(|volume| volume["attachments"][0]["server_id"] == id);
        let volumes: Value =
            volumes.map(|volume| json!({"id": text(volume, "id"), "delete_on_termination": false})).collect();
        row.insert("os-extended-volumes:volumes_attached".into(), volumes);
    }
}

/// The one volume type.
pub const VOLUME_TYPE: &str = "demo";

/// A name as a host can bear it.
fn hostname(name: &str) -> String {
    name.to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '-' })
        .collect()
}
