//! Machines that can be logged in to: a real sshd for each server, started by the ssh that wants to
//! speak to it (its `ProxyCommand`) and ended with it. Nothing listens anywhere.
//!
//! A shell on one is a shell of whoever runs the demo, in a home directory that goes with it: the
//! user's own start files and histories are left alone. Start reading at [`Nodes::prepare`].

use std::fmt::Display;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use uuid::Uuid;

use crate::model::Problem;

/// Debian keeps it out of the path.
const PLACES: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/sbin"];
/// RFC 5656 3.1.
const KIND: &str = "ecdsa-sha2-nistp256";

/// Speaks for the server whose id it is given. Run by root, sshd wants a directory that a boot makes.
const SPEAK: &str = r#"#!/bin/sh
[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
exec @sshd@ -i -f @dir@/"$1"/sshd_config -E @dir@/"$1"/log
"#;

/// What a login gets.
const LOGIN: &str = r#"#!/bin/sh
HOME=@dir@/$1/home
HISTFILE=/dev/null
export HOME HISTFILE
cd "$HOME" || exit 1
[ -z "$SSH_ORIGINAL_COMMAND" ] || exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"
echo "$2: a node of the demo. This shell is your own machine's; its home directory goes with the demo."
PS1="$2:\$ "
export PS1
if [ -x /bin/bash ]; then exec /bin/bash --norc -i; fi
exec /bin/sh -i
"#;

const CONFIG: &str = "HostKey \"@dir@/@server@/key\"\n\
    AuthorizedKeysFile \"@dir@/id.pub\"\n\
    ForceCommand @login@\n\
    PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
    PermitRootLogin prohibit-password\nAllowTcpForwarding no\nAllowStreamLocalForwarding no\nX11Forwarding no\n\
    PermitTunnel no\nPrintMotd no\nPrintLastLog no\nAcceptEnv LANG LC_*\n";

/// Where they are kept; clones share it.
#[derive(Debug, Clone)]
pub struct Nodes {
    dir: PathBuf,
}

impl Nodes {
    /// Makes what all nodes share, in a directory that only its owner reads. The error says why no
    /// node of this demo can be logged in to.
    pub fn prepare(dir: PathBuf) -> Result<Self, Problem> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let places = std::env::split_paths(&path).chain(PLACES.map(PathBuf::from));
        let sshd = places.map(|place| place.join("sshd")).find(|file| file.is_absolute() && file.is_file());
        Self::with(dir, sshd)
    }

    fn with(dir: PathBuf, sshd: Option<PathBuf>) -> Result<Self, Problem> {
        let sshd = sshd.ok_or_else(|| {
            Problem::local("the demo's nodes cannot be logged in to: there is no sshd on this machine")
                .advise("Install OpenSSH's server (Debian: apt-get install openssh-server); it need not run")
        })?;
        if !dir.to_str().is_some_and(is_plain) || !sshd.to_str().is_some_and(is_plain) {
            let told = format!("the demo's nodes cannot be logged in to: sshd cannot be told of {}", dir.display());
            return Err(Problem::local(told).advise("Name another place for the demo with TMPDIR"));
        }
        let nodes = Self { dir };
        let filled = |text: &str| nodes.filled(text).replace("@sshd@", &sshd.display().to_string());
        let made = || -> std::io::Result<()> {
            std::fs::create_dir_all(&nodes.dir)?;
            std::fs::set_permissions(&nodes.dir, Permissions::from_mode(0o700))?;
            let public = make_key(&nodes.key())?;
            write(&nodes.dir.join("id.pub"), &format!("{public}\n"), 0o600)?;
            write(&nodes.speaker(), &filled(SPEAK), 0o700)?;
            write(&nodes.dir.join("login"), &filled(LOGIN), 0o700)
        };
        made().map_err(|error| refused(&nodes.dir, &error))?;
        Ok(nodes)
    }

    /// A program that speaks ssh for the server whose id it is given.
    pub fn speaker(&self) -> PathBuf {
        self.dir.join("speak")
    }

    /// The private key that lets in to all of them.
    pub fn key(&self) -> PathBuf {
        self.dir.join("id")
    }

    /// Makes the machine when it is looked at first; what its console shows of it, as cloud-init has it.
    pub fn console(&self, server: &str, name: &str) -> Vec<String> {
        match self.machine(server, name) {
            Ok(key) => vec![
                "-----BEGIN SSH HOST KEY KEYS-----".into(),
                format!("{key} root@{name}"),
                "-----END SSH HOST KEY KEYS-----".into(),
            ],
            Err(error) => {
                tracing::warn!(server, %error, "a node of the demo cannot be made");
                Vec::new()
            }
        }
    }

    /// Its public host key.
    fn machine(&self, server: &str, name: &str) -> std::io::Result<String> {
        let wrong = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidInput, what.to_owned());
        let id = Uuid::try_parse(server).map_err(|_| wrong("no server's id"))?.to_string();
        let own = self.dir.join(&id);
        if let Ok(known) = std::fs::read_to_string(own.join("key.pub")) {
            return Ok(known.trim().to_owned());
        }
        std::fs::create_dir_all(own.join("home"))?;
        // A name of Nova's may be anything; here it becomes a word of a shell's.
        let plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).collect();
        let login = format!("{}/login {id} {plain}", self.dir.display());
        let config = self.filled(CONFIG).replace("@server@", &id).replace("@login@", &login);
        write(&own.join("sshd_config"), &config, 0o600)?;
        let public = make_key(&own.join("key"))?;
        write(&own.join("key.pub"), &format!("{public}\n"), 0o600)?;
        Ok(public)
    }

    fn filled(&self, text: &str) -> String {
        text.replace("@dir@", &self.dir.display().to_string())
    }
}

