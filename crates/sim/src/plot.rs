//! How a city is laid out: the directory, the dialplan and the settings of its switch.

use crate::network::Quality;
use base::{DomainId, ExtensionId, Rng, UnixMillis, UserId};
use call::{
    Directory, Domain, Extension, Settings, Sounds, Trunk, TrunkLink,
    dialplan::{self, Known, Plans},
    outbound::{LineOutbound, Notation, OutboundClass, OutboundRules},
    speech::Language,
};
use media::{
    Family,
    codec::Rate,
    progress::ProgressTones,
    sound::{Music, PieceOrder, Sound},
};
use sip::{
    Destination, FlowId, Host, Transport, auth::AuthPolicy, bindings::BindingPolicy, digest::Ha1,
    endpoint::EndpointConfig, transport::Listener,
};
use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

/// The domain of everybody but the neighbours.
pub const DOMAIN: &str = "demo.tandem.test";

/// Another domain with the same numbers and the same plan; the trunks are not its own.
pub const NEIGHBOUR: &str = "other.tandem.test";

/// What stands in the simulated dialplan.
const PLAN: &str = r#"
domain = "demo.tandem.test"

[[rule]]
name = "colleagues"
match = { number = "1001-1018" }
steps = [{ dial = { user = "{number}" } }]

[[rule]]
name = "kept"
match = { number = "5{who}" }
record = true
steps = [{ dial = { user = "{who}" } }]

[[rule]]
name = "echo"
match = { number = "9196" }
steps = [{ echo = {} }]

[[rule]]
name = "welcome"
match = { number = "9198" }
steps = [{ play = { file = "welcome.wav" } }]

[[rule]]
name = "music"
match = { number = "9664" }
steps = [{ music = { name = "default" } }]

[[rule]]
name = "conferences"
match = { number = "3000-3009" }
steps = [{ conference = { room = "{number}", parties_max = 3, music = "default" } }]

[[rule]]
name = "conference-with-names"
match = { number = "3200" }
steps = [{ conference = { room = "3200", parties_max = 3, names = true, agc = true } }]

[[rule]]
name = "conference-that-is-recorded"
match = { number = "3300" }
steps = [{ conference = { room = "3300", record = true } }]

[[rule]]
name = "conference-with-pin"
match = { number = "3100" }
steps = [{ conference = { room = "3100", pin = "1234", moderator_pin = "4321" } }]

[[rule]]
name = "conference-with-pin-for-outside"
match = { from = "trunk:provider", number = "74950003100" }
steps = [{ conference = { room = "3100", pin = "1234", moderator_pin = "4321" } }]

[[rule]]
name = "supervise"
match = { number = "*44{who}" }
steps = [{ supervise = { number = "{who}" } }]

[[rule]]
name = "messages"
match = { number = "*97" }
steps = [{ hear_messages = {} }]

[[rule]]
name = "colleagues-with-mailboxes"
match = { number = "*96{who}" }
steps = [{ dial = { user = "{who}", timeout_s = 10 } }, { leave_message = { number = "{who}" } }]

[[rule]]
name = "leave-message"
match = { number = "*98{who}" }
steps = [{ leave_message = { number = "{who}" } }]

[[rule]]
name = "menu"
match = { number = "6500" }
steps = [
    { play = { file = "welcome.wav" } },
    { menu = { say = { file = "welcome.wav" }, keys = { 1 = [{ dial = { user = "1002" } }] }, failed = [
        { refuse = { status = 480, reason = "No choice" } },
    ] } },
]

[[rule]]
name = "asked"
match = { number = "6503" }
steps = [
    { http = { url = "https://crm.example/of/{caller}", post = { dialled = "{number}" }, timeout_s = 3,
        into = { who = "/who" }, failed = [{ set = { who = "1003" } }] } },
    { dial = { user = "{who}" } },
]

[[rule]]
name = "sign-in"
match = { number = "*11{own}" }
steps = [{ goto = "sign-in-pin" }]

[[rule]]
name = "sign-in-anybody"
match = { number = "*11" }
steps = [
    { collect = { say = { file = "welcome.wav" }, into = "own", digits_max = 6 } },
    { goto = "sign-in-pin" },
]

