//! The one face behind which cluster managers stand: our own conductor
//! ([`local`]) now, a remote Magnum later. Dashboard, command line and server use
//! [`Manager`] and nothing below it.

pub mod local;
pub mod preview;
pub mod read_only;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use preview::Preview;

use crate::cloud::Identity;
use crate::model::image::Properties;
use crate::model::labels::origin::Effective;
use crate::model::validate::Inventory;
use crate::model::{
    Authority, Cluster, ClusterChange, ClusterId, ClusterTemplate, HistoryEntry, Image, IssuedCertificate, Machine,
    NewBastion, NewCluster, NewImage, NewTemplate, Node, Orphan, Patch, Places, Problem, Quota, ServerSheet,
    ServiceQuota, StackEvent, StackResource, StackSheet, TemplateId,
};

/// The verbs of Magnum's v1 API, plus what a dashboard needs to look inside.
#[async_trait]
pub trait Manager: Send + Sync {
    fn identity(&self) -> Identity;

    /// The project's, and other projects' that are public and not hidden.
    async fn templates(&self) -> Result<Vec<ClusterTemplate>, Problem>;
    /// As in [`Manager::templates`]; a hidden one of another project too, where the manager tells it.
    async fn template(&self, id: TemplateId) -> Result<Option<ClusterTemplate>, Problem> {
        Ok(self.templates().await?.into_iter().find(|template| template.uuid == id))
    }
    /// All problems at once, so that a form can show each at its field.
    async fn create_template(&self, wish: NewTemplate) -> Result<ClusterTemplate, Vec<Problem>>;
    /// Changes single fields, as Magnum's `PATCH`; refused, but for its name, tags and who may see
    /// it, while a cluster refers to it. Only its own project may.
    async fn update_template(&self, id: TemplateId, patch: Vec<Patch>) -> Result<ClusterTemplate, Vec<Problem>>;
    /// Refused while a cluster refers to it, and to other projects than its own.
    async fn delete_template(&self, id: TemplateId) -> Result<(), Problem>;

    async fn clusters(&self) -> Result<Vec<Cluster>, Problem>;
    /// Accepts the cluster; the work goes on behind. All problems at once.
    async fn create_cluster(&self, wish: NewCluster) -> Result<Cluster, Vec<Problem>>;
    /// Accepts a change of a cluster that is there; the work goes on behind. What cannot be done
    /// in the cluster's present state is refused at once.
    async fn change_cluster(&self, id: ClusterId, change: ClusterChange) -> Result<Cluster, Vec<Problem>>;
    /// Whether [`Manager::change_cluster`] would accept the change now; changes nothing.
    async fn check_change(&self, _: ClusterId, _: ClusterChange) -> Result<(), Vec<Problem>> {
        Ok(())
    }
    /// What [`Manager::create_cluster`] would do with the wish and what it finds wrong with it;
    /// makes nothing. The error is for what could not be looked at at all.
    async fn preview_cluster(&self, wish: NewCluster) -> Result<Preview, Vec<Problem>>;
    /// Accepts the delete; the work goes on behind.
    async fn delete_cluster(&self, id: ClusterId) -> Result<(), Problem>;

    /// As [`Self::delete_cluster`], with the volumes that the cluster's workloads made.
    async fn delete_cluster_and_volumes(&self, id: ClusterId) -> Result<(), Problem> {
        Err(unknown(&format!("cluster {id} with its volumes")))
    }

    /// What clusters that are no more left in the project, in an order in which it can be removed;
    /// and what could not be looked at.
    async fn orphans(&self) -> Result<(Vec<Orphan>, Vec<Problem>), Problem> {
        Err(unknown("what past clusters left"))
    }
    /// Asks one of them to go; gives a line about why it does not, or not yet.
    async fn remove_orphan(&self, orphan: &Orphan) -> Result<Option<String>, Problem> {
        Err(unknown(&orphan.thing.line()))
    }

    /// One of the cluster's authorities.
    async fn ca_certificate(&self, id: ClusterId, authority: Authority) -> Result<CaCertificate, Problem>;
    /// The certificate (PEM) that the authority gives for a request (PEM, PKCS#10), by the
    /// rules of [`crate::pki::sign`], for as long as Magnum's: five years at most.
    async fn sign(&self, id: ClusterId, authority: Authority, csr_pem: &str) -> Result<String, Problem>;
    /// A complete kubeconfig with a fresh client certificate.
    async fn kubeconfig(&self, id: ClusterId, wish: &KubeconfigWish) -> Result<KubeconfigText, Problem>;

