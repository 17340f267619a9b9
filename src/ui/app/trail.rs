//! Back and forward through pages that were open, as in a browser. A page that was left is kept
//! as it was, so that its cursor and its filter are there again. Forms and dialogs are no places.

use super::{App, cx};
use crate::ui::effect::Effect;
use crate::ui::layer::{Cx, Layer, Route};

/// So many steps are remembered, and so many pages kept.
const KEPT: usize = 30;

#[derive(Default)]
pub(super) struct Trail {
    been: Vec<Route>,
    /// Where in it the user is.
    at: usize,
    left: Vec<(Route, Box<dyn Layer>)>,
}

impl Trail {
    fn note(&mut self, here: Route) {
        if self.been.get(self.at) == Some(&here) {
            return;
        }
        self.been.truncate(self.at + 1);
        self.been.push(here);
        self.been.drain(..self.been.len().saturating_sub(KEPT));
        self.at = self.been.len() - 1;
    }

    /// To the nearest page in that direction that is another than `here`, among those that are there still.
    fn step(&mut self, back: bool, here: Option<&Route>, is_there: impl Fn(&Route) -> bool) -> Option<Route> {
        let mut at = self.at;
        loop {
            at = if back { at.checked_sub(1)? } else { at + 1 };
            let route = self.been.get(at)?;
            if Some(route) != here && is_there(route) {
                self.at = at;
                return Some(route.clone());
            }
        }
    }
}

impl App {
    /// Remembers the page that is on screen now, if it is another.
    pub(super) fn note_page(&mut self) {
        let page = self.layers.iter().rfind(|layer| !layer.is_overlay());
        if let Some(here) = page.and_then(|layer| layer.route()) {
            self.trail.note(here);
        }
    }

    /// Takes the layers from this one on away; pages among them are kept for coming back.
    pub(super) fn leave(&mut self, from: usize) {
        for layer in self.layers.drain(from.min(self.layers.len())..) {
            if let Some(route) = layer.route() {
                self.trail.left.retain(|(have, _)| *have != route);
                self.trail.left.push((route, layer));
            }
        }
        let surplus = self.trail.left.len().saturating_sub(KEPT);
        self.trail.left.drain(..surplus);
    }

    pub(super) fn turn(&mut self, back: bool, effects: &mut Vec<Effect>) {
        self.changed = true;
        let (fleet, shells) = (&self.fleet, &self.shells);
        let is_there = |route: &Route| match route {
            Route::Cluster { id, .. } => fleet.clusters.contains_key(id),
            Route::Shells(_) => !shells.all().is_empty(),
            _ => true,
        };
        let here = self.layers.last().and_then(|layer| layer.route());
        let Some(route) = self.trail.step(back, here.as_ref(), is_there) else {
            let told = if back { "there is no page before this one" } else { "there is no page after this one" };
            return self.notices.good(told.into(), self.now);
        };
        self.leave(1);
        if route == Route::Home {
            return;
        }
        let Some(at) = self.trail.left.iter().position(|(have, _)| *have == route) else {
            return self.open(route, effects);
        };
        let (_, mut page) = self.trail.left.remove(at);
        // Much may have happened meanwhile.
        let cx = cx!(self);
        page.news(&cx);
        self.layers.push(page);
    }
}

#[cfg(test)]
mod tests {
    use super::{Route, Trail};
    use crate::ui::remote::Enter;

    #[test]
    fn steps_as_a_browser_does() {
        let mut trail = Trail::default();
        for page in [Route::Home, Route::Movers, Route::Home, Route::Home, Route::Shells(Enter::Look)] {
            trail.note(page);
        }
        assert_eq!(trail.step(true, Some(&Route::Shells(Enter::Look)), |_| true), Some(Route::Home));
        assert_eq!(trail.step(true, Some(&Route::Home), |_| true), Some(Route::Movers));
        assert_eq!(trail.step(false, Some(&Route::Movers), |_| true), Some(Route::Home));
        // What is gone is stepped over, and so is the page that one is on already.
        assert_eq!(trail.step(true, Some(&Route::Home), |route| *route == Route::Home), None);
        assert_eq!(trail.step(false, Some(&Route::Home), |_| true), Some(Route::Shells(Enter::Look)));
        assert_eq!(trail.step(false, None, |_| true), None);
        // Elsewhere from the middle: what was ahead is forgotten.
        trail.step(true, None, |_| true);
        trail.note(Route::Movers);
        assert_eq!(trail.step(false, None, |_| true), None);
        (0..100).for_each(|n| trail.note(if n % 2 == 0 { Route::Home } else { Route::Movers }));
        assert_eq!(trail.been.len(), super::KEPT);
    }
}
