//! REFERs outside dialogs (RFC 3515): somebody wants its own devices to be rung, and connected with a
//! number then, or put in the place of one of them in a call that there is.
//!
//! ```text
//! REFER ── judged ─▶ originate: its devices ring ──▶ 202 ──▶ [`Referrals`]: NOTIFY 100
//!             │          │ nobody can be rung              the call, step by step: 180, 200 or why not
//!             ▼          ▼
//!           4xx, 501    4xx, 503
//! ```

use super::{
    INTERVALS, SHARD_MAX,
    referrals::{Referral, is_told, refer_sub},
    requests::{granted, refusal, refused, unavailable},
};
use crate::{
    call::Origination,
    calls::Calls,
    context::Handle,
    directory::Extension,
    failure,
    gate::{Admitted, Caller},
    replies::{not_allowed, retry_after},
};
use base::{CallId, Now};
use sip::{
    DialogId, Method, ReferTo, Replaces, Request, Scheme, ServerId, Status, bindings::Aor,
    endpoint::Reply, subscription::Subscribe,
};
use std::time::Duration;

/// A call that somebody may have.
struct Wish {
    /// Who asks.
    by: Aor,
    order: Origination,
    /// The dialog whose place it takes, in place of going where its number leads.
    place: Option<Replaces>,
}

impl Calls {
    /// A REFER from outside any dialog, whose sender is known.
    pub(crate) fn handle_outside_refer(
        &mut self,
        now: Now,
        server: ServerId,
        request: &Request,
        admitted: &Admitted<'_>,
    ) {
        let begun = self.judge_refer(request, admitted).and_then(|wish| {
            let Wish { by, order, place } = wish;
            let call = self.originate_referred(now, order, place);
            call.map(|call| (call, by)).map_err(|it| Box::new(self.refused_call(it)))
        });
        match begun {
            Ok((call, by)) if is_told(request) => {
                self.tell_from_now_on(now, server, request, (call, by));
            }
            Ok(_) => {
                let reply = Reply::new(Status(202)).with_header(refer_sub(), "false");
                // Without a subscription there is nothing that a dialog would be for.
                if let Some(dialog) = self.core.endpoint.respond(now.instant, server, reply) {
                    self.core.endpoint.forget_dialog(dialog);
                }
            }
            Err(reply) => _ = self.core.endpoint.respond(now.instant, server, *reply),
        }
    }

    /// Whoever asked for a call is told how it stands now, if it wants to know and does not know yet.
    pub(crate) fn tell_referrer(&mut self, now: Now, call: CallId, status: Status) {
        if let Some(dialog) = self.subscriptions.referrals.take_in(call, status) {
            self.drive_referral(now, dialog);
        }
    }

    /// Whether a dialog was opened by a REFER.
    pub(crate) fn is_referral(&self, dialog: DialogId) -> bool {
        self.subscriptions.referrals.has(dialog)
    }

    /// Whatever comes in the dialog that a REFER opened.
    pub(crate) fn handle_in_referral(
        &mut self,
        now: Now,
        dialog: DialogId,
        server: ServerId,
        request: &Request,
    ) {
        let reply = match request.method {
            Method::Subscribe => self.refresh_referral(now, dialog, request),
            Method::Bye => {
                self.subscriptions.referrals.forget(dialog, &mut self.core.endpoint);
                Reply::new(Status(200))
            }
            Method::Options => Reply::new(Status(200)),
            Method::Refer => refusal(403, "Ask for each call outside dialogs"),
            Method::Ack
            | Method::Cancel
            | Method::Info
            | Method::Invite
            | Method::Message
            | Method::Notify
            | Method::Prack
            | Method::Publish
            | Method::Register
            | Method::Update
            | Method::Other(_) => not_allowed(),
        };
        self.core.endpoint.respond(now.instant, server, reply);
        self.drive_referral(now, dialog);
    }

    pub(super) fn drive_referral(&mut self, now: Now, dialog: DialogId) {
        self.subscriptions.referrals.drive(now.instant, dialog, &mut self.core.endpoint);
    }

    fn tell_from_now_on(
        &mut self,
        now: Now,
        server: ServerId,
        request: &Request,
        (call, by): (CallId, Aor),
    ) {
        let cseq = request.headers.cseq().map_or(0, |it| it.number);
        let reply = Reply::new(Status(202));
        if let Some(dialog) = self.core.endpoint.respond(now.instant, server, reply) {
            let referral = Referral::new(now.instant, by, call, cseq);
            self.subscriptions.referrals.begin(dialog, referral);
            self.drive_referral(now, dialog);
        }
    }

