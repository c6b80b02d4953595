//! Dialplans: which call goes where.
//!
//! A plan is a list of rules read from TOML files. [`load`] checks everything and reports every
//! mistake at once, with file, line and key. A [`Walk`] finds the first rule that matches a call, in
//! the order of the files and within them, and leads the call through its steps. What no rule matches
//! is refused; a call from a trunk is matched only by rules that name the trunk. The language is
//! described in `dialplans/README.md`.

mod action;
mod braces;
mod check;
mod code;
mod explain;
mod mistake;
mod number;
mod pattern;
mod read;
mod rehearsal;
mod rewriting;
mod rule;
mod schedule;
mod script;
mod step;
mod table;
mod template;
mod variables;
mod walk;

pub use action::{
    Absence, Action, Builtin, Dial, DialOutcome, DialTarget, FeatureOrder, ForwardWhen, Gather,
    Outcome, PagePlan, ParkPlan, Speech, Spoken, WebInto, WebOrder,
};
pub use code::{CodeKind, Codes};
pub use explain::{Explanation, Finding, Judgement};
pub use mistake::{Mistake, NameOf, NumberMistake, SoundKind, TomlType};
pub use rehearsal::Rehearsal;
pub use rewriting::{NumberRuleMistake, NumberRules};
pub use schedule::{Hours, Zone};
pub use walk::{Principal, STEPS_MAX, Walk};

use crate::{
    call::{CONFERENCE_PROMPTS, SUPERVISION_PROMPTS, VOICEMAIL_PROMPTS},
    settings::prompt_file,
    speech::Language,
};
use base::UnixMillis;
use media::PartyMode;
use rule::{Block, Rule};
use schedule::Schedule;
use std::{collections::BTreeSet, fmt, sync::Arc};
use step::Steps;

/// All rules of all files, checked. Immutable: a change is a new load, swapped whole.
#[derive(Debug, Default)]
pub struct Plans {
    rules: Vec<Rule>,
    blocks: Vec<Block>,
    schedules: Vec<Schedule>,
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
    /// The number of whoever calls: the extension's, or what a trunk tells.
    pub number: &'a str,
    /// The user part of the Request-URI, unescaped.
    pub dialled: &'a str,
    /// When.
    pub now: UnixMillis,
}

/// Who calls, as we have authenticated them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Caller<'a> {
    /// An extension of the domain.
    Extension(&'a str),
    /// A trunk.
    Trunk(&'a str),
}

/// A conference room as a plan describes it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
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
    /// Whether whoever is called and asked in comes in with a key only, and not by answering: what
    /// answers may be a machine.
    pub asks_invited: bool,
}

impl ConferencePlan {
    /// So many digits are a whole PIN, whichever is meant.
    pub(crate) fn longest_pin(&self) -> usize {
        let pins = [&self.pin, &self.moderator_pin];
        pins.into_iter().flatten().map(String::len).max().unwrap_or(0)
    }
}

/// A rule or block that names a trunk.
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
pub fn load(files: &[(&str, &str)], known: &Known) -> Result<Arc<Plans>, Vec<PlanError>> {
    let variables = variables::of(files);
    let mut plans = Plans::default();
    let (mut examples, mut errors) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let (file, complaints) = read::read(name, text, known, &variables);
        plans.rules.extend(file.rules);
        plans.blocks.extend(file.blocks);
        plans.schedules.extend(file.schedules);
        examples.extend(file.examples);
        errors.extend(complaints);
    }
    errors.extend(check::plans(&plans));
    // With a rule missing, examples would fail for no reason of their own.
    if !errors.is_empty() {
        return Err(errors);
    }
    let plans = Arc::new(plans);
    let errors = check::examples(&plans, &examples);
    if errors.is_empty() { Ok(plans) } else { Err(errors) }
}

impl Plans {
    fn block(&self, name: &str) -> Option<Steps> {
        self.blocks.iter().find(|it| it.name == name).map(|it| Arc::clone(&it.steps))
    }

