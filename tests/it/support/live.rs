//! What tests on the cloud that `OS_CLOUD` names begin with: a login, a conductor, the smallest
//! template that passes the checks. The cloud needs an active image with `os_distro` ubuntu, an
//! external network, and a flavor that kubeadm takes for a master.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jeroboam::cloud::Cloud;
use jeroboam::conductor::{Options, Outside};
use jeroboam::config::clouds::{self, Selection};
use jeroboam::driver::Drivers;
use jeroboam::model::{Cluster, ClusterId, NewTemplate};
use jeroboam::openstack;
use jeroboam::service::Manager;
use jeroboam::service::local::LocalManager;
use jeroboam::store::SqliteStore;

pub async fn connect() -> Cloud {
    openstack::connect(&clouds::load(&Selection::from_process(None)).unwrap()).await.unwrap()
}

/// A conductor that looks often, with its store in `dir`.
pub async fn conductor(cloud: Cloud, dir: &Path, drivers: Arc<Drivers>, outside: Outside) -> Arc<LocalManager> {
    let store = Arc::new(SqliteStore::open(dir).await.unwrap());
    let options = Options { data_dir: Some(dir.into()), fast: Duration::from_secs(1), outside, ..Options::default() };
    LocalManager::start(cloud, store, drivers, options)
}

pub async fn smallest_template(manager: &LocalManager, name: &str) -> NewTemplate {
    let (inventory, problems) = manager.inventory().await;
    assert!(problems.is_empty(), "{problems:?}");
    let image = inventory.images.iter().find(|i| i.os_distro.as_deref() == Some("ubuntu") && i.status == "active");
    let flavor =
        inventory.flavors.iter().filter(|f| f.ram >= 2048 && f.vcpus >= 2).min_by_key(|f| f.ram).map(|f| f.id.clone());
    let external = inventory.networks.iter().find(|network| network.external);
    NewTemplate {
        name: name.into(),
        image_id: image.expect("an ubuntu image").id.clone(),
        external_network_id: Some(external.expect("an external network").id.clone()),
        flavor_id: flavor.clone(),
        master_flavor_id: flavor,
        ..NewTemplate::default()
    }
}

/// A driver whose stacks have no machines.
pub fn tiny_driver() -> BTreeMap<String, String> {
    BTreeMap::from([
        ("driver.toml".to_owned(), include_str!("tiny.toml").to_owned()),
        ("tiny.yaml".to_owned(), include_str!("tiny.yaml").to_owned()),
    ])
}

pub async fn until(manager: &LocalManager, id: ClusterId, limit: Duration, wanted: impl Fn(Option<&Cluster>) -> bool) {
    let deadline = tokio::time::Instant::now() + limit;
    loop {
        let clusters = manager.clusters().await.unwrap();
        let cluster = clusters.iter().find(|cluster| cluster.uuid == id);
        if wanted(cluster) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{cluster:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
