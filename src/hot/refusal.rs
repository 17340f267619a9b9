//! Why a stack is refused, in Heat's own classes and words.

/// One refusal; the HTTP face turns it into Heat's error body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Heat's exception name (`StackValidationFailed`, …), shown as the error's `type`.
    pub kind: &'static str,
    /// `Property error` and the like; may be empty.
    class: &'static str,
    /// Where in the template; may be empty.
    path: String,
    words: String,
}

impl Refusal {
    pub fn new(kind: &'static str, words: impl Into<String>) -> Self {
        Self { kind, class: "", path: String::new(), words: words.into() }
    }

    pub fn invalid(words: impl Into<String>) -> Self {
        Self::new("StackValidationFailed", words)
    }

    /// Heat's own stumbling over what it did not expect; clients must bear it.
    pub fn stumble(kind: &'static str) -> Self {
        Self::new(kind, "")
    }

    pub fn condition(words: impl Into<String>) -> Self {
        Self { class: "Condition validation error", ..Self::invalid(words) }
    }

    /// A property that does not fit.
    pub fn property(path: &str, words: impl Into<String>) -> Self {
        Self { class: "Property error", path: path.to_owned(), ..Self::invalid(words) }
    }

    pub fn output(path: &str, words: impl Into<String>) -> Self {
        Self { class: "Output validation error", path: path.to_owned(), ..Self::invalid(words) }
    }

    /// Something wrong at a path in the template that is not a property's value.
    pub fn at(path: &str, words: impl Into<String>) -> Self {
        Self { path: path.to_owned(), ..Self::invalid(words) }
    }

    pub fn schema(words: impl Into<String>) -> Self {
        Self::new("InvalidSchemaError", words)
    }

    pub fn request(words: impl Into<String>) -> Self {
        Self::new("HTTPBadRequest", words)
    }

    pub fn reference(name: &str, wherein: &str) -> Self {
        Self::new(
            "InvalidTemplateReference",
            format!("The specified reference \"{name}\" (in {wherein}) is incorrect."),
        )
    }

    /// The same, met inside a nested stack.
    #[must_use]
    pub fn inside(mut self, outer: &str) -> Self {
        self.kind = "StackValidationFailed";
        self.path = if self.path.is_empty() { outer.to_owned() } else { format!("{outer}.{}", self.path) };
        self
    }

    /// Heat's message: class, path and words, as far as there are any.
    pub fn message(&self) -> String {
        let parts = [self.class, &self.path, &self.words];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": : ")
    }
}
