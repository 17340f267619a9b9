//! Cinder's face: volumes to look at and delete, types, limits.
//! <https://docs.openstack.org/api-ref/block-storage/v3/>

use serde_json::{Value, json};

use super::direct;
use super::engine::Engine;
use super::web::{Answer, Call, Reply, page};
use super::world::compute::VOLUME_TYPE;
use super::world::{Kind, Row, World, text};
use crate::hot::python;

const NEWEST: u32 = 70;
const MOST: usize = 1000;
/// Since which microversion a field of volumes is shown.
const SINCE: [(&str, u32); 5] =
    [("group_id", 13), ("shared_targets", 48), ("service_uuid", 48), ("volume_type_id", 63), ("consumes_quota", 65)];

fn fault(code: u16, name: &str, message: impl Into<String>) -> Reply {
    Reply::json(code, json!({name: {"code": code, "message": message.into()}}))
}

pub fn answer(engine: &Engine, call: &Call) -> Answer {
    let wanted = call.header("OpenStack-API-Version").and_then(|value| value.strip_prefix("volume "));
    let (version, answer) =
        match wanted.map(|wanted| (wanted, wanted.strip_prefix("3.").and_then(|m| m.parse::<u32>().ok()))) {
            None => ("3.0".to_owned(), route(engine, call, 0)),
            Some((version, Some(minor))) if minor <= NEWEST => (version.to_owned(), route(engine, call, minor)),
            Some((version, _)) => {
                let words =
                    format!("Version {version} is not supported by the API. Minimum is 3.0 and maximum is 3.{NEWEST}.");
                (version.to_owned(), Err(fault(406, "computeFault", words)))
            }
        };
    let tell = |reply: Reply| {
        reply.with("OpenStack-API-Version", format!("volume {version}")).with("Vary", "OpenStack-API-Version")
    };
    answer.map(tell).map_err(tell)
}

fn route(engine: &Engine, call: &Call, minor: u32) -> Answer {
    let mut world = engine.world();
    let steps = call.steps();
    let rest = match steps.as_slice() {
        [] | ["v3"] => {
            let status = if steps.is_empty() { 300 } else { 200 };
            return Ok(Reply::json(status, versions(&world.base)));
        }
        ["v3", project, rest @ ..] if *project == world.ids.project => rest,
        ["v3", rest @ ..] if rest.len() != 1 || rest.first().is_some_and(|step| step.len() < 32) => rest,
        _ => return Err(Reply::no_route()),
    };
    match (call.method.as_str(), rest) {
        ("GET", ["volumes"]) => list(&world, call, |row| {
            ["id", "name", "links"].iter().map(|key| ((*key).to_owned(), row[*key].clone())).collect()
        }),
        ("GET", ["volumes", "detail"]) => list(&world, call, |row| volume(&world, row, minor)),
        ("POST", ["volumes"]) => {
            let id = direct::make_volume(&mut world, call)?;
            let row = world.find(Kind::Volume, &id).map(|row| volume(&world, row, minor));
            Ok(Reply::json(202, json!({"volume": row})))
        }
        (method @ ("GET" | "DELETE"), ["volumes", id]) => {
            let Some(row) = world.find(Kind::Volume, id) else {
                return Err(fault(404, "itemNotFound", format!("Volume {id} could not be found.")));
            };
            if method == "GET" {
                return Ok(Reply::json(200, json!({"volume": volume(&world, row, minor)})));
            }
            if text(row, "status") == "in-use" {
                return Err(fault(
                    400,
                    "badRequest",
                    "Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing and must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer.",
                ));
            }
            world.remove(Kind::Volume, id);
            Ok(Reply::empty(202))
        }
        ("GET", ["types"]) => {
            let kind = json!({
                "id": world.ids.volume_type, "name": VOLUME_TYPE, "is_public": true, "description": null, "extra_specs": {},
                "os-volume-type-access:is_public": true,
            });
            Ok(Reply::json(200, json!({"volume_types": [kind]})))
        }
        ("GET", ["limits"]) => Ok(Reply::json(200, limits(&world))),
        ("GET", ["os-quota-sets", id]) => quotas(&world, id, call.query.get("usage")),
        ("GET", ["os-availability-zone"]) => Ok(Reply::json(
            200,
            json!({"availabilityZoneInfo": [{"zoneName": "nova", "zoneState": {"available": true}}]}),
        )),
        ("GET", [what @ ("snapshots" | "backups"), ..]) => Ok(Reply::json(200, json!({*what: []}))),
        ("GET", ["extensions"]) => Ok(Reply::json(200, json!({"extensions": []}))),
        _ => Err(Reply::no_route()),
    }
}

