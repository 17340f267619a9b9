//! Text that came from outside and is about to be shown.

use std::fmt::Display;

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

/// `1 node`, `2 nodes`.
pub fn counted<N: Display + PartialEq + From<u8>>(number: N, what: &str) -> String {
    let plural = if number == N::from(1) { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// Text of several lines, each without the sequences that would colour it on a terminal, and clean.
pub fn lines(raw: &str) -> String {
    let lines: Vec<String> = raw.split('\n').map(|line| clean(&plain(line.trim_end_matches('\r')))).collect();
    lines.join("\n")
}

/// Without CSI sequences (ECMA-48 5.4): consoles and logs are full of colours.
fn plain(line: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("\u{1b}[") {
        kept.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        let end = after.find(|c: char| !matches!(c, '\u{20}'..='\u{3f}'));
        // What ends in nothing was cut off.
        rest =
            end.map_or("", |end| after[end..].strip_prefix(|c: char| matches!(c, '@'..='~')).unwrap_or(&after[end..]));
    }
    kept.push_str(rest);
    kept
}

/// Whether a character can steer a terminal or hide text from its reader.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// A word of the user's as it is repeated in a message: cleaned, and cut where it is long.
pub fn shown(raw: &str) -> String {
    const MOST: usize = 64;
    let mut kept = clean(&raw.chars().take(MOST).collect::<String>());
    if raw.chars().nth(MOST).is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{clean, lines};

    #[test]
    fn colours_of_consoles_are_taken_out() {
        assert_eq!(lines("[\x1b[0;32m  OK  \x1b[0m] a\r\nb\x07\n\x1b["), "[  OK  ] a\nb\u{FFFD}\n");
        assert_eq!(lines("\x1b[31\u{e9}x\x1b]0;t\x07"), "\u{e9}x\u{FFFD}]0;t\u{FFFD}");
    }

    #[test]
    fn escape_sequences_cannot_pass() {
        assert_eq!(clean("a\x1b[2Jb\u{202E}c\nd"), "a\u{FFFD}[2Jb\u{FFFD}c d");
        assert_eq!(clean("köln 日本 🚀"), "köln 日本 🚀");
    }
}
