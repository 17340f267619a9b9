//! The clusters that are known: by id, and in the order of their names. There may be ten thousand of
//! them, and a picture asks many times who is there, who moves and how many are well; so what follows
//! from all of them is worked out once after each change, when somebody asks. Start at [`Clusters`].

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::model::{Cluster, ClusterId};
use crate::ui::words;

#[derive(Debug, Default)]
pub struct Clusters {
    /// In no order: a cluster keeps its place while it is there.
    all: Vec<Cluster>,
    at: HashMap<ClusterId, usize>,
    /// Places in `all`, by name, then age.
    by_name: OnceCell<Vec<usize>>,
    summary: OnceCell<Summary>,
    /// When an age turns, and since when that holds.
    turns: Cell<Option<(DateTime<Utc>, DateTime<Utc>)>>,
}

#[derive(Debug)]
struct Summary {
    /// Places in `all`, by name.
    moving: Vec<usize>,
    failed: usize,
    ready: usize,
}

impl Clusters {
    pub fn get(&self, id: &ClusterId) -> Option<&Cluster> {
        self.all.get(*self.at.get(id)?)
    }

    pub fn contains_key(&self, id: &ClusterId) -> bool {
        self.at.contains_key(id)
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// By name, then age.
    pub fn values(&self) -> impl Iterator<Item = &Cluster> {
        self.order().iter().filter_map(|at| self.all.get(*at))
    }

    /// In no order.
    pub fn ids(&self) -> impl Iterator<Item = ClusterId> {
        self.all.iter().map(|cluster| cluster.uuid)
    }

    /// Those on the move, by name.
    pub fn moving(&self) -> impl Iterator<Item = &Cluster> {
        self.summary().moving.iter().filter_map(|at| self.all.get(*at))
    }

    /// Clusters on the move, failed, ready.
    pub fn counts(&self) -> (usize, usize, usize) {
        let told = self.summary();
        (told.moving.len(), told.failed, told.ready)
    }

    /// When the age of one of them is told otherwise.
    pub fn age_turns(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if let Some((_, turns)) = self.turns.get().filter(|(since, turns)| (*since..*turns).contains(&now)) {
            return Some(turns);
        }
        let turns = self.all.iter().map(|cluster| words::age_changes(cluster.created_at, now)).min();
        self.turns.set(turns.map(|turns| (now, turns)));
        turns
    }

    pub fn insert(&mut self, cluster: Cluster) {
        self.summary.take();
        self.turns.take();
        match self.at.get(&cluster.uuid).and_then(|at| self.all.get_mut(*at)) {
            Some(have) => {
                if (&have.name, have.created_at) != (&cluster.name, cluster.created_at) {
                    self.by_name.take();
                }
                *have = cluster;
            }
            None => {
                self.by_name.take();
                self.at.insert(cluster.uuid, self.all.len());
                self.all.push(cluster);
            }
        }
    }

    pub fn remove(&mut self, id: &ClusterId) -> Option<Cluster> {
        let at = self.at.remove(id)?;
        let gone = self.all.swap_remove(at);
        if let Some(moved) = self.all.get(at) {
            self.at.insert(moved.uuid, at);
        }
        self.forget_order();
        Some(gone)
    }

    pub fn retain(&mut self, stays: impl Fn(&ClusterId) -> bool) {
        self.all.retain(|cluster| stays(&cluster.uuid));
        self.at = self.all.iter().enumerate().map(|(at, cluster)| (cluster.uuid, at)).collect();
        self.forget_order();
    }

    fn forget_order(&mut self) {
        self.by_name.take();
        self.summary.take();
        self.turns.take();
    }

    fn order(&self) -> &[usize] {
        self.by_name.get_or_init(|| {
            let mut order: Vec<usize> = (0..self.all.len()).collect();
            let key = |at: &usize| self.all.get(*at).map(|one| (&one.name, one.created_at, one.uuid));
            order.sort_by(|a, b| key(a).cmp(&key(b)));
            order
        })
    }

    fn summary(&self) -> &Summary {
        self.summary.get_or_init(|| {
            let mut told = Summary { moving: Vec::new(), failed: 0, ready: 0 };
            for at in self.order() {
                let Some(cluster) = self.all.get(*at) else { continue };
                if cluster.status.is_in_progress() {
                    told.moving.push(*at);
                }
                told.failed += usize::from(cluster.status.is_failed());
                told.ready += usize::from(cluster.status.is_complete());
            }
            told
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::json;

    use super::Clusters;
    use crate::model::{Cluster, ClusterId};

    fn cluster(id: u128, name: &str, status: &str) -> Cluster {
        let uuid = uuid::Uuid::from_u128(id);
        serde_json::from_value(json!({
            "uuid": uuid, "name": name, "cluster_template_id": uuid, "template_name": "", "driver": "",
            "node_count": 1, "master_count": 1, "flavor_id": "", "master_flavor_id": "", "floating_ip_enabled": false,
            "master_lb_enabled": false, "create_timeout": 60, "labels": {}, "status": status, "status_reason": "",
            "stack_name": "", "master_addresses": [], "node_addresses": [], "project_id": "", "user_id": "",
            "created_at": "2026-11-23T14:02:11Z", "status_since": "2026-11-23T14:02:11Z",
        }))
        .unwrap()
    }

    fn names(of: &Clusters) -> Vec<&str> {
        of.values().map(|cluster| cluster.name.as_str()).collect()
    }

    #[test]
    fn what_follows_from_all_of_them_follows_every_change() {
        let id = |id: u128| ClusterId(uuid::Uuid::from_u128(id));
        let mut all = Clusters::default();
        for (number, name) in [(1, "c"), (2, "a"), (3, "b")] {
            all.insert(cluster(number, name, "CREATE_COMPLETE"));
        }
        assert_eq!((names(&all), all.counts()), (vec!["a", "b", "c"], (0, 0, 3)));
        all.insert(cluster(2, "z", "UPDATE_IN_PROGRESS"));
        assert_eq!((names(&all), all.counts()), (vec!["b", "c", "z"], (1, 0, 2)));
        assert_eq!(all.moving().map(|moving| moving.uuid).collect::<Vec<_>>(), [id(2)]);
        assert_eq!(all.remove(&id(1)).map(|gone| gone.name), Some("c".into()));
        assert_eq!((all.get(&id(3)).map(|there| there.name.as_str()), all.contains_key(&id(1))), (Some("b"), false));
        all.insert(cluster(4, "a", "CREATE_FAILED"));
        assert_eq!((names(&all), all.counts(), all.len()), (vec!["a", "b", "z"], (1, 1, 1), 3));
        all.retain(|kept| *kept != id(3));
        assert_eq!((names(&all), all.counts()), (vec!["a", "z"], (1, 1, 0)));
        assert_eq!(all.remove(&id(4)).map(|gone| gone.name), Some("a".into()));
        assert_eq!(names(&all), ["z"]);
    }

    #[test]
    fn an_age_is_told_as_it_turns_whatever_came_before() {
        let mut all = Clusters::default();
        let one = cluster(1, "a", "CREATE_COMPLETE");
        let (created, hour) = (one.created_at, TimeDelta::hours(1));
        all.insert(one);
        let turn = |minutes: i64| all.age_turns(created + TimeDelta::minutes(minutes));
        assert_eq!(turn(5), Some(created + hour));
        assert_eq!(turn(59), Some(created + hour), "as before");
        assert_eq!(turn(60), Some(created + hour * 2));
        assert_eq!(turn(5), Some(created + hour), "the clock was set back");
    }
}
