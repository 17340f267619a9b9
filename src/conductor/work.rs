//! When to do what: one list of stacks for all clusters, and an activation for each cluster
//! that it, the store or the time says something new about.
//!
//! Holds nothing that matters: all is rebuilt from the store at every start and whenever the
//! store changed. A cluster at rest is a line of the list and no record. Timers run only
//! while there is something to wait for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, error, info, warn};

use super::activate::{Outcome, activate};
use super::backoff;
use super::engine::Engine;
use super::machine::{self, Next, Observed};
use super::shards::{Began, Shards};
use super::view::View;
use super::wake::Listener;
use crate::cloud::CloudError;
use crate::model::{ClusterId, Stack, Status};
use crate::store::lease::{Held, shard};
use crate::store::{ClusterRecord, Feed, Intent, StoreError};

/// The tag all our stacks carry; see [`crate::driver`].
const TAG: &str = "jeroboam";
/// So long after a change in the store was heard of, it is looked at: most come in crowds.
const HEARD: Duration = Duration::from_millis(200);

/// What the list says of a cluster's stack; `None`: it is not in it.
type Line = Option<(String, Status)>;

/// A cluster with nothing to do until its line of the list is another.
struct Resting {
    revision: i64,
    line: Line,
}

/// A cluster that something is being done to, or waited for.
#[derive(Default)]
struct Awake {
    /// As last seen; `None` while it is first read.
    record: Option<Box<ClusterRecord>>,
    running: bool,
    /// Newest revision met in the store while it was running.
    met: i64,
    /// Not before this time, and then for sure.
    due: Option<Instant>,
    /// The line that woke it: not again for the same.
    line: Option<Line>,
    /// The store's faults in a row.
    faults: u32,
}

enum Done {
    Slot(ClusterId, Result<Outcome, StoreError>),
    /// Not even begun: we are about to end.
    Dropped,
    List {
        asked: DateTime<Utc>,
        took: Duration,
        result: Result<Vec<Stack>, CloudError>,
    },
    Beat {
        began: Began,
        result: Result<Held, StoreError>,
    },
}

/// The work of a conductor that holds the lock, or leases.
pub(super) struct Work<'a> {
    engine: &'a Engine,
    view: View,
    shards: Shards,
    resting: BTreeMap<ClusterId, Resting>,
    awake: BTreeMap<ClusterId, Awake>,
    running: JoinSet<Done>,
    permits: Arc<Semaphore>,
    listing: bool,
    list_due: Option<Instant>,
    list_faults: u32,
    /// When the list last ended, and how long it took: a slow cloud is asked less often.
    listed: Option<(Instant, Duration)>,
    poll_due: Option<Instant>,
    store_faults: u32,
}

impl<'a> Work<'a> {
    pub fn new(engine: &'a Engine, shards: Shards) -> Self {
        Self {
            engine,
            view: View::default(),
            shards,
            resting: BTreeMap::new(),
            awake: BTreeMap::new(),
            running: JoinSet::new(),
            permits: Arc::new(Semaphore::new(engine.options.concurrency.max(1))),
            listing: false,
            list_due: None,
            list_faults: 0,
            listed: None,
            poll_due: None,
            store_faults: 0,
        }
    }

