//! What was found while a wish was looked at, before anything is made of it.

use serde::{Deserialize, Serialize};

use super::{Problem, ProblemKind};

/// The worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It cannot be made: nothing is created.
    Error,
    /// It can be made, but will likely not do what was meant, or could not be looked at.
    Warning,
    /// It will work; experience says there is a better way.
    Advice,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Advice => "advice",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub severity: Severity,
    /// The field of the form or flag that it belongs to, when there is one.
    pub field: Option<String>,
    /// In one sentence without a full stop at its end.
    pub found: String,
    /// What the user can do.
    pub advice: Option<String>,
}

impl Check {
    fn new(severity: Severity, field: &str, found: impl Into<String>) -> Self {
        let field = Some(field.to_owned()).filter(|field| !field.is_empty());
        Self { severity, field, found: super::text::clean(&found.into()), advice: None }
    }

    /// `field` may be empty: it belongs to none.
    pub fn error(field: &str, found: impl Into<String>) -> Self {
        Self::new(Severity::Error, field, found)
    }

    pub fn warning(field: &str, found: impl Into<String>) -> Self {
        Self::new(Severity::Warning, field, found)
    }

    pub fn advice(field: &str, found: impl Into<String>) -> Self {
        Self::new(Severity::Advice, field, found)
    }

    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Something that could not be looked at, which by itself stops nothing.
    pub fn unseen(problem: &Problem) -> Self {
        let id = problem.request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default();
        Self {
            severity: Severity::Warning,
            field: problem.field.clone(),
            found: format!("{}{id}", problem.summary),
            advice: problem.advice.clone(),
        }
    }

    /// Everything on one line, for a terminal or a log.
    pub fn line(&self) -> String {
        let advice = self.advice.as_ref().map(|advice| format!(". {advice}")).unwrap_or_default();
        format!("{}: {}{advice}", self.severity.word(), self.found)
    }
}

impl From<Problem> for Check {
    fn from(problem: Problem) -> Self {
        Self { severity: Severity::Error, ..Self::unseen(&problem) }
    }
}

impl From<Check> for Problem {
    fn from(check: Check) -> Self {
        let mut problem = Self::new(ProblemKind::Invalid, check.found);
        problem.field = check.field;
        problem.advice = check.advice;
        problem
    }
}
