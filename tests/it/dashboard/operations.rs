//! Operations on a cluster that is there: keys lead to forms and questions, these to changes;
//! what is refused is shown whole.

use jeroboam::model::{ClusterChange, NewNodeGroup, Problem, Status};
use jeroboam::service::Change;
use jeroboam::ui::{Effect, Job, Msg, Reply};
use rstest::rstest;

use super::desk::{Desk, answer};
use super::world::{self, CI, ML};

/// On the page of ml-gpu, which is at rest, or of another cluster.
fn page(down: usize) -> Desk {
    let mut desk = Desk::ready();
    for _ in 0..down {
        desk.press("down");
    }
    desk.press("enter");
    desk
}

/// Sends the form; the manager would accept it, so that its question is put where there is one.
fn send(desk: &mut Desk) {
    desk.press("ctrl-s");
    if matches!(desk.open.last(), Some((_, Job::CheckChange(..)))) {
        desk.answer_all();
    }
}

/// The change that is asked for, as the only open command.
fn change(desk: &mut Desk) -> ClusterChange {
    let (_, Job::Change(_, change)) = desk.command() else { panic!("another job") };
    *change
}

fn commands(desk: &Desk) -> usize {
    desk.wanted.iter().filter(|effect| matches!(effect, Effect::Run(_, Job::Change(..)))).count()
}

#[test]
fn more_nodes_are_asked_for_at_once() {
    let mut desk = page(1);
    desk.press("+ backspace backspace").write("17").press("ctrl-s");
    let wanted =
        ClusterChange::Resize { count: 17, nodegroup: Some("default-worker".into()), nodes_to_remove: Vec::new() };
    assert_eq!(change(&mut desk), wanted);
}

#[test]
fn fewer_nodes_want_the_clusters_name() {
    let mut desk = page(1);
    desk.press("+ backspace");
    send(&mut desk);
    let picture = desk.screen(120, 40);
    assert!(picture.contains("These go") && picture.contains("the 15 youngest"), "{picture}");
    assert!(picture.contains("jeroboam cluster resize ml-gpu 1 --nodegroup default-worker"), "{picture}");
    desk.write("ml").press("enter");
    assert_eq!(commands(&desk), 0);
    desk.write("-gpu").press("enter");
    assert!(matches!(change(&mut desk), ClusterChange::Resize { count: 1, .. }));
}

#[test]
fn nodes_that_go_are_picked_from_the_list() {
    let mut desk = page(1);
    desk.press("+ tab enter down space space enter");
    let picture = desk.screen(120, 40);
    assert!(picture.contains("worker-1, ") && picture.contains("worker-2"), "{picture}");
    assert!(picture.contains("cluster resize ml-gpu 14"), "as many fewer: {picture}");
    send(&mut desk);
    desk.write("ml-gpu").press("enter");
    let ClusterChange::Resize { count, nodes_to_remove, .. } = change(&mut desk) else { panic!("another change") };
    assert_eq!(count, 14);
    assert_eq!(nodes_to_remove, ["ml-gpu-0000000000a1-worker-1", "ml-gpu-0000000000a1-worker-2"]);
    // From the nodes' list the one under the cursor is meant.
    let mut desk = page(1);
    desk.press("2 down down down down -");
    assert!(desk.screen(120, 40).contains("--nodes-to-remove ml-gpu-0000000000a1-worker-1"));
    // Enter alone takes the one under the cursor, and a mark can be taken away.
    desk.press("tab enter space enter");
    assert!(desk.screen(120, 40).contains("the youngest, if it becomes smaller"));
}

#[rstest]
#[case("99999999999", "is too large a number")]
#[case("-3", "is not a whole number")]
#[case("many", "is not a whole number")]
#[case("4294967295", "Heat's limit")]
#[case("", "how many nodes?")]
fn numbers_that_make_no_sense_do_not_leave_the_form(#[case] typed: &str, #[case] told: &str) {
    let mut desk = page(1);
    desk.press("+ backspace backspace").write(typed).press("ctrl-s");
    let picture = desk.screen(120, 40);
    assert!(picture.contains(told), "{picture}");
    assert_eq!(commands(&desk), 0);
}

#[test]
fn bounds_hold_while_typing() {
    let mut desk = page(1);
    desk.press("1 G + backspace").write("9");
    let picture = desk.screen(120, 40);
    assert!(picture.contains("9 nodes are more"), "{picture}");
    let mut desk = page(1);
    desk.press("1 G e tab backspace").write("3").press("ctrl-s");
    assert!(desk.screen(120, 40).contains("2 nodes are fewer"));
    desk.press("backspace").write("2").press("tab backspace ctrl-s");
    let wanted =
        ClusterChange::UpdateNodegroup { nodegroup: "gpu".into(), min_node_count: Some(2), max_node_count: Some(None) };
    assert_eq!(change(&mut desk), wanted);
}

