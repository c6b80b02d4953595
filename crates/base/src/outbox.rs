//! What a core wants done, in order, with a bound.

use std::collections::VecDeque;

/// A queue that its owner drains after each input.
///
/// The bound is a guard against a core that produces without end, not a flow control: an owner that
/// drains as it must never meets it. What would not fit is refused and counted.
#[derive(Clone, Debug)]
pub struct Outbox<T> {
    items: VecDeque<T>,
    limit: usize,
    refused: u64,
}

impl<T> Outbox<T> {
    /// Holds at most `limit` items.
    pub fn new(limit: usize) -> Self {
        Self { items: VecDeque::new(), limit, refused: 0 }
    }

    /// Adds an item; gives it back when the outbox is full.
    pub fn push(&mut self, item: T) -> Result<(), T> {
        if self.items.len() >= self.limit {
            self.refused += 1;
            return Err(item);
        }
        self.items.push_back(item);
        Ok(())
    }

    /// The oldest item.
    pub fn pop(&mut self) -> Option<T> {
        self.items.pop_front()
    }

    /// How many items were refused since the start.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_outbox_refuses_and_counts() {
        let mut outbox = Outbox::new(1);

        assert_eq!(outbox.push('a'), Ok(()));
        assert_eq!(outbox.push('b'), Err('b'));

        assert_eq!((outbox.pop(), outbox.pop(), outbox.refused()), (Some('a'), None, 1));
    }
}
