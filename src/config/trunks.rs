//! `[[trunk]]`, and what makes a trunk right wherever it is written: in the file or in the panel.

use super::{Problems, Protocol, Secret, secret};
use call::{
    Codecs, CodecsError, DtmfMode, MediaRules, Rates, TrunkLimits, TrunkNumbers,
    dialplan::NumberRules,
    directory::{Login, TrunkLink, TrunkRegistration},
};
use serde::{Deserialize, Serialize};
use sip::{Destination, Host};
use std::{
    collections::HashSet,
    fmt,
    net::IpAddr,
    ops::{Deref, RangeInclusive},
    time::Duration,
};

/// The link to a carrier that the calls of a domain use, as it is written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trunk {
    /// Name of the domain.
    pub domain: String,
    /// All else.
    pub link: TrunkLink,
}

impl Deref for Trunk {
    type Target = TrunkLink;

    fn deref(&self) -> &TrunkLink {
        &self.link
    }
}

/// A trunk as somebody writes it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TrunkText {
    /// Its name in dialplans.
    pub name: String,
    /// `HOST:PORT/udp` or `HOST:PORT/tcp`.
    pub destination: String,
    /// Addresses.
    pub sources: Vec<String>,
    /// 1 to 65535; `None` for any.
    pub source_port: Option<i64>,
    /// User that it knows us as; empty if it knows us by our address.
    pub user: String,
    /// Of that user.
    pub password: Option<Secret>,
    /// The one realm that these are for; empty for any.
    pub realm: String,
    /// For how long we register with it, in seconds; `None` if we do not.
    pub register_expires_s: Option<i64>,
    /// Where registration goes if the destination does not take it, written like that.
    pub register_fallbacks: Vec<String>,
    /// Most calls at a time, both directions together; `None` for no limit.
    pub channels_max: Option<i64>,
    /// Most new calls a second, both directions together; `None` for no limit.
    pub cps_max: Option<i64>,
    /// How often it is asked whether it is there, in seconds; `None` for never.
    pub health_interval_s: Option<i64>,
    /// How keys come from it and go to it: the name of a [`DtmfMode`]; empty for the usual.
    pub dtmf: String,
    /// Names of the codecs that it may use, the preferred first; empty for all.
    pub codecs: Vec<String>,
    /// Rules for numbers that are called through it, as [`NumberRules`] are written.
    pub called_out: Vec<String>,
    /// The same for numbers that it calls.
    pub called_in: Vec<String>,
    /// The same for numbers of those who call through it.
    pub caller_out: Vec<String>,
    /// The same for numbers of those who call from it.
    pub caller_in: Vec<String>,
    /// The number that it sees of lines without one of their own; empty for the line's.
    pub caller_default: String,
    /// Whether it is told who calls and who had the call before, also of who wants to be unknown.
    pub asserts_callers: bool,
    /// What calls through it cost, as [`Rates`] are written.
    pub rates: Vec<String>,
}

/// What is wrong with one field of a trunk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrunkMistake {
    /// Which: `name`, `sources[1]`.
    pub field: String,
    /// For programs.
    pub code: &'static str,
    /// What is wrong and what to write instead, in Russian.
    pub ru: String,
    /// The same in English.
    pub en: String,
}

impl fmt::Display for TrunkMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

