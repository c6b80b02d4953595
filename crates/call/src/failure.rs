//! Why calls end, and which status tells the caller.

use sip::Status;

/// Why a leg ended: one word for the call log, and what it means on the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cause {
    /// Someone hung up.
    Normal,
    /// The caller gave up before an answer.
    Cancelled,
    /// Another device took the call.
    AnsweredElsewhere,
    /// Busy, or at its limit of concurrent calls.
    Busy,
    /// Rang until the ring time-out.
    NoAnswer,
    /// The callee refused.
    Rejected,
    /// The number exists, but no device of it can be reached.
    Unavailable,
    /// Nobody has this number.
    NotFound,
    /// The plan or the rights say no.
    Refused,
    /// Whoever sends the call out has no right to the number.
    Barred,
    /// Whoever sends the call out, or its domain, has called as much as it may.
    Capped,
    /// It is on a list of callers who are not wanted, or not on the list of those who are.
    Screened,
    /// No codec or profile in common.
    NoCommonCodec,
    /// The caller has as many calls as it may.
    TooManyCalls,
    /// No media ports or no capacity left.
    Exhausted,
    /// The call came back to us.
    Loop,
    /// No RTP came for the configured time.
    RtpTimeout,
    /// Our answer was never acknowledged.
    NotAcked,
    /// An in-dialog request found nobody.
    PeerLost,
    /// Over the longest allowed duration.
    MaxDuration,
    /// The switch is stopping.
    Shutdown,
    /// It handed its far end on to somebody else.
    Transferred,
    /// Our fault.
    Internal,
    /// The switch was killed, or the machine went down; written when the next one starts.
    Crash,
}

impl Cause {
    /// All of them: as many as there are up to the last one, so that none is forgotten here.
    const ALL: [Self; Self::Crash as usize + 1] = [
        Self::Normal,
        Self::Cancelled,
        Self::AnsweredElsewhere,
        Self::Busy,
        Self::NoAnswer,
        Self::Rejected,
        Self::Unavailable,
        Self::NotFound,
        Self::Refused,
        Self::Barred,
        Self::Capped,
        Self::Screened,
        Self::NoCommonCodec,
        Self::TooManyCalls,
        Self::Exhausted,
        Self::Loop,
        Self::RtpTimeout,
        Self::NotAcked,
        Self::PeerLost,
        Self::MaxDuration,
        Self::Shutdown,
        Self::Transferred,
        Self::Internal,
        Self::Crash,
    ];

    /// Of the word in the call log; `None` for one that only another version knows.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// As stored in the call log.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Cancelled => "cancelled",
            Self::AnsweredElsewhere => "answered_elsewhere",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Rejected => "rejected",
            Self::Unavailable => "unavailable",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Barred => "barred",
            Self::Capped => "capped",
            Self::Screened => "screened",
            Self::NoCommonCodec => "no_common_codec",
            Self::TooManyCalls => "too_many_calls",
            Self::Exhausted => "exhausted",
            Self::Loop => "loop",
            Self::RtpTimeout => "rtp_timeout",
            Self::NotAcked => "not_acked",
            Self::PeerLost => "peer_lost",
            Self::MaxDuration => "max_duration",
            Self::Shutdown => "shutdown",
            Self::Transferred => "transferred",
            Self::Internal => "internal",
            Self::Crash => "crash",
        }
    }

    /// The value of a Reason header (RFC 3326) for BYE and CANCEL, in Q.850 terms.
    pub(crate) fn reason_header(self) -> &'static str {
        match self {
            Self::Normal | Self::Cancelled | Self::Transferred => {
                "Q.850;cause=16;text=\"Normal call clearing\""
            }
            Self::AnsweredElsewhere => "SIP;cause=200;text=\"Call completed elsewhere\"",
            Self::Busy => "Q.850;cause=17;text=\"User busy\"",
            Self::NoAnswer => "Q.850;cause=19;text=\"No answer\"",
            Self::Rejected | Self::Refused | Self::Screened => {
                "Q.850;cause=21;text=\"Call rejected\""
            }
            Self::Barred => "Q.850;cause=52;text=\"Outgoing calls barred\"",
            Self::Capped => "Q.850;cause=31;text=\"Limit of outgoing calls reached\"",
            Self::Unavailable => "Q.850;cause=20;text=\"Subscriber absent\"",
            Self::NotFound => "Q.850;cause=1;text=\"Unallocated number\"",
            Self::NoCommonCodec => "Q.850;cause=88;text=\"Incompatible destination\"",
            Self::TooManyCalls | Self::Exhausted => "Q.850;cause=42;text=\"Congestion\"",
            Self::Loop => "Q.850;cause=25;text=\"Exchange routing error\"",
            Self::RtpTimeout => "Q.850;cause=102;text=\"RTP timeout\"",
            Self::NotAcked => "Q.850;cause=102;text=\"ACK never came\"",
            Self::PeerLost => "Q.850;cause=41;text=\"Peer lost the dialog\"",
            Self::MaxDuration => "Q.850;cause=102;text=\"Longest duration reached\"",
            Self::Shutdown => "Q.850;cause=41;text=\"Switch is stopping\"",
            Self::Internal => "Q.850;cause=41;text=\"Internal error\"",
            Self::Crash => "Q.850;cause=41;text=\"Switch has restarted\"",
        }
    }

    /// The status for a caller whose call ends this way before an answer.
    pub(crate) fn status(self) -> Status {
        Status(match self {
            Self::Normal | Self::Cancelled | Self::AnsweredElsewhere | Self::Transferred => 487,
            Self::Busy => 486,
            Self::NoAnswer | Self::Unavailable => 480,
            Self::Rejected | Self::Screened => 603,
            Self::NotFound => 404,
            Self::Refused | Self::Barred | Self::Capped => 403,
            Self::NoCommonCodec => 488,
            Self::TooManyCalls => 403,
            Self::Exhausted | Self::Shutdown => 503,
            Self::Loop => 482,
            Self::RtpTimeout | Self::NotAcked | Self::PeerLost | Self::MaxDuration => 480,
            Self::Internal | Self::Crash => 500,
        })
    }

    /// What a callee's final failure means.
    pub(crate) fn of_status(status: Status) -> Self {
        match status.0 {
            486 | 600 => Self::Busy,
            403 | 603 | 607 | 608 => Self::Rejected,
            404 | 484 | 604 => Self::NotFound,
            408 | 410 | 480 | 503 => Self::Unavailable,
            482 | 483 => Self::Loop,
            415 | 488 | 606 => Self::NoCommonCodec,
            487 => Self::Cancelled,
            _ => Self::Rejected,
        }
    }
}

