//! The Kubernetes API of one of our clusters, with a client certificate of a day that exists
//! in memory only. Start reading at [`api`].

use std::sync::Arc;

use secrecy::ExposeSecret;

use super::{Ports, keys, provisions};
use crate::kube::api::{Api, Keys};
use crate::model::Problem;
use crate::pki;
use crate::store::ClusterRecord;

/// Who we are there; `system:masters` may drain and delete nodes whatever the cluster's own rules say.
const USER: &str = "jeroboam:conductor";
const GROUP: &str = "system:masters";
/// Days; the shortest there is. It never leaves this process.
const LIFE: u32 = 1;

/// Opens the cluster's API. Fails when it has no address yet, or nobody told how to reach it;
/// whether somebody answers shows with the first call.
pub async fn api(ports: &Ports, record: &ClusterRecord) -> Result<Arc<dyn Api>, Problem> {
    let cluster = &record.cluster;
    let Some(gateway) = &ports.kubernetes else {
        return Err(Problem::local("the Kubernetes APIs of clusters are not asked by this process"));
    };
    if cluster.api_address.is_none() {
        let told = format!("cluster \"{}\" has no API address yet: it is {}", cluster.name, cluster.status);
        return Err(Problem::conflict(told));
    }
    let secrets = provisions::open(&*ports.key_manager, ports.store.secrets(record.id()).await?).await?;
    let signer = keys::signer(record, &secrets)?;
    let (certificate, key) =
        pki::issue_client(signer.certificate.expose_secret(), signer.key, USER, GROUP, LIFE, (ports.clock)())?;
    let keys = Keys { ca: signer.trust, certificate, key };
    Ok(gateway.open(cluster, &keys)?)
}
