//! The B2BUA, sans-IO: calls, legs, routing, authentication of callers, call detail records.
//!
//! Read `call/mod.rs` first: one call from its INVITE to its rows in the call log. [`Calls`] brings
//! events to calls, and is what a signalling shard of the shell drives.

mod call;
mod calls;
pub mod cdr;
mod context;
mod conversations;
mod description;
pub mod dialplan;
pub mod directory;
pub mod facts;
mod failure;
pub mod features;
mod gate;
pub mod journal;
mod leg;
mod loops;
mod names;
mod occupancy;
pub mod outbound;
mod output;
mod parking;
mod ports;
mod queues;
mod recents;
pub mod recording;
pub mod registration;
mod replies;
mod requests;
mod rooms;
mod routing;
mod rules;
pub mod screening;
mod settings;
mod signable;
pub mod speech;
pub mod statistics;
pub mod subscriptions;
pub mod texts;
mod trail;
mod trunks;
pub mod voicemail;
pub mod web;
mod workplaces;

pub use call::{
    CallOrder, Command, CommandRefusal, Obeyed, Origination, PartyCommand, PickUp, PickUpRefusal,
    RoomCommand, SupervisionMode, SupervisionRefusal, SupervisionRequest,
};
pub use calls::{Calls, OriginationRefusal, Supervised};
pub use cdr::{Cdr, HangupParty, LegRole, Line};
pub use conversations::Conversations;
pub use directory::{Contact, Directory, Domain, Extension, Locator, Trunk, TrunkLink};
pub use facts::{CallFact, CallView, LegMedia, LegView};
pub use occupancy::{Occupancy, Seat, TrunkFull, TrunkLimits};
pub use output::{CallCounts, Output, Totals};
pub use parking::Parking;
pub use queues::Queues;
pub use recents::{RecentOf, Recents};
pub use recording::{RecordingOrder, RecordingRefusal};
pub use rooms::{PartyView, PinAlarm, RoomView, Rooms};
pub use rules::{Codecs, CodecsError, DtmfMode, MediaRules};
pub use settings::{Settings, Sounds, World};
pub use trunks::{
    Rates, RegistrationState, TrunkFailure, TrunkHealth, TrunkNews, TrunkNumbers, TrunkState,
    TrunkStates,
};
pub use workplaces::Workplaces;
