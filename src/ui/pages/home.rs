//! The first screen: clusters, templates, stack events and CA certificates, and
//! the details of what is selected.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::reader::matter::{Form, Matter};
use super::{layout, listed};
use crate::model::ClusterId;
use crate::ui::action::{Action, Context};
use crate::ui::effect::{Effect, Source};
use crate::ui::filter::Filter;
use crate::ui::fleet::Loaded;
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer, Route};
use crate::ui::panes::ListPane;
use crate::ui::panes::certificates::{self, Certificates};
use crate::ui::panes::clusters::{self, Clusters};
use crate::ui::panes::events::{self, EventsPane};
use crate::ui::panes::templates::{self, Templates};
use crate::ui::pointer::{Clicked, Spot, Under};
use crate::ui::several;
use crate::ui::theme::Role;
use crate::ui::widgets::boxes::{self, Boxed};
use crate::ui::widgets::text;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pane {
    Clusters,
    Templates,
    Events,
    Certificates,
}

const ORDER: [Pane; 4] = [Pane::Clusters, Pane::Templates, Pane::Events, Pane::Certificates];

pub struct Home {
    focus: Pane,
    /// Whether the focused pane has the whole screen.
    zoomed: bool,
    clusters: ListPane<Clusters>,
    templates: ListPane<Templates>,
    events: EventsPane,
    certificates: ListPane<Certificates>,
}

impl Default for Home {
    fn default() -> Self {
        Self {
            focus: Pane::Clusters,
            zoomed: false,
            clusters: ListPane::default(),
            templates: ListPane::default(),
            events: EventsPane::default(),
            certificates: ListPane::default(),
        }
    }
}

impl Home {
    fn filter(&mut self) -> &mut Filter {
        match self.focus {
            Pane::Clusters => &mut self.clusters.filter,
            Pane::Templates => &mut self.templates.filter,
            Pane::Events => &mut self.events.filter,
            Pane::Certificates => &mut self.certificates.filter,
        }
    }

    fn editing(&self) -> bool {
        match self.focus {
            Pane::Clusters => self.clusters.filter.is_editing(),
            Pane::Templates => self.templates.filter.is_editing(),
            Pane::Events => self.events.filter.is_editing(),
            Pane::Certificates => self.certificates.filter.is_editing(),
        }
    }

    fn go(&mut self, pane: Pane) -> Vec<Ask> {
        self.filter().finish();
        self.focus = pane;
        Vec::new()
    }

    fn turn(&mut self, by: usize) -> Vec<Ask> {
        let at = ORDER.iter().position(|pane| *pane == self.focus).unwrap_or(0);
        self.go(ORDER[(at + by) % ORDER.len()])
    }

    fn in_list(&mut self, action: Action, cx: &Cx) -> bool {
        match self.focus {
            Pane::Clusters => self.clusters.on(action, cx),
            Pane::Templates => self.templates.on(action, cx),
            Pane::Events => self.events.on(action, self.cluster(cx), cx),
            Pane::Certificates => self.certificates.on(action, cx),
        }
    }

    fn open(&mut self, cx: &Cx) -> Vec<Ask> {
        match self.focus {
            Pane::Clusters => match self.clusters.selected(cx) {
                Some(cluster) => vec![Ask::Open(Route::Cluster { id: cluster.uuid, why: false })],
                None => Vec::new(),
            },
            Pane::Templates if self.zoomed => self.create_from(cx),
            _ => {
                self.zoomed = true;
                Vec::new()
            }
        }
    }

    fn create_from(&self, cx: &Cx) -> Vec<Ask> {
        let template = self.templates.selected(cx);
        template.map(|template| Ask::Open(Route::NewCluster(Some(template.uuid)))).into_iter().collect()
    }

    fn edit_template(&self, cx: &Cx) -> Vec<Ask> {
        match self.templates.selected(cx) {
            Some(template) if cx.fleet.is_ours(template) => vec![Ask::Open(Route::EditTemplate(template.uuid))],
            Some(template) => {
                vec![Ask::Say(format!("it belongs to project {}: only that one can change it", template.project_id))]
            }
            None => Vec::new(),
        }
    }

    fn new_thing(&self, cx: &Cx) -> Vec<Ask> {
        match self.focus {
            Pane::Templates => vec![Ask::Open(Route::NewTemplate)],
            _ if cx.fleet.templates.is_empty() => {
                vec![Ask::Say("A cluster is made from a template: make one first (pane 2)".into())]
            }
            _ => vec![Ask::Open(Route::NewCluster(None))],
        }
    }

