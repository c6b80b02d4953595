//! The journal of the city: what is written of legs, and what must be true of it.

use crate::City;
use base::LegId;
use call::{
    Cdr,
    journal::{LegEvent, LegHappening, QueueEvent, Unfinished},
};
use std::collections::BTreeMap;

/// What outlives a `kill -9` of the switch.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    legs: BTreeMap<LegId, Unfinished>,
    /// What happened to callers in queues, oldest first.
    pub(crate) queues: Vec<(LegId, QueueEvent)>,
}

impl City {
    /// What happened to callers in queues, oldest first.
    pub fn queue_events(&self) -> Vec<QueueEvent> {
        self.journal.queues.iter().map(|(_, event)| event.clone()).collect()
    }
}

impl Journal {
    /// A leg begins before anything else happens to it, and each thing happens to it once.
    pub(crate) fn take_in(&mut self, event: &LegEvent) {
        if let LegHappening::Began(row) = &event.what {
            let before = self.legs.insert(event.leg, Unfinished::new((**row).clone()));
            assert_eq!(before, None, "a leg begins once");
            return;
        }
        let leg =
            self.legs.get_mut(&event.leg).expect("a leg begins before something happens to it");
        let call_before = leg.row.call;
        match &event.what {
            LegHappening::Rang => assert_eq!(leg.row.ring_ms, None, "{event:?}"),
            LegHappening::Answered(_) => assert_eq!(leg.row.answer_ms, None, "{event:?}"),
            LegHappening::Moved => assert_ne!(call_before, event.call, "{event:?}"),
            LegHappening::Held | LegHappening::Resumed => {
                assert!(leg.row.answer_ms.is_some(), "{event:?}");
            }
            LegHappening::Queue(queue) => self.queues.push((event.leg, (**queue).clone())),
            LegHappening::Began(_) => {}
        }
        leg.apply(event);
    }

    /// The row of the call log could be computed from what was told before, but for its end.
    pub(crate) fn end(&mut self, cdr: &Cdr) {
        let leg = self.legs.remove(&cdr.leg).expect("a leg begins before it ends");
        let computed = Cdr {
            id: cdr.id,
            end_ms: cdr.end_ms,
            talk_ms: cdr.talk_ms,
            sip_status: cdr.sip_status,
            hangup: cdr.hangup,
            cause: cdr.cause.clone(),
            codec: cdr.codec.clone(),
            media: cdr.media.clone(),
            ..leg.row
        };
        assert_eq!(computed, *cdr, "the journal tells what the call log says");
    }

    /// What a killed switch left; from now on it is a new one's.
    pub(crate) fn take_unfinished(&mut self) -> Vec<Unfinished> {
        std::mem::take(&mut self.legs).into_values().collect()
    }
}
