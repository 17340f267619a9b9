//! The store in a database: one text of SQL for SQLite and PostgreSQL. Bodies are JSON, so
//! that a new field needs no migration; what is searched or constrained has columns.
//!
//! Every change first counts up `version`, whose row stays locked until the commit: so
//! writers take turns, and a reader that has seen a count has seen all up to it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use sqlx::migrate::MigrateError;
use sqlx::{Pool, Transaction};
use tokio::sync::watch;
use tokio_util::sync::DropGuard;

use super::seal::{Label, Sealer};
use super::{Changes, ClusterRecord, Feed, Leases, PAGE, Secrets, Store, StoreError, order};
use crate::cloud::Scope;
use crate::model::history::Sample;
use crate::model::{ClusterId, ClusterTemplate, HistoryEntry, TemplateId, TemplateUsers, quota, text};
use backend::{Backend, Row, Value};

mod archive;
pub(super) mod backend;

const USERS: &str = "SELECT project_id, region, name FROM clusters WHERE template_id = $1 ORDER BY name";
const CHECK_TEXT: &str = "jeroboam";

/// A store in a database; see [`super::sqlite`] and [`super::postgres`] for how one is opened.
pub struct SqlStore<DB: Backend> {
    pub(super) pool: Pool<DB>,
    /// The store's name for its user, without a password.
    pub(super) place: String,
    pub(super) sealer: Sealer,
    /// Told by a database that can.
    pub(super) feed: Option<watch::Receiver<Feed>>,
    pub(super) _listener: Option<DropGuard>,
}

