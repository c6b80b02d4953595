//! Dialplans: which call goes where.
//!
//! A plan is a list of rules read from TOML files. [`load`] checks everything and reports every
//! mistake at once, with file, line and key; [`Plans::route`] finds the first rule that matches a
//! call, in the order of the files and within them, and says what to do. What no rule matches is
//! refused; a call from a trunk is matched only by rules that name the trunk. The language is
//! described in `dialplans/README.md`.

mod braces;
mod check;
mod explain;
mod mistake;
mod number;
mod pattern;
mod read;
mod rule;
mod table;
mod template;

pub use explain::{Explanation, Finding, Judgement};
pub use mistake::{Mistake, NumberMistake, SoundKind, TomlType};

use crate::{
    call::{CONFERENCE_PROMPTS, SUPERVISION_PROMPTS, VOICEMAIL_PROMPTS},
    settings::prompt_file,
    speech::Language,
};
use media::{PartyMode, progress::ProgressTone};
use rule::{Rule, Verdict};
use std::{collections::BTreeSet, fmt};

/// All rules of all files, checked. Immutable: a change is a new load, swapped whole.
#[derive(Debug, Default)]
pub struct Plans {
    rules: Vec<Rule>,
}

/// What plans may refer to.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Names of the trunks.
    pub trunks: BTreeSet<String>,
    /// Names of the prompt files that can be played.
    pub prompts: BTreeSet<String>,
    /// Names of the hold music.
    pub music: BTreeSet<String>,
}

/// One mistake in a plan.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlanError {
    /// File name as given to [`load`].
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Path of the key, for example `rule[3].match.number`; empty for a mistake in the TOML itself.
    pub key: String,
    /// What is wrong.
    pub mistake: Mistake,
}

/// A call that wants to know where to go.
#[derive(Clone, Copy, Debug)]
pub struct RouteQuery<'a> {
    /// Name of the domain that the call belongs to, in lower case.
    pub domain: &'a str,
    /// Who calls.
    pub from: Caller<'a>,
    /// The user part of the Request-URI, unescaped.
    pub dialled: &'a str,
}

/// Who calls, as we have authenticated them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Caller<'a> {
    /// An extension of the domain.
    Extension(&'a str),
    /// A trunk.
    Trunk(&'a str),
}

/// Where a call goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Routing<'a> {
    /// Name of the rule that decided; `None` if none matched and the call is refused for that.
    pub rule: Option<&'a str>,
    /// What to do.
    pub action: Action,
    /// Whether the call is recorded from its answer on.
    pub is_recorded: bool,
}

/// What to do with a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// Ring all contacts of an extension of the caller's domain. Whether it exists is the
    /// caller's to find out.
    DialUser {
        /// Its number.
        number: String,
    },
    /// Send the call out through a trunk, which exists.
    DialTrunk {
        /// Its name.
        trunk: String,
        /// The number to ask for.
        number: String,
    },
    /// Answer and play a part ourselves.
    Builtin(Builtin),
    /// Answer and bring the caller into a conference.
    Conference(ConferencePlan),
    /// Let the caller, if it may, hear the conversation of an extension of its domain.
    Supervise {
        /// The extension's number.
        number: String,
        /// In which the caller is spoken to: a folder of prompts.
        language: Language,
    },
    /// Let the caller leave a message for an extension of its domain. Whether it exists is the
    /// caller's to find out.
    LeaveMessage {
        /// The extension's number.
        number: String,
        /// In which the caller is spoken to: a folder of prompts.
        language: Language,
    },
    /// Let the caller, an extension, hear the messages that were left for it.
    HearMessages {
        /// In which the caller is spoken to: a folder of prompts.
        language: Language,
    },
    /// Refuse.
    Refuse {
        /// SIP status, 400 to 699.
        status: u16,
        /// Reason phrase.
        reason: String,
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
    /// Answer, play a file, hang up.
    Prompt {
        /// Name of the file, one of [`Known::prompts`].
        file: String,
    },
    /// Answer and play hold music until the caller hangs up.
    Music {
        /// Its name, one of [`Known::music`].
        name: String,
    },
}

/// A conference room as a plan describes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConferencePlan {
    /// Its name within the domain: who is given the same name meets.
    pub room: String,
    /// Digits that let a caller in; `None` for everybody.
    pub pin: Option<String>,
    /// Digits that let a caller in as a moderator.
    pub moderator_pin: Option<String>,
    /// Most parties.
    pub parties_max: usize,
    /// In which callers are spoken to.
    pub language: Language,
    /// What a party hears while it is alone, one of [`Known::music`].
    pub music: Option<String>,
    /// Whether the room hears it when somebody comes or leaves.
    pub has_chimes: bool,
    /// Whether callers are asked for their names, which the room hears then.
    pub announces: bool,
    /// How a party takes part when it comes in.
    pub mode: PartyMode,
    /// Whether the room is recorded as a whole, from its beginning on.
    pub is_recorded: bool,
}

impl ConferencePlan {
    /// So many digits are a whole PIN, whichever is meant.
    pub(crate) fn longest_pin(&self) -> usize {
        let pins = [&self.pin, &self.moderator_pin];
        pins.into_iter().flatten().map(String::len).max().unwrap_or(0)
    }
}

