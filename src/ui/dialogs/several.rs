//! One confirmation for several things: it lists them, finds out for each whether it can be done,
//! lets confirm what can, asks for each, and says of each what was answered.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::confirm::field;
use crate::model::Problem;
use crate::model::text::counted;
use crate::ui::action::{Action, Context};
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::msg::Reply;
use crate::ui::panes::press;
use crate::ui::several::{Check, Item, Several, Thing};
use crate::ui::theme::Role;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::{boxes, text};
use crate::ui::words;

/// So many are asked about, or for, at the same time.
const AT_ONCE: usize = 8;
/// Lines that one refusal may take.
const WHY: usize = 3;

#[derive(Debug, Clone, PartialEq)]
enum State {
    Unknown,
    /// The manager was asked whether it can be done.
    Looking,
    Fine,
    Not(String),
    Asked,
    Done,
    Refused(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Looking,
    Asking,
    Doing,
    /// Something was refused after all: it is told until somebody has read it.
    Over,
}

pub struct SeveralDialog {
    several: Several,
    states: Vec<State>,
    phase: Phase,
    typed: Input,
    /// Enter was pressed with another text, or before it is known which can be.
    refused: bool,
    top: usize,
    /// The greatest `top`, and lines on a page, at the last drawing.
    end: usize,
    page: usize,
}

impl SeveralDialog {
    pub fn new(several: Several) -> Self {
        let state = |item: &Item| match &item.check {
            Check::Ask(_) => State::Unknown,
            Check::Fine => State::Fine,
            Check::Not(why) => State::Not(why.clone()),
        };
        Self {
            states: several.items.iter().map(state).collect(),
            several,
            phase: Phase::Looking,
            typed: Input::default(),
            refused: false,
            top: 0,
            end: usize::MAX,
            page: 1,
        }
    }

    fn count(&self, wanted: fn(&State) -> bool) -> usize {
        self.states.iter().filter(|state| wanted(state)).count()
    }

    /// Those that it would be done to.
    fn able(&self) -> usize {
        self.count(|state| *state == State::Fine)
    }

    /// What has to be typed; nothing as long as it is not known, or nothing is to be done.
    fn wanted(&self) -> Option<String> {
        let asks = self.several.typed && self.phase == Phase::Asking && self.able() > 0;
        asks.then(|| format!("{} {}", self.several.verb, self.able()))
    }

    fn is_ready(&self) -> bool {
        self.phase == Phase::Asking
            && self.able() > 0
            && self.wanted().is_none_or(|wanted| wanted == self.typed.text().trim())
    }

    /// Asks about, or for, as many more as may be; goes on when all have answered.
    fn go_on(&mut self) -> Vec<Ask> {
        let busy = self.count(|state| matches!(state, State::Looking | State::Asked));
        let mut asks = Vec::new();
        for (item, state) in self.several.items.iter().zip(&mut self.states) {
            if busy + asks.len() >= AT_ONCE {
                break;
            }
            match (self.phase, &*state, &item.check) {
                (Phase::Looking, State::Unknown, Check::Ask(job)) => {
                    *state = State::Looking;
                    asks.push(Ask::Run(job.clone()));
                }
                (Phase::Doing, State::Fine, _) => {
                    *state = State::Asked;
                    asks.push(Ask::Run(item.job.clone()));
                }
                _ => {}
            }
        }
        if busy > 0 || !asks.is_empty() {
            return asks;
        }
        match self.phase {
            Phase::Looking => {
                self.phase = Phase::Asking;
                self.refused = false;
            }
            Phase::Doing if self.count(|state| matches!(state, State::Refused(_))) == 0 => {
                let done = u32::try_from(self.count(|state| *state == State::Done)).unwrap_or(u32::MAX);
                let told = format!("{} accepted for {}", self.several.verb, counted(done, self.several.noun));
                return vec![Ask::Close, Ask::Say(told)];
            }
            Phase::Doing => self.phase = Phase::Over,
            Phase::Asking | Phase::Over => {}
        }
        Vec::new()
    }

    fn accept(&mut self) -> Vec<Ask> {
        match self.phase {
            Phase::Asking if self.is_ready() => {
                self.phase = Phase::Doing;
                self.top = 0;
                let mut asks = vec![Ask::Unmark];
                asks.extend(self.go_on());
                asks
            }
            Phase::Asking if self.able() > 0 => {
                self.refused = true;
                Vec::new()
            }
            Phase::Asking | Phase::Over => vec![Ask::Close],
            Phase::Looking => {
                self.refused = true;
                Vec::new()
            }
            Phase::Doing => Vec::new(),
        }
    }

    fn leave(&self) -> Vec<Ask> {
        let left = self.able();
        if self.phase == Phase::Doing && left > 0 {
            return vec![Ask::Close, Ask::Say(format!("stopped: {left} were not asked for any more"))];
        }
        vec![Ask::Close]
    }

