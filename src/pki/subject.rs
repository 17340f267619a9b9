//! Subjects that our library cannot write: any that somebody else chose, byte for byte, and ones
//! with several organizations, which are a Kubernetes user's groups.
//!
//! The library holds a subject as a map and so keeps one value of a kind. A certificate is
//! therefore made without a subject, the wanted one is put in its place, and the whole is signed
//! again. What comes out is read once more by another library before anybody gets it.
//! Start reading at [`with_subject`].

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair, PublicKeyData, SigningKey};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::PkiError;
use super::issue::{Signer, name};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
const UTF8: u8 = 0x0c;
const BIT_STRING: u8 = 0x03;
/// id-at-commonName, id-at-organizationName.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const ORGANIZATION: [u8; 3] = [0x55, 0x04, 0x0a];
/// In a certificate's content before the subject: version, serial number, algorithm, issuer, validity.
const BEFORE_SUBJECT: usize = 5;

/// DER of a name: an organization for each group, then the user as the common name, as kubeadm
/// orders them. <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates>
pub(super) fn user_and_groups(user: &str, groups: &[String]) -> Result<Vec<u8>, PkiError> {
    let mut content = Vec::new();
    for group in groups {
        content.extend(attribute(&ORGANIZATION, name(group)?));
    }
    content.extend(attribute(&COMMON_NAME, name(user)?));
    Ok(element(SEQUENCE, &content))
}

fn attribute(oid: &[u8], value: &str) -> Vec<u8> {
    let pair = [element(OID, oid), element(UTF8, value.as_bytes())].concat();
    element(SET, &element(SEQUENCE, &pair))
}

/// The certificate (PEM) of `params` and `key` with this DER as its subject, signed by the authority.
/// `params` must have no subject of its own.
pub(super) fn with_subject(
    signer: &Signer,
    params: CertificateParams,
    key: &impl PublicKeyData,
    subject: &[u8],
) -> Result<String, PkiError> {
    let draft = params.signed_by(key, &signer.issuer)?;
    let odd = || PkiError::Crypto("a certificate was not made as expected".into());
    let whole = inside(draft.der()).ok_or_else(odd)?;
    let [content, algorithm, _] = whole.as_slice() else { return Err(odd()) };
    let fields = inside(content).ok_or_else(odd)?;
    if fields.get(BEFORE_SUBJECT) != Some(&[SEQUENCE, 0].as_slice()) {
        return Err(odd());
    }
    let put = fields.iter().enumerate().map(|(at, field)| if at == BEFORE_SUBJECT { subject } else { field });
    let content = element(SEQUENCE, &put.collect::<Vec<_>>().concat());
    let ca_key = signer.issuer.key();
    // No bits of the last octet are unused.
    let signature = element(BIT_STRING, &[&[0], ca_key.sign(&content)?.as_slice()].concat());
    let der = element(SEQUENCE, &[content.as_slice(), algorithm, &signature].concat());
    verified(&der, ca_key, subject, key)?;
    Ok(pem(&der))
}

/// The last word has who reads it: subject and key as asked for, signed by the authority.
fn verified(der: &[u8], ca_key: &KeyPair, subject: &[u8], key: &impl PublicKeyData) -> Result<(), PkiError> {
    let refuse = |why: &str| PkiError::Crypto(format!("a certificate was made that {why}"));
    let (rest, read) = x509_parser::parse_x509_certificate(der).map_err(|_| refuse("cannot be read"))?;
    let authority = ca_key.subject_public_key_info();
    let (_, authority) =
        SubjectPublicKeyInfo::from_der(&authority).map_err(|_| refuse("has no authority that can be read"))?;
    read.verify_signature(Some(&authority)).map_err(|_| refuse("its authority did not sign"))?;
    if !rest.is_empty() || read.subject().as_raw() != subject {
        return Err(refuse("has another subject"));
    }
    if read.public_key().raw != key.subject_public_key_info() {
        return Err(refuse("has another key"));
    }
    Ok(())
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = next;
    }
    out.push_str("-----END CERTIFICATE-----\n");
    out
}

/// Tag, length, content.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    match significant.as_slice() {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            // At most eight octets: usize.
            out.push(0x80 | long.len() as u8);
            out.extend(long);
        }
    }
    out.extend(content);
    out
}

/// The first element: all of it, its content, and what follows.
fn split(der: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let first = *der.get(1)?;
    let (header, length) = if first < 0x80 {
        (2, usize::from(first))
    } else {
        let octets = usize::from(first & 0x7f);
        let length = der
            .get(2..2 + octets)?
            .iter()
            .try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))?;
        (2 + octets, length)
    };
    let end = header.checked_add(length)?;
    Some((der.get(..end)?, der.get(header..end)?, der.get(end..)?))
}

/// All elements within one, one after the other.
fn inside(der: &[u8]) -> Option<Vec<&[u8]>> {
    let (_, mut content, _) = split(der)?;
    let mut found = Vec::new();
    while !content.is_empty() {
        let (whole, _, rest) = split(content)?;
        found.push(whole);
        content = rest;
    }
    Some(found)
}
