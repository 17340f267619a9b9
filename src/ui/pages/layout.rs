//! Where things go at a given size. Neighbouring boxes share a border, so their
//! areas overlap by one.

use ratatui::layout::Rect;

/// From this width on there is room for details beside the lists.
pub const WIDE: u16 = 100;
/// Below this the screen cannot show anything sensible.
pub const LEAST: (u16, u16) = (36, 8);

/// Splits a column into boxes of the given least heights; what is left goes to
/// those with a share, the rounding rest to the first of them.
pub fn column(area: Rect, wanted: &[(u16, u16)]) -> Vec<Rect> {
    let count = u16::try_from(wanted.len()).unwrap_or(u16::MAX);
    let overlap = count.saturating_sub(1);
    let least: u16 = wanted.iter().map(|(least, _)| *least).sum();
    let shares: u16 = wanted.iter().map(|(_, share)| *share).sum();
    let spare = (area.height + overlap).saturating_sub(least);
    let mut given = 0;
    let mut heights: Vec<u16> = wanted
        .iter()
        .map(|(least, share)| {
            let more = if shares == 0 {
                0
            } else {
                u16::try_from(u32::from(spare) * u32::from(*share) / u32::from(shares)).unwrap_or(0)
            };
            given += more;
            least + more
        })
        .collect();
    if let Some(first) = wanted.iter().position(|(_, share)| *share > 0) {
        heights[first] += spare - given;
    }
    let mut y = area.y;
    heights
        .into_iter()
        .map(|height| {
            let left = area.bottom().saturating_sub(y);
            let rect = Rect { y, height: height.min(left), ..area };
            y = (y + height.min(left)).saturating_sub(1);
            rect
        })
        .collect()
}

/// Splits into two columns that share a border; `share` is the left one's percentage.
pub fn columns(area: Rect, share: u16) -> (Rect, Rect) {
    let left =
        u16::try_from(u32::from(area.width) * u32::from(share) / 100).unwrap_or(area.width).max(2).min(area.width);
    let right = (area.width + 1).saturating_sub(left);
    (Rect { width: left, ..area }, Rect { x: area.x + left.saturating_sub(1), width: right, ..area })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::layout::Rect;

    use super::{column, columns};

    proptest! {
        #[test]
        fn stays_inside_and_covers_all(height in 0u16..80, width in 0u16..300, share in 0u16..=100) {
            let area = Rect { x: 0, y: 1, width, height };
            let rects = column(area, &[(4, 3), (4, 0), (4, 1)]);
            prop_assert!(rects.iter().all(|rect| rect.bottom() <= area.bottom()));
            if height >= 12 {
                prop_assert_eq!(rects[2].bottom(), area.bottom());
                prop_assert_eq!(rects[1].y, rects[0].bottom() - 1);
            }
            if width >= 2 {
                let (left, right) = columns(area, share);
                prop_assert!(left.right() <= area.right() && right.right() == area.right());
            }
        }
    }
}
