use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{came_up, give_up_machines, keep_machines, next, remaining, upcoming};
use crate::model::spec::DEFAULT_WORKER;
use crate::model::{CaStage, NodeImage, Spec, StackResource, WorkerGroup, WorkerNode};

fn image(id: &str) -> NodeImage {
    NodeImage { id: id.into(), kube_version: None }
}

fn group(name: &str, count: usize) -> WorkerGroup {
    let mut group = WorkerGroup { name: name.into(), role: "worker".into(), ..WorkerGroup::default() };
    group.grow(count, &WorkerNode { image: image("old"), ca_step: 0 });
    group
}

fn spec(masters: u32, workers: usize) -> Spec {
    Spec::first(masters, &image("old"), group(DEFAULT_WORKER, workers))
}

fn indexes(spec: &Spec) -> Vec<u32> {
    spec.workers[0].nodes.keys().copied().collect()
}

/// All of the group's nodes by new ones.
fn renew(group: &mut WorkerGroup, node: &WorkerNode) {
    let all: Vec<u32> = group.nodes.keys().copied().collect();
    group.remove(&all);
    group.grow(all.len(), node);
}

fn upgraded(spec: &Spec) -> Spec {
    let mut goal = spec.clone();
    for master in &mut goal.masters {
        master.image = image("new");
    }
    for group in &mut goal.workers {
        renew(group, &WorkerNode { image: image("new"), ca_step: spec.ca_step });
    }
    goal
}

fn rotated(spec: &Spec) -> Spec {
    let mut goal = spec.clone();
    goal.ca_step += 3;
    for group in &mut goal.workers {
        renew(group, &WorkerNode { image: image("old"), ca_step: spec.ca_step + 2 });
    }
    goal
}

/// Every step from one to the other; checks on the way what must always hold.
fn steps(from: &Spec, goal: &Spec, batch: usize) -> Vec<Spec> {
    let (mut taken, mut all) = (from.clone(), Vec::new());
    let most = remaining(from, goal);
    while let Some(spec) = next(&taken, goal, batch) {
        check(&taken, &spec, batch);
        assert!(remaining(&spec, goal) <= remaining(&taken, goal), "farther away than before");
        taken = spec.clone();
        all.push(spec);
        assert!(all.len() <= 2 * most + 4, "no end: {all:?}");
    }
    assert_eq!(remaining(&taken, goal), 0);
    all
}

fn check(from: &Spec, to: &Spec, batch: usize) {
    let replaced = from.masters.iter().zip(&to.masters).filter(|(a, b)| a != b).count();
    assert!(replaced <= 1, "two masters at once");
    assert!(from.masters.iter().zip(&to.masters).all(|(a, b)| a == b || b.generation == a.generation + 1));
    for group in &to.workers {
        let heats: Vec<u32> = (0..).filter(|index| !group.removed.contains(index)).take(group.count()).collect();
        assert_eq!(group.nodes.keys().copied().collect::<Vec<_>>(), heats, "Heat numbers otherwise");
        if let Some(old) = from.workers.iter().find(|old| old.slot == group.slot) {
            assert!(group.nodes.iter().all(|(at, node)| old.nodes.get(at).is_none_or(|before| before == node)));
            assert!(group.nodes.keys().all(|at| !old.removed.contains(at)), "an index used again");
            let made = group.nodes.keys().filter(|at| !old.nodes.contains_key(at)).count();
            let gone = old.nodes.keys().filter(|at| !group.nodes.contains_key(at)).count();
            assert!(made == 0 || gone == 0 || made <= batch, "{made} made and {gone} taken away at once");
        }
    }
}

#[test]
fn nothing_to_do() {
    assert_eq!(next(&spec(3, 2), &spec(3, 2), 1), None);
}

#[test]
fn a_resize_is_one_step() {
    let mut goal = spec(1, 1);
    goal.workers[0].grow(9, &WorkerNode::default());
    assert_eq!(steps(&spec(1, 1), &goal, 1).len(), 1);
    let from = goal.clone();
    goal.workers[0].remove(&[2, 5, 9]);
    assert_eq!(steps(&from, &goal, 1).len(), 1);
}

#[test]
fn an_upgrade_takes_masters_first_and_workers_in_batches() {
    let all = steps(&spec(3, 5), &upgraded(&spec(3, 5)), 2);
    let masters: Vec<u32> = all.iter().map(|spec| spec.masters.iter().map(|m| m.generation).sum()).collect();
    assert_eq!(masters, [1, 2, 3, 3, 3, 3, 3]);
    let workers: Vec<Vec<u32>> = all[3..].iter().map(indexes).collect();
    let want: [&[u32]; 4] = [&[0, 1, 2, 3, 4, 5, 6], &[2, 3, 4, 5, 6, 7, 8], &[4, 5, 6, 7, 8, 9], &[5, 6, 7, 8, 9]];
    assert_eq!(workers, want, "never fewer than five");
}

