//! The requests: every call Jeroboam's adapters and the ordinary clients make, in
//! success and in error, along the life of one stack.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::shape::Answer;
use super::side::{Ask, Side};

type Answers = BTreeMap<String, Answer>;

/// How long a real cloud may take for a stack of this size.
pub const PATIENCE: Duration = Duration::from_secs(240);
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// Names that differ from cloud to cloud.
struct Names {
    image: String,
    flavor: String,
    key: String,
}

pub async fn tell(side: &Side) -> Answers {
    let mut told = Answers::new();
    let names = look_around(side, &mut told).await;
    identity(side, &mut told).await;
    strangers(side, &mut told).await;
    nothing_there(side, &mut told).await;
    refusals(side, &names, &mut told).await;
    let (name, id) = create(side, &names, &mut told).await;
    look_inside(side, &name, &id, &mut told).await;
    delete(side, &name, &id, &mut told).await;
    told
}

pub async fn note(side: &Side, told: &mut Answers, name: &str, ask: Ask<'_>) -> Value {
    let (answer, body) = side.ask(&ask).await;
    told.insert(name.to_owned(), answer);
    body
}

async fn look_around(side: &Side, told: &mut Answers) -> Names {
    let lists = [
        ("image", "/v2/images"),
        ("image", "/v2/images?limit=1"),
        ("image", "/v2/images?name=nosuch"),
        ("image", "/v2/images?os_distro=ubuntu"),
        ("image", "/v2/images?limit=x"),
        ("image", "/v2/images?marker=x"),
        ("image", "/v2/images?sort=name:asc"),
        ("image", "/v2/nosuch"),
        ("image", "/"),
        ("compute", "/"),
        ("compute", "/flavors"),
        ("compute", "/flavors/detail"),
        ("compute", "/flavors/detail?limit=1"),
        ("compute", "/flavors?limit=x"),
        ("compute", "/flavors?marker=x"),
        ("compute", "/flavors/detail?is_public=None"),
        ("compute", "/os-keypairs"),
        ("compute", "/servers"),
        ("compute", "/servers/detail?name=nosuch"),
        ("compute", "/limits"),
        ("compute", "/os-availability-zone"),
        ("compute", "/os-availability-zone/detail"),
        ("compute", "/nosuch"),
        ("network", "/"),
        ("network", "/v2.0/networks"),
        ("network", "/v2.0/networks?limit=1&name=public"),
        ("network", "/v2.0/networks?router:external=true"),
        ("network", "/v2.0/networks?fields=id&fields=name"),
        ("network", "/v2.0/networks?name=nosuch"),
        ("network", "/v2.0/subnets"),
        ("network", "/v2.0/routers"),
        ("network", "/v2.0/ports"),
        ("network", "/v2.0/security-groups"),
        ("network", "/v2.0/security-group-rules"),
        ("network", "/v2.0/floatingips?port_id=nosuch"),
        ("network", "/v2.0/extensions"),
        ("network", "/v2.0/extensions/router"),
        ("network", "/v2.0/nosuch"),
        ("load-balancer", "/"),
        ("load-balancer", "/v2/lbaas/loadbalancers?name=nosuch"),
        ("load-balancer", "/v2/lbaas/providers"),
        ("load-balancer", "/v2/lbaas/listeners?name=nosuch"),
        ("load-balancer", "/v2/lbaas/nosuch"),
        ("block-storage", "/volumes/detail?name=nosuch"),
        ("block-storage", "/types"),
        ("block-storage", "/limits"),
        ("block-storage", "/nosuch"),
        ("block-storage", "/os-availability-zone"),
        ("orchestration", "/build_info"),
        ("orchestration", "/resource_types"),
        ("orchestration", "/stacks?name=nosuch"),
        ("orchestration", "/stacks?limit=x"),
        ("orchestration", "/stacks?tags=nosuch"),
        ("orchestration", "/services"),
        ("orchestration", "/nosuch"),
        ("orchestration", "/stacks?global_tenant=1"),
        ("orchestration", "/template_versions"),
        ("orchestration", "/software_configs"),
    ];
    for (service, path) in lists {
        note(side, told, &format!("{service} {path}"), Ask::get(service, path)).await;
    }
    for (name, version) in [("newest", "2.90"), ("too new", "2.9999"), ("nonsense", "many")] {
        for path in ["/flavors/detail", "/os-keypairs"] {
            let headers = vec![("X-OpenStack-Nova-API-Version", version.to_owned())];
            note(side, told, &format!("compute {path} {name}"), Ask { headers, ..Ask::get("compute", path) }).await;
        }
    }
    for (service, path) in
        [("network", "/v2.0/quotas"), ("compute", "/os-quota-sets"), ("load-balancer", "/v2/lbaas/quotas")]
    {
        note(side, told, &format!("{service} {path}"), Ask::get(service, &format!("{path}/{}", side.project))).await;
    }
    for query in ["", "?usage=True", "?usage=0", "?usage=bogus"] {
        let path = format!("/os-quota-sets/{}{query}", side.project);
        note(side, told, &format!("block-storage /os-quota-sets{query}"), Ask::get("block-storage", &path)).await;
    }
    let images = side.get("image", "/v2/images?os_distro=ubuntu&status=active").await;
    let keys = side.get("compute", "/os-keypairs").await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let names = Names {
        image: text(&images["images"][0]["name"]),
        flavor: "m1.small".to_owned(),
        key: text(&keys["keypairs"][0]["keypair"]["name"]),
    };
    note(side, told, "image show", Ask::get("image", &format!("/v2/images/{}", text(&images["images"][0]["id"]))))
        .await;
    note(side, told, "keypair show", Ask::get("compute", &format!("/os-keypairs/{}", names.key))).await;
    note(side, told, "flavor show", Ask::get("compute", "/flavors/2")).await;
    names
}

