//! One driver, checked, and what it can build.

use std::collections::BTreeMap;

use serde_json::Value;

use super::attributes::{self, Place};
use super::drivers::{Folder, Origin};
use super::manifest::Manifest;
use super::plan::PlanInput;
use crate::model::{NewTemplate, Problem};

/// The label that names the place of further add-ons.
pub const MIRROR: &str = "addons_mirror";

/// A manifest whose files and attributes are all there.
#[derive(Debug, Clone)]
pub struct Driver {
    pub manifest: Manifest,
    pub origin: Origin,
    pub files: Folder,
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
}

impl Driver {
    /// Add-ons that are wanted, that nodes are not given and have no place to fetch from.
    pub fn missing_addons(&self, input: &PlanInput) -> Vec<Problem> {
        let place = Place { input, group: None, defaults: &self.manifest.label_defaults };
        if place.label(MIRROR).is_some() {
            return Vec::new();
        }
        let wanted = self.manifest.mirrored.iter().filter(|(name, by)| {
            let value = match attributes::value(&by.when, &place) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let file = format!("addons/{name}.yaml");
            value.eq_ignore_ascii_case(&by.is) && !self.manifest.archives.values().any(|all| all.contains_key(&file))
        });
        let told = wanted.map(|(name, by)| {
            let field = by.when.split_once('.').map_or(by.when.as_str(), |(_, field)| field);
            let driver = &self.manifest.name;
            let told = format!("{field} {}: no manifest for add-on {name} comes with driver {driver}, and no label {MIRROR} says where one is", by.is);
            Problem::invalid(told).on_field("labels").advise(format!("Set the label {MIRROR} to a URL under which there is {name}.yaml, or do without"))
        });
        told.collect()
    }
}

fn is_secret(attribute: &str) -> bool {
    attribute.starts_with("secret.")
}

/// What the manifest names and is not there.
pub fn faults(manifest: &Manifest, files: &Folder) -> Vec<String> {
    let environments = manifest.environments.iter().flat_map(|e| e.then.iter().chain(&e.otherwise));
    let packed = manifest.archives.values().flat_map(BTreeMap::values).filter(|source| !is_secret(source));
    let named = manifest.files.iter().chain([&manifest.template]).chain(environments).chain(packed);
    let missing = named.filter(|file| !files.contains_key(*file));
    let switches = manifest.environments.iter().map(|e| &e.when).chain(&manifest.credential_when);
    let unknown = manifest
        .parameters
        .values()
        .filter(|attribute| !is_secret(attribute))
        .chain(switches)
        .chain(manifest.settings.values())
        .chain(manifest.mirrored.values().map(|by| &by.when))
        .filter(|attribute| !attributes::is_known(attribute));
    let missing = missing.map(|file| format!("file {file} is named but not there"));
    missing.chain(unknown.map(|attribute| format!("attribute {attribute} is not known"))).collect()
}

#[cfg(test)]
mod tests;
