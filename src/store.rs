//! What Jeroboam remembers between runs: templates, cluster records, and each
//! cluster's secrets (sealed). The cloud itself is the other half of the truth:
//! a record says what was wished and what was last seen, never what *is*.
//!
//! Stores: [`sqlite`] for a user, [`postgres`] for conductors on several hosts, [`memory`] for
//! tests, all with one suite of tests. None
//! knows what a status means or who works on a record; they keep records apart by
//! [`Scope`], refuse stale saves, and make every change visible through [`Store::version`].
//! What outlives clusters (history, issued certificates, quotas) is [`Archive`].

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::cloud::Scope;
use crate::driver::{Facts, NodeAddress, PlanInput};
use crate::model::history::Sample;
use crate::model::{
    Cluster, ClusterId, ClusterTemplate, HistoryEntry, IssuedCertificate, Labels, NewTemplate, Problem, ProblemKind,
    Quota, Spec, Status, TemplateId, TemplateUsers,
};

mod disk;
pub mod lease;
pub mod memory;
pub mod postgres;
mod seal;
mod sql;
pub mod sqlite;

pub use lease::Leases;
pub use memory::MemoryStore;
pub use postgres::PostgresStore;
pub use sqlite::SqliteStore;

/// A cluster's secrets by name; the names are those of [`crate::driver::plan::PlanInput`].
pub type Secrets = BTreeMap<String, SecretString>;

/// Everything needed to go on with a cluster after a restart, except its secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClusterRecord {
    pub scope: Scope,
    pub cluster: Cluster,
    /// The template as it was when the cluster was accepted.
    pub template: NewTemplate,
    pub facts: Facts,
    /// The machines that the cluster is to have in the end.
    pub goal: Spec,
    /// What the stack was last given; plans are made of this one.
    pub sent: Spec,
    /// What the stack last completed.
    pub taken: Spec,
    /// Workers that the change under way replaces at the same time.
    #[serde(default)]
    pub batch: usize,
    /// What the change under way began from, as far as it is more than machines.
    #[serde(default)]
    pub before: Option<Box<Before>>,
    /// Where the machines are, as the stack last told.
    #[serde(default)]
    pub nodes: Vec<NodeAddress>,
    pub intent: Intent,
    #[serde(default)]
    pub track: Track,
    /// Counts saves; a save on top of any other revision is refused. 0: never saved.
    #[serde(skip)]
    pub revision: i64,
    /// For the history, written together with the next save of the record, or not at all.
    #[serde(skip)]
    pub notes: Vec<HistoryEntry>,
}

impl ClusterRecord {
    pub fn id(&self) -> ClusterId {
        self.cluster.uuid
    }

    /// What the driver makes its plan from.
    pub fn plan_input<'a>(&'a self, secrets: &'a Secrets) -> PlanInput<'a> {
        PlanInput { cluster: &self.cluster, template: &self.template, facts: &self.facts, spec: &self.sent, secrets }
    }
}

/// What an upgrade changes besides machines, as it was before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Before {
    pub cluster_template_id: TemplateId,
    pub template_name: String,
    pub template: NewTemplate,
    pub facts: Facts,
    pub labels: Labels,
}

/// What the user wants of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    Present,
    Absent,
}

/// What the conductor must remember about its own doings. Written before the deed,
/// so that after a crash "maybe sent" is never mistaken for "never sent".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Track {
    /// A create call may have reached Heat at this time and its outcome is not known.
    /// Cleared by an answer that settles it.
    pub create_sent: Option<DateTime<Utc>>,
    /// A delete call was sent at this time for the present wish.
    pub delete_sent: Option<DateTime<Utc>>,
    /// Deletes of the present wish that Heat took and then failed to carry out.
    pub delete_failures: u32,
    /// An update to the record's `sent` may have reached Heat at this time and its outcome is
    /// not known. Cleared by an answer or a look that settles it.
    pub update_sent: Option<DateTime<Utc>>,
    /// Heat has had that update since this time, and has not ended it as far as we know.
    pub update_taken: Option<DateTime<Utc>>,
    /// The revision before which the nodes it takes away were drained.
    pub drained: Option<u64>,
    /// Workers that the update made before it failed, by slot and index: a retry counts on them.
    pub came_up: BTreeSet<(u32, u32)>,
    /// The user wants the update under way stopped.
    pub cancel: bool,
    /// Failed deletes of the present wish that were begun anew without being asked.
    pub delete_retries: u32,
    /// Volumes that the cluster's workloads made go with it.
    pub with_volumes: bool,
    /// Passing faults in a row; the back-off grows with it.
    pub faults: u32,
    /// What the stack has come to, not told yet: it becomes the cluster's status together with
    /// the addresses, or with the root cause of the failure, so that nobody sees one without the other.
    pub ending: Option<Ending>,
    /// It was told that all is complete before its addresses could be read.
    pub unread: bool,
    /// What was last told to others of the cluster, `create/pending`; `None`: nobody listened yet.
    pub told: Option<String>,
}

