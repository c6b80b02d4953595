//! What can be wrong with a plan.

use super::{Absence, CodeKind, DialOutcome, ForwardWhen, template::NUMBER};
use crate::{recents::RecentOf, speech::Language};
use media::progress::ProgressTone;
use toml::de::DeValue;

/// One kind of mistake for each thing that a writer of plans has to do differently. Displayed in
/// English: what is wrong and what was expected.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Mistake {
    /// The text is no TOML.
    #[error("{0}")]
    Toml(
        /// What the TOML parser says, in one line.
        String,
    ),
    /// A key has to be there.
    #[error("is missing")]
    Missing,
    /// A key has no meaning here.
    #[error("unknown key; expected one of `{}`", .expected.join("`, `"))]
    UnknownKey {
        /// Those that have.
        expected: Vec<&'static str>,
    },
    /// A value is of another type than its key takes.
    #[error("expected {}, found {}", .expected.with_article(), .found.name())]
    WrongType {
        /// What the key takes.
        expected: TomlType,
        /// What is there.
        found: TomlType,
    },
    /// A number is too small or too large.
    #[error("expected a number from {first} to {last}")]
    OutOfBounds {
        /// The smallest.
        first: i64,
        /// The largest.
        last: i64,
    },
    /// A list is empty.
    #[error("expected at least one")]
    NoneGiven,
    /// A text is blank, too long, or more than a line.
    #[error("expected one line of 1 to {bytes_max} bytes")]
    NotOneLine {
        /// How many are allowed.
        bytes_max: usize,
    },
    /// A step has no key or more than one.
    #[error("a step has exactly one key, its name; found {found}")]
    NotOneStepKey {
        /// How many it has.
        found: usize,
    },
    /// A `dial` says neither or both of whom to call and through what.
    #[error("expected either `user`, or `users`, or `trunk` or `trunks` with `number`")]
    DialTarget,
    /// A call to extensions is to go out in somebody's name.
    #[error("is of use only beside `trunk` or `trunks`: calls to extensions need no rights")]
    AsWithoutTrunk,
    /// In whose name a call goes out is no number, or depends on the call.
    #[error(
        "expected the number of an extension, without variables: callers must not choose whose rights count"
    )]
    NoExtension,
    /// How trunks are chosen is no choice, or there are none.
    #[error("expected \"in_order\" or \"least_cost\", beside `trunks` and without `in_turn`")]
    NoChoice,
    /// Something to say is nothing or more than one thing.
    #[error(
        "expected one thing to say: `prompt`, `file`, `number`, `digits`, `money`, `duration`, `date` or `time`"
    )]
    OneThingToSay,
    /// A `date` or `time` is another than the present one.
    #[error("expected \"now\"")]
    NotNow,
    /// Parking slots are no range of numbers.
    #[error("expected parking slots like \"701-720\", {slots_max} at most")]
    NoSlots {
        /// How many are allowed.
        slots_max: u32,
    },
    /// When calls are forwarded has no such name.
    #[error("expected when calls are forwarded: {}", ForwardWhen::ALL.map(ForwardWhen::name).join(", "))]
    NoForward,
    /// A greeting of a mailbox has no such name.
    #[error("expected which greeting is heard: {}", Absence::ALL.map(Absence::name).join(", "))]
    NoGreeting,
    /// What is to be asked is no URL, or whom to ask depends on the call.
    #[error(
        "expected a URL like \"https://crm.example/route?from={{caller}}\", without variables before its path"
    )]
    NoUrl,
    /// A place in a JSON document is not written as such.
    #[error("{found:?} is no JSON pointer; expected one like \"/client/name\"")]
    NoPointer {
        /// What is there.
        found: String,
    },
    /// A menu has a key that no telephone has.
    #[error("{found:?} is no key: expected one of 0 to 9, *, #")]
    NoKey {
        /// What is there.
        found: String,
    },
    /// How a dial ends has no such name.
    #[error("expected how a dial ends: {}", DialOutcome::ALL.map(DialOutcome::name).join(", "))]
    NoOutcome,
    /// A last number has no such name.
    #[error("expected whose number: {}", RecentOf::ALL.map(RecentOf::name).join(", "))]
    NoRecent,
    /// What keys may order has no such name.
    #[error("expected what keys may order: {}", CodeKind::ALL.map(CodeKind::name).join(", "))]
    NoCode,
    /// A variable has no name that can be written between braces, or one that is always set by us.
    #[error(
        "{found:?} cannot be set: expected a name of a-z, 0-9 and _ that is not `number`, `caller` or `outcome`"
    )]
    NoVariable {
        /// What is there.
        found: String,
    },
    /// A script cannot be read.
    #[error("is no script that can be run: {said}")]
    Script {
        /// What is wrong and where, the lines counted within the script.
        said: String,
    },
    /// A place on earth whose clocks count is not known.
    #[error("{found:?} is no time zone; expected one like \"Europe/Moscow\" or \"UTC\"")]
    NoZone {
        /// What is there.
        found: String,
    },
    /// Hours of the week are not written as such.
    #[error("{found:?} are no hours; expected them like \"mon-fri 09:00-18:00\"")]
    NoHours {
        /// What is there.
        found: String,
    },
    /// Days are not written as such.
    #[error("{found:?} is no day; expected one like \"2026-05-09\" or \"01-01..01-08\"")]
    NoDay {
        /// What is there.
        found: String,
    },
    /// A moment is not written as such.
    #[error("{found:?} is no moment; expected one like \"2026-11-27 12:00\"")]
    NoMoment {
        /// What is there.
        found: String,
    },
    /// A rule asks for two kinds of hours.
    #[error("stands beside `within`; only one of them can be written")]
    WithinAndOutside,
    /// The least is more than the most.
    #[error("is more than `digits_max`")]
    MinAboveMax,
    /// A `from` is none of the callers that there are.
    #[error("expected \"extensions\" or \"trunk:NAME\", found {found:?}")]
    NoCaller {
        /// What is there.
        found: String,
    },
    /// A trunk is not there.
    #[error("there is no trunk {name:?}; known: {}", listed_or_none(.known))]
    NoTrunk {
        /// Its name.
        name: String,
        /// Those that are.
        known: Vec<String>,
    },
    /// A sound is not there.
    #[error("there is no {} {name:?} among the loaded sounds", .kind.name())]
    NoSound {
        /// What it would be for.
        kind: SoundKind,
        /// Its name.
        name: String,
    },
    /// A tone is not there.
    #[error("expected a tone: {}", ProgressTone::ALL.map(ProgressTone::name).join(", "))]
    NoTone,
    /// A PIN is no row of digits, or too long.
    #[error("expected 1 to {digits_max} digits")]
    NoPin {
        /// How many are allowed.
        digits_max: usize,
    },
    /// A conference asks nobody for a PIN, and yet has one for moderators.
    #[error("is of use only beside `pin`, which asks callers for one")]
    ModeratorWithoutPin,
    /// Nothing can be said in a language.
    #[error("expected a language that is spoken: {}", spoken_languages())]
    NoLanguage,
    /// What a step says in its language is not there.
    #[error("what is said here in {language:?} needs the prompt {file:?}")]
    MissingPrompt {
        /// The language.
        language: &'static str,
        /// The first prompt that is not there.
        file: String,
    },
    /// A number or pattern is wrong in itself.
    #[error(transparent)]
    Number(#[from] NumberMistake),
    /// All plans together are too long.
    #[error("the plans have {found} rules; {allowed} are allowed")]
    TooManyRules {
        /// How many they have.
        found: usize,
        /// How many they may have.
        allowed: usize,
    },
    /// Another has the name already.
    #[error("{file}:{line} has a {} {name:?} already", .of.name())]
    NameTaken {
        /// What bears it.
        of: NameOf,
        /// Its file.
        file: String,
        /// Its line, from 1.
        line: usize,
        /// The name.
        name: String,
    },
    /// Nobody has the name.
    #[error("there is no {} {name:?} in any file", .of.name())]
    NoSuchName {
        /// What would bear it.
        of: NameOf,
        /// The name.
        name: String,
    },
    /// An earlier rule takes all calls to a number.
    #[error("no call to {pattern} ever gets here: rule {rule:?} ({file}:{line}) takes them all")]
    Unreachable {
        /// The number, or a pattern for it.
        pattern: String,
        /// Name of the earlier rule.
        rule: String,
        /// Its file.
        file: String,
        /// Its line, from 1.
        line: usize,
    },
    /// An example goes elsewhere.
    #[error(
        "{from} calling {to} was expected to give {expected:?} and gives {found:?} ({})",
        decided(.rule.as_deref(), .refusal.as_deref())
    )]
    Example {
        /// Who calls.
        from: String,
        /// What is dialled.
        to: String,
        /// The action that the example expects.
        expected: String,
        /// The action that comes of it.
        found: String,
        /// The rule that decides; `None` if none does.
        rule: Option<String>,
        /// The reason phrase of a call that no rule takes.
        refusal: Option<String>,
    },
}

