//! Who exists: domains, extensions and trunks as an immutable snapshot, and where they are now.

use crate::{
    cdr::Line,
    features::Features,
    occupancy::TrunkLimits,
    outbound::{LineOutbound, OutboundRules},
    rules::MediaRules,
    screening::CallerLists,
    trunks::{Rates, TrunkNumbers},
    workplaces::Workplaces,
};
use base::{DomainId, ExtensionId, UserId};
use bytes::Bytes;
pub use sip::digest::{Ha1, Login};
use sip::{Destination, Host, NameAddr, Uri};
use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, SocketAddr},
    ops::{Deref, DerefMut},
    time::Duration,
};

/// A snapshot of everything that the call logic must know by heart. Built by the shell from the
/// database and the configuration, swapped whole.
#[derive(Debug, Default)]
pub struct Directory {
    /// By id.
    pub domains: HashMap<DomainId, Domain>,
    /// Lower-case name or alias (`demo.tandem.test`, `127.0.0.1`, `::1`) to domain.
    pub domain_names: HashMap<String, DomainId>,
    /// By domain and number.
    pub extensions: HashMap<(DomainId, String), Extension>,
    /// By name.
    pub trunks: HashMap<String, Trunk>,
    /// Who may hear the calls of others and speak in them.
    pub supervisors: HashSet<UserId>,
    /// Which numbers of the world outside may be called by whom.
    pub outbound: OutboundRules,
    /// Whom domains and lines take calls from outside from.
    pub callers: CallerLists,
    /// Trunks that sign in; see [`Self::index_trunk_logins`].
    pub trunk_logins: TrunkLogins,
    /// Who is signed in at whose phones.
    pub workplaces: Workplaces,
}

/// A tenant.
#[derive(Clone, Debug)]
pub struct Domain {
    /// Id.
    pub id: DomainId,
    /// Its name: the digest realm and the host part of its addresses of record.
    pub name: String,
}

impl Domain {
    /// Its name, as addresses have it.
    pub(crate) fn host(&self) -> Host {
        Host::Name(Bytes::from(self.name.clone()))
    }
}

/// A number with credentials.
#[derive(Clone, Debug)]
pub struct Extension {
    /// Id.
    pub id: ExtensionId,
    /// Domain.
    pub domain: DomainId,
    /// The number, which is also the SIP user name.
    pub number: String,
    /// Shown to those it calls.
    pub display_name: String,
    /// Digest secrets: `H(user:realm:password)` with the domain's name as realm.
    pub ha1: Ha1,
    /// Most calls at a time in which it is a party; `None` for no limit.
    pub calls_max: Option<u32>,
    /// How long it rings before the call counts as not answered, in seconds.
    pub ring_timeout_s: u32,
    /// Who sits there.
    pub user: Option<UserId>,
    /// What is set for its devices.
    pub media: MediaRules,
    /// What becomes of calls to it.
    pub features: Features,
    /// What it may call outside, and what is seen of it there.
    pub outbound: LineOutbound,
    /// Whether it may sign in at phones of other extensions.
    pub may_sign_in: bool,
}

impl Extension {
    /// What a leg keeps of it whose device is a phone of `phone`.
    pub(crate) fn line_at(&self, phone: &Self) -> Line {
        let workplace = (phone.id != self.id).then(|| phone.number.clone());
        Line { id: self.id, name: self.display_name.clone(), user: self.user, workplace }
    }

    /// What is set for its media at a phone of `phone`: keys and codecs are the device's matter, and
    /// what those hear whom it puts on hold is its own.
    pub(crate) fn rules_at(&self, phone: &Self) -> MediaRules {
        MediaRules { hold_music: self.media.hold_music.clone(), ..phone.media.clone() }
    }
}

/// The link to a carrier that the calls of a domain use.
#[derive(Clone, Debug)]
pub struct Trunk {
    /// The domain.
    pub domain: DomainId,
    /// All else.
    pub link: TrunkLink,
}

impl Deref for Trunk {
    type Target = TrunkLink;

    fn deref(&self) -> &TrunkLink {
        &self.link
    }
}

impl DerefMut for Trunk {
    fn deref_mut(&mut self) -> &mut TrunkLink {
        &mut self.link
    }
}

/// A link to a carrier, known by its address or by what it signs its requests with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrunkLink {
    /// Its name in dialplans.
    pub name: String,
    /// Where calls go out.
    pub destination: Destination,
    /// Requests from these addresses are this trunk's; empty if it only takes calls, or signs in.
    pub sources: Vec<IpAddr>,
    /// Port that they must come from, where trunks or phones share an address.
    pub source_port: Option<u16>,
    /// What it signs its requests with, challenged in the domain's realm; `None` if its address is
    /// enough. Without sources they may come from anywhere.
    pub inbound_login: Option<Login>,
    /// What answers its challenges; `None` if it knows us by our address.
    pub login: Option<Login>,
    /// How many calls it may carry.
    pub limits: TrunkLimits,
    /// How often it is asked by OPTIONS whether it is there; `None` for never.
    pub health_interval: Option<Duration>,
    /// How we register with it; `None` if we do not. Needs a login.
    pub registration: Option<TrunkRegistration>,
    /// What is set for what it sends and takes.
    pub media: MediaRules,
    /// How it writes numbers, and what it is told of callers.
    pub numbers: TrunkNumbers,
    /// What calls through it cost.
    pub rates: Rates,
}

