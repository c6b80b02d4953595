//! What a shard wants done, and what it tells about itself.

use crate::{
    cdr::Cdr, facts::CallFact, features::FeatureRequest, journal::LegEvent,
    registration::RegistrationRequest, rooms::PinAlarm, subscriptions::WatchOrder,
    texts::TextOrder, trunks::TrunkNews, voicemail::VoicemailRequest, web::WebRequest,
};
use base::CallId;
use bytes::Bytes;
use media::MediaCommand;
use sip::endpoint::Send;
use std::{net::IpAddr, ops::AddAssign};

/// What the shell must do.
#[derive(Debug)]
pub enum Output {
    /// Put a message on the wire.
    Send(Send),
    /// Tell a media worker.
    Media {
        /// Which.
        worker: u8,
        /// What.
        command: MediaCommand,
    },
    /// Hand a REGISTER to the registrar.
    Register(RegistrationRequest),
    /// Ask the keeper of mailboxes for something.
    Voicemail(Box<VoicemailRequest>),
    /// Change what is set for an extension.
    Feature(Box<FeatureRequest>),
    /// Ask a web server something.
    Web(Box<WebRequest>),
    /// Ask the desk of subscriptions for something.
    Watch(Box<WatchOrder>),
    /// Ask the office of text messages for something.
    Text(Box<TextOrder>),
    /// Keep a row of the call log.
    Cdr(Box<Cdr>),
    /// Keep in the journal what happened to a leg.
    Journal(Box<LegEvent>),
    /// A dialog belongs to a call: for the trace.
    Link {
        /// The call.
        call: CallId,
        /// SIP's Call-ID of the dialog.
        sip_call_id: Bytes,
    },
    /// Something about a call is otherwise than it was: for lists of live calls.
    Fact(CallFact),
    /// Something about a trunk is otherwise than it was.
    Trunk {
        /// Its name.
        name: String,
        /// What.
        news: TrunkNews,
    },
    /// This address gave wrong credentials: for the transport's bans.
    Offence(IpAddr),
    /// Too many wrong PINs were entered at the door of a conference: for administrators.
    WrongPins(Box<PinAlarm>),
    /// A panic was caught while handling this call.
    Panicked {
        /// The call; `None` outside any.
        call: Option<CallId>,
    },
}

/// Live objects, for metrics and for the leak checks of tests.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct CallCounts {
    /// Calls, settling ones included.
    pub calls: usize,
    /// Legs of those.
    pub legs: usize,
    /// Names in the index.
    pub handles: usize,
    /// Subscriptions to events.
    pub subscriptions: usize,
    /// Text messages on their way to devices.
    pub deliveries: usize,
    /// Media sessions open or closing.
    pub media_sessions: usize,
    /// Port leases that wait for a call.
    pub free_leases: usize,
    /// The endpoint's.
    pub endpoint: sip::endpoint::Counts,
}

/// Counted since the start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    /// INVITEs that were let in.
    pub calls: u64,
    /// Rows given out for the call log.
    pub cdrs: u64,
    /// Requests refused for wrong credentials.
    pub offences: u64,
    /// Panics caught.
    pub panics: u64,
}

impl AddAssign for CallCounts {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.legs += other.legs;
        self.handles += other.handles;
        self.subscriptions += other.subscriptions;
        self.deliveries += other.deliveries;
        self.media_sessions += other.media_sessions;
        self.free_leases += other.free_leases;
        self.endpoint.servers += other.endpoint.servers;
        self.endpoint.clients += other.endpoint.clients;
        self.endpoint.dialogs += other.endpoint.dialogs;
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.cdrs += other.cdrs;
        self.offences += other.offences;
        self.panics += other.panics;
    }
}
