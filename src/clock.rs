//! The one place where the shell reads both clocks together.

use base::{Now, UnixMillis};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// This moment, for a core.
pub fn now() -> Now {
    Now { instant: Instant::now(), unix: unix_now() }
}

/// Wall-clock time. A clock set before 1970 counts as 1970.
pub fn unix_now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
