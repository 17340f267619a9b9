//! How many nodes a group is to have, and who goes when it becomes smaller.

use super::{Wish, Words, chosen, first_group, groups};
use crate::model::{Cluster, ClusterChange, Node, NodeGroup, Problem};
use crate::ui::forms::field::{Field, Kind, Values};
use crate::ui::forms::offers::Offer;
use crate::ui::layer::Cx;
use crate::ui::panes::nodes::short;
use crate::ui::widgets::input::Input;

/// Of those that nobody named, so many are told by name.
const NAMED: usize = 4;

pub struct Resize {
    /// The form was opened on it.
    without: Vec<String>,
}

pub fn form(cluster: &Cluster, nodegroup: Option<String>, without: Vec<String>) -> (Resize, Vec<Field>) {
    let masters = |name: &String| cluster.node_groups.iter().any(|group| group.name == *name && group.is_master());
    let group = nodegroup.filter(|name| !masters(name)).or_else(|| first_group(cluster));
    let fields = vec![
        Field::pick("nodegroup", "Node group", "Which group of workers. The number of masters is fixed.").with(group),
        Field::number(
            "node_count",
            "Nodes",
            "How many the group is to have; 0 is allowed. What is missing is made, what is too many goes.",
            "",
        ),
        Field::marks(
            "nodes_to_remove",
            "Nodes that go",
            "By name. Nobody named: the youngest go. A named one goes even when the number stays; a fresh one takes its place.",
        ),
    ];
    (Resize { without }, fields)
}

fn count(values: &Values) -> u32 {
    values.number("node_count").unwrap_or_default()
}

fn those_of<'a>(group: &NodeGroup, cluster: &Cluster, cx: &Cx<'a>) -> Vec<&'a Node> {
    let there = |node: &&Node| node.nodegroup == group.name && node.course.is_there() && node.course.remains();
    cx.fleet.nodes(cluster.uuid).iter().filter(there).collect()
}

impl Wish for Resize {
    fn title(&self) -> &'static str {
        "Resize"
    }

    fn words(&self) -> Words {
        Words { button: "  Resize  ", asked: "resize" }
    }

    fn change(&self, values: &Values) -> ClusterChange {
        ClusterChange::Resize {
            count: count(values),
            nodegroup: values.text("nodegroup"),
            nodes_to_remove: values.marks("nodes_to_remove"),
        }
    }

    fn offers(&self, id: &str, values: &Values, cluster: &Cluster, cx: &Cx) -> Vec<Offer> {
        match (id, chosen(values, cluster)) {
            ("nodegroup", _) => groups(cluster),
            ("nodes_to_remove", Some(group)) => {
                let known = |part: &Option<String>| part.clone().unwrap_or_default();
                let offer = |node: &Node| Offer {
                    value: node.name.clone(),
                    name: short(node, cx),
                    note: format!("{}  {}", known(&node.version), known(&node.address)),
                    unsuitable: None,
                };
                those_of(group, cluster, cx).into_iter().map(offer).collect()
            }
            _ => Vec::new(),
        }
    }

    fn none(&self, id: &str, _: &Values, _: &Cluster) -> Option<String> {
        (id == "nodes_to_remove").then(|| "the youngest, if it becomes smaller".to_owned())
    }

    /// What it has now, less those that are named.
    fn defaults(&self, fields: &mut [Field], cluster: &Cluster) {
        for field in fields.iter_mut().filter(|field| !field.touched) {
            if let (Kind::Marks(marks), false) = (&mut field.kind, self.without.is_empty()) {
                marks.clone_from(&self.without);
            }
        }
        let named = u32::try_from(Values(fields).marks("nodes_to_remove").len()).unwrap_or_default();
        let has = chosen(&Values(fields), cluster).map(|group| group.node_count);
        for field in fields.iter_mut().filter(|field| field.id == "node_count" && !field.typed) {
            if let (Kind::Number(input), Some(has)) = (&mut field.kind, has) {
                *input = Input::new(&has.saturating_sub(named).to_string());
            }
        }
    }

    fn check(&self, values: &Values, cluster: &Cluster) -> Vec<Problem> {
        let missing = |field: &str, told: &str| vec![Problem::invalid(told).on_field(field)];
        match (chosen(values, cluster), values.text("node_count")) {
            (None, _) => missing("nodegroup", "choose a node group"),
            (Some(_), None) => missing("node_count", "how many nodes?"),
            (Some(group), Some(_)) => group.takes(count(values)).err().into_iter().collect(),
        }
    }

    fn warning(&self, values: &Values, cluster: &Cluster, cx: &Cx) -> Option<String> {
        let group = chosen(values, cluster)?;
        let named = values.marks("nodes_to_remove");
        let has = usize::try_from(group.node_count).unwrap_or(usize::MAX);
        let left = has.saturating_sub(named.len());
        let more = left.saturating_sub(usize::try_from(count(values)).unwrap_or(usize::MAX));
        if named.is_empty() && more == 0 {
            return None;
        }
        let (those, others): (Vec<&Node>, Vec<&Node>) =
            those_of(group, cluster, cx).into_iter().partition(|node| named.contains(&node.name));
        let mut going: Vec<String> = those.into_iter().map(|node| short(node, cx)).collect();
        if more > 0 && more <= NAMED && others.len() >= more {
            going.extend(others.into_iter().rev().take(more).map(|node| short(node, cx)));
        } else if more > 0 {
            let what = if going.is_empty() { "of the nodes" } else { "of the others" };
            going.push(format!("the {more} youngest {what}"));
        }
        let who = going.join(", ");
        Some(format!(
            "These go, with what is on their disks: {who}. Their pods are moved to others first, where the cluster's API can be reached."
        ))
    }
}
