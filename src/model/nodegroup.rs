//! Node groups, with Magnum's fields.
//! <https://docs.openstack.org/api-ref/container-infrastructure-management/#manage-cluster>

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ClusterId, Labels, Problem, Status, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeGroupId(pub Uuid);

impl NodeGroupId {
    /// A group's id follows from its cluster's and its slot, which is never used twice; `None`: the masters'.
    pub fn of(cluster: ClusterId, slot: Option<u32>) -> Self {
        let number = slot.map_or(1, |slot| u128::from(slot) + 2);
        Self(Uuid::from_u128(cluster.0.as_u128().wrapping_add(number)))
    }
}

impl fmt::Display for NodeGroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for NodeGroupId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// The role of control-plane nodes; every other word is a kind of worker.
pub const MASTER: &str = "master";
const WORKER: &str = "worker";
/// Nova names a server after its group: 63 characters, less the stack's name and an index.
const NAME_MAX: usize = 20;
const NODES_MAX: u32 = 1000;

/// A node group as asked for. `None` takes the cluster's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewNodeGroup {
    pub name: String,
    pub role: String,
    pub node_count: u32,
    pub min_node_count: u32,
    pub max_node_count: Option<u32>,
    pub flavor_id: Option<String>,
    pub image_id: Option<String>,
    /// GB.
    pub docker_volume_size: Option<u32>,
    pub labels: Labels,
    /// Whether `labels` are laid over the cluster's instead of replacing them.
    pub merge_labels: bool,
    /// Kubernetes labels that its nodes join with.
    pub node_labels: BTreeMap<String, String>,
    /// `key=value:Effect`, as the kubelet takes them.
    pub node_taints: Vec<String>,
}

impl Default for NewNodeGroup {
    /// Magnum's defaults.
    fn default() -> Self {
        Self {
            name: String::new(),
            role: WORKER.into(),
            node_count: 1,
            min_node_count: 0,
            max_node_count: None,
            flavor_id: None,
            image_id: None,
            docker_volume_size: None,
            labels: Labels::default(),
            merge_labels: false,
            node_labels: BTreeMap::new(),
            node_taints: Vec::new(),
        }
    }
}

/// A node group as its manager knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeGroup {
    pub uuid: NodeGroupId,
    pub name: String,
    /// `master`, `worker`, or another word for workers.
    pub role: String,
    pub is_default: bool,
    /// How many it is to have.
    pub node_count: u32,
    pub min_node_count: u32,
    pub max_node_count: Option<u32>,
    pub flavor_id: String,
    /// Glance's id; what its next node boots.
    pub image_id: String,
    pub docker_volume_size: Option<u32>,
    /// Effective labels, after the merge rules.
    pub labels: Labels,
    pub status: Status,
    pub status_reason: String,
    /// Kubernetes; the oldest of its nodes.
    pub version: Option<String>,
    pub node_addresses: Vec<String>,
}

impl NodeGroup {
    pub fn is_master(&self) -> bool {
        self.role == MASTER
    }

    /// Why it cannot have that many nodes.
    pub fn takes(&self, count: u32) -> Result<(), Problem> {
        bounds(count, self.min_node_count, self.max_node_count)
            .map_err(|why| Problem::invalid(format!("node group \"{}\": {why}", self.name)).on_field("node_count"))
    }
}

/// The rules of Magnum for a count between its bounds.
pub fn bounds(count: u32, min: u32, max: Option<u32>) -> Result<(), String> {
    if let Some(max) = max
        && max < min.max(1)
    {
        return Err(format!("the most nodes ({max}) must be at least the fewest ({min}), and 1"));
    }
    if count < min {
        return Err(format!("{count} nodes are fewer than its minimum of {min}"));
    }
    match max {
        Some(max) if count > max => Err(format!("{count} nodes are more than its maximum of {max}")),
        _ if count > NODES_MAX => Err(format!("{count} nodes are over {NODES_MAX}, Heat's limit for one stack")),
        _ => Ok(()),
    }
}

/// A node group's own rules.
pub fn shape(wish: &NewNodeGroup) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut check = |field: &str, result: Result<(), String>| {
        if let Err(why) = result {
            found.push(Problem::invalid(why).on_field(field));
        }
    };
    check("name", plain("node group name", &wish.name, NAME_MAX));
    if wish.role == MASTER {
        check("role", Err("the role master belongs to the default group of masters alone".into()));
    } else {
        check("role", plain("role", &wish.role, 63));
    }
    check("node_count", bounds(wish.node_count, wish.min_node_count, wish.max_node_count));
    if wish.docker_volume_size == Some(0) {
        check("docker_volume_size", Err("docker volume size must be at least 1 GB".into()));
    }
    for (key, value) in &wish.node_labels {
        check("node_labels", node_label(key, value));
    }
    for taint in &wish.node_taints {
        check("node_taints", node_taint(taint));
    }
    found
}

