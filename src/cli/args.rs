//! The command line as clap reads it. Names and flags follow `openstack coe`.
//! What a flag's value must look like is judged with everything else by
//! [`crate::model::validate`], so that all mistakes are told at once.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod change;
mod image;
mod remote;

pub use change::{
    CaRotate, ClusterResize, ClusterUpdate, ClusterUpgrade, Credential, Nodegroup, NodegroupCreate, NodegroupUpdate,
    Steered, Update, UpdateOp, Wait,
};

pub use image::{Image, ImageImport, ImageProperties, ImageSet};
pub use remote::{Bastion, BastionCreate, Bundle, Exec, Logs, Remote, Ssh, Tunnel};

const AFTER_HELP: &str = "\
Without a command, the dashboard starts.

The cloud is found as the openstack client finds it: --os-cloud, OS_CLOUD, OS_* variables,
the only one in clouds.yaml. Passwords and passcodes are never flags: they come from clouds.yaml,
secure.yaml or variables, and are asked for on a terminal when they are missing.

Exit codes:
  0  success
  1  failed or refused, also when the cluster waited for ended in *_FAILED
  2  the command line, a configuration file or a variable is wrong
  3  no such cluster or template
  4  denied: credentials are wrong or insufficient
  5  the cloud could not be reached, or a service of it failed
130  interrupted (143: ended by SIGTERM)

Environment:
  JEROBOAM_DATA_DIR    where templates, clusters and keys are kept (as --data-dir)
  JEROBOAM_CONFIG_DIR  where config.toml, themes, keymaps and drivers are read
  JEROBOAM_STORE       postgres://USER@HOST/DATABASE (as --store), which may hold a password
  JEROBOAM_LOG         what the log file gets: error, warn, info, debug, trace, or target=level,...
  NO_COLOR             no colours";

/// Kubernetes clusters on OpenStack: a dashboard, with Magnum's conductor inside
#[derive(Debug, Parser)]
#[command(name = "jeroboam", version, after_help = AFTER_HELP, max_term_width = 100, propagate_version = false)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Cloud in clouds.yaml to use
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub os_cloud: Option<String>,
    /// Region to use, where a cloud has several
    #[arg(long, global = true, value_name = "REGION", help_heading = "Global options")]
    pub os_region_name: Option<String>,
    /// Directory for templates, clusters and keys
    #[arg(long, global = true, value_name = "DIR", help_heading = "Global options")]
    pub data_dir: Option<PathBuf>,
    /// Store that conductors on several hosts share: postgres://USER@HOST/DATABASE
    #[arg(long, global = true, value_name = "URL", help_heading = "Global options")]
    pub store: Option<String>,
    /// Change nothing: only show
    #[arg(long, global = true, help_heading = "Global options")]
    pub read_only: bool,
    /// Form of the output
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        help_heading = "Global options"
    )]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Table,
    Json,
    Yaml,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    #[command(flatten)]
    Once(Once),
    #[command(flatten)]
    Remote(Remote),
    /// Drivers: what clusters are built from. Needs no cloud
    #[command(subcommand)]
    Driver(Driver),
    /// Labels: settings that drivers read. Needs no cloud
    #[command(subcommand)]
    Label(Label),
    /// The dashboard on an embedded cloud: nothing to set up, nothing is left behind
    Demo(Demo),
    /// The conductor alone, without a screen, until it is told to end; logs to standard error
    Conductor,
}

/// What is done with a few calls of the manager, and then is done.
#[derive(Debug, Subcommand)]
pub enum Once {
    /// Cluster templates
    #[command(subcommand)]
    Template(Template),
    /// Clusters
    #[command(subcommand)]
    Cluster(Cluster),
    /// Groups of equal nodes in clusters
    #[command(subcommand)]
    Nodegroup(Nodegroup),
    /// Write a kubeconfig with a fresh client certificate
    Kubeconfig(Kubeconfig),
    /// Certificate authorities of clusters
    #[command(subcommand)]
    Ca(Ca),
    /// The credential that a cluster's add-ons use in the cloud
    #[command(subcommand)]
    Credential(Credential),
    /// Images that clusters boot
    #[command(subcommand)]
    Image(Image),
    /// What clusters that are no more left in the project
    #[command(subcommand)]
    Orphans(Orphans),
    /// What happened to clusters, newest first; also to clusters that are gone
    History(History),
    /// How many clusters projects may have
    #[command(subcommand)]
    Quota(Quota),
    /// Count the clusters and nodes of the project, against its quota
    Stats,
    /// Print a completion script for a shell
    Completion(Completion),
}

