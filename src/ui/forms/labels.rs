//! The label editor: `key=value` lines on tui-textarea, each fault at its line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;
use tui_textarea::{CursorMove, TextArea};

use super::hints::Begun;
use crate::model::text::is_unsafe;
use crate::model::{Labels, Problem};
use crate::ui::key::{Code, KeyPress};
use crate::ui::layer::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::text;

const LINES_MAX: usize = 500;
const LINE_MAX: usize = 2048;

#[derive(Debug, Clone, Default)]
pub struct LabelEditor {
    area: TextArea<'static>,
}

impl LabelEditor {
    /// With these in it, one a line.
    pub fn new(labels: &Labels) -> Self {
        Self { area: TextArea::new(labels.0.iter().map(|(key, value)| format!("{key}={value}")).collect()) }
    }

    pub fn labels(&self) -> Result<Labels, Vec<(usize, Problem)>> {
        Labels::parse_lines(self.area.lines())
    }

    pub fn is_blank(&self) -> bool {
        self.area.lines().iter().all(|line| line.trim().is_empty())
    }

    /// The label on the cursor's line; `None`: there is none.
    pub fn begun(&self) -> Option<Begun> {
        let name = |line: &String| {
            let (name, whole) = line.split_once('=').map_or((line.as_str(), false), |(name, _)| (name, true));
            Some((name.trim().to_owned(), whole)).filter(|(name, _)| !name.is_empty() && !name.starts_with('#'))
        };
        let at = self.area.cursor().0;
        let (own, whole) = self.area.lines().get(at).and_then(name)?;
        let others = self.area.lines().iter().enumerate().filter(|(line, _)| *line != at);
        Some(Begun { name: own, whole, others: others.filter_map(|(_, line)| Some(name(line)?.0)).collect() })
    }

    /// Puts the whole name in place of the one begun on the cursor's line.
    pub fn complete(&mut self, name: &str) {
        self.area.move_cursor(CursorMove::End);
        self.area.delete_line_by_head();
        self.area.insert_str(format!("{name}="));
    }

    pub fn on_first_line(&self) -> bool {
        self.area.cursor().0 == 0
    }

    pub fn on_last_line(&self) -> bool {
        self.area.cursor().0 + 1 >= self.area.lines().len()
    }

    /// Whether the text changed or the cursor moved.
    pub fn key(&mut self, key: KeyPress) -> bool {
        if matches!(key.code, Code::Tab | Code::Esc) || (key.typed().is_some_and(is_unsafe)) {
            return false;
        }
        let row = self.area.cursor().0;
        let full = self.area.lines().get(row).is_some_and(|line| line.len() >= LINE_MAX);
        if (full && key.typed().is_some()) || (self.area.lines().len() >= LINES_MAX && key.code == Code::Enter) {
            return false;
        }
        let before = self.area.cursor();
        self.area.input(key) || self.area.cursor() != before
    }

    pub fn up(&mut self) {
        self.area.move_cursor(CursorMove::Up);
    }

    pub fn down(&mut self) {
        self.area.move_cursor(CursorMove::Down);
    }

    /// Lines stay lines; what could steer a terminal is left out.
    pub fn paste(&mut self, text: &str) {
        let room = LINES_MAX.saturating_sub(self.area.lines().len());
        let lines: Vec<String> = text
            .split(['\n', '\r'])
            .take(room.max(1))
            .map(|line| {
                line.chars()
                    .map(|c| if c == '\t' { ' ' } else { c })
                    .filter(|c| !is_unsafe(*c))
                    .take(LINE_MAX)
                    .collect()
            })
            .collect();
        self.area.insert_str(lines.join("\n"));
    }

    /// Lines it wants on the screen.
    pub fn height(&self, focused: bool) -> u16 {
        let lines = self.area.lines().len() + usize::from(focused && !self.is_blank());
        u16::try_from(lines).unwrap_or(u16::MAX).clamp(if focused { 3 } else { 1 }, 6)
    }

    pub fn view(&mut self, focused: bool, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let faults = self.labels().err().unwrap_or_default();
        let side = if faults.is_empty() { 0 } else { area.width * 3 / 5 };
        let style = cx.style(if focused { Role::Strong } else { Role::Field });
        self.area.set_style(style);
        self.area.set_cursor_line_style(style);
        self.area.set_cursor_style(if focused { cx.style(Role::Cursor) } else { style });
        self.area.set_placeholder_text("key=value, one a line");
        self.area.set_placeholder_style(cx.style(Role::Faint));
        let editor = Rect { width: area.width - side, ..area };
        (&self.area).render(editor.intersection(*buf.area()), buf);
        let top = usize::from(self.area.scroll_offset().0);
        for (line, problem) in faults {
            let Some(row) =
                line.checked_sub(top).and_then(|row| u16::try_from(row).ok()).filter(|row| *row < area.height)
            else {
                continue;
            };
            let why = problem.summary.rsplit(": ").next().unwrap_or(&problem.summary).to_owned();
            text::put(
                buf,
                editor.right() + 1,
                area.y + row,
                side.saturating_sub(1),
                vec![cx.span(Role::Failed, format!("✖ {why}"))],
            );
        }
    }
}
