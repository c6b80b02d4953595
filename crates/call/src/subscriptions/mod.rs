//! Subscriptions to events (RFC 6665): how a line stands, who is there, how many messages wait,
//! where one is registered.
//!
//! ```text
//! phone ── SUBSCRIBE ──▶ shard: [`book`] ── WatchOrder ──▶ [`desk`], one owner ──▶ database
//! phone ◀── NOTIFY ───── dialogs, CSeq   ◀── WatchReply ── who watches what, documents
//!                                               ▲ lines, registrations, mailboxes
//! ```
//!
//! The shard owns the dialog and says when a NOTIFY goes out; the desk knows all that is watched on
//! whatever shard, and builds one document for each change, which all watchers share. A subscription
//! is in the database before its 200, and so are the CSeq numbers of its NOTIFYs before they are
//! used, some at a time: another process goes on with greater ones, whatever its clock says. The
//! `version` that some documents carry is made of the same number.
//!
//! A REFER outside dialogs ([`refer`]) implies a subscription of another kind ([`referrals`]): to how
//! the call goes that it asks for. It ends with that, and is the shard's alone.

mod book;
mod desk;
mod documents;
mod lines;
mod refer;
mod referrals;
mod requests;

pub use book::NUMBERS_AT_ONCE;
pub(crate) use book::Subscriptions;
pub use desk::{DeskOutput, Fallback, Registrations, WatchBatch, WatchDesk};
pub use documents::Document;
pub use lines::{
    DialogDirection, DialogState, LineDialog, RemoteParty, dialog_in_slot, dialogs_of,
};
pub(crate) use referrals::{LASTS as REFERRAL_LASTS, fragment, is_told, refer_sub};
pub(crate) use requests::allow_events;

use crate::registration::Ticket;
use base::{SubscriptionId, UnixMillis};
use bytes::Bytes;
use sip::{bindings::Aor, dialog::DialogRecord, subscription::IntervalPolicy};
use std::sync::Arc;

/// Most subscriptions of a shard; past it new ones get 503.
pub const SHARD_MAX: usize = 20_000;

/// Most subscriptions to one package of one extension, on all shards together; past it new ones get
/// 480.
pub const WATCHERS_MAX: usize = 2000;

/// Most subscriptions of one extension, on all shards together: more than the largest field of
/// lamps has keys; past it new ones get 480.
pub const OF_SUBSCRIBER_MAX: usize = 500;

/// How long a subscription may hold.
pub const INTERVALS: IntervalPolicy = IntervalPolicy { min_s: 60, max_s: 3600, default_s: 3600 };

/// What can be subscribed to of an extension.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Package {
    /// Its calls, RFC 4235: what lamps of other phones show.
    Dialog,
    /// Whether it can be reached and talks, RFC 3856.
    Presence,
    /// How many messages are in its mailbox, RFC 3842.
    MessageSummary,
    /// Where it is registered, RFC 3680.
    Reg,
}

/// Something that is watched. A parking slot is one by its number; only its calls are.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Watched {
    /// The extension.
    pub aor: Aor,
    /// What of it.
    pub package: Package,
}

/// A subscription as the database has it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptSubscription {
    /// Id.
    pub id: SubscriptionId,
    /// To what.
    pub watched: Watched,
    /// Number of the extension that subscribed, of the same domain.
    pub subscriber: String,
    /// The `id` of its Event header.
    pub event_id: Option<Bytes>,
    /// Its dialog. `local_cseq` is the last number that may be used.
    pub dialog: DialogRecord,
    /// When it ends unless it is refreshed.
    pub expires_at: UnixMillis,
}

/// A shard wants something of the desk.
#[derive(Clone, Debug)]
pub struct WatchOrder {
    /// The shard that hears of it.
    pub shard: u8,
    /// What it wants.
    pub wish: WatchWish,
}

/// What a shard wants of the desk. A ticket is the number of the SUBSCRIBE's transaction.
#[derive(Clone, Debug)]
pub enum WatchWish {
    /// That a new or refreshed subscription is written; answered by [`WatchReply::Kept`] or
    /// [`WatchReply::NotKept`].
    Keep(Ticket, Box<KeptSubscription>),
    /// To be told the state once, with nothing written; until [`WatchWish::Forget`].
    Look(SubscriptionId, Watched),
    /// That CSeq numbers up to this one may be used; answered by [`WatchReply::Reserved`].
    Reserve(SubscriptionId, u32),
    /// That a subscription is forgotten; not answered.
    Forget(SubscriptionId),
}

/// What the desk tells a shard.
#[derive(Clone, Debug)]
pub enum WatchReply {
    /// The subscription is in the database.
    Kept(SubscriptionId, Ticket),
    /// It is not, and if it was new it is forgotten.
    NotKept(SubscriptionId, Ticket, NotKept),
    /// CSeq numbers up to this one may be used; `None` if that could not be written.
    Reserved(SubscriptionId, Option<u32>),
    /// Something that is watched on the shard stands otherwise, or was not known there.
    News(WatchNews),
}

/// Why a subscription was not kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotKept {
    /// [`WATCHERS_MAX`] are reached.
    TooManyWatchers,
    /// [`OF_SUBSCRIBER_MAX`] are reached.
    TooManyOfSubscriber,
    /// The database is away, or something failed that should not.
    Unavailable,
}

/// How something that is watched stands.
#[derive(Clone, Debug)]
pub struct WatchNews {
    /// What.
    pub watched: Watched,
    /// What its watchers are to be told, with what has just ended.
    pub news: Arc<Document>,
    /// What those are told who ask later.
    pub current: Arc<Document>,
}

/// The calls of a line that is watched, as they are now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LineFact {
    /// The extension.
    pub aor: Aor,
    /// Its live dialogs.
    pub dialogs: Vec<LineDialog>,
}

/// Whether somebody watches a line. Told to whoever knows the calls of lines, which then tells a
/// [`LineFact`] at once and after each change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LineWatch {
    /// The extension.
    pub aor: Aor,
    /// From now on, or no longer.
    pub is_watched: bool,
}

/// What is in a mailbox.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MailCounts {
    /// Messages that nobody has heard.
    pub new: u32,
    /// Messages that were heard.
    pub saved: u32,
}

impl Package {
    /// Every package.
    pub const ALL: [Self; 4] = [Self::Dialog, Self::Presence, Self::MessageSummary, Self::Reg];

    /// As in an Event header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dialog => "dialog",
            Self::Presence => "presence",
            Self::MessageSummary => "message-summary",
            Self::Reg => "reg",
        }
    }

    /// The package of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// The type of its documents.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Dialog => "application/dialog-info+xml",
            Self::Presence => "application/pidf+xml",
            Self::MessageSummary => "application/simple-message-summary",
            Self::Reg => "application/reginfo+xml",
        }
    }

    /// Whether only the extension itself may watch this of itself.
    fn is_private(self) -> bool {
        match self {
            Self::Dialog | Self::Presence => false,
            Self::MessageSummary | Self::Reg => true,
        }
    }

    /// Whether it tells of calls.
    fn is_about_line(self) -> bool {
        match self {
            Self::Dialog | Self::Presence => true,
            Self::MessageSummary | Self::Reg => false,
        }
    }
}

#[cfg(test)]
mod tests;
