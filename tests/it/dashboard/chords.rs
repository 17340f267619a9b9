//! Keys that follow one another, and the keymaps that come with the program.

use jeroboam::ui::{Effect, Msg};
use rstest::rstest;

use super::desk::Desk;

/// What the footer says while a chord is not complete.
const WAITING: &str = "a key from the list";

#[rstest]
#[case("vim", "G", "日本語クラスタ…")]
#[case("vim", "G g g", "ci-runners")]
#[case("vim", "j j g x", "prod-east")]
#[case("vim", "j j g esc", "prod-east")]
#[case("vim", "G g esc g g", "ci-runners")]
#[case("vim", "ctrl-d", "日本語クラスタ…")]
#[case("vim", "ctrl-d ctrl-u", "ci-runners")]
#[case("emacs", "ctrl-n ctrl-n", "prod-east")]
#[case("emacs", "ctrl-n ctrl-n ctrl-p", "ml-gpu")]
#[case("emacs", "alt->", "日本語クラスタ…")]
#[case("emacs", "ctrl-v", "日本語クラスタ…")]
#[case("emacs", "alt-> alt-<", "ci-runners")]
#[case("emacs", "alt-> alt-v", "ci-runners")]
fn moving_with_other_keymaps(#[case] keymap: &str, #[case] keys: &str, #[case] selected: &str) {
    let mut desk = Desk::with_keymap(keymap);
    desk.screen(120, 40);
    desk.press(keys);
    assert_eq!(desk.selected(), selected);
    assert!(!desk.screen(120, 40).contains(WAITING));
}

#[test]
fn vim_goes_in_and_out_sideways() {
    let mut desk = Desk::with_keymap("vim");
    let home = desk.screen(120, 40);
    desk.press("l");
    assert_ne!(desk.screen(120, 40), home);
    desk.press("h");
    assert_eq!(desk.screen(120, 40), home);
}

#[test]
fn emacs_gets_out_of_everything_with_one_key() {
    for keys in ["enter", "/ x", "d", "K", "n", "n tab enter", "?"] {
        let mut desk = Desk::with_keymap("emacs");
        let home = desk.screen(120, 40);
        desk.press(keys);
        assert_ne!(desk.screen(120, 40), home, "{keys}");
        desk.press("ctrl-g ctrl-g");
        assert_eq!(desk.screen(120, 40), home, "{keys}");
    }
    let mut desk = Desk::with_keymap("emacs");
    desk.press("n ctrl-x ctrl-c");
    assert_eq!(desk.wanted.last(), Some(&Effect::Quit));
}

#[test]
fn a_begun_chord_is_on_the_screen_until_it_is_over() {
    let mut desk = Desk::with_keymap("vim");
    let before = desk.screen(120, 40);
    for end in ["esc", "x"] {
        desk.app.take_changed();
        desk.press("g");
        assert!(desk.app.take_changed());
        let waiting = desk.screen(120, 40);
        assert!(waiting.contains(WAITING) && waiting.contains("To the first row"), "{waiting}");
        desk.press(end);
        assert!(desk.app.take_changed());
        assert_eq!(desk.screen(120, 40), before, "{end} only ends it");
    }
    desk.press("g");
    desk.send(Msg::Paste("text".into()));
    assert_eq!(desk.screen(120, 40), before);
}

#[test]
fn text_stays_text_where_a_chord_could_begin() {
    let mut desk = Desk::with_keymap("vim");
    desk.press("/").write("gpu");
    assert!(desk.screen(120, 40).contains("/gpu"));
    desk.press("esc n").write("gg");
    assert!(desk.screen(120, 40).contains("gg"));
}
