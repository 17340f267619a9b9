//! The page of shells: who has the keyboard, what is shown of a node, and how it ends.

use jeroboam::model::Problem;
use jeroboam::ui::shells::{Bytes, ShellDo, ShellId, ShellNews};
use jeroboam::ui::{Depth, Effect, Msg, Theme};
use ratatui::style::{Color, Modifier};

use super::desk::Desk;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 50)];

fn news(desk: &mut Desk, id: u64, news: ShellNews) {
    desk.send(Msg::Shell(ShellId(id), news));
}

fn output(desk: &mut Desk, id: u64, text: &str) {
    news(desk, id, ShellNews::Output(Bytes(text.as_bytes().to_vec())));
}

/// A shell on a worker of the second cluster.
fn shell() -> Desk {
    let mut desk = Desk::ready();
    desk.press("down enter 2 G T");
    news(&mut desk, 0, ShellNews::Started { node: "worker-1".into(), notes: vec!["Host key learnt".into()] });
    desk.screen(80, 24);
    desk
}

fn typed(desk: &Desk) -> String {
    let all = desk.wanted.iter().filter_map(|effect| match effect {
        Effect::Shell(_, ShellDo::Type(Bytes(bytes))) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    });
    all.collect()
}

fn pictures(name: &str, desk: &mut Desk) {
    for (width, height) in SIZES {
        let picture = desk.screen(width, height);
        assert_eq!(picture, desk.screen(width, height), "drawn twice");
        insta::assert_snapshot!(format!("{name}@{width}x{height}"), picture);
    }
}

#[test]
fn a_shell_in_the_dashboard() {
    let mut desk = shell();
    let colours = "\x1b[1;32mubuntu@worker-1\x1b[0m:~$ ls\r\n\x1b[34mbin\x1b[0m  \x1b[38;2;200;100;0mlog\x1b[0m  \x1b(0lqk\x1b(B 日本\r\n$ ";
    output(&mut desk, 0, colours);
    pictures("shell", &mut desk);
    desk.press("ctrl-] T");
    news(&mut desk, 1, ShellNews::Started { node: "worker-1".into(), notes: Vec::new() });
    output(&mut desk, 0, "unseen");
    desk.press("ctrl-]");
    pictures("shells", &mut desk);
    let problem = Problem::local("node worker-1 cannot be reached: Connection refused").advise("Look at its console");
    news(&mut desk, 1, ShellNews::Ended { code: Some(255), problem: Some(problem) });
    pictures("shell-ended", &mut desk);
}

#[test]
fn the_keyboard_is_the_shells_until_it_is_given_back() {
    let mut desk = shell();
    desk.wanted.clear();
    desk.app.take_changed();
    desk.press("q ctrl-c ? esc : ctrl-z up");
    assert_eq!(typed(&desk), "q\x03?\x1b:\x1a\x1b[A");
    assert!(!desk.app.take_changed(), "nothing of it shows before the node says so");
    assert!(desk.wanted.iter().all(|effect| matches!(effect, Effect::Shell(..))), "{:?}", desk.wanted);
    desk.send(Msg::Paste("a\nb".into()));
    assert!(typed(&desk).ends_with("a\rb"));
    desk.wanted.clear();
    desk.press("ctrl-] ?");
    assert!(desk.screen(120, 40).contains("Shells"), "{}", desk.screen(120, 40));
    desk.press("esc ctrl-]");
    assert_eq!(typed(&desk), "\x1d", "and it can be typed");
    desk.press("ctrl-] esc");
    assert!(desk.screen(120, 40).contains("Nodes"));
    output(&mut desk, 0, "meanwhile");
    desk.press("0");
    assert!(desk.screen(120, 40).contains("meanwhile"));
}

#[test]
fn leaving_with_a_shell_open_is_asked_for_twice() {
    let mut desk = shell();
    desk.press("ctrl-] q");
    assert!(!desk.wanted.contains(&Effect::Quit));
    assert!(desk.screen(120, 40).contains("a shell is open"), "{}", desk.screen(120, 40));
    desk.press("down q");
    assert!(!desk.wanted.contains(&Effect::Quit), "asked anew after something else");
    desk.press("q");
    assert!(desk.wanted.contains(&Effect::Quit));
    let mut desk = shell();
    news(&mut desk, 0, ShellNews::Ended { code: Some(0), problem: None });
    desk.press("q");
    assert!(desk.wanted.contains(&Effect::Quit), "an ended one holds nobody up");
}

#[test]
fn a_shell_that_runs_is_ended_by_two_presses() {
    let mut desk = shell();
    desk.press("ctrl-] x");
    let end = Effect::Shell(ShellId(0), ShellDo::End);
    assert!(!desk.wanted.contains(&end) && desk.screen(80, 24).contains("once more ends"), "{}", desk.screen(80, 24));
    desk.press("x");
    assert!(desk.wanted.contains(&end) && desk.screen(80, 24).contains("Nodes"), "the last one takes the page with it");
    let mut desk = shell();
    news(&mut desk, 0, ShellNews::Ended { code: Some(3), problem: None });
    assert!(desk.screen(80, 24).contains("ended, exit code 3"));
    desk.press("enter");
    assert!(!desk.wanted.contains(&end) && desk.screen(80, 24).contains("Nodes"));
}

