//! What a plan has a call do, and what it hears back.

use super::{ConferencePlan, Principal, code::Codes};
use crate::{
    features::LineVerdict,
    recents::RecentOf,
    speech::{ClockTime, Date, Language},
    voicemail::EnteredPin,
};
use media::progress::ProgressTone;
use std::fmt;

/// The next thing to do with a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// Answer the caller, if nobody has.
    Answer,
    /// Say something to the caller; answered with [`Outcome::Done`].
    Say(Speech),
    /// Say something and take keys; answered with [`Outcome::Keys`].
    Gather(Gather),
    /// Find the order in which trunks are tried, the cheapest first; answered with
    /// [`Outcome::Chosen`].
    Choose(Vec<DialTarget>),
    /// Ring somebody; answered with [`Outcome::Dialled`], unless the call is answered.
    Dial(Dial),
    /// Answer and play a part ourselves, until the caller hangs up.
    Builtin(Builtin),
    /// Answer and bring the caller into a conference.
    Conference(ConferencePlan),
    /// Let the caller, if it may, hear the conversation of an extension of its domain.
    Supervise {
        /// The extension's number.
        number: String,
        /// In which the caller is spoken to.
        language: Language,
    },
    /// Let the caller leave a message for an extension of its domain. Whether it exists is the
    /// caller's to find out.
    LeaveMessage {
        /// The extension's number.
        number: String,
        /// Why nobody talks to the caller.
        absence: Absence,
        /// In which the caller is spoken to.
        language: Language,
    },
    /// Let the caller, an extension, hear the messages that were left for it.
    HearMessages {
        /// In which the caller is spoken to.
        language: Language,
    },
    /// Let the caller wait in a queue.
    Queue {
        /// Its number.
        name: String,
        /// In which the caller is spoken to.
        language: Language,
    },
    /// Take an order for a call back by the agents of a queue.
    OrderCallback {
        /// The queue's number.
        queue: String,
        /// In which the caller is spoken to.
        language: Language,
    },
    /// Let many hear the caller, whose phones answer by themselves; answered with
    /// [`Outcome::Dialled`] if nobody is there.
    Page(PagePlan),
    /// Let the caller wait in a parking slot for somebody who fetches it.
    Park(ParkPlan),
    /// Connect the caller with whoever waits in a parking slot; answered with [`Outcome::Dialled`] if
    /// nobody does.
    Fetch {
        /// The slot.
        slot: u32,
    },
    /// Connect the caller with whoever calls one of these, who do not answer; answered with
    /// [`Outcome::Dialled`] if nobody calls them.
    PickUp {
        /// Numbers of extensions of the call's domain.
        users: Vec<String>,
    },
    /// Look up a last number of the caller's extension; answered with [`Outcome::Recent`].
    Recent(RecentOf),
    /// Change what becomes of calls to the extension that calls; answered with [`Outcome::Feature`].
    SetFeature(FeatureOrder),
    /// Let another extension sign in at the phone that calls; answered with [`Outcome::Feature`].
    SignIn {
        /// Its number.
        number: String,
        /// The PIN that was entered.
        pin: EnteredPin,
    },
    /// Let nobody be signed in at the phone that calls; answered with [`Outcome::Feature`].
    SignOut,
    /// Ask a web server something; answered with [`Outcome::Web`].
    Web(WebOrder),
    /// Record the call from now on, or no longer; answered with [`Outcome::Done`].
    Record(bool),
    /// Refuse, or hang up if the caller was answered.
    Refuse {
        /// SIP status, 400 to 699.
        status: u16,
        /// Reason phrase.
        reason: String,
    },
    /// Hang up in the usual way; who was not answered is refused as unavailable.
    HangUp,
}

/// Where callers are parked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParkPlan {
    /// The first slot.
    pub first: u32,
    /// The last one.
    pub last: u32,
    /// How long a caller waits before it goes back to whoever parked it, in seconds.
    pub timeout_s: u32,
}

/// Whom a caller speaks to at once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PagePlan {
    /// Numbers of extensions of the call's domain.
    pub extensions: Vec<String>,
    /// How long their phones may take to answer, in seconds.
    pub timeout_s: u32,
    /// How long the caller may speak, in seconds.
    pub limit_s: u32,
}

/// What an extension wants to become of calls to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FeatureOrder {
    /// Calls go to another number, in these cases.
    Forward {
        /// When.
        when: ForwardWhen,
        /// The number as it would be dialled from the extension; `None` for no longer.
        to: Option<String>,
    },
    /// Nobody is to be disturbed, or no longer.
    DoNotDisturb(bool),
    /// It is rung while it is in a call, or no longer.
    CallWaiting(bool),
}

/// A question to a web server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WebOrder {
    /// An `http` or `https` URL.
    pub url: String,
    /// Names and values that are posted as a JSON object; without any the URL is got.
    pub post: Vec<(String, String)>,
    /// How long the answer may take, in seconds.
    pub timeout_s: u32,
    /// What is taken from the answer.
    pub into: WebInto,
}