    /// Names of those that it is, or would be, done to.
    fn names(&self) -> Vec<&str> {
        let meant = |state: &State| !matches!(state, State::Not(_));
        let pairs = self.several.items.iter().zip(&self.states).filter(|(_, state)| meant(state));
        pairs.map(|(item, _)| item.name.as_str()).collect()
    }

    /// All of them, those with a refusal first.
    fn list(&self, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        let bad = |state: &State| matches!(state, State::Not(_) | State::Refused(_));
        let pairs = || self.several.items.iter().zip(&self.states);
        let wide = self.several.items.iter().map(|item| text::width(&item.name)).max().unwrap_or(0).clamp(8, 32);
        let mut lines = Vec::new();
        for (item, state) in pairs().filter(|(_, state)| bad(state)).chain(pairs().filter(|(_, state)| !bad(state))) {
            let (sign, role) = match state {
                State::Unknown => ("·", Role::Faint),
                State::Looking | State::Asked => ("◌", Role::Moving),
                State::Fine => ("›", Role::Text),
                State::Done => ("●", Role::Ok),
                State::Not(_) | State::Refused(_) => ("✖", Role::Failed),
            };
            let mut line = vec![
                cx.span(role, format!("{sign} ")),
                cx.span(Role::Strong, text::pad(&item.name, wide)),
                cx.span(Role::Text, "  "),
            ];
            match state {
                State::Asked => line.push(cx.span(Role::Moving, "asking…")),
                State::Done => line.push(cx.span(Role::Ok, "accepted")),
                _ => line.extend(is_now(item.thing, cx)),
            }
            lines.push(line);
            if let State::Not(why) | State::Refused(why) = state {
                let told = text::wrap(why, room.saturating_sub(4), WHY);
                lines.extend(told.into_iter().map(|line| vec![cx.span(Role::Warning, format!("    {line}"))]));
            }
        }
        lines
    }

    /// How far it is, in a line.
    fn status(&self, cx: &Cx) -> Vec<Span<'static>> {
        let all = self.states.len();
        let not = self.count(|state| matches!(state, State::Not(_)));
        match self.phase {
            Phase::Looking => {
                let open = self.count(|state| matches!(state, State::Unknown | State::Looking));
                let mut told =
                    vec![cx.span(Role::Moving, format!("◌ looking whether that can be: {} of {all}", all - open))];
                if self.refused {
                    told.push(cx.span(Role::Warning, "  nothing is done yet: it still looks"));
                }
                told
            }
            Phase::Asking if self.able() == 0 => vec![cx.span(Role::Failed, "✖ none of them can be")],
            Phase::Asking if not > 0 => {
                vec![cx.span(Role::Warning, format!("{not} of {all} cannot be, and are left as they are"))]
            }
            Phase::Asking => Vec::new(),
            Phase::Doing => {
                let open = self.count(|state| matches!(state, State::Fine | State::Asked));
                vec![cx.span(Role::Moving, format!("◌ {} of {} are answered", all - not - open, all - not))]
            }
            Phase::Over => {
                let refused = self.count(|state| matches!(state, State::Refused(_)));
                vec![cx.span(Role::Failed, format!("✖ {refused} of {} were refused", all - not))]
            }
        }
    }

    fn keys(&self, cx: &Cx) -> Vec<Span<'static>> {
        let verb = match self.phase {
            Phase::Over => "close",
            Phase::Asking if self.able() == 0 => "close",
            _ => self.several.verb,
        };
        let mut keys = press(Action::Accept, &[Context::Confirm], verb, cx);
        if verb == "close" {
            return keys;
        }
        if !self.is_ready() {
            let faint: String = keys.iter().map(|span| span.content.as_ref()).collect();
            keys = vec![cx.span(Role::Faint, faint)];
        }
        keys.push(Span::raw("     "));
        let keep = if self.phase == Phase::Doing { "stop asking" } else { self.several.keep };
        keys.extend(press(Action::Back, &[Context::Confirm], keep, cx));
        keys
    }
}

/// Sign and word of what it is just now.
fn is_now(thing: Thing, cx: &Cx) -> Vec<Span<'static>> {
    match thing {
        Thing::Cluster(id) => match cx.fleet.clusters.get(&id) {
            Some(cluster) => {
                let told = words::status(&cluster.status);
                vec![
                    cx.span(told.role, format!("{} {}", told.sign, text::pad(&told.word, 13))),
                    cx.span(Role::Muted, format!("  {}", words::nodes(cluster))),
                ]
            }
            None => vec![cx.span(Role::Muted, "is gone")],
        },
        Thing::Template(id) => match cx.fleet.templates.get(&id) {
            Some(template) => vec![cx.span(Role::Muted, template.cluster_distro.clone())],
            None => vec![cx.span(Role::Muted, "is gone")],
        },
    }
}

fn told(problems: &[Problem]) -> String {
    problems.iter().map(Problem::line).collect::<Vec<_>>().join("; ")
}

