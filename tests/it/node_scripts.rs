//! The nodes' scripts, run: put together as Heat does it, in a root folder of their own,
//! with stand-ins for the programs that would change a real machine.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/drivers/k8s_ubuntu_kubeadm/scripts");

/// A machine that is only a folder.
struct Node {
    root: tempfile::TempDir,
}

/// How a run ended.
struct Ran {
    root: PathBuf,
    code: i32,
    signal: Value,
    /// Every call of a stand-in, one a line.
    calls: String,
}

impl Node {
    fn new() -> Self {
        let node = Self { root: tempfile::tempdir().unwrap() };
        for dir in [
            "bin",
            "etc/sysctl.d",
            "etc/modules-load.d",
            "etc/systemd/system",
            "etc/kubernetes",
            "var/log",
            "var/lib",
            "root",
        ] {
            std::fs::create_dir_all(node.root.path().join(dir)).unwrap();
        }
        for quiet in ["systemctl", "modprobe", "sysctl", "swapoff", "kubectl", "kubelet", "containerd", "sleep"] {
            node.stand_in(quiet, "");
        }
        node.stand_in("kubeadm", "[ \"$1\" = version ] && echo v1.33.4; true");
        node.stand_in("curl", "true");
        node.stand_in("signal-heat", "for last; do :; done; echo \"$last\" >>$ROOT/signals");
        node
    }

    /// A program that notes its call, then does what it is told.
    fn stand_in(&self, name: &str, body: &str) {
        let path = self.root.path().join("bin").join(name);
        let script = format!("#!/bin/bash\necho \"{name} $*\" >>$ROOT/calls\n{body}\n");
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn run(&self, role: &str, settings: &[(&str, &str)]) -> Ran {
        let root = self.root.path();
        let mut values: BTreeMap<&str, &str> = BTreeMap::from([
            ("SIGNAL", "signal-heat"),
            ("API_ADDRESS", "10.0.0.5"),
            ("API_PORT", "6443"),
            ("BOOTSTRAP_TOKEN", "abcdef.0123456789abcdef"),
            ("CA_CERT_HASH", "sha256:00"),
            ("KUBE_VERSION", "v1.33.4"),
            ("CONTAINER_VOLUME_SIZE", "0"),
            ("NODE_INDEX", "0"),
            ("CLUSTER_NAME", "prod"),
            ("API_PUBLIC_ADDRESSES", " 172.24.4.9"),
            ("POD_CIDR", "10.100.0.0/16"),
            ("SERVICE_CIDR", "10.254.0.0/16"),
            ("DNS_DOMAIN", "cluster.local"),
            ("CA_KEY", "-----BEGIN PRIVATE KEY-----\nthe CA's key\n-----END PRIVATE KEY-----"),
        ]);
        values.extend(settings.iter().copied());
        let text = |name: &str| std::fs::read_to_string(Path::new(SCRIPTS).join(name)).unwrap();
        let mut script = format!("{}\n{}", text("node.sh"), text(&format!("{role}.sh")));
        for (name, value) in values {
            script = script.replace(&format!("__{name}__"), value);
        }
        for rest in [
            "CA_CERT",
            "ETCD_CA_CERT",
            "ETCD_CA_KEY",
            "FRONT_PROXY_CA_CERT",
            "FRONT_PROXY_CA_KEY",
            "SERVICE_ACCOUNT_KEY",
        ]
        .iter()
        .chain(&["SERVICE_ACCOUNT_PUBLIC_KEY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"])
        {
            script = script.replace(&format!("__{rest}__"), "");
        }
        assert!(!script.contains("__"), "a word is left: {:?}", script.lines().find(|line| line.contains("__")));
        for dir in ["/etc/", "/var/l", "/root/"] {
            let rooted = format!("{}{dir}", root.display());
            script = script
                .replace(&format!(" {dir}"), &format!(" {rooted}"))
                .replace(&format!("={dir}"), &format!("={rooted}"));
            script = script.replace(&format!(">{dir}"), &format!(">{rooted}"));
        }
        std::fs::write(root.join("user-data"), script).unwrap();
        let status = Command::new("/bin/bash")
            .arg(root.join("user-data"))
            .env_clear()
            .env("ROOT", root)
            .env("PATH", format!("{}:/usr/bin:/bin", root.join("bin").display()))
            .status()
            .unwrap();
        let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap_or_default();
        let signal = read("signals").lines().last().and_then(|line| serde_json::from_str(line).ok());
        Ran {
            root: root.to_owned(),
            code: status.code().unwrap(),
            signal: signal.unwrap_or_default(),
            calls: read("calls"),
        }
    }
}

impl Ran {
    fn reason(&self) -> &str {
        self.signal["reason"].as_str().unwrap_or_default()
    }

