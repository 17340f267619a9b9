//! Which nodes of a cluster are meant.

use crate::model::{Machine, Problem};

/// So many names are told to somebody who named none of them.
const SHOWN: usize = 12;

/// By name, the name's end (`worker-1`), server id or address; without a word, the first master.
pub fn choose<'a>(nodes: &'a [Machine], stack_name: &str, wanted: Option<&str>) -> Result<&'a Machine, Problem> {
    let Some(wanted) = wanted else {
        return nodes.first().ok_or_else(|| none().advise("Its servers are made by its stack; look at its events"));
    };
    let is = |node: &&Machine| {
        node.name == wanted
            || node.short(stack_name) == wanted
            || node.server_id.eq_ignore_ascii_case(wanted)
            || [node.address, node.floating_address].into_iter().flatten().any(|at| at.to_string() == wanted)
    };
    let mut found = nodes.iter().filter(is);
    match (found.next(), found.next()) {
        (Some(node), None) => Ok(node),
        (Some(_), Some(_)) => {
            Err(Problem::conflict(format!("several nodes are called \"{wanted}\"")).advise("Use the server's id"))
        }
        (None, _) if nodes.is_empty() => Err(none()),
        (None, _) => {
            let names: Vec<&str> = nodes.iter().take(SHOWN).map(|node| node.short(stack_name)).collect();
            let more = if nodes.len() > SHOWN { ", …" } else { "" };
            let told = format!("the cluster has no node \"{wanted}\"");
            Err(Problem::not_found(told).advise(format!("There are: {}{more}", names.join(", "))))
        }
    }
}

fn none() -> Problem {
    Problem::not_found("the cluster has no nodes yet")
}

/// Those named, each once, or those of a role or group; all without a word.
pub fn several<'a>(
    nodes: &'a [Machine],
    stack_name: &str,
    named: &[String],
    role: Option<&str>,
) -> Result<Vec<&'a Machine>, Problem> {
    let mut found: Vec<&Machine> = Vec::new();
    for name in named {
        let node = choose(nodes, stack_name, Some(name))?;
        if !found.iter().any(|known| known.server_id == node.server_id) {
            found.push(node);
        }
    }
    if named.is_empty() {
        found = nodes.iter().filter(|node| role.is_none_or(|role| node.role == role || node.group == role)).collect();
    }
    match (found.is_empty(), role) {
        (false, _) => Ok(found),
        (true, Some(role)) if !nodes.is_empty() => {
            Err(Problem::not_found(format!("the cluster has no nodes of role or group \"{role}\"")))
        }
        _ => Err(none()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::login::tests::node;
    use super::{choose, several};
    use crate::model::{Machine, ProblemKind};

    const STACK: &str = "prod-0123456789ab";

    fn nodes() -> Vec<Machine> {
        let named = |name: &str, role: &str, id: &str, address: &str| Machine {
            name: format!("{STACK}-{name}"),
            role: role.into(),
            server_id: id.into(),
            address: Some(address.parse().unwrap()),
            ..node()
        };
        vec![
            named("master-0", "master", "id-a", "10.0.0.4"),
            named("worker-0", "worker", "id-b", "10.0.0.5"),
            named("worker-1", "worker", "id-c", "10.0.0.6"),
        ]
    }

    #[test]
    fn a_node_goes_by_several_names_and_by_no_guess() {
        let nodes = nodes();
        let id = |wanted: Option<&str>| choose(&nodes, STACK, wanted).map(|node| node.server_id.as_str());
        assert_eq!(id(None).unwrap(), "id-a");
        for wanted in ["worker-1", "prod-0123456789ab-worker-1", "ID-C", "10.0.0.6"] {
            assert_eq!(id(Some(wanted)).unwrap(), "id-c", "{wanted}");
        }
        let lost = id(Some("worker")).unwrap_err();
        assert_eq!(
            (lost.kind, lost.advice.unwrap().as_str()),
            (ProblemKind::NotFound, "There are: master-0, worker-0, worker-1")
        );
        assert!(choose(&[], STACK, None).is_err() && choose(&[], STACK, Some("x")).is_err());
        let twice = [nodes[0].clone(), nodes[0].clone()];
        assert_eq!(choose(&twice, STACK, Some("master-0")).unwrap_err().kind, ProblemKind::Conflict);
    }

    #[test]
    fn several_by_name_by_role_or_all() {
        let nodes = nodes();
        let ids = |named: &[&str], role: Option<&str>| -> Vec<String> {
            let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
            several(&nodes, STACK, &named, role).unwrap().iter().map(|node| node.server_id.clone()).collect()
        };
        assert_eq!(ids(&[], None).len(), 3);
        assert_eq!(ids(&[], Some("worker")), ["id-b", "id-c"]);
        assert_eq!(ids(&["worker-1", "10.0.0.6", "master-0"], None), ["id-c", "id-a"]);
        assert!(several(&nodes, STACK, &[], Some("gpu")).unwrap_err().summary.contains("gpu"));
        assert!(several(&nodes, STACK, &["x".into()], None).is_err());
    }
}
