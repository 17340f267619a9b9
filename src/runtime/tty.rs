//! The real terminal: taken over once, and given back on every way out — leaving,
//! a panic of this thread, a signal, suspending.

use std::io::{BufWriter, IsTerminal, Stdout, Write, stdin, stdout};

use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, SetTitle,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Position, Rect};
use rustix::process::{Signal, getpgid, getsid, kill_current_process_group};

use super::Screen;
use super::clipboard::{self, Between};
use crate::config::settings::Alert;
use crate::model::Problem;
use crate::ui::App;

type Out = BufWriter<Stdout>;

/// The terminal while it is ours. Dropping it gives it back.
pub struct Tty {
    terminal: Terminal<CrosstermBackend<Out>>,
    ours: bool,
    /// Whether it is a window that may have a name.
    named: bool,
    alert: Alert,
    mouse: bool,
}

/// Buttons, moves with one down, the wheel, and places beyond column 223 (xterm's modes 1000, 1002 and
/// 1006). Not crossterm's own, which asks for every move as well and so wakes us all the time.
const TELL_MOUSE: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
/// Keep the window's name, and take it back (xterm's window operations 22 and 23).
const KEEP_TITLE: &str = "\x1b[22;0t";
const OLD_TITLE: &str = "\x1b[23;0t";

impl Tty {
    /// Takes the terminal over, and sees to it that a panic gives it back.
    pub fn enter(alert: Alert, mouse: bool) -> Result<Self, Problem> {
        if !stdin().is_terminal() || !stdout().is_terminal() {
            let told = Problem::invalid("the dashboard needs a terminal for its input and output, and this is not one");
            return Err(told.advise("In scripts use the commands: jeroboam --help lists them"));
        }
        if std::env::var("TERM").is_ok_and(|term| term == "dumb") {
            let told = Problem::invalid("the dashboard needs a terminal that can move its cursor, and TERM is dumb");
            return Err(
                told.advise("Use the commands instead: jeroboam cluster list, jeroboam --help names the others")
            );
        }
        let refuse = |error: std::io::Error| Problem::local(format!("cannot use the terminal: {error}"));
        give_back_on_panic();
        let backend = CrosstermBackend::new(BufWriter::with_capacity(1 << 16, stdout()));
        let terminal = Terminal::new(backend).map_err(refuse)?;
        let mut tty = Self { terminal, ours: false, named: has_a_name(), alert, mouse };
        tty.take().map_err(refuse)?;
        Ok(tty)
    }

    /// Whether it is a window, by its name a terminal that knows more than the oldest ones.
    pub fn has_a_name(&self) -> bool {
        self.named
    }

    fn take(&mut self) -> std::io::Result<()> {
        self.ours = true;
        enable_raw_mode()?;
        let out = self.terminal.backend_mut();
        execute!(out, EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)?;
        if self.named {
            execute!(out, Print(KEEP_TITLE))?;
        }
        if self.mouse {
            execute!(out, Print(TELL_MOUSE))?;
        }
        self.blank()
    }

    /// An empty screen and a full picture next time. Not by `Terminal::clear`, which asks the
    /// terminal for its cursor and waits for an answer that not every terminal gives.
    fn blank(&mut self) -> std::io::Result<()> {
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::from((Position::ORIGIN, size)))
    }

    /// Gives the terminal back; more than once is harmless.
    pub fn leave(&mut self) {
        if std::mem::take(&mut self.ours) {
            // What is half written must not come after the restoring.
            let _ = self.terminal.backend_mut().flush();
            restore();
        }
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Screen for Tty {
    fn draw(&mut self, app: &mut App) -> std::io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| app.draw(frame))?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    fn forget(&mut self) -> std::io::Result<()> {
        self.blank()
    }

    fn copy(&mut self, text: &str) -> std::io::Result<()> {
        let between = Between::read(|name| std::env::var(name).ok());
        execute!(self.terminal.backend_mut(), Print(clipboard::copy(text, between)))
    }

    fn title(&mut self, text: &str) -> std::io::Result<()> {
        if self.named { execute!(self.terminal.backend_mut(), SetTitle(text)) } else { Ok(()) }
    }

    fn alert(&mut self, text: &str) -> std::io::Result<()> {
        match self.alert {
            Alert::None => Ok(()),
            Alert::Osc9 if self.named => execute!(self.terminal.backend_mut(), Print(format!("\x1b]9;{text}\x07"))),
            Alert::Bell | Alert::Osc9 => execute!(self.terminal.backend_mut(), Print('\x07')),
        }
    }

    fn mouse(&mut self, ours: bool) -> std::io::Result<()> {
        self.mouse = ours;
        let out = self.terminal.backend_mut();
        if ours { execute!(out, Print(TELL_MOUSE)) } else { execute!(out, DisableMouseCapture) }
    }

    fn suspend(&mut self) -> std::io::Result<bool> {
        // As the leader of the session, or in its group, nobody could say "fg" to us.
        let leader = getsid(None).map_err(std::io::Error::from)?;
        if getpgid(None).map_err(std::io::Error::from)? == leader {
            return Ok(false);
        }
        self.leave();
        // The whole group, as the terminal itself would: `cargo run` and the like stop with us.
        kill_current_process_group(Signal::STOP).map_err(std::io::Error::from)?;
        self.take()?;
        Ok(true)
    }

    fn lend(&mut self) -> std::io::Result<()> {
        self.leave();
        Ok(())
    }

    fn resume(&mut self) -> std::io::Result<()> {
        self.take()
    }
}

/// Consoles and real terminals have no window, and may show what they do not understand.
fn has_a_name() -> bool {
    let term = std::env::var("TERM").unwrap_or_default();
    !(term.is_empty() || term == "linux" || term == "dumb" || term.starts_with("vt"))
}

/// Every mode we may have set, undone; errors do not matter any more.
fn restore() {
    let _ = disable_raw_mode();
    let mut out = stdout();
    if has_a_name() {
        let _ = execute!(out, Print(OLD_TITLE));
    }
    let _ = execute!(
        out,
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        DisableFocusChange,
        DisableMouseCapture,
        LeaveAlternateScreen,
        Show
    );
    let _ = out.flush();
}

/// A panic of this thread ends the dashboard: the terminal first, then the message.
/// One in a task ends that task only; it is logged, and the picture stays.
fn give_back_on_panic() {
    let before = std::panic::take_hook();
    let ours = std::thread::current().id();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() == ours {
            restore();
            before(panic);
        } else {
            tracing::error!("a task panicked: {panic}");
        }
    }));
}
