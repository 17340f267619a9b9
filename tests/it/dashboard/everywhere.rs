//! What must be so wherever one is: a picture at every size a terminal may have, and nothing of a
//! cloud's text but plain characters, each in its column.

use std::collections::{BTreeSet, HashMap};

use jeroboam::model::text;
use jeroboam::service::Change;
use jeroboam::ui::project::Told;
use jeroboam::ui::{Msg, Reply};
use ratatui::buffer::Buffer;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::desk::{Desk, answer};
use super::world;

/// Keys that lead from the first screen to each page, form and dialog.
const PLACES: [&str; 54] = [
    "down",
    "z",
    "2",
    "2 enter",
    "3",
    "3 enter",
    "4 down",
    "4 down enter",
    "/ m l",
    "s s S",
    "space space V",
    "enter",
    "down enter 1",
    "enter 2 down",
    "down down enter 3",
    "down down enter 4",
    "down enter 5",
    "down enter 6",
    "down enter 7",
    "down down down w",
    "m down",
    "H",
    "@",
    ":",
    ": r e",
    "? down",
    "O 1",
    "O 2 down",
    "O 3",
    "O 4",
    "O 5",
    "O 6",
    "O 7 G",
    "Y",
    "down enter 2 l",
    "down enter 2 v",
    "P",
    "W",
    "4 down v",
    "4 down i",
    "n",
    "n tab enter",
    "n w o r k ctrl-s",
    "2 n",
    "2 n tab enter",
    "2 e",
    "2 d",
    "down d",
    "down K",
    "down enter + backspace",
    "down U enter",
    "down N",
    "* d",
    "down M",
];

fn at(keys: &str) -> Desk {
    let mut desk = Desk::ready();
    go(&mut desk, keys);
    desk
}

fn go(desk: &mut Desk, keys: &str) {
    desk.send(Msg::Calls(world::calls()));
    desk.send(Msg::Clouds(Ok(world::clouds())));
    desk.press(keys);
}

/// Each is a picture of its own: keys that lead nowhere would test nothing.
#[test]
fn these_places_are_all_different() {
    let pictures: BTreeSet<String> = PLACES.iter().map(|keys| at(keys).screen(120, 40)).collect();
    assert_eq!(pictures.len(), PLACES.len());
}

#[test]
fn every_size_gives_a_picture() {
    let mut desks: Vec<Desk> = PLACES.iter().map(|keys| at(keys)).collect();
    desks.push(Desk::new());
    let widths = [1, 2, 3, 5, 20, 35, 36, 37, 50, 79, 80, 99, 100, 120, 160, 500];
    let heights = [1, 2, 3, 5, 7, 8, 9, 11, 13, 15, 16, 17, 24, 29, 40, 200];
    for (row, height) in heights.into_iter().enumerate() {
        for (column, width) in widths.into_iter().enumerate() {
            // The largest of both costs most and shows nothing new.
            if width > 20_000 / height && (row + 1, column + 1) != (heights.len(), widths.len()) {
                continue;
            }
            for desk in &mut desks {
                desk.buffer(width, height);
            }
        }
    }
}

/// Too small for a page: still it says so, and the keys go on.
#[test]
fn the_smallest_terminal_says_what_is_wrong() {
    let mut desk = Desk::ready();
    let picture = desk.screen(20, 5);
    assert!(picture.contains("too small"), "{picture}");
    desk.press("down enter");
    assert!(desk.screen(80, 24).contains("ml-gpu"));
}

/// Of what nobody should be able to do to a terminal.
const HOSTILE: [&str; 7] = [
    "\x1b[2J\x1b]0;owned\x07\u{9b}31m",
    "tab\there\nnext\r\x08line\u{7f}",
    "zero\u{200b}\u{200d}\u{feff}width\u{2060}",
    "right\u{202e}to left\u{2066} אבגד مرحبا",
    "👩‍👩‍👧‍👦🏳️‍🌈e\u{301}\u{302}\u{303}日本",
    "\u{85}\u{90}\u{9d}\u{2028}\u{fffd}",
    "long",
];

