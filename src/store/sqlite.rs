//! The store in one SQLite file, `jeroboam.db` in the data directory, shared by all
//! Jeroboam processes of a user. Bodies are JSON, so that a new field needs no
//! migration; what is searched or constrained has columns (see `migrations/`).

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use sqlx::migrate::MigrateError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use super::seal::{Label, Sealer};
use super::{ClusterRecord, Secrets, Store, StoreError, disk};
use crate::cloud::Scope;
use crate::model::{ClusterId, ClusterTemplate, TemplateId, text};

/// The store's file in the data directory.
pub const FILE: &str = "jeroboam.db";
/// The key of its secrets, beside it.
pub const KEY_FILE: &str = "store.key";
/// How long a write waits for another process's write; theirs take milliseconds.
const BUSY: Duration = Duration::from_secs(5);
const CHECK_TEXT: &str = "jeroboam";

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/store/migrations");

pub struct SqliteStore {
    pool: SqlitePool,
    path: PathBuf,
    sealer: Sealer,
}

impl SqliteStore {
    /// Opens the store in `data_dir`, makes or migrates it if need be.
    pub async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        disk::private_dir(data_dir)?;
        let path = data_dir.join(FILE);
        disk::private_file(&path)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            // Writes are rare; after a power cut each must still be there, or a create
            // that was sent would be taken for one that was not.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .thread_name(|_| "store".into());
        // One connection: our calls take turns anyway. No life-time limits: the pool
        // would wake up for them while nothing happens.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .map_err(|error| told(&path, &error))?;
        MIGRATIONS.run(&pool).await.map_err(|error| migration_told(&path, error))?;
        let sealer = Self::sealer(&pool, &path, &data_dir.join(KEY_FILE)).await?;
        Ok(Self { pool, path, sealer })
    }

    /// The key, made at the first opening of a store and checked at every later one.
    async fn sealer(pool: &SqlitePool, path: &Path, key: &Path) -> Result<Sealer, StoreError> {
        let failed = |error| told(path, &error);
        let check = "SELECT value FROM meta WHERE key = 'key_check'";
        let known: Option<Vec<u8>> = sqlx::query_scalar(check).fetch_optional(pool).await.map_err(failed)?;
        let sealer = match (Sealer::load(key)?, &known) {
            (Some(sealer), _) => sealer,
            (None, None) => Sealer::create(key)?,
            (None, Some(_)) => {
                let kept: i64 =
                    sqlx::query_scalar("SELECT count(*) FROM secrets").fetch_one(pool).await.map_err(failed)?;
                if kept > 0 {
                    return Err(StoreError::KeyMissing(key.display().to_string()));
                }
                sqlx::query("DELETE FROM meta WHERE key = 'key_check'").execute(pool).await.map_err(failed)?;
                Sealer::create(key)?
            }
        };
        // Another process may be first here too: then its check is the one that counts.
        let sealed = sealer.seal(&Label::Check, &SecretString::from(CHECK_TEXT))?;
        sqlx::query("INSERT INTO meta (key, value) VALUES ('key_check', ?) ON CONFLICT DO NOTHING")
            .bind(sealed)
            .execute(pool)
            .await
            .map_err(failed)?;
        let known: Vec<u8> = sqlx::query_scalar(check).fetch_one(pool).await.map_err(failed)?;
        if sealer.open(&Label::Check, &known).is_err() {
            return Err(StoreError::KeyWrong(key.display().to_string()));
        }
        Ok(sealer)
    }

    /// Finishes what is under way and folds the log into the main file.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    fn told(&self, error: sqlx::Error) -> StoreError {
        told(&self.path, &error)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn templates(&self, scope: &Scope) -> Result<Vec<ClusterTemplate>, StoreError> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT name, body FROM templates WHERE project_id = ? AND region = ? ORDER BY name, rowid")
                .bind(&scope.project_id)
                .bind(&scope.region)
                .fetch_all(&self.pool)
                .await
                .map_err(|error| self.told(error))?;
        rows.iter().map(|(name, body)| parse("template", name, body)).collect()
    }

    async fn add_template(&self, scope: &Scope, template: &ClusterTemplate) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO templates (id, project_id, region, name, body) VALUES (?, ?, ?, ?, ?)")
            .bind(template.uuid.to_string())
            .bind(&scope.project_id)
            .bind(&scope.region)
            .bind(&template.spec.name)
            .bind(print("template", &template.spec.name, template)?)
            .execute(&self.pool)
            .await
            .map_err(|error| self.told(error))?;
        Ok(())
    }

    async fn save_template(&self, scope: &Scope, template: &ClusterTemplate) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(|error| self.told(error))?;
        let done =
            sqlx::query("UPDATE templates SET name = ?, body = ? WHERE id = ? AND project_id = ? AND region = ?")
                .bind(&template.spec.name)
                .bind(print("template", &template.spec.name, template)?)
                .bind(template.uuid.to_string())
                .bind(&scope.project_id)
                .bind(&scope.region)
                .execute(&mut *tx)
                .await
                .map_err(|error| self.told(error))?;
        // The schema's triggers count templates that come and go only.
        sqlx::query("UPDATE version SET value = value + 1")
            .execute(&mut *tx)
            .await
            .map_err(|error| self.told(error))?;
        tx.commit().await.map_err(|error| self.told(error))?;
        Ok(done.rows_affected() > 0)
    }

    async fn remove_template(&self, scope: &Scope, id: TemplateId) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(|error| self.told(error))?;
        let users: Vec<String> = sqlx::query_scalar("SELECT name FROM clusters WHERE template_id = ? ORDER BY name")
            .bind(id.to_string())
            .fetch_all(&mut *tx)
            .await
            .map_err(|error| self.told(error))?;
        if !users.is_empty() {
            return Err(StoreError::InUse(users));
        }
        let done = sqlx::query("DELETE FROM templates WHERE id = ? AND project_id = ? AND region = ?")
            .bind(id.to_string())
            .bind(&scope.project_id)
            .bind(&scope.region)
            .execute(&mut *tx)
            .await
            .map_err(|error| self.told(error))?;
        tx.commit().await.map_err(|error| self.told(error))?;
        Ok(done.rows_affected() > 0)
    }

    async fn clusters(&self, scope: &Scope) -> Result<Vec<ClusterRecord>, StoreError> {
        let rows: Vec<(String, i64, String)> = sqlx::query_as(
            "SELECT name, revision, body FROM clusters WHERE project_id = ? AND region = ? ORDER BY name",
        )
        .bind(&scope.project_id)
        .bind(&scope.region)
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.told(error))?;
        rows.iter().map(|(name, revision, body)| record(name, *revision, body)).collect()
    }

    async fn cluster(&self, scope: &Scope, id: ClusterId) -> Result<Option<ClusterRecord>, StoreError> {
        let row: Option<(String, i64, String)> =
            sqlx::query_as("SELECT name, revision, body FROM clusters WHERE id = ? AND project_id = ? AND region = ?")
                .bind(id.to_string())
                .bind(&scope.project_id)
                .bind(&scope.region)
                .fetch_optional(&self.pool)
                .await
                .map_err(|error| self.told(error))?;
        row.map(|(name, revision, body)| record(&name, revision, &body)).transpose()
    }

    async fn add_cluster(&self, new: &mut ClusterRecord, secrets: &Secrets) -> Result<(), StoreError> {
        let (id, name) = (new.id(), new.cluster.name.clone());
        let body = print("cluster", &name, new)?;
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(|error| self.told(error))?;
        let added = sqlx::query(
            "INSERT INTO clusters (id, project_id, region, name, template_id, revision, body) VALUES (?, ?, ?, ?, ?, 1, ?)",
        )
        .bind(id.to_string())
        .bind(&new.scope.project_id)
        .bind(&new.scope.region)
        .bind(&name)
        .bind(new.cluster.cluster_template_id.to_string())
        .bind(body)
        .execute(&mut *tx)
        .await;
        if let Err(error) = added {
            let database = error.as_database_error();
            if database.is_some_and(|error| error.is_unique_violation()) {
                return Err(StoreError::NameTaken(name));
            }
            if database.is_some_and(|error| error.is_foreign_key_violation()) {
                return Err(StoreError::TemplateGone);
            }
            return Err(self.told(error));
        }
        for (name, value) in secrets {
            sqlx::query("INSERT INTO secrets (cluster_id, name, sealed) VALUES (?, ?, ?)")
                .bind(id.to_string())
                .bind(name)
                .bind(self.sealer.seal(&Label::Secret(id, name), value)?)
                .execute(&mut *tx)
                .await
                .map_err(|error| self.told(error))?;
        }
        tx.commit().await.map_err(|error| self.told(error))?;
        new.revision = 1;
        Ok(())
    }

    async fn save_cluster(&self, record: &mut ClusterRecord) -> Result<(), StoreError> {
        let done = sqlx::query("UPDATE clusters SET body = ?, revision = revision + 1 WHERE id = ? AND revision = ?")
            .bind(print("cluster", &record.cluster.name, record)?)
            .bind(record.id().to_string())
            .bind(record.revision)
            .execute(&self.pool)
            .await
            .map_err(|error| self.told(error))?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Stale);
        }
        record.revision += 1;
        Ok(())
    }

    async fn remove_cluster(&self, record: &ClusterRecord) -> Result<(), StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(|error| self.told(error))?;
        let id = record.id().to_string();
        let kept: Option<i64> = sqlx::query_scalar("SELECT revision FROM clusters WHERE id = ?")
            .bind(&id)
            .fetch_optional(&mut *tx)
            .await
            .map_err(|error| self.told(error))?;
        match kept {
            None => return Ok(()),
            Some(revision) if revision != record.revision => return Err(StoreError::Stale),
            Some(_) => {}
        }
        sqlx::query("DELETE FROM clusters WHERE id = ?")
            .bind(&id)
            .execute(&mut *tx)
            .await
            .map_err(|error| self.told(error))?;
        tx.commit().await.map_err(|error| self.told(error))
    }

    async fn secrets(&self, id: ClusterId) -> Result<Secrets, StoreError> {
        let rows: Vec<(String, Vec<u8>)> = sqlx::query_as("SELECT name, sealed FROM secrets WHERE cluster_id = ?")
            .bind(id.to_string())
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.told(error))?;
        rows.into_iter()
            .map(|(name, sealed)| {
                let value = self.sealer.open(&Label::Secret(id, &name), &sealed)?;
                Ok((name, value))
            })
            .collect()
    }

    async fn add_secrets(&self, id: ClusterId, secrets: &Secrets) -> Result<(), StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(|error| self.told(error))?;
        for (name, value) in secrets {
            sqlx::query(
                "INSERT INTO secrets (cluster_id, name, sealed) VALUES (?, ?, ?)
                 ON CONFLICT (cluster_id, name) DO UPDATE SET sealed = excluded.sealed",
            )
            .bind(id.to_string())
            .bind(name)
            .bind(self.sealer.seal(&Label::Secret(id, name), value)?)
            .execute(&mut *tx)
            .await
            .map_err(|error| {
                let gone = error.as_database_error().is_some_and(|error| error.is_foreign_key_violation());
                if gone { StoreError::Stale } else { self.told(error) }
            })?;
        }
        tx.commit().await.map_err(|error| self.told(error))
    }

    async fn version(&self) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT value FROM version").fetch_one(&self.pool).await.map_err(|error| self.told(error))
    }
}

fn record(name: &str, revision: i64, body: &str) -> Result<ClusterRecord, StoreError> {
    let mut record: ClusterRecord = parse("cluster", name, body)?;
    record.revision = revision;
    Ok(record)
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

fn migration_told(path: &Path, error: MigrateError) -> StoreError {
    let shown = path.display().to_string();
    match error {
        MigrateError::VersionMissing(version) => StoreError::Newer { path: shown, version },
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => told(path, &error),
        other => StoreError::Corrupt { path: shown, why: other.to_string() },
    }
}

/// SQLite's primary result codes: <https://www.sqlite.org/rescode.html>
fn told(path: &Path, error: &sqlx::Error) -> StoreError {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const CORRUPT: i32 = 11;
    const NOT_A_DATABASE: i32 = 26;
    let shown = path.display().to_string();
    let code = error.as_database_error().and_then(|error| error.code()).and_then(|code| code.parse::<i32>().ok());
    let why = error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
    match code.map(|code| code & 0xff) {
        Some(BUSY | LOCKED) => StoreError::Busy { path: shown },
        Some(CORRUPT | NOT_A_DATABASE) => StoreError::Corrupt { path: shown, why },
        _ => StoreError::Disk { what: format!("the store {shown}"), why },
    }
}