#[test]
fn lines_that_went_by_are_found_and_copied() {
    let mut desk = shell();
    for line in 0..100 {
        output(&mut desk, 0, &format!("\r\nline {line}"));
    }
    desk.press("ctrl-] /").write("line 17").press("enter");
    let found = desk.screen(80, 24);
    assert!(found.contains("line 17") && found.contains("held at line"), "{found}");
    desk.press("v down y");
    assert!(desk.wanted.contains(&Effect::Copy("line 17\nline 18".into())), "{:?}", desk.wanted.last());
    desk.press("pgup g");
    assert!(desk.screen(80, 24).contains("Host key learnt"));
    desk.press("esc");
    assert!(desk.screen(80, 24).contains("line 99"), "the present again");
}

#[test]
fn every_size_is_told_to_the_shell_once() {
    let mut desk = shell();
    desk.app.after_draw();
    for ((width, height), (columns, rows)) in [((80, 24), (78, 20)), ((120, 40), (80, 36)), ((200, 50), (122, 46))] {
        desk.screen(width, height);
        let told = desk.app.after_draw();
        if (width, height) != (80, 24) {
            let wanted = format!("[Shell(ShellId(0), Resize(Size {{ columns: {columns}, rows: {rows} }}))]");
            assert_eq!(format!("{told:?}"), wanted);
        }
        desk.screen(width, height);
        assert_eq!(desk.app.after_draw(), []);
    }
    desk.press("ctrl-] z");
    desk.screen(200, 50);
    assert!(format!("{:?}", desk.app.after_draw()).contains("columns: 198"));
}

#[test]
fn nothing_of_a_node_reaches_the_terminal_but_cells() {
    let mut desk = shell();
    let hostile =
        "\x1b]0;title\x07\x1b]52;c;aGk=\x07\x07\x1b[?1000h\u{202e}evil\u{200b}\x1b[8;999;999t\x1bPq\x1b\\\u{9b}31m";
    output(&mut desk, 0, hostile);
    let buffer = desk.buffer(120, 40);
    let control = |c: char| c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c);
    assert!(buffer.content.iter().all(|cell| !cell.symbol().chars().any(control)));
    assert!(desk.screen(120, 40).contains("evil"));
    assert!(!desk.wanted.iter().any(|effect| matches!(effect, Effect::Copy(_))));
}

#[test]
fn colours_are_those_that_the_terminal_has() {
    for (depth, wanted) in [
        (Depth::True, Color::Rgb(250, 10, 10)),
        (Depth::Indexed, Color::Indexed(196)),
        (Depth::Sixteen, Color::LightRed),
    ] {
        let (theme, _) = Theme::load("dark", None, depth);
        let mut desk = Desk::with(theme);
        desk.connect();
        desk.press("T");
        output(&mut desk, 0, "\x1b[H\x1b[2J\x1b[38;2;250;10;10;1;7mX");
        let buffer = desk.buffer(80, 24);
        let cell = buffer.content.iter().find(|cell| cell.symbol() == "X").unwrap();
        assert_eq!(cell.fg, wanted);
        assert!(cell.modifier.contains(Modifier::BOLD | Modifier::REVERSED));
    }
    let (theme, _) = Theme::load("dark", None, Depth::None);
    let mut desk = Desk::with(theme);
    desk.connect();
    desk.press("T");
    output(&mut desk, 0, "\x1b[31;44mX");
    assert!(desk.buffer(80, 24).content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
}

#[test]
fn one_command_on_all_nodes_side_by_side() {
    let mut desk = Desk::ready();
    desk.press("down enter 2 !");
    pictures("run-on-nodes", &mut desk);
    desk.press("tab").write("uptime").press("enter");
    let started = |desk: &Desk| {
        desk.wanted.iter().filter(|effect| matches!(effect, Effect::Shell(_, ShellDo::Start(..)))).count()
    };
    let nodes = u64::try_from(started(&desk)).unwrap();
    assert!(nodes > 2, "{:?}", desk.wanted);
    for node in 0..nodes {
        news(&mut desk, node, ShellNews::Started { node: format!("worker-{node}"), notes: Vec::new() });
        output(&mut desk, node, &format!(" 14:0{node}:07 up {node} days,  load average: 0.1{node}\r\n"));
    }
    for node in 0..nodes - 1 {
        let code = Some(if node == 1 { 1 } else { 0 });
        news(&mut desk, node, ShellNews::Ended { code, problem: None });
    }
    pictures("side-by-side", &mut desk);
    desk.press("tab 1 t");
    assert!(desk.screen(120, 40).contains("up 0 days") && !desk.screen(120, 40).contains("up 1 days"));
}

#[test]
fn what_is_run_here_and_made_there() {
    let mut desk = Desk::ready();
    desk.press("down E down down down");
    pictures("run-here", &mut desk);
    desk.press("esc M");
    desk.answer_all();
    pictures("bastion-none", &mut desk);
    desk.press("enter");
    desk.answer_all();
    pictures("bastion-there", &mut desk);
    desk.press("esc D");
    desk.answer_all();
    pictures("bundle", &mut desk);
}
