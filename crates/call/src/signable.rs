//! A request of ours that is sent again with credentials when its far end asks for them.
//!
//! It goes to the hop that it went to before, and nowhere else: whoever asks is the party that the
//! credentials are for.

use base::Rng;
use sip::{
    ClientId, Endpoint, Response,
    digest::{Answers, Login},
    endpoint::{NewRequest, Series},
};
use std::time::Instant;

/// A request outside dialogs, and what it takes to sign it.
#[derive(Debug)]
pub(crate) struct Signable {
    request: NewRequest,
    series: Series,
    login: Login,
    answers: Answers,
}

impl Signable {
    /// `request` was sent as the last of `series`, without credentials.
    pub(crate) fn new(request: NewRequest, series: Series, login: &Login) -> Self {
        Self { request, series, login: login.clone(), answers: Answers::of(login) }
    }

    /// What it is signed with.
    pub(crate) fn into_login(self) -> Login {
        self.login
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
        if !self.answers.handle_challenge(response, rng) {
            return None;
        }
        let mut request = self.request.clone();
        let uri = request.uri.to_string();
        let body = request.body.as_ref().map_or(&[][..], |it| &it.bytes);
        let credentials = self.answers.sign(&request.method, &uri, body);
        request.headers.extend(credentials);
        Some(endpoint.request_in_series(now, &mut self.series, request))
    }
}
