//! The registrar's loop.

use super::{
    BATCH_MAX, BindingStore, CommitError, Locations,
    book::{Batch, Book},
};
use crate::{
    store::StoreError,
    telemetry::panics::{Owner, contained, contained_now},
};
use base::UnixMillis;
use call::registration::{
    RegistrarCommand, RegistrationFact, RegistrationOutcome, RegistrationReply, RegistrationRequest,
};
use sip::bindings::{Aor, BindingPolicy};
use std::time::Duration;
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    time::{Instant, sleep_until, timeout},
};

/// The owner task. Make it with [`Registrar::load`], then give it a task with [`Registrar::run`].
#[derive(Debug)]
pub struct Registrar<S> {
    store: S,
    book: Book,
    clock: Clock,
    /// Reply channel of each shard, by number.
    shards: Vec<mpsc::Sender<RegistrationReply>>,
    /// To whoever shows lines.
    facts: mpsc::Sender<RegistrationFact>,
    /// To those who care whose devices have changed.
    changes: Vec<mpsc::Sender<Aor>>,
    clean_up_at: Instant,
}

impl<S: BindingStore> Registrar<S> {
    /// Reads all bindings back, so that phones are reachable before they register again.
    ///
    /// `now` is the wall clock; from here on time is measured, so that a clock that is set does not
    /// end registrations. `shards` are the reply channels, by number of the shard; `facts` is told
    /// who is registered already, then who comes and goes.
    pub async fn load(
        store: S,
        policy: BindingPolicy,
        now: UnixMillis,
        shards: Vec<mpsc::Sender<RegistrationReply>>,
        facts: mpsc::Sender<RegistrationFact>,
    ) -> Result<(Self, Locations), StoreError> {
        let locations = Locations::default();
        let mut book = Book::new(policy, locations.clone());
        book.restore(now, store.load().await?);
        let clock = Clock { started: Instant::now(), started_unix: now };
        let clean_up_at = clock.started + CLEAN_UP_INTERVAL;
        tracing::info!(registered = book.len(), "bindings are restored");
        Ok((
            Self { store, book, clock, shards, facts, changes: Vec::new(), clean_up_at },
            locations,
        ))
    }

    /// Tells whose devices are others than before to `changes`, too, from the start on. Full: the
    /// address of record waits, and all who listen are told again.
    #[must_use]
    pub fn telling_changes(mut self, changes: mpsc::Sender<Aor>) -> Self {
        self.changes.push(changes);
        self
    }

    /// Serves `inbox` until all its senders are gone.
    pub async fn run(mut self, mut inbox: mpsc::Receiver<RegistrarCommand>) {
        let mut commands = Vec::with_capacity(BATCH_MAX);
        loop {
            self.tell();
            let wake_at = self.poll_timeout();
            tokio::select! {
                count = inbox.recv_many(&mut commands, BATCH_MAX) => {
                    if count == 0 {
                        return;
                    }
                    self.handle_commands(&mut commands).await;
                }
                () = sleep_until(wake_at) => self.handle_timeout().await,
            }
        }
    }

    async fn handle_commands(&mut self, commands: &mut Vec<RegistrarCommand>) {
        let mut requests = Vec::with_capacity(commands.len());
        let mut closed = Vec::new();
        for command in commands.drain(..) {
            match command {
                RegistrarCommand::Register(request) => requests.push(request),
                RegistrarCommand::FlowClosed(flow) => closed.push(flow),
            }
        }
        let now = self.clock.now();
        self.expire(now);
        if !requests.is_empty() {
            let replies = self.serve_contained(now, &requests).await;
            self.send(replies);
        }
        // A connection that closes in the same breath carried its REGISTER before: flows are
        // never reused.
        for flow in closed {
            let closed = contained_now(Owner::Registrar, "a closed connection", || {
                self.book.close_flow(flow);
            });
            if closed.is_none() {
                self.book.mend([]);
            }
        }
        metrics::gauge!("tandem_registered_aors").set(self.book.len() as f64);
    }

    async fn handle_timeout(&mut self) {
        self.expire(self.clock.now());
        metrics::gauge!("tandem_registered_aors").set(self.book.len() as f64);
        if self.clean_up_at <= Instant::now() {
            self.clean_up_at = Instant::now() + CLEAN_UP_INTERVAL;
            let batch = self.book.clean_up();
            // What fails is tried again with the next commit.
            let _ = self.commit(batch).await;
        }
    }

    /// Tells who came and went. A listener who is gone needs to know nothing.
    fn tell(&mut self) {
        let facts = &self.facts;
        self.book.tell(|fact| !matches!(facts.try_send(fact), Err(TrySendError::Full(_))));
        let changes = &self.changes;
        self.book.tell_changed(|aor| {
            let is_full = |it: &mpsc::Sender<Aor>| {
                matches!(it.try_send(aor.clone()), Err(TrySendError::Full(_)))
            };
            // Everybody is told who can be.
            changes.iter().filter(|it| is_full(it)).count() == 0
        });
    }

