//! Known host keys: a file of our own for each cluster, so that the user's own never fills with
//! machines that come and go, and a cluster's end is one file's end.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::config::paths::make_private;
use crate::kube::kubeconfig::{Existing, write};
use crate::model::{ClusterId, Problem};
use crate::ssh::hostkeys::{self, HostKey};

/// Bytes; a thousand nodes with three keys each have a tenth of it.
const LARGEST: u64 = 8 << 20;

#[derive(Debug, Clone)]
pub struct Hosts {
    pub path: PathBuf,
}

impl Hosts {
    pub fn new(data: &Path, cluster: ClusterId) -> Self {
        let path = data.join("known_hosts").join(cluster.to_string());
        Self { path: std::path::absolute(&path).unwrap_or(path) }
    }

    /// Makes its directory: ssh adds to the file, and makes it when missing, but no directory for it.
    pub fn prepare(&self) -> Result<(), Problem> {
        self.path.parent().map_or(Ok(()), make_private)
    }

    fn read(&self) -> Result<String, Problem> {
        let trouble = |why: String| Problem::local(format!("cannot read {}: {why}", self.path.display()));
        match std::fs::metadata(&self.path) {
            Ok(about) if about.len() > LARGEST => return Err(trouble("it is larger than 8 MB".into())),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(String::new()),
            _ => {}
        }
        let bytes = std::fs::read(&self.path).map_err(|error| trouble(error.to_string()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Several sessions begin at once, in several processes too: each reads the whole file and
    /// writes it, and none may lose what another has learnt. Held until it is dropped.
    fn alone(&self) -> Result<File, Problem> {
        self.prepare()?;
        // The folder itself: a file for it would outlive the cluster.
        let folder = self.path.parent().unwrap_or(&self.path);
        let trouble = |error| Problem::local(format!("cannot lock {}: {error}", folder.display()));
        let file = File::open(folder).map_err(trouble)?;
        file.lock().map_err(trouble)?;
        Ok(file)
    }

    pub fn known(&self, server: Uuid) -> Result<Vec<HostKey>, Problem> {
        Ok(hostkeys::known(&self.read()?, server))
    }

    pub fn learn(&self, server: Uuid, keys: &[HostKey]) -> Result<(), Problem> {
        let _alone = self.alone()?;
        write(&self.path, &hostkeys::with(&self.read()?, server, keys), Existing::Replace).map(drop)
    }

    /// `false` when nothing was known.
    pub fn forget(&self, server: Uuid) -> Result<bool, Problem> {
        let _alone = self.alone()?;
        let file = self.read()?;
        let without = hostkeys::without(&file, server);
        if without == file {
            return Ok(false);
        }
        write(&self.path, &without, Existing::Replace).map(|_| true)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use uuid::Uuid;

    use super::Hosts;
    use crate::model::ClusterId;
    use crate::ssh::hostkeys::HostKey;

    #[test]
    fn sessions_that_begin_at_once_all_keep_what_they_learn() {
        let folder = tempfile::tempdir().unwrap();
        let hosts = Hosts::new(folder.path(), ClusterId(Uuid::from_u128(7)));
        let key = "AAAAC3NzaC1lZDI1NTE5AAAAIBsUq8yNoV0JmOEwgPpJQrGz0W9r6UqQ7b1m9v0c9D2a";
        let key = HostKey { kind: "ssh-ed25519".into(), key: key.into() };
        std::thread::scope(|scope| {
            for server in 0..16 {
                let (hosts, key) = (&hosts, &key);
                scope.spawn(move || hosts.learn(Uuid::from_u128(server), std::slice::from_ref(key)).unwrap());
            }
        });
        for server in 0..16 {
            assert_eq!(hosts.known(Uuid::from_u128(server)).unwrap().len(), 1, "{server}");
        }
    }

    #[test]
    fn keys_are_kept_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let hosts = Hosts::new(folder.path(), ClusterId(Uuid::from_u128(7)));
        let server = Uuid::from_u128(9);
        assert_eq!((hosts.known(server).unwrap(), hosts.forget(server).unwrap()), (Vec::new(), false));
        let key = "AAAAC3NzaC1lZDI1NTE5AAAAIBsUq8yNoV0JmOEwgPpJQrGz0W9r6UqQ7b1m9v0c9D2a";
        let key = HostKey { kind: "ssh-ed25519".into(), key: key.into() };
        hosts.learn(server, std::slice::from_ref(&key)).unwrap();
        assert_eq!(hosts.known(server).unwrap(), [key]);
        assert_eq!(hosts.path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(hosts.forget(server).unwrap());
        assert_eq!(hosts.known(server).unwrap(), []);
        std::fs::write(&hosts.path, [0xff, b'\n']).unwrap();
        assert_eq!(hosts.known(server).unwrap(), []);
    }
}
