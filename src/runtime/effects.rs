//! Performs the dashboard's effects on the manager, each in a task of its own; the
//! replies go into the inbox.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;

use super::input::Keys;
use super::login::{self, Login};
use super::remote::{Remote, bastion, bundle};
use super::shells::Shells;
use super::{Connect, In, ListClouds, look, prefs, project, read, save};
use crate::cloud::Identity;
use crate::model::call::OURS;
use crate::model::{Authority, ClusterId, Destination, Machine, NewBastion, Problem};
use crate::openstack::calls::{Calls, Exchange};
use crate::service::{CaCertificate, Manager};
use crate::ssh::Wish;
use crate::ui::shells::ShellDo;
use crate::ui::{Effect, Job, Msg, Reply, Saved, Slot, Ticket};

/// So many entries of one cluster's history are shown.
const HISTORY: usize = 1000;

struct Logins {
    remote: Arc<Remote>,
    keys: Keys,
}

pub struct Performer {
    connect: Arc<Connect>,
    inbox: UnboundedSender<In>,
    clouds: Arc<ListClouds>,
    calls: Arc<Calls>,
    manager: Option<Arc<dyn Manager>>,
    /// How many managers there were.
    number: u64,
    /// Hands on what the present one tells.
    changes: Option<AbortHandle>,
    /// Loads under way; a newer one of the same slot cuts the older short.
    loads: HashMap<Slot, AbortHandle>,
    connecting: Option<AbortHandle>,
    logins: Option<Logins>,
    shells: Shells,
    prefs: Option<(prefs::Source, look::Chosen)>,
}

impl Performer {
    pub fn new(connect: Connect, inbox: UnboundedSender<In>) -> Self {
        Self {
            connect: Arc::new(connect),
            clouds: Arc::new(Box::new(|| Ok(Vec::new()))),
            calls: Arc::default(),
            shells: Shells::new(inbox.clone()),
            inbox,
            manager: None,
            number: 0,
            changes: None,
            loads: HashMap::new(),
            connecting: None,
            logins: None,
            prefs: None,
        }
    }

    /// With settings to be shown and turned.
    #[must_use]
    pub fn with_prefs(mut self, source: prefs::Source, chosen: look::Chosen) -> Self {
        self.prefs = Some((source, chosen));
        self
    }

    /// With clouds to choose from.
    #[must_use]
    pub fn with_clouds(mut self, clouds: ListClouds) -> Self {
        self.clouds = Arc::new(clouds);
        self
    }

    /// With what is asked of clouds.
    #[must_use]
    pub fn with_calls(mut self, calls: Arc<Calls>) -> Self {
        self.calls = calls;
        self
    }

    /// With nodes to log in to, and the keyboard that must be lent for it.
    #[must_use]
    pub fn with_logins(mut self, remote: Remote, keys: Keys) -> Self {
        self.logins = Some(Logins { remote: Arc::new(remote), keys });
        self
    }

    /// Finds the way in the background: the screen stays ours until there is one.
    fn find_way(&self, cluster: ClusterId, server: Option<String>) {
        let (Some(manager), Some(logins)) = (self.manager.clone(), &self.logins) else { return };
        let (inbox, remote) = (self.inbox.clone(), logins.remote.clone());
        tokio::spawn(async move {
            let found = login::find(&remote, manager, cluster, server.as_deref(), Wish::SHELL, &[]).await;
            let _ = inbox.send(match found {
                Ok(login) => In::Login(Box::new(login)),
                Err(problem) => In::Msg(Msg::Notice(problem)),
            });
        });
    }

    /// With the terminal, until ssh ends; gives what the user is to read then.
    pub async fn log_in(&mut self, login: Login) -> Option<Problem> {
        let logins = self.logins.as_ref()?;
        let _lent = logins.keys.lend().await;
        login.run(&logins.remote).await
    }

    /// Leaves no shell behind.
    pub async fn end_shells(&mut self) {
        self.shells.end().await;
    }