/// A rule that names a trunk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RuleOfTrunk<'a> {
    /// Name of its file.
    pub file: &'a str,
    /// Where it begins, from 1.
    pub line: usize,
    /// Its own name.
    pub name: &'a str,
}

/// The prompts that a conference in a language needs, as [`Known::prompts`] names them.
pub fn conference_prompts(language: Language) -> impl Iterator<Item = String> {
    CONFERENCE_PROMPTS.iter().map(move |name| prompt_file(language, name))
}

/// The prompts that supervision in a language needs, as [`Known::prompts`] names them.
pub fn supervision_prompts(language: Language) -> impl Iterator<Item = String> {
    SUPERVISION_PROMPTS.iter().map(move |name| prompt_file(language, name))
}

/// The prompts that voicemail in a language needs, as [`Known::prompts`] names them.
pub fn voicemail_prompts(language: Language) -> impl Iterator<Item = String> {
    VOICEMAIL_PROMPTS.iter().map(move |name| prompt_file(language, name))
}

/// Reads plans, `(file name, text)` each, in the order in which their rules are to be tried, and
/// runs the examples written in them.
pub fn load(files: &[(&str, &str)], known: &Known) -> Result<Plans, Vec<PlanError>> {
    let mut plans = Plans::default();
    let (mut examples, mut errors) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let (file, complaints) = read::read(name, text, known);
        plans.rules.extend(file.rules);
        examples.extend(file.examples);
        errors.extend(complaints);
    }
    errors.extend(check::rules(&plans.rules));
    // With a rule missing, examples would fail for no reason of their own.
    if errors.is_empty() {
        errors = check::examples(&plans, &examples);
    }
    if errors.is_empty() { Ok(plans) } else { Err(errors) }
}

impl Plans {
    /// Decides where a call goes.
    pub fn route(&self, call: &RouteQuery<'_>) -> Routing<'_> {
        let Some(number) = number::normalise(call.dialled) else { return no_number() };
        let decide = |rule: &Rule| match rule.judge(call, &number) {
            Verdict::Matches { captures, .. } => Some(rule.action(&number, &captures)),
            Verdict::OtherNumber | Verdict::OtherCaller | Verdict::OtherDomain => None,
        };
        self.rules
            .iter()
            .find_map(|rule| {
                let (action, is_recorded) = (decide(rule)?, rule.is_recorded);
                Some(Routing { rule: Some(&rule.name), action, is_recorded })
            })
            .unwrap_or_else(no_rule)
    }

    /// The rules that let calls of a trunk in or send calls out through it.
    pub fn rules_of_trunk(&self, name: &str) -> Vec<RuleOfTrunk<'_>> {
        let rules = self.rules.iter().filter(|it| it.names_trunk(name));
        rules
            .map(|Rule { name, place, .. }| RuleOfTrunk {
                file: &place.file,
                line: place.line,
                name,
            })
            .collect()
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is no rule, so that every call is refused.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

/// As an example expects it: `user 1001`, `trunk provider 74951234567`, `echo`, `tone`,
/// `tone busy`, `prompt welcome.wav`, `music default`, `conference 3000`, `supervise 1001`,
/// `message 1001`, `messages`, `refuse 501`.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DialUser { number } => write!(f, "user {number}"),
            Self::DialTrunk { trunk, number } => write!(f, "trunk {trunk} {number}"),
            Self::Builtin(Builtin::Echo) => f.write_str("echo"),
            Self::Builtin(Builtin::Tone { .. }) => f.write_str("tone"),
            Self::Builtin(Builtin::Progress(tone)) => write!(f, "tone {}", tone.name()),
            Self::Builtin(Builtin::Prompt { file }) => write!(f, "prompt {file}"),
            Self::Builtin(Builtin::Music { name }) => write!(f, "music {name}"),
            Self::Conference(plan) => write!(f, "conference {}", plan.room),
            Self::Supervise { number, .. } => write!(f, "supervise {number}"),
            Self::LeaveMessage { number, .. } => write!(f, "message {number}"),
            Self::HearMessages { .. } => f.write_str("messages"),
            Self::Refuse { status, .. } => write!(f, "refuse {status}"),
        }
    }
}

/// `file:line: key: mistake`.
impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}", self.mistake)
    }
}

impl std::error::Error for PlanError {}

/// As `from` is written in plans: a number, or `trunk:NAME`.
impl fmt::Display for Caller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extension(number) => f.write_str(number),
            Self::Trunk(name) => write!(f, "trunk:{name}"),
        }
    }
}

impl<'a> Caller<'a> {
    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &'a str) -> Self {
        read::trunk_name(text).map_or(Self::Extension(text), Self::Trunk)
    }
}

fn no_rule<'a>() -> Routing<'a> {
    refused(404, "No rule for this number")
}

fn no_number<'a>() -> Routing<'a> {
    refused(404, "Not a number")
}

fn refused<'a>(status: u16, reason: &str) -> Routing<'a> {
    let action = Action::Refuse { status, reason: reason.to_owned() };
    Routing { rule: None, action, is_recorded: false }
}
