//! Heat's events of one cluster: newest last, following unless the user scrolled.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::{fact, loading, step, title};
use crate::model::{ClusterId, StackEvent};
use crate::ui::action::Action;
use crate::ui::filter::Filter;
use crate::ui::fleet::Loaded;
use crate::ui::layer::{Cx, Link};
use crate::ui::pointer::{Clicked, Spot, Under, WHEEL};
use crate::ui::theme::Role;
use crate::ui::widgets::list::{Cursor, Step};
use crate::ui::widgets::{table, text};
use crate::ui::words;

#[derive(Default)]
pub struct EventsPane {
    cursor: Cursor<String>,
    pub filter: Filter,
    /// The newest event when the user scrolled away from the end; `None` while following.
    paused_at: Option<String>,
    cluster: Option<ClusterId>,
}

impl EventsPane {
    /// Another cluster's events start following again.
    pub fn turn_to(&mut self, cluster: Option<ClusterId>) {
        if self.cluster != cluster {
            *self = Self { cluster, ..Self::default() };
        }
    }

    fn rows<'a>(&self, cx: &Cx<'a>) -> Vec<&'a StackEvent> {
        let all = self.cluster.map_or(&[][..], |id| cx.fleet.events(id));
        match self.filter.matcher() {
            None => all.iter().collect(),
            Some(matches) => all.iter().filter(|event| matches(&haystack(event))).collect(),
        }
    }

    pub fn on(&mut self, action: Action, cluster: Option<ClusterId>, cx: &Cx) -> bool {
        self.turn_to(cluster);
        if let Some(step) = step(action) {
            let rows = self.rows(cx);
            let keys: Vec<String> = rows.iter().map(|event| event.id.clone()).collect();
            let Some(newest) = keys.last() else { return true };
            if self.paused_at.is_none() {
                self.cursor.select(newest.clone());
            }
            self.cursor.step(step, &keys);
            let at_end = self.cursor.selected(&keys) == Some(newest);
            match step {
                _ if at_end => self.paused_at = None,
                Step::Up | Step::PageUp | Step::First => {
                    self.paused_at.get_or_insert_with(|| newest.clone());
                }
                Step::Down | Step::PageDown | Step::Last => {}
            }
            return true;
        }
        match action {
            Action::Filter => self.filter.start(),
            Action::Accept if self.filter.is_editing() => self.filter.finish(),
            Action::Back => return self.filter.clear(),
            _ => return false,
        }
        true
    }

    pub fn click(&mut self, on: Under, cx: &Cx) -> Clicked {
        self.filter.finish();
        let Under::Row(row) = on else { return Clicked::NOTHING };
        let keys: Vec<String> = self.rows(cx).into_iter().map(|event| event.id.clone()).collect();
        match self.cursor.click(row, &keys) {
            None => return Clicked::NOTHING,
            Some(true) => return Clicked::Enter,
            Some(false) => {}
        }
        let newest = keys.last().filter(|newest| self.cursor.selected(&keys) != Some(newest));
        self.paused_at = newest.map(|newest| self.paused_at.take().unwrap_or_else(|| newest.clone()));
        Clicked::NOTHING
    }

    pub fn wheel(&mut self, down: bool, cx: &Cx) {
        let keys: Vec<String> = self.rows(cx).into_iter().map(|event| event.id.clone()).collect();
        let Some(newest) = keys.last() else { return };
        self.cursor.scroll(down, WHEEL, &keys);
        if self.cursor.at_end(keys.len()) && down {
            self.paused_at = None;
        } else if !self.cursor.at_end(keys.len()) {
            self.paused_at.get_or_insert_with(|| newest.clone());
        }
    }

    pub fn title(&self, number: u8, focused: bool, name: Option<&str>, cx: &Cx) -> Vec<Span<'static>> {
        let mut spans = title(number, "Stack events", focused, &self.filter, cx);
        if let Some(name) = name {
            spans.push(cx.span(Role::Muted, format!(" ─ {name}")));
        }
        spans
    }

    /// `following`, or how far behind.
    pub fn note(&self, cluster: Option<ClusterId>, cx: &Cx) -> Vec<Span<'static>> {
        let paused = self.paused_at.as_ref().filter(|_| self.cluster == cluster);
        let rows = cluster.map_or(&[][..], |id| cx.fleet.events(id));
        match paused {
            _ if rows.is_empty() => Vec::new(),
            None => vec![cx.span(Role::Ok, "following")],
            Some(seen) => {
                let new = rows.iter().rev().take_while(|event| event.id != *seen).count();
                vec![cx.span(Role::Warning, if new == 0 { "paused".to_owned() } else { format!("paused, {new} new") })]
            }
        }
    }

    pub fn selected<'a>(&self, cx: &Cx<'a>) -> Option<&'a StackEvent> {
        let rows = self.rows(cx);
        if self.paused_at.is_none() {
            return rows.last().copied();
        }
        let keys: Vec<String> = rows.iter().map(|event| event.id.clone()).collect();
        self.cursor.index(&keys).map(|index| rows[index])
    }

    pub fn view(&mut self, cluster: Option<ClusterId>, focused: bool, cx: &Cx, area: Rect, buf: &mut Buffer) {
        self.turn_to(cluster);
        let rows = self.rows(cx);
        if rows.is_empty() {
            let inner = Rect { x: area.x + 2.min(area.width), width: area.width.saturating_sub(3), ..area };
            return text::put_lines(buf, inner, vec![vec![self.empty(cx)]]);
        }
        let keys: Vec<String> = rows.iter().map(|event| event.id.clone()).collect();
        if let (None, Some(newest)) = (&self.paused_at, keys.last()) {
            self.cursor.select(newest.clone());
        }
        let window = self.cursor.window(&keys, usize::from(area.height));
        cx.pointer.put(area, Spot::Rows);
        let here = self.cursor.index(&keys);
        let widest = window.clone().map(|at| text::width(&address(rows[at]))).max().unwrap_or(0);
        let room = usize::from(area.width).saturating_sub(3);
        let columns = Columns::for_room(room, widest);
        for (y, index) in (area.top()..area.bottom()).zip(window) {
            text::put(buf, area.x + 2, y, area.width.saturating_sub(3), columns.line(rows[index], cx));
            if here == Some(index) && (focused || self.paused_at.is_some()) {
                table::mark(area, y, focused, cx, buf);
            }
        }
    }

    fn empty(&self, cx: &Cx) -> Span<'static> {
        match (self.cluster, cx.link) {
            _ if !self.filter.text().is_empty() => {
                cx.span(Role::Muted, format!("nothing contains \"{}\"", self.filter.text()))
            }
            (_, Link::Connecting | Link::Failed(_)) | (None, _) => {
                cx.span(Role::Muted, "Events of the selected cluster's stack come here.")
            }
            (Some(id), Link::Connected) => match cx.fleet.events_loaded.get(&id) {
                Some(Loaded::Failed(problem)) => cx.span(Role::Failed, format!("✖ {}", problem.line())),
                Some(Loaded::Yes) => cx.span(Role::Muted, "Heat has no events of this stack yet."),
                _ => loading(cx),
            },
        }
    }
}

