//! What is known of labels while one is written: names it could become, and what the whole one means.

use ratatui::text::Span;

use crate::model::labels::catalogue::{self, Label, Sheet};
use crate::ui::layer::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::text;

/// Names offered at once.
const SHOWN: usize = 6;

/// A label that is being written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Begun {
    /// As far as it is.
    pub name: String,
    /// Whether a value follows, so that nothing is to be added to the name.
    pub whole: bool,
    /// Names of the other lines.
    pub others: Vec<String>,
}

impl Begun {
    /// Names that have what is written in them and are not given yet: those the driver reads
    /// first, and of these those that begin with it.
    fn names(&self, sheet: Option<&Sheet>) -> Vec<String> {
        let read = |name: &str| sheet.is_some_and(|sheet| sheet.reads.contains_key(name));
        let own = sheet.into_iter().flat_map(|sheet| sheet.reads.keys()).filter(|name| catalogue::find(name).is_none());
        let fits = |name: &&String| name.contains(&self.name) && !self.others.contains(name);
        let mut all: Vec<&String> = own.chain(catalogue::all().keys()).filter(fits).collect();
        all.sort_by_key(|name| (!read(name), !name.starts_with(&self.name), (*name).clone()));
        all.into_iter().cloned().collect()
    }

    /// The whole name, the first of those that fit; `None`: there is nothing to add.
    pub fn completed(&self, sheet: Option<&Sheet>) -> Option<String> {
        if self.whole || self.name.is_empty() {
            return None;
        }
        if catalogue::find(&self.name).is_some() {
            return Some(self.name.clone());
        }
        self.names(sheet).into_iter().next()
    }

    /// Lines for beside the form: the meaning of the label, or what it could become.
    pub fn lines(&self, sheet: Option<&Sheet>, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        match catalogue::find(&self.name) {
            Some(label) => meaning(&self.name, label, sheet, room, cx),
            None if self.whole => self.unknown(sheet, room, cx),
            None => self.offered(sheet, room, cx),
        }
    }

    fn unknown(&self, sheet: Option<&Sheet>, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        if sheet.is_some_and(|sheet| sheet.reads.contains_key(&self.name)) {
            return Vec::new();
        }
        let near = catalogue::nearest(&self.name, catalogue::all().keys().map(String::as_str));
        let told = near.map_or_else(|| "no label is called so".into(), |near| format!("is {near} meant?"));
        vec![vec![cx.span(Role::Warning, text::fit(&told, room))]]
    }

    fn offered(&self, sheet: Option<&Sheet>, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
        let mut lines = Vec::new();
        let all = self.names(sheet);
        for (at, name) in all.iter().take(SHOWN).enumerate() {
            let read = sheet.is_none_or(|sheet| sheet.reads.contains_key(name));
            // The first is what completion writes.
            let (sign, role) = match (at, read) {
                (0, _) => ("▸ ", Role::Strong),
                (_, true) => ("  ", Role::Text),
                (_, false) => ("  ", Role::Faint),
            };
            lines
                .push(vec![cx.span(Role::BorderFocused, sign), cx.span(role, text::fit(name, room.saturating_sub(2)))]);
        }
        if all.len() > SHOWN {
            lines.push(vec![cx.span(Role::Faint, format!("and {} more", all.len() - SHOWN))]);
        }
        if all.is_empty() {
            lines.push(vec![cx.span(Role::Warning, text::fit("no label is called so", room))]);
        }
        lines
    }
}

fn meaning(name: &str, label: &Label, sheet: Option<&Sheet>, room: usize, cx: &Cx) -> Vec<Vec<Span<'static>>> {
    let mut lines = vec![vec![cx.span(Role::Strong, name.to_owned())]];
    lines.extend(text::wrap(&label.meaning, room, 3).into_iter().map(|line| vec![cx.span(Role::Text, line)]));
    let default = sheet.and_then(|sheet| sheet.reads.get(name)).unwrap_or(&label.default);
    let default = if default.is_empty() { String::new() } else { format!("; default {default}") };
    let takes = text::wrap(&format!("takes {}{default}", label.takes()), room, 2);
    lines.extend(takes.into_iter().map(|line| vec![cx.span(Role::Muted, line)]));
    if let Some(sheet) = sheet.filter(|sheet| !sheet.reads.contains_key(name) && !label.conductor) {
        let told = format!("driver {} does not read it", sheet.driver);
        lines.push(vec![cx.span(Role::Warning, text::fit(&told, room))]);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::Begun;
    use crate::model::labels::catalogue::Sheet;

    fn begun(name: &str) -> Begun {
        Begun { name: name.into(), ..Begun::default() }
    }

    #[test]
    fn what_the_driver_reads_comes_first() {
        let sheet = Sheet {
            driver: "d".into(),
            reads: [("flannel_network_cidr".into(), String::new()), ("flaky".into(), String::new())].into(),
            ..Sheet::default()
        };
        assert_eq!(begun("fl").names(Some(&sheet))[..2], ["flaky", "flannel_network_cidr"]);
        let given = Begun { others: vec!["flaky".into()], ..begun("fl") };
        assert_eq!(given.completed(Some(&sheet)).as_deref(), Some("flannel_network_cidr"), "nothing is given twice");
        assert_eq!(begun("flannel_b").completed(Some(&sheet)).as_deref(), Some("flannel_backend"));
        assert_eq!(begun("kube_tag").completed(Some(&sheet)).as_deref(), Some("kube_tag"), "whole names stay");
        assert_eq!((begun("").completed(None), begun("zzz").completed(None)), (None, None));
        assert_eq!(Begun { whole: true, ..begun("fl") }.completed(Some(&sheet)), None);
    }
}
