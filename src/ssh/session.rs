//! The words that `ssh` is started with. Nothing secret is among them: they show in a list of
//! processes.
//!
//! Everything that decides whom we trust is said on the command line, where it counts before
//! the user's ssh_config; everything else is left to that. <https://man.openbsd.org/ssh_config>

use std::ffi::{OsStr, OsString};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::jump::{Hop, Jump, Made};
use super::login::{self, Preferences};
use crate::model::{Machine, Problem};

/// A node's ssh port; an ssh_config may say otherwise.
pub const PORT: u16 = 22;

/// By which way to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    Direct(IpAddr),
    Over(Jump, IpAddr),
    /// This program, given the server's id, speaks for the node; ssh reads no configuration of the user's.
    Program(PathBuf),
}

/// Ways to a node, the best first. A direct one is good only if somebody answers there.
pub fn ways(node: &Machine, jump: Option<&Jump>) -> Vec<Way> {
    let floating = node.floating_address.map(Way::Direct);
    let fixed = node.address.map(|address| match jump {
        Some(jump) => Way::Over(jump.clone(), address),
        // We may be in the cluster's network ourselves, or routed to it.
        None => Way::Direct(address),
    });
    floating.into_iter().chain(fixed).collect()
}

/// What is done about a host key that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checking {
    /// ssh shows it and asks; without somebody to ask, it refuses.
    Ask,
    Refuse,
}

/// How a session is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    pub checking: Checking,
    /// Hands on the user's agent, which the node's root can use meanwhile.
    pub forward_agent: bool,
    /// `None`: as ssh does, with a terminal for a shell and without for a command.
    pub terminal: Option<bool>,
}

impl Wish {
    /// For people.
    pub const SHELL: Self = Self { checking: Checking::Ask, forward_agent: false, terminal: None };
    /// For programs: nobody is asked anything.
    pub const BATCH: Self = Self { checking: Checking::Refuse, forward_agent: false, terminal: Some(false) };
}

/// A login on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Nova's id, under which its host key is kept.
    pub server: Uuid,
    /// For messages.
    pub name: String,
    pub way: Way,
    pub user: Option<String>,
    pub key: Option<PathBuf>,
    /// The cluster's file.
    pub known_hosts: PathBuf,
}

impl Session {
    pub fn new(node: &Machine, way: Way, preferences: &Preferences, known_hosts: PathBuf) -> Result<Self, Problem> {
        Ok(Self {
            server: server(node)?,
            name: node.name.clone(),
            way,
            user: login::user(node, preferences)?,
            key: login::key(node, preferences),
            known_hosts,
        })
    }

    /// Everything after `ssh`. The command is joined with spaces by ssh and read by the node's shell.
    pub fn arguments(&self, wish: Wish, command: &[OsString]) -> Result<Vec<OsString>, Problem> {
        // What the user's ssh_config forwards is for shells, and two of them would collide.
        let alone: &[OsString] =
            if wish.checking == Checking::Refuse { &option("ClearAllForwardings", "yes") } else { &[] };
        self.words(wish, alone.to_vec(), command)
    }

    fn words(&self, wish: Wish, more: Vec<OsString>, command: &[OsString]) -> Result<Vec<OsString>, Problem> {
        let mut words = options(wish);
        words.extend(more);
        words.extend(trusting(self.server, &self.known_hosts)?);
        words.extend(as_whom(self.user.as_deref(), self.key.as_deref()));
        let to = match &self.way {
            Way::Direct(address) => address.to_string(),
            Way::Over(jump, address) => {
                words.extend(over(jump, &self.known_hosts)?);
                address.to_string()
            }
            Way::Program(program) => {
                let server = self.server.to_string();
                words.extend(["-F".into(), "/dev/null".into()]);
                words.extend(option("SendEnv", "LANG LC_*"));
                words.extend(option("ProxyCommand", &format!("{} {server}", shell_word(utf8(program)?))));
                server
            }
        };
        words.extend(["--".into(), to.into()]);
        words.extend(command.iter().cloned());
        Ok(words)
    }

    /// Everything after `ssh` for a port forward that ends here: `local` on this machine leads to `to`.
    pub fn forward(&self, local: u16, to: &str) -> Result<Vec<OsString>, Problem> {
        self.words(Wish::BATCH, forwarding(local, to), &[])
    }
}

/// As [`Session::forward`], through a bastion instead of a node.
pub fn forward_over(jump: &Jump, known_hosts: &Path, local: u16, to: &str) -> Result<Vec<OsString>, Problem> {
    let mut words = options(Wish { checking: Checking::Ask, ..Wish::BATCH });
    words.extend(forwarding(local, to));
    match jump {
        Jump::Made(made) => {
            words.extend(trusting(made.server_id, known_hosts)?);
            words.extend(as_whom(made.user.as_deref(), made.key.as_deref()));
            words.extend(["--".into(), made.address.to_string().into()]);
        }
        Jump::Named(text) => {
            let (before, last) = text.rsplit_once(',').map_or((None, text.as_str()), |(a, b)| (Some(a), b));
            let unusable = || Problem::invalid(format!("bastion \"{text}\" is not a host to jump over"));
            let hop = Hop::parse(last).ok_or_else(unusable)?;
            words.extend(before.into_iter().flat_map(|before| option("ProxyJump", before)));
            words.extend(as_whom(hop.user.as_deref(), None));
            words.extend(hop.port.into_iter().flat_map(|port| ["-p".into(), port.to_string().into()]));
            words.extend(["--".into(), hop.host.into()]);
        }
    }
    Ok(words)
}

