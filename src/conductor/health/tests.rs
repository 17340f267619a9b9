use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;

use super::{REFRESH, look, round};
use crate::conductor::Ports;
use crate::conductor::testing::{FakeHeat, ports};
use crate::kube::api::{Api, Drained, Gateway, Keys, KubeError, KubeErrorKind, Node, Readiness};
use crate::model::{Cluster, ClusterId, HealthStatus, Status};
use crate::store::{ClusterRecord, MemoryStore, Store};

const INTERVAL: Duration = Duration::from_secs(60);

/// One API for all clusters: what it says, and how often it was opened.
#[derive(Default)]
struct Fake {
    answer: Mutex<Option<(Readiness, Vec<Node>)>>,
    refuses: Mutex<Option<KubeErrorKind>>,
    opened: Mutex<Vec<String>>,
}

struct FakeApi(Arc<Fake>);

#[async_trait]
impl Api for FakeApi {
    async fn readiness(&self) -> Result<Readiness, KubeError> {
        if let Some(kind) = *self.0.refuses.lock().unwrap() {
            return Err(KubeError::new(kind, "https://10.0.0.1:6443: no"));
        }
        Ok(self.0.answer.lock().unwrap().clone().unwrap().0)
    }
    async fn nodes(&self) -> Result<Vec<Node>, KubeError> {
        Ok(self.0.answer.lock().unwrap().clone().unwrap().1)
    }
    async fn cordon(&self, _: &str, _: bool) -> Result<bool, KubeError> {
        unreachable!()
    }
    async fn drain(&self, _: &str, _: Duration) -> Result<Drained, KubeError> {
        unreachable!()
    }
    async fn delete_node(&self, _: &str) -> Result<bool, KubeError> {
        unreachable!()
    }
}

struct Door(Arc<Fake>);

impl Gateway for Door {
    fn open(&self, cluster: &Cluster, keys: &Keys) -> Result<Arc<dyn Api>, KubeError> {
        assert!(keys.ca.contains("BEGIN CERTIFICATE") && keys.certificate.contains("BEGIN CERTIFICATE"));
        self.0.opened.lock().unwrap().push(cluster.name.clone());
        Ok(Arc::new(FakeApi(self.0.clone())))
    }
}

struct Bench {
    ports: Ports,
    fake: Arc<Fake>,
    heat: Arc<FakeHeat>,
}

fn node(name: &str, ready: bool) -> Node {
    let reason = if ready { "" } else { "KubeletNotReady: no network" };
    Node { name: name.into(), ready, reason: reason.into(), ..Node::default() }
}

impl Bench {
    async fn new(shape: impl Fn(u128, &mut ClusterRecord)) -> Self {
        let (heat, store, fake) = (Arc::new(FakeHeat::default()), Arc::new(MemoryStore::default()), Arc::default());
        store.add_template(&crate::store::tests::scope(), &crate::store::tests::template()).await.unwrap();
        for number in 1..=3 {
            let mut record = crate::store::tests::record(number, &format!("c{number}"));
            record.cluster.status = Status::CREATE_COMPLETE;
            record.cluster.api_address = Some("https://10.0.0.1:6443".into());
            shape(number, &mut record);
            let secrets = crate::pki::generate("c", heat.clock.now()).unwrap();
            store.add_cluster(&mut record, &secrets).await.unwrap();
        }
        let ports = ports(heat.clone(), store, Arc::default());
        Self { ports: Ports { kubernetes: Some(Arc::new(Door(Arc::clone(&fake)))), ..ports }, fake, heat }
    }

    fn says(&self, ready: bool, nodes: &[(&str, bool)]) {
        let failing = if ready { Vec::new() } else { vec!["etcd".to_owned()] };
        let readiness = Readiness { ready, failing, version: Some("v1.31.4".into()) };
        *self.fake.answer.lock().unwrap() = Some((readiness, nodes.iter().map(|(name, on)| node(name, *on)).collect()));
    }

    async fn record(&self, number: u128) -> ClusterRecord {
        let id = ClusterId(uuid::Uuid::from_u128(number));
        self.ports.store.cluster(&self.ports.scope, id).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn each_answer_has_its_status_and_reasons() {
    let bench = Bench::new(|_, _| {}).await;
    let record = bench.record(1).await;
    let told = async || {
        let health = look(&bench.ports, &record).await;
        let reason: Vec<String> = health.reason.iter().map(|(key, told)| format!("{key}={told}")).collect();
        (health.status, reason.join(" "))
    };
    bench.says(true, &[("m-0", true), ("w-0", true)]);
    assert_eq!(told().await, (HealthStatus::Healthy, "api=ok m-0.Ready=True w-0.Ready=True".into()));
    bench.says(true, &[("m-0", true), ("w-0", false)]);
    let (status, reason) = told().await;
    assert_eq!(status, HealthStatus::Unhealthy);
    assert!(reason.ends_with("w-0.Ready=False w-0.reason=KubeletNotReady: no network"), "{reason}");
    bench.says(false, &[("m-0", true)]);
    assert_eq!(told().await, (HealthStatus::Unhealthy, "api=not ready: etcd m-0.Ready=True".into()));
    bench.says(true, &[]);
    assert_eq!(told().await.0, HealthStatus::Unhealthy, "no nodes are no cluster");
    for (kind, status) in [
        (KubeErrorKind::Unreachable, HealthStatus::Unknown),
        (KubeErrorKind::Untrusted, HealthStatus::Unknown),
        (KubeErrorKind::Busy, HealthStatus::Unhealthy),
        (KubeErrorKind::Denied, HealthStatus::Unhealthy),
    ] {
        *bench.fake.refuses.lock().unwrap() = Some(kind);
        assert_eq!(told().await, (status, "api=https://10.0.0.1:6443: no".into()));
    }
}

#[tokio::test]
async fn a_record_is_saved_when_its_health_changed_or_grows_old() {
    let bench = Bench::new(|number, record| match number {
        2 => record.cluster.api_address = None,
        3 => record.cluster.status = Status::DELETE_IN_PROGRESS,
        _ => {}
    })
    .await;
    bench.says(true, &[("m-0", true)]);
    round(&bench.ports, INTERVAL).await;
    assert_eq!(*bench.fake.opened.lock().unwrap(), ["c1"]);
    let first = bench.record(1).await;
    assert_eq!(first.cluster.health.as_ref().unwrap().status, HealthStatus::Healthy);
    round(&bench.ports, INTERVAL).await;
    assert_eq!(bench.fake.opened.lock().unwrap().len(), 1, "it was looked at just now");
    bench.heat.clock.advance(60);
    round(&bench.ports, INTERVAL).await;
    assert_eq!(bench.fake.opened.lock().unwrap().len(), 2);
    assert_eq!(bench.record(1).await.revision, first.revision, "nothing changed");
    bench.heat.clock.advance(REFRESH.num_seconds());
    round(&bench.ports, INTERVAL).await;
    let again = bench.record(1).await;
    assert_eq!(again.revision, first.revision + 1);
    assert_eq!(
        again.cluster.health.unwrap().seen,
        first.cluster.health.unwrap().seen + REFRESH + TimeDelta::seconds(60)
    );
    bench.heat.clock.advance(60);
    bench.says(true, &[("m-0", false)]);
    round(&bench.ports, INTERVAL).await;
    assert_eq!(bench.record(1).await.cluster.health.unwrap().status, HealthStatus::Unhealthy);
    assert_eq!(bench.record(2).await.cluster.health, None);
}
