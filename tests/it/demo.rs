//! The demo cloud over HTTP: logging in, a driver's stacks from create to delete,
//! failures, time-outs, paging.

pub mod client;
mod driver;
mod images;
mod leftovers;

use std::time::Duration;

use jeroboam::demo::{self, DemoCloud, Options};
use serde_json::{Value, json};

use client::Client;

/// A cloud where work takes no time and time-outs their real one.
pub async fn cloud() -> (tempfile::TempDir, DemoCloud, Client) {
    with_minute(Duration::from_secs(60)).await
}

async fn with_minute(minute: Duration) -> (tempfile::TempDir, DemoCloud, Client) {
    let directory = tempfile::tempdir().unwrap();
    let cloud = demo::start(Options { speed: 1000.0, minute, ..Options::new(directory.path()) }).await.unwrap();
    let client = Client::log_in(&cloud).await;
    (directory, cloud, client)
}

/// A group of nodes, each a server that signals its own wait condition.
fn nodes(flavor: &str, count: u64) -> Value {
    let node = json!({
        "heat_template_version": "2018-08-31",
        "resources": {
            "handle": {"type": "OS::Heat::WaitConditionHandle"},
            "server": {"type": "OS::Nova::Server", "properties": {
                "image": "ubuntu-24.04-kube-v1.33.4", "flavor": flavor, "networks": [{"network": "private"}],
                "user_data_format": "RAW", "user_data": {"get_attr": ["handle", "curl_cli"]},
            }},
            "ready": {"type": "OS::Heat::WaitCondition", "depends_on": "server",
                "properties": {"handle": {"get_resource": "handle"}, "timeout": 600}},
        },
    });
    json!({
        "template": {
            "heat_template_version": "2018-08-31",
            "resources": {"nodes": {"type": "OS::Heat::ResourceGroup", "properties": {"count": count, "resource_def": {"type": "node.yaml"}}}},
        },
        "files": {"node.yaml": node.to_string()},
    })
}

#[tokio::test]
async fn clouds_yaml_is_private_and_names_the_cloud() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, cloud, _) = cloud().await;
    assert_eq!(std::fs::metadata(&cloud.clouds_yaml).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&cloud.clouds_yaml).unwrap();
    let clouds: Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(clouds["clouds"]["demo"]["auth"]["auth_url"], cloud.auth_url.as_str());
    assert_eq!(clouds["clouds"]["demo-appcred"]["auth_type"], "v3applicationcredential");
}

#[tokio::test]
async fn it_stops_when_dropped() {
    let (_directory, cloud, client) = cloud().await;
    drop(cloud);
    let gone = async {
        while client.try_get("network", "/v2.0/networks").await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("it still answers");
}

#[tokio::test]
async fn a_stack_comes_and_goes_with_all_it_made() {
    let (_directory, _cloud, client) = cloud().await;
    let before = client.inventory().await;
    let id = client.create("two", nodes("m1.small", 2)).await;
    let stack = client.settled(&id).await;
    assert_eq!(stack["stack_status"], "CREATE_COMPLETE", "{stack}");
    let servers = client.get("compute", "/servers/detail").await;
    assert_eq!(servers["servers"].as_array().unwrap().len(), 2);
    assert!(servers["servers"].as_array().unwrap().iter().all(|server| server["status"] == "ACTIVE"));
    client.delete(&id).await;
    assert_eq!(client.inventory().await, before);
}

#[tokio::test]
async fn events_tell_what_happened_in_order() {
    let (_directory, _cloud, client) = cloud().await;
    let id = client.create("told", nodes("m1.small", 1)).await;
    client.settled(&id).await;
    let events = client.get("orchestration", &format!("/stacks/told/{id}/events?nested_depth=5&sort_dir=asc")).await;
    let lines: Vec<String> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| ["server", "ready", "handle"].contains(&event["resource_name"].as_str().unwrap()))
        .map(|event| {
            format!("{} {} {}", event["resource_name"], event["resource_status"], event["resource_status_reason"])
                .replace('"', "")
        })
        .collect();
    let at = |line: &str| {
        lines.iter().position(|have| have.starts_with(line)).unwrap_or_else(|| panic!("{line}: {lines:#?}"))
    };
    assert!(at("handle CREATE_COMPLETE state changed") < at("server CREATE_IN_PROGRESS state changed"));
    assert!(at("server CREATE_COMPLETE") < at("handle SIGNAL_COMPLETE Signal: status:SUCCESS reason:"));
    assert!(at("handle SIGNAL_COMPLETE") < at("ready CREATE_COMPLETE state changed"));
    let first = &events["events"][0];
    assert_eq!(first["resource_status_reason"], "Stack CREATE started");
}

