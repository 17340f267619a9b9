//! Runs what [`crate::ssh`] plans: finds out which way to a node is open, learns its host key,
//! starts the system's `ssh`, and says what it meant when it fails. Knows no screen; command
//! line and dashboard both come here. Start reading at [`Remote::session`].

pub mod bastion;
pub mod bundle;
pub mod environment;
pub mod hosts;
pub mod reach;
pub mod run;
pub mod tunnel;

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::TcpStream;
use url::Url;
use uuid::Uuid;

use crate::config::settings::{Reach, Settings};
use crate::model::{Cluster, Machine, Problem, ProblemKind};
use crate::service::Manager;
use crate::ssh::explain::{self, Trouble};
use crate::ssh::hostkeys::{self, HostKey};
use crate::ssh::jump::Made;
use crate::ssh::login::{self, Preferences};
use crate::ssh::node;
use crate::ssh::session::{self, PORT};
use crate::ssh::{Jump, Session, Way};
use hosts::Hosts;

/// How long an address may take to answer before the next way is tried.
const ANSWER: Duration = Duration::from_secs(4);

/// How nodes of one cloud's clusters are logged in to from here.
#[derive(Debug, Clone)]
pub struct Remote {
    pub settings: Settings,
    /// Its name in clouds.yaml.
    pub cloud: String,
    /// Holds `known_hosts/` and `tunnels/`.
    pub data: PathBuf,
    pub nodes: Nodes,
}

/// Where a cloud's nodes are.
#[derive(Debug, Clone)]
pub enum Nodes {
    /// At their addresses.
    Network,
    /// On no network: the program speaks for the server whose id it is given, and the key lets us in
    /// under our own name.
    Program { program: PathBuf, key: PathBuf },
    /// There is nothing to log in to.
    Nowhere(Problem),
}

/// A session that can be started, and what the user is to read before.
#[derive(Debug)]
pub struct Ready {
    pub session: Session,
    pub notes: Vec<String>,
}

/// A port forward that can be started.
#[derive(Debug)]
pub struct Forward {
    pub words: Vec<OsString>,
    /// The host that it goes over.
    pub over: String,
    pub notes: Vec<String>,
}

impl Remote {
    /// What the settings say for a cluster: by uuid, by name, for its cloud.
    fn said<'a>(&'a self, cluster: &Cluster, what: fn(&'a Reach) -> Option<&'a String>) -> Option<&'a String> {
        let Settings { clusters, clouds, .. } = &self.settings;
        let of = [clusters.get(&cluster.uuid.to_string()), clusters.get(&cluster.name), clouds.get(&self.cloud)];
        of.into_iter().flatten().find_map(what)
    }

    /// The bastion that the settings name.
    pub fn named_jump(&self, cluster: &Cluster) -> Result<Option<Jump>, Problem> {
        self.said(cluster, |reach| reach.bastion.as_ref()).map(|text| Jump::parse(text)).transpose()
    }

    /// The host in between, and what the user is to read about it: the one that the settings name,
    /// else one that we made.
    async fn jump(&self, manager: &dyn Manager, cluster: &Cluster) -> Result<(Option<Jump>, Vec<String>), Problem> {
        if let Some(named) = self.named_jump(cluster)? {
            return Ok((Some(named), Vec::new()));
        }
        let all = manager.bastions(cluster.uuid).await?;
        let Some((bastion, address)) = all.iter().find_map(|one| Some((one, one.floating_address?))) else {
            return Ok((None, Vec::new()));
        };
        let (server, preferences) = (session::server(bastion)?, self.preferences(cluster, None));
        let hosts = self.hosts(cluster);
        let notes = learn(manager, cluster, bastion, &hosts, server).await?;
        // Its user follows its image; `ssh_user` is about nodes.
        let by_image = Preferences { user: None, ..preferences.clone() };
        let user = login::user(bastion, &by_image)?;
        let made = Made { server_id: server, address, user, key: login::key(bastion, &preferences) };
        Ok((Some(Jump::Made(made)), notes))
    }

    pub fn preferences(&self, cluster: &Cluster, user: Option<&str>) -> Preferences {
        let said = self.said(cluster, |reach| reach.ssh_user.as_ref());
        let ssh = &self.settings.ssh;
        let user = user.or(said.map(String::as_str)).map(str::to_owned);
        Preferences { user, users: ssh.users.clone(), keys: ssh.keys.clone() }
    }

    pub fn hosts(&self, cluster: &Cluster) -> Hosts {
        Hosts::new(&self.data, cluster.uuid)
    }

    /// Chooses the way, and learns the node's host key from its console when none is known.
    pub async fn session(
        &self,
        manager: &dyn Manager,
        cluster: &Cluster,
        node: &Machine,
        user: Option<&str>,
    ) -> Result<Ready, Problem> {
        let hosts = self.hosts(cluster);
        hosts.prepare()?;
        let mut notes = Vec::new();
        let session = match &self.nodes {
            Nodes::Network => {
                let (jump, told) = self.jump(manager, cluster).await?;
                notes.extend(told);
                let way = open(node, session::ways(node, jump.as_ref())).await?;
                Session::new(node, way, &self.preferences(cluster, user), hosts.path.clone())?
            }
            Nodes::Program { program, key } => Session {
                server: session::server(node)?,
                name: node.name.clone(),
                way: Way::Program(program.clone()),
                user: None,
                key: Some(key.clone()),
                known_hosts: hosts.path.clone(),
            },
            Nodes::Nowhere(problem) => return Err(problem.clone()),
        };
        notes.extend(learn(manager, cluster, node, &hosts, session.server).await?);
        Ok(Ready { session, notes })
    }

    /// The words of an ssh that makes `port` of this machine lead to the cluster's Kubernetes API: over
    /// its bastion, else over its first master.
    pub async fn forward(
        &self,
        manager: &dyn Manager,
        cluster: &Cluster,
        user: Option<&str>,
        port: u16,
    ) -> Result<Forward, Problem> {
        let api = cluster.api_address.as_deref().and_then(|text| Url::parse(text).ok());
        let place = api.as_ref().and_then(|url| Some((url.host_str()?, url.port_or_known_default()?)));
        let Some((host, api_port)) = place else {
            let told = format!("cluster \"{}\" has no API address yet: it is {}", cluster.name, cluster.status);
            return Err(Problem::conflict(told));
        };
        let hosts = self.hosts(cluster);
        hosts.prepare()?;
        if let (Some(jump), notes) = self.jump(manager, cluster).await? {
            let words = session::forward_over(&jump, &hosts.path, port, &format!("{host}:{api_port}"))?;
            return Ok(Forward { words, over: jump.name(), notes });
        }
        let nodes = manager.machines(cluster.uuid).await?;
        let node = node::choose(&nodes, &cluster.stack_name, None)?;
        let Ready { session, notes } = self.session(manager, cluster, node, user).await?;
        // Its own address: from inside, a floating one need not lead back.
        let inside = match node.address {
            Some(address) => SocketAddr::new(address, api_port).to_string(),
            None => format!("{host}:{api_port}"),
        };
        Ok(Forward { words: session.forward(port, &inside)?, over: session.name, notes })
    }

    /// What ssh's last words mean for the node; `None`: they are not ssh's.
    pub async fn explain(
        &self,
        manager: &dyn Manager,
        cluster: &Cluster,
        node: &str,
        server: Uuid,
        words: &str,
    ) -> Option<Problem> {
        let trouble = explain::read(words, server)?;
        let known = self.hosts(cluster).known(server).unwrap_or_default();
        let console = match trouble {
            Trouble::KeyChanged | Trouble::KeyUnknown => {
                manager.console(cluster.uuid, &server.to_string(), None).await.ok().flatten()
            }
            _ => None,
        };
        let told = console.as_deref().map(hostkeys::on_console);
        Some(explain::problem(&trouble, node, server, &known, told.as_ref()))
    }
}

