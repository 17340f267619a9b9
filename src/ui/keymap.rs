//! Which key means which action in which context. The tables are TOML files
//! (`keymaps/`), embedded; a user's file is laid over them. Everything wrong in a
//! file is reported at once and the rest of it still counts.

use std::collections::BTreeMap;

use super::action::{Action, Context};
use super::key::KeyPress;
use crate::model::Problem;

/// Keymaps that come with the program: name and text.
pub const EMBEDDED: [(&str, &str); 1] = [("default", include_str!("../../keymaps/default.toml"))];

type Section = BTreeMap<String, String>;

#[derive(Debug, Clone, Default)]
pub struct Keymap {
    bindings: BTreeMap<Context, BTreeMap<KeyPress, Action>>,
}

impl Keymap {
    /// The embedded map `name` with `user` (where it came from, its text) laid over it.
    pub fn load(name: &str, user: Option<(&str, &str)>) -> (Self, Vec<Problem>) {
        let mut map = Self::default();
        let mut problems = Vec::new();
        match EMBEDDED.iter().find(|(have, _)| *have == name) {
            Some((_, text)) => map.lay(&format!("keymap {name}"), text, &mut problems),
            None => {
                if user.is_none() {
                    problems.push(
                        Problem::invalid(format!("there is no keymap \"{name}\"")).advise("The keymap is: default"),
                    );
                }
                map.lay("keymap default", EMBEDDED[0].1, &mut problems);
            }
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
            let Some(context) = Context::ALL.into_iter().find(|context| context.name() == name) else {
                let all: Vec<&str> = Context::ALL.iter().map(|context| context.name()).collect();
                bad(format!("[{name}] is not a context; there are {}", all.join(", ")));
                continue;
            };
            let mut seen: BTreeMap<KeyPress, String> = BTreeMap::new();
            for (spelled, wanted) in section {
                let key: KeyPress = match spelled.parse() {
                    Ok(key) => key,
                    Err(why) => {
                        bad(format!("[{name}] {why}"));
                        continue;
                    }
                };
                if let Some(other) = seen.insert(key, spelled.clone()) {
                    bad(format!("[{name}] \"{other}\" and \"{spelled}\" are the same key"));
                }
                if context.takes_text() && key.typed().is_some() {
                    bad(format!("[{name}] \"{spelled}\" is text there and cannot be bound"));
                    continue;
                }
                let table = self.bindings.entry(context).or_default();
                if wanted == "none" {
                    table.remove(&key);
                    continue;
                }
                match Action::ALL.iter().find(|action| action.name() == wanted) {
                    None => bad(format!("[{name}] \"{spelled}\": there is no action \"{wanted}\"")),
                    Some(action) if !action.contexts().contains(&context) && context != Context::Global => {
                        bad(format!("[{name}] \"{spelled}\": \"{wanted}\" does nothing there"));
                    }
                    Some(action) => {
                        table.insert(key, *action);
                    }
                }
            }
        }
    }

    /// The action of a key in the first of `contexts` that knows it.
    pub fn resolve(&self, contexts: &[Context], key: KeyPress) -> Option<Action> {
        contexts.iter().find_map(|context| self.bindings.get(context)?.get(&key)).copied()
    }

    /// The key to show for an action: the shortest spelling, keys without a modifier first.
    pub fn key_for(&self, contexts: &[Context], action: Action) -> Option<KeyPress> {
        self.key_where(contexts, action, false)
    }

    /// [`Self::key_for`] where printable keys may be text.
    pub fn key_where(&self, contexts: &[Context], action: Action, typing: bool) -> Option<KeyPress> {
        contexts.iter().find_map(|context| {
            let keys = self.bindings.get(context)?.iter().filter(|(_, bound)| **bound == action);
            let keys = keys.filter(|(key, _)| self.resolve(contexts, **key) == Some(action));
            let keys = keys.filter(|(key, _)| !typing || key.typed().is_none());
            keys.map(|(key, _)| *key).min_by_key(|key| (key.ctrl || key.alt, key.to_string().len()))
        })
    }

    /// Key of every action worth a hint, in the table's order.
    pub fn hints(&self, contexts: &[Context], typing: bool) -> Vec<(KeyPress, Action)> {
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
                    table.filter(|(_, bound)| *bound == action).map(|(key, _)| key.to_string()).collect();
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
    use super::{Action, Context, EMBEDDED, Keymap};

    #[test]
    fn every_embedded_map_is_clean_and_names_every_context() {
        for (name, text) in EMBEDDED {
            let (_, problems) = Keymap::load(name, None);
            assert_eq!(problems, [], "{name}");
            for context in Context::ALL {
                assert!(text.contains(&format!("[{}]", context.name())), "{name}: {context:?}");
            }
        }
    }

    #[test]
    fn every_action_has_a_key() {
        let (map, _) = Keymap::load("default", None);
        for action in Action::ALL {
            assert!(action.contexts().iter().any(|c| map.key_for(&[*c], *action).is_some()), "{action:?}");
        }
    }

    #[test]
    fn a_users_file_wins_and_all_its_faults_are_told_together() {
        let text = "[global]\n\"x\" = \"quit\"\n\"q\" = \"none\"\n\"ctrl-x\" = \"explode\"\n[nowhere]\n\"a\" = \"quit\"\n\
                    [filter]\n\"b\" = \"accept\"\n[form]\n\"C-x\" = \"submit\"\n\"ctrl-d\" = \"submit\"\n\"Ctrl+D\" = \"submit\"\n[list]\n\"u\" = \"submit\"\n";
        let (map, problems) = Keymap::load("default", Some(("my.toml", text)));
        assert_eq!(map.resolve(&[Context::Global], "x".parse().unwrap()), Some(Action::Quit));
        assert_eq!(map.resolve(&[Context::Global], "q".parse().unwrap()), None);
        let told: Vec<String> = problems.iter().map(|problem| problem.summary.clone()).collect();
        insta::assert_debug_snapshot!(told, @r#"
        [
            "my.toml: [filter] \"b\" is text there and cannot be bound",
            "my.toml: [form] \"C-x\" is not a key",
            "my.toml: [form] \"Ctrl+D\" and \"ctrl-d\" are the same key",
            "my.toml: [global] \"ctrl-x\": there is no action \"explode\"",
            "my.toml: [list] \"u\": \"submit\" does nothing there",
            "my.toml: [nowhere] is not a context; there are clusters, templates, events, certificates, resources, list, home, cluster, form, labels, picker, filter, dialog, confirm, kubeconfig, help, global",
        ]
        "#);
        let (_, problems) = Keymap::load("default", Some(("my.toml", "[global\n")));
        assert!(problems[0].summary.contains("line 1"), "{problems:?}");
    }
}