async fn identity(side: &Side, told: &mut Answers) {
    let root = side.auth_url.trim_end_matches("v3").to_owned();
    note(side, told, "identity /", Ask { token: Some(None), ..Ask::get("auth", &root) }).await;
    note(side, told, "identity v3", Ask { token: Some(None), ..Ask::get("auth", "") }).await;
    for path in ["/auth/projects", "/auth/catalog", "/auth/domains", "/projects", "/users", "/services", "/regions"] {
        note(side, told, &format!("identity {path}"), Ask::get("auth", path)).await;
    }
    note(side, told, "identity own project", Ask::get("auth", &format!("/projects/{}", side.project))).await;
    note(side, told, "identity own user's projects", Ask::get("auth", &format!("/users/{}/projects", side.user))).await;
    let subject = vec![("X-Subject-Token", side.token.clone())];
    note(side, told, "token show", Ask { headers: subject, ..Ask::get("auth", "/auth/tokens") }).await;
    let subject = vec![("X-Subject-Token", "nosuch".to_owned())];
    note(side, told, "token show nosuch", Ask { headers: subject, ..Ask::get("auth", "/auth/tokens") }).await;
    let by = |method: &str, what: Value| json!({"auth": {"identity": {"methods": [method], method: what}}});
    let user = json!({"user": {"name": "demo", "domain": {"id": "default"}, "password": "wrong"}});
    let scope = json!({"project": {"name": "nosuch", "domain": {"id": "default"}}});
    let mut lost = by("token", json!({"id": side.token}));
    lost["auth"]["scope"] = scope;
    let mut again = by("token", json!({"id": side.token}));
    again["auth"]["scope"] = json!({"project": {"id": side.project}});
    for (name, body) in [
        ("wrong password", by("password", user)),
        ("unknown token", by("token", json!({"id": "nosuch"}))),
        ("unknown credential", by("application_credential", json!({"id": "nosuch", "secret": "x"}))),
        ("unknown project", lost),
        ("token for token", again),
        ("nothing", json!({})),
    ] {
        let ask = Ask { token: Some(None), ..Ask::send("auth", "POST", "/auth/tokens", &body) };
        note(side, told, &format!("log in: {name}"), ask).await;
    }
    let ask =
        Ask { token: Some(None), body: Some("{".into()), ..Ask::send("auth", "POST", "/auth/tokens", &Value::Null) };
    note(side, told, "log in: not JSON", ask).await;
}

