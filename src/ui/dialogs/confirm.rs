//! Confirmations: a cluster's name has to be typed before it is deleted.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::model::{ClusterId, TemplateId};
use crate::ui::action::{Action, Context};
use crate::ui::effect::Job;
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::panes::press;
use crate::ui::theme::Role;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::{boxes, text};
use crate::ui::words;

pub struct DeleteCluster {
    id: ClusterId,
    name: String,
    typed: Input,
    /// Enter was pressed with another text.
    refused: bool,
}

impl DeleteCluster {
    pub fn new(id: ClusterId, cx: &Cx) -> Option<Self> {
        let name = cx.fleet.clusters.get(&id)?.name.clone();
        Some(Self { id, name, typed: Input::default(), refused: false })
    }
}

impl Layer for DeleteCluster {
    fn contexts(&self) -> Vec<Context> {
        vec![Context::Confirm]
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn is_overlay(&self) -> bool {
        true
    }

    fn text(&mut self, key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        self.refused = false;
        self.typed.key(key).then(Vec::new)
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        self.typed.paste(text);
    }

    fn on(&mut self, action: Action, _cx: &Cx) -> Vec<Ask> {
        match action {
            Action::Accept if self.typed.text() == self.name => vec![Ask::Run(Job::DeleteCluster(self.id)), Ask::Close],
            Action::Accept => {
                self.refused = true;
                Vec::new()
            }
            Action::Back => vec![Ask::Close],
            _ => Vec::new(),
        }
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let room = usize::from(area.width.min(66)).saturating_sub(4);
        let mut lines = vec![vec![
            cx.span(Role::Text, "Delete the cluster "),
            cx.span(Role::Strong, text::fit(&self.name, room.saturating_sub(20))),
        ]];
        if let Some(cluster) = cx.fleet.clusters.get(&self.id) {
            let told = words::status(&cluster.status);
            lines.push(vec![
                cx.span(told.role, format!("{} {}", told.sign, told.word)),
                cx.span(Role::Muted, format!("  {}", words::nodes(cluster))),
            ]);
        }
        let warn = "Its stack goes with everything in it: servers, volumes, network, load balancer, addresses, certificates. There is no way back.";
        lines.extend(text::wrap(warn, room, 4).into_iter().map(|line| vec![cx.span(Role::Warning, line)]));
        lines.push(Vec::new());
        lines.push(vec![cx.span(Role::Muted, "Type its name to delete it:")]);
        let at = lines.len();
        lines.push(Vec::new());
        let told = if self.refused { vec![cx.span(Role::Failed, "✖ that is not its name")] } else { Vec::new() };
        lines.push(told);
        let ready = self.typed.text() == self.name;
        let mut keys = press(Action::Accept, &[Context::Confirm], "delete", cx);
        if !ready {
            keys = vec![cx.span(Role::Faint, spans_text(&keys))];
        }
        keys.push(Span::raw("     "));
        keys.extend(press(Action::Back, &[Context::Confirm], "keep it", cx));
        lines.push(keys);
        let inner = boxes::dialog(
            area,
            66,
            u16::try_from(lines.len() + 2).unwrap_or(u16::MAX),
            "Delete cluster",
            Role::Failed,
            cx,
            buf,
        );
        text::put_lines(buf, inner, lines);
        field(
            &mut self.typed,
            Rect { y: inner.y + u16::try_from(at).unwrap_or(0), height: 1, ..inner },
            inner,
            cx,
            buf,
        );
    }
}

fn spans_text(spans: &[Span]) -> String {
    spans.iter().map(|span| span.content.as_ref()).collect()
}

/// An input with its sign, if it is inside `bounds`.
pub fn field(input: &mut Input, area: Rect, bounds: Rect, cx: &Cx, buf: &mut Buffer) {
    if area.y >= bounds.bottom() || area.width < 4 {
        return;
    }
    text::put(buf, area.x, area.y, 2, vec![cx.span(Role::FieldFocused, "› ")]);
    input.view(true, cx, Rect { x: area.x + 2, width: area.width - 2, ..area }, buf);
}

pub struct DeleteTemplate {
    id: TemplateId,
    name: String,
    used_by: Vec<String>,
}

impl DeleteTemplate {
    pub fn new(id: TemplateId, cx: &Cx) -> Option<Self> {
        let name = cx.fleet.templates.get(&id)?.spec.name.clone();
        let used = cx.fleet.clusters_by_name().into_iter().filter(|cluster| cluster.cluster_template_id == id);
        Some(Self { id, name, used_by: used.map(|cluster| cluster.name.clone()).collect() })
    }
}

impl Layer for DeleteTemplate {
    fn contexts(&self) -> Vec<Context> {
        vec![Context::Dialog]
    }

    fn is_overlay(&self) -> bool {
        true
    }

    fn on(&mut self, action: Action, _cx: &Cx) -> Vec<Ask> {
        match action {
            Action::Accept if self.used_by.is_empty() => vec![Ask::Run(Job::DeleteTemplate(self.id)), Ask::Close],
            Action::Accept | Action::Back => vec![Ask::Close],
            _ => Vec::new(),
        }
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let room = usize::from(area.width.min(60)).saturating_sub(4);
        let mut lines = vec![vec![
            cx.span(Role::Text, "Delete the template "),
            cx.span(Role::Strong, text::fit(&self.name, room.saturating_sub(22))),
        ]];
        let mut keys = Vec::new();
        if self.used_by.is_empty() {
            lines.push(vec![cx.span(Role::Muted, "No cluster uses it.")]);
            keys.extend(press(Action::Accept, &[Context::Dialog], "delete", cx));
            keys.push(Span::raw("     "));
        } else {
            let told = format!("It cannot go while clusters use it: {}", self.used_by.join(", "));
            lines.extend(text::wrap(&told, room, 4).into_iter().map(|line| vec![cx.span(Role::Warning, line)]));
        }
        keys.extend(press(Action::Back, &[Context::Dialog], "keep it", cx));
        lines.extend([Vec::new(), keys]);
        let inner = boxes::dialog(
            area,
            60,
            u16::try_from(lines.len() + 2).unwrap_or(u16::MAX),
            "Delete template",
            Role::Failed,
            cx,
            buf,
        );
        text::put_lines(buf, inner, lines);
    }
}

/// Asked before a form with something in it is thrown away.
pub struct Discard;

impl Layer for Discard {
    fn contexts(&self) -> Vec<Context> {
        vec![Context::Dialog]
    }

    /// A letter typed on must not quit with the form.
    fn takes_text(&self) -> bool {
        true
    }

    fn is_overlay(&self) -> bool {
        true
    }

    fn on(&mut self, action: Action, _cx: &Cx) -> Vec<Ask> {
        match action {
            Action::Accept => vec![Ask::CloseTwo],
            Action::Back => vec![Ask::Close],
            _ => Vec::new(),
        }
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let mut keys = press(Action::Accept, &[Context::Dialog], "throw it away", cx);
        keys.push(Span::raw("     "));
        keys.extend(press(Action::Back, &[Context::Dialog], "go on with it", cx));
        let lines = vec![vec![cx.span(Role::Text, "Nothing of this form has been created yet.")], Vec::new(), keys];
        let inner = boxes::dialog(area, 50, 5, "Leave the form?", Role::Warning, cx, buf);
        text::put_lines(buf, inner, lines);
    }
}
