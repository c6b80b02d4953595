//! SUBSCRIBEs, what the desk says to them, and what becomes of NOTIFYs.

use super::{
    INTERVALS, KeptSubscription, NotKept, Package, SHARD_MAX, WatchReply, WatchWish, Watched,
    book::{Asked, COMMIT_LIMIT, Stage, Wanted, order},
};
use crate::{
    calls::Calls,
    directory::Directory,
    gate::{Admitted, Caller},
    registration::Ticket,
    replies::{not_allowed, retry_after},
};
use base::{Now, SubscriptionId};
use sip::{
    ClientId, DialogId, HeaderName, Method, Request, Response, ServerId, Status,
    bindings::Aor,
    endpoint::{ClientFailure, Reply},
    subscription::{Delivery, EndReason, Refusal, Subscribe},
};
use std::{sync::Arc, time::Duration};

impl Calls {
    // === Inputs ===

    /// Goes on with the subscriptions of an earlier process, for which
    /// [`super::NUMBERS_AT_ONCE`] more CSeq numbers were written as used. Their NOTIFYs come some at
    /// a time.
    pub fn restore_subscriptions(&mut self, now: Now, kept: &[KeptSubscription]) {
        for (n, it) in (0_u32..).zip(kept) {
            let not_before = now.instant + RESTORED_APART * n;
            self.subscriptions.restore(now, &mut self.core.endpoint, it, not_before);
        }
        let directory = Arc::clone(&self.world.directory);
        self.end_orphaned_subscriptions(&directory);
    }

    /// What the desk says.
    pub fn handle_watch(&mut self, now: Now, reply: WatchReply) {
        match reply {
            // What was refused meanwhile waits for no answer.
            WatchReply::Kept(id, ticket) if self.subscriptions.awaits(id, ticket) => {
                self.handle_kept(now, id);
            }
            WatchReply::NotKept(id, ticket, why) if self.subscriptions.awaits(id, ticket) => {
                self.refuse_kept(now, id, &refusal_of(why));
            }
            WatchReply::Kept(..) | WatchReply::NotKept(..) => {}
            WatchReply::Reserved(id, numbers) => {
                self.subscriptions.take_numbers(now.instant, id, numbers);
                self.drive_subscription(now, id);
            }
            WatchReply::News(news) => {
                for id in self.subscriptions.take_in(news) {
                    self.drive_subscription(now, id);
                }
            }
        }
        self.pump(now);
    }

    /// Lets what is due happen.
    pub(crate) fn handle_subscription_timeouts(&mut self, now: Now) {
        while let Some(id) = self.subscriptions.take_due(now.instant) {
            let Some(it) = self.subscriptions.by_id.get_mut(&id) else { continue };
            let waiting = match &mut it.stage {
                Stage::Asked(asked) => Some(*asked),
                Stage::Live(live) => {
                    live.notifier.handle_timeout(now.instant);
                    live.refresh
                }
            };
            if waiting.is_some_and(|it| it.limit <= now.instant) {
                self.refuse_kept(now, id, &refusal_of(NotKept::Unavailable));
            }
            self.drive_subscription(now, id);
            self.pump(now);
        }
        while let Some(dialog) = self.subscriptions.referrals.take_due(now.instant) {
            self.drive_referral(now, dialog);
            self.pump(now);
        }
    }

    /// Subscriptions of extensions that are gone, and to such or to slots that no plan has, end; those of extensions that have
    /// another password than `before` must be begun anew.
    pub(crate) fn end_orphaned_subscriptions(&mut self, before: &Directory) {
        let (directory, plans) = (&self.world.directory, &self.world.plans);
        self.subscriptions.end_where(|it| {
            let domain = it.watched.aor.domain;
            let (old, new) =
                [before, directory].map(|all| all.extension(domain, &it.subscriber)).into();
            let watched = &it.watched.aor.user;
            let is_there = directory.extension(domain, watched).is_some()
                || (it.watched.package == Package::Dialog && plans.has_slot(watched));
            if new.is_none() || !is_there {
                return Some(EndReason::NoResource);
            }
            let is_same = old.zip(new).is_none_or(|(old, new)| old.ha1 == new.ha1);
            (!is_same).then_some(EndReason::Deactivated)
        });
        self.subscriptions.end_referrals_where(|by| {
            let [old, new] =
                [before, directory].map(|all| all.extension(by.domain, &by.user).map(|it| &it.ha1));
            new.is_none() || old.is_some_and(|old| new != Some(old))
        });
    }