#[derive(Debug, Subcommand)]
pub enum Template {
    /// Create a cluster template
    Create(Box<TemplateCreate>),
    /// List cluster templates
    List,
    /// Show a cluster template
    Show(Named),
    /// Change fields of a cluster template
    Update(Update),
    /// Delete cluster templates that no cluster refers to
    Delete(Several),
}

#[derive(Debug, Subcommand)]
pub enum Cluster {
    /// Create a cluster
    Create(Box<ClusterCreate>),
    /// List clusters
    List,
    /// Show a cluster
    Show(ClusterShow),
    /// Write a kubeconfig with a fresh client certificate; the same as `jeroboam kubeconfig`
    Config(Kubeconfig),
    /// Show the events of a cluster's stack, oldest first
    Events(ClusterEvents),
    /// Change the number of workers
    Resize(ClusterResize),
    /// Bring a cluster to the image and versions of a template
    Upgrade(ClusterUpgrade),
    /// Change a field of a cluster: node_count
    Update(ClusterUpdate),
    /// Begin nothing further of the change under way; what Heat is at goes on
    Pause(Steered),
    /// Go on with a paused change
    Resume(Steered),
    /// Go on with a change that failed, with fresh machines for those that failed
    Retry(Steered),
    /// Give a failed or paused change up: back to what was last complete
    Rollback(Steered),
    /// Stop what Heat is at; the change ends as a failure, to retry or to roll back
    Cancel(Steered),
    /// Delete clusters with everything that belongs to them
    Delete(ClusterDelete),
}

#[derive(Debug, Subcommand)]
pub enum Driver {
    /// List the built-in drivers and your own, which are folders in drivers/ of the config directory
    List,
    /// Show what a driver serves, takes and sends
    Show(DriverShow),
    /// Look for faults in a driver's folder: manifest, templates, environment files, scripts
    Check(DriverCheck),
}

#[derive(Debug, Args)]
pub struct DriverCheck {
    /// Folder with a driver.toml
    pub dir: PathBuf,
}

#[derive(Debug, Args)]
pub struct DriverShow {
    /// Name of the driver
    pub name: String,
}

#[derive(Debug, Subcommand)]
pub enum Label {
    /// List the labels there are
    List(LabelList),
    /// Show what a label means and takes, and what holds without it
    Show(LabelShow),
}

#[derive(Debug, Args)]
pub struct LabelList {
    /// Only those that this driver reads, with its defaults
    #[arg(long)]
    pub driver: Option<String>,
}

#[derive(Debug, Args)]
pub struct LabelShow {
    /// Name of the label
    pub name: String,
}

#[derive(Debug, Subcommand)]
pub enum Ca {
    /// Print a CA certificate of a cluster as PEM
    Show(CaShow),
    /// Sign a certificate request with a CA of a cluster, and print the certificate as PEM
    Sign(CaSign),
    /// Put a new Kubernetes CA in the old one's place; replaces every machine, one after another
    Rotate(CaRotate),
}

#[derive(Debug, Args)]
pub struct History {
    /// Only of this cluster, name or uuid
    pub cluster: Option<String>,
    /// At most this many entries
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub limit: usize,
}

#[derive(Debug, Subcommand)]
pub enum Quota {
    /// List the quotas of all projects
    List,
    /// Show a project's quota
    Show(QuotaOf),
    /// Give a project a quota
    Create(QuotaLimit),
    /// Change a project's quota
    Update(QuotaLimit),
    /// Take a project's quota away: it has no limit then
    Delete(QuotaOf),
    /// What this project may have of everything, by its services, and what it has
    Usage,
}

#[derive(Debug, Args)]
pub struct QuotaOf {
    /// Project, by its id; the own one if not given
    #[arg(long, value_name = "ID")]
    pub project_id: Option<String>,
    /// What is limited: Cluster
    #[arg(long, default_value = "Cluster")]
    pub resource: String,
}

#[derive(Debug, Args)]
pub struct QuotaLimit {
    #[command(flatten)]
    pub of: QuotaOf,
    /// So many and no more
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub hard_limit: u32,
}

#[derive(Debug, Args)]
pub struct CaShow {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// Which of its CAs: kubernetes, kubelet, etcd, front-proxy
    #[arg(long, value_name = "TYPE", default_value = "kubernetes")]
    pub ca_cert_type: String,
}

