//! Which panes of the cloud's page are on screen at a given size, and where.

use ratatui::layout::Rect;

use super::Pane;
use crate::ui::pages::layout;
use crate::ui::pointer::Pointer;

/// A box on the page: the panes that share it, and the one that is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    pub area: Rect,
    pub panes: Vec<Pane>,
    pub shown: Pane,
}

/// What is there to be used, and what is used.
const LEFT: [Pane; 4] = [Pane::Images, Pane::Flavors, Pane::Networks, Pane::Keypairs];
const RIGHT: [Pane; 3] = [Pane::Limits, Pane::Orphans, Pane::Events];
/// From this height on a column has two boxes.
const TALL: u16 = 20;

/// Which pane had the focus last: of the left column, of its lower box, and so on.
pub struct Shown {
    left: Pane,
    lower_left: Pane,
    right: Pane,
    lower_right: Pane,
}

impl Default for Shown {
    fn default() -> Self {
        Self { left: Pane::Images, lower_left: Pane::Flavors, right: Pane::Limits, lower_right: Pane::Events }
    }
}

impl Shown {
    /// The focus went there.
    pub fn note(&mut self, pane: Pane) {
        let (column, lower) = if LEFT.contains(&pane) {
            (&mut self.left, &mut self.lower_left)
        } else {
            (&mut self.right, &mut self.lower_right)
        };
        *column = pane;
        if pane != LEFT[0] && pane != RIGHT[0] {
            *lower = pane;
        }
    }
}

pub fn places(area: Rect, focus: Pane, zoomed: bool, shown: &Shown, pointer: &Pointer) -> Vec<Slot> {
    let wide = area.width >= layout::WIDE;
    if zoomed || area.height < 12 || (!wide && area.height < 30) {
        return vec![Slot { area, panes: Pane::ALL.to_vec(), shown: focus }];
    }
    if !wide {
        let rects = pointer.column("cloud narrow", area, &[(6, 1), (6, 1)]);
        return vec![
            Slot { area: rects[0], panes: LEFT.to_vec(), shown: shown.left },
            Slot { area: rects[1], panes: RIGHT.to_vec(), shown: shown.right },
        ];
    }
    let (left, right) = pointer.columns("cloud", area, 54);
    let mut slots = column(("cloud left", left), &LEFT, shown.left, shown.lower_left, pointer);
    slots.extend(column(("cloud right", right), &RIGHT, shown.right, shown.lower_right, pointer));
    slots
}

/// The first of the panes stays in sight above the others, where there is room.
fn column((name, area): (&'static str, Rect), panes: &[Pane], last: Pane, lower: Pane, pointer: &Pointer) -> Vec<Slot> {
    if area.height < TALL {
        return vec![Slot { area, panes: panes.to_vec(), shown: last }];
    }
    let rects = pointer.column(name, area, &[(6, 1), (6, 1)]);
    vec![
        Slot { area: rects[0], panes: panes[..1].to_vec(), shown: panes[0] },
        Slot { area: rects[1], panes: panes[1..].to_vec(), shown: lower },
    ]
}
