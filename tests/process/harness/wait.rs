//! The one place of the tests that sleeps: between two looks at a condition that has a deadline.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Looks until `probe` finds something.
///
/// # Panics
/// When `limit` has passed, naming `what` was waited for.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {limit:?}");
        thread::sleep(BETWEEN_LOOKS);
    }
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
