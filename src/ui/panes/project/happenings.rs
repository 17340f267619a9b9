//! Stack events of all the project's clusters in one list, newest first.

use ratatui::text::Span;

use crate::ui::layer::Cx;
use crate::ui::panes::{Spec, events, unlisted};
use crate::ui::project::ProjectEvent;
use crate::ui::theme::Role;
use crate::ui::widgets::table::Column;
use crate::ui::words;

pub struct Happenings;

impl Spec for Happenings {
    type Key = String;
    type Row = ProjectEvent;
    type Of = ();
    const TITLE: &'static str = "Events";

    fn rows<'a>((): (), cx: &Cx<'a>) -> Vec<&'a ProjectEvent> {
        cx.fleet.project.events.iter().collect()
    }

    fn key(row: &ProjectEvent) -> String {
        row.event.id.clone()
    }

    fn columns() -> &'static [Column<ProjectEvent>] {
        &[
            Column {
                title: "TIME",
                min: 8,
                max: 8,
                rank: 1,
                cell: |e, cx| vec![cx.span(Role::Muted, cx.clock(e.event.time))],
                order: |a, b, _| b.event.time.cmp(&a.event.time),
            },
            Column {
                title: "CLUSTER",
                min: 10,
                max: 24,
                rank: 0,
                cell: |e, cx| vec![cx.span(Role::Strong, &e.name)],
                order: |a, b, _| a.name.cmp(&b.name),
            },
            Column {
                title: "RESOURCE",
                min: 12,
                max: 40,
                rank: 0,
                cell: |e, cx| vec![cx.span(Role::Text, events::address(&e.event))],
                order: |a, b, _| events::address(&a.event).cmp(&events::address(&b.event)),
            },
            Column {
                title: "STATUS",
                min: 12,
                max: 22,
                rank: 0,
                cell: status,
                order: |a, b, _| a.event.status.to_string().cmp(&b.event.status.to_string()),
            },
            Column {
                title: "REASON",
                min: 14,
                max: 80,
                rank: 2,
                cell: |e, cx| {
                    let told = if events::is_boilerplate(&e.event.reason) { "" } else { words::gist(&e.event.reason) };
                    vec![cx.span(Role::Muted, told)]
                },
                order: |a, b, _| a.event.reason.cmp(&b.event.reason),
            },
        ]
    }

    fn haystack(row: &ProjectEvent, _: &Cx) -> String {
        format!("{} {}", row.name, events::haystack(&row.event))
    }

    fn empty((): (), room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        unlisted(Some(&cx.fleet.project.events_loaded), "Heat has no events of this project's clusters.", room, cx)
    }
}

fn status(row: &ProjectEvent, cx: &Cx) -> Vec<Span<'static>> {
    let told = words::heat(&row.event.status);
    let quiet = words::quiet(&row.event.status, &told);
    vec![cx.span(told.role, format!("{} ", told.sign)), cx.span(quiet, told.word)]
}