    /// Effects of the screen are the loop's; they do nothing here.
    pub fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Connect(to) => self.start_connecting(to),
            Effect::ListClouds => self.list_clouds(),
            Effect::FollowCalls(after) => self.follow_calls(after),
            Effect::TellPrefs => self.on_files(|source| Msg::Prefs(source.told())),
            Effect::KeepPrefs(turned) => self.on_files(move |source| Msg::PrefsKept(source.keep(&turned))),
            Effect::Prefer { name, value } => self.prefer(&name, &value),
            Effect::Run(ticket, job) => self.run(ticket, job),
            Effect::Watch(id) => {
                if let Some(manager) = &self.manager {
                    manager.watch(id);
                }
            }
            Effect::Login(cluster, server) => self.find_way(cluster, server),
            Effect::Shell(id, ShellDo::Start(cluster, program)) => {
                if let (Some(manager), Some(logins)) = (self.manager.clone(), &self.logins) {
                    self.shells.start(id, manager, logins.remote.clone(), cluster, program);
                }
            }
            Effect::Shell(id, what) => self.shells.perform(id, what),
            Effect::Copy(_) | Effect::Alert(_) | Effect::Redraw | Effect::Suspend | Effect::Quit => {}
        }
    }

    /// Takes the manager and lets its changes flow.
    pub fn connected(&mut self, manager: Arc<dyn Manager>) -> Identity {
        self.loads.drain().for_each(|(_, load)| load.abort());
        if let Some(before) = self.changes.take() {
            before.abort();
        }
        self.number += 1;
        let mut changes = manager.subscribe();
        let (inbox, number) = (self.inbox.clone(), self.number);
        let told = tokio::spawn(async move {
            while let Some(change) = changes.recv().await {
                if inbox.send(In::Change(number, change)).is_err() {
                    return;
                }
            }
        });
        self.changes = Some(told.abort_handle());
        let identity = manager.identity();
        if let Some(logins) = &mut self.logins {
            logins.remote = Arc::new(Remote { cloud: identity.cloud.clone(), ..(*logins.remote).clone() });
        }
        self.manager = Some(manager);
        identity
    }

    /// Of the manager in use, in the order in which they came.
    pub fn manager_number(&self) -> u64 {
        self.number
    }

    fn follow_calls(&self, after: u64) {
        let (calls, inbox) = (self.calls.clone(), self.inbox.clone());
        tokio::spawn(async move {
            let came = calls.after(after).await;
            let _ = inbox.send(In::Msg(Msg::Calls(came)));
        });
    }

    /// Reads and writes the user's files in the background.
    fn on_files(&self, work: impl FnOnce(prefs::Source) -> Msg + Send + 'static) {
        let (Some((source, _)), inbox) = (&self.prefs, self.inbox.clone()) else { return };
        let source = source.clone();
        tokio::task::spawn_blocking(move || {
            // Nobody there any more: the dashboard has ended.
            let _ = inbox.send(In::Msg(work(source)));
        });
    }

    /// At once: the next key is pressed on what is chosen now.
    fn prefer(&mut self, name: &str, value: &str) {
        let Some((source, chosen)) = &mut self.prefs else { return };
        if let Some(looks) = chosen.turn(name, value, &source.config_dir) {
            let msg = Msg::Looks(Box::new((looks.theme, looks.keymap)), looks.problems);
            // Nobody there any more: the dashboard has ended.
            let _ = self.inbox.send(In::Msg(msg));
        }
    }

    fn list_clouds(&self) {
        let (clouds, inbox) = (self.clouds.clone(), self.inbox.clone());
        tokio::task::spawn_blocking(move || {
            // Nobody there any more: the dashboard has ended.
            let _ = inbox.send(In::Msg(Msg::Clouds(clouds())));
        });
    }

    fn start_connecting(&mut self, to: Option<Destination>) {
        if let Some(before) = self.connecting.take() {
            before.abort();
        }
        let (connect, inbox) = (self.connect.clone(), self.inbox.clone());
        let attempt = tokio::spawn(async move { connect(to).await });
        self.connecting = Some(attempt.abort_handle());
        tokio::spawn(async move {
            let incoming = match attempt.await {
                Ok(Ok(manager)) => In::Manager(manager),
                Ok(Err(problem)) => In::Msg(Msg::ConnectFailed(problem)),
                Err(error) if error.is_cancelled() => return,
                Err(_) => In::Msg(Msg::ConnectFailed(defect("connecting"))),
            };
            // Nobody there any more: the dashboard has ended.
            let _ = inbox.send(incoming);
        });
    }

    fn run(&mut self, ticket: Ticket, job: Job) {
        let Some(manager) = self.manager.clone() else { return };
        let inbox = self.inbox.clone();
        let failed = failed(&job);
        let is_load = job.is_load();
        let (calls, deed, begun) = (self.calls.clone(), deed(&job), Instant::now());
        let remote = self.logins.as_ref().map(|logins| logins.remote.clone());
        let work = tokio::spawn(async move { answer(manager.as_ref(), remote.as_deref(), job).await });
        if is_load && let Some(before) = self.loads.insert(ticket.slot, work.abort_handle()) {
            before.abort();
        }
        tokio::spawn(async move {
            let reply = match work.await {
                Ok(reply) => reply,
                Err(error) if error.is_cancelled() => return,
                Err(_) => failed,
            };
            if let Some(deed) = deed {
                note(&calls, &deed, begun.elapsed(), &reply);
            }
            let _ = inbox.send(In::Msg(Msg::Reply(ticket, reply)));
        });
    }
}

