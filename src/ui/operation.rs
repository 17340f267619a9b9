//! What can be asked of a cluster that is there: which action opens which form, asks which
//! question, or is done at once. What is possible is the manager's to say, not ours: what is
//! known here only decides what is worth a hint.

use std::collections::BTreeSet;

use super::action::Action;
use super::dialogs::confirm::Question;
use super::effect::Job;
use super::layer::{Ask, Cx, Route};
use crate::model::text::counted;
use crate::model::{Cluster, ClusterChange, ClusterId, ClusterTemplate, Node, NodeGroup, Status};

/// The changes that are asked for through a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Of this group, and without these nodes.
    Resize {
        nodegroup: Option<String>,
        without: Vec<String>,
    },
    Upgrade {
        nodegroup: Option<String>,
    },
    NewNodegroup,
    /// Bounds of this group.
    EditNodegroup(Option<String>),
    RotateCa,
}

/// What the cursor is on.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub cluster: &'a Cluster,
    pub nodegroup: Option<&'a NodeGroup>,
    /// A node's name.
    pub node: Option<&'a str>,
}

impl<'a> Place<'a> {
    pub fn cluster(id: ClusterId, cx: &Cx<'a>) -> Option<Self> {
        Some(Self { cluster: cx.fleet.clusters.get(&id)?, nodegroup: None, node: None })
    }

    fn is_further_group(&self) -> bool {
        self.node.is_none() && self.nodegroup.is_some_and(|group| !group.is_default)
    }

    fn group(&self) -> Option<String> {
        self.nodegroup.map(|group| group.name.clone())
    }
}

/// How an operation is asked about before it is done, of one cluster or of several.
pub struct Asked {
    pub title: &'static str,
    /// What would be done, up to whom to.
    pub what: &'static str,
    pub warning: &'static str,
    /// Machines go away.
    pub typed: bool,
    pub verb: &'static str,
    pub change: ClusterChange,
}

/// `None`: nothing is asked, or more than yes and no.
pub fn asked(action: Action) -> Option<Asked> {
    Some(match action {
        Action::Retry => Asked {
            title: "Try again",
            what: "Go on with the change of ",
            warning: "Machines that failed are taken away, and fresh ones are made in their place.",
            typed: false,
            verb: "try again",
            change: ClusterChange::Retry,
        },
        Action::Rollback => Asked {
            title: "Roll back",
            what: "Give up the change of ",
            warning: "Machines that the change made after its last complete step go, with what is on their disks.",
            typed: true,
            verb: "roll back",
            change: ClusterChange::Rollback,
        },
        Action::RotateCredential => Asked {
            title: "Rotate the credential",
            what: "Give another credential for the cloud to ",
            warning: "The first master is replaced by a new one, which hands the credential out; the old one is revoked then.",
            typed: true,
            verb: "rotate",
            change: ClusterChange::RotateCredential,
        },
        Action::Stop => Asked {
            title: "Stop",
            what: "Stop what Heat is doing to ",
            warning: "That ends as a failure, from which to try again or to roll back. To end after the present step instead, pause it.",
            typed: false,
            verb: "stop",
            change: ClusterChange::Cancel,
        },
        _ => return None,
    })
}

/// `None`: the action is about something else.
pub fn asks(action: Action, at: Place) -> Option<Vec<Ask>> {
    let cluster = at.cluster;
    let form = |wanted| Some(vec![Ask::Open(Route::Change(cluster.uuid, wanted))]);
    match action {
        Action::Resize => form(Wanted::Resize { nodegroup: at.group(), without: Vec::new() }),
        // The default groups go together with the whole, unless it is said in the form.
        Action::Upgrade => form(Wanted::Upgrade { nodegroup: at.group().filter(|_| at.is_further_group()) }),
        Action::NewNodegroup => form(Wanted::NewNodegroup),
        Action::EditNodegroup => form(Wanted::EditNodegroup(at.group())),
        Action::RotateCa => form(Wanted::RotateCa),
        Action::Pause => {
            let change = if is_paused(cluster) { ClusterChange::Resume } else { ClusterChange::Pause };
            Some(vec![Ask::Run(Job::Change(cluster.uuid, Box::new(change)))])
        }
        _ => {
            let asked = asked(action)?;
            let change = Box::new(asked.change);
            Some(vec![Ask::Open(Route::Confirm(Box::new(Question {
                title: asked.title,
                what: asked.what,
                name: cluster.name.clone(),
                cluster: cluster.uuid,
                warning: asked.warning.to_owned(),
                typed: asked.typed,
                verb: asked.verb,
                keep: "leave it",
                check: Some(Job::CheckChange(cluster.uuid, change.clone())),
                job: Job::Change(cluster.uuid, change),
            })))])
        }
    }
}

