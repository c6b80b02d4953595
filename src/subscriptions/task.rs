//! The desk's loop.

use crate::{
    clock,
    store::{MessageCounts, Store, StoreError},
    telemetry::{
        metrics::{DOCUMENTS_BUILT, SUBSCRIPTIONS},
        panics::{Owner, contained_now},
    },
};
use call::{
    Directory,
    subscriptions::{
        DeskOutput, LineFact, LineWatch, MailCounts, WatchBatch, WatchDesk, WatchOrder, WatchReply,
        Watched,
    },
    voicemail::Mailbox,
};
use sip::bindings::Aor;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

/// What the desk is connected to.
#[derive(Debug)]
pub struct DeskWires {
    /// What shards want.
    pub orders: mpsc::Receiver<WatchOrder>,
    /// The calls of lines that are watched.
    pub lines: mpsc::Receiver<LineFact>,
    /// Whose bindings are others than before.
    pub registrations: mpsc::Receiver<Aor>,
    /// Which mailboxes hold something else than before.
    pub mailboxes: mpsc::Receiver<Mailbox>,
    /// To each shard, by number.
    pub shards: Vec<mpsc::Sender<WatchReply>>,
    /// To the board: which lines are watched.
    pub watches: mpsc::Sender<LineWatch>,
}

/// How others talk to the desk.
#[derive(Clone, Debug)]
pub struct DeskHandle(mpsc::Sender<Arc<Directory>>);

/// The owner task.
#[derive(Debug)]
pub struct Desk {
    store: Store,
    core: WatchDesk,
    shards: Vec<mpsc::Sender<WatchReply>>,
    watches: mpsc::Sender<LineWatch>,
    /// News that found no room at their shards.
    missed: BTreeSet<(u8, Watched)>,
    /// Mailboxes that are being counted, and whether they have changed since.
    counting: HashMap<Aor, bool>,
    counts: JoinSet<(Mailbox, Result<MessageCounts, StoreError>)>,
    /// Mailboxes that could not be counted.
    uncounted: BTreeMap<Aor, Mailbox>,
    /// A batch that is being written; the next waits for it, and everything else does not.
    writing: JoinSet<(WatchBatch, bool)>,
    retry_at: Instant,
}

/// What has happened.
enum Happened {
    Directory(Arc<Directory>),
    Orders(Vec<WatchOrder>),
    Line(LineFact),
    Registration(Aor),
    Mailbox(Mailbox),
    Written(WatchBatch, bool),
    Counted(Mailbox, Result<MessageCounts, StoreError>),
    /// It is time to try again what could not be done.
    Retry,
}

impl DeskHandle {
    /// Who exists, from now on. Waits while the desk is busy.
    pub async fn directory(&self, directory: Arc<Directory>) {
        // A desk that has stopped needs to know nothing.
        let _ = self.0.send(directory).await;
    }
}

impl Desk {
    /// Starts the task with a core that has taken in what the database remembers. It ends when all
    /// its handles are gone.
    pub fn start(store: Store, core: WatchDesk, wires: DeskWires) -> DeskHandle {
        let DeskWires { orders, lines, registrations, mailboxes, shards, watches } = wires;
        let (handle, directories) = mpsc::channel(1);
        let desk = Self {
            store,
            core,
            shards,
            watches,
            missed: BTreeSet::new(),
            counting: HashMap::new(),
            counts: JoinSet::new(),
            uncounted: BTreeMap::new(),
            writing: JoinSet::new(),
            retry_at: Instant::now(),
        };
        let ears = Ears { orders, lines, registrations, mailboxes, directories };
        tokio::spawn(desk.run(ears));
        DeskHandle(handle)
    }

    async fn run(mut self, mut ears: Ears) {
        self.carry_out().await;
        while let Some(happened) = self.wait(&mut ears).await {
            contained_now(Owner::Subscriptions, happened.about(), || self.take_in(happened));
            self.carry_out().await;
            metrics::gauge!(SUBSCRIPTIONS).set(self.core.len() as f64);
            metrics::counter!(DOCUMENTS_BUILT).absolute(self.core.documents_built());
        }
    }

