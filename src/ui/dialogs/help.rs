//! Every key of where the user is, from the keymap itself.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::ui::action::{Action, Context};
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::theme::Role;
use crate::ui::widgets::{boxes, text};

const MOUSE: [(&str, &str); 4] = [
    ("click", "Select, and open what is selected; do what a hint says"),
    ("wheel", "Scroll what is under the pointer"),
    ("drag", "Move a border between panes"),
    ("shift", "Held down: the terminal's own, to select text"),
];

pub struct HelpPage {
    /// Of the layer it was opened from.
    about: Vec<Context>,
    top: usize,
    /// The greatest `top` at the last drawing.
    end: usize,
    page: usize,
}

impl HelpPage {
    pub fn new(about: Vec<Context>) -> Self {
        Self { about, top: 0, end: usize::MAX, page: 1 }
    }

    fn lines(&self, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        let listing = cx.keymap.listing(&self.about);
        let widest = listing.iter().flat_map(|(_, rows)| rows).map(|(keys, _)| text::width(keys)).max().unwrap_or(0);
        let mut lines = Vec::new();
        for (context, rows) in listing {
            if !lines.is_empty() {
                lines.push(Vec::new());
            }
            lines.push(vec![cx.span(Role::TitleFocused, context.title())]);
            for (keys, action) in rows {
                lines.push(vec![
                    cx.span(Role::Key, format!("  {}", text::pad(&keys, widest))),
                    cx.span(Role::Text, format!("  {}", action.doc())),
                ]);
            }
        }
        lines.push(Vec::new());
        lines.push(vec![cx.span(Role::TitleFocused, "Mouse")]);
        lines.extend(MOUSE.map(|(what, does)| {
            vec![cx.span(Role::Key, format!("  {}", text::pad(what, widest))), cx.span(Role::Text, format!("  {does}"))]
        }));
        lines
    }
}

impl Layer for HelpPage {
    fn contexts(&self) -> Vec<Context> {
        vec![Context::Help]
    }

    fn is_overlay(&self) -> bool {
        true
    }

    fn on(&mut self, action: Action, _cx: &Cx) -> Vec<Ask> {
        self.top = match action {
            Action::Up => self.top.saturating_sub(1),
            Action::Down => self.top.saturating_add(1),
            Action::PageUp => self.top.saturating_sub(self.page),
            Action::PageDown => self.top.saturating_add(self.page),
            Action::First => 0,
            Action::Last => self.end,
            Action::Back => return vec![Ask::Close],
            _ => self.top,
        }
        .min(self.end);
        Vec::new()
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let lines = self.lines(cx);
        let widest = lines.iter().map(|line| text::spans_width(line)).max().unwrap_or(0);
        let width = u16::try_from(widest + 6).unwrap_or(u16::MAX);
        let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
        let inner = boxes::dialog(area, width, height, "Keys", Role::BorderFocused, cx, buf);
        self.page = usize::from(inner.height).max(1);
        self.end = lines.len().saturating_sub(self.page);
        self.top = self.top.min(self.end);
        let more = self.end - self.top;
        text::put_lines(buf, inner, lines.into_iter().skip(self.top).collect());
        if more > 0 && inner.height > 1 {
            let told = format!(" {more} more ↓ ");
            let wide = u16::try_from(text::width(&told)).unwrap_or(0);
            text::put(buf, inner.right().saturating_sub(wide), inner.bottom(), wide, vec![cx.span(Role::Key, told)]);
        }
    }
}
