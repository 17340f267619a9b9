//! `jeroboam ssh`

use crate::cli::args::Ssh;
use crate::cli::fault::{Done, Fault};
use crate::cli::find;
use crate::cli::output::{Column, Terminal, or_dash};
use crate::model::Machine;
use crate::runtime::remote::{Remote, run::on_terminal};
use crate::service::Manager;
use crate::ssh::{Wish, explain, node, session};

/// Machines, nodes and bastions alike.
pub const NODES: [Column<Machine>; 6] = [
    ("name", |node| node.name.clone()),
    ("role", |node| node.role.clone()),
    ("status", |node| or_dash(Some(&node.status))),
    ("address", |node| node.address.map_or_else(|| "-".into(), |address| address.to_string())),
    ("floating address", |node| node.floating_address.map_or_else(|| "-".into(), |address| address.to_string())),
    ("server", |node| node.server_id.clone()),
];

/// Ends as ssh ends.
pub async fn run(manager: &dyn Manager, terminal: &mut Terminal<'_>, means: &Remote, wanted: Ssh) -> Done {
    let cluster = find::cluster(manager, &wanted.cluster).await?;
    let nodes = manager.machines(cluster.uuid).await?;
    if wanted.list {
        return terminal.list(&nodes, &NODES);
    }
    let node = node::choose(&nodes, &cluster.stack_name, wanted.node.as_deref())?;
    if wanted.forget_host_key && means.hosts(&cluster).forget(session::server(node)?)? {
        terminal.note(&format!("Forgot the host key known of {}", node.name))?;
    }
    let ready = means.session(manager, &cluster, node, wanted.user.as_deref()).await?;
    for note in &ready.notes {
        terminal.note(note)?;
    }
    let wish = Wish { forward_agent: wanted.forward_agent, terminal: wanted.tty.then_some(true), ..Wish::SHELL };
    let ended = on_terminal(ready.session.arguments(wish, &wanted.command)?).await?;
    if ended.code == explain::FAILED
        && let Some(problem) =
            means.explain(manager, &cluster, node.short(&cluster.stack_name), ready.session.server, &ended.words).await
    {
        Fault::from(problem).tell(terminal.err)?;
    }
    match u8::try_from(ended.code) {
        Ok(0) => Ok(()),
        code => Err(Fault::Ran(code.unwrap_or(u8::MAX))),
    }
}
