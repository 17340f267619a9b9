//! Settings, one a row.

use ratatui::text::Span;

use super::{Spec, fact};
use crate::ui::layer::Cx;
use crate::ui::prefs::Pref;
use crate::ui::theme::Role;
use crate::ui::widgets::table::Column;
use crate::ui::widgets::text;

pub struct Settings;

impl Spec for Settings {
    type Key = String;
    type Row = Pref;
    type Of = ();
    const TITLE: &'static str = "Settings";

    fn rows<'a>((): (), cx: &Cx<'a>) -> Vec<&'a Pref> {
        cx.fleet.prefs.all.iter().collect()
    }

    fn key(row: &Pref) -> String {
        row.name.clone()
    }

    fn columns() -> &'static [Column<Pref>] {
        &[
            Column {
                title: "SETTING",
                min: 12,
                max: 40,
                rank: 0,
                cell: |p, cx| {
                    let role = if p.choices.is_empty() { Role::Text } else { Role::Strong };
                    vec![cx.span(role, p.name.clone())]
                },
                order: |a, b, _| a.name.cmp(&b.name),
            },
            Column {
                title: "VALUE",
                min: 10,
                max: 60,
                rank: 0,
                cell: |p, cx| value(p, cx),
                order: |a, b, _| a.value.cmp(&b.value),
            },
            Column {
                title: "FROM",
                min: 7,
                max: 28,
                rank: 1,
                cell: |p, cx| vec![origin(p, cx)],
                order: |a, b, _| a.origin.cmp(&b.origin),
            },
        ]
    }

    fn haystack(row: &Pref, _cx: &Cx) -> String {
        format!("{} {} {} {}", row.name, row.value, row.origin, row.doc)
    }

    fn empty((): (), _room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        vec![vec![super::loading(cx)]]
    }
}

fn value(pref: &Pref, cx: &Cx) -> Vec<Span<'static>> {
    if pref.choices.is_empty() {
        return vec![cx.span(Role::Text, pref.value.clone())];
    }
    vec![
        cx.span(Role::Faint, "‹ "),
        cx.span(if pref.is_turned() { Role::FieldFocused } else { Role::Strong }, pref.value.clone()),
        cx.span(Role::Faint, " ›"),
    ]
}

fn origin(pref: &Pref, cx: &Cx) -> Span<'static> {
    match pref.origin.as_str() {
        _ if pref.is_turned() && pref.at_once => cx.span(Role::Warning, "turned here, not kept"),
        _ if pref.is_turned() => cx.span(Role::Warning, "not kept, not in force"),
        "default" => cx.span(Role::Faint, "default"),
        origin => cx.span(Role::Text, origin.to_owned()),
    }
}

/// What it is for, and what it can be.
pub fn details(pref: &Pref, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let mut lines: Vec<Vec<Span>> =
        text::wrap(&pref.doc, room, 3).into_iter().map(|line| vec![cx.span(Role::Text, line)]).collect();
    if pref.choices.is_empty() {
        return lines;
    }
    let mut choices = Vec::new();
    for choice in &pref.choices {
        let role = if *choice == pref.value { Role::Strong } else { Role::Muted };
        choices.extend([cx.span(role, choice.clone()), Span::raw("  ")]);
    }
    lines.push(fact("can be", text::fit_spans(choices, room.saturating_sub(12)), cx));
    if pref.is_turned() {
        lines.push(fact("was", vec![cx.span(Role::Muted, format!("{}  ({})", pref.kept, pref.origin))], cx));
    }
    if !pref.at_once {
        lines.push(fact("counts", vec![cx.span(Role::Muted, "from the next start on")], cx));
    }
    lines
}
