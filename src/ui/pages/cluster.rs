//! The page of one cluster: how far it is, why it failed, its node groups and nodes, its
//! resources, Heat's events, what happened to it, which certificates it gave out, and its labels.

mod places;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::home::{self, copy};
use super::reader::matter::{Form, Matter};
use crate::model::{Cluster, ClusterId};
use crate::ui::action::{Action, Context};
use crate::ui::filter::Filter;
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer, Route};
use crate::ui::operation::{self, Place};
use crate::ui::panes::events::{self, EventsPane};
use crate::ui::panes::groups::NodeGroups;
use crate::ui::panes::history::{self, History};
use crate::ui::panes::issued::{self, Issued};
use crate::ui::panes::labels::{self, InForce};
use crate::ui::panes::nodes::{self, Nodes};
use crate::ui::panes::resources::{self, ResourcesPane};
use crate::ui::panes::{ListPane, change, clusters, tree};
use crate::ui::pointer::{Clicked, Spot, Under};
use crate::ui::remote::{self, At};
use crate::ui::theme::Role;
use crate::ui::widgets::boxes::{self, Boxed};
use crate::ui::widgets::text;
use places::{Slot, Wanted};

/// Columns of a pane's title and what is between it and the next.
const TITLE: usize = 13;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pane {
    Groups,
    Nodes,
    Resources,
    Events,
    History,
    Issued,
    Labels,
}

impl Pane {
    /// In the order of their numbers.
    const ALL: [Self; 7] =
        [Self::Groups, Self::Nodes, Self::Resources, Self::Events, Self::History, Self::Issued, Self::Labels];

    fn number(self) -> u8 {
        match self {
            Self::Groups => 1,
            Self::Nodes => 2,
            Self::Resources => 3,
            Self::Events => 4,
            Self::History => 5,
            Self::Issued => 6,
            Self::Labels => 7,
        }
    }

    /// Where only its name is shown.
    fn name(self) -> &'static str {
        match self {
            Self::Groups => "Groups",
            Self::Nodes => "Nodes",
            Self::Resources => "Resources",
            Self::Events => "Events",
            Self::History => "History",
            Self::Issued => "Issued",
            Self::Labels => "Labels",
        }
    }

    fn context(self) -> Context {
        match self {
            Self::Groups => Context::NodeGroups,
            Self::Nodes => Context::Nodes,
            Self::Resources => Context::Resources,
            Self::Events => Context::Events,
            Self::History => Context::History,
            Self::Issued => Context::Issued,
            Self::Labels => Context::InForce,
        }
    }

    fn is_left(self) -> bool {
        matches!(self, Self::Groups | Self::Nodes | Self::Resources)
    }
}

pub struct ClusterPage {
    id: ClusterId,
    focus: Pane,
    /// Which pane of each half had the focus last.
    left: Pane,
    right: Pane,
    zoomed: bool,
    groups: ListPane<NodeGroups>,
    nodes: ListPane<Nodes>,
    resources: ResourcesPane,
    events: EventsPane,
    history: ListPane<History>,
    issued: ListPane<Issued>,
    labels: ListPane<InForce>,
    /// `why` was asked for before the resources were there.
    wants_why: bool,
}

impl ClusterPage {
    pub fn new(id: ClusterId, why: bool, cx: &Cx) -> Self {
        let mut page = Self {
            id,
            focus: Pane::Nodes,
            left: Pane::Nodes,
            right: Pane::Events,
            zoomed: false,
            groups: ListPane::of(Some(id)),
            nodes: ListPane::of(Some(id)),
            resources: ResourcesPane::default(),
            events: EventsPane::default(),
            history: ListPane::of(Some(id)),
            issued: ListPane::of(Some(id)),
            labels: ListPane::of(Some(id)),
            wants_why: why,
        };
        page.events.turn_to(Some(id));
        page.news(cx);
        page
    }

    fn filter(&mut self) -> &mut Filter {
        match self.focus {
            Pane::Groups => &mut self.groups.filter,
            Pane::Nodes => &mut self.nodes.filter,
            Pane::Resources => &mut self.resources.filter,
            Pane::Events => &mut self.events.filter,
            Pane::History => &mut self.history.filter,
            Pane::Issued => &mut self.issued.filter,
            Pane::Labels => &mut self.labels.filter,
        }
    }

