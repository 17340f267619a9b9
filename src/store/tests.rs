use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use chrono::{TimeZone, Utc};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{ClusterRecord, Intent, MemoryStore, Secrets, SqliteStore, Store, StoreError, Track};
use crate::cloud::Scope;
use crate::conductor::chronicle;
use crate::driver::Facts;
use crate::model::{
    Cluster, ClusterId, ClusterTemplate, HistoryEntry, HistoryKind, IssuedCertificate, Labels, NewTemplate, Problem,
    Quota, Spec, Status, TemplateId, quota,
};

/// Keystone, as [`crate::cloud::Identity::keystone`] has it.
pub(crate) const CLOUD: &str = "http://127.0.0.1/identity";

pub(crate) fn scope() -> Scope {
    Scope { project_id: "p1".into(), region: "RegionOne".into() }
}

pub(crate) fn template() -> ClusterTemplate {
    ClusterTemplate {
        uuid: TemplateId(Uuid::from_u128(7)),
        spec: NewTemplate {
            name: "k8s".into(),
            image_id: "ubuntu".into(),
            external_network_id: Some("public".into()),
            ..NewTemplate::default()
        },
        cluster_distro: "ubuntu".into(),
        project_id: "p1".into(),
        auth_url: CLOUD.into(),
        user_id: "u1".into(),
        created_at: Utc.timestamp_opt(1_800_000_000, 0).unwrap(),
        updated_at: None,
    }
}

/// A cluster just accepted.
pub(crate) fn record(number: u128, name: &str) -> ClusterRecord {
    let uuid = Uuid::from_u128(number);
    let created_at = Utc.timestamp_opt(1_800_000_000, 0).unwrap();
    let mut record = ClusterRecord {
        scope: scope(),
        cluster: Cluster {
            uuid: ClusterId(uuid),
            name: name.into(),
            cluster_template_id: template().uuid,
            template_name: "k8s".into(),
            driver: "test".into(),
            keypair: None,
            node_count: 2,
            master_count: 1,
            docker_volume_size: None,
            flavor_id: "m1".into(),
            master_flavor_id: "m1".into(),
            fixed_network: None,
            fixed_subnet: None,
            floating_ip_enabled: true,
            master_lb_enabled: false,
            create_timeout: 60,
            labels: Labels::default(),
            status: Status::CREATE_IN_PROGRESS,
            status_reason: String::new(),
            stack_id: None,
            stack_name: format!("{name}-{number:012x}"),
            api_address: None,
            coe_version: None,
            master_addresses: Vec::new(),
            node_addresses: Vec::new(),
            project_id: "p1".into(),
            user_id: "u1".into(),
            created_at,
            updated_at: None,
            status_since: created_at,
            operation: None,
            progress: None,
            node_groups: Vec::new(),
            rollout: None,
            cause: None,
            health: None,
        },
        template: template().spec,
        facts: Facts {
            image_id: "i1".into(),
            kube_version: Some("v1.31.4".into()),
            os_distro: "ubuntu".into(),
            external_network_id: "n1".into(),
            fixed_network_id: None,
            fixed_subnet_id: None,
            fixed_subnet_cidr: "10.0.0.0/24".into(),
            has_load_balancer: false,
            auth_url: "http://127.0.0.1/identity".into(),
            region: "RegionOne".into(),
        },
        goal: Spec::default(),
        sent: Spec::default(),
        taken: Spec::default(),
        batch: 1,
        before: None,
        nodes: Vec::new(),
        intent: Intent::Present,
        track: Track::default(),
        revision: 0,
        notes: Vec::new(),
    };
    record.goal = record.facts.first_spec(&record.cluster);
    record.sent = record.goal.clone();
    record.taken = record.goal.clone();
    record
}

const PRIVATE: &str = "-----BEGIN PRIVATE KEY----- very private";

fn secrets() -> Secrets {
    [("ca_key", PRIVATE), ("bootstrap_token", "abcdef.0123456789abcdef")]
        .map(|(name, value)| (name.to_owned(), SecretString::from(value)))
        .into()
}

