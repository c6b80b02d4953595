//! Which stream stands where in an offer of ours.

use super::{MediaSection, Sdp, origin::streams};

/// One `m=` line of an offer.
pub(super) enum Place<'a> {
    /// The audio stream.
    Audio,
    /// A stream of the source that does not pass.
    Declined(MediaSection<'a>),
    /// A stream that this leg has seen before, without `m=`; declined already.
    Kept(&'a str),
}

/// The places of an offer made from `offer`, whose `audio` passes, to a leg whose last description
/// of ours is `previous` (empty if none).
///
/// A leg never loses a stream and never sees one turn into another kind (RFC 3264 section 8). Legs
/// that have always talked to each other have the same places; those brought together later, by a
/// transfer for example, keep their own.
pub(super) fn places<'a>(
    previous: &'a [u8],
    offer: &'a Sdp,
    audio: MediaSection<'a>,
) -> Vec<Place<'a>> {
    let old: Vec<_> = streams(previous).collect();
    let old_audio = audio_place(&old);
    if continues(&old, old_audio, offer, audio) {
        let place = |media: MediaSection<'a>| {
            if media.index() == audio.index() { Place::Audio } else { Place::Declined(media) }
        };
        return offer.media().map(place).collect();
    }
    kept_places(&old, old_audio)
}

/// The places of an offer with nothing but audio.
pub(super) fn places_for_audio(previous: &[u8]) -> Vec<Place<'_>> {
    let old: Vec<_> = streams(previous).collect();
    let old_audio = audio_place(&old);
    kept_places(&old, old_audio)
}

/// Whether the places of `offer` can follow those of old.
fn continues(old: &[&str], old_audio: Option<usize>, offer: &Sdp, audio: MediaSection<'_>) -> bool {
    old.len() <= offer.media().len()
        && old.iter().zip(offer.media()).all(|(old, media)| kind(old) == media.kind())
        && old_audio.is_none_or(|place| place == audio.index())
}

fn kept_places<'a>(old: &[&'a str], old_audio: Option<usize>) -> Vec<Place<'a>> {
    let mut places: Vec<_> = old.iter().map(|text| Place::Kept(text)).collect();
    match old_audio {
        Some(place) => places[place] = Place::Audio,
        None => places.push(Place::Audio),
    }
    places
}

/// Where audio is: the stream in use, or one that was declined and can come back.
fn audio_place(old: &[&str]) -> Option<usize> {
    let in_use = |text: &str| kind(text) == "audio" && text.split(' ').nth(1) != Some("0");
    old.iter()
        .position(|text| in_use(text))
        .or_else(|| old.iter().position(|text| kind(text) == "audio"))
}

fn kind(stream: &str) -> &str {
    stream.split(' ').next().unwrap_or_default()
}
