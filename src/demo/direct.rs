//! Things made without Heat, as controllers inside a cluster make them: load
//! balancers, floating IPs, ports and volumes by their own services' POST, and load
//! balancers' DELETE.

use serde_json::{Map, Value, json};

use super::engine::Engine;
use super::web::{Answer, Call, Reply};
use super::world::{Kind, Row, World, text};
use crate::hot::python;

/// What is posted under `key`; nothing when it is not JSON or not there.
fn wish(call: &Call, key: &str) -> Map<String, Value> {
    let body = call.json().unwrap_or_default();
    body.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
}

fn said(wish: &Map<String, Value>, key: &str) -> String {
    wish.get(key).filter(|value| !value.is_null()).map(python::text).unwrap_or_default()
}

/// Lays the keys that were posted over the row.
fn lay(world: &mut World, kind: Kind, id: &str, wish: &Map<String, Value>, keys: &[&str]) {
    for key in keys {
        if let Some(value) = wish.get(*key).filter(|value| !value.is_null()) {
            world.set(kind, id, key, value.clone());
        }
    }
}

fn octavia_fault(code: u16, words: impl Into<String>) -> Reply {
    Reply::json(code, json!({"faultcode": "Client", "faultstring": words.into(), "debuginfo": null}))
}

pub fn make_load_balancer(engine: &Engine, call: &Call) -> Answer {
    let wish = wish(call, "loadbalancer");
    let mut world = engine.world();
    let subnet = said(&wish, "vip_subnet_id");
    let Some(found) = world.find(Kind::Subnet, &subnet) else {
        return Err(octavia_fault(400, format!("Validation failure: Subnet {subnet} not found.")));
    };
    let network = text(found, "network_id").to_owned();
    let fields = json!({
        "vip_subnet_id": subnet, "vip_network_id": network, "provider": "amphora",
        "description": said(&wish, "description"), "tags": wish.get("tags").cloned().unwrap_or_else(|| json!([])),
    });
    let mut made = world.octavia(Kind::LoadBalancer, &said(&wish, "name"), fields);
    let id = text(&made, "id").to_owned();
    let port = world
        .make_service_port("Octavia", &format!("lb-{id}"), &subnet, None)
        .map_err(|words| octavia_fault(409, words))?;
    world.set(Kind::Port, &port, "name", format!("octavia-lb-{id}"));
    let vip = world.find(Kind::Port, &port).map(|port| port["fixed_ips"][0]["ip_address"].clone());
    made.insert("vip_address".into(), vip.unwrap_or_default());
    made.insert("vip_port_id".into(), port.into());
    world.insert(Kind::LoadBalancer, made);
    let shown = world.find(Kind::LoadBalancer, &id).map(|row| world.shown(Kind::LoadBalancer, row));
    drop(world);
    let later = engine.clone();
    engine.spawn(async move {
        later.pass(1.1).await;
        let mut world = later.world();
        let building =
            world.find(Kind::LoadBalancer, &id).is_some_and(|row| row["provisioning_status"] == "PENDING_CREATE");
        if building {
            world.set(Kind::LoadBalancer, &id, "provisioning_status", "ACTIVE");
            world.set(Kind::LoadBalancer, &id, "operating_status", "ONLINE");
        }
    });
    Ok(Reply::json(201, json!({"loadbalancer": shown})))
}

/// With `cascade` all below it goes too; without, only an empty one does.
pub fn delete_load_balancer(engine: &Engine, call: &Call, id: &str) -> Answer {
    let mut world = engine.world();
    let Some(row) = world.find(Kind::LoadBalancer, id) else {
        return Err(octavia_fault(404, format!("Load Balancer {id} not found.")));
    };
    if text(row, "provisioning_status").starts_with("PENDING_") {
        return Err(octavia_fault(409, format!("Load Balancer {id} is immutable and cannot be updated.")));
    }
    let full =
        world.rows(Kind::Listener).iter().chain(world.rows(Kind::Pool)).any(|row| text(row, "_loadbalancer") == id);
    if full && !call.query.flag("cascade") {
        return Err(octavia_fault(400, format!("Cannot delete Load Balancer {id} - it has children")));
    }
    world.set(Kind::LoadBalancer, id, "provisioning_status", "PENDING_DELETE");
    drop(world);
    let (later, id) = (engine.clone(), id.to_owned());
    engine.spawn(async move {
        later.pass(0.6).await;
        let mut world = later.world();
        let pools: Vec<String> = world
            .rows(Kind::Pool)
            .iter()
            .filter(|row| text(row, "_loadbalancer") == id)
            .map(|row| text(row, "id").to_owned())
            .collect();
        for pool in pools {
            world.remove_where(Kind::Member, |row| text(row, "_pool") == pool);
            world.remove_where(Kind::Monitor, |row| text(row, "_pool") == pool);
            world.remove(Kind::Pool, &pool);
        }
        world.remove_where(Kind::Listener, |row| text(row, "_loadbalancer") == id);
        let port =
            world.find(Kind::LoadBalancer, &id).map(|row| text(row, "vip_port_id").to_owned()).unwrap_or_default();
        world.let_go(&port);
        world.remove(Kind::Port, &port);
        world.remove(Kind::LoadBalancer, &id);
    });
    Ok(Reply::empty(204))
}

fn neutron_fault(code: u16, kind: &str, words: impl Into<String>) -> Reply {
    Reply::json(code, json!({"NeutronError": {"type": kind, "message": words.into(), "detail": ""}}))
}

