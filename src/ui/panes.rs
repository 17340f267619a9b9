//! Panes: lists with a cursor and a filter. A list of cloud objects is a
//! descriptor ([`Spec`]: rows, columns, words when empty); the two that are
//! something else (events, resource tree) bring their own drawing.

pub mod calls;
pub mod certificates;
pub mod change;
pub mod clusters;
pub mod events;
pub mod groups;
pub mod history;
pub mod issued;
pub mod labels;
pub mod movers;
pub mod nodes;
pub mod prefs;
pub mod project;
pub mod resources;
pub mod templates;
pub mod tree;

use std::cell::RefCell;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::action::Action;
use super::filter::Filter;
use super::fleet::Loaded;
use super::layer::Cx;
use super::pointer::{Clicked, Spot, Under, WHEEL};
use super::theme::Role;
use super::widgets::list::{Cursor, Step};
use super::widgets::marks::Marks;
use super::widgets::table::{self, Column, Sorted};
use super::widgets::text;

/// What a list shows and how.
pub trait Spec {
    type Key: Clone + Ord;
    type Row: 'static;
    /// Whose rows are listed: `()` where they are everybody's.
    type Of: Copy + Default;
    const TITLE: &'static str;
    fn rows<'a>(of: Self::Of, cx: &Cx<'a>) -> Vec<&'a Self::Row>;
    fn key(row: &Self::Row) -> Self::Key;
    fn columns() -> &'static [Column<Self::Row>];
    /// What the filter looks through.
    /// It follows from the fleet, and not from the time.
    fn haystack(row: &Self::Row, cx: &Cx) -> String;
    /// What to say instead of rows, and what to do about it.
    fn empty(of: Self::Of, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>>;
}

/// Beside a marked row, and before their number.
const MARK: &str = "✓";

pub struct ListPane<S: Spec> {
    of: S::Of,
    cursor: Cursor<S::Key>,
    /// `None`: as [`Spec::rows`] gives them.
    sorted: Option<Sorted>,
    pub filter: Filter,
    marks: Marks<S::Key>,
    /// What filter and order made of all rows: a picture asks for them many times.
    shown: RefCell<Option<Shown>>,
}

/// Which of all rows are shown, in which order; of this version of the fleet, with this filter and order.
struct Shown {
    of: (u64, String, Option<Sorted>),
    rows: Vec<usize>,
}

impl<S: Spec> Default for ListPane<S> {
    fn default() -> Self {
        Self::of(S::Of::default())
    }
}

/// The cursor's step for an action, if it is one.
pub fn step(action: Action) -> Option<Step> {
    Some(match action {
        Action::Up => Step::Up,
        Action::Down => Step::Down,
        Action::PageUp => Step::PageUp,
        Action::PageDown => Step::PageDown,
        Action::First => Step::First,
        Action::Last => Step::Last,
        _ => return None,
    })
}

impl<S: Spec> ListPane<S> {
    pub fn of(of: S::Of) -> Self {
        Self {
            of,
            cursor: Cursor::default(),
            sorted: None,
            filter: Filter::default(),
            marks: Marks::default(),
            shown: RefCell::default(),
        }
    }

