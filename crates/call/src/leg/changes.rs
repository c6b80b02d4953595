//! Changes of media in a standing dialog: re-INVITEs of the far end, those that pass another's on, and
//! our own.

use super::{Described, Leg, LegError};
use crate::{
    context::{Context, Handle},
    description,
};
use bytes::Bytes;
use media::sdp::{LocalCodec, Sdp};
use sip::{
    ClientId, Method, ServerId, Status,
    endpoint::Reply,
    offer_answer::{Description, OrderError},
};

impl Leg {
    /// The far end's re-INVITE; gives its offer, or `None` if it wants one from us.
    pub(crate) fn reinvited(&mut self, sdp: Option<Bytes>) -> Result<Option<Sdp>, LegError> {
        match self.order.handle_invite(sdp)? {
            Description::Offer(offer) => match self.read(&offer) {
                Ok(offer) => Ok(Some(offer)),
                Err(error) => {
                    self.order.roll_back();
                    Err(error)
                }
            },
            Description::OfferIsDue
            | Description::Nothing
            | Description::Preview(_)
            | Description::Answer(_) => Ok(None),
        }
    }

    /// Answers the far end's re-INVITE 200.
    pub(crate) fn accept_reinvite(
        &mut self,
        ctx: &mut Context<'_>,
        server: ServerId,
        sdp: Bytes,
    ) -> Result<(), LegError> {
        self.order.send_success(Some(sdp.clone()))?;
        let reply = Reply::new(Status(200)).with_body(description::body(sdp));
        ctx.endpoint.respond(ctx.now.instant, server, reply);
        Ok(())
    }

    /// Refuses the far end's re-INVITE: everything stays as it was.
    pub(crate) fn refuse_reinvite(
        &mut self,
        ctx: &mut Context<'_>,
        server: ServerId,
        status: Status,
        reason: Option<String>,
    ) {
        self.order.roll_back();
        let reply = Reply { reason, ..Reply::new(status) };
        ctx.endpoint.respond(ctx.now.instant, server, reply);
    }

    /// Sends a re-INVITE with our offer made of another leg's, or without one.
    pub(crate) fn reinvite(
        &mut self,
        ctx: &mut Context<'_>,
        offer: Option<&Sdp>,
    ) -> Result<ClientId, LegError> {
        if !self.order.is_idle() {
            return Err(OrderError::Busy.into());
        }
        let dialog = self.dialog().ok_or(LegError::NoMedia)?;
        let sdp = offer.map(|offer| self.offer_of(offer)).transpose()?;
        let body = sdp.clone().map(description::body);
        let client = ctx
            .endpoint
            .request_in_dialog(ctx.now.instant, dialog, Method::Invite, Vec::new(), body)
            .map_err(|_| LegError::NoMedia)?;
        self.order.send_invite(sdp)?;
        ctx.handles.insert(Handle::Client(client), self.handle);
        Ok(client)
    }

    /// Its 2xx to our re-INVITE.
    pub(crate) fn reinvite_accepted(&mut self, sdp: Option<Bytes>) -> Result<Described, LegError> {
        self.described(sdp)
    }

    /// Our re-INVITE was refused, or nobody answered.
    pub(crate) fn reinvite_refused(&mut self) {
        self.order.roll_back();
    }

    /// Sends a re-INVITE with an offer of our own, first what is spoken already.
    pub(crate) fn renew(&mut self, ctx: &mut Context<'_>) -> Result<(), LegError> {
        if !self.order.is_idle() {
            return Err(OrderError::Busy.into());
        }
        let dialog = self.dialog().ok_or(LegError::NoMedia)?;
        let codecs = self.codecs();
        let sdp = self.offer_ourselves(&codecs)?;
        let body = Some(description::body(sdp.clone()));
        let client = ctx
            .endpoint
            .request_in_dialog(ctx.now.instant, dialog, Method::Invite, Vec::new(), body)
            .map_err(|_| LegError::NoMedia)?;
        self.order.send_invite(Some(sdp))?;
        ctx.handles.insert(Handle::Client(client), self.handle);
        self.renewal = Some(client);
        Ok(())
    }

    /// Sends the re-INVITE that could not be sent before.
    pub(crate) fn renew_if_wanted(&mut self, ctx: &mut Context<'_>) {
        if self.wants_renewal {
            self.wants_renewal = self.renew(ctx).is_err();
        }
    }

    /// What was passed on of another leg's is our own re-INVITE from now on.
    pub(crate) fn take_on_renewal(&mut self, client: ClientId) {
        self.renewal = Some(client);
    }

    /// Our own re-INVITE was answered, or never will be; false if the request is none.
    pub(crate) fn end_renewal(&mut self, ctx: &mut Context<'_>, client: ClientId) -> bool {
        let is_it = self.renewal == Some(client);
        if is_it {
            self.forget_renewal(ctx);
        }
        is_it
    }

    /// Whether a re-INVITE of our own is under way.
    pub(crate) fn is_renewing(&self) -> bool {
        self.renewal.is_some()
    }

    pub(super) fn forget_renewal(&mut self, ctx: &mut Context<'_>) {
        if let Some(client) = self.renewal.take() {
            ctx.handles.remove(Handle::Client(client));
        }
    }

    /// What we can, and first what is spoken with the far end.
    pub(crate) fn codecs(&self) -> Vec<LocalCodec> {
        let mut codecs = LocalCodec::TELEPHONY.to_vec();
        if let Some(spoken) = self.side().and_then(|it| it.formats.first()) {
            codecs.sort_by_key(|it| !it.is(spoken));
        }
        codecs
    }
}
