//! A change under way, in a few lines: what it is about, how far it is, what its machines are
//! doing, how long it may still take, and how to leave it when it failed.

use ratatui::text::Span;

use super::movers::so_far;
use super::nodes;
use crate::model::node::Course;
use crate::model::{Cluster, Node, Progress, Rollout};
use crate::ui::action::{Action, Context};
use crate::ui::doing::{STAGES, doing};
use crate::ui::layer::Cx;
use crate::ui::operation;
use crate::ui::theme::Role;
use crate::ui::widgets::{bar, text};
use crate::ui::words;

/// Sign and word: it moves, will pause, or is paused.
pub fn head(cluster: &Cluster, change: &Rollout, cx: &Cx) -> Span<'static> {
    match (change.held, change.paused) {
        (true, _) => cx.span(Role::Warning, "‖ paused"),
        (false, true) => cx.span(Role::Warning, "↻ pausing"),
        (false, false) => {
            let told = words::status(&cluster.status);
            cx.span(told.role, format!("{} {}", told.sign, told.word))
        }
    }
}

/// `2 of 5 nodes`; the kind of change where no nodes are counted.
pub fn count(change: &Rollout) -> String {
    match change.total {
        0 => change.kind.word().to_owned(),
        1 => format!("{} of 1 node", change.done),
        total => format!("{} of {total} nodes", change.done),
    }
}

/// What it is, how far, for how long.
pub fn lines(cluster: &Cluster, change: &Rollout, nodes: &[Node], room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let first = vec![head(cluster, change, cx), cx.span(Role::Strong, format!("  {}", change.what()))];
    let mut told = format!(" {}", count(change));
    if change.steps > 1 {
        told.push_str(&format!(" · step {} of {}", change.step.max(1), change.steps));
    }
    let since = cluster.operation.as_ref().map_or(cluster.status_since, |operation| operation.begun);
    let mut times = words::elapsed(since, cx.now);
    if let Some(left) = words::time_left(cluster, cx.now).filter(|_| !change.held) {
        times.push_str(&format!(" · {left}"));
    }
    let one = text::width(&told) + 3 + text::width(&times) + 8 <= room;
    let taken = text::width(&told) + if one { 3 + text::width(&times) } else { 0 };
    // Machines on their way count for as far as they are.
    let begun: usize = nodes.iter().filter_map(|node| doing(node, cx.fleet).stage).sum();
    let progress = Progress { complete: change.done * STAGES + begun, total: change.total * STAGES };
    let mut second = bar::bar(progress, room.saturating_sub(taken).clamp(5, 24), cx);
    second.push(cx.span(Role::Text, told));
    let mut lines = vec![first, second];
    if one {
        lines[1].push(cx.span(Role::Text, format!(" · {times}")));
        add_pace(&mut lines[1], cluster, room, cx);
    } else {
        lines.push(vec![cx.span(Role::Text, times)]);
    }
    if change.paused {
        let what = if change.held { "nothing is under way" } else { "the present step goes on to its end" };
        let mut line = vec![cx.span(Role::Warning, format!("Paused: {what}.  "))];
        line.extend(keys(&[(Action::Pause, "go on")], cx));
        if change.held {
            line.extend(keys(&[(Action::Rollback, "roll back")], cx));
        }
        lines.push(line);
    }
    lines
}

/// How it went so far, behind a line with room for it.
pub fn add_pace(line: &mut Vec<Span<'static>>, cluster: &Cluster, room: usize, cx: &Cx) {
    let left = room.saturating_sub(text::spans_width(line) + 2);
    if let Some(pace) = so_far(cluster, left.min(24), cx).filter(|_| left >= 8) {
        line.extend([Span::raw("  "), pace]);
    }
}

/// What the machines are doing that the present step is about, the furthest behind first, and
/// what is left of Heat's patience with the first of them. Nothing where nothing moves.
pub fn machines(cluster: &Cluster, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let nodes = cx.fleet.nodes(cluster.uuid);
    let moves = |node: &&Node| !matches!(node.course, Course::Stays | Course::ToCome | Course::ToRenew | Course::ToGo);
    if !cluster.status.is_in_progress() {
        return Vec::new();
    }
    let mut moving: Vec<_> = nodes.iter().filter(moves).map(|node| (node, doing(node, cx.fleet))).collect();
    moving.sort_by_key(|(node, doing)| (doing.stage.unwrap_or(0), node.slot, node.index));
    let mut lines = Vec::new();
    if let Some((_, patience)) = first_end(&moving) {
        let stack =
            words::stack_timeout(cluster, cx.now).map(|end| format!("the stack's {}", words::until(end, cx.now)));
        let node = format!("the nodes' {}", words::until(patience, cx.now));
        let told: Vec<String> = stack.into_iter().chain([node]).collect();
        lines.push(vec![cx.span(Role::Muted, format!("Heat waits: {}", told.join(", ")))]);
    }
    let mut line: Vec<Span> = vec![cx.span(Role::Muted, format!("nodes {}", nodes::counts(nodes)))];
    for (at, (node, doing)) in moving.iter().enumerate() {
        let told = vec![
            cx.span(Role::Text, format!("  {} ", nodes::short(node, cx))),
            cx.span(doing.told.role, format!("{} {}", doing.told.sign, text::fit(&doing.told.word, 28))),
        ];
        if text::spans_width(&line) + text::spans_width(&told) + 9 > room && at > 0 {
            line.push(cx.span(Role::Muted, format!("  +{} more", moving.len() - at)));
            break;
        }
        line.extend(told);
    }
    if !nodes.is_empty() {
        lines.push(line);
    }
    lines
}

type Moving<'a> = (&'a Node, crate::ui::doing::Doing);

/// The machine that Heat gives up first, and when.
fn first_end<'a>(moving: &[Moving<'a>]) -> Option<(&'a Node, chrono::DateTime<chrono::Utc>)> {
    let ends = moving.iter().filter_map(|(node, doing)| Some((*node, doing.until?)));
    ends.min_by_key(|(_, until)| *until)
}

/// The keys that lead out of a change that failed.
pub fn ways_out(cluster: &Cluster, cx: &Cx) -> Option<Vec<Span<'static>>> {
    let ways = [(Action::Retry, "try again"), (Action::Rollback, "roll back")];
    let ways: Vec<_> = ways.into_iter().filter(|(action, _)| operation::offers(*action, cluster)).collect();
    (!ways.is_empty()).then(|| keys(&ways, cx))
}

fn keys(ways: &[(Action, &str)], cx: &Cx) -> Vec<Span<'static>> {
    let mut line = Vec::new();
    for (action, what) in ways {
        line.extend(super::press(*action, &[Context::Cluster, Context::Clusters], what, cx));
        line.push(Span::raw("     "));
    }
    line
}
