//! What the dashboard wants done outside itself, as plain data.

use super::project::{About, Task};
use super::shells::{ShellDo, ShellId};
use crate::model::{Authority, ClusterChange, ClusterId, Destination, NewCluster, NewTemplate, Patch, TemplateId};

/// Performed by `runtime`; tests compare them.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Connect to this cloud, or to that of the start; answered by `Msg::Connected` or `Msg::ConnectFailed`.
    Connect(Option<Destination>),
    /// Find out which clouds there are; answered by `Msg::Clouds`.
    ListClouds,
    /// Tell the calls after this number as soon as there are any; answered by `Msg::Calls`.
    FollowCalls(u64),
    /// Find out what settings are in force; answered by `Msg::Prefs`.
    TellPrefs,
    /// A setting has this value from now on; a theme or a keymap is answered by `Msg::Looks`.
    Prefer {
        name: String,
        value: String,
    },
    /// Write these settings, by name, into config.toml; answered by `Msg::PrefsKept`.
    KeepPrefs(Vec<(String, String)>),
    /// Do this and send the reply back with the ticket.
    Run(Ticket, Job),
    /// Follow this cluster's events closely.
    Watch(Option<ClusterId>),
    /// Put a text on the terminal's clipboard (OSC 52).
    Copy(String),
    /// Tell somebody who looks elsewhere.
    Alert(String),
    /// Draw everything again on a cleared screen.
    Redraw,
    Suspend,
    /// Log in to a node, by its name or its server's id, or to the first master; the terminal is ssh's meanwhile.
    Login(ClusterId, Option<String>),
    /// About a shell beside the rest; what comes of it is `Msg::Shell`.
    Shell(ShellId, ShellDo),
    Quit,
}

/// Something that takes a while and is answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Job {
    Templates,
    Clusters,
    /// Where else the login leads.
    Places,
    Inventory,
    Events(ClusterId),
    Resources(ClusterId),
    Nodes(ClusterId),
    History(ClusterId),
    Issued(ClusterId),
    Labels(ClusterId),
    Certificates(Vec<ClusterId>),
    /// A text that nothing is kept of.
    Read(Source),
    Bastions(ClusterId),
    Preview(Box<NewCluster>),
    CreateTemplate(Box<NewTemplate>),
    CreateCluster(Box<NewCluster>),
    Change(ClusterId, Box<ClusterChange>),
    /// Whether the change would be accepted.
    CheckChange(ClusterId, Box<ClusterChange>),
    UpdateTemplate(TemplateId, Vec<Patch>),
    DeleteTemplate(TemplateId),
    DeleteCluster(ClusterId),
    MakeBastion(ClusterId),
    RemoveBastion(ClusterId),
    /// Gather what somebody who helps wants to see.
    Bundle(ClusterId),
    /// About the project beside its clusters.
    Project(Task),
    /// A certificate request, to be looked at.
    ReadRequest(RequestFrom),
    /// By one of the cluster's authorities; the request as PEM.
    Sign {
        id: ClusterId,
        authority: Authority,
        request: String,
    },
    /// A text into a file, readable by its owner only.
    Write {
        path: String,
        text: String,
        overwrite: bool,
    },
    SaveKubeconfig {
        id: ClusterId,
        target: Target,
        overwrite: bool,
    },
}

/// Where a certificate request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestFrom {
    /// `~/` is the home directory.
    File(String),
    Text(String),
}

/// What a text that is asked for comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// What a machine wrote on its console, by Nova's id of it.
    Console { cluster: ClusterId, server: String },
    /// One of the cluster's machines as Nova has it.
    Server { cluster: ClusterId, server: String },
    /// What the cluster's stack was given and gives.
    Stack(ClusterId),
    /// The certificates of all the cluster's authorities.
    Authorities(ClusterId),
}

impl Source {
    pub fn cluster(&self) -> ClusterId {
        match self {
            Self::Console { cluster, .. }
            | Self::Server { cluster, .. }
            | Self::Stack(cluster)
            | Self::Authorities(cluster) => *cluster,
        }
    }
}

/// Where a kubeconfig goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Into a file of its own; `~/` is the home directory.
    File(String),
    /// Merged into `~/.kube/config`.
    Merge,
}

/// What a job is about. At most one job runs per slot: a newer load takes an
/// older one's place, a command is not started twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    Templates,
    Clusters,
    Places,
    Inventory,
    Events,
    Resources,
    Nodes,
    History,
    Issued,
    Labels,
    Certificates,
    Read,
    Preview,
    CreateTemplate,
    CreateCluster,
    Change(ClusterId),
    Check(ClusterId),
    UpdateTemplate(TemplateId),
    DeleteTemplate(TemplateId),
    DeleteCluster(ClusterId),
    Project(About),
    Request,
    Sign(ClusterId),
    Write,
    Kubeconfig(ClusterId),
    Bastion(ClusterId),
    Bundle(ClusterId),
}

/// A reply counts only with the newest generation of its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    pub slot: Slot,
    pub generation: u64,
}

impl Job {
    pub fn slot(&self) -> Slot {
        match self {
            Self::Templates => Slot::Templates,
            Self::Clusters => Slot::Clusters,
            Self::Places => Slot::Places,
            Self::Inventory => Slot::Inventory,
            Self::Events(_) => Slot::Events,
            Self::Resources(_) => Slot::Resources,
            Self::Nodes(_) => Slot::Nodes,
            Self::History(_) => Slot::History,
            Self::Issued(_) => Slot::Issued,
            Self::Labels(_) => Slot::Labels,
            Self::Certificates(_) => Slot::Certificates,
            Self::Read(_) => Slot::Read,
            Self::Preview(_) => Slot::Preview,
            Self::CreateTemplate(_) => Slot::CreateTemplate,
            Self::CreateCluster(_) => Slot::CreateCluster,
            Self::Change(id, _) => Slot::Change(*id),
            Self::CheckChange(id, _) => Slot::Check(*id),
            Self::Project(task) => Slot::Project(task.about()),
            Self::UpdateTemplate(id, _) => Slot::UpdateTemplate(*id),
            Self::DeleteTemplate(id) => Slot::DeleteTemplate(*id),
            Self::DeleteCluster(id) => Slot::DeleteCluster(*id),
            Self::Bastions(id) | Self::MakeBastion(id) | Self::RemoveBastion(id) => Slot::Bastion(*id),
            Self::Bundle(id) => Slot::Bundle(*id),
            Self::ReadRequest(_) => Slot::Request,
            Self::Sign { id, .. } => Slot::Sign(*id),
            Self::Write { .. } => Slot::Write,
            Self::SaveKubeconfig { id, .. } => Slot::Kubeconfig(*id),
        }
    }

    /// A command acts: it is not started twice.
    pub fn is_command(&self) -> bool {
        !self.is_load() && !matches!(self, Self::CheckChange(..))
    }

    /// A load only reads: it may be cut short when a newer one makes it useless.
    pub fn is_load(&self) -> bool {
        if let Self::Project(task) = self {
            return task.is_load();
        }
        matches!(
            self,
            Self::Templates
                | Self::Clusters
                | Self::Places
                | Self::Inventory
                | Self::Events(_)
                | Self::Resources(_)
                | Self::Nodes(_)
                | Self::History(_)
                | Self::Issued(_)
                | Self::Labels(_)
                | Self::Certificates(_)
                | Self::Read(_)
                | Self::Bastions(_)
                | Self::ReadRequest(_)
                | Self::Preview(_)
        )
    }
}
