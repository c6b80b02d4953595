//! Via.

use super::{HeaderError, Params};
use crate::{
    lex,
    transport::Transport,
    uri::{Host, HostPort},
};
use bytes::Bytes;
use std::{
    net::{IpAddr, SocketAddr},
    ops::Range,
};

/// One hop of a Via header, RFC 3261 section 20.42.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Via {
    /// Transport token as written, as peers may use ones we do not know.
    pub transport: Bytes,
    /// `sent-by` host.
    pub host: Host,
    /// `sent-by` port.
    pub port: Option<u16>,
    /// `branch`, `received`, `rport`, …
    pub params: Params,
}

impl Via {
    /// Ours.
    pub fn new(transport: Transport, host: Host, port: u16, branch: &str) -> Self {
        let mut params = Params::default();
        params.set("branch", Some(Bytes::copy_from_slice(branch.as_bytes())));
        let transport = Bytes::from_static(transport.via_token().as_bytes());
        Self { transport, host, port: Some(port), params }
    }

    /// Parses one element.
    pub fn parse(text: &Bytes) -> Result<Self, HeaderError> {
        let span = Span::find(text).ok_or(MALFORMED)?;
        let sent_by = HostPort::parse_lenient(&text.slice(span.sent_by));
        let HostPort { host, port } = sent_by.map_err(|_| MALFORMED)?;
        let params = Params::parse(text, span.params).map_err(|_| MALFORMED)?;
        Ok(Self { transport: text.slice(span.transport), host, port, params })
    }

    /// The `branch` parameter.
    pub fn branch(&self) -> Option<&Bytes> {
        self.params.value("branch")
    }

    /// The address in `received`, with or without brackets (RFC 5118 section 4.5).
    pub fn received(&self) -> Option<IpAddr> {
        Host::parse(self.params.value("received")?).ok()?.ip()
    }

    /// The port in `rport`; `None` where it is absent or still asked for.
    pub fn rport(&self) -> Option<u16> {
        let digits = self.params.value("rport")?;
        lex::number(digits, u64::from(u16::MAX)).map(|it| it as u16)
    }

    /// Notes where the request came from, as a server must: `received` where the address differs
    /// from `sent-by` or `rport` was asked for, `rport` where it was asked for (RFC 3261
    /// section 18.2.1, RFC 3581 section 4).
    pub fn note_source(&mut self, remote: SocketAddr) {
        let asks_port = self.params.has("rport");
        let address = remote.ip().to_canonical();
        if asks_port {
            self.params.set("rport", Some(Bytes::from(remote.port().to_string())));
        }
        if asks_port || self.host.ip() != Some(address) {
            self.params.set("received", Some(Bytes::from(address.to_string())));
        }
    }

    /// As a header value.
    pub fn to_value(&self) -> Bytes {
        let mut out = Vec::with_capacity(96);
        out.extend_from_slice(b"SIP/2.0/");
        lex::put(&mut out, &self.transport);
        out.push(b' ');
        self.host.encode(&mut out);
        if let Some(port) = self.port {
            out.push(b':');
            out.extend_from_slice(port.to_string().as_bytes());
        }
        self.params.encode(&mut out);
        out.into()
    }
}

/// Where the parts of a Via element are.
struct Span {
    transport: Range<usize>,
    sent_by: Range<usize>,
    params: usize,
}

impl Span {
    /// `SIP / 2.0 / UDP host : port ;params`, white space around each separator.
    fn find(text: &[u8]) -> Option<Self> {
        let start = lex::skip_space(text, 0);
        let at = expect_word(text, start, b"SIP")?;
        // Any version: the answer to a request of another one goes back by this Via, too.
        let at = token_end(text, expect_slash(text, at)?)?;
        let start = expect_slash(text, at)?;
        let end = token_end(text, start)?;
        let sent_by = lex::skip_space(text, end);
        if sent_by == end {
            return None;
        }
        let params = text[sent_by..].iter().position(|&it| it == b';');
        let params = params.map_or(text.len(), |it| sent_by + it);
        let sent_by = lex::trim(text, sent_by..params);
        (!sent_by.is_empty()).then_some(Self { transport: start..end, sent_by, params })
    }
}

fn expect_word(text: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    let end = at + word.len();
    text.get(at..end)?.eq_ignore_ascii_case(word).then_some(end)
}

/// The position behind a token that starts at `at`.
fn token_end(text: &[u8], at: usize) -> Option<usize> {
    let length = text.get(at..)?.iter().take_while(|&&it| lex::is_token_byte(it)).count();
    (length > 0).then_some(at + length)
}

/// The position behind a slash and the white space around it.
fn expect_slash(text: &[u8], at: usize) -> Option<usize> {
    let at = lex::skip_space(text, at);
    (text.get(at) == Some(&b'/')).then(|| lex::skip_space(text, at + 1))
}

const MALFORMED: HeaderError = HeaderError::Malformed("Via");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_separators_is_tolerated() {
        let via = parse("SIP  / 2.0  / TCP     spindle.example.com : 99  ; branch  =   z9hG4bK9 ");
        let via = via.unwrap();

        assert_eq!(via.to_value(), "SIP/2.0/TCP spindle.example.com:99;branch=z9hG4bK9");
        assert_eq!(via.branch().unwrap(), "z9hG4bK9");
    }

    #[test]
    fn ipv6_is_read_with_and_without_brackets() {
        for (text, port) in [
            ("SIP/2.0/UDP [2001:db8::9]:6050;received=[2001:db8::7]", Some(6050)),
            ("SIP/2.0/UDP 2001:db8::9;received=2001:db8::7", None),
        ] {
            let via = parse(text).unwrap();

            assert_eq!(via.host, Host::Ip("2001:db8::9".parse().unwrap()));
            assert_eq!(via.port, port);
            assert_eq!(via.received(), Some("2001:db8::7".parse().unwrap()));
        }
    }

    #[test]
    fn the_source_is_noted_as_rfc_3581_says() {
        let remote = "[::ffff:192.0.2.7]:4000".parse().unwrap();
        for (text, noted) in [
            ("SIP/2.0/UDP a.example;rport", "SIP/2.0/UDP a.example;rport=4000;received=192.0.2.7"),
            ("SIP/2.0/UDP a.example", "SIP/2.0/UDP a.example;received=192.0.2.7"),
            ("SIP/2.0/UDP 192.0.2.7", "SIP/2.0/UDP 192.0.2.7"),
            (
                "SIP/2.0/UDP 192.0.2.7;rport=1;received=6.6.6.6",
                "SIP/2.0/UDP 192.0.2.7;rport=4000;received=192.0.2.7",
            ),
        ] {
            let mut via = parse(text).unwrap();

            via.note_source(remote);

            assert_eq!(via.to_value(), noted);
        }
    }

    #[test]
    fn what_is_no_via_is_refused() {
        for bad in ["", "SIP/2.0/UDP", "SIP//UDP h", "UDP h", "SIP/2.0/UDP h:x", "SIP/2.0/UDP ;a"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    fn parse(text: &'static str) -> Result<Via, HeaderError> {
        Via::parse(&Bytes::from_static(text.as_bytes()))
    }
}
