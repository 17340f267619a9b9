//! Theme and keymap: by the user's settings and files, and by what the terminal
//! says it can do.

use std::path::Path;

use crate::config::settings::Settings;
use crate::model::Problem;
use crate::ui::{Depth, Keymap, Theme};

pub struct Looks {
    pub theme: Theme,
    pub keymap: Keymap,
    /// What is wrong in the user's files; the rest of them counts all the same.
    pub problems: Vec<Problem>,
}

/// Theme and keymap as they are chosen just now.
pub struct Chosen {
    settings: Settings,
    light: Option<bool>,
}

impl Chosen {
    pub fn new(settings: Settings, light: Option<bool>) -> Self {
        Self { settings, light }
    }

    /// Turns one of the two; `None`: it is about something else.
    pub fn turn(&mut self, name: &str, value: &str, config_dir: &Path) -> Option<Looks> {
        let setting = match name {
            "theme" => &mut self.settings.theme,
            "keymap" => &mut self.settings.keymap,
            _ => return None,
        };
        value.clone_into(setting);
        Some(load(&self.settings, config_dir, self.light, &|name| std::env::var(name).ok()))
    }
}

/// `variable` reads the environment; `light` is what the terminal said of its background.
pub fn load(
    settings: &Settings,
    config_dir: &Path,
    light: Option<bool>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Looks {
    let mut problems = Vec::new();
    let depth = depth(variable);
    let theme = match settings.theme.as_str() {
        "auto" | "default" if light.unwrap_or_else(|| has_light_background(variable)) => "light",
        "auto" | "default" => "dark",
        name => name,
    };
    let file = read(&config_dir.join("themes").join(format!("{theme}.toml")), &mut problems);
    let user = file.as_ref().map(|(origin, text)| (origin.as_str(), text.as_str()));
    let (theme, found) = Theme::load(theme, user, depth);
    problems.extend(found);
    let file = read(&config_dir.join("keymaps").join(format!("{}.toml", settings.keymap)), &mut problems);
    let user = file.as_ref().map(|(origin, text)| (origin.as_str(), text.as_str()));
    let (keymap, found) = Keymap::load(&settings.keymap, user);
    problems.extend(found);
    Looks { theme, keymap, problems }
}

/// Whether the terminal's background makes a difference.
pub fn goes_by_ground(settings: &Settings, variable: &dyn Fn(&str) -> Option<String>) -> bool {
    ["auto", "default"].contains(&settings.theme.as_str()) && depth(variable) != Depth::None
}

/// A file that is not there is no problem; one that cannot be read is.
fn read(path: &Path, problems: &mut Vec<Problem>) -> Option<(String, String)> {
    match std::fs::read_to_string(path) {
        Ok(text) => Some((path.display().to_string(), text)),
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => None,
        Err(error) => {
            problems.push(Problem::local(format!("cannot read {}: {error}", path.display())));
            None
        }
    }
}

/// <https://no-color.org>: any value but an empty one counts.
fn depth(variable: &dyn Fn(&str) -> Option<String>) -> Depth {
    let says = |name: &str| variable(name).unwrap_or_default().to_ascii_lowercase();
    let term = says("TERM");
    if !says("NO_COLOR").is_empty() {
        Depth::None
    } else if ["truecolor", "24bit"].contains(&says("COLORTERM").as_str()) || term.ends_with("-direct") {
        Depth::True
    } else if ["256color", "kitty", "alacritty", "ghostty", "foot"].iter().any(|word| term.contains(word)) {
        Depth::Indexed
    } else {
        Depth::Sixteen
    }
}

/// `COLORFGBG` ends with the background's number: 7 and 9 to 15 are light.
fn has_light_background(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let number = variable("COLORFGBG").and_then(|value| value.rsplit(';').next()?.parse::<u8>().ok());
    number.is_some_and(|number| number == 7 || (9..=15).contains(&number))
}

#[cfg(test)]
mod tests {
    use super::{depth, has_light_background, load};
    use crate::config::settings::Settings;
    use crate::ui::action::Context;
    use crate::ui::keymap::Found;
    use crate::ui::theme::Role;
    use crate::ui::{Depth, KeyPress};

    fn with<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| pairs.iter().find(|(have, _)| *have == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn as_many_colours_as_the_terminal_says() {
        assert_eq!(depth(&with(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")])), Depth::True);
        assert_eq!(depth(&with(&[("TERM", "screen-256color")])), Depth::Indexed);
        assert_eq!(depth(&with(&[("TERM", "linux")])), Depth::Sixteen);
        assert_eq!(depth(&with(&[])), Depth::Sixteen);
        assert_eq!(depth(&with(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")])), Depth::None);
        assert_eq!(depth(&with(&[("NO_COLOR", ""), ("COLORTERM", "truecolor")])), Depth::True);
        assert!(has_light_background(&with(&[("COLORFGBG", "0;15")])));
        assert!(!has_light_background(&with(&[("COLORFGBG", "15;default;0")])));
    }

    #[test]
    fn the_settings_choose_the_keymap_and_the_theme() {
        let nowhere = std::path::Path::new("/nowhere");
        for keymap in ["default", "vim", "emacs"] {
            let settings = Settings { keymap: keymap.into(), theme: "nord".into(), ..Settings::default() };
            let looks = load(&settings, nowhere, None, &with(&[("COLORTERM", "truecolor")]));
            assert_eq!(looks.problems, []);
            let first = looks.keymap.find(&[Context::List], &[KeyPress::char('g')]);
            assert_eq!(first == Found::Begun, keymap == "vim");
            assert!(looks.theme.style(Role::Text).bg.is_some());
        }
        let settings = Settings { keymap: "vi".into(), ..Settings::default() };
        let problems = load(&settings, nowhere, None, &with(&[])).problems;
        assert_eq!(problems[0].line(), "there is no keymap \"vi\". The keymaps are: default, vim, emacs");
    }

    #[test]
    fn the_theme_goes_by_what_the_terminal_says_before_what_variables_say() {
        let nowhere = std::path::Path::new("/nowhere");
        let text = |theme: &str, light, variables: &[(&str, &str)]| {
            let settings = Settings { theme: theme.into(), ..Settings::default() };
            load(&settings, nowhere, light, &with(variables)).theme.style(Role::Text)
        };
        let colours = ("COLORTERM", "truecolor");
        let (dark, light) = (text("dark", None, &[colours]), text("light", None, &[colours]));
        let says = [colours, ("COLORFGBG", "0;15")];
        assert_ne!(dark, light);
        assert_eq!([text("auto", None, &[colours]), text("auto", Some(true), &[colours])], [dark, light]);
        assert_eq!([text("auto", None, &says), text("default", Some(false), &says)], [light, dark]);
        assert_eq!(text("dark", Some(true), &says), dark);
        let auto = Settings::default();
        assert!(super::goes_by_ground(&auto, &with(&[])) && !super::goes_by_ground(&auto, &with(&[("NO_COLOR", "1")])));
    }

    #[test]
    fn faulty_files_of_the_users_are_told_together_and_do_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("themes")).unwrap();
        std::fs::create_dir_all(folder.path().join("keymaps/default.toml")).unwrap();
        std::fs::write(folder.path().join("themes/dark.toml"), "[roles]\ntext = 7\n").unwrap();
        let looks = load(&Settings::default(), folder.path(), None, &with(&[("COLORTERM", "truecolor")]));
        assert_eq!(looks.problems.len(), 2, "{:?}", looks.problems);
        assert!(load(&Settings::default(), &folder.path().join("none"), None, &with(&[])).problems.is_empty());
    }
}
