//! What the project may have and has, as bars: by its services, and our own limit of clusters.

use ratatui::text::Span;

use crate::model::ServiceQuota;
use crate::model::service_quota::{self, Item};
use crate::ui::layer::Cx;
use crate::ui::panes::{Spec, fact, unlisted};
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, known_first};
use crate::ui::widgets::{bar, text};

/// Columns of a bar.
const BAR: usize = 14;
/// From so many hundredths on it is worth a warning.
const NEARLY: u64 = 90;

pub struct Limits;

impl Spec for Limits {
    type Key = Item;
    type Row = ServiceQuota;
    type Of = ();
    const TITLE: &'static str = "Quotas";

    fn rows<'a>((): (), cx: &Cx<'a>) -> Vec<&'a ServiceQuota> {
        cx.fleet.project.limits.list.iter().collect()
    }

    fn key(row: &ServiceQuota) -> Item {
        row.item.clone()
    }

    fn columns() -> &'static [Column<ServiceQuota>] {
        &[
            Column {
                title: "QUOTA",
                min: 14,
                max: 30,
                rank: 0,
                cell: |q, cx| vec![cx.span(Role::Strong, q.item.to_string())],
                order: |a, b, _| a.item.cmp(&b.item),
            },
            Column {
                title: "USED",
                min: BAR,
                max: BAR,
                rank: 1,
                cell: drawn,
                order: |a, b, _| b.percent().cmp(&a.percent()),
            },
            Column {
                title: "OF",
                min: 14,
                max: 26,
                rank: 0,
                cell: |q, cx| vec![cx.span(role(q), counted(q))],
                order: |a, b, _| known_first(a.limit, b.limit),
            },
            Column {
                title: "OUR CLUSTERS",
                min: 12,
                max: 14,
                rank: 2,
                cell: |q, cx| vec![cx.span(Role::Muted, ours(q, cx).map_or("–".into(), |n| amount(n, q)))],
                order: |a, b, cx| known_first(ours(a, cx), ours(b, cx)),
            },
            Column {
                title: "SERVICE",
                min: 6,
                max: 9,
                rank: 3,
                cell: |q, cx| vec![cx.span(Role::Muted, q.item.service())],
                order: |a, b, _| a.item.service().cmp(b.item.service()),
            },
        ]
    }

    fn haystack(row: &ServiceQuota, _: &Cx) -> String {
        format!("{} {}", row.item, row.item.service())
    }

    fn empty((): (), room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        unlisted(Some(&cx.fleet.project.limits.loaded), "No service tells of a quota.", room, cx)
    }
}

fn ours(quota: &ServiceQuota, cx: &Cx) -> Option<u64> {
    let flavors = cx.fleet.inventory.as_ref().map(|cloud| cloud.flavors.as_slice());
    // Without flavors, cores and memory of nodes are not known.
    let needs_flavors = matches!(quota.item, Item::Cores | Item::Ram);
    let flavors = flavors.filter(|list| !list.is_empty() || !needs_flavors).or((!needs_flavors).then_some(&[]))?;
    service_quota::ours(&quota.item, cx.fleet.clusters.values(), flavors)
}

/// Memory is told in GB: it is in the thousands of MB always.
fn scaled(number: u64, quota: &ServiceQuota) -> u64 {
    if quota.item == Item::Ram { number / 1024 } else { number }
}

fn amount(number: u64, quota: &ServiceQuota) -> String {
    let unit = if quota.item == Item::Ram { " GB" } else { quota.item.unit() };
    format!("{}{unit}", scaled(number, quota))
}

/// `12 of 20`, with how full it is where that matters.
fn counted(quota: &ServiceQuota) -> String {
    match quota.limit {
        None => format!("{}, no limit", amount(quota.used, quota)),
        // Nothing is used of these before: they bound one thing each.
        Some(limit) if matches!(quota.item, Item::ServerGroupMembers | Item::VolumeGigabytes) => {
            format!("{} at most", amount(limit, quota))
        }
        Some(limit) => {
            let told = format!("{} of {}", scaled(quota.used, quota), amount(limit, quota));
            match quota.percent() {
                Some(percent) if percent >= 100 => format!("✖ {told}"),
                Some(percent) if percent >= NEARLY => format!("! {told}"),
                _ => told,
            }
        }
    }
}

fn role(quota: &ServiceQuota) -> Role {
    match quota.percent() {
        Some(percent) if percent >= 100 => Role::Failed,
        Some(percent) if percent >= NEARLY => Role::Warning,
        _ => Role::Text,
    }
}

fn drawn(quota: &ServiceQuota, cx: &Cx) -> Vec<Span<'static>> {
    match quota.limit {
        Some(limit) => bar::share(ours(quota, cx).unwrap_or(0).min(quota.used), quota.used, limit, BAR, cx),
        None => Vec::new(),
    }
}

/// What the bar's parts are.
pub fn details(quota: &ServiceQuota, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let left = match quota.limit {
        Some(limit) => format!("{} left", amount(limit.saturating_sub(quota.used), quota)),
        None => "as much as one likes".into(),
    };
    let mut lines =
        vec![fact("quota", vec![cx.span(Role::Text, format!("{}: {}, {left}", quota.item, counted(quota)))], cx)];
    if let Some(ours) = ours(quota, cx).filter(|_| quota.item != Item::Clusters) {
        let others = amount(quota.used.saturating_sub(ours), quota);
        let told = format!("{} by nodes of our clusters, {others} by others", amount(ours, quota));
        lines.push(vec![
            cx.span(Role::Label, text::pad("used", 12)),
            cx.span(Role::Bar, format!("{} ", bar::OURS)),
            cx.span(Role::Text, text::fit(&told, room.saturating_sub(16))),
        ]);
    }
    lines
}
