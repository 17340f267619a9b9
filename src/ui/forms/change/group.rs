//! A further group of workers.

use super::{Wish, Words};
use crate::model::{Cluster, ClusterChange, Labels, NewNodeGroup, Problem};
use crate::ui::forms::field::{Field, Values};
use crate::ui::forms::offers::{self, Offer};
use crate::ui::layer::Cx;

pub struct Group;

pub fn form() -> (Group, Vec<Field>) {
    let fields = vec![
        Field::text(
            "name",
            "Name",
            "Begins and ends with a letter or digit; \"-\", \"_\" and \".\" within; at most 20.",
            "",
        ),
        Field::text(
            "role",
            "Role",
            "worker, or any other word but master; it becomes the nodes' role in Kubernetes.",
            "worker",
        ),
        Field::number("node_count", "Nodes", "How many to begin with; 0 is allowed.", "1"),
        Field::number("min_node_count", "At least", "The fewest nodes it may be given.", "0"),
        Field::number("max_node_count", "At most", "The most nodes it may be given. Empty: no limit.", ""),
        Field::pick("flavor_id", "Flavor", "Size of its servers."),
        Field::pick("image_id", "Image", "What its nodes boot; for the driver that made the cluster."),
        Field::number(
            "docker_volume_size",
            "Container volume",
            "GB of a Cinder volume for images and containers on each node. Empty: the flavor's disk is used.",
            "",
        ),
        Field::labels("labels", "Labels", "Settings the driver reads, one key=value a line. Empty: the cluster's."),
        Field::switch(
            "merge_labels",
            "Merge labels",
            "Whether these labels are laid over the cluster's or take their place.",
            &[("on", "over the cluster's"), ("off", "instead of them")],
            0,
        ),
        Field::text(
            "node_labels",
            "Node labels",
            "Kubernetes labels that its nodes join with: key=value, separated by commas.",
            "",
        ),
        Field::text(
            "node_taints",
            "Taints",
            "Taints that its nodes join with: key=value:NoSchedule, :PreferNoSchedule or :NoExecute, separated by commas.",
            "",
        ),
    ];
    (Group, fields)
}

fn node_labels(values: &Values) -> Result<Labels, Problem> {
    Labels::parse_flag(&values.text("node_labels").unwrap_or_default())
        .map_err(|problem| problem.on_field("node_labels"))
}

fn wish(values: &Values) -> NewNodeGroup {
    let plain = NewNodeGroup::default();
    let labels = values.labels("labels");
    let taints = values.text("node_taints").unwrap_or_default();
    let taints = taints.split([',', ' ']).map(str::trim).filter(|taint| !taint.is_empty());
    NewNodeGroup {
        name: values.text("name").unwrap_or_default(),
        role: values.text("role").unwrap_or_default(),
        node_count: values.number("node_count").unwrap_or_default(),
        min_node_count: values.number("min_node_count").unwrap_or_default(),
        max_node_count: values.number("max_node_count"),
        flavor_id: values.text("flavor_id"),
        image_id: values.text("image_id"),
        docker_volume_size: values.number("docker_volume_size"),
        merge_labels: !labels.is_empty() && values.on("merge_labels").unwrap_or(plain.merge_labels),
        labels,
        node_labels: node_labels(values).unwrap_or_default().0,
        node_taints: taints.map(str::to_owned).collect(),
    }
}

impl Wish for Group {
    fn title(&self) -> &'static str {
        "New node group"
    }

    fn words(&self) -> Words {
        Words { button: "  Create  ", asked: "create" }
    }

    fn change(&self, values: &Values) -> ClusterChange {
        ClusterChange::CreateNodegroup { nodegroup: Box::new(wish(values)) }
    }

    fn offers(&self, id: &str, values: &Values, _: &Cluster, cx: &Cx) -> Vec<Offer> {
        let Some(cloud) = &cx.fleet.inventory else { return Vec::new() };
        match id {
            "flavor_id" => offers::flavors(cloud, values.text("image_id").as_deref()),
            "image_id" => offers::images(cloud),
            _ => Vec::new(),
        }
    }

    fn none(&self, id: &str, _: &Values, cluster: &Cluster) -> Option<String> {
        match id {
            "flavor_id" => Some(format!("as the cluster: {}", cluster.flavor_id)),
            "image_id" => Some("as the cluster".into()),
            "docker_volume_size" => Some("none".into()),
            "node_count" | "min_node_count" => Some("0".into()),
            "max_node_count" => Some("no limit".into()),
            "node_labels" | "node_taints" => Some("none".into()),
            _ => None,
        }
    }

    fn check(&self, values: &Values, _: &Cluster) -> Vec<Problem> {
        node_labels(values).err().into_iter().collect()
    }
}