    /// The cluster's machines, masters first, with what the change under way does with each;
    /// none when the manager does not tell.
    async fn nodes(&self, _: ClusterId) -> Result<Vec<Node>, Problem> {
        Ok(Vec::new())
    }

    /// Certificates that were issued, newest first: by one cluster's authorities, or by all;
    /// none when the manager keeps no ledger.
    async fn issued(&self, _: Option<ClusterId>) -> Result<Vec<IssuedCertificate>, Problem> {
        Ok(Vec::new())
    }

    /// What happened, newest first: to one cluster, also one that is gone, or to all.
    async fn history(&self, of: Option<ClusterId>, limit: usize) -> Result<Vec<HistoryEntry>, Problem>;

    /// Of all projects in the region. A project without one has no limit.
    async fn quotas(&self) -> Result<Vec<Quota>, Problem>;
    /// Makes it or replaces the one there is.
    async fn put_quota(&self, quota: Quota) -> Result<(), Problem>;
    /// `false` when there was none.
    async fn remove_quota(&self, project_id: &str, resource: &str) -> Result<bool, Problem>;

    /// Labels in force in the cluster, driver defaults included, and who gave each its value.
    async fn labels(&self, id: ClusterId) -> Result<Vec<Effective>, Problem>;

    /// Resources of the cluster's stack, nested ones included.
    async fn resources(&self, id: ClusterId) -> Result<Vec<StackResource>, Problem>;
    /// All events of the cluster's stack, oldest first.
    async fn events(&self, id: ClusterId) -> Result<Vec<StackEvent>, Problem>;

    /// The cluster's machines as the cloud has them now, masters first.
    async fn machines(&self, id: ClusterId) -> Result<Vec<Machine>, Problem> {
        Err(Problem::conflict(format!("this manager cannot tell the nodes of cluster {id}")))
    }
    /// What a node wrote on its console, the last `lines` of it; `None`: it is not kept.
    async fn console(&self, id: ClusterId, server_id: &str, lines: Option<u32>) -> Result<Option<String>, Problem> {
        let _ = lines;
        Err(Problem::conflict(format!("this manager cannot read the console of {server_id} of cluster {id}")))
    }

    /// One of the cluster's machines as Nova has it now; `None`: it is gone.
    async fn server(&self, id: ClusterId, server_id: &str) -> Result<Option<ServerSheet>, Problem> {
        Err(Problem::conflict(format!("this manager cannot tell of {server_id} of cluster {id}")))
    }
    /// What the cluster's stack was given and what it gives, secrets hidden; `None`: there is no stack.
    async fn stack_sheet(&self, id: ClusterId) -> Result<Option<StackSheet>, Problem> {
        Err(Problem::conflict(format!("this manager cannot tell of the stack of cluster {id}")))
    }

    /// Hosts that we made between us and the cluster's nodes, as the cloud has them now.
    async fn bastions(&self, id: ClusterId) -> Result<Vec<Machine>, Problem> {
        let _ = id;
        Ok(Vec::new())
    }
    /// Makes one; returns when the cloud has taken it. One is the most a cluster has.
    async fn create_bastion(&self, id: ClusterId, wish: NewBastion) -> Result<Machine, Problem> {
        Err(Problem::conflict(format!("this manager cannot make a bastion in {:?} for cluster {id}", wish.from)))
    }
    /// Removes it with all its parts, also of one that was made half; how many there were.
    async fn delete_bastion(&self, id: ClusterId) -> Result<usize, Problem> {
        Err(unknown(&format!("a bastion of cluster {id}")))
    }

    /// Gives an image exactly these properties; all that is wrong with them at once.
    async fn set_image(&self, id: &str, _: Properties) -> Result<Image, Vec<Problem>> {
        Err(vec![Problem::conflict(format!("this manager cannot change image {id}"))])
    }
    /// Asks the cloud to fetch an image from a URL; the work goes on behind. All problems at once.
    async fn import_image(&self, wish: NewImage) -> Result<Image, Vec<Problem>> {
        Err(vec![Problem::conflict(format!("this manager cannot import image {}", wish.name))])
    }

