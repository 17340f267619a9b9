//! Masters and workers becoming a cluster.

use std::os::unix::fs::PermissionsExt;

use rstest::rstest;
use serde_json::{Value, json};

use super::Node;

#[test]
fn the_first_master_starts_the_control_plane() {
    let node = Node::new();
    let ran = node.run("master", &[("KUBEAPI_OPTIONS", "--audit-log-maxage=5 --profiling=false")]);
    ran.succeeded();
    assert!(ran.calls.contains("kubeadm init --config") && !ran.calls.contains("kubeadm join"));
    assert_eq!(ran.stages, ["containerd ready", "images pulled", "control plane up", "add-ons applied", "node Ready"]);
    let key = ran.root.join("etc/kubernetes/pki/ca.key");
    assert!(std::fs::read_to_string(&key).unwrap().contains("BEGIN ca.key"));
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);

    let documents = ran.documents("etc/kubernetes/kubeadm.yaml");
    assert_eq!(documents[0]["bootstrapTokens"][0]["ttl"], "1s", "nobody joins with a token");
    assert_eq!(documents[0]["nodeRegistration"]["name"], "prod-0");
    let cluster = &documents[1];
    assert_eq!(cluster["apiVersion"], "kubeadm.k8s.io/v1beta4");
    assert_eq!(cluster["controlPlaneEndpoint"], "10.0.0.5:6443");
    assert_eq!(cluster["apiServer"]["certSANs"], json!(["10.0.0.5", "172.24.4.9"]));
    assert_eq!(cluster["apiServer"]["extraArgs"][0], json!({"name": "audit-log-maxage", "value": "5"}));
    assert_eq!(cluster["apiServer"]["extraArgs"][1], json!({"name": "profiling", "value": "false"}));
    assert!(cluster["etcd"]["local"]["dataDir"].as_str().unwrap().ends_with("/var/lib/etcd"));
    let signing = &cluster["controllerManager"]["extraArgs"][0];
    assert_eq!(
        *signing,
        json!({"name": "cluster-signing-cert-file", "value": format!("{}/etc/kubernetes/pki/signing-ca.crt", ran.root.display())})
    );
    for document in ran.documents("etc/kubernetes/addons/flannel.yaml") {
        assert!(document["kind"].is_string());
    }
    assert!(ran.file("etc/kubernetes/addons/flannel.yaml").contains(r#"{"Network": "10.100.0.0/16""#));
    assert!(!ran.root.join("etc/jeroboam/pki/join.key").exists(), "what nobody needs any more is not kept");
}

#[test]
fn an_older_kubeadm_gets_its_own_configuration_version() {
    let node = Node::new();
    node.stand_in("kubeadm", "case $1 in version) echo v1.30.2 ;; init) touch $ROOT/api ;; esac");
    let ran = node.run("master", &[("KUBE_VERSION", ""), ("KUBEADM_TIMEOUT", "900"), ("KUBELET_OPTIONS", "--v=4")]);
    ran.succeeded();
    let documents = ran.documents("etc/kubernetes/kubeadm.yaml");
    assert_eq!(documents[1]["apiVersion"], "kubeadm.k8s.io/v1beta3");
    assert_eq!(documents[1]["kubernetesVersion"], "v1.30.2");
    assert_eq!(documents[0]["nodeRegistration"]["kubeletExtraArgs"]["v"], "4");
    assert_eq!(documents[0]["timeouts"], Value::Null, "v1beta3 does not know them");
}

#[rstest]
#[case("master", "1")]
#[case("worker", "0")]
fn further_nodes_wait_for_the_api_and_try_again(#[case] role: &str, #[case] index: &str) {
    let node = Node::new();
    node.api_after(3);
    let again = r#"case $1 in join) echo x >>$ROOT/joins; [ $(wc -l <$ROOT/joins) -ge 2 ] ;; esac"#;
    node.stand_in("kubeadm", &format!("{}\n{again}", super::KUBEADM));
    node.stand_in("kubectl", "case $* in *'get pods'*) echo 'prod-2 etcd-prod-2' ;; esac");
    let ran = node.run(role, &[("NODE_INDEX", index), ("MASTER_COUNT", "3"), ("KUBEADM_TIMEOUT", "900")]);
    ran.succeeded();
    assert_eq!(ran.calls.matches("kubeadm join --config").count(), 2);
    assert_eq!(ran.calls.matches("kubeadm reset").count(), 1, "{role} cleans up between two tries");
    assert!(!ran.calls.contains("kubeadm init --config"));
    assert_eq!(ran.stages, ["containerd ready", "images pulled", "joined", "node Ready"]);
    let join = &ran.documents("etc/kubernetes/kubeadm-join.yaml")[0];
    assert_eq!(join["controlPlane"].is_object(), role == "master");
    assert_eq!(join["timeouts"]["tlsBootstrap"], "900s");
    let discovery = join["discovery"]["file"]["kubeConfigPath"].as_str().unwrap();
    assert!(discovery.ends_with("/etc/jeroboam/discovery.conf"), "{discovery}");
}

#[test]
fn a_node_that_cannot_join_says_so_instead_of_trying_for_ever() {
    let node = Node::new();
    node.api_after(1);
    node.stand_in(
        "kubeadm",
        &format!("{}\n[ $1 != join ] || {{ echo 'x509: certificate expired'; false; }}", super::KUBEADM),
    );
    let ran = node.run("worker", &[]);
    ran.failed_with(&["joining the cluster failed", "given up after 6 tries"]);
}

#[test]
fn a_replaced_master_takes_the_place_of_the_one_before_it() {
    let node = Node::new();
    node.api_after(1);
    node.stand_in(
        "kubectl",
        "case $* in *'get pods'*) printf 'prod-0 etcd-prod-0\\nprod-1 etcd-prod-1\\n' ;; \
         *'member list') printf 'a1, started, prod-1, https://10.0.0.6:2380, x, false\\nb2, started, prod-0, https://10.0.0.5:2380, x, false\\n' ;; esac",
    );
    let settings = [("MASTER_COUNT", "3"), ("NODE_GENERATION", "2")];
    let ran = node.run("master", &settings);
    ran.succeeded();
    // Last the add-ons, which go with what it was replaced for.
    let order = [
        "delete node prod-0",
        "exec etcd-prod-1 -- etcdctl",
        "member remove b2",
        "kubeadm join --config",
        "kubectl apply --server-side",
    ];
    let places: Vec<usize> =
        order.iter().map(|call| ran.calls.find(call).unwrap_or_else(|| panic!("{call}: {}", ran.calls))).collect();
    assert!(places.is_sorted(), "{}", ran.calls);
    assert!(!ran.calls.contains("kubeadm init --config"));
}

/// With a volume the data is there already: the same member goes on.
#[rstest]
#[case("1", "kubeadm init --config")]
#[case("3", "kubeadm join --config")]
fn a_master_with_an_etcd_volume_goes_on_with_its_data(#[case] masters: &str, #[case] how: &str) {
    let node = Node::new();
    if masters == "3" {
        node.api_after(1);
    }
    node.write("var/lib/etcd/data/member/snap/db", "data");
    node.stand_in("lsblk", "echo '/dev/vdb 0123456789abcdef0123'");
    node.stand_in("blkid", "echo jb-etcd");
    node.stand_in("mkfs.ext4", "");
    node.stand_in("mount", "");
    node.stand_in("mountpoint", "false");
    let settings = [
        ("MASTER_COUNT", masters),
        ("NODE_GENERATION", "1"),
        ("ETCD_VOLUME_SIZE", "5"),
        ("ETCD_VOLUME_ID", "0123456789abcdef0123456789"),
    ];
    let ran = node.run("master", &settings);
    ran.succeeded();
    let call = ran.calls.lines().find(|call| call.contains(how)).unwrap_or_else(|| panic!("{}", ran.calls));
    assert!(call.contains("--ignore-preflight-errors=DirAvailable-") && call.ends_with("-var-lib-etcd-data"), "{call}");
    assert!(!ran.calls.contains("mkfs.ext4") && !ran.calls.contains("member remove"), "{}", ran.calls);
    assert!(
        ran.documents("etc/kubernetes/kubeadm.yaml")[1]["etcd"]["local"]["dataDir"]
            .as_str()
            .unwrap()
            .ends_with("/data")
    );
}

#[test]
fn while_the_ca_is_being_replaced_both_are_trusted_and_one_signs() {
    let node = Node::new();
    node.write("etc/jeroboam/pki/ca-trust.crt", "-----BEGIN old ca-----\n");
    node.stand_in(
        "kubeadm",
        &format!(
            "{}\n[ $1 != init ] || echo '    certificate-authority-data: Zmlyc3Q=' >$ROOT/etc/kubernetes/kubelet.conf",
            super::KUBEADM
        ),
    );
    let ran = node.run("master", &[]);
    ran.succeeded();
    let bundle = "-----BEGIN ca.crt-----\n-----BEGIN old ca-----\n";
    assert_eq!(ran.file("etc/kubernetes/pki/ca.crt"), bundle);
    assert_eq!(ran.file("etc/kubernetes/pki/signing-ca.crt"), "-----BEGIN ca.crt-----\n");
    assert!(!ran.file("etc/kubernetes/kubelet.conf").contains("Zmlyc3Q="), "kubeadm writes the first CA only");
}
