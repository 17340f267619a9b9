//! Nova's face: flavors, keypairs, servers to look at and delete, limits.
//! <https://docs.openstack.org/api-ref/compute/>
//! Rows are kept as the newest microversion shows them; older ones are cut down.

use serde_json::{Value, json};

use super::direct;
use super::engine::Engine;
use super::web::{Answer, Call, Reply, page};
use super::world::{Kind, Row, World, stamp, stamp_micros, text};
use crate::hot::python;

const NEWEST: u32 = 93;
const MOST: usize = 1000;

fn fault(code: u16, name: &str, message: impl Into<String>) -> Reply {
    Reply::json(code, json!({name: {"code": code, "message": message.into()}}))
}

fn not_found(message: impl Into<String>) -> Reply {
    fault(404, "itemNotFound", message)
}

/// The minor number a call asks for; the error is the version as written.
fn microversion(call: &Call) -> Result<u32, String> {
    let new = call.header("OpenStack-API-Version").and_then(|value| value.strip_prefix("compute "));
    let Some(wanted) = new.or_else(|| call.header("X-OpenStack-Nova-API-Version")) else { return Ok(1) };
    if wanted == "latest" {
        return Ok(NEWEST);
    }
    let minor = wanted.strip_prefix("2.").and_then(|minor| minor.parse().ok());
    minor.filter(|minor| (1..=NEWEST).contains(minor)).ok_or_else(|| wanted.to_owned())
}

pub fn answer(engine: &Engine, call: &Call) -> Answer {
    let (version, answer) = match microversion(call) {
        Ok(minor) => (format!("2.{minor}"), route(engine, call, minor)),
        Err(wanted) if wanted.split('.').map(|part| part.parse::<u32>()).filter(Result::is_ok).count() != 2 => {
            let words =
                format!("API Version String {wanted} is of invalid format. Must be of format MajorNum.MinorNum.");
            return Err(fault(400, "badRequest", words));
        }
        Err(wanted) => {
            let words =
                format!("Version {wanted} is not supported by the API. Minimum is 2.1 and maximum is 2.{NEWEST}.");
            (wanted, Err(fault(406, "computeFault", words)))
        }
    };
    let tell = |reply: Reply| {
        reply
            .with("OpenStack-API-Version", format!("compute {version}"))
            .with("X-OpenStack-Nova-API-Version", version.clone())
            .with("Vary", "OpenStack-API-Version")
            .with("Vary", "X-OpenStack-Nova-API-Version")
    };
    answer.map(tell).map_err(tell)
}

