//! Changing one thing of each type in place, as Heat's plugins do.

use serde_json::{Map, Value, json};

use super::{Step, Wish, bad_request, refused};
use crate::demo::engine::Failure;
use crate::demo::engine::attributes::table;
use crate::demo::world::network::pairs;
use crate::demo::world::{Kind, World, text};
use crate::hot::schema::Type;

/// Begins the change; `changed` names the properties that differ.
pub fn change(
    world: &mut World,
    stack: &str,
    uid: u64,
    kind: &Type,
    changed: &[String],
    properties: &Map<String, Value>,
) -> Result<Step, Failure> {
    let Some(resource) = world.resource(stack, uid) else { return Ok(Step::After(0.0)) };
    let (id, label) = (resource.physical.clone(), resource.label.clone());
    let wish = Wish { properties, label };
    let has = |key: &str| changed.iter().any(|changed| changed == key);
    let seconds = match kind.name.as_str() {
        "OS::Nova::Server" => server(world, &id, &wish, &has)?,
        "OS::Cinder::Volume" => volume(world, &id, &wish, &has)?,
        "OS::Cinder::VolumeAttachment" => {
            for (key, value) in [("attachments", json!([])), ("status", "available".into())] {
                world.set(Kind::Volume, &id, key, value);
            }
            let volume = world.id_of(Kind::Volume, &wish.text("volume_id"));
            world.attach_volume(&volume, &wish.text("instance_uuid")).map_err(|words| refused("NotFound", words))?;
            if let Some(resource) = world.resource_mut(stack, uid) {
                resource.physical = volume;
            }
            0.4
        }
        "OS::Neutron::Router" => {
            if has("external_gateway_info") {
                let info = wish.get("external_gateway_info");
                let gateway = match info["network"].as_str() {
                    Some(network) => {
                        world.gateway(network, info["enable_snat"].as_bool().unwrap_or(true)).map_err(bad_request)?
                    }
                    None => Value::Null,
                };
                world.set(Kind::Router, &id, "external_gateway_info", gateway);
            }
            plain(world, Kind::Router, &id, &wish, changed);
            0.3
        }
        "OS::Neutron::Port" => {
            port(world, &id, &wish, &has);
            plain(world, Kind::Port, &id, &wish, changed);
            0.3
        }
        "OS::Neutron::FloatingIP" | "OS::Neutron::FloatingIPAssociation" => {
            for (key, value) in [("port_id", Value::Null), ("router_id", Value::Null), ("status", "DOWN".into())] {
                world.set(Kind::FloatingIp, &id, key, value);
            }
            let port = wish.text("port_id");
            if !port.is_empty() {
                let port = world.id_of(Kind::Port, &port);
                world.associate(&id, &port).map_err(|words| refused("NotFound", words))?;
            }
            0.3
        }
        "OS::Neutron::SecurityGroup" => {
            if has("rules") {
                // All rules go, also those that other resources made; so does Heat.
                world.remove_where(Kind::SecurityGroupRule, |rule| text(rule, "security_group_id") == id);
                for ethertype in ["IPv4", "IPv6"] {
                    world.make_rule(&id, json!({"direction": "egress", "ethertype": ethertype, "description": null}));
                }
                super::network::rules(world, &id, &wish.get("rules"));
            }
            plain(world, Kind::SecurityGroup, &id, &wish, changed);
            0.3
        }
        "OS::Heat::WaitCondition" => {
            let seconds = wish.get("timeout").as_f64().unwrap_or_default();
            let count = wish.get("count").as_u64().unwrap_or(1);
            return Ok(Step::Wait { handle: wish.text("handle"), count, seconds });
        }
        "OS::Heat::Value" => {
            let value = super::heat::value(&wish)?;
            if let Some(resource) = world.resource_mut(stack, uid) {
                resource.data.insert("value".to_owned(), value);
            }
            0.0
        }
        other => {
            if let Some(kind) = table(other) {
                plain(world, kind, &id, &wish, changed);
            }
            0.3
        }
    };
    Ok(Step::After(seconds))
}

