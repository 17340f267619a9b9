//! The page of settings: what is in force, turned with a look at it at once, and kept.

use jeroboam::model::Problem;
use jeroboam::ui::prefs::{Pref, Prefs};
use jeroboam::ui::{Depth, Effect, Keymap, Msg, Theme};

use super::desk::Desk;

fn pref(name: &str, value: &str, origin: &str, doc: &str, choices: &[&str], at_once: bool) -> Pref {
    Pref {
        name: name.into(),
        value: value.into(),
        kept: value.into(),
        origin: origin.into(),
        doc: doc.into(),
        choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
        at_once,
    }
}

fn prefs(theme: &str) -> Prefs {
    let switch = ["true", "false"];
    let all = vec![
        pref("theme", theme, "config.toml", "Colours", &["auto", "dark", "light", "nord"], true),
        pref("keymap", "default", "default", "Which keys do what", &["default", "vim", "emacs"], true),
        pref("mouse", "true", "default", "Whether clicks and the wheel are the dashboard's", &switch, true),
        pref("alert", "bell", "default", "How the terminal is told", &["bell", "osc9", "none"], false),
        pref("read_only", "false", "default", "Nothing is changed", &switch, false),
        pref("cloud", "west", "--os-cloud", "The cloud", &[], false),
        pref("health_interval", "60", "default", "Seconds between two looks", &[], false),
        pref("notifications.url", "[secret]", "JEROBOAM_NOTIFICATIONS_URL", "Who is told", &[], false),
    ];
    Prefs { file: "/home/jane/.config/jeroboam/config.toml".into(), all }
}

fn desk() -> Desk {
    let mut desk = Desk::ready();
    desk.press(",");
    assert_eq!(desk.wanted.last(), Some(&Effect::TellPrefs));
    desk.send(Msg::Prefs(Ok(prefs("dark"))));
    desk
}

#[test]
fn pictures_of_the_settings() {
    let mut desk = desk();
    desk.press("right right down down down");
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        insta::assert_snapshot!(format!("settings@{width}x{height}"), desk.screen(width, height));
    }
    let (theme, _) = Theme::load("light", None, Depth::True);
    let (keymap, _) = Keymap::load("default", None);
    desk.send(Msg::Looks(Box::new((theme, keymap)), Vec::new()));
    insta::assert_snapshot!("settings-light@120x40", desk.screen(120, 40));
}

#[test]
fn a_theme_is_looked_at_before_it_is_kept() {
    let mut desk = desk();
    let turned = |value: &str| Effect::Prefer { name: "theme".into(), value: value.into() };
    desk.press("enter");
    assert_eq!(desk.wanted.last(), Some(&turned("light")));
    desk.press("left left");
    assert_eq!(desk.wanted.last(), Some(&turned("auto")));
    assert!(desk.screen(120, 40).contains("turned here, not kept"));
    // What counts only at the next start asks for nothing now.
    let wanted = desk.wanted.len();
    desk.press("down down down right");
    assert_eq!(desk.wanted.len(), wanted);
    assert!(desk.screen(120, 40).contains("not kept, not in force"));
    desk.press("w");
    let kept = [("theme", "auto"), ("alert", "osc9")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(desk.wanted.last(), Some(&Effect::KeepPrefs(kept.into())));
    desk.send(Msg::PrefsKept(Ok("/c/config.toml".into())));
    assert_eq!(desk.wanted.last(), Some(&Effect::TellPrefs));
    assert!(desk.screen(120, 40).contains("written into /c/config.toml"));
    let mut read = prefs("auto");
    read.all[3] = Pref { value: "osc9".into(), kept: "osc9".into(), ..read.all[3].clone() };
    desk.send(Msg::Prefs(Ok(read)));
    assert!(!desk.screen(120, 40).contains("not kept"));
    desk.press("w");
    assert!(desk.screen(120, 40).contains("nothing was turned here"));
}

#[test]
fn another_keymap_counts_with_the_next_key() {
    let mut desk = desk();
    let (theme, _) = Theme::load("nord", None, Depth::True);
    let (keymap, _) = Keymap::load("vim", None);
    desk.send(Msg::Looks(Box::new((theme, keymap)), vec![Problem::local("themes/nord.toml: faulty")]));
    assert!(desk.screen(120, 40).contains("themes/nord.toml: faulty"));
    desk.press("esc G");
    let row = |desk: &mut Desk| desk.screen(120, 40).lines().position(|line| line.contains("│▸"));
    let last = row(&mut desk);
    desk.press("g g");
    assert!(row(&mut desk) < last);
}

#[test]
fn what_cannot_be_turned_here_says_where_it_can() {
    let mut desk = desk();
    for (keys, told) in
        [("G enter", "JEROBOAM_NOTIFICATIONS_URL says so for this once"), ("up right", "is changed in config.toml")]
    {
        desk.press(keys);
        assert!(desk.screen(120, 40).contains(told), "{}", desk.screen(120, 40));
    }
    desk.press("y");
    assert!(desk.wanted.contains(&Effect::Copy("/home/jane/.config/jeroboam/config.toml".into())));
    desk.send(Msg::PrefsKept(Err(Problem::local("cannot write config.toml: it is a directory"))));
    desk.send(Msg::Prefs(Err(Problem::local("cannot read config.toml: it is a directory"))));
    let picture = desk.screen(120, 40);
    assert!(picture.contains("cannot write config.toml") && picture.contains("cannot read config.toml"));
    assert!(picture.contains("health_interval"), "what is known stays");
}
