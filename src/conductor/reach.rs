//! The Kubernetes API of one of our clusters, with a client certificate of an hour that exists
//! in memory only. Start reading at [`api`].

use std::sync::Arc;

use secrecy::ExposeSecret;

use super::{Ports, provisions};
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
    let of = |name: &str| {
        let missing =
            || Problem::local(format!("cluster {}: its secret {name} is missing from the store", record.id()));
        secrets.get(name).ok_or_else(missing)
    };
    let own = of("ca_cert")?.expose_secret();
    let (certificate, key) = pki::issue_client(own, of("ca_key")?, USER, GROUP, LIFE, (ports.clock)())?;
    // While the CA is being replaced, masters of both kinds answer.
    let further = secrets.get("ca_trust").map(|trust| trust.expose_secret()).unwrap_or_default();
    let keys = Keys { ca: format!("{}\n{further}", own.trim_end()), certificate, key };
    Ok(gateway.open(cluster, &keys)?)
}
