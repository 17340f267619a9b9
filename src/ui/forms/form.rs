//! What every form does: focus, typing, pickers, live problems, sending. What is
//! asked and what comes of it is a [`Subject`]'s.

use super::command::Wording;
use super::field::{Field, Kind, Values};
use super::picker::{Choice, Menu, Picker};
use crate::model::labels::catalogue::Sheet;
use crate::model::{Check, ClusterId, Problem};
use crate::ui::action::{Action, Context};
use crate::ui::dialogs::confirm::{Answer, Asking, Question};
use crate::ui::effect::Job;
use crate::ui::key::{Code, KeyPress};
use crate::ui::layer::{Ask, Cx, Layer, Route};
use crate::ui::msg::Reply;
use crate::ui::pointer::{Clicked, Under};
use crate::ui::widgets::input::Input;

/// A thing that is created or changed through a form.
pub trait Subject: Send {
    fn title(&self) -> &'static str;
    /// The cluster that it changes, and its name.
    fn about(&self) -> Option<(ClusterId, &str)> {
        None
    }
    /// What it changes, by name.
    fn named(&self) -> Option<&str> {
        self.about().map(|(_, name)| name)
    }
    /// Asks whether it would be accepted, before [`Subject::question`] is put.
    fn check_job(&self, _values: &Values) -> Option<Job> {
        None
    }
    /// What is asked before it is sent.
    fn question(&self, _values: &Values, _cx: &Cx) -> Option<Question> {
        None
    }
    /// What a picker offers; the form adds title and loading state.
    fn offers(&self, id: &str, values: &Values, cx: &Cx) -> Vec<super::offers::Offer>;
    /// The words for "nothing chosen"; `None`: something must be chosen.
    fn none(&self, id: &str, values: &Values, cx: &Cx) -> Option<String>;
    /// Values for fields nobody touched, once the cloud's lists are known.
    fn defaults(&self, fields: &mut [Field], cx: &Cx);
    /// Everything wrong with it as it stands.
    fn check(&self, values: &Values, cx: &Cx) -> Vec<Problem>;
    /// What is worth saying although it stops nothing.
    fn remarks(&self, _values: &Values, _cx: &Cx) -> Vec<Check> {
        Vec::new()
    }
    fn command(&self, values: &Values, wording: Wording) -> Vec<String>;
    /// The word on the button at the end, and what it does.
    fn button(&self) -> &'static str {
        "  Create  "
    }
    /// While it is being sent.
    fn doing(&self) -> &'static str {
        "creating…"
    }
    fn ending(&self) -> &'static str {
        "Checks everything once more and creates it."
    }
    /// A last look before it is sent; `None`: it needs none.
    fn review(&self, _values: &Values) -> Option<Route> {
        None
    }
    /// What the driver that will build says of labels, as far as one can tell.
    fn sheet<'a>(&self, values: &Values, cx: &Cx<'a>) -> Option<&'a Sheet>;
    fn job(&self, values: &Values, cx: &Cx) -> Job;
    /// What a reply means for this form; `None`: it is about something else.
    fn answer(&self, reply: &Reply) -> Option<Result<Vec<Ask>, Vec<Problem>>>;
    /// Whether the reply says that it would be accepted.
    fn is_checked(&self, _reply: &Reply) -> bool {
        false
    }
}

pub struct Form<S> {
    pub(super) subject: S,
    pub(super) fields: Vec<Field>,
    /// Index of a field, or their count for the create button.
    pub(super) focus: usize,
    pub(super) picker: Option<Picker>,
    pub(super) asking: Option<Asking>,
    pub(super) wording: Wording,
    /// A create was tried: every problem shows.
    pub(super) tried: bool,
    pub(super) sending: bool,
    /// It may be sent from the review over it.
    reviewed: bool,
    /// What the manager answered, until the field is edited.
    pub(super) answered: Vec<Problem>,
    /// First visible field.
    pub(super) top: usize,
    edited: bool,
}

impl<S: Subject> Form<S> {
    pub fn new(subject: S, fields: Vec<Field>, cx: &Cx) -> Self {
        let mut form = Self {
            subject,
            fields,
            focus: 0,
            picker: None,
            asking: None,
            wording: Wording::Jeroboam,
            tried: false,
            sending: false,
            reviewed: false,
            answered: Vec::new(),
            top: 0,
            edited: false,
        };
        form.subject.defaults(&mut form.fields, cx);
        form
    }

