//! Where facts come in and go out.

use super::{
    BATCH_INTERVAL, Fact, QUEUE_MAX, RESUME_SPAN, Stamp,
    fact::Slot,
    ring::{Audience, Kept, Ring},
};
use crate::clock;
use base::{DomainId, UserId};
use bytes::Bytes;
use std::{
    collections::HashMap,
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::{Instant, sleep},
};

/// What a panel can subscribe to. `me` needs no subscription.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Topic {
    /// All lines of the domain.
    Lines,
    /// All live calls of the domain.
    Calls,
    /// Who comes and goes.
    Registrations,
    /// Objects that somebody changed.
    Admin,
    /// Who calls outside more than it may.
    Alarms,
}

/// The stream of all domains; clones share it.
#[derive(Clone, Debug)]
pub struct Hub(Arc<Shared>);

/// One panel's place in the stream of its domain. Dropped, it is given up.
#[derive(Debug)]
pub struct Subscription {
    hub: Hub,
    domain: DomainId,
    id: u64,
    queue: mpsc::Receiver<Bytes>,
    alive: oneshot::Receiver<()>,
    /// The number of the last frame before this subscription.
    pub seq: u64,
    /// What came after the number that was asked for, and concerns this panel; `None` if that is
    /// not known any more, or nothing was asked for: then the snapshots are to be read.
    pub missed: Option<Vec<Bytes>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Rung when the first fact of a batch comes.
    gathering: Notify,
}

#[derive(Debug)]
struct State {
    seq: u64,
    /// The number before the first frame of this process.
    first: u64,
    subscriptions: u64,
    domains: HashMap<DomainId, Stream>,
    is_gathering: bool,
}

/// The stream of one domain.
#[derive(Debug)]
struct Stream {
    ring: Ring,
    subscribers: Vec<Subscriber>,
    batches: [Batch; TOPICS],
    /// When somebody listened last.
    heard: Instant,
}

#[derive(Debug)]
struct Subscriber {
    id: u64,
    user: UserId,
    topics: u8,
    queue: mpsc::Sender<Bytes>,
    /// Dropped when the subscriber is cut off.
    _life: oneshot::Sender<()>,
}

/// Facts of one list that wait, in the order in which their entities came first.
#[derive(Debug, Default)]
struct Batch {
    facts: Vec<(UnixAt, Fact)>,
    places: HashMap<Slot, usize>,
}

type UnixAt = Stamp;

const TOPICS: usize = 5;

impl Hub {
    /// A stream without listeners.
    ///
    /// Its numbers begin at the time in microseconds, so that a number which another process gave
    /// is never taken for one of ours.
    pub fn new() -> Self {
        let first = u64::try_from(clock::unix_now().0).unwrap_or(0) * 1000;
        let state = State {
            seq: first,
            first,
            subscriptions: 0,
            domains: HashMap::new(),
            is_gathering: false,
        };
        Self(Arc::new(Shared { state: Mutex::new(state), gathering: Notify::new() }))
    }

    /// Sends gathered facts out, for as long as the task lives.
    pub async fn run(self) {
        loop {
            self.0.gathering.notified().await;
            sleep(BATCH_INTERVAL).await;
            self.flush();
        }
    }

    /// Tells the subscribers of a list, with the next batch.
    pub fn publish(&self, domain: DomainId, topic: Topic, at: Stamp, fact: Fact) {
        let mut state = self.lock();
        let (seq, first) = (state.seq, state.first);
        let stream = state.stream(domain, first);
        if stream.is_deserted() {
            // A number of its own: who comes later cannot ask for what was not kept.
            stream.ring.clear(seq + 1);
            state.seq += 1;
            return;
        }
        stream.batches[topic as usize].add(at, fact);
        if !std::mem::replace(&mut state.is_gathering, true) {
            self.0.gathering.notify_one();
        }
    }

    /// Tells these users at once.
    pub fn tell(&self, domain: DomainId, users: &[UserId], at: Stamp, fact: &Fact) {
        if users.is_empty() {
            return;
        }
        let mut state = self.lock();
        state.seq += 1;
        let (seq, first) = (state.seq, state.first);
        let stream = state.stream(domain, first);
        if stream.is_deserted() {
            stream.ring.clear(seq);
            return;
        }
        let mut frame = Vec::with_capacity(FRAME_BYTES);
        fact.write_frame(seq, at, &mut frame);
        let frame = Bytes::from(frame);
        let audience = Audience::Users(users.into());
        stream.send(&audience, &frame);
        stream.ring.push(Kept { seq, at: Instant::now(), audience, frame });
    }

    /// The number of the last frame: a snapshot taken by the owner of what it shows, all of whose
    /// changes were published, is consistent with it.
    pub fn seq(&self) -> u64 {
        self.lock().seq
    }

