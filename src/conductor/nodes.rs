//! Every machine of a cluster with what the change under way does with it, read off the
//! record alone: what the stack has, what it was given, what is wanted. Pure.

use std::collections::BTreeSet;

use crate::conductor::{machine, rollout};
use crate::driver::{NodeAddress, master_name, worker_name};
use crate::model::node::Course;
use crate::model::spec::DEFAULT_MASTER;
use crate::model::{Action, MasterNode, Node, NodeImage, Spec, State, Status, WorkerGroup};
use crate::store::{ClusterRecord, Intent};

/// Masters first, then groups by slot; those that leave included.
pub fn of(record: &ClusterRecord) -> Vec<Node> {
    let draining = draining(record);
    let goes = record.intent == Intent::Absent || record.cluster.status.action == Action::Delete;
    let mut nodes: Vec<Node> = record.goal.masters.iter().zip(0..).map(|(want, at)| master(record, want, at)).collect();
    let specs = [&record.taken, &record.sent, &record.goal];
    let slots: BTreeSet<u32> = specs.iter().flat_map(|spec| spec.workers.iter().map(|group| group.slot)).collect();
    for slot in slots {
        let groups = specs.map(|spec| spec.workers.iter().find(|group| group.slot == slot));
        let indexes: BTreeSet<u32> = groups.iter().flatten().flat_map(|group| group.nodes.keys()).copied().collect();
        for index in indexes {
            nodes.extend(worker(record, groups, index, draining.contains(&(slot, index))));
        }
    }
    // The first of all specs counts as taken from the beginning.
    let comes = record.cluster.status.action == Action::Create && !record.cluster.status.is_complete();
    for node in nodes.iter_mut().filter(|_| goes || comes) {
        node.course = if goes { Course::Going } else { Course::Coming };
    }
    nodes
}

fn master(record: &ClusterRecord, want: &MasterNode, at: u32) -> Node {
    let find = |spec: &Spec| usize::try_from(at).ok().and_then(|at| spec.masters.get(at).cloned());
    let (have, sent) = (find(&record.taken), find(&record.sent));
    let shown = have.clone().or_else(|| sent.clone()).unwrap_or_else(|| want.clone());
    let course = match (&have, &sent) {
        (None, _) => Course::Coming,
        (Some(have), Some(sent)) if sent.generation > have.generation => Course::Renewing,
        (Some(have), _) if have.image != want.image || have.ca_step < record.goal.ca_step => Course::ToRenew,
        // The first one hands out what add-ons reach the cloud with.
        (Some(_), _) if at == 0 && record.taken.credential < record.goal.credential => Course::ToRenew,
        (Some(_), _) => Course::Stays,
    };
    let name = master_name(&record.cluster.stack_name, at);
    node(record, (None, at), name, DEFAULT_MASTER, &shown.image, shown.ca_step, course)
}

/// `groups`: as taken, as sent, as wanted.
fn worker(record: &ClusterRecord, groups: [Option<&WorkerGroup>; 3], index: u32, draining: bool) -> Option<Node> {
    let group = groups.into_iter().flatten().next()?;
    let at = groups.map(|group| group.and_then(|group| group.nodes.get(&index)));
    let course = match at.map(|node| node.is_some()) {
        [true, true, true] => Course::Stays,
        [true, true, false] if draining => Course::Draining,
        [true, true, false] => Course::ToGo,
        [true, false, _] => Course::Going,
        [false, true, _] => Course::Coming,
        [false, false, _] => Course::ToCome,
    };
    let shown = at.into_iter().flatten().next()?;
    let name = worker_name(&record.cluster.stack_name, group, index);
    Some(node(record, (Some(group.slot), index), name, &group.name, &shown.image, shown.ca_step, course))
}

fn node(
    record: &ClusterRecord,
    (slot, index): (Option<u32>, u32),
    name: String,
    nodegroup: &str,
    image: &NodeImage,
    ca_step: u32,
    course: Course,
) -> Node {
    let known = record.nodes.iter().find(|node| node.slot == slot && node.index == index);
    Node {
        cluster_uuid: record.id(),
        name,
        nodegroup: nodegroup.to_owned(),
        slot,
        index,
        server_id: known.map(|known| known.server_id.clone()),
        address: known.and_then(NodeAddress::best),
        image_id: image.id.clone(),
        version: image.kube_version.clone(),
        // Of the three steps of a rotation, the second is the first to sign with the new CA.
        ca: ca_step.saturating_add(1) / 3 + 1,
        course,
    }
}

