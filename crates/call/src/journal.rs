//! What the journal is told of calls: each thing that happens to a leg, as it happens.
//!
//! The journal outlives the process. What a crash cuts off is put in order from it: the rows of the
//! call log that were still to come are made of it, and the far ends of dialogs that stood are told
//! that they are over. Statistics can be computed anew from it at any time.
//!
//! Whoever hears of a leg hears [`LegHappening::Began`] first and its row of the call log last
//! ([`crate::Output::Cdr`]); what is between comes in the order in which it happened.

use crate::{calls::Calls, cdr::Cdr, failure::Cause};
use base::{CallId, CdrId, DomainId, LegId, Now, UnixMillis};
use bytes::Bytes;
use sip::{Header, HeaderName, Method, dialog::DialogRecord};

/// Something that happened to a leg.
#[derive(Clone, Debug, PartialEq)]
pub struct LegEvent {
    /// Whose leg it is now.
    pub call: CallId,
    /// Which.
    pub leg: LegId,
    /// When.
    pub at: UnixMillis,
    /// What.
    pub what: LegHappening,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum LegHappening {
    /// It is there: the row that it would have if it came to nothing at once.
    Began(Box<Cdr>),
    /// Its far end was told that it rings, or said so.
    Rang,
    /// It was answered. The dialog as it stood then, for whoever may have to end it.
    Answered(Option<Box<DialogRecord>>),
    /// Its far end put the other side on hold.
    Held,
    /// And took it back.
    Resumed,
    /// It is a leg of the call that this event names, and was one of another.
    Moved,
    /// Something about its waiting in a queue.
    Queue(Box<QueueEvent>),
}

/// Something about a caller in a queue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QueueEvent {
    /// The domain that the queue is in.
    pub domain: DomainId,
    /// The queue's name.
    pub queue: String,
    /// What.
    pub what: QueueHappening,
}

/// What happened to a caller in a queue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum QueueHappening {
    /// The caller came, as the last of so many.
    Entered {
        /// Who: an extension, or `TRUNK/NUMBER`.
        caller: String,
        /// Its place, from 1.
        position: u32,
    },
    /// Nobody serves the queue; the caller was told so, and the plan let it go.
    LeftEmpty(Wait),
    /// The caller hung up, was lost or was taken elsewhere.
    Abandoned(Wait),
}

/// How a wait in a queue was when it ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Wait {
    /// The caller's place at the end, from 1.
    pub position: u32,
    /// Its place when it came.
    pub first_position: u32,
    /// How long it was, in ms.
    pub waited_ms: i64,
}

/// A leg that a crash cut off.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    /// Its row, as far as it went.
    pub row: Cdr,
    /// The dialog that stood with its far end.
    pub dialog: Option<DialogRecord>,
}

impl Unfinished {
    /// Of a leg that begins.
    pub fn new(row: Cdr) -> Self {
        Self { row, dialog: None }
    }

    /// Takes in what happened to it next.
    pub fn apply(&mut self, event: &LegEvent) {
        self.row.call = event.call;
        let after = event.at.0 - self.row.started.0;
        match &event.what {
            LegHappening::Began(row) => self.row = (**row).clone(),
            LegHappening::Rang => self.row.ring_ms = Some(after),
            LegHappening::Answered(dialog) => {
                self.row.answer_ms = Some(after);
                self.dialog = dialog.as_deref().cloned();
            }
            LegHappening::Held
            | LegHappening::Resumed
            | LegHappening::Moved
            | LegHappening::Queue(_) => {}
        }
    }

    /// Its row, if its last sign of life was at `died_at`. The same leg always gets the same row.
    pub fn row_of_crash(&self, died_at: UnixMillis) -> Cdr {
        let started = self.row.started;
        let end_ms = (died_at.0 - started.0).max(self.row.answer_ms.unwrap_or(0));
        let is_answered = self.row.answer_ms.is_some();
        Cdr {
            id: CdrId::of_leg(died_at, self.row.leg),
            end_ms,
            talk_ms: self.row.answer_ms.map_or(0, |answered| end_ms - answered),
            sip_status: if is_answered { 200 } else { Cause::Crash.status().0 },
            cause: Cause::Crash.as_str().to_owned(),
            ..self.row.clone()
        }
    }
}

impl Calls {
    /// Tells the far ends of dialogs that a crash cut off that these are over.
    pub fn bury(&mut self, now: Now, dialogs: &[DialogRecord]) {
        for record in dialogs {
            // Requests inside the dialog that nobody wrote down have used numbers above the known.
            let local_cseq = record.local_cseq.saturating_add(CSEQ_LEAP).min(CSEQ_MAX);
            let record = DialogRecord { local_cseq, ..record.clone() };
            let Ok(dialog) = self.core.endpoint.restore_dialog(&record) else { continue };
            let value = Bytes::from_static(Cause::Crash.reason_header().as_bytes());
            let headers = vec![Header { name: HeaderName::Reason, value }];
            // The dialog is there: it was restored a line ago.
            let _ = self.core.endpoint.request_in_dialog(
                now.instant,
                dialog,
                Method::Bye,
                headers,
                None,
            );
        }
        self.pump(now);
    }
}

/// More requests than anybody sends inside a dialog while it stands.
const CSEQ_LEAP: u32 = 100_000;

/// Numbers are below 2^31 (RFC 3261 section 8.1.1.5), and the BYE has the next.
const CSEQ_MAX: u32 = (1 << 31) - 2;