/// The same with this text put after every word in it that need not be one of a few.
fn spoiled<T: Serialize + DeserializeOwned>(thing: &T, text: &str) -> T {
    let mut value = serde_json::to_value(thing).unwrap();
    let mut paths = Vec::new();
    texts(&value, String::new(), &mut paths);
    for path in paths {
        // What other things are found by stays.
        if ["uuid", "id", "_id", "physical_id", "stack_name"].iter().any(|end| path.ends_with(&format!("/{end}"))) {
            continue;
        }
        let Some(Value::String(was)) = value.pointer(&path).cloned() else { continue };
        *value.pointer_mut(&path).unwrap() = Value::String(format!("{was}{text}"));
        if T::deserialize(&value).is_err() {
            *value.pointer_mut(&path).unwrap() = Value::String(was);
        }
    }
    T::deserialize(&value).unwrap()
}

fn texts(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::String(_) => paths.push(path),
        Value::Array(all) => {
            all.iter().enumerate().for_each(|(at, value)| texts(value, format!("{path}/{at}"), paths));
        }
        Value::Object(all) => {
            for (key, value) in all {
                texts(value, format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), paths);
            }
        }
        _ => {}
    }
}

/// One by one: each word is tried by itself, in all that it is a part of.
fn spoiled_all<T: Serialize + DeserializeOwned>(things: &[T], text: &str) -> Vec<T> {
    things.iter().map(|thing| spoiled(thing, text)).collect()
}

fn spoil(reply: Reply, text: &str) -> Reply {
    match reply {
        Reply::Templates(Ok(all)) => Reply::Templates(Ok(spoiled_all(&all, text))),
        Reply::Clusters(Ok(all)) => Reply::Clusters(Ok(spoiled_all(&all, text))),
        Reply::Places(Ok(all)) => Reply::Places(Ok(spoiled(&all, text))),
        Reply::Inventory(mut all, problems) => {
            all.images = spoiled_all(&all.images, text);
            all.flavors = spoiled_all(&all.flavors, text);
            all.networks = spoiled_all(&all.networks, text);
            all.keypairs = spoiled_all(&all.keypairs, text);
            Reply::Inventory(all, problems)
        }
        Reply::Events(id, Ok(all)) => Reply::Events(id, Ok(spoiled_all(&all, text))),
        Reply::Resources(id, Ok(all)) => Reply::Resources(id, Ok(spoiled_all(&all, text))),
        Reply::Nodes(id, Ok(all)) => Reply::Nodes(id, Ok(spoiled_all(&all, text))),
        Reply::History(id, Ok(all)) => Reply::History(id, Ok(spoiled_all(&all, text))),
        Reply::Issued(id, Ok(all)) => Reply::Issued(id, Ok(spoiled_all(&all, text))),
        Reply::Labels(id, Ok(all)) => Reply::Labels(id, Ok(spoiled_all(&all, text))),
        Reply::Certificates(all) => {
            let spoil = |ca| spoiled(&ca, text);
            Reply::Certificates(all.into_iter().map(|(id, found)| (id, found.map(spoil))).collect())
        }
        Reply::Project(Told::Limits(all, problems)) => Reply::Project(Told::Limits(spoiled_all(&all, text), problems)),
        Reply::Project(Told::Orphans(Ok((all, problems)))) => {
            Reply::Project(Told::Orphans(Ok((spoiled_all(&all, text), problems))))
        }
        Reply::Project(Told::Events(all, problems)) => {
            let all = all.into_iter().map(|(id, events)| (id, spoiled_all(&events, text)));
            Reply::Project(Told::Events(all.collect(), problems))
        }
        other => other,
    }
}

