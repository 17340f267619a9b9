//! How few and how many nodes a group may have: all that can be changed of one.

use super::{Wish, Words, chosen, first_group, groups};
use crate::model::{Cluster, ClusterChange, NodeGroup, Problem};
use crate::ui::forms::field::{Field, Kind, Values};
use crate::ui::forms::offers::Offer;
use crate::ui::layer::Cx;
use crate::ui::widgets::input::Input;

pub struct Bounds;

pub fn form(cluster: &Cluster, nodegroup: Option<String>) -> (Bounds, Vec<Field>) {
    let group = nodegroup.or_else(|| first_group(cluster));
    let fields = vec![
        Field::pick("nodegroup", "Node group", "Whose bounds. They hold for people and for the autoscaler.")
            .with(group),
        Field::number("min_node_count", "At least", "The fewest nodes it may be given.", ""),
        Field::number("max_node_count", "At most", "The most nodes it may be given. Empty: no limit.", ""),
    ];
    (Bounds, fields)
}

impl Wish for Bounds {
    fn title(&self) -> &'static str {
        "Bounds of a node group"
    }

    fn words(&self) -> Words {
        Words { button: "  Change  ", asked: "change" }
    }

    fn change(&self, values: &Values) -> ClusterChange {
        ClusterChange::UpdateNodegroup {
            nodegroup: values.text("nodegroup").unwrap_or_default(),
            min_node_count: Some(values.number("min_node_count").unwrap_or_default()),
            // None to begin with, and none now, is no change.
            max_node_count: Some(values.number("max_node_count"))
                .filter(|max| max.is_some() || values.typed("max_node_count")),
        }
    }

    fn offers(&self, id: &str, _: &Values, cluster: &Cluster, _: &Cx) -> Vec<Offer> {
        if id == "nodegroup" { groups(cluster) } else { Vec::new() }
    }

    fn none(&self, id: &str, _: &Values, _: &Cluster) -> Option<String> {
        match id {
            "min_node_count" => Some("0".into()),
            "max_node_count" => Some("no limit".into()),
            _ => None,
        }
    }

    fn defaults(&self, fields: &mut [Field], cluster: &Cluster) {
        let Some(group) = chosen(&Values(fields), cluster) else { return };
        for field in fields.iter_mut().filter(|field| !field.typed) {
            let now = match field.id {
                "min_node_count" => group.min_node_count.to_string(),
                "max_node_count" => group.max_node_count.map(|max| max.to_string()).unwrap_or_default(),
                _ => continue,
            };
            field.kind = Kind::Number(Input::new(&now));
        }
    }

    fn check(&self, values: &Values, cluster: &Cluster) -> Vec<Problem> {
        let Some(group) = chosen(values, cluster) else {
            return vec![Problem::invalid("choose a node group").on_field("nodegroup")];
        };
        let changed = NodeGroup {
            min_node_count: values.number("min_node_count").unwrap_or_default(),
            max_node_count: values.number("max_node_count"),
            ..group.clone()
        };
        let field = if changed.min_node_count > group.node_count { "min_node_count" } else { "max_node_count" };
        changed.takes(group.node_count).err().map(|problem| problem.on_field(field)).into_iter().collect()
    }
}
