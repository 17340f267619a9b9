//! The Kubernetes client against an API server in the test: TLS by a cluster's own CA,
//! client certificates demanded, answers in the shapes a Kubernetes 1.31 gives.

pub mod server;

use std::time::Duration;

use jeroboam::kube::api::{Api, Client, Drained, Keys, KubeErrorKind, Pace, Route};
use rstest::rstest;
use server::{Server, pod};
use tokio::net::{TcpListener, TcpStream};

const QUICK: Pace = Pace { look: Duration::from_millis(5), again: Duration::from_millis(5) };
/// Longer than any drain here takes.
const LONG: Duration = Duration::from_secs(60);

fn client(server: &Server) -> Client {
    Client::new(&server.url(), &Route::Direct, &server.keys()).unwrap().paced(QUICK)
}

#[tokio::test]
async fn readiness_nodes_and_versions_are_read() {
    let server = Server::start().await;
    let api = client(&server);
    let ready = api.readiness().await.unwrap();
    assert_eq!((ready.ready, ready.failing.len(), ready.version.as_deref()), (true, 0, Some("v1.31.4")));
    let nodes = api.nodes().await.unwrap();
    let [master, worker] = nodes.as_slice() else { panic!("{nodes:?}") };
    assert_eq!((master.name.as_str(), master.ready, master.reason.as_str()), ("c-master-0", true, ""));
    assert_eq!(
        (master.roles.as_slice(), master.version.as_str()),
        (["control-plane".to_owned()].as_slice(), "v1.31.4")
    );
    assert_eq!(master.addresses, ["10.0.0.10"]);
    assert_eq!((worker.name.as_str(), worker.ready, worker.unschedulable), ("c-worker-0", false, false));
    assert!(worker.reason.starts_with("KubeletNotReady: container runtime"), "{}", worker.reason);
    assert_eq!(server.users(), ["conductor"; 3]);
}

#[tokio::test]
async fn a_server_that_is_not_ready_says_what_fails() {
    let server = Server::start().await;
    server.with(|state| state.ready = false);
    let ready = client(&server).readiness().await.unwrap();
    assert!(!ready.ready);
    assert_eq!(ready.failing, ["etcd", "poststarthook/start-apiextensions-controllers"]);
}

#[tokio::test]
async fn long_lists_are_read_to_their_end() {
    let server = Server::start().await;
    server.with(|state| state.page = 1);
    assert_eq!(client(&server).nodes().await.unwrap().len(), 2);
    server.with(|state| state.endless = true);
    let error = client(&server).nodes().await.unwrap_err();
    assert_eq!(error.kind, KubeErrorKind::Odd);
}

#[tokio::test]
async fn a_drain_evicts_what_must_go_and_nothing_else() {
    let server = Server::start().await;
    server.with(|state| {
        state.pods = vec![
            pod("web-1", "c-worker-0").uid("1"),
            pod("web-2", "c-worker-0").uid("2").slow(3),
            pod("guarded", "c-worker-0").uid("3").budget(4),
            pod("elsewhere", "c-master-0").uid("4"),
            pod("proxy-x", "c-worker-0").uid("5").daemon(),
            pod("static-y", "c-worker-0").uid("6").mirror(),
            pod("job-z", "c-worker-0").uid("7").phase("Succeeded"),
        ];
    });
    let drained = client(&server).drain("c-worker-0", LONG).await.unwrap();
    assert_eq!(drained, Drained { evicted: 3, left: 3 });
    server.with(|state| {
        let left: Vec<&str> = state.pods.iter().map(|pod| pod.name.as_str()).collect();
        assert_eq!(left, ["elsewhere", "proxy-x", "static-y", "job-z"]);
        assert_eq!(state.nodes[1]["spec"]["unschedulable"], true);
        // Once for each, and for the guarded one until its budget had room.
        assert_eq!(state.evictions, 2 + 5);
    });
    let api = client(&server);
    assert!(api.cordon("c-worker-0", false).await.unwrap());
    server.with(|state| assert!(state.nodes[1]["spec"].get("unschedulable").is_none()));
    assert!(api.delete_node("c-worker-0").await.unwrap());
    assert!(!api.delete_node("c-worker-0").await.unwrap());
    assert!(!api.cordon("c-worker-0", true).await.unwrap());
    assert_eq!(api.drain("c-worker-0", LONG).await.unwrap(), Drained::default(), "a node that is gone is drained");
}

