//! The page of one cluster: how far it is, why it failed, its resources and
//! Heat's events.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::home::copy;
use super::layout;
use crate::model::{Cluster, ClusterId};
use crate::ui::action::{Action, Context};
use crate::ui::filter::Filter;
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer, Route};
use crate::ui::panes::clusters;
use crate::ui::panes::events::{self, EventsPane};
use crate::ui::panes::resources::{self, ResourcesPane};
use crate::ui::panes::tree;
use crate::ui::theme::Role;
use crate::ui::widgets::boxes::{self, Boxed};
use crate::ui::widgets::text;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pane {
    Resources,
    Events,
}

pub struct ClusterPage {
    id: ClusterId,
    focus: Pane,
    zoomed: bool,
    resources: ResourcesPane,
    events: EventsPane,
    /// `why` was asked for before the resources were there.
    wants_why: bool,
}

impl ClusterPage {
    pub fn new(id: ClusterId, why: bool, cx: &Cx) -> Self {
        let mut page = Self {
            id,
            focus: Pane::Events,
            zoomed: false,
            resources: ResourcesPane::default(),
            events: EventsPane::default(),
            wants_why: why,
        };
        page.events.turn_to(Some(id));
        page.news(cx);
        page
    }

    fn filter(&mut self) -> &mut Filter {
        match self.focus {
            Pane::Resources => &mut self.resources.filter,
            Pane::Events => &mut self.events.filter,
        }
    }

    fn editing(&self) -> bool {
        match self.focus {
            Pane::Resources => self.resources.filter.is_editing(),
            Pane::Events => self.events.filter.is_editing(),
        }
    }

    fn go(&mut self, pane: Pane) -> Vec<Ask> {
        self.filter().finish();
        self.focus = pane;
        Vec::new()
    }

    /// To the deepest failed resource, by the conductor's word or by the tree's.
    fn why(&mut self, cx: &Cx) -> Vec<Ask> {
        let all = cx.fleet.resources(self.id);
        self.wants_why = all.is_empty();
        let told = cx.fleet.clusters.get(&self.id).and_then(|cluster| cluster.cause.as_ref());
        let named = told.and_then(|cause| all.iter().find(|resource| resource.address() == cause.resource));
        let path = match named {
            Some(resource) => Some(resource.path.iter().chain([&resource.name]).cloned().collect()),
            None => tree::culprit(all),
        };
        match path {
            Some(path) => {
                self.focus = Pane::Resources;
                self.resources.go_to(path);
                Vec::new()
            }
            None if all.is_empty() => Vec::new(),
            None => vec![Ask::Say("nothing failed and nothing is being waited for".into())],
        }
    }

    /// Summary, resources, events, and room for the words on what is selected.
    fn places(&self, area: Rect, head: u16, failed: bool) -> (Rect, Option<Rect>, Option<Rect>) {
        // On a low screen the lists matter more than the facts, unless there is a failure to explain.
        let head = head.min(if failed || area.height >= 30 { area.height / 2 } else { area.height / 3 }).max(3);
        if area.height < 12 {
            let one = Some(area);
            return (
                Rect { height: 0, ..area },
                one.filter(|_| self.focus == Pane::Resources),
                one.filter(|_| self.focus == Pane::Events),
            );
        }
        if self.zoomed || (area.width < layout::WIDE && area.height < 30) {
            let rects = layout::column(area, &[(head, 0), (5, 1)]);
            let one = Some(rects[1]);
            return (
                rects[0],
                one.filter(|_| self.focus == Pane::Resources),
                one.filter(|_| self.focus == Pane::Events),
            );
        }
        if area.width < layout::WIDE {
            let rects = layout::column(area, &[(head, 0), (6, 1), (6, 1)]);
            return (rects[0], Some(rects[1]), Some(rects[2]));
        }
        let rects = layout::column(area, &[(head, 0), (6, 1)]);
        let (left, right) = layout::columns(rects[1], 50);
        (rects[0], Some(left), Some(right))
    }

    fn head(cluster: &Cluster, area: Rect, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        let room = usize::from(area.width.saturating_sub(4));
        let mut lines = clusters::progress_lines(cluster, room, cx);
        lines.extend(clusters::failure_lines(cluster, room, 3, cx));
        let facts = clusters::fact_lines(cluster, cx);
        if room < 96 {
            lines.extend(facts);
            return lines;
        }
        // Two columns of facts.
        let half = room / 2;
        let rows = facts.len().div_ceil(2);
        for index in 0..rows {
            let mut line = text::fit_spans(facts[index].clone(), half - 2);
            if let Some(right) = facts.get(index + rows) {
                let fill = half.saturating_sub(text::spans_width(&line));
                line.push(Span::raw(" ".repeat(fill)));
                line.extend(right.clone());
            }
            lines.push(line);
        }
        lines
    }
}

impl Layer for ClusterPage {
    fn contexts(&self) -> Vec<Context> {
        if self.editing() {
            return vec![Context::Filter];
        }
        let own = match self.focus {
            Pane::Resources => Context::Resources,
            Pane::Events => Context::Events,
        };
        vec![own, Context::List, Context::Cluster]
    }

    fn takes_text(&self) -> bool {
        self.editing()
    }

    fn text(&mut self, key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        (self.editing() && self.filter().key(key)).then(Vec::new)
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        if self.editing() {
            self.filter().paste(text);
        }
    }

    fn cluster(&self, _cx: &Cx) -> Option<ClusterId> {
        Some(self.id)
    }

