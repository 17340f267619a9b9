//! Two conductors on one PostgreSQL share fifty clusters; one is killed in the middle. All fifty
//! are made, none twice, and the other ends in order. On the embedded cloud, and on a real one with
//! stacks that have no machines.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jeroboam::cloud::Orchestration;
use jeroboam::conductor::Options;
use jeroboam::config::clouds::{self, Selection};
use jeroboam::demo;
use jeroboam::driver::Drivers;
use jeroboam::model::{Cluster, HistoryKind, NewCluster, NewTemplate, Status};
use jeroboam::openstack;
use jeroboam::service::Manager;
use jeroboam::service::local::LocalManager;
use jeroboam::store::{Archive, PostgresStore, Store};
use secrecy::SecretString;
use tokio::time::{Instant, sleep};

use crate::support::postgres::Postgres;

const CLUSTERS: usize = 50;
const LONG: Duration = Duration::from_secs(600);

/// A cloud, and what clusters are made of there.
struct Site {
    clouds_yaml: PathBuf,
    os_cloud: String,
    /// A driver `tiny` of the user's own: its files.
    driver: Option<BTreeMap<String, String>>,
}

impl Site {
    fn drivers(&self) -> Arc<Drivers> {
        Arc::new(match &self.driver {
            Some(files) => Drivers::load(vec![("tiny".into(), Ok(files.clone()))]),
            None => Drivers::builtin().unwrap(),
        })
    }
}

/// A host with a conductor on it.
struct Host {
    conductor: Child,
    _home: tempfile::TempDir,
}

impl Host {
    /// Started, and it said that it is ready.
    fn start(url: &str, site: &Site, key: &Path) -> Self {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::copy(key, data.join("store.key")).unwrap();
        std::fs::write(home.path().join("config.toml"), "lease_seconds = 5\n").unwrap();
        for (name, text) in site.driver.iter().flatten() {
            let folder = home.path().join("drivers/tiny");
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(name), text).unwrap();
        }
        let notify = home.path().join("notify");
        let systemd = UnixDatagram::bind(&notify).unwrap();
        systemd.set_read_timeout(Some(LONG)).unwrap();
        let conductor = Command::new(env!("CARGO_BIN_EXE_jeroboam"))
            .arg("conductor")
            .env_clear()
            .env("HOME", home.path())
            .env("JEROBOAM_DATA_DIR", &data)
            .env("JEROBOAM_CONFIG_DIR", home.path())
            .env("JEROBOAM_STORE", url)
            .env("OS_CLIENT_CONFIG_FILE", &site.clouds_yaml)
            .env("OS_CLOUD", &site.os_cloud)
            .env("NOTIFY_SOCKET", &notify)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(home.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut heard = [0; 64];
        let size = systemd.recv(&mut heard).expect("the conductor gets ready");
        assert!(heard[..size].starts_with(b"READY=1\n"));
        Self { conductor, _home: home }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.conductor.kill();
        let _ = self.conductor.wait();
    }
}

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LONG;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {LONG:?} for {what}");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Conductor -> its shards.
async fn parts(database: &sqlx::PgPool) -> BTreeMap<String, i64> {
    let sql = "SELECT conductor, count(*) FROM shards GROUP BY conductor";
    sqlx::query_as(sql).fetch_all(database).await.unwrap().into_iter().collect()
}

