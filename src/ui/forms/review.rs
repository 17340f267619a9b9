//! The last look before a cluster is made: checks, quotas, the plan and the command that
//! would do the same. What is wrong is told by the manager, not judged here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::model::text::clean;
use crate::model::{Check, NewCluster, Problem, QuotaUse, Severity};
use crate::service::preview::Preview;
use crate::ui::action::{Action, Context};
use crate::ui::effect::{Effect, Job};
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::msg::Reply;
use crate::ui::pages::layout;
use crate::ui::panes;
use crate::ui::theme::Role;
use crate::ui::widgets::boxes::{self, Boxed};
use crate::ui::widgets::{bar, text};

/// Columns of a quota's bar, and of names before what follows them.
const BAR: usize = 10;
const QUOTA: usize = 20;
const NAME: usize = 24;

type Lines = Vec<Vec<Span<'static>>>;

pub struct Review {
    wish: NewCluster,
    /// The same with OpenStack's client, flags with their values.
    command: Vec<String>,
    seen: Option<Result<Box<Preview>, Vec<Problem>>>,
    sending: bool,
    /// Enter was pressed before there was anything to be seen.
    early: bool,
    /// First visible line, the greatest there is, and how many are seen at once.
    top: usize,
    end: usize,
    page: usize,
}

impl Review {
    pub fn new(wish: NewCluster, command: Vec<String>) -> Self {
        Self { wish, command, seen: None, sending: false, early: false, top: 0, end: 0, page: 1 }
    }

    fn may_create(&self) -> bool {
        matches!(&self.seen, Some(Ok(preview)) if preview.errors().next().is_none())
    }

    /// What speaks against it, and how to go on.
    fn checks(&self, room: usize, cx: &Cx) -> Lines {
        let mut lines = Vec::new();
        match &self.seen {
            None => lines.push(vec![cx.span(Role::Moving, "◌ looking at the rules, the plan and the quotas…")]),
            Some(Err(problems)) => {
                for problem in problems {
                    lines.extend(panes::problem_lines(problem, room, cx));
                }
            }
            Some(Ok(preview)) => {
                let errors = preview.errors().count();
                lines.push(match (errors, preview.checks.len()) {
                    (0, 0) => vec![cx.span(Role::Ok, "✔ nothing speaks against it")],
                    (0, _) => vec![cx.span(Role::Ok, "✔ it can be created")],
                    (1, _) => vec![cx.span(Role::Failed, "✖ 1 error; nothing is created while it is there")],
                    (n, _) => {
                        vec![cx.span(Role::Failed, format!("✖ {n} errors; nothing is created while they are there"))]
                    }
                });
                preview.checks.iter().for_each(|check| lines.extend(check_lines(check, room, cx)));
            }
        }
        lines.push(Vec::new());
        lines.push(vec![cx.span(Role::Heading, "THE SAME WITH OPENSTACK'S CLIENT")]);
        let command = super::draw::command_lines(&self.command, room);
        lines.extend(command.into_iter().map(|line| vec![cx.span(Role::Muted, line)]));
        lines
    }