    /// Title and lines of the details pane: of the selected thing of the focused pane.
    fn details(&self, room: usize, cx: &Cx) -> (String, Vec<Vec<Span<'static>>>) {
        let nothing = || (String::new(), Vec::new());
        match self.focus {
            Pane::Clusters if cx.fleet.clusters.is_empty() => (String::new(), welcome(cx)),
            Pane::Clusters => {
                self.clusters.selected(cx).map_or_else(nothing, |c| (c.name.clone(), clusters::details(c, room, cx)))
            }
            Pane::Templates => {
                self.templates.selected(cx).map_or_else(nothing, |t| (t.spec.name.clone(), templates::details(t, cx)))
            }
            Pane::Certificates => self
                .certificates
                .selected(cx)
                .map_or_else(nothing, |c| (c.name.clone(), certificates::details(c, room, cx))),
            Pane::Events if self.zoomed => {
                self.events.selected(cx).map_or_else(nothing, |e| ("event".into(), events::details(e, room, cx)))
            }
            Pane::Events => {
                self.clusters.selected(cx).map_or_else(nothing, |c| (c.name.clone(), clusters::details(c, room, cx)))
            }
        }
    }

    fn boxed(&self, pane: Pane, area: Rect, cx: &Cx) -> Boxed {
        let focused = self.focus == pane;
        let selected = self.clusters.selected(cx);
        let (title, note) = match pane {
            Pane::Clusters => (self.clusters.title(1, focused, cx), self.clusters.note(cx)),
            Pane::Templates => (self.templates.title(2, focused, cx), self.templates.note(cx)),
            Pane::Events => (
                self.events.title(3, focused, selected.map(|c| c.name.as_str()), cx),
                self.events.note(selected.map(|c| c.uuid), cx),
            ),
            Pane::Certificates => (self.certificates.title(4, focused, cx), self.certificates.note(cx)),
        };
        Boxed { area, title, note, focused }
    }

    fn fill(&mut self, pane: Pane, area: Rect, cx: &Cx, buf: &mut Buffer) {
        let focused = self.focus == pane;
        let inner = boxes::inside(area);
        match pane {
            Pane::Clusters => self.clusters.view(focused, cx, inner, buf),
            Pane::Templates => self.templates.view(focused, cx, inner, buf),
            Pane::Events => {
                let cluster = self.cluster(cx);
                self.events.view(cluster, focused, cx, inner, buf);
            }
            Pane::Certificates => self.certificates.view(focused, cx, inner, buf),
        }
    }

    fn places(&self, area: Rect, cx: &Cx) -> (Vec<(Pane, Rect)>, Option<Rect>) {
        if self.zoomed || area.height < 16 {
            if area.width >= layout::WIDE && self.focus != Pane::Events {
                let (left, right) = cx.pointer.columns("home zoomed", area, 55);
                return (vec![(self.focus, left)], Some(right));
            }
            if area.height >= 14 && self.zoomed {
                let rects = cx.pointer.column(
                    "home zoomed",
                    area,
                    &[(5, 1), (if self.focus == Pane::Events { 8 } else { 6 }, u16::from(self.focus != Pane::Events))],
                );
                return (vec![(self.focus, rects[0])], Some(rects[1]));
            }
            return (vec![(self.focus, area)], None);
        }
        if area.width >= layout::WIDE {
            let share = if area.width >= 160 { 52 } else { 50 };
            let (left, right) = cx.pointer.columns("home", area, share);
            let lists = cx.pointer.column("home left", left, &[(6, 3), (5, 1), (5, 1)]);
            let sides = cx.pointer.column("home right", right, &[(8, 1), (8, 1)]);
            let panes = vec![
                (Pane::Clusters, lists[0]),
                (Pane::Templates, lists[1]),
                (Pane::Certificates, lists[2]),
                (Pane::Events, sides[1]),
            ];
            return (panes, Some(sides[0]));
        }
        // One under another: the focused pane takes what its rows need, events the rest.
        let spare = (area.height + 3).saturating_sub(16);
        let rows = match self.focus {
            Pane::Clusters => self.clusters.rows(cx).len(),
            Pane::Templates => self.templates.rows(cx).len(),
            Pane::Certificates => self.certificates.rows(cx).len(),
            Pane::Events => usize::MAX,
        };
        let more = u16::try_from(rows.saturating_sub(1)).unwrap_or(u16::MAX).clamp(3, spare.max(3));
        let wanted: Vec<(u16, u16)> = ORDER
            .iter()
            .map(|pane| match pane {
                _ if *pane == self.focus && *pane != Pane::Events => (4 + more, 0),
                Pane::Events => (4, 1),
                _ => (4, 0),
            })
            .collect();
        let rects = layout::column(area, &wanted);
        (ORDER.into_iter().zip(rects).collect(), None)
    }
}

