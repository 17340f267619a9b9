//! Going to another cloud, project or region, also from one that does not answer.

use jeroboam::cloud::{Identity, Scope};
use jeroboam::model::{Destination, Problem};
use jeroboam::ui::{Effect, Job, Msg, Reply};

use super::desk::Desk;
use super::world;

fn west() -> Identity {
    Identity {
        cloud: "west".into(),
        scope: Scope { project_id: "p9".into(), region: "RegionOne".into() },
        project_name: "shop".into(),
        auth_url: "https://west.example.org:5000/v3".into(),
        ..world::identity()
    }
}

fn gone_to(desk: &Desk) -> Vec<&Destination> {
    let to = desk.wanted.iter().filter_map(|effect| match effect {
        Effect::Connect(to) => to.as_ref(),
        _ => None,
    });
    to.collect()
}

#[test]
fn what_is_shown_stays_until_the_other_cloud_is_there_and_then_goes_whole() {
    let mut desk = Desk::ready();
    desk.press("down enter @");
    assert!(desk.wanted.contains(&Effect::ListClouds));
    desk.send(Msg::Clouds(Ok(world::clouds())));
    desk.write("west").press("enter");
    assert_eq!(gone_to(&desk), [&Destination::cloud("west")]);
    let screen = desk.screen(120, 40);
    assert!(screen.contains("devcloud") && screen.contains("going to west…") && screen.contains("ml-gpu"), "{screen}");
    desk.send(Msg::Connected(Box::new(west())));
    let screen = desk.screen(120, 40);
    assert!(screen.contains("west ▸ shop") && !screen.contains("ml-gpu") && !screen.contains("k8s-1-31"), "{screen}");
    assert!(desk.open.iter().any(|(_, job)| *job == Job::Clusters), "its clusters are asked for");
}

#[test]
fn an_answer_of_the_cloud_that_was_left_counts_no_more() {
    let mut desk = Desk::ready();
    desk.send(Msg::Key("r".parse().unwrap()));
    let (ticket, _) = desk.open.iter().find(|(_, job)| *job == Job::Clusters).cloned().unwrap();
    desk.send(Msg::Connected(Box::new(west())));
    desk.send(Msg::Reply(ticket, Reply::Clusters(Ok(world::clusters()))));
    assert!(!desk.screen(120, 40).contains("ml-gpu"));
}

#[test]
fn a_cloud_that_cannot_be_reached_takes_nothing_away() {
    let mut desk = Desk::ready();
    desk.press("@");
    desk.send(Msg::Clouds(Ok(world::clouds())));
    desk.write("west").press("enter");
    desk.send(Msg::ConnectFailed(Problem::local("cloud \"west\": nobody there")));
    let screen = desk.screen(120, 40);
    assert!(screen.contains("nobody there") && screen.contains("ml-gpu") && !screen.contains("going to"), "{screen}");
}

#[test]
fn from_a_dead_cloud_one_gets_to_a_living_one_and_a_retry_goes_where_one_wanted() {
    let mut desk = Desk::new();
    desk.press("@");
    desk.send(Msg::Clouds(Ok(world::clouds())));
    desk.write("west").press("enter");
    assert_eq!(gone_to(&desk), [&Destination::cloud("west")], "while it hangs");
    desk.send(Msg::ConnectFailed(Problem::local("cloud \"west\": nobody there")));
    desk.press("r");
    assert_eq!(gone_to(&desk).len(), 2);
    desk.send(Msg::Connected(Box::new(west())));
    assert!(desk.screen(120, 40).contains("west ▸ shop"));
}

#[test]
fn projects_and_regions_of_the_cloud_are_on_the_command_line_too() {
    let mut desk = Desk::ready();
    desk.press(":");
    desk.send(Msg::Clouds(Ok(world::clouds())));
    desk.write("web shop").press("enter");
    let to = Destination { cloud: "devcloud".into(), project: Some("p2".into()), region: Some("RegionOne".into()) };
    assert_eq!(gone_to(&desk), [&to]);
    desk.press("@").write("region two").press("enter");
    assert_eq!(gone_to(&desk)[1].region.as_deref(), Some("RegionTwo"));
}

#[test]
fn calls_are_followed_while_they_are_looked_at_and_no_longer() {
    let mut desk = Desk::new();
    let follows = |desk: &Desk| desk.wanted.iter().filter(|effect| matches!(effect, Effect::FollowCalls(_))).count();
    assert_eq!(follows(&desk), 0);
    desk.press("H");
    assert!(desk.wanted.contains(&Effect::FollowCalls(0)), "also without a cloud");
    let mut calls = world::calls();
    let later = calls.split_off(6);
    desk.send(Msg::Calls(calls));
    assert!(desk.wanted.contains(&Effect::FollowCalls(6)));
    desk.press("esc");
    desk.send(Msg::Calls(later.clone()));
    assert_eq!(follows(&desk), 2);
    desk.press("H");
    desk.send(Msg::Calls(later));
    let screen = desk.screen(120, 40);
    assert!(screen.contains("create cluster work") && screen.contains(" 8 ─"), "each once: {screen}");
}

#[test]
fn in_read_only_mode_nothing_is_offered_that_changes_something_and_nothing_is_asked() {
    let mut desk = Desk::new().read_only();
    desk.connect();
    desk.press("down");
    let screen = desk.screen(200, 50);
    assert!(screen.contains("⊘ read only"), "{screen}");
    let footer = screen.lines().nth(49).unwrap().to_owned();
    assert!(!footer.contains("delete") && !footer.contains("new") && footer.contains("filter"), "{footer}");
    for key in ["d", "n", "U", "K", "p", "2 n"] {
        desk.press(key);
        let screen = desk.screen(120, 40);
        assert!(
            screen.contains("nothing is changed in read-only mode") && !screen.contains("New c"),
            "{key}: {screen}"
        );
    }
    assert!(desk.open.is_empty(), "{:?}", desk.open);
}
