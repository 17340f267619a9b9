//! What a node tells Heat.

use super::Node;

#[test]
fn a_failing_step_tells_heat_at_once_in_its_own_words() {
    let node = Node::new();
    node.stand_in(
        "kubeadm",
        "case $1 in version) echo v1.33.4 ;; init) echo 'error: port \"10250\" is in use' >&2; exit 3 ;; esac",
    );
    let ran = node.run("master", &[]);
    ran.failed_with(&["prod-0: starting the control plane failed", "exit 3", "port 10250 is in use"]);
    assert_eq!((ran.code, &ran.signal["data"]), (3, &"starting the control plane".into()));
    assert_eq!(ran.stages, ["containerd ready", "images pulled"]);
}

#[test]
fn a_signal_is_tried_again_and_its_token_is_in_no_argument() {
    let node = Node::new();
    node.api_after(1);
    node.write("deaf", "");
    let ran = node.run("worker", &[]);
    ran.succeeded();
    assert!(ran.file("signal-config").contains("X-Auth-Token: the-token"));
    assert!(!ran.calls.contains("the-token"), "{}", ran.calls);
    assert!(!ran.log().contains("the-token"));
}

#[test]
fn a_node_that_does_not_become_ready_says_what_kubernetes_says() {
    let node = Node::new();
    node.api_after(1);
    let not_ready = r#"{"status": {"conditions": [{"message": "cni plugin not initialized", "status": "False", "type": "Ready"}]}}"#;
    node.write("node.json", not_ready);
    let ran = node.run("worker", &[("NODE_READY_TIMEOUT", "30")]);
    ran.failed_with(&["waiting for the node to be Ready failed", "cni plugin not initialized"]);
    assert_eq!(ran.stages.last().unwrap(), "joined");
}
