//! `OS::Heat::ResourceGroup`: the template of its nested stack.

use serde_json::{Map, Value, json};

/// Most members a group may have here; Heat's own cap is the stack's resource limit.
pub const MOST: u64 = 1000;

/// Names of `count` members, those that removal policies name left out.
pub fn names(count: u64, removal_policies: &Value) -> Vec<String> {
    let removed: Vec<String> = removal_policies
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|policy| policy.get("resource_list")?.as_array())
        .flatten()
        .map(super::python::text)
        .collect();
    let wanted = usize::try_from(count).unwrap_or(0);
    (0u64..).map(|n| n.to_string()).filter(|name| !removed.contains(name)).take(wanted).collect()
}

/// The nested stack's template: `definition` once per name, the index written in.
pub fn template(definition: &Value, index: &str, names: &[String]) -> Value {
    let resources: Map<String, Value> =
        names.iter().map(|name| (name.clone(), write_in(definition, index, name))).collect();
    json!({"heat_template_version": "2015-04-30", "resources": resources})
}

fn write_in(value: &Value, index: &str, name: &str) -> Value {
    match value {
        Value::String(text) if index.is_empty() => Value::String(text.clone()),
        Value::String(text) => Value::String(text.replace(index, name)),
        Value::Array(items) => items.iter().map(|item| write_in(item, index, name)).collect(),
        Value::Object(map) => map.iter().map(|(key, item)| (key.clone(), write_in(item, index, name))).collect(),
        other => other.clone(),
    }
}
