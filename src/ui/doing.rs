//! What a machine is doing just now: what the manager says becomes of it, what Heat has of it,
//! and what the machine itself told on its way. Pure, from what the fleet knows.

use chrono::{DateTime, TimeDelta, Utc};

use super::fleet::Fleet;
use super::theme::Role;
use super::words::{self, Told};
use crate::model::node::Course;
use crate::model::{Action, Cluster, Node, StackResource, Status, timeout};

/// Told of one machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Doing {
    pub told: Told,
    /// Since when; `None`: for as long as nobody cares.
    pub since: Option<DateTime<Utc>>,
    /// When Heat gives up waiting for it.
    pub until: Option<DateTime<Utc>>,
    /// How far it is, of [`STAGES`]; `None`: nothing is under way.
    pub stage: Option<usize>,
}

/// From "about to be made" to "ready".
pub const STAGES: usize = 8;

fn plain(sign: &'static str, word: &str, role: Role) -> Doing {
    Doing { told: Told { sign, word: word.to_owned(), role }, since: None, until: None, stage: None }
}

/// The Heat resources of a machine: those whose path has its numbers. Masters are counted once,
/// workers by slot and index.
fn parts<'a>(node: &Node, fleet: &'a Fleet) -> Vec<&'a StackResource> {
    let place: Vec<u32> = node.slot.into_iter().chain([node.index]).collect();
    fleet.resources_at(node.cluster_uuid, &place)
}

fn of<'a>(parts: &[&'a StackResource], kind: &str) -> Vec<&'a StackResource> {
    parts.iter().copied().filter(|part| part.kind == kind).collect()
}

/// What Heat says of its server.
pub fn server<'a>(node: &Node, fleet: &'a Fleet) -> Option<&'a StackResource> {
    of(&parts(node, fleet), "OS::Nova::Server").first().copied()
}

/// Nova's id of its server by Heat's word, before the manager tells it.
pub fn made(node: &Node, fleet: &Fleet) -> Option<String> {
    server(node, fleet).map(|server| server.physical_id.clone()).filter(|id| !id.is_empty())
}

pub fn doing(node: &Node, fleet: &Fleet) -> Doing {
    match node.course {
        Course::Stays => plain("●", "there", Role::Ok),
        Course::ToCome => plain("○", "to come", Role::Faint),
        Course::ToRenew => plain("○", "to be replaced", Role::Faint),
        Course::ToGo => plain("○", "to go", Role::Faint),
        Course::Draining => plain("◌", "handing over its pods", Role::Moving),
        Course::Going => match server(node, fleet).filter(|server| server.status.is_in_progress()) {
            Some(server) => Doing { since: server.updated, ..plain("◌", "deleting its server", Role::Moving) },
            None => plain("◌", "going", Role::Moving),
        },
        Course::Coming | Course::Renewing => match fleet.clusters.get(&node.cluster_uuid) {
            Some(cluster) => making(node, cluster, fleet),
            None => plain("○", "gone", Role::Faint),
        },
    }
}

/// A machine that the present step makes.
fn making(node: &Node, cluster: &Cluster, fleet: &Fleet) -> Doing {
    let parts = parts(node, fleet);
    // While a master is renewed, what is older, or was there before, belongs to the machine before.
    let begun = cluster.rollout.as_ref().and_then(|change| change.step_since);
    let fresh = |part: &StackResource| {
        let since = part.updated.zip(begun).is_some_and(|(at, begun)| at >= begun);
        node.course == Course::Coming || since && part.status.action != Action::Update
    };
    let of = |kind: &str| of(&parts, kind).into_iter().filter(|part| fresh(part)).collect::<Vec<_>>();
    if let Some(failed) = parts.iter().find(|part| part.status.is_failed() && fresh(part)) {
        let why = words::gist(&failed.status_reason);
        return Doing {
            since: failed.updated,
            ..plain("✖", if why.is_empty() { "failed" } else { why }, Role::Failed)
        };
    }
    let waits = of("OS::Heat::WaitCondition");
    let waiting = waits.iter().find(|wait| wait.status.is_in_progress());
    let until = waiting.and_then(|wait| wait.updated);
    let patience = TimeDelta::try_seconds(i64::try_from(timeout::of_node(cluster)).unwrap_or_default());
    let until = until.zip(patience).and_then(|(at, patience)| at.checked_add_signed(patience));
    let moving =
        |stage: usize, word: &str, since| Doing {
            since, until, stage: Some(stage), ..plain("◐", word, Role::Moving)
        };
    let servers = of("OS::Nova::Server");
    let Some(server) = servers.first() else {
        let under_way = |kind: &str| of(kind).into_iter().find(|part| part.status.is_in_progress());
        if let Some(volume) = under_way("OS::Cinder::Volume") {
            return moving(2, "making its volume", volume.updated);
        }
        if let Some(port) = under_way("OS::Neutron::Port") {
            return moving(1, "making its port", port.updated);
        }
        return moving(0, "about to be made", None);
    };
    if !words::is_done(&server.status) {
        let begun = server.status.is_in_progress();
        return if begun {
            moving(3, "starting its server", server.updated)
        } else {
            moving(2, "about to be started", None)
        };
    }
    if waiting.is_none() && !waits.is_empty() && waits.iter().all(|wait| words::is_done(&wait.status)) {
        return Doing { stage: Some(STAGES), ..plain("●", "ready", Role::Ok) };
    }
    match said(node, server, fleet) {
        Some((at, words, count)) => moving((4 + count).min(STAGES - 1), &words, Some(at)),
        None => moving(4, "booting", server.updated),
    }
}

/// The last thing the machine told since its server is there, when, and how many things in all.
fn said(node: &Node, server: &StackResource, fleet: &Fleet) -> Option<(DateTime<Utc>, String, usize)> {
    let signal = Status::from("SIGNAL_COMPLETE");
    let events = fleet.events(node.cluster_uuid).iter();
    let told = events.filter(|event| {
        event.status == signal && event.path == server.path && server.updated.is_none_or(|up| event.time >= up)
    });
    let told: Vec<_> = told.collect();
    let last = told.last()?;
    let words = last.reason.split_once("reason:").map_or(last.reason.as_str(), |(_, words)| words).trim();
    let words = words.strip_prefix(&node.name).and_then(|words| words.strip_prefix(": ")).unwrap_or(words);
    Some((last.time, words.to_owned(), told.len()))
}
