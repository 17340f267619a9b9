//! Making and removing one thing of each type.

use chrono::{Duration, Utc};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::Failure;
use super::attributes::table;
use crate::demo::world::{Kind, Token, World, new_hex_id, new_id, stamp_bare, text};
use crate::hot::python;
use crate::hot::schema::Type;

mod change;
mod heat;
mod network;

pub use change::{change, unplug};

/// How a resource goes on after it was begun.
pub enum Step {
    /// Seconds at the demonstration's pace; then [`finish`].
    After(f64),
    /// When the stack of this id is made, or what the action says.
    Nested { id: String, action: &'static str, cancel: CancellationToken },
    /// When so many signals came to the handle.
    Wait { handle: String, count: u64, seconds: f64 },
}

/// Properties to read from.
struct Wish<'a> {
    properties: &'a Map<String, Value>,
    /// The name the thing gets when the template gives none.
    label: String,
}

impl Wish<'_> {
    fn text(&self, key: &str) -> String {
        self.properties.get(key).filter(|v| !v.is_null()).map(python::text).unwrap_or_default()
    }

    fn name(&self) -> String {
        let name = self.text("name");
        if name.is_empty() { self.label.clone() } else { name }
    }

    fn get(&self, key: &str) -> Value {
        self.properties.get(key).cloned().unwrap_or_default()
    }

    /// Those of the keys that were said, as an object.
    fn said(&self, keys: &[&str]) -> Value {
        let said = keys.iter().filter_map(|key| Some(((*key).to_owned(), self.properties.get(*key)?.clone())));
        Value::Object(said.filter(|(_, value)| !value.is_null()).collect())
    }
}

/// A service's refusal of what Heat asked it.
fn refused(client: &str, words: String) -> Failure {
    Failure::new(client, words)
}

fn bad_request(words: String) -> Failure {
    refused("BadRequest", words)
}

/// Begins to make the thing; its id goes into the resource.
pub fn begin(
    world: &mut World,
    stack: &str,
    uid: u64,
    kind: &Type,
    properties: &Map<String, Value>,
) -> Result<Step, Failure> {
    let label = world.resource(stack, uid).map(|resource| resource.label.clone()).unwrap_or_default();
    let wish = Wish { properties, label };
    let (physical, step) = match kind.name.as_str() {
        "OS::Nova::Server" => (server(world, &wish)?, 1.0),
        "OS::Nova::ServerGroup" => {
            let fields = json!({
                "id": new_id(), "name": wish.name(), "policy": wish.get("policies")[0], "members": [],
                "project_id": world.ids.project, "user_id": world.ids.user,
            });
            let row = crate::demo::world::row(Kind::ServerGroup, fields);
            (world.insert(Kind::ServerGroup, row), 0.2)
        }
        "OS::Cinder::Volume" => {
            let size = wish.get("size").as_u64().unwrap_or(1);
            let fields = wish.said(&["description", "metadata", "availability_zone"]);
            (world.make_volume(&wish.name(), size, fields), 0.5)
        }
        "OS::Cinder::VolumeAttachment" => {
            let volume = world.id_of(Kind::Volume, &wish.text("volume_id"));
            world.attach_volume(&volume, &wish.text("instance_uuid")).map_err(|words| refused("NotFound", words))?;
            (volume, 0.4)
        }
        "OS::Heat::WaitCondition" => {
            let seconds = wish.get("timeout").as_f64().unwrap_or_default();
            let count = wish.get("count").as_u64().unwrap_or(1);
            return Ok(Step::Wait { handle: wish.text("handle"), count, seconds });
        }
        other if other.starts_with("OS::Heat::") => (heat::begin(world, stack, uid, other, &wish)?, 0.1),
        other => network::begin(world, other, &wish)?,
    };
    if let Some(resource) = world.resource_mut(stack, uid) {
        resource.physical = physical;
    }
    Ok(Step::After(step))
}

