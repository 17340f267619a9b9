//! A [`Timeline`](timeline::Timeline) as a text: a line for each stretch, with a bar where it lies in the whole; and
//! how long earlier operations took.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::ClusterId;
use crate::ui::layer::Cx;
use crate::ui::theme::Role;
use crate::ui::timeline::{self, Stretch};
use crate::ui::widgets::paper::{Line, Paper};
use crate::ui::widgets::text;
use crate::ui::words;

/// Columns of a stretch's name, and of how long it took.
const NAME: usize = 30;
const TOOK: usize = 8;
/// Columns before the bar of an earlier operation.
const EARLIER: usize = 62;
/// Least and most columns of a bar.
const BAR: (usize, usize) = (8, 120);

pub fn paper(id: ClusterId, room: usize, cx: &Cx) -> Option<Paper> {
    let cluster = cx.fleet.clusters.get(&id)?;
    let mut paper = Paper::default();
    match timeline::last(cluster, cx.fleet) {
        Some(told) => {
            let end = told.whole.to.unwrap_or(cx.now).max(told.whole.from + TimeDelta::seconds(1));
            let wide = room.saturating_sub(NAME + TOOK + 3).clamp(BAR.0, BAR.1);
            let scale = Scale { from: told.whole.from, end, wide, now: cx.now };
            let mut head = vec![
                (Role::Strong, told.whole.name.clone()),
                (Role::Text, format!("  took {}", words::elapsed(told.whole.from, end))),
                (Role::Muted, format!("  from {} to {}", cx.date(told.whole.from), cx.clock(end))),
            ];
            if told.whole.to.is_none() {
                head[1].1 = format!("  for {} now", words::elapsed(told.whole.from, cx.now));
                head[2].1 = format!("  since {}", cx.date(told.whole.from));
                head.extend(words::time_left(cluster, cx.now).map(|left| (Role::Moving, format!("  {left}"))));
            }
            if told.whole.failed {
                head.push((Role::Failed, "  ✖ failed".into()));
            }
            paper.push(head);
            paper.heading("PARTS OF THE STACK");
            told.phases.iter().for_each(|one| paper.push(scale.line(2, one)));
            paper.heading("MACHINES");
            for machine in &told.machines {
                paper.push(scale.line(2, &machine.whole));
                machine.stages.iter().for_each(|one| paper.push(scale.line(4, one)));
            }
            if told.phases.is_empty() && told.machines.is_empty() {
                paper.say(Role::Muted, " Heat tells no events of that time.");
            }
        }
        None => paper.say(Role::Muted, "Nothing has happened yet, or it is still being loaded."),
    }
    earlier(id, room, cx, &mut paper);
    Some(paper)
}

/// Every operation that ended, the newest first, side by side.
fn earlier(id: ClusterId, room: usize, cx: &Cx, paper: &mut Paper) {
    let history = cx.fleet.looked(id).map_or(&[][..], |looked| &looked.history.list);
    let ended: Vec<_> = history.iter().filter_map(|entry| Some((entry, entry.duration?))).collect();
    let Some(longest) = ended.iter().map(|(_, took)| *took).max() else { return };
    paper.heading("OPERATIONS");
    let wide = room.saturating_sub(EARLIER).clamp(BAR.0, BAR.1);
    for (entry, took) in ended {
        let told = words::status(&entry.event.as_str().into());
        let share = u128::from(took) * wide as u128 / u128::from(longest.max(1));
        let bar = usize::try_from(share).unwrap_or(wide).clamp(1, wide);
        let seconds = TimeDelta::try_seconds(i64::try_from(took).unwrap_or(0)).unwrap_or_default();
        let role = if told.role == Role::Failed { Role::Failed } else { Role::Bar };
        paper.push(vec![
            (Role::Muted, format!(" {}  ", cx.date(entry.at))),
            (told.role, format!("{} ", told.sign)),
            (Role::Text, text::pad(&entry.operation, 18)),
            (Role::Muted, format!("{:>4} nodes  ", entry.nodes)),
            (Role::Text, format!("{:>TOOK$}  ", words::elapsed(entry.at, entry.at + seconds))),
            (role, "━".repeat(bar)),
        ]);
    }
}

struct Scale {
    from: DateTime<Utc>,
    end: DateTime<Utc>,
    wide: usize,
    now: DateTime<Utc>,
}

impl Scale {
    /// The column that a time falls on, `wide` at most.
    fn column(&self, at: DateTime<Utc>) -> usize {
        let all = (self.end - self.from).num_milliseconds().max(1);
        let here = (at - self.from).num_milliseconds().clamp(0, all);
        usize::try_from(i128::from(here) * self.wide as i128 / i128::from(all)).unwrap_or(0)
    }

    fn line(&self, indent: usize, one: &Stretch) -> Line {
        let to = one.to.unwrap_or(self.now).max(one.from);
        let begin = self.column(one.from).min(self.wide - 1);
        let end = self.column(to).max(begin + 1);
        let role = match (one.failed, one.to) {
            (true, _) => Role::Failed,
            (false, None) => Role::Moving,
            (false, Some(_)) => Role::Bar,
        };
        let sign = match role {
            Role::Failed => "✖",
            Role::Moving => "◐",
            _ => " ",
        };
        vec![
            (role, format!("{sign}{}", " ".repeat(indent.saturating_sub(1)))),
            (if indent == 2 { Role::Text } else { Role::Muted }, text::pad(&one.name, NAME - indent)),
            (Role::Text, format!("{:>TOOK$}  ", words::elapsed(one.from, to))),
            (Role::BarRest, "·".repeat(begin)),
            (role, "━".repeat(end - begin)),
            (Role::BarRest, "·".repeat(self.wide.saturating_sub(end))),
        ]
    }
}
