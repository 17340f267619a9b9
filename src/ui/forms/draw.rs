//! How a form looks: fields with their problems under them, and beside (or
//! below) them help, what is wrong elsewhere, and the equivalent command.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::command::Wording;
use super::field::{Field, Kind, Values};
use super::form::{Form, Subject};
use crate::model::Problem;
use crate::ui::action::{Action, Context};
use crate::ui::layer::Cx;
use crate::ui::pages::layout;
use crate::ui::pointer::Spot;
use crate::ui::theme::Role;
use crate::ui::widgets::boxes::{self, Boxed};
use crate::ui::widgets::text;

const LABEL: u16 = 20;

impl<S: Subject> Form<S> {
    pub(super) fn draw(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let problems = self.shown_problems(cx);
        let (fields, side) = if area.width >= layout::WIDE {
            cx.pointer.columns("form", area, 58)
        } else {
            let help = 9.min(area.height / 2);
            let rects = cx.pointer.column("form", area, &[(5, 1), (help, 0)]);
            (rects[0], rects[1])
        };
        let beside = self.focused().map_or(self.subject.button().trim(), |field| field.label);
        let about = self.subject.named().map(|name| cx.span(Role::Strong, name));
        let side_box =
            Boxed { area: side, title: vec![cx.span(Role::Title, beside)], note: Vec::new(), focused: false };
        let title = vec![cx.span(Role::TitleFocused, self.subject.title())];
        let form_box = Boxed { area: fields, title, note: about.into_iter().collect(), focused: true };
        boxes::draw(&[side_box, form_box], cx, buf);
        let inner = boxes::inside(fields);
        self.draw_fields(
            &problems,
            cx,
            Rect { x: inner.x + 1.min(inner.width), width: inner.width.saturating_sub(2), ..inner },
            buf,
        );
        let inner = boxes::inside(side);
        let inner = Rect { x: inner.x + 1.min(inner.width), width: inner.width.saturating_sub(2), ..inner };
        text::put_lines(buf, inner, self.side_lines(&problems, inner, cx));
        if let Some(menu) = self.menu(cx)
            && let Some(picker) = &mut self.picker
        {
            cx.pointer.cover();
            picker.view(&menu, cx, area, buf);
        }
        if let Some(asking) = &mut self.asking {
            cx.pointer.cover();
            asking.view(cx, area, buf);
        }
    }

    /// Rows a field takes with its problems, of which a line is `room` wide.
    fn height(&self, at: usize, problems: &[Problem], room: usize) -> u16 {
        let Some(field) = self.fields.get(at) else { return 2 };
        let told = told_lines(field, problems, room).len();
        let own = match &field.kind {
            Kind::Labels(editor) => editor.height(at == self.focus),
            _ => 1,
        };
        own + u16::try_from(told).unwrap_or(0)
    }

    fn draw_fields(&mut self, problems: &[Problem], cx: &Cx, area: Rect, buf: &mut Buffer) {
        let room = usize::from(area.width.saturating_sub(LABEL));
        // Scroll by whole fields, as little as shows the focused one.
        self.top = self.top.min(self.focus);
        while self.top < self.focus
            && (self.top..=self.focus).map(|at| self.height(at, problems, room)).sum::<u16>() > area.height
        {
            self.top += 1;
        }
        while self.top > 0
            && (self.top - 1..=self.fields.len()).map(|at| self.height(at, problems, room)).sum::<u16>() <= area.height
        {
            self.top -= 1;
        }
        let mut y = area.y;
        for at in self.top..self.fields.len() {
            let height = self.height(at, problems, room);
            if y >= area.bottom() {
                return;
            }
            let place = Rect { y, height: height.min(area.bottom() - y), ..area };
            cx.pointer.put(place, Spot::Field(at));
            self.draw_field(at, problems, cx, place, buf);
            y += height;
        }
        if y < area.bottom() {
            let focused = self.focus == self.fields.len();
            let role = if focused { Role::Selected } else { Role::Strong };
            let sending = || format!("  ◌ {}  ", self.subject.doing());
            let word = if self.sending { sending() } else { self.subject.button().to_owned() };
            let mut line = vec![cx.span(role, word)];
            if let Some(key) = cx.keymap.key_where(&[Context::Form], Action::Submit, true) {
                line.push(cx.span(Role::Key, format!("  {key}")));
            }
            let y = (y + 1).min(area.bottom() - 1);
            let wide = u16::try_from(text::spans_width(&line)).unwrap_or(u16::MAX).min(area.width);
            cx.pointer.put(Rect { y, width: wide, height: 1, ..area }, Spot::Act(Action::Submit));
            text::put(buf, area.x, y, area.width, line);
        }
    }