/// Which parts of an event fit.
struct Columns {
    address: usize,
    status: usize,
    /// Columns for the reason; less than a few words say nothing.
    reason: usize,
}

impl Columns {
    const CLOCK: usize = 10;
    const STATUS: usize = 22;

    fn for_room(room: usize, widest: usize) -> Self {
        let left = room.saturating_sub(Self::CLOCK);
        if left < 30 {
            return Self { address: left.saturating_sub(2), status: 0, reason: 0 };
        }
        let address = widest.min(left - Self::STATUS).min(44);
        Self { address, status: Self::STATUS, reason: left - Self::STATUS - address }
    }

    fn line(&self, event: &StackEvent, cx: &Cx) -> Vec<Span<'static>> {
        let told = words::heat(&event.status);
        let address = address(event);
        let address = text::pad(&text::fit_end(&address, self.address), self.address);
        let mut spans = vec![cx.span(Role::Muted, format!("{}  ", cx.clock(event.time)))];
        if self.status == 0 {
            spans.push(cx.span(told.role, format!("{} ", told.sign)));
            spans.push(cx.span(Role::Text, address));
            return spans;
        }
        spans.push(cx.span(Role::Text, address));
        spans.push(cx.span(told.role, format!("  {} ", told.sign)));
        spans.push(cx.span(words::quiet(&event.status, &told), text::pad(&told.word, Self::STATUS - 4)));
        if self.reason >= 12 && !is_boilerplate(&event.reason) {
            spans.push(cx.span(Role::Muted, format!("  {}", words::gist(&event.reason))));
        }
        spans
    }
}

/// Heat's "state changed" says no more than the status itself.
pub(super) fn is_boilerplate(reason: &str) -> bool {
    let reason = reason.trim();
    reason.eq_ignore_ascii_case("state changed")
        || reason.to_ascii_lowercase().starts_with("stack create ")
        || reason.to_ascii_lowercase().starts_with("stack delete ")
}

pub(super) fn address(event: &StackEvent) -> String {
    let mut parts = event.path.clone();
    parts.push(event.resource.clone());
    parts.join(".")
}

pub(super) fn haystack(event: &StackEvent) -> String {
    format!("{} {} {} {}", address(event), event.status, event.reason, event.physical_id)
}

/// Everything about one event.
pub fn details(event: &StackEvent, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let told = words::heat(&event.status);
    let mut lines = vec![vec![
        cx.span(Role::Strong, address(event)),
        cx.span(told.role, format!("  {} {}", told.sign, told.word)),
        cx.span(Role::Muted, format!("  {}", cx.clock(event.time))),
    ]];
    if !event.physical_id.is_empty() {
        lines.push(fact("id", vec![cx.span(Role::Muted, &event.physical_id)], cx));
    }
    let role = if event.status.is_failed() { Role::Failed } else { Role::Text };
    lines.extend(text::wrap(&event.reason, room, 6).into_iter().map(|line| vec![cx.span(role, line)]));
    lines
}
