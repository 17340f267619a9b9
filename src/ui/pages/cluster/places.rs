//! Which panes of a cluster's page are on screen at a given size, and where.

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

/// What the layout depends on, besides the size.
pub struct Wanted {
    pub focus: Pane,
    pub zoomed: bool,
    /// Of the left and of the right half, which had the focus last.
    pub left: Pane,
    pub right: Pane,
    /// Lines there are to say about the cluster, with their border.
    pub head: u16,
    /// There is a failure to explain, or a change to follow.
    pub urgent: bool,
    /// Lines of the node groups, with border and heading.
    pub groups: u16,
}

const LEFT: [Pane; 3] = [Pane::Groups, Pane::Nodes, Pane::Resources];
const RIGHT: [Pane; 4] = [Pane::Events, Pane::History, Pane::Issued, Pane::Labels];

/// The cluster's own words, and the boxes under them.
pub fn places(area: Rect, wanted: &Wanted, pointer: &Pointer) -> (Rect, Vec<Slot>) {
    let all = || Pane::ALL.to_vec();
    let slot = |area, panes: Vec<Pane>, shown| Slot { area, panes, shown };
    if area.height < 12 {
        return (Rect { height: 0, ..area }, vec![slot(area, all(), wanted.focus)]);
    }
    // On a low screen the lists matter more than the facts, unless something must be told.
    let most = if wanted.urgent || area.height >= 30 { area.height / 2 } else { area.height / 3 };
    let head = wanted.head.min(most).max(3);
    let wide = area.width >= layout::WIDE;
    if wanted.zoomed || (!wide && area.height < 30) {
        let rects = pointer.column("cluster zoomed", area, &[(head, 0), (5, 1)]);
        return (rects[0], vec![slot(rects[1], all(), wanted.focus)]);
    }
    if !wide {
        let rects = pointer.column("cluster narrow", area, &[(head, 0), (6, 1), (6, 1)]);
        let slots = vec![slot(rects[1], LEFT.to_vec(), wanted.left), slot(rects[2], RIGHT.to_vec(), wanted.right)];
        return (rects[0], slots);
    }
    let rects = pointer.column("cluster", area, &[(head, 0), (6, 1)]);
    let (left, right) = pointer.columns("cluster", rects[1], 54);
    let right = slot(right, RIGHT.to_vec(), wanted.right);
    if left.height < 14 {
        return (rects[0], vec![slot(left, LEFT.to_vec(), wanted.left), right]);
    }
    // Node groups are few: they stay in sight above what they consist of.
    let below = if wanted.left == Pane::Groups { Pane::Nodes } else { wanted.left };
    let groups = wanted.groups.clamp(4, left.height / 2);
    let lefts = pointer.column("cluster left", left, &[(groups, 0), (5, 1)]);
    let slots = vec![
        slot(lefts[0], vec![Pane::Groups], Pane::Groups),
        slot(lefts[1], vec![Pane::Nodes, Pane::Resources], below),
        right,
    ];
    (rects[0], slots)
}
