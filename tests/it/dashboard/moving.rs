//! Moving about between pages, and all that moves on one page.

use jeroboam::model::{Progress, Status};
use jeroboam::service::Change;
use jeroboam::ui::{Effect, Job, Msg};

use super::desk::Desk;
use super::world::{self, CI, PROD};

/// What the page on screen is called.
fn page(desk: &mut Desk) -> &'static str {
    let picture = desk.screen(120, 40);
    let known = [("1 Clusters", "home"), ("On the move", "movers"), ("╭ ci-runners", "ci"), ("╭ ml-gpu", "ml")];
    known.into_iter().find(|(told, _)| picture.contains(told)).map_or("another", |(_, page)| page)
}

#[test]
fn back_and_forward_through_pages_that_were_open() {
    let mut desk = Desk::ready();
    desk.press("[");
    assert!(desk.screen(120, 40).contains("no page before this one"));
    desk.press("enter 1 esc down enter");
    assert_eq!(page(&mut desk), "ml");
    for (key, wanted) in [("[", "home"), ("alt-left", "ci"), ("]", "home"), ("alt-right", "ml"), ("]", "ml")] {
        desk.press(key);
        assert_eq!(page(&mut desk), wanted, "{key}");
    }
    // As it was left: ci-runners' page had another pane in focus.
    desk.press("[ [");
    assert!(desk.screen(120, 40).contains("▸ default-master"), "{}", desk.screen(120, 40));
    // From there elsewhere: what was ahead is no more; esc closes as ever.
    desk.press("esc m");
    assert_eq!(page(&mut desk), "movers");
    desk.press("]");
    assert_eq!(page(&mut desk), "movers");
    desk.press("esc");
    assert_eq!(page(&mut desk), "home");
}

#[test]
fn pages_of_clusters_that_are_gone_are_stepped_over_and_forms_are_no_places() {
    let mut desk = Desk::ready();
    desk.press("enter esc down enter + esc");
    assert_eq!(page(&mut desk), "ml");
    desk.send(Msg::Change(Change::ClusterGone { id: CI, name: "ci-runners".into() }));
    desk.press("[ [");
    assert_eq!(page(&mut desk), "home");
    desk.press("]");
    assert_eq!(page(&mut desk), "ml");
}

/// prod-east, so many of its 47 resources complete.
fn far(desk: &mut Desk, complete: usize) {
    let mut prod = world::clusters().into_iter().find(|cluster| cluster.uuid == PROD).unwrap();
    prod.progress = Some(Progress { complete, total: 47 });
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(prod) }));
}

/// A minute of prod-east, which stood still for half of it.
pub fn minute(desk: &mut Desk) {
    for (second, complete) in [(0, 31), (10, 33), (15, 36), (20, 40), (50, 42), (60, 45)] {
        desk.wait(second);
        far(desk, complete);
    }
}

#[test]
fn all_that_moves_is_on_one_page() {
    let mut desk = Desk::ready();
    desk.press("m");
    let jobs: Vec<&Job> = desk
        .wanted
        .iter()
        .filter_map(|effect| match effect {
            Effect::Run(_, job @ Job::Nodes(_)) => Some(job),
            _ => None,
        })
        .collect();
    assert_eq!(jobs, [&Job::Nodes(CI), &Job::Nodes(PROD)], "of both, one after another");
    minute(&mut desk);
    let picture = desk.screen(200, 50);
    let row = |name: &str| picture.lines().find(|line| line.contains(name)).unwrap_or_default().to_owned();
    assert!(row("ci-runners").contains("upgrade v1.30.2 → v1.31.4"), "{picture}");
    assert!(row("prod-east").contains("95 %") && row("prod-east").contains("0 → 4"), "{picture}");
    assert!(row("prod-east").contains("▆▇"), "its progress so far: {picture}");
    // Operations of the clusters' list are there, on the selected one or on those marked.
    desk.press("* p");
    assert!(desk.screen(120, 40).contains("Pause the change of 2 clusters"));
    desk.press("esc esc down enter");
    assert!(desk.screen(120, 40).contains("╭ prod-east"));
    assert!(desk.screen(200, 50).lines().nth(2).unwrap().contains('▇'), "{}", desk.screen(200, 50));
    // What came to rest is no more in it.
    desk.press("esc");
    let mut done = world::clusters().into_iter().find(|cluster| cluster.uuid == PROD).unwrap();
    done.status = Status::CREATE_COMPLETE;
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(done) }));
    let picture = desk.screen(80, 24);
    assert!(!picture.lines().any(|line| line.contains("prod-east") && line.contains('▰')), "{picture}");
}
