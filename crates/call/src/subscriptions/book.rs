//! The subscriptions of one shard: their dialogs, their NOTIFYs, and what waits for the desk.

use super::{
    Document, KeptSubscription, WatchNews, WatchOrder, WatchWish, Watched, referrals::Referrals,
};
use crate::{output::Output, registration::Ticket};
use base::{Deadlines, Now, SubscriptionId, UnixMillis};
use bytes::Bytes;
use sip::{
    ClientId, DialogId, Endpoint, Header, HeaderName, Method, ServerId,
    bindings::Aor,
    dialog::DialogRecord,
    subscription::{Delivery, EndReason, Notifier, Standing},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

/// Every subscription of a shard.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    pub(super) shard: u8,
    pub(super) by_id: BTreeMap<SubscriptionId, Subscription>,
    by_dialog: HashMap<DialogId, SubscriptionId>,
    /// NOTIFYs under way.
    by_client: HashMap<ClientId, SubscriptionId>,
    watched: HashMap<Watched, Here>,
    /// Those that REFERs imply.
    pub(super) referrals: Referrals,
    deadlines: Deadlines<SubscriptionId>,
    /// The latest time that we were told.
    now: Instant,
}

/// Something that is watched here.
#[derive(Debug, Default)]
struct Here {
    by: BTreeSet<SubscriptionId>,
    /// How it stands; `None` until the desk has told.
    current: Option<Arc<Document>>,
}

/// One subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) watched: Watched,
    /// Number of whoever subscribed.
    pub(super) subscriber: String,
    pub(super) event_id: Option<Bytes>,
    pub(super) stage: Stage,
    /// What was told by the desk and to nobody yet: it may hold what has ended meanwhile.
    unsent: Option<Arc<Document>>,
    numbers: Numbers,
}

/// What a SUBSCRIBE may have.
pub(super) struct Wanted {
    pub(super) watched: Watched,
    pub(super) subscriber: String,
    pub(super) event_id: Option<Bytes>,
    /// 0 for the present state only.
    pub(super) interval_s: u32,
}

/// How far it is.
#[derive(Debug)]
pub(super) enum Stage {
    /// Its SUBSCRIBE waits until it is in the database.
    Asked(Asked),
    /// It has a dialog.
    Live(Live),
}

/// A SUBSCRIBE that waits for its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) server: ServerId,
    pub(super) interval_s: u32,
    /// The greatest CSeq number that its row allows.
    pub(super) reserved: u32,
    /// When it is refused.
    pub(super) limit: Instant,
}

#[derive(Debug)]
pub(super) struct Live {
    pub(super) dialog: DialogId,
    pub(super) notifier: Notifier,
    /// A refresh that waits until it is in the database.
    pub(super) refresh: Option<Asked>,
    /// Whether the state is told once and no more: a SUBSCRIBE that expired at once.
    is_look: bool,
}

/// CSeq numbers of NOTIFYs.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    /// The greatest that the database knows of.
    reserved: u32,
    /// What the next NOTIFY has.
    next: u32,
    /// Whether more are asked for.
    is_asking: bool,
}

