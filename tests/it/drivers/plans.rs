//! Every pair of options on the embedded cloud: each row is taken without an error, and what its
//! plan counts, what its quotas are asked for and what the wish itself means are the same. Some
//! of the rows are made, and what there is then is counted too.

use std::sync::Arc;
use std::time::Duration;

use jeroboam::conductor::Options;
use jeroboam::config::clouds::{self, Selection};
use jeroboam::demo::{self, DemoCloud};
use jeroboam::driver::Drivers;
use jeroboam::model::NewTemplate;
use jeroboam::model::service_quota::Item;
use jeroboam::service::local::LocalManager;
use jeroboam::service::preview::Preview;
use jeroboam::service::{Change, Manager};
use jeroboam::store::MemoryStore;

use super::pairs::{self, Place, Row};

/// What there is in the embedded cloud.
pub fn place() -> Place {
    Place {
        base: NewTemplate {
            image_id: "ubuntu-24.04-kube-v1.33.4".into(),
            external_network_id: Some("public".into()),
            flavor_id: Some("m1.medium".into()),
            master_flavor_id: Some("m1.large".into()),
            ..NewTemplate::default()
        },
        keypair: "demo-key".into(),
        network: "private".into(),
        subnet: "private-subnet".into(),
        router: "router1".into(),
        volume_type: "demo".into(),
        zone: "nova".into(),
        boot_volume: 20,
        has_barbican: true,
    }
}

/// A cloud as fast as it goes, and a manager that does nothing about what it accepts unless it `works`.
async fn manager(works: bool) -> (DemoCloud, tempfile::TempDir, Arc<LocalManager>) {
    let directory = tempfile::tempdir().unwrap();
    let pace = demo::Options { speed: 1000.0, minute: Duration::from_secs(60), ..demo::Options::new(directory.path()) };
    let cloud = demo::start(pace).await.unwrap();
    let mut selection = Selection::default();
    selection.env.insert("OS_CLIENT_CONFIG_FILE".into(), cloud.clouds_yaml.display().to_string());
    selection.env.insert("OS_CLOUD".into(), "demo".into());
    let ports = jeroboam::openstack::connect(&clouds::load(&selection).unwrap()).await.unwrap();
    let (store, drivers) = (Arc::new(MemoryStore::default()), Arc::new(Drivers::builtin().unwrap()));
    let options = Options { fast: Duration::from_millis(100), ..Options::default() };
    let manager = if works {
        LocalManager::start(ports, store, drivers, options)
    } else {
        LocalManager::open(ports, store, drivers, options)
    };
    (cloud, directory, manager)
}

/// The plan against the wish.
fn hold(row: &Row, preview: &Preview) {
    let line = row.line();
    let errors: Vec<String> = preview.errors().map(|check| check.line()).collect();
    assert!(errors.is_empty(), "{line}\n{errors:#?}");
    let kinds = preview.resources.iter().flat_map(|one| std::iter::repeat_n(one.kind.as_str(), one.count));
    let apart = pairs::differences(row, kinds);
    assert!(apart.is_empty(), "{line}\n{apart:#?}\n{:#?}", preview.resources);
    let count = |kind: &str| row.expected.get(kind).copied().unwrap_or_default() as u64;
    for (item, wanted) in [
        (Item::Instances, count("OS::Nova::Server")),
        (Item::FloatingIps, count("OS::Neutron::FloatingIP")),
        (Item::Networks, count("OS::Neutron::Net")),
        (Item::Routers, count("OS::Neutron::Router")),
        (
            Item::Ports,
            count("OS::Neutron::Port") + count("OS::Octavia::LoadBalancer") + count("OS::Neutron::RouterInterface"),
        ),
        (Item::SecurityGroups, count("OS::Neutron::SecurityGroup")),
        (Item::Volumes, count("OS::Cinder::Volume")),
        (Item::LoadBalancers, count("OS::Octavia::LoadBalancer")),
        (Item::Members, count("OS::Octavia::PoolMember")),
    ] {
        let needed = preview.quotas.iter().find(|quota| quota.item == item).map_or(0, |quota| quota.needed);
        assert_eq!(needed, wanted, "{item}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_pair_of_options_plans_what_it_means() {
    let (_cloud, _directory, manager) = manager(false).await;
    for driver in Drivers::builtin().unwrap().iter() {
        let rows = pairs::rows(&driver.manifest.name, &place());
        assert!((15..80).contains(&rows.len()), "{} rows", rows.len());
        for row in rows {
            let made = manager.create_template(row.template.clone()).await;
            assert!(made.is_ok(), "{}\n{made:#?}", row.line());
            let preview = manager.preview_cluster(row.cluster.clone()).await.unwrap();
            hold(&row, &preview);
        }
    }
}

/// So many rows of each driver are made.
const MADE: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_made_is_what_was_planned() {
    let (_cloud, _directory, manager) = manager(true).await;
    let mut changes = manager.subscribe();
    for driver in Drivers::builtin().unwrap().iter() {
        let rows = pairs::rows(&driver.manifest.name, &place());
        let step = rows.len() / MADE;
        for row in rows.into_iter().step_by(step) {
            manager.create_template(row.template.clone()).await.unwrap();
            let plan = manager.preview_cluster(row.cluster.clone()).await.unwrap().plan.unwrap();
            let id = manager.create_cluster(row.cluster.clone()).await.unwrap().uuid;
            let made = async {
                loop {
                    match changes.recv().await.unwrap() {
                        Change::Cluster { cluster } if cluster.uuid == id && !cluster.status.is_in_progress() => {
                            break cluster;
                        }
                        _ => {}
                    }
                }
            };
            let made = tokio::time::timeout(Duration::from_secs(120), made).await.expect("made in time");
            assert!(made.status.is_complete(), "{}: {} {}", row.line(), made.status, made.status_reason);
            let kinds = pairs::kinds(&plan, &manager.resources(id).await.unwrap());
            let apart = pairs::differences(&row, kinds.iter().map(String::as_str));
            assert!(apart.is_empty(), "{}\n{apart:#?}", row.line());
            manager.delete_cluster(id).await.unwrap();
        }
    }
    manager.stop(Duration::from_secs(5)).await;
}
