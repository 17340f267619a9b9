//! The page of the project and its cloud, and the forms that open from it.

use jeroboam::model::image::Properties;
use jeroboam::model::{Image, PatchOp, Problem};
use jeroboam::service::Change;
use jeroboam::ui::project::{Task, Told};
use jeroboam::ui::{Depth, Effect, Job, Msg, Reply, Theme};

use super::desk::Desk;
use super::screens::pictures;
use super::world;

fn told(desk: &mut Desk, wanted: &str) -> bool {
    desk.screen(120, 40).contains(wanted)
}

/// The line under the cursor.
fn here(desk: &mut Desk) -> String {
    let screen = desk.screen(120, 40);
    screen.lines().skip(1).find(|line| line.contains('▸')).unwrap_or_default().to_owned()
}

fn loads(desk: &Desk) -> Vec<Job> {
    let job = |effect: &Effect| match effect {
        Effect::Run(_, job) => Some(job.clone()),
        _ => None,
    };
    desk.wanted.iter().filter_map(job).collect()
}

#[test]
fn what_the_cloud_has() {
    let mut desk = Desk::ready();
    desk.press("O down");
    pictures("cloud-images", &mut desk);
    desk.press("2");
    pictures("cloud-flavors", &mut desk);
    desk.press("3 z");
    pictures("cloud-networks", &mut desk);
    desk.press("z 4");
    pictures("cloud-keypairs", &mut desk);
    desk.press("5 down down");
    pictures("cloud-quotas", &mut desk);
    desk.press("6 space down");
    pictures("cloud-orphans", &mut desk);
    desk.press("d");
    pictures("cloud-remove", &mut desk);
    desk.press("esc esc 7");
    pictures("cloud-events", &mut desk);
}

#[test]
fn the_forms_of_the_cloud() {
    let mut desk = Desk::ready();
    desk.press("O down down e");
    pictures("describe-image", &mut desk);
    desk.press("esc n").write("https://example.org/ubuntu-2404-kube-v1.32.8.qcow2");
    pictures("import-image", &mut desk);
    desk.press("esc enter 5 e backspace backspace").write("3");
    pictures("cluster-quota", &mut desk);
    let mut desk = Desk::ready();
    desk.press("2 down e").press("tab").press("tab");
    pictures("edit-template", &mut desk);
}

#[test]
fn the_cloud_with_few_colours() {
    let (theme, _) = Theme::load("light", None, Depth::True);
    let mut desk = Desk::with(theme);
    desk.connect();
    desk.press("O 5");
    insta::assert_snapshot!("cloud-light", desk.screen(120, 40));
    let (theme, _) = Theme::load("dark", None, Depth::None);
    let mut desk = Desk::with(theme);
    desk.connect();
    desk.press("O 5");
    insta::assert_snapshot!("cloud-no-colour", desk.screen(80, 24));
}

#[test]
fn only_what_is_shown_is_asked_for_and_orphans_when_somebody_goes_there() {
    let mut desk = Desk::ready();
    assert_eq!(loads(&desk), []);
    desk.press("O");
    let asked = loads(&desk);
    let has = |job: &Job| asked.contains(job);
    assert!(has(&Job::Inventory) && has(&Job::Project(Task::Limits)) && has(&Job::Project(Task::Events)));
    assert!(!has(&Job::Project(Task::Orphans)), "{asked:?}");
    desk.wanted.clear();
    desk.press("6 1 6 down up");
    assert_eq!(loads(&desk), [Job::Project(Task::Orphans)]);
    desk.wanted.clear();
    desk.press("r");
    let again = loads(&desk);
    assert!([Task::Limits, Task::Orphans, Task::Events].map(Job::Project).iter().all(|job| again.contains(job)));
    desk.press("esc");
    desk.wanted.clear();
    desk.press("r");
    assert!(loads(&desk).iter().all(|job| !matches!(job, Job::Project(_))), "{:?}", desk.wanted);
}

#[test]
fn an_image_gets_its_properties() {
    let mut desk = Desk::ready();
    // plain-no-distro
    desk.press("O down e");
    assert!(told(&mut desk, "os_distro is missing") || told(&mut desk, "What is in the image"));
    desk.write("ubuntu").press("ctrl-s");
    let (ticket, job) = desk.command();
    let properties = Properties { os_distro: Some("ubuntu".into()), ..Properties::default() };
    assert_eq!(job, Job::Project(Task::SetImage("id-plain-no-distro".into(), properties)));
    let refused = Problem::new(jeroboam::model::ProblemKind::Denied, "glance: You are not authorized [HTTP 403]");
    desk.send(Msg::Reply(ticket, Reply::Project(Told::Image(Err(vec![refused])))));
    assert!(told(&mut desk, "You are not authorized"), "the form tells what was refused");
    desk.press("ctrl-s");
    desk.wanted.clear();
    desk.answer_all();
    assert!(told(&mut desk, "image plain-no-distro is described"));
    assert!(loads(&desk).contains(&Job::Inventory), "and looks at the images again");
}