/// What servers, Heat resources and Kubernetes labels can all be named.
fn plain(what: &str, name: &str, max: usize) -> Result<(), String> {
    let shown = text::clean(name);
    match name.chars().count() {
        0 => return Err(format!("{what} is missing")),
        n if n > max => return Err(format!("{what} \"{shown}\" has {n} characters; {max} is the most")),
        _ => {}
    }
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if name.chars().all(inner) && ends(name.chars().next()) && ends(name.chars().last()) {
        return Ok(());
    }
    Err(format!(
        "{what} \"{shown}\" may have letters, digits, \"-\", \"_\" and \".\", and begins and ends with one of the first two"
    ))
}

/// The kubelet refuses to start with labels of Kubernetes' own that it may not give itself.
/// <https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction>
fn node_label(key: &str, value: &str) -> Result<(), String> {
    const GIVEN: &[&str] = &[
        "kubernetes.io/arch",
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/instance-type",
        "beta.kubernetes.io/os",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.kubernetes.io/region",
        "failure-domain.kubernetes.io/zone",
        "node.kubernetes.io/instance-type",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    ];
    let (prefix, name) = key.rsplit_once('/').unwrap_or(("", key));
    let under = |domain: &str| prefix == domain || prefix.ends_with(&format!(".{domain}"));
    let own = under("kubernetes.io") || under("k8s.io");
    if own && !under("kubelet.kubernetes.io") && !under("node.kubernetes.io") && !GIVEN.contains(&key) {
        return Err(format!("node label {}: a node may not give itself labels of Kubernetes' own", text::clean(key)));
    }
    if !prefix.is_empty() {
        plain("node label's prefix", prefix, 253)?;
    }
    plain("node label", name, 63)?;
    if value.is_empty() { Ok(()) } else { plain("node label's value", value, 63) }
}

fn node_taint(taint: &str) -> Result<(), String> {
    let shown = text::clean(taint);
    let Some((rest, effect)) = taint.rsplit_once(':') else {
        return Err(format!("taint \"{shown}\": write key=value:Effect"));
    };
    if !["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect) {
        return Err(format!("taint \"{shown}\": the effect is NoSchedule, PreferNoSchedule or NoExecute"));
    }
    let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
    let (prefix, name) = key.rsplit_once('/').unwrap_or(("", key));
    if !prefix.is_empty() {
        plain("taint's prefix", prefix, 253)?;
    }
    plain("taint's key", name, 63)?;
    if value.is_empty() { Ok(()) } else { plain("taint's value", value, 63) }
}

#[cfg(test)]
mod tests {
    use super::{NewNodeGroup, bounds, node_label, node_taint, shape};

    fn wish() -> NewNodeGroup {
        NewNodeGroup { name: "gpu".into(), ..NewNodeGroup::default() }
    }

    #[test]
    fn names_roles_and_bounds() {
        assert!(shape(&wish()).is_empty());
        let fields = |wish: NewNodeGroup| -> Vec<String> {
            shape(&wish).into_iter().filter_map(|problem| problem.field).collect()
        };
        assert_eq!(fields(NewNodeGroup { name: String::new(), ..wish() }), ["name"]);
        assert_eq!(fields(NewNodeGroup { name: "a\u{1b}[2J".into(), ..wish() }), ["name"]);
        assert_eq!(fields(NewNodeGroup { name: "-a".into(), ..wish() }), ["name"]);
        assert_eq!(fields(NewNodeGroup { name: "a".repeat(21), ..wish() }), ["name"]);
        assert_eq!(fields(NewNodeGroup { role: "master".into(), ..wish() }), ["role"]);
        assert_eq!(fields(NewNodeGroup { node_count: 0, min_node_count: 1, ..wish() }), ["node_count"]);
        assert_eq!(fields(NewNodeGroup { max_node_count: Some(0), ..wish() }), ["node_count"]);
        assert_eq!(fields(NewNodeGroup { docker_volume_size: Some(0), ..wish() }), ["docker_volume_size"]);
        assert!(bounds(0, 0, None).is_ok() && bounds(3, 1, Some(3)).is_ok());
        assert!(bounds(4, 1, Some(3)).is_err() && bounds(1001, 0, None).is_err());
    }

    #[test]
    fn labels_and_taints_that_a_kubelet_would_refuse() {
        for good in ["disk", "example.com/disk", "node.kubernetes.io/x", "kubernetes.io/os", "x.node.kubernetes.io/y"] {
            assert_eq!(node_label(good, "ssd"), Ok(()), "{good}");
        }
        for bad in ["", "kubernetes.io/x", "node-role.kubernetes.io/worker", "a b", "k8s.io/x"] {
            assert!(node_label(bad, "ssd").is_err(), "{bad}");
        }
        assert!(node_label("disk", "a b").is_err());
        for good in ["gpu=true:NoSchedule", "gpu:NoExecute", "a.b/c=d:PreferNoSchedule"] {
            assert_eq!(node_taint(good), Ok(()), "{good}");
        }
        for bad in ["gpu", "gpu=true:Never", "=x:NoSchedule", "g pu:NoSchedule"] {
            assert!(node_taint(bad).is_err(), "{bad}");
        }
    }
}
