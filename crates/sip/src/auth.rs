//! Who is asking: challenges, nonces and the verdict on credentials (RFC 3261 section 22, RFC 8760).
//!
//! Nonces carry their own proof, so that a challenge costs no memory; only nonces that somebody
//! used with the right password are remembered, to refuse replays.

mod nonce;
mod replay;

use crate::{
    digest::{Algorithm, Credentials, DigestError, Ha1, is_equal_in_constant_time, quoted},
    header::{Header, HeaderName, Params},
    message::{Request, Status},
    transport::Transport,
    uri::{Scheme, Uri},
};
use base::Rng;
use bytes::Bytes;
use nonce::NonceMint;
use replay::SeenNonces;
use std::{
    fmt,
    time::{Duration, Instant},
};

/// Issues challenges and judges credentials; one a signalling shard.
///
/// Its nonces are its own: another shard's nonce is [`AuthFailure::Stale`] here, which costs the
/// phone one more round trip and never a password prompt.
pub struct Authenticator {
    policy: AuthPolicy,
    nonces: NonceMint,
    seen: SeenNonces,
    /// Stands in for the secret of a user who does not exist.
    nobody: Ha1,
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
    /// An authenticator with secrets of its own, drawn from `rng`.
    pub fn new(now: Instant, mut rng: Rng, policy: AuthPolicy) -> Self {
        Self {
            nobody: Ha1 { md5: rng.hex(32), sha256: rng.hex(64) },
            seen: SeenNonces::new(policy.nonces_max, policy.nc_window),
            nonces: NonceMint::new(now, rng, policy.nonce_lifetime),
            policy,
        }
    }

    /// The headers of a 401 or 407, one for each algorithm, all with one fresh nonce.
    pub fn challenge(
        &mut self,
        now: Instant,
        realm: &str,
        kind: ChallengeKind,
        is_stale: bool,
    ) -> Vec<Header> {
        let nonce = self.nonces.issue(now, realm);
        let stale = if is_stale { ", stale=true" } else { "" };
        let row = |algorithm: &Algorithm| Header {
            name: kind.challenge_header(),
            value: Bytes::from(format!(
                "Digest realm={}, nonce=\"{nonce}\", algorithm={}, qop=\"auth\"{stale}",
                quoted(realm),
                algorithm.token(),
            )),
        };
        self.policy.algorithms.iter().map(row).collect()
    }

    /// Judges a request's credentials and returns the user name they are for.
    ///
    /// `lookup` gives the secret of a user of `realm`, by the name that the phone hashed with. It
    /// is called at most once, and the work that follows is the same whether it finds one or not.
    ///
    /// A digest `uri` with a user must name the Request-URI's scheme, user, host and port; URI
    /// parameters may differ, as phones and proxies write them differently. One without a user
    /// names the server, as some clients have it for every request, and is not compared: what
    /// keeps credentials from serving twice is the count of the nonce.
    pub fn verify<'a>(
        &mut self,
        now: Instant,
        request: &Request,
        kind: ChallengeKind,
        realm: &str,
        lookup: impl FnOnce(&str) -> Option<&'a Ha1>,
    ) -> Result<String, AuthFailure> {
        let credentials = self.credentials(request, kind, realm)?;
        let nonce = self.nonces.open(now, realm, &credentials.nonce).ok_or(AuthFailure::Stale)?;
        if !names_target(&credentials.uri, &request.uri) {
            return Err(AuthFailure::Malformed("uri is not the Request-URI"));
        }

        let known = lookup(&credentials.username);
        let secret = known
            .unwrap_or(&self.nobody)
            .for_algorithm(credentials.algorithm)
            .expect("only algorithms with a kept secret are accepted");
        let response = credentials.proof(request.method.as_bytes(), &request.body).response(secret);
        let is_right = is_equal_in_constant_time(
            response.as_bytes(),
            credentials.response.to_ascii_lowercase().as_bytes(),
        );
        if !is_right || known.is_none() {
            return Err(AuthFailure::Wrong);
        }

        let count = credentials.qop.map(|_| credentials.count);
        if self.seen.is_first_use(nonce, count, self.nonces.oldest_alive(now)) {
            Ok(credentials.username.into_owned())
        } else {
            Err(AuthFailure::Stale)
        }
    }

    /// The first credentials that answer a challenge of ours for `realm`.
    fn credentials<'r>(
        &self,
        request: &'r Request,
        kind: ChallengeKind,
        realm: &str,
    ) -> Result<Credentials<'r>, AuthFailure> {
        let name = kind.credentials_header();
        let mut failure = AuthFailure::Missing;
        for header in request.headers.iter().filter(|it| it.name == name) {
            match Credentials::parse(&header.value) {
                Ok(it) if it.realm == realm && self.accepts(&it) => return Ok(it),
                Ok(_) => {}
                Err(DigestError::Scheme | DigestError::Unsupported) => {}
                Err(DigestError::Malformed(problem)) => failure = AuthFailure::Malformed(problem),
            }
        }
        Err(failure)
    }

    fn accepts(&self, credentials: &Credentials<'_>) -> bool {
        !credentials.is_session
            && self.policy.algorithms.contains(&credentials.algorithm)
            && self.nobody.for_algorithm(credentials.algorithm).is_some()
    }
}

