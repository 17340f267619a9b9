//! The mouse: a click does what keys do, to what was seen there.

use jeroboam::service::Change;
use jeroboam::ui::shells::{Bytes, ShellDo, ShellNews};
use jeroboam::ui::{Effect, Gesture, Mouse, Msg};
use unicode_width::UnicodeWidthStr;

use super::desk::Desk;
use super::world::{self, CI};

const SIZE: (u16, u16) = (120, 40);

impl Desk {
    /// Where a text is on the screen.
    fn find(&mut self, text: &str) -> (u16, u16) {
        let screen = self.screen(SIZE.0, SIZE.1);
        let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains(text)).expect(text);
        let before = line.split_once(text).unwrap().0;
        (u16::try_from(before.width()).unwrap(), u16::try_from(row).unwrap())
    }

    fn point(&mut self, gesture: Gesture, (column, row): (u16, u16)) {
        self.send(Msg::Mouse(Mouse { column, row, gesture }));
        self.answer_loads();
    }

    fn click_at(&mut self, at: (u16, u16)) -> &mut Self {
        self.point(Gesture::Press, at);
        self.point(Gesture::Release, at);
        self
    }

    fn click(&mut self, text: &str) -> &mut Self {
        let at = self.find(text);
        self.click_at(at)
    }

    fn wheel(&mut self, down: bool, at: (u16, u16)) {
        self.point(if down { Gesture::WheelDown } else { Gesture::WheelUp }, at);
    }

    fn sees(&mut self, text: &str) -> bool {
        self.screen(SIZE.0, SIZE.1).contains(text)
    }
}

#[test]
fn a_click_selects_a_row_and_a_second_one_opens_it() {
    let mut desk = Desk::ready();
    let at = desk.find("ml-gpu");
    desk.click_at(at);
    assert_eq!(desk.selected(), "ml-gpu");
    assert!(desk.sees("1 Clusters"));
    desk.click_at(at);
    assert!(desk.sees("╭ ml-gpu"), "{}", desk.screen(120, 40));
    // Beside all rows nothing happens, and a row drawn where another is now means itself.
    desk.press("esc");
    let below = desk.find("2 Templates");
    desk.click_at((below.0, below.1 - 1)).click_at((below.0, below.1 - 1));
    assert_eq!(desk.selected(), "ml-gpu");
    let first = desk.find("ci-runners");
    desk.send(Msg::Change(Change::ClusterGone { id: CI, name: "ci-runners".into() }));
    desk.click_at(first);
    assert_eq!(desk.selected(), "ml-gpu", "what stands there now was not clicked on");
}

#[test]
fn panes_tabs_and_headings_are_clicked_on() {
    let mut desk = Desk::ready();
    desk.click("2 Templates");
    assert!(desk.app.update(Msg::Resize).is_empty());
    let templates = desk.find("2 Templates");
    // A row of a pane without the keys is selected, and does not open at once.
    desk.click("ci-runners");
    assert!(desk.sees("1 Clusters"));
    desk.click_at((templates.0, templates.1 + 2));
    assert!(desk.sees("c create cluster"), "the footer is the templates'\n{}", desk.screen(120, 40));
    desk.press("1");
    desk.click("NODES");
    assert!(desk.sees("NODES ▲"));
    desk.click("NODES");
    assert!(desk.sees("NODES ▼"));
    desk.press("enter");
    desk.click("Labels");
    assert!(desk.sees("7 Labels"));
    desk.click("Resources");
    assert!(desk.sees("fold"), "{}", desk.screen(120, 40));
}

#[test]
fn hints_and_entries_of_the_command_line_are_done() {
    let mut desk = Desk::ready();
    desk.click("keys");
    assert!(desk.sees("╭ Keys"));
    // What is under a dialog is not met by clicks.
    desk.click_at((4, 3)).click_at((4, 3));
    assert!(desk.sees("╭ Keys"));
    desk.click("esc back");
    assert!(!desk.sees("╭ Keys"));
    desk.press(":").write("movers");
    let empty = desk.find("Go to all that is on the move");
    desk.click_at((empty.0, empty.1 + 3));
    assert!(desk.sees("What to do"), "there is no entry");
    desk.click("Go to all that is on the move");
    assert!(desk.sees("On the move"));
}

