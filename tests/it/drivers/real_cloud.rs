//! On the cloud that `OS_CLOUD` names (password login): Heat validates every driver's
//! templates under each of its environment files, and each driver makes clusters of the rows in
//! [`pairs`], whose nodes' part is played here; what the services then have is what the wish means.
//! Two rows of each driver, or as many as `JEROBOAM_TEST_PAIRS` says (`all`: every pair of options).
//! Needed: what `support::live` needs, a keypair, a network with a subnet on a router, a volume type,
//! Octavia. Everything made is taken away.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jeroboam::conductor::Outside;
use jeroboam::driver::{Driver, Drivers};
use jeroboam::service::Manager;
use jeroboam::service::local::LocalManager;
use rstest::rstest;
use serde_json::{Map, Value, json};

use super::pairs::{self, Place, Row};
use crate::contract::side::{self, Ask, Side};
use crate::support::live;

/// Five masters with all their volumes take two minutes on a quiet cloud of two cores, and ten on a busy one.
const PATIENCE: Duration = Duration::from_secs(1500);

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

/// What this cloud has for the rows to choose from.
async fn place(side: &Side, manager: &LocalManager) -> Place {
    let base = live::smallest_template(manager, "pair").await;
    let first = |answer: &Value, key: &str| answer[key].as_array().and_then(|all| all.first()).cloned().unwrap();
    let id = |thing: &Value| thing["id"].as_str().unwrap().to_owned();
    let keypairs = side.get("compute", "/os-keypairs").await;
    let interfaces = side.get("network", "/v2.0/ports?device_owner=network:router_interface").await;
    let interface = first(&interfaces, "ports");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let volume_types = side.get("volumev3", "/types").await;
    Place {
        keypair: text(&first(&keypairs, "keypairs")["keypair"]["name"]),
        network: text(&interface["network_id"]),
        subnet: text(&interface["fixed_ips"][0]["subnet_id"]),
        router: text(&interface["device_id"]),
        volume_type: id(&first(&volume_types, "volume_types")),
        zone: "nova".into(),
        boot_volume: 20,
        has_barbican: true,
        base,
    }
}

/// Kind, service, list, the list's key.
const LISTS: [(&str, &str, &str, &str); 13] = [
    ("OS::Nova::Server", "compute", "/servers", "servers"),
    ("OS::Nova::ServerGroup", "compute", "/os-server-groups", "server_groups"),
    ("OS::Neutron::Port", "network", "/v2.0/ports", "ports"),
    ("OS::Neutron::FloatingIP", "network", "/v2.0/floatingips", "floatingips"),
    ("OS::Neutron::Net", "network", "/v2.0/networks", "networks"),
    ("OS::Neutron::Subnet", "network", "/v2.0/subnets", "subnets"),
    ("OS::Neutron::Router", "network", "/v2.0/routers", "routers"),
    ("OS::Neutron::SecurityGroup", "network", "/v2.0/security-groups", "security_groups"),
    ("OS::Cinder::Volume", "volumev3", "/volumes", "volumes"),
    ("OS::Octavia::LoadBalancer", "load-balancer", "/v2.0/lbaas/loadbalancers", "loadbalancers"),
    ("OS::Octavia::Listener", "load-balancer", "/v2.0/lbaas/listeners", "listeners"),
    ("OS::Octavia::Pool", "load-balancer", "/v2.0/lbaas/pools", "pools"),
    ("OS::Octavia::HealthMonitor", "load-balancer", "/v2.0/lbaas/healthmonitors", "healthmonitors"),
];