#[tokio::test]
async fn a_drain_ends_in_time_and_names_what_is_in_the_way() {
    let server = Server::start().await;
    server.with(|state| {
        state.pods = vec![
            pod("guarded", "c-worker-0").uid("3").budget(u32::MAX),
            pod("hangs", "c-worker-0").uid("8").slow(u32::MAX),
        ];
    });
    let error = client(&server).drain("c-worker-0", Duration::from_millis(200)).await.unwrap_err();
    assert_eq!(error.kind, KubeErrorKind::Blocked);
    for told in [
        "c-worker-0",
        "default/guarded (Cannot evict pod as it would violate the pod's disruption budget.)",
        "default/hangs",
    ] {
        assert!(error.message.contains(told), "{}", error.message);
    }
}

#[tokio::test]
async fn bad_weather_during_a_drain_passes() {
    let server = Server::start().await;
    server.with(|state| {
        state.pods = vec![pod("web-1", "c-worker-0").uid("1")];
        state.faults = 4;
    });
    assert_eq!(client(&server).drain("c-worker-0", LONG).await.unwrap().evicted, 1);
    server.with(|state| state.denied = true);
    let error = client(&server).drain("c-worker-0", LONG).await.unwrap_err();
    assert_eq!((error.kind, error.status), (KubeErrorKind::Denied, Some(403)));
    assert!(error.message.contains("cannot patch resource"), "{}", error.message);
}

#[tokio::test]
async fn only_the_clusters_own_server_is_trusted() {
    let (server, other) = (Server::start().await, Server::start().await);
    let mut keys = server.keys();
    let told = |url: String, keys: Keys| async move {
        Client::new(&url, &Route::Direct, &keys).unwrap().readiness().await.unwrap_err()
    };
    let error = told(other.url(), keys.clone()).await;
    assert_eq!(error.kind, KubeErrorKind::Untrusted, "{error}");
    keys.ca = other.keys().ca;
    let error = told(other.url(), keys).await;
    assert_eq!(error.kind, KubeErrorKind::Untrusted, "it must refuse our certificate: {error}");

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = silent.local_addr().unwrap();
    drop(silent);
    let error = told(format!("https://{closed}"), server.keys()).await;
    assert_eq!(error.kind, KubeErrorKind::Unreachable);
    assert!(error.message.contains(&closed.to_string()) && error.message.contains("refused"), "{error}");
}

/// The cluster's address leads nowhere; a forward does, and still has to be that cluster.
#[tokio::test]
async fn a_forward_is_held_to_the_clusters_name() {
    let server = Server::start().await;
    let forward = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (here, there) = (forward.local_addr().unwrap(), server.address);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = forward.accept().await {
            tokio::spawn(async move {
                let mut far = TcpStream::connect(there).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    let nowhere = "https://192.0.2.1:6443";
    let api = Client::new(nowhere, &Route::Forward(here), &server.keys()).unwrap();
    assert!(api.readiness().await.unwrap().ready);

    let other = Server::start().await;
    let api = Client::new(nowhere, &Route::Forward(other.address), &server.keys()).unwrap();
    let error = api.readiness().await.unwrap_err();
    assert_eq!(error.kind, KubeErrorKind::Untrusted);
    assert!(error.message.contains(nowhere) && error.message.contains(&other.address.to_string()), "{error}");
}

#[rstest]
#[case("http://10.0.0.1:8080")]
#[case("")]
#[case("https://")]
#[tokio::test]
async fn unusable_addresses_are_refused_at_once(#[case] address: &str) {
    let server = Server::start().await;
    let error = Client::new(address, &Route::Direct, &server.keys()).err().unwrap();
    assert_eq!(error.kind, KubeErrorKind::Setup);
    let mut keys = server.keys();
    keys.ca = "nothing".into();
    assert_eq!(Client::new(&server.url(), &Route::Direct, &keys).err().unwrap().kind, KubeErrorKind::Setup);
}
