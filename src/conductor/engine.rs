//! Whether this process works or follows: on a store of the user's own by a file lock, on a
//! shared one by leases. What work is, and when, is `work`.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::activate::Ports;
use super::shards::Shards;
use super::tell::Tell;
use super::view::View;
use super::wake::Listener;
use super::work::Work;
use super::{Leader, details, health, lock, wake};
use crate::kube::api::Gateway;
use crate::model::{ClusterId, Problem};
use crate::notify::Targets;

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
    /// On a shared store: how long after its last sign of life a conductor's clusters are others'.
    pub lease: Duration,
    /// On a shared store: works only while no conductor that is there for it lives.
    pub stands_in: bool,
    /// Does no work, whether or not somebody else does it.
    pub only_follows: bool,
    pub outside: Outside,
}

/// What is reached beside OpenStack; where nothing is named, nothing is.
#[derive(Clone, Default)]
pub struct Outside {
    pub kubernetes: Option<Arc<dyn Gateway>>,
    /// Between two looks at each cluster's health; zero: none.
    pub health: Duration,
    pub notify: Targets,
    /// New clusters' keys go to Barbican, unless their labels say otherwise.
    pub keys_in_barbican: bool,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside")
            .field("kubernetes", &self.kubernetes.is_some())
            .field("health", &self.health)
            .field("notify", &self.notify)
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
            lease: Duration::from_secs(30),
            stands_in: true,
            only_follows: false,
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
        tasks.spawn(details::run(ports.clone(), tell.clone(), watching, options.fast, stop.clone()));
        if ports.kubernetes.is_some() && !options.outside.health.is_zero() && !options.only_follows {
            tasks.spawn(health::run(ports.clone(), tell, options.outside.health, stop.clone()));
        }
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

pub(super) struct Engine {
    pub ports: Ports,
    pub options: Options,
    pub poke: Arc<Notify>,
    pub stop: CancellationToken,
}

impl Engine {
    async fn run(self) {
        if self.options.only_follows {
            return self.stop.run_until_cancelled(self.look_on()).await.unwrap_or_default();
        }
        if self.ports.store.leases().is_some() {
            info!(project = self.ports.scope.project_id, region = self.ports.scope.region, "conductor shares the work");
            let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
            let shards = Shards::shared(host, self.options.stands_in, self.options.lease);
            return Work::new(&self, shards).run(None).await;
        }
        let stop = self.stop.clone();
        let Some(lock) = stop.run_until_cancelled(self.follow()).await else { return };
        self.lead().await;
        drop(lock);
    }

    /// Shows what others do, and never works itself.
    async fn look_on(&self) {
        let mut view = View::default();
        loop {
            let trouble = view.refresh(&self.ports, drop).await.err().map(Problem::from);
            self.ports.observer.trouble(trouble);
            tokio::time::sleep(self.options.follow).await;
        }
    }

    /// Shows what another process does until the lock is free.
    async fn follow(&self) -> Option<lock::Lock> {
        let path = lock::path(self.options.data_dir.as_ref()?, &self.ports.scope);
        let mut leader: Option<Leader> = None;
        let mut view = View::default();
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
            if let Err(error) = view.refresh(&self.ports, drop).await {
                trouble = Some(error.into());
            }
            self.ports.observer.trouble(trouble);
            tokio::select! {
                () = self.poke.notified() => wake_other(&self.options, &self.ports.scope),
                () = tokio::time::sleep(self.options.follow) => {}
            }
        }
    }

    async fn lead(&self) {
        let listener = self.listen();
        self.ports.observer.leader(None);
        info!(project = self.ports.scope.project_id, region = self.ports.scope.region, "conductor works");
        Work::new(self, Shards::alone()).run(listener).await;
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

#[cfg(test)]
mod tests;
