//! On a real PostgreSQL that each test starts for itself.

use std::collections::BTreeSet;
use std::time::Duration;

use secrecy::SecretString;
use tempfile::TempDir;
use uuid::Uuid;

use super::PostgresStore;
use crate::cloud::Scope;
use crate::model::Problem;
use crate::store::lease::{Bid, SHARDS};
use crate::store::tests::{archives, keeps_the_rules, record, scope, shares_templates, template};
use crate::store::{Leases, Secrets, Store, StoreError};

#[path = "../../../tests/it/support/postgres.rs"]
mod server;

use server::{PASSWORD, Postgres};

/// One host: its data directory with the key, and its store.
async fn host(url: &str) -> (TempDir, PostgresStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = PostgresStore::open(&SecretString::from(url), &dir.path().join("store.key")).await.unwrap();
    (dir, store)
}

async fn refusal(url: &str, dir: &TempDir) -> Problem {
    match PostgresStore::open(&SecretString::from(url), &dir.path().join("store.key")).await {
        Ok(_) => panic!("the store opened"),
        Err(error) => error.into(),
    }
}

async fn emptied(store: &PostgresStore) {
    let sql = "TRUNCATE clusters, templates, secrets, history, certificates, quotas";
    sqlx::query(sql).execute(&store.pool).await.unwrap();
}

#[tokio::test]
async fn it_keeps_the_rules_and_two_hosts_see_each_other() {
    let Some(server) = Postgres::start() else { return };
    let (dir, one) = host(&server.url()).await;
    keeps_the_rules(&one).await;
    emptied(&one).await;
    shares_templates(&one).await;
    emptied(&one).await;
    archives(&one).await;
    emptied(&one).await;

    one.add_template(&scope(), &template()).await.unwrap();
    one.add_cluster(&mut record(1, "prod"), &Secrets::from([("ca_key".into(), "x".to_owned().into())])).await.unwrap();

    // Another host needs the same key, and hears of what changes without asking.
    let elsewhere = tempfile::tempdir().unwrap();
    let missing = refusal(&server.url(), &elsewhere).await;
    assert!(missing.summary.contains("is missing"), "{missing}");
    std::fs::copy(dir.path().join("store.key"), elsewhere.path().join("store.key")).unwrap();
    let (url, key) = (SecretString::from(server.tls_url()), elsewhere.path().join("store.key"));
    let two = PostgresStore::open(&url, &key).await.unwrap();
    assert_eq!(two.secrets(record(1, "prod").id()).await.unwrap().len(), 1);
    let mut feed = two.feed().unwrap();
    feed.wait_for(|feed| feed.changes > 0).await.unwrap();
    let mut mine = one.clusters(&scope()).await.unwrap().remove(0);
    let mut theirs = two.clusters(&scope()).await.unwrap().remove(0);
    one.save_cluster(&mut mine).await.unwrap();
    feed.changed().await.unwrap();
    assert_eq!(two.save_cluster(&mut theirs).await, Err(StoreError::Stale));

    // All connections are cut: what was missed meanwhile counts as a change.
    feed.borrow_and_update();
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        .execute(&one.pool)
        .await
        .unwrap();
    feed.changed().await.unwrap();
    assert!(two.version().await.is_ok());
}

#[tokio::test]
async fn refusals_say_what_to_do_and_no_password() {
    let Some(server) = Postgres::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let wrong = server.url().replace(PASSWORD, "another-secret");
    let nobody = server.url().replace("/postgres", "/nothing");
    let away = format!("postgres://u:{PASSWORD}@127.0.0.1:1/x");
    let mut told = Vec::new();
    for url in [wrong.as_str(), &nobody, &away, "mysql//"] {
        let problem = refusal(url, &dir).await;
        assert!(!problem.line().contains("secret"), "{problem}");
        told.push(format!("{:?}: {}", problem.kind, problem.line()));
    }
    let places = told.join("\n").replace(&server.url().split(['@', ':']).nth(3).unwrap().replace("%2F", "/"), "DIR");
    insta::assert_snapshot!(places, @r#"
    Denied: the store postgres://DIR/postgres refuses us: password authentication failed for user "jeroboam". Check user, database and password: in the URL, in PGPASSWORD or in the password file
    Denied: the store postgres://DIR/nothing refuses us: database "nothing" does not exist. Check user, database and password: in the URL, in PGPASSWORD or in the password file
    Unavailable: the store postgres://127.0.0.1:1/x cannot be reached: error communicating with database: Connection refused (os error 111). Check that PostgreSQL runs there and that this host may connect
    Invalid: the store's URL is not understood. Write it as postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full
    "#);
}

#[tokio::test]
async fn shards_are_shared_given_and_taken_over() {
    let Some(server) = Postgres::start() else { return };
    let (_dir, store) = host(&server.url()).await;
    let bid = |id: u128, life: u64| Bid {
        id: Uuid::from_u128(id),
        host: format!("host{id}"),
        pid: 7,
        stands_in: false,
        life: Duration::from_millis(life),
        gives: BTreeSet::new(),
    };
    let all = usize::from(SHARDS);
    let first = store.beat(&scope(), &bid(1, 60_000)).await.unwrap();
    assert_eq!((first.shards.len(), first.surplus.len(), first.others.len()), (all, 0, 0));
    let second = store.beat(&scope(), &bid(2, 60_000)).await.unwrap();
    assert!(second.shards.is_empty(), "nothing is taken from who lives");
    let other = Scope { region: "RegionTwo".into(), ..scope() };
    assert_eq!(store.beat(&other, &bid(3, 60_000)).await.unwrap().shards.len(), all, "regions are kept apart");

    let first = store.beat(&scope(), &bid(1, 60_000)).await.unwrap();
    assert_eq!((first.surplus.len(), first.others[0].host.as_str()), (all / 2, "host2"));
    let mut feed = store.feed().unwrap();
    let before = feed.borrow_and_update().leases;
    let first = store.beat(&scope(), &Bid { gives: first.surplus, ..bid(1, 60_000) }).await.unwrap();
    feed.wait_for(|feed| feed.leases > before).await.unwrap();
    let second = store.beat(&scope(), &bid(2, 1)).await.unwrap();
    assert_eq!((first.shards.len(), second.shards.len()), (all / 2, all / 2));
    assert!(first.shards.is_disjoint(&second.shards));

    // The second says nothing for longer than its lease: all is the first's again, and the
    // second, who was only asleep, finds that out.
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(store.beat(&scope(), &bid(1, 60_000)).await.unwrap().shards.len(), all);
    assert!(store.beat(&scope(), &bid(2, 60_000)).await.unwrap().shards.is_empty());
    store.leave(&scope(), Uuid::from_u128(1)).await.unwrap();
    assert_eq!(store.beat(&scope(), &bid(2, 60_000)).await.unwrap().shards.len(), all);
}
