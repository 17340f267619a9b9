//! What a cluster's authorities give out: their own certificates, signed requests and
//! kubeconfigs. Nothing leaves here that is not in the ledger first.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::LocalManager;
use crate::conductor::{keys, provisions};
use crate::kube;
use crate::model::{Authority, Cluster, ClusterId, IssuedCertificate, Problem};
use crate::pki::{self, User};
use crate::service::{CaCertificate, KubeconfigText, KubeconfigWish};
use crate::store::{ClusterRecord, Secrets};

impl LocalManager {
    /// All of them, those in Barbican too.
    async fn secrets(&self, id: ClusterId) -> Result<Secrets, Problem> {
        let secrets = self.store.secrets(id).await?;
        Ok(provisions::open(&*self.cloud.key_manager, secrets).await?)
    }

    pub(super) async fn authority(&self, id: ClusterId, authority: Authority) -> Result<CaCertificate, Problem> {
        let record = self.record(id).await?;
        let secrets = self.store.secrets(id).await?;
        let (certificate, _) = pair(&record, &secrets, authority)?;
        Ok(CaCertificate::read(id, authority, certificate.expose_secret().to_owned())?)
    }

    pub(super) async fn sign_request(
        &self,
        id: ClusterId,
        authority: Authority,
        csr_pem: &str,
    ) -> Result<String, Problem> {
        let record = self.record(id).await?;
        let secrets = self.secrets(id).await?;
        let (ca, key) = pair(&record, &secrets, authority)?;
        let now = (self.clock)();
        let certificate = pki::sign(ca.expose_secret(), key, csr_pem, pki::DEFAULT_DAYS, now)?;
        self.enter(&record.cluster, authority, &certificate, "the sender of a certificate request", now).await?;
        Ok(certificate)
    }

    pub(super) async fn client_config(&self, id: ClusterId, wish: &KubeconfigWish) -> Result<KubeconfigText, Problem> {
        let record = self.record(id).await?;
        let cluster = &record.cluster;
        let Some(server) = &cluster.api_address else {
            let told = format!("cluster \"{}\" has no API address yet: it is {}", cluster.name, cluster.status);
            let advice = if cluster.status.is_in_progress() {
                "Wait until it is CREATE_COMPLETE"
            } else {
                "Only a cluster whose creation was completed has one"
            };
            return Err(Problem::conflict(told).advise(advice));
        };
        if wish.life < TimeDelta::minutes(1) || wish.life > TimeDelta::days(pki::DEFAULT_DAYS.into()) {
            let told = "a client certificate lasts from a minute to five years";
            return Err(Problem::invalid(told).on_field("ttl").advise("Write it like 30m, 8h or 7d"));
        }
        let secrets = self.secrets(id).await?;
        let signer = keys::signer(&record, &secrets)?;
        let user = User { name: wish.user.clone(), groups: wish.groups.clone() };
        let now = (self.clock)();
        let (certificate, client_key) =
            pki::issue_user(signer.certificate.expose_secret(), signer.key, &user, wish.life, now)?;
        self.enter(cluster, Authority::Kubernetes, &certificate, &wish.user, now).await?;
        let text =
            kube::kubeconfig::build(&cluster.name, &wish.user, server, &signer.trust, &certificate, &client_key)?;
        Ok(KubeconfigText(text))
    }

    /// Into the ledger. What cannot be entered is not given out.
    async fn enter(
        &self,
        cluster: &Cluster,
        authority: Authority,
        certificate: &str,
        issued_to: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Problem> {
        let read = pki::describe(certificate)?;
        let who = &self.cloud.identity;
        let issued = IssuedCertificate {
            cluster_uuid: cluster.uuid,
            cluster_name: cluster.name.clone(),
            authority: authority.word().into(),
            serial: read.serial,
            subject: read.subject,
            usages: read.usages,
            issued_at: now,
            expires_at: read.not_after,
            issued_to: issued_to.into(),
            issued_by: Some(who.user_id.clone()),
        };
        self.store.add_certificate(&who.scope, &issued).await?;
        tracing::info!(
            cluster = %cluster.uuid, name = cluster.name, %authority,
            serial = issued.serial, subject = issued.subject, until = %issued.expires_at, "certificate issued"
        );
        Ok(())
    }
}

/// The authority's certificate and key that count now.
fn pair<'a>(
    record: &ClusterRecord,
    secrets: &'a Secrets,
    authority: Authority,
) -> Result<(&'a SecretString, &'a SecretString), Problem> {
    if matches!(authority, Authority::Kubernetes | Authority::Kubelet) {
        return keys::signer(record, secrets).map(|signer| (signer.certificate, signer.key));
    }
    let (certificate, key) = authority.secrets();
    Ok((secret(record.id(), secrets, certificate)?, secret(record.id(), secrets, key)?))
}

fn secret<'a>(id: ClusterId, secrets: &'a Secrets, name: &str) -> Result<&'a SecretString, Problem> {
    secrets
        .get(name)
        .ok_or_else(|| Problem::local(format!("cluster {id}: its secret {name} is missing from the store")))
}