    /// What happens next; `None` once nobody can tell who exists any more.
    async fn wait(&mut self, ears: &mut Ears) -> Option<Happened> {
        let mut orders = Vec::new();
        let is_waiting = !self.missed.is_empty() || !self.uncounted.is_empty();
        let is_waiting = is_waiting || self.core.has_leftovers();
        loop {
            return Some(tokio::select! {
                directory = ears.directories.recv() => Happened::Directory(directory?),
                Some(Ok((batch, is_written))) = self.writing.join_next() => {
                    Happened::Written(batch, is_written)
                }
                Some(Ok((mailbox, counts))) = self.counts.join_next() => {
                    Happened::Counted(mailbox, counts)
                }
                Some(fact) = ears.lines.recv() => Happened::Line(fact),
                Some(aor) = ears.registrations.recv() => Happened::Registration(aor),
                Some(mailbox) = ears.mailboxes.recv() => Happened::Mailbox(mailbox),
                count = ears.orders.recv_many(&mut orders, BATCH_MAX),
                    if self.writing.is_empty() && !ears.orders.is_closed() =>
                {
                    if count == 0 {
                        continue;
                    }
                    Happened::Orders(orders)
                }
                () = sleep_until(self.retry_at), if is_waiting => Happened::Retry,
            });
        }
    }

    fn take_in(&mut self, happened: Happened) {
        let now = clock::unix_now();
        match happened {
            Happened::Directory(directory) => self.core.handle_directory(now, directory),
            Happened::Orders(orders) => {
                let mut batch = self.core.begin_batch();
                for order in orders {
                    decide_contained(&mut self.core, &mut batch, order);
                }
                self.write(batch);
            }
            Happened::Line(fact) => self.core.handle_line(now, fact),
            Happened::Registration(aor) => self.core.handle_registration(now, &aor),
            Happened::Mailbox(mailbox) => {
                if self.core.watches_mailbox(&aor_of(&mailbox)) {
                    self.count(mailbox);
                }
            }
            Happened::Written(batch, true) => self.core.handle_written(batch),
            Happened::Written(batch, false) => self.core.handle_not_written(batch),
            Happened::Counted(mailbox, counts) => self.handle_counted(mailbox, counts),
            Happened::Retry => self.try_again(),
        }
    }

    async fn carry_out(&mut self) {
        loop {
            let polled =
                contained_now(Owner::Subscriptions, "a document", || self.core.poll_output());
            let output = match polled {
                Some(Some(output)) => output,
                Some(None) => break,
                // What panicked is off the list.
                None => continue,
            };
            match output {
                DeskOutput::Tell { shard, reply } => self.tell(shard, reply),
                // The board never waits for the desk, so that this ends.
                DeskOutput::WatchLine(watch) => drop(self.watches.send(watch).await),
                DeskOutput::CountMail(mailbox) => self.count(mailbox),
            }
        }
    }

    fn tell(&mut self, shard: u8, reply: WatchReply) {
        let Some(inbox) = self.shards.get(usize::from(shard)) else { return };
        match inbox.try_send(reply) {
            Ok(()) => {}
            Err(TrySendError::Full(WatchReply::News(news))) => {
                self.missed.insert((shard, news.watched));
                self.retry_at = Instant::now() + MISSED_RETRY;
            }
            Err(TrySendError::Full(_)) => {
                tracing::warn!(shard, "a shard does not take replies to its subscriptions");
            }
            Err(TrySendError::Closed(_)) => {}
        }
    }

    // === The database ===

