//! The owner of the CDR spool.
//!
//! A thread takes records in and appends them to the spool; a task reads the spool and brings it to
//! the database in batches. Between them is the disk, so that a database that is away costs nothing
//! but disk, and the way of a record after a crash is the same as on any other day.

use super::{
    Store, StoreError, cdr_line,
    cdr_spool::{CdrSpool, Position, SpoolLimits, SpoolReader},
    db::Db,
};
use crate::{config::CdrWriting, telemetry::metrics as names};
use base::CallId;
use call::Cdr;
use metrics::{counter, gauge};
use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    sync::{oneshot, watch},
    task::{JoinHandle, spawn_blocking},
    time::{sleep, timeout},
};

/// Hands records to the writer; clones share its inbox.
///
/// The inbox is bounded (`cdr.inbox_max`). It fills only while the disk fails; past its bound a
/// record is counted and logged as lost, so that calls go on.
#[derive(Clone, Debug)]
pub struct CdrSender {
    inbox: mpsc::SyncSender<Message>,
}

/// The writer at work.
#[derive(Debug)]
pub struct CdrWriter {
    inbox: mpsc::SyncSender<Message>,
    spooling: thread::JoinHandle<()>,
    inserting: JoinHandle<()>,
    reader: SpoolReader,
}

impl CdrSender {
    /// Hands over one record; never waits. It is in the spool within [`COALESCE`].
    pub fn record(&self, cdr: Cdr) {
        if let Err(refused) = self.inbox.try_send(Message::Record(Box::new(cdr))) {
            let (mpsc::TrySendError::Full(message) | mpsc::TrySendError::Disconnected(message)) =
                refused;
            if let Message::Record(cdr) = message {
                counter!(names::CDRS_LOST).increment(1);
                tracing::error!(cdr = %cdr.id, call = %cdr.call, "a call detail record is lost");
            }
        }
    }

    /// The same, and waits for room: for those who have time.
    pub(super) fn hand_over(&self, cdr: Box<Cdr>) {
        if self.inbox.send(Message::Record(cdr)).is_err() {
            counter!(names::CDRS_LOST).increment(1);
            tracing::error!("a call detail record is lost: its writer has stopped");
        }
    }

    /// Waits until everything recorded before is in the spool, where a `kill -9` cannot reach it.
    /// False if that cannot be said: the disk fails, or the writer has stopped.
    pub async fn spooled(&self) -> bool {
        let (reply, answer) = oneshot::channel();
        let is_sent = self.inbox.try_send(Message::Spooled(reply)).is_ok();
        is_sent && answer.await.is_ok()
    }
}

impl CdrWriter {
    /// Opens the spool in `directory` and starts; what an earlier process left there goes first.
    pub fn start(
        store: Store,
        config: &CdrWriting,
        directory: &Path,
    ) -> io::Result<(Self, CdrSender)> {
        let (nobody, _) = tokio::sync::mpsc::channel(1);
        Self::start_telling(store, config, directory, nobody)
    }

    /// The same, and tells `listener` whose rows are in the database, each by its call. What finds
    /// no room there is not told.
    pub fn start_telling(
        store: Store,
        config: &CdrWriting,
        directory: &Path,
        listener: tokio::sync::mpsc::Sender<Vec<CallId>>,
    ) -> io::Result<(Self, CdrSender)> {
        let limits = SpoolLimits {
            segment_bytes: config.segment_bytes,
            spool_bytes_max: config.spool_bytes_max,
        };
        let (spool, reader, at) = CdrSpool::open(directory, limits)?;
        let (inbox, messages) = mpsc::sync_channel(config.inbox_max);
        let (end, ends) = watch::channel(spool.end());
        let sync_interval = config.sync_interval;
        let spooling = thread::Builder::new()
            .name("cdr-spool".to_owned())
            .spawn(move || Spooling { spool, end, messages, sync_interval }.run())?;
        let inserting = tokio::spawn(
            Inserting {
                store,
                reader: reader.clone(),
                at,
                ends,
                batch_max: config.batch_max,
                batch_interval: config.batch_interval,
                refused: directory.join("refused.spool"),
                listener,
            }
            .run(),
        );
        let sender = CdrSender { inbox: inbox.clone() };
        Ok((Self { inbox, spooling, inserting, reader }, sender))
    }

    /// What lies in the spool.
    pub fn spool(&self) -> &SpoolReader {
        &self.reader
    }

