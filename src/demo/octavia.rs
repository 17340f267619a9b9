//! Octavia's face: load balancers and their parts, to look at; making and deleting is in [`direct`].
//! <https://docs.openstack.org/api-ref/load-balancer/v2/>

use serde_json::{Value, json};

use super::direct;
use super::engine::Engine;
use super::web::{Answer, Call, Reply, page, sort};
use super::world::{Kind, Row, World, text};
use crate::hot::python;

const COLLECTIONS: [(&str, &str, Kind, &str); 4] = [
    ("loadbalancers", "loadbalancer", Kind::LoadBalancer, "Load Balancer"),
    ("listeners", "listener", Kind::Listener, "Listener"),
    ("pools", "pool", Kind::Pool, "Pool"),
    ("healthmonitors", "healthmonitor", Kind::Monitor, "Health Monitor"),
];

fn fault(code: u16, words: impl Into<String>) -> Reply {
    Reply::json(code, json!({"faultcode": "Client", "faultstring": words.into(), "debuginfo": null}))
}

/// Octavia's framework words this by itself.
fn no_route() -> Reply {
    Reply::json(404, json!({"code": 404, "title": "Not Found", "description": ""}))
}

pub fn answer(engine: &Engine, call: &Call) -> Answer {
    let steps = call.steps();
    let rest = match steps.as_slice() {
        [] | ["v2" | "v2.0"] => return Ok(Reply::json(200, versions(&engine.world().base))),
        ["v2" | "v2.0", "lbaas", rest @ ..] | ["v2" | "v2.0", rest @ ..] => rest,
        _ => return Err(no_route()),
    };
    match (call.method.as_str(), rest) {
        ("GET", _) => {}
        ("POST", ["loadbalancers"]) => return direct::make_load_balancer(engine, call),
        ("DELETE", ["loadbalancers", id]) => return direct::delete_load_balancer(engine, call, id),
        _ => return Err(no_route()),
    }
    let world = engine.world();
    let collection = |name: &str| COLLECTIONS.iter().find(|(plural, ..)| *plural == name);
    match rest {
        ["providers"] => Ok(Reply::json(
            200,
            json!({"providers": [{"name": "amphora", "description": "The demo cloud's load balancer"}]}),
        )),
        ["flavors"] => Ok(Reply::json(200, json!({"flavors": [], "flavors_links": []}))),
        ["quotas", _] => Ok(Reply::json(
            200,
            json!({"quota": {
                "load_balancer": 100, "listener": -1, "member": -1, "pool": -1, "health_monitor": -1, "l7policy": -1, "l7rule": -1,
            }}),
        )),
        ["pools", pool, "members"] if world.find(Kind::Pool, pool).is_some() => {
            list(&world, call, "members", Kind::Member, |row| text(row, "_pool") == *pool)
        }
        ["pools", pool, "members", id] if world.find(Kind::Pool, pool).is_some() => {
            match world.find(Kind::Member, id) {
                Some(row) => Ok(Reply::json(200, json!({"member": world.shown(Kind::Member, row)}))),
                None => Err(fault(404, format!("Member {id} not found."))),
            }
        }
        ["pools", pool, "members", ..] => Err(fault(404, format!("Pool {pool} not found."))),
        ["loadbalancers", id, "status" | "statuses"] => match world.find(Kind::LoadBalancer, id) {
            Some(row) => Ok(Reply::json(200, json!({"statuses": {"loadbalancer": tree(&world, row)}}))),
            None => Err(fault(404, format!("Load Balancer {id} not found."))),
        },
        ["loadbalancers", id, "stats"] if world.find(Kind::LoadBalancer, id).is_some() => Ok(Reply::json(
            200,
            json!({"stats": {"bytes_in": 0, "bytes_out": 0, "active_connections": 0, "total_connections": 0, "request_errors": 0}}),
        )),
        [name] => match collection(name) {
            Some((plural, _, kind, _)) => list(&world, call, plural, *kind, |_| true),
            None => Err(no_route()),
        },
        [name, id] => match collection(name) {
            Some((_, singular, kind, words)) => match world.find(*kind, id) {
                Some(row) => Ok(Reply::json(200, json!({*singular: world.shown(*kind, row)}))),
                None => Err(fault(404, format!("{words} {id} not found."))),
            },
            None => Err(no_route()),
        },
        _ => Err(no_route()),
    }
}

