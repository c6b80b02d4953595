//! Whether a trunk is there, judged by its answers to OPTIONS with some patience: single losses and
//! single answers change nothing.

use base::Rng;
use sip::Status;
use std::time::{Duration, Instant};

/// So many silences or refusals in a row mean that it is down.
const FAILURES_MAX: u8 = 3;

/// So many answers in a row mean that it is up again.
const ANSWERS_MIN: u8 = 2;

/// How long it may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);

/// The health of one trunk. It counts as up until it shows otherwise.
#[derive(Debug)]
pub(super) struct Health {
    interval: Duration,
    standing: Standing,
    step: Step,
}

#[derive(Clone, Copy, Debug)]
enum Standing {
    /// So many failures in a row.
    Up { failures: u8 },
    /// So many answers in a row.
    Down { answers: u8 },
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Until it is asked again.
    Resting { until: Instant },
    /// It was asked, and is given up at `until`.
    Asking { since: Instant, until: Instant },
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Due {
    /// Ask it.
    Ask,
    /// Nothing, but that it is up or down now may be news.
    Judged(Option<Change>),
}

/// What is news.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Change {
    Up,
    Down,
}

impl Health {
    /// First asked at some time within `interval`, so that not all trunks are asked at once.
    pub(super) fn new(now: Instant, interval: Duration, rng: &mut Rng) -> Self {
        let millis = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX).max(1);
        let until = now + Duration::from_millis(rng.below(millis));
        Self { interval, standing: Standing::Up { failures: 0 }, step: Step::Resting { until } }
    }

    /// When [`Self::handle_timeout`] wants to be called.
    pub(super) fn poll_timeout(&self) -> Instant {
        match self.step {
            Step::Resting { until } | Step::Asking { until, .. } => until,
        }
    }

    /// Lets what is due happen.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<Due> {
        match self.step {
            Step::Resting { until } | Step::Asking { until, .. } if now < until => None,
            Step::Resting { .. } => {
                let until = now + ANSWER_TIMEOUT.min(self.interval);
                self.step = Step::Asking { since: now, until };
                Some(Due::Ask)
            }
            Step::Asking { since, .. } => Some(Due::Judged(self.judge(since, false))),
        }
    }

    /// Its final answer, or `None` if it cannot be asked. Whoever says no to OPTIONS is there; 5xx
    /// says that no calls are taken.
    pub(super) fn handle_answer(&mut self, answer: Option<Status>) -> Option<Change> {
        let Step::Asking { since, .. } = self.step else { return None };
        self.judge(since, is_sign_of_life(answer))
    }

    fn judge(&mut self, asked: Instant, is_there: bool) -> Option<Change> {
        self.step = Step::Resting { until: asked + self.interval };
        let (standing, change) = match (self.standing, is_there) {
            (Standing::Up { .. }, true) => (Standing::Up { failures: 0 }, None),
            (Standing::Up { failures }, false) if failures + 1 < FAILURES_MAX => {
                (Standing::Up { failures: failures + 1 }, None)
            }
            (Standing::Up { .. }, false) => (Standing::Down { answers: 0 }, Some(Change::Down)),
            (Standing::Down { .. }, false) => (Standing::Down { answers: 0 }, None),
            (Standing::Down { answers }, true) if answers + 1 < ANSWERS_MIN => {
                (Standing::Down { answers: answers + 1 }, None)
            }
            (Standing::Down { .. }, true) => (Standing::Up { failures: 0 }, Some(Change::Up)),
        };
        self.standing = standing;
        change
    }
}

/// Whether an answer to OPTIONS shows that calls are taken.
pub(super) fn is_sign_of_life(answer: Option<Status>) -> bool {
    answer.is_some_and(|it| it.0 != 408 && !(500..600).contains(&it.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_in_a_row_are_down_and_two_answers_in_a_row_up() {
        let (now, ok, busy) = (Instant::now(), Some(Status(200)), Some(Status(503)));
        let mut health = Health::new(now, Duration::from_secs(10), &mut Rng::from_number(1));
        let mut ask = |answer: Option<Status>| {
            let due = health.poll_timeout();
            assert_eq!(health.handle_timeout(due), Some(Due::Ask));
            health.handle_answer(answer)
        };

        let told =
            [busy, None, ok, busy, None, Some(Status(408)), ok, busy, ok, ok, busy].map(&mut ask);

        let mut expected = [None; 11];
        (expected[5], expected[9]) = (Some(Change::Down), Some(Change::Up));
        assert_eq!(told, expected);
        assert_eq!(ask(Some(Status(404))), None, "a refusal is a sign of life");
    }

    #[test]
    fn silence_is_a_failure_and_a_late_answer_is_none() {
        let now = Instant::now();
        let mut health = Health::new(now, Duration::from_secs(10), &mut Rng::from_number(1));
        for n in 1..=3 {
            let asked = health.poll_timeout();
            assert_eq!(health.handle_timeout(asked), Some(Due::Ask));
            let given_up = health.poll_timeout();
            assert_eq!(given_up - asked, ANSWER_TIMEOUT);
            let change = (n == 3).then_some(Change::Down);
            assert_eq!(health.handle_timeout(given_up), Some(Due::Judged(change)));
            assert_eq!(health.handle_answer(Some(Status(200))), None);
            assert_eq!(health.poll_timeout() - asked, Duration::from_secs(10));
        }
    }
}
