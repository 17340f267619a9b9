//! The shells on nodes: a line of tabs, the shell itself and, where there is room, its cluster's
//! events beside it; or all of them side by side. What is typed goes to the shell until a key gives the keyboard back; the
//! shells go on when the page is left.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::layout;
use crate::model::ClusterId;
use crate::ui::action::{Action, Context};
use crate::ui::filter::Filter;
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer, Route};
use crate::ui::panes::events::EventsPane;
use crate::ui::panes::{press, step};
use crate::ui::pointer::{Clicked, Spot, Under};
use crate::ui::remote::Enter;
use crate::ui::shells::term::Size;
use crate::ui::shells::{Course, Shell, Wish, view};
use crate::ui::theme::Role;
use crate::ui::widgets::boxes::{self, Boxed};
use crate::ui::widgets::text;

/// From this width on events fit beside 80 columns of a shell.
const BESIDE: u16 = 120;
/// The least box of a shell beside others.
const TILE: (u16, u16) = (40, 7);
/// What the events beside a shell are called where a pane has a number.
const EVENTS: u8 = 1;
/// Columns of a shell's box that most programs are made for.
const USUAL: u16 = 82;

pub struct ShellsPage {
    /// Whether keys go to the shell.
    typing: bool,
    zoomed: bool,
    /// Whether all are shown side by side.
    tiled: bool,
    search: Filter,
    /// Ending one that runs was asked for once.
    ending: bool,
    events: EventsPane,
}

impl ShellsPage {
    pub fn new(enter: Enter, cx: &Cx) -> Self {
        // One that is being opened is not there yet.
        let ended = cx.shells.current().is_some_and(|shell| !shell.is_alive());
        let typing = enter == Enter::Type && !ended;
        Self {
            typing,
            zoomed: false,
            tiled: enter == Enter::Tiles,
            search: Filter::default(),
            ending: false,
            events: EventsPane::default(),
        }
    }

    fn places(&self, area: Rect, cx: &Cx) -> (Rect, Option<Rect>) {
        if self.zoomed || area.width < BESIDE {
            return (area, None);
        }
        let usual = (USUAL * 100).div_ceil(area.width);
        let (shell, events) = cx.pointer.columns("shells", area, usual.max(62));
        (shell, Some(events))
    }

