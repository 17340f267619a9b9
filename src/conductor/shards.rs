//! This process's part of the clusters, on a store that several conductors share; all of
//! them on a store of our own. Knows leases and time, and nothing of clusters' states.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::Share;
use crate::model::ClusterId;
use crate::store::lease::{Bid, Held, SHARDS, shard};

/// Beats in the life of a lease: so many may be lost but one.
const BEATS: u32 = 4;

pub(super) struct Shards {
    /// `None`: nobody else can have any, as we hold the store's lock.
    bid: Option<Bid>,
    held: BTreeSet<u16>,
    /// Of these, what others are to have: nothing is begun in them any more.
    leaving: BTreeSet<u16>,
    /// The lease is lost then.
    pub until: Option<Instant>,
    pub beat_due: Option<Instant>,
    pub beating: bool,
}

impl Shards {
    /// `life`: of the lease. `stands_in`: only while no conductor that is there for it lives.
    pub fn shared(host: String, stands_in: bool, life: Duration) -> Self {
        let bid = Bid { id: Uuid::new_v4(), host, pid: std::process::id(), stands_in, life, gives: BTreeSet::new() };
        Self {
            bid: Some(bid),
            held: BTreeSet::new(),
            leaving: BTreeSet::new(),
            until: None,
            beat_due: Some(Instant::now()),
            beating: false,
        }
    }

    pub fn alone() -> Self {
        Self { bid: None, held: BTreeSet::new(), leaving: BTreeSet::new(), until: None, beat_due: None, beating: false }
    }

    /// Whether work on the cluster may begin.
    pub fn has(&self, id: ClusterId) -> bool {
        let Some(_) = &self.bid else { return true };
        let shard = shard(id);
        self.held.contains(&shard)
            && !self.leaving.contains(&shard)
            && self.until.is_some_and(|until| Instant::now() < until)
    }

    /// Whether the lease still says so; work under way may end.
    pub fn keeps(&self, id: ClusterId) -> bool {
        self.bid.is_none() || self.held.contains(&shard(id))
    }

    pub fn id(&self) -> Option<Uuid> {
        self.bid.as_ref().map(|bid| bid.id)
    }

    /// The next beat, which gives what is to leave and is not `busy`.
    pub fn bid(&mut self, busy: &BTreeSet<u16>) -> Option<Bid> {
        let bid = self.bid.as_mut()?;
        bid.gives = self.leaving.difference(busy).copied().collect();
        self.beating = true;
        self.beat_due = None;
        Some(bid.clone())
    }

    /// What a beat that began at `began` brought. `true`: there are shards that were not ours before.
    pub fn beaten(&mut self, began: Instant, held: Held) -> bool {
        let Some(bid) = &self.bid else { return false };
        let before: BTreeSet<u16> = self.held.difference(&self.leaving).copied().collect();
        self.beating = false;
        self.until = Some(began + bid.life);
        self.held = held.shards;
        self.leaving = held.surplus;
        let pause = if self.leaving.is_empty() { bid.life / BEATS } else { bid.life / (BEATS * BEATS) };
        self.beat_due = Some(began + pause);
        self.held.difference(&self.leaving).any(|shard| !before.contains(shard))
    }

    pub fn missed(&mut self) {
        let Some(bid) = &self.bid else { return };
        self.beating = false;
        self.beat_due = Some(Instant::now() + bid.life / (BEATS * 2));
    }

    /// The lease has run out: others may have taken everything.
    pub fn lose(&mut self) {
        self.held.clear();
        self.leaving.clear();
        self.until = None;
        self.beating = false;
        self.beat_due = Some(Instant::now());
    }

    pub fn share(&self, others: Vec<String>) -> Share {
        let percent = self.held.len() * 100 / usize::from(SHARDS);
        Share { percent: u8::try_from(percent).unwrap_or(100), others }
    }
}