#[tokio::test]
async fn a_server_without_a_host_fails_the_stack_in_heats_words() {
    let (_directory, _cloud, client) = cloud().await;
    let id = client.create("broken", nodes("demo.broken", 2)).await;
    let stack = client.settled(&id).await;
    assert_eq!(stack["stack_status"], "CREATE_FAILED");
    let reason = stack["stack_status_reason"].as_str().unwrap();
    let words = "resources.server: Went to status ERROR due to \"Message: No valid host was found. There are not enough hosts available., Code: 500\"";
    assert!(reason.starts_with("Resource CREATE failed: ResourceInError: resources.nodes.resources["), "{reason}");
    assert!(reason.ends_with(words), "{reason}");
    let servers = client.get("compute", "/servers/detail").await;
    assert_eq!(servers["servers"][0]["status"], "ERROR");
    assert_eq!(
        servers["servers"][0]["fault"]["message"],
        "No valid host was found. There are not enough hosts available."
    );
    client.delete(&id).await;
    assert_eq!(client.get("compute", "/servers").await["servers"], json!([]));
}

#[tokio::test]
async fn a_silent_node_runs_its_wait_condition_out() {
    let (_directory, _cloud, client) = with_minute(Duration::from_millis(10)).await;
    let mut body = nodes("demo.silent", 1);
    body["timeout_mins"] = 600.into();
    let id = client.create("silent", body).await;
    let stack = client.settled(&id).await;
    assert_eq!(
        stack["stack_status_reason"],
        "Resource CREATE failed: WaitConditionTimeout: resources.nodes.resources[0].resources.ready: 0 of 1 received"
    );
}

#[tokio::test]
async fn a_stack_whose_time_is_up_fails() {
    let (_directory, _cloud, client) = with_minute(Duration::from_millis(50)).await;
    let mut body = nodes("demo.silent", 1);
    body["timeout_mins"] = 1.into();
    let id = client.create("late", body).await;
    let stack = client.settled(&id).await;
    assert_eq!(stack["stack_status"], "CREATE_FAILED");
    assert_eq!(stack["stack_status_reason"], "Timed out");
    let resources = client.get("orchestration", &format!("/stacks/late/{id}/resources")).await;
    let reason = resources["resources"][0]["resource_status_reason"].as_str().unwrap();
    assert!(
        reason.starts_with("CREATE aborted (Task create from ResourceGroup \"nodes\" Stack \"late\" ["),
        "{reason}"
    );
    client.delete(&id).await;
    assert_eq!(client.get("compute", "/servers").await["servers"], json!([]));
}

#[tokio::test]
async fn a_failure_signal_fails_the_wait_condition_with_its_reason() {
    let (_directory, _cloud, client) = cloud().await;
    let template = json!({"template": {
        "heat_template_version": "2018-08-31",
        "resources": {
            "handle": {"type": "OS::Heat::WaitConditionHandle"},
            "ready": {"type": "OS::Heat::WaitCondition", "properties": {"handle": {"get_resource": "handle"}, "timeout": 600}},
        },
        "outputs": {"url": {"value": {"get_attr": ["handle", "endpoint"]}}, "token": {"value": {"get_attr": ["handle", "token"]}}},
    }});
    let id = client.create("sad", template).await;
    let outputs = client
        .until(&format!("/stacks/sad/{id}"), |stack| stack["stack"]["outputs"][0]["output_value"].is_string())
        .await;
    let outputs = &outputs["stack"]["outputs"];
    let said = json!({"status": "FAILURE", "reason": "kubeadm failed (exit 1)"});
    let (url, token) = (outputs[0]["output_value"].as_str().unwrap(), outputs[1]["output_value"].as_str().unwrap());
    assert_eq!(client.post_as(token, url, &said).await.0, 200);
    let stack = client.settled(&id).await;
    assert_eq!(
        stack["stack_status_reason"],
        "Resource CREATE failed: WaitConditionFailure: resources.ready: kubeadm failed (exit 1)"
    );
    // The node's token is good for nothing else.
    let stacks = client.url("orchestration", "/stacks");
    assert_eq!(client.post_as(token, &stacks, &json!({})).await.0, 401);
}

#[tokio::test]
async fn a_stack_can_be_deleted_while_it_is_made() {
    let (_directory, _cloud, client) = cloud().await;
    let before = client.inventory().await;
    for turn in 0..8 {
        let id = client.create(&format!("hasty-{turn}"), nodes("demo.silent", 3)).await;
        client.delete(&id).await;
    }
    assert_eq!(client.inventory().await, before);
}

#[tokio::test]
async fn a_failed_stack_rolls_back_when_it_was_asked_to() {
    let (_directory, _cloud, client) = cloud().await;
    let mut before = client.inventory().await;
    let mut body = nodes("demo.broken", 2);
    body["disable_rollback"] = false.into();
    let id = client.create("back", body).await;
    let rolled = |stack: &Value| stack["stack"]["stack_status"] == "ROLLBACK_COMPLETE";
    client.until(&format!("/stacks/{id}"), rolled).await;
    before.insert("stacks", 1);
    assert_eq!(client.inventory().await, before);
    client.delete(&id).await;
}

