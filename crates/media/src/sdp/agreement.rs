//! What two legs agree on through us, and what we do for it.

use super::{
    NegotiationError, RemoteSide, Sdp,
    formats::{counterpart, is_voice, names, payload_map},
    remote::remote_side,
};
use crate::{Format, PayloadMap, Transcoding, codec::Codec};

/// Both sides of a bridge between two legs, once one answered the other.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// The side that made the offer; its formats are those agreed on with it.
    pub offering: RemoteSide,
    /// The side that answered, likewise.
    pub answering: RemoteSide,
    /// How packets of the offering side become packets for the answering one.
    pub to_answering: PayloadMap,
    /// And the other way.
    pub to_offering: PayloadMap,
}

/// What both sides may do once `answer` answers `offer`: neither is sent what it does not take,
/// whatever it wrote. If the answer takes none of the offered codecs but one that only we added,
/// speech is transcoded.
pub fn agree(offer: &Sdp, answer: &Sdp) -> Result<Agreement, NegotiationError> {
    let offering = remote_side(offer)?;
    let answering = remote_side(answer)?.limited_to(offering.direction.reversed());
    let mut offering = offering.limited_to(answering.direction.reversed());
    let mut agreement = match meeting(&offering.formats, &answering.formats)? {
        Meeting::Untold => {
            // What flows is what the answer names, in its numbers.
            offering.formats.clone_from(&answering.formats);
            return Ok(Agreement::passing(offering, answering));
        }
        Meeting::Shared { offered, answered } => {
            offering.formats = offered;
            return Ok(Agreement::passing(offering, RemoteSide { formats: answered, ..answering }));
        }
        Meeting::Transcoded { offered, answered } => Agreement::passing(
            RemoteSide { formats: offered, ..offering },
            RemoteSide { formats: answered, ..answering },
        ),
    };
    agreement.to_answering = transcoding(&agreement.offering, &agreement.answering);
    agreement.to_offering = transcoding(&agreement.answering, &agreement.offering);
    Ok(agreement)
}

/// How packets of two who agreed with us one by one become packets for the other: from `a` to `b`,
/// and back.
///
/// They pass if each sends in a codec that the other takes; else speech is transcoded, if we can.
pub fn join(a: &RemoteSide, b: &RemoteSide) -> Result<(PayloadMap, PayloadMap), NegotiationError> {
    let voice = |side: &RemoteSide| side.formats.iter().find(|it| is_voice(it)).cloned();
    if let (Some(of_a), Some(of_b)) = (voice(a), voice(b)) {
        let passes =
            counterpart(&of_a, &b.formats).is_some() && counterpart(&of_b, &a.formats).is_some();
        if passes {
            let there = payload_map(&a.formats, &b.formats);
            return Ok((there, payload_map(&b.formats, &a.formats)));
        }
        if Codec::of(&of_a).is_some() && Codec::of(&of_b).is_some() {
            let used = |voice: Format, side: &RemoteSide| RemoteSide {
                formats: with_events(voice, &side.formats),
                ..side.clone()
            };
            let (a, b) = (used(of_a, a), used(of_b, b));
            return Ok((transcoding(&a, &b), transcoding(&b, &a)));
        }
    }
    let told = |side: &RemoteSide| names(side.formats.iter().map(|it| it.encoding.as_str()));
    Err(NegotiationError::NoCommonCodec { side: "answer", theirs: told(a), ours: told(b) })
}

impl Agreement {
    fn passing(offering: RemoteSide, answering: RemoteSide) -> Self {
        let (to_answering, to_offering) = (PayloadMap::Same, PayloadMap::Same);
        Self { offering, answering, to_answering, to_offering }
    }
}

/// How the formats of an offer and of its answer meet.
pub(super) enum Meeting {
    /// The answer names nothing beside what was offered: all of it passes.
    Untold,
    /// What both name passes, in the numbers of the answer. Telephone events that only one side
    /// has are there on that side: keys are converted.
    Shared { offered: Vec<Format>, answered: Vec<Format> },
    /// No codec is shared; these are used on each side, the voice codec first.
    Transcoded { offered: Vec<Format>, answered: Vec<Format> },
}

/// Formats without a name pass by their number; that they meet is for others to see.
pub(super) fn meeting(
    offered: &[Format],
    answered: &[Format],
) -> Result<Meeting, NegotiationError> {
    let is_known = |format: &&Format| counterpart(format, offered).is_some();
    let mut voices = answered.iter().filter(|it| is_voice(it));
    // A side that took an offered codec sends in it, whatever it names first: RFC 3264 section 7
    // lets it send by the order of the offer, where ours come last.
    if voices.clone().next().is_none() || voices.any(|it| is_known(&it)) {
        return Ok(shared(offered, answered));
    }
    let voice = |among: &[Format]| among.iter().find(|it| Codec::of(it).is_some()).cloned();
    let (Some(ours), Some(theirs)) = (voice(offered), voice(answered)) else {
        return Err(NegotiationError::NoCommonCodec {
            side: "answer",
            theirs: names(answered.iter().map(|it| it.encoding.as_str())),
            ours: names(offered.iter().map(|it| it.encoding.as_str())),
        });
    };
    Ok(Meeting::Transcoded {
        offered: with_events(ours, offered),
        answered: with_events(theirs, answered),
    })
}

/// How they meet if a voice codec is shared, or if none is named.
fn shared(offered: &[Format], answered: &[Format]) -> Meeting {
    let known: Vec<_> =
        answered.iter().filter(|it| counterpart(it, offered).is_some()).cloned().collect();
    let lone_events = |among: &[Format]| {
        let voice = known.iter().find(|it| Codec::of(it).is_some())?;
        let events = events_for(voice, among).filter(|_| !known.iter().any(Format::is_event))?;
        let is_taken = known.iter().any(|it| it.payload_type == events.payload_type);
        (!is_taken).then(|| events.clone())
    };
    let (ours, theirs) = (lone_events(offered), lone_events(answered));
    if ours.is_none() && known.len() == answered.len() {
        return Meeting::Untold;
    }
    let with = |events: Option<Format>| known.iter().cloned().chain(events).collect();
    Meeting::Shared { offered: with(ours), answered: with(theirs) }
}

/// A codec and the telephone events that go with it.
fn with_events(voice: Format, among: &[Format]) -> Vec<Format> {
    let events = events_for(&voice, among).cloned();
    std::iter::once(voice).chain(events).collect()
}

/// The telephone events that go with a codec: those of its clock, if there is a choice.
fn events_for<'a>(voice: &Format, among: &'a [Format]) -> Option<&'a Format> {
    let mut events = among.iter().filter(|it| it.is_event());
    let any = events.clone().next();
    events.find(|it| it.clock_rate == voice.clock_rate).or(any)
}

fn transcoding(from: &RemoteSide, to: &RemoteSide) -> PayloadMap {
    let ([voice, ..], [other, ..]) = (&from.formats[..], &to.formats[..]) else {
        return PayloadMap::Same;
    };
    PayloadMap::Transcode(Transcoding {
        from: voice.clone(),
        to: other.clone(),
        events: from.formats.get(1).cloned().zip(to.formats.get(1).cloned()),
        packet_ms: to.packet_ms(),
    })
}
