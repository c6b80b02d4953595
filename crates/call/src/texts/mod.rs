//! Text messages between extensions (RFC 3428): to every device of the recipient, or kept until one
//! comes.
//!
//! ```text
//! phone ── MESSAGE ──▶ shard ── TextOrder ──▶ [`office`], one owner ──▶ database
//! phone ◀── 200/202 ── shard ◀── TextReply ── a queue for each recipient
//! phones ◀─ MESSAGE ── shard: [`deliveries`]
//! ```
//!
//! The office has one message of a recipient under way at a time, so that they come in order. A sender
//! hears 200 once a device has its message, and 202 once it is in the database, whichever comes
//! first; the office goes on trying. A device may get a message twice, when its answer was lost or
//! the process died between the answer and its note; it never misses one.

mod date;
mod deliveries;
mod office;
mod requests;

pub(crate) use deliveries::Deliveries;
pub use office::{OfficeOutput, TextBatch, TextOffice};

use crate::registration::Ticket;
use base::{TextId, UnixMillis};
use bytes::Bytes;
use sip::{Status, bindings::Aor};
use std::time::Duration;

/// Longest body, in bytes; a longer one is refused with 413.
pub const BODY_MAX: usize = 8 * 1024;

/// Most messages that wait for one extension; past it new ones get 480.
pub const WAITING_MAX: usize = 200;

/// Most messages that wait for all together, which are kept in memory, too; past it new ones get 480.
pub const ALL_WAITING_MAX: usize = 20_000;

/// How long a sender may wait for a device before the message is written and 202 is said.
pub const DIRECT_LIMIT: Duration = Duration::from_secs(4);

/// Types that are taken; others are refused with 415.
pub const TYPES: [&str; 3] = ["text/plain", "text/html", "message/cpim"];

/// A text message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TextMessage {
    /// Id: later ones are greater.
    pub id: TextId,
    /// For whom.
    pub to: Aor,
    /// Number of whoever sent it, of the same domain.
    pub from: String,
    /// When it came.
    pub sent_at: UnixMillis,
    /// Content-Type, with its parameters.
    pub content_type: Bytes,
    /// Body.
    pub body: Bytes,
}

/// A shard wants something of the office.
#[derive(Clone, Debug)]
pub struct TextOrder {
    /// The shard.
    pub shard: u8,
    /// What it wants.
    pub wish: TextWish,
}

/// What a shard wants of the office.
#[derive(Clone, Debug)]
pub enum TextWish {
    /// That a message is delivered or kept; answered by [`TextReply::Done`].
    Post(Ticket, Box<TextMessage>),
    /// What became of a delivery.
    Report(TextId, DeliveryOutcome),
}

/// What the office tells a shard.
#[derive(Clone, Debug)]
pub enum TextReply {
    /// What became of the message of that ticket.
    Done(Ticket, Posted),
    /// Deliver this to every device of its recipient, and report.
    Deliver(Box<TextMessage>),
}

/// What became of a message, for its sender.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Posted {
    /// A device has it: 200.
    Delivered,
    /// It is in the database: 202.
    Kept,
    /// No device takes it: what they say.
    Refused(Status),
    /// [`WAITING_MAX`] or [`ALL_WAITING_MAX`] wait already: 480.
    Full,
    /// The database is away: 503.
    Unavailable,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DeliveryOutcome {
    /// A device has it.
    Delivered,
    /// Every device refused it for good.
    Refused(Status),
    /// No device could be reached: to be tried again.
    Unreachable,
}
