//! The WebSocket of a panel: facts as they happen.
//!
//! The panel says hello with the lists that it wants and the last number it had; it is welcomed,
//! told what it missed if that is still known, and gets frames from then on. One task a panel; it
//! owns nothing but its place in the stream. A panel that does not read is cut off by
//! [`crate::events`], one whose session is over within seconds by [`super::LiveSessions`].

use super::{Access, ApiState, Door, Problem, Session, SessionWatch, Text, live::LINES_VIEW};
use crate::{
    events::{Fact, Stamp, Subscription, Topic},
    store::Right,
    telemetry::panics::{Owner, contained},
};
use axum::{
    extract::{
        State,
        ws::{
            CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade,
            rejection::WebSocketUpgradeRejection,
        },
    },
    response::Response,
};
use base::{SessionId, UserId};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{broadcast::error::RecvError, oneshot, watch},
    time::{Instant, Interval, MissedTickBehavior, interval_at, timeout},
};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::AnySession, routes!(events))
}

/// The connected panels; clones share the list.
#[derive(Clone, Debug, Default)]
pub struct Panels(Arc<Connected>);

#[derive(Debug, Default)]
struct Connected {
    /// Whose connections there are, and how to end one.
    tabs: Mutex<HashMap<Tab, Connection>>,
    count: watch::Sender<usize>,
    is_closing: watch::Sender<bool>,
}

/// A tab of somebody's browser.
type Tab = (SessionId, String);

#[derive(Debug)]
struct Connection {
    /// How often the tab has connected anew.
    number: u64,
    session: Session,
    /// Tells the connection why it ends; none once it is told.
    tell: Option<oneshot::Sender<End>>,
}

/// One panel among them. Dropped, it is gone.
#[derive(Debug)]
struct Seat {
    panels: Panels,
    tab: Tab,
    number: u64,
}

