//! `jeroboam tunnel`

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitStatus;

use serde_json::json;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::args::{Format, Tunnel as Wanted};
use crate::cli::fault::{Done, Exit, Fault};
use crate::cli::output::{Terminal, quoted};
use crate::cli::{find, interrupted};
use crate::kube::kubeconfig::through;
use crate::model::{Cluster, Problem, text};
use crate::runtime::remote::environment::{LIFE, Passing, refused};
use crate::runtime::remote::run::code;
use crate::runtime::remote::tunnel::{self, Event, Tunnel};
use crate::runtime::remote::{Forward, Remote};
use crate::service::{KubeconfigWish, Manager};

pub async fn run(manager: &dyn Manager, terminal: &mut Terminal<'_>, means: &Remote, wanted: &Wanted) -> Done {
    let cluster = find::cluster(manager, &wanted.cluster).await?;
    let port = match wanted.port {
        Some(port) => port,
        None => tunnel::free_port().await?,
    };
    let wish = KubeconfigWish { life: LIFE, ..KubeconfigWish::default() };
    let kubeconfig = through(&manager.kubeconfig(cluster.uuid, &wish).await?.0, port)?;
    let Forward { words, over, notes } = means.forward(manager, &cluster, wanted.user.as_deref(), port).await?;
    for note in &notes {
        terminal.note(note)?;
    }
    let mut tunnel = tunnel::open(port, words);
    let done = async {
        let stopped = stopped();
        tokio::pin!(stopped);
        let first = tokio::select! {
            event = tunnel.events.recv() => event,
            exit = &mut stopped => return Err(ended(exit)),
        };
        match first {
            Some(Event::Up) => {}
            Some(Event::Lost(problem)) => return Err(problem.into()),
            Some(Event::Down(words)) => return Err(refused(&cluster, &over, &words).into()),
            None => return Err(crate::cli::wait::stopped()),
        }
        let file = Passing(means.put_kubeconfig(&cluster, wanted.file.as_deref(), &kubeconfig)?);
        if wanted.command.is_empty() {
            opened(terminal, &cluster, &file.0, port)?;
        }
        last(terminal, &mut tunnel, stopped, start(&wanted.command, &file.0)?).await
    };
    let done = done.await;
    tunnel.close().await;
    done
}

/// Until the command ends, or somebody ends us.
async fn last(
    terminal: &mut Terminal<'_>,
    tunnel: &mut Tunnel,
    mut stopped: std::pin::Pin<&mut impl Future<Output = Exit>>,
    mut command: Option<Child>,
) -> Done {
    loop {
        let event = tokio::select! {
            biased;
            exit = &mut stopped => match (&mut command, exit) {
                // Ctrl-C is for the command; we stay as long as it does.
                (Some(child), Exit::Interrupted) => return finished(child.wait().await),
                (None, Exit::Interrupted) => return Ok(()),
                (_, exit) => return Err(ended(exit)),
            },
            status = end(&mut command) => return finished(status),
            event = tunnel.events.recv() => event,
        };
        match event {
            Some(event) if command.is_none() => became(terminal, &event)?,
            // The screen is the command's.
            Some(event) => tracing::info!(?event, "tunnel"),
            None => return Err(crate::cli::wait::stopped()),
        }
    }
}

/// Interrupted, told to end, or nobody sits at the terminal any more: the file must go in each case.
fn stopped() -> impl Future<Output = Exit> {
    let (interrupted, hangup) = (interrupted(), signal(SignalKind::hangup()));
    async move {
        let gone = async {
            match hangup {
                Ok(mut hangup) => hangup.recv().await,
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            exit = interrupted => exit,
            _ = gone => Exit::Terminated,
        }
    }
}

fn ended(exit: Exit) -> Fault {
    Fault::Told { exit, problems: Vec::new() }
}

fn opened(terminal: &mut Terminal<'_>, cluster: &Cluster, file: &Path, port: u16) -> Done {
    if terminal.format != Format::Table {
        return terminal.stream(&json!({ "state": "up", "port": port, "kubeconfig": file }));
    }
    writeln!(terminal.out, "export KUBECONFIG={}", quoted(file))?;
    terminal.out.flush()?;
    terminal.note(&format!("127.0.0.1:{port} leads to the API of {} until this is interrupted", cluster.name))
}

fn became(terminal: &mut Terminal<'_>, event: &Event) -> Done {
    let (state, words) = match event {
        Event::Up => ("up", String::new()),
        Event::Down(words) => ("down", words.lines().last().map(text::clean).unwrap_or_default()),
        Event::Lost(problem) => return Err(problem.clone().into()),
    };
    if terminal.format != Format::Table {
        return terminal.stream(&json!({ "state": state, "words": words }));
    }
    terminal.note(&if words.is_empty() {
        format!("The tunnel is {state}")
    } else {
        format!("The tunnel is {state}, and is opened again: {words}")
    })
}

fn start(command: &[OsString], kubeconfig: &Path) -> Result<Option<Child>, Problem> {
    let Some((program, words)) = command.split_first() else { return Ok(None) };
    let mut command = Command::new(program);
    command.args(words).env("KUBECONFIG", kubeconfig).kill_on_drop(true);
    let told = |error| Problem::local(format!("{} could not be started: {error}", program.to_string_lossy()));
    command.spawn().map(Some).map_err(told)
}

async fn end(command: &mut Option<Child>) -> std::io::Result<ExitStatus> {
    match command {
        Some(child) => child.wait().await,
        None => std::future::pending().await,
    }
}

fn finished(status: std::io::Result<ExitStatus>) -> Done {
    let status = status.map_err(|error| Problem::local(format!("the command was lost: {error}")))?;
    match u8::try_from(code(status)) {
        Ok(0) => Ok(()),
        code => Err(Fault::Ran(code.unwrap_or(u8::MAX))),
    }
}
