//! Making certificates: self-signed authorities and client certificates signed by one.
//! What others ask to have signed is judged by `sign`.

use std::time::Duration;

use chrono::{DateTime, Days, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PublicKeyData, SerialNumber, date_time_ymd,
};
use secrecy::{ExposeSecret, SecretString};

use super::{DEFAULT_DAYS, PkiError, describe, new_key, random};
use crate::model::text;

/// RFC 5280's upper bound for a common name and an organization name.
const NAME_MAX: usize = 64;

/// A self-signed authority that may sign leaves but no further authority.
pub(super) fn authority(common_name: &str, key: &KeyPair, now: DateTime<Utc>) -> Result<Certificate, PkiError> {
    let mut params = basis(after(DEFAULT_DAYS, now)?, now)?;
    params.distinguished_name.push(DnType::CommonName, name(common_name)?);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params.self_signed(key)?)
}

/// A client certificate with a key of its own, signed by the authority: `(certificate PEM, key PEM)`.
/// Kubernetes reads the user from `common_name` and the group from `organization`.
/// Valid from one day before `now` for `days`, but never longer than the authority.
pub fn issue_client(
    ca_cert: &str,
    ca_key: &SecretString,
    common_name: &str,
    organization: &str,
    days: u32,
    now: DateTime<Utc>,
) -> Result<(String, SecretString), PkiError> {
    client(ca_cert, ca_key, common_name, organization, after(days, now)?, now)
}

fn client(
    ca_cert: &str,
    ca_key: &SecretString,
    common_name: &str,
    organization: &str,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(String, SecretString), PkiError> {
    let issuer = Signer::load(ca_cert, ca_key)?;
    let mut params = issuer.leaf(until, now)?;
    params.distinguished_name.push(DnType::CommonName, name(common_name)?);
    params.distinguished_name.push(DnType::OrganizationName, name(organization)?);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = new_key()?;
    let certificate = params.signed_by(&key, &issuer.issuer)?;
    Ok((certificate.pem(), SecretString::from(key.serialize_pem())))
}

/// What nodes show the API until their kubelets have certificates of their own: kubeadm's rules let this
/// group ask for exactly that. Valid for `life` (the stack operation that makes the nodes, and a little more).
/// <https://kubernetes.io/docs/reference/setup-tools/kubeadm/kubeadm-join/#file-or-https-based-discovery>
pub fn issue_join(
    ca_cert: &str,
    ca_key: &SecretString,
    life: TimeDelta,
    now: DateTime<Utc>,
) -> Result<(String, SecretString), PkiError> {
    let until = now.checked_add_signed(life).ok_or(PkiError::Validity)?;
    client(ca_cert, ca_key, "kubeadm:join", "system:bootstrappers:kubeadm:default-node-token", until, now)
}

/// An authority with the key to sign with.
pub(super) struct Signer {
    pub(super) issuer: Issuer<'static, KeyPair>,
    pub(super) not_after: DateTime<Utc>,
}

impl Signer {
    pub(super) fn load(ca_cert: &str, ca_key: &SecretString) -> Result<Self, PkiError> {
        let authority = describe(ca_cert)?;
        let ca_key = KeyPair::from_pem(ca_key.expose_secret()).map_err(|_| PkiError::Key)?;
        if ca_key.subject_public_key_info() != authority.public_key {
            return Err(PkiError::KeyMismatch);
        }
        Ok(Self { issuer: Issuer::from_ca_cert_pem(ca_cert, ca_key)?, not_after: authority.not_after })
    }

    /// A leaf without a subject: says that it is no authority, has both key identifiers, and is
    /// valid from one day before `now`, but never longer than the authority.
    pub(super) fn leaf(&self, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<CertificateParams, PkiError> {
        let mut params = basis(until, now)?;
        params.not_after = params.not_after.min(date_time_ymd(1970, 1, 1) + since_epoch(self.not_after)?);
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }
}

/// Random serial number and validity: what every certificate has.
fn basis(until: DateTime<Utc>, now: DateTime<Utc>) -> Result<CertificateParams, PkiError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let mut serial = [0_u8; 16];
    random(&mut serial)?;
    // Positive and not empty, whatever was drawn: RFC 5280, 4.1.2.2.
    serial[0] = serial[0] & 0x7f | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_epoch(now.checked_sub_days(Days::new(1)).ok_or(PkiError::Validity)?)?;
    params.not_after = epoch + since_epoch(until)?;
    Ok(params)
}

pub(super) fn after(days: u32, now: DateTime<Utc>) -> Result<DateTime<Utc>, PkiError> {
    now.checked_add_days(Days::new(days.into())).ok_or(PkiError::Validity)
}

pub(super) fn name(text: &str) -> Result<&str, PkiError> {
    let refuse = |why| Err(PkiError::Subject { subject: text::clean(text), why });
    if text.is_empty() {
        return refuse("the name is empty");
    }
    if text.chars().count() > NAME_MAX {
        return refuse("a name in a certificate has at most 64 characters");
    }
    if text.chars().any(text::is_unsafe) {
        return refuse("it has a control character in it");
    }
    Ok(text)
}

/// From 1970, the base that rcgen can add to without its `time` crate in our tree.
/// X.509 can say nothing after the year 9999.
pub(super) fn since_epoch(time: DateTime<Utc>) -> Result<Duration, PkiError> {
    const YEAR_10000: u64 = 253_402_300_800;
    let seconds = u64::try_from(time.timestamp()).ok().filter(|seconds| *seconds < YEAR_10000);
    seconds.map(Duration::from_secs).ok_or(PkiError::Validity)
}
