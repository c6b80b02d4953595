//! Descriptions that pass through us from one leg to the other.

use super::{
    LocalCodec, MediaSection, NegotiationError, Origin, Sdp,
    agreement::{Meeting, meeting},
    formats::{counterpart, formats, is_voice, names},
    model::{direction_name, direction_named},
    places::{Place, places},
    remote::{audio_stream, common_direction, has_rtcp_mux, remote},
    write::{
        NO_NAME, NO_TIME, connection_line, declined, format_line, format_lines, line, raw_line,
        raw_lines,
    },
};
use crate::{Direction, Format, codec::Codec};
use bytes::Bytes;
use std::net::SocketAddr;

/// Our offer to the other side, made from one side's offer.
///
/// The first usable audio stream passes with all its codecs, also unknown ones, and its direction.
/// If we can decode one of them, the codecs follow that we could translate it into, and telephone
/// events, since we can translate keys too. Its address is
/// `local`, RTCP is ours (`a=rtcp-mux` is offered, the port above `local` otherwise), and what
/// belongs to one hop only (ICE, DTLS, SDES keys, SSRCs, bundling) is left out. All other streams
/// stay in their place, declined with port 0. If this leg has seen a description of ours, its
/// streams keep their places, as RFC 3264 section 8 demands.
pub fn relay_offer(
    offer: &Sdp,
    local: SocketAddr,
    origin: &mut Origin,
) -> Result<Bytes, NegotiationError> {
    let audio = usable_audio(offer)?;
    let more = further(&formats(audio), audio);
    let relayed = Relayed {
        audio,
        formats: Formats::AllAnd(&more),
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
    let ours = formats(offered);
    let said = match meeting(&ours, &formats(answered))? {
        Meeting::Untold => None,
        Meeting::Shared { offered, .. } | Meeting::Transcoded { offered, .. } => Some(offered),
    };
    let relayed = Relayed {
        audio: answered,
        formats: said.as_deref().map_or(Formats::AllAnd(&[]), Formats::Only),
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
    formats: Formats<'a>,
    protocol: &'a str,
    direction: Direction,
    local: SocketAddr,
    has_rtcp_mux: bool,
}

/// Which formats the other side is told of.
#[derive(Clone, Copy)]
enum Formats<'a> {
    /// All that were written, as they were, and these behind them.
    AllAnd(&'a [Format]),
    /// These and no other.
    Only(&'a [Format]),
}

impl Relayed<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let passes_formats = matches!(self.formats, Formats::AllAnd(_));
        let described = match self.formats {
            Formats::AllAnd(more) => {
                format_line(out, self.local.port(), self.protocol, self.audio.formats(), more);
                more
            }
            Formats::Only(formats) => {
                let none = std::iter::empty();
                format_line(out, self.local.port(), self.protocol, none, formats);
                formats
            }
        };
        for kind in *b"ib" {
            raw_lines(out, self.audio.lines().filter(|line| line.kind == kind));
        }
        let attributes = self.audio.lines().filter(|line| passes(*line));
        raw_lines(out, attributes.filter(|line| passes_formats || !is_about_formats(*line)));
        for format in described {
            format_lines(out, format);
        }
        line(out, format_args!("a={}", direction_name(self.direction)));
        if self.has_rtcp_mux {
            line(out, format_args!("a=rtcp-mux"));
        }
    }
}

/// What we could translate one of `offered` into, with numbers that are not in use; nothing if we
/// understand none of them.
fn further(offered: &[Format], audio: MediaSection<'_>) -> Vec<Format> {
    if !offered.iter().any(|it| Codec::of(it).is_some()) {
        return Vec::new();
    }
    let is_taken = |number: u8| audio.formats().any(|it| it.parse() == Ok(number));
    let mut free = (DYNAMIC_FIRST..=DYNAMIC_LAST).rev().filter(|number| !is_taken(*number));
    FURTHER
        .iter()
        .filter(|it| !offered.iter().any(|format| it.is(format)))
        .filter_map(|it| {
            let payload_type = match it.payload_type {
                number if number < DYNAMIC_FIRST => number,
                _ => free.next()?,
            };
            (!is_taken(payload_type)).then(|| it.format(payload_type))
        })
        .collect()
}

/// The stream that passes, if it says where it is received.
fn usable_audio(description: &Sdp) -> Result<MediaSection<'_>, NegotiationError> {
    let audio = audio_stream(description)?;
    remote(audio).map(|_| audio)
}

/// An answer must take up at least one voice codec of the offer, or one that we can translate into
/// one of them. Formats that nobody named (a dynamic number without `a=rtpmap`) are told by their
/// number.
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
    let is_translatable = ours.iter().any(|it| Codec::of(it).is_some())
        && theirs.iter().any(|it| Codec::of(it).is_some());
    if is_common || is_translatable {
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

/// Whether an attribute tells of formats by their numbers.
fn is_about_formats(line: super::Line<'_>) -> bool {
    let about = ["rtpmap", "fmtp", "rtcp-fb", "ptime", "maxptime"];
    line.attribute().is_some_and(|(name, _)| about.contains(&name))
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
const EXTRA_BYTES: usize = 256;

/// What we offer behind the codecs of the offer that is passed on, in our order of preference.
const FURTHER: [LocalCodec; 5] = [
    LocalCodec::OPUS,
    LocalCodec::G722,
    LocalCodec::PCMA,
    LocalCodec::PCMU,
    LocalCodec::TELEPHONE_EVENT,
];

/// Payload types that mean what the description says (RFC 3551 section 3). Taken from the last
/// down: phones count up from the first.
const DYNAMIC_FIRST: u8 = 96;
const DYNAMIC_LAST: u8 = 127;
