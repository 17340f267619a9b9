//! The mouse: what lies where on the last picture, and the borders that somebody moved. Who draws
//! a thing says here where it is, so that a click meets what was seen. It does not know what a
//! click does: that is `app::mouse` and the layers' own.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ratatui::layout::{Position, Rect};

use super::action::Action;
use super::key::KeyPress;
use super::layer::Ask;
use super::pages::layout;

/// Rows that one turn of the wheel is.
pub const WHEEL: usize = 3;

/// Something that was done with the mouse, at a cell of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    pub column: u16,
    pub row: u16,
    pub gesture: Gesture,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gesture {
    /// The first button went down.
    Press,
    /// It moved with the button down.
    Drag,
    Release,
    WheelUp,
    WheelDown,
}

/// What can be clicked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// Does it, as its key would.
    Act(Action),
    /// As if the key had been pressed.
    Key(KeyPress),
    /// A whole pane, by its number.
    Pane { number: u8, focused: bool },
    /// The name of a pane that shares its box with others.
    Tab(u8),
    /// Rows, one line each.
    Rows,
    /// The title of a table's column.
    Heading(usize),
    /// One field of a form.
    Field(usize),
    /// A shell or its tab, by its place among them.
    Shell(usize),
}

/// What was clicked on, told to the layer that it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    /// Counted from the first in sight.
    Row(usize),
    Heading(usize),
    Field(usize),
    Shell(usize),
}

/// What came of a click.
#[derive(Debug, PartialEq)]
pub enum Clicked {
    Done(Vec<Ask>),
    /// It was selected already: as if enter had been pressed.
    Enter,
}

impl Clicked {
    pub const NOTHING: Self = Self::Done(Vec::new());
}

/// A line between boxes, which can be moved: the name of what is split, and which of its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Border {
    split: &'static str,
    nth: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    border: Border,
    /// All that is split.
    whole: Rect,
    /// It lies across, so that it moves up and down.
    across: bool,
}

/// What was under the pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    pub spot: Spot,
    pub area: Rect,
}

/// Spots and lines of the last picture; the lines' places, for as long as the program runs.
#[derive(Debug, Default)]
pub struct Pointer {
    spots: RefCell<Vec<Hit>>,
    lines: RefCell<Vec<(Rect, Line)>>,
    /// In thousandths of what is split.
    moved: BTreeMap<Border, u16>,
    held: Option<Line>,
}

impl Pointer {
    /// What is drawn from now on lies over all that was there.
    pub fn cover(&self) {
        self.spots.borrow_mut().clear();
        self.lines.borrow_mut().clear();
    }

    /// What is said later lies over what was said before.
    pub fn put(&self, area: Rect, spot: Spot) {
        if !area.is_empty() {
            self.spots.borrow_mut().push(Hit { spot, area });
        }
    }

    /// The uppermost thing there, and the pane that it is in.
    pub fn at(&self, column: u16, row: u16) -> (Option<Hit>, Option<(u8, bool)>) {
        let spots = self.spots.borrow();
        let mut here = spots.iter().rev().filter(|hit| hit.area.contains(Position { x: column, y: row }));
        let first = here.next().copied();
        let pane = first.into_iter().chain(here.copied()).find_map(|hit| match hit.spot {
            Spot::Pane { number, focused } => Some((number, focused)),
            _ => None,
        });
        (first, pane)
    }

    /// Takes hold of the border there; whether it can be moved aside, which is all a click there can mean.
    pub fn hold(&mut self, column: u16, row: u16) -> bool {
        let lines = self.lines.get_mut();
        let found = lines.iter().rev().find(|(area, _)| area.contains(Position { x: column, y: row }));
        self.held = found.map(|(_, line)| *line);
        self.held.is_some_and(|line| !line.across)
    }

    pub fn release(&mut self) {
        self.held = None;
    }

    /// Moves the border that is held; whether it has another place now.
    pub fn drag(&mut self, column: u16, row: u16) -> bool {
        let Some(Line { border, whole, across }) = self.held else { return false };
        let (at, size) = if across {
            (row.saturating_sub(whole.y), whole.height)
        } else {
            (column.saturating_sub(whole.x), whole.width)
        };
        // Rounded up, so that it comes out at the same cell again.
        let share = (u32::from(at.min(size)) * 1000).div_ceil(u32::from(size.max(1)));
        let share = u16::try_from(share).unwrap_or(1000);
        self.moved.insert(border, share) != Some(share)
    }

    fn place(&self, border: Border, size: u16) -> Option<u16> {
        let share = self.moved.get(&border)?;
        u16::try_from(u32::from(*share) * u32::from(size) / 1000).ok()
    }

    fn line(&self, area: Rect, line: Line) {
        if !area.is_empty() {
            self.lines.borrow_mut().push((area, line));
        }
    }

