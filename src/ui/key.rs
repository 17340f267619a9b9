//! Key presses as the dashboard knows them: independent of the terminal library,
//! comparable, and with one spelling (`ctrl-s`, `shift-tab`, `G`, `pgup`).

use std::fmt;
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

/// One press. `shift` is never set for [`Code::Char`]: the character itself carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPress {
    pub code: Code,
    pub ctrl: bool,
    pub alt: bool,
    pub shift: bool,
}

const NAMES: [(&str, Code); 15] = [
    ("enter", Code::Enter),
    ("esc", Code::Esc),
    ("tab", Code::Tab),
    ("backspace", Code::Backspace),
    ("del", Code::Delete),
    ("ins", Code::Insert),
    ("up", Code::Up),
    ("down", Code::Down),
    ("left", Code::Left),
    ("right", Code::Right),
    ("home", Code::Home),
    ("end", Code::End),
    ("pgup", Code::PageUp),
    ("pgdn", Code::PageDown),
    ("space", Code::Char(' ')),
];

impl KeyPress {
    pub const fn plain(code: Code) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    pub const fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    pub const fn ctrl(c: char) -> Self {
        Self { code: Code::Char(c), ctrl: true, alt: false, shift: false }
    }

    /// The character it types into a field, if it types one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

impl FromStr for KeyPress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut key = Self::plain(Code::Esc);
        let mut rest = text;
        loop {
            let lower = rest.to_ascii_lowercase();
            let (flag, len) = if lower.starts_with("ctrl-") || lower.starts_with("ctrl+") {
                (&mut key.ctrl, 5)
            } else if lower.starts_with("alt-") || lower.starts_with("alt+") {
                (&mut key.alt, 4)
            } else if lower.starts_with("shift-") || lower.starts_with("shift+") {
                (&mut key.shift, 6)
            } else {
                break;
            };
            *flag = true;
            rest = &rest[len..];
        }
        let lower = rest.to_ascii_lowercase();
        let mut chars = rest.chars();
        key.code = match (NAMES.iter().find(|(name, _)| *name == lower), chars.next(), chars.next()) {
            (Some((_, code)), ..) => *code,
            (None, Some(c), None) => Code::Char(c),
            _ => match lower.strip_prefix('f').and_then(|n| n.parse().ok()) {
                Some(n) if (1..=12).contains(&n) => Code::F(n),
                _ => return Err(format!("\"{text}\" is not a key")),
            },
        };
        if let (Code::Char(c), true) = (key.code, key.shift) {
            if c != ' ' {
                key.code = Code::Char(c.to_uppercase().next().unwrap_or(c));
            }
            key.shift = false;
        }
        if let (Code::Char(c), true) = (key.code, key.ctrl) {
            key.code = Code::Char(c.to_ascii_lowercase());
        }
        Ok(key)
    }
}

impl fmt::Display for KeyPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (set, name) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if set {
                text.push_str(name);
            }
        }
        match (NAMES.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => text.push_str(name),
            (None, Code::Char(c)) => text.push(c),
            (None, Code::F(n)) => text.push_str(&format!("f{n}")),
            (None, _) => {}
        }
        f.pad(&text)
    }
}

impl From<KeyPress> for tui_textarea::Input {
    fn from(press: KeyPress) -> Self {
        use tui_textarea::Key;
        let key = match press.code {
            Code::Char(c) => Key::Char(c),
            Code::Enter => Key::Enter,
            Code::Esc => Key::Esc,
            Code::Tab => Key::Tab,
            Code::Backspace => Key::Backspace,
            Code::Delete => Key::Delete,
            Code::Insert => Key::Null,
            Code::Up => Key::Up,
            Code::Down => Key::Down,
            Code::Left => Key::Left,
            Code::Right => Key::Right,
            Code::Home => Key::Home,
            Code::End => Key::End,
            Code::PageUp => Key::PageUp,
            Code::PageDown => Key::PageDown,
            Code::F(n) => Key::F(n),
        };
        Self { key, ctrl: press.ctrl, alt: press.alt, shift: press.shift }
    }
}

#[cfg(test)]
mod tests {
    use super::KeyPress;

    #[test]
    fn one_spelling_for_every_key() {
        for (given, told) in [
            ("ctrl-s", "ctrl-s"),
            ("Ctrl+S", "ctrl-s"),
            ("G", "G"),
            ("shift-g", "G"),
            ("shift-tab", "shift-tab"),
            ("space", "space"),
            (" ", "space"),
            ("PgUp", "pgup"),
            ("f12", "f12"),
            ("-", "-"),
            ("ctrl--", "ctrl--"),
            ("é", "é"),
        ] {
            assert_eq!(given.parse::<KeyPress>().unwrap().to_string(), told);
        }
        for bad in ["", "ctrl-", "f13", "enterr", "gg"] {
            assert!(bad.parse::<KeyPress>().is_err(), "{bad}");
        }
    }
}
