//! The stack's resources as a tree, without drawing: which rows there are, which
//! branches are open, how much of each is complete.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::StackResource;
use crate::ui::words;

/// One visible row.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<'a> {
    pub path: Vec<String>,
    /// `None` for a nested stack that is only known from what it holds.
    pub resource: Option<&'a StackResource>,
    /// `None`: it holds nothing.
    pub open: Option<bool>,
    /// Complete and all resources below, itself not counted.
    pub below: (usize, usize),
}

impl Node<'_> {
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    pub fn depth(&self) -> usize {
        self.path.len() - 1
    }
}

/// Visible rows, depth first. A branch is open when the user said so, else while
/// anything in it is not complete: what holds the cluster up shows by itself.
pub fn visible<'a>(resources: &'a [StackResource], said: &BTreeMap<Vec<String>, bool>) -> Vec<Node<'a>> {
    let mut all: BTreeMap<Key, Option<&StackResource>> = BTreeMap::new();
    let mut below: HashMap<&[String], (usize, usize)> = HashMap::new();
    let mut parents: BTreeSet<&[String]> = BTreeSet::new();
    for resource in resources {
        for depth in 1..=resource.path.len() {
            all.entry(Key(resource.path[..depth].to_vec())).or_default();
            parents.insert(&resource.path[..depth]);
            let (complete, total) = below.entry(&resource.path[..depth]).or_default();
            *complete += usize::from(words::is_done(&resource.status));
            *total += 1;
        }
        let mut path = resource.path.clone();
        path.push(resource.name.clone());
        all.insert(Key(path), Some(resource));
    }
    let mut nodes: Vec<Node> = Vec::new();
    let mut closed: Option<Vec<String>> = None;
    for (Key(path), resource) in all {
        if closed.as_ref().is_some_and(|closed| path.starts_with(closed)) {
            continue;
        }
        closed = None;
        let count = below.get(path.as_slice()).copied().unwrap_or_default();
        let open = parents.contains(path.as_slice()).then(|| said.get(&path).copied().unwrap_or(count.0 < count.1));
        if open == Some(false) {
            closed = Some(path.clone());
        }
        nodes.push(Node { path, resource, open, below: count });
    }
    nodes
}

/// The path of the deepest failed resource, else of the deepest one in progress.
pub fn culprit(resources: &[StackResource]) -> Option<Vec<String>> {
    let deepest = |wanted: fn(&StackResource) -> bool| {
        let found = resources.iter().filter(|resource| wanted(resource));
        // The first to fail is the cause; the others were told to stop.
        found.max_by(|a, b| a.path.len().cmp(&b.path.len()).then(b.updated.cmp(&a.updated)))
    };
    let found = deepest(|r| r.status.is_failed()).or_else(|| deepest(|r| r.status.is_in_progress()))?;
    Some(found.path.iter().chain([&found.name]).cloned().collect())
}

/// A path in an order where `2` comes before `10`.
#[derive(PartialEq, Eq)]
struct Key(Vec<String>);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        for (a, b) in self.0.iter().zip(&other.0) {
            let order = match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.cmp(&y).then_with(|| a.cmp(b)),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        self.0.len().cmp(&other.0.len())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{culprit, visible};
    use crate::model::{StackResource, Status};

    fn resource(path: &str, status: &str) -> StackResource {
        let mut path: Vec<String> = path.split('.').map(str::to_owned).collect();
        let name = path.pop().unwrap();
        StackResource {
            name,
            kind: "OS::Heat::None".into(),
            status: Status::from(status),
            status_reason: String::new(),
            physical_id: String::new(),
            path,
            nested: None,
            stack_id: String::new(),
            updated: None,
        }
    }

    fn shown(resources: &[StackResource], said: &BTreeMap<Vec<String>, bool>) -> Vec<String> {
        let tell = |node: &super::Node| {
            let sign = node.open.map_or("", |open| if open { "▾" } else { "▸" });
            format!(
                "{}{sign}{}{}",
                " ".repeat(node.depth()),
                node.name(),
                if node.resource.is_none() { "?" } else { "" }
            )
        };
        visible(resources, said).iter().map(tell).collect()
    }

    #[test]
    fn complete_branches_are_closed_and_numbers_count() {
        let mut resources: Vec<StackResource> =
            ["workers.10.server", "workers.2.server", "workers.2", "workers.10", "workers", "net"]
                .iter()
                .map(|path| resource(path, "CREATE_COMPLETE"))
                .collect();
        assert_eq!(shown(&resources, &BTreeMap::new()), ["net", "▸workers"]);
        resources[0].status = Status::CREATE_IN_PROGRESS;
        assert_eq!(shown(&resources, &BTreeMap::new()), ["net", "▾workers", " ▸2", " ▾10", "  server"]);
        assert_eq!(visible(&resources, &BTreeMap::new())[1].below, (3, 4));
        let said = BTreeMap::from([(vec!["workers".to_owned()], false)]);
        assert_eq!(shown(&resources, &said), ["net", "▸workers"]);
    }

    #[test]
    fn a_parent_heat_did_not_list_is_still_there() {
        assert_eq!(
            shown(&[resource("masters.0.port", "CREATE_FAILED")], &BTreeMap::new()),
            ["▾masters?", " ▾0?", "  port"]
        );
    }

    #[test]
    fn why_leads_to_the_deepest_failure_then_to_what_is_awaited() {
        let mut resources = vec![
            resource("workers", "CREATE_FAILED"),
            resource("workers.1.server", "CREATE_FAILED"),
            resource("masters.0.a.b", "CREATE_IN_PROGRESS"),
        ];
        assert_eq!(culprit(&resources).unwrap().join("."), "workers.1.server");
        resources.truncate(0);
        assert_eq!(culprit(&resources), None);
        resources.push(resource("masters.0.wait", "CREATE_IN_PROGRESS"));
        assert_eq!(culprit(&resources).unwrap().join("."), "masters.0.wait");
    }
}