/// What can be wrong with a number, a pattern of numbers, or a template for one.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NumberMistake {
    /// A template in a block names what nothing sets.
    #[error("{{{name}}} is set by no step and captured by no pattern")]
    NeverSet {
        /// What it names.
        name: String,
    },
    /// Nothing is there.
    #[error("is empty; a number is needed")]
    Empty,
    /// A `{` is not closed.
    #[error("a {{ without its }}")]
    Unclosed,
    /// A character has no place in a number.
    #[error("{0:?} cannot be part of a number")]
    Character(
        /// Which.
        char,
    ),
    /// What follows the `=` of a capture is no range.
    #[error("{0:?} is no range like 1001-1018")]
    NoRange(
        /// What is there.
        String,
    ),
    /// The ends of a range do not fit each other.
    #[error("the range {0} needs a first and a last number of the same length")]
    RangeEnds(
        /// The range.
        String,
    ),
    /// What follows the `:` of a capture is no count.
    #[error("{0:?} is no count of digits like 4, 2..8 or 3..")]
    NoCount(
        /// What is there.
        String,
    ),
    /// A capture has no name, or one of other characters.
    #[error("{{{0}}} needs a name of a-z, 0-9 and _, like {{rest}}")]
    CaptureName(
        /// What stands between the braces.
        String,
    ),
    /// Where a capture ends cannot be told.
    #[error("{{{0}}} has no fixed length, so the end or a character that is no digit must follow")]
    Endless(
        /// Its name.
        String,
    ),
    /// A capture has the name of the whole number.
    #[error("{{{NUMBER}}} is always the whole number; choose another name")]
    ReservedName,
    /// Two captures have one name.
    #[error("{{{0}}} stands twice")]
    Twice(
        /// The name.
        String,
    ),
    /// A separator of telephone numbers is never compared.
    #[error(
        "{0:?} is dropped from what is dialled, so leave it out (ranges are whole patterns, or \
         written {{name=1001-1018}})"
    )]
    Separator(
        /// Which.
        char,
    ),
    /// A template names what a pattern of its rule does not capture.
    #[error(
        "{{{name}}} is captured by no part of the pattern {pattern}; {{{NUMBER}}} is the whole number"
    )]
    NotCaptured {
        /// What it names.
        name: String,
        /// The pattern.
        pattern: String,
    },
}

