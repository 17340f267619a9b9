//! The list of clusters, and what the details pane and the cluster page say of one.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use ratatui::text::Span;

use super::{Spec, change, fact, loading, press, problem_lines};
use crate::model::{Cluster, ClusterId, HealthStatus, Node, StackResource, Status};
use crate::ui::action::{Action, Context};
use crate::ui::fleet::Loaded;
use crate::ui::layer::{Cx, Link};
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, known_first};
use crate::ui::widgets::{bar, text};
use crate::ui::words;

pub struct Clusters;

impl Spec for Clusters {
    type Key = ClusterId;
    type Row = Cluster;
    type Of = ();
    const TITLE: &'static str = "Clusters";

    fn rows<'a>((): (), cx: &Cx<'a>) -> Vec<&'a Cluster> {
        cx.fleet.clusters_by_name()
    }

    fn key(row: &Cluster) -> ClusterId {
        row.uuid
    }

    fn columns() -> &'static [Column<Cluster>] {
        &[
            Column {
                title: "NAME",
                min: 14,
                max: 40,
                rank: 0,
                cell: |c, cx| vec![cx.span(Role::Strong, &c.name)],
                order: |a, b, _| a.name.cmp(&b.name),
            },
            Column { title: "STATUS", min: 24, max: 80, rank: 1, cell: status, order: by_urgency },
            Column {
                title: "NODES",
                min: 5,
                max: 9,
                rank: 2,
                cell: |c, cx| vec![cx.span(Role::Text, format!("{}+{}", c.master_count, c.node_count))],
                order: |a, b, _| nodes(a).cmp(&nodes(b)),
            },
            Column { title: "AGE", min: 5, max: 6, rank: 3, cell: age, order: |a, b, _| since(b).cmp(&since(a)) },
            Column {
                title: "TEMPLATE",
                min: 10,
                max: 24,
                rank: 4,
                cell: |c, cx| vec![cx.span(Role::Muted, &c.template_name)],
                order: |a, b, _| a.template_name.cmp(&b.template_name),
            },
            Column {
                title: "KUBERNETES",
                min: 10,
                max: 12,
                rank: 5,
                cell: |c, cx| vec![cx.span(Role::Muted, c.coe_version.clone().unwrap_or_default())],
                order: |a, b, _| known_first(version(a), version(b)),
            },
        ]
    }

    fn haystack(row: &Cluster, _: &Cx) -> String {
        format!("{} {} {} {} {}", row.name, row.status, words::status(&row.status).word, row.template_name, row.uuid)
    }

    fn empty((): (), room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        match (cx.link, &cx.fleet.clusters_loaded) {
            (Link::Connecting, _) => vec![vec![cx.span(Role::Moving, "◌ connecting to the cloud…")]],
            (Link::Failed(_), _) => Vec::new(),
            (_, Loaded::Not) => vec![vec![loading(cx)]],
            (_, Loaded::Failed(problem)) => {
                let mut lines = problem_lines(problem, room, cx);
                lines.push(press(Action::Refresh, &[Context::Global], "try again", cx));
                lines
            }
            (_, Loaded::Yes) if cx.fleet.templates.is_empty() => vec![
                vec![cx.span(Role::Text, "No clusters yet.")],
                vec![cx.span(Role::Muted, "A cluster is made from a template: make one first.")],
                press(Action::Pane2, &[Context::Home], "go to the templates", cx),
            ],
            (_, Loaded::Yes) => vec![
                vec![cx.span(Role::Text, "No clusters yet.")],
                press(Action::New, &[Context::Clusters], "new cluster", cx),
            ],
        }
    }
}

/// Sign, word and what matters most just now: percent while moving, the reason after a failure.
fn status(cluster: &Cluster, cx: &Cx) -> Vec<Span<'static>> {
    let told = words::status(&cluster.status);
    let mut spans = vec![cx.span(told.role, format!("{} {}", told.sign, told.word))];
    if cluster.status.is_failed() {
        spans.push(cx.span(Role::Muted, format!("  {}", words::gist(reason(cluster)))));
    } else if let Some(change) = cluster.rollout.as_ref().filter(|_| cluster.status.is_in_progress()) {
        let told = change::count(change);
        spans = vec![change::head(cluster, change, cx), cx.span(Role::Muted, format!("  {told}"))];
    } else if let Some((role, line)) = ailing(cluster, cx) {
        spans.push(cx.span(role, format!("  {line}")));
    } else if let Some(progress) = cluster.progress.filter(|_| cluster.status.is_in_progress()) {
        spans.push(cx.span(told.role, format!("  {:>2} %", progress.percent())));
    }
    spans
}

