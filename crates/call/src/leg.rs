//! One leg: a dialog and a media session, seen from us, and the record that is made of it.
//!
//! A leg does what it is told by its [`crate::call::Call`] and knows nothing of the other legs.

use crate::{
    call::Refusal,
    calls::{Context, Handle, LegRef, Output},
    cdr::{Cdr, HangupParty, LegRole},
    failure::Cause,
};
use base::{CdrId, DomainId, LegId, MediaId, Now};
use bytes::Bytes;
use media::{
    Direction, Family, MediaCommand, Playout, PortLease, Remote, StreamStats,
    sdp::{NegotiationError, Origin, RemoteSide, Sdp, SdpError, relay_answer, relay_offer},
};
use sip::{
    ClientId, Destination, DialogId, Header, HeaderName, Method, ServerId, Status,
    endpoint::{Body, NewRequest, Reply},
};
use std::{net::SocketAddr, time::Instant};

/// The content type of every description.
pub(crate) const SDP_TYPE: &str = "application/sdp";

/// One leg.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) handle: LegRef,
    pub(crate) signalling: Signalling,
    media: Media,
    record: Record,
}

/// Where the leg's INVITE stands. What a state needs is in it, and nothing else.
#[derive(Debug)]
pub(crate) enum Signalling {
    /// The far end's INVITE waits for our final answer.
    Invited {
        /// To answer with.
        server: ServerId,
        /// The early dialog, once we said more than 100.
        early: Option<DialogId>,
    },
    /// Our INVITE waits for a final answer.
    Inviting {
        /// Its transaction.
        client: ClientId,
    },
    /// Our INVITE is cancelled; its final answer, which may yet be a 2xx, is on its way.
    Cancelling {
        /// Its transaction.
        client: ClientId,
    },
    /// The far end answered 2xx and waits for our ACK.
    Unconfirmed {
        /// Its dialog.
        dialog: DialogId,
    },
    /// The dialog stands.
    Up {
        /// It.
        dialog: DialogId,
    },
    /// Nothing more comes.
    Down,
}

#[derive(Debug)]
enum Media {
    /// Never opened.
    None,
    /// Lives on a worker.
    Open(Session),
    /// Told to close; its figures are on their way.
    Closing { media: MediaId, worker: u8 },
    /// Gone.
    Closed(StreamStats),
}

#[derive(Debug)]
struct Session {
    media: MediaId,
    lease: PortLease,
    origin: Origin,
    /// Where the far end said last that it receives.
    remote: Option<Remote>,
}

/// What the CDR will say.
#[derive(Debug)]
struct Record {
    leg: LegId,
    role: LegRole,
    party: String,
    sip_call_id: String,
    peer: String,
    started: Now,
    ringing_at: Option<Instant>,
    answered_at: Option<Instant>,
    end: Option<End>,
    codec: Option<String>,
    is_written: bool,
}

#[derive(Clone, Copy, Debug)]
struct End {
    at: Instant,
    hangup: HangupParty,
    cause: Cause,
    status: Status,
}

/// What a call says about a leg to be made.
#[derive(Debug)]
pub(crate) struct NewLeg {
    pub(crate) handle: LegRef,
    /// For the call log: an extension, or a trunk and number.
    pub(crate) party: String,
}

impl Leg {
    /// A leg for an INVITE that came in.
    pub(crate) fn invited(
        ctx: &mut Context<'_>,
        new: NewLeg,
        server: ServerId,
        sip_call_id: &Bytes,
        peer: String,
    ) -> Self {
        ctx.handles.insert(Handle::Server(server), new.handle);
        let sip_call_id = String::from_utf8_lossy(sip_call_id).into_owned();
        let signalling = Signalling::Invited { server, early: None };
        Self::new(ctx, new, LegRole::Caller, signalling, sip_call_id, peer)
    }

