//! Shells beside the rest, in a real terminal: what a program draws there is what it draws in a
//! terminal of its own of that size.

use std::path::Path;
use std::process::Command;

use super::nodes::{demo, gives_terminals};
use super::rig::Rig;
use crate::support::pty::{SOON, Terminal};

/// The dashboard's sizes, and a shell's in it: with its box around it, and with events beside it from 120 columns on.
const SIZES: [((u16, u16), (u16, u16)); 3] = [((80, 24), (78, 20)), ((120, 40), (80, 36)), ((200, 50), (122, 46))];

/// What is inside the shell's box.
fn inside(t: &Terminal, size: (u16, u16)) -> Vec<String> {
    t.part((1, 2), size)
}

fn prompts(t: &mut Terminal) {
    t.until("a prompt", SOON, |screen| screen.contains("master-0:$"));
}

fn opens(t: &mut Terminal) {
    t.keys("1T").sees("learnt from its console");
    prompts(t);
}

/// Ends the demo by its keys, from a shell's prompt.
fn leave(mut t: Terminal) {
    t.keys("exit\r").sees("ended, exit code 0");
    t.keys("\r").until("the page to close", SOON, |screen| !screen.contains("ended, exit code"));
    t.keys("q");
    assert_eq!(t.ends(), 0);
    assert!(t.is_given_back());
}

#[test]
fn a_shell_is_opened_used_resized_and_left() {
    if !gives_terminals() {
        return;
    }
    let (_home, mut t) = demo((80, 24));
    opens(&mut t);
    t.keys("echo in=$((40 + 2)) $(stty size)\r").sees("in=42 20 78");
    t.resize((120, 40));
    t.sees("Stack events").keys("echo now=$(stty size)\r").sees("now=36 80");
    // The keyboard is the shell's: q and ctrl-c do not leave the dashboard.
    t.keys("sleep 1000\r").sees("sleep 1000").keys("\x03").sees("^C");
    t.until("the prompt again", SOON, |screen| screen.matches("master-0:$").count() == 4);
    t.keys("echo q$((1 + 1))\r").sees("q2");
    // A second one beside it, and back to the first.
    t.keys("\x1d").sees("type into the shell").keys("T").sees("2 prod/");
    t.until("the second's prompt", SOON, |screen| !screen.contains("q2") && screen.contains("master-0:$"));
    t.keys("echo second=$((3 * 3))\r").sees("second=9");
    t.keys("exit 3\r").sees("ended, exit code 3");
    t.keys("x").sees("q2");
    // It goes on while the dashboard is used.
    t.keys("i").sees("gives the keyboard back").keys("(sleep 1; echo la''te) &\r");
    t.keys("\x1d\x1b").sees("CREATE_COMPLETE").keys("0").sees("late");
    leave(t);
}

#[test]
fn a_flood_stops_nobody_and_goes_with_the_dashboard() {
    if !gives_terminals() {
        return;
    }
    let (home, mut t) = demo((100, 30));
    opens(&mut t);
    t.keys("yes a-flood\r").until("a screen full of it", SOON, |screen| screen.matches("a-flood").count() > 20);
    t.keys("\x1d").sees("type into the shell").keys("?").sees("╭ Keys").keys("\x1b");
    t.until("help is closed", SOON, |screen| !screen.contains("╭ Keys"));
    // Two presses, and nothing is left of it.
    t.keys("q").sees("once more ends that").keys("q");
    assert_eq!(t.ends(), 0);
    assert!(t.is_given_back());
    let mark = home.path().display().to_string();
    let begun = std::time::Instant::now();
    while runs(&mark) {
        assert!(begun.elapsed() < SOON, "an ssh or sshd of the demo is still there");
        std::thread::yield_now();
    }
}

/// Whether a process has this in its command line.
fn runs(mark: &str) -> bool {
    let all =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok());
    all.into_iter().any(|line| String::from_utf8_lossy(&line).contains(mark))
}

#[test]
fn lines_that_went_by_are_searched_and_copied() {
    if !gives_terminals() {
        return;
    }
    let (_home, mut t) = demo((80, 24));
    opens(&mut t);
    t.keys("seq 1000 1200\r").sees("│1200 ").keys("\x1d/1042\r").sees("held at line");
    t.until("the line", SOON, |screen| screen.contains("1042"));
    t.keys("vjy").sees("2 lines copied").keys("i").sees("1200");
    leave(t);
}

fn is_here(program: &str) -> bool {
    let here = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap().status.success();
    if !here {
        eprintln!("######## {program} IN A SHELL'S PANE: SKIPPED, it is not here ########");
    }
    here
}

