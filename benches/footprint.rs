//! What the dashboard costs: time to the first picture (as a ratio to starting a shell in the
//! same kind of terminal), memory, and what it does while nothing changes (bytes written and
//! wake-ups, counted by the kernel). `cargo bench`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails as a test does"
)]

use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const RUNS: usize = 11;
/// How long nothing must happen before "idle" is measured, and for how long it is.
const SETTLE: Duration = Duration::from_secs(8);
const IDLE: Duration = Duration::from_secs(20);

struct Run {
    child: Box<dyn Child + Send + Sync>,
    bytes: Receiver<usize>,
    started: Instant,
    _master: Box<dyn MasterPty + Send>,
}

fn spawn(mut command: CommandBuilder, home: &Path) -> Run {
    let pair = native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
    command.env_clear();
    command.env("HOME", home);
    command.env("TERM", "xterm-256color");
    command.env("PATH", "/usr/bin:/bin");
    command.cwd(home);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let (send, bytes) = channel();
    let started = Instant::now();
    let child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    std::thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Ok(n @ 1..) = reader.read(&mut buffer) {
            if send.send(n).is_err() {
                break;
            }
        }
    });
    Run { child, bytes, started, _master: pair.master }
}

impl Run {
    /// Time until that many bytes were written: a first picture is a few thousand.
    fn until_bytes(&self, wanted: usize) -> Duration {
        let mut seen = 0;
        while seen < wanted {
            seen += self.bytes.recv_timeout(Duration::from_secs(30)).expect("the program writes to its terminal");
        }
        self.started.elapsed()
    }

    fn drain(&self, span: Duration) -> usize {
        let end = Instant::now() + span;
        let mut seen = 0;
        while let Ok(n) = self.bytes.recv_timeout(end.saturating_duration_since(Instant::now())) {
            seen += n;
        }
        seen
    }

    /// A line of `/proc/PID/status`, in its own unit.
    fn status(path: &str, field: &str) -> u64 {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(field)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    /// Voluntary context switches of all threads: each is a wake-up that went back to sleep.
    fn wakeups(&self) -> u64 {
        let tasks = format!("/proc/{}/task", self.child.process_id().unwrap());
        std::fs::read_dir(tasks)
            .unwrap()
            .map(|task| Self::status(&format!("{}/status", task.unwrap().path().display()), "voluntary_ctxt_switches"))
            .sum()
    }

    fn peak_kib(&self) -> u64 {
        Self::status(&format!("/proc/{}/status", self.child.process_id().unwrap()), "VmHWM")
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let home = tempfile::tempdir().unwrap();
    let demo = || {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_jeroboam"));
        command.arg("demo");
        command
    };
    let shell = || {
        let mut command = CommandBuilder::new("/bin/sh");
        command.args(["-c", "head -c 2000 /dev/zero | tr '\\0' x; sleep 5"]);
        command
    };
    let ours = median((0..RUNS).map(|_| spawn(demo(), home.path()).until_bytes(1500)).collect());
    let sh = median((0..RUNS).map(|_| spawn(shell(), home.path()).until_bytes(1500)).collect());
    println!(
        "first picture: {:.1} ms, {:.1} times a shell's first output",
        ours.as_secs_f64() * 1e3,
        ours.as_secs_f64() / sh.as_secs_f64()
    );

    let run = spawn(demo(), home.path());
    run.drain(SETTLE);
    let before = run.wakeups();
    let bytes = run.drain(IDLE);
    let wakeups = run.wakeups() - before;
    let peak = run.peak_kib();
    println!("idle for {} s: {bytes} bytes written, {wakeups} wake-ups", IDLE.as_secs());
    println!(
        "memory at its peak, embedded cloud included: {:.1} MiB, {:.2} of the 30 MiB it may take",
        peak as f64 / 1024.0,
        peak as f64 / 1024.0 / 30.0
    );
}