    // === SUBSCRIBE ===

    /// One from outside any dialog, whose sender is known.
    pub(crate) fn handle_subscribe(
        &mut self,
        now: Now,
        server: ServerId,
        request: &Request,
        admitted: &Admitted<'_>,
    ) {
        let wanted = match self.judge(request, admitted) {
            Ok(wanted) => wanted,
            Err(reply) => {
                self.core.endpoint.respond(now.instant, server, *reply);
                return;
            }
        };
        let id = SubscriptionId::new(now.unix, &mut self.core.rng);
        let interval_s = wanted.interval_s;
        if interval_s > 0 {
            let limit = now.instant + COMMIT_LIMIT;
            let asked = Asked { server, interval_s, reserved: 0, limit };
            self.subscriptions.ask(now.instant, id, wanted, asked);
            self.ask_desk(now, id, server, interval_s);
        } else if let Some(dialog) = self.core.endpoint.respond(now.instant, server, granted(0)) {
            let wish = WatchWish::Look(id, wanted.watched.clone());
            self.core.outputs.push_back(order(self.core.settings.shard, wish));
            self.subscriptions.look(now.instant, id, wanted, dialog);
            self.drive_subscription(now, id);
        }
    }

    /// One in a dialog that a SUBSCRIBE opened, and whatever else comes there.
    pub(crate) fn handle_in_subscription(
        &mut self,
        now: Now,
        id: SubscriptionId,
        server: ServerId,
        request: &Request,
    ) {
        let reply = match request.method {
            Method::Subscribe => match self.refresh(now, id, server, request) {
                Ok(()) => return,
                Err(reply) => *reply,
            },
            Method::Bye => {
                self.subscriptions.forget(id, &mut self.core.endpoint, &mut self.core.outputs);
                Reply::new(Status(200))
            }
            Method::Options => Reply::new(Status(200)),
            Method::Ack
            | Method::Cancel
            | Method::Info
            | Method::Invite
            | Method::Message
            | Method::Notify
            | Method::Prack
            | Method::Publish
            | Method::Refer
            | Method::Register
            | Method::Update
            | Method::Other(_) => not_allowed(),
        };
        self.core.endpoint.respond(now.instant, server, reply);
    }

    fn refresh(
        &mut self,
        now: Now,
        id: SubscriptionId,
        server: ServerId,
        request: &Request,
    ) -> Result<(), Box<Reply>> {
        let gone = || Box::new(Reply::new(Status(481)));
        let subscribe = Subscribe::from_request(request).map_err(|it| Box::new(refused(it)))?;
        let it = self.subscriptions.by_id.get_mut(&id).ok_or_else(gone)?;
        let Stage::Live(live) = &mut it.stage else { return Err(gone()) };
        let is_its = subscribe.package == it.watched.package.as_str();
        if !is_its || !live.notifier.is_active() {
            return Err(gone());
        }
        if live.refresh.is_some() {
            // Its subscriber does not wait for our answer to the last one.
            return Err(Box::new(unavailable()));
        }
        let interval_s =
            INTERVALS.interval_s(subscribe.expires_s).map_err(|it| Box::new(refused(it)))?;
        if interval_s == 0 {
            self.core.endpoint.respond(now.instant, server, granted(0));
            live.notifier.end(EndReason::Timeout);
            self.drive_subscription(now, id);
            return Ok(());
        }
        let limit = now.instant + COMMIT_LIMIT;
        live.notifier.await_refresh(limit);
        live.refresh = Some(Asked { server, interval_s, reserved: 0, limit });
        self.subscriptions.set_deadline(id);
        self.ask_desk(now, id, server, interval_s);
        Ok(())
    }

