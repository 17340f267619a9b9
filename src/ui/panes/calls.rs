//! What was asked of the cloud's APIs, and what Jeroboam itself did, newest first.

use ratatui::text::Span;

use super::{Spec, fact};
use crate::model::call::{ApiCall, OURS};
use crate::ui::layer::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, known_first};
use crate::ui::widgets::text;

pub struct Calls;

/// Slower than this is worth a colour, in milliseconds.
const SLOW: u64 = 2000;

impl Spec for Calls {
    type Key = u64;
    type Row = ApiCall;
    type Of = ();
    const TITLE: &'static str = "Calls";

    fn rows<'a>((): (), cx: &Cx<'a>) -> Vec<&'a ApiCall> {
        cx.fleet.calls.iter().rev().collect()
    }

    fn key(row: &ApiCall) -> u64 {
        row.number
    }

    fn columns() -> &'static [Column<ApiCall>] {
        &[
            Column {
                title: "TIME",
                min: 8,
                max: 8,
                rank: 0,
                cell: |c, cx| vec![cx.span(Role::Muted, cx.clock(c.at))],
                order: |a, b, _| b.number.cmp(&a.number),
            },
            Column {
                title: "STATUS",
                min: 8,
                max: 9,
                rank: 0,
                cell: |c, cx| vec![status(c, cx)],
                order: |a, b, _| known_first(a.status, b.status).then(b.fault.is_some().cmp(&a.fault.is_some())),
            },
            Column {
                title: "MS",
                min: 5,
                max: 6,
                rank: 2,
                cell: |c, cx| {
                    let role = if c.took_ms >= SLOW { Role::Warning } else { Role::Muted };
                    vec![cx.span(role, c.took_ms.to_string())]
                },
                order: |a, b, _| b.took_ms.cmp(&a.took_ms),
            },
            Column {
                title: "SERVICE",
                min: 8,
                max: 9,
                rank: 1,
                cell: |c, cx| vec![cx.span(if c.service == OURS { Role::Brand } else { Role::Text }, &c.service)],
                order: |a, b, _| a.service.cmp(&b.service),
            },
            Column {
                title: "METHOD",
                min: 6,
                max: 8,
                rank: 0,
                cell: |c, cx| {
                    let again = if c.attempt > 1 { format!(" ↻{}", c.attempt) } else { String::new() };
                    let role = if c.method == "GET" { Role::Text } else { Role::Strong };
                    vec![cx.span(role, &c.method), cx.span(Role::Warning, again)]
                },
                order: |a, b, _| a.method.cmp(&b.method),
            },
            Column {
                title: "WHAT",
                min: 20,
                max: 110,
                rank: 0,
                cell: |c, cx| vec![cx.span(Role::Text, below_host(&c.url))],
                order: |a, b, _| a.url.cmp(&b.url),
            },
            Column {
                title: "REQUEST ID",
                min: 12,
                max: 40,
                rank: 3,
                cell: |c, cx| vec![cx.span(Role::Faint, c.request_id.as_deref().unwrap_or_default())],
                order: |a, b, _| a.request_id.cmp(&b.request_id),
            },
        ]
    }

    fn haystack(row: &ApiCall, _: &Cx) -> String {
        row.line()
    }

    fn empty((): (), _: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        vec![vec![cx.span(Role::Muted, "Nothing was asked of any cloud yet.")]]
    }
}

/// `/v3/auth/tokens`: hosts are alike, and stand in the details.
fn below_host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    if rest.len() == url.len() { url } else { rest.find('/').map_or(rest, |at| &rest[at..]) }
}

fn status(call: &ApiCall, cx: &Cx) -> Span<'static> {
    match (call.status, &call.fault) {
        (Some(status @ 500..), _) => cx.span(Role::Failed, format!("✖ {status}")),
        (Some(status @ 400..), _) => cx.span(Role::Warning, format!("! {status}")),
        (Some(status), None) => cx.span(Role::Ok, format!("● {status}")),
        (_, Some(_)) => cx.span(Role::Failed, if call.service == OURS { "✖ refused" } else { "✖ none" }),
        (None, None) => cx.span(Role::Ok, "● done"),
    }
}

/// Everything about one.
pub fn details(call: &ApiCall, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let mut lines = vec![vec![status(call, cx), cx.span(Role::Strong, format!("  {}", call.method))]];
    lines.extend(text::wrap(&call.url, room, 4).into_iter().map(|line| vec![cx.span(Role::Text, line)]));
    if let Some(fault) = &call.fault {
        lines.extend(text::wrap(fault, room, 4).into_iter().map(|line| vec![cx.span(Role::Failed, line)]));
    }
    lines.push(fact("service", vec![cx.span(Role::Text, &call.service)], cx));
    lines.push(fact("took", vec![cx.span(Role::Text, format!("{} ms", call.took_ms))], cx));
    if call.attempt > 1 {
        lines.push(fact("attempt", vec![cx.span(Role::Warning, call.attempt.to_string())], cx));
    }
    if let Some(id) = &call.request_id {
        lines.push(fact("request", vec![cx.span(Role::Muted, id)], cx));
    }
    lines
}
