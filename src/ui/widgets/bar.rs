//! The progress bar: resources complete of total, never seconds.

use ratatui::text::Span;

use crate::model::Progress;
use crate::ui::layer::Cx;
use crate::ui::theme::Role;

pub fn bar(progress: Progress, columns: usize, cx: &Cx) -> Vec<Span<'static>> {
    let done = (progress.complete * columns).checked_div(progress.total).unwrap_or(0).min(columns);
    vec![cx.span(Role::Bar, "▰".repeat(done)), cx.span(Role::BarRest, "▱".repeat(columns - done))]
}
