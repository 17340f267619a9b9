//! How long a cluster's stack and its nodes may take, and what is left of it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::cluster::timeout_minutes;
use super::{Cluster, StackResource, Status};

/// The label that says how long a node may take.
pub const NODE_LABEL: &str = "wait_condition_timeout";
/// Heat takes no longer wait conditions.
const NODE_MAX: u64 = 43_200;
const WAITS: &str = "OS::Heat::WaitCondition";

/// Seconds a node may take from its server's creation to its signal. Without a label nine
/// tenths of the create time-out: the node's wait condition then fails before the stack
/// does, and Heat names the node instead of just "Timed out".
pub fn node_seconds(label: Option<&str>, create_timeout: u32) -> u64 {
    let stated = label.and_then(|value| value.parse().ok());
    stated.unwrap_or(u64::from(timeout_minutes(create_timeout)) * 54).clamp(1, NODE_MAX)
}

/// A time-out that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeOut {
    /// `create`, `step`, or the node that is waited for as an address among the stack's resources
    /// (`masters.0`).
    pub of: String,
    pub limit_seconds: u64,
    pub ends_at: DateTime<Utc>,
    /// 0: it is due.
    pub left_seconds: u64,
}

impl TimeOut {
    fn new(of: String, begun: DateTime<Utc>, limit_seconds: u64, now: DateTime<Utc>) -> Option<Self> {
        let ends_at = begun.checked_add_signed(TimeDelta::try_seconds(i64::try_from(limit_seconds).ok()?)?)?;
        let left_seconds = u64::try_from((ends_at - now).num_seconds()).unwrap_or(0);
        Some(Self { of, limit_seconds, ends_at, left_seconds })
    }

    /// `create: 41 min 12 s left of 60 min, until 15:02:11 UTC`.
    pub fn line(&self) -> String {
        let left = match self.left_seconds {
            0 => "is due after".into(),
            left => format!("{} left of", spelled(left)),
        };
        format!("{}: {left} {}, until {}", self.of, spelled(self.limit_seconds), self.ends_at.format("%H:%M:%S UTC"))
    }
}

fn spelled(seconds: u64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, s) => format!("{s} s"),
        (m, 0) => format!("{m} min"),
        (m, s) => format!("{m} min {s} s"),
    }
}

/// Seconds that a node of the cluster may take.
pub fn of_node(cluster: &Cluster) -> u64 {
    node_seconds(cluster.labels.get(NODE_LABEL).filter(|v| !v.is_empty()), cluster.create_timeout)
}

/// What runs: the time-out of the create or of a change's present step, and that of each node that
/// has not told it is ready, those that end first in front. `resources`: the stack's, as far as
/// they are known.
pub fn running(cluster: &Cluster, resources: &[StackResource], now: DateTime<Utc>) -> Vec<TimeOut> {
    if !cluster.status.is_in_progress() || cluster.is_held() {
        return Vec::new();
    }
    let step = cluster.rollout.as_ref().and_then(|change| change.step_since);
    let whole = if cluster.status == Status::CREATE_IN_PROGRESS {
        Some(("create", cluster.status_since))
    } else {
        step.map(|since| ("step", since))
    };
    let whole = whole.map(|(of, since)| {
        let limit = u64::from(timeout_minutes(cluster.create_timeout)) * 60;
        TimeOut::new(of.into(), since, limit, now)
    });
    let limit = of_node(cluster);
    let waits = resources.iter().filter(|resource| resource.kind == WAITS && resource.status.is_in_progress());
    let nodes = waits.filter_map(|wait| TimeOut::new(wait.path.join("."), wait.updated?, limit, now));
    let mut all: Vec<TimeOut> = whole.flatten().into_iter().chain(nodes).collect();
    all.sort_by(|a, b| (a.ends_at, &a.of).cmp(&(b.ends_at, &b.of)));
    all
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use serde_json::json;

    use super::{node_seconds, running};
    use crate::model::{Cluster, StackResource, Status};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_750_000_000 + seconds, 0).unwrap()
    }

    fn cluster(status: &str) -> Cluster {
        serde_json::from_value(json!({
            "uuid": "00000000-0000-0000-0000-0000000000c1", "name": "c", "template_name": "t", "driver": "d",
            "cluster_template_id": "00000000-0000-0000-0000-0000000000c2", "keypair": null, "node_count": 1,
            "master_count": 1, "docker_volume_size": null, "flavor_id": "f", "master_flavor_id": "f",
            "fixed_network": null, "fixed_subnet": null, "floating_ip_enabled": false, "master_lb_enabled": false,
            "create_timeout": 60, "labels": {"wait_condition_timeout": "600"}, "status": status, "status_reason": "",
            "stack_id": null, "stack_name": "s", "api_address": null, "coe_version": null, "master_addresses": [],
            "node_addresses": [], "project_id": "p", "user_id": "u", "created_at": at(0), "updated_at": null,
            "status_since": at(0), "progress": null, "cause": null
        }))
        .unwrap()
    }

    fn wait(path: &[&str], status: &str, updated: Option<i64>) -> StackResource {
        StackResource {
            name: "ready".into(),
            kind: "OS::Heat::WaitCondition".into(),
            status: Status::from(status),
            status_reason: String::new(),
            physical_id: String::new(),
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            nested: None,
            stack_id: "s".into(),
            updated: updated.map(at),
        }
    }

    #[test]
    fn nodes_and_the_whole_run_down_while_it_is_made() {
        let resources = [
            wait(&["masters", "0"], "CREATE_IN_PROGRESS", Some(100)),
            wait(&["worker_groups", "0", "workers", "0"], "CREATE_COMPLETE", Some(100)),
            wait(&["worker_groups", "0", "workers", "1"], "INIT_COMPLETE", None),
        ];
        let told: Vec<String> =
            running(&cluster("CREATE_IN_PROGRESS"), &resources, at(128)).iter().map(super::TimeOut::line).collect();
        assert_eq!(
            told,
            [
                "masters.0: 9 min 32 s left of 10 min, until 15:18:20 UTC",
                "create: 57 min 52 s left of 60 min, until 16:06:40 UTC"
            ]
        );
        let late = running(&cluster("CREATE_IN_PROGRESS"), &resources, at(4000));
        assert_eq!((late[0].left_seconds, late[1].left_seconds), (0, 0));
        assert!(late[1].line().starts_with("create: is due after 60 min"));
    }

    #[test]
    fn of_somebody_elses_update_only_nodes_are_told_and_at_rest_nothing() {
        let resources = [wait(&["masters", "0"], "CREATE_IN_PROGRESS", Some(100))];
        let of = |status: &str| {
            running(&cluster(status), &resources, at(128)).into_iter().map(|time_out| time_out.of).collect::<Vec<_>>()
        };
        assert_eq!(of("UPDATE_IN_PROGRESS"), ["masters.0"]);
        assert!(of("CREATE_COMPLETE").is_empty() && of("CREATE_FAILED").is_empty());
    }

    #[test]
    fn a_node_has_nine_tenths_of_the_whole_unless_said_otherwise() {
        assert_eq!((node_seconds(None, 0), node_seconds(None, 10)), (3240, 540));
        assert_eq!((node_seconds(Some("7"), 10), node_seconds(Some("x"), 10)), (7, 540));
        assert_eq!((node_seconds(Some("0"), 10), node_seconds(None, u32::MAX)), (1, 43_200));
    }
}
