//! Asked before what past clusters left is removed: what goes, and whether it is certainly nobody's.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::confirm::field;
use crate::model::Orphan;
use crate::model::text::counted;
use crate::ui::action::{Action, Context};
use crate::ui::effect::Job;
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::panes::press;
use crate::ui::project::Task;
use crate::ui::theme::Role;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::{boxes, text};

/// So many are named; the others are counted.
const NAMED: usize = 8;
/// To be typed where something may be somebody's.
const WORD: &str = "remove";

pub struct RemoveOrphans {
    orphans: Vec<Orphan>,
    typed: Input,
    refused: bool,
}

impl RemoveOrphans {
    pub fn new(orphans: Vec<Orphan>) -> Self {
        Self { orphans, typed: Input::default(), refused: false }
    }

    fn is_doubtful(&self) -> bool {
        self.orphans.iter().any(|orphan| orphan.doubt.is_some())
    }

    fn is_ready(&self) -> bool {
        !self.is_doubtful() || self.typed.text().trim() == WORD
    }
}

impl Layer for RemoveOrphans {
    fn contexts(&self) -> Vec<Context> {
        vec![Context::Confirm]
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn is_overlay(&self) -> bool {
        true
    }

    fn text(&mut self, key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        self.refused = false;
        (self.is_doubtful() && self.typed.key(key)).then(Vec::new)
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        if self.is_doubtful() {
            self.typed.paste(text);
        }
    }

    fn on(&mut self, action: Action, _cx: &Cx) -> Vec<Ask> {
        match action {
            Action::Accept if self.is_ready() => {
                let task = Task::RemoveOrphans(self.orphans.clone());
                return vec![Ask::Run(Job::Project(task)), Ask::Close];
            }
            Action::Accept => self.refused = true,
            Action::Back => return vec![Ask::Close],
            _ => {}
        }
        Vec::new()
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let room = usize::from(area.width.min(72)).saturating_sub(4);
        let count = counted(u32::try_from(self.orphans.len()).unwrap_or(u32::MAX), "thing");
        let mut lines = vec![vec![cx.span(Role::Text, format!("Remove {count}, with what is on them:"))]];
        for orphan in self.orphans.iter().take(NAMED) {
            let sign = if orphan.doubt.is_some() { cx.span(Role::Warning, "! ") } else { cx.span(Role::Ok, "✓ ") };
            let line = text::fit(&orphan.thing.line(), room.saturating_sub(2));
            lines.push(vec![sign, cx.span(Role::Strong, line)]);
        }
        if self.orphans.len() > NAMED {
            lines.push(vec![cx.span(Role::Muted, format!("  and {} more", self.orphans.len() - NAMED))]);
        }
        lines.push(Vec::new());
        let mut at = None;
        if let Some(doubt) = self.orphans.iter().find_map(|orphan| orphan.doubt) {
            let told = text::wrap(&format!("! {}", doubt.word()), room, 3);
            lines.extend(told.into_iter().map(|line| vec![cx.span(Role::Warning, line)]));
            lines.push(vec![cx.span(Role::Muted, format!("Type {WORD} if it is yours to remove all the same:"))]);
            at = Some(lines.len());
            lines.push(Vec::new());
            let told =
                if self.refused { vec![cx.span(Role::Failed, format!("✖ that is not {WORD}"))] } else { Vec::new() };
            lines.push(told);
        }
        let mut keys = press(Action::Accept, &[Context::Confirm], "remove", cx);
        keys.push(Span::raw("     "));
        keys.extend(press(Action::Back, &[Context::Confirm], "leave it there", cx));
        lines.push(keys);
        let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
        let inner = boxes::dialog(area, 72, height, "Remove orphans", Role::Failed, cx, buf);
        text::put_lines(buf, inner, lines);
        if let Some(at) = at {
            let place = Rect { y: inner.y + u16::try_from(at).unwrap_or(0), height: 1, ..inner };
            field(&mut self.typed, place, inner, cx, buf);
        }
    }
}
