//! The resource tree of one cluster with a cursor, and what is said of the
//! resource under it.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::clusters::short_kind;
use super::tree::{self, Node};
use super::{fact, loading, step, title};
use crate::model::{ClusterId, StackResource};
use crate::ui::action::Action;
use crate::ui::filter::Filter;
use crate::ui::fleet::Loaded;
use crate::ui::layer::Cx;
use crate::ui::pointer::{Clicked, Spot, Under, WHEEL};
use crate::ui::theme::Role;
use crate::ui::widgets::list::Cursor;
use crate::ui::widgets::{table, text};
use crate::ui::words;

#[derive(Default)]
pub struct ResourcesPane {
    cursor: Cursor<Vec<String>>,
    pub filter: Filter,
    /// Branches the user opened or closed.
    said: BTreeMap<Vec<String>, bool>,
}

impl ResourcesPane {
    fn nodes<'a>(&self, id: ClusterId, cx: &Cx<'a>) -> Vec<Node<'a>> {
        let resources = cx.fleet.resources(id);
        if self.filter.text().is_empty() {
            return tree::visible(resources, &self.said);
        }
        let found = resources.iter().filter(|resource| self.filter.matches(&haystack(resource)));
        let flat = found.map(|resource| Node {
            path: resource.path.iter().chain([&resource.name]).cloned().collect(),
            resource: Some(resource),
            open: None,
            below: (0, 0),
        });
        flat.collect()
    }

    /// The cursor's row; when its branch was closed over it, the branch.
    fn here(&self, nodes: &[Node]) -> Option<usize> {
        let paths: Vec<Vec<String>> = nodes.iter().map(|node| node.path.clone()).collect();
        self.cursor.index(&paths)
    }

    /// Puts the cursor on a resource and opens all branches above it.
    pub fn go_to(&mut self, path: Vec<String>) {
        self.filter.clear();
        for depth in 1..path.len() {
            self.said.insert(path[..depth].to_vec(), true);
        }
        self.cursor.select(path);
    }

    pub fn on(&mut self, action: Action, id: ClusterId, cx: &Cx) -> bool {
        let nodes = self.nodes(id, cx);
        if let Some(step) = step(action) {
            let paths: Vec<Vec<String>> = nodes.iter().map(|node| node.path.clone()).collect();
            self.cursor.step(step, &paths);
            return true;
        }
        match action {
            Action::Toggle | Action::Open => match self.here(&nodes).map(|at| &nodes[at]) {
                Some(Node { open: Some(open), path, .. }) => {
                    self.cursor.select(path.clone());
                    self.said.insert(path.clone(), !open);
                }
                _ => return false,
            },
            Action::Filter => self.filter.start(),
            Action::Accept if self.filter.is_editing() => self.filter.finish(),
            Action::Back => return self.filter.clear(),
            _ => return false,
        }
        true
    }

    pub fn click(&mut self, on: Under, id: ClusterId, cx: &Cx) -> Clicked {
        let paths: Vec<Vec<String>> = self.nodes(id, cx).into_iter().map(|node| node.path).collect();
        self.filter.finish();
        match on {
            Under::Row(row) if self.cursor.click(row, &paths) == Some(true) => Clicked::Enter,
            _ => Clicked::NOTHING,
        }
    }

    pub fn wheel(&mut self, down: bool, id: ClusterId, cx: &Cx) {
        let paths: Vec<Vec<String>> = self.nodes(id, cx).into_iter().map(|node| node.path).collect();
        self.cursor.scroll(down, WHEEL, &paths);
    }

    /// Nova's id of the server under the cursor.
    pub fn server(&self, id: ClusterId, cx: &Cx) -> Option<String> {
        let nodes = self.nodes(id, cx);
        let resource = self.here(&nodes).and_then(|at| nodes[at].resource)?;
        let is_server = resource.kind == "OS::Nova::Server" && !resource.physical_id.is_empty();
        is_server.then(|| resource.physical_id.clone())
    }

    pub fn title(&self, number: u8, focused: bool, cx: &Cx) -> Vec<Span<'static>> {
        title(number, "Resources", focused, &self.filter, cx)
    }

    pub fn note(&self, id: ClusterId, cx: &Cx) -> Vec<Span<'static>> {
        let all = cx.fleet.resources(id);
        if all.is_empty() {
            return Vec::new();
        }
        let complete = all.iter().filter(|resource| words::is_done(&resource.status)).count();
        vec![cx.span(Role::Faint, format!("{complete} of {} complete", all.len()))]
    }

    pub fn view(&mut self, id: ClusterId, focused: bool, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let nodes = self.nodes(id, cx);
        if nodes.is_empty() {
            let told = match cx.fleet.resources_loaded.get(&id) {
                _ if !self.filter.text().is_empty() => {
                    cx.span(Role::Muted, format!("nothing contains \"{}\"", self.filter.text()))
                }
                Some(Loaded::Failed(problem)) => cx.span(Role::Failed, format!("✖ {}", problem.line())),
                Some(Loaded::Yes) => cx.span(Role::Muted, "The stack has no resources yet."),
                _ => loading(cx),
            };
            let inner = Rect { x: area.x + 2.min(area.width), width: area.width.saturating_sub(3), ..area };
            return text::put_lines(buf, inner, vec![vec![told]]);
        }
        let paths: Vec<Vec<String>> = nodes.iter().map(|node| node.path.clone()).collect();
        let window = self.cursor.window(&paths, usize::from(area.height));
        cx.pointer.put(area, Spot::Rows);
        let here = self.cursor.index(&paths);
        let flat = !self.filter.text().is_empty();
        let longest = window.clone().map(|at| text::width(&name(&nodes[at], flat))).max().unwrap_or(0);
        let wide = longest.clamp(12, usize::from(area.width / 2).max(12));
        for (y, index) in (area.top()..area.bottom()).zip(window) {
            text::put(
                buf,
                area.x + 2,
                y,
                area.width.saturating_sub(3),
                line(&nodes[index], flat, wide, usize::from(area.width).saturating_sub(3), cx),
            );
            if here == Some(index) {
                table::mark(area, y, focused, cx, buf);
            }
        }
    }

    pub fn selected<'a>(&self, id: ClusterId, cx: &Cx<'a>) -> Option<&'a StackResource> {
        let nodes = self.nodes(id, cx);
        self.here(&nodes).and_then(|at| nodes[at].resource)
    }
}