#[test]
fn an_upgrade_names_a_template_and_a_batch() {
    let mut desk = page(1);
    desk.press("U ctrl-s");
    assert!(desk.screen(120, 40).contains("choose a template"));
    desk.press("enter").write("1-30").press("enter tab tab backspace").write("0").press("ctrl-s");
    assert!(desk.screen(120, 40).contains("at least one worker is replaced at a time"));
    desk.press("backspace").write("3");
    desk.press("ctrl-o");
    let picture = desk.screen(120, 40);
    assert!(picture.contains("openstack coe cluster upgrade ml-gpu \\"), "{picture}");
    assert!(picture.contains("k8s-1-30-ha --max-batch-size 3"), "{picture}");
    send(&mut desk);
    desk.write("ml-gpu").press("enter");
    let wanted = ClusterChange::Upgrade { template: "k8s-1-30-ha".into(), nodegroup: None, max_batch_size: 3 };
    assert_eq!(change(&mut desk), wanted);
}

#[test]
fn what_the_manager_refuses_is_shown_whole_where_it_was_asked() {
    let mut desk = page(1);
    desk.press("A ctrl-s");
    let (ticket, job) = desk.command();
    assert_eq!(job, Job::CheckChange(ML, Box::new(ClusterChange::RotateCa { max_batch_size: 1 })));
    let refused = Problem::conflict("its only master keeps etcd on its own disk").advise("Make a cluster with three");
    desk.send(Msg::Reply(ticket, Reply::ChangeChecked(ML, Err(vec![refused.clone()]))));
    let picture = desk.screen(120, 40);
    assert!(
        picture.contains("its only master keeps etcd") && picture.contains("Make a cluster with three"),
        "{picture}"
    );
    assert!(!picture.contains("Type its name"), "nobody confirms what is refused: {picture}");
    // Accepted now, refused after all, and the form left meanwhile: then it is a notice.
    send(&mut desk);
    desk.write("ml-gpu").press("enter");
    let (ticket, _) = desk.command();
    desk.press("esc");
    assert!(!desk.screen(120, 40).contains("Rotate the CA"));
    desk.send(Msg::Reply(ticket, Reply::ClusterChanged(ML, Err(vec![refused]))));
    let picture = desk.screen(120, 40);
    assert!(
        picture.contains("its only master keeps etcd") && picture.contains("Make a cluster with three"),
        "{picture}"
    );
}

#[test]
fn a_node_group_is_made_and_deleted() {
    let mut desk = page(1);
    desk.press("N").write("in fra").press("ctrl-s");
    assert!(desk.screen(120, 40).contains("node group name \"in fra\" may have letters"));
    for _ in 0..4 {
        desk.press("backspace");
    }
    desk.write("fra").press("tab tab backspace").write("2");
    for _ in 0..9 {
        desk.press("tab");
    }
    desk.write("gpu=true:NoSchedule, x:NoExecute").press("ctrl-s");
    let ClusterChange::CreateNodegroup { nodegroup } = change(&mut desk) else { panic!("another change") };
    let wanted = NewNodeGroup {
        name: "infra".into(),
        node_count: 2,
        node_taints: vec!["gpu=true:NoSchedule".into(), "x:NoExecute".into()],
        ..NewNodeGroup::default()
    };
    assert_eq!(*nodegroup, wanted);
    let mut desk = page(1);
    desk.press("1 G d");
    desk.answer_all();
    desk.write("ml-gpu").press("enter");
    assert_eq!(commands(&desk), 0, "the group's name is asked for");
    desk.press("esc d");
    desk.answer_all();
    desk.write("gpu").press("enter");
    assert_eq!(change(&mut desk), ClusterChange::DeleteNodegroup { nodegroup: "gpu".into() });
    // A default group: nothing to confirm, the manager says why not.
    let mut desk = page(1);
    desk.press("1 g d");
    assert_eq!(change(&mut desk), ClusterChange::DeleteNodegroup { nodegroup: "default-master".into() });
}

#[test]
fn a_change_under_way_is_paused_and_goes_on() {
    let mut desk = page(0);
    desk.press("p");
    assert_eq!(change(&mut desk), ClusterChange::Pause);
    let mut paused = world::clusters().into_iter().find(|cluster| cluster.uuid == CI).unwrap();
    let change_of = paused.rollout.as_mut().unwrap();
    (change_of.paused, change_of.held, change_of.step_since) = (true, true, None);
    desk.open.clear();
    let mut desk = page(0);
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(paused) }));
    desk.answer_loads();
    let picture = desk.screen(120, 40);
    assert!(picture.contains("‖ paused") && picture.contains("nothing is under way"), "{picture}");
    desk.press("p");
    assert_eq!(change(&mut desk), ClusterChange::Resume);
    desk.press("X");
    desk.answer_all();
    desk.press("enter");
    assert_eq!(desk.open.len(), 0, "one command at a time");
}

