//! Flavors, and what clusters can use each for.

use ratatui::text::Span;

use super::{fitness, nothing};
use crate::model::{Flavor, fitness as rules};
use crate::ui::layer::Cx;
use crate::ui::panes::Spec;
use crate::ui::theme::Role;
use crate::ui::widgets::table::Column;

pub struct Flavors;

impl Spec for Flavors {
    type Key = String;
    type Row = Flavor;
    type Of = ();
    const TITLE: &'static str = "Flavors";

    fn rows<'a>((): (), cx: &Cx<'a>) -> Vec<&'a Flavor> {
        let Some(cloud) = &cx.fleet.inventory else { return Vec::new() };
        let mut all: Vec<&Flavor> = cloud.flavors.iter().collect();
        all.sort_by_key(|flavor| (flavor.vcpus, flavor.ram, flavor.disk));
        all
    }

    fn key(row: &Flavor) -> String {
        row.id.clone()
    }

    fn columns() -> &'static [Column<Flavor>] {
        &[
            Column {
                title: "FLAVOR",
                min: 10,
                max: 30,
                rank: 0,
                cell: |f, cx| vec![cx.span(Role::Strong, &f.name)],
                order: |a, b, _| a.name.cmp(&b.name),
            },
            Column {
                title: "FOR CLUSTERS",
                min: 18,
                max: 56,
                rank: 0,
                cell: |f, cx| used(f, cx).map_or_else(Vec::new, |found| fitness(&found, cx)),
                order: |a, b, cx| used(a, cx).cmp(&used(b, cx)),
            },
            Column {
                title: "VCPU",
                min: 4,
                max: 5,
                rank: 1,
                cell: |f, cx| vec![cx.span(Role::Text, format!("{:>4}", f.vcpus))],
                order: |a, b, _| a.vcpus.cmp(&b.vcpus),
            },
            Column {
                title: "MEMORY",
                min: 7,
                max: 9,
                rank: 1,
                cell: |f, cx| vec![cx.span(Role::Text, format!("{:>7}", rules::gigabytes(f.ram)))],
                order: |a, b, _| a.ram.cmp(&b.ram),
            },
            Column {
                title: "DISK",
                min: 6,
                max: 10,
                rank: 2,
                cell: |f, cx| vec![cx.span(Role::Text, disk(f))],
                order: |a, b, _| a.disk.cmp(&b.disk),
            },
        ]
    }

    fn haystack(row: &Flavor, cx: &Cx) -> String {
        format!("{} {} {}", row.name, row.id, used(row, cx).map_or_else(String::new, |found| found.words().to_owned()))
    }

    fn empty((): (), room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        nothing("nova", "There is no flavor.", room, cx)
    }
}

fn used(flavor: &Flavor, cx: &Cx) -> Option<rules::Use> {
    cx.fleet.inventory.as_ref().map(|cloud| rules::flavor(flavor, cloud))
}

fn disk(flavor: &Flavor) -> String {
    if flavor.disk == 0 { "as image".into() } else { format!("{:>4} GB", flavor.disk) }
}
