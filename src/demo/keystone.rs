//! Keystone's face: versions, tokens, catalogue, and the little of projects and
//! users an ordinary member sees. <https://docs.openstack.org/api-ref/identity/v3/>

use base64::Engine as _;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::engine::Engine;
use super::web::{Answer, Call, Reply, Service};
use super::world::seed::{CREDENTIAL_NAME, CREDENTIAL_SECRET, Ids, PASSWORD, PROJECT, REGION, USER};
use super::world::{Kind, Token, World, new_hex_id, row, text};

/// A token's life.
const LIFE: Duration = Duration::hours(24);
const MALFORMED: &str = "The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.";

fn refuse(code: u16, title: &str, message: impl Into<String>) -> Reply {
    Reply::json(code, json!({"error": {"code": code, "message": message.into(), "title": title}}))
}

fn unauthorized(base: &str) -> Reply {
    refuse(401, "Unauthorized", "The request you have made requires authentication.")
        .with("WWW-Authenticate", format!("Keystone uri=\"{base}/identity/v3\""))
}

fn not_found(message: impl Into<String>) -> Reply {
    refuse(404, "Not Found", message)
}

fn forbidden(action: &str) -> Reply {
    refuse(403, "Forbidden", format!("You are not authorized to perform the requested action: identity:{action}."))
}

pub fn answer(engine: &Engine, call: &Call, token: Option<&Token>) -> Answer {
    let world = engine.world();
    let base = world.base.clone();
    let ids = world.ids.clone();
    drop(world);
    let steps = call.steps();
    match (call.method.as_str(), steps.as_slice()) {
        ("GET", []) => {
            let version = version(&base);
            return Ok(Reply::json(300, json!({"versions": {"values": [version]}}))
                .with("Location", format!("{base}/identity/v3/")));
        }
        ("GET", ["v3"]) => return Ok(Reply::json(200, json!({"version": version(&base)}))),
        ("POST", ["v3", "auth", "tokens"]) => return log_in(engine, call),
        _ => {}
    }
    let Some(token) = token.filter(|token| !token.signals_only) else { return Err(unauthorized(&base)) };
    let list = |what: &str, rows: Value| {
        let own = format!("{base}/identity/{}", steps.join("/"));
        Ok(Reply::json(200, json!({what: rows, "links": {"next": null, "self": own, "previous": null}})))
    };
    match (call.method.as_str(), steps.as_slice()) {
        ("GET" | "DELETE", ["v3", "auth", "tokens"]) => about_token(engine, call),
        ("GET", ["v3", "auth", "catalog"]) => {
            let own = format!("{base}/identity/v3/auth/catalog");
            Ok(Reply::json(200, json!({"catalog": catalogue(&engine.world()), "links": {"self": own}})))
        }
        ("GET", ["v3", "auth", "projects"]) => list("projects", json!([project(&base, &ids)])),
        ("GET", ["v3", "auth", "domains"]) => list("domains", json!([])),
        ("GET", ["v3", "regions"]) => list(
            "regions",
            json!([{"id": REGION, "description": "", "parent_region_id": null, "links": {"self": format!("{base}/identity/v3/regions/{REGION}")}}]),
        ),
        ("GET", ["v3", "limits"]) => list("limits", json!([])),
        ("GET", ["v3", "projects", id]) if *id == ids.project => {
            Ok(Reply::json(200, json!({"project": project(&base, &ids)})))
        }
        ("GET", ["v3", "projects", id]) => Err(not_found(format!("Could not find project: {id}."))),
        ("GET", ["v3", "users", id]) if *id == ids.user => Ok(Reply::json(200, json!({"user": user(&base, &ids)}))),
        ("GET", ["v3", "users", id]) => Err(not_found(format!("Could not find user: {id}."))),
        ("GET", ["v3", "users", id, "projects"]) if *id == ids.user => list("projects", json!([project(&base, &ids)])),
        ("GET", ["v3", "users", id, "application_credentials"]) if *id == ids.user => {
            let world = engine.world();
            let made = world.rows(Kind::Credential).iter().map(|row| json!(world.shown(Kind::Credential, row)));
            let wanted = call.query.get("name");
            let all = std::iter::once(credential(&base, &ids)).chain(made);
            list("application_credentials", all.filter(|one| wanted.is_none_or(|name| one["name"] == name)).collect())
        }
        ("POST", ["v3", "users", id, "application_credentials"]) if *id == ids.user => make_credential(engine, call),
        ("DELETE", ["v3", "users", id, "application_credentials", which]) if *id == ids.user => {
            match engine.world().remove(Kind::Credential, which) {
                Some(_) => Ok(Reply::empty(204)),
                None => Err(not_found(format!("Could not find Application Credential: {which}."))),
            }
        }
        ("GET", ["v3", "users", id, "application_credentials", which]) if *id == ids.user => {
            if *which == ids.credential {
                return Ok(Reply::json(200, json!({"application_credential": credential(&base, &ids)})));
            }
            Err(not_found(format!("Could not find Application Credential: {which}.")))
        }
        ("GET", ["v3", what @ ("projects" | "users" | "services" | "endpoints" | "domains" | "roles" | "groups")]) => {
            let _ = token;
            Err(forbidden(&format!("list_{what}")))
        }
        _ => Err(not_found(
            "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.",
        )),
    }
}

