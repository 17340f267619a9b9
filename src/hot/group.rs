//! `OS::Heat::ResourceGroup`: the template of its nested stack.

use serde_json::{Map, Value, json};

use super::parameters::number;

/// Most members a group may have here; Heat's own cap is the stack's resource limit.
pub const MOST: u64 = 1000;

pub const TYPE: &str = "OS::Heat::ResourceGroup";
/// Where a group's resource keeps the names that are never used again.
pub const REMOVED: &str = "name_blacklist";

/// Names never to be used (again). `before`: those of old; `members`: names and references of the
/// members that are there, `None` while the group is not made yet. As in Heat, only what is or was
/// there can be removed.
pub fn removed(
    properties: &Map<String, Value>,
    before: Option<&Value>,
    members: Option<&[(String, Value)]>,
) -> Vec<String> {
    let before: Vec<String> = before.and_then(Value::as_array).into_iter().flatten().map(super::python::text).collect();
    let replaced = properties.get("removal_policies_mode").is_some_and(|mode| mode == "update");
    let mut removed = if replaced { Vec::new() } else { before.clone() };
    let policies = properties.get("removal_policies").and_then(Value::as_array).into_iter().flatten();
    for said in policies.filter_map(|policy| policy.get("resource_list")?.as_array()).flatten() {
        let name = super::python::text(said);
        let known = match members {
            _ if before.contains(&name) => Some(name),
            None => Some(name),
            Some(members) => {
                let found = members.iter().find(|(member, reference)| *member == name || *reference == name);
                found.map(|(member, _)| member.clone())
            }
        };
        removed.extend(known.filter(|name| !removed.contains(name)));
    }
    removed.sort();
    removed
}

/// The nested stack's template for a group of these properties.
pub fn assemble(properties: &Map<String, Value>, removed: &[String]) -> Value {
    let count = properties.get("count").and_then(|n| number(n).ok()).and_then(|n| n.as_u64()).unwrap_or(1);
    let wanted = usize::try_from(count.min(MOST)).unwrap_or(0);
    let names: Vec<String> =
        (0u64..).map(|n| n.to_string()).filter(|name| !removed.contains(name)).take(wanted).collect();
    let index = properties.get("index_var").and_then(Value::as_str).unwrap_or("%index%");
    template(properties.get("resource_def").unwrap_or(&Value::Null), index, &names)
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
