//! A delete that is held up: by what the cluster's own controllers made, or by what
//! made Heat's delete fail. Waits, says what is in the way, and tries again by itself.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Flow, LOOK, elapsed, fail};
use crate::model::{Action, Status};
use crate::store::{ClusterRecord, Intent};

/// Octavia takes minutes for a balancer with many listeners; longer than this it hangs.
pub const PATIENCE: Duration = Duration::from_secs(600);
/// A failed delete is tried again by itself after this, then after twice as long, and so on.
const FIRST: Duration = Duration::from_secs(300);
const LONGEST: Duration = Duration::from_secs(3600);
/// So often; after that only when somebody asks. Some five hours in all.
pub const RETRIES: u32 = 8;

/// Something must be gone before Heat is asked (again); `told` says what.
pub fn held(record: &mut ClusterRecord, told: &str, now: DateTime<Utc>) -> Flow {
    record.track.faults = 0;
    record.track.delete_sent = None;
    if elapsed(record.cluster.status_since, now) > PATIENCE {
        fail(record, Action::Delete, format!("in the way: {told}"));
        return Flow::Decide;
    }
    record.cluster.status_reason = format!("removing what the cluster's controllers made: {told}");
    Flow::Wait(LOOK)
}

/// Begins a failed delete anew when its time has come; `None`: go on as the record says.
pub fn again(record: &mut ClusterRecord, now: DateTime<Utc>) -> Option<Flow> {
    if record.intent != Intent::Absent
        || record.cluster.status != Status::DELETE_FAILED
        || record.track.delete_retries >= RETRIES
    {
        return None;
    }
    let due = FIRST.saturating_mul(2u32.saturating_pow(record.track.delete_retries)).min(LONGEST);
    let left = due.saturating_sub(elapsed(record.cluster.status_since, now));
    if !left.is_zero() {
        return Some(Flow::Wait(left));
    }
    let track = &mut record.track;
    track.delete_retries += 1;
    track.delete_sent = None;
    track.delete_failures = 0;
    record.cluster.status = Status::DELETE_IN_PROGRESS;
    record.cluster.status_reason = format!("deleting once more by itself ({} of {RETRIES})", track.delete_retries);
    record.cluster.cause = None;
    None
}