#[test]
fn groups_roll_one_after_another_and_come_and_go_at_once() {
    let mut from = spec(1, 2);
    from.add_group(group("gpu", 2));
    let mut goal = upgraded(&from);
    goal.add_group(group("big", 3));
    let all = steps(&from, &goal, 1);
    assert_eq!(all[1].workers[2].count(), 3);
    assert_eq!(all[1].workers[1].count(), 2, "the second waits for the first");
    let mut fewer = all.last().unwrap().clone();
    fewer.remove_group("gpu");
    let end = steps(all.last().unwrap(), &fewer, 1);
    assert_eq!((end.len(), end[0].removed_slots.len()), (1, 1));
}

#[test]
fn a_rotation_goes_through_its_stages() {
    let all = steps(&spec(3, 2), &rotated(&spec(3, 2)), 1);
    let stages: Vec<CaStage> = all.iter().map(Spec::ca_stage).collect();
    let want = [[CaStage::TrustNew; 3].as_slice(), &[CaStage::SignNew; 6], &[CaStage::Settled; 3]].concat();
    assert_eq!(stages, want);
    assert_eq!(indexes(&all[2]), [0, 1], "no worker moves before the new CA signs");
    let end = all.last().unwrap();
    assert!(end.masters.iter().all(|master| master.ca_step == 3 && master.generation == 3));
    assert!(end.workers[0].nodes.values().all(|node| node.ca_step == 2));
    assert_eq!(steps(end, &rotated(end), 1).len(), 12, "and once more");
}

#[test]
fn another_credential_takes_a_new_first_master() {
    let from = spec(3, 2);
    let goal = Spec { credential: 1, ..from.clone() };
    let all = steps(&from, &goal, 1);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].credential, all[0].masters[0].generation, &all[0].masters[1..]), (1, 1, &from.masters[1..]));
    // After a failure on again, or back to the old one, with a new machine both times.
    let (mut taken, mut wanted) = (from.clone(), goal);
    give_up_machines(&mut taken, &mut wanted, &all[0]);
    let again = steps(&taken, &wanted, 1);
    assert_eq!((again.len(), again[0].credential, again[0].masters[0].generation), (1, 1, 2));
    let (mut taken, mut wanted) = (from.clone(), from);
    give_up_machines(&mut taken, &mut wanted, &all[0]);
    let back = steps(&taken, &wanted, 1);
    assert_eq!((back.len(), back[0].credential, back[0].masters[0].generation), (1, 0, 2));
}

#[test]
fn what_failed_is_made_anew_elsewhere() {
    let (from, goal) = (spec(3, 2), upgraded(&spec(3, 2)));
    let (mut taken, mut wanted) = (from.clone(), goal.clone());
    let sent = next(&taken, &wanted, 1).unwrap();
    give_up_machines(&mut taken, &mut wanted, &sent);
    let again = next(&taken, &wanted, 1).unwrap();
    assert_eq!(again.masters[0].generation, 2, "a new wait handle, a new machine");
    assert_eq!(again.masters[0].image, image("new"));

    let mut grown = from.clone();
    grown.workers[0].grow(2, &WorkerNode::default());
    let (mut taken, mut wanted) = (from.clone(), grown.clone());
    give_up_machines(&mut taken, &mut wanted, &next(&from, &grown, 1).unwrap());
    assert_eq!(indexes(&steps(&taken, &wanted, 1)[0]), [0, 1, 4, 5]);
    // Or back: what was made goes.
    let (mut taken, mut wanted) = (from.clone(), from.clone());
    let sent = next(&from, &grown, 1).unwrap();
    give_up_machines(&mut taken, &mut wanted, &sent);
    assert_eq!(next(&taken, &wanted, 1), None);
    assert_eq!(upcoming(&sent, &taken, &wanted, 1).unwrap().workers[0].removed, [2, 3].into());
}

#[test]
fn what_came_up_beside_a_failure_stays() {
    let from = spec(3, 2);
    let mut grown = from.clone();
    grown.workers[0].grow(3, &WorkerNode::default());
    grown.add_group(group("new", 2));
    let sent = next(&from, &grown, 1).unwrap();
    for (up, again) in [
        (vec![(0, 2), (0, 4)], (vec![0, 1, 2, 4, 5], vec![2, 3])),
        (vec![(0, 3), (1, 1)], (vec![0, 1, 3, 5, 6], vec![1, 2])),
        // Those that were there, and what was never sent, are no news.
        (vec![(0, 0), (0, 9), (7, 0)], (vec![0, 1, 5, 6, 7], vec![2, 3])),
    ] {
        let (mut taken, mut wanted) = (from.clone(), grown.clone());
        keep_machines(&mut taken, &sent, &up.iter().copied().collect());
        give_up_machines(&mut taken, &mut wanted, &sent);
        let all = steps(&taken, &wanted, 1);
        let of = |at: usize| all[0].workers[at].nodes.keys().copied().collect::<Vec<_>>();
        assert_eq!((of(0), of(1)), again, "{up:?}");
        assert_eq!(all.len(), 1);
        assert_eq!(remaining(&all[0], &wanted), 0);
    }
}