impl<DB: Backend> SqlStore<DB> {
    /// Finishes what is under way.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    pub(super) fn told(&self, error: sqlx::Error) -> StoreError {
        DB::told(&self.place, &error)
    }

    pub(super) async fn fetch(&self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        let mut on = self.pool.acquire().await.map_err(|error| self.told(error))?;
        DB::fetch(&mut on, sql, values).await.map_err(|error| self.told(error))
    }

    pub(super) async fn execute(&self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let mut on = self.pool.acquire().await.map_err(|error| self.told(error))?;
        DB::execute(&mut on, sql, values).await.map_err(|error| self.told(error))
    }

    /// Begins a change, with its count.
    async fn begin(&self) -> Result<(Change<'_, DB>, i64), StoreError> {
        let mut change = self.begin_quietly().await?;
        let count = change.fetch("UPDATE version SET value = value + 1 WHERE one = 1 RETURNING value", &[]).await?;
        let count = self.one(count)?.ok_or_else(|| self.told(sqlx::Error::RowNotFound))?;
        Ok((change, count))
    }

    /// Begins a change of neither clusters nor templates.
    pub(super) async fn begin_quietly(&self) -> Result<Change<'_, DB>, StoreError> {
        let tx = self.pool.begin_with(DB::BEGIN).await.map_err(|error| self.told(error))?;
        Ok(Change { store: self, tx })
    }

    /// The number in the first row, if there is a row.
    pub(super) fn one(&self, rows: Vec<Row>) -> Result<Option<i64>, StoreError> {
        rows.into_iter().next().map(|mut row| row.int()).transpose().map_err(|error| self.told(error))
    }

    fn texts(&self, rows: Vec<Row>) -> Result<Vec<String>, StoreError> {
        rows.into_iter().map(|mut row| row.text()).collect::<Result<_, _>>().map_err(|error| self.told(error))
    }

    /// Rows of project, name and body.
    fn seen(&self, scope: &Scope, rows: Vec<Row>) -> Result<Vec<ClusterTemplate>, StoreError> {
        let mut found = Vec::with_capacity(rows.len());
        for mut row in rows {
            let columns = (|| Ok((row.text()?, row.text()?, row.text()?)))();
            let (project, name, body) = columns.map_err(|error| self.told(error))?;
            match parse::<ClusterTemplate>("template", &name, &body) {
                Ok(template) => found.push(template),
                // Another project may have a newer version of us; that must not take this one's own from it.
                Err(error) if project != scope.project_id => tracing::warn!(%error, project, "template left out"),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Rows of project, region and name.
    fn users(&self, scope: &Scope, rows: Vec<Row>) -> Result<TemplateUsers, StoreError> {
        let mut users = TemplateUsers::default();
        for mut row in rows {
            let columns = (|| Ok((row.text()?, row.text()?, row.text()?)))();
            let (project, region, name) = columns.map_err(|error| self.told(error))?;
            if project == scope.project_id && region == scope.region {
                users.names.push(name);
            } else {
                users.others += 1;
            }
        }
        Ok(users)
    }

    /// Rows of name, revision and body.
    fn records(&self, rows: Vec<Row>) -> Result<Vec<ClusterRecord>, StoreError> {
        let mut records = Vec::with_capacity(rows.len());
        for mut row in rows {
            let columns = (|| Ok((row.text()?, row.int()?, row.text()?)))();
            let (name, revision, body) = columns.map_err(|error| self.told(error))?;
            let mut record: ClusterRecord = parse("cluster", &name, &body)?;
            record.revision = revision;
            records.push(record);
        }
        Ok(records)
    }
}

/// A change under way; dropping it undoes it.
pub(super) struct Change<'a, DB: Backend> {
    store: &'a SqlStore<DB>,
    tx: Transaction<'static, DB>,
}

impl<DB: Backend> Change<'_, DB> {
    pub(super) async fn fetch(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        DB::fetch(&mut self.tx, sql, values).await.map_err(|error| self.store.told(error))
    }

    pub(super) async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        DB::execute(&mut self.tx, sql, values).await.map_err(|error| self.store.told(error))
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await.map_err(|error| self.store.told(error))
    }

    /// Writes what the record brings along for the history.
    async fn note(&mut self, scope: &Scope, notes: &[HistoryEntry]) -> Result<(), StoreError> {
        for note in notes {
            let took = Sample::of(note).and_then(|sample| i64::try_from(sample.took).ok());
            self.execute(
                "INSERT INTO history (project_id, region, cluster_id, driver, operation, nodes, took, body) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                &[
                    Value::Text(&scope.project_id),
                    Value::Text(&scope.region),
                    Value::Text(&note.cluster_uuid.to_string()),
                    Value::Text(&note.driver),
                    Value::Text(&note.operation),
                    Value::Int(note.nodes.into()),
                    Value::Maybe(took),
                    Value::Text(&print("history of cluster", &note.cluster_name, note)?),
                ],
            )
            .await?;
        }
        Ok(())
    }

    async fn add_secrets(&mut self, id: ClusterId, secrets: &Secrets) -> Result<(), StoreError> {
        for (name, value) in secrets {
            let sealed = self.store.sealer.seal(&Label::Secret(id, name), value)?;
            self.execute(
                "INSERT INTO secrets (cluster_id, name, sealed) VALUES ($1, $2, $3) \
                 ON CONFLICT (cluster_id, name) DO UPDATE SET sealed = excluded.sealed",
                &[Value::Text(&id.to_string()), Value::Text(name), Value::Bytes(&sealed)],
            )
            .await?;
        }
        Ok(())
    }
}

#[async_trait]
impl<DB: Backend> Store for SqlStore<DB> {
    async fn templates(&self, scope: &Scope, cloud: &str) -> Result<Vec<ClusterTemplate>, StoreError> {
        let sql = "SELECT project_id, name, body FROM templates \
                   WHERE region = $2 AND (project_id = $1 OR public = 1)";
        let rows = self.fetch(sql, &[Value::Text(&scope.project_id), Value::Text(&scope.region)]).await?;
        let mut found = self.seen(scope, rows)?;
        found.retain(|template| template.is_listed(&scope.project_id, cloud));
        order(&mut found, scope);
        Ok(found)
    }

    async fn template(
        &self,
        scope: &Scope,
        cloud: &str,
        id: TemplateId,
    ) -> Result<Option<ClusterTemplate>, StoreError> {
        let sql = "SELECT project_id, name, body FROM templates \
                   WHERE id = $3 AND region = $2 AND (project_id = $1 OR public = 1)";
        let id = id.to_string();
        let values = [Value::Text(&scope.project_id), Value::Text(&scope.region), Value::Text(&id)];
        let found = self.seen(scope, self.fetch(sql, &values).await?)?.pop();
        Ok(found.filter(|template| template.is_seen_by(&scope.project_id, cloud)))
    }

