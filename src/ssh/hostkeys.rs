//! Host keys: what a node said of itself on its console, and what a known_hosts file holds.
//!
//! cloud-init prints a machine's public host keys between two markers on its console, which
//! Nova keeps; only the machine's own root can write there so early, and we read it from Nova
//! over TLS. A node's word counts for that node only: keys are kept under the server's uuid.
//! <https://cloudinit.readthedocs.io/en/latest/reference/modules.html#keys-to-console>,
//! known_hosts: sshd(8).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use uuid::Uuid;

const BEGIN: &str = "-----BEGIN SSH HOST KEY KEYS-----";
const END: &str = "-----END SSH HOST KEY KEYS-----";
/// Between the markers; more is not a list of keys.
const MOST: usize = 16;
/// Bytes of a public key in base64; RSA with 16384 bits has 2740.
const LONGEST: usize = 4096;
const KINDS: [&str; 6] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKey {
    pub kind: String,
    /// The public key in base64.
    pub key: String,
}

impl HostKey {
    /// Checked: of a known kind, and a key of that kind as far as its form tells.
    fn read(kind: &str, key: &str) -> Option<Self> {
        let kind = KINDS.iter().find(|known| **known == kind)?;
        let blob = (key.len() <= LONGEST).then(|| STANDARD.decode(key).ok()).flatten()?;
        // It begins with its own kind (RFC 4253 6.6).
        let length = u32::try_from(kind.len()).ok()?.to_be_bytes();
        let own = blob.strip_prefix(&length)?.strip_prefix(kind.as_bytes())?;
        (own.len() >= 32).then(|| Self { kind: (*kind).to_owned(), key: key.to_owned() })
    }

    /// As `ssh-keygen -l` writes it.
    pub fn fingerprint(&self) -> String {
        let blob = STANDARD.decode(&self.key).unwrap_or_default();
        format!("SHA256:{}", STANDARD_NO_PAD.encode(digest(&SHA256, &blob)))
    }
}

/// What a console tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    pub keys: Vec<HostKey>,
    /// Where an image prints these only; ssh's own question takes one as its answer.
    pub fingerprints: Vec<String>,
}

/// Reads a console. The first list counts: later lines may be anybody's whose log goes there.
pub fn on_console(console: &str) -> Told {
    let lines: Vec<&str> = console.lines().collect();
    let begin = lines.iter().position(|line| line.contains(BEGIN));
    let block = begin.and_then(|begin| {
        let inside = lines.get(begin + 1..)?;
        let end = inside.iter().take(MOST + 1).position(|line| line.contains(END))?;
        inside.get(..end)
    });
    let keys = block.unwrap_or_default().iter().filter_map(|line| in_line(line)).collect();
    Told { keys, fingerprints: lines.iter().filter_map(|line| fingerprint(line)).take(MOST).collect() }
}

/// A key anywhere in a line: the kernel or a logger may have put something before it.
fn in_line(line: &str) -> Option<HostKey> {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.windows(2).find_map(|pair| HostKey::read(pair[0], pair[1]))
}

/// Fedora CoreOS writes `SSH host key: SHA256:… (ED25519)` above its login prompt.
fn fingerprint(line: &str) -> Option<String> {
    let word = line.split_once("SSH host key: ")?.1.split_whitespace().next()?;
    let sum = STANDARD_NO_PAD.decode(word.strip_prefix("SHA256:")?).ok()?;
    (sum.len() == 32).then(|| word.to_owned())
}

/// Keys of a server in a known_hosts file of ours.
pub fn known(file: &str, server: Uuid) -> Vec<HostKey> {
    let of_server = file.lines().filter(|line| is_of(line, server));
    of_server.filter_map(in_line).collect()
}

/// The file with these keys as the server's only ones.
pub fn with(file: &str, server: Uuid, keys: &[HostKey]) -> String {
    let mut text = without(file, server);
    for key in keys {
        text.push_str(&format!("{server} {} {}\n", key.kind, key.key));
    }
    text
}

