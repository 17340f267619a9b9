//! What controllers inside a cluster made, through the conductor's own eyes: it goes
//! with the cluster, or is found afterwards.

use std::sync::Arc;
use std::time::Duration;

use jeroboam::conductor::Options;
use jeroboam::config::clouds::{self, Selection};
use jeroboam::driver::Drivers;
use jeroboam::model::{Cluster, ClusterId, Doubt, NewCluster, NewTemplate, Status, ThingSort};
use jeroboam::openstack;
use jeroboam::service::Manager;
use jeroboam::service::local::LocalManager;
use jeroboam::store::MemoryStore;
use serde_json::{Value, json};

use super::client::Client;

const LONG: Duration = Duration::from_secs(120);

pub async fn manager(clouds_yaml: &std::path::Path) -> Arc<LocalManager> {
    let env = [("OS_CLIENT_CONFIG_FILE".to_owned(), clouds_yaml.display().to_string())].into();
    let selection = Selection { os_cloud: Some("demo".into()), env, cwd: "/nonexistent".into() };
    let config = clouds::load(&selection).unwrap();
    let cloud = openstack::connect(&config).await.unwrap();
    let options = Options { fast: Duration::from_millis(50), slow: Duration::from_millis(200), ..Options::default() };
    LocalManager::start(cloud, Arc::new(MemoryStore::default()), Arc::new(Drivers::builtin().unwrap()), options)
}

async fn create(manager: &LocalManager) -> ClusterId {
    let template = NewTemplate {
        name: "t".into(),
        image_id: "ubuntu-24.04-kube-v1.33.4".into(),
        external_network_id: Some("public".into()),
        flavor_id: Some("m1.medium".into()),
        master_flavor_id: Some("m1.medium".into()),
        ..NewTemplate::default()
    };
    let cluster_template_id = manager.create_template(template).await.unwrap().uuid.to_string();
    let wish = NewCluster { name: "loved".into(), cluster_template_id, ..NewCluster::default() };
    let id = manager.create_cluster(wish).await.unwrap().uuid;
    until(manager, id, |cluster| cluster.is_some_and(|cluster| cluster.status == Status::CREATE_COMPLETE)).await;
    id
}

async fn until(manager: &LocalManager, id: ClusterId, good: impl Fn(Option<&Cluster>) -> bool) {
    let watch = async {
        loop {
            let clusters = manager.clusters().await.unwrap();
            let cluster = clusters.iter().find(|cluster| cluster.uuid == id);
            if good(cluster) {
                return;
            }
            assert!(cluster.is_none_or(|cluster| !cluster.status.is_failed()), "{cluster:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, watch).await.expect("it does not come about");
}

/// A balancer, an address, a group and a volume as the controllers of a cluster mark them.
async fn as_its_controllers_do(client: &Client, cluster: &str) {
    let subnets = client.get("network", "/v2.0/subnets?name=private-subnet").await;
    let subnets = if subnets["subnets"][0].is_null() { client.get("network", "/v2.0/subnets").await } else { subnets };
    let public = client.get("network", "/v2.0/networks?name=public").await["networks"][0]["id"].clone();
    let outside = |subnet: &&Value| subnet["network_id"] != public;
    let subnet = subnets["subnets"].as_array().unwrap().iter().find(outside).unwrap()["id"].clone();
    let told = format!("Kubernetes external service default/web from cluster {cluster}");
    let posts = [
        (
            "load-balancer",
            "/v2/lbaas/loadbalancers",
            json!({"loadbalancer": {"vip_subnet_id": subnet, "name": format!("kube_service_{cluster}_default_web"), "description": told}}),
        ),
        (
            "network",
            "/v2.0/floatingips",
            json!({"floatingip": {"floating_network_id": public, "description": format!("Floating IP for {told}")}}),
        ),
        (
            "network",
            "/v2.0/security-groups",
            json!({"security_group": {"name": "lb-sg", "description": format!("Security Group for default/web Service LoadBalancer in cluster {cluster}")}}),
        ),
        (
            "block-storage",
            "/volumes",
            json!({"volume": {"size": 1, "name": "pvc-1", "metadata": {"cinder.csi.openstack.org/cluster": cluster}}}),
        ),
    ];
    for (service, path, body) in posts {
        let (status, text) = client.post_raw(service, path, body.to_string()).await;
        assert!([201, 202].contains(&status), "{path}: {status} {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_clusters_controllers_made_goes_with_it_and_volumes_only_when_asked() {
    for volumes in [false, true] {
        let (_directory, cloud, client) = super::cloud().await;
        let manager = manager(&cloud.clouds_yaml).await;
        let before = client.inventory().await;
        let id = create(&manager).await;
        as_its_controllers_do(&client, &id.to_string()).await;
        // Somebody else's, of a Magnum cluster perhaps.
        as_its_controllers_do(&client, "0b6a9d0f-1111-4222-8333-444455556666").await;
        if volumes {
            manager.delete_cluster_and_volumes(id).await.unwrap();
        } else {
            manager.delete_cluster(id).await.unwrap();
        }
        until(&manager, id, |cluster| cluster.is_none()).await;
        let mut after = client.inventory().await;
        for (what, theirs) in [
            ("loadbalancers", 1),
            ("floatingips", 1),
            ("security_groups", 1),
            ("security_group_rules", 2),
            ("ports", 1),
            ("volumes", if volumes { 1 } else { 2 }),
        ] {
            *after.get_mut(what).unwrap() -= theirs;
        }
        assert_eq!(after, before, "volumes: {volumes}");

        let (orphans, problems) = manager.orphans().await.unwrap();
        assert!(problems.is_empty(), "{problems:?}");
        let certain: Vec<ThingSort> = orphans.iter().filter(|o| o.doubt.is_none()).map(|o| o.thing.sort).collect();
        let strange = orphans.iter().filter(|orphan| orphan.doubt == Some(Doubt::Stranger)).count();
        assert_eq!((certain.as_slice(), strange), (if volumes { &[][..] } else { &[ThingSort::Volume][..] }, 4));
        for orphan in orphans {
            manager.remove_orphan(&orphan).await.unwrap();
        }
        let gone = async {
            while client.inventory().await != before {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(LONG, gone).await.expect("orphans stay");
    }
}