/// Begins a program in a pane and in a terminal of its own, then compares them at every size.
fn the_same(home: &Path, t: &mut Terminal, line: &str, ready: &str, keys: &[&str], leave: &str) {
    t.resize(SIZES[0].0);
    t.until("the shell at its size", SOON, |screen| !screen.contains("Stack events"));
    t.keys("clear\r").until("an empty screen", SOON, |screen| screen.matches("master-0:$").count() == 1);
    let env = [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("HOME", "/nowhere")];
    let mut alone = Terminal::run("/bin/sh", &["-c", &format!("exec {line}")], &env, home, SIZES[0].1);
    alone.sees(ready);
    t.keys(&format!("{line}\r")).sees(ready);
    for (outer, inner) in SIZES.into_iter().chain([SIZES[0]]) {
        t.resize(outer);
        alone.resize(inner);
        same(t, &mut alone, inner, line);
        for keys in keys {
            let before = alone.part((0, 0), inner);
            t.keys(keys);
            alone.keys(keys);
            let begun = std::time::Instant::now();
            while alone.part((0, 0), inner) == before {
                assert!(begun.elapsed() < SOON, "{line} does not mind {keys:?}:\n{}", before.join("\n"));
                alone.moves();
            }
            same(t, &mut alone, inner, line);
        }
    }
    t.keys(leave);
    alone.keys(leave);
    alone.ends();
    prompts(t);
}

/// Waits until both show the same, with something on the screen.
fn same(t: &mut Terminal, alone: &mut Terminal, size: (u16, u16), what: &str) {
    let begun = std::time::Instant::now();
    loop {
        let (pane, own) = (inside(t, size), alone.part((0, 0), size));
        if pane == own && own.iter().any(|line| !line.is_empty()) {
            return;
        }
        assert!(
            begun.elapsed() < SOON,
            "{what} at {size:?}: in the pane\n{}\nby itself\n{}",
            pane.join("\n"),
            own.join("\n")
        );
        t.moves();
    }
}

#[test]
fn less_and_vi_draw_in_a_pane_as_they_do_alone() {
    if !gives_terminals() {
        return;
    }
    let (home, mut t) = demo(SIZES[0].0);
    let file = home.path().join("text");
    let lines: Vec<String> = (1..=300).map(|line| format!("{line} köln 日本 {}", "word ".repeat(line % 40))).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    opens(&mut t);
    let file = file.display().to_string();
    if is_here("less") {
        the_same(home.path(), &mut t, &format!("less {file}"), "1 köln 日本", &[" ", "G", "g", "/120 k\r", "g"], "q");
    }
    if is_here("vi") {
        let line = format!("vi -u NONE -i NONE -n {file}");
        the_same(home.path(), &mut t, &line, "1 köln 日本", &["G", ":1\r", "ihello\x1b", "u"], ":q!\r");
    }
    leave(t);
}

#[test]
fn tmux_draws_in_a_pane_as_it_does_alone() {
    if !gives_terminals() || !is_here("tmux") {
        return;
    }
    let (home, mut t) = demo(SIZES[0].0);
    opens(&mut t);
    let config = home.path().join("tmux.conf");
    let shell = "set -g default-command 'PS1=% exec /bin/sh'\nset -g status-right ''\nset -g status-left 'tmux '\nset -g escape-time 0\nset -g status-interval 0\nset -g automatic-rename off\n";
    std::fs::write(&config, shell).unwrap();
    // A server of its own for each.
    let line = format!("tmux -L pane-$$ -f {} new-session -n here", config.display());
    let keys = ["echo a''b\r", "\x02%", "\x02\"", "\x02z", "\x02z", "\x02x", "y", "\x02x", "y"];
    the_same(home.path(), &mut t, &line, "0:here*", &keys, "exit\r");
    leave(t);
}

#[test]
fn htop_is_usable_in_a_pane() {
    if !gives_terminals() || !is_here("htop") {
        return;
    }
    let (_home, mut t) = demo(SIZES[0].0);
    opens(&mut t);
    t.keys("htop\r").sees("F1Help");
    // What it counts is never the same twice: its frame is.
    for (outer, inner) in SIZES {
        t.resize(outer);
        let begun = std::time::Instant::now();
        loop {
            let lines = inside(&t, inner);
            let meters = lines.iter().any(|line| line.contains("Mem[") && line.contains(']'));
            let heading = lines.iter().any(|line| line.contains("PID USER"));
            let keys = lines.last().is_some_and(|line| line.starts_with("F1Help") && line.contains("F10Qui"));
            if meters && heading && keys {
                break;
            }
            assert!(begun.elapsed() < SOON, "htop at {inner:?}:\n{}", lines.join("\n"));
            t.moves();
        }
    }
    t.keys("\x1bOR").sees("Search:").keys("\x1b").until("it to close", SOON, |screen| !screen.contains("Search:"));
    t.keys("\x1b[21~");
    prompts(&mut t);
    leave(t);
}

#[test]
fn a_node_behind_a_bastion_opens_in_a_pane_and_its_failure_is_explained() {
    let Some(mut rig) = Rig::loopback() else { return };
    if !rig.gives_terminals() {
        return;
    }
    let mut t = rig.dashboard((120, 40));
    t.sees("CREATE_COMPLETE").keys("T").sees("learnt from its console");
    t.until("a prompt", SOON, |screen| {
        screen.lines().any(|line| line.chars().take(81).collect::<String>().trim_end().ends_with(['$', '#', '%', '>']))
    });
    t.keys("echo in=$((40 + 2))\r").sees("in=42");
    // The bastion goes, and the shell with it.
    rig.gate.stop();
    t.sees("exit code 255").keys("\r").until("the page to close", SOON, |screen| !screen.contains("exit code 255"));
    t.keys("T").sees("cannot be reached").sees("over the host in between ended");
    assert!(!t.screen().contains("65535\n→"), "{}", t.screen());
    t.keys("\r").keys("q");
    assert_eq!(t.ends(), 0);
}