    /// When the next binding ends, expired ones are to be deleted, or what could not be told is to
    /// be tried again.
    fn poll_timeout(&self) -> Instant {
        let untold = self.book.has_untold().then(|| Instant::now() + TELL_INTERVAL);
        let expiry = self.book.next_expiry().map(|it| self.clock.instant_of(it));
        let clean_up = self.book.has_leftovers().then_some(self.clean_up_at);
        [expiry, clean_up, untold]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or_else(|| Instant::now() + CLEAN_UP_INTERVAL)
    }

    fn expire(&mut self, now: UnixMillis) {
        if contained_now(Owner::Registrar, "what expires", || self.book.expire(now)).is_none() {
            self.book.drop_expired(now);
        }
    }

    /// Serves requests so that a panic stays with its own: where one of many panics, each is served alone, and only that one
    /// is told to try again.
    async fn serve_contained(
        &mut self,
        now: UnixMillis,
        requests: &[RegistrationRequest],
    ) -> Replies {
        let aors = || requests.iter().map(|it| &it.aor);
        let served = contained(Owner::Registrar, "REGISTERs", self.serve(now, requests)).await;
        if let Some(replies) = served {
            return replies;
        }
        self.book.mend(aors());
        if let [request] = requests {
            return vec![unavailable(request)];
        }
        let mut replies = Vec::with_capacity(requests.len());
        for request in requests {
            let alone = std::slice::from_ref(request);
            match contained(Owner::Registrar, "a REGISTER", self.serve(now, alone)).await {
                Some(served) => replies.extend(served),
                None => {
                    self.book.mend([&request.aor]);
                    replies.push(unavailable(request));
                }
            }
        }
        replies
    }

    /// Decides requests and commits them in one transaction; if the database will not have the
    /// rows of one, each in its own, so that nobody suffers for another.
    async fn serve(&mut self, now: UnixMillis, requests: &[RegistrationRequest]) -> Replies {
        match self.commit(self.book.decide(now, requests)).await {
            Ok(replies) => replies,
            Err(Failed { error: Some(CommitError::Rows(_)), .. }) if requests.len() > 1 => {
                let mut replies = Vec::with_capacity(requests.len());
                for request in requests.chunks(1) {
                    let alone = self.commit(self.book.decide(now, request)).await;
                    replies.extend(alone.unwrap_or_else(Failed::into_replies));
                }
                replies
            }
            Err(failed) => failed.into_replies(),
        }
    }

    /// Writes a batch and makes it true, or leaves everything as it was.
    ///
    /// A commit that takes longer than [`COMMIT_TIMEOUT`] counts as failed. If the database did it
    /// after all, the phone's next REGISTER writes the same rows again.
    async fn commit(&mut self, batch: Batch) -> Result<Replies, Failed> {
        if batch.is_read_only() {
            return Ok(self.book.accept(batch));
        }
        let commit = self.store.commit(&batch.removals, &batch.upserts);
        match timeout(COMMIT_TIMEOUT, commit).await {
            Ok(Ok(())) => Ok(self.book.accept(batch)),
            Ok(Err(error)) => {
                tracing::error!(%error, "bindings are not written");
                Err(Failed { batch, error: Some(error) })
            }
            Err(_) => {
                tracing::error!("the database does not answer: REGISTER is answered 503");
                Err(Failed { batch, error: None })
            }
        }
    }

    fn send(&self, replies: Replies) {
        for (shard, reply) in replies {
            let sent = self.shards.get(usize::from(shard)).map(|it| it.try_send(reply));
            if !matches!(sent, Some(Ok(()))) {
                tracing::warn!(shard, "a shard does not take its registration replies");
            }
        }
    }
}

fn unavailable(request: &RegistrationRequest) -> (u8, RegistrationReply) {
    let outcome = RegistrationOutcome::Unavailable { retry_after_s: RETRY_AFTER_S };
    (request.shard, RegistrationReply { ticket: request.ticket, outcome })
}

/// Each with the number of its shard.
type Replies = Vec<(u8, RegistrationReply)>;

/// A batch that was not committed; without an error if the database did not answer in time.
struct Failed {
    batch: Batch,
    error: Option<CommitError>,
}

impl Failed {
    fn into_replies(self) -> Replies {
        self.batch.failed(RETRY_AFTER_S)
    }
}

/// Wall-clock time that is never set: what it was at start, and measured since.
#[derive(Debug)]
struct Clock {
    started: Instant,
    started_unix: UnixMillis,
}

impl Clock {
    fn now(&self) -> UnixMillis {
        let millis = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        UnixMillis(self.started_unix.0.saturating_add(millis))
    }

    fn instant_of(&self, at: UnixMillis) -> Instant {
        let millis = u64::try_from(at.0.saturating_sub(self.started_unix.0)).unwrap_or(0);
        // Sleeps end on whole milliseconds: one more, and the binding is over when we wake.
        self.started + Duration::from_millis(millis + 1)
    }
}

/// How long expired bindings may stay in the database; they are not restored in any case.
const CLEAN_UP_INTERVAL: Duration = Duration::from_secs(10);

/// How soon a listener that was full is tried again.
const TELL_INTERVAL: Duration = Duration::from_millis(20);

/// Longest wait for the database.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// What a phone is told when the database is away, in seconds.
const RETRY_AFTER_S: u32 = 10;