/// What every store must do.
pub(crate) async fn keeps_the_rules(store: &dyn Store) {
    let other = Scope { region: "RegionTwo".into(), ..scope() };
    store.add_template(&scope(), &template()).await.unwrap();
    assert_eq!(store.templates(&scope(), CLOUD).await.unwrap(), [template()]);
    assert!(store.templates(&other, CLOUD).await.unwrap().is_empty(), "regions are kept apart");

    let mut one = record(1, "prod");
    store.add_cluster(&mut one, &secrets()).await.unwrap();
    assert_eq!(store.clusters(&scope()).await.unwrap(), std::slice::from_ref(&one));
    assert!(store.clusters(&other).await.unwrap().is_empty());
    assert_eq!(store.cluster(&other, one.id()).await.unwrap(), None);
    let taken = store.add_cluster(&mut record(2, "prod"), &secrets()).await.unwrap_err();
    assert_eq!(taken, StoreError::NameTaken("prod".into()));
    assert_eq!(Problem::from(taken).field.as_deref(), Some("name"));
    store.add_cluster(&mut ClusterRecord { scope: other.clone(), ..record(3, "prod") }, &Secrets::new()).await.unwrap();
    let mut orphan = record(4, "orphan");
    orphan.cluster.cluster_template_id = TemplateId(Uuid::from_u128(99));
    assert_eq!(store.add_cluster(&mut orphan, &secrets()).await, Err(StoreError::TemplateGone));
    assert!(store.secrets(orphan.id()).await.unwrap().is_empty());

    let version = store.version().await.unwrap();
    let mut stale = one.clone();
    one.cluster.stack_id = Some("s1".into());
    store.save_cluster(&mut one).await.unwrap();
    assert!(store.version().await.unwrap() > version, "a save must be seen by followers");
    assert_eq!(store.save_cluster(&mut stale).await, Err(StoreError::Stale));
    assert_eq!(store.remove_cluster(&stale).await, Err(StoreError::Stale));
    assert_eq!(store.cluster(&scope(), one.id()).await.unwrap(), Some(one.clone()));

    assert_eq!(store.secrets(one.id()).await.unwrap()["ca_key"].expose_secret(), PRIVATE);
    let more = Secrets::from([("ca_key.1".to_owned(), "new".into()), ("bootstrap_token".to_owned(), "t2".into())]);
    store.add_secrets(one.id(), &more).await.unwrap();
    let kept = store.secrets(one.id()).await.unwrap();
    let of = |name: &str| kept[name].expose_secret().to_owned();
    assert_eq!([of("ca_key"), of("ca_key.1"), of("bootstrap_token")], [PRIVATE, "new", "t2"]);
    assert_eq!(store.add_secrets(orphan.id(), &more).await, Err(StoreError::Stale));

    let mut renamed = template();
    renamed.spec.name = "renamed".into();
    assert!(!store.save_template(&other, &renamed).await.unwrap(), "not another region's");
    let version = store.version().await.unwrap();
    assert!(store.save_template(&scope(), &renamed).await.unwrap());
    assert!(store.version().await.unwrap() > version, "a save must be seen by followers");
    assert_eq!(store.templates(&scope(), CLOUD).await.unwrap(), [renamed]);
    let users = store.template_users(&scope(), template().uuid).await.unwrap();
    assert_eq!((users.names.as_slice(), users.others), (["prod".to_owned()].as_slice(), 1));
    assert_eq!(store.remove_template(&scope(), template().uuid).await, Err(StoreError::InUse(users)));

    store.remove_cluster(&one).await.unwrap();
    store.remove_cluster(&one).await.unwrap();
    assert!(store.secrets(one.id()).await.unwrap().is_empty(), "secrets go with their cluster");
    assert_eq!(store.save_cluster(&mut one).await, Err(StoreError::Stale));
    let three = store.clusters(&other).await.unwrap().remove(0);
    store.remove_cluster(&three).await.unwrap();
    assert!(!store.remove_template(&other, template().uuid).await.unwrap(), "not another region's template");
    assert!(store.remove_template(&scope(), template().uuid).await.unwrap());
    assert!(!store.remove_template(&scope(), template().uuid).await.unwrap());
}

