//! What `get_resource` and `get_attr` give for a resource that is there.

use serde_json::{Map, Value, json};

use super::scope::Live;
use crate::demo::world::heat::{Resource, Stack};
use crate::demo::world::{Kind, Row, World, text};
use crate::hot::functions::{resolve, select};
use crate::hot::schema::Type;
use crate::hot::{group, python};

/// The table in which a type's things are.
pub fn table(kind: &str) -> Option<Kind> {
    Some(match kind {
        "OS::Neutron::Net" => Kind::Network,
        "OS::Neutron::Subnet" => Kind::Subnet,
        "OS::Neutron::Router" => Kind::Router,
        "OS::Neutron::Port" => Kind::Port,
        "OS::Neutron::FloatingIP" => Kind::FloatingIp,
        "OS::Neutron::SecurityGroup" => Kind::SecurityGroup,
        "OS::Neutron::SecurityGroupRule" => Kind::SecurityGroupRule,
        "OS::Nova::Server" => Kind::Server,
        "OS::Nova::ServerGroup" => Kind::ServerGroup,
        "OS::Octavia::LoadBalancer" => Kind::LoadBalancer,
        "OS::Octavia::Listener" => Kind::Listener,
        "OS::Octavia::Pool" => Kind::Pool,
        "OS::Octavia::PoolMember" => Kind::Member,
        "OS::Octavia::HealthMonitor" => Kind::Monitor,
        "OS::Cinder::Volume" => Kind::Volume,
        _ => return None,
    })
}

/// What `get_resource` gives: the id, with some types something else.
pub fn reference(world: &World, resource: &Resource) -> Value {
    if let Some(nested) = resource.nested.as_deref().and_then(|id| world.stack(id)) {
        // A template may say itself what it wants to be known as.
        return match output(world, nested, "OS::stack_id") {
            Some(Value::Null) | None => nested.id.clone().into(),
            Some(value) => value,
        };
    }
    if let Some(value) = resource.data.get("value").filter(|_| resource.stands_for == "OS::Heat::RandomString") {
        return value.clone();
    }
    if resource.physical.is_empty() { resource.name.clone().into() } else { resource.physical.clone().into() }
}

/// What `get_attr` gives, the path walked; null while the thing is not there.
pub fn of(world: &World, stack: &Stack, resource: &Resource, attribute: &str, path: &[Value]) -> Value {
    if resource.action == "INIT"
        || resource.action == "DELETE"
        || resource.state == "FAILED" && resource.physical.is_empty()
    {
        return Value::Null;
    }
    if let Some(nested) = resource.nested.as_deref().and_then(|id| world.stack(id)) {
        if is_group(resource) {
            if attribute == "removed_rsrc_list" {
                return select(resource.data.get(group::REMOVED).unwrap_or(&json!([])), path);
            }
            return of_group(world, nested, attribute, path);
        }
        return match attribute {
            "outputs" => select(&outputs(world, nested), path),
            name => select(&output(world, nested, name).unwrap_or_default(), path),
        };
    }
    select(&plain(world, stack, resource, attribute), path)
}

fn is_group(resource: &Resource) -> bool {
    resource.stands_for == group::TYPE
}

fn of_group(world: &World, nested: &Stack, attribute: &str, path: &[Value]) -> Value {
    let members = || nested.resources.iter();
    match attribute {
        "refs" => select(&members().map(|member| reference(world, member)).collect(), path),
        "refs_map" => {
            let map: Map<String, Value> = members().map(|m| (m.name.clone(), reference(world, m))).collect();
            select(&map.into(), path)
        }
        "attributes" => {
            let Some((name, rest)) = path.split_first() else { return Value::Null };
            let name = python::text(name);
            let map: Map<String, Value> =
                members().map(|m| (m.name.clone(), of(world, nested, m, &name, rest))).collect();
            map.into()
        }
        name => {
            if let Some(rest) = name.strip_prefix("resource.") {
                let (member, attribute) = rest.split_once('.').unwrap_or((rest, ""));
                let Some(member) = nested.resource(member) else { return Value::Null };
                return match (attribute, path.split_first()) {
                    ("", None) => reference(world, member),
                    ("", Some((first, rest))) => of(world, nested, member, &python::text(first), rest),
                    (attribute, _) => of(world, nested, member, attribute, path),
                };
            }
            members().map(|member| of(world, nested, member, name, path)).collect()
        }
    }
}

