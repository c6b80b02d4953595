//! The subscriptions that REFERs outside dialogs imply (RFC 3515 section 2.4.4): whoever asked for a
//! call is told how it goes, until that is decided.
//!
//! They live as long as their call is on its way and as their process does: nothing of them is
//! written down, and the desk knows nothing of them.

use base::{CallId, Deadlines};
use bytes::Bytes;
use sip::{
    ClientId, DialogId, Endpoint, Header, HeaderName, Method, Request, Status,
    bindings::Aor,
    endpoint::Body,
    subscription::{Delivery, EndReason, Notifier, Subscribe},
};
use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

/// The event package that REFERs imply.
const PACKAGE: &str = "refer";

/// How long an implied subscription holds by our word: longer than anybody rings.
pub(crate) const LASTS: Duration = Duration::from_secs(600);

/// Most calls at a time that one extension is told of on a shard; past it a REFER that wants to be
/// told gets 480.
pub(super) const OF_REFERRER_MAX: usize = 20;

/// Every implied subscription of a shard.
#[derive(Debug, Default)]
pub(crate) struct Referrals {
    by_dialog: BTreeMap<DialogId, Referral>,
    by_call: HashMap<CallId, DialogId>,
    /// NOTIFYs under way.
    by_client: HashMap<ClientId, DialogId>,
    deadlines: Deadlines<DialogId>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Referral {
    /// The extension that is told.
    pub(super) by: Aor,
    call: CallId,
    /// CSeq of the REFER, which may stand in its Event (section 2.4.6).
    cseq: u32,
    /// How the call stands.
    status: Status,
    notifier: Notifier,
}

impl Referral {
    /// One of whom asked for this call by a REFER with this CSeq. It is told at once that the call is
    /// tried.
    pub(super) fn new(now: Instant, by: Aor, call: CallId, cseq: u32) -> Self {
        Self { by, call, cseq, status: Status(100), notifier: Notifier::new(now + LASTS) }
    }

    fn notify(&mut self, now: Instant, endpoint: &mut Endpoint, dialog: DialogId) -> Sent {
        let Some(standing) = self.notifier.poll_notify(now) else { return Sent::Nothing };
        let headers = vec![
            Header { name: HeaderName::Event, value: Bytes::from_static(PACKAGE.as_bytes()) },
            Header { name: HeaderName::SubscriptionState, value: standing.to_value() },
        ];
        let body = Some(fragment(self.status));
        match endpoint.request_in_dialog(now, dialog, Method::Notify, headers, body) {
            Ok(client) => Sent::As(client),
            Err(_) => Sent::ToNobody,
        }
    }
}

/// Whether a NOTIFY went out.
enum Sent {
    /// None is due.
    Nothing,
    As(ClientId),
    /// The dialog is gone.
    ToNobody,
}

impl Referrals {
    pub(super) fn len(&self) -> usize {
        self.by_dialog.len()
    }

    pub(super) fn has(&self, dialog: DialogId) -> bool {
        self.by_dialog.contains_key(&dialog)
    }

