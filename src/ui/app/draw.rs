//! The frame around the layers: header, trouble line, notices, footer.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::{App, chord, cx};
use crate::service::ConductorRole;
use crate::ui::action::{Action, Context};
use crate::ui::keymap::Chord;
use crate::ui::layer::{Cx, Link};
use crate::ui::pages::layout::LEAST;
use crate::ui::panes;
use crate::ui::pointer::Spot;
use crate::ui::theme::Role;
use crate::ui::widgets::{boxes, text};

impl App {
    pub fn draw(&mut self, frame: &mut Frame) {
        let area = frame.area();
        self.draw_into(area, frame.buffer_mut());
    }

    pub fn draw_into(&mut self, area: Rect, buf: &mut Buffer) {
        self.draw_all(area, buf);
        text::tame(buf);
    }

    fn draw_all(&mut self, area: Rect, buf: &mut Buffer) {
        let contexts = self.contexts();
        let banner = u16::from(self.fleet.trouble.is_some());
        let body =
            Rect { y: area.y + (1 + banner).min(area.height), height: area.height.saturating_sub(2 + banner), ..area };
        let base = self.layers.iter().rposition(|layer| !layer.is_overlay()).unwrap_or(0);
        let big = area.width >= LEAST.0 && area.height >= LEAST.1;
        let room = self.layers[base].shows_shell(body, &cx!(self)).filter(|_| big);
        if let Some(room) = room {
            self.shells.fit(room);
        }
        let cx = cx!(self);
        text::blank(buf, area, cx.style(Role::Text));
        if !big {
            cx.pointer.cover();
            return too_small(&cx, area, buf);
        }
        header(&cx, area, buf);
        trouble(&cx, area, buf);
        for layer in &mut self.layers[base..] {
            // What lies under a dialog cannot be clicked on.
            cx.pointer.cover();
            layer.view(&cx, body, buf);
        }
        if let (Link::Failed(problem), true) = (&self.link, self.layers.len() == 1) {
            let width = body.width.saturating_sub(4).min(86);
            let mut lines = panes::problem_lines(problem, usize::from(width.saturating_sub(4)), &cx);
            lines.push(Vec::new());
            let mut keys = panes::press(Action::Refresh, &[Context::Global], "connect again", &cx);
            keys.push(Span::raw("     "));
            keys.extend(panes::press(Action::Clouds, &[Context::Global], "another cloud", &cx));
            keys.push(Span::raw("     "));
            keys.extend(panes::press(Action::Quit, &[Context::Global], "quit", &cx));
            lines.push(keys);
            let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
            let inner = boxes::dialog(body, width, height, "Not connected", Role::Failed, &cx, buf);
            text::put_lines(buf, inner, lines);
        }
        self.notices.view(&cx, boxes::inside(body), buf);
        // After the layers: what they drew may have ended an editing.
        let top = self.layers.last();
        let line = Rect { y: area.bottom() - 1, height: 1, ..area };
        if chord::draw(&self.chord, &contexts, &cx, body, line, buf) {
            return;
        }
        let typing = top.is_some_and(|layer| layer.takes_text());
        if !typing && !self.types_to_shell() {
            cx.pointer.put(Rect { height: 1, width: area.width / 2, ..area }, Spot::Act(Action::Clouds));
        }
        let back = top.is_some_and(|layer| layer.can_go_back());
        let mut hints = cx.keymap.hints(&contexts, typing);
        let offered =
            |action: Action| !(cx.read_only && action.changes()) && top.is_none_or(|layer| layer.offers(action, &cx));
        hints.retain(|(_, action)| *action != Action::Help && (back || *action != Action::Back) && offered(*action));
        let help = cx.keymap.key_where(&contexts, Action::Help, typing);
        footer(&cx, hints, help, self.notices.news(), line, buf);
    }
}

fn too_small(cx: &Cx, area: Rect, buf: &mut Buffer) {
    let told = format!("{}x{} is too small; {}x{} is the least", area.width, area.height, LEAST.0, LEAST.1);
    let lines = text::wrap(&told, usize::from(area.width), usize::from(area.height));
    text::put_lines(buf, area, lines.into_iter().map(|line| vec![cx.span(Role::Warning, line)]).collect());
}

