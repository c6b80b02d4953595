//! Descriptions of endpoints that we play ourselves: echo, tones, prompts.

use super::{NegotiationError, Origin, RemoteSide, Sdp};
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
    pub const PCMU: Self =
        Self { payload_type: 0, encoding: "PCMU", clock_rate: 8000, fmtp: None };
    /// G.711 A-law.
    pub const PCMA: Self =
        Self { payload_type: 8, encoding: "PCMA", clock_rate: 8000, fmtp: None };
    /// DTMF events 0 to 15, RFC 4733. No voice codec: never agreed on alone.
    pub const TELEPHONE_EVENT: Self = Self {
        payload_type: 101,
        encoding: "telephone-event",
        clock_rate: 8000,
        fmtp: Some("0-15"),
    };
    /// What our own endpoints speak.
    pub const TELEPHONY: [Self; 3] = [Self::PCMU, Self::PCMA, Self::TELEPHONE_EVENT];
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
    todo!()
}

/// Offers one audio stream with all of `codecs`, both ways: for an INVITE without an offer.
pub fn offer_locally(local: SocketAddr, origin: &mut Origin, codecs: &[LocalCodec]) -> Bytes {
    todo!()
}

/// Reads the answer to what [`offer_locally`] wrote; the formats are those agreed on, the voice
/// codec first.
pub fn accept_answer(
    answer: &Sdp,
    codecs: &[LocalCodec],
) -> Result<RemoteSide, NegotiationError> {
    todo!()
}
