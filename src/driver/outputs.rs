//! What a stack's outputs say of its cluster.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::registry::Driver;

/// What a finished stack says of its cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outputs {
    /// `https://IP:6443`.
    pub api_address: Option<String>,
    /// The most public address of each, by index.
    pub master_addresses: Vec<String>,
    /// Those of all groups, by slot and index.
    pub node_addresses: Vec<String>,
    /// Every machine, masters first, by slot and index.
    pub nodes: Vec<NodeAddress>,
}

/// Where a machine is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeAddress {
    /// The worker group's; `None`: a master.
    pub slot: Option<u32>,
    pub index: u32,
    /// Nova's id.
    pub server_id: String,
    /// In the cluster's network.
    pub address: Option<String>,
    pub floating_address: Option<String>,
}

impl NodeAddress {
    /// The most public one.
    pub fn best(&self) -> Option<String> {
        self.floating_address.clone().or_else(|| self.address.clone())
    }
}

impl Driver {
    /// Reads a finished stack's outputs; what is missing or odd is left out.
    pub fn outputs(&self, outputs: &BTreeMap<String, Value>) -> Outputs {
        let names = &self.manifest.outputs;
        let output = |name: &String| outputs.get(name).unwrap_or(&Value::Null);
        let masters = nodes(None, output(&names.masters));
        let mut groups: Vec<(u32, &Value)> =
            output(&names.worker_groups).as_object().into_iter().flatten().filter_map(numbered).collect();
        groups.sort_by_key(|(slot, _)| *slot);
        let workers: Vec<NodeAddress> = groups.into_iter().flat_map(|(slot, group)| nodes(Some(slot), group)).collect();
        let public = |nodes: &[NodeAddress]| -> Vec<String> { nodes.iter().filter_map(NodeAddress::best).collect() };
        Outputs {
            api_address: first_address(output(&names.api_address)).map(|ip| format!("https://{ip}:6443")),
            master_addresses: public(&masters),
            node_addresses: public(&workers),
            nodes: masters.into_iter().chain(workers).collect(),
        }
    }
}

/// The machines of one group: maps from index to server, address and floating address.
fn nodes(slot: Option<u32>, group: &Value) -> Vec<NodeAddress> {
    let text = |of: &str, index: u32| {
        let found = group.get(of).and_then(|map| map.get(index.to_string())).and_then(Value::as_str);
        found.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let servers = group.get("servers").and_then(Value::as_object);
    let mut indexes: Vec<u32> = servers.into_iter().flatten().filter_map(numbered).map(|(index, _)| index).collect();
    indexes.sort_unstable();
    let node = |index| {
        Some(NodeAddress {
            slot,
            index,
            server_id: text("servers", index)?,
            address: text("addresses", index),
            floating_address: text("floating_addresses", index),
        })
    };
    indexes.into_iter().filter_map(node).collect()
}

fn numbered<'a>((key, value): (&'a String, &'a Value)) -> Option<(u32, &'a Value)> {
    Some((key.parse().ok()?, value))
}

/// Ordered from the most public on; empty entries are skipped.
fn first_address(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Array(items) => items.iter().find_map(first_address),
        _ => None,
    }
}