    /// Takes in what waits, brings what it can to the database until `limit` is over, and stops.
    /// Returns how many bytes of spool are left for the next start.
    pub async fn drain(self, limit: Duration) -> u64 {
        let Self { inbox, spooling, mut inserting, reader } = self;
        let work = async {
            while let Err(mpsc::TrySendError::Full(_)) = inbox.try_send(Message::Stop) {
                sleep(COALESCE).await;
            }
            (&mut inserting).await
        };
        if timeout(limit, work).await.is_err() {
            inserting.abort();
        }
        if spooling.is_finished() && spooling.join().is_err() {
            tracing::error!("the CDR spool thread failed");
        }
        reader.bytes()
    }
}

enum Message {
    Record(Box<Cdr>),
    Spooled(oneshot::Sender<()>),
    Stop,
}

/// The thread: inbox to spool.
struct Spooling {
    spool: CdrSpool,
    end: watch::Sender<Position>,
    messages: mpsc::Receiver<Message>,
    sync_interval: Duration,
}

/// What was taken out of the inbox at once.
#[expect(clippy::vec_box, reason = "records come boxed, so that a slot of the inbox is small")]
#[derive(Default)]
struct Taken {
    records: Vec<Box<Cdr>>,
    waiting: Vec<oneshot::Sender<()>>,
    is_last: bool,
}

impl Spooling {
    fn run(mut self) {
        let mut synced_at = Instant::now();
        let mut is_synced = true;
        loop {
            let wait = if is_synced {
                Duration::MAX
            } else {
                self.sync_interval.saturating_sub(synced_at.elapsed())
            };
            let taken = self.take(wait);
            let has_written = !taken.records.is_empty();
            if has_written {
                self.append(&taken.records);
                is_synced = false;
            }
            for waiting in taken.waiting {
                // Whoever asked may have gone.
                let _ = waiting.send(());
            }
            if !is_synced && (taken.is_last || synced_at.elapsed() >= self.sync_interval) {
                is_synced = self.sync();
                synced_at = Instant::now();
            }
            if taken.is_last {
                return;
            }
            if has_written {
                thread::sleep(COALESCE);
            }
        }
    }

    fn take(&self, wait: Duration) -> Taken {
        let mut taken = Taken::default();
        match self.messages.recv_timeout(wait) {
            Ok(message) => taken.add(message),
            Err(mpsc::RecvTimeoutError::Timeout) => return taken,
            Err(mpsc::RecvTimeoutError::Disconnected) => taken.is_last = true,
        }
        while taken.records.len() < APPEND_MAX
            && let Ok(message) = self.messages.try_recv()
        {
            taken.add(message);
        }
        taken
    }

    /// Tries until it is done: a record that was taken in is not given up.
    fn append(&mut self, records: &[Box<Cdr>]) {
        let mut is_failing = false;
        while let Err(error) = self.spool.append(records) {
            if !is_failing {
                tracing::error!(%error, "call detail records wait in memory");
                gauge!(names::CDR_SPOOL_FAILING).set(1.0);
            }
            is_failing = true;
            thread::sleep(APPEND_RETRY);
        }
        if is_failing {
            tracing::info!("the CDR spool can be written again");
            gauge!(names::CDR_SPOOL_FAILING).set(0.0);
        }
        gauge!(names::CDR_SPOOL_BYTES).set(self.spool.bytes() as f64);
        self.end.send_replace(self.spool.end());
    }

    fn sync(&mut self) -> bool {
        let synced = self.spool.sync();
        if let Err(error) = &synced {
            tracing::error!(%error, "the CDR spool cannot be forced to the disk");
        }
        synced.is_ok()
    }
}

impl Taken {
    fn add(&mut self, message: Message) {
        match message {
            Message::Record(record) => self.records.push(record),
            Message::Spooled(reply) => self.waiting.push(reply),
            Message::Stop => self.is_last = true,
        }
    }
}

/// The task: spool to database.
struct Inserting {
    store: Store,
    reader: SpoolReader,
    /// Everything before is in the database.
    at: Position,
    ends: watch::Receiver<Position>,
    batch_max: usize,
    batch_interval: Duration,
    refused: PathBuf,
    listener: tokio::sync::mpsc::Sender<Vec<CallId>>,
}

impl Inserting {
    /// Ends when the thread has ended and everything is in the database.
    async fn run(mut self) {
        loop {
            // Asked before the end is looked at: the last end is then seen for sure.
            let is_open = self.ends.has_changed().is_ok();
            let end = *self.ends.borrow_and_update();
            self.insert_until(end).await;
            if !is_open {
                return self.finish(end).await;
            }
            if self.ends.changed().await.is_ok() {
                sleep(self.batch_interval).await;
            }
        }
    }