    /// Opens a media session and sends an INVITE; without an `offer` the far end makes one.
    pub(crate) fn invite(
        ctx: &mut Context<'_>,
        new: NewLeg,
        worker: u8,
        offer: Option<&Sdp>,
        mut request: NewRequest,
    ) -> Result<Self, LegError> {
        let family = family_towards(&request.to_hop, ctx);
        let mut session = Session::open(ctx, new.handle, worker, family)?;
        if let Some(offer) = offer {
            match relay_offer(offer, session.lease.address, &mut session.origin) {
                Ok(bytes) => request.body = Some(sdp_body(bytes)),
                Err(error) => {
                    session.close(ctx);
                    return Err(error.into());
                }
            }
        }
        let peer =
            format!("{}:{};{}", request.to_hop.host, request.to_hop.port, request.to_hop.transport);
        let client = ctx.endpoint.request(ctx.now.instant, request);
        ctx.handles.insert(Handle::Client(client), new.handle);
        let call_id = ctx.endpoint.call_id_of(client).unwrap_or_default();
        let sip_call_id = String::from_utf8_lossy(&call_id).into_owned();
        let signalling = Signalling::Inviting { client };
        let mut leg = Self::new(ctx, new, LegRole::Callee, signalling, sip_call_id, peer);
        leg.media = Media::Open(session);
        Ok(leg)
    }

    fn new(
        ctx: &mut Context<'_>,
        new: NewLeg,
        role: LegRole,
        signalling: Signalling,
        sip_call_id: String,
        peer: String,
    ) -> Self {
        ctx.outputs.push_back(Output::Link {
            call: new.handle.call,
            sip_call_id: Bytes::copy_from_slice(sip_call_id.as_bytes()),
        });
        Self {
            handle: new.handle,
            signalling,
            media: Media::None,
            record: Record {
                leg: LegId::new(ctx.now.unix, ctx.rng),
                role,
                party: new.party,
                sip_call_id,
                peer,
                started: ctx.now,
                ringing_at: None,
                answered_at: None,
                end: None,
                codec: None,
                is_written: false,
            },
        }
    }

    // === Signalling towards the far end that called us ===

    /// Tells a waiting caller how things stand; with a description once there is early media.
    pub(crate) fn progress(&mut self, ctx: &mut Context<'_>, status: Status, sdp: Option<Bytes>) {
        let Signalling::Invited { server, .. } = self.signalling else { return };
        self.record.ringing_at.get_or_insert(ctx.now.instant);
        let reply = Reply { body: sdp.map(sdp_body), ..Reply::new(status) };
        let early = ctx.endpoint.respond(ctx.now.instant, server, reply);
        if let Some(dialog) = early {
            ctx.handles.insert(Handle::Dialog(dialog), self.handle);
        }
        self.signalling = Signalling::Invited { server, early };
    }

    /// Answers 200.
    pub(crate) fn accept(&mut self, ctx: &mut Context<'_>, sdp: Bytes) {
        let Signalling::Invited { server, .. } = self.signalling else { return };
        let reply = Reply { body: Some(sdp_body(sdp)), ..Reply::new(Status(200)) };
        let dialog = ctx.endpoint.respond(ctx.now.instant, server, reply);
        ctx.handles.remove(Handle::Server(server));
        self.record.answered_at = Some(ctx.now.instant);
        match dialog {
            Some(dialog) => {
                ctx.handles.insert(Handle::Dialog(dialog), self.handle);
                self.signalling = Signalling::Up { dialog };
            }
            None => self.signalling = Signalling::Down,
        }
    }

    // === Signalling towards the far end that we called ===

    /// It rings, or sends early media.
    pub(crate) fn rings(&mut self, now: Now) {
        self.record.ringing_at.get_or_insert(now.instant);
    }

    /// It answered 2xx.
    pub(crate) fn answered(&mut self, ctx: &mut Context<'_>, dialog: DialogId) {
        let Signalling::Inviting { client } = self.signalling else { return };
        ctx.handles.remove(Handle::Client(client));
        ctx.handles.insert(Handle::Dialog(dialog), self.handle);
        self.record.answered_at = Some(ctx.now.instant);
        self.signalling = Signalling::Unconfirmed { dialog };
    }