/// What is taken from a web server's answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum WebInto {
    /// All of it, as text, into this variable.
    Text(String),
    /// Values of a JSON document: variables, and where their values are (RFC 6901).
    Json(Vec<(String, String)>),
}

impl WebInto {
    /// The variables that it sets.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Text(name) => vec![name],
            Self::Json(parts) => parts.iter().map(|(name, _)| name.as_str()).collect(),
        }
    }
}

/// When a call is forwarded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ForwardWhen {
    /// Always.
    All,
    /// If the extension is busy.
    Busy,
    /// If it does not answer.
    NoAnswer,
    /// If no device of it is there.
    Offline,
}

/// Why somebody does not talk to a caller who may leave a message, as the caller is greeted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Absence {
    /// It does not answer, or no device of it is there.
    Unavailable,
    /// It talks already, or wants not to be disturbed.
    Busy,
}

impl Absence {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Unavailable, Self::Busy];

    /// As plans write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Busy => "busy",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// After how it ended to ring somebody.
    pub fn after(outcome: DialOutcome) -> Self {
        match outcome {
            DialOutcome::Busy => Self::Busy,
            DialOutcome::NoAnswer
            | DialOutcome::Offline
            | DialOutcome::Refused
            | DialOutcome::Failed => Self::Unavailable,
        }
    }
}

impl ForwardWhen {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::All, Self::Busy, Self::NoAnswer, Self::Offline];

    /// As plans write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Offline => "offline",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// Words for a caller.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Speech {
    /// In which language.
    pub language: Language,
    /// What, in order; may be empty.
    pub words: Vec<Spoken>,
}

/// One thing that is said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Spoken {
    /// A file, one of [`super::Known::prompts`], whatever the language.
    File(String),
    /// A prompt by its name in the folder of the language.
    Prompt(String),
    /// How many.
    Number(u64),
    /// Digit by digit.
    Digits(String),
    /// How much money, in hundredths.
    Money(i64),
    /// How long, in seconds.
    Duration(u64),
    /// Which day.
    Date(Date),
    /// Which time of the day.
    Time(ClockTime),
}

/// Keys that are asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Gather {
    /// What is said before, and cut off by the first key.
    pub speech: Speech,
    /// So many keys are enough.
    pub digits_max: usize,
    /// Whether `#` ends them; it is not one of them then.
    pub ends_with_hash: bool,
    /// How long the first key may take once everything is said, and each further one, in seconds.
    pub timeout_s: u32,
    /// What they are for, as a rehearsal shows it.
    pub what: &'static str,
}

/// Whom to ring.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dial {
    /// All at once; at least one.
    pub targets: Vec<DialTarget>,
    /// For how long, in seconds; `None` for as long as they are set to ring.
    pub timeout_s: Option<u32>,
    /// Whether their devices are asked to answer by themselves.
    pub is_intercom: bool,
    /// Whether they are members of a group, however many of it are rung now: one that does not want to
    /// be disturbed, or is forwarded, is left out then and takes nobody along.
    pub is_group: bool,
    /// What extensions may order by keys once they talk.
    pub codes: Codes,
    /// Whose rights a call out through a trunk needs.
    pub by: Principal,
}

/// Somebody to ring.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DialTarget {
    /// All contacts of an extension of the call's domain. Whether it exists is the caller's to find
    /// out.
    User(String),
    /// A number behind a trunk.
    Trunk {
        /// The trunk's name.
        trunk: String,
        /// The number to ask for.
        number: String,
    },
}

/// Endpoints that we play ourselves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Builtin {
    /// Everything that comes in goes back.
    Echo,
    /// A steady sine.
    Tone {
        /// Frequency, in Hz.
        hz: u16,
        /// Level, in dBm0.
        dbm0: i8,
    },
    /// A tone that tells how a call goes, as the country of the server has it.
    Progress(ProgressTone),
    /// Hold music.
    Music {
        /// Its name, one of [`super::Known::music`].
        name: String,
    },
}

/// What became of an action.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It is over.
    Done,
    /// The keys that were pressed; empty if none was.
    Keys(String),
    /// Nobody talks, as whoever was rung wants it or shows by silence.
    Dialled(DialOutcome),
    /// Nobody talks, as nobody was reached: another trunk may get further.
    NotReached(DialOutcome),
    /// What became of a change.
    Feature(LineVerdict),
    /// The number that was looked up, if there is one.
    Recent(Option<String>),
    /// The order in which trunks are tried.
    Chosen(Vec<DialTarget>),
    /// The variables that a web server's answer sets; `None` without an answer that can be used.
    Web(Option<Vec<(String, String)>>),
    /// Whoever was asked for something does not answer in time.
    NoReply,
}

/// How it ended to ring somebody.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum DialOutcome {
    /// Somebody talks already.
    Busy,
    /// Nobody answered in time.
    NoAnswer,
    /// No device is there.
    Offline,
    /// Somebody said no.
    Refused,
    /// There is no such number, or it could not be reached.
    Failed,
}

