//! Single fields changed: the part of JSON patch that Magnum speaks, `add`, `replace` and
//! `remove` of a field or of one label. <https://datatracker.ietf.org/doc/html/rfc6902>

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Labels, NewTemplate, Problem, text};

/// One change. Paths are `name`, `/name` or `/labels/KEY`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patch {
    pub op: PatchOp,
    pub path: String,
    /// `None` with `remove` only.
    pub value: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatchOp {
    Add,
    Replace,
    Remove,
}

/// What a template can be changed in while clusters refer to it.
pub const HARMLESS: [&str; 4] = ["name", "public", "hidden", "tags"];
/// What every template has.
const NEEDED: [&str; 10] = [
    "name",
    "image_id",
    "coe",
    "external_network_id",
    "tls_disabled",
    "public",
    "server_type",
    "registry_enabled",
    "hidden",
    "labels",
];

impl Patch {
    /// The command line's form: `path=value`, or for a removal the path alone.
    pub fn parse(op: PatchOp, argument: &str) -> Result<Self, Problem> {
        let bad = |why: String| Err(Problem::invalid(why));
        let shown = text::clean(argument);
        match (op, argument.split_once('=')) {
            (PatchOp::Remove, None) => Ok(Self { op, path: argument.into(), value: None }),
            (PatchOp::Remove, Some(_)) => bad(format!("\"{shown}\": to remove, give the field's name alone")),
            (_, Some((path, value))) => Ok(Self { op, path: path.into(), value: Some(value.into()) }),
            (_, None) => bad(format!("\"{shown}\": write FIELD=VALUE")),
        }
    }

    /// The field, and the label's key below it.
    pub fn target(&self) -> (&str, Option<&str>) {
        let path = self.path.strip_prefix('/').unwrap_or(&self.path);
        match path.split_once('/') {
            Some((field, key)) => (field, Some(key)),
            None => (path, None),
        }
    }
}

/// The template with all patches laid on, or what is wrong with each that cannot be.
pub fn template(of: &NewTemplate, patches: &[Patch]) -> Result<NewTemplate, Vec<Problem>> {
    let mut fields = match serde_json::to_value(of) {
        Ok(Value::Object(fields)) => fields,
        _ => return Err(vec![Problem::local("the template cannot be written as fields")]),
    };
    let defaults = serde_json::to_value(NewTemplate::default()).unwrap_or_default();
    let mut found: Vec<Problem> = patches
        .iter()
        .filter_map(|patch| {
            lay(&mut fields, &defaults, patch).err().map(|why| Problem::invalid(why).on_field(patch.target().0))
        })
        .collect();
    if found.is_empty() {
        match read::<NewTemplate>(fields) {
            Ok(template) => return Ok(template),
            Err(problem) => found.push(problem),
        }
    }
    Err(found)
}

/// What makes the second template of the first, field by field and label by label.
pub fn between(from: &NewTemplate, to: &NewTemplate) -> Vec<Patch> {
    let fields = |of: &NewTemplate| match serde_json::to_value(of) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let (from, to) = (fields(from), fields(to));
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut patches = Vec::new();
    let mut differ = |path: String, before: Option<&Value>, after: Option<&Value>| match (before, after) {
        (before, after) if before == after => {}
        (_, None | Some(Value::Null)) => patches.push(Patch { op: PatchOp::Remove, path, value: None }),
        (before, Some(after)) => {
            let op = if before.is_none_or(Value::is_null) { PatchOp::Add } else { PatchOp::Replace };
            patches.push(Patch { op, path, value: Some(text(after)) });
        }
    };
    for (name, after) in &to {
        match (from.get(name), after) {
            (Some(Value::Object(before)), Value::Object(after)) => {
                let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
                keys.into_iter().for_each(|key| differ(format!("{name}/{key}"), before.get(key), after.get(key)));
            }
            (before, after) => differ(name.clone(), before, Some(after)),
        }
    }
    patches
}

fn read<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, Problem> {
    serde_json::from_value(Value::Object(fields)).map_err(|error| Problem::invalid(text::clean(&error.to_string())))
}

fn lay(fields: &mut Map<String, Value>, defaults: &Value, patch: &Patch) -> Result<(), String> {
    let (field, key) = patch.target();
    let shown = text::clean(field);
    let Some(now) = fields.get_mut(field) else {
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        return Err(format!("a template has no field \"{shown}\"; there are: {}", names.join(", ")));
    };
    if let Some(key) = key {
        return match now {
            Value::Object(labels) if field == "labels" => lay_label(labels, key, patch),
            _ => Err(format!("field {shown} has nothing below it")),
        };
    }
    match (patch.op, &patch.value) {
        (PatchOp::Remove, _) if NEEDED.contains(&field) && field != "labels" => {
            Err(format!("field {shown} is needed and cannot be removed"))
        }
        (PatchOp::Remove, _) => {
            *now = if field == "labels" { Value::Object(Map::new()) } else { defaults[field].clone() };
            if !now.is_object() && !now.is_boolean() {
                *now = Value::Null;
            }
            Ok(())
        }
        (PatchOp::Add, _) if !now.is_null() && field != "labels" => {
            Err(format!("field {shown} is set already: replace it"))
        }
        (_, None) => Err(format!("field {shown} needs a value")),
        (op, Some(text)) if field == "labels" => {
            let more = Labels::parse_flag(text).map_err(|problem| problem.summary)?;
            let more = serde_json::to_value(more).unwrap_or_default();
            match (op, now, more) {
                (PatchOp::Add, Value::Object(labels), Value::Object(more)) => labels.extend(more),
                (_, now, more) => *now = more,
            }
            Ok(())
        }
        (_, Some(text)) => {
            *now = typed(&shown, &defaults[field], text)?;
            Ok(())
        }
    }
}

