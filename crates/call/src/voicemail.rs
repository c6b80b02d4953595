//! What calls ask of the keeper of mailboxes, and what they hear from it.
//!
//! A message is a recording of what its caller says. When the recording is over it is a draft, which
//! nobody but its caller hears; the caller's verdict, or its hanging up, delivers or discards it. The
//! verdict may come before the draft is on the disk: the keeper remembers it. A [`Greeting`] that the
//! owner of a mailbox records goes the same way, and counts only once it is kept.

use crate::speech::{ClockTime, Date};
use base::{CallId, DomainId, ExtensionId, RecordingId};
use media::sound::Sound;
use std::{fmt, time::Duration};

/// Where messages for an extension are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mailbox {
    /// The domain of the extension.
    pub domain: DomainId,
    /// The extension.
    pub extension: ExtensionId,
    /// Its number.
    pub number: String,
}

/// What the owner of a mailbox has said for its callers to hear.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Greeting {
    /// For when the owner does not answer, or has no device there.
    Unavailable,
    /// For when the owner talks, or wants not to be disturbed.
    Busy,
    /// For as long as it is there, whatever the reason.
    Temporary,
    /// What the owner is called, said in place of its number.
    Name,
}

impl Greeting {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Unavailable, Self::Busy, Self::Temporary, Self::Name];

    /// As stored and told.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Busy => "busy",
            Self::Temporary => "temporary",
            Self::Name => "name",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// A call wants something of the keeper.
#[derive(Clone, Debug)]
pub struct VoicemailRequest {
    /// The shard that hears the reply.
    pub shard: u8,
    /// The call that does.
    pub call: CallId,
    /// Of which mailbox.
    pub mailbox: Mailbox,
    /// What it wants.
    pub order: VoicemailOrder,
}

/// What a call wants of a mailbox.
#[derive(Clone, Debug)]
pub enum VoicemailOrder {
    /// To know what is in it; answered by [`VoicemailAnswer::Opened`].
    Open,
    /// To come in with a PIN; answered by [`VoicemailAnswer::Pin`].
    TryPin(EnteredPin),
    /// To hear a message; answered by [`VoicemailAnswer::Fetched`].
    Fetch(RecordingId),
    /// To hear a draft, as soon as it is there; answered by [`VoicemailAnswer::Fetched`].
    FetchDraft(RecordingId),
    /// That the owner finds a draft; answered by [`VoicemailAnswer::Kept`] once it is on the disk
    /// and in the database, and not before.
    Deliver(RecordingId),
    /// That a draft is forgotten; not answered.
    Discard(RecordingId),
    /// That a message is kept as heard, be it that it was deleted; answered by
    /// [`VoicemailAnswer::Changed`].
    Save(RecordingId),
    /// That a message is not in the mailbox any more, and can be saved until [`Self::Purge`]; answered
    /// by [`VoicemailAnswer::Changed`].
    Delete(RecordingId),
    /// That nothing is left of what was deleted; not answered.
    Purge,
    /// That another mailbox gets the message, too; answered by [`VoicemailAnswer::Forwarded`].
    Forward {
        /// The message.
        message: RecordingId,
        /// Where it goes.
        to: Mailbox,
    },
    /// To hear a greeting; answered by [`VoicemailAnswer::Greeting`].
    FetchGreeting(Greeting),
    /// That a draft becomes a greeting, in place of the one that was there; answered by
    /// [`VoicemailAnswer::Kept`] once it is on the disk and in the database, and not before.
    KeepGreeting(RecordingId, Greeting),
    /// That there is no such greeting; answered by [`VoicemailAnswer::GreetingDeleted`].
    DeleteGreeting(Greeting),
    /// That another PIN opens the mailbox; answered by [`VoicemailAnswer::PinSet`].
    SetPin(EnteredPin),
}

/// What the keeper tells a call.
#[derive(Clone, Debug)]
pub struct VoicemailReply {
    /// The call that asked.
    pub call: CallId,
    /// What it hears.
    pub answer: VoicemailAnswer,
}

/// An answer of the keeper.
#[derive(Clone, Debug)]
pub enum VoicemailAnswer {
    /// What is in the mailbox.
    Opened(OpenedMailbox),
    /// Whether a PIN opens it.
    Pin(PinVerdict),
    /// A message; `None` if it is not there any more.
    Fetched(RecordingId, Option<Sound>),
    /// A draft is on the disk and in the database, for its owner to find.
    Kept(RecordingId),
    /// It could not get there yet: the keeper goes on trying.
    NotKept(RecordingId),
    /// Whether a message was there, and is saved or deleted.
    Changed(RecordingId, bool),
    /// What became of a message that was to be forwarded.
    Forwarded(RecordingId, Forwarded),
    /// A greeting; `None` if it is not there.
    Greeting(Greeting, Option<Sound>),
    /// There is no such greeting any more.
    GreetingDeleted(Greeting),
    /// Whether another PIN opens the mailbox: only one that is long enough does.
    PinSet(bool),
    /// The keeper cannot say: the database fails, or too many ask.
    Unavailable,
}

/// What is in a mailbox.
#[derive(Clone, Debug, Default)]
pub struct OpenedMailbox {
    /// Whether its owner is asked for a PIN.
    pub has_pin: bool,
    /// Whether it takes one more message.
    pub has_room: bool,
    /// How long that message may be, however long messages may be at all.
    pub room: Duration,
    /// New ones first, then saved ones, each oldest first.
    pub messages: Vec<MessageView>,
    /// Greetings that its owner has recorded.
    pub greetings: Vec<Greeting>,
}

/// A message as its owner is told of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MessageView {
    /// Id.
    pub id: RecordingId,
    /// Number of whoever left it.
    pub caller: String,
    /// Number of whoever forwarded it; `None` for one that was left here.
    pub forwarded_by: Option<String>,
    /// When, by the owner's clock; `None` if the moment has no words.
    pub at: Option<(Date, ClockTime)>,
    /// How far it is.
    pub state: MessageState,
}

/// How far a message is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MessageState {
    /// Nobody has heard it.
    New,
    /// It was heard, and is kept.
    Saved,
    /// Nothing is left of it when its owner leaves, who may save it until then.
    Deleted,
}

/// What became of a message that was to be forwarded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Forwarded {
    /// It is in the other mailbox, too: on the disk and in the database.
    Done,
    /// It is not there any more.
    Gone,
    /// The other mailbox takes no more.
    Full,
}

/// Whether a PIN opens a mailbox.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PinVerdict {
    /// It does.
    Right,
    /// It does not.
    Wrong,
    /// Too many were wrong, in this call or in others: for some minutes none opens it.
    LockedOut,
}

/// A recording of a message or of a greeting is over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MessageFinished {
    /// Its recording.
    pub message: RecordingId,
    /// What became of it.
    pub outcome: Finish,
}

/// What became of a recording that is over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Finish {
    /// What it holds is on the disk and in the database, and whoever spoke judges it.
    Kept,
    /// Whoever spoke is gone with an earlier process: what it holds is a new message in this mailbox.
    Delivered(Mailbox),
    /// It could not get there yet: it is tried again, and told again.
    Waits,
}

/// Digits that somebody entered, which no log shows.
#[derive(Clone, Eq, PartialEq)]
pub struct EnteredPin(pub String);

impl fmt::Debug for EnteredPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnteredPin(hidden)")
    }
}
