//! Starting `ssh` and seeing how it ends.

use std::ffi::OsString;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::signal::unix::{SignalKind, signal};

use crate::model::Problem;
use crate::ssh::explain::TAIL;

/// Bytes; a longer line is told in parts.
const LINE: usize = 8192;

/// How an ssh ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// As a shell tells it: the command's, 255 when ssh failed, 128 and more for a signal.
    pub code: i32,
    /// The end of what ssh wrote on stderr.
    pub words: String,
}

/// With this terminal's input and output, until it ends. What it says on stderr is passed on as it
/// comes and looked at; its questions go to the terminal itself.
pub async fn on_terminal(words: Vec<OsString>) -> Result<Ended, Problem> {
    // Ctrl-C is for ssh; we stay to tell its end. Without a listener the signal would end us.
    let listener = signal(SignalKind::interrupt());
    let ended = tokio::task::spawn_blocking(move || wait(&words)).await;
    drop(listener);
    ended.map_err(|_| Problem::local("running ssh ended in a defect of Jeroboam's"))?
}

fn wait(words: &[OsString]) -> Result<Ended, Problem> {
    let mut command = Command::new("ssh");
    command.args(words).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| unstarted(&error))?;
    let stderr = child.stderr.take();
    let passing = std::thread::spawn(move || stderr.map(pass_on).unwrap_or_default());
    let status = child.wait().map_err(|error| Problem::local(format!("ssh was lost: {error}")))?;
    let tail = passing.join().unwrap_or_default();
    Ok(Ended { code: code(status), words: String::from_utf8_lossy(&tail).into_owned() })
}

fn pass_on(mut from: impl Read) -> Vec<u8> {
    let (mut tail, mut bytes) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        // Whether somebody reads it is not ssh's business.
        let _ = std::io::stderr().write_all(&bytes[..count]);
        keep(&mut tail, &bytes[..count], TAIL);
    }
    tail
}

/// Adds to the end, and drops from the beginning what is too much.
pub fn keep(tail: &mut Vec<u8>, more: &[u8], most: usize) {
    tail.extend_from_slice(more);
    let too_much = tail.len().saturating_sub(most);
    tail.drain(..too_much);
}

/// Tells each line without its end, a very long one in parts, until there are no more; gives the
/// last `most` bytes of it all.
pub async fn each_line(from: Option<impl AsyncRead + Unpin>, most: usize, mut tell: impl FnMut(String)) -> String {
    let Some(mut from) = from else { return String::new() };
    let (mut all, mut line, mut bytes) = (Vec::new(), Vec::new(), [0; 4096]);
    let mut told = |line: &mut Vec<u8>| {
        tell(String::from_utf8_lossy(line).trim_end_matches(['\n', '\r']).to_owned());
        line.clear();
    };
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        keep(&mut all, &bytes[..count], most);
        for byte in &bytes[..count] {
            line.push(*byte);
            if *byte == b'\n' || line.len() == LINE {
                told(&mut line);
            }
        }
    }
    if !line.is_empty() {
        told(&mut line);
    }
    String::from_utf8_lossy(&all).into_owned()
}

pub fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| status.signal().map_or(1, |signal| 128 + signal))
}

pub fn unstarted(error: &std::io::Error) -> Problem {
    match error.kind() {
        ErrorKind::NotFound => Problem::local("there is no ssh here").advise("Install OpenSSH's client"),
        _ => Problem::local(format!("ssh could not be started: {error}")),
    }
}
