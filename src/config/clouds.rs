//! Which cloud, and with which credentials: clouds.yaml, secure.yaml,
//! clouds-public.yaml and `OS_*` variables, read as openstacksdk reads them.
//! <https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html>
//!
//! Differences, each to spare the user a riddle: a file named by
//! `OS_CLIENT_CONFIG_FILE` must exist; an unreadable file is an error instead of
//! being skipped; a domain that is named nowhere is `default`, as in
//! python-openstackclient; there are no built-in vendor profiles.
//!
//! Must not know the network, nor how a token is made from all this.
//! Start reading at [`load`].

mod files;
mod resolve;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::model::{CloudEntry, Problem};

/// The name under which plain `OS_*` variables appear as a cloud.
pub const ENVVARS: &str = "envvars";

/// What the user said about the cloud to use.
#[derive(Clone, Default)]
pub struct Selection {
    /// `--os-cloud`; wins over `OS_CLOUD`.
    pub os_cloud: Option<String>,
    /// `OS_*`, `HOME` and `XDG_CONFIG_HOME`.
    pub env: BTreeMap<String, String>,
    /// Where `./clouds.yaml` is looked for.
    pub cwd: PathBuf,
}

impl Selection {
    /// From this process's variables and working directory.
    pub fn from_process(os_cloud: Option<String>) -> Self {
        let wanted = |name: &str| name.starts_with("OS_") || name == "HOME" || name == "XDG_CONFIG_HOME";
        let env = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| wanted(name))
            .collect();
        Self { os_cloud, env, cwd: std::env::current_dir().unwrap_or_default() }
    }

    /// A variable that is set and not empty.
    fn var(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Everything needed to log in to one cloud and to find its services.
#[derive(Debug, Clone)]
pub struct CloudConfig {
    /// Name in clouds.yaml, or [`ENVVARS`].
    pub name: String,
    pub auth_url: Url,
    /// Never empty; several are multi-factor.
    pub methods: Vec<Method>,
    pub scope: ScopeWish,
    /// `None`: the only region of the catalogue.
    pub region: Option<String>,
    pub interface: Interface,
    pub tls: Tls,
    /// By service type as written in the key, `_` turned to `-`: `load-balancer`, `heat`.
    pub endpoint_overrides: BTreeMap<String, String>,
    /// `api_timeout`; of one whole request.
    pub timeout: Option<Duration>,
}

/// One of Keystone's methods. <https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management>
#[derive(Debug, Clone)]
pub enum Method {
    Password {
        user: User,
        password: SecretString,
    },
    /// A one-time passcode: works once, so it cannot renew a token.
    Totp {
        user: User,
        passcode: SecretString,
    },
    Token {
        token: SecretString,
    },
    ApplicationCredential {
        credential: AppCredential,
        secret: SecretString,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppCredential {
    Id(String),
    /// Names are unique for one user only.
    Name {
        name: String,
        user: User,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum User {
    Id(String),
    Name { name: String, domain: Domain },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Domain {
    Id(String),
    Name(String),
}

/// What the token is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScopeWish {
    ProjectId(String),
    ProjectName {
        name: String,
        domain: Domain,
    },
    Domain(Domain),
    System,
    /// The credential brings its scope, or the user's default project is taken.
    Implied,
}

/// Which of a service's addresses to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interface {
    #[default]
    Public,
    Internal,
    Admin,
}

impl Interface {
    /// As the catalogue spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Admin => "admin",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    pub verify: bool,
    /// PEM bundle; then only these authorities count.
    pub ca_file: Option<PathBuf>,
    /// Client certificate and its key, PEM; the key may be in the certificate's file.
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

/// Reads a file's bytes. Tests bring their own.
pub type Reader<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// The chosen cloud's configuration, from disk.
pub fn load(selection: &Selection) -> Result<CloudConfig, Problem> {
    load_with(selection, &files::read)
}

/// As [`load`], with files from `reader`.
///
/// The cloud is the one of `--os-cloud`, else `OS_CLOUD`, else [`ENVVARS`] when
/// `OS_AUTH_URL` is set, else the only one in clouds.yaml.
pub fn load_with(selection: &Selection, reader: Reader<'_>) -> Result<CloudConfig, Problem> {
    let named = selection.os_cloud.as_deref().filter(|name| !name.is_empty()).or_else(|| selection.var("OS_CLOUD"));
    match named {
        Some(ENVVARS) => resolve::from_env(selection),
        None if selection.var("OS_AUTH_URL").is_some() => resolve::from_env(selection),
        _ => {
            let found = files::find(selection, reader)?;
            let name = files::choose(&found, named)?;
            let merged = files::merged(&found, &name)?;
            resolve::from_file(selection, &name, &merged, &found.described())
        }
    }
}

/// Every cloud that [`load`] could choose, by name, from disk.
pub fn list(selection: &Selection) -> Result<Vec<CloudEntry>, Problem> {
    list_with(selection, &files::read)
}

/// As [`list`], with files from `reader`. What is wrong in one entry is told of that one alone.
pub fn list_with(selection: &Selection, reader: Reader<'_>) -> Result<Vec<CloudEntry>, Problem> {
    let mut entries = Vec::new();
    if selection.var("OS_AUTH_URL").is_some() {
        entries.push(entry(ENVVARS, resolve::from_env(selection)));
    }
    let found = files::find(selection, reader)?;
    for name in found.names() {
        let config = files::merged(&found, name)
            .and_then(|merged| resolve::from_file(selection, name, &merged, &found.described()));
        entries.push(entry(name, config));
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries.dedup_by(|a, b| a.name == b.name);
    Ok(entries)
}

fn entry(name: &str, config: Result<CloudConfig, Problem>) -> CloudEntry {
    let shown = |text: &str| crate::model::text::clean(text);
    match config {
        Ok(config) => {
            let mut url = config.auth_url.clone();
            // An address that cannot have them has none.
            let _ = (url.set_username(""), url.set_password(None));
            let project = match &config.scope {
                ScopeWish::ProjectId(id) => Some(shown(id)),
                ScopeWish::ProjectName { name, .. } => Some(shown(name)),
                ScopeWish::Domain(_) | ScopeWish::System | ScopeWish::Implied => None,
            };
            CloudEntry {
                name: shown(name),
                auth_url: shown(url.as_str()),
                project,
                region: config.region.as_deref().map(shown),
                problem: None,
            }
        }
        Err(problem) => CloudEntry {
            name: shown(name),
            auth_url: String::new(),
            project: None,
            region: None,
            problem: Some(problem),
        },
    }
}

impl CloudConfig {
    /// The same login in another project, by its id. A credential that is bound to its project is refused.
    pub fn in_project(mut self, id: &str) -> Result<Self, Problem> {
        let bound = self.methods.iter().any(|method| matches!(method, Method::ApplicationCredential { .. }));
        if bound && self.scope != ScopeWish::ProjectId(id.to_owned()) {
            let told = format!("cloud \"{}\": its application credential is for its own project only", self.name);
            return Err(Problem::invalid(told).advise("Log in with a password, or add a cloud for the other project"));
        }
        self.scope = ScopeWish::ProjectId(id.to_owned());
        Ok(self)
    }
}

#[cfg(test)]
mod tests;
