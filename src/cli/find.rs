//! From a name or uuid on the command line to the one object meant.

use crate::model::{Cluster, ClusterTemplate, Problem, ProblemKind};
use crate::service::Manager;

pub async fn cluster(manager: &dyn Manager, wanted: &str) -> Result<Cluster, Problem> {
    one("cluster", wanted, manager.clusters().await?, |c| (c.uuid.to_string(), c.name.clone()))
}

pub async fn template(manager: &dyn Manager, wanted: &str) -> Result<ClusterTemplate, Problem> {
    one("cluster template", wanted, manager.templates().await?, |t| (t.uuid.to_string(), t.spec.name.clone()))
}

/// By uuid, else by name; never a guess.
fn one<T>(what: &str, wanted: &str, all: Vec<T>, key: impl Fn(&T) -> (String, String)) -> Result<T, Problem> {
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
    all.into_iter().nth(chosen).ok_or_else(|| Problem::local("the list changed while it was read"))
}

#[cfg(test)]
mod tests {
    use super::one;
    use crate::model::ProblemKind;

    fn find(wanted: &str) -> Result<(&'static str, &'static str), crate::model::Problem> {
        let all = vec![("u1", "a"), ("u2", "b"), ("u3", "b"), ("u4", "u1")];
        one("cluster", wanted, all, |(uuid, name)| ((*uuid).into(), (*name).into()))
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
}
