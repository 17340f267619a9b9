//! Exporting a cluster's kubeconfig: into a file of its own, or merged into
//! `~/.kube/config`. Nothing is overwritten without asking.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::confirm::field;
use crate::model::{ClusterId, Problem};
use crate::ui::action::{Action, Context};
use crate::ui::effect::{Job, Target};
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::msg::{Reply, Saved};
use crate::ui::pages::home::copy;
use crate::ui::panes::{press, problem_lines};
use crate::ui::theme::Role;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::{boxes, text};

pub struct KubeconfigDialog {
    id: ClusterId,
    name: String,
    /// False: the address is not known yet, so there is nothing to export.
    ready: bool,
    path: Input,
    merge: bool,
    state: State,
}

enum State {
    Choosing,
    /// Merging, or writing over something, waits for a yes.
    Asking {
        what: String,
        overwrite: bool,
    },
    Writing,
    Done {
        path: String,
        replaced: Vec<String>,
    },
    Failed(Problem),
}

impl KubeconfigDialog {
    pub fn new(id: ClusterId, cx: &Cx) -> Option<Self> {
        let cluster = cx.fleet.clusters.get(&id)?;
        // Where kubectl's users keep such files, and out of any repository they may stand in.
        let path = Input::new(&format!("~/.kube/{}.config", cluster.name));
        let ready = cluster.api_address.is_some();
        Some(Self { id, name: cluster.name.clone(), ready, path, merge: false, state: State::Choosing })
    }

    fn save(&mut self, overwrite: bool) -> Vec<Ask> {
        let target = if self.merge { Target::Merge } else { Target::File(self.path.text().to_owned()) };
        self.state = State::Writing;
        vec![Ask::Run(Job::SaveKubeconfig { id: self.id, target, overwrite })]
    }

    fn accept(&mut self) -> Vec<Ask> {
        match &self.state {
            State::Choosing | State::Failed(_) if !self.ready => vec![Ask::Close],
            State::Choosing | State::Failed(_) if self.merge => {
                self.state = State::Asking {
                    what: "Merge this cluster into ~/.kube/config? What is there stays.".into(),
                    overwrite: false,
                };
                Vec::new()
            }
            State::Choosing | State::Failed(_) if self.path.text().trim().is_empty() => {
                self.state = State::Failed(Problem::invalid("the path is empty"));
                Vec::new()
            }
            State::Choosing | State::Failed(_) => self.save(false),
            State::Asking { overwrite, .. } => {
                let overwrite = *overwrite;
                self.save(overwrite)
            }
            State::Writing => Vec::new(),
            State::Done { .. } => vec![Ask::Close],
        }
    }

    /// What to type in a shell to use it.
    fn use_line(&self, path: &str) -> String {
        if self.merge {
            format!("kubectl config use-context {}", crate::ui::forms::command::quote(&self.name))
        } else {
            format!("export KUBECONFIG={}", crate::ui::forms::command::quote(path))
        }
    }

    fn typing(&self) -> bool {
        self.ready && !self.merge && matches!(self.state, State::Choosing | State::Failed(_))
    }
}

impl Layer for KubeconfigDialog {
    fn contexts(&self) -> Vec<Context> {
        match self.state {
            State::Choosing | State::Failed(_) => vec![Context::Kubeconfig],
            _ => vec![Context::Dialog],
        }
    }

    fn takes_text(&self) -> bool {
        self.typing()
    }

    fn is_overlay(&self) -> bool {
        true
    }

    fn text(&mut self, key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        (self.typing() && self.path.key(key)).then(|| {
            self.state = State::Choosing;
            Vec::new()
        })
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        if self.typing() {
            self.path.paste(text);
        }
    }

    fn on(&mut self, action: Action, _cx: &Cx) -> Vec<Ask> {
        match (action, &self.state) {
            (Action::Accept, _) => self.accept(),
            (Action::Merge, State::Choosing | State::Failed(_)) => {
                self.merge = !self.merge;
                self.state = State::Choosing;
                Vec::new()
            }
            (Action::Copy, State::Done { path, .. }) => copy("line", &self.use_line(path)),
            (Action::Back, State::Asking { .. }) => {
                self.state = State::Choosing;
                Vec::new()
            }
            (Action::Back, _) => vec![Ask::Close],
            _ => Vec::new(),
        }
    }

