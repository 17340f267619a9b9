//! What the first master applies once the control plane is up.

use rstest::rstest;

use serde_json::Value;

use super::{Node, Ran};

/// Add-ons in the order they were applied.
fn applied(ran: &Ran) -> Vec<String> {
    let calls = ran.calls.lines().filter(|call| call.starts_with("kubectl apply --server-side"));
    calls.filter_map(|call| Some(call.rsplit_once('/')?.1.trim_end_matches(".yaml").to_owned())).collect()
}

#[rstest]
#[case(&[], &["flannel", "metrics-server"])]
#[case(&[("METRICS_SERVER_ENABLED", "false")], &["flannel"])]
#[case(&[("CLOUD_PROVIDER_ENABLED", "true"), ("VOLUME_DRIVER", "cinder"), ("METRICS_SERVER_ENABLED", "false")],
       &["flannel", "cloud-controller-manager", "cinder-csi"])]
#[case(&[("NETWORK_DRIVER", "calico"), ("POST_INSTALL_MANIFEST_URL", "https://x/y.yaml")], &["calico", "metrics-server", "post-install"])]
#[case(&[("ADDONS_MIRROR", "https://mirror/"), ("MONITORING_ENABLED", "true"), ("INGRESS_CONTROLLER", "nginx")],
       &["flannel", "metrics-server", "monitoring", "ingress-nginx"])]
fn what_is_asked_for_is_applied_the_pod_network_first(#[case] settings: &[(&str, &str)], #[case] wanted: &[&str]) {
    let node = Node::new();
    let ran = node.run("master", settings);
    ran.succeeded();
    assert_eq!(applied(&ran), wanted, "{}", ran.log());
    for addon in wanted {
        let text = ran.file(&format!("etc/kubernetes/addons/{addon}.yaml"));
        assert!(!text.contains('@'), "a value is left in {addon}: {text}");
        for document in ran.documents(&format!("etc/kubernetes/addons/{addon}.yaml")) {
            assert!(document["kind"].is_string(), "{addon}");
        }
    }
}

#[test]
fn versions_go_with_kubernetes_and_images_come_from_the_clusters_own_registry() {
    let node = Node::new();
    let settings = [("CONTAINER_INFRA_PREFIX", "10.0.0.9:5000/k8s/"), ("CINDER_CSI_ENABLED", "true")];
    let ran = node.run("master", &settings);
    ran.succeeded();
    let manifest = ran.file("etc/kubernetes/addons/cinder-csi.yaml");
    assert!(manifest.contains("image: 10.0.0.9:5000/k8s/cinder-csi-plugin:v1.33.0"), "{manifest}");
    assert!(!manifest.contains("registry.k8s.io"));
    assert_eq!(ran.documents("etc/kubernetes/kubeadm.yaml")[1]["imageRepository"], "10.0.0.9:5000/k8s");
}

/// The credential goes into one Secret and stands in no argument.
#[test]
fn the_clusters_own_credential_becomes_a_secret() {
    let node = Node::new();
    node.write("etc/jeroboam/cloud/application_credential_id", "the-id");
    node.write("etc/jeroboam/cloud/application_credential_secret", "the-secret");
    let ran = node.run("master", &[("AUTH_URL", "https://keystone/v3"), ("REGION", "r1"), ("FIXED_SUBNET_ID", "s1")]);
    ran.succeeded();
    assert!(ran.calls.contains("kubectl create secret generic cloud-config --namespace kube-system"), "{}", ran.calls);
    assert!(!ran.calls.contains("the-secret") && !ran.log().contains("the-secret"));
    let cloud = ran.file("etc/jeroboam/cloud.conf");
    for line in ["auth-url=https://keystone/v3", "application-credential-secret=the-secret", "subnet-id=s1"] {
        assert!(cloud.lines().any(|have| have == line), "no {line} in {cloud}");
    }
}

/// So that the pods that use it are made anew when it is another one.
#[test]
fn pods_bear_the_credential_they_were_made_with() {
    let node = Node::new();
    node.write("etc/jeroboam/cloud/application_credential_id", "the-id");
    node.write("etc/jeroboam/cloud/application_credential_secret", "the-secret");
    let ran = node.run("master", &[("CLOUD_PROVIDER_ENABLED", "true"), ("CINDER_CSI_ENABLED", "true")]);
    ran.succeeded();
    for (addon, pods) in [("cloud-controller-manager", 1), ("cinder-csi", 2)] {
        let documents = ran.documents(&format!("etc/kubernetes/addons/{addon}.yaml"));
        let bears = |document: &&Value| {
            document["spec"]["template"]["metadata"]["annotations"]["jeroboam/credential"] == "the-id"
        };
        assert_eq!(documents.iter().filter(bears).count(), pods, "{addon}");
    }
}

#[test]
fn an_add_on_without_a_manifest_says_where_to_name_one() {
    let node = Node::new();
    node.run("master", &[("NETWORK_DRIVER", "cilium")])
        .failed_with(&["applying the add-on cilium failed", "label addons_mirror"]);
}
