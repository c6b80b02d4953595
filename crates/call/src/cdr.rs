//! Call detail records: one a leg, written once.

use base::{CallId, CdrId, DomainId, ExtensionId, LegId, UnixMillis, UserId};
use media::StreamStats;

/// One leg as it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Cdr {
    /// Time-ordered, so that it is also the page key.
    pub id: CdrId,
    /// Shared by all legs of the call.
    pub call: CallId,
    /// The leg.
    pub leg: LegId,
    /// The domain that the call belongs to.
    pub domain: DomainId,
    /// Whether the far end called us or we called it.
    pub role: LegRole,
    /// Who called: the authenticated extension, or the number that the trunk gave.
    pub caller: String,
    /// What was dialled.
    pub dialled: String,
    /// The far end of this leg: an extension, a trunk's name and number, or a built-in's name.
    pub party: String,
    /// The party's name as the leg began: an extension's, or what a trunk says the caller is called.
    pub name: Option<String>,
    /// Who sat at the party's extension as the leg began.
    pub user: Option<UserId>,
    /// The extension at whose phone the party was signed in; `None` at its own.
    pub workplace: Option<String>,
    /// SIP's Call-ID of the leg's dialog.
    pub sip_call_id: String,
    /// Where the far end signals from, `ADDRESS:PORT;transport`.
    pub signalling_peer: String,
    /// When the INVITE came in or went out.
    pub started: UnixMillis,
    /// First 180 or 183, in ms after the start.
    pub ring_ms: Option<i64>,
    /// 2xx, in ms after the start; `None` if never answered.
    pub answer_ms: Option<i64>,
    /// End of the leg, in ms after the start.
    pub end_ms: i64,
    /// From answer to BYE, in ms; 0 if never answered.
    pub talk_ms: i64,
    /// Final SIP status of the leg's INVITE, or 487 when it was given up before one.
    pub sip_status: u16,
    /// Who ended the leg.
    pub hangup: HangupParty,
    /// Why, in words of ours: `normal`, `busy`, `no_answer`, `rtp_timeout`, `answered_elsewhere`, …
    pub cause: String,
    /// Codec in use at the end, if media flowed: `PCMA/8000`.
    pub codec: Option<String>,
    /// Media figures of the leg.
    pub media: StreamStats,
}

/// The extension at a leg's far end, as it was when the leg began.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// Its id.
    pub id: ExtensionId,
    /// Its display name; may be empty.
    pub name: String,
    /// Who sat there.
    pub user: Option<UserId>,
    /// Number of the extension whose phone it was; `None` for its own.
    pub workplace: Option<String>,
}

/// Which side of us the far end is on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LegRole {
    /// It called us.
    Caller,
    /// We called it.
    Callee,
}

impl LegRole {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Callee => "callee",
        }
    }
}

/// Who ended a leg.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HangupParty {
    /// The far end of this leg.
    Remote,
    /// The other leg's far end.
    Peer,
    /// We: time-out, limit, refusal, shutdown.
    System,
}

impl HangupParty {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Remote => "remote",
            Self::Peer => "peer",
            Self::System => "system",
        }
    }
}

/// The trunk of a party, which is `TRUNK/NUMBER` or an extension's number; those have no slash.
pub fn trunk_of(party: &str) -> Option<&str> {
    party.split_once('/').map(|(trunk, _)| trunk)
}

/// The number of a party.
pub fn number_of(party: &str) -> &str {
    party.split_once('/').map_or(party, |(_, number)| number)
}
