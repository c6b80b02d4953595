//! Reading the values of `WWW-Authenticate`, `Authorization` and their Proxy twins.

use super::{Algorithm, Proof, Protection, Qop};
use std::borrow::Cow;

/// A challenge: what `WWW-Authenticate` or `Proxy-Authenticate` says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Challenge {
    /// Whose users are asked for.
    pub realm: String,
    /// To be hashed in.
    pub nonce: String,
    /// To be given back as it is.
    pub opaque: Option<String>,
    /// Hash function.
    pub algorithm: Algorithm,
    /// Whether the algorithm ends in `-sess`.
    pub is_session: bool,
    /// Best protection that is offered and known; `None` if the challenger knows no `qop`.
    pub qop: Option<Qop>,
    /// Whether only the nonce was wrong, not the password.
    pub is_stale: bool,
}

/// Credentials: what `Authorization` or `Proxy-Authorization` says.
#[derive(Clone, Debug)]
pub struct Credentials<'a> {
    /// Who claims to ask.
    pub username: Cow<'a, str>,
    /// Among whose users.
    pub realm: Cow<'a, str>,
    /// From the challenge.
    pub nonce: Cow<'a, str>,
    /// What the client took for the Request-URI.
    pub uri: Cow<'a, str>,
    /// The proof, in hexadecimal.
    pub response: Cow<'a, str>,
    /// Hash function.
    pub algorithm: Algorithm,
    /// Whether the algorithm ends in `-sess`.
    pub is_session: bool,
    /// Protection; `None` for the legacy form.
    pub qop: Option<Qop>,
    /// Number of uses of the nonce; 0 without `qop`.
    pub count: u32,
    nc: Cow<'a, str>,
    cnonce: Cow<'a, str>,
}

/// Why a header value is of no use.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DigestError {
    /// Another scheme than Digest.
    #[error("not Digest")]
    Scheme,
    /// A hash function or quality of protection that we do not know.
    #[error("unknown algorithm or qop")]
    Unsupported,
    /// Not as RFC 7616 has it.
    #[error("{0}")]
    Malformed(&'static str),
}

impl Challenge {
    /// Reads a header value.
    pub fn parse(value: &[u8]) -> Result<Self, DigestError> {
        let fields = Fields::parse(value)?;
        let (algorithm, is_session) = fields.algorithm()?;
        Ok(Self {
            qop: fields.offered_qop()?,
            is_stale: fields.stale.is_some_and(|it| it.eq_ignore_ascii_case("true")),
            realm: required(fields.realm, "realm is missing")?.into_owned(),
            nonce: required(fields.nonce, "nonce is missing")?.into_owned(),
            opaque: fields.opaque.map(Cow::into_owned),
            algorithm,
            is_session,
        })
    }
}

impl<'a> Credentials<'a> {
    /// Reads a header value.
    pub fn parse(value: &'a [u8]) -> Result<Self, DigestError> {
        let fields = Fields::parse(value)?;
        let (algorithm, is_session) = fields.algorithm()?;
        let qop = match &fields.qop {
            None => None,
            Some(token) => Some(Qop::from_token(token).ok_or(DigestError::Unsupported)?),
        };
        let (nc, cnonce) = match qop {
            None => (Cow::default(), fields.cnonce.unwrap_or_default()),
            Some(_) => (
                required(fields.nc, "nc is missing")?,
                required(fields.cnonce, "cnonce is missing")?,
            ),
        };
        Ok(Self {
            count: if qop.is_some() { parse_count(&nc)? } else { 0 },
            username: required(fields.username, "username is missing")?,
            realm: required(fields.realm, "realm is missing")?,
            nonce: required(fields.nonce, "nonce is missing")?,
            uri: required(fields.uri, "uri is missing")?,
            response: required(fields.response, "response is missing")?,
            algorithm,
            is_session,
            qop,
            nc,
            cnonce,
        })
    }

    /// What the response must have been computed from, for a request with this method and body.
    pub fn proof<'b>(&'b self, method: &'b [u8], body: &'b [u8]) -> Proof<'b> {
        Proof {
            algorithm: self.algorithm,
            is_session: self.is_session,
            nonce: &self.nonce,
            protection: self.qop.map(|qop| Protection { qop, nc: &self.nc, cnonce: &self.cnonce }),
            method,
            uri: &self.uri,
            body,
        }
    }
}

/// Every parameter that means something to us, quotes and escapes taken off.
#[derive(Default)]
struct Fields<'a> {
    username: Option<Cow<'a, str>>,
    realm: Option<Cow<'a, str>>,
    nonce: Option<Cow<'a, str>>,
    uri: Option<Cow<'a, str>>,
    response: Option<Cow<'a, str>>,
    algorithm: Option<Cow<'a, str>>,
    cnonce: Option<Cow<'a, str>>,
    opaque: Option<Cow<'a, str>>,
    qop: Option<Cow<'a, str>>,
    nc: Option<Cow<'a, str>>,
    stale: Option<Cow<'a, str>>,
}

