//! The program in a terminal of its own, driven by keys and read by eye: waits for
//! what is on the screen, never for time.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Longest wait for something that should come at once.
pub const SOON: Duration = Duration::from_secs(20);

struct Shared {
    parser: Mutex<vt100::Parser>,
    changed: Condvar,
}

pub struct Terminal {
    shared: Arc<Shared>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

impl Terminal {
    /// Starts the program in a `cols` x `rows` terminal with nothing of the caller's environment but `PATH`.
    pub fn start(args: &[&str], env: &[(&str, &str)], dir: &Path, (cols, rows): (u16, u16)) -> Self {
        let env: Vec<(&str, &str)> =
            [("TERM", "xterm-256color"), ("LANG", "C.UTF-8")].iter().chain(env).copied().collect();
        Self::run(env!("CARGO_BIN_EXE_jeroboam"), args, &env, dir, (cols, rows))
    }

    /// Any program, with `PATH` and these variables alone.
    pub fn run(program: &str, args: &[&str], env: &[(&str, &str)], dir: &Path, (cols, rows): (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(size(cols, rows)).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        command.env("PATH", std::env::var("PATH").unwrap());
        command.env("HOME", dir);
        for (name, value) in env {
            command.env(name, value);
        }
        command.cwd(dir);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let shared = Arc::new(Shared {
            parser: Mutex::new(vt100::Parser::new(cells(rows), cells(cols), 0)),
            changed: Condvar::new(),
        });
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let screen = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut bytes = [0; 65536];
            while let Ok(n) = reader.read(&mut bytes) {
                if n == 0 {
                    break;
                }
                // A test that failed while it looked leaves the lock poisoned; that is its story, not ours.
                let Ok(mut parser) = screen.parser.lock() else { break };
                parser.process(&bytes[..n]);
                drop(parser);
                screen.changed.notify_all();
            }
        });
        Self { shared, writer, child, master: pair.master }
    }

    /// As when a window is made larger or smaller.
    pub fn resize(&mut self, (cols, rows): (u16, u16)) {
        self.shared.parser.lock().unwrap().set_size(cells(rows), cells(cols));
        self.master.resize(size(cols, rows)).unwrap();
    }

    /// A part of the screen: from this column and row on, so many columns and rows.
    pub fn part(&self, (x, y): (u16, u16), (cols, rows): (u16, u16)) -> Vec<String> {
        let parser = self.shared.parser.lock().unwrap();
        let lines = parser.screen().rows(x, cols).skip(y.into()).take(rows.into());
        lines.map(|line| line.trim_end().to_owned()).collect()
    }

    /// Waits a little for something new on the screen.
    pub fn moves(&self) {
        let parser = self.shared.parser.lock().unwrap();
        drop(self.shared.changed.wait_timeout(parser, Duration::from_millis(50)).unwrap());
    }

    pub fn screen(&self) -> String {
        self.shared.parser.lock().unwrap().screen().contents()
    }

    /// Whether the screen is the shell's: no alternate screen, cursor shown.
    pub fn is_the_shells(&self) -> bool {
        is_the_shells(self.shared.parser.lock().unwrap().screen())
    }

    /// Waits until it is: what a program wrote last is read after its end.
    pub fn is_given_back(&mut self) -> bool {
        let parser = self.shared.parser.lock().unwrap();
        let ours = |parser: &mut vt100::Parser| !is_the_shells(parser.screen());
        !self.shared.changed.wait_timeout_while(parser, SOON, ours).unwrap().1.timed_out()
    }

    fn colour_count(&self, wanted: impl Fn(vt100::Color) -> bool) -> usize {
        let parser = self.shared.parser.lock().unwrap();
        let (rows, cols) = parser.screen().size();
        let cells = (0..rows.get()).flat_map(|row| (0..cols.get()).map(move |col| (row, col)));
        cells
            .filter_map(|(row, col)| parser.screen().cell(row, col))
            .filter(|c| wanted(c.fgcolor()) || wanted(c.bgcolor()))
            .count()
    }

    /// Cells that are not in the terminal's own colours.
    pub fn colours(&self) -> usize {
        self.colour_count(|colour| colour != vt100::Color::Default)
    }

    /// Cells in a colour that a 16-colour terminal does not have.
    pub fn colours_beyond_16(&self) -> usize {
        self.colour_count(|colour| match colour {
            vt100::Color::Default => false,
            vt100::Color::Idx(index) => index > 15,
            vt100::Color::Rgb(..) => true,
        })
    }

    /// Whether buttons of the mouse are told to the program.
    pub fn tells_mouse(&self) -> bool {
        let parser = self.shared.parser.lock().unwrap();
        parser.screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None
    }

    /// The colour of what is written in this column and row.
    pub fn colour(&self, (x, y): (u16, u16)) -> vt100::Color {
        self.shared.parser.lock().unwrap().screen().cell(y, x).map_or(vt100::Color::Default, vt100::Cell::fgcolor)
    }

    /// Types text or control characters (`\r` enter, `\x1b` escape, `\t` tab).
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
        self
    }

    /// Waits until the screen satisfies the condition; shows the screen when it never does.
    pub fn until(&mut self, what: &str, limit: Duration, wanted: impl Fn(&str) -> bool) -> &mut Self {
        let deadline = Instant::now() + limit;
        let mut parser = self.shared.parser.lock().unwrap();
        loop {
            let screen = parser.screen().contents();
            if wanted(&screen) {
                break;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited {limit:?} for {what}; the screen shows:\n{screen}");
            parser = self.shared.changed.wait_timeout(parser, left).unwrap().0;
        }
        drop(parser);
        self
    }

    pub fn sees(&mut self, text: &str) -> &mut Self {
        self.until(text, SOON, |screen| screen.contains(text))
    }

    pub fn sees_within(&mut self, text: &str, limit: Duration) -> &mut Self {
        self.until(text, limit, |screen| screen.contains(text))
    }

    /// Sends a Unix signal by name (`KILL`, `TERM`).
    pub fn signal(&mut self, name: &str) {
        send(name, &self.child.process_id().unwrap().to_string());
    }

    /// … to what a shell runs in it.
    pub fn signal_child(&mut self, name: &str) {
        let pid = self.child.process_id().unwrap();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        send(name, children.trim());
    }

    /// Waits for the end of the program; its exit code.
    pub fn ends(&mut self) -> u32 {
        let deadline = Instant::now() + SOON;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < deadline, "the program does not end; the screen shows:\n{}", self.screen());
            std::thread::yield_now();
        }
    }
}

fn send(signal: &str, pid: &str) {
    assert!(std::process::Command::new("kill").args(["-s", signal, pid]).status().unwrap().success());
}

fn is_the_shells(screen: &vt100::Screen) -> bool {
    !screen.alternate_screen() && !screen.hide_cursor()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Best effort: it may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
