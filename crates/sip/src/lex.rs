//! Bytes and ranges of them: what all parsers of this crate share.

use bytes::Bytes;
use std::ops::Range;

/// Whether `text` is a token of RFC 3261 section 25.1.
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| is_token_byte(byte))
}

/// Whether `byte` may stand in a token.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    TOKEN[byte as usize]
}

/// Whether `byte` is white space, left-over line ends included.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// `range` of `text` without white space at its ends.
pub(crate) fn trim(text: &[u8], range: Range<usize>) -> Range<usize> {
    let Range { mut start, mut end } = range;
    while start < end && is_space(text[start]) {
        start += 1;
    }
    while start < end && is_space(text[end - 1]) {
        end -= 1;
    }
    start..end
}

/// `text` without white space at its ends, sharing its memory.
pub(crate) fn trimmed(text: &Bytes) -> Bytes {
    let range = trim(text, 0..text.len());
    if range.len() == text.len() { text.clone() } else { text.slice(range) }
}

/// The position of the first byte at or behind `at` that is no white space, or the length.
pub(crate) fn skip_space(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|&&byte| is_space(byte)).count()
}

/// Decimal digits and nothing else, at least one of them, at most `max`.
pub(crate) fn number(text: &[u8], max: u64) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut value = 0_u64;
    for byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
        if value > max {
            return None;
        }
    }
    Some(value)
}

/// The position behind the quoted string that opens at `at`; `None` if it does not end.
pub(crate) fn quoted_end(text: &[u8], at: usize) -> Option<usize> {
    debug_assert_eq!(text[at], b'"', "a quoted string opens with a quote");
    let mut at = at + 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// What stands between the quotes of `range`, its quoting backslashes taken off.
pub(crate) fn unquoted(text: &Bytes, range: Range<usize>) -> Bytes {
    let inner = range.start + 1..range.end - 1;
    if !text[inner.clone()].contains(&b'\\') {
        return text.slice(inner);
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = text[inner].iter();
    while let Some(&byte) = bytes.next() {
        plain.push(if byte == b'\\' { *bytes.next().unwrap_or(&byte) } else { byte });
    }
    plain.into()
}

/// Appends `text` in quotes, with backslashes where they are needed.
pub(crate) fn put_quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'\r' | b'\n' => out.push(b' '),
            b'"' | b'\\' | 0..=8 | 11..=31 | 127 => out.extend([b'\\', byte]),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Appends `text` so that it stays on its line: a CR or LF, with which a constructed value could
/// add header fields of its own, is written as a space.
pub(crate) fn put(out: &mut Vec<u8>, text: &[u8]) {
    let start = out.len();
    out.extend_from_slice(text);
    if memchr::memchr2(b'\r', b'\n', text).is_some() {
        for byte in &mut out[start..] {
            if matches!(byte, b'\r' | b'\n') {
                *byte = b' ';
            }
        }
    }
}

/// Ranges of the comma-separated elements of a header value, trimmed; commas in quotes and in `<>`
/// do not separate. An element may be empty.
pub(crate) struct Elements<'a> {
    text: &'a [u8],
    at: Option<usize>,
}

impl<'a> Elements<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text, at: Some(0) }
    }
}

impl Iterator for Elements<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at?;
        let mut at = start;
        let mut in_brackets = false;
        while let Some(&byte) = self.text.get(at) {
            match byte {
                b'"' if !in_brackets => {
                    at = quoted_end(self.text, at).unwrap_or(self.text.len());
                    continue;
                }
                b'<' => in_brackets = true,
                b'>' => in_brackets = false,
                b',' if !in_brackets => {
                    self.at = Some(at + 1);
                    return Some(trim(self.text, start..at));
                }
                _ => {}
            }
            at += 1;
        }
        self.at = None;
        Some(trim(self.text, start..self.text.len()))
    }
}

const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"-.!%*_+`'~";
    let mut n = 0;
    while n < others.len() {
        table[others[n] as usize] = true;
        n += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_quotes_and_brackets_do_not_separate() {
        let text = br#" "a, \", b" <sip:x,y@z>;p="," , plain ,,<sip:open"#;

        let elements: Vec<_> = Elements::new(text).map(|it| &text[it]).collect();

        let expected: [&[u8]; 4] =
            [br#""a, \", b" <sip:x,y@z>;p=",""#, b"plain", b"", b"<sip:open"];
        assert_eq!(elements, expected);
    }

    #[test]
    fn numbers_are_digits_only_and_never_wrap() {
        assert_eq!(number(b"0009", 255), Some(9));
        assert_eq!(number(b"255", 255), Some(255));
        for bad in ["", "-1", "+1", "1 ", "256", "36893488147419103232", "0x10"] {
            assert_eq!(number(bad.as_bytes(), 255), None, "{bad}");
        }
    }

    #[test]
    fn quoting_and_unquoting_are_inverse() {
        let plain = b"say \"hi\" \\ \x00\x07\x7f";
        let mut quoted = Vec::new();
        put_quoted(&mut quoted, plain);
        let quoted = Bytes::from(quoted);

        assert_eq!(quoted_end(&quoted, 0), Some(quoted.len()));
        assert_eq!(unquoted(&quoted, 0..quoted.len()), &plain[..]);
    }
}