    async fn template_users(&self, scope: &Scope, id: TemplateId) -> Result<TemplateUsers, StoreError> {
        self.users(scope, self.fetch(USERS, &[Value::Text(&id.to_string())]).await?)
    }

    async fn add_template(&self, scope: &Scope, template: &ClusterTemplate) -> Result<(), StoreError> {
        let body = print("template", &template.spec.name, template)?;
        let (mut change, _) = self.begin().await?;
        change
            .execute(
                "INSERT INTO templates (id, project_id, region, name, public, body) VALUES ($1, $2, $3, $4, $5, $6)",
                &[
                    Value::Text(&template.uuid.to_string()),
                    Value::Text(&scope.project_id),
                    Value::Text(&scope.region),
                    Value::Text(&template.spec.name),
                    Value::Int(template.spec.public.into()),
                    Value::Text(&body),
                ],
            )
            .await?;
        change.commit().await
    }

    async fn save_template(&self, scope: &Scope, template: &ClusterTemplate) -> Result<bool, StoreError> {
        let body = print("template", &template.spec.name, template)?;
        let (mut change, _) = self.begin().await?;
        let sql = "UPDATE templates SET name = $1, body = $2, public = $6 \
                   WHERE id = $3 AND project_id = $4 AND region = $5";
        let values = [
            Value::Text(&template.spec.name),
            Value::Text(&body),
            Value::Text(&template.uuid.to_string()),
            Value::Text(&scope.project_id),
            Value::Text(&scope.region),
            Value::Int(template.spec.public.into()),
        ];
        if change.execute(sql, &values).await? == 0 {
            return Ok(false);
        }
        change.commit().await?;
        Ok(true)
    }

    async fn remove_template(&self, scope: &Scope, id: TemplateId) -> Result<bool, StoreError> {
        let id = id.to_string();
        let (mut change, _) = self.begin().await?;
        let users = self.users(scope, change.fetch(USERS, &[Value::Text(&id)]).await?)?;
        if !users.is_empty() {
            return Err(StoreError::InUse(users));
        }
        let sql = "DELETE FROM templates WHERE id = $1 AND project_id = $2 AND region = $3";
        let values = [Value::Text(&id), Value::Text(&scope.project_id), Value::Text(&scope.region)];
        if change.execute(sql, &values).await? == 0 {
            return Ok(false);
        }
        change.commit().await?;
        Ok(true)
    }

    async fn clusters(&self, scope: &Scope) -> Result<Vec<ClusterRecord>, StoreError> {
        let sql = "SELECT name, revision, body FROM clusters WHERE project_id = $1 AND region = $2";
        let rows = self.fetch(sql, &[Value::Text(&scope.project_id), Value::Text(&scope.region)]).await?;
        let mut found = self.records(rows)?;
        found.sort_by(|a, b| a.cluster.name.cmp(&b.cluster.name));
        Ok(found)
    }

    async fn cluster(&self, scope: &Scope, id: ClusterId) -> Result<Option<ClusterRecord>, StoreError> {
        let sql = "SELECT name, revision, body FROM clusters WHERE id = $1 AND project_id = $2 AND region = $3";
        let id = id.to_string();
        let values = [Value::Text(&id), Value::Text(&scope.project_id), Value::Text(&scope.region)];
        Ok(self.records(self.fetch(sql, &values).await?)?.pop())
    }

    async fn changes(&self, scope: &Scope, since: i64) -> Result<Changes, StoreError> {
        // The count first: what is saved between the two looks is told again, and never lost.
        let mut version = self.version().await?;
        let limit = Value::Int(i64::try_from(PAGE).unwrap_or(i64::MAX));
        let of = [Value::Text(&scope.project_id), Value::Text(&scope.region), Value::Int(since), limit];
        let sql = "SELECT changed, name, revision, body FROM clusters \
                   WHERE project_id = $1 AND region = $2 AND changed > $3 ORDER BY changed LIMIT $4";
        let mut rows = self.fetch(sql, &of).await?;
        let all = rows.len() < PAGE;
        for row in &mut rows {
            let changed = row.int().map_err(|error| self.told(error))?;
            if !all {
                version = changed;
            }
        }
        let clusters = self.records(rows)?;
        let sql = "SELECT count(*) FROM clusters WHERE project_id = $1 AND region = $2";
        let total = self.one(self.fetch(sql, &of[..2]).await?)?.unwrap_or(0);
        Ok(Changes { version, clusters, all, total: usize::try_from(total).unwrap_or(0) })
    }