impl Subscriptions {
    pub(crate) fn new(shard: u8, now: Instant) -> Self {
        Self {
            shard,
            by_id: BTreeMap::new(),
            by_dialog: HashMap::new(),
            by_client: HashMap::new(),
            watched: HashMap::new(),
            referrals: Referrals::default(),
            deadlines: Deadlines::default(),
            now,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len() + self.referrals.len()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next().into_iter().chain(self.referrals.poll_timeout()).min()
    }

    /// The subscription of a dialog.
    pub(crate) fn of_dialog(&self, dialog: DialogId) -> Option<SubscriptionId> {
        self.by_dialog.get(&dialog).copied()
    }

    /// Whether a client transaction is a NOTIFY of a subscription.
    pub(crate) fn has_client(&self, client: ClientId) -> bool {
        self.by_client.contains_key(&client) || self.referrals.has_client(client)
    }

    // === Beginning ===

    /// A SUBSCRIBE that waits for the desk.
    pub(super) fn ask(&mut self, now: Instant, id: SubscriptionId, wanted: Wanted, asked: Asked) {
        self.now = now;
        self.insert(id, Subscription::new(wanted, Stage::Asked(asked), 0));
        self.deadlines.set(id, asked.limit);
    }

    /// One that is told the state once, in the dialog that its 200 has opened. No other process goes
    /// on with it.
    pub(super) fn look(
        &mut self,
        now: Instant,
        id: SubscriptionId,
        wanted: Wanted,
        dialog: DialogId,
    ) {
        let notifier = Notifier::new(now + COMMIT_LIMIT);
        let live = Live { dialog, notifier, refresh: None, is_look: true };
        self.by_dialog.insert(dialog, id);
        self.insert(id, Subscription::new(wanted, Stage::Live(live), u32::MAX));
    }

    /// Goes on with one of an earlier process, for which [`NUMBERS_AT_ONCE`] more CSeq numbers were
    /// written as used than that one may have used. Its subscriber is told how things stand as soon
    /// as the desk has told, and not before `not_before`.
    pub(crate) fn restore(
        &mut self,
        now: Now,
        endpoint: &mut Endpoint,
        kept: &KeptSubscription,
        not_before: Instant,
    ) {
        let first = kept.dialog.local_cseq.saturating_sub(NUMBERS_AT_ONCE);
        let record = DialogRecord { local_cseq: first, ..kept.dialog.clone() };
        let Ok(dialog) = endpoint.restore_dialog(&record) else { return };
        let left_ms = (kept.expires_at.0 - now.unix.0).clamp(0, INTERVAL_MS_MAX).unsigned_abs();
        let mut notifier = Notifier::new(now.instant + Duration::from_millis(left_ms));
        notifier.pause(not_before);
        let live = Live { dialog, notifier, refresh: None, is_look: false };
        self.by_dialog.insert(dialog, kept.id);
        let wanted = Wanted {
            watched: kept.watched.clone(),
            subscriber: kept.subscriber.clone(),
            event_id: kept.event_id.clone(),
            interval_s: 0,
        };
        let subscription = Subscription::new(wanted, Stage::Live(live), kept.dialog.local_cseq);
        self.insert(kept.id, subscription);
        self.set_deadline(kept.id);
    }

    fn insert(&mut self, id: SubscriptionId, subscription: Subscription) {
        self.watched.entry(subscription.watched.clone()).or_default().by.insert(id);
        self.by_id.insert(id, subscription);
    }

    /// A new subscription is in the database, and its 200 has opened this dialog.
    pub(super) fn begin(&mut self, now: Instant, id: SubscriptionId, dialog: DialogId) {
        let Some(it) = self.by_id.get_mut(&id) else { return };
        let Stage::Asked(asked) = &it.stage else { return };
        let until = now + Duration::from_secs(u64::from(asked.interval_s));
        let notifier = Notifier::new(until);
        it.stage = Stage::Live(Live { dialog, notifier, refresh: None, is_look: false });
        self.by_dialog.insert(dialog, id);
    }

    /// Whether the SUBSCRIBE of that ticket waits to be written.
    pub(super) fn awaits(&self, id: SubscriptionId, ticket: Ticket) -> bool {
        let asked = self.by_id.get(&id).and_then(|it| match &it.stage {
            Stage::Asked(asked) => Some(asked),
            Stage::Live(live) => live.refresh.as_ref(),
        });
        asked.is_some_and(|it| it.server.0 == ticket.0)
    }

    /// The row of a subscription whose SUBSCRIBE waits, and which holds for `interval_s` from now on.
    pub(super) fn row(
        &mut self,
        now: UnixMillis,
        id: SubscriptionId,
        mut dialog: DialogRecord,
        interval_s: u32,
    ) -> Option<KeptSubscription> {
        let it = self.by_id.get_mut(&id)?;
        let enough = dialog.local_cseq.saturating_add(NUMBERS_AT_ONCE);
        dialog.local_cseq = enough.max(it.numbers.reserved);
        let asked = match &mut it.stage {
            Stage::Asked(asked) => Some(asked),
            Stage::Live(live) => live.refresh.as_mut(),
        };
        if let Some(asked) = asked {
            asked.reserved = dialog.local_cseq;
        }
        Some(KeptSubscription {
            id,
            watched: it.watched.clone(),
            subscriber: it.subscriber.clone(),
            event_id: it.event_id.clone(),
            dialog,
            expires_at: UnixMillis(now.0 + 1000 * i64::from(interval_s)),
        })
    }

    // === While it lives ===

    /// Something that is watched here stands otherwise: who is to be driven now.
    pub(super) fn take_in(&mut self, news: WatchNews) -> Vec<SubscriptionId> {
        let WatchNews { watched, news, current } = news;
        let Some(here) = self.watched.get_mut(&watched) else { return Vec::new() };
        here.current = Some(current);
        for id in &here.by {
            let Some(it) = self.by_id.get_mut(id) else { continue };
            it.unsent = Some(Arc::clone(&news));
            if let Stage::Live(live) = &mut it.stage {
                live.notifier.handle_news();
            }
        }
        here.by.iter().copied().collect()
    }

    /// Who is due.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<SubscriptionId> {
        self.now = now;
        self.deadlines.take_due(now)
    }

