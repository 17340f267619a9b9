use chrono::Utc;
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::driver::Drivers;
use crate::driver::plan::Facts;
use crate::model::{Cluster, ClusterId, Labels, Status, TemplateId};

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
        cause: None,
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
    ["ca_cert", "ca_key", "ca_cert_hash", "etcd_ca_cert", "etcd_ca_key", "front_proxy_ca_cert", "front_proxy_ca_key"]
        .iter()
        .chain(&["service_account_key", "service_account_public_key", "bootstrap_token"])
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
    let sent: Vec<&String> = driver.manifest.parameters.keys().chain(driver.manifest.labels.values()).collect();
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
    let used: Vec<&String> = m.files.iter().chain([&m.template]).chain(environments).collect();
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
            "env-floating-ip-disabled.yaml",
            "env-api-floating-ip-disabled.yaml"
        ]
    );
    cluster.master_lb_enabled = true;
    cluster.floating_ip_enabled = true;
    let facts = Facts { fixed_network_id: Some("net".into()), ..facts() };
    let open = plan(&cluster, &facts);
    assert_eq!(
        open.environment_files,
        ["env-network-existing.yaml", "env-api-load-balancer.yaml", "env-floating-ip.yaml", "env-api-floating-ip.yaml"]
    );
    assert!(open.environment_files.iter().all(|name| open.files.contains_key(name)));
    cluster.labels = Labels::parse_flag("master_lb_floating_ip_enabled=false").unwrap();
    assert_eq!(plan(&cluster, &facts).environment_files[3], "env-api-floating-ip-disabled.yaml");
}

#[test]
fn parameters_come_from_cluster_facts_and_labels() {
    let mut cluster = cluster();
    cluster.labels =
        Labels::parse_flag("service_cluster_ip_range=10.9.0.0/16,wait_condition_timeout=77,other=x").unwrap();
    let plan = plan(&cluster, &facts());
    assert_eq!(plain(&plan, "number_of_workers"), json!(2));
    assert_eq!(plain(&plan, "service_cluster_ip_range"), json!("10.9.0.0/16"));
    assert_eq!(plain(&plan, "wait_condition_timeout"), json!(77));
    assert!(!plan.parameters.contains_key("ssh_key_name") && !plan.parameters.contains_key("other"));
    assert_eq!(plan.tags, ["jeroboam", "00000000-0000-0000-0000-000000000000"]);
    assert_eq!(plan.timeout_mins, 60);
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
        network_driver: Some("calico".into()),
        tls_disabled: true,
        volume_driver: Some("cinder".into()),
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
    let read = |api: Value, nodes: Value| {
        let outputs = [("api_address", api), ("node_addresses", nodes)];
        ubuntu().outputs(&outputs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
    };
    let public =
        read(json!([null, "172.24.4.9", "10.0.0.5"]), json!([["172.24.4.1", "172.24.4.2"], ["10.0.0.1", "10.0.0.2"]]));
    assert_eq!(public.api_address.as_deref(), Some("https://172.24.4.9:6443"));
    assert_eq!(public.node_addresses, ["172.24.4.1", "172.24.4.2"]);
    let private = read(json!([null, null, "10.0.0.5"]), json!([[null, null], ["10.0.0.1", "10.0.0.2"]]));
    assert_eq!(private.api_address.as_deref(), Some("https://10.0.0.5:6443"));
    assert_eq!(private.node_addresses, ["10.0.0.1", "10.0.0.2"]);
    assert_eq!(read(Value::Null, json!("")), Outputs::default());
}
