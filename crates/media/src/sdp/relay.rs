//! Descriptions that pass through us from one leg to the other.

use super::{
    MediaSection, NegotiationError, Origin, Sdp,
    formats::{counterpart, formats, is_voice, names},
    model::{direction_name, direction_named},
    places::{Place, places},
    remote::{audio_stream, common_direction, has_rtcp_mux, remote},
    write::{NO_NAME, NO_TIME, connection_line, declined, line, media_line, raw_line, raw_lines},
};
use crate::Direction;
use bytes::Bytes;
use std::net::SocketAddr;

/// Our offer to the other side, made from one side's offer.
///
/// The first usable audio stream passes with all its codecs, also unknown ones, and its direction;
/// its address is `local`, RTCP is ours (`a=rtcp-mux` is offered, the port above `local` otherwise),
/// and what belongs to one hop only (ICE, DTLS, SDES keys, SSRCs, bundling) is left out. All other
/// streams stay in their place, declined with port 0. If this leg has seen a description of ours,
/// its streams keep their places, as RFC 3264 section 8 demands.
pub fn relay_offer(
    offer: &Sdp,
    local: SocketAddr,
    origin: &mut Origin,
) -> Result<Bytes, NegotiationError> {
    let audio = usable_audio(offer)?;
    let relayed = Relayed {
        audio,
        protocol: audio.protocol(),
        direction: audio.direction(),
        local,
        has_rtcp_mux: true,
    };
    let previous = origin.description().clone();
    Ok(origin.publish(local.ip(), bytes_expected(offer), |out| {
        session_lines(out, offer, offer, local);
        for place in places(&previous, offer, audio) {
            match place {
                Place::Audio => relayed.write(out),
                Place::Declined(media) => declined(out, media),
                Place::Kept(text) => line(out, format_args!("m={text}")),
            }
        }
    }))
}

/// Our answer to the first side, made from the other side's answer to what [`relay_offer`] wrote.
///
/// Has the streams of `offer`, the first side's own, in number and order (RFC 3264 section 6);
/// `a=rtcp-mux` only if `offer` has it; and a direction that the offered one allows, even if the
/// other side answered wrongly.
pub fn relay_answer(
    offer: &Sdp,
    answer: &Sdp,
    local: SocketAddr,
    origin: &mut Origin,
) -> Result<Bytes, NegotiationError> {
    let offered = usable_audio(offer)?;
    let answered = usable_audio(answer)?;
    check_common_codec(offered, answered)?;
    let relayed = Relayed {
        audio: answered,
        protocol: offered.protocol(),
        direction: common_direction(answered.direction(), offered.direction().reversed()),
        local,
        has_rtcp_mux: has_rtcp_mux(offered),
    };
    Ok(origin.publish(local.ip(), bytes_expected(answer), |out| {
        session_lines(out, answer, offer, local);
        for media in offer.media() {
            if media.index() == offered.index() {
                relayed.write(out);
            } else {
                declined(out, media);
            }
        }
    }))
}

/// One side's audio stream as we show it to the other.
struct Relayed<'a> {
    audio: MediaSection<'a>,
    protocol: &'a str,
    direction: Direction,
    local: SocketAddr,
    has_rtcp_mux: bool,
}

impl Relayed<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        media_line(out, "audio", self.local.port(), self.protocol, self.audio);
        for kind in *b"ib" {
            raw_lines(out, self.audio.lines().filter(|line| line.kind == kind));
        }
        raw_lines(out, self.audio.lines().filter(|line| passes(*line)));
        line(out, format_args!("a={}", direction_name(self.direction)));
        if self.has_rtcp_mux {
            line(out, format_args!("a=rtcp-mux"));
        }
    }
}

/// The stream that passes, if it says where it is received.
fn usable_audio(description: &Sdp) -> Result<MediaSection<'_>, NegotiationError> {
    let audio = audio_stream(description)?;
    remote(audio).map(|_| audio)
}

/// An answer must take up at least one voice codec of the offer. Formats that nobody named (a
/// dynamic number without `a=rtpmap`) are told by their number.
fn check_common_codec(
    offered: MediaSection<'_>,
    answered: MediaSection<'_>,
) -> Result<(), NegotiationError> {
    let (theirs, ours) = (formats(answered), formats(offered));
    let is_named =
        |number: &str| theirs.iter().any(|format| number.parse() == Ok(format.payload_type));
    let is_common = theirs.iter().any(|it| is_voice(it) && counterpart(it, &ours).is_some())
        || answered
            .formats()
            .filter(|number| !is_named(number))
            .any(|number| offered.formats().any(|it| it == number));
    if is_common {
        return Ok(());
    }
    Err(NegotiationError::NoCommonCodec {
        side: "answer",
        theirs: names(theirs.iter().map(|it| it.encoding.as_str())),
        ours: names(ours.iter().map(|it| it.encoding.as_str())),
    })
}

/// Everything after `o=` and before the first stream. An answer has the `t=` of its offer
/// (RFC 3264 section 6); who wrote the description (`u=`, `e=`, `p=`), its key (`k=`) and lines of
/// no known type go no further.
fn session_lines(out: &mut Vec<u8>, source: &Sdp, timing: &Sdp, local: SocketAddr) {
    let name = source.session().find(|line| line.kind == b's' && !line.value.is_empty());
    raw_line(out, name.unwrap_or(NO_NAME));
    raw_lines(out, source.session().filter(|line| line.kind == b'i'));
    connection_line(out, local.ip());
    raw_lines(out, source.session().filter(|line| line.kind == b'b'));
    if timing.session().any(|line| line.kind == b't') {
        raw_lines(out, timing.session().filter(|line| matches!(line.kind, b't' | b'r')));
    } else {
        raw_line(out, NO_TIME);
    }
    raw_lines(out, source.session().filter(|line| passes(*line)));
}

/// Whether a line is an attribute that means something to the other side as well.
fn passes(line: super::Line<'_>) -> bool {
    line.kind == b'a'
        && line
            .attribute()
            .is_some_and(|(name, _)| !is_of_one_hop(name) && direction_named(name).is_none())
}

/// Attributes that name addresses, keys, sources or bundles of one hop, or profiles that only this
/// hop could use. Directions and RTCP are written anew.
fn is_of_one_hop(attribute: &str) -> bool {
    matches!(
        attribute,
        // ICE, RFC 8839 and 8840.
        "candidate" | "remote-candidates" | "end-of-candidates" | "ice-ufrag" | "ice-pwd"
            | "ice-options" | "ice-lite" | "ice-mismatch" | "ice-pacing"
            // DTLS and connections, RFC 8122, 8842 and 4145.
            | "fingerprint" | "setup" | "tls-id" | "connection"
            // SDES and MIKEY keys, RFC 4568 and 4567.
            | "crypto" | "key-mgmt"
            // Capability negotiation, RFC 5939.
            | "tcap" | "acap" | "pcfg" | "acfg" | "csup" | "creq"
            // RTCP, RFC 3605, 5761 and 8858.
            | "rtcp" | "rtcp-mux" | "rtcp-mux-only"
            // Sources and bundles, RFC 5576, 8843, 8830 and 4570.
            | "ssrc" | "ssrc-group" | "group" | "bundle-only" | "mid" | "msid" | "msid-semantic"
            | "source-filter"
            // What relays write for each other.
            | "nortpproxy"
    )
}

/// Room for a relayed description: what comes in, our `c=` and our attributes.
fn bytes_expected(source: &Sdp) -> usize {
    source.text_len() + EXTRA_BYTES
}

/// Room for what we add.
const EXTRA_BYTES: usize = 64;
