//! The built-in drivers' real stacks on the demo cloud, through the adapter that
//! talks to real clouds.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::Utc;
use jeroboam::cloud::Cloud;
use jeroboam::config::clouds::{self, Selection};
use jeroboam::demo::DemoCloud;
use jeroboam::driver::{Drivers, Facts, PlanInput, StackPlan};
use jeroboam::model::{Cluster, ClusterId, Labels, NewTemplate, Stack, Status, TemplateId};
use jeroboam::openstack;
use rstest::rstest;
use secrecy::SecretString;
use uuid::Uuid;

use super::cloud;

async fn connect(cloud: &DemoCloud, name: &str) -> Cloud {
    let file = cloud.clouds_yaml.to_str().unwrap().to_owned();
    let env = BTreeMap::from([("OS_CLIENT_CONFIG_FILE".to_owned(), file)]);
    let selection = Selection { os_cloud: Some(name.to_owned()), env, cwd: std::env::temp_dir() };
    openstack::connect(&clouds::load(&selection).unwrap()).await.unwrap()
}

struct Wish {
    lb: bool,
    floating: bool,
    existing: bool,
    volume: bool,
}

async fn plan(cloud: &Cloud, wish: &Wish) -> StackPlan {
    let images = cloud.images.images().await.unwrap();
    let image =
        images.iter().find(|image| image.os_distro.as_deref() == Some("ubuntu") && image.status == "active").unwrap();
    let networks = cloud.networking.networks().await.unwrap();
    let subnets = cloud.networking.subnets().await.unwrap();
    let network = |name: &str| networks.iter().find(|network| network.name == name).unwrap();
    let private = network("private");
    let subnet = subnets.iter().find(|subnet| subnet.network_id == private.id).unwrap();
    let uuid = Uuid::new_v4();
    let cluster = Cluster {
        uuid: ClusterId(uuid),
        name: "prod".into(),
        cluster_template_id: TemplateId(Uuid::nil()),
        template_name: "t".into(),
        driver: "k8s_ubuntu_kubeadm".into(),
        keypair: Some("demo-key".into()),
        node_count: 2,
        master_count: 3,
        docker_volume_size: wish.volume.then_some(5),
        flavor_id: "m1.medium".into(),
        master_flavor_id: "m1.large".into(),
        fixed_network: wish.existing.then(|| private.name.clone()),
        fixed_subnet: None,
        floating_ip_enabled: wish.floating,
        master_lb_enabled: wish.lb,
        create_timeout: 60,
        labels: Labels::default(),
        status: Status::CREATE_IN_PROGRESS,
        status_reason: String::new(),
        stack_id: None,
        stack_name: format!("prod-{}", &uuid.simple().to_string()[..12]),
        api_address: None,
        coe_version: None,
        master_addresses: vec![],
        node_addresses: vec![],
        project_id: cloud.identity.scope.project_id.clone(),
        user_id: cloud.identity.user_id.clone(),
        created_at: Utc::now(),
        updated_at: None,
        status_since: Utc::now(),
        operation: None,
        progress: None,
        node_groups: Vec::new(),
        rollout: None,
        cause: None,
        health: None,
    };
    let facts = Facts {
        image_id: image.id.clone(),
        kube_version: image.kube_version.clone(),
        os_distro: "ubuntu".into(),
        external_network_id: network("public").id.clone(),
        fixed_network_id: wish.existing.then(|| private.id.clone()),
        fixed_subnet_id: wish.existing.then(|| subnet.id.clone()),
        fixed_subnet_cidr: if wish.existing { subnet.cidr.clone() } else { "10.0.0.0/24".into() },
        has_load_balancer: cloud.has("load-balancer"),
        auth_url: cloud.identity.auth_url.clone(),
        region: cloud.identity.scope.region.clone(),
    };
    let secrets: BTreeMap<String, SecretString> = [
        "ca_cert",
        "ca_key",
        "ca_cert_hash",
        "etcd_ca_cert",
        "etcd_ca_key",
        "front_proxy_ca_cert",
        "front_proxy_ca_key",
        "service_account_key",
        "service_account_public_key",
        "join_cert",
        "join_key",
    ]
    .iter()
    .map(|name| ((*name).to_owned(), SecretString::from(format!("very-{name}"))))
    .collect();
    let drivers = Drivers::builtin().unwrap();
    let driver = drivers.get("k8s_ubuntu_kubeadm").unwrap();
    driver
        .plan(&PlanInput {
            cluster: &cluster,
            template: &NewTemplate::default(),
            facts: &facts,
            spec: &facts.first_spec(&cluster),
            secrets: &secrets,
        })
        .unwrap()
}

async fn settled(cloud: &Cloud, id: &str) -> Option<Stack> {
    let watch = async {
        loop {
            let stack = cloud.orchestration.stack(id, true).await.unwrap();
            match stack {
                Some(stack) if stack.status.is_in_progress() => {}
                other => return other,
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), watch).await.expect("the stack settles")
}

#[rstest]
#[tokio::test]
async fn its_stack_is_made_and_unmade(
    #[values(false, true)] lb: bool,
    #[values(false, true)] floating: bool,
    #[values(false, true)] existing: bool,
    #[values(false, true)] volume: bool,
) {
    let (_directory, demo, client) = cloud().await;
    let before = client.inventory().await;
    let cloud = connect(&demo, if volume { "demo-appcred" } else { "demo" }).await;
    let plan = plan(&cloud, &Wish { lb, floating, existing, volume }).await;
    let id = cloud.orchestration.create_stack(&plan).await.unwrap();
    let stack = settled(&cloud, &id).await.unwrap();
    assert!(stack.status.is_complete(), "{}: {}", stack.status, stack.status_reason);

    let drivers = Drivers::builtin().unwrap();
    let outputs = drivers.get("k8s_ubuntu_kubeadm").unwrap().outputs(&stack.outputs);
    assert!(
        outputs
            .api_address
            .is_some_and(|address| address.contains("172.24.4.") == (floating || lb && address.contains("172.")))
    );
    assert_eq!(outputs.master_addresses.len(), 3);
    assert_eq!(outputs.node_addresses.len(), 2);
    let servers = client.get("compute", "/servers/detail").await;
    let servers = servers["servers"].as_array().unwrap();
    assert_eq!(servers.len(), 5);
    assert!(servers.iter().all(|server| server["status"] == "ACTIVE" && server["key_name"] == "demo-key"));

    let resources = cloud.orchestration.resources(&stack).await.unwrap();
    assert!(resources.iter().all(|resource| resource.status.is_complete()), "{resources:#?}");
    assert!(resources.iter().any(|resource| resource.address() == "masters.0.ready_even"));
    let events = cloud.orchestration.events(&stack, None).await.unwrap();
    for said in ["master-2: control plane up", "worker-1: joined", "worker-1: node Ready"] {
        assert!(events.iter().any(|event| event.reason.contains(said)), "{said}");
    }

    assert!(cloud.orchestration.delete_stack(&id).await.unwrap());
    let gone = async {
        while client.inventory().await != before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.expect("something is left");
}
