//! Every page, form and dialog at three sizes.

use jeroboam::model::Problem;
use jeroboam::service::Change;
use jeroboam::ui::{Depth, Job, Msg, Reply, Saved, Theme};

use ratatui::buffer::Cell;
use ratatui::style::Color;
use unicode_width::UnicodeWidthStr;

use super::desk::Desk;
use super::world;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 50)];

/// Takes the pictures; each must come out the same when it is drawn again.
pub fn pictures(name: &str, desk: &mut Desk) {
    for (width, height) in SIZES {
        let picture = desk.screen(width, height);
        assert_eq!(picture, desk.screen(width, height), "drawn twice");
        insta::assert_snapshot!(format!("{name}@{width}x{height}"), picture);
    }
}

#[test]
fn before_the_cloud_is_there() {
    pictures("connecting", &mut Desk::new());
    let mut desk = Desk::new();
    let problem = Problem::new(
        jeroboam::model::ProblemKind::Denied,
        "keystone: The request you have made requires authentication. [HTTP 401]",
    );
    let mut problem = problem.advise("Check user, password or application credential in clouds.yaml");
    problem.request_id = Some("req-8d0b3a5e-6f6f-4a0e-93d5-0e5f3c2f7a11".into());
    desk.send(Msg::ConnectFailed(problem));
    pictures("connect-failed", &mut desk);
}

#[test]
fn an_empty_cloud_says_what_to_do() {
    let mut desk = Desk::new();
    desk.send(Msg::Connected(Box::new(world::identity())));
    for (ticket, job) in std::mem::take(&mut desk.open) {
        let reply = match super::desk::answer(&job) {
            Reply::Templates(_) => Reply::Templates(Ok(Vec::new())),
            Reply::Clusters(_) => Reply::Clusters(Ok(Vec::new())),
            other => other,
        };
        desk.send(Msg::Reply(ticket, reply));
    }
    pictures("empty", &mut desk);
}

#[test]
fn the_command_line() {
    let mut desk = Desk::ready();
    desk.press(":");
    pictures("palette", &mut desk);
    desk.write("re");
    pictures("palette-typed", &mut desk);
}

#[test]
fn the_first_screen() {
    let mut desk = Desk::ready();
    desk.press("down down down");
    pictures("home-moving", &mut desk);
    desk.press("down");
    pictures("home-failed", &mut desk);
    desk.press("2");
    pictures("home-templates", &mut desk);
    desk.press("enter");
    pictures("zoom-templates", &mut desk);
    desk.press("esc 3 up up up");
    desk.send(Msg::Change(Change::Events {
        id: world::STAGING,
        events: vec![world::event(70, "workers.1.server", "CREATE_FAILED", "gave up")],
    }));
    pictures("home-events-paused", &mut desk);
    desk.press("enter");
    pictures("zoom-events", &mut desk);
    desk.press("esc 4 down");
    pictures("home-certificates", &mut desk);
    desk.press("enter");
    pictures("zoom-certificates", &mut desk);
}

#[test]
fn lists_sorted_by_a_column() {
    let mut desk = Desk::ready();
    desk.press("s s S 2 s s s s");
    pictures("sorted", &mut desk);
}

#[test]
fn all_that_moves() {
    let mut desk = Desk::ready();
    desk.press("m down");
    super::moving::minute(&mut desk);
    pictures("movers", &mut desk);
    for id in [world::CI, world::PROD] {
        desk.send(Msg::Change(Change::ClusterGone { id, name: "x".into() }));
    }
    pictures("movers-none", &mut desk);
}

#[test]
fn marked_rows() {
    let mut desk = Desk::ready();
    desk.press("space down down V 2 space");
    pictures("marked", &mut desk);
    let mut desk = Desk::ready();
    desk.press("* B");
    for at in [1, 1, 2] {
        let (ticket, job) = desk.open.remove(at);
        let Job::CheckChange(id, _) = job else { panic!("{job:?}") };
        let refused = Problem::conflict(format!("cluster {id} cannot have a rollback now: nothing is under way"));
        desk.send(Msg::Reply(ticket, Reply::ChangeChecked(id, Err(vec![refused.advise("Delete it, or upgrade it")]))));
    }
    pictures("several-looking", &mut desk);
    desk.answer_all();
    desk.write("roll");
    pictures("several", &mut desk);
}

#[test]
fn filters_and_troubles() {
    let mut desk = Desk::ready();
    desk.press("/").write("ml g");
    pictures("filter", &mut desk);
    let mut desk = Desk::ready();
    let problem = Problem::new(jeroboam::model::ProblemKind::Unavailable, "heat: connection refused")
        .advise("Check the network, VPN and the endpoint in clouds.yaml");
    desk.send(Msg::Change(Change::Trouble { problem: Some(problem.clone()) }));
    desk.send(Msg::Notice(problem));
    pictures("trouble", &mut desk);
}

