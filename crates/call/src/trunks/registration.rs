//! Staying registered with a trunk (RFC 3261 section 10.2): refreshed in time, tried at further
//! destinations when one does not take it, and again with growing pauses when none does.

use base::Rng;
use std::time::{Duration, Instant};

/// How long a destination may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

/// The pause after all destinations were tried in vain; the double after each further time.
const PAUSE_FIRST: Duration = Duration::from_secs(5);

/// The longest pause, and the one after credentials were refused.
const PAUSE_MAX: Duration = Duration::from_secs(300);

/// A registrar that grants less is asked no more often.
const REFRESH_MIN: Duration = Duration::from_secs(5);

/// Our registration with one trunk.
#[derive(Debug)]
pub(super) struct Registration {
    /// How many destinations there are.
    destinations: usize,
    /// How long it is asked for, in seconds; a registrar may want more.
    expires_s: u32,
    /// Which destination is asked, or is next.
    at: usize,
    step: Step,
    /// How often all destinations were tried in vain since the last success.
    rounds: u32,
    held: Option<Held>,
}

/// Where we are registered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Held {
    /// At which destination.
    pub(super) at: usize,
    until: Instant,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Until it is asked for.
    Resting { until: Instant },
    /// It was asked for, and is given up at `until`.
    Asking { until: Instant },
}

/// What came of asking.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Answer {
    /// Registered for so many seconds.
    Granted { expires_s: u32 },
    /// 423: so many seconds at least.
    TooBrief { min_s: u32 },
    /// The registrar does not know us, or not with this password.
    Refused,
    /// It cannot be had now; not before so many seconds, if it says so.
    Failed { retry_after_s: Option<u32> },
}

/// A REGISTER to be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Ask {
    pub(super) destination: usize,
    pub(super) expires_s: u32,
}

impl Registration {
    /// Not registered; asks at once.
    pub(super) fn new(now: Instant, destinations: usize, expires_s: u32) -> Self {
        let step = Step::Resting { until: now };
        Self { destinations, expires_s, at: 0, step, rounds: 0, held: None }
    }

    /// When [`Self::handle_timeout`] wants to be called.
    pub(super) fn poll_timeout(&self) -> Instant {
        let (Step::Resting { until } | Step::Asking { until }) = self.step;
        self.held.map_or(until, |held| held.until.min(until))
    }

    /// Lets what is due happen; gives the REGISTER that is to be sent.
    pub(super) fn handle_timeout(&mut self, now: Instant, rng: &mut Rng) -> Option<Ask> {
        self.held = self.held.filter(|it| now < it.until);
        if let Step::Asking { until } = self.step
            && until <= now
        {
            self.fail(now, rng, None);
        }
        match self.step {
            Step::Resting { until } if until <= now => Some(self.ask(now)),
            Step::Resting { .. } | Step::Asking { .. } => None,
        }
    }

    /// What the destination that was asked says; gives the next REGISTER, if one follows at once.
    pub(super) fn handle_answer(
        &mut self,
        now: Instant,
        rng: &mut Rng,
        answer: Answer,
    ) -> Option<Ask> {
        let Step::Asking { .. } = self.step else { return None };
        match answer {
            Answer::Granted { expires_s } if expires_s > 0 => {
                let granted = Duration::from_secs(expires_s.into());
                self.held = Some(Held { at: self.at, until: now + granted });
                // The next time the first one may be there again.
                (self.at, self.rounds) = (0, 0);
                let until = now + (granted * 3 / 4).max(REFRESH_MIN);
                self.step = Step::Resting { until };
            }
            Answer::TooBrief { min_s } if min_s > self.expires_s => {
                self.expires_s = min_s;
                return Some(self.ask(now));
            }
            Answer::Refused => self.fail(now, rng, Some(PAUSE_MAX)),
            Answer::Granted { .. } | Answer::TooBrief { .. } => self.fail(now, rng, None),
            Answer::Failed { retry_after_s } => {
                let pause = retry_after_s.map(|it| Duration::from_secs(it.into()));
                self.fail(now, rng, pause.map(|it| it.min(PAUSE_MAX)));
            }
        }
        match self.step {
            Step::Resting { until } if until <= now => Some(self.ask(now)),
            Step::Resting { .. } | Step::Asking { .. } => None,
        }
    }

    /// Where we are registered, if we are.
    pub(super) fn held(&self) -> Option<Held> {
        self.held
    }

    fn ask(&mut self, now: Instant) -> Ask {
        self.step = Step::Asking { until: now + ANSWER_TIMEOUT };
        Ask { destination: self.at, expires_s: self.expires_s }
    }

