//! The filter line of a list: a text its rows must contain.

use super::key::KeyPress;
use super::widgets::input::Input;

#[derive(Debug, Clone, Default)]
pub struct Filter {
    input: Input,
    editing: bool,
}

impl Filter {
    pub fn start(&mut self) {
        self.editing = true;
    }

    pub fn is_editing(&self) -> bool {
        self.editing
    }

    pub fn finish(&mut self) {
        self.editing = false;
    }

    /// Whether there was something to take away.
    pub fn clear(&mut self) -> bool {
        let had = self.editing || !self.text().is_empty();
        *self = Self::default();
        had
    }

    pub fn text(&self) -> &str {
        self.input.text()
    }

    pub fn key(&mut self, key: KeyPress) -> bool {
        self.input.key(key)
    }

    pub fn paste(&mut self, text: &str) {
        self.input.paste(text);
    }

    /// Every word of it is somewhere in the text, whatever the case.
    pub fn matches(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.text().to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}
