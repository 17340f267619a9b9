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

pub fn bar(progress: Progress, columns: usize, cx: &Cx) -> Vec<Span<'static>> {
    let done = (progress.complete * columns).checked_div(progress.total).unwrap_or(0).min(columns);
    vec![cx.span(Role::Bar, "▰".repeat(done)), cx.span(Role::BarRest, "▱".repeat(columns - done))]
}
