//! The node groups of one cluster.

use ratatui::text::Span;

use super::Spec;
use crate::model::{ClusterId, KubeVersion, NodeGroup, NodeGroupId};
use crate::ui::layer::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::table::Column;
use crate::ui::words;

pub struct NodeGroups;

impl Spec for NodeGroups {
    type Key = NodeGroupId;
    type Row = NodeGroup;
    type Of = Option<ClusterId>;
    const TITLE: &'static str = "Node groups";

    fn rows<'a>(of: Option<ClusterId>, cx: &Cx<'a>) -> Vec<&'a NodeGroup> {
        of.and_then(|id| cx.fleet.clusters.get(&id))
            .map_or_else(Vec::new, |cluster| cluster.node_groups.iter().collect())
    }

    fn key(row: &NodeGroup) -> NodeGroupId {
        row.uuid
    }

    fn columns() -> &'static [Column<NodeGroup>] {
        &[
            Column {
                title: "GROUP",
                min: 14,
                max: 24,
                rank: 0,
                cell: |g, cx| vec![cx.span(Role::Strong, &g.name)],
                order: |a, b, _| a.name.cmp(&b.name),
            },
            Column {
                title: "NODES",
                min: 5,
                max: 12,
                rank: 0,
                cell: count,
                order: |a, b, _| a.node_count.cmp(&b.node_count),
            },
            Column {
                title: "STATUS",
                min: 10,
                max: 40,
                rank: 1,
                cell: status,
                order: |a, b, _| words::status(&a.status).word.cmp(&words::status(&b.status).word),
            },
            Column {
                title: "VERSION",
                min: 7,
                max: 10,
                rank: 2,
                cell: |g, cx| vec![cx.span(Role::Text, g.version.clone().unwrap_or_default())],
                order: |a, b, _| version(a.version.as_deref()).cmp(&version(b.version.as_deref())),
            },
            Column {
                title: "FLAVOR",
                min: 8,
                max: 20,
                rank: 3,
                cell: |g, cx| vec![cx.span(Role::Muted, &g.flavor_id)],
                order: |a, b, _| a.flavor_id.cmp(&b.flavor_id),
            },
            Column {
                title: "ROLE",
                min: 6,
                max: 14,
                rank: 4,
                cell: |g, cx| vec![cx.span(Role::Muted, &g.role)],
                order: |a, b, _| a.role.cmp(&b.role),
            },
            Column {
                title: "IMAGE",
                min: 8,
                max: 36,
                rank: 5,
                cell: |g, cx| vec![cx.span(Role::Muted, image(&g.image_id, cx))],
                order: |a, b, _| a.image_id.cmp(&b.image_id),
            },
        ]
    }

    fn haystack(row: &NodeGroup, _: &Cx) -> String {
        format!("{} {} {} {} {}", row.name, row.role, row.status, row.flavor_id, row.uuid)
    }

    fn empty(_: Option<ClusterId>, _: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        vec![vec![cx.span(Role::Muted, "This cluster's manager does not tell its node groups.")]]
    }
}

/// `3`, and between which bounds when there are any: `3 of 1–5`.
fn count(group: &NodeGroup, cx: &Cx) -> Vec<Span<'static>> {
    let mut spans = vec![cx.span(Role::Text, group.node_count.to_string())];
    let bounds = match (group.min_node_count, group.max_node_count) {
        _ if group.is_master() => None,
        (0, None) => None,
        (min, None) => Some(format!("  ≥{min}")),
        (min, Some(max)) => Some(format!("  {min}–{max}")),
    };
    spans.extend(bounds.map(|bounds| cx.span(Role::Faint, bounds)));
    spans
}

fn status(group: &NodeGroup, cx: &Cx) -> Vec<Span<'static>> {
    let told = words::status(&group.status);
    let mut spans = vec![cx.span(told.role, format!("{} {}", told.sign, told.word))];
    if group.status.is_failed() {
        spans.push(cx.span(Role::Muted, format!("  {}", words::gist(&group.status_reason))));
    }
    spans
}

/// What versions are sorted by.
pub fn version(told: Option<&str>) -> Option<KubeVersion> {
    told.and_then(KubeVersion::parse)
}

/// An image's name where the cloud's list is known, else its id.
pub fn image(id: &str, cx: &Cx) -> String {
    let images = cx.fleet.inventory.as_ref().map(|cloud| cloud.images.as_slice()).unwrap_or_default();
    images.iter().find(|image| image.id == id).map_or_else(|| id.to_owned(), |image| image.name.clone())
}