    fn draw_field(&mut self, at: usize, problems: &[Problem], cx: &Cx, area: Rect, buf: &mut Buffer) {
        let focused = at == self.focus && self.picker.is_none();
        let values = Values(&self.fields);
        let Some(field) = self.fields.get(at) else { return };
        let none = self.subject.none(field.id, &values, cx);
        let bad = told_lines(field, problems, usize::from(area.width.saturating_sub(LABEL)));
        let sign = if at == self.focus { "▸ " } else { "  " };
        let role = if at == self.focus { Role::FieldFocused } else { Role::Label };
        let label = vec![cx.span(Role::BorderFocused, sign), cx.span(role, field.label)];
        text::put(buf, area.x, area.y, LABEL, label);
        let value = Rect {
            x: area.x + LABEL.min(area.width),
            width: area.width.saturating_sub(LABEL),
            height: area.height.min(1),
            ..area
        };
        let loading = cx.fleet.inventory.is_none();
        let Some(field) = self.fields.get_mut(at) else { return };
        let mut below = value.y + 1;
        match &mut field.kind {
            Kind::Text(input) | Kind::Number(input) => {
                input.view(focused, cx, value, buf);
                if input.text().is_empty() && !focused {
                    text::put(
                        buf,
                        value.x,
                        value.y,
                        value.width,
                        vec![cx.span(Role::Faint, none.unwrap_or_else(|| "–".into()))],
                    );
                }
            }
            Kind::Switch(switch) => {
                let mut line = Vec::new();
                for (index, (_, word)) in switch.options.iter().enumerate() {
                    let chosen = index == switch.at;
                    line.push(cx.span(
                        if chosen && focused {
                            Role::Selected
                        } else if chosen {
                            Role::Strong
                        } else {
                            Role::Faint
                        },
                        if chosen { format!("[{word}]") } else { format!(" {word} ") },
                    ));
                    line.push(Span::raw(" "));
                }
                text::put(buf, value.x, value.y, value.width, line);
            }
            Kind::Pick(chosen) => {
                let shown = match (&*chosen, none) {
                    (Some(value), _) => cx.span(if focused { Role::Strong } else { Role::Field }, value.clone()),
                    (None, Some(none)) => cx.span(Role::Faint, none),
                    (None, None) if loading => cx.span(Role::Moving, "◌ loading…"),
                    (None, None) => cx.span(Role::Warning, "choose one"),
                };
                let mut line = vec![shown];
                if focused {
                    line.push(cx.span(Role::Key, "  ▾"));
                }
                text::put(buf, value.x, value.y, value.width, line);
            }
            Kind::Marks(chosen) => {
                let shown = match none {
                    Some(none) if chosen.is_empty() => cx.span(Role::Faint, none),
                    _ => cx.span(if focused { Role::Strong } else { Role::Field }, chosen.join(", ")),
                };
                let mut line = vec![shown];
                if focused {
                    line.push(cx.span(Role::Key, "  ▾"));
                }
                text::put(buf, value.x, value.y, value.width, line);
            }
            Kind::Labels(editor) => {
                let height = editor.height(at == self.focus).min(area.height);
                editor.view(focused, cx, Rect { height, ..value }, buf);
                below = value.y + height;
            }
        }
        for (y, why) in (below..area.bottom()).zip(bad) {
            text::put(buf, value.x, y, value.width, vec![cx.span(Role::Failed, why)]);
        }
    }

