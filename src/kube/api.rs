//! The Kubernetes API, as far as a cluster's manager needs it: is it ready, which nodes are
//! there, and how a node is emptied and taken out before its machine goes.
//!
//! [`Api`] is the port; [`Client`] speaks HTTPS with the cluster's own CA as its only trust and a
//! client certificate, both in memory. [`Routes`] says how a cluster's API is reached: directly,
//! through a forward that somebody keeps up (`ssh -L`), or through a proxy.
//! Start reading at [`Api`]; how a node is drained is in `drain`.

mod client;
mod drain;
mod read;
mod route;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

pub use client::{Client, NAME};
pub use drain::{Drained, Pace};
pub use route::{Route, Routes};

use crate::model::text::clean;
use crate::model::{Cluster, Problem, ProblemKind};

/// What is asked of one cluster's API.
#[async_trait]
pub trait Api: Send + Sync {
    /// `/readyz` and `/version`. An API server that answers "not ready" is an answer, not an error.
    async fn readiness(&self) -> Result<Readiness, KubeError>;
    async fn nodes(&self) -> Result<Vec<Node>, KubeError>;
    /// Lets no new pods onto the node, or does again; `false`: there is no such node.
    async fn cordon(&self, node: &str, on: bool) -> Result<bool, KubeError>;
    /// Cordons the node and evicts its pods as `kubectl drain --ignore-daemonsets --force
    /// --delete-emptydir-data` does: through the eviction API, so that disruption budgets are kept.
    /// Static pods, DaemonSets' and finished ones stay. A node that is not there is drained.
    /// [`KubeErrorKind::Blocked`] when pods are left after `limit`; the node stays cordoned then.
    async fn drain(&self, node: &str, limit: Duration) -> Result<Drained, KubeError>;
    /// Removes the node object; `false`: there was none.
    async fn delete_node(&self, node: &str) -> Result<bool, KubeError>;
}

/// Opens clusters' APIs; tests bring their own.
pub trait Gateway: Send + Sync {
    fn open(&self, cluster: &Cluster, keys: &Keys) -> Result<Arc<dyn Api>, KubeError>;
}

/// Whom to trust and who we are.
#[derive(Debug, Clone)]
pub struct Keys {
    /// PEM, one certificate or several; nobody else is trusted.
    pub ca: String,
    /// PEM of the client certificate.
    pub certificate: String,
    /// PEM, PKCS#8.
    pub key: SecretString,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    pub ready: bool,
    /// Names of the checks that failed (`etcd`, `poststarthook/…`), as the API server names them.
    pub failing: Vec<String>,
    /// `v1.31.4`; `None` when it was not told.
    pub version: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub ready: bool,
    /// Why it is not ready, in the kubelet's or controller's words; empty when it is.
    pub reason: String,
    /// `true` when cordoned.
    pub unschedulable: bool,
    /// The kubelet's, `v1.31.4`.
    pub version: String,
    /// From the labels `node-role.kubernetes.io/…`; `control-plane` for masters.
    pub roles: Vec<String>,
    /// All its addresses, internal and external; not its names.
    pub addresses: Vec<String>,
}

/// Why a call to a Kubernetes API failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct KubeError {
    pub kind: KubeErrorKind,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// Cleaned; names what failed.
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KubeErrorKind {
    /// No answer: refused, no route, timed out.
    Unreachable,
    /// Somebody answered who is not this cluster, or who does not take our certificate.
    Untrusted,
    /// 401, 403.
    Denied,
    /// 429, 5xx: may pass.
    Busy,
    /// Any other refusal.
    Refused,
    /// The answer could not be understood.
    Odd,
    /// Pods that could not be evicted in time.
    Blocked,
    /// A route or key that cannot be used: nothing was sent.
    Setup,
}

impl KubeError {
    pub fn new(kind: KubeErrorKind, message: impl AsRef<str>) -> Self {
        Self { kind, status: None, message: clean(message.as_ref()) }
    }

    /// Whether the same call may succeed later without anybody changing the request.
    pub fn is_passing(&self) -> bool {
        matches!(self.kind, KubeErrorKind::Unreachable | KubeErrorKind::Busy)
    }
}

impl From<KubeError> for Problem {
    fn from(error: KubeError) -> Self {
        let (kind, advice) = match error.kind {
            KubeErrorKind::Unreachable => (
                ProblemKind::Unavailable,
                "Where the API's address is not reachable from here, keep up a forward and name it with api_forward in config.toml",
            ),
            KubeErrorKind::Untrusted => (
                ProblemKind::Denied,
                "What answers there is not this cluster, or its authority was replaced; check the address or the forward",
            ),
            KubeErrorKind::Denied => (ProblemKind::Denied, "The cluster refuses its own authority's certificate"),
            KubeErrorKind::Busy => (ProblemKind::Unavailable, "Try again later"),
            KubeErrorKind::Refused | KubeErrorKind::Odd => {
                (ProblemKind::Unavailable, "Check with kubectl what the cluster's API says")
            }
            KubeErrorKind::Blocked => (
                ProblemKind::Conflict,
                "See to these pods or their disruption budgets with kubectl, then repeat it; or go on without draining",
            ),
            KubeErrorKind::Setup => (ProblemKind::Local, "Correct api_forward in config.toml"),
        };
        Problem::new(kind, format!("kubernetes: {}", error.message)).advise(advice)
    }
}
