//! To the image and versions of another template.

use super::{Wish, Words, batch, groups};
use crate::model::{Cluster, ClusterChange};
use crate::ui::forms::field::{Field, Values};
use crate::ui::forms::offers::{self, Offer};
use crate::ui::layer::Cx;

pub struct Upgrade;

pub fn form(nodegroup: Option<String>) -> (Upgrade, Vec<Field>) {
    let fields = vec![
        Field::pick(
            "template",
            "Template",
            "With the image and versions to go to. Nothing else of it counts: flavors and networks stay.",
        ),
        Field::pick("nodegroup", "Only group", "One node group alone; its masters must be as new already.")
            .with(nodegroup),
        batch(),
    ];
    (Upgrade, fields)
}

impl Wish for Upgrade {
    fn title(&self) -> &'static str {
        "Upgrade"
    }

    fn words(&self) -> Words {
        Words { button: "  Upgrade  ", asked: "upgrade" }
    }

    fn change(&self, values: &Values) -> ClusterChange {
        ClusterChange::Upgrade {
            template: values.text("template").unwrap_or_default(),
            nodegroup: values.text("nodegroup"),
            max_batch_size: values.number("max_batch_size").unwrap_or_default(),
        }
    }

    fn offers(&self, id: &str, _: &Values, cluster: &Cluster, cx: &Cx) -> Vec<Offer> {
        match id {
            "template" => {
                let all = cx.fleet.templates_by_name();
                let version = |image: &str| {
                    let images = cx.fleet.inventory.as_ref().map(|cloud| cloud.images.as_slice()).unwrap_or_default();
                    let found = images.iter().find(|have| have.id == image || have.name == image);
                    found.and_then(|image| image.kube_version.clone())
                };
                let tell = |(mut offer, template): (Offer, &&crate::model::ClusterTemplate)| {
                    let version = version(&template.spec.image_id).map(|version| format!("Kubernetes {version}"));
                    let own = (template.uuid == cluster.cluster_template_id).then(|| "the cluster's own".to_owned());
                    let parts = [version, own, Some(template.spec.image_id.clone())];
                    offer.note = parts.into_iter().flatten().collect::<Vec<String>>().join("  ");
                    offer
                };
                offers::templates(&all, cx.fleet).into_iter().zip(&all).map(tell).collect()
            }
            "nodegroup" => groups(cluster).into_iter().map(|group| Offer { unsuitable: None, ..group }).collect(),
            _ => Vec::new(),
        }
    }

    fn none(&self, id: &str, _: &Values, _: &Cluster) -> Option<String> {
        (id == "nodegroup").then(|| "masters, then all groups with the cluster's image".to_owned())
    }

    fn warning(&self, values: &Values, cluster: &Cluster, _: &Cx) -> Option<String> {
        let who = match values.text("nodegroup") {
            Some(group) => format!("Every machine of {group}"),
            None => format!("Every machine with the cluster's image ({})", crate::ui::words::nodes(cluster)),
        };
        Some(format!(
            "{who} is replaced by a new one, masters one by one and first. What is on their own disks is lost; with three masters the API stays up. It can be paused."
        ))
    }
}
