//! The stream of facts that panels live on: numbered, kept for a while, sent to whom they concern.
//!
//! Whoever owns a piece of live state publishes what changed into the [`Hub`]; each panel's socket
//! holds a [`Subscription`]. One sequence numbers the frames of all domains, and a domain's frames
//! come in its order. A panel that was away asks for what came after the last number it had, and
//! gets it if the [`ring`] still holds it; otherwise it reads the snapshots again.
//!
//! | topic | who | when |
//! |---|---|---|
//! | `me` | the users whom a fact concerns | at once |
//! | the lists: `lines`, `calls`, `registrations`, `admin` | who subscribed and may | gathered for [`BATCH_INTERVAL`], the latest of each entity, written once for all |
//!
//! Bounds: [`QUEUE_MAX`] messages wait for a subscriber; one that is further behind is cut off and
//! must take the snapshots again, so that nobody waits for it. The ring keeps at least
//! [`RESUME_FRAMES`] frames and [`RESUME_SPAN`], but never more than [`RING_BYTES_MAX`] a domain:
//! who asks for older ones takes the snapshots. A domain to which nobody listens, nor has within
//! that span, keeps nothing.
//!
//! The hub is a lock that is held for single steps: numbers must be given in the order in which
//! frames are queued, whoever publishes.

mod fact;
mod hub;
mod ring;
mod stamp;

pub use fact::{
    ActiveCall, CallDirection, CallLeg, CallState, Fact, LegRole, LegState, LineCard, LineState,
    LineStatus, Party,
};
pub use hub::{Hub, Subscription, Topic};
pub use stamp::Stamp;

use std::time::Duration;

/// How long facts of lists are gathered.
pub const BATCH_INTERVAL: Duration = Duration::from_millis(50);

/// Messages that may wait for one subscriber: some seconds of everything.
pub const QUEUE_MAX: usize = 256;

/// Frames of a domain that are kept, however old.
pub const RESUME_FRAMES: usize = 10_000;

/// How long frames of a domain are kept, however many.
pub const RESUME_SPAN: Duration = Duration::from_secs(5 * 60);

/// Bytes of a domain's frames that are kept, whatever else holds.
pub const RING_BYTES_MAX: usize = 32 * 1024 * 1024;

#[cfg(test)]
mod tests;
