//! Descriptions of endpoints that we play ourselves: echo, tones, prompts.

use super::{
    NegotiationError, Origin, RemoteSide, Sdp,
    formats::{is_voice, names},
    model::direction_name,
    places::{Place, places_for_audio},
    remote::{PTIME_MS, audio_stream, has_rtcp_mux, remote_side},
    write::{NO_NAME, NO_TIME, connection_line, declined, end_line, line, put, raw_line},
};
use crate::{Direction, Format, codec::Codec};
use bytes::Bytes;
use std::net::SocketAddr;

/// A codec that we can play and hear.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LocalCodec {
    /// Number in our offers; an answer takes the offerer's.
    pub payload_type: u8,
    /// Encoding name, in the spelling of the IANA registry.
    pub encoding: &'static str,
    /// RTP clock, in Hz.
    pub clock_rate: u32,
    /// `a=fmtp` in our descriptions.
    pub fmtp: Option<&'static str>,
}

impl LocalCodec {
    /// G.711 µ-law.
    pub const PCMU: Self = Self { payload_type: 0, encoding: "PCMU", clock_rate: 8000, fmtp: None };
    /// G.711 A-law.
    pub const PCMA: Self = Self { payload_type: 8, encoding: "PCMA", clock_rate: 8000, fmtp: None };
    /// G.722. Its RTP clock is 8 kHz (RFC 3551 section 4.5.2).
    pub const G722: Self = Self { payload_type: 9, encoding: "G722", clock_rate: 8000, fmtp: None };
    /// Opus, whose RTP clock is 48 kHz and whose channels are always told as two (RFC 7587).
    pub const OPUS: Self = Self {
        payload_type: 127,
        encoding: "opus",
        clock_rate: 48_000,
        fmtp: Some("useinbandfec=1"),
    };
    /// DTMF events 0 to 15, RFC 4733. No voice codec: never agreed on alone.
    pub const TELEPHONE_EVENT: Self = Self {
        payload_type: 101,
        encoding: "telephone-event",
        clock_rate: 8000,
        fmtp: Some("0-15"),
    };
    /// The same beside Opus: events go by the clock of the voice (RFC 4733 section 2.1).
    pub const TELEPHONE_EVENT_FULL: Self =
        Self { payload_type: 102, clock_rate: 48_000, ..Self::TELEPHONE_EVENT };
    /// Linear samples of 16 bits at 48 kHz (RFC 3551 section 4.5.11), as at the two rates below.
    pub const L16_FULL: Self =
        Self { payload_type: 103, encoding: "L16", clock_rate: 48_000, fmtp: None };
    /// At 16 kHz.
    pub const L16_WIDE: Self = Self { payload_type: 104, clock_rate: 16_000, ..Self::L16_FULL };
    /// At 8 kHz.
    pub const L16_NARROW: Self = Self { payload_type: 105, clock_rate: 8000, ..Self::L16_FULL };
    /// What our own endpoints offer.
    pub const TELEPHONY: [Self; 6] = [
        Self::PCMU,
        Self::PCMA,
        Self::G722,
        Self::OPUS,
        Self::TELEPHONE_EVENT,
        Self::TELEPHONE_EVENT_FULL,
    ];
    /// What our own endpoints take of an offer: linear samples too, which need so much of a network
    /// that whoever wants them must say so.
    pub const ANSWERED: [Self; 9] = [
        Self::PCMU,
        Self::PCMA,
        Self::G722,
        Self::OPUS,
        Self::L16_FULL,
        Self::L16_WIDE,
        Self::L16_NARROW,
        Self::TELEPHONE_EVENT,
        Self::TELEPHONE_EVENT_FULL,
    ];

    /// Whether a format is this codec, whatever its number.
    pub fn is(&self, format: &Format) -> bool {
        format.encoding.eq_ignore_ascii_case(self.encoding)
            && format.clock_rate == self.clock_rate
            && format.channels == self.channels()
    }

    /// The codec by a number.
    pub(super) fn format(&self, payload_type: u8) -> Format {
        Format {
            payload_type,
            encoding: self.encoding.to_owned(),
            clock_rate: self.clock_rate,
            channels: self.channels(),
            fmtp: self.fmtp.map(str::to_owned),
        }
    }

    /// In `a=rtpmap`.
    fn channels(&self) -> u8 {
        if self.encoding == Self::OPUS.encoding { 2 } else { 1 }
    }
}

/// Our answer, and what was agreed.
#[derive(Clone, Debug)]
pub struct LocalAnswer {
    /// The description to send.
    pub bytes: Bytes,
    /// The offerer's audio stream; its formats are those agreed on, the voice codec first.
    pub remote_side: RemoteSide,
}

