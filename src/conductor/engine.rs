//! When to do what: one slot per cluster, one list of stacks for all of them, and the
//! lock that says whether this process works or follows.
//!
//! Holds nothing that matters: slots are rebuilt from the store at every start and
//! whenever the store changed. Timers run only while there is something to wait for.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, error, info, warn};

use super::activate::{Outcome, Ports, activate};
use super::machine::{self, Next, Observed};
use super::tell::Tell;
use super::wake::Listener;
use super::{Leader, backoff, details, lock, wake};
use crate::cloud::CloudError;
use crate::kube::api::Gateway;
use crate::model::{ClusterId, Problem, Stack};
use crate::store::{ClusterRecord, StoreError};

/// The tag all our stacks carry; see [`crate::driver`].
const TAG: &str = "jeroboam";

#[derive(Debug, Clone)]
pub struct Options {
    /// Where the store is, shared with other processes; `None`: the store is ours alone.
    pub data_dir: Option<PathBuf>,
    /// For the wake-up socket when the data directory's path is too long: `$XDG_RUNTIME_DIR`.
    pub runtime_dir: Option<PathBuf>,
    /// Between two lists of stacks, or two looks at the watched one, while something moves.
    pub fast: Duration,
    /// Between two lists while nothing moves.
    pub slow: Duration,
    /// Between two looks of a follower at the store.
    pub follow: Duration,
    /// Clusters worked on at the same moment.
    pub concurrency: usize,
    pub outside: Outside,
}

/// What is reached beside OpenStack; where nothing is named, nothing is.
#[derive(Clone, Default)]
pub struct Outside {
    pub kubernetes: Option<Arc<dyn Gateway>>,
    /// New clusters' keys go to Barbican, unless their labels say otherwise.
    pub keys_in_barbican: bool,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside")
            .field("kubernetes", &self.kubernetes.is_some())
            .field("keys_in_barbican", &self.keys_in_barbican)
            .finish()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            data_dir: None,
            runtime_dir: None,
            fast: Duration::from_secs(2),
            slow: Duration::from_secs(60),
            follow: Duration::from_secs(1),
            concurrency: 8,
            outside: Outside::default(),
        }
    }
}

/// A running conductor. Dropping it stops it; the work goes on in the cloud either way.
pub struct Conductor {
    poke: Arc<Notify>,
    watched: watch::Sender<Option<ClusterId>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Conductor {
    /// Must be called within a tokio runtime.
    pub fn start(mut ports: Ports, options: Options) -> Self {
        let (watched, watching) = watch::channel(None);
        let (stop, tasks, poke) = (CancellationToken::new(), TaskTracker::new(), Arc::new(Notify::new()));
        let tell = Arc::new(Tell::new(ports.observer.clone()));
        ports.observer = tell.clone();
        tasks.spawn(details::run(ports.clone(), tell, watching, options.fast, stop.clone()));
        let engine = Engine { ports, options, poke: poke.clone(), stop: stop.clone() };
        tasks.spawn(engine.run());
        tasks.close();
        Self { poke, watched, stop, tasks }
    }

    /// The store was changed by this process: look at it now, or have the working process look.
    pub fn poke(&self) {
        self.poke.notify_one();
    }

    /// Whose details to follow.
    pub fn watch(&self, id: Option<ClusterId>) {
        self.watched.send_if_modified(|now| std::mem::replace(now, id) != id);
    }

    /// Begins nothing more, and waits at most `limit` for calls under way. No stack is
    /// cancelled; what is cut off here is picked up by the next start.
    pub async fn stop(&self, limit: Duration) {
        self.stop.cancel();
        if timeout(limit, self.tasks.wait()).await.is_err() {
            warn!("left calls to the cloud unfinished; the next start looks at what became of them");
        }
    }
}

impl Drop for Conductor {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Wakes the process that works on the store in `data_dir`, for one that only writes to it.
pub fn wake_other(options: &Options, scope: &crate::cloud::Scope) {
    let dir = options.data_dir.as_deref();
    if let Some(path) = dir.and_then(|dir| wake::path(dir, scope, options.runtime_dir.as_deref())) {
        wake::wake(&path);
    }
}

struct Engine {
    ports: Ports,
    options: Options,
    poke: Arc<Notify>,
    stop: CancellationToken,
}

impl Engine {
    async fn run(self) {
        let stop = self.stop.clone();
        let Some(lock) = stop.run_until_cancelled(self.follow()).await else { return };
        self.lead().await;
        drop(lock);
    }

