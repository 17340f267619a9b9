//! The host in between, for nodes that cannot be reached from here.

use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;

use crate::model::Problem;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Jump {
    /// As the user wrote it: names of ssh_config or `user@host:port`, several with commas. Its own
    /// keys and host keys are the user's ssh_config's business.
    Named(String),
    /// A server that we made.
    Made(Made),
}

/// What logging in to a bastion of ours takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Nova's id; the name of its host key.
    pub server_id: uuid::Uuid,
    pub address: IpAddr,
    pub user: Option<String>,
    pub key: Option<PathBuf>,
}

impl Jump {
    /// As ssh's `ProxyJump` takes it, without what another program could mistake for an option.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text.len() <= 1000 && text.split(',').all(|hop| Hop::parse(hop).is_some()) {
            return Ok(Self::Named(text.to_owned()));
        }
        Err(Problem::invalid(format!("bastion \"{text}\" is not a host to jump over"))
            .on_field("bastion")
            .advise("Write a name of your ssh_config, or user@host:port; several with commas between"))
    }

    /// How it is called in a message.
    pub fn name(&self) -> String {
        match self {
            Self::Named(text) => text.clone(),
            Self::Made(made) => made.address.to_string(),
        }
    }
}

/// One host as ssh takes it: `[user@]host[:port]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    pub user: Option<String>,
    /// A name, an IPv4 address, or an IPv6 address without its brackets.
    pub host: String,
    pub port: Option<u16>,
}

impl Hop {
    pub fn parse(text: &str) -> Option<Self> {
        let (user, rest) = text.rsplit_once('@').map_or((None, text), |(user, rest)| (Some(user), rest));
        let (host, port) = match rest.strip_prefix('[').map(|rest| rest.split_once(']')) {
            Some(Some((host, port))) if host.parse::<Ipv6Addr>().is_ok() => match port {
                "" => (host, None),
                port => (host, Some(port.strip_prefix(':')?)),
            },
            Some(_) => return None,
            None => {
                let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
                let is_name = is_start(host) && host.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
                is_name.then_some((host, port))?
            }
        };
        let number = |port: &str| port.starts_with(|c: char| c.is_ascii_digit()).then(|| port.parse().ok()).flatten();
        let port = match port {
            Some(port) => Some(number(port).filter(|port| *port > 0)?),
            None => None,
        };
        if !user.is_none_or(super::login::is_user) {
            return None;
        }
        Some(Self { user: user.map(str::to_owned), host: host.to_owned(), port })
    }
}

fn is_start(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::Jump;

    #[test]
    fn hosts_are_told_from_options_and_commands() {
        for good in ["gate", "jane@gate.example.com:2222", "10.0.0.1", "[2001:db8::1]:22", "a,b@c", "jane@[::1]"] {
            assert_eq!(Jump::parse(good).unwrap(), Jump::Named(good.into()));
        }
        for odd in [
            "",
            "-oProxyCommand=x",
            "a,-b",
            "-a@b",
            "a b",
            "a;b",
            "$(a)",
            "a:0",
            "a:99999",
            "a:+1",
            "a:",
            "@a",
            "a@",
            "::1",
            "[x]",
            "[::1]x",
            "a,",
            "a\nb",
            "%h",
        ] {
            let problem = Jump::parse(odd).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some("bastion"), "{odd}");
        }
    }
}