    fn refresh_referral(&mut self, now: Now, dialog: DialogId, request: &Request) -> Reply {
        let subscribe = match Subscribe::from_request(request) {
            Ok(subscribe) => subscribe,
            Err(it) => return refused(it),
        };
        if !self.subscriptions.referrals.is_meant(dialog, &subscribe) {
            return Reply::new(Status(481));
        }
        let interval_s = match INTERVALS.interval_s(subscribe.expires_s) {
            Ok(interval_s) => interval_s,
            Err(it) => return refused(it),
        };
        let lasts = (interval_s > 0).then(|| Duration::from_secs(interval_s.into()));
        self.subscriptions.referrals.refresh(dialog, lasts.map(|it| now.instant + it));
        granted(interval_s)
    }

    // === Judgement ===

    fn judge_refer(&self, request: &Request, admitted: &Admitted<'_>) -> Result<Wish, Box<Reply>> {
        let no = |status, reason| Err(Box::new(refusal(status, reason)));
        let Caller::Extension(referrer) = admitted.caller else {
            return no(403, "Trunks do not ask for calls");
        };
        let Some(refer_to) = ReferTo::of(&request.headers) else {
            return no(400, "Name one address in Refer-To");
        };
        if !refer_to.is_call {
            return no(501, "Only calls can be asked for");
        }
        if refer_to.has_foreign_headers {
            return no(403, "Refer-To may carry no header but Replaces");
        }
        if !self.is_at_home(&refer_to, admitted) {
            return no(403, "Only numbers of your own domain can be called");
        }
        let Some(number) = refer_to.uri.user_text() else {
            return no(404, "Refer-To names no number");
        };
        match &refer_to.replaces {
            Some(replaces) if !self.has_dialog(referrer, replaces) => {
                return no(481, "No call of yours has this dialog");
            }
            None if number == referrer.number => {
                return no(403, "Nobody can be connected with itself");
            }
            Some(_) | None => {}
        }
        let domain = admitted.domain.id;
        let by = Aor { domain, user: referrer.number.clone() };
        if is_told(request) {
            self.check_room_for(&by)?;
        }
        let order = Origination {
            domain,
            extension: referrer.number.clone(),
            to: number.into_owned(),
            is_intercom: true,
        };
        Ok(Wish { by, order, place: refer_to.replaces })
    }

    /// Whether an address is of the domain of whoever asks; a `tel:` number names none.
    fn is_at_home(&self, refer_to: &ReferTo, admitted: &Admitted<'_>) -> bool {
        match refer_to.uri.scheme {
            Scheme::Tel => true,
            Scheme::Sip | Scheme::Sips => {
                let host = refer_to.uri.host.to_string();
                let domain = self.world.directory.domain_of_host(&host);
                domain.is_some_and(|it| it.id == admitted.domain.id)
            }
            Scheme::Other(_) => false,
        }
    }

    /// Whether a dialog is one of a device of this extension, in a call of this shard.
    fn has_dialog(&self, extension: &Extension, replaces: &Replaces) -> bool {
        let dialog = self.core.endpoint.dialog_named(replaces);
        let leg = dialog.and_then(|it| self.core.handles.find(Handle::Dialog(it)));
        leg.is_some_and(|leg| self.is_leg_of(leg, extension.id))
    }

    fn check_room_for(&self, by: &Aor) -> Result<(), Box<Reply>> {
        if self.subscriptions.len() >= SHARD_MAX {
            let reason = Some("Too many subscriptions".to_owned());
            return Err(Box::new(Reply { reason, ..unavailable() }));
        }
        if self.subscriptions.referrals.is_full_for(by) {
            return Err(Box::new(refusal(480, "You have too many subscriptions")));
        }
        Ok(())
    }

    fn refused_call(&self, refusal: failure::Refusal) -> Reply {
        let failure::Refusal { status, reason, .. } = refusal;
        let mut reply = Reply { reason, ..Reply::new(status) };
        if status.0 == 503 {
            reply.headers.push(retry_after(self.core.settings.retry_after_s));
        }
        reply
    }
}