impl DialOutcome {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Busy, Self::NoAnswer, Self::Offline, Self::Refused, Self::Failed];

    /// As plans write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Offline => "offline",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// What it most likely means where nothing more is known: an example says no more.
    pub(super) fn told_alone(self) -> Outcome {
        match self {
            Self::Busy | Self::NoAnswer | Self::Refused => Outcome::Dialled(self),
            Self::Offline | Self::Failed => Outcome::NotReached(self),
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// As an example expects it: `user 1001`, `users 1001 1002`, `trunk provider 74951234567`, `answer`,
/// `say ivr-welcome`, `menu`, `collect`, `echo`, `tone`, `tone busy`, `music default`,
/// `conference 3000`, `supervise 1001`, `message 1001`, `messages`, `queue 4000`, `callback 4000`,
/// `page 1001 1002`, `park`, `web https://crm.example/route`, `fetch 701`, `pick up 1001`,
/// `recent caller`, `forward all 1002`, `do not disturb on`, `sign in 1001`, `sign out`, `record on`,
/// `refuse 501`, `hang up`.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer => f.write_str("answer"),
            Self::Say(speech) => write!(f, "say{speech}"),
            Self::Gather(gather) => f.write_str(gather.what),
            Self::Choose(trunks) => {
                f.write_str("least cost")?;
                trunks.iter().try_for_each(|it| write!(f, ", {it}"))
            }
            Self::Dial(dial) => dial.fmt(f),
            Self::Builtin(builtin) => builtin.fmt(f),
            Self::Conference(plan) => write!(f, "conference {}", plan.room),
            Self::Supervise { number, .. } => write!(f, "supervise {number}"),
            Self::LeaveMessage { number, .. } => write!(f, "message {number}"),
            Self::HearMessages { .. } => f.write_str("messages"),
            Self::Queue { name, .. } => write!(f, "queue {name}"),
            Self::OrderCallback { queue, .. } => write!(f, "callback {queue}"),
            Self::Page(plan) => write!(f, "page {}", plan.extensions.join(" ")),
            Self::Park(_) => f.write_str("park"),
            Self::Fetch { slot } => write!(f, "fetch {slot}"),
            Self::PickUp { users } => write!(f, "pick up {}", users.join(" ")),
            Self::Recent(of) => write!(f, "recent {}", of.name()),
            Self::SetFeature(order) => order.fmt(f),
            Self::SignIn { number, .. } => write!(f, "sign in {number}"),
            Self::SignOut => f.write_str("sign out"),
            Self::Web(order) => write!(f, "web {}", order.url),
            Self::Record(true) => f.write_str("record on"),
            Self::Record(false) => f.write_str("record off"),
            Self::Refuse { status, .. } => write!(f, "refuse {status}"),
            Self::HangUp => f.write_str("hang up"),
        }
    }
}

/// `forward all 1002`, `forward all off`, `do not disturb on`.
impl fmt::Display for FeatureOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forward { when, to } => {
                write!(f, "forward {} {}", when.name(), to.as_deref().unwrap_or("off"))
            }
            Self::DoNotDisturb(true) => f.write_str("do not disturb on"),
            Self::DoNotDisturb(false) => f.write_str("do not disturb off"),
            Self::CallWaiting(true) => f.write_str("call waiting on"),
            Self::CallWaiting(false) => f.write_str("call waiting off"),
        }
    }
}

impl fmt::Display for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.targets.as_slice() {
            [one] => one.fmt(f)?,
            many => {
                f.write_str("users")?;
                many.iter().try_for_each(|it| match it {
                    DialTarget::User(number) => write!(f, " {number}"),
                    DialTarget::Trunk { trunk, number } => write!(f, " {trunk}/{number}"),
                })?;
            }
        }
        if self.is_intercom {
            f.write_str(" intercom")?;
        }
        if self.codes.is_empty() { Ok(()) } else { write!(f, " codes{}", self.codes) }
    }
}

impl fmt::Display for DialTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(number) => write!(f, "user {number}"),
            Self::Trunk { trunk, number } => write!(f, "trunk {trunk} {number}"),
        }
    }
}

impl fmt::Display for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Echo => f.write_str("echo"),
            Self::Tone { .. } => f.write_str("tone"),
            Self::Progress(tone) => write!(f, "tone {}", tone.name()),
            Self::Music { name } => write!(f, "music {name}"),
        }
    }
}

/// Each word after a blank.
impl fmt::Display for Speech {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words.iter().try_for_each(|it| match it {
            Spoken::File(name) | Spoken::Prompt(name) => write!(f, " {name}"),
            Spoken::Number(number) => write!(f, " number {number}"),
            Spoken::Digits(digits) => write!(f, " digits {digits}"),
            Spoken::Money(hundredths) => write!(f, " money {hundredths}"),
            Spoken::Duration(seconds) => write!(f, " duration {seconds}"),
            Spoken::Date(_) => f.write_str(" date"),
            Spoken::Time(_) => f.write_str(" time"),
        })
    }
}
