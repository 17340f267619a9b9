//! Forms of changes of a cluster that is there. What they have in common is `Changing`; what
//! each asks, and what change comes of it, is a `Wish`'s. Rules are the model's here and the
//! manager's when it is sent.

mod bounds;
mod group;
mod resize;
mod rotate;
mod upgrade;

use super::command::{self, Wording};
use super::field::{Field, Values};
use super::form::{Form, Subject};
use super::offers::Offer;
use crate::model::labels::catalogue::Sheet;
use crate::model::text::counted;
use crate::model::{Cluster, ClusterChange, ClusterId, NodeGroup, Problem, change};
use crate::ui::dialogs::confirm::Question;
use crate::ui::effect::Job;
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::msg::Reply;
use crate::ui::operation::Wanted;

/// How a form speaks of its change.
struct Words {
    /// On its button.
    button: &'static str,
    /// In a sentence: `resize`.
    asked: &'static str,
}

/// One change and its fields.
trait Wish: Send {
    fn title(&self) -> &'static str;
    fn words(&self) -> Words;
    fn change(&self, values: &Values) -> ClusterChange;
    fn offers(&self, _id: &str, _values: &Values, _cluster: &Cluster, _cx: &Cx) -> Vec<Offer> {
        Vec::new()
    }
    /// The words for an empty field.
    fn none(&self, _id: &str, _values: &Values, _cluster: &Cluster) -> Option<String> {
        None
    }
    fn defaults(&self, _fields: &mut [Field], _cluster: &Cluster) {}
    /// What is wrong with it for this cluster, beside the change's own rules.
    fn check(&self, _values: &Values, _cluster: &Cluster) -> Vec<Problem> {
        Vec::new()
    }
    /// Which machines go away, if any do: then the cluster's name has to be typed.
    fn warning(&self, _values: &Values, _cluster: &Cluster, _cx: &Cx) -> Option<String> {
        None
    }
}

/// `None`: the cluster is gone.
pub fn form(id: ClusterId, wanted: Wanted, cx: &Cx) -> Option<Box<dyn Layer>> {
    let cluster = cx.fleet.clusters.get(&id)?;
    Some(match wanted {
        Wanted::Resize { nodegroup, without } => {
            let (wish, fields) = resize::form(cluster, nodegroup, without);
            // Which group is seldom the question.
            Box::new(changing(cluster, wish, fields, cx).at("node_count"))
        }
        Wanted::Upgrade { nodegroup } => {
            let (wish, fields) = upgrade::form(nodegroup);
            open(cluster, wish, fields, cx)
        }
        Wanted::NewNodegroup => {
            let (wish, fields) = group::form();
            open(cluster, wish, fields, cx)
        }
        Wanted::EditNodegroup(nodegroup) => {
            let (wish, fields) = bounds::form(cluster, nodegroup);
            open(cluster, wish, fields, cx)
        }
        Wanted::RotateCa => {
            let (wish, fields) = rotate::form();
            open(cluster, wish, fields, cx)
        }
    })
}

fn open<W: Wish + 'static>(cluster: &Cluster, wish: W, fields: Vec<Field>, cx: &Cx) -> Box<dyn Layer> {
    Box::new(changing(cluster, wish, fields, cx))
}

fn changing<W: Wish>(cluster: &Cluster, wish: W, fields: Vec<Field>, cx: &Cx) -> Form<Changing<W>> {
    Form::new(Changing { opened: Box::new(cluster.clone()), wish }, fields, cx)
}

struct Changing<W> {
    /// The cluster when the form was opened; a newer one is in the fleet, unless it is gone.
    opened: Box<Cluster>,
    wish: W,
}

impl<W> Changing<W> {
    fn cluster<'a>(&'a self, cx: &Cx<'a>) -> &'a Cluster {
        cx.fleet.clusters.get(&self.opened.uuid).unwrap_or(&self.opened)
    }
}

