//! How others talk to a shard.

use base::CallId;
use call::{
    CallCounts, CallOrder, CallView, CommandRefusal, Directory, LegMedia, Obeyed, Origination,
    OriginationRefusal, PartyCommand, PickUp, PickUpRefusal, RecordingOrder, RecordingRefusal,
    RoomCommand, Sounds, Supervised, SupervisionRefusal, SupervisionRequest, Totals,
    dialplan::Plans, features::FeatureReply, web::WebReply,
};
use sip::trace::{KeptCall, Ladder};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Commands that may wait for a shard. They come from people and from reloads, a few a second at
/// most; a sender waits while it is full.
const COMMANDS_MAX: usize = 64;

/// What a shard can be asked and told.
#[derive(Debug)]
pub(super) enum Command {
    Directory(Arc<Directory>),
    Plans(Arc<Plans>, Arc<Sounds>),
    Drain,
    HangUpAll,
    HangUp(CallId, oneshot::Sender<bool>),
    Party(CallId, PartyCommand, oneshot::Sender<bool>),
    Room(CallId, RoomCommand, oneshot::Sender<bool>),
    Originate(Origination, oneshot::Sender<Result<CallId, OriginationRefusal>>),
    PickUp(PickUp, oneshot::Sender<Result<CallId, PickUpRefusal>>),
    Supervise(SupervisionRequest, bool, oneshot::Sender<SupervisionAnswer>),
    Order(CallId, CallOrder, oneshot::Sender<Result<Obeyed, CommandRefusal>>),
    Feature(FeatureReply),
    Web(WebReply),
    Record(CallId, RecordingOrder, oneshot::Sender<Result<(), RecordingRefusal>>),
    MediaOf(CallId, oneshot::Sender<Vec<LegMedia>>),
    KeptCalls(oneshot::Sender<Vec<KeptCall>>),
    Views(oneshot::Sender<Vec<CallView>>),
    Figures(oneshot::Sender<Figures>),
    Trace(TraceQuery, oneshot::Sender<Option<String>>),
    Ladder(CallId, oneshot::Sender<Option<Ladder>>),
}

/// What was done for a supervisor; `None` where it hears that call on another shard, or not at all.
type SupervisionAnswer = Result<Option<Supervised>, SupervisionRefusal>;

/// Which ladder.
#[derive(Clone, Debug)]
pub enum TraceQuery {
    /// Of a call of ours.
    Call(CallId),
    /// Of the dialog with this Call-ID.
    SipCallId(String),
}

/// Live and counted figures of a shard.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// What is alive.
    pub counts: CallCounts,
    /// What was counted.
    pub totals: Totals,
    /// Whether every call has ended.
    pub is_idle: bool,
    /// Whether a trunk has yet to hear that we leave it.
    pub is_leaving_trunks: bool,
}

/// The way to one shard.
#[derive(Clone, Debug)]
pub struct ShardHandle(mpsc::Sender<Command>);

/// The shard does not run any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a signalling shard has stopped")]
pub struct ShardGone;

impl ShardHandle {
    pub(super) fn new() -> (Self, mpsc::Receiver<Command>) {
        let (sender, receiver) = mpsc::channel(COMMANDS_MAX);
        (Self(sender), receiver)
    }

    /// Who exists, from now on.
    pub async fn directory(&self, directory: Arc<Directory>) -> Result<(), ShardGone> {
        self.tell(Command::Directory(directory)).await
    }

    /// Where numbers lead, from now on.
    pub async fn plans(&self, plans: Arc<Plans>, sounds: Arc<Sounds>) -> Result<(), ShardGone> {
        self.tell(Command::Plans(plans, sounds)).await
    }

    /// Takes no new calls from now on.
    pub async fn drain(&self) -> Result<(), ShardGone> {
        self.tell(Command::Drain).await
    }

    /// Ends every call.
    pub async fn hang_up_all(&self) -> Result<(), ShardGone> {
        self.tell(Command::HangUpAll).await
    }

    /// Ends one call; false if it is not here.
    pub async fn hang_up(&self, call: CallId) -> Result<bool, ShardGone> {
        self.ask(|reply| Command::HangUp(call, reply)).await
    }