    /// The shells that are side by side, and where; none while one has the page.
    fn tiles<'a>(&self, area: Rect, cx: &Cx<'a>) -> Vec<(usize, Rect)> {
        let all = cx.shells.all();
        if !self.tiled || all.len() < 2 {
            return Vec::new();
        }
        let places = layout::tiles(area, all.len(), TILE);
        let current = cx.shells.current().and_then(|shell| all.iter().position(|one| one.id == shell.id));
        let first = current.unwrap_or(0) / places.len() * places.len();
        (first..all.len()).zip(places).collect()
    }

    fn draw_tiles(&self, tiles: &[(usize, Rect)], cx: &Cx, buf: &mut Buffer) {
        let current = cx.shells.current().map(|shell| shell.id);
        let shown = |at: usize| cx.shells.all().get(at);
        let boxed = |at: usize, area: Rect| -> Option<Boxed> {
            let shell = shown(at)?;
            let is_current = current == Some(shell.id);
            let role = if is_current { Role::TitleFocused } else { Role::Title };
            let mut title = vec![cx.span(Role::Key, format!("{} ", at + 1)), cx.span(role, name(shell, cx))];
            title.extend(sign(shell, cx));
            let note = match shell.course {
                Course::Ended(Some(code)) => {
                    let role = if code == 0 { Role::Ok } else { Role::Failed };
                    vec![cx.span(role, format!("exit code {code}"))]
                }
                _ => Vec::new(),
            };
            Some(Boxed { area, title, note, focused: is_current })
        };
        let drawn: Vec<Boxed> = tiles.iter().filter_map(|(at, area)| boxed(*at, *area)).collect();
        boxes::draw(&drawn, cx, buf);
        for (at, area) in tiles {
            cx.pointer.put(*area, Spot::Shell(*at));
        }
        for (shell, area) in tiles.iter().filter_map(|(at, area)| Some((shown(*at)?, *area))) {
            let is_current = current == Some(shell.id);
            view::draw(shell, self.typing && is_current, cx, boxes::inside(area), buf);
            if is_current {
                self.draw_status(shell, area, cx, buf);
            }
        }
    }

    fn draw_status(&self, shell: &Shell, place: Rect, cx: &Cx, buf: &mut Buffer) {
        let mut status = vec![Span::raw(" ")];
        status.extend(text::fit_spans(self.status(shell, cx), usize::from(place.width.saturating_sub(6))));
        status.push(Span::raw(" "));
        text::put(buf, place.x + 2, place.bottom().saturating_sub(1), place.width.saturating_sub(4), status);
    }

    fn find(&self, older: bool) -> Vec<Ask> {
        match self.search.text() {
            "" => Vec::new(),
            text => vec![Ask::Shell(Wish::Find { text: text.to_owned(), older })],
        }
    }

    fn close(&mut self, cx: &Cx) -> Vec<Ask> {
        let Some(shell) = cx.shells.current() else { return vec![Ask::Close] };
        if shell.is_alive() && !self.ending {
            self.ending = true;
            return Vec::new();
        }
        self.ending = false;
        let mut asks = vec![Ask::Shell(Wish::Close)];
        if cx.shells.all().len() == 1 {
            asks.push(Ask::Close);
        }
        asks
    }

    fn tabs(&self, area: Rect, cx: &Cx) -> Vec<Span<'static>> {
        let current = cx.shells.current().map(|shell| shell.id);
        let mut spans = Vec::new();
        for (number, shell) in (1..).zip(cx.shells.all()) {
            if number > 1 {
                spans.push(cx.span(Role::Faint, " │ "));
            }
            let shown = current == Some(shell.id);
            let before = text::spans_width(&spans);
            let role = match () {
                () if shown && self.typing => Role::TitleFocused,
                () if shown => Role::Title,
                () => Role::Faint,
            };
            spans.push(cx.span(if shown { Role::Key } else { Role::Faint }, format!("{number} ")));
            spans.push(cx.span(role, name(shell, cx)));
            let news = shell.course == Course::Running && shell.unseen && !shown;
            spans.extend(sign(shell, cx).or_else(|| news.then(|| cx.span(Role::Moving, " •"))));
            cx.pointer.put(boxes::in_title(area, before, text::spans_width(&spans)), Spot::Shell(number - 1));
        }
        spans
    }

    /// What stands in the lower border.
    fn status(&self, shell: &Shell, cx: &Cx) -> Vec<Span<'static>> {
        let key = |action, what: &str| press(action, &[Context::Shells], what, cx);
        if self.search.is_editing() {
            let typed = cx.span(Role::Match, format!("/{}", self.search.text()));
            return vec![typed, cx.span(Role::Cursor, " ")];
        }
        if self.ending {
            return key(Action::EndShell, "once more ends this shell and what runs in it");
        }
        if let Some(browse) = shell.browse() {
            let (line, of) = browse.place();
            let mut told = vec![cx.span(Role::Warning, format!("held at line {line} of {of}"))];
            if !browse.wanted().is_empty() {
                told.push(cx.span(Role::Match, format!("  /{}", browse.wanted())));
            }
            return told;
        }
        match shell.course {
            Course::Ended(code) => {
                let role = if code == Some(0) { Role::Muted } else { Role::Failed };
                let told = code.map_or("no shell".to_owned(), |code| format!("ended, exit code {code}"));
                let mut spans = vec![cx.span(role, told), Span::raw("  ")];
                spans.extend(key(Action::EndShell, "close"));
                spans.push(Span::raw("  "));
                spans.extend(key(Action::Shell, "another"));
                spans
            }
            _ if self.typing => press(Action::Release, &[Context::Shell], "gives the keyboard back", cx),
            _ => key(Action::Type, "type into the shell"),
        }
    }
}

/// How it stands with one that does not simply run.
fn sign(shell: &Shell, cx: &Cx) -> Option<Span<'static>> {
    match shell.course {
        Course::Seeking => Some(cx.span(Role::Moving, " ◌")),
        Course::Ended(Some(0)) => Some(cx.span(Role::Faint, " ■")),
        Course::Ended(_) => Some(cx.span(Role::Failed, " ✖")),
        Course::Running => None,
    }
}

/// `prod/worker-1`
fn name(shell: &Shell, cx: &Cx) -> String {
    let cluster = cx.fleet.clusters.get(&shell.cluster).map_or("?", |cluster| cluster.name.as_str());
    format!("{cluster}/{}", shell.label)
}

impl Layer for ShellsPage {
    fn contexts(&self) -> Vec<Context> {
        match () {
            () if self.search.is_editing() => vec![Context::Filter],
            () if self.typing => vec![Context::Shell],
            () => vec![Context::Shells],
        }
    }

    fn route(&self) -> Option<Route> {
        Some(Route::Shells(if self.tiled { Enter::Tiles } else { Enter::Look }))
    }

    fn types_to_shell(&self) -> bool {
        self.typing
    }

    fn takes_text(&self) -> bool {
        self.search.is_editing()
    }

    fn text(&mut self, key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        (self.search.is_editing() && self.search.key(key)).then(Vec::new)
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        if self.search.is_editing() {
            self.search.paste(text);
        }
    }

