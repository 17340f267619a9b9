//! Every action is reached by a key and from the command line of the dashboard, and what it does to
//! the cloud by a command of the program too.

use std::collections::BTreeSet;

use clap::CommandFactory;
use jeroboam::cli::args::Cli;
use jeroboam::ui::Keymap;
use jeroboam::ui::action::{Action, Context};

use super::desk::Desk;

/// What asks something of the cloud, or writes down what it told, and the commands that do the same.
const DOES: &[(Action, &[&str])] = &[
    (Action::New, &["template create", "cluster create"]),
    (Action::Edit, &["template update", "image set", "quota update"]),
    (Action::Import, &["image import"]),
    (Action::CreateFrom, &["cluster create"]),
    (Action::Pause, &["cluster pause", "cluster resume"]),
    (Action::Retry, &["cluster retry"]),
    (Action::Rollback, &["cluster rollback"]),
    (Action::Stop, &["cluster cancel"]),
    (Action::Resize, &["cluster resize"]),
    (Action::RemoveNode, &["cluster resize"]),
    (Action::Upgrade, &["cluster upgrade"]),
    (Action::NewNodegroup, &["nodegroup create"]),
    (Action::EditNodegroup, &["nodegroup update"]),
    (Action::RotateCredential, &["credential rotate"]),
    (Action::RotateCa, &["ca rotate"]),
    (Action::Sign, &["ca sign"]),
    (Action::Kubeconfig, &["kubeconfig"]),
    (Action::Shell, &["ssh"]),
    (Action::Login, &["ssh"]),
    (Action::FollowLog, &["logs"]),
    (Action::Run, &["exec"]),
    (Action::Environment, &["tunnel"]),
    (Action::Bundle, &["bundle"]),
    (Action::Bastion, &["bastion create", "bastion delete"]),
    (Action::Console, &["logs"]),
    (Action::Delete, &["cluster delete", "template delete", "nodegroup delete", "orphans remove"]),
];

/// What only shows something else, or the same otherwise.
const SHOWS: &[Action] = &[
    Action::Open,
    Action::Toggle,
    Action::Why,
    Action::Shells,
    Action::Cloud,
    Action::Movers,
    Action::Tile,
    Action::Scope,
    Action::Release,
    Action::Type,
    Action::Literal,
    Action::Search,
    Action::FindNext,
    Action::FindPrevious,
    Action::FindOlder,
    Action::FindNewer,
    Action::Mark,
    Action::EndShell,
    Action::AsText,
    Action::Turn,
    Action::Inspect,
    Action::Parameters,
    Action::Wrap,
    Action::AsideRight,
    Action::AsideLeft,
    Action::Copy,
    Action::Filter,
    Action::MarkRow,
    Action::MarkRange,
    Action::MarkAll,
    Action::Sort,
    Action::SortReverse,
    Action::Zoom,
    Action::Pane1,
    Action::Pane2,
    Action::Pane3,
    Action::Pane4,
    Action::Pane5,
    Action::Pane6,
    Action::Pane7,
    Action::NextPane,
    Action::PreviousPane,
    Action::Up,
    Action::Down,
    Action::PageUp,
    Action::PageDown,
    Action::First,
    Action::Last,
    Action::Submit,
    Action::Press,
    Action::NextField,
    Action::PreviousField,
    Action::Complete,
    Action::TurnBack,
    Action::TurnOn,
    Action::Wording,
    Action::Accept,
    Action::Merge,
    Action::Back,
    Action::GoBack,
    Action::GoForward,
    Action::Palette,
    Action::Clouds,
    Action::Settings,
    Action::Keep,
    Action::Calls,
    Action::When,
    Action::Refresh,
    Action::Help,
    Action::Suspend,
    Action::Redraw,
    Action::Quit,
];

/// Keys that lead from the first screen to where a context counts. The others are of forms, dialogs
/// and lines being typed into, where letters are text and the dashboard's command line would lie over a question.
const PLACES: &[(Context, &str)] = &[
    (Context::Global, "1"),
    (Context::Home, "1"),
    (Context::List, "1"),
    (Context::Clusters, "1"),
    (Context::Templates, "2"),
    (Context::Certificates, "4"),
    (Context::Cluster, "down enter 4"),
    (Context::NodeGroups, "down enter 1"),
    (Context::Nodes, "down enter 2"),
    (Context::Resources, "down enter 3"),
    (Context::History, "down enter 5"),
    (Context::Issued, "down enter 6"),
    (Context::InForce, "down enter 7"),
    (Context::Pager, "Y"),
    (Context::Shells, "T ctrl-]"),
    (Context::Calls, "H"),
    (Context::Settings, ","),
    (Context::Images, "O 1"),
    (Context::Flavors, "O 2"),
    (Context::Networks, "O 3"),
    (Context::Keypairs, "O 4"),
    (Context::Limits, "O 5"),
    (Context::Orphans, "O 6"),
    (Context::Happenings, "O 7"),
];

const INSIDE: &[Context] = &[
    Context::Shell,
    Context::Form,
    Context::Labels,
    Context::Picker,
    Context::Palette,
    Context::Filter,
    Context::Dialog,
    Context::Confirm,
    Context::Kubeconfig,
    Context::Line,
    Context::Signing,
    Context::Help,
];

#[test]
fn every_action_is_in_the_table_once() {
    let listed: Vec<Action> = DOES.iter().map(|(action, _)| *action).chain(SHOWS.iter().copied()).collect();
    for action in Action::ALL {
        let times = listed.iter().filter(|have| *have == action).count();
        assert_eq!(times, 1, "{action:?} belongs into DOES, with its commands, or into SHOWS");
    }
}

#[test]
fn what_is_done_to_the_cloud_is_a_command_too() {
    for (action, commands) in DOES {
        assert!(!commands.is_empty(), "{action:?}");
        for wanted in *commands {
            let mut found = Cli::command();
            for word in wanted.split(' ') {
                let next = found.find_subcommand(word).cloned();
                found = next.unwrap_or_else(|| panic!("{action:?}: there is no command \"{wanted}\""));
            }
            assert!(!found.has_subcommands(), "{action:?}: \"{wanted}\" does nothing by itself");
        }
    }
}

#[test]
fn every_action_has_a_key_and_the_command_line_of_the_dashboard_knows_it() {
    let (keymap, _) = Keymap::load("default", None);
    let mut missing = BTreeSet::new();
    for action in Action::ALL.iter().filter(|action| **action != Action::Palette) {
        let places = || PLACES.iter().filter(|(context, _)| action.contexts().contains(context));
        let Some((_, keys)) = places().next() else {
            let inside = action.contexts().iter().all(|context| INSIDE.contains(context));
            assert!(inside, "{action:?}: say in PLACES how one gets to {:?}", action.contexts());
            assert!(
                action.contexts().iter().any(|context| keymap.key_for(&[*context], *action).is_some()),
                "{action:?}"
            );
            continue;
        };
        let here: Vec<Context> = places().map(|(context, _)| *context).collect();
        if keymap.key_for(&here, *action).is_none() {
            missing.insert(format!("{action:?} has no key"));
        }
        let mut desk = Desk::ready();
        desk.press(keys).press(":").write(action.name());
        let picture = desk.screen(120, 40);
        if !picture.contains(&format!("▸ {} ", action.name())) {
            missing.insert(format!("{action:?} after {keys}:\n{picture}"));
        }
    }
    let missing: Vec<String> = missing.into_iter().collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
