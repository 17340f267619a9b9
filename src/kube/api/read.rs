//! Reading the API's JSON, which may be anything: a missing or odd field is empty.
//! <https://kubernetes.io/docs/reference/kubernetes-api/>

use serde_json::Value;

use super::Node;
use crate::model::text::clean;

const ROLE: &str = "node-role.kubernetes.io/";

fn text(value: &Value) -> String {
    value.as_str().map(clean).unwrap_or_default()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// `None` for what has no name.
pub fn node(value: &Value) -> Option<Node> {
    let name = Some(text(&value["metadata"]["name"])).filter(|name| !name.is_empty())?;
    let status = &value["status"];
    let condition = items(&status["conditions"]).iter().find(|condition| condition["type"] == "Ready");
    let ready = condition.is_some_and(|condition| condition["status"] == "True");
    let said = |condition: &Value| [text(&condition["reason"]), text(&condition["message"])].join(": ");
    let reason = match condition {
        _ if ready => String::new(),
        Some(condition) => said(condition).trim_matches([':', ' ']).to_owned(),
        None => "it has not reported yet".into(),
    };
    let labels = value["metadata"]["labels"].as_object();
    let roles = labels.into_iter().flatten().filter_map(|(key, _)| key.strip_prefix(ROLE)).map(clean).collect();
    let is_address = |address: &&Value| matches!(address["type"].as_str(), Some("InternalIP" | "ExternalIP"));
    Some(Node {
        name,
        ready,
        reason,
        unschedulable: value["spec"]["unschedulable"].as_bool().unwrap_or_default(),
        version: text(&status["nodeInfo"]["kubeletVersion"]),
        roles,
        addresses: items(&status["addresses"]).iter().filter(is_address).map(|a| text(&a["address"])).collect(),
    })
}

/// A pod as far as draining goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pod {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    /// Nothing an eviction could do about it, or should: a static pod's mirror, a DaemonSet's, a finished one.
    pub stays: bool,
    /// It was evicted or deleted, and its containers end.
    pub ending: bool,
}

pub fn pod(value: &Value) -> Option<Pod> {
    let metadata = &value["metadata"];
    let (namespace, name) = (metadata["namespace"].as_str()?.to_owned(), metadata["name"].as_str()?.to_owned());
    let is_daemon = |owner: &Value| owner["controller"] == true && owner["kind"] == "DaemonSet";
    let mirror = metadata["annotations"].get("kubernetes.io/config.mirror").is_some();
    let daemon = items(&metadata["ownerReferences"]).iter().any(is_daemon);
    let finished = matches!(value["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    Some(Pod {
        namespace,
        name,
        uid: text(&metadata["uid"]),
        stays: mirror || daemon || finished,
        ending: metadata["deletionTimestamp"].is_string(),
    })
}

/// Names of the failed checks in `/readyz?verbose`: lines `[-]etcd failed: reason withheld`.
pub fn failing_checks(body: &str) -> Vec<String> {
    const MOST: usize = 20;
    let names = body.lines().filter_map(|line| line.strip_prefix("[-]")?.split_whitespace().next());
    names.take(MOST).map(clean).collect()
}

/// What a `Status` object says, else the beginning of the text.
pub fn message(body: &[u8]) -> String {
    const LONGEST: usize = 300;
    let said = serde_json::from_slice::<Value>(body).ok().map(|value| text(&value["message"]));
    let said = said.filter(|said| !said.is_empty()).unwrap_or_else(|| clean(&String::from_utf8_lossy(body)));
    said.chars().take(LONGEST).collect::<String>().trim().to_owned()
}
