//! Between the conductor's tasks and its observer: says each trouble once, and wakes the
//! watcher of details when a record changed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::{Leader, Observer, Share};
use crate::model::{ClusterId, ClusterTemplate, Problem, StackEvent, StackResource};
use crate::store::ClusterRecord;

pub(super) struct Tell {
    observer: Arc<dyn Observer>,
    trouble: Mutex<Option<Problem>>,
    pub changed: Notify,
    /// Whether this process works.
    pub leads: AtomicBool,
}

impl Tell {
    pub fn new(observer: Arc<dyn Observer>) -> Self {
        Self { observer, trouble: Mutex::default(), changed: Notify::new(), leads: AtomicBool::new(false) }
    }
}

impl Observer for Tell {
    fn saved(&self, record: &ClusterRecord) {
        self.observer.saved(record);
        self.changed.notify_one();
    }

    fn forgotten(&self, id: ClusterId, name: &str) {
        self.observer.forgotten(id, name);
        self.changed.notify_one();
    }

    fn templates(&self, templates: Vec<ClusterTemplate>) {
        self.observer.templates(templates);
    }

    fn resources(&self, id: ClusterId, resources: Vec<StackResource>) {
        self.observer.resources(id, resources);
    }

    fn events(&self, id: ClusterId, events: Vec<StackEvent>) {
        self.observer.events(id, events);
    }

    fn leader(&self, other: Option<Leader>) {
        self.leads.store(other.is_none(), Ordering::SeqCst);
        self.observer.leader(other);
    }

    fn shares(&self, share: Share) {
        self.observer.shares(share);
    }

    fn trouble(&self, problem: Option<Problem>) {
        let mut last = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        // The request id differs each time and makes no new trouble.
        let same = match (&*last, &problem) {
            (None, None) => true,
            (Some(last), Some(new)) => last.summary == new.summary,
            _ => false,
        };
        if !same {
            last.clone_from(&problem);
            drop(last);
            self.observer.trouble(problem);
        }
    }
}