impl<W: Wish> Subject for Changing<W> {
    fn title(&self) -> &'static str {
        self.wish.title()
    }

    fn button(&self) -> &'static str {
        self.wish.words().button
    }

    fn doing(&self) -> &'static str {
        "asking for it…"
    }

    fn ending(&self) -> &'static str {
        "Checks everything once more and asks for it."
    }

    fn sheet<'a>(&self, _: &Values, cx: &Cx<'a>) -> Option<&'a Sheet> {
        cx.fleet.inventory.as_ref()?.sheets.iter().find(|sheet| sheet.driver == self.opened.driver)
    }

    fn about(&self) -> Option<(ClusterId, &str)> {
        Some((self.opened.uuid, &self.opened.name))
    }

    fn offers(&self, id: &str, values: &Values, cx: &Cx) -> Vec<Offer> {
        self.wish.offers(id, values, self.cluster(cx), cx)
    }

    fn none(&self, id: &str, values: &Values, cx: &Cx) -> Option<String> {
        self.wish.none(id, values, self.cluster(cx))
    }

    fn defaults(&self, fields: &mut [Field], cx: &Cx) {
        self.wish.defaults(fields, self.cluster(cx));
    }

    fn check(&self, values: &Values, cx: &Cx) -> Vec<Problem> {
        let mut found = change::shape(&self.wish.change(values));
        found.extend(self.wish.check(values, self.cluster(cx)));
        found
    }

    fn command(&self, values: &Values, wording: Wording) -> Vec<String> {
        command::change(&self.opened.name, &self.wish.change(values), wording)
    }

    fn job(&self, values: &Values, _: &Cx) -> Job {
        Job::Change(self.opened.uuid, Box::new(self.wish.change(values)))
    }

    fn check_job(&self, values: &Values) -> Option<Job> {
        Some(Job::CheckChange(self.opened.uuid, Box::new(self.wish.change(values))))
    }

    fn question(&self, values: &Values, cx: &Cx) -> Option<Question> {
        let cluster = self.cluster(cx);
        let warning = self.wish.warning(values, cluster, cx)?;
        Some(Question {
            title: self.title(),
            what: "This takes machines away from ",
            name: cluster.name.clone(),
            cluster: cluster.uuid,
            warning,
            typed: true,
            verb: self.wish.words().asked,
            keep: "back to the form",
            check: None,
            job: self.job(values, cx),
        })
    }

    fn answer(&self, reply: &Reply) -> Option<Result<Vec<Ask>, Vec<Problem>>> {
        match reply {
            Reply::ClusterChanged(id, answer) if *id == self.opened.uuid => {
                Some(answer.as_ref().map(|_| vec![Ask::Close]).map_err(Clone::clone))
            }
            Reply::ChangeChecked(id, Err(problems)) if *id == self.opened.uuid => Some(Err(problems.clone())),
            _ => None,
        }
    }

    fn is_checked(&self, reply: &Reply) -> bool {
        matches!(reply, Reply::ChangeChecked(id, Ok(())) if *id == self.opened.uuid)
    }
}

/// Whose value names a group of the cluster.
fn chosen<'a>(values: &Values, cluster: &'a Cluster) -> Option<&'a NodeGroup> {
    let wanted = values.text("nodegroup")?;
    cluster.node_groups.iter().find(|group| group.name == wanted)
}

/// Groups of workers; the masters' is there to say why not.
fn groups(cluster: &Cluster) -> Vec<Offer> {
    let offer = |group: &NodeGroup| {
        let most = group.max_node_count.map(|max| format!(", at most {max}")).unwrap_or_default();
        Offer {
            value: group.name.clone(),
            name: group.name.clone(),
            note: format!("{}, at least {}{most}", counted(group.node_count, "node"), group.min_node_count),
            unsuitable: group.is_master().then(|| "holds the masters, whose number is fixed".to_owned()),
        }
    };
    cluster.node_groups.iter().map(offer).collect()
}

/// The first group of workers.
fn first_group(cluster: &Cluster) -> Option<String> {
    cluster.node_groups.iter().find(|group| !group.is_master()).map(|group| group.name.clone())
}

/// A field for how many workers are replaced at the same time.
fn batch() -> Field {
    Field::number(
        "max_batch_size",
        "At a time",
        "So many workers are replaced at the same time: new ones come first, as many old ones go when they are there. Masters are always replaced one by one.",
        "1",
    )
}
