//! A store whose writes fail, hang, or hang after they were done.

use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::sync::Mutex;

use async_trait::async_trait;

use crate::cloud::Scope;
use crate::conductor::testing::{Fate, yield_once};
use crate::model::history::Sample;
use crate::model::{ClusterId, ClusterTemplate, HistoryEntry, IssuedCertificate, Quota, TemplateId, TemplateUsers};
use crate::store::{Archive, Changes, ClusterRecord, MemoryStore, Secrets, Store, StoreError};

#[derive(Default)]
pub(super) struct Unsteady {
    pub inner: MemoryStore,
    pub fates: Mutex<VecDeque<Fate>>,
}

impl Unsteady {
    async fn write<T: Send>(&self, act: impl Future<Output = Result<T, StoreError>> + Send) -> Result<T, StoreError> {
        yield_once().await;
        let fate = self.fates.lock().unwrap().pop_front().unwrap_or(Fate::Fine);
        let full = || StoreError::Disk { what: "the store".into(), why: "disk full".into() };
        match fate {
            Fate::Fine | Fate::Slow(_) => act.await,
            Fate::Hang | Fate::Late(_) => std::future::pending().await,
            Fate::DoneHang => {
                act.await?;
                std::future::pending().await
            }
            Fate::Lost => act.await.and(Err(full())),
            Fate::Fault(_) => Err(full()),
        }
    }
}

#[async_trait]
impl Store for Unsteady {
    async fn templates(&self, scope: &Scope, cloud: &str) -> Result<Vec<ClusterTemplate>, StoreError> {
        self.inner.templates(scope, cloud).await
    }
    async fn template(
        &self,
        scope: &Scope,
        cloud: &str,
        id: TemplateId,
    ) -> Result<Option<ClusterTemplate>, StoreError> {
        self.inner.template(scope, cloud, id).await
    }
    async fn template_users(&self, scope: &Scope, id: TemplateId) -> Result<TemplateUsers, StoreError> {
        self.inner.template_users(scope, id).await
    }
    async fn add_template(&self, scope: &Scope, template: &ClusterTemplate) -> Result<(), StoreError> {
        self.inner.add_template(scope, template).await
    }
    async fn remove_template(&self, scope: &Scope, id: TemplateId) -> Result<bool, StoreError> {
        self.inner.remove_template(scope, id).await
    }
    async fn clusters(&self, scope: &Scope) -> Result<Vec<ClusterRecord>, StoreError> {
        self.inner.clusters(scope).await
    }
    async fn cluster(&self, scope: &Scope, id: ClusterId) -> Result<Option<ClusterRecord>, StoreError> {
        yield_once().await;
        self.inner.cluster(scope, id).await
    }
    async fn changes(&self, scope: &Scope, since: i64) -> Result<Changes, StoreError> {
        self.inner.changes(scope, since).await
    }
    async fn cluster_ids(&self, scope: &Scope) -> Result<BTreeSet<ClusterId>, StoreError> {
        self.inner.cluster_ids(scope).await
    }
    async fn add_cluster(&self, record: &mut ClusterRecord, secrets: &Secrets) -> Result<(), StoreError> {
        self.inner.add_cluster(record, secrets).await
    }
    async fn save_cluster(&self, record: &mut ClusterRecord) -> Result<(), StoreError> {
        self.write(self.inner.save_cluster(record)).await
    }
    async fn remove_cluster(&self, record: &ClusterRecord) -> Result<(), StoreError> {
        self.write(self.inner.remove_cluster(record)).await
    }
    async fn secrets(&self, id: ClusterId) -> Result<Secrets, StoreError> {
        yield_once().await;
        self.inner.secrets(id).await
    }
    async fn save_template(&self, scope: &Scope, template: &ClusterTemplate) -> Result<bool, StoreError> {
        self.inner.save_template(scope, template).await
    }
    async fn add_secrets(&self, id: ClusterId, secrets: &Secrets) -> Result<(), StoreError> {
        self.write(self.inner.add_secrets(id, secrets)).await
    }
    async fn version(&self) -> Result<i64, StoreError> {
        self.inner.version().await
    }
}

#[async_trait]
impl Archive for Unsteady {
    async fn history(
        &self,
        scope: &Scope,
        of: Option<ClusterId>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        self.inner.history(scope, of, limit).await
    }
    async fn samples(&self, scope: &Scope, driver: &str, operation: &str) -> Result<Vec<Sample>, StoreError> {
        self.inner.samples(scope, driver, operation).await
    }
    async fn add_certificate(&self, scope: &Scope, issued: &IssuedCertificate) -> Result<(), StoreError> {
        self.inner.add_certificate(scope, issued).await
    }
    async fn certificates(&self, scope: &Scope, of: Option<ClusterId>) -> Result<Vec<IssuedCertificate>, StoreError> {
        self.inner.certificates(scope, of).await
    }
    async fn quotas(&self, region: &str) -> Result<Vec<Quota>, StoreError> {
        self.inner.quotas(region).await
    }
    async fn put_quota(&self, region: &str, quota: &Quota) -> Result<(), StoreError> {
        self.inner.put_quota(region, quota).await
    }
    async fn remove_quota(&self, scope: &Scope, resource: &str) -> Result<bool, StoreError> {
        self.inner.remove_quota(scope, resource).await
    }
}
