//! One driver, checked, and what it does: the plan for a cluster, and what a stack's outputs say.

use std::collections::BTreeMap;

use serde_json::Value;

use super::attributes;
use super::drivers::{Folder, Origin};
use super::manifest::Manifest;
use super::plan::{Parameter, PlanInput, StackPlan};
use crate::model::cluster::timeout_minutes;
use crate::model::{NewTemplate, Problem};

/// A manifest whose files and attributes are all there.
#[derive(Debug, Clone)]
pub struct Driver {
    pub manifest: Manifest,
    pub origin: Origin,
    pub files: Folder,
}

/// What a finished stack says of its cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outputs {
    /// `https://IP:6443`.
    pub api_address: Option<String>,
    pub master_addresses: Vec<String>,
    pub node_addresses: Vec<String>,
}

impl Driver {
    /// Checks that what the manifest names is there; [`super::lint`] looks closer.
    pub fn new(manifest: Manifest, files: Folder, origin: Origin) -> Result<Self, Problem> {
        match faults(&manifest, &files).into_iter().next() {
            Some(fault) => Err(Problem::invalid(format!("driver {}: {fault}", manifest.name))),
            None => Ok(Self { manifest, origin, files }),
        }
    }

    pub fn serves(&self, server_type: &str, os_distro: &str, coe: &str) -> bool {
        let m = &self.manifest;
        m.server_type == server_type && m.coe == coe && m.os_distro.iter().any(|d| d == os_distro)
    }

    /// What this driver cannot build of a template, each with its field.
    pub fn refusals(&self, template: &NewTemplate) -> Vec<Problem> {
        let fields = serde_json::to_value(template).unwrap_or_default();
        let given = |field: &str| match fields.get(field) {
            None | Some(Value::Null | Value::Bool(false)) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(other) => Some(other.to_string()),
        };
        let name = &self.manifest.name;
        let refused = self.manifest.refuses.iter().filter_map(|(field, why)| {
            given(field)?;
            let told = format!("driver {name} does not take {}: {why}", field.replace('_', " "));
            Some(Problem::invalid(told).on_field(field))
        });
        let narrowed = self.manifest.accepts.iter().filter_map(|(field, allowed)| {
            let value = given(field).filter(|value| !allowed.contains(value))?;
            let told = format!("driver {name} cannot build {} {value}", field.replace('_', " "));
            Some(Problem::invalid(told).on_field(field).advise(format!("It builds: {}", allowed.join(", "))))
        });
        refused.chain(narrowed).collect()
    }

    /// Whether the cluster's add-ons are given a cloud credential of their own.
    pub fn needs_credential(&self, input: &PlanInput) -> bool {
        let named = self.manifest.parameters.values().any(|attribute| attribute == "secret.app_credential_id");
        let wanted = self.manifest.credential_when.as_deref().and_then(attributes::source);
        named && wanted.is_none_or(|source| source(input) == Value::Bool(true))
    }

    /// Exactly what Heat is to be sent for this cluster; the same input gives the same plan.
    pub fn plan(&self, input: &PlanInput) -> Result<StackPlan, Problem> {
        let mut parameters = BTreeMap::new();
        for (parameter, attribute) in &self.manifest.parameters {
            if let Some(name) = attribute.strip_prefix("secret.") {
                let secret = input.secrets.get(name).ok_or_else(|| {
                    Problem::local(format!(
                        "cluster {}: its secret {name} is missing from the store",
                        input.cluster.name
                    ))
                })?;
                parameters.insert(parameter.clone(), Parameter::Secret(secret.clone()));
            } else if let Some(source) = attributes::source(attribute) {
                let value = source(input);
                if !value.is_null() {
                    parameters.insert(parameter.clone(), Parameter::Plain(value));
                }
            }
        }
        for (label, parameter) in &self.manifest.labels {
            if let Some(value) = input.cluster.labels.get(label) {
                parameters.insert(parameter.clone(), Parameter::Plain(value.into()));
            }
        }
        let environment_files: Vec<String> = self
            .manifest
            .environments
            .iter()
            .filter_map(|choice| {
                let on = attributes::source(&choice.when).is_some_and(|source| source(input) == Value::Bool(true));
                if on { choice.then.clone() } else { choice.otherwise.clone() }
            })
            .collect();
        let sent = self.manifest.files.iter().chain(&environment_files);
        Ok(StackPlan {
            stack_name: input.cluster.stack_name.clone(),
            template: self.files.get(&self.manifest.template).cloned().unwrap_or_default(),
            files: sent.filter_map(|name| Some((name.clone(), self.files.get(name)?.clone()))).collect(),
            environment_files,
            parameters,
            timeout_mins: timeout_minutes(input.cluster.create_timeout),
            tags: vec!["jeroboam".into(), input.cluster.uuid.to_string()],
        })
    }

    /// Reads a finished stack's outputs.
    pub fn outputs(&self, outputs: &BTreeMap<String, Value>) -> Outputs {
        let names = &self.manifest.outputs;
        let best = |name: &String| -> Vec<String> {
            // Ordered from the most public on: the first list with anything in it.
            match outputs.get(name) {
                Some(Value::Array(lists)) if lists.iter().any(Value::is_array) => {
                    lists.iter().map(addresses).find(|list| !list.is_empty()).unwrap_or_default()
                }
                Some(value) => addresses(value),
                None => Vec::new(),
            }
        };
        Outputs {
            api_address: best(&names.api_address).first().map(|ip| format!("https://{ip}:6443")),
            master_addresses: best(&names.master_addresses),
            node_addresses: best(&names.node_addresses),
        }
    }
}

/// What the manifest names and is not there.
pub fn faults(manifest: &Manifest, files: &Folder) -> Vec<String> {
    let environments = manifest.environments.iter().flat_map(|e| e.then.iter().chain(&e.otherwise));
    let named = manifest.files.iter().chain([&manifest.template]).chain(environments);
    let missing = named.filter(|file| !files.contains_key(*file));
    let switches = manifest.environments.iter().map(|e| &e.when).chain(&manifest.credential_when);
    let unknown = manifest
        .parameters
        .values()
        .chain(switches)
        .filter(|attribute| attributes::source(attribute).is_none() && !attribute.starts_with("secret."));
    let missing = missing.map(|file| format!("file {file} is named but not there"));
    missing.chain(unknown.map(|attribute| format!("attribute {attribute} is not known"))).collect()
}

fn addresses(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if !text.is_empty() => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(addresses).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
