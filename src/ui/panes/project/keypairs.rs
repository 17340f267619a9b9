//! Keypairs, and which clusters have them on their nodes.

use ratatui::text::Span;

use super::nothing;
use crate::model::Keypair;
use crate::ui::layer::Cx;
use crate::ui::panes::Spec;
use crate::ui::theme::Role;
use crate::ui::widgets::table::Column;

pub struct Keypairs;

impl Spec for Keypairs {
    type Key = String;
    type Row = Keypair;
    type Of = ();
    const TITLE: &'static str = "Keypairs";

    fn rows<'a>((): (), cx: &Cx<'a>) -> Vec<&'a Keypair> {
        let Some(cloud) = &cx.fleet.inventory else { return Vec::new() };
        let mut all: Vec<&Keypair> = cloud.keypairs.iter().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    fn key(row: &Keypair) -> String {
        row.name.clone()
    }

    fn columns() -> &'static [Column<Keypair>] {
        &[
            Column {
                title: "KEYPAIR",
                min: 12,
                max: 30,
                rank: 0,
                cell: |k, cx| vec![cx.span(Role::Strong, &k.name)],
                order: |a, b, _| a.name.cmp(&b.name),
            },
            Column {
                title: "USED BY",
                min: 12,
                max: 50,
                rank: 0,
                cell: |k, cx| vec![cx.span(Role::Text, users(k, cx))],
                order: |a, b, cx| users(a, cx).cmp(&users(b, cx)),
            },
            Column {
                title: "FINGERPRINT",
                min: 16,
                max: 50,
                rank: 1,
                cell: |k, cx| vec![cx.span(Role::Muted, &k.fingerprint)],
                order: |a, b, _| a.fingerprint.cmp(&b.fingerprint),
            },
        ]
    }

    fn haystack(row: &Keypair, cx: &Cx) -> String {
        format!("{} {} {}", row.name, row.fingerprint, users(row, cx))
    }

    fn empty((): (), room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        let words = "There is no keypair: nobody could log in to nodes. Make one: openstack keypair create NAME";
        nothing("nova", words, room, cx)
    }
}

/// Names of clusters and templates.
fn users(keypair: &Keypair, cx: &Cx) -> String {
    let is = |name: &Option<String>| name.as_deref() == Some(keypair.name.as_str());
    let clusters = cx.fleet.clusters.values().filter(|cluster| is(&cluster.keypair)).map(|cluster| &cluster.name);
    let templates = cx.fleet.templates.values().filter(|template| is(&template.spec.keypair_id));
    let mut names: Vec<&str> =
        clusters.chain(templates.map(|template| &template.spec.name)).take(4).map(String::as_str).collect();
    match names.len() {
        0 => "–".into(),
        4 => {
            names.pop();
            format!("{}, …", names.join(", "))
        }
        _ => names.join(", "),
    }
}
