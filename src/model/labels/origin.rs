//! Where each effective label's value comes from.

use serde::{Deserialize, Serialize};

use super::Labels;
use super::catalogue::{Sheet, Type, find};

/// From the weakest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    DriverDefault,
    Template,
    Cluster,
    NodeGroup,
}

impl Origin {
    pub fn word(self) -> &'static str {
        match self {
            Self::DriverDefault => "driver default",
            Self::Template => "template",
            Self::Cluster => "cluster",
            Self::NodeGroup => "node group",
        }
    }
}

/// A label that has a value, and who gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effective {
    pub name: String,
    /// Of a password: `[hidden]`.
    pub value: String,
    pub origin: Origin,
    /// Whether the driver reads it; `None`: the driver is not known.
    pub read: Option<bool>,
}

/// Magnum's rule: given labels replace those below, unless they are to be laid over them.
#[must_use]
pub fn merged(below: &Labels, given: &Labels, merge: bool) -> Labels {
    if given.is_empty() {
        return below.clone();
    }
    if !merge {
        return given.clone();
    }
    let mut all = below.clone();
    all.0.extend(given.0.clone());
    all
}

/// All values in force, sorted by name. `levels` go from the template on; each holds what is
/// in force from there on, so a value that did not change keeps its older origin.
pub fn effective(sheet: Option<&Sheet>, levels: &[(Origin, &Labels)]) -> Vec<Effective> {
    let last = levels.last().map(|(_, labels)| *labels);
    let mut found: Vec<Effective> = Vec::new();
    for (name, value) in last.into_iter().flat_map(|labels| &labels.0) {
        let unchanged = levels.iter().rev().take_while(|(_, labels)| labels.get(name) == Some(value));
        let origin = unchanged.last().map_or(Origin::Cluster, |(origin, _)| *origin);
        let read = sheet.map(|sheet| sheet.reads.contains_key(name) || find(name).is_some_and(|label| label.conductor));
        found.push(Effective { name: name.clone(), value: shown(name, value), origin, read });
    }
    for (name, value) in sheet.into_iter().flat_map(|sheet| &sheet.reads) {
        if !value.is_empty() && last.is_none_or(|labels| labels.get(name).is_none()) {
            found.push(Effective {
                name: name.clone(),
                value: shown(name, value),
                origin: Origin::DriverDefault,
                read: Some(true),
            });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn shown(name: &str, value: &str) -> String {
    let secret = find(name).is_some_and(|label| label.kind == Type::Password);
    if secret { "[hidden]".into() } else { value.to_owned() }
}
