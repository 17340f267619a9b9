//! Where to go: the clouds of the user's files, and the projects and regions of the one we are in,
//! by a few letters of their names. Works without any cloud that answers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::model::{CloudEntry, Destination, Places};
use crate::ui::action::{Action, Context};
use crate::ui::filter::in_order;
use crate::ui::fleet::Fleet;
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer, Link};
use crate::ui::panes::{press, step};
use crate::ui::pointer::{Clicked, Spot, Under, WHEEL};
use crate::ui::theme::Role;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::list::Cursor;
use crate::ui::widgets::{boxes, table, text};

/// A place to go to.
pub struct Choice {
    /// `cloud`, `project` or `region`.
    pub sort: &'static str,
    pub name: String,
    /// We are there now.
    pub here: bool,
    pub told: String,
    /// It cannot be gone to as it stands.
    pub wrong: bool,
    pub to: Destination,
}

/// Everything there is to choose from, as far as it is known.
pub fn choices(fleet: &Fleet) -> Vec<Choice> {
    let here = fleet.identity.as_ref();
    let mut all: Vec<Choice> = Vec::new();
    for entry in fleet.clouds.0.iter().flatten() {
        let is_here = here.is_some_and(|who| who.cloud == entry.name);
        all.push(Choice {
            sort: "cloud",
            name: entry.name.clone(),
            here: is_here,
            told: entry.problem.as_ref().map_or_else(|| describe(entry), |problem| problem.summary.clone()),
            wrong: entry.problem.is_some(),
            to: Destination::cloud(&entry.name),
        });
    }
    let (Some(who), Some(Ok(Places { projects, regions }))) = (here, &fleet.places) else { return all };
    for project in projects {
        all.push(Choice {
            sort: "project",
            name: project.name.clone(),
            here: who.scope.project_id == project.id,
            told: project.id.clone(),
            wrong: false,
            to: Destination {
                cloud: who.cloud.clone(),
                project: Some(project.id.clone()),
                region: Some(who.scope.region.clone()),
            },
        });
    }
    for region in regions {
        all.push(Choice {
            sort: "region",
            name: region.clone(),
            here: who.scope.region == *region,
            told: String::new(),
            wrong: false,
            to: Destination {
                cloud: who.cloud.clone(),
                // A login that is bound to its project is told nothing of projects.
                project: Some(who.scope.project_id.clone()).filter(|_| !projects.is_empty()),
                region: Some(region.clone()),
            },
        });
    }
    all
}

/// `project web · RegionOne · https://keystone…`.
fn describe(entry: &CloudEntry) -> String {
    let project = entry.project.as_ref().map(|project| format!("project {project}"));
    [project.as_ref(), entry.region.as_ref(), Some(&entry.auth_url)]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" · ")
}

#[derive(Default)]
pub struct CloudsDialog {
    typed: Input,
    cursor: Cursor<Destination>,
}

impl CloudsDialog {
    fn rows(&self, cx: &Cx) -> Vec<Choice> {
        let wanted = self.typed.text().trim().to_lowercase();
        let fits = |choice: &Choice| {
            let name = format!("{} {}", choice.sort, choice.name).to_lowercase();
            wanted.split_whitespace().all(|word| name.contains(word)) || in_order(&wanted.replace(' ', ""), &name)
        };
        choices(cx.fleet).into_iter().filter(fits).collect()
    }

    fn keys(&self, cx: &Cx) -> Vec<Destination> {
        self.rows(cx).into_iter().map(|row| row.to).collect()
    }

    /// What is not known, and why.
    fn notes(cx: &Cx) -> Vec<Vec<Span<'static>>> {
        let mut lines = Vec::new();
        let fault = |told: &str| vec![cx.span(Role::Failed, format!("✖ {told}"))];
        if let Err(problem) = &cx.fleet.clouds.0 {
            lines.push(fault(&problem.line()));
        }
        match &cx.fleet.places {
            Some(Err(problem)) => lines.push(fault(&problem.line())),
            None if *cx.link == Link::Connected => {
                lines.push(vec![cx.span(Role::Moving, "◌ asking Keystone for projects…")]);
            }
            _ => {}
        }
        lines
    }
}

