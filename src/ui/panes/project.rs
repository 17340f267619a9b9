//! Lists of what the project and its cloud have beside clusters.

pub mod flavors;
pub mod happenings;
pub mod images;
pub mod keypairs;
pub mod limits;
pub mod networks;
pub mod orphans;

use ratatui::text::Span;

use super::{problem_lines, unlisted};
use crate::model::fitness::Use;
use crate::ui::layer::Cx;
use crate::ui::theme::Role;

/// What something is good for, with a sign.
fn fitness(found: &Use, cx: &Cx) -> Vec<Span<'static>> {
    let (sign, role, words) = match found {
        Use::Yes(words) => ("✓", Role::Ok, words),
        Use::Partly(words) => ("!", Role::Warning, words),
        Use::No(words) => ("–", Role::Faint, words),
    };
    let told = if matches!(found, Use::No(_)) { Role::Muted } else { Role::Text };
    vec![cx.span(role, format!("{sign} ")), cx.span(told, words)]
}

/// What stands in place of a list of the cloud's that is empty; `service` is who would know.
fn nothing(service: &str, words: &str, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    match cx.fleet.inventory_problems.iter().find(|problem| problem.summary.starts_with(service)) {
        Some(problem) => problem_lines(problem, room, cx),
        None => unlisted(Some(&cx.fleet.inventory_loaded), words, room, cx),
    }
}
