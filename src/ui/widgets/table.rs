//! Tables from column descriptors. Widths follow the content; when it gets
//! narrow, columns shrink to their least width and then go, the highest rank first.

use std::cmp::Ordering;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use ratatui::text::Span;

use super::text;
use crate::ui::layer::Cx;
use crate::ui::pointer::Spot;
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
    /// What comes first when sorted by this column and not reversed.
    pub order: fn(&R, &R, &Cx) -> Ordering,
}

/// The column that rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sorted {
    pub column: usize,
    pub reversed: bool,
}

impl Sorted {
    fn sign(self) -> &'static str {
        if self.reversed { "▼" } else { "▲" }
    }
}

/// The order of two values that may not be known: those come last.
pub fn known_first<T: Ord>(a: Option<T>, b: Option<T>) -> Ordering {
    b.is_some().cmp(&a.is_some()).then(a.cmp(&b))
}

const GAP: usize = 2;

/// Draws title line (where there is room) and rows; `selected` is an index into `rows`, and
/// whether its pane has the keys.
pub fn draw<R>(
    columns: &[Column<R>],
    rows: &[&R],
    sorted: Option<Sorted>,
    selected: Option<(usize, bool)>,
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
    let title = |at: usize| match sorted.filter(|sorted| sorted.column == at) {
        Some(sorted) => format!("{} {}", columns[at].title, sorted.sign()),
        None => columns[at].title.to_owned(),
    };
    let sizes: Vec<Size> = (columns.iter().enumerate())
        .map(|(at, column)| {
            let title = text::width(&title(at));
            let widest = cells.iter().map(|row| text::spans_width(&row[at])).max().unwrap_or(0);
            match sorted.filter(|sorted| sorted.column == at) {
                // Its sign says what the order is: it is not cut off, and the column stays to the last.
                Some(_) => Size { min: column.min.max(title), natural: widest.min(column.max).max(title), rank: 0 },
                None => Size { min: column.min, natural: widest.max(title).min(column.max), rank: column.rank },
            }
        })
        .collect();
    let widths = widths(&sizes, room);
    let heading = u16::from(area.height > 2);
    let mut x = area.x + 2;
    for (at, wide) in widths.iter().enumerate().filter(|_| heading > 0) {
        let Some(wide) = *wide else { continue };
        let room = u16::try_from(wide).unwrap_or(0);
        text::put(buf, x, area.y, room, vec![cx.span(Role::Heading, title(at))]);
        cx.pointer.put(Rect { x, width: room, height: 1, ..area }, Spot::Heading(at));
        x += u16::try_from(wide + GAP).unwrap_or(0);
    }
    for (index, (y, row)) in (area.y + heading..area.bottom()).zip(cells).enumerate() {
        let mut x = area.x + 2;
        for (spans, wide) in row.into_iter().zip(&widths) {
            let Some(wide) = *wide else { continue };
            text::put(buf, x, y, u16::try_from(wide).unwrap_or(0), spans);
            x += u16::try_from(wide + GAP).unwrap_or(0);
        }
        if let Some((_, focused)) = selected.filter(|(at, _)| *at == index) {
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

/// How wide a column may be, and when it goes.
struct Size {
    min: usize,
    natural: usize,
    rank: u8,
}

/// Width of each column, `None` for those that had to go.
fn widths(columns: &[Size], room: usize) -> Vec<Option<usize>> {
    let mut kept: Vec<Option<usize>> = columns.iter().map(|column| Some(column.natural)).collect();
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
