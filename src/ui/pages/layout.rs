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

/// Two columns whose common border is so many columns from the left, as far as both keep room.
pub fn columns_at(area: Rect, border: u16) -> (Rect, Rect) {
    let least = 9.min(area.width / 2);
    let border = border.clamp(least, area.width.saturating_sub(least + 1).max(least));
    let left = Rect { width: (border + 1).min(area.width), ..area };
    let x = area.x + border.min(area.width);
    (left, Rect { x, width: area.right() - x, ..area })
}

/// The boxes of a column with some of their common borders moved: to so many lines from the top, as
/// far as every box keeps room. Where there is none they stay.
pub fn column_at(mut rects: Vec<Rect>, moved: &[Option<u16>]) -> Vec<Rect> {
    const LEAST: u16 = 2;
    let (Some(first), Some(last)) = (rects.first().copied(), rects.last().copied()) else { return rects };
    let (top, bottom) = (first.y, last.bottom().saturating_sub(1));
    let count = u16::try_from(rects.len()).unwrap_or(u16::MAX);
    let room = bottom.saturating_sub(top) >= count.saturating_mul(LEAST);
    if !room || moved.iter().all(Option::is_none) || rects.iter().any(|rect| rect.height < LEAST) {
        return rects;
    }
    let places = rects.iter().skip(1).zip(moved);
    let mut lines: Vec<u16> = places.map(|(rect, moved)| moved.map_or(rect.y, |at| top + at)).collect();
    let mut least = top;
    for line in &mut lines {
        *line = (*line).max(least + LEAST);
        least = *line;
    }
    let mut most = bottom;
    for line in lines.iter_mut().rev() {
        *line = (*line).min(most - LEAST);
        most = *line;
    }
    let ends = lines.iter().copied().chain([bottom]);
    let starts = [top].into_iter().chain(lines.iter().copied());
    for ((rect, start), end) in rects.iter_mut().zip(starts).zip(ends) {
        *rect = Rect { y: start, height: end - start + 1, ..*rect };
    }
    rects
}

/// A grid of boxes of one size for as many of `count` as find room; neighbours share a border.
pub fn tiles(area: Rect, count: usize, least: (u16, u16)) -> Vec<Rect> {
    let fit = |room: u16, least: u16| room.saturating_sub(1).checked_div(least - 1).unwrap_or(0).max(1);
    let most = (fit(area.width, least.0), fit(area.height, least.1));
    let count = u16::try_from(count.max(1)).unwrap_or(u16::MAX);
    // As few columns as will do: lines are longer than tiles are high.
    let columns = count.div_ceil(most.1).min(most.0);
    let rows = count.div_ceil(columns).min(most.1);
    let size = |room: u16, parts: u16| room.saturating_sub(1) / parts + 1;
    let (width, height) = (size(area.width, columns), size(area.height, rows));
    let place = |at: u16| Rect {
        x: area.x + at % columns * (width - 1),
        y: area.y + at / columns * (height - 1),
        width,
        height,
    };
    (0..count.min(columns * rows)).map(place).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::layout::Rect;

    use super::{column, columns, tiles};

    proptest! {
        #[test]
        fn tiles_are_equal_and_inside(width in 36u16..300, height in 8u16..100, count in 0usize..60) {
            let area = Rect { x: 2, y: 1, width, height };
            let all = tiles(area, count, (40, 7));
            prop_assert!(!all.is_empty() && all.len() <= count.max(1));
            for tile in &all {
                prop_assert!(tile.right() <= area.right() && tile.bottom() <= area.bottom());
                prop_assert_eq!((tile.width, tile.height), (all[0].width, all[0].height));
            }
            for (at, tile) in all.iter().enumerate() {
                let others = all[at + 1..].iter().map(|other| tile.intersection(*other));
                prop_assert!(others.into_iter().all(|shared| shared.width <= 1 || shared.height <= 1));
            }
        }

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
