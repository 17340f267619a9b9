//! Notices: good news stand in the footer for a while, failures lie over the page
//! until they are put away.

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::action::{Action, Context};
use super::layer::Cx;
use super::pointer::Spot;
use super::theme::Role;
use super::widgets::text;
use crate::model::Problem;

/// Long enough to read two lines.
const LASTS: TimeDelta = TimeDelta::seconds(8);
/// More at once would hide what they are about.
const KEPT: usize = 4;

#[derive(Debug, Clone, PartialEq)]
struct Notice {
    told: Result<String, Problem>,
    until: Option<DateTime<Utc>>,
}

#[derive(Debug, Default)]
pub struct Notices {
    all: Vec<Notice>,
}

impl Notices {
    pub fn good(&mut self, text: String, now: DateTime<Utc>) {
        self.push(Notice { told: Ok(text), until: Some(now + LASTS) });
    }

    pub fn bad(&mut self, problem: Problem) {
        self.push(Notice { told: Err(problem), until: None });
    }

    fn push(&mut self, notice: Notice) {
        self.all.retain(|have| have.told != notice.told);
        self.all.push(notice);
        while self.all.len() > KEPT {
            // News go before failures that nobody has put away.
            let oldest = self.all.iter().position(|notice| notice.told.is_ok());
            self.all.remove(oldest.unwrap_or(0));
        }
    }

    /// Whether one went.
    pub fn expire(&mut self, now: DateTime<Utc>) -> bool {
        let before = self.all.len();
        self.all.retain(|notice| notice.until.is_none_or(|until| until > now));
        self.all.len() != before
    }

    pub fn next_expiry(&self) -> Option<DateTime<Utc>> {
        self.all.iter().filter_map(|notice| notice.until).min()
    }

    /// Puts away the newest failure; whether there was one.
    pub fn dismiss(&mut self) -> bool {
        let last = self.all.iter().rposition(|notice| notice.told.is_err());
        last.map(|at| self.all.remove(at)).is_some()
    }

    /// The newest good news, for the footer.
    pub fn news(&self) -> Option<&str> {
        self.all.iter().rev().find_map(|notice| notice.told.as_deref().ok())
    }

    /// Failures, in the lower right corner of `area`.
    pub fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let room = usize::from(area.width).saturating_sub(4).min(76);
        if room < 10 {
            return;
        }
        let mut lines: Vec<Vec<Span>> = Vec::new();
        for problem in self.all.iter().filter_map(|notice| notice.told.as_ref().err()) {
            lines.extend(super::panes::problem_lines(problem, room, cx));
        }
        if lines.is_empty() {
            return;
        }
        if let Some(key) = cx.keymap.key_for(&[Context::Home], Action::Back) {
            lines.push(vec![cx.span(Role::Key, key.to_string()), cx.span(Role::Muted, " puts this away")]);
        }
        let height = u16::try_from(lines.len()).unwrap_or(0).min(area.height);
        let widest = lines.iter().map(|line| text::spans_width(line)).max().unwrap_or(0).min(room);
        let width = u16::try_from(widest + 3).unwrap_or(0);
        for (offset, line) in (0..height).zip(lines) {
            let row = Rect {
                x: area.right().saturating_sub(width + 1),
                y: area.bottom() - height + offset,
                width,
                height: 1,
            };
            cx.pointer.put(row, Spot::Act(Action::Back));
            text::blank(buf, row, cx.style(Role::Text));
            text::put(buf, row.x, row.y, 2, vec![cx.span(Role::Failed, "▌ ")]);
            text::put(buf, row.x + 2, row.y, width - 2, line);
        }
    }
}
