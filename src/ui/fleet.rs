//! What is known of the cloud: the one shared model that every page reads and
//! only [`super::App`] writes. Applying the same news twice changes nothing.

mod clusters;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::pace::Paces;
use super::prefs::Prefs;
use super::project::Project;
use crate::cloud::Identity;
use crate::model::call::ApiCall;
use crate::model::labels::origin::Effective;
use crate::model::validate::Inventory;
use crate::model::{
    CloudEntry, Cluster, ClusterId, ClusterTemplate, HistoryEntry, IssuedCertificate, Node, Places, Problem,
    StackEvent, StackResource, TemplateId,
};
use crate::service::{CaCertificate, Change, ConductorRole};
use clusters::Clusters;

/// What is known of a cluster that somebody looks at, each part loaded by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Part<T> {
    /// The last that came, also while a newer one is on its way.
    pub list: Vec<T>,
    pub loaded: Loaded,
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self { list: Vec::new(), loaded: Loaded::Not }
    }
}

impl<T> Part<T> {
    pub fn put(&mut self, answer: Result<Vec<T>, Problem>) {
        match answer {
            Ok(list) => *self = Self { list, loaded: Loaded::Yes },
            Err(problem) => self.loaded = Loaded::Failed(problem),
        }
    }
}

/// What the conductor's own store tells of a cluster.
#[derive(Debug, Default)]
pub struct Looked {
    pub nodes: Part<Node>,
    pub history: Part<HistoryEntry>,
    pub issued: Part<IssuedCertificate>,
    pub labels: Part<Effective>,
}

/// A list that is loaded once and kept up to date by changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Loaded {
    #[default]
    Not,
    Yes,
    Failed(Problem),
}

/// A stack's resources, and which of them stand where in it.
#[derive(Debug, Default)]
struct Tree {
    all: Vec<StackResource>,
    /// Indexes of `all` by the numbers in their paths: members of resource groups are numbered.
    at: HashMap<Vec<u32>, Vec<usize>>,
}

impl Tree {
    fn new(all: Vec<StackResource>) -> Self {
        let mut at: HashMap<Vec<u32>, Vec<usize>> = HashMap::new();
        for (index, resource) in all.iter().enumerate() {
            let numbers: Vec<u32> = resource.path.iter().filter_map(|part| part.parse().ok()).collect();
            if !numbers.is_empty() {
                at.entry(numbers).or_default().push(index);
            }
        }
        Self { all, at }
    }
}

#[derive(Debug, Default)]
pub struct Fleet {
    /// What time it is, for what is noted as it comes.
    pub now: DateTime<Utc>,
    /// Another one after whatever may have changed any of this: what was worked out of it holds no longer.
    pub version: u64,
    pub paces: Paces,
    pub identity: Option<Identity>,
    pub role: Option<ConductorRole>,
    /// The cloud or the store is out of reach just now.
    pub trouble: Option<Problem>,
    pub clusters: Clusters,
    pub templates: BTreeMap<TemplateId, ClusterTemplate>,
    pub clusters_loaded: Loaded,
    pub templates_loaded: Loaded,
    events: HashMap<ClusterId, Vec<StackEvent>>,
    pub events_loaded: BTreeMap<ClusterId, Loaded>,
    resources: HashMap<ClusterId, Tree>,
    pub resources_loaded: BTreeMap<ClusterId, Loaded>,
    looked: HashMap<ClusterId, Looked>,
    pub certificates: HashMap<ClusterId, Result<CaCertificate, Problem>>,
    pub clouds: Clouds,
    /// The user's settings. Belong to no cloud.
    pub prefs: Prefs,
    /// What was asked of clouds, the oldest first.
    pub calls: Vec<ApiCall>,
    pub places: Option<Result<Places, Problem>>,
    pub inventory: Option<Inventory>,
    pub inventory_loaded: Loaded,
    pub inventory_problems: Vec<Problem>,
    /// What is known of the project beside clusters.
    pub project: Project,
    /// Ids are never used again, so a late list cannot bring one of these back.
    gone: BTreeSet<uuid::Uuid>,
}

