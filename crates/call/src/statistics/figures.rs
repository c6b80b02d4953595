//! What is counted of calls and legs.

use crate::failure::Cause;
use std::collections::BTreeMap;

/// How one call or leg ended.
pub(super) struct Outcome<'a> {
    /// From the first ring to the answer, in ms; `None` if it was never answered.
    pub(super) rang_ms: Option<i64>,
    /// From answer to end, in ms.
    pub(super) talk_ms: i64,
    pub(super) ended_by: EndedBy,
    /// In the word of the call log.
    pub(super) cause: &'a str,
}

/// Calls or legs, counted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Figures {
    /// All of them.
    pub offered: u64,
    /// Those that were answered.
    pub answered: u64,
    /// Those that were not, by reason; together with the answered ones they are all.
    pub missed: Missed,
    /// How long those talked that were answered, all together, in ms.
    pub talk_ms: u64,
    /// How long those rang that were answered.
    pub rings: Rings,
    /// By who ended them, in the order of [`EndedBy`].
    pub ended_by: [u64; 3],
    /// By the word of the call log that says why they ended.
    pub causes: BTreeMap<String, u64>,
}

/// Those that nobody answered, in the order of [`Reason`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Missed([u64; Reason::ALL.len()]);

/// Why something was not answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// Busy, or in as many calls as it may be.
    Busy,
    /// It rang until that took too long.
    NoAnswer,
    /// By a person, the plan, the rights or a cap.
    Refused,
    /// No device is there, or nobody has the number.
    Unreachable,
    /// Something went wrong.
    Failed,
    /// The caller gave up.
    Cancelled,
    /// Another device took the call: never of a call, only of a leg.
    AnsweredElsewhere,
}

/// Who ended something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EndedBy {
    /// Who called.
    Caller,
    /// Who was called.
    Callee,
    /// We.
    System,
}

/// How long something rang until it was answered, in steps of a tenth of a second.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rings {
    /// How many took so many steps, rounded up.
    steps: BTreeMap<u16, u64>,
    total_ms: u64,
    count: u64,
}

impl Figures {
    pub(super) fn count(&mut self, outcome: &Outcome<'_>) {
        self.offered += 1;
        match outcome.rang_ms {
            Some(rang_ms) => {
                self.answered += 1;
                self.talk_ms += outcome.talk_ms.max(0).unsigned_abs();
                self.rings.count(rang_ms);
            }
            None => self.missed.0[Reason::of_cause(outcome.cause) as usize] += 1,
        }
        self.ended_by[outcome.ended_by as usize] += 1;
        let is_known = self.causes.contains_key(outcome.cause) || self.causes.len() < CAUSES_MAX;
        let cause = if is_known { outcome.cause } else { OTHER_CAUSES };
        if let Some(count) = self.causes.get_mut(cause) {
            *count += 1;
        } else {
            self.causes.insert(cause.to_owned(), 1);
        }
    }

    /// Answer-seizure ratio (ITU-T E.411): which part was answered, from 0 to 1; `None` of nothing.
    pub fn answer_seizure_ratio(&self) -> Option<f64> {
        (self.offered > 0).then(|| self.answered as f64 / self.offered as f64)
    }

    /// Average call duration: how long one talked that was answered, in ms.
    pub fn average_talk_ms(&self) -> Option<u64> {
        mean(self.talk_ms, self.answered)
    }

    /// How many were ended by them.
    pub fn ended_by(&self, party: EndedBy) -> u64 {
        self.ended_by[party as usize]
    }
}

impl Missed {
    /// For this reason.
    pub fn of(&self, reason: Reason) -> u64 {
        self.0[reason as usize]
    }