    /// Those for which there is a reason end at the next look at the clock.
    pub(super) fn end_where(&mut self, reason: impl Fn(&Subscription) -> Option<EndReason>) {
        for (id, it) in &mut self.by_id {
            let Some(reason) = reason(it) else { continue };
            if let Stage::Live(live) = &mut it.stage {
                live.notifier.end(reason);
                self.deadlines.set(*id, self.now);
            }
        }
    }

    /// Those that REFERs implied, of extensions for which that is so, end then as well.
    pub(super) fn end_referrals_where(&mut self, is_over: impl Fn(&Aor) -> bool) {
        self.referrals.end_where(self.now, is_over);
    }

    /// CSeq numbers up to this one may be used; `None` if that could not be written.
    pub(super) fn take_numbers(&mut self, now: Instant, id: SubscriptionId, reserved: Option<u32>) {
        let Some(it) = self.by_id.get_mut(&id) else { return };
        it.numbers.is_asking = false;
        match (reserved, &mut it.stage) {
            (Some(reserved), _) => it.numbers.reserved = it.numbers.reserved.max(reserved),
            (None, Stage::Live(live)) if it.numbers.next > it.numbers.reserved => {
                live.notifier.pause(now + NUMBERS_RETRY);
            }
            (None, Stage::Live(_) | Stage::Asked(_)) => {}
        }
    }

    /// A row with these numbers is in the database.
    pub(super) fn note_row(&mut self, id: SubscriptionId, reserved: u32) {
        if let Some(it) = self.by_id.get_mut(&id) {
            it.numbers.reserved = it.numbers.reserved.max(reserved);
        }
    }

    /// A NOTIFY has come to its end: whose it was.
    pub(super) fn take_delivery(
        &mut self,
        now: Instant,
        client: ClientId,
        delivery: Delivery,
    ) -> Option<SubscriptionId> {
        let id = self.by_client.remove(&client)?;
        if let Stage::Live(live) = &mut self.by_id.get_mut(&id)?.stage {
            live.notifier.handle_delivery(now, delivery);
        }
        Some(id)
    }

    /// Sends what is to be sent now, and forgets what is over.
    pub(super) fn drive(
        &mut self,
        now: Instant,
        id: SubscriptionId,
        endpoint: &mut Endpoint,
        outputs: &mut VecDeque<Output>,
    ) {
        self.now = now;
        let Some(it) = self.by_id.get_mut(&id) else { return };
        let here = self.watched.get(&it.watched);
        let current = here.and_then(|it| it.current.as_ref());
        let Stage::Live(live) = &mut it.stage else { return };
        if live.is_look && current.is_some() {
            live.notifier.end(EndReason::Timeout);
        }
        let Ok(last) = endpoint.local_cseq(live.dialog) else {
            return self.forget(id, endpoint, outputs);
        };
        let number = last.saturating_add(1);
        let more = it.numbers.ask_ahead(number).map(|upto| WatchWish::Reserve(id, upto));
        outputs.extend(more.map(|it| order(self.shard, it)));
        let is_known = current.is_some() || !live.notifier.is_active();
        if is_known
            && it.numbers.reserved >= number
            && let Some(standing) = live.notifier.poll_notify(now)
        {
            let notify = Notify {
                watched: &it.watched,
                event_id: it.event_id.as_ref(),
                standing,
                document: it.unsent.take().or_else(|| current.cloned()),
                number,
            };
            match notify.send(endpoint, now, live.dialog) {
                Some(client) => drop(self.by_client.insert(client, id)),
                None => live.notifier.handle_delivery(now, Delivery::Gone),
            }
        }
        if live.notifier.is_over() {
            self.forget(id, endpoint, outputs);
        } else {
            self.set_deadline(id);
        }
    }

