//! What every core needs: typed ids, seeded chance, deadlines, the two clocks.
//!
//! Nothing here knows telephony. Time and chance are arguments: see [`Rng`] and [`Deadlines`].

mod deadlines;
mod ids;
mod rng;

pub use deadlines::Deadlines;
pub use ids::{
    CallId, CdrId, DomainId, ExtensionId, LegId, MediaId, RecordingId, RoleId, RoomId, SessionId,
    SubscriptionId, TextId, TrunkId, UserId,
};
pub use rng::Rng;

/// Wall-clock time as Unix milliseconds, UTC.
///
/// Cores measure with `Instant` and stamp with this; both are handed to them.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UnixMillis(pub i64);

/// The two clocks of one moment: `Instant` to measure with, wall time to stamp with.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Monotonic; what timers and durations are computed from.
    pub instant: std::time::Instant,
    /// For records that people read; may jump.
    pub unix: UnixMillis,
}
