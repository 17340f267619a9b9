//! Loads by level, not by edge: after every message, what the screen needs and
//! nobody asked for yet is asked for. A load that failed is not repeated by
//! itself; a refresh, a new status or the end of a trouble makes it needed again.

use super::{App, cx};
use crate::model::ClusterId;
use crate::ui::effect::{Effect, Job, Slot};
use crate::ui::fleet::Loaded;
use crate::ui::layer::{Cx, Link};

/// Certificates asked for at a time. Few enough that the first are there at once, and so many that
/// thousands of clusters do not make as many pictures.
const CERTIFICATES_AT_ONCE: usize = 100;

impl App {
    pub(super) fn ask_for_needs(&mut self, effects: &mut Vec<Effect>) {
        // Also of a cloud that does not answer.
        if !self.follows_calls && self.layers.iter().any(|layer| layer.follows_calls()) {
            self.follows_calls = true;
            effects.push(Effect::FollowCalls(self.fleet.newest_call()));
        }
        if self.link != Link::Connected {
            return;
        }
        if self.fleet.templates_loaded == Loaded::Not && !self.pending.contains_key(&Slot::Templates) {
            self.run(Job::Templates, effects);
        }
        if self.fleet.clusters_loaded == Loaded::Not && !self.pending.contains_key(&Slot::Clusters) {
            self.run(Job::Clusters, effects);
        }
        let cx = cx!(self);
        let shown = self.layers.iter().rev().find_map(|layer| layer.cluster(&cx));
        let shown = shown.filter(|id| self.fleet.clusters.contains_key(id));
        if shown != self.watched {
            self.watched = shown;
            effects.push(Effect::Watch(shown));
        }
        if let Some(id) = shown {
            if !self.fleet.events_loaded.contains_key(&id) && !self.is_asked(Slot::Events, &Job::Events(id)) {
                self.run(Job::Events(id), effects);
            }
            if !self.fleet.resources_loaded.contains_key(&id) && !self.is_asked(Slot::Resources, &Job::Resources(id)) {
                self.run(Job::Resources(id), effects);
            }
        }
        let inside = self.layers.iter().rev().find_map(|layer| layer.inside());
        if let Some(id) = inside.filter(|id| self.fleet.clusters.contains_key(id)) {
            let looked = self.fleet.looked(id);
            let not = |loaded: Option<&Loaded>| loaded.is_none_or(|loaded| *loaded == Loaded::Not);
            let wanted = [
                (Slot::History, Job::History(id), not(looked.map(|looked| &looked.history.loaded))),
                (Slot::Issued, Job::Issued(id), not(looked.map(|looked| &looked.issued.loaded))),
                (Slot::Labels, Job::Labels(id), not(looked.map(|looked| &looked.labels.loaded))),
            ];
            for (slot, job, needed) in wanted {
                if needed && !self.is_asked(slot, &job) {
                    self.run(job, effects);
                }
            }
        }
        self.ask_for_nodes(effects);
        self.ask_for_project(effects);
        if !self.pending.contains_key(&Slot::Certificates) {
            let missing = self.fleet.without_certificate(CERTIFICATES_AT_ONCE);
            if !missing.is_empty() {
                self.run(Job::Certificates(missing), effects);
            }
        }
    }

    /// Of several clusters, where several are shown: one after another.
    fn ask_for_nodes(&mut self, effects: &mut Vec<Effect>) {
        let cx = cx!(self);
        let shown = self.layers.iter().rev().map(|layer| layer.nodes_of(&cx)).find(|shown| !shown.is_empty());
        let shown = shown.unwrap_or_default();
        if matches!(self.pending.get(&Slot::Nodes), Some((_, Job::Nodes(id))) if shown.contains(id)) {
            return;
        }
        let needed = |id: &&ClusterId| {
            let looked = self.fleet.looked(**id);
            self.fleet.clusters.contains_key(id) && looked.is_none_or(|looked| looked.nodes.loaded == Loaded::Not)
        };
        if let Some(id) = shown.iter().find(needed) {
            self.run(Job::Nodes(*id), effects);
        }
    }

    fn is_asked(&self, slot: Slot, job: &Job) -> bool {
        self.pending.get(&slot).is_some_and(|(_, asked)| asked == job)
    }
}