    /// Until it is stopped. Calls under way are heard out then; whoever stops us says for how long.
    pub async fn run(mut self, listener: Option<Listener>) {
        let engine = self.engine;
        let mut feed = engine.ports.store.feed();
        let mut heard = feed.as_mut().map(|feed| *feed.borrow_and_update()).unwrap_or_default();
        let polls = listener.is_none() && engine.options.data_dir.is_some() && feed.is_none();
        self.reload().await;
        loop {
            let due = self.next_due(polls);
            tokio::select! {
                biased;
                () = engine.stop.cancelled() => break,
                Some(done) = self.running.join_next() => match done {
                    Ok(done) => self.finished(done).await,
                    Err(error) => {
                        error!(%error, "a task of the conductor died");
                        self.recover().await;
                    }
                },
                () = engine.poke.notified() => self.reload().await,
                () = woken(listener.as_ref()) => self.reload().await,
                now = hear(feed.as_mut()) => {
                    if now.leases != std::mem::replace(&mut heard, now).leases {
                        self.beat();
                    }
                    self.poll_due.get_or_insert(Instant::now() + HEARD);
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.run_due().await,
            }
        }
        while self.running.join_next().await.is_some() {}
        if let (Some(leases), Some(id)) = (engine.ports.store.leases(), self.shards.id())
            && let Err(error) = leases.leave(&engine.ports.scope, id).await
        {
            warn!(%error, "the leases could not be given back; they run out by themselves");
        }
    }

    /// Looks at what changed in the store, and steps what is new.
    async fn reload(&mut self) {
        let mut new = Vec::new();
        let mut view = std::mem::take(&mut self.view);
        let refreshed = view.refresh(&self.engine.ports, |record| new.extend(self.take(record))).await;
        self.view = view;
        for id in new {
            self.begin(id, Observed::Nothing);
        }
        match refreshed {
            Ok(gone) => {
                self.store_faults = 0;
                self.poll_due = None;
                for id in gone {
                    self.resting.remove(&id);
                    if self.awake.get(&id).is_some_and(|awake| !awake.running) {
                        self.awake.remove(&id);
                    }
                }
                if self.list_faults == 0 {
                    self.engine.ports.observer.trouble(None);
                }
            }
            Err(error) => {
                self.engine.ports.observer.trouble(Some(error.into()));
                self.store_faults = self.store_faults.saturating_add(1);
                self.poll_due = Some(Instant::now() + backoff::delay(self.store_faults, None, uuid::Uuid::nil()));
            }
        }
        self.plan_list();
    }

    /// Takes note of a record that was read. Tells whose machine is to be run now.
    fn take(&mut self, record: ClusterRecord) -> Option<ClusterId> {
        let id = record.id();
        if !self.shards.has(id) {
            return None;
        }
        if self.resting.get(&id).is_some_and(|resting| resting.revision == record.revision) {
            return None;
        }
        if let Some(awake) = self.awake.get_mut(&id) {
            if awake.running {
                awake.met = record.revision;
                return None;
            }
            if awake.record.as_ref().is_some_and(|known| known.revision == record.revision) {
                return None;
            }
        }
        self.resting.remove(&id);
        let step = machine::step(record.clone(), &Observed::Nothing, (self.engine.ports.clock)());
        let quiet = step.op.is_none() && step.next == Next::List && step.record == record;
        if quiet && !machine::is_moving(&record) {
            self.awake.remove(&id);
            self.resting.insert(id, Resting { revision: record.revision, line: expected(&record) });
            return None;
        }
        self.awake.insert(id, Awake { record: Some(Box::new(record)), ..Awake::default() });
        Some(id)
    }

    fn begin(&mut self, id: ClusterId, observed: Observed) {
        if !self.shards.has(id) {
            return;
        }
        let awake = self.awake.entry(id).or_default();
        awake.running = true;
        awake.due = None;
        awake.met = 0;
        let (ports, permits, stop) = (self.engine.ports.clone(), self.permits.clone(), self.engine.stop.clone());
        let warrant = self.shards.warrant(id);
        self.running.spawn(async move {
            let _permit = permits.acquire_owned().await;
            if stop.is_cancelled() {
                return Done::Dropped;
            }
            Done::Slot(id, activate(&ports, &warrant, id, observed).await)
        });
    }

    async fn finished(&mut self, done: Done) {
        match done {
            Done::Dropped => {}
            Done::List { asked, took, result } => self.listed(asked, took, result),
            Done::Slot(id, result) => self.rested(id, result),
            Done::Beat { began, result } => return self.beaten(began, result).await,
        }
        self.plan_list();
    }

    /// An activation came to its end.
    fn rested(&mut self, id: ClusterId, result: Result<Outcome, StoreError>) {
        if !self.shards.keeps(id) {
            self.awake.remove(&id);
            return;
        }
        let Some(awake) = self.awake.get_mut(&id) else { return };
        awake.running = false;
        match result {
            Ok(Outcome::Gone) => {
                self.awake.remove(&id);
                self.view.forget(id);
            }
            // Should the lease come back, the store is read anew.
            Ok(Outcome::Lost) => {
                self.awake.remove(&id);
            }
            Ok(Outcome::Rest(record, next)) => {
                awake.faults = 0;
                awake.due = match next {
                    Next::List => None,
                    Next::After(pause) => Some(Instant::now() + pause),
                };
                let newer = awake.met > record.revision;
                if next == Next::List && !newer && !machine::is_moving(&record) {
                    let line = awake.line.take().unwrap_or_else(|| expected(&record));
                    self.resting.insert(id, Resting { revision: record.revision, line });
                    self.awake.remove(&id);
                    return;
                }
                awake.record = Some(record);
                if newer {
                    // Somebody wrote to it after the activation last looked.
                    self.begin(id, Observed::Nothing);
                }
            }
            Err(error) => {
                awake.faults = awake.faults.saturating_add(1);
                awake.due = Some(Instant::now() + backoff::delay(awake.faults, None, id.0));
                error!(cluster = %id, %error, "the store failed");
                self.engine.ports.observer.trouble(Some(error.into()));
            }
        }
    }

    /// Forgets all, and ends what is under way.
    async fn drop_all(&mut self) {
        self.running.shutdown().await;
        self.listing = false;
        self.shards.beating = false;
        self.awake.clear();
        self.resting.clear();
        self.view.again();
    }

    /// A task died without an answer: nobody knows which, so all that was running is run again.
    async fn recover(&mut self) {
        self.drop_all().await;
        self.shards.missed();
        // Not at once: what died may die again.
        self.poll_due = Some(Instant::now() + self.engine.options.slow);
    }

    /// Says that we live, and hears what is ours.
    fn beat(&mut self) {
        if self.shards.beating {
            return;
        }
        let busy: BTreeSet<u16> =
            self.awake.iter().filter(|(_, awake)| awake.running).map(|(id, _)| shard(*id)).collect();
        let Some(bid) = self.shards.bid(&busy) else { return };
        let ports = self.engine.ports.clone();
        self.running.spawn(async move {
            let began = Began::now();
            let result = match ports.store.leases() {
                Some(leases) => leases.beat(&ports.scope, &bid).await,
                None => Ok(Held::default()),
            };
            Done::Beat { began, result }
        });
    }

    async fn beaten(&mut self, began: Began, result: Result<Held, StoreError>) {
        let held = match result {
            Ok(held) => held,
            Err(error) => {
                warn!(%error, "no sign of life could be given");
                self.shards.missed();
                return self.engine.ports.observer.trouble(Some(error.into()));
            }
        };
        let others = held.others.iter().map(|other| other.host.clone()).collect();
        let gained = self.shards.beaten(began, held);
        self.engine.ports.observer.shares(self.shards.share(others));
        let shards = &self.shards;
        self.resting.retain(|id, _| shards.keeps(*id));
        self.awake.retain(|id, awake| awake.running || shards.keeps(*id));
        if gained {
            info!("took over clusters of the shared store");
            self.view.again();
            self.reload().await;
        }
    }

    /// When the list is next asked for: often while something moves, seldom otherwise,
    /// never without clusters.
    fn plan_list(&mut self) {
        if self.listing || self.list_faults > 0 {
            return;
        }
        let options = &self.engine.options;
        let moving = |awake: &Awake| awake.record.as_ref().is_none_or(|record| machine::is_moving(record));
        let none = self.awake.is_empty() && self.resting.is_empty();
        self.list_due = match self.listed {
            _ if none => None,
            None => Some(Instant::now()),
            Some((at, took)) if self.awake.values().any(moving) => Some(at + options.fast.max(took * 2)),
            Some((at, _)) => Some(at + options.slow),
        };
    }

    fn listed(&mut self, asked: DateTime<Utc>, took: Duration, result: Result<Vec<Stack>, CloudError>) {
        self.listing = false;
        self.listed = Some((Instant::now(), took));
        match result {
            Ok(stacks) => {
                self.list_faults = 0;
                self.engine.ports.observer.trouble(None);
                self.compare(&stacks, asked);
            }
            Err(error) => {
                self.list_faults = self.list_faults.saturating_add(1);
                let pause = backoff::delay(self.list_faults, error.retry_after, uuid::Uuid::nil());
                warn!(%error, request_id = error.request_id, "stacks could not be listed");
                self.list_due = Some(Instant::now() + pause.max(self.engine.options.fast));
                self.engine.ports.observer.trouble(Some(error.into()));
            }
        }
    }

    /// Hands each cluster its line of the list; those to whom it says nothing new are left alone.
    fn compare(&mut self, stacks: &[Stack], asked: DateTime<Utc>) {
        let by_id: BTreeMap<&str, &Stack> = stacks.iter().map(|stack| (stack.id.as_str(), stack)).collect();
        let by_tag: BTreeMap<&str, &Stack> =
            stacks.iter().flat_map(|stack| stack.tags.iter().map(move |tag| (tag.as_str(), stack))).collect();
        let find = |id: &ClusterId, stack_id: Option<&str>| match stack_id {
            Some(stack_id) => by_id.get(stack_id).copied(),
            None => by_tag.get(id.to_string().as_str()).copied(),
        };
        let now = (self.engine.ports.clock)();
        let mut news = Vec::new();
        for (id, awake) in self.awake.iter().filter(|(_, awake)| !awake.running && awake.due.is_none()) {
            let Some(record) = &awake.record else { continue };
            let stack = find(id, record.cluster.stack_id.as_deref()).cloned();
            let observed = Observed::Listed { stack, asked };
            let transition = machine::step((**record).clone(), &observed, now);
            if transition.op.is_some() || transition.record != **record {
                news.push((*id, observed, None));
            }
        }
        for (id, resting) in &self.resting {
            let stack = find(id, resting.line.as_ref().map(|(stack_id, _)| stack_id.as_str()));
            let same = match (&resting.line, stack) {
                (None, None) => true,
                (Some((stack_id, status)), Some(stack)) => *stack_id == stack.id && *status == stack.status,
                _ => false,
            };
            if !same {
                let line = stack.map(|stack| (stack.id.clone(), stack.status.clone()));
                news.push((*id, Observed::Listed { stack: stack.cloned(), asked }, Some(line)));
            }
        }
        for (id, observed, line) in news {
            if line.is_some() {
                self.resting.remove(&id);
            }
            self.awake.entry(id).or_default().line = line;
            self.begin(id, observed);
        }
    }

    fn next_due(&mut self, poll: bool) -> Option<Instant> {
        if poll && self.poll_due.is_none() {
            self.poll_due = Some(Instant::now() + self.engine.options.follow);
        }
        let idle = self.awake.iter().filter(|(id, awake)| !awake.running && self.shards.has(**id));
        let lease = [self.shards.beat_due, self.shards.until()];
        idle.filter_map(|(_, awake)| awake.due)
            .chain(self.list_due)
            .chain(self.poll_due)
            .chain(lease.into_iter().flatten())
            .min()
    }

    async fn run_due(&mut self) {
        let now = Instant::now();
        if self.shards.is_over() {
            warn!("the lease ran out before a sign of life could be given: others may have taken over");
            self.drop_all().await;
            self.shards.lose();
            self.engine.ports.observer.shares(self.shards.share(Vec::new()));
        }
        if self.shards.beat_due.is_some_and(|due| due <= now) {
            self.beat();
        }
        if self.poll_due.is_some_and(|due| due <= now) {
            self.poll_due = None;
            self.reload().await;
        }
        let due: Vec<ClusterId> = self
            .awake
            .iter()
            .filter(|(id, awake)| !awake.running && awake.due.is_some_and(|due| due <= now) && self.shards.has(**id))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.begin(id, Observed::Nothing);
        }
        if self.list_due.is_some_and(|due| due <= now) {
            self.list_due = None;
            self.listing = true;
            // A wake-up may have been lost, and this is a cheap moment to notice.
            self.reload().await;
            self.list();
        }
    }

