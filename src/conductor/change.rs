//! What is asked of a cluster that is there, noted in its record: pure functions that
//! either say why not, in the present state, or set the goal. Getting there is
//! [`super::rollout`]'s; names of the cloud's things were looked up before.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{groups, rollout};
use crate::driver::worker_name;
use crate::model::change::Kind;
use crate::model::spec::DEFAULT_WORKER;
use crate::model::{
    Action, ClusterChange, KubeVersion, NodeGroup, NodeImage, Problem, Rollout, Spec, State, Status, WorkerGroup,
    WorkerNode, text,
};
use crate::store::{ClusterRecord, Intent};

/// What an upgrade goes to, besides machines: already completed in the record's terms.
pub struct Target {
    pub image: NodeImage,
    /// Whom to upgrade; `None`: masters, and every group that has the cluster's image.
    pub group: Option<String>,
    pub batch: u32,
    pub before: crate::store::Before,
    pub after: crate::store::Before,
}

/// Whether a change may be begun now. Failed ones may be mended by what `mends`.
fn ready(record: &ClusterRecord, what: &str, mends: bool) -> Result<(), Problem> {
    let cluster = &record.cluster;
    let refuse = |why: String, advice: &str| {
        Err(Problem::conflict(format!("cluster \"{}\" cannot have a {what} now: {why}", cluster.name)).advise(advice))
    };
    let status = &cluster.status;
    if record.intent == Intent::Absent {
        return refuse("it is being deleted".into(), "Wait until it is gone");
    }
    if let Some(change) = cluster.rollout.as_ref().filter(|change| change.paused && status.is_in_progress()) {
        return refuse(format!("its {} is paused", change.line()), "Resume it, or roll it back, first");
    }
    if status.is_in_progress() || record.track.ending.is_some() {
        return refuse(format!("it is {status}"), "Wait until it has come to rest, or cancel what is under way");
    }
    if cluster.stack_id.is_none() || status.action == Action::Create && !status.is_complete() {
        return refuse(format!("it is {status}"), "Delete it, and create it anew");
    }
    if status.state == State::Complete && status.action != Action::Delete {
        return Ok(());
    }
    if *status == Status::UPDATE_FAILED {
        return if mends { Ok(()) } else { refuse(format!("it is {status}"), "Retry or roll back what failed, first") };
    }
    refuse(format!("it is {status}"), "Look at its stack in Heat; resize, retry or delete it")
}

/// From here on the conductor works towards the goal.
fn begin(record: &mut ClusterRecord, kind: Kind, about: String, batch: u32, now: DateTime<Utc>) {
    let cluster = &mut record.cluster;
    cluster.rollout = Some(Rollout {
        kind,
        about,
        done: 0,
        total: 0,
        step: 0,
        steps: 0,
        step_since: None,
        paused: false,
        held: false,
    });
    record.batch = usize::try_from(batch.max(1)).unwrap_or(1);
    go_on(record, now);
}

fn go_on(record: &mut ClusterRecord, now: DateTime<Utc>) {
    let cluster = &mut record.cluster;
    cluster.status = Status::UPDATE_IN_PROGRESS;
    cluster.status_since = now;
    cluster.status_reason.clear();
    cluster.cause = None;
    let track = &mut record.track;
    track.update_sent = None;
    track.update_taken = None;
    track.came_up.clear();
    track.cancel = false;
    track.faults = 0;
    let ahead = rollout::steps(&record.sent, &record.taken, &record.goal, record.batch);
    if let Some(change) = &mut record.cluster.rollout {
        change.steps = change.step + ahead;
    }
    groups::show(record);
}

/// After a failure: nothing of what failed is counted on. Machines that came up are, on the way
/// forward.
fn clean_up(record: &mut ClusterRecord) {
    let up = std::mem::take(&mut record.track.came_up);
    if record.cluster.status == Status::UPDATE_FAILED {
        let sent = record.sent.clone();
        rollout::keep_machines(&mut record.taken, &sent, &up);
        rollout::give_up_machines(&mut record.taken, &mut record.goal, &sent);
        // The stack is like nothing that was ever sent: also where all was only to be taken away, it
        // must be sent once more.
        record.sent.masters.clear();
    }
}

