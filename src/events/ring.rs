//! The frames of a domain that a panel which was away may still ask for.

use super::{RESUME_FRAMES, RESUME_SPAN, RING_BYTES_MAX, Topic};
use base::UserId;
use bytes::Bytes;
use std::collections::VecDeque;
use tokio::time::Instant;

/// Frames in the order of their numbers, the newest last.
#[derive(Debug)]
pub(super) struct Ring {
    frames: VecDeque<Kept>,
    bytes: usize,
    /// Every frame of the domain with a greater number is here.
    floor: u64,
}

/// A frame and whom it concerns.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) seq: u64,
    pub(super) at: Instant,
    pub(super) audience: Audience,
    pub(super) frame: Bytes,
}

/// Whom a frame concerns.
#[derive(Clone, Debug)]
pub(super) enum Audience {
    /// Who subscribed to this list.
    List(Topic),
    /// These.
    Users(Box<[UserId]>),
}

impl Ring {
    /// An empty one: nothing of the domain is numbered past `floor`.
    pub(super) fn new(floor: u64) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, floor }
    }

    /// Keeps a frame, and gives up what is too old.
    pub(super) fn push(&mut self, kept: Kept) {
        let now = kept.at;
        self.bytes += kept.frame.len();
        self.frames.push_back(kept);
        while self.bytes > RING_BYTES_MAX || self.is_front_old(now) {
            let Some(old) = self.frames.pop_front() else { return };
            self.bytes -= old.frame.len();
            self.floor = old.seq;
        }
    }

    fn is_front_old(&self, now: Instant) -> bool {
        self.frames.len() > RESUME_FRAMES
            && self.frames.front().is_some_and(|it| it.at + RESUME_SPAN < now)
    }

    /// Gives everything up: nothing up to `floor` can be asked for.
    pub(super) fn clear(&mut self, floor: u64) {
        *self = Self::new(floor);
    }

    /// The frames after `seq`; `None` if some of them are not here any more.
    pub(super) fn after(&self, seq: u64) -> Option<impl Iterator<Item = &Kept>> {
        let first = self.frames.partition_point(|it| it.seq <= seq);
        (seq >= self.floor).then(|| self.frames.range(first..))
    }
}

impl Audience {
    /// Whether a user with these lists is meant.
    pub(super) fn includes(&self, user: UserId, is_subscribed: impl Fn(Topic) -> bool) -> bool {
        match self {
            Self::List(topic) => is_subscribed(*topic),
            Self::Users(users) => users.contains(&user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_young_or_among_the_last_is_kept_and_older_frames_are_known_to_be_gone() {
        let start = Instant::now();
        let mut ring = Ring::new(100);
        for n in 1..=RESUME_FRAMES as u64 + 10 {
            ring.push(kept(100 + n, start, 10));
        }
        assert_eq!(ring.after(100).map(Iterator::count), Some(RESUME_FRAMES + 10), "young");
        assert!(ring.after(99).is_none(), "before the stream began");

        ring.push(kept(20_000, start + RESUME_SPAN + Duration::from_secs(1), 10));

        assert_eq!(ring.after(111).map(Iterator::count), Some(RESUME_FRAMES));
        assert!(ring.after(110).is_none(), "one of them is gone");
        assert_eq!(ring.after(20_000).map(Iterator::count), Some(0));
    }

    #[test]
    fn no_more_bytes_are_kept_than_may_be() {
        let start = Instant::now();
        let mut ring = Ring::new(0);
        for n in 1..=5 {
            ring.push(kept(n, start, RING_BYTES_MAX / 4));
        }

        assert!(ring.after(0).is_none());
        assert_eq!(ring.after(1).map(Iterator::count), Some(4));
    }

    fn kept(seq: u64, at: Instant, bytes: usize) -> Kept {
        let frame = Bytes::from(vec![b' '; bytes]);
        Kept { seq, at, audience: Audience::List(Topic::Lines), frame }
    }
}