#[test]
fn the_cluster_page() {
    let mut desk = Desk::ready();
    desk.press("down down enter");
    pictures("cluster-moving", &mut desk);
    desk.press("3");
    pictures("cluster-resources", &mut desk);
    desk.press("4");
    pictures("cluster-events", &mut desk);
    let mut desk = Desk::ready();
    desk.press("down down down w");
    pictures("cluster-why", &mut desk);
    let mut desk = Desk::ready();
    desk.press("down enter 3");
    pictures("cluster-ready", &mut desk);
    desk.press("1 G");
    pictures("cluster-groups", &mut desk);
    desk.press("5 down down");
    pictures("cluster-history", &mut desk);
    desk.press("6 down");
    pictures("cluster-issued", &mut desk);
    desk.press("7 down");
    pictures("cluster-labels", &mut desk);
    let mut desk = Desk::ready();
    desk.press("enter");
    let worker = |name: &str, kind, status| world::at_ci(&format!("workers.0.nodes.8.{name}"), kind, status);
    let signal = world::event(
        62,
        "workers.0.nodes.8.progress",
        "SIGNAL_COMPLETE",
        "Signal: status:SUCCESS reason:ci-runners-0000000000a1-worker-8: images pulled",
    );
    desk.send(Msg::Change(Change::Resources {
        id: world::CI,
        resources: vec![
            worker("server", "OS::Nova::Server", "CREATE_COMPLETE"),
            worker("ready", "OS::Heat::WaitCondition", "CREATE_IN_PROGRESS"),
        ],
    }));
    desk.send(Msg::Change(Change::Events { id: world::CI, events: vec![signal] }));
    desk.press("2 down down down down down down down down down");
    pictures("cluster-upgrading", &mut desk);
}

#[test]
fn texts_to_be_read() {
    let mut desk = Desk::ready();
    desk.press("down Y");
    pictures("text-yaml", &mut desk);
    desk.press("Y /").write("name").press("enter n n");
    pictures("text-json-searched", &mut desk);
    let mut desk = Desk::ready();
    desk.press("down enter 2 down l");
    desk.screen(80, 24);
    desk.press("/").write("refused");
    pictures("text-console", &mut desk);
    desk.press("enter w right right");
    pictures("text-unwrapped", &mut desk);
    desk.press("esc esc v");
    pictures("text-server", &mut desk);
    desk.press("esc P");
    pictures("text-stack", &mut desk);
    let mut desk = Desk::ready();
    desk.press("enter");
    world::upgrade_of_ci().into_iter().for_each(|change| desk.send(Msg::Change(change)));
    desk.press("W");
    pictures("text-timeline", &mut desk);
}

#[test]
fn certificates() {
    let mut desk = Desk::ready();
    desk.press("4 down v");
    pictures("text-authorities", &mut desk);
    desk.press("esc i").write("~/jane.csr");
    pictures("sign-file", &mut desk);
    desk.press("enter");
    pictures("sign-review", &mut desk);
    desk.press("enter");
    desk.answer_all();
    pictures("sign-done", &mut desk);
}

#[test]
fn forms_of_changes() {
    let mut desk = Desk::ready();
    desk.press("down enter + backspace tab enter down space space");
    pictures("resize-nodes", &mut desk);
    desk.press("enter ctrl-s");
    desk.answer_all();
    pictures("resize-question", &mut desk);
    desk.press("esc esc enter U enter");
    pictures("upgrade-templates", &mut desk);
    desk.press("esc esc N").write("gpu big").press("tab");
    pictures("new-node-group", &mut desk);
}

#[test]
fn forms() {
    let mut desk = Desk::ready();
    desk.press("2 n");
    pictures("template-form", &mut desk);
    desk.press("tab enter");
    pictures("template-images", &mut desk);
    desk.press("esc up").write("k8s 1.32");
    for _ in 0..13 {
        desk.press("tab");
    }
    desk.write("a=1").press("enter").write("broken").press("enter").write("b=2");
    pictures("template-labels", &mut desk);
    let mut desk = Desk::ready();
    desk.press("n").write("9lives").press("tab tab backspace").write("2").press("tab").write("x").press("ctrl-s");
    pictures("cluster-form", &mut desk);
    desk.press("esc");
    pictures("discard", &mut desk);
}

#[test]
fn the_review_of_a_cluster() {
    let mut desk = Desk::ready();
    desk.press("n").write("work").press("tab tab tab backspace").write("3");
    for _ in 0..8 {
        desk.press("tab");
    }
    desk.write("flannel_backend=host-gw").press("enter").write("flannel");
    pictures("label-names", &mut desk);
    desk.press("tab").write("10.1.0.0/16");
    pictures("label-meaning", &mut desk);
    desk.press("ctrl-s");
    pictures("review", &mut desk);
    desk.screen(80, 24);
    desk.press("G enter");
    insta::assert_snapshot!("review-creating", desk.screen(80, 24));
}