    /// For any.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl Reason {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Busy,
        Self::NoAnswer,
        Self::Refused,
        Self::Unreachable,
        Self::Failed,
        Self::Cancelled,
        Self::AnsweredElsewhere,
    ];

    /// What a cause means that comes before an answer; a word of another version is a failure.
    fn of_cause(word: &str) -> Self {
        match Cause::of_word(word) {
            Some(Cause::Busy | Cause::TooManyCalls) => Self::Busy,
            Some(Cause::NoAnswer) => Self::NoAnswer,
            // A plan may hang up without an answer.
            Some(
                Cause::Rejected | Cause::Refused | Cause::Barred | Cause::Capped | Cause::Normal,
            ) => Self::Refused,
            Some(Cause::Unavailable | Cause::NotFound) => Self::Unreachable,
            Some(Cause::Cancelled | Cause::Transferred) => Self::Cancelled,
            Some(Cause::AnsweredElsewhere) => Self::AnsweredElsewhere,
            Some(
                Cause::NoCommonCodec
                | Cause::Exhausted
                | Cause::Loop
                | Cause::RtpTimeout
                | Cause::NotAcked
                | Cause::PeerLost
                | Cause::MaxDuration
                | Cause::Shutdown
                | Cause::Internal
                | Cause::Crash,
            )
            | None => Self::Failed,
        }
    }
}

impl Rings {
    fn count(&mut self, rang_ms: i64) {
        let rang_ms = rang_ms.max(0).unsigned_abs();
        let step = u16::try_from(rang_ms.div_ceil(STEP_MS)).unwrap_or(u16::MAX);
        *self.steps.entry(step.min(STEPS_MAX)).or_default() += 1;
        self.total_ms += rang_ms;
        self.count += 1;
    }

    /// The mean, in ms.
    pub fn mean_ms(&self) -> Option<u64> {
        mean(self.total_ms, self.count)
    }

    /// So long or less did this part of them ring, in ms, to a tenth of a second: the nearest rank,
    /// rounded up. What rang longer than ten minutes counts as ten minutes.
    pub fn percentile_ms(&self, percent: u64) -> Option<u64> {
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut below = 0;
        let step = self.steps.iter().find(|(_, count)| {
            below += **count;
            below >= rank
        });
        step.map(|(step, _)| u64::from(*step) * STEP_MS)
    }
}

/// Rounded to the nearest.
fn mean(total: u64, count: u64) -> Option<u64> {
    (count > 0).then(|| (total + count / 2) / count)
}

/// A step of [`Rings`].
const STEP_MS: u64 = 100;

/// Ten minutes: longer than anything may ring.
const STEPS_MAX: u16 = 6_000;

/// Most words of causes that are told apart; there are fewer, unless versions change them.
const CAUSES_MAX: usize = 64;

/// The others.
const OTHER_CAUSES: &str = "other";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank_in_tenths_of_a_second() {
        let mut rings = Rings::default();
        assert_eq!((rings.mean_ms(), rings.percentile_ms(95)), (None, None));
        for n in 1..=20 {
            rings.count(n * 1000);
        }
        assert_eq!(rings.mean_ms(), Some(10_500));
        assert_eq!(rings.percentile_ms(95), Some(19_000));
        assert_eq!(rings.percentile_ms(100), Some(20_000));
        assert_eq!(rings.percentile_ms(0), Some(1_000));
        rings.count(1);
        assert_eq!(rings.percentile_ms(1), Some(100), "rounded up");
        rings.count(i64::MAX);
        assert_eq!(rings.percentile_ms(100), Some(600_000));
    }

    #[test]
    fn each_reason_stands_at_its_own_place() {
        for (n, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, n);
        }
    }

    #[test]
    fn words_that_nobody_knows_are_failures_and_take_no_more_room_than_they_may() {
        let mut figures = Figures::default();
        for n in 0..1000 {
            let cause = format!("cause-{n}");
            let outcome =
                Outcome { rang_ms: None, talk_ms: 0, ended_by: EndedBy::System, cause: &cause };
            figures.count(&outcome);
        }
        assert_eq!(figures.missed.of(Reason::Failed), 1000);
        assert_eq!(figures.causes.len(), CAUSES_MAX + 1);
        assert_eq!(figures.causes.values().sum::<u64>(), 1000);
    }
}
