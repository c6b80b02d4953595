//! One rule: what it matches and what it does.

use super::{
    Action, Builtin, Caller, ConferencePlan, RouteQuery,
    pattern::{Captures, Pattern},
    template::Template,
};
use crate::speech::Language;
use std::fmt;

/// A checked rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    /// Where it stands.
    pub(super) place: Place,
    pub(super) condition: Condition,
    pub(super) step: Step,
    /// Whether its calls are recorded.
    pub(super) is_recorded: bool,
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
    /// Lower case; `None` for every domain.
    pub(super) domain: Option<String>,
}

/// Whose calls a rule is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum From {
    /// Extensions of the call's domain.
    Extensions,
    /// One trunk.
    Trunk(String),
}

/// What a rule does. The steps of the full language (answer, menu, queue, …) become variants.
#[derive(Debug)]
pub(super) enum Step {
    DialUser {
        number: Template,
    },
    DialTrunk {
        trunk: String,
        number: Template,
    },
    Builtin(Builtin),
    /// The plan's own room is filled in by the template.
    Conference {
        room: Template,
        plan: ConferencePlan,
    },
    /// Who is supervised is filled in by the template.
    Supervise {
        number: Template,
        language: Language,
    },
    /// For whom a message is left is filled in by the template.
    LeaveMessage {
        number: Template,
        language: Language,
    },
    HearMessages {
        language: Language,
    },
    Refuse {
        status: u16,
        reason: String,
    },
}

/// How a rule stands to a call.
pub(super) enum Verdict<'r, 'n> {
    /// Everything holds.
    Matches { pattern: &'r Pattern, captures: Captures<'r, 'n> },
    /// The number matches no pattern.
    OtherNumber,
    /// The rule is not for this caller.
    OtherCaller,
    /// The rule is for another domain.
    OtherDomain,
}

impl Rule {
    /// Judges a call whose normalised number is `number`.
    pub(super) fn judge<'n>(&self, call: &RouteQuery<'_>, number: &'n str) -> Verdict<'_, 'n> {
        let Condition { numbers, from, domain } = &self.condition;
        let matched = numbers
            .iter()
            .find_map(|pattern| pattern.matches(number).map(|captures| (pattern, captures)));
        let Some((pattern, captures)) = matched else { return Verdict::OtherNumber };
        if !from.iter().any(|from| from.includes(call.from)) {
            return Verdict::OtherCaller;
        }
        if domain.as_deref().is_some_and(|domain| !domain.eq_ignore_ascii_case(call.domain)) {
            return Verdict::OtherDomain;
        }
        Verdict::Matches { pattern, captures }
    }

    /// Whether it is for calls of this trunk or sends calls out through it.
    pub(super) fn names_trunk(&self, name: &str) -> bool {
        let is_it = |from: &From| matches!(from, From::Trunk(trunk) if trunk == name);
        let dials = matches!(&self.step, Step::DialTrunk { trunk, .. } if trunk == name);
        dials || self.condition.from.iter().any(is_it)
    }

    /// What to do with a call that matched.
    pub(super) fn action(&self, number: &str, captures: &Captures<'_, '_>) -> Action {
        match &self.step {
            Step::DialUser { number: user } => {
                Action::DialUser { number: user.fill(number, captures) }
            }
            Step::DialTrunk { trunk, number: out } => {
                Action::DialTrunk { trunk: trunk.clone(), number: out.fill(number, captures) }
            }
            Step::Builtin(builtin) => Action::Builtin(builtin.clone()),
            Step::Conference { room, plan } => Action::Conference(ConferencePlan {
                room: room.fill(number, captures),
                ..plan.clone()
            }),
            Step::Supervise { number: supervised, language } => {
                Action::Supervise { number: supervised.fill(number, captures), language: *language }
            }
            Step::LeaveMessage { number: owner, language } => {
                Action::LeaveMessage { number: owner.fill(number, captures), language: *language }
            }
            Step::HearMessages { language } => Action::HearMessages { language: *language },
            Step::Refuse { status, reason } => {
                Action::Refuse { status: *status, reason: reason.clone() }
            }
        }
    }
}

impl Condition {
    /// Whether callers and domain of `other` are all among those of this.
    pub(super) fn is_for_all_of(&self, other: &Self) -> bool {
        other.from.iter().all(|from| self.from.contains(from))
            && (self.domain.is_none() || self.domain == other.domain)
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
