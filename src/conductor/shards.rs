//! This process's part of the clusters, on a store that several conductors share; all of
//! them on a store of our own. Knows leases and time, and nothing of clusters' states.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use uuid::Uuid;

use super::Share;
use crate::model::ClusterId;
use crate::store::lease::{Bid, Held, SHARDS, shard};

/// Beats in the life of a lease: so many may be lost but one.
const BEATS: u32 = 4;

/// Says of one cluster, for as long as an activation runs, whether it still is ours to work on.
/// Asked directly before each call that changes something in Heat: who lost the cluster to
/// another conductor must not send what it decided before.
#[derive(Clone)]
pub struct Warrant(Arc<dyn Fn() -> bool + Send + Sync>);

impl Warrant {
    pub fn new(holds: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(holds))
    }

    pub fn holds(&self) -> bool {
        (self.0)()
    }
}

/// What a beat brought, and until when it counts.
#[derive(Debug, Default)]
struct Lease {
    held: BTreeSet<u16>,
    until: Option<Deadline>,
}

/// By two clocks, whichever is there first: the one does not run while a laptop is asleep, the
/// other may be set back.
#[derive(Debug, Clone, Copy)]
struct Deadline {
    steady: Instant,
    wall: SystemTime,
}

impl Deadline {
    fn is_over(&self) -> bool {
        Instant::now() >= self.steady || SystemTime::now() >= self.wall
    }
}

pub(super) struct Shards {
    /// `None`: nobody else can have any, as we hold the store's lock.
    bid: Option<Bid>,
    lease: Arc<Mutex<Lease>>,
    /// Of what we hold, what others are to have: nothing is begun in them any more.
    leaving: BTreeSet<u16>,
    pub beat_due: Option<Instant>,
    pub beating: bool,
}

impl Shards {
    /// `life`: of the lease. `stands_in`: only while no conductor that is there for it lives.
    pub fn shared(host: String, stands_in: bool, life: Duration) -> Self {
        let bid = Bid { id: Uuid::new_v4(), host, pid: std::process::id(), stands_in, life, gives: BTreeSet::new() };
        Self { bid: Some(bid), beat_due: Some(Instant::now()), ..Self::alone() }
    }

    pub fn alone() -> Self {
        Self { bid: None, lease: Arc::default(), leaving: BTreeSet::new(), beat_due: None, beating: false }
    }

    fn lease(&self) -> MutexGuard<'_, Lease> {
        lock(&self.lease)
    }

    /// Whether work on the cluster may begin.
    pub fn has(&self, id: ClusterId) -> bool {
        self.bid.is_none() || (!self.leaving.contains(&shard(id)) && covers(&self.lease(), id))
    }

    /// Whether the lease still says so; work under way may end.
    pub fn keeps(&self, id: ClusterId) -> bool {
        self.bid.is_none() || self.lease().held.contains(&shard(id))
    }

    pub fn warrant(&self, id: ClusterId) -> Warrant {
        if self.bid.is_none() {
            return Warrant::new(|| true);
        }
        let lease = self.lease.clone();
        Warrant::new(move || covers(&lock(&lease), id))
    }

    /// When the lease is lost, unless it is renewed.
    pub fn until(&self) -> Option<Instant> {
        self.lease().until.map(|until| until.steady)
    }

    pub fn is_over(&self) -> bool {
        self.lease().until.is_some_and(|until| until.is_over())
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
    pub fn beaten(&mut self, began: Began, held: Held) -> bool {
        let Some(bid) = &self.bid else { return false };
        let mut lease = lock(&self.lease);
        let before: BTreeSet<u16> = lease.held.difference(&self.leaving).copied().collect();
        lease.until = Some(Deadline { steady: began.steady + bid.life, wall: began.wall + bid.life });
        lease.held = held.shards;
        self.beating = false;
        self.leaving = held.surplus;
        let pause = if self.leaving.is_empty() { bid.life / BEATS } else { bid.life / (BEATS * BEATS) };
        self.beat_due = Some(began.steady + pause);
        lease.held.difference(&self.leaving).any(|shard| !before.contains(shard))
    }

    pub fn missed(&mut self) {
        let Some(bid) = &self.bid else { return };
        self.beating = false;
        self.beat_due = Some(Instant::now() + bid.life / (BEATS * 2));
    }

    /// The lease has run out: others may have taken everything.
    pub fn lose(&mut self) {
        *self.lease() = Lease::default();
        self.leaving.clear();
        self.beating = false;
        self.beat_due = Some(Instant::now());
    }

    pub fn share(&self, others: Vec<String>) -> Share {
        let percent = self.lease().held.len() * 100 / usize::from(SHARDS);
        Share { percent: u8::try_from(percent).unwrap_or(100), others }
    }
}

/// When a beat began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Began {
    steady: Instant,
    wall: SystemTime,
}

impl Began {
    pub fn now() -> Self {
        Self { steady: Instant::now(), wall: SystemTime::now() }
    }
}

fn covers(lease: &Lease, id: ClusterId) -> bool {
    lease.held.contains(&shard(id)) && lease.until.is_some_and(|until| !until.is_over())
}

fn lock(lease: &Mutex<Lease>) -> MutexGuard<'_, Lease> {
    // A lease is changed as a whole or not at all.
    lease.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::{Began, Shards, shard};
    use crate::model::ClusterId;
    use crate::store::lease::Held;

    const LIFE: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_warrant_ends_with_the_lease() {
        let id = ClusterId(Uuid::from_u128(5));
        let mut shards = Shards::shared("h".into(), false, LIFE);
        let warrant = shards.warrant(id);
        assert!(!warrant.holds() && !shards.has(id), "before the first beat");
        let held = Held { shards: [shard(id)].into(), ..Held::default() };
        assert!(shards.beaten(Began::now(), held.clone()));
        assert!(warrant.holds() && shards.has(id) && !shards.warrant(ClusterId(Uuid::from_u128(6))).holds());
        tokio::time::advance(LIFE).await;
        assert!(!warrant.holds() && shards.is_over(), "no beat came in time");
        shards.beaten(Began::now(), held);
        assert!(warrant.holds(), "and then one came");
        let asleep = Began { wall: std::time::SystemTime::now() - LIFE, ..Began::now() };
        shards.beaten(asleep, Held { shards: [shard(id)].into(), ..Held::default() });
        assert!(!warrant.holds() && shards.is_over(), "the steady clock stood still while we slept");
        shards.beaten(Began::now(), Held { shards: [shard(id)].into(), surplus: [shard(id)].into(), others: vec![] });
        assert!(warrant.holds() && !shards.has(id), "what is under way may end, nothing is begun");
        shards.lose();
        assert!(!warrant.holds() && !shards.keeps(id));
        assert!(Shards::alone().warrant(id).holds() && Shards::alone().has(id));
    }
}