fn versions(base: &str) -> Value {
    json!({"versions": [{
        "id": "v3.0", "status": "CURRENT", "version": format!("3.{NEWEST}"), "min_version": "3.0",
        "updated": "2022-08-31T00:00:00Z",
        "links": [
            {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
            {"rel": "self", "href": format!("{base}/volume/v3/")},
        ],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}],
    }]})
}

fn volume(world: &World, row: &Row, minor: u32) -> Row {
    let mut shown = world.shown(Kind::Volume, row);
    for (key, since) in SINCE {
        if minor < since {
            shown.shift_remove(key);
        }
    }
    shown
}

fn list(world: &World, call: &Call, show: impl Fn(&Row) -> Row) -> Answer {
    let mut rows: Vec<Row> = world.rows(Kind::Volume).iter().rev().cloned().collect();
    for key in ["name", "status", "id", "bootable"] {
        if let Some(wanted) = call.query.get(key) {
            rows.retain(|row| text(row, key) == wanted);
        }
    }
    let limit = match call.query.get("limit").map(|limit| (limit, limit.parse::<usize>())) {
        None => MOST,
        Some((_, Ok(limit))) => limit.min(MOST),
        Some((limit, Err(_))) => {
            return Err(fault(
                400,
                "badRequest",
                format!("limit param must be an integer, not {}", python::repr(&limit.into())),
            ));
        }
    };
    let page = page(rows, Some(limit), call.query.get("marker"), "id")
        .map_err(|marker| fault(404, "itemNotFound", format!("Volume {marker} could not be found.")))?;
    let shown: Vec<Row> = page.rows.iter().map(show).collect();
    let mut body = json!({"volumes": shown});
    if let Some(next) = page.next {
        let href = format!("{}{}?{}", world.base, call.url, call.query.after(&next));
        body["volumes_links"] = json!([{"rel": "next", "href": href}]);
    }
    Ok(Reply::json(200, body))
}

/// Limits alone, or with `usage` also what is taken of each; volume types have theirs.
fn quotas(world: &World, id: &str, usage: Option<&str>) -> Answer {
    let usage = match usage.unwrap_or("false").to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "yes" | "y" | "on" => true,
        "false" | "f" | "0" | "no" | "n" | "off" => false,
        _ => {
            let words = format!("Value '{}' for 'usage' is not a boolean.", usage.unwrap_or_default());
            return Err(fault(400, "badRequest", words));
        }
    };
    let volumes = world.rows(Kind::Volume);
    let size: u64 = volumes.iter().filter_map(|volume| volume["size"].as_u64()).sum();
    let count = volumes.len() as u64;
    let own = |what: &str| format!("{what}_{VOLUME_TYPE}");
    let mut set = serde_json::Map::new();
    for (name, limit, used) in [
        ("volumes".to_owned(), 500, count),
        ("per_volume_gigabytes".to_owned(), -1, 0),
        ("snapshots".to_owned(), 500, 0),
        ("gigabytes".to_owned(), 50_000, size),
        ("backups".to_owned(), 10, 0),
        ("backup_gigabytes".to_owned(), 1000, 0),
        (own("volumes"), -1, count),
        (own("gigabytes"), -1, size),
        (own("snapshots"), -1, 0),
        ("groups".to_owned(), 10, 0),
    ] {
        let told = if usage { json!({"limit": limit, "in_use": used, "reserved": 0}) } else { json!(limit) };
        set.insert(name, told);
    }
    set.insert("id".into(), id.into());
    Ok(Reply::json(200, json!({"quota_set": set})))
}

fn limits(world: &World) -> Value {
    let volumes = world.rows(Kind::Volume);
    let size: u64 = volumes.iter().filter_map(|volume| volume["size"].as_u64()).sum();
    json!({"limits": {"rate": [], "absolute": {
        "maxTotalVolumes": 500, "maxTotalSnapshots": 500, "maxTotalVolumeGigabytes": 50000, "maxTotalBackups": 10,
        "maxTotalBackupGigabytes": 1000, "totalVolumesUsed": volumes.len(), "totalGigabytesUsed": size,
        "totalSnapshotsUsed": 0, "totalBackupsUsed": 0, "totalBackupGigabytesUsed": 0,
    }}})
}