fn header(cx: &Cx, area: Rect, buf: &mut Buffer) {
    let mut left = vec![cx.span(Role::Brand, " jeroboam")];
    match (cx.link, &cx.fleet.identity) {
        (Link::Connecting, _) => {
            let told =
                cx.going.map_or_else(|| "  ◌ connecting…".to_owned(), |to| format!("  ◌ connecting to {}…", to.cloud));
            left.push(cx.span(Role::Moving, told));
        }
        (Link::Failed(_), _) => left.push(cx.span(Role::Failed, "  ✖ not connected")),
        (Link::Connected, Some(who)) => {
            left.push(cx.span(Role::Strong, format!("  {}", who.cloud)));
            left.push(cx.span(Role::Faint, " ▸ "));
            left.push(cx.span(Role::Text, &who.project_name));
            left.push(cx.span(Role::Faint, " ▸ "));
            left.push(cx.span(Role::Text, &who.scope.region));
        }
        (Link::Connected, None) => {}
    }
    if cx.read_only {
        left.push(cx.span(Role::Warning, "   ⊘ read only"));
    }
    if let (Link::Connected, Some(to)) = (cx.link, cx.going) {
        left.push(cx.span(Role::Moving, format!("   ◌ going to {}…", to.cloud)));
    }
    match &cx.fleet.role {
        Some(ConductorRole::Active) => left.push(cx.span(Role::Ok, "   ● conductor")),
        Some(ConductorRole::Following { pid }) => {
            let pid = pid.map(|pid| format!(" (process {pid} acts)")).unwrap_or_default();
            left.push(cx.span(Role::Warning, format!("   ○ following{pid}")));
        }
        Some(ConductorRole::Sharing { percent: 0, others }) if others.is_empty() => {
            left.push(cx.span(Role::Warning, "   ○ no conductor"));
        }
        Some(ConductorRole::Sharing { percent, others }) => {
            let (role, told) = sharing(*percent, others);
            left.push(cx.span(role, format!("   {told}")));
        }
        None => {}
    }
    let words = counts(cx, true);
    let fits = text::spans_width(&left) + text::spans_width(&words) + 4 <= usize::from(area.width);
    let right = if fits { words } else { counts(cx, false) };
    let wide = u16::try_from(text::spans_width(&right)).unwrap_or(0);
    let room = area.width.saturating_sub(wide + 3);
    text::put(buf, area.x, area.y, room, left);
    text::put(buf, area.right().saturating_sub(wide + 1), area.y, wide, right);
}

/// Who works on a store that several share.
fn sharing(percent: u8, others: &[String]) -> (Role, String) {
    let who = match others {
        [] => String::new(),
        [one] => one.clone(),
        many => format!("{} conductors", many.len()),
    };
    match (percent, others) {
        (0, [_]) => (Role::Ok, format!("● conductor on {who}")),
        (0, _) => (Role::Ok, format!("● {who}")),
        (_, []) => (Role::Ok, "● conductor".into()),
        _ => (Role::Ok, format!("● conductor for {percent} %, with {who}")),
    }
}

/// `3 moving · 1 failed · 14 ready`, or by their signs alone where there is little room.
fn counts(cx: &Cx, words: bool) -> Vec<Span<'static>> {
    let (moving, failed, ready) = cx.fleet.counts();
    let all =
        [(moving, "moving", "◐", Role::Moving), (failed, "failed", "✖", Role::Failed), (ready, "ready", "●", Role::Ok)];
    let mut spans = Vec::new();
    for (count, word, sign, role) in all {
        if count == 0 && (word != "ready" || cx.fleet.clusters.is_empty()) {
            continue;
        }
        if !spans.is_empty() {
            spans.push(cx.span(Role::Faint, if words { " · " } else { "  " }));
        }
        spans.push(cx.span(role, if words { format!("{count} {word}") } else { format!("{sign} {count}") }));
    }
    spans
}

/// One line under the header while the cloud or the store cannot be used.
fn trouble(cx: &Cx, area: Rect, buf: &mut Buffer) {
    let Some(problem) = &cx.fleet.trouble else { return };
    text::put(
        buf,
        area.x + 1,
        area.y + 1,
        area.width - 2,
        vec![cx.span(Role::Failed, format!("✖ {}", problem.line()))],
    );
}

/// As many hints as fit beside the news; help comes last but always.
fn footer(cx: &Cx, hints: Vec<(Chord, Action)>, help: Option<Chord>, news: Option<&str>, area: Rect, buf: &mut Buffer) {
    let columns = |spans: &[Span]| u16::try_from(text::spans_width(spans)).unwrap_or(u16::MAX);
    let mut right = area.right();
    if let Some(key) = help {
        let spans = vec![cx.span(Role::Key, key.to_string()), cx.span(Role::Hint, " keys")];
        right = right.saturating_sub(columns(&spans) + 1);
        cx.pointer.put(Rect { x: right, width: columns(&spans), ..area }, Spot::Act(Action::Help));
        text::put(buf, right, area.y, columns(&spans), spans);
    }
    if let Some(news) = news {
        let room = usize::from(right.saturating_sub(area.x)).saturating_sub(8).min(60);
        let spans = vec![cx.span(Role::Ok, "● "), cx.span(Role::Strong, text::fit(news, room))];
        right = right.saturating_sub(columns(&spans) + 3);
        text::put(buf, right, area.y, columns(&spans), spans);
    }
    let mut x = area.x + 1;
    for (key, action) in hints {
        let spans = vec![cx.span(Role::Key, key.to_string()), cx.span(Role::Hint, format!(" {}", action.hint()))];
        let wide = columns(&spans);
        if x.saturating_add(wide) >= right {
            break;
        }
        cx.pointer.put(Rect { x, width: wide, ..area }, Spot::Act(action));
        text::put(buf, x, area.y, wide, spans);
        x += wide + 2;
    }
}