fn route(engine: &Engine, call: &Call, minor: u32) -> Answer {
    let mut world = engine.world();
    let steps = call.steps();
    match (call.method.as_str(), steps.as_slice()) {
        ("GET", []) => Ok(Reply::json(200, json!({"versions": [version(&world.base, false)]}))),
        ("GET", ["v2.1"]) => Ok(Reply::json(200, json!({"version": version(&world.base, true)}))),
        ("GET", ["v2.1", "flavors"]) => list(&world, call, Kind::Flavor, "flavors", |row| {
            let keys = if minor >= 55 { &["id", "name", "links", "description"][..] } else { &["id", "name", "links"] };
            cut(row, keys)
        }),
        ("GET", ["v2.1", "flavors", "detail"]) => list(&world, call, Kind::Flavor, "flavors", |row| flavor(row, minor)),
        ("GET", ["v2.1", "flavors", id]) => match world.find(Kind::Flavor, id) {
            Some(row) => Ok(Reply::json(200, json!({"flavor": flavor(row, minor)}))),
            None => Err(not_found(format!("Flavor {id} could not be found."))),
        },
        ("GET", ["v2.1", "flavors", id, "os-extra_specs"]) => match world.find(Kind::Flavor, id) {
            Some(row) => Ok(Reply::json(200, json!({"extra_specs": row["extra_specs"]}))),
            None => Err(not_found(format!("Flavor {id} could not be found."))),
        },
        ("GET", ["v2.1", "os-keypairs"]) => {
            let rows =
                world.rows(Kind::Keypair).iter().map(|row| json!({"keypair": keypair(row, minor)})).collect::<Vec<_>>();
            Ok(Reply::json(200, json!({"keypairs": rows})))
        }
        ("GET", ["v2.1", "os-keypairs", name]) => match world.find(Kind::Keypair, name) {
            Some(row) => {
                let mut shown = keypair(row, minor);
                for (key, value) in [
                    ("user_id", Value::from(world.ids.user.clone())),
                    ("created_at", stamp_micros(chrono::Utc::now()).into()),
                    ("deleted", false.into()),
                    ("deleted_at", Value::Null),
                    ("id", 1.into()),
                    ("updated_at", Value::Null),
                ] {
                    shown.insert(key.to_owned(), value);
                }
                Ok(Reply::json(200, json!({"keypair": shown})))
            }
            None => Err(not_found(format!("Keypair {name} not found for user {}", world.ids.user))),
        },
        ("GET", ["v2.1", "servers"]) => {
            list(&world, call, Kind::Server, "servers", |row| cut(row, &["id", "name", "links"]))
        }
        ("GET", ["v2.1", "servers", "detail"]) => {
            list(&world, call, Kind::Server, "servers", |row| server(&world, row, minor))
        }
        (_, ["v2.1", "servers", id, ..]) if world.find(Kind::Server, id).is_none() => {
            Err(not_found(format!("Instance {id} could not be found.")))
        }
        (_, ["v2.1", "servers", id, rest @ ..]) => about_server(engine, &mut world, call, id, rest, minor),
        ("POST", ["v2.1", "servers"]) => direct::make_server(engine, &mut world, call),
        ("GET", ["v2.1", "os-server-groups"]) => {
            let rows: Vec<_> = world.rows(Kind::ServerGroup).iter().rev().map(|row| group(row, minor)).collect();
            Ok(Reply::json(200, json!({"server_groups": rows})))
        }
        ("GET", ["v2.1", "os-server-groups", id]) => match world.find(Kind::ServerGroup, id) {
            Some(row) => Ok(Reply::json(200, json!({"server_group": group(row, minor)}))),
            None => Err(not_found(format!("Instance group {id} could not be found."))),
        },
        ("GET", ["v2.1", "limits"]) => Ok(Reply::json(200, limits(&world))),
        ("GET", ["v2.1", "os-quota-sets", id, ..]) => Ok(Reply::json(200, quotas(id))),
        ("GET", ["v2.1", "os-availability-zone"]) => {
            let zone = json!({"zoneName": "nova", "zoneState": {"available": true}, "hosts": null});
            Ok(Reply::json(200, json!({"availabilityZoneInfo": [zone]})))
        }
        ("GET", ["v2.1", "os-availability-zone", "detail"]) => {
            let words = "Policy doesn't allow os_compute_api:os-availability-zone:detail to be performed.";
            Err(fault(403, "forbidden", words))
        }
        ("GET", ["v2.1", "os-simple-tenant-usage", _]) => Ok(Reply::json(200, json!({"tenant_usage": {}}))),
        ("GET", ["v2.1", "extensions"]) => Ok(Reply::json(200, json!({"extensions": []}))),
        ("GET", ["v2.1", "os-simple-tenant-usage"]) => {
            let words = "Policy doesn't allow os_compute_api:os-simple-tenant-usage:list to be performed.";
            Err(fault(403, "forbidden", words))
        }
        _ => Err(Reply::no_route()),
    }
}

fn version(base: &str, long: bool) -> Value {
    let mut links = json!([{"rel": "self", "href": format!("{base}/compute/v2.1/")}]);
    let mut out = json!({
        "id": "v2.1", "status": "CURRENT", "version": format!("2.{NEWEST}"), "min_version": "2.1",
        "updated": "2013-07-23T11:33:21Z",
    });
    if let (true, Value::Array(links)) = (long, &mut links) {
        links.push(json!({"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"}));
    }
    out["links"] = links;
    if long {
        out["media-types"] =
            json!([{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}]);
    }
    out
}