    fn on(&mut self, action: Action, cx: &Cx) -> Vec<Ask> {
        let handled = match self.focus {
            Pane::Resources => self.resources.on(action, self.id, cx),
            Pane::Events => self.events.on(action, Some(self.id), cx),
        };
        if handled {
            return Vec::new();
        }
        match action {
            Action::Pane1 => self.go(Pane::Resources),
            Action::Pane2 => self.go(Pane::Events),
            Action::NextPane | Action::PreviousPane => {
                self.go(if self.focus == Pane::Events { Pane::Resources } else { Pane::Events })
            }
            Action::Open | Action::Zoom => {
                self.zoomed = !self.zoomed;
                Vec::new()
            }
            Action::Back if self.zoomed => {
                self.zoomed = false;
                Vec::new()
            }
            Action::Back => vec![Ask::Close],
            Action::Why => self.why(cx),
            Action::Kubeconfig => vec![Ask::Open(Route::Kubeconfig(self.id))],
            Action::Delete => vec![Ask::Open(Route::DeleteCluster(self.id))],
            Action::Copy => match cx.fleet.clusters.get(&self.id).and_then(|c| c.api_address.clone()) {
                Some(address) => copy("API address", &address),
                None => vec![Ask::Say("the API address is not known yet".into())],
            },
            _ => Vec::new(),
        }
    }

    fn news(&mut self, cx: &Cx) {
        if self.wants_why && !cx.fleet.resources(self.id).is_empty() {
            self.why(cx);
        }
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let Some(cluster) = cx.fleet.clusters.get(&self.id) else {
            let boxed = Boxed { area, title: vec![cx.span(Role::Title, "gone")], note: Vec::new(), focused: true };
            boxes::draw(&[boxed], cx, buf);
            let inner = boxes::inside(area);
            return text::put_lines(
                buf,
                Rect { x: inner.x + 1.min(inner.width), width: inner.width.saturating_sub(2), ..inner },
                vec![
                    vec![cx.span(Role::Text, "This cluster is gone.")],
                    crate::ui::panes::press(Action::Back, &[Context::Cluster], "back", cx),
                ],
            );
        };
        let lines = Self::head(cluster, area, cx);
        let (head, tree, list) =
            self.places(area, u16::try_from(lines.len() + 2).unwrap_or(u16::MAX), cluster.status.is_failed());
        let plain = |area, title, note, focused| Boxed { area, title, note, focused };
        let mut drawn = Vec::new();
        if head.height > 0 {
            drawn.push(plain(
                head,
                vec![cx.span(Role::Brand, &cluster.name)],
                vec![cx.span(Role::Faint, cluster.status.to_string())],
                false,
            ));
        }
        for (place, pane) in [(tree, Pane::Resources), (list, Pane::Events)] {
            let focused = self.focus == pane;
            if let Some(rect) = place {
                let alone = tree.is_none() || list.is_none();
                // Where only one fits, its title says that there is another.
                let other = |name: &str| if alone { vec![cx.span(Role::Faint, name)] } else { Vec::new() };
                let (title, note) = match pane {
                    Pane::Resources => {
                        let title = [self.resources.title(1, focused, cx), other(" │ 2 Stack events")].concat();
                        (title, self.resources.note(self.id, cx))
                    }
                    Pane::Events => {
                        let title = [other("1 Resources │ "), self.events.title(2, focused, None, cx)].concat();
                        (title, self.events.note(Some(self.id), cx))
                    }
                };
                drawn.push(plain(rect, title, note, focused));
            }
        }
        boxes::draw(&drawn, cx, buf);
        let inner = boxes::inside(head);
        text::put_lines(buf, Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }, lines);
        if let Some(rect) = tree {
            let inner = boxes::inside(rect);
            let room = usize::from(inner.width.saturating_sub(4));
            let words = self.resources.selected(self.id, cx).map(|resource| resources::details(resource, room, cx));
            let inner = with_words(inner, self.focus == Pane::Resources, words, cx, buf);
            self.resources.view(self.id, self.focus == Pane::Resources, cx, inner, buf);
        }
        if let Some(rect) = list {
            let inner = boxes::inside(rect);
            let room = usize::from(inner.width.saturating_sub(4));
            let zoomed = self.zoomed || tree.is_none();
            let words = self.events.selected(cx).filter(|_| zoomed).map(|event| events::details(event, room, cx));
            let inner = with_words(inner, self.zoomed, words, cx, buf);
            self.events.view(Some(self.id), self.focus == Pane::Events, cx, inner, buf);
        }
    }
}

/// Puts words on the selected row under a list when there is room; gives what is left for the list.
fn with_words(area: Rect, wanted: bool, words: Option<Vec<Vec<Span<'static>>>>, cx: &Cx, buf: &mut Buffer) -> Rect {
    let Some(words) = words.filter(|words| wanted && !words.is_empty()) else { return area };
    let need = u16::try_from(words.len() + 1).unwrap_or(u16::MAX);
    if area.height < need + 4 {
        return area;
    }
    let y = area.bottom() - need;
    text::put(buf, area.x, y, area.width, vec![cx.span(Role::Border, "─".repeat(usize::from(area.width)))]);
    text::put_lines(
        buf,
        Rect { x: area.x + 2, y: y + 1, width: area.width.saturating_sub(3), height: need - 1 },
        words,
    );
    Rect { height: area.height - need, ..area }
}
