//! The command line: every action that means something where the user is, the panes of the home
//! screen, every cluster, and the places to go to, by a few letters of their names. It decides nothing: what is chosen
//! is done by the layer under it, as if its key had been pressed.

use std::borrow::Cow;
use std::cmp::Reverse;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::model::{Cluster, ClusterId, Destination};
use crate::ui::action::{Action, Context};
use crate::ui::dialogs::clouds;
use crate::ui::filter::in_order;
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::pages::cloud;
use crate::ui::panes::step;
use crate::ui::pointer::{Clicked, Spot, Under, WHEEL};
use crate::ui::theme::Role;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::list::Cursor;
use crate::ui::widgets::{boxes, table, text};
use crate::ui::words;

/// What can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// In the layer the command line was opened from.
    Action(Action),
    /// On the home screen, whatever lies over it.
    Pane(Action),
    /// On the cloud's page.
    Cloud(cloud::Pane),
    Cluster(ClusterId),
    Place(Destination),
}

/// The home screen's panes by the names of what they show.
const PANES: [(&str, Action, &str); 4] = [
    ("clusters", Action::Pane1, "All clusters"),
    ("templates", Action::Pane2, "Cluster templates"),
    ("events", Action::Pane3, "Stack events of the selected cluster"),
    ("certificates", Action::Pane4, "CA certificates of the selected cluster"),
];

pub struct Palette {
    about: Vec<Context>,
    recent: Vec<Pick>,
    typed: Input,
    cursor: Cursor<Pick>,
}

/// One of them; there may be thousands, so what is not shown is not written.
struct Row<'a> {
    pick: Pick,
    name: Cow<'a, str>,
    told: Told<'a>,
}

enum Told<'a> {
    Doc(&'a str),
    Cluster(&'a Cluster),
    /// A cloud, a project or a region.
    Place(&'a str),
}

impl Told<'_> {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Doc(text) => Cow::Borrowed(text),
            Self::Cluster(cluster) => Cow::Owned(format!("Cluster, {}", words::status(&cluster.status).word)),
            Self::Place(sort) => Cow::Owned(format!("Go to this {sort}")),
        }
    }
}

impl Palette {
    pub fn new(about: Vec<Context>, recent: Vec<Pick>) -> Self {
        Self { about, recent, typed: Input::default(), cursor: Cursor::default() }
    }

    /// All there is to choose from.
    fn all<'a>(&self, cx: &Cx<'a>) -> Vec<Row<'a>> {
        let means = |action: &&Action| action.contexts().iter().any(|context| self.about.contains(context));
        let actions = Action::ALL.iter().filter(means).filter(|action| **action != Action::Palette);
        let row = |pick, name, told| Row { pick, name: Cow::Borrowed(name), told };
        let mut rows: Vec<Row> =
            actions.map(|action| row(Pick::Action(*action), action.name(), Told::Doc(action.doc()))).collect();
        // From a form, going elsewhere would throw away what was typed.
        if [Context::Home, Context::Cluster, Context::Cloud, Context::Pager]
            .iter()
            .any(|context| self.about.contains(context))
        {
            rows.extend(PANES.map(|(name, action, told)| row(Pick::Pane(action), name, Told::Doc(told))));
            rows.extend(cloud::Pane::ALL.map(|pane| Row {
                pick: Pick::Cloud(pane),
                name: match pane {
                    cloud::Pane::Events => Cow::Borrowed("project-events"),
                    _ => Cow::Owned(pane.name().to_lowercase()),
                },
                told: Told::Doc(pane.doc()),
            }));
            let clusters = cx.fleet.clusters.values();
            rows.extend(
                clusters.map(|cluster| row(Pick::Cluster(cluster.uuid), &cluster.name, Told::Cluster(cluster))),
            );
            let places = clouds::choices(cx.fleet).into_iter().filter(|place| !place.here && !place.wrong);
            rows.extend(places.map(|place| Row {
                pick: Pick::Place(place.to),
                name: Cow::Owned(place.name),
                told: Told::Place(place.sort),
            }));
        }
        rows
    }

    fn keys(&self, cx: &Cx) -> Vec<Pick> {
        self.rows(cx).into_iter().map(|row| row.pick).collect()
    }

    /// What fits what is typed, the best first; all of it, the last choices first, before anything is.
    fn rows<'a>(&self, cx: &Cx<'a>) -> Vec<Row<'a>> {
        let wanted = self.typed.text().trim().to_lowercase();
        let mut rows = self.all(cx);
        if wanted.is_empty() {
            let age = |row: &Row| self.recent.iter().position(|pick| *pick == row.pick).unwrap_or(usize::MAX);
            rows.sort_by_key(age);
            return rows;
        }
        let mut ranked: Vec<(u8, Row)> =
            rows.into_iter().filter_map(|row| Some((rank(&wanted, &row.name, || row.told.text())?, row))).collect();
        ranked.sort_by_key(|(rank, _)| Reverse(*rank));
        ranked.into_iter().map(|(_, row)| row).collect()
    }

    fn spans(&self, row: &Row, cx: &Cx) -> Vec<Span<'static>> {
        let key = match &row.pick {
            Pick::Action(action) => cx.keymap.key_for(&self.about, *action),
            _ => None,
        };
        let key = key.map(|key| key.to_string()).unwrap_or_default();
        vec![
            cx.span(Role::Strong, text::pad(&row.name, 20)),
            cx.span(Role::Key, format!(" {} ", text::pad(&key, 6))),
            cx.span(Role::Muted, row.told.text()),
        ]
    }
}