#[test]
fn a_worker_is_up_when_it_said_so_and_all_of_it_is_complete() {
    let resource = |path: &[&str], name: &str, kind: &str, status: &str| StackResource {
        name: name.into(),
        kind: kind.into(),
        status: status.into(),
        status_reason: String::new(),
        physical_id: String::new(),
        path: path.iter().map(|part| (*part).to_owned()).collect(),
        nested: None,
        stack_id: String::new(),
        updated: None,
    };
    let worker = |index: &'static str, server: &str, word: &str| {
        let path = ["worker_groups", "0", "workers", index];
        [
            resource(&path, "server", "OS::Nova::Server", server),
            resource(&path, "ready", "OS::Heat::WaitCondition", word),
        ]
    };
    let mut all = vec![
        resource(&["masters", "0"], "ready", "OS::Heat::WaitCondition", "CREATE_COMPLETE"),
        resource(&["worker_groups", "0"], "workers", "OS::Heat::ResourceGroup", "UPDATE_FAILED"),
        resource(&["worker_groups", "0", "workers", "5"], "server", "OS::Nova::Server", "CREATE_COMPLETE"),
    ];
    all.extend(worker("1", "CREATE_COMPLETE", "CREATE_COMPLETE"));
    all.extend(worker("2", "CREATE_COMPLETE", "CREATE_IN_PROGRESS"));
    all.extend(worker("3", "UPDATE_FAILED", "CREATE_COMPLETE"));
    all.extend(worker("4", "UPDATE_COMPLETE", "CREATE_COMPLETE"));
    assert_eq!(came_up(&all), [(0, 1), (0, 4)].into());
}

#[test]
fn back_from_a_failed_removal_there_are_as_many_as_before() {
    let from = spec(1, 3);
    let mut fewer = from.clone();
    fewer.workers[0].remove(&[1]);
    let (mut taken, mut wanted) = (from.clone(), from.clone());
    give_up_machines(&mut taken, &mut wanted, &fewer);
    assert_eq!(indexes(&steps(&taken, &wanted, 1)[0]), [0, 2, 3]);
}

proptest! {
    /// Whatever is wanted and however often a step fails, the goal is reached by lawful steps.
    #[test]
    fn every_way_ends(
        masters in prop_oneof![Just(1u32), Just(3), Just(5)],
        workers in 0..6usize,
        extra in 0..3usize,
        batch in 1..4usize,
        kind in 0..6u8,
        more in 0..5usize,
        fails in prop::collection::vec(any::<bool>(), 0..40),
        lucky in any::<u64>(),
    ) {
        let mut from = spec(masters, workers);
        if extra > 0 {
            from.add_group(group("extra", extra));
        }
        let mut goal = match kind {
            0 => upgraded(&from),
            1 => rotated(&from),
            2 => { let mut goal = from.clone(); goal.remove_group("extra"); goal }
            3 => { let mut goal = from.clone(); goal.add_group(group("new", more)); goal }
            4 => Spec { credential: from.credential + 1, ..from.clone() },
            _ => from.clone(),
        };
        goal.workers[0].grow(more, &WorkerNode { image: image("more"), ca_step: goal.ca_step });
        let wanted = (goal.node_count(), goal.workers.len());
        let (mut taken, mut fails) = (from, fails.into_iter());
        for round in 0.. {
            prop_assert!(round < 400, "no end");
            let Some(spec) = next(&taken, &goal, batch) else { break };
            check(&taken, &spec, batch);
            if fails.next() == Some(true) {
                let new = spec.workers.iter().flat_map(|group| group.nodes.keys().map(|index| (group.slot, *index)));
                let up: BTreeSet<(u32, u32)> =
                    new.filter(|(slot, index)| lucky.rotate_left(slot * 7 + index + round) & 1 == 1).collect();
                let wanted = |goal: &Spec| goal.workers.iter().map(|group| (group.slot, group.nodes.clone())).collect::<Vec<_>>();
                let before = wanted(&goal);
                keep_machines(&mut taken, &spec, &up);
                give_up_machines(&mut taken, &mut goal, &spec);
                for (slot, nodes) in before {
                    let stays = |index: &u32| goal.workers.iter().any(|group| group.slot == slot && group.nodes.contains_key(index));
                    prop_assert!(nodes.keys().filter(|index| up.contains(&(slot, **index))).all(stays), "a good one is made anew");
                }
            } else {
                taken = spec;
            }
        }
        prop_assert_eq!(remaining(&taken, &goal), 0);
        prop_assert_eq!((taken.node_count(), taken.workers.len()), wanted);
        prop_assert_eq!(taken.credential, goal.credential);
        prop_assert_eq!(&taken.removed_slots, &goal.removed_slots);
    }
}