    fn plan(&self, room: usize, cx: &Cx) -> Lines {
        let Some(Ok(preview)) = &self.seen else { return Vec::new() };
        let mut lines: Lines = Vec::new();
        let heading = |lines: &mut Lines, title: &str| {
            if !lines.is_empty() {
                lines.push(Vec::new());
            }
            lines.push(vec![cx.span(Role::Heading, title)]);
        };
        if !preview.quotas.is_empty() {
            heading(&mut lines, "QUOTAS");
            lines.extend(preview.quotas.iter().map(|quota| quota_line(quota, room, cx)));
        }
        if let Some(plan) = &preview.plan {
            heading(&mut lines, "STACK");
            let wait = plan.wait_condition_timeout.map(|seconds| format!(", {seconds} s a node")).unwrap_or_default();
            lines.push(pair("driver", preview.driver.as_deref().unwrap_or_default(), cx));
            lines.push(pair("time-out", &format!("{} min{wait}", plan.timeout_mins), cx));
        }
        if !preview.resources.is_empty() {
            let all: usize = preview.resources.iter().map(|counted| counted.count).sum();
            heading(&mut lines, &format!("RESOURCES  {all}"));
            for counted in &preview.resources {
                lines.push(vec![
                    cx.span(Role::Strong, format!("{:>5}  ", counted.count)),
                    cx.span(Role::Text, text::fit(&counted.kind, room.saturating_sub(7))),
                ]);
            }
        }
        if !preview.labels.is_empty() {
            heading(&mut lines, "LABELS");
            for label in &preview.labels {
                let from = if label.read == Some(false) { "no effect".into() } else { label.origin.word().to_owned() };
                let name = format!("{}={}", label.name, label.value);
                let left = room.saturating_sub(text::width(&from) + 2);
                lines.push(vec![
                    cx.span(Role::Text, text::pad(&name, left)),
                    cx.span(if label.read == Some(false) { Role::Warning } else { Role::Muted }, format!("  {from}")),
                ]);
            }
        }
        if let Some(plan) = &preview.plan {
            heading(&mut lines, "PARAMETERS");
            for (name, value) in &plan.parameters {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                lines.push(pair(name, &text::fit(&value, room.saturating_sub(NAME + 1)), cx));
            }
        }
        lines
    }
}

fn pair(name: &str, value: &str, cx: &Cx) -> Vec<Span<'static>> {
    vec![cx.span(Role::Label, text::pad(name, NAME)), cx.span(Role::Text, format!(" {}", clean(value)))]
}

fn check_lines(check: &Check, room: usize, cx: &Cx) -> Lines {
    let (sign, role) = match check.severity {
        Severity::Error => ("✖", Role::Failed),
        Severity::Warning => ("!", Role::Warning),
        Severity::Advice => ("→", Role::Muted),
    };
    let field = check.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
    let told = text::wrap(&format!("{field}{}", check.found), room.saturating_sub(2), 4);
    let mut lines: Lines = Vec::new();
    for (at, line) in told.into_iter().enumerate() {
        let sign = if at == 0 { format!("{sign} ") } else { "  ".to_owned() };
        lines.push(vec![
            cx.span(role, sign),
            cx.span(if check.severity == Severity::Advice { Role::Text } else { role }, line),
        ]);
    }
    let advice = check.advice.iter().flat_map(|advice| text::wrap(advice, room.saturating_sub(4), 4));
    lines.extend(advice.map(|line| vec![cx.span(Role::Muted, format!("    {line}"))]));
    lines
}

fn quota_line(quota: &QuotaUse, room: usize, cx: &Cx) -> Vec<Span<'static>> {
    let unit = quota.item.unit();
    let mut line = vec![cx.span(Role::Label, text::pad(&quota.item.to_string(), QUOTA)), Span::raw(" ")];
    let told = match quota.limit {
        Some(limit) => {
            line.extend(bar::quota(quota.used, quota.needed, limit, BAR, cx));
            format!("  {} + {} of {limit}{unit}", quota.used, quota.needed)
        }
        None => {
            line.push(Span::raw(" ".repeat(BAR)));
            format!("  {} + {}{unit}, no limit", quota.used, quota.needed)
        }
    };
    let role = if quota.fits() { Role::Text } else { Role::Failed };
    line.push(cx.span(role, text::fit(&told, room.saturating_sub(QUOTA + BAR + 1))));
    line
}

impl Layer for Review {
    fn contexts(&self) -> Vec<Context> {
        vec![Context::Dialog]
    }

    fn opened(&mut self) -> Vec<Ask> {
        vec![Ask::Run(Job::Preview(Box::new(self.wish.clone())))]
    }

