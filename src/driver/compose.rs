//! The plan for a cluster: a manifest's tables filled in. Start reading at [`Driver::plan`].

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::archive;
use super::attributes::{self, Place};
use super::plan::{Parameter, PlanInput, StackPlan};
use super::registry::Driver;
use crate::model::cluster::timeout_minutes;
use crate::model::spec::DEFAULT_WORKER_SLOT;
use crate::model::text::is_unsafe;
use crate::model::{Problem, WorkerGroup};

/// A host name has 63 characters, of which the stack's name takes 43 and numbers the rest.
const GROUP_NAME_CUT: usize = 12;
/// Nova takes 65535 characters of base64. The rest is room for what Heat adds.
pub const USER_DATA_MAX: usize = 46_000;

impl Driver {
    /// Exactly what Heat is to be sent for this cluster; the same input gives the same plan.
    pub fn plan(&self, input: &PlanInput) -> Result<StackPlan, Problem> {
        let manifest = &self.manifest;
        let place = self.place(input, None);
        let mut parameters = BTreeMap::new();
        for (parameter, attribute) in &manifest.parameters {
            if let Some(name) = attribute.strip_prefix("secret.") {
                if let Some(secret) = secret(input, name)? {
                    parameters.insert(parameter.clone(), Parameter::Secret(secret.clone()));
                }
                continue;
            }
            let value = match attribute.as_str() {
                "settings.masters" => self.settings(&place)?.into(),
                "spec.worker_groups" => self.worker_groups(input)?,
                other => attributes::value(other, &place),
            };
            if !value.is_null() {
                parameters.insert(parameter.clone(), Parameter::Plain(value));
            }
        }
        for (parameter, entries) in &manifest.archives {
            parameters.insert(parameter.clone(), self.archive(input, entries)?);
        }
        let environment_files: Vec<String> = manifest
            .environments
            .iter()
            .filter_map(|choice| {
                let on = attributes::value(&choice.when, &place) == Value::Bool(true);
                if on { choice.then.clone() } else { choice.otherwise.clone() }
            })
            .collect();
        let sent = manifest.files.iter().chain(&environment_files);
        Ok(StackPlan {
            stack_name: input.cluster.stack_name.clone(),
            template: self.files.get(&manifest.template).cloned().unwrap_or_default(),
            files: sent.filter_map(|name| Some((name.clone(), self.files.get(name)?.clone()))).collect(),
            environment_files,
            parameters,
            timeout_mins: timeout_minutes(input.cluster.create_timeout),
            tags: vec!["jeroboam".into(), input.cluster.uuid.to_string()],
        })
    }

    /// Whether the cluster's add-ons are given a cloud credential of their own.
    pub fn needs_credential(&self, input: &PlanInput) -> bool {
        let manifest = &self.manifest;
        let mut sources = manifest.parameters.values().chain(manifest.archives.values().flat_map(BTreeMap::values));
        let named = sources.any(|source| source.trim_end_matches('?') == "secret.app_credential_id");
        let on = |when: &String| attributes::value(when, &self.place(input, None)) == Value::Bool(true);
        named && manifest.credential_when.as_ref().is_none_or(on)
    }