pub fn make_floating_ip(world: &mut World, call: &Call) -> Answer {
    let wish = wish(call, "floatingip");
    let id = world
        .make_floating_ip(&said(&wish, "floating_network_id"))
        .map_err(|words| neutron_fault(400, "BadRequest", words))?;
    let port = said(&wish, "port_id");
    if !port.is_empty()
        && let Err(words) = world.associate(&id, &port)
    {
        world.remove(Kind::FloatingIp, &id);
        return Err(neutron_fault(404, "ExternalGatewayForFloatingIPNotFound", words));
    }
    lay(world, Kind::FloatingIp, &id, &wish, &["description"]);
    created(world, Kind::FloatingIp, &id, "floatingip")
}

pub fn make_port(world: &mut World, call: &Call) -> Answer {
    let wish = wish(call, "port");
    let network = said(&wish, "network_id");
    if world.find(Kind::Network, &network).is_none() {
        return Err(neutron_fault(404, "NetworkNotFound", format!("Network {network} could not be found.")));
    }
    let mut wishes = json!({});
    for key in ["security_groups", "allowed_address_pairs", "port_security_enabled"] {
        if let Some(value) = wish.get(key) {
            wishes[key] = value.clone();
        }
    }
    let id = world
        .make_port(&said(&wish, "name"), &network, &wishes)
        .map_err(|words| neutron_fault(409, "IpAddressGenerationFailure", words))?;
    lay(world, Kind::Port, &id, &wish, &["description", "device_id", "device_owner"]);
    created(world, Kind::Port, &id, "port")
}

pub fn make_security_group(world: &mut World, call: &Call) -> Answer {
    let wish = wish(call, "security_group");
    let id = world.make_security_group(&said(&wish, "name"), &said(&wish, "description"));
    created(world, Kind::SecurityGroup, &id, "security_group")
}

pub fn make_rule(world: &mut World, call: &Call) -> Answer {
    let wish = wish(call, "security_group_rule");
    let group = said(&wish, "security_group_id");
    if world.find(Kind::SecurityGroup, &group).is_none() {
        let words = format!("Security group {group} does not exist");
        return Err(neutron_fault(404, "SecurityGroupNotFound", words));
    }
    let keys = ["direction", "ethertype", "protocol", "port_range_min", "port_range_max", "remote_ip_prefix"];
    let mut fields = json!({ "remote_group_id": null, "description": said(&wish, "description") });
    for key in keys {
        fields[key] = wish.get(key).cloned().unwrap_or_default();
    }
    let id = world.make_rule(&group, fields);
    created(world, Kind::SecurityGroupRule, &id, "security_group_rule")
}

/// On ports that are there.
pub fn make_server(engine: &Engine, world: &mut World, call: &Call) -> Answer {
    let refuse = |words: String| Reply::json(400, json!({"badRequest": {"code": 400, "message": words}}));
    let wish = wish(call, "server");
    let networks = wish.get("networks").and_then(Value::as_array).cloned().unwrap_or_default();
    let ports: Vec<String> = networks.iter().filter_map(|network| Some(network["port"].as_str()?.to_owned())).collect();
    if let Some(lost) = ports.iter().find(|port| world.find(Kind::Port, port).is_none()) {
        return Err(refuse(format!("Port {lost} could not be found.")));
    }
    let key = wish.get("key_name").cloned().unwrap_or_default();
    if key.as_str().is_some_and(|name| world.find(Kind::Keypair, name).is_none()) {
        return Err(refuse("Invalid key_name provided.".into()));
    }
    let fields = json!({ "key_name": key, "metadata": wish.get("metadata").cloned().unwrap_or_else(|| json!({})) });
    let (image, flavor) = (said(&wish, "imageRef"), said(&wish, "flavorRef"));
    let id = world.make_server(&said(&wish, "name"), &image, &flavor, fields).map_err(refuse)?;
    for port in ports {
        world.set(Kind::Port, &port, "device_id", id.clone());
        world.set(Kind::Port, &port, "device_owner", "compute:nova");
    }
    let (later, server) = (engine.clone(), id.clone());
    engine.spawn(async move {
        later.pass(1.0).await;
        // What went wrong shows on the server itself.
        let _ = later.world().finish_server(&server);
    });
    Ok(Reply::json(
        202,
        json!({"server": {"id": id, "links": [], "OS-DCF:diskConfig": "MANUAL", "security_groups": []}}),
    ))
}

fn created(world: &World, kind: Kind, id: &str, key: &str) -> Answer {
    let row: Option<Row> = world.find(kind, id).map(|row| world.shown(kind, row));
    Ok(Reply::json(201, json!({key: row})))
}

pub fn make_volume(world: &mut World, call: &Call) -> Result<String, Reply> {
    let wish = wish(call, "volume");
    let Some(size) = wish.get("size").and_then(Value::as_u64).filter(|size| *size > 0) else {
        let words = "Invalid input received: Invalid volume size provided for create request: None (size argument must be an integer (or string representation of an integer) and greater than zero).";
        return Err(Reply::json(400, json!({"badRequest": {"code": 400, "message": words}})));
    };
    let metadata = wish.get("metadata").cloned().unwrap_or_else(|| json!({}));
    let fields = json!({"metadata": metadata, "description": wish.get("description"), "status": "available"});
    Ok(world.make_volume(&said(&wish, "name"), size, fields))
}
