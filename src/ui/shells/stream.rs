//! A node's output on its way to the emulator: what that does not know is put in other words, and
//! what it cannot bear is left out.
//!
//! - Line drawing (DEC special graphics), with which ncurses draws its boxes, becomes the characters
//!   it looks like.
//! - U+FE0F, which makes a character wide that is there already, makes `vt100` 0.18 panic near a line's end.
//! - A count of repetitions beyond any line would keep us busy at a node's will.

use std::borrow::Cow;

/// From 0x60 on.
const GLYPHS: [char; 31] = [
    '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─', '⎼', '⎽', '├', '┤', '┴',
    '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
];
const ESCAPE: u8 = 0x1b;
/// Ends a sequence without effect.
const CANCEL: u8 = 0x18;
/// U+FE0F in UTF-8.
const WIDENING: [u8; 3] = [0xef, 0xb8, 0x8f];
/// No line is longer.
const REPEATS: u32 = 1000;
/// Bytes of parameters; a sequence with more means nothing.
const PARAMETERS: usize = 64;

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Ground,
    /// What is held may become [`WIDENING`].
    Widening,
    Escape,
    /// Names the set for this place.
    Charset(usize),
    /// Until the last byte of a longer escape.
    Intermediate,
    /// A control sequence, its parameters held.
    Sequence,
    /// One that is too long, until its end.
    Refused,
    /// A string that nothing shows of.
    Text,
}

#[derive(Debug, Clone, Default)]
pub struct Stream {
    state: State,
    held: Vec<u8>,
    /// Whether G0 and G1 are line drawing.
    drawing: [bool; 2],
    /// G1 is in use.
    shifted: bool,
}

impl Stream {
    pub fn pass<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let idle = matches!(self.state, State::Ground) && !self.drawing[usize::from(self.shifted)];
        if idle && !bytes.iter().any(|byte| matches!(byte, &ESCAPE | 0x0e | 0x0f | 0xef)) {
            return Cow::Borrowed(bytes);
        }
        let mut out = Vec::with_capacity(bytes.len());
        for byte in bytes {
            self.take(*byte, &mut out);
        }
        Cow::Owned(out)
    }

    fn take(&mut self, byte: u8, out: &mut Vec<u8>) {
        if matches!(self.state, State::Widening) {
            self.held.push(byte);
            if !WIDENING.starts_with(&self.held) {
                self.held.pop();
                out.append(&mut self.held);
                self.state = State::Ground;
                // It is not one of these, or the first of the next.
                return self.take(byte, out);
            }
            if self.held.len() == WIDENING.len() {
                self.held.clear();
                self.state = State::Ground;
            }
            return;
        }
        match (self.state, byte) {
            (_, ESCAPE) => {
                out.append(&mut self.held);
                self.state = State::Escape;
            }
            (State::Ground, 0xef) => {
                self.held.push(byte);
                self.state = State::Widening;
                return;
            }
            (State::Ground, 0x60..=0x7e) if self.drawing[usize::from(self.shifted)] => {
                let glyph = GLYPHS.get(usize::from(byte - 0x60)).copied().unwrap_or(' ');
                return out.extend(glyph.encode_utf8(&mut [0; 4]).bytes());
            }
            (State::Ground, 0x0e | 0x0f) => self.shifted = byte == 0x0e,
            (State::Ground, _) => {}
            (_, CANCEL | 0x1a) | (State::Text, 0x07) => {
                out.append(&mut self.held);
                self.state = State::Ground;
            }
            (State::Text, _) | (State::Intermediate, 0..=0x2f) => {}
            (State::Intermediate, _) => self.state = State::Ground,
            (State::Escape, b'(') => self.state = State::Charset(0),
            (State::Escape, b')') => self.state = State::Charset(1),
            (State::Escape, b'[') => self.state = State::Sequence,
            (State::Escape, 0x20..=0x2f) => self.state = State::Intermediate,
            (State::Escape, b']' | b'P' | b'X' | b'^' | b'_') => self.state = State::Text,
            (State::Escape, b'c') => *self = Self::default(),
            (State::Escape, _) => self.state = State::Ground,
            (State::Charset(place), _) => {
                self.drawing[place] = byte == b'0';
                self.state = State::Ground;
            }
            (State::Sequence, 0x40..=0x7e) => {
                self.state = State::Ground;
                if byte == b'b' {
                    self.held = bounded(&self.held);
                }
                out.append(&mut self.held);
            }
            (State::Sequence, _) if self.held.len() < PARAMETERS => return self.held.push(byte),
            (State::Sequence, _) => {
                self.held.clear();
                out.push(CANCEL);
                self.state = State::Refused;
                return;
            }
            (State::Refused, 0x40..=0x7e) => {
                self.state = State::Ground;
                return;
            }
            (State::Refused, _) => return,
            (State::Widening, _) => {}
        }
        out.push(byte);
    }
}

/// A count as it was, or the largest that is let pass.
fn bounded(count: &[u8]) -> Vec<u8> {
    let told = std::str::from_utf8(count).ok().map(str::trim);
    match told.map(str::parse::<u32>) {
        Some(Ok(count)) => count.min(REPEATS).to_string().into_bytes(),
        // Without one it is once; with anything else than a count it is nothing we know.
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::Stream;

    fn passed(parts: &[&[u8]]) -> String {
        let mut stream = Stream::default();
        let all: Vec<u8> = parts.iter().flat_map(|part| stream.pass(part).into_owned()).collect();
        String::from_utf8_lossy(&all).into_owned()
    }

    fn shown(text: &str) -> String {
        let whole = passed(&[text.as_bytes()]);
        // However it is cut.
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(passed(&bytes), whole);
        whole
    }

    #[test]
    fn boxes_are_drawn_and_nothing_else_changes() {
        for same in ["lqk plain\x1b[1;31mm", "\x1b#8q\x1b[?25lq", "köln 日本 ﷽ \u{feff}", "\x1b]0;\x1b\\x"] {
            assert_eq!(shown(same), same);
        }
        assert_eq!(shown("\x1b(0lqk\x1b[31mx\x1b(Bx"), "\x1b(0┌─┐\x1b[31m│\x1b(Bx");
        assert_eq!(shown("\x1b(0q\x1b]0;qq\x07q"), "\x1b(0─\x1b]0;qq\x07─");
        assert_eq!(shown("\x1b)0q\x0eq\x0fq"), "\x1b)0q\x0e─\x0fq");
        assert_eq!(shown("\x1b(0é\x1bcq"), "\x1b(0é\x1bcq");
        assert_eq!(shown("\x1b(0\x1bP+qx\x1b\\q"), "\x1b(0\x1bP+qx\x1b\\─");
    }

    #[test]
    fn what_would_do_harm_is_left_out() {
        assert_eq!(shown("❤\u{fe0f}x\u{fe0e}"), "❤x\u{fe0e}");
        assert_eq!(shown("x\x1b[9bx\x1b[65535bx\x1b[b\x1b[99999999999b"), "x\x1b[9bx\x1b[1000bx\x1b[b\x1b[b");
        let long = format!("x\x1b[{}65535bx", "0".repeat(100));
        assert_eq!(shown(&long), "x\x1b[\x18x");
        assert_eq!(passed(&[b"\xef\xb8", b"\x1b[m"]), "\u{fffd}\x1b[m");
    }
}
