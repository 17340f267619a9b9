//! From a name or uuid on the command line to the one object meant.

use std::collections::HashSet;

use crate::model::{Cluster, ClusterTemplate, Image, Problem, ProblemKind, TemplateId};
use crate::service::Manager;

pub async fn cluster(manager: &dyn Manager, wanted: &str) -> Result<Cluster, Problem> {
    one("cluster", wanted, &manager.clusters().await?, cluster_key)
}

pub async fn clusters(manager: &dyn Manager, wanted: &[String]) -> Result<Vec<Cluster>, Vec<Problem>> {
    let all = manager.clusters().await.map_err(|problem| vec![problem])?;
    several("cluster", wanted, &all, cluster_key)
}

pub fn image(all: &[Image], wanted: &str) -> Result<Image, Problem> {
    one("image", wanted, all, |image| (image.id.clone(), image.name.clone()))
}

/// The project's own before another's of the same name; a hidden one of another by its uuid alone.
pub async fn template(manager: &dyn Manager, wanted: &str) -> Result<ClusterTemplate, Problem> {
    let all = with_hidden(manager, &[wanted]).await?;
    one("cluster template", wanted, &all, template_key)
}

pub async fn templates(manager: &dyn Manager, wanted: &[String]) -> Result<Vec<ClusterTemplate>, Vec<Problem>> {
    let names: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let all = with_hidden(manager, &names).await.map_err(|problem| vec![problem])?;
    several("cluster template", wanted, &all, template_key)
}

/// What a list has, but for other projects' that are named like one of our own, and those hidden
/// ones that are asked for by uuid.
async fn with_hidden(manager: &dyn Manager, wanted: &[&str]) -> Result<Vec<ClusterTemplate>, Problem> {
    let mut all = manager.templates().await?;
    let ids: Vec<TemplateId> = wanted.iter().filter_map(|text| text.parse().ok()).collect();
    for id in &ids {
        if all.iter().all(|template| template.uuid != *id) {
            all.extend(manager.template(*id).await?);
        }
    }
    let project = manager.identity().scope.project_id;
    let own = |template: &ClusterTemplate| template.project_id == project;
    let ours: HashSet<String> = all.iter().filter(|one| own(one)).map(|one| one.spec.name.clone()).collect();
    all.retain(|template| own(template) || ids.contains(&template.uuid) || !ours.contains(&template.spec.name));
    Ok(all)
}

fn cluster_key(cluster: &Cluster) -> (String, String) {
    (cluster.uuid.to_string(), cluster.name.clone())
}

fn template_key(template: &ClusterTemplate) -> (String, String) {
    (template.uuid.to_string(), template.spec.name.clone())
}

/// All of them, in the order they were named and each once; or everything that is wrong with the names.
fn several<T: Clone>(
    what: &str,
    wanted: &[String],
    all: &[T],
    key: impl Fn(&T) -> (String, String),
) -> Result<Vec<T>, Vec<Problem>> {
    let mut found: Vec<T> = Vec::new();
    let mut problems = Vec::new();
    for name in wanted {
        match one(what, name, all, &key) {
            Ok(object) if found.iter().any(|known| key(known).0 == key(&object).0) => {}
            Ok(object) => found.push(object),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// By uuid, else by name; never a guess.
fn one<T: Clone>(what: &str, wanted: &str, all: &[T], key: impl Fn(&T) -> (String, String)) -> Result<T, Problem> {
    const SHOWN: usize = 10;
    let keys: Vec<(String, String)> = all.iter().map(&key).collect();
    let by_uuid = keys.iter().position(|(uuid, _)| uuid.eq_ignore_ascii_case(wanted));
    let named: Vec<usize> = (0..keys.len()).filter(|at| keys[*at].1 == wanted).collect();
    let chosen = match (by_uuid, named.as_slice()) {
        (Some(at), _) => at,
        (None, [at]) => *at,
        (None, []) => {
            let mut names: Vec<&str> = keys.iter().map(|(_, name)| name.as_str()).take(SHOWN).collect();
            names.sort_unstable();
            let more = if keys.len() > SHOWN { ", …" } else { "" };
            let advice = match names.as_slice() {
                [] => "There is none in this project, region and data directory".into(),
                names => format!("There are: {}{more}", names.join(", ")),
            };
            return Err(Problem::not_found(format!("{what} \"{wanted}\" was not found")).advise(advice));
        }
        (None, many) => {
            let uuids: Vec<&str> = many.iter().map(|at| keys[*at].0.as_str()).collect();
            let told = format!("{} {what}s are named \"{wanted}\"", many.len());
            return Err(
                Problem::new(ProblemKind::Conflict, told).advise(format!("Use one of the uuids: {}", uuids.join(", ")))
            );
        }
    };
    Ok(all[chosen].clone())
}

#[cfg(test)]
mod tests {
    use super::{one, several};
    use crate::model::ProblemKind;

    fn find(wanted: &str) -> Result<(&'static str, &'static str), crate::model::Problem> {
        let all = vec![("u1", "a"), ("u2", "b"), ("u3", "b"), ("u4", "u1")];
        one("cluster", wanted, &all, |(uuid, name)| ((*uuid).into(), (*name).into()))
    }

    #[test]
    fn names_uuids_and_doubt() {
        assert_eq!(find("a").unwrap().0, "u1");
        assert_eq!(find("U3").unwrap().0, "u3");
        assert_eq!(find("u1").unwrap().1, "a", "a uuid counts before a name that looks like one");
        let doubt = find("b").unwrap_err();
        assert_eq!(doubt.kind, ProblemKind::Conflict);
        assert_eq!(doubt.line(), "2 clusters are named \"b\". Use one of the uuids: u2, u3");
        let none = find("x").unwrap_err();
        assert_eq!((none.kind, none.advice.is_some()), (ProblemKind::NotFound, true));
    }

    #[test]
    fn several_are_all_there_and_each_once() {
        let all = ["a", "b", "c"];
        let find = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
            several("cluster", &wanted, &all, |name| (format!("uuid-{name}"), (*name).into()))
        };
        assert_eq!(find(&["c", "a", "UUID-c", "a"]).unwrap(), ["c", "a"]);
        let problems = find(&["x", "a", "y"]).unwrap_err();
        let told: Vec<&str> = problems.iter().map(|problem| problem.summary.as_str()).collect();
        assert_eq!(told, ["cluster \"x\" was not found", "cluster \"y\" was not found"]);
    }
}
