//! The list that opens from a picker field: typing narrows it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::offers::Offer;
use crate::ui::action::Action;
use crate::ui::key::KeyPress;
use crate::ui::layer::Cx;
use crate::ui::panes::step;
use crate::ui::pointer::{Spot, WHEEL};
use crate::ui::theme::Role;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::list::{Cursor, Step};
use crate::ui::widgets::{boxes, table, text};

/// An open list.
#[derive(Debug, Default)]
pub struct Picker {
    typed: Input,
    cursor: Cursor<String>,
    /// Where several can be chosen: those that are, and whether any was at the beginning.
    marks: Option<(Vec<String>, bool)>,
    /// Why the last choice was refused.
    refused: Option<String>,
}

/// What a picker is given to show.
pub struct Menu {
    pub title: String,
    pub offers: Vec<Offer>,
    /// First row that means "none of them", when the field may stay empty.
    pub none: Option<String>,
    /// The lists are on their way.
    pub loading: bool,
    /// The service that would fill it failed: what is typed is taken as it is.
    pub free: bool,
}

/// How a choice ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Choice {
    Value(Option<String>),
    Marks(Vec<String>),
    NotYet,
}

impl Picker {
    pub fn at(value: Option<&str>) -> Self {
        let mut picker = Self::default();
        picker.cursor.select(value.unwrap_or_default().to_owned());
        picker
    }

    /// Any number of values: space marks them.
    pub fn marking(values: &[String]) -> Self {
        let mut picker = Self::at(values.first().map(String::as_str));
        picker.marks = Some((values.to_vec(), !values.is_empty()));
        picker
    }

    fn is_marked(&self, value: &str) -> bool {
        self.marks.as_ref().is_some_and(|(marks, _)| marks.iter().any(|mark| mark == value))
    }

    /// Marks the row under the cursor, or takes its mark away.
    fn mark(&mut self, menu: &Menu) -> bool {
        let keys: Vec<String> = self.rows(menu).into_iter().map(|(key, _)| key).collect();
        let (Some(value), Some((marks, _))) = (self.cursor.selected(&keys).cloned(), &mut self.marks) else {
            return false;
        };
        match marks.iter().position(|mark| *mark == value) {
            Some(at) => drop(marks.remove(at)),
            None => marks.push(value),
        }
        self.cursor.step(Step::Down, &keys);
        true
    }

