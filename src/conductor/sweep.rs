//! What belongs to a cluster without being in its stack: found by its marks,
//! removed when the cluster goes, listed when it was left.
//!
//! Marks are what the controllers inside a cluster write on what they make, with the
//! cluster's uuid as its name: the cloud controller manager on load balancers, floating
//! IPs and security groups, the Cinder CSI driver on volumes. Magnum's clusters are
//! marked alike, so a mark alone never makes a thing ours. Nothing here asks the store.
//! Start reading at [`owner`], [`clear`] and [`orphans`].

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::machine::PATIENCE;
use crate::cloud::{CloudError, CloudErrorKind, Things};
use crate::model::{ClusterId, Doubt, Orphan, RootCause, StackResource, Thing, ThingSort};
use crate::store::{ClusterRecord, Intent};

/// Before the stack can go: these hold its subnet and its router.
/// Of servers a bastion alone, see [`is_bastions`].
pub const BEFORE: [ThingSort; 4] = [ThingSort::LoadBalancer, ThingSort::Server, ThingSort::FloatingIp, ThingSort::Port];
/// After the stack went: its servers held these.
pub const AFTER: [ThingSort; 1] = [ThingSort::SecurityGroup];
/// As [`AFTER`], where the user gave up what is on the volumes.
pub const AFTER_WITH_VOLUMES: [ThingSort; 2] = [ThingSort::SecurityGroup, ThingSort::Volume];

/// Cinder CSI's. <https://github.com/kubernetes/cloud-provider-openstack/blob/master/docs/cinder-csi-plugin/using-cinder-csi-plugin.md>
const CSI: &str = "cinder.csi.openstack.org/cluster";
/// What our drivers write on servers.
const OURS: &str = "jeroboam_cluster";
const ROLE: &str = "jeroboam_role";
/// The role of a server that we made beside the stack.
pub const BASTION: &str = "bastion";
/// Our stacks' tag; the uuid is another.
const TAG: &str = "jeroboam";

/// The cluster by whose name a thing is marked.
pub fn owner(thing: &Thing) -> Option<ClusterId> {
    let said = |key: &str| thing.metadata.get(key).and_then(|text| id(text));
    match thing.sort {
        ThingSort::Stack => {
            thing.tags.iter().any(|tag| tag == TAG).then(|| thing.tags.iter().find_map(|tag| id(tag)))?
        }
        ThingSort::LoadBalancer => {
            let made = served(&thing.name).or_else(|| described(&thing.description))?;
            // One that services of several clusters share goes with none of them.
            let shared = thing.tags.iter().filter_map(|tag| served(tag)).any(|other| other != made);
            (!shared).then_some(made)
        }
        ThingSort::FloatingIp | ThingSort::Port | ThingSort::SecurityGroup => described(&thing.description),
        ThingSort::Volume => said(CSI).or_else(|| said(OURS)),
        ThingSort::Server => said(OURS),
        ThingSort::AppCredential => {
            let name = thing.name.strip_prefix("jeroboam-")?;
            // A later one's number follows.
            id(name.split_once('.').map_or(name, |(id, _)| id))
        }
        ThingSort::ServerGroup => None,
    }
}

/// The description of what a bastion of the cluster has in Neutron.
pub fn bastion_mark(cluster: ClusterId) -> String {
    format!("{BASTION_MARK}in cluster {cluster}")
}

const BASTION_MARK: &str = "Jeroboam bastion ";

/// Whether a thing is a part of the cluster's bastion.
pub fn is_bastions(thing: &Thing, cluster: ClusterId) -> bool {
    is_of_a_bastion(thing) && owner(thing) == Some(cluster)
}

fn is_of_a_bastion(thing: &Thing) -> bool {
    match thing.sort {
        ThingSort::Server => thing.metadata.get(ROLE).is_some_and(|role| role == BASTION),
        _ => thing.description.starts_with(BASTION_MARK),
    }
}

/// A uuid as it is written everywhere, with hyphens.
fn id(text: &str) -> Option<ClusterId> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten().map(ClusterId)
}

/// `kube_service_<cluster>_<namespace>_<service>`, and the same of an ingress.
fn served(name: &str) -> Option<ClusterId> {
    let rest = name.strip_prefix("kube_service_").or_else(|| name.strip_prefix("kube_ingress_"))?;
    id(rest.split('_').next()?)
}

/// `Floating IP for Kubernetes external service a/b from cluster <cluster>`,
/// `Security Group for a/b Service LoadBalancer in cluster <cluster>`.
fn described(description: &str) -> Option<ClusterId> {
    let known = ["Kubernetes ", "Floating IP for Kubernetes ", "Security Group for ", BASTION_MARK];
    if !known.iter().any(|start| description.starts_with(start)) {
        return None;
    }
    let (_, last) = description.rsplit_once(" from cluster ").or_else(|| description.rsplit_once(" in cluster "))?;
    id(last.trim())
}

