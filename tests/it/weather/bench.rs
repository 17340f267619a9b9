//! A conductor before an embedded cloud, with a proxy between them that makes the weather.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use jeroboam::conductor::Options;
use jeroboam::config::clouds::{self, Selection};
use jeroboam::demo::{self, DemoCloud};
use jeroboam::driver::Drivers;
use jeroboam::model::{Cluster, ClusterId, Labels, NewCluster, NewTemplate, Problem, Status};
use jeroboam::openstack;
use jeroboam::service::local::LocalManager;
use jeroboam::service::{Change, Manager};
use jeroboam::store::MemoryStore;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use super::proxy::{Call, Fault, Proxy};
use crate::demo::client::Client;

/// Longer than anything here takes, the conductor's own patience included.
const LONG: Duration = Duration::from_secs(900);

pub struct Bench {
    _directory: tempfile::TempDir,
    _cloud: DemoCloud,
    client: Client,
    pub proxy: Proxy,
    pub manager: Arc<LocalManager>,
    pub templates: [String; 2],
    /// What was said of clusters, and of the cloud as a whole.
    pub heard: Arc<Mutex<BTreeSet<String>>>,
    /// Credentials, and keys in Barbican, that clusters had to leave by now.
    left: Mutex<(usize, u64)>,
    /// Things there before any cluster was.
    before: BTreeMap<&'static str, usize>,
}

/// Holds the paused time to a thousand times the real one's pace: else it could run away while an answer
/// is on its way through the kernel, where tokio does not see it.
pub fn calm() {
    tokio::spawn(async {
        loop {
            sleep(Duration::from_millis(200)).await;
            std::thread::sleep(Duration::from_micros(200));
        }
    });
}

/// Says more than nothing, and nothing that would move a terminal.
pub fn is_clear(reason: &str) -> bool {
    !reason.trim().is_empty() && !reason.chars().any(char::is_control)
}

