//! What a slow line carries: bytes written to the terminal while a cluster is made from start to end,
//! and in a minute in which nothing happens, beside what drawing every picture whole would take.
//! `cargo bench --bench line`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails as a test does"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::Value;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 50)];
/// Every picture begins with it.
const PICTURE: &[u8] = b"\x1b[?2026h";
const IDLE: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(120);
/// Nothing for so long: the end of what was going on.
const QUIET: Duration = Duration::from_secs(3);

fn program() -> &'static str {
    env!("CARGO_BIN_EXE_jeroboam")
}

/// The embedded cloud in a process of its own, as far away as any.
struct Cloud {
    child: Child,
    clouds_yaml: String,
}

impl Cloud {
    fn start(home: &Path) -> Self {
        let mut command = Command::new(program());
        command.args(["demo", "--cloud-only", "-f", "json"]).env("TMPDIR", home).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        Self { child, clouds_yaml: said["clouds_yaml"].as_str().unwrap().to_owned() }
    }

    fn env(&self, home: &Path) -> [(&'static str, String); 5] {
        [
            ("HOME", home.display().to_string()),
            ("PATH", "/usr/bin:/bin".into()),
            ("TERM", "xterm-256color".into()),
            ("OS_CLIENT_CONFIG_FILE", self.clouds_yaml.clone()),
            ("OS_CLOUD", "demo".into()),
        ]
    }

    fn run(&self, home: &Path, line: &str) -> String {
        let mut command = Command::new(program());
        let output = command.args(line.split_whitespace()).env_clear().envs(self.env(home)).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes, and pictures among them.
#[derive(Default, Clone, Copy)]
struct Written {
    bytes: usize,
    pictures: usize,
}

/// What comes until it has been quiet for a while, and `done` says that it is over.
fn written(bytes: &Receiver<Vec<u8>>, quiet: Duration, mut done: impl FnMut() -> bool) -> Written {
    let begun = Instant::now();
    let (mut all, mut last) = (Vec::new(), Instant::now());
    while begun.elapsed() < LONGEST {
        match bytes.recv_timeout(Duration::from_millis(200)) {
            Ok(more) => {
                all.extend(more);
                last = Instant::now();
            }
            Err(_) if last.elapsed() >= quiet && done() => break,
            Err(_) => {}
        }
    }
    let pictures = all.windows(PICTURE.len()).filter(|window| *window == PICTURE).count();
    Written { bytes: all.len(), pictures }
}

fn main() {
    for (cols, rows) in SIZES {
        let home = tempfile::tempdir().unwrap();
        let cloud = Cloud::start(home.path());
        let template = "template create k8s --image ubuntu-24.04-kube-v1.33.4 --external-network public --flavor m1.medium \
                        --master-flavor m1.medium --keypair demo-key";
        cloud.run(home.path(), template);
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(program());
        command.env_clear();
        cloud.env(home.path()).into_iter().for_each(|(name, value)| command.env(name, value));
        command.cwd(home.path());
        let mut dashboard = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let (mut reader, mut keys) = (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
        let (send, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if send.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        written(&bytes, QUIET, || true);
        cloud.run(home.path(), "cluster create prod --cluster-template k8s --node-count 5");
        let ended = || {
            let shown: Value = serde_json::from_str(&cloud.run(home.path(), "cluster show prod -f json")).unwrap();
            shown["status"].as_str().is_some_and(|status| status.ends_with("_COMPLETE") || status.ends_with("_FAILED"))
        };
        let made = written(&bytes, QUIET, ended);
        // Ctrl-L draws the same picture whole.
        keys.write_all(b"\x0c").unwrap();
        keys.flush().unwrap();
        let whole = written(&bytes, QUIET, || true).bytes;
        let idle = written(&bytes, IDLE, || true);
        let against = |of: Written| of.bytes as f64 / (of.pictures.max(1) * whole) as f64;
        println!(
            "{cols}x{rows}: a cluster made: {} bytes in {} pictures, {:.3} of {whole} bytes for each; idle for {} s: {} bytes, {} pictures",
            made.bytes,
            made.pictures,
            against(made),
            IDLE.as_secs(),
            idle.bytes,
            idle.pictures,
        );
        let _ = dashboard.kill();
        let _ = dashboard.wait();
    }
}
