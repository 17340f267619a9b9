//! The store in a PostgreSQL database, which conductors on several hosts share. Changes and
//! free shards are heard of through `LISTEN`, so nobody polls.
//!
//! The database keeps secrets sealed; every host needs the same key file. The password comes
//! from the URL, `PGPASSWORD` or the password file (`PGPASSFILE`, `~/.pgpass`), and is in
//! no message.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Postgres};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::lease::{Bid, Held, Leases, Other, share};
use super::sql::backend::{self, Backend, Row, Value};
use super::sql::{self, SqlStore};
use super::{Feed, StoreError, disk};
use crate::cloud::Scope;

/// One listens, one beats, the others do the work.
const CONNECTIONS: u32 = 6;
/// How long a call waits for a connection, new or free.
const PATIENCE: Duration = Duration::from_secs(15);
/// Before the listener is connected again.
const LISTEN_AGAIN: Duration = Duration::from_secs(2);
const CHANNEL: &str = "jeroboam";
/// What is said on the channel when shards became free; anything else is a change.
const LEASE: &str = "lease";

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/store/migrations/postgres");

pub type PostgresStore = SqlStore<Postgres>;

impl PostgresStore {
    /// Connects, makes or migrates the tables if need be, and begins to listen.
    pub async fn open(url: &SecretString, key: &Path) -> Result<Self, StoreError> {
        if let Some(dir) = key.parent() {
            disk::private_dir(dir)?;
        }
        let options = PgConnectOptions::from_str(url.expose_secret()).map_err(|_| StoreError::Url)?;
        let place = place(&options);
        let options = options.application_name("jeroboam").disable_statement_logging();
        // Once by hand: the pool would try again until its patience ends, and not say why.
        let first = timeout(PATIENCE, options.connect()).await;
        let first = first.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        first
            .map_err(|error| Postgres::told(&place, &error))?
            .close()
            .await
            .map_err(|error| Postgres::told(&place, &error))?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_with(options)
            .await
            .map_err(|error| Postgres::told(&place, &error))?;
        MIGRATIONS.run(&pool).await.map_err(|error| sql::migration_told::<Postgres>(&place, error))?;
        let sealer = sql::sealer(&pool, &place, key).await?;
        let (feed, hear) = watch::channel(Feed::default());
        let stop = CancellationToken::new();
        let listening = listen(pool.clone(), feed);
        tokio::spawn(stop.clone().run_until_cancelled_owned(listening));
        Ok(Self { pool, place, sealer, feed: Some(hear), _listener: Some(stop.drop_guard()) })
    }
}

/// The store's name without user and password.
fn place(options: &PgConnectOptions) -> String {
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    format!("postgres://{host}/{}", options.get_database().unwrap_or_else(|| options.get_username()))
}