    /// Whether hours are open; those that nobody wrote down are not.
    fn is_open(&self, schedule: &str, at: UnixMillis) -> bool {
        self.schedules.iter().any(|it| it.name == schedule && it.is_open(at))
    }

    /// The rules that let calls of a trunk in, and the rules and blocks that send calls out through
    /// it.
    pub fn rules_of_trunk(&self, name: &str) -> Vec<RuleOfTrunk<'_>> {
        let rules = self.rules.iter().filter(|it| it.names_trunk(name));
        let rules = rules.map(|it| (&it.place, &it.name));
        let blocks = self.blocks.iter().filter(|it| it.steps.iter().any(|it| it.dials_trunk(name)));
        let blocks = blocks.map(|it| (&it.place, &it.name));
        rules
            .chain(blocks)
            .map(|(place, name)| RuleOfTrunk { file: &place.file, line: place.line, name })
            .collect()
    }

    /// Whether a rule or block parks calls in this slot.
    pub fn has_slot(&self, number: &str) -> bool {
        // A slot is written in one way only.
        let slot = number.parse().ok().filter(|it: &u32| it.to_string() == number);
        let steps = self.rules.iter().map(|it| &it.steps);
        let mut steps = steps.chain(self.blocks.iter().map(|it| &it.steps));
        slot.is_some_and(|slot| steps.any(|it| it.iter().any(|it| it.parks_in(slot))))
    }

    /// How calls are parked by whoever calls, without a number being dialled: as the first rule says,
    /// or a block that it names, that is for it and parks calls.
    pub(crate) fn parking(&self, call: &RouteQuery<'_>) -> Option<&ParkPlan> {
        let rules = self.rules.iter().filter(|it| it.is_for_caller(self, call));
        rules.map(|it| &it.steps).find_map(|steps| {
            let mut blocks = Vec::new();
            steps.iter().for_each(|it| it.blocks(&mut blocks));
            let named = self.blocks.iter().filter(|it| blocks.contains(&it.name.as_str()));
            let all = steps.iter().chain(named.flat_map(|it| it.steps.iter()));
            all.into_iter().find_map(step::Step::parking)
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_parked_as_the_first_rule_says_that_is_for_the_caller() {
        let plan = r#"
            [[rule]]
            name = "of-others"
            match = { number = "600", domain = "b.example" }
            steps = [{ park = { slots = "601-609" } }]

            [[rule]]
            name = "from-outside"
            match = { from = "trunk:provider", number = "700" }
            steps = [{ park = { slots = "701-709" } }]

            [[rule]]
            name = "of-one"
            match = { number = "800", caller = "1009" }
            steps = [{ goto = "park-them" }]

            [[rule]]
            name = "of-all"
            match = { number = "900" }
            steps = [{ dial = { user = "1001", on = { busy = [{ park = { slots = "901-909" } }] } } }]

            [[block]]
            name = "park-them"
            steps = [{ park = { slots = "801-809" } }]
        "#;
        let known = Known { trunks: ["provider".to_owned()].into(), ..Known::default() };
        let plans = load(&[("a.toml", plan)], &known).unwrap_or_else(|it| panic!("{it:?}"));
        let first = |domain, from, number| {
            let (dialled, now) = ("", UnixMillis(0));
            let query = RouteQuery { domain, from, number, dialled, now };
            plans.parking(&query).map(|it| it.first)
        };
        let of = |domain, number| first(domain, Caller::Extension(number), number);
        assert_eq!(of("a.example", "1001"), Some(901), "within another step");
        assert_eq!(of("a.example", "1009"), Some(801), "in a block");
        assert_eq!(of("b.example", "1001"), Some(601));
        assert_eq!(first("a.example", Caller::Trunk("provider"), "1"), Some(701));
        assert_eq!(first("a.example", Caller::Trunk("other"), "1"), None);
    }
}