impl TrunkText {
    /// The trunk of a domain, or all that is wrong with it alone; see [`Trunk::rival`] for others.
    pub fn check(mut self, domain: &str) -> Result<Trunk, Vec<TrunkMistake>> {
        let mut mistakes = Vec::new();
        if !is_name(&self.name) {
            mistakes.push(mistake(
                "name",
                "malformed",
                "Напишите имя до 64 знаков из букв, цифр, '-', '_' и '.': так его зовут диалпланы",
                "write a name of up to 64 letters, digits, '-', '_' and '.': dialplans call it by \
                 that",
            ));
        }
        let destination = parse_destination(&self.destination);
        if destination.is_none() {
            mistakes.push(destination_mistake(&self.destination));
        }
        let sources = check_sources(&self.sources, &mut mistakes);
        let source_port = self.source_port.map(|it| u16::try_from(it).unwrap_or(0));
        if source_port == Some(0) {
            let written = self.source_port.unwrap_or_default();
            mistakes.push(mistake(
                "source_port",
                "out_of_range",
                format!("{written} — не порт: оставьте пустым, если порт любой"),
                format!("{written} is no port: leave it out for any"),
            ));
        }
        let login = self.check_login(&mut mistakes);
        let registration = self.check_registration(login.is_some(), &mut mistakes);
        let limits = TrunkLimits {
            channels_max: check_number(
                "channels_max",
                self.channels_max,
                1..=CHANNELS_MAX,
                &mut mistakes,
            ),
            cps_max: check_number("cps_max", self.cps_max, 1..=CPS_MAX, &mut mistakes),
        };
        let health_interval_s = check_number(
            "health_interval_s",
            self.health_interval_s,
            HEALTH_INTERVAL_S,
            &mut mistakes,
        );
        let media = MediaRules {
            dtmf: check_dtmf(&self.dtmf, &mut mistakes),
            codecs: check_codecs(&self.codecs, &mut mistakes),
            // That of its domain.
            hold_music: None,
        };
        let numbers = self.check_numbers(&mut mistakes);
        let rates = check_rates(&self.rates, &mut mistakes);
        match destination {
            Some(destination) if mistakes.is_empty() => {
                let domain = domain.to_ascii_lowercase();
                let health_interval = health_interval_s.map(|it| Duration::from_secs(it.into()));
                let name = self.name;
                let link = TrunkLink {
                    name,
                    destination,
                    sources,
                    source_port,
                    login,
                    limits,
                    health_interval,
                    registration,
                    media,
                    numbers,
                    rates,
                };
                Ok(Trunk { domain, link })
            }
            Some(_) | None => Err(mistakes),
        }
    }

    fn check_numbers(&self, mistakes: &mut Vec<TrunkMistake>) -> TrunkNumbers {
        let caller_default = Some(self.caller_default.clone()).filter(|it| !it.is_empty());
        if caller_default.as_deref().is_some_and(|it| !is_caller_number(it)) {
            mistakes.push(mistake(
                "caller_default",
                "malformed",
                "Напишите до 32 цифр, впереди может быть +",
                "write up to 32 digits, perhaps after a +",
            ));
        }
        TrunkNumbers {
            called_out: check_rules("called_out", &self.called_out, mistakes),
            called_in: check_rules("called_in", &self.called_in, mistakes),
            caller_out: check_rules("caller_out", &self.caller_out, mistakes),
            caller_in: check_rules("caller_in", &self.caller_in, mistakes),
            caller_default,
            asserts_callers: self.asserts_callers,
        }
    }

    fn check_registration(
        &self,
        has_login: bool,
        mistakes: &mut Vec<TrunkMistake>,
    ) -> Option<TrunkRegistration> {
        let (field, written) = ("register_expires_s", self.register_expires_s);
        let expires_s = check_number(field, written, REGISTER_EXPIRES_S, mistakes);
        if written.is_some() && !has_login && !mistakes.iter().any(|it| is_of_login(&it.field)) {
            mistakes.push(mistake(
                "user",
                "required",
                "Напишите пользователя и пароль, с которыми регистрироваться",
                "write the user and the password to register with",
            ));
        }
        if self.register_fallbacks.len() > FALLBACKS_MAX {
            mistakes.push(mistake(
                "register_fallbacks",
                "too_many",
                format!("Не больше {FALLBACKS_MAX} адресов"),
                format!("more than {FALLBACKS_MAX} destinations: write fewer"),
            ));
        }
        if written.is_none() && !self.register_fallbacks.is_empty() {
            mistakes.push(mistake(
                "register_expires_s",
                "required",
                "Напишите, на сколько регистрироваться, или не указывайте запасные адреса",
                "write how long to register for, or leave the fallbacks out",
            ));
        }
        let mut fallbacks = Vec::with_capacity(self.register_fallbacks.len());
        for (n, text) in self.register_fallbacks.iter().enumerate() {
            match parse_destination(text.trim()) {
                Some(destination) => fallbacks.push(destination),
                None => mistakes.push(TrunkMistake {
                    field: format!("register_fallbacks[{n}]"),
                    ..destination_mistake(text)
                }),
            }
        }
        expires_s.map(|expires_s| TrunkRegistration { expires_s, fallbacks })
    }

