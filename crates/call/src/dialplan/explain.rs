//! Why a call goes where it goes.

use super::{
    Action, Caller, Plans, Rehearsal, RouteQuery,
    number::normalise,
    rule::{Place, Rule, Verdict},
};
use std::{fmt, sync::Arc};

/// What a call would do, with the way that led to it.
#[derive(Clone, Debug)]
pub struct Explanation<'a> {
    /// The rule that decides; `None` if none does.
    pub rule: Option<&'a str>,
    /// What would be done, in order: at least one thing.
    pub actions: Vec<Action>,
    /// What was found on the way, in order.
    pub trail: Vec<Finding<'a>>,
}

/// A step on the way. Displayed in English.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Finding<'a> {
    /// What the rules are compared with.
    Call {
        /// Who calls.
        from: Caller<'a>,
        /// What is dialled, without separators.
        number: String,
        /// The domain that the call belongs to.
        domain: &'a str,
    },
    /// What is dialled cannot be a number, so no rule is looked at.
    NoNumber,
    /// A rule was looked at.
    Rule {
        /// Its file.
        file: &'a str,
        /// Where it begins, from 1.
        line: usize,
        /// Its name.
        name: &'a str,
        /// How it stands to the call.
        judgement: Judgement,
    },
    /// The call is recorded from its answer on.
    Recorded,
    /// Something is done.
    Does {
        /// What.
        action: Action,
    },
}

/// How a rule stands to a call. Displayed in English.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Judgement {
    /// It is for this call, and decides.
    Matches {
        /// The pattern that the number matches.
        pattern: String,
        /// Names and values of what the pattern captures.
        captures: Vec<(String, String)>,
    },
    /// It is for other numbers.
    OtherNumber {
        /// Their patterns.
        patterns: Vec<String>,
    },
    /// It is for other callers.
    OtherCaller {
        /// Which, as plans write them.
        from: Vec<String>,
    },
    /// It is for callers with other numbers.
    OtherCallerNumber {
        /// Their patterns.
        patterns: Vec<String>,
    },
    /// It is for another domain.
    OtherDomain {
        /// Its name.
        domain: String,
    },
    /// It is for another time.
    OtherTime {
        /// Within or outside which hours, as plans write it.
        hours: String,
    },
    /// Its script does not say `true`.
    OtherWord {
        /// What it gives instead, or why it fails.
        said: String,
    },
}

impl Plans {
    /// What a call would do and why: what `tandem dialplan test` prints.
    pub fn explain<'a>(
        self: &'a Arc<Self>,
        call: &RouteQuery<'a>,
        rehearsal: Rehearsal,
    ) -> Explanation<'a> {
        let actions = rehearsal.of(self, call);
        let (mut trail, mut decided) = (Vec::new(), None);
        if let Some(number) = normalise(call.dialled) {
            let (from, domain) = (call.from, call.domain);
            trail.push(Finding::Call { from, number: number.to_string(), domain });
            for rule in &self.rules {
                let judgement = judgement(rule, rule.judge(self, call, &number));
                let is_decided = matches!(judgement, Judgement::Matches { .. });
                let Rule { name, place: Place { file, line }, .. } = rule;
                trail.push(Finding::Rule { file, line: *line, name, judgement });
                if is_decided {
                    decided = Some(rule);
                    break;
                }
            }
        } else {
            trail.push(Finding::NoNumber);
        }
        if decided.is_some_and(|rule| rule.is_recorded) {
            trail.push(Finding::Recorded);
        }
        trail.extend(actions.iter().map(|action| Finding::Does { action: action.clone() }));
        Explanation { rule: decided.map(|it| it.name.as_str()), actions, trail }
    }
}

impl Explanation<'_> {
    /// Where the call ends up, or the point up to which that can be told.
    pub fn last(&self) -> Option<&Action> {
        self.actions.last()
    }
}

fn judgement(rule: &Rule, verdict: Verdict<'_, '_>) -> Judgement {
    let shown = |patterns: &[super::pattern::Pattern]| {
        patterns.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    match verdict {
        Verdict::Matches { pattern, captures } => {
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            let captures = captures.into_iter().map(owned).collect();
            Judgement::Matches { pattern: pattern.to_string(), captures }
        }
        Verdict::OtherNumber => Judgement::OtherNumber { patterns: shown(&rule.condition.numbers) },
        Verdict::OtherCaller => Judgement::OtherCaller {
            from: rule.condition.from.iter().map(ToString::to_string).collect(),
        },
        Verdict::OtherCallerNumber => {
            Judgement::OtherCallerNumber { patterns: shown(&rule.condition.callers) }
        }
        Verdict::OtherDomain => {
            Judgement::OtherDomain { domain: rule.condition.domain.clone().unwrap_or_default() }
        }
        Verdict::OtherTime(wanted) => Judgement::OtherTime { hours: wanted.to_string() },
        Verdict::OtherWord(said) => Judgement::OtherWord { said },
    }
}

/// `1001 calls 912 in domain a.example`, `a.toml:13 out: matches 9{rest}, rest = 12`,
/// `→ trunk provider 12`.
impl fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { from, number, domain } => {
                write!(f, "{from} calls {number} in domain {domain}")
            }
            Self::NoNumber => f.write_str("what is dialled cannot be a number"),
            Self::Rule { file, line, name, judgement } => {
                write!(f, "{file}:{line} {name}: {judgement}")
            }
            Self::Recorded => f.write_str("the call is recorded"),
            Self::Does { action } => {
                write!(f, "→ {action}")?;
                if let Action::Refuse { reason, .. } = action {
                    write!(f, " {reason}")
                } else {
                    Ok(())
                }
            }
        }
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matches { pattern, captures } => {
                write!(f, "matches {pattern}")?;
                captures.iter().try_for_each(|(name, value)| write!(f, ", {name} = {value}"))
            }
            Self::OtherNumber { patterns } => {
                write!(f, "the number is not {}", patterns.join(" or "))
            }
            Self::OtherCaller { from } => write!(f, "is for calls from {}", from.join(" or ")),
            Self::OtherCallerNumber { patterns } => {
                write!(f, "the caller's number is not {}", patterns.join(" or "))
            }
            Self::OtherDomain { domain } => write!(f, "is for domain {domain}"),
            Self::OtherTime { hours } => write!(f, "is for calls {hours}"),
            Self::OtherWord { said } => write!(f, "its script says {said:?} and not true"),
        }
    }
}
