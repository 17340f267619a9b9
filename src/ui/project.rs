//! What the dashboard does about the project beside its clusters: which tasks there are, how they
//! are answered, and what is kept of the answers. [`super::app`] asks and takes; the page reads.

use super::fleet::{Loaded, Part};
use crate::model::image::Properties;
use crate::model::{ClusterId, Image, NewImage, Orphan, Problem, ServiceQuota, StackEvent};

/// Events of all clusters that are kept.
const EVENTS_KEPT: usize = 5000;

/// Asked of the manager; answered by the [`Told`] of the same name.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    Limits,
    Orphans,
    Events,
    /// By its id.
    SetImage(String, Properties),
    ImportImage(NewImage),
    /// How many clusters the project may have; `None`: as many as it likes.
    SetQuota(Option<u32>),
    RemoveOrphans(Vec<Orphan>),
}

/// What tasks are about: one of each at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum About {
    Limits,
    Orphans,
    Events,
    Image,
    Quota,
    Removal,
}

#[derive(Debug, Clone)]
pub enum Told {
    Limits(Vec<ServiceQuota>, Vec<Problem>),
    Orphans(Result<(Vec<Orphan>, Vec<Problem>), Problem>),
    Events(Vec<(ClusterId, Vec<StackEvent>)>, Vec<Problem>),
    /// `true`: it is being fetched.
    Image(Result<(Box<Image>, bool), Vec<Problem>>),
    Quota(Result<Option<u32>, Problem>),
    /// Each with why it does not go, or not yet.
    Removed(Vec<(Orphan, Result<Option<String>, Problem>)>),
}

impl Task {
    pub fn about(&self) -> About {
        match self {
            Self::Limits => About::Limits,
            Self::Orphans => About::Orphans,
            Self::Events => About::Events,
            Self::SetImage(..) | Self::ImportImage(_) => About::Image,
            Self::SetQuota(_) => About::Quota,
            Self::RemoveOrphans(_) => About::Removal,
        }
    }

    pub fn is_load(&self) -> bool {
        matches!(self, Self::Limits | Self::Orphans | Self::Events)
    }

    /// The answer when the work itself fell over.
    pub fn failed(&self, problem: Problem) -> Told {
        match self {
            Self::Limits => Told::Limits(Vec::new(), vec![problem]),
            Self::Orphans => Told::Orphans(Err(problem)),
            Self::Events => Told::Events(Vec::new(), vec![problem]),
            Self::SetImage(..) | Self::ImportImage(_) => Told::Image(Err(vec![problem])),
            Self::SetQuota(_) => Told::Quota(Err(problem)),
            Self::RemoveOrphans(all) => {
                Told::Removed(all.iter().map(|orphan| (orphan.clone(), Err(problem.clone()))).collect())
            }
        }
    }
}

impl Told {
    /// Why a wish was not accepted, for whoever shows it.
    pub fn refusals(&self) -> &[Problem] {
        match self {
            Self::Image(Err(problems)) => problems,
            Self::Quota(Err(problem)) => std::slice::from_ref(problem),
            _ => &[],
        }
    }
}

/// A part of the project that a page shows, loaded when one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Images, flavors, networks, keypairs.
    Inventory,
    Limits,
    Orphans,
    Events,
}

/// A stack's event, and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectEvent {
    pub cluster: ClusterId,
    /// The cluster's, when it was told.
    pub name: String,
    pub event: StackEvent,
}

/// What is known of it.
#[derive(Debug, Default)]
pub struct Project {
    pub limits: Part<ServiceQuota>,
    pub orphans: Part<Orphan>,
    pub orphan_problems: Vec<Problem>,
    /// Newest first.
    pub events: Vec<ProjectEvent>,
    pub events_loaded: Loaded,
}

impl Project {
    /// All of it is loaded again when somebody looks; what is known stays on screen.
    pub fn forget_loaded(&mut self) {
        self.limits.loaded = Loaded::Not;
        self.orphans.loaded = Loaded::Not;
        self.events_loaded = Loaded::Not;
    }

    /// What is still to be asked for.
    pub fn lacks(&self, need: Need) -> Option<Task> {
        let (loaded, task) = match need {
            Need::Inventory => return None,
            Need::Limits => (&self.limits.loaded, Task::Limits),
            Need::Orphans => (&self.orphans.loaded, Task::Orphans),
            Need::Events => (&self.events_loaded, Task::Events),
        };
        (*loaded == Loaded::Not).then_some(task)
    }

    pub fn put_limits(&mut self, limits: Vec<ServiceQuota>, problems: &[Problem]) {
        self.limits.list = limits;
        // A service that does not tell takes nothing from what the others told.
        let failed = problems.first().filter(|_| self.limits.list.is_empty());
        self.limits.loaded = failed.map_or(Loaded::Yes, |problem| Loaded::Failed(problem.clone()));
    }

    pub fn put_orphans(&mut self, answer: Result<(Vec<Orphan>, Vec<Problem>), Problem>) {
        match answer {
            Ok((list, problems)) => {
                self.orphans = Part { list, loaded: Loaded::Yes };
                self.orphan_problems = problems;
            }
            Err(problem) => self.orphans.loaded = Loaded::Failed(problem),
        }
    }

    /// Events that are not here yet.
    pub fn add_events(&mut self, cluster: ClusterId, name: &str, fresh: &[StackEvent]) {
        let of = |event: &StackEvent| ProjectEvent { cluster, name: name.to_owned(), event: event.clone() };
        self.events.extend(fresh.iter().map(of));
        // Most are in order already, which this sort is quick with.
        self.events.sort_by_key(|one| std::cmp::Reverse(one.event.time));
        self.events.truncate(EVENTS_KEPT);
    }
}
