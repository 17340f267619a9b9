//! The machines of one cluster, with what each is doing.

use ratatui::text::Span;

use super::groups::{image, version};
use super::{Spec, fact, unlisted};
use crate::model::{ClusterId, Node, Progress};
use crate::ui::action::Action;
use crate::ui::doing::{self, STAGES, doing};
use crate::ui::effect::Source;
use crate::ui::layer::{Ask, Cx, Route};
use crate::ui::pages::reader::matter::Matter;
use crate::ui::theme::Role;
use crate::ui::widgets::bar;
use crate::ui::widgets::table::Column;
use crate::ui::words;

pub struct Nodes;

/// Place in the cluster: the group's number, and its own.
type Place = (Option<u32>, u32);

impl Spec for Nodes {
    type Key = Place;
    type Row = Node;
    type Of = Option<ClusterId>;
    const TITLE: &'static str = "Nodes";

    fn rows<'a>(of: Option<ClusterId>, cx: &Cx<'a>) -> Vec<&'a Node> {
        of.map_or_else(Vec::new, |id| cx.fleet.nodes(id).iter().collect())
    }

    fn key(row: &Node) -> Place {
        (row.slot, row.index)
    }

    fn columns() -> &'static [Column<Node>] {
        &[
            Column {
                title: "NODE",
                min: 10,
                max: 24,
                rank: 0,
                cell: |n, cx| vec![cx.span(Role::Strong, short(n, cx))],
                order: |a, b, _| (a.slot, a.index).cmp(&(b.slot, b.index)),
            },
            Column {
                title: "DOING",
                min: 22,
                max: 60,
                rank: 0,
                cell: what,
                order: |a, b, cx| doing(a, cx.fleet).told.word.cmp(&doing(b, cx.fleet).told.word),
            },
            Column {
                title: "SERVER",
                min: 16,
                max: 20,
                rank: 5,
                cell: server,
                order: |a, b, _| a.server_id.cmp(&b.server_id),
            },
            Column {
                title: "VERSION",
                min: 7,
                max: 10,
                rank: 1,
                cell: |n, cx| vec![cx.span(Role::Text, n.version.clone().unwrap_or_default())],
                order: |a, b, _| version(a.version.as_deref()).cmp(&version(b.version.as_deref())),
            },
            Column {
                title: "CA",
                min: 2,
                max: 3,
                rank: 3,
                cell: |n, cx| vec![cx.span(Role::Muted, n.ca.to_string())],
                order: |a, b, _| a.ca.cmp(&b.ca),
            },
            Column {
                title: "ADDRESS",
                min: 9,
                max: 15,
                rank: 2,
                cell: |n, cx| vec![cx.span(Role::Muted, n.address.clone().unwrap_or_default())],
                order: |a, b, _| a.address.cmp(&b.address),
            },
            Column {
                title: "GROUP",
                min: 10,
                max: 20,
                rank: 4,
                cell: |n, cx| vec![cx.span(Role::Muted, &n.nodegroup)],
                order: |a, b, _| a.nodegroup.cmp(&b.nodegroup),
            },
        ]
    }

    fn haystack(row: &Node, cx: &Cx) -> String {
        let address = row.address.as_deref().unwrap_or_default();
        format!("{} {} {address} {}", row.name, row.nodegroup, doing(row, cx.fleet).told.word)
    }

    fn empty(of: Option<ClusterId>, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        let loaded = of.and_then(|id| cx.fleet.looked(id)).map(|looked| &looked.nodes.loaded);
        unlisted(loaded, "This cluster's manager does not tell its nodes.", room, cx)
    }
}

/// Without the stack's name, which all have in front: `worker-1`.
pub fn short(node: &Node, cx: &Cx) -> String {
    let stack = cx.fleet.clusters.get(&node.cluster_uuid).map(|cluster| cluster.stack_name.as_str());
    stack.map_or(node.name.as_str(), |stack| tail(&node.name, stack)).to_owned()
}

/// What is left of a name without the stack's; the whole where nothing is.
pub fn tail<'a>(name: &'a str, stack: &str) -> &'a str {
    let rest = name.strip_prefix(stack).map(|rest| rest.trim_start_matches('-'));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(name)
}

fn what(node: &Node, cx: &Cx) -> Vec<Span<'static>> {
    let doing = doing(node, cx.fleet);
    let mut spans = vec![cx.span(doing.told.role, format!("{} {}", doing.told.sign, doing.told.word))];
    if let Some(since) = doing.since {
        spans.push(cx.span(Role::Muted, format!("  {}", words::elapsed(since, cx.now))));
    }
    spans
}

fn server(node: &Node, cx: &Cx) -> Vec<Span<'static>> {
    let Some(server) = doing::server(node, cx.fleet) else { return Vec::new() };
    let told = words::heat(&server.status);
    vec![cx.span(words::quiet(&server.status, &told), told.word)]
}

/// How many there are, and how many there will be: `4 → 6`.
pub fn counts(nodes: &[Node]) -> String {
    let now = nodes.iter().filter(|node| node.course.is_there()).count();
    let then = nodes.iter().filter(|node| node.course.remains()).count();
    if now == then { now.to_string() } else { format!("{now} → {then}") }
}

/// To what can be read of the machine: what it wrote on its console, or what Nova tells of it.
pub fn read(node: &Node, action: Action, cx: &Cx) -> Vec<Ask> {
    let Some(server) = node.server_id.clone().or_else(|| doing::made(node, cx.fleet)) else {
        return vec![Ask::Say(format!("{} has no server yet", short(node, cx)))];
    };
    let cluster = node.cluster_uuid;
    let (what, source) = match action {
        Action::Console => ("console", Source::Console { cluster, server }),
        _ => ("server", Source::Server { cluster, server }),
    };
    vec![Ask::Open(Route::Read(Matter::Asked { title: format!("{} ─ {what}", node.name), source }))]
}

/// Everything about one.
pub fn details(node: &Node, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let doing = doing(node, cx.fleet);
    let mut first = vec![
        cx.span(Role::Strong, &node.name),
        cx.span(doing.told.role, format!("  {} {}  ", doing.told.sign, doing.told.word)),
    ];
    if let Some(stage) = doing.stage.filter(|stage| *stage < STAGES) {
        first.extend(bar::bar(Progress { complete: stage, total: STAGES }, STAGES, cx));
    }
    if let Some(until) = doing.until {
        first.push(cx.span(Role::Muted, format!("  {}", words::until(until, cx.now))));
    }
    let mut lines = vec![first];
    if let Some(id) = &node.server_id {
        lines.push(fact("server", vec![cx.span(Role::Muted, id)], cx));
    }
    lines.push(fact("image", vec![cx.span(Role::Muted, image(&node.image_id, cx))], cx));
    lines
}
