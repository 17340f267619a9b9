//! Tells other systems what happens to clusters: CADF events as Magnum emits them, to RabbitMQ in
//! oslo.messaging's envelope and to a file with one JSON object a line.
//!
//! [`Notifier::tell`] never waits: events go into a bounded queue for each target, and a task of
//! its own carries them out. What a full queue or a broker that stays away costs is counted and said in the log.
//! Must not know clouds or stores. Start reading at [`cadf`], which says what an event is.

pub mod cadf;
mod file;
mod rabbit;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;
use tracing::warn;

pub use cadf::{Event, Outcome};

/// Events that wait for a broker; some hours of a busy fleet.
const QUEUE: usize = 10_000;

/// Where events go.
#[derive(Debug, Clone, Default)]
pub struct Targets {
    pub rabbit: Option<Rabbit>,
    /// One JSON object a line, appended.
    pub file: Option<PathBuf>,
    /// Names this conductor: `container-infra.HOST`.
    pub host: String,
}

/// A message broker, as `[oslo_messaging_notifications]` of any OpenStack service names it.
#[derive(Debug, Clone)]
pub struct Rabbit {
    /// `amqp://user:password@host:5672/vhost`.
    pub url: SecretString,
    /// oslo.messaging's `control_exchange`.
    pub exchange: String,
    /// Queues, each with `.info` and `.error` behind.
    pub topics: Vec<String>,
}

/// The conductor's end; cheap to clone. Without targets it does nothing.
#[derive(Clone, Default)]
pub struct Notifier {
    /// One for each target: a broker that is away holds no file up.
    queues: Arc<[Queue]>,
}

struct Queue {
    sender: Sender<Event>,
    /// What takes from it, for the log.
    target: &'static str,
    /// Since the last one that found room.
    dropped: AtomicU64,
    taken: AtomicU64,
    /// Counts what was carried out or given up, so that an end can wait for it.
    done: watch::Receiver<u64>,
}

impl std::fmt::Debug for Notifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notifier").field("targets", &self.queues.len()).finish()
    }
}

impl Notifier {
    /// Must be called within a tokio runtime. Connects when there is something to tell.
    pub fn start(targets: Targets) -> Self {
        Self::with_queue(targets, QUEUE)
    }

    fn with_queue(targets: Targets, size: usize) -> Self {
        let mut queues = Vec::new();
        let Targets { rabbit, file, host } = targets;
        if let Some(rabbit) = rabbit {
            let mut broker = rabbit::Broker::new(rabbit, &host);
            queues.push(Queue::start("message broker", size, move |mut receiver, count| async move {
                while let Some(event) = receiver.recv().await {
                    broker.publish(&event).await;
                    count.send_modify(|count: &mut u64| *count += 1);
                }
            }));
        }
        if let Some(path) = file {
            let mut lines = file::Lines::new(path, &host);
            queues.push(Queue::start("file", size, move |mut receiver, count| async move {
                while let Some(event) = receiver.recv().await {
                    lines.append(&event).await;
                    count.send_modify(|count: &mut u64| *count += 1);
                }
            }));
        }
        Self { queues: queues.into() }
    }

    pub fn is_active(&self) -> bool {
        !self.queues.is_empty()
    }

    /// Never waits. An event that finds a queue full is dropped there, and the log says how many were.
    pub fn tell(&self, event: Event) {
        for queue in &*self.queues {
            queue.put(event.clone());
        }
    }

    /// Waits at most this long until all that was told is carried out; a command that ends needs that.
    pub async fn settle(&self, limit: Duration) {
        let all = async {
            for queue in &*self.queues {
                let wanted = queue.taken.load(Ordering::SeqCst);
                // An error means the task is gone, and nothing more will come.
                let _ = queue.done.clone().wait_for(|done| *done >= wanted).await;
            }
        };
        if tokio::time::timeout(limit, all).await.is_err() {
            warn!("left notifications untold: the broker or the file took them too slowly");
        }
    }
}

impl Queue {
    /// `carry` takes event after event and counts each.
    fn start<F, Carried>(target: &'static str, size: usize, carry: F) -> Self
    where
        F: FnOnce(Receiver<Event>, watch::Sender<u64>) -> Carried,
        Carried: Future<Output = ()> + Send + 'static,
    {
        let (sender, receiver) = channel(size.max(1));
        let (count, done) = watch::channel(0);
        tokio::spawn(carry(receiver, count));
        Self { sender, target, dropped: AtomicU64::new(0), taken: AtomicU64::new(0), done }
    }

    fn put(&self, event: Event) {
        match self.sender.try_send(event) {
            Ok(()) => {
                self.taken.fetch_add(1, Ordering::SeqCst);
                let dropped = self.dropped.swap(0, Ordering::SeqCst);
                if dropped > 0 {
                    warn!(dropped, to = self.target, "notifications were dropped: too many waited");
                }
            }
            Err(TrySendError::Full(event) | TrySendError::Closed(event)) => {
                // Said at the first, and again with their number when there is room.
                if self.dropped.fetch_add(1, Ordering::SeqCst) == 0 {
                    warn!(
                        event = event.event_type(),
                        to = self.target,
                        "too many notifications wait; dropping what comes now"
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
