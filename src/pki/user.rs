//! Client certificates for a chosen user and groups, for as long as is wanted.

use chrono::{DateTime, TimeDelta, Utc};
use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose, date_time_ymd};
use secrecy::SecretString;

use super::issue::{Signer, since_epoch};
use super::subject::{user_and_groups, with_subject};
use super::{DEFAULT_DAYS, PkiError, new_key};

/// As whom a certificate logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub groups: Vec<String>,
}

/// More groups than anybody gives rights to.
const GROUPS_MAX: usize = 32;
/// Begins so much before `now`, as Kubernetes' own signer does: clocks differ.
const BACKDATED: TimeDelta = TimeDelta::minutes(5);

/// A client certificate with a key of its own, signed by the authority: `(certificate PEM, key PEM)`.
/// Ends `life` after `now`, but never later than the authority; `life` is at least a minute.
pub fn issue_user(
    ca_cert: &str,
    ca_key: &SecretString,
    user: &User,
    life: TimeDelta,
    now: DateTime<Utc>,
) -> Result<(String, SecretString), PkiError> {
    let signer = Signer::load(ca_cert, ca_key)?;
    if signer.not_after <= now {
        return Err(PkiError::Expired);
    }
    if user.groups.len() > GROUPS_MAX {
        return Err(PkiError::Subject { subject: user.name.clone(), why: "a user has at most 32 groups here" });
    }
    if life < TimeDelta::minutes(1) || life > TimeDelta::days(DEFAULT_DAYS.into()) {
        return Err(PkiError::Validity);
    }
    let subject = user_and_groups(&user.name, &user.groups)?;
    let mut params = signer.leaf(now + life, now)?;
    params.not_before = date_time_ymd(1970, 1, 1) + since_epoch(now - BACKDATED)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = new_key()?;
    let certificate = with_subject(&signer, params, &key, &subject)?;
    Ok((certificate, SecretString::from(key.serialize_pem())))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use secrecy::ExposeSecret;

    use super::super::tests::{now, openssl};
    use super::super::{PkiError, describe, generate};
    use super::{User, issue_user};

    #[test]
    fn a_user_with_groups_for_hours() {
        let ca = generate("prod", now()).unwrap();
        let issue = |name: &str, groups: &[&str], life| {
            let user = User { name: name.into(), groups: groups.iter().map(|group| (*group).to_owned()).collect() };
            issue_user(ca["ca_cert"].expose_secret(), &ca["ca_key"], &user, life, now())
        };
        let (pem, key) = issue("jane", &["dev", "ops", "größe"], TimeDelta::hours(8)).unwrap();
        assert!(key.expose_secret().starts_with("-----BEGIN PRIVATE KEY-----"));
        let told = describe(&pem).unwrap();
        assert_eq!(told.subject, "O=dev, O=ops, O=größe, CN=jane");
        assert_eq!(told.not_after, now() + TimeDelta::hours(8));
        assert!(told.not_before < now() && told.not_before > now() - TimeDelta::minutes(6));
        if let Some(text) = openssl(&["x509", "-noout", "-text"], &pem) {
            assert!(text.contains("TLS Web Client Authentication") && text.contains("CA:FALSE"), "{text}");
        }
        let (pem, _) = issue("nobody", &[], TimeDelta::days(1825)).unwrap();
        assert_eq!(describe(&pem).unwrap().not_after, describe(ca["ca_cert"].expose_secret()).unwrap().not_after);
        assert_eq!(issue("jane", &[], TimeDelta::seconds(59)).unwrap_err(), PkiError::Validity);
        assert_eq!(issue("jane", &[], TimeDelta::days(1826)).unwrap_err(), PkiError::Validity);
        assert!(matches!(issue("", &[], TimeDelta::days(1)), Err(PkiError::Subject { .. })));
        assert!(matches!(issue("jane", &["x"; 33], TimeDelta::days(1)), Err(PkiError::Subject { .. })));
        assert!(matches!(issue("jane", &["a\nb"], TimeDelta::days(1)), Err(PkiError::Subject { .. })));
    }
}