    /// The next destination follows at once; after the last one a pause of `pause` at least, and of
    /// up to a quarter more by chance, so that not all who lost the registrar come back at once.
    fn fail(&mut self, now: Instant, rng: &mut Rng, pause: Option<Duration>) {
        self.at += 1;
        if self.at < self.destinations {
            self.step = Step::Resting { until: now };
            return;
        }
        self.at = 0;
        let grown = PAUSE_FIRST.saturating_mul(1 << self.rounds.min(ROUNDS_COUNTED)).min(PAUSE_MAX);
        self.rounds += 1;
        let pause = pause.map_or(grown, |it| it.max(grown));
        let quarter = u64::try_from(pause.as_millis() / 4).unwrap_or(1);
        let until = now + pause + Duration::from_millis(rng.below(quarter.max(1)));
        self.step = Step::Resting { until };
    }
}

/// After so many rounds the pause is the longest anyway.
const ROUNDS_COUNTED: u32 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: Answer = Answer::Failed { retry_after_s: None };

    struct World {
        now: Instant,
        rng: Rng,
        registration: Registration,
    }

    impl World {
        fn new(destinations: usize) -> Self {
            let now = Instant::now();
            let registration = Registration::new(now, destinations, 3600);
            Self { now, rng: Rng::from_number(1), registration }
        }

        /// The next REGISTER, and how long after the last event.
        fn wait(&mut self) -> (Ask, u64) {
            let before = self.now;
            loop {
                self.now = self.registration.poll_timeout().max(self.now);
                if let Some(ask) = self.registration.handle_timeout(self.now, &mut self.rng) {
                    return (ask, (self.now - before).as_secs());
                }
            }
        }

        fn hear(&mut self, answer: Answer) -> Option<Ask> {
            self.registration.handle_answer(self.now, &mut self.rng, answer)
        }
    }

    #[test]
    fn it_is_refreshed_before_it_ends_and_lost_when_nobody_refreshes_it() {
        let mut world = World::new(1);
        let first = world.wait();
        assert_eq!(first, (Ask { destination: 0, expires_s: 3600 }, 0));
        assert_eq!(world.hear(Answer::Granted { expires_s: 400 }), None);
        assert!(world.registration.held().is_some());

        let (_, after) = world.wait();
        assert_eq!(after, 300);
        let lost_at = world.now + Duration::from_secs(100);
        while world.now < lost_at {
            assert!(world.registration.held().is_some());
            world.wait();
        }
        assert_eq!(world.registration.held(), None);
    }

    #[test]
    fn pauses_grow_up_to_five_minutes_and_a_refusal_means_the_longest() {
        let mut world = World::new(1);
        world.wait();
        let pauses: Vec<_> = (0..9)
            .map(|_| {
                world.hear(BUSY);
                world.wait().1
            })
            .collect();
        for (pause, least) in pauses.iter().zip([5, 10, 20, 40, 80, 160, 300, 300, 300]) {
            assert!((least..=least * 5 / 4).contains(pause), "{pauses:?}");
        }

        let mut world = World::new(1);
        world.wait();
        world.hear(Answer::Refused);
        assert!(world.wait().1 >= 300);
        world.hear(Answer::Failed { retry_after_s: Some(60) });
        assert!((60..=75).contains(&world.wait().1));
        world.hear(Answer::Failed { retry_after_s: Some(86_400) });
        assert!(world.wait().1 <= 375, "nobody may silence us for a day");
    }

    #[test]
    fn destinations_are_tried_in_order_and_the_first_again_at_each_refresh() {
        let mut world = World::new(3);
        world.wait();
        assert_eq!(world.hear(BUSY).map(|it| it.destination), Some(1));
        let (ask, after) = world.wait();
        assert_eq!((ask.destination, after), (2, 8), "silence");
        world.hear(Answer::Granted { expires_s: 100 });
        assert_eq!(world.registration.held().map(|it| it.at), Some(2));

        let (ask, after) = world.wait();
        assert_eq!((ask.destination, after), (0, 75));
        assert_eq!(world.registration.held().map(|it| it.at), Some(2), "until it ends");
    }

    #[test]
    fn a_registrar_that_wants_longer_gets_it_and_one_that_only_says_so_does_not_keep_us_busy() {
        let mut world = World::new(1);
        world.wait();
        assert_eq!(world.hear(Answer::TooBrief { min_s: 7200 }).map(|it| it.expires_s), Some(7200));
        assert_eq!(world.hear(Answer::TooBrief { min_s: 7200 }), None);
        assert!(world.wait().1 >= 5);
        world.hear(Answer::Granted { expires_s: 0 });
        assert!(world.wait().1 >= 5);
        world.hear(Answer::Granted { expires_s: 1 });
        assert_eq!(world.wait().1, 5);
    }
}
