//! Networks, and what clusters can use each for.

use ratatui::text::Span;

use super::{fitness, nothing};
use crate::model::{Network, Subnet, fitness as rules};
use crate::ui::layer::Cx;
use crate::ui::panes::Spec;
use crate::ui::theme::Role;
use crate::ui::widgets::table::Column;

pub struct Networks;

impl Spec for Networks {
    type Key = String;
    type Row = Network;
    type Of = ();
    const TITLE: &'static str = "Networks";

    fn rows<'a>((): (), cx: &Cx<'a>) -> Vec<&'a Network> {
        let Some(cloud) = &cx.fleet.inventory else { return Vec::new() };
        let mut all: Vec<&Network> = cloud.networks.iter().collect();
        all.sort_by(|a, b| b.external.cmp(&a.external).then_with(|| a.name.cmp(&b.name)).then_with(|| a.id.cmp(&b.id)));
        all
    }

    fn key(row: &Network) -> String {
        row.id.clone()
    }

    fn columns() -> &'static [Column<Network>] {
        &[
            Column {
                title: "NETWORK",
                min: 12,
                max: 40,
                rank: 0,
                cell: |n, cx| vec![cx.span(Role::Strong, &n.name)],
                order: |a, b, _| a.name.cmp(&b.name),
            },
            Column {
                title: "FOR CLUSTERS",
                min: 18,
                max: 44,
                rank: 0,
                cell: |n, cx| fitness(&rules::network(n), cx),
                order: |a, b, _| rules::network(a).cmp(&rules::network(b)),
            },
            Column {
                title: "SUBNETS",
                min: 12,
                max: 60,
                rank: 1,
                cell: |n, cx| vec![cx.span(Role::Text, subnets(n, cx))],
                order: |a, b, _| a.subnets.len().cmp(&b.subnets.len()),
            },
            Column {
                title: "SHARED",
                min: 6,
                max: 6,
                rank: 2,
                cell: |n, cx| vec![if n.shared { cx.span(Role::Text, "✓") } else { cx.span(Role::Faint, "–") }],
                order: |a, b, _| b.shared.cmp(&a.shared),
            },
        ]
    }

    fn haystack(row: &Network, cx: &Cx) -> String {
        let external = if row.external { "external" } else { "tenant" };
        format!("{} {} {external} {}", row.name, row.id, subnets(row, cx))
    }

    fn empty((): (), room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        nothing("neutron", "There is no network.", room, cx)
    }
}

/// Their ranges; of those that we may not see, only how many there are.
fn subnets(network: &Network, cx: &Cx) -> String {
    let all = cx.fleet.inventory.as_ref().map_or(&[][..], |cloud| &cloud.subnets);
    let own = |subnet: &&Subnet| subnet.network_id == network.id;
    let known: Vec<&str> = all.iter().filter(own).map(|subnet| subnet.cidr.as_str()).collect();
    match (known.is_empty(), network.subnets.len()) {
        (true, 0) => "–".into(),
        (true, count) => format!("{count}, not visible"),
        (false, _) => known.join(", "),
    }
}