/// What is not well of a cluster that is otherwise ready: its CA's end, or what its own API says.
fn ailing(cluster: &Cluster, cx: &Cx) -> Option<(Role, String)> {
    if let Some(Ok(ca)) = cx.fleet.certificates.get(&cluster.uuid)
        && ca.not_after - cx.now < words::SOON
        && cluster.status.is_complete()
    {
        return Some((Role::Warning, format!("CA expires: {}", words::expires(ca.not_after, cx.now))));
    }
    let health = cluster.health.as_ref().filter(|_| cluster.status.is_complete())?.as_of(cx.now);
    match health.status {
        HealthStatus::Healthy => None,
        HealthStatus::Unhealthy => Some((Role::Warning, format!("unhealthy: {}", health.complaint()))),
        HealthStatus::Unknown => Some((Role::Faint, "health unknown".into())),
    }
}

fn age(cluster: &Cluster, cx: &Cx) -> Vec<Span<'static>> {
    if cluster.status.is_in_progress() {
        vec![cx.span(Role::Moving, words::elapsed(since(cluster), cx.now))]
    } else {
        vec![cx.span(Role::Muted, words::age(since(cluster), cx.now))]
    }
}

/// What the age is counted from: a cluster on the move tells for how long it has been.
fn since(cluster: &Cluster) -> DateTime<Utc> {
    if cluster.status.is_in_progress() { cluster.status_since } else { cluster.created_at }
}

/// What somebody should look at first comes first.
fn by_urgency(a: &Cluster, b: &Cluster, _: &Cx) -> Ordering {
    // Most of many clusters are as ready as each other.
    if a.status == b.status {
        return Ordering::Equal;
    }
    urgency(&a.status).cmp(&urgency(&b.status))
}

fn urgency(status: &Status) -> (u8, String) {
    let weight = match () {
        () if status.is_failed() => 0,
        () if status.is_in_progress() => 1,
        () if !status.is_complete() => 2,
        () => 3,
    };
    (weight, words::status(status).word)
}

fn nodes(cluster: &Cluster) -> (u64, u32) {
    (u64::from(cluster.master_count) + u64::from(cluster.node_count), cluster.master_count)
}

/// The numbers of a version: 1.9 comes before 1.10.
fn version(cluster: &Cluster) -> Option<Vec<u64>> {
    let numbers = cluster.coe_version.as_ref()?.split(|c: char| !c.is_ascii_digit());
    Some(numbers.filter_map(|number| number.parse().ok()).collect())
}

/// The deepest cause known, in the service's words.
pub fn reason(cluster: &Cluster) -> &str {
    cluster
        .cause
        .as_ref()
        .map(|cause| cause.reason.as_str())
        .filter(|r| !r.is_empty())
        .unwrap_or(&cluster.status_reason)
}

/// Bar, elapsed and time left while it moves, on two lines where one is too narrow; the state otherwise.
/// `nodes`: its machines, where they are known as they are now.
pub fn progress_lines(cluster: &Cluster, nodes: &[Node], room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    if let Some(change) = cluster.rollout.as_ref().filter(|_| cluster.status.is_in_progress()) {
        return change::lines(cluster, change, nodes, room, cx);
    }
    let told = words::status(&cluster.status);
    let mut spans = vec![cx.span(told.role, format!("{} {}", told.sign, told.word))];
    if !cluster.status.is_in_progress() {
        if cluster.status.is_complete() {
            spans.push(cx.span(Role::Muted, format!("  since {}", cx.date(cluster.status_since))));
        }
        return vec![spans];
    }
    let mut times = words::elapsed(cluster.status_since, cx.now);
    if let Some(left) = words::time_left(cluster, cx.now) {
        times.push_str(&format!(" · {left}"));
    }
    let Some(progress) = cluster.progress else {
        spans.push(cx.span(Role::Text, format!("  {times}")));
        return vec![spans];
    };
    let count = format!(" {} of {} resources", progress.complete, progress.total);
    let used = text::spans_width(&spans) + 2 + text::width(&count);
    let one = used + 3 + text::width(&times) + 10 <= room;
    let taken = if one { used + 3 + text::width(&times) } else { used };
    spans.push(Span::raw("  "));
    spans.extend(bar::bar(progress, room.saturating_sub(taken).clamp(5, 30), cx));
    spans.push(cx.span(Role::Text, count));
    if one {
        spans.push(cx.span(Role::Text, format!(" · {times}")));
        change::add_pace(&mut spans, cluster, room, cx);
        return vec![spans];
    }
    vec![spans, vec![cx.span(Role::Text, times)]]
}

