//! The data directory and its files: made private before anything is in them.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::StoreError;

/// Makes the directory 0700. One that is already there is tightened only when it is
/// plainly ours (by its name): a user may point us at a directory shared with others.
pub(super) fn private_dir(dir: &Path) -> Result<(), StoreError> {
    let told = |error: io::Error| failed("the data directory", dir, &error);
    if !dir.exists() {
        return DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(told);
    }
    let meta = fs::metadata(dir).map_err(told)?;
    if !meta.is_dir() {
        return Err(StoreError::Disk {
            what: format!("the data directory {}", dir.display()),
            why: "it is not a directory".into(),
        });
    }
    if dir.file_name().is_some_and(|name| name == "jeroboam") && meta.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(told)?;
    }
    Ok(())
}

/// Makes the file if need be, and private in any case. SQLite gives its `-wal` and
/// `-shm` the mode of the main file, so this must come before SQLite opens it.
pub(super) fn private_file(path: &Path) -> Result<(), StoreError> {
    let told = |error: io::Error| failed("the store", path, &error);
    let file = match OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path) {
        Ok(file) => file,
        // Somebody else's or a read-only one: SQLite says better what cannot be done with it.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && path.exists() => return Ok(()),
        Err(error) => return Err(told(error)),
    };
    if file.metadata().map_err(told)?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(told)?;
    }
    Ok(())
}

pub(super) fn failed(what: &str, path: &Path, error: &io::Error) -> StoreError {
    StoreError::Disk { what: format!("{what} {}", path.display()), why: error.to_string() }
}
