//! A command line that is to run on nodes, side by side, or on this machine with KUBECONFIG
//! leading to the cluster.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::confirm::field;
use crate::model::text::counted;
use crate::model::{ClusterId, Node};
use crate::ui::action::{Action, Context};
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer, Route};
use crate::ui::panes::{nodes, press};
use crate::ui::remote::Enter;
use crate::ui::shells::{Program, Wish};
use crate::ui::theme::Role;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::{boxes, table, text};

/// What is often asked of a node.
const OF_NODES: [(&str, &str); 6] = [
    ("uptime", "how long it is up, and its load"),
    ("cloud-init status --long", "whether its first boot went well"),
    ("sudo journalctl --no-pager -n 50 -u kubelet", "what kubelet said last"),
    ("sudo crictl ps -a", "its containers"),
    ("df -h /", "room on its disk"),
    ("sudo reboot", "start it again"),
];
/// What is often run beside a cluster.
const HERE: [(&str, &str); 6] = [
    ("", "your shell, with KUBECONFIG set"),
    ("k9s", "if it is installed here"),
    ("kubectl proxy", "its API on 127.0.0.1:8001, while the pane is open"),
    ("kubectl get nodes -o wide -w", "its nodes as they change"),
    ("kubectl get pods -A -o wide", "all that runs"),
    ("kubectl get events -A --sort-by=.lastTimestamp", "what happened inside"),
];

/// Where the line is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Where {
    Nodes {
        cluster: ClusterId,
        /// The node under the cursor.
        here: Option<String>,
        marked: Vec<String>,
    },
    Here(ClusterId),
}

/// Some of the cluster's nodes.
struct Scope {
    told: String,
    nodes: Vec<String>,
}

pub struct LineDialog {
    cluster: ClusterId,
    /// Empty: on this machine.
    scopes: Vec<Scope>,
    scope: usize,
    line: Input,
    /// The example that the line was taken from.
    example: Option<usize>,
    refused: Option<&'static str>,
}

impl LineDialog {
    pub fn new(place: Where, cx: &Cx) -> Self {
        let (cluster, scopes) = match place {
            Where::Here(cluster) => (cluster, Vec::new()),
            Where::Nodes { cluster, here, marked } => (cluster, scopes(cluster, here, marked, cx)),
        };
        Self { cluster, scopes, scope: 0, line: Input::default(), example: None, refused: None }
    }

    fn is_here(&self) -> bool {
        self.scopes.is_empty()
    }

    fn examples(&self) -> &'static [(&'static str, &'static str)] {
        if self.is_here() { &HERE } else { &OF_NODES }
    }

    fn choose(&mut self, down: bool) {
        let count = self.examples().len();
        let at = match (self.example, down) {
            (None, true) => 0,
            (None, false) => count - 1,
            (Some(at), true) => (at + 1) % count,
            (Some(at), false) => (at + count - 1) % count,
        };
        self.example = Some(at);
        self.line = Input::new(self.examples()[at].0);
        self.refused = None;
    }

    fn accept(&mut self) -> Vec<Ask> {
        let line = self.line.text().trim().to_owned();
        if self.is_here() {
            let program = Program::Here(line);
            return vec![
                Ask::Close,
                Ask::Open(Route::Shells(Enter::Type)),
                Ask::Shell(Wish::Open(self.cluster, program)),
            ];
        }
        if line.is_empty() {
            self.refused = Some("there is no command yet");
            return Vec::new();
        }
        let Some(scope) = self.scopes.get(self.scope) else { return vec![Ask::Close] };
        let enter = if scope.nodes.len() > 1 { Enter::Tiles } else { Enter::Look };
        let mut asks = vec![Ask::Close, Ask::Open(Route::Shells(enter))];
        asks.extend(
            scope.nodes.iter().map(|node| {
                Ask::Shell(Wish::Open(self.cluster, Program::Run { node: node.clone(), line: line.clone() }))
            }),
        );
        asks
    }
}

