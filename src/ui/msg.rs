//! What comes into the dashboard: keys, time, changes, replies. Plain data.

use chrono::{DateTime, Utc};

use super::effect::{Source, Ticket};
use super::key::KeyPress;
use super::keymap::Keymap;
use super::pointer::Mouse;
use super::prefs::Prefs;
use super::project::Told;
use super::shells::{ShellId, ShellNews};
use super::theme::Theme;
use crate::cloud::Identity;
use crate::model::call::ApiCall;
use crate::model::labels::origin::Effective;
use crate::model::validate::Inventory;
use crate::model::{
    Authority, CertificateRequest, CloudEntry, Cluster, ClusterId, ClusterTemplate, HistoryEntry, IssuedCertificate,
    Machine, Node, Places, Problem, ServerSheet, StackEvent, StackResource, StackSheet, TemplateId,
};
use crate::service::preview::Preview;
use crate::service::{CaCertificate, Change};

#[derive(Debug, Clone)]
pub enum Msg {
    Key(KeyPress),
    Mouse(Mouse),
    /// A bracketed paste.
    Paste(String),
    /// The terminal has another size, or its picture was lost.
    Resize,
    /// Whether the terminal's window has the keyboard.
    Focus(bool),
    /// What time it is. Comes before other messages, and at [`super::App::wake_at`].
    Tick(DateTime<Utc>),
    Connected(Box<Identity>),
    ConnectFailed(Problem),
    /// What was asked of clouds since, the oldest first.
    Calls(Vec<ApiCall>),
    /// The clouds there are to choose from.
    Clouds(Result<Vec<CloudEntry>, Problem>),
    /// The settings as they are.
    Prefs(Result<Prefs, Problem>),
    /// The path of the file they are in now.
    PrefsKept(Result<String, Problem>),
    /// Another theme or keymap, and what is wrong in the files they come from.
    Looks(Box<(Theme, Keymap)>, Vec<Problem>),
    Change(Change),
    Reply(Ticket, Reply),
    Shell(ShellId, ShellNews),
    /// Something the user should read (a faulty keymap file, …).
    Notice(Problem),
    /// Asked from outside to end (SIGTERM, SIGHUP, SIGINT).
    Quit,
}

/// Answers to [`super::effect::Job`].
#[derive(Debug, Clone)]
pub enum Reply {
    Templates(Result<Vec<ClusterTemplate>, Problem>),
    Clusters(Result<Vec<Cluster>, Problem>),
    Places(Result<Places, Problem>),
    Inventory(Box<Inventory>, Vec<Problem>),
    Events(ClusterId, Result<Vec<StackEvent>, Problem>),
    Resources(ClusterId, Result<Vec<StackResource>, Problem>),
    Nodes(ClusterId, Result<Vec<Node>, Problem>),
    History(ClusterId, Result<Vec<HistoryEntry>, Problem>),
    Issued(ClusterId, Result<Vec<IssuedCertificate>, Problem>),
    Labels(ClusterId, Result<Vec<Effective>, Problem>),
    /// Those of the clusters that were asked for.
    Certificates(Vec<(ClusterId, Result<CaCertificate, Problem>)>),
    Read(Source, Result<Found, Problem>),
    Preview(Result<Box<Preview>, Vec<Problem>>),
    TemplateCreated(Result<Box<ClusterTemplate>, Vec<Problem>>),
    ClusterCreated(Result<Box<Cluster>, Vec<Problem>>),
    ClusterChanged(ClusterId, Result<Box<Cluster>, Vec<Problem>>),
    ChangeChecked(ClusterId, Result<(), Vec<Problem>>),
    TemplateDeleted(TemplateId, Result<(), Problem>),
    ClusterDeleted(ClusterId, Result<(), Problem>),
    TemplateUpdated(TemplateId, Result<Box<ClusterTemplate>, Vec<Problem>>),
    Project(Told),
    Request(Result<Box<CertificateRequest>, Problem>),
    /// The certificate that was given.
    Signed(ClusterId, Result<Box<CaCertificate>, Problem>),
    Written(Saved),
    Kubeconfig(Saved),
    Bastions(ClusterId, Result<Vec<Machine>, Problem>),
    /// With whom it lets in.
    BastionMade(ClusterId, Result<(Box<Machine>, String), Problem>),
    /// How many parts it had.
    BastionRemoved(ClusterId, Result<usize, Problem>),
    /// Its path, and what could not be had, one line each.
    Bundled(ClusterId, Result<(String, Vec<String>), Problem>),
}

impl Reply {
    /// Why a wish was not accepted, for whoever shows it.
    pub fn refusals(&self) -> &[Problem] {
        match self {
            Self::Project(told) => told.refusals(),
            Self::TemplateCreated(Err(problems))
            | Self::TemplateUpdated(_, Err(problems))
            | Self::ClusterCreated(Err(problems))
            | Self::ClusterChanged(_, Err(problems)) => problems,
            Self::TemplateDeleted(_, Err(problem))
            | Self::ClusterDeleted(_, Err(problem))
            | Self::BastionMade(_, Err(problem))
            | Self::BastionRemoved(_, Err(problem))
            | Self::Bundled(_, Err(problem)) => std::slice::from_ref(problem),
            _ => &[],
        }
    }
}

/// What a [`Source`] gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// `None`: it is not kept.
    Console(Option<String>),
    /// `None`: it is gone.
    Server(Option<Box<ServerSheet>>),
    /// `None`: there is no stack.
    Stack(Option<Box<StackSheet>>),
    /// Each authority's, or why it cannot be had.
    Authorities(Vec<(Authority, Result<CaCertificate, Problem>)>),
}

/// How writing a file ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// Path as written, and what was replaced in it when merging.
    Done {
        path: String,
        replaced: Vec<String>,
    },
    /// A file is there already; nothing was written.
    Exists {
        what: String,
    },
    Failed(Problem),
}
