//! A shell's screen: bytes of a node in, cells out. What a node sends never reaches the user's
//! terminal as it is: titles, clipboards, bells and the like end here, and cells are drawn by us.
//!
//! The emulator is `vt100`; [`Stream`] stands before it, and questions about the terminal are
//! answered here.

use std::num::NonZeroU16;

use super::stream::Stream;

/// Lines that scrolled by and are kept; at 200 columns some 13 MB.
const KEPT: usize = 2000;
/// Bytes of answers to one piece of output: nobody needs more, and a flood of questions must not
/// become one of answers.
const ANSWERS: usize = 256;
const LARGEST: u16 = 1000;

/// Of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub columns: u16,
    pub rows: u16,
}

impl Default for Size {
    fn default() -> Self {
        Self { columns: 80, rows: 24 }
    }
}

impl Size {
    fn cells(self) -> (NonZeroU16, NonZeroU16) {
        let cells = |count: u16| NonZeroU16::new(count.min(LARGEST)).unwrap_or(NonZeroU16::MIN);
        (cells(self.rows), cells(self.columns))
    }
}

/// Questions that were asked and not yet answered.
#[derive(Default)]
struct Asked(Vec<u8>);

impl vt100::Callbacks for Asked {
    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        first: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        last: char,
    ) {
        let number = params.first().and_then(|param| param.first()).copied().unwrap_or_default();
        let answer = match (first, last, number) {
            // A VT220 with colours, which is what programs take xterm for.
            (None, 'c', 0) => "\x1b[?62;22c".to_owned(),
            (Some(b'>'), 'c', 0) => "\x1b[>1;10;0c".to_owned(),
            (None, 'n', 5) => "\x1b[0n".to_owned(),
            (None, 'n', 6) => {
                let (row, column) = screen.cursor_position();
                format!("\x1b[{};{}R", u32::from(row) + 1, u32::from(column) + 1)
            }
            _ => return,
        };
        if self.0.len() + answer.len() <= ANSWERS {
            self.0.extend(answer.bytes());
        }
    }
}

pub struct Term {
    parser: vt100::Parser<Asked>,
    stream: Stream,
}

impl Term {
    pub fn new(size: Size) -> Self {
        let (rows, columns) = size.cells();
        let parser = vt100::Parser::new_with_callbacks(rows, columns, KEPT, Asked::default());
        Self { parser, stream: Stream::default() }
    }

    /// Takes output; gives what the terminal itself answers to it.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.parser.process(&self.stream.pass(bytes));
        std::mem::take(&mut self.parser.callbacks_mut().0)
    }

    /// Lines of our own, after what is there.
    pub fn tell(&mut self, lines: &[String]) {
        // Whatever the program before has left: alternate screen, colours, scroll region, hidden cursor.
        if self.parser.screen().alternate_screen() {
            self.feed(b"\x1b[?1049l");
        }
        // Both of these move the cursor.
        let (row, column) = self.parser.screen().cursor_position();
        self.feed(format!("\x1b[?6l\x1b[r\x1b[{};{}H", u32::from(row) + 1, u32::from(column) + 1).as_bytes());
        self.feed(b"\x1b[0m\x1b(B\x0f\x1b[?25h\r\n\x1b[J");
        for line in lines {
            self.feed(format!("{line}\r\n").as_bytes());
        }
    }

    pub fn resize(&mut self, size: Size) {
        let (rows, columns) = size.cells();
        self.parser.set_size(rows, columns);
    }

    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Size, Term};

    #[test]
    fn questions_are_answered_within_bounds() {
        let mut term = Term::new(Size::default());
        assert_eq!(term.feed(b"ab\x1b[6n\x1b[5n"), b"\x1b[1;3R\x1b[0n");
        assert_eq!(term.feed(b"\x1b[c"), b"\x1b[?62;22c");
        assert!(term.feed(&b"\x1b[c".repeat(10_000)).len() <= 256);
        assert_eq!(term.feed(b"\x1b]52;c;?\x07\x1b]0;title\x07\x1b[21t\x1b]10;?\x07\x1bP$qm\x1b\\"), b"");
        assert_eq!(term.screen().contents(), "ab");
    }

    #[test]
    fn what_is_repeated_and_drawn_is_there() {
        let mut term = Term::new(Size::default());
        term.feed(b"\x1b(0q\x1b[9b\x1b(B!");
        assert_eq!(term.screen().contents(), format!("{}!", "─".repeat(10)));
    }

    #[test]
    fn our_words_come_after_whatever_was_there() {
        let mut term = Term::new(Size { columns: 20, rows: 4 });
        term.feed(b"shell$ vi\r\n\x1b[?1049h\x1b[2J\x1b[1;2r\x1b[?25lfull screen");
        term.tell(&["it ended".into()]);
        assert_eq!(term.screen().contents(), "shell$ vi\n\nit ended");
        assert!(!term.screen().hide_cursor() && !term.screen().alternate_screen());
    }

    /// Sequences with what steers emulators, and bytes that mean nothing.
    fn noise() -> impl Strategy<Value = Vec<u8>> {
        let sequence = ("\\x1b[\\[(?>)#]{0,2}", prop::collection::vec(any::<u16>(), 0..4), 0x40u8..0x7f).prop_map(
            |(start, numbers, end)| {
                let numbers: Vec<String> = numbers.iter().map(u16::to_string).collect();
                [start.as_bytes(), numbers.join(";").as_bytes(), &[end]].concat()
            },
        );
        let small = ("[@ABCDEFGHJKLMPSTX`bdfrmhl]", 0u16..40, 0u16..40)
            .prop_map(|(end, a, b)| format!("\x1b[{a};{b}{end}").into_bytes());
        let modes =
            (prop::sample::select(vec![1, 6, 7, 25, 47, 1047, 1049, 2004]), prop::sample::select(vec!['h', 'l']))
                .prop_map(|(mode, end)| format!("\x1b[?{mode}{end}").into_bytes());
        let text = prop::sample::select(vec![
            "日本",
            "e\u{301}",
            "x",
            "❤\u{fe0f}",
            "👩\u{200d}🚀",
            "\r\n",
            "\t",
            "\x08",
            "\x1bM",
            "\x1b7",
            "\x1b8",
        ])
        .prop_map(|text| text.as_bytes().to_vec());
        prop_oneof![sequence, small, modes, text.clone(), text, prop::collection::vec(any::<u8>(), 0..20)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn no_bytes_and_no_size_harm_it(parts in prop::collection::vec((noise(), prop::option::weighted(0.1, (0u16..30, 0u16..12))), 0..120)) {
            let mut term = Term::new(Size { columns: 7, rows: 3 });
            for (bytes, size) in parts {
                term.feed(&bytes);
                if let Some((columns, rows)) = size {
                    term.resize(Size { columns, rows });
                }
            }
            let mut screen = term.screen().clone();
            for back in [0, 1, screen.scrollback_len(), usize::MAX] {
                screen.set_scrollback(back);
                let (rows, columns) = screen.size();
                for row in 0..rows.get() {
                    for column in 0..columns.get() {
                        screen.cell(row, column).map(vt100::Cell::contents);
                    }
                }
            }
        }
    }
}
