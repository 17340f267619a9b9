use super::*;

fn group(name: &str, count: usize) -> WorkerGroup {
    let mut group = WorkerGroup { name: name.into(), role: "worker".into(), ..WorkerGroup::default() };
    group.grow(count, &WorkerNode::default());
    group
}

/// As Heat numbers the members of a resource group with a removal list.
fn heat(count: usize, removed: &BTreeSet<u32>) -> Vec<u32> {
    (0..).filter(|index| !removed.contains(index)).take(count).collect()
}

#[test]
fn indexes_are_heats_and_are_never_used_twice() {
    let mut workers = group(DEFAULT_WORKER, 3);
    workers.remove(&[1]);
    assert_eq!(workers.next_indexes(2), [3, 4]);
    assert_eq!(workers.grow(1, &WorkerNode::default()), [3]);
    workers.remove(&workers.last_indexes(1));
    assert_eq!(workers.nodes.keys().copied().collect::<Vec<_>>(), [0, 2]);
    workers.remove(&[7]);
    assert_eq!(workers.next_indexes(1), [4], "3 is gone for good, and 7 never was");
    assert_eq!(workers.nodes.keys().copied().collect::<Vec<_>>(), heat(workers.count(), &workers.removed));
}

#[test]
fn slots_are_never_used_twice_and_the_default_group_stays() {
    let mut spec = Spec::first(3, &NodeImage::default(), group(DEFAULT_WORKER, 1));
    spec.add_group(group("gpu", 2));
    spec.add_group(group("big", 0));
    assert_eq!(spec.group("big").map(|group| group.slot), Some(2));
    assert_eq!(spec.remove_group("gpu").map(|group| group.slot), Some(1));
    assert_eq!(spec.remove_group(DEFAULT_WORKER), None);
    assert_eq!(spec.next_slot(), 3);
    assert_eq!((spec.masters.len(), spec.node_count()), (3, 1));
}
