//! Looks for what is wrong in a driver's folder before Heat or a node would: manifest,
//! templates, environment files, scripts. Pure; running a shell over the scripts is the
//! command line's. It finds as much as it can in one go.
//!
//! Start reading at [`check`]. `template` reads one template by itself, `whole` all of
//! them together under every choice of environment files, `scripts` what lands on nodes.

mod scripts;
mod template;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::archive;
use super::compose::USER_DATA_MAX;
use super::drivers::{Drivers, Folder, MANIFEST};
use super::manifest::Manifest;
use super::registry;
use crate::hot::template::Template;
use crate::model::{NewTemplate, text};

/// Whether a driver with it can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Error,
    Warning,
}

/// Something wrong in a driver's folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    pub level: Level,
    /// By its path in the folder.
    pub file: String,
    /// What, and where in the file.
    pub text: String,
}

/// What was found so far; the same thing is told once, however many ways lead to it.
#[derive(Debug, Default)]
struct Findings(BTreeSet<Finding>);

impl Findings {
    fn error(&mut self, file: &str, text: impl AsRef<str>) {
        self.add(Level::Error, file, text.as_ref());
    }

    fn warning(&mut self, file: &str, text: impl AsRef<str>) {
        self.add(Level::Warning, file, text.as_ref());
    }

    fn add(&mut self, level: Level, file: &str, told: &str) {
        self.0.insert(Finding { level, file: text::clean(file), text: text::clean(told) });
    }

    fn has_errors(&self) -> bool {
        self.0.iter().any(|finding| finding.level == Level::Error)
    }
}

/// A driver as it would be sent to Heat, with the templates read.
struct Subject<'a> {
    manifest: &'a Manifest,
    /// With those of the driver it extends.
    files: &'a Folder,
    /// Those that could be read, by file.
    templates: BTreeMap<&'a str, Template>,
    /// The folder's own files; the others are inherited, and what is too much in them is no fault of it.
    own: BTreeSet<String>,
    own_settings: BTreeSet<String>,
}

/// Everything found, errors first. `drivers` are those that it may extend.
pub fn check(drivers: &Drivers, folder: Folder) -> Vec<Finding> {
    let mut found = Findings::default();
    let own: BTreeSet<String> = folder.keys().cloned().collect();
    let own_settings = folder.get(MANIFEST).map(|text| settings(text)).unwrap_or_default();
    let (manifest, files) = match drivers.parts(folder) {
        Ok(parts) => parts,
        Err(problem) => {
            found.error(MANIFEST, problem.line());
            return found.0.into_iter().collect();
        }
    };
    for fault in registry::faults(&manifest, &files) {
        found.error(MANIFEST, fault);
    }
    fields(&manifest, &mut found);
    archives(&manifest, &files, &mut found);
    let mut templates = BTreeMap::new();
    for (name, text) in &files {
        if text.contains("heat_template_version") && is_yaml(name) {
            templates.extend(template::read(name, text, &mut found).map(|template| (name.as_str(), template)));
        }
    }
    let subject = Subject { manifest: &manifest, files: &files, templates, own, own_settings };
    for (name, template) in &subject.templates {
        template::check(name, template, &files, &mut found);
    }
    let used = whole::check(&subject, &mut found);
    scripts::check(&subject, &used, &mut found);
    for name in subject.own.iter().filter(|name| *name != MANIFEST && !used.contains(*name) && !is_note(name)) {
        found.warning(name, "is used by nothing");
    }
    found.0.into_iter().collect()
}

/// Settings that a manifest itself names.
fn settings(text: &str) -> BTreeSet<String> {
    let table = toml::from_str::<toml::Table>(text).unwrap_or_default();
    table.get("settings").and_then(toml::Value::as_table).into_iter().flat_map(|all| all.keys().cloned()).collect()
}

/// Names in the manifest that are neither files nor attributes.
fn fields(manifest: &Manifest, found: &mut Findings) {
    let known = serde_json::to_value(NewTemplate::default()).unwrap_or_default();
    for (section, fields) in [
        ("accepts", manifest.accepts.keys().collect::<Vec<_>>()),
        ("refuses", manifest.refuses.keys().collect::<Vec<_>>()),
    ] {
        for field in fields.into_iter().filter(|field| known.get(field.as_str()).is_none()) {
            found.error(MANIFEST, format!("{section}: a template has no field {field}"));
        }
    }
    if !["vm", "bm"].contains(&manifest.server_type.as_str()) {
        found.error(MANIFEST, format!("server_type \"{}\" is none of: vm, bm", manifest.server_type));
    }
    if manifest.os_distro.is_empty() {
        found.warning(MANIFEST, "os_distro is empty: the driver can only be chosen by name");
    }
    let labels = manifest.labels();
    for label in manifest.label_defaults.keys().filter(|label| !labels.contains(label.as_str())) {
        found.warning(MANIFEST, format!("label_defaults: nothing reads the label {label}"));
    }
}

/// What nodes unpack must go into user data, before the cluster's secrets come to it.
fn archives(manifest: &Manifest, files: &Folder, found: &mut Findings) {
    for (parameter, entries) in &manifest.archives {
        let own = entries.iter().filter_map(|(path, name)| Some((path.as_str(), files.get(name)?.as_bytes())));
        match archive::pack(own).map(|text| text.len()) {
            Ok(size) if size > USER_DATA_MAX => found.error(
                MANIFEST,
                format!("archives.{parameter} comes to {size} bytes; user data has room for {USER_DATA_MAX}"),
            ),
            Ok(_) => {}
            Err(error) => found.error(MANIFEST, format!("archives.{parameter}: {error}")),
        }
    }
}

fn is_yaml(name: &str) -> bool {
    [".yaml", ".yml", ".template"].iter().any(|end| name.ends_with(end))
}

/// What people lay beside the files that do the work.
fn is_note(name: &str) -> bool {
    name.ends_with(".md") || ["README", "LICENSE", "COPYING", "NOTICE"].contains(&name)
}

#[cfg(test)]
mod tests;
