//! Percent escapes, RFC 3261 section 25.1: taken off once, and only where text is wanted.

use bytes::Bytes;
use std::borrow::Cow;

/// Escapes what may not stand in the user part of a SIP URI.
pub(super) fn user(text: &str) -> Bytes {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut escaped = Vec::with_capacity(text.len());
    for &byte in text.as_bytes() {
        if is_unreserved(byte) || b"&=+$,;?/".contains(&byte) {
            escaped.push(byte);
        } else {
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            escaped.extend([b'%', HEX[high], HEX[low]]);
        }
    }
    escaped.into()
}

/// `escaped` with one level of escapes taken off; `None` if that is not UTF-8. A `%` that is no
/// escape stands for itself.
pub(super) fn text(escaped: &[u8]) -> Option<Cow<'_, str>> {
    if !escaped.contains(&b'%') {
        return std::str::from_utf8(escaped).ok().map(Cow::Borrowed);
    }
    let plain = Unescaped(escaped).map(|it| it.byte).collect();
    String::from_utf8(plain).ok().map(Cow::Owned)
}

/// The bytes that an escaped text stands for.
pub(super) struct Unescaped<'a>(pub(super) &'a [u8]);

/// One byte of an escaped text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Byte {
    /// What it stands for.
    pub(super) byte: u8,
    /// Whether it was written as an escape.
    pub(super) is_escaped: bool,
}

impl Iterator for Unescaped<'_> {
    type Item = Byte;

    fn next(&mut self) -> Option<Self::Item> {
        if let [b'%', high, low, rest @ ..] = self.0
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            self.0 = rest;
            return Some(Byte { byte: high << 4 | low, is_escaped: true });
        }
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(Byte { byte, is_escaped: false })
    }
}

/// Whether `byte` means the same escaped or not in every part of a URI.
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte)
}

fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).map(|it| it as u8)
}
