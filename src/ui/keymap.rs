//! Which keys mean which action in which context: one key, or several one after
//! another (a [`Chord`]). The tables are TOML files (`keymaps/`), embedded; each is
//! laid over `default`, and a user's file over that. Everything wrong in a file is
//! reported at once and the rest of it still counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use super::action::{Action, Context};
use super::key::KeyPress;
use crate::model::Problem;

/// Keymaps that come with the program: name and text. All lie over the first.
pub const EMBEDDED: [(&str, &str); 3] = [
    ("default", include_str!("../../keymaps/default.toml")),
    ("vim", include_str!("../../keymaps/vim.toml")),
    ("emacs", include_str!("../../keymaps/emacs.toml")),
];

type Section = BTreeMap<String, String>;

/// Keys one after another, `g g` in a file; never empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chord(Vec<KeyPress>);

impl Chord {
    pub fn keys(&self) -> &[KeyPress] {
        &self.0
    }

    fn is_text(&self) -> bool {
        self.0.first().is_some_and(|key| key.typed().is_some())
    }
}

impl FromStr for Chord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self(vec![text.parse()?]));
        }
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.pad(&keys.join(" "))
    }
}

/// What keys pressed so far amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Action(Action),
    /// The beginning of a chord.
    Begun,
    Nothing,
}

#[derive(Debug, Clone, Default)]
pub struct Keymap {
    bindings: BTreeMap<Context, BTreeMap<Chord, Action>>,
}

impl Keymap {
    /// The map `name` with `user` (where it came from, its text) laid over it.
    pub fn load(name: &str, user: Option<(&str, &str)>) -> (Self, Vec<Problem>) {
        let mut map = Self::default();
        let mut problems = Vec::new();
        let (default, text) = EMBEDDED[0];
        map.lay(&format!("keymap {default}"), text, &mut problems);
        match EMBEDDED.iter().find(|(have, _)| *have == name) {
            Some((name, text)) if *name != default => map.lay(&format!("keymap {name}"), text, &mut problems),
            None if user.is_none() => {
                let all: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
                let advice = format!("The keymaps are: {}", all.join(", "));
                problems.push(Problem::invalid(format!("there is no keymap \"{name}\"")).advise(advice));
            }
            _ => {}
        }
        if let Some((origin, text)) = user {
            map.lay(origin, text, &mut problems);
        }
        (map, problems)
    }

    fn lay(&mut self, origin: &str, text: &str, problems: &mut Vec<Problem>) {
        let mut bad = |why: String| problems.push(Problem::invalid(format!("{origin}: {why}")));
        let sections: BTreeMap<String, Section> = match toml::from_str(text) {
            Ok(sections) => sections,
            Err(error) => return bad(error.to_string().trim_end().to_owned()),
        };
        for (name, section) in sections {
            let Some(context) = Context::ALL.iter().copied().find(|context| context.name() == name) else {
                let all: Vec<&str> = Context::ALL.iter().map(|context| context.name()).collect();
                bad(format!("[{name}] is not a context; there are {}", all.join(", ")));
                continue;
            };
            self.lay_section(context, section, &mut |why| bad(format!("[{name}] {why}")));
        }
    }

    fn lay_section(&mut self, context: Context, section: Section, bad: &mut dyn FnMut(String)) {
        let mut entries: Vec<(Chord, String, String)> = Vec::new();
        for (spelled, wanted) in section {
            match spelled.parse() {
                Ok(chord) => entries.push((chord, spelled, wanted)),
                Err(why) => bad(why),
            }
        }
        // So that the beginning of a chord is seen before the chord.
        entries.sort_by_key(|(chord, ..)| chord.0.len());
        let mut seen: BTreeMap<Chord, String> = BTreeMap::new();
        let table = self.bindings.entry(context).or_default();
        for (chord, spelled, wanted) in entries {
            if context.takes_text() && chord.is_text() {
                bad(format!("\"{spelled}\" is text there and cannot be bound"));
                continue;
            }
            if wanted == "none" {
                table.remove(&chord);
                continue;
            }
            let begins = (1..chord.0.len()).find_map(|end| seen.get(&Chord(chord.0[..end].to_vec())));
            if let Some(shorter) = begins {
                bad(format!("\"{spelled}\" can never be pressed: \"{shorter}\" acts at once"));
                continue;
            }
            if let Some(other) = seen.insert(chord.clone(), spelled.clone()) {
                bad(format!("\"{other}\" and \"{spelled}\" are the same key"));
            }
            match Action::ALL.iter().find(|action| action.name() == wanted) {
                None => bad(format!("\"{spelled}\": there is no action \"{wanted}\"")),
                Some(action) if !action.contexts().contains(&context) && context != Context::Global => {
                    bad(format!("\"{spelled}\": \"{wanted}\" does nothing there"));
                }
                Some(action) => {
                    // What this lies over gives way: chords it begins, and the key that begins it.
                    table.retain(|have, _| !have.0.starts_with(&chord.0) && !chord.0.starts_with(&have.0));
                    table.insert(chord, *action);
                }
            }
        }
    }

