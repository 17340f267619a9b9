//! Quotas: what a project may have of each thing, what it has, and what one more
//! cluster takes. Arithmetic only; who asks the services is not known here.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Check, Cluster, Flavor};

/// A thing that a service counts. In the order in which people look at them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// Ours, as Magnum's: [`super::quota`].
    Clusters,
    Instances,
    Cores,
    /// MB.
    Ram,
    ServerGroups,
    /// Servers in one group; nothing is used of it before.
    ServerGroupMembers,
    Networks,
    Subnets,
    Routers,
    Ports,
    FloatingIps,
    SecurityGroups,
    SecurityGroupRules,
    Volumes,
    /// GB.
    Gigabytes,
    /// GB of one volume; nothing is used of it before.
    VolumeGigabytes,
    /// Of one volume type.
    VolumesOf(String),
    /// GB of one volume type.
    GigabytesOf(String),
    LoadBalancers,
    Listeners,
    Pools,
    Members,
    HealthMonitors,
}

impl Item {
    /// The project's name of the service that counts it.
    pub fn service(&self) -> &'static str {
        match self {
            Self::Clusters => "jeroboam",
            Self::Instances | Self::Cores | Self::Ram | Self::ServerGroups | Self::ServerGroupMembers => "nova",
            Self::Networks
            | Self::Subnets
            | Self::Routers
            | Self::Ports
            | Self::FloatingIps
            | Self::SecurityGroups
            | Self::SecurityGroupRules => "neutron",
            Self::Volumes | Self::Gigabytes | Self::VolumeGigabytes | Self::VolumesOf(_) | Self::GigabytesOf(_) => {
                "cinder"
            }
            Self::LoadBalancers | Self::Listeners | Self::Pools | Self::Members | Self::HealthMonitors => "octavia",
        }
    }

    pub fn unit(&self) -> &'static str {
        match self {
            Self::Ram => " MB",
            Self::Gigabytes | Self::VolumeGigabytes | Self::GigabytesOf(_) => " GB",
            _ => "",
        }
    }

    /// The field of a new cluster that it mostly hangs on.
    fn field(&self) -> &'static str {
        match self {
            Self::Networks | Self::Subnets | Self::Routers => "fixed_network",
            Self::FloatingIps => "floating_ip_enabled",
            Self::Volumes | Self::Gigabytes | Self::VolumeGigabytes | Self::VolumesOf(_) | Self::GigabytesOf(_) => {
                "docker_volume_size"
            }
            Self::LoadBalancers | Self::Listeners | Self::Pools | Self::HealthMonitors => "master_lb_enabled",
            Self::Members => "master_count",
            _ => "node_count",
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Clusters => "clusters",
            Self::Instances => "servers",
            Self::Cores => "cores",
            Self::Ram => "memory",
            Self::ServerGroups => "server groups",
            Self::ServerGroupMembers => "servers in one group",
            Self::Networks => "networks",
            Self::Subnets => "subnets",
            Self::Routers => "routers",
            Self::Ports => "ports",
            Self::FloatingIps => "floating IPs",
            Self::SecurityGroups => "security groups",
            Self::SecurityGroupRules => "security group rules",
            Self::Volumes => "volumes",
            Self::Gigabytes => "volume space",
            Self::VolumeGigabytes => "size of one volume",
            Self::VolumesOf(kind) => return f.pad(&format!("volumes of type {kind}")),
            Self::GigabytesOf(kind) => return f.pad(&format!("volume space of type {kind}")),
            Self::LoadBalancers => "load balancers",
            Self::Listeners => "listeners",
            Self::Pools => "pools",
            Self::Members => "pool members",
            Self::HealthMonitors => "health monitors",
        })
    }
}

/// What a service says of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceQuota {
    pub item: Item,
    /// `None`: as many as one likes.
    pub limit: Option<u64>,
    /// In use or reserved.
    pub used: u64,
}

impl ServiceQuota {
    /// How full it is, in hundredths; `None`: there is no limit.
    pub fn percent(&self) -> Option<u64> {
        match self.limit? {
            0 => Some(100),
            limit => Some(self.used.saturating_mul(100) / limit),
        }
    }
}

