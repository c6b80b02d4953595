//! Digest access authentication: RFC 7616, RFC 8760 for SIP, and RFC 2617's legacy form without
//! `qop`.
//!
//! Pure functions over header values; [`crate::auth`] adds nonces and their lifetimes.

use crate::message::Method;

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

/// Hash function of a challenge.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Algorithm {
    /// `MD5`, which is also meant where nothing is written.
    Md5,
    /// `SHA-256`.
    Sha256,
    /// `SHA-512-256`.
    Sha512_256,
}

impl Ha1 {
    /// Of a password.
    pub fn of_password(_user: &str, _realm: &str, _password: &str) -> Self {
        todo!()
    }
}

/// Answers the strongest challenge among `WWW-Authenticate` or `Proxy-Authenticate` values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Client;

impl Client {
    /// placeholder
    pub fn _placeholder(_method: &Method) {}
}

impl std::fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ha1(hidden)")
    }
}
