//! The filter line of a list: words its rows must contain, must not (`!word`), or must have the
//! letters of (`~word`).

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

    /// Whether every word of it is met somewhere in the text, whatever the case.
    pub fn matches(&self, text: &str) -> bool {
        self.matcher().is_none_or(|matches| matches(text))
    }

    /// [`Self::matches`] for many texts; `None`: it has no words, so that everything fits.
    pub fn matcher(&self) -> Option<impl Fn(&str) -> bool> {
        let wanted = self.text().to_lowercase();
        (!wanted.is_empty()).then_some(move |text: &str| {
            let text = text.to_lowercase();
            wanted.split_whitespace().all(|word| match (word.strip_prefix('!'), word.strip_prefix('~')) {
                (Some(without), _) => without.is_empty() || !text.contains(without),
                (None, Some(letters)) => in_order(letters, &text),
                (None, None) => text.contains(word),
            })
        })
    }
}

/// Whether the text has all the letters, one after another.
pub fn in_order(letters: &str, text: &str) -> bool {
    let mut text = text.chars();
    letters.chars().all(|letter| text.any(|have| have == letter))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Filter;

    #[rstest]
    #[case("", true)]
    #[case("EAST failed", true)]
    #[case("west", false)]
    #[case("!west", true)]
    #[case("prod !failed", false)]
    #[case("!", true)]
    #[case("~pdes", true)]
    #[case("~sedp", false)]
    #[case("~", true)]
    fn words_are_there_or_not_or_spelled_by_letters(#[case] typed: &str, #[case] wanted: bool) {
        let mut filter = Filter::default();
        filter.paste(typed);
        assert_eq!(filter.matches("prod-east CREATE_FAILED"), wanted);
    }
}
