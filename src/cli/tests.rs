//! Commands on a manager that says what a test wants; the real one is met in tests/it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use clap::Parser;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::args::{Cli, Command, Format};
use super::fault::{Exit, Fault};
use super::output::Terminal;
use super::{Work, run};
use crate::cloud::{Identity, Scope};
use crate::model::labels::catalogue::Sheet;
use crate::model::labels::origin::{self, Effective};
use crate::model::validate::Inventory;
use crate::model::{
    Authority, Check, Cluster, ClusterChange, ClusterId, ClusterTemplate, HistoryEntry, Labels, NewCluster,
    NewTemplate, Patch, Problem, ProblemKind, Progress, Quota, RootCause, StackEvent, StackResource, Status,
    TemplateId,
};
use crate::service::preview::Preview;
use crate::service::{CaCertificate, Change, ConductorRole, KubeconfigText, KubeconfigWish, Manager};

mod changes;
mod create;
mod templates;

const ID: Uuid = Uuid::from_u128(0xc1);

fn then() -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000, 0).unwrap()
}

fn cluster(status: Status) -> Cluster {
    Cluster {
        uuid: ClusterId(ID),
        name: "prod".into(),
        cluster_template_id: TemplateId(Uuid::from_u128(0x7e)),
        template_name: "k8s".into(),
        driver: "d".into(),
        keypair: None,
        node_count: 2,
        master_count: 1,
        docker_volume_size: None,
        flavor_id: "m1".into(),
        master_flavor_id: "m1".into(),
        fixed_network: None,
        fixed_subnet: None,
        floating_ip_enabled: false,
        master_lb_enabled: false,
        create_timeout: 60,
        labels: Labels::parse_flag("k=v").unwrap(),
        status,
        status_reason: String::new(),
        stack_id: None,
        stack_name: "prod-0000000000c1".into(),
        api_address: None,
        coe_version: None,
        master_addresses: Vec::new(),
        node_addresses: vec!["10.0.0.1".into(), "10.0.0.2".into()],
        project_id: "p".into(),
        user_id: "u".into(),
        created_at: then(),
        updated_at: None,
        status_since: then(),
        operation: None,
        progress: None,
        node_groups: Vec::new(),
        rollout: None,
        cause: None,
        health: None,
    }
}

fn event(id: &str, resource: &str) -> StackEvent {
    StackEvent {
        id: id.into(),
        time: then(),
        resource: resource.into(),
        path: vec!["workers".into(), "0".into()],
        status: Status::CREATE_COMPLETE,
        reason: "state changed".into(),
        physical_id: String::new(),
    }
}

/// Says what it was given; sends its changes to the first who subscribes.
#[derive(Default)]
struct Scripted {
    clusters: Vec<Cluster>,
    templates: Vec<ClusterTemplate>,
    events: Vec<StackEvent>,
    changes: Mutex<VecDeque<Change>>,
    asked: Mutex<Vec<String>>,
    refuses: Vec<Problem>,
    /// What a preview finds besides.
    remarks: Vec<Check>,
    /// Clusters that cannot be deleted.
    stuck: Vec<ClusterId>,
    /// Says nothing more, but stays.
    stays: bool,
}

impl Scripted {
    fn note(&self, text: String) {
        self.asked.lock().unwrap().push(text);
    }
}

