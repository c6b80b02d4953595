//! Writing a description as it came, in good order.

use super::{
    Sdp,
    model::Line,
    write::{NO_NAME, NO_TIME, raw_line, raw_lines},
};
use bytes::Bytes;

/// Every line of `sdp`, in the order of the grammar.
pub(super) fn encode(sdp: &Sdp) -> Bytes {
    let mut out = Vec::with_capacity(sdp.text.len() + DEFAULTS_BYTES);
    let mut session: Vec<_> = sdp.session().map(with_name).collect();
    for default in DEFAULTS {
        if !session.iter().any(|line| line.kind == default.kind) {
            session.push(default);
        }
    }
    session.sort_by_key(|line| session_rank(line.kind));
    raw_lines(&mut out, session);
    for media in sdp.media() {
        raw_line(&mut out, media.line());
        let mut lines: Vec<_> = media.lines().collect();
        lines.sort_by_key(|line| media_rank(line.kind));
        raw_lines(&mut out, lines);
    }
    out.into()
}

/// A session name may not be empty.
fn with_name(line: Line<'_>) -> Line<'_> {
    if line.kind == b's' && line.value.is_empty() { NO_NAME } else { line }
}

/// Place of a session line: RFC 8866 section 9. `t=` and its `r=` stay together.
fn session_rank(kind: u8) -> usize {
    b"vosiuepcb".iter().position(|it| *it == kind).unwrap_or(match kind {
        b't' | b'r' => 10,
        b'z' => 11,
        b'k' => 12,
        b'a' => 13,
        _ => UNKNOWN_RANK,
    })
}

/// Place of a line in a media section.
fn media_rank(kind: u8) -> usize {
    b"icbka".iter().position(|it| *it == kind).unwrap_or(UNKNOWN_RANK)
}

/// Lines of no known type come last.
const UNKNOWN_RANK: usize = 14;

/// What a description must have.
const DEFAULTS: [Line<'static>; 3] =
    [Line { kind: b'o', value: b"- 0 0 IN IP4 0.0.0.0" }, NO_NAME, NO_TIME];

/// Room for [`DEFAULTS`].
const DEFAULTS_BYTES: usize = 48;
