//! The drivers that come with the program, from outside: what a node is told, and what a
//! real Heat says of their templates.

pub mod pairs;
mod plans;
mod real_cloud;

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jeroboam::driver::{Driver, Drivers};
use serde_json::Value;

/// A driver's user data with something in every place.
fn user_data(driver: &Driver) -> String {
    let settings = "NODE_NAME=prod-0123456789ab-master-0;MASTER_ADDRESSES=10.0.0.5 10.0.0.6;\
                    SIGNAL_URL=http://heat:8004/v1/a/stacks/b/c/resources/wait_handle/signal;SIGNAL_TOKEN=gAAAA-_x";
    let text = driver.files["user-data.yaml"].clone();
    ["__GROUP_SETTINGS__", "__FILES__", "__SECRETS__"]
        .iter()
        .fold(text, |text, place| text.replace(place, &STANDARD.encode(format!("{place}+/\n"))))
        .replace("__API_ADDRESS__", "10.0.0.5")
        .replace("__NODE_SETTINGS__", settings)
}

/// <https://coreos.github.io/ignition/configuration-v3_2/>, as far as ours goes; and by
/// `ignition-validate` where it is installed.
#[test]
fn fedora_coreos_gets_ignition() {
    let drivers = Drivers::builtin().unwrap();
    let text = user_data(drivers.get("k8s_fedora_coreos").unwrap());
    let config: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(config["ignition"], serde_json::json!({"version": "3.2.0"}));
    let files = config["storage"]["files"].as_array().unwrap();
    for (nth, file) in files.iter().enumerate() {
        let path = file["path"].as_str().unwrap();
        assert!(path.starts_with('/') && files[..nth].iter().all(|other| other["path"] != path));
        let source = file["contents"]["source"].as_str().unwrap();
        // A node that updates itself starts anew when it likes.
        if path.starts_with("/etc/zincati/") {
            assert_eq!(source, "data:,%5Bupdates%5D%0Aenabled%20=%20false%0A");
            continue;
        }
        assert_eq!(file["mode"], 0o600, "Ignition takes modes in decimal");
        let data = source.strip_prefix("data:;base64,").unwrap();
        assert!(String::from_utf8(STANDARD.decode(data).unwrap()).unwrap().starts_with("__"));
    }
    let unit = &config["systemd"]["units"][0];
    assert_eq!((&unit["name"], &unit["enabled"]), (&"jeroboam.service".into(), &true.into()));
    let contents = unit["contents"].as_str().unwrap();
    for section in ["[Unit]", "[Service]", "[Install]", "[X-Jeroboam]"] {
        assert!(contents.lines().any(|line| line == section), "{contents}");
    }
    assert!(contents.contains("\nSettings=API_ADDRESS=10.0.0.5;NODE_NAME=prod-0123456789ab-master-0;MASTER"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.ign");
    std::fs::write(&path, text).unwrap();
    if let Ok(ran) = Command::new("ignition-validate").arg(&path).output() {
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
}

/// By `cloud-init schema`, where it is installed, too.
#[test]
fn fedora_atomic_and_ubuntu_get_a_cloud_config() {
    let drivers = Drivers::builtin().unwrap();
    for name in ["k8s_ubuntu_kubeadm", "k8s_fedora_atomic"] {
        let text = user_data(drivers.get(name).unwrap());
        assert!(text.starts_with("#cloud-config\n"));
        let config: Value = serde_saphyr::from_str(&text).unwrap();
        let files = config["write_files"].as_array().unwrap();
        assert!(files.iter().all(|file| file["permissions"] == "0600"));
        assert_eq!(config["runcmd"].as_array().unwrap().len(), 1);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("user-data.yaml");
        std::fs::write(&path, text).unwrap();
        if let Ok(ran) = Command::new("cloud-init").args(["schema", "--config-file"]).arg(&path).output() {
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        }
    }
}

/// Every set is whole, for each architecture, and every file has a sum and one place.
#[test]
fn what_nodes_fetch_comes_in_whole_sets() {
    let drivers = Drivers::builtin().unwrap();
    for name in ["k8s_fedora_coreos", "k8s_fedora_atomic"] {
        let text = &drivers.get(name).unwrap().files["downloads"];
        let rows: Vec<Vec<&str>> =
            text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(' ').collect()).collect();
        let names = ["kubeadm", "kubelet", "kubectl", "crictl", "cni", "containerd", "runc"];
        for set in rows.chunks(names.len()) {
            let have: Vec<&str> = set.iter().map(|row| row[2]).collect();
            assert_eq!(have, names);
            for row in set {
                assert_eq!((row.len(), &row[..2]), (5, &set[0][..2]));
                assert!(!row[3].contains("://") && row[3].contains(row[1]), "{row:?}");
                assert!(row[4].len() == 64 && row[4].bytes().all(|b| b.is_ascii_hexdigit()), "{row:?}");
            }
            assert!(set[..3].iter().all(|row| row[3].contains(&format!("/release/{}/bin/linux/", row[0]))));
        }
    }
}

/// End of life is said where a driver is chosen.
#[test]
fn fedora_atomic_says_that_it_is_over() {
    let drivers = Drivers::builtin().unwrap();
    let atomic = &drivers.get("k8s_fedora_atomic").unwrap().manifest;
    assert!(atomic.summary.starts_with("END OF LIFE") && atomic.end_of_life.is_some());
    assert!(drivers.get("k8s_fedora_coreos").unwrap().manifest.end_of_life.is_none());
    let chosen = |distro| &drivers.choose("vm", distro, "kubernetes", None).unwrap().manifest.name;
    assert_eq!(chosen("fedora-atomic"), "k8s_fedora_atomic");
    assert_eq!(chosen("fedora-coreos"), "k8s_fedora_coreos");
    assert_eq!(chosen("ubuntu"), "k8s_ubuntu_kubeadm");
}

/// The script that fetches Kubernetes, run in a folder of its own with a mirror in files.
struct Fetching {
    root: tempfile::TempDir,
    driver: Driver,
}

/// What lib.sh and prepare.sh give it.
const STUBS: &str = r#"
set -Eeuo pipefail
setting() { sed -n "s/^$1=//p" "$JEROBOAM/settings" | grep . || printf '%s' "${2:-}"; }
install_file() { mkdir -p "$(dirname "$1")"; cat >"$1.new"; chmod "$2" "$1.new"; mv "$1.new" "$1"; }
fail() { echo "$*"; return 1; }
retry() { shift; "$@"; }
stage() { echo "stage: $*"; }
reached() { echo "reached: $*"; }
use_proxies() { echo "proxies"; }
systemctl() { echo "systemctl $*"; }
restorecon() { :; }
"#;

impl Fetching {
    fn new() -> Self {
        let driver = Drivers::builtin().unwrap().get("k8s_fedora_coreos").unwrap().clone();
        let node = Self { root: tempfile::tempdir().unwrap(), driver };
        let version = "v9.9.9";
        let mut downloads = String::from("# a comment\n");
        for name in ["kubeadm", "kubelet", "kubectl", "runc", "crictl", "cni", "containerd"] {
            let content = match name {
                "crictl" => node.tar("crictl"),
                "cni" => node.tar("./bridge"),
                "containerd" => node.tar("bin/containerd"),
                "kubeadm" => format!("#!/bin/sh\necho {version}\n").into_bytes(),
                _ => format!("{name}\n").into_bytes(),
            };
            let path = node.root.path().join("mirror/some.host").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, content).unwrap();
            let ran = Command::new("sha256sum").arg(path).output().unwrap();
            let sum = String::from_utf8(ran.stdout).unwrap();
            for arch in ["amd64", "arm64"] {
                downloads.push_str(&format!("{version} {arch} {name} some.host/{name} {}\n", &sum[..64]));
            }
        }
        node.write("jeroboam/downloads", &downloads);
        node
    }

    /// An archive with one file in it.
    fn tar(&self, file: &str) -> Vec<u8> {
        let inside = self.root.path().join("pack");
        std::fs::create_dir_all(inside.join(file).parent().unwrap()).unwrap();
        std::fs::write(inside.join(file), file).unwrap();
        let ran = Command::new("tar").args(["-czf", "-", "-C"]).arg(&inside).arg(file).output().unwrap();
        ran.stdout
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.root.path().join(name)).unwrap_or_default()
    }

    /// Whether it went well, and all that it said.
    fn run(&self, settings: &str) -> (bool, String) {
        let root = self.root.path().display().to_string();
        self.write("jeroboam/settings", &format!("KUBERNETES_MIRROR=file://{root}/mirror/\n{settings}"));
        let script = self.driver.files["scripts/provide.sh"].clone();
        let script = ["/usr/local", "/opt/cni", "/etc/systemd", "/var/tmp"]
            .iter()
            .fold(script, |script, place| script.replace(place, &format!("{root}{place}")));
        let ran = Command::new("bash")
            .args(["-c", &format!("JEROBOAM={root}/jeroboam\n{STUBS}\n{script}")])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .output()
            .unwrap();
        (ran.status.success(), String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned())
    }
}

