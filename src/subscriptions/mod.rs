//! The desk of subscriptions: who watches what, on whatever shard, and what they are told.
//!
//! One task owns it. The thinking is [`call::subscriptions::WatchDesk`]'s; here are its channels and its database.
//!
//! ```text
//! shards ── WatchOrder ───▶ ┌──────┐ ── WatchReply ──▶ shards, which own the dialogs
//! board ─── LineFact ─────▶ │ desk │ ── LineWatch ───▶ board
//! registrar ── Aor ───────▶ │      │ ── rows ────────▶ database
//! voicemail ── Mailbox ───▶ └──────┘ ◀─ who exists ─── boot
//! ```
//!
//! A panic over one order or one document is contained: that subscriber is told to try again, or hears
//! of the next change, and others know nothing of it.
//!
//! Bounds: [`ORDERS_MAX`] orders wait; shards keep what finds no room, a few a subscription, and
//! refuse a SUBSCRIBE that has waited for ten seconds. A shard that has no room for news gets the
//! latest later; a reply that finds none is lost, and its SUBSCRIBE is refused the same way. Whoever
//! tells facts ([`FACTS_MAX`] wait) keeps what finds no room, the latest of each line, address of
//! record or mailbox.

mod task;
#[cfg(test)]
mod tests;

pub use task::{Desk, DeskHandle, DeskWires};

/// Orders of all shards that may wait.
pub const ORDERS_MAX: usize = 4096;

/// Replies and news that may wait for a shard.
pub const REPLIES_MAX: usize = 8192;

/// Facts about lines, addresses of record or mailboxes that may wait, of each kind.
pub const FACTS_MAX: usize = 1024;

/// Lines to be watched or not that may wait for the board; the desk waits while they are full.
pub const WATCHES_MAX: usize = 1024;