#[test]
fn an_image_that_comes_is_looked_at_until_it_is_there() {
    let mut desk = Desk::ready();
    desk.press("O n").write("https://example.org/ubuntu-2404-kube-v1.32.8.qcow2").press("ctrl-s");
    let (ticket, job) = desk.command();
    let Job::Project(Task::ImportImage(wish)) = &job else { panic!("{job:?}") };
    assert_eq!(wish.name, "ubuntu-2404-kube-v1.32.8");
    let guessed = wish.properties.pairs().map(|(_, value)| value.unwrap_or_default().to_owned());
    assert_eq!(guessed, ["ubuntu", "24.04", "v1.32.8", ""]);
    let mut inventory = world::inventory();
    let (name, status) = (wish.name.clone(), "importing".into());
    inventory.images.push(Image { name, status, arriving: true, ..Image::default() });
    desk.send(Msg::Reply(ticket, Reply::Project(world::told(&Task::ImportImage(wish.clone())))));
    let (ticket, _) = desk.open.pop().unwrap();
    desk.send(Msg::Reply(ticket, Reply::Inventory(Box::new(inventory), Vec::new())));
    assert!(desk.screen(200, 50).contains("◐ importing"));
    desk.wanted.clear();
    desk.wait(2);
    assert_eq!(loads(&desk), []);
    desk.wait(6);
    assert_eq!(loads(&desk), [Job::Inventory]);
    desk.wait(20);
    assert_eq!(loads(&desk), [Job::Inventory], "not twice before it is answered");
    let mut inventory = world::inventory();
    inventory.images.push(Image { name: wish.name.clone(), status: "active".into(), ..Image::default() });
    let (ticket, _) = desk.open.pop().unwrap();
    desk.send(Msg::Reply(ticket, Reply::Inventory(Box::new(inventory), Vec::new())));
    assert!(told(&mut desk, "image ubuntu-2404-kube-v1.32.8 is there"));
    desk.wanted.clear();
    desk.wait(600);
    assert_eq!(loads(&desk), [], "nothing comes any more");
}

#[test]
fn what_may_be_somebodys_goes_only_with_a_word() {
    let mut desk = Desk::ready();
    desk.press("O 6 d enter");
    let (ticket, job) = desk.command();
    assert_eq!(job, Job::Project(Task::RemoveOrphans(world::orphans()[..1].to_vec())));
    desk.send(Msg::Reply(ticket, super::desk::answer(&job)));
    desk.answer_all();
    desk.press("* d enter");
    assert!(desk.open.is_empty() && told(&mut desk, "that is not remove"));
    desk.write("remove").press("enter");
    assert_eq!(desk.command().1, Job::Project(Task::RemoveOrphans(world::orphans())));
}

#[test]
fn what_does_not_go_is_told_with_its_name() {
    let mut desk = Desk::ready();
    desk.press("O 6 d enter");
    let (ticket, _) = desk.command();
    let answers = vec![(world::orphans().remove(0), Ok(Some("it is PENDING_UPDATE".to_owned())))];
    desk.send(Msg::Reply(ticket, Reply::Project(Told::Removed(answers))));
    assert!(told(&mut desk, "kube_service_shop_web") && told(&mut desk, "PENDING_UPDATE"));
}

#[test]
fn events_of_all_clusters_follow_until_one_is_looked_at() {
    let mut desk = Desk::ready();
    desk.press("O 7 z");
    let newest = |n| world::event(n, "workers.1.server", "CREATE_COMPLETE", &format!("reason {n}"));
    desk.send(Msg::Change(Change::Events { id: world::ML, events: vec![newest(100)] }));
    assert!(here(&mut desk).contains("ml-gpu"));
    desk.press("down down");
    let before = here(&mut desk);
    desk.send(Msg::Change(Change::Events { id: world::CI, events: vec![newest(101)] }));
    assert_eq!(before, here(&mut desk), "the cursor stays on its event");
    desk.press("g enter");
    assert!(told(&mut desk, "ci-runners") && told(&mut desk, "2 Nodes"), "enter goes to the cluster");
}

#[test]
fn a_template_is_changed_by_what_differs() {
    let mut desk = Desk::ready();
    // coreos: nobody uses it.
    desk.press("2 e").write("x");
    desk.press("ctrl-s");
    let (_, job) = desk.command();
    let Job::UpdateTemplate(_, patches) = &job else { panic!("{job:?}") };
    let told: Vec<_> = patches.iter().map(|patch| (patch.op, patch.path.as_str(), patch.value.as_deref())).collect();
    assert_eq!(told, [(PatchOp::Replace, "name", Some("coreosx"))]);
}

#[test]
fn a_template_in_use_says_at_the_field_what_cannot_change() {
    let mut desk = Desk::ready();
    desk.press("2 G e tab tab tab tab tab tab space ctrl-s");
    assert!(desk.open.iter().all(|(_, job)| job.is_load()));
    assert!(told(&mut desk, "that cannot change now"), "{}", desk.screen(120, 40));
}

#[test]
fn the_command_line_leads_to_each_pane() {
    let mut desk = Desk::ready();
    for (name, shown) in [("images", "FOR CLUSTERS"), ("quotas", "58 of 60"), ("orphans", "WHOSE")] {
        desk.press(":").write(name).press("enter");
        assert!(told(&mut desk, shown), "{name}");
    }
    desk.press("esc");
    assert!(told(&mut desk, "2 Templates"), "there is one page of the cloud, however often one goes there");
}

#[test]
fn what_the_cloud_does_not_tell_is_said_where_it_lacks() {
    let mut desk = Desk::ready();
    desk.send(Msg::Key("O".parse().unwrap()));
    let glance = Problem::new(jeroboam::model::ProblemKind::Unavailable, "glance: connection refused");
    let nova = Problem::new(jeroboam::model::ProblemKind::Unavailable, "quotas of nova could not be looked at: down");
    for (ticket, job) in std::mem::take(&mut desk.open) {
        let reply = match job {
            Job::Inventory => Reply::Inventory(Box::default(), vec![glance.clone()]),
            Job::Project(Task::Limits) => Reply::Project(Told::Limits(Vec::new(), vec![nova.clone()])),
            job => super::desk::answer(&job),
        };
        desk.send(Msg::Reply(ticket, reply));
    }
    assert!(told(&mut desk, "✖ glance: connection refused") && told(&mut desk, "✖ quotas of nova"));
}
