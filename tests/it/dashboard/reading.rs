//! Texts over the whole screen: what opens them, what is asked for, and how they are read.

use jeroboam::model::Problem;
use jeroboam::service::Change;
use jeroboam::ui::{Effect, Found, Job, Msg, Reply, Source};

use super::desk::Desk;
use super::world::{self, ML};

#[test]
fn a_cluster_is_written_out_and_copied_as_the_command_line_has_it() {
    let mut desk = Desk::ready();
    desk.press("down Y Y y");
    let ml = world::clusters().into_iter().find(|cluster| cluster.uuid == ML).unwrap();
    let wanted = format!("{}\n", serde_json::to_string_pretty(&ml).unwrap());
    assert!(desk.wanted.contains(&Effect::Copy(wanted)), "{:?}", desk.wanted);
    // What changes while it is read shows.
    let mut renamed = ml.clone();
    renamed.name = "ml-new-name".into();
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(renamed) }));
    assert!(desk.screen(120, 40).contains("\"name\": \"ml-new-name\""));
    desk.send(Msg::Change(Change::ClusterGone { id: ML, name: "ml".into() }));
    assert!(desk.screen(120, 40).contains("\"name\": \"ml-new-name\""), "the last that was known stays");
    desk.press("q");
    assert!(desk.screen(120, 40).contains("1 Clusters"));
}

#[test]
fn a_console_is_asked_for_again_on_a_refresh_and_what_was_there_stays() {
    let mut desk = Desk::ready();
    desk.press("down enter 2 down");
    desk.wanted.clear();
    desk.send(Msg::Key("l".parse().unwrap()));
    let source = Source::Console { cluster: ML, server: "server-1".into() };
    let asked = |desk: &mut Desk| {
        let at = desk.open.iter().position(|(_, job)| *job == Job::Read(source.clone())).expect("it is asked for");
        desk.open.remove(at).0
    };
    let ticket = asked(&mut desk);
    assert!(desk.screen(80, 24).contains("loading"));
    let answer = |text: &str| Reply::Read(source.clone(), Ok(Found::Console(Some(text.into()))));
    desk.send(Msg::Reply(ticket, answer("kernel\nlast line")));
    let screen = desk.screen(80, 24);
    assert!(screen.contains("last line") && !screen.contains("loading"), "{screen}");
    desk.send(Msg::Key("r".parse().unwrap()));
    let ticket = asked(&mut desk);
    desk.send(Msg::Reply(ticket, Reply::Read(source.clone(), Err(Problem::local("nova: gone away")))));
    let screen = desk.screen(80, 24);
    assert!(screen.contains("last line") && screen.contains("nova: gone away"), "{screen}");
    desk.send(Msg::Key("r".parse().unwrap()));
    let ticket = asked(&mut desk);
    desk.send(Msg::Reply(ticket, Reply::Read(source.clone(), Ok(Found::Console(None)))));
    assert!(desk.screen(80, 24).contains("Nova keeps no console"));
}

#[test]
fn a_node_without_a_server_has_no_console() {
    let mut desk = Desk::ready();
    desk.press("down down enter 2 G l");
    assert!(desk.screen(120, 40).contains("worker-2 has no server yet"), "{}", desk.screen(120, 40));
    assert!(!desk.wanted.iter().any(|effect| matches!(effect, Effect::Run(_, Job::Read(_)))));
    // The master's server is known from Heat alone.
    desk.press("g l");
    assert!(desk.wanted.iter().any(|effect| matches!(effect, Effect::Run(_, Job::Read(_)))));
}

#[test]
fn esc_ends_the_search_before_the_text() {
    let mut desk = Desk::ready();
    desk.press("down Y /").write("name").press("enter");
    assert!(desk.screen(80, 24).contains("/name 1/6"));
    desk.press("esc");
    let screen = desk.screen(80, 24);
    assert!(!screen.contains("/name") && screen.contains("YAML"), "{screen}");
    desk.press("/").write("q").press("esc esc");
    assert!(desk.screen(80, 24).contains("1 Clusters"));
}
