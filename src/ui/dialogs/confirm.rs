//! Confirmations: where machines go away, a name has to be typed first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::model::{ClusterId, Problem, TemplateId};
use crate::ui::action::{Action, Context};
use crate::ui::effect::Job;
use crate::ui::forms::command::{self, Wording};
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::msg::Reply;
use crate::ui::operation::template_stays;
use crate::ui::panes::{press, problem_lines};
use crate::ui::theme::Role;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::{boxes, text};
use crate::ui::words;

/// What is asked, and what is done on "yes".
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub title: &'static str,
    /// What would be done, up to the name: `Delete the cluster `.
    pub what: &'static str,
    pub name: String,
    /// Its state is shown as long as it is there.
    pub cluster: ClusterId,
    /// What cannot be undone.
    pub warning: String,
    /// The name must be typed: machines go away.
    pub typed: bool,
    /// The words of the two keys.
    pub verb: &'static str,
    pub keep: &'static str,
    /// Tells whether it can be done, before anybody has to confirm; `None`: that is known.
    pub check: Option<Job>,
    pub job: Job,
}

impl Question {
    pub fn delete(id: ClusterId, cx: &Cx) -> Option<Self> {
        Some(Self {
            title: "Delete cluster",
            what: "Delete the cluster ",
            name: cx.fleet.clusters.get(&id)?.name.clone(),
            cluster: id,
            warning: "Its stack goes with everything in it: servers, volumes, network, load balancer, addresses, certificates. There is no way back.".into(),
            typed: true,
            verb: "delete",
            keep: "keep it",
            check: None,
            job: Job::DeleteCluster(id),
        })
    }
}

/// How it was answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Yes(Job),
    No,
    NotYet,
}

/// A question that is being answered: in a dialog of its own, or over a form.
pub struct Asking {
    question: Question,
    typed: Input,
    /// Enter was pressed with another text, or before it is known whether it can be done.
    refused: bool,
    checked: Checked,
}

/// Whether it can be done.
enum Checked {
    Looking,
    Fine,
    Not(Vec<Problem>),
}

impl Asking {
    pub fn new(question: Question) -> Self {
        let checked = if question.check.is_some() { Checked::Looking } else { Checked::Fine };
        Self { question, typed: Input::default(), refused: false, checked }
    }

    fn is_ready(&self) -> bool {
        self.is_possible() && (!self.question.typed || self.typed.text() == self.question.name)
    }

    fn is_possible(&self) -> bool {
        matches!(self.checked, Checked::Fine)
    }

    /// Whether it is what was waited for.
    fn learn(&mut self, reply: &Reply) -> bool {
        let Reply::ChangeChecked(id, answer) = reply else { return false };
        if *id != self.question.cluster || !matches!(self.checked, Checked::Looking) {
            return false;
        }
        self.refused = false;
        self.checked = match answer {
            Ok(()) => Checked::Fine,
            Err(problems) => Checked::Not(problems.clone()),
        };
        true
    }

    pub fn on(&mut self, action: Action) -> Answer {
        match action {
            Action::Accept if self.is_ready() => return Answer::Yes(self.question.job.clone()),
            Action::Accept if matches!(self.checked, Checked::Not(_)) => return Answer::No,
            Action::Accept => self.refused = true,
            Action::Back => return Answer::No,
            _ => {}
        }
        Answer::NotYet
    }

    pub fn key(&mut self, key: KeyPress) -> bool {
        self.refused = false;
        self.question.typed && self.is_possible() && self.typed.key(key)
    }

    pub fn paste(&mut self, text: &str) {
        if self.question.typed && self.is_possible() {
            self.typed.paste(text);
        }
    }

    pub fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let Question { title, what, name, warning, typed, verb, keep, .. } = &self.question;
        let room = usize::from(area.width.min(66)).saturating_sub(4);
        let mut lines = vec![vec![
            cx.span(Role::Text, *what),
            cx.span(Role::Strong, text::fit(name, room.saturating_sub(text::width(what) + 1))),
        ]];
        if let Some(cluster) = cx.fleet.clusters.get(&self.question.cluster) {
            let told = words::status(&cluster.status);
            lines.push(vec![
                cx.span(told.role, format!("{} {}", told.sign, told.word)),
                cx.span(Role::Muted, format!("  {}", words::nodes(cluster))),
            ]);
        }
        if let Checked::Not(problems) = &self.checked {
            lines.push(Vec::new());
            lines.extend(problems.iter().flat_map(|problem| problem_lines(problem, room, cx)));
            lines.extend([Vec::new(), press(Action::Back, &[Context::Confirm], keep, cx)]);
            let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
            let inner = boxes::dialog(area, 66, height, title, Role::Failed, cx, buf);
            return text::put_lines(buf, inner, lines);
        }
        lines.extend(text::wrap(warning, room, 6).into_iter().map(|line| vec![cx.span(Role::Warning, line)]));
        lines.push(Vec::new());
        let mut at = None;
        if !self.is_possible() {
            let not_yet = self.refused.then(|| cx.span(Role::Warning, "  not done: it still looks"));
            let looking = cx.span(Role::Moving, "◌ looking whether that can be…");
            lines.extend([[looking].into_iter().chain(not_yet).collect(), Vec::new()]);
        } else if *typed {
            lines.push(vec![cx.span(Role::Muted, format!("Type its name to {verb} it:"))]);
            at = Some(lines.len());
            lines.push(Vec::new());
            let told = if self.refused { vec![cx.span(Role::Failed, "✖ that is not its name")] } else { Vec::new() };
            lines.push(told);
        }
        let mut keys = press(Action::Accept, &[Context::Confirm], verb, cx);
        if !self.is_ready() {
            keys = vec![cx.span(Role::Faint, spans_text(&keys))];
        }
        keys.push(Span::raw("     "));
        keys.extend(press(Action::Back, &[Context::Confirm], keep, cx));
        lines.push(keys);
        if let (Job::Change(_, change), Some(cluster)) =
            (&self.question.job, cx.fleet.clusters.get(&self.question.cluster))
        {
            let same = command::change(&cluster.name, change, Wording::Jeroboam).join(" ");
            lines.extend([Vec::new(), vec![cx.span(Role::Faint, text::fit(&same, room))]]);
        }
        let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
        let inner = boxes::dialog(area, 66, height, title, Role::Failed, cx, buf);
        text::put_lines(buf, inner, lines);
        if let Some(at) = at {
            let place = Rect { y: inner.y + u16::try_from(at).unwrap_or(0), height: 1, ..inner };
            field(&mut self.typed, place, inner, cx, buf);
        }
    }
}

