//! The store in one SQLite file, `jeroboam.db` in the data directory, shared by all
//! Jeroboam processes of a user.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::Sqlite;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::sql::backend::{self, Backend, Row, Value};
use super::sql::{self, SqlStore};
use super::{Leases, StoreError, disk};

/// The store's file in the data directory.
pub const FILE: &str = "jeroboam.db";
/// The key of its secrets, beside it.
pub const KEY_FILE: &str = "store.key";
/// How long a write waits for another process's write; theirs take milliseconds.
const BUSY: Duration = Duration::from_secs(5);

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/store/migrations/sqlite");

pub type SqliteStore = SqlStore<Sqlite>;

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
        let place = path.display().to_string();
        // One connection: our calls take turns anyway. No life-time limits: the pool
        // would wake up for them while nothing happens.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .map_err(|error| Sqlite::told(&place, &error))?;
        MIGRATIONS.run(&pool).await.map_err(|error| sql::migration_told::<Sqlite>(&place, error))?;
        let sealer = sql::sealer(&pool, &place, &data_dir.join(KEY_FILE)).await?;
        Ok(Self { pool, place, sealer, feed: None, _listener: None })
    }
}

#[async_trait]
impl Backend for Sqlite {
    const BEGIN: &'static str = "BEGIN IMMEDIATE";

    async fn execute(on: &mut SqliteConnection, sql: &'static str, values: &[Value<'_>]) -> Result<u64, sqlx::Error> {
        Ok(backend::query::<Self>(sql, values).execute(on).await?.rows_affected())
    }

    async fn fetch(
        on: &mut SqliteConnection,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, sqlx::Error> {
        backend::query::<Self>(sql, values).fetch_all(on).await?.iter().map(backend::row::<Self>).collect()
    }

    /// SQLite's primary result codes: <https://www.sqlite.org/rescode.html>
    fn told(place: &str, error: &sqlx::Error) -> StoreError {
        const BUSY: i32 = 5;
        const LOCKED: i32 = 6;
        const CORRUPT: i32 = 11;
        const NOT_A_DATABASE: i32 = 26;
        let code = error.as_database_error().and_then(|error| error.code()).and_then(|code| code.parse::<i32>().ok());
        let why = error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
        match code.map(|code| code & 0xff) {
            Some(BUSY | LOCKED) => StoreError::Busy { path: place.into() },
            Some(CORRUPT | NOT_A_DATABASE) => StoreError::Corrupt { path: place.into(), why },
            _ => StoreError::Disk { what: format!("the store {place}"), why },
        }
    }

    fn leases(_: &SqlStore<Self>) -> Option<&dyn Leases> {
        None
    }
}
