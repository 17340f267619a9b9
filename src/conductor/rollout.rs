//! From the machines a stack has to the machines that are wanted, one stack update at a
//! time: [`next`] is pure, and forgets nothing because it remembers nothing.
//!
//! Masters come before workers and one at a time, so that of three two always serve the
//! API. A worker is never changed: further ones come first, and as many old ones go when
//! they are there. What only grows or only shrinks is done at once.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{CaStage, NodeImage, Spec, StackResource, WorkerGroup, WorkerNode};

/// More are not counted: nobody reads the number, and each is a copy of all machines.
const STEPS_MAX: usize = 500;

/// What the stack is to be made next; `None` when it has all that is wanted.
/// The revision is the taken one's: who sends it counts it up.
pub fn next(taken: &Spec, goal: &Spec, batch: usize) -> Option<Spec> {
    let mut spec = taken.clone();
    if renew_credential(&mut spec, goal) || replace_master(&mut spec, goal) {
        return Some(spec);
    }
    let rotating = spec.ca_step < goal.ca_step;
    // Workers wait for the stage in which the new CA signs what they join with.
    let workers = !rotating || spec.ca_stage() == CaStage::SignNew;
    if workers && change_workers(&mut spec, goal, batch.max(1)) {
        return Some(spec);
    }
    if !rotating {
        return None;
    }
    spec.ca_step += 1;
    replace_master(&mut spec, goal);
    Some(spec)
}

/// What the stack is to be given next, when it was last given `sent`: on the way to the goal,
/// or once more what it should have, where a failed update left something else.
pub fn upcoming(sent: &Spec, taken: &Spec, goal: &Spec, batch: usize) -> Option<Spec> {
    let same = Spec { revision: sent.revision, ..taken.clone() } == *sent;
    next(taken, goal, batch).or_else(|| (!same).then(|| taken.clone()))
}

/// The first master applies what add-ons use, and so is made anew to apply another credential.
fn renew_credential(spec: &mut Spec, goal: &Spec) -> bool {
    if spec.credential >= goal.credential {
        return false;
    }
    spec.credential = goal.credential;
    if let (Some(master), Some(want)) = (spec.masters.first_mut(), goal.masters.first()) {
        master.image.clone_from(&want.image);
        master.generation += 1;
        master.ca_step = spec.ca_step;
    }
    true
}

/// How many updates are ahead.
pub fn steps(sent: &Spec, taken: &Spec, goal: &Spec, batch: usize) -> usize {
    let ways = std::iter::successors(next(taken, goal, batch), |spec| next(spec, goal, batch));
    ways.take(STEPS_MAX).count().max(usize::from(upcoming(sent, taken, goal, batch).is_some()))
}

/// The first master that is not as wanted, or is older than the rotation's stage.
fn replace_master(spec: &mut Spec, goal: &Spec) -> bool {
    let stage = spec.ca_step;
    let mut pairs = spec.masters.iter_mut().zip(&goal.masters);
    let Some((master, want)) = pairs.find(|(have, want)| have.image != want.image || have.ca_step < stage) else {
        return false;
    };
    master.image.clone_from(&want.image);
    master.generation += 1;
    master.ca_step = stage;
    true
}

fn change_workers(spec: &mut Spec, goal: &Spec, batch: usize) -> bool {
    let before = spec.clone();
    spec.removed_slots.extend(&goal.removed_slots);
    spec.workers.retain(|have| goal.workers.iter().any(|want| want.slot == have.slot));
    let mut rolled = false;
    for want in &goal.workers {
        match spec.workers.iter_mut().find(|have| have.slot == want.slot) {
            None => spec.workers.push(want.clone()),
            Some(have) => {
                let rolls = !gains(have, want).is_empty() && !gains(want, have).is_empty();
                if rolls && rolled {
                    continue;
                }
                rolled |= rolls;
                change_group(have, want, if rolls { batch } else { usize::MAX });
            }
        }
    }
    spec.workers.sort_by_key(|group| group.slot);
    *spec != before
}

/// At most `batch` more, and as many fewer as are too many by now.
fn change_group(have: &mut WorkerGroup, want: &WorkerGroup, batch: usize) {
    let (more, fewer) = (gains(have, want), gains(want, have));
    let leaving = fewer.len().saturating_sub(more.len());
    let mut nodes = have.nodes.clone();
    for index in fewer.iter().take(leaving) {
        nodes.remove(index);
    }
    for (index, node) in more.iter().take(batch).filter_map(|index| Some((index, want.nodes.get(index)?))) {
        nodes.insert(*index, node.clone());
    }
    let mut removed: BTreeSet<u32> = have.removed.union(&want.removed).copied().collect();
    removed.retain(|index| !nodes.contains_key(index));
    *have = WorkerGroup { nodes, removed, ..want.clone() };
}

/// Indexes that `want` has and `have` has not.
fn gains(have: &WorkerGroup, want: &WorkerGroup) -> Vec<u32> {
    want.nodes.keys().filter(|index| !have.nodes.contains_key(index)).copied().collect()
}

/// Workers that the step takes away: their group as it was, and their index.
pub fn leaving<'a>(taken: &'a Spec, to: &Spec) -> Vec<(&'a WorkerGroup, u32)> {
    let stays =
        |slot: u32, index: u32| to.workers.iter().any(|group| group.slot == slot && group.nodes.contains_key(&index));
    let all = taken.workers.iter().flat_map(|group| group.nodes.keys().map(move |index| (group, *index)));
    all.filter(|(group, index)| !stays(group.slot, *index)).collect()
}

