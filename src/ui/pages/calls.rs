//! The page of API calls: every exchange with the clouds as it happens, and the details of the one
//! under the cursor.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::home::copy;
use super::layout;
use crate::ui::action::{Action, Context};
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer, Route};
use crate::ui::panes::ListPane;
use crate::ui::panes::calls::{self, Calls};
use crate::ui::pointer::{Clicked, Under};
use crate::ui::theme::Role;
use crate::ui::widgets::boxes::{self, Boxed};
use crate::ui::widgets::text;

#[derive(Default)]
pub struct CallsPage {
    list: ListPane<Calls>,
}

impl CallsPage {
    fn places(area: Rect, cx: &Cx) -> (Rect, Rect) {
        if area.width >= layout::WIDE && area.height < 30 {
            return cx.pointer.columns("calls", area, 64);
        }
        let rects = cx.pointer.column("calls", area, &[(5, 1), (10, 0)]);
        (rects[0], rects[1])
    }
}

impl Layer for CallsPage {
    fn contexts(&self) -> Vec<Context> {
        if self.list.filter.is_editing() {
            return vec![Context::Filter];
        }
        vec![Context::Calls, Context::List]
    }

    fn route(&self) -> Option<Route> {
        Some(Route::Calls)
    }

    fn takes_text(&self) -> bool {
        self.list.filter.is_editing()
    }

    fn text(&mut self, key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        (self.takes_text() && self.list.filter.key(key)).then(Vec::new)
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        if self.takes_text() {
            self.list.filter.paste(text);
        }
    }

    fn on(&mut self, action: Action, cx: &Cx) -> Vec<Ask> {
        if self.list.on(action, cx) {
            return Vec::new();
        }
        match action {
            Action::Back => vec![Ask::Close],
            Action::Copy => self.list.selected(cx).map_or_else(Vec::new, |call| copy("call", &call.line())),
            _ => Vec::new(),
        }
    }

    fn click(&mut self, on: Under, cx: &Cx) -> Clicked {
        self.list.click(on, cx)
    }

    fn wheel(&mut self, _pane: Option<u8>, down: bool, cx: &Cx) -> Vec<Ask> {
        self.list.wheel(down, cx);
        Vec::new()
    }

    fn offers(&self, action: Action, _cx: &Cx) -> bool {
        action != Action::Open
    }

    fn follows_calls(&self) -> bool {
        true
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let (list, side) = Self::places(area, cx);
        let note = self.list.note(cx);
        let title = self.list.title(1, true, cx);
        let about = vec![cx.span(Role::Title, "Details")];
        let boxed = [
            Boxed { area: list, title, note, focused: true },
            Boxed { area: side, title: about, note: Vec::new(), focused: false },
        ];
        boxes::draw(&boxed, cx, buf);
        self.list.view(true, cx, boxes::inside(list), buf);
        let inner = boxes::inside(side);
        let inner = Rect { x: inner.x + 1.min(inner.width), width: inner.width.saturating_sub(2), ..inner };
        if let Some(call) = self.list.selected(cx) {
            text::put_lines(buf, inner, calls::details(call, usize::from(inner.width), cx));
        }
    }
}