    /// [`layout::columns`] whose border can be moved.
    pub fn columns(&self, split: &'static str, whole: Rect, share: u16) -> (Rect, Rect) {
        let border = Border { split, nth: 0 };
        let mut columns = layout::columns(whole, share);
        if let Some(at) = self.place(border, whole.width) {
            columns = layout::columns_at(whole, at);
        }
        let line = Rect { width: 1, ..columns.1 };
        self.line(line, Line { border, whole, across: false });
        columns
    }

    /// [`layout::column`] whose borders can be moved.
    pub fn column(&self, split: &'static str, whole: Rect, wanted: &[(u16, u16)]) -> Vec<Rect> {
        let border = |nth| Border { split, nth };
        let moved: Vec<Option<u16>> = (1..wanted.len()).map(|nth| self.place(border(nth - 1), whole.height)).collect();
        let rects = layout::column_at(layout::column(whole, wanted), &moved);
        for (nth, rect) in rects.iter().skip(1).enumerate() {
            // Its ends are on the borders beside it.
            let area = Rect { x: rect.x + 1, width: rect.width.saturating_sub(2), height: 1, ..*rect };
            self.line(area, Line { border: border(nth), whole, across: true });
        }
        rects
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::layout::Rect;

    use super::{Action, Hit, Pointer, Spot};

    const WHOLE: Rect = Rect { x: 3, y: 2, width: 100, height: 40 };

    #[test]
    fn what_was_drawn_last_lies_over_the_rest() {
        let pointer = Pointer::default();
        let area = Rect { x: 0, y: 0, width: 10, height: 10 };
        pointer.put(area, Spot::Pane { number: 2, focused: false });
        pointer.put(Rect { y: 1, height: 3, ..area }, Spot::Rows);
        pointer.put(Rect { width: 0, ..area }, Spot::Act(Action::Quit));
        let rows = Hit { spot: Spot::Rows, area: Rect { y: 1, height: 3, ..area } };
        assert_eq!(pointer.at(5, 2), (Some(rows), Some((2, false))));
        assert_eq!(pointer.at(5, 9).1, Some((2, false)));
        assert_eq!(pointer.at(10, 2), (None, None));
        pointer.cover();
        assert_eq!(pointer.at(5, 2), (None, None));
    }

    #[test]
    fn a_border_goes_where_it_is_dragged_and_stays_there() {
        let mut pointer = Pointer::default();
        let (left, right) = pointer.columns("a", WHOLE, 50);
        assert!(!pointer.hold(right.x + 1, 10) && !pointer.drag(60, 10), "beside the border");
        assert!(pointer.hold(right.x, 10));
        assert!(pointer.drag(70, 12) && !pointer.drag(70, 13), "the second time it is there already");
        pointer.release();
        assert!(!pointer.drag(20, 12));
        pointer.cover();
        let (wider, narrower) = pointer.columns("a", WHOLE, 50);
        assert_eq!((wider.right() - 1, narrower.x), (70, 70));
        assert_eq!(pointer.columns("b", WHOLE, 50), (left, right));
        let rects = pointer.column("c", WHOLE, &[(5, 1), (5, 1)]);
        assert!(!pointer.hold(30, rects[1].y), "its titles can be clicked on too");
        assert!(pointer.drag(30, rects[1].y + 4));
        assert_eq!(pointer.column("c", WHOLE, &[(5, 1), (5, 1)])[1].y, rects[1].y + 4);
    }

    proptest! {
        #[test]
        fn wherever_borders_are_dragged_all_boxes_keep_room(
            moves in prop::collection::vec((0usize..3, 0u16..300, 0u16..300), 1..12), width in 36u16..300, height in 8u16..100,
        ) {
            let mut pointer = Pointer::default();
            let wanted = [(4, 1), (3, 1), (3, 0)];
            for (which, column, row) in moves {
                let place = |pointer: &Pointer| {
                    let (_, right) = pointer.columns("a", WHOLE, 50);
                    let rects = pointer.column("b", WHOLE, &wanted);
                    [(right.x, 20), (10, rects[1].y), (10, rects[2].y)][which]
                };
                let at = place(&pointer);
                pointer.hold(at.0, at.1);
                pointer.drag(column, row);
            }
            let whole = Rect { width, height, ..WHOLE };
            let (left, right) = pointer.columns("a", whole, 50);
            prop_assert!(left.width >= 10 && right.width >= 10, "{left:?} {right:?}");
            prop_assert_eq!((left.x, left.right() - 1, right.right()), (whole.x, right.x, whole.right()));
            let rects = pointer.column("b", whole, &wanted);
            prop_assert!(rects.iter().all(|rect| rect.height >= 2), "{rects:?}");
            prop_assert_eq!((rects[0].y, rects[2].bottom()), (whole.y, whole.bottom()));
            prop_assert!(rects.windows(2).all(|two| two[0].bottom() - 1 == two[1].y), "{rects:?}");
        }
    }
}