#[async_trait]
impl Manager for Scripted {
    fn identity(&self) -> Identity {
        Identity {
            cloud: "c".into(),
            scope: Scope { project_id: "p".into(), region: "r".into() },
            project_name: "p".into(),
            user_id: "u".into(),
            user_name: "u".into(),
            auth_url: "http://k".into(),
        }
    }
    async fn templates(&self) -> Result<Vec<ClusterTemplate>, Problem> {
        Ok(self.templates.iter().filter(|template| !template.spec.hidden).cloned().collect())
    }
    async fn template(&self, id: TemplateId) -> Result<Option<ClusterTemplate>, Problem> {
        Ok(self.templates.iter().find(|template| template.uuid == id).cloned())
    }
    async fn create_template(&self, wish: NewTemplate) -> Result<ClusterTemplate, Vec<Problem>> {
        self.note(serde_json::to_string(&wish).unwrap());
        Err(self.refuses.clone())
    }
    async fn update_template(&self, id: TemplateId, patch: Vec<Patch>) -> Result<ClusterTemplate, Vec<Problem>> {
        self.note(format!("patch {id} {}", serde_json::to_string(&patch).unwrap()));
        Err(self.refuses.clone())
    }
    async fn delete_template(&self, _: TemplateId) -> Result<(), Problem> {
        Ok(())
    }
    async fn clusters(&self) -> Result<Vec<Cluster>, Problem> {
        Ok(self.clusters.clone())
    }
    async fn create_cluster(&self, wish: NewCluster) -> Result<Cluster, Vec<Problem>> {
        self.note(serde_json::to_string(&wish).unwrap());
        if self.refuses.is_empty() { Ok(self.clusters[0].clone()) } else { Err(self.refuses.clone()) }
    }
    async fn change_cluster(&self, _: ClusterId, change: ClusterChange) -> Result<Cluster, Vec<Problem>> {
        self.note(serde_json::to_string(&change).unwrap());
        if self.refuses.is_empty() { Ok(self.clusters[0].clone()) } else { Err(self.refuses.clone()) }
    }
    async fn preview_cluster(&self, wish: NewCluster) -> Result<Preview, Vec<Problem>> {
        let checks = self.refuses.iter().cloned().map(Check::from).chain(self.remarks.clone()).collect();
        Ok(create::told(wish, checks))
    }
    async fn delete_cluster(&self, id: ClusterId) -> Result<(), Problem> {
        self.note(format!("delete {id}"));
        if self.stuck.contains(&id) { Err(Problem::new(ProblemKind::Unavailable, "the disk is full")) } else { Ok(()) }
    }
    async fn ca_certificate(&self, id: ClusterId, authority: Authority) -> Result<CaCertificate, Problem> {
        Ok(CaCertificate {
            cluster: id,
            authority,
            pem: "-----BEGIN CERTIFICATE-----\n".into(),
            subject: "CN=prod".into(),
            fingerprint: "AB:CD".into(),
            key_type: "ECDSA P-256".into(),
            not_before: then(),
            not_after: chrono::DateTime::<chrono::Utc>::MAX_UTC,
        })
    }
    async fn sign(&self, id: ClusterId, authority: Authority, csr_pem: &str) -> Result<String, Problem> {
        self.note(format!("sign {id} {authority} {csr_pem}"));
        Ok("-----BEGIN CERTIFICATE-----\n".into())
    }
    async fn kubeconfig(&self, _: ClusterId, wish: &KubeconfigWish) -> Result<KubeconfigText, Problem> {
        self.note(format!("kubeconfig {} {:?} {}", wish.user, wish.groups, wish.life));
        Ok(KubeconfigText("apiVersion: v1\n".into()))
    }
    async fn history(&self, _: Option<ClusterId>, _: usize) -> Result<Vec<HistoryEntry>, Problem> {
        Ok(Vec::new())
    }
    async fn quotas(&self) -> Result<Vec<Quota>, Problem> {
        Ok(Vec::new())
    }
    async fn put_quota(&self, _: Quota) -> Result<(), Problem> {
        Ok(())
    }
    async fn remove_quota(&self, _: &str, _: &str) -> Result<bool, Problem> {
        Ok(false)
    }
    async fn labels(&self, _: ClusterId) -> Result<Vec<Effective>, Problem> {
        let sheet = Sheet { driver: "d".into(), reads: [("dns".into(), "8.8.8.8".into())].into(), ..Sheet::default() };
        Ok(origin::of_cluster(&self.clusters[0], &Labels::default(), Some(&sheet)))
    }
    async fn resources(&self, _: ClusterId) -> Result<Vec<StackResource>, Problem> {
        Ok(Vec::new())
    }
    async fn events(&self, _: ClusterId) -> Result<Vec<StackEvent>, Problem> {
        Ok(self.events.clone())
    }
    async fn inventory(&self) -> (Inventory, Vec<Problem>) {
        (Inventory::default(), Vec::new())
    }
    fn watch(&self, _: Option<ClusterId>) {}
    fn subscribe(&self) -> mpsc::UnboundedReceiver<Change> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.changes.lock().unwrap().drain(..).for_each(|change| sender.send(change).unwrap());
        if self.stays {
            std::mem::forget(sender);
        }
        receiver
    }
}