    /// What services let the project have and what of it is used, our own limit of clusters first;
    /// a service that could not be asked is in the second place.
    async fn limits(&self) -> (Vec<ServiceQuota>, Vec<Problem>) {
        (Vec::new(), Vec::new())
    }

    /// Stack events of those clusters that moved last, each cluster's oldest first; what could not
    /// be read is in the second place.
    async fn recent_events(&self) -> (Vec<(ClusterId, Vec<StackEvent>)>, Vec<Problem>) {
        (Vec::new(), Vec::new())
    }

    /// Where else the same login leads: projects and regions.
    async fn places(&self) -> Result<Places, Problem> {
        Ok(Places::default())
    }

    /// What pickers offer and rules check: one call per service, side by side.
    /// A service that is down leaves its part empty and its problem in the second place.
    async fn inventory(&self) -> (Inventory, Vec<Problem>);

    /// Ask for events and progress of this cluster to be followed closely (`None`: of none).
    fn watch(&self, id: Option<ClusterId>);
    /// Everything that happens from now on.
    fn subscribe(&self) -> mpsc::UnboundedReceiver<Change>;
}

/// A manager that knows only what was made through it.
fn unknown(what: &str) -> Problem {
    Problem::conflict(format!("this manager cannot remove {what}"))
}

/// Something that happened. Each carries whole objects: applying one twice is harmless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    Cluster {
        cluster: Box<Cluster>,
    },
    ClusterGone {
        id: ClusterId,
        name: String,
    },
    Template {
        template: Box<ClusterTemplate>,
    },
    TemplateGone {
        id: TemplateId,
    },
    /// New events of a watched or moving cluster, oldest first.
    Events {
        id: ClusterId,
        events: Vec<StackEvent>,
    },
    /// The whole resource tree of the watched cluster.
    Resources {
        id: ClusterId,
        resources: Vec<StackResource>,
    },
    /// Who does the conductor's work for this store.
    Conductor {
        role: ConductorRole,
    },
    /// The cloud or the store could not be used just now; `None`: it works again.
    Trouble {
        problem: Option<Problem>,
    },
}

/// Whether this process acts on clusters or only shows what another does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum ConductorRole {
    /// This process holds the store's lock.
    Active,
    /// Another process holds it.
    Following { pid: Option<u32> },
    /// Several processes share the work, and this one has so many hundredths of it.
    Sharing { percent: u8, others: Vec<String> },
}

/// A certificate of a cluster's authority, its own or one that it gave, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaCertificate {
    pub cluster: ClusterId,
    pub authority: Authority,
    pub pem: String,
    pub subject: String,
    /// Hex of SHA-256 over the DER form, `AB:CD:…`.
    pub fingerprint: String,
    pub key_type: String,
    pub not_before: chrono::DateTime<chrono::Utc>,
    pub not_after: chrono::DateTime<chrono::Utc>,
}

impl CaCertificate {
    /// Reads what the certificate says of itself.
    pub fn read(cluster: ClusterId, authority: Authority, pem: String) -> Result<Self, crate::pki::PkiError> {
        let read = crate::pki::describe(&pem)?;
        Ok(Self {
            cluster,
            authority,
            pem,
            subject: read.subject,
            fingerprint: read.fingerprint,
            key_type: read.key_type,
            not_before: read.not_before,
            not_after: read.not_after,
        })
    }
}

/// For whom a kubeconfig is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeconfigWish {
    /// As the cluster's role bindings name the user.
    pub user: String,
    pub groups: Vec<String>,
    /// How long it is good for; a minute at least, five years at most.
    pub life: chrono::TimeDelta,
}

impl Default for KubeconfigWish {
    /// The cluster's administrator for a year: long enough for daily work, short enough that a
    /// lost file ends by itself. A new one costs one key press.
    fn default() -> Self {
        Self { user: "admin".into(), groups: vec!["system:masters".into()], life: chrono::TimeDelta::days(365) }
    }
}

/// A kubeconfig file's text. Holds a client key: `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct KubeconfigText(pub String);

impl std::fmt::Debug for KubeconfigText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KubeconfigText([secret])")
    }
}
