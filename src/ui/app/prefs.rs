//! Settings that come to be known, are turned and are kept.

use super::App;
use crate::model::Problem;
use crate::ui::effect::Effect;
use crate::ui::keymap::Keymap;
use crate::ui::prefs::Prefs;
use crate::ui::theme::Theme;

impl App {
    pub(super) fn prefs(&mut self, told: Result<Prefs, Problem>) {
        self.changed = true;
        match told {
            Ok(read) => self.fleet.prefs.renew(read),
            Err(problem) => self.notices.bad(problem),
        }
    }

    pub(super) fn prefer(&mut self, name: String, value: String, effects: &mut Vec<Effect>) {
        let Some(pref) = self.fleet.prefs.all.iter_mut().find(|pref| pref.name == name) else { return };
        pref.value.clone_from(&value);
        self.fleet.version += 1;
        if pref.at_once {
            effects.push(Effect::Prefer { name, value });
        }
    }

    pub(super) fn prefs_kept(&mut self, done: Result<String, Problem>, effects: &mut Vec<Effect>) {
        self.changed = true;
        match done {
            Ok(path) => {
                self.notices.good(format!("written into {path}"), self.now);
                effects.push(Effect::TellPrefs);
            }
            Err(problem) => self.notices.bad(problem),
        }
    }

    pub(super) fn looks(&mut self, theme: Theme, keymap: Keymap, problems: Vec<Problem>) {
        self.changed = true;
        self.theme = theme;
        self.keymap = keymap;
        problems.into_iter().for_each(|problem| self.notices.bad(problem));
    }
}
