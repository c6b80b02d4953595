//! Failed logins: who fails too often is not heard for a while. Memory is bounded.

use base::Now;
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher as _},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Counts failures of each account and each address.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    accounts: Mutex<HashMap<u64, Window>>,
    addresses: Mutex<HashMap<IpAddr, Window>>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    began: Instant,
    failures: u32,
}

impl Attempts {
    /// Whether an attempt is heard; the error is when the next one will be.
    pub(super) fn check(&self, now: Now, account: &str, address: IpAddr) -> Result<(), Duration> {
        let account = wait(&lock(&self.accounts), &key(account), ACCOUNT_FAILURES_MAX, now.instant);
        let address = wait(&lock(&self.addresses), &address, ADDRESS_FAILURES_MAX, now.instant);
        match account.max(address) {
            None => Ok(()),
            Some(left) => Err(left),
        }
    }

    /// Notes a failure.
    pub(super) fn failed(&self, now: Now, account: &str, address: IpAddr) {
        note(&mut lock(&self.accounts), key(account), now.instant);
        note(&mut lock(&self.addresses), address, now.instant);
    }

    /// Notes a failure of no account in particular.
    pub(super) fn address_failed(&self, now: Now, address: IpAddr) {
        note(&mut lock(&self.addresses), address, now.instant);
    }

    /// Forgets the failures of an account whose password was right.
    pub(super) fn succeeded(&self, account: &str) {
        lock(&self.accounts).remove(&key(account));
    }
}

fn wait<K: Eq + Hash>(
    windows: &HashMap<K, Window>,
    key: &K,
    failures_max: u32,
    now: Instant,
) -> Option<Duration> {
    let window = windows.get(key).filter(|it| it.failures >= failures_max)?;
    let left = (window.began + WINDOW).saturating_duration_since(now);
    (!left.is_zero()).then_some(left)
}

fn note<K: Copy + Eq + Hash>(windows: &mut HashMap<K, Window>, key: K, now: Instant) {
    if windows.len() >= TRACKED_MAX && !windows.contains_key(&key) {
        windows.retain(|_, it| now < it.began + WINDOW);
        if windows.len() >= TRACKED_MAX {
            let oldest = windows.iter().min_by_key(|(_, it)| it.began).map(|(key, _)| *key);
            oldest.map(|it| windows.remove(&it));
        }
    }
    let window = windows.entry(key).or_insert(Window { began: now, failures: 0 });
    if now >= window.began + WINDOW {
        *window = Window { began: now, failures: 0 };
    }
    window.failures += 1;
}

/// Names that strangers send may be long; their hash is not.
fn key(account: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    account.hash(&mut hasher);
    hasher.finish()
}

fn lock<T>(windows: &Mutex<T>) -> MutexGuard<'_, T> {
    windows.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Failures are counted over this long.
const WINDOW: Duration = Duration::from_mins(10);
/// Of one account, from wherever.
const ACCOUNT_FAILURES_MAX: u32 = 10;
/// From one address, of whatever accounts; a whole office may share one.
const ADDRESS_FAILURES_MAX: u32 = 30;
/// Accounts, and addresses, that are remembered at a time; past it the oldest is forgotten.
const TRACKED_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn ten_failures_close_an_account_until_their_window_is_over() {
        let (attempts, clock) = (Attempts::default(), Clock::stopped());
        for n in 0..ACCOUNT_FAILURES_MAX {
            assert_eq!(attempts.check(clock.now(), "a/anna", address(n)), Ok(()));
            attempts.failed(clock.now(), "a/anna", address(n));
        }
        clock.advance(Duration::from_mins(4));

        let told = attempts.check(clock.now(), "a/anna", address(99));

        assert_eq!(told, Err(Duration::from_mins(6)));
        assert_eq!(attempts.check(clock.now(), "a/boris", address(99)), Ok(()));
        clock.advance(Duration::from_mins(6));
        assert_eq!(attempts.check(clock.now(), "a/anna", address(99)), Ok(()));
    }

    #[test]
    fn an_address_that_tries_many_accounts_is_not_heard() {
        let (attempts, now) = (Attempts::default(), Clock::stopped().now());
        for n in 0..ADDRESS_FAILURES_MAX {
            attempts.failed(now, &format!("a/{n}"), address(1));
        }

        assert!(attempts.check(now, "a/anna", address(1)).is_err());
        assert_eq!(attempts.check(now, "a/anna", address(2)), Ok(()));
    }

    #[test]
    fn a_success_forgets_the_failures_of_its_account() {
        let (attempts, now) = (Attempts::default(), Clock::stopped().now());
        for n in 0..ACCOUNT_FAILURES_MAX {
            attempts.failed(now, "a/anna", address(n));
        }
        attempts.succeeded("a/anna");

        assert_eq!(attempts.check(now, "a/anna", address(99)), Ok(()));
    }

    #[test]
    fn a_flood_of_names_takes_bounded_memory() {
        let (attempts, now) = (Attempts::default(), Clock::stopped().now());
        for n in 0..TRACKED_MAX + 100 {
            attempts.failed(now, &n.to_string(), address(n as u32));
        }

        assert_eq!(lock(&attempts.accounts).len(), TRACKED_MAX);
        assert_eq!(lock(&attempts.addresses).len(), TRACKED_MAX);
    }

    fn address(n: u32) -> IpAddr {
        std::net::Ipv4Addr::from(n).into()
    }
}
