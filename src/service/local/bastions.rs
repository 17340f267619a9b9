//! Bastions of ours: one small server for a cluster, in its network, with a floating IP that
//! lets in one network alone. All parts carry the cluster's mark, so that what an interrupted attempt
//! left is found, and all of it goes with the cluster at the latest.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::LocalManager;
use super::machines::{self, BASTION};
use crate::cloud::NewServer;
use crate::conductor::sweep;
use crate::model::bastion::network;
use crate::model::{ClusterId, validate::Inventory};
use crate::model::{Flavor, Image, Machine, NewBastion, Problem, ThingSort};
use crate::store::ClusterRecord;

/// GB; the cloud images of all distributions fit.
const DISK: u64 = 5;
/// MB.
const RAM: u64 = 512;
/// How long its parts may take to go, and how often they are looked at.
const GOING: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_secs(1);

impl LocalManager {
    pub(super) async fn bastions_of(&self, id: ClusterId) -> Result<Vec<Machine>, Problem> {
        let record = self.record(id).await?;
        let (servers, images) = tokio::join!(self.cloud.compute.servers(), self.cloud.images.images());
        let images = images.unwrap_or_default();
        let ours = servers?.into_iter().filter(|server| machines::role(id, server) == Some(BASTION));
        let told = ours.map(|server| {
            let image = images.iter().find(|image| Some(&image.id) == server.image_id.as_ref());
            machines::bastion(&record, server, image)
        });
        Ok(told.collect())
    }

    pub(super) async fn make_bastion(&self, id: ClusterId, wish: NewBastion) -> Result<Machine, Problem> {
        let record = self.record(id).await?;
        let cluster = &record.cluster;
        let from = network(&wish.from).ok_or_else(|| {
            Problem::invalid(format!("\"{}\" is not a network to let in", wish.from))
                .on_field("from")
                .advise("Write an address or a network: 198.51.100.7/32")
        })?;
        if let Some(there) = self.bastions_of(id).await?.first() {
            let told = format!("cluster \"{}\" has a bastion already: {}", cluster.name, there.name);
            return Err(Problem::conflict(told).advise("Remove it first: jeroboam bastion delete"));
        }
        let keypair = wish.keypair.clone().or_else(|| cluster.keypair.clone()).ok_or_else(|| {
            Problem::invalid(format!("cluster \"{}\" has no keypair to log in with", cluster.name))
                .on_field("keypair")
                .advise("Name one with --keypair")
        })?;
        let inventory = self.whole_inventory().await.map_err(|mut all| all.swap_remove(0))?;
        let image = image(&record, &wish, &inventory)?;
        let flavor = flavor(&wish, &inventory, image)?;
        let network = self.network_of(&record).await?;
        // What an attempt left that was cut short.
        self.clear_bastion(id).await?;
        let (mark, name) = (sweep::bastion_mark(id), format!("{}-bastion", cluster.stack_name));
        let metadata = [("jeroboam_cluster", id.to_string()), ("jeroboam_role", BASTION.to_owned())];
        let made = async {
            let cloud = &self.cloud.bastions;
            let group = cloud.make_security_group(&name, &mark, &from).await?;
            let port = cloud.make_port(&name, &mark, &network, &group).await?;
            let server = NewServer {
                name: name.clone(),
                image: image.id.clone(),
                flavor: flavor.id.clone(),
                keypair,
                port: port.clone(),
                metadata: metadata.into_iter().map(|(key, of)| (key.to_owned(), of)).collect::<BTreeMap<_, _>>(),
            };
            cloud.make_server(&server).await?;
            cloud.make_floating_ip(&record.facts.external_network_id, &port, &mark).await
        };
        if let Err(error) = made.await {
            // Best effort: what stays is found by its mark.
            let cleared = self.clear_bastion(id).await;
            tracing::warn!(cluster = %id, %error, cleared = cleared.is_ok(), "no bastion was made");
            let mut problem = Problem::from(error);
            problem.summary = format!("bastion of cluster \"{}\": {}", cluster.name, problem.summary);
            return Err(problem);
        }
        tracing::info!(cluster = %id, name = cluster.name, from, "bastion made");
        let lost = || Problem::not_found(format!("the bastion of cluster \"{}\" is gone again", cluster.name));
        self.bastions_of(id).await?.pop().ok_or_else(lost)
    }