/// The end of an operation in Heat's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    pub status: Status,
    pub reason: String,
}

/// How often the store was heard to change: a different number means that it has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Feed {
    /// Of templates and clusters.
    pub changes: u64,
    /// Of free shards.
    pub leases: u64,
}

/// What [`Store::changes`] tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// What was asked for is told up to this count: where the next call begins.
    pub version: i64,
    /// Records made or saved since, in the order of their changes.
    pub clusters: Vec<ClusterRecord>,
    /// Whether that was everything until now, or only the first [`PAGE`] of it.
    pub all: bool,
    /// How many clusters there are now: fewer than known means that some are gone.
    pub total: usize,
}

/// So many changes are told at once.
pub const PAGE: usize = 200;
/// So many durations of an operation are looked at.
pub const SAMPLES: usize = 200;

/// What is kept after clusters are gone.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Newest first, of one cluster or of all; written through [`ClusterRecord::notes`].
    async fn history(
        &self,
        scope: &Scope,
        of: Option<ClusterId>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StoreError>;
    /// How long the operation took lately, newest first, at most [`SAMPLES`].
    async fn samples(&self, scope: &Scope, driver: &str, operation: &str) -> Result<Vec<Sample>, StoreError>;

    async fn add_certificate(&self, scope: &Scope, issued: &IssuedCertificate) -> Result<(), StoreError>;
    /// Newest first, of one cluster or of all.
    async fn certificates(&self, scope: &Scope, of: Option<ClusterId>) -> Result<Vec<IssuedCertificate>, StoreError>;

    /// Of all projects in the region, by project.
    async fn quotas(&self, region: &str) -> Result<Vec<Quota>, StoreError>;
    /// Makes it or replaces the one of the same project and resource.
    async fn put_quota(&self, region: &str, quota: &Quota) -> Result<(), StoreError>;
    /// `false` when there was none.
    async fn remove_quota(&self, scope: &Scope, resource: &str) -> Result<bool, StoreError>;
}

/// The store's port.
#[async_trait]
pub trait Store: Archive {
    /// The project's, and those that other projects of the same cloud and region made public and
    /// did not hide; sorted by name, own ones first, then age. `cloud` is [`Identity::keystone`].
    ///
    /// [`Identity::keystone`]: crate::cloud::Identity::keystone
    async fn templates(&self, scope: &Scope, cloud: &str) -> Result<Vec<ClusterTemplate>, StoreError>;
    /// As in [`Self::templates`], and hidden ones too.
    async fn template(&self, scope: &Scope, cloud: &str, id: TemplateId)
    -> Result<Option<ClusterTemplate>, StoreError>;
    /// Clusters that refer to it, of whatever project.
    async fn template_users(&self, scope: &Scope, id: TemplateId) -> Result<TemplateUsers, StoreError>;
    async fn add_template(&self, scope: &Scope, template: &ClusterTemplate) -> Result<(), StoreError>;
    /// Replaces the project's template of the same id; `false` when there is none.
    async fn save_template(&self, scope: &Scope, template: &ClusterTemplate) -> Result<bool, StoreError>;
    /// `false` when the project has none; [`StoreError::InUse`] while a cluster of whatever project refers to it.
    async fn remove_template(&self, scope: &Scope, id: TemplateId) -> Result<bool, StoreError>;

    /// Sorted by name.
    async fn clusters(&self, scope: &Scope) -> Result<Vec<ClusterRecord>, StoreError>;
    async fn cluster(&self, scope: &Scope, id: ClusterId) -> Result<Option<ClusterRecord>, StoreError>;
    /// What was made or saved after the count `since` (0: everything), which a former call told.
    async fn changes(&self, scope: &Scope, since: i64) -> Result<Changes, StoreError>;
    async fn cluster_ids(&self, scope: &Scope) -> Result<BTreeSet<ClusterId>, StoreError>;
    /// Keeps record and secrets together or neither. A second cluster of the same
    /// name in the scope is [`StoreError::NameTaken`], one more than the project's quota
    /// allows [`StoreError::QuotaFull`].
    async fn add_cluster(&self, record: &mut ClusterRecord, secrets: &Secrets) -> Result<(), StoreError>;
    /// Saves on top of `record.revision` and counts it up; [`StoreError::Stale`] when
    /// somebody else saved or removed it meanwhile.
    async fn save_cluster(&self, record: &mut ClusterRecord) -> Result<(), StoreError>;
    /// Removes record and secrets; nothing there is fine, another revision is [`StoreError::Stale`].
    async fn remove_cluster(&self, record: &ClusterRecord) -> Result<(), StoreError>;
    async fn secrets(&self, id: ClusterId) -> Result<Secrets, StoreError>;
    /// Keeps these beside the cluster's others, all or none; one of a name that is there already
    /// takes its place. [`StoreError::Stale`] when there is no such cluster any more.
    async fn add_secrets(&self, id: ClusterId, secrets: &Secrets) -> Result<(), StoreError>;

