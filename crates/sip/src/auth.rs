//! Who is asking: challenges, nonces and the verdict on credentials (RFC 3261 section 22, RFC 8760).
//!
//! Nonces carry their own proof, so that a challenge costs no memory; only nonces that somebody
//! used with the right password are remembered, to refuse replays.

use crate::{
    digest::{Algorithm, Ha1},
    header::{Header, HeaderName},
    message::{Request, Status},
};
use base::Rng;
use std::time::{Duration, Instant};

/// Issues challenges and judges credentials; one a signalling shard.
///
/// Its nonces are its own: another shard's nonce is [`AuthFailure::Stale`] here, which costs the
/// phone one more round trip and never a password prompt.
#[derive(Debug)]
pub struct Authenticator {
    _todo: (),
}

/// How strict to be.
#[derive(Clone, Debug)]
pub struct AuthPolicy {
    /// How long a nonce may be used.
    pub nonce_lifetime: Duration,
    /// How far behind the highest `nc` of a nonce another may come, 0 to 63: requests overtake each
    /// other on UDP.
    pub nc_window: u32,
    /// Most used nonces remembered; past it the oldest are forgotten and count as stale.
    pub nonces_max: usize,
    /// What is offered, best first; a `WWW-Authenticate` row each. [`Ha1`] keeps no SHA-512-256.
    pub algorithms: Vec<Algorithm>,
}

/// Which pair of headers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChallengeKind {
    /// 401, `WWW-Authenticate`, `Authorization`: what a registrar and a UAS ask with.
    Www,
    /// 407, `Proxy-Authenticate`, `Proxy-Authorization`.
    Proxy,
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AuthFailure {
    /// No Digest credentials for our realm with an algorithm of ours: challenge.
    #[error("no credentials for this realm")]
    Missing,
    /// The nonce is expired, foreign or used up: challenge with `stale=true`, so that the phone
    /// tries again without asking its user.
    #[error("nonce is stale")]
    Stale,
    /// Unknown user or wrong password, which cannot be told apart: challenge, and count it.
    #[error("wrong user or password")]
    Wrong,
    /// Credentials that make no sense: 400.
    #[error("malformed credentials: {0}")]
    Malformed(&'static str),
}

impl Authenticator {
    /// An authenticator with a secret of its own, drawn from `rng`.
    pub fn new(_now: Instant, _rng: Rng, _policy: AuthPolicy) -> Self {
        todo!()
    }

    /// The headers of a 401 or 407, one for each algorithm, all with one fresh nonce.
    pub fn challenge(
        &mut self,
        _now: Instant,
        _realm: &str,
        _kind: ChallengeKind,
        _is_stale: bool,
    ) -> Vec<Header> {
        todo!()
    }

    /// Judges a request's credentials and returns the user name they are for.
    ///
    /// `lookup` gives the secret of a user of `realm`. It is called at most once, and the work that
    /// follows is the same whether it finds one or not.
    ///
    /// The digest's `uri` must name the same scheme, user, host and port as the Request-URI; URI
    /// parameters may differ, as phones and proxies write them differently.
    pub fn verify<'a>(
        &mut self,
        _now: Instant,
        _request: &Request,
        _kind: ChallengeKind,
        _realm: &str,
        _lookup: impl FnOnce(&str) -> Option<&'a Ha1>,
    ) -> Result<String, AuthFailure> {
        todo!()
    }
}

impl ChallengeKind {
    /// Status of the response that carries the challenge.
    pub fn status(self) -> Status {
        match self {
            Self::Www => Status(401),
            Self::Proxy => Status(407),
        }
    }

    /// Header that challenges.
    pub fn challenge_header(self) -> HeaderName {
        match self {
            Self::Www => HeaderName::WwwAuthenticate,
            Self::Proxy => HeaderName::ProxyAuthenticate,
        }
    }

    /// Header that answers.
    pub fn credentials_header(self) -> HeaderName {
        match self {
            Self::Www => HeaderName::Authorization,
            Self::Proxy => HeaderName::ProxyAuthorization,
        }
    }
}