/// How much of a thing the clusters take, as far as that follows from their nodes; `None`: it does not.
pub fn ours<'a>(item: &Item, clusters: impl Iterator<Item = &'a Cluster>, flavors: &[Flavor]) -> Option<u64> {
    let size = |wanted: &str, what: fn(&Flavor) -> u64| {
        flavors.iter().find(|flavor| flavor.id == wanted || flavor.name == wanted).map_or(0, what)
    };
    let sum =
        |cluster: &Cluster, what: fn(&Flavor) -> u64| machines(cluster).map(|(of, n)| size(of, what) * n).sum::<u64>();
    Some(match item {
        Item::Clusters => clusters.map(|_| 1).sum(),
        Item::Instances => clusters.flat_map(machines).map(|(_, count)| count).sum(),
        Item::Cores => clusters.map(|cluster| sum(cluster, |flavor| flavor.vcpus.into())).sum(),
        Item::Ram => clusters.map(|cluster| sum(cluster, |flavor| flavor.ram)).sum(),
        _ => return None,
    })
}

/// Flavors and how many nodes of each.
fn machines(cluster: &Cluster) -> impl Iterator<Item = (&str, u64)> {
    let plain = [
        (cluster.master_flavor_id.as_str(), cluster.master_count.into()),
        (cluster.flavor_id.as_str(), cluster.node_count.into()),
    ];
    let groups = cluster.node_groups.iter().map(|group| (group.flavor_id.as_str(), group.node_count.into()));
    // A list may leave the groups out.
    groups.chain(plain.into_iter().filter(|_| cluster.node_groups.is_empty()))
}

/// How many of each thing are to be made.
pub type Needs = BTreeMap<Item, u64>;

/// A quota and what is wanted of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaUse {
    pub item: Item,
    pub limit: Option<u64>,
    pub used: u64,
    pub needed: u64,
}

impl QuotaUse {
    /// What is left before; `None`: as many as one likes.
    pub fn left(&self) -> Option<u64> {
        self.limit.map(|limit| limit.saturating_sub(self.used))
    }

    pub fn fits(&self) -> bool {
        self.left().is_none_or(|left| self.needed <= left)
    }

    /// An upgrade makes a new worker before an old one goes, in the same group.
    fn full_group(&self) -> Option<Check> {
        let limit = self.limit.filter(|limit| self.item == Item::ServerGroupMembers && self.needed >= *limit)?;
        let told =
            format!("{} of nova's {limit} servers a group would be taken: an upgrade needs one more", self.needed);
        let advice = "Spread the nodes over several node groups, each of which is a server group, or have nova's quota server_group_members raised";
        Some(Check::warning(self.item.field(), told).advise(advice))
    }

    /// Why it does not fit.
    fn check(&self) -> Option<Check> {
        let (left, limit) = (self.left()?, self.limit?);
        if self.fits() {
            return None;
        }
        let (item, unit, needed, used) = (&self.item, self.item.unit(), self.needed, self.used);
        let service = item.service();
        let found = match item {
            Item::ServerGroupMembers => {
                format!("{needed} servers would be in one server group; {service}'s quota is {limit} a group")
            }
            Item::VolumeGigabytes => {
                format!("a volume of {needed} GB is wanted; {service}'s quota is {limit} GB a volume")
            }
            _ => format!(
                "quota of {service}: {needed}{unit} of {item} are needed and {left}{unit} are left ({used} of {limit}{unit} in use)"
            ),
        };
        let ways = match item {
            // What others have does not count.
            Item::ServerGroupMembers => "Put the rest into further node groups, each of which is a server group",
            Item::VolumeGigabytes => "Ask for less",
            _ => "Ask for less, delete what is not needed",
        };
        let advice = format!("{ways}, or have the quota raised by {}{unit}", needed - left);
        Some(Check::error(item.field(), found).advise(advice))
    }
}

/// The quotas that are touched, in the order of [`Item`].
pub fn uses(needs: &Needs, quotas: &[ServiceQuota]) -> Vec<QuotaUse> {
    let of = |(item, needed): (&Item, &u64)| {
        let quota = quotas.iter().find(|quota| quota.item == *item)?;
        Some(QuotaUse { item: item.clone(), limit: quota.limit, used: quota.used, needed: *needed })
    };
    needs.iter().filter(|(_, needed)| **needed > 0).filter_map(of).collect()
}

