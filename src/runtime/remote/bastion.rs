//! A host of ours between here and nodes without floating IPs: what its making and its removal
//! need beside the cloud.

use super::{Remote, reach};
use crate::model::{Cluster, Machine, NewBastion, Problem};
use crate::service::Manager;
use crate::ssh::session;

/// Lets in where we stand, unless the wish says whom; gives that too.
pub async fn make(
    manager: &dyn Manager,
    cluster: &Cluster,
    from: Option<String>,
    wish: NewBastion,
) -> Result<(Machine, String), Problem> {
    let from = match from {
        Some(from) => from,
        None => reach::as_seen(&manager.identity().auth_url).await?,
    };
    let made = manager.create_bastion(cluster.uuid, NewBastion { from: from.clone(), ..wish }).await?;
    Ok((made, from))
}

impl Remote {
    /// With what is known of its host key; how many parts there were.
    pub async fn remove_bastion(&self, manager: &dyn Manager, cluster: &Cluster) -> Result<usize, Problem> {
        for bastion in manager.bastions(cluster.uuid).await? {
            if let Ok(server) = session::server(&bastion) {
                self.hosts(cluster).forget(server)?;
            }
        }
        manager.delete_bastion(cluster.uuid).await
    }
}