/// One output of a stack; `None`: it has no such one.
pub fn output(world: &World, stack: &Stack, name: &str) -> Option<Value> {
    let output = stack.blueprint.outputs.iter().find(|output| output.name == name)?;
    Some(resolve(&Live { world, stack }, &output.value).unwrap_or_default())
}

fn outputs(world: &World, stack: &Stack) -> Value {
    let names = stack.blueprint.outputs.iter().map(|output| &output.name);
    let map: Map<String, Value> =
        names.map(|name| (name.clone(), output(world, stack, name).unwrap_or_default())).collect();
    map.into()
}

/// Of a resource that is no stack.
fn plain(world: &World, stack: &Stack, resource: &Resource, attribute: &str) -> Value {
    let shown = shown(world, resource);
    if attribute == "show" {
        return shown.into();
    }
    match (resource.stands_for.as_str(), attribute) {
        ("OS::Nova::Server", "first_address") => {
            let first = addresses(&shown).next().map(|(_, entry)| entry["addr"].clone());
            first.unwrap_or_else(|| "".into())
        }
        ("OS::Nova::Server", "networks") => {
            let mut networks = Map::new();
            for (network, entry) in addresses(&shown) {
                if let Value::Array(list) = networks.entry(network.to_owned()).or_insert_with(|| json!([])) {
                    list.push(entry["addr"].clone());
                }
            }
            networks.into()
        }
        ("OS::Nova::Server", "instance_name") => {
            format!("instance-{}", &resource.physical.get(..8).unwrap_or_default()).into()
        }
        ("OS::Neutron::Port", "subnets") => resource_subnets(world, &shown),
        ("OS::Neutron::Port", "network") => {
            let network = world.find(Kind::Network, text(&shown, "network_id"));
            network.map(|row| world.shown(Kind::Network, row)).into()
        }
        ("OS::Cinder::Volume", "display_name") => shown.get("name").cloned().unwrap_or_default(),
        ("OS::Cinder::Volume", "size") => shown.get("size").map(python::text).into(),
        ("OS::Heat::WaitCondition", "data") => {
            let handle = resource.properties.get("handle").map(python::text).unwrap_or_default();
            let signals = stack.all().find(|r| r.physical == handle).map(|handle| &handle.metadata);
            let data: Map<String, Value> =
                signals.into_iter().flatten().map(|(id, signal)| (id.clone(), signal["data"].clone())).collect();
            python::dumps(&data.into()).into()
        }
        _ => resource.data.get(attribute).or_else(|| shown.get(attribute)).cloned().unwrap_or_default(),
    }
}

fn addresses(server: &Row) -> impl Iterator<Item = (&str, &Value)> {
    let networks = server.get("addresses").and_then(Value::as_object).into_iter().flatten();
    networks.flat_map(|(network, list)| list.as_array().into_iter().flatten().map(|entry| (network.as_str(), entry)))
}

fn resource_subnets(world: &World, port: &Row) -> Value {
    let fixed = port.get("fixed_ips").and_then(Value::as_array).into_iter().flatten();
    fixed
        .filter_map(|ip| world.find(Kind::Subnet, ip["subnet_id"].as_str()?))
        .map(|subnet| Value::from(world.shown(Kind::Subnet, subnet)))
        .collect()
}

/// The thing's row as its service shows it; empty when the type has none.
fn shown(world: &World, resource: &Resource) -> Row {
    if let Some(config) = world.heat.configs.get(&resource.physical) {
        return config.clone();
    }
    let Some(kind) = table(&resource.stands_for) else { return Row::default() };
    world.find(kind, &resource.physical).map(|row| world.shown(kind, row)).unwrap_or_default()
}

/// All attributes, as `resource show` lists them.
pub fn all(world: &World, stack: &Stack, resource: &Resource) -> Value {
    if let Some(nested) = resource.nested.as_deref().and_then(|id| world.stack(id)).filter(|_| !is_group(resource)) {
        return outputs(world, nested);
    }
    let row = shown(world, resource);
    if !row.is_empty() {
        return row.into();
    }
    let Some(builtin) = Type::named(&resource.stands_for) else { return json!({}) };
    let names = builtin.attributes.iter().filter(|name| *name != "show");
    let map: Map<String, Value> = names.map(|name| (name.clone(), of(world, stack, resource, name, &[]))).collect();
    map.into()
}