/// Calls without a good token.
async fn strangers(side: &Side, told: &mut Answers) {
    for (service, path) in [
        ("auth", "/auth/projects"),
        ("image", "/v2/images"),
        ("compute", "/servers"),
        ("network", "/v2.0/networks"),
        ("orchestration", "/stacks"),
        ("load-balancer", "/v2/lbaas/loadbalancers"),
        ("block-storage", "/volumes"),
    ] {
        let ask = Ask { token: Some(Some("nosuch")), ..Ask::get(service, path) };
        note(side, told, &format!("{service} with a bad token"), ask).await;
        note(side, told, &format!("{service} without a token"), Ask { token: Some(None), ..Ask::get(service, path) })
            .await;
    }
}

/// Things that are not there.
async fn nothing_there(side: &Side, told: &mut Answers) {
    for (service, path) in [
        ("image", "/v2/images/"),
        ("compute", "/servers/"),
        ("compute", "/flavors/"),
        ("compute", "/os-keypairs/"),
        ("compute", "/os-server-groups/"),
        ("network", "/v2.0/networks/"),
        ("network", "/v2.0/subnets/"),
        ("network", "/v2.0/routers/"),
        ("network", "/v2.0/ports/"),
        ("network", "/v2.0/floatingips/"),
        ("network", "/v2.0/security-groups/"),
        ("network", "/v2.0/security-group-rules/"),
        ("network", "/v2.0/extensions/"),
        ("load-balancer", "/v2/lbaas/loadbalancers/"),
        ("load-balancer", "/v2/lbaas/listeners/"),
        ("load-balancer", "/v2/lbaas/pools/"),
        ("load-balancer", "/v2/lbaas/healthmonitors/"),
        ("block-storage", "/volumes/"),
        ("orchestration", "/stacks/"),
        ("orchestration", "/stacks/nosuch/"),
        ("orchestration", "/resource_types/"),
    ] {
        note(side, told, &format!("{service} no {path}"), Ask::get(service, &format!("{path}{NOBODY}"))).await;
    }
    for path in ["/stacks/nosuch", "/stacks/nosuch/resources", "/stacks/nosuch/events", "/stacks/nosuch/outputs"] {
        note(side, told, &format!("orchestration {path}"), Ask::get("orchestration", path)).await;
    }
    for (service, path) in [
        ("orchestration", "/stacks/nosuch"),
        ("orchestration", "/stacks/nosuch/00000000-0000-4000-8000-000000000000"),
        ("compute", "/servers/nosuch"),
        ("network", "/v2.0/ports/nosuch"),
    ] {
        let ask = Ask { method: "DELETE", ..Ask::get(service, path) };
        note(side, told, &format!("{service} delete {path}"), ask).await;
    }
}