    fn failed_with(&self, words: &[&str]) {
        assert_ne!(self.code, 0);
        assert_eq!(self.signal["status"], "FAILURE", "{}", self.calls);
        for word in words {
            assert!(self.reason().contains(word), "no \"{word}\" in: {}", self.reason());
        }
    }
}

#[test]
fn the_first_master_starts_the_control_plane() {
    let node = Node::new();
    let ran = node.run("master", &[]);
    assert_eq!((ran.code, &ran.signal["status"]), (0, &Value::from("SUCCESS")), "{}", ran.calls);
    assert!(ran.calls.contains("kubeadm init --config") && !ran.calls.contains("kubeadm join"));
    assert!(ran.calls.contains("kubectl apply"));
    let key = ran.root.join("etc/kubernetes/pki/ca.key");
    assert!(std::fs::read_to_string(&key).unwrap().contains("the CA's key"));
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let config = std::fs::read_to_string(ran.root.join("etc/kubernetes/kubeadm.yaml")).unwrap();
    let documents: Vec<Value> = config.split("\n---\n").map(|text| serde_saphyr::from_str(text).unwrap()).collect();
    assert_eq!(documents[1]["apiVersion"], "kubeadm.k8s.io/v1beta4");
    assert_eq!(documents[1]["controlPlaneEndpoint"], "10.0.0.5:6443");
    assert_eq!(documents[1]["apiServer"]["certSANs"], serde_json::json!(["10.0.0.5", "172.24.4.9"]));
    assert_eq!(documents[0]["bootstrapTokens"][0]["token"], "abcdef.0123456789abcdef");
    let pod_network = std::fs::read_to_string(ran.root.join("etc/kubernetes/flannel.yaml")).unwrap();
    for document in pod_network.split("\n---\n") {
        assert!(serde_saphyr::from_str::<Value>(document).unwrap()["kind"].is_string());
    }
}

#[test]
fn an_older_kubeadm_gets_its_own_configuration_version() {
    let node = Node::new();
    node.stand_in("kubeadm", "[ \"$1\" = version ] && echo v1.30.2; true");
    let ran = node.run("master", &[("KUBE_VERSION", "")]);
    assert_eq!(ran.code, 0);
    let config = std::fs::read_to_string(ran.root.join("etc/kubernetes/kubeadm.yaml")).unwrap();
    assert!(config.contains("kubeadm.k8s.io/v1beta3") && config.contains("kubernetesVersion: \"v1.30.2\""));
}

#[test]
fn further_masters_and_workers_wait_for_the_api_and_try_again() {
    for (role, index) in [("master", "1"), ("worker", "0")] {
        let node = Node::new();
        node.stand_in("curl", "echo x >>$ROOT/knocks; [ $(wc -l <$ROOT/knocks) -ge 3 ]");
        node.stand_in(
            "kubeadm",
            "case $1 in version) echo v1.33.4;; join) echo x >>$ROOT/joins; [ $(wc -l <$ROOT/joins) -ge 2 ];; esac",
        );
        let ran = node.run(role, &[("NODE_INDEX", index)]);
        assert_eq!((ran.code, &ran.signal["status"]), (0, &Value::from("SUCCESS")), "{}", ran.calls);
        assert_eq!(ran.calls.matches("kubeadm join 10.0.0.5:6443").count(), 2);
        assert_eq!(ran.calls.matches("kubeadm reset").count(), 1, "{role} cleans up between two tries");
        assert!(!ran.calls.contains("kubeadm init"));
        assert_eq!(ran.calls.contains("--control-plane"), role == "master");
    }
}

#[test]
fn a_failing_step_tells_heat_at_once_in_its_own_words() {
    let node = Node::new();
    node.stand_in(
        "kubeadm",
        "case $1 in version) echo v1.33.4;; init) echo 'error: port \"10250\" is in use' >&2; exit 1;; esac",
    );
    node.run("master", &[]).failed_with(&["starting the control plane failed", "port 10250 is in use"]);
}

#[test]
fn an_image_that_is_not_what_it_says_is_told() {
    let node = Node::new();
    node.run("worker", &[("KUBE_VERSION", "v1.32.0")])
        .failed_with(&["kube_version says v1.32.0, its kubeadm is v1.33.4"]);
    let node = Node::new();
    std::fs::remove_file(node.root.path().join("bin/containerd")).unwrap();
    node.run("worker", &[]).failed_with(&["containerd is not in this image"]);
}

#[test]
fn a_container_volume_is_waited_for_and_mounted() {
    let node = Node::new();
    node.stand_in("lsblk", "case $1 in -dnpo) echo '/dev/vda disk'; [ -e $ROOT/seen ] && echo '/dev/vdb disk'; touch $ROOT/seen;; *) [ $3 = /dev/vda ] && echo vda1; echo x;; esac");
    node.stand_in("blkid", "false");
    node.stand_in("mkfs.ext4", "");
    node.stand_in("mount", "");
    let ran = node.run("worker", &[("CONTAINER_VOLUME_SIZE", "20")]);
    assert_eq!(ran.code, 0, "{}", ran.reason());
    assert!(ran.calls.contains("mkfs.ext4 -q -L containers /dev/vdb"), "{}", ran.calls);
}
