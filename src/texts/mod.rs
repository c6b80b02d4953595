//! The office of text messages: a queue for each recipient, and what of it is in the database.
//!
//! One task owns it. The thinking is [`call::texts::TextOffice`]'s; here are its channels and its
//! database.
//!
//! ```text
//! shards ── TextOrder ──▶ ┌────────┐ ── TextReply ─▶ shards, which send to the devices
//! registrar ── Aor ─────▶ │ office │ ── rows ──────▶ database
//! who sits where ───────▶ │        │
//!                         └────────┘
//! ```
//!
//! Bounds: [`ORDERS_MAX`] orders wait; shards keep what finds no room, one a transaction.
//! [`REPLIES_MAX`] replies wait for a shard; the office waits while they are full. [`FACTS_MAX`]
//! addresses of record wait whose devices have changed; the registrar keeps what finds no room.

mod task;

pub use task::{Office, OfficeHandle};

/// Orders of all shards that may wait.
pub const ORDERS_MAX: usize = 1024;

/// Replies that may wait for a shard.
pub const REPLIES_MAX: usize = 1024;

/// Addresses of record that may wait.
pub const FACTS_MAX: usize = 1024;