    async fn insert_until(&mut self, end: Position) {
        while self.at < end {
            let (reader, at, records_max) = (self.reader.clone(), self.at, self.batch_max);
            let read = on_disk(move || reader.read(at, end, records_max)).await;
            let Some((batch, next)) = read else {
                sleep(RETRY_MAX).await;
                continue;
            };
            if batch.damaged > 0 {
                counter!(names::CDR_LINES_DAMAGED).increment(batch.damaged);
                tracing::warn!(
                    lines = batch.damaged,
                    ?at,
                    "torn lines of the CDR spool are skipped"
                );
            }
            self.insert(&batch.records).await;
            self.advance(next).await;
        }
    }

    /// Tries until the database has them.
    async fn insert(&self, records: &[Cdr]) {
        let mut retry = RETRY_MIN;
        let mut is_away = false;
        while let Err(error) = self.insert_once(records).await {
            if !is_away {
                tracing::error!(%error, "call detail records wait in the spool for the database");
                gauge!(names::CDR_DATABASE_AWAY).set(1.0);
            }
            is_away = true;
            sleep(retry).await;
            retry = (retry * 2).min(RETRY_MAX);
        }
        if is_away {
            tracing::info!("the database takes call detail records again");
            gauge!(names::CDR_DATABASE_AWAY).set(0.0);
        }
    }

    async fn insert_once(&self, records: &[Cdr]) -> Result<(), StoreError> {
        match self.insert_in_time(records).await {
            Ok(()) => Ok(()),
            Err(StoreError::Database(error)) if Db::refuses_values(&error) => {
                self.insert_each(records).await
            }
            Err(error) => Err(error),
        }
    }

    async fn insert_in_time(&self, records: &[Cdr]) -> Result<(), StoreError> {
        let inserted = timeout(INSERT_TIMEOUT, self.store.insert_cdrs(records)).await;
        let added = inserted.unwrap_or(Err(sqlx::Error::PoolTimedOut.into()))?;
        counter!(names::CDRS_WRITTEN).increment(added);
        // Whoever has no room, or is gone, sees them when the list is read again.
        let _ = self.listener.try_send(records.iter().map(|it| it.call).collect());
        Ok(())
    }

    /// One that the database will never take must not hold up the others: it is put aside.
    async fn insert_each(&self, records: &[Cdr]) -> Result<(), StoreError> {
        for record in records {
            match self.insert_in_time(std::slice::from_ref(record)).await {
                Ok(()) => {}
                Err(StoreError::Database(error)) if Db::refuses_values(&error) => {
                    tracing::error!(%error, cdr = %record.id, "the database refuses a record");
                    self.put_aside(record).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn put_aside(&self, record: &Cdr) -> Result<(), StoreError> {
        let path = self.refused.clone();
        let mut line = Vec::new();
        cdr_line::append(record, &mut line);
        let written = on_disk(move || {
            let mut file = OpenOptions::new().create(true).append(true).open(path)?;
            file.write_all(&line)?;
            file.sync_data()
        });
        written.await.ok_or(sqlx::Error::WorkerCrashed)?;
        counter!(names::CDRS_REFUSED).increment(1);
        Ok(())
    }

    async fn advance(&mut self, next: Position) {
        let (reader, at) = (self.reader.clone(), self.at);
        if next.segment > at.segment {
            // A segment that stays is read again at the next start, and nothing comes of it.
            on_disk(move || reader.delete(at.segment..next.segment)).await;
        }
        self.at = next;
        self.publish_bytes();
    }

    /// Deletes the last segment too.
    async fn finish(&self, end: Position) {
        let reader = self.reader.clone();
        on_disk(move || reader.delete(end.segment..end.segment + 1)).await;
        self.publish_bytes();
    }

    fn publish_bytes(&self) {
        gauge!(names::CDR_SPOOL_BYTES).set(self.reader.bytes() as f64);
    }
}

/// Runs file work where it may block; `None` if it failed, which is logged, or if the process is
/// ending before the work began: a start that another part refused, for example.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Option<T> {
    let done = match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) if error.is_cancelled() => return None,
        Err(error) => Err(io::Error::other(error)),
    };
    done.inspect_err(|error| tracing::error!(%error, "the CDR spool cannot be read")).ok()
}

/// The thread rests this long after each write and lets records gather, so that it wakes 50 times
/// a second at most.
pub const COALESCE: Duration = Duration::from_millis(20);

/// Most records appended with one write.
const APPEND_MAX: usize = 1024;

/// Between tries to write to a disk that fails.
const APPEND_RETRY: Duration = Duration::from_millis(500);

/// The first pause while the database is away; each is twice the one before.
const RETRY_MIN: Duration = Duration::from_millis(200);

/// The longest pause while the database is away.
const RETRY_MAX: Duration = Duration::from_secs(5);

/// A batch that takes longer is tried again on another connection.
const INSERT_TIMEOUT: Duration = Duration::from_secs(30);
