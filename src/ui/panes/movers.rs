//! Clusters on the move, one line for each: what, how far, for how long and how much longer, how
//! many machines before and after, and how it went so far.

use ratatui::text::Span;

use super::{Spec, change, nodes, press};
use crate::model::{Cluster, ClusterId, Progress};
use crate::ui::action::{Action, Context};
use crate::ui::layer::Cx;
use crate::ui::pace;
use crate::ui::theme::Role;
use crate::ui::widgets::bar;
use crate::ui::widgets::table::{Column, known_first};
use crate::ui::words;

pub struct Movers;

/// Columns of a bar, and of a line that tells how it went.
const BAR: usize = 12;
const PACE: usize = 16;

impl Spec for Movers {
    type Key = ClusterId;
    type Row = Cluster;
    type Of = ();
    const TITLE: &'static str = "On the move";

    fn rows<'a>((): (), cx: &Cx<'a>) -> Vec<&'a Cluster> {
        cx.fleet.clusters.moving().collect()
    }

    fn key(row: &Cluster) -> ClusterId {
        row.uuid
    }

    fn columns() -> &'static [Column<Cluster>] {
        &[
            Column {
                title: "NAME",
                min: 12,
                max: 36,
                rank: 0,
                cell: |c, cx| vec![cx.span(Role::Strong, &c.name)],
                order: |a, b, _| a.name.cmp(&b.name),
            },
            Column {
                title: "DOING",
                min: 10,
                max: 44,
                rank: 3,
                cell: doing,
                order: |a, b, _| words::status(&a.status).word.cmp(&words::status(&b.status).word),
            },
            Column {
                title: "PROGRESS",
                min: BAR + 6,
                max: BAR + 6,
                rank: 0,
                cell: progress,
                order: |a, b, _| percent(b).cmp(&percent(a)),
            },
            Column {
                title: "FOR",
                min: 6,
                max: 7,
                rank: 1,
                cell: |c, cx| vec![cx.span(Role::Text, words::elapsed(pace::begun(c), cx.now))],
                order: |a, b, _| pace::begun(a).cmp(&pace::begun(b)),
            },
            Column {
                title: "LEFT",
                min: 11,
                max: 21,
                rank: 2,
                cell: left,
                order: |a, b, _| known_first(end(a), end(b)),
            },
            Column {
                title: "NODES",
                min: 6,
                max: 11,
                rank: 4,
                cell: count,
                order: |a, b, _| (a.master_count, a.node_count).cmp(&(b.master_count, b.node_count)),
            },
            Column {
                title: "SO FAR",
                min: PACE,
                max: PACE,
                rank: 5,
                cell: |c, cx| so_far(c, PACE, cx).into_iter().collect(),
                order: |a, b, _| percent(b).cmp(&percent(a)),
            },
        ]
    }

    fn haystack(row: &Cluster, _: &Cx) -> String {
        format!("{} {} {}", row.name, row.status, words::status(&row.status).word)
    }

    fn empty((): (), _: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        vec![
            vec![cx.span(Role::Text, "Nothing is on the move.")],
            vec![cx.span(Role::Muted, "What is created, changed or deleted is listed here while it lasts.")],
            press(Action::Back, &[Context::List], "back", cx),
        ]
    }
}

fn doing(cluster: &Cluster, cx: &Cx) -> Vec<Span<'static>> {
    match &cluster.rollout {
        Some(rollout) => {
            vec![change::head(cluster, rollout, cx), cx.span(Role::Muted, format!("  {}", rollout.what()))]
        }
        None => {
            let told = words::status(&cluster.status);
            vec![cx.span(told.role, format!("{} {}", told.sign, told.word))]
        }
    }
}

fn percent(cluster: &Cluster) -> Option<usize> {
    pace::share(cluster).map(|share| share.complete * 100 / share.total.max(1))
}

fn progress(cluster: &Cluster, cx: &Cx) -> Vec<Span<'static>> {
    let Some(share) = pace::share(cluster) else {
        return bar::bar(Progress { complete: 0, total: 1 }, BAR, cx);
    };
    let mut spans = bar::bar(share, BAR, cx);
    spans.push(cx.span(Role::Text, format!(" {:>3} %", percent(cluster).unwrap_or_default())));
    spans
}

fn end(cluster: &Cluster) -> Option<chrono::DateTime<chrono::Utc>> {
    cluster.operation.as_ref().and_then(|operation| operation.expected_end)
}

fn left(cluster: &Cluster, cx: &Cx) -> Vec<Span<'static>> {
    let left = words::time_left(cluster, cx.now).filter(|_| !cluster.is_held());
    left.map(|left| cx.span(Role::Muted, left)).into_iter().collect()
}

/// `4 → 6`, when the machines are known; how many it is to have, until they are.
fn count(cluster: &Cluster, cx: &Cx) -> Vec<Span<'static>> {
    let known = cx.fleet.nodes(cluster.uuid);
    let told = if known.is_empty() {
        format!("{}+{}", cluster.master_count, cluster.node_count)
    } else {
        nodes::counts(known)
    };
    vec![cx.span(Role::Text, told)]
}

/// Its progress over time, from the beginning to now.
pub fn so_far(cluster: &Cluster, columns: usize, cx: &Cx) -> Option<Span<'static>> {
    let line = cx.fleet.paces.line(cluster.uuid, cx.now, columns);
    (!line.is_empty()).then(|| cx.span(Role::Bar, bar::spark(&line)))
}
