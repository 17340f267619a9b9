//! The nodes' scripts, run: in a root folder of their own, with what Heat would deliver and
//! stand-ins for the programs that would change a real machine.

mod addons;
mod joining;
mod preparing;
mod telling;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const DRIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/drivers/k8s_ubuntu_kubeadm");

/// Knows the two handles, the API's health, a Node and any manifest by their addresses.
const CURL: &str = r#"
while [ $# -gt 0 ]; do
  case $1 in --data-binary) body=$2; shift ;; --config) config=$(cat "$2"); shift ;; --header|--cacert) shift ;; http*) url=$1 ;; esac
  shift
done
case "${config:-}${url:-}" in
  *heat/progress*) echo "$body" >>$ROOT/progress ;;
  *heat/signal*) [ ! -e $ROOT/deaf ] || { rm $ROOT/deaf; exit 7; }; echo "$config" >$ROOT/signal-config; echo "$body" >>$ROOT/signals ;;
  */livez) [ ! -e $ROOT/knocks-needed ] || { echo x >>$ROOT/knocks; [ $(wc -l <$ROOT/knocks) -ge $(cat $ROOT/knocks-needed) ]; } && [ -e $ROOT/api ] ;;
  */api/v1/nodes/*) cat $ROOT/node.json ;;
  *) echo "kind: Namespace" ;;
esac
"#;
/// `init` brings the API up; configurations and versions as asked.
const KUBEADM: &str = r#"
case $1 in
  version) echo v1.33.4 ;;
  config) printf 'registry.k8s.io/%s\n' kube-apiserver:v1.33.4 kube-proxy:v1.33.4 pause:3.10 ;;
  init) case $* in *"phase kubeconfig"*) mkdir -p $ROOT/run/jeroboam; echo "certificate-authority-data: x" >$ROOT/run/jeroboam/admin.conf ;; *) touch $ROOT/api ;; esac ;;
esac
"#;
const READY: &str = r#"{
  "status": {"conditions": [
    {
      "lastHeartbeatTime": "2026-01-01T00:00:00Z",
      "message": "kubelet has no disk pressure",
      "reason": "x",
      "status": "False",
      "type": "DiskPressure"
    },
    {
      "message": "kubelet is posting ready status",
      "reason": "KubeletReady",
      "status": "True",
      "type": "Ready"
    }
  ]}
}"#;

/// A machine that is only a folder.
struct Node {
    root: tempfile::TempDir,
}

/// How a run ended.
struct Ran {
    root: PathBuf,
    code: i32,
    /// What the wait condition was told.
    signal: Value,
    /// What was told on the way.
    stages: Vec<String>,
    /// Every call of a stand-in, one a line.
    calls: String,
}

impl Node {
    fn new() -> Self {
        let node = Self { root: tempfile::tempdir().unwrap() };
        for dir in ["bin", "etc/jeroboam/pki", "etc/jeroboam/addons", "etc/kubernetes", "var/log", "var/lib", "run"] {
            std::fs::create_dir_all(node.root.path().join(dir)).unwrap();
        }
        for quiet in ["systemctl", "modprobe", "sysctl", "swapoff", "hostnamectl", "kubectl", "kubelet", "ctr", "sleep"]
        {
            node.stand_in(quiet, "");
        }
        node.stand_in("containerd", "[ \"$1\" != config ] || echo 'SystemdCgroup = false'");
        node.stand_in("kubeadm", KUBEADM);
        node.stand_in("curl", CURL);
        node.write("node.json", READY);
        node
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The API answers, after so many knocks.
    fn api_after(&self, knocks: u32) {
        self.write("api", "");
        self.write("knocks-needed", &knocks.to_string());
    }

    /// A program that notes its call, then does what it is told.
    fn stand_in(&self, name: &str, body: &str) {
        self.write(&format!("bin/{name}"), &format!("#!/bin/bash\necho \"{name} $*\" >>$ROOT/calls\n{body}\n"));
        let path = self.root.path().join("bin").join(name);
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn run(&self, role: &str, settings: &[(&str, &str)]) -> Ran {
        let root = self.root.path();
        let mut values: BTreeMap<&str, &str> = BTreeMap::from([
            ("ROLE", role),
            ("NODE_NAME", "prod-0"),
            ("NODE_INDEX", "0"),
            ("MASTER_ADDRESSES", "10.0.0.5 10.0.0.6 10.0.0.7"),
            ("NETWORK_DRIVER", "flannel"),
            ("MASTER_COUNT", "1"),
            ("CLUSTER_NAME", "prod"),
            ("API_ADDRESS", "10.0.0.5"),
            ("API_PORT", "6443"),
            ("API_PUBLIC_ADDRESSES", " 172.24.4.9"),
            ("KUBE_VERSION", "v1.33.4"),
            ("POD_CIDR", "10.100.0.0/16"),
            ("SERVICE_CIDR", "10.254.0.0/16"),
            ("DNS_DOMAIN", "cluster.local"),
            ("CONTAINER_VOLUME_SIZE", "0"),
            ("SIGNAL_URL", "http://heat/signal"),
            ("SIGNAL_TOKEN", "the-token"),
            ("PROGRESS_URL", "http://heat/progress"),
        ]);
        values.extend(settings.iter().copied());
        let lines: Vec<String> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.write("etc/jeroboam/settings", &lines.join("\n"));
        for file in
            ["ca.crt", "join.crt", "join.key", "ca.key", "etcd/ca.crt", "etcd/ca.key", "front-proxy-ca.crt", "sa.pub"]
                .iter()
                .chain(&["front-proxy-ca.key", "sa.key"])
        {
            self.write(&format!("etc/jeroboam/pki/{file}"), &format!("-----BEGIN {file}-----\n"));
        }
        for file in std::fs::read_dir(Path::new(DRIVER).join("scripts")).unwrap() {
            let file = file.unwrap();
            let script = self.rooted(&std::fs::read_to_string(file.path()).unwrap());
            self.write(&format!("etc/jeroboam/{}", file.file_name().display()), &script);
        }
        for file in std::fs::read_dir(Path::new(DRIVER).join("addons")).unwrap() {
            let file = file.unwrap();
            let manifest = std::fs::read_to_string(file.path()).unwrap();
            self.write(&format!("etc/jeroboam/addons/{}", file.file_name().display()), &manifest);
        }
        let status = Command::new("/bin/bash")
            .arg(root.join("etc/jeroboam/node.sh"))
            .env_clear()
            .env("ROOT", root)
            .env("PATH", format!("{}:/usr/bin:/bin", root.join("bin").display()))
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap_or_default();
        let told = |name: &str| -> Vec<Value> {
            read(name)
                .lines()
                .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
                .collect()
        };
        let mut stages = told("progress");
        // They are sent side by side; their ids say in what order they were reached.
        stages.sort_by_key(|stage| stage["id"].as_str().and_then(|id| id.parse::<u32>().ok()));
        Ran {
            root: root.to_owned(),
            code: status.code().unwrap(),
            signal: told("signals").pop().unwrap_or_default(),
            stages: stages.iter().map(|stage| stage["data"].as_str().unwrap().to_owned()).collect(),
            calls: read("calls"),
        }
    }

    /// The script with its absolute paths under this node's root.
    fn rooted(&self, script: &str) -> String {
        let mut out = script.to_owned();
        for dir in ["/etc/", "/var/l", "/run/jeroboam"] {
            for before in [' ', '=', '>', '<', '"', '('] {
                let there = format!("{before}{}{dir}", self.root.path().display());
                out = out.replace(&format!("{before}{dir}"), &there);
            }
        }
        out
    }
}

impl Ran {
    fn reason(&self) -> &str {
        self.signal["reason"].as_str().unwrap_or_default()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.root.join("var/log/jeroboam-node.log")).unwrap_or_default()
    }

    fn file(&self, path: &str) -> String {
        std::fs::read_to_string(self.root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}\n{}", self.log()))
    }

    /// A file of YAML documents.
    fn documents(&self, path: &str) -> Vec<Value> {
        self.file(path).split("\n---\n").map(|text| serde_saphyr::from_str(text).unwrap()).collect()
    }

    fn succeeded(&self) {
        assert_eq!((self.code, &self.signal["status"]), (0, &Value::from("SUCCESS")), "{}\n{}", self.log(), self.calls);
    }

    fn failed_with(&self, words: &[&str]) {
        assert_ne!(self.code, 0);
        assert_eq!(self.signal["status"], "FAILURE", "{}\n{}", self.log(), self.calls);
        for word in words {
            assert!(self.reason().contains(word), "no \"{word}\" in: {}", self.reason());
        }
    }
}

/// Where shellcheck is installed, as CI has it.
#[test]
fn shellcheck_has_nothing_to_say() {
    let scripts = Path::new(DRIVER).join("scripts");
    let Ok(said) = Command::new("shellcheck").args(["-x", "-P"]).arg(&scripts).arg(scripts.join("node.sh")).output()
    else {
        eprintln!("shellcheck is not installed");
        return;
    };
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
}
