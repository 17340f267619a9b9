//! Sealing of secrets at rest: AES-256-GCM under a key file beside the store.
//!
//! The key lies beside the data on purpose: it protects copies of the store alone
//! (backups, bug reports, synchronised folders), not against who can read the
//! whole directory. A value is bound to its cluster and name, so that it cannot be
//! moved to another row.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::{StoreError, disk};
use crate::model::ClusterId;

const KEY_LEN: usize = 32;
const NONCE_LEN: usize = 12;
/// First byte of every sealed value; says how the rest is to be read.
const FORMAT: u8 = 1;

pub(super) struct Sealer {
    key: RandomizedNonceKey,
}

impl Sealer {
    /// Reads the key file. `None`: there is none.
    pub fn load(path: &Path) -> Result<Option<Self>, StoreError> {
        let text = match fs::read(path) {
            Ok(text) => SecretSlice::from(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(disk::failed("the key file", path, &error)),
        };
        let meta = fs::metadata(path).map_err(|error| disk::failed("the key file", path, &error))?;
        if meta.permissions().mode() & 0o077 != 0 {
            tracing::warn!(path = %path.display(), "the key file could be read by others; making it private");
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))
                .map_err(|error| disk::failed("the key file", path, &error))?;
        }
        let wrong = || StoreError::KeyWrong(path.display().to_string());
        let bytes = STANDARD.decode(text.expose_secret().trim_ascii()).map(SecretSlice::from).map_err(|_| wrong())?;
        Self::with_key(bytes.expose_secret()).map(Some).ok_or_else(wrong)
    }

    /// Makes a fresh key and its file. When another process is first, its key is taken:
    /// a key file is never overwritten.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let failed = |error: &io::Error| disk::failed("the key file", path, error);
        let mut bytes = [0u8; KEY_LEN];
        rand::fill(&mut bytes).map_err(|_| failed(&io::Error::other("no random numbers")))?;
        let text = SecretString::from(STANDARD.encode(bytes) + "\n");
        let dir = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new()
            .prefix(".store.key")
            .permissions(fs::Permissions::from_mode(0o600))
            .tempfile_in(dir)
            .map_err(|error| failed(&error))?;
        file.write_all(text.expose_secret().as_bytes()).map_err(|error| failed(&error))?;
        file.as_file().sync_all().map_err(|error| failed(&error))?;
        match file.persist_noclobber(path) {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(&error.error)),
        }
        // The name must survive a power cut before anything sealed with the key does.
        fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| failed(&error))?;
        Self::load(path)?.ok_or_else(|| failed(&io::ErrorKind::NotFound.into()))
    }

    fn with_key(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == KEY_LEN)
            .then(|| RandomizedNonceKey::new(&AES_256_GCM, bytes).ok())
            .flatten()
            .map(|key| Self { key })
    }

    /// `label` names what is sealed; the same label opens it.
    pub fn seal(&self, label: &Label, plain: &SecretString) -> Result<Vec<u8>, StoreError> {
        let mut body = plain.expose_secret().as_bytes().to_vec();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(label.bytes()), &mut body)
            .map_err(|_| StoreError::Sealed(label.to_string()))?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    pub fn open(&self, label: &Label, sealed: &[u8]) -> Result<SecretString, StoreError> {
        let refused = || StoreError::Sealed(label.to_string());
        let (&FORMAT, rest) = sealed.split_first().ok_or_else(refused)? else { return Err(refused()) };
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(refused)?;
        let mut body = body.to_vec();
        let plain = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(label.bytes()), &mut body)
            .map_err(|_| refused())?;
        std::str::from_utf8(plain).map(SecretString::from).map_err(|_| refused())
    }
}

/// What a sealed value is bound to.
pub(super) enum Label<'a> {
    Secret(ClusterId, &'a str),
    /// A known text, by which a wrong key file is noticed when the store is opened.
    Check,
}

impl Label<'_> {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Secret(id, name) => format!("jeroboam/secret/{id}/{name}").into_bytes(),
            Self::Check => b"jeroboam/check".to_vec(),
        }
    }
}

impl std::fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Secret(id, name) => write!(f, "{name} of cluster {id}"),
            Self::Check => f.write_str("key check"),
        }
    }
}