    /// Begins at this field instead of the first.
    #[must_use]
    pub fn at(mut self, id: &str) -> Self {
        self.focus = self.fields.iter().position(|field| field.id == id).unwrap_or_default();
        self
    }

    pub(super) fn focused(&self) -> Option<&Field> {
        self.fields.get(self.focus)
    }

    pub(super) fn menu(&self, cx: &Cx) -> Option<Menu> {
        let field = self.focused()?;
        let values = Values(&self.fields);
        Some(Menu {
            title: field.label.to_owned(),
            offers: self.subject.offers(field.id, &values, cx),
            none: self.subject.none(field.id, &values, cx),
            loading: cx.fleet.inventory.is_none(),
            free: !cx.fleet.inventory_problems.is_empty(),
        })
    }

    /// Problems as they stand: the rules' and the manager's.
    pub(super) fn problems(&self, cx: &Cx) -> Vec<Problem> {
        let mut found: Vec<Problem> = Vec::new();
        for field in &self.fields {
            match &field.kind {
                Kind::Number(input) => found.extend(number_fault(input.text()).map(|fault| fault.on_field(field.id))),
                Kind::Labels(editor) => {
                    let faults = editor.labels().err().unwrap_or_default();
                    found.extend(faults.into_iter().map(|(_, problem)| problem));
                }
                _ => {}
            }
        }
        let values = Values(&self.fields);
        found.extend(self.subject.check(&values, cx));
        for problem in &self.answered {
            if !found.iter().any(|have| have.summary == problem.summary) {
                found.push(problem.clone());
            }
        }
        found
    }

    /// Those that should be seen now; an empty form is not full of reproaches.
    pub(super) fn shown_problems(&self, cx: &Cx) -> Vec<Problem> {
        let told = |problem: &Problem| {
            let field = self.fields.iter().find(|field| Some(field.id) == problem.field.as_deref());
            let filled = |field: &Field| matches!(&field.kind, Kind::Pick(Some(_)));
            self.tried || self.answered.contains(problem) || field.is_none_or(|field| field.touched || filled(field))
        };
        let mut found = self.problems(cx);
        found.retain(told);
        found
    }

    fn go(&mut self, to: usize) -> Vec<Ask> {
        if let Some(field) = self.fields.get_mut(self.focus) {
            field.touched = true;
        }
        self.focus = to;
        Vec::new()
    }

    fn turn(&mut self, forward: bool) -> Vec<Ask> {
        let count = self.fields.len() + 1;
        self.go((self.focus + if forward { 1 } else { count - 1 }) % count)
    }

    /// The field in focus was changed.
    fn changed(&mut self, cx: &Cx) {
        self.edited = true;
        if let Some(field) = self.fields.get_mut(self.focus) {
            field.touched = true;
            field.typed = true;
            let id = field.id;
            self.answered.retain(|problem| problem.field.as_deref() != Some(id));
        }
        self.subject.defaults(&mut self.fields, cx);
    }

    fn press(&mut self, cx: &Cx) -> Vec<Ask> {
        match self.fields.get_mut(self.focus).map(|field| &mut field.kind) {
            None => return self.submit(cx),
            Some(Kind::Pick(value)) => {
                self.picker = Some(Picker::at(value.as_deref()));
                return Vec::new();
            }
            Some(Kind::Marks(values)) => {
                self.picker = Some(Picker::marking(values));
                return Vec::new();
            }
            Some(Kind::Switch(switch)) => switch.turn(true),
            Some(Kind::Text(_) | Kind::Number(_)) => return self.turn(true),
            Some(Kind::Labels(editor)) => {
                editor.key(KeyPress::plain(Code::Enter));
            }
        }
        self.changed(cx);
        Vec::new()
    }

    fn submit(&mut self, cx: &Cx) -> Vec<Ask> {
        if self.sending {
            return Vec::new();
        }
        self.tried = true;
        self.answered.clear();
        let problems = self.problems(cx);
        if let Some(first) = problems.first() {
            let at = self.fields.iter().position(|field| Some(field.id) == first.field.as_deref());
            self.focus = at.unwrap_or(self.focus);
            return Vec::new();
        }
        let values = Values(&self.fields);
        if let Some(route) = self.subject.review(&values) {
            self.reviewed = true;
            return vec![Ask::Open(route)];
        }
        // Nobody is asked to confirm what would be refused.
        let job = match self.subject.question(&values, cx).and_then(|_| self.subject.check_job(&values)) {
            Some(check) => check,
            None => self.subject.job(&values, cx),
        };
        self.sending = true;
        vec![Ask::Run(job)]
    }

