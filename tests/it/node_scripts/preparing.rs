//! The machine under Kubernetes: image, disks, registries, proxies.

use rstest::rstest;

use super::Node;

#[test]
fn an_image_that_is_not_what_it_says_is_told() {
    let node = Node::new();
    node.run("worker", &[("KUBE_VERSION", "v1.32.0")])
        .failed_with(&["kube_version says v1.32.0, its kubeadm is v1.33.4"]);
    let node = Node::new();
    std::fs::remove_file(node.root.path().join("bin/containerd")).unwrap();
    node.run("worker", &[]).failed_with(&["containerd is not in this image"]);
}

/// By the serial that is the beginning of the volume's id, or, where disks show none, by being blank and of that size.
#[rstest]
#[case::by_serial("[ -e $ROOT/seen ] && echo '/dev/vdc 0123456789abcdef0123'; touch $ROOT/seen")]
#[case::by_size(
    "case $* in *SIZE*) echo '/dev/vda 21474836480 disk'; echo '/dev/vdb 1073741824 disk'; echo '/dev/vdc 21474836480 disk' ;; *'--output NAME /dev/vda') echo vda; echo vda1 ;; *'--output NAME /dev'*) echo x ;; esac"
)]
fn a_container_volume_is_waited_for_and_mounted(#[case] lsblk: &str) {
    let node = Node::new();
    node.api_after(1);
    node.write("etc/fstab", "");
    node.stand_in("lsblk", lsblk);
    node.stand_in("blkid", "false");
    node.stand_in("mkfs.ext4", "");
    node.stand_in("mount", "");
    node.stand_in("mountpoint", "false");
    let ran = node
        .run("worker", &[("CONTAINER_VOLUME_SIZE", "20"), ("CONTAINER_VOLUME_ID", "0123456789abcdef0123456789abcdef")]);
    ran.succeeded();
    assert!(ran.calls.contains("mkfs.ext4 -q -F -L jb-containers /dev/vdc"), "{}", ran.calls);
    assert!(ran.file("etc/fstab").contains("LABEL=jb-containers"));
}

#[test]
fn only_what_the_image_does_not_carry_is_pulled() {
    let node = Node::new();
    node.api_after(1);
    node.stand_in("ctr", "case $* in *'images list'*) echo registry.k8s.io/pause:3.10 ;; esac");
    let ran = node.run("worker", &[]);
    ran.succeeded();
    assert!(ran.calls.contains("registry.k8s.io/kube-proxy:v1.33.4"), "{}", ran.calls);
    assert!(!ran.calls.contains("/certs.d registry.k8s.io/pause"), "{}", ran.calls);
    assert!(!ran.calls.contains("kube-apiserver"), "a worker runs no API server");

    let node = Node::new();
    node.stand_in("ctr", "case $* in *pull*) echo 'connection refused' >&2; false ;; esac");
    node.run("worker", &[]).failed_with(&["pulling images failed", "could not be pulled", "connection refused"]);
}

#[test]
fn registries_and_proxies_reach_containerd() {
    let node = Node::new();
    node.api_after(1);
    let ran = node.run(
        "worker",
        &[
            ("INSECURE_REGISTRY", "10.0.0.9:5000"),
            ("REGISTRY_MIRROR", "https://mirror.example"),
            ("HTTP_PROXY", "http://proxy:3128/a%20b"),
            ("NO_PROXY", "10.0.0.0/24"),
        ],
    );
    ran.succeeded();
    assert!(ran.file("etc/containerd/config.toml").contains("SystemdCgroup = true"));
    assert!(ran.file("etc/containerd/certs.d/10.0.0.9:5000/hosts.toml").contains("skip_verify = true"));
    assert!(ran.file("etc/containerd/certs.d/docker.io/hosts.toml").contains("https://mirror.example"));
    let proxy = ran.file("etc/systemd/system/containerd.service.d/proxy.conf");
    assert!(proxy.contains("HTTP_PROXY=http://proxy:3128/a%%20b") && proxy.contains("10.0.0.0/24"), "{proxy}");
}

/// A setting is data: whatever stands in it, nothing of it is run.
#[test]
fn hostile_settings_stay_text() {
    let node = Node::new();
    let name = "a\"$(touch $ROOT/owned)`touch $ROOT/owned`';\\";
    let ran = node.run("master", &[("CLUSTER_NAME", name), ("KUBELET_OPTIONS", "--x=$(touch $ROOT/owned) --y='")]);
    ran.succeeded();
    assert!(!ran.root.join("owned").exists());
    assert_eq!(ran.documents("etc/kubernetes/kubeadm.yaml")[1]["clusterName"], name);
}

#[test]
fn pods_are_kept_from_the_metadata_service() {
    let node = Node::new();
    node.api_after(1);
    let ran = node.run("worker", &[]);
    ran.succeeded();
    assert!(ran.file("etc/jeroboam/metadata-guard.sh").contains("169.254.169.254"));
    assert!(ran.calls.contains("systemctl enable --now jeroboam-metadata-guard.service"));
}