fn template(name: &str, image: &str) -> NewTemplate {
    // A credential for add-ons, keys in Barbican, and a master that can be replaced.
    let labels = [("cloud_provider_enabled", "true"), ("cert_manager", "barbican"), ("etcd_volume_size", "5")];
    NewTemplate {
        name: name.into(),
        image_id: image.into(),
        external_network_id: Some("public".into()),
        flavor_id: Some("m1.medium".into()),
        master_flavor_id: Some("m1.medium".into()),
        labels: Labels(labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
        ..NewTemplate::default()
    }
}

/// A driver whose stack is small: what the weather is about are the calls.
fn drivers() -> Arc<Drivers> {
    let files = [("driver.toml", include_str!("driver.toml")), ("cluster.yaml", include_str!("cluster.yaml"))];
    let folder = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let drivers = Drivers::load(vec![("wet".into(), Ok(folder))]);
    assert!(drivers.broken().next().is_none());
    Arc::new(drivers)
}

impl Bench {
    pub async fn new(speed: f64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let minute = Duration::from_secs(60);
        let cloud = demo::start(demo::Options { speed, minute, ..demo::Options::new(directory.path()) });
        let cloud = cloud.await.unwrap();
        let client = Client::log_in(&cloud).await;
        let proxy = Proxy::before(&cloud.clouds_yaml, &cloud.auth_url).await;
        let env = [("OS_CLIENT_CONFIG_FILE".to_owned(), proxy.clouds_yaml.display().to_string())].into();
        let selection = Selection { os_cloud: Some("demo".into()), env, cwd: "/nonexistent".into() };
        let connected = openstack::connect(&clouds::load(&selection).unwrap()).await.unwrap();
        let (start, begun) = (Utc::now(), Instant::now());
        let clock = Arc::new(move || start + TimeDelta::from_std(begun.elapsed()).unwrap());
        let store = Arc::new(MemoryStore::default());
        let manager = LocalManager::by_clock(connected, store, drivers(), Options::default(), clock);
        let mut templates = Vec::new();
        for image in ["ubuntu-24.04-kube-v1.32.8", "ubuntu-24.04-kube-v1.33.4"] {
            templates.push(manager.create_template(template(image, image)).await.unwrap().uuid.to_string());
        }
        let heard = Arc::new(Mutex::new(BTreeSet::new()));
        let (mut changes, hears) = (manager.subscribe(), heard.clone());
        tokio::spawn(async move {
            while let Some(change) = changes.recv().await {
                let words = match change {
                    Change::Trouble { problem } => problem.map(|problem| problem.line()),
                    Change::Cluster { cluster } => {
                        Some(cluster.status_reason.clone()).filter(|words| !words.is_empty())
                    }
                    _ => None,
                };
                hears.lock().unwrap().extend(words);
            }
        });
        let before = client.inventory().await;
        let (templates, left) = (templates.try_into().unwrap(), Mutex::default());
        let bench =
            Self { _directory: directory, _cloud: cloud, client, proxy, manager, templates, heard, left, before };
        let credentials = bench.credentials().await;
        bench.left.lock().unwrap().0 = credentials;
        bench
    }

    /// Ends the storm. A login that was refused is not tried again for a while.
    pub async fn clears(&self, call: &Call) {
        self.proxy.clear();
        while *call == Call::login() && !self.manager.inventory().await.1.is_empty() {
            sleep(Duration::from_secs(5)).await;
        }
    }

    /// Whether anybody was told of the fault.
    pub fn told(&self, fault: Fault) -> bool {
        self.heard.lock().unwrap().iter().any(|words| fault.is_told_by(words))
    }

    pub async fn cluster(&self, id: ClusterId) -> Option<Cluster> {
        self.manager.clusters().await.unwrap().into_iter().find(|cluster| cluster.uuid == id)
    }

    /// Waits; gives the cluster as it then is, `None` when it is gone.
    pub async fn until(&self, id: ClusterId, what: &str, good: impl Fn(&Cluster) -> bool) -> Option<Cluster> {
        let watch = async {
            loop {
                match self.cluster(id).await {
                    Some(cluster) if !good(&cluster) => sleep(Duration::from_millis(250)).await,
                    other => return other,
                }
            }
        };
        match timeout(LONG, watch).await {
            Ok(end) => end,
            Err(_) => panic!("{what}: it never comes to that: {:?}; {:?}", self.cluster(id).await, self.heard),
        }
    }

    pub async fn rest(&self, id: ClusterId, what: &str) -> Option<Cluster> {
        self.until(id, what, |cluster| !cluster.status.is_in_progress()).await
    }

    /// Waits for what is under way, which ends well.
    pub async fn well(&self, id: ClusterId, what: &str) {
        let end = self.rest(id, what).await.unwrap();
        assert!(end.status.is_complete(), "{what}: {end:?}");
    }

    pub async fn heat_is_at(&self, id: ClusterId, status: &str) {
        let stack = self.cluster(id).await.unwrap().stack_id.unwrap();
        self.client.until(&format!("/stacks/{stack}"), |body| body["stack"]["stack_status"] == status).await;
    }

    pub async fn create(&self) -> Result<ClusterId, Vec<Problem>> {
        let wish = NewCluster {
            name: "wet".into(),
            cluster_template_id: self.templates[0].clone(),
            node_count: 1,
            ..NewCluster::default()
        };
        self.manager.create_cluster(wish).await.map(|cluster| cluster.uuid)
    }

    /// A cluster that is there, made in good weather.
    pub async fn made(&self) -> ClusterId {
        let id = self.create().await.unwrap();
        let made = self.rest(id, "in good weather").await.unwrap();
        assert_eq!(made.status, Status::CREATE_COMPLETE, "{made:?}");
        id
    }

    /// Deletes whatever came of it, and looks whether anything is left.
    pub async fn away(&self, id: ClusterId, what: &str) {
        // Gone already is as good.
        let _ = self.manager.delete_cluster(id).await;
        if let Some(left) = self.rest(id, what).await {
            panic!("{what}: it cannot be deleted: {left:?}");
        }
        self.nothing_is_left(what).await;
    }

    async fn credentials(&self) -> usize {
        let user = self.manager.identity().user_id;
        let found = self.client.get("identity", &format!("/users/{user}/application_credentials")).await;
        found["application_credentials"].as_array().unwrap().len()
    }

    /// Neither of a stack nor beside one; a few cheap looks, for this is asked after every storm.
    pub async fn nothing_is_left(&self, what: &str) {
        let stacks = self.client.get("orchestration", "/stacks").await;
        assert_eq!(stacks["stacks"], json!([]), "{what} left a stack");
        let credentials = self.credentials().await;
        let keys = self.client.get("key-manager", "/v1/secrets").await["total"].as_u64().unwrap();
        let before = std::mem::replace(&mut *self.left.lock().unwrap(), (credentials, keys));
        // A cluster does not stay for ever because of what this login may not delete, and what its
        // service says is gone already counts as gone.
        let may_stay = ["Status(403) at GET", "Status(403) at DELETE", "Status(404) at DELETE"];
        let beside = what.contains("application_credentials") || what.contains("/secrets");
        if !(beside && may_stay.iter().any(|fault| what.starts_with(fault))) {
            assert_eq!((credentials, keys), before, "{what} left credentials or keys");
        }
    }

    /// The end of a bench: nothing of any sort is there that was not there before, but what had to be left.
    pub async fn ends(&self) {
        self.nothing_is_left("all of it").await;
        assert_eq!(self.client.inventory().await, self.before, "all of it left something");
    }
}