    /// Shows what another process does until the lock is free.
    async fn follow(&self) -> Option<lock::Lock> {
        let path = lock::path(self.options.data_dir.as_ref()?, &self.ports.scope);
        let mut leader: Option<Leader> = None;
        let mut seen = None;
        loop {
            let mut trouble = None;
            match lock::try_lock(&path) {
                Ok(lock) => return Some(lock),
                Err(Ok(other)) => {
                    if leader != Some(other) {
                        info!(pid = other.pid, "another process works on this store; following it");
                        self.ports.observer.leader(Some(other));
                        leader = Some(other);
                    }
                }
                Err(Err(error)) => {
                    let told = format!("the lock {} cannot be taken: {error}", path.display());
                    let advice =
                        "Nothing is being worked on. Check the data directory's permissions and its file system";
                    trouble = Some(Problem::local(told).advise(advice));
                }
            }
            match self.ports.store.version().await {
                Ok(version) if seen != Some(version) => match self.reread().await {
                    Ok(_) => seen = Some(version),
                    Err(error) => trouble = Some(error.into()),
                },
                Ok(_) => {}
                Err(error) => trouble = Some(error.into()),
            }
            self.ports.observer.trouble(trouble);
            tokio::select! {
                () = self.poke.notified() => wake_other(&self.options, &self.ports.scope),
                () = tokio::time::sleep(self.options.follow) => {}
            }
        }
    }

    async fn reread(&self) -> Result<Vec<ClusterRecord>, StoreError> {
        let clusters = self.ports.store.clusters(&self.ports.scope).await?;
        let templates = self.ports.store.templates(&self.ports.scope).await?;
        self.ports.observer.reread(clusters.clone(), templates);
        Ok(clusters)
    }

    async fn lead(&self) {
        let listener = self.listen();
        self.ports.observer.leader(None);
        info!(project = self.ports.scope.project_id, region = self.ports.scope.region, "conductor works");
        let mut work = Work::new(self);
        work.reload().await;
        loop {
            let due = work.next_due(listener.is_none() && self.options.data_dir.is_some());
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                Some(done) = work.running.join_next() => match done {
                    Ok(done) => work.finished(done),
                    Err(error) => {
                        error!(%error, "a task of the conductor died");
                        work.recover().await;
                    }
                },
                () = self.poke.notified() => work.reload().await,
                () = woken(listener.as_ref()) => work.reload().await,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => work.run_due().await,
            }
        }
        // Calls under way are heard out; whoever stops us says for how long.
        while work.running.join_next().await.is_some() {}
    }

    fn listen(&self) -> Option<Listener> {
        let path = wake::path(self.options.data_dir.as_ref()?, &self.ports.scope, self.options.runtime_dir.as_deref());
        match Listener::bind(&path?) {
            Ok(listener) => Some(listener),
            Err(error) => {
                warn!(%error, "no wake-up socket; polling the store instead");
                None
            }
        }
    }
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

/// What is known of a cluster between two activations.
struct Slot {
    record: ClusterRecord,
    running: bool,
    /// Newest revision met in the store while the slot was running.
    met: i64,
    /// Not before this time, and then for sure.
    due: Option<Instant>,
    /// The store's faults in a row.
    faults: u32,
}

enum Done {
    Slot(ClusterId, Result<Outcome, StoreError>),
    List { asked: DateTime<Utc>, took: Duration, result: Result<Vec<Stack>, CloudError> },
}

/// The work of a conductor that holds the lock.
struct Work<'a> {
    engine: &'a Engine,
    slots: BTreeMap<ClusterId, Slot>,
    running: JoinSet<Done>,
    permits: Arc<Semaphore>,
    listing: bool,
    list_due: Option<Instant>,
    list_faults: u32,
    /// When the list last ended, and how long it took: a slow cloud is asked less often.
    listed: Option<(Instant, Duration)>,
    seen: Option<i64>,
    poll_due: Option<Instant>,
    store_faults: u32,
}

impl<'a> Work<'a> {
    fn new(engine: &'a Engine) -> Self {
        Self {
            engine,
            slots: BTreeMap::new(),
            running: JoinSet::new(),
            permits: Arc::new(Semaphore::new(engine.options.concurrency.max(1))),
            listing: false,
            list_due: None,
            list_faults: 0,
            listed: None,
            seen: None,
            poll_due: None,
            store_faults: 0,
        }
    }

