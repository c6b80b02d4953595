//! Digest access authentication: RFC 7616, RFC 8760 for SIP, and RFC 2617's legacy form without
//! `qop`.
//!
//! Pure functions over header values. [`crate::auth`] judges with them; [`Client`] answers the
//! challenges of others.

mod answers;
mod client;
mod fields;

pub use answers::Answers;
pub(crate) use client::quoted;
pub use client::{Client, ClientError, Login};
pub use fields::{Challenge, Credentials, DigestError};

use md5::Md5;
use sha2::{Sha256, Sha512_256};
use std::{fmt, hint::black_box};

/// What a verifier must know of a user: `H(user:realm:password)` in lower-case hexadecimal.
///
/// As good as the password inside its realm, so that `Debug` hides it.
#[derive(Clone, Eq, PartialEq)]
pub struct Ha1 {
    /// MD5.
    pub md5: String,
    /// SHA-256.
    pub sha256: String,
}

/// Hash function of a challenge, the weakest first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Algorithm {
    /// `MD5`, which is also meant where nothing is written.
    Md5,
    /// `SHA-256`.
    Sha256,
    /// `SHA-512-256`.
    Sha512_256,
}

/// Quality of protection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Qop {
    /// `auth`: method and URI are protected.
    Auth,
    /// `auth-int`: the body too.
    AuthInt,
}

/// What a response is computed from, besides the secret; values unquoted, as they were written.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// Hash function.
    pub algorithm: Algorithm,
    /// Whether the algorithm's token ended in `-sess`.
    pub is_session: bool,
    /// The challenger's `nonce`.
    pub nonce: &'a str,
    /// Protection; `None` for the legacy form of RFC 2069.
    pub protection: Option<Protection<'a>>,
    /// Method of the request.
    pub method: &'a [u8],
    /// The `uri` parameter.
    pub uri: &'a str,
    /// Body of the request, for `auth-int`.
    pub body: &'a [u8],
}

/// What `qop` brings along.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Protection<'a> {
    /// Which kind.
    pub qop: Qop,
    /// `nc`: how often the nonce was used, this time included; eight hexadecimal digits.
    pub nc: &'a str,
    /// `cnonce`, the client's own chance.
    pub cnonce: &'a str,
}

/// A digest in lower-case hexadecimal.
#[derive(Clone, Copy)]
pub struct HexDigest {
    digits: [u8; HEX_DIGITS_MAX],
    len: usize,
}

impl Ha1 {
    /// Of a password.
    pub fn of_password(user: &str, realm: &str, password: &str) -> Self {
        let hex = |algorithm| ha1(algorithm, user, realm, password).as_str().to_owned();
        Self { md5: hex(Algorithm::Md5), sha256: hex(Algorithm::Sha256) }
    }

    /// The secret for an algorithm; `None` for SHA-512-256, which is not kept.
    pub fn for_algorithm(&self, algorithm: Algorithm) -> Option<&str> {
        match algorithm {
            Algorithm::Md5 => Some(&self.md5),
            Algorithm::Sha256 => Some(&self.sha256),
            Algorithm::Sha512_256 => None,
        }
    }
}

/// `H(user:realm:password)`, RFC 7616 section 3.4.2.
pub fn ha1(algorithm: Algorithm, user: &str, realm: &str, password: &str) -> HexDigest {
    hash(algorithm, &[user.as_bytes(), realm.as_bytes(), password.as_bytes()])
}