    fn write(&mut self, batch: WatchBatch) {
        if batch.is_empty() {
            return self.core.handle_written(batch);
        }
        let store = self.store.clone();
        self.writing.spawn(async move {
            let WatchBatch { upserts, reserved, removals, .. } = &batch;
            let commit = store.commit_subscriptions(upserts, reserved, removals);
            let is_written = match timeout(COMMIT_TIMEOUT, commit).await {
                Ok(Ok(())) => true,
                Ok(Err(error)) => {
                    tracing::error!(%error, "subscriptions are not written");
                    false
                }
                Err(_) => {
                    tracing::error!("the database does not answer: SUBSCRIBE is answered 503");
                    false
                }
            };
            (batch, is_written)
        });
    }

    /// Counts what is in a mailbox; once more if it changes meanwhile.
    fn count(&mut self, mailbox: Mailbox) {
        if let Some(has_changed) = self.counting.get_mut(&aor_of(&mailbox)) {
            *has_changed = true;
            return;
        }
        self.counting.insert(aor_of(&mailbox), false);
        let store = self.store.clone();
        self.counts.spawn(async move {
            let counts = store.count_messages(mailbox.domain, mailbox.extension).await;
            (mailbox, counts)
        });
    }

    fn handle_counted(&mut self, mailbox: Mailbox, counts: Result<MessageCounts, StoreError>) {
        let aor = aor_of(&mailbox);
        let has_changed = self.counting.remove(&aor).unwrap_or_default();
        match counts {
            Ok(MessageCounts { new, saved, .. }) => {
                self.core.handle_mail(clock::unix_now(), &aor, MailCounts { new, saved });
            }
            Err(error) => {
                tracing::error!(%error, "a mailbox cannot be counted, and its lamp waits");
                self.uncounted.insert(aor, mailbox.clone());
                self.retry_at = Instant::now() + DATABASE_RETRY;
            }
        }
        if has_changed {
            self.count(mailbox);
        }
    }

    fn try_again(&mut self) {
        self.retry_at = Instant::now() + DATABASE_RETRY;
        for (shard, watched) in std::mem::take(&mut self.missed) {
            self.core.handle_missed(shard, &watched);
        }
        for mailbox in std::mem::take(&mut self.uncounted).into_values() {
            self.count(mailbox);
        }
        if self.core.has_leftovers() && self.writing.is_empty() {
            let batch = self.core.begin_batch();
            self.write(batch);
        }
    }
}

impl Happened {
    /// What the log says that a panic was about.
    fn about(&self) -> &'static str {
        match self {
            Self::Directory(_) => "who exists",
            Self::Orders(_) => "orders",
            Self::Line(_) => "a line",
            Self::Registration(_) => "a registration",
            Self::Mailbox(_) | Self::Counted(..) => "a mailbox",
            Self::Written(..) => "a batch",
            Self::Retry => "what failed before",
        }
    }
}

/// Decides one order of many, which a panic leaves alone.
fn decide_contained(core: &mut WatchDesk, batch: &mut WatchBatch, order: WatchOrder) {
    let fallback = core.fallback(&order);
    let decided = contained_now(Owner::Subscriptions, "an order", || core.decide(batch, order));
    if decided.is_none() {
        contained_now(Owner::Subscriptions, "a subscription that is given up", || {
            core.fall_back(batch, fallback);
        });
    }
}

/// What the task hears.
#[derive(Debug)]
struct Ears {
    orders: mpsc::Receiver<WatchOrder>,
    lines: mpsc::Receiver<LineFact>,
    registrations: mpsc::Receiver<Aor>,
    mailboxes: mpsc::Receiver<Mailbox>,
    directories: mpsc::Receiver<Arc<Directory>>,
}

fn aor_of(mailbox: &Mailbox) -> Aor {
    Aor { domain: mailbox.domain, user: mailbox.number.clone() }
}

/// Most orders that are written in one transaction.
const BATCH_MAX: usize = 256;

/// Longest wait for the database.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// How soon news are told again that found a full shard.
const MISSED_RETRY: Duration = Duration::from_millis(20);

/// How soon the database is tried again.
const DATABASE_RETRY: Duration = Duration::from_secs(5);