impl Layer for SeveralDialog {
    fn contexts(&self) -> Vec<Context> {
        vec![Context::Confirm]
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn is_overlay(&self) -> bool {
        true
    }

    fn opened(&mut self) -> Vec<Ask> {
        self.go_on()
    }

    fn text(&mut self, key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        self.refused = false;
        (self.wanted().is_some() && self.typed.key(key)).then(Vec::new)
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        if self.wanted().is_some() {
            self.typed.paste(text);
        }
    }

    fn on(&mut self, action: Action, _cx: &Cx) -> Vec<Ask> {
        self.top = match action {
            Action::Accept => return self.accept(),
            Action::Back => return self.leave(),
            Action::Up => self.top.saturating_sub(1),
            Action::Down => self.top.saturating_add(1),
            Action::PageUp => self.top.saturating_sub(self.page),
            Action::PageDown => self.top.saturating_add(self.page),
            _ => self.top,
        }
        .min(self.end);
        Vec::new()
    }

    fn reply(&mut self, reply: &Reply, _cx: &Cx) -> Option<Vec<Ask>> {
        let one = |problem: Problem| problem.line();
        let (thing, waits, answer) = match reply {
            Reply::ChangeChecked(id, answer) => {
                (Thing::Cluster(*id), State::Looking, answer.clone().map_err(|all| told(&all)))
            }
            Reply::ClusterChanged(id, answer) => {
                (Thing::Cluster(*id), State::Asked, answer.as_ref().map(|_| ()).map_err(|all| told(all)))
            }
            Reply::ClusterDeleted(id, answer) => (Thing::Cluster(*id), State::Asked, answer.clone().map_err(one)),
            Reply::TemplateDeleted(id, answer) => (Thing::Template(*id), State::Asked, answer.clone().map_err(one)),
            _ => return None,
        };
        let mut pairs = self.several.items.iter().zip(&mut self.states);
        let (_, state) = pairs.find(|(item, state)| item.thing == thing && **state == waits)?;
        *state = match (waits, answer) {
            (State::Looking, Ok(())) => State::Fine,
            (State::Looking, Err(why)) => State::Not(why),
            (_, Ok(())) => State::Done,
            (_, Err(why)) => State::Refused(why),
        };
        Some(self.go_on())
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let width = area.width.min(84);
        let room = usize::from(width.saturating_sub(4));
        // On a low screen the list matters more than words.
        let low = area.height < 16;
        let mut head = vec![vec![cx.span(Role::Strong, text::fit(&self.several.what, room))]];
        let warning = text::wrap(&self.several.warning, room, if low { 1 } else { 3 });
        head.extend(warning.into_iter().map(|line| vec![cx.span(Role::Warning, line)]));
        let list = self.list(room, cx);
        let mut tail = vec![self.status(cx)];
        let mut field_at = None;
        if let Some(wanted) = self.wanted() {
            let told = if self.refused { Role::Failed } else { Role::Muted };
            tail.push(vec![cx.span(told, "Type "), cx.span(Role::Strong, wanted), cx.span(told, " to do it:")]);
            field_at = Some(tail.len());
            tail.push(Vec::new());
        }
        tail.push(self.keys(cx));
        if !low {
            head.push(Vec::new());
            tail.insert(0, Vec::new());
            field_at = field_at.map(|at| at + 1);
            let same = self.several.same.line(&self.names());
            if self.phase == Phase::Asking && self.able() > 0 {
                tail.extend([Vec::new(), vec![cx.span(Role::Faint, text::fit(&same, room))]]);
            }
        }
        let rows = |lines: &[Vec<Span>]| u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let height = rows(&head).saturating_add(rows(&list)).saturating_add(rows(&tail)).saturating_add(2);
        let inner = boxes::dialog(area, width, height, self.several.title, Role::Failed, cx, buf);
        let fixed = rows(&head) + rows(&tail);
        let middle = Rect { y: inner.y + rows(&head), height: inner.height.saturating_sub(fixed), ..inner };
        self.page = usize::from(middle.height).max(1);
        self.end = list.len().saturating_sub(self.page);
        self.top = self.top.min(self.end);
        let more = self.end - self.top;
        text::put_lines(buf, Rect { height: inner.height.min(rows(&head)), ..inner }, head);
        text::put_lines(buf, middle, list.into_iter().skip(self.top).collect());
        let foot = Rect { y: middle.bottom(), height: inner.bottom().saturating_sub(middle.bottom()), ..inner };
        text::put_lines(buf, foot, tail);
        if more > 0 {
            let told = format!(" {more} more ↓ ");
            let wide = u16::try_from(text::width(&told)).unwrap_or(0);
            text::put(buf, inner.right().saturating_sub(wide), inner.bottom(), wide, vec![cx.span(Role::Key, told)]);
        }
        if let Some(at) = field_at {
            let place = Rect { y: foot.y + u16::try_from(at).unwrap_or(0), height: 1, ..inner };
            field(&mut self.typed, place, inner, cx, buf);
        }
    }
}