fn wish() -> NewTemplate {
    NewTemplate {
        name: "shared".into(),
        image_id: "ubuntu-24.04-kube-v1.33.4".into(),
        external_network_id: Some("public".into()),
        flavor_id: Some("m1.medium".into()),
        master_flavor_id: Some("m1.medium".into()),
        floating_ip_enabled: false,
        ..NewTemplate::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_dies_and_the_other_finishes_everything_once() {
    let home = tempfile::tempdir().unwrap();
    let cloud = demo::start(demo::Options { speed: 4.0, ..demo::Options::new(home.path()) }).await.unwrap();
    let site = Site { clouds_yaml: cloud.clouds_yaml.clone(), os_cloud: "demo".into(), driver: None };
    share(&site, async |_| wish()).await;
}

mod real_cloud {
    use jeroboam::model::NewTemplate;

    use super::{Site, share};
    use crate::support::live;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "needs a cloud: OS_CLOUD"]
    async fn one_dies_and_the_other_finishes_everything_once() {
        let set = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
        let site = Site {
            clouds_yaml: set("OS_CLIENT_CONFIG_FILE").into(),
            os_cloud: set("OS_CLOUD"),
            driver: Some(live::tiny_driver()),
        };
        let tiny = |wish| NewTemplate { driver: Some("tiny".into()), ..wish };
        share(&site, async |manager| tiny(live::smallest_template(manager, "shared").await)).await;
    }
}

/// The whole story; leaves nothing in the cloud.
async fn share(site: &Site, template: impl AsyncFn(&LocalManager) -> NewTemplate) {
    let Some(server) = Postgres::start() else { return };
    let home = tempfile::tempdir().unwrap();
    let (url, key) = (SecretString::from(server.url()), home.path().join("store.key"));
    let store = Arc::new(PostgresStore::open(&url, &key).await.unwrap());
    let database = sqlx::PgPool::connect(&server.url()).await.unwrap();

    let mut one = Host::start(&server.tls_url(), site, &key);
    let mut two = Host::start(&server.url(), site, &key);
    until("both to have their part", async || {
        let parts = parts(&database).await;
        (parts.len() == 2 && parts.values().all(|part| *part == 32)).then_some(())
    })
    .await;

    let (manager, heat) = client(site, store.clone()).await;
    let cluster_template_id = manager.create_template(template(&manager).await).await.unwrap().uuid.to_string();
    for number in 0..CLUSTERS {
        let (name, cluster_template_id) = (format!("c{number}"), cluster_template_id.clone());
        let wish = NewCluster { name, cluster_template_id, node_count: 0, ..NewCluster::default() };
        manager.create_cluster(wish).await.unwrap();
    }
    let with = |clusters: &[Cluster], status| clusters.iter().filter(|cluster| cluster.status == status).count();
    until("some to be made", async || {
        let clusters = manager.clusters().await.unwrap();
        (with(&clusters, Status::CREATE_COMPLETE) >= 5).then_some(())
    })
    .await;
    one.conductor.kill().unwrap();
    one.conductor.wait().unwrap();
    let clusters = manager.clusters().await.unwrap();
    assert!(with(&clusters, Status::CREATE_IN_PROGRESS) > 0, "killed too late");
    let killed = Instant::now();
    until("the other to take over", async || {
        let parts = parts(&database).await;
        (parts.len() == 1 && parts.values().all(|part| *part == 64)).then_some(())
    })
    .await;
    assert!(killed.elapsed() < Duration::from_secs(20), "a lease is 5 s here");

    let clusters = until("all to be made", async || {
        let clusters = manager.clusters().await.unwrap();
        (with(&clusters, Status::CREATE_COMPLETE) == CLUSTERS).then_some(clusters)
    })
    .await;
    let wanted: BTreeSet<String> = clusters.iter().filter_map(|cluster| cluster.stack_id.clone()).collect();
    // Of a real cloud's stacks only these: others may be at work there too.
    let names: BTreeSet<&str> = clusters.iter().map(|cluster| cluster.stack_name.as_str()).collect();
    let stacks = heat.stacks_by_tag("jeroboam").await.unwrap();
    let ours: Vec<_> = stacks.into_iter().filter(|stack| names.contains(stack.name.as_str())).collect();
    assert_eq!(ours.len(), CLUSTERS);
    assert_eq!(ours.into_iter().map(|stack| stack.id).collect::<BTreeSet<_>>(), wanted);
    for cluster in &clusters {
        let history = store.history(&manager.identity().scope, Some(cluster.uuid), 100).await.unwrap();
        let came: Vec<&str> = history
            .iter()
            .filter(|entry| entry.kind == HistoryKind::Transition)
            .map(|entry| entry.event.as_str())
            .collect();
        assert_eq!(came, ["CREATE_COMPLETE"], "{history:#?}");
    }

    for cluster in &clusters {
        manager.delete_cluster(cluster.uuid).await.unwrap();
    }
    until("all to be gone", async || manager.clusters().await.unwrap().is_empty().then_some(())).await;

    // Asked to end, it does so in order and gives back what it had.
    let pid = rustix::process::Pid::from_child(&two.conductor);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(two.conductor.wait().unwrap().success());
    assert_eq!(parts(&database).await, BTreeMap::new());
}

/// Somebody who only asks, on a third host.
async fn client(site: &Site, store: Arc<dyn Store>) -> (Arc<LocalManager>, Arc<dyn Orchestration>) {
    let mut selection = Selection { os_cloud: Some(site.os_cloud.clone()), cwd: "/".into(), ..Selection::default() };
    selection.env.insert("OS_CLIENT_CONFIG_FILE".into(), site.clouds_yaml.display().to_string());
    let cloud = openstack::connect(&clouds::load(&selection).unwrap()).await.unwrap();
    let heat = cloud.orchestration.clone();
    (LocalManager::open(cloud, store, site.drivers(), Options::default()), heat)
}
