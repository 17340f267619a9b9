//! Where each effective label's value comes from.

use serde::{Deserialize, Serialize};

use super::Labels;
use super::catalogue::{Sheet, Type, find};
use crate::model::Cluster;

/// From the weakest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    DriverDefault,
    Template,
    Cluster,
    NodeGroup,
}

impl Origin {
    pub fn word(self) -> &'static str {
        match self {
            Self::DriverDefault => "driver default",
            Self::Template => "template",
            Self::Cluster => "cluster",
            Self::NodeGroup => "node group",
        }
    }
}

/// A label that has a value, and who gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effective {
    pub name: String,
    /// Of a password: `[hidden]`.
    pub value: String,
    pub origin: Origin,
    /// Whether the driver reads it; `None`: the driver is not known.
    pub read: Option<bool>,
    /// The node group that differs from the rest in it; `None`: the whole cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_group: Option<String>,
}

/// Magnum's rule: given labels replace those below, unless they are to be laid over them.
#[must_use]
pub fn merged(below: &Labels, given: &Labels, merge: bool) -> Labels {
    if given.is_empty() {
        return below.clone();
    }
    if !merge {
        return given.clone();
    }
    let mut all = below.clone();
    all.0.extend(given.0.clone());
    all
}

/// All values in force, sorted by name. `levels` go from the template on; each holds what is
/// in force from there on, so a value that did not change keeps its older origin.
pub fn effective(sheet: Option<&Sheet>, levels: &[(Origin, &Labels)]) -> Vec<Effective> {
    let last = levels.last().map(|(_, labels)| *labels);
    let mut found: Vec<Effective> = Vec::new();
    for (name, value) in last.into_iter().flat_map(|labels| &labels.0) {
        let unchanged = levels.iter().rev().take_while(|(_, labels)| labels.get(name) == Some(value));
        let origin = unchanged.last().map_or(Origin::Cluster, |(origin, _)| *origin);
        let read = sheet.map(|sheet| sheet.reads.contains_key(name) || find(name).is_some_and(|label| label.conductor));
        found.push(Effective { name: name.clone(), value: shown(name, value), origin, read, node_group: None });
    }
    for (name, value) in sheet.into_iter().flat_map(|sheet| &sheet.reads) {
        if !value.is_empty() && last.is_none_or(|labels| labels.get(name).is_none()) {
            found.push(Effective {
                name: name.clone(),
                value: shown(name, value),
                origin: Origin::DriverDefault,
                read: Some(true),
                node_group: None,
            });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// All values in force in a cluster, then what differs in each node group. `template`: its labels
/// when the cluster was made.
pub fn of_cluster(cluster: &Cluster, template: &Labels, sheet: Option<&Sheet>) -> Vec<Effective> {
    let whole = [(Origin::Template, template), (Origin::Cluster, &cluster.labels)];
    let mut found = effective(sheet, &whole);
    for group in cluster.node_groups.iter().filter(|group| group.labels != cluster.labels) {
        let levels = [whole[0], whole[1], (Origin::NodeGroup, &group.labels)];
        let same = |own: &Effective| found.iter().any(|one| (&one.name, &one.value) == (&own.name, &own.value));
        let own: Vec<Effective> = effective(sheet, &levels).into_iter().filter(|own| !same(own)).collect();
        found.extend(own.into_iter().map(|own| Effective { node_group: Some(group.name.clone()), ..own }));
    }
    found
}

fn shown(name: &str, value: &str) -> String {
    let secret = find(name).is_some_and(|label| label.kind == Type::Password);
    if secret { "[hidden]".into() } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Effective, Origin, effective};
    use crate::model::Labels;
    use crate::model::labels::catalogue::Sheet;

    fn labels(text: &str) -> Labels {
        Labels::parse_flag(text).unwrap()
    }

    #[test]
    fn each_value_keeps_the_oldest_that_gave_it() {
        let sheet = Sheet {
            driver: "d".into(),
            reads: [("a", "1"), ("b", "2"), ("c", "3"), ("grafana_admin_passwd", "")]
                .map(|(name, default)| (name.into(), default.into()))
                .into(),
            ..Sheet::default()
        };
        let (template, cluster, group) =
            (labels("a=5,x=1"), labels("a=5,b=6,x=2,grafana_admin_passwd=pw"), labels("a=5,b=7,x=2"));
        let levels = [(Origin::Template, &template), (Origin::Cluster, &cluster), (Origin::NodeGroup, &group)];
        let told = |levels: &[(Origin, &Labels)]| -> Vec<(String, String, Origin, Option<bool>)> {
            effective(Some(&sheet), levels)
                .into_iter()
                .map(|Effective { name, value, origin, read, .. }| (name, value, origin, read))
                .collect()
        };
        let row = |name: &str, value: &str, origin, read| (name.to_owned(), value.to_owned(), origin, Some(read));
        assert_eq!(
            told(&levels[..2]),
            [
                row("a", "5", Origin::Template, true),
                row("b", "6", Origin::Cluster, true),
                row("c", "3", Origin::DriverDefault, true),
                row("grafana_admin_passwd", "[hidden]", Origin::Cluster, true),
                row("x", "2", Origin::Cluster, false),
            ]
        );
        assert_eq!(told(&levels)[1], row("b", "7", Origin::NodeGroup, true));
        assert_eq!(told(&levels)[3], row("x", "2", Origin::Cluster, false), "what a group takes away is not in force");
    }
}
