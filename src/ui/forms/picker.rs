//! The list that opens from a picker field: typing narrows it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::offers::Offer;
use crate::ui::action::Action;
use crate::ui::key::KeyPress;
use crate::ui::layer::Cx;
use crate::ui::panes::step;
use crate::ui::theme::Role;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::list::Cursor;
use crate::ui::widgets::{boxes, table, text};

/// An open list.
#[derive(Debug, Default)]
pub struct Picker {
    typed: Input,
    cursor: Cursor<String>,
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
pub enum Choice {
    Value(Option<String>),
    NotYet,
}

impl Picker {
    pub fn at(value: Option<&str>) -> Self {
        let mut picker = Self::default();
        picker.cursor.select(value.unwrap_or_default().to_owned());
        picker
    }

    fn rows<'a>(&self, menu: &'a Menu) -> Vec<(String, Option<&'a Offer>)> {
        let wanted = self.typed.text().to_lowercase();
        let hit = |offer: &&Offer| {
            let text = format!("{} {} {}", offer.name, offer.note, offer.value).to_lowercase();
            wanted.split_whitespace().all(|word| text.contains(word))
        };
        let none = menu.none.iter().filter(|_| wanted.is_empty()).map(|_| (String::new(), None));
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
        match self.cursor.index(&keys).map(|at| &rows[at]) {
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
        let changed = self.typed.key(key);
        if changed && let Some((first, _)) = self.rows(menu).first() {
            self.cursor.select(first.clone());
        }
        changed
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
            (None, false) => cx.span(
                Role::Faint,
                format!("{} of {}", rows.iter().filter(|(_, offer)| offer.is_some()).count(), menu.offers.len()),
            ),
        };
        text::put(buf, inner.x, inner.bottom() - 1, inner.width, vec![foot]);
        let keys: Vec<String> = rows.iter().map(|(key, _)| key.clone()).collect();
        let window = self.cursor.window(&keys, usize::from(list.height));
        let here = self.cursor.index(&keys);
        for (y, at) in (list.top()..list.bottom()).zip(window) {
            text::put(buf, list.x + 2, y, list.width.saturating_sub(2), row(rows[at].1, menu, wide, cx));
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