[[block]]
name = "sign-in-pin"
steps = [
    { collect = { say = { file = "welcome.wav" }, into = "pin", digits_max = 8, failed = [{ hang_up = {} }] } },
    { sign_in = { number = "{own}", pin = "{pin}", wrong = [{ goto = "sign-in-pin" }], locked = [
        { refuse = { status = 404, reason = "Locked out" } },
    ], refused = [
        { refuse = { status = 403, reason = "Not allowed" } },
    ], failed = [{ hang_up = {} }] } },
    { play = { file = "welcome.wav" } },
]

[[rule]]
name = "sign-out"
match = { number = "*12" }
steps = [{ sign_out = {} }, { play = { file = "welcome.wav" } }]

[[rule]]
name = "announced"
match = { number = "6501" }
steps = [
    { play = { file = "welcome.wav" } },
    { dial = { user = "1002", on = { busy = [{ play = { file = "welcome.wav" } }] } } },
]

[[rule]]
name = "by-number"
match = { number = "6502" }
steps = [
    { collect = { say = { file = "welcome.wav" }, into = "who", digits_max = 6 } },
    { dial = { user = "{who}" } },
]

[[rule]]
name = "group"
match = { number = "6000" }
steps = [{ dial = { users = ["1001", "1002", "1003"] } }]

[[rule]]
name = "in-turn"
match = { number = "6001" }
steps = [{ dial = { users = ["1002", "1003", "1004"], in_turn = true, timeout_s = 10 } }]

[[rule]]
name = "group-with-mailbox"
match = { number = "6002" }
steps = [
    { dial = { users = ["1002", "1003"], timeout_s = 20 } },
    { leave_message = { number = "1002" } },
]

[[rule]]
name = "park"
match = { number = "700" }
steps = [{ park = { slots = "701-703", timeout_s = 60 } }]

[[rule]]
name = "fetch"
match = { number = "701-720" }
steps = [{ fetch = { slot = "{number}" } }]

[[rule]]
name = "do-not-disturb"
match = { number = "*78" }
steps = [{ do_not_disturb = { on = true } }, { play = { file = "welcome.wav" } }]

[[rule]]
name = "disturb"
match = { number = "*79" }
steps = [{ do_not_disturb = { on = false } }, { play = { file = "welcome.wav" } }]

[[rule]]
name = "call-waiting"
match = { number = "*70" }
steps = [{ call_waiting = { on = true } }, { play = { file = "welcome.wav" } }]

[[rule]]
name = "no-call-waiting"
match = { number = "*71" }
steps = [{ call_waiting = { on = false } }, { play = { file = "welcome.wav" } }]

[[rule]]
name = "pick-up-in-group"
match = { number = "*8" }
steps = [{ pickup = { users = ["1001", "1002", "1003"] } }]

[[rule]]
name = "pick-up"
match = { number = "*8{who}" }
steps = [{ pickup = { users = "{who}" } }]

[[rule]]
name = "forward"
match = { number = "*72{to}" }
steps = [{ forward = { to = "{to}" } }, { play = { file = "welcome.wav" } }]

[[rule]]
name = "forward-no-more"
match = { number = "*73" }
steps = [{ forward = {} }, { play = { file = "welcome.wav" } }]

[[rule]]
name = "forward-busy"
match = { number = "*90{to}" }
steps = [{ forward = { when = "busy", to = "{to}" } }]

[[rule]]
name = "forward-no-answer"
match = { number = "*92{to}" }
steps = [{ forward = { when = "no_answer", to = "{to}" } }]

[[rule]]
name = "forward-offline"
match = { number = "*94{to}" }
steps = [{ forward = { when = "offline", to = "{to}" } }]

[[rule]]
name = "intercom"
match = { number = "7000{who}" }
steps = [{ dial = { user = "{who}", intercom = true } }]

[[rule]]
name = "redial"
match = { number = "*66" }
steps = [
    { recent = { of = "dialled", into = "last", none = [{ refuse = { status = 404, reason = "None" } }] } },
    { transfer = { number = "{last}" } },
]

[[rule]]
name = "call-back"
match = { number = "*69" }
steps = [
    { recent = { of = "caller", into = "last" } },
    { branch = { value = "{last}", cases = { "" = [{ play = { file = "welcome.wav" } }] } } },
    { transfer = { number = "{last}" } },
]

[[rule]]
name = "page"
match = { number = "7999" }
steps = [
    { page = { extensions = ["1001", "1002", "1003", "1004"], timeout_s = 5, limit_s = 60 } },
    { branch = { value = "{outcome}", cases = { busy = [{ play = { file = "welcome.wav" } }] } } },
]

[[rule]]
name = "codes"
match = { number = "7100{who}" }
steps = [{ dial = { user = "{who}", codes = ["record", "transfer", "consult"] } }]

