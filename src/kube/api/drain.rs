//! Emptying a node before its machine goes.
//! <https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/>

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::client::Client;
use super::{Api, KubeError, KubeErrorKind};

/// How quickly a drain looks again.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two looks at what is left on the node.
    pub look: Duration,
    /// Between two attempts on a pod that may not go yet, unless the server says otherwise.
    pub again: Duration,
}

impl Default for Pace {
    /// kubectl's own five seconds between attempts.
    fn default() -> Self {
        Self { look: Duration::from_secs(1), again: Duration::from_secs(5) }
    }
}

/// What a drain did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drained {
    /// Pods that went because of us.
    pub evicted: usize,
    /// Static pods, DaemonSets' and finished ones: they stay on the node and end with it.
    pub left: usize,
}

/// What became of one eviction.
pub(super) enum Evicted {
    Yes,
    /// There is no such pod any more.
    Gone,
    /// Not now: why, and when to ask again.
    Later(String, Option<Duration>),
}

/// Pods named in a message; a node has up to 110.
const NAMED: usize = 5;

pub(super) async fn drain(api: &Client, node: &str, limit: Duration, pace: Pace) -> Result<Drained, KubeError> {
    let deadline = Instant::now() + limit;
    let mut asked: HashSet<String> = HashSet::new();
    let mut blocked: BTreeMap<String, (String, Instant)> = BTreeMap::new();
    let mut cordoned = false;
    loop {
        match round(api, node, pace, &mut cordoned, &mut asked, &mut blocked).await {
            Ok(Round { waiting, stays }) if waiting.is_empty() => {
                return Ok(Drained { evicted: asked.len(), left: stays });
            }
            Ok(Round { waiting, .. }) if Instant::now() >= deadline => {
                return Err(left_over(node, limit, &waiting, &blocked));
            }
            // An API behind a load balancer comes and goes while masters are replaced.
            Err(error) if !error.is_passing() || Instant::now() >= deadline => return Err(error),
            Ok(_) | Err(_) => {}
        }
        // One last look at the deadline itself.
        sleep_until((Instant::now() + pace.look).min(deadline)).await;
    }
}

struct Round {
    /// `namespace/name` of pods that have to go and are still there.
    waiting: Vec<String>,
    stays: usize,
}

async fn round(
    api: &Client,
    node: &str,
    pace: Pace,
    cordoned: &mut bool,
    asked: &mut HashSet<String>,
    blocked: &mut BTreeMap<String, (String, Instant)>,
) -> Result<Round, KubeError> {
    if !*cordoned {
        if !api.cordon(node, true).await? {
            return Ok(Round { waiting: Vec::new(), stays: 0 });
        }
        *cordoned = true;
    }
    let pods = api.pods(node).await?;
    let stays = pods.iter().filter(|pod| pod.stays).count();
    let mut waiting = Vec::new();
    for pod in pods.iter().filter(|pod| !pod.stays) {
        let name = format!("{}/{}", pod.namespace, pod.name);
        let due = blocked.get(&name).is_none_or(|(_, again)| *again <= Instant::now());
        if !pod.ending && !asked.contains(&pod.uid) && due {
            match api.evict(pod).await? {
                Evicted::Gone => continue,
                Evicted::Yes => {
                    asked.insert(pod.uid.clone());
                    blocked.remove(&name);
                }
                Evicted::Later(why, after) => {
                    blocked.insert(name.clone(), (why, Instant::now() + after.unwrap_or(pace.again).min(MOST)));
                }
            }
        }
        waiting.push(name);
    }
    Ok(Round { waiting, stays })
}

/// No server makes us wait longer than this between two attempts.
const MOST: Duration = Duration::from_secs(30);

fn left_over(
    node: &str,
    limit: Duration,
    waiting: &[String],
    blocked: &BTreeMap<String, (String, Instant)>,
) -> KubeError {
    let told = waiting.iter().take(NAMED).map(|name| match blocked.get(name) {
        Some((why, _)) => format!("{name} ({why})"),
        None => format!("{name} (it ends, but has not ended)"),
    });
    let mut told = told.collect::<Vec<_>>().join(", ");
    if waiting.len() > NAMED {
        told.push_str(&format!(" and {} more", waiting.len() - NAMED));
    }
    let told = format!("node {node} is not drained after {} s: {told}", limit.as_secs());
    KubeError::new(KubeErrorKind::Blocked, told)
}