    fn on_question(&mut self, action: Action) -> Vec<Ask> {
        match self.asking.as_mut().map(|asking| asking.on(action)) {
            Some(Answer::Yes(job)) => {
                self.asking = None;
                self.sending = true;
                vec![Ask::Run(job)]
            }
            Some(Answer::No) => {
                self.asking = None;
                Vec::new()
            }
            Some(Answer::NotYet) | None => Vec::new(),
        }
    }

    fn on_picker(&mut self, action: Action, cx: &Cx) -> Vec<Ask> {
        if action == Action::Back {
            self.picker = None;
            return Vec::new();
        }
        let (Some(menu), Some(picker)) = (self.menu(cx), &mut self.picker) else { return Vec::new() };
        let choice = picker.on(action, &menu);
        if choice == Choice::NotYet {
            return Vec::new();
        }
        self.picker = None;
        match (choice, self.fields.get_mut(self.focus).map(|field| &mut field.kind)) {
            (Choice::Value(value), Some(Kind::Pick(chosen))) => *chosen = value,
            (Choice::Marks(values), Some(Kind::Marks(chosen))) => *chosen = values,
            _ => {}
        }
        self.changed(cx);
        Vec::new()
    }

    /// Writes the label's name out, or goes on when there is nothing to add.
    fn complete(&mut self, cx: &Cx) -> Vec<Ask> {
        let sheet = self.subject.sheet(&Values(&self.fields), cx);
        match self.fields.get_mut(self.focus).map(|field| &mut field.kind) {
            Some(Kind::Labels(editor)) => match editor.begun().and_then(|begun| begun.completed(sheet)) {
                Some(whole) => editor.complete(&whole),
                None => return self.turn(true),
            },
            _ => return self.turn(true),
        }
        self.changed(cx);
        Vec::new()
    }

    fn in_labels(&mut self, action: Action) -> bool {
        let Some(Field { kind: Kind::Labels(editor), .. }) = self.fields.get_mut(self.focus) else { return false };
        match action {
            Action::NextField if !editor.on_last_line() => editor.down(),
            Action::PreviousField if !editor.on_first_line() => editor.up(),
            _ => return false,
        }
        true
    }
}

impl<S: Subject> Layer for Form<S> {
    fn contexts(&self) -> Vec<Context> {
        match (&self.picker, self.focused().map(|field| &field.kind)) {
            _ if self.asking.is_some() => vec![Context::Confirm],
            (Some(_), _) => vec![Context::Picker],
            (None, Some(Kind::Labels(_))) => vec![Context::Labels, Context::Form],
            _ => vec![Context::Form],
        }
    }

    /// Always: a letter meant for a field must not quit when the focus is on a switch.
    fn takes_text(&self) -> bool {
        true
    }

    fn on(&mut self, action: Action, cx: &Cx) -> Vec<Ask> {
        if self.asking.is_some() {
            return self.on_question(action);
        }
        if self.picker.is_some() {
            return self.on_picker(action, cx);
        }
        match action {
            Action::NextField | Action::PreviousField if self.in_labels(action) => Vec::new(),
            Action::Complete => self.complete(cx),
            Action::NextField => self.turn(true),
            Action::PreviousField => self.turn(false),
            Action::Press => self.press(cx),
            Action::Submit => self.submit(cx),
            Action::TurnOn | Action::TurnBack => {
                if let Some(Field { kind: Kind::Switch(switch), .. }) = self.fields.get_mut(self.focus) {
                    switch.turn(action == Action::TurnOn);
                    self.changed(cx);
                }
                Vec::new()
            }
            Action::Wording => {
                self.wording = self.wording.other();
                Vec::new()
            }
            Action::Back if self.edited => vec![Ask::Open(Route::Discard)],
            Action::Back => vec![Ask::Close],
            _ => Vec::new(),
        }
    }

    fn click(&mut self, on: Under, cx: &Cx) -> Clicked {
        match on {
            Under::Row(row) => {
                let Some(menu) = self.menu(cx) else { return Clicked::NOTHING };
                let chosen = self.picker.as_mut().is_some_and(|picker| picker.click(row, &menu));
                if chosen { Clicked::Enter } else { Clicked::NOTHING }
            }
            Under::Field(at) => {
                if at != self.focus {
                    self.go(at.min(self.fields.len()));
                }
                // At once: what is said under the field that was left may have moved this one away.
                match self.focused().map(|field| &field.kind) {
                    Some(Kind::Switch(_) | Kind::Pick(_) | Kind::Marks(_)) => Clicked::Enter,
                    _ => Clicked::NOTHING,
                }
            }
            Under::Heading(_) | Under::Shell(_) => Clicked::NOTHING,
        }
    }

