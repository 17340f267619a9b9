//! Everything that moves on one screen, and what the selected one waits for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::listed;
use crate::model::ClusterId;
use crate::ui::action::{Action, Context};
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer, Route};
use crate::ui::panes::movers::Movers;
use crate::ui::panes::{ListPane, change, clusters};
use crate::ui::pointer::{Clicked, Under};
use crate::ui::theme::Role;
use crate::ui::widgets::boxes::{self, Boxed};
use crate::ui::widgets::text;

/// From this height on there is room for words about the selected one.
const TALL: u16 = 18;

#[derive(Default)]
pub struct MoversPage {
    list: ListPane<Movers>,
}

impl Layer for MoversPage {
    fn contexts(&self) -> Vec<Context> {
        if self.list.filter.is_editing() {
            return vec![Context::Filter];
        }
        vec![Context::Clusters, Context::List]
    }

    fn route(&self) -> Option<Route> {
        Some(Route::Movers)
    }

    fn takes_text(&self) -> bool {
        self.list.filter.is_editing()
    }

    fn text(&mut self, key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        (self.list.filter.is_editing() && self.list.filter.key(key)).then(Vec::new)
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        if self.list.filter.is_editing() {
            self.list.filter.paste(text);
        }
    }

    fn on(&mut self, action: Action, cx: &Cx) -> Vec<Ask> {
        if self.list.on(action, cx) {
            return Vec::new();
        }
        match action {
            Action::Back => vec![Ask::Close],
            Action::New => vec![Ask::Open(Route::NewCluster(None))],
            _ => listed::on(action, &self.list, cx),
        }
    }

    fn click(&mut self, on: Under, cx: &Cx) -> Clicked {
        self.list.click(on, cx)
    }

    fn wheel(&mut self, _pane: Option<u8>, down: bool, cx: &Cx) -> Vec<Ask> {
        self.list.wheel(down, cx);
        Vec::new()
    }

    fn offers(&self, action: Action, cx: &Cx) -> bool {
        listed::offers(action, &self.list, cx)
    }

    fn cluster(&self, cx: &Cx) -> Option<ClusterId> {
        self.list.selected(cx).map(|cluster| cluster.uuid)
    }

    fn nodes_of(&self, cx: &Cx) -> Vec<ClusterId> {
        self.list.rows(cx).into_iter().map(|cluster| cluster.uuid).collect()
    }

    fn unmark(&mut self) {
        self.list.unmark();
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let selected = self.list.selected(cx);
        let room = usize::from(area.width.saturating_sub(4));
        let mut lines = Vec::new();
        if let Some(cluster) = selected.filter(|_| area.height >= TALL) {
            lines = clusters::progress_lines(cluster, cx.fleet.nodes(cluster.uuid), room, cx);
            lines.extend(change::machines(cluster, room, cx));
            lines.extend(clusters::waiting_lines(cluster, cx));
        }
        let most = usize::from(area.height / 2);
        let below = if lines.is_empty() { 0 } else { u16::try_from((lines.len() + 2).min(most)).unwrap_or(0) };
        let rects = cx.pointer.column("movers", area, &[(4, 1), (below, 0)][..if below == 0 { 1 } else { 2 }]);
        let mut drawn =
            vec![Boxed { area: rects[0], title: self.list.heading(true, cx), note: self.list.note(cx), focused: true }];
        if let (Some(under), Some(cluster)) = (rects.get(1), selected) {
            let title = vec![cx.span(Role::Title, &cluster.name)];
            drawn.push(Boxed { area: *under, title, note: Vec::new(), focused: false });
        }
        boxes::draw(&drawn, cx, buf);
        self.list.view(true, cx, boxes::inside(rects[0]), buf);
        if let Some(under) = rects.get(1) {
            let inner = boxes::inside(*under);
            let inner = Rect { x: inner.x + 1.min(inner.width), width: inner.width.saturating_sub(2), ..inner };
            text::put_lines(buf, inner, lines);
        }
    }
}