/// To what the cluster's stack was given and gives.
pub fn parameters(id: ClusterId, cx: &Cx) -> Vec<Ask> {
    let name = cx.fleet.clusters.get(&id).map_or_else(String::new, |cluster| cluster.name.clone());
    vec![Ask::Open(Route::Read(Matter::Asked { title: format!("{name} ─ stack"), source: Source::Stack(id) }))]
}

/// To the cluster's authorities, or to what they are to sign.
pub fn authorities(id: ClusterId, action: Action, cx: &Cx) -> Vec<Ask> {
    if action == Action::Sign {
        return vec![Ask::Open(Route::Sign(id))];
    }
    let name = cx.fleet.clusters.get(&id).map_or_else(String::new, |cluster| cluster.name.clone());
    let title = format!("{name} ─ authorities");
    vec![Ask::Open(Route::Read(Matter::Asked { title, source: Source::Authorities(id) }))]
}

/// For somebody who sees an empty screen: what to do, in order.
fn welcome(cx: &Cx) -> Vec<Vec<Span<'static>>> {
    if cx.fleet.clusters_loaded != Loaded::Yes {
        return Vec::new();
    }
    let mut lines = vec![vec![cx.span(Role::Text, "Kubernetes on this cloud, in four steps:")], Vec::new()];
    let steps = [
        (Action::Pane2, Context::Home, Action::New, Context::Templates, "make a template: image, flavors, network"),
        (Action::Pane1, Context::Home, Action::New, Context::Clusters, "create a cluster from it"),
        (Action::Open, Context::List, Action::Why, Context::Clusters, "watch its stack; see why when something fails"),
        (
            Action::Kubeconfig,
            Context::Clusters,
            Action::Kubeconfig,
            Context::Clusters,
            "write its kubeconfig, then use kubectl",
        ),
    ];
    for (number, (first, at, second, on, what)) in (1..).zip(steps) {
        let mut keys: Vec<String> = [cx.keymap.key_for(&[at], first), cx.keymap.key_for(&[on], second)]
            .into_iter()
            .flatten()
            .map(|key| key.to_string())
            .collect();
        keys.dedup();
        lines.push(vec![
            cx.span(Role::Muted, format!("{number}  ")),
            cx.span(Role::Key, text::pad(&keys.join(" "), 9)),
            cx.span(Role::Text, what),
        ]);
    }
    lines
}

/// Puts a text on the clipboard and says so.
pub fn copy(what: &str, value: &str) -> Vec<Ask> {
    vec![Ask::Do(Effect::Copy(value.to_owned())), Ask::Say(format!("copied the {what}"))]
}

impl Layer for Home {
    fn contexts(&self) -> Vec<Context> {
        if self.editing() {
            return vec![Context::Filter];
        }
        let own = match self.focus {
            Pane::Clusters => Context::Clusters,
            Pane::Templates => Context::Templates,
            Pane::Events => Context::Events,
            Pane::Certificates => Context::Certificates,
        };
        vec![own, Context::List, Context::Home]
    }

    fn route(&self) -> Option<Route> {
        Some(Route::Home)
    }

    fn takes_text(&self) -> bool {
        self.editing()
    }

    fn can_go_back(&self) -> bool {
        let can_clear = match self.focus {
            Pane::Clusters => self.clusters.can_clear(),
            Pane::Templates => self.templates.can_clear(),
            Pane::Events => self.events.filter.is_editing() || !self.events.filter.text().is_empty(),
            Pane::Certificates => self.certificates.can_clear(),
        };
        self.zoomed || can_clear
    }

    fn text(&mut self, key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        (self.editing() && self.filter().key(key)).then(Vec::new)
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        if self.editing() {
            self.filter().paste(text);
        }
    }