fn versions(base: &str) -> Value {
    let list: Value = (0..=26)
        .map(|minor| {
            json!({
                "id": format!("v2.{minor}"), "status": if minor == 26 { "CURRENT" } else { "SUPPORTED" },
                "updated": "2022-04-01T00:00:00Z", "links": [{"href": format!("{base}/load-balancer/v2"), "rel": "self"}],
            })
        })
        .collect();
    json!({"versions": list})
}

fn list(world: &World, call: &Call, plural: &str, kind: Kind, of: impl Fn(&Row) -> bool) -> Answer {
    let mut rows: Vec<Row> = world.rows(kind).iter().filter(|row| of(row)).map(|row| world.shown(kind, row)).collect();
    let reserved = ["limit", "marker", "fields", "sort", "page_reverse"];
    for (key, wanted) in call.query.0.iter().filter(|(key, _)| !reserved.contains(&key.as_str())) {
        rows.retain(|row| row.get(key).is_none_or(|value| python::text(value).eq_ignore_ascii_case(wanted)));
    }
    sort(&mut rows, &[("created_at".to_owned(), false), ("id".to_owned(), false)]);
    let limit = match call.query.get("limit") {
        None => None,
        Some(limit) => match limit.parse::<usize>() {
            Ok(limit) => Some(limit),
            Err(_) => {
                return Err(fault(
                    400,
                    format!("Invalid input for field/attribute limit. Value: '{limit}'. Limit must be an integer"),
                ));
            }
        },
    };
    let page = page(rows, limit.filter(|limit| *limit > 0), call.query.get("marker"), "id")
        .map_err(|marker| fault(400, format!("Invalid marker {marker}")))?;
    let mut links = Vec::new();
    if let Some(next) = page.next.filter(|_| limit.is_some()) {
        links.push(json!({"rel": "next", "href": format!("{}{}?{}", world.base, call.url, call.query.after(&next))}));
    }
    Ok(Reply::json(200, json!({plural: page.rows, format!("{plural}_links"): links})))
}

/// A load balancer and all below it, with their states.
fn tree(world: &World, balancer: &Row) -> Value {
    let state = |row: &Row, more: &[&str]| -> Row {
        let keys = ["id", "name", "operating_status", "provisioning_status"];
        keys.iter().chain(more).map(|key| ((*key).to_owned(), row[*key].clone())).collect()
    };
    let below = |kind: Kind, key: &'static str, id: &str| {
        let id = id.to_owned();
        world.rows(kind).iter().filter(move |row| text(row, key) == id)
    };
    let mut out = state(balancer, &[]);
    let listeners = below(Kind::Listener, "_loadbalancer", text(balancer, "id")).map(|listener| {
        let mut one = state(listener, &[]);
        let pools = below(Kind::Pool, "_listener", text(listener, "id")).map(|pool| {
            let mut one = state(pool, &[]);
            if let Some(monitor) = below(Kind::Monitor, "_pool", text(pool, "id")).next() {
                one.insert("health_monitor".into(), state(monitor, &["type"]).into());
            }
            let members = below(Kind::Member, "_pool", text(pool, "id"));
            let members: Vec<Row> = members.map(|member| state(member, &["address", "protocol_port"])).collect();
            one.insert("members".into(), json!(members));
            one
        });
        one.insert("pools".into(), pools.map(Value::from).collect());
        Value::from(one)
    });
    let listeners: Value = listeners.collect();
    out.insert("listeners".into(), listeners);
    out.into()
}
