//! What is asked of several things at once: which, what becomes of them, and what is done to
//! each. Whether it can be done is looked up for each before anybody confirms; that, and the
//! asking, is `dialogs::several`'s.

use super::action::Action;
use super::effect::Job;
use super::forms::command::{self, Wording, quote};
use super::layer::{Ask, Cx, Route};
use super::operation;
use crate::model::text::counted;
use crate::model::{self, Cluster, ClusterChange, ClusterId, ClusterTemplate, TemplateId};

#[derive(Debug, Clone, PartialEq)]
pub struct Several {
    pub title: &'static str,
    /// `Delete 3 clusters`.
    pub what: String,
    pub warning: String,
    /// Machines go away: verb and number must be typed.
    pub typed: bool,
    /// The words of the two keys.
    pub verb: &'static str,
    pub keep: &'static str,
    /// What they are: `cluster`.
    pub noun: &'static str,
    pub same: Same,
    pub items: Vec<Item>,
}

/// The commands that would do the same.
#[derive(Debug, Clone, PartialEq)]
pub enum Same {
    /// One, which takes all names.
    One(&'static str),
    /// One for each.
    Each(ClusterChange),
}

impl Same {
    pub fn line(&self, names: &[&str]) -> String {
        let names: Vec<String> = names.iter().map(|name| quote(name)).collect();
        let names = names.join(" ");
        match self {
            Self::One(verb) => format!("jeroboam {verb} {names}"),
            Self::Each(change) => {
                let one = command::change("NAME", change, Wording::Jeroboam).join(" ").replace("NAME", "\"$c\"");
                format!("for c in {names}; do {one}; done")
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub thing: Thing,
    pub name: String,
    pub check: Check,
    pub job: Job,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    Cluster(ClusterId),
    Template(TemplateId),
}

/// How it is found out whether it can be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// By asking the manager.
    Ask(Job),
    Fine,
    /// It is known here that it cannot.
    Not(String),
}

/// Whether the action is done to all marked clusters when some are marked.
pub fn takes_clusters(action: Action) -> bool {
    action == Action::Delete || operation::asked(action).is_some() || action == Action::Pause
}

/// Asks what the action is about, for two clusters or more; `None`: it is of one at a time.
pub fn clusters(action: Action, clusters: &[&Cluster]) -> Option<Vec<Ask>> {
    let number = counted(u32::try_from(clusters.len()).unwrap_or(u32::MAX), "cluster");
    let several = match action {
        Action::Delete => delete(clusters, &number),
        Action::Pause => pause(clusters, &number),
        _ => {
            let asked = operation::asked(action)?;
            Several {
                title: asked.title,
                what: format!("{}{number}", asked.what),
                warning: asked.warning.to_owned(),
                typed: asked.typed,
                verb: asked.verb,
                keep: "leave them",
                noun: "cluster",
                items: clusters.iter().map(|cluster| change(cluster, &asked.change)).collect(),
                same: Same::Each(asked.change),
            }
        }
    };
    Some(vec![Ask::Open(Route::Several(Box::new(several)))])
}

fn change(cluster: &Cluster, change: &ClusterChange) -> Item {
    let job = |of: fn(ClusterId, Box<ClusterChange>) -> Job| of(cluster.uuid, Box::new(change.clone()));
    Item {
        thing: Thing::Cluster(cluster.uuid),
        name: cluster.name.clone(),
        check: Check::Ask(job(Job::CheckChange)),
        job: job(Job::Change),
    }
}

fn delete(clusters: &[&Cluster], number: &str) -> Several {
    let machines: u32 = clusters.iter().map(|cluster| cluster.master_count.saturating_add(cluster.node_count)).sum();
    let item = |cluster: &&Cluster| {
        let going = cluster.status.action == model::Action::Delete && cluster.status.is_in_progress();
        Item {
            thing: Thing::Cluster(cluster.uuid),
            name: cluster.name.clone(),
            check: if going { Check::Not("it is being deleted already".into()) } else { Check::Fine },
            job: Job::DeleteCluster(cluster.uuid),
        }
    };
    Several {
        title: "Delete clusters",
        what: format!("Delete {number}"),
        warning: format!(
            "Their stacks go with everything in them: {}, volumes, networks, load balancers, addresses, certificates. There is no way back.",
            counted(machines, "server")
        ),
        typed: true,
        verb: "delete",
        keep: "keep them",
        noun: "cluster",
        same: Same::One("cluster delete"),
        items: clusters.iter().map(item).collect(),
    }
}

/// Goes on with all, when all that could be paused are so already.
fn pause(clusters: &[&Cluster], number: &str) -> Several {
    let resume =
        !clusters.iter().any(|cluster| operation::offers(Action::Pause, cluster) && !operation::is_paused(cluster))
            && clusters.iter().any(|cluster| operation::is_paused(cluster));
    let (title, verb, wanted, what, warning) = if resume {
        ("Go on", "go on", ClusterChange::Resume, "Go on with the change of ", "The next step of each begins.")
    } else {
        let warning = "The present step of each goes on to its end, and no further one is begun.";
        ("Pause", "pause", ClusterChange::Pause, "Pause the change of ", warning)
    };
    Several {
        title,
        what: format!("{what}{number}"),
        warning: warning.into(),
        typed: false,
        verb,
        keep: "leave them",
        noun: "cluster",
        items: clusters.iter().map(|cluster| change(cluster, &wanted)).collect(),
        same: Same::Each(wanted),
    }
}

/// Asks before the templates go, two or more.
pub fn delete_templates(templates: &[&ClusterTemplate], cx: &Cx) -> Vec<Ask> {
    let item = |template: &&ClusterTemplate| Item {
        thing: Thing::Template(template.uuid),
        name: template.spec.name.clone(),
        check: operation::template_stays(template, cx).map_or(Check::Fine, Check::Not),
        job: Job::DeleteTemplate(template.uuid),
    };
    let number = counted(u32::try_from(templates.len()).unwrap_or(u32::MAX), "template");
    vec![Ask::Open(Route::Several(Box::new(Several {
        title: "Delete templates",
        what: format!("Delete {number}"),
        warning: "Clusters that were made from them before have copies of their own.".into(),
        typed: false,
        verb: "delete",
        keep: "keep them",
        noun: "template",
        same: Same::One("template delete"),
        items: templates.iter().map(item).collect(),
    })))]
}
