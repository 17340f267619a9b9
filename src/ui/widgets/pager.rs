//! Reading a [`Paper`]: scrolled by rows, wrapped or not, searched. Used by whoever shows a text
//! that may be longer or wider than the screen; the keys are the page's.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use unicode_width::UnicodeWidthChar;

use super::list::Step;
use super::paper::{Line, Paper};
use super::text;
use crate::ui::layer::Cx;
use crate::ui::theme::Role;

/// Columns that one step aside is.
const ASIDE: usize = 8;
/// Columns before the text, for the sign of the line that was found.
const MARGIN: u16 = 2;

/// A part of a line that has a row of the screen to itself: bytes of the line's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    line: usize,
    from: usize,
    to: usize,
}

pub struct Pager {
    paper: Paper,
    /// Of each line, its pieces joined.
    plain: Vec<String>,
    rows: Vec<Row>,
    /// The first row shown: its line, and the byte in it, so that it stays when the width changes.
    top: (usize, usize),
    /// Columns that are out of sight on the left.
    left: usize,
    wrap: bool,
    /// At the last drawing.
    size: (usize, usize),
    wanted: String,
    /// Lines that have what is searched for.
    found: Vec<usize>,
    /// Which of them the reader was led to.
    at: Option<usize>,
}

impl Default for Pager {
    fn default() -> Self {
        Self {
            paper: Paper::default(),
            plain: Vec::new(),
            rows: Vec::new(),
            top: (0, 0),
            left: 0,
            wrap: true,
            size: (78, 20),
            wanted: String::new(),
            found: Vec::new(),
            at: None,
        }
    }
}

impl Pager {
    pub fn new(paper: Paper) -> Self {
        let mut pager = Self::default();
        pager.put(paper);
        pager
    }

    pub fn paper(&self) -> &Paper {
        &self.paper
    }

    /// Another text in place of the one before. Who was at its end stays at the end: a log has grown.
    pub fn put(&mut self, paper: Paper) {
        if paper == self.paper {
            return;
        }
        let follows = !self.paper.is_empty() && self.first() > 0 && self.first() == self.last_first();
        self.plain = paper.lines().iter().map(|line| line.iter().map(|(_, piece)| piece.as_str()).collect()).collect();
        self.paper = paper;
        self.lay();
        self.look();
        if follows {
            self.step(Step::Last);
        }
    }

    pub fn wraps(&self) -> bool {
        self.wrap
    }

    pub fn turn_wrap(&mut self) {
        self.wrap = !self.wrap;
        self.left = 0;
        self.lay();
    }

    /// Aside, where lines are not wrapped.
    pub fn aside(&mut self, right: bool) {
        if !self.wrap {
            self.left = if right { self.left + ASIDE } else { self.left.saturating_sub(ASIDE) };
            let widest = self.plain.iter().map(|line| text::width(line)).max().unwrap_or(0);
            self.left = self.left.min(widest.saturating_sub(self.size.0));
        }
    }

    pub fn step(&mut self, step: Step) {
        let page = self.size.1.saturating_sub(1).max(1);
        let first = self.first();
        self.go(match step {
            Step::Up => first.saturating_sub(1),
            Step::Down => first + 1,
            Step::PageUp => first.saturating_sub(page),
            Step::PageDown => first + page,
            Step::First => 0,
            Step::Last => usize::MAX,
        });
    }

    fn go(&mut self, row: usize) {
        let row = row.min(self.last_first());
        self.top = self.rows.get(row).map_or((0, 0), |row| (row.line, row.from));
    }

    /// The row that is shown first.
    fn first(&self) -> usize {
        let before = self.rows.partition_point(|row| (row.line, row.from) <= self.top);
        before.saturating_sub(1).min(self.last_first())
    }

    /// The row that is shown first when the end is in sight.
    fn last_first(&self) -> usize {
        self.rows.len().saturating_sub(self.size.1)
    }

    fn lay(&mut self) {
        let room = if self.wrap { self.size.0.max(1) } else { usize::MAX };
        self.rows.clear();
        for (line, text) in self.plain.iter().enumerate() {
            broken(text, room, |from, to| self.rows.push(Row { line, from, to }));
        }
    }

    /// Searches anew; goes to the first line from the present one on that has the text, whatever
    /// the case of its letters unless it has capitals.
    pub fn search(&mut self, wanted: &str) {
        if self.wanted != wanted {
            self.wanted = wanted.to_owned();
            self.at = None;
            self.look();
            self.next(true);
        }
    }

