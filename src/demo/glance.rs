//! Glance's face: images to look at, to describe and to import. <https://docs.openstack.org/api-ref/image/v2/>

mod change;

use serde_json::{Value, json};

use super::engine::Engine;
use super::web::{Answer, Call, Reply, page, sort};
use super::world::{Kind, Row};
use crate::hot::python;

/// Most rows of one page; also the number when none is asked for.
const PAGE: usize = 25;
const MOST: usize = 1000;

pub fn answer(engine: &Engine, call: &Call) -> Answer {
    if let Some(answer) = change::answer(engine, call) {
        return answer;
    }
    let world = engine.world();
    match (call.method.as_str(), call.steps().as_slice()) {
        ("GET", []) | ("GET", ["versions"]) => Ok(Reply::json(300, versions(&world.base))),
        ("GET", ["v2"]) => Ok(Reply::json(300, versions(&world.base))),
        ("GET", ["v2", "images"]) => {
            let rows = world.rows(Kind::Image).iter().rev().map(|row| world.shown(Kind::Image, row)).collect();
            list(call, rows)
        }
        ("GET", ["v2", "images", id]) => match world.find(Kind::Image, id) {
            Some(row) => Ok(Reply::json(200, world.shown(Kind::Image, row).into())),
            None => Err(Reply::page(404, format!("No image found with ID {id}"))),
        },
        ("GET", ["v2", "images", id, "members"]) if world.find(Kind::Image, id).is_some() => {
            Ok(Reply::json(200, json!({"members": [], "schema": "/v2/schemas/members"})))
        }
        ("GET", ["v2", "schemas", "image"]) => Ok(Reply::json(
            200,
            json!({"name": "image", "properties": {}, "additionalProperties": {"type": "string"}, "links": []}),
        )),
        ("GET", ["v2", "info", "import"]) => Ok(Reply::json(
            200,
            json!({"import-methods": {"description": "Import methods available.", "type": "array", "value": ["web-download"]}}),
        )),
        (_, ["v2", "images", ..]) => Err(Reply::page(403, "This part of Glance's API is not in the demo cloud.")),
        _ => Err(Reply::no_route()),
    }
}

fn versions(base: &str) -> Value {
    let ids = ["v2.15", "v2.9", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0"];
    let list: Value = ids
        .iter()
        .enumerate()
        .map(|(nth, id)| {
            let status = if nth == 0 { "CURRENT" } else { "SUPPORTED" };
            json!({"id": id, "status": status, "links": [{"rel": "self", "href": format!("{base}/image/v2/")}]})
        })
        .collect();
    json!({"versions": list})
}

fn list(call: &Call, mut rows: Vec<Row>) -> Answer {
    let reserved = ["limit", "marker", "sort", "sort_key", "sort_dir", "os_hidden", "member_status"];
    for (key, wanted) in call.query.0.iter().filter(|(key, _)| !reserved.contains(&key.as_str())) {
        rows.retain(|row| matches(row, key, wanted));
    }
    let mut keys: Vec<(String, bool)> = match call.query.get("sort") {
        Some(sort) => sort
            .split(',')
            .map(|part| {
                part.split_once(':').map_or((part.to_owned(), true), |(key, dir)| (key.to_owned(), dir == "desc"))
            })
            .collect(),
        None => Vec::new(),
    };
    let descending = call.query.get("sort_dir") != Some("asc");
    keys.extend(call.query.all("sort_key").map(|key| (key.to_owned(), descending)));
    if !keys.is_empty() {
        sort(&mut rows, &keys);
    }
    let limit = match call.query.get("limit") {
        None => PAGE,
        Some(limit) => match limit.parse::<i64>() {
            Ok(limit) if limit >= 0 => usize::try_from(limit).unwrap_or(MOST).min(MOST),
            Ok(_) => return Err(Reply::page(400, "limit param must be positive")),
            Err(_) => return Err(Reply::page(400, "limit param must be an integer")),
        },
    };
    let page = page(rows, Some(limit), call.query.get("marker"), "id")
        .map_err(|marker| Reply::page(400, format!("No image found with ID {marker}")))?;
    let query = if call.raw_query.is_empty() { String::new() } else { format!("?{}", call.raw_query) };
    let mut body = json!({"images": page.rows, "first": format!("/v2/images{query}"), "schema": "/v2/schemas/images"});
    if let Some(next) = page.next {
        body["next"] = format!("/v2/images?{}", call.query.after(&next)).into();
    }
    Ok(Reply::json(200, body))
}

fn matches(row: &Row, key: &str, wanted: &str) -> bool {
    match (key, wanted) {
        ("visibility", "all") => true,
        ("tag", tag) => row["tags"].as_array().is_some_and(|tags| tags.iter().any(|t| t == tag)),
        ("size_min", least) => row["size"].as_u64() >= least.parse().ok(),
        ("size_max", most) => row["size"].as_u64() <= most.parse().ok(),
        _ => match wanted.strip_prefix("in:") {
            Some(list) => list.split(',').any(|one| row.get(key).is_some_and(|value| python::text(value) == one)),
            None => row.get(key).is_some_and(|value| python::text(value) == wanted),
        },
    }
}
