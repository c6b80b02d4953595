//! Token buckets for all sources in a table of fixed size.
//!
//! A flood from forged addresses must cost no memory, so sources share [`BUCKETS`] buckets a row by
//! a hash that strangers cannot predict. Each source has one bucket in either row and is over its
//! limit only if both are empty: a well-behaved source suffers only if floods meet it in both.

use super::network::SourceKey;
use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Buckets of one row; 8 bytes each.
const BUCKETS: usize = 32 * 1024;

/// Lets each source send a rate for ever and a burst after a silence. Lock-free, 512 kB.
pub(super) struct Limiter {
    epoch: Instant,
    /// Nanoseconds that one message uses up.
    interval: u64,
    /// Nanoseconds that a full bucket holds.
    tolerance: u64,
    rows: [Row; 2],
}

impl Limiter {
    /// With full buckets. Rate and burst are at least one.
    pub(super) fn new(now: Instant, messages_per_second: u32, burst: u32) -> Self {
        let interval = 1_000_000_000 / u64::from(messages_per_second.max(1));
        Self {
            epoch: now,
            interval,
            tolerance: interval * u64::from(burst.max(1)),
            rows: [Row::new(), Row::new()],
        }
    }

    /// Takes one message out of the source's buckets; false if both are empty.
    pub(super) fn admit(&self, now: Instant, source: SourceKey) -> bool {
        let now = nanos(now.saturating_duration_since(self.epoch));
        let [first, second] = &self.rows;
        // Both must be charged.
        first.take(now, source, self) | second.take(now, source, self)
    }
}

/// One bucket is the time, in nanoseconds since the epoch, at which it will be full again (GCRA's
/// theoretical arrival time).
struct Row {
    hasher: RandomState,
    full_at: Box<[AtomicU64]>,
}

impl Row {
    fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            full_at: std::iter::repeat_with(AtomicU64::default).take(BUCKETS).collect(),
        }
    }

    fn take(&self, now: u64, source: SourceKey, limiter: &Limiter) -> bool {
        let bucket = &self.full_at[self.hasher.hash_one(source) as usize % BUCKETS];
        bucket
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
                let full_at = full_at.max(now) + limiter.interval;
                (full_at - now <= limiter.tolerance).then_some(full_at)
            })
            .is_ok()
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).expect("a process does not live for 584 years")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    #[test]
    fn a_source_may_send_its_burst_at_once_and_its_rate_for_ever() {
        let start = Instant::now();
        let limiter = Limiter::new(start, 10, 5);
        let source = key("192.0.2.1");

        let at_once = (0..20).filter(|_| limiter.admit(start, source)).count();
        let later = (1..=100).filter(|n| limiter.admit(start + n * 50 * MILLI, source)).count();

        assert_eq!(at_once, 5);
        assert_eq!(later, 50, "10 a second for 5 seconds, offered at twice that");
    }

    #[test]
    fn floods_from_many_addresses_leave_others_alone() {
        let now = Instant::now();
        let limiter = Limiter::new(now, 10, 5);
        for n in 0..200u32 {
            let flooder = SourceKey::from(IpAddr::from(n.to_be_bytes()));
            while limiter.admit(now, flooder) {}
        }

        let unharmed = (0..200u32)
            .map(|n| SourceKey::from(IpAddr::from((n + 1_000_000).to_be_bytes())))
            .filter(|source| limiter.admit(now, *source))
            .count();

        // Both buckets taken by floods: (200 / 32768)² a source.
        assert!(unharmed >= 199, "{unharmed}");
    }

    const MILLI: Duration = Duration::from_millis(1);

    fn key(ip: &str) -> SourceKey {
        ip.parse::<IpAddr>().unwrap().into()
    }
}
