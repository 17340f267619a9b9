//! Where a dashboard can go: the clouds that the user's files name, and the projects and regions
//! of the one that we are in.

use serde::{Deserialize, Serialize};

use super::Problem;

/// A place to connect to. What it leaves open is as the cloud's entry in clouds.yaml says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Destination {
    /// Name in clouds.yaml, or `envvars`.
    pub cloud: String,
    /// Id of a project.
    pub project: Option<String>,
    pub region: Option<String>,
}

impl Destination {
    pub fn cloud(name: impl Into<String>) -> Self {
        Self { cloud: name.into(), project: None, region: None }
    }
}

/// A cloud that the user's files or variables describe; nobody has asked it anything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CloudEntry {
    pub name: String,
    /// Keystone's address, without a password.
    pub auth_url: String,
    /// As the entry says: a name or an id.
    pub project: Option<String>,
    pub region: Option<String>,
    /// Why it cannot be connected to as it stands.
    pub problem: Option<Problem>,
}

/// Where one can go with the present login.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// By name. None where the login is bound to its project.
    pub projects: Vec<Project>,
    /// Of the catalogue.
    pub regions: Vec<String>,
}

/// A project in which the user has a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    pub id: String,
    pub name: String,
    /// Id of the domain it belongs to.
    pub domain: String,
}