    fn rows<'a>(&self, menu: &'a Menu) -> Vec<(String, Option<&'a Offer>)> {
        let wanted = self.typed.text().to_lowercase();
        let hit = |offer: &&Offer| {
            let text = format!("{} {} {}", offer.name, offer.note, offer.value).to_lowercase();
            wanted.split_whitespace().all(|word| text.contains(word))
        };
        let none =
            menu.none.iter().filter(|_| wanted.is_empty() && self.marks.is_none()).map(|_| (String::new(), None));
        none.chain(menu.offers.iter().filter(hit).map(|offer| (offer.value.clone(), Some(offer)))).collect()
    }

    pub fn on(&mut self, action: Action, menu: &Menu) -> Choice {
        let rows = self.rows(menu);
        let keys: Vec<String> = rows.iter().map(|(key, _)| key.clone()).collect();
        self.refused = None;
        if let Some(step) = step(action) {
            self.cursor.step(step, &keys);
            return Choice::NotYet;
        }
        if action != Action::Accept {
            return Choice::NotYet;
        }
        let here = self.cursor.index(&keys).map(|at| &rows[at]);
        if let Some((marks, had)) = &self.marks {
            // Nothing was ever marked: what the cursor is on is meant.
            let meant = here.filter(|_| marks.is_empty() && !had).map(|(value, _)| value.clone());
            return Choice::Marks(marks.iter().cloned().chain(meant).collect());
        }
        match here {
            Some((_, None)) => Choice::Value(None),
            Some((value, Some(Offer { unsuitable: None, .. }))) => Choice::Value(Some(value.clone())),
            Some((_, Some(Offer { name, unsuitable: Some(why), .. }))) => {
                self.refused = Some(format!("{name} {why}"));
                Choice::NotYet
            }
            None if menu.free && !self.typed.text().trim().is_empty() => {
                Choice::Value(Some(self.typed.text().trim().to_owned()))
            }
            None => Choice::NotYet,
        }
    }

    pub fn key(&mut self, key: KeyPress, menu: &Menu) -> bool {
        self.refused = None;
        if self.marks.is_some() && key == KeyPress::char(' ') {
            return self.mark(menu);
        }
        let changed = self.typed.key(key);
        if changed && let Some((first, _)) = self.rows(menu).first() {
            self.cursor.select(first.clone());
        }
        changed
    }

    /// Puts the cursor on the row; where several can be chosen, marks it. Whether it is the choice.
    pub fn click(&mut self, row: usize, menu: &Menu) -> bool {
        let keys: Vec<String> = self.rows(menu).into_iter().map(|(key, _)| key).collect();
        let already = self.cursor.click(row, &keys);
        if already.is_some() && self.marks.is_some() {
            self.mark(menu);
            return false;
        }
        already == Some(true)
    }

    pub fn wheel(&mut self, down: bool, menu: &Menu) {
        let keys: Vec<String> = self.rows(menu).into_iter().map(|(key, _)| key).collect();
        self.cursor.scroll(down, WHEEL, &keys);
    }

    pub fn paste(&mut self, text: &str) {
        self.typed.paste(text);
    }

    pub fn view(&mut self, menu: &Menu, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let rows = self.rows(menu);
        let wide = menu.offers.iter().map(|offer| text::width(&offer.name)).max().unwrap_or(0).clamp(12, 36);
        let height = u16::try_from(rows.len().max(menu.offers.len()).max(2) + 5).unwrap_or(u16::MAX).min(area.height);
        let inner = boxes::dialog(area, 78, height, &menu.title, Role::BorderFocused, cx, buf);
        if inner.height < 3 {
            return;
        }
        let search = Rect { height: 1, ..inner };
        text::put(buf, search.x, search.y, 2, vec![cx.span(Role::FieldFocused, "/ ")]);
        self.typed.view(true, cx, Rect { x: search.x + 2, width: search.width.saturating_sub(2), ..search }, buf);
        let list = Rect { y: inner.y + 1, height: inner.height - 2, ..inner };
        let foot = match (&self.refused, rows.is_empty()) {
            (Some(why), _) => cx.span(Role::Failed, format!("✖ {why}")),
            (None, true) if menu.loading => cx.span(Role::Moving, "◌ loading from the cloud…"),
            (None, true) if menu.free => {
                cx.span(Role::Warning, "the list could not be loaded: what you type is taken as it is")
            }
            (None, true) if menu.offers.is_empty() => cx.span(Role::Muted, "this project has none"),
            (None, true) => cx.span(Role::Muted, "nothing contains that"),
            (None, false) if self.marks.is_some() => cx.span(Role::Faint, "space marks one, enter takes those marked"),
            (None, false) => cx.span(
                Role::Faint,
                format!("{} of {}", rows.iter().filter(|(_, offer)| offer.is_some()).count(), menu.offers.len()),
            ),
        };
        text::put(buf, inner.x, inner.bottom() - 1, inner.width, vec![foot]);
        let keys: Vec<String> = rows.iter().map(|(key, _)| key.clone()).collect();
        let window = self.cursor.window(&keys, usize::from(list.height));
        cx.pointer.put(list, Spot::Rows);
        let here = self.cursor.index(&keys);
        for (y, at) in (list.top()..list.bottom()).zip(window) {
            let mut spans = row(rows[at].1, menu, wide, cx);
            if self.marks.is_some() {
                let marked = self.is_marked(&rows[at].0);
                let sign = if marked { cx.span(Role::FieldFocused, "[x] ") } else { cx.span(Role::Muted, "[ ] ") };
                spans.insert(0, sign);
            }
            text::put(buf, list.x + 2, y, list.width.saturating_sub(2), spans);
            if here == Some(at) {
                table::mark(list, y, true, cx, buf);
            }
        }
    }
}

fn row(offer: Option<&Offer>, menu: &Menu, wide: usize, cx: &Cx) -> Vec<Span<'static>> {
    let Some(offer) = offer else {
        return vec![cx.span(Role::Muted, menu.none.clone().unwrap_or_default())];
    };
    match &offer.unsuitable {
        None => {
            vec![cx.span(Role::Strong, text::pad(&offer.name, wide)), cx.span(Role::Muted, format!("  {}", offer.note))]
        }
        Some(why) => {
            vec![cx.span(Role::Faint, text::pad(&offer.name, wide)), cx.span(Role::Warning, format!("  {why}"))]
        }
    }
}
