//! What is going on now: the live calls of all shards and how each line stands.
//!
//! One task owns the board. It takes in what the shards and the registrar tell, publishes what
//! became different into [`crate::events`], and gives snapshots with the number of the stream that
//! they are consistent with. How a line stands is derived from its live legs, its registration and
//! its owner whenever one of them changes, and is nobody's to set.
//!
//! ```text
//! shards ── Telling ──────────▶ ┌───────┐ ── call.updated, call.ended, line.status ─▶ events
//! registrar ─ RegistrationFact ▶ │ board │ ── registration.changed, call.logged ────▶ events
//! CDR writer ─ calls ──────────▶ │       │ ── LineFact, of lines that are watched ─▶ subscriptions
//! subscriptions ─ LineWatch ───▶ └───────┘ ◀─ snapshots, who exists ── http, boot
//! ```
//!
//! Bounds: [`TELLINGS_MAX`] facts wait; a shard that finds no room tells all its calls as soon as
//! there is some. [`LOGGED_MAX`] batches of the CDR writer wait; one that does not fit is dropped,
//! and a call's row is then seen when the list is read again. [`AWAITED_MAX`] ended calls are
//! remembered until their rows are in the call log. What is to be told of a line that is watched waits
//! at the board if it finds no room, the latest of each line.

mod handle;
mod line;
mod live;
mod state;
mod task;
mod watched;

pub use handle::{BoardGone, BoardHandle, Found, Snapshot};
pub use line::LineView;
pub use task::{Ears, start};

use std::time::Duration;

/// Facts of all shards that may wait.
pub const TELLINGS_MAX: usize = 16_384;

/// Batches of the CDR writer that may wait.
pub const LOGGED_MAX: usize = 256;

/// Ended calls that are remembered until they are in the call log; past it the oldest is forgotten.
pub const AWAITED_MAX: usize = 10_000;

/// How long facts of calls gather after some were taken in: a busy switch then wakes the board a
/// hundred times a second and not for each message.
pub const GATHER: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests;
