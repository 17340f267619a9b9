//! A shell's lines held still to be looked through: scrolled, searched, copied. The shell goes on
//! meanwhile; what is held is as it was when it was begun.

use crate::ui::widgets::list::Step;

pub struct Browse {
    screen: vt100::Screen,
    /// From the oldest on; without spaces at the end, unless it goes on.
    lines: Vec<String>,
    /// Whether the line goes on in the next one.
    wrapped: Vec<bool>,
    /// Lines on the screen.
    height: usize,
    /// The first line that is shown.
    top: usize,
    cursor: usize,
    mark: Option<usize>,
    wanted: String,
}

impl Browse {
    pub fn new(screen: &vt100::Screen) -> Self {
        let mut screen = screen.clone();
        let (height, width) = screen.size();
        let (height, width) = (usize::from(height.get()), width.get());
        let back = screen.scrollback_len();
        let (mut lines, mut wrapped) = (Vec::new(), Vec::new());
        while lines.len() < back + height {
            let offset = back.saturating_sub(lines.len());
            screen.set_scrollback(offset);
            // The last page may lie over the one before.
            let skip = lines.len() - (back - offset);
            for (row, line) in (0u16..).zip(screen.rows(0, width)).skip(skip) {
                let goes_on = screen.row_wrapped(row);
                lines.push(if goes_on { line } else { line.trim_end().to_owned() });
                wrapped.push(goes_on);
            }
        }
        screen.set_scrollback(0);
        let (row, _) = screen.cursor_position();
        let cursor = (back + usize::from(row)).min(lines.len().saturating_sub(1));
        Self { screen, lines, wrapped, height, top: back, cursor, mark: None, wanted: String::new() }
    }

    /// As it is to be drawn.
    pub fn screen(&self) -> &vt100::Screen {
        &self.screen
    }

    /// The row of the screen that the cursor is on.
    pub fn cursor_row(&self) -> usize {
        self.cursor - self.top
    }

    /// Whether a row of the screen is among those that would be copied.
    pub fn is_marked(&self, row: usize) -> bool {
        let line = self.top + row;
        self.mark.is_some_and(|mark| line >= mark.min(self.cursor) && line <= mark.max(self.cursor))
    }

    pub fn wanted(&self) -> &str {
        &self.wanted
    }

    /// Line under the cursor and how many there are, counted from one.
    pub fn place(&self) -> (usize, usize) {
        (self.cursor + 1, self.lines.len())
    }

    pub fn step(&mut self, step: Step) {
        let page = self.height.saturating_sub(1).max(1);
        let last = self.lines.len().saturating_sub(1);
        self.go(match step {
            Step::Up => self.cursor.saturating_sub(1),
            Step::Down => self.cursor + 1,
            Step::PageUp => self.cursor.saturating_sub(page),
            Step::PageDown => self.cursor + page,
            Step::First => 0,
            Step::Last => last,
        });
    }

    /// Shows other lines; the cursor stays where it is as long as it is among them.
    pub fn scroll(&mut self, down: bool, by: usize) {
        let lowest = self.lines.len().saturating_sub(self.height);
        self.top = (if down { self.top + by } else { self.top.saturating_sub(by) }).min(lowest);
        let last = (self.top + self.height).min(self.lines.len()).saturating_sub(1);
        self.cursor = self.cursor.clamp(self.top, last.max(self.top));
        self.screen.set_scrollback(lowest - self.top);
    }

    /// Whether the newest line is in sight and nothing is being selected.
    pub fn is_at_end(&self) -> bool {
        self.mark.is_none() && self.top + self.height >= self.lines.len()
    }

    fn go(&mut self, line: usize) {
        self.cursor = line.min(self.lines.len().saturating_sub(1));
        let lowest = self.lines.len().saturating_sub(self.height);
        let least = self.cursor.saturating_sub(self.height.saturating_sub(1));
        self.top = self.top.clamp(least, self.cursor.max(least)).min(lowest);
        self.screen.set_scrollback(lowest - self.top);
    }

    /// Begins a selection of lines at the cursor, or gives it up.
    pub fn turn_mark(&mut self) {
        self.mark = if self.mark.is_some() { None } else { Some(self.cursor) };
    }