/// Takes nodes away: those of one group, because a cluster takes one change at a time.
pub fn remove_nodes(cluster: ClusterId, nodes: &[&Node]) -> Vec<Ask> {
    let groups: BTreeSet<&str> = nodes.iter().map(|node| node.nodegroup.as_str()).collect();
    let groups: Vec<&str> = groups.into_iter().collect();
    match (nodes.iter().any(|node| node.slot.is_none()), groups.as_slice()) {
        (true, _) => vec![Ask::Say("a master cannot be taken away: their number is fixed".into())],
        (false, []) => Vec::new(),
        (false, [group]) => {
            let without = nodes.iter().map(|node| node.name.clone()).collect();
            let wanted = Wanted::Resize { nodegroup: Some((*group).to_owned()), without };
            vec![Ask::Open(Route::Change(cluster, wanted))]
        }
        (false, several) => {
            vec![Ask::Say(format!("one group at a time: the marked nodes are of {}", several.join(", ")))]
        }
    }
}

/// Asked before a node group goes. A default one is refused at once instead.
pub fn delete_group(cluster: &Cluster, group: &NodeGroup) -> Vec<Ask> {
    let change = ClusterChange::DeleteNodegroup { nodegroup: group.name.clone() };
    let check = Some(Job::CheckChange(cluster.uuid, Box::new(change.clone())));
    let job = Job::Change(cluster.uuid, Box::new(change));
    if group.is_default {
        return vec![Ask::Run(job)];
    }
    let nodes = counted(group.node_count, "node");
    vec![Ask::Open(Route::Confirm(Box::new(Question {
        title: "Delete node group",
        what: "Delete the node group ",
        name: group.name.clone(),
        cluster: cluster.uuid,
        warning: format!(
            "What is on the disks of its {nodes} is lost. What runs there moves to other nodes, where there is room."
        ),
        typed: true,
        verb: "delete",
        keep: "keep it",
        check,
        job,
    })))]
}

pub fn is_paused(cluster: &Cluster) -> bool {
    cluster.rollout.as_ref().is_some_and(|change| change.paused)
}

/// Why the template cannot go, as far as is known here.
pub fn template_stays(template: &ClusterTemplate, cx: &Cx) -> Option<String> {
    if !cx.fleet.is_ours(template) {
        return Some(format!("It belongs to project {}, and only that one can delete it", template.project_id));
    }
    let used = cx.fleet.clusters_by_name().into_iter().filter(|has| has.cluster_template_id == template.uuid);
    let used: Vec<&str> = used.map(|cluster| cluster.name.as_str()).collect();
    (!used.is_empty()).then(|| format!("It cannot go while clusters use it: {}", used.join(", ")))
}

/// Whether it means nothing where there is no cluster.
pub fn needs_cluster(action: Action) -> bool {
    matches!(
        action,
        Action::AsText
            | Action::Bastion
            | Action::Bundle
            | Action::Copy
            | Action::Delete
            | Action::Environment
            | Action::FollowLog
            | Action::Kubeconfig
            | Action::NewNodegroup
            | Action::Parameters
            | Action::Pause
            | Action::Resize
            | Action::Retry
            | Action::Rollback
            | Action::RotateCa
            | Action::RotateCredential
            | Action::Shell
            | Action::Stop
            | Action::Upgrade
            | Action::When
            | Action::Why
    )
}

/// Whether it is likely to mean something now.
pub fn offers(action: Action, cluster: &Cluster) -> bool {
    let updating = cluster.status == Status::UPDATE_IN_PROGRESS;
    let failed = cluster.status == Status::UPDATE_FAILED;
    let change = cluster.rollout.as_ref();
    match action {
        Action::Pause => updating && change.is_some(),
        Action::Retry => failed,
        Action::Rollback => change.is_some() && (failed || cluster.is_held()),
        Action::Stop => updating && change.is_some_and(|change| change.step_since.is_some()),
        Action::Resize | Action::RemoveNode => cluster.status.is_complete() || failed,
        Action::Upgrade | Action::NewNodegroup | Action::RotateCa | Action::RotateCredential => {
            cluster.status.is_complete()
        }
        Action::EditNodegroup => !cluster.node_groups.is_empty(),
        Action::Why => !cluster.status.is_complete(),
        Action::Environment => cluster.api_address.is_some(),
        _ => true,
    }
}