/// The first way that is open. A bastion is asked by ssh itself.
async fn open(node: &Machine, ways: Vec<Way>) -> Result<Way, Problem> {
    let mut tried: Vec<IpAddr> = Vec::new();
    for way in ways {
        match way {
            Way::Over(..) | Way::Program(_) => return Ok(way),
            Way::Direct(address) => {
                let asked = tokio::time::timeout(ANSWER, TcpStream::connect((address, PORT))).await;
                if matches!(asked, Ok(Ok(_))) {
                    return Ok(way);
                }
                tried.push(address);
            }
        }
    }
    let told = match tried.as_slice() {
        [] => format!("node {} has no address yet: it is {}", node.name, node.status),
        tried => {
            let tried: Vec<String> = tried.iter().map(IpAddr::to_string).collect();
            format!("node {} does not answer on port {PORT} at {}", node.name, tried.join(" or "))
        }
    };
    Err(Problem::new(ProblemKind::Unavailable, told).advise(
        "Name a host in between with bastion = \"user@host\" under [clouds.NAME] or [clusters.NAME] in config.toml, or have \
         one made: jeroboam bastion create. `jeroboam logs` shows its console without any",
    ))
}

/// A console that cannot be read is no failure: ssh asks then.
async fn learn(
    manager: &dyn Manager,
    cluster: &Cluster,
    node: &Machine,
    hosts: &Hosts,
    server: Uuid,
) -> Result<Vec<String>, Problem> {
    if !hosts.known(server)?.is_empty() {
        return Ok(Vec::new());
    }
    let console = match manager.console(cluster.uuid, &node.server_id, None).await {
        Ok(console) => console.unwrap_or_default(),
        Err(problem) => return Ok(vec![format!("Its console could not be read: {}", problem.summary)]),
    };
    let told = hostkeys::on_console(&console);
    if told.keys.is_empty() {
        let prints = told.fingerprints.iter().map(|print| {
            format!(
                "The console of {} shows the host key {print}: ssh takes it as the answer to its question",
                node.name
            )
        });
        return Ok(prints.collect());
    }
    hosts.learn(server, &told.keys)?;
    let prints: Vec<String> = told.keys.iter().map(HostKey::fingerprint).collect();
    tracing::info!(cluster = %cluster.uuid, %server, keys = prints.len(), "host keys learnt from the console");
    Ok(vec![format!("Host key of {} learnt from its console: {}", node.name, prints.join(", "))])
}