    /// Acknowledges its 2xx, to the first INVITE or a later one, with the answer if it was the one
    /// to offer.
    pub(crate) fn confirm(&mut self, ctx: &mut Context<'_>, sdp: Option<Bytes>) {
        let (Signalling::Unconfirmed { dialog } | Signalling::Up { dialog }) = self.signalling
        else {
            return;
        };
        // The dialog may have ended by a BYE that crossed; then there is nothing to confirm.
        let _ = ctx.endpoint.ack(ctx.now.instant, dialog, sdp.map(sdp_body));
        self.signalling = Signalling::Up { dialog };
    }

    /// Its INVITE ended without a dialog.
    pub(crate) fn failed(&mut self, ctx: &mut Context<'_>, hangup: HangupParty, status: Status) {
        let cause = match &self.record.end {
            Some(end) => end.cause,
            None => Cause::of_status(status),
        };
        if let Signalling::Inviting { client } | Signalling::Cancelling { client } = self.signalling
        {
            ctx.handles.remove(Handle::Client(client));
        }
        self.signalling = Signalling::Down;
        self.note_end(ctx.now, hangup, cause, status);
        self.close_media(ctx);
    }

    /// A 2xx came for an INVITE that we had cancelled: the cancel lost the race.
    pub(crate) fn answered_too_late(&mut self, ctx: &mut Context<'_>, dialog: DialogId) {
        let Signalling::Cancelling { client } = self.signalling else { return };
        ctx.handles.remove(Handle::Client(client));
        let cause = self.record.end.map_or(Cause::Cancelled, |it| it.cause);
        let _ = ctx.endpoint.ack(ctx.now.instant, dialog, None);
        self.say_bye(ctx, dialog, cause);
    }

    // === The end ===

    /// Ends the leg in whatever way its state asks for. Harmless if it has ended.
    pub(crate) fn end(&mut self, ctx: &mut Context<'_>, hangup: HangupParty, cause: Cause) {
        self.end_with(ctx, hangup, cause, cause.status(), None);
    }

