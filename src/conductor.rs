//! The conductor: takes each cluster from what it is to what its record wishes, by
//! asking Heat, and tells what it sees on the way. Replaces Magnum's.
//!
//! Level-triggered: [`machine`] decides, purely, from a record and an observation what
//! is the next thing to do; [`activate`] saves that decision *before* doing it, and
//! feeds what came out of it back; [`engine`] says when. Nothing here remembers
//! anything that matters outside the store and the cloud, so a process may be killed
//! between any two instructions and the next one goes on.
//!
//! Must not know: who asks (dashboard, command line), how HTTP works, what a driver's
//! templates look like. Start reading at [`machine`].

use chrono::{DateTime, Utc};

use crate::model::{ClusterId, ClusterTemplate, Problem, StackEvent, StackResource, Status};
use crate::store::{ClusterRecord, Intent};

pub mod activate;
mod backoff;
pub mod cause;
pub mod change;
pub mod chronicle;
mod depart;
pub mod details;
pub mod engine;
pub mod groups;
pub mod health;
pub mod keys;
mod lock;
pub mod machine;
pub mod nodes;
pub mod provisions;
pub mod reach;
pub mod rollout;
mod shards;
pub mod sweep;
mod tell;
#[cfg(test)]
pub(crate) mod testing;
mod view;
mod wake;
mod work;

pub use activate::Ports;
pub use engine::{Conductor, Options, Outside, wake_other};

/// Where the conductor tells what happens. Called from its tasks: must return quickly.
pub trait Observer: Send + Sync {
    /// A record was saved, by this process or another.
    fn saved(&self, record: &ClusterRecord);
    /// The cluster is gone from the cloud and its record from the store.
    fn forgotten(&self, id: ClusterId, name: &str);
    /// All templates there are.
    fn templates(&self, templates: Vec<ClusterTemplate>);
    /// The whole tree of the watched cluster's stack, and how far it is.
    fn resources(&self, id: ClusterId, resources: Vec<StackResource>);
    /// New events of the watched cluster's stack.
    fn events(&self, id: ClusterId, events: Vec<StackEvent>);
    /// Who works; `None`: this process.
    fn leader(&self, other: Option<Leader>);
    /// How much of the work this process has, of all, and on which hosts the others are.
    fn shares(&self, share: Share);
    /// The cloud or the store cannot be used just now; `None`: it works again.
    fn trouble(&self, problem: Option<Problem>);
}

/// Another process that holds the store's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leader {
    pub pid: Option<u32>,
}

/// A process's part in the work on a store that several share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Share {
    /// Hundredths of all clusters; 0: others do it.
    pub percent: u8,
    /// Hosts of the other conductors that live.
    pub others: Vec<String>,
}

/// The present time; tests bring their own.
pub type Clock = std::sync::Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Notes the wish that a cluster go, in whatever state it is; again after a failed delete.
pub fn wish_absent(record: &mut ClusterRecord, now: DateTime<Utc>) {
    if record.intent == Intent::Absent && record.cluster.status == Status::DELETE_IN_PROGRESS {
        return;
    }
    record.intent = Intent::Absent;
    record.cluster.status = Status::DELETE_IN_PROGRESS;
    record.cluster.status_since = now;
    record.cluster.status_reason.clear();
    record.cluster.cause = None;
    record.track.ending = None;
    record.track.delete_sent = None;
    record.track.delete_failures = 0;
    // Heat refuses updates of a stack that is going, so none under way matters any more.
    record.track.update_sent = None;
    record.track.update_taken = None;
    record.track.cancel = false;
    record.cluster.rollout = None;
    record.track.delete_retries = 0;
    record.track.faults = 0;
}
