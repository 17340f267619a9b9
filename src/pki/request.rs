//! Reading a certificate request for people, before somebody signs it: what it asks for, not
//! whether it gets it. [`super::sign()`] decides that.

use x509_parser::asn1_rs::FromDer;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::extensions::{GeneralName, ParsedExtension};

use super::PkiError;
use super::describe::key_type;
use super::sign::{block, refusal};
use crate::model::CertificateRequest;
use crate::model::text::clean;

/// What the first request in a PEM text asks for. It must be signed by its own key.
pub fn request(pem: &str) -> Result<CertificateRequest, PkiError> {
    let der = block(pem.as_bytes())?;
    let (_, request) =
        X509CertificationRequest::from_der(&der).map_err(|error| refusal(format!("it cannot be read: {error}")))?;
    request
        .verify_signature()
        .map_err(|_| refusal("its signature is not made by its key, or in a way we do not know"))?;
    let info = &request.certification_request_info;
    let mut told = CertificateRequest {
        pem: pem.to_owned(),
        subject: clean(&info.subject.to_string()),
        key_type: key_type(&info.subject_pki),
        names: Vec::new(),
        usages: Vec::new(),
        is_authority: false,
    };
    let extensions = info.iter_attributes().filter_map(|attribute| match attribute.parsed_attribute() {
        ParsedCriAttribute::ExtensionRequest(list) => Some(&list.extensions),
        _ => None,
    });
    for extension in extensions.flatten() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(asked) => told.names.extend(asked.general_names.iter().map(name)),
            ParsedExtension::BasicConstraints(asked) => told.is_authority |= asked.ca,
            ParsedExtension::KeyUsage(asked) => told.usages.push(clean(&asked.to_string())),
            ParsedExtension::ExtendedKeyUsage(asked) => {
                let known = [
                    (asked.client_auth, "client auth"),
                    (asked.server_auth, "server auth"),
                    (asked.code_signing, "code signing"),
                    (asked.email_protection, "e-mail protection"),
                    (asked.any, "anything"),
                ];
                told.usages.extend(known.iter().filter(|(on, _)| *on).map(|(_, word)| (*word).to_owned()));
            }
            _ => {}
        }
    }
    Ok(told)
}

fn name(name: &GeneralName) -> String {
    let told = match name {
        GeneralName::DNSName(name) => format!("DNS {name}"),
        GeneralName::RFC822Name(name) => format!("e-mail {name}"),
        GeneralName::URI(name) => format!("URI {name}"),
        GeneralName::IPAddress([a, b, c, d]) => format!("IP {a}.{b}.{c}.{d}"),
        GeneralName::IPAddress(bytes) => match <[u8; 16]>::try_from(*bytes) {
            Ok(bytes) => format!("IP {}", std::net::Ipv6Addr::from(bytes)),
            Err(_) => "an address that is none".into(),
        },
        other => format!("{other}"),
    };
    clean(&told)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};

    use super::request;

    #[test]
    fn what_is_asked_for_is_told_whether_it_is_granted_or_not() {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["jane.example.org".into(), "10.0.0.5".into()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "jane");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::CodeSigning];
        let pem = params.serialize_request(&key).unwrap().pem().unwrap();
        let told = request(&format!("Jane's:\n{pem}")).unwrap();
        assert!(told.subject.contains("CN=jane"), "{}", told.subject);
        assert_eq!(told.key_type, "ECDSA P-256");
        assert_eq!(told.names, ["DNS jane.example.org", "IP 10.0.0.5"]);
        assert_eq!(told.usages, ["client auth", "code signing"]);
        let broken = pem.replacen('A', "B", 3);
        assert!(request(&broken).is_err() && request("no request").is_err());
    }
}
