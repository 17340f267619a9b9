//! Neutron's face: networks and what belongs to them, to look at and to delete.
//! <https://docs.openstack.org/api-ref/network/v2/>

use serde_json::{Value, json};

use super::direct;
use super::engine::Engine;
use super::web::{Answer, Call, Reply, page, sort};
use super::world::{Kind, Row, World, text};
use crate::hot::python;

/// Collection, one of it, its error's type, the name in messages, and how messages end.
const COLLECTIONS: [(&str, &str, Kind, &str, &str, &str); 7] = [
    ("networks", "network", Kind::Network, "NetworkNotFound", "Network", "."),
    ("subnets", "subnet", Kind::Subnet, "SubnetNotFound", "Subnet", "."),
    ("routers", "router", Kind::Router, "RouterNotFound", "Router", ""),
    ("ports", "port", Kind::Port, "PortNotFound", "Port", "."),
    ("floatingips", "floatingip", Kind::FloatingIp, "FloatingIPNotFound", "Floating IP", ""),
    ("security-groups", "security_group", Kind::SecurityGroup, "SecurityGroupNotFound", "Security group", ""),
    (
        "security-group-rules",
        "security_group_rule",
        Kind::SecurityGroupRule,
        "SecurityGroupRuleNotFound",
        "Security group rule",
        "",
    ),
];

/// Extensions whose fields and calls are here.
const EXTENSIONS: [(&str, &str); 16] = [
    ("router", "Neutron L3 Router"),
    ("external-net", "Neutron external network"),
    ("security-group", "security-group"),
    ("port-security", "Port Security"),
    ("allowed-address-pairs", "Allowed Address Pairs"),
    ("pagination", "Pagination support"),
    ("sorting", "Sorting support"),
    ("project-id", "project_id field enabled"),
    ("quotas", "Quota management support"),
    ("quota_details", "Quota details management support"),
    ("net-mtu", "Network MTU"),
    ("ext-gw-mode", "Neutron L3 Configurable external gateway mode"),
    ("fip-port-details", "Add a port_details attribute to Floating IP"),
    ("standard-attr-timestamp", "Resource timestamps"),
    ("standard-attr-revisions", "Resource revision numbers"),
    ("binding", "Port Binding"),
];

fn fault(code: u16, kind: &str, message: impl Into<String>) -> Reply {
    Reply::json(code, json!({"NeutronError": {"type": kind, "message": message.into(), "detail": ""}}))
}

pub fn answer(engine: &Engine, call: &Call) -> Answer {
    let mut world = engine.world();
    let steps: Vec<&str> = call.path.iter().map(|step| step.strip_suffix(".json").unwrap_or(step)).collect();
    let collection = |name: &str| COLLECTIONS.iter().find(|(plural, ..)| *plural == name);
    match (call.method.as_str(), steps.as_slice()) {
        ("GET", []) => Ok(Reply::json(200, json!({"versions": [version(&world.base)]}))),
        ("GET", ["v2.0"]) => Ok(Reply::json(200, json!({"resources": []}))),
        ("GET", ["v2.0", "extensions"]) => {
            let all: Vec<Value> = EXTENSIONS.iter().map(|(alias, name)| extension(alias, name)).collect();
            Ok(Reply::json(200, json!({"extensions": all})))
        }
        ("GET", ["v2.0", "extensions", wanted]) => match EXTENSIONS.iter().find(|(alias, _)| alias == wanted) {
            Some((alias, name)) => Ok(Reply::json(200, json!({"extension": extension(alias, name)}))),
            None => Err(Reply::page(
                404,
                format!("The resource could not be found.<br /><br />\nExtension with alias {wanted} does not exist"),
            )),
        },
        ("GET", ["v2.0", "quotas", _]) => Ok(Reply::json(200, quotas(&world, false))),
        ("GET", ["v2.0", "quotas", _, "details"]) => Ok(Reply::json(200, quotas(&world, true))),
        (
            "GET",
            [
                "v2.0",
                what @ ("agents" | "availability_zones" | "subnetpools" | "address-scopes" | "trunks"
                | "service_providers"),
            ],
        ) => Ok(Reply::json(200, json!({what.replace('-', "_"): []}))),
        ("GET", ["v2.0", name]) => match collection(name) {
            Some((plural, _, kind, ..)) => list(&world, call, plural, *kind),
            None => Err(fault(404, "HTTPNotFound", "The resource could not be found.")),
        },
        ("POST", ["v2.0", "floatingips"]) => direct::make_floating_ip(&mut world, call),
        ("POST", ["v2.0", "ports"]) => direct::make_port(&mut world, call),
        ("POST", ["v2.0", "security-groups"]) => direct::make_security_group(&mut world, call),
        ("POST", ["v2.0", "security-group-rules"]) => direct::make_rule(&mut world, call),
        (method @ ("GET" | "DELETE"), ["v2.0", name, id]) => {
            let Some((_, singular, kind, missing, words, end)) = collection(name) else {
                return Err(fault(404, "HTTPNotFound", "The resource could not be found."));
            };
            let Some(row) = world.find(*kind, id) else {
                let verb = if *kind == Kind::SecurityGroup || *kind == Kind::SecurityGroupRule {
                    "does not exist"
                } else {
                    "could not be found"
                };
                return Err(fault(404, missing, format!("{words} {id} {verb}{end}")));
            };
            if method == "GET" {
                let shown = fields(call, world.shown(*kind, row));
                return Ok(Reply::json(200, json!({*singular: shown})));
            }
            delete(&mut world, *kind, id)
        }
        _ => Err(fault(404, "HTTPNotFound", "The resource could not be found.")),
    }
}