    /// What the keys mean in the first of `contexts` that knows them.
    pub fn find(&self, contexts: &[Context], keys: &[KeyPress]) -> Found {
        let tables = contexts.iter().filter_map(|context| self.bindings.get(context));
        let mut known = tables.flatten().filter(|(chord, _)| chord.0.starts_with(keys));
        match known.next() {
            Some((chord, action)) if chord.0.len() == keys.len() => Found::Action(*action),
            Some(_) => Found::Begun,
            None => Found::Nothing,
        }
    }

    /// The keys that may follow `keys`, each with its action; `None`: others must follow still.
    pub fn continuations(&self, contexts: &[Context], keys: &[KeyPress]) -> Vec<(KeyPress, Option<Action>)> {
        let tables = contexts.iter().filter_map(|context| self.bindings.get(context));
        let begun = tables.flatten().filter(|(chord, _)| chord.0.starts_with(keys));
        let next: BTreeSet<KeyPress> = begun.filter_map(|(chord, _)| chord.0.get(keys.len()).copied()).collect();
        let meaning = |key: KeyPress| match self.find(contexts, &[keys, &[key]].concat()) {
            Found::Action(action) => (key, Some(action)),
            Found::Begun | Found::Nothing => (key, None),
        };
        next.into_iter().map(meaning).collect()
    }

    /// Whether pressing the keys one by one gets as far as their action.
    fn reaches(&self, contexts: &[Context], chord: &Chord, action: Action) -> bool {
        let begun = |end: usize| self.find(contexts, &chord.0[..end]) == Found::Begun;
        (1..chord.0.len()).all(begun) && self.find(contexts, &chord.0) == Found::Action(action)
    }

    /// The keys to show for an action: one key before a chord, keys without a modifier
    /// first, then the shortest spelling.
    pub fn key_for(&self, contexts: &[Context], action: Action) -> Option<Chord> {
        self.key_where(contexts, action, false)
    }

    /// [`Self::key_for`] where printable keys may be text.
    pub fn key_where(&self, contexts: &[Context], action: Action, typing: bool) -> Option<Chord> {
        contexts.iter().find_map(|context| {
            let chords = self.bindings.get(context)?.iter().filter(|(_, bound)| **bound == action);
            let chords = chords.map(|(chord, _)| chord).filter(|chord| self.reaches(contexts, chord, action));
            let chords = chords.filter(|chord| !typing || !chord.is_text());
            let modified = |chord: &Chord| chord.0.iter().any(|key| key.ctrl || key.alt);
            chords.min_by_key(|chord| (chord.0.len(), modified(chord), chord.to_string().len())).cloned()
        })
    }

    /// Key of every action worth a hint, in the table's order.
    pub fn hints(&self, contexts: &[Context], typing: bool) -> Vec<(Chord, Action)> {
        let wanted = Action::ALL.iter().filter(|action| !action.hint().is_empty());
        wanted.filter_map(|action| self.key_where(contexts, *action, typing).map(|key| (key, *action))).collect()
    }

    /// For the help page: per context the actions with all their keys.
    pub fn listing(&self, contexts: &[Context]) -> Vec<(Context, Vec<(String, Action)>)> {
        let of = |context: &Context| {
            let mut rows: Vec<(String, Action)> = Vec::new();
            for action in Action::ALL {
                let table = self.bindings.get(context).into_iter().flatten();
                let mut keys: Vec<String> =
                    table.filter(|(_, bound)| *bound == action).map(|(chord, _)| chord.to_string()).collect();
                keys.sort_by_key(String::len);
                if !keys.is_empty() {
                    rows.push((keys.join("  "), *action));
                }
            }
            rows
        };
        contexts.iter().map(|context| (*context, of(context))).filter(|(_, rows)| !rows.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Action, Chord, Context, EMBEDDED, Found, KeyPress, Keymap};

    #[test]
    fn every_embedded_map_is_clean_and_the_default_names_every_context() {
        for (name, _) in EMBEDDED {
            let (_, problems) = Keymap::load(name, None);
            assert_eq!(problems, [], "{name}");
        }
        for context in Context::ALL.iter().copied() {
            assert!(EMBEDDED[0].1.contains(&format!("[{}]", context.name())), "{context:?}");
        }
    }

    #[test]
    fn the_folder_is_what_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/keymaps");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let files: BTreeSet<String> = files.collect();
        let embedded: BTreeSet<String> = EMBEDDED.iter().map(|(name, _)| format!("{name}.toml")).collect();
        assert_eq!(files, embedded);
    }

