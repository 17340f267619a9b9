//! On the cloud that `OS_CLOUD` names, with a driver that makes no machines: one cluster whose
//! keys are in Barbican and whose add-ons have a credential; its API is an API server in the test,
//! reached through a forward; a consumer on the cloud's RabbitMQ hears of it. Another cloud's name
//! with `-appcred-restricted` behind is for a login that may make no credentials.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use jeroboam::cloud::{Cloud, CloudErrorKind};
use jeroboam::conductor::Outside;
use jeroboam::config::clouds::{self, AppCredential, Method, ScopeWish, Selection};
use jeroboam::driver::Drivers;
use jeroboam::kube::api::{Api, Client, Gateway, Keys, KubeError, Route};
use jeroboam::model::{Authority, Cluster, ClusterId, HealthStatus, NewCluster, NewTemplate, ProblemKind, Status};
use jeroboam::notify::{Rabbit, Targets};
use jeroboam::openstack;
use jeroboam::pki;
use jeroboam::service::local::LocalManager;
use jeroboam::service::{KubeconfigWish, Manager};
use lapin::options::{BasicConsumeOptions, ExchangeDeleteOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::kube::server::Server;
use crate::support::live;

/// Far more than this cloud needs for a stack without machines.
const LONG: Duration = Duration::from_secs(120);

fn config(suffix: &str) -> clouds::CloudConfig {
    let selection = Selection::from_process(None);
    let name = selection.env.get("OS_CLOUD").expect("OS_CLOUD names a cloud");
    let selection = Selection { os_cloud: Some(format!("{name}{suffix}")), ..selection };
    clouds::load(&selection).unwrap()
}

/// Leads every cluster's API to where the test put it.
#[derive(Default)]
struct Forward(Mutex<Option<std::net::SocketAddr>>);

impl Gateway for Forward {
    fn open(&self, cluster: &Cluster, keys: &Keys) -> Result<Arc<dyn Api>, KubeError> {
        let route = self.0.lock().unwrap().map_or(Route::Direct, Route::Forward);
        Ok(Arc::new(Client::new(cluster.api_address.as_deref().unwrap_or_default(), &route, keys)?))
    }
}

async fn manager(cloud: &Cloud, dir: &Path, outside: Outside) -> Arc<LocalManager> {
    let drivers = Drivers::load(vec![("tiny".into(), Ok(live::tiny_driver()))]);
    assert_eq!(drivers.broken().next(), None);
    live::conductor(cloud.clone(), dir, Arc::new(drivers), outside).await
}

async fn wish(manager: &LocalManager, name: &str) -> NewCluster {
    let smallest = live::smallest_template(manager, name).await;
    let template = NewTemplate { driver: Some("tiny".into()), ..smallest };
    let cluster_template_id = manager.create_template(template).await.unwrap().uuid.to_string();
    let mut wish = NewCluster { name: name.into(), cluster_template_id, ..NewCluster::default() };
    for (label, value) in [("cert_manager", "barbican"), ("cloud_provider_enabled", "true")] {
        wish.labels.0.insert(label.into(), value.into());
    }
    wish
}

async fn until(manager: &LocalManager, id: ClusterId, wanted: impl Fn(Option<&Cluster>) -> bool) {
    live::until(manager, id, LONG, wanted).await;
}

struct Ears {
    channel: Channel,
    target: Rabbit,
    _connection: Connection,
}

impl Ears {
    /// On an exchange and queues of the test's own.
    async fn open(topic: &str) -> Self {
        let url =
            std::env::var("JEROBOAM_TEST_RABBIT").unwrap_or_else(|_| "amqp://guest:guest@127.0.0.1:5672/%2f".into());
        let connection = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let target =
            Rabbit { url: SecretString::from(url), exchange: topic.to_owned(), topics: vec![topic.to_owned()] };
        Self { channel, target, _connection: connection }
    }

    /// So many messages of the priority, opened.
    async fn hear(&self, priority: &str, count: usize) -> Vec<Value> {
        let queue = format!("{}.{priority}", self.target.topics[0]);
        let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        let mut consumer =
            self.channel.basic_consume(queue.into(), "ears".into(), options, FieldTable::default()).await.unwrap();
        let mut heard = Vec::new();
        while heard.len() < count {
            let delivery = tokio::time::timeout(LONG, consumer.next()).await.expect("another event").unwrap().unwrap();
            assert_eq!(delivery.properties.content_type().as_ref().map(|kind| kind.as_str()), Some("application/json"));
            let envelope: Value = serde_json::from_slice(&delivery.data).unwrap();
            assert_eq!(envelope["oslo.version"], "2.0");
            heard.push(serde_json::from_str(envelope["oslo.message"].as_str().unwrap()).unwrap());
        }
        heard
    }

    async fn close(&self) {
        for priority in ["info", "error"] {
            let queue = format!("{}.{priority}", self.target.topics[0]);
            self.channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
        }
        let exchange = self.target.exchange.as_str().into();
        self.channel.exchange_delete(exchange, ExchangeDeleteOptions::default()).await.unwrap();
    }
}

async fn keys_in_barbican(cloud: &Cloud, id: ClusterId) -> usize {
    let mut count = 0;
    for key in ["ca_key", "etcd_ca_key", "front_proxy_ca_key", "service_account_key"] {
        count += cloud.key_manager.secrets_named(&format!("jeroboam-{id}-{key}")).await.unwrap().len();
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cloud: OS_CLOUD"]
async fn a_cluster_with_all_that_is_beside_its_stack() {
    let (config, dir) = (config(""), tempfile::tempdir().unwrap());
    let cloud = openstack::connect(&config).await.unwrap();
    let name = format!("outside-{}", &uuid::Uuid::new_v4().to_string()[..8]);
    let (ears, forward) = (Ears::open(&name).await, Arc::new(Forward::default()));
    let outside = Outside {
        kubernetes: Some(forward.clone()),
        health: Duration::from_millis(300),
        notify: Targets { rabbit: Some(ears.target.clone()), host: "test".into(), ..Targets::default() },
        ..Outside::default()
    };
    let manager = manager(&cloud, dir.path(), outside).await;
    let id = manager.create_cluster(wish(&manager, &name).await).await.unwrap().uuid;
    until(&manager, id, |cluster| cluster.is_some_and(|cluster| cluster.status == Status::CREATE_COMPLETE)).await;

    // The keys are in Barbican, and the stack got them from there.
    assert_eq!(keys_in_barbican(&cloud, id).await, 4);
    let reference = cloud.key_manager.secrets_named(&format!("jeroboam-{id}-ca_key")).await.unwrap().remove(0);
    let ca_key = cloud.key_manager.secret(&reference).await.unwrap().unwrap();
    let stack = cloud.orchestration.stacks_by_tag(&id.to_string()).await.unwrap().remove(0);
    let outputs = cloud.orchestration.stack(&stack.id, true).await.unwrap().unwrap().outputs;
    // Line breaks do not survive: text from a cloud is cleaned.
    let words = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(words(outputs["ca_key"].as_str().unwrap()), words(ca_key.expose_secret()));

    // The credential logs in to the same project, and can make no others.
    let text = |name: &str| outputs[name].as_str().unwrap().to_owned();
    let credential = AppCredential::Id(text("app_credential_id"));
    let secret = SecretString::from(text("app_credential_secret"));
    let mut of_addons = config.clone();
    of_addons.methods = vec![Method::ApplicationCredential { credential, secret }];
    of_addons.scope = ScopeWish::Implied;
    let addons = openstack::connect(&of_addons).await.unwrap();
    assert_eq!(addons.identity.scope, cloud.identity.scope);
    assert!(!addons.compute.flavors().await.unwrap().is_empty() && !addons.delegation.may_delegate());
    let refused = addons.delegation.create_credential("outside-more", "").await.unwrap_err();
    assert_eq!(refused.kind, CloudErrorKind::Forbidden, "{refused}");

    // Each authority signs, and a kubeconfig is for whom it was asked.
    for authority in Authority::ALL {
        let ca = manager.ca_certificate(id, authority).await.unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let request = rcgen::CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
        let signed = manager.sign(id, authority, &request).await.unwrap();
        let issuer = x509_parser::pem::parse_x509_pem(signed.as_bytes()).unwrap().1;
        assert_eq!(issuer.parse_x509().unwrap().issuer().to_string(), ca.subject);
    }
    let jane = KubeconfigWish {
        user: "jane".into(),
        groups: vec!["dev".into(), "ops".into()],
        life: chrono::TimeDelta::hours(8),
    };
    let kubeconfig: Value = serde_saphyr::from_str(&manager.kubeconfig(id, &jane).await.unwrap().0).unwrap();
    let data = kubeconfig["users"][0]["user"]["client-certificate-data"].as_str().unwrap();
    let pem = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, data).unwrap();
    assert_eq!(pki::describe(&pem).unwrap().subject, "O=dev, O=ops, CN=jane");

    // Nobody at its address; then its own API through a forward, with a node that is not ready.
    until(&manager, id, |cluster| {
        cluster.and_then(|c| c.health.as_ref()).is_some_and(|h| h.status == HealthStatus::Unknown)
    })
    .await;
    let ca = manager.ca_certificate(id, Authority::Kubernetes).await.unwrap().pem;
    let server = Server::with_authority(ca, ca_key).await;
    *forward.0.lock().unwrap() = Some(server.address);
    let health =
        |wanted| move |c: Option<&Cluster>| c.and_then(|c| c.health.as_ref()).is_some_and(|h| h.status == wanted);
    until(&manager, id, health(HealthStatus::Unhealthy)).await;
    server.with(|world| world.nodes.truncate(1));
    until(&manager, id, health(HealthStatus::Healthy)).await;

    manager.delete_cluster(id).await.unwrap();
    until(&manager, id, |cluster| cluster.is_none()).await;
    assert_eq!(keys_in_barbican(&cloud, id).await, 0);
    let gone = openstack::connect(&of_addons).await.err().unwrap();
    assert_eq!(gone.kind, ProblemKind::Denied, "{gone}");

    let heard = ears.hear("info", 4).await;
    let told: Vec<String> = heard.iter().map(|m| format!("{} {}", m["event_type"], m["payload"]["outcome"])).collect();
    assert_eq!(
        told,
        [
            r#""magnum.cluster.create" "pending""#,
            r#""magnum.cluster.create" "success""#,
            r#""magnum.cluster.delete" "pending""#,
            r#""magnum.cluster.delete" "success""#,
        ]
    );
    assert!(heard.iter().all(|m| m["publisher_id"] == "container-infra.test"));
    assert!(heard.iter().all(|m| m["payload"]["target"]["id"] == id.to_string()));
    manager.stop(Duration::from_secs(5)).await;
    ears.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cloud: OS_CLOUD"]
async fn a_login_that_may_make_no_credentials_is_told_before_anything_is_made() {
    let (config, dir) = (config("-appcred-restricted"), tempfile::tempdir().unwrap());
    let cloud = openstack::connect(&config).await.unwrap();
    let manager = manager(&cloud, dir.path(), Outside::default()).await;
    let mut wish = wish(&manager, "outside-restricted").await;
    let problems = manager.create_cluster(wish.clone()).await.unwrap_err();
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!(problem.kind, ProblemKind::Denied);
    assert!(problem.advice.as_ref().unwrap().contains("--unrestricted"), "{problem}");
    assert!(manager.clusters().await.unwrap().is_empty());
    // Without such add-ons, nothing is needed.
    wish.labels.0.clear();
    let id = manager.create_cluster(wish).await.unwrap().uuid;
    until(&manager, id, |cluster| cluster.is_some_and(|cluster| cluster.status == Status::CREATE_COMPLETE)).await;
    manager.delete_cluster(id).await.unwrap();
    until(&manager, id, |cluster| cluster.is_none()).await;
    manager.stop(Duration::from_secs(5)).await;
}