fn version(base: &str) -> Value {
    json!({"id": "v2.0", "status": "CURRENT", "links": [{"rel": "self", "href": format!("{base}/network/v2.0/")}]})
}

fn extension(alias: &str, name: &str) -> Value {
    json!({"name": name, "alias": alias, "description": name, "updated": "2016-09-01T10:00:00-00:00", "links": []})
}

/// Only the fields asked for.
fn fields(call: &Call, row: Row) -> Row {
    let wanted: Vec<&str> = call.query.all("fields").collect();
    if wanted.is_empty() { row } else { row.into_iter().filter(|(key, _)| wanted.contains(&key.as_str())).collect() }
}

fn list(world: &World, call: &Call, plural: &str, kind: Kind) -> Answer {
    let mut rows: Vec<Row> = world
        .rows(kind)
        .iter()
        // Of other projects one sees what is shared or leads outside.
        .filter(|row| {
            let network =
                if kind == Kind::Subnet { world.find(Kind::Network, text(row, "network_id")) } else { Some(*row) };
            let open = network.is_some_and(|n| {
                n.get("shared") == Some(&true.into()) || n.get("router:external") == Some(&true.into())
            });
            text(row, "project_id") == world.ids.project || open
        })
        .map(|row| world.shown(kind, row))
        .collect();
    let reserved = ["limit", "marker", "fields", "sort_key", "sort_dir", "page_reverse"];
    let mut keys: Vec<&str> =
        call.query.0.iter().map(|(key, _)| key.as_str()).filter(|key| !reserved.contains(key)).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let wanted: Vec<&str> = call.query.all(key).collect();
        rows.retain(|row| matches(row, key, &wanted));
    }
    let directions: Vec<&str> = call.query.all("sort_dir").collect();
    let mut order: Vec<(String, bool)> = call
        .query
        .all("sort_key")
        .enumerate()
        .map(|(nth, key)| (key.to_owned(), directions.get(nth) == Some(&"desc")))
        .collect();
    order.push(("id".to_owned(), false));
    sort(&mut rows, &order);
    let limit = match call.query.get("limit") {
        None => None,
        Some(limit) => match limit.parse::<usize>() {
            Ok(limit) => Some(limit),
            Err(_) => {
                return Err(fault(
                    400,
                    "HTTPBadRequest",
                    format!("Limit must be an integer 0 or greater and not '{limit}'"),
                ));
            }
        },
    };
    // Without a limit Neutron does not look at the marker.
    let marker = call.query.get("marker").filter(|_| limit.is_some());
    let page = page(rows, limit.filter(|limit| *limit > 0), marker, "id").map_err(|marker| {
        fault(404, "HTTPNotFound", format!("{} {marker} could not be found.", plural.trim_end_matches('s')))
    })?;
    let first = page.rows.first().map(|row| text(row, "id").to_owned());
    let shown: Vec<Row> = page.rows.into_iter().map(|row| fields(call, row)).collect();
    let key = plural.replace('-', "_");
    let mut body = json!({key.as_str(): shown});
    let link = |rel: &str, query: String| json!({"rel": rel, "href": format!("{}{}?{query}", world.base, call.url)});
    let mut links = Vec::new();
    if let Some(next) = &page.next {
        links.push(link("next", call.query.after(next)));
    }
    if let (Some(first), Some(_)) = (first, limit) {
        links.push(link("previous", format!("{}&page_reverse=True", call.query.after(&first))));
    }
    if !links.is_empty() {
        body[format!("{key}_links")] = links.into();
    }
    Ok(Reply::json(200, body))
}

