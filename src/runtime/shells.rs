//! The dashboard's shells: each an ssh on a terminal of its own. Threads read and write it, a task
//! hands on what comes, and `ui::shells` shows it. What is typed and what comes is logged nowhere.
//!
//! A node may send without end: at most [`PORTION`] bytes are on their way to a picture, the next
//! ones wait until that is drawn, and ssh, whose terminal fills, waits with them. Start at [`session`].

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::mpsc as plain;
use std::time::Duration;

use portable_pty::{ChildKiller, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::In;
use super::login;
use super::remote::Remote;
use super::remote::run::keep;
use crate::model::{ClusterId, Problem, text};
use crate::service::Manager;
use crate::ssh::explain;
use crate::ui::Msg;
use crate::ui::shells::term::Size;
use crate::ui::shells::{Bytes, ShellDo, ShellId, ShellNews};

/// Bytes of output that one picture takes in.
const PORTION: usize = 64 << 10;
/// Between two portions of one shell: what is more often, nobody sees.
const FRAME: Duration = Duration::from_millis(10);
/// What is still to come after ssh has ended.
const REST: Duration = Duration::from_millis(300);
/// How long an ssh that is hung up on may take to end.
const FAREWELL: Duration = Duration::from_secs(1);

struct Open {
    typed: UnboundedSender<Bytes>,
    size: watch::Sender<Size>,
    task: JoinHandle<()>,
}

pub struct Shells {
    inbox: UnboundedSender<In>,
    open: HashMap<ShellId, Open>,
}

/// The near end of a shell's terminal.
struct Ends {
    typed: UnboundedReceiver<Bytes>,
    size: watch::Receiver<Size>,
}

impl Shells {
    pub fn new(inbox: UnboundedSender<In>) -> Self {
        Self { inbox, open: HashMap::new() }
    }

    pub fn start(
        &mut self,
        id: ShellId,
        manager: Arc<dyn Manager>,
        remote: Arc<Remote>,
        cluster: ClusterId,
        node: Option<String>,
    ) {
        let (typed, typing) = mpsc::unbounded_channel();
        let (size, sizes) = watch::channel(Size::default());
        let inbox = self.inbox.clone();
        let ends = Ends { typed: typing, size: sizes };
        let task = tokio::spawn(async move {
            let ended = session(id, &inbox, manager, &remote, cluster, node.as_deref(), ends).await;
            let (code, problem) = ended.unwrap_or_else(|problem| (None, Some(problem)));
            tell(&inbox, id, ShellNews::Ended { code, problem });
        });
        self.open.insert(id, Open { typed, size, task });
    }

    /// What comes after the start.
    pub fn perform(&mut self, id: ShellId, what: ShellDo) {
        self.open.retain(|_, open| !open.task.is_finished());
        let Some(open) = self.open.get(&id) else { return };
        match what {
            // A session that ended meanwhile takes nothing any more.
            ShellDo::Type(typed) => drop(open.typed.send(typed)),
            ShellDo::Resize(size) => drop(open.size.send_replace(size)),
            // Its ends are gone then, and it hangs up.
            ShellDo::End => drop(self.open.remove(&id)),
            ShellDo::Start(..) => {}
        }
    }

    /// Hangs up on all of them, and waits until they are gone.
    pub async fn end(&mut self) {
        let tasks: Vec<JoinHandle<()>> = self.open.drain().map(|(_, open)| open.task).collect();
        let all = futures_util::future::join_all(tasks);
        if timeout(2 * FAREWELL, all).await.is_err() {
            tracing::warn!("an ssh does not end");
        }
    }
}

fn tell(inbox: &UnboundedSender<In>, id: ShellId, news: ShellNews) {
    // Nobody there any more: the dashboard has ended.
    let _ = inbox.send(In::Msg(Msg::Shell(id, news)));
}

/// From looking for the way to ssh's end: its exit code, and what that means where ssh itself failed.
async fn session(
    id: ShellId,
    inbox: &UnboundedSender<In>,
    manager: Arc<dyn Manager>,
    remote: &Remote,
    cluster: ClusterId,
    node: Option<&str>,
    mut ends: Ends,
) -> Result<(Option<i32>, Option<Problem>), Problem> {
    let login = tokio::select! {
        found = login::find(remote, manager, cluster, node) => found?,
        () = left(&mut ends) => return Ok((None, None)),
    };
    let size = *ends.size.borrow_and_update();
    let mut line = Line::start(&login.words, size)?;
    tell(inbox, id, ShellNews::Started { node: login.node.clone(), notes: login.notes.clone() });
    let mut tail = Vec::new();
    let code = loop {
        tokio::select! {
            biased;
            typed = ends.typed.recv() => match typed {
                Some(typed) => put(&line.input, typed),
                None => {
                    line.hang_up().await;
                    return Ok((None, None));
                }
            },
            changed = ends.size.changed() => if changed.is_ok() {
                let size = *ends.size.borrow_and_update();
                line.resize(size);
            },
            Some(bytes) = line.output.recv() => {
                let portion = line.gather(bytes);
                keep(&mut tail, &portion, explain::TAIL);
                let next = Instant::now() + FRAME;
                show(id, inbox, portion, &mut ends, &line.input).await;
                sleep_until(next).await;
            }
            code = &mut line.ended => break code.ok(),
        }
    };
    // What it said last.
    while let Ok(Some(bytes)) = timeout(REST, line.output.recv()).await {
        let portion = line.gather(bytes);
        keep(&mut tail, &portion, explain::TAIL);
        show(id, inbox, portion, &mut ends, &line.input).await;
    }
    let problem = match code {
        Some(explain::FAILED) => login.explain(remote, &text::lines(&String::from_utf8_lossy(&tail))).await,
        _ => None,
    };
    Ok((code, problem))
}

/// Hands a portion over and waits until it is in a picture; keys go on meanwhile.
async fn show(
    id: ShellId,
    inbox: &UnboundedSender<In>,
    portion: Vec<u8>,
    ends: &mut Ends,
    input: &plain::Sender<Bytes>,
) {
    let (drawn, mut seen) = oneshot::channel();
    if inbox.send(In::Shell(id, portion, drawn)).is_err() {
        return;
    }
    loop {
        tokio::select! {
            _ = &mut seen => return,
            typed = ends.typed.recv() => match typed {
                Some(typed) => put(input, typed),
                // The loop above sees that too.
                None => return,
            },
        }
    }
}

/// Returns when the dashboard wants the shell no more. What is typed before there is one is lost.
async fn left(ends: &mut Ends) {
    while ends.typed.recv().await.is_some() {}
}

/// An ssh on a terminal.
struct Line {
    output: mpsc::Receiver<Vec<u8>>,
    input: plain::Sender<Bytes>,
    ended: oneshot::Receiver<i32>,
    master: Box<dyn MasterPty + Send>,
    killer: Box<dyn ChildKiller + Send + Sync>,
}

impl Line {
    fn start(words: &[OsString], size: Size) -> Result<Self, Problem> {
        let refuse = |error: &dyn std::fmt::Display| Problem::local(format!("ssh could not be started: {error}"));
        let pair = native_pty_system().openpty(cells(size)).map_err(|error| refuse(&error))?;
        let mut command = CommandBuilder::new("ssh");
        command.args(words);
        // What the emulator is most like; the user's own terminal is not the node's business.
        command.env("TERM", "xterm-256color");
        command.env_remove("COLORTERM");
        if let Ok(here) = std::env::current_dir() {
            command.cwd(here);
        }
        let mut child = pair.slave.spawn_command(command).map_err(|error| refuse(&error))?;
        drop(pair.slave);
        let reader = pair.master.try_clone_reader().map_err(|error| refuse(&error))?;
        let writer = pair.master.take_writer().map_err(|error| refuse(&error))?;
        let killer = child.clone_killer();
        let (send, output) = mpsc::channel(4);
        std::thread::spawn(move || read(reader, &send));
        let (input, typed) = plain::channel();
        std::thread::spawn(move || write(writer, &typed));
        let (tell, ended) = oneshot::channel();
        std::thread::spawn(move || {
            if let Ok(status) = child.wait() {
                let code = i32::try_from(status.exit_code()).unwrap_or(i32::MAX);
                // Nobody waits for it who has hung up.
                let _ = tell.send(code);
            }
        });
        Ok(Self { output, input, ended, master: pair.master, killer })
    }

    /// What has come besides, up to a portion.
    fn gather(&mut self, mut portion: Vec<u8>) -> Vec<u8> {
        while portion.len() < PORTION
            && let Ok(more) = self.output.try_recv()
        {
            portion.extend(more);
        }
        portion
    }

    fn resize(&self, size: Size) {
        if let Err(error) = self.master.resize(cells(size)) {
            tracing::warn!(%error, "a shell's terminal keeps its size");
        }
    }

    /// As when a terminal is closed; ssh ends what it started itself.
    async fn hang_up(mut self) {
        if let Err(error) = self.killer.kill() {
            tracing::debug!(%error, "ssh had ended");
        }
        // It may be stuck with its last words.
        self.output.close();
        let _ = timeout(FAREWELL, &mut self.ended).await;
    }
}

fn put(input: &plain::Sender<Bytes>, typed: Bytes) {
    // An ssh that has ended reads nothing.
    let _ = input.send(typed);
}

fn cells(size: Size) -> PtySize {
    PtySize { rows: size.rows, cols: size.columns, pixel_width: 0, pixel_height: 0 }
}

fn read(mut from: impl Read, to: &mpsc::Sender<Vec<u8>>) {
    let mut bytes = vec![0; PORTION / 4];
    // The terminal's end comes as an error on Linux.
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if to.blocking_send(bytes[..count].to_vec()).is_err() {
            return;
        }
    }
}

fn write(mut to: impl Write, from: &plain::Receiver<Bytes>) {
    while let Ok(Bytes(bytes)) = from.recv() {
        if to.write_all(&bytes).and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}
