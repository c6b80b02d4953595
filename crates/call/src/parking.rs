//! Where calls are parked: which slots of a domain are taken, on all shards together.

use base::{CallId, DomainId};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// All slots that are taken. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct Parking(Arc<Mutex<BTreeMap<(DomainId, u32), CallId>>>);

/// A call's slot; dropping it leaves.
#[derive(Debug)]
pub(crate) struct Slot {
    parking: Parking,
    domain: DomainId,
    number: u32,
}

impl Parking {
    /// Takes the first free slot of these.
    pub(crate) fn take(
        &self,
        domain: DomainId,
        slots: impl IntoIterator<Item = u32>,
        call: CallId,
    ) -> Option<Slot> {
        let mut taken = self.lock();
        let number = slots.into_iter().find(|it| !taken.contains_key(&(domain, *it)))?;
        taken.insert((domain, number), call);
        Some(Slot { parking: self.clone(), domain, number })
    }

    /// The call in a slot.
    pub fn call_in(&self, domain: DomainId, slot: u32) -> Option<CallId> {
        self.lock().get(&(domain, slot)).copied()
    }

    /// Whether no slot is taken.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// A panic elsewhere cannot leave a half-made list: the lock is held for single steps only.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(DomainId, u32), CallId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Its number.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.parking.lock().remove(&(self.domain, self.number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Rng, UnixMillis};

    #[test]
    fn the_first_free_slot_is_taken_and_free_again_once_it_is_left() {
        let (parking, mut rng) = (Parking::default(), Rng::from_number(1));
        let mut domain = || DomainId::new(UnixMillis(0), &mut rng);
        let (ours, theirs) = (domain(), domain());
        let call = CallId::new(UnixMillis(0), &mut Rng::from_number(2));
        let take = |domain| parking.take(domain, 701..=702, call);
        let [first, second] = [take(ours), take(ours)].map(Option::unwrap);
        assert_eq!((first.number(), second.number()), (701, 702));
        assert!(take(ours).is_none(), "all are taken");
        assert_eq!(take(theirs).unwrap().number(), 701, "another domain's are others");
        assert_eq!(parking.call_in(ours, 701), Some(call));

        drop(first);
        assert_eq!(take(ours).unwrap().number(), 701);
        drop(second);
        assert!(parking.is_empty());
    }
}
