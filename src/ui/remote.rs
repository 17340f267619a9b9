//! What can be asked of a cluster's machines: shells, logs and commands in panes, programs that
//! speak to its API, a bundle for whoever helps, a bastion. How it is done is `runtime::remote`'s.

use super::action::{Action, Context};
use super::dialogs::line::Where;
use super::effect::{Effect, Job};
use super::layer::{Ask, Cx, Route};
use super::shells::{Program, Wish};
use crate::model::ClusterId;

/// How the page of shells is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enter {
    /// The keyboard is the shell's, if it lives.
    Type,
    /// What runs is looked at.
    Look,
    /// All of them side by side.
    Tiles,
}

/// What the cursor is on.
pub struct At {
    pub cluster: ClusterId,
    /// The node under it, by its name or its server's id.
    pub node: Option<String>,
    pub marked: Vec<String>,
}

/// `None`: the action is about something else.
pub fn asks(action: Action, at: impl FnOnce() -> Option<At>, cx: &Cx) -> Option<Vec<Ask>> {
    let make: fn(At) -> Vec<Ask> = match action {
        Action::Shells => return Some(shells(cx)),
        Action::Shell => |at| open(at.cluster, Program::Login(at.node), Enter::Type),
        Action::FollowLog => |at| open(at.cluster, Program::Follow(at.node), Enter::Look),
        Action::Login => |at| vec![Ask::Do(Effect::Login(at.cluster, at.node))],
        Action::Run => {
            |at| vec![Ask::Open(Route::Line(Where::Nodes { cluster: at.cluster, here: at.node, marked: at.marked }))]
        }
        Action::Environment => |at| vec![Ask::Open(Route::Line(Where::Here(at.cluster)))],
        Action::Bastion => |at| vec![Ask::Open(Route::Bastion(at.cluster)), Ask::Run(Job::Bastions(at.cluster))],
        Action::Bundle => |at| vec![Ask::Open(Route::Bundle(at.cluster)), Ask::Run(Job::Bundle(at.cluster))],
        _ => return None,
    };
    Some(at().map(make).unwrap_or_default())
}

fn open(cluster: ClusterId, program: Program, enter: Enter) -> Vec<Ask> {
    vec![Ask::Open(Route::Shells(enter)), Ask::Shell(Wish::Open(cluster, program))]
}

/// To those that are open.
pub fn shells(cx: &Cx) -> Vec<Ask> {
    if cx.shells.all().is_empty() {
        let key = cx.keymap.key_for(&[Context::Clusters], Action::Shell);
        let how = key.map(|key| format!("; {key} opens one")).unwrap_or_default();
        return vec![Ask::Say(format!("no shell is open{how}"))];
    }
    vec![Ask::Open(Route::Shells(Enter::Type))]
}