    /// Forgets a subscription, its dialog and its row.
    pub(super) fn forget(
        &mut self,
        id: SubscriptionId,
        endpoint: &mut Endpoint,
        outputs: &mut VecDeque<Output>,
    ) {
        let Some(it) = self.by_id.remove(&id) else { return };
        self.deadlines.stop(id);
        if let Some(here) = self.watched.get_mut(&it.watched) {
            here.by.remove(&id);
            if here.by.is_empty() {
                self.watched.remove(&it.watched);
            }
        }
        if let Stage::Live(live) = it.stage {
            self.by_dialog.remove(&live.dialog);
            self.by_client.retain(|_, of| *of != id);
            endpoint.forget_dialog(live.dialog);
        }
        outputs.push_back(order(self.shard, WatchWish::Forget(id)));
    }

    pub(super) fn set_deadline(&mut self, id: SubscriptionId) {
        let Some(it) = self.by_id.get(&id) else { return };
        let at = match &it.stage {
            Stage::Asked(asked) => Some(asked.limit),
            Stage::Live(live) => {
                let refresh = live.refresh.map(|it| it.limit);
                live.notifier.poll_timeout().into_iter().chain(refresh).min()
            }
        };
        self.deadlines.set_or_stop(id, at);
    }
}

impl Subscription {
    /// One whose NOTIFYs may have numbers up to `reserved`.
    fn new(wanted: Wanted, stage: Stage, reserved: u32) -> Self {
        let Wanted { watched, subscriber, event_id, interval_s: _ } = wanted;
        let numbers = Numbers { reserved, next: 0, is_asking: false };
        Self { watched, subscriber, event_id, stage, unsent: None, numbers }
    }
}

impl Numbers {
    /// Up to which number to ask for more before `next` is used, if it is time to.
    fn ask_ahead(&mut self, next: u32) -> Option<u32> {
        self.next = next;
        let left = self.reserved.saturating_sub(next);
        if self.is_asking || left >= NUMBERS_AT_ONCE / 2 {
            return None;
        }
        self.is_asking = true;
        Some(next.saturating_add(NUMBERS_AT_ONCE))
    }
}

/// A NOTIFY.
struct Notify<'a> {
    watched: &'a Watched,
    event_id: Option<&'a Bytes>,
    standing: Standing,
    document: Option<Arc<Document>>,
    /// Its CSeq number.
    number: u32,
}

impl Notify<'_> {
    /// Sends it; `None` if the dialog is gone.
    fn send(self, endpoint: &mut Endpoint, now: Instant, dialog: DialogId) -> Option<ClientId> {
        let mut event = self.watched.package.as_str().as_bytes().to_vec();
        if let Some(id) = self.event_id {
            event.extend_from_slice(b";id=");
            event.extend_from_slice(id);
        }
        let headers = vec![
            Header { name: HeaderName::Event, value: event.into() },
            Header { name: HeaderName::SubscriptionState, value: self.standing.to_value() },
        ];
        let is_told = match self.standing {
            Standing::Active { .. } | Standing::Terminated(EndReason::Timeout) => true,
            Standing::Terminated(EndReason::NoResource | EndReason::Deactivated) => false,
        };
        let document = self.document.filter(|_| is_told);
        // The first NOTIFY of a dialog has the number 1, and the first version is 0.
        let body = document.map(|it| it.body(self.number - 1));
        endpoint.request_in_dialog(now, dialog, Method::Notify, headers, body).ok()
    }
}

pub(super) fn order(shard: u8, wish: WatchWish) -> Output {
    Output::Watch(Box::new(WatchOrder { shard, wish }))
}

/// How long a SUBSCRIBE may wait for the database.
pub(super) const COMMIT_LIMIT: Duration = Duration::from_secs(10);

/// So many CSeq numbers are written as used before they are: one write for as many NOTIFYs, and a
/// gap of at most as many when another process goes on.
pub const NUMBERS_AT_ONCE: u32 = 100;

/// When numbers are asked for again that could not be written.
const NUMBERS_RETRY: Duration = Duration::from_secs(5);

/// No clock makes a restored subscription hold for longer, in ms.
const INTERVAL_MS_MAX: i64 = super::INTERVALS.max_s as i64 * 1000;