#[test]
fn dialogs() {
    let mut desk = Desk::ready();
    desk.press("down d").write("ml-gp").press("enter");
    pictures("delete-cluster", &mut desk);
    desk.press("esc 2 d");
    pictures("delete-template", &mut desk);
    desk.press("esc 1 ?");
    pictures("help", &mut desk);
    desk.press("esc K");
    pictures("kubeconfig", &mut desk);
    desk.press("enter");
    let (ticket, _) = desk.command();
    desk.send(Msg::Reply(
        ticket,
        Reply::Kubeconfig(Saved::Exists { what: "/home/me/.kube/ml-gpu.config exists already.".into() }),
    ));
    pictures("kubeconfig-exists", &mut desk);
    desk.press("enter");
    desk.answer_all();
    pictures("kubeconfig-done", &mut desk);
}

#[test]
fn calls_of_the_cloud() {
    let mut desk = Desk::ready();
    desk.press("H");
    desk.send(Msg::Calls(world::calls()));
    pictures("calls", &mut desk);
    desk.press("down / 5 0 3 enter");
    insta::assert_snapshot!("calls-filtered", desk.screen(80, 24));
}

#[test]
fn where_to_go() {
    let mut desk = Desk::ready();
    desk.press("@");
    desk.send(Msg::Clouds(Ok(world::clouds())));
    pictures("clouds", &mut desk);
    desk.write("web");
    desk.press("enter");
    insta::assert_snapshot!("going", desk.screen(120, 40));
    let (theme, _) = Theme::load("light", None, Depth::True);
    let mut desk = Desk::with(theme);
    desk.send(Msg::ConnectFailed(Problem::local("keystone: nobody there")));
    desk.press("@");
    desk.send(Msg::Clouds(Err(Problem::invalid("/home/me/clouds.yaml:3:1 cannot be parsed: a tab"))));
    insta::assert_snapshot!("clouds-unreadable", desk.screen(80, 24));
}

#[test]
fn what_may_follow_the_beginning_of_a_chord() {
    let mut desk = Desk::with_keymap("vim");
    desk.press("down ctrl-w");
    pictures("chord", &mut desk);
}

#[test]
fn terminals_with_few_colours() {
    for (name, depth) in [("sixteen-colours", Depth::Sixteen), ("no-colour", Depth::None)] {
        let (theme, _) = Theme::load("dark", None, depth);
        let mut desk = Desk::with(theme);
        desk.connect();
        desk.press("down");
        let picture = desk.screen(80, 24);
        insta::assert_snapshot!(name, picture);
    }
}

/// Pictures of one theme stand for all: another changes colours, and not one character.
#[test]
fn every_page_says_the_same_in_another_theme() {
    let pages = [
        "down",
        "2 enter",
        "m",
        "H",
        "@",
        "?",
        ":",
        "C",
        "C 5",
        "n",
        "2 n",
        "* B",
        "down d",
        "down Y",
        "down W",
        "down enter",
        "down enter 1",
        "down enter 3",
        "down enter 7",
        "down enter +",
        "down down down w",
        "4 down v",
    ];
    for keys in pages {
        let mut told = ["dark", "light"].map(|name| {
            let (theme, _) = Theme::load(name, None, Depth::True);
            let mut desk = Desk::with(theme);
            desk.connect();
            desk.press(keys);
            desk
        });
        for (width, height) in SIZES {
            let [dark, light] = told.each_mut().map(|desk| desk.screen(width, height));
            let text = |picture: &str| picture.rsplit_once("styles ").unwrap().0.to_owned();
            assert_eq!(text(&dark), text(&light), "{keys} at {width}x{height}");
            assert_ne!(dark, light, "{keys} at {width}x{height}");
        }
    }
}

#[test]
fn a_theme_with_a_ground_of_its_own_covers_the_screen() {
    for name in ["high-contrast", "solarized", "nord"] {
        let (theme, _) = Theme::load(name, None, Depth::True);
        for keys in ["down", "down down enter", "2 n", "down d", "n tab enter", "?"] {
            let mut desk = Desk::with(theme.clone());
            desk.connect();
            desk.press(keys);
            let picture = desk.buffer(120, 40);
            let bare = |at: usize, cell: &Cell| {
                // The cell behind a wide character is never drawn.
                let behind = at > 0 && picture.content[at - 1].symbol().width() > 1;
                cell.bg == Color::Reset && !behind
            };
            let found = picture.content.iter().enumerate().find(|(at, cell)| bare(*at, cell));
            assert_eq!(found, None, "{name}, {keys}");
        }
    }
}