    fn look(&mut self) {
        let found = (self.plain.iter().enumerate()).filter(|(_, line)| !places(line, &self.wanted).is_empty());
        self.found = found.map(|(at, _)| at).collect();
        self.at = self.at.filter(|at| *at < self.found.len());
    }

    /// To the next line that was searched for, or the one before; round at the ends.
    pub fn next(&mut self, forward: bool) {
        if self.found.is_empty() {
            return;
        }
        let count = self.found.len();
        let here = self.top.0;
        let at = match (self.at, forward) {
            (Some(at), true) => (at + 1) % count,
            (Some(at), false) => (at + count - 1) % count,
            (None, true) => self.found.iter().position(|line| *line >= here).unwrap_or(0),
            (None, false) => self.found.iter().rposition(|line| *line <= here).unwrap_or(count - 1),
        };
        self.at = Some(at);
        let line = self.found[at];
        let row = self.rows.partition_point(|row| row.line < line);
        let first = self.first();
        if row < first || row >= first + self.size.1 {
            self.go(row.saturating_sub(self.size.1 / 3));
        }
    }

    /// Where we are: `lines 1–20 of 300`, and which of the lines found.
    pub fn note(&self, cx: &Cx) -> Vec<Span<'static>> {
        let mut told = Vec::new();
        if !self.wanted.is_empty() {
            let count = self.found.len();
            let word = match self.at {
                _ if count == 0 => "not found".to_owned(),
                Some(at) => format!("{}/{count}", at + 1),
                None => count.to_string(),
            };
            let role = if count == 0 { Role::Warning } else { Role::Match };
            told.push(cx.span(role, format!("/{} {word}", self.wanted)));
            told.push(cx.span(Role::Faint, "  "));
        }
        if let Some(first) = self.rows.get(self.first()) {
            let last = self.rows.get((self.first() + self.size.1).min(self.rows.len()).saturating_sub(1));
            let (from, to) = (first.line + 1, last.map_or(first.line, |row| row.line) + 1);
            let all = self.plain.len();
            let lines = if (from, to) == (1, all) { all.to_string() } else { format!("{from}–{to} of {all}") };
            told.push(cx.span(Role::Faint, lines));
        }
        told
    }

    pub fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let room = usize::from(area.width.saturating_sub(MARGIN));
        let size = (room, usize::from(area.height));
        if size.0 != self.size.0 {
            self.size = size;
            self.lay();
        }
        self.size = size;
        let led = self.at.and_then(|at| self.found.get(at));
        for (y, row) in (area.y..area.bottom()).zip(&self.rows[self.first().min(self.rows.len())..]) {
            let (Some(line), Some(plain)) = (self.paper.lines().get(row.line), self.plain.get(row.line)) else { break };
            if led == Some(&row.line) && row.from == 0 {
                text::put(buf, area.x, y, 1, vec![cx.span(Role::Key, "▸")]);
            }
            let from = if self.wrap { row.from } else { beyond(plain, self.left) };
            let marked = places(plain, &self.wanted);
            let spans = pieces(line, from, row.to.max(from), &marked, cx);
            text::put(buf, area.x + MARGIN.min(area.width), y, area.width.saturating_sub(MARGIN), spans);
        }
    }
}

/// Breaks a line into rows, at spaces where it can; an empty one is a row too.
fn broken(text: &str, room: usize, mut row: impl FnMut(usize, usize)) {
    let (mut from, mut wide, mut space) = (0, 0, None);
    for (at, c) in text.char_indices() {
        let columns = c.width().unwrap_or(0);
        if wide + columns > room && at > from {
            // A space far back would leave the row nearly empty.
            let to = space.filter(|space| (at - space) * 3 < room).unwrap_or(at);
            row(from, to);
            from = to;
            wide = text::width(&text[from..at]);
            space = None;
        }
        wide += columns;
        if c == ' ' {
            space = Some(at + 1);
        }
    }
    row(from, text.len());
}

/// The byte at which so many columns have gone by.
fn beyond(text: &str, columns: usize) -> usize {
    let mut gone = 0;
    let first = text.char_indices().find(|(_, c)| {
        let here = gone;
        gone += c.width().unwrap_or(0);
        here >= columns
    });
    first.map_or(text.len(), |(at, _)| at)
}

/// Where what is searched for begins and ends in a line, in bytes.
fn places(line: &str, wanted: &str) -> Vec<(usize, usize)> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let of = |(at, found): (usize, &str)| (at, at + found.len());
    if wanted.chars().any(char::is_uppercase) {
        return line.match_indices(wanted).map(of).collect();
    }
    // Only ASCII changes case, so that places stay places of the line itself.
    line.to_ascii_lowercase().match_indices(&wanted.to_ascii_lowercase()).map(of).collect()
}

