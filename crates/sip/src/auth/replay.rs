//! Which uses of which nonces were seen.

use super::nonce::NonceId;
use std::collections::BTreeMap;

/// Used nonces, oldest first, at most so many.
///
/// A nonce gets here by its first right answer. What is not here and younger than everything that
/// was ever evicted was never used; what is older may have been, and counts as used.
pub(super) struct SeenNonces {
    uses: BTreeMap<NonceId, Uses>,
    limit: usize,
    window: u32,
    /// The youngest nonce that was evicted before it expired.
    evicted_to: Option<NonceId>,
}

impl SeenNonces {
    /// Remembers at most `limit` nonces; `window` is how far behind the highest `nc` may be, at
    /// most 63.
    pub(super) fn new(limit: usize, window: u32) -> Self {
        Self {
            uses: BTreeMap::new(),
            limit: limit.max(1),
            window: window.min(Uses::WINDOW_MAX),
            evicted_to: None,
        }
    }

    /// Notes a use; false if it may have been seen before. Without `qop` there is no count, and a
    /// nonce serves once. Nonces below `oldest_alive` are forgotten: they are refused before.
    pub(super) fn is_first_use(
        &mut self,
        nonce: NonceId,
        count: Option<u32>,
        oldest_alive: NonceId,
    ) -> bool {
        if let Some(uses) = self.uses.get_mut(&nonce) {
            return count.is_some_and(|it| uses.note(it, self.window));
        }
        if self.evicted_to.is_some_and(|it| nonce <= it) {
            return false;
        }
        self.make_room(oldest_alive);
        self.uses.insert(nonce, Uses::first(count));
        true
    }

    fn make_room(&mut self, oldest_alive: NonceId) {
        while let Some(oldest) = self.uses.first_entry() {
            let is_expired = *oldest.key() < oldest_alive;
            if is_expired {
                oldest.remove();
            } else if self.uses.len() >= self.limit {
                self.evicted_to = self.uses.pop_first().map(|(nonce, _)| nonce);
            } else {
                return;
            }
        }
    }
}

/// A sliding window over the counts of one nonce.
struct Uses {
    highest: u32,
    /// Bit n stands for `highest - n`.
    seen: u64,
}

impl Uses {
    const WINDOW_MAX: u32 = u64::BITS - 1;

    fn first(count: Option<u32>) -> Self {
        match count {
            Some(count) => Self { highest: count, seen: 1 },
            None => Self { highest: u32::MAX, seen: u64::MAX },
        }
    }

    /// Notes a count; false if it was seen or is too far behind to tell.
    fn note(&mut self, count: u32, window: u32) -> bool {
        if count > self.highest {
            self.seen = self.seen.checked_shl(count - self.highest).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let behind = self.highest - count;
        let bit = 1 << behind.min(Self::WINDOW_MAX);
        if behind > window || self.seen & bit != 0 {
            return false;
        }
        self.seen |= bit;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_may_come_out_of_order_inside_the_window_and_each_once() {
        let mut seen = SeenNonces::new(8, 4);
        let mut uses = |count| seen.is_first_use(id(1), Some(count), id(0));

        assert_eq!([1, 3, 2, 3, 2, 1].map(&mut uses), [true, true, true, false, false, false]);
        assert_eq!([100, 96, 95, 100, 97].map(&mut uses), [true, true, false, false, true]);
        assert_eq!([u32::MAX, 101, u32::MAX - 4].map(&mut uses), [true, false, true]);
    }

    #[test]
    fn a_nonce_without_count_serves_once() {
        let mut seen = SeenNonces::new(8, 4);

        assert!(seen.is_first_use(id(1), None, id(0)));

        assert!(!seen.is_first_use(id(1), None, id(0)));
        assert!(!seen.is_first_use(id(1), Some(7), id(0)));
    }

    #[test]
    fn a_counted_nonce_does_not_serve_without_count() {
        let mut seen = SeenNonces::new(8, 4);

        assert!(seen.is_first_use(id(1), Some(1), id(0)));

        assert!(!seen.is_first_use(id(1), None, id(0)));
    }

    #[test]
    fn the_oldest_are_evicted_and_stay_refused() {
        let mut seen = SeenNonces::new(2, 4);
        for n in [10, 20, 30, 40] {
            assert!(seen.is_first_use(id(n), Some(1), id(0)));
        }

        assert_eq!(seen.uses.len(), 2);
        assert!(!seen.is_first_use(id(10), Some(2), id(0)), "was evicted");
        assert!(!seen.is_first_use(id(15), Some(1), id(0)), "cannot be told from an evicted one");
        assert!(seen.is_first_use(id(25), Some(1), id(0)), "younger than the evicted");
        assert!(seen.is_first_use(id(40), Some(2), id(0)));
    }

    #[test]
    fn expired_nonces_make_room_without_an_eviction() {
        let mut seen = SeenNonces::new(2, 4);
        for n in [10, 20] {
            assert!(seen.is_first_use(id(n), Some(1), id(0)));
        }

        assert!(seen.is_first_use(id(30), Some(1), id(25)));

        assert_eq!((seen.uses.len(), seen.evicted_to), (1, None));
    }

    fn id(n: u8) -> NonceId {
        let mut id = [0; 12];
        id[5] = n;
        id
    }
}
