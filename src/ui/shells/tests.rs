use super::term::Size;
use super::{Bytes, Course, Program, ShellDo, ShellId, ShellNews, Shells, Wish};
use crate::model::{ClusterId, Problem};
use crate::ui::Effect;
use crate::ui::layer::Ask;

fn opened(count: u64) -> Shells {
    let mut shells = Shells::default();
    for number in 0..count {
        let asks =
            shells.on(Wish::Open(ClusterId(uuid::Uuid::nil()), Program::Login(Some(format!("worker-{number}")))));
        assert!(matches!(&asks[0], Ask::Do(Effect::Shell(id, ShellDo::Start(..))) if id.0 == number), "{asks:?}");
        shells.news(
            ShellId(number),
            ShellNews::Started { node: format!("worker-{number}"), notes: vec!["note\x1b[2J".into()] },
            true,
        );
    }
    shells.take_changed();
    shells
}

fn output(text: &str) -> ShellNews {
    ShellNews::Output(Bytes(text.as_bytes().to_vec()))
}

fn shown(shells: &Shells) -> String {
    shells.current().unwrap().screen().contents()
}

#[test]
fn what_is_typed_goes_out_and_draws_nothing() {
    let mut shells = opened(1);
    let asks = shells.on(Wish::Key("a".parse().unwrap()));
    assert_eq!(asks, [Ask::Do(Effect::Shell(ShellId(0), ShellDo::Type(Bytes(b"a".to_vec()))))]);
    assert!(!shells.take_changed());
    assert!(!format!("{asks:?}").contains("97"), "what was typed is in {asks:?}");
    shells.news(ShellId(0), output("\x1b[?1h\x1b[?2004h"), true);
    let typed = |asks: Vec<Ask>| match asks.into_iter().next() {
        Some(Ask::Do(Effect::Shell(_, ShellDo::Type(Bytes(bytes))))) => String::from_utf8(bytes).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(typed(shells.on(Wish::Key("up".parse().unwrap()))), "\x1bOA");
    assert_eq!(typed(shells.on(Wish::Paste("x".into()))), "\x1b[200~x\x1b[201~");
}

#[test]
fn only_what_is_seen_is_drawn_anew() {
    let mut shells = opened(2);
    assert_eq!(shells.news(ShellId(1), output("here"), true), []);
    assert!(shells.take_changed() && shown(&shells).ends_with("here"));
    // A mark in its tab, once.
    shells.news(ShellId(0), output("there"), true);
    assert!(shells.take_changed());
    shells.news(ShellId(0), output("again"), true);
    assert!(!shells.take_changed());
    shells.on(Wish::Turn { back: false });
    assert!(!shells.all()[0].unseen && shown(&shells).contains("thereagain"));
    let answer = shells.news(ShellId(1), output("\x1b[6n"), true);
    assert!(matches!(&answer[..], [Effect::Shell(ShellId(1), ShellDo::Type(_))]), "{answer:?}");
    assert_eq!(shells.news(ShellId(9), output("x"), true), []);
}

#[test]
fn notes_and_reasons_cannot_steer_the_screen() {
    let mut shells = opened(1);
    assert_eq!(shown(&shells), "note[2J");
    let problem = Problem::local("it is\x1b[2J gone").advise("look");
    shells.news(ShellId(0), output("\x1b[?1049h"), true);
    shells.news(ShellId(0), ShellNews::Ended { code: Some(255), problem: Some(problem) }, true);
    assert_eq!(shells.current().unwrap().course, Course::Ended(Some(255)));
    let told = shown(&shells);
    assert!(
        told.contains("ended with exit code 255") && told.contains("it is[2J gone") && told.contains("→ look"),
        "{told}"
    );
    assert_eq!((shells.alive(), shells.on(Wish::Key("a".parse().unwrap()))), (0, Vec::new()));
    assert_eq!(shells.on(Wish::Close), []);
    assert!(shells.all().is_empty());
}

#[test]
fn held_lines_stay_while_the_shell_goes_on() {
    let mut shells = opened(1);
    shells.fit(Size { columns: 20, rows: 3 });
    assert!(matches!(
        &shells.take_effects()[..],
        [Effect::Shell(ShellId(0), ShellDo::Resize(Size { columns: 20, rows: 3 }))]
    ));
    assert_eq!(shells.take_effects(), []);
    let lines: Vec<String> = (1..=9).map(|line| format!("line {line}")).collect();
    shells.news(ShellId(0), output(&lines.join("\r\n")), true);
    shells.on(Wish::Find { text: "line 3".into(), older: true });
    let held = shown(&shells);
    shells.take_changed();
    shells.news(ShellId(0), output("\r\nmore"), true);
    assert!(!shells.take_changed() && shown(&shells) == held && held.contains("line 3"), "{held}");
    shells.on(Wish::Mark);
    let copied = shells.on(Wish::Copy);
    assert_eq!(copied, [Ask::Do(Effect::Copy("line 3".into())), Ask::Say("1 line copied".into())]);
    assert!(matches!(&shells.on(Wish::Find { text: "nope".into(), older: true })[..], [Ask::Say(_)]));
    shells.on(Wish::Key("a".parse().unwrap()));
    assert!(shells.take_changed() && shown(&shells).ends_with("more"));
    assert_eq!(shells.on(Wish::Close), [Ask::Do(Effect::Shell(ShellId(0), ShellDo::End))]);
}

#[test]
fn there_is_an_end_to_how_many() {
    let mut shells = opened(super::MOST as u64);
    let asks = shells.on(Wish::Again);
    assert!(matches!(&asks[..], [Ask::Say(_)]) && shells.all().len() == super::MOST, "{asks:?}");
}