    /// Brings the slots in line with the store, and steps those whose record is new.
    async fn reload(&mut self) {
        let read = async {
            let version = self.engine.ports.store.version().await?;
            Ok::<_, StoreError>((version, self.engine.reread().await?))
        };
        match read.await {
            Ok((version, records)) => {
                self.seen = Some(version);
                self.store_faults = 0;
                self.poll_due = None;
                self.take(records);
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
    }

    fn take(&mut self, records: Vec<ClusterRecord>) {
        let kept: BTreeMap<ClusterId, ClusterRecord> =
            records.into_iter().map(|record| (record.id(), record)).collect();
        self.slots.retain(|id, slot| slot.running || kept.contains_key(id));
        for (id, record) in kept {
            let slot = self.slots.get(&id);
            let known = slot.map(|slot| (slot.record.revision, slot.running));
            match known {
                Some((revision, _)) if revision == record.revision => {}
                Some((_, true)) => {
                    if let Some(slot) = self.slots.get_mut(&id) {
                        slot.met = record.revision;
                    }
                }
                _ => {
                    self.slots.insert(id, Slot { record, running: false, met: 0, due: None, faults: 0 });
                    self.begin(id, Observed::Nothing);
                }
            }
        }
        self.plan_list();
    }

    fn begin(&mut self, id: ClusterId, observed: Observed) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        slot.running = true;
        slot.due = None;
        slot.met = 0;
        let record = slot.record.clone();
        let (ports, permits, stop) = (self.engine.ports.clone(), self.permits.clone(), self.engine.stop.clone());
        self.running.spawn(async move {
            let _permit = permits.acquire_owned().await;
            if stop.is_cancelled() {
                return Done::Slot(id, Ok(Outcome::Rest(Box::new(record), Next::List)));
            }
            Done::Slot(id, activate(&ports, id, observed).await)
        });
    }

    fn finished(&mut self, done: Done) {
        match done {
            Done::List { asked, took, result } => self.listed(asked, took, result),
            Done::Slot(id, result) => {
                let Some(slot) = self.slots.get_mut(&id) else { return };
                slot.running = false;
                match result {
                    Ok(Outcome::Gone) => {
                        self.slots.remove(&id);
                        return self.plan_list();
                    }
                    Ok(Outcome::Rest(record, next)) => {
                        slot.record = *record;
                        slot.faults = 0;
                        slot.due = match next {
                            Next::List => None,
                            Next::After(pause) => Some(Instant::now() + pause),
                        };
                        if slot.met > slot.record.revision {
                            // Somebody wrote to it after the activation last looked.
                            self.begin(id, Observed::Nothing);
                        }
                    }
                    Err(error) => {
                        slot.faults = slot.faults.saturating_add(1);
                        slot.due = Some(Instant::now() + backoff::delay(slot.faults, None, id.0));
                        error!(cluster = %id, %error, "the store failed");
                        self.engine.ports.observer.trouble(Some(error.into()));
                    }
                }
            }
        }
        self.plan_list();
    }

    /// A task died without an answer: nobody knows which, so all that was running is run again.
    async fn recover(&mut self) {
        self.running.shutdown().await;
        self.listing = false;
        self.slots.clear();
        // Not at once: what died may die again.
        self.poll_due = Some(Instant::now() + self.engine.options.slow);
        self.seen = None;
    }

    /// When the list is next asked for: often while something moves, seldom otherwise,
    /// never without clusters.
    fn plan_list(&mut self) {
        if self.listing || self.list_faults > 0 {
            return;
        }
        let options = &self.engine.options;
        let moving = self.slots.values().any(|slot| machine::is_moving(&slot.record));
        self.list_due = match (self.slots.is_empty(), self.listed) {
            (true, _) => None,
            (false, None) => Some(Instant::now()),
            (false, Some((at, took))) if moving => Some(at + options.fast.max(took * 2)),
            (false, Some((at, _))) => Some(at + options.slow),
        };
    }

    fn listed(&mut self, asked: DateTime<Utc>, took: Duration, result: Result<Vec<Stack>, CloudError>) {
        self.listing = false;
        self.listed = Some((Instant::now(), took));
        match result {
            Ok(stacks) => {
                self.list_faults = 0;
                self.engine.ports.observer.trouble(None);
                self.compare(stacks, asked);
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
    fn compare(&mut self, stacks: Vec<Stack>, asked: DateTime<Utc>) {
        let by_id: BTreeMap<&str, &Stack> = stacks.iter().map(|stack| (stack.id.as_str(), stack)).collect();
        let by_tag: BTreeMap<&str, &Stack> =
            stacks.iter().flat_map(|stack| stack.tags.iter().map(move |tag| (tag.as_str(), stack))).collect();
        let now = (self.engine.ports.clock)();
        let mut news = Vec::new();
        for (id, slot) in self.slots.iter().filter(|(_, slot)| !slot.running && slot.due.is_none()) {
            let stack = match &slot.record.cluster.stack_id {
                Some(stack_id) => by_id.get(stack_id.as_str()),
                None => by_tag.get(id.to_string().as_str()),
            };
            let observed = Observed::Listed { stack: stack.map(|stack| (*stack).clone()), asked };
            let transition = machine::step(slot.record.clone(), &observed, now);
            if transition.op.is_some() || transition.record != slot.record {
                news.push((*id, observed));
            }
        }
        for (id, observed) in news {
            self.begin(id, observed);
        }
    }

    fn next_due(&mut self, poll: bool) -> Option<Instant> {
        if poll && self.poll_due.is_none() {
            self.poll_due = Some(Instant::now() + self.engine.options.follow);
        }
        let slots = self.slots.values().filter(|slot| !slot.running).filter_map(|slot| slot.due);
        slots.chain(self.list_due).chain(self.poll_due).min()
    }

    async fn run_due(&mut self) {
        let now = Instant::now();
        if self.poll_due.is_some_and(|due| due <= now) {
            self.poll_due = None;
            self.reload_if_changed().await;
        }
        let due: Vec<ClusterId> = self
            .slots
            .iter()
            .filter(|(_, slot)| !slot.running && slot.due.is_some_and(|due| due <= now))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.begin(id, Observed::Nothing);
        }
        if self.list_due.is_some_and(|due| due <= now) {
            self.list_due = None;
            self.listing = true;
            // A wake-up may have been lost, and this is a cheap moment to notice.
            self.reload_if_changed().await;
            self.list();
        }
    }

    async fn reload_if_changed(&mut self) {
        match self.engine.ports.store.version().await {
            Ok(version) if self.seen == Some(version) => {}
            _ => self.reload().await,
        }
    }

    fn list(&mut self) {
        debug!(clusters = self.slots.len(), "asking for all stacks");
        let ports = self.engine.ports.clone();
        self.running.spawn(async move {
            let (asked, begun) = ((ports.clock)(), Instant::now());
            let result = ports.orchestration.stacks_by_tag(TAG).await;
            Done::List { asked, took: begun.elapsed(), result }
        });
    }
}

#[cfg(test)]
mod tests;
