//! Whether the terminal's background is light, asked of the terminal itself: its colour (OSC 11), and
//! what it is (DA1), which every terminal answers, so that one that knows nothing of colours does not
//! keep us waiting. <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>
//!
//! Asked before anybody else reads the keyboard; what is typed meanwhile is kept.

use std::io::{Write, stdin, stdout};
use std::time::{Duration, Instant};

use rustix::termios::{OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

use crate::ui::key::{Code, KeyPress};

/// What was pressed would show later than this. A read waits as long for the first byte: tenths of a second.
const PATIENCE: Duration = Duration::from_millis(200);
const TENTHS: u8 = 2;
const QUESTIONS: &[u8] = b"\x1b]11;?\x1b\\\x1b[c";
/// No answer is as long; somebody pastes.
const LONGEST: usize = 1 << 16;

/// What came of asking.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    /// `None`: it did not say.
    pub light: Option<bool>,
    /// Typed meanwhile.
    pub keys: Vec<KeyPress>,
    /// Nothing came in time: it may still come, among the keys.
    pub late: bool,
}

/// Asks the terminal, which must be in raw mode and is so afterwards. Waits for it: there is nothing else
/// to be done before the first picture.
pub fn ask() -> Answer {
    let input = stdin();
    let Ok(raw) = tcgetattr(&input) else { return Answer::default() };
    let mut patient = raw.clone();
    patient.special_codes[SpecialCodeIndex::VMIN] = 0;
    patient.special_codes[SpecialCodeIndex::VTIME] = TENTHS;
    if tcsetattr(&input, OptionalActions::Now, &patient).is_err() {
        return Answer::default();
    }
    let answer = listen();
    // Others wait for keys in their own way.
    let _ = tcsetattr(&input, OptionalActions::Now, &raw);
    answer
}

fn listen() -> Answer {
    let input = stdin();
    let mut out = stdout();
    if out.write_all(QUESTIONS).and_then(|()| out.flush()).is_err() {
        return Answer::default();
    }
    let mut came = Vec::new();
    let until = Instant::now() + PATIENCE;
    while came.len() < LONGEST && !Heard::of(&came).all && Instant::now() < until {
        let mut part = [0; 1024];
        match rustix::io::read(&input, &mut part) {
            Ok(0) | Err(_) => break,
            Ok(count) => came.extend_from_slice(&part[..count]),
        }
    }
    let heard = Heard::of(&came);
    Answer { light: heard.light, keys: keys(&heard.rest), late: !heard.all }
}

/// Answers among other bytes.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    light: Option<bool>,
    /// The last question is answered.
    all: bool,
    /// What is no answer.
    rest: Vec<u8>,
}

impl Heard {
    fn of(bytes: &[u8]) -> Self {
        let mut heard = Self::default();
        let mut at = 0;
        while at < bytes.len() {
            let here = &bytes[at..];
            if let Some(text) = here.strip_prefix(b"\x1b]11;") {
                // Half an answer is nobody's keys.
                let Some(end) = text.iter().position(|byte| [0x07, 0x1b].contains(byte)) else { break };
                heard.light = is_light(&text[..end]).or(heard.light);
                let ends = if text[end] == 0x07 { 1 } else { 2 };
                at += b"\x1b]11;".len() + end + ends;
            } else if let Some(text) = here.strip_prefix(b"\x1b[?") {
                let Some(end) = text.iter().position(|byte| (0x40..0x7f).contains(byte)) else { break };
                heard.all |= text[end] == b'c';
                at += b"\x1b[?".len() + end + 1;
            } else {
                heard.rest.push(here[0]);
                at += 1;
            }
        }
        heard
    }
}

/// Of `rgb:ffff/ffff/ffff`, with one to four digits each.
fn is_light(colour: &[u8]) -> Option<bool> {
    let colour = std::str::from_utf8(colour).ok()?;
    let parts = colour.strip_prefix("rgb:").or_else(|| colour.strip_prefix("rgba:"))?;
    let part = |text: &str| {
        let most = 16u32.checked_pow(u32::try_from(text.len()).ok()?)?.checked_sub(1).filter(|most| *most > 0)?;
        Some(f64::from(u32::from_str_radix(text, 16).ok()?) / f64::from(most))
    };
    let mut parts = parts.split('/').map(part);
    let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
    // Rec. 601's weights: half of white is where dark text begins to be the better one.
    Some(0.299 * red + 0.587 * green + 0.114 * blue > 0.5)
}

/// Keys as terminals send them, as far as somebody presses them before the first picture.
fn keys(bytes: &[u8]) -> Vec<KeyPress> {
    let text = String::from_utf8_lossy(bytes);
    let mut rest = text.chars();
    let mut keys = Vec::new();
    while let Some(c) = rest.next() {
        let key = match c {
            '\x1b' => match rest.clone().next() {
                Some('[' | 'O') => {
                    rest.next();
                    let mut sequence = String::new();
                    for c in rest.by_ref() {
                        sequence.push(c);
                        if ('@'..='~').contains(&c) {
                            break;
                        }
                    }
                    named(&sequence)
                }
                Some(next) if next != '\x1b' => {
                    rest.next();
                    plain(next).map(|key| KeyPress { alt: true, ..key })
                }
                _ => Some(KeyPress::plain(Code::Esc)),
            },
            c => plain(c),
        };
        keys.extend(key);
    }
    keys
}