fn cut(row: &Row, keys: &[&str]) -> Row {
    keys.iter().map(|key| ((*key).to_owned(), row.get(*key).cloned().unwrap_or_default())).collect()
}

fn flavor(row: &Row, minor: u32) -> Row {
    let mut shown = row.clone();
    if minor < 55 {
        shown.shift_remove("description");
    }
    if minor < 61 {
        shown.shift_remove("extra_specs");
    }
    if minor < 75 && row["swap"] == 0 {
        shown.insert("swap".into(), "".into());
    }
    shown
}

fn keypair(row: &Row, minor: u32) -> Row {
    let keys = ["name", "public_key", "fingerprint", "type"];
    cut(row, if minor >= 2 { &keys } else { &keys[..3] })
}

fn group(row: &Row, minor: u32) -> Row {
    let mut shown = row.clone();
    if minor < 64 {
        shown = cut(row, &["id", "name"]);
        shown.insert("policies".into(), json!([row["policy"]]));
        shown.insert("metadata".into(), json!({}));
        for key in ["members", "project_id", "user_id"] {
            shown.insert(key.into(), row[key].clone());
        }
    }
    if minor < 13 {
        shown.shift_remove("project_id");
        shown.shift_remove("user_id");
    }
    shown
}

/// Since which microversion a field of servers is shown.
const SINCE: [(&str, u32); 6] = [
    ("locked", 9),
    ("description", 19),
    ("tags", 26),
    ("trusted_image_certificates", 63),
    ("locked_reason", 73),
    ("OS-EXT-SRV-ATTR:hostname", 90),
];

fn server(world: &World, row: &Row, minor: u32) -> Row {
    let mut shown = world.shown(Kind::Server, row);
    for (key, since) in SINCE {
        if minor < since {
            shown.shift_remove(key);
        }
    }
    if minor < 47 {
        let id = text_in(row, "flavor", "_id");
        let link = json!([{"rel": "bookmark", "href": format!("{}/compute/flavors/{id}", world.base)}]);
        shown.insert("flavor".into(), json!({"id": id, "links": link}));
    } else if let Some(Value::Object(flavor)) = shown.get_mut("flavor") {
        flavor.shift_remove("_id");
    }
    if minor < 3
        && let Some(Value::Array(volumes)) = shown.get_mut("os-extended-volumes:volumes_attached")
    {
        for volume in volumes.iter_mut().filter_map(Value::as_object_mut) {
            volume.shift_remove("delete_on_termination");
        }
    }
    // Servers in error or building have no host to speak of, and no progress.
    if shown["status"] == "ERROR" {
        shown.shift_remove("progress");
    }
    if shown["addresses"].as_object().is_some_and(serde_json::Map::is_empty) && shown["status"] == "BUILD" {
        shown.shift_remove("security_groups");
    }
    shown
}

fn text_in<'r>(row: &'r Row, outer: &str, key: &str) -> &'r str {
    row.get(outer).and_then(|inner| inner.get(key)).and_then(Value::as_str).unwrap_or_default()
}

fn list(world: &World, call: &Call, kind: Kind, what: &str, show: impl Fn(&Row) -> Row) -> Answer {
    let limit = match call.query.get("limit") {
        None => MOST,
        Some(limit) => match limit.parse::<usize>() {
            Ok(limit) => limit.min(MOST),
            Err(_) => {
                let words = format!(
                    "Invalid input for query parameters limit. Value: {limit}. '{limit}' does not match '^[0-9]*$'"
                );
                return Err(fault(400, "badRequest", words));
            }
        },
    };
    let mut rows: Vec<Row> = world.rows(kind).to_vec();
    if kind == Kind::Server {
        rows.reverse();
        if let Some(name) = call.query.get("name") {
            // Nova takes a regular expression here.
            let pattern = regex_lite::Regex::new(name).ok();
            rows.retain(|row| pattern.as_ref().is_some_and(|pattern| pattern.is_match(text(row, "name"))));
        }
        if let Some(status) = call.query.get("status") {
            rows.retain(|row| text(row, "status").eq_ignore_ascii_case(status));
        }
    }
    let page = page(rows, Some(limit), call.query.get("marker"), "id")
        .map_err(|marker| fault(400, "badRequest", format!("marker [{marker}] not found")))?;
    let shown: Vec<Row> = page.rows.iter().map(show).collect();
    let mut body = json!({what: shown});
    if let Some(next) = page.next {
        let href = format!("{}{}?{}", world.base, call.url, call.query.after(&next));
        body[format!("{what}_links")] = json!([{"rel": "next", "href": href}]);
    }
    Ok(Reply::json(200, body))
}

