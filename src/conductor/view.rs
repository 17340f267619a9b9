//! The store as this process last saw it: which clusters at which revision. Reads only
//! what changed since, so that ten thousand clusters at rest cost nothing.

use std::collections::BTreeMap;

use super::activate::Ports;
use crate::model::ClusterId;
use crate::store::{ClusterRecord, StoreError};

#[derive(Default)]
pub(super) struct View {
    /// Everything up to this count is known.
    seen: Option<i64>,
    known: BTreeMap<ClusterId, Known>,
}

struct Known {
    revision: i64,
    name: String,
}

impl View {
    /// Reads what changed, tells the observer, and hands each changed record to `each`.
    /// Tells which clusters are gone.
    pub async fn refresh(
        &mut self,
        ports: &Ports,
        mut each: impl FnMut(ClusterRecord),
    ) -> Result<Vec<ClusterId>, StoreError> {
        let (store, scope) = (&ports.store, &ports.scope);
        if self.seen.is_some() && self.seen == Some(store.version().await?) {
            return Ok(Vec::new());
        }
        let mut since = self.seen.unwrap_or(0);
        let total = loop {
            let changes = store.changes(scope, since).await?;
            for record in changes.clusters {
                let (id, revision) = (record.id(), record.revision);
                let known = self.known.get(&id);
                if known.is_some_and(|known| known.revision >= revision) {
                    continue;
                }
                self.known.insert(id, Known { revision, name: record.cluster.name.clone() });
                ports.observer.saved(&record);
                each(record);
            }
            since = changes.version;
            if changes.all {
                break changes.total;
            }
        };
        ports.observer.templates(store.templates(scope, &ports.keystone).await?);
        let mut gone = Vec::new();
        if self.known.len() != total {
            let there = store.cluster_ids(scope).await?;
            gone = self.known.keys().filter(|id| !there.contains(id)).copied().collect();
            for id in &gone {
                if let Some(known) = self.known.remove(id) {
                    ports.observer.forgotten(*id, &known.name);
                }
            }
        }
        self.seen = Some(since);
        Ok(gone)
    }

    /// A cluster that this process itself has removed.
    pub fn forget(&mut self, id: ClusterId) {
        self.known.remove(&id);
    }

    /// Has the next look hand out everything again.
    pub fn again(&mut self) {
        *self = Self::default();
    }
}
