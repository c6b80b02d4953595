//! How many calls each extension is in: the one count that all shards share.

use base::ExtensionId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts calls by extension. Cloning shares the counts.
#[derive(Clone, Debug, Default)]
pub struct Occupancy(Arc<Mutex<HashMap<ExtensionId, u32>>>);

/// One call counted; dropping it counts it off.
#[derive(Debug)]
pub struct Seat {
    occupancy: Occupancy,
    extension: ExtensionId,
}

impl Occupancy {
    /// Counts one more call, unless `max` are counted already.
    pub fn take(&self, extension: ExtensionId, max: Option<u32>) -> Option<Seat> {
        let mut counts = self.lock();
        let calls = counts.entry(extension).or_default();
        if max.is_some_and(|max| *calls >= max) {
            return None;
        }
        *calls += 1;
        Some(Seat { occupancy: self.clone(), extension })
    }

    /// Calls of an extension.
    pub fn calls(&self, extension: ExtensionId) -> u32 {
        self.lock().get(&extension).copied().unwrap_or(0)
    }

    /// Whether nobody is in a call.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// A panic elsewhere cannot leave a half-made count: the lock is held for single steps only.
    fn lock(&self) -> MutexGuard<'_, HashMap<ExtensionId, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.occupancy.lock();
        if let Some(calls) = counts.get_mut(&self.extension) {
            *calls -= 1;
            if *calls == 0 {
                counts.remove(&self.extension);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Rng, UnixMillis};

    #[test]
    fn a_seat_is_free_again_when_its_call_is_over() {
        let occupancy = Occupancy::default();
        let extension = ExtensionId::new(UnixMillis(0), &mut Rng::from_number(1));
        let seat = occupancy.take(extension, Some(1));

        assert!(seat.is_some());
        assert!(occupancy.take(extension, Some(1)).is_none());
        assert!(occupancy.take(extension, None).is_some(), "dropped at once");

        drop(seat);
        assert!(occupancy.take(extension, Some(1)).is_some());
    }
}
