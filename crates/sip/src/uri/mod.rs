//! URIs: `sip:`, `sips:`, `tel:` and whatever else a Request-URI may hold (RFC 3261 section 19.1,
//! RFC 3966).

mod escape;
mod host;
mod same;

pub use host::Host;
pub(crate) use host::HostPort;

use crate::{header::Params, lex, limits::URI_BYTES_MAX, transport::Transport};
use bytes::Bytes;
use std::{borrow::Cow, fmt, ops::Range};

/// A URI, parsed; writes itself as it was read, but for the case of a known scheme and the
/// spelling of addresses and ports.
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

impl Uri {
    /// Parses a whole URI, no brackets or white space around it.
    pub fn parse(text: &Bytes) -> Result<Self, UriError> {
        if text.len() > URI_BYTES_MAX {
            return Err(UriError::TooLong);
        }
        let colon = memchr::memchr(b':', text).ok_or(UriError::NoScheme)?;
        if text.iter().any(|&it| !is_uri_byte(it)) {
            return Err(UriError::Character);
        }
        let scheme = Scheme::parse(text, 0..colon)?;
        let rest = text.slice(colon + 1..);
        match scheme {
            Scheme::Sip | Scheme::Sips => Self::parse_sip(scheme, &rest),
            Scheme::Tel => Self::parse_tel(&rest),
            Scheme::Other(_) => Ok(Self { user: Some(rest), ..Self::bare(scheme) }),
        }
    }

    /// `sip:USER@HOST:PORT`; `user` is escaped as needed.
    pub fn sip(user: Option<&str>, host: Host, port: Option<u16>) -> Self {
        let user = user.map(escape::user);
        Self { user, host, port, ..Self::bare(Scheme::Sip) }
    }

    /// The user part with one level of escapes taken off; `None` without one or if it is not UTF-8.
    pub fn user_text(&self) -> Option<Cow<'_, str>> {
        escape::text(self.user.as_ref()?)
    }

    /// The value of a header that follows the `?`, without its escapes; the first of that name.
    pub fn header(&self, name: &str) -> Option<Bytes> {
        let headers = self.headers.as_ref()?;
        headers.split(|it| *it == b'&').find_map(|header| {
            let at = header.iter().position(|it| *it == b'=')?;
            let (found, value) = (&header[..at], &header[at + 1..]);
            let is_it = found.eq_ignore_ascii_case(name.as_bytes());
            is_it.then(|| escape::Unescaped(value).map(|it| it.byte).collect())
        })
    }

    /// The `transport` parameter, or what the scheme implies; UDP when nothing says otherwise.
    /// `None` for a transport we do not know.
    pub fn transport(&self) -> Option<Transport> {
        let named = match self.params.value("transport") {
            Some(token) => Some(Transport::from_token(std::str::from_utf8(token).ok()?)?),
            None => None,
        };
        let is_secure = self.scheme == Scheme::Sips;
        Some(match named {
            None | Some(Transport::Tcp) if is_secure => Transport::Tls,
            Some(Transport::Ws) if is_secure => Transport::Wss,
            Some(named) => named,
            None => Transport::Udp,
        })
    }

    /// Equality by RFC 3261 section 19.1.4, as contacts are compared.
    pub fn is_same_as(&self, other: &Self) -> bool {
        same::is_same(self, other)
    }

    /// Appends the URI to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        lex::put(out, self.scheme.as_bytes());
        out.push(b':');
        if let Some(user) = &self.user {
            lex::put(out, user);
        }
        match self.scheme {
            Scheme::Sip | Scheme::Sips => self.encode_behind_user(out),
            Scheme::Tel | Scheme::Other(_) => self.params.encode(out),
        }
    }

    fn encode_behind_user(&self, out: &mut Vec<u8>) {
        if let Some(password) = &self.password {
            out.push(b':');
            lex::put(out, password);
        }
        if self.user.is_some() {
            out.push(b'@');
        }
        self.host.encode(out);
        if let Some(port) = self.port {
            out.push(b':');
            out.extend_from_slice(port.to_string().as_bytes());
        }
        self.params.encode(out);
        if let Some(headers) = &self.headers {
            out.push(b'?');
            lex::put(out, headers);
        }
    }

    fn bare(scheme: Scheme) -> Self {
        Self {
            scheme,
            user: None,
            password: None,
            host: Host::Name(Bytes::new()),
            port: None,
            params: Params::default(),
            headers: None,
        }
    }

    fn parse_sip(scheme: Scheme, text: &Bytes) -> Result<Self, UriError> {
        let (user, password, start) = match memchr::memchr(b'@', text) {
            Some(at) => {
                let colon = memchr::memchr(b':', &text[..at]);
                let user = text.slice(..colon.unwrap_or(at));
                (Some(user), colon.map(|it| text.slice(it + 1..at)), at + 1)
            }
            None => (None, None, 0),
        };
        if user.as_ref().is_some_and(Bytes::is_empty) {
            return Err(UriError::Character);
        }
        let rest = &text[start..];
        let host_end = rest.iter().position(|it| matches!(it, b';' | b'?'));
        let host_end = host_end.map_or(text.len(), |it| start + it);
        let params_end =
            memchr::memchr(b'?', &text[host_end..]).map_or(text.len(), |it| host_end + it);
        let HostPort { host, port } = HostPort::parse(&text.slice(start..host_end))?;
        let params = parse_params(text, host_end..params_end)?;
        let headers = (params_end < text.len()).then(|| text.slice(params_end + 1..));
        Ok(Self { scheme, user, password, host, port, params, headers })
    }

    fn parse_tel(text: &Bytes) -> Result<Self, UriError> {
        let end = memchr::memchr(b';', text).unwrap_or(text.len());
        if end == 0 {
            return Err(UriError::Character);
        }
        let params = parse_params(text, end..text.len())?;
        Ok(Self { user: Some(text.slice(..end)), params, ..Self::bare(Scheme::Tel) })
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::with_capacity(64);
        self.encode(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

impl Scheme {
    /// As on the wire, without the colon.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sip => b"sip",
            Self::Sips => b"sips",
            Self::Tel => b"tel",
            Self::Other(scheme) => scheme,
        }
    }

    fn parse(text: &Bytes, range: Range<usize>) -> Result<Self, UriError> {
        let scheme = &text[range.clone()];
        let is_known = |known: &str| scheme.eq_ignore_ascii_case(known.as_bytes());
        let is_scheme_byte = |it: &u8| it.is_ascii_alphanumeric() || b"+-.".contains(it);
        match scheme {
            _ if is_known("sip") => Ok(Self::Sip),
            _ if is_known("sips") => Ok(Self::Sips),
            _ if is_known("tel") => Ok(Self::Tel),
            [first, rest @ ..]
                if first.is_ascii_alphabetic() && rest.iter().all(is_scheme_byte) =>
            {
                Ok(Self::Other(text.slice(range)))
            }
            _ => Err(UriError::NoScheme),
        }
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

/// Whether a URI may hold `byte`. Wider than the grammar: dialled `#`, unescaped UTF-8 and the like
/// are everyday; what could end the URI or its line is not.
fn is_uri_byte(byte: u8) -> bool {
    byte > b' ' && byte != 127 && !matches!(byte, b'<' | b'>' | b'"')
}

fn parse_params(text: &Bytes, range: Range<usize>) -> Result<Params, UriError> {
    Params::parse_in_uri(text, range).map_err(|_| UriError::Character)
}

#[cfg(test)]
mod tests;