/// Whether a path means the same to sshd, to a shell, and to us.
fn is_plain(path: &str) -> bool {
    path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+,:=@".contains(c))
}

fn refused(dir: &Path, error: &dyn Display) -> Problem {
    Problem::local(format!("the demo's nodes cannot be logged in to: cannot write in {}: {error}", dir.display()))
}

/// A new private key in the file; its public half as sshd and ssh write it.
fn make_key(file: &Path) -> std::io::Result<String> {
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(std::io::Error::other)?;
    write(file, &pair.serialize_pem(), 0o600)?;
    let mut blob = Vec::new();
    for part in [KIND.as_bytes(), b"nistp256", pair.public_key_raw()] {
        blob.extend(u32::try_from(part.len()).unwrap_or_default().to_be_bytes());
        blob.extend(part);
    }
    Ok(format!("{KIND} {}", STANDARD.encode(blob)))
}

fn write(file: &Path, text: &str, mode: u32) -> std::io::Result<()> {
    use std::io::Write;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().set_permissions(Permissions::from_mode(mode))?;
    temporary.persist(file).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{Nodes, is_plain};
    use crate::ssh::hostkeys::on_console;

    const SERVER: &str = "5f3c1d52-7a0f-4c8e-9d55-2b8f0a6f3a11";

    #[test]
    fn a_machines_key_is_on_its_console_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        // Where there is no sshd there are no machines to look at.
        let Ok(nodes) = Nodes::prepare(folder.path().join("nodes")) else { return };
        let told = on_console(&nodes.console(SERVER, "prod-worker-1").join("\n"));
        assert_eq!(told.keys.len(), 1);
        assert_eq!(on_console(&nodes.console(SERVER, "prod-worker-1").join("\n")), told);
        assert_ne!(on_console(&nodes.console(&SERVER.replace('5', "6"), "x").join("\n")), told);
        for secret in [nodes.key(), folder.path().join("nodes").join(SERVER).join("key")] {
            assert_eq!(secret.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(nodes.speaker().parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(nodes.console("../../x", "x"), [""; 0]);
    }

    #[test]
    fn without_an_sshd_it_is_said_plainly() {
        let told = Nodes::with("/nowhere".into(), None).unwrap_err();
        assert_eq!(told.summary, "the demo's nodes cannot be logged in to: there is no sshd on this machine");
        assert!(Nodes::with("/no where".into(), Some("/usr/sbin/sshd".into())).is_err());
    }

    #[test]
    fn odd_paths_are_known() {
        assert!(is_plain("/tmp/jeroboam-demo-a1B2") && !is_plain("/tmp/a b") && !is_plain("/a'%h"));
    }
}
