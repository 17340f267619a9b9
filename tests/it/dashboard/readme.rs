//! README's table of keys is what the action table and the default keymap say.

use std::collections::BTreeSet;
use std::fmt::Write;

use jeroboam::ui::Keymap;
use jeroboam::ui::action::{Action, Context};

const MARKS: [&str; 2] = ["<!-- keys -->\n", "<!-- /keys -->\n"];

/// Where no form or dialog is open.
const SCREENS: [Context; 26] = [
    Context::Home,
    Context::Cluster,
    Context::Shell,
    Context::Shells,
    Context::Pager,
    Context::List,
    Context::Clusters,
    Context::Templates,
    Context::Certificates,
    Context::NodeGroups,
    Context::Nodes,
    Context::Resources,
    Context::History,
    Context::Issued,
    Context::InForce,
    Context::Cloud,
    Context::Images,
    Context::Flavors,
    Context::Networks,
    Context::Keypairs,
    Context::Limits,
    Context::Orphans,
    Context::Happenings,
    Context::Calls,
    Context::Settings,
    Context::Global,
];

/// Actions that share a row, and what it says of them.
const TOGETHER: [(&[Action], &str); 5] = [
    (
        &[
            Action::Pane1,
            Action::Pane2,
            Action::Pane3,
            Action::Pane4,
            Action::Pane5,
            Action::Pane6,
            Action::Pane7,
            Action::NextPane,
            Action::PreviousPane,
        ],
        "Panes: clusters, templates, stack events, CA certificates; of a cluster: node groups, nodes, resources, events, history, issued certificates, labels in force; of the cloud: images, flavors, networks, keypairs, quotas, orphans, events; shells; next, before",
    ),
    (&[Action::Up, Action::Down, Action::PageUp, Action::PageDown, Action::First, Action::Last], "Move"),
    (
        &[Action::MarkRow, Action::MarkRange, Action::MarkAll],
        "Mark the row, all from the last mark to here, all that are shown or none; what can be done to several is done to the marked ones",
    ),
    (&[Action::Sort, Action::SortReverse], "Sort by the next column; the other way round"),
    (&[Action::Refresh, Action::Redraw, Action::Suspend], "Load again, draw again, back to the shell"),
];

/// Every key of the actions on the screens, in the keymap's order, each once.
fn keys(listing: &[(Context, Vec<(String, Action)>)], actions: &[Action]) -> String {
    let mut told: Vec<String> = Vec::new();
    for action in actions {
        for (keys, _) in listing.iter().flat_map(|(_, rows)| rows).filter(|(_, of)| of == action) {
            for key in keys.split("  ").map(|key| format!("`{key}`")) {
                if !told.contains(&key) {
                    told.push(key);
                }
            }
        }
    }
    told.join(" ")
}

fn table() -> String {
    let (keymap, _) = Keymap::load("default", None);
    let listing = keymap.listing(&SCREENS);
    let mut text = "| key | what it does |\n|---|---|\n".to_owned();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for action in Action::ALL {
        let alone = [*action];
        let together = TOGETHER.iter().find(|(actions, _)| actions.contains(action));
        let (actions, what) = together.map_or((&alone[..], action.doc()), |(actions, what)| (*actions, *what));
        let keys = keys(&listing, actions);
        if !keys.is_empty() && done.insert(what) {
            writeln!(text, "| {keys} | {what} |").unwrap();
        }
    }
    text
}

#[test]
fn the_keys_in_the_readme_are_the_keys() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (before, rest) = readme.split_once(MARKS[0]).expect("the mark before the table");
    let (found, after) = rest.split_once(MARKS[1]).expect("the mark after the table");
    let wanted = table();
    // As snapshots are renewed, so is the table.
    if found != wanted && std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        let text = format!("{before}{}{wanted}{}{after}", MARKS[0], MARKS[1]);
        return std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"), text).unwrap();
    }
    assert!(found == wanted, "README.md should say between its marks:\n{wanted}");
}