/// Ends the making: what was building is there, or is broken.
pub fn finish(world: &mut World, stack: &str, uid: u64) -> Result<(), Failure> {
    let Some(resource) = world.resource(stack, uid) else { return Ok(()) };
    let (kind, id) = (resource.stands_for.clone(), resource.physical.clone());
    match table(&kind) {
        Some(Kind::Server) => world.finish_server(&id).map_err(|words| {
            Failure::new("ResourceInError", format!("Went to status ERROR due to \"Message: {words}, Code: 500\""))
        }),
        Some(Kind::Volume) => {
            world.set(Kind::Volume, &id, "status", "available");
            Ok(())
        }
        Some(kind @ (Kind::LoadBalancer | Kind::Listener | Kind::Pool | Kind::Member | Kind::Monitor)) => {
            world.set(kind, &id, "provisioning_status", "ACTIVE");
            world.set(kind, &id, "operating_status", "ONLINE");
            world.set(kind, &id, "updated_at", stamp_bare(Utc::now()));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Removes the thing, with what came with it.
pub fn remove(world: &mut World, stack: &str, uid: u64) {
    let Some(resource) = world.resource(stack, uid) else { return };
    let (kind, id, label, retain) =
        (resource.stands_for.clone(), resource.physical.clone(), resource.label.clone(), resource.retain);
    if retain || id.is_empty() {
        return;
    }
    match kind.as_str() {
        "OS::Nova::Server" => {
            world.detach_volumes(&id);
            world.remove_where(Kind::Volume, |volume| text(volume, "_server") == id);
            change::release(world, &id);
        }
        "OS::Cinder::VolumeAttachment" => {
            world.set(Kind::Volume, &id, "attachments", json!([]));
            world.set(Kind::Volume, &id, "status", "available");
            return;
        }
        "OS::Neutron::FloatingIPAssociation" => {
            for (key, value) in [("port_id", Value::Null), ("router_id", Value::Null), ("status", "DOWN".into())] {
                world.set(Kind::FloatingIp, &id, key, value);
            }
            return;
        }
        "OS::Neutron::RouterInterface" => {
            let device = id.split(':').next().unwrap_or_default().to_owned();
            let subnet = id.rsplit("subnet_id=").next().unwrap_or_default().to_owned();
            world.remove_where(Kind::Port, |port| {
                text(port, "device_id") == device && port["fixed_ips"][0]["subnet_id"] == subnet.as_str()
            });
            return;
        }
        "OS::Neutron::SecurityGroup" => {
            world.remove_where(Kind::SecurityGroupRule, |rule| text(rule, "security_group_id") == id);
        }
        "OS::Octavia::LoadBalancer" => {
            world.remove_where(Kind::Port, |port| text(port, "device_id") == format!("lb-{id}"));
        }
        "OS::Heat::WaitConditionHandle" => {
            let token = world.resource(stack, uid).and_then(|r| Some(r.data.get("token")?.as_str()?.to_owned()));
            if let Some(token) = token {
                world.tokens.remove(&token);
            }
        }
        // Its handle forgets what it heard, so that another condition waits for new signals.
        "OS::Heat::WaitCondition" => {
            let handle = world.resource(stack, uid).and_then(|r| r.properties.get("handle")).map(python::text);
            let found = world.stack(stack).and_then(|stack| stack.all().find(|r| Some(&r.physical) == handle.as_ref()));
            let handle = found.map(|resource| resource.uid).unwrap_or_default();
            if let Some(handle) = world.resource_mut(stack, handle) {
                handle.metadata.clear();
            }
        }
        kind if kind.starts_with("OS::Heat::") => {
            world.heat.configs.remove(&id);
        }
        _ => {}
    }
    if let Some(kind) = table(&kind) {
        world.remove(kind, &id);
    }
    tracing::trace!(label, "removed");
}

/// A server with its ports; Heat's property names in, Nova's row out.
fn server(world: &mut World, wish: &Wish<'_>) -> Result<String, Failure> {
    let key = wish.text("key_name");
    if !key.is_empty() && world.named(Kind::Keypair, &key).is_none() {
        return Err(bad_request(format!("Invalid key_name provided. (HTTP 400) (Request-ID: req-{})", new_id())));
    }
    let fields = json!({
        "key_name": if key.is_empty() { Value::Null } else { key.into() },
        "metadata": wish.properties.get("metadata").cloned().unwrap_or_else(|| json!({})),
        "config_drive": if wish.get("config_drive") == true { "True" } else { "" },
        "_user_data": user_data(world, wish),
    });
    let id = world
        .make_server(&server_name(wish), &wish.text("image"), &wish.text("flavor"), fields)
        .map_err(bad_request)?;
    if let Err(words) = plug(world, &id, wish) {
        world.remove(Kind::Server, &id);
        return Err(bad_request(words));
    }
    for device in wish.get("block_device_mapping_v2").as_array().into_iter().flatten() {
        if let Some(size) = device["volume_size"].as_u64() {
            let volume = world.make_volume("", size, json!({"_server": id, "status": "available"}));
            world.attach_volume(&volume, &id).map_err(bad_request)?;
        }
    }
    let group = python::text(&wish.get("scheduler_hints")["group"]);
    if let Some(Value::Array(members)) = world.find_mut(Kind::ServerGroup, &group).and_then(|g| g.get_mut("members")) {
        members.push(id.clone().into());
    }
    Ok(id)
}

fn server_name(wish: &Wish<'_>) -> String {
    match wish.text("name") {
        name if name.is_empty() => short_name(&wish.label),
        name => name,
    }
}

/// User data may be the id of a software config.
fn user_data(world: &World, wish: &Wish<'_>) -> String {
    let data = wish.text("user_data");
    world.config_text(&data).unwrap_or(data)
}

/// Gives a server its ports: those it was told to take, and new ones in networks it was told.
fn plug(world: &mut World, server: &str, wish: &Wish<'_>) -> Result<(), String> {
    for network in wish.get("networks").as_array().into_iter().flatten() {
        let port = python_text(&network["port"]);
        let id = if port.is_empty() {
            let name = match (python_text(&network["network"]), python_text(&network["subnet"])) {
                (name, subnet) if name.is_empty() => {
                    world.named(Kind::Subnet, &subnet).map(|s| text(s, "network_id").to_owned()).unwrap_or_default()
                }
                (name, _) => name,
            };
            let found = world.named(Kind::Network, &name).map(|row| text(row, "id").to_owned());
            let Some(network_id) = found else { return Err(format!("Network {name} could not be found.")) };
            let address = python_text(&network["fixed_ip"]);
            let mut wishes = json!({"security_groups": wish.get("security_groups")});
            if !address.is_empty() {
                wishes["fixed_ips"] = json!([{"ip_address": address}]);
            }
            let id = world.make_port("", &network_id, &wishes)?;
            world.set(Kind::Port, &id, "_with_server", true);
            id
        } else {
            let found = world.named(Kind::Port, &port).ok_or_else(|| format!("Port {port} could not be found."))?;
            if !text(found, "device_id").is_empty() {
                return Err(format!("Port {port} is still in use."));
            }
            text(found, "id").to_owned()
        };
        world.set(Kind::Port, &id, "device_id", server);
        world.set(Kind::Port, &id, "device_owner", "compute:nova");
    }
    Ok(())
}

fn python_text(value: &Value) -> String {
    if value.is_null() { String::new() } else { python::text(value) }
}

/// Nova takes 53 characters from Heat; longer names lose their middle.
fn short_name(label: &str) -> String {
    let count = label.chars().count();
    if count <= 53 {
        return label.to_owned();
    }
    let head: String = label.chars().take(2).collect();
    let tail: String = label.chars().skip(count - 50).collect();
    format!("{head}-{tail}")
}

/// A token for a stack's own user, which can do nothing but signal.
fn signal_token(world: &mut World) -> String {
    let token = format!("gAAAAA{}{}", new_hex_id(), new_hex_id());
    let now = Utc::now();
    let kept = Token {
        methods: vec!["password".to_owned()],
        issued: now,
        expires: now + Duration::days(1),
        audit_id: new_hex_id(),
        unscoped: false,
        signals_only: true,
    };
    world.tokens.insert(token.clone(), kept);
    token
}