    fn reply(&mut self, reply: &Reply, _cx: &Cx) -> Option<Vec<Ask>> {
        if let (Reply::Kubeconfig(saved), State::Writing) = (reply, &self.state) {
            self.state = match saved.clone() {
                Saved::Done { path, replaced } => State::Done { path, replaced },
                Saved::Exists { what } => State::Asking { what: format!("{what} Write over it?"), overwrite: true },
                Saved::Failed(problem) => State::Failed(problem),
            };
        }
        None
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let room = usize::from(area.width.min(74)).saturating_sub(4);
        let mut lines: Vec<Vec<Span>> = Vec::new();
        let mut input_at = None;
        let choose = |on: bool| if on { cx.span(Role::FieldFocused, "(•) ") } else { cx.span(Role::Muted, "( ) ") };
        let keys = |context: Context, accept: &str, back: &str| {
            let mut keys = press(Action::Accept, &[context], accept, cx);
            keys.push(Span::raw("     "));
            keys.extend(press(Action::Back, &[context], back, cx));
            keys
        };
        match &self.state {
            State::Choosing | State::Failed(_) if !self.ready => {
                lines.push(vec![cx.span(Role::Text, "The API address of this cluster is not known yet,")]);
                lines
                    .push(vec![cx.span(Role::Text, "so there is no kubeconfig to write. Try again once it is ready.")]);
                lines.push(Vec::new());
                lines.push(press(Action::Back, &[Context::Kubeconfig], "back", cx));
            }
            State::Choosing | State::Failed(_) => {
                lines.push(vec![choose(!self.merge), cx.span(Role::Text, "a file of its own")]);
                lines.push(vec![choose(self.merge), cx.span(Role::Text, "merge into ~/.kube/config")]);
                lines.push(Vec::new());
                if self.merge {
                    lines.push(vec![cx.span(Role::Muted, "Adds a cluster, a user and a context; asks first.")]);
                } else {
                    input_at = Some(lines.len());
                    lines.push(Vec::new());
                }
                lines.push(vec![
                    cx.span(Role::Muted, "It holds a fresh client key: the file can be read by you alone (0600)."),
                ]);
                if let State::Failed(problem) = &self.state {
                    lines.push(Vec::new());
                    lines.extend(problem_lines(problem, room, cx));
                }
                lines.push(Vec::new());
                let mut hints = keys(Context::Kubeconfig, "write", "back");
                hints.push(Span::raw("     "));
                hints.extend(press(Action::Merge, &[Context::Kubeconfig], "file or merge", cx));
                lines.push(hints);
            }
            State::Asking { what, .. } => {
                lines.extend(text::wrap(what, room, 4).into_iter().map(|line| vec![cx.span(Role::Warning, line)]));
                lines.extend([Vec::new(), keys(Context::Dialog, "yes", "no")]);
            }
            State::Writing => lines.push(vec![cx.span(Role::Moving, "◌ making a client certificate and writing…")]),
            State::Done { path, replaced } => {
                lines.push(vec![
                    cx.span(Role::Ok, "● written to "),
                    cx.span(Role::Strong, text::fit_end(path, room.saturating_sub(13))),
                ]);
                if !replaced.is_empty() {
                    let told = format!("Replaced what was there before: {}", replaced.join(", "));
                    lines.extend(text::wrap(&told, room, 3).into_iter().map(|line| vec![cx.span(Role::Warning, line)]));
                }
                lines.push(Vec::new());
                lines.push(vec![cx.span(Role::Text, self.use_line(path))]);
                lines.push(Vec::new());
                let mut hints = press(Action::Copy, &[Context::Dialog], "copy that line", cx);
                hints.push(Span::raw("     "));
                hints.extend(press(Action::Back, &[Context::Dialog], "back", cx));
                lines.push(hints);
            }
        }
        let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
        let title = format!("Kubeconfig of {}", text::fit(&self.name, 40));
        let inner = boxes::dialog(area, 74, height, &title, Role::BorderFocused, cx, buf);
        text::put_lines(buf, inner, lines);
        if let Some(at) = input_at {
            field(
                &mut self.path,
                Rect { y: inner.y + u16::try_from(at).unwrap_or(0), height: 1, ..inner },
                inner,
                cx,
                buf,
            );
        }
    }
}
