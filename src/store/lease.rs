//! Who works on which clusters, in a store that several conductors share.
//!
//! Clusters fall into [`SHARDS`] shards by their uuid. A conductor says at every beat that it
//! lives; a shard is one living conductor's or nobody's. One that says nothing for the length
//! of a lease has lost its shards, and the next beat of another takes them. The store's
//! clock decides, so that hosts need not agree on the time.
//!
//! A lease keeps two conductors from doing the same work; that no harm comes of it when they
//! do (one was stopped and goes on later) is the revisions' and the machine's business.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::StoreError;
use crate::cloud::Scope;
use crate::model::ClusterId;

/// Enough to be shared out evenly among a few conductors.
pub const SHARDS: u16 = 64;

/// The shard that a cluster is in.
pub fn shard(id: ClusterId) -> u16 {
    let [.., high, low] = *id.0.as_bytes();
    u16::from_be_bytes([high, low]) % SHARDS
}

/// A conductor that says it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bid {
    /// Made anew at each start of a process.
    pub id: Uuid,
    pub host: String,
    pub pid: u32,
    /// Works only while no other does that is there for it: a dashboard.
    pub stands_in: bool,
    /// The lease is lost this long after the last beat.
    pub life: Duration,
    /// Shards that it lets go of now; none of their clusters is being worked on.
    pub gives: BTreeSet<u16>,
}

/// Another conductor that lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    pub id: Uuid,
    pub host: String,
    pub pid: u32,
    pub stands_in: bool,
}

/// What a conductor has after a beat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    pub shards: BTreeSet<u16>,
    /// More of them than its part: it should give them as soon as it can.
    pub surplus: BTreeSet<u16>,
    /// All others, whether they have shards or not.
    pub others: Vec<Other>,
}

/// A store's part in sharing the work.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Says that the conductor lives, and shares out what is free.
    async fn beat(&self, scope: &Scope, bid: &Bid) -> Result<Held, StoreError>;
    /// It ends: its shards are free at once.
    async fn leave(&self, scope: &Scope, id: Uuid) -> Result<(), StoreError>;
}

/// Which shards a conductor takes and which are too many, by who else lives and who has what.
pub(super) fn share(bid: &Bid, others: &[Other], owners: &BTreeMap<u16, Uuid>) -> (BTreeSet<u16>, BTreeSet<u16>) {
    let anybody = !bid.stands_in || others.iter().any(|other| !other.stands_in);
    let works = |stands_in: bool| !(anybody && stands_in);
    let at_work = 1 + others.iter().filter(|other| works(other.stands_in)).count();
    let part = if works(bid.stands_in) { usize::from(SHARDS).div_ceil(at_work) } else { 0 };
    let mine: BTreeSet<u16> = owners.iter().filter(|(_, of)| **of == bid.id).map(|(shard, _)| *shard).collect();
    let room = part.saturating_sub(mine.len());
    let free = (0..SHARDS).filter(|shard| !owners.contains_key(shard) && !bid.gives.contains(shard));
    let surplus = mine.iter().rev().take(mine.len().saturating_sub(part)).copied().collect();
    (free.take(room).collect(), surplus)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    use uuid::Uuid;

    use super::{Bid, Other, SHARDS, share};

    fn other(id: u128, stands_in: bool) -> Other {
        Other { id: Uuid::from_u128(id), host: "h".into(), pid: 1, stands_in }
    }

    /// Lets conductors beat in turns until nothing moves, each giving what is too many.
    fn settle(living: &[Other], owners: &mut BTreeMap<u16, Uuid>) -> Vec<usize> {
        owners.retain(|_, owner| living.iter().any(|one| one.id == *owner));
        let mut gives: BTreeMap<Uuid, BTreeSet<u16>> = BTreeMap::new();
        for _ in 0..4 {
            for me in living {
                let gives = gives.entry(me.id).or_default();
                for shard in gives.iter() {
                    owners.remove(shard);
                }
                let bid = Bid {
                    id: me.id,
                    host: me.host.clone(),
                    pid: 1,
                    stands_in: me.stands_in,
                    life: Duration::ZERO,
                    gives: gives.clone(),
                };
                let others: Vec<Other> = living.iter().filter(|one| one.id != me.id).cloned().collect();
                let (takes, surplus) = share(&bid, &others, owners);
                owners.extend(takes.into_iter().map(|shard| (shard, me.id)));
                *gives = surplus;
            }
        }
        living.iter().map(|me| owners.values().filter(|owner| **owner == me.id).count()).collect()
    }

    #[test]
    fn all_is_shared_out_evenly_as_they_come_and_go() {
        let mut owners = BTreeMap::new();
        let (a, b, c) = (other(1, false), other(2, false), other(3, false));
        assert_eq!(settle(std::slice::from_ref(&a), &mut owners), [usize::from(SHARDS)]);
        assert_eq!(settle(&[a.clone(), b.clone()], &mut owners), [32, 32]);
        let three = settle(&[a, b.clone(), c.clone()], &mut owners);
        assert_eq!(three.iter().sum::<usize>(), usize::from(SHARDS));
        assert!(three.iter().all(|part| (20..=22).contains(part)), "{three:?}");
        assert_eq!(settle(&[b, c], &mut owners), [32, 32]);
    }

    #[test]
    fn who_stands_in_gives_way_and_comes_back() {
        let mut owners = BTreeMap::new();
        let (dash, real) = (other(1, true), other(2, false));
        assert_eq!(settle(std::slice::from_ref(&dash), &mut owners), [64]);
        assert_eq!(settle(&[dash.clone(), real], &mut owners), [0, 64]);
        assert_eq!(settle(&[dash, other(3, true)], &mut owners), [32, 32]);
    }
}
