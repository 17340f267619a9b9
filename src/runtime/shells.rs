//! The dashboard's shells: each an ssh, or a program of this machine, on a terminal of its own. Threads read and write it, a task
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
use super::login::{self, Login};
use super::remote::Remote;
use super::remote::environment::Environment;
use super::remote::run::keep;
use crate::model::{ClusterId, Problem, text};
use crate::service::Manager;
use crate::ssh::{Wish, explain, script};
use crate::ui::Msg;
use crate::ui::shells::term::Size;
use crate::ui::shells::{Bytes, Program, ShellDo, ShellId, ShellNews};

/// Lines of a node's logs that were there before.
const LINES: u32 = 200;
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
        program: Program,
    ) {
        let (typed, typing) = mpsc::unbounded_channel();
        let (size, sizes) = watch::channel(Size::default());
        let inbox = self.inbox.clone();
        let ends = Ends { typed: typing, size: sizes };
        let task = tokio::spawn(async move {
            let ended = session(id, &inbox, manager, &remote, cluster, &program, ends).await;
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

/// What is started, and what stands behind it.
struct Ready {
    program: OsString,
    words: Vec<OsString>,
    /// Its name in the tab.
    node: String,
    notes: Vec<String>,
    behind: Behind,
}

enum Behind {
    Node(Box<Login>),
    Api(Environment),
}

async fn prepare(
    manager: Arc<dyn Manager>,
    remote: &Remote,
    id: ClusterId,
    program: &Program,
) -> Result<Ready, Problem> {
    let (wish, command) = match program {
        Program::Login(_) => (Wish::SHELL, None),
        // Without a terminal there: its end is how the far end learns of ours.
        Program::Follow(_) => (Wish { terminal: Some(false), ..Wish::SHELL }, Some(script::follow(LINES))),
        Program::Run { line, .. } => (Wish { terminal: Some(true), ..Wish::SHELL }, Some(line.clone())),
        Program::Here(line) => {
            let cluster = login::cluster(&*manager, id).await?;
            let environment = remote.environment(&*manager, &cluster).await?;
            let words = if line.is_empty() { Vec::new() } else { vec!["-c".into(), line.into()] };
            let shell = std::env::var_os("SHELL").filter(|shell| !shell.is_empty() && line.is_empty());
            return Ok(Ready {
                program: shell.unwrap_or_else(|| "sh".into()),
                words,
                node: String::new(),
                notes: environment.notes.clone(),
                behind: Behind::Api(environment),
            });
        }
    };
    let command: Vec<OsString> = command.into_iter().map(OsString::from).collect();
    let mut login = login::find(remote, manager, id, program.node(), wish, &command).await?;
    Ok(Ready {
        program: "ssh".into(),
        words: std::mem::take(&mut login.words),
        node: login.node.clone(),
        notes: std::mem::take(&mut login.notes),
        behind: Behind::Node(Box::new(login)),
    })
}

/// From looking for the way to the program's end: its exit code, and what that means where ssh itself failed.
async fn session(
    id: ShellId,
    inbox: &UnboundedSender<In>,
    manager: Arc<dyn Manager>,
    remote: &Remote,
    cluster: ClusterId,
    program: &Program,
    mut ends: Ends,
) -> Result<(Option<i32>, Option<Problem>), Problem> {
    let ready = tokio::select! {
        found = prepare(manager, remote, cluster, program) => found?,
        () = left(&mut ends) => return Ok((None, None)),
    };
    let size = *ends.size.borrow_and_update();
    let mut line = Line::start(&ready, size)?;
    tell(inbox, id, ShellNews::Started { node: ready.node, notes: ready.notes });
    let (code, tail) = carry(id, inbox, &mut ends, &mut line).await;
    if code.is_none() {
        line.hang_up().await;
    }
    let problem = match (code, ready.behind) {
        (Some(explain::FAILED), Behind::Node(login)) => {
            login.explain(remote, &text::lines(&String::from_utf8_lossy(&tail))).await
        }
        (_, Behind::Node(_)) => None,
        (_, Behind::Api(environment)) => {
            environment.close().await;
            None
        }
    };
    Ok((code, problem))
}

/// Hands on what comes and what is typed until it ends: its exit code, and the end of what it wrote.
/// No code: the dashboard wants it no more, or it was lost.
async fn carry(id: ShellId, inbox: &UnboundedSender<In>, ends: &mut Ends, line: &mut Line) -> (Option<i32>, Vec<u8>) {
    let mut tail = Vec::new();
    let code = loop {
        tokio::select! {
            biased;
            typed = ends.typed.recv() => match typed {
                Some(typed) => put(&line.input, typed),
                None => return (None, tail),
            },
            changed = ends.size.changed() => if changed.is_ok() {
                let size = *ends.size.borrow_and_update();
                line.resize(size);
            },
            Some(bytes) = line.output.recv() => {
                let portion = line.gather(bytes);
                keep(&mut tail, &portion, explain::TAIL);
                let next = Instant::now() + FRAME;
                show(id, inbox, portion, ends, &line.input).await;
                sleep_until(next).await;
            }
            code = &mut line.ended => break code.ok(),
        }
    };
    // What it said last.
    while let Ok(Some(bytes)) = timeout(REST, line.output.recv()).await {
        let portion = line.gather(bytes);
        keep(&mut tail, &portion, explain::TAIL);
        show(id, inbox, portion, ends, &line.input).await;
    }
    (code, tail)
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

/// A program on a terminal.
struct Line {
    output: mpsc::Receiver<Vec<u8>>,
    input: plain::Sender<Bytes>,
    ended: oneshot::Receiver<i32>,
    master: Box<dyn MasterPty + Send>,
    killer: Box<dyn ChildKiller + Send + Sync>,
}

impl Line {
    fn start(ready: &Ready, size: Size) -> Result<Self, Problem> {
        let name = ready.program.display();
        let refuse = |error: &dyn std::fmt::Display| Problem::local(format!("{name} could not be started: {error}"));
        let pair = native_pty_system().openpty(cells(size)).map_err(|error| refuse(&error))?;
        let mut command = CommandBuilder::new(&ready.program);
        command.args(&ready.words);
        if let Behind::Api(environment) = &ready.behind {
            command.env("KUBECONFIG", &environment.kubeconfig.0);
        }
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