fn about_server(engine: &Engine, world: &mut World, call: &Call, id: &str, rest: &[&str], minor: u32) -> Answer {
    let Some(row) = world.find(Kind::Server, id).cloned() else { return Err(Reply::no_route()) };
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let mut shown = server(world, &row, minor);
            if minor >= 71 {
                let groups = world.rows(Kind::ServerGroup).iter();
                let of = groups.filter(|group| group["members"].as_array().is_some_and(|m| m.iter().any(|m| m == id)));
                shown.insert("server_groups".into(), of.map(|group| group["id"].clone()).collect());
            }
            Ok(Reply::json(200, json!({"server": shown})))
        }
        ("DELETE", []) => {
            world.detach_volumes(id);
            world.remove_where(Kind::Port, |port| text(port, "device_id") == id && port.contains_key("_with_server"));
            world.remove(Kind::Server, id);
            Ok(Reply::empty(204))
        }
        ("GET", ["ips"]) => {
            let mut addresses = server(world, &row, minor).shift_remove("addresses").unwrap_or_default();
            let lists = addresses.as_object_mut().into_iter().flat_map(|map| map.values_mut());
            for entry in lists.filter_map(Value::as_array_mut).flatten().filter_map(Value::as_object_mut) {
                entry.retain(|key, _| key == "version" || key == "addr");
            }
            Ok(Reply::json(200, json!({"addresses": addresses})))
        }
        ("GET", ["os-interface"]) => {
            let ports: Vec<Value> = world
                .ports_of(id)
                .iter()
                .map(|port| {
                    json!({
                        "net_id": port["network_id"], "port_id": port["id"], "mac_addr": port["mac_address"],
                        "port_state": port["status"], "fixed_ips": port["fixed_ips"],
                    })
                })
                .collect();
            Ok(Reply::json(200, json!({"interfaceAttachments": ports})))
        }
        ("GET", ["os-volume_attachments"]) => {
            let volumes: Vec<Value> = world
                .rows(Kind::Volume)
                .iter()
                .map(|volume| (volume, &volume["attachments"][0]))
                .filter(|(_, at)| at["server_id"] == id)
                .map(|(volume, at)| json!({"id": volume["id"], "serverId": id, "volumeId": volume["id"], "device": at["device"]}))
                .collect();
            Ok(Reply::json(200, json!({"volumeAttachments": volumes})))
        }
        ("GET", ["os-instance-actions"]) => {
            let action = json!({
                "action": "create", "instance_uuid": id, "request_id": format!("req-{id}"), "project_id": row["tenant_id"],
                "user_id": row["user_id"], "start_time": row["created"], "message": null,
            });
            Ok(Reply::json(200, json!({"instanceActions": [action]})))
        }
        ("GET", ["os-security-groups"]) => {
            let mut ids: Vec<&str> = Vec::new();
            for port in world.ports_of(id) {
                ids.extend(port["security_groups"].as_array().into_iter().flatten().filter_map(Value::as_str));
            }
            ids.sort_unstable();
            ids.dedup();
            let groups = ids.into_iter().filter_map(|id| world.find(Kind::SecurityGroup, id));
            let groups: Value = groups.map(|group| security_group(world, group)).collect();
            Ok(Reply::json(200, json!({"security_groups": groups})))
        }
        ("POST", ["action"]) => {
            let body = call.json().unwrap_or_default();
            let Some(wish) = body.get("os-getConsoleOutput") else {
                return Err(fault(400, "badRequest", format!("There is no such action: {}", python::text(&body))));
            };
            let mut lines = console(&row, || engine.console(id, text(&row, "name")));
            if let Some(length) = wish.get("length").and_then(Value::as_u64) {
                let keep = usize::try_from(length).unwrap_or(usize::MAX).min(lines.len());
                lines = lines.split_off(lines.len() - keep);
            }
            Ok(Reply::json(200, json!({"output": lines.join("\n")})))
        }
        _ => Err(Reply::no_route()),
    }
}

