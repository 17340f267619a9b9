//! What a cluster has in the cloud beside its stack: an application credential for the add-ons
//! inside it, and the keys of its authorities where they are kept in Barbican.
//!
//! Both are made before the stack and deleted after it, and found again by names that follow
//! from the cluster's uuid: whatever an interrupted attempt left is cleared away by the next one.
//! Start reading at [`ready`] and [`clear`].

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};
use tracing::{info, warn};

use super::Ports;
use super::keys::{self, CREDENTIAL};
use crate::cloud::{CloudError, CloudErrorKind, KeyManager};
use crate::driver::Drivers;
use crate::model::{ClusterId, Labels, Problem, ProblemKind};
use crate::store::{ClusterRecord, Secrets, StoreError};

/// Label, and setting, that says where authorities' keys are kept.
pub const CERT_MANAGER: &str = "cert_manager";
pub const BARBICAN: &str = "barbican";
/// The other choice, and the default: sealed in our own store.
pub const SEALED: &str = "store";

/// Secrets that Barbican keeps when it is chosen.
const KEYS: [&str; 4] = ["ca_key", "etcd_ca_key", "front_proxy_ca_key", "service_account_key"];
/// Stands before a reference in place of a secret's text.
const REFERENCE: &str = "barbican:";

/// Also the later generations' of a key, which have a number behind its name.
fn is_key(name: &str) -> bool {
    KEYS.contains(&name.split_once('.').map_or(name, |(base, _)| base))
}

/// Whether the keys of a cluster with these labels go to Barbican.
pub fn is_in_barbican(labels: &Labels) -> bool {
    labels.get(CERT_MANAGER) == Some(BARBICAN)
}

/// Whether the cluster's driver hands a credential to add-ons, and some of them need it.
pub fn needs_credential(record: &ClusterRecord, drivers: &Drivers) -> bool {
    let driver = drivers.get(&record.cluster.driver);
    driver.is_some_and(|driver| driver.needs_credential(&record.plan_input(&Secrets::new())))
}

/// Names that a driver may ask for before their values are known; empty ones mean "none is needed".
pub fn placeholders(secrets: &mut Secrets) {
    for name in CREDENTIAL {
        secrets.entry(name.to_owned()).or_insert_with(|| SecretString::from(""));
    }
}

/// Makes what is missing and gives all of the cluster's secrets, those from Barbican too.
pub async fn ready(ports: &Ports, record: &ClusterRecord) -> Result<Result<Secrets, CloudError>, StoreError> {
    let id = record.id();
    let mut secrets = ports.store.secrets(id).await?;
    placeholders(&mut secrets);
    let number = record.sent.credential;
    if is_empty(&secrets, &keys::name(CREDENTIAL[0], number)) && needs_credential(record, &ports.drivers) {
        // Noted first: of one whose answer is lost and that is given up later, this is all there is to find it by.
        let noted = Secrets::from([(keys::name(CREDENTIAL[0], number), SecretString::from(""))]);
        ports.store.add_secrets(id, &noted).await?;
        match credential(ports, record, number).await {
            Ok(made) => {
                ports.store.add_secrets(id, &made).await?;
                secrets.extend(made);
            }
            Err(error) => return Ok(Err(error)),
        }
    }
    if is_in_barbican(&record.cluster.labels) {
        let open = secrets.iter().filter(|(name, key)| is_key(name) && reference(key).is_none());
        for (name, key) in open.map(|(name, key)| (name.clone(), key.clone())).collect::<Vec<_>>() {
            let kept = match keep(&*ports.key_manager, id, &name, &key).await {
                Ok(reference) => Secrets::from([(name, reference)]),
                Err(error) => return Ok(Err(error)),
            };
            ports.store.add_secrets(id, &kept).await?;
            secrets.extend(kept);
        }
    }
    Ok(open(&*ports.key_manager, secrets).await)
}