#[derive(Debug, Args)]
pub struct CaSign {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// File with the request (PKCS#10, PEM); - reads standard input
    #[arg(value_name = "CSRFILE")]
    pub request: PathBuf,
    /// Which of its CAs: kubernetes, kubelet, etcd, front-proxy
    #[arg(long, value_name = "TYPE", default_value = "kubernetes")]
    pub ca_cert_type: String,
}

#[derive(Debug, Args)]
pub struct Named {
    /// Name or uuid
    #[arg(value_name = "NAME")]
    pub name: String,
}

#[derive(Debug, Args)]
pub struct Several {
    /// Names or uuids; all are looked up before anything is deleted
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
}

#[derive(Debug, Args)]
pub struct TemplateCreate {
    /// Name of the template
    pub name: String,
    /// Container orchestration engine
    #[arg(long, default_value = "kubernetes")]
    pub coe: String,
    /// Image of the nodes, name or id; its property os_distro chooses the driver
    #[arg(long)]
    pub image: String,
    /// External network that floating IPs and the router's way out come from
    #[arg(long, value_name = "NETWORK")]
    pub external_network: String,
    /// Keypair for logging in to nodes
    #[arg(long)]
    pub keypair: Option<String>,
    /// Flavor of workers
    #[arg(long)]
    pub flavor: Option<String>,
    /// Flavor of masters
    #[arg(long, value_name = "FLAVOR")]
    pub master_flavor: Option<String>,
    /// DNS servers of the cluster's subnet, separated by commas [default: 8.8.8.8]
    #[arg(long, value_name = "ADDRESS")]
    pub dns_nameserver: Option<String>,
    /// Network of the pods: flannel, calico, cilium
    #[arg(long, value_name = "DRIVER")]
    pub network_driver: Option<String>,
    /// Volumes for pods: cinder
    #[arg(long, value_name = "DRIVER")]
    pub volume_driver: Option<String>,
    /// Existing network to put nodes into, instead of a new one for each cluster
    #[arg(long, value_name = "NETWORK")]
    pub fixed_network: Option<String>,
    /// Subnet in the fixed network
    #[arg(long, value_name = "SUBNET")]
    pub fixed_subnet: Option<String>,
    /// Size of a volume for each node's containers
    #[arg(long, value_name = "GB")]
    pub docker_volume_size: Option<u32>,
    /// Storage driver of the container runtime
    #[arg(long, value_name = "DRIVER")]
    pub docker_storage_driver: Option<String>,
    /// Proxy that nodes use for http
    #[arg(long, value_name = "URL")]
    pub http_proxy: Option<String>,
    /// Proxy that nodes use for https
    #[arg(long, value_name = "URL")]
    pub https_proxy: Option<String>,
    /// Addresses that nodes reach without a proxy
    #[arg(long, value_name = "LIST")]
    pub no_proxy: Option<String>,
    /// Labels, key=value, separated by commas; may be given several times
    #[arg(long, value_name = "KEY=VALUE,...")]
    pub labels: Vec<String>,
    /// Serve the API without TLS
    #[arg(long)]
    pub tls_disabled: bool,
    /// Let other projects use the template
    #[arg(long)]
    pub public: bool,
    /// Run a container registry in clusters
    #[arg(long)]
    pub registry_enabled: bool,
    /// Registry that nodes use without TLS
    #[arg(long, value_name = "URL")]
    pub insecure_registry: Option<String>,
    /// Kind of servers: vm, bm
    #[arg(long, value_name = "TYPE", default_value = "vm")]
    pub server_type: String,
    /// Driver to use, instead of the one that fits the image
    #[arg(long)]
    pub driver: Option<String>,
    /// Put a load balancer before the API; several masters need it
    #[arg(long)]
    pub master_lb_enabled: bool,
    #[command(flatten)]
    pub floating_ip: FloatingIp,
    /// Hide the template from other projects' lists
    #[arg(long)]
    pub hidden: bool,
    /// Tag; may be given several times
    #[arg(long, value_name = "TAG")]
    pub tags: Vec<String>,
}

#[derive(Debug, Args)]
pub struct FloatingIp {
    /// Give nodes floating IPs
    #[arg(long, conflicts_with = "floating_ip_disabled")]
    pub floating_ip_enabled: bool,
    /// Give nodes no floating IPs
    #[arg(long)]
    pub floating_ip_disabled: bool,
}

