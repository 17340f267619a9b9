//! Which of a cluster's keys count when. A rotation changes no stored key: the next CA is
//! kept beside the present one under a name with its generation, and how many steps the
//! machines have taken says which one signs. So what counts changes only when the stack has it.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::model::cluster::timeout_minutes;
use crate::model::{CaStage, Problem, Spec};
use crate::pki;
use crate::store::{ClusterRecord, Secrets};

/// The Kubernetes CAs at one stage, by generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authorities {
    pub signing: u32,
    /// Trusted besides.
    pub other: Option<u32>,
}

pub fn authorities(spec: &Spec) -> Authorities {
    let settled = spec.ca_step / 3;
    match spec.ca_stage() {
        CaStage::Settled => Authorities { signing: settled, other: None },
        CaStage::TrustNew => Authorities { signing: settled, other: Some(settled + 1) },
        CaStage::SignNew => Authorities { signing: settled + 1, other: Some(settled) },
    }
}

/// The add-ons' application credential: names of its id and its secret.
pub const CREDENTIAL: [&str; 2] = ["app_credential_id", "app_credential_secret"];

/// The secret's name: the first generation's has no number.
pub fn name(of: &str, generation: u32) -> String {
    if generation == 0 { of.to_owned() } else { format!("{of}.{generation}") }
}

/// What clients of the cluster need: the CA that signs, and all that they are to trust.
pub struct Signer<'a> {
    pub certificate: &'a SecretString,
    pub key: &'a SecretString,
    /// PEM, the signing one first.
    pub trust: String,
}

/// The CA whose signatures every master accepts by now.
pub fn signer<'a>(record: &ClusterRecord, secrets: &'a Secrets) -> Result<Signer<'a>, Problem> {
    let known = authorities(&record.taken);
    let certificate = secret(record, secrets, &name("ca_cert", known.signing))?;
    let key = secret(record, secrets, &name("ca_key", known.signing))?;
    let mut trust = certificate.expose_secret().to_owned();
    // While an update is under way some servers already show the other one's certificate.
    let coming = authorities(&record.sent);
    let mut others: Vec<u32> = [known.other, coming.other, Some(coming.signing)].into_iter().flatten().collect();
    others.retain(|generation| *generation != known.signing);
    others.sort_unstable();
    others.dedup();
    for generation in others {
        trust = bundle(&trust, secret(record, secrets, &name("ca_cert", generation))?.expose_secret());
    }
    Ok(Signer { certificate, key, trust })
}

/// All secrets by the names that drivers use, as they are for the spec that is sent; with a
/// certificate for joining that lasts as long as nodes may take.
pub fn for_plan(record: &ClusterRecord, secrets: &Secrets, now: DateTime<Utc>) -> Result<Secrets, Problem> {
    let Authorities { signing, other } = authorities(&record.sent);
    let certificate = secret(record, secrets, &name("ca_cert", signing))?.clone();
    let key = secret(record, secrets, &name("ca_key", signing))?.clone();
    let trust = other.map(|generation| secret(record, secrets, &name("ca_cert", generation))).transpose()?.cloned();
    let life = TimeDelta::minutes(i64::from(timeout_minutes(record.cluster.create_timeout)) + 60);
    let (join_cert, join_key) = pki::issue_join(certificate.expose_secret(), &key, life, now)?;
    let mut all = secrets.clone();
    for (name, value) in
        [("ca_cert", certificate), ("ca_key", key), ("join_cert", join_cert.into()), ("join_key", join_key)]
    {
        all.insert(name.to_owned(), value);
    }
    // Of one that was never rotated the names are the right ones already.
    for of in CREDENTIAL.into_iter().filter(|_| record.sent.credential > 0) {
        all.insert(of.to_owned(), secret(record, secrets, &name(of, record.sent.credential))?.clone());
    }
    all.extend(trust.map(|trust| ("ca_trust".to_owned(), trust)));
    Ok(all)
}

fn bundle(first: &str, second: &str) -> String {
    format!("{}\n{second}", first.trim_end())
}

fn secret<'a>(record: &ClusterRecord, secrets: &'a Secrets, name: &str) -> Result<&'a SecretString, Problem> {
    secrets.get(name).ok_or_else(|| {
        Problem::local(format!("cluster {}: its secret {name} is missing from the store", record.cluster.name))
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::{Authorities, authorities, for_plan, name, signer};
    use crate::pki;
    use crate::store::tests::record;

    #[test]
    fn which_counts_when() {
        let (mut record, now) = (record(1, "prod"), record(1, "prod").cluster.created_at);
        let mut secrets = pki::generate("prod", now).unwrap();
        for (of, made) in pki::generate("prod", now).unwrap() {
            secrets.insert(name(&of, 1), made);
        }
        let (old, new) =
            (secrets["ca_cert"].expose_secret().to_owned(), secrets["ca_cert.1"].expose_secret().to_owned());
        let stages = [(0, &old, None), (1, &old, Some(&new)), (2, &new, Some(&old)), (3, &new, None)];
        for (step, signing, other) in stages {
            record.sent.ca_step = step;
            let sent = for_plan(&record, &secrets, now).unwrap();
            assert_eq!(sent["ca_cert"].expose_secret(), signing);
            assert_eq!(sent.get("ca_trust").map(|trust| trust.expose_secret().to_owned()), other.cloned());
            let joining = pki::describe(sent["join_cert"].expose_secret()).unwrap();
            assert_eq!((joining.not_after - now).num_minutes(), 120);
            assert!(joining.subject.contains("kubeadm:join"), "{}", joining.subject);
        }
        // Clients keep to what all masters have, and trust what some may have already.
        record.taken.ca_step = 1;
        record.sent.ca_step = 2;
        let client = signer(&record, &secrets).unwrap();
        assert_eq!(client.certificate.expose_secret(), &old);
        assert!(client.trust.starts_with(old.trim_end()) && client.trust.ends_with(&new));
        record.taken.ca_step = 2;
        assert_eq!(signer(&record, &secrets).unwrap().certificate.expose_secret(), &new);
        record.taken.ca_step = 3;
        record.sent.ca_step = 3;
        assert_eq!(signer(&record, &secrets).unwrap().trust, new);
        record.taken.ca_step = 4;
        assert_eq!(authorities(&record.taken), Authorities { signing: 1, other: Some(2) });
        assert!(signer(&record, &secrets).is_err_and(|problem| problem.summary.contains("ca_cert.2")));
    }
}
