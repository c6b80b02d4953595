//! A request of ours that is sent again with credentials when its far end asks for them.
//!
//! It goes to the hop that it went to before, and nowhere else: whoever asks is the party that the
//! credentials are for.

use base::Rng;
use sip::{
    ClientId, Endpoint, Header, HeaderName, Response,
    digest::Client,
    endpoint::{NewRequest, Series},
};
use std::time::Instant;

/// How often a request is sent with credentials: once, and once more for a nonce that was too old.
const SIGNED_MAX: u8 = 2;

/// A request outside dialogs, and what it takes to sign it.
#[derive(Debug)]
pub(crate) struct Signable {
    request: NewRequest,
    series: Series,
    client: Client,
    /// How often it was sent with credentials.
    signed: u8,
}

impl Signable {
    /// `request` was sent as the last of `series`, without credentials.
    pub(crate) fn new(request: NewRequest, series: Series, client: Client) -> Self {
        Self { request, series, client, signed: 0 }
    }

    /// Answers a 401 or 407 by the next request of the series (RFC 3261 section 22.2); `None` if that
    /// is no challenge, cannot be answered, or was answered in vain.
    pub(crate) fn send_signed(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        rng: &mut Rng,
        response: &Response,
    ) -> Option<ClientId> {
        let (asks, answers) = match response.status.0 {
            401 => (HeaderName::WwwAuthenticate, HeaderName::Authorization),
            407 => (HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization),
            _ => return None,
        };
        if self.signed >= SIGNED_MAX {
            return None;
        }
        let challenges = response.headers.all(&asks).map(AsRef::as_ref);
        self.client.handle_challenge(challenges, rng).ok()?;
        self.signed += 1;
        let NewRequest { method, uri, body, .. } = &self.request;
        let body = body.as_ref().map_or(&[][..], |it| &it.bytes);
        let value = self.client.credentials(method.as_bytes(), &uri.to_string(), body)?;
        let mut request = self.request.clone();
        request.headers.push(Header { name: answers, value: value.into() });
        Some(endpoint.request_in_series(now, &mut self.series, request))
    }
}
