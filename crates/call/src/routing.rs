//! From what was dialled to whom we ring.

use crate::{
    call::{Invitation, MailboxVisit, Plan, SupervisionOrder, Target, VisitPurpose},
    calls::Calls,
    conversations::Side,
    dialplan::{self, Action, Builtin, RouteQuery, Routing},
    directory::{Contact, Domain, Extension, Trunk},
    failure::{Cause, Refusal},
    gate::{Admitted, Caller},
    occupancy::Seat,
    speech::Language,
    voicemail::Mailbox,
};
use bytes::Bytes;
use media::Playout;
use sip::{Destination, Host, NameAddr, Status, Uri};
use std::time::Duration;

/// Who calls, as callees see it.
struct Calling<'a> {
    domain: &'a Domain,
    number: &'a str,
    display: Option<Bytes>,
}

impl Calls {
    /// Asks the dialplan and finds the devices; also says whether the call is to be recorded.
    pub(crate) fn route(
        &self,
        admitted: &Admitted<'_>,
        number: &str,
        display: Option<Bytes>,
        dialled: &str,
        seats: &mut Vec<Seat>,
    ) -> (Plan, bool) {
        let from = match admitted.caller {
            Caller::Extension(extension) => dialplan::Caller::Extension(&extension.number),
            Caller::Trunk(trunk) => dialplan::Caller::Trunk(&trunk.name),
        };
        let query = RouteQuery { domain: &admitted.domain.name, from, dialled };
        let calling = Calling { domain: admitted.domain, number, display };
        let Routing { action, is_recorded, .. } = self.world.plans.route(&query);
        let plan = match action {
            Action::DialUser { number } => self.ring_user(&calling, &number, seats),
            Action::DialTrunk { trunk, number } => self.ring_trunk(&calling, &trunk, &number),
            Action::Builtin(builtin) => self.play(builtin),
            Action::Conference(plan) => {
                let worker = self.core.ports.idlest_worker();
                let place = self.world.rooms.come(admitted.domain.id, plan.room.clone(), worker);
                Plan::Meet(Invitation { plan, place })
            }
            Action::Supervise { number, language } => {
                self.supervise(admitted, &number, language).unwrap_or_else(Plan::Refuse)
            }
            Action::LeaveMessage { number, language } => {
                match self.world.directory.extension(admitted.domain.id, &number) {
                    Some(owner) => visit(owner, language, VisitPurpose::Leave),
                    None => Plan::Refuse(Refusal::of(Cause::NotFound)),
                }
            }
            Action::HearMessages { language } => match admitted.caller.extension() {
                Some(owner) => visit(owner, language, VisitPurpose::Hear),
                None => {
                    let reason = Some("Only extensions have mailboxes".to_owned());
                    Plan::Refuse(Refusal { reason, ..Refusal::of(Cause::Refused) })
                }
            },
            Action::Refuse { status, reason } => {
                let cause = if status == 404 { Cause::NotFound } else { Cause::Refused };
                Plan::Refuse(Refusal { cause, status: Status(status), reason: Some(reason) })
            }
        };
        (plan, is_recorded)
    }

    /// Brings somebody who may into the conversation of an extension.
    fn supervise(
        &self,
        admitted: &Admitted<'_>,
        number: &str,
        language: Language,
    ) -> Result<Plan, Refusal> {
        let refuse = |cause, reason: String| Refusal { reason: Some(reason), ..Refusal::of(cause) };
        let caller = admitted.caller.extension().filter(|it| {
            it.user.is_some_and(|user| self.world.directory.supervisors.contains(&user))
        });
        let Some(caller) = caller else {
            return Err(refuse(Cause::Refused, "Only supervisors may hear calls".to_owned()));
        };
        let conversations = self.world.conversations.clone();
        let Some((conversation, side)) = conversations.of(admitted.domain.id, number) else {
            return Err(refuse(Cause::Unavailable, format!("{number} talks to nobody")));
        };
        let is_own = |side: &Side| side.extension.as_ref() == Some(&caller.number);
        if conversation.sides.iter().any(is_own) {
            return Err(refuse(Cause::Refused, "This is a call of your own".to_owned()));
        }
        Ok(Plan::Supervise(SupervisionOrder { conversation, side, language, conversations }))
    }

