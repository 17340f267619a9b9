//! Marked rows: they belong to what they show, and what can be done to several is done to them.

use jeroboam::model::{ClusterChange, ClusterId, Problem, Status};
use jeroboam::service::Change;
use jeroboam::ui::{Effect, Job, Msg, Reply, Ticket};

use super::desk::{Desk, answer};
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

/// ci-runners, ml-gpu and prod-east are marked; then the keys.
fn three(keys: &str) -> Desk {
    let mut desk = Desk::ready();
    desk.press("space space space").press(keys);
    desk
}

fn check(change: ClusterChange) -> impl Fn(ClusterId) -> Job {
    move |id| Job::CheckChange(id, Box::new(change.clone()))
}

/// Takes the open command out that is this one.
fn take(desk: &mut Desk, wanted: &Job) -> Ticket {
    let at = desk.open.iter().position(|(_, job)| job == wanted);
    desk.open.remove(at.unwrap_or_else(|| panic!("{wanted:?} is not among {:?}", desk.open))).0
}

#[test]
fn several_are_deleted_by_typing_how_many() {
    let mut desk = three("d");
    let picture = desk.screen(120, 40);
    for told in ["Delete 3 clusters", "32 servers", "ci-runners", "ml-gpu", "prod-east", "Type delete 3 to do it"] {
        assert!(picture.contains(told), "{told}:\n{picture}");
    }
    assert!(picture.contains("jeroboam cluster delete ci-runners ml-gpu prod-east"), "{picture}");
    desk.write("delete 2").press("enter");
    assert!(desk.open.is_empty());
    desk.press("backspace").write("3").press("enter");
    let first = take(&mut desk, &Job::DeleteCluster(CI));
    let second = take(&mut desk, &Job::DeleteCluster(ML));
    let third = take(&mut desk, &Job::DeleteCluster(world::PROD));
    assert!(desk.open.is_empty());
    desk.send(Msg::Reply(first, Reply::ClusterDeleted(CI, Ok(()))));
    desk.send(Msg::Reply(second, Reply::ClusterDeleted(ML, Err(Problem::conflict("somebody holds it")))));
    desk.send(Msg::Reply(third, Reply::ClusterDeleted(world::PROD, Ok(()))));
    let picture = desk.screen(120, 40);
    assert!(picture.contains("✖ 1 of 3 were refused") && picture.contains("somebody holds it"), "{picture}");
    desk.press("enter");
    assert!(!desk.screen(120, 40).contains("refused"));
    assert!(marked(&mut desk).is_empty(), "what is being done stays marked no longer");
}

#[test]
fn who_is_being_deleted_already_is_left_out() {
    let mut desk = Desk::ready();
    let mut going = world::clusters().into_iter().find(|cluster| cluster.uuid == CI).unwrap();
    going.status = Status::DELETE_IN_PROGRESS;
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(going) }));
    desk.press("space space d");
    let picture = desk.screen(120, 40);
    assert!(picture.contains("it is being deleted already") && picture.contains("1 of 2 cannot be"), "{picture}");
    desk.write("delete 1").press("enter");
    take(&mut desk, &Job::DeleteCluster(ML));
    assert!(desk.open.is_empty());
}

