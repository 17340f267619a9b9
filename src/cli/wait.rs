//! Waiting for a cluster: follows the manager's changes and draws how far it is.

use std::io;
use std::time::Duration;

use chrono::Utc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::MissedTickBehavior;
use unicode_width::UnicodeWidthStr;

use super::fault::{Done, Exit, Fault};
use super::output::Terminal;
use crate::model::{Action, Cluster, Problem};
use crate::service::{Change, ConductorRole, Manager};

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// No operation is under way.
    Settled,
    /// It is deleted, or the delete has failed.
    Gone,
}

/// Waits; gives the cluster at rest, or `None` when it is gone.
///
/// Level-triggered: subscribes, then looks, so that nothing can happen in between unseen.
pub async fn wait(
    manager: &dyn Manager,
    terminal: &mut Terminal<'_>,
    cluster: Cluster,
    until: Until,
) -> Result<Option<Cluster>, Fault> {
    let mut changes = manager.subscribe();
    manager.watch(Some(cluster.uuid));
    let (id, name) = (cluster.uuid, cluster.name.clone());
    let interrupted = interrupted();
    tokio::pin!(interrupted);
    let found = tokio::select! {
        found = manager.clusters() => found?.into_iter().find(|found| found.uuid == id),
        exit = &mut interrupted => return Err(leave(terminal, &name, id, exit)),
    };
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut line = Line::default();
    let Some(mut now) = found else { return Ok(None) };
    loop {
        if rests(&now, until) {
            line.end(terminal)?;
            return Ok(Some(now));
        }
        line.show(terminal, &now)?;
        tokio::select! {
            exit = &mut interrupted => {
                line.end(terminal)?;
                return Err(leave(terminal, &name, id, exit));
            }
            _ = tick.tick(), if terminal.draws => {}
            change = changes.recv() => match change {
                Some(Change::Cluster { cluster }) if cluster.uuid == id => now = *cluster,
                Some(Change::ClusterGone { id: gone, .. }) if gone == id => {
                    line.end(terminal)?;
                    return Ok(None);
                }
                Some(Change::Trouble { problem: Some(problem) }) => line.note(terminal, &format!("Trouble, trying on: {problem}"))?,
                Some(Change::Conductor { role: ConductorRole::Following { pid } }) => {
                    let who = pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
                    line.note(terminal, &format!("Another Jeroboam{who} does the work; following it"))?;
                }
                Some(_) => {}
                None => {
                    line.end(terminal)?;
                    return Err(stopped());
                }
            },
        }
    }
}

/// Whether that was it. What rests before a delete has begun is not its end.
fn rests(cluster: &Cluster, until: Until) -> bool {
    match until {
        // A paused change waits for its user, not the other way round.
        Until::Settled => !cluster.status.is_in_progress() || cluster.is_held(),
        Until::Gone => cluster.status.is_failed() && cluster.status.action == Action::Delete,
    }
}

/// Resolves at the first interrupt or request to end. Listens from the call on, not only from
/// the first poll. Must be called within a tokio runtime.
pub fn interrupted() -> impl Future<Output = Exit> {
    // Without a handler the signal ends the process, which is what it asks for.
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        tokio::select! {
            () = next(interrupt) => Exit::Interrupted,
            () = next(terminate) => Exit::Terminated,
        }
    }
}

async fn next(listener: io::Result<Signal>) {
    match listener {
        Ok(mut listener) => {
            listener.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

fn leave(terminal: &mut Terminal<'_>, name: &str, id: crate::model::ClusterId, exit: Exit) -> Fault {
    let told = format!(
        "Interrupted. Nothing is lost: the work on cluster {name} goes on with the next Jeroboam that runs, \
         or with: jeroboam cluster show {id} --wait"
    );
    match terminal.note(&told) {
        Ok(()) => Fault::Told { exit, problems: Vec::new() },
        Err(fault) => fault,
    }
}

pub fn stopped() -> Fault {
    Problem::local("the conductor stopped").advise("The log file says why; start the command again").into()
}

/// The one line that says how far it is: drawn over itself on a terminal, a new one for each step elsewhere.
#[derive(Default)]
struct Line {
    last: String,
    drawn: bool,
}

impl Line {
    fn show(&mut self, terminal: &mut Terminal<'_>, cluster: &Cluster) -> Done {
        if !terminal.draws {
            let step = match (&cluster.rollout, cluster.progress) {
                (Some(rollout), _) => format!("{}: {}, {}", cluster.name, cluster.status, rollout.line()),
                (None, Some(at)) => {
                    format!("{}: {}, {} of {} resources", cluster.name, cluster.status, at.complete, at.total)
                }
                (None, None) => format!("{}: {}", cluster.name, cluster.status),
            };
            if step != self.last {
                writeln!(terminal.err, "{step}")?;
                self.last = step;
            }
            return Ok(());
        }
        let columns = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns));
        let now = fit(&drawing(cluster), columns.saturating_sub(1));
        if now != self.last {
            write!(terminal.err, "\r{now}\x1b[K")?;
            terminal.err.flush()?;
            self.last = now;
            self.drawn = true;
        }
        Ok(())
    }

    /// A line of its own; the drawing comes back below it.
    fn note(&mut self, terminal: &mut Terminal<'_>, text: &str) -> Done {
        if self.drawn {
            write!(terminal.err, "\r\x1b[K")?;
            self.last.clear();
        }
        terminal.note(text)
    }

    fn end(&mut self, terminal: &mut Terminal<'_>) -> Done {
        if self.drawn {
            writeln!(terminal.err)?;
            self.drawn = false;
        }
        Ok(())
    }
}

fn drawing(cluster: &Cluster) -> String {
    const CELLS: usize = 20;
    let elapsed = (Utc::now() - cluster.status_since).num_seconds().max(0);
    let left = cluster.operation.as_ref().and_then(|operation| operation.left(Utc::now()));
    let left = left.map(|left| format!(", ~{}:{:02} left", left.as_secs() / 60, left.as_secs() % 60));
    let clock = format!("{}:{:02}{}", elapsed / 60, elapsed % 60, left.unwrap_or_default());
    if let Some(rollout) = &cluster.rollout {
        return format!("{}  {}  {}  {clock}", cluster.name, cluster.status, rollout.line());
    }
    match cluster.progress {
        Some(at) => {
            let full = usize::from(at.percent()) * CELLS / 100;
            let bar = format!("{}{}", "▰".repeat(full), "▱".repeat(CELLS - full));
            format!("{}  {}  {bar} {} of {} resources  {clock}", cluster.name, cluster.status, at.complete, at.total)
        }
        None => format!("{}  {}  {clock}", cluster.name, cluster.status),
    }
}

/// Cut to the screen's width: a line that wraps cannot be drawn over.
fn fit(line: &str, columns: usize) -> String {
    let mut cut = String::new();
    for sign in line.chars() {
        if cut.width() + unicode_width::UnicodeWidthChar::width(sign).unwrap_or(0) > columns {
            break;
        }
        cut.push(sign);
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn the_line_never_wraps() {
        assert_eq!(fit("日本語", 5), "日本");
        assert_eq!(fit("abc", 80), "abc");
        assert_eq!(fit("abc", 0), "");
    }
}
