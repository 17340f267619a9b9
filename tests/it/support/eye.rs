//! The cloud seen with another program's eyes: the ordinary `openstack` client.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

pub struct Eye {
    pub cloud: String,
}

/// Heat type -> list command whose rows carry the physical id in the column `ID`/`id`.
const LISTS: &[(&str, &[&str])] = &[
    ("OS::Nova::Server", &["server", "list"]),
    ("OS::Nova::ServerGroup", &["server", "group", "list"]),
    ("OS::Neutron::Port", &["port", "list"]),
    ("OS::Neutron::Net", &["network", "list"]),
    ("OS::Neutron::Subnet", &["subnet", "list"]),
    ("OS::Neutron::Router", &["router", "list"]),
    ("OS::Neutron::FloatingIP", &["floating", "ip", "list"]),
    ("OS::Neutron::SecurityGroup", &["security", "group", "list"]),
    ("OS::Octavia::LoadBalancer", &["loadbalancer", "list"]),
];

/// A name that no other run on the same cloud uses, also not one that was interrupted and left its things.
pub fn unique(name: &str) -> String {
    format!("{name}-{}", &uuid::Uuid::new_v4().simple().to_string()[..6])
}

impl Eye {
    /// The cloud that the real-cloud tests were given.
    pub fn from_env() -> Self {
        Self { cloud: std::env::var("OS_CLOUD").expect("OS_CLOUD names the cloud to test against") }
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = Command::new("openstack")
            .args(["--os-cloud", &self.cloud])
            .args(args)
            .args(["-f", "json"])
            .output()
            .unwrap();
        assert!(output.status.success(), "openstack {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub fn all_stacks(&self) -> Vec<String> {
        let rows = self.json(&["stack", "list"]);
        rows.as_array().unwrap().iter().map(|row| row["Stack Name"].as_str().unwrap().to_owned()).collect()
    }

    /// The one stack of a cluster, whose name begins with the cluster's.
    pub fn stack_named(&self, cluster: &str) -> String {
        let found: Vec<String> =
            self.all_stacks().into_iter().filter(|name| name.starts_with(&format!("{cluster}-"))).collect();
        assert_eq!(found.len(), 1, "stacks of {cluster}: {found:?}");
        found[0].clone()
    }

    /// Every physical resource of a stack, by Heat type. Aliased types are told apart by what they stand for.
    pub fn resources(&self, stack: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in self.json(&["stack", "resource", "list", "-n", "5", stack]).as_array().unwrap() {
            let kind = match row["resource_type"].as_str().unwrap() {
                "Jeroboam::NodeFloatingIP" | "Jeroboam::ApiFloatingIP" => "OS::Neutron::FloatingIP",
                kind => kind,
            };
            let id = row["physical_resource_id"].as_str().unwrap_or_default();
            found.entry(kind.to_owned()).or_default().insert(id.to_owned());
        }
        found
    }

    /// Which of those things the cloud still has.
    pub fn left(&self, resources: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
        let mut left = Vec::new();
        for (kind, list) in LISTS.iter().filter(|(kind, _)| resources.contains_key(*kind)) {
            let rows = self.json(list);
            let there: BTreeSet<&str> =
                rows.as_array().unwrap().iter().filter_map(|row| row["ID"].as_str().or(row["id"].as_str())).collect();
            left.extend(
                resources[*kind].iter().filter(|id| there.contains(id.as_str())).map(|id| format!("{kind} {id}")),
            );
        }
        left
    }
}