/// Why it failed: reason, resource, type, physical id.
pub fn failure_lines(cluster: &Cluster, room: usize, lines: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    if !cluster.status.is_failed() {
        return Vec::new();
    }
    let change = cluster.rollout.as_ref();
    let mut told: Vec<Vec<Span>> = change.map(|change| vec![cx.span(Role::Text, change.line())]).into_iter().collect();
    told.extend(text::wrap(reason(cluster), room, lines).into_iter().map(|line| vec![cx.span(Role::Failed, line)]));
    if let Some(cause) = &cluster.cause {
        told.push(fact(
            "resource",
            vec![cx.span(Role::Strong, &cause.resource), cx.span(Role::Muted, format!("  {}", cause.kind))],
            cx,
        ));
        if !cause.physical_id.is_empty() {
            told.push(fact("id", vec![cx.span(Role::Text, &cause.physical_id)], cx));
        }
    }
    told.extend(change::ways_out(cluster, cx));
    told
}

/// Addresses and make-up of a cluster.
pub fn fact_lines(cluster: &Cluster, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let say = |text: &str| vec![cx.span(Role::Text, text)];
    let reach = match (cluster.floating_ip_enabled, cluster.master_lb_enabled) {
        (true, true) => "floating IPs, load balancer",
        (true, false) => "floating IPs, no load balancer",
        (false, true) => "private addresses, load balancer",
        (false, false) => "private addresses, no load balancer",
    };
    let mut lines = vec![
        fact(
            "API",
            match &cluster.api_address {
                Some(address) => vec![cx.span(Role::Strong, address)],
                None => vec![cx.span(Role::Faint, "not known yet")],
            },
            cx,
        ),
        fact("nodes", say(&words::nodes(cluster)), cx),
    ];
    for (label, addresses) in [("masters", &cluster.master_addresses), ("workers", &cluster.node_addresses)] {
        if !addresses.is_empty() {
            lines.push(fact(label, say(&addresses.join("  ")), cx));
        }
    }
    lines.push(fact("access", say(reach), cx));
    lines.push(fact(
        "template",
        vec![cx.span(Role::Text, &cluster.template_name), cx.span(Role::Muted, format!("  {}", cluster.driver))],
        cx,
    ));
    let flavors = format!("{} master, {} worker", cluster.master_flavor_id, cluster.flavor_id);
    lines.push(fact("flavors", say(&flavors), cx));
    if let Some(health) = cluster.health.as_ref().map(|health| health.as_of(cx.now)) {
        let (role, word) = match health.status {
            HealthStatus::Healthy => (Role::Ok, "healthy"),
            HealthStatus::Unhealthy => (Role::Warning, "unhealthy"),
            HealthStatus::Unknown => (Role::Faint, "unknown"),
        };
        let seen = format!("  {}  seen {} ago", health.complaint(), words::age(health.seen, cx.now));
        lines.push(fact("health", vec![cx.span(role, word), cx.span(Role::Muted, seen)], cx));
    }
    if let Some(version) = &cluster.coe_version {
        lines.push(fact("Kubernetes", say(version), cx));
    }
    if let Some(keypair) = &cluster.keypair {
        lines.push(fact("keypair", say(keypair), cx));
    }
    if !cluster.labels.is_empty() {
        lines.push(fact("labels", say(&cluster.labels.to_string()), cx));
    }
    lines.push(fact("stack", vec![cx.span(Role::Muted, &cluster.stack_name)], cx));
    lines.push(fact("uuid", vec![cx.span(Role::Muted, cluster.uuid.to_string())], cx));
    lines.push(fact("created", vec![cx.span(Role::Muted, cx.date(cluster.created_at))], cx));
    lines
}

/// What a moving cluster waits for: resources in progress that hold no others.
pub fn waiting_lines(cluster: &Cluster, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    if !cluster.status.is_in_progress() {
        return Vec::new();
    }
    let mut waiting: Vec<&StackResource> = cx
        .fleet
        .resources(cluster.uuid)
        .iter()
        .filter(|resource| resource.status.is_in_progress() && resource.nested.is_none())
        .collect();
    waiting.sort_by_key(|resource| (resource.updated, resource.address()));
    if waiting.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Vec::new(), vec![cx.span(Role::Heading, "WAITING FOR")]];
    for resource in waiting {
        let told = words::heat(&resource.status);
        let since = resource.updated.map(|at| words::elapsed(at, cx.now)).unwrap_or_default();
        lines.push(vec![
            cx.span(told.role, format!("{} ", told.sign)),
            cx.span(Role::Text, resource.address()),
            cx.span(Role::Muted, format!("  {}  {since}", resource.kind.rsplit("::").next().unwrap_or_default())),
        ]);
    }
    lines
}

/// The last part of a Heat type; a nested template's file name without its URL.
pub fn short_kind(kind: &str) -> &str {
    kind.rsplit('/').next().unwrap_or(kind)
}

/// The whole details pane of one cluster.
pub fn details(cluster: &Cluster, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let mut lines = progress_lines(cluster, &[], room, cx);
    lines.extend(failure_lines(cluster, room, 4, cx));
    lines.push(Vec::new());
    lines.extend(fact_lines(cluster, cx));
    lines.extend(waiting_lines(cluster, cx));
    lines
}