    /// Removes all that carries the mark; how many things went.
    pub(super) async fn clear_bastion(&self, id: ClusterId) -> Result<usize, Problem> {
        let until = Instant::now() + GOING;
        let first = self.parts(id).await?;
        let mut there = first.clone();
        while !there.is_empty() {
            let mut words = Vec::new();
            for thing in &there {
                let left = sweep::remove(&*self.cloud.things, thing.clone()).await?;
                words.extend(left.map(|left| left.line()));
            }
            there = self.parts(id).await?;
            if !there.is_empty() && Instant::now() > until {
                return Err(Problem::conflict(format!("parts of the bastion do not go: {}", words.join("; ")))
                    .advise("Try again later; jeroboam orphans and the cluster's own delete find them too"));
            }
            if !there.is_empty() {
                tokio::time::sleep(LOOK).await;
            }
        }
        Ok(first.len())
    }

    /// In the order in which they can go.
    async fn parts(&self, id: ClusterId) -> Result<Vec<crate::model::Thing>, Problem> {
        let mut found = Vec::new();
        for sort in [ThingSort::Server, ThingSort::FloatingIp, ThingSort::Port, ThingSort::SecurityGroup] {
            let things = self.cloud.things.things(sort).await?;
            found.extend(things.into_iter().filter(|thing| sweep::is_bastions(thing, id)));
        }
        Ok(found)
    }

    /// The cluster's network: the one that was named, or that its first machine is in.
    async fn network_of(&self, record: &ClusterRecord) -> Result<String, Problem> {
        if let Some(named) = &record.facts.fixed_network_id {
            return Ok(named.clone());
        }
        let nodes = self.machines_of(record.id()).await?;
        let ports = self.cloud.things.things(ThingSort::Port).await?;
        let of_node = |holder: &str| nodes.iter().any(|node| node.server_id == holder);
        let port = ports.into_iter().find(|port| port.holder.as_deref().is_some_and(of_node));
        port.and_then(|port| port.network).ok_or_else(|| {
            Problem::conflict(format!(
                "cluster \"{}\" has no machine yet whose network a bastion could be in",
                record.cluster.name
            ))
        })
    }
}

fn image<'a>(record: &ClusterRecord, wish: &NewBastion, inventory: &'a Inventory) -> Result<&'a Image, Problem> {
    let wanted = wish.image.as_ref().unwrap_or(&record.facts.image_id);
    let found = inventory.images.iter().find(|image| image.id == *wanted || image.name == *wanted);
    found.ok_or_else(|| {
        Problem::not_found(format!("image \"{wanted}\" for the bastion was not found"))
            .on_field("image")
            .advise("Name another with --image")
    })
}

/// The smallest that the image fits into.
fn flavor<'a>(wish: &NewBastion, inventory: &'a Inventory, image: &Image) -> Result<&'a Flavor, Problem> {
    if let Some(wanted) = &wish.flavor {
        let found = inventory.flavors.iter().find(|flavor| flavor.id == *wanted || flavor.name == *wanted);
        return found
            .ok_or_else(|| Problem::not_found(format!("flavor \"{wanted}\" was not found")).on_field("flavor"));
    }
    let fits = |flavor: &&Flavor| {
        flavor.ram >= image.min_ram.max(RAM) && (flavor.disk == 0 || flavor.disk >= image.min_disk.max(DISK))
    };
    let smallest = inventory.flavors.iter().filter(fits).min_by_key(|flavor| (flavor.ram, flavor.vcpus, flavor.disk));
    smallest.ok_or_else(|| {
        Problem::not_found(format!("no flavor is large enough for the image \"{}\"", image.name)).on_field("flavor")
    })
}