fn version(base: &str) -> Value {
    json!({
        "id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": format!("{base}/identity/v3/")}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    })
}

fn project(base: &str, ids: &Ids) -> Value {
    json!({
        "id": ids.project, "name": PROJECT, "domain_id": "default", "description": PROJECT, "enabled": true,
        "parent_id": "default", "is_domain": false, "tags": [], "options": {},
        "links": {"self": format!("{base}/identity/v3/projects/{}", ids.project)},
    })
}

fn user(base: &str, ids: &Ids) -> Value {
    json!({
        "id": ids.user, "name": USER, "domain_id": "default", "enabled": true, "password_expires_at": null,
        "options": {}, "default_project_id": ids.project,
        "links": {"self": format!("{base}/identity/v3/users/{}", ids.user)},
    })
}

fn credential(base: &str, ids: &Ids) -> Value {
    json!({
        "id": ids.credential, "name": CREDENTIAL_NAME, "description": null, "project_id": ids.project, "system": null,
        "expires_at": null, "unrestricted": true, "roles": roles(),
        "links": {"self": format!("{base}/identity/v3/users/{}/application_credentials/{}", ids.user, ids.credential)},
    })
}

fn make_credential(engine: &Engine, call: &Call) -> Answer {
    let body = call.json().unwrap_or_default();
    let wish = &body["application_credential"];
    let Some(name) = wish["name"].as_str() else {
        return Err(refuse(400, "Bad Request", "'name' is a required property"));
    };
    let known = whole_roles();
    let all = || known.as_array().into_iter().flatten();
    let mut given = Vec::new();
    for role in wish["roles"].as_array().into_iter().flatten() {
        match all().find(|known| known["name"] == role["name"] || known["id"] == role["id"]) {
            Some(role) => given.push(role.clone()),
            None => {
                return Err(not_found(format!("Role {} is not defined", role["name"].as_str().unwrap_or_default())));
            }
        }
    }
    let mut world = engine.world();
    if world.rows(Kind::Credential).iter().any(|row| text(row, "name") == name) {
        let told = format!(
            "Conflict occurred attempting to store application_credential - Duplicate entry found with name {name}."
        );
        return Err(refuse(409, "Conflict", told));
    }
    let (id, own) = (new_hex_id(), format!("{}/identity/v3/application_credentials", world.base));
    let fields = json!({
        "id": id, "name": name, "description": wish["description"], "user_id": world.ids.user,
        "project_id": world.ids.project, "unrestricted": wish["unrestricted"].as_bool().unwrap_or_default(),
        "roles": if given.is_empty() { all().cloned().collect() } else { given },
        "links": {"self": format!("{own}/{id}")},
    });
    let row = row(Kind::Credential, fields);
    let mut shown = json!(world.shown(Kind::Credential, &row));
    world.insert(Kind::Credential, row);
    shown["secret"] = format!("{}{}", new_hex_id(), new_hex_id()).into();
    Ok(Reply::json(201, json!({"application_credential": shown})))
}

