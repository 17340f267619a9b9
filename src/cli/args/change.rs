//! Changes of what is there: `cluster resize | upgrade | update | pause …`, `nodegroup …`, `ca rotate`, `credential rotate`.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum Nodegroup {
    /// Add a node group to a cluster
    Create(Box<NodegroupCreate>),
    /// List the node groups of a cluster
    List(NodegroupList),
    /// Show a node group
    Show(NodegroupShow),
    /// Change how few and how many nodes a node group may have
    Update(NodegroupUpdate),
    /// Delete a node group with its nodes
    Delete(NodegroupDelete),
}

#[derive(Debug, Args)]
pub struct CaRotate {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// Workers replaced at the same time
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_batch_size: u32,
    #[command(flatten)]
    pub wait: Wait,
}

#[derive(Debug, Subcommand)]
pub enum Credential {
    /// Give the add-ons another application credential and revoke the old one; replaces the first master
    Rotate(CredentialRotate),
}

#[derive(Debug, Args)]
pub struct CredentialRotate {
    /// Name or uuid of the cluster
    pub cluster: String,
    #[command(flatten)]
    pub wait: Wait,
}

#[derive(Debug, Args)]
pub struct Wait {
    /// Do the work and wait until it is done or has failed
    #[arg(long)]
    pub wait: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UpdateOp {
    Add,
    Replace,
    Remove,
}

#[derive(Debug, Args)]
pub struct Update {
    /// Name or uuid
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What to do with the fields
    #[arg(value_enum)]
    pub op: UpdateOp,
    /// FIELD=VALUE, or the field alone to remove it; labels are labels/KEY
    #[arg(value_name = "FIELD=VALUE", required = true)]
    pub fields: Vec<String>,
}

#[derive(Debug, Args)]
pub struct ClusterUpdate {
    #[command(flatten)]
    pub update: Update,
    #[command(flatten)]
    pub wait: Wait,
}

#[derive(Debug, Args)]
pub struct ClusterResize {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// Nodes the group is to have
    pub node_count: u32,
    /// Node that goes: its server's id, name, address, or index; may be given several times
    #[arg(long, value_name = "NODE")]
    pub nodes_to_remove: Vec<String>,
    /// Node group, name or uuid [default: default-worker]
    #[arg(long, value_name = "NODEGROUP")]
    pub nodegroup: Option<String>,
    #[command(flatten)]
    pub wait: Wait,
}

#[derive(Debug, Args)]
pub struct ClusterUpgrade {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// Template with the image and versions to go to, name or uuid
    pub cluster_template: String,
    /// Workers replaced at the same time
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_batch_size: u32,
    /// Only this node group, name or uuid [default: masters, then all with the cluster's image]
    #[arg(long, value_name = "NODEGROUP")]
    pub nodegroup: Option<String>,
    #[command(flatten)]
    pub wait: Wait,
}

#[derive(Debug, Args)]
pub struct Steered {
    /// Name or uuid of the cluster
    pub cluster: String,
    #[command(flatten)]
    pub wait: Wait,
}

#[derive(Debug, Args)]
pub struct NodegroupCreate {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// Name of the node group
    pub name: String,
    /// Nodes to begin with
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub node_count: u32,
    /// The fewest nodes it may have
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub min_nodes: u32,
    /// The most nodes it may have
    #[arg(long, value_name = "COUNT")]
    pub max_nodes: Option<u32>,
    /// Role of its nodes: worker, or any other word but master
    #[arg(long, default_value = "worker")]
    pub role: String,
    /// Image of its nodes [default: the cluster's]
    #[arg(long)]
    pub image: Option<String>,
    /// Flavor of its nodes [default: the cluster's]
    #[arg(long)]
    pub flavor: Option<String>,
    /// Size of a volume for each node's containers
    #[arg(long, value_name = "GB")]
    pub docker_volume_size: Option<u32>,
    /// Labels instead of the cluster's, key=value, separated by commas; may be given several times
    #[arg(long, value_name = "KEY=VALUE,...")]
    pub labels: Vec<String>,
    /// Lay the labels over the cluster's
    #[arg(long)]
    pub merge_labels: bool,
    /// Kubernetes labels that its nodes join with
    #[arg(long, value_name = "KEY=VALUE,...")]
    pub node_labels: Vec<String>,
    /// Taint that its nodes join with; may be given several times
    #[arg(long, value_name = "KEY=VALUE:EFFECT")]
    pub node_taint: Vec<String>,
    #[command(flatten)]
    pub wait: Wait,
}

#[derive(Debug, Args)]
pub struct NodegroupList {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// Only those of this role
    #[arg(long)]
    pub role: Option<String>,
}

#[derive(Debug, Args)]
pub struct NodegroupShow {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// Name or uuid of the node group
    pub nodegroup: String,
}

#[derive(Debug, Args)]
pub struct NodegroupUpdate {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// Name or uuid of the node group
    pub nodegroup: String,
    /// What to do with the fields
    #[arg(value_enum)]
    pub op: UpdateOp,
    /// min_node_count=COUNT or max_node_count=COUNT, or the field alone to remove it
    #[arg(value_name = "FIELD=VALUE", required = true)]
    pub fields: Vec<String>,
}

#[derive(Debug, Args)]
pub struct NodegroupDelete {
    /// Name or uuid of the cluster
    pub cluster: String,
    /// Name or uuid of the node group
    pub nodegroup: String,
    #[command(flatten)]
    pub wait: Wait,
}