impl Layer for CloudsDialog {
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
        let keys = self.keys(cx);
        if let Some(step) = step(action) {
            self.cursor.step(step, &keys);
            return Vec::new();
        }
        match (action, self.cursor.selected(&keys)) {
            (Action::Back, _) => vec![Ask::Close],
            (Action::Accept, Some(to)) => vec![Ask::Close, Ask::Go(to.clone())],
            _ => Vec::new(),
        }
    }

    fn text(&mut self, key: KeyPress, cx: &Cx) -> Option<Vec<Ask>> {
        let before = self.typed.text().to_owned();
        if !self.typed.key(key) {
            return None;
        }
        if self.typed.text() != before
            && let Some(first) = self.rows(cx).first()
        {
            self.cursor.select(first.to.clone());
        }
        Some(Vec::new())
    }

    fn click(&mut self, on: Under, cx: &Cx) -> Clicked {
        let keys = self.keys(cx);
        match on {
            Under::Row(row) if self.cursor.click(row, &keys) == Some(true) => Clicked::Enter,
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
        let notes = Self::notes(cx);
        let wanted = u16::try_from(choices(cx.fleet).len() + notes.len()).unwrap_or(u16::MAX).clamp(4, 16) + 5;
        let inner = boxes::dialog(area, 86, wanted, "Where to", Role::BorderFocused, cx, buf);
        if inner.height < 4 {
            return;
        }
        text::put(buf, inner.x, inner.y, 2, vec![cx.span(Role::FieldFocused, "› ")]);
        let line = Rect { x: inner.x + 2, width: inner.width.saturating_sub(2), height: 1, ..inner };
        self.typed.view(true, cx, line, buf);
        let mut keys = press(Action::Accept, &[Context::Palette], "go there", cx);
        keys.push(Span::raw("     "));
        keys.extend(press(Action::Back, &[Context::Palette], "stay", cx));
        text::put(buf, inner.x, inner.bottom() - 1, inner.width, keys);
        let told = u16::try_from(notes.len()).unwrap_or(0).min(inner.height - 3);
        let list = Rect { y: inner.y + 1, height: inner.height - 3 - told, ..inner };
        text::put_lines(buf, Rect { y: list.bottom(), height: told, ..inner }, notes);
        if rows.is_empty() {
            let told = match self.typed.text() {
                "" if cx.fleet.clouds.0.is_err() => String::new(),
                "" => "no clouds.yaml names a cloud".to_owned(),
                typed => format!("nothing here is called \"{typed}\""),
            };
            return text::put(buf, list.x, list.y, list.width, vec![cx.span(Role::Muted, told)]);
        }
        let keys: Vec<Destination> = rows.iter().map(|row| row.to.clone()).collect();
        let window = self.cursor.window(&keys, usize::from(list.height));
        cx.pointer.put(list, Spot::Rows);
        let here = self.cursor.index(&keys);
        for (y, at) in (list.top()..list.bottom()).zip(window) {
            text::put(buf, list.x + 2, y, list.width.saturating_sub(2), spans(&rows[at], cx));
            if here == Some(at) {
                table::mark(list, y, true, cx, buf);
            }
        }
    }
}

fn spans(row: &Choice, cx: &Cx) -> Vec<Span<'static>> {
    let sign = match (row.here, row.wrong) {
        (true, _) => cx.span(Role::Ok, "● "),
        (false, true) => cx.span(Role::Failed, "✖ "),
        (false, false) => Span::raw("  "),
    };
    vec![
        cx.span(Role::Faint, text::pad(row.sort, 9)),
        sign,
        cx.span(Role::Strong, text::pad(&row.name, 20)),
        cx.span(if row.wrong { Role::Failed } else { Role::Muted }, format!("  {}", row.told)),
    ]
}
