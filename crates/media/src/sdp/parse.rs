//! Cutting the text into lines and media sections.

use super::{
    Sdp, SdpError,
    limits::{FORMATS_MAX, LINES_MAX, MEDIA_LINES_MAX, SDP_BYTES_MAX},
    model::{LineSpan, MediaSpan, Span},
};

/// Reads a description.
pub(super) fn parse(text: &[u8]) -> Result<Sdp, SdpError> {
    if text.len() > SDP_BYTES_MAX {
        return Err(SdpError::TooLong { bytes: text.len() });
    }
    let mut parsing = Parsing {
        lines: Vec::with_capacity(LINES_USUAL),
        media: Vec::new(),
        seen_origin: false,
        seen_name: false,
    };
    let mut start = 0;
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        parsing.line(number, start, line)?;
        start += line.len() + 1;
    }
    if parsing.lines.is_empty() {
        return Err(SdpError::NotVersionZero);
    }
    Ok(Sdp { text: text.into(), lines: parsing.lines.into(), media: parsing.media.into() })
}

struct Parsing {
    lines: Vec<LineSpan>,
    media: Vec<MediaSpan>,
    seen_origin: bool,
    seen_name: bool,
}

impl Parsing {
    /// Takes in one line, without its LF, that begins at `start`.
    fn line(&mut self, number: usize, start: usize, raw: &[u8]) -> Result<(), SdpError> {
        let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
        if raw.is_empty() {
            return Ok(());
        }
        if raw.iter().any(|byte| matches!(byte, 0 | b'\r')) {
            return Err(SdpError::ForbiddenByte { line: number });
        }
        let [kind, b'=', value @ ..] = raw else {
            return Err(SdpError::MalformedLine { line: number });
        };
        if !kind.is_ascii_alphabetic() {
            return Err(SdpError::MalformedLine { line: number });
        }
        self.check_order(number, *kind, value)?;
        if self.lines.len() == LINES_MAX {
            return Err(SdpError::TooManyLines);
        }
        if *kind == b'm' {
            self.media(number, start + 2, value)?;
        }
        let span = LineSpan {
            kind: *kind,
            start: (start + 2) as u16,
            end: (start + 2 + value.len()) as u16,
        };
        self.lines.push(span);
        Ok(())
    }

    /// `v=0` comes first, and what a description has once comes once.
    fn check_order(&mut self, number: usize, kind: u8, value: &[u8]) -> Result<(), SdpError> {
        if self.lines.is_empty() {
            let is_version_zero = kind == b'v' && value.trim_ascii() == b"0";
            return if is_version_zero { Ok(()) } else { Err(SdpError::NotVersionZero) };
        }
        let is_repeated = match kind {
            b'v' => true,
            b'o' | b's' if !self.media.is_empty() => true,
            b'o' => std::mem::replace(&mut self.seen_origin, true),
            b's' => std::mem::replace(&mut self.seen_name, true),
            _ => false,
        };
        if is_repeated {
            return Err(SdpError::Repeated { line: number, kind: kind as char });
        }
        Ok(())
    }

    /// Takes in `audio 49170/2 RTP/AVP 0 8`, which begins at `start`.
    fn media(&mut self, number: usize, start: usize, value: &[u8]) -> Result<(), SdpError> {
        if self.media.len() == MEDIA_LINES_MAX {
            return Err(SdpError::TooManyMedia);
        }
        let malformed = || SdpError::MalformedMedia { line: number };
        let value = std::str::from_utf8(value).map_err(|_| malformed())?;
        let (kind, after_kind) = word(value);
        let (port, after_port) = word(after_kind);
        let (protocol, after_protocol) = word(after_port);
        let formats = after_protocol.trim_ascii_start();
        let port = port.split('/').next().and_then(|port| port.parse().ok());
        let port = port.ok_or_else(malformed)?;
        // Declined streams are seen without any format.
        if protocol.is_empty() || (formats.is_empty() && port != 0) {
            return Err(malformed());
        }
        if formats.split_ascii_whitespace().count() > FORMATS_MAX {
            return Err(SdpError::TooManyFormats { line: number });
        }
        // `part` ends where `rest` begins.
        let span = |part: &str, rest: &str| {
            let end = start + value.len() - rest.len();
            Span { start: (end - part.len()) as u16, end: end as u16 }
        };
        self.media.push(MediaSpan {
            line: self.lines.len() as u16,
            port,
            kind: span(kind, after_kind),
            protocol: span(protocol, after_protocol),
            formats: span(formats, ""),
        });
        Ok(())
    }
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_ascii_start();
    let end = text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len());
    text.split_at(end)
}

/// Lines of an ordinary audio description.
const LINES_USUAL: usize = 24;
