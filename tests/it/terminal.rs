//! The dashboard and the terminal it borrows: given back however it ends, and no colour
//! where none is wanted.

use crate::support::pty::Terminal;

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