    fn judge(&self, request: &Request, admitted: &Admitted<'_>) -> Result<Wanted, Box<Reply>> {
        let Caller::Extension(subscriber) = admitted.caller else {
            return Err(Box::new(refusal(403, "Trunks do not subscribe")));
        };
        let subscribe = Subscribe::from_request(request).map_err(|it| Box::new(refused(it)))?;
        let package = Package::named(&subscribe.package).ok_or_else(|| Box::new(bad_event()))?;
        let user = request.uri.user_text().unwrap_or_default();
        let domain = admitted.domain.id;
        let extension = self.world.directory.extension(domain, &user);
        let is_slot = package == Package::Dialog && self.world.plans.has_slot(&user);
        if extension.is_none() && !is_slot {
            return Err(Box::new(refusal(404, "No such extension")));
        }
        if package.is_private() && extension.map(|it| it.id) != Some(subscriber.id) {
            return Err(Box::new(refusal(403, "This is told to its owner only")));
        }
        if !subscribe.accepts(package.content_type()) {
            let reply = Reply::new(Status(406));
            return Err(Box::new(reply.with_header(HeaderName::Accept, package.content_type())));
        }
        let interval_s =
            INTERVALS.interval_s(subscribe.expires_s).map_err(|it| Box::new(refused(it)))?;
        if self.subscriptions.len() >= SHARD_MAX {
            let mut reply = unavailable();
            reply.reason = Some("Too many subscriptions".to_owned());
            return Err(Box::new(reply));
        }
        Ok(Wanted {
            watched: Watched { aor: Aor { domain, user: user.into_owned() }, package },
            subscriber: subscriber.number.clone(),
            event_id: subscribe.event_id,
            interval_s,
        })
    }

    // === The desk ===

    /// Has a new or refreshed subscription written before it is answered.
    fn ask_desk(&mut self, now: Now, id: SubscriptionId, server: ServerId, interval_s: u32) {
        let record = self.core.endpoint.record_for(server);
        let row = record.and_then(|it| self.subscriptions.row(now.unix, id, it, interval_s));
        match row {
            Some(row) => {
                let wish = WatchWish::Keep(Ticket(server.0), Box::new(row));
                self.core.outputs.push_back(order(self.core.settings.shard, wish));
            }
            None => self.refuse_kept(now, id, &Reply::new(Status(481))),
        }
    }

    fn handle_kept(&mut self, now: Now, id: SubscriptionId) {
        let Some(it) = self.subscriptions.by_id.get_mut(&id) else { return };
        let (asked, is_new) = match &mut it.stage {
            Stage::Asked(asked) => (*asked, true),
            Stage::Live(live) => match live.refresh.take() {
                Some(asked) => {
                    let until = now.instant + seconds(asked.interval_s);
                    live.notifier.handle_refresh(until);
                    (asked, false)
                }
                None => return,
            },
        };
        self.subscriptions.note_row(id, asked.reserved);
        let reply = granted(asked.interval_s);
        let dialog = self.core.endpoint.respond(now.instant, asked.server, reply);
        if is_new {
            match dialog {
                Some(dialog) => self.subscriptions.begin(now.instant, id, dialog),
                None => self.forget_subscription(id),
            }
        }
        self.drive_subscription(now, id);
    }

    /// Refuses the SUBSCRIBE that waits; without it a new subscription is none, and an older one
    /// holds as long as it did.
    fn refuse_kept(&mut self, now: Now, id: SubscriptionId, reply: &Reply) {
        let Some(it) = self.subscriptions.by_id.get_mut(&id) else { return };
        let server = match &mut it.stage {
            Stage::Asked(asked) => Some(asked.server),
            Stage::Live(live) => live.refresh.take().map(|it| it.server),
        };
        let is_new = matches!(it.stage, Stage::Asked(_));
        if let Some(server) = server {
            self.core.endpoint.respond(now.instant, server, reply.clone());
        }
        if is_new {
            self.forget_subscription(id);
        } else {
            self.subscriptions.set_deadline(id);
        }
    }

