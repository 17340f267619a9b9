//! Commands on the machines of a cluster.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Named;

/// What is done with the system's ssh.
#[derive(Debug, Subcommand)]
pub enum Remote {
    /// Log in to a node of a cluster, or run one command there, with the system's ssh
    Ssh(Ssh),
    /// Run a command on many nodes of a cluster side by side
    Exec(Exec),
    /// Make a port of this machine lead to a cluster's Kubernetes API, with a kubeconfig for it
    Tunnel(Tunnel),
    /// Show a node's console, or follow its logs over ssh
    Logs(Logs),
    /// Put all that tells how a cluster is into one file, without secrets
    Bundle(Bundle),
    /// Hosts of ours between here and nodes that have no floating IPs
    #[command(subcommand)]
    Bastion(Bastion),
}

#[derive(Debug, Subcommand)]
pub enum Bastion {
    /// Make a small server with a floating IP in the cluster's network, which lets in one network alone
    Create(BastionCreate),
    /// List the cluster's bastion
    List(Named),
    /// Delete the cluster's bastion; deleting the cluster does it too
    Delete(Named),
}

#[derive(Debug, Args)]
pub struct BastionCreate {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// Whom it lets in; the address that this machine has towards the cloud if not given
    #[arg(long, value_name = "NETWORK")]
    pub from: Option<String>,
    /// Image; the cluster's if not given
    #[arg(long)]
    pub image: Option<String>,
    /// Flavor; the smallest that the image fits into if not given
    #[arg(long)]
    pub flavor: Option<String>,
    /// Keypair for logging in; the cluster's if not given
    #[arg(long)]
    pub keypair: Option<String>,
    /// Wait until it is up
    #[arg(long)]
    pub wait: bool,
}

#[derive(Debug, Args)]
pub struct Tunnel {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// Port of 127.0.0.1; a free one if not given
    #[arg(long)]
    pub port: Option<u16>,
    /// Where the kubeconfig goes; it is removed at the end
    #[arg(long)]
    pub file: Option<PathBuf>,
    /// User to log in as, where a node is the way in
    #[arg(short, long)]
    pub user: Option<String>,
    /// Command to run with KUBECONFIG set, such as k9s or a shell; the tunnel ends with it
    #[arg(last = true)]
    pub command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct Logs {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// Node: name, end of the name (worker-1), address or server id
    pub node: String,
    /// Follow what cloud-init, the kubelet and the driver's scripts write, over ssh
    #[arg(long)]
    pub follow: bool,
    /// Only the last lines
    #[arg(long, value_name = "COUNT")]
    pub lines: Option<u32>,
    /// User to log in as, instead of the image's
    #[arg(short, long)]
    pub user: Option<String>,
}

#[derive(Debug, Args)]
pub struct Bundle {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// Where it goes; a name made of the cluster's and the time if not given
    #[arg(long)]
    pub file: Option<PathBuf>,
    /// User to log in as, instead of the images'
    #[arg(short, long)]
    pub user: Option<String>,
}

#[derive(Debug, Args)]
pub struct Ssh {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// Node: name, end of the name (worker-1), address or server id; the first master if not given
    pub node: Option<String>,
    /// User to log in as, instead of the image's
    #[arg(short, long)]
    pub user: Option<String>,
    /// Let the node use your ssh agent, as far as you trust its root
    #[arg(short = 'A', long)]
    pub forward_agent: bool,
    /// Give the command a terminal
    #[arg(short, long)]
    pub tty: bool,
    /// First forget the host key known of the node: it was rebuilt
    #[arg(long)]
    pub forget_host_key: bool,
    /// List the nodes instead of logging in
    #[arg(long, conflicts_with_all = ["node", "command"])]
    pub list: bool,
    /// Command to run instead of a shell; the node's shell reads it
    #[arg(last = true)]
    pub command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct Exec {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// Only nodes of this role or node group: master, worker, …
    #[arg(long, value_name = "ROLE", conflicts_with = "node")]
    pub role: Option<String>,
    /// Only this node; may be given several times
    #[arg(long, value_name = "NODE")]
    pub node: Vec<String>,
    /// User to log in as, instead of the images'
    #[arg(short, long)]
    pub user: Option<String>,
    /// At most so many nodes at the same time
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub parallel: u16,
    /// Command; each node's shell reads it
    #[arg(last = true, required = true)]
    pub command: Vec<OsString>,
}
