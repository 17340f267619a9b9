//! When what was done to a cluster: how long each part of its stack and each stage of each machine
//! took in the last operation. Pure, from the history and Heat's events; drawing is the reader's.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::fleet::Fleet;
use super::panes::nodes;
use super::words;
use crate::model::{Action, Cluster, HistoryEntry, StackEvent, Status};

/// Heat's clock and ours are not one.
const SLACK: TimeDelta = TimeDelta::seconds(2);
/// What took less is not worth a line.
const LEAST: TimeDelta = TimeDelta::seconds(1);

/// Something that took a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    pub name: String,
    pub from: DateTime<Utc>,
    /// `None`: it goes on.
    pub to: Option<DateTime<Utc>>,
    pub failed: bool,
}

impl Stretch {
    fn is_worth_telling(&self) -> bool {
        self.failed || self.to.is_none_or(|to| to - self.from >= LEAST)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    pub whole: Stretch,
    pub stages: Vec<Stretch>,
}

/// One operation on a cluster, in the order of beginnings.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    pub whole: Stretch,
    /// Resources of the cluster's own stack.
    pub phases: Vec<Stretch>,
    pub machines: Vec<Machine>,
}

/// The operation under way, else the last one that came to an end.
pub fn last(cluster: &Cluster, fleet: &Fleet) -> Option<Timeline> {
    let events = fleet.events(cluster.uuid);
    let history = fleet.looked(cluster.uuid).map_or(&[][..], |looked| &looked.history.list);
    let mut whole = window(cluster, history, events)?;
    let until = whole.to.map(|to| to + SLACK);
    let during: Vec<&StackEvent> = events
        .iter()
        .filter(|event| event.time >= whole.from - SLACK && until.is_none_or(|until| event.time <= until))
        .collect();
    let parts = parts(&during);
    whole.from = parts.iter().map(|part| part.told.from).min().map_or(whole.from, |first| first.min(whole.from));
    let own = parts.iter().filter(|part| part.path.is_empty() && part.told.name != cluster.stack_name);
    let phases = sorted(own.map(|part| part.told.clone()).filter(Stretch::is_worth_telling).collect());
    let mut machines: Vec<Machine> = places(cluster, fleet, &during)
        .iter()
        .filter_map(|path| machine(cluster, fleet, path, &parts, &during))
        .collect();
    machines.sort_by(|a, b| (a.whole.from, &a.whole.name).cmp(&(b.whole.from, &b.whole.name)));
    Some(Timeline { whole, phases, machines })
}

fn window(cluster: &Cluster, history: &[HistoryEntry], events: &[StackEvent]) -> Option<Stretch> {
    let failed = cluster.status.is_failed();
    if let Some(operation) = &cluster.operation {
        return Some(Stretch { name: operation.command.clone(), from: operation.begun, to: None, failed });
    }
    if cluster.status.is_in_progress() {
        let name = words::status(&cluster.status).word;
        return Some(Stretch { name, from: cluster.status_since, to: None, failed });
    }
    let ended = history.iter().find_map(|entry| Some((entry, i64::try_from(entry.duration?).ok()?)));
    if let Some((entry, took)) = ended {
        let from = entry.at.checked_sub_signed(TimeDelta::try_seconds(took)?)?;
        let failed = Status::from(entry.event.as_str()).is_failed();
        return Some(Stretch { name: entry.operation.clone(), from, to: Some(entry.at), failed });
    }
    let (first, last) = (events.first()?, events.last()?);
    let to = Some(last.time).filter(|_| !cluster.status.is_in_progress());
    Some(Stretch { name: "all that Heat knows of".into(), from: first.time, to, failed })
}

/// What became of one resource: one action on it, from its beginning.
struct Part<'a> {
    path: &'a [String],
    resource: &'a str,
    told: Stretch,
}

fn parts<'a>(events: &[&'a StackEvent]) -> Vec<Part<'a>> {
    let mut all: Vec<Part> = Vec::new();
    // The one of each resource that has not ended.
    let mut open: BTreeMap<(&[String], &str), usize> = BTreeMap::new();
    for event in events.iter().filter(|event| event.status.action != Action::Other("SIGNAL".into())) {
        let key = (event.path.as_slice(), event.resource.as_str());
        if event.status.is_in_progress() {
            let name = match event.status.action {
                Action::Create => event.resource.clone(),
                Action::Delete => format!("{}, going", event.resource),
                _ => format!("{}, update", event.resource),
            };
            // A nested stack is told of twice: by itself, and as a resource of the one around it.
            match open.get(&key).and_then(|at| all.get_mut(*at)) {
                Some(part) if part.told.name == name => continue,
                Some(part) => part.told.to = Some(event.time),
                None => {}
            }
            open.insert(key, all.len());
            let told = Stretch { name, from: event.time, to: None, failed: false };
            all.push(Part { path: key.0, resource: key.1, told });
        } else if let Some(part) = open.remove(&key).and_then(|at| all.get_mut(at)) {
            part.told.to = Some(event.time);
            part.told.failed = event.status.is_failed();
        }
    }
    all
}