/// A cloud that tells nothing but this, and what it told before.
struct Spoiler {
    text: String,
    told: HashMap<String, Reply>,
}

impl Spoiler {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), told: HashMap::new() }
    }

    /// A dashboard that is connected to it.
    fn desk(&mut self) -> Desk {
        let mut desk = Desk::new();
        desk.send(Msg::Connected(Box::new(spoiled(&world::identity(), &self.text))));
        self.answer(&mut desk);
        desk.send(Msg::Calls(spoiled_all(&world::calls(), &self.text)));
        desk.send(Msg::Clouds(Ok(spoiled_all(&world::clouds(), &self.text))));
        desk
    }

    fn press(&mut self, desk: &mut Desk, keys: &str) {
        for key in keys.split(' ') {
            desk.send(Msg::Key(key.parse().unwrap()));
            self.answer(desk);
        }
    }

    fn answer(&mut self, desk: &mut Desk) {
        while let Some(at) = desk.open.iter().position(|(_, job)| job.is_load()) {
            let (ticket, job) = desk.open.remove(at);
            let spoil = || spoil(answer(&job), &self.text);
            let reply = self.told.entry(format!("{job:?}")).or_insert_with(spoil).clone();
            desk.send(Msg::Reply(ticket, reply));
        }
    }
}

/// Every cell holds one character that a terminal shows as wide as we take it for.
fn is_plain(buffer: &Buffer, what: &str) {
    let area = buffer.area;
    for y in area.top()..area.bottom() {
        let mut covered = 0;
        for x in area.left()..area.right() {
            let symbol = buffer[(x, y)].symbol();
            assert!(!symbol.chars().any(text::is_unsafe), "{what}: {symbol:?} at {x}, {y}");
            if covered > 0 {
                covered -= 1;
                continue;
            }
            let wide = symbol.width();
            assert!((1..=2).contains(&wide), "{what}: {symbol:?} at {x}, {y} is {wide} wide");
            assert!(usize::from(x) + wide <= usize::from(area.right()), "{what}: {symbol:?} at {x}, {y} is cut in two");
            covered = wide - 1;
        }
    }
}

#[test]
fn hostile_text_of_a_cloud_is_shown_as_plain_characters_each_in_its_column() {
    for text in HOSTILE {
        let text = if text == "long" { "x".repeat(10_000) } else { text.to_owned() };
        let mut cloud = Spoiler::new(&text);
        for keys in PLACES {
            let mut desk = cloud.desk();
            cloud.press(&mut desk, keys);
            for (width, height) in [(80, 24), (200, 50)] {
                let buffer = desk.buffer(width, height);
                is_plain(&buffer, &format!("{:?} after {keys}", text.get(..20).unwrap_or(&text)));
            }
        }
    }
}

#[test]
fn a_title_of_the_window_holds_nothing_but_plain_characters() {
    for text in HOSTILE {
        let mut desk = Spoiler::new(text).desk();
        let mut moving = spoiled(&world::clusters()[0], text);
        moving.status = "UPDATE_IN_PROGRESS".into();
        for id in [world::CI, world::PROD] {
            desk.send(Msg::Change(Change::ClusterGone { id, name: "x".into() }));
        }
        moving.uuid = world::ML;
        desk.send(Msg::Change(Change::Cluster { cluster: Box::new(moving) }));
        let title = desk.app.title();
        assert!(title.contains("moving") || title.contains("prod-east"), "{title:?}");
        assert!(!title.chars().any(text::is_unsafe), "{title:?}");
    }
}

/// By eye, once: boxes, columns and signs stand where they stand with ordinary names.
#[test]
fn what_hostile_text_looks_like() {
    let mut cloud = Spoiler::new(&HOSTILE[..6].join(" "));
    let mut desk = cloud.desk();
    cloud.press(&mut desk, "down down");
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        insta::assert_snapshot!(format!("hostile@{width}x{height}"), desk.screen(width, height));
    }
}
