//! What calls tell about themselves while they live, for whoever shows them.
//!
//! A listener who begins with nothing and takes in every [`CallFact`] in order holds what
//! [`crate::Calls::views`] gives, after each step. A call tells only what a person could see
//! change; the strings of a call are told once, when it begins.

use crate::cdr::{LegRole, number_of};
use base::{CallId, DomainId, ExtensionId, LegId, MediaId, UnixMillis};
use smallvec::SmallVec;

/// Something that happened to a call.
#[derive(Clone, Debug, PartialEq)]
pub enum CallFact {
    /// It is there, with all its legs.
    Began(Box<CallView>),
    /// It stands otherwise than before.
    Changed(CallChange),
    /// It is forgotten: its legs are settled and its rows are on their way to the call log.
    Over(CallId),
    /// It is forgotten, since another one has its legs: these were told as that one's before.
    Merged {
        /// Which.
        call: CallId,
        /// The other.
        into: CallId,
    },
}

/// What became different about a call, all of it at once.
#[derive(Clone, Debug, PartialEq)]
pub struct CallChange {
    /// Which.
    pub call: CallId,
    /// When.
    pub at: UnixMillis,
    /// How the call stands now.
    pub state: CallState,
    /// When the caller was answered, if it was.
    pub answered: Option<UnixMillis>,
    /// Whether it is recorded now.
    pub recording: CallRecording,
    /// Legs that stand otherwise, by their index in [`CallView::legs`].
    pub legs: SmallVec<[(u8, LegState); LEGS_INLINE]>,
    /// Legs that there were not before, behind those that there were.
    pub added: Vec<LegView>,
}

/// Changed legs that need no allocation: what fits where a pointer and a length would be.
const LEGS_INLINE: usize = 8;

/// What shards tell whoever shows their calls.
///
/// A shard's tellings come in order. One that finds the channel full is lost; the next that fits is
/// then [`Telling::All`].
#[derive(Clone, Debug)]
pub enum Telling {
    /// One more fact.
    Fact(CallFact),
    /// Facts were lost: these are the shard's calls, and it has no other.
    All(Vec<CallView>),
}

/// A live call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallView {
    /// Id.
    pub id: CallId,
    /// Domain.
    pub domain: DomainId,
    /// Where it comes from and goes to.
    pub direction: CallDirection,
    /// How it stands.
    pub state: CallState,
    /// Who calls: an extension, or a trunk and number.
    pub caller: String,
    /// What a trunk says the caller is called. An extension's name is in the directory.
    pub caller_name: Option<String>,
    /// What was dialled.
    pub dialled: String,
    /// When the INVITE came.
    pub started: UnixMillis,
    /// When the caller was answered, if it was.
    pub answered: Option<UnixMillis>,
    /// Whether it is recorded.
    pub recording: CallRecording,
    /// Whether its dialplan rule wants it recorded, which nobody can stop.
    pub is_recording_forced: bool,
    /// The caller first, then those that we ring.
    pub legs: Vec<LegView>,
}

/// Where the audio of a live leg is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LegMedia {
    /// The leg.
    pub leg: LegId,
    /// The number at the far end.
    pub number: String,
    /// Its session on a media worker.
    pub media: MediaId,
}

/// A leg of a live call.
#[derive(Clone, Debug, PartialEq)]
pub struct LegView {
    /// Id.
    pub id: LegId,
    /// Whether the far end called us or we called it.
    pub role: LegRole,
    /// The far end: an extension, or a trunk and number.
    pub party: String,
    /// The far end, if it is an extension of ours.
    pub extension: Option<ExtensionId>,
    /// How it stands.
    pub state: LegState,
    /// Since when.
    pub since: UnixMillis,
}

/// Where a call comes from and goes to, as its domain sees it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CallDirection {
    /// From a trunk.
    In,
    /// From an extension to a trunk.
    Out,
    /// From an extension to another, or to what we play ourselves.
    Internal,
}

/// How a call stands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CallState {
    /// Somebody is being rung.
    Ringing,
    /// Two are connected.
    Talking,
    /// The same, and one of them is on hold.
    Held,
    /// The caller hears us.
    Playing,
    /// Somebody waits in a parking slot.
    Parked {
        /// Its number.
        slot: u32,
        /// Who waits: the index of its leg in [`CallView::legs`].
        leg: u8,
    },
    /// The caller is in a conference or at its door, or three talk.
    Conference,
    /// Many hear the caller, and it hears none of them.
    Paging,
    /// The caller hears others talk.
    Supervising,
    /// The guest leaves a message, or hears its own.
    Voicemail,
    /// Every leg was told to end; for people the call is over.
    Ending,
}

/// Whether a call is recorded.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CallRecording {
    /// No.
    Off,
    /// Yes.
    On,
    /// Yes, but not what is said now.
    Paused,
}

/// How a leg stands.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum LegState {
    /// A caller who is not answered, or a callee whose device has not said that it rings.
    Dialing,
    /// A callee whose device rings.
    Ringing,
    /// Answered.
    Talking,
    /// Answered, and its far end put the other side on hold: by its phone or by a command.
    Held,
    /// Answered, and waits while whoever it talked to asks somebody else.
    Waiting,
    /// Told to end.
    Ended,
}

impl CallView {
    /// The slot in which it is parked.
    pub fn slot(&self) -> Option<u32> {
        match self.state {
            CallState::Parked { slot, .. } => Some(slot),
            CallState::Ringing
            | CallState::Talking
            | CallState::Held
            | CallState::Playing
            | CallState::Voicemail
            | CallState::Conference
            | CallState::Paging
            | CallState::Supervising
            | CallState::Ending => None,
        }
    }

    /// Takes in a change of this call.
    pub fn apply(&mut self, change: &CallChange) {
        self.state = change.state;
        self.recording = change.recording;
        self.answered = change.answered;
        for (n, state) in &change.legs {
            if let Some(leg) = self.legs.get_mut(usize::from(*n)) {
                leg.state = *state;
                leg.since = change.at;
            }
        }
        self.legs.extend(change.added.iter().cloned());
    }
}

impl LegView {
    /// The number at the far end.
    pub fn number(&self) -> &str {
        number_of(&self.party)
    }
}

impl CallDirection {
    /// Of what [`Self::as_str`] gives.
    pub fn named(word: &str) -> Option<Self> {
        [Self::In, Self::Out, Self::Internal].into_iter().find(|it| it.as_str() == word)
    }

    /// As people's programs are told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Internal => "internal",
        }
    }
}

impl CallState {
    /// As people's programs are told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Talking => "talking",
            Self::Held => "held",
            Self::Playing => "playing",
            Self::Parked { .. } => "parked",
            Self::Conference => "conference",
            Self::Paging => "paging",
            Self::Supervising => "supervising",
            Self::Voicemail => "voicemail",
            Self::Ending => "ending",
        }
    }
}

impl LegState {
    /// As people's programs are told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dialing => "dialing",
            Self::Ringing => "ringing",
            Self::Talking => "talking",
            Self::Held => "held",
            Self::Waiting => "waiting",
            Self::Ended => "ended",
        }
    }
}
