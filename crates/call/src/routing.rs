//! From the numbers of a plan to devices, mailboxes and conversations.

use crate::{
    call::{Calling, SupervisionOrder, SupervisionRefusal, Target, Targets},
    context::Context,
    conversations::{Conversation, Side},
    dialplan::{Dial, DialTarget, Principal},
    directory::{Contact, Domain, Extension, Trunk},
    failure::{Cause, Refusal, is_better},
    occupancy::Seat,
    outbound::Allowed,
    speech::Language,
    trail::Seen,
    trunks::{Presented, anonymous_uri},
    voicemail::Mailbox,
};
use base::DomainId;
use sip::{Destination, Header, HeaderName, Host, NameAddr, Uri};
use std::{sync::Arc, time::Duration};

/// Whoever calls, and whose devices are looked for.
struct Search<'a> {
    domain: &'a Domain,
    calling: &'a Calling,
    /// Whether members of a group are.
    is_group: bool,
    /// What each device gets beside what goes with the call.
    headers: Vec<Header>,
}

impl Context<'_> {
    /// The devices of those to ring; refused with the most telling reason if there is none.
    pub(crate) fn targets(
        &self,
        domain: DomainId,
        calling: &Calling,
        dial: &Dial,
    ) -> Result<Targets, Refusal> {
        let Some(domain) = self.world.directory.domains.get(&domain) else {
            return Err(Refusal::of(Cause::NotFound));
        };
        let headers = if dial.is_intercom { auto_answer(domain) } else { Vec::new() };
        let search = Search { domain, calling, is_group: dial.is_group, headers };
        let (mut devices, mut timeout, mut refusal) = (Vec::new(), Duration::ZERO, None);
        for target in &dial.targets {
            let found = match target {
                DialTarget::User(number) => self.devices_of_user(&search, number, &dial.by),
                DialTarget::Trunk { trunk, number } => {
                    self.device_of_trunk(&search, trunk, number, &dial.by)
                }
            };
            match found {
                Ok(found) => {
                    add_devices(&mut devices, found.devices);
                    timeout = timeout.max(found.timeout);
                }
                Err(new) => {
                    // That one of them takes no calls from the caller says least of the others.
                    let is_better = |old: &Refusal| match (old.cause, new.cause) {
                        (Cause::Screened, _) => true,
                        (_, Cause::Screened) => false,
                        _ => old.status == new.status || is_better(new.status, old.status),
                    };
                    if refusal.as_ref().is_none_or(is_better) {
                        refusal = Some(new);
                    }
                }
            }
        }
        if devices.is_empty() {
            return Err(refusal.unwrap_or(Refusal::of(Cause::NotFound)));
        }
        let wanted = dial.timeout_s.map(|it| Duration::from_secs(it.into()));
        Ok(Targets { devices, timeout: wanted.unwrap_or(timeout) })
    }

    /// Trunks with numbers, the cheapest first; those whose price nobody knows come last. Of the same
    /// price, they stay in order.
    pub(crate) fn cheapest_first(&self, mut targets: Vec<DialTarget>) -> Vec<DialTarget> {
        let directory = &self.world.directory;
        targets.sort_by_cached_key(|target| {
            let price = match target {
                DialTarget::Trunk { trunk, number } => {
                    let trunk = directory.trunks.get(trunk);
                    trunk.and_then(|it| it.rates.price(&directory.outbound.canonical(number)))
                }
                DialTarget::User(_) => None,
            };
            price.unwrap_or(u32::MAX)
        });
        targets
    }

    /// The mailbox of an extension, or of whoever calls if no number is named.
    pub(crate) fn mailbox(
        &self,
        domain: DomainId,
        by: Option<Principal>,
        number: Option<&str>,
    ) -> Result<Mailbox, Refusal> {
        let number = match (number, by) {
            (Some(number), _) => number.to_owned(),
            (None, Some(Principal::Extension(number))) => number,
            (None, Some(Principal::Trunk(_)) | None) => {
                let reason = Some("Only extensions have mailboxes".to_owned());
                return Err(Refusal { reason, ..Refusal::of(Cause::Refused) });
            }
        };
        let owner = self.world.directory.extension(domain, &number);
        let owner = owner.ok_or_else(|| Refusal::of(Cause::NotFound))?;
        Ok(Mailbox { domain, extension: owner.id, number })
    }

    /// Brings somebody who may into a conversation: the one that was found, and which of the two it is
    /// about.
    pub(crate) fn supervision(
        &self,
        domain: DomainId,
        by: Option<&Principal>,
        found: Option<(Conversation, Option<usize>)>,
        language: Language,
    ) -> Result<SupervisionOrder, SupervisionRefusal> {
        let directory = &self.world.directory;
        let caller = match by {
            Some(Principal::Extension(number)) => directory.extension(domain, number),
            Some(Principal::Trunk(_)) | None => None,
        };
        let may = |it: &&Extension| it.user.is_some_and(|it| directory.supervisors.contains(&it));
        let caller = caller.filter(may).ok_or(SupervisionRefusal::NotAllowed)?;
        let (conversation, side) = found.ok_or(SupervisionRefusal::NotTalking)?;
        let is_own = |side: &Side| side.extension.as_ref() == Some(&caller.number);
        if conversation.sides.iter().any(is_own) {
            return Err(SupervisionRefusal::OwnCall);
        }
        let conversations = self.world.conversations.clone();
        Ok(SupervisionOrder { conversation, side, language, conversations })
    }

    /// Brings somebody between two who talk: another device of one of them, or whoever may supervise.
    pub(crate) fn joining(
        &self,
        domain: DomainId,
        by: &Principal,
        conversation: Conversation,
    ) -> Result<SupervisionOrder, SupervisionRefusal> {
        let own = match by {
            Principal::Extension(number) => conversation.side_of(number),
            Principal::Trunk(_) => None,
        };
        let language = Language::default();
        if own.is_some() {
            let conversations = self.world.conversations.clone();
            return Ok(SupervisionOrder { conversation, side: own, language, conversations });
        }
        let side = conversation.own_side();
        self.supervision(domain, Some(by), Some((conversation, side)), language)
    }

    fn devices_of_user(
        &self,
        search: &Search<'_>,
        number: &str,
        by: &Principal,
    ) -> Result<Targets, Refusal> {
        let domain = search.domain;
        let Some(extension) = self.world.directory.extension(domain.id, number) else {
            return Err(Refusal::of(Cause::NotFound));
        };
        self.screen(domain.id, search.calling, number)?;
        if search.is_group && !extension.features.takes_calls_of_groups() {
            let reason = Some(format!("{number} takes no calls of groups"));
            return Err(Refusal { reason, ..Refusal::of(Cause::Busy) });
        }
        let contacts = self.world.contacts_of(extension);
        if contacts.is_empty() {
            let reason = Some(format!("No device of {number} is registered"));
            return Err(Refusal { reason, ..Refusal::of(Cause::Unavailable) });
        }
        let mut devices: Vec<_> = contacts
            .into_iter()
            .filter(|(_, contact)| !self.is_ours(&contact.destination))
            .map(|(phone, contact)| self.device(search, extension, phone, contact))
            .collect();
        if devices.is_empty() {
            return Err(Refusal::of(Cause::Loop));
        }
        // What an extension itself wants of its phone, as a click or a call that it has parked, rings it
        // in the middle of a call, too.
        let is_own = matches!(by, Principal::Extension(by) if *by == extension.number);
        let limit = extension.calls_max;
        let calls_max = if is_own { limit } else { extension.features.calls_max(limit) };
        let Some(seat) = self.world.occupancy.take(extension.id, calls_max) else {
            return Err(Refusal::of(Cause::Busy));
        };
        let seat = Arc::new(seat);
        for device in &mut devices {
            device.seat = Some(Arc::clone(&seat));
        }
        let timeout = Duration::from_secs(u64::from(extension.ring_timeout_s));
        Ok(Targets { devices, timeout })
    }

    fn device(
        &self,
        search: &Search<'_>,
        extension: &Extension,
        phone: &Extension,
        contact: Contact,
    ) -> Target {
        let host = self.host_of(search.domain, &contact.destination);
        let number = extension.number.as_str();
        let of_domain = |number: &str| Uri::sip(Some(number), search.domain.host(), None);
        let trail = search.calling.trail.headers(&of_domain(number), |it| Seen {
            uri: if it.is_withheld { anonymous_uri() } else { of_domain(&it.number) },
            is_private: false,
        });
        Target {
            party: number.to_owned(),
            line: Some(extension.line_at(phone)),
            rules: extension.rules_at(phone),
            seat: None,
            permit: None,
            login: None,
            uri: contact.uri,
            from: search.calling.address(host.clone()),
            to: NameAddr::new(Uri::sip(Some(number), host, None)),
            hop: contact.destination,
            routes: contact.path,
            headers: search.headers.iter().cloned().chain(trail).collect(),
        }
    }

    fn device_of_trunk(
        &self,
        search: &Search<'_>,
        name: &str,
        number: &str,
        by: &Principal,
    ) -> Result<Targets, Refusal> {
        let trunk = self.world.directory.trunks.get(name);
        // A plan that names no domain must not lend one tenant's trunk to another.
        let Some(trunk) = trunk.filter(|trunk| trunk.domain == search.domain.id) else {
            let reason = Some(format!("Trunk {name} is not configured"));
            return Err(Refusal { reason, ..Refusal::of(Cause::Unavailable) });
        };
        let called = trunk.numbers.called_out.apply(number);
        let allowed = self.right_to_call(search.domain.id, by, number, &called)?;
        let seat = self.seat_on_trunk(trunk, allowed)?;
        let permit = match self.permit_to_call(allowed, number) {
            Ok(permit) => permit,
            Err(refusal) => {
                seat.take_back();
                return Err(refusal);
            }
        };
        let registered_at = self.world.trunks.registered_at(name);
        let hop = registered_at.unwrap_or_else(|| trunk.destination.clone());
        let uri = Uri::sip(Some(&called), hop.host.clone(), Some(hop.port));
        let directory = &self.world.directory;
        let Presented { from, headers } =
            trunk.present(search.calling, &uri, search.domain, directory);
        let device = Target {
            party: format!("{name}/{number}"),
            line: None,
            rules: trunk.media.clone(),
            seat: Some(Arc::new(seat)),
            permit,
            login: trunk.login.clone(),
            uri: uri.clone(),
            from,
            to: NameAddr::new(uri),
            hop,
            routes: Vec::new(),
            headers,
        };
        Ok(Targets { devices: vec![device], timeout: self.settings.ring_timeout })
    }

    /// Counts a call through a trunk that is there and has room. Who calls for help goes out anyway.
    fn seat_on_trunk(&self, trunk: &Trunk, allowed: Allowed<'_>) -> Result<Seat, Refusal> {
        let (occupancy, name) = (&self.world.occupancy, &trunk.name);
        match allowed {
            Allowed::Emergency => return Ok(occupancy.take_trunk_for_help(trunk)),
            Allowed::Right { .. } => {}
        }
        if self.world.trunks.is_down(name) {
            let reason = Some(format!("Trunk {name} is down"));
            return Err(Refusal { reason, ..Refusal::of(Cause::Unavailable) });
        }
        occupancy.take_trunk(self.now.instant, trunk).map_err(|full| {
            let reason = Some(format!("Trunk {name} has {full}"));
            Refusal { reason, ..Refusal::of(Cause::Busy) }
        })
    }

    /// Whether a contact leads back to one of our own listeners.
    fn is_ours(&self, hop: &Destination) -> bool {
        let listeners = &self.settings.endpoint.listeners;
        listeners.iter().any(|it| {
            it.transport == hop.transport
                && it.advertised.port() == hop.port
                && hop.host.ip() == Some(it.advertised.ip())
        })
    }

    /// The domain's name as the device knows it: one that registered with an address which stands
    /// for the domain could not look the name up when it calls back.
    fn host_of(&self, domain: &Domain, hop: &Destination) -> Host {
        let local = hop.local.map(|it| it.ip());
        match local {
            Some(ip)
                if self.world.directory.domain_names.get(&ip.to_string()) == Some(&domain.id) =>
            {
                Host::Ip(ip)
            }
            Some(_) | None => domain.host(),
        }
    }
}

impl Calling {
    fn address(&self, host: Host) -> NameAddr {
        let uri = Uri::sip(Some(&self.number), host, None);
        NameAddr { display: self.display.clone(), ..NameAddr::new(uri) }
    }
}

/// Adds devices to those that are rung, each once: somebody may be signed in at a phone whose own number
/// is rung, too.
pub(crate) fn add_devices(to: &mut Vec<Target>, found: Vec<Target>) {
    for device in found {
        if !to.iter().any(|it| it.uri == device.uri && it.hop == device.hop) {
            to.push(device);
        }
    }
}

/// Asks a device to answer by itself, in the ways that phones know: `Alert-Info` and the
/// `answer-after` of `Call-Info` (RFC 3261 sections 20.4 and 20.9). The address means nothing.
fn auto_answer(domain: &Domain) -> Vec<Header> {
    let Domain { name, .. } = domain;
    let header = |name, value: String| Header { name, value: value.into() };
    vec![
        header(HeaderName::AlertInfo, format!("<http://{name}/>;info=alert-autoanswer;delay=0")),
        header(HeaderName::CallInfo, format!("<sip:{name}>;answer-after=0")),
    ]
}