    /// Subscribes a panel of `user`; with what came after `resume_from` and concerns it.
    pub fn subscribe(
        &self,
        domain: DomainId,
        user: UserId,
        topics: &[Topic],
        resume_from: Option<u64>,
    ) -> Subscription {
        let topics = topics.iter().fold(0, |mask, topic| mask | topic.bit());
        let (sender, queue) = mpsc::channel(QUEUE_MAX);
        let (life, alive) = oneshot::channel();
        let mut state = self.lock();
        state.subscriptions += 1;
        let (id, seq, first) = (state.subscriptions, state.seq, state.first);
        let stream = state.stream(domain, first);
        let missed = resume_from.filter(|from| *from <= seq).and_then(|from| {
            let after = stream.ring.after(from)?;
            let is_mine = |it: &&Kept| it.audience.includes(user, |list| topics & list.bit() != 0);
            Some(after.filter(is_mine).map(|it| it.frame.clone()).collect())
        });
        stream.subscribers.push(Subscriber { id, user, topics, queue: sender, _life: life });
        metrics::gauge!(SUBSCRIBERS).increment(1);
        drop(state);
        Subscription { hub: self.clone(), domain, id, queue, alive, seq, missed }
    }

    /// Writes each batch once and sends it to all who subscribed.
    fn flush(&self) {
        let mut state = self.lock();
        state.is_gathering = false;
        let State { seq, domains, .. } = &mut *state;
        for stream in domains.values_mut() {
            for topic in Topic::ALL {
                stream.flush(topic, seq);
            }
        }
    }

    fn change_topics(&self, subscription: &Subscription, change: impl FnOnce(u8) -> u8) {
        let mut state = self.lock();
        if let Some(stream) = state.domains.get_mut(&subscription.domain)
            && let Some(it) = stream.subscribers.iter_mut().find(|it| it.id == subscription.id)
        {
            it.topics = change(it.topics);
        }
    }

    /// A panic elsewhere cannot leave a half-made step: steps change the state at their end.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self::new()
    }
}

impl Subscription {
    /// The next message, a frame or a batch; `None` once this panel is cut off.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.queue.recv().await
    }

    /// Ends when this panel is cut off, whatever still waits.
    pub async fn cut_off(&mut self) {
        // The sender is dropped, never used.
        let _ = (&mut self.alive).await;
    }

    /// Gets a list, too, from now on.
    pub fn add(&self, topic: Topic) {
        self.hub.change_topics(self, |topics| topics | topic.bit());
    }

    /// Gets a list no longer.
    pub fn remove(&self, topic: Topic) {
        self.hub.change_topics(self, |topics| topics & !topic.bit());
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        if let Some(stream) = state.domains.get_mut(&self.domain) {
            stream.subscribers.retain(|it| it.id != self.id);
            stream.heard = Instant::now();
        }
        metrics::gauge!(SUBSCRIBERS).decrement(1);
    }
}

impl State {
    fn stream(&mut self, domain: DomainId, first: u64) -> &mut Stream {
        self.domains.entry(domain).or_insert_with(|| Stream {
            ring: Ring::new(first),
            subscribers: Vec::new(),
            batches: Default::default(),
            heard: Instant::now(),
        })
    }
}

impl Stream {
    /// Whether nobody listens, nor may come back for what is published now.
    fn is_deserted(&self) -> bool {
        self.subscribers.is_empty() && self.heard.elapsed() > RESUME_SPAN
    }

    fn flush(&mut self, topic: Topic, seq: &mut u64) {
        let Batch { facts, places } = &mut self.batches[topic as usize];
        if facts.is_empty() {
            return;
        }
        places.clear();
        let mut text = Vec::with_capacity(facts.len() * FRAME_BYTES);
        let mut spans = Vec::with_capacity(facts.len());
        text.extend_from_slice(b"{\"b\":[");
        for (n, (at, fact)) in facts.drain(..).enumerate() {
            if n > 0 {
                text.push(b',');
            }
            *seq += 1;
            let start = text.len();
            fact.write_frame(*seq, at, &mut text);
            spans.push((*seq, start..text.len()));
        }
        text.extend_from_slice(b"]}");
        let message = Bytes::from(text);
        let audience = Audience::List(topic);
        self.send(&audience, &message);
        let at = Instant::now();
        for (seq, span) in spans {
            let frame = message.slice(span);
            self.ring.push(Kept { seq, at, audience: audience.clone(), frame });
        }
    }

    /// Puts a message into the queues of those whom it concerns. Who has no room is cut off.
    fn send(&mut self, audience: &Audience, message: &Bytes) {
        self.subscribers.retain(|it| {
            let is_meant = audience.includes(it.user, |list| it.topics & list.bit() != 0);
            let is_fine = !is_meant || it.queue.try_send(message.clone()).is_ok();
            if !is_fine {
                metrics::counter!(CUT_OFF).increment(1);
            }
            is_fine
        });
    }
}

impl Batch {
    fn add(&mut self, at: Stamp, fact: Fact) {
        let next = self.facts.len();
        let place = *self.places.entry(fact.slot()).or_insert(next);
        match self.facts.get_mut(place) {
            Some(older) => *older = (at, fact),
            None => self.facts.push((at, fact)),
        }
    }
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; TOPICS] =
        [Self::Lines, Self::Calls, Self::Registrations, Self::Admin, Self::Alarms];

    /// As panels write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Calls => "calls",
            Self::Registrations => "registrations",
            Self::Admin => "admin",
            Self::Alarms => "alarms",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|it| it.as_str() == text).ok_or(UnknownTopic)
    }
}

/// There is no such list.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no such topic")]
pub struct UnknownTopic;

/// What a frame is likely to need.
const FRAME_BYTES: usize = 512;

/// Panels that are connected.
const SUBSCRIBERS: &str = "tandem_event_subscribers";

/// Panels that were cut off because they did not read.
const CUT_OFF: &str = "tandem_event_subscribers_cut_off_total";
