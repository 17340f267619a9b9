use chrono::{TimeZone, Utc};

use super::{progress, root_cause};
use crate::model::{Action, Stack, StackResource};

/// `address type status second reason`; a type in `<…>` is a nested stack.
fn tree(lines: &str) -> Vec<StackResource> {
    lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let mut words = line.splitn(5, ' ');
            let mut word = || words.next().unwrap_or_default();
            let (address, kind, status, second) = (word(), word(), word(), word());
            let mut path: Vec<String> = address.split('.').map(str::to_owned).collect();
            let name = path.pop().unwrap();
            StackResource {
                name,
                kind: kind.into(),
                status: status.into(),
                status_reason: word().into(),
                physical_id: "id".into(),
                nested: kind.starts_with('<').then(|| "nested".into()),
                stack_id: path.join("."),
                path,
                updated: Utc.timestamp_opt(second.parse().unwrap(), 0).single(),
            }
        })
        .collect()
}

fn stack(reason: &str) -> Stack {
    Stack {
        id: "s".into(),
        name: "prod".into(),
        status: "CREATE_FAILED".into(),
        status_reason: reason.into(),
        tags: Vec::new(),
        created: None,
        updated: None,
        outputs: Default::default(),
        revision: None,
    }
}

fn cause(reason: &str, lines: &str) -> String {
    root_cause(&stack(reason), &tree(lines)).map_or("?".into(), |cause| format!("{}: {}", cause.resource, cause.reason))
}

#[test]
fn the_deepest_failure_counts() {
    let lines = "
        workers <group> CREATE_FAILED 9 ResourceInError: resources.workers.resources[1].resources.server: Went to status ERROR
        workers.1 <worker.yaml> CREATE_FAILED 8 ResourceInError: resources.server: Went to status ERROR
        workers.1.server OS::Nova::Server CREATE_FAILED 7 ResourceInError: resources.server: Went to status ERROR due to \"No valid host was found.\"
        network OS::Neutron::Net CREATE_COMPLETE 1 state changed";
    assert_eq!(
        cause("Resource CREATE failed: …", lines),
        "workers.1.server: ResourceInError: Went to status ERROR due to \"No valid host was found.\""
    );
}

#[test]
fn follow_ups_do_not() {
    let lines = "
        masters.0.server OS::Nova::Server CREATE_FAILED 3 CREATE aborted (Task create from Server \"server\" Stack \"m\" [1] Timed out)
        masters.0.volume OS::Cinder::Volume CREATE_FAILED 2 Resource CREATE cancelled
        workers.0.port OS::Neutron::Port CREATE_FAILED 6 Conflict: resources.port: Quota exceeded for resources: ['port'].
        workers.1.port OS::Neutron::Port CREATE_FAILED 5 Conflict: resources.port: Quota exceeded for resources: ['port'].";
    assert_eq!(
        cause("Resource CREATE failed", lines),
        "workers.1.port: Conflict: Quota exceeded for resources: ['port']."
    );
}

#[test]
fn a_time_out_names_what_was_waited_for() {
    let lines = "
        masters <group> CREATE_IN_PROGRESS 2 state changed
        masters.0.wait OS::Heat::WaitCondition CREATE_IN_PROGRESS 5 state changed
        masters.0.server OS::Nova::Server CREATE_COMPLETE 4 state changed
        workers <group> INIT_COMPLETE 1 ";
    assert_eq!(cause("Timed out", lines), "masters.0.wait: the stack timed out while this was still being created");
    let lines = "
        masters <group> CREATE_FAILED 2 CREATE aborted (Task create from ResourceGroup \"masters\" Stack \"prod\" [1] Timed out)
        masters.0.wait OS::Heat::WaitCondition CREATE_FAILED 5 CREATE aborted (Task create from WaitCondition \"wait\" Stack \"x\" [1] Timed out)";
    assert_eq!(
        cause("Create timed out", lines),
        "masters.0.wait: the stack timed out while this was still being created"
    );
    let lines =
        "masters.0.wait OS::Heat::WaitCondition CREATE_FAILED 5 WaitConditionTimeout: resources.wait: 0 of 1 received";
    assert_eq!(cause("Resource CREATE failed", lines), "masters.0.wait: WaitConditionTimeout: 0 of 1 received");
}

#[test]
fn little_is_better_than_nothing() {
    assert_eq!(cause("Resource CREATE failed", ""), "?");
    assert_eq!(cause("x", "workers <group> CREATE_FAILED 2 BadRequest: too many"), "workers: BadRequest: too many");
    assert_eq!(cause("x", "a OS::Heat::Value CREATE_FAILED 2"), "a: CREATE_FAILED without a reason");
    assert_eq!(
        cause("x", "a OS::Heat::Value CREATE_FAILED 2 Resource CREATE cancelled"),
        "a: Resource CREATE cancelled"
    );
}

#[test]
fn progress_counts_resources() {
    let resources = tree("a T CREATE_COMPLETE 1\nb T CREATE_IN_PROGRESS 1\nc T INIT_COMPLETE 1\nd T UPDATE_COMPLETE 1");
    let made = progress(&Action::Create, &resources, 0);
    assert_eq!((made.complete, made.total), (2, 4));
    let resources = tree("a T DELETE_COMPLETE 1\nb T DELETE_IN_PROGRESS 1\nc T CREATE_COMPLETE 1");
    let left = progress(&Action::Delete, &resources, 10);
    assert_eq!((left.complete, left.total), (8, 10));
}
