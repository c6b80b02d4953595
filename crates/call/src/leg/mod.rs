//! One leg: a dialog and a media session, seen from us, and the record that is made of it.
//!
//! A leg does what it is told by its [`crate::call::Call`] and knows nothing of the other legs. It
//! keeps its far end's rules: the order of offers and answers, no BYE before a final answer, one
//! row in the call log.

mod changes;
mod ending;
mod keys;
mod media;
mod ordered;
mod permit;
mod record;
mod relocation;
mod signing;

pub(crate) use keys::RELAY_TYPE;
pub(crate) use ordered::Ordered;
pub(crate) use record::CallFacts;
pub(crate) use signing::TrunkLogin;

use self::{
    keys::Keys,
    media::{Media, Session, family_towards},
    record::Record,
    relocation::Former,
};
use crate::{
    cdr::{Cdr, HangupParty, LegRole, Line},
    context::{Context, Handle, LegRef},
    description,
    facts::{LegState, LegView},
    failure::{Cause, Refusal},
    occupancy::Seat,
    outbound::Permit,
    output::Output,
    rules::MediaRules,
    signable::Signable,
};
use ::media::{
    Family, Playout,
    sdp::{
        LocalCodec, NegotiationError, Origin, RemoteSide, Sdp, SdpError, offer_locally,
        relay_answer, relay_offer,
    },
};
use base::{MediaId, Now, UnixMillis};
use bytes::Bytes;
use sip::{
    ClientId, DialogId, Response, ServerId, Status,
    digest::Login,
    endpoint::{NewRequest, Reply},
    offer_answer::{Description, OfferAnswer, OrderError},
};
use std::{net::SocketAddr, sync::Arc};

/// One leg.
#[derive(Debug)]
pub(crate) struct Leg {
    handle: LegRef,
    signalling: Signalling,
    order: OfferAnswer,
    media: Media,
    rules: MediaRules,
    keys: Keys,
    record: Record,
    shown: Shown,
    /// What counts against the far end's limit of concurrent calls, until the end.
    seat: Option<Arc<Seat>>,
    /// What counts as a call out through a trunk, until the end.
    permit: Option<Permit>,
    /// Our INVITE, while it may have to be sent again with credentials.
    signable: Option<Box<Signable>>,
    /// What a trunk that calls us may ask for once it is answered.
    trunk_login: Option<Box<TrunkLogin>>,
    /// Our own re-INVITE that is not answered yet.
    renewal: Option<ClientId>,
    /// Whether the far end is to be told something by one as soon as that is possible.
    wants_renewal: bool,
    /// Sessions on other workers that it had before.
    former: Former,
    ordered: Ordered,
}

/// What was told last of how the leg stands.
#[derive(Clone, Copy, Debug)]
struct Shown {
    state: LegState,
    since: UnixMillis,
}