/// How well a name fits what was typed (lower case); `None`: not at all.
fn rank<'a>(wanted: &str, name: &str, told: impl FnOnce() -> Cow<'a, str>) -> Option<u8> {
    let name = name.to_lowercase();
    if name == wanted {
        return Some(5);
    }
    if name.starts_with(wanted) {
        return Some(4);
    }
    if name.contains(wanted) {
        return Some(3);
    }
    if in_order(&wanted.replace(' ', ""), &name) {
        return Some(2);
    }
    let told = told().to_lowercase();
    wanted.split_whitespace().all(|word| told.contains(word) || name.contains(word)).then_some(1)
}

impl Layer for Palette {
    fn contexts(&self) -> Vec<Context> {
        vec![Context::Palette]
    }

    fn is_overlay(&self) -> bool {
        true
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn on(&mut self, action: Action, cx: &Cx) -> Vec<Ask> {
        let rows = self.rows(cx);
        let key = |at: usize| rows[at].pick.clone();
        if let Some(step) = step(action) {
            self.cursor.step_among(step, rows.len(), key);
            return Vec::new();
        }
        let here = self.cursor.index_among(rows.len(), key);
        match (action, here) {
            (Action::Back, _) => vec![Ask::Close],
            (Action::Accept, Some(at)) => vec![Ask::Close, Ask::Pick(key(at))],
            (Action::Complete, Some(at)) => {
                self.typed = Input::new(&rows[at].name);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn text(&mut self, key: KeyPress, cx: &Cx) -> Option<Vec<Ask>> {
        let before = self.typed.text().to_owned();
        if !self.typed.key(key) {
            return None;
        }
        if self.typed.text() != before
            && let Some(best) = self.rows(cx).first()
        {
            self.cursor.select(best.pick.clone());
        }
        Some(Vec::new())
    }

    /// The first click does it: nobody opens a menu to look at it.
    fn click(&mut self, on: Under, cx: &Cx) -> Clicked {
        let keys = self.keys(cx);
        match on {
            Under::Row(row) if self.cursor.click(row, &keys).is_some() => Clicked::Enter,
            _ => Clicked::NOTHING,
        }
    }

    fn wheel(&mut self, _pane: Option<u8>, down: bool, cx: &Cx) -> Vec<Ask> {
        let keys = self.keys(cx);
        self.cursor.scroll(down, WHEEL, &keys);
        Vec::new()
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        self.typed.paste(text);
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let rows = self.rows(cx);
        let inner = boxes::dialog(area, 78, 18, "What to do", Role::BorderFocused, cx, buf);
        if inner.height < 2 {
            return;
        }
        text::put(buf, inner.x, inner.y, 2, vec![cx.span(Role::FieldFocused, ": ")]);
        let line = Rect { x: inner.x + 2, width: inner.width.saturating_sub(2), height: 1, ..inner };
        self.typed.view(true, cx, line, buf);
        let list = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
        if rows.is_empty() {
            let told = format!("nothing here is called \"{}\"", self.typed.text());
            return text::put(buf, list.x, list.y, list.width, vec![cx.span(Role::Muted, told)]);
        }
        let key = |at: usize| rows[at].pick.clone();
        let window = self.cursor.window_among(rows.len(), key, usize::from(list.height));
        cx.pointer.put(list, Spot::Rows);
        let here = self.cursor.index_among(rows.len(), key);
        for (y, at) in (list.top()..list.bottom()).zip(window) {
            text::put(buf, list.x + 2, y, list.width.saturating_sub(2), self.spans(&rows[at], cx));
            if here == Some(at) {
                table::mark(list, y, true, cx, buf);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::rank;

    #[rstest]
    #[case("resize", Some(5))]
    #[case("re", Some(4))]
    #[case("size", Some(3))]
    #[case("rsz", Some(2))]
    #[case("r s", Some(2))]
    #[case("fewer nodes", Some(1))]
    #[case("zebra", None)]
    fn a_name_comes_before_letters_of_it_and_those_before_what_is_told(
        #[case] typed: &str,
        #[case] wanted: Option<u8>,
    ) {
        assert_eq!(rank(typed, "resize", || "Give a node group more or fewer nodes".into()), wanted);
    }
}
