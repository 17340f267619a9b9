//! Marked rows: they belong to what they show, and what can be done to several is done to them.

use jeroboam::model::{ClusterChange, Status};
use jeroboam::service::Change;
use jeroboam::ui::{Effect, Job, Msg};

use super::desk::Desk;
use super::world::{self, CI, ML};

/// First words of the rows with the sign of a mark.
fn marked(desk: &mut Desk) -> Vec<String> {
    let screen = desk.screen(200, 50);
    let rows = screen.lines().filter_map(|line| line.split_once('✓'));
    let rows = rows.filter(|(before, _)| before.trim_matches(['│', '▸', '›', ' ']).is_empty());
    rows.map(|(_, rest)| rest.split_whitespace().next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn marks_stay_on_their_rows_whatever_the_order_and_the_filter() {
    let mut desk = Desk::ready();
    desk.press("space down space");
    assert_eq!(marked(&mut desk), ["ci-runners", "prod-east"]);
    assert!(desk.screen(120, 40).contains("✓ 2 marked"));
    desk.press("S");
    assert_eq!(marked(&mut desk), ["prod-east", "ci-runners"]);
    desk.press("/").write("ci").press("enter");
    assert_eq!(marked(&mut desk), ["ci-runners"]);
    assert!(desk.screen(120, 40).contains("✓ 2 marked, 1 not shown"), "{}", desk.screen(120, 40));
    // News of a marked one, and the end of another.
    let mut failed = world::clusters().into_iter().find(|cluster| cluster.uuid == CI).unwrap();
    failed.status = Status::UPDATE_FAILED;
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(failed) }));
    desk.send(Msg::Change(Change::ClusterGone { id: world::PROD, name: "prod-east".into() }));
    assert!(desk.screen(120, 40).contains("✓ 1 marked"));
    // The failure's notice goes first, then the filter, then the marks.
    desk.press("esc esc");
    assert_eq!(marked(&mut desk), ["ci-runners"]);
    desk.press("esc");
    assert!(marked(&mut desk).is_empty());
}

#[test]
fn ranges_and_all() {
    let mut desk = Desk::ready();
    desk.press("space down down V");
    assert_eq!(marked(&mut desk), ["ci-runners", "ml-gpu", "prod-east", "staging"]);
    desk.press("*");
    assert_eq!(marked(&mut desk).len(), 5);
    desk.press("*");
    assert!(marked(&mut desk).is_empty());
    desk.press("/").write("gpu").press("enter * esc");
    assert_eq!(marked(&mut desk), ["ml-gpu"], "only those that were shown");
    desk.press("2 down space");
    assert_eq!(marked(&mut desk).len(), 2, "each list has its own: {}", desk.screen(200, 50));
}

#[test]
fn marked_nodes_go_together() {
    let mut desk = Desk::ready();
    desk.press("down enter 2 down down down down space space -");
    let picture = desk.screen(120, 40);
    assert!(picture.contains("worker-1, ") && picture.contains("worker-2"), "{picture}");
    assert!(picture.contains("cluster resize ml-gpu 14"), "{picture}");
    desk.press("ctrl-s");
    desk.answer_all();
    desk.write("ml-gpu").press("enter");
    let (_, job) = desk.command();
    let change = ClusterChange::Resize {
        count: 14,
        nodegroup: Some("default-worker".into()),
        nodes_to_remove: vec!["ml-gpu-0000000000a1-worker-1".into(), "ml-gpu-0000000000a1-worker-2".into()],
    };
    assert_eq!(job, Job::Change(ML, Box::new(change)));
    // Of two groups, or masters: said at once, nothing opens.
    for (keys, told) in [("G space", "one group at a time"), ("g space", "a master cannot be taken away")] {
        let mut desk = Desk::ready();
        desk.press("down enter 2 down down down down space").press(keys).press("-");
        let picture = desk.screen(120, 40);
        assert!(picture.contains(told) && !picture.contains("Nodes that go"), "{picture}");
        assert!(!desk.wanted.iter().any(|effect| matches!(effect, Effect::Run(_, Job::Inventory))));
    }
}