    fn editing(&self) -> bool {
        match self.focus {
            Pane::Groups => self.groups.filter.is_editing(),
            Pane::Nodes => self.nodes.filter.is_editing(),
            Pane::Resources => self.resources.filter.is_editing(),
            Pane::Events => self.events.filter.is_editing(),
            Pane::History => self.history.filter.is_editing(),
            Pane::Issued => self.issued.filter.is_editing(),
            Pane::Labels => self.labels.filter.is_editing(),
        }
    }

    fn go(&mut self, pane: Pane) -> Vec<Ask> {
        self.filter().finish();
        self.focus = pane;
        *(if pane.is_left() { &mut self.left } else { &mut self.right }) = pane;
        Vec::new()
    }

    fn turn(&mut self, by: usize) -> Vec<Ask> {
        let at = Pane::ALL.iter().position(|pane| *pane == self.focus).unwrap_or(0);
        self.go(Pane::ALL[(at + by) % Pane::ALL.len()])
    }

    fn in_list(&mut self, action: Action, cx: &Cx) -> bool {
        match self.focus {
            Pane::Groups => self.groups.on(action, cx),
            Pane::Nodes => self.nodes.on(action, cx),
            Pane::Resources => self.resources.on(action, self.id, cx),
            Pane::Events => self.events.on(action, Some(self.id), cx),
            Pane::History => self.history.on(action, cx),
            Pane::Issued => self.issued.on(action, cx),
            Pane::Labels => self.labels.on(action, cx),
        }
    }

