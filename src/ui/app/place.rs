//! Where we are connected to, and going elsewhere. What is on screen stays until the other place
//! is there: a place that cannot be reached takes nothing away.

use super::trail::Trail;
use super::{App, Effect, Home, Link};
use crate::cloud::Identity;
use crate::model::{Destination, Problem};
use crate::ui::dialogs::palette::Pick;
use crate::ui::effect::Job;

impl App {
    pub(super) fn connected(&mut self, identity: Identity) {
        self.link = Link::Connected;
        self.place = self.going.take().or(self.place.take());
        self.pending.clear();
        self.watched = None;
        self.changed = true;
        let is_elsewhere = |have: &Identity| (have.keystone(), &have.scope) != (identity.keystone(), &identity.scope);
        if self.fleet.identity.as_ref().is_some_and(is_elsewhere) {
            self.fleet = self.fleet.elsewhere();
            self.known.clear();
            self.trail = Trail::default();
            self.layers = vec![Box::new(Home::default())];
            self.recent.retain(|pick| !matches!(pick, Pick::Cluster(_)));
            self.notices.good(format!("in {} of {}", identity.project_name, identity.cloud), self.now);
        }
        self.fleet.identity = Some(identity);
        self.fleet.forget_loaded();
    }

    pub(super) fn connect_failed(&mut self, problem: Problem) {
        self.changed = true;
        if self.link == Link::Connected {
            self.going = None;
            return self.notices.bad(problem);
        }
        self.place = self.going.take().or(self.place.take());
        self.link = Link::Failed(problem);
    }

    /// Also where we are: that connects anew.
    pub(super) fn go(&mut self, to: Destination, effects: &mut Vec<Effect>) {
        if self.link != Link::Connected {
            self.link = Link::Connecting;
        }
        self.going = Some(to.clone());
        self.changed = true;
        effects.push(Effect::Connect(Some(to)));
    }

    pub(super) fn refresh(&mut self, effects: &mut Vec<Effect>) {
        self.changed = true;
        match self.link {
            Link::Connecting => {}
            Link::Failed(_) => {
                self.link = Link::Connecting;
                effects.push(Effect::Connect(self.place.clone()));
            }
            Link::Connected => self.fleet.forget_loaded(),
        }
    }

    /// What there is to choose from, asked for anew each time: files change, and so do roles.
    pub(super) fn ask_for_places(&mut self, effects: &mut Vec<Effect>) {
        effects.push(Effect::ListClouds);
        if self.link == Link::Connected {
            self.run(Job::Places, effects);
        }
    }
}