fn find_group(record: &ClusterRecord, wanted: Option<&str>) -> Result<NodeGroup, Problem> {
    let wanted = wanted.unwrap_or(DEFAULT_WORKER);
    let all = &record.cluster.node_groups;
    let found = all.iter().find(|group| group.uuid.to_string() == wanted || group.name == wanted);
    found.cloned().ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|group| group.name.as_str()).collect();
        Problem::not_found(format!("cluster \"{}\" has no node group \"{wanted}\"", record.cluster.name))
            .on_field("nodegroup")
            .advise(format!("There are: {}", names.join(", ")))
    })
}

/// A worker group in the goal.
fn goal_group<'a>(record: &'a mut ClusterRecord, name: &str) -> Result<&'a mut WorkerGroup, Problem> {
    let told = format!("node group \"{name}\" of cluster \"{}\" is being deleted", record.cluster.name);
    record.goal.group_mut(name).ok_or_else(|| Problem::conflict(told))
}

/// `leaving`: indexes of those to go, all of them in the group.
pub fn resize(
    record: &mut ClusterRecord,
    count: u32,
    nodegroup: Option<&str>,
    leaving: &BTreeSet<u32>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    ready(record, "resize", true)?;
    let group = find_group(record, nodegroup)?;
    if group.is_master() {
        let told =
            format!("node group \"{}\" holds the masters, whose number is fixed when a cluster is made", group.name);
        return Err(Problem::invalid(told).on_field("nodegroup"));
    }
    group.takes(count)?;
    clean_up(record);
    let image = record.facts.image();
    let ca_step = record.goal.ca_step;
    let group_image = group.image_id.clone();
    let goal = goal_group(record, &group.name)?;
    let before = goal.count();
    // What a node boots is what its neighbours boot; an empty group falls back on the cluster's image.
    let like = goal.nodes.values().next_back().map(|node| node.image.clone());
    let image = like.unwrap_or(NodeImage { id: group_image, ..image });
    goal.remove(&leaving.iter().copied().collect::<Vec<_>>());
    let wanted = usize::try_from(count).unwrap_or(usize::MAX);
    if goal.count() > wanted {
        goal.remove(&goal.last_indexes(goal.count() - wanted));
    }
    goal.grow(wanted - goal.count(), &WorkerNode { image, ca_step });
    if record.goal == record.taken && record.cluster.status != Status::UPDATE_FAILED {
        return Ok(());
    }
    begin(record, Kind::Resize, format!("{} {before} → {count}", group.name), 1, now);
    Ok(())
}

/// The node that a resize names by its index in the group, name, address or server's id: its index.
pub fn node_index(record: &ClusterRecord, nodegroup: Option<&str>, wanted: &str) -> Result<u32, Problem> {
    let group = find_group(record, nodegroup)?;
    let Some(of) = record.goal.group(&group.name) else {
        let told = format!("node group \"{}\" has no workers to remove", group.name);
        return Err(Problem::invalid(told).on_field("nodegroup"));
    };
    let name = |index: u32| worker_name(&record.cluster.stack_name, of, index);
    let is_it = |index: u32| {
        let address = record.nodes.iter().find(|node| node.slot == Some(of.slot) && node.index == index);
        let known = address.is_some_and(|node| {
            let addresses = [node.address.as_deref(), node.floating_address.as_deref()];
            node.server_id == wanted || addresses.contains(&Some(wanted))
        });
        known || index.to_string() == wanted || name(index) == wanted
    };
    let found = of.nodes.keys().copied().find(|index| is_it(*index));
    found.ok_or_else(|| {
        let told = format!("node group \"{}\" has no node \"{}\"", group.name, text::clean(wanted));
        let there: Vec<String> = of.nodes.keys().map(|index| format!("{index} ({})", name(*index))).collect();
        Problem::invalid(told).on_field("nodes_to_remove").advise(format!("There are: {}", there.join(", ")))
    })
}