#[test]
fn the_wheel_scrolls_what_is_under_it() {
    let mut desk = Desk::ready();
    let events = desk.find("3 Stack events");
    let first = |desk: &mut Desk| {
        let screen = desk.screen(SIZE.0, SIZE.1);
        screen.lines().nth(usize::from(events.1) + 1).unwrap().chars().skip(61).collect::<String>()
    };
    let before = first(&mut desk);
    desk.wheel(false, (events.0, events.1 + 3));
    assert!(desk.sees("paused"));
    assert_ne!(first(&mut desk), before);
    assert_eq!(desk.selected(), "ci-runners", "the keys are where they were");
    desk.wheel(true, (events.0, events.1 + 3));
    assert_eq!(first(&mut desk), before);
    assert!(desk.sees("following"));
    desk.press("Y");
    assert!(desk.sees("1–"));
    desk.wheel(true, (10, 10));
    assert!(desk.sees(" 4–"), "{}", desk.screen(120, 40));
    // Dialogs too.
    let mut desk = Desk::ready();
    desk.press("?");
    let more = |desk: &mut Desk| desk.screen(80, 24).lines().find(|line| line.contains("more ↓")).map(str::to_owned);
    let before = more(&mut desk);
    desk.wheel(true, (40, 10));
    assert_ne!(more(&mut desk), before);
}

#[test]
fn a_border_is_dragged_and_stays_for_the_session() {
    let mut desk = Desk::ready();
    let (column, row) = desk.find("3 Stack events");
    let border = column - 2;
    desk.point(Gesture::Press, (border, row + 2));
    desk.point(Gesture::Drag, (border + 12, row + 2));
    desk.point(Gesture::Release, (border + 12, row + 2));
    assert_eq!(desk.find("3 Stack events").0, column + 12);
    let (_, top) = desk.find("3 Stack events");
    desk.point(Gesture::Press, (column + 30, top));
    desk.point(Gesture::Drag, (column + 30, top - 5));
    desk.point(Gesture::Release, (column + 30, top - 5));
    desk.press("enter esc");
    assert_eq!(desk.find("3 Stack events"), (column + 12, top - 5));
    // A button that is not down drags nothing.
    desk.app.take_changed();
    desk.point(Gesture::Drag, (3, 3));
    assert!(!desk.app.take_changed());
}

#[test]
fn fields_are_clicked_on_and_choices_taken() {
    let mut desk = Desk::ready();
    desk.press("n");
    desk.answer_all();
    desk.click("Template  ");
    assert!(desk.sees("╭ Template"), "{}", desk.screen(120, 40));
    let name = world::templates().into_iter().map(|template| template.spec.name).next_back().unwrap();
    desk.click(&name).click(&name);
    assert!(!desk.sees("╭ Template ─"), "{}", desk.screen(120, 40));
    assert!(desk.sees(&name));
}

#[test]
fn read_only_holds_for_the_mouse_too() {
    let mut desk = Desk::new().read_only();
    desk.connect();
    let picture = desk.screen(120, 40);
    let footer = picture.lines().nth(39).unwrap().to_owned();
    for column in 0..120 {
        desk.screen(120, 40);
        desk.click_at((column, 39));
        assert!(desk.open.iter().all(|(_, job)| !job.is_command()), "{footer} at {column}");
        desk = Desk::new().read_only();
        desk.connect();
    }
}

#[test]
fn a_shell_gets_the_wheel_as_terminals_give_it() {
    let mut desk = Desk::ready();
    desk.press("enter T");
    let typed = |desk: &Desk| {
        let of = |effect: &Effect| match effect {
            Effect::Shell(_, ShellDo::Type(Bytes(bytes))) => Some(String::from_utf8(bytes.clone()).unwrap()),
            _ => None,
        };
        desk.wanted.iter().filter_map(of).collect::<String>()
    };
    let id = desk.wanted.iter().find_map(|effect| if let Effect::Shell(id, _) = effect { Some(*id) } else { None });
    let id = id.unwrap();
    let output = |desk: &mut Desk, text: &str| {
        desk.send(Msg::Shell(id, ShellNews::Output(Bytes(text.as_bytes().to_vec()))));
    };
    desk.send(Msg::Shell(id, ShellNews::Started { node: "master-0".into(), notes: Vec::new() }));
    desk.screen(SIZE.0, SIZE.1);
    let lines: String = (0..90).map(|number| format!("line {number}\r\n")).collect();
    output(&mut desk, &lines);
    assert!(!desk.sees("line 20") && desk.sees("line 89"));
    for _ in 0..12 {
        desk.wheel(false, (10, 10));
    }
    assert!(desk.sees("line 20") && desk.sees("held at line"), "{}", desk.screen(120, 40));
    for _ in 0..30 {
        desk.wheel(true, (10, 10));
    }
    assert!(desk.sees("line 89") && !desk.sees("held at line"));
    assert_eq!(typed(&desk), "");
    output(&mut desk, "\x1b[?1049h");
    desk.wheel(false, (10, 10));
    assert_eq!(typed(&desk), "\x1b[A\x1b[A\x1b[A");
}
