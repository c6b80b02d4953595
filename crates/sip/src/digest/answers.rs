//! What answers those who ask of one request who sends it: the far end itself, and a proxy before it.

use super::{Client, Login};
use crate::{
    header::{Header, HeaderName},
    message::{Method, Response},
};
use base::Rng;

/// How often one who asks is answered: once, and once more for a nonce that was too old.
const ANSWERS_MAX: u8 = 2;

/// Credentials of one request for both who may ask.
#[derive(Debug)]
pub struct Answers {
    /// For the far end (401).
    server: Answering,
    /// For a proxy (407).
    proxy: Answering,
}

/// What answers one of them.
#[derive(Debug)]
struct Answering {
    client: Client,
    /// How often it was answered.
    answers: u8,
}

impl Answers {
    /// Nobody has asked yet.
    pub fn of(login: &Login) -> Self {
        let answering = || Answering { client: Client::of(login.clone()), answers: 0 };
        Self { server: answering(), proxy: answering() }
    }

    /// Takes a 401 or 407 in; false if it is no challenge, cannot be answered, or was answered in
    /// vain.
    pub fn handle_challenge(&mut self, response: &Response, rng: &mut Rng) -> bool {
        let (asks, answering) = match response.status.0 {
            401 => (HeaderName::WwwAuthenticate, &mut self.server),
            407 => (HeaderName::ProxyAuthenticate, &mut self.proxy),
            _ => return false,
        };
        let challenges = response.headers.all(&asks).map(AsRef::as_ref);
        let can_answer = answering.answers < ANSWERS_MAX
            && answering.client.handle_challenge(challenges, rng).is_ok();
        answering.answers += u8::from(can_answer);
        can_answer
    }

    /// The headers that prove to all who have asked who sends the request.
    pub fn sign(&mut self, method: &Method, uri: &str, body: &[u8]) -> Vec<Header> {
        let of = |(name, answering): (HeaderName, &mut Answering)| {
            let value = answering.client.credentials(method.as_bytes(), uri, body)?;
            Some(Header { name, value: value.into() })
        };
        [
            (HeaderName::Authorization, &mut self.server),
            (HeaderName::ProxyAuthorization, &mut self.proxy),
        ]
        .into_iter()
        .filter_map(of)
        .collect()
    }
}