    pub fn rows<'a>(&self, cx: &Cx<'a>) -> Vec<&'a S::Row> {
        let all = S::rows(self.of, cx);
        if self.filter.text().is_empty() && self.sorted.is_none() {
            return all;
        }
        let of = (cx.fleet.version, self.filter.text().to_owned(), self.sorted);
        let mut shown = self.shown.borrow_mut();
        if shown.as_ref().is_none_or(|have| have.of != of) {
            *shown = Some(Shown { rows: self.arrange(&all, cx), of });
        }
        let rows = shown.iter().flat_map(|shown| &shown.rows);
        rows.filter_map(|at| all.get(*at).copied()).collect()
    }

    /// What the filter leaves of all rows, sorted.
    fn arrange(&self, all: &[&S::Row], cx: &Cx) -> Vec<usize> {
        let mut rows: Vec<usize> = match self.filter.matcher() {
            None => (0..all.len()).collect(),
            Some(matches) => (0..all.len()).filter(|at| matches(&S::haystack(all[*at], cx))).collect(),
        };
        if let Some((Sorted { reversed, .. }, column)) =
            self.sorted.and_then(|by| Some((by, S::columns().get(by.column)?)))
        {
            // Stable, reversed too: equals stay in the order of their names.
            let order = |a: usize, b: usize| (column.order)(all[a], all[b], cx);
            rows.sort_by(|a, b| if reversed { order(*b, *a) } else { order(*a, *b) });
        }
        rows
    }

    pub fn selected<'a>(&self, cx: &Cx<'a>) -> Option<&'a S::Row> {
        let rows = self.rows(cx);
        self.cursor.index_among(rows.len(), |at| S::key(rows[at])).map(|index| rows[index])
    }

    /// The marked ones that are there, also those that the filter hides, in the order of their names.
    pub fn marked<'a>(&self, cx: &Cx<'a>) -> Vec<&'a S::Row> {
        if self.marks.is_empty() {
            return Vec::new();
        }
        S::rows(self.of, cx).into_iter().filter(|row| self.marks.has(&S::key(row))).collect()
    }

    /// What an action on several is about: the marked ones, else the one under the cursor.
    pub fn meant<'a>(&self, cx: &Cx<'a>) -> Vec<&'a S::Row> {
        let marked = self.marked(cx);
        if marked.is_empty() { self.selected(cx).into_iter().collect() } else { marked }
    }

    /// Back to the first row, whichever that is then.
    pub fn to_top(&mut self) {
        self.cursor = Cursor::default();
    }

    pub fn unmark(&mut self) {
        self.marks.clear();
    }

    /// Whether there is a filter or a mark to take away before anything is left.
    pub fn can_clear(&self) -> bool {
        self.filter.is_editing() || !self.filter.text().is_empty() || !self.marks.is_empty()
    }

    pub fn select(&mut self, key: S::Key) {
        self.filter.clear();
        self.cursor.select(key);
    }

    /// Sorts by another column or the other way round; the cursor stays on its row.
    fn sort(&mut self, next: Option<Sorted>, cx: &Cx) {
        if let Some(key) = self.selected(cx).map(S::key) {
            self.cursor.select(key);
        }
        self.sorted = next;
    }

    /// Whether the action was one of a list's own.
    pub fn on(&mut self, action: Action, cx: &Cx) -> bool {
        if let Some(step) = step(action) {
            let rows = self.rows(cx);
            self.cursor.step_among(step, rows.len(), |at| S::key(rows[at]));
            return true;
        }
        match action {
            Action::Filter => self.filter.start(),
            Action::Sort => {
                let column = self.sorted.map_or(0, |by| by.column) + 1;
                self.sort(Some(Sorted { column: column % S::columns().len(), reversed: false }), cx);
            }
            Action::SortReverse => {
                let by = self.sorted.unwrap_or(Sorted { column: 0, reversed: false });
                self.sort(Some(Sorted { reversed: !by.reversed, ..by }), cx);
            }
            Action::Accept if self.filter.is_editing() => self.filter.finish(),
            Action::Back => {
                let marked = !self.marked(cx).is_empty();
                return self.filter.clear() || self.marks.clear() && marked;
            }
            Action::MarkRow | Action::MarkRange | Action::MarkAll => self.mark(action, cx),
            _ => return false,
        }
        true
    }

    fn mark(&mut self, action: Action, cx: &Cx) {
        let keys: Vec<S::Key> = self.rows(cx).into_iter().map(S::key).collect();
        let Some(here) = self.cursor.index(&keys) else { return };
        match action {
            Action::MarkRow => {
                self.marks.turn(keys[here].clone());
                self.cursor.step(Step::Down, &keys);
            }
            Action::MarkRange => self.marks.range(&keys, here),
            _ => self.marks.turn_all(&keys),
        }
    }

    pub fn click(&mut self, on: Under, cx: &Cx) -> Clicked {
        match on {
            Under::Row(row) => {
                let keys: Vec<S::Key> = self.rows(cx).into_iter().map(S::key).collect();
                self.filter.finish();
                if self.cursor.click(row, &keys) == Some(true) {
                    return Clicked::Enter;
                }
            }
            Under::Heading(column) => {
                let again = self.sorted.filter(|by| by.column == column);
                self.sort(Some(Sorted { column, reversed: again.is_some_and(|by| !by.reversed) }), cx);
            }
            Under::Field(_) | Under::Shell(_) => {}
        }
        Clicked::NOTHING
    }

    pub fn wheel(&mut self, down: bool, cx: &Cx) {
        let keys: Vec<S::Key> = self.rows(cx).into_iter().map(S::key).collect();
        self.cursor.scroll(down, WHEEL, &keys);
    }

    pub fn title(&self, number: u8, focused: bool, cx: &Cx) -> Vec<Span<'static>> {
        let mut spans = title(number, S::TITLE, focused, &self.filter, cx);
        let marked = self.marked(cx).len();
        if marked > 0 {
            let shown = self.rows(cx).into_iter().filter(|row| self.marks.has(&S::key(row))).count();
            let hidden = if shown < marked { format!(", {} not shown", marked - shown) } else { String::new() };
            spans.push(cx.span(Role::FieldFocused, format!(" {MARK} {marked} marked{hidden}")));
        }
        spans
    }

    /// [`Self::title`] where a pane has no number.
    pub fn heading(&self, focused: bool, cx: &Cx) -> Vec<Span<'static>> {
        self.title(0, focused, cx).split_off(1)
    }

    pub fn view(&mut self, focused: bool, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let rows = self.rows(cx);
        if rows.is_empty() {
            let room = usize::from(area.width.saturating_sub(3));
            let lines = if self.filter.text().is_empty() {
                S::empty(self.of, room, cx)
            } else {
                vec![vec![cx.span(Role::Muted, format!("nothing contains \"{}\"", self.filter.text()))]]
            };
            let inner = Rect { x: area.x + 2.min(area.width), width: area.width.saturating_sub(3), ..area };
            return text::put_lines(buf, inner, lines);
        }
        let key = |at: usize| S::key(rows[at]);
        let heading = usize::from(area.height > 2);
        let height = usize::from(area.height).saturating_sub(heading);
        let window = self.cursor.window_among(rows.len(), key, height);
        let selected = self.cursor.index_among(rows.len(), key).and_then(|index| index.checked_sub(window.start));
        let marked: Vec<bool> = window.clone().map(|at| self.marks.has(&key(at))).collect();
        table::draw(S::columns(), &rows[window], self.sorted, selected.map(|at| (at, focused)), cx, area, buf);
        let below = (area.y..area.bottom()).skip(heading);
        let heading = u16::try_from(heading).unwrap_or(0).min(area.height);
        let list = Rect { y: area.y + heading, height: area.height - heading, ..area };
        cx.pointer.put(list, Spot::Rows);
        for (y, _) in below.zip(marked).filter(|(_, marked)| *marked) {
            text::put(buf, area.x + 1, y, 1, vec![cx.span(Role::FieldFocused, MARK)]);
        }
    }

    /// `12` or, filtered, `3 of 12`; `more below` when the rows do not fit.
    pub fn note(&self, cx: &Cx) -> Vec<Span<'static>> {
        let all = S::rows(self.of, cx).len();
        let shown = self.rows(cx).len();
        if all == 0 {
            Vec::new()
        } else if shown == all {
            vec![cx.span(Role::Faint, all.to_string())]
        } else {
            vec![cx.span(Role::Faint, format!("{shown} of {all}"))]
        }
    }
}

