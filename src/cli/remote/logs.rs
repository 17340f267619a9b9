//! `jeroboam logs`: a node's console by Nova, or its logs over ssh as they grow.

use std::process::Stdio;

use serde_json::json;
use tokio::process::Command;
use tokio::sync::mpsc::unbounded_channel;

use crate::cli::args::{Format, Logs};
use crate::cli::fault::{Done, Fault};
use crate::cli::output::Terminal;
use crate::cli::{find, interrupted};
use crate::model::{Cluster, Machine, Problem, ProblemKind, text};
use crate::runtime::remote::Remote;
use crate::runtime::remote::run::{code, each_line, unstarted};
use crate::service::Manager;
use crate::ssh::explain::{FAILED, TAIL};
use crate::ssh::{Wish, node, script};

/// Where following begins, unless somebody says otherwise.
const LINES: u32 = 50;

pub async fn run(manager: &dyn Manager, terminal: &mut Terminal<'_>, means: &Remote, wanted: &Logs) -> Done {
    let cluster = find::cluster(manager, &wanted.cluster).await?;
    let nodes = manager.machines(cluster.uuid).await?;
    let node = node::choose(&nodes, &cluster.stack_name, Some(&wanted.node))?;
    if wanted.follow {
        return follow(manager, terminal, means, &cluster, node, wanted).await;
    }
    let console = manager.console(cluster.uuid, &node.server_id, wanted.lines).await?;
    let Some(console) = console else {
        let told = format!("the console of node {} is not kept", node.name);
        return Err(Problem::not_found(told).advise("Follow its logs over ssh with --follow").into());
    };
    if terminal.format != Format::Table {
        return terminal.value(&json!({ "node": node.name, "server_id": node.server_id, "console": console }));
    }
    writeln!(terminal.out, "{}", console.trim_end_matches('\n'))?;
    Ok(terminal.out.flush()?)
}

async fn follow(
    manager: &dyn Manager,
    terminal: &mut Terminal<'_>,
    means: &Remote,
    cluster: &Cluster,
    node: &Machine,
    wanted: &Logs,
) -> Done {
    let stopped = interrupted();
    tokio::pin!(stopped);
    let ready = means.session(manager, cluster, node, wanted.user.as_deref()).await?;
    for note in &ready.notes {
        terminal.note(note)?;
    }
    let words = ready.session.arguments(Wish::BATCH, &[script::follow(wanted.lines.unwrap_or(LINES)).into()])?;
    let mut command = Command::new("ssh");
    // Its input stays open as long as we live: the far end stops when that ends.
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| unstarted(&error))?;
    let (_input, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (sender, mut lines) = unbounded_channel();
    let run = async {
        let out = each_line(out, 0, |line| {
            let _ = sender.send(line);
        });
        tokio::join!(out, each_line(err, TAIL, |_| {}), child.wait())
    };
    tokio::pin!(run);
    let (words, status) = loop {
        tokio::select! {
            biased;
            Some(line) = lines.recv() => tell(terminal, &node.name, &line)?,
            // Whoever follows ends it so.
            _ = &mut stopped => return Ok(()),
            (_, words, status) = &mut run => break (words, status),
        }
    };
    while let Ok(line) = lines.try_recv() {
        tell(terminal, &node.name, &line)?;
    }
    let name = node.short(&cluster.stack_name);
    let status = code(status.map_err(|error| Problem::local(format!("ssh was lost: {error}")))?);
    if status == FAILED
        && let Some(problem) = means.explain(manager, cluster, name, ready.session.server, &words).await
    {
        return Err(problem.into());
    }
    let words = text::clean(words.trim());
    let told =
        format!("the logs of node {name} ended: {}", if words.is_empty() { "the connection is gone" } else { &words });
    Err(Fault::from(Problem::new(ProblemKind::Unavailable, told).advise("Follow them again with the same command")))
}

fn tell(terminal: &mut Terminal<'_>, node: &str, line: &str) -> Done {
    let line = text::lines(line);
    if terminal.format != Format::Table {
        return terminal.stream(&json!({ "node": node, "line": line }));
    }
    writeln!(terminal.out, "{line}")?;
    Ok(terminal.out.flush()?)
}