/// Where the leg's INVITE stands. What a state needs is in it, and nothing else.
#[derive(Debug)]
enum Signalling {
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

/// What a call says about a leg to be made.
#[derive(Debug)]
pub(crate) struct NewLeg {
    pub(crate) handle: LegRef,
    /// For the call log: an extension, or a trunk and number.
    pub(crate) party: String,
    /// The extension that the party is.
    pub(crate) line: Option<Line>,
    /// What is set for the far end.
    pub(crate) rules: MediaRules,
    /// What counts against its limit of concurrent calls; devices of one extension share it.
    pub(crate) seat: Option<Arc<Seat>>,
    /// What lets it go out through a trunk.
    pub(crate) permit: Option<Permit>,
    /// What our INVITE proves to the far end that it comes from us, if asked.
    pub(crate) login: Option<Login>,
}

/// What an INVITE of ours offers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Offered<'a> {
    /// Nothing: the far end makes an offer.
    Nothing,
    /// What another leg offered, through us.
    Of(&'a Sdp),
    /// What we can ourselves, the preferred first.
    Ours(&'a [LocalCodec]),
}

/// What a 2xx of the far end brought.
#[derive(Debug)]
pub(crate) enum Described {
    /// The answer to our offer.
    Answer(Sdp),
    /// An offer, which our ACK is to answer.
    Offer(Sdp),
}

/// Why a leg cannot be made or described.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LegError {
    /// All ports of the range are in use.
    #[error("no media port is free")]
    NoPort,
    /// The leg's media session or dialog has ended.
    #[error("the leg has ended")]
    NoMedia,
    /// The call has had as many legs as it may.
    #[error("the call has had too many legs")]
    TooMany,
    /// The description cannot be brought together with what we are.
    #[error(transparent)]
    Negotiation(#[from] NegotiationError),
    /// The description cannot be read.
    #[error(transparent)]
    Description(#[from] SdpError),
    /// The description comes at the wrong time, or does not come.
    #[error(transparent)]
    Order(#[from] OrderError),
}

impl Leg {
    // === The far end calls us ===

    /// A leg for an INVITE that came in, with or without an offer.
    pub(crate) fn invited(
        ctx: &mut Context<'_>,
        new: NewLeg,
        server: ServerId,
        sip_call_id: &Bytes,
        peer: String,
        offer: Option<Bytes>,
    ) -> Self {
        ctx.handles.insert(Handle::Server(server), new.handle);
        let signalling = Signalling::Invited { server, early: None };
        let mut leg = Self::new(ctx, new, LegRole::Caller, signalling, sip_call_id, peer);
        // The first description of a dialog is never out of order.
        let _ = leg.order.handle_invite(offer);
        leg
    }

    /// Tells a waiting caller how things stand; with a preview of the answer once there is early
    /// media.
    pub(crate) fn progress(&mut self, ctx: &mut Context<'_>, status: Status, sdp: Option<Bytes>) {
        let Signalling::Invited { server, .. } = self.signalling else { return };
        self.record.note_ringing(ctx.now);
        let preview = match self.order.send_provisional(sdp) {
            Ok(Description::Preview(sdp)) => Some(description::body(sdp)),
            Ok(_) | Err(_) => None,
        };
        let reply = Reply { body: preview, ..Reply::new(status) };
        let early = ctx.endpoint.respond(ctx.now.instant, server, reply);
        if let Some(dialog) = early {
            ctx.handles.insert(Handle::Dialog(dialog), self.handle);
        }
        self.signalling = Signalling::Invited { server, early };
    }

    /// Answers 200 with our answer, or with our offer if the INVITE had none.
    pub(crate) fn accept(&mut self, ctx: &mut Context<'_>, sdp: Bytes) -> Result<(), LegError> {
        let Signalling::Invited { server, .. } = self.signalling else { return Ok(()) };
        self.order.send_success(Some(sdp.clone()))?;
        let reply = Reply::new(Status(200)).with_body(description::body(sdp));
        let dialog = ctx.endpoint.respond(ctx.now.instant, server, reply);
        ctx.handles.remove(Handle::Server(server));
        self.record.note_answer(ctx.now);
        let Some(dialog) = dialog else {
            // The far end hung up in its early dialog; the endpoint has answered for us.
            self.signalling = Signalling::Down;
            return Err(LegError::NoMedia);
        };
        ctx.handles.insert(Handle::Dialog(dialog), self.handle);
        self.signalling = Signalling::Up { dialog };
        self.sign_inside(ctx, dialog);
        Ok(())
    }

    /// The ACK of our 2xx, to the first INVITE or a later one, with the answer if we made the
    /// offer.
    pub(crate) fn acked(&mut self, sdp: Option<Bytes>) -> Result<Option<Sdp>, LegError> {
        match self.order.handle_ack(sdp)? {
            Description::Answer(answer) => Ok(Some(self.read(&answer)?)),
            Description::Nothing
            | Description::Offer(_)
            | Description::Preview(_)
            | Description::OfferIsDue => Ok(None),
        }
    }

    // === We call the far end ===

    /// Opens a media session and sends an INVITE with what is offered.
    pub(crate) fn invite(
        ctx: &mut Context<'_>,
        new: NewLeg,
        worker: u8,
        offered: Offered<'_>,
        mut request: NewRequest,
    ) -> Result<Self, LegError> {
        let family = family_towards(&request.to_hop, ctx);
        let mut media = Media::Open(Session::open(ctx, new.handle, worker, family)?);
        let rules = &new.rules;
        let described = match offered {
            Offered::Nothing => Ok(None),
            Offered::Of(offer) => relayed_offer(&mut media, rules, offer).map(Some),
            Offered::Ours(codecs) => own_offer(&mut media, rules, codecs).map(Some),
        };
        let sdp = described.inspect_err(|_| media.close(ctx))?;
        request.body = sdp.clone().map(description::body);
        let hop = &request.to_hop;
        let peer = format!("{}:{};{}", hop.host, hop.port, hop.transport);
        let (mut series, login) = (ctx.endpoint.series(), new.login.clone());
        let kept = login.map(|login| (login, request.clone()));
        let client = ctx.endpoint.request_in_series(ctx.now.instant, &mut series, request);
        ctx.handles.insert(Handle::Client(client), new.handle);
        let signalling = Signalling::Inviting { client };
        let mut leg = Self::new(ctx, new, LegRole::Callee, signalling, series.call_id(), peer);
        leg.media = media;
        leg.signable =
            kept.map(|(login, request)| Box::new(Signable::new(request, series, &login)));
        // The first description of a dialog is never out of order.
        let _ = leg.order.send_invite(sdp);
        Ok(leg)
    }

    /// It asks who we are: the INVITE goes out again, with credentials. False if it does not ask, or
    /// we have none that it takes.
    pub(crate) fn sign(&mut self, ctx: &mut Context<'_>, response: &Response) -> bool {
        let Signalling::Inviting { client } = self.signalling else { return false };
        let Some(signable) = &mut self.signable else { return false };
        let sent = signable.send_signed(ctx.now.instant, ctx.endpoint, ctx.rng, response);
        let Some(signed) = sent else { return false };
        ctx.handles.remove(Handle::Client(client));
        ctx.handles.insert(Handle::Client(signed), self.handle);
        self.signalling = Signalling::Inviting { client: signed };
        true
    }

    /// It rings; gives the preview of its answer, if it sends early media.
    pub(crate) fn rings(&mut self, now: Now, sdp: Option<Bytes>) -> Option<Sdp> {
        self.record.note_ringing(now);
        match self.order.handle_provisional(sdp) {
            Ok(Description::Preview(preview)) => self.read(&preview).ok(),
            Ok(_) | Err(_) => None,
        }
    }

    /// It answered 2xx.
    pub(crate) fn answered(
        &mut self,
        ctx: &mut Context<'_>,
        dialog: DialogId,
        sdp: Option<Bytes>,
    ) -> Result<Described, LegError> {
        if let Signalling::Inviting { client } = self.signalling {
            ctx.handles.remove(Handle::Client(client));
            ctx.handles.insert(Handle::Dialog(dialog), self.handle);
            self.record.note_answer(ctx.now);
            self.begin_to_pay(ctx.now);
            self.signalling = Signalling::Unconfirmed { dialog };
            if let Some(signable) = self.signable.take() {
                // The dialog is there: its 2xx has just come.
                let _ = ctx.endpoint.sign_dialog(dialog, signable.into_login(), None);
            }
        }
        self.described(sdp)
    }

    /// Acknowledges its 2xx, to the first INVITE or a later one, with the answer if it was the one
    /// to offer.
    pub(crate) fn confirm(&mut self, ctx: &mut Context<'_>, sdp: Option<Bytes>) {
        let (Signalling::Unconfirmed { dialog } | Signalling::Up { dialog }) = self.signalling
        else {
            return;
        };
        if self.order.send_ack(sdp.clone()).is_err() {
            // Without the answer that is due the offer is refused, and what was agreed before it
            // stays in force.
            self.order.roll_back();
        }
        // The dialog may have ended by a BYE that crossed; then there is nothing to confirm.
        let _ = ctx.endpoint.ack(ctx.now.instant, dialog, sdp.map(description::body));
        self.signalling = Signalling::Up { dialog };
    }

    /// Its INVITE ended without a dialog.
    pub(crate) fn failed(&mut self, ctx: &mut Context<'_>, hangup: HangupParty, status: Status) {
        let cause = self.record.end().map_or(Cause::of_status(status), |end| end.cause);
        if let Some(client) = self.invite_client() {
            ctx.handles.remove(Handle::Client(client));
        }
        self.signalling = Signalling::Down;
        self.close(ctx, hangup, cause, status);
    }

    /// A 2xx came for an INVITE that we had cancelled: the cancel lost the race.
    pub(crate) fn answered_too_late(&mut self, ctx: &mut Context<'_>, dialog: DialogId) {
        let Signalling::Cancelling { client } = self.signalling else { return };
        ctx.handles.remove(Handle::Client(client));
        let cause = self.record.end().map_or(Cause::Cancelled, |end| end.cause);
        let _ = ctx.endpoint.ack(ctx.now.instant, dialog, None);
        self.say_bye(ctx, dialog, cause);
    }

    // === Descriptions ===

    fn described(&mut self, sdp: Option<Bytes>) -> Result<Described, LegError> {
        match self.order.handle_success(sdp)? {
            Description::Answer(answer) => Ok(Described::Answer(self.read(&answer)?)),
            Description::Offer(offer) => Ok(Described::Offer(self.read(&offer)?)),
            Description::Nothing | Description::Preview(_) | Description::OfferIsDue => {
                Err(OrderError::Missing.into())
            }
        }
    }

    /// The far end's description, with what is allowed to it alone.
    fn read(&self, sdp: &[u8]) -> Result<Sdp, LegError> {
        Ok(self.rules.limit(Sdp::parse(sdp)?)?)
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
        relayed_offer(&mut self.media, &self.rules, offer)
    }

    /// Our answer to this leg's `offer`, made of another leg's `answer`.
    pub(crate) fn answer_of(&mut self, offer: &Sdp, answer: &Sdp) -> Result<Bytes, LegError> {
        let session = self.media.session_mut()?;
        Ok(session.describe(|local, origin| relay_answer(offer, answer, local, origin))?)
    }

    /// Lets `write` describe us to this leg: for what we play ourselves.
    pub(crate) fn describe<T>(
        &mut self,
        write: impl FnOnce(SocketAddr, &mut Origin) -> T,
    ) -> Result<T, LegError> {
        Ok(self.media.session_mut()?.describe(write))
    }

    /// Our own offer to this leg, for what we play ourselves.
    pub(crate) fn offer_ourselves(&mut self, codecs: &[LocalCodec]) -> Result<Bytes, LegError> {
        own_offer(&mut self.media, &self.rules, codecs)
    }

    /// Tells the worker what the far end's description says.
    pub(crate) fn configure(&mut self, ctx: &mut Context<'_>, side: RemoteSide) {
        if let Some(format) = side.formats.first() {
            self.record.note_codec(&format.encoding, format.clock_rate);
        }
        self.keys.forms = self.rules.dtmf.forms(&side);
        if let Ok(session) = self.media.session_mut() {
            session.configure(ctx, side);
        }
    }

    /// What was agreed with the far end last.
    pub(crate) fn side(&self) -> Option<&RemoteSide> {
        self.media.session().ok()?.side()
    }

    /// Plays to the far end.
    pub(crate) fn play(&mut self, ctx: &mut Context<'_>, playout: Playout) {
        if let Ok(session) = self.media.session() {
            session.play(ctx, playout);
        }
    }

    /// Its open media session.
    pub(crate) fn media(&self) -> Option<MediaId> {
        self.media.session().ok().map(Session::id)
    }

    /// No final answer will come any more.
    pub(crate) fn give_up(&mut self, ctx: &mut Context<'_>) {
        self.forget(ctx);
        self.signalling = Signalling::Down;
    }

    // === Getters ===

    /// Its name in the index.
    pub(crate) fn handle(&self) -> LegRef {
        self.handle
    }

    /// Whether the leg was told to end, or ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.record.end().is_some()
    }

    /// Whether neither a message nor the worker's figures are to come.
    pub(crate) fn is_settled(&self) -> bool {
        self.has_ended()
            && matches!(self.signalling, Signalling::Down)
            && self.media.is_settled()
            && self.former.closing.is_empty()
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

    /// Whether it was answered and has not ended.
    pub(crate) fn is_up(&self) -> bool {
        self.record.is_answered() && !self.has_ended()
    }

    /// When it was answered, if it was.
    pub(crate) fn answered_at(&self) -> Option<UnixMillis> {
        self.record.answered()
    }

    /// Name of the music that whoever its far end puts on hold hears, if it is not the usual.
    pub(crate) fn hold_music(&self) -> Option<&str> {
        self.rules.hold_music.as_deref()
    }

    /// Whether it stands and its far end holds the other one.
    pub(crate) fn is_held(&self) -> bool {
        self.state() == LegState::Held
    }

    /// For the list of live calls.
    pub(crate) fn view(&self) -> LegView {
        LegView {
            id: self.record.id(),
            role: self.record.role(),
            party: self.record.party().to_owned(),
            extension: self.record.extension(),
            state: self.state(),
            since: self.shown.since,
        }
    }

    /// The extension whose phone it is, if its party is signed in there.
    pub(crate) fn workplace(&self) -> Option<&str> {
        self.record.workplace()
    }

    /// How it stands, if that is otherwise than the last time.
    pub(crate) fn take_change(&mut self, now: UnixMillis) -> Option<LegState> {
        let state = self.state();
        if state == self.shown.state {
            return None;
        }
        self.shown = Shown { state, since: now };
        Some(state)
    }

    fn state(&self) -> LegState {
        if self.has_ended() {
            LegState::Ended
        } else if self.record.is_answered() {
            match self.ordered {
                Ordered::ToWait => LegState::Waiting,
                Ordered::ToHold => LegState::Held,
                Ordered::Nothing if self.media.is_held() => LegState::Held,
                Ordered::Nothing => LegState::Talking,
            }
        } else if self.record.is_ringing() {
            LegState::Ringing
        } else {
            LegState::Dialing
        }
    }

    // === From one call to another ===

    /// Becomes a leg of another call.
    pub(crate) fn move_to(&mut self, ctx: &mut Context<'_>, handle: LegRef) {
        let names = [
            match self.signalling {
                Signalling::Invited { server, .. } => Some(Handle::Server(server)),
                Signalling::Inviting { .. }
                | Signalling::Cancelling { .. }
                | Signalling::Unconfirmed { .. }
                | Signalling::Up { .. }
                | Signalling::Down => None,
            },
            self.invite_client().map(Handle::Client),
            self.dialog().map(Handle::Dialog),
            self.sent_key().map(Handle::Client),
            self.renewal.map(Handle::Client),
            self.media.id().map(Handle::Media),
        ];
        let former = self.former.closing.iter().map(|(media, _)| Handle::Media(*media));
        for name in names.into_iter().flatten().chain(former) {
            ctx.handles.insert(name, handle);
        }
        self.handle = handle;
        let (call, sip_call_id) = (handle.call, self.record.sip_call_id());
        ctx.outputs.push_back(Output::Link { call, sip_call_id });
    }

    /// Its row of the call log says of whose call it was when it began.
    pub(crate) fn belong_to(&mut self, caller: &str, caller_name: Option<&str>, dialled: &str) {
        self.record.belong_to(caller, caller_name, dialled);
    }

    // === What is kept of it ===

    /// Tells the journal what it does not know of it yet.
    pub(crate) fn tell_journal(&mut self, ctx: &mut Context<'_>, call: &CallFacts<'_>) {
        let (dialog, is_held) = (self.dialog(), self.is_up() && self.media.is_held());
        self.record.tell(ctx, call, is_held, |ctx| ctx.endpoint.dialog_record(dialog?));
    }

    /// The leg's row of the call log; once, when it is settled.
    pub(crate) fn take_cdr(&mut self, ctx: &mut Context<'_>, call: &CallFacts<'_>) -> Option<Cdr> {
        if !self.is_settled() {
            return None;
        }
        let (media, former) = (&mut self.media, self.former.stats.take());
        self.record.take_cdr(ctx, call, || {
            let stats = media.take_stats();
            former.map_or(stats.clone(), |before| stats.after(&before))
        })
    }

    fn new(
        ctx: &mut Context<'_>,
        new: NewLeg,
        role: LegRole,
        signalling: Signalling,
        sip_call_id: &Bytes,
        peer: String,
    ) -> Self {
        let call = new.handle.call;
        ctx.outputs.push_back(Output::Link { call, sip_call_id: sip_call_id.clone() });
        let text = String::from_utf8_lossy(sip_call_id).into_owned();
        Self {
            handle: new.handle,
            signalling,
            order: OfferAnswer::new(),
            media: Media::None,
            rules: new.rules,
            keys: Keys::default(),
            record: Record::new(ctx, role, new.party, new.line, text, peer),
            shown: Shown { state: LegState::Dialing, since: ctx.now.unix },
            seat: new.seat,
            permit: new.permit,
            signable: None,
            trunk_login: None,
            renewal: None,
            wants_renewal: false,
            former: Former::default(),
            ordered: Ordered::default(),
        }
    }
}

impl LegError {
    /// What it means for a call that cannot go on without the leg.
    pub(crate) fn refusal(&self) -> Refusal {
        let cause = match self {
            Self::NoPort | Self::TooMany => Cause::Exhausted,
            Self::NoMedia => Cause::Internal,
            Self::Negotiation(_) | Self::Description(_) | Self::Order(_) => Cause::NoCommonCodec,
        };
        Refusal { cause, status: cause.status(), reason: Some(self.to_string()) }
    }
}

/// Our offer made of another leg's, with the address of this leg's session and what is allowed to
/// its far end.
fn relayed_offer(media: &mut Media, rules: &MediaRules, offer: &Sdp) -> Result<Bytes, LegError> {
    let session = media.session_mut()?;
    let ours = session.describe(|local, origin| relay_offer(offer, local, origin))?;
    rules.limit_offer(ours, Some(offer))
}

/// Our own offer, limited to what is allowed to the far end.
fn own_offer(
    media: &mut Media,
    rules: &MediaRules,
    codecs: &[LocalCodec],
) -> Result<Bytes, LegError> {
    let session = media.session_mut()?;
    let offer = session.describe(|local, origin| offer_locally(local, origin, codecs));
    rules.limit_offer(offer, None)
}