    /// To the next line that contains the text, older ones first; whether there is one. Letters'
    /// case counts only where the text has capitals.
    pub fn find(&mut self, text: &str, older: bool) -> bool {
        self.wanted = text.to_owned();
        let found = |line: &&usize| self.places(&self.lines[**line]).next().is_some();
        let count = self.lines.len();
        let order: Vec<usize> = (1..=count)
            .map(|step| if older { (self.cursor + count - step) % count } else { (self.cursor + step) % count })
            .collect();
        let line = order.iter().find(found).copied();
        line.is_some_and(|line| {
            self.go(line);
            true
        })
    }

    /// Where what is searched for begins and ends in a text, in bytes.
    fn places<'a>(&'a self, line: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
        let exact = self.wanted.chars().any(char::is_uppercase);
        // Only ASCII changes case here, so that places stay places of the line itself.
        let (line, wanted) = if exact {
            (line.to_owned(), self.wanted.clone())
        } else {
            (line.to_ascii_lowercase(), self.wanted.to_ascii_lowercase())
        };
        let starts: Vec<usize> =
            if wanted.is_empty() { Vec::new() } else { line.match_indices(&wanted).map(|(at, _)| at).collect() };
        let length = wanted.len();
        starts.into_iter().map(move |at| (at, at + length))
    }

    /// Columns of a row of the screen, from and to, that are what is searched for.
    pub fn found(&self, row: usize) -> Vec<(usize, usize)> {
        let Some(line) = self.lines.get(self.top + row) else { return Vec::new() };
        let column = |end: usize| line.get(..end).map_or(0, crate::ui::widgets::text::width);
        self.places(line).map(|(from, to)| (column(from), column(to))).collect()
    }

    /// The selected lines, or all that is on the screen; lines that only the width had broken are whole.
    pub fn text(&self) -> String {
        let (from, to) = match self.mark {
            Some(mark) => (mark.min(self.cursor), mark.max(self.cursor)),
            None => (self.top, self.top + self.height - 1),
        };
        joined(&self.lines, &self.wrapped, from, to)
    }
}

fn joined(lines: &[String], wrapped: &[bool], from: usize, to: usize) -> String {
    let mut text = String::new();
    for (line, goes_on) in lines.iter().zip(wrapped).take(to + 1).skip(from) {
        text.push_str(line);
        if !goes_on {
            text.push('\n');
        }
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::Browse;
    use crate::ui::shells::term::{Size, Term};
    use crate::ui::widgets::list::Step;

    fn held() -> Browse {
        let mut term = Term::new(Size { columns: 10, rows: 4 });
        for line in 1..=20 {
            term.feed(format!("line {line}\r\n").as_bytes());
        }
        term.feed(b"a word of fourteen");
        Browse::new(term.screen())
    }

    #[test]
    fn every_line_is_there_once() {
        let browse = held();
        assert_eq!(browse.lines.len(), 22);
        let all = browse.lines.iter().take(20).enumerate();
        all.for_each(|(at, line)| assert_eq!(*line, format!("line {}", at + 1)));
        assert_eq!(browse.place(), (22, 22));
    }

    #[test]
    fn the_view_follows_the_cursor() {
        let mut browse = held();
        browse.step(Step::First);
        assert_eq!((browse.place().0, browse.cursor_row()), (1, 0));
        assert!(browse.screen().contents().starts_with("line 1\nline 2"), "{}", browse.screen().contents());
        browse.step(Step::PageDown);
        browse.step(Step::Down);
        assert_eq!((browse.place().0, browse.cursor_row()), (5, 3));
        browse.step(Step::Last);
        assert_eq!(browse.screen().scrollback(), 0);
        browse.step(Step::Down);
        assert_eq!(browse.place().0, 22);
    }

    #[test]
    fn searching_goes_back_in_time_and_round() {
        let mut browse = held();
        assert!(browse.find("LINE 1".to_lowercase().as_str(), true));
        assert_eq!(browse.place().0, 19);
        assert!(browse.find("line 1", false) && browse.place().0 == 1, "round to the beginning: {:?}", browse.place());
        assert_eq!(browse.found(browse.cursor_row()), [(0, 6)]);
        assert!(!browse.find("Line", true) && browse.place().0 == 1);
        assert!(!browse.find("", true));
    }

    #[test]
    fn copies_are_of_whole_lines() {
        let mut browse = held();
        assert!(browse.text().ends_with("line 20\na word of fourteen"), "{}", browse.text());
        browse.find("line 7", true);
        browse.turn_mark();
        browse.step(Step::Down);
        assert_eq!(browse.text(), "line 7\nline 8");
        assert!(browse.is_marked(browse.cursor_row()) && !browse.is_marked(browse.cursor_row() + 1));
    }
}