impl<'a> Fields<'a> {
    fn parse(value: &'a [u8]) -> Result<Self, DigestError> {
        let scheme_end = value.iter().position(|it| is_blank(*it)).unwrap_or(value.len());
        let (scheme, rest) = value.split_at(scheme_end);
        if !scheme.eq_ignore_ascii_case(b"Digest") {
            return Err(DigestError::Scheme);
        }
        let mut fields = Self::default();
        let mut rest = Rest(std::str::from_utf8(rest).map_err(|_| NOT_UTF8)?);
        while let Some(name) = rest.name()? {
            let value = rest.value()?;
            let Some(field) = fields.named(name) else { continue };
            // Two values would let two readers see two different claims.
            if field.replace(value).is_some() {
                return Err(DigestError::Malformed("a parameter is given twice"));
            }
        }
        Ok(fields)
    }

    fn named(&mut self, name: &str) -> Option<&mut Option<Cow<'a, str>>> {
        [
            ("username", &mut self.username),
            ("realm", &mut self.realm),
            ("nonce", &mut self.nonce),
            ("uri", &mut self.uri),
            ("response", &mut self.response),
            ("algorithm", &mut self.algorithm),
            ("cnonce", &mut self.cnonce),
            ("opaque", &mut self.opaque),
            ("qop", &mut self.qop),
            ("nc", &mut self.nc),
            ("stale", &mut self.stale),
        ]
        .into_iter()
        .find_map(|(known, field)| known.eq_ignore_ascii_case(name).then_some(field))
    }

    fn algorithm(&self) -> Result<(Algorithm, bool), DigestError> {
        match &self.algorithm {
            None => Ok((Algorithm::Md5, false)),
            Some(token) => Algorithm::from_token(token).ok_or(DigestError::Unsupported),
        }
    }

    /// Of the comma-separated offers; `auth` is preferred, as proxies may rewrite bodies.
    fn offered_qop(&self) -> Result<Option<Qop>, DigestError> {
        let Some(list) = &self.qop else { return Ok(None) };
        let offers = || list.split(',').filter_map(|it| Qop::from_token(it.trim()));
        offers()
            .find(|it| *it == Qop::Auth)
            .or_else(|| offers().next())
            .map(Some)
            .ok_or(DigestError::Unsupported)
    }
}

/// What is still to be read of a parameter list.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// The next parameter's name and its `=`; `None` at the end. Empty list elements are skipped.
    fn name(&mut self) -> Result<Option<&'a str>, DigestError> {
        self.0 = self.0.trim_start_matches(|it| it == ',' || is_blank_char(it));
        if self.0.is_empty() {
            return Ok(None);
        }
        let (name, rest) = self.0.split_once('=').ok_or(NO_VALUE)?;
        let name = name.trim_end_matches(is_blank_char);
        if name.is_empty() || name.contains(|it: char| "\", \t\r\n".contains(it)) {
            return Err(NO_VALUE);
        }
        self.0 = rest.trim_start_matches(is_blank_char);
        Ok(Some(name))
    }

    fn value(&mut self) -> Result<Cow<'a, str>, DigestError> {
        let value = match self.0.strip_prefix('"') {
            Some(quoted) => self.quoted(quoted)?,
            None => self.token(),
        };
        self.0 = self.0.trim_start_matches(is_blank_char);
        if self.0.is_empty() || self.0.starts_with(',') { Ok(value) } else { Err(NO_COMMA) }
    }

    fn token(&mut self) -> Cow<'a, str> {
        let end = self.0.find(|it| it == ',' || is_blank_char(it)).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        Cow::Borrowed(token)
    }

    fn quoted(&mut self, text: &'a str) -> Result<Cow<'a, str>, DigestError> {
        let mut unescaped: Option<String> = None;
        let mut start = 0;
        loop {
            let at = start + text[start..].find(['"', '\\']).ok_or(OPEN_QUOTE)?;
            let piece = &text[start..at];
            if text[at..].starts_with('"') {
                self.0 = &text[at + 1..];
                return Ok(match unescaped {
                    None => Cow::Borrowed(piece),
                    Some(head) => Cow::Owned(head + piece),
                });
            }
            let escaped = text[at + 1..].chars().next().ok_or(OPEN_QUOTE)?;
            let head = unescaped.get_or_insert_default();
            head.push_str(piece);
            head.push(escaped);
            start = at + 1 + escaped.len_utf8();
        }
    }
}

/// `nc` is eight hexadecimal digits (RFC 7616 section 3.4); fewer are let pass.
fn parse_count(nc: &str) -> Result<u32, DigestError> {
    if nc.len() > 8 || nc.starts_with('+') {
        return Err(DigestError::Malformed("nc is no 32-bit hexadecimal number"));
    }
    u32::from_str_radix(nc, 16)
        .map_err(|_| DigestError::Malformed("nc is no 32-bit hexadecimal number"))
}

fn required<'a>(
    field: Option<Cow<'a, str>>,
    problem: &'static str,
) -> Result<Cow<'a, str>, DigestError> {
    field.ok_or(DigestError::Malformed(problem))
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_blank_char(it: char) -> bool {
    matches!(it, ' ' | '\t' | '\r' | '\n')
}

const NOT_UTF8: DigestError = DigestError::Malformed("not UTF-8");
const NO_VALUE: DigestError = DigestError::Malformed("a parameter has no value");
const NO_COMMA: DigestError = DigestError::Malformed("parameters are not separated by commas");
const OPEN_QUOTE: DigestError = DigestError::Malformed("a quoted string does not end");
