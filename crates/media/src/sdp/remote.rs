//! What a description says about its writer's audio stream.

use super::{
    NegotiationError, Sdp,
    formats::formats,
    model::{Connection, MediaSection},
};
use crate::{Direction, Format, Remote, Rtcp, cadence::Cadence, playout::Voice};
use std::{net::SocketAddr, str};

/// The far end's audio stream, as [`crate::MediaCommand::Configure`] wants it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RemoteSide {
    /// Where it receives; `None` when it gave no address to send to (`c=0.0.0.0`).
    pub remote: Option<Remote>,
    /// What flows, seen from us.
    pub direction: Direction,
    /// Its formats in its order of preference, numbered as it receives them. Formats whose
    /// encoding the description does not name are left out.
    pub formats: Vec<Format>,
    /// Packet time that it wishes (`a=ptime`), in milliseconds.
    pub ptime_ms: Option<u16>,
    /// The longest that it takes (`a=maxptime`), in milliseconds.
    pub maxptime_ms: Option<u16>,
}

impl RemoteSide {
    /// The same with a direction that what *we* offered (seen from us) allows; some phones answer
    /// `sendrecv` to a hold.
    pub fn limited_to(self, offered: Direction) -> Self {
        Self { direction: common_direction(self.direction, offered), ..self }
    }

    /// Whether it agreed to a codec in which we can play it something.
    pub fn hears_playouts(&self) -> bool {
        Voice::of(&self.formats, Cadence::of(self.packet_ms())).is_some()
    }

    /// Length of the packets to send it, in milliseconds: what it wishes and takes.
    pub fn packet_ms(&self) -> u16 {
        let wished = self.ptime_ms.unwrap_or(PTIME_MS);
        self.maxptime_ms.map_or(wished, |longest| wished.min(longest))
    }
}

/// Reads the audio stream of an offer or an answer.
pub fn remote_side(description: &Sdp) -> Result<RemoteSide, NegotiationError> {
    let audio = audio_stream(description)?;
    let millis = |name| -> Option<u16> {
        let written = str::from_utf8(audio.attribute(name)?).ok()?;
        written.trim().parse().ok().filter(|millis| *millis > 0)
    };
    Ok(RemoteSide {
        remote: remote(audio)?,
        direction: audio.direction().reversed(),
        formats: formats(audio),
        ptime_ms: millis("ptime"),
        maxptime_ms: millis("maxptime"),
    })
}

/// The audio stream that we take part in: the first in use over a profile that we speak.
pub(super) fn audio_stream(description: &Sdp) -> Result<MediaSection<'_>, NegotiationError> {
    let audio = || description.media().filter(|media| media.kind() == "audio");
    let mut in_use = audio().filter(|media| media.port() != 0);
    if let Some(stream) = in_use.clone().find(|media| is_plain_rtp(media.protocol())) {
        return Ok(stream);
    }
    Err(match in_use.next() {
        Some(stream) => NegotiationError::UnsupportedProfile(stream.protocol().to_owned()),
        None if audio().next().is_some() => NegotiationError::AudioDeclined,
        None => NegotiationError::NoAudio,
    })
}

/// What both directions allow.
pub(super) fn common_direction(a: Direction, b: Direction) -> Direction {
    match (a.sends() && b.sends(), a.receives() && b.receives()) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}

/// Whether RTCP shares the RTP port if we want it (RFC 5761, RFC 8858).
pub(super) fn has_rtcp_mux(audio: MediaSection<'_>) -> bool {
    audio.attribute("rtcp-mux").is_some() || audio.attribute("rtcp-mux-only").is_some()
}

/// Where the stream is received; `None` for an old-style hold.
pub(super) fn remote(audio: MediaSection<'_>) -> Result<Option<Remote>, NegotiationError> {
    let address = match audio.connection() {
        Connection::Address(address) => address,
        Connection::Held => return Ok(None),
        Connection::Unusable(written) => {
            return Err(NegotiationError::UnusableAddress(written.to_owned()));
        }
        Connection::Missing => return Err(NegotiationError::NoAddress),
    };
    let rtp = SocketAddr::new(address, audio.port());
    let next_port = || Some(SocketAddr::new(address, audio.port().checked_add(1)?));
    let rtcp = if has_rtcp_mux(audio) {
        Rtcp::Mux
    } else {
        audio.rtcp_address(rtp).or_else(next_port).map_or(Rtcp::Mux, Rtcp::At)
    };
    Ok(Some(Remote { rtp, rtcp }))
}

fn is_plain_rtp(protocol: &str) -> bool {
    protocol.eq_ignore_ascii_case("RTP/AVP") || protocol.eq_ignore_ascii_case("RTP/AVPF")
}

/// Packet time in milliseconds, unless a description says otherwise (RFC 3551 section 4.2).
pub(super) const PTIME_MS: u16 = 20;
