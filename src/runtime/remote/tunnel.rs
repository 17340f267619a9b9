//! A port of this machine that leads to a cluster's Kubernetes API: one `ssh` that is started
//! again whenever it ends, until somebody drops it.

use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::run::{each_line, unstarted};
use crate::model::Problem;
use crate::ssh::explain::TAIL;

/// Between two looks at whether ssh listens already.
const LOOK: Duration = Duration::from_millis(50);
/// Between an ssh that ended and the next; twice as long each time it comes to nothing.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Up,
    /// It ended, with these last words; it is begun anew.
    Down(String),
    /// It cannot be begun at all.
    Lost(Problem),
}

/// Kept open until it is closed.
pub struct Tunnel {
    pub events: UnboundedReceiver<Event>,
    task: JoinHandle<()>,
}

impl Tunnel {
    /// Returns when ssh is gone, which a program that ends at once would not see to.
    pub async fn close(mut self) {
        self.task.abort();
        // Its end is what was asked for.
        let _ = (&mut self.task).await;
    }
}

/// Whoever was interrupted while opening it leaves no ssh behind.
impl Drop for Tunnel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A port that nobody listens on just now.
pub async fn free_port() -> Result<u16, Problem> {
    let refuse = |error| Problem::local(format!("no port of 127.0.0.1 is free: {error}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(refuse)?;
    Ok(listener.local_addr().map_err(refuse)?.port())
}

/// Starts to keep it open; `words` make an ssh listen on the port.
pub fn open(port: u16, words: Vec<OsString>) -> Tunnel {
    let (sender, events) = unbounded_channel();
    let task = tokio::spawn(async move {
        let mut rest = FIRST;
        loop {
            match once(port, &words, &sender).await {
                Ok((was_up, words)) => {
                    if sender.send(Event::Down(words)).is_err() {
                        return;
                    }
                    rest = if was_up { FIRST } else { LONGEST.min(rest * 2) };
                }
                Err(problem) => {
                    let _ = sender.send(Event::Lost(problem));
                    return;
                }
            }
            tokio::time::sleep(rest).await;
        }
    });
    Tunnel { events, task }
}

/// One ssh from beginning to end: whether it was up, and its last words.
async fn once(port: u16, words: &[OsString], sender: &UnboundedSender<Event>) -> Result<(bool, String), Problem> {
    let mut command = Command::new("ssh");
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| unstarted(&error))?;
    let said = tokio::spawn(each_line(child.stderr.take(), TAIL, |_| {}));
    let up = tokio::select! {
        biased;
        _ = child.wait() => false,
        () = listens(port) => true,
    };
    if up {
        let _ = sender.send(Event::Up);
        ended(&mut child).await;
    }
    Ok((up, said.await.unwrap_or_default()))
}

async fn ended(child: &mut Child) {
    if let Err(error) = child.wait().await {
        tracing::warn!(%error, "ssh was lost");
    }
}

/// ssh listens only when the far end has let it in.
async fn listens(port: u16) {
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
        tokio::time::sleep(LOOK).await;
    }
}
