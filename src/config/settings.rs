//! The user's own settings: `config.toml` in the config directory. Everything has a
//! default, so the file may be missing; what is in it must be right, so that a typing
//! mistake does not go unnoticed.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::store::StoreUrl;
use crate::model::Problem;

/// No settings file is that large; something else is.
const LARGEST: u64 = 1 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// A file in `themes/` without its ending, the user's own or one of ours; `auto` is dark or light
    /// as the terminal is.
    pub theme: String,
    /// A file in `keymaps/` without its ending.
    pub keymap: String,
    /// How the terminal is told that a cluster has come to an end while the user looks elsewhere.
    pub alert: Alert,
    /// Clicks and the wheel are the dashboard's; to select text, hold shift.
    pub mouse: bool,
    /// The cloud to use when neither `--os-cloud` nor `OS_CLOUD` names one.
    pub cloud: Option<String>,
    /// Nothing is changed, by dashboard and commands alike; `--read-only` says so for once.
    pub read_only: bool,
    /// `postgres://USER@HOST/DATABASE`, when not in the data directory; `JEROBOAM_STORE` counts before it.
    #[serde(skip_serializing)]
    pub store: Option<StoreUrl>,
    /// On such a store: how long after a conductor's last sign of life others take its clusters. 5 to 40,
    /// so that they have done so within a minute.
    pub lease_seconds: u32,
    /// Where new clusters' keys are kept unless their labels say otherwise: `store` or `barbican`.
    pub cert_manager: CertManager,
    pub notifications: Notifications,
    /// Seconds between two looks at each cluster's health through its Kubernetes API; 0: none.
    pub health_interval: u64,
    /// How nodes are logged in to.
    pub ssh: Ssh,
    /// By a cloud's name in clouds.yaml.
    pub clouds: BTreeMap<String, Reach>,
    /// By a cluster's name or uuid; comes before its cloud.
    pub clusters: BTreeMap<String, Reach>,
}

/// What draws somebody's eye to a terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alert {
    #[default]
    Bell,
    /// A message of the desktop, by terminals that know the sequence; others ignore it.
    Osc9,
    None,
}

/// Who is told what happens to clusters: CADF events as Magnum emits them. Nobody, unless named here.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notifications {
    /// RabbitMQ: `amqp://user:password@host:5672/vhost`. `JEROBOAM_NOTIFICATIONS_URL` comes before it.
    pub url: Option<String>,
    /// The exchange; oslo.messaging's `control_exchange`.
    pub exchange: String,
    /// Queues, each with `.info` and `.error` behind.
    pub topics: Vec<String>,
    /// A file that gets one JSON object a line.
    pub file: Option<PathBuf>,
}

impl Default for Notifications {
    /// oslo.messaging's defaults.
    fn default() -> Self {
        Self { url: None, exchange: "openstack".into(), topics: vec!["notifications".into()], file: None }
    }
}

impl fmt::Debug for Notifications {
    /// Without the password in the address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifications")
            .field("url", &self.url.as_ref().map(|_| "[secret]"))
            .field("exchange", &self.exchange)
            .field("topics", &self.topics)
            .field("file", &self.file)
            .finish()
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CertManager {
    #[default]
    Store,
    Barbican,
}

/// How nodes are logged in to; what is not here is ssh_config's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ssh {
    /// Private key files by the keypair's name in Nova; `~/` is the home directory.
    pub keys: BTreeMap<String, PathBuf>,
    /// User names by the image's `os_distro`, before those we know.
    pub users: BTreeMap<String, String>,
}