    async fn cluster_ids(&self, scope: &Scope) -> Result<BTreeSet<ClusterId>, StoreError> {
        let sql = "SELECT id FROM clusters WHERE project_id = $1 AND region = $2";
        let ids = self.texts(self.fetch(sql, &[Value::Text(&scope.project_id), Value::Text(&scope.region)]).await?)?;
        let read = |id: &String| {
            id.parse().map_err(|error: uuid::Error| StoreError::Record {
                what: format!("cluster \"{}\"", text::clean(id)),
                why: error.to_string(),
            })
        };
        ids.iter().map(read).collect()
    }

    async fn add_cluster(&self, new: &mut ClusterRecord, secrets: &Secrets) -> Result<(), StoreError> {
        let (id, name) = (new.id(), new.cluster.name.clone());
        let body = print("cluster", &name, new)?;
        let (mut change, count) = self.begin().await?;
        let scope = new.scope.clone();
        let of = [Value::Text(&scope.project_id), Value::Text(&scope.region)];
        let sql = "SELECT name FROM clusters WHERE project_id = $1 AND region = $2 AND name = $3";
        if !change.fetch(sql, &[of[0], of[1], Value::Text(&name)]).await?.is_empty() {
            return Err(StoreError::NameTaken(name));
        }
        let template = new.cluster.cluster_template_id.to_string();
        if change.fetch("SELECT id FROM templates WHERE id = $1", &[Value::Text(&template)]).await?.is_empty() {
            return Err(StoreError::TemplateGone);
        }
        let sql = "SELECT hard_limit FROM quotas WHERE project_id = $1 AND region = $2 AND resource = $3";
        let limit = self.one(change.fetch(sql, &[of[0], of[1], Value::Text(quota::CLUSTER)]).await?)?;
        if let Some(limit) = limit {
            let sql = "SELECT count(*) FROM clusters WHERE project_id = $1 AND region = $2";
            let there = self.one(change.fetch(sql, &of).await?)?.unwrap_or(0);
            if there >= limit {
                return Err(StoreError::QuotaFull { limit, there });
            }
        }
        change
            .execute(
                "INSERT INTO clusters (id, project_id, region, name, template_id, revision, changed, body) \
                 VALUES ($1, $2, $3, $4, $5, 1, $6, $7)",
                &[
                    Value::Text(&id.to_string()),
                    of[0],
                    of[1],
                    Value::Text(&name),
                    Value::Text(&template),
                    Value::Int(count),
                    Value::Text(&body),
                ],
            )
            .await?;
        change.add_secrets(id, secrets).await?;
        change.note(&scope, &new.notes).await?;
        change.commit().await?;
        new.revision = 1;
        new.notes.clear();
        Ok(())
    }

    async fn save_cluster(&self, record: &mut ClusterRecord) -> Result<(), StoreError> {
        let body = print("cluster", &record.cluster.name, record)?;
        let (mut change, count) = self.begin().await?;
        let done = change
            .execute(
                "UPDATE clusters SET body = $1, revision = revision + 1, changed = $2, template_id = $5 \
                 WHERE id = $3 AND revision = $4",
                &[
                    Value::Text(&body),
                    Value::Int(count),
                    Value::Text(&record.id().to_string()),
                    Value::Int(record.revision),
                    Value::Text(&record.cluster.cluster_template_id.to_string()),
                ],
            )
            .await?;
        if done == 0 {
            return Err(StoreError::Stale);
        }
        change.note(&record.scope, &record.notes).await?;
        change.commit().await?;
        record.revision += 1;
        record.notes.clear();
        Ok(())
    }

    async fn remove_cluster(&self, record: &ClusterRecord) -> Result<(), StoreError> {
        let id = record.id().to_string();
        let (mut change, _) = self.begin().await?;
        let kept = change.fetch("SELECT revision FROM clusters WHERE id = $1", &[Value::Text(&id)]).await?;
        match self.one(kept)? {
            None => return Ok(()),
            Some(revision) if revision != record.revision => return Err(StoreError::Stale),
            Some(_) => {}
        }
        change.execute("DELETE FROM clusters WHERE id = $1", &[Value::Text(&id)]).await?;
        change.note(&record.scope, &record.notes).await?;
        change.commit().await
    }