/// `1 Clusters /filter▏`.
pub fn title(number: u8, name: &str, focused: bool, filter: &Filter, cx: &Cx) -> Vec<Span<'static>> {
    let role = if focused { Role::TitleFocused } else { Role::Title };
    let mut spans = vec![cx.span(Role::Key, format!("{number} ")), cx.span(role, name)];
    if filter.is_editing() || !filter.text().is_empty() {
        spans.push(cx.span(Role::Match, format!(" /{}", filter.text())));
    }
    if filter.is_editing() {
        spans.push(cx.span(Role::Cursor, " "));
    }
    spans
}

/// `key word` for texts that tell what can be pressed.
pub fn press(action: Action, contexts: &[super::action::Context], what: &str, cx: &Cx) -> Vec<Span<'static>> {
    match cx.keymap.key_for(contexts, action) {
        Some(key) => vec![cx.span(Role::Key, key.to_string()), cx.span(Role::Muted, format!("  {what}"))],
        None => vec![cx.span(Role::Muted, what)],
    }
}

/// Label and value of a details line.
pub fn fact(label: &str, value: Vec<Span<'static>>, cx: &Cx) -> Vec<Span<'static>> {
    let mut spans = vec![cx.span(Role::Label, format!("{} ", text::pad(label, 11)))];
    spans.extend(value);
    spans
}

/// What stands in place of rows that there are none of: why they could not be had, that there is
/// `nothing`, or that they are on their way.
pub fn unlisted(loaded: Option<&Loaded>, nothing: &str, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    match loaded {
        Some(Loaded::Failed(problem)) => problem_lines(problem, room, cx),
        Some(Loaded::Yes) => vec![vec![cx.span(Role::Muted, nothing)]],
        Some(Loaded::Not) | None => vec![vec![loading(cx)]],
    }
}

pub fn loading(cx: &Cx) -> Span<'static> {
    cx.span(Role::Moving, "◌ loading…")
}

/// A problem with its advice and request id, over several lines.
pub fn problem_lines(problem: &crate::model::Problem, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let mut lines: Vec<Vec<Span>> = text::wrap(&format!("✖ {}", problem.summary), room, 8)
        .into_iter()
        .map(|line| vec![cx.span(Role::Failed, line)])
        .collect();
    if let Some(advice) = &problem.advice {
        lines.extend(
            text::wrap(&format!("→ {advice}"), room, 4).into_iter().map(|line| vec![cx.span(Role::Text, line)]),
        );
    }
    if let Some(id) = &problem.request_id {
        lines.push(vec![cx.span(Role::Muted, format!("request {id}"))]);
    }
    lines
}
