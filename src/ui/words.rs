//! Signs, words and durations: how a state is told. Status is always a sign and
//! a word and a role, so that it reads without colour.

use chrono::{DateTime, TimeDelta, Utc};

use super::theme::Role;
use crate::model::text::counted;
use crate::model::{Action, Cluster, State, Status, timeout};

/// Sign, word and role of a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub sign: &'static str,
    pub word: String,
    pub role: Role,
}

/// A cluster's status in a word a person would use.
pub fn status(status: &Status) -> Told {
    let told = |sign, word: &str, role| Told { sign, word: word.to_owned(), role };
    match (&status.action, &status.state) {
        (Action::Create, State::InProgress) => told("◐", "creating", Role::Moving),
        (Action::Update, State::InProgress) => told("↻", "updating", Role::Moving),
        (Action::Delete, State::InProgress) => told("◌", "deleting", Role::Moving),
        (Action::Rollback, State::InProgress) => told("↺", "rolling back", Role::Moving),
        (Action::Delete, State::Complete) => told("○", "deleted", Role::Muted),
        (Action::Create | Action::Update | Action::Rollback, State::Complete) => told("●", "ready", Role::Ok),
        (Action::Create, State::Failed) => told("✖", "create failed", Role::Failed),
        (Action::Update, State::Failed) => told("✖", "update failed", Role::Failed),
        (Action::Delete, State::Failed) => told("✖", "delete failed", Role::Failed),
        (Action::Rollback, State::Failed) => told("✖", "rollback failed", Role::Failed),
        // Heat's word for a resource it has not begun with.
        (Action::Other(init), State::Complete) if init == "INIT" => told("○", "not begun", Role::Faint),
        (_, State::InProgress) => told("◐", &status.to_string(), Role::Moving),
        (_, State::Failed) => told("✖", &status.to_string(), Role::Failed),
        (_, State::Complete) => told("●", &status.to_string(), Role::Ok),
        (_, State::Other(_)) => told("?", &status.to_string(), Role::Warning),
    }
}

/// Whether something was done and is over: `INIT_COMPLETE` is only the beginning.
pub fn is_done(status: &Status) -> bool {
    status.is_complete() && status.action != Action::Other("INIT".into())
}

/// The role of a status word in a long list: what is done is quiet, its sign says enough.
pub fn quiet(status: &Status, told: &Told) -> Role {
    if is_done(status) { Role::Muted } else { told.role }
}

/// Heat's own word (`CREATE_COMPLETE`) with sign and role, for resources and events.
pub fn heat(status: &Status) -> Told {
    Told { word: status.to_string(), ..self::status(status) }
}

/// The telling part of a failure's reason, for a list: Nova's message without its wrapping.
pub fn gist(reason: &str) -> &str {
    let message = reason.split_once("Message: ").map_or(reason, |(_, message)| message);
    let message = message.split_once(": Went to status ERROR due to ").map_or(message, |(_, message)| message);
    let message = message.split_once(", Code: ").map_or(message, |(message, _)| message);
    let message = message.strip_prefix("Resource CREATE failed: ").unwrap_or(message);
    message.trim_end_matches(['.', ',', '"', ' '])
}

/// `4m12s`, `1h03m`, `2d4h`: for something that is going on.
pub fn elapsed(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - since).num_seconds().max(0);
    let (d, h, m, s) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    match (d, h, m) {
        (0, 0, 0) => format!("{s}s"),
        (0, 0, _) => format!("{m}m{s:02}s"),
        (0, ..) => format!("{h}h{m:02}m"),
        _ => format!("{d}d{h}h"),
    }
}

/// `<1h`, `5h`, `12d`: coarse on purpose, so that an idle screen is not drawn again every minute.
pub fn age(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (now - since).num_hours() {
        h if h < 1 => "<1h".into(),
        h if h < 48 => format!("{h}h"),
        h => format!("{}d", h / 24),
    }
}

/// When [`age`] gives another text.
pub fn age_changes(since: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let hours = (now - since).num_hours().max(0);
    since + if hours < 48 { TimeDelta::hours(hours + 1) } else { TimeDelta::days(hours / 24 + 1) }
}

/// What ends within this is warned of.
pub const SOON: TimeDelta = TimeDelta::days(30);