#[test]
fn fetched_files_are_checked_and_put_in_their_places() {
    let node = Fetching::new();
    let (good, said) = node.run("KUBELET_OPTIONS=--v=2\nKUBECONTROLLER_OPTIONS=--flex-volume-plugin-dir=/mine");
    assert!(good, "{said}");
    for file in ["kubeadm", "kubelet", "kubectl", "runc", "crictl", "containerd"] {
        assert!(!node.read(&format!("usr/local/bin/{file}")).is_empty(), "{file}: {said}");
    }
    assert_eq!(node.read("opt/cni/bin/bridge"), "./bridge");
    assert!(node.read("etc/systemd/system/kubelet.service").contains("ExecStart="));
    let settings = node.read("jeroboam/settings");
    let line = |name: &str| settings.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert_eq!(line("KUBELET_OPTIONS"), "KUBELET_OPTIONS=--volume-plugin-dir=/var/lib/kubelet/volume-plugins --v=2");
    assert_eq!(line("KUBECONTROLLER"), "KUBECONTROLLER_OPTIONS=--flex-volume-plugin-dir=/mine", "the user's stays");
    assert!(!node.root.path().join("var/tmp/jeroboam-downloads").exists());
    // Again, as after a failure further on: nothing is fetched twice.
    std::fs::remove_dir_all(node.root.path().join("mirror")).unwrap();
    let (good, said) = node.run("KUBE_VERSION=9.9.9");
    assert!(good, "{said}");
}

#[test]
fn what_cannot_be_fetched_is_told() {
    let node = Fetching::new();
    let (good, said) = node.run("KUBE_VERSION=v1.2.3");
    assert!(!good && said.contains("Kubernetes v1.2.3 is none of the versions this driver has: v9.9.9"), "{said}");
    node.write("mirror/some.host/kubelet", "another");
    let (good, said) = node.run("");
    assert!(!good && said.contains("/mirror/some.host/kubelet is not what it should be"), "{said}");
    assert!(node.read("usr/local/bin/kubelet").is_empty(), "nothing of it is used");
    std::fs::remove_file(node.root.path().join("mirror/some.host/kubelet")).unwrap();
    let (good, said) = node.run("");
    assert!(!good && said.contains("/mirror/some.host/kubelet could not be fetched"), "{said}");
}
