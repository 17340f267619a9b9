//! Which certificates one cluster's authorities issued, to whom and until when.

use chrono::TimeDelta;
use ratatui::text::Span;

use super::{Spec, fact, unlisted};
use crate::model::{ClusterId, IssuedCertificate};
use crate::ui::layer::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::table::Column;
use crate::ui::words;

pub struct Issued;

impl Spec for Issued {
    type Key = String;
    type Row = IssuedCertificate;
    type Of = Option<ClusterId>;
    const TITLE: &'static str = "Issued";

    fn rows<'a>(of: Option<ClusterId>, cx: &Cx<'a>) -> Vec<&'a IssuedCertificate> {
        of.and_then(|id| cx.fleet.looked(id)).map_or_else(Vec::new, |looked| looked.issued.list.iter().collect())
    }

    fn key(row: &IssuedCertificate) -> String {
        format!("{} {}", row.authority, row.serial)
    }

    fn columns() -> &'static [Column<IssuedCertificate>] {
        &[
            Column {
                title: "TO",
                min: 8,
                max: 20,
                rank: 0,
                cell: |c, cx| vec![cx.span(Role::Strong, &c.issued_to)],
                order: |a, b, _| a.issued_to.cmp(&b.issued_to),
            },
            Column {
                title: "EXPIRES",
                min: 13,
                max: 20,
                rank: 0,
                cell: |c, cx| vec![expiry(c, cx)],
                order: |a, b, _| a.expires_at.cmp(&b.expires_at),
            },
            Column {
                title: "SUBJECT",
                min: 14,
                max: 44,
                rank: 2,
                cell: |c, cx| vec![cx.span(Role::Text, &c.subject)],
                order: |a, b, _| a.subject.cmp(&b.subject),
            },
            Column {
                title: "AUTHORITY",
                min: 10,
                max: 12,
                rank: 3,
                cell: |c, cx| vec![cx.span(Role::Muted, &c.authority)],
                order: |a, b, _| a.authority.cmp(&b.authority),
            },
            Column {
                title: "ISSUED",
                min: 16,
                max: 16,
                rank: 4,
                cell: |c, cx| vec![cx.span(Role::Muted, cx.date(c.issued_at))],
                order: |a, b, _| b.issued_at.cmp(&a.issued_at),
            },
        ]
    }

    fn haystack(row: &IssuedCertificate, _: &Cx) -> String {
        format!("{} {} {} {}", row.issued_to, row.subject, row.authority, row.serial)
    }

    fn empty(of: Option<ClusterId>, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        let loaded = of.and_then(|id| cx.fleet.looked(id)).map(|looked| &looked.issued.loaded);
        unlisted(loaded, "No certificate was issued yet; a kubeconfig holds the first.", room, cx)
    }
}

/// Told before it is too late: in the last tenth of its life, or in its last month.
fn expiry(certificate: &IssuedCertificate, cx: &Cx) -> Span<'static> {
    let left = certificate.expires_at - cx.now;
    let life = certificate.expires_at - certificate.issued_at;
    let role = if left <= TimeDelta::zero() {
        Role::Faint
    } else if left < (life / 10).min(words::SOON) {
        Role::Warning
    } else {
        Role::Text
    };
    cx.span(role, words::expires(certificate.expires_at, cx.now))
}

/// Everything about one.
pub fn details(certificate: &IssuedCertificate, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let say = |text: &str| vec![cx.span(Role::Text, text)];
    vec![
        fact("subject", say(&certificate.subject), cx),
        fact("for", say(&certificate.usages.join(", ")), cx),
        fact("serial", vec![cx.span(Role::Muted, &certificate.serial)], cx),
        fact("by", vec![cx.span(Role::Muted, certificate.issued_by.as_deref().unwrap_or("the conductor"))], cx),
    ]
}