/// Why machines of the control plane cannot be replaced.
fn masters_can_be_replaced(record: &ClusterRecord, what: &str) -> Result<(), Problem> {
    let volume = record.cluster.labels.get("etcd_volume_size").and_then(|size| size.parse::<u32>().ok()).unwrap_or(0);
    if record.goal.masters.len() > 1 || volume > 0 {
        return Ok(());
    }
    let told = format!(
        "cluster \"{}\" cannot have a {what}: its only master keeps etcd on its own disk, and replacing it would lose all that is in the cluster",
        record.cluster.name
    );
    Err(Problem::conflict(told)
        .advise("Make a cluster with three masters, or with the label etcd_volume_size, and move there what runs here"))
}

pub fn upgrade(record: &mut ClusterRecord, target: Target, now: DateTime<Utc>) -> Result<(), Problem> {
    ready(record, "upgrade", false)?;
    let only = target.group.as_deref().map(|name| find_group(record, Some(name))).transpose()?;
    let workers_only = only.as_ref().is_some_and(|group| !group.is_master());
    let from = record.goal.masters.first().map(|master| master.image.clone()).unwrap_or_default();
    versions_allow(record, &from, &target.image, only.as_ref())?;
    if !workers_only && from != target.image {
        masters_can_be_replaced(record, "upgrade")?;
    }
    let concerned = |group: &WorkerGroup| match &only {
        Some(only) => only.name == group.name,
        None => group.nodes.values().all(|node| node.image == from),
    };
    let ca_step = record.goal.ca_step;
    let mut goal = record.goal.clone();
    if !workers_only {
        for master in &mut goal.masters {
            master.image.clone_from(&target.image);
        }
    }
    for group in goal.workers.iter_mut().filter(|group| concerned(group)) {
        renew(group, |node| node.image != target.image, &WorkerNode { image: target.image.clone(), ca_step });
    }
    if goal == record.goal {
        let told = format!("cluster \"{}\" has that image and version already", record.cluster.name);
        return Err(Problem::conflict(told).on_field("template"));
    }
    record.goal = goal;
    if !workers_only {
        record.before = Some(Box::new(target.before));
        apply(record, target.after);
    }
    let about = match (&from.kube_version, &target.image.kube_version) {
        (Some(old), Some(new)) if old != new => format!("{old} → {new}"),
        _ => format!("to template {}", record.cluster.template_name),
    };
    begin(record, Kind::Upgrade, about, target.batch, now);
    Ok(())
}

fn apply(record: &mut ClusterRecord, what: crate::store::Before) {
    record.cluster.cluster_template_id = what.cluster_template_id;
    record.cluster.template_name = what.template_name;
    record.cluster.labels = what.labels;
    record.template = what.template;
    record.facts = what.facts;
}

/// Kubernetes' own rules for what may work with what.
fn versions_allow(
    record: &ClusterRecord,
    from: &NodeImage,
    to: &NodeImage,
    only: Option<&NodeGroup>,
) -> Result<(), Problem> {
    let read = |image: &NodeImage| image.kube_version.as_deref().and_then(KubeVersion::parse);
    let Some(new) = read(to) else { return Ok(()) };
    let refuse = |who: &str, old: &NodeImage, why: String| {
        let told = format!(
            "cluster \"{}\" cannot be upgraded: {who} {} and Kubernetes {} is asked for; {why}",
            record.cluster.name,
            old.kube_version.as_deref().unwrap_or("an unknown version"),
            to.kube_version.as_deref().unwrap_or_default()
        );
        Err(Problem::conflict(told).on_field("template"))
    };
    let old = read(from);
    if let Some(group) = only.filter(|group| !group.is_master()) {
        let mut nodes = record.goal.group(&group.name).into_iter().flat_map(|group| group.nodes.values());
        if let Some(newer) = nodes.find(|node| read(&node.image) > Some(new)) {
            return refuse("its nodes have", &newer.image, "Kubernetes cannot go back to an older version".into());
        }
        return match old.map(|masters| new.works_with(masters)) {
            Some(Err(why)) => refuse("its masters have", from, why),
            _ => Ok(()),
        };
    }
    if let Some(Err(why)) = old.map(|old| old.masters_to(new)) {
        return refuse("it has", from, why);
    }
    for group in &record.goal.workers {
        // Workers wait until all masters are new, so every one of them must bear that.
        for node in group.nodes.values() {
            if let Some(Err(why)) = read(&node.image).map(|old| old.works_with(new)) {
                return refuse(&format!("node group \"{}\" has", group.name), &node.image, why);
            }
        }
    }
    Ok(())
}