/// A question in a dialog of its own.
pub struct Confirm(Asking);

impl Confirm {
    pub fn new(question: Question) -> Self {
        Self(Asking::new(question))
    }
}

impl Layer for Confirm {
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
        self.0.question.check.clone().map(Ask::Run).into_iter().collect()
    }

    fn reply(&mut self, reply: &Reply, _cx: &Cx) -> Option<Vec<Ask>> {
        self.0.learn(reply).then(Vec::new)
    }

    fn text(&mut self, key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        self.0.key(key).then(Vec::new)
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        self.0.paste(text);
    }

    fn on(&mut self, action: Action, _cx: &Cx) -> Vec<Ask> {
        match self.0.on(action) {
            Answer::Yes(job) => vec![Ask::Run(job), Ask::Close],
            Answer::No => vec![Ask::Close],
            Answer::NotYet => Vec::new(),
        }
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        self.0.view(cx, area, buf);
    }
}

fn spans_text(spans: &[Span]) -> String {
    spans.iter().map(|span| span.content.as_ref()).collect()
}

/// An input with its sign, if it is inside `bounds`.
pub fn field(input: &mut Input, area: Rect, bounds: Rect, cx: &Cx, buf: &mut Buffer) {
    if area.y >= bounds.bottom() || area.width < 4 {
        return;
    }
    text::put(buf, area.x, area.y, 2, vec![cx.span(Role::FieldFocused, "› ")]);
    input.view(true, cx, Rect { x: area.x + 2, width: area.width - 2, ..area }, buf);
}

pub struct DeleteTemplate {
    id: TemplateId,
    name: String,
    /// Why it cannot go, as far as is known here.
    stays: Option<String>,
}

impl DeleteTemplate {
    pub fn new(id: TemplateId, cx: &Cx) -> Option<Self> {
        let template = cx.fleet.templates.get(&id)?;
        Some(Self { id, name: template.spec.name.clone(), stays: template_stays(template, cx) })
    }
}

impl Layer for DeleteTemplate {
    fn contexts(&self) -> Vec<Context> {
        vec![Context::Dialog]
    }

    fn is_overlay(&self) -> bool {
        true
    }

    fn on(&mut self, action: Action, _cx: &Cx) -> Vec<Ask> {
        match action {
            Action::Accept if self.stays.is_none() => vec![Ask::Run(Job::DeleteTemplate(self.id)), Ask::Close],
            Action::Accept | Action::Back => vec![Ask::Close],
            _ => Vec::new(),
        }
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let room = usize::from(area.width.min(60)).saturating_sub(4);
        let mut lines = vec![vec![
            cx.span(Role::Text, "Delete the template "),
            cx.span(Role::Strong, text::fit(&self.name, room.saturating_sub(22))),
        ]];
        let mut keys = Vec::new();
        if let Some(why) = &self.stays {
            lines.extend(text::wrap(why, room, 4).into_iter().map(|line| vec![cx.span(Role::Warning, line)]));
        } else {
            lines.push(vec![cx.span(Role::Muted, "No cluster of this project uses it.")]);
            keys.extend(press(Action::Accept, &[Context::Dialog], "delete", cx));
            keys.push(Span::raw("     "));
        }
        keys.extend(press(Action::Back, &[Context::Dialog], "keep it", cx));
        lines.extend([Vec::new(), keys]);
        let inner = boxes::dialog(
            area,
            60,
            u16::try_from(lines.len() + 2).unwrap_or(u16::MAX),
            "Delete template",
            Role::Failed,
            cx,
            buf,
        );
        text::put_lines(buf, inner, lines);
    }
}

/// Asked before a form with something in it is thrown away.
pub struct Discard;

impl Layer for Discard {
    fn contexts(&self) -> Vec<Context> {
        vec![Context::Dialog]
    }

    /// A letter typed on must not quit with the form.
    fn takes_text(&self) -> bool {
        true
    }

    fn is_overlay(&self) -> bool {
        true
    }

    fn on(&mut self, action: Action, _cx: &Cx) -> Vec<Ask> {
        match action {
            Action::Accept => vec![Ask::CloseTwo],
            Action::Back => vec![Ask::Close],
            _ => Vec::new(),
        }
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let mut keys = press(Action::Accept, &[Context::Dialog], "throw it away", cx);
        keys.push(Span::raw("     "));
        keys.extend(press(Action::Back, &[Context::Dialog], "go on with it", cx));
        let lines = vec![vec![cx.span(Role::Text, "Nothing of this form has been created yet.")], Vec::new(), keys];
        let inner = boxes::dialog(area, 50, 5, "Leave the form?", Role::Warning, cx, buf);
        text::put_lines(buf, inner, lines);
    }
}