[[rule]]
name = "one-code"
match = { number = "7200{who}" }
steps = [{ dial = { user = "{who}", codes = "record" } }]

[[rule]]
name = "recorded-with-a-code"
match = { number = "7300{who}" }
record = true
steps = [{ dial = { user = "{who}", codes = "record" } }]

[[rule]]
name = "queue"
match = { number = "4000" }
steps = [{ queue = { name = "4000" } }]

[[rule]]
name = "recorded-from-here"
match = { number = "7500{who}" }
steps = [
    { play = { file = "welcome.wav" } },
    { record = true },
    { dial = { user = "{who}", on = { busy = [{ record = false }, { music = { name = "default" } }] } } },
]

[[rule]]
name = "recorded-from-the-answer"
match = { number = "7600{who}" }
steps = [{ record = true }, { dial = { user = "{who}" } }]

# Calls back go out as callers' numbers are written.
[[rule]]
name = "out-international"
match = { number = "+7{rest}" }
steps = [{ dial = { trunk = "provider", number = "8{rest}" } }]

[[rule]]
name = "out-for-help"
match = { number = "112" }
steps = [{ dial = { trunk = "provider", number = "112" } }]

[[rule]]
name = "out-by-backup"
match = { number = "0{rest}" }
steps = [{ dial = { trunk = "backup", number = "{rest}" } }]

[[rule]]
name = "out"
match = { number = "9{rest}" }
steps = [{ dial = { trunk = "provider", number = "{rest}" } }]

[[rule]]
name = "out-cheaply"
match = { number = "6{rest:11}" }
steps = [{ dial = { trunks = ["provider", "backup"], number = "{rest}", choice = "least_cost" } }]

[[rule]]
name = "colleague-or-else-out"
match = { number = "6600" }
steps = [{ dial = { user = "1002" } }, { dial = { trunk = "provider", number = "4951234567" } }]

[[rule]]
name = "out-by-either"
match = { number = "8{rest}" }
steps = [{ dial = { trunks = ["provider", "backup"], number = "{rest}", timeout_s = 20, on = {
    busy = [{ play = { file = "welcome.wav" } }],
} } }]

[[rule]]
name = "in-and-out-again"
match = { from = "trunk:provider", number = "74950000100" }
steps = [{ dial = { trunk = "backup", number = "4951234567" } }]

[[rule]]
name = "in-and-out-again-for-1001"
match = { from = "trunk:provider", number = "74950000201" }
steps = [{ dial = { trunk = "backup", number = "4951234567", as = "1001" } }]

[[rule]]
name = "in-and-out-again-for-1002"
match = { from = "trunk:provider", number = "74950000202" }
steps = [{ dial = { trunk = "backup", number = "4951234567", as = "1002" } }]

[[rule]]
name = "in"
match = { from = "trunk:provider", number = "7495000000{n=1-8}" }
steps = [{ dial = { user = "100{n}" } }]

[[rule]]
name = "in-to-a-group"
match = { from = "trunk:provider", number = "74950006000" }
steps = [{ dial = { users = ["1001", "1002", "1003"] } }]

[[rule]]
name = "in-with-mailbox"
match = { from = "trunk:provider", number = "7495000960{n=1-8}" }
steps = [{ dial = { user = "100{n}" } }, { leave_message = { number = "100{n}" } }]

[[rule]]
name = "in-or-else"
match = { from = "trunk:provider", number = "74950009401" }
steps = [{ dial = { user = "1001", on = { refused = [{ play = { file = "welcome.wav" } }] } } }]

[[rule]]
name = "in-by-backup"
match = { from = "trunk:backup", number = "74957654321" }
steps = [{ dial = { user = "1001" } }]

[[rule]]
name = "in-by-backup-directly"
match = { from = "trunk:backup", number = "7496000000{n=1-8}" }
steps = [{ dial = { user = "100{n}" } }]

[[rule]]
name = "in-to-group"
match = { from = "trunk:provider", number = "74950000060" }
steps = [{ dial = { users = ["1001", "1003"] } }]

[[rule]]
name = "in-to-mailbox"
match = { from = "trunk:provider", number = "74950000098" }
steps = [{ leave_message = { number = "1001" } }]

[[rule]]
name = "in-with-codes"
match = { from = "trunk:provider", number = "74950000097" }
steps = [{ dial = { user = "1001", codes = "record" } }]
"#;

