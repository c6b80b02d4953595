//! Figures of a session: over its whole life, and of late.

use std::net::SocketAddr;

/// Figures of one session from its beginning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamStats {
    /// RTP packets taken in from the far end.
    pub packets_received: u64,
    /// Their payload, in bytes.
    pub bytes_received: u64,
    /// RTP packets sent to the far end.
    pub packets_sent: u64,
    /// Their payload, in bytes.
    pub bytes_sent: u64,
    /// Packets of the far end that never came (RFC 3550 section 6.4.1, cumulative; duplicates can
    /// make it negative).
    pub packets_lost: i64,
    /// Interarrival jitter at the end, in milliseconds.
    pub jitter_ms: f32,
    /// Mean opinion score of what came from the far end, 1 to 4.5 (ITU-T G.107); `None` if nothing
    /// came, or in a codec without published figures.
    pub mos: Option<f32>,
    /// What the far end told of what it heard, if it sent reports.
    pub far: FarStats,
    /// Packets thrown away because they came from a stranger after lock-in.
    pub packets_foreign: u64,
    /// Payload type seen most recently.
    pub payload_type: Option<u8>,
    /// Where the far end really sent from, once latched.
    pub latched: Option<SocketAddr>,
    /// Whether its speech was, at any time, decoded and encoded for another far end.
    pub transcoded: bool,
}

impl StreamStats {
    /// The figures of a far end that went on in this session after it had been in another.
    #[must_use]
    pub fn after(self, before: &Self) -> Self {
        Self {
            packets_received: self.packets_received + before.packets_received,
            bytes_received: self.bytes_received + before.bytes_received,
            packets_sent: self.packets_sent + before.packets_sent,
            bytes_sent: self.bytes_sent + before.bytes_sent,
            packets_lost: self.packets_lost + before.packets_lost,
            packets_foreign: self.packets_foreign + before.packets_foreign,
            mos: self.mos.or(before.mos),
            payload_type: self.payload_type.or(before.payload_type),
            latched: self.latched.or(before.latched),
            transcoded: self.transcoded || before.transcoded,
            ..self
        }
    }
}

/// What the far end's own reports tell (RTCP); each is `None` as long as none came.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FarStats {
    /// Packets of ours that never came there.
    pub packets_lost: Option<i32>,
    /// Jitter of ours there, in milliseconds.
    pub jitter_ms: Option<f32>,
    /// Mean opinion score of what it heard, as [`StreamStats::mos`].
    pub mos: Option<f32>,
    /// Round trip between it and us, in milliseconds: the mean of all that were measured.
    pub rtt_ms: Option<f32>,
}

/// How a session does now: between its last two reports, some five seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// What comes from the far end, if anything does.
    pub received: Option<Quality>,
    /// What the far end hears of us, as it told; `None` if it told nothing lately.
    pub sent: Option<Quality>,
    /// The last round trip between it and us, in milliseconds.
    pub rtt_ms: Option<f32>,
}

/// How one direction does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// Share of the packets that were lost, 0 to 1.
    pub loss: f32,
    /// Interarrival jitter, in milliseconds.
    pub jitter_ms: f32,
    /// Mean opinion score, 1 to 4.5 (ITU-T G.107); `None` for codecs without published figures.
    pub mos: Option<f32>,
}
