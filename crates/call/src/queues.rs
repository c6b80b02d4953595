//! Who waits in which queue, in which order: the one list that all shards share.

use base::{CallId, DomainId};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// All queues in which somebody waits. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct Queues(Arc<Mutex<BTreeMap<Key, Vec<CallId>>>>);

/// A queue's domain and name.
type Key = (DomainId, String);

/// A caller's place in a queue; dropping it leaves.
#[derive(Debug)]
pub(crate) struct QueuePlace {
    queues: Queues,
    key: Key,
    call: CallId,
}

impl Queues {
    /// Takes the last place in a queue.
    pub(crate) fn join(&self, domain: DomainId, queue: String, call: CallId) -> QueuePlace {
        let key = (domain, queue);
        self.lock().entry(key.clone()).or_default().push(call);
        QueuePlace { queues: self.clone(), key, call }
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// A panic elsewhere cannot leave a half-made list: the lock is held for single steps only.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Vec<CallId>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueuePlace {
    /// Which it is, from 1.
    pub(crate) fn position(&self) -> u32 {
        let queues = self.queues.lock();
        let waiting = queues.get(&self.key).into_iter().flatten();
        let ahead = waiting.take_while(|it| **it != self.call).count();
        u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The queue's domain.
    pub(crate) fn domain(&self) -> DomainId {
        self.key.0
    }

    /// The queue's name.
    pub(crate) fn queue(&self) -> &str {
        &self.key.1
    }
}

impl Drop for QueuePlace {
    fn drop(&mut self) {
        let mut queues = self.queues.lock();
        if let Some(waiting) = queues.get_mut(&self.key) {
            waiting.retain(|it| *it != self.call);
            if waiting.is_empty() {
                queues.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Rng, UnixMillis};

    #[test]
    fn whoever_leaves_lets_those_behind_move_up() {
        let queues = Queues::default();
        let join = |n: u64, queue: &str| queues.join(domain(1), queue.to_owned(), call(n));
        let (first, second, third) = (join(1, "4000"), join(2, "4000"), join(3, "4000"));
        let elsewhere = join(4, "4001");
        let foreign = queues.join(domain(2), "4000".to_owned(), call(5));
        assert_eq!([&first, &second, &third].map(QueuePlace::position), [1, 2, 3]);
        assert_eq!([&elsewhere, &foreign].map(QueuePlace::position), [1, 1], "other queues");

        drop(first);
        assert_eq!([&second, &third].map(QueuePlace::position), [1, 2]);
        drop((second, third, elsewhere));
        assert!(!queues.is_empty());
        drop(foreign);
        assert!(queues.is_empty());
    }

    fn call(n: u64) -> CallId {
        CallId::new(UnixMillis(n as i64), &mut Rng::from_number(n))
    }

    fn domain(n: u64) -> DomainId {
        DomainId::new(UnixMillis(0), &mut Rng::from_number(n))
    }
}