impl Panels {
    /// Tells every panel that the server restarts, and waits until they are told, for `limit` at
    /// most.
    pub async fn close(&self, limit: Duration) {
        self.0.is_closing.send_replace(true);
        let mut count = self.0.count.subscribe();
        // Past the limit they find out by themselves.
        let _ = timeout(limit, count.wait_for(|count| *count == 0)).await;
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        *self.0.count.borrow()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Has the panels of some sessions begin anew: who they are, what they may or which lines are
    /// theirs has changed.
    pub(super) fn renew(&self, is_meant: impl Fn(&Session) -> bool) {
        for it in self.tabs().values_mut().filter(|it| is_meant(&it.session)) {
            it.end(End::Changed);
        }
    }

    /// Takes a tab in. One that is here already is an old connection of it, and is told to go.
    fn sit(&self, session: &Session, tab: String, watch: SessionWatch) -> (Seat, Endings) {
        let (tell, told) = oneshot::channel();
        let tab = (session.id, tab);
        let mut tabs = self.tabs();
        let number = tabs.get(&tab).map_or(0, |it| it.number + 1);
        let connection = Connection { number, session: session.clone(), tell: Some(tell) };
        if let Some(mut old) = tabs.insert(tab.clone(), connection) {
            old.end(End::TakenOver);
        }
        drop(tabs);
        self.0.count.send_modify(|count| *count += 1);
        let endings = Endings::new(watch, self.0.is_closing.subscribe(), told);
        (Seat { panels: self.clone(), tab, number }, endings)
    }

    fn tabs(&self) -> MutexGuard<'_, HashMap<Tab, Connection>> {
        self.0.tabs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    fn end(&mut self, why: End) {
        if let Some(tell) = self.tell.take() {
            // One that has just gone needs not be told.
            let _ = tell.send(why);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut tabs = self.panels.tabs();
        if tabs.get(&self.tab).is_some_and(|it| it.number == self.number) {
            tabs.remove(&self.tab);
        }
        drop(tabs);
        self.panels.0.count.send_modify(|count| *count -= 1);
    }
}

/// Brings changes of objects that people edit into the stream, for as long as anybody makes some.
pub async fn tell_changes(api: ApiState) {
    let Some(hub) = api.live.as_ref().map(|it| it.hub.clone()) else { return };
    let mut changes = api.changes.subscribe();
    loop {
        match changes.recv().await {
            Ok(it) => {
                let fact =
                    Fact::Admin { object: it.object, id: it.id, version: it.version, by: it.by };
                hub.publish(it.domain, Topic::Admin, Stamp(api.clock.now().unix), fact);
            }
            // What was lost is seen when the lists are read again.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// Facts as they happen
///
/// A WebSocket; the first message is `{"hello":{"tab":"…","resume_from":123,"subs":["lines"]}}`.
#[utoipa::path(
    get, path = "/events", tag = "live",
    responses((status = 101, description = "Frames follow"), Problem)
)]
async fn events(
    State(api): State<ApiState>,
    session: Session,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    api.live()?;
    let upgrade = upgrade.map_err(|_| {
        let message = Text::fixed("Ожидается WebSocket", "A WebSocket is expected");
        Problem::invalid_field("Upgrade", "required", message)
    })?;
    let watch = api.watch_session(session.id);
    Ok(upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .on_upgrade(async move |socket| {
            // A panel that is cut off connects anew, and takes a snapshot.
            let _ = contained(Owner::Api, "a panel", serve(api, session, watch, socket)).await;
        }))
}

/// Everything that a panel may say.
#[derive(Debug, Default, Deserialize)]
struct Said {
    hello: Option<Hello>,
    sub: Option<String>,
    unsub: Option<String>,
    ping: Option<u64>,
    pong: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Hello {
    tab: String,
    resume_from: Option<u64>,
    #[serde(default)]
    subs: Vec<String>,
}

/// Everything that it is told beside frames.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Told<'a> {
    Welcome { resumed: bool, seq: u64, server: &'static str },
    Subbed(&'a str),
    Refused { sub: &'a str, code: &'static str },
    Ping(u64),
    Pong(u64),
}

/// Why a panel's connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    /// The far end is gone.
    Gone,
    /// It does not speak our language.
    Nonsense,
    /// The session is over.
    SessionOver,
    /// The same tab has connected anew.
    TakenOver,
    /// What it knows of its user holds no longer, nor what it may hear.
    Changed,
    /// The server restarts.
    Restart,
    /// It does not read.
    TooSlow,
}

async fn serve(api: ApiState, session: Session, watch: SessionWatch, mut socket: WebSocket) {
    let Some(live) = api.live.as_ref() else { return };
    let hello = match timeout(HELLO_LIMIT, hear(&mut socket)).await {
        Ok(Ok(Some(Said { hello: Some(hello), .. }))) if hello.tab.len() <= TAB_BYTES_MAX => hello,
        Ok(Ok(_)) | Err(_) => return say_goodbye(socket, End::Nonsense).await,
        Ok(Err(end)) => return say_goodbye(socket, end).await,
    };
    // A panel that is slow to say hello may have lost rights since it was let in.
    let Ok(session) = session.renewed(&api).await else {
        return say_goodbye(socket, End::Restart).await;
    };
    let (_seat, endings) = live.panels.sit(&session, hello.tab, watch);
    let (topics, refused) = sorted_out(&session, &hello.subs);
    // A wall is nobody: what concerns users does not concern it.
    let user = session.user_id().unwrap_or(UserId(Uuid::nil()));
    let mut subscription = live.hub.subscribe(session.domain.id, user, &topics, hello.resume_from);
    let missed = subscription.missed.take();
    let mut ping = interval_at(Instant::now() + PING_INTERVAL, PING_INTERVAL);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut panel =
        Panel { socket, session, subscription, endings, ping, pinged: Pinged::default() };
    let end = panel.run(missed, &refused).await;
    let Panel { socket, subscription, .. } = panel;
    drop(subscription);
    say_goodbye(socket, end).await;
}

/// The lists that a session may have, and those that it may not.
fn sorted_out<'a>(session: &Session, subs: &'a [String]) -> (Vec<Topic>, Vec<(&'a str, Refused)>) {
    let (mut topics, mut refused) = (Vec::new(), Vec::new());
    for sub in subs.iter().take(SUBS_MAX).filter(|it| *it != ME) {
        match topic_for(session, sub) {
            Ok(topic) => topics.push(topic),
            Err(why) => refused.push((sub.as_str(), why)),
        }
    }
    (topics, refused)
}

type Refused = &'static str;

fn topic_for(session: &Session, name: &str) -> Result<Topic, Refused> {
    let topic = name.parse::<Topic>().map_err(|_| "unknown")?;
    let rights: &[Right] = match topic {
        Topic::Lines => LINES_VIEW,
        Topic::Calls => &[Right::LiveView],
        Topic::Registrations => &[Right::RegistrationsView],
        Topic::Admin => &[
            Right::UsersManage,
            Right::RolesManage,
            Right::LinesManage,
            Right::TrunksManage,
            Right::DomainsManage,
            Right::DialplansManage,
        ],
        Topic::Alarms => &[Right::HealthView],
    };
    if session.may_one_of(rights) { Ok(topic) } else { Err("forbidden") }
}

/// A connected panel.
struct Panel {
    socket: WebSocket,
    session: Session,
    subscription: Subscription,
    endings: Endings,
    ping: Interval,
    pinged: Pinged,
}

/// What a panel's task wakes up for.
enum Happened {
    Message(Bytes),
    Said(Said),
    PingIsDue,
}

/// The last ping, and when it was sent if it is not answered.
#[derive(Debug, Default)]
struct Pinged {
    number: u64,
    unanswered: Option<Instant>,
}

impl Panel {
    /// Until the connection ends.
    async fn run(&mut self, missed: Option<Vec<Bytes>>, refused: &[(&str, Refused)]) -> End {
        let mut done = self.begin(missed, refused).await;
        loop {
            match done {
                Ok(()) => done = self.step().await,
                Err(end) => return end,
            }
        }
    }

    async fn begin(
        &mut self,
        missed: Option<Vec<Bytes>>,
        refused: &[(&str, Refused)],
    ) -> Result<(), End> {
        let (resumed, seq) = (missed.is_some(), self.subscription.seq);
        let server = env!("CARGO_PKG_VERSION");
        self.say(&Told::Welcome { resumed, seq, server }).await?;
        for (sub, code) in refused {
            self.say(&Told::Refused { sub, code }).await?;
        }
        for frames in missed.unwrap_or_default().chunks(MISSED_AT_ONCE) {
            self.send(batch_of(frames)).await?;
        }
        Ok(())
    }

    async fn step(&mut self) -> Result<(), End> {
        let Self { socket, subscription, endings, ping, .. } = self;
        let happened = tokio::select! {
            biased;
            end = endings.next() => return Err(end),
            message = subscription.next() => Happened::Message(message.ok_or(End::TooSlow)?),
            said = hear(socket) => Happened::Said(said?.ok_or(End::Nonsense)?),
            _ = ping.tick() => Happened::PingIsDue,
        };
        match happened {
            Happened::Message(message) => self.send(message).await,
            Happened::Said(said) => self.answer(said).await,
            Happened::PingIsDue => self.send_ping().await,
        }
    }

    async fn answer(&mut self, said: Said) -> Result<(), End> {
        if let Some(name) = said.sub.filter(|it| it != ME) {
            match topic_for(&self.session, &name) {
                Ok(topic) => {
                    self.subscription.add(topic);
                    self.say(&Told::Subbed(&name)).await?;
                }
                Err(code) => self.say(&Told::Refused { sub: &name, code }).await?,
            }
        }
        if let Some(topic) = said.unsub.and_then(|it| it.parse().ok()) {
            self.subscription.remove(topic);
        }
        if let Some(number) = said.ping {
            self.say(&Told::Pong(number)).await?;
        }
        if said.pong == Some(self.pinged.number)
            && let Some(sent) = self.pinged.unanswered.take()
        {
            metrics::histogram!(RTT).record(sent.elapsed());
        }
        Ok(())
    }

    /// Asks whether anybody is there; whoever did not answer the time before is not.
    async fn send_ping(&mut self) -> Result<(), End> {
        if self.pinged.unanswered.is_some() {
            return Err(End::Gone);
        }
        let number = self.pinged.number + 1;
        self.pinged = Pinged { number, unanswered: Some(Instant::now()) };
        self.say(&Told::Ping(number)).await
    }

    async fn say(&mut self, told: &Told<'_>) -> Result<(), End> {
        let text = serde_json::to_vec(told).map_err(|_| End::Gone)?;
        self.send(text.into()).await
    }

    /// Sends a message, unless something ends the connection before it is out.
    async fn send(&mut self, message: Bytes) -> Result<(), End> {
        let text = Utf8Bytes::try_from(message).map_err(|_| End::Gone)?;
        let Self { socket, subscription, endings, .. } = self;
        tokio::select! {
            biased;
            sent = socket.send(Message::Text(text)) => sent.map_err(|_| End::Gone),
            () = subscription.cut_off() => Err(End::TooSlow),
            end = endings.next() => Err(end),
        }
    }
}

/// What may end a connection from outside. None of it is asked before one of it happens: with each
/// batch a thousand panels would otherwise queue up anew for all three.
struct Endings(FuturesUnordered<Pin<Box<dyn Future<Output = End> + Send>>>);

impl Endings {
    fn new(
        mut watch: SessionWatch,
        mut is_closing: watch::Receiver<bool>,
        told: oneshot::Receiver<End>,
    ) -> Self {
        let ending = async move {
            tokio::select! {
                biased;
                () = watch.ended() => End::SessionOver,
                // The sender lives as long as the panels.
                _ = is_closing.wait_for(|it| *it) => End::Restart,
                // The sender is in the list of tabs until it tells.
                end = told => end.unwrap_or(End::Gone),
            }
        };
        let endings = FuturesUnordered::new();
        endings.push(Box::pin(ending) as _);
        Self(endings)
    }

    async fn next(&mut self) -> End {
        // It is asked no more once it has said one.
        self.0.next().await.unwrap_or(End::Gone)
    }
}

/// The next thing that a panel says; `None` if it makes no sense.
async fn hear(socket: &mut WebSocket) -> Result<Option<Said>, End> {
    loop {
        match socket.recv().await {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).ok()),
            Some(Ok(Message::Binary(_))) => return Ok(None),
            // The library answers pings by itself.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Gone),
        }
    }
}

/// Frames that are kept one by one, as a batch.
fn batch_of(frames: &[Bytes]) -> Bytes {
    let mut text = Vec::with_capacity(frames.iter().map(|it| it.len() + 1).sum::<usize>() + 8);
    text.extend_from_slice(b"{\"b\":[");
    for (n, frame) in frames.iter().enumerate() {
        if n > 0 {
            text.push(b',');
        }
        text.extend_from_slice(frame);
    }
    text.extend_from_slice(b"]}");
    text.into()
}

async fn say_goodbye(mut socket: WebSocket, end: End) {
    let (code, reason) = match end {
        End::Gone => return,
        End::Nonsense => (1008, "say hello, in JSON"),
        End::SessionOver => (4001, "the session is over"),
        End::TakenOver => (4002, "the tab has connected anew"),
        End::Changed => (4004, "your rights or lines have changed: read the snapshots again"),
        End::Restart => (4003, "the server restarts"),
        End::TooSlow => (4008, "too slow: read the snapshots again"),
    };
    let close = Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }));
    // Whoever does not take it finds the connection closed.
    let _ = timeout(GOODBYE_LIMIT, socket.send(close)).await;
}

/// The topic that needs no subscription.
const ME: &str = "me";

/// How long a panel may take to say hello.
const HELLO_LIMIT: Duration = Duration::from_secs(10);

/// Between two pings; whoever has not answered one when the next is due is gone.
const PING_INTERVAL: Duration = Duration::from_secs(15);

/// How long a goodbye may take.
const GOODBYE_LIMIT: Duration = Duration::from_secs(1);

/// The longest message of a panel.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;

/// What a panel says is short: there may be thousands, and each has such a buffer.
const READ_BUFFER_BYTES: usize = 1024;

/// Above what a batch can be.
const WRITE_BUFFER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Missed frames that are sent with one message.
const MISSED_AT_ONCE: usize = 100;

/// The longest name of a tab.
const TAB_BYTES_MAX: usize = 64;

/// Lists in a hello that are looked at.
const SUBS_MAX: usize = 16;

/// How long panels take to answer a ping.
const RTT: &str = "tandem_event_rtt_seconds";
