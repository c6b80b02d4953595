//! The language between the call logic and the media workers.
//!
//! One way only: commands never wait for an answer. Ports are leased ahead, so that an offer can be
//! written without asking a worker; the worker binds before it leases.

use crate::{
    detection::{Detected, Wanted},
    dtmf::{Digit, KeyForm},
    figures::StreamStats,
    recording::Label,
    sound::{Music, Sound},
};
use base::{MediaId, RecordingId, RoomId};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// What the call logic wants of the worker that owns `media`. The bridge partner of a session must
/// live on the same worker. Commands about an unknown session are ignored: its `Closed` is on its way.
#[derive(Clone, Debug)]
pub enum MediaCommand {
    /// Lease more ports of a family; answered by [`MediaEvent::Leased`].
    Lease {
        /// Address family.
        family: Family,
        /// How many RTP/RTCP pairs.
        count: u16,
    },
    /// Give back a lease that was never opened.
    Return {
        /// The lease.
        lease: PortLease,
    },
    /// Start a session on a leased port: it takes in packets and waits to be told where to send.
    Open {
        /// Name of the session from now on.
        media: MediaId,
        /// The port; comes back to the worker's pool after `Close`.
        lease: PortLease,
    },
    /// What the far end's description says. May come again (re-INVITE): the stream goes on, with
    /// latching started afresh if the address changed.
    Configure {
        /// Which session.
        media: MediaId,
        /// Where the far end said it receives.
        remote: Remote,
        /// What flows, seen from us.
        direction: Direction,
        /// The agreed formats, as the far end numbers them when *it receives*.
        formats: Vec<Format>,
        /// Packet time that the far end wishes, in milliseconds: what we make for it ourselves
        /// comes in packets of 10, 20, 30, 40 or 60 ms, the longest of these that is no longer and
        /// that its codec has.
        packet_ms: u16,
        /// No packet for this long ends the session with [`MediaEvent::TimedOut`]; `None` for
        /// never (held, or before the answer).
        timeout: Option<Duration>,
    },
    /// Relay between two sessions, both ways, from now on. Ends what each did before.
    Bridge {
        /// One.
        a: MediaId,
        /// The other.
        b: MediaId,
        /// Payload type translation for packets from `a` to `b`.
        a_to_b: PayloadMap,
        /// Payload type translation for packets from `b` to `a`.
        b_to_a: PayloadMap,
    },
    /// Tell the other side of a bridge of this side's keys in another form, until the next
    /// [`MediaCommand::Bridge`]. Without it they pass as they come.
    ConvertKeys {
        /// Whose keys.
        media: MediaId,
        /// How they come.
        heard: KeyForm,
        /// How the other side is told of them; as [`MediaEvent::Dialled`] where that is by INFO.
        told: KeyForm,
    },
    /// Press a key towards a side of a bridge, after those that are being pressed, in place of what
    /// it would hear otherwise.
    Press {
        /// Towards whom.
        media: MediaId,
        /// How; not by INFO.
        form: KeyForm,
        /// Which key.
        digit: Digit,
        /// How long it is down.
        held: Duration,
    },
    /// Relay no more; each side hears nothing until told otherwise.
    Unbridge {
        /// One of the two.
        media: MediaId,
    },
    /// Play to the far end. Ends a bridge or a playout before it.
    Play {
        /// To whom.
        media: MediaId,
        /// What.
        playout: Playout,
    },
    /// Take part in a conference room, which is there as long as somebody is in it. Ends a bridge or
    /// a playout before it.
    Join {
        /// Who.
        media: MediaId,
        /// Where. All parties of a room live on the same worker.
        room: RoomId,
        /// How it begins.
        mode: PartyMode,
        /// What to hear while nobody else is there.
        alone: Option<Arc<Music>>,
        /// Whether the room hears a chime when this party comes and when it leaves.
        is_chimed: bool,
    },
    /// Change how a party takes part in its room.
    SetMode {
        /// Who.
        media: MediaId,
        /// How from now on.
        mode: PartyMode,
    },
    /// Let a party of a room hear something that no other hears, over what it hears; or one side of a
    /// bridge, in place of what it would hear. Nothing happens to others.
    Tell {
        /// Who.
        media: MediaId,
        /// What.
        sound: Sound,
    },
    /// Let a supervisor hear what the far ends of other sessions say, whatever these do, and speak
    /// to those of them that are in a bridge. Whoever is not spoken to hears the bridge as before,
    /// untouched. Comes again to change the mode. Ends a bridge or a playout of the supervisor
    /// before it; answered by [`MediaEvent::TapEnded`] when none of the others is there any more.
    Tap {
        /// The supervisor's session.
        media: MediaId,
        /// Whose far ends it hears. On its worker, and in the same order for all who supervise them.
        of: [MediaId; 2],
        /// Who hears it.
        mode: TapMode,
    },
    /// Listen to the far end for what is wanted, from now on and whatever else the session does, in
    /// place of what was wanted before; answered by [`MediaEvent::Detected`]. A session whose codecs
    /// we cannot decode hears nothing, and tells nothing; one that the far end holds hears silence.
    Detect {
        /// Whom.
        media: MediaId,
        /// For what.
        wanted: Wanted,
    },
    /// Let all who hear a room hear sounds, one after the other, over what is said there.
    Announce {
        /// Where; nobody hears it if nobody is there.
        room: RoomId,
        /// What.
        sounds: Vec<Sound>,
    },
    /// Play a tone, then keep what the far end says until it is silent or has said enough. Ends a
    /// bridge or a playout before it; answered by [`MediaEvent::Captured`], unless something else is
    /// commanded before.
    Capture {
        /// Whose words.
        media: MediaId,
        /// What tells it to begin.
        tone: Sound,
        /// The most that is kept; never more than 10 s.
        longest: Duration,
        /// A silence after words that ends it.
        pause: Duration,
    },
    /// The far end has said all.
    EndCapture {
        /// Whose words.
        media: MediaId,
    },
    /// Tell each party of a room with [`MediaEvent::Dismissed`] that its conference is over. They
    /// stay until they are told to do something else.
    Dismiss {
        /// Which room.
        room: RoomId,
    },
    /// Record, until told to stop or until one of the sessions closes. What else the sessions do
    /// makes no difference.
    Record {
        /// Name of the recording from now on.
        recording: RecordingId,
        /// What it is of.
        label: Box<Label>,
        /// What is on the left and on the right.
        sources: [RecordedSource; 2],
        /// Whether those who are recorded hear a tone each 15 s that tells them so.
        has_tone: bool,
    },
    /// Record what a room hears, until told to stop or until nobody is there. Nothing happens if nobody
    /// is there now, or if the room is recorded already: so each who comes in may ask for it.
    RecordRoom {
        /// Name of the recording from now on.
        recording: RecordingId,
        /// What it is of.
        label: Box<Label>,
        /// Which room.
        room: RoomId,
        /// Whether the room hears a tone each 15 s that tells it so.
        has_tone: bool,
    },
    /// Leave out of a recording what comes from now on, or no longer.
    PauseRecording {
        /// Which.
        recording: RecordingId,
        /// Whether it pauses.
        pause: bool,
    },
    /// End a recording of sessions, which go on.
    StopRecording {
        /// Which.
        recording: RecordingId,
    },
    /// End the recording of a room, which goes on.
    StopRecordingRoom {
        /// Which room.
        room: RoomId,
    },
    /// End the session; answered by [`MediaEvent::Closed`].
    Close {
        /// Which.
        media: MediaId,
    },
}