    #[test]
    fn every_action_has_a_key() {
        for (name, _) in EMBEDDED {
            let (map, _) = Keymap::load(name, None);
            for action in Action::ALL {
                for context in action.contexts() {
                    // The label editor and the page of one pane have theirs from what lies under them.
                    let under = [*context, Context::List, Context::Home, Context::Cluster, Context::Global];
                    assert!(map.key_for(&under, *action).is_some(), "{name}: {action:?} in {context:?}");
                }
            }
        }
    }

    fn keys(text: &str) -> Vec<KeyPress> {
        text.parse::<Chord>().unwrap().keys().to_vec()
    }

    #[test]
    fn chords_are_found_key_by_key() {
        let text = "[global]\n\"space q q\" = \"quit\"\n\"space h\" = \"help\"\n[clusters]\n\"space c\" = \"new\"\n\"space h\" = \"why\"\n";
        let (map, problems) = Keymap::load("mine", Some(("mine.toml", text)));
        assert_eq!(problems, []);
        let at = [Context::Clusters, Context::List, Context::Global];
        assert_eq!(map.find(&at, &keys("space")), Found::Begun);
        assert_eq!(map.find(&at, &keys("space q")), Found::Begun);
        assert_eq!(map.find(&at, &keys("space q q")), Found::Action(Action::Quit));
        assert_eq!(map.find(&at, &keys("space h")), Found::Action(Action::Why), "the more special context wins");
        assert_eq!(map.find(&at, &keys("space x")), Found::Nothing);
        let next: Vec<String> =
            map.continuations(&at, &keys("space")).iter().map(|(key, action)| format!("{key} {action:?}")).collect();
        assert_eq!(next, ["c Some(New)", "h Some(Why)", "q None"]);
        // In the resource tree space alone acts, so that the chord is no way to anything there.
        let at = [Context::Resources, Context::Global];
        assert_eq!(map.find(&at, &keys("space")), Found::Action(Action::Toggle));
        assert_eq!(map.key_for(&at, Action::Quit).unwrap().to_string(), "q");
    }

    #[test]
    fn a_key_that_acts_cannot_begin_a_chord_in_the_same_file() {
        let text = "[list]\n\"g\" = \"first\"\n\"Shift+g x\" = \"last\"\n\"g g\" = \"last\"\n\"j\" = \"none\"\n\"j j\" = \"down\"\n\"x zzy\" = \"up\"\n\
                    [filter]\n\"a b\" = \"accept\"\n\"ctrl-x b\" = \"accept\"\n";
        let (map, problems) = Keymap::load("default", Some(("my.toml", text)));
        let told: Vec<&str> = problems.iter().map(|problem| problem.summary.as_str()).collect();
        assert_eq!(
            told,
            [
                "my.toml: [filter] \"a b\" is text there and cannot be bound",
                "my.toml: [list] \"zzy\" is not a key",
                "my.toml: [list] \"g g\" can never be pressed: \"g\" acts at once",
            ]
        );
        assert_eq!(map.find(&[Context::List], &keys("g")), Found::Action(Action::First));
        assert_eq!(map.find(&[Context::List], &keys("j")), Found::Begun);
        assert_eq!(map.find(&[Context::List], &keys("G")), Found::Begun, "the chord took the default's G");
        assert_eq!(map.find(&[Context::Filter], &keys("ctrl-x b")), Found::Action(Action::Accept));
    }

    #[test]
    fn a_users_file_wins_and_all_its_faults_are_told_together() {
        let text = "[global]\n\"x\" = \"quit\"\n\"q\" = \"none\"\n\"ctrl-x\" = \"explode\"\n[nowhere]\n\"a\" = \"quit\"\n\
                    [filter]\n\"b\" = \"accept\"\n[form]\n\"C-x\" = \"submit\"\n\"ctrl-d\" = \"submit\"\n\"Ctrl+D\" = \"submit\"\n[list]\n\"u\" = \"submit\"\n";
        let (map, problems) = Keymap::load("default", Some(("my.toml", text)));
        assert_eq!(map.find(&[Context::Global], &keys("x")), Found::Action(Action::Quit));
        assert_eq!(map.find(&[Context::Global], &keys("q")), Found::Nothing);
        // Which contexts there are is not this test's business.
        let told: Vec<&str> =
            problems.iter().map(|problem| problem.summary.split("; there are").next().unwrap()).collect();
        insta::assert_debug_snapshot!(told, @r#"
        [
            "my.toml: [filter] \"b\" is text there and cannot be bound",
            "my.toml: [form] \"C-x\" is not a key",
            "my.toml: [form] \"Ctrl+D\" and \"ctrl-d\" are the same key",
            "my.toml: [global] \"ctrl-x\": there is no action \"explode\"",
            "my.toml: [list] \"u\": \"submit\" does nothing there",
            "my.toml: [nowhere] is not a context",
        ]
        "#);
        let (_, problems) = Keymap::load("default", Some(("my.toml", "[global\n")));
        assert!(problems[0].summary.contains("line 1"), "{problems:?}");
    }
}
