//! The clusters' CA certificates.

use std::cmp::Ordering;

use ratatui::text::Span;

use super::{Spec, fact, problem_lines};
use crate::model::{Cluster, ClusterId};
use crate::service::CaCertificate;
use crate::ui::layer::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, known_first};
use crate::ui::widgets::text;
use crate::ui::words;

pub struct Certificates;

impl Spec for Certificates {
    type Key = ClusterId;
    type Row = Cluster;
    type Of = ();
    const TITLE: &'static str = "CA certificates";

    fn rows<'a>((): (), cx: &Cx<'a>) -> Vec<&'a Cluster> {
        cx.fleet.clusters_by_name()
    }

    fn key(row: &Cluster) -> ClusterId {
        row.uuid
    }

    fn columns() -> &'static [Column<Cluster>] {
        &[
            Column {
                title: "CLUSTER",
                min: 12,
                max: 30,
                rank: 0,
                cell: |c, cx| vec![cx.span(Role::Strong, &c.name)],
                order: |a, b, _| a.name.cmp(&b.name),
            },
            Column {
                title: "SUBJECT",
                min: 14,
                max: 30,
                rank: 3,
                cell: subject,
                order: |a, b, cx| by(a, b, cx, |ca| &ca.subject),
            },
            Column {
                title: "KEY",
                min: 11,
                max: 16,
                rank: 2,
                cell: key_type,
                order: |a, b, cx| by(a, b, cx, |ca| &ca.key_type),
            },
            Column {
                title: "EXPIRES",
                min: 13,
                max: 18,
                rank: 1,
                cell: expiry,
                order: |a, b, cx| by(a, b, cx, |ca| &ca.not_after),
            },
            Column {
                title: "SHA-256",
                min: 23,
                max: 95,
                rank: 4,
                cell: fingerprint,
                order: |a, b, cx| by(a, b, cx, |ca| &ca.fingerprint),
            },
        ]
    }

    fn haystack(row: &Cluster, cx: &Cx) -> String {
        let certificate = cx.fleet.certificates.get(&row.uuid).and_then(|have| have.as_ref().ok());
        certificate.map_or_else(|| row.name.clone(), |ca| format!("{} {} {}", row.name, ca.subject, ca.fingerprint))
    }

    fn empty((): (), _: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        vec![vec![cx.span(Role::Muted, "Every cluster has its own CA; it is listed here.")]]
    }
}

/// By what a certificate says; clusters whose certificate is not known come last.
fn by<'a, T: Ord + 'a>(a: &Cluster, b: &Cluster, cx: &Cx<'a>, what: impl Fn(&'a CaCertificate) -> &'a T) -> Ordering {
    let known = |cluster: &Cluster| cx.fleet.certificates.get(&cluster.uuid)?.as_ref().ok().map(&what);
    known_first(known(a), known(b))
}

fn subject(cluster: &Cluster, cx: &Cx) -> Vec<Span<'static>> {
    match cx.fleet.certificates.get(&cluster.uuid) {
        Some(Ok(ca)) => vec![cx.span(Role::Text, &ca.subject)],
        Some(Err(_)) => vec![cx.span(Role::Faint, "–")],
        None => vec![cx.span(Role::Faint, "…")],
    }
}

fn key_type(cluster: &Cluster, cx: &Cx) -> Vec<Span<'static>> {
    match cx.fleet.certificates.get(&cluster.uuid) {
        Some(Ok(ca)) => vec![cx.span(Role::Text, &ca.key_type)],
        _ => Vec::new(),
    }
}

fn expiry(cluster: &Cluster, cx: &Cx) -> Vec<Span<'static>> {
    match cx.fleet.certificates.get(&cluster.uuid) {
        Some(Ok(ca)) => {
            let role = if ca.not_after <= cx.now {
                Role::Failed
            } else if ca.not_after - cx.now < words::SOON {
                Role::Warning
            } else {
                Role::Text
            };
            vec![cx.span(role, words::expires(ca.not_after, cx.now))]
        }
        Some(Err(_)) => vec![cx.span(Role::Warning, "not available")],
        None => Vec::new(),
    }
}

fn fingerprint(cluster: &Cluster, cx: &Cx) -> Vec<Span<'static>> {
    match cx.fleet.certificates.get(&cluster.uuid) {
        Some(Ok(ca)) => vec![cx.span(Role::Muted, &ca.fingerprint)],
        _ => Vec::new(),
    }
}

/// Everything about one, its PEM text last.
pub fn details(cluster: &Cluster, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let ca = match cx.fleet.certificates.get(&cluster.uuid) {
        Some(Ok(ca)) => ca,
        Some(Err(problem)) => return problem_lines(problem, room, cx),
        None => return vec![vec![cx.span(Role::Moving, "◌ loading…")]],
    };
    let say = |value: &str| vec![cx.span(Role::Text, value)];
    let mut lines = vec![
        fact("cluster", vec![cx.span(Role::Strong, &cluster.name)], cx),
        fact("subject", say(&ca.subject), cx),
        fact("key", say(&ca.key_type), cx),
        fact("valid from", say(&cx.date(ca.not_before)), cx),
        fact("valid to", say(&format!("{}  ({})", cx.date(ca.not_after), words::expires(ca.not_after, cx.now))), cx),
    ];
    let fingerprint = text::wrap(&ca.fingerprint.replace(':', ": "), room.saturating_sub(12).max(12), 6);
    for (index, line) in fingerprint.into_iter().enumerate() {
        let label = if index == 0 { "SHA-256" } else { "" };
        lines.push(fact(label, say(&line.replace(": ", ":")), cx));
    }
    lines.push(Vec::new());
    lines.extend(ca.pem.lines().map(|line| vec![cx.span(Role::Muted, line)]));
    lines
}
