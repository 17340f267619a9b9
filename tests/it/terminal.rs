//! The dashboard and the terminal it borrows: given back however it ends, and no colour
//! where none is wanted.

use rstest::rstest;

use crate::support::pty::{SOON, Terminal};

fn demo(env: &[(&str, &str)], size: (u16, u16)) -> (tempfile::TempDir, Terminal) {
    let home = tempfile::tempdir().unwrap();
    let mut t = Terminal::start(&["demo"], env, home.path(), size);
    t.sees("No clusters yet");
    (home, t)
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for signal in ["TERM", "HUP", "INT"] {
        let (_home, mut t) = demo(&[], (80, 24));
        assert!(!t.is_the_shells(), "it was never taken");
        t.signal(signal);
        t.ends();
        assert!(t.is_given_back(), "after {signal} the terminal was not given back:\n{}", t.screen());
    }
}

#[test]
fn no_color_means_none() {
    let (_home, t) = demo(&[("NO_COLOR", "1")], (80, 24));
    assert_eq!(t.colours(), 0);
    let (_home, t) = demo(&[], (80, 24));
    assert!(t.colours() > 0, "the other way round it must fail");
}

#[test]
fn sixteen_colours_are_enough() {
    let (_home, t) = demo(&[("TERM", "linux")], (80, 24));
    assert!(t.colours() > 0 && t.colours_beyond_16() == 0);
}

#[rstest]
#[case("xterm")]
#[case("screen")]
#[case("tmux-256color")]
#[case("linux")]
#[case("vt220")]
fn every_terminal_that_moves_its_cursor_will_do(#[case] term: &str) {
    let (_home, mut t) = demo(&[("TERM", term)], (80, 24));
    t.keys("2").keys("n").sees("New cluster template");
    t.keys("\x1b").until("the form to close", SOON, |screen| !screen.contains("New cluster template"));
    t.keys("q");
    assert_eq!(t.ends(), 0);
    assert!(t.is_given_back(), "{term}");
}

#[test]
fn a_dumb_terminal_is_refused_with_the_way_out() {
    let home = tempfile::tempdir().unwrap();
    let mut t = Terminal::start(&["demo"], &[("TERM", "dumb")], home.path(), (80, 24));
    t.sees("TERM is dumb").sees("jeroboam cluster list");
    assert_ne!(t.ends(), 0);
}
