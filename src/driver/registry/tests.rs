use chrono::Utc;
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::driver::Drivers;
use crate::driver::plan::{Facts, Parameter, PlanInput, StackPlan};
use crate::driver::{NodeAddress, Outputs};
use crate::model::{Cluster, ClusterId, Labels, NodeImage, Status, TemplateId, WorkerGroup, WorkerNode};

fn ubuntu() -> Driver {
    Drivers::builtin().unwrap().get("k8s_ubuntu_kubeadm").unwrap().clone()
}

fn cluster() -> Cluster {
    Cluster {
        uuid: ClusterId(Uuid::nil()),
        name: "prod".into(),
        cluster_template_id: TemplateId(Uuid::nil()),
        template_name: "t".into(),
        driver: "k8s_ubuntu_kubeadm".into(),
        keypair: None,
        node_count: 2,
        master_count: 1,
        docker_volume_size: None,
        flavor_id: "m1.large".into(),
        master_flavor_id: "m1.small".into(),
        fixed_network: None,
        fixed_subnet: None,
        floating_ip_enabled: false,
        master_lb_enabled: false,
        create_timeout: 60,
        labels: Labels::default(),
        status: Status::CREATE_IN_PROGRESS,
        status_reason: String::new(),
        stack_id: None,
        stack_name: "prod-000000000000".into(),
        api_address: None,
        coe_version: None,
        master_addresses: vec![],
        node_addresses: vec![],
        project_id: "p".into(),
        user_id: "u".into(),
        created_at: Utc::now(),
        updated_at: None,
        status_since: Utc::now(),
        operation: None,
        progress: None,
        node_groups: Vec::new(),
        rollout: None,
        cause: None,
        health: None,
    }
}

fn facts() -> Facts {
    Facts {
        image_id: "img".into(),
        kube_version: Some("v1.31.4".into()),
        os_distro: "ubuntu".into(),
        external_network_id: "ext".into(),
        fixed_network_id: None,
        fixed_subnet_id: None,
        fixed_subnet_cidr: "10.0.0.0/24".into(),
        has_load_balancer: true,
        auth_url: "http://keystone/v3".into(),
        region: "RegionOne".into(),
    }
}

fn secrets() -> BTreeMap<String, SecretString> {
    ["ca_cert", "ca_key", "etcd_ca_cert", "etcd_ca_key", "front_proxy_ca_cert", "front_proxy_ca_key"]
        .iter()
        .chain(&["service_account_key", "service_account_public_key", "join_cert", "join_key"])
        .map(|name| ((*name).to_owned(), SecretString::from(format!("very-{name}"))))
        .collect()
}

fn plan(cluster: &Cluster, facts: &Facts) -> StackPlan {
    let template = NewTemplate::default();
    ubuntu()
        .plan(&PlanInput { cluster, template: &template, facts, spec: &facts.first_spec(cluster), secrets: &secrets() })
        .unwrap()
}

fn plain(plan: &StackPlan, name: &str) -> Value {
    match plan.parameters.get(name) {
        Some(Parameter::Plain(value)) => value.clone(),
        _ => Value::Null,
    }
}

/// Both directions: a parameter the template does not declare makes Heat refuse the
/// stack, and one that is required but not mapped does too.
#[test]
fn manifest_and_template_agree_on_parameters() {
    let driver = ubuntu();
    let hot: Value = serde_saphyr::from_str(&driver.files["cluster.yaml"]).unwrap();
    let declared = hot["parameters"].as_object().unwrap();
    let sent: Vec<&String> = driver.manifest.parameters.keys().chain(driver.manifest.archives.keys()).collect();
    for name in &sent {
        assert!(declared.contains_key(*name), "{name} is sent but not declared");
    }
    for (name, definition) in declared {
        assert!(sent.contains(&name) || definition.get("default").is_some(), "{name} is required but never sent");
    }
}

#[test]
fn every_file_of_the_folder_has_a_use() {
    let driver = ubuntu();
    let m = &driver.manifest;
    let environments = m.environments.iter().flat_map(|e| e.then.iter().chain(&e.otherwise));
    let packed = m.archives.values().flat_map(BTreeMap::values);
    let used: Vec<&String> = m.files.iter().chain([&m.template]).chain(environments).chain(packed).collect();
    let idle: Vec<&String> = driver.files.keys().filter(|f| *f != "driver.toml" && !used.contains(f)).collect();
    assert!(idle.is_empty(), "{idle:?}");
}