    fn check_login(&mut self, mistakes: &mut Vec<TrunkMistake>) -> Option<Login> {
        let password = self.password.take().filter(|it| !it.expose().is_empty());
        let is_text = |it: &str| it.chars().count() <= LOGIN_CHARS_MAX && !has_control(it);
        for (field, text) in [("user", &self.user), ("realm", &self.realm)] {
            if !is_text(text) {
                mistakes.push(too_long(field));
            }
        }
        match (self.user.is_empty(), password) {
            (false, Some(password)) if is_text(password.expose()) => Some(Login {
                username: std::mem::take(&mut self.user),
                password: password.expose().to_owned(),
                realm: Some(std::mem::take(&mut self.realm)).filter(|it| !it.is_empty()),
            }),
            (false, Some(_)) => {
                mistakes.push(too_long("password"));
                None
            }
            (false, None) => {
                mistakes.push(mistake(
                    "password",
                    "required",
                    "Напишите пароль этого пользователя или не указывайте пользователя",
                    "write the password of that user, or leave the user out",
                ));
                None
            }
            (true, None) if self.realm.is_empty() => None,
            (true, _) => {
                mistakes.push(mistake(
                    "user",
                    "required",
                    "Напишите пользователя, для которого это указано",
                    "write the user that this is for",
                ));
                None
            }
        }
    }
}

impl Trunk {
    /// As it would be written.
    pub fn text(&self) -> TrunkText {
        TrunkText {
            name: self.name.clone(),
            destination: written_destination(&self.destination),
            sources: self.sources.iter().map(ToString::to_string).collect(),
            source_port: self.source_port.map(i64::from),
            user: self.login.as_ref().map(|it| it.username.clone()).unwrap_or_default(),
            password: self.login.as_ref().map(|it| Secret::new(&it.password)),
            realm: self.login.as_ref().and_then(|it| it.realm.clone()).unwrap_or_default(),
            register_expires_s: self.registration.as_ref().map(|it| it.expires_s.into()),
            register_fallbacks: self
                .registration
                .iter()
                .flat_map(|it| it.fallbacks.iter().map(written_destination))
                .collect(),
            channels_max: self.limits.channels_max.map(i64::from),
            cps_max: self.limits.cps_max.map(i64::from),
            health_interval_s: self.health_interval.and_then(|it| i64::try_from(it.as_secs()).ok()),
            dtmf: self.media.dtmf.name().to_owned(),
            codecs: self.media.codecs.names().to_vec(),
            called_out: self.numbers.called_out.texts(),
            called_in: self.numbers.called_in.texts(),
            caller_out: self.numbers.caller_out.texts(),
            caller_in: self.numbers.caller_in.texts(),
            caller_default: self.numbers.caller_default.clone().unwrap_or_default(),
            asserts_callers: self.numbers.asserts_callers,
            rates: self.rates.texts(),
        }
    }