/// The file with all others' keys.
pub fn without(file: &str, server: Uuid) -> String {
    file.lines().filter(|line| !is_of(line, server)).map(|line| format!("{line}\n")).collect()
}

fn is_of(line: &str, server: Uuid) -> bool {
    line.split_whitespace().next().is_some_and(|name| name == server.to_string())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Told, known, on_console, with, without};

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIBsUq8yNoV0JmOEwgPpJQrGz0W9r6UqQ7b1m9v0c9D2a";
    const SERVER: Uuid = Uuid::from_u128(0x5f3c_1d52);

    fn console(inside: &str) -> Told {
        on_console(&format!(
            "[    0.1] Linux\n-----BEGIN SSH HOST KEY KEYS-----\n{inside}\n-----END SSH HOST KEY KEYS-----\nnode login:"
        ))
    }

    #[test]
    fn keys_between_the_markers_are_learnt() {
        let told = console(&format!("ssh-ed25519 {KEY} root@node"));
        assert_eq!(told.keys.len(), 1);
        // What `ssh-keygen -lf` says of it.
        assert_eq!(told.keys[0].fingerprint(), "SHA256:lVWleqydyVhTnKKcpWWN2D2lnDQUcjPrQeOM2/MfhzE");
        assert_eq!(console(&format!("<14>Nov 23 cloud-init: ssh-ed25519 {KEY} root@node")).keys, told.keys);
        assert_eq!(on_console(&format!("ssh-ed25519 {KEY} root@node")).keys, []);
    }

    #[test]
    fn what_is_no_key_is_none() {
        for odd in [
            "ssh-ed25519",
            "ssh-ed25519 AAAA",
            "ssh-ed25519 !!!!",
            &format!("ssh-rsa {KEY}"),
            &format!("ssh-dss {KEY}"),
            &format!("@cert-authority * ssh-mars {KEY}"),
            &format!("ssh-ed25519 {}", "A".repeat(5000)),
        ] {
            assert_eq!(console(odd).keys, [], "{odd}");
        }
        assert_eq!(on_console("-----BEGIN SSH HOST KEY KEYS-----").keys, []);
        assert_eq!(console(&format!("ssh-ed25519 {KEY} x\n").repeat(40)).keys, [], "no end within reach");
    }

    #[test]
    fn the_first_list_counts() {
        let one = format!("-----BEGIN SSH HOST KEY KEYS-----\nssh-ed25519 {KEY} a\n-----END SSH HOST KEY KEYS-----\n");
        let other = one.replace("9D2a", "9D2b");
        assert_eq!(on_console(&format!("{one}{other}")).keys, on_console(&one).keys);
        assert_ne!(on_console(&other).keys, on_console(&one).keys);
    }

    #[test]
    fn coreos_prints_fingerprints() {
        let print = "SHA256:lVWleqydyVhTnKKcpWWN2D2lnDQUcjPrQeOM2/MfhzE";
        let told = on_console(&format!("Fedora CoreOS\nSSH host key: {print} (ED25519)\nSSH host key: SHA256:x (RSA)"));
        assert_eq!((told.keys.len(), told.fingerprints), (0, vec![print.to_owned()]));
    }

    #[test]
    fn a_servers_keys_come_and_go_without_touching_others() {
        let keys = console(&format!("ssh-ed25519 {KEY} root@node")).keys;
        let file = with("other ssh-ed25519 AAAA\n", SERVER, &keys);
        assert_eq!(file, format!("other ssh-ed25519 AAAA\n{SERVER} ssh-ed25519 {KEY}\n"));
        assert_eq!((known(&file, SERVER), known(&file, Uuid::nil())), (keys.clone(), Vec::new()));
        assert_eq!(with(&file, SERVER, &keys), file);
        assert_eq!(without(&file, SERVER), "other ssh-ed25519 AAAA\n");
    }
}