fn plain(c: char) -> Option<KeyPress> {
    Some(match c {
        '\r' => KeyPress::plain(Code::Enter),
        '\t' => KeyPress::plain(Code::Tab),
        '\x7f' => KeyPress::plain(Code::Backspace),
        '\x01'..='\x1a' => KeyPress::ctrl(char::from(b'a' - 1 + u8::try_from(c).ok()?)),
        c if c.is_control() || c == char::REPLACEMENT_CHARACTER => return None,
        c => KeyPress::char(c),
    })
}

/// What stands after `ESC [` or `ESC O`.
fn named(sequence: &str) -> Option<KeyPress> {
    Some(KeyPress::plain(match sequence {
        "A" => Code::Up,
        "B" => Code::Down,
        "C" => Code::Right,
        "D" => Code::Left,
        "H" => Code::Home,
        "F" => Code::End,
        "3~" => Code::Delete,
        "5~" => Code::PageUp,
        "6~" => Code::PageDown,
        "Z" => return Some(KeyPress { shift: true, ..KeyPress::plain(Code::Tab) }),
        _ => return None,
    }))
}

/// Lets an answer pass by that comes when keys are read already, as keys: `alt-]`, its text, and
/// `alt-\` or `ctrl-g` at its end.
#[derive(Debug, Default)]
pub struct Late {
    expected: bool,
    /// How many of its keys have come.
    came: usize,
}

impl Late {
    const LONGEST: usize = "11;rgba:ffff/ffff/ffff/ffff".len() + 2;

    pub fn new(expected: bool) -> Self {
        Self { expected, came: 0 }
    }

    /// Whether the key is part of the answer.
    pub fn takes(&mut self, key: KeyPress) -> bool {
        if !self.expected {
            return false;
        }
        let begun = match self.came {
            0 => key == KeyPress { alt: true, ..KeyPress::char(']') },
            // Somebody may press that key too.
            1 | 2 => key == KeyPress::char('1'),
            3 => key == KeyPress::char(';'),
            _ => true,
        };
        if !begun {
            self.came = 0;
            return false;
        }
        self.came += 1;
        let ends = key == KeyPress::ctrl('g') || key == KeyPress { alt: true, ..KeyPress::char('\\') };
        self.expected = !ends && self.came < Self::LONGEST;
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Heard, Late, is_light, keys};
    use crate::ui::key::KeyPress;

    fn told(bytes: &[u8]) -> String {
        keys(bytes).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn backgrounds_are_light_or_dark() {
        for (colour, light) in [
            ("rgb:ffff/ffff/ffff", Some(true)),
            ("rgb:0000/0000/0000", Some(false)),
            ("rgb:fd/f6/e3", Some(true)),
            ("rgb:0/2/3", Some(false)),
            ("rgba:1e1e/1e1e/2e2e/ffff", Some(false)),
            ("rgb:ff/ff", None),
            ("rgb:/ff/ff", None),
            ("rgb:fffffffff/0/0", None),
            ("white", None),
        ] {
            assert_eq!(is_light(colour.as_bytes()), light, "{colour}");
        }
    }

    #[test]
    fn answers_are_taken_out_of_what_is_typed() {
        let heard = Heard::of(b"j\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[B\x1b[?62;22cq");
        assert_eq!((heard.light, heard.all, told(&heard.rest).as_str()), (Some(true), true, "j down q"));
        let heard = Heard::of(b"\x1b]11;rgb:00/00/00\x07\x1b[?1");
        assert_eq!((heard.light, heard.all, heard.rest.as_slice()), (Some(false), false, &b""[..]));
        let heard = Heard::of(b":new\x1b]11;rgb:ff");
        assert_eq!((heard.light, told(&heard.rest).as_str()), (None, ": n e w"));
        assert_eq!(
            told("é\r\t\x7f\x03\x1b\x1b[Z\x1b[I\x1bx\x1b".as_bytes()),
            "é enter tab backspace ctrl-c esc shift-tab alt-x esc"
        );
    }

    #[test]
    fn a_late_answer_does_nothing_and_keys_after_it_do() {
        let mut late = Late::new(true);
        let mut left = |text: &[u8]| -> String {
            keys(text).into_iter().filter(|key| !late.takes(*key)).map(|key| key.to_string()).collect()
        };
        assert_eq!(left(b"j"), "j");
        assert_eq!(left(b"\x1b]11;rgb:dddd/eeee/qqqq\x1b\\q"), "q");
        assert_eq!(left(b"\x1b]1"), "alt-]1", "it comes once");
        assert!(!Late::new(false).takes(KeyPress { alt: true, ..KeyPress::char(']') }));
        let through = |text: &[u8]| {
            let mut late = Late::new(true);
            keys(text).into_iter().filter(|key| !late.takes(*key)).count()
        };
        assert_eq!(through(b"\x1b]q\x1b]1q"), 2, "only keys that cannot be an answer's come through");
        assert_eq!(through(&[&b"\x1b]11;"[..], &[b'x'; 60]].concat()), 35, "one without an end has one");
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_much(bytes in prop::collection::vec(prop::sample::select(b"\x1b]11;rgb:[?cO~A\x07\\/f\xff\xc3".to_vec()), 0..60)) {
            keys(&Heard::of(&bytes).rest);
        }
    }
}
