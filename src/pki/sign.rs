//! Signing what somebody else asks for: a PKCS#10 request (RFC 2986) by Magnum's rules
//! (magnum/common/x509/validator.py and operations.py). Start reading at [`sign`].

use chrono::{DateTime, Utc};
use rcgen::{
    CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, KeyUsagePurpose, PublicKeyData, SubjectPublicKeyInfo,
};
use secrecy::SecretString;
use x509_parser::asn1_rs::{Any, FromDer};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::error::X509Error;
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName, KeyUsage, ParsedExtension, X509Extension};
use x509_parser::oid_registry::{OID_PKCS1_SHA1WITHRSA, OID_SHA1_WITH_RSA, OID_X509_EXT_SUBJECT_KEY_IDENTIFIER};
use x509_parser::pem::Pem;

use super::PkiError;
use super::issue::{Signer, after};
use super::subject::with_subject;

/// Longest text in bytes that is looked at. A request with an RSA 8192 key and a hundred names has a tenth of it.
const REQUEST_MAX: usize = 64 * 1024;

/// id-ce-subjectAltName.
const SUBJECT_ALT_NAME: &[u64] = &[2, 5, 29, 17];

/// Signs the first certificate request in a PEM text; gives the certificate as PEM.
///
/// - Subject, public key and subject alternative names are the request's, byte for byte. There
///   is no rule for the subject: who may ask here may become `system:masters`.
/// - The request must be signed by its own key; RSA from 2048 bits, ECDSA P-256 and P-384, Ed25519.
/// - It may not ask to be an authority. Key usages are narrowed down to digital signature, key
///   encipherment and non-repudiation, extended ones to server and client authentication; when
///   an extension is critical or nothing of it would remain, the request is refused instead.
/// - Any other extension is refused when it is critical and left out when it is not.
/// - Subject and authority key identifiers are always set by us, from the keys.
/// - Valid from one day before `now` for `days`, but never longer than the authority.
pub fn sign(
    ca_cert: &str,
    ca_key: &SecretString,
    csr_pem: impl AsRef<[u8]>,
    days: u32,
    now: DateTime<Utc>,
) -> Result<String, PkiError> {
    let signer = Signer::load(ca_cert, ca_key)?;
    if signer.not_after <= now {
        return Err(PkiError::Expired);
    }
    let der = block(csr_pem.as_ref())?;
    let (rest, request) =
        X509CertificationRequest::from_der(&der).map_err(|error| refusal(format!("it cannot be read: {error}")))?;
    if !rest.is_empty() {
        return Err(refusal("something follows the request within its PEM block"));
    }
    // The one algorithm that would be verified with RSA keys shorter than 2048 bits.
    if [OID_PKCS1_SHA1WITHRSA, OID_SHA1_WITH_RSA].contains(&request.signature_algorithm.algorithm) {
        return Err(refusal("it is signed with SHA-1, which is not trusted any more"));
    }
    request.verify_signature().map_err(|error| match error {
        X509Error::SignatureUnsupportedAlgorithm => {
            refusal("it is signed with an algorithm that is not supported; RSA, ECDSA P-256, P-384 and Ed25519 are")
        }
        _ => refusal("its signature is not made by its key"),
    })?;

    let info = &request.certification_request_info;
    let mut params = signer.leaf(after(days, now)?, now)?;
    let mut seen = Vec::new();
    for extension in requested(&request)? {
        if seen.contains(&&extension.oid) {
            return Err(refusal(format!("extension {} stands in it twice", extension.oid)));
        }
        seen.push(&extension.oid);
        take(extension, &mut params)?;
    }
    let key = SubjectPublicKeyInfo::from_der(info.subject_pki.raw)
        .map_err(|_| refusal("its kind of key is not supported; RSA, ECDSA P-256, P-384 and Ed25519 are"))?;
    if key.subject_public_key_info() != info.subject_pki.raw {
        return Err(refusal("its public key has a form that cannot be kept unchanged"));
    }
    with_subject(&signer, params, &key, info.subject.as_raw())
}

pub(super) fn refusal(why: impl Into<String>) -> PkiError {
    PkiError::Request(why.into())
}

/// DER of the first request in the text; blocks of other kinds, such as its key, are passed over.
pub(super) fn block(pem: &[u8]) -> Result<Vec<u8>, PkiError> {
    if pem.len() > REQUEST_MAX {
        return Err(refusal(format!("it is longer than {} KiB", REQUEST_MAX / 1024)));
    }
    for block in Pem::iter_from_buffer(pem) {
        let block = block.map_err(|error| refusal(format!("its PEM cannot be read: {error}")))?;
        if matches!(block.label.as_str(), "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST") {
            return Ok(block.contents);
        }
    }
    Err(refusal("there is no CERTIFICATE REQUEST block in it: it must be PEM"))
}