    fn place<'a>(&'a self, input: &'a PlanInput, group: Option<&'a WorkerGroup>) -> Place<'a> {
        Place { input, group, defaults: &self.manifest.label_defaults }
    }

    /// `NAME=value` lines in base64. The value goes to the end of its line and nodes never
    /// read it as shell, so a line break is the only thing that could do harm.
    fn settings(&self, place: &Place) -> Result<String, Problem> {
        let mut lines = String::new();
        for (name, attribute) in &self.manifest.settings {
            let text = match attributes::value(attribute, place) {
                Value::Null => continue,
                // Scripts compare with "true".
                Value::String(text) if text.eq_ignore_ascii_case("true") => "true".to_owned(),
                Value::String(text) if text.eq_ignore_ascii_case("false") => "false".to_owned(),
                Value::String(text) => text,
                other => other.to_string(),
            };
            if text.chars().any(|c| is_unsafe(c) || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')) {
                let (kind, field) = attribute.split_once('.').unwrap_or_default();
                let told = format!("{kind} {field}: it has a line break or control character in it");
                return Err(Problem::invalid(told).on_field(if kind == "label" { "labels" } else { field }));
            }
            lines.push_str(&format!("{name}={text}\n"));
        }
        Ok(STANDARD.encode(lines))
    }

    /// The groups by slot, as `node-group.yaml` reads them.
    fn worker_groups(&self, input: &PlanInput) -> Result<Value, Problem> {
        let mut groups = Map::new();
        for group in &input.spec.workers {
            let place = self.place(input, Some(group));
            let label = |name: &str| place.label(name).unwrap_or_default();
            let size = label("boot_volume_size");
            let boot_volume_size: u32 = if size.is_empty() { Ok(0) } else { size.parse() }.map_err(|_| {
                let told = format!("label boot_volume_size: \"{size}\" is not a number of GB");
                Problem::invalid(told).on_field("labels")
            })?;
            let affinity = Some(label("nodes_affinity_policy")).filter(|policy| !policy.is_empty());
            let nodes = group.nodes.iter().map(|(index, node)| {
                let version = node.image.kube_version.as_deref().unwrap_or_default();
                (index.to_string(), json!({"image": node.image.id, "kube_version": version}))
            });
            let entry = json!({
                "name": machine_name(group),
                "count": group.count(),
                "removed": group.removed.iter().map(u32::to_string).collect::<Vec<_>>(),
                "flavor": group.flavor_id,
                "availability_zone": label("availability_zone"),
                "affinity": affinity.unwrap_or("soft-anti-affinity"),
                "boot_volume_size": boot_volume_size,
                "boot_volume_type": label("boot_volume_type"),
                "container_volume_size": group.docker_volume_size.unwrap_or(0),
                "container_volume_type": label("docker_volume_type"),
                "nodes": nodes.collect::<Map<_, _>>(),
                "settings": self.settings(&place)?,
            });
            groups.insert(group.slot.to_string(), entry);
        }
        Ok(Value::Object(groups))
    }

    /// Secret as soon as one file in it is.
    fn archive(&self, input: &PlanInput, entries: &BTreeMap<String, String>) -> Result<Parameter, Problem> {
        let mut files: Vec<(&str, &[u8])> = Vec::new();
        let mut hidden = false;
        for (path, source) in entries {
            if let Some(name) = source.strip_prefix("secret.") {
                hidden = true;
                if let Some(secret) = secret(input, name)? {
                    files.push((path, secret.expose_secret().as_bytes()));
                }
            } else if let Some(text) = self.files.get(source) {
                files.push((path, text.as_bytes()));
            }
        }
        let bad = |why: String| Problem::local(format!("driver {}: {why}", self.manifest.name));
        let text = archive::pack(files.into_iter()).map_err(|error| bad(error.to_string()))?;
        if text.len() > USER_DATA_MAX {
            return Err(bad(format!(
                "its node files come to {} bytes; user data has room for {USER_DATA_MAX}",
                text.len()
            )));
        }
        Ok(if hidden { Parameter::Secret(text.into()) } else { Parameter::Plain(text.into()) })
    }
}

/// A name with `?` behind it may be missing or empty.
fn secret<'a>(input: &'a PlanInput, name: &str) -> Result<Option<&'a SecretString>, Problem> {
    let (name, needed) = name.strip_suffix('?').map_or((name, true), |name| (name, false));
    match input.secrets.get(name) {
        None if needed => {
            Err(Problem::local(format!("cluster {}: its secret {name} is missing from the store", input.cluster.name)))
        }
        found => Ok(found.filter(|secret| needed || !secret.expose_secret().is_empty())),
    }
}

/// The name of a master's server, and of its Kubernetes node.
pub fn master_name(stack_name: &str, index: u32) -> String {
    format!("{stack_name}-master-{index}")
}

/// The name of a worker's server, and of its Kubernetes node.
pub fn worker_name(stack_name: &str, group: &WorkerGroup, index: u32) -> String {
    format!("{stack_name}-{}-{index}", machine_name(group))
}

/// Part of the names of a group's machines; no two groups of a cluster have the same.
fn machine_name(group: &WorkerGroup) -> String {
    if group.slot == DEFAULT_WORKER_SLOT {
        return "worker".to_owned();
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = group.name.chars().take(GROUP_NAME_CUT).map(plain).collect();
    let name = name.trim_matches('-');
    format!("{}-{}", if name.is_empty() { "workers" } else { name }, group.slot)
}
