use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use chrono::{DateTime, Duration, TimeDelta, Utc};
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};

use super::{DEFAULT_DAYS, PkiError, describe, generate, issue_client, issue_join};

/// Openssl judges by the real clock, so this is the real time in whole seconds; read once,
/// so that a second that ends within a test changes nothing.
pub(super) fn now() -> DateTime<Utc> {
    static NOW: LazyLock<DateTime<Utc>> =
        LazyLock::new(|| DateTime::from_timestamp(Utc::now().timestamp(), 0).unwrap());
    *NOW
}

fn issue(secrets: &std::collections::BTreeMap<String, SecretString>) -> (String, SecretString) {
    let ca = secrets["ca_cert"].expose_secret();
    issue_client(ca, &secrets["ca_key"], "admin", "system:masters", 365, now()).unwrap()
}

/// `None`, said aloud, where there is no openssl to ask.
pub(super) fn openssl(arguments: &[&str], input: &str) -> Option<String> {
    let child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("SKIPPED: there is no openssl here");
        return None;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_cluster_gets_every_named_secret() {
    let secrets = generate("prod-east", now()).unwrap();
    let names: Vec<&str> = secrets.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "ca_cert",
            "ca_key",
            "etcd_ca_cert",
            "etcd_ca_key",
            "front_proxy_ca_cert",
            "front_proxy_ca_key",
            "service_account_key",
            "service_account_public_key",
        ]
    );
    for name in names.iter().filter(|name| name.ends_with("_key") && !name.contains("public")) {
        assert!(secrets[*name].expose_secret().starts_with("-----BEGIN PRIVATE KEY-----"), "{name}");
    }
    assert!(secrets["service_account_public_key"].expose_secret().starts_with("-----BEGIN PUBLIC KEY-----"));
    assert!(!format!("{secrets:?}").contains("BEGIN"));
}

#[test]
fn authorities_say_who_they_are() {
    let now = now();
    let secrets = generate("prod-east", now).unwrap();
    let read = describe(secrets["ca_cert"].expose_secret()).unwrap();
    assert_eq!(read.subject, "CN=prod-east");
    assert_eq!(read.key_type, "ECDSA P-256");
    assert_eq!(read.not_before, now - Duration::days(1));
    assert_eq!(read.not_after, now + Duration::days(DEFAULT_DAYS.into()));
    assert_eq!(read.fingerprint.len(), 95);
    assert_eq!(describe(secrets["etcd_ca_cert"].expose_secret()).unwrap().subject, "CN=etcd-ca");
    let again = generate("prod-east", now).unwrap();
    assert_ne!(describe(again["ca_cert"].expose_secret()).unwrap().fingerprint, read.fingerprint);
}

#[test]
fn extensions_are_magnums() {
    let secrets = generate("prod-east", now()).unwrap();
    let parse = |pem: &str| x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap().1;

    let pem = parse(secrets["ca_cert"].expose_secret());
    let ca = pem.parse_x509().unwrap();
    let constraints = ca.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.ca);
    assert_eq!(constraints.value.path_len_constraint, Some(0));
    let usage = ca.key_usage().unwrap().unwrap();
    assert!(usage.critical && usage.value.key_cert_sign() && !usage.value.digital_signature());
    assert_eq!(ca.raw_serial().len(), 16);

    let (certificate, _) = issue(&secrets);
    let pem = parse(&certificate);
    let client = pem.parse_x509().unwrap();
    assert_eq!(client.subject().to_string(), "CN=admin, O=system:masters");
    assert_eq!(client.issuer().to_string(), "CN=prod-east");
    let constraints = client.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && !constraints.value.ca);
    let usage = client.key_usage().unwrap().unwrap();
    assert!(usage.critical && usage.value.digital_signature() && usage.value.key_encipherment());
    assert!(!usage.value.key_cert_sign());
    let extended = client.extended_key_usage().unwrap().unwrap().value;
    assert!(extended.client_auth && !extended.server_auth && !extended.any);
    client.verify_signature(Some(ca.public_key())).unwrap();
}

