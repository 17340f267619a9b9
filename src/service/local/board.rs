//! What was last told of each cluster and template, and who is told the next: turns what
//! the conductor observes into [`Change`]s, each only when it says something new.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::conductor::{Leader, Observer, cause};
use crate::model::{
    Action, Cluster, ClusterId, ClusterTemplate, Problem, Progress, StackEvent, StackResource, TemplateId,
};
use crate::service::{Change, ConductorRole};
use crate::store::ClusterRecord;

#[derive(Default)]
pub(super) struct Board {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    clusters: BTreeMap<ClusterId, (i64, Cluster)>,
    templates: BTreeMap<TemplateId, ClusterTemplate>,
    /// How far the operation `Action` is; known only of clusters somebody looks at.
    progress: BTreeMap<ClusterId, (Action, Progress)>,
    /// An older picture of the store must not bring a cluster back.
    gone: HashSet<ClusterId>,
    role: Option<ConductorRole>,
    trouble: Option<Problem>,
    listeners: Vec<mpsc::UnboundedSender<Change>>,
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on, beginning with who works and what is wrong.
    pub fn subscribe(&self) -> mpsc::UnboundedReceiver<Change> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut inner = self.lock();
        let role = inner.role.clone().map(|role| Change::Conductor { role });
        let trouble = inner.trouble.clone().map(|problem| Change::Trouble { problem: Some(problem) });
        for change in role.into_iter().chain(trouble) {
            // The receiver is still in our hands.
            let _ = sender.send(change);
        }
        inner.listeners.push(sender);
        receiver
    }

    /// The cluster with what is known only here.
    pub fn with_progress(&self, cluster: Cluster) -> Cluster {
        self.lock().with_progress(cluster)
    }
}

impl Inner {
    fn tell(&mut self, change: Change) {
        self.listeners.retain(|listener| listener.send(change.clone()).is_ok());
    }

    fn with_progress(&self, mut cluster: Cluster) -> Cluster {
        let known = self.progress.get(&cluster.uuid).filter(|(action, _)| *action == cluster.status.action);
        cluster.progress = known.map(|(_, progress)| *progress);
        cluster
    }

    fn cluster(&mut self, revision: i64, cluster: Cluster) {
        let id = cluster.uuid;
        let known = self.clusters.get(&id);
        if self.gone.contains(&id) || known.is_some_and(|(known, _)| *known > revision) {
            return;
        }
        let cluster = self.with_progress(cluster);
        let news = known.is_none_or(|(_, known)| *known != cluster);
        self.clusters.insert(id, (revision, cluster.clone()));
        if news {
            self.tell(Change::Cluster { cluster: Box::new(cluster) });
        }
    }

    fn gone(&mut self, id: ClusterId, name: &str) {
        self.clusters.remove(&id);
        self.progress.remove(&id);
        if self.gone.insert(id) {
            self.tell(Change::ClusterGone { id, name: name.to_owned() });
        }
    }
}

impl Observer for Board {
    fn saved(&self, record: &ClusterRecord) {
        self.lock().cluster(record.revision, record.cluster.clone());
    }

    fn forgotten(&self, id: ClusterId, name: &str) {
        self.lock().gone(id, name);
    }

    fn reread(&self, clusters: Vec<ClusterRecord>, templates: Vec<ClusterTemplate>) {
        let mut inner = self.lock();
        let kept: HashSet<ClusterId> = clusters.iter().map(ClusterRecord::id).collect();
        let lost = inner.clusters.values().filter(|(_, cluster)| !kept.contains(&cluster.uuid));
        for (id, name) in lost.map(|(_, cluster)| (cluster.uuid, cluster.name.clone())).collect::<Vec<_>>() {
            inner.gone(id, &name);
        }
        for record in clusters {
            inner.cluster(record.revision, record.cluster);
        }
        let lost: Vec<TemplateId> = inner
            .templates
            .keys()
            .filter(|id| templates.iter().all(|template| template.uuid != **id))
            .copied()
            .collect();
        for id in lost {
            inner.templates.remove(&id);
            inner.tell(Change::TemplateGone { id });
        }
        for template in templates {
            if inner.templates.get(&template.uuid) != Some(&template) {
                inner.templates.insert(template.uuid, template.clone());
                inner.tell(Change::Template { template: Box::new(template) });
            }
        }
    }

    fn resources(&self, id: ClusterId, resources: Vec<StackResource>) {
        let mut inner = self.lock();
        if let Some((revision, cluster)) = inner.clusters.get(&id).cloned() {
            let action = cluster.status.action.clone();
            let most = inner.progress.get(&id).filter(|(of, _)| *of == action || action == Action::Delete);
            let most = most.map_or(0, |(_, progress)| progress.total);
            let progress = cause::progress(&action, &resources, most);
            inner.progress.insert(id, (action, progress));
            inner.cluster(revision, cluster);
        }
        inner.tell(Change::Resources { id, resources });
    }

    fn events(&self, id: ClusterId, events: Vec<StackEvent>) {
        self.lock().tell(Change::Events { id, events });
    }

    fn leader(&self, other: Option<Leader>) {
        let role = other.map_or(ConductorRole::Active, |leader| ConductorRole::Following { pid: leader.pid });
        let mut inner = self.lock();
        inner.role = Some(role.clone());
        inner.tell(Change::Conductor { role });
    }

    fn trouble(&self, problem: Option<Problem>) {
        let mut inner = self.lock();
        inner.trouble.clone_from(&problem);
        inner.tell(Change::Trouble { problem });
    }
}
