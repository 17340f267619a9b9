//! What may follow while a chord is not complete: drawn over the bottom of the
//! body, from the same table as the help page.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::ui::action::{Action, Context};
use crate::ui::key::{Code, KeyPress};
use crate::ui::layer::Cx;
use crate::ui::pointer::Spot;
use crate::ui::theme::Role;
use crate::ui::widgets::{boxes, text};

/// Whether there was something to draw: keys begun in a layer that has gone lead nowhere.
pub fn draw(begun: &[KeyPress], contexts: &[Context], cx: &Cx, body: Rect, footer: Rect, buf: &mut Buffer) -> bool {
    if begun.is_empty() {
        return false;
    }
    let next = cx.keymap.continuations(contexts, begun);
    if next.is_empty() {
        return false;
    }
    let keys: Vec<String> = next.iter().map(|(key, _)| key.to_string()).collect();
    let widest = keys.iter().map(|key| text::width(key)).max().unwrap_or(0);
    let line = |(key, (_, action)): (&String, &(KeyPress, Option<Action>))| {
        let doc = action.map_or("…", Action::doc);
        vec![cx.span(Role::Key, text::pad(key, widest)), cx.span(Role::Text, format!("  {doc}"))]
    };
    let lines: Vec<Vec<Span>> = keys.iter().zip(&next).map(line).collect();
    let columns = |lines: &[Vec<Span>]| lines.iter().map(|line| text::spans_width(line)).max().unwrap_or(0);
    let width = u16::try_from(columns(&lines) + 4).unwrap_or(u16::MAX).min(body.width);
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(body.height);
    let over = Rect { x: body.x, y: body.bottom() - height, width, height };
    let told: Vec<String> = begun.iter().map(ToString::to_string).collect();
    let told = format!("{} …", told.join(" "));
    let inner = boxes::dialog(over, width, height, &told, Role::BorderFocused, cx, buf);
    for (y, (key, _)) in (inner.y..inner.bottom()).zip(&next) {
        cx.pointer.put(Rect { y, height: 1, ..inner }, Spot::Key(*key));
    }
    text::put_lines(buf, inner, lines);
    let line = vec![
        cx.span(Role::Key, told),
        cx.span(Role::Hint, "  a key from the list, or "),
        cx.span(Role::Key, KeyPress::plain(Code::Esc).to_string()),
        cx.span(Role::Hint, " to cancel"),
    ];
    text::put(buf, footer.x + 1, footer.y, footer.width.saturating_sub(2), line);
    true
}