/// New nodes in place of those that `old` names.
fn renew(group: &mut WorkerGroup, old: impl Fn(&WorkerNode) -> bool, node: &WorkerNode) {
    let leaving: Vec<u32> = group.nodes.iter().filter(|(_, node)| old(node)).map(|(index, _)| *index).collect();
    group.remove(&leaving);
    group.grow(leaving.len(), node);
}

/// The next generation's number; its keys must be in the store before the record is saved.
pub fn next_generation(record: &ClusterRecord) -> u32 {
    record.goal.ca_step / 3 + 1
}

pub fn rotate_ca(record: &mut ClusterRecord, batch: u32, now: DateTime<Utc>) -> Result<(), Problem> {
    ready(record, "CA rotation", false)?;
    masters_can_be_replaced(record, "CA rotation")?;
    let step = record.goal.ca_step;
    record.goal.ca_step = step + 3;
    for group in &mut record.goal.workers {
        let all = group.nodes.clone();
        for (index, node) in all {
            group.remove(&[index]);
            group.grow(1, &WorkerNode { ca_step: step + 2, ..node });
        }
    }
    begin(record, Kind::RotateCa, String::new(), batch, now);
    Ok(())
}

/// Only for a cluster that has a credential of its own.
pub fn rotate_credential(record: &mut ClusterRecord, now: DateTime<Utc>) -> Result<(), Problem> {
    ready(record, "credential rotation", false)?;
    masters_can_be_replaced(record, "credential rotation")?;
    record.goal.credential += 1;
    begin(record, Kind::RotateCredential, String::new(), 1, now);
    Ok(())
}

/// The group comes complete, but for its slot and the stage of the CA.
pub fn create_group(
    record: &mut ClusterRecord,
    group: WorkerGroup,
    bounds: (u32, Option<u32>),
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    ready(record, "new node group", false)?;
    if record.cluster.node_groups.iter().any(|other| other.name == group.name) {
        let told = format!("cluster \"{}\" already has a node group \"{}\"", record.cluster.name, group.name);
        return Err(Problem::conflict(told).on_field("name").advise("Choose another name"));
    }
    let about = format!("{}, {}", group.name, text::counted(group.count(), "node"));
    let name = group.name.clone();
    record.goal.add_group(group);
    begin(record, Kind::CreateNodegroup, about, 1, now);
    if let Some(made) = record.cluster.node_groups.iter_mut().find(|made| made.name == name) {
        (made.min_node_count, made.max_node_count) = bounds;
    }
    Ok(())
}

/// Bounds only; the stack has nothing to do with them.
pub fn update_group(
    record: &mut ClusterRecord,
    nodegroup: &str,
    min: Option<u32>,
    max: Option<Option<u32>>,
) -> Result<(), Problem> {
    let group = find_group(record, Some(nodegroup))?;
    if group.is_master() {
        let told = format!("node group \"{}\" holds the masters, whose number is fixed", group.name);
        return Err(Problem::invalid(told).on_field("nodegroup"));
    }
    let mut changed = group.clone();
    changed.min_node_count = min.unwrap_or(group.min_node_count);
    changed.max_node_count = max.unwrap_or(group.max_node_count);
    changed.takes(changed.node_count)?;
    for kept in record.cluster.node_groups.iter_mut().filter(|kept| kept.uuid == group.uuid) {
        kept.clone_from(&changed);
    }
    Ok(())
}

pub fn delete_group(record: &mut ClusterRecord, nodegroup: &str, now: DateTime<Utc>) -> Result<(), Problem> {
    let group = find_group(record, Some(nodegroup))?;
    if group.is_default {
        let told = format!("node group \"{}\" is a default one, which every cluster keeps", group.name);
        let advice = if group.is_master() { "Delete the cluster" } else { "Resize it to 0 nodes" };
        return Err(Problem::invalid(told).on_field("nodegroup").advise(advice));
    }
    ready(record, "node group removal", true)?;
    clean_up(record);
    if record.goal.remove_group(&group.name).is_none() {
        return Ok(());
    }
    begin(record, Kind::DeleteNodegroup, group.name, 1, now);
    Ok(())
}

