//! What is sent to a trunk beside calls, and what its answers mean.

use super::{
    Tools, is_watched,
    registration::{Answer, Ask},
};
use crate::{
    directory::{Directory, Login, Trunk, TrunkRegistration},
    signable::Signable,
};
use bytes::Bytes;
use sip::{
    ClientId, Destination, Endpoint, Header, HeaderName, Host, Method, NameAddr, Response,
    Transport, Uri, endpoint::NewRequest, header::Contacts,
};
use std::time::Duration;

/// Max-Forwards (RFC 3261 section 8.1.1.6).
const MAX_FORWARDS: u8 = 70;

/// What is to be known of a trunk that is watched; whatever changes of it begins anew.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Watched {
    /// Its destination, and those that registration goes to if that does not take it.
    pub(super) hops: Vec<Destination>,
    pub(super) health_interval: Option<Duration>,
    pub(super) registration: Option<TrunkRegistration>,
    login: Option<Login>,
    /// Name of its domain.
    domain: String,
}

/// A REGISTER that was not answered yet, and may have to be signed.
#[derive(Debug)]
pub(super) struct Registering {
    pub(super) client: ClientId,
    signable: Box<Signable>,
}

impl Registering {
    /// Sends it again with what a challenge asks for; false if the response is none, or cannot be
    /// answered.
    pub(super) fn sign(&mut self, tools: &mut Tools<'_>, response: &Response) -> bool {
        let sent = self.signable.send_signed(tools.now, tools.endpoint, tools.rng, response);
        let Some(signed) = sent else { return false };
        self.client = signed;
        true
    }
}

impl Watched {
    pub(super) fn of(directory: &Directory, trunk: &Trunk) -> Option<Self> {
        let domain = directory.domains.get(&trunk.domain).filter(|_| is_watched(trunk))?;
        let further = trunk.registration.iter().flat_map(|it| it.fallbacks.iter().cloned());
        Some(Self {
            hops: std::iter::once(trunk.destination.clone()).chain(further).collect(),
            health_interval: trunk.health_interval,
            registration: trunk.registration.clone(),
            login: trunk.login.clone(),
            domain: domain.name.clone(),
        })
    }

    /// Whether we register with whoever has our registration of `left` at its destination `at`, as the
    /// same user from the same address: then it is the same registration, which goes on.
    pub(super) fn takes_over(&self, left: &Self, at: usize) -> bool {
        let user = |it: &Self| it.login.as_ref().map(|it| it.username.clone());
        self.registration.is_some()
            && user(self) == user(left)
            && self.hops[0].host == left.hops[0].host
            && left.hops.get(at).is_some_and(|it| self.hops.contains(it))
    }

    /// OPTIONS, as RFC 3261 section 11.1 has it. No credentials: a challenge is an answer, too.
    pub(super) fn question(&self) -> NewRequest {
        let hop = self.hops[0].clone();
        let uri = Uri::sip(None, hop.host.clone(), Some(hop.port));
        let domain = Host::Name(Bytes::from(self.domain.clone()));
        let from = NameAddr::new(Uri::sip(None, domain, None));
        request(Method::Options, uri.clone(), from, NameAddr::new(uri), hop)
    }

    /// Sends a REGISTER; `None` to a trunk that has no login.
    pub(super) fn register(&self, tools: &mut Tools<'_>, ask: Ask) -> Option<Registering> {
        let (request, login) = self.register_request(tools.endpoint, ask)?;
        let mut series = tools.endpoint.series();
        let client = tools.endpoint.request_in_series(tools.now, &mut series, request.clone());
        Some(Registering { client, signable: Box::new(Signable::new(request, series, &login)) })
    }

    /// The user is one of the trunk's own domain, whichever destination takes it.
    fn register_request(&self, endpoint: &Endpoint, ask: Ask) -> Option<(NewRequest, Login)> {
        let (login, hop) = (self.login.clone()?, self.hops.get(ask.destination)?.clone());
        let domain = self.hops[0].host.clone();
        let user = Uri::sip(Some(&login.username), domain.clone(), None);
        let contact = self.contact(endpoint, &hop)?;
        let to = NameAddr::new(user.clone());
        let domain = Uri::sip(None, domain, None);
        let mut request = request(Method::Register, domain, NameAddr::new(user), to, hop);
        let expires = ask.expires_s.to_string();
        request.headers = vec![
            Header { name: HeaderName::Contact, value: NameAddr::new(contact).to_value() },
            Header { name: HeaderName::Expires, value: expires.into() },
        ];
        Some((request, login))
    }

    /// What the final response to a REGISTER means; without one nothing came in time.
    pub(super) fn answer(&self, response: Option<&Response>) -> Answer {
        let Some(response) = response else { return Answer::Failed { retry_after_s: None } };
        let seconds =
            |name| response.headers.text(name)?.split([';', ' ', '(']).next()?.parse().ok();
        match response.status.0 {
            200..=299 => Answer::Granted { expires_s: self.granted(response) },
            423 => Answer::TooBrief { min_s: seconds(&HeaderName::MinExpires).unwrap_or(0) },
            401 | 403 | 404 | 407 => Answer::Refused,
            _ => Answer::Failed { retry_after_s: seconds(&HeaderName::RetryAfter) },
        }
    }

    /// For how long a registrar keeps our contact: what it says of that one, else of all, else what
    /// was asked (RFC 3261 section 10.2.4).
    fn granted(&self, response: &Response) -> u32 {
        let user = self.login.as_ref().map(|it| it.username.as_str());
        let of_contact = match response.headers.contacts() {
            Ok(Contacts::List(contacts)) => contacts
                .iter()
                .find(|it| it.uri.user_text().as_deref() == user)
                .and_then(|it| it.params.value("expires"))
                .and_then(|it| std::str::from_utf8(it).ok()?.parse().ok()),
            Ok(Contacts::Star) | Err(_) => None,
        };
        let of_all = || response.headers.expires().ok().flatten();
        let asked = || self.registration.as_ref().map_or(0, |it| it.expires_s);
        of_contact.or_else(of_all).unwrap_or_else(asked)
    }

    /// Where the trunk reaches us.
    fn contact(&self, endpoint: &Endpoint, hop: &Destination) -> Option<Uri> {
        let local = endpoint.local_towards(hop)?;
        let user = self.login.as_ref().map(|it| it.username.as_str());
        let mut uri = Uri::sip(user, Host::from(local.ip()), Some(local.port()));
        if hop.transport != Transport::Udp {
            let transport = hop.transport.to_string();
            uri.params.set("transport", Some(Bytes::from(transport)));
        }
        Some(uri)
    }
}

fn request(
    method: Method,
    uri: Uri,
    from: NameAddr,
    to: NameAddr,
    to_hop: Destination,
) -> NewRequest {
    NewRequest {
        method,
        uri,
        from,
        to,
        to_hop,
        routes: Vec::new(),
        max_forwards: MAX_FORWARDS,
        headers: Vec::new(),
        body: None,
    }
}