/// Something that is still there after it was asked to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub thing: Thing,
    /// Why, in its service's words; `None`: it is going.
    pub words: Option<String>,
}

impl Left {
    pub fn line(&self) -> String {
        let line = self.thing.line();
        match &self.words {
            Some(words) => format!("{line}: {words}"),
            None if self.thing.status.is_empty() => line,
            None => format!("{line} is {}", self.thing.status),
        }
    }
}

/// Asks everything of these sorts that is marked as the cluster's to go; gives what is still there.
/// To be called again until that is nothing. What this login may not see is passed over: then
/// Heat's own delete tells what is in the way.
pub async fn clear(cloud: &dyn Things, cluster: ClusterId, sorts: &[ThingSort]) -> Result<Vec<Left>, CloudError> {
    let mut left = Vec::new();
    for sort in sorts {
        let all = match cloud.things(*sort).await {
            Ok(all) => all,
            Err(error) if is_shut(&error) => continue,
            Err(error) => return Err(error),
        };
        // Nodes are the stack's.
        let goes = |thing: &Thing| thing.sort != ThingSort::Server || is_of_a_bastion(thing);
        for thing in all.into_iter().filter(|thing| owner(thing) == Some(cluster) && goes(thing)) {
            left.extend(remove(cloud, thing).await?);
        }
    }
    Ok(left)
}

/// Asks one thing to go; `None`: it is gone.
pub async fn remove(cloud: &dyn Things, thing: Thing) -> Result<Option<Left>, CloudError> {
    if is_going(&thing) {
        return Ok(Some(Left { thing, words: None }));
    }
    match cloud.remove(&thing).await {
        Ok(false) => Ok(None),
        // These are gone when the answer comes, the others some time after it.
        Ok(true) if matches!(thing.sort, ThingSort::FloatingIp | ThingSort::Port | ThingSort::SecurityGroup) => {
            Ok(None)
        }
        Ok(true) if matches!(thing.sort, ThingSort::ServerGroup | ThingSort::AppCredential) => Ok(None),
        Ok(true) => Ok(Some(Left { thing, words: None })),
        Err(error)
            if matches!(
                error.kind,
                CloudErrorKind::Conflict | CloudErrorKind::BadRequest | CloudErrorKind::Forbidden
            ) =>
        {
            tracing::info!(thing = thing.line(), %error, request_id = error.request_id, "it cannot go yet");
            Ok(Some(Left { thing, words: Some(format!("{}: {}", error.service, error.message)) }))
        }
        Err(error) => Err(error),
    }
}

