//! Header field rows.

use super::{ParseError, content_length};
use crate::{
    header::{HeaderName, Headers},
    lex,
    limits::{HEADERS_MAX, MESSAGE_BYTES_MAX},
};
use bytes::Bytes;
use std::ops::Range;

/// Where the rows are that every message is checked for.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) via: Option<usize>,
    pub(super) call_id: Option<usize>,
    pub(super) cseq: Option<usize>,
    pub(super) from: Option<usize>,
    pub(super) to: Option<usize>,
    max_forwards: Option<usize>,
    pub(super) content_length: Option<usize>,
    pub(super) body_start: usize,
}

/// Reads the rows from `at` to the empty line.
pub(super) fn read_headers(bytes: &Bytes, at: usize) -> Result<(Headers, Rows), ParseError> {
    let mut headers = Headers::with_capacity(ROWS_USUAL);
    let mut rows = Rows::default();
    let mut reader = RowReader { bytes, at };
    while let Some(row) = reader.next_row()? {
        if headers.len() == HEADERS_MAX {
            return Err(ParseError::TooManyHeaders { limit: HEADERS_MAX });
        }
        let name = HeaderName::known(&bytes[row.name.clone()])
            .unwrap_or_else(|| HeaderName::Other(bytes.slice(row.name)));
        let value = row.value.finish(bytes);
        rows.note(headers.len(), &name, &value)?;
        headers.push(name, value);
    }
    rows.body_start = reader.at;
    Ok((headers, rows))
}

impl Rows {
    /// Notes a row that is checked for; refuses those that contradict another of their name.
    fn note(&mut self, index: usize, name: &HeaderName, value: &[u8]) -> Result<(), ParseError> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "all others are not checked for")]
        match name {
            HeaderName::Via => {
                self.via.get_or_insert(index);
                Ok(())
            }
            HeaderName::CallId => once(&mut self.call_id, index, "Call-ID"),
            HeaderName::CSeq => once(&mut self.cseq, index, "CSeq"),
            HeaderName::From => once(&mut self.from, index, "From"),
            HeaderName::To => once(&mut self.to, index, "To"),
            HeaderName::MaxForwards => {
                once(&mut self.max_forwards, index, "Max-Forwards")?;
                in_range(value, u8::MAX.into(), "Max-Forwards")
            }
            HeaderName::Expires => in_range(value, u32::MAX.into(), "Expires"),
            HeaderName::ContentLength => self.note_length(value),
            _ => Ok(()),
        }
    }

    fn note_length(&mut self, value: &[u8]) -> Result<(), ParseError> {
        // A length beyond every message is as good as the limit: the body is too short for it.
        let length = lex::number(value, u64::MAX).ok_or(content_length("is not a number"))?;
        let length = length.min(MESSAGE_BYTES_MAX as u64 + 1) as usize;
        if self.content_length.replace(length).is_some_and(|it| it != length) {
            return Err(content_length("is there twice with different values"));
        }
        Ok(())
    }
}

fn once(seen: &mut Option<usize>, index: usize, header: &'static str) -> Result<(), ParseError> {
    match seen.replace(index) {
        None => Ok(()),
        Some(_) => Err(ParseError::Header { header, problem: "is there twice" }),
    }
}

fn in_range(value: &[u8], max: u64, header: &'static str) -> Result<(), ParseError> {
    match lex::number(value, max) {
        Some(_) => Ok(()),
        None => Err(ParseError::Header { header, problem: "is not a number in its range" }),
    }
}

/// Reads one header field row after the other.
pub(crate) struct RowReader<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
}

/// One row.
pub(crate) struct Row {
    pub(crate) name: Range<usize>,
    pub(crate) value: Value,
}

impl RowReader<'_> {
    /// The next row; `None` at the empty line, behind which `at` then is.
    pub(crate) fn next_row(&mut self) -> Result<Option<Row>, ParseError> {
        let bytes = self.bytes;
        let start = self.at;
        let mut end = self.line_end(start)?;
        self.at = end.next;
        if end.text == start {
            return Ok(None);
        }
        let colon = memchr::memchr(b':', &bytes[start..end.text]);
        let colon = start + colon.ok_or(row_error("has no colon"))?;
        let name = start..lex::trim(bytes, start..colon).end;
        if !lex::is_token(&bytes[name.clone()]) {
            return Err(row_error("has a malformed name"));
        }
        let mut value = Value::Slice(lex::trim(bytes, colon + 1..end.text));
        while matches!(bytes.get(end.next), Some(b' ' | b'\t')) {
            let start = end.next;
            end = self.line_end(start)?;
            value.add(bytes, lex::trim(bytes, start..end.text));
        }
        self.at = end.next;
        Ok(Some(Row { name, value }))
    }

    fn line_end(&self, start: usize) -> Result<LineEnd, ParseError> {
        line_end(self.bytes, start)?.ok_or(row_error("has no end, or no empty line follows"))
    }
}

/// A value, trimmed and unfolded; most are one slice of the message.
pub(crate) enum Value {
    Slice(Range<usize>),
    Joined(Vec<u8>),
}

impl Value {
    /// Joins a continuation line with a single space (RFC 3261 section 7.3.1).
    fn add(&mut self, bytes: &[u8], more: Range<usize>) {
        match self {
            _ if more.start == more.end => {}
            Self::Slice(range) if range.start == range.end => *range = more,
            Self::Slice(range) => {
                *self = Self::Joined([&bytes[range.clone()], b" ", &bytes[more]].concat());
            }
            Self::Joined(text) => {
                text.push(b' ');
                text.extend_from_slice(&bytes[more]);
            }
        }
    }

    /// The value, as the bytes were that the row was read from.
    pub(crate) fn of<'a>(&'a self, bytes: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Slice(range) => &bytes[range.clone()],
            Self::Joined(text) => text,
        }
    }

    pub(super) fn finish(self, bytes: &Bytes) -> Bytes {
        match self {
            Self::Slice(range) => bytes.slice(range),
            Self::Joined(text) => text.into(),
        }
    }
}

/// Where a line ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineEnd {
    /// The end of its text.
    pub(super) text: usize,
    /// The start of the next line.
    pub(super) next: usize,
}

/// Finds the end of the line that starts at `start`: CRLF, or a bare LF. A bare CR is refused, as
/// the next hop might take it for a line end.
pub(super) fn line_end(bytes: &[u8], start: usize) -> Result<Option<LineEnd>, ParseError> {
    let Some(length) = memchr::memchr2(b'\r', b'\n', &bytes[start..]) else {
        return Ok(None);
    };
    let text = start + length;
    match &bytes[text..] {
        [b'\n', ..] => Ok(Some(LineEnd { text, next: text + 1 })),
        [b'\r', b'\n', ..] => Ok(Some(LineEnd { text, next: text + 2 })),
        [b'\r'] => Ok(None),
        _ => Err(row_error("holds a bare carriage return")),
    }
}

fn row_error(problem: &'static str) -> ParseError {
    ParseError::Header { header: "Header field", problem }
}

/// Rows that a message usually has at most.
const ROWS_USUAL: usize = 20;