/// How a caller is refused.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) cause: Cause,
    pub(crate) status: Status,
    /// Reason phrase, where the usual one says too little.
    pub(crate) reason: Option<String>,
}

impl Refusal {
    /// With the usual status of a cause.
    pub(crate) fn of(cause: Cause) -> Self {
        Self { cause, status: cause.status(), reason: None }
    }

    /// The reason, or what the call log calls the cause.
    pub(crate) fn in_words(self) -> String {
        self.reason.unwrap_or_else(|| self.cause.as_str().to_owned())
    }
}

/// The callee's final failure as the caller should see it.
///
/// What belongs to the hop between us and the callee stays there: challenges, redirects that are not
/// followed, and 503, at which a phone would give us up altogether (RFC 3261 section 21.5.4).
pub(crate) fn status_for_caller(status: Status) -> Status {
    Status(match status.0 {
        300..=399 => 480,
        401 | 407 | 421 | 494 => 500,
        408 => 480,
        416 | 420 => 500,
        481 | 482 | 487 | 491 => 480,
        503 => 480,
        other => other,
    })
}

/// Whether a final failure is about the way to the callee, and not about the callee: the same call may
/// get through by another trunk.
///
/// That is congestion and silence, and whatever only the hop next to us can mean: wrong credentials,
/// redirects, protocol and codecs that it does not take. Who is busy, says no or does not exist is the
/// same behind each trunk.
pub(crate) fn is_of_the_way(status: Status) -> bool {
    matches!(
        status.0,
        300..=399 | 400..=402 | 405..=408 | 411..=421 | 423..=439 | 481..=483 | 488 | 489..=599 | 606
    )
}

/// Whether `new` tells the caller more than `old` does (RFC 3261 section 16.7, step 6): a 6xx ends
/// all argument, then the lowest class, and inside 4xx what a person can act on.
pub(crate) fn is_better(new: Status, old: Status) -> bool {
    rank(new) < rank(old)
}

fn rank(status: Status) -> (u8, u8, u16) {
    let class = match status.0 / 100 {
        6 => 0,
        class => class as u8,
    };
    let within = match status.0 {
        486 => 0,
        480 => 1,
        408 => 3,
        _ => 2,
    };
    (class, within, status.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_on_one_device_tells_more_than_silence_of_another() {
        assert!(is_better(Status(486), Status(408)));
        assert!(is_better(Status(603), Status(486)));
        assert!(is_better(Status(486), Status(503)));
        assert!(!is_better(Status(503), Status(486)));
    }

    #[test]
    fn another_trunk_is_tried_for_troubles_of_the_way_and_not_for_those_of_the_callee() {
        for status in [302, 401, 402, 407, 408, 415, 482, 488, 500, 502, 503, 504, 606] {
            assert!(is_of_the_way(Status(status)), "{status}");
        }
        for status in [403, 404, 410, 480, 484, 486, 487, 600, 603, 604, 607, 608] {
            assert!(!is_of_the_way(Status(status)), "{status}");
        }
    }

    #[test]
    fn a_hop_s_own_troubles_are_not_passed_on() {
        assert_eq!(status_for_caller(Status(503)), Status(480));
        assert_eq!(status_for_caller(Status(407)), Status(500));
        assert_eq!(status_for_caller(Status(302)), Status(480));
        assert_eq!(status_for_caller(Status(486)), Status(486));
    }
}
