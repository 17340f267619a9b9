//! Rows that a user marked, to do something to all of them: by key, so that they stay marked
//! however rows are sorted, filtered or renewed. It knows no rows; who holds it knows which keys
//! there are just now.

use std::collections::BTreeSet;

#[derive(Debug, Clone)]
pub struct Marks<K> {
    all: BTreeSet<K>,
    /// Marked last: a range goes from here.
    last: Option<K>,
}

impl<K> Default for Marks<K> {
    fn default() -> Self {
        Self { all: BTreeSet::new(), last: None }
    }
}

impl<K: Clone + Ord> Marks<K> {
    /// Whether nothing was marked; what is marked may be gone all the same.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn has(&self, key: &K) -> bool {
        self.all.contains(key)
    }

    /// Marks it, or takes its mark away.
    pub fn turn(&mut self, key: K) {
        if !self.all.remove(&key) {
            self.all.insert(key.clone());
        }
        self.last = Some(key);
    }

    /// Marks all from the last that was marked to the one at `here`; that one alone where the last is not shown.
    pub fn range(&mut self, shown: &[K], here: usize) {
        let from = self.last.as_ref().and_then(|last| shown.iter().position(|key| key == last)).unwrap_or(here);
        self.all.extend(shown.iter().take(from.max(here) + 1).skip(from.min(here)).cloned());
        self.last = shown.get(here).cloned();
    }

    /// Marks all that are shown; when all of them are marked, none stays so.
    pub fn turn_all(&mut self, shown: &[K]) {
        if shown.iter().all(|key| self.all.contains(key)) {
            self.clear();
        } else {
            self.all.extend(shown.iter().cloned());
        }
    }

    /// Whether there was something to take away.
    pub fn clear(&mut self) -> bool {
        self.last = None;
        !std::mem::take(&mut self.all).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Marks;

    fn marked(marks: &Marks<u8>) -> Vec<u8> {
        (0..10).filter(|key| marks.has(key)).collect()
    }

    #[test]
    fn a_range_goes_from_the_last_mark_in_the_order_that_is_shown() {
        let mut marks = Marks::default();
        marks.range(&[1, 2, 3], 1);
        assert_eq!(marked(&marks), [2], "nothing was marked before");
        marks.turn(3);
        marks.range(&[9, 3, 7, 5, 1], 3);
        assert_eq!(marked(&marks), [2, 3, 5, 7]);
        marks.range(&[9, 3, 7, 5, 1], 0);
        assert_eq!(marked(&marks), [2, 3, 5, 7, 9], "upwards, from where the last one ended");
        marks.range(&[0, 4], 1);
        assert_eq!(marked(&marks), [2, 3, 4, 5, 7, 9], "what is not shown is no end of a range");
    }

    #[test]
    fn all_are_marked_and_then_none() {
        let mut marks = Marks::default();
        marks.turn(1);
        marks.turn_all(&[1, 2]);
        assert_eq!(marked(&marks), [1, 2]);
        marks.turn(8);
        marks.turn_all(&[1, 2]);
        assert!(marks.is_empty() && !marks.clear());
        marks.turn(1);
        marks.turn(1);
        assert!(!marks.clear(), "turned off again");
    }
}