    /// The same, with a status and reason of its own for a far end that still waits for an answer.
    pub(crate) fn end_with(
        &mut self,
        ctx: &mut Context<'_>,
        hangup: HangupParty,
        cause: Cause,
        status: Status,
        reason: Option<String>,
    ) {
        match self.signalling {
            Signalling::Invited { server, early } => {
                let mut reply = Reply { reason, ..Reply::new(status) };
                if status.0 == 503 {
                    reply.headers.push(retry_after(ctx.settings.retry_after_s));
                }
                ctx.endpoint.respond(ctx.now.instant, server, reply);
                ctx.handles.remove(Handle::Server(server));
                if let Some(dialog) = early {
                    ctx.handles.remove(Handle::Dialog(dialog));
                }
                self.signalling = Signalling::Down;
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
        let final_status = if self.record.answered_at.is_some() { Status(200) } else { status };
        self.note_end(ctx.now, hangup, cause, final_status);
        self.close_media(ctx);
    }

    /// The far end said BYE (already answered): the dialog is gone.
    pub(crate) fn bye_received(&mut self, ctx: &mut Context<'_>) {
        if let Some(dialog) = self.dialog() {
            ctx.handles.remove(Handle::Dialog(dialog));
        }
        if let Signalling::Invited { server, .. } = self.signalling {
            ctx.endpoint.respond(ctx.now.instant, server, Reply::new(Status(487)));
            ctx.handles.remove(Handle::Server(server));
        }
        self.signalling = Signalling::Down;
        let status = if self.record.answered_at.is_some() { Status(200) } else { Status(487) };
        self.note_end(ctx.now, HangupParty::Remote, Cause::Normal, status);
        self.close_media(ctx);
    }

    /// The far end forgot the dialog (481 or 408 to a request of ours): no BYE would find it.
    pub(crate) fn lost(&mut self, ctx: &mut Context<'_>) {
        if let Some(dialog) = self.dialog() {
            ctx.endpoint.forget_dialog(dialog);
            ctx.handles.remove(Handle::Dialog(dialog));
        }
        self.signalling = Signalling::Down;
        self.note_end(ctx.now, HangupParty::Remote, Cause::PeerLost, Status(200));
        self.close_media(ctx);
    }

    fn say_bye(&mut self, ctx: &mut Context<'_>, dialog: DialogId, cause: Cause) {
        let headers = vec![reason_header(cause)];
        // A dialog that is gone needs no BYE. While our 2xx waits for its ACK, so does the BYE.
        let _ = ctx.endpoint.request_in_dialog(ctx.now.instant, dialog, Method::Bye, headers, None);
        ctx.handles.remove(Handle::Dialog(dialog));
        self.signalling = Signalling::Down;
    }

    fn note_end(&mut self, now: Now, hangup: HangupParty, cause: Cause, status: Status) {
        self.record.end.get_or_insert(End { at: now.instant, hangup, cause, status });
    }

    // === Media ===

    /// Opens the media session of a leg whose INVITE came in.
    pub(crate) fn open_media(
        &mut self,
        ctx: &mut Context<'_>,
        worker: u8,
        family: Family,
    ) -> Result<(), LegError> {
        self.media = Media::Open(Session::open(ctx, self.handle, worker, family)?);
        Ok(())
    }

    /// Our offer to this leg, made of another leg's.
    pub(crate) fn offer_of(&mut self, offer: &Sdp) -> Result<Bytes, LegError> {
        let session = self.session_mut()?;
        Ok(relay_offer(offer, session.lease.address, &mut session.origin)?)
    }

    /// Our answer to this leg's `offer`, made of another leg's `answer`.
    pub(crate) fn answer_of(&mut self, offer: &Sdp, answer: &Sdp) -> Result<Bytes, LegError> {
        let session = self.session_mut()?;
        Ok(relay_answer(offer, answer, session.lease.address, &mut session.origin)?)
    }

    /// Lets `write` describe us to this leg: for what we play ourselves.
    pub(crate) fn describe<T>(
        &mut self,
        write: impl FnOnce(SocketAddr, &mut Origin) -> T,
    ) -> Result<T, LegError> {
        let session = self.session_mut()?;
        Ok(write(session.lease.address, &mut session.origin))
    }

    /// Tells the worker what the far end's description says. Without an address to send to (an old
    /// way to hold), nothing flows until the next description.
    pub(crate) fn configure(&mut self, ctx: &mut Context<'_>, side: RemoteSide) {
        let Media::Open(session) = &mut self.media else { return };
        if let Some(format) = side.formats.first() {
            self.record.codec = Some(format!("{}/{}", format.encoding, format.clock_rate));
        }
        let Some(remote) = side.remote.or(session.remote) else { return };
        let direction = match side.remote {
            Some(_) => side.direction,
            None => Direction::Inactive,
        };
        session.remote = Some(remote);
        let timeout = ctx.settings.rtp_timeout.filter(|_| direction.receives());
        let command = MediaCommand::Configure {
            media: session.media,
            remote,
            direction,
            formats: side.formats,
            timeout,
        };
        ctx.outputs.push_back(Output::Media { worker: session.lease.worker, command });
    }

    /// Plays to the far end.
    pub(crate) fn play(&mut self, ctx: &mut Context<'_>, playout: Playout) {
        let Media::Open(session) = &self.media else { return };
        let command = MediaCommand::Play { media: session.media, playout };
        ctx.outputs.push_back(Output::Media { worker: session.lease.worker, command });
    }

    /// Its open media session.
    pub(crate) fn media(&self) -> Option<MediaId> {
        match &self.media {
            Media::Open(session) => Some(session.media),
            Media::None | Media::Closing { .. } | Media::Closed(_) => None,
        }
    }

    /// The worker told that the session is gone.
    pub(crate) fn media_closed(&mut self, ctx: &mut Context<'_>, stats: StreamStats) {
        if let Media::Closing { media, worker } = self.media {
            ctx.handles.remove(Handle::Media(media));
            ctx.ports.session_closed(worker, ctx.outputs);
        }
        self.media = Media::Closed(stats);
    }

    /// The worker owes us the figures and will not send them any more.
    pub(crate) fn give_up_media(&mut self, ctx: &mut Context<'_>) {
        if matches!(self.media, Media::Closing { .. }) {
            self.media_closed(ctx, StreamStats::default());
        }
    }

    fn close_media(&mut self, ctx: &mut Context<'_>) {
        if let Media::Open(session) = &self.media {
            let (media, worker) = (session.media, session.lease.worker);
            session.close(ctx);
            self.media = Media::Closing { media, worker };
        }
    }

    fn session_mut(&mut self) -> Result<&mut Session, LegError> {
        match &mut self.media {
            Media::Open(session) => Ok(session),
            Media::None | Media::Closing { .. } | Media::Closed(_) => Err(LegError::NoMedia),
        }
    }

    // === Record ===

    /// Whether the leg was told to end, or ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.record.end.is_some()
    }

    /// Whether neither a message nor the worker's figures are to come.
    pub(crate) fn is_settled(&self) -> bool {
        self.has_ended()
            && matches!(self.signalling, Signalling::Down)
            && matches!(self.media, Media::None | Media::Closed(_))
    }

    /// Whether only the worker's figures are to come.
    pub(crate) fn awaits_media(&self) -> bool {
        matches!(self.media, Media::Closing { .. })
    }

    /// Our INVITE to it, while no dialog stands.
    pub(crate) fn invite_client(&self) -> Option<ClientId> {
        match self.signalling {
            Signalling::Inviting { client } | Signalling::Cancelling { client } => Some(client),
            Signalling::Invited { .. }
            | Signalling::Unconfirmed { .. }
            | Signalling::Up { .. }
            | Signalling::Down => None,
        }
    }

    /// Its dialog, early or confirmed.
    pub(crate) fn dialog(&self) -> Option<DialogId> {
        match self.signalling {
            Signalling::Invited { early, .. } => early,
            Signalling::Unconfirmed { dialog } | Signalling::Up { dialog } => Some(dialog),
            Signalling::Inviting { .. } | Signalling::Cancelling { .. } | Signalling::Down => None,
        }
    }

    /// Who is at the far end, for the call log and the list of live calls.
    pub(crate) fn party(&self) -> &str {
        &self.record.party
    }

    /// The leg's row of the call log; once, when it is settled.
    pub(crate) fn take_cdr(&mut self, ctx: &mut Context<'_>, call: &CallFacts<'_>) -> Option<Cdr> {
        if !self.is_settled() || std::mem::replace(&mut self.record.is_written, true) {
            return None;
        }
        let record = &mut self.record;
        let end = record.end?;
        let since_start =
            |at: Instant| at.saturating_duration_since(record.started.instant).as_millis() as i64;
        let answer_ms = record.answered_at.map(since_start);
        let end_ms = since_start(end.at);
        let stats = match &mut self.media {
            Media::Closed(stats) => std::mem::take(stats),
            Media::None | Media::Open(_) | Media::Closing { .. } => StreamStats::default(),
        };
        Some(Cdr {
            id: CdrId::new(ctx.now.unix, ctx.rng),
            call: self.handle.call,
            leg: record.leg,
            domain: call.domain,
            role: record.role,
            caller: call.caller.to_owned(),
            dialled: call.dialled.to_owned(),
            party: std::mem::take(&mut record.party),
            sip_call_id: std::mem::take(&mut record.sip_call_id),
            signalling_peer: std::mem::take(&mut record.peer),
            started: record.started.unix,
            ring_ms: record.ringing_at.map(since_start),
            answer_ms,
            end_ms,
            talk_ms: answer_ms.map_or(0, |answered| end_ms - answered),
            sip_status: end.status.0,
            hangup: end.hangup,
            cause: end.cause.as_str().to_owned(),
            codec: record.codec.take().filter(|_| answer_ms.is_some()),
            media: stats,
        })
    }

    /// Takes the leg's names out of the index when its call is forgotten.
    pub(crate) fn forget(&mut self, ctx: &mut Context<'_>) {
        if let Signalling::Invited { server, .. } = self.signalling {
            ctx.handles.remove(Handle::Server(server));
        }
        if let Signalling::Inviting { client } | Signalling::Cancelling { client } = self.signalling
        {
            ctx.handles.remove(Handle::Client(client));
        }
        if let Some(dialog) = self.dialog() {
            ctx.handles.remove(Handle::Dialog(dialog));
        }
        if let Media::Open(Session { media, .. }) | Media::Closing { media, .. } = self.media {
            ctx.handles.remove(Handle::Media(media));
        }
    }
}

/// What all legs of a call have in common in the call log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallFacts<'a> {
    pub(crate) domain: DomainId,
    pub(crate) caller: &'a str,
    pub(crate) dialled: &'a str,
}

