//! One rule: what it matches and what it does.

use super::{
    Caller, Plans, RouteQuery,
    pattern::{Captures, Pattern},
    script::Script,
    step::Steps,
    template::{CALLER, NUMBER},
};
use std::fmt;

/// A checked rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    /// Where it stands.
    pub(super) place: Place,
    pub(super) condition: Condition,
    pub(super) steps: Steps,
    /// Whether its calls are recorded.
    pub(super) is_recorded: bool,
}

/// Steps with a name, for rules and other blocks.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) name: String,
    /// Where it stands.
    pub(super) place: Place,
    pub(super) steps: Steps,
}

/// File and line, from 1.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: usize,
}

/// All of it must hold.
#[derive(Debug)]
pub(super) struct Condition {
    /// One of them matches the number.
    pub(super) numbers: Vec<Pattern>,
    /// One of them is the caller.
    pub(super) from: Vec<From>,
    /// One of them matches the caller's number; none for whatever it is.
    pub(super) callers: Vec<Pattern>,
    /// Lower case; `None` for every domain.
    pub(super) domain: Option<String>,
    /// `None` for always.
    pub(super) hours: Option<HoursWanted>,
    /// Gives `true` for the calls that the rule is for; `None` if it is for them all.
    pub(super) script: Option<Script>,
}

/// When a rule is for a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct HoursWanted {
    /// Which hours.
    pub(super) schedule: String,
    /// Whether it is for calls within them, and not for those outside.
    pub(super) within: bool,
}

/// Whose calls a rule is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum From {
    /// Extensions of the call's domain.
    Extensions,
    /// One trunk.
    Trunk(String),
}

/// How a rule stands to a call.
pub(super) enum Verdict<'r, 'n> {
    /// Everything holds.
    Matches { pattern: &'r Pattern, captures: Captures<'r, 'n> },
    /// The number matches no pattern.
    OtherNumber,
    /// The rule is not for this caller.
    OtherCaller,
    /// The caller's number matches no pattern.
    OtherCallerNumber,
    /// The rule is for another domain.
    OtherDomain,
    /// The rule is for another time.
    OtherTime(&'r HoursWanted),
    /// The rule's script gives something else than `true`, or fails.
    OtherWord(String),
}

impl Rule {
    /// Judges a call whose normalised number is `number`.
    pub(super) fn judge<'r, 'n>(
        &'r self,
        plans: &Plans,
        call: &RouteQuery<'n>,
        number: &'n str,
    ) -> Verdict<'r, 'n> {
        let Some((pattern, mut captures)) = first_match(&self.condition.numbers, number) else {
            return Verdict::OtherNumber;
        };
        match self.judge_caller(plans, call) {
            Ok(of_caller) => captures.extend(of_caller),
            Err(why) => return why,
        }
        let script = &self.condition.script;
        let said = script.as_ref().map(|script| {
            script.run(|name| match name {
                NUMBER => Some(number),
                CALLER => Some(call.number),
                _ => captures.iter().find(|(it, _)| *it == name).map(|(_, value)| *value),
            })
        });
        match said {
            Some(Ok(word)) if word != "true" => Verdict::OtherWord(word),
            Some(Err(why)) => Verdict::OtherWord(why),
            Some(Ok(_)) | None => Verdict::Matches { pattern, captures },
        }
    }

    /// What it captures of whoever calls, if it is for that one now, whatever number is dialled; else why
    /// not.
    fn judge_caller<'r, 'n>(
        &'r self,
        plans: &Plans,
        call: &RouteQuery<'n>,
    ) -> Result<Captures<'r, 'n>, Verdict<'r, 'n>> {
        let Condition { numbers: _, from, callers, domain, hours, script: _ } = &self.condition;
        if !from.iter().any(|from| from.includes(call.from)) {
            return Err(Verdict::OtherCaller);
        }
        if domain.as_deref().is_some_and(|domain| !domain.eq_ignore_ascii_case(call.domain)) {
            return Err(Verdict::OtherDomain);
        }
        let captures = match first_match(callers, call.number) {
            Some((_, captures)) => captures,
            None if callers.is_empty() => Captures::default(),
            None => return Err(Verdict::OtherCallerNumber),
        };
        if let Some(wanted) = hours
            && plans.is_open(&wanted.schedule, call.now) != wanted.within
        {
            return Err(Verdict::OtherTime(wanted));
        }
        Ok(captures)
    }

    /// Whether it is for whoever calls, whatever number is dialled. A rule with a script is for nobody
    /// then, since that may want to know the number.
    pub(super) fn is_for_caller(&self, plans: &Plans, call: &RouteQuery<'_>) -> bool {
        self.condition.script.is_none() && self.judge_caller(plans, call).is_ok()
    }

    /// What it captures of a call that it is for.
    pub(super) fn captures<'r, 'n>(
        &'r self,
        plans: &Plans,
        call: &RouteQuery<'n>,
        number: &'n str,
    ) -> Option<Captures<'r, 'n>> {
        match self.judge(plans, call, number) {
            Verdict::Matches { captures, .. } => Some(captures),
            Verdict::OtherNumber
            | Verdict::OtherCaller
            | Verdict::OtherCallerNumber
            | Verdict::OtherDomain
            | Verdict::OtherTime(_)
            | Verdict::OtherWord(_) => None,
        }
    }

    /// Whether it is for calls of this trunk or sends calls out through it.
    pub(super) fn names_trunk(&self, name: &str) -> bool {
        let is_it = |from: &From| matches!(from, From::Trunk(trunk) if trunk == name);
        let dials = self.steps.iter().any(|it| it.dials_trunk(name));
        dials || self.condition.from.iter().any(is_it)
    }
}

impl Condition {
    /// Whether everything of `other` but its numbers is among what this is for.
    pub(super) fn is_for_all_of(&self, other: &Self) -> bool {
        other.from.iter().all(|from| self.from.contains(from))
            && (self.domain.is_none() || self.domain == other.domain)
            && (self.callers.is_empty() || self.callers == other.callers)
            && (self.hours.is_none() || self.hours == other.hours)
            && self.script.is_none()
    }
}

impl From {
    fn includes(&self, caller: Caller<'_>) -> bool {
        match (self, caller) {
            (Self::Extensions, Caller::Extension(_)) => true,
            (Self::Trunk(name), Caller::Trunk(trunk)) => name == trunk,
            (Self::Extensions, Caller::Trunk(_)) | (Self::Trunk(_), Caller::Extension(_)) => false,
        }
    }
}

fn first_match<'p, 'n>(
    patterns: &'p [Pattern],
    number: &'n str,
) -> Option<(&'p Pattern, Captures<'p, 'n>)> {
    patterns.iter().find_map(|pattern| Some((pattern, pattern.matches(number)?)))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extensions => f.write_str("extensions"),
            Self::Trunk(name) => write!(f, "trunk:{name}"),
        }
    }
}

/// `within work` or `outside work`.
impl fmt::Display for HoursWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.within { "within" } else { "outside" };
        write!(f, "{how} {}", self.schedule)
    }
}