    /// Grows with every change of templates or clusters by any process. Cheap.
    async fn version(&self) -> Result<i64, StoreError>;
    /// Tells that somebody changed something, for a store that can; others must be polled.
    fn feed(&self) -> Option<watch::Receiver<Feed>> {
        None
    }
    /// How several conductors share the work, for a store that is made for it.
    fn leases(&self) -> Option<&dyn Leases> {
        None
    }
}

/// By name, own ones first, then age. Not in SQL: databases differ in how they order letters.
fn order(templates: &mut [ClusterTemplate], scope: &Scope) {
    let foreign = |template: &ClusterTemplate| template.project_id != scope.project_id;
    templates.sort_by(|a, b| (&a.spec.name, foreign(a), a.created_at).cmp(&(&b.spec.name, foreign(b), b.created_at)));
}

/// Why the store refused or failed. Paths in it are for the user's eyes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the record was changed by somebody else meanwhile")]
    Stale,
    #[error("there is already a cluster named \"{0}\" in this project")]
    NameTaken(String),
    #[error("the template is used by {0}")]
    InUse(TemplateUsers),
    #[error("the project's quota of {limit} clusters is used up: it has {there}")]
    QuotaFull { limit: i64, there: i64 },
    #[error("the cluster template is gone")]
    TemplateGone,
    #[error("the store {path} was written by a newer Jeroboam (its schema has version {version})")]
    Newer { path: String, version: i64 },
    #[error("the store {path} is damaged: {why}")]
    Corrupt { path: String, why: String },
    #[error("{what} in the store cannot be read: {why}")]
    Record { what: String, why: String },
    #[error("{what}: {why}")]
    Disk { what: String, why: String },
    #[error("another process kept the store {path} locked for too long")]
    Busy { path: String },
    #[error("the store's URL is not understood")]
    Url,
    #[error("the store {place} cannot be reached: {why}")]
    Away { place: String, why: String },
    #[error("the store {place} refuses us: {why}")]
    Refused { place: String, why: String },
    #[error("the key file {0} is missing, and the clusters' secrets in the store cannot be read without it")]
    KeyMissing(String),
    #[error("the key file {0} is not the one this store's secrets were sealed with")]
    KeyWrong(String),
    #[error("the secret {0} cannot be opened: it was changed or belongs elsewhere")]
    Sealed(String),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let kind = match error {
            StoreError::Stale
            | StoreError::NameTaken(_)
            | StoreError::InUse(_)
            | StoreError::QuotaFull { .. }
            | StoreError::TemplateGone => ProblemKind::Conflict,
            StoreError::Url => ProblemKind::Invalid,
            StoreError::Away { .. } => ProblemKind::Unavailable,
            StoreError::Refused { .. } => ProblemKind::Denied,
            _ => ProblemKind::Local,
        };
        let advice = match &error {
            StoreError::Stale => "Look at it again and repeat what you wanted",
            StoreError::NameTaken(_) => "Choose another name, or delete that cluster first",
            StoreError::InUse(users) if users.others > 0 => {
                "Hide it (`template update NAME replace hidden=true`) until no cluster refers to it any more"
            }
            StoreError::InUse(_) => "Delete these clusters first",
            StoreError::QuotaFull { .. } => "Delete a cluster, or have the limit raised with `jeroboam quota update`",
            StoreError::TemplateGone => "Choose another template",
            StoreError::Newer { .. } => "Use that version, or another data directory",
            StoreError::Corrupt { .. } => {
                "Restore it from a backup, or move it away to begin an empty one; stacks in the cloud are not touched"
            }
            StoreError::Record { .. } => "Use the version that wrote it, or restore a backup",
            StoreError::Disk { .. } => "Check the disk's free space and the directory's permissions",
            StoreError::Busy { .. } => "End the other process, or try again",
            StoreError::Url => "Write it as postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full",
            StoreError::Away { .. } => "Check that PostgreSQL runs there and that this host may connect",
            StoreError::Refused { .. } => {
                "Check user, database and password: in the URL, in PGPASSWORD or in the password file"
            }
            StoreError::KeyMissing(_) | StoreError::KeyWrong(_) => "Put the original key file back from a backup",
            StoreError::Sealed(_) => "Restore the store and its key file from the same backup",
        };
        let field = matches!(error, StoreError::NameTaken(_)).then_some("name");
        let problem = Problem::new(kind, error.to_string()).advise(advice);
        match field {
            Some(field) => problem.on_field(field),
            None => problem,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
