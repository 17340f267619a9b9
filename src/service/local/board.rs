//! What was last told of each cluster and template, and who is told the next: turns what
//! the conductor observes into [`Change`]s, each only when it says something new.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::conductor::{Leader, Observer, Share, cause};
use crate::model::{
    Action, Cluster, ClusterId, ClusterTemplate, Problem, Progress, StackEvent, StackResource, TemplateId,
};
use crate::service::{Change, ConductorRole};
use crate::store::ClusterRecord;

#[derive(Default)]
pub(super) struct Board {
    inner: Mutex<Inner>,
    /// Nobody will ever listen: nothing is kept, whatever the number of clusters.
    deaf: bool,
}

struct Known {
    revision: i64,
    cluster: Cluster,
}

#[derive(Default)]
struct Inner {
    clusters: BTreeMap<ClusterId, Known>,
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
    pub fn deaf() -> Self {
        Self { deaf: true, ..Self::default() }
    }

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
        // What was counted before the last resources were done is not shown of a stack that is complete.
        let all = cluster.status.is_complete();
        cluster.progress = known.map(|(_, seen)| if all { Progress { complete: seen.total, ..*seen } } else { *seen });
        cluster
    }

    fn cluster(&mut self, revision: i64, cluster: Cluster) {
        let id = cluster.uuid;
        let known = self.clusters.get(&id);
        if self.gone.contains(&id) || known.is_some_and(|known| known.revision > revision) {
            return;
        }
        let cluster = self.with_progress(cluster);
        let news = known.is_none_or(|known| known.cluster != cluster);
        self.clusters.insert(id, Known { revision, cluster: cluster.clone() });
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
        if self.deaf {
            return;
        }
        self.lock().cluster(record.revision, record.cluster.clone());
    }

    fn forgotten(&self, id: ClusterId, name: &str) {
        if self.deaf {
            return;
        }
        self.lock().gone(id, name);
    }

    fn templates(&self, templates: Vec<ClusterTemplate>) {
        let mut inner = self.lock();
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

    fn shares(&self, share: Share) {
        let mut inner = self.lock();
        let role = ConductorRole::Sharing { percent: share.percent, others: share.others };
        if inner.role.as_ref() != Some(&role) {
            inner.role = Some(role.clone());
            inner.tell(Change::Conductor { role });
        }
    }

    fn resources(&self, id: ClusterId, resources: Vec<StackResource>) {
        let mut inner = self.lock();
        if let Some((revision, cluster)) = inner.clusters.get(&id).map(|known| (known.revision, known.cluster.clone()))
        {
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

#[cfg(test)]
mod tests {
    use super::Board;
    use crate::conductor::Observer;
    use crate::service::Change;
    use crate::store::tests::record;

    #[test]
    fn older_pictures_of_the_store_change_nothing() {
        let board = Board::default();
        let mut changes = board.subscribe();
        let mut next = || changes.try_recv().ok();
        let (mut old, mut new) = (record(1, "prod"), record(1, "prod"));
        (old.revision, new.revision) = (1, 2);
        new.cluster.status_reason = "newer".into();

        board.saved(&new);
        assert!(matches!(next(), Some(Change::Cluster { cluster }) if cluster.status_reason == "newer"));
        board.saved(&old);
        board.saved(&new);
        assert_eq!(next(), None);

        board.forgotten(new.id(), "prod");
        assert!(matches!(next(), Some(Change::ClusterGone { .. })));
        board.saved(&new);
        board.forgotten(new.id(), "prod");
        assert_eq!(next(), None, "what is gone does not come back");
    }
}