/// Roles as they are shown where they are not a token's.
fn whole_roles() -> Value {
    let mut all = roles();
    for role in all.as_array_mut().into_iter().flatten() {
        role["domain_id"] = Value::Null;
        role["description"] = Value::Null;
        role["options"] = json!({"immutable": true});
    }
    all
}

fn roles() -> Value {
    // Nobody looks roles up by id here, so their names serve.
    ["reader", "member", "creator", "heat_stack_owner", "load-balancer_member"]
        .iter()
        .map(|name| json!({"id": uuid::Uuid::from_bytes(role_bytes(name)).simple().to_string(), "name": name}))
        .collect()
}

/// Sixteen bytes that are always the same for a name.
fn role_bytes(name: &str) -> [u8; 16] {
    let mut bytes = [7u8; 16];
    for (nth, byte) in name.bytes().enumerate() {
        bytes[nth % 16] = bytes[nth % 16].wrapping_mul(31).wrapping_add(byte);
    }
    bytes
}

fn catalogue(world: &World) -> Value {
    let project = &world.ids.project;
    let services = [
        ("identity", "keystone", format!("{}/v3", Service::Identity.prefix())),
        ("image", "glance", Service::Image.prefix().to_owned()),
        ("compute", "nova", format!("{}/v2.1", Service::Compute.prefix())),
        ("network", "neutron", Service::Network.prefix().to_owned()),
        ("orchestration", "heat", format!("{}/v1/{project}", Service::Orchestration.prefix())),
        ("load-balancer", "octavia", Service::LoadBalancer.prefix().to_owned()),
        ("block-storage", "cinder", format!("{}/v3/{project}", Service::Volume.prefix())),
        ("key-manager", "barbican", Service::KeyManager.prefix().to_owned()),
        ("volumev3", "cinderv3", format!("{}/v3/{project}", Service::Volume.prefix())),
    ];
    services
        .iter()
        .map(|(kind, name, path)| {
            let id = |what: &str| uuid::Uuid::from_bytes(role_bytes(&format!("{kind}/{what}"))).simple().to_string();
            let endpoint = |interface: &str| {
                json!({
                    "id": id(interface), "interface": interface, "region_id": REGION, "region": REGION,
                    "url": format!("{}/{path}", world.base),
                })
            };
            json!({
                "endpoints": [endpoint("public"), endpoint("internal"), endpoint("admin")],
                "id": id(""), "type": kind, "name": name,
            })
        })
        .collect()
}

fn micros(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true).replace('Z', ".000000Z")
}

fn describe(world: &World, token: &Token, with_catalogue: bool) -> Value {
    let mut out = json!({
        "methods": token.methods,
        "user": {
            "domain": {"id": "default", "name": "Default"}, "id": world.ids.user, "name": USER,
            "password_expires_at": null,
        },
        "audit_ids": [token.audit_id], "expires_at": micros(token.expires), "issued_at": micros(token.issued),
    });
    if !token.unscoped {
        out["project"] =
            json!({"domain": {"id": "default", "name": "Default"}, "id": world.ids.project, "name": PROJECT});
        out["is_domain"] = json!(false);
        out["roles"] = roles();
        if with_catalogue {
            out["catalog"] = catalogue(world);
        }
        if token.methods.iter().any(|method| method == "application_credential") {
            out["application_credential"] =
                json!({"id": world.ids.credential, "name": CREDENTIAL_NAME, "restricted": false});
        }
    }
    json!({"token": out})
}

fn about_token(engine: &Engine, call: &Call) -> Answer {
    let Some(subject) = call.header("X-Subject-Token") else {
        return Err(refuse(
            400,
            "Bad Request",
            format!("Expecting to find X-Subject-Token in request headers. {MALFORMED}"),
        ));
    };
    let mut world = engine.world();
    let Some(found) = world.tokens.get(subject).filter(|token| token.expires > Utc::now()).cloned() else {
        return Err(not_found("Could not recognize Fernet token"));
    };
    if call.method == "DELETE" {
        world.tokens.remove(subject);
        return Ok(Reply::empty(204));
    }
    let body = describe(&world, &found, call.query.get("nocatalog").is_none());
    Ok(Reply::json(200, body).with("X-Subject-Token", subject))
}