#[test]
fn environments_follow_the_switches() {
    let mut cluster = cluster();
    let closed = plan(&cluster, &facts());
    assert_eq!(
        closed.environment_files,
        [
            "env-network-private.yaml",
            "env-api-direct.yaml",
            "env-master-floating-ip-disabled.yaml",
            "env-worker-floating-ip-disabled.yaml",
            "env-api-floating-ip-disabled.yaml"
        ]
    );
    cluster.master_lb_enabled = true;
    cluster.floating_ip_enabled = true;
    let facts = Facts { fixed_network_id: Some("net".into()), ..facts() };
    let open = plan(&cluster, &facts);
    assert_eq!(
        open.environment_files,
        [
            "env-network-existing.yaml",
            "env-api-load-balancer.yaml",
            "env-master-floating-ip.yaml",
            "env-worker-floating-ip.yaml",
            "env-api-floating-ip.yaml"
        ]
    );
    assert!(open.environment_files.iter().all(|name| open.files.contains_key(name)));
    cluster.labels =
        Labels::parse_flag("master_lb_floating_ip_enabled=false,master_floating_ip_enabled=False").unwrap();
    assert_eq!(
        plan(&cluster, &facts).environment_files[2..],
        ["env-master-floating-ip-disabled.yaml", "env-worker-floating-ip.yaml", "env-api-floating-ip-disabled.yaml"]
    );
}

/// The text behind a parameter that is base64.
fn settings(value: &Value) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap()).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn parameters_come_from_cluster_facts_and_labels() {
    let mut cluster = cluster();
    cluster.labels = Labels::parse_flag(
        "service_cluster_ip_range=10.9.0.0/16,wait_condition_timeout=77,other=x,etcd_volume_size=3,octavia_provider=",
    )
    .unwrap();
    let plan = plan(&cluster, &facts());
    assert_eq!(plain(&plan, "number_of_masters"), json!(1));
    assert_eq!(plain(&plan, "revision"), json!("0"));
    assert_eq!(plain(&plan, "etcd_volume_size"), json!("3"));
    assert_eq!(plain(&plan, "wait_condition_timeout"), json!(77));
    for absent in ["ssh_key_name", "other", "octavia_provider"] {
        assert!(!plan.parameters.contains_key(absent), "{absent}");
    }
    let settings = settings(&plain(&plan, "master_settings"));
    for line in ["SERVICE_CIDR=10.9.0.0/16", "ROLE=master", "NODE_GROUP=default-master", "POD_CIDR=10.100.0.0/16"] {
        assert!(settings.lines().any(|have| have == line), "{line} in {settings}");
    }
    assert_eq!(plan.tags, ["jeroboam", "00000000-0000-0000-0000-000000000000"]);
    assert_eq!(plan.timeout_mins, 60);
}

#[test]
fn groups_say_which_machines_there_are_and_what_they_boot() {
    let (cluster, facts) = (cluster(), facts());
    let mut spec = facts.first_spec(&cluster);
    spec.workers[0].grow(1, &WorkerNode { image: NodeImage { id: "new".into(), kube_version: None }, ca_step: 0 });
    spec.workers[0].remove(&[1]);
    spec.add_group(WorkerGroup { name: "_GPU nodes, big ones".into(), ..WorkerGroup::default() });
    spec.add_group(WorkerGroup {
        name: "w".into(),
        labels: Labels::parse_flag("boot_volume_size=30,nodes_affinity_policy=none,kubelet_options=--v=2").unwrap(),
        node_labels: [("a/b".to_owned(), "c".to_owned())].into(),
        ..WorkerGroup::default()
    });
    spec.remove_group("_GPU nodes, big ones");
    spec.add_group(WorkerGroup { name: "_GPU nodes, big ones".into(), ..WorkerGroup::default() });
    spec.masters[0].generation = 3;
    let template = NewTemplate::default();
    let input = PlanInput { cluster: &cluster, template: &template, facts: &facts, spec: &spec, secrets: &secrets() };
    let plan = ubuntu().plan(&input).unwrap();
    let groups = plain(&plan, "worker_map");
    assert_eq!(plain(&plan, "number_of_worker_groups"), json!(3));
    assert_eq!(plain(&plan, "removed_worker_slots"), json!(["1"]));
    assert_eq!(
        (&groups["0"]["name"], &groups["0"]["count"], &groups["0"]["removed"]),
        (&json!("worker"), &json!(2), &json!(["1"]))
    );
    assert_eq!(
        groups["0"]["nodes"],
        json!({"0": {"image": "img", "kube_version": "v1.31.4"}, "2": {"image": "new", "kube_version": ""}})
    );
    assert_eq!((&groups["2"]["boot_volume_size"], &groups["2"]["affinity"]), (&json!(30), &json!("none")));
    let own = settings(&groups["2"]["settings"]);
    assert!(own.contains("\nKUBELET_OPTIONS=--v=2\n") && own.contains("\nNODE_LABELS=a/b=c\n"), "{own}");
    assert_eq!(groups["3"]["name"], "gpu-nodes-3");
    let master = &plain(&plan, "master_nodes")["0"];
    assert_eq!((&master["generation"], &master["odd"]), (&json!("3"), &json!(true)));
}