/// The clouds of the user's files, or why they are not known. Belongs to no cloud.
#[derive(Debug, Clone, PartialEq)]
pub struct Clouds(pub Result<Vec<CloudEntry>, Problem>);

impl Default for Clouds {
    fn default() -> Self {
        Self(Ok(Vec::new()))
    }
}

/// More is not scrolled through by anybody.
const CALLS_KEPT: usize = 2000;
/// Heat keeps about a thousand events a stack; nested ones add up. More is not read by anybody.
const EVENTS_KEPT: usize = 5000;
/// Of all clusters together. Those of a cluster that nobody looks at can be had again.
const EVENTS_OF_ALL: usize = 50_000;

impl Fleet {
    /// Of another cloud or project: all that is known of it is what belongs to none.
    pub fn elsewhere(&mut self) -> Self {
        Self {
            version: self.version + 1,
            clouds: std::mem::take(&mut self.clouds),
            prefs: std::mem::take(&mut self.prefs),
            calls: std::mem::take(&mut self.calls),
            ..Self::at(self.now)
        }
    }

    /// Empty, at this time.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self { now, ..Self::default() }
    }

    /// Each counts once.
    pub fn add_calls(&mut self, calls: Vec<ApiCall>) {
        let newest = self.newest_call();
        self.calls.extend(calls.into_iter().filter(|call| call.number > newest));
        let surplus = self.calls.len().saturating_sub(CALLS_KEPT);
        self.calls.drain(..surplus);
    }

    pub fn newest_call(&self) -> u64 {
        self.calls.last().map_or(0, |call| call.number)
    }

    /// Whether anything is different now.
    pub fn apply(&mut self, change: Change) -> bool {
        match change {
            Change::Cluster { cluster } => self.put_cluster(*cluster),
            Change::ClusterGone { id, .. } => {
                self.events.remove(&id);
                self.resources.remove(&id);
                self.events_loaded.remove(&id);
                self.resources_loaded.remove(&id);
                self.looked.remove(&id);
                self.certificates.remove(&id);
                self.paces.forget(id);
                self.gone.insert(id.0);
                self.clusters.remove(&id).is_some()
            }
            Change::Template { template } => self.put_template(*template),
            Change::TemplateGone { id } => {
                self.gone.insert(id.0);
                self.templates.remove(&id).is_some()
            }
            Change::Events { id, events } => self.add_events(id, events),
            Change::Resources { id, resources } => self.put_resources(id, resources),
            Change::Conductor { role } => self.role.replace(role.clone()) != Some(role),
            Change::Trouble { problem } => {
                let changed = self.trouble != problem;
                self.trouble = problem;
                changed
            }
        }
    }

    /// Older news than what is here are dropped: a list may arrive after a change it does not know.
    pub fn put_cluster(&mut self, cluster: Cluster) -> bool {
        if self.gone.contains(&cluster.uuid.0) {
            return false;
        }
        match self.clusters.get(&cluster.uuid) {
            Some(have) if have.updated_at > cluster.updated_at || *have == cluster => return false,
            Some(have) if have.status != cluster.status => {
                // What could not be had before may be there now.
                let id = cluster.uuid;
                if matches!(self.certificates.get(&id), Some(Err(_))) {
                    self.certificates.remove(&id);
                }
                for loaded in [&mut self.events_loaded, &mut self.resources_loaded] {
                    if matches!(loaded.get(&id), Some(Loaded::Failed(_))) {
                        loaded.remove(&id);
                    }
                }
            }
            _ => {}
        }
        self.look_again(&cluster);
        self.paces.note(&cluster, self.now);
        self.clusters.insert(cluster);
        true
    }

    /// What the store tells of the cluster is another now, unless only Heat's progress is.
    fn look_again(&mut self, cluster: &Cluster) {
        let (Some(have), Some(looked)) = (self.clusters.get(&cluster.uuid), self.looked.get_mut(&cluster.uuid)) else {
            return;
        };
        if (Cluster { progress: cluster.progress, ..have.clone() }) != *cluster {
            looked.nodes.loaded = Loaded::Not;
            looked.history.loaded = Loaded::Not;
            looked.labels.loaded = Loaded::Not;
        }
    }

    /// What the store told of one cluster.
    pub fn looked(&self, id: ClusterId) -> Option<&Looked> {
        self.looked.get(&id)
    }

    pub fn nodes(&self, id: ClusterId) -> &[Node] {
        self.looked.get(&id).map_or(&[], |looked| &looked.nodes.list)
    }

    pub fn put_nodes(&mut self, id: ClusterId, nodes: Result<Vec<Node>, Problem>) {
        self.looked.entry(id).or_default().nodes.put(nodes);
    }

    pub fn put_history(&mut self, id: ClusterId, history: Result<Vec<HistoryEntry>, Problem>) {
        self.looked.entry(id).or_default().history.put(history);
    }

    pub fn put_issued(&mut self, id: ClusterId, issued: Result<Vec<IssuedCertificate>, Problem>) {
        self.looked.entry(id).or_default().issued.put(issued);
    }

    pub fn put_labels(&mut self, id: ClusterId, labels: Result<Vec<Effective>, Problem>) {
        self.looked.entry(id).or_default().labels.put(labels);
    }

    /// Of a cluster that is still there.
    pub fn put_certificate(&mut self, id: ClusterId, certificate: Result<CaCertificate, Problem>) {
        if self.clusters.contains_key(&id) {
            self.certificates.insert(id, certificate);
        }
    }

    /// Clusters whose certificate nobody asked for, by name; so many at most.
    pub fn without_certificate(&self, most: usize) -> Vec<ClusterId> {
        // Those of clusters that are gone are gone too.
        if self.certificates.len() >= self.clusters.len() {
            return Vec::new();
        }
        let ids = self.clusters.values().map(|cluster| cluster.uuid);
        ids.filter(|id| !self.certificates.contains_key(id)).take(most).collect()
    }

    /// A certificate was issued just now.
    pub fn issued_more(&mut self, id: ClusterId) {
        self.looked.entry(id).or_default().issued.loaded = Loaded::Not;
    }

    pub fn put_template(&mut self, template: ClusterTemplate) -> bool {
        if self.gone.contains(&template.uuid.0) || self.templates.get(&template.uuid) == Some(&template) {
            return false;
        }
        self.templates.insert(template.uuid, template);
        true
    }

    pub fn add_events(&mut self, id: ClusterId, events: Vec<StackEvent>) -> bool {
        if self.gone.contains(&id.0) {
            return false;
        }
        let kept = self.events.entry(id).or_default();
        let fresh: Vec<StackEvent> = {
            let have: BTreeSet<&str> = kept.iter().map(|event| event.id.as_str()).collect();
            events.into_iter().filter(|event| !have.contains(event.id.as_str())).collect()
        };
        if fresh.is_empty() {
            return false;
        }
        let name = self.clusters.get(&id).map_or_else(|| id.to_string(), |cluster| cluster.name.clone());
        self.project.add_events(id, &name, &fresh);
        kept.extend(fresh);
        kept.sort_by_key(|event| event.time);
        kept.dedup_by(|a, b| a.id == b.id);
        let surplus = kept.len().saturating_sub(EVENTS_KEPT);
        kept.drain(..surplus);
        self.forget_events_beside(id);
        true
    }

    /// Makes room: what was moved least lately is forgotten first, and loaded again when somebody looks.
    fn forget_events_beside(&mut self, id: ClusterId) {
        let mut there: usize = self.events.values().map(Vec::len).sum();
        if there <= EVENTS_OF_ALL {
            return;
        }
        let last = |events: &Vec<StackEvent>| events.last().map(|event| event.time);
        let mut others: Vec<_> =
            self.events.iter().filter(|(of, _)| **of != id).map(|(of, e)| (last(e), *of)).collect();
        others.sort();
        for (_, of) in others {
            // Well below, so that this is not done at each event.
            if there <= EVENTS_OF_ALL / 2 {
                break;
            }
            there -= self.events.remove(&of).map_or(0, |events| events.len());
            self.events_loaded.remove(&of);
        }
    }

    pub fn put_resources(&mut self, id: ClusterId, resources: Vec<StackResource>) -> bool {
        if self.gone.contains(&id.0) || self.resources.get(&id).is_some_and(|tree| tree.all == resources) {
            return false;
        }
        self.resources_loaded.insert(id, Loaded::Yes);
        self.resources.insert(id, Tree::new(resources));
        true
    }

    pub fn events(&self, id: ClusterId) -> &[StackEvent] {
        self.events.get(&id).map_or(&[], Vec::as_slice)
    }

    pub fn resources(&self, id: ClusterId) -> &[StackResource] {
        self.resources.get(&id).map_or(&[], |tree| &tree.all)
    }

    /// Those whose path has exactly these numbers in it.
    pub fn resources_at(&self, id: ClusterId, numbers: &[u32]) -> Vec<&StackResource> {
        let Some(tree) = self.resources.get(&id) else { return Vec::new() };
        let found = tree.at.get(numbers).into_iter().flatten();
        found.filter_map(|index| tree.all.get(*index)).collect()
    }

    pub fn clusters_by_name(&self) -> Vec<&Cluster> {
        self.clusters.values().collect()
    }

    /// By name, own ones before others'.
    pub fn templates_by_name(&self) -> Vec<&ClusterTemplate> {
        let mut all: Vec<&ClusterTemplate> = self.templates.values().collect();
        let key = |of: &ClusterTemplate| (of.spec.name.clone(), !self.is_ours(of), of.created_at);
        all.sort_by_cached_key(|template| key(template));
        all
    }

    /// Whether the template is this project's, to be changed and deleted.
    pub fn is_ours(&self, template: &ClusterTemplate) -> bool {
        self.identity.as_ref().is_none_or(|who| who.scope.project_id == template.project_id)
    }

    /// Clusters on the move, failed, ready.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.clusters.counts()
    }

    /// Forget that lists were loaded, so that they are asked for again; what is known stays on screen.
    pub fn forget_loaded(&mut self) {
        self.clusters_loaded = Loaded::Not;
        self.templates_loaded = Loaded::Not;
        self.events_loaded.clear();
        self.resources_loaded.clear();
        for looked in self.looked.values_mut() {
            looked.nodes.loaded = Loaded::Not;
            looked.history.loaded = Loaded::Not;
            looked.issued.loaded = Loaded::Not;
            looked.labels.loaded = Loaded::Not;
        }
        self.certificates.retain(|_, certificate| certificate.is_ok());
        self.inventory_loaded = Loaded::Not;
        self.project.forget_loaded();
    }

    /// Takes a whole list: what is not in it any more goes.
    pub fn put_clusters(&mut self, list: Vec<Cluster>, known_before: &BTreeSet<ClusterId>) {
        let named: BTreeSet<ClusterId> = list.iter().map(|cluster| cluster.uuid).collect();
        self.clusters.retain(|id| named.contains(id) || !known_before.contains(id));
        self.certificates.retain(|id, _| self.clusters.contains_key(id));
        for cluster in list {
            self.put_cluster(cluster);
        }
        self.clusters_loaded = Loaded::Yes;
    }

    pub fn put_templates(&mut self, list: Vec<ClusterTemplate>, known_before: &BTreeSet<TemplateId>) {
        let named: BTreeSet<TemplateId> = list.iter().map(|template| template.uuid).collect();
        self.templates.retain(|id, _| named.contains(id) || !known_before.contains(id));
        for template in list {
            self.put_template(template);
        }
        self.templates_loaded = Loaded::Yes;
    }
}