    /// What an operation would be about: what the cursor is on.
    fn place<'a>(&self, cx: &Cx<'a>) -> Option<Place<'a>> {
        let place = Place::cluster(self.id, cx)?;
        Some(match self.focus {
            Pane::Groups => Place { nodegroup: self.groups.selected(cx), ..place },
            Pane::Nodes => {
                let node = self.nodes.selected(cx);
                let of = |name: &str| place.cluster.node_groups.iter().find(|group| group.name == name);
                let worker = node.filter(|node| node.slot.is_some()).map(|node| node.name.as_str());
                Place { nodegroup: node.and_then(|node| of(&node.nodegroup)), node: worker, ..place }
            }
            _ => place,
        })
    }

    /// The node under the cursor, by its name or its server.
    fn node(&self, cx: &Cx) -> Option<String> {
        match self.focus {
            Pane::Nodes => self.nodes.selected(cx).map(|node| node.name.clone()),
            Pane::Resources => self.resources.server(self.id, cx),
            _ => None,
        }
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
                self.go(Pane::Resources);
                self.resources.go_to(path);
                Vec::new()
            }
            None if all.is_empty() => Vec::new(),
            None => vec![Ask::Say("nothing failed and nothing is being waited for".into())],
        }
    }

    fn delete(&self, cx: &Cx) -> Vec<Ask> {
        match (self.focus, self.groups.selected(cx), cx.fleet.clusters.get(&self.id)) {
            (Pane::Groups, Some(group), Some(cluster)) => operation::delete_group(cluster, group),
            _ => vec![Ask::Open(Route::DeleteCluster(self.id))],
        }
    }

    fn head(cluster: &Cluster, area: Rect, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        let room = usize::from(area.width.saturating_sub(4));
        let mut lines = clusters::progress_lines(cluster, cx.fleet.nodes(cluster.uuid), room, cx);
        lines.extend(change::machines(cluster, room, cx));
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

    fn title(&self, pane: Pane, cx: &Cx) -> Vec<Span<'static>> {
        let (number, focused) = (pane.number(), self.focus == pane);
        match pane {
            Pane::Groups => self.groups.title(number, focused, cx),
            Pane::Nodes => self.nodes.title(number, focused, cx),
            Pane::Resources => self.resources.title(number, focused, cx),
            Pane::Events => self.events.title(number, focused, None, cx),
            Pane::History => self.history.title(number, focused, cx),
            Pane::Issued => self.issued.title(number, focused, cx),
            Pane::Labels => self.labels.title(number, focused, cx),
        }
    }

    /// The titles of all panes that share the box, the shown one's in full.
    fn titles(&self, slot: &Slot, cx: &Cx) -> Vec<Span<'static>> {
        let mut title = Vec::new();
        // All seven side by side need a wide line.
        let tight = slot.panes.len() * TITLE > usize::from(slot.area.width);
        for pane in &slot.panes {
            if !title.is_empty() {
                title.push(cx.span(Role::Faint, if tight { "│" } else { " │ " }));
            }
            let before = text::spans_width(&title);
            if *pane == slot.shown {
                title.extend(self.title(*pane, cx));
            } else {
                title.push(cx.span(Role::Faint, format!("{} {}", pane.number(), pane.name())));
            }
            let tab = boxes::in_title(slot.area, before, text::spans_width(&title));
            cx.pointer.put(tab, Spot::Tab(pane.number()));
        }
        title
    }

    fn note(&self, pane: Pane, cx: &Cx) -> Vec<Span<'static>> {
        match pane {
            Pane::Groups => self.groups.note(cx),
            Pane::Nodes if self.nodes.filter.text().is_empty() && !cx.fleet.nodes(self.id).is_empty() => {
                vec![cx.span(Role::Faint, nodes::counts(cx.fleet.nodes(self.id)))]
            }
            Pane::Nodes => self.nodes.note(cx),
            Pane::Resources => self.resources.note(self.id, cx),
            Pane::Events => self.events.note(Some(self.id), cx),
            Pane::History => self.history.note(cx),
            Pane::Issued => self.issued.note(cx),
            Pane::Labels => self.labels.note(cx),
        }
    }

    /// Words about the row under the cursor.
    fn words(&self, pane: Pane, alone: bool, room: usize, cx: &Cx) -> Option<Vec<Vec<Span<'static>>>> {
        match pane {
            Pane::Groups => None,
            Pane::Nodes => self.nodes.selected(cx).map(|node| nodes::details(node, cx)),
            Pane::Resources => self.resources.selected(self.id, cx).map(|one| resources::details(one, room, cx)),
            Pane::Events => self.events.selected(cx).filter(|_| alone).map(|one| events::details(one, room, cx)),
            Pane::History => self.history.selected(cx).map(|entry| history::details(entry, room, cx)),
            Pane::Issued => self.issued.selected(cx).map(|one| issued::details(one, cx)),
            Pane::Labels => self.labels.selected(cx).map(|one| labels::details(one, room, cx)),
        }
    }

    fn fill(&mut self, pane: Pane, focused: bool, cx: &Cx, area: Rect, buf: &mut Buffer) {
        match pane {
            Pane::Groups => self.groups.view(focused, cx, area, buf),
            Pane::Nodes => self.nodes.view(focused, cx, area, buf),
            Pane::Resources => self.resources.view(self.id, focused, cx, area, buf),
            Pane::Events => self.events.view(Some(self.id), focused, cx, area, buf),
            Pane::History => self.history.view(focused, cx, area, buf),
            Pane::Issued => self.issued.view(focused, cx, area, buf),
            Pane::Labels => self.labels.view(focused, cx, area, buf),
        }
    }
}

impl Layer for ClusterPage {
    fn contexts(&self) -> Vec<Context> {
        if self.editing() {
            return vec![Context::Filter];
        }
        vec![self.focus.context(), Context::List, Context::Cluster]
    }

