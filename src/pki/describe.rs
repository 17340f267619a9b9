//! Reading a certificate for people: who, which key, from when to when.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKCS1_RSAENCRYPTION,
    OID_SIG_ED25519,
};
use x509_parser::pem::Pem;
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::PkiError;
use crate::model::text;

/// What a certificate says of itself. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// `CN=prod-east`; cleaned for display.
    pub subject: String,
    /// Hex of SHA-256 over the DER form, `AB:CD:…`, as `openssl x509 -fingerprint -sha256` prints it.
    pub fingerprint: String,
    /// Hex, as `openssl x509 -serial` prints it.
    pub serial: String,
    /// `client auth`, `server auth`, `certificate signing`; empty when it says nothing of them.
    pub usages: Vec<String>,
    /// `ECDSA P-256`, `RSA 2048`, `Ed25519`; the algorithm's object identifier when it is none we know.
    pub key_type: String,
    pub not_before: DateTime<Utc>,
    pub not_after: DateTime<Utc>,
    /// DER of the SubjectPublicKeyInfo.
    pub public_key: Vec<u8>,
}

/// Reads the first certificate in a PEM text; other blocks before it are passed over.
pub fn describe(pem: impl AsRef<[u8]>) -> Result<Description, PkiError> {
    let block = Pem::iter_from_buffer(pem.as_ref())
        .find(|block| !matches!(block, Ok(block) if block.label != "CERTIFICATE"))
        .ok_or_else(|| PkiError::Parse("there is no CERTIFICATE block in it".into()))?
        .map_err(|error| PkiError::Parse(error.to_string()))?;
    let certificate = block.parse_x509().map_err(|error| PkiError::Parse(error.to_string()))?;
    Ok(Description {
        subject: text::clean(&certificate.subject().to_string()),
        fingerprint: fingerprint(&block.contents),
        serial: serial(certificate.raw_serial()),
        usages: usages(&certificate),
        key_type: key_type(certificate.public_key()),
        not_before: time(certificate.validity().not_before)?,
        not_after: time(certificate.validity().not_after)?,
        public_key: certificate.public_key().raw.to_vec(),
    })
}

fn fingerprint(der: &[u8]) -> String {
    let pairs: Vec<String> = digest(&SHA256, der).as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// Without the octet that only says "positive".
fn serial(raw: &[u8]) -> String {
    let number = match raw {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    number.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn usages(certificate: &X509Certificate<'_>) -> Vec<String> {
    let extended = certificate.extended_key_usage().ok().flatten().map(|extension| extension.value);
    let signs = certificate.key_usage().ok().flatten().is_some_and(|extension| extension.value.key_cert_sign());
    let told = [
        (extended.is_some_and(|usage| usage.client_auth), "client auth"),
        (extended.is_some_and(|usage| usage.server_auth), "server auth"),
        (signs, "certificate signing"),
    ];
    told.into_iter().filter(|(on, _)| *on).map(|(_, word)| word.to_owned()).collect()
}

pub(super) fn key_type(key: &SubjectPublicKeyInfo<'_>) -> String {
    let algorithm = &key.algorithm.algorithm;
    if *algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY {
        let curve = key.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
        let known = [(OID_EC_P256, "P-256"), (OID_NIST_EC_P384, "P-384"), (OID_NIST_EC_P521, "P-521")];
        return match curve {
            Some(curve) => match known.iter().find(|(oid, _)| *oid == curve) {
                Some((_, name)) => format!("ECDSA {name}"),
                None => format!("ECDSA {curve}"),
            },
            None => "ECDSA".into(),
        };
    }
    if *algorithm == OID_PKCS1_RSAENCRYPTION {
        return match key.parsed() {
            Ok(PublicKey::RSA(rsa)) => {
                let leading = rsa.modulus.iter().take_while(|byte| **byte == 0).count();
                format!("RSA {}", (rsa.modulus.len() - leading) * 8)
            }
            _ => "RSA".into(),
        };
    }
    if *algorithm == OID_SIG_ED25519 { "Ed25519".into() } else { algorithm.to_id_string() }
}

fn time(time: ASN1Time) -> Result<DateTime<Utc>, PkiError> {
    DateTime::from_timestamp(time.timestamp(), 0).ok_or(PkiError::Validity)
}
