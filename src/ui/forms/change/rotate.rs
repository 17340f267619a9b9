//! A new Kubernetes CA in the old one's place.

use super::{Wish, Words, batch};
use crate::model::{Cluster, ClusterChange};
use crate::ui::forms::field::{Field, Values};
use crate::ui::layer::Cx;

pub struct Rotate;

pub fn form() -> (Rotate, Vec<Field>) {
    (Rotate, vec![batch()])
}

impl Wish for Rotate {
    fn title(&self) -> &'static str {
        "Rotate the CA"
    }

    fn words(&self) -> Words {
        Words { button: "  Rotate  ", asked: "rotate" }
    }

    fn change(&self, values: &Values) -> ClusterChange {
        ClusterChange::RotateCa { max_batch_size: values.number("max_batch_size").unwrap_or_default() }
    }

    fn warning(&self, _: &Values, cluster: &Cluster, _: &Cx) -> Option<String> {
        Some(format!(
            "All machines ({}) are replaced: each master three times, each worker once. Kubeconfigs and certificates of the old CA end with it. Once begun it can be paused, but not rolled back.",
            crate::ui::words::nodes(cluster)
        ))
    }
}