    fn on(&mut self, action: Action, cx: &Cx) -> Vec<Ask> {
        if self.in_list(action, cx) {
            return Vec::new();
        }
        if let Some(at) = action.to_pane() {
            return ORDER.get(at).map_or_else(Vec::new, |pane| self.go(*pane));
        }
        match action {
            Action::NextPane => self.turn(1),
            Action::PreviousPane => self.turn(ORDER.len() - 1),
            Action::Zoom => {
                self.zoomed = !self.zoomed;
                Vec::new()
            }
            Action::Back => {
                self.zoomed = false;
                Vec::new()
            }
            Action::Open => self.open(cx),
            Action::New => self.new_thing(cx),
            Action::CreateFrom => self.create_from(cx),
            Action::Delete if self.focus == Pane::Templates => match self.templates.meant(cx).as_slice() {
                [] => Vec::new(),
                [template] => vec![Ask::Open(Route::DeleteTemplate(template.uuid))],
                templates => several::delete_templates(templates, cx),
            },
            Action::AsText if self.focus == Pane::Templates => {
                let read = |id| Ask::Open(Route::Read(Matter::Template(id, Form::Yaml)));
                self.templates.selected(cx).map(|t| read(t.uuid)).into_iter().collect()
            }
            Action::Inspect | Action::Sign if self.focus == Pane::Certificates => {
                self.certificates.selected(cx).map_or_else(Vec::new, |cluster| authorities(cluster.uuid, action, cx))
            }
            Action::Copy if self.focus == Pane::Certificates => {
                let ca = self.certificates.selected(cx).and_then(|c| cx.fleet.certificates.get(&c.uuid));
                ca.and_then(|ca| ca.as_ref().ok()).map_or_else(Vec::new, |ca| copy("CA certificate", &ca.pem))
            }
            Action::Cloud => vec![Ask::Open(Route::Cloud(None))],
            Action::Edit => self.edit_template(cx),
            Action::Movers => vec![Ask::Open(Route::Movers)],
            _ => listed::on(action, &self.clusters, cx),
        }
    }

    fn click(&mut self, on: Under, cx: &Cx) -> Clicked {
        match self.focus {
            Pane::Clusters => self.clusters.click(on, cx),
            Pane::Templates => self.templates.click(on, cx),
            Pane::Events => self.events.click(on, cx),
            Pane::Certificates => self.certificates.click(on, cx),
        }
    }

    fn wheel(&mut self, pane: Option<u8>, down: bool, cx: &Cx) -> Vec<Ask> {
        match pane.and_then(|number| ORDER.get(usize::from(number).checked_sub(1)?)) {
            Some(Pane::Clusters) => self.clusters.wheel(down, cx),
            Some(Pane::Templates) => self.templates.wheel(down, cx),
            Some(Pane::Events) => self.events.wheel(down, cx),
            Some(Pane::Certificates) => self.certificates.wheel(down, cx),
            None => {}
        }
        Vec::new()
    }

    fn cluster(&self, cx: &Cx) -> Option<ClusterId> {
        self.clusters.selected(cx).map(|cluster| cluster.uuid)
    }

    fn offers(&self, action: Action, cx: &Cx) -> bool {
        match action {
            Action::Shells => !cx.shells.all().is_empty(),
            Action::Movers => cx.fleet.counts().0 > 0,
            _ => self.focus != Pane::Clusters || listed::offers(action, &self.clusters, cx),
        }
    }

    fn select_cluster(&mut self, id: ClusterId) {
        self.clusters.select(id);
        self.focus = Pane::Clusters;
        self.zoomed = false;
    }

    fn unmark(&mut self) {
        self.clusters.unmark();
        self.templates.unmark();
    }

    fn news(&mut self, cx: &Cx) {
        self.events.turn_to(self.cluster(cx));
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        self.events.turn_to(self.cluster(cx));
        let (panes, details) = self.places(area, cx);
        let mut drawn: Vec<Boxed> = panes.iter().map(|(pane, rect)| self.boxed(*pane, *rect, cx)).collect();
        if let Some(rect) = details {
            let inner = boxes::inside(rect);
            let room = usize::from(inner.width.saturating_sub(2));
            let (title, lines) = self.details(room, cx);
            drawn.push(Boxed {
                area: rect,
                title: vec![cx.span(Role::Title, if title.is_empty() { "Details".to_owned() } else { title })],
                note: Vec::new(),
                focused: false,
            });
            text::put_lines(
                buf,
                Rect { x: inner.x + 1.min(inner.width), width: inner.width.saturating_sub(2), ..inner },
                lines,
            );
        }
        boxes::draw(&drawn, cx, buf);
        for (pane, rect) in panes {
            let number = ORDER.iter().zip(1..).find_map(|(one, number)| (*one == pane).then_some(number));
            let spot = Spot::Pane { number: number.unwrap_or_default(), focused: self.focus == pane };
            cx.pointer.put(rect, spot);
            self.fill(pane, rect, cx, buf);
        }
    }
}