/// The extension of somebody who may supervise.
pub const SUPERVISOR: &str = "1010";
/// Another one.
pub const SUPERVISOR_TOO: &str = "1011";

/// UDP's flow of the switch.
pub(crate) const UDP_FLOW: FlowId = FlowId(1);

/// How a city is laid out.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Signalling shards.
    pub shards: u8,
    /// Media workers.
    pub workers: u8,
    /// Ports of each worker.
    pub ports: usize,
    /// The network.
    pub quality: Quality,
    /// No RTP for this long ends a call.
    pub rtp_timeout: Option<Duration>,
    /// Longest call.
    pub call_duration_max: Duration,
    /// Most calls at a time on a shard.
    pub calls_max: usize,
    /// Most calls at a time, by number.
    pub limits: HashMap<String, u32>,
    /// How long a callee rings, in seconds.
    pub ring_timeout_s: u32,
    /// Further names of the domain.
    pub aliases: Vec<String>,
    /// Whether parties on hold hear music, or what the holder sends.
    pub has_hold_music: bool,
    /// Whether those who are recorded hear a tone that tells them so.
    pub has_recording_tone: bool,
    /// Whether two go on when whoever brought them together leaves.
    pub others_stay: bool,
    /// Domains: [`DOMAIN`], and if there are two, [`NEIGHBOUR`].
    pub domains: u8,
}

impl Default for Plot {
    fn default() -> Self {
        Self {
            shards: 1,
            workers: 2,
            ports: 512,
            quality: Quality::GOOD,
            rtp_timeout: Some(Duration::from_secs(60)),
            call_duration_max: Duration::from_secs(4 * 3600),
            calls_max: 1000,
            limits: HashMap::new(),
            ring_timeout_s: 30,
            aliases: Vec::new(),
            has_hold_music: false,
            has_recording_tone: false,
            others_stay: true,
            domains: 1,
        }
    }
}

/// The address of the switch, for signalling.
pub fn switch() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 5060))
}

pub(crate) fn policy() -> BindingPolicy {
    BindingPolicy::default()
}

pub(crate) fn settings(shard: u8, plot: &Plot) -> Settings {
    let listener = |transport, flow| Listener { transport, advertised: switch(), flow };
    Settings {
        shard,
        shards: plot.shards,
        media_workers: plot.workers,
        families: vec![Family::V4],
        lease_batch: 64,
        calls_max: plot.calls_max,
        call_duration_max: plot.call_duration_max,
        ring_timeout: Duration::from_secs(30),
        rtp_timeout: plot.rtp_timeout,
        has_recording_tone: plot.has_recording_tone,
        others_stay: plot.others_stay,
        message_max: Duration::from_secs(180),
        message_min: Duration::from_secs(2),
        loop_secret: 7,
        retry_after_s: 5,
        auth: AuthPolicy::default(),
        endpoint: EndpointConfig {
            shard,
            product: "Tandem".to_owned(),
            listeners: vec![
                listener(Transport::Udp, Some(UDP_FLOW)),
                listener(Transport::Tcp, None),
            ],
            transactions_max: 10_000,
        },
    }
}

pub(crate) fn directory(rng: &mut Rng, plot: &Plot) -> Directory {
    let mut directory = Directory::default();
    let domain = settle(&mut directory, rng, plot, DOMAIN, "demo");
    directory.domain_names.insert("10.0.0.1".to_owned(), domain);
    for alias in &plot.aliases {
        directory.domain_names.insert(alias.clone(), domain);
    }
    for (name, address) in [("provider", provider()), ("backup", backup())] {
        directory.trunks.insert(name.to_owned(), trunk(domain, name, address));
    }
    directory.outbound = outbound();
    if plot.domains > 1 {
        settle(&mut directory, rng, plot, NEIGHBOUR, "other");
    }
    directory
}

