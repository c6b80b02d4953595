//! The one place where the shell reads both clocks together.

use base::{Now, UnixMillis};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use time::{OffsetDateTime, UtcOffset};

/// This moment, for a core.
pub fn now() -> Now {
    Now { instant: Instant::now(), unix: unix_now() }
}

/// Wall-clock time. A clock set before 1970 counts as 1970.
pub fn unix_now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A moment by a clock that is so many minutes ahead of UTC; `None` for what no calendar has.
pub fn local(at: UnixMillis, utc_offset_min: i16) -> Option<OffsetDateTime> {
    let offset = UtcOffset::from_whole_seconds(i32::from(utc_offset_min) * 60).ok()?;
    let moment = OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000)).ok()?;
    moment.checked_to_offset(offset)
}

/// Where a part of the shell reads the time: the system's clocks, or a test's.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Mutex<Now>>>);

impl Clock {
    /// Time as it passes.
    pub fn system() -> Self {
        Self(None)
    }

    /// Time that stands still until [`Self::advance`]; clones share it.
    pub fn stopped() -> Self {
        Self(Some(Arc::new(Mutex::new(now()))))
    }

    /// This moment.
    pub fn now(&self) -> Now {
        match &self.0 {
            None => now(),
            Some(moment) => *moment.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a stopped clock on; the system's moves by itself.
    pub fn advance(&self, by: Duration) {
        if let Some(moment) = &self.0 {
            let mut now = moment.lock().unwrap_or_else(PoisonError::into_inner);
            now.instant += by;
            now.unix.0 += i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        }
    }
}
