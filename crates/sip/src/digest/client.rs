//! The asking side: answering the challenges of registrars, trunks and phones.

use super::{Algorithm, Challenge, HexDigest, Proof, Protection, ha1};
use base::Rng;
use std::fmt;

/// A user and a password for the challenges of one party. `Debug` hides the password.
#[derive(Clone, Eq, PartialEq)]
pub struct Login {
    /// User.
    pub username: String,
    /// Password.
    pub password: String,
    /// The one realm whose challenges it answers; `None` for any of that party.
    pub realm: Option<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("Login");
        told.field("username", &self.username).field("realm", &self.realm).finish_non_exhaustive()
    }
}

/// Credentials for one realm, and how far its nonce is used up.
///
/// Takes the challenge of a 401 or 407 with [`Client::handle_challenge`], then signs requests with
/// [`Client::credentials`] until the next. A request that is challenged again after it was signed
/// with a fresh nonce has the wrong password: the owner signs a request at most twice.
pub struct Client {
    login: Login,
    session: Option<Session>,
}

/// Why a challenge cannot be answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ClientError {
    /// None of the challenges is Digest with a hash function and a `qop` of ours, for the realm that
    /// the login is for.
    #[error("no challenge that can be answered")]
    Unsupported,
    /// The nonce that we used is refused, and not for its age: the password is wrong.
    #[error("user or password is refused")]
    Refused,
}

impl Client {
    /// A client that was not challenged yet.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        let (username, password) = (username.into(), password.into());
        Self::of(Login { username, password, realm: None })
    }

    /// A client that was not challenged yet.
    pub fn of(login: Login) -> Self {
        Self { login, session: None }
    }

    /// Takes in the values of all challenge headers of a response and chooses the strongest hash
    /// function; among equals the first, as RFC 8760 section 2.4 asks.
    pub fn handle_challenge<'a>(
        &mut self,
        values: impl IntoIterator<Item = &'a [u8]>,
        rng: &mut Rng,
    ) -> Result<(), ClientError> {
        let challenge = values
            .into_iter()
            .filter_map(|it| Challenge::parse(it).ok())
            .filter(|it| self.login.realm.as_ref().is_none_or(|realm| *realm == it.realm))
            .reduce(|best, it| if it.algorithm > best.algorithm { it } else { best })
            .ok_or(ClientError::Unsupported)?;
        if self.session.as_ref().is_some_and(|it| it.is_refused_by(&challenge)) {
            return Err(ClientError::Refused);
        }
        let Login { username, password, .. } = &self.login;
        let ha1 = ha1(challenge.algorithm, username, &challenge.realm, password);
        self.session = Some(Session { challenge, ha1, cnonce: rng.hex(CNONCE_DIGITS), count: 0 });
        Ok(())
    }

    /// The value of `Authorization` or `Proxy-Authorization` for one request; `None` before the
    /// first challenge. Each call uses the nonce once more.
    pub fn credentials(&mut self, method: &[u8], uri: &str, body: &[u8]) -> Option<String> {
        let session = self.session.as_mut()?;
        session.count += 1;
        Some(session.sign(&self.login.username, method, uri, body))
    }
}

/// Hides the password.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("login", &self.login).finish_non_exhaustive()
    }
}

/// A challenge in use.
struct Session {
    challenge: Challenge,
    ha1: HexDigest,
    cnonce: String,
    count: u32,
}

impl Session {
    fn is_refused_by(&self, challenge: &Challenge) -> bool {
        self.count > 0 && !challenge.is_stale && self.challenge.nonce == challenge.nonce
    }

    fn sign(&self, username: &str, method: &[u8], uri: &str, body: &[u8]) -> String {
        let Challenge { realm, nonce, opaque, algorithm, is_session, qop, .. } = &self.challenge;
        let nc = format!("{:08x}", self.count);
        let protection = qop.map(|qop| Protection { qop, nc: &nc, cnonce: &self.cnonce });
        let proof = Proof {
            algorithm: *algorithm,
            is_session: *is_session,
            nonce,
            protection,
            method,
            uri,
            body,
        };
        let response = proof.response(self.ha1.as_str());

        let mut value = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{}\", algorithm={}",
            quoted(username),
            quoted(realm),
            quoted(nonce),
            quoted(uri),
            response.as_str(),
            algorithm_token(*algorithm, *is_session),
        );
        if let Some(Protection { qop, nc, cnonce }) = protection {
            value.extend([", qop=", qop.token(), ", nc=", nc, ", cnonce=\"", cnonce, "\""]);
        }
        if let Some(opaque) = opaque {
            value.extend([", opaque=", &quoted(opaque)]);
        }
        value
    }
}

fn algorithm_token(algorithm: Algorithm, is_session: bool) -> &'static str {
    if is_session { algorithm.session_token() } else { algorithm.token() }
}

/// A quoted string, RFC 3261 section 25.1.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for it in text.chars() {
        if matches!(it, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(it);
    }
    quoted.push('"');
    quoted
}

/// 64 bits of chance.
const CNONCE_DIGITS: usize = 16;