    /// The one of `others` whose requests could not be told from this one's.
    pub fn rival<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> Option<&'a Self> {
        others.into_iter().find(|other| {
            let shares_port = match (self.source_port, other.source_port) {
                (Some(own), Some(theirs)) => own == theirs,
                (None, _) | (_, None) => true,
            };
            shares_port && self.sources.iter().any(|ip| other.sources.contains(ip))
        })
    }

    /// What to tell about a [`Self::rival`]; without its name, where that is nobody's business.
    pub fn rivalry(name: Option<&str>) -> TrunkMistake {
        let (ru, en) = match name {
            Some(name) => (format!("транком {name:?}"), format!("trunk {name:?}")),
            None => ("другим транком".to_owned(), "another trunk".to_owned()),
        };
        mistake(
            "sources",
            "shared",
            format!("Адрес общий с {ru}: задайте каждому source_port или уберите один"),
            format!("an address is shared with {en}: give each a source_port, or remove one"),
        )
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    name: String,
    domain: String,
    destination: String,
    sources: Vec<String>,
    source_port: Option<i64>,
    user: String,
    #[serde(serialize_with = "secret::masked")]
    password: Option<secret::Raw>,
    realm: String,
    register_expires_s: Option<i64>,
    register_fallbacks: Vec<String>,
    channels_max: Option<i64>,
    cps_max: Option<i64>,
    health_interval_s: Option<i64>,
    dtmf: String,
    codecs: Vec<String>,
    called_out: Vec<String>,
    called_in: Vec<String>,
    caller_out: Vec<String>,
    caller_in: Vec<String>,
    caller_default: String,
    asserts_callers: bool,
    rates: Vec<String>,
}

/// Checks each alone and all against each other.
pub(super) fn check_all(raw: Vec<Raw>, problems: &mut Problems) -> Vec<Trunk> {
    let mut names = HashSet::new();
    let mut trunks = Vec::with_capacity(raw.len());
    for (n, raw) in raw.into_iter().enumerate() {
        let path = format!("trunk[{n}]");
        if !raw.name.is_empty() && !names.insert(raw.name.clone()) {
            problems
                .add(format!("{path}.name"), format!("{:?} is there twice: rename one", raw.name));
        }
        let Some(trunk) = raw.check(&path, problems) else { continue };
        if let Some(rival) = trunk.rival(&trunks) {
            let mistake = Trunk::rivalry(Some(&rival.name));
            problems.add(format!("{path}.{}", mistake.field), mistake.en);
        }
        trunks.push(trunk);
    }
    trunks
}

impl Raw {
    fn check(self, path: &str, problems: &mut Problems) -> Option<Trunk> {
        let Self { name, domain, destination, sources, source_port, user, realm, .. } = self;
        let Self { register_expires_s, register_fallbacks, channels_max, cps_max, .. } = self;
        let Self { health_interval_s, dtmf, codecs, called_out, called_in, .. } = self;
        let Self { caller_out, caller_in, caller_default, asserts_callers, rates, .. } = self;
        let mut is_unreadable = false;
        let password = self.password.and_then(|it| {
            let read = it.read().map_err(|problem| {
                is_unreadable = true;
                problems.add(format!("{path}.password"), problem);
            });
            read.ok()
        });
        if is_unreadable {
            // Whether the rest is right shows when it can be read.
            return None;
        }
        if domain.is_empty() {
            problems.add(format!("{path}.domain"), "write the name of the domain that it serves");
        }
        let text = TrunkText {
            name,
            destination,
            sources,
            source_port,
            user,
            password,
            realm,
            register_expires_s,
            register_fallbacks,
            channels_max,
            cps_max,
            health_interval_s,
            dtmf,
            codecs,
            called_out,
            called_in,
            caller_out,
            caller_in,
            caller_default,
            asserts_callers,
            rates,
        };
        match text.check(&domain) {
            Ok(trunk) => Some(trunk),
            Err(mistakes) => {
                for mistake in mistakes {
                    problems.add(format!("{path}.{}", mistake.field), mistake.en);
                }
                None
            }
        }
    }
}

fn destination_mistake(written: &str) -> TrunkMistake {
    let (ru, en) = if written.is_empty() {
        (
            "Напишите HOST:PORT/udp или HOST:PORT/tcp".to_owned(),
            "write HOST:PORT/udp or HOST:PORT/tcp".to_owned(),
        )
    } else {
        (
            format!("{written:?} — не HOST:PORT/udp и не HOST:PORT/tcp: напишите"),
            format!("{written:?} is not HOST:PORT/udp or HOST:PORT/tcp: write it"),
        )
    };
    mistake(
        "destination",
        "malformed",
        format!("{ru}, например \"{EXAMPLE}\""),
        format!("{en}, for example \"{EXAMPLE}\""),
    )
}