/// What a command does, for the list of calls.
fn deed(job: &Job) -> Option<String> {
    Some(match job {
        Job::CreateTemplate(wish) => format!("create template {}", wish.name),
        Job::CreateCluster(wish) => format!("create cluster {}", wish.name),
        Job::Change(id, change) => format!("{} cluster {id}", change.verb()),
        Job::DeleteTemplate(id) => format!("delete template {id}"),
        Job::DeleteCluster(id) => format!("delete cluster {id}"),
        Job::SaveKubeconfig { id, .. } => format!("write the kubeconfig of cluster {id}"),
        Job::MakeBastion(id) => format!("make a bastion of cluster {id}"),
        Job::RemoveBastion(id) => format!("remove the bastion of cluster {id}"),
        Job::Bundle(id) => format!("gather a bundle of cluster {id}"),
        _ => return None,
    })
}

fn note(calls: &Calls, deed: &str, took: Duration, reply: &Reply) {
    let refused = reply.refusals().first().map(|problem| problem.summary.clone());
    calls.note(Exchange {
        service: OURS,
        method: "do",
        url: deed,
        attempt: 1,
        took,
        status: None,
        request_id: None,
        fault: refused,
    });
}

async fn answer(manager: &dyn Manager, remote: Option<&Remote>, job: Job) -> Reply {
    match job {
        Job::Templates => Reply::Templates(manager.templates().await),
        Job::Clusters => Reply::Clusters(manager.clusters().await),
        Job::Places => Reply::Places(manager.places().await),
        Job::Inventory => {
            let (inventory, problems) = manager.inventory().await;
            Reply::Inventory(Box::new(inventory), problems)
        }
        Job::Events(id) => Reply::Events(id, manager.events(id).await),
        Job::Resources(id) => Reply::Resources(id, manager.resources(id).await),
        Job::Nodes(id) => Reply::Nodes(id, manager.nodes(id).await),
        Job::History(id) => Reply::History(id, manager.history(Some(id), HISTORY).await),
        Job::Issued(id) => Reply::Issued(id, manager.issued(Some(id)).await),
        Job::Labels(id) => Reply::Labels(id, manager.labels(id).await),
        Job::Certificates(ids) => {
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                found.push((id, manager.ca_certificate(id, Authority::Kubernetes).await));
            }
            Reply::Certificates(found)
        }
        Job::Read(source) => {
            let found = read::read(manager, &source).await;
            Reply::Read(source, found)
        }
        Job::ReadRequest(from) => Reply::Request(read::request(from).await),
        Job::Sign { id, authority, request } => {
            let given = manager.sign(id, authority, &request).await;
            Reply::Signed(id, given.and_then(|pem| Ok(Box::new(CaCertificate::read(id, authority, pem)?))))
        }
        Job::Write { path, text, overwrite } => Reply::Written(save::text(path, text, overwrite).await),
        Job::Preview(wish) => Reply::Preview(manager.preview_cluster(*wish).await.map(Box::new)),
        Job::CreateTemplate(wish) => Reply::TemplateCreated(manager.create_template(*wish).await.map(Box::new)),
        Job::CreateCluster(wish) => Reply::ClusterCreated(manager.create_cluster(*wish).await.map(Box::new)),
        Job::Change(id, change) => Reply::ClusterChanged(id, manager.change_cluster(id, *change).await.map(Box::new)),
        Job::CheckChange(id, change) => Reply::ChangeChecked(id, manager.check_change(id, *change).await),
        Job::DeleteTemplate(id) => Reply::TemplateDeleted(id, manager.delete_template(id).await),
        Job::DeleteCluster(id) => Reply::ClusterDeleted(id, manager.delete_cluster(id).await),
        Job::Bastions(id) => Reply::Bastions(id, manager.bastions(id).await),
        Job::MakeBastion(id) => Reply::BastionMade(id, make_bastion(manager, id).await),
        Job::RemoveBastion(id) => Reply::BastionRemoved(id, remove_bastion(manager, remote, id).await),
        Job::Bundle(id) => Reply::Bundled(id, gather(manager, remote, id).await),
        Job::UpdateTemplate(id, patches) => {
            Reply::TemplateUpdated(id, manager.update_template(id, patches).await.map(Box::new))
        }
        Job::Project(task) => Reply::Project(project::answer(manager, task).await),
        Job::SaveKubeconfig { id, target, overwrite } => {
            Reply::Kubeconfig(save::kubeconfig(manager, id, target, overwrite).await)
        }
    }
}

