//! A stack through its updates: grown, shrunk, told another name, replaced,
//! failed, patched. Beside the answers, what came of each: events and members.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::shape::Answer;
use super::side::{Ask, Side};
use super::story::{PATIENCE, note};

type Answers = BTreeMap<String, Answer>;

struct Changing<'a> {
    side: &'a Side,
    name: String,
    path: String,
    /// Events known by now.
    seen: Vec<String>,
}

pub async fn tell(side: &Side) -> Answers {
    let mut told = Answers::new();
    let images = side.get("image", "/v2/images?os_distro=ubuntu&status=active").await;
    let image = images["images"][0]["name"].as_str().unwrap().to_owned();
    walk(side, &image, &mut told).await;
    told
}

async fn walk(side: &Side, image: &str, told: &mut Answers) {
    let name = format!("contract-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]);
    let whole = |wishes: &[(&str, Value)]| {
        let mut parameters = json!({"image": image, "flavor": "m1.small"});
        parameters.as_object_mut().unwrap().extend(wishes.iter().map(|(k, v)| ((*k).to_owned(), v.clone())));
        json!({
            "template": include_str!("changing.yaml"), "files": {"member.yaml": include_str!("member.yaml")},
            "parameters": parameters, "tags": "jeroboam,contract", "timeout_mins": 10, "disable_rollback": true,
        })
    };
    let mut first = whole(&[]);
    first["stack_name"] = name.clone().into();
    let made = note(side, told, "changing: create", Ask::send("orchestration", "POST", "/stacks", &first)).await;
    let path = format!("/stacks/{name}/{}", made["stack"]["id"].as_str().unwrap_or_else(|| panic!("{made}")));
    let mut stack = Changing { side, name, path, seen: Vec::new() };
    stack.settle("created", told).await;

    let steps = [
        ("nothing new", whole(&[])),
        ("grown", whole(&[("count", json!(3))])),
        ("one taken out", whole(&[("count", json!(2)), ("removed", json!(["1"]))])),
        ("grown past the removed", whole(&[("count", json!(3)), ("removed", json!("1,7"))])),
        ("another label", whole(&[("count", json!(1)), ("label", json!("two")), ("removed", json!("1"))])),
        ("another group", whole(&[("label", json!("two")), ("groups", json!({"0": {"flavor": "big"}}))])),
        ("another generation", whole(&[("label", json!("two")), ("generation", json!("1"))])),
        ("a spare", whole(&[("label", json!("two")), ("generation", json!("1")), ("with_spare", json!(true))])),
    ];
    for (what, body) in steps {
        let ask = Ask::send("orchestration", "PUT", &stack.path, &body);
        note(side, told, &format!("changing: {what}"), ask).await;
        stack.settle(what, told).await;
    }
    refusals(&stack, &whole(&[]), told).await;
    let tags = side.get("orchestration", &stack.path).await["stack"]["tags"].clone();
    assert_eq!(tags, json!(["jeroboam", "contract"]));
    // A PATCH keeps all it does not name.
    for (what, body) in [
        ("patched", json!({"parameters": {"with_spare": false}})),
        ("patched with nothing", json!({})),
        ("patched with what nobody knows", json!({"parameters": {"nosuch": 1}})),
        ("cleared", json!({"clear_parameters": ["label"], "tags": "contract"})),
    ] {
        let ask = Ask::send("orchestration", "PATCH", &stack.path, &body);
        note(side, told, &format!("changing: {what}"), ask).await;
        stack.settle(what, told).await;
    }
    let ask = Ask { method: "DELETE", ..Ask::get("orchestration", &stack.path) };
    note(side, told, "changing: delete", ask).await;
    let ask = Ask::send("orchestration", "PUT", &stack.path, &whole(&[]));
    note(side, told, "changing: while it is deleted", ask).await;
    stack.end().await;
}

async fn refusals(stack: &Changing<'_>, whole: &Value, told: &mut Answers) {
    let with = |key: &str, value: Value| {
        let mut body = whole.clone();
        body[key] = value;
        if key == "template" {
            body["parameters"] = json!({});
        }
        body
    };
    let cases = [
        ("PUT", "no template", with("template", Value::Null)),
        // Of two missing ones Heat names now this one, now the other.
        ("PUT", "an unknown parameter", with("parameters", json!({"nosuch": 1, "flavor": "m1.small"}))),
        ("PUT", "a missing parameter", with("parameters", json!({"flavor": "m1.small"}))),
        ("PUT", "a bad time-out", with("timeout_mins", json!("soon"))),
        (
            "PUT",
            "a bad template",
            with("template", json!("heat_template_version: 2018-08-31\nresources: {a: {type: 'OS::No'}}")),
        ),
    ];
    for (method, what, body) in cases {
        let ask = Ask::send("orchestration", method, &stack.path, &body);
        note(stack.side, told, &format!("changing by {method}: {what}"), ask).await;
    }
    for (what, body) in [
        ("nothing", json!({})),
        ("two", json!({"check": null, "suspend": null})),
        ("nonsense", json!({"dance": null})),
        ("cancel", json!({"cancel_update": null})),
        ("cancel without rollback", json!({"cancel_without_rollback": null})),
    ] {
        let ask = Ask::send("orchestration", "POST", &format!("{}/actions", stack.path), &body);
        note(stack.side, told, &format!("action: {what}"), ask).await;
    }
}

impl Changing<'_> {
    /// Waits until it does not move.
    async fn end(&self) -> Value {
        let started = Instant::now();
        loop {
            let stack = self.side.get("orchestration", &self.path).await["stack"].clone();
            if !stack["stack_status"].as_str().unwrap_or_default().ends_with("IN_PROGRESS") {
                return stack;
            }
            assert!(started.elapsed() < PATIENCE, "this takes too long: {stack}");
            tokio::time::sleep(Duration::from_millis(if self.side.signals { 20 } else { 1000 })).await;
        }
    }

    /// Waits, then notes what happened as the keys of an object: those are compared.
    async fn settle(&mut self, what: &str, told: &mut Answers) {
        let stack = self.end().await;
        let mut facts = Map::new();
        let mut put = |fact: String| facts.insert(fact, true.into());
        let plain = |text: &str| text.replace(&self.name, "STACK");
        put(plain(&format!("{} {}", stack["stack_status"], stack["stack_status_reason"])));
        let events = self.side.get("orchestration", &format!("{}/events?nested_depth=5", self.path)).await;
        for event in events["events"].as_array().into_iter().flatten() {
            let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            if self.seen.contains(&text("id")) {
                continue;
            }
            self.seen.push(text("id"));
            let resource = text("resource_name");
            // Nested stacks tell of themselves by names with chance in them.
            if !resource.starts_with(&self.name) {
                put(plain(&format!("{resource} {} {}", text("resource_status"), text("resource_status_reason"))));
            } else if resource == self.name {
                put(plain(&format!("stack {} {}", text("resource_status"), text("resource_status_reason"))));
            }
        }
        for output in stack["outputs"].as_array().into_iter().flatten() {
            let value = match &output["output_value"] {
                Value::Object(map) => json!(map.keys().collect::<Vec<_>>()),
                other => other.clone(),
            };
            put(plain(&format!("output {}: {value}", output["output_key"])));
        }
        for (name, value) in stack["parameters"].as_object().into_iter().flatten() {
            if ["count", "removed", "label", "generation", "with_spare", "secret", "groups"].contains(&name.as_str()) {
                put(format!("parameter {name}: {value}"));
            }
        }
        let resources = self.side.get("orchestration", &format!("{}/resources?nested_depth=5", self.path)).await;
        for resource in resources["resources"].as_array().into_iter().flatten() {
            put(format!("resource {} {}", resource["resource_name"], resource["resource_status"]));
        }
        let servers = self.side.get("compute", &format!("/servers/detail?name={}", self.name)).await;
        for server in servers["servers"].as_array().unwrap() {
            put(plain(&format!("server {} {} {}", server["name"], server["status"], server["metadata"])));
        }
        let text = Value::Object(facts).to_string();
        told.insert(
            format!("changing: came of {what}"),
            Answer::of(200, &reqwest::header::HeaderMap::new(), &text, &[]),
        );
    }
}