    fn route(&self) -> Option<Route> {
        Some(Route::Cluster { id: self.id, why: false })
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

    fn inside(&self) -> Option<ClusterId> {
        Some(self.id)
    }

    fn offers(&self, action: Action, cx: &Cx) -> bool {
        let cluster = cx.fleet.clusters.get(&self.id);
        match action {
            Action::Shells => !cx.shells.all().is_empty(),
            _ => cluster.is_some_and(|cluster| operation::offers(action, cluster)),
        }
    }

    fn on(&mut self, action: Action, cx: &Cx) -> Vec<Ask> {
        if self.in_list(action, cx) {
            return Vec::new();
        }
        if action == Action::RemoveNode {
            return operation::remove_nodes(self.id, &self.nodes.meant(cx));
        }
        if let Some(asks) = self.place(cx).and_then(|place| operation::asks(action, place)) {
            return asks;
        }
        let marked = || self.nodes.marked(cx).into_iter().map(|node| node.name.clone()).collect();
        let at = || Some(At { cluster: self.id, node: self.node(cx), marked: marked() });
        if let Some(asks) = remote::asks(action, at, cx) {
            return asks;
        }
        if let Some(at) = action.to_pane() {
            return Pane::ALL.get(at).map_or_else(Vec::new, |pane| self.go(*pane));
        }
        match action {
            Action::NextPane => self.turn(1),
            Action::PreviousPane => self.turn(Pane::ALL.len() - 1),
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
            Action::Cloud => vec![Ask::Open(Route::Cloud(None))],
            Action::AsText => vec![Ask::Open(Route::Read(Matter::Cluster(self.id, Form::Yaml)))],
            Action::Parameters => home::parameters(self.id, cx),
            Action::When => vec![Ask::Open(Route::Read(Matter::Timeline(self.id)))],
            Action::Inspect | Action::Sign if self.focus == Pane::Issued => home::authorities(self.id, action, cx),
            Action::Console | Action::Inspect => {
                self.nodes.selected(cx).map_or_else(Vec::new, |node| nodes::read(node, action, cx))
            }
            Action::Delete => self.delete(cx),
            Action::Copy => match cx.fleet.clusters.get(&self.id).and_then(|c| c.api_address.clone()) {
                Some(address) => copy("API address", &address),
                None => vec![Ask::Say("the API address is not known yet".into())],
            },
            _ => Vec::new(),
        }
    }

    fn click(&mut self, on: Under, cx: &Cx) -> Clicked {
        match self.focus {
            Pane::Groups => self.groups.click(on, cx),
            Pane::Nodes => self.nodes.click(on, cx),
            Pane::Resources => self.resources.click(on, self.id, cx),
            Pane::Events => self.events.click(on, cx),
            Pane::History => self.history.click(on, cx),
            Pane::Issued => self.issued.click(on, cx),
            Pane::Labels => self.labels.click(on, cx),
        }
    }

    fn wheel(&mut self, pane: Option<u8>, down: bool, cx: &Cx) -> Vec<Ask> {
        match pane.and_then(|number| Pane::ALL.get(usize::from(number).checked_sub(1)?)) {
            Some(Pane::Groups) => self.groups.wheel(down, cx),
            Some(Pane::Nodes) => self.nodes.wheel(down, cx),
            Some(Pane::Resources) => self.resources.wheel(down, self.id, cx),
            Some(Pane::Events) => self.events.wheel(down, cx),
            Some(Pane::History) => self.history.wheel(down, cx),
            Some(Pane::Issued) => self.issued.wheel(down, cx),
            Some(Pane::Labels) => self.labels.wheel(down, cx),
            None => {}
        }
        Vec::new()
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
        let (head, slots) = places::places(
            area,
            &Wanted {
                focus: self.focus,
                zoomed: self.zoomed,
                left: self.left,
                right: self.right,
                head: u16::try_from(lines.len() + 2).unwrap_or(u16::MAX),
                urgent: cluster.status.is_failed(),
                groups: u16::try_from(cluster.node_groups.len() + 3).unwrap_or(u16::MAX),
            },
            cx.pointer,
        );
        let mut drawn = Vec::new();
        if head.height > 0 {
            drawn.push(Boxed {
                area: head,
                title: vec![cx.span(Role::Brand, &cluster.name)],
                note: vec![cx.span(Role::Faint, cluster.status.to_string())],
                focused: false,
            });
        }
        for slot in &slots {
            let (number, focused) = (slot.shown.number(), self.focus == slot.shown);
            cx.pointer.put(slot.area, Spot::Pane { number, focused });
            drawn.push(Boxed {
                area: slot.area,
                title: self.titles(slot, cx),
                note: self.note(slot.shown, cx),
                focused: self.focus == slot.shown,
            });
        }
        boxes::draw(&drawn, cx, buf);
        let inner = boxes::inside(head);
        text::put_lines(buf, Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }, lines);
        let alone = slots.len() == 1;
        for Slot { area, shown, .. } in slots {
            let (inner, focused) = (boxes::inside(area), self.focus == shown);
            let words = self.words(shown, alone, usize::from(inner.width.saturating_sub(4)), cx);
            let inner = with_words(inner, focused, words, cx, buf);
            self.fill(shown, focused, cx, inner, buf);
        }
    }
}

/// Puts words on the selected row under a list when there is room; gives what is left for the list.
pub(super) fn with_words(
    area: Rect,
    wanted: bool,
    words: Option<Vec<Vec<Span<'static>>>>,
    cx: &Cx,
    buf: &mut Buffer,
) -> Rect {
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
