//! Random keys, news and replies in any order: nothing panics, and a picture
//! drawn twice is the same picture.

use jeroboam::model::{ClusterId, Progress, Status, TemplateId};
use jeroboam::service::{Change, ConductorRole};
use jeroboam::ui::{Effect, Job, Msg, Reply, Saved};
use proptest::prelude::*;
use uuid::Uuid;

use super::desk::{Desk, answer};
use super::world;

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Paste(String),
    /// Answer the n-th open job, rightly or with a failure.
    Answer(usize, bool),
    /// The last answer again.
    Again,
    Status(u128, &'static str),
    Gone(u128),
    TemplateGone(u128),
    Events(u128, usize),
    Resources(u128, usize),
    Trouble(bool),
    Later(i64),
    Draw(u16, u16),
    /// The terminal is made larger and smaller, with a picture at some of its sizes.
    Sizes(Vec<(u16, u16)>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = prop_oneof![
        8 => prop::sample::select(vec![
            "1", "2", "3", "4", "tab", "shift-tab", "enter", "esc", "up", "down", "g", "G", "pgup", "pgdn", "/", "?", "n", "c", "d",
            "K", "w", "+", "U", "N", "A", "p", "t", "B", "X", "e", "O", "O", "5", "6", "7", "s", "S", "y", "z", "space", "V", "*", "m", "[", "]", "left", "right", "ctrl-s", "ctrl-o", "backspace", "r", "home", "end",
            "Y", "l", "W", "P", "v", "i", "H", "@", ":", "T", "ctrl-]", "F", "E", "D", "M", "R", "e", "-", "x", "ctrl-f", "f1",
        ]).prop_map(str::to_owned),
        2 => "[a-z0-9=日🚀]",
    ];
    let statuses = vec![
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "CREATE_FAILED",
        "DELETE_IN_PROGRESS",
        "UPDATE_FAILED",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE",
        "WHAT_EVER",
    ];
    let id = 0xa1u128..0xa6;
    let step = prop_oneof![
        20 => key.prop_map(Step::Key),
        1 => "\\PC{0,12}".prop_map(Step::Paste),
        8 => (0usize..4, any::<bool>()).prop_map(|(n, well)| Step::Answer(n, well)),
        1 => Just(Step::Again),
        2 => (id.clone(), prop::sample::select(statuses)).prop_map(|(id, status)| Step::Status(id, status)),
        1 => id.clone().prop_map(Step::Gone),
        1 => (0xb1u128..0xb4).prop_map(Step::TemplateGone),
        2 => (id.clone(), 0usize..300).prop_map(|(id, n)| Step::Events(id, n)),
        1 => (id, 0usize..22).prop_map(|(id, n)| Step::Resources(id, n)),
        1 => any::<bool>().prop_map(Step::Trouble),
        1 => (0i64..100_000).prop_map(Step::Later),
        3 => (1u16..140, 1u16..50).prop_map(|(w, h)| Step::Draw(w, h)),
        1 => prop::collection::vec((1u16..=500, 1u16..=200), 1..4).prop_map(Step::Sizes),
    ];
    prop::collection::vec(step, 1..60)
}

fn take(desk: &mut Desk, step: Step, last: &mut Option<Msg>) {
    let cluster = |id: u128| ClusterId(Uuid::from_u128(id));
    let msg = match step {
        Step::Key(key) => Msg::Key(key.parse().unwrap()),
        Step::Paste(text) => Msg::Paste(text),
        Step::Answer(n, well) => {
            if desk.open.is_empty() {
                return;
            }
            let (ticket, job) = desk.open.remove(n % desk.open.len());
            let problem = jeroboam::model::Problem::conflict("somebody else was faster").on_field("name");
            let reply = match answer(&job) {
                reply if well => reply,
                Reply::Templates(_) => Reply::Templates(Err(problem)),
                Reply::Clusters(_) => Reply::Clusters(Err(problem)),
                Reply::Inventory(..) => Reply::Inventory(Box::default(), vec![problem]),
                Reply::Events(id, _) => Reply::Events(id, Err(problem)),
                Reply::Resources(id, _) => Reply::Resources(id, Err(problem)),
                Reply::Nodes(id, _) => Reply::Nodes(id, Err(problem)),
                Reply::History(id, _) => Reply::History(id, Err(problem)),
                Reply::Issued(id, _) => Reply::Issued(id, Err(problem)),
                Reply::Labels(id, _) => Reply::Labels(id, Err(problem)),
                Reply::ClusterChanged(id, _) => Reply::ClusterChanged(id, Err(vec![problem])),
                Reply::ChangeChecked(id, _) => Reply::ChangeChecked(id, Err(vec![problem])),
                Reply::Certificates(all) => {
                    Reply::Certificates(all.into_iter().map(|(id, _)| (id, Err(problem.clone()))).collect())
                }
                Reply::TemplateCreated(_) => Reply::TemplateCreated(Err(vec![problem])),
                Reply::ClusterCreated(_) => Reply::ClusterCreated(Err(vec![problem])),
                Reply::TemplateDeleted(id, _) => Reply::TemplateDeleted(id, Err(problem)),
                Reply::ClusterDeleted(id, _) => Reply::ClusterDeleted(id, Err(problem)),
                Reply::Kubeconfig(_) => Reply::Kubeconfig(Saved::Failed(problem)),
                Reply::Read(source, _) => Reply::Read(source, Err(problem)),
                Reply::Places(_) => Reply::Places(Err(problem)),
                Reply::TemplateUpdated(id, _) => Reply::TemplateUpdated(id, Err(vec![problem])),
                Reply::Project(_) => match &job {
                    Job::Project(task) => Reply::Project(task.failed(problem)),
                    other => answer(other),
                },
                Reply::Bastions(id, _) => Reply::Bastions(id, Err(problem)),
                Reply::BastionMade(id, _) => Reply::BastionMade(id, Err(problem)),
                Reply::BastionRemoved(id, _) => Reply::BastionRemoved(id, Err(problem)),
                Reply::Bundled(id, _) => Reply::Bundled(id, Err(problem)),
                Reply::Request(_) => Reply::Request(Err(problem)),
                Reply::Signed(id, _) => Reply::Signed(id, Err(problem)),
                Reply::Written(_) => Reply::Written(Saved::Failed(problem)),
                Reply::Preview(_) => Reply::Preview(Err(vec![problem])),
            };
            let msg = Msg::Reply(ticket, reply);
            *last = Some(msg.clone());
            msg
        }
        Step::Again => match last {
            Some(msg) => {
                assert!(desk.app.update(msg.clone()).is_empty(), "an answer fed twice wants nothing");
                return;
            }
            None => return,
        },
        Step::Status(id, status) => {
            let Some(mut found) = world::clusters().into_iter().find(|have| have.uuid == cluster(id)) else { return };
            found.status = Status::from(status);
            found.progress = Some(Progress { complete: 7, total: 3 });
            Msg::Change(Change::Cluster { cluster: Box::new(found) })
        }
        Step::Gone(id) => Msg::Change(Change::ClusterGone { id: cluster(id), name: "x".into() }),
        Step::TemplateGone(id) => Msg::Change(Change::TemplateGone { id: TemplateId(Uuid::from_u128(id)) }),
        Step::Events(id, n) => Msg::Change(Change::Events {
            id: cluster(id),
            events: vec![world::event(n, "a.b", "CREATE_FAILED", "reason")],
        }),
        Step::Resources(id, n) => Msg::Change(Change::Resources {
            id: cluster(id),
            resources: world::resources(cluster(id)).split_off(n.min(21)),
        }),
        Step::Trouble(there) => {
            Msg::Change(Change::Trouble { problem: there.then(|| jeroboam::model::Problem::local("out of reach")) })
        }
        Step::Later(seconds) => Msg::Tick(world::now() + chrono::TimeDelta::seconds(seconds)),
        Step::Draw(width, height) => {
            let first = desk.screen(width, height);
            assert_eq!(first, desk.screen(width, height));
            return;
        }
        Step::Sizes(sizes) => {
            for (width, height) in sizes {
                desk.send(Msg::Resize);
                desk.buffer(width, height);
            }
            return;
        }
    };
    desk.send(msg);
    assert!(desk.wanted.len() < 10_000, "effects breed effects");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_anything(connected in any::<bool>(), steps in steps()) {
        let mut desk = if connected { Desk::ready() } else { Desk::new() };
        desk.send(Msg::Change(Change::Conductor { role: ConductorRole::Following { pid: Some(7) } }));
        let mut last = None;
        for step in steps {
            take(&mut desk, step, &mut last);
        }
        desk.screen(80, 24);
        // However deep in forms and dialogs: this ends it. A shell has it first, and is asked about.
        let keys = ["ctrl-c", "ctrl-c", "ctrl-]", "ctrl-c", "ctrl-c"].into_iter();
        let said: Vec<Vec<Effect>> = keys.map(|key| desk.app.update(Msg::Key(key.parse().unwrap()))).collect();
        prop_assert!(said.concat().contains(&Effect::Quit), "{:?}", said);
    }
}