fn check_sources(written: &[String], mistakes: &mut Vec<TrunkMistake>) -> Vec<IpAddr> {
    if written.len() > SOURCES_MAX {
        mistakes.push(mistake(
            "sources",
            "too_many",
            format!("Не больше {SOURCES_MAX} адресов"),
            format!("more than {SOURCES_MAX} addresses: write fewer"),
        ));
    }
    let mut sources = Vec::with_capacity(written.len());
    for (n, text) in written.iter().enumerate() {
        match text.trim().parse::<IpAddr>() {
            Ok(ip) => sources.push(ip.to_canonical()),
            Err(_) => mistakes.push(mistake(
                format!("sources[{n}]"),
                "malformed",
                format!("{text:?} — не адрес: напишите, например, \"192.0.2.1\""),
                format!("{text:?} is no address: write it as \"192.0.2.1\" or \"2001:db8::1\""),
            )),
        }
    }
    sources
}

fn check_number(
    field: &'static str,
    written: Option<i64>,
    range: RangeInclusive<u32>,
    mistakes: &mut Vec<TrunkMistake>,
) -> Option<u32> {
    let written = written?;
    let number = u32::try_from(written).ok().filter(|it| range.contains(it));
    if number.is_none() {
        let (first, last) = range.into_inner();
        mistakes.push(mistake(
            field,
            "out_of_range",
            format!("Напишите число от {first} до {last} или оставьте пустым"),
            format!("write a number from {first} to {last}, or leave it out"),
        ));
    }
    number
}

fn is_of_login(field: &str) -> bool {
    matches!(field, "user" | "password" | "realm")
}

fn too_long(field: &'static str) -> TrunkMistake {
    mistake(
        field,
        "malformed",
        format!("Напишите не больше {LOGIN_CHARS_MAX} знаков в одну строку"),
        format!("write at most {LOGIN_CHARS_MAX} characters on one line"),
    )
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

fn check_dtmf(written: &str, mistakes: &mut Vec<TrunkMistake>) -> DtmfMode {
    if written.is_empty() {
        return DtmfMode::default();
    }
    DtmfMode::named(written).unwrap_or_else(|| {
        let known = DtmfMode::ALL.map(DtmfMode::name).join(", ");
        mistakes.push(mistake(
            "dtmf",
            "unknown",
            format!("{written:?} — не способ передачи тонов: напишите один из {known}"),
            format!("{written:?} is no way for keys: write one of {known}"),
        ));
        DtmfMode::default()
    })
}

fn check_rules(
    field: &'static str,
    written: &[String],
    mistakes: &mut Vec<TrunkMistake>,
) -> NumberRules {
    if written.len() > NUMBER_RULES_MAX {
        mistakes.push(mistake(
            field,
            "too_many",
            format!("Не больше {NUMBER_RULES_MAX} правил"),
            format!("more than {NUMBER_RULES_MAX} rules: write fewer"),
        ));
    }
    NumberRules::parse(written).unwrap_or_else(|(n, error)| {
        let text = &written[n];
        mistakes.push(mistake(
            format!("{field}[{n}]"),
            "malformed",
            format!("{text:?} — не правило: напишите, например, \"8{{rest:10}} -> +7{{rest}}\""),
            format!("{text:?}: {error}"),
        ));
        NumberRules::default()
    })
}

fn check_rates(written: &[String], mistakes: &mut Vec<TrunkMistake>) -> Rates {
    if written.len() > RATES_MAX {
        mistakes.push(mistake(
            "rates",
            "too_many",
            format!("Не больше {RATES_MAX} тарифов"),
            format!("more than {RATES_MAX} rates: write fewer"),
        ));
    }
    Rates::parse(written).unwrap_or_else(|n| {
        let text = &written[n];
        mistakes.push(mistake(
            format!("rates[{n}]"),
            "malformed",
            format!("{text:?} — не тариф: напишите начало номера и цену минуты, \"+7495 0.85\""),
            format!("{text:?} is no rate: write a prefix and a price a minute, \"+7495 0.85\""),
        ));
        Rates::default()
    })
}

/// Whether trunks can be shown it as the number of a caller.
pub fn is_caller_number(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    (1..=CALLER_DIGITS_MAX).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit())
}

