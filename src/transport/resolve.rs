//! Names of next hops to addresses, off the hot path. SRV and NAPTR (RFC 3263) are not looked up.

use bytes::Bytes;
use std::{
    collections::HashMap,
    io,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{net::lookup_host, sync::Semaphore, time::timeout};

/// Names remembered. When there are more, all are forgotten.
const CACHE_MAX: usize = 1024;

/// How long an answer is good for.
const FOUND_FOR: Duration = Duration::from_mins(1);

/// How long a failure is remembered, so that a dead name does not cost a look-up a message.
const MISSED_FOR: Duration = Duration::from_secs(5);

/// Look-ups at a time.
const LOOKUPS_MAX: usize = 64;

/// How long a look-up may take.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// Looks names up and remembers the answers for a while.
#[derive(Debug)]
pub(super) struct Resolver {
    cache: Mutex<HashMap<Bytes, Answer>>,
    lookups: Semaphore,
}

#[derive(Clone, Debug)]
struct Answer {
    /// Empty for a name that has none.
    addresses: Vec<IpAddr>,
    until: Instant,
}

impl Resolver {
    pub(super) fn new() -> Self {
        Self { cache: Mutex::default(), lookups: Semaphore::new(LOOKUPS_MAX) }
    }

    /// The answer, if it is known; `Some` and empty for a name that is known to have no address.
    pub(super) fn known(&self, now: Instant, name: &Bytes) -> Option<Vec<IpAddr>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(name).filter(|it| now < it.until).map(|it| it.addresses.clone())
    }

    /// The answer, asked for if it is not known. Fails when too many look-ups are under way.
    pub(super) async fn resolve(&self, name: &Bytes) -> io::Result<Vec<IpAddr>> {
        let _permit = self.lookups.try_acquire().map_err(io::Error::other)?;
        let text = std::str::from_utf8(name).map_err(io::Error::other)?;
        let found = timeout(LOOKUP_TIMEOUT, lookup_host((text, 0))).await.map_err(io::Error::from);
        let addresses: Vec<_> = found
            .flatten()
            .map(|found| found.map(|it| it.ip().to_canonical()).collect())
            .unwrap_or_default();
        self.remember(Instant::now(), name.clone(), &addresses);
        Ok(addresses)
    }

    fn remember(&self, now: Instant, name: Bytes, addresses: &[IpAddr]) {
        let life = if addresses.is_empty() { MISSED_FOR } else { FOUND_FOR };
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHE_MAX {
            cache.clear();
        }
        cache.insert(name, Answer { addresses: addresses.to_vec(), until: now + life });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_is_found_and_remembered_for_a_while() {
        let resolver = Resolver::new();
        let name = Bytes::from_static(b"localhost");
        assert_eq!(resolver.known(Instant::now(), &name), None);

        let found = resolver.resolve(&name).await.unwrap();

        assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
        assert_eq!(resolver.known(Instant::now(), &name), Some(found));
        assert_eq!(resolver.known(Instant::now() + FOUND_FOR, &name), None);
    }

    #[test]
    fn names_without_end_do_not_fill_the_memory() {
        let (resolver, now) = (Resolver::new(), Instant::now());

        for n in 0..3 * CACHE_MAX {
            resolver.remember(now, n.to_string().into(), &[]);
        }

        assert!(resolver.cache.lock().unwrap().len() <= CACHE_MAX);
    }
}
