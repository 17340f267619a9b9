//! Two conductors on one PostgreSQL share fifty clusters on the embedded cloud; one is
//! killed in the middle. All fifty are made, none twice, and the other ends in order.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
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
const LONG: Duration = Duration::from_secs(180);

/// A host with a conductor on it.
struct Host {
    conductor: Child,
    _home: tempfile::TempDir,
}

impl Host {
    /// Started, and it said that it is ready.
    fn start(url: &str, clouds_yaml: &Path, key: &Path) -> Self {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::copy(key, data.join("store.key")).unwrap();
        std::fs::write(home.path().join("config.toml"), "lease_seconds = 5\n").unwrap();
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
            .env("OS_CLIENT_CONFIG_FILE", clouds_yaml)
            .env("OS_CLOUD", "demo")
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
    let Some(server) = Postgres::start() else { return };
    let home = tempfile::tempdir().unwrap();
    let cloud = demo::start(demo::Options { speed: 4.0, ..demo::Options::new(home.path()) }).await.unwrap();
    let (url, key) = (SecretString::from(server.url()), home.path().join("store.key"));
    let store = Arc::new(PostgresStore::open(&url, &key).await.unwrap());
    let database = sqlx::PgPool::connect(&server.url()).await.unwrap();

    let mut one = Host::start(&server.tls_url(), &cloud.clouds_yaml, &key);
    let mut two = Host::start(&server.url(), &cloud.clouds_yaml, &key);
    until("both to have their part", async || {
        let parts = parts(&database).await;
        (parts.len() == 2 && parts.values().all(|part| *part == 32)).then_some(())
    })
    .await;

    let (manager, heat) = client(&cloud.clouds_yaml, store.clone()).await;
    let cluster_template_id = manager.create_template(wish()).await.unwrap().uuid.to_string();
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
    let stacks = heat.stacks_by_tag("jeroboam").await.unwrap();
    assert_eq!(stacks.len(), CLUSTERS);
    assert_eq!(stacks.into_iter().map(|stack| stack.id).collect::<BTreeSet<_>>(), wanted);
    for cluster in &clusters {
        let history = store.history(&manager.identity().scope, Some(cluster.uuid), 100).await.unwrap();
        let came: Vec<&str> = history
            .iter()
            .filter(|entry| entry.kind == HistoryKind::Transition)
            .map(|entry| entry.event.as_str())
            .collect();
        assert_eq!(came, ["CREATE_COMPLETE"], "{history:#?}");
    }

    // Asked to end, it does so in order and gives back what it had.
    let pid = rustix::process::Pid::from_child(&two.conductor);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(two.conductor.wait().unwrap().success());
    assert_eq!(parts(&database).await, BTreeMap::new());
}

/// Somebody who only asks, on a third host.
async fn client(clouds_yaml: &Path, store: Arc<dyn Store>) -> (Arc<LocalManager>, Arc<dyn Orchestration>) {
    let mut selection = Selection { os_cloud: Some("demo".into()), cwd: "/".into(), ..Selection::default() };
    selection.env.insert("OS_CLIENT_CONFIG_FILE".into(), clouds_yaml.display().to_string());
    let cloud = openstack::connect(&clouds::load(&selection).unwrap()).await.unwrap();
    let heat = cloud.orchestration.clone();
    (LocalManager::open(cloud, store, Arc::new(Drivers::builtin().unwrap()), Options::default()), heat)
}
