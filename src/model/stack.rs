//! Heat's stacks, resources and events as read from its API.
//! <https://docs.openstack.org/api-ref/orchestration/v1/>
//! Reasons and names have passed [`super::text::clean`].

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Status;

/// A stack from a list or a show call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    pub id: String,
    pub name: String,
    pub status: Status,
    pub status_reason: String,
    pub tags: Vec<String>,
    pub created: Option<DateTime<Utc>>,
    pub updated: Option<DateTime<Utc>>,
    /// Filled by a show call with outputs; empty otherwise.
    pub outputs: BTreeMap<String, serde_json::Value>,
    /// The parameter `revision`: which of our specs the stack was last given. Only a show
    /// call tells it; a list does not.
    pub revision: Option<u64>,
}

/// What one stack was given and what it gives: its show call, outputs resolved. What is secret in it
/// is [`SECRET`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StackSheet {
    pub name: String,
    pub id: String,
    /// Its template's.
    pub description: String,
    pub timeout_mins: Option<u64>,
    pub parameters: BTreeMap<String, serde_json::Value>,
    pub outputs: BTreeMap<String, StackOutput>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StackOutput {
    pub description: String,
    pub value: serde_json::Value,
}

/// What stands in a secret's place.
pub const SECRET: &str = "[secret]";
/// What Heat itself shows of a parameter that its template hides.
const HIDDEN: &str = "******";

impl StackSheet {
    /// Without secrets: those that Heat hides, and those that a template of somebody's forgot to hide,
    /// told by their names or by what they look like.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        let outputs = self.outputs.iter_mut().map(|(name, output)| (name, &mut output.value));
        for (name, value) in self.parameters.iter_mut().chain(outputs) {
            if is_secret(name, value) {
                *value = SECRET.into();
            }
        }
        self
    }
}

fn is_secret(name: &str, value: &serde_json::Value) -> bool {
    let name = name.to_ascii_lowercase();
    let words = ["password", "passwd", "secret", "token", "private_key", "credential"];
    // A switch or a number that is about secrets is none.
    let holds = match value {
        serde_json::Value::String(text) => {
            text == HIDDEN || words.iter().any(|word| name.contains(word)) && text.parse::<f64>().is_err()
        }
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => words.iter().any(|word| name.contains(word)),
        _ => false,
    };
    let plain =
        matches!(value, serde_json::Value::String(text) if text.is_empty() || text == "true" || text == "false");
    holds && !plain || value.to_string().contains("PRIVATE KEY-----")
}

/// A resource, possibly of a nested stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackResource {
    /// Name in its template.
    pub name: String,
    /// Heat type (`OS::Nova::Server`, or the nested template's URL).
    pub kind: String,
    pub status: Status,
    pub status_reason: String,
    /// Id of the thing in its own service; empty until made.
    pub physical_id: String,
    /// Names of the nested stacks that hold it, outermost first; empty for the cluster's own stack.
    pub path: Vec<String>,
    /// The nested stack's id when this resource is one.
    pub nested: Option<String>,
    /// Id of the stack that holds this resource.
    pub stack_id: String,
    pub updated: Option<DateTime<Utc>>,
}

impl StackResource {
    /// `workers.0.server`: how it is addressed in every list.
    pub fn address(&self) -> String {
        let mut parts = self.path.clone();
        parts.push(self.name.clone());
        parts.join(".")
    }
}

/// An event of a stack or of one of its nested stacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackEvent {
    /// Unique in the cloud; used to drop repeats.
    pub id: String,
    pub time: DateTime<Utc>,
    pub resource: String,
    /// Same meaning as [`StackResource::path`].
    pub path: Vec<String>,
    pub status: Status,
    pub reason: String,
    pub physical_id: String,
}

/// Where a failure began: the deepest failed resource and what its service said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootCause {
    /// [`StackResource::address`].
    pub resource: String,
    pub kind: String,
    pub physical_id: String,
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{SECRET, StackOutput, StackSheet};

    #[test]
    fn secrets_are_told_by_heat_by_their_names_and_by_their_looks() {
        let sheet = StackSheet {
            parameters: [
                ("master_secrets", json!("******")),
                ("registry_password", json!("hunter2")),
                ("token_ttl", json!("3600")),
                ("password_login", json!("False".to_lowercase())),
                ("user_data", json!({"files": ["-----BEGIN EC PRIVATE KEY-----\nMHc"]})),
                ("flavor", json!("m1.large")),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
            outputs: [("trust_credentials".to_owned(), StackOutput { value: json!(["a"]), ..StackOutput::default() })]
                .into(),
            ..StackSheet::default()
        };
        let shown = sheet.without_secrets();
        let hidden: Vec<&str> =
            shown.parameters.iter().filter(|(_, value)| **value == SECRET).map(|(name, _)| name.as_str()).collect();
        assert_eq!(hidden, ["master_secrets", "registry_password", "user_data"]);
        assert_eq!(shown.outputs["trust_credentials"].value, SECRET);
    }
}
