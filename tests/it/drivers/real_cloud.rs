//! On the cloud that `OS_CLOUD` names (password login): Heat validates every driver's
//! templates under each of its environment files, and each driver makes a cluster whose
//! nodes' part is played here. Needed: an active image with `os_distro` ubuntu, an external network,
//! a flavor with 2 vCPUs and 2 GB. Everything made is taken away.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jeroboam::conductor::Outside;
use jeroboam::driver::{Driver, Drivers};
use jeroboam::model::{NewCluster, NewTemplate};
use jeroboam::service::Manager;
use serde_json::{Map, Value, json};

use crate::contract::side::{self, Ask, Side};
use crate::support::live;

/// A stack of two nodes takes a minute or two on the cloud this was written on.
const PATIENCE: Duration = Duration::from_secs(600);

/// All first choices, all second ones.
fn choices(driver: &Driver) -> [Vec<String>; 2] {
    let all = &driver.manifest.environments;
    [
        all.iter().filter_map(|choice| choice.then.clone()).collect(),
        all.iter().filter_map(|choice| choice.otherwise.clone()).collect(),
    ]
}

/// A value of its type for every parameter that has no default.
fn some_values(template: &str) -> Value {
    let template: Value = serde_saphyr::from_str(template).unwrap();
    let declared = template["parameters"].as_object().into_iter().flatten();
    let needed = declared.filter(|(_, parameter)| parameter.get("default").is_none());
    let value = |kind: &str| match kind {
        "number" => json!(1),
        "boolean" => json!(true),
        "json" => json!({}),
        "comma_delimited_list" => json!(""),
        _ => json!("0"),
    };
    needed.map(|(name, parameter)| (name.clone(), value(parameter["type"].as_str().unwrap_or_default()))).collect()
}

#[tokio::test]
#[ignore = "needs a cloud: OS_CLOUD"]
async fn heat_finds_nothing_wrong_with_any_driver() {
    let side = side::real().await;
    for driver in Drivers::builtin().unwrap().iter() {
        for chosen in choices(driver) {
            let files: Map<String, Value> = driver
                .manifest
                .files
                .iter()
                .chain(&chosen)
                .map(|name| (name.clone(), driver.files[name].clone().into()))
                .collect();
            // Heat looks into nested templates only with all parameters at hand; so each by itself,
            // the nested ones with some value for what conditions ask.
            let templates = driver.files.iter().filter(|(_, text)| text.contains("heat_template_version"));
            for (file, text) in templates {
                let mut body = json!({ "template": text, "files": files, "environment_files": chosen });
                if *file != driver.manifest.template {
                    body["parameters"] = some_values(text);
                }
                let (_, answer) = side.ask(&Ask::send("orchestration", "POST", "/validate", &body)).await;
                let name = &driver.manifest.name;
                assert!(answer["Parameters"].is_object(), "{name}, {file} with {chosen:?}: {answer:#}");
            }
        }
    }
}

/// Answers for every node that waits, once. A handle that is still being made is left alone: no node could
/// know its address, and Heat would lose the handle's creation to the signal.
async fn play_nodes(side: &Side, stack: &str, answered: &mut BTreeSet<String>) {
    let path = format!("/stacks/{stack}/resources?nested_depth=5");
    let resources = side.get("orchestration", &path).await;
    for resource in resources["resources"].as_array().into_iter().flatten() {
        let name = resource["resource_name"].as_str().unwrap_or_default();
        let is_handle = resource["resource_type"] == "OS::Heat::WaitConditionHandle";
        if !is_handle || name.starts_with("progress") || resource["resource_status"] != "CREATE_COMPLETE" {
            continue;
        }
        let links = resource["links"].as_array().unwrap();
        let own = links.iter().find(|link| link["rel"] == "self").unwrap()["href"].as_str().unwrap();
        if !answered.insert(own.to_owned()) {
            continue;
        }
        let said = json!({"status": "SUCCESS", "reason": "played", "data": "played", "id": "node"});
        side.ask(&Ask::send("orchestration", "POST", &format!("{own}/signal"), &said)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cloud: OS_CLOUD"]
async fn every_driver_makes_a_cluster_and_leaves_nothing() {
    let side = side::real().await;
    let cloud = live::connect().await;
    let heat = cloud.orchestration.clone();
    let dir = tempfile::tempdir().unwrap();
    let drivers = Arc::new(Drivers::builtin().unwrap());
    let manager = live::conductor(cloud, dir.path(), drivers.clone(), Outside::default()).await;
    let (inventory, problems) = manager.inventory().await;
    assert!(problems.is_empty(), "{problems:?}");
    for driver in drivers.iter() {
        let name = driver.manifest.name.clone();
        // Nothing boots here, so one distribution can stand in for another.
        let serves =
            |distro: Option<&str>| distro.is_some_and(|d| driver.manifest.os_distro.iter().any(|own| own == d));
        let images = inventory.images.iter().filter(|image| image.status == "active" && image.os_distro.is_some());
        let image = images.max_by_key(|image| serves(image.os_distro.as_deref())).unwrap().id.clone();
        let smallest = live::smallest_template(&manager, &name).await;
        let wish = NewTemplate { image_id: image, driver: Some(name.clone()), ..smallest };
        let cluster_template_id = manager.create_template(wish).await.unwrap().uuid.to_string();
        let wish = NewCluster { name: name.replace('_', "-"), cluster_template_id, ..NewCluster::default() };
        let id = manager.create_cluster(wish).await.unwrap().uuid;
        let find = async || manager.clusters().await.unwrap().into_iter().find(|cluster| cluster.uuid == id);
        let mut answered = BTreeSet::new();
        let making = async {
            loop {
                let cluster = find().await.unwrap();
                if !cluster.status.is_in_progress() {
                    break cluster;
                }
                if let Some(stack) = &cluster.stack_id {
                    play_nodes(&side, &format!("{}/{stack}", cluster.stack_name), &mut answered).await;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let made =
            tokio::time::timeout(PATIENCE, making).await.unwrap_or_else(|_| panic!("{name} is not made in time"));
        manager.delete_cluster(id).await.unwrap();
        let gone = async {
            while find().await.is_some() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.unwrap_or_else(|_| panic!("{name} is not gone in time"));
        assert!(made.status.is_complete(), "{name}: {} {}", made.status, made.status_reason);
        assert!(made.api_address.is_some_and(|address| address.starts_with("https://")), "{name}");
        assert!(heat.stacks_by_tag(&id.to_string()).await.unwrap().is_empty());
        let servers = side.get("compute", "/servers").await;
        let left: Vec<&str> =
            servers["servers"].as_array().unwrap().iter().filter_map(|s| s["name"].as_str()).collect();
        assert!(!left.iter().any(|server| server.starts_with(&made.stack_name)), "{left:?}");
    }
    manager.stop(Duration::from_secs(5)).await;
}