    fn ring_user(&self, calling: &Calling<'_>, number: &str, seats: &mut Vec<Seat>) -> Plan {
        let domain = calling.domain;
        let Some(extension) = self.world.directory.extension(domain.id, number) else {
            return Plan::Refuse(Refusal::of(Cause::NotFound));
        };
        let contacts = self.world.locator.contacts(domain.id, number);
        if contacts.is_empty() {
            let reason = Some(format!("No device of {number} is registered"));
            return Plan::Refuse(Refusal { reason, ..Refusal::of(Cause::Unavailable) });
        }
        let targets: Vec<_> = contacts
            .into_iter()
            .filter(|contact| !self.is_ours(&contact.destination))
            .map(|contact| self.device(calling, extension, contact))
            .collect();
        if targets.is_empty() {
            return Plan::Refuse(Refusal::of(Cause::Loop));
        }
        match self.world.occupancy.take(extension.id, extension.calls_max) {
            Some(seat) => seats.push(seat),
            None => return Plan::Refuse(Refusal::of(Cause::Busy)),
        }
        let timeout = Duration::from_secs(u64::from(extension.ring_timeout_s));
        Plan::Ring { targets, timeout }
    }

    fn device(&self, calling: &Calling<'_>, extension: &Extension, contact: Contact) -> Target {
        let host = self.host_of(calling.domain, &contact.destination);
        let number = extension.number.as_str();
        Target {
            party: number.to_owned(),
            line: Some(extension.line()),
            rules: extension.media.clone(),
            uri: contact.uri,
            from: calling.address(host.clone()),
            to: NameAddr::new(Uri::sip(Some(number), host, None)),
            hop: contact.destination,
            routes: contact.path,
        }
    }

    fn ring_trunk(&self, calling: &Calling<'_>, name: &str, number: &str) -> Plan {
        let trunk = self.world.directory.trunks.get(name);
        // A plan that names no domain must not lend one tenant's trunk to another.
        let Some(Trunk { destination: hop, media: rules, .. }) =
            trunk.filter(|trunk| trunk.domain == calling.domain.id)
        else {
            let reason = Some(format!("Trunk {name} is not configured"));
            return Plan::Refuse(Refusal { reason, ..Refusal::of(Cause::Unavailable) });
        };
        let uri = Uri::sip(Some(number), hop.host.clone(), Some(hop.port));
        let host = Host::Name(Bytes::from(calling.domain.name.clone()));
        let target = Target {
            party: format!("{name}/{number}"),
            line: None,
            rules: rules.clone(),
            uri: uri.clone(),
            from: calling.address(host),
            to: NameAddr::new(uri),
            hop: hop.clone(),
            routes: Vec::new(),
        };
        Plan::Ring { targets: vec![target], timeout: self.core.settings.ring_timeout }
    }

    fn play(&self, builtin: Builtin) -> Plan {
        let sounds = &self.world.sounds;
        let playout = match builtin {
            Builtin::Echo => Ok(Playout::Echo),
            Builtin::Tone { hz, dbm0 } => Ok(Playout::Tone { hz, dbm0 }),
            Builtin::Progress(tone) => Ok(Playout::Loop { sound: sounds.tones.tone(tone).clone() }),
            Builtin::Prompt { file } => match sounds.prompts.get(&file) {
                Some(sound) => Ok(Playout::Prompt { sound: sound.clone() }),
                None => Err(format!("Prompt {file} is missing")),
            },
            Builtin::Music { name } => match sounds.music.get(&name) {
                Some(music) => Ok(Playout::Music { music: music.clone() }),
                None => Err(format!("Music {name} is missing")),
            },
        };
        match playout {
            Ok(playout) => Plan::Play(playout),
            Err(reason) => {
                Plan::Refuse(Refusal { reason: Some(reason), ..Refusal::of(Cause::Internal) })
            }
        }
    }

    /// Whether a contact leads back to one of our own listeners.
    fn is_ours(&self, hop: &Destination) -> bool {
        let listeners = &self.core.settings.endpoint.listeners;
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
            Some(_) | None => Host::Name(Bytes::from(domain.name.clone())),
        }
    }
}

/// Brings a caller to the mailbox of an extension.
fn visit(owner: &Extension, language: Language, purpose: VisitPurpose) -> Plan {
    let Extension { id: extension, domain, .. } = *owner;
    let mailbox = Mailbox { domain, extension, number: owner.number.clone() };
    Plan::Visit(MailboxVisit { mailbox, language, purpose })
}

impl Calling<'_> {
    fn address(&self, host: Host) -> NameAddr {
        let uri = Uri::sip(Some(self.number), host, None);
        NameAddr { display: self.display.clone(), ..NameAddr::new(uri) }
    }
}
