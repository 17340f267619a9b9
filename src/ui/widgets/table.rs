//! Tables from column descriptors. Widths follow the content; when it gets
//! narrow, columns shrink to their least width and then go, the highest rank first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use ratatui::text::Span;

use super::text;
use crate::ui::layer::Cx;
use crate::ui::theme::Role;

/// One column of rows of type `R`.
pub struct Column<R> {
    pub title: &'static str,
    /// Below this it is no use: columns of a higher rank go before.
    pub min: usize,
    pub max: usize,
    /// 0 stays to the last; the highest goes first.
    pub rank: u8,
    pub cell: fn(&R, &Cx) -> Vec<Span<'static>>,
}

const GAP: usize = 2;

/// Draws title line (where there is room) and rows; `selected` is an index into `rows`.
pub fn draw<R>(
    columns: &[Column<R>],
    rows: &[&R],
    selected: Option<usize>,
    focused: bool,
    cx: &Cx,
    area: Rect,
    buf: &mut Buffer,
) {
    if area.width < 4 || area.height == 0 {
        return;
    }
    let cells: Vec<Vec<Vec<Span>>> =
        rows.iter().map(|row| columns.iter().map(|column| (column.cell)(row, cx)).collect()).collect();
    let room = usize::from(area.width).saturating_sub(3);
    let widths = widths(columns, &cells, room);
    let heading = u16::from(area.height > 2);
    let mut x = area.x + 2;
    for (column, wide) in columns.iter().zip(&widths).filter(|_| heading > 0) {
        let Some(wide) = *wide else { continue };
        text::put(buf, x, area.y, u16::try_from(wide).unwrap_or(0), vec![cx.span(Role::Heading, column.title)]);
        x += u16::try_from(wide + GAP).unwrap_or(0);
    }
    for (index, (y, row)) in (area.y + heading..area.bottom()).zip(cells).enumerate() {
        let here = selected == Some(index);
        let mut x = area.x + 2;
        for (spans, wide) in row.into_iter().zip(&widths) {
            let Some(wide) = *wide else { continue };
            text::put(buf, x, y, u16::try_from(wide).unwrap_or(0), spans);
            x += u16::try_from(wide + GAP).unwrap_or(0);
        }
        if here {
            mark(area, y, focused, cx, buf);
        }
    }
}

/// Marks a row as the one under the cursor: a sign and a look.
pub fn mark(area: Rect, y: u16, focused: bool, cx: &Cx, buf: &mut Buffer) {
    let role = if focused { Role::Selected } else { Role::SelectedIdle };
    let row = Rect { y, height: 1, ..area };
    let mut style = cx.style(role);
    if style.add_modifier.contains(Modifier::REVERSED) {
        // Reversed colours would make a patchwork of the row.
        style = style.fg(Color::Reset);
    }
    buf.set_style(row.intersection(*buf.area()), style);
    let sign = if focused { "▸" } else { "›" };
    text::put(buf, area.x, y, 1, vec![Span::styled(sign, cx.style(Role::BorderFocused).patch(cx.style(role)))]);
}

/// Width of each column, `None` for those that had to go.
fn widths<R>(columns: &[Column<R>], cells: &[Vec<Vec<Span>>], room: usize) -> Vec<Option<usize>> {
    let natural: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let widest = cells.iter().map(|row| text::spans_width(&row[at])).max().unwrap_or(0);
            widest.max(text::width(column.title)).min(column.max)
        })
        .collect();
    let mut kept: Vec<Option<usize>> = natural.iter().copied().map(Some).collect();
    let total =
        |kept: &[Option<usize>]| kept.iter().flatten().map(|wide| wide + GAP).sum::<usize>().saturating_sub(GAP);
    loop {
        let least: Vec<Option<usize>> =
            kept.iter().zip(columns).map(|(wide, column)| wide.map(|wide| wide.min(column.min))).collect();
        if total(&least) <= room || kept.iter().flatten().count() <= 1 {
            break;
        }
        let last = (0..columns.len()).filter(|at| kept[*at].is_some()).max_by_key(|at| (columns[*at].rank, *at));
        let Some(last) = last else { break };
        kept[last] = None;
    }
    // Take from the widest until it fits.
    while total(&kept) > room {
        let shrinkable = (0..columns.len()).filter(|at| kept[*at].is_some_and(|wide| wide > columns[*at].min));
        match shrinkable.max_by_key(|at| kept[*at]) {
            Some(at) => kept[at] = kept[at].map(|wide| wide - 1),
            None => break,
        }
    }
    kept
}