/// How clusters' Kubernetes APIs and nodes are reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reach {
    /// As [`crate::kube::api::Route::parse`] reads it; without one, by the API's own address.
    pub api_forward: Option<String>,
    /// A host in between, as ssh's `ProxyJump` takes it: `user@host:port`, or a name of ssh_config.
    pub bastion: Option<String>,
    /// As whom to log in to nodes, whatever their images say.
    pub ssh_user: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: "auto".into(),
            keymap: "default".into(),
            alert: Alert::default(),
            mouse: true,
            cloud: None,
            read_only: false,
            store: None,
            lease_seconds: 30,
            cert_manager: CertManager::default(),
            notifications: Notifications::default(),
            health_interval: 60,
            ssh: Ssh::default(),
            clouds: BTreeMap::new(),
            clusters: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Reads `config.toml` in the directory; without one, the defaults.
    pub fn load(config_dir: &Path) -> Result<Self, Problem> {
        let path = config_dir.join("config.toml");
        Self::parse(&Self::text(&path)?, &path.display().to_string())
    }

    /// What stands in the file; nothing when there is no such file.
    pub fn text(path: &Path) -> Result<String, Problem> {
        let refuse = |why: String| Problem::local(format!("cannot read {}: {why}", path.display()));
        let file = match std::fs::File::open(path) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(String::new());
            }
            Err(error) => return Err(refuse(error.to_string())),
        };
        let mut text = String::new();
        let size = file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| refuse(error.to_string()))?;
        if size as u64 > LARGEST { Err(refuse("it is larger than 1 MB".into())) } else { Ok(text) }
    }

    /// `source` names the text in messages.
    pub fn parse(text: &str, source: &str) -> Result<Self, Problem> {
        let settings: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let place = line.map(|line| format!(", line {line}")).unwrap_or_default();
            Problem::invalid(format!("{source}{place}: {}", error.message()))
        })?;
        for (field, name) in [("theme", &settings.theme), ("keymap", &settings.keymap)] {
            // It becomes a file name.
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
                let told = format!("{source}: {field} \"{name}\" can have letters, digits, \"-\" and \"_\" only");
                return Err(Problem::invalid(told).advise("Write the file's name without directory and ending"));
            }
        }
        if !(5..=40).contains(&settings.lease_seconds) {
            return Err(Problem::invalid(format!("{source}: lease_seconds must be from 5 to 40")));
        }
        // Kept well below what makes health stale.
        if settings.health_interval > 300 {
            let told = format!("{source}: health_interval {} is longer than 300 seconds", settings.health_interval);
            return Err(Problem::invalid(told).advise("Write 0 to switch the looks at clusters' health off"));
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn no_file_and_an_empty_file_are_the_defaults() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Settings::load(folder.path()).unwrap(), Settings::default());
        std::fs::write(folder.path().join("config.toml"), "").unwrap();
        assert_eq!(Settings::load(folder.path()).unwrap(), Settings::default());
    }

    #[test]
    fn mistakes_name_file_and_line() {
        let said = |text| Settings::parse(text, "/c/config.toml").unwrap_err().summary;
        insta::assert_snapshot!(said("theme = 'dark'\ntheem = 'x'\n"), @"/c/config.toml, line 2: unknown field `theem`, expected one of `theme`, `keymap`, `alert`, `mouse`, `cloud`, `read_only`, `store`, `lease_seconds`, `cert_manager`, `notifications`, `health_interval`, `ssh`, `clouds`, `clusters`");
        insta::assert_snapshot!(said("\n\ntheme = 7"), @"/c/config.toml, line 3: invalid type: integer `7`, expected a string");
        insta::assert_snapshot!(said("theme = '../x'"), @r#"/c/config.toml: theme "../x" can have letters, digits, "-" and "_" only"#);
        assert!(said("theme = ").contains("line 1"));
        assert!(said("a = '\u{1b}'").contains("line 1"));
    }

    #[test]
    fn how_clusters_are_reached_is_read() {
        let text = "cert_manager = 'barbican'\n[clouds.east]\napi_forward = 'socks5h://127.0.0.1:1080'\n\
                    [clusters.prod]\napi_forward = '127.0.0.1:16443'";
        let settings = Settings::parse(text, "c").unwrap();
        assert_eq!(settings.cert_manager, super::CertManager::Barbican);
        assert_eq!(settings.clouds["east"].api_forward.as_deref(), Some("socks5h://127.0.0.1:1080"));
        assert_eq!(settings.clusters["prod"].api_forward.as_deref(), Some("127.0.0.1:16443"));
        let text = "[notifications]\nurl = 'amqp://guest:hidden@h/'\nfile = '/e.jsonl'";
        let told = Settings::parse(text, "c").unwrap().notifications;
        assert_eq!(
            (told.exchange.as_str(), told.topics.as_slice()),
            ("openstack", ["notifications".to_owned()].as_slice())
        );
        assert!(!format!("{told:?}").contains("hidden"));
        assert!(Settings::parse("health_interval = 301", "c").is_err());
        assert!(Settings::parse("cert_manager = 'vault'", "c").unwrap_err().summary.contains("vault"));
        assert!(Settings::parse("[clusters.prod]\nforward = 'x'", "c").is_err());
    }

    #[test]
    fn how_nodes_are_logged_in_to_is_read() {
        let text = "[ssh.keys]\nlaptop = '~/.ssh/laptop'\n[ssh.users]\nmars = 'martian'\n\
                    [clouds.east]\nbastion = 'jane@gate:2222'\n[clusters.prod]\nssh_user = 'admin'";
        let settings = Settings::parse(text, "c").unwrap();
        assert_eq!(settings.ssh.keys["laptop"].to_str(), Some("~/.ssh/laptop"));
        assert_eq!(settings.ssh.users["mars"], "martian");
        assert_eq!(settings.clouds["east"].bastion.as_deref(), Some("jane@gate:2222"));
        assert_eq!(settings.clusters["prod"].ssh_user.as_deref(), Some("admin"));
        assert!(Settings::parse("[ssh]\nkey = 'x'", "c").is_err());
    }

    #[test]
    fn unreadable_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("config.toml")).unwrap();
        assert!(Settings::load(folder.path()).unwrap_err().summary.contains("config.toml"));
    }
}
