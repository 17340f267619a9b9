//! Environments: parameters, defaults and the resource registry, merged from the
//! posted environment and the environment files.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::parameters::mapping;
use super::{Refusal, python};

const SECTIONS: [&str; 6] = [
    "parameters",
    "parameter_defaults",
    "resource_registry",
    "encrypted_param_names",
    "event_sinks",
    "parameter_merge_strategies",
];

/// What came out of the merge.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub parameters: Map<String, Value>,
    pub defaults: Map<String, Value>,
    /// Type name to what stands for it: another type, a template file, `OS::Heat::None`.
    registry: Vec<(String, String)>,
    /// The same for one resource by its name.
    named: Vec<(String, String)>,
}

impl Environment {
    /// `files` holds the environment files by name; later ones win.
    pub fn merge(posted: Option<&Value>, names: &[String], files: &BTreeMap<String, String>) -> Result<Self, Refusal> {
        let mut merged = Self::default();
        if let Some(posted) = posted {
            merged.add(&mapping(posted, "Environment")?)?;
        }
        for name in names {
            let text = files.get(name).ok_or_else(|| Refusal::stumble("KeyError"))?;
            merged.add(&mapping(&Value::String(text.clone()), "Environment")?)?;
        }
        Ok(merged)
    }

    fn add(&mut self, map: &Map<String, Value>) -> Result<(), Refusal> {
        if let Some(section) = map.keys().find(|key| !SECTIONS.contains(&key.as_str())) {
            return Err(Refusal::request(format!(
                "Environment not in valid format: environment has wrong section \"{section}\""
            )));
        }
        for (section, into) in [("parameters", &mut self.parameters), ("parameter_defaults", &mut self.defaults)] {
            match map.get(section) {
                None | Some(Value::Null) => {}
                Some(Value::Object(values)) => into.extend(values.clone()),
                Some(_) => {
                    return Err(Refusal::request(format!(
                        "Environment not in valid format: {section} must be a map of parameters"
                    )));
                }
            }
        }
        match map.get("resource_registry") {
            None | Some(Value::Null) => {}
            Some(Value::Object(registry)) => {
                for (key, value) in registry {
                    match value {
                        Value::String(target) => put(&mut self.registry, key, target),
                        Value::Object(resources) if key == "resources" => {
                            for (resource, types) in resources {
                                let target = types.as_object().and_then(|types| types.values().find_map(Value::as_str));
                                if let Some(target) = target {
                                    put(&mut self.named, resource, target);
                                }
                            }
                        }
                        other => {
                            return Err(Refusal::request(format!(
                                "Environment not in valid format: Invalid resource_registry entry {key}: {}",
                                python::repr(other)
                            )));
                        }
                    }
                }
            }
            Some(_) => {
                return Err(Refusal::request("Environment not in valid format: resource_registry must be a map"));
            }
        }
        Ok(())
    }

    /// What a type stands for after aliases were followed; a wildcard `Prefix*` maps onto its target's.
    pub fn target(&self, kind: &str, resource: &str) -> String {
        let mut at = self.named.iter().find(|(name, _)| name == resource).map_or(kind, |(_, target)| target).to_owned();
        // A registry can map types in a circle; Heat stops, and so do we.
        for _ in 0..16 {
            let next = self.registry.iter().rev().find_map(|(from, to)| {
                if *from == at {
                    return Some(to.clone());
                }
                let (prefix, target) = (from.strip_suffix('*')?, to.strip_suffix('*')?);
                at.strip_prefix(prefix).map(|rest| format!("{target}{rest}"))
            });
            match next {
                Some(next) if next != at => at = next,
                _ => break,
            }
        }
        at
    }

    /// What a PATCH leaves as it was: everything this one does not say, parameters only where `keep`.
    pub fn patch(&mut self, before: &Self, keep: impl Fn(&String) -> bool) {
        let mut parameters: Map<String, Value> =
            before.parameters.iter().filter(|(name, _)| keep(name)).map(|(k, v)| (k.clone(), v.clone())).collect();
        parameters.extend(std::mem::take(&mut self.parameters));
        let mut defaults = before.defaults.clone();
        defaults.extend(std::mem::take(&mut self.defaults));
        (self.parameters, self.defaults) = (parameters, defaults);
        for (old, new) in [(&before.registry, &mut self.registry), (&before.named, &mut self.named)] {
            let said = std::mem::replace(new, old.clone());
            for (key, target) in said {
                put(new, &key, &target);
            }
        }
    }

    /// Notes templates among the files as types of their own, as Heat's environment shows them.
    pub fn note_templates(&mut self, files: &BTreeMap<String, String>) {
        for (name, text) in files {
            if text.contains("heat_template_version") && !self.registry.iter().any(|(from, _)| from == name) {
                put(&mut self.registry, name, name);
            }
        }
    }

    /// What a nested stack sees: the registry and the defaults, not the root's parameters.
    #[must_use]
    pub fn for_nested(&self) -> Self {
        Self { parameters: Map::new(), ..self.clone() }
    }

    /// As `environment show` gives it.
    pub fn shown(&self) -> Value {
        let mut registry: Map<String, Value> =
            self.registry.iter().map(|(from, to)| (from.clone(), Value::from(to.clone()))).collect();
        registry.insert("resources".into(), Value::Object(Map::new()));
        serde_json::json!({
            "resource_registry": registry,
            "parameters": self.parameters,
            "parameter_defaults": self.defaults,
            "event_sinks": [],
            "encrypted_param_names": [],
        })
    }
}

fn put(list: &mut Vec<(String, String)>, key: &str, value: &str) {
    list.retain(|(name, _)| name != key);
    list.push((key.to_owned(), value.to_owned()));
}