struct Ran {
    out: String,
    err: String,
    exit: Option<Exit>,
    work: Option<Work>,
}

async fn ran(manager: &Arc<Scripted>, line: &str, draws: bool) -> Ran {
    let cli = Cli::try_parse_from(std::iter::once("jeroboam").chain(line.split_whitespace())).unwrap();
    let (mut out, mut err, mut work) = (Vec::new(), Vec::new(), None);
    let done = {
        let mut terminal = Terminal { out: &mut out, err: &mut err, draws, asks: false, format: cli.global.format };
        let connect = async |wanted| {
            work = Some(wanted);
            Ok::<Arc<dyn Manager>, Fault>(manager.clone())
        };
        let Some(Command::Once(command)) = cli.command else { panic!("{line}") };
        run(command, &mut terminal, connect).await
    };
    if let Err(fault) = &done {
        fault.tell(&mut err).unwrap();
    }
    let exit = done.err().map(|fault| match fault {
        Fault::Told { exit, .. } => exit,
        other => panic!("{other:?}"),
    });
    Ran { out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap(), exit, work }
}

fn moving(complete: usize) -> Change {
    let mut now = cluster(Status::CREATE_IN_PROGRESS);
    now.progress = Some(Progress { complete, total: 8 });
    Change::Cluster { cluster: Box::new(now) }
}

fn scripted(status: Status, changes: impl IntoIterator<Item = Change>) -> Arc<Scripted> {
    Arc::new(Scripted {
        clusters: vec![cluster(status)],
        changes: Mutex::new(changes.into_iter().collect()),
        ..Scripted::default()
    })
}

#[tokio::test]
async fn lists_in_every_form() {
    let manager = scripted(Status::CREATE_COMPLETE, []);
    insta::assert_snapshot!(ran(&manager, "cluster list", false).await.out, @r"
    UUID                                  NAME  KEYPAIR  NODE_COUNT  MASTER_COUNT  STATUS           HEALTH_STATUS  TEMPLATE  API_ADDRESS
    00000000-0000-0000-0000-0000000000c1  prod  -        2           1             CREATE_COMPLETE  -              k8s       -
    ");
    let json: Vec<Cluster> = serde_json::from_str(&ran(&manager, "cluster list -f json", false).await.out).unwrap();
    assert_eq!(json, manager.clusters);
    let yaml: Vec<Cluster> = serde_saphyr::from_str(&ran(&manager, "-f yaml cluster list", false).await.out).unwrap();
    assert_eq!(yaml, manager.clusters);
    let shown = ran(&manager, "cluster show prod", false).await;
    assert_eq!((shown.exit, shown.work), (None, Some(Work::Elsewhere)));
    assert!(shown.out.contains("labels               k=v\n"), "{}", shown.out);
}

#[tokio::test]
async fn a_cluster_shows_what_is_left_of_its_time_outs_and_where_labels_come_from() {
    let manager = scripted(Status::CREATE_IN_PROGRESS, []);
    let shown = ran(&manager, "cluster show prod", false).await;
    assert!(
        shown.out.contains("time_outs            create: is due after 60 min, until 16:06:40 UTC"),
        "{}",
        shown.out
    );
    let json = ran(&manager, "cluster show prod -f json", false).await.out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["time_outs"][0]["of"], &json["time_outs"][0]["left_seconds"]), (&"create".into(), &0.into()));
    insta::assert_snapshot!(ran(&manager, "cluster show prod --labels", false).await.out, @r"
    NAME  VALUE    FROM            READ
    dns   8.8.8.8  driver default  yes
    k     v        cluster         no: it has no effect
    ");
    let rest = scripted(Status::CREATE_COMPLETE, []);
    assert!(!ran(&rest, "cluster show prod -f json", false).await.out.contains("time_outs"));
}

