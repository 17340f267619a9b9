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

/// Nothing of it stays behind, in processes or in files.
#[test]
fn a_hang_up_ends_all_of_it() {
    let (home, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let place = temporary.path().display().to_string();
    let mut t = Terminal::start(&["demo"], &[("TMPDIR", &place)], home.path(), (80, 24));
    t.sees("No clusters yet");
    let left = || std::fs::read_dir(temporary.path()).unwrap().count();
    assert!(left() > 0, "the embedded cloud lives there");
    t.signal("HUP");
    assert_eq!(t.ends(), 0);
    assert_eq!(left(), 0);
}

/// In a shell with job control, as people have it.
#[test]
fn it_can_be_stopped_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let env = [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("PS1", "ready> "), ("ENV", "")];
    let mut t = Terminal::run("/bin/sh", &["-i"], &env, home.path(), (80, 24));
    t.sees("ready>").keys(&format!("{} demo\n", env!("CARGO_BIN_EXE_jeroboam"))).sees("No clusters yet");
    let stops: [&dyn Fn(&mut Terminal); 2] = [
        &|t| {
            t.keys("\x1a");
        },
        &|t| t.signal_child("TSTP"),
    ];
    for stop in stops {
        stop(&mut t);
        assert!(t.is_given_back(), "{}", t.screen());
        // What is typed before the shell reads again is lost.
        let asks = |screen: &str| screen.contains("Stopped") && screen.trim_end().ends_with("ready>");
        t.until("the shell's prompt", SOON, asks);
        t.keys("echo $((6 * 7))\n").until("the shell to answer", SOON, |screen| screen.contains("\n42"));
        t.keys("clear; fg\n").sees("No clusters yet").sees("? keys");
        t.keys("2").keys("n").sees("New cluster template");
        t.keys("\x1b").until("the form to close", SOON, |screen| !screen.contains("New cluster template"));
    }
    t.keys("q").until("the shell's prompt", SOON, |screen| screen.trim_end().ends_with("ready>"));
    t.keys("exit\n");
    t.ends();
}

/// As a window gives while somebody drags its corner.
#[test]
fn a_storm_of_sizes_ends_in_a_whole_picture() {
    let (_home, mut t) = demo(&[], (80, 24));
    for round in 0..30 {
        for size in [(20, 5), (500, 200), (1, 1), (200, 5), (37, 9), (20, 200)] {
            t.resize(size);
            t.keys(if round % 2 == 0 { "2" } else { "1" });
        }
    }
    t.resize((20, 5));
    t.sees("too small");
    t.resize((120, 40));
    t.sees("No clusters yet").sees("4 CA certificates").sees("? keys");
    let broken: Vec<String> =
        t.part((0, 1), (120, 38)).into_iter().filter(|line| line.chars().count() != 120).collect();
    assert_eq!(broken, [""; 0], "{}", t.screen());
    t.keys("q");
    assert_eq!(t.ends(), 0);
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

/// The dashboard on a terminal that says this before anybody asks, with the colour of the program's name.
fn says(answer: &str) -> (tempfile::TempDir, Terminal, vt100::Color) {
    let home = tempfile::tempdir().unwrap();
    let mut t = Terminal::start(&["demo"], &[], home.path(), (120, 40));
    t.keys(answer).sees("No clusters yet");
    let colour = t.colour((2, 0));
    (home, t, colour)
}

#[test]
fn the_theme_goes_by_the_terminals_background_and_no_key_is_lost() {
    let (_home, _t, unknown) = says("");
    let (_home, _t, dark) = says("\x1b]11;rgb:0000/0000/0000\x07\x1b[?62;22c");
    let (_home, mut t, light) = says("2\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;22c");
    assert_eq!(dark, unknown);
    assert_ne!(light, dark);
    t.sees("create cluster");
    t.keys("q");
    assert_eq!(t.ends(), 0);
}

#[test]
fn a_terminal_that_answers_late_presses_no_keys() {
    let (_home, mut t, _) = says("");
    t.keys("\x1b]11;rgb:dddd/eeee/ffff\x1b\\\x1b[?62;22cO").sees("Flavors");
    assert!(!t.screen().contains("What to do"), "{}", t.screen());
    t.keys("\x1b").sees("No clusters yet").keys("q");
    assert_eq!(t.ends(), 0);
}

#[test]
fn the_mouse_is_taken_and_given_back() {
    let (_home, mut t) = demo(&[], (120, 40));
    assert!(t.tells_mouse());
    t.keys("\x1b[<0;4;24M\x1b[<0;4;24m").sees("create cluster");
    t.keys(",").sees("config.toml");
    t.keys("jj\r").sees("turned here, not kept");
    assert!(!t.tells_mouse());
    t.keys("w").sees("written into");
    t.keys("q");
    assert_eq!(t.ends(), 0);
    assert!(t.is_given_back() && !t.tells_mouse());
}
