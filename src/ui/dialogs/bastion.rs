//! The host between here and a cluster's nodes: whether there is one, making it, removing it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::model::{ClusterId, Machine, Problem};
use crate::ui::action::{Action, Context};
use crate::ui::effect::Job;
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::msg::Reply;
use crate::ui::panes::{fact, press, problem_lines};
use crate::ui::theme::Role;
use crate::ui::widgets::{boxes, text};

pub struct BastionDialog {
    id: ClusterId,
    state: State,
}

enum State {
    Looking,
    None,
    There(Machine),
    Making,
    Removing,
    Failed(Problem),
}

impl BastionDialog {
    pub fn new(id: ClusterId) -> Self {
        Self { id, state: State::Looking }
    }

    fn found(&mut self, bastion: Option<&Machine>) {
        self.state = bastion.map_or(State::None, |bastion| State::There(bastion.clone()));
    }
}

impl Layer for BastionDialog {
    fn contexts(&self) -> Vec<Context> {
        vec![Context::Dialog]
    }

    fn is_overlay(&self) -> bool {
        true
    }

    fn on(&mut self, action: Action, _cx: &Cx) -> Vec<Ask> {
        let (state, job) = match (action, &self.state) {
            (Action::Back, _) => return vec![Ask::Close],
            (Action::Accept, State::None) => (State::Making, Job::MakeBastion(self.id)),
            (Action::Accept, State::There(_)) => (State::Removing, Job::RemoveBastion(self.id)),
            (Action::Accept, State::Failed(_)) => (State::Looking, Job::Bastions(self.id)),
            _ => return Vec::new(),
        };
        self.state = state;
        vec![Ask::Run(job)]
    }

    fn reply(&mut self, reply: &Reply, _cx: &Cx) -> Option<Vec<Ask>> {
        match reply {
            Reply::Bastions(id, found) if *id == self.id => match found {
                Ok(all) => self.found(all.first()),
                Err(problem) => self.state = State::Failed(problem.clone()),
            },
            Reply::BastionMade(id, made) if *id == self.id => match made {
                Ok((bastion, _)) => self.found(Some(bastion)),
                Err(problem) => self.state = State::Failed(problem.clone()),
            },
            Reply::BastionRemoved(id, removed) if *id == self.id => match removed {
                Ok(_) => self.found(None),
                Err(problem) => self.state = State::Failed(problem.clone()),
            },
            _ => return None,
        }
        Some(Vec::new())
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let name = cx.fleet.clusters.get(&self.id).map_or("a cluster that is gone", |cluster| &cluster.name);
        let room = usize::from(area.width.min(72)).saturating_sub(4);
        let say = |told: &str| -> Vec<Vec<Span<'static>>> {
            text::wrap(told, room, 4).into_iter().map(|line| vec![cx.span(Role::Text, line)]).collect()
        };
        let (mut lines, accept) = match &self.state {
            State::Looking => (vec![vec![cx.span(Role::Moving, "◌ looking for a bastion…")]], None),
            State::Making => (vec![vec![cx.span(Role::Moving, "◌ asking the cloud for it, part by part…")]], None),
            State::Removing => (vec![vec![cx.span(Role::Moving, "◌ removing it, part by part…")]], None),
            State::None => {
                let mut lines = say("This cluster has no bastion of ours.");
                lines.extend(say(
                    "One is a small server with a floating IP on the cluster's network that lets in this machine and nobody else. Shells, logs and tunnels then go over it. It goes with the cluster at the latest.",
                ));
                (lines, Some("make one"))
            }
            State::There(bastion) => {
                let address = bastion.floating_address.map_or_else(|| "none yet".into(), |address| address.to_string());
                let value = |text: &str| vec![cx.span(Role::Strong, crate::model::text::clean(text))];
                let mut lines = vec![
                    fact("server", value(&bastion.name), cx),
                    fact("status", value(&bastion.status), cx),
                    fact("address", value(&address), cx),
                    Vec::new(),
                ];
                lines.extend(say("Removing it ends the shells and tunnels that go over it."));
                (lines, Some("remove it"))
            }
            State::Failed(problem) => (problem_lines(problem, room, cx), Some("look again")),
        };
        lines.push(Vec::new());
        let mut keys = Vec::new();
        if let Some(accept) = accept {
            keys.extend(press(Action::Accept, &[Context::Dialog], accept, cx));
            keys.push(Span::raw("     "));
        }
        keys.extend(press(Action::Back, &[Context::Dialog], "back", cx));
        lines.push(keys);
        let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
        let title = format!("Bastion of {}", text::fit(name, 40));
        let inner = boxes::dialog(area, 72, height, &title, Role::BorderFocused, cx, buf);
        text::put_lines(buf, inner, lines);
    }
}