/// Fields whose property and field have one name.
fn plain(world: &mut World, kind: Kind, id: &str, wish: &Wish<'_>, changed: &[String]) {
    for key in
        changed.iter().filter(|key| !["rules", "external_gateway_info", "fixed_ips", "tags"].contains(&key.as_str()))
    {
        let known = world.find(kind, id).is_some_and(|row| row.contains_key(key.as_str()));
        match key.as_str() {
            "name" => world.set(kind, id, "name", wish.name()),
            "security_groups" | "allowed_address_pairs" => {}
            key if known => world.set(kind, id, key, wish.get(key)),
            _ => {}
        }
    }
}

fn port(world: &mut World, id: &str, wish: &Wish<'_>, has: &dyn Fn(&str) -> bool) {
    if has("security_groups") {
        let said = wish.get("security_groups");
        let groups = said.as_array().into_iter().flatten().filter_map(Value::as_str);
        let groups: Vec<String> = groups.map(|group| world.id_of(Kind::SecurityGroup, group)).collect();
        world.set(Kind::Port, id, "security_groups", groups);
    }
    if has("allowed_address_pairs") {
        let mac = world.find(Kind::Port, id).map(|port| text(port, "mac_address").to_owned()).unwrap_or_default();
        world.set(Kind::Port, id, "allowed_address_pairs", pairs(&wish.get("allowed_address_pairs"), &mac));
    }
}

fn volume(world: &mut World, id: &str, wish: &Wish<'_>, has: &dyn Fn(&str) -> bool) -> Result<f64, Failure> {
    for key in ["name", "description", "metadata"].into_iter().filter(|key| has(key)) {
        let value = if key == "name" { wish.name().into() } else { wish.get(key) };
        world.set(Kind::Volume, id, key, value);
    }
    if has("size") {
        let size = wish.get("size").as_u64().unwrap_or(1);
        let old = world.find(Kind::Volume, id).and_then(|row| row["size"].as_u64()).unwrap_or_default();
        if size < old {
            return Err(Failure::new("NotSupported", "Shrinking volume is not supported."));
        }
        world.set(Kind::Volume, id, "size", size);
    }
    Ok(0.4)
}

fn server(world: &mut World, id: &str, wish: &Wish<'_>, has: &dyn Fn(&str) -> bool) -> Result<f64, Failure> {
    if has("metadata") {
        let metadata = wish.properties.get("metadata").filter(|v| !v.is_null()).cloned().unwrap_or_else(|| json!({}));
        world.set(Kind::Server, id, "metadata", metadata);
    }
    if has("name") {
        world.set(Kind::Server, id, "name", super::server_name(wish));
    }
    if has("networks") {
        release(world, id);
        super::plug(world, id, wish).map_err(bad_request)?;
    }
    if has("user_data") {
        world.set(Kind::Server, id, "_user_data", super::user_data(world, wish));
    }
    let mut seconds = 0.2;
    if has("flavor") {
        let flavor = world.server_flavor(&wish.text("flavor")).map_err(bad_request)?;
        world.set(Kind::Server, id, "flavor", flavor);
        seconds += 0.8;
    }
    if has("image") {
        let image = world.server_image(&wish.text("image")).map_err(bad_request)?;
        world.set(Kind::Server, id, "image", image);
        world.set(Kind::Server, id, "status", "REBUILD");
        seconds += 0.8;
    }
    Ok(seconds)
}

/// Frees a server's ports: those it came with go, others wait for the next server.
pub(super) fn release(world: &mut World, server: &str) {
    world.remove_where(Kind::Port, |port| text(port, "device_id") == server && port.contains_key("_with_server"));
    let left: Vec<String> = world.ports_of(server).iter().map(|port| text(port, "id").to_owned()).collect();
    for port in left {
        for (key, value) in [("device_id", ""), ("device_owner", ""), ("status", "DOWN")] {
            world.set(Kind::Port, &port, key, value);
        }
    }
}

/// A resource is about to be replaced: what only one of the two can have is taken off it.
pub fn unplug(world: &mut World, stack: &str, uid: u64) {
    let Some(resource) = world.resource(stack, uid) else { return };
    let id = resource.physical.clone();
    match resource.stands_for.as_str() {
        "OS::Nova::Server" => release(world, &id),
        // Its addresses are for the port that comes.
        "OS::Neutron::Port" => world.set(Kind::Port, &id, "fixed_ips", json!([])),
        _ => {}
    }
}
