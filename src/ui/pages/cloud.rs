//! The page of the project and its cloud: images, flavors, networks and keypairs as far as clusters
//! need them, quotas, what past clusters left, and the stack events of all clusters.

mod places;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::cluster::with_words;
use super::home::copy;
use crate::ui::action::{Action, Context};
use crate::ui::filter::Filter;
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer, Route};
use crate::ui::panes::project::flavors::Flavors;
use crate::ui::panes::project::happenings::Happenings;
use crate::ui::panes::project::images::{self, Images};
use crate::ui::panes::project::keypairs::Keypairs;
use crate::ui::panes::project::limits::{self, Limits};
use crate::ui::panes::project::networks::Networks;
use crate::ui::panes::project::orphans::{self, Orphans};
use crate::ui::panes::{ListPane, Spec, events};
use crate::ui::pointer::{Clicked, Spot, Under};
use crate::ui::project::Need;
use crate::ui::remote;
use crate::ui::theme::Role;
use crate::ui::widgets::boxes::{self, Boxed};
use crate::ui::widgets::text;
use places::Slot;

/// Columns of a pane's name and what is between it and the next.
const TITLE: usize = 13;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    Images,
    Flavors,
    Networks,
    Keypairs,
    Limits,
    Orphans,
    Events,
}

impl Pane {
    /// In the order of their numbers.
    pub const ALL: [Self; 7] =
        [Self::Images, Self::Flavors, Self::Networks, Self::Keypairs, Self::Limits, Self::Orphans, Self::Events];

    fn number(self) -> u8 {
        Self::ALL.iter().zip(1..).find_map(|(pane, number)| (*pane == self).then_some(number)).unwrap_or_default()
    }

    /// Where only its name is shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Images => Images::TITLE,
            Self::Flavors => Flavors::TITLE,
            Self::Networks => Networks::TITLE,
            Self::Keypairs => Keypairs::TITLE,
            Self::Limits => Limits::TITLE,
            Self::Orphans => Orphans::TITLE,
            Self::Events => Happenings::TITLE,
        }
    }

    /// One line for the command line's list.
    pub fn doc(self) -> &'static str {
        match self {
            Self::Images => "Images of the cloud, to describe and to import",
            Self::Flavors => "Flavors, and what clusters can use each for",
            Self::Networks => "Networks, and what clusters can use each for",
            Self::Keypairs => "Keypairs, and who uses them",
            Self::Limits => "What the project may have of everything, and what it has",
            Self::Orphans => "What clusters that are no more left",
            Self::Events => "Stack events of all clusters",
        }
    }

    fn context(self) -> Context {
        match self {
            Self::Images => Context::Images,
            Self::Flavors => Context::Flavors,
            Self::Networks => Context::Networks,
            Self::Keypairs => Context::Keypairs,
            Self::Limits => Context::Limits,
            Self::Orphans => Context::Orphans,
            Self::Events => Context::Happenings,
        }
    }
}

/// What all lists can do, whatever is in them.
trait Listed: Send {
    fn filter(&mut self) -> &mut Filter;
    fn on(&mut self, action: Action, cx: &Cx) -> bool;
    fn click(&mut self, on: Under, cx: &Cx) -> Clicked;
    fn wheel(&mut self, down: bool, cx: &Cx);
    fn title(&self, number: u8, focused: bool, cx: &Cx) -> Vec<Span<'static>>;
    fn note(&self, cx: &Cx) -> Vec<Span<'static>>;
    fn view(&mut self, focused: bool, cx: &Cx, area: Rect, buf: &mut Buffer);
}

impl<S: Spec> Listed for ListPane<S>
where
    ListPane<S>: Send,
{
    fn filter(&mut self) -> &mut Filter {
        &mut self.filter
    }

    fn on(&mut self, action: Action, cx: &Cx) -> bool {
        self.on(action, cx)
    }

    fn click(&mut self, on: Under, cx: &Cx) -> Clicked {
        self.click(on, cx)
    }

    fn wheel(&mut self, down: bool, cx: &Cx) {
        self.wheel(down, cx);
    }

    fn title(&self, number: u8, focused: bool, cx: &Cx) -> Vec<Span<'static>> {
        self.title(number, focused, cx)
    }

    fn note(&self, cx: &Cx) -> Vec<Span<'static>> {
        self.note(cx)
    }

    fn view(&mut self, focused: bool, cx: &Cx, area: Rect, buf: &mut Buffer) {
        self.view(focused, cx, area, buf);
    }
}