/// Those of the changes that are about a change.
pub fn steer(record: &mut ClusterRecord, how: &ClusterChange, now: DateTime<Utc>) -> Result<(), Problem> {
    let name = record.cluster.name.clone();
    let moves = record.cluster.status == Status::UPDATE_IN_PROGRESS && record.intent == Intent::Present;
    let nothing = |what: &str| {
        let told = format!("cluster \"{name}\" has nothing to {what}: it is {}", record.cluster.status);
        Err(Problem::conflict(told))
    };
    let (pause, verb) = match how {
        ClusterChange::Pause => (Some(true), "pause"),
        ClusterChange::Resume => (Some(false), "resume"),
        ClusterChange::Cancel => (None, "cancel"),
        ClusterChange::Retry => return retry(record, now),
        ClusterChange::Rollback => return roll_back(record, now),
        other => return Err(Problem::local(format!("this is not about a change under way: {other:?}"))),
    };
    let Some(change) = record.cluster.rollout.as_mut().filter(|_| moves) else { return nothing(verb) };
    match pause {
        Some(paused) => change.paused = paused,
        None if record.track.update_sent.is_none() && record.track.update_taken.is_none() => {
            let told = format!("Heat is not at work on cluster \"{name}\"");
            return Err(Problem::conflict(told).advise("Roll the change back, or resume it"));
        }
        None => record.track.cancel = true,
    }
    if pause == Some(false) {
        record.cluster.status_reason.clear();
    }
    Ok(())
}

fn retry(record: &mut ClusterRecord, now: DateTime<Utc>) -> Result<(), Problem> {
    if record.cluster.status != Status::UPDATE_FAILED || record.intent == Intent::Absent {
        let told = format!("cluster \"{}\" has nothing to retry: it is {}", record.cluster.name, record.cluster.status);
        return Err(Problem::conflict(told).advise("Only an update that failed can be retried"));
    }
    clean_up(record);
    if let Some(change) = &mut record.cluster.rollout {
        change.paused = false;
        go_on(record, now);
    } else {
        // The update was somebody else's: the stack gets once more what it should have.
        begin(record, Kind::Restore, String::new(), 1, now);
    }
    Ok(())
}

/// Back to the last complete step. Machines that were replaced by then stay as they are.
fn roll_back(record: &mut ClusterRecord, now: DateTime<Utc>) -> Result<(), Problem> {
    let cluster = &record.cluster;
    let held = super::machine::is_held(record) && cluster.status == Status::UPDATE_IN_PROGRESS;
    let failed = cluster.status == Status::UPDATE_FAILED;
    let refuse = |why: &str, advice: &str| {
        let told = format!("cluster \"{}\" cannot be rolled back: {why}", cluster.name);
        Err(Problem::conflict(told).advise(advice))
    };
    let Some(change) = cluster.rollout.as_ref().filter(|_| (held || failed) && record.intent == Intent::Present) else {
        return refuse(&format!("it is {}", cluster.status), "Pause or cancel the change first");
    };
    if change.kind == Kind::RotateCa && !record.taken.ca_step.is_multiple_of(3) {
        return refuse(
            "some of its machines sign with one CA and some with another",
            "Retry, or resume, until it is done",
        );
    }
    if change.kind == Kind::DeleteNodegroup && failed {
        return refuse("machines of the node group may be gone already", "Retry until it is done");
    }
    record.goal = record.taken.clone();
    // What is not complete goes, also what came up of it.
    record.track.came_up.clear();
    clean_up(record);
    let settled = Spec { revision: record.sent.revision, ..record.taken.clone() } == record.sent && !failed;
    let image = record.goal.masters.first().map(|master| master.image.clone()).unwrap_or_default();
    if let Some(before) = record.before.take_if(|before| before.facts.image() == image) {
        apply(record, *before);
    }
    record.before = None;
    begin(record, Kind::Restore, if settled { String::new() } else { "what was complete".into() }, 1, now);
    Ok(())
}

#[cfg(test)]
mod tests;
