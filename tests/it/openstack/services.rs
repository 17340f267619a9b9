//! What is sent to each service, and that one odd item loses no list.

use std::collections::BTreeMap;

use jeroboam::cloud::CloudErrorKind;
use jeroboam::driver::StackPlan;
use jeroboam::driver::plan::Parameter;
use jeroboam::model::{Stack, Status};
use jeroboam::openstack;
use serde_json::{Value, json};
use wiremock::matchers::{method, path, path_regex, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::mock::{PROJECT, asked, cloud, config, keystone};

fn heat(below: &str) -> String {
    format!("/heat/v1/{PROJECT}/stacks{below}")
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn stack() -> Stack {
    Stack {
        id: "id".into(),
        name: "prod".into(),
        status: Status::CREATE_COMPLETE,
        status_reason: String::new(),
        tags: Vec::new(),
        created: None,
        updated: None,
        outputs: BTreeMap::new(),
        revision: None,
    }
}

fn plan() -> StackPlan {
    StackPlan {
        stack_name: "prod".into(),
        template: "heat_template_version: 2018-08-31".into(),
        files: BTreeMap::from([("env.yaml".into(), "parameters: {}".into())]),
        environment_files: vec!["env.yaml".into()],
        parameters: BTreeMap::from([
            ("count".into(), Parameter::Plain(json!(3))),
            ("key".into(), Parameter::Secret("s3cret".into())),
        ]),
        timeout_mins: 60,
        tags: vec!["jeroboam".into(), "uuid".into()],
    }
}

#[tokio::test]
async fn a_stack_is_asked_for_as_heatclient_does() {
    let (server, _, cloud) = cloud().await;
    let made = ResponseTemplate::new(201).set_body_json(json!({"stack": {"id": "id", "links": []}}));
    Mock::given(method("POST")).and(path(heat(""))).respond_with(made).mount(&server).await;
    assert_eq!(cloud.orchestration.create_stack(&plan()).await.unwrap(), "id");
    let sent: Value = asked(&server, &heat("")).await[0].body_json().unwrap();
    let want = json!({
        "stack_name": "prod", "template": "heat_template_version: 2018-08-31",
        "files": {"env.yaml": "parameters: {}"}, "environment_files": ["env.yaml"],
        "parameters": {"count": 3, "key": "s3cret"}, "timeout_mins": 60,
        "tags": "jeroboam,uuid", "disable_rollback": true,
    });
    assert_eq!(sent, want);
}

/// Heat's own word that there is no such stack.
async fn has_no_other_stack(server: &MockServer) {
    let said = json!({"code": 404, "error": {"type": "EntityNotFound", "message": "The Stack could not be found."}});
    let answer = ResponseTemplate::new(404).set_body_json(said);
    Mock::given(path_regex("^/heat/v1/")).respond_with(answer).with_priority(200).mount(server).await;
}

#[tokio::test]
async fn an_update_says_all_there_is_and_is_cancelled_where_it_got() {
    let (server, _, cloud) = cloud().await;
    let taken = ResponseTemplate::new(202);
    Mock::given(method("PUT")).and(path(heat("/prod/id"))).respond_with(taken.clone()).mount(&server).await;
    Mock::given(method("POST")).and(path(heat("/prod/id/actions"))).respond_with(taken).mount(&server).await;
    assert!(cloud.orchestration.update_stack("id", &plan()).await.unwrap());
    assert!(cloud.orchestration.cancel_update(&stack()).await.unwrap());
    let sent: Value = asked(&server, &heat("/prod/id")).await[0].body_json().unwrap();
    let want = json!({
        "template": "heat_template_version: 2018-08-31",
        "files": {"env.yaml": "parameters: {}"}, "environment_files": ["env.yaml"],
        "parameters": {"count": 3, "key": "s3cret"}, "timeout_mins": 60,
        "tags": "jeroboam,uuid", "disable_rollback": true,
    });
    assert_eq!(sent, want);
    let sent: Value = asked(&server, &heat("/prod/id/actions")).await[0].body_json().unwrap();
    assert_eq!(sent, json!({"cancel_without_rollback": null}));
    assert!(cloud.orchestration.update_stack("gone", &plan()).await.is_err(), "a 404 of somebody before Heat");
    has_no_other_stack(&server).await;
    assert!(!cloud.orchestration.update_stack("gone", &plan()).await.unwrap());
}

#[tokio::test]
async fn a_look_at_a_stack_tells_its_revision() {
    let (server, _, cloud) = cloud().await;
    let body = |revision: Value| json!({"stack": {"id": "id", "stack_name": "prod", "stack_status": "UPDATE_COMPLETE", "parameters": {"revision": revision}}});
    for (told, read) in [(json!("7"), Some(7)), (json!(7), Some(7)), (json!("x"), None), (json!(null), None)] {
        let _mock = Mock::given(path(heat("/prod"))).respond_with(ok(body(told))).mount_as_scoped(&server).await;
        assert_eq!(cloud.orchestration.stack("prod", false).await.unwrap().unwrap().revision, read);
    }
}

#[tokio::test]
async fn a_create_is_never_sent_twice() {
    let (server, _, cloud) = cloud().await;
    for (status, kind) in
        [(503, CloudErrorKind::Server), (429, CloudErrorKind::OverLimit), (302, CloudErrorKind::Protocol)]
    {
        let answer = ResponseTemplate::new(status).insert_header("Location", "/elsewhere");
        let before = asked(&server, &heat("")).await.len();
        let _mock = Mock::given(method("POST")).and(path(heat(""))).respond_with(answer).mount_as_scoped(&server).await;
        assert_eq!(cloud.orchestration.create_stack(&plan()).await.unwrap_err().kind, kind);
        assert_eq!(asked(&server, &heat("")).await.len(), before + 1);
    }
}

#[tokio::test]
async fn a_bare_500_to_an_application_credential_is_explained() {
    let (server, _) = keystone(3600).await;
    let env = [("OS_APPLICATION_CREDENTIAL_ID", "i"), ("OS_APPLICATION_CREDENTIAL_SECRET", "s")];
    let cloud = openstack::connect(&config(&server.uri(), &env)).await.unwrap();
    let bare = json!({"code": 500, "title": "Internal Server Error", "explanation": "The server has either erred or is incapable of performing the requested operation.", "error": {"type": "RemoteError", "traceback": null}});
    Mock::given(path(heat(""))).respond_with(ResponseTemplate::new(500).set_body_json(bare)).mount(&server).await;
    let error = cloud.orchestration.create_stack(&plan()).await.unwrap_err();
    assert!(error.message.contains("(RemoteError); this cloud may forbid trusts"), "{error}");
}

#[tokio::test]
async fn stacks_by_tag_keeps_to_the_tag_and_follows_pages() {
    let (server, _, cloud) = cloud().await;
    let item =
        |id: &str, tags: Value, status: &str| json!({"id": id, "stack_name": id, "stack_status": status, "tags": tags});
    let next = json!([{"rel": "next", "href": format!("http://inner{}?tags=t&limit=500&marker=a", heat(""))}]);
    let first = json!({"stacks": [item("a", json!(["x", "t"]), "CREATE_COMPLETE"), item("b", json!(["other"]), "CREATE_COMPLETE")], "links": next});
    let second = json!({"stacks": [item("c", json!("t,x"), "DELETE_IN_PROGRESS"), item("d", json!(["t"]), "DELETE_COMPLETE"), null]});
    let start = Mock::given(path(heat(""))).and(query_param("tags", "t")).and(query_param_is_missing("marker"));
    start.respond_with(ok(first)).mount(&server).await;
    Mock::given(path(heat(""))).and(query_param("marker", "a")).respond_with(ok(second)).mount(&server).await;
    let found = cloud.orchestration.stacks_by_tag("t").await.unwrap();
    assert_eq!(found.iter().map(|stack| stack.id.as_str()).collect::<Vec<_>>(), ["a", "c"]);
}

#[tokio::test]
async fn what_is_not_there_is_no_error() {
    let (server, _, cloud) = cloud().await;
    let gone = json!({"code": 404, "title": "Not Found", "error": {"type": "EntityNotFound", "message": "The Stack (x) could not be found."}});
    Mock::given(path(heat("/x"))).respond_with(ResponseTemplate::new(404).set_body_json(gone)).mount(&server).await;
    let deleted = json!({"stack": {"id": "y", "stack_name": "y", "stack_status": "DELETE_COMPLETE"}});
    Mock::given(path(heat("/y"))).respond_with(ok(deleted)).mount(&server).await;
    assert_eq!(cloud.orchestration.stack("x", true).await.unwrap(), None);
    assert_eq!(cloud.orchestration.stack("y", true).await.unwrap(), None);
    assert!(!cloud.orchestration.delete_stack("x").await.unwrap());
}

#[tokio::test]
async fn a_name_cannot_leave_its_place_in_the_path() {
    let (server, _, cloud) = cloud().await;
    has_no_other_stack(&server).await;
    assert_eq!(cloud.orchestration.stack("../../v3?x=#y", false).await.unwrap(), None);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.last().unwrap().url.path(), heat("/..%2F..%2Fv3%3Fx=%23y"));
}

/// `count` events, newest first as Heat gives them, one a second, the oldest numbered 0.
fn events(count: i64, from: i64) -> Value {
    let start: chrono::DateTime<chrono::Utc> = "2026-11-23T09:00:00Z".parse().unwrap();
    let link = json!([{"rel": "stack", "href": "http://h/v1/p/stacks/prod/id"}]);
    let event = |n: i64| {
        let time = (start + chrono::TimeDelta::seconds(n)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
        json!({"id": format!("e{n}"), "event_time": time, "resource_name": "net", "physical_resource_id": "",
            "resource_status": "CREATE_IN_PROGRESS", "resource_status_reason": "state changed", "links": link})
    };
    json!({"events": (from..from + count).rev().map(event).collect::<Vec<_>>()})
}

#[tokio::test]
async fn events_are_read_from_the_newest_back_to_what_is_known() {
    let (server, _, cloud) = cloud().await;
    let place = || path(heat("/prod/id/events"));
    let newest = Mock::given(place()).and(query_param_is_missing("marker")).and(query_param("nested_depth", "5"));
    newest.respond_with(ok(events(500, 300))).mount(&server).await;
    let older = Mock::given(place()).and(query_param("marker", "e300"));
    older.respond_with(ok(events(300, 0))).mount(&server).await;
    let all = cloud.orchestration.events(&stack(), None).await.unwrap();
    assert_eq!((all.len(), all[0].id.as_str(), all[799].id.as_str()), (800, "e0", "e799"));
    let before = asked(&server, &heat("/prod/id/events")).await.len();
    let late = cloud.orchestration.events(&stack(), Some(all[790].time)).await.unwrap();
    assert!(late.iter().any(|event| event.id == "e790") && late.len() < 20, "{}", late.len());
    assert_eq!(asked(&server, &heat("/prod/id/events")).await.len(), before + 1, "one page is enough");
}

#[tokio::test]
async fn events_end_when_heat_forgot_the_marker() {
    let (server, _, cloud) = cloud().await;
    // Heat takes an unknown marker for none and starts over.
    Mock::given(path(heat("/prod/id/events"))).respond_with(ok(events(500, 0))).mount(&server).await;
    assert_eq!(cloud.orchestration.events(&stack(), None).await.unwrap().len(), 500);
}

#[tokio::test]
async fn one_odd_item_loses_no_list() {
    let (server, _, cloud) = cloud().await;
    let lists = [
        (
            "/image/v2/images",
            json!({"images": [{"id": "i", "name": null, "status": "active", "os_distro": "ubuntu", "kube_version": "v1.31.4", "min_disk": "8", "size": null}, [], {"id": null}]}),
        ),
        (
            "/compute/v2.1/flavors/detail",
            json!({"flavors": [{"id": 1, "name": "m1\u{1b}[2J", "vcpus": 2, "ram": 2048, "disk": 20}, "x"]}),
        ),
        (
            "/compute/v2.1/os-keypairs",
            json!({"keypairs": [{"keypair": {"name": "k", "fingerprint": "f"}}, {"keypair": null}, {}]}),
        ),
        (
            "/network/v2.0/networks",
            json!({"networks": [{"id": "n", "name": "public", "router:external": true, "subnets": ["s", 3]}, null]}),
        ),
        (
            "/network/v2.0/subnets",
            json!({"subnets": [{"id": "s", "name": "", "network_id": "n", "cidr": "fd00::/64"}, {"name": "no id"}]}),
        ),
    ];
    for (place, body) in lists {
        Mock::given(path(place)).respond_with(ok(body)).mount(&server).await;
    }
    let images = cloud.images.images().await.unwrap();
    assert_eq!((images.len(), images[0].name.as_str(), images[0].min_disk), (1, "i", 8));
    assert_eq!((images[0].os_distro.as_deref(), images[0].kube_version.as_deref()), (Some("ubuntu"), Some("v1.31.4")));
    let flavors = cloud.compute.flavors().await.unwrap();
    assert_eq!((flavors.len(), flavors[0].id.as_str(), flavors[0].name.as_str()), (1, "1", "m1\u{FFFD}[2J"));
    assert_eq!(cloud.compute.keypairs().await.unwrap().len(), 1);
    let networks = cloud.networking.networks().await.unwrap();
    assert!(networks.len() == 1 && networks[0].external && networks[0].subnets == ["s"]);
    let subnets = cloud.networking.subnets().await.unwrap();
    assert_eq!((subnets.len(), subnets[0].name.as_str(), subnets[0].ip_version), (1, "s", 6));
}

#[tokio::test]
async fn a_page_is_no_word_that_something_was_done() {
    let (server, _, cloud) = cloud().await;
    let answers = [
        ("empty", ResponseTemplate::new(204)),
        ("json", ResponseTemplate::new(202).set_body_json(json!({"title": "Accepted"}))),
        ("null", ok(Value::Null)),
        ("page", ResponseTemplate::new(200).set_body_string("<html>Please log in to the network")),
    ];
    for (id, answer) in answers {
        Mock::given(path(heat(&format!("/{id}")))).respond_with(answer).mount(&server).await;
    }
    for id in ["empty", "json", "null"] {
        assert!(cloud.orchestration.delete_stack(id).await.unwrap(), "{id}");
    }
    let error = cloud.orchestration.delete_stack("page").await.unwrap_err();
    assert_eq!((error.kind, error.status), (CloudErrorKind::Protocol, Some(200)), "{error:?}");
}
