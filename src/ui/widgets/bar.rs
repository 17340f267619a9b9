//! The progress bar: resources complete of total, never seconds.

use ratatui::text::Span;

use crate::model::Progress;
use crate::ui::layer::Cx;
use crate::ui::theme::Role;

pub fn bar(progress: Progress, columns: usize, cx: &Cx) -> Vec<Span<'static>> {
    let done = if progress.total == 0 { 0 } else { (progress.complete * columns / progress.total).min(columns) };
    vec![cx.span(Role::Bar, "▰".repeat(done)), cx.span(Role::BarRest, "▱".repeat(columns - done))]
}
