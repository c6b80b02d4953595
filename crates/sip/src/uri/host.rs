//! Hosts and ports.

use super::UriError;
use crate::lex;
use bytes::Bytes;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// A host: name or address.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Host {
    /// A domain name, as written.
    Name(Bytes),
    /// An address; IPv6 is written in brackets.
    Ip(IpAddr),
}

impl Host {
    /// Parses a name, an IPv4 address, or an IPv6 address with or without brackets.
    pub fn parse(text: &Bytes) -> Result<Self, UriError> {
        if let Some(inner) = text.strip_prefix(b"[") {
            let inner = inner.strip_suffix(b"]").ok_or(UriError::Host)?;
            return ipv6(inner).map(Self::from).ok_or(UriError::Host);
        }
        if let Some(ip) = ipv4(text) {
            return Ok(Self::from(ip));
        }
        if text.contains(&b':') {
            return ipv6(text).map(Self::from).ok_or(UriError::Host);
        }
        let is_name = |it: &u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.' | b'_');
        if text.is_empty() || !text.iter().all(is_name) {
            return Err(UriError::Host);
        }
        Ok(Self::Name(text.clone()))
    }

    /// The address, if it is one; an IPv4-mapped IPv6 address is unmapped, so that whoever checks
    /// or compares it cannot be led around (RFC 5118 section 4.9).
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(ip.to_canonical()),
            Self::Name(_) => None,
        }
    }

    /// Whether both mean the same host: names without case, addresses by value.
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(a), Self::Name(b)) => a.eq_ignore_ascii_case(b),
            (Self::Ip(_), Self::Ip(_)) => self.ip() == other.ip(),
            (Self::Name(_), Self::Ip(_)) | (Self::Ip(_), Self::Name(_)) => false,
        }
    }

    /// Appends the host to `out`, IPv6 in brackets.
    pub fn encode(&self, out: &mut Vec<u8>) {
        use std::io::Write as _;
        match self {
            Self::Name(name) => lex::put(out, name),
            Self::Ip(IpAddr::V4(ip)) => write!(out, "{ip}").expect("a Vec takes all"),
            Self::Ip(IpAddr::V6(ip)) => write!(out, "[{ip}]").expect("a Vec takes all"),
        }
    }
}

impl<A: Into<IpAddr>> From<A> for Host {
    fn from(ip: A) -> Self {
        Self::Ip(ip.into())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(&String::from_utf8_lossy(name)),
            Self::Ip(IpAddr::V4(ip)) => ip.fmt(f),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
        }
    }
}

/// `host:port`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct HostPort {
    pub(crate) host: Host,
    pub(crate) port: Option<u16>,
}

impl HostPort {
    /// As in a URI: IPv6 in brackets, no white space. A colon without a port means no port.
    pub(crate) fn parse(text: &Bytes) -> Result<Self, UriError> {
        let host_end = if text.starts_with(b"[") {
            memchr::memchr(b']', text).ok_or(UriError::Host)? + 1
        } else {
            memchr::memchr(b':', text).unwrap_or(text.len())
        };
        let host = Host::parse(&text.slice(..host_end))?;
        let port = match &text[host_end..] {
            [] | [b':'] => None,
            [b':', digits @ ..] => Some(parse_port(digits)?),
            _ => return Err(UriError::Host),
        };
        Ok(Self { host, port })
    }

    /// As in a Via: IPv6 without brackets (and then without a port) and white space around the
    /// colon are tolerated.
    pub(crate) fn parse_lenient(text: &Bytes) -> Result<Self, UriError> {
        if !text.starts_with(b"[") && memchr::memchr_iter(b':', text).nth(1).is_some() {
            return Host::parse(text).map(|host| Self { host, port: None });
        }
        if !text.iter().any(|&it| lex::is_space(it)) {
            return Self::parse(text);
        }
        let colon = memchr::memrchr(b':', text).ok_or(UriError::Host)?;
        let host = Host::parse(&lex::trimmed(&text.slice(..colon)))?;
        let port = parse_port(&lex::trimmed(&text.slice(colon + 1..)))?;
        Ok(Self { host, port: Some(port) })
    }
}

fn parse_port(digits: &[u8]) -> Result<u16, UriError> {
    lex::number(digits, u16::MAX.into()).map(|it| it as u16).ok_or(UriError::Port)
}

fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    // Names are far more common than addresses, and end in a letter.
    if !text.last()?.is_ascii_digit() {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// RFC 3261's grammar allowed a colon too many before an embedded IPv4 address; it is overlooked
/// (RFC 5118 section 4.10).
fn ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse().ok().or_else(|| text.replacen(":::", "::", 1).parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_is_read_in_all_its_forms_and_written_in_brackets() {
        for (text, written) in [
            ("[2001:db8::10:5070]", "[2001:db8::10:5070]"),
            ("2001:DB8::0", "[2001:db8::]"),
            ("[2001:db8:::192.0.2.1]", "[2001:db8::c000:201]"),
            ("[::ffff:192.0.2.2]", "[::ffff:192.0.2.2]"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), written);
        }
        for bad in ["[::1", "::1]", "[192.0.2.1]", "[fe80::1%eth0]", "[]", "1::2::3"] {
            assert_eq!(parse(bad), Err(UriError::Host), "{bad}");
        }
    }

    #[test]
    fn a_mapped_address_is_the_ipv4_address_it_maps() {
        let mapped = parse("::ffff:192.0.2.2").unwrap();

        assert_eq!(mapped.ip(), Some("192.0.2.2".parse().unwrap()));
        assert!(mapped.is_same_as(&parse("192.0.2.2").unwrap()));
    }

    #[test]
    fn names_hold_letters_digits_dots_hyphens_and_underscores() {
        assert_eq!(parse("a-b_c.example.").unwrap().to_string(), "a-b_c.example.");
        for bad in ["", "a b", "a@b", "<a>", "a;b", "\u{e4}"] {
            assert_eq!(parse(bad), Err(UriError::Host), "{bad}");
        }
    }

    #[test]
    fn ports_are_numbers_up_to_65535() {
        let parse = |text: &'static str| HostPort::parse(&Bytes::from_static(text.as_bytes()));

        assert_eq!(parse("[::1]:5070").unwrap().port, Some(5070));
        assert_eq!(parse("h:").unwrap().port, None);
        for bad in ["h:65536", "h:-1", "h:5060x", "2001:db8::10"] {
            assert_eq!(parse(bad), Err(UriError::Port), "{bad}");
        }
    }

    fn parse(text: &'static str) -> Result<Host, UriError> {
        Host::parse(&Bytes::from_static(text.as_bytes()))
    }
}
