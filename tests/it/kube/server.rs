//! An API server in a test: HTTPS on loopback with a cluster's CA, client certificates
//! demanded; nodes and pods as a Kubernetes 1.31 shows them, cut to what clients read.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::serve::{IncomingStream, Listener};
use chrono::Utc;
use jeroboam::kube::api::Keys;
use jeroboam::pki;
use rcgen::{CertificateParams, DnType, KeyPair, SanType};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

pub struct Server {
    pub address: SocketAddr,
    state: Arc<Mutex<World>>,
    pub ca: String,
    pub ca_key: SecretString,
}

#[derive(Default)]
pub struct World {
    pub ready: bool,
    pub nodes: Vec<Value>,
    pub pods: Vec<Pod>,
    /// Items of one page; 0: all.
    pub page: usize,
    pub endless: bool,
    /// So many requests are answered with 503.
    pub faults: u32,
    pub denied: bool,
    pub evictions: u32,
    users: Vec<String>,
}

#[derive(Clone, Default)]
pub struct Pod {
    pub name: String,
    node: String,
    uid: String,
    phase: String,
    daemon: bool,
    mirror: bool,
    /// Evictions its budget refuses before one is allowed.
    budget: u32,
    /// Looks during which it still ends after its eviction.
    slow: u32,
    ending: bool,
}

pub fn pod(name: &str, node: &str) -> Pod {
    Pod { name: name.into(), node: node.into(), phase: "Running".into(), ..Pod::default() }
}

impl Pod {
    pub fn uid(mut self, uid: &str) -> Self {
        self.uid = uid.into();
        self
    }

    pub fn phase(mut self, phase: &str) -> Self {
        self.phase = phase.into();
        self
    }

    pub fn daemon(mut self) -> Self {
        self.daemon = true;
        self
    }

    pub fn mirror(mut self) -> Self {
        self.mirror = true;
        self
    }

    pub fn budget(mut self, refusals: u32) -> Self {
        self.budget = refusals;
        self
    }

    pub fn slow(mut self, looks: u32) -> Self {
        self.slow = looks;
        self
    }

    fn shown(&self) -> Value {
        let owner = if self.daemon { "DaemonSet" } else { "ReplicaSet" };
        let mut metadata = json!({
            "name": self.name, "namespace": "default", "uid": self.uid,
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": owner, "name": "o", "controller": true}],
        });
        if self.mirror {
            metadata["annotations"] = json!({"kubernetes.io/config.mirror": "c74577d2ebbc9dd95dc8edd1567f05b0"});
            metadata["ownerReferences"] =
                json!([{"apiVersion": "v1", "kind": "Node", "name": self.node, "controller": true}]);
        }
        if self.ending {
            metadata["deletionTimestamp"] = "2026-11-23T12:00:00Z".into();
        }
        json!({"metadata": metadata, "spec": {"nodeName": self.node}, "status": {"phase": self.phase}})
    }
}

fn node(name: &str, address: &str, role: Option<&str>, ready: bool) -> Value {
    let mut labels = json!({"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"});
    if let Some(role) = role {
        labels[format!("node-role.kubernetes.io/{role}")] = "".into();
    }
    let condition = if ready {
        json!({"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"})
    } else {
        json!({"type": "Ready", "status": "False", "reason": "KubeletNotReady",
               "message": "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady"})
    };
    json!({
        "metadata": {"name": name, "uid": name, "labels": labels},
        "spec": {"podCIDR": "10.100.0.0/24", "providerID": format!("openstack:///{name}")},
        "status": {
            "conditions": [{"type": "MemoryPressure", "status": "False"}, condition],
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "nodeInfo": {"kubeletVersion": "v1.31.4", "containerRuntimeVersion": "containerd://1.7.24"},
        },
    })
}

impl Server {
    pub async fn start() -> Self {
        let mut secrets = pki::generate("c", Utc::now()).unwrap();
        let (ca, ca_key) = (secrets["ca_cert"].expose_secret().to_owned(), secrets.remove("ca_key").unwrap());
        Self::with_authority(ca, ca_key).await
    }

    /// The API of a cluster that somebody else made the CA of.
    pub async fn with_authority(ca: String, ca_key: SecretString) -> Self {
        let world = World {
            ready: true,
            nodes: vec![
                node("c-master-0", "10.0.0.10", Some("control-plane"), true),
                node("c-worker-0", "10.0.0.20", None, false),
            ],
            ..World::default()
        };
        let state = Arc::new(Mutex::new(world));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tls = Tls { listener, acceptor: acceptor(&ca, &ca_key) };
        let router = Router::new().fallback(answer).with_state(state.clone());
        let service = router.into_make_service_with_connect_info::<Peer>();
        tokio::spawn(async move { axum::serve(tls, service).await });
        Self { address, state, ca, ca_key }
    }

    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    pub fn keys(&self) -> Keys {
        let (certificate, key) =
            pki::issue_client(&self.ca, &self.ca_key, "conductor", "system:masters", 1, Utc::now()).unwrap();
        Keys { ca: self.ca.clone(), certificate, key }
    }

    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        act(&mut self.state.lock().unwrap())
    }

    /// Common names of the client certificates, one for each request.
    pub fn users(&self) -> Vec<String> {
        self.with(|world| world.users.clone())
    }
}

