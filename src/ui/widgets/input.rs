//! One line of text being edited, on the same editor as the label field. Control
//! characters never get in, and neither does more than a person would type.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;
use tui_textarea::{CursorMove, TextArea};

use crate::model::text::is_unsafe;
use crate::ui::key::{Code, KeyPress};
use crate::ui::layer::Cx;
use crate::ui::theme::Role;

/// Far more than any field may have, so that the rule, not the field, says "too long".
const LIMIT: usize = 4096;

#[derive(Debug, Clone)]
pub struct Input {
    area: TextArea<'static>,
}

impl Default for Input {
    fn default() -> Self {
        Self::new("")
    }
}

impl Input {
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(vec![text.to_owned()]);
        area.move_cursor(CursorMove::End);
        Self { area }
    }

    pub fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// Whether the text changed or the cursor moved.
    pub fn key(&mut self, key: KeyPress) -> bool {
        if matches!(
            key.code,
            Code::Enter | Code::Tab | Code::Esc | Code::Up | Code::Down | Code::PageUp | Code::PageDown
        ) || (key.ctrl && key.code == Code::Char('m'))
        {
            return false;
        }
        if key.typed().is_some_and(|c| is_unsafe(c) || self.text().len() >= LIMIT) {
            return false;
        }
        let before = self.area.cursor();
        self.area.input(key) || self.area.cursor() != before
    }

    /// Pasted text becomes one line; what could steer a terminal is left out.
    pub fn paste(&mut self, text: &str) {
        let room = LIMIT.saturating_sub(self.text().len());
        let line: String = text
            .trim_end_matches(['\r', '\n'])
            .chars()
            .map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c })
            .filter(|c| !is_unsafe(*c))
            .take(room)
            .collect();
        self.area.insert_str(line);
    }

    pub fn view(&mut self, focused: bool, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let role = if focused { Role::Strong } else { Role::Field };
        self.area.set_style(cx.style(role));
        self.area.set_cursor_line_style(cx.style(role));
        self.area.set_cursor_style(if focused { cx.style(Role::Cursor) } else { cx.style(role) });
        (&self.area).render(area.intersection(*buf.area()), buf);
    }
}