/// What must be gone before Heat can delete the cluster's stack; `None`: nothing is in the way.
pub async fn before(
    cloud: &dyn Things,
    record: &ClusterRecord,
    now: DateTime<Utc>,
) -> Result<Option<String>, CloudError> {
    match clear(cloud, record.id(), &BEFORE).await {
        Ok(left) => Ok(told(&left)),
        // A service that is down for long must not keep the rest of the cluster alive.
        Err(error) if now - record.cluster.status_since > TimeDelta::from_std(PATIENCE).unwrap_or_default() => {
            tracing::warn!(cluster = %record.id(), %error, "what its controllers made could not be looked for");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What is left when the stack is gone, and was its servers' before.
pub async fn after(cloud: &dyn Things, record: &ClusterRecord) -> Result<Option<String>, CloudError> {
    let sorts: &[ThingSort] = if record.track.with_volumes { &AFTER_WITH_VOLUMES } else { &AFTER };
    Ok(told(&clear(cloud, record.id(), sorts).await?))
}

/// So many are named; of the others only the number is told.
const NAMED: usize = 3;

fn told(left: &[Left]) -> Option<String> {
    let mut lines: Vec<String> = left.iter().take(NAMED).map(Left::line).collect();
    if left.len() > NAMED {
        lines.push(format!("and {} more", left.len() - NAMED));
    }
    (!lines.is_empty()).then(|| lines.join("; "))
}

/// When a delete failed: the cause with the ports that hold the cluster's own network.
pub async fn with_what_is_in_the_way(
    cloud: &dyn Things,
    record: &ClusterRecord,
    resources: &[StackResource],
    cause: Option<RootCause>,
) -> Option<RootCause> {
    let mut cause = cause?;
    let networks: Vec<&str> = resources
        .iter()
        .filter(|resource| resource.kind == "OS::Neutron::Net")
        .map(|resource| resource.physical_id.as_str())
        .collect();
    if record.intent != Intent::Absent || networks.is_empty() {
        return Some(cause);
    }
    // Only an addition: without it the cause is still told.
    let ports = cloud.things(ThingSort::Port).await.unwrap_or_default();
    let holding = ports.into_iter().filter(|port| {
        !port.owner.starts_with("network:") && port.network.as_deref().is_some_and(|id| networks.contains(&id))
    });
    let holding: Vec<Left> = holding
        .map(|thing| {
            let of = [thing.owner.as_str(), thing.holder.as_deref().unwrap_or_default()];
            let words = of.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
            Left { thing, words: Some(if words.is_empty() { "of nobody".to_owned() } else { format!("of {words}") }) }
        })
        .collect();
    if let Some(told) = told(&holding) {
        cause.reason = format!("{} (in the way: {told})", cause.reason);
    }
    Some(cause)
}

fn is_going(thing: &Thing) -> bool {
    ["PENDING_DELETE", "DELETE_IN_PROGRESS", "deleting"].contains(&thing.status.as_str())
}

/// This service does not exist here, or shows this login nothing.
fn is_shut(error: &CloudError) -> bool {
    matches!(error.kind, CloudErrorKind::NoService | CloudErrorKind::Forbidden | CloudErrorKind::NotFound)
}

/// Which of the things belong to clusters that are no more. `present`: clusters of this store;
/// `past`: clusters it had. In an order in which they can be removed.
pub fn orphans(things: Vec<Thing>, present: &BTreeSet<ClusterId>, past: &BTreeSet<ClusterId>) -> Vec<Orphan> {
    let marked = |sort: ThingSort| {
        let of_sort = things.iter().filter(move |thing| thing.sort == sort);
        of_sort.filter_map(owner).collect::<BTreeSet<ClusterId>>()
    };
    let stacks = marked(ThingSort::Stack);
    // Only Jeroboam writes these, so the cluster was one of Jeroboam's.
    let ours: BTreeSet<ClusterId> = [&stacks, &marked(ThingSort::Server), &marked(ThingSort::AppCredential), past]
        .into_iter()
        .flatten()
        .copied()
        .collect();
    // What our stacks make is named after the stack, which ends with the uuid's beginning.
    let stems: BTreeMap<String, ClusterId> = ours.iter().map(|id| (stem(*id), *id)).collect();
    let named = |thing: &Thing| {
        let by_name = matches!(
            thing.sort,
            ThingSort::LoadBalancer
                | ThingSort::ServerGroup
                | ThingSort::Port
                | ThingSort::SecurityGroup
                | ThingSort::Volume
        );
        let mut parts = thing.name.split('-');
        by_name.then(|| parts.find_map(|part| stems.get(part).copied())).flatten()
    };
    let mut found: Vec<Orphan> = things
        .iter()
        .filter(|thing| !(thing.sort == ThingSort::Port && is_services(thing)))
        .filter_map(|thing| {
            let cluster = owner(thing).or_else(|| named(thing)).filter(|id| !present.contains(id))?;
            let doubt = if stacks.contains(&cluster) && !past.contains(&cluster) {
                Some(Doubt::Stack)
            } else if ours.contains(&cluster) {
                None
            } else {
                Some(Doubt::Stranger)
            };
            Some(Orphan { thing: thing.clone(), cluster, doubt })
        })
        .collect();
    found.sort_by(|a, b| (a.cluster, a.thing.sort, &a.thing.name).cmp(&(b.cluster, b.thing.sort, &b.thing.name)));
    found
}

/// A port that comes and goes with what its service made it for.
fn is_services(port: &Thing) -> bool {
    port.owner.starts_with("network:") || port.owner.starts_with("Octavia") || port.owner.starts_with("compute:")
}

/// The part of the uuid that is in the stack's name.
fn stem(id: ClusterId) -> String {
    id.0.simple().to_string().chars().take(12).collect()
}

/// All things of all sorts, and the sorts that could not be looked at.
pub async fn all(cloud: &dyn Things) -> (Vec<Thing>, Vec<(ThingSort, CloudError)>) {
    let asked =
        futures_util::future::join_all(ThingSort::ALL.map(|sort| async move { (sort, cloud.things(sort).await) }));
    let (mut things, mut shut) = (Vec::new(), Vec::new());
    for (sort, answer) in asked.await {
        match answer {
            Ok(found) => things.extend(found),
            Err(error) if error.kind == CloudErrorKind::NoService => {}
            Err(error) => shut.push((sort, error)),
        }
    }
    (things, shut)
}

#[cfg(test)]
mod tests;