fn matches(row: &Row, key: &str, wanted: &[&str]) -> bool {
    let same = |value: &Value| wanted.iter().any(|wanted| python::text(value).eq_ignore_ascii_case(wanted));
    match key {
        "tenant_id" | "project_id" => same(&row["project_id"]),
        "tags" => wanted.iter().all(|tag| row["tags"].as_array().is_some_and(|tags| tags.iter().any(|t| t == tag))),
        "fixed_ips" => wanted.iter().all(|wish| {
            let (what, value) = wish.split_once('=').unwrap_or((wish, ""));
            row["fixed_ips"].as_array().is_some_and(|ips| ips.iter().any(|ip| ip[what] == value))
        }),
        // Neutron leaves out no row for a field it does not know.
        key => row.get(key).is_none_or(same),
    }
}

fn delete(world: &mut World, kind: Kind, id: &str) -> Answer {
    let in_use = |kind: &str, words: String| Err(fault(409, kind, words));
    let ports = world.rows(Kind::Port);
    match kind {
        Kind::Network if ports.iter().any(|port| text(port, "network_id") == id) => {
            return in_use(
                "NetworkInUse",
                format!(
                    "Unable to complete operation on network {id}. There are one or more ports still in use on the network."
                ),
            );
        }
        Kind::Subnet if ports.iter().any(|port| port["fixed_ips"][0]["subnet_id"] == id) => {
            return in_use(
                "SubnetInUse",
                format!(
                    "Unable to complete operation on subnet {id}: One or more ports have an IP allocation from this subnet."
                ),
            );
        }
        Kind::Router if ports.iter().any(|port| text(port, "device_id") == id) => {
            return in_use("RouterInUse", format!("Router {id} still has ports"));
        }
        Kind::SecurityGroup
            if ports
                .iter()
                .any(|port| port["security_groups"].as_array().is_some_and(|g| g.iter().any(|g| g == id))) =>
        {
            return in_use("SecurityGroupInUse", format!("Security Group {id} in use."));
        }
        _ => {}
    }
    if kind == Kind::SecurityGroup {
        world.remove_where(Kind::SecurityGroupRule, |rule| text(rule, "security_group_id") == id);
    }
    if kind == Kind::Port {
        world.let_go(id);
    }
    if kind == Kind::Network {
        world.remove_where(Kind::Subnet, |subnet| text(subnet, "network_id") == id);
    }
    world.remove(kind, id);
    Ok(Reply::empty(204))
}

fn quotas(world: &World, details: bool) -> Value {
    let used = |kind: Kind| world.rows(kind).iter().filter(|row| text(row, "project_id") == world.ids.project).count();
    let rows: [(&str, i64, usize); 9] = [
        ("network", 100, used(Kind::Network)),
        ("subnet", 100, used(Kind::Subnet)),
        ("subnetpool", -1, 0),
        ("port", 2000, used(Kind::Port)),
        ("router", 100, used(Kind::Router)),
        ("floatingip", 200, used(Kind::FloatingIp)),
        ("rbac_policy", 10, 0),
        ("security_group", 500, used(Kind::SecurityGroup)),
        ("security_group_rule", 5000, used(Kind::SecurityGroupRule)),
    ];
    let quota: Row = rows
        .iter()
        .map(|(name, limit, used)| {
            let value = if details { json!({"limit": limit, "used": used, "reserved": 0}) } else { json!(limit) };
            ((*name).to_owned(), value)
        })
        .collect();
    json!({"quota": quota})
}
