//! How a leg ends, and is forgotten.

use super::{Leg, Signalling};
use crate::{
    cdr::HangupParty,
    context::{Context, Handle},
    failure::{Cause, Refusal},
    replies::retry_after,
};
use bytes::Bytes;
use sip::{DialogId, Header, HeaderName, Method, ServerId, Status, endpoint::Reply};

impl Leg {
    /// Ends the leg in whatever way its state asks for. Harmless if it has ended.
    pub(crate) fn end(&mut self, ctx: &mut Context<'_>, hangup: HangupParty, refusal: &Refusal) {
        let Refusal { cause, status, .. } = *refusal;
        match self.signalling {
            Signalling::Invited { server, early } => {
                let mut reply = Reply { reason: refusal.reason.clone(), ..Reply::new(status) };
                if status.0 == 503 {
                    reply.headers.push(retry_after(ctx.settings.retry_after_s));
                }
                ctx.endpoint.respond(ctx.now.instant, server, reply);
                self.forget_invitation(ctx, server, early);
            }
            Signalling::Inviting { client } => {
                ctx.endpoint.cancel(ctx.now.instant, client, vec![reason_header(cause)]);
                self.signalling = Signalling::Cancelling { client };
            }
            Signalling::Unconfirmed { dialog } => {
                let _ = ctx.endpoint.ack(ctx.now.instant, dialog, None);
                self.say_bye(ctx, dialog, cause);
            }
            Signalling::Up { dialog } => self.say_bye(ctx, dialog, cause),
            Signalling::Cancelling { .. } | Signalling::Down => {}
        }
        self.close(ctx, hangup, cause, status);
    }

    /// The far end said BYE (already answered): the dialog is gone.
    pub(crate) fn bye_received(&mut self, ctx: &mut Context<'_>) {
        if let Signalling::Invited { server, early } = self.signalling {
            ctx.endpoint.respond(ctx.now.instant, server, Reply::new(Status(487)));
            self.forget_invitation(ctx, server, early);
        }
        self.down(ctx);
        self.close(ctx, HangupParty::Remote, Cause::Normal, Status(487));
    }

    /// The far end forgot the dialog (481 or 408 to a request of ours): no BYE would find it.
    pub(crate) fn lost(&mut self, ctx: &mut Context<'_>) {
        if let Some(dialog) = self.dialog() {
            ctx.endpoint.forget_dialog(dialog);
        }
        self.down(ctx);
        self.close(ctx, HangupParty::Remote, Cause::PeerLost, Status(481));
    }

    pub(super) fn close(
        &mut self,
        ctx: &mut Context<'_>,
        hangup: HangupParty,
        cause: Cause,
        status: Status,
    ) {
        self.record.note_end(ctx.now, hangup, cause, status);
        self.media.close(ctx);
        self.seat = None;
        self.end_to_pay(ctx.now);
        self.signable = None;
    }

    pub(super) fn say_bye(&mut self, ctx: &mut Context<'_>, dialog: DialogId, cause: Cause) {
        let headers = vec![reason_header(cause)];
        // A dialog that is gone needs no BYE. While our 2xx waits for its ACK, so does the BYE.
        let _ = ctx.endpoint.request_in_dialog(ctx.now.instant, dialog, Method::Bye, headers, None);
        self.down(ctx);
    }

    fn forget_invitation(
        &mut self,
        ctx: &mut Context<'_>,
        server: ServerId,
        early: Option<DialogId>,
    ) {
        ctx.handles.remove(Handle::Server(server));
        if let Some(dialog) = early {
            ctx.handles.remove(Handle::Dialog(dialog));
        }
        self.signalling = Signalling::Down;
    }

    pub(super) fn down(&mut self, ctx: &mut Context<'_>) {
        self.forget_sent_key(ctx);
        self.forget_renewal(ctx);
        if let Some(dialog) = self.dialog() {
            ctx.handles.remove(Handle::Dialog(dialog));
        }
        self.signalling = Signalling::Down;
    }

    /// Takes the leg's names out of the index when its call is forgotten.
    pub(crate) fn forget(&mut self, ctx: &mut Context<'_>) {
        if let Signalling::Invited { server, .. } = self.signalling {
            ctx.handles.remove(Handle::Server(server));
        }
        if let Some(client) = self.invite_client() {
            ctx.handles.remove(Handle::Client(client));
        }
        if let Some(dialog) = self.dialog() {
            ctx.handles.remove(Handle::Dialog(dialog));
        }
        self.forget_sent_key(ctx);
        self.forget_renewal(ctx);
        for (media, _) in &self.former.closing {
            ctx.handles.remove(Handle::Media(*media));
        }
        self.media.forget(ctx);
    }
}

fn reason_header(cause: Cause) -> Header {
    Header { name: HeaderName::Reason, value: Bytes::from_static(cause.reason_header().as_bytes()) }
}
