//! One field of a form: what it holds and how it is edited.

use super::labels::LabelEditor;
use crate::ui::widgets::input::Input;

/// `id` is the field's name in [`crate::model::validate`], so that problems find their way back.
pub struct Field {
    pub id: &'static str,
    pub label: &'static str,
    /// One or two sentences for whoever stands on it.
    pub help: &'static str,
    pub kind: Kind,
    /// The user was here: from now on its problems show.
    pub touched: bool,
    /// The user changed it: no default takes its place any more.
    pub typed: bool,
}

pub enum Kind {
    Text(Input),
    /// Whole numbers; what else is typed is told.
    Number(Input),
    Switch(Switch),
    /// The chosen value, if any.
    Pick(Option<String>),
    /// Chosen values, any number of them.
    Marks(Vec<String>),
    Labels(LabelEditor),
}

/// One of a few values, all of them in sight.
pub struct Switch {
    /// Value and the word for it.
    pub options: Vec<(&'static str, String)>,
    pub at: usize,
}

impl Switch {
    pub fn value(&self) -> &'static str {
        self.options.get(self.at).map_or("", |(value, _)| value)
    }

    pub fn turn(&mut self, forward: bool) {
        let count = self.options.len().max(1);
        self.at = (self.at + if forward { 1 } else { count - 1 }) % count;
    }
}

impl Field {
    fn new(id: &'static str, label: &'static str, help: &'static str, kind: Kind) -> Self {
        Self { id, label, help, kind, touched: false, typed: false }
    }

    pub fn text(id: &'static str, label: &'static str, help: &'static str, value: &str) -> Self {
        Self::new(id, label, help, Kind::Text(Input::new(value)))
    }

    pub fn number(id: &'static str, label: &'static str, help: &'static str, value: &str) -> Self {
        Self::new(id, label, help, Kind::Number(Input::new(value)))
    }

    pub fn pick(id: &'static str, label: &'static str, help: &'static str) -> Self {
        Self::new(id, label, help, Kind::Pick(None))
    }

    pub fn marks(id: &'static str, label: &'static str, help: &'static str) -> Self {
        Self::new(id, label, help, Kind::Marks(Vec::new()))
    }

    /// A picker's value to begin with.
    pub fn with(mut self, value: Option<String>) -> Self {
        if let Kind::Pick(chosen) = &mut self.kind {
            *chosen = value;
        }
        self
    }

    pub fn switch(
        id: &'static str,
        label: &'static str,
        help: &'static str,
        options: &[(&'static str, &str)],
        at: usize,
    ) -> Self {
        let options = options.iter().map(|(value, word)| (*value, (*word).to_owned())).collect();
        Self::new(id, label, help, Kind::Switch(Switch { options, at }))
    }

    pub fn labels(id: &'static str, label: &'static str, help: &'static str) -> Self {
        Self::new(id, label, help, Kind::Labels(LabelEditor::default()))
    }
}

/// Values by field id, for those who make a wish of them.
pub struct Values<'a>(pub &'a [Field]);

impl Values<'_> {
    fn kind(&self, id: &str) -> Option<&Kind> {
        self.0.iter().find(|field| field.id == id).map(|field| &field.kind)
    }

    /// Trimmed; `None` when empty.
    pub fn text(&self, id: &str) -> Option<String> {
        let value = match self.kind(id)? {
            Kind::Text(input) | Kind::Number(input) => input.text().trim().to_owned(),
            Kind::Switch(switch) => switch.value().to_owned(),
            Kind::Pick(value) => value.clone()?,
            Kind::Labels(_) | Kind::Marks(_) => return None,
        };
        Some(value).filter(|value| !value.is_empty())
    }

    /// `None` when empty or not a number.
    pub fn number(&self, id: &str) -> Option<u32> {
        self.text(id)?.parse().ok()
    }

    pub fn on(&self, id: &str) -> Option<bool> {
        match self.text(id)?.as_str() {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        }
    }

    /// Whether the user changed it.
    pub fn typed(&self, id: &str) -> bool {
        self.0.iter().any(|field| field.id == id && field.typed)
    }

    pub fn marks(&self, id: &str) -> Vec<String> {
        match self.kind(id) {
            Some(Kind::Marks(chosen)) => chosen.clone(),
            _ => Vec::new(),
        }
    }

    pub fn labels(&self, id: &str) -> crate::model::Labels {
        match self.kind(id) {
            Some(Kind::Labels(editor)) => editor.labels().unwrap_or_default(),
            _ => crate::model::Labels::default(),
        }
    }
}
