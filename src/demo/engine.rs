//! Does over time what stacks ask for: walks the graph, makes and removes things
//! in the [`World`], plays the nodes that boot and signal, tells it all as events.
//!
//! One task per stack action and per resource under way; all stop with the cloud.
//! While nothing moves there is no task and no timer. Start reading at [`converge`].

pub mod attributes;
pub mod boot;
pub mod converge;
pub mod create;
pub mod delete;
pub mod make;
pub mod scope;
pub mod signal;
pub mod update;

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::nodes::Nodes;
use super::world::World;
use crate::hot::blueprint::place;

/// How fast time goes.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Divides what work takes; 1.0 is the demonstration's own pace (a server in about a second).
    pub speed: f64,
    /// How long a minute of a time-out lasts. At the demonstration's pace a second:
    /// what takes a real cloud ten minutes takes ten seconds here.
    pub minute: Duration,
}

impl Pace {
    /// For work that takes `seconds` at the demonstration's pace.
    pub fn work(&self, seconds: f64) -> Duration {
        let scaled = seconds / self.speed.max(0.01);
        if scaled.is_finite() && scaled > 0.0 { Duration::from_secs_f64(scaled.min(3600.0)) } else { Duration::ZERO }
    }

    /// For a time-out of so many seconds. Slower work has more time; faster work not less.
    #[allow(clippy::manual_clamp, reason = "clamp keeps a NaN")]
    pub fn limit(&self, seconds: f64) -> Duration {
        // `max` and `min` rather than `clamp`: they turn a NaN into a bound.
        let slowness = self.speed.max(0.01).min(1.0);
        let scaled = self.minute.as_secs_f64() * seconds.max(0.0).min(1e7) / 60.0 / slowness;
        Duration::from_secs_f64(scaled.min(1e8))
    }
}

/// Why a resource failed, as Heat words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exception's name.
    pub kind: String,
    /// `resources.nodes.resources[0].resources.server`.
    pub path: String,
    pub words: String,
}

impl Failure {
    pub fn new(kind: &str, words: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), path: String::new(), words: words.into() }
    }

    /// The same, seen from the stack that holds `resource`.
    #[must_use]
    pub fn at(mut self, resource: &str) -> Self {
        let place = place(resource);
        self.path = if self.path.is_empty() { place } else { format!("{place}.{}", self.path) };
        self
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}: {}", self.kind, self.path, self.words)
    }
}

/// How work on a resource or stack ended when not well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Failed(Failure),
    /// Somebody deletes the stack, or its time is up.
    Stopped,
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A handle on the running cloud; clones share it.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

struct Shared {
    world: Mutex<World>,
    /// Files named after servers: what their consoles show besides.
    consoles: PathBuf,
    nodes: Option<Nodes>,
    pace: Pace,
    stop: CancellationToken,
    /// Rung whenever a wait condition may have got what it waits for.
    signalled: Notify,
}

impl Engine {
    pub fn new(world: World, consoles: PathBuf, nodes: Option<Nodes>, pace: Pace, stop: CancellationToken) -> Self {
        Self(Arc::new(Shared { world: Mutex::new(world), consoles, nodes, pace, stop, signalled: Notify::new() }))
    }

    /// What its machine lets a console show, be it ours or somebody's who plays the node.
    pub fn console(&self, server: &str, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.0.consoles.join(server)).unwrap_or_default();
        let ours = self.0.nodes.as_ref().map(|nodes| nodes.console(server, name));
        text.lines().map(str::to_owned).chain(ours.into_iter().flatten()).collect()
    }

    /// The state, to read or change at once; never held while waiting.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn pace(&self) -> Pace {
        self.0.pace
    }

    pub fn stop(&self) -> &CancellationToken {
        &self.0.stop
    }

    fn signalled(&self) -> &Notify {
        &self.0.signalled
    }

    /// Runs beside; ends with the cloud.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.0.stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// Lets work's time pass, sometimes a little more: no two servers take the same.
    pub async fn pass(&self, seconds: f64) {
        let more = f64::from(uuid::Uuid::new_v4().into_bytes()[0]) / 255.0 * 0.5;
        let time = self.0.pace.work(seconds * (1.0 + more));
        if !time.is_zero() {
            tokio::time::sleep(time).await;
        }
    }
}