/// Machines still to be made or taken away; a replacement counts once.
pub fn remaining(taken: &Spec, goal: &Spec) -> usize {
    let renewed = taken.credential < goal.credential;
    let pairs = taken.masters.iter().zip(&goal.masters).enumerate();
    let now = pairs
        .filter(|(at, (have, want))| have.image != want.image || have.ca_step < taken.ca_step || (*at == 0 && renewed))
        .count();
    let stages = usize::try_from(goal.ca_step.saturating_sub(taken.ca_step)).unwrap_or_default();
    let group = |have: Option<&WorkerGroup>, want: Option<&WorkerGroup>| match (have, want) {
        (Some(have), Some(want)) => gains(have, want).len().max(gains(want, have).len()),
        (Some(only), None) | (None, Some(only)) => only.count(),
        (None, None) => 0,
    };
    let slots: BTreeSet<u32> = taken.workers.iter().chain(&goal.workers).map(|group| group.slot).collect();
    let of = |spec: &'_ Spec, slot| spec.workers.iter().position(|group| group.slot == slot);
    let workers: usize = slots
        .iter()
        .map(|slot| {
            let (have, want) = (of(taken, *slot), of(goal, *slot));
            group(have.and_then(|at| taken.workers.get(at)), want.and_then(|at| goal.workers.get(at)))
        })
        .sum();
    now + stages * taken.masters.len() + workers
}

/// Workers that are complete, by slot and index, down to the word of the machine itself. A driver that
/// arranges its stack otherwise than ours has none here, and all its machines are made anew.
pub fn came_up(resources: &[StackResource]) -> BTreeSet<(u32, u32)> {
    let place = |resource: &StackResource| {
        let numbers: Vec<u32> = resource.path.iter().filter_map(|name| name.parse().ok()).collect();
        if let [slot, index] = numbers.as_slice() { Some((*slot, *index)) } else { None }
    };
    let complete = |resource: &StackResource| resource.status.is_complete();
    let all = || resources.iter().filter_map(|resource| Some((place(resource)?, resource)));
    let spoke = all().filter(|(_, resource)| resource.kind == "OS::Heat::WaitCondition" && complete(resource));
    let mut up: BTreeSet<(u32, u32)> = spoke.map(|(at, _)| at).collect();
    for (at, _) in all().filter(|(_, resource)| !complete(resource)) {
        up.remove(&at);
    }
    up
}

/// Before [`give_up_machines`]: what the failed update made all the same is there.
pub fn keep_machines(taken: &mut Spec, sent: &Spec, up: &BTreeSet<(u32, u32)>) {
    for group in &sent.workers {
        let good = group.nodes.iter().filter(|(index, _)| up.contains(&(group.slot, **index)));
        let good: BTreeMap<u32, WorkerNode> = good.map(|(index, node)| (*index, node.clone())).collect();
        match taken.workers.iter_mut().find(|have| have.slot == group.slot) {
            Some(have) => {
                for (index, node) in good {
                    have.nodes.entry(index).or_insert(node);
                }
            }
            None if good.is_empty() => {}
            None => taken.workers.push(WorkerGroup { nodes: good, ..group.clone() }),
        }
    }
    taken.workers.sort_by_key(|group| group.slot);
}

/// After a failed update: no machine that it was to make is counted on, and none that it
/// was to take away. Heat keeps a wait condition's failure, so what failed once at an index
/// fails there again: workers get new indexes, masters a further generation.
pub fn give_up_machines(taken: &mut Spec, goal: &mut Spec, sent: &Spec) {
    for ((have, sent), at) in taken.masters.iter_mut().zip(&sent.masters).zip(0..) {
        if sent.generation > have.generation {
            have.generation = sent.generation;
            // Not known what it is now: not what is wanted, for one.
            have.image = NodeImage::default();
            if let Some(want) = goal.masters.get_mut::<usize>(at) {
                want.generation = want.generation.max(sent.generation + 1);
            }
        }
    }
    for sent in &sent.workers {
        let have = taken.workers.iter_mut().find(|group| group.slot == sent.slot);
        let made = have.as_ref().map_or_else(|| sent.nodes.keys().copied().collect(), |have| gains(have, sent));
        let gone = have.as_ref().map_or_else(Vec::new, |have| gains(sent, have));
        if let Some(have) = have {
            have.remove(&gone);
            have.removed.extend(&made);
        }
        if let Some(want) = goal.workers.iter_mut().find(|group| group.slot == sent.slot) {
            for index in made.iter().chain(&gone) {
                renumber(want, *index);
            }
        }
    }
    let kept = |slot: u32| sent.workers.iter().any(|group| group.slot == slot);
    taken.workers.retain(|group| kept(group.slot));
    taken.removed_slots.extend(&sent.removed_slots);
}

/// The machine of that index is to be another one.
fn renumber(group: &mut WorkerGroup, index: u32) {
    let Some(node) = group.nodes.get(&index).cloned() else {
        group.removed.insert(index);
        return;
    };
    group.remove(&[index]);
    group.grow(1, &node);
}

#[cfg(test)]
mod tests;
