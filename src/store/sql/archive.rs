//! History, certificates and quotas in a database.

use async_trait::async_trait;

use super::backend::{Backend, Value};
use super::{SqlStore, parse, print};
use crate::cloud::Scope;
use crate::model::history::Sample;
use crate::model::{ClusterId, HistoryEntry, IssuedCertificate, Quota};
use crate::store::{Archive, SAMPLES, StoreError};

impl<DB: Backend> SqlStore<DB> {
    async fn bodies<T: serde::de::DeserializeOwned>(
        &self,
        what: &str,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<T>, StoreError> {
        self.texts(self.fetch(sql, values).await?)?.iter().map(|body| parse(what, "", body)).collect()
    }
}

#[async_trait]
impl<DB: Backend> Archive for SqlStore<DB> {
    async fn history(
        &self,
        scope: &Scope,
        of: Option<ClusterId>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let place = [Value::Text(&scope.project_id), Value::Text(&scope.region), Value::Int(limit)];
        let Some(id) = of else {
            let sql = "SELECT body FROM history WHERE project_id = $1 AND region = $2 ORDER BY id DESC LIMIT $3";
            return self.bodies("history", sql, &place).await;
        };
        let sql = "SELECT body FROM history WHERE project_id = $1 AND region = $2 AND cluster_id = $4 \
                   ORDER BY id DESC LIMIT $3";
        self.bodies("history", sql, &[place[0], place[1], place[2], Value::Text(&id.to_string())]).await
    }

    async fn samples(&self, scope: &Scope, driver: &str, operation: &str) -> Result<Vec<Sample>, StoreError> {
        let sql = "SELECT nodes, took FROM history WHERE project_id = $1 AND region = $2 AND driver = $3 \
                   AND operation = $4 AND took IS NOT NULL ORDER BY id DESC LIMIT $5";
        let values = [
            Value::Text(&scope.project_id),
            Value::Text(&scope.region),
            Value::Text(driver),
            Value::Text(operation),
            Value::Int(SAMPLES as i64),
        ];
        let mut samples = Vec::new();
        for mut row in self.fetch(sql, &values).await? {
            let columns = (|| Ok((row.int()?, row.int()?)))();
            let (nodes, took) = columns.map_err(|error| self.told(error))?;
            samples.push(Sample {
                driver: driver.into(),
                operation: operation.into(),
                nodes: u32::try_from(nodes).unwrap_or(0),
                took: u64::try_from(took).unwrap_or(0),
            });
        }
        Ok(samples)
    }

    async fn add_certificate(&self, scope: &Scope, issued: &IssuedCertificate) -> Result<(), StoreError> {
        let sql = "INSERT INTO certificates (project_id, region, cluster_id, body) VALUES ($1, $2, $3, $4)";
        let body = print("certificate of cluster", &issued.cluster_name, issued)?;
        let id = issued.cluster_uuid.to_string();
        let values = [Value::Text(&scope.project_id), Value::Text(&scope.region), Value::Text(&id), Value::Text(&body)];
        self.execute(sql, &values).await.map(drop)
    }

    async fn certificates(&self, scope: &Scope, of: Option<ClusterId>) -> Result<Vec<IssuedCertificate>, StoreError> {
        let place = [Value::Text(&scope.project_id), Value::Text(&scope.region)];
        let Some(id) = of else {
            let sql = "SELECT body FROM certificates WHERE project_id = $1 AND region = $2 ORDER BY id DESC";
            return self.bodies("certificate", sql, &place).await;
        };
        let sql = "SELECT body FROM certificates WHERE project_id = $1 AND region = $2 AND cluster_id = $3 \
                   ORDER BY id DESC";
        self.bodies("certificate", sql, &[place[0], place[1], Value::Text(&id.to_string())]).await
    }

    async fn quotas(&self, region: &str) -> Result<Vec<Quota>, StoreError> {
        let sql = "SELECT body FROM quotas WHERE region = $1 ORDER BY project_id, resource";
        self.bodies("quota", sql, &[Value::Text(region)]).await
    }

    async fn put_quota(&self, region: &str, quota: &Quota) -> Result<(), StoreError> {
        let sql = "INSERT INTO quotas (project_id, region, resource, hard_limit, body) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (project_id, region, resource) \
                   DO UPDATE SET hard_limit = excluded.hard_limit, body = excluded.body";
        let values = [
            Value::Text(&quota.project_id),
            Value::Text(region),
            Value::Text(&quota.resource),
            Value::Int(quota.hard_limit.into()),
            Value::Text(&print("quota of project", &quota.project_id, quota)?),
        ];
        self.execute(sql, &values).await.map(drop)
    }

    async fn remove_quota(&self, scope: &Scope, resource: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM quotas WHERE project_id = $1 AND region = $2 AND resource = $3";
        let values = [Value::Text(&scope.project_id), Value::Text(&scope.region), Value::Text(resource)];
        Ok(self.execute(sql, &values).await? > 0)
    }
}
