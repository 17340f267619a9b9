//! What a create would do, told before it is done.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::labels::origin::Effective;
use crate::model::{Check, NewCluster, Problem, QuotaUse, Severity};

/// The whole of it. Nothing was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    pub wish: NewCluster,
    /// `None`: none was found, and the checks say why.
    pub driver: Option<String>,
    /// The worst first.
    pub checks: Vec<Check>,
    /// By Heat type; empty when there is no plan.
    pub resources: Vec<Counted>,
    /// What the plan takes of each quota that is known.
    pub quotas: Vec<QuotaUse>,
    pub labels: Vec<Effective>,
    /// `None`: something was missing to make one, and the checks say what.
    pub plan: Option<PlanSheet>,
}

/// How many resources of a type there would be, nested ones included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub kind: String,
    pub count: usize,
}

/// Exactly what Heat would be sent; only what is secret is hidden.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanSheet {
    pub stack_name: String,
    /// Minutes.
    pub timeout_mins: u32,
    /// Seconds a node may take from its server's creation to its signal.
    pub wait_condition_timeout: Option<u64>,
    pub tags: Vec<String>,
    /// A secret one is `[secret]`.
    pub parameters: BTreeMap<String, Value>,
    /// The main template, YAML.
    pub template: String,
    /// In order; later ones win.
    pub environment_files: Vec<String>,
    /// Nested templates, environments and scripts by name.
    pub files: BTreeMap<String, String>,
}

impl Preview {
    pub fn errors(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.severity == Severity::Error)
    }

    /// Why nothing would be created; empty: it would be.
    pub fn refusal(&self) -> Vec<Problem> {
        self.errors().cloned().map(Problem::from).collect()
    }
}