/// What a worker tells the call logic.
#[derive(Clone, Debug)]
pub enum MediaEvent {
    /// Ports that are bound and wait.
    Leased {
        /// Who leases.
        worker: u8,
        /// Asked-for family.
        family: Family,
        /// Fewer than asked for (even none) when the range is used up.
        leases: Vec<PortLease>,
    },
    /// The playout came to its end (never for echo and tone).
    PlayFinished {
        /// Where.
        media: MediaId,
    },
    /// The far end pressed a key while it was neither bridged nor echoed to.
    Key {
        /// Who.
        media: MediaId,
        /// Which key.
        digit: Digit,
    },
    /// The far end pressed a key, and let it go, in a bridge whose other side is told by INFO.
    Dialled {
        /// Who.
        media: MediaId,
        /// Which key.
        digit: Digit,
        /// How long it was down.
        held: Duration,
    },
    /// A party of a room began to talk, goes on (told each second), or fell silent.
    Talks {
        /// Who.
        media: MediaId,
        /// How loud, in decibels below full scale; `None` for silence.
        level: Option<u8>,
    },
    /// None of the sessions is left that this one supervised.
    TapEnded {
        /// The supervisor's.
        media: MediaId,
    },
    /// What was wanted to be known of the far end.
    Detected {
        /// Who.
        media: MediaId,
        /// What.
        what: Detected,
    },
    /// The far end has said what was to be kept of it.
    Captured {
        /// Who.
        media: MediaId,
        /// What it said; `None` if nothing was to be heard.
        sound: Option<Sound>,
    },
    /// The conference is over, in which this session is a party.
    Dismissed {
        /// Who.
        media: MediaId,
    },
    /// No packet came for the configured time. The session lives on until closed.
    TimedOut {
        /// Which.
        media: MediaId,
    },
    /// The session is gone; its last figures.
    Closed {
        /// Which.
        media: MediaId,
        /// Over the whole life of the session.
        stats: StreamStats,
    },
}

impl MediaEvent {
    /// The session that it is about; `None` for leases.
    pub fn media(&self) -> Option<MediaId> {
        match self {
            Self::Leased { .. } => None,
            Self::PlayFinished { media }
            | Self::Key { media, .. }
            | Self::Dialled { media, .. }
            | Self::Talks { media, .. }
            | Self::TapEnded { media }
            | Self::Detected { media, .. }
            | Self::Captured { media, .. }
            | Self::Dismissed { media }
            | Self::TimedOut { media }
            | Self::Closed { media, .. } => Some(*media),
        }
    }
}

