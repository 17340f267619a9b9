//! A store that lives and dies with its process, for tests. Keeps the same rules as
//! [`super::sqlite`]; one suite of tests runs on both.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{ClusterRecord, Secrets, Store, StoreError};
use crate::cloud::Scope;
use crate::model::{ClusterId, ClusterTemplate, TemplateId};

#[derive(Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    version: i64,
    templates: BTreeMap<TemplateId, (Scope, ClusterTemplate)>,
    clusters: BTreeMap<ClusterId, ClusterRecord>,
    secrets: BTreeMap<ClusterId, Secrets>,
}

impl MemoryStore {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change below is complete before anything can panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn templates(&self, scope: &Scope) -> Result<Vec<ClusterTemplate>, StoreError> {
        let mut found: Vec<ClusterTemplate> = self
            .lock()
            .templates
            .values()
            .filter(|(of, _)| of == scope)
            .map(|(_, template)| template.clone())
            .collect();
        found.sort_by(|a, b| (&a.spec.name, a.created_at).cmp(&(&b.spec.name, b.created_at)));
        Ok(found)
    }

    async fn add_template(&self, scope: &Scope, template: &ClusterTemplate) -> Result<(), StoreError> {
        let mut inner = self.lock();
        inner.templates.insert(template.uuid, (scope.clone(), template.clone()));
        inner.version += 1;
        Ok(())
    }

    async fn save_template(&self, scope: &Scope, template: &ClusterTemplate) -> Result<bool, StoreError> {
        let mut inner = self.lock();
        let Some((_, kept)) = inner.templates.get_mut(&template.uuid).filter(|(of, _)| of == scope) else {
            return Ok(false);
        };
        *kept = template.clone();
        inner.version += 1;
        Ok(true)
    }

    async fn remove_template(&self, scope: &Scope, id: TemplateId) -> Result<bool, StoreError> {
        let mut inner = self.lock();
        let users: Vec<String> = inner
            .clusters
            .values()
            .filter(|record| record.cluster.cluster_template_id == id)
            .map(|record| record.cluster.name.clone())
            .collect();
        if !users.is_empty() {
            return Err(StoreError::InUse(users));
        }
        if inner.templates.get(&id).is_none_or(|(of, _)| of != scope) {
            return Ok(false);
        }
        inner.templates.remove(&id);
        inner.version += 1;
        Ok(true)
    }

    async fn clusters(&self, scope: &Scope) -> Result<Vec<ClusterRecord>, StoreError> {
        let mut found: Vec<ClusterRecord> =
            self.lock().clusters.values().filter(|record| record.scope == *scope).cloned().collect();
        found.sort_by(|a, b| a.cluster.name.cmp(&b.cluster.name));
        Ok(found)
    }

    async fn cluster(&self, scope: &Scope, id: ClusterId) -> Result<Option<ClusterRecord>, StoreError> {
        Ok(self.lock().clusters.get(&id).filter(|record| record.scope == *scope).cloned())
    }

    async fn add_cluster(&self, record: &mut ClusterRecord, secrets: &Secrets) -> Result<(), StoreError> {
        let mut inner = self.lock();
        let name = &record.cluster.name;
        if inner.clusters.values().any(|other| other.scope == record.scope && other.cluster.name == *name) {
            return Err(StoreError::NameTaken(name.clone()));
        }
        if !inner.templates.contains_key(&record.cluster.cluster_template_id) {
            return Err(StoreError::TemplateGone);
        }
        record.revision = 1;
        inner.clusters.insert(record.id(), record.clone());
        inner.secrets.insert(record.id(), secrets.clone());
        inner.version += 1;
        Ok(())
    }

    async fn save_cluster(&self, record: &mut ClusterRecord) -> Result<(), StoreError> {
        let mut inner = self.lock();
        match inner.clusters.get_mut(&record.id()) {
            Some(kept) if kept.revision == record.revision => {
                record.revision += 1;
                *kept = record.clone();
                inner.version += 1;
                Ok(())
            }
            _ => Err(StoreError::Stale),
        }
    }

    async fn remove_cluster(&self, record: &ClusterRecord) -> Result<(), StoreError> {
        let mut inner = self.lock();
        match inner.clusters.get(&record.id()) {
            None => Ok(()),
            Some(kept) if kept.revision == record.revision => {
                inner.clusters.remove(&record.id());
                inner.secrets.remove(&record.id());
                inner.version += 1;
                Ok(())
            }
            Some(_) => Err(StoreError::Stale),
        }
    }

    async fn secrets(&self, id: ClusterId) -> Result<Secrets, StoreError> {
        Ok(self.lock().secrets.get(&id).cloned().unwrap_or_default())
    }

    async fn add_secrets(&self, id: ClusterId, secrets: &Secrets) -> Result<(), StoreError> {
        let mut inner = self.lock();
        if !inner.clusters.contains_key(&id) {
            return Err(StoreError::Stale);
        }
        inner.secrets.entry(id).or_default().extend(secrets.clone());
        Ok(())
    }

    async fn version(&self) -> Result<i64, StoreError> {
        Ok(self.lock().version)
    }
}