/// That the nodes could grow in number beyond what their server group takes, which is found out when they do.
pub fn ceiling(uses: &[QuotaUse], max_node_count: u64) -> Option<Check> {
    let group = uses.iter().find(|one| one.item == Item::ServerGroupMembers)?;
    let limit = group.limit.filter(|limit| (group.needed..max_node_count).contains(limit))?;
    let told =
        format!("max_node_count is {max_node_count}, and nova's quota is {limit} servers a group: more will fail");
    let advice = "Lower it, add node groups when more are needed (each is a server group), or have nova's quota server_group_members raised";
    Some(Check::warning("labels", told).advise(advice))
}

/// What does not fit, and what is full without room for a change.
pub fn checks(uses: &[QuotaUse]) -> Vec<Check> {
    uses.iter().filter_map(|one| one.check().or_else(|| one.full_group())).collect()
}

#[cfg(test)]
mod tests {
    use super::{Item, Needs, ServiceQuota, ceiling, checks, uses};
    use crate::model::check::Severity;

    fn quota(item: Item, limit: Option<u64>, used: u64) -> ServiceQuota {
        ServiceQuota { item, limit, used }
    }

    #[test]
    fn what_does_not_fit_says_by_how_much() {
        let needs = Needs::from([(Item::Cores, 8), (Item::Ram, 4096), (Item::Ports, 3), (Item::Volumes, 0)]);
        let quotas = [
            quota(Item::Cores, Some(20), 15),
            quota(Item::Ram, Some(8192), 4096),
            quota(Item::Ports, None, 1000),
            quota(Item::Volumes, Some(0), 0),
        ];
        let uses = uses(&needs, &quotas);
        assert_eq!(
            uses.iter().map(|u| (u.item.clone(), u.left())).collect::<Vec<_>>(),
            [(Item::Cores, Some(5)), (Item::Ram, Some(4096)), (Item::Ports, None)]
        );
        let found = checks(&uses);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].field.as_deref()), (Severity::Error, Some("node_count")));
        assert_eq!(found[0].found, "quota of nova: 8 of cores are needed and 5 are left (15 of 20 in use)");
        assert!(found[0].advice.as_ref().unwrap().ends_with("raised by 3"), "{:?}", found[0]);
    }

    #[test]
    fn a_full_server_group_has_no_room_for_an_upgrade() {
        let of = |needed| {
            let needs = Needs::from([(Item::ServerGroupMembers, needed)]);
            let found = checks(&uses(&needs, &[quota(Item::ServerGroupMembers, Some(10), 0)]));
            found.first().map(|check| check.severity)
        };
        assert_eq!([of(9), of(10), of(11)], [None, Some(Severity::Warning), Some(Severity::Error)]);
    }

    #[test]
    fn growing_beyond_a_server_group_is_told_before() {
        let told = |item: Item, limit, needed, most| {
            let uses = uses(&Needs::from([(item.clone(), needed)]), &[quota(item, limit, 0)]);
            ceiling(&uses, most).map(|check| (check.severity, check.found))
        };
        let group = Item::ServerGroupMembers;
        let (severity, found) = told(group.clone(), Some(10), 3, 11).unwrap();
        assert_eq!(severity, Severity::Warning);
        assert_eq!(found, "max_node_count is 11, and nova's quota is 10 servers a group: more will fail");
        for (item, limit, needed, most) in [
            (group.clone(), Some(10), 3, 10),
            (group.clone(), Some(10), 3, 0),
            (group.clone(), None, 3, u64::MAX),
            // That there are too many already is an error of its own.
            (group, Some(10), 11, 20),
            (Item::Instances, Some(10), 3, 11),
        ] {
            assert_eq!(told(item, limit, needed, most), None, "{limit:?} {needed} {most}");
        }
    }

    #[test]
    fn more_used_than_allowed_leaves_nothing_and_no_quota_known_says_nothing() {
        let needs = Needs::from([(Item::Instances, 1), (Item::Cores, u64::MAX)]);
        let uses = uses(&needs, &[quota(Item::Instances, Some(10), 12)]);
        assert_eq!((uses.len(), uses[0].left(), uses[0].fits()), (1, Some(0), false));
    }
}
