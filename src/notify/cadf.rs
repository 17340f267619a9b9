//! The events: CADF 1.0 as Magnum's conductor emits them (magnum/conductor/utils.py,
//! `notify_about_cluster_operation`), so that what listens to a Magnum hears us too.
//! <https://www.dmtf.org/standards/cadf>

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::model::{Action, Cluster, State, Status};

const EVENT: &str = "http://schemas.dmtf.org/cloud/audit/1.0/event";
const CLUSTER: &str = "service/magnum/cluster";
const USER: &str = "service/security/account/user";

/// How far what is told has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Pending,
    Success,
    Failure,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `create`, `update` or `delete`.
    pub action: &'static str,
    pub outcome: Outcome,
    pub at: DateTime<Utc>,
    /// The message's id, and another for what is in it.
    pub id: Uuid,
    payload: Value,
}

/// What a status tells, in Magnum's two words; `None`: nothing that Magnum has an event for.
pub fn of_status(status: &Status) -> Option<(&'static str, Outcome)> {
    let action = match &status.action {
        Action::Create => "create",
        Action::Update | Action::Rollback => "update",
        Action::Delete => "delete",
        Action::Other(_) => return None,
    };
    let outcome = match &status.state {
        State::InProgress => Outcome::Pending,
        State::Complete => Outcome::Success,
        State::Failed => Outcome::Failure,
        State::Other(_) => return None,
    };
    Some((action, outcome))
}

impl Event {
    /// About a cluster as it is now; `at`: the time of the event.
    pub fn new(cluster: &Cluster, action: &'static str, outcome: Outcome, at: DateTime<Utc>) -> Self {
        let payload = json!({
            "typeURI": EVENT,
            "eventType": "activity",
            "id": Uuid::new_v4(),
            "eventTime": at.format("%Y-%m-%dT%H:%M:%S%.6f+0000").to_string(),
            "action": action,
            "outcome": outcome.word(),
            "initiator": {
                "id": cluster.user_id,
                "typeURI": USER,
                "user_id": cluster.user_id,
                "project_id": cluster.project_id,
            },
            "target": {
                "id": cluster.uuid,
                "name": cluster.name,
                "typeURI": CLUSTER,
                "attachments": [{ "typeURI": CLUSTER, "name": "cluster_data", "content": content(cluster) }],
            },
            "observer": { "id": "jeroboam", "typeURI": CLUSTER },
        });
        Self { action, outcome, at, id: Uuid::new_v4(), payload }
    }

    pub fn event_type(&self) -> String {
        format!("magnum.cluster.{}", self.action)
    }

    /// oslo.messaging's priority: also the second half of the queue's name.
    pub fn priority(&self) -> &'static str {
        if self.outcome == Outcome::Failure { "ERROR" } else { "INFO" }
    }

    /// A notification as oslo.messaging's listeners take it, without the envelope of the wire.
    pub fn notification(&self, host: &str) -> Value {
        json!({
            "message_id": self.id,
            "publisher_id": format!("container-infra.{host}"),
            "event_type": self.event_type(),
            "priority": self.priority(),
            "payload": self.payload,
            "timestamp": self.at.format("%Y-%m-%d %H:%M:%S%.6f").to_string(),
        })
    }
}

impl Outcome {
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

fn content(cluster: &Cluster) -> Value {
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, false);
    json!({
        "status": cluster.status,
        "status_reason": cluster.status_reason,
        "project_id": cluster.project_id,
        "created_at": time(cluster.created_at),
        "updated_at": cluster.updated_at.map(time),
        "cluster_template_id": cluster.cluster_template_id,
        "keypair": cluster.keypair,
        // Magnum's own spelling, which its consumers know.
        "docker_volume_size:": cluster.docker_volume_size,
        "labels": cluster.labels,
        "master_flavor_id": cluster.master_flavor_id,
        "flavor_id": cluster.flavor_id,
        "stack_id": cluster.stack_id,
        "health_status": cluster.health.as_ref().map(|health| health.status),
        "create_timeout": cluster.create_timeout,
        "api_address": cluster.api_address,
        "discovery_url": null,
        "node_addresses": cluster.node_addresses,
        "master_addresses": cluster.master_addresses,
        "node_count": cluster.node_count,
        "master_count": cluster.master_count,
    })
}
