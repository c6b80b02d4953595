//! Who may in: which domain a request is for, and who sends it.

use crate::{
    cdr::Line,
    directory::{Directory, Domain, Extension, Ha1, Trunk},
    rules::MediaRules,
    settings::Settings,
};
use base::Rng;
use sip::{
    Method, Request, Scheme, Source, Status,
    auth::{AuthFailure, Authenticator, ChallengeKind},
    endpoint::Reply,
};
use std::time::Instant;

/// Judges requests that come from outside any dialog.
#[derive(Debug)]
pub(crate) struct Gate {
    authenticator: Authenticator,
}

/// Somebody who may ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admitted<'a> {
    pub(crate) domain: &'a Domain,
    pub(crate) caller: Caller<'a>,
    /// The extension that proved its password, at whose phone the caller may be signed in.
    pub(crate) phone: Option<&'a Extension>,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Caller<'a> {
    /// An extension that proved its password, or whoever is signed in at its phone.
    Extension(&'a Extension),
    /// A trunk, known by its address, its password or both.
    Trunk(&'a Trunk),
}

impl<'a> Caller<'a> {
    /// The extension, if it is one.
    pub(crate) fn extension(&self) -> Option<&'a Extension> {
        match self {
            Self::Extension(extension) => Some(extension),
            Self::Trunk(_) => None,
        }
    }

    /// The trunk, if it is one.
    pub(crate) fn trunk(&self) -> Option<&'a Trunk> {
        match self {
            Self::Extension(_) => None,
            Self::Trunk(trunk) => Some(trunk),
        }
    }
}

impl Admitted<'_> {
    /// What a leg keeps of the caller's extension.
    pub(crate) fn line(&self) -> Option<Line> {
        Some(self.caller.extension()?.line_at(self.phone?))
    }

    /// What is set for the caller's media.
    pub(crate) fn rules(&self) -> MediaRules {
        match (self.caller, self.phone) {
            (Caller::Extension(line), Some(phone)) => line.rules_at(phone),
            (Caller::Extension(line), None) => line.media.clone(),
            (Caller::Trunk(trunk), _) => trunk.media.clone(),
        }
    }
}

/// A request that may not in.
#[derive(Debug)]
pub(crate) struct TurnedAway {
    pub(crate) reply: Reply,
    /// Whether it came with credentials that were wrong.
    pub(crate) is_offence: bool,
}

impl Gate {
    pub(crate) fn new(now: Instant, settings: &Settings, rng: Rng) -> Self {
        Self { authenticator: Authenticator::new(now, rng, settings.auth.clone()) }
    }

    /// Judges a request.
    ///
    /// A trunk with an address is known by it and speaks for its own domain; if it signs in, too, it
    /// proves that password there and no other. Everybody else names a domain in the Request-URI and
    /// proves a password of that domain: a trunk without an address its own, a line the one that goes
    /// with the name it signs with, in the From of an INVITE, the To of a REGISTER.
    ///
    /// What a phone asks for that is a person's own, such as a call, is asked by whoever is signed in
    /// there.
    pub(crate) fn admit<'a>(
        &mut self,
        now: Instant,
        directory: &'a Directory,
        request: &Request,
        source: &Source,
    ) -> Result<Admitted<'a>, TurnedAway> {
        if request.method != Method::Register
            && let Some(trunk) = directory.trunk_of_source(source.remote)
            && let Some(domain) = directory.domains.get(&trunk.domain)
        {
            if trunk.inbound_login.is_none() {
                return Ok(Admitted { domain, caller: Caller::Trunk(trunk), phone: None });
            }
            let own = |user: &str| {
                let found = directory.trunk_of_login(domain.id, user);
                let (_, ha1) = found.filter(|(it, _)| it.name == trunk.name)?;
                Some((Caller::Trunk(trunk), ha1))
            };
            let caller = self.authenticate(now, domain, request, own)?;
            return Ok(Admitted { domain, caller, phone: None });
        }
        // A `tel:` number names no domain; its sender does.
        let host = match (&request.uri.scheme, request.headers.from()) {
            (Scheme::Tel, Ok(from)) => from.uri.host.to_string(),
            (_, _) => request.uri.host.to_string(),
        };
        let Some(domain) = directory.domain_of_host(&host) else {
            return Err(TurnedAway::with(Status(403), "Unknown domain"));
        };
        let anybody = |user: &str| {
            let line = directory.extension(domain.id, user);
            let line = line.map(|it| (Caller::Extension(it), &it.ha1));
            line.or_else(|| {
                let (trunk, ha1) = directory.trunk_of_login(domain.id, user)?;
                let is_from_anywhere = trunk.sources.is_empty();
                let may = is_from_anywhere && request.method != Method::Register;
                may.then_some((Caller::Trunk(trunk), ha1))
            })
        };
        let caller = self.authenticate(now, domain, request, anybody)?;
        let Caller::Extension(phone) = caller else {
            return Ok(Admitted { domain, caller, phone: None });
        };
        if signed_name(request).is_none_or(|name| name != phone.number) {
            return Err(TurnedAway::with(Status(403), "Sign with the name you authenticate as"));
        }
        let line = if is_of_phone(&request.method) { phone } else { directory.at_phone_of(phone) };
        Ok(Admitted { domain, caller: Caller::Extension(line), phone: Some(phone) })
    }

    /// Whoever of those with a password signed the request.
    fn authenticate<'a>(
        &mut self,
        now: Instant,
        domain: &Domain,
        request: &Request,
        account: impl Fn(&str) -> Option<(Caller<'a>, &'a Ha1)>,
    ) -> Result<Caller<'a>, TurnedAway> {
        let kind = ChallengeKind::Www;
        let ha1_of = |user: &str| account(user).map(|(_, ha1)| ha1);
        let verdict = self.authenticator.verify(now, request, kind, &domain.name, ha1_of);
        let failure = match verdict {
            Ok(user) => match account(&user) {
                Some((caller, _)) => return Ok(caller),
                None => AuthFailure::Wrong,
            },
            Err(failure) => failure,
        };
        let is_stale = match failure {
            AuthFailure::Malformed(problem) => {
                return Err(TurnedAway::with(Status(400), problem));
            }
            AuthFailure::Stale => true,
            AuthFailure::Missing | AuthFailure::Wrong => false,
        };
        let headers = self.authenticator.challenge(now, &domain.name, kind, is_stale);
        let reply = Reply { headers, ..Reply::new(kind.status()) };
        Err(TurnedAway { reply, is_offence: failure == AuthFailure::Wrong })
    }
}

impl TurnedAway {
    pub(crate) fn with(status: Status, reason: &str) -> Self {
        let reply = Reply { reason: Some(reason.to_owned()), ..Reply::new(status) };
        Self { reply, is_offence: false }
    }
}

/// Whether it is about the phone itself, and not about whoever sits there: where it is, and what its
/// lamps show.
fn is_of_phone(method: &Method) -> bool {
    matches!(method, Method::Register | Method::Subscribe)
}

/// The user part that the sender claims to be.
fn signed_name(request: &Request) -> Option<String> {
    let signed = if request.method == Method::Register {
        request.headers.to()
    } else {
        request.headers.from()
    };
    signed.ok()?.uri.user_text().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests;
