//! Where a nested stack hangs in its root: `workers.0` instead of
//! `prod-workers-z4fhbhlv5bwy-0-moa7e43okze2`.
//!
//! Resources tell it exactly (each names the stack it is in and the one it is).
//! Events name only their own stack, so what resources told is remembered. A stack
//! no resource tells of (it is being deleted) is read from its name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::read::{Place, RawEvent};
use crate::model::{Stack, StackEvent, StackResource};

/// Roots remembered; beyond, all are forgotten and learnt again.
const ROOTS_MAX: usize = 256;
/// Longer chains are a circle.
const DEPTH_MAX: usize = 16;

/// Paths of nested stacks by id.
type Paths = BTreeMap<String, Vec<String>>;

/// What is known of each root stack.
#[derive(Default)]
pub struct Trees(Mutex<BTreeMap<String, Paths>>);

impl Trees {
    /// Sets each resource's path and remembers the nested stacks.
    pub fn learn(&self, root: &Stack, resources: &mut [StackResource]) {
        // Nested stack -> (the stack it hangs in, the resource it is).
        let parents: BTreeMap<String, (String, String)> =
            resources.iter().filter_map(|r| Some((r.nested.clone()?, (r.stack_id.clone(), r.name.clone())))).collect();
        let path = |stack: &str| {
            let mut path = Vec::new();
            let mut at = stack;
            while let Some((parent, name)) = parents.get(at).filter(|_| at != root.id && path.len() < DEPTH_MAX) {
                path.push(name.clone());
                at = parent;
            }
            path.reverse();
            path
        };
        for resource in resources.iter_mut() {
            resource.path = path(&resource.stack_id);
        }
        let mut roots = self.lock();
        if roots.len() >= ROOTS_MAX && !roots.contains_key(&root.id) {
            roots.clear();
        }
        roots.entry(root.id.clone()).or_default().extend(parents.keys().map(|id| (id.clone(), path(id))));
    }

    /// Whether an event is of a nested stack not known yet.
    pub fn misses(&self, root: &Stack, events: &[RawEvent]) -> bool {
        let roots = self.lock();
        let known = roots.get(&root.id);
        let places: BTreeSet<&str> = events.iter().map(|event| event.place.id.as_str()).collect();
        places.into_iter().any(|id| id != root.id && !known.is_some_and(|paths| paths.contains_key(id)))
    }

    /// The events with their paths.
    pub fn placed(&self, root: &Stack, events: Vec<RawEvent>) -> Vec<StackEvent> {
        let mut roots = self.lock();
        let paths = roots.entry(root.id.clone()).or_default();
        let place = |RawEvent { mut event, place }: RawEvent| {
            if place.id != root.id {
                let path = paths.entry(place.id.clone()).or_insert_with(|| path_from_name(root, &place)).clone();
                event.path = path;
                // A nested stack's own event carries its long name; its resource's name says the same.
                if (event.physical_id == place.id || event.resource == place.name)
                    && let Some(own) = event.path.pop()
                {
                    event.resource = own;
                }
            }
            event
        };
        events.into_iter().map(place).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Paths>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Heat names a nested stack `PARENT-RESOURCE-xxxxxxxxxxxx`, level by level. What
/// does not look so stays one part.
fn path_from_name(root: &Stack, place: &Place) -> Vec<String> {
    const SUFFIX: usize = 12;
    let is_suffix = |part: &str| {
        part.len() == SUFFIX && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let Some(rest) = place.name.strip_prefix(&root.name).and_then(|rest| rest.strip_prefix('-')) else {
        return vec![place.name.clone()];
    };
    let (mut path, mut words) = (Vec::new(), Vec::new());
    for word in rest.split('-') {
        if is_suffix(word) && !words.is_empty() {
            path.push(words.join("-"));
            words.clear();
        } else {
            words.push(word);
        }
    }
    if path.is_empty() || !words.is_empty() { vec![place.name.clone()] } else { path }
}

#[cfg(test)]
mod tests;