    async fn secrets(&self, id: ClusterId) -> Result<Secrets, StoreError> {
        let sql = "SELECT name, sealed FROM secrets WHERE cluster_id = $1";
        let mut secrets = Secrets::new();
        for mut row in self.fetch(sql, &[Value::Text(&id.to_string())]).await? {
            let columns = (|| Ok((row.text()?, row.bytes()?)))();
            let (name, sealed) = columns.map_err(|error| self.told(error))?;
            let value = self.sealer.open(&Label::Secret(id, &name), &sealed)?;
            secrets.insert(name, value);
        }
        Ok(secrets)
    }

    async fn add_secrets(&self, id: ClusterId, secrets: &Secrets) -> Result<(), StoreError> {
        let (mut change, _) = self.begin().await?;
        let sql = "SELECT id FROM clusters WHERE id = $1";
        if change.fetch(sql, &[Value::Text(&id.to_string())]).await?.is_empty() {
            return Err(StoreError::Stale);
        }
        change.add_secrets(id, secrets).await?;
        change.commit().await
    }

    async fn version(&self) -> Result<i64, StoreError> {
        Ok(self.one(self.fetch("SELECT value FROM version", &[]).await?)?.unwrap_or(0))
    }

    fn feed(&self) -> Option<watch::Receiver<Feed>> {
        self.feed.clone()
    }

    fn leases(&self) -> Option<&dyn Leases> {
        DB::leases(self)
    }
}

/// The key of a database's secrets, made at its first opening and checked at every later one.
pub(super) async fn sealer<DB: Backend>(
    pool: &Pool<DB>,
    place: &str,
    key: &std::path::Path,
) -> Result<Sealer, StoreError> {
    const CHECK: &str = "SELECT value FROM meta WHERE key = 'key_check'";
    let failed = |error: sqlx::Error| DB::told(place, &error);
    let mut on = pool.acquire().await.map_err(failed)?;
    let known = !DB::fetch(&mut on, CHECK, &[]).await.map_err(failed)?.is_empty();
    let sealer = match (Sealer::load(key)?, known) {
        (Some(sealer), _) => sealer,
        (None, false) => Sealer::create(key)?,
        (None, true) => {
            let kept = DB::fetch(&mut on, "SELECT name FROM secrets LIMIT 1", &[]).await.map_err(failed)?;
            if !kept.is_empty() {
                return Err(StoreError::KeyMissing(key.display().to_string()));
            }
            DB::execute(&mut on, "DELETE FROM meta WHERE key = 'key_check'", &[]).await.map_err(failed)?;
            Sealer::create(key)?
        }
    };
    // Another process may be first here too: then its check is the one that counts.
    let sealed = sealer.seal(&Label::Check, &SecretString::from(CHECK_TEXT))?;
    let sql = "INSERT INTO meta (key, value) VALUES ('key_check', $1) ON CONFLICT DO NOTHING";
    DB::execute(&mut on, sql, &[Value::Bytes(&sealed)]).await.map_err(failed)?;
    let rows = DB::fetch(&mut on, CHECK, &[]).await.map_err(failed)?;
    for mut row in rows {
        if sealer.open(&Label::Check, &row.bytes().map_err(failed)?).is_err() {
            return Err(StoreError::KeyWrong(key.display().to_string()));
        }
    }
    Ok(sealer)
}

fn parse<T: DeserializeOwned>(what: &str, name: &str, body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|error| unreadable(what, name, &error))
}

fn print<T: serde::Serialize>(what: &str, name: &str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| unreadable(what, name, &error))
}

fn unreadable(what: &str, name: &str, error: &serde_json::Error) -> StoreError {
    StoreError::Record { what: format!("{what} \"{}\"", text::clean(name)), why: error.to_string() }
}

/// Why the tables could not be made or brought up to date.
pub(super) fn migration_told<DB: Backend>(place: &str, error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(version) => StoreError::Newer { path: place.into(), version },
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => DB::told(place, &error),
        other => StoreError::Corrupt { path: place.into(), why: other.to_string() },
    }
}
