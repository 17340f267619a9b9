//! Gathering what somebody who helps wants to see: that it is under way, where it is, what is missing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::model::{ClusterId, Problem, text::clean};
use crate::ui::action::{Action, Context};
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::msg::Reply;
use crate::ui::pages::home::copy;
use crate::ui::panes::{press, problem_lines};
use crate::ui::theme::Role;
use crate::ui::widgets::{boxes, text};

pub struct BundleDialog {
    id: ClusterId,
    state: State,
}

enum State {
    Gathering,
    Done { path: String, missing: Vec<String> },
    Failed(Problem),
}

impl BundleDialog {
    /// Whoever opens it starts the job.
    pub fn new(id: ClusterId) -> Self {
        Self { id, state: State::Gathering }
    }
}

impl Layer for BundleDialog {
    fn contexts(&self) -> Vec<Context> {
        vec![Context::Dialog]
    }

    fn is_overlay(&self) -> bool {
        true
    }

    fn on(&mut self, action: Action, _cx: &Cx) -> Vec<Ask> {
        match (action, &self.state) {
            (Action::Accept | Action::Back, _) => vec![Ask::Close],
            (Action::Copy, State::Done { path, .. }) => copy("path", path),
            _ => Vec::new(),
        }
    }

    fn reply(&mut self, reply: &Reply, _cx: &Cx) -> Option<Vec<Ask>> {
        let Reply::Bundled(id, gathered) = reply else { return None };
        if *id != self.id {
            return None;
        }
        self.state = match gathered.clone() {
            Ok((path, missing)) => State::Done { path, missing },
            Err(problem) => State::Failed(problem),
        };
        Some(Vec::new())
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let name = cx.fleet.clusters.get(&self.id).map_or("a cluster that is gone", |cluster| &cluster.name);
        let room = usize::from(area.width.min(78)).saturating_sub(4);
        let wrapped = |role: Role, told: &str, most: usize| -> Vec<Vec<Span<'static>>> {
            text::wrap(told, room, most).into_iter().map(|line| vec![cx.span(role, line)]).collect()
        };
        let mut lines = Vec::new();
        let mut keys = Vec::new();
        match &self.state {
            State::Gathering => {
                lines.push(vec![cx.span(Role::Moving, "◌ asking the cloud and every node…")]);
                lines.extend(wrapped(Role::Muted, "It goes on when this is closed; what came of it is told then.", 2));
            }
            State::Done { path, missing } => {
                lines.push(vec![cx.span(Role::Ok, "● written, for you alone to read (0600):")]);
                lines.extend(wrapped(Role::Strong, &clean(path), 3));
                for line in missing.iter().take(5) {
                    lines.extend(wrapped(Role::Warning, &format!("not in it: {}", clean(line)), 2));
                }
                if missing.len() > 5 {
                    lines
                        .push(vec![cx.span(Role::Warning, format!("and {} more, see missing.txt", missing.len() - 5))]);
                }
                lines.push(Vec::new());
                let told =
                    "Secrets were taken out as far as they look like some. Look through it before you give it away.";
                lines.extend(wrapped(Role::Text, told, 3));
                keys.extend(press(Action::Copy, &[Context::Dialog], "copy the path", cx));
                keys.push(Span::raw("     "));
            }
            State::Failed(problem) => lines.extend(problem_lines(problem, room, cx)),
        }
        lines.push(Vec::new());
        keys.extend(press(Action::Back, &[Context::Dialog], "back", cx));
        lines.push(keys);
        let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
        let title = format!("Bundle of {}", text::fit(name, 40));
        let inner = boxes::dialog(area, 78, height, &title, Role::BorderFocused, cx, buf);
        text::put_lines(buf, inner, lines);
    }
}