pub struct CloudPage {
    focus: Pane,
    /// Which pane of each group had the focus last.
    shown: places::Shown,
    zoomed: bool,
    /// A filter is being typed.
    editing: bool,
    /// Orphans take a call of every service: they are looked for when somebody goes there.
    wants_orphans: bool,
    /// The cursor is on the newest event and stays there.
    following: bool,
    images: ListPane<Images>,
    flavors: ListPane<Flavors>,
    networks: ListPane<Networks>,
    keypairs: ListPane<Keypairs>,
    limits: ListPane<Limits>,
    orphans: ListPane<Orphans>,
    events: ListPane<Happenings>,
}

impl CloudPage {
    pub fn new(pane: Option<Pane>) -> Self {
        let mut page = Self {
            focus: Pane::Images,
            shown: places::Shown::default(),
            zoomed: false,
            editing: false,
            wants_orphans: false,
            following: true,
            images: ListPane::default(),
            flavors: ListPane::default(),
            networks: ListPane::default(),
            keypairs: ListPane::default(),
            limits: ListPane::default(),
            orphans: ListPane::default(),
            events: ListPane::default(),
        };
        page.go(pane.unwrap_or(Pane::Images));
        page
    }

    fn list(&mut self, pane: Pane) -> &mut dyn Listed {
        match pane {
            Pane::Images => &mut self.images,
            Pane::Flavors => &mut self.flavors,
            Pane::Networks => &mut self.networks,
            Pane::Keypairs => &mut self.keypairs,
            Pane::Limits => &mut self.limits,
            Pane::Orphans => &mut self.orphans,
            Pane::Events => &mut self.events,
        }
    }

    fn go(&mut self, pane: Pane) -> Vec<Ask> {
        self.list(self.focus).filter().finish();
        self.editing = false;
        self.focus = pane;
        self.shown.note(pane);
        self.wants_orphans |= pane == Pane::Orphans;
        Vec::new()
    }

    fn turn(&mut self, by: usize) -> Vec<Ask> {
        let at = Pane::ALL.iter().position(|pane| *pane == self.focus).unwrap_or(0);
        self.go(Pane::ALL[(at + by) % Pane::ALL.len()])
    }

    fn in_list(&mut self, action: Action, cx: &Cx) -> bool {
        let done = self.list(self.focus).on(action, cx);
        self.editing = self.list(self.focus).filter().is_editing();
        if done && self.focus == Pane::Events {
            self.note_following(cx);
        }
        done
    }

    fn note_following(&mut self, cx: &Cx) {
        let newest = self.events.rows(cx).first().map(|row| row.event.id.clone());
        self.following = self.events.selected(cx).map(|row| row.event.id.clone()) == newest;
    }

    fn edit(&self, cx: &Cx) -> Vec<Ask> {
        match self.focus {
            Pane::Images => self
                .images
                .selected(cx)
                .map(|image| Ask::Open(Route::DescribeImage(image.id.clone())))
                .into_iter()
                .collect(),
            Pane::Limits => vec![Ask::Open(Route::ClusterQuota)],
            _ => Vec::new(),
        }
    }

    fn remove(&self, cx: &Cx) -> Vec<Ask> {
        let meant: Vec<_> = self.orphans.meant(cx).into_iter().cloned().collect();
        if self.focus != Pane::Orphans || meant.is_empty() {
            Vec::new()
        } else {
            vec![Ask::Open(Route::RemoveOrphans(meant))]
        }
    }

    fn open(&mut self, cx: &Cx) -> Vec<Ask> {
        let of = self.events.selected(cx).filter(|_| self.focus == Pane::Events).map(|row| row.cluster);
        match of.filter(|id| cx.fleet.clusters.contains_key(id)) {
            Some(id) => vec![Ask::Open(Route::Cluster { id, why: false })],
            None if of.is_some() => vec![Ask::Say("that cluster is gone".into())],
            None => {
                self.zoomed = !self.zoomed;
                Vec::new()
            }
        }
    }

    fn copy(&self, cx: &Cx) -> Vec<Ask> {
        match self.focus {
            Pane::Images => self.images.selected(cx).map(|image| copy("id", &image.id)),
            Pane::Flavors => self.flavors.selected(cx).map(|flavor| copy("id", &flavor.id)),
            Pane::Networks => self.networks.selected(cx).map(|network| copy("id", &network.id)),
            Pane::Keypairs => self.keypairs.selected(cx).map(|keypair| copy("name", &keypair.name)),
            Pane::Orphans => self.orphans.selected(cx).map(|orphan| copy("id", &orphan.thing.id)),
            Pane::Limits | Pane::Events => None,
        }
        .unwrap_or_default()
    }