/// Counts what is heard. After each time the connection was away, whatever may have been missed counts too.
async fn listen(pool: PgPool, feed: watch::Sender<Feed>) {
    let missed = |feed: &mut Feed| {
        feed.changes += 1;
        feed.leases += 1;
    };
    loop {
        let connected = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(CHANNEL).await?;
            Ok::<_, sqlx::Error>(listener)
        };
        match connected.await {
            Ok(mut listener) => {
                feed.send_modify(missed);
                while let Ok(Some(heard)) = listener.try_recv().await {
                    feed.send_modify(|feed| match heard.payload() {
                        LEASE => feed.leases += 1,
                        _ => feed.changes += 1,
                    });
                }
            }
            Err(error) => tracing::warn!(%error, "cannot listen to the store"),
        }
        if pool.is_closed() || feed.is_closed() {
            return;
        }
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

#[async_trait]
impl Backend for Postgres {
    const BEGIN: &'static str = "BEGIN";

    async fn execute(on: &mut PgConnection, sql: &'static str, values: &[Value<'_>]) -> Result<u64, sqlx::Error> {
        Ok(backend::query::<Self>(sql, values).execute(on).await?.rows_affected())
    }

    async fn fetch(on: &mut PgConnection, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, sqlx::Error> {
        backend::query::<Self>(sql, values).fetch_all(on).await?.iter().map(backend::row::<Self>).collect()
    }

    /// SQLSTATE classes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>
    fn told(place: &str, error: &sqlx::Error) -> StoreError {
        let place = place.to_owned();
        let Some(database) = error.as_database_error() else {
            let away = matches!(
                error,
                sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed
            );
            let why = error.to_string();
            return if away {
                StoreError::Away { place, why }
            } else {
                StoreError::Disk { what: format!("the store {place}"), why }
            };
        };
        let why = database.message().to_owned();
        match database.code().as_deref().map(|code| (code, &code[..code.len().min(2)])) {
            Some(("3D000", _) | (_, "28")) => StoreError::Refused { place, why },
            Some((_, "08" | "53" | "57")) => StoreError::Away { place, why },
            Some((_, "XX")) => StoreError::Corrupt { path: place, why },
            _ => StoreError::Disk { what: format!("the store {place}"), why },
        }
    }

    fn leases(store: &SqlStore<Self>) -> Option<&dyn Leases> {
        Some(store)
    }
}

#[async_trait]
impl Leases for PostgresStore {
    async fn beat(&self, scope: &Scope, bid: &Bid) -> Result<Held, StoreError> {
        let (project, region) = (Value::Text(&scope.project_id), Value::Text(&scope.region));
        let (me, life) = (bid.id.to_string(), i64::try_from(bid.life.as_millis()).unwrap_or(i64::MAX));
        let me = Value::Text(&me);
        let mut change = self.begin_quietly().await?;
        // Beats of one scope take turns; the lock goes with the transaction.
        let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))";
        change.execute(lock, &[project, region]).await?;
        let sql = "DELETE FROM conductors WHERE project_id = $1 AND region = $2 AND ends < clock_timestamp()";
        change.execute(sql, &[project, region]).await?;
        let sql = "INSERT INTO conductors (id, project_id, region, host, pid, stands_in, ends) \
                   VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + $7 * interval '1 millisecond') \
                   ON CONFLICT (id) DO UPDATE SET ends = excluded.ends";
        let (pid, stands_in) = (Value::Int(bid.pid.into()), Value::Int(bid.stands_in.into()));
        change.execute(sql, &[me, project, region, Value::Text(&bid.host), pid, stands_in, Value::Int(life)]).await?;
        let sql = "DELETE FROM shards WHERE project_id = $1 AND region = $2 AND conductor = $3 AND shard = $4";
        for shard in &bid.gives {
            change.execute(sql, &[project, region, me, Value::Int((*shard).into())]).await?;
        }
        let sql = "SELECT id, host, pid, stands_in FROM conductors \
                   WHERE project_id = $1 AND region = $2 AND id <> $3 ORDER BY id";
        let others = self.others(change.fetch(sql, &[project, region, me]).await?)?;
        let sql = "SELECT shard, conductor FROM shards WHERE project_id = $1 AND region = $2";
        let mut owners = self.owners(change.fetch(sql, &[project, region]).await?)?;
        let (takes, surplus) = share(bid, &others, &owners);
        let sql = "INSERT INTO shards (project_id, region, shard, conductor) VALUES ($1, $2, $3, $4)";
        for shard in takes {
            change.execute(sql, &[project, region, Value::Int(shard.into()), me]).await?;
            owners.insert(shard, bid.id);
        }
        if !bid.gives.is_empty() {
            change.say_free().await?;
        }
        change.commit().await?;
        let shards: BTreeSet<u16> =
            owners.iter().filter(|(_, owner)| **owner == bid.id).map(|(shard, _)| *shard).collect();
        Ok(Held { shards, surplus, others })
    }

    async fn leave(&self, scope: &Scope, id: Uuid) -> Result<(), StoreError> {
        let mut change = self.begin_quietly().await?;
        let sql = "DELETE FROM conductors WHERE project_id = $1 AND region = $2 AND id = $3";
        let values = [Value::Text(&scope.project_id), Value::Text(&scope.region), Value::Text(&id.to_string())];
        change.execute(sql, &values).await?;
        change.say_free().await?;
        change.commit().await
    }
}

impl sql::Change<'_, Postgres> {
    async fn say_free(&mut self) -> Result<(), StoreError> {
        self.execute("SELECT pg_notify($1, $2)", &[Value::Text(CHANNEL), Value::Text(LEASE)]).await.map(drop)
    }
}

impl PostgresStore {
    fn others(&self, rows: Vec<Row>) -> Result<Vec<Other>, StoreError> {
        let read = |mut row: Row| {
            let (id, host, pid, stands_in) = (row.text()?, row.text()?, row.int()?, row.int()? != 0);
            Ok(Other { id: uuid(&id)?, host, pid: u32::try_from(pid).unwrap_or(0), stands_in })
        };
        rows.into_iter().map(read).collect::<Result<_, sqlx::Error>>().map_err(|error| self.told(error))
    }

    fn owners(&self, rows: Vec<Row>) -> Result<BTreeMap<u16, Uuid>, StoreError> {
        let read = |mut row: Row| {
            let (shard, owner) = (row.int()?, row.text()?);
            Ok((u16::try_from(shard).unwrap_or(u16::MAX), uuid(&owner)?))
        };
        rows.into_iter().map(read).collect::<Result<_, sqlx::Error>>().map_err(|error| self.told(error))
    }
}

fn uuid(text: &str) -> Result<Uuid, sqlx::Error> {
    text.parse().map_err(|error: uuid::Error| sqlx::Error::Decode(error.into()))
}

#[cfg(test)]
mod tests;
