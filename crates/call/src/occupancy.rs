//! How many calls each extension and each trunk is in: the one count that all shards share.

use crate::directory::Trunk;
use base::ExtensionId;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Counts calls by extension and by trunk. Cloning shares the counts.
#[derive(Clone, Debug, Default)]
pub struct Occupancy(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    extensions: HashMap<ExtensionId, u32>,
    /// By name; of each trunk that ever had a call.
    trunks: HashMap<String, TrunkCount>,
}

#[derive(Debug, Default)]
struct TrunkCount {
    calls: u32,
    /// When calls began in the last second, as far as it takes to know whether one more may: at most
    /// `cps_max` of them.
    recent: VecDeque<Instant>,
}

/// How many calls a trunk may carry, both directions together; `None` for no limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TrunkLimits {
    /// Most calls at a time.
    pub channels_max: Option<u32>,
    /// Most calls that begin within any second.
    pub cps_max: Option<u32>,
}

/// Which limit of a trunk is reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TrunkFull {
    /// [`TrunkLimits::channels_max`].
    #[error("as many calls as it may")]
    Channels,
    /// [`TrunkLimits::cps_max`].
    #[error("as many new calls a second as it may")]
    Rate,
}

/// One call counted; dropping it counts it off.
#[derive(Debug)]
pub struct Seat {
    occupancy: Occupancy,
    occupant: Occupant,
}

#[derive(Debug)]
enum Occupant {
    Extension(ExtensionId),
    Trunk(String),
}

impl Occupancy {
    /// Counts one more call of an extension, unless `max` are counted already.
    pub fn take(&self, extension: ExtensionId, max: Option<u32>) -> Option<Seat> {
        let mut counts = self.lock();
        let calls = counts.extensions.entry(extension).or_default();
        if max.is_some_and(|max| *calls >= max) {
            return None;
        }
        *calls += 1;
        Some(Seat { occupancy: self.clone(), occupant: Occupant::Extension(extension) })
    }

    /// Counts one more call of a trunk, unless a limit of it is reached.
    pub fn take_trunk(&self, now: Instant, trunk: &Trunk) -> Result<Seat, TrunkFull> {
        let TrunkLimits { channels_max, cps_max } = trunk.limits;
        let mut counts = self.lock();
        let count = counts.trunks.entry(trunk.name.clone()).or_default();
        if channels_max.is_some_and(|max| count.calls >= max) {
            return Err(TrunkFull::Channels);
        }
        if let Some(max) = cps_max {
            while count.recent.front().is_some_and(|it| *it + SECOND <= now) {
                count.recent.pop_front();
            }
            if count.recent.len() >= max as usize {
                return Err(TrunkFull::Rate);
            }
            count.recent.push_back(now);
        }
        count.calls += 1;
        Ok(self.seat_on(trunk))
    }

    /// Counts one more call of a trunk, whatever its limits; it is none of those that begin in a second.
    pub fn take_trunk_for_help(&self, trunk: &Trunk) -> Seat {
        self.lock().trunks.entry(trunk.name.clone()).or_default().calls += 1;
        self.seat_on(trunk)
    }

    fn seat_on(&self, trunk: &Trunk) -> Seat {
        Seat { occupancy: self.clone(), occupant: Occupant::Trunk(trunk.name.clone()) }
    }

    /// Calls of an extension.
    pub fn calls(&self, extension: ExtensionId) -> u32 {
        self.lock().extensions.get(&extension).copied().unwrap_or(0)
    }

    /// Calls of each trunk that ever had one, both directions together.
    pub fn trunks(&self) -> Vec<(String, u32)> {
        self.lock().trunks.iter().map(|(name, it)| (name.clone(), it.calls)).collect()
    }

    /// Whether nobody is in a call.
    pub fn is_empty(&self) -> bool {
        let counts = self.lock();
        counts.extensions.is_empty() && counts.trunks.values().all(|it| it.calls == 0)
    }

    /// A panic elsewhere cannot leave a half-made count: the lock is held for single steps only.
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// The call does not begin after all: it is as if it had never been counted, also among those
    /// that began within the last second. To be said at once, while it is the newest of them.
    pub fn take_back(self) {
        match &self.occupant {
            Occupant::Extension(_) => {}
            Occupant::Trunk(name) => {
                if let Some(count) = self.occupancy.lock().trunks.get_mut(name) {
                    count.recent.pop_back();
                }
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.occupancy.lock();
        match &self.occupant {
            Occupant::Extension(extension) => {
                if let Some(calls) = counts.extensions.get_mut(extension) {
                    *calls -= 1;
                    if *calls == 0 {
                        counts.extensions.remove(extension);
                    }
                }
            }
            Occupant::Trunk(name) => {
                if let Some(count) = counts.trunks.get_mut(name) {
                    count.calls -= 1;
                }
            }
        }
    }
}

const SECOND: Duration = Duration::from_secs(1);

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
