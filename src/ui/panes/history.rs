//! What happened to one cluster: commands and what became of them, newest first.

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::text::Span;

use super::{Spec, fact, unlisted};
use crate::model::{ClusterId, HistoryEntry, HistoryKind, Status};
use crate::ui::layer::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, known_first};
use crate::ui::widgets::text;
use crate::ui::words;

pub struct History;

impl Spec for History {
    type Key = (DateTime<Utc>, String);
    type Row = HistoryEntry;
    type Of = Option<ClusterId>;
    const TITLE: &'static str = "History";

    fn rows<'a>(of: Option<ClusterId>, cx: &Cx<'a>) -> Vec<&'a HistoryEntry> {
        of.and_then(|id| cx.fleet.looked(id)).map_or_else(Vec::new, |looked| looked.history.list.iter().collect())
    }

    fn key(row: &HistoryEntry) -> (DateTime<Utc>, String) {
        (row.at, row.event.clone())
    }

    fn columns() -> &'static [Column<HistoryEntry>] {
        &[
            Column {
                title: "WHEN",
                min: 16,
                max: 16,
                rank: 0,
                cell: |e, cx| vec![cx.span(Role::Muted, cx.date(e.at))],
                order: |a, b, _| b.at.cmp(&a.at),
            },
            Column {
                title: "WHAT",
                min: 16,
                max: 24,
                rank: 0,
                cell: |e, cx| vec![what(e, cx)],
                order: |a, b, _| a.event.cmp(&b.event),
            },
            Column {
                title: "TOOK",
                min: 6,
                max: 7,
                rank: 1,
                cell: |e, cx| e.duration.map(|took| cx.span(Role::Text, took_words(took))).into_iter().collect(),
                order: |a, b, _| known_first(a.duration, b.duration),
            },
            Column {
                title: "WHY",
                min: 12,
                max: 80,
                rank: 2,
                cell: |e, cx| vec![cx.span(Role::Muted, words::gist(&e.reason))],
                order: |a, b, _| a.reason.cmp(&b.reason),
            },
        ]
    }

    fn haystack(row: &HistoryEntry, _: &Cx) -> String {
        format!("{} {} {}", row.event, row.operation, row.reason)
    }

    fn empty(of: Option<ClusterId>, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        let loaded = of.and_then(|id| cx.fleet.looked(id)).map(|looked| &looked.history.loaded);
        unlisted(loaded, "Nothing has happened yet.", room, cx)
    }
}

fn took_words(seconds: u64) -> String {
    let then = DateTime::UNIX_EPOCH;
    words::elapsed(then, then + TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1000)))
}

/// A command by its name, a transition by its status.
fn what(entry: &HistoryEntry, cx: &Cx) -> Span<'static> {
    match entry.kind {
        HistoryKind::Command => cx.span(Role::Strong, format!("› {}", entry.event)),
        HistoryKind::Transition => {
            let told = words::status(&Status::from(entry.event.as_str()));
            cx.span(told.role, format!("{} {}", told.sign, told.word))
        }
    }
}

/// Everything about one entry.
pub fn details(entry: &HistoryEntry, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let mut lines = vec![vec![what(entry, cx), cx.span(Role::Muted, format!("  {}", entry.event))]];
    lines.extend(text::wrap(&entry.reason, room, 4).into_iter().map(|line| vec![cx.span(Role::Text, line)]));
    if let Some(user) = &entry.user_id {
        lines.push(fact("by", vec![cx.span(Role::Muted, user)], cx));
    }
    lines.push(fact("nodes", vec![cx.span(Role::Muted, entry.nodes.to_string())], cx));
    lines
}