async fn make_bastion(manager: &dyn Manager, id: ClusterId) -> Result<(Box<Machine>, String), Problem> {
    let cluster = login::cluster(manager, id).await?;
    let (made, from) = bastion::make(manager, &cluster, None, NewBastion::default()).await?;
    Ok((Box::new(made), from))
}

async fn remove_bastion(manager: &dyn Manager, remote: Option<&Remote>, id: ClusterId) -> Result<usize, Problem> {
    let cluster = login::cluster(manager, id).await?;
    means(remote)?.remove_bastion(manager, &cluster).await
}

async fn gather(
    manager: &dyn Manager,
    remote: Option<&Remote>,
    id: ClusterId,
) -> Result<(String, Vec<String>), Problem> {
    let cluster = login::cluster(manager, id).await?;
    let path = bundle::place(&cluster, None)?;
    let made = means(remote)?.bundle(manager, &cluster, &path, None).await?;
    Ok((made.path.display().to_string(), made.missing))
}

fn means(remote: Option<&Remote>) -> Result<&Remote, Problem> {
    remote.ok_or_else(|| Problem::local("nodes cannot be reached from here"))
}

fn defect(doing: &str) -> Problem {
    Problem::local(format!("{doing} ended in a defect of Jeroboam's"))
        .advise("The log file says more; please report it")
}

/// The reply when the work itself fell over: nobody waits for ever.
fn failed(job: &Job) -> Reply {
    match job {
        Job::Templates => Reply::Templates(Err(defect("listing templates"))),
        Job::Clusters => Reply::Clusters(Err(defect("listing clusters"))),
        Job::Places => Reply::Places(Err(defect("listing projects"))),
        Job::Inventory => Reply::Inventory(Box::default(), vec![defect("looking at the cloud")]),
        Job::Events(id) => Reply::Events(*id, Err(defect("listing events"))),
        Job::Resources(id) => Reply::Resources(*id, Err(defect("listing resources"))),
        Job::Nodes(id) => Reply::Nodes(*id, Err(defect("listing nodes"))),
        Job::History(id) => Reply::History(*id, Err(defect("reading the history"))),
        Job::Issued(id) => Reply::Issued(*id, Err(defect("listing issued certificates"))),
        Job::Labels(id) => Reply::Labels(*id, Err(defect("reading the labels"))),
        Job::Certificates(ids) => {
            Reply::Certificates(ids.iter().map(|id| (*id, Err(defect("reading the certificate")))).collect())
        }
        Job::Read(source) => Reply::Read(source.clone(), Err(defect("reading it"))),
        Job::ReadRequest(_) => Reply::Request(Err(defect("reading the request"))),
        Job::Sign { id, .. } => Reply::Signed(*id, Err(defect("signing"))),
        Job::Write { .. } => Reply::Written(Saved::Failed(defect("writing the file"))),
        Job::Preview(_) => Reply::Preview(Err(vec![defect("looking at the cluster's plan")])),
        Job::CreateTemplate(_) => Reply::TemplateCreated(Err(vec![defect("creating the template")])),
        Job::CreateCluster(_) => Reply::ClusterCreated(Err(vec![defect("creating the cluster")])),
        Job::Change(id, _) => Reply::ClusterChanged(*id, Err(vec![defect("changing the cluster")])),
        Job::CheckChange(id, _) => Reply::ChangeChecked(*id, Err(vec![defect("checking the change")])),
        Job::DeleteTemplate(id) => Reply::TemplateDeleted(*id, Err(defect("deleting the template"))),
        Job::DeleteCluster(id) => Reply::ClusterDeleted(*id, Err(defect("deleting the cluster"))),
        Job::Bastions(id) => Reply::Bastions(*id, Err(defect("looking for a bastion"))),
        Job::MakeBastion(id) => Reply::BastionMade(*id, Err(defect("making the bastion"))),
        Job::RemoveBastion(id) => Reply::BastionRemoved(*id, Err(defect("removing the bastion"))),
        Job::Bundle(id) => Reply::Bundled(*id, Err(defect("gathering the bundle"))),
        Job::UpdateTemplate(id, _) => Reply::TemplateUpdated(*id, Err(vec![defect("changing the template")])),
        Job::Project(task) => Reply::Project(task.failed(defect("asking the cloud"))),
        Job::SaveKubeconfig { .. } => Reply::Kubeconfig(Saved::Failed(defect("writing the kubeconfig"))),
    }
}
