//! Images that are changed, made, imported and deleted, as Glance's API reference has it. Nothing is
//! fetched: the demo cloud has no network, so an import only takes its time. It fails where the
//! address is of a host that no network has (`.invalid`).

use axum::http::Method;
use chrono::Utc;
use serde_json::{Value, json};
use url::Url;

use crate::demo::engine::Engine;
use crate::demo::web::{Answer, Call, Reply};
use crate::demo::world::{Kind, Row, World, new_id, row, stamp, text};

const PATCH: &str = "application/openstack-images-v2.1-json-patch";
/// At the demonstration's own pace.
const FETCH_SECONDS: f64 = 6.0;
/// What only Glance itself sets.
const READ_ONLY: [&str; 13] = [
    "id",
    "status",
    "created_at",
    "updated_at",
    "checksum",
    "size",
    "virtual_size",
    "self",
    "file",
    "schema",
    "owner",
    "os_hash_algo",
    "os_hash_value",
];

/// `None`: it changes nothing.
pub fn answer(engine: &Engine, call: &Call) -> Option<Answer> {
    Some(match (&call.method, call.steps().as_slice()) {
        (&Method::POST, ["v2", "images"]) => create(&mut engine.world(), call),
        (&Method::PATCH, ["v2", "images", id]) => update(&mut engine.world(), call, id),
        (&Method::DELETE, ["v2", "images", id]) => delete(&mut engine.world(), id),
        (&Method::POST, ["v2", "images", id, "import"]) => import(engine, call, id),
        _ => return None,
    })
}

fn missing(id: &str) -> Reply {
    Reply::page(404, format!("No image found with ID {id}"))
}

/// The image, if this project may change it.
fn own<'w>(world: &'w mut World, id: &str, action: &str) -> Result<&'w mut Row, Reply> {
    let project = world.ids.project.clone();
    let found = world.find_mut(Kind::Image, id).ok_or_else(|| missing(id))?;
    if text(found, "owner") == project {
        return Ok(found);
    }
    Err(Reply::page(403, format!("You are not authorized to complete {action} action.")))
}

fn body(call: &Call) -> Result<Value, Reply> {
    call.json().map_err(|_| Reply::page(400, "Malformed JSON in request body."))
}

fn create(world: &mut World, call: &Call) -> Answer {
    let Value::Object(wish) = body(call)? else {
        return Err(Reply::page(400, "Body expected in request."));
    };
    if let Some(key) = wish.keys().find(|key| READ_ONLY[1..].contains(&key.as_str())) {
        return Err(Reply::page(403, format!("Attribute '{key}' is read-only.")));
    }
    let (id, now) = (new_id(), stamp(Utc::now()));
    let mut made = row(
        Kind::Image,
        json!({
            "id": id, "owner": world.ids.project, "created_at": now, "updated_at": now, "status": "queued",
            "visibility": "shared", "self": format!("/v2/images/{id}"), "file": format!("/v2/images/{id}/file"),
            "size": null, "virtual_size": null, "checksum": null, "os_hash_algo": null, "os_hash_value": null,
        }),
    );
    made.extend(wish);
    world.insert(Kind::Image, made.clone());
    let shown = world.shown(Kind::Image, &made);
    let place = format!("{}/image/v2/images/{id}", world.base);
    Ok(Reply::json(201, shown.into()).with("Location", place).with("OpenStack-image-import-methods", "web-download"))
}

fn update(world: &mut World, call: &Call, id: &str) -> Answer {
    if call.header("Content-Type") != Some(PATCH) {
        return Err(Reply::page(415, "Unsupported Content-Type in request."));
    }
    let changes = body(call)?;
    let Some(changes) = changes.as_array() else {
        return Err(Reply::page(400, "Request body must be a JSON array of operation objects."));
    };
    let image = own(world, id, "modify_image")?;
    let mut changed = image.clone();
    for change in changes {
        let key = change["path"].as_str().and_then(|path| path.strip_prefix('/')).unwrap_or_default().to_owned();
        if key.is_empty() || READ_ONLY.contains(&key.as_str()) {
            return Err(Reply::page(403, format!("Attribute '{key}' is read-only.")));
        }
        match (change["op"].as_str(), changed.contains_key(&key)) {
            (Some("replace" | "remove"), false) => {
                return Err(Reply::page(409, format!("Property {key} does not exist.")));
            }
            (Some("add" | "replace"), _) => {
                changed.insert(key, change["value"].clone());
            }
            (Some("remove"), true) => {
                changed.remove(&key);
            }
            _ => return Err(Reply::page(400, "Operations must be add, replace or remove.")),
        }
    }
    changed.insert("updated_at".into(), stamp(Utc::now()).into());
    *image = changed.clone();
    Ok(Reply::json(200, world.shown(Kind::Image, &changed).into()))
}

fn delete(world: &mut World, id: &str) -> Answer {
    own(world, id, "delete_image")?;
    world.remove(Kind::Image, id);
    Ok(Reply::empty(204))
}

fn import(engine: &Engine, call: &Call, id: &str) -> Answer {
    let wish = body(call)?;
    let method = &wish["method"];
    if method["name"] != "web-download" {
        let name = method["name"].as_str().unwrap_or_default();
        return Err(Reply::page(400, format!("Unknown import method name '{name}'.")));
    }
    let address = method["uri"].as_str().and_then(|uri| Url::parse(uri).ok());
    let Some(address) = address.filter(|uri| matches!(uri.scheme(), "http" | "https")) else {
        return Err(Reply::page(400, "URI for web-download does not pass filtering."));
    };
    {
        let mut world = engine.world();
        let image = own(&mut world, id, "modify_image")?;
        if image["status"] != "queued" {
            let status = text(image, "status").to_owned();
            return Err(Reply::page(409, format!("Image status transition from {status} to importing is not allowed")));
        }
        image.insert("os_glance_import_task".into(), new_id().into());
    }
    let fails = address.host_str().is_some_and(|host| host.ends_with(".invalid"));
    let (on, id) = (engine.clone(), id.to_owned());
    engine.spawn(async move {
        on.world().fetch(&id);
        on.pass(FETCH_SECONDS).await;
        on.world().arrive(&id, fails);
    });
    Ok(Reply::empty(202))
}

impl World {
    fn fetch(&mut self, id: &str) {
        let Some(image) = self.find_mut(Kind::Image, id) else { return };
        image.insert("status".into(), "importing".into());
        for stores in ["os_glance_importing_to_stores", "os_glance_failed_import"] {
            image.insert(stores.into(), "".into());
        }
    }

    /// What was being fetched is there, or is not to be had.
    fn arrive(&mut self, id: &str, failed: bool) {
        let Some(image) = self.find_mut(Kind::Image, id) else { return };
        let fields = if failed {
            json!({"status": "queued"})
        } else {
            json!({"status": "active", "size": 1_610_612_736u64, "virtual_size": 10_737_418_240u64,
                "checksum": "040849831b766312510c0299a68bcede", "os_hash_algo": "sha512"})
        };
        image.remove("os_glance_import_task");
        if let Value::Object(fields) = fields {
            image.extend(fields);
        }
    }
}