async fn refusals(side: &Side, names: &Names, told: &mut Answers) {
    let text = include_str!("refused.yaml").replace("IMAGE", &names.image);
    let cases: Vec<Value> = serde_saphyr::from_str(&text).unwrap();
    let stack = format!("refused-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]);
    for case in cases {
        let mut body = json!({"stack_name": stack, "disable_rollback": true});
        let name = case["name"].as_str().unwrap().to_owned();
        let wished = case.as_object().unwrap().iter().filter(|(key, _)| *key != "name");
        body.as_object_mut().unwrap().extend(wished.map(|(key, value)| (key.clone(), value.clone())));
        let answer =
            note(side, told, &format!("refused: {name}"), Ask::send("orchestration", "POST", "/stacks", &body)).await;
        assert_eq!(answer["stack"], Value::Null, "{name} was not refused");
    }
    for (name, body) in [("not JSON", "{"), ("a list", "[]"), ("nothing", ""), ("no name", r#"{"template": {}}"#)] {
        let ask = Ask { body: Some(body.to_owned()), ..Ask::send("orchestration", "POST", "/stacks", &Value::Null) };
        note(side, told, &format!("create: {name}"), ask).await;
    }
    let good = json!({"template": {
        "heat_template_version": "2018-08-31",
        "parameters": {
            "p": {"type": "string", "default": "abc", "description": "d", "constraints": [{"length": {"min": 1, "max": 3}}, {"allowed_pattern": "[a-z]+"}]},
            "n": {"type": "number", "constraints": [{"range": {"min": 1}}]},
            "l": {"type": "comma_delimited_list", "default": "a,b", "hidden": true},
            "j": {"type": "json", "default": {"a": 1}}, "b": {"type": "boolean"},
        },
        "resources": {"a": {"type": "OS::Heat::RandomString"}},
    }});
    note(side, told, "validate", Ask::send("orchestration", "POST", "/validate", &good)).await;
    let bad = json!({"template": {"heat_template_version": "2018-08-31", "resources": {"a": {"type": "OS::No"}}}});
    note(side, told, "validate refused", Ask::send("orchestration", "POST", "/validate", &bad)).await;
    note(side, told, "validate nothing", Ask::send("orchestration", "POST", "/validate", &json!({}))).await;
}

async fn create(side: &Side, names: &Names, told: &mut Answers) -> (String, String) {
    let name = format!("contract-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]);
    let body = json!({
        "stack_name": name, "disable_rollback": true, "timeout_mins": 30, "tags": "jeroboam,contract",
        "template": include_str!("everything.yaml"), "files": {"node.yaml": include_str!("node.yaml")},
        "parameters": {"image": names.image, "flavor": names.flavor, "key_name": names.key},
    });
    let made = note(side, told, "create", Ask::send("orchestration", "POST", "/stacks", &body)).await;
    let id = made["stack"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    note(side, told, "create again", Ask::send("orchestration", "POST", "/stacks", &body)).await;
    note(side, told, "stack by name", Ask::get("orchestration", &format!("/stacks/{name}"))).await;
    note(side, told, "stack by id", Ask::get("orchestration", &format!("/stacks/{id}"))).await;
    note(side, told, "events by name", Ask::get("orchestration", &format!("/stacks/{name}/events?limit=1"))).await;
    note(side, told, "stack of another name", Ask::get("orchestration", &format!("/stacks/other/{id}"))).await;
    let path = format!("/stacks/{name}/{id}");
    let started = Instant::now();
    let mut signalled = 0;
    loop {
        let stack = side.get("orchestration", &path).await["stack"].clone();
        match stack["stack_status"].as_str().unwrap_or_default() {
            "CREATE_COMPLETE" => break,
            "CREATE_IN_PROGRESS" => {}
            other => panic!("{other}: {}", stack["stack_status_reason"]),
        }
        assert!(started.elapsed() < PATIENCE, "{name} is not made in time");
        let waiting = side.get("orchestration", &format!("{path}/resources/ready")).await;
        if !side.signals && signalled < 2 && waiting["resource"]["resource_status"] == "CREATE_IN_PROGRESS" {
            let outputs = stack["outputs"].as_array().unwrap();
            let curl =
                outputs.iter().find(|output| output["output_key"] == "curl").unwrap()["output_value"].as_str().unwrap();
            let token = curl.split("X-Auth-Token: ").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
            let url = curl.rsplit(' ').next().unwrap();
            let said =
                json!({"status": "SUCCESS", "reason": "up", "data": "booted", "id": format!("node-{signalled}")});
            let ask = Ask { token: Some(Some(token)), ..Ask::send("orchestration", "POST", url, &said) };
            side.ask(&ask).await;
            signalled += 1;
        }
        tokio::time::sleep(Duration::from_millis(if side.signals { 20 } else { 1000 })).await;
    }
    (name, id)
}

async fn look_inside(side: &Side, name: &str, id: &str, told: &mut Answers) {
    let path = format!("/stacks/{name}/{id}");
    let heat = [
        "",
        "?resolve_outputs=False",
        "/resources",
        "/resources?nested_depth=5",
        "/resources?nested_depth=1&with_detail=True",
        "/resources?nested_depth=x",
        "/resources/nodes",
        "/resources/ready",
        "/resources/handle",
        "/resources/net",
        "/resources/lb",
        "/resources/password",
        "/resources/interface",
        "/resources/group",
        "/resources/nosuch",
        "/resources/handle/metadata",
        "/resources/net/events",
        "/resources/nosuch/metadata",
        "/events",
        "/events?nested_depth=5&sort_dir=asc",
        "/events?limit=2&sort_dir=asc",
        "/events?limit=-1",
        "/events?limit=x",
        "/events?marker=nosuch&limit=1",
        "/outputs",
        "/outputs/vip",
        "/outputs/nosuch",
        "/template",
        "/environment",
        "/files",
    ];
    for tail in heat {
        note(side, told, &format!("stack {tail}"), Ask::get("orchestration", &format!("{path}{tail}"))).await;
    }
    for query in [
        "tags=contract",
        "tags=jeroboam,contract",
        "not_tags=nosuch&limit=1",
        "tags_any=contract,nosuch",
        "status=COMPLETE&limit=1",
        "show_nested=True",
        "with_count=True&limit=1",
    ] {
        note(side, told, &format!("stacks {query}"), Ask::get("orchestration", &format!("/stacks?{query}"))).await;
    }
    let events = side.get("orchestration", &format!("{path}/events?sort_dir=asc")).await;
    let event = events["events"].as_array().unwrap().iter().find(|event| event["resource_name"] == "net").unwrap();
    note(side, told, "event show", Ask::get("orchestration", event["links"][0]["href"].as_str().unwrap())).await;
    let marker = event["id"].as_str().unwrap();
    note(
        side,
        told,
        "events from a marker",
        Ask::get("orchestration", &format!("{path}/events?marker={marker}&limit=2&sort_dir=asc")),
    )
    .await;
    for (what, resource, body) in [
        ("a string", "password", json!({})),
        ("nobody", "nosuch", json!({})),
        ("a handle", "handle", json!({"status": "SUCCESS", "id": "late"})),
        ("a handle with nonsense", "handle", json!({"status": "PERHAPS"})),
    ] {
        let ask = Ask::send("orchestration", "POST", &format!("{path}/resources/{resource}/signal"), &body);
        note(side, told, &format!("signal {what}"), ask).await;
    }
    let ask = Ask { method: "PUT", ..Ask::get("orchestration", &format!("{path}/resources/handle/signal")) };
    note(side, told, "signal by PUT", ask).await;
    compute(side, name, told).await;
    for what in ["networks", "subnets", "routers", "ports", "floatingips", "security-groups", "security-group-rules"] {
        let body =
            note(side, told, &format!("network {what} of the stack"), Ask::get("network", &format!("/v2.0/{what}")))
                .await;
        let rows = body[what.replace('-', "_")].as_array().unwrap();
        // The same kind of network on every cloud: an external one shows more.
        let row = rows.iter().find(|row| row["name"] == "public").unwrap_or_else(|| own(rows, name));
        let id = row["id"].as_str().unwrap().to_owned();
        note(side, told, &format!("network {what} show"), Ask::get("network", &format!("/v2.0/{what}/{id}"))).await;
    }
    for what in ["loadbalancers", "listeners", "pools", "healthmonitors"] {
        let body =
            note(side, told, &format!("load-balancer {what}"), Ask::get("load-balancer", &format!("/v2/lbaas/{what}")))
                .await;
        let id = own(body[what].as_array().unwrap(), name)["id"].as_str().unwrap().to_owned();
        note(
            side,
            told,
            &format!("load-balancer {what} show"),
            Ask::get("load-balancer", &format!("/v2/lbaas/{what}/{id}")),
        )
        .await;
        if what == "pools" {
            note(
                side,
                told,
                "load-balancer members",
                Ask::get("load-balancer", &format!("/v2/lbaas/pools/{id}/members")),
            )
            .await;
        }
        if what == "loadbalancers" {
            note(
                side,
                told,
                "load-balancer status",
                Ask::get("load-balancer", &format!("/v2/lbaas/loadbalancers/{id}/status")),
            )
            .await;
            note(side, told, "load-balancer limit", Ask::get("load-balancer", "/v2/lbaas/loadbalancers?limit=1")).await;
        }
    }
    for path in ["/volumes", "/volumes/detail", "/volumes?limit=1"] {
        // Somebody's volume made from an image would show that image.
        let asked = format!("{path}{}bootable=false", if path.contains('?') { '&' } else { '?' });
        note(side, told, &format!("block-storage {path}"), Ask::get("block-storage", &asked)).await;
    }
    let servers = side.get("compute", &format!("/servers/detail?name={name}")).await;
    let id = servers["servers"][0]["os-extended-volumes:volumes_attached"][0]["id"].as_str().unwrap().to_owned();
    note(side, told, "volume show", Ask::get("block-storage", &format!("/volumes/{id}"))).await;
    let headers = vec![("OpenStack-API-Version", "volume 3.70".to_owned())];
    note(side, told, "volume show newest", Ask { headers, ..Ask::get("block-storage", &format!("/volumes/{id}")) })
        .await;
}

/// The stack's own, where names tell: others' may be gone a moment later.
fn own<'a>(rows: &'a [Value], stack: &str) -> &'a Value {
    rows.iter().find(|row| row["name"].as_str().is_some_and(|name| name.starts_with(stack))).unwrap_or(&rows[0])
}

async fn compute(side: &Side, name: &str, told: &mut Answers) {
    let path = format!("/servers/detail?name={name}");
    let servers = note(side, told, "servers detail", Ask::get("compute", &path)).await;
    for version in ["2.26", "2.47", "2.90"] {
        let headers = vec![("X-OpenStack-Nova-API-Version", version.to_owned())];
        note(side, told, &format!("servers detail {version}"), Ask { headers, ..Ask::get("compute", &path) }).await;
    }
    note(side, told, "servers", Ask::get("compute", &format!("/servers?name={name}&limit=1"))).await;
    let id = servers["servers"][0]["id"].as_str().unwrap().to_owned();
    for tail in ["", "/ips", "/os-interface", "/os-volume_attachments", "/os-security-groups", "/nosuch"] {
        note(side, told, &format!("server {tail}"), Ask::get("compute", &format!("/servers/{id}{tail}"))).await;
    }
    let headers = vec![("X-OpenStack-Nova-API-Version", "2.90".to_owned())];
    note(side, told, "server newest", Ask { headers, ..Ask::get("compute", &format!("/servers/{id}")) }).await;
    let console = json!({"os-getConsoleOutput": {"length": 2}});
    note(side, told, "console", Ask::send("compute", "POST", &format!("/servers/{id}/action"), &console)).await;
    note(side, told, "server groups", Ask::get("compute", "/os-server-groups")).await;
}

async fn delete(side: &Side, name: &str, id: &str, told: &mut Answers) {
    let path = format!("/stacks/{name}/{id}");
    let by_name = Ask { method: "DELETE", ..Ask::get("orchestration", &format!("/stacks/{name}")) };
    note(side, told, "delete by name", by_name).await;
    note(side, told, "delete", Ask { method: "DELETE", ..Ask::get("orchestration", &path) }).await;
    let started = Instant::now();
    loop {
        let stack = side.get("orchestration", &path).await;
        match stack["stack"]["stack_status"].as_str().unwrap_or_default() {
            // The record is closed a moment after the status says so.
            "DELETE_COMPLETE" if side.get("orchestration", &format!("/stacks/{name}")).await["code"] == 404 => break,
            "DELETE_COMPLETE" => {}
            "DELETE_IN_PROGRESS" | "CREATE_COMPLETE" => {}
            other => panic!("{other}: {}", stack["stack"]["stack_status_reason"]),
        }
        assert!(started.elapsed() < PATIENCE, "{name} is not deleted in time");
        tokio::time::sleep(Duration::from_millis(if side.signals { 20 } else { 1000 })).await;
    }
    note(side, told, "deleted stack by id", Ask::get("orchestration", &path)).await;
    note(side, told, "deleted stack by name", Ask::get("orchestration", &format!("/stacks/{name}"))).await;
    note(side, told, "deleted stack's resources", Ask::get("orchestration", &format!("{path}/resources"))).await;
    note(side, told, "delete a deleted stack", Ask { method: "DELETE", ..Ask::get("orchestration", &path) }).await;
    let servers = side.get("compute", &format!("/servers?name={name}")).await;
    assert_eq!(servers["servers"], json!([]), "servers are left");
}