fn check_codecs(written: &[String], mistakes: &mut Vec<TrunkMistake>) -> Codecs {
    Codecs::parse(written).unwrap_or_else(|error| {
        let (code, ru) = codecs_mistake(&error);
        mistakes.push(mistake("codecs", code, ru, error.to_string()));
        Codecs::default()
    })
}

/// What is wrong with codecs: for programs, and in Russian.
pub fn codecs_mistake(error: &CodecsError) -> (&'static str, String) {
    match error {
        CodecsError::Unknown { name } => {
            let known = Codecs::KNOWN.join(", ");
            ("unknown", format!("{name:?} — не кодек: напишите что-нибудь из {known}"))
        }
        CodecsError::Repeated { name } => {
            ("repeated", format!("{name} указан дважды: напишите его один раз"))
        }
    }
}

fn mistake(
    field: impl Into<String>,
    code: &'static str,
    ru: impl Into<String>,
    en: impl Into<String>,
) -> TrunkMistake {
    TrunkMistake { field: field.into(), code, ru: ru.into(), en: en.into() }
}

fn is_name(text: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&text.chars().count())
        && text.chars().all(|it| it.is_alphanumeric() || "-_.".contains(it))
}

fn parse_destination(text: &str) -> Option<Destination> {
    let (address, protocol) = text.rsplit_once('/')?;
    let (host, port) = address.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    Some(Destination {
        transport: protocol.parse::<Protocol>().ok()?.transport(),
        host: parse_host(host)?,
        port: (port > 0).then_some(port)?,
        flow: None,
        local: None,
    })
}

fn parse_host(text: &str) -> Option<Host> {
    if let Some(ipv6) = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        return ipv6.parse().ok().map(|ip| Host::Ip(IpAddr::V6(ip)));
    }
    if let Ok(ip) = text.parse() {
        return Some(Host::Ip(IpAddr::V4(ip)));
    }
    let is_name = (1..=HOST_BYTES_MAX).contains(&text.len())
        && text.chars().all(|it| it.is_ascii_alphanumeric() || it == '-' || it == '.');
    is_name.then(|| Host::Name(text.to_owned().into()))
}

/// What [`parse_destination`] reads.
fn written_destination(destination: &Destination) -> String {
    let Destination { transport, host, port, .. } = destination;
    match host {
        Host::Ip(IpAddr::V6(ip)) => format!("[{ip}]:{port}/{transport}"),
        Host::Ip(IpAddr::V4(ip)) => format!("{ip}:{port}/{transport}"),
        Host::Name(name) => format!("{}:{port}/{transport}", String::from_utf8_lossy(name)),
    }
}

/// A destination as it is written.
const EXAMPLE: &str = "sip.provider.example:5060/udp";

const NAME_CHARS_MAX: usize = 64;

const LOGIN_CHARS_MAX: usize = 256;

/// A registrar that wants less says so; a day is long enough to notice that we are gone.
const REGISTER_EXPIRES_S: RangeInclusive<u32> = 60..=86_400;

const FALLBACKS_MAX: usize = 8;

/// Each is compared with the number of each call.
const NUMBER_RULES_MAX: usize = 64;

/// Each is compared with the number of each call that looks for the cheapest way.
const RATES_MAX: usize = 10_000;

const CALLER_DIGITS_MAX: usize = 32;

/// More than one server carries.
const CHANNELS_MAX: u32 = 100_000;

/// As many instants are kept a trunk.
const CPS_MAX: u32 = 10_000;

/// More often is a nuisance to the carrier, more seldom tells too late.
const HEALTH_INTERVAL_S: RangeInclusive<u32> = 5..=3_600;

/// RFC 1035 section 2.3.4.
const HOST_BYTES_MAX: usize = 255;

/// A carrier has a handful; each is compared with that of every first request.
const SOURCES_MAX: usize = 64;