    /// Whether a client transaction is a NOTIFY of one of them.
    pub(super) fn has_client(&self, client: ClientId) -> bool {
        self.by_client.contains_key(&client)
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Whether an extension is told of as many calls as it may be.
    pub(super) fn is_full_for(&self, by: &Aor) -> bool {
        self.by_dialog.values().filter(|it| it.by == *by).count() >= OF_REFERRER_MAX
    }

    /// The 202 of a REFER has opened this dialog.
    pub(super) fn begin(&mut self, dialog: DialogId, referral: Referral) {
        self.by_call.insert(referral.call, dialog);
        self.by_dialog.insert(dialog, referral);
    }

    /// How a call stands now. The last word on it ends the subscription. Gives the dialog in which
    /// that is to be told.
    pub(super) fn take_in(&mut self, call: CallId, status: Status) -> Option<DialogId> {
        let dialog = *self.by_call.get(&call)?;
        let it = self.by_dialog.get_mut(&dialog)?;
        if it.status == status || it.status.is_final() {
            return None;
        }
        it.status = status;
        it.notifier.handle_news();
        if status.is_final() {
            it.notifier.end(EndReason::NoResource);
        }
        Some(dialog)
    }

    /// Whether a SUBSCRIBE inside this dialog is about its subscription, and that goes on.
    pub(super) fn is_meant(&self, dialog: DialogId, subscribe: &Subscribe) -> bool {
        self.by_dialog.get(&dialog).is_some_and(|it| {
            let cseq = it.cseq.to_string();
            let is_its_id = subscribe.event_id.as_ref().is_none_or(|id| *id == cseq);
            subscribe.package == PACKAGE && is_its_id && it.notifier.is_active()
        })
    }

    /// It holds until then, by a SUBSCRIBE; or ends with one more NOTIFY.
    pub(super) fn refresh(&mut self, dialog: DialogId, until: Option<Instant>) {
        let Some(it) = self.by_dialog.get_mut(&dialog) else { return };
        match until {
            Some(until) => it.notifier.handle_refresh(until),
            None => it.notifier.end(EndReason::Timeout),
        }
    }

    /// Those for whom there is a reason end at the next look at the clock.
    pub(super) fn end_where(&mut self, now: Instant, is_over: impl Fn(&Aor) -> bool) {
        for (dialog, it) in &mut self.by_dialog {
            if is_over(&it.by) {
                it.notifier.end(EndReason::NoResource);
                self.deadlines.set(*dialog, now);
            }
        }
    }

    /// One whose time has come, which is to be driven now.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<DialogId> {
        let dialog = self.deadlines.take_due(now)?;
        if let Some(it) = self.by_dialog.get_mut(&dialog) {
            it.notifier.handle_timeout(now);
        }
        Some(dialog)
    }

    /// A NOTIFY has come to its end: in which dialog.
    pub(super) fn take_delivery(
        &mut self,
        now: Instant,
        client: ClientId,
        delivery: Delivery,
    ) -> Option<DialogId> {
        let dialog = self.by_client.remove(&client)?;
        self.by_dialog.get_mut(&dialog)?.notifier.handle_delivery(now, delivery);
        Some(dialog)
    }

    /// Sends what is to be sent now, and forgets what is over.
    pub(super) fn drive(&mut self, now: Instant, dialog: DialogId, endpoint: &mut Endpoint) {
        let Some(it) = self.by_dialog.get_mut(&dialog) else { return };
        match it.notify(now, endpoint, dialog) {
            Sent::Nothing => {}
            Sent::As(client) => drop(self.by_client.insert(client, dialog)),
            Sent::ToNobody => it.notifier.handle_delivery(now, Delivery::Gone),
        }
        if it.notifier.is_over() {
            self.forget(dialog, endpoint);
        } else {
            self.deadlines.set_or_stop(dialog, it.notifier.poll_timeout());
        }
    }

    /// Forgets one, and its dialog. Its call goes on.
    pub(super) fn forget(&mut self, dialog: DialogId, endpoint: &mut Endpoint) {
        let Some(it) = self.by_dialog.remove(&dialog) else { return };
        self.by_call.remove(&it.call);
        self.by_client.retain(|_, of| *of != dialog);
        self.deadlines.stop(dialog);
        endpoint.forget_dialog(dialog);
    }
}

/// Whether whoever asks by a REFER wants to be told how it goes (RFC 4488 section 4).
pub(crate) fn is_told(refer: &Request) -> bool {
    !refer.headers.text(&refer_sub()).is_some_and(|it| it.trim().eq_ignore_ascii_case("false"))
}

/// The header in which both say so.
pub(crate) fn refer_sub() -> HeaderName {
    HeaderName::Other(Bytes::from_static(b"Refer-Sub"))
}

/// How a call stands, as a NOTIFY says it (RFC 3515 section 2.4.5).
pub(crate) fn fragment(status: Status) -> Body {
    Body {
        content_type: Bytes::from_static(b"message/sipfrag;version=2.0"),
        bytes: format!("SIP/2.0 {} {}\r\n", status.0, status.reason()).into(),
    }
}
