//! Which formats one far end may use, whatever others offer.

use super::{
    MediaSection, NegotiationError, Sdp,
    formats::{formats, is_voice, names},
    write::{end_line, put, raw_line, raw_lines},
};
use crate::Format;
use std::{borrow::Cow, str};

/// What is taken of the audio streams in the descriptions of a far end, and offered to it.
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'a> {
    /// Voice codecs by their encoding names, the preferred first; empty for all, as they come.
    pub codecs: &'a [String],
    /// Whether telephone events are.
    pub has_events: bool,
}

impl Allowed<'_> {
    /// The same description with what is allowed alone, in the order of preference. Fails if no
    /// voice codec is left.
    pub fn limit<'a>(&self, description: &'a Sdp) -> Result<Cow<'a, Sdp>, NegotiationError> {
        self.limit_behind(&[], description)
    }

    /// The same for our offer to the far end that was made of another's: what the other has comes
    /// first, so that nothing is translated that could pass.
    pub fn limit_offer<'a>(
        &self,
        offer: &'a Sdp,
        of_other: &Sdp,
    ) -> Result<Cow<'a, Sdp>, NegotiationError> {
        let passing: Vec<_> = audio(of_other).flat_map(MediaSection::formats).collect();
        self.limit_behind(&passing, offer)
    }

    fn limit_behind<'a>(
        &self,
        first: &[&str],
        description: &'a Sdp,
    ) -> Result<Cow<'a, Sdp>, NegotiationError> {
        if self.codecs.is_empty() && self.has_events {
            return Ok(Cow::Borrowed(description));
        }
        let mut text = Vec::with_capacity(description.text_len());
        raw_lines(&mut text, description.session());
        for media in description.media() {
            if is_audio(media) {
                self.write(&mut text, first, media)?;
            } else {
                raw_line(&mut text, media.line());
                raw_lines(&mut text, media.lines());
            }
        }
        // What is left of a description that could be read can be read.
        Ok(Sdp::parse(&text).map_or(Cow::Borrowed(description), Cow::Owned))
    }

    fn write(
        &self,
        out: &mut Vec<u8>,
        first: &[&str],
        media: MediaSection<'_>,
    ) -> Result<(), NegotiationError> {
        let named = formats(media);
        let find = |number: &str| named.iter().find(|it| number.parse() == Ok(it.payload_type));
        let mut kept: Vec<_> = media
            .formats()
            .filter_map(|number| Some((self.place(find(number))?, number)))
            .collect();
        let is_behind = |number: &str| !first.is_empty() && !first.contains(&number);
        kept.sort_by_key(|(place, number)| (is_behind(number), *place));
        let has_voice = |it: &(usize, &str)| find(it.1).is_none_or(is_voice);
        if !kept.iter().any(has_voice) {
            return Err(NegotiationError::NoCommonCodec {
                side: "description",
                theirs: names(named.iter().map(|it| it.encoding.as_str())),
                ours: names(self.codecs.iter().map(String::as_str)),
            });
        }
        let line = String::from_utf8_lossy(media.line().value).into_owned();
        let mut words = line.split_ascii_whitespace();
        let mut word = || words.next().unwrap_or_default();
        put(out, format_args!("m={} {} {}", word(), word(), word()));
        for (_, number) in &kept {
            put(out, format_args!(" {number}"));
        }
        end_line(out);
        let is_kept = |number: &str| kept.iter().any(|(_, it)| *it == number);
        for line in media.lines() {
            if line_format(line).is_none_or(is_kept) {
                raw_line(out, line);
            }
        }
        Ok(())
    }

    /// Where a format stands; nowhere if it is not allowed. Nobody can tell what one without a name
    /// is.
    fn place(&self, format: Option<&Format>) -> Option<usize> {
        let Some(format) = format else {
            return self.codecs.is_empty().then_some(0);
        };
        if is_voice(format) {
            let is_it = |it: &String| it.eq_ignore_ascii_case(&format.encoding);
            let is_any = self.codecs.is_empty().then_some(0);
            return is_any.or_else(|| self.codecs.iter().position(is_it));
        }
        (self.has_events || !format.is_event()).then_some(self.codecs.len())
    }
}

fn audio(description: &Sdp) -> impl Iterator<Item = MediaSection<'_>> {
    description.media().filter(|it| is_audio(*it))
}

fn is_audio(media: MediaSection<'_>) -> bool {
    media.kind() == "audio" && media.port() != 0
}

/// The number of the format that a line is about.
fn line_format(line: super::Line<'_>) -> Option<&str> {
    let (name, value) = line.attribute()?;
    let is_about_format = ["rtpmap", "fmtp", "rtcp-fb"].contains(&name);
    let value = str::from_utf8(value).ok().filter(|_| is_about_format)?;
    value.split_ascii_whitespace().next().filter(|it| *it != "*")
}
