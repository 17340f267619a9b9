//! `jeroboam exec`: one command on many nodes side by side.

use std::ffi::OsString;
use std::process::Stdio;

use futures_util::StreamExt;
use futures_util::stream;
use serde::Serialize;
use tokio::process::Command;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::cli::args::{Exec, Format};
use crate::cli::fault::{Done, Exit, Fault};
use crate::cli::output::Terminal;
use crate::cli::{find, interrupted};
use crate::model::{Cluster, Machine, Problem, text};
use crate::runtime::remote::Remote;
use crate::runtime::remote::run::{code, each_line, unstarted};
use crate::service::Manager;
use crate::ssh::{Wish, explain, node};

/// Bytes of one node's output that a result in JSON holds; the end counts.
const KEPT: usize = 1 << 20;

/// How it went on one node.
#[derive(Debug, Serialize)]
struct Outcome {
    node: String,
    server_id: String,
    role: String,
    /// Of the command; `None`: it was not run to its end, and `problem` says why.
    exit_code: Option<i32>,
    stdout: String,
    stderr: String,
    problem: Option<Problem>,
}

/// A line that a node wrote.
struct Said {
    /// Its place among those chosen.
    node: usize,
    error: bool,
    text: String,
}

pub async fn run(manager: &dyn Manager, terminal: &mut Terminal<'_>, means: &Remote, wanted: &Exec) -> Done {
    let cluster = find::cluster(manager, &wanted.cluster).await?;
    let nodes = manager.machines(cluster.uuid).await?;
    let chosen = node::several(&nodes, &cluster.stack_name, &wanted.node, wanted.role.as_deref())?;
    let names: Vec<String> = chosen.iter().map(|node| node.short(&cluster.stack_name).to_owned()).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let (sender, mut said) = unbounded_channel();
    let work = async {
        let runs = chosen.iter().enumerate().map(|(at, node)| {
            let (sender, cluster) = (sender.clone(), &cluster);
            async move { (at, one(manager, means, cluster, node, at, wanted, &sender).await) }
        });
        let mut all: Vec<(usize, Outcome)> =
            stream::iter(runs).buffer_unordered(usize::from(wanted.parallel)).collect().await;
        all.sort_by_key(|(at, _)| *at);
        all
    };
    tokio::pin!(work);
    let stopped = interrupted();
    tokio::pin!(stopped);
    let outcomes = loop {
        tokio::select! {
            biased;
            Some(line) = said.recv() => tell(terminal, &names, width, line)?,
            // Every ssh ends with its handle.
            exit = &mut stopped => return Err(Fault::Told { exit, problems: Vec::new() }),
            outcomes = &mut work => break outcomes,
        }
    };
    while let Ok(line) = said.try_recv() {
        tell(terminal, &names, width, line)?;
    }
    summary(terminal, outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

fn tell(terminal: &mut Terminal<'_>, names: &[String], width: usize, said: Said) -> Done {
    let Said { node, error, text } = said;
    if terminal.format != Format::Table {
        return Ok(());
    }
    let out = if error { &mut terminal.err } else { &mut terminal.out };
    writeln!(out, "{:width$} | {}", names[node], text::lines(&text))?;
    Ok(out.flush()?)
}

/// The own exit code says whether all went well.
fn summary(terminal: &mut Terminal<'_>, outcomes: Vec<Outcome>) -> Done {
    let failed: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.exit_code != Some(0)).collect();
    if terminal.format != Format::Table {
        terminal.value(&outcomes)?;
    } else {
        for outcome in &failed {
            match (&outcome.problem, outcome.exit_code) {
                (Some(problem), _) => Fault::from(problem.clone()).tell(terminal.err)?,
                (None, code) => terminal.note(&format!("{}: exit code {}", outcome.node, code.unwrap_or(-1)))?,
            }
        }
        terminal.note(&format!("{} of {} nodes: done", outcomes.len() - failed.len(), outcomes.len()))?;
    }
    if failed.is_empty() { Ok(()) } else { Err(Fault::Ran(Exit::Failed as u8)) }
}

async fn one(
    manager: &dyn Manager,
    means: &Remote,
    cluster: &Cluster,
    node: &Machine,
    at: usize,
    wanted: &Exec,
    said: &UnboundedSender<Said>,
) -> Outcome {
    let mut outcome = Outcome {
        node: node.name.clone(),
        server_id: node.server_id.clone(),
        role: node.role.clone(),
        exit_code: None,
        stdout: String::new(),
        stderr: String::new(),
        problem: None,
    };
    let ready = match means.session(manager, cluster, node, wanted.user.as_deref()).await {
        Ok(ready) => ready,
        Err(problem) => return Outcome { problem: Some(problem), ..outcome },
    };
    for text in ready.notes {
        let _ = said.send(Said { node: at, error: true, text });
    }
    let words = match ready.session.arguments(Wish::BATCH, &wanted.command) {
        Ok(words) => words,
        Err(problem) => return Outcome { problem: Some(problem), ..outcome },
    };
    match ran(words, at, said).await {
        Err(problem) => outcome.problem = Some(problem),
        Ok((code, stdout, stderr)) => {
            outcome.stdout = text::lines(&stdout);
            outcome.stderr = text::lines(&stderr);
            let name = node.short(&cluster.stack_name);
            let meant = match code {
                explain::FAILED => means.explain(manager, cluster, name, ready.session.server, &stderr).await,
                _ => None,
            };
            match meant {
                Some(problem) => outcome.problem = Some(problem),
                None => outcome.exit_code = Some(code),
            }
        }
    }
    outcome
}

async fn ran(words: Vec<OsString>, at: usize, said: &UnboundedSender<Said>) -> Result<(i32, String, String), Problem> {
    let mut command = Command::new("ssh");
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| unstarted(&error))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let lost = |error: std::io::Error| Problem::local(format!("ssh was lost: {error}"));
    let tell = |error| {
        move |text| {
            // Nobody listens any more: we are about to end.
            let _ = said.send(Said { node: at, error, text });
        }
    };
    let (status, out, err) =
        tokio::join!(child.wait(), each_line(out, KEPT, tell(false)), each_line(err, KEPT, tell(true)));
    Ok((code(status.map_err(lost)?), out, err))
}
