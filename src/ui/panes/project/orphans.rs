//! What clusters that are no more left in the project.

use ratatui::text::Span;

use crate::model::{Doubt, Orphan};
use crate::ui::layer::Cx;
use crate::ui::panes::{Spec, fact, problem_lines, unlisted};
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, known_first};
use crate::ui::widgets::text;
use crate::ui::words;

pub struct Orphans;

impl Spec for Orphans {
    /// Ids are unique in a service alone.
    type Key = (crate::model::ThingSort, String);
    type Row = Orphan;
    type Of = ();
    const TITLE: &'static str = "Orphans";

    fn rows<'a>((): (), cx: &Cx<'a>) -> Vec<&'a Orphan> {
        cx.fleet.project.orphans.list.iter().collect()
    }

    fn key(row: &Orphan) -> Self::Key {
        (row.thing.sort, row.thing.id.clone())
    }

    fn columns() -> &'static [Column<Orphan>] {
        &[
            Column {
                title: "WHAT",
                min: 10,
                max: 22,
                rank: 0,
                cell: |o, cx| vec![cx.span(Role::Strong, o.thing.sort.word())],
                order: |a, b, _| a.thing.sort.cmp(&b.thing.sort),
            },
            Column {
                title: "NAME",
                min: 12,
                max: 44,
                rank: 0,
                cell: |o, cx| vec![cx.span(Role::Text, name(o))],
                order: |a, b, _| name(a).cmp(name(b)),
            },
            Column {
                title: "WHOSE",
                min: 12,
                max: 26,
                rank: 1,
                cell: |o, cx| vec![whose(o, cx)],
                order: |a, b, _| (a.doubt.is_some(), a.cluster).cmp(&(b.doubt.is_some(), b.cluster)),
            },
            Column {
                title: "STATUS",
                min: 6,
                max: 20,
                rank: 2,
                cell: |o, cx| vec![cx.span(Role::Muted, &o.thing.status)],
                order: |a, b, _| a.thing.status.cmp(&b.thing.status),
            },
            Column {
                title: "AGE",
                min: 4,
                max: 6,
                rank: 3,
                cell: |o, cx| {
                    let age = o.thing.created.map_or("–".into(), |at| words::age(at, cx.now));
                    vec![cx.span(Role::Muted, age)]
                },
                order: |a, b, _| known_first(a.thing.created, b.thing.created),
            },
        ]
    }

    fn haystack(row: &Orphan, _: &Cx) -> String {
        let doubt = row.doubt.map_or("nobody's", Doubt::word);
        format!("{} {} {} {doubt}", row.thing.line(), row.thing.status, row.cluster)
    }

    fn empty((): (), room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        let mut lines = unlisted(Some(&cx.fleet.project.orphans.loaded), "No past cluster left anything.", room, cx);
        for problem in &cx.fleet.project.orphan_problems {
            lines.extend(problem_lines(problem, room, cx));
        }
        lines
    }
}

fn name(orphan: &Orphan) -> &str {
    if orphan.thing.name.is_empty() { &orphan.thing.id } else { &orphan.thing.name }
}

fn whose(orphan: &Orphan, cx: &Cx) -> Span<'static> {
    match orphan.doubt {
        None => cx.span(Role::Ok, "✓ nobody's"),
        Some(Doubt::Stack) => cx.span(Role::Warning, "! its stack is there"),
        Some(Doubt::Stranger) => cx.span(Role::Warning, "! perhaps another's"),
    }
}

/// Everything about one.
pub fn details(orphan: &Orphan, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let mut lines = vec![
        fact("id", vec![cx.span(Role::Muted, &orphan.thing.id)], cx),
        fact("of cluster", vec![cx.span(Role::Text, orphan.cluster.to_string())], cx),
    ];
    if let Some(doubt) = orphan.doubt {
        let told = text::wrap(&format!("! {}", doubt.word()), room, 2);
        lines.extend(told.into_iter().map(|line| vec![cx.span(Role::Warning, line)]));
    }
    // What could not be looked at may have left more.
    for problem in &cx.fleet.project.orphan_problems {
        let told = text::fit(&format!("✖ {}", problem.summary), room);
        lines.push(vec![cx.span(Role::Failed, told)]);
    }
    lines
}