    /// The titles of all panes that share the box, the shown one's in full.
    fn titles(&mut self, slot: &Slot, cx: &Cx) -> Vec<Span<'static>> {
        let tight = slot.panes.len() * TITLE > usize::from(slot.area.width);
        let focus = self.focus;
        let mut title = Vec::new();
        for pane in &slot.panes {
            if !title.is_empty() {
                title.push(cx.span(Role::Faint, if tight { "│" } else { " │ " }));
            }
            let before = text::spans_width(&title);
            if *pane == slot.shown {
                title.extend(self.list(*pane).title(pane.number(), focus == *pane, cx));
            } else {
                title.push(cx.span(Role::Faint, format!("{} {}", pane.number(), pane.name())));
            }
            let tab = boxes::in_title(slot.area, before, text::spans_width(&title));
            cx.pointer.put(tab, Spot::Tab(pane.number()));
        }
        title
    }

    /// Words about the row under the cursor.
    fn words(&self, pane: Pane, room: usize, cx: &Cx) -> Option<Vec<Vec<Span<'static>>>> {
        match pane {
            Pane::Images => self.images.selected(cx).map(|image| images::details(image, cx)),
            Pane::Limits => self.limits.selected(cx).map(|quota| limits::details(quota, room, cx)),
            Pane::Orphans => self.orphans.selected(cx).map(|orphan| orphans::details(orphan, room, cx)),
            Pane::Events => self.events.selected(cx).map(|row| events::details(&row.event, room, cx)),
            Pane::Flavors | Pane::Networks | Pane::Keypairs => None,
        }
    }
}

impl Layer for CloudPage {
    fn contexts(&self) -> Vec<Context> {
        if self.editing {
            return vec![Context::Filter];
        }
        vec![self.focus.context(), Context::List, Context::Cloud]
    }

    fn route(&self) -> Option<Route> {
        Some(Route::Cloud(None))
    }

    fn takes_text(&self) -> bool {
        self.editing
    }

    fn text(&mut self, key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        (self.editing && self.list(self.focus).filter().key(key)).then(Vec::new)
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        if self.editing {
            self.list(self.focus).filter().paste(text);
        }
    }

    fn needs(&self) -> Vec<Need> {
        let mut needs = vec![Need::Inventory, Need::Limits, Need::Events];
        needs.extend(self.wants_orphans.then_some(Need::Orphans));
        needs
    }

    fn offers(&self, action: Action, cx: &Cx) -> bool {
        match action {
            Action::Shells => !cx.shells.all().is_empty(),
            Action::Delete => self.orphans.selected(cx).is_some(),
            _ => true,
        }
    }

    fn on(&mut self, action: Action, cx: &Cx) -> Vec<Ask> {
        if self.in_list(action, cx) {
            return Vec::new();
        }
        if let Some(at) = action.to_pane() {
            return Pane::ALL.get(at).map_or_else(Vec::new, |pane| self.go(*pane));
        }
        match action {
            Action::NextPane => self.turn(1),
            Action::PreviousPane => self.turn(Pane::ALL.len() - 1),
            Action::Zoom => {
                self.zoomed = !self.zoomed;
                Vec::new()
            }
            Action::Open => self.open(cx),
            Action::Back if self.zoomed => {
                self.zoomed = false;
                Vec::new()
            }
            Action::Back => vec![Ask::Close],
            Action::Edit => self.edit(cx),
            Action::Import => vec![Ask::Open(Route::ImportImage)],
            Action::Delete => self.remove(cx),
            Action::Copy => self.copy(cx),
            Action::Shells => remote::shells(cx),
            _ => Vec::new(),
        }
    }

    fn click(&mut self, on: Under, cx: &Cx) -> Clicked {
        self.editing = false;
        let clicked = self.list(self.focus).click(on, cx);
        self.note_following(cx);
        clicked
    }

    fn wheel(&mut self, pane: Option<u8>, down: bool, cx: &Cx) -> Vec<Ask> {
        if let Some(pane) = pane.and_then(|number| Pane::ALL.get(usize::from(number).checked_sub(1)?)) {
            self.list(*pane).wheel(down, cx);
            self.note_following(cx);
        }
        Vec::new()
    }

    fn news(&mut self, _cx: &Cx) {
        if self.following {
            self.events.to_top();
        }
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let slots = places::places(area, self.focus, self.zoomed, &self.shown, cx.pointer);
        let focus = self.focus;
        let mut drawn = Vec::new();
        for slot in &slots {
            let (number, focused) = (slot.shown.number(), focus == slot.shown);
            cx.pointer.put(slot.area, Spot::Pane { number, focused });
            let title = self.titles(slot, cx);
            let note = self.list(slot.shown).note(cx);
            drawn.push(Boxed { area: slot.area, title, note, focused: focus == slot.shown });
        }
        boxes::draw(&drawn, cx, buf);
        for Slot { area, shown, .. } in slots {
            let (inner, focused) = (boxes::inside(area), focus == shown);
            let words = self.words(shown, usize::from(inner.width.saturating_sub(4)), cx);
            let inner = with_words(inner, focused, words, cx, buf);
            self.list(shown).view(focused, cx, inner, buf);
        }
    }
}
