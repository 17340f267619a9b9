//! The user's settings as the dashboard shows them: what is in force, where it comes from, and what
//! was turned since. `runtime::prefs` finds them out and keeps them.

/// One setting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pref {
    /// As config.toml spells it, `notifications.file`.
    pub name: String,
    pub value: String,
    /// What it was when it was last read.
    pub kept: String,
    /// `config.toml`, `default`, a variable or a flag.
    pub origin: String,
    pub doc: String,
    /// What it can be turned to from here; none: it is shown only.
    pub choices: Vec<String>,
    /// Counts as soon as it is turned, and not from the next start on.
    pub at_once: bool,
}

impl Pref {
    pub fn is_turned(&self) -> bool {
        self.value != self.kept
    }

    /// The choice after the present one, or before it; round at the ends.
    pub fn next(&self, forward: bool) -> Option<&String> {
        let count = self.choices.len();
        let step = if forward { 1 } else { count.checked_sub(1)? };
        let at = self.choices.iter().position(|choice| *choice == self.value);
        self.choices.get(at.map_or(0, |at| (at + step) % count.max(1)))
    }
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefs {
    /// Where config.toml is, or would be.
    pub file: String,
    pub all: Vec<Pref>,
}

impl Prefs {
    /// Names and values of those that were turned.
    pub fn turned(&self) -> Vec<(String, String)> {
        let turned = self.all.iter().filter(|pref| pref.is_turned());
        turned.map(|pref| (pref.name.clone(), pref.value.clone())).collect()
    }

    /// Another reading of them: what was turned and counts at once stays turned.
    pub fn renew(&mut self, mut read: Self) {
        for pref in &mut read.all {
            let before = self.all.iter().find(|before| before.name == pref.name && before.is_turned());
            if let Some(before) = before.filter(|before| pref.choices.contains(&before.value)) {
                pref.value.clone_from(&before.value);
            }
        }
        *self = read;
    }
}

#[cfg(test)]
mod tests {
    use super::{Pref, Prefs};

    fn theme(value: &str, kept: &str) -> Pref {
        let choices = ["auto", "dark", "light"].map(str::to_owned).to_vec();
        Pref { name: "theme".into(), value: value.into(), kept: kept.into(), choices, ..Pref::default() }
    }

    #[test]
    fn choices_follow_one_another_round() {
        let next = |value: &str, forward| theme(value, "auto").next(forward).cloned();
        assert_eq!([next("auto", true), next("light", true)], [Some("dark".into()), Some("auto".into())]);
        assert_eq!([next("auto", false), next("gone", true)], [Some("light".into()), Some("auto".into())]);
        assert_eq!(Pref::default().next(true), None);
        assert_eq!(Pref::default().next(false), None);
    }

    #[test]
    fn what_was_turned_stays_turned_until_it_is_kept() {
        let mut prefs = Prefs { all: vec![theme("dark", "auto")], ..Prefs::default() };
        assert_eq!(prefs.turned(), [("theme".into(), "dark".into())]);
        prefs.renew(Prefs { all: vec![theme("light", "light")], ..Prefs::default() });
        assert_eq!(prefs.turned(), [("theme".into(), "dark".into())]);
        prefs.renew(Prefs { all: vec![theme("dark", "dark")], ..Prefs::default() });
        assert_eq!(prefs.turned(), []);
    }
}
