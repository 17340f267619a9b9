//! Boxes that share their borders: lines first, the focused box's line on top,
//! titles last so that no line runs through them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::symbols::merge::MergeStrategy;
use ratatui::text::Span;
use ratatui::widgets::{Block, BorderType, Widget};

use super::text;
use crate::ui::layer::Cx;
use crate::ui::theme::Role;

pub struct Boxed {
    pub area: Rect,
    pub title: Vec<Span<'static>>,
    /// At the right end of the upper border.
    pub note: Vec<Span<'static>>,
    pub focused: bool,
}

/// Draws them all; the areas may overlap by one line or column.
pub fn draw(boxes: &[Boxed], cx: &Cx, buf: &mut Buffer) {
    let (focused, others): (Vec<&Boxed>, Vec<&Boxed>) = boxes.iter().partition(|boxed| boxed.focused);
    for boxed in others.into_iter().chain(focused) {
        let role = if boxed.focused { Role::BorderFocused } else { Role::Border };
        Block::bordered()
            .border_type(BorderType::Rounded)
            .border_style(cx.style(role))
            .merge_borders(MergeStrategy::Fuzzy)
            .render(boxed.area, buf);
    }
    for boxed in boxes {
        titles(boxed, buf);
    }
}

fn titles(boxed: &Boxed, buf: &mut Buffer) {
    let Rect { x, y, width, height } = boxed.area;
    if width < 5 || height == 0 {
        return;
    }
    let room = width - 4;
    let mut left = vec![Span::raw(" ")];
    left.extend(text::fit_spans(boxed.title.clone(), usize::from(room.saturating_sub(1))));
    left.push(Span::raw(" "));
    let used = u16::try_from(text::spans_width(&left)).unwrap_or(u16::MAX);
    text::put(buf, x + 1, y, room + 2, left);
    let free = usize::from(room.saturating_sub(used + 1));
    if !boxed.note.is_empty() && free > 4 {
        let mut right = vec![Span::raw(" ")];
        right.extend(text::fit_spans(boxed.note.clone(), free - 2));
        right.push(Span::raw(" "));
        let wide = u16::try_from(text::spans_width(&right)).unwrap_or(u16::MAX);
        text::put(buf, (x + width).saturating_sub(wide + 2), y, wide, right);
    }
}

/// Where these columns of a box's title are; nothing where they have no room.
pub fn in_title(area: Rect, from: usize, to: usize) -> Rect {
    let end = usize::from(area.width.saturating_sub(2));
    let column = |at: usize| u16::try_from((at + 2).min(end)).unwrap_or(area.width);
    Rect { x: area.x + column(from), width: column(to) - column(from), height: area.height.min(1), ..area }
}

/// The inside of a bordered area.
pub fn inside(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(1),
        y: area.y.saturating_add(1),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

/// A box of its own in the middle of `over`, what was there wiped out; gives its inside
/// with one column of air at both sides.
pub fn dialog(over: Rect, width: u16, height: u16, title: &str, role: Role, cx: &Cx, buf: &mut Buffer) -> Rect {
    let width = width.min(over.width);
    let height = height.min(over.height);
    let area = Rect { x: over.x + (over.width - width) / 2, y: over.y + (over.height - height) / 2, width, height };
    text::blank(buf, area, cx.style(Role::Text));
    Block::bordered().border_type(BorderType::Rounded).border_style(cx.style(role)).render(area, buf);
    let title = vec![cx.span(if role == Role::BorderFocused { Role::TitleFocused } else { role }, title)];
    titles(&Boxed { area, title, note: Vec::new(), focused: true }, buf);
    let inner = inside(area);
    Rect { x: inner.x + 1.min(inner.width), width: inner.width.saturating_sub(2), ..inner }
}
