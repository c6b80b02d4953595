//! Figures of calls that are over, made of nothing but the rows of their legs.
//!
//! Whoever feeds the same rows gets the same figures, be it out of the call log or of the journal. A
//! call begins when its id says, which all its legs agree on, and is told by its caller's leg: of
//! several the one that began first, and without one by the best of those that were rung. That is
//! one that was answered, and of several the lowest number, as in the list of calls.

mod figures;

pub use figures::{EndedBy, Figures, Missed, Reason, Rings};

use crate::{
    cdr::{Cdr, HangupParty, LegRole, number_of, trunk_of},
    dialplan::Zone,
    facts::CallDirection,
    failure::Cause,
};
use base::{CallId, LegId, UnixMillis};
use figures::Outcome;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// What figures need of a leg's row of the call log.
#[derive(Clone, Debug, PartialEq)]
pub struct LegRow {
    /// Shared by all legs of the call.
    pub call: CallId,
    /// The leg.
    pub leg: LegId,
    /// Whether the far end called us or we called it.
    pub role: LegRole,
    /// Who called: an extension, or `TRUNK/NUMBER`.
    pub caller: String,
    /// The leg's far end, in the same way.
    pub party: String,
    /// When it began.
    pub started: UnixMillis,
    /// First ring, in ms after the start.
    pub ring_ms: Option<i64>,
    /// Answer, in ms after the start.
    pub answer_ms: Option<i64>,
    /// From answer to end, in ms.
    pub talk_ms: i64,
    /// Who ended it.
    pub hangup: HangupParty,
    /// Why, in the word of the call log.
    pub cause: String,
}

/// Which calls count, and in which groups.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Question {
    /// Those that began at or after.
    pub from: Option<UnixMillis>,
    /// Those that began before.
    pub until: Option<UnixMillis>,
    /// Those of this direction.
    pub direction: Option<CallDirection>,
    /// In which groups, beside all of them together.
    pub grouping: Option<Grouping>,
    /// By whose clock days and hours are told.
    pub zone: Zone,
}

/// What the calls of a group have in common.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Grouping {
    /// The day on which they began.
    Day,
    /// The hour in which they began.
    Hour,
    /// Whether they came in, went out, or neither.
    Direction,
    /// A line that took part; its legs alone count, and the whole of each call.
    Line,
    /// A trunk that took part, in the same way.
    Trunk,
}

/// The figures of a group.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Calls, each told by one of its legs.
    pub calls: Figures,
    /// Legs of those who called.
    pub caller_legs: Figures,
    /// Legs of those who were rung.
    pub callee_legs: Figures,
    /// How often somebody handed the other side on.
    pub transfers: u64,
}

/// The answer to a [`Question`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Report {
    /// Of all calls that count.
    pub total: Tally,
    /// Of each group, with its name, in order.
    pub groups: Vec<(String, Tally)>,
}

/// There are more groups than anybody reads.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there are more than {GROUPS_MAX} groups: ask for a shorter period, or for other groups")]
pub struct TooManyGroups;

/// Makes figures of rows; what it keeps is bounded by [`GROUPS_MAX`] and the legs of one call.
#[derive(Debug)]
pub struct Statistics {
    question: Question,
    /// The legs of the call that is being told.
    legs: Vec<LegRow>,
    total: Tally,
    groups: BTreeMap<Key, Tally>,
}

/// What a group has in common, in the order in which groups are told.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Key {
    Day(i64),
    Hour(UnixMillis),
    Direction(&'static str),
    Line(String),
    Trunk(String),
}

impl From<&Cdr> for LegRow {
    fn from(cdr: &Cdr) -> Self {
        Self {
            call: cdr.call,
            leg: cdr.leg,
            role: cdr.role,
            caller: cdr.caller.clone(),
            party: cdr.party.clone(),
            started: cdr.started,
            ring_ms: cdr.ring_ms,
            answer_ms: cdr.answer_ms,
            talk_ms: cdr.talk_ms,
            hangup: cdr.hangup,
            cause: cdr.cause.clone(),
        }
    }
}

impl Question {
    /// Whether a call may count, by its id alone.
    pub fn includes(&self, call: CallId) -> bool {
        let began = call.began();
        self.from.is_none_or(|it| began >= it) && self.until.is_none_or(|it| began < it)
    }
}

impl Grouping {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Day, Self::Hour, Self::Direction, Self::Line, Self::Trunk];

    /// What people write.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Direction => "direction",
            Self::Line => "line",
            Self::Trunk => "trunk",
        }
    }

    /// Of what people write.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

impl Statistics {
    /// Before any row.
    pub fn new(question: Question) -> Self {
        let (legs, total, groups) = (Vec::new(), Tally::default(), BTreeMap::new());
        Self { question, legs, total, groups }
    }

    /// One more row. The rows of a call come one after the other.
    pub fn push(&mut self, leg: LegRow) -> Result<(), TooManyGroups> {
        if self.legs.first().is_some_and(|it| it.call != leg.call) {
            self.count_call()?;
        }
        self.legs.push(leg);
        Ok(())
    }

    /// After the last.
    pub fn finish(mut self) -> Result<Report, TooManyGroups> {
        self.count_call()?;
        let name = |key: Key| key.name(self.question.zone);
        let groups = self.groups.into_iter().map(|(key, tally)| (name(key), tally)).collect();
        Ok(Report { total: self.total, groups })
    }

