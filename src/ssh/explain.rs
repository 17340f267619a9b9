//! What ssh says when it does not come through, and what it means for a node.

use uuid::Uuid;

use super::hostkeys::{HostKey, Told};
use crate::model::{Problem, ProblemKind, text};

/// ssh's own exit code, when it was ssh that failed and not the command.
pub const FAILED: i32 = 255;
/// How ssh names the far end of a pipe, which is what another ssh's way to a node is to it.
const NOBODY: &str = "UNKNOWN port 65535";
/// Bytes of ssh's last words that are looked at.
pub const TAIL: usize = 8192;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The node shows another key than the one we know.
    KeyChanged,
    /// Nobody knows the node's key, and nobody was there to ask or the answer was no.
    KeyUnknown,
    /// A host in between shows a key that its ssh_config does not trust.
    BastionsKey,
    /// The node, or a host in between, lets us in with none of our keys.
    Denied,
    /// ssh's last words about the way.
    Unreachable(String),
    /// The host in between, or the way to it, ended; its last words, which may be none.
    NoWay(String),
}

/// Reads what ssh wrote on stderr; `None`: nothing that it says when it fails.
pub fn read(words: &str, server: Uuid) -> Option<Trouble> {
    let alias = server.to_string();
    let about = |start: &str| words.lines().find(|line| line.contains(start));
    if let Some(line) = about("Host key for ").filter(|line| line.contains("has changed")) {
        return Some(if line.contains(&alias) { Trouble::KeyChanged } else { Trouble::BastionsKey });
    }
    if about("Host key verification failed").is_some() {
        let ours = about("host key is known for ").is_none_or(|line| line.contains(&alias));
        return Some(if ours { Trouble::KeyUnknown } else { Trouble::BastionsKey });
    }
    if about("Permission denied (").is_some() || about("Too many authentication failures").is_some() {
        return Some(Trouble::Denied);
    }
    const WAY: [&str; 8] = [
        "timed out",
        "Connection refused",
        "No route to host",
        "Could not resolve hostname",
        "Network is unreachable",
        "Connection closed by",
        "Connection reset by",
        "stdio forwarding failed",
    ];
    let mut about_way = words.lines().rev().filter(|line| WAY.iter().any(|way| line.contains(way)));
    let last = about_way.next()?;
    if !last.contains(NOBODY) {
        return Some(Trouble::Unreachable(text::clean(last.trim())));
    }
    // What was in between has gone, and told before why, if it could.
    let told = about_way.find(|line| !line.contains(NOBODY)).map(str::trim).unwrap_or_default();
    Some(Trouble::NoWay(text::clean(told)))
}

/// The words for a person. `known`: the keys we have of the node; `console`: what its console says now.
pub fn problem(trouble: &Trouble, node: &str, server: Uuid, known: &[HostKey], console: Option<&Told>) -> Problem {
    match trouble {
        Trouble::KeyChanged => changed(node, server, known, console),
        Trouble::KeyUnknown => {
            let told = format!("node {node} ({server}): its host key is not known, and nothing is accepted unseen");
            let advice = match console.map(|told| told.fingerprints.as_slice()) {
                Some([print, ..]) => format!("Its console shows {print}: log in with `jeroboam ssh` on a terminal and compare"),
                _ => "Its console does not show one; log in once with `jeroboam ssh` on a terminal, and compare".into(),
            };
            Problem::new(ProblemKind::Denied, told).advise(advice)
        }
        Trouble::BastionsKey => {
            let told = format!("node {node}: the bastion's host key is not the one that your known_hosts has for it, or there is none");
            Problem::new(ProblemKind::Denied, told)
                .advise("Log in to the bastion itself with ssh once; ask whoever runs it when its key has changed")
        }
        Trouble::Denied => Problem::new(ProblemKind::Denied, format!("node {node} lets none of our keys in"))
            .advise("Name the private key of the cluster's keypair in config.toml, [ssh.keys], or load it into your agent; another user: --user"),
        Trouble::Unreachable(words) => {
            Problem::new(ProblemKind::Unavailable, format!("node {node} cannot be reached: {words}"))
                .advise("Look at its console with `jeroboam logs`; a bastion is named in config.toml")
        }
        Trouble::NoWay(words) => {
            let why = if words.is_empty() { "it gave no reason" } else { words };
            let told = format!("node {node} cannot be reached: the connection over the host in between ended before the node answered: {why}");
            Problem::new(ProblemKind::Unavailable, told)
                .advise("See whether that host lets you in and reaches the node; it is the bastion of config.toml, or what ssh_config names. `jeroboam logs` shows the node's console without it")
        }
    }
}

