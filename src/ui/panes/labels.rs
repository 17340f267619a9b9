//! Labels in force in one cluster, and who gave each its value: as `cluster show --labels` tells.

use ratatui::text::Span;

use super::{Spec, fact, unlisted};
use crate::model::ClusterId;
use crate::model::labels::catalogue;
use crate::model::labels::origin::Effective;
use crate::ui::layer::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::table::Column;
use crate::ui::widgets::text;

pub struct InForce;

impl Spec for InForce {
    /// The node group that differs, and the label.
    type Key = (Option<String>, String);
    type Row = Effective;
    type Of = Option<ClusterId>;
    const TITLE: &'static str = "Labels";

    fn rows<'a>(of: Option<ClusterId>, cx: &Cx<'a>) -> Vec<&'a Effective> {
        of.and_then(|id| cx.fleet.looked(id)).map_or_else(Vec::new, |looked| looked.labels.list.iter().collect())
    }

    fn key(row: &Effective) -> Self::Key {
        (row.node_group.clone(), row.name.clone())
    }

    fn columns() -> &'static [Column<Effective>] {
        &[
            Column {
                title: "LABEL",
                min: 22,
                max: 36,
                rank: 0,
                cell: |l, cx| vec![cx.span(Role::Strong, &l.name)],
                order: |a, b, _| a.name.cmp(&b.name),
            },
            Column {
                title: "VALUE",
                min: 8,
                max: 50,
                rank: 0,
                cell: |l, cx| vec![cx.span(Role::Text, &l.value)],
                order: |a, b, _| a.value.cmp(&b.value),
            },
            Column {
                title: "FROM",
                min: 14,
                max: 32,
                rank: 1,
                cell: |l, cx| vec![from(l, cx)],
                order: |a, b, _| (a.origin, &a.node_group).cmp(&(b.origin, &b.node_group)),
            },
        ]
    }

    fn haystack(row: &Effective, _: &Cx) -> String {
        let group = row.node_group.as_deref().unwrap_or_default();
        format!("{} {} {} {group}", row.name, row.value, row.origin.word())
    }

    fn empty(of: Option<ClusterId>, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        let loaded = of.and_then(|id| cx.fleet.looked(id)).map(|looked| &looked.labels.loaded);
        unlisted(loaded, "No label is set, and the driver has no defaults.", room, cx)
    }
}

fn from(label: &Effective, cx: &Cx) -> Span<'static> {
    let word = label.origin.word();
    match (&label.node_group, label.read) {
        (_, Some(false)) => cx.span(Role::Warning, format!("no effect ({word})")),
        (Some(group), _) => cx.span(Role::Text, format!("{word} {group}")),
        (None, _) => cx.span(Role::Muted, word),
    }
}

/// Everything about one: its value whole, and what the label means.
pub fn details(label: &Effective, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let from = from(label, cx);
    let left = room.saturating_sub(from.width() + 2);
    let value = text::fit(&format!("{}={}", label.name, label.value), left);
    let mut lines = vec![vec![cx.span(Role::Strong, value), Span::raw("  "), from]];
    if let Some(group) = &label.node_group {
        lines.push(fact("node group", vec![cx.span(Role::Text, group)], cx));
    }
    if let Some(known) = catalogue::find(&label.name) {
        let meaning = text::wrap(&known.meaning, room, 3);
        lines.extend(meaning.into_iter().map(|line| vec![cx.span(Role::Text, line)]));
        lines.push(fact("takes", vec![cx.span(Role::Muted, known.takes())], cx));
    }
    lines
}
