//! `driver.toml`: all that Jeroboam knows of a driver.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
    /// What the main template and the environments name: nested templates and scripts.
    pub files: Vec<String>,
    /// Template field -> values that can be built; a field not named here takes any.
    #[serde(default)]
    pub accepts: BTreeMap<String, Vec<String>>,
    /// Template field -> why setting it is refused.
    #[serde(default)]
    pub refuses: BTreeMap<String, String>,
    /// In the order they are sent; Heat lets later ones win.
    #[serde(default)]
    pub environments: Vec<Environment>,
    /// Heat parameter -> attribute, one of [`super::ATTRIBUTES`] or `secret.NAME`.
    pub parameters: BTreeMap<String, String>,
    /// Label -> Heat parameter.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// A yes-or-no attribute: whether `secret.app_credential_id` and `secret.app_credential_secret`
    /// are needed. Without it, always, when a parameter names them; they are empty when not needed.
    #[serde(default)]
    pub credential_when: Option<String>,
    pub outputs: OutputNames,
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

/// Names of the stack outputs to read. Each gives one address, a list, or lists of
/// them ordered from the most public on; empty entries are skipped.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputNames {
    pub api_address: String,
    pub master_addresses: String,
    pub node_addresses: String,
}