fn changed(node: &str, server: Uuid, known: &[HostKey], console: Option<&Told>) -> Problem {
    let told =
        format!("node {node} ({server}) shows another host key than the one known of it; nothing was sent to it");
    let new: Vec<&HostKey> =
        console.into_iter().flat_map(|told| &told.keys).filter(|key| !known.contains(key)).collect();
    let prints = |keys: &[&HostKey]| keys.iter().map(|key| key.fingerprint()).collect::<Vec<_>>().join(", ");
    let had = prints(&known.iter().collect::<Vec<_>>());
    let advice = if new.is_empty() {
        format!(
            "Its console, as Nova keeps it, tells of no new key: somebody may stand in between. Known: {had}. Only if \
             you know that this machine was rebuilt: jeroboam ssh CLUSTER NODE --forget-host-key"
        )
    } else {
        format!(
            "Its console, as Nova keeps it, shows a new one ({}; known: {had}), so this machine was rebuilt or \
             reinstalled. If that is right: jeroboam ssh CLUSTER NODE --forget-host-key",
            prints(&new)
        )
    };
    Problem::new(ProblemKind::Denied, told).advise(advice)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::hostkeys::{Told, known, on_console};
    use super::{Trouble, problem, read};

    const SERVER: Uuid = Uuid::from_u128(0x5f3c);

    #[test]
    fn ssh_is_understood() {
        let changed = format!(
            "@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@\nOffending ED25519 key in /k:1\n\
             Host key for {SERVER} has changed and you have requested strict checking.\nHost key verification failed.\r\n"
        );
        assert_eq!(read(&changed, SERVER), Some(Trouble::KeyChanged));
        assert_eq!(read(&changed, Uuid::nil()), Some(Trouble::BastionsKey));
        let unknown = format!(
            "No ED25519 host key is known for {SERVER} and you have requested strict checking.\r\nHost key verification failed.\r\n"
        );
        assert_eq!(read(&unknown, SERVER), Some(Trouble::KeyUnknown));
        assert_eq!(read(&unknown, Uuid::nil()), Some(Trouble::BastionsKey));
        assert_eq!(read("u@10.0.0.5: Permission denied (publickey).", SERVER), Some(Trouble::Denied));
        let way =
            "ssh: connect to host 10.0.0.5 port 22: Connection refused\r\nConnection closed by UNKNOWN port 65535\r\n";
        let told = "ssh: connect to host 10.0.0.5 port 22: Connection refused";
        assert_eq!(read(way, SERVER), Some(Trouble::NoWay(told.into())));
        assert_eq!(
            read(
                "kex_exchange_identification: Connection closed by remote host\r\nConnection closed by UNKNOWN port 65535",
                SERVER
            ),
            Some(Trouble::NoWay("kex_exchange_identification: Connection closed by remote host".into()))
        );
        let bare = read("Connection closed by UNKNOWN port 65535", SERVER).unwrap();
        let line = problem(&bare, "worker-1", SERVER, &[], None).line();
        assert!(line.contains("over the host in between ended") && !line.contains("65535"), "{line}");
        let direct = "ssh: connect to host 10.0.0.5 port 22: Connection refused";
        assert_eq!(read(direct, SERVER), Some(Trouble::Unreachable(direct.into())));
        assert_eq!(read("ls: cannot access", SERVER), None);
    }

    #[test]
    fn a_changed_key_is_explained_by_the_console() {
        let console = |end: &str| {
            on_console(&format!(
                "-----BEGIN SSH HOST KEY KEYS-----\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBsUq8yNoV0JmOEwgPpJQrGz0W9r6UqQ7b1m9v0c9{end} r\n-----END SSH HOST KEY KEYS-----"
            ))
        };
        let old = known(&super::super::hostkeys::with("", SERVER, &console("D2a").keys), SERVER);
        let of = |told: Option<&Told>| problem(&Trouble::KeyChanged, "worker-1", SERVER, &old, told).advice.unwrap();
        assert!(of(Some(&console("D2b"))).contains("was rebuilt"));
        assert!(of(Some(&console("D2a"))).contains("somebody may stand in between"));
        assert!(of(None).contains("somebody may stand in between"));
    }
}