#[test]
fn openssl_agrees() {
    let secrets = generate("prod-east", now()).unwrap();
    let (certificate, key) = issue(&secrets);
    let ca = secrets["ca_cert"].expose_secret();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, ca).unwrap();

    let verify = ["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", ca_file.to_str().unwrap()];
    let Some(said) = openssl(&verify, &certificate) else { return };
    assert!(said.contains("OK"), "{said}");

    let shown = openssl(&["x509", "-noout", "-fingerprint", "-sha256"], ca).unwrap();
    assert!(shown.contains(&describe(ca).unwrap().fingerprint), "{shown}");

    let public = openssl(&["pkey", "-pubout"], key.expose_secret()).unwrap();
    assert_eq!(public, openssl(&["x509", "-noout", "-pubkey"], &certificate).unwrap());
    let public = openssl(&["pkey", "-pubout"], secrets["service_account_key"].expose_secret()).unwrap();
    assert_eq!(public, secrets["service_account_public_key"].expose_secret());
}

#[test]
fn nodes_join_with_a_certificate_that_lives_as_long_as_the_operation() {
    let secrets = generate("prod-east", now()).unwrap();
    let (ca, key) = (secrets["ca_cert"].expose_secret(), &secrets["ca_key"]);
    let (certificate, _) = issue_join(ca, key, TimeDelta::minutes(120), now()).unwrap();
    let read = describe(&certificate).unwrap();
    assert_eq!(read.not_after, now() + TimeDelta::minutes(120));
    for part in ["kubeadm:join", "system:bootstrappers:kubeadm:default-node-token"] {
        assert!(read.subject.contains(part), "{}", read.subject);
    }
}

#[test]
fn a_client_never_outlives_its_authority() {
    let secrets = generate("prod-east", now()).unwrap();
    let ca = secrets["ca_cert"].expose_secret();
    let (certificate, _) =
        issue_client(ca, &secrets["ca_key"], "admin", "system:masters", 4000, now() + Duration::days(7)).unwrap();
    assert_eq!(describe(certificate).unwrap().not_after, describe(ca).unwrap().not_after);
}

#[test]
fn what_cannot_be_signed_is_refused() {
    let secrets = generate("prod-east", now()).unwrap();
    let other = generate("other", now()).unwrap();
    let ca = secrets["ca_cert"].expose_secret();
    let key = &secrets["ca_key"];
    let client = |ca: &str, key: &SecretString, name: &str| issue_client(ca, key, name, "o", 1, now()).map(|_| ());
    assert_eq!(client(ca, &other["ca_key"], "admin"), Err(PkiError::KeyMismatch));
    assert_eq!(client(ca, &SecretString::from("nonsense"), "admin"), Err(PkiError::Key));
    assert!(matches!(client("nonsense", key, "admin"), Err(PkiError::Parse(_))));
    assert!(matches!(client(ca, key, ""), Err(PkiError::Subject { .. })));
    assert!(matches!(generate(&"x".repeat(65), now()), Err(PkiError::Subject { .. })));
    assert!(matches!(generate("a\u{1b}[2J", now()), Err(PkiError::Subject { .. })));
    assert!(matches!(generate("a", DateTime::<Utc>::MAX_UTC), Err(PkiError::Validity)));
    assert!(matches!(generate("a", DateTime::<Utc>::MIN_UTC), Err(PkiError::Validity)));
}

#[test]
fn a_key_before_the_certificate_does_not_confuse() {
    let secrets = generate("prod-east", now()).unwrap();
    let both = format!("{}{}", secrets["ca_key"].expose_secret(), secrets["ca_cert"].expose_secret());
    assert_eq!(describe(both).unwrap().subject, "CN=prod-east");
    assert!(matches!(describe(secrets["ca_key"].expose_secret()), Err(PkiError::Parse(_))));
}

proptest! {
    #[test]
    fn describe_takes_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = describe(&bytes);
        let wrapped = format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes)
        );
        let _ = describe(wrapped);
    }

    #[test]
    fn describe_takes_damaged_certificates(at in 0_usize..500, flip in 1_u8..) {
        let secrets = generate("prod-east", now()).unwrap();
        let pem = x509_parser::pem::parse_x509_pem(secrets["ca_cert"].expose_secret().as_bytes()).unwrap().1;
        let mut der = pem.contents;
        let at = at % der.len();
        der[at] ^= flip;
        let damaged = format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &der)
        );
        let _ = describe(damaged);
    }
}