impl Default for AuthPolicy {
    fn default() -> Self {
        Self {
            nonce_lifetime: NONCE_LIFETIME,
            nc_window: NC_WINDOW,
            nonces_max: NONCES_MAX,
            algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
        }
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

/// Hides the secrets.
impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// How long a nonce may be used unless the policy says otherwise: some registration intervals of a
/// phone behind NAT, few enough that a stolen nonce is soon worthless.
const NONCE_LIFETIME: Duration = Duration::from_mins(5);

/// How far `nc` may fall behind unless the policy says otherwise.
const NC_WINDOW: u32 = 32;

/// Used nonces remembered unless the policy says otherwise, some 40 bytes each.
const NONCES_MAX: usize = 65_536;

/// Whether the digest's `uri` means the Request-URI, or the server as a whole.
fn names_target(written: &str, target: &Uri) -> bool {
    let Ok(written) = Uri::parse(&Bytes::copy_from_slice(written.as_bytes())) else {
        return false;
    };
    written.user.is_none() || bare(&written).is_same_as(&bare(target))
}

/// Scheme, user, host and port; a port that goes without saying is written.
fn bare(uri: &Uri) -> Uri {
    let default_port = match uri.scheme {
        Scheme::Sip => Some(Transport::Udp.default_port()),
        Scheme::Sips => Some(Transport::Tls.default_port()),
        Scheme::Tel | Scheme::Other(_) => None,
    };
    Uri {
        scheme: uri.scheme.clone(),
        user: uri.user.clone(),
        password: None,
        host: uri.host.clone(),
        port: uri.port.or(default_port),
        params: Params::default(),
        headers: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Method, digest::work, header::Headers};

    #[test]
    fn unknown_user_and_wrong_password_cost_the_same_hashing_and_look_the_same() {
        let known = Ha1::of_password("1001", "demo", "secret");
        for (algorithm, qop) in
            [("MD5", "auth"), ("SHA-256", "auth"), ("SHA-256", "auth-int"), ("MD5", "")]
        {
            let mut verdicts = [("1001", Some(&known)), ("1009", None)].map(|(user, secret)| {
                let mut auth = authenticator();
                let now = Instant::now();
                let request = request(&mut auth, now, user, algorithm, qop);
                work::take();
                let mut lookups = 0;
                let verdict = auth.verify(now, &request, ChallengeKind::Www, "demo", |_| {
                    lookups += 1;
                    secret
                });
                (verdict, lookups, work::take())
            });

            assert!(!verdicts[0].2.is_empty(), "hashing is counted");
            assert_eq!(verdicts[0].0, Err(AuthFailure::Wrong));
            let unknown = std::mem::replace(&mut verdicts[1], (Ok(String::new()), 0, vec![]));
            assert_eq!(verdicts[0], unknown, "{algorithm} {qop}");
        }
    }

    #[test]
    fn nobody_gets_in_as_a_user_who_does_not_exist_even_knowing_the_stand_in() {
        let mut auth = authenticator();
        let now = Instant::now();
        let mut request = request(&mut auth, now, "ghost", "MD5", "auth");
        let value = request.headers.first(&HeaderName::Authorization).unwrap().clone();
        let right = Credentials::parse(&value)
            .unwrap()
            .proof(b"OPTIONS", b"")
            .response(&auth.nobody.md5.clone());
        let value =
            String::from_utf8(value.to_vec()).unwrap().replace(&"0".repeat(32), right.as_str());
        request.headers.set(HeaderName::Authorization, value);

        let verdict = auth.verify(now, &request, ChallengeKind::Www, "demo", |_| None);

        assert_eq!(verdict, Err(AuthFailure::Wrong));
    }

    fn authenticator() -> Authenticator {
        Authenticator::new(Instant::now(), Rng::from_number(1), AuthPolicy::default())
    }

    /// With a response that is wrong.
    fn request(
        auth: &mut Authenticator,
        now: Instant,
        user: &str,
        algorithm: &str,
        qop: &str,
    ) -> Request {
        let nonce = auth.nonces.issue(now, "demo");
        let response = "0".repeat(if algorithm == "MD5" { 32 } else { 64 });
        let qop = match qop {
            "" => String::new(),
            _ => format!(", qop={qop}, nc=00000001, cnonce=\"c\""),
        };
        let mut headers = Headers::new();
        headers.push(
            HeaderName::Authorization,
            format!(
                "Digest username=\"{user}\", realm=\"demo\", nonce=\"{nonce}\", uri=\"sip:demo\", \
                 response=\"{response}\", algorithm={algorithm}{qop}"
            ),
        );
        let uri = Uri::parse(&Bytes::from_static(b"sip:demo")).unwrap();
        Request { method: Method::Options, uri, headers, body: Bytes::new() }
    }
}
