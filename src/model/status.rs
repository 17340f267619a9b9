//! Heat's and Magnum's status words: an action and a state, `CREATE_IN_PROGRESS`.
//! <https://docs.openstack.org/api-ref/container-infrastructure-management/>

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is being done. Words we do not know are kept as they came.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Action {
    Create,
    Update,
    Delete,
    Rollback,
    Other(String),
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum State {
    InProgress,
    Complete,
    Failed,
    Other(String),
}

/// `ACTION_STATE` as Heat and Magnum write it; serialises as that one word.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Status {
    pub action: Action,
    pub state: State,
}

impl Status {
    pub const fn new(action: Action, state: State) -> Self {
        Self { action, state }
    }

    pub const CREATE_IN_PROGRESS: Self = Self::new(Action::Create, State::InProgress);
    pub const CREATE_COMPLETE: Self = Self::new(Action::Create, State::Complete);
    pub const CREATE_FAILED: Self = Self::new(Action::Create, State::Failed);
    pub const UPDATE_IN_PROGRESS: Self = Self::new(Action::Update, State::InProgress);
    pub const UPDATE_COMPLETE: Self = Self::new(Action::Update, State::Complete);
    pub const UPDATE_FAILED: Self = Self::new(Action::Update, State::Failed);
    pub const DELETE_IN_PROGRESS: Self = Self::new(Action::Delete, State::InProgress);
    pub const DELETE_COMPLETE: Self = Self::new(Action::Delete, State::Complete);
    pub const DELETE_FAILED: Self = Self::new(Action::Delete, State::Failed);

    pub fn is_in_progress(&self) -> bool {
        self.state == State::InProgress
    }

    pub fn is_failed(&self) -> bool {
        self.state == State::Failed
    }

    pub fn is_complete(&self) -> bool {
        self.state == State::Complete
    }
}

impl From<String> for Status {
    fn from(word: String) -> Self {
        Self::from(word.as_str())
    }
}

impl From<&str> for Status {
    fn from(word: &str) -> Self {
        let (action, state) = ["_IN_PROGRESS", "_COMPLETE", "_FAILED"]
            .iter()
            .find_map(|suffix| word.strip_suffix(suffix).map(|action| (action, &suffix[1..])))
            .unwrap_or_else(|| word.split_once('_').unwrap_or((word, "")));
        let action = match action {
            "CREATE" => Action::Create,
            "UPDATE" => Action::Update,
            "DELETE" => Action::Delete,
            "ROLLBACK" => Action::Rollback,
            other => Action::Other(other.to_owned()),
        };
        let state = match state {
            "IN_PROGRESS" => State::InProgress,
            "COMPLETE" => State::Complete,
            "FAILED" => State::Failed,
            other => State::Other(other.to_owned()),
        };
        Self { action, state }
    }
}

impl From<Status> for String {
    fn from(status: Status) -> Self {
        status.to_string()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match &self.action {
            Action::Create => "CREATE",
            Action::Update => "UPDATE",
            Action::Delete => "DELETE",
            Action::Rollback => "ROLLBACK",
            Action::Other(word) => word,
        };
        let state = match &self.state {
            State::InProgress => "IN_PROGRESS",
            State::Complete => "COMPLETE",
            State::Failed => "FAILED",
            State::Other(word) => word,
        };
        if state.is_empty() { f.pad(action) } else { f.pad(&format!("{action}_{state}")) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Status};

    #[test]
    fn words_survive_a_round_trip() {
        for word in [
            "CREATE_IN_PROGRESS",
            "UPDATE_FAILED",
            "DELETE_COMPLETE",
            "SNAPSHOT_COMPLETE",
            "INIT_COMPLETE",
            "WEIRD",
            "A_B_C",
        ] {
            assert_eq!(Status::from(word).to_string(), word);
        }
        assert_eq!(Status::from("CHECK_FAILED").action, Action::Other("CHECK".into()));
    }
}
