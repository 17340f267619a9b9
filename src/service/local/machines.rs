//! A cluster's machines as Nova has them, also while its stack is not complete yet: that is
//! when somebody wants to look into them.

use std::collections::BTreeMap;

use super::LocalManager;
use crate::conductor::sweep;
use crate::driver::NodeAddress;
use crate::model::nodegroup::MASTER;
use crate::model::spec::{DEFAULT_MASTER, NodeImage};
use crate::model::{ClusterId, Image, Machine, Problem, Server, ServerSheet};
use crate::store::ClusterRecord;

/// What our drivers write on servers.
const CLUSTER: &str = "jeroboam_cluster";
const ROLE: &str = "jeroboam_role";
const SLOT: &str = "jeroboam_slot";
const INDEX: &str = "jeroboam_index";
/// The role of a server of ours that is no node.
pub(super) const BASTION: &str = sweep::BASTION;

impl LocalManager {
    pub(super) async fn machines_of(&self, id: ClusterId) -> Result<Vec<Machine>, Problem> {
        let record = self.record(id).await?;
        let (servers, images) = tokio::join!(self.cloud.compute.servers(), self.cloud.images.images());
        // Without images, the user to log in as follows from the driver.
        let images: BTreeMap<String, Image> =
            images.unwrap_or_default().into_iter().map(|image| (image.id.clone(), image)).collect();
        let distro = self.drivers.get(&record.cluster.driver).and_then(|d| d.manifest.os_distro.first().cloned());
        let mut found: Vec<(Place, Machine)> = servers?
            .into_iter()
            .filter_map(|server| {
                let place = place(&record, &server)?;
                let image = server.image_id.as_ref().or_else(|| image_of(&record, &place));
                let image = image.and_then(|id| images.get(id));
                Some((place, node(&record, place, server, image, distro.as_deref())))
            })
            .collect();
        found.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
        Ok(found.into_iter().map(|(_, node)| node).collect())
    }

    /// Of the cluster's own machines only: an id is a text from a command line.
    pub(super) async fn console_of(
        &self,
        id: ClusterId,
        server_id: &str,
        lines: Option<u32>,
    ) -> Result<Option<String>, Problem> {
        self.owns(id, server_id).await?;
        Ok(self.cloud.compute.console(server_id, lines).await?)
    }

    /// With flavor and image by their names, where these are still there.
    pub(super) async fn server_of(&self, id: ClusterId, server_id: &str) -> Result<Option<ServerSheet>, Problem> {
        self.owns(id, server_id).await?;
        let (compute, images) = (&self.cloud.compute, &self.cloud.images);
        let (sheet, flavors, images) = tokio::join!(compute.server(server_id), compute.flavors(), images.images());
        let Some(mut sheet) = sheet? else { return Ok(None) };
        if let Some(flavor) = flavors.unwrap_or_default().into_iter().find(|flavor| flavor.id == sheet.flavor) {
            sheet.flavor = flavor.name;
        }
        let image = images.unwrap_or_default().into_iter().find(|image| Some(&image.id) == sheet.image.as_ref());
        if let Some(image) = image {
            sheet.image = Some(image.name);
        }
        Ok(Some(sheet))
    }

    async fn owns(&self, id: ClusterId, server_id: &str) -> Result<(), Problem> {
        let (nodes, bastions) = tokio::try_join!(self.machines_of(id), self.bastions_of(id))?;
        if nodes.iter().chain(&bastions).any(|node| node.server_id == server_id) {
            return Ok(());
        }
        Err(Problem::not_found(format!("cluster {id} has no node {server_id}")))
    }
}

/// Where a machine is in the stack: `None` as slot is the masters', which come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    slot: Option<u32>,
    index: Option<u32>,
}

/// What a server that is marked as the cluster's is there.
pub(super) fn role(cluster: ClusterId, server: &Server) -> Option<&str> {
    let ours = server.metadata.get(CLUSTER).is_some_and(|mark| *mark == cluster.to_string());
    ours.then(|| server.metadata.get(ROLE).map(String::as_str)).flatten()
}

/// A bastion looks like a node to whoever logs in to it.
pub(super) fn bastion(record: &ClusterRecord, server: Server, image: Option<&Image>) -> Machine {
    let distro = Some(record.facts.os_distro.as_str()).filter(|distro| !distro.is_empty());
    let told = node(record, Place { slot: None, index: None }, server, image, distro);
    Machine { role: BASTION.to_owned(), group: String::new(), ..told }
}

/// `None`: no node of this cluster. A driver of the user's own need not mark its servers; then
/// the stack's outputs tell once it is complete.
fn place(record: &ClusterRecord, server: &Server) -> Option<Place> {
    if let Some(role) = role(record.id(), server) {
        let number = |key: &str| server.metadata.get(key).and_then(|text| text.parse().ok());
        let slot = match role {
            MASTER => None,
            "worker" => Some(number(SLOT).unwrap_or_default()),
            _ => return None,
        };
        return Some(Place { slot, index: number(INDEX) });
    }
    let known = |node: &&NodeAddress| node.server_id == server.id;
    record.nodes.iter().find(known).map(|node| Place { slot: node.slot, index: Some(node.index) })
}

/// What it was made from, where Nova does not tell: it boots from a volume then.
fn image_of<'a>(record: &'a ClusterRecord, place: &Place) -> Option<&'a String> {
    let index = place.index?;
    let image = match place.slot {
        None => record.sent.masters.get(usize::try_from(index).ok()?).map(|master| &master.image),
        Some(slot) => {
            let group = record.sent.workers.iter().find(|group| group.slot == slot)?;
            group.nodes.get(&index).map(|node| &node.image)
        }
    };
    image.map(|NodeImage { id, .. }| id)
}

fn node(record: &ClusterRecord, place: Place, server: Server, image: Option<&Image>, distro: Option<&str>) -> Machine {
    let known = record.nodes.iter().find(|node| node.server_id == server.id);
    let told = |of: fn(&NodeAddress) -> Option<&String>| known.and_then(of).and_then(|text| text.parse().ok());
    let group = |slot| record.sent.workers.iter().find(|group| group.slot == slot);
    let (role, name) = match place.slot {
        None => (MASTER.to_owned(), DEFAULT_MASTER.to_owned()),
        Some(slot) => match group(slot) {
            Some(group) => (group.role.clone(), group.name.clone()),
            None => ("worker".to_owned(), String::new()),
        },
    };
    Machine {
        address: told(|node| node.address.as_ref()).or_else(|| server.fixed.first().copied()),
        floating_address: told(|node| node.floating_address.as_ref()).or_else(|| server.floating.first().copied()),
        server_id: server.id,
        name: server.name,
        role,
        group: name,
        index: place.index,
        status: server.status,
        keypair: server.keypair.or_else(|| record.cluster.keypair.clone()),
        os_distro: image.and_then(|image| image.os_distro.clone()).or_else(|| distro.map(str::to_owned)),
        os_admin_user: image.and_then(|image| image.os_admin_user.clone()),
    }
}
