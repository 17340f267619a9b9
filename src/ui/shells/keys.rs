//! Keys as a terminal sends them to a program, the way xterm does.
//! <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>

use crate::ui::key::{Code, KeyPress};

/// The bytes of a key. `application`: the program asked for its own cursor keys.
pub fn encode(key: KeyPress, application: bool) -> Vec<u8> {
    let modifiers = 1 + u8::from(key.shift) + 2 * u8::from(key.alt) + 4 * u8::from(key.ctrl);
    let letter = |letter: char| match modifiers {
        1 if application => format!("\x1bO{letter}"),
        1 => format!("\x1b[{letter}"),
        _ => format!("\x1b[1;{modifiers}{letter}"),
    };
    let number = |number: u8| match modifiers {
        1 => format!("\x1b[{number}~"),
        _ => format!("\x1b[{number};{modifiers}~"),
    };
    let plain = |text: &str| if key.alt { format!("\x1b{text}") } else { text.to_owned() };
    let text = match key.code {
        Code::Char(c) if key.ctrl => plain(&control(c).unwrap_or(c).to_string()),
        Code::Char(c) => plain(&c.to_string()),
        Code::Enter => plain("\r"),
        Code::Esc => plain("\x1b"),
        Code::Tab if key.shift => "\x1b[Z".to_owned(),
        Code::Tab => plain("\t"),
        Code::Backspace if key.ctrl => plain("\x08"),
        Code::Backspace => plain("\x7f"),
        Code::Up => letter('A'),
        Code::Down => letter('B'),
        Code::Right => letter('C'),
        Code::Left => letter('D'),
        Code::Home => letter('H'),
        Code::End => letter('F'),
        Code::Insert => number(2),
        Code::Delete => number(3),
        Code::PageUp => number(5),
        Code::PageDown => number(6),
        Code::F(n @ 1..=4) => {
            let last = char::from(b'O' + n);
            if modifiers == 1 { format!("\x1bO{last}") } else { format!("\x1b[1;{modifiers}{last}") }
        }
        Code::F(n) => number(match n {
            5 => 15,
            6..=10 => n + 11,
            11 | 12 => n + 12,
            _ => return Vec::new(),
        }),
    };
    text.into_bytes()
}

/// What a character becomes with ctrl.
fn control(c: char) -> Option<char> {
    Some(match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '@' | '[' | '\\' | ']' | '^' | '_') => char::from(u8::try_from(c).ok()? & 0x1f),
        ' ' | '2' => '\0',
        '3' => '\x1b',
        '4' => '\x1c',
        '5' => '\x1d',
        '6' => '\x1e',
        '7' | '/' => '\x1f',
        '8' | '?' => '\x7f',
        _ => return None,
    })
}

/// Pasted text as a terminal sends it; what would end the brackets too early is left out of it.
pub fn paste(text: &str, bracketed: bool) -> Vec<u8> {
    let typed = text.replace("\r\n", "\r").replace('\n', "\r");
    if bracketed { format!("\x1b[200~{}\x1b[201~", typed.replace('\x1b', "")).into_bytes() } else { typed.into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::{encode, paste};

    fn sent(key: &str, application: bool) -> String {
        String::from_utf8(encode(key.parse().unwrap(), application)).unwrap()
    }

    #[test]
    fn keys_are_sent_as_xterm_sends_them() {
        for (key, bytes) in [
            ("a", "a"),
            ("é", "é"),
            ("ctrl-c", "\x03"),
            ("ctrl-]", "\x1d"),
            ("ctrl-space", "\0"),
            ("alt-b", "\x1bb"),
            ("enter", "\r"),
            ("backspace", "\x7f"),
            ("shift-tab", "\x1b[Z"),
            ("up", "\x1b[A"),
            ("ctrl-right", "\x1b[1;5C"),
            ("shift-home", "\x1b[1;2H"),
            ("del", "\x1b[3~"),
            ("ctrl-pgdn", "\x1b[6;5~"),
            ("f1", "\x1bOP"),
            ("f5", "\x1b[15~"),
            ("f10", "\x1b[21~"),
            ("f12", "\x1b[24~"),
        ] {
            assert_eq!(sent(key, false), bytes, "{key}");
        }
        assert_eq!((sent("up", true), sent("end", true)), ("\x1bOA".into(), "\x1bOF".into()));
        assert_eq!(sent("ctrl-up", true), "\x1b[1;5A");
    }

    #[test]
    fn a_paste_stays_within_its_brackets() {
        assert_eq!(paste("a\nb\r\nc", false), b"a\rb\rc");
        assert_eq!(paste("a\x1b[201~rm\n", true), b"\x1b[200~a[201~rm\r\x1b[201~");
    }
}