#[test]
fn what_cannot_be_is_told_for_each_before_anybody_types() {
    let mut desk = three("B");
    let asked = check(ClusterChange::Rollback);
    let tickets = [CI, ML, world::PROD].map(|id| take(&mut desk, &asked(id)));
    desk.write("roll back 3").press("enter");
    let picture = desk.screen(120, 40);
    assert!(picture.contains("looking whether that can be: 0 of 3") && !picture.contains("Type "), "{picture}");
    let refused = Problem::conflict("nothing to give up").advise("There is no change");
    desk.send(Msg::Reply(tickets[0], Reply::ChangeChecked(CI, Ok(()))));
    desk.send(Msg::Reply(tickets[1], Reply::ChangeChecked(ML, Err(vec![refused.clone()]))));
    assert!(!desk.screen(120, 40).contains("Type "));
    desk.send(Msg::Reply(tickets[2], Reply::ChangeChecked(world::PROD, Err(vec![refused]))));
    let picture = desk.screen(120, 40);
    assert!(picture.contains("nothing to give up. There is no change") && picture.contains("2 of 3 cannot be"));
    assert!(picture.contains("Type roll back 1 to do it"), "{picture}");
    assert!(picture.contains("for c in ci-runners; do jeroboam cluster rollback \"$c\"; done"), "{picture}");
    desk.write("roll back 1").press("enter");
    let ticket = take(&mut desk, &Job::Change(CI, Box::new(ClusterChange::Rollback)));
    let changed = world::clusters().into_iter().find(|cluster| cluster.uuid == CI).unwrap();
    desk.send(Msg::Reply(ticket, Reply::ClusterChanged(CI, Ok(Box::new(changed)))));
    let picture = desk.screen(120, 40);
    assert!(picture.contains("roll back accepted for 1 cluster") && !picture.contains("Roll back"), "{picture}");
}

#[test]
fn an_old_answer_to_another_question_does_not_count() {
    let mut desk = three("t");
    let old = take(&mut desk, &check(ClusterChange::Retry)(CI));
    desk.press("esc B");
    desk.send(Msg::Reply(old, Reply::ChangeChecked(CI, Ok(()))));
    assert!(desk.screen(120, 40).contains("looking whether that can be: 0 of 3"), "{}", desk.screen(120, 40));
}

#[test]
fn pausing_several_is_not_typed_and_goes_on_when_all_are_paused() {
    let mut desk = three("p");
    desk.answer_all();
    assert!(desk.screen(120, 40).contains("Pause the change of 3 clusters"));
    desk.press("enter");
    take(&mut desk, &Job::Change(CI, Box::new(ClusterChange::Pause)));
    let mut desk = Desk::ready();
    let mut paused = world::clusters().into_iter().find(|cluster| cluster.uuid == CI).unwrap();
    paused.rollout.as_mut().unwrap().paused = true;
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(paused) }));
    desk.press("space space p");
    take(&mut desk, &check(ClusterChange::Resume)(ML));
}

#[test]
fn a_hundred_are_asked_about_a_few_at_a_time_and_leaving_stops_it() {
    let mut desk = Desk::ready();
    for number in 0..100u128 {
        let mut cluster = world::clusters().remove(3);
        cluster.uuid.0 = uuid::Uuid::from_u128(0x1000 + number);
        cluster.name = format!("z{number:03}");
        desk.send(Msg::Change(Change::Cluster { cluster: Box::new(cluster) }));
    }
    desk.answer_all();
    desk.press("* C");
    let mut most = 0;
    while !desk.open.is_empty() {
        most = most.max(desk.open.len());
        let (ticket, job) = desk.open.remove(0);
        desk.send(Msg::Reply(ticket, answer(&job)));
    }
    assert_eq!(most, 8);
    desk.write("rotate 105").press("enter");
    assert_eq!(desk.open.len(), 8);
    desk.press("esc");
    assert!(desk.screen(120, 40).contains("stopped: 97 were not asked for any more"), "{}", desk.screen(120, 40));
    let asked = desk.wanted.iter().filter(|effect| matches!(effect, Effect::Run(_, Job::Change(..))));
    assert_eq!(asked.count(), 8);
}

#[test]
fn templates_in_use_are_left_out_and_one_mark_is_the_single_question() {
    let mut desk = Desk::ready();
    desk.press("2 * d");
    let picture = desk.screen(120, 40);
    assert!(
        picture.contains("Delete 3 templates") && picture.contains("It cannot go while clusters use it"),
        "{picture}"
    );
    desk.press("enter");
    assert_eq!(desk.open.len(), 2);
    desk.answer_all();
    assert!(desk.screen(120, 40).contains("delete accepted for 2 templates"));
    // The mark counts, not the cursor.
    let mut desk = Desk::ready();
    desk.press("space d");
    assert!(desk.screen(120, 40).contains("Delete the cluster ci-runners"), "{}", desk.screen(120, 40));
}
