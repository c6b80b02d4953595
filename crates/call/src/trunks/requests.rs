//! What is sent to a trunk beside calls, and what its answers mean.

use super::{
    is_watched,
    registration::{Answer, Ask},
};
use crate::directory::{Directory, Login, Trunk, TrunkRegistration};
use bytes::Bytes;
use sip::{
    Destination, Endpoint, Header, HeaderName, Host, Method, NameAddr, Response, Transport, Uri,
    endpoint::NewRequest, header::Contacts,
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

    /// OPTIONS, as RFC 3261 section 11.1 has it. No credentials: a challenge is an answer, too.
    pub(super) fn question(&self) -> NewRequest {
        let hop = self.hops[0].clone();
        let uri = Uri::sip(None, hop.host.clone(), Some(hop.port));
        let domain = Host::Name(Bytes::from(self.domain.clone()));
        let from = NameAddr::new(Uri::sip(None, domain, None));
        request(Method::Options, uri.clone(), from, NameAddr::new(uri), hop)
    }

    /// REGISTER, and what signs it; `None` for a trunk that has no login.
    ///
    /// The user is one of the trunk's own domain, whichever destination takes it.
    pub(super) fn register(&self, endpoint: &Endpoint, ask: Ask) -> Option<(NewRequest, Login)> {
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
