//! A request of ours that is sent again with credentials when its far end asks for them.
//!
//! It goes to the hop that it went to before, and nowhere else: whoever asks is the party that the
//! credentials are for.

use base::Rng;
use sip::{
    ClientId, Endpoint, Header, HeaderName, Response,
    digest::{Client, Login},
    endpoint::{NewRequest, Series},
};
use std::time::Instant;

/// How often one who asks is answered: once, and once more for a nonce that was too old.
const ANSWERS_MAX: u8 = 2;

/// A request outside dialogs, and what it takes to sign it.
#[derive(Debug)]
pub(crate) struct Signable {
    request: NewRequest,
    series: Series,
    /// What answers the far end itself (401).
    server: Answering,
    /// What answers a proxy before it (407), which may ask as well.
    proxy: Answering,
}

/// What answers one of those who may ask.
#[derive(Debug)]
struct Answering {
    client: Client,
    /// How often it was answered.
    answers: u8,
}

impl Signable {
    /// `request` was sent as the last of `series`, without credentials.
    pub(crate) fn new(request: NewRequest, series: Series, login: &Login) -> Self {
        let answering = || Answering { client: Client::of(login.clone()), answers: 0 };
        Self { request, series, server: answering(), proxy: answering() }
    }

    /// Answers a 401 or 407 by the next request of the series (RFC 3261 section 22.2), with what
    /// answers the other of the two as well, if that has asked before; `None` if it is no challenge,
    /// cannot be answered, or was answered in vain.
    pub(crate) fn send_signed(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        rng: &mut Rng,
        response: &Response,
    ) -> Option<ClientId> {
        let (asks, answering) = match response.status.0 {
            401 => (HeaderName::WwwAuthenticate, &mut self.server),
            407 => (HeaderName::ProxyAuthenticate, &mut self.proxy),
            _ => return None,
        };
        if answering.answers >= ANSWERS_MAX {
            return None;
        }
        let challenges = response.headers.all(&asks).map(AsRef::as_ref);
        answering.client.handle_challenge(challenges, rng).ok()?;
        answering.answers += 1;
        let request = self.signed();
        Some(endpoint.request_in_series(now, &mut self.series, request))
    }

    /// The request with credentials for all who have asked.
    fn signed(&mut self) -> NewRequest {
        let mut request = self.request.clone();
        let (method, uri) = (request.method.clone(), request.uri.to_string());
        let body = request.body.as_ref().map_or(&[][..], |it| &it.bytes).to_vec();
        for (name, answering) in [
            (HeaderName::Authorization, &mut self.server),
            (HeaderName::ProxyAuthorization, &mut self.proxy),
        ] {
            let value = answering.client.credentials(method.as_bytes(), &uri, &body);
            request.headers.extend(value.map(|it| Header { name, value: it.into() }));
        }
        request
    }
}