#[test]
fn a_failed_change_shows_the_ways_out_of_it() {
    let mut failed = world::clusters().into_iter().find(|cluster| cluster.uuid == CI).unwrap();
    failed.status = Status::UPDATE_FAILED;
    failed.status_reason = "Resource CREATE failed: no valid host".into();
    let mut desk = page(0);
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(failed) }));
    desk.answer_loads();
    desk.press("esc");
    let picture = desk.screen(120, 40);
    assert!(picture.contains("t  try again") && picture.contains("B  roll back"), "{picture}");
    desk.press("t");
    desk.answer_all();
    desk.press("enter");
    assert_eq!(change(&mut desk), ClusterChange::Retry);
    // Nothing to roll back: the manager says so before anybody has to type.
    let mut other = page(0);
    other.press("B").write("ci-runners").press("enter");
    let (ticket, job) = other.command();
    assert_eq!(job, Job::CheckChange(CI, Box::new(ClusterChange::Rollback)));
    assert!(other.screen(120, 40).contains("looking whether that can be"));
    let refused = Problem::conflict("there is nothing to give up");
    other.send(Msg::Reply(ticket, Reply::ChangeChecked(CI, Err(vec![refused]))));
    let picture = other.screen(120, 40);
    assert!(picture.contains("nothing to give up") && !picture.contains("Type its name"), "{picture}");
    other.press("enter");
    assert!(other.open.is_empty() && !other.screen(120, 40).contains("nothing to give up"));
}

#[test]
fn hints_name_what_means_something_now() {
    let mut desk = page(1);
    let at_rest = desk.screen(200, 50);
    let footer = at_rest.lines().rev().nth(1).unwrap();
    assert!(footer.contains("+ resize") && !footer.contains("p pause") && !footer.contains("w why"), "{footer}");
    let mut desk = page(0);
    let moving = desk.screen(200, 50);
    let footer = moving.lines().rev().nth(1).unwrap();
    assert!(footer.contains("p pause") && footer.contains("X stop") && !footer.contains("+ resize"), "{footer}");
}

#[test]
fn nodes_are_asked_for_again_when_the_cluster_changed() {
    let mut desk = page(0);
    desk.wanted.clear();
    let mut ci = world::clusters().into_iter().find(|cluster| cluster.uuid == CI).unwrap();
    ci.progress = None;
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(ci.clone()) }));
    let asks =
        |desk: &Desk, job: &Job| desk.wanted.iter().any(|effect| matches!(effect, Effect::Run(_, have) if have == job));
    assert!(!asks(&desk, &Job::Nodes(CI)), "Heat's progress alone says nothing of nodes");
    ci.rollout.as_mut().unwrap().done = 2;
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(ci) }));
    assert!(asks(&desk, &Job::Nodes(CI)) && asks(&desk, &Job::History(CI)) && !asks(&desk, &Job::Issued(CI)));
    let (ticket, job) = desk.open.remove(0);
    desk.send(Msg::Reply(ticket, answer(&job)));
}

#[test]
fn a_digit_begins_another_number_than_the_one_that_is_offered() {
    let mut desk = Desk::ready();
    desk.press("down +").write("3");
    let screen = desk.screen(120, 40);
    assert!(screen.contains("▸ Nodes             3 "), "{screen}");
    desk.write("0").press("backspace").write("4");
    assert!(desk.screen(120, 40).contains("▸ Nodes             34 "), "{}", desk.screen(120, 40));
}

/// Whoever presses enter before the look is over is told so; nothing is sent unseen, then or later.
#[test]
fn enter_before_the_look_is_over_sends_nothing_and_says_so() {
    let mut question = page(1);
    question.press("1 G d");
    let mut several = Desk::ready();
    several.press("* B");
    let mut review = Desk::ready();
    review.press("n").write("work");
    review.send(Msg::Key("ctrl-s".parse().unwrap()));
    let cases = [
        (question, "not done: it still looks"),
        (several, "nothing is done yet: it still looks"),
        (review, "not sent: it still looks"),
    ];
    for (mut desk, word) in cases {
        assert!(!desk.screen(80, 24).contains(word));
        let open = desk.open.len();
        desk.send(Msg::Key("enter".parse().unwrap()));
        let picture = desk.screen(80, 24);
        assert!(picture.contains(word), "{picture}");
        assert_eq!(desk.open.len(), open, "{word}");
        desk.answer_all();
        let picture = desk.screen(80, 24);
        assert!(!picture.contains(word), "{picture}");
        let sent = |effect: &Effect| matches!(effect, Effect::Run(_, Job::Change(..) | Job::CreateCluster(_)));
        assert!(!desk.wanted.iter().any(sent), "{word}");
    }
}
