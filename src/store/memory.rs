//! A store that lives and dies with its process, for tests. Keeps the same rules as
//! [`super::sqlite`]; one suite of tests runs on both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Archive, Changes, ClusterRecord, PAGE, SAMPLES, Secrets, Store, StoreError, order};
use crate::cloud::Scope;
use crate::model::history::Sample;
use crate::model::{
    ClusterId, ClusterTemplate, HistoryEntry, IssuedCertificate, Quota, TemplateId, TemplateUsers, quota,
};

#[derive(Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    version: i64,
    templates: BTreeMap<TemplateId, (Scope, ClusterTemplate)>,
    clusters: BTreeMap<ClusterId, ClusterRecord>,
    /// The count at which each cluster changed last.
    changed: BTreeMap<ClusterId, i64>,
    secrets: BTreeMap<ClusterId, Secrets>,
    /// Oldest first.
    history: Vec<(Scope, HistoryEntry)>,
    certificates: Vec<(Scope, IssuedCertificate)>,
    /// By region, project and resource.
    quotas: BTreeMap<(String, String, String), Quota>,
}

impl Inner {
    fn keep(&mut self, record: &mut ClusterRecord) {
        self.version += 1;
        record.revision += 1;
        let notes = std::mem::take(&mut record.notes);
        self.history.extend(notes.into_iter().map(|note| (record.scope.clone(), note)));
        self.changed.insert(record.id(), self.version);
        self.clusters.insert(record.id(), record.clone());
    }
}

impl Inner {
    fn users(&self, scope: &Scope, id: TemplateId) -> TemplateUsers {
        let all = self.clusters.values().filter(|record| record.cluster.cluster_template_id == id);
        let (own, others): (Vec<_>, Vec<_>) = all.partition(|record| record.scope == *scope);
        let mut names: Vec<String> = own.iter().map(|record| record.cluster.name.clone()).collect();
        names.sort();
        TemplateUsers { names, others: others.len() }
    }
}

impl MemoryStore {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change below is complete before anything can panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn templates(&self, scope: &Scope, cloud: &str) -> Result<Vec<ClusterTemplate>, StoreError> {
        let inner = self.lock();
        let there = inner.templates.values().filter(|(of, _)| of.region == scope.region);
        let listed = there.filter(|(_, template)| template.is_listed(&scope.project_id, cloud));
        let mut found: Vec<ClusterTemplate> = listed.map(|(_, template)| template.clone()).collect();
        order(&mut found, scope);
        Ok(found)
    }

    async fn template(
        &self,
        scope: &Scope,
        cloud: &str,
        id: TemplateId,
    ) -> Result<Option<ClusterTemplate>, StoreError> {
        let inner = self.lock();
        let found = inner.templates.get(&id).filter(|(of, _)| of.region == scope.region);
        let seen = found.filter(|(_, template)| template.is_seen_by(&scope.project_id, cloud));
        Ok(seen.map(|(_, template)| template.clone()))
    }

    async fn template_users(&self, scope: &Scope, id: TemplateId) -> Result<TemplateUsers, StoreError> {
        Ok(self.lock().users(scope, id))
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
        let users = inner.users(scope, id);
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

    async fn changes(&self, scope: &Scope, since: i64) -> Result<Changes, StoreError> {
        let inner = self.lock();
        let ours: Vec<&ClusterRecord> = inner.clusters.values().filter(|record| record.scope == *scope).collect();
        let at = |record: &ClusterRecord| inner.changed.get(&record.id()).copied().unwrap_or(0);
        let mut new: Vec<&ClusterRecord> = ours.iter().filter(|record| at(record) > since).copied().collect();
        new.sort_by_key(|record| at(record));
        let all = new.len() < PAGE;
        new.truncate(PAGE);
        let version = new.last().filter(|_| !all).map_or(inner.version, |last| at(last));
        Ok(Changes { version, clusters: new.into_iter().cloned().collect(), all, total: ours.len() })
    }

    async fn cluster_ids(&self, scope: &Scope) -> Result<BTreeSet<ClusterId>, StoreError> {
        let inner = self.lock();
        Ok(inner.clusters.values().filter(|record| record.scope == *scope).map(ClusterRecord::id).collect())
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
        let Scope { project_id, region } = record.scope.clone();
        let limit = inner.quotas.get(&(region, project_id, quota::CLUSTER.into())).map(|quota| quota.hard_limit);
        let there = inner.clusters.values().filter(|other| other.scope == record.scope).count();
        let there = i64::try_from(there).unwrap_or(i64::MAX);
        if let Some(limit) = limit.map(i64::from).filter(|limit| there >= *limit) {
            return Err(StoreError::QuotaFull { limit, there });
        }
        record.revision = 0;
        inner.keep(record);
        inner.secrets.insert(record.id(), secrets.clone());
        Ok(())
    }

    async fn save_cluster(&self, record: &mut ClusterRecord) -> Result<(), StoreError> {
        let mut inner = self.lock();
        match inner.clusters.get(&record.id()) {
            Some(kept) if kept.revision == record.revision => {
                inner.keep(record);
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
                inner.history.extend(record.notes.iter().map(|note| (record.scope.clone(), note.clone())));
                inner.clusters.remove(&record.id());
                inner.changed.remove(&record.id());
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

#[async_trait]
impl Archive for MemoryStore {
    async fn history(
        &self,
        scope: &Scope,
        of: Option<ClusterId>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        let inner = self.lock();
        let wanted =
            |entry: &&(Scope, HistoryEntry)| entry.0 == *scope && of.is_none_or(|id| entry.1.cluster_uuid == id);
        Ok(inner.history.iter().rev().filter(wanted).take(limit).map(|(_, entry)| entry.clone()).collect())
    }

    async fn samples(&self, scope: &Scope, driver: &str, operation: &str) -> Result<Vec<Sample>, StoreError> {
        let inner = self.lock();
        let samples =
            inner.history.iter().rev().filter(|(of, _)| of == scope).filter_map(|(_, entry)| Sample::of(entry));
        Ok(samples.filter(|it| it.driver == driver && it.operation == operation).take(SAMPLES).collect())
    }

    async fn add_certificate(&self, scope: &Scope, issued: &IssuedCertificate) -> Result<(), StoreError> {
        self.lock().certificates.push((scope.clone(), issued.clone()));
        Ok(())
    }

    async fn certificates(&self, scope: &Scope, of: Option<ClusterId>) -> Result<Vec<IssuedCertificate>, StoreError> {
        let inner = self.lock();
        let wanted =
            |entry: &&(Scope, IssuedCertificate)| entry.0 == *scope && of.is_none_or(|id| entry.1.cluster_uuid == id);
        Ok(inner.certificates.iter().rev().filter(wanted).map(|(_, issued)| issued.clone()).collect())
    }

    async fn quotas(&self, region: &str) -> Result<Vec<Quota>, StoreError> {
        let inner = self.lock();
        Ok(inner.quotas.iter().filter(|((of, ..), _)| of == region).map(|(_, quota)| quota.clone()).collect())
    }

    async fn put_quota(&self, region: &str, quota: &Quota) -> Result<(), StoreError> {
        let key = (region.to_owned(), quota.project_id.clone(), quota.resource.clone());
        self.lock().quotas.insert(key, quota.clone());
        Ok(())
    }

    async fn remove_quota(&self, scope: &Scope, resource: &str) -> Result<bool, StoreError> {
        let key = (scope.region.clone(), scope.project_id.clone(), resource.to_owned());
        Ok(self.lock().quotas.remove(&key).is_some())
    }
}