    fn on(&mut self, action: Action, _cx: &Cx) -> Vec<Ask> {
        self.top = match action {
            Action::Up => self.top.saturating_sub(1),
            Action::Down => self.top.saturating_add(1),
            Action::PageUp => self.top.saturating_sub(self.page),
            Action::PageDown => self.top.saturating_add(self.page),
            Action::First => 0,
            Action::Last => self.end,
            Action::Back => return vec![Ask::Close],
            Action::Accept if self.may_create() && !self.sending => {
                self.sending = true;
                return vec![Ask::Run(Job::CreateCluster(Box::new(self.wish.clone())))];
            }
            // Nothing is sent that nobody has seen; that it was not is said.
            Action::Accept if self.seen.is_none() => {
                self.early = true;
                self.top
            }
            Action::Copy => {
                let said = Ask::Say("the command is on the clipboard".into());
                return vec![Ask::Do(Effect::Copy(self.command.join(" "))), said];
            }
            _ => self.top,
        }
        .min(self.end);
        Vec::new()
    }

    fn reply(&mut self, reply: &Reply, _cx: &Cx) -> Option<Vec<Ask>> {
        match reply {
            Reply::Preview(seen) if self.seen.is_none() => {
                self.seen = Some(seen.clone());
                self.early = false;
            }
            // The form below shows what was refused, each at its field.
            Reply::ClusterCreated(Err(_)) if self.sending => return Some(vec![Ask::Close]),
            _ => {}
        }
        None
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let wide = area.width >= layout::WIDE;
        let (left, right) = if wide { cx.pointer.columns("review", area, 50) } else { (area, Rect::default()) };
        let plain = |area, title: String, focused| {
            let role = if focused { Role::TitleFocused } else { Role::Title };
            Boxed { area, title: vec![cx.span(role, title)], note: Vec::new(), focused }
        };
        let title = format!("Review {}", self.wish.name);
        let mut shown = vec![plain(left, title, true)];
        if wide {
            shown.insert(0, plain(right, "Plan".into(), false));
        }
        boxes::draw(&shown, cx, buf);
        let inside = |area: Rect| {
            let inner = boxes::inside(area);
            Rect { x: inner.x + 1.min(inner.width), width: inner.width.saturating_sub(2), ..inner }
        };
        let inner = inside(left);
        let rows = usize::from(inner.height.saturating_sub(2));
        let room = usize::from(inner.width);
        let mut columns = vec![(inner, self.checks(room, cx))];
        if wide {
            let inner = inside(right);
            columns.push((inner, self.plan(usize::from(inner.width), cx)));
        } else {
            let plan = self.plan(room, cx);
            let (_, lines) = &mut columns[0];
            lines.push(Vec::new());
            lines.extend(plan);
        }
        self.page = rows.max(1);
        self.end = columns.iter().map(|(_, lines)| lines.len().saturating_sub(rows)).max().unwrap_or(0);
        self.top = self.top.min(self.end);
        for (area, lines) in columns {
            // A short column stays where it is while the long one moves.
            let top = self.top.min(lines.len().saturating_sub(rows));
            let rect = Rect { height: area.height.saturating_sub(2), ..area };
            text::put_lines(buf, rect, lines.into_iter().skip(top).collect());
        }
        let ready = self.may_create() && !self.sending;
        let word = if self.sending { "  ◌ creating…  " } else { "  Create  " };
        let mut foot = vec![cx.span(if ready { Role::Selected } else { Role::Faint }, word)];
        if let Some(key) = cx.keymap.key_for(&self.contexts(), Action::Accept).filter(|_| ready) {
            foot.push(cx.span(Role::Key, format!("  {key}")));
        }
        if self.early {
            foot.push(cx.span(Role::Warning, "  not sent: it still looks"));
        }
        if self.end > 0 {
            let (first, last) = (self.top + 1, self.top + rows);
            foot.push(cx.span(Role::Faint, format!("   lines {first}–{last} of {}", self.end + rows)));
        }
        text::put(buf, inner.x, inner.bottom().saturating_sub(1), inner.width, foot);
    }
}
