//! The page of settings: what is in force and where it comes from. Theme, keys and mouse are turned
//! here and count at once; what is to stay is written into config.toml when that is asked for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cluster::with_words;
use super::home::copy;
use crate::ui::action::{Action, Context};
use crate::ui::effect::Effect;
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer, Route};
use crate::ui::panes::{ListPane, prefs};
use crate::ui::pointer::{Clicked, Under};
use crate::ui::theme::Role;
use crate::ui::widgets::boxes::{self, Boxed};
use crate::ui::widgets::text;

#[derive(Default)]
pub struct SettingsPage {
    list: ListPane<prefs::Settings>,
}

impl SettingsPage {
    fn turn(&self, forward: bool, cx: &Cx) -> Vec<Ask> {
        let Some(pref) = self.list.selected(cx) else { return Vec::new() };
        match pref.next(forward) {
            Some(value) => vec![Ask::Prefer { name: pref.name.clone(), value: value.clone() }],
            None if pref.origin == "default" || pref.origin == "config.toml" => {
                vec![Ask::Say(format!("{} is changed in config.toml", pref.name))]
            }
            None => vec![Ask::Say(format!("{} says so for this once", pref.origin))],
        }
    }
}

impl Layer for SettingsPage {
    fn contexts(&self) -> Vec<Context> {
        if self.list.filter.is_editing() {
            return vec![Context::Filter];
        }
        vec![Context::Settings, Context::List]
    }

    fn route(&self) -> Option<Route> {
        Some(Route::Settings)
    }

    fn opened(&mut self) -> Vec<Ask> {
        vec![Ask::Do(Effect::TellPrefs)]
    }

    fn takes_text(&self) -> bool {
        self.list.filter.is_editing()
    }

    fn text(&mut self, key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        (self.takes_text() && self.list.filter.key(key)).then(Vec::new)
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        if self.takes_text() {
            self.list.filter.paste(text);
        }
    }

    fn on(&mut self, action: Action, cx: &Cx) -> Vec<Ask> {
        if self.list.on(action, cx) {
            return Vec::new();
        }
        match action {
            Action::Back => vec![Ask::Close],
            Action::Press | Action::Open | Action::TurnOn => self.turn(true, cx),
            Action::TurnBack => self.turn(false, cx),
            Action::Keep => match cx.fleet.prefs.turned() {
                turned if turned.is_empty() => vec![Ask::Say("nothing was turned here".into())],
                turned => vec![Ask::Do(Effect::KeepPrefs(turned))],
            },
            Action::Copy => copy("path of config.toml", &cx.fleet.prefs.file),
            Action::Refresh => vec![Ask::Do(Effect::TellPrefs)],
            _ => Vec::new(),
        }
    }

    fn click(&mut self, on: Under, cx: &Cx) -> Clicked {
        self.list.click(on, cx)
    }

    fn wheel(&mut self, _pane: Option<u8>, down: bool, cx: &Cx) -> Vec<Ask> {
        self.list.wheel(down, cx);
        Vec::new()
    }

    fn offers(&self, action: Action, cx: &Cx) -> bool {
        match action {
            Action::Keep => !cx.fleet.prefs.turned().is_empty(),
            Action::Press => self.list.selected(cx).is_some_and(|pref| !pref.choices.is_empty()),
            _ => true,
        }
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let title = self.list.heading(true, cx);
        let boxed = Boxed { area, title, note: self.list.note(cx), focused: true };
        boxes::draw(&[boxed], cx, buf);
        let inner = boxes::inside(area);
        let room = usize::from(inner.width.saturating_sub(4));
        let words = self.list.selected(cx).map(|pref| prefs::details(pref, room, cx));
        let inner = with_words(inner, true, words, cx, buf);
        self.list.view(true, cx, inner, buf);
        if !cx.fleet.prefs.file.is_empty() {
            let file = vec![cx.span(Role::Muted, format!(" {} ", cx.fleet.prefs.file))];
            let room = area.width.saturating_sub(4);
            text::put(
                buf,
                area.x + 2.min(area.width),
                area.bottom().saturating_sub(1),
                room,
                text::fit_spans(file, usize::from(room)),
            );
        }
    }
}
