//! A shell's cells as ours: every character is looked at, and colours are those that the user's
//! terminal can show.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

use super::Shell;
use crate::model::text::is_unsafe;
use crate::ui::layer::Cx;
use crate::ui::theme::Role;

/// `typing`: what is typed goes there, so that its cursor is shown.
pub fn draw(shell: &Shell, typing: bool, cx: &Cx, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(*buf.area());
    let screen = shell.screen();
    let (rows, columns) = screen.size();
    let base = cx.style(Role::Text);
    for row in 0..rows.get().min(area.height) {
        for column in 0..columns.get().min(area.width) {
            let Some(cell) = screen.cell(row, column) else { continue };
            let at = (area.x + column, area.y + row);
            if cell.is_wide_continuation() {
                // Its background; the character before covers it.
                buf[at].set_style(style(cell, base, cx));
                continue;
            }
            let cut = cell.is_wide() && column + 1 >= columns.get().min(area.width);
            let text = if cut { " ".to_owned() } else { symbol(cell) };
            buf[at].set_symbol(&text).set_style(style(cell, base, cx));
        }
    }
    let across = |row: usize| u16::try_from(row).ok().filter(|row| *row < area.height).map(|row| area.y + row);
    if let Some(browse) = shell.browse() {
        for row in 0..usize::from(area.height) {
            let Some(y) = across(row) else { continue };
            for (from, to) in browse.found(row) {
                let from = u16::try_from(from).unwrap_or(u16::MAX).min(area.width);
                let to = u16::try_from(to).unwrap_or(u16::MAX).min(area.width);
                buf.set_style(Rect { x: area.x + from, y, width: to - from, height: 1 }, cx.style(Role::Match));
            }
            if browse.is_marked(row) || browse.cursor_row() == row {
                let role = if browse.is_marked(row) { Role::Selected } else { Role::SelectedIdle };
                buf.set_style(Rect { y, height: 1, ..area }, cx.style(role));
            }
        }
        return;
    }
    let (row, column) = screen.cursor_position();
    let inside = row < area.height && shell.is_alive() && !screen.hide_cursor();
    if typing && inside && area.width > 0 {
        // After the last column it waits there to wrap.
        let at = (area.x + column.min(area.width - 1), area.y + row);
        buf[at].modifier.toggle(Modifier::REVERSED);
    }
}

/// One character with what combines with it, of the width that the emulator takes it for.
fn symbol(cell: &vt100::Cell) -> String {
    let text: String = cell.contents().chars().filter(|c| !is_unsafe(*c)).collect();
    let wide = if cell.is_wide() { 2 } else { 1 };
    match text.width() {
        _ if text.is_empty() => " ".repeat(wide),
        width if width == wide => text,
        // Another idea of its width than ours would shift the whole line.
        _ => format!("\u{FFFD}{}", " ".repeat(wide - 1)),
    }
}

fn style(cell: &vt100::Cell, base: Style, cx: &Cx) -> Style {
    let mut style = base;
    style.fg = colour(cell.fgcolor()).and_then(|colour| cx.theme.shade(colour)).or(style.fg);
    style.bg = colour(cell.bgcolor()).and_then(|colour| cx.theme.shade(colour)).or(style.bg);
    for (set, modifier) in [
        (cell.bold(), Modifier::BOLD),
        (cell.dim(), Modifier::DIM),
        (cell.italic(), Modifier::ITALIC),
        (cell.underline(), Modifier::UNDERLINED),
        (cell.inverse(), Modifier::REVERSED),
    ] {
        if set {
            style = style.add_modifier(modifier);
        }
    }
    style
}

fn colour(of: vt100::Color) -> Option<Color> {
    const NAMED: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match of {
        vt100::Color::Default => None,
        // By name, as terminals with no more than these understand them.
        vt100::Color::Idx(index) => Some(NAMED.get(usize::from(index)).copied().unwrap_or(Color::Indexed(index))),
        vt100::Color::Rgb(r, g, b) => Some(Color::Rgb(r, g, b)),
    }
}
