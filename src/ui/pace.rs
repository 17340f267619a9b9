//! How far moving clusters were and when, since this dashboard looks: what a sparkline of their
//! progress is made of. Kept by the fleet; nothing of it is stored.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::model::{Cluster, ClusterId, Progress};

/// More points than any line has columns say nothing more.
const KEPT: usize = 512;
/// A whole operation.
const WHOLE: u16 = 1000;

#[derive(Debug)]
struct Pace {
    begun: DateTime<Utc>,
    /// Time, and thousandths of the whole; a point only where it is another than the one before.
    points: Vec<(DateTime<Utc>, u16)>,
}

#[derive(Debug, Default)]
pub struct Paces(HashMap<ClusterId, Pace>);

/// How far the cluster is with what is under way: machines where they are counted, else Heat's resources.
pub fn share(cluster: &Cluster) -> Option<Progress> {
    let change = cluster.rollout.as_ref().filter(|change| change.total > 0);
    let counted = change.map(|change| Progress { complete: change.done.min(change.total), total: change.total });
    counted.or(cluster.progress.filter(|progress| progress.total > 0))
}

/// When what is under way was begun.
pub fn begun(cluster: &Cluster) -> DateTime<Utc> {
    cluster.operation.as_ref().map_or(cluster.status_since, |operation| operation.begun)
}

impl Paces {
    pub fn note(&mut self, cluster: &Cluster, now: DateTime<Utc>) {
        let (true, Some(share)) = (cluster.status.is_in_progress(), share(cluster)) else {
            self.0.remove(&cluster.uuid);
            return;
        };
        let far = share.complete.min(share.total) * usize::from(WHOLE) / share.total.max(1);
        let far = u16::try_from(far).unwrap_or(WHOLE);
        let begun = begun(cluster);
        let pace = self.0.entry(cluster.uuid).or_insert_with(|| Pace { begun, points: Vec::new() });
        if pace.begun != begun {
            *pace = Pace { begun, points: Vec::new() };
        }
        if pace.points.last().is_some_and(|(_, last)| *last == far) {
            return;
        }
        pace.points.push((now, far));
        if pace.points.len() > KEPT {
            let mut at = 0;
            pace.points.retain(|_| {
                at += 1;
                at % 2 == 0
            });
        }
    }

    pub fn forget(&mut self, id: ClusterId) {
        self.0.remove(&id);
    }

    /// From its beginning to now in so many columns, eighths of the whole in each; `None` in one of
    /// before it was looked at. Nothing where too little is known to tell of.
    pub fn line(&self, id: ClusterId, now: DateTime<Utc>, columns: usize) -> Vec<Option<u8>> {
        let Some(pace) = self.0.get(&id).filter(|pace| pace.points.len() > 1) else { return Vec::new() };
        let span = (now - pace.begun).num_milliseconds().max(1);
        let mut points = pace.points.iter().peekable();
        let mut last = None;
        let column = |column: usize| {
            let part = i64::try_from(column + 1).unwrap_or(i64::MAX);
            let end = span.saturating_mul(part) / i64::try_from(columns).unwrap_or(i64::MAX).max(1);
            while let Some((_, far)) = points.next_if(|(at, _)| (*at - pace.begun).num_milliseconds() <= end) {
                last = Some(u8::try_from(u32::from(*far) * 8 / u32::from(WHOLE)).unwrap_or(8));
            }
            last
        };
        (0..columns).map(column).collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::{Pace, Paces};
    use crate::model::ClusterId;

    #[test]
    fn a_line_stands_still_where_nothing_came_and_is_empty_before_anybody_looked() {
        let begun = DateTime::UNIX_EPOCH;
        let at = |seconds| begun + TimeDelta::seconds(seconds);
        let id = ClusterId(uuid::Uuid::nil());
        let paces = Paces([(id, Pace { begun, points: vec![(at(20), 125), (at(30), 500), (at(80), 999)] })].into());
        let told = paces.line(id, at(80), 8);
        assert_eq!(told, [None, Some(1), Some(4), Some(4), Some(4), Some(4), Some(4), Some(7)]);
        assert_eq!(paces.line(id, begun, 2), [None, None], "the clock was set back");
        assert!(paces.line(id, at(80), 0).is_empty());
        assert!(paces.line(ClusterId(uuid::Uuid::max()), at(80), 8).is_empty());
        let one = Paces([(id, Pace { begun, points: vec![(at(20), 125)] })].into());
        assert!(one.line(id, at(80), 8).is_empty());
    }
}