#[test]
fn a_setting_cannot_break_out_of_its_line() {
    let mut cluster = cluster();
    let spec = facts().first_spec(&cluster);
    let template = NewTemplate::default();
    for hostile in ["a\nROLE=x", "a\rb", "a\u{2028}b", "a\0b"] {
        cluster.labels = Labels([("kubelet_options".to_owned(), hostile.to_owned())].into());
        let (facts, secrets) = (facts(), secrets());
        let input = PlanInput { cluster: &cluster, template: &template, facts: &facts, spec: &spec, secrets: &secrets };
        let told = ubuntu().plan(&input).unwrap_err();
        assert_eq!(told.field.as_deref(), Some("labels"));
        assert!(told.summary.contains("kubelet_options"), "{}", told.summary);
    }
    cluster.labels = Labels([("kubelet_options".to_owned(), "'; $(reboot) `x` \"".to_owned())].into());
    let settings = settings(&plain(&plan(&cluster, &facts()), "master_settings"));
    assert!(settings.contains("\nKUBELET_OPTIONS='; $(reboot) `x` \"\n"));
}

#[test]
fn a_secret_may_be_missing_only_where_the_manifest_says_so() {
    let (cluster, facts) = (cluster(), facts());
    let (spec, template) = (facts.first_spec(&cluster), NewTemplate::default());
    let mut secrets = secrets();
    secrets.remove("etcd_ca_key");
    let input = PlanInput { cluster: &cluster, template: &template, facts: &facts, spec: &spec, secrets: &secrets };
    assert!(ubuntu().plan(&input).unwrap_err().summary.contains("etcd_ca_key is missing"));
}

#[test]
fn the_manifest_knows_its_labels() {
    let driver = ubuntu();
    let labels = driver.manifest.labels();
    for label in ["flannel_network_cidr", "kubelet_options", "master_lb_floating_ip_enabled", "docker_volume_type"] {
        assert!(labels.contains(label), "{label}");
    }
    let idle: Vec<&String> = driver.manifest.label_defaults.keys().filter(|l| !labels.contains(l.as_str())).collect();
    assert!(idle.is_empty(), "defaults of labels that nothing reads: {idle:?}");
}

#[test]
fn a_node_gives_up_before_the_stack_does() {
    let mut cluster = cluster();
    for (minutes, seconds) in [(60, 3240), (0, 3240), (10, 540), (43_200, 43_200)] {
        cluster.create_timeout = minutes;
        assert_eq!(plain(&plan(&cluster, &facts()), "wait_condition_timeout"), json!(seconds));
    }
}

#[test]
fn secrets_do_not_show() {
    let shown = format!("{:?}", plan(&cluster(), &facts()));
    assert!(!shown.contains("very-") && shown.contains("[secret]"));
}

#[test]
fn what_the_driver_cannot_build_is_refused_at_its_field() {
    let template = NewTemplate {
        network_driver: Some("kuryr".into()),
        tls_disabled: true,
        volume_driver: Some("rexray".into()),
        ..NewTemplate::default()
    };
    let mut fields: Vec<String> = ubuntu().refusals(&template).into_iter().filter_map(|p| p.field).collect();
    fields.sort();
    assert_eq!(fields, ["network_driver", "tls_disabled", "volume_driver"]);
    assert_eq!(
        ubuntu().refusals(&NewTemplate { network_driver: Some("flannel".into()), ..NewTemplate::default() }),
        []
    );
}

#[test]
fn outputs_prefer_public_addresses_and_tolerate_gaps() {
    let read = |api: Value, masters: Value, groups: Value| {
        let outputs = [("api_address", api), ("masters", masters), ("worker_groups", groups)];
        ubuntu().outputs(&outputs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
    };
    let masters = json!({
        "servers": {"1": "m1", "0": "m0"},
        "addresses": {"0": "10.0.0.1", "1": "10.0.0.2"},
        "floating_addresses": {"0": "172.24.4.1", "1": null},
    });
    let groups = json!({
        "10": {"servers": {"0": "gpu"}, "addresses": {}, "floating_addresses": null},
        "2": {"servers": {"10": "w10", "9": "w9"}, "addresses": {"10": "10.0.0.10", "9": "10.0.0.9"}},
        "odd": 7,
    });
    let found = read(json!([null, "172.24.4.9", "10.0.0.5"]), masters, groups);
    assert_eq!(found.api_address.as_deref(), Some("https://172.24.4.9:6443"));
    assert_eq!(found.master_addresses, ["172.24.4.1", "10.0.0.2"]);
    assert_eq!(found.node_addresses, ["10.0.0.9", "10.0.0.10"]);
    let places: Vec<(Option<u32>, u32, &str)> = found
        .nodes
        .iter()
        .map(|NodeAddress { slot, index, server_id, .. }| (*slot, *index, server_id.as_str()))
        .collect();
    assert_eq!(
        places,
        [(None, 0, "m0"), (None, 1, "m1"), (Some(2), 9, "w9"), (Some(2), 10, "w10"), (Some(10), 0, "gpu")]
    );
    let private = read(json!([null, null, "10.0.0.5"]), Value::Null, json!([]));
    assert_eq!(private.api_address.as_deref(), Some("https://10.0.0.5:6443"));
    assert_eq!(read(Value::Null, json!(""), json!({"0": []})), Outputs::default());
}
