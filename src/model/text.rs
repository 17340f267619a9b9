//! Text that came from outside and is about to be shown.

/// Replaces what could drive a terminal or hide text (control characters,
/// bidirectional overrides, zero-width marks) by `\u{FFFD}`, keeps `\n` as a space.
/// Every string of a cloud passes here before it is stored for display.
pub fn clean(raw: &str) -> String {
    raw.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if is_unsafe(c) => '\u{FFFD}',
            c => c,
        })
        .collect()
}

/// Whether a character can steer a terminal or hide text from its reader.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn escape_sequences_cannot_pass() {
        assert_eq!(clean("a\x1b[2Jb\u{202E}c\nd"), "a\u{FFFD}[2Jb\u{FFFD}c d");
        assert_eq!(clean("köln 日本 🚀"), "köln 日本 🚀");
    }
}