/// What there is to choose from, the nearest first.
fn scopes(cluster: ClusterId, here: Option<String>, marked: Vec<String>, cx: &Cx) -> Vec<Scope> {
    let all: Vec<&Node> = cx.fleet.nodes(cluster).iter().filter(|node| node.server_id.is_some()).collect();
    let names = |wanted: fn(&Node) -> bool| -> Vec<String> {
        all.iter().filter(|node| wanted(node)).map(|node| node.name.clone()).collect()
    };
    let short = |name: &String| {
        all.iter().find(|node| node.name == *name).map_or_else(|| name.clone(), |node| nodes::short(node, cx))
    };
    let many = |what: &str, nodes: Vec<String>| Scope { told: format!("{what} ({})", nodes.len()), nodes };
    let mut scopes = Vec::new();
    if !marked.is_empty() {
        let told = format!(
            "{}: {}",
            counted(marked.len(), "marked node"),
            marked.iter().map(short).collect::<Vec<_>>().join(", ")
        );
        scopes.push(Scope { told, nodes: marked });
    }
    scopes.extend(here.map(|node| Scope { told: short(&node), nodes: vec![node] }));
    scopes.push(many("all nodes", names(|_| true)));
    scopes.push(many("masters", names(|node| node.slot.is_none())));
    scopes.push(many("workers", names(|node| node.slot.is_some())));
    scopes.retain(|scope| !scope.nodes.is_empty());
    scopes
}

impl Layer for LineDialog {
    fn contexts(&self) -> Vec<Context> {
        vec![Context::Line]
    }

    fn is_overlay(&self) -> bool {
        true
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn offers(&self, action: Action, _cx: &Cx) -> bool {
        action != Action::Scope || self.scopes.len() > 1
    }

    fn text(&mut self, key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        self.line.key(key).then(|| {
            self.example = None;
            self.refused = None;
            Vec::new()
        })
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        self.line.paste(text);
        self.example = None;
    }

    fn on(&mut self, action: Action, _cx: &Cx) -> Vec<Ask> {
        match action {
            Action::Accept => return self.accept(),
            Action::Back => return vec![Ask::Close],
            Action::Up => self.choose(false),
            Action::Down => self.choose(true),
            Action::Scope if !self.is_here() => self.scope = (self.scope + 1) % self.scopes.len(),
            _ => {}
        }
        Vec::new()
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let name = cx.fleet.clusters.get(&self.cluster).map_or("a cluster that is gone", |cluster| &cluster.name);
        let width = area.width.min(78);
        let room = usize::from(width).saturating_sub(4);
        let (title, told) = match self.scopes.get(self.scope) {
            Some(scope) => (format!("Run on nodes of {}", text::fit(name, 40)), format!("on {}", scope.told)),
            None => (
                format!("Run with KUBECONFIG of {}", text::fit(name, 40)),
                "here, with KUBECONFIG set and a way to its API; both go with the pane".to_owned(),
            ),
        };
        let mut lines: Vec<Vec<Span>> =
            text::wrap(&told, room, 3).into_iter().map(|line| vec![cx.span(Role::Text, line)]).collect();
        let at = lines.len();
        lines.push(Vec::new());
        lines.push(self.refused.map(|told| cx.span(Role::Failed, format!("✖ {told}"))).into_iter().collect());
        let first = lines.len();
        for (line, what) in self.examples() {
            let line = if line.is_empty() { "(nothing)" } else { line };
            let wide = room.saturating_sub(2).min(46);
            lines.push(vec![
                cx.span(Role::Text, format!("  {} ", text::pad(&text::fit(line, wide), wide))),
                cx.span(Role::Muted, *what),
            ]);
        }
        lines.push(Vec::new());
        let mut keys = press(Action::Accept, &[Context::Line], "run", cx);
        for (action, what) in
            [(Action::Down, "take one of these"), (Action::Scope, "other nodes"), (Action::Back, "back")]
        {
            if self.offers(action, cx) {
                keys.push(Span::raw("   "));
                keys.extend(press(action, &[Context::Line], what, cx));
            }
        }
        lines.push(keys);
        let lines = lines.into_iter().map(|line| text::fit_spans(line, room)).collect::<Vec<_>>();
        let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
        let inner = boxes::dialog(area, width, height, &title, Role::BorderFocused, cx, buf);
        text::put_lines(buf, inner, lines);
        let row = |at: usize| Rect { y: inner.y + u16::try_from(at).unwrap_or(0), height: 1, ..inner };
        if let Some(chosen) = self.example.map(|at| row(first + at)).filter(|row| row.y < inner.bottom()) {
            table::mark(chosen, chosen.y, true, cx, buf);
        }
        field(&mut self.line, row(at), inner, cx, buf);
    }
}
