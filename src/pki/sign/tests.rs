use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine;
use chrono::Duration;
use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};
use secrecy::{ExposeSecret, SecretString};
use x509_parser::certificate::X509Certificate;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;

use super::super::tests::{now, openssl};
use super::super::{DEFAULT_DAYS, PkiError, describe, generate};
use super::{REQUEST_MAX, sign};

static CA: LazyLock<BTreeMap<String, SecretString>> = LazyLock::new(|| generate("prod-east", now()).unwrap());

fn ca() -> &'static str {
    CA["ca_cert"].expose_secret()
}

fn signed(csr: impl AsRef<[u8]>) -> Result<String, PkiError> {
    sign(ca(), &CA["ca_key"], csr, 30, now())
}

#[track_caller]
fn refused(csr: impl AsRef<[u8]>) -> String {
    match signed(csr) {
        Err(PkiError::Request(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// A request that needs no openssl to make.
fn request(shape: impl FnOnce(&mut CertificateParams)) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "jane");
    shape(&mut params);
    params.serialize_request(&KeyPair::generate().unwrap()).unwrap().pem().unwrap()
}

fn read<T>(pem: &str, look: impl FnOnce(&X509Certificate<'_>) -> T) -> T {
    look(&x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap().1.parse_x509().unwrap())
}

fn armoured(der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{text}\n-----END CERTIFICATE REQUEST-----\n")
}

/// What people type: a key of this kind, this subject, these extensions.
fn openssl_request(key: &str, subject: &str, extensions: &[&str]) -> Option<String> {
    let (kind, curve) = key.split_once(' ').unwrap_or((key, ""));
    let mut words = vec!["req", "-new", "-newkey", kind, "-nodes", "-keyout", "/dev/null", "-utf8", "-subj", subject];
    let option = format!("ec_paramgen_curve:{curve}");
    if !curve.is_empty() {
        words.extend(["-pkeyopt", &option]);
    }
    words.extend(extensions.iter().flat_map(|extension| ["-addext", extension]));
    openssl(&words, "")
}

#[test]
fn a_request_of_openssl_becomes_a_certificate_that_openssl_trusts() {
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, ca()).unwrap();
    for key in ["ec P-256", "ec P-384", "rsa:2048", "ed25519"] {
        let asked = [
            "keyUsage=critical,digitalSignature,keyEncipherment",
            "extendedKeyUsage=clientAuth,serverAuth",
            "subjectAltName=DNS:api.example.org,IP:10.0.0.1,IP:fd00::1",
            "basicConstraints=critical,CA:FALSE",
        ];
        let Some(csr) = openssl_request(key, "/C=DE/O=system:masters/OU=Größe/CN=jane", &asked) else { return };
        let certificate = signed(&csr).unwrap_or_else(|error| panic!("{key}: {error}"));
        for purpose in ["sslclient", "sslserver"] {
            let verify = ["verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca_file.to_str().unwrap()];
            let said = openssl(&verify, &certificate).unwrap();
            assert!(said.contains("OK"), "{key}: {said}");
        }
        let subject = |what, pem: &str| openssl(&[what, "-noout", "-subject"], pem).unwrap();
        assert_eq!(subject("x509", &certificate), subject("req", &csr));
        let public = |what, pem: &str| openssl(&[what, "-noout", "-pubkey"], pem).unwrap();
        assert_eq!(public("x509", &certificate), public("req", &csr));
        let shown = openssl(&["x509", "-noout", "-ext", "subjectAltName"], &certificate).unwrap();
        assert!(shown.contains("DNS:api.example.org, IP Address:10.0.0.1, IP Address:FD00:0"), "{shown}");
    }
}

#[test]
fn extensions_are_magnums_for_leaves() {
    let plain = signed(request(|_| {})).unwrap();
    read(&plain, |leaf| {
        let constraints = leaf.basic_constraints().unwrap().unwrap();
        assert!(constraints.critical && !constraints.value.ca);
        assert!(leaf.key_usage().unwrap().is_none() && leaf.extended_key_usage().unwrap().is_none());
        assert_eq!((leaf.subject().to_string(), leaf.issuer().to_string()), ("CN=jane".into(), "CN=prod-east".into()));
        let oids: Vec<String> = leaf.extensions().iter().map(|extension| extension.oid.to_id_string()).collect();
        assert_eq!(oids, ["2.5.29.35", "2.5.29.14", "2.5.29.19"]);
        read(ca(), |ca| leaf.verify_signature(Some(ca.public_key())).unwrap());
    });
    let told = describe(&plain).unwrap();
    assert_eq!((told.not_before, told.not_after), (now() - Duration::days(1), now() + Duration::days(30)));
    assert_ne!(
        read(&plain, |a| a.raw_serial().to_vec()),
        read(&signed(request(|_| {})).unwrap(), |b| b.raw_serial().to_vec())
    );
}

#[test]
fn usages_are_narrowed_or_refused() {
    let Some(csr) = openssl_request(
        "ec P-256",
        "/CN=jane",
        &[
            "keyUsage=digitalSignature,keyAgreement,keyCertSign,cRLSign",
            "extendedKeyUsage=clientAuth,codeSigning,1.2.3.4",
            "subjectKeyIdentifier=00112233",
            "1.2.3.5=ASN1:UTF8String:left out",
            "nsComment=left out",
        ],
    ) else {
        return;
    };
    read(&signed(csr).unwrap(), |leaf| {
        let usage = leaf.key_usage().unwrap().unwrap();
        assert!(usage.critical);
        assert_eq!(usage.value.flags, 1, "digital signature alone");
        let extended = leaf.extended_key_usage().unwrap().unwrap().value;
        assert!(extended.client_auth && !extended.code_signing && extended.other.is_empty());
        assert_eq!(leaf.extensions().len(), 5);
        assert!(!format!("{:?}", leaf.extensions()).contains("left out"));
    });
    for (extension, told) in [
        ("keyUsage=critical,digitalSignature,keyCertSign", "key usages are not allowed"),
        ("keyUsage=keyCertSign", "key usages are not allowed"),
        ("extendedKeyUsage=critical,clientAuth,codeSigning", "extended key usages are not allowed"),
        ("extendedKeyUsage=anyExtendedKeyUsage", "extended key usages are not allowed"),
        ("basicConstraints=CA:TRUE", "CA:TRUE"),
        ("basicConstraints=critical,CA:TRUE,pathlen:0", "CA:TRUE"),
        ("nameConstraints=critical,permitted;DNS:example.org", "critical"),
        ("1.2.3.5=critical,ASN1:UTF8String:x", "1.2.3.5 is critical"),
    ] {
        let why = refused(openssl_request("ec P-256", "/CN=jane", &[extension]).unwrap());
        assert!(why.contains(told), "{extension}: {why}");
    }
}

/// Byte for byte, whatever it holds; openssl says the same of request and certificate.
#[test]
fn subjects_are_kept_whatever_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, ca()).unwrap();
    let long = format!("/O={}/CN=jane", "g".repeat(64));
    for subject in ["/O=a/O=b/O=system:masters/CN=jane", "/CN=jane+O=a", "/1.2.3.4=x/CN=jane", "/O=a/O=a", &long] {
        let arguments = ["req", "-new", "-newkey", "ed25519", "-nodes", "-keyout", "/dev/null", "-subj", subject];
        let Some(csr) = openssl(&arguments, "") else { return };
        let certificate = signed(&csr).unwrap();
        let told = |what, pem: &str| openssl(&[what, "-noout", "-subject", "-nameopt", "RFC2253"], pem).unwrap();
        assert_eq!(told("x509", &certificate), told("req", &csr), "{subject}");
        let verify = ["verify", "-x509_strict", "-CAfile", ca_file.to_str().unwrap()];
        assert!(openssl(&verify, &certificate).unwrap().contains("OK"), "{subject}");
    }
    let nobody = request(|params| params.distinguished_name = rcgen::DistinguishedName::new());
    assert_eq!(describe(signed(nobody).unwrap()).unwrap().subject, "");
}

#[test]
fn what_is_no_sound_request_is_refused() {
    assert!(refused("").contains("no CERTIFICATE REQUEST"));
    assert!(refused(ca()).contains("no CERTIFICATE REQUEST"));
    assert!(refused("-----BEGIN CERTIFICATE REQUEST-----\nAAAA").contains("PEM"));
    assert!(refused(armoured(b"\x30\x00")).contains("cannot be read"));
    assert!(refused("x".repeat(REQUEST_MAX + 1)).contains("64 KiB"));
    assert!(refused(request(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained))).contains("CA:TRUE"));

    let pem = request(|_| {});
    let mut der = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap().1.contents;
    let name = der.windows(4).position(|four| four == b"jane").unwrap();
    der[name] = b'J';
    assert!(refused(armoured(&der)).contains("signature"));
    der[name] = b'j';
    assert!(signed(armoured(&der)).is_ok());
    der.push(0);
    assert!(refused(armoured(&der)).contains("follows"));

    let sha1 = ["req", "-new", "-newkey", "rsa:1024", "-sha1", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=a"];
    if let Some(csr) = openssl(&sha1, "") {
        assert!(refused(csr).contains("SHA-1"));
        assert!(refused(openssl_request("rsa:1024", "/CN=a", &[]).unwrap()).contains("signature"));
        assert!(refused(openssl_request("ec secp256k1", "/CN=a", &[]).unwrap()).contains("not supported"));
    }
}

#[test]
fn what_stands_around_the_request_does_not_confuse() {
    let around = format!("Certificate Request:\n{}{}", CA["etcd_ca_key"].expose_secret(), request(|_| {}));
    assert!(signed(&around).is_ok());
    assert!(signed(around.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")).is_ok());
}

#[test]
fn nothing_outlives_the_authority() {
    let late = now() + Duration::days(DEFAULT_DAYS.into());
    let csr = request(|_| {});
    let at = |now| sign(ca(), &CA["ca_key"], &csr, 30, now);
    let last = describe(at(late - Duration::days(3)).unwrap()).unwrap();
    assert_eq!(last.not_after, describe(ca()).unwrap().not_after);
    assert_eq!(at(late), Err(PkiError::Expired));
    assert_eq!(sign(ca(), &CA["etcd_ca_key"], &csr, 30, now()), Err(PkiError::KeyMismatch));
}

proptest! {
    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(signed(&bytes).is_err());
        prop_assert!(signed(armoured(&bytes)).is_err());
    }

    /// The signature finds all damage in what it covers; what is around it says nothing of
    /// the certificate.
    #[test]
    fn damaged_requests_are_refused(at in any::<proptest::sample::Index>(), flip in 1_u8..) {
        static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let names = vec![rcgen::SanType::DnsName("a.b".try_into().unwrap())];
            let pem = request(|params| params.subject_alt_names = names);
            x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap().1.contents
        });
        let covered = X509CertificationRequest::from_der(&GOOD).unwrap().1.certification_request_info.raw;
        let start = GOOD.windows(covered.len()).position(|part| part == covered).unwrap();
        let mut der = GOOD.clone();
        let at = start + at.index(covered.len());
        der[at] ^= flip;
        prop_assert!(signed(armoured(&der)).is_err());
    }

    /// Whatever a subject or an extension holds, signed by its own key: a refusal, or a
    /// certificate that says the very same of itself.
    #[test]
    fn hostile_requests_never_change_on_the_way(
        names in proptest::collection::vec((proptest::collection::vec(0_u64..200, 1..4), ".{0,20}"), 0..4),
        san in proptest::collection::vec(any::<u8>(), 0..40),
        known in any::<bool>(),
    ) {
        let csr = request(|params| {
            for (tail, value) in names {
                let oid = [vec![2, 5], if known { vec![4] } else { vec![] }, tail].concat();
                params.distinguished_name.push(DnType::CustomDnType(oid), value);
            }
            let content = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 17], san);
            params.custom_extensions.push(content);
        });
        if let Ok(pem) = signed(&csr) {
            let der = x509_parser::pem::parse_x509_pem(csr.as_bytes()).unwrap().1.contents;
            let asked = X509CertificationRequest::from_der(&der).unwrap().1;
            let subject = asked.certification_request_info.subject.as_raw();
            prop_assert!(read(&pem, |made| made.subject().as_raw() == subject));
        }
    }
}