/// Slot and index of those whose pods are being moved off now.
fn draining(record: &ClusterRecord) -> BTreeSet<(u32, u32)> {
    let track = &record.track;
    let moves = record.cluster.status == Status::new(Action::Update, State::InProgress);
    let between = track.update_sent.is_none() && track.update_taken.is_none();
    if !moves || !between || machine::is_held(record) || track.drained == Some(record.sent.revision + 1) {
        return BTreeSet::new();
    }
    let next = rollout::upcoming(&record.sent, &record.taken, &record.goal, record.batch);
    let leaving = next.iter().flat_map(|next| rollout::leaving(&record.taken, next));
    leaving.map(|(group, index)| (group.slot, index)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::of;
    use crate::conductor::change::{resize, rotate_ca, steer};
    use crate::conductor::{groups, rollout};
    use crate::model::node::Course;
    use crate::model::{ClusterChange, Status};
    use crate::store::tests::record;
    use crate::store::{ClusterRecord, Intent};

    fn told(record: &ClusterRecord) -> String {
        let line = |node: &crate::model::Node| {
            let place = node.slot.map_or_else(|| "m".to_owned(), |slot| slot.to_string());
            format!("{place}.{} {:?} {}", node.index, node.course, node.ca)
        };
        of(record).iter().map(line).collect::<Vec<_>>().join(", ")
    }

    /// Three masters and two workers, at rest.
    fn cluster() -> ClusterRecord {
        let mut record = record(1, "prod");
        record.goal.masters = vec![record.goal.masters[0].clone(); 3];
        record.sent = record.goal.clone();
        record.taken = record.goal.clone();
        record.cluster.stack_id = Some("s1".into());
        record.cluster.status = Status::CREATE_COMPLETE;
        groups::show(&mut record);
        record
    }

    /// What a step of the machine does, as far as it is about nodes.
    fn send(record: &mut ClusterRecord) {
        let next = rollout::upcoming(&record.sent, &record.taken, &record.goal, record.batch).unwrap();
        record.sent = crate::model::Spec { revision: record.sent.revision + 1, ..next };
        record.track.update_taken = Some(record.cluster.created_at);
    }

    #[test]
    fn each_machine_with_what_becomes_of_it() {
        let mut record = cluster();
        let now = record.cluster.created_at;
        assert_eq!(told(&record), "m.0 Stays 1, m.1 Stays 1, m.2 Stays 1, 0.0 Stays 1, 0.1 Stays 1");
        resize(&mut record, 2, None, &BTreeSet::from([0]), now).unwrap();
        assert!(told(&record).ends_with("0.0 ToGo 1, 0.1 Stays 1, 0.2 ToCome 1"), "{}", told(&record));
        send(&mut record);
        assert!(told(&record).ends_with("0.0 ToGo 1, 0.1 Stays 1, 0.2 Coming 1"), "the new one first");
        record.taken = record.sent.clone();
        record.track.update_taken = None;
        assert!(told(&record).ends_with("0.0 Draining 1, 0.1 Stays 1, 0.2 Stays 1"), "{}", told(&record));
        steer(&mut record, &ClusterChange::Pause, now).unwrap();
        assert!(told(&record).contains("0.0 ToGo"), "nothing is begun while paused");
        send(&mut record);
        assert!(told(&record).ends_with("0.0 Going 1, 0.1 Stays 1, 0.2 Stays 1"));
        record.intent = Intent::Absent;
        assert!(of(&record).iter().all(|node| node.course == Course::Going));
    }

    #[test]
    fn a_rotation_renews_masters_and_replaces_workers() {
        let mut record = cluster();
        let now = record.cluster.created_at;
        rotate_ca(&mut record, 1, now).unwrap();
        send(&mut record);
        let first = told(&record);
        assert!(first.starts_with("m.0 Renewing 1, m.1 ToRenew 1, m.2 ToRenew 1, 0.0 ToGo 1"), "{first}");
        assert!(first.ends_with("0.2 ToCome 2, 0.3 ToCome 2"), "{first}");
        while rollout::upcoming(&record.sent, &record.taken, &record.goal, 1).is_some() {
            send(&mut record);
            record.taken = record.sent.clone();
        }
        assert_eq!(told(&record), "m.0 Stays 2, m.1 Stays 2, m.2 Stays 2, 0.2 Stays 2, 0.3 Stays 2");
    }

    #[test]
    fn all_of_a_new_cluster_is_coming() {
        let mut record = cluster();
        record.cluster.status = Status::CREATE_IN_PROGRESS;
        assert!(of(&record).iter().all(|node| node.course == Course::Coming));
    }
}
