//! Asking on the terminal: a line, or a secret that is not shown.

use std::io::{self, BufRead};

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use secrecy::SecretString;

use super::fault::{Exit, Fault};
use super::output::Terminal;

/// No name or password is longer; a pasted file is.
const LONGEST: usize = 4096;

/// Asks for one line, shown while it is typed. Only when [`Terminal::asks`].
pub fn line(terminal: &mut Terminal<'_>, question: &str) -> Result<String, Fault> {
    write!(terminal.err, "{question}")?;
    terminal.err.flush()?;
    let mut answer = String::new();
    io::Read::take(io::stdin().lock(), LONGEST as u64).read_line(&mut answer)?;
    Ok(answer)
}

/// Asks for a secret; nothing of it is shown. Only when [`Terminal::asks`].
pub fn secret(terminal: &mut Terminal<'_>, question: &str) -> Result<SecretString, Fault> {
    write!(terminal.err, "{question}: ")?;
    terminal.err.flush()?;
    let answer = {
        let _raw = Raw::enter()?;
        typed()
    };
    writeln!(terminal.err)?;
    answer.map(SecretString::from)
}

fn typed() -> Result<String, Fault> {
    let mut answer = String::new();
    loop {
        let Event::Key(key) = read()? else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        match key.code {
            KeyCode::Enter => return Ok(answer),
            KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Err(Fault::Told { exit: Exit::Interrupted, problems: Vec::new() });
            }
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => answer.clear(),
            KeyCode::Backspace => {
                answer.pop();
            }
            KeyCode::Char(sign) if answer.len() < LONGEST => answer.push(sign),
            _ => {}
        }
    }
}

/// The terminal without echo; given back whatever happens.
struct Raw;

impl Raw {
    fn enter() -> io::Result<Self> {
        enable_raw_mode()?;
        Ok(Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = disable_raw_mode();
    }
}
