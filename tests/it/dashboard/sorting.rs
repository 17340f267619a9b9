//! Lists sorted by their columns.

use jeroboam::model::Status;
use jeroboam::service::Change;
use jeroboam::ui::Msg;
use rstest::rstest;

use super::desk::Desk;
use super::world;

/// The first words of the rows of the focused pane when it has the whole screen.
fn rows(desk: &mut Desk) -> Vec<String> {
    let screen = desk.screen(99, 40);
    let lines = screen.lines().skip(3).take_while(|line| !line.starts_with(['├', '╰', '╭']));
    let words = lines.filter_map(|line| line.trim_start_matches(['│', '▸', ' ']).split_whitespace().next());
    words.filter(|word| *word != "│").map(|word| word.chars().take(5).collect()).collect()
}

#[rstest]
#[case("z", "", ["ci-ru", "ml-gp", "prod-", "stagi", "日本語クラ"])]
#[case("z S", "NAME ▼", ["日本語クラ", "stagi", "prod-", "ml-gp", "ci-ru"])]
#[case("z s", "STATUS ▲", ["stagi", "prod-", "ci-ru", "日本語クラ", "ml-gp"])]
#[case("z s S", "STATUS ▼", ["ml-gp", "日本語クラ", "ci-ru", "prod-", "stagi"])]
// Two have as many nodes: they stay by name, reversed too.
#[case("z s s", "NODES ▲", ["prod-", "stagi", "日本語クラ", "ci-ru", "ml-gp"])]
#[case("z s s S", "NODES ▼", ["ml-gp", "ci-ru", "prod-", "stagi", "日本語クラ"])]
#[case("z s s s", "AGE ▲", ["ci-ru", "prod-", "stagi", "ml-gp", "日本語クラ"])]
#[case("z s s s s s s", "NAME ▲", ["ci-ru", "ml-gp", "prod-", "stagi", "日本語クラ"])]
fn clusters(#[case] keys: &str, #[case] heading: &str, #[case] wanted: [&str; 5]) {
    let mut desk = Desk::ready();
    desk.press(keys);
    assert!(desk.screen(99, 40).contains(heading), "{}", desk.screen(99, 40));
    assert_eq!(rows(&mut desk), wanted);
}

#[test]
fn the_selection_stays_on_its_row_whatever_the_order() {
    let mut desk = Desk::ready();
    // Before anything was drawn or chosen: the first row is the selected one.
    desk.press("S");
    assert_eq!(desk.selected(), "ci-runners");
    desk.press("up up");
    let chosen = desk.selected();
    for keys in ["s", "s", "S", "s", "s", "S", "s", "s"] {
        desk.press(keys);
        assert_eq!(desk.selected(), chosen);
    }
    // Its row goes elsewhere by itself.
    desk.press("s");
    let mut failed = world::clusters().into_iter().find(|cluster| cluster.name == chosen).unwrap();
    failed.status = Status::from("UPDATE_FAILED");
    failed.updated_at = Some(world::now());
    desk.send(Msg::Change(Change::Cluster { cluster: Box::new(failed) }));
    assert_eq!(desk.selected(), chosen);
}

#[rstest]
#[case("2", &["NAME", "IMAGE", "FLAVOR", "FIP", "LB", "NETWORK"])]
#[case("4", &["CLUSTER", "SUBJECT", "KEY", "EXPIRES", "SHA-256"])]
fn every_column_has_its_turn_however_narrow_it_is(#[case] pane: &str, #[case] columns: &[&str]) {
    let mut desk = Desk::ready();
    desk.press(pane).press("z");
    for column in columns.iter().cycle().skip(1).take(columns.len()) {
        desk.press("s");
        for width in [50, 80, 120, 200] {
            let screen = desk.screen(width, 24);
            assert!(screen.contains(&format!("{column} ▲")), "{column} at {width}:\n{screen}");
        }
        let up = desk.screen(120, 24);
        desk.press("S");
        assert!(desk.screen(120, 24).contains(&format!("{column} ▼")));
        desk.press("S");
        assert_eq!(desk.screen(120, 24), up);
    }
}
