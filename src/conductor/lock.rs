//! Who works: one process per store and scope holds a lock on a file in the data
//! directory. The kernel lets go of it when the process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

use super::Leader;
use crate::cloud::Scope;

/// Held as long as it lives.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Tries once. `Err(Ok(leader))`: another process has it.
pub(super) fn try_lock(path: &Path) -> Result<Lock, io::Result<Leader>> {
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let mut file = open.map_err(Err)?;
    match file.try_lock() {
        Ok(()) => {
            // Only told to users; who holds the lock is the kernel's knowledge.
            let told =
                file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
            told.map_err(Err)?;
            Ok(Lock { _file: file })
        }
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let read = (&file).take(32).read_to_string(&mut text);
            Err(Ok(Leader { pid: read.ok().and_then(|_| text.trim().parse().ok()) }))
        }
        Err(TryLockError::Error(error)) => Err(Err(error)),
    }
}

/// Where the lock of a scope is.
pub(super) fn path(data_dir: &Path, scope: &Scope) -> PathBuf {
    data_dir.join(format!("conductor-{}.lock", short(&[&scope.project_id, &scope.region])))
}

/// A short name for something long; the parts are kept apart.
pub(super) fn short(parts: &[&str]) -> String {
    let joined = parts.join("\0");
    digest(&SHA256, joined.as_bytes()).as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::try_lock;

    #[test]
    fn one_holder_whom_others_can_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("conductor.lock");
        std::fs::write(&path, "garbage that is longer than a process id could be").unwrap();
        let held = try_lock(&path).unwrap();
        assert_eq!(try_lock(&path).unwrap_err().unwrap().pid, Some(std::process::id()));
        drop(held);
        assert!(try_lock(&path).is_ok());
        assert!(try_lock(&dir.path().join("no/such")).unwrap_err().is_err());
    }
}