/// As kubeadm makes an API server's certificate.
fn acceptor(ca: &str, ca_key: &SecretString) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["kubernetes".into(), "kubernetes.default.svc".into()]).unwrap();
    params.subject_alt_names.push(SanType::IpAddress("127.0.0.1".parse().unwrap()));
    params.distinguished_name.push(DnType::CommonName, "kube-apiserver");
    let request = params.serialize_request(&key).unwrap().pem().unwrap();
    let certificate = pki::sign(ca, ca_key, request, 1, Utc::now()).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, from) = self.listener.accept().await.unwrap();
            // A client that is not trusted, or does not trust us, is none.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// The common name of the client's certificate.
#[derive(Clone)]
struct Peer(String);

impl Connected<IncomingStream<'_, Tls>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Tls>) -> Self {
        let certificates = stream.io().get_ref().1.peer_certificates().unwrap();
        let (_, certificate) = x509_parser::parse_x509_certificate(&certificates[0]).unwrap();
        let name = certificate.subject().iter_common_name().next().unwrap().as_str().unwrap().to_owned();
        Self(name)
    }
}

fn status(code: u16, reason: &str, message: &str) -> Response {
    let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                      "message": message, "reason": reason, "code": code});
    (StatusCode::from_u16(code).unwrap(), axum::Json(body)).into_response()
}

async fn answer(
    State(state): State<Arc<Mutex<World>>>,
    ConnectInfo(Peer(user)): ConnectInfo<Peer>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let mut world = state.lock().unwrap();
    world.users.push(user);
    if world.faults > 0 {
        world.faults -= 1;
        return status(503, "ServiceUnavailable", "the server is currently unable to handle the request");
    }
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let parts: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    match (method.as_str(), parts.as_slice()) {
        ("GET", ["readyz"]) if world.ready => "[+]ping ok\n[+]etcd ok\nreadyz check passed\n".into_response(),
        ("GET", ["readyz"]) => {
            let text = "[+]ping ok\n[-]etcd failed: reason withheld\n\
                        [-]poststarthook/start-apiextensions-controllers failed: reason withheld\nreadyz check failed\n";
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
        ("GET", ["version"]) => {
            axum::Json(json!({"major": "1", "minor": "31", "gitVersion": "v1.31.4"})).into_response()
        }
        ("GET", ["api", "v1", "nodes"]) => list(&world, "NodeList", world.nodes.clone(), &query),
        ("GET", ["api", "v1", "pods"]) => {
            let node = query.iter().find(|(key, _)| key == "fieldSelector").unwrap().1.clone();
            let node = node.strip_prefix("spec.nodeName=").unwrap();
            world.pods.retain_mut(|pod| {
                !pod.ending || {
                    pod.slow = pod.slow.saturating_sub(1);
                    pod.slow > 0
                }
            });
            let pods = world.pods.iter().filter(|pod| pod.node == node).map(Pod::shown).collect();
            list(&world, "PodList", pods, &query)
        }
        ("POST", ["api", "v1", "namespaces", "default", "pods", name, "eviction"]) => {
            let eviction: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!((&eviction["kind"], &eviction["metadata"]["name"]), (&json!("Eviction"), &json!(*name)));
            world.evictions += 1;
            evict(&mut world, name)
        }
        ("PATCH", ["api", "v1", "nodes", name]) if world.denied => {
            let told = format!("nodes \"{name}\" is forbidden: User \"conductor\" cannot patch resource \"nodes\"");
            status(403, "Forbidden", &told)
        }
        ("PATCH", ["api", "v1", "nodes", name]) => {
            let patch: Value = serde_json::from_slice(&body).unwrap();
            let Some(node) = world.nodes.iter_mut().find(|node| node["metadata"]["name"] == *name) else {
                return status(404, "NotFound", &format!("nodes \"{name}\" not found"));
            };
            // A merge patch: null takes the field away.
            let spec = node["spec"].as_object_mut().unwrap();
            match &patch["spec"]["unschedulable"] {
                Value::Null => spec.remove("unschedulable"),
                value => spec.insert("unschedulable".into(), value.clone()),
            };
            axum::Json(node.clone()).into_response()
        }
        ("DELETE", ["api", "v1", "nodes", name]) => {
            let before = world.nodes.len();
            world.nodes.retain(|node| node["metadata"]["name"] != *name);
            if world.nodes.len() == before {
                return status(404, "NotFound", &format!("nodes \"{name}\" not found"));
            }
            axum::Json(json!({"kind": "Status", "status": "Success"})).into_response()
        }
        _ => status(404, "NotFound", "the server could not find the requested resource"),
    }
}

fn evict(world: &mut World, name: &str) -> Response {
    let Some(pod) = world.pods.iter_mut().find(|pod| pod.name == name) else {
        return status(404, "NotFound", &format!("pods \"{name}\" not found"));
    };
    if pod.budget > 0 {
        pod.budget -= 1;
        return status(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.");
    }
    pod.ending = true;
    let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    (StatusCode::CREATED, axum::Json(body)).into_response()
}

fn list(world: &World, kind: &str, items: Vec<Value>, query: &[(String, String)]) -> Response {
    let from = query.iter().find(|(key, _)| key == "continue").map_or(0, |(_, at)| at.parse().unwrap());
    let size = if world.page == 0 { items.len() } else { world.page };
    let page: Vec<Value> = items.iter().skip(from).take(size).cloned().collect();
    let more = world.endless || from + size < items.len();
    let next = if more { (from + size).to_string() } else { String::new() };
    axum::Json(json!({
        "kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": "1204", "continue": next}, "items": page,
    }))
    .into_response()
}
