//! The machine of one subscription at its notifier (RFC 6665 section 4.2).
//!
//! At most one NOTIFY is under way: what happens meanwhile goes into the next. The owner asks
//! [`Notifier::poll_notify`] after whatever it told the machine, sends what that returns with the
//! latest state, and reports what became of it. When [`Notifier::is_over`], the dialog goes too.

use super::{EndReason, Standing};
use crate::message::Status;
use std::time::{Duration, Instant};

/// One subscription.
#[derive(Debug)]
pub struct Notifier {
    phase: Phase,
    sending: Sending,
    /// Whether something is to be told that no NOTIFY has told.
    has_news: bool,
    /// Before this nothing is told, but for an end.
    pause_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Active {
        /// When it ends unless it is refreshed.
        until: Instant,
    },
    /// The last NOTIFY is due or under way.
    Ending(EndReason),
    Over,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sending {
    Nothing,
    News,
    /// The NOTIFY that says that it is over.
    Last,
}

/// What became of a NOTIFY.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delivery {
    /// The subscriber has it.
    Taken,
    /// The subscriber is not there any more.
    Gone,
    /// It was not taken, and the next may be.
    Refused {
        /// When the subscriber wants the next, at the soonest.
        retry_after: Option<Duration>,
    },
}

impl Notifier {
    /// A subscription that was granted until then. Its first NOTIFY is due at once (section
    /// 4.2.1.3).
    pub fn new(until: Instant) -> Self {
        Self {
            phase: Phase::Active { until },
            sending: Sending::Nothing,
            has_news: true,
            pause_until: None,
        }
    }

    /// It was refreshed: it holds until then, and its subscriber is told how things stand.
    pub fn handle_refresh(&mut self, until: Instant) {
        if let Phase::Active { .. } = self.phase {
            self.phase = Phase::Active { until };
            self.handle_news();
        }
    }

    /// Its refresh waits to be written: until then it does not end.
    pub fn await_refresh(&mut self, limit: Instant) {
        if let Phase::Active { until } = self.phase {
            self.phase = Phase::Active { until: until.max(limit) };
        }
    }

    /// What it is about stands otherwise.
    pub fn handle_news(&mut self) {
        self.has_news = true;
    }

    /// It ends, with one more NOTIFY that says so.
    pub fn end(&mut self, reason: EndReason) {
        if let Phase::Active { .. } = self.phase {
            self.phase = Phase::Ending(reason);
        }
    }

    /// Nothing is told before `until`, unless it ends.
    pub fn pause(&mut self, until: Instant) {
        self.pause_until = Some(until);
    }

    /// The NOTIFY under way has come to its end.
    pub fn handle_delivery(&mut self, now: Instant, delivery: Delivery) {
        let was_last = self.sending == Sending::Last;
        self.sending = Sending::Nothing;
        match delivery {
            Delivery::Taken if !was_last => {}
            Delivery::Refused { retry_after } if !was_last => {
                self.has_news = true;
                self.pause_until = Some(now + retry_after.unwrap_or(RETRY).min(RETRY_MAX));
            }
            Delivery::Taken | Delivery::Refused { .. } | Delivery::Gone => {
                self.phase = Phase::Over;
            }
        }
    }

    /// Lets what is due happen.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.pause_until.is_some_and(|it| it <= now) {
            self.pause_until = None;
        }
        if let Phase::Active { until } = self.phase
            && until <= now
        {
            self.phase = Phase::Ending(EndReason::Timeout);
        }
    }

    /// What the NOTIFY that is to be sent now says of the subscription; it counts as under way.
    pub fn poll_notify(&mut self, now: Instant) -> Option<Standing> {
        if self.sending != Sending::Nothing {
            return None;
        }
        match self.phase {
            Phase::Active { until } if self.has_news && self.pause_until.is_none() => {
                self.has_news = false;
                self.sending = Sending::News;
                Some(Standing::Active { expires_s: seconds_up(until, now) })
            }
            Phase::Ending(reason) => {
                self.sending = Sending::Last;
                Some(Standing::Terminated(reason))
            }
            Phase::Active { .. } | Phase::Over => None,
        }
    }

    /// When [`Self::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match (self.phase, self.pause_until) {
            (Phase::Active { until }, Some(pause)) => Some(until.min(pause)),
            (Phase::Active { until }, None) => Some(until),
            (Phase::Ending(_) | Phase::Over, _) => None,
        }
    }

    /// Whether it goes on for now: a refresh finds it.
    pub fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Active { .. })
    }

    /// Whether nothing more will be sent.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }
}

impl Delivery {
    /// What a final response to a NOTIFY means. Those that end a subscription are listed in RFC
    /// 5057 section 5.1 and RFC 6665 section 4.2.2; a 408 means that nobody answered.
    pub fn of_response(status: Status, retry_after: Option<Duration>) -> Self {
        match status.0 {
            200..300 => Self::Taken,
            404 | 405 | 408 | 410 | 416 | 480..=485 | 489 | 501 | 604 => Self::Gone,
            _ => Self::Refused { retry_after },
        }
    }
}

/// Whole seconds from `now` to `until`, rounded up.
fn seconds_up(until: Instant, now: Instant) -> u32 {
    let left = until.saturating_duration_since(now);
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

/// When a NOTIFY that was refused is tried again, unless the subscriber says when.
const RETRY: Duration = Duration::from_secs(30);

/// A subscriber who wants to be left alone for longer is told again after this.
const RETRY_MAX: Duration = Duration::from_secs(3600);