/// With its indentation, and the sign of a branch.
fn name(node: &Node, flat: bool) -> String {
    let branch = match node.open {
        Some(true) => "▾ ",
        Some(false) => "▸ ",
        None => "  ",
    };
    if flat { node.path.join(".") } else { format!("{}{branch}{}", "  ".repeat(node.depth()), node.name()) }
}

fn line(node: &Node, flat: bool, wide: usize, room: usize, cx: &Cx) -> Vec<Span<'static>> {
    let told = node.resource.map(|resource| words::heat(&resource.status));
    let (sign, role) = told.as_ref().map_or(("·", Role::Muted), |told| (told.sign, told.role));
    let status = told.as_ref().map_or("", |told| told.word.as_str());
    let word = node.resource.zip(told.as_ref()).map_or(role, |(resource, told)| words::quiet(&resource.status, told));
    let mut spans = vec![
        cx.span(role, format!("{sign} ")),
        cx.span(Role::Text, text::pad(&name(node, flat), wide)),
        cx.span(word, format!("  {}", text::pad(status, 18))),
    ];
    if node.below.1 > 0 {
        let role = if node.below.0 == node.below.1 { Role::Faint } else { Role::Moving };
        spans.push(cx.span(role, format!("  {} of {}", node.below.0, node.below.1)));
    } else if let Some(resource) = node.resource {
        let kind = short_kind(&resource.kind);
        let left = room.saturating_sub(text::spans_width(&spans) + 2);
        let kind = if text::width(kind) <= left { kind } else { kind.rsplit("::").next().unwrap_or(kind) };
        spans.push(cx.span(Role::Muted, format!("  {kind}")));
    }
    spans
}

fn haystack(resource: &StackResource) -> String {
    format!(
        "{} {} {} {} {}",
        resource.address(),
        resource.kind,
        resource.status,
        resource.physical_id,
        resource.status_reason
    )
}

/// Address, type, ids and reason of one resource.
pub fn details(resource: &StackResource, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let told = words::heat(&resource.status);
    let mut lines = vec![
        vec![cx.span(Role::Strong, resource.address()), cx.span(told.role, format!("  {} {}", told.sign, told.word))],
        fact("type", vec![cx.span(Role::Text, &resource.kind)], cx),
    ];
    if !resource.physical_id.is_empty() {
        lines.push(fact("id", vec![cx.span(Role::Text, &resource.physical_id)], cx));
    }
    if !resource.status_reason.is_empty() && !resource.status_reason.eq_ignore_ascii_case("state changed") {
        let role = if resource.status.is_failed() { Role::Failed } else { Role::Muted };
        lines.extend(text::wrap(&resource.status_reason, room, 5).into_iter().map(|line| vec![cx.span(role, line)]));
    }
    lines
}