/// What every store must do with templates that more projects than one may use.
pub(crate) async fn shares_templates(store: &dyn Store) {
    let made = |number: u128, name: &str, project: &str, sign: &str, cloud: &str| {
        let mut made = template();
        made.uuid = TemplateId(Uuid::from_u128(number));
        made.spec.name = name.into();
        made.spec.public = sign.contains("public");
        made.spec.hidden = sign.contains("hidden");
        made.project_id = project.into();
        made.auth_url = cloud.into();
        made
    };
    let of = |project: &str| Scope { project_id: project.into(), ..scope() };
    let all = [
        made(1, "b", "p2", "public", CLOUD),
        made(2, "b", "p1", "", CLOUD),
        made(3, "a", "p2", "public hidden", CLOUD),
        made(4, "a", "p2", "", CLOUD),
        made(5, "c", "p1", "hidden", CLOUD),
        made(6, "a", "p2", "public", "https://elsewhere/identity"),
        made(7, "a", "p2", "public", ""),
    ];
    for template in &all {
        store.add_template(&of(&template.project_id), template).await.unwrap();
    }
    let far = Scope { region: "RegionTwo".into(), ..of("p2") };
    store.add_template(&far, &made(8, "a", "p2", "public", CLOUD)).await.unwrap();

    let listed = |project: &'static str, cloud: &'static str| async move {
        let found = store.templates(&of(project), cloud).await.unwrap();
        found.iter().map(|template| template.uuid.0.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(listed("p1", CLOUD).await, [2, 1, 5], "by name, own ones first");
    assert_eq!(listed("p3", CLOUD).await, [1]);
    assert_eq!(listed("p3", "https://elsewhere/identity").await, [6]);
    assert!(listed("p3", "").await.is_empty(), "a cloud that is not known is no cloud");
    let found = |project: &'static str, number: u128| async move {
        let id = TemplateId(Uuid::from_u128(number));
        store.template(&of(project), CLOUD, id).await.unwrap().is_some()
    };
    let mut seen = Vec::new();
    for number in 1..=9 {
        seen.push((found("p1", number).await, found("p3", number).await));
    }
    let [both, mine, none] = [(true, true), (true, false), (false, false)];
    assert_eq!(seen, [both, mine, both, none, mine, none, none, none, none], "by its uuid, a hidden one too");

    let mut theirs = record(1, "theirs");
    (theirs.scope, theirs.cluster.cluster_template_id) = (of("p1"), all[0].uuid);
    store.add_cluster(&mut theirs, &Secrets::new()).await.unwrap();
    let users = store.template_users(&of("p2"), all[0].uuid).await.unwrap();
    assert_eq!((users.names.len(), users.others), (0, 1));
    assert_eq!(store.remove_template(&of("p2"), all[0].uuid).await, Err(StoreError::InUse(users)));
    let mut closed = all[0].clone();
    closed.spec.public = false;
    assert!(!store.save_template(&of("p1"), &closed).await.unwrap(), "only its own project");
    assert!(store.save_template(&of("p2"), &closed).await.unwrap());
    assert_eq!(listed("p1", CLOUD).await, [2, 5]);
    store.remove_cluster(&theirs).await.unwrap();
    assert!(!store.remove_template(&of("p1"), all[0].uuid).await.unwrap(), "only its own project");
    assert!(store.remove_template(&of("p2"), all[0].uuid).await.unwrap());
}

/// What every store must do with what outlives clusters.
pub(crate) async fn archives(store: &dyn Store) {
    let other = Scope { region: "RegionTwo".into(), ..scope() };
    let quota = |hard_limit| Quota {
        project_id: scope().project_id,
        resource: quota::CLUSTER.into(),
        hard_limit,
        created_at: template().created_at,
        updated_at: None,
    };
    store.put_quota(&other.region, &quota(0)).await.unwrap();
    store.put_quota(&scope().region, &quota(7)).await.unwrap();
    store.put_quota(&scope().region, &quota(1)).await.unwrap();
    assert_eq!(store.quotas(&scope().region).await.unwrap(), [quota(1)]);
    store.add_template(&scope(), &template()).await.unwrap();

    let start = store.changes(&scope(), 0).await.unwrap();
    assert_eq!((start.clusters.len(), start.total), (0, 0));
    let mut one = record(1, "one");
    let now = one.cluster.created_at;
    chronicle::command(&mut one, "create", "for a test".into(), "u1", &[], now);
    store.add_cluster(&mut one, &Secrets::new()).await.unwrap();
    assert!(one.notes.is_empty(), "noted once only");
    let full = store.add_cluster(&mut record(2, "two"), &secrets()).await.unwrap_err();
    assert_eq!(full, StoreError::QuotaFull { limit: 1, there: 1 });
    assert!(store.remove_quota(&scope(), quota::CLUSTER).await.unwrap());
    assert!(!store.remove_quota(&scope(), quota::CLUSTER).await.unwrap());
    store.add_cluster(&mut record(2, "two"), &Secrets::new()).await.unwrap();
    assert_eq!(store.quotas(&other.region).await.unwrap(), [quota(0)]);

    let both = store.changes(&scope(), start.version).await.unwrap();
    assert_eq!((both.clusters.len(), both.total), (2, 2));
    assert_eq!(both.version, store.version().await.unwrap());
    let mut ended = one.clone();
    ended.notes = vec![HistoryEntry {
        event: "CREATE_COMPLETE".into(),
        kind: HistoryKind::Transition,
        duration: Some(90),
        ..store.history(&scope(), None, 9).await.unwrap().remove(0)
    }];
    let lost = ClusterRecord { revision: 9, ..ended.clone() };
    assert_eq!(store.save_cluster(&mut lost.clone()).await, Err(StoreError::Stale));
    assert_eq!(store.remove_cluster(&lost).await, Err(StoreError::Stale));
    assert_eq!(store.history(&scope(), None, 9).await.unwrap().len(), 1, "a refused save leaves no trace");
    store.save_cluster(&mut ended).await.unwrap();
    let changed = store.changes(&scope(), both.version).await.unwrap();
    assert_eq!(changed.clusters, std::slice::from_ref(&ended));
    assert!(store.changes(&scope(), changed.version).await.unwrap().clusters.is_empty());
    assert_eq!(store.changes(&other, 0).await.unwrap().total, 0);

    let certificate = |number: u128| IssuedCertificate {
        cluster_uuid: record(number, "x").id(),
        cluster_name: "x".into(),
        authority: "kubernetes".into(),
        serial: format!("{number}"),
        subject: "CN=admin".into(),
        usages: vec!["client auth".into()],
        issued_at: template().created_at,
        expires_at: template().created_at,
        issued_to: "somebody".into(),
        issued_by: None,
    };
    for number in [1, 2, 1] {
        store.add_certificate(&scope(), &certificate(number)).await.unwrap();
    }
    chronicle::command(&mut ended, "delete", String::new(), "u1", &[], now);
    store.remove_cluster(&ended).await.unwrap();
    assert_eq!(store.changes(&scope(), changed.version).await.unwrap().total, 1);
    assert_eq!(store.cluster_ids(&scope()).await.unwrap(), BTreeSet::from([record(2, "two").id()]));

    // All of it outlives the cluster.
    let events = |entries: Vec<HistoryEntry>| entries.into_iter().map(|entry| entry.event).collect::<Vec<_>>();
    let of = |id, limit| async move { events(store.history(&scope(), id, limit).await.unwrap()) };
    assert_eq!(of(Some(one.id()), 9).await, ["delete", "CREATE_COMPLETE", "create"]);
    assert_eq!(of(None, 2).await, ["delete", "CREATE_COMPLETE"]);
    assert!(store.history(&other, None, 9).await.unwrap().is_empty());
    let samples = store.samples(&scope(), "test", "create").await.unwrap();
    assert_eq!((samples.len(), samples[0].took, samples[0].nodes), (1, 90, 3));
    assert!(store.samples(&scope(), "test", "resize").await.unwrap().is_empty());
    assert_eq!(store.certificates(&scope(), Some(one.id())).await.unwrap(), [certificate(1), certificate(1)]);
    assert_eq!(store.certificates(&scope(), None).await.unwrap()[1], certificate(2));
    assert!(store.certificates(&other, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn memory_keeps_the_rules() {
    keeps_the_rules(&MemoryStore::default()).await;
    shares_templates(&MemoryStore::default()).await;
    archives(&MemoryStore::default()).await;
}

#[tokio::test]
async fn sqlite_keeps_the_rules() {
    let dir = tempfile::tempdir().unwrap();
    keeps_the_rules(&SqliteStore::open(dir.path()).await.unwrap()).await;
    let dir = tempfile::tempdir().unwrap();
    shares_templates(&SqliteStore::open(dir.path()).await.unwrap()).await;
    let dir = tempfile::tempdir().unwrap();
    archives(&SqliteStore::open(dir.path()).await.unwrap()).await;
}

async fn filled(dir: &Path) -> SqliteStore {
    let store = SqliteStore::open(dir).await.unwrap();
    store.add_template(&scope(), &template()).await.unwrap();
    store.add_cluster(&mut record(1, "prod"), &secrets()).await.unwrap();
    store
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn files_are_private_and_hold_no_plain_secret() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("share/jeroboam");
    let store = filled(&dir).await;
    assert_eq!(mode(&dir), 0o700);
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        let bytes = fs::read(&path).unwrap();
        for plain in [PRIVATE, "abcdef.0123456789abcdef"] {
            assert!(!bytes.windows(plain.len()).any(|window| window == plain.as_bytes()), "{}", path.display());
        }
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    names.sort();
    assert_eq!(names, ["jeroboam.db", "jeroboam.db-shm", "jeroboam.db-wal", "store.key"]);
    store.close().await;

    // A file others could read is made private again.
    fs::set_permissions(dir.join("jeroboam.db"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(dir.join("store.key"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    let store = SqliteStore::open(&dir).await.unwrap();
    assert_eq!([mode(&dir), mode(&dir.join("jeroboam.db")), mode(&dir.join("store.key"))], [0o700, 0o600, 0o600]);
    assert_eq!(store.secrets(record(1, "prod").id()).await.unwrap()["ca_key"].expose_secret(), PRIVATE);
}

#[tokio::test]
async fn two_processes_see_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (filled(dir.path()).await, SqliteStore::open(dir.path()).await.unwrap());
    let before = two.version().await.unwrap();
    let mut mine = one.clusters(&scope()).await.unwrap().remove(0);
    let mut theirs = two.clusters(&scope()).await.unwrap().remove(0);
    one.save_cluster(&mut mine).await.unwrap();
    assert!(two.version().await.unwrap() > before);
    assert_eq!(two.save_cluster(&mut theirs).await, Err(StoreError::Stale));
    assert_eq!(two.secrets(mine.id()).await.unwrap().len(), 2);
}

async fn refusal(dir: &Path) -> Problem {
    match SqliteStore::open(dir).await {
        Ok(_) => panic!("the store opened"),
        Err(error) => error.into(),
    }
}

#[tokio::test]
async fn a_missing_or_foreign_key_is_told() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).await.close().await;
    let key = dir.path().join("store.key");
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    insta::assert_snapshot!(
        refusal(dir.path()).await.line().replace(&dir.path().display().to_string(), "DIR"),
        @"the key file DIR/store.key is missing, and the clusters' secrets in the store cannot be read without it. Put the original key file back from a backup"
    );
    assert!(!key.exists(), "a new key would hide the loss");

    let other = tempfile::tempdir().unwrap();
    SqliteStore::open(other.path()).await.unwrap().close().await;
    fs::copy(other.path().join("store.key"), &key).unwrap();
    assert!(refusal(dir.path()).await.summary.contains("is not the one"));
    fs::write(&key, "rubbish").unwrap();
    assert!(refusal(dir.path()).await.summary.contains("is not the one"));

    fs::write(&key, kept).unwrap();
    SqliteStore::open(dir.path()).await.unwrap();
}

#[tokio::test]
async fn a_lost_key_without_secrets_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    SqliteStore::open(dir.path()).await.unwrap().close().await;
    fs::remove_file(dir.path().join("store.key")).unwrap();
    filled(dir.path()).await;
}

#[tokio::test]
async fn a_secret_moved_to_another_row_does_not_open() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path()).await;
    let swap =
        "UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE name = 'bootstrap_token') WHERE name = 'ca_key'";
    edit(dir.path(), swap).await;
    let error = store.secrets(record(1, "prod").id()).await.unwrap_err();
    assert!(matches!(error, StoreError::Sealed(what) if what.starts_with("ca_key")));
}

async fn edit(dir: &Path, sql: &'static str) {
    use sqlx::Connection;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.join("jeroboam.db"));
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_newer_store_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).await.close().await;
    edit(
        dir.path(),
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9000, 'later', 1, x'00', 0)",
    )
    .await;
    let problem = refusal(dir.path()).await;
    assert!(problem.summary.contains("written by a newer Jeroboam (its schema has version 9000)"), "{problem}");
}

#[tokio::test]
async fn a_damaged_file_is_told() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("jeroboam.db"), "this is no database, and long enough to be taken for one".repeat(40))
        .unwrap();
    let problem = refusal(dir.path()).await;
    assert!(problem.summary.contains("is damaged"), "{problem}");
    assert!(problem.advice.unwrap().contains("backup"));
}

#[tokio::test]
async fn an_unreadable_record_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path()).await;
    edit(dir.path(), r#"UPDATE clusters SET body = '{"scope": 1}'"#).await;
    let problem = Problem::from(store.clusters(&scope()).await.unwrap_err());
    assert!(problem.summary.starts_with("cluster \"prod\" in the store cannot be read"), "{problem}");
}

#[tokio::test]
async fn a_directory_that_cannot_be_is_told() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    for bad in ["file", "file/below"] {
        let problem = refusal(&dir.path().join(bad)).await;
        assert!(problem.summary.starts_with("the data directory"), "{problem}");
    }
    fs::create_dir(dir.path().join("jeroboam.db")).unwrap();
    assert!(refusal(dir.path()).await.summary.starts_with("the store"));
}