/// Answers an offer as an endpoint of our own: the first voice codec in the offerer's order that
/// `codecs` has, `telephone-event` if both have it, all other streams declined.
pub fn answer_locally(
    offer: &Sdp,
    local: SocketAddr,
    origin: &mut Origin,
    codecs: &[LocalCodec],
) -> Result<LocalAnswer, NegotiationError> {
    let mut remote_side = remote_side(offer)?;
    remote_side.formats = agreed(&remote_side.formats, codecs, "offer")?;
    let offered = audio_stream(offer)?;
    let ours = Ours {
        protocol: offered.protocol(),
        local,
        direction: remote_side.direction,
        has_rtcp_mux: has_rtcp_mux(offered),
    };
    let bytes = origin.publish(local.ip(), offer.text_len(), |out| {
        raw_line(out, NO_NAME);
        connection_line(out, local.ip());
        raw_line(out, offer.session().find(|line| line.kind == b't').unwrap_or(NO_TIME));
        for media in offer.media() {
            if media.index() == offered.index() {
                ours.write(out, remote_side.formats.iter().map(|it| described(it, codecs)));
            } else {
                declined(out, media);
            }
        }
    });
    Ok(LocalAnswer { bytes, remote_side })
}

/// Offers one audio stream with all of `codecs`, both ways: for an INVITE without an offer.
pub fn offer_locally(local: SocketAddr, origin: &mut Origin, codecs: &[LocalCodec]) -> Bytes {
    let ours =
        Ours { protocol: "RTP/AVP", local, direction: Direction::SendRecv, has_rtcp_mux: true };
    let previous = origin.description().clone();
    origin.publish(local.ip(), OFFER_BYTES, |out| {
        raw_line(out, NO_NAME);
        connection_line(out, local.ip());
        raw_line(out, NO_TIME);
        for place in places_for_audio(&previous) {
            match place {
                Place::Audio => {
                    ours.write(out, codecs.iter().map(|codec| (codec.payload_type, *codec)));
                }
                Place::Declined(media) => declined(out, media),
                Place::Kept(text) => line(out, format_args!("m={text}")),
            }
        }
    })
}

/// Reads the answer to what [`offer_locally`] wrote; the formats are those agreed on, the voice
/// codec first.
pub fn accept_answer(answer: &Sdp, codecs: &[LocalCodec]) -> Result<RemoteSide, NegotiationError> {
    let mut remote_side = remote_side(answer)?;
    remote_side.formats = agreed(&remote_side.formats, codecs, "answer")?;
    Ok(remote_side)
}

/// Our own audio stream.
struct Ours<'a> {
    protocol: &'a str,
    local: SocketAddr,
    direction: Direction,
    has_rtcp_mux: bool,
}

impl Ours<'_> {
    fn write(&self, out: &mut Vec<u8>, formats: impl Iterator<Item = (u8, LocalCodec)> + Clone) {
        put(out, format_args!("m=audio {} {}", self.local.port(), self.protocol));
        for (number, _) in formats.clone() {
            put(out, format_args!(" {number}"));
        }
        end_line(out);
        let mut voices = formats.clone().filter_map(|(number, it)| Codec::of(&it.format(number)));
        let ptime_ms = voices.next().map_or(PTIME_MS, |it| it.packet_ms(PTIME_MS));
        for (number, codec) in formats {
            let LocalCodec { encoding, clock_rate, .. } = codec;
            match codec.channels() {
                1 => line(out, format_args!("a=rtpmap:{number} {encoding}/{clock_rate}")),
                more => {
                    line(out, format_args!("a=rtpmap:{number} {encoding}/{clock_rate}/{more}"));
                }
            }
            if let Some(fmtp) = codec.fmtp {
                line(out, format_args!("a=fmtp:{number} {fmtp}"));
            }
        }
        line(out, format_args!("a=ptime:{ptime_ms}"));
        line(out, format_args!("a={}", direction_name(self.direction)));
        if self.has_rtcp_mux {
            line(out, format_args!("a=rtcp-mux"));
        }
    }
}

/// Their first voice codec that is ours, and the events that go with it.
fn agreed(
    theirs: &[Format],
    codecs: &[LocalCodec],
    side: &'static str,
) -> Result<Vec<Format>, NegotiationError> {
    let is_ours = |format: &&Format| codecs.iter().any(|codec| codec.is(format));
    let Some(voice) = theirs.iter().filter(|it| is_voice(it)).find(is_ours) else {
        return Err(NegotiationError::NoCommonCodec {
            side,
            theirs: names(theirs.iter().map(|it| it.encoding.as_str())),
            ours: names(codecs.iter().map(|it| it.encoding)),
        });
    };
    let events = theirs.iter().filter(is_ours).find(|format| {
        format.encoding.eq_ignore_ascii_case(LocalCodec::TELEPHONE_EVENT.encoding)
            && format.clock_rate == voice.clock_rate
    });
    Ok(std::iter::once(voice).chain(events).cloned().collect())
}

/// An agreed format with their number and our description.
fn described(format: &Format, codecs: &[LocalCodec]) -> (u8, LocalCodec) {
    let codec = codecs.iter().find(|codec| codec.is(format));
    (format.payload_type, *codec.expect("agreed formats are among ours"))
}

/// Room for an offer of ours.
const OFFER_BYTES: usize = 256;
