//! As whom to log in to an image, and with which key.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::model::{Machine, Problem};

/// What the user's settings say for one cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    /// For all nodes, whatever their images say.
    pub user: Option<String>,
    /// By `os_distro`.
    pub users: BTreeMap<String, String>,
    /// Private key files by the keypair's name.
    pub keys: BTreeMap<String, PathBuf>,
}

/// Whom the publishers' cloud images let in, by `os_distro`.
const USERS: [(&str, &str); 10] = [
    ("ubuntu", "ubuntu"),
    ("fedora-coreos", "core"),
    ("fedora-atomic", "fedora"),
    ("fedora", "fedora"),
    ("flatcar", "core"),
    ("debian", "debian"),
    ("centos", "cloud-user"),
    ("rocky", "rocky"),
    ("almalinux", "almalinux"),
    ("opensuse", "opensuse"),
];

/// The settings' word counts before the image's, the image's before its distribution's; `None`: ssh chooses.
pub fn user(node: &Machine, preferences: &Preferences) -> Result<Option<String>, Problem> {
    let distro = node.os_distro.as_deref().unwrap_or_default();
    let usual = || USERS.iter().find(|(known, _)| *known == distro).map(|(_, user)| (*user).to_owned());
    let by_distro = || preferences.users.get(distro).cloned();
    let chosen = preferences.user.clone().or_else(|| node.os_admin_user.clone()).or_else(by_distro).or_else(usual);
    match chosen {
        Some(user) if !is_user(&user) => {
            let told = format!("node {}: \"{user}\" is not a user name to log in with", node.name);
            Err(Problem::invalid(told).advise("Name another with --user, or ssh_user in config.toml"))
        }
        chosen => Ok(chosen),
    }
}

/// The private key file for the node's keypair, where the settings name one.
pub fn key(node: &Machine, preferences: &Preferences) -> Option<PathBuf> {
    preferences.keys.get(node.keypair.as_deref()?).cloned()
}

/// A login name that is nothing else: no option, no second host, no shell.
pub fn is_user(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Preferences, key, user};
    use crate::model::Machine;

    pub fn node() -> Machine {
        Machine {
            server_id: "5f3c1d52-7a0f-4c8e-9d55-2b8f0a6f3a11".into(),
            name: "prod-0123456789ab-worker-1".into(),
            role: "worker".into(),
            group: "default-worker".into(),
            index: Some(1),
            status: "ACTIVE".into(),
            address: Some("10.0.0.5".parse().unwrap()),
            floating_address: None,
            keypair: Some("laptop".into()),
            os_distro: Some("ubuntu".into()),
            os_admin_user: None,
        }
    }

    #[test]
    fn the_user_follows_the_image_unless_somebody_says_otherwise() {
        let none = Preferences::default();
        let of = |node: &Machine, preferences: &Preferences| user(node, preferences).unwrap();
        for (distro, name) in [("ubuntu", "ubuntu"), ("fedora-coreos", "core"), ("fedora-atomic", "fedora")] {
            assert_eq!(of(&Machine { os_distro: Some(distro.into()), ..node() }, &none).as_deref(), Some(name));
        }
        assert_eq!(of(&Machine { os_distro: Some("mars".into()), ..node() }, &none), None);
        let says = Machine { os_admin_user: Some("admin".into()), ..node() };
        assert_eq!(of(&says, &none).as_deref(), Some("admin"));
        let users = Preferences { users: [("ubuntu".into(), "cloud".into())].into(), ..none.clone() };
        assert_eq!(of(&node(), &users).as_deref(), Some("cloud"));
        assert_eq!(of(&says, &users).as_deref(), Some("admin"));
        let all = Preferences { user: Some("jane".into()), ..users };
        assert_eq!(of(&says, &all).as_deref(), Some("jane"));
        for odd in ["", "-x", "a b", "a@b", "$(x)", "a\u{FFFD}"] {
            assert!(user(&Machine { os_admin_user: Some(odd.into()), ..node() }, &none).is_err(), "{odd}");
        }
    }

    #[test]
    fn keys_go_by_the_keypairs_name() {
        let preferences = Preferences { keys: [("laptop".into(), "~/k".into())].into(), ..Preferences::default() };
        assert_eq!(key(&node(), &preferences).unwrap().to_str(), Some("~/k"));
        assert_eq!(key(&Machine { keypair: Some("other".into()), ..node() }, &preferences), None);
        assert_eq!(key(&Machine { keypair: None, ..node() }, &preferences), None);
    }
}
