//! A text of several lines to be read, its pieces coloured by role: what the pager shows. Made of
//! what the fleet knows or of what somebody answered; it knows neither.

use crate::model::text::clean;
use crate::ui::theme::Role;

/// Pieces side by side.
pub type Line = Vec<(Role, String)>;

/// Lines kept of a text that somebody sent; more is not read by anybody.
const LINES: usize = 100_000;
/// Characters kept of one line.
const WIDEST: usize = 10_000;
/// Columns of the label before a fact.
const LABEL: usize = 14;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paper {
    lines: Vec<Line>,
}

impl Paper {
    /// The last lines of a text as it came, cleaned.
    pub fn plain(text: &str) -> Self {
        let mut lines: Vec<&str> = text.lines().rev().take(LINES).collect();
        lines.reverse();
        Self { lines: lines.into_iter().map(|line| vec![(Role::Text, tidy(line))]).collect() }
    }

    /// YAML, with its keys told from what they hold.
    pub fn yaml(text: &str) -> Self {
        Self { lines: Self::plain(text).lines.into_iter().map(keyed).collect() }
    }

    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// As it goes to the clipboard or into a file.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            line.iter().for_each(|(_, piece)| text.push_str(piece));
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }

    pub fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    pub fn append(&mut self, other: Self) {
        self.lines.extend(other.lines);
    }

    pub fn say(&mut self, role: Role, text: impl Into<String>) {
        self.push(vec![(role, text.into())]);
    }

    /// A heading with air above it.
    pub fn heading(&mut self, text: impl Into<String>) {
        if !self.is_empty() {
            self.push(Vec::new());
        }
        self.say(Role::Heading, text);
    }

    pub fn fact(&mut self, label: &str, value: impl Into<String>) {
        self.told(label, Role::Text, value);
    }

    /// A fact that is good or bad news.
    pub fn told(&mut self, label: &str, role: Role, value: impl Into<String>) {
        self.push(vec![(Role::Label, format!("{label:<LABEL$} ")), (role, value.into())]);
    }
}

/// Tabs as spaces to the next eighth column, and nothing that could steer a terminal.
fn tidy(line: &str) -> String {
    let mut kept = String::new();
    for (at, c) in line.chars().enumerate() {
        if at == WIDEST {
            kept.push('…');
            break;
        }
        if c == '\t' {
            let have = kept.chars().count() % 8;
            kept.extend(std::iter::repeat_n(' ', 8 - have));
        } else {
            kept.push(c);
        }
    }
    clean(&kept)
}

fn keyed(line: Line) -> Line {
    let [(_, text)] = line.as_slice() else { return line };
    let indent = text.len() - text.trim_start_matches([' ', '-']).len();
    let (lead, rest) = text.split_at(indent);
    let end = rest.find(": ").map(|at| at + 1).or_else(|| rest.ends_with(':').then_some(rest.len()));
    match end.filter(|_| !rest.starts_with(['"', '\'', '{', '['])) {
        Some(end) => vec![
            (Role::Muted, lead.to_owned()),
            (Role::Label, rest[..end].to_owned()),
            (Role::Text, rest[end..].to_owned()),
        ],
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::{LINES, Paper, WIDEST};
    use crate::ui::theme::Role;

    #[test]
    fn what_came_is_tidy_and_bounded() {
        assert_eq!(Paper::plain("a\tb\x1b[2J\r\n\u{202E}c\n").text(), "a       b\u{FFFD}[2J\n\u{FFFD}c\n");
        let long = Paper::plain(&"x".repeat(WIDEST * 3)).text();
        assert_eq!(long.chars().count(), WIDEST + 2, "cut, and told so");
        let many = Paper::plain(&format!("first\n{}last", "\n".repeat(LINES)));
        assert_eq!(many.lines().len(), LINES);
        assert!(!many.text().starts_with("first") && many.text().ends_with("last\n"));
    }

    #[test]
    fn keys_are_told_from_values_without_changing_the_text() {
        let text = "a: 1\nlist:\n  - name: \"x: y\"\n  - plain\n\"q: r\": z\n";
        let paper = Paper::yaml(text);
        assert_eq!(paper.text(), text);
        let roles: Vec<Vec<Role>> =
            paper.lines().iter().map(|line| line.iter().map(|(role, _)| *role).collect()).collect();
        let keyed = vec![Role::Muted, Role::Label, Role::Text];
        assert_eq!(roles, [keyed.clone(), keyed.clone(), keyed, vec![Role::Text], vec![Role::Text]]);
    }
}
