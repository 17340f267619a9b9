//! Which certificates were issued by clusters' authorities, to whom and until when. Kept
//! after the cluster is gone: a certificate lives on without it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ClusterId;

/// What somebody asks an authority to sign, as far as a person looks at it before. Clean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateRequest {
    pub pem: String,
    pub subject: String,
    /// `ECDSA P-256`, `RSA 2048`.
    pub key_type: String,
    /// Subject alternative names, each with its kind: `DNS api.example.org`.
    pub names: Vec<String>,
    pub usages: Vec<String>,
    /// It asks to sign others itself, which is never granted.
    pub is_authority: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedCertificate {
    pub cluster_uuid: ClusterId,
    pub cluster_name: String,
    /// Which of the cluster's authorities signed: `kubernetes`, `kubelet`, `etcd`, `front-proxy`.
    pub authority: String,
    /// Hex, as `openssl x509 -serial` prints it.
    pub serial: String,
    pub subject: String,
    /// `client auth`, `server auth`, …
    pub usages: Vec<String>,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// Whom it was made for, in words: a user of the kubeconfig, the sender of a request.
    pub issued_to: String,
    /// The user who asked for it; `None`: the conductor, for a node.
    pub issued_by: Option<String>,
}
