//! How many clusters this project may have: Magnum's quota, kept by Jeroboam.

use super::command::{Command, Wording};
use super::field::{Field, Values};
use super::form::{Form, Subject};
use super::offers::Offer;
use crate::model::labels::catalogue::Sheet;
use crate::model::quota::CLUSTER;
use crate::model::service_quota::Item;
use crate::model::{Check, Problem};
use crate::ui::effect::Job;
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::msg::Reply;
use crate::ui::project::{Task, Told};

pub struct ClusterQuota {
    project: String,
    /// Whether there is a limit already.
    limited: bool,
}

pub fn form(cx: &Cx) -> Box<dyn Layer> {
    let known = cx.fleet.project.limits.list.iter().find(|quota| quota.item == Item::Clusters);
    let limit = known.and_then(|quota| quota.limit);
    let project = cx.fleet.identity.as_ref().map(|who| who.scope.project_id.clone()).unwrap_or_default();
    let fields = vec![Field::number(
        "hard_limit",
        "Clusters",
        "So many clusters this project may have, and no more. Empty: as many as its services let it.",
        &limit.map(|limit| limit.to_string()).unwrap_or_default(),
    )];
    Box::new(Form::new(ClusterQuota { project, limited: limit.is_some() }, fields, cx))
}

impl Subject for ClusterQuota {
    fn title(&self) -> &'static str {
        "Quota of clusters"
    }

    fn button(&self) -> &'static str {
        "  Set  "
    }

    fn doing(&self) -> &'static str {
        "setting it…"
    }

    fn ending(&self) -> &'static str {
        "Holds from now on; clusters that are there stay."
    }

    fn offers(&self, _: &str, _: &Values, _: &Cx) -> Vec<Offer> {
        Vec::new()
    }

    fn none(&self, _: &str, _: &Values, _: &Cx) -> Option<String> {
        Some("no limit".into())
    }

    fn defaults(&self, _: &mut [Field], _: &Cx) {}

    fn check(&self, _: &Values, _: &Cx) -> Vec<Problem> {
        Vec::new()
    }

    fn remarks(&self, values: &Values, cx: &Cx) -> Vec<Check> {
        let count = cx.fleet.clusters.len();
        let less = values.number("hard_limit").filter(|limit| u64::from(*limit) < count as u64);
        let told = |limit| {
            Check::warning(
                "hard_limit",
                format!("there are {count} clusters, {limit} will be the most: none can be added until some are gone"),
            )
        };
        less.map(told).into_iter().collect()
    }

    fn command(&self, values: &Values, wording: Wording) -> Vec<String> {
        let word = match (values.number("hard_limit"), self.limited) {
            (None, _) => "delete",
            (Some(_), true) => "update",
            (Some(_), false) => "create",
        };
        let ours = wording == Wording::Jeroboam;
        let verb = format!("{} {word}", if ours { "quota" } else { "quotas" });
        let mut command = Command::of(wording.program(), &verb);
        command.value("--project-id", Some(&self.project));
        command.value("--resource", Some(CLUSTER).filter(|_| !ours));
        command.value("--hard-limit", values.text("hard_limit").as_deref());
        command.parts()
    }

    fn sheet<'a>(&self, _: &Values, _: &Cx<'a>) -> Option<&'a Sheet> {
        None
    }

    fn job(&self, values: &Values, _: &Cx) -> Job {
        Job::Project(Task::SetQuota(values.number("hard_limit")))
    }

    fn answer(&self, reply: &Reply) -> Option<Result<Vec<Ask>, Vec<Problem>>> {
        match reply {
            Reply::Project(Told::Quota(answer)) => {
                Some(answer.as_ref().map(|_| vec![Ask::Close]).map_err(|problem| vec![problem.clone()]))
            }
            _ => None,
        }
    }
}