/// What has names in plans.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the keys")]
pub enum NameOf {
    Rule,
    Block,
    Schedule,
}

/// Types of values in TOML.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names are those of TOML")]
pub enum TomlType {
    String,
    Integer,
    Float,
    Boolean,
    Datetime,
    Array,
    Table,
}

/// What sounds are played for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SoundKind {
    /// Once, then the call ends.
    Prompt,
    /// Until the caller hangs up.
    Music,
}

impl TomlType {
    pub(super) fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(_) => Self::String,
            DeValue::Integer(_) => Self::Integer,
            DeValue::Float(_) => Self::Float,
            DeValue::Boolean(_) => Self::Boolean,
            DeValue::Datetime(_) => Self::Datetime,
            DeValue::Array(_) => Self::Array,
            DeValue::Table(_) => Self::Table,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Datetime => "datetime",
            Self::Array => "array",
            Self::Table => "table",
        }
    }

    fn with_article(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Integer => "a number",
            Self::Float => "a float",
            Self::Boolean => "a boolean",
            Self::Datetime => "a datetime",
            Self::Array => "an array",
            Self::Table => "a table",
        }
    }
}

impl NameOf {
    fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Block => "block",
            Self::Schedule => "schedule",
        }
    }
}

impl SoundKind {
    fn name(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Music => "music",
        }
    }
}

/// The codes of all languages, as plans write them.
fn spoken_languages() -> String {
    Language::ALL.map(|it| format!("{:?}", it.code())).join(" or ")
}

fn listed_or_none(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn decided(rule: Option<&str>, refusal: Option<&str>) -> String {
    match (rule, refusal) {
        (Some(rule), _) => format!("rule {rule:?}"),
        (None, Some(reason)) => format!("no rule: {reason}"),
        (None, None) => "no rule".to_owned(),
    }
}