/// Why a leg cannot be made or described.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LegError {
    /// All ports of the range are in use.
    #[error("no media port is free")]
    NoPort,
    /// The leg's media session has ended.
    #[error("the leg has no media session")]
    NoMedia,
    /// The description cannot be brought together with what we are.
    #[error(transparent)]
    Negotiation(#[from] NegotiationError),
    /// The description cannot be read.
    #[error(transparent)]
    Description(#[from] SdpError),
}

impl LegError {
    /// What it means for a call that cannot go on without the leg.
    pub(crate) fn refusal(&self) -> Refusal {
        let cause = match self {
            Self::NoPort => Cause::Exhausted,
            Self::NoMedia => Cause::Internal,
            Self::Negotiation(_) | Self::Description(_) => Cause::NoCommonCodec,
        };
        Refusal { cause, status: cause.status(), reason: Some(self.to_string()) }
    }
}

impl Session {
    fn open(
        ctx: &mut Context<'_>,
        handle: LegRef,
        worker: u8,
        family: Family,
    ) -> Result<Self, LegError> {
        let (media, lease) = ctx.ports.take(worker, family, ctx.outputs).ok_or(LegError::NoPort)?;
        ctx.handles.insert(Handle::Media(media), handle);
        ctx.outputs
            .push_back(Output::Media { worker, command: MediaCommand::Open { media, lease } });
        Ok(Self { media, lease, origin: Origin::new(ctx.rng.u64()), remote: None })
    }

    fn close(&self, ctx: &mut Context<'_>) {
        let command = MediaCommand::Close { media: self.media };
        ctx.outputs.push_back(Output::Media { worker: self.lease.worker, command });
    }
}

/// A description as a message body.
pub(crate) fn sdp_body(bytes: Bytes) -> Body {
    Body { content_type: Bytes::from_static(SDP_TYPE.as_bytes()), bytes }
}

/// A Retry-After header.
pub(crate) fn retry_after(seconds: u32) -> Header {
    Header { name: HeaderName::RetryAfter, value: seconds.to_string().into() }
}

fn reason_header(cause: Cause) -> Header {
    Header { name: HeaderName::Reason, value: Bytes::from_static(cause.reason_header().as_bytes()) }
}

/// The family in which the far end is likely to hear us: that of the way to it.
fn family_towards(hop: &Destination, ctx: &Context<'_>) -> Family {
    let address = hop.host.ip().or_else(|| hop.local.map(|it| it.ip()));
    match address {
        Some(ip) => Family::of(SocketAddr::new(ip, 0)),
        None => ctx.settings.families.first().copied().unwrap_or(Family::V4),
    }
}