impl Proof<'_> {
    /// The `response` that proves `ha1`, RFC 7616 section 3.4.1.
    pub fn response(&self, ha1: &str) -> HexDigest {
        let session;
        let ha1 = if self.is_session {
            let cnonce = self.protection.map_or("", |it| it.cnonce);
            session = self.hash(&[ha1.as_bytes(), self.nonce.as_bytes(), cnonce.as_bytes()]);
            session.as_str()
        } else {
            ha1
        };
        let ha2 = self.ha2();
        let (ha1, nonce, ha2) = (ha1.as_bytes(), self.nonce.as_bytes(), ha2.as_bytes());
        match self.protection {
            None => self.hash(&[ha1, nonce, ha2]),
            Some(Protection { qop, nc, cnonce }) => {
                let (nc, cnonce, qop) = (nc.as_bytes(), cnonce.as_bytes(), qop.token().as_bytes());
                self.hash(&[ha1, nonce, nc, cnonce, qop, ha2])
            }
        }
    }

    /// `H(A2)`, RFC 7616 section 3.4.3.
    fn ha2(&self) -> HexDigest {
        match self.protection.map(|it| it.qop) {
            None | Some(Qop::Auth) => self.hash(&[self.method, self.uri.as_bytes()]),
            Some(Qop::AuthInt) => {
                let body = self.hash(&[self.body]);
                self.hash(&[self.method, self.uri.as_bytes(), body.as_bytes()])
            }
        }
    }

    fn hash(&self, parts: &[&[u8]]) -> HexDigest {
        hash(self.algorithm, parts)
    }
}

/// Equality in a time that depends on the lengths only.
pub fn is_equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    black_box(a.iter().zip(b).fold(0, |difference, (a, b)| difference | black_box(a ^ b))) == 0
}

impl Algorithm {
    /// Reads an `algorithm` token in any case; the flag says whether it ends in `-sess`.
    pub fn from_token(token: &str) -> Option<(Self, bool)> {
        let is = |name: &str| token.eq_ignore_ascii_case(name);
        [Self::Md5, Self::Sha256, Self::Sha512_256].into_iter().find_map(|it| {
            if is(it.token()) {
                Some((it, false))
            } else {
                is(it.session_token()).then_some((it, true))
            }
        })
    }

    /// As written in a header.
    pub fn token(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512_256 => "SHA-512-256",
        }
    }

    /// As written in a header, with `-sess`.
    pub fn session_token(self) -> &'static str {
        match self {
            Self::Md5 => "MD5-sess",
            Self::Sha256 => "SHA-256-sess",
            Self::Sha512_256 => "SHA-512-256-sess",
        }
    }
}

impl Qop {
    /// Reads a token in any case.
    pub fn from_token(token: &str) -> Option<Self> {
        [Self::Auth, Self::AuthInt].into_iter().find(|it| token.eq_ignore_ascii_case(it.token()))
    }

    /// As written in a header.
    pub fn token(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

impl HexDigest {
    /// The digits.
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[..self.len]
    }

    /// The digits as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("hexadecimal digits are ASCII")
    }

    fn of(bytes: &[u8]) -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; HEX_DIGITS_MAX];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        Self { digits, len: 2 * bytes.len() }
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1(hidden)")
    }
}

/// A digest may be a secret itself.
impl fmt::Debug for HexDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HexDigest(hidden)")
    }
}

/// Of the longest digest, 256 bits.
const HEX_DIGITS_MAX: usize = 64;

/// Hash of `parts` with colons between them.
fn hash(algorithm: Algorithm, parts: &[&[u8]]) -> HexDigest {
    #[cfg(test)]
    work::count(algorithm, parts);
    match algorithm {
        Algorithm::Md5 => HexDigest::of(&joined::<Md5>(parts)),
        Algorithm::Sha256 => HexDigest::of(&joined::<Sha256>(parts)),
        Algorithm::Sha512_256 => HexDigest::of(&joined::<Sha512_256>(parts)),
    }
}

fn joined<H: sha2::Digest>(parts: &[&[u8]]) -> sha2::digest::Output<H> {
    let mut hasher = H::new();
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            hasher.update(b":");
        }
        hasher.update(part);
    }
    hasher.finalize()
}

/// Counts the hashing of the current thread, as a test's clock that does not jitter.
#[cfg(test)]
pub(crate) mod work {
    use super::Algorithm;
    use std::cell::RefCell;

    thread_local! {
        static HASHED: RefCell<Vec<(Algorithm, usize)>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn count(algorithm: Algorithm, parts: &[&[u8]]) {
        let bytes = parts.iter().map(|it| it.len()).sum();
        HASHED.with_borrow_mut(|it| it.push((algorithm, bytes)));
    }

    /// Algorithm and input length of each hash since the last call.
    pub(crate) fn take() -> Vec<(Algorithm, usize)> {
        HASHED.take()
    }
}