/// A security group in the words Nova had for them before Neutron was.
fn security_group(world: &World, group: &Row) -> Value {
    let ours = |rule: &&Row| rule["security_group_id"] == group["id"] && rule["direction"] == "ingress";
    let rules: Value = world
        .rows(Kind::SecurityGroupRule)
        .iter()
        .filter(ours)
        .map(|rule| {
            let remote = rule["remote_group_id"].as_str().and_then(|id| world.find(Kind::SecurityGroup, id));
            let (from, range) = match remote {
                Some(remote) => (json!({"name": remote["name"], "tenant_id": remote["tenant_id"]}), json!({})),
                None => (json!({}), json!({"cidr": rule["remote_ip_prefix"].as_str().unwrap_or("0.0.0.0/0")})),
            };
            json!({
                "id": rule["id"], "parent_group_id": group["id"], "ip_protocol": rule["protocol"],
                "from_port": rule["port_range_min"], "to_port": rule["port_range_max"], "group": from, "ip_range": range,
            })
        })
        .collect();
    json!({
        "id": group["id"], "name": group["name"], "description": group["description"], "tenant_id": group["tenant_id"],
        "rules": rules,
    })
}

/// What a booting node would have written.
fn console(server: &Row, more: impl Fn() -> Vec<String>) -> Vec<String> {
    let name = text(server, "name");
    let mut lines = vec![
        "[    0.000000] Linux version 6.8.0-demo (demo@jeroboam)".to_owned(),
        "[    0.000000] Command line: root=LABEL=cloudimg-rootfs ro console=ttyS0".to_owned(),
    ];
    if server["status"] == "ACTIVE" {
        lines.push("[    2.104312] cloud-init[612]: Cloud-init running 'modules:final'".to_owned());
        lines.push(format!("[    4.870021] cloud-init[988]: {name} finished at {}", stamp(chrono::Utc::now())));
        lines.extend(more());
        lines.push(String::new());
        lines.push(format!("{name} login:"));
    }
    lines
}

fn limits(world: &World) -> Value {
    let servers = world.rows(Kind::Server);
    let total = |key: &str| servers.iter().filter_map(|server| server["flavor"][key].as_u64()).sum::<u64>();
    json!({"limits": {"rate": [], "absolute": {
        "maxTotalInstances": 200, "maxTotalCores": 2000, "maxTotalRAMSize": 4_000_000, "maxServerMeta": 128,
        "maxImageMeta": 128, "maxPersonality": 5, "maxPersonalitySize": 10240, "maxTotalKeypairs": 100,
        "maxServerGroups": 200, "maxServerGroupMembers": 200, "maxTotalFloatingIps": -1, "maxSecurityGroups": -1,
        "maxSecurityGroupRules": -1, "totalRAMUsed": total("ram"), "totalCoresUsed": total("vcpus"),
        "totalInstancesUsed": servers.len(), "totalFloatingIpsUsed": 0, "totalSecurityGroupsUsed": 0,
        "totalServerGroupsUsed": world.rows(Kind::ServerGroup).len(),
    }}})
}

fn quotas(project: &str) -> Value {
    json!({"quota_set": {
        "id": project, "cores": 2000, "fixed_ips": -1, "floating_ips": -1, "injected_file_content_bytes": 10240,
        "injected_file_path_bytes": 255, "injected_files": 5, "instances": 200, "key_pairs": 100,
        "metadata_items": 128, "ram": 4_000_000, "security_group_rules": -1, "security_groups": -1,
        "server_group_members": 200, "server_groups": 200,
    }})
}