    fn list(&mut self) {
        debug!(resting = self.resting.len(), awake = self.awake.len(), "asking for all stacks");
        let ports = self.engine.ports.clone();
        self.running.spawn(async move {
            let (asked, begun) = ((ports.clock)(), Instant::now());
            let result = ports.orchestration.stacks_by_tag(TAG).await;
            Done::List { asked, took: begun.elapsed(), result }
        });
    }
}

/// The line that says nothing new of a cluster at rest.
fn expected(record: &ClusterRecord) -> Line {
    let cluster = &record.cluster;
    let told = record.intent == Intent::Present || cluster.status == Status::DELETE_FAILED;
    let status = if told { cluster.status.clone() } else { Status::DELETE_IN_PROGRESS };
    cluster.stack_id.clone().map(|id| (id, status))
}

async fn woken(listener: Option<&Listener>) {
    match listener {
        Some(listener) => {
            if let Err(error) = listener.woken().await {
                warn!(%error, "the wake-up socket failed");
                std::future::pending::<()>().await;
            }
        }
        None => std::future::pending().await,
    }
}

/// The next change in a store that tells of changes.
async fn hear(feed: Option<&mut watch::Receiver<Feed>>) -> Feed {
    let Some(feed) = feed else { return std::future::pending().await };
    if feed.changed().await.is_err() {
        return std::future::pending().await;
    }
    *feed.borrow_and_update()
}
