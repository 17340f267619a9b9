//! The progress bar: resources complete of total, never seconds.

use ratatui::text::Span;

use crate::model::Progress;
use crate::ui::layer::Cx;
use crate::ui::theme::Role;

/// What is used of a limit, and what would come on top; more than there is fills the bar.
pub fn quota(used: u64, needed: u64, limit: u64, columns: usize, cx: &Cx) -> Vec<Span<'static>> {
    let part = |amount: u64| {
        let share = u128::from(amount.min(limit)) * columns as u128 / u128::from(limit.max(1));
        usize::try_from(share).unwrap_or(columns).min(columns)
    };
    let fits = used.saturating_add(needed) <= limit;
    let before = part(used);
    // The least that is taken shows.
    let after = part(used.saturating_add(needed)).max((before + usize::from(needed > 0)).min(columns));
    let role = if fits { Role::Moving } else { Role::Failed };
    vec![
        cx.span(Role::Bar, "▰".repeat(before)),
        cx.span(role, "▰".repeat(after - before)),
        cx.span(Role::BarRest, "▱".repeat(columns - after)),
    ]
}

/// What the first part of a [`share`] is drawn with.
pub const OURS: &str = "▰";

/// How much of a limit is used, what is ours of it first; the least that is used shows.
pub fn share(ours: u64, used: u64, limit: u64, columns: usize, cx: &Cx) -> Vec<Span<'static>> {
    let part = |amount: u64| {
        let share = u128::from(amount.min(limit)) * columns as u128 / u128::from(limit.max(1));
        usize::try_from(share).unwrap_or(columns).min(columns).max(usize::from(amount > 0))
    };
    let all = part(used).max(if limit == 0 { columns } else { 0 });
    let own = part(ours).min(all);
    let full = used >= limit;
    vec![
        cx.span(if full { Role::Failed } else { Role::Bar }, OURS.repeat(own)),
        cx.span(if full { Role::Failed } else { Role::Muted }, "▬".repeat(all - own)),
        cx.span(Role::BarRest, "▱".repeat(columns - all)),
    ]
}

pub fn bar(progress: Progress, columns: usize, cx: &Cx) -> Vec<Span<'static>> {
    let done = (progress.complete * columns).checked_div(progress.total).unwrap_or(0).min(columns);
    vec![cx.span(Role::Bar, "▰".repeat(done)), cx.span(Role::BarRest, "▱".repeat(columns - done))]
}

/// A line of columns that are so many eighths high; an empty one where nothing is known.
pub fn spark(heights: &[Option<u8>]) -> String {
    const COLUMNS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let column = |height: &Option<u8>| height.map_or(' ', |height| COLUMNS[usize::from(height).clamp(1, 8) - 1]);
    heights.iter().map(column).collect()
}