/// How a party takes part in its room.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PartyMode {
    /// The others do not hear it.
    pub is_muted: bool,
    /// It does not hear the others.
    pub is_deaf: bool,
    /// It is brought to the level of the others, however loud it speaks.
    pub is_levelled: bool,
}

/// Who hears a supervisor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TapMode {
    /// Nobody.
    Listen,
    /// The far end of this session alone.
    Whisper(MediaId),
    /// All.
    Barge,
}

impl TapMode {
    /// Whether the far end of a session hears the supervisor.
    pub fn is_heard_by(self, media: MediaId) -> bool {
        match self {
            Self::Listen => false,
            Self::Whisper(to) => to == media,
            Self::Barge => true,
        }
    }
}

/// A bound RTP port (and the RTCP port above it) of one worker.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct PortLease {
    /// Which worker.
    pub worker: u8,
    /// The address to write into SDP: the advertised address and the even RTP port.
    pub address: SocketAddr,
}

/// IPv4 or IPv6.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Of an address.
    pub fn of(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(_) => Self::V4,
            SocketAddr::V6(_) => Self::V6,
        }
    }
}

/// Where the far end receives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Remote {
    /// RTP.
    pub rtp: SocketAddr,
    /// RTCP.
    pub rtcp: Rtcp,
}

/// How RTCP travels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rtcp {
    /// On the RTP port, RFC 5761.
    Mux,
    /// On a port of its own, from `a=rtcp` or RTP port + 1.
    At(SocketAddr),
}

/// Which way media flows, seen from us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// We send only (the far end said recvonly).
    SendOnly,
    /// We receive only (the far end said sendonly: it holds).
    RecvOnly,
    /// Nothing flows.
    Inactive,
}

impl Direction {
    /// Whether we may send to the far end.
    pub fn sends(self) -> bool {
        match self {
            Self::SendRecv | Self::SendOnly => true,
            Self::RecvOnly | Self::Inactive => false,
        }
    }

    /// Whether we expect packets of the far end.
    pub fn receives(self) -> bool {
        match self {
            Self::SendRecv | Self::RecvOnly => true,
            Self::SendOnly | Self::Inactive => false,
        }
    }

    /// The same, seen from the other side.
    pub fn reversed(self) -> Self {
        match self {
            Self::SendRecv => Self::SendRecv,
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            Self::Inactive => Self::Inactive,
        }
    }
}

/// One agreed payload format.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Format {
    /// RTP payload type.
    pub payload_type: u8,
    /// Encoding name as in `a=rtpmap`, for example `PCMU`; compared without case.
    pub encoding: String,
    /// RTP clock, in Hz.
    pub clock_rate: u32,
    /// Channels; 1 unless written.
    pub channels: u8,
    /// `a=fmtp` of this format.
    pub fmtp: Option<String>,
}

impl Format {
    /// Whether its packets tell of keys (RFC 4733).
    pub fn is_event(&self) -> bool {
        self.encoding.eq_ignore_ascii_case("telephone-event")
    }

    /// Whether its packets are speech in a codec, not keys nor comfort noise (RFC 3389).
    pub(crate) fn is_speech(&self) -> bool {
        !self.is_event() && !self.encoding.eq_ignore_ascii_case("CN")
    }
}

/// How packets of one side become packets for the other.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum PayloadMap {
    /// Both sides use the same numbers.
    #[default]
    Same,
    /// `(from, to)` for each that differs; others stay.
    Pairs(Vec<(u8, u8)>),
    /// They share no codec: speech is decoded and encoded.
    Transcode(Transcoding),
}

/// From the codec of one side to that of the other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transcoding {
    /// What the one sends, as it is numbered when it comes.
    pub from: Format,
    /// What the other hears, as it is numbered when it goes.
    pub to: Format,
    /// Telephone events of both, if both have them.
    pub events: Option<(Format, Format)>,
    /// Length of the packets that the other wishes, in milliseconds.
    pub packet_ms: u16,
}

/// What a session can play by itself.
#[derive(Clone, Debug)]
pub enum Playout {
    /// Everything that comes in goes back.
    Echo,
    /// Nothing, so that the far end hears that we are there while we listen.
    Silence,
    /// A steady sine.
    Tone {
        /// Frequency, in Hz.
        hz: u16,
        /// Level, in dBm0 (G.711: a full-scale sine is +3.17 for µ-law).
        dbm0: i8,
    },
    /// A sound again and again.
    Loop {
        /// One time round.
        sound: Sound,
    },
    /// A prompt, from its start to its end.
    Prompt {
        /// What it says.
        sound: Sound,
    },
    /// Hold music, at the place where all who hear it are.
    Music {
        /// Which.
        music: Arc<Music>,
    },
}

/// What becomes one track of a recording.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecordedSource {
    /// What the far end of this session sends.
    Received(MediaId),
    /// What we play, or send back, to the far end of this session.
    Sent(MediaId),
}

impl RecordedSource {
    /// The session.
    pub fn media(self) -> MediaId {
        match self {
            Self::Received(media) | Self::Sent(media) => media,
        }
    }
}