#[tokio::test]
async fn what_is_not_there_is_3() {
    for line in [
        "cluster show x",
        "cluster events x",
        "cluster delete x --yes",
        "cluster delete prod x --yes",
        "template delete x",
        "kubeconfig x",
        "template show x",
        "ca show x",
        "ca sign x /dev/null",
    ] {
        let ran = ran(&scripted(Status::CREATE_COMPLETE, []), line, false).await;
        assert_eq!((ran.exit, ran.out.as_str()), (Some(Exit::NotFound), ""), "{line}");
        assert!(ran.err.starts_with("error: cluster"), "{}", ran.err);
    }
}

#[tokio::test]
async fn waiting_says_each_step_once() {
    let mut ready = cluster(Status::CREATE_COMPLETE);
    ready.api_address = Some("https://1.2.3.4:6443".into());
    let changes = [
        Change::Conductor { role: ConductorRole::Following { pid: Some(7) } },
        moving(1),
        moving(1),
        Change::Trouble { problem: Some(Problem::local("heat is away")) },
        Change::Trouble { problem: None },
        moving(5),
        Change::Cluster { cluster: Box::new(ready.clone()) },
    ];
    let manager = scripted(Status::CREATE_IN_PROGRESS, changes);
    let ran = ran(&manager, "cluster create prod --cluster-template k8s --wait -f json", false).await;
    assert_eq!((ran.exit, ran.work), (None, Some(Work::Here)));
    assert_eq!(serde_json::from_str::<Cluster>(&ran.out).unwrap(), ready);
    insta::assert_snapshot!(ran.err, @r"
    Cluster prod (00000000-0000-0000-0000-0000000000c1) is accepted
    prod: CREATE_IN_PROGRESS
    Another Jeroboam (process 7) does the work; following it
    prod: CREATE_IN_PROGRESS, 1 of 8 resources
    Trouble, trying on: heat is away
    prod: CREATE_IN_PROGRESS, 5 of 8 resources
    ");
}

#[tokio::test]
async fn a_failure_says_where_it_began() {
    let mut failed = cluster(Status::CREATE_FAILED);
    failed.status_reason = "Resource CREATE failed".into();
    failed.cause = Some(RootCause {
        resource: "workers.0.server".into(),
        kind: "OS::Nova::Server".into(),
        physical_id: "id-1".into(),
        reason: "No valid host was found".into(),
    });
    let manager = scripted(Status::CREATE_IN_PROGRESS, [Change::Cluster { cluster: Box::new(failed) }]);
    let ran = ran(&manager, "cluster show prod --wait -f json", false).await;
    assert_eq!(ran.exit, Some(Exit::Failed));
    insta::assert_snapshot!(ran.err, @r#"
    prod: CREATE_IN_PROGRESS
    error: cluster "prod" ended in CREATE_FAILED: Resource CREATE failed
      It began at workers.0.server (OS::Nova::Server, id-1): No valid host was found
    "#);
}

#[tokio::test]
async fn a_terminal_gets_one_line_drawn_over() {
    let changes = [moving(4), Change::Cluster { cluster: Box::new(cluster(Status::CREATE_COMPLETE)) }];
    let ran = ran(&scripted(Status::CREATE_IN_PROGRESS, changes), "cluster show prod --wait", true).await;
    assert!(ran.err.contains("▰▰▰▰▰▰▰▰▰▰▱▱▱▱▱▱▱▱▱▱ 4 of 8"), "{:?}", ran.err);
    assert_eq!(ran.err.matches('\n').count(), 1, "{:?}", ran.err);
}

#[tokio::test]
async fn a_delete_needs_a_yes() {
    let manager = scripted(Status::CREATE_COMPLETE, []);
    let refused = ran(&manager, "cluster delete prod", false).await;
    assert_eq!((refused.exit, refused.work), (Some(Exit::Usage), None));
    assert!(manager.asked.lock().unwrap().is_empty());
    assert_eq!(ran(&manager, "cluster delete prod -y", false).await.exit, None);
    assert_eq!(*manager.asked.lock().unwrap(), [format!("delete {ID}")]);
}

/// `prod`, and `east` and `west` beside it.
fn three(stuck: &[u128]) -> Arc<Scripted> {
    let named = |id: u128, name: &str| {
        let uuid = ClusterId(Uuid::from_u128(id));
        Cluster { uuid, name: name.into(), ..cluster(Status::CREATE_COMPLETE) }
    };
    Arc::new(Scripted {
        clusters: vec![cluster(Status::CREATE_COMPLETE), named(1, "east"), named(2, "west")],
        stuck: stuck.iter().map(|id| ClusterId(Uuid::from_u128(*id))).collect(),
        ..Scripted::default()
    })
}

#[tokio::test]
async fn several_are_deleted_and_each_failure_is_told() {
    let manager = three(&[]);
    let refused = ran(&manager, "cluster delete east nope prod never --yes", false).await;
    assert_eq!(refused.exit, Some(Exit::NotFound));
    assert!(refused.err.contains("\"nope\"") && refused.err.contains("\"never\""), "{}", refused.err);
    let refused = ran(&manager, "cluster delete east prod", false).await;
    assert_eq!(refused.exit, Some(Exit::Usage));
    assert!(refused.err.contains("clusters \"east\", \"prod\" needs a yes"), "{}", refused.err);
    assert!(manager.asked.lock().unwrap().is_empty());

    let twice = format!("cluster delete east prod {ID} -y");
    assert_eq!(ran(&manager, &twice, false).await.exit, None);
    assert_eq!(*manager.asked.lock().unwrap(), [format!("delete {}", Uuid::from_u128(1)), format!("delete {ID}")]);

    let partly = ran(&three(&[1, 2]), "cluster delete east prod west -y", false).await;
    assert_eq!(partly.exit, Some(Exit::Failed));
    assert!(partly.err.contains(&format!("The delete of cluster prod ({ID}) is accepted\n")), "{}", partly.err);
    let told = "error: cluster \"east\": the disk is full\nerror: cluster \"west\": the disk is full\n";
    assert!(partly.err.ends_with(told), "{}", partly.err);
    // One alone keeps its own words and code.
    let one = ran(&three(&[1]), "cluster delete east -y", false).await;
    assert_eq!((one.exit, one.err.as_str()), (Some(Exit::Unavailable), "error: the disk is full\n"));
}

#[tokio::test]
async fn nodes_are_masters_and_workers() {
    let counts = ran(&three(&[]), "stats -f json", false).await;
    let counts: serde_json::Value = serde_json::from_str(&counts.out).unwrap();
    assert_eq!(counts, serde_json::json!({ "clusters": 3, "nodes": 9, "cluster_quota": null }));
    assert_eq!(
        ran(&Arc::default(), "stats", false).await.out,
        "clusters       0\nnodes          0\ncluster_quota  -\n"
    );
}

#[tokio::test]
async fn a_kubeconfig_is_for_whom_and_as_long_as_is_asked() {
    let manager = scripted(Status::CREATE_COMPLETE, []);
    for (line, asked) in [
        ("kubeconfig prod --stdout", r#"kubeconfig admin ["system:masters"] PT31536000S"#),
        ("kubeconfig prod --stdout --ttl 30m", r#"kubeconfig admin ["system:masters"] PT1800S"#),
        ("cluster config prod --stdout --user jane --ttl 8h", r#"kubeconfig jane [] PT28800S"#),
        ("cluster config prod --stdout --user j --group a --group b", r#"kubeconfig j ["a", "b"] PT31536000S"#),
    ] {
        manager.asked.lock().unwrap().clear();
        assert_eq!(ran(&manager, line, false).await.exit, None, "{line}");
        assert_eq!(*manager.asked.lock().unwrap(), [asked], "{line}");
    }
    let odd = ran(&manager, "kubeconfig prod --ttl forever", false).await;
    assert_eq!((odd.exit, odd.work), (Some(Exit::Usage), None));
}

#[tokio::test]
async fn authorities_are_shown_and_sign() {
    let manager = scripted(Status::CREATE_COMPLETE, []);
    let shown = ran(&manager, "ca show prod", false).await;
    assert_eq!((shown.out.as_str(), shown.work), ("-----BEGIN CERTIFICATE-----\n", Some(Work::Elsewhere)));
    let whole: CaCertificate = serde_json::from_str(&ran(&manager, "ca show prod -f json", false).await.out).unwrap();
    assert_eq!((whole.subject.as_str(), whole.fingerprint.as_str()), ("CN=prod", "AB:CD"));

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "a request").unwrap();
    let line = format!("ca sign prod {}", file.path().display());
    let signed = ran(&manager, &line, false).await;
    assert_eq!((signed.exit, signed.out.as_str()), (None, "-----BEGIN CERTIFICATE-----\n"));
    assert_eq!(*manager.asked.lock().unwrap(), [format!("sign {ID} kubernetes a request")]);
    let by_etcd = ran(&manager, &format!("{line} --ca-cert-type etcd"), false).await;
    assert_eq!(by_etcd.exit, None);
    assert_eq!(manager.asked.lock().unwrap()[1], format!("sign {ID} etcd a request"));
    let odd = ran(&manager, "ca show prod --ca-cert-type etdc", false).await;
    assert_eq!((odd.exit, odd.work), (Some(Exit::Usage), None));
    assert!(odd.err.contains("--ca-cert-type") && odd.err.contains("front-proxy"), "{}", odd.err);
    let missing = ran(&manager, "ca sign prod /nowhere/at/all", false).await;
    assert_eq!((missing.exit, missing.work), (Some(Exit::Usage), None));
}

#[tokio::test]
async fn a_delete_waits_for_the_end() {
    let gone = Change::ClusterGone { id: ClusterId(ID), name: "prod".into() };
    // What was said before the delete began is not its end.
    let stale = Change::Cluster { cluster: Box::new(cluster(Status::CREATE_FAILED)) };
    let ended = ran(&scripted(Status::DELETE_IN_PROGRESS, [stale, gone]), "cluster delete prod -y --wait", false).await;
    assert_eq!((ended.exit, ended.out.as_str()), (None, ""));
    assert!(ended.err.ends_with("Cluster prod is deleted\n"), "{}", ended.err);

    let failed = Change::Cluster { cluster: Box::new(cluster(Status::DELETE_FAILED)) };
    let ended = ran(&scripted(Status::DELETE_IN_PROGRESS, [failed]), "cluster delete prod -y --wait", false).await;
    assert_eq!(ended.exit, Some(Exit::Failed));
}

#[tokio::test]
async fn a_conductor_that_stops_is_no_success() {
    let ended = ran(&scripted(Status::CREATE_IN_PROGRESS, []), "cluster show prod --wait", false).await;
    assert_eq!(ended.exit, Some(Exit::Failed));
}

#[tokio::test]
async fn all_problems_are_told_with_their_flags() {
    let manager = Arc::new(Scripted {
        refuses: vec![
            Problem::invalid("image \"i\" was not found").on_field("image_id"),
            Problem::invalid("network \"n\" is not external")
                .on_field("external_network_id")
                .advise("External networks: x"),
        ],
        ..Scripted::default()
    });
    let ran = ran(&manager, "template create t --image i --external-network n --tags a --tags b", false).await;
    assert_eq!((ran.exit, ran.out.as_str()), (Some(Exit::Failed), ""));
    insta::assert_snapshot!(ran.err, @r#"
    error: --image: image "i" was not found
    error: --external-network: network "n" is not external
      External networks: x
    "#);
    let wish: NewTemplate = serde_json::from_str(&manager.asked.lock().unwrap()[0]).unwrap();
    assert_eq!(wish.tags.as_deref(), Some("a,b"));
    assert_eq!(wish.dns_nameserver, NewTemplate::default().dns_nameserver);
}

#[tokio::test]
async fn a_bad_label_is_told_before_anything_is_connected() {
    for line in [
        "cluster create c --cluster-template t --labels nope",
        "template create t --image i --external-network n --labels =x",
    ] {
        let ran = ran(&scripted(Status::CREATE_COMPLETE, []), line, false).await;
        assert_eq!((ran.exit, ran.work), (Some(Exit::Usage), None));
        assert!(ran.err.starts_with("error: --labels: label"), "{}", ran.err);
    }
}

#[tokio::test]
async fn events_once_and_followed() {
    let gone = Change::ClusterGone { id: ClusterId(ID), name: "prod".into() };
    let news = Change::Events { id: ClusterId(ID), events: vec![event("1", "server"), event("2", "port")] };
    let of_another = Change::Events { id: ClusterId(Uuid::nil()), events: vec![event("3", "x")] };
    let manager = Arc::new(Scripted {
        clusters: vec![cluster(Status::CREATE_IN_PROGRESS)],
        events: vec![event("1", "server")],
        changes: Mutex::new([of_another, news, gone].into_iter().collect()),
        ..Scripted::default()
    });
    let followed = ran(&manager, "cluster events prod --follow", false).await;
    assert_eq!((followed.exit, followed.work), (None, Some(Work::Here)));
    insta::assert_snapshot!(followed.out, @r"
    2025-06-15T15:06:40Z  workers.0.server                  CREATE_COMPLETE     state changed
    2025-06-15T15:06:40Z  workers.0.port                    CREATE_COMPLETE     state changed
    ");
    insta::assert_snapshot!(ran(&manager, "cluster events prod", false).await.out, @r"
    TIME                  RESOURCE          STATUS           REASON
    2025-06-15T15:06:40Z  workers.0.server  CREATE_COMPLETE  state changed
    ");
    let json: Vec<StackEvent> =
        serde_json::from_str(&ran(&manager, "cluster events prod -f json", false).await.out).unwrap();
    assert_eq!(json, manager.events);
}

#[tokio::test]
async fn kubeconfigs_go_where_they_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let manager = scripted(Status::CREATE_COMPLETE, []);
    let to_stdout = ran(&manager, "kubeconfig prod --stdout", false).await;
    assert_eq!((to_stdout.out.as_str(), to_stdout.err.as_str()), ("apiVersion: v1\n", ""));
    let line = format!("kubeconfig prod --dir {}", folder.path().display());
    let written = ran(&manager, &line, false).await;
    assert_eq!(written.out, format!("export KUBECONFIG={}/config\n", folder.path().display()));
    let again = ran(&manager, &line, false).await;
    assert_eq!(again.exit, Some(Exit::Failed));
    assert!(again.err.contains("exists already"), "{}", again.err);
    assert_eq!(ran(&manager, &format!("{line} --force"), false).await.exit, None);
}

#[test]
fn contradicting_flags_are_refused() {
    for line in [
        "cluster create c --cluster-template t --floating-ip-enabled --floating-ip-disabled",
        "cluster create c --cluster-template t --master-lb-enabled --master-lb-disabled",
        "kubeconfig c --stdout --merge",
        "kubeconfig c --switch",
        "cluster list -f csv",
        "cluster create c",
        "template create t",
        "frobnicate",
    ] {
        let words = std::iter::once("jeroboam").chain(line.split_whitespace());
        assert_eq!(Cli::try_parse_from(words).unwrap_err().exit_code(), 2, "{line}");
    }
    assert_eq!(Cli::try_parse_from(["jeroboam"]).unwrap().global.format, Format::Table);
}
