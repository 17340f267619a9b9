//! Writes the history: the one place where entries are made, in the record that is about to
//! be saved, so that an entry is kept with what it tells of or not at all.
//!
//! A command is noted by who accepts it ([`command`], after the wish is in the record); what
//! became of it is noted by `transition` at each save of the conductor. Nothing is decided here.

use chrono::{DateTime, Utc};

use crate::model::history::{Sample, expected};
use crate::model::{HistoryEntry, HistoryKind, Operation, Status};
use crate::store::ClusterRecord;

/// Notes an accepted command, such as `create` or `resize`, and begins its operation.
/// `asked`: what for, in words. `samples`: how long it took others, newest first.
pub fn command(
    record: &mut ClusterRecord,
    name: &str,
    asked: String,
    user_id: &str,
    samples: &[Sample],
    now: DateTime<Utc>,
) {
    let likely = expected(samples, &record.cluster.driver, name, nodes(record));
    let expected_end = likely.and_then(|likely| now.checked_add_signed(likely));
    record.cluster.operation = Some(Operation { command: name.into(), begun: now, expected_end });
    let entry = HistoryEntry { user_id: Some(user_id.into()), ..entry(record, HistoryKind::Command, name, asked, now) };
    record.notes.push(entry);
}

/// Notes an accepted command that is about what is going on already, or does nothing to the
/// stack, such as `pause`: what was begun goes on, and is timed from its own beginning.
pub fn aside(record: &mut ClusterRecord, name: &str, asked: String, user_id: &str, now: DateTime<Utc>) {
    let entry = HistoryEntry { user_id: Some(user_id.into()), ..entry(record, HistoryKind::Command, name, asked, now) };
    record.notes.push(entry);
}

/// Notes a status that differs from the one before, and ends the operation that it ends.
pub(super) fn transition(before: &ClusterRecord, record: &mut ClusterRecord, now: DateTime<Utc>) {
    let status = &record.cluster.status;
    if *status == before.cluster.status {
        return;
    }
    let (event, ends) = (status.to_string(), !status.is_in_progress());
    note(record, &event, ends, now);
}

/// Notes that nothing is left of the cluster.
pub(super) fn forgotten(record: &mut ClusterRecord, now: DateTime<Utc>) {
    note(record, &Status::DELETE_COMPLETE.to_string(), true, now);
}

fn note(record: &mut ClusterRecord, event: &str, ends: bool, now: DateTime<Utc>) {
    let reason = record.cluster.status_reason.clone();
    let begun = record.cluster.operation.as_ref().map(|operation| operation.begun);
    // A clock that was set back makes no negative durations.
    let took = begun.filter(|_| ends).and_then(|begun| u64::try_from((now - begun).num_seconds()).ok());
    let entry = HistoryEntry { duration: took, ..entry(record, HistoryKind::Transition, event, reason, now) };
    record.notes.push(entry);
    if ends {
        record.cluster.operation = None;
    }
}

fn entry(record: &ClusterRecord, kind: HistoryKind, event: &str, reason: String, now: DateTime<Utc>) -> HistoryEntry {
    let cluster = &record.cluster;
    HistoryEntry {
        cluster_uuid: cluster.uuid,
        cluster_name: cluster.name.clone(),
        at: now,
        kind,
        event: event.into(),
        operation: cluster.operation.as_ref().map(|operation| operation.command.clone()).unwrap_or_default(),
        reason,
        user_id: None,
        driver: cluster.driver.clone(),
        nodes: nodes(record),
        duration: None,
    }
}

fn nodes(record: &ClusterRecord) -> u32 {
    record.cluster.master_count.saturating_add(record.cluster.node_count)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{command, forgotten, transition};
    use crate::model::Status;
    use crate::model::history::Sample;
    use crate::store::ClusterRecord;
    use crate::store::tests::record;

    fn at(seconds: i64) -> DateTime<Utc> {
        record(1, "x").cluster.created_at + TimeDelta::seconds(seconds)
    }

    fn told(record: &ClusterRecord) -> Vec<String> {
        let line = |entry: &crate::model::HistoryEntry| {
            format!("{} of {:?}, took {:?}: {}", entry.event, entry.operation, entry.duration, entry.reason)
        };
        record.notes.iter().map(line).collect()
    }

    #[test]
    fn a_life() {
        let mut now = record(1, "x");
        let sample = Sample { driver: "test".into(), operation: "create".into(), nodes: 3, took: 90 };
        command(&mut now, "create", "1 master and 2 workers".into(), "u1", &[sample], at(0));
        assert_eq!(now.cluster.operation.as_ref().unwrap().expected_end, Some(at(90)));
        let same = now.clone();
        transition(&same, &mut now, at(5));
        let step = |now: &mut ClusterRecord, status, reason: &str, seconds| {
            let before = now.clone();
            now.cluster.status = status;
            now.cluster.status_reason = reason.into();
            transition(&before, now, at(seconds));
        };
        step(&mut now, Status::CREATE_FAILED, "no valid host", 80);
        assert_eq!(now.cluster.operation, None);
        step(&mut now, Status::from("CHECK_COMPLETE"), "somebody else did that", 90);
        command(&mut now, "delete", String::new(), "u1", &[], at(100));
        step(&mut now, Status::DELETE_IN_PROGRESS, "", 100);
        forgotten(&mut now, at(130));
        insta::assert_snapshot!(told(&now).join("\n"), @r#"
        create of "create", took None: 1 master and 2 workers
        CREATE_FAILED of "create", took Some(80): no valid host
        CHECK_COMPLETE of "", took None: somebody else did that
        delete of "delete", took None: 
        DELETE_IN_PROGRESS of "delete", took None: 
        DELETE_COMPLETE of "delete", took Some(30): 
        "#);
        assert_eq!(now.notes[0].user_id.as_deref(), Some("u1"));
    }

    #[test]
    fn a_pause_begins_nothing() {
        let mut now = record(1, "x");
        command(&mut now, "upgrade", String::new(), "u1", &[], at(0));
        super::aside(&mut now, "pause", String::new(), "u1", at(50));
        let before = now.clone();
        now.cluster.status = Status::UPDATE_COMPLETE;
        transition(&before, &mut now, at(80));
        assert_eq!((now.notes[1].event.as_str(), now.notes[1].operation.as_str()), ("pause", "upgrade"));
        assert_eq!((now.notes[2].operation.as_str(), now.notes[2].duration), ("upgrade", Some(80)));
    }

    #[test]
    fn a_clock_set_back_makes_no_duration() {
        let mut now = record(1, "x");
        command(&mut now, "create", String::new(), "u1", &[], at(100));
        forgotten(&mut now, at(0));
        assert_eq!(now.notes[1].duration, None);
    }
}