#[derive(Debug, Args)]
pub struct ClusterCreate {
    /// Name of the cluster
    pub name: String,
    /// Template, name or uuid
    #[arg(long, value_name = "TEMPLATE")]
    pub cluster_template: String,
    /// Number of masters: 1, or 3, 5, 7 with a load balancer
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub master_count: u32,
    /// Number of workers
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub node_count: u32,
    /// Keypair for logging in to nodes
    #[arg(long)]
    pub keypair: Option<String>,
    /// How long the creation may take; 0 is 60
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    pub timeout: u32,
    /// Labels instead of the template's, key=value, separated by commas; may be given several times
    #[arg(long, value_name = "KEY=VALUE,...")]
    pub labels: Vec<String>,
    /// Lay the labels over the template's
    #[arg(long)]
    pub merge_labels: bool,
    /// Flavor of workers
    #[arg(long)]
    pub flavor: Option<String>,
    /// Flavor of masters
    #[arg(long, value_name = "FLAVOR")]
    pub master_flavor: Option<String>,
    /// Size of a volume for each node's containers
    #[arg(long, value_name = "GB")]
    pub docker_volume_size: Option<u32>,
    /// Existing network to put nodes into
    #[arg(long, value_name = "NETWORK")]
    pub fixed_network: Option<String>,
    /// Subnet in the fixed network
    #[arg(long, value_name = "SUBNET")]
    pub fixed_subnet: Option<String>,
    /// Put a load balancer before the API
    #[arg(long, conflicts_with = "master_lb_disabled")]
    pub master_lb_enabled: bool,
    /// Put no load balancer before the API
    #[arg(long)]
    pub master_lb_disabled: bool,
    #[command(flatten)]
    pub floating_ip: FloatingIp,
    /// Do the work and wait until the cluster is ready or has failed
    #[arg(long)]
    pub wait: bool,
    /// Create nothing: show all checks, quotas and what Heat would be sent
    #[arg(long, conflicts_with = "wait")]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct ClusterShow {
    #[command(flatten)]
    pub cluster: Named,
    /// First wait until nothing is under way any more, and do the work meanwhile
    #[arg(long)]
    pub wait: bool,
    /// Show instead the labels in force, driver defaults included, and who gave each its value
    #[arg(long, conflicts_with = "wait")]
    pub labels: bool,
}

#[derive(Debug, Args)]
pub struct ClusterEvents {
    #[command(flatten)]
    pub cluster: Named,
    /// Go on showing events until interrupted or until the cluster is gone; does the work meanwhile
    #[arg(long)]
    pub follow: bool,
}

#[derive(Debug, Args)]
pub struct ClusterDelete {
    #[command(flatten)]
    pub clusters: Several,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Do the work and wait until all of them are gone
    #[arg(long)]
    pub wait: bool,
    /// Delete the volumes that its workloads made, too, and what is on them
    #[arg(long)]
    pub volumes: bool,
}

#[derive(Debug, Subcommand)]
pub enum Orphans {
    /// List what clusters that are no more left in the project
    List,
    /// Remove what they left
    Remove(OrphansRemove),
}

#[derive(Debug, Args)]
pub struct OrphansRemove {
    /// Ids of things, or uuids of clusters all of whose things are meant; see the list
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub ids: Vec<String>,
    /// Everything in the list that is certainly nobody's
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    /// Only say what would be removed
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct Kubeconfig {
    /// Name or uuid of the cluster
    pub name: String,
    /// As whom to log in [default: admin, of the group system:masters]
    #[arg(long)]
    pub user: Option<String>,
    /// Group of that user; may be given several times
    #[arg(long = "group", value_name = "GROUP")]
    pub groups: Vec<String>,
    /// How long it is good for, such as 30m, 8h or 7d [default: 365d]
    #[arg(long, value_name = "TIME")]
    pub ttl: Option<String>,
    #[command(flatten)]
    pub place: Place,
    /// Overwrite a file that exists
    #[arg(long)]
    pub force: bool,
    /// With --merge, make it the current context
    #[arg(long, requires = "merge")]
    pub switch: bool,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct Place {
    /// Write the file `config` in this directory; the default, with the working directory
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Write this file
    #[arg(long)]
    pub file: Option<PathBuf>,
    /// Merge into the first file of KUBECONFIG, or ~/.kube/config
    #[arg(long)]
    pub merge: bool,
    /// Write to standard output
    #[arg(long)]
    pub stdout: bool,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Only the embedded cloud: say where its clouds.yaml is and run until interrupted
    #[arg(long)]
    pub cloud_only: bool,
    /// How fast things happen: 1 makes a small cluster in under ten seconds, 1000 at once
    #[arg(long, value_name = "FACTOR")]
    pub speed: Option<f64>,
}

#[derive(Debug, Args)]
pub struct Completion {
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_is_consistent() {
        use clap::CommandFactory;
        super::Cli::command().debug_assert();
    }
}
