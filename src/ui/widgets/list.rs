//! Where the cursor of a list is: by key, never by row number, so that rows may
//! come and go under it.

use std::ops::Range;

/// Cursor and scroll position over rows that are told apart by `K`.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor<K> {
    key: Option<K>,
    /// Where it was last seen: the place to stay at when its row goes away.
    index: usize,
    top: usize,
    height: usize,
    /// The rows that were drawn last: a click means what was seen, whatever came since.
    shown: Vec<K>,
}

impl<K> Default for Cursor<K> {
    fn default() -> Self {
        Self { key: None, index: 0, top: 0, height: 1, shown: Vec::new() }
    }
}

/// A step of the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
}

impl<K: Clone + PartialEq> Cursor<K> {
    /// The row it is on among `keys`; `None` when there is none.
    pub fn index(&self, keys: &[K]) -> Option<usize> {
        self.index_among(keys.len(), |at| keys[at].clone())
    }

    /// [`Self::index`] among `count` rows whose keys are told one by one: mostly only that of the row it
    /// was last seen at is asked for.
    pub fn index_among(&self, count: usize, key: impl Fn(usize) -> K) -> Option<usize> {
        let is_there = |at: &usize| self.key.as_ref() == Some(&key(*at));
        let found = Some(self.index).filter(|at| *at < count && is_there(at));
        let found = found.or_else(|| self.key.as_ref().and_then(|_| (0..count).find(is_there)));
        found.or_else(|| count.checked_sub(1).map(|last| self.index.min(last)))
    }

    pub fn selected<'a>(&self, keys: &'a [K]) -> Option<&'a K> {
        self.index(keys).and_then(|index| keys.get(index))
    }

    pub fn select(&mut self, key: K) {
        self.key = Some(key);
    }

    /// Whether it moved.
    pub fn step(&mut self, step: Step, keys: &[K]) -> bool {
        self.step_among(step, keys.len(), |at| keys[at].clone())
    }

    /// [`Self::step`], as [`Self::index_among`].
    pub fn step_among(&mut self, step: Step, count: usize, key: impl Fn(usize) -> K) -> bool {
        let Some(index) = self.index_among(count, &key) else { return false };
        let page = self.height.max(2) - 1;
        let last = count - 1;
        let next = match step {
            Step::Up => index.saturating_sub(1),
            Step::Down => (index + 1).min(last),
            Step::PageUp => index.saturating_sub(page),
            Step::PageDown => (index + page).min(last),
            Step::First => 0,
            Step::Last => last,
        };
        self.index = next;
        self.key = Some(key(next));
        next != index
    }

    /// Puts the cursor on the row that was drawn as this one, counted from the first in sight; whether
    /// it was there already. `None`: there was no such row, or it has gone.
    pub fn click(&mut self, row: usize, keys: &[K]) -> Option<bool> {
        let key = self.shown.get(row).filter(|key| keys.contains(key))?;
        let already = self.key.as_ref() == Some(key);
        self.key = Some(key.clone());
        Some(already)
    }

    /// Other rows come in sight; the cursor stays where it is as long as it is among them.
    pub fn scroll(&mut self, down: bool, by: usize, keys: &[K]) {
        let Some(index) = self.index(keys) else { return };
        let top = if down { self.top + by } else { self.top.saturating_sub(by) };
        self.top = top.min(keys.len().saturating_sub(self.height));
        self.index = index.clamp(self.top, self.top + self.height.max(1) - 1).min(keys.len() - 1);
        self.key = keys.get(self.index).cloned();
    }

    /// Whether the last of so many rows is in sight.
    pub fn at_end(&self, count: usize) -> bool {
        self.top + self.height >= count
    }

    /// The rows to draw in `height` lines; keeps the cursor in sight.
    pub fn window(&mut self, keys: &[K], height: usize) -> Range<usize> {
        self.window_among(keys.len(), |at| keys[at].clone(), height)
    }

    /// [`Self::window`], as [`Self::index_among`].
    pub fn window_among(&mut self, count: usize, key: impl Fn(usize) -> K, height: usize) -> Range<usize> {
        self.height = height;
        self.shown.clear();
        let Some(index) = self.index_among(count, &key) else {
            self.top = 0;
            return 0..0;
        };
        self.index = index;
        self.key = Some(key(index));
        self.top = self.top.min(count.saturating_sub(height)).min(index);
        if height > 0 && index >= self.top + height {
            self.top = index + 1 - height;
        }
        let window = self.top..(self.top + height).min(count);
        self.shown.extend(window.clone().map(key));
        window
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Step};

    #[test]
    fn stays_on_its_row_while_rows_come_and_go() {
        let mut cursor = Cursor::default();
        assert!(!cursor.step(Step::Down, &[] as &[u8]));
        assert!(cursor.step(Step::Down, &[1, 2, 3]));
        assert_eq!(cursor.selected(&[0, 1, 2, 3]), Some(&2));
        assert_eq!(cursor.selected(&[1, 3]), Some(&3));
        assert_eq!(cursor.selected(&[1]), Some(&1));
        assert_eq!(cursor.window(&[0, 1, 2, 3], 2), 1..3);
        cursor.step(Step::Last, &[0, 1, 2, 3]);
        assert_eq!(cursor.window(&[0, 1, 2, 3], 2), 2..4);
        assert_eq!(cursor.window(&[0, 1, 2, 3], 0), 2..2);
    }

    #[test]
    fn a_click_means_what_was_seen() {
        let mut cursor = Cursor::default();
        cursor.window(&[1, 2, 3], 2);
        let keys = [2, 3, 1];
        assert_eq!([cursor.click(1, &keys), cursor.click(1, &keys)], [Some(false), Some(true)]);
        assert_eq!(cursor.click(2, &keys), None, "nothing was drawn there");
        assert_eq!(cursor.click(0, &[2, 3]), None, "it has gone");
        assert_eq!(cursor.selected(&[2, 3, 1]), Some(&2));
    }

    #[test]
    fn scrolling_moves_the_cursor_only_to_keep_it_in_sight() {
        let keys: Vec<u8> = (0..10).collect();
        let mut cursor = Cursor::default();
        cursor.select(2);
        assert_eq!(cursor.window(&keys, 4), 0..4);
        cursor.scroll(true, 2, &keys);
        assert_eq!((cursor.window(&keys, 4), cursor.selected(&keys)), (2..6, Some(&2)));
        cursor.scroll(true, 3, &keys);
        assert_eq!((cursor.window(&keys, 4), cursor.selected(&keys)), (5..9, Some(&5)));
        assert!(!cursor.at_end(10));
        cursor.scroll(true, 3, &keys);
        assert!(cursor.at_end(10));
        cursor.scroll(false, 30, &keys);
        assert_eq!((cursor.window(&keys, 4), cursor.selected(&keys)), (0..4, Some(&3)));
        cursor.scroll(true, 3, &[] as &[u8]);
    }
}