    /// Rings somebody's own devices, to connect it with a number then.
    pub async fn originate(
        &self,
        order: Origination,
    ) -> Result<Result<CallId, OriginationRefusal>, ShardGone> {
        self.ask(|reply| Command::Originate(order, reply)).await
    }

    /// Rings somebody's own devices, to connect it with whoever calls elsewhere.
    pub async fn pick_up(
        &self,
        request: PickUp,
    ) -> Result<Result<CallId, PickUpRefusal>, ShardGone> {
        self.ask(|reply| Command::PickUp(request, reply)).await
    }

    /// Lets an extension hear a call, or speak in one that it hears; its devices are rung for it only
    /// if `rings`.
    pub async fn supervise(
        &self,
        request: SupervisionRequest,
        rings: bool,
    ) -> Result<SupervisionAnswer, ShardGone> {
        self.ask(|reply| Command::Supervise(request, rings, reply)).await
    }

    /// Does what an extension wants of its call.
    pub async fn order(
        &self,
        call: CallId,
        order: CallOrder,
    ) -> Result<Result<Obeyed, CommandRefusal>, ShardGone> {
        self.ask(|reply| Command::Order(call, order, reply)).await
    }

    /// Tells a call whether what its caller wants is in force.
    pub async fn feature(&self, reply: FeatureReply) -> Result<(), ShardGone> {
        self.tell(Command::Feature(reply)).await
    }

    /// Tells a call what a web server answers.
    pub async fn web(&self, reply: WebReply) -> Result<(), ShardGone> {
        self.tell(Command::Web(reply)).await
    }

    /// Does something to a party of a conference; false if the call is in none.
    pub async fn command_party(
        &self,
        call: CallId,
        command: PartyCommand,
    ) -> Result<bool, ShardGone> {
        self.ask(|reply| Command::Party(call, command, reply)).await
    }

    /// Does something to the conference that a call is in; false if it is in none.
    pub async fn command_room(
        &self,
        call: CallId,
        command: RoomCommand,
    ) -> Result<bool, ShardGone> {
        self.ask(|reply| Command::Room(call, command, reply)).await
    }

    /// Starts, stops, pauses or resumes the recording of a call.
    pub async fn record(
        &self,
        call: CallId,
        order: RecordingOrder,
    ) -> Result<Result<(), RecordingRefusal>, ShardGone> {
        self.ask(|reply| Command::Record(call, order, reply)).await
    }

    /// The media sessions of a live call's legs; none if it is not here.
    pub async fn media_of(&self, call: CallId) -> Result<Vec<LegMedia>, ShardGone> {
        self.ask(|reply| Command::MediaOf(call, reply)).await
    }

    /// The live calls.
    pub async fn views(&self) -> Result<Vec<CallView>, ShardGone> {
        self.ask(Command::Views).await
    }

    /// Calls, live or over, whose SIP messages are kept.
    pub async fn kept_calls(&self) -> Result<Vec<KeptCall>, ShardGone> {
        self.ask(Command::KeptCalls).await
    }

    /// Figures for metrics and the drain.
    pub async fn figures(&self) -> Result<Figures, ShardGone> {
        self.ask(Command::Figures).await
    }

    /// The SIP ladder of a call as text; `None` if nothing of it is kept here.
    pub async fn trace(&self, query: TraceQuery) -> Result<Option<String>, ShardGone> {
        self.ask(|reply| Command::Trace(query, reply)).await
    }

    /// The SIP messages of a call; `None` if nothing of it is kept here.
    pub async fn ladder(&self, call: CallId) -> Result<Option<Ladder>, ShardGone> {
        self.ask(|reply| Command::Ladder(call, reply)).await
    }

    async fn tell(&self, command: Command) -> Result<(), ShardGone> {
        self.0.send(command).await.map_err(|_| ShardGone)
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, ShardGone> {
        let (reply, answer) = oneshot::channel();
        self.tell(command(reply)).await?;
        answer.await.map_err(|_| ShardGone)
    }
}
