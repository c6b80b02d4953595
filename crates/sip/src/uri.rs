//! URIs: `sip:`, `sips:`, `tel:` and whatever else a Request-URI may hold (RFC 3261 section 19.1,
//! RFC 3966).

use crate::{header::Params, transport::Transport};
use bytes::Bytes;
use std::{borrow::Cow, fmt, net::IpAddr};

/// A URI, parsed; writes itself as it was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Uri {
    /// What kind of URI this is.
    pub scheme: Scheme,
    /// The part before `@`, or the number of a `tel:` URI, or everything behind the colon of an
    /// unknown scheme; still escaped.
    pub user: Option<Bytes>,
    /// The part between `:` and `@`; still escaped.
    pub password: Option<Bytes>,
    /// Host of a SIP URI; an empty name for `tel:` and unknown schemes.
    pub host: Host,
    /// Port, where written.
    pub port: Option<u16>,
    /// URI parameters.
    pub params: Params,
    /// What follows `?`, unparsed.
    pub headers: Option<Bytes>,
}

/// What comes before the colon.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
    /// Anything else, as written.
    Other(Bytes),
}

/// A host: name or address.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Host {
    /// A domain name, as written.
    Name(Bytes),
    /// An address; IPv6 is written in brackets.
    Ip(IpAddr),
}

impl Uri {
    /// Parses a whole URI, no brackets or white space around it.
    pub fn parse(_text: &Bytes) -> Result<Self, UriError> {
        todo!()
    }

    /// `sip:USER@HOST:PORT`; `user` is escaped as needed.
    pub fn sip(_user: Option<&str>, _host: Host, _port: Option<u16>) -> Self {
        todo!()
    }

    /// The user part with one level of escapes taken off; `None` without one or if it is not UTF-8.
    pub fn user_text(&self) -> Option<Cow<'_, str>> {
        todo!()
    }

    /// The `transport` parameter, or what the scheme implies; UDP when nothing says otherwise.
    /// `None` for a transport we do not know.
    pub fn transport(&self) -> Option<Transport> {
        todo!()
    }

    /// Equality by RFC 3261 section 19.1.4, as contacts are compared.
    pub fn is_same_as(&self, _other: &Self) -> bool {
        todo!()
    }

    /// Appends the URI to `out`.
    pub fn encode(&self, _out: &mut Vec<u8>) {
        todo!()
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

impl Host {
    /// Parses a name, an IPv4 address, or an IPv6 address with or without brackets.
    pub fn parse(_text: &Bytes) -> Result<Self, UriError> {
        todo!()
    }

    /// The address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(*ip),
            Self::Name(_) => None,
        }
    }
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        Self::Ip(ip)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

/// Why a text is no URI.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UriError {
    /// No scheme and colon.
    #[error("no scheme")]
    NoScheme,
    /// The host is missing or malformed.
    #[error("malformed host")]
    Host,
    /// The port is no number from 0 to 65535.
    #[error("malformed port")]
    Port,
    /// A character that may not stand there.
    #[error("unexpected character")]
    Character,
    /// Longer than `limits::URI_BYTES_MAX`.
    #[error("URI too long")]
    TooLong,
}