#[tokio::test]
async fn stacks_are_listed_by_page_and_filter() {
    let (_directory, _cloud, client) = cloud().await;
    let template =
        json!({"heat_template_version": "2018-08-31", "resources": {"a": {"type": "OS::Heat::RandomString"}}});
    for n in 0..5 {
        let tags = if n % 2 == 0 { "even,all" } else { "odd,all" };
        client.create(&format!("s{n}"), json!({"template": template, "tags": tags})).await;
    }
    let names = |list: &Value| -> Vec<String> {
        list["stacks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|stack| stack["stack_name"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = client.get("orchestration", "/stacks?limit=2").await;
    assert_eq!(names(&first), ["s4", "s3"]);
    let next = first["links"][0]["href"].as_str().unwrap();
    assert_eq!(names(&client.get("orchestration", next).await), ["s2", "s1"]);
    assert_eq!(names(&client.get("orchestration", "/stacks?tags=even,all").await), ["s4", "s2", "s0"]);
    assert_eq!(names(&client.get("orchestration", "/stacks?tags_any=odd,nosuch").await), ["s3", "s1"]);
    assert_eq!(names(&client.get("orchestration", "/stacks?not_tags=odd").await), ["s4", "s2", "s0"]);
    assert_eq!(names(&client.get("orchestration", "/stacks?name=s3").await), ["s3"]);
    assert_eq!(names(&client.get("orchestration", "/stacks?sort_keys=name&sort_dir=asc&limit=1").await), ["s0"]);
}

#[tokio::test]
async fn every_list_can_be_walked_one_by_one() {
    let (_directory, _cloud, client) = cloud().await;
    client.settled(&client.create("pages", nodes("m1.small", 3)).await).await;
    for (service, path, key) in [
        ("image", "/v2/images", "images"),
        ("compute", "/flavors/detail", "flavors"),
        ("compute", "/servers", "servers"),
        ("network", "/v2.0/networks", "networks"),
        ("network", "/v2.0/ports", "ports"),
        ("network", "/v2.0/security-group-rules", "security_group_rules"),
    ] {
        let whole = client.get(service, path).await[key].as_array().unwrap().len();
        let mut seen = Vec::new();
        let mut marker = String::new();
        loop {
            let page = client.get(service, &format!("{path}?limit=1{marker}")).await;
            let Some(row) = page[key].get(0) else { break };
            seen.push(row["id"].clone());
            marker = format!("&marker={}", row["id"].as_str().unwrap());
            assert!(seen.len() <= whole, "{path} never ends");
        }
        assert_eq!(seen.len(), whole, "{path}");
    }
}

#[tokio::test]
async fn hostile_requests_get_answers() {
    let (_directory, _cloud, client) = cloud().await;
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let nested = format!("{{\"stack_name\": \"deep\", \"template\": {deep}}}");
    let bomb = "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e]\ng: [*f, *f, *f, *f, *f, *f, *f, *f]\n";
    for body in [
        nested,
        json!({"stack_name": "bomb", "template": bomb}).to_string(),
        "\u{0}".into(),
        "{\"stack_name\": \"\u{1b}[2J\"}".into(),
    ] {
        let (status, _) = client.post_raw("orchestration", "/stacks", body).await;
        assert_eq!(status, 400);
    }
    let (status, _) = client.post_raw("orchestration", "/stacks", "x".repeat(5 << 20)).await;
    assert_eq!(status, 413);
    let queries = [
        "sort_key=nosuch&sort_dir=up",
        "sort=nosuch:desc,:,",
        "tags=a&fixed_ips=x&fields=nosuch",
        "limit=0",
        "limit=-1",
        "marker=%00",
        "sort_keys=nosuch,,",
        "nested_depth=-1",
        "name=(((",
        "tag=x&size_min=x&visibility=all",
        "=&&=%ff",
    ];
    for (service, path) in [
        ("image", "/v2/images"),
        ("compute", "/servers/detail"),
        ("compute", "/flavors"),
        ("network", "/v2.0/networks"),
        ("network", "/v2.0/ports"),
        ("network", "/v2.0/security-group-rules"),
        ("load-balancer", "/v2/lbaas/pools"),
        ("block-storage", "/volumes/detail"),
        ("orchestration", "/stacks"),
    ] {
        for query in queries {
            let status = client.status(service, &format!("{path}?{query}")).await;
            assert!([200, 400, 404].contains(&status), "{path}?{query}: {status}");
        }
    }
    for path in ["/stacks/%2e%2e/%00", "/stacks?limit=99999999999999999999", "/stacks/x/y/z/%ff", "/stacks?marker=%1b"]
    {
        assert!(client.status("orchestration", path).await < 500, "{path}");
    }
}