/// The server's id as the name of its key.
pub fn server(node: &Machine) -> Result<Uuid, Problem> {
    let told = || Problem::invalid(format!("node {}: \"{}\" is no server's id", node.name, node.server_id));
    Uuid::try_parse(&node.server_id).map_err(|_| told())
}

fn option(name: &str, value: &str) -> [OsString; 2] {
    ["-o".into(), format!("{name}={value}").into()]
}

fn options(wish: Wish) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec![if wish.forward_agent { "-A" } else { "-a" }.into(), "-x".into()];
    match wish.terminal {
        Some(true) => words.push("-t".into()),
        Some(false) => words.push("-T".into()),
        None => {}
    }
    let (checking, batch) = match wish.checking {
        Checking::Ask => ("ask", false),
        Checking::Refuse => ("yes", true),
    };
    words.extend(option("StrictHostKeyChecking", checking));
    if batch {
        words.extend(option("BatchMode", "yes"));
    }
    // An open connection kept under an address would lead to whoever had it before.
    words.extend(option("ControlPath", "none"));
    for (name, value) in [("ConnectTimeout", "15"), ("ServerAliveInterval", "15"), ("ServerAliveCountMax", "3")] {
        words.extend(option(name, value));
    }
    words
}

fn forwarding(local: u16, to: &str) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["-N".into()];
    words.extend(option("ExitOnForwardFailure", "yes"));
    words.extend(["-L".into(), format!("127.0.0.1:{local}:{to}").into()]);
    words
}

/// The node's key under the server's id in a file of ours, and nothing else, counts.
fn trusting(server: Uuid, known_hosts: &Path) -> Result<Vec<OsString>, Problem> {
    let file = quoted(known_hosts)?;
    let said: [(&str, &str); 6] = [
        ("HostKeyAlias", &server.to_string()),
        ("UserKnownHostsFile", &file),
        ("GlobalKnownHostsFile", "/dev/null"),
        ("VerifyHostKeyDNS", "no"),
        ("UpdateHostKeys", "no"),
        ("HashKnownHosts", "no"),
    ];
    Ok(said.iter().flat_map(|(name, value)| option(name, value)).collect())
}

fn as_whom(user: Option<&str>, key: Option<&Path>) -> Vec<OsString> {
    let mut words = Vec::new();
    if let Some(user) = user {
        words.extend(["-l".into(), user.into()]);
    }
    if let Some(key) = key {
        words.extend(["-i".into(), key.into()]);
        // A full agent would use up the tries that a server allows.
        words.extend(option("IdentitiesOnly", "yes"));
    }
    words
}

fn over(jump: &Jump, known_hosts: &Path) -> Result<Vec<OsString>, Problem> {
    match jump {
        Jump::Named(text) => Ok(option("ProxyJump", text).into()),
        Jump::Made(made) => Ok(option("ProxyCommand", &proxy_command(made, known_hosts)?).into()),
    }
}

/// `ProxyJump` would ask the user's known_hosts for a bastion that is ours. A shell reads this, after ssh's own `exec`.
fn proxy_command(made: &Made, known_hosts: &Path) -> Result<String, Problem> {
    let mut words = options(Wish { checking: Checking::Ask, forward_agent: false, terminal: None });
    words.extend(trusting(made.server_id, known_hosts)?);
    words.extend(as_whom(made.user.as_deref(), made.key.as_deref()));
    let mut line = String::from("ssh");
    for word in &words {
        line.push(' ');
        line.push_str(&shell_word(utf8(word)?));
    }
    line.push_str(&format!(" -W '[%h]:%p' -- {}", made.address));
    Ok(line)
}

fn utf8(word: &(impl AsRef<OsStr> + ?Sized)) -> Result<&str, Problem> {
    word.as_ref().to_str().ok_or_else(|| Problem::invalid("a path that is not UTF-8 cannot be given to ssh"))
}

/// A word of a `ProxyCommand`: ssh puts its own values in for percent signs, then a shell reads it.
fn shell_word(word: &str) -> String {
    format!("'{}'", word.replace('%', "%%").replace('\'', r"'\''"))
}

/// A path as a value in ssh's configuration, where some characters mean something.
fn quoted(path: &Path) -> Result<String, Problem> {
    let text = path.to_str().filter(|text| !text.contains(['"', '\\']) && !text.contains("${"));
    let text = text.filter(|text| !text.chars().any(char::is_control));
    let refuse = || {
        Problem::invalid(format!("the path {} cannot be given to ssh", path.display()))
            .advise("Name another data directory with --data-dir, without quotes, backslashes and ${")
    };
    text.map(|text| format!("\"{}\"", text.replace('%', "%%"))).ok_or_else(refuse)
}

#[cfg(test)]
mod tests;