/// Where in the stack machines are.
fn places(cluster: &Cluster, fleet: &Fleet, events: &[&StackEvent]) -> BTreeSet<Vec<String>> {
    let known = fleet.resources(cluster.uuid).iter().filter(|part| part.kind == "OS::Nova::Server");
    let told = events.iter().filter(|event| event.resource == "server").map(|event| &event.path);
    known.map(|part| &part.path).chain(told).filter(|path| !path.is_empty()).cloned().collect()
}

fn machine(
    cluster: &Cluster,
    fleet: &Fleet,
    path: &[String],
    parts: &[Part],
    events: &[&StackEvent],
) -> Option<Machine> {
    let signals: Vec<&StackEvent> = events
        .iter()
        .copied()
        .filter(|event| event.path == path && event.status.action == Action::Other("SIGNAL".into()))
        .collect();
    let own: Vec<&Part> = parts.iter().filter(|part| part.path == path).collect();
    let from = own.iter().map(|part| part.told.from).min()?;
    let waits = |part: &&&Part| {
        fleet.resources(cluster.uuid).iter().any(|known| {
            known.path == path && known.name == part.resource && known.kind.starts_with("OS::Heat::WaitCondition")
        })
    };
    let waiting: Vec<&&Part> = own.iter().filter(waits).collect();
    let ready = waiting.iter().filter_map(|part| part.told.to).max();
    let mut stages: Vec<Stretch> = own.iter().filter(|part| !waits(part)).map(|part| part.told.clone()).collect();
    // What the machine itself does begins when its server is there, and each word of its ends a stage.
    let up = own.iter().find(|part| part.resource == "server" && !part.told.failed).and_then(|part| part.told.to);
    let mut since = up.filter(|_| !waiting.is_empty() || !signals.is_empty());
    let failed = waiting.iter().any(|part| part.told.failed);
    for event in signals {
        if let Some(before) = since {
            let name = format!("until \"{}\"", said(cluster, event));
            stages.push(Stretch { name, from: before, to: Some(event.time.max(before)), failed: false });
        }
        since = since.map(|before| event.time.max(before));
    }
    if let Some(before) = since
        && ready.is_none_or(|ready| ready > before)
    {
        stages.push(Stretch { name: "until it is ready".into(), from: before, to: ready, failed });
    }
    let stages: Vec<Stretch> = sorted(stages.into_iter().filter(Stretch::is_worth_telling).collect());
    let goes_on = stages.iter().any(|stage| stage.to.is_none());
    let end = own.iter().filter_map(|part| part.told.to).chain(stages.iter().filter_map(|stage| stage.to)).max();
    let whole = Stretch {
        name: name(cluster, fleet, path),
        from,
        to: end.filter(|_| !goes_on),
        failed: failed || stages.iter().any(|stage| stage.failed),
    };
    (!stages.is_empty()).then_some(Machine { whole, stages })
}

/// What a machine told, without what all of them begin with.
fn said(cluster: &Cluster, event: &StackEvent) -> String {
    let told = event.reason.split_once("reason:").map_or(event.reason.as_str(), |(_, told)| told).trim();
    let named = told.split_once(": ").filter(|(who, _)| who.starts_with(&cluster.stack_name));
    named.map_or(told, |(_, told)| told).to_owned()
}

/// As the list of nodes names it, else by its place in the stack.
fn name(cluster: &Cluster, fleet: &Fleet, path: &[String]) -> String {
    let numbers: Vec<u32> = path.iter().filter_map(|part| part.parse().ok()).collect();
    let node = fleet.nodes(cluster.uuid).iter().find(|node| {
        let place: Vec<u32> = node.slot.into_iter().chain([node.index]).collect();
        place == numbers
    });
    node.map_or_else(|| path.join("."), |node| nodes::tail(&node.name, &cluster.stack_name).to_owned())
}

fn sorted(mut all: Vec<Stretch>) -> Vec<Stretch> {
    all.sort_by(|a, b| (a.from, a.to.is_none(), a.to, &a.name).cmp(&(b.from, b.to.is_none(), b.to, &b.name)));
    all
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::parts;
    use crate::model::StackEvent;

    fn event(second: i64, resource: &str, status: &str) -> StackEvent {
        StackEvent {
            id: format!("{second}{resource}{status}"),
            time: DateTime::<Utc>::from_timestamp(second, 0).unwrap(),
            path: Vec::new(),
            resource: resource.into(),
            status: status.into(),
            reason: String::new(),
            physical_id: String::new(),
        }
    }

    #[test]
    fn what_is_told_twice_happened_once_and_ends() {
        let told = [
            event(1, "workers", "CREATE_IN_PROGRESS"),
            event(1, "workers", "CREATE_IN_PROGRESS"),
            event(9, "workers", "CREATE_COMPLETE"),
            event(9, "workers", "CREATE_COMPLETE"),
            event(20, "workers", "UPDATE_IN_PROGRESS"),
            event(25, "workers", "DELETE_IN_PROGRESS"),
        ];
        let parts = parts(&told.iter().collect::<Vec<_>>());
        let seen: Vec<_> = parts
            .iter()
            .map(|part| (part.told.name.as_str(), part.told.from.timestamp(), part.told.to.map(|to| to.timestamp())))
            .collect();
        let wanted = [("workers", 1, Some(9)), ("workers, update", 20, Some(25)), ("workers, going", 25, None)];
        assert_eq!(seen, wanted);
    }
}
