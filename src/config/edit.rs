//! Changing single settings in the text of `config.toml`: everything else in it stays as it is, the
//! comments above all. Pure; what cannot be changed so without doubt is refused.

use toml::Table;

use crate::model::Problem;

/// The text with these keys of its first part (before any `[table]`) set, each to a TOML value.
pub fn set(text: &str, changes: &[(&str, &str)]) -> Result<String, Problem> {
    let mut changed = text.to_owned();
    for (key, value) in changes {
        changed = set_one(&changed, key, value);
    }
    let refuse = || {
        Problem::invalid("config.toml is written in a way that cannot be changed from here")
            .advise("Change it with an editor; the page of settings names it")
    };
    let read = |text: &str| text.parse::<Table>().map_err(|_| refuse());
    let mut wanted = read(text)?;
    for (key, value) in changes {
        let one = read(&format!("{key} = {value}"))?;
        wanted.extend(one);
    }
    // Whatever the lines look like: only this may have come of it.
    if read(&changed)? == wanted { Ok(changed) } else { Err(refuse()) }
}

fn set_one(text: &str, key: &str, value: &str) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let first_table = lines.iter().position(|line| line.trim_start().starts_with('[')).unwrap_or(lines.len());
    let name = |line: &str| line.split_once('=').map(|(name, _)| name.trim().to_owned());
    let of_key = |line: &String| name(line).as_deref() == Some(key);
    if let Some(line) = lines[..first_table].iter_mut().find(|line| of_key(line)) {
        let comment = line.split_once('=').and_then(|(_, rest)| comment(rest)).map(|told| format!("  {told}"));
        *line = format!("{key} = {value}{}\n", comment.unwrap_or_default());
        return lines.concat();
    }
    let is_setting = |line: &String| name(line).is_some() && !line.trim_start().starts_with('#');
    let at = lines[..first_table].iter().rposition(is_setting).map_or(0, |last| last + 1);
    if let Some(before) = at.checked_sub(1).and_then(|last| lines.get_mut(last))
        && !before.ends_with('\n')
    {
        before.push('\n');
    }
    lines.insert(at, format!("{key} = {value}\n"));
    lines.concat()
}

/// What stands behind a value, from its `#` on.
fn comment(rest: &str) -> Option<&str> {
    let mut quote = None;
    let at = rest.char_indices().find(|(_, c)| match (quote, c) {
        (None, '#') => true,
        (None, '"' | '\'') => {
            quote = Some(*c);
            false
        }
        (Some(open), c) if open == *c => {
            quote = None;
            false
        }
        _ => false,
    });
    at.map(|(at, _)| rest[at..].trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use toml::Table;

    use super::set;

    #[test]
    fn only_the_wanted_lines_change() {
        let text =
            "# mine\ntheme='dark' # \"nice\"\n\n# where\ncloud = \"east\"\n\n# far away\n[clouds.east]\nmouse = 1\n";
        let done = set(text, &[("theme", "\"nord\""), ("mouse", "false")]).unwrap();
        assert_eq!(
            done,
            "# mine\ntheme = \"nord\"  # \"nice\"\n\n# where\ncloud = \"east\"\nmouse = false\n\n# far away\n[clouds.east]\nmouse = 1\n"
        );
        assert_eq!(set(&done, &[("mouse", "true")]).unwrap(), done.replace("mouse = false", "mouse = true"));
        assert_eq!(set("", &[("theme", "\"nord\"")]).unwrap(), "theme = \"nord\"\n");
        assert_eq!(set("# x\n[a]\nb = 1", &[("c", "2")]).unwrap(), "c = 2\n# x\n[a]\nb = 1");
        assert_eq!(set("a = 1", &[("c", "2")]).unwrap(), "a = 1\nc = 2\n");
    }

    #[test]
    fn what_would_come_out_otherwise_is_refused() {
        for text in
            ["cloud = \"\"\"\ntheme = 'x'\n\"\"\"\n", "\"theme\" = 'x'\n", "theme = [\n  # x\n]\n", "theme = \n"]
        {
            assert!(set(text, &[("theme", "\"nord\"")]).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_file_nothing_else_changes(text in "([a-c] = ('x#'|\"#\"|7|\\[1,\n 2\\])( # d)?\n|\\[t[0-9]\\]\n|# b = 1\n|\n){0,12}") {
            if let (Ok(before), Ok(done)) = (text.parse::<Table>(), set(&text, &[("b", "true")])) {
                let mut wanted = before;
                wanted.insert("b".into(), true.into());
                prop_assert_eq!(done.parse::<Table>().unwrap(), wanted);
            }
        }
    }
}
