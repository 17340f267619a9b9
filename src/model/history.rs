//! What happened to clusters, kept after they are gone: commands, transitions, how long
//! things took; and what that teaches about how long they will take.
//!
//! Entries are made by [`crate::conductor::chronicle`] and by nobody else. What is kept here
//! is for people and for [`expected`]; no decision about a cluster may hang on it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::ClusterId;

/// One thing that happened to a cluster. Whole in itself: the cluster may be gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    pub cluster_uuid: ClusterId,
    pub cluster_name: String,
    pub at: DateTime<Utc>,
    pub kind: HistoryKind,
    /// A command's name (`create`, `resize`), or the status that was come to (`CREATE_COMPLETE`).
    pub event: String,
    /// The command that this belongs to; empty when nobody commanded it.
    #[serde(default)]
    pub operation: String,
    /// What was asked for, or why it came to this. May be empty.
    #[serde(default)]
    pub reason: String,
    /// Who commanded it; `None`: the conductor or the cloud.
    #[serde(default)]
    pub user_id: Option<String>,
    pub driver: String,
    /// Masters and workers together, as wished for at that time.
    pub nodes: u32,
    /// Seconds from the command to this end of it. `None`: this ended nothing.
    #[serde(default)]
    pub duration: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryKind {
    Command,
    Transition,
}

/// What is being done to a cluster because of a command: from its acceptance until its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The command's name, as in [`HistoryEntry::event`].
    pub command: String,
    pub begun: DateTime<Utc>,
    /// When it should be done by what was learnt; `None`: nothing was.
    #[serde(default)]
    pub expected_end: Option<DateTime<Utc>>,
}

impl Operation {
    /// How long it should still take; `None`: not known, or it takes longer than ever.
    pub fn left(&self, now: DateTime<Utc>) -> Option<Duration> {
        (self.expected_end? - now).to_std().ok().filter(|left| !left.is_zero())
    }
}

/// One operation that came to a good end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    pub driver: String,
    pub operation: String,
    pub nodes: u32,
    /// Seconds.
    pub took: u64,
}

impl Sample {
    /// What an entry teaches; only good ends do.
    pub fn of(entry: &HistoryEntry) -> Option<Self> {
        let good = entry.kind == HistoryKind::Transition && entry.event.ends_with("_COMPLETE");
        (good && !entry.operation.is_empty()).then_some(())?;
        Some(Self {
            driver: entry.driver.clone(),
            operation: entry.operation.clone(),
            nodes: entry.nodes,
            took: entry.duration?,
        })
    }
}

/// Samples of the nearest size that are asked for their middle.
const NEAREST: usize = 5;

/// How long an operation on a cluster of that many nodes takes by what is known of others:
/// the median of those nearest in size, newest first among equals. `samples`: newest first.
pub fn expected(samples: &[Sample], driver: &str, operation: &str, nodes: u32) -> Option<TimeDelta> {
    let mut near: Vec<&Sample> =
        samples.iter().filter(|sample| sample.driver == driver && sample.operation == operation).collect();
    // Stable, so that the newest stay in front.
    near.sort_by_key(|sample| sample.nodes.abs_diff(nodes));
    near.truncate(NEAREST);
    near.sort_by_key(|sample| sample.took);
    let middle = near.get(near.len() / 2)?;
    TimeDelta::try_seconds(i64::try_from(middle.took).ok()?)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::{Operation, Sample, expected};

    fn sample(operation: &str, nodes: u32, took: u64) -> Sample {
        Sample { driver: "d".into(), operation: operation.into(), nodes, took }
    }

    #[test]
    fn the_middle_of_the_nearest_counts() {
        let samples: Vec<Sample> =
            [(2, 100), (2, 120), (3, 9000), (50, 2000), (50, 2100), (50, 2200), (51, 2050), (52, 1)]
                .map(|(nodes, took)| sample("create", nodes, took))
                .into();
        let at = |nodes| expected(&samples, "d", "create", nodes).map(|delta| delta.num_seconds());
        assert_eq!(at(2), Some(2000), "five are asked, near or not");
        assert_eq!(at(50), Some(2050));
        assert_eq!(expected(&samples[..2], "d", "create", 40), Some(TimeDelta::seconds(120)));
        assert_eq!(expected(&samples, "d", "delete", 2), None);
        assert_eq!(expected(&samples, "other", "create", 2), None);
        assert_eq!(expected(&[sample("create", 1, u64::MAX)], "d", "create", 1), None, "rubbish is no duration");
    }

    #[test]
    fn the_newest_count_among_equals() {
        let mut samples = vec![sample("create", 2, 60); 5];
        samples.extend(vec![sample("create", 2, 600); 50]);
        assert_eq!(expected(&samples, "d", "create", 2), Some(TimeDelta::seconds(60)));
    }

    #[test]
    fn nothing_is_left_when_it_is_late() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let operation = Operation { command: "create".into(), begun: at(0), expected_end: Some(at(60)) };
        assert_eq!(operation.left(at(20)).map(|left| left.as_secs()), Some(40));
        assert_eq!(operation.left(at(60)), None);
        assert_eq!(operation.left(at(90)), None);
        assert_eq!(Operation { expected_end: None, ..operation }.left(at(0)), None);
    }
}
