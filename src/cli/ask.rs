//! Asking on the terminal: a line, or a secret that is not shown.

use std::io::{self, BufRead, Write};

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use secrecy::SecretString;

use super::fault::{Exit, Fault};

/// No name or password is longer; a pasted file is.
const LONGEST: usize = 4096;

/// Asks for one line, shown while it is typed. Only where somebody can answer.
pub fn line(question: &str) -> Result<String, Fault> {
    let mut answer = String::new();
    write!(io::stderr(), "{question}")?;
    io::Read::take(io::stdin().lock(), LONGEST as u64).read_line(&mut answer)?;
    Ok(answer)
}

/// Asks for a secret; nothing of it is shown. Only where somebody can answer.
pub fn secret(question: &str) -> Result<SecretString, Fault> {
    let answer = {
        // Before the question, or who answers at once is seen.
        let _raw = Raw::enter()?;
        write!(io::stderr(), "{question}: ")?;
        typed()
    };
    writeln!(io::stderr())?;
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