/// `in 4y 11mo`, `in 12 days`, `expired`.
pub fn expires(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let days = (at - now).num_days();
    match days {
        _ if at <= now => "expired".into(),
        0 => "in less than a day".into(),
        1 => "in 1 day".into(),
        d if d < 90 => format!("in {d} days"),
        d if d < 365 => format!("in {} months", d / 30),
        d => format!("in {}y {}mo", d * 12 / 365 / 12, d * 12 / 365 % 12),
    }
}

/// When Heat gives up what it does to the stack: a create, or a step of a change.
pub fn stack_timeout(cluster: &Cluster, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    timeout::running(cluster, &[], now).first().map(|whole| whole.ends_at)
}

/// Time left by what such operations took so far, or to the time-out.
pub fn time_left(cluster: &Cluster, now: DateTime<Utc>) -> Option<String> {
    let end = cluster.operation.as_ref().and_then(|operation| operation.expected_end);
    if let Some(end) = end.filter(|end| *end > now) {
        return Some(format!("~{} left", elapsed(now, end)));
    }
    stack_timeout(cluster, now).map(|end| until(end, now))
}

/// `time-out in 41m10s`.
pub fn until(end: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if end <= now { "time-out is due".into() } else { format!("time-out in {}", elapsed(now, end)) }
}

/// `1 master + 2 workers`.
pub fn nodes(cluster: &Cluster) -> String {
    format!("{} + {}", counted(cluster.master_count, "master"), counted(cluster.node_count, "worker"))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use chrono::{DateTime, TimeDelta};

    use super::{Role, Status, age, age_changes, elapsed, expires, status};

    #[test]
    fn durations_read_well_at_every_size() {
        let t = DateTime::UNIX_EPOCH;
        let at = |s: i64| t + TimeDelta::seconds(s);
        let told: Vec<String> = [-5, 9, 72, 3723, 90_000].iter().map(|s| elapsed(t, at(*s))).collect();
        assert_eq!(told, ["0s", "9s", "1m12s", "1h02m", "1d1h"]);
        for s in [0, 59, 3599, 3600, 86_400, 172_799, 172_800, 40 * 86_400] {
            let (now, next) = (at(s), age_changes(t, at(s)));
            assert!(next > now);
            assert_eq!(age(t, now), age(t, next - TimeDelta::seconds(1)));
            assert_ne!(age(t, now), age(t, next));
        }
        assert_eq!(expires(at(-1), t), "expired");
        assert_eq!(expires(at(86_400 * 1800), t), "in 4y 11mo");
    }

    /// Who does not see the colours sees the signs: none tells of two of these.
    #[test]
    fn no_sign_stands_for_good_and_bad() {
        let actions = ["CREATE", "UPDATE", "DELETE", "ROLLBACK", "INIT", "SUSPEND"];
        let states = ["COMPLETE", "IN_PROGRESS", "FAILED", "STUCK"];
        let mut signs: BTreeMap<&str, Role> = BTreeMap::new();
        for (action, state) in actions.iter().flat_map(|action| states.map(|state| (action, state))) {
            let told = status(&Status::from(format!("{action}_{state}")));
            let quiet = |role| if role == Role::Faint { Role::Muted } else { role };
            let before = *signs.entry(told.sign).or_insert(told.role);
            assert_eq!(quiet(before), quiet(told.role), "{action}_{state}: {}", told.sign);
        }
        let told: BTreeSet<Role> = signs.into_values().collect();
        assert!(BTreeSet::from([Role::Ok, Role::Moving, Role::Warning, Role::Failed]).is_subset(&told), "{told:?}");
    }

    #[test]
    fn the_gist_is_what_the_service_meant() {
        let nova = "Went to status ERROR due to \"Message: No valid host was found., Code: 500\"";
        assert_eq!(super::gist(nova), "No valid host was found");
        assert_eq!(super::gist("Resource CREATE failed: timed out"), "timed out");
        assert_eq!(super::gist(""), "");
    }

    #[test]
    fn a_word_nobody_knows_is_shown_as_it_came() {
        assert_eq!(status(&"SNAPSHOT_IN_PROGRESS".into()).word, "SNAPSHOT_IN_PROGRESS");
        assert_eq!(status(&"WEIRD".into()).sign, "?");
        assert!(!super::is_done(&"INIT_COMPLETE".into()) && super::is_done(&"UPDATE_COMPLETE".into()));
    }
}
