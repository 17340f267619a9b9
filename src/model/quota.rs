//! How many clusters a project may have, as in Magnum: a hard limit per project for the
//! resource `Cluster`. Unlike Magnum, a project without a row has no limit: the store is its
//! user's own, or one that an administrator shares and can put rows into.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Problem;

/// The only resource there is, spelled as Magnum spells it.
pub const CLUSTER: &str = "Cluster";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    pub project_id: String,
    pub resource: String,
    pub hard_limit: u32,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
}

/// Only `Cluster`, however it is written.
pub fn resource(word: &str) -> Result<String, Problem> {
    if word.eq_ignore_ascii_case(CLUSTER) {
        return Ok(CLUSTER.into());
    }
    Err(Problem::invalid(format!("there is no quota for \"{word}\""))
        .advise("The resource is Cluster")
        .on_field("resource"))
}

#[cfg(test)]
mod tests {
    use super::resource;

    #[test]
    fn there_is_one_resource() {
        assert_eq!(resource("cluster").unwrap(), "Cluster");
        assert!(resource("Node").is_err());
    }
}
