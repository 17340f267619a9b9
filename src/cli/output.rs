//! What a command says on stdout: a table for people, JSON or YAML for programs.
//! JSON and YAML are the model's own fields, named as Magnum names them; a command that adds to
//! them says so.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::args::Format;
use super::fault::Done;
use crate::model::{Problem, text};

/// Where a command writes and whom it can ask.
pub struct Terminal<'a> {
    pub out: &'a mut dyn Write,
    pub err: &'a mut dyn Write,
    /// stderr is a terminal that understands cursor movement: progress may be drawn over itself.
    pub draws: bool,
    /// stdin and stderr are terminals: there is somebody to ask.
    pub asks: bool,
    pub format: Format,
}

impl Terminal<'_> {
    /// A word to a person, not part of the result.
    pub fn note(&mut self, text: &str) -> Done {
        Ok(writeln!(self.err, "{text}")?)
    }

    /// A list: the columns for a table, every field otherwise.
    pub fn list<T: Serialize>(&mut self, items: &[T], columns: &[Column<T>]) -> Done {
        if self.format == Format::Table {
            let head = columns.iter().map(|(title, _)| (*title).to_owned()).collect();
            let rows = items.iter().map(|item| columns.iter().map(|(_, cell)| cell(item)).collect());
            return Ok(table(self.out, std::iter::once(head).chain(rows).collect())?);
        }
        self.value(&items)
    }

    /// One object: all its fields in either form.
    pub fn show<T: Serialize>(&mut self, item: &T) -> Done {
        if self.format != Format::Table {
            return self.value(item);
        }
        let Value::Object(fields) = serde_json::to_value(item).map_err(unserializable)? else { return Ok(()) };
        let mut rows = Vec::new();
        for (field, value) in &fields {
            for (index, line) in cell_lines(value).into_iter().enumerate() {
                rows.push(vec![if index == 0 { field.clone() } else { String::new() }, line]);
            }
        }
        Ok(table(self.out, rows)?)
    }

    /// JSON or YAML; several one after the other can be told apart again.
    pub fn value<T: Serialize>(&mut self, value: &T) -> Done {
        match self.format {
            Format::Yaml => {
                let text = serde_saphyr::to_string(value).map_err(unserializable)?;
                write!(self.out, "{text}")?;
            }
            _ => {
                let text = serde_json::to_string_pretty(value).map_err(unserializable)?;
                writeln!(self.out, "{text}")?;
            }
        }
        Ok(self.out.flush()?)
    }

    /// One of a stream of objects: a line of JSON, or a YAML document.
    pub fn stream<T: Serialize>(&mut self, value: &T) -> Done {
        if self.format == Format::Yaml {
            writeln!(self.out, "---")?;
            return self.value(value);
        }
        let text = serde_json::to_string(value).map_err(unserializable)?;
        writeln!(self.out, "{text}")?;
        Ok(self.out.flush()?)
    }
}

/// A title and what stands below it.
pub type Column<T> = (&'static str, fn(&T) -> String);

/// A text cell; nothing is a dash.
pub fn or_dash(text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty()).unwrap_or("-").to_owned()
}

/// Columns as wide as their widest cell on the screen, two spaces between. Nothing is cut.
pub fn table(out: &mut dyn Write, rows: Vec<Vec<String>>) -> io::Result<()> {
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|row| row.iter().map(|cell| text::clean(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.width() + 2));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    out.flush()
}

/// A path as a word for a POSIX shell.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+@%".contains(c)) {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A value of a `show` table: lists and labels take a line for each entry.
fn cell_lines(value: &Value) -> Vec<String> {
    let lines: Vec<String> = match value {
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(fields) => fields.iter().map(|(key, value)| format!("{key}={}", plain(value))).collect(),
        other => vec![plain(other)],
    };
    if lines.iter().all(String::is_empty) { vec!["-".into()] } else { lines }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn unserializable(error: impl std::fmt::Display) -> Problem {
    Problem::local(format!("the result could not be written: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Format, Path, Terminal, or_dash, quoted, table};

    fn written(format: Format, act: impl FnOnce(&mut Terminal<'_>)) -> String {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        act(&mut Terminal { out: &mut out, err: &mut err, draws: false, asks: false, format });
        assert!(err.is_empty());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn wide_signs_do_not_break_columns() {
        let mut out = Vec::new();
        let row = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
        table(&mut out, vec![row("NAME", "X"), row("日本", "1"), row("köln-\u{1b}[2J", "2"), row("", "")]).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r"
        NAME       X
        日本       1
        köln-�[2J  2
        ");
    }

    #[test]
    fn one_object_in_three_forms() {
        let item =
            json!({ "name": "a", "none": null, "list": ["x", "y"], "labels": { "k": "v" }, "empty": {}, "n": 3 });
        insta::assert_snapshot!(written(Format::Table, |t| t.show(&item).unwrap()), @r"
        name    a
        none    -
        list    x
                y
        labels  k=v
        empty   -
        n       3
        ");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&written(Format::Json, |t| t.show(&item).unwrap())).unwrap(),
            item
        );
        assert_eq!(
            serde_saphyr::from_str::<serde_json::Value>(&written(Format::Yaml, |t| t.show(&item).unwrap())).unwrap(),
            item
        );
    }

    #[test]
    fn paths_survive_the_shell() {
        assert_eq!(quoted(Path::new("/home/u/config")), "/home/u/config");
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }

    #[test]
    fn lists_and_streams() {
        let items = [json!({ "name": "a" }), json!({ "name": "b" })];
        let names = |t: &mut Terminal<'_>| t.list(&items, &[("NAME", |item| or_dash(item["name"].as_str()))]).unwrap();
        assert_eq!(written(Format::Table, names), "NAME\na\nb\n");
        assert_eq!(written(Format::Json, |t| t.list(&items[..0], &[]).unwrap()), "[]\n");
        assert_eq!(written(Format::Json, |t| items.iter().for_each(|i| t.stream(i).unwrap())).lines().count(), 2);
        insta::assert_snapshot!(written(Format::Yaml, |t| items.iter().for_each(|i| t.stream(i).unwrap())), @r"
        ---
        name: a
        ---
        name: b
        ");
    }
}
