//! A text over the whole screen, to be read, searched and copied: what it is about is a [`Matter`].
//! It owns the place in the text and nothing else: a text made of what the fleet knows is made anew
//! for each picture, one that somebody must be asked for comes as a reply.

pub mod matter;
mod told;
mod when;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::model::text::counted;
use crate::model::{ClusterId, Problem};
use crate::ui::action::{Action, Context};
use crate::ui::effect::{Effect, Job};
use crate::ui::filter::Filter;
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::msg::Reply;
use crate::ui::panes::{loading, problem_lines, step};
use crate::ui::theme::Role;
use crate::ui::widgets::boxes::{self, Boxed};
use crate::ui::widgets::pager::Pager;
use crate::ui::widgets::text;
use matter::Matter;

pub struct Reader {
    matter: Matter,
    pager: Pager,
    search: Filter,
    /// Being asked for; what is there stays on the screen.
    loading: bool,
    problem: Option<Problem>,
}

impl Reader {
    pub fn new(matter: Matter, cx: &Cx) -> Self {
        let loading = matter.source().is_some();
        let mut pager = Pager::default();
        if let Some(paper) = matter.paper(usize::MAX, cx) {
            pager.put(paper);
        }
        Self { matter, pager, search: Filter::default(), loading, problem: None }
    }

    /// What has to be asked for it.
    fn job(&self) -> Option<Job> {
        self.matter.source().map(|source| Job::Read(source.clone()))
    }

    fn back(&mut self) -> Vec<Ask> {
        if self.search.clear() {
            self.pager.search("");
            return Vec::new();
        }
        vec![Ask::Close]
    }

    fn copy(&self) -> Vec<Ask> {
        let lines = counted(self.pager.paper().lines().len(), "line");
        vec![Ask::Do(Effect::Copy(self.pager.paper().text())), Ask::Say(format!("copied {lines}"))]
    }

    /// What stands in the lower border while something is typed or went wrong.
    fn status(&self, room: usize, cx: &Cx) -> Vec<Span<'static>> {
        if self.search.is_editing() {
            let typed = text::fit_end(self.search.text(), room.saturating_sub(4));
            return vec![cx.span(Role::Match, format!(" /{typed}")), cx.span(Role::Cursor, " "), Span::raw(" ")];
        }
        match &self.problem {
            Some(problem) if !self.pager.paper().is_empty() => {
                vec![cx.span(Role::Failed, text::fit(&format!(" ✖ {} ", problem.line()), room))]
            }
            _ => Vec::new(),
        }
    }
}

impl Layer for Reader {
    fn contexts(&self) -> Vec<Context> {
        vec![if self.search.is_editing() { Context::Filter } else { Context::Pager }]
    }

    fn opened(&mut self) -> Vec<Ask> {
        self.job().map(Ask::Run).into_iter().collect()
    }

    fn takes_text(&self) -> bool {
        self.search.is_editing()
    }

    fn text(&mut self, key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        (self.search.is_editing() && self.search.key(key)).then(|| {
            self.pager.search(self.search.text());
            Vec::new()
        })
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        if self.search.is_editing() {
            self.search.paste(text);
            self.pager.search(self.search.text());
        }
    }

    fn cluster(&self, _cx: &Cx) -> Option<ClusterId> {
        self.matter.cluster()
    }

    fn inside(&self) -> Option<ClusterId> {
        self.matter.cluster()
    }

    fn offers(&self, action: Action, _cx: &Cx) -> bool {
        match action {
            Action::AsText => self.matter.other_form().is_some(),
            Action::FindNext => !self.search.text().is_empty(),
            Action::AsideRight => !self.pager.wraps(),
            _ => true,
        }
    }

    fn on(&mut self, action: Action, cx: &Cx) -> Vec<Ask> {
        if let Some(step) = step(action) {
            self.pager.step(step);
            return Vec::new();
        }
        match action {
            Action::Search => self.search.start(),
            Action::Accept => self.search.finish(),
            Action::FindNext => self.pager.next(true),
            Action::FindPrevious => self.pager.next(false),
            Action::Wrap => self.pager.turn_wrap(),
            Action::AsideRight => self.pager.aside(true),
            Action::AsideLeft => self.pager.aside(false),
            Action::AsText => match self.matter.other_form() {
                Some(other) => *self = Self::new(other, cx),
                None => return vec![Ask::Say("it has no other form".into())],
            },
            Action::Copy => return self.copy(),
            Action::Back => return self.back(),
            Action::Refresh => {
                self.loading = self.matter.source().is_some();
                return self.job().map(Ask::Run).into_iter().collect();
            }
            _ => {}
        }
        Vec::new()
    }

    fn reply(&mut self, reply: &Reply, cx: &Cx) -> Option<Vec<Ask>> {
        if let Reply::Read(source, found) = reply
            && self.matter.source() == Some(source)
        {
            self.loading = false;
            match found {
                Ok(found) => {
                    self.problem = None;
                    let first = self.pager.paper().is_empty();
                    self.pager.put(told::told(found, cx));
                    if first && self.matter.begins_at_end() {
                        self.pager.step(crate::ui::widgets::list::Step::Last);
                    }
                }
                Err(problem) => self.problem = Some(problem.clone()),
            }
        }
        None
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let inner = boxes::inside(area);
        if let Some(paper) = self.matter.paper(usize::from(inner.width.saturating_sub(4)), cx) {
            self.pager.put(paper);
        }
        let mut title = vec![cx.span(Role::TitleFocused, self.matter.title(cx))];
        if self.loading {
            title.extend([Span::raw("  "), loading(cx)]);
        }
        // The text first: how many lines are in sight is known then.
        let place = Rect { width: inner.width.saturating_sub(1), ..inner };
        self.pager.view(cx, place, buf);
        boxes::draw(&[Boxed { area, title, note: self.pager.note(cx), focused: true }], cx, buf);
        if let Some(problem) = self.problem.as_ref().filter(|_| self.pager.paper().is_empty()) {
            let place = Rect { x: inner.x + 2.min(inner.width), width: inner.width.saturating_sub(3), ..inner };
            text::put_lines(buf, place, problem_lines(problem, usize::from(place.width), cx));
        }
        let room = area.width.saturating_sub(4);
        let status = self.status(usize::from(room), cx);
        text::put(buf, area.x + 2.min(area.width), area.bottom().saturating_sub(1), room, status);
    }
}
