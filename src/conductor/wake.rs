//! Waking the working process after a wish was written to the store: one datagram to a
//! socket beside it. Says nothing but "look"; losing one costs time, not truth.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::net::UnixDatagram;

use super::lock::short;
use crate::cloud::Scope;

/// `sockaddr_un` holds 108 bytes, the last of them zero.
const PATH_MAX: usize = 107;

/// Where the socket is: in the data directory, or, when that path is too long for a
/// socket, in the user's runtime directory. `None`: nowhere, so the store must be polled.
pub(super) fn path(data_dir: &Path, scope: &Scope, runtime_dir: Option<&Path>) -> Option<PathBuf> {
    let data_dir = std::path::absolute(data_dir).ok()?;
    let scope = short(&[&scope.project_id, &scope.region]);
    let near = data_dir.join(format!("wake-{scope}.sock"));
    let far = || Some(runtime_dir?.join(format!("jeroboam-{}.sock", short(&[&data_dir.to_string_lossy(), &scope]))));
    [Some(near), far()].into_iter().flatten().find(|path| path.as_os_str().as_bytes().len() <= PATH_MAX)
}

/// The working process's end; only the lock's holder may have one.
pub(super) struct Listener {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Listener {
    /// A socket file that is there is a dead process's: we hold the lock.
    pub fn bind(path: &Path) -> io::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let socket = UnixDatagram::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        Ok(Self { socket, path: path.to_owned() })
    }

    pub async fn woken(&self) -> io::Result<()> {
        self.socket.recv(&mut [0; 8]).await?;
        // Many wishes at once are one look.
        while self.socket.try_recv(&mut [0; 8]).is_ok() {}
        Ok(())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // A file left over is replaced by the next holder.
        let _ = fs::remove_file(&self.path);
    }
}

/// Wakes whoever works. Nobody there is fine: the next one reads the store first.
pub(super) fn wake(path: &Path) {
    let sent = std::os::unix::net::UnixDatagram::unbound().and_then(|socket| {
        socket.set_nonblocking(true)?;
        socket.send_to(b"w", path)
    });
    if let Err(error) = sent {
        tracing::debug!(path = %path.display(), %error, "nobody to wake");
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Listener, path, wake};
    use crate::store::tests::scope;

    #[tokio::test]
    async fn wakes_across_a_stale_socket() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(dir.path(), &scope(), None).unwrap();
        wake(&path);
        std::fs::write(&path, "stale").unwrap();
        wake(&path);
        let listener = Listener::bind(&path).unwrap();
        wake(&path);
        wake(&path);
        listener.woken().await.unwrap();
        drop(listener);
        assert!(!path.exists());
        wake(&path);
    }

    #[test]
    fn a_long_path_goes_to_the_runtime_directory() {
        let long = format!("/home/{}/data", "x".repeat(120));
        let far = path(Path::new(&long), &scope(), Some(Path::new("/run/user/1000"))).unwrap();
        assert!(far.starts_with("/run/user/1000"), "{}", far.display());
        let other = path(Path::new(&format!("{long}2")), &scope(), Some(Path::new("/run/user/1000"))).unwrap();
        assert_ne!(far, other);
        assert_eq!(path(Path::new(&long), &scope(), None), None);
    }
}