    fn forget_subscription(&mut self, id: SubscriptionId) {
        self.subscriptions.forget(id, &mut self.core.endpoint, &mut self.core.outputs);
    }

    fn drive_subscription(&mut self, now: Now, id: SubscriptionId) {
        let (endpoint, outputs) = (&mut self.core.endpoint, &mut self.core.outputs);
        self.subscriptions.drive(now.instant, id, endpoint, outputs);
    }

    // === NOTIFY ===

    /// A response to a NOTIFY; false if it is none.
    pub(crate) fn handle_notify_response(
        &mut self,
        now: Now,
        client: ClientId,
        response: &Response,
    ) -> bool {
        if !self.subscriptions.has_client(client) {
            return false;
        }
        if response.status.is_final() {
            let wait = response.headers.text(&HeaderName::RetryAfter).and_then(seconds_of);
            self.end_notify(now, client, Delivery::of_response(response.status, wait));
        }
        true
    }

    /// Nobody answered a NOTIFY, or it could not be sent; false if it is none.
    pub(crate) fn handle_notify_failure(
        &mut self,
        now: Now,
        client: ClientId,
        failure: ClientFailure,
    ) -> bool {
        if !self.subscriptions.has_client(client) {
            return false;
        }
        match failure {
            ClientFailure::TimedOut | ClientFailure::Undeliverable => {
                self.end_notify(now, client, Delivery::Gone);
            }
        }
        true
    }

    fn end_notify(&mut self, now: Now, client: ClientId, delivery: Delivery) {
        let referrals = &mut self.subscriptions.referrals;
        if let Some(dialog) = referrals.take_delivery(now.instant, client, delivery) {
            self.drive_referral(now, dialog);
        } else if let Some(id) = self.subscriptions.take_delivery(now.instant, client, delivery) {
            self.drive_subscription(now, id);
        }
    }

    /// The subscription of a dialog.
    pub(crate) fn subscription_of(&self, dialog: DialogId) -> Option<SubscriptionId> {
        self.subscriptions.of_dialog(dialog)
    }
}

/// The packages, as an Allow-Events header lists them.
pub(crate) fn allow_events() -> String {
    Package::ALL.map(Package::as_str).join(", ")
}

pub(super) fn granted(interval_s: u32) -> Reply {
    Reply::new(Status(200)).with_header(HeaderName::Expires, interval_s.to_string())
}

pub(super) fn refused(refusal: Refusal) -> Reply {
    if refusal == Refusal::NoEvent {
        return bad_event();
    }
    let reason = Some(refusal.to_string()).filter(|_| matches!(refusal, Refusal::Malformed(_)));
    Reply { headers: refusal.headers(), reason, ..Reply::new(refusal.status()) }
}

fn bad_event() -> Reply {
    Reply::new(Status(489)).with_header(HeaderName::AllowEvents, allow_events())
}

pub(super) fn refusal(status: u16, reason: &str) -> Reply {
    Reply { reason: Some(reason.to_owned()), ..Reply::new(Status(status)) }
}

fn refusal_of(why: NotKept) -> Reply {
    match why {
        NotKept::TooManyWatchers => refusal(480, "Too many watch this extension"),
        NotKept::TooManyOfSubscriber => refusal(480, "You have too many subscriptions"),
        NotKept::Unavailable => unavailable(),
    }
}

pub(super) fn unavailable() -> Reply {
    Reply { headers: vec![retry_after(RETRY_AFTER_S)], ..Reply::new(Status(503)) }
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}

/// The number that a Retry-After begins with; a comment and parameters may follow (RFC 3261 section
/// 20.33).
fn seconds_of(value: &str) -> Option<Duration> {
    let digits = value.split(|it: char| !it.is_ascii_digit()).next()?;
    digits.parse().ok().map(Duration::from_secs)
}

/// When to come again, in seconds, if the database is away or the shard is full.
const RETRY_AFTER_S: u32 = 10;

/// Between the first NOTIFYs of two restored subscriptions.
const RESTORED_APART: Duration = Duration::from_millis(1);