/// A domain with its extensions, whose passwords begin with `secret`.
fn settle(
    directory: &mut Directory,
    rng: &mut Rng,
    plot: &Plot,
    name: &str,
    secret: &str,
) -> DomainId {
    let now = UnixMillis(0);
    let domain = Domain { id: DomainId::new(now, rng), name: name.to_owned() };
    let id = domain.id;
    directory.domain_names.insert(name.to_owned(), id);
    directory.domains.insert(id, domain);
    for number in (1001..=1018).map(|it: u32| it.to_string()) {
        let extension = Extension {
            id: ExtensionId::new(now, rng),
            domain: id,
            display_name: format!("Phone {number}"),
            ha1: Ha1::of_password(&number, name, &format!("{secret}-{number}")),
            calls_max: plot.limits.get(&number).copied(),
            ring_timeout_s: plot.ring_timeout_s,
            user: None,
            media: call::MediaRules::default(),
            features: call::features::Features::default(),
            may_sign_in: true,
            outbound: LineOutbound {
                classes: ["national".to_owned()].into(),
                ..LineOutbound::default()
            },
            number: number.clone(),
        };
        directory.extensions.insert((id, number), extension);
    }
    let supervisor = UserId::new(now, rng);
    for number in [SUPERVISOR, SUPERVISOR_TOO] {
        if let Some(line) = directory.extensions.get_mut(&(id, number.to_owned())) {
            line.user = Some(supervisor);
        }
    }
    directory.supervisors.insert(supervisor);
    id
}

/// Everybody may call what is not abroad.
fn outbound() -> OutboundRules {
    let classes = [("national", ""), ("international", "+")].map(|(name, prefix)| OutboundClass {
        name: name.to_owned(),
        prefixes: vec![prefix.to_owned()],
        ..OutboundClass::default()
    });
    let notation = Notation { international: vec!["00".to_owned()], national: None };
    OutboundRules::new(notation, ["112".to_owned()], &["+882".to_owned()], classes.into())
}

/// A directory that can be changed.
pub(crate) fn copy(directory: &Directory) -> Directory {
    let Directory { domains, domain_names, extensions, trunks, supervisors, .. } = directory;
    let Directory { outbound, callers, trunk_logins, workplaces, .. } = directory;
    Directory {
        domains: domains.clone(),
        domain_names: domain_names.clone(),
        extensions: extensions.clone(),
        trunks: trunks.clone(),
        supervisors: supervisors.clone(),
        outbound: outbound.clone(),
        callers: callers.clone(),
        trunk_logins: trunk_logins.clone(),
        workplaces: workplaces.clone(),
    }
}

/// The address of the carrier.
pub fn provider() -> SocketAddr {
    SocketAddr::from(([10, 2, 0, 1], 5070))
}

/// The address of another carrier.
pub fn backup() -> SocketAddr {
    SocketAddr::from(([10, 2, 0, 2], 5070))
}

fn trunk(domain: DomainId, name: &str, address: SocketAddr) -> Trunk {
    Trunk {
        domain,
        link: TrunkLink {
            name: name.to_owned(),
            destination: Destination {
                transport: Transport::Udp,
                host: Host::from(address.ip()),
                port: address.port(),
                flow: Some(UDP_FLOW),
                local: Some(switch()),
            },
            sources: vec![address.ip()],
            source_port: None,
            inbound_login: None,
            login: None,
            limits: call::TrunkLimits::default(),
            health_interval: None,
            registration: None,
            media: call::MediaRules::default(),
            numbers: call::TrunkNumbers::default(),
            rates: call::Rates::default(),
        },
    }
}

pub(crate) fn plans(plot: &Plot) -> Arc<Plans> {
    let known = Known {
        trunks: ["provider", "backup"].map(str::to_owned).into(),
        prompts: dialplan::conference_prompts(Language::Russian)
            .chain(dialplan::supervision_prompts(Language::Russian))
            .chain(dialplan::voicemail_prompts(Language::Russian))
            .chain(["welcome.wav".to_owned()])
            .collect(),
        music: ["default".to_owned()].into(),
    };
    // A rule's name is there once in all plans.
    let neighbours = PLAN.replace(DOMAIN, NEIGHBOUR).replace("\nname = \"", "\nname = \"their-");
    let all = [("city.toml", PLAN), ("neighbours.toml", neighbours.as_str())];
    let plans = if plot.domains > 1 { &all[..] } else { &all[..1] };
    dialplan::load(plans, &known).expect("the plan is right")
}

/// What can be played; with hold music or without.
pub(crate) fn sounds(plot: &Plot) -> Sounds {
    let welcome = Sound::new(Rate::Narrow, [0; 8000]);
    let piece = Sound::new(Music::RATE, [1; 320]);
    let music = Music::new("default", [piece], PieceOrder::Listed).map(Arc::new);
    Sounds {
        prompts: [("welcome.wav".to_owned(), welcome)].into(),
        music: music.iter().map(|it| (it.name().to_owned(), Arc::clone(it))).collect(),
        hold: music.filter(|_| plot.has_hold_music),
        tones: ProgressTones::default(),
    }
}
