//! Barbican's face: secrets with a text in them.
//! <https://docs.openstack.org/barbican/latest/api/reference/secrets.html>

use chrono::Utc;
use serde_json::{Value, json};

use super::engine::Engine;
use super::web::{Answer, Call, Reply};
use super::world::{Kind, Row, World, new_id, row, stamp_bare, text};

fn fault(code: u16, title: &str, description: impl Into<String>) -> Reply {
    Reply::json(code, json!({"code": code, "title": title, "description": description.into()}))
}

pub fn answer(engine: &Engine, call: &Call) -> Answer {
    let tell = |reply: Reply| {
        reply
            .with("OpenStack-API-Version", "key-manager 1.0".to_owned())
            .with("Vary", "openstack-api-version".to_owned())
    };
    route(engine, call).map_err(tell).map(tell)
}

fn route(engine: &Engine, call: &Call) -> Answer {
    let mut world = engine.world();
    let steps = call.steps();
    let gone = || fault(404, "Not Found", "Secret not found.");
    match (call.method.as_str(), steps.as_slice()) {
        ("GET", ["v1", "secrets"]) => {
            let wanted = call.query.get("name");
            let rows = world.rows(Kind::Secret).iter();
            let found: Vec<Value> = rows
                .filter(|row| wanted.is_none_or(|name| text(row, "name") == name))
                .map(|row| shown(&world, row))
                .collect();
            let total = found.len();
            Ok(Reply::json(200, json!({"secrets": found, "total": total})))
        }
        ("POST", ["v1", "secrets"]) => create(&mut world, &call.json().unwrap_or_default()),
        ("GET", ["v1", "secrets", id]) => {
            let row = world.find(Kind::Secret, id).ok_or_else(gone)?;
            Ok(Reply::json(200, shown(&world, row)))
        }
        ("GET", ["v1", "secrets", id, "payload"]) => {
            let row = world.find(Kind::Secret, id).ok_or_else(gone)?;
            Ok(Reply::text(200, text(row, "_payload")))
        }
        ("DELETE", ["v1", "secrets", id]) => {
            world.remove(Kind::Secret, id).ok_or_else(gone)?;
            Ok(Reply::empty(204))
        }
        _ => Err(fault(404, "Not Found", "Not Found. Sorry but your container is in another castle.")),
    }
}

fn create(world: &mut World, wish: &Value) -> Answer {
    let refuse =
        |why: &str| Err(fault(400, "Bad Request", format!("Provided object does not match schema 'Secret': {why}")));
    if !(wish["name"].is_string() || wish["name"].is_null()) {
        return refuse(&format!("{} is not of type 'string', 'null'. Invalid property: 'name'", wish["name"]));
    }
    let Some(payload) = wish["payload"].as_str() else { return refuse("If 'payload' is provided") };
    if !wish["payload_content_type"].is_string() {
        return refuse("If 'payload' is supplied, 'payload_content_type' must also be supplied.. Invalid property: ''");
    }
    let (id, now) = (new_id(), stamp_bare(Utc::now()));
    let fields = json!({
        "id": id, "created": now, "updated": now, "name": wish["name"],
        "secret_type": wish["secret_type"].as_str().unwrap_or("opaque"), "creator_id": world.ids.user,
        "_payload": payload,
    });
    world.insert(Kind::Secret, row(Kind::Secret, fields));
    let place = place(world, &id);
    Ok(Reply::json(201, json!({"secret_ref": place})).with("Location", place))
}

fn place(world: &World, id: &str) -> String {
    format!("{}/key-manager/v1/secrets/{id}", world.base)
}

fn shown(world: &World, row: &Row) -> Value {
    let mut shown = json!(world.shown(Kind::Secret, row));
    shown["content_types"] = json!({"default": "text/plain"});
    shown["secret_ref"] = place(world, text(row, "id")).into();
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("id");
    }
    shown
}