/// How we register with a trunk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrunkRegistration {
    /// For how long it is asked for, in seconds.
    pub expires_s: u32,
    /// Where it goes, in order, if the trunk's destination does not take it.
    pub fallbacks: Vec<Destination>,
}

/// Trunks that sign in, by domain and user.
pub type TrunkLogins = HashMap<(DomainId, String), TrunkLogin>;

/// What a trunk is known by that signs in.
#[derive(Clone, Debug)]
pub struct TrunkLogin {
    /// Its name.
    pub trunk: String,
    /// Digest secrets with the domain's name as realm.
    pub ha1: Ha1,
}

impl Directory {
    /// Finds trunks by what they sign in with, once all domains, extensions and trunks are there. Gives
    /// the names of those which cannot sign in, since a line or another trunk is called the same: a
    /// line's name is always the line's.
    pub fn index_trunk_logins(&mut self) -> Vec<String> {
        let mut left_out = Vec::new();
        self.trunk_logins.clear();
        // Of two the one whose name comes first, in every run.
        let mut trunks: Vec<_> = self.trunks.values().collect();
        trunks.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        for trunk in trunks {
            let (Some(login), Some(domain)) =
                (&trunk.inbound_login, self.domains.get(&trunk.domain))
            else {
                continue;
            };
            let key = (domain.id, login.username.clone());
            if self.extensions.contains_key(&key) || self.trunk_logins.contains_key(&key) {
                left_out.push(trunk.name.clone());
                continue;
            }
            let ha1 = Ha1::of_password(&login.username, &domain.name, &login.password);
            self.trunk_logins.insert(key, TrunkLogin { trunk: trunk.name.clone(), ha1 });
        }
        left_out
    }

    /// The trunk of a domain that signs in as `user`, and its secrets.
    pub(crate) fn trunk_of_login(&self, domain: DomainId, user: &str) -> Option<(&Trunk, &Ha1)> {
        let login = self.trunk_logins.get(&(domain, user.to_owned()))?;
        Some((self.trunks.get(&login.trunk)?, &login.ha1))
    }

    /// The domain that a host part names; ports, case and IPv6 brackets do not matter.
    pub fn domain_of_host(&self, host: &str) -> Option<&Domain> {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        self.domain_names.get(&host).and_then(|id| self.domains.get(id))
    }

    /// The extension with this number.
    pub fn extension(&self, domain: DomainId, number: &str) -> Option<&Extension> {
        self.extensions.get(&(domain, number.to_owned()))
    }

    /// Whoever is signed in at the phones of an extension; without anybody, it is there itself.
    pub fn at_phone_of<'a>(&'a self, phone: &'a Extension) -> &'a Extension {
        let visitor = self.workplaces.visitor_at(phone.domain, &phone.number);
        visitor.and_then(|it| self.extension(phone.domain, it)).unwrap_or(phone)
    }

    /// The extensions at whose phones this one is reached: its own, and where it is signed in.
    pub fn phones_of<'a>(
        &'a self,
        extension: &'a Extension,
    ) -> impl Iterator<Item = &'a Extension> {
        let Extension { domain, number, .. } = extension;
        let place = self.workplaces.place_of(*domain, number);
        [extension].into_iter().chain(place.and_then(|it| self.extension(*domain, it)))
    }

    /// The trunk that owns a source address.
    pub fn trunk_of_source(&self, source: SocketAddr) -> Option<&Trunk> {
        self.trunks.values().find(|trunk| {
            trunk.sources.contains(&source.ip())
                && trunk.source_port.is_none_or(|port| port == source.port())
        })
    }
}

/// Where an extension can be reached now. The shell's is a shared snapshot of the registrar's
/// bindings; the simulator's is a map.
pub trait Locator: std::fmt::Debug + Send {
    /// The live contacts of an extension, highest q first.
    fn contacts(&self, domain: DomainId, number: &str) -> Vec<Contact>;
}

/// One reachable contact.
#[derive(Clone, Debug)]
pub struct Contact {
    /// The registered URI: becomes the Request-URI.
    pub uri: Uri,
    /// Next hop: the flow that the REGISTER came over.
    pub destination: Destination,
    /// Path headers of the registration, RFC 3327.
    pub path: Vec<NameAddr>,
    /// Preference in thousandths, 0 to 1000.
    pub q_per_mille: u16,
    /// What the device calls itself.
    pub user_agent: String,
}
