//! A cluster's certificates: three authorities and a service-account key pair made
//! at creation, client certificates issued and requests signed from the Kubernetes authority later.
//!
//! Pure but for the system's random numbers: no files, no clock (`now` is an
//! argument), and nothing of clouds or stores. Private keys travel as
//! [`SecretString`], PEM with PKCS#8 inside. What is in the certificates follows
//! Magnum (magnum/common/x509/operations.py), with ECDSA P-256 in place of RSA 2048.
//! Start reading at [`generate`].

mod describe;
mod issue;
mod request;
mod sign;
mod subject;
mod user;

use std::collections::BTreeMap;

use aws_lc_rs::rand;
use chrono::{DateTime, Utc};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use secrecy::SecretString;

pub use describe::{Description, describe};
pub use issue::{issue_client, issue_join};
pub use request::request;
pub use sign::sign;
pub use user::{User, issue_user};

use crate::model::Problem;

/// How long authorities last, and what a client certificate should ask for at most: Magnum's five years.
pub const DEFAULT_DAYS: u32 = 1825;

/// Why a certificate could not be made or read. Never holds key material.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PkiError {
    #[error("no certificate can be made for \"{subject}\": {why}")]
    Subject { subject: String, why: &'static str },
    #[error("the validity of the certificate lies outside of what X.509 can say")]
    Validity,
    #[error("the private key cannot be read")]
    Key,
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
    #[error("this is not a PEM certificate: {0}")]
    Parse(String),
    /// What somebody else wants signed is not what this authority signs.
    #[error("the certificate signing request is refused: {0}")]
    Request(String),
    #[error("the authority has expired: it signs nothing any more")]
    Expired,
    /// The crypto library refused; happens when the system gives no random numbers.
    #[error("the certificate could not be made: {0}")]
    Crypto(String),
}

impl From<PkiError> for Problem {
    fn from(error: PkiError) -> Self {
        match error {
            PkiError::Subject { .. } | PkiError::Request(_) => Self::invalid(error.to_string()),
            _ => Self::local(error.to_string()),
        }
    }
}

impl From<rcgen::Error> for PkiError {
    fn from(error: rcgen::Error) -> Self {
        Self::Crypto(error.to_string())
    }
}

/// Everything secret or signed that a new cluster needs, by the names that
/// [`crate::driver::PlanInput::secrets`] lists. Authorities are valid from one day
/// before `now` (clocks of nodes may be slow) for [`DEFAULT_DAYS`].
///
/// `cluster_name` becomes the Kubernetes authority's common name; kubeadm's names stand on the others.
pub fn generate(cluster_name: &str, now: DateTime<Utc>) -> Result<BTreeMap<String, SecretString>, PkiError> {
    let mut made = BTreeMap::new();
    let mut keep = |name: &str, value: String| made.insert(name.to_owned(), SecretString::from(value));
    for (name, common_name) in
        [("ca", cluster_name), ("etcd_ca", "etcd-ca"), ("front_proxy_ca", "kubernetes-front-proxy-ca")]
    {
        let key = new_key()?;
        keep(&format!("{name}_cert"), issue::authority(common_name, &key, now)?.pem());
        keep(&format!("{name}_key"), key.serialize_pem());
    }
    let service_account = new_key()?;
    keep("service_account_key", service_account.serialize_pem());
    keep("service_account_public_key", service_account.public_key_pem());
    Ok(made)
}

/// A further Kubernetes authority for the same cluster: `(certificate PEM, key PEM)`. What tells the
/// two apart is their key identifiers.
pub fn next_authority(cluster_name: &str, now: DateTime<Utc>) -> Result<(String, SecretString), PkiError> {
    let key = new_key()?;
    Ok((issue::authority(cluster_name, &key, now)?.pem(), SecretString::from(key.serialize_pem())))
}

fn new_key() -> Result<KeyPair, PkiError> {
    Ok(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?)
}

fn random(bytes: &mut [u8]) -> Result<(), PkiError> {
    rand::fill(bytes).map_err(|_| PkiError::Crypto("the system gave no random numbers".into()))
}

#[cfg(test)]
mod tests;