    fn wheel(&mut self, _pane: Option<u8>, down: bool, cx: &Cx) -> Vec<Ask> {
        if self.asking.is_some() {
            return Vec::new();
        }
        match (self.menu(cx), &mut self.picker) {
            (Some(menu), Some(picker)) => picker.wheel(down, &menu),
            (_, None) if down && self.focus < self.fields.len() => drop(self.go(self.focus + 1)),
            (_, None) if !down => drop(self.go(self.focus.saturating_sub(1))),
            _ => {}
        }
        Vec::new()
    }

    fn text(&mut self, key: KeyPress, cx: &Cx) -> Option<Vec<Ask>> {
        if let Some(asking) = &mut self.asking {
            return asking.key(key).then(Vec::new);
        }
        if self.picker.is_some() {
            let menu = self.menu(cx)?;
            return self.picker.as_mut()?.key(key, &menu).then(Vec::new);
        }
        let field = self.fields.get_mut(self.focus)?;
        let changed = match &mut field.kind {
            // Digits begin another number than the one that is offered: a 3 after a 1 is not thirteen nodes.
            Kind::Number(input) if !field.typed && key.typed().is_some_and(|c| c.is_ascii_digit()) => {
                *input = Input::default();
                input.key(key)
            }
            Kind::Text(input) | Kind::Number(input) => input.key(key),
            Kind::Labels(editor) => editor.key(key),
            Kind::Switch(_) | Kind::Pick(_) | Kind::Marks(_) if key == KeyPress::char(' ') => {
                return Some(self.press(cx));
            }
            Kind::Switch(_) | Kind::Pick(_) | Kind::Marks(_) => false,
        };
        if changed {
            self.changed(cx);
        }
        changed.then(Vec::new)
    }

    fn paste(&mut self, text: &str, cx: &Cx) {
        if let Some(asking) = &mut self.asking {
            return asking.paste(text);
        }
        if let Some(picker) = &mut self.picker {
            return picker.paste(text);
        }
        match self.fields.get_mut(self.focus).map(|field| &mut field.kind) {
            Some(Kind::Text(input) | Kind::Number(input)) => input.paste(text),
            Some(Kind::Labels(editor)) => editor.paste(text),
            _ => return,
        }
        self.changed(cx);
    }

    fn inside(&self) -> Option<ClusterId> {
        self.subject.about().map(|(id, _)| id)
    }

    fn reply(&mut self, reply: &Reply, cx: &Cx) -> Option<Vec<Ask>> {
        if matches!(reply, Reply::Inventory(..) | Reply::Templates(_) | Reply::Nodes(..)) {
            self.subject.defaults(&mut self.fields, cx);
        }
        if !self.sending && !self.reviewed {
            return None;
        }
        if self.subject.is_checked(reply) {
            self.sending = false;
            self.asking = self.subject.question(&Values(&self.fields), cx).map(Asking::new);
            return Some(Vec::new());
        }
        match self.subject.answer(reply)? {
            Ok(asks) => {
                self.sending = false;
                Some(asks)
            }
            Err(problems) => {
                self.sending = false;
                let first = problems.first().and_then(|problem| problem.field.clone());
                let at = self.fields.iter().position(|field| Some(field.id) == first.as_deref());
                self.focus = at.unwrap_or(self.focus);
                self.answered = problems;
                Some(Vec::new())
            }
        }
    }

    fn view(&mut self, cx: &Cx, area: ratatui::layout::Rect, buf: &mut ratatui::buffer::Buffer) {
        self.draw(cx, area, buf);
    }
}

/// What is wrong with a text that should be a whole number; nothing is wrong with none.
fn number_fault(text: &str) -> Option<Problem> {
    let text = text.trim();
    if text.is_empty() || text.parse::<u32>().is_ok() {
        return None;
    }
    let digits = text.chars().all(|c| c.is_ascii_digit());
    let why = if digits { "is too large a number" } else { "is not a whole number" };
    Some(Problem::invalid(format!("\"{text}\" {why}")))
}