/// The pieces of a line between two bytes, what is searched for marked.
fn pieces(line: &Line, from: usize, to: usize, marked: &[(usize, usize)], cx: &Cx) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let mut begin = 0;
    for (role, piece) in line {
        let end = begin + piece.len();
        let mut at = begin.max(from);
        let stop = end.min(to);
        while at < stop {
            let inside = marked.iter().find(|(from, to)| (*from..*to).contains(&at));
            let next = marked.iter().map(|(from, _)| *from).find(|from| *from > at).unwrap_or(stop);
            let upto = inside.map_or(next, |(_, to)| *to).min(stop);
            let role = if inside.is_some() { Role::Match } else { *role };
            spans.extend(piece.get(at - begin..upto - begin).map(|part| cx.span(role, part)));
            at = upto;
        }
        begin = end;
    }
    spans
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Pager, Row, beyond, broken, places};
    use crate::ui::widgets::list::Step;
    use crate::ui::widgets::paper::Paper;
    use crate::ui::widgets::text::width;

    fn rows(text: &str, room: usize) -> Vec<&str> {
        let mut rows = Vec::new();
        broken(text, room, |from, to| rows.push(&text[from..to]));
        rows
    }

    /// Of that many rows.
    fn pager(lines: usize, height: usize) -> Pager {
        let all: Vec<String> = (1..=lines).map(|n| format!("line {n}")).collect();
        let mut pager = Pager::new(Paper::plain(&all.join("\n")));
        pager.size.1 = height;
        pager
    }

    #[test]
    fn lines_break_at_spaces_that_are_near() {
        assert_eq!(rows("no valid host was found", 10), ["no valid ", "host was ", "found"]);
        assert_eq!(rows("a bcdefghijklmnop", 10), ["a bcdefghi", "jklmnop"]);
        assert_eq!(rows("日本語", 4), ["日本", "語"]);
        assert_eq!(rows("", 4), [""]);
        assert_eq!(&"日本語"[beyond("日本語", 3)..], "語");
    }

    #[test]
    fn steps_stay_in_the_text() {
        let mut pager = pager(30, 10);
        pager.step(Step::Last);
        assert_eq!((pager.first(), pager.top), (20, (20, 0)));
        pager.step(Step::Down);
        pager.step(Step::PageUp);
        assert_eq!(pager.first(), 11);
        pager.step(Step::First);
        pager.step(Step::Up);
        assert_eq!(pager.first(), 0);
    }

    #[test]
    fn a_log_is_followed_from_its_end_only() {
        let mut pager = pager(30, 10);
        let more = Paper::plain(&format!("{}more", pager.paper().text()));
        pager.step(Step::Last);
        pager.put(more.clone());
        assert_eq!(pager.first(), 21);
        pager.step(Step::Up);
        pager.put(Paper::plain(&format!("{}more", more.text())));
        assert_eq!(pager.first(), 20);
    }

    #[test]
    fn searching_leads_from_line_to_line_and_round() {
        let mut pager = pager(30, 10);
        pager.search("LINE 2");
        assert_eq!(pager.found, [] as [usize; 0], "capitals count");
        pager.search("line 2");
        assert_eq!((pager.found.len(), pager.at, pager.first()), (11, Some(0), 0));
        pager.next(true);
        assert_eq!((pager.found[1], pager.first()), (19, 16), "out of sight, so a third from the top");
        pager.next(false);
        pager.next(false);
        assert_eq!((pager.at, pager.found[10]), (Some(10), 28));
        assert_eq!(places("Ab ab", "ab"), [(0, 2), (3, 5)]);
    }

    #[test]
    fn the_first_line_stays_when_rows_become_narrower() {
        let mut pager = Pager::new(Paper::plain(&["many words in one line"; 50].join("\n")));
        pager.size = (10, 10);
        pager.lay();
        pager.go(30);
        assert_eq!(pager.top, (10, 0));
        pager.size = (40, 10);
        pager.lay();
        assert_eq!(pager.rows[pager.first()], Row { line: 10, from: 0, to: 22 });
    }

    proptest! {
        #[test]
        fn rows_are_the_whole_line(text in "[ a-z日🚀é]{0,60}", room in 2usize..30) {
            let broken = rows(&text, room);
            prop_assert_eq!(&broken.concat(), &text);
            prop_assert!(broken.iter().all(|row| width(row.trim_end()) <= room), "{:?}", broken);
        }
    }
}