/// A name or id of the default domain.
fn default_domain(domain: &Value) -> bool {
    domain["id"] == "default" || domain["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("default"))
}

fn log_in(engine: &Engine, call: &Call) -> Answer {
    let malformed =
        |what: &str| refuse(400, "Bad Request", format!("Expecting to find {what} in request body. {MALFORMED}"));
    let body = call.json().map_err(|_| malformed("valid JSON"))?;
    let Some(auth) = body.get("auth") else { return Err(malformed("auth")) };
    let identity = &auth["identity"];
    let Some(methods) = identity["methods"].as_array() else { return Err(malformed("identity")) };
    let mut world = engine.world();
    let ids = world.ids.clone();
    let base = world.base.clone();
    let mut kept = Vec::new();
    let mut scoped = false;
    for method in methods {
        let method = method.as_str().unwrap_or_default();
        let given = &identity[method];
        match method {
            "password" => {
                let user = &given["user"];
                let known = user["id"] == ids.user.as_str() || user["name"] == USER && default_domain(&user["domain"]);
                if !known || user["password"] != PASSWORD {
                    return Err(unauthorized(&base));
                }
            }
            "token" => {
                let id = given["id"].as_str().unwrap_or_default();
                let Some(token) = world.tokens.get(id).filter(|token| token.expires > Utc::now()) else {
                    return Err(not_found("Could not recognize Fernet token"));
                };
                if token.signals_only {
                    return Err(unauthorized(&base));
                }
                scoped = !token.unscoped;
                kept.extend(token.methods.iter().filter(|m| *m != "token").cloned());
            }
            "application_credential" => {
                let by_id = given["id"].as_str();
                let user = &given["user"];
                let known = match by_id {
                    Some(id) => id == ids.credential,
                    None => {
                        given["name"] == CREDENTIAL_NAME
                            && (user["id"] == ids.user.as_str()
                                || user["name"] == USER && default_domain(&user["domain"]))
                    }
                };
                if !known {
                    let which = by_id.or_else(|| given["name"].as_str()).unwrap_or_default();
                    return Err(not_found(format!("Could not find Application Credential: {which}.")));
                }
                if given["secret"] != CREDENTIAL_SECRET {
                    return Err(unauthorized(&base));
                }
                scoped = true;
            }
            _ => {
                return Err(Reply::json(
                    401,
                    json!({"error": {
                        "code": 401, "title": "Unauthorized", "message": "Attempted to authenticate with an unsupported method.",
                        "identity": {"methods": ["password", "token", "application_credential"]},
                    }}),
                ));
            }
        }
        kept.push(method.to_owned());
    }
    if kept.is_empty() {
        return Err(unauthorized(&base));
    }
    match auth.get("scope") {
        None | Some(Value::Null) => {}
        Some(scope) if scope == "unscoped" || scope.get("unscoped").is_some() => scoped = false,
        Some(scope) => {
            let project = &scope["project"];
            if project["id"] != ids.project.as_str()
                && !(project["name"] == PROJECT && default_domain(&project["domain"]))
            {
                return Err(unauthorized(&base));
            }
            scoped = true;
        }
    }
    let now = Utc::now();
    let audit_id = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(uuid::Uuid::new_v4().as_bytes());
    let token =
        Token { methods: kept, issued: now, expires: now + LIFE, audit_id, unscoped: !scoped, signals_only: false };
    let id = format!("gAAAAAB{}{}{}", new_hex_id(), new_hex_id(), new_hex_id());
    let body = describe(&world, &token, call.query.get("nocatalog").is_none());
    world.tokens.retain(|_, token| token.expires > now);
    world.tokens.insert(id.clone(), token);
    Ok(Reply::json(201, body).with("X-Subject-Token", id))
}
