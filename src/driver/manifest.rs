//! `driver.toml`: all that Jeroboam knows of a driver.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::attributes::LABELS_READ;

/// A driver's manifest, as written. [`super::Driver`] is one that was checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub name: String,
    /// A driver whose manifest and files hold where this one says nothing else
    /// ([`super::Drivers`] puts them together).
    #[serde(default)]
    pub extends: Option<String>,
    /// One line for lists.
    pub summary: String,
    /// `vm` or `bm`.
    pub server_type: String,
    /// Values of the image property that this driver serves.
    pub os_distro: Vec<String>,
    pub coe: String,
    /// The main HOT file.
    pub template: String,
    /// What the main template and the environments name: nested templates and what they get.
    pub files: Vec<String>,
    /// Template field -> values that can be built; a field not named here takes any.
    #[serde(default)]
    pub accepts: BTreeMap<String, Vec<String>>,
    /// Template field -> why setting it is refused.
    #[serde(default)]
    pub refuses: BTreeMap<String, String>,
    /// Add-ons whose manifests no node is given: nodes fetch them from where the label
    /// `addons_mirror` says. One of which the archives have `addons/NAME.yaml` is not meant.
    #[serde(default)]
    pub mirrored: BTreeMap<String, Mirrored>,
    /// Why nobody should begin with it any more, in sentences.
    #[serde(default)]
    pub end_of_life: Option<String>,
    /// In the order they are sent; Heat lets later ones win.
    #[serde(default)]
    pub environments: Vec<Environment>,
    /// Heat parameter -> attribute: one of [`super::ATTRIBUTES`], `label.NAME`, `secret.NAME`,
    /// or one of [`super::COMPOSED`].
    pub parameters: BTreeMap<String, String>,
    /// What nodes find in their settings: `NAME` -> attribute, as above but no secret.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// A yes-or-no attribute: whether `secret.app_credential_id` and `secret.app_credential_secret`
    /// are needed. Without it, always, when the manifest names them; they are empty when not needed.
    #[serde(default)]
    pub credential_when: Option<String>,
    /// Heat parameter -> what nodes unpack: path -> a file of the folder, or `secret.NAME`
    /// (`secret.NAME?` may be missing).
    #[serde(default)]
    pub archives: BTreeMap<String, BTreeMap<String, String>>,
    /// What a label is worth that neither template nor cluster sets.
    #[serde(default)]
    pub label_defaults: BTreeMap<String, String>,
    pub outputs: OutputNames,
}

impl Manifest {
    /// Every label that changes anything with this driver.
    pub fn labels(&self) -> BTreeSet<&str> {
        let switches = self.environments.iter().map(|choice| &choice.when).chain(&self.credential_when);
        let used: Vec<&String> = self.parameters.values().chain(self.settings.values()).chain(switches).collect();
        let implied = LABELS_READ.iter().filter(|(attribute, _)| used.iter().any(|name| name == attribute));
        let named = used.iter().filter_map(|name| name.strip_prefix("label."));
        named.chain(implied.flat_map(|(_, labels)| labels.iter().copied())).collect()
    }
}

/// What an add-on is wanted by: an attribute with that value.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mirrored {
    pub when: String,
    pub is: String,
}

/// One choice between environment files.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// An attribute that is true or false.
    pub when: String,
    /// Sent when it is true.
    #[serde(rename = "use")]
    pub then: Option<String>,
    /// Sent when it is false.
    pub otherwise: Option<String>,
}

/// Names of the stack outputs to read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputNames {
    /// One address, or a list from the most public on; empty entries are skipped.
    pub api_address: String,
    /// Maps `servers`, `addresses` and `floating_addresses`, each by index.
    pub masters: String,
    /// The same for each slot.
    pub worker_groups: String,
}