/// Puts the text in place of each reference.
pub async fn open(manager: &dyn KeyManager, secrets: Secrets) -> Result<Secrets, CloudError> {
    let mut opened = BTreeMap::new();
    for (name, secret) in secrets {
        let text = match reference(&secret) {
            None => secret,
            Some(reference) => manager.secret(reference).await?.ok_or_else(|| CloudError {
                kind: CloudErrorKind::NotFound,
                service: BARBICAN.into(),
                status: Some(404),
                request_id: None,
                message: format!("the key {name} of this cluster, secret {reference}, is not there any more"),
                retry_after: None,
            })?,
        };
        opened.insert(name, text);
    }
    Ok(opened)
}

/// Deletes what [`ready`] made, also of an attempt that was interrupted. What we may not delete
/// is left and said in the log: a cluster must not stay for ever because of it.
pub async fn clear(ports: &Ports, record: &ClusterRecord) -> Result<Result<(), CloudError>, StoreError> {
    let id = record.id();
    let secrets = ports.store.secrets(id).await?;
    if !is_empty(&secrets, CREDENTIAL[0]) || needs_credential(record, &ports.drivers) {
        for number in numbers(&secrets) {
            let gone = ports.delegation.delete_credential(&credential_name(id, number)).await;
            if let Err(error) = or_left(gone, id, "its application credential") {
                return Ok(Err(error));
            }
        }
    }
    let mut kept: Vec<String> = secrets.values().filter_map(|secret| reference(secret).map(str::to_owned)).collect();
    if is_in_barbican(&record.cluster.labels) {
        // Also of later generations, whose reference an interrupted attempt did not bring home.
        let names: BTreeSet<&str> =
            secrets.keys().map(String::as_str).filter(|name| is_key(name)).chain(KEYS).collect();
        for name in names {
            match or_left(ports.key_manager.secrets_named(&key_name(id, name)).await, id, "its keys in Barbican") {
                Ok(found) => kept.extend(found.unwrap_or_default()),
                Err(error) => return Ok(Err(error)),
            }
        }
    }
    kept.sort_unstable();
    kept.dedup();
    for reference in kept {
        if let Err(error) = or_left(ports.key_manager.delete_secret(&reference).await, id, "a key in Barbican") {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

/// Revokes every credential but the one that the stack has by now.
pub async fn retire(ports: &Ports, record: &ClusterRecord) -> Result<Result<(), CloudError>, StoreError> {
    let id = record.id();
    let secrets = ports.store.secrets(id).await?;
    for number in numbers(&secrets).filter(|number| *number != record.sent.credential) {
        let gone = ports.delegation.delete_credential(&credential_name(id, number)).await;
        if let Err(error) = or_left(gone, id, "its old application credential") {
            return Ok(Err(error));
        }
        let names = CREDENTIAL.map(|of| keys::name(of, number));
        if !is_empty(&secrets, &names[0]) {
            info!(cluster = %id, number, "old application credential revoked");
            ports.store.add_secrets(id, &names.map(|name| (name, SecretString::from(""))).into()).await?;
        }
    }
    Ok(Ok(()))
}

/// Why the cluster's credential cannot be rotated.
pub fn has_credential(record: &ClusterRecord, drivers: &Drivers) -> Result<(), Problem> {
    if needs_credential(record, drivers) {
        return Ok(());
    }
    let told = format!(
        "cluster \"{}\" has no credential to rotate: none of its add-ons talks to the cloud",
        record.cluster.name
    );
    Err(Problem::conflict(told))
}

/// Why a cluster that needs more than Heat cannot be made with this login, before anything is.
pub fn refusal(record: &ClusterRecord, drivers: &Drivers, may_delegate: bool, has_barbican: bool) -> Option<Problem> {
    let name = &record.cluster.name;
    if !may_delegate && needs_credential(record, drivers) {
        let told = format!(
            "the add-ons of cluster \"{name}\" need an application credential of their own, and this login is itself one that may make no others"
        );
        return Some(Problem::new(ProblemKind::Denied, told).on_field("labels").advise(
            "Log in with a password, or with an application credential made with --unrestricted; or leave out what talks to the cloud (cloud_provider_enabled, cinder_csi_enabled, auto_scaling_enabled, volume driver)",
        ));
    }
    match record.cluster.labels.get(CERT_MANAGER) {
        Some(BARBICAN) if !has_barbican => Some(
            Problem::invalid("the cluster's keys are to be kept in Barbican, and this cloud has none (key-manager)")
                .on_field("labels")
                .advise("Leave out the label cert_manager: then they are kept sealed in Jeroboam's own store"),
        ),
        None | Some(BARBICAN | SEALED) => None,
        Some(other) => Some(
            Problem::invalid(format!("label cert_manager: \"{other}\" is no place to keep keys in"))
                .on_field("labels")
                .advise(format!("There are: {SEALED} (sealed in Jeroboam's own store), {BARBICAN}")),
        ),
    }
}

async fn credential(ports: &Ports, record: &ClusterRecord, number: u32) -> Result<Secrets, CloudError> {
    let (id, name) = (record.id(), credential_name(record.id(), number));
    let told = format!("For add-ons inside the Kubernetes cluster {}", record.cluster.name);
    let made = match ports.delegation.create_credential(&name, &told).await {
        // Of an attempt whose answer was lost, and its secret with it.
        Err(error) if error.kind == CloudErrorKind::Conflict => {
            ports.delegation.delete_credential(&name).await?;
            ports.delegation.create_credential(&name, &told).await
        }
        other => other,
    };
    let made = made.map_err(|mut error| {
        if error.kind == CloudErrorKind::Forbidden {
            error.message = format!(
                "no application credential for the cluster's add-ons may be made with this login: {}. Log in with a password, or leave these add-ons out",
                error.message
            );
        }
        error
    })?;
    info!(cluster = %id, credential = made.id, "application credential made");
    let [known, secret] = CREDENTIAL.map(|of| keys::name(of, number));
    Ok(Secrets::from([(known, SecretString::from(made.id)), (secret, made.secret)]))
}

/// Stores one key; gives what stands for it from now on.
async fn keep(
    manager: &dyn KeyManager,
    id: ClusterId,
    name: &str,
    key: &SecretString,
) -> Result<SecretString, CloudError> {
    let wanted = key_name(id, name);
    // Of an attempt whose answer was lost.
    for left in manager.secrets_named(&wanted).await? {
        manager.delete_secret(&left).await?;
    }
    let reference = manager.store_secret(&wanted, key).await?;
    info!(cluster = %id, key = name, reference, "key is kept in Barbican");
    Ok(SecretString::from(format!("{REFERENCE}{reference}")))
}

/// `None`: it is not ours to touch, which the log says.
fn or_left<T>(result: Result<T, CloudError>, id: ClusterId, what: &str) -> Result<Option<T>, CloudError> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(error) if matches!(error.kind, CloudErrorKind::Forbidden | CloudErrorKind::NoService) => {
            warn!(cluster = %id, %error, request_id = error.request_id, "{what} cannot be deleted with this login and stays");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn credential_name(id: ClusterId, number: u32) -> String {
    keys::name(&format!("jeroboam-{id}"), number)
}

/// Of every credential that was ever begun; always the first one's.
fn numbers(secrets: &Secrets) -> impl Iterator<Item = u32> {
    let last =
        secrets.keys().filter_map(|name| name.strip_prefix(CREDENTIAL[0])?.strip_prefix('.')?.parse().ok()).max();
    0..=last.unwrap_or(0)
}

fn key_name(id: ClusterId, name: &str) -> String {
    format!("jeroboam-{id}-{name}")
}

fn reference(secret: &SecretString) -> Option<&str> {
    secret.expose_secret().strip_prefix(REFERENCE)
}

fn is_empty(secrets: &Secrets, name: &str) -> bool {
    secrets.get(name).is_none_or(|secret| secret.expose_secret().is_empty())
}

#[cfg(test)]
pub(crate) mod tests;