/// What of these (Heat's physical ids) the services themselves have, by kind, once for each.
async fn there(side: &Side, ids: &BTreeSet<String>) -> Vec<&'static str> {
    let mut found = Vec::new();
    for (kind, service, path, key) in LISTS {
        let answer = side.get(service, path).await;
        let all = answer[key].as_array().unwrap_or_else(|| panic!("{path}: {answer}"));
        let ours = all.iter().filter(|one| one["id"].as_str().is_some_and(|id| ids.contains(id)));
        for one in ours {
            found.push(kind);
            let members = one["members"].as_array().filter(|_| kind == "OS::Octavia::Pool");
            found.extend(members.into_iter().flatten().map(|_| "OS::Octavia::PoolMember"));
        }
        if kind == "OS::Neutron::Port" {
            let of_subnet = |port: &&Value| ids.contains(port["network_id"].as_str().unwrap_or_default());
            let routers = all.iter().filter(|port| port["device_owner"] == "network:router_interface");
            found.extend(routers.filter(of_subnet).map(|_| "OS::Neutron::RouterInterface"));
        }
    }
    found
}

/// Two clusters on one existing router would clash with their equal subnets.
static ROUTER: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Makes the row's cluster, compares, and takes it away.
async fn hold(side: &Side, manager: &LocalManager, row: &Row) {
    let line = row.line();
    let _turn = if line.contains("by router") { Some(ROUTER.lock().await) } else { None };
    let template = manager.create_template(row.template.clone()).await.unwrap_or_else(|why| panic!("{line}: {why:?}"));
    let accepted = manager.create_cluster(row.cluster.clone()).await;
    let id = accepted.unwrap_or_else(|why| panic!("{line}: {why:?}")).uuid;
    let find = async || manager.clusters().await.unwrap().into_iter().find(|cluster| cluster.uuid == id);
    let mut answered = BTreeSet::new();
    let making = async {
        loop {
            let cluster = find().await.unwrap();
            if !cluster.status.is_in_progress() {
                break cluster;
            }
            if let Some(stack) = &cluster.stack_id {
                play_nodes(side, &format!("{}/{stack}", cluster.stack_name), &mut answered).await;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let made = tokio::time::timeout(PATIENCE, making).await.unwrap_or_else(|_| panic!("not made in time: {line}"));
    let stack = format!("{}/{}", made.stack_name, made.stack_id.as_deref().unwrap_or_default());
    let resources = side.get("orchestration", &format!("/stacks/{stack}/resources?nested_depth=5")).await;
    let resources = resources["resources"].as_array().unwrap();
    let ids: BTreeSet<String> =
        resources.iter().filter_map(|one| one["physical_resource_id"].as_str()).map(str::to_owned).collect();
    let waits = resources.iter().filter(|one| one["resource_type"] == "OS::Heat::WaitCondition");
    let mut have = there(side, &ids).await;
    have.extend(waits.map(|_| "OS::Heat::WaitCondition"));
    manager.delete_cluster(id).await.unwrap();
    live::until(manager, id, PATIENCE, |cluster| cluster.is_none()).await;
    manager.delete_template(template.uuid).await.unwrap();
    assert!(made.status.is_complete(), "{} {}: {line}", made.status, made.status_reason);
    assert!(made.api_address.is_some_and(|address| address.starts_with("https://")), "{line}");
    let apart = pairs::differences(row, have);
    assert!(apart.is_empty(), "{line}\n{apart:#?}");
    assert_eq!(there(side, &ids).await, Vec::<&str>::new(), "left behind: {line}");
}

async fn pairs_of(driver: &str) {
    let side = side::real().await;
    let dir = tempfile::tempdir().unwrap();
    let manager = manager(dir.path()).await;
    let wanted = std::env::var("JEROBOAM_TEST_PAIRS").unwrap_or_else(|_| "2".into());
    let count = wanted.parse().unwrap_or(usize::MAX);
    for row in pairs::rows(driver, &place(&side, &manager).await).iter().take(count) {
        hold(&side, &manager, row).await;
    }
    manager.stop(Duration::from_secs(5)).await;
}

async fn manager(dir: &Path) -> Arc<LocalManager> {
    let drivers = Arc::new(Drivers::builtin().unwrap());
    live::conductor(live::connect().await, dir, drivers, Outside::default()).await
}

#[rstest]
#[case("k8s_ubuntu_kubeadm")]
#[case("k8s_fedora_coreos")]
#[case("k8s_fedora_atomic")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cloud: OS_CLOUD"]
async fn options_make_what_they_mean_and_leave_nothing(#[case] driver: &str) {
    pairs_of(driver).await;
}