fn requested<'a>(request: &'a X509CertificationRequest<'a>) -> Result<&'a [X509Extension<'a>], PkiError> {
    let mut lists = request.certification_request_info.iter_attributes().filter_map(|attribute| {
        match attribute.parsed_attribute() {
            ParsedCriAttribute::ExtensionRequest(list) => Some(list.extensions.as_slice()),
            _ => None,
        }
    });
    let first = lists.next().unwrap_or_default();
    if lists.next().is_some() {
        return Err(refusal("it has two lists of extensions"));
    }
    Ok(first)
}

/// One extension of the request: into the certificate, left out, or a refusal.
fn take(extension: &X509Extension<'_>, params: &mut CertificateParams) -> Result<(), PkiError> {
    match extension.parsed_extension() {
        ParsedExtension::KeyUsage(asked) => params.key_usages = key_usages(asked, extension.critical)?,
        ParsedExtension::ExtendedKeyUsage(asked) => {
            params.extended_key_usages = extended_key_usages(asked, extension.critical)?;
        }
        ParsedExtension::SubjectAlternativeName(asked) => {
            let whole = Any::from_der(extension.value).is_ok_and(|(rest, _)| rest.is_empty());
            let sound = asked.general_names.iter().all(|name| !matches!(name, GeneralName::Invalid(..)));
            if !whole || !sound || asked.general_names.is_empty() {
                return Err(refusal("its subject alternative names cannot be read"));
            }
            let mut kept = CustomExtension::from_oid_content(SUBJECT_ALT_NAME, extension.value.to_vec());
            kept.set_criticality(extension.critical);
            params.custom_extensions.push(kept);
        }
        ParsedExtension::BasicConstraints(asked) if asked.ca => {
            return Err(refusal("it asks for an authority (CA:TRUE), and only leaves are signed"));
        }
        ParsedExtension::BasicConstraints(_) => {}
        ParsedExtension::ParseError { .. } => {
            return Err(refusal(format!("its extension {} cannot be read", extension.oid)));
        }
        // Ours is in its place.
        _ if extension.oid == OID_X509_EXT_SUBJECT_KEY_IDENTIFIER => {}
        _ if extension.critical => {
            return Err(refusal(format!("extension {} is critical, and it is not allowed", extension.oid)));
        }
        _ => {}
    }
    Ok(())
}

fn key_usages(asked: &KeyUsage, critical: bool) -> Result<Vec<KeyUsagePurpose>, PkiError> {
    let allowed = [
        (asked.digital_signature(), KeyUsagePurpose::DigitalSignature),
        (asked.non_repudiation(), KeyUsagePurpose::ContentCommitment),
        (asked.key_encipherment(), KeyUsagePurpose::KeyEncipherment),
    ];
    let kept: Vec<KeyUsagePurpose> = allowed.into_iter().filter(|(asked, _)| *asked).map(|(_, usage)| usage).collect();
    let all = asked.flags.count_ones() as usize == kept.len();
    narrowed(kept, all, critical, "key usages", "digital signature, key encipherment and non-repudiation")
}

fn extended_key_usages(asked: &ExtendedKeyUsage<'_>, critical: bool) -> Result<Vec<ExtendedKeyUsagePurpose>, PkiError> {
    let allowed = [
        (asked.server_auth, ExtendedKeyUsagePurpose::ServerAuth),
        (asked.client_auth, ExtendedKeyUsagePurpose::ClientAuth),
    ];
    let kept = allowed.into_iter().filter(|(asked, _)| *asked).map(|(_, usage)| usage).collect();
    let further = [asked.any, asked.code_signing, asked.email_protection, asked.time_stamping, asked.ocsp_signing];
    let all = asked.other.is_empty() && !further.contains(&true);
    narrowed(kept, all, critical, "extended key usages", "server and client authentication")
}

/// What is left of a list of usages. None at all would allow every usage, so that is refused.
fn narrowed<T>(kept: Vec<T>, all: bool, critical: bool, what: &str, allowed: &str) -> Result<Vec<T>, PkiError> {
    if kept.is_empty() || (critical && !all) {
        return Err(refusal(format!("its {what} are not allowed; {allowed} are")));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests;