    /// Help for the field in focus, problems that belong to no field, the command.
    fn side_lines(&self, problems: &[Problem], area: Rect, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        let room = usize::from(area.width);
        let mut lines: Vec<Vec<Span>> = Vec::new();
        let begun = match self.focused().map(|field| &field.kind) {
            Some(Kind::Labels(editor)) => editor.begun(),
            _ => None,
        };
        match &begun {
            Some(begun) => lines.extend(begun.lines(self.subject.sheet(&Values(&self.fields), cx), room, cx)),
            None => {
                let help = self.focused().map_or(self.subject.ending(), |field| field.help);
                lines.extend(text::wrap(help, room, 4).into_iter().map(|line| vec![cx.span(Role::Text, line)]));
            }
        }
        let here = self.focused().map(|field| field.id);
        for problem in problems {
            let advice = problem.advice.as_ref().filter(|_| problem.field.as_deref() == here);
            let lost = !self.fields.iter().any(|field| Some(field.id) == problem.field.as_deref());
            let is_label = problem.field.as_deref() == here && here == Some("labels");
            if lost || is_label {
                lines.extend(crate::ui::panes::problem_lines(problem, room, cx));
            } else if let Some(advice) = advice {
                lines.extend(
                    text::wrap(&format!("→ {advice}"), room, 3)
                        .into_iter()
                        .map(|line| vec![cx.span(Role::Warning, line)]),
                );
            }
        }
        for remark in self.subject.remarks(&Values(&self.fields), cx) {
            // At its field, and once more at the end.
            if here.is_none() || remark.field.as_deref() == here {
                let advice = remark.advice.as_ref().map(|advice| format!(". {advice}")).unwrap_or_default();
                let told = text::wrap(&format!("! {}{advice}", remark.found), room, 4);
                lines.extend(told.into_iter().map(|line| vec![cx.span(Role::Warning, line)]));
            }
        }
        for problem in &cx.fleet.inventory_problems {
            let told = format!("not everything could be looked up: {}", problem.summary);
            lines.extend(text::wrap(&told, room, 2).into_iter().map(|line| vec![cx.span(Role::Warning, line)]));
        }
        let mut command = vec![vec![cx.span(
            Role::Heading,
            match self.wording {
                Wording::Jeroboam => "THE SAME ON THE COMMAND LINE",
                Wording::OpenStack => "THE SAME WITH OPENSTACK'S CLIENT",
            },
        )]];
        let parts = self.subject.command(&Values(&self.fields), self.wording);
        command.extend(command_lines(&parts, room).into_iter().map(|line| vec![cx.span(Role::Muted, line)]));
        let height = usize::from(area.height);
        if begun.is_some() && lines.len() + command.len() > height {
            // What the label means is wanted more than the command now.
            command.truncate(height.saturating_sub(lines.len()));
            command = Some(command).filter(|command| command.len() > 1).unwrap_or_default();
        }
        let free = height.saturating_sub(command.len());
        if lines.len() < free {
            lines.resize(if area.height > 20 { lines.len() + 1 } else { free }, Vec::new());
        } else {
            lines.truncate(free.max(2));
        }
        lines.extend(command);
        lines
    }
}

/// The command, a flag never parted from its value, continued lines marked for a shell.
pub(super) fn command_lines(parts: &[String], room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for part in parts {
        let joined = if line.is_empty() { part.clone() } else { format!("{line} {part}") };
        if text::width(&joined) + 2 > room && !line.is_empty() {
            lines.push(format!("{line} \\"));
            line = format!("  {part}");
        } else {
            line = joined;
        }
    }
    lines.push(line);
    lines
}

/// Problems shown under a field; those of labels stand at their lines.
fn told_lines(field: &Field, problems: &[Problem], room: usize) -> Vec<String> {
    if matches!(&field.kind, Kind::Labels(editor) if editor.labels().is_err()) {
        return Vec::new();
    }
    let here = problems.iter().filter(|problem| problem.field.as_deref() == Some(field.id));
    here.flat_map(|problem| text::wrap(&format!("✖ {}", problem.summary), room, 2)).collect()
}