    fn on(&mut self, action: Action, cx: &Cx) -> Vec<Ask> {
        if let Some(step) = step(action) {
            return vec![Ask::Shell(Wish::Step(step))];
        }
        if action != Action::EndShell {
            self.ending = false;
        }
        let select = |at| vec![Ask::Shell(Wish::Select(at))];
        match action {
            Action::Release => {
                self.typing = false;
                Vec::new()
            }
            Action::Type => match cx.shells.current() {
                Some(shell) if shell.is_alive() => {
                    self.typing = true;
                    vec![Ask::Shell(Wish::Live)]
                }
                _ => self.close(cx),
            },
            Action::Literal => {
                let key = cx.keymap.key_for(&[Context::Shell], Action::Release);
                let keys = key.map(|chord| chord.keys().to_vec()).unwrap_or_default();
                self.typing = cx.shells.current().is_some_and(Shell::is_alive);
                keys.into_iter().map(|key| Ask::Shell(Wish::Key(key))).collect()
            }
            Action::Shell => {
                self.typing = true;
                vec![Ask::Shell(Wish::Again)]
            }
            Action::Pane1 => select(0),
            Action::Pane2 => select(1),
            Action::Pane3 => select(2),
            Action::Pane4 => select(3),
            Action::Pane5 => select(4),
            Action::Pane6 => select(5),
            Action::Pane7 => select(6),
            Action::NextPane => vec![Ask::Shell(Wish::Turn { back: false })],
            Action::PreviousPane => vec![Ask::Shell(Wish::Turn { back: true })],
            Action::Zoom => {
                self.zoomed = !self.zoomed;
                Vec::new()
            }
            Action::Tile => {
                self.tiled = !self.tiled;
                Vec::new()
            }
            Action::Search => {
                self.search.clear();
                self.search.start();
                Vec::new()
            }
            Action::Accept => {
                self.search.finish();
                self.find(true)
            }
            Action::FindOlder => self.find(true),
            Action::FindNewer => self.find(false),
            Action::Mark => vec![Ask::Shell(Wish::Mark)],
            Action::Copy => vec![Ask::Shell(Wish::Copy)],
            Action::EndShell => self.close(cx),
            Action::Back if self.search.is_editing() => {
                self.search.clear();
                Vec::new()
            }
            Action::Back if cx.shells.current().is_some_and(|shell| shell.browse().is_some()) => {
                vec![Ask::Shell(Wish::Live)]
            }
            Action::Back => vec![Ask::Close],
            _ => Vec::new(),
        }
    }

    fn click(&mut self, on: Under, cx: &Cx) -> Clicked {
        let Under::Shell(at) = on else { return Clicked::NOTHING };
        self.ending = false;
        let current = cx.shells.current().map(|shell| shell.id);
        let Some(shell) = cx.shells.all().get(at) else { return Clicked::NOTHING };
        // A click on the one that is shown gives it the keyboard.
        self.typing = shell.is_alive() && (self.typing || current == Some(shell.id));
        Clicked::Done(vec![Ask::Shell(Wish::Select(at))])
    }

    fn wheel(&mut self, pane: Option<u8>, down: bool, cx: &Cx) -> Vec<Ask> {
        if pane == Some(EVENTS) {
            self.events.wheel(down, cx);
            return Vec::new();
        }
        vec![Ask::Shell(Wish::Wheel { down })]
    }

    fn offers(&self, action: Action, cx: &Cx) -> bool {
        match action {
            Action::NextPane => cx.shells.all().len() > 1,
            Action::Type => cx.shells.current().is_some_and(Shell::is_alive),
            Action::FindOlder => !self.search.text().is_empty(),
            Action::Tile => cx.shells.all().len() > 1,
            _ => true,
        }
    }

    fn news(&mut self, cx: &Cx) {
        // Nobody is there to type to.
        self.typing &= cx.shells.current().is_some_and(Shell::is_alive);
    }

    fn cluster(&self, cx: &Cx) -> Option<ClusterId> {
        cx.shells.current().map(|shell| shell.cluster)
    }

    fn shows_shell(&self, area: Rect, cx: &Cx) -> Option<Size> {
        let tile = self.tiles(area, cx).first().map(|(_, place)| *place);
        let inner = boxes::inside(tile.unwrap_or_else(|| self.places(area, cx).0));
        Some(Size { columns: inner.width, rows: inner.height })
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let tiles = self.tiles(area, cx);
        if !tiles.is_empty() {
            return self.draw_tiles(&tiles, cx, buf);
        }
        let (place, beside) = self.places(area, cx);
        let shell = cx.shells.current();
        let at = cx.shells.all().iter().position(|one| shell.is_some_and(|shell| one.id == shell.id));
        cx.pointer.put(place, Spot::Shell(at.unwrap_or_default()));
        let title = self.tabs(place, cx);
        let mut drawn = vec![Boxed { area: place, title, note: Vec::new(), focused: self.typing }];
        let cluster = self.cluster(cx);
        if let Some(area) = beside {
            let name = cluster.and_then(|id| cx.fleet.clusters.get(&id)).map(|cluster| cluster.name.clone());
            let mut title = vec![cx.span(Role::Title, "Stack events")];
            title.extend(name.map(|name| cx.span(Role::Muted, format!(" ─ {name}"))));
            drawn.push(Boxed { area, title, note: self.events.note(cluster, cx), focused: false });
        }
        boxes::draw(&drawn, cx, buf);
        if let Some(area) = beside {
            cx.pointer.put(area, Spot::Pane { number: EVENTS, focused: true });
            self.events.view(cluster, false, cx, boxes::inside(area), buf);
        }
        let Some(shell) = shell else { return };
        view::draw(shell, self.typing, cx, boxes::inside(place), buf);
        self.draw_status(shell, place, cx, buf);
    }
}
