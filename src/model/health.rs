//! How a cluster itself is doing, by its Kubernetes API: Magnum's `health_status` and its reasons,
//! and when they were seen. What was seen too long ago is not health any more.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Magnum's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HealthStatus {
    /// The API is ready and so are all nodes.
    Healthy,
    Unhealthy,
    /// Nobody answered, or not this cluster.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub status: HealthStatus,
    /// As Magnum's `health_status_reason`: `api` -> `ok` or what is wrong, `NODE.Ready` -> `True` or `False`,
    /// and with a node that is not ready, `NODE.reason`.
    pub reason: BTreeMap<String, String>,
    pub seen: DateTime<Utc>,
    /// `v1.31.4`, as the API says.
    #[serde(default)]
    pub version: Option<String>,
}

/// Health seen longer ago than this says nothing of now.
pub const STALE: TimeDelta = TimeDelta::minutes(15);

impl HealthStatus {
    pub fn word(self) -> &'static str {
        match self {
            Self::Healthy => "HEALTHY",
            Self::Unhealthy => "UNHEALTHY",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Health {
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        now - self.seen > STALE
    }

    /// What may be told at `now`: of what was seen too long ago, only that.
    #[must_use]
    pub fn as_of(&self, now: DateTime<Utc>) -> Self {
        if !self.is_stale(now) || self.status == HealthStatus::Unknown {
            return self.clone();
        }
        let told = format!("not seen since {}, when it was {}", self.seen.format("%Y-%m-%dT%H:%M:%SZ"), self.status);
        Self { status: HealthStatus::Unknown, reason: [("api".to_owned(), told)].into(), ..self.clone() }
    }

    /// What is wrong, in one line; empty when nothing is.
    pub fn complaint(&self) -> String {
        const NAMED: usize = 3;
        let api = self.reason.get("api").filter(|told| *told != "ok").cloned();
        let nodes: Vec<&str> = self
            .reason
            .iter()
            .filter(|(_, told)| *told == "False")
            .filter_map(|(key, _)| key.strip_suffix(".Ready"))
            .collect();
        let more = if nodes.len() > NAMED { format!(" and {} more", nodes.len() - NAMED) } else { String::new() };
        let named: Vec<&str> = nodes.iter().take(NAMED).copied().collect();
        let nodes = (!nodes.is_empty()).then(|| format!("not ready: {}{more}", named.join(", ")));
        api.into_iter().chain(nodes).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{Health, HealthStatus, STALE};

    #[test]
    fn old_health_is_no_health_and_says_so() {
        let seen: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().unwrap();
        let reason = [("api", "ok"), ("w-0.Ready", "False"), ("w-1.Ready", "True")];
        let health = Health {
            status: HealthStatus::Unhealthy,
            reason: reason.map(|(key, told)| (key.into(), told.into())).into(),
            seen,
            version: None,
        };
        assert_eq!(health.as_of(seen + STALE), health);
        assert_eq!(health.complaint(), "not ready: w-0");
        let late = health.as_of(seen + STALE + TimeDelta::seconds(1));
        assert_eq!(late.status, HealthStatus::Unknown);
        assert_eq!(late.complaint(), "not seen since 2026-11-23T12:00:00Z, when it was UNHEALTHY");
        assert_eq!(late.as_of(seen + STALE * 3), late);
        assert_eq!(serde_json::to_value(HealthStatus::Healthy).unwrap(), "HEALTHY");
    }
}
