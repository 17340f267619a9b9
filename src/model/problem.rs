//! An error as a user meets it: what failed, on which object, the service's
//! request id, and what to do next.

use serde::{Deserialize, Serialize};

/// Broad class of a [`Problem`]; decides exit codes and whether a retry makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The user's wish cannot be granted as it stands (bad field, bad file, refused by a rule).
    Invalid,
    /// The named object does not exist or is not visible.
    NotFound,
    /// The object's present state forbids it, or somebody else holds it.
    Conflict,
    /// Credentials are wrong, expired or insufficient.
    Denied,
    /// A service could not be reached or answered with a fault of its own.
    Unavailable,
    /// Local trouble: disk, store, terminal, or a defect of ours.
    Local,
}

/// A complete error message for a person. Text from a cloud that gets in here
/// has passed [`super::text::clean`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}", self.line())]
pub struct Problem {
    pub kind: ProblemKind,
    /// What failed, on which object, in one sentence without a full stop at its end.
    pub summary: String,
    /// The field of a form or flag that it belongs to (`image_id`, `name`), when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// `X-Openstack-Request-Id` of the failed call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What the user can do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Problem {
    pub fn new(kind: ProblemKind, summary: impl Into<String>) -> Self {
        Self { kind, summary: super::text::clean(&summary.into()), field: None, request_id: None, advice: None }
    }

    pub fn invalid(summary: impl Into<String>) -> Self {
        Self::new(ProblemKind::Invalid, summary)
    }

    pub fn not_found(summary: impl Into<String>) -> Self {
        Self::new(ProblemKind::NotFound, summary)
    }

    pub fn conflict(summary: impl Into<String>) -> Self {
        Self::new(ProblemKind::Conflict, summary)
    }

    pub fn local(summary: impl Into<String>) -> Self {
        Self::new(ProblemKind::Local, summary)
    }

    #[must_use]
    pub fn on_field(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Everything on one line, for a terminal or a log.
    pub fn line(&self) -> String {
        let mut line = self.summary.clone();
        if let Some(id) = &self.request_id {
            line.push_str(&format!(" (request {id})"));
        }
        if let Some(advice) = &self.advice {
            line.push_str(&format!(". {advice}"));
        }
        line
    }
}
