//! Credentials and keys do not get into the trace.

use crate::lex::{self, Elements};
use bytes::Bytes;
use memchr::memmem;

/// The message without what would let its reader in: digest proofs and nonces, other schemes'
/// credentials, SRTP keys and ICE passwords. Shares the memory of a message that has none.
pub(super) fn masked(message: &Bytes) -> Bytes {
    let head_end = head_end(message);
    let has_secrets = Lines { text: &message[..head_end] }.any(is_secret_row)
        || SECRET_LINES.iter().any(|it| memmem::find(&message[head_end..], it).is_some());
    if !has_secrets {
        return message.clone();
    }
    let mut out = Vec::with_capacity(message.len());
    mask_head(&message[..head_end], &mut out);
    mask_body(&message[head_end..], &mut out);
    out.into()
}

/// Where the start line and the header fields end.
fn head_end(message: &[u8]) -> usize {
    let mut at = 0;
    for line in (Lines { text: message }) {
        at += line.len();
        if at > line.len() && matches!(line, b"\r\n" | b"\n") {
            break;
        }
    }
    at
}

fn mask_head(head: &[u8], out: &mut Vec<u8>) {
    let mut lines = Lines { text: head }.peekable();
    while let Some(line) = lines.next() {
        if !is_secret_row(line) {
            out.extend_from_slice(line);
            continue;
        }
        let mut row = line.to_vec();
        while let Some(more) = lines.next_if(|it| it.starts_with(b" ") || it.starts_with(b"\t")) {
            row.extend_from_slice(more);
        }
        mask_row(&row, out);
    }
}

/// Writes `Name: Scheme known=value, other=***`.
fn mask_row(row: &[u8], out: &mut Vec<u8>) {
    let value_start = memchr::memchr(b':', row).map_or(row.len(), |it| it + 1);
    out.extend_from_slice(&row[..value_start]);
    let value = &row[lex::trim(row, value_start..row.len())];
    let scheme_end = value.iter().position(|&it| lex::is_space(it)).unwrap_or(value.len());
    let (scheme, params) = value.split_at(scheme_end);
    out.push(b' ');
    if scheme.eq_ignore_ascii_case(b"Digest") {
        out.extend_from_slice(scheme);
        let mut separator: &[u8] = b" ";
        for param in Elements::new(params).map(|it| &params[it]) {
            out.extend_from_slice(separator);
            mask_param(param, out);
            separator = b", ";
        }
    } else {
        out.extend_from_slice(MASK);
    }
    out.extend_from_slice(b"\r\n");
}

fn mask_param(param: &[u8], out: &mut Vec<u8>) {
    let name_end = memchr::memchr(b'=', param).unwrap_or(param.len());
    let name = &param[lex::trim(param, 0..name_end)];
    if HARMLESS.iter().any(|it| name.eq_ignore_ascii_case(it)) {
        out.extend(param.iter().map(|&it| if lex::is_space(it) { b' ' } else { it }));
    } else if name_end < param.len() {
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend_from_slice(MASK);
    } else {
        out.extend_from_slice(MASK);
    }
}

/// Overwrites keys in place, so that Content-Length stays true.
fn mask_body(body: &[u8], out: &mut Vec<u8>) {
    for line in (Lines { text: body }) {
        match SECRET_LINES.iter().find(|it| line.starts_with(it)) {
            Some(start) => {
                out.extend_from_slice(start);
                let rest = &line[start.len()..];
                out.extend(rest.iter().map(|&it| if lex::is_space(it) { it } else { b'*' }));
            }
            None => out.extend_from_slice(line),
        }
    }
}

fn is_secret_row(line: &[u8]) -> bool {
    // Most lines are out by their first letter.
    if !matches!(line.first(), Some(b'A' | b'a' | b'P' | b'p' | b'W' | b'w')) {
        return false;
    }
    SECRET_NAMES.iter().any(|name| {
        line.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name))
            && matches!(line.get(name.len()), Some(b':' | b' ' | b'\t'))
    })
}

/// Lines with their ends.
struct Lines<'a> {
    text: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        if self.text.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.text).map_or(self.text.len(), |it| it + 1);
        let (line, rest) = self.text.split_at(end);
        self.text = rest;
        Some(line)
    }
}

const SECRET_NAMES: [&[u8]; 5] = [
    b"Authorization",
    b"Proxy-Authorization",
    b"WWW-Authenticate",
    b"Proxy-Authenticate",
    b"Authentication-Info",
];

/// Digest parameters that show what was tried and give nothing away.
const HARMLESS: [&[u8]; 8] =
    [b"username", b"realm", b"uri", b"algorithm", b"qop", b"nc", b"stale", b"domain"];

/// SDP lines that hold keys (RFC 4568, RFC 8839).
const SECRET_LINES: [&[u8]; 2] = [b"a=crypto:", b"a=ice-pwd:"];

const MASK: &[u8] = b"***";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_without_secrets_shares_its_memory() {
        let message =
            Bytes::from_static(b"ACK sip:a@b SIP/2.0\r\nAccept: x\r\n\r\nAuthorization: y");

        assert_eq!(masked(&message).as_ptr(), message.as_ptr());
    }

    #[test]
    fn proofs_and_nonces_are_masked_and_the_rest_is_shown() {
        let row = |text: &str| {
            let message = format!("REGISTER sip:b SIP/2.0\r\n{text}\r\nTo: <sip:a@b>\r\n\r\nbody");
            let masked = String::from_utf8(masked(&message.into()).to_vec()).unwrap();
            assert!(masked.ends_with("To: <sip:a@b>\r\n\r\nbody"), "{masked}");
            masked.lines().nth(1).unwrap().to_owned()
        };

        assert_eq!(
            row("AUTHORIZATION : Digest username=\"a,b\", realm=\"r\",\r\n nonce=\"n\", \
                 response=\"s3cret\",\r\n\tcnonce=\"c\", nc=00000001, opaque=\"o\""),
            "AUTHORIZATION : Digest username=\"a,b\", realm=\"r\", nonce=***, response=***, \
             cnonce=***, nc=00000001, opaque=***"
        );
        assert_eq!(row("Proxy-Authorization: Basic YTpi"), "Proxy-Authorization: ***");
        assert_eq!(
            row("www-authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", token"),
            "www-authenticate: Digest realm=\"r\", nonce=***, qop=\"auth\", ***"
        );
        assert_eq!(row("Authentication-Info: nextnonce=\"n\""), "Authentication-Info: ***");
        assert_eq!(row("Authorization:"), "Authorization: ***");
    }

    #[test]
    fn media_keys_are_overwritten_in_place() {
        let body = "v=0\r\na=crypto:1 AES_CM_128 inline:key==\r\na=ice-pwd:secret\r\na=x\r\n";
        let message = Bytes::from(format!("INVITE sip:a@b SIP/2.0\r\nl: 1\r\n\r\n{body}"));

        let masked = masked(&message);

        assert_eq!(masked.len(), message.len());
        let expected = "v=0\r\na=crypto:* ********** ************\r\na=ice-pwd:******\r\na=x\r\n";
        assert!(masked.ends_with(expected.as_bytes()), "{masked:?}");
    }
}