    fn count_call(&mut self) -> Result<(), TooManyGroups> {
        let legs = std::mem::take(&mut self.legs);
        let Some(call) = Call::of(&legs) else { return Ok(()) };
        let is_wanted = self.question.direction.is_none_or(|it| it == call.direction);
        if !is_wanted || !self.question.includes(call.main.call) {
            return Ok(());
        }
        self.total.count(&call, |_| true);
        for key in self.keys(&call) {
            let is_new = !self.groups.contains_key(&key);
            if is_new && self.groups.len() >= GROUPS_MAX {
                return Err(TooManyGroups);
            }
            let is_of_group = |party: &str| key.includes(party);
            self.groups.entry(key.clone()).or_default().count(&call, is_of_group);
        }
        // The next call has room already.
        self.legs = legs;
        self.legs.clear();
        Ok(())
    }

    /// The groups that a call is in, each once.
    fn keys(&self, call: &Call<'_>) -> BTreeSet<Key> {
        let (began, zone) = (call.main.call.began(), self.question.zone);
        let parties = call.legs.iter().map(|it| it.party.as_str());
        match self.question.grouping {
            None => BTreeSet::new(),
            Some(Grouping::Day) => [Key::Day(zone.day(began))].into(),
            Some(Grouping::Hour) => [Key::Hour(zone.hour(began))].into(),
            Some(Grouping::Direction) => [Key::Direction(call.direction.as_str())].into(),
            Some(Grouping::Line) => parties
                .filter(|it| trunk_of(it).is_none())
                .map(|it| Key::Line(it.to_owned()))
                .collect(),
            Some(Grouping::Trunk) => {
                parties.filter_map(trunk_of).map(|it| Key::Trunk(it.to_owned())).collect()
            }
        }
    }
}

impl Key {
    /// Whether a leg of a call in the group counts there, by its far end.
    fn includes(&self, party: &str) -> bool {
        match self {
            Self::Day(_) | Self::Hour(_) | Self::Direction(_) => true,
            Self::Line(line) => line == party,
            Self::Trunk(trunk) => trunk_of(party) == Some(trunk),
        }
    }

    fn name(self, zone: Zone) -> String {
        match self {
            Self::Day(day) => Zone::name_of_day(day),
            Self::Hour(began) => zone.name_of_minute(began),
            Self::Direction(word) => word.to_owned(),
            Self::Line(name) | Self::Trunk(name) => name,
        }
    }
}

impl Tally {
    fn count(&mut self, call: &Call<'_>, is_of_group: impl Fn(&str) -> bool) {
        self.calls.count(&outcome(call.main));
        for leg in call.legs.iter().filter(|it| is_of_group(&it.party)) {
            let legs = match leg.role {
                LegRole::Caller => &mut self.caller_legs,
                LegRole::Callee => &mut self.callee_legs,
            };
            legs.count(&outcome(leg));
        }
        let transferors = call.transferors.iter().filter(|it| is_of_group(it));
        self.transfers += transferors.count() as u64;
    }
}

/// A call as its legs tell it.
struct Call<'a> {
    legs: &'a [LegRow],
    /// The leg that tells what became of it.
    main: &'a LegRow,
    direction: CallDirection,
    /// Who handed somebody on: with two legs if the transferor asked first.
    transferors: BTreeSet<&'a str>,
}

impl<'a> Call<'a> {
    /// `None` without legs.
    fn of(legs: &'a [LegRow]) -> Option<Self> {
        let caller = legs
            .iter()
            .filter(|it| it.role == LegRole::Caller)
            .min_by_key(|it| (it.started, it.leg));
        let callee = legs
            .iter()
            .filter(|it| it.role == LegRole::Callee)
            .max_by_key(|it| (it.answer_ms.is_some(), Reverse((key_of(it), it.leg))));
        let main = caller.or(callee)?;
        let from = trunk_of(&main.caller);
        let to = callee.and_then(|it| trunk_of(&it.party));
        let direction = match (from, to) {
            (Some(_), _) => CallDirection::In,
            (None, Some(_)) => CallDirection::Out,
            (None, None) => CallDirection::Internal,
        };
        let (gone, stayed): (Vec<_>, Vec<_>) =
            legs.iter().partition(|it| it.cause == Cause::Transferred.as_str());
        // Without anybody who was handed on it is the question that was asked before a transfer.
        let is_transfer = !stayed.is_empty();
        let transferors =
            gone.into_iter().filter(|_| is_transfer).map(|it| it.party.as_str()).collect();
        Some(Self { legs, main, direction, transferors })
    }
}

/// Lists of calls sort numbers without their sign and by lower case.
fn key_of(leg: &LegRow) -> String {
    number_of(&leg.party).trim_start_matches('+').to_lowercase()
}

fn outcome(leg: &LegRow) -> Outcome<'_> {
    Outcome {
        rang_ms: leg.answer_ms.map(|answer| answer - leg.ring_ms.unwrap_or(answer)),
        talk_ms: leg.talk_ms,
        ended_by: match (leg.hangup, leg.role) {
            (HangupParty::System, _) => EndedBy::System,
            (HangupParty::Remote, LegRole::Caller) | (HangupParty::Peer, LegRole::Callee) => {
                EndedBy::Caller
            }
            (HangupParty::Remote, LegRole::Callee) | (HangupParty::Peer, LegRole::Caller) => {
                EndedBy::Callee
            }
        },
        cause: &leg.cause,
    }
}

/// Most groups of one answer: more than the hours of half a year.
pub const GROUPS_MAX: usize = 5_000;

#[cfg(test)]
mod tests;