fn lay_label(labels: &mut Map<String, Value>, key: &str, patch: &Patch) -> Result<(), String> {
    let shown = text::clean(key);
    match (patch.op, &patch.value) {
        (PatchOp::Remove, _) => {
            labels.remove(key).map(|_| ()).ok_or_else(|| format!("there is no label {shown} to remove"))
        }
        (PatchOp::Replace, Some(_)) if !labels.contains_key(key) => {
            Err(format!("there is no label {shown} to replace: add it"))
        }
        (_, Some(value)) => {
            let (key, value) = Labels::parse_pair(&format!("{key}={value}")).map_err(|problem| problem.summary)?;
            labels.insert(key, value.into());
            Ok(())
        }
        (_, None) => Err(format!("label {shown} needs a value")),
    }
}

/// The value as the field's type has it; what else it must be is judged with the whole template.
fn typed(field: &str, default: &Value, text: &str) -> Result<Value, String> {
    let boolean = || match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(Value::Bool(true)),
        "false" | "0" | "no" | "off" => Ok(Value::Bool(false)),
        _ => Err(format!("field {field} is true or false, not \"{}\"", text::clean(text))),
    };
    match default {
        Value::Bool(_) => boolean(),
        _ if field == "docker_volume_size" => text
            .parse::<u32>()
            .map(Value::from)
            .map_err(|_| format!("field {field} is a number of GB, not \"{}\"", text::clean(text))),
        _ => Ok(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Patch, PatchOp, template};
    use crate::model::NewTemplate;

    fn patched(changes: &[(PatchOp, &str)]) -> Result<NewTemplate, String> {
        let patches: Vec<Patch> = changes
            .iter()
            .map(|(op, argument)| Patch::parse(*op, argument))
            .collect::<Result<_, _>>()
            .map_err(|e| e.summary)?;
        template(&NewTemplate { name: "k8s".into(), ..NewTemplate::default() }, &patches)
            .map_err(|all| all.into_iter().map(|problem| problem.line()).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn fields_and_labels() {
        use PatchOp::{Add, Remove, Replace};
        let made = patched(&[
            (Replace, "name=other"),
            (Add, "/docker_volume_size=20"),
            (Replace, "public=true"),
            (Add, "labels/kube_tag=v1.31.4"),
            (Replace, "labels/kube_tag=v1.32.0"),
            (Add, "labels=a=1,b=2"),
            (Remove, "labels/a"),
            (Remove, "dns_nameserver"),
            (Remove, "floating_ip_enabled"),
        ])
        .unwrap();
        assert_eq!((made.name.as_str(), made.docker_volume_size, made.public), ("other", Some(20), true));
        assert_eq!(made.labels.to_string(), "b=2,kube_tag=v1.32.0");
        assert_eq!((made.dns_nameserver, made.floating_ip_enabled), (None, true), "Magnum's defaults, or nothing");
        assert!(patched(&[(Add, "labels=a=1"), (Remove, "labels")]).unwrap().labels.is_empty());
    }

    #[test]
    fn what_lies_between_two_templates_makes_the_second_of_the_first() {
        let labels = |text: &str| crate::model::Labels::parse_flag(text).unwrap();
        let from = NewTemplate {
            name: "k8s".into(),
            image_id: "i".into(),
            docker_volume_size: Some(20),
            labels: labels("a=1,b=2"),
            ..NewTemplate::default()
        };
        let to = NewTemplate {
            name: "other".into(),
            docker_volume_size: None,
            fixed_network: Some("private".into()),
            public: true,
            dns_nameserver: None,
            labels: labels("b=3,c=4"),
            ..from.clone()
        };
        let patches = super::between(&from, &to);
        assert_eq!(patches.len(), 8, "{patches:?}");
        assert_eq!(template(&from, &patches).unwrap(), to);
        assert_eq!(template(&to, &super::between(&to, &from)).unwrap(), from);
        assert_eq!(super::between(&from, &from), []);
    }

    #[test]
    fn what_cannot_be() {
        use PatchOp::{Add, Remove, Replace};
        for (op, argument, told) in [
            (Replace, "nonsense=1", "no field"),
            (Replace, "name", "FIELD=VALUE"),
            (Remove, "name=x", "alone"),
            (Remove, "image_id", "cannot be removed"),
            (Add, "name=x", "replace it"),
            (Replace, "public=maybe", "true or false"),
            (Replace, "docker_volume_size=big", "number of GB"),
            (Replace, "labels/none=1", "add it"),
            (Remove, "labels/none", "no label"),
            (Add, "labels/a b=1", "space"),
            (Replace, "name/x=1", "nothing below"),
            (Replace, "no\u{1b}[2Jne=1", "no field"),
        ] {
            let problem = patched(&[(op, argument)]).unwrap_err();
            assert!(problem.contains(told) && !problem.contains('\u{1b}'), "{argument}: {problem}");
        }
    }
}
