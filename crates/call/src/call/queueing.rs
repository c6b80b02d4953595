//! The guest in a queue, and what the journal is told of it.
//!
//! Nobody serves queues yet: whoever comes hears so, and its wait is over with the words. It counts as
//! abandoned when the guest leaves before, however that comes about.

use super::{AfterWords, Call, State};
use crate::{
    context::Context,
    failure::Refusal,
    journal::{LegEvent, LegHappening, QueueEvent, QueueHappening, Wait},
    output::Output,
    queues::QueuePlace,
    speech::Language,
};
use base::{Now, UnixMillis};

/// Whether the guest waits, and what the journal does not know of it yet.
#[derive(Debug, Default)]
pub(super) struct Queueing {
    waiting: Option<Box<Waiting>>,
    untold: Vec<(UnixMillis, QueueEvent)>,
}

#[derive(Debug)]
struct Waiting {
    place: QueuePlace,
    since: Now,
    first_position: u32,
}

impl Call {
    /// The guest comes into a queue, which it hears is not served.
    pub(super) fn enter_queue(
        &mut self,
        ctx: &mut Context<'_>,
        queue: String,
        language: Language,
    ) -> Result<(), Refusal> {
        self.queueing.leave(ctx.now, QueueHappening::Abandoned);
        self.say_not_built(ctx, language, AfterWords::LeaveQueue)?;
        let place = ctx.world.queues.join(self.domain, queue, self.id);
        let caller = self.legs[self.guest].view().party;
        self.queueing.enter(ctx.now, place, caller);
        Ok(())
    }

    /// The guest has heard that nobody serves the queue.
    pub(super) fn leave_empty_queue(&mut self, now: Now) {
        self.queueing.leave(now, QueueHappening::LeftEmpty);
    }

    /// What the journal does not know yet of the guest's wait, of which it must know the leg before.
    pub(super) fn take_queue_news(&mut self, now: Now) -> Vec<Output> {
        if !matches!(self.state, State::Playing { then: AfterWords::LeaveQueue, .. }) {
            self.queueing.leave(now, QueueHappening::Abandoned);
        }
        let untold = std::mem::take(&mut self.queueing.untold);
        let tell = |(at, event)| {
            let (call, leg) = (self.id, self.legs[self.guest].view().id);
            let what = LegHappening::Queue(Box::new(event));
            Output::Journal(Box::new(LegEvent { call, leg, at, what }))
        };
        untold.into_iter().map(tell).collect()
    }
}

impl Queueing {
    fn enter(&mut self, now: Now, place: QueuePlace, caller: String) {
        let position = place.position();
        self.note(now, &place, QueueHappening::Entered { caller, position });
        let waiting = Waiting { place, since: now, first_position: position };
        self.waiting = Some(Box::new(waiting));
    }

    /// Ends the wait, if there is one.
    fn leave(&mut self, now: Now, how: fn(Wait) -> QueueHappening) {
        let Some(waiting) = self.waiting.take() else { return };
        let waited = now.instant.saturating_duration_since(waiting.since.instant);
        let wait = Wait {
            position: waiting.place.position(),
            first_position: waiting.first_position,
            waited_ms: waited.as_millis() as i64,
        };
        self.note(now, &waiting.place, how(wait));
    }

    fn note(&mut self, now: Now, place: &QueuePlace, what: QueueHappening) {
        let (domain, queue) = (place.domain(), place.queue().to_owned());
        self.untold.push((now.unix, QueueEvent { domain, queue, what }));
    }
}
