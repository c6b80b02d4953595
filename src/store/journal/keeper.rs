//! The owner of the journal: a thread that takes entries in, writes them, and hands rows on.

use super::{Entry, JournalFiles, LeftBehind};
use crate::{
    clock, config::JournalKeeping, store::cdr_writer::CdrSender, telemetry::metrics as names,
};
use call::{Cdr, journal::LegEvent};
use metrics::{counter, gauge};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// Hands entries to the journal; clones share its inbox.
///
/// The inbox is bounded ([`INBOX_MAX`]) and fills only while the disk fails. Past its bound events are
/// counted as lost, and rows go straight to the call log.
#[derive(Clone, Debug)]
pub struct JournalSender {
    inbox: mpsc::SyncSender<Message>,
    cdrs: CdrSender,
    lost: Arc<AtomicU64>,
}

/// The journal at work.
#[derive(Debug)]
pub struct Journal {
    inbox: mpsc::SyncSender<Message>,
    thread: thread::JoinHandle<()>,
}

impl JournalSender {
    /// Hands over what happened to a leg; never waits.
    pub fn event(&self, event: LegEvent) {
        if self.inbox.try_send(Message::Event(Box::new(event))).is_err() {
            self.note_loss();
        }
    }

    /// Hands over the row of a leg that has ended, which goes on to the call log; never waits.
    pub fn row(&self, row: Cdr) {
        if let Err(refused) = self.inbox.try_send(Message::Row(Box::new(row))) {
            let (mpsc::TrySendError::Full(message) | mpsc::TrySendError::Disconnected(message)) =
                refused;
            if let Message::Row(row) = message {
                self.note_loss();
                self.cdrs.record(*row);
            }
        }
    }

    fn note_loss(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        counter!(names::JOURNAL_LOST).increment(1);
    }
}

impl Journal {
    /// Opens the journal and starts. Rows that an earlier process may not have brought to the call
    /// log, those of legs that were cut off among them, go there first; the database ignores what it
    /// has.
    pub fn start(
        config: &JournalKeeping,
        cdrs: CdrSender,
    ) -> io::Result<(Self, JournalSender, LeftBehind)> {
        let (files, mut left) = JournalFiles::open(config, clock::unix_now())?;
        for row in std::mem::take(&mut left.rows) {
            cdrs.hand_over(Box::new(row));
        }
        let (inbox, messages) = mpsc::sync_channel(INBOX_MAX);
        let lost = Arc::new(AtomicU64::new(0));
        let sender =
            JournalSender { inbox: inbox.clone(), cdrs: cdrs.clone(), lost: Arc::clone(&lost) };
        let keeper = Keeper { files, messages, cdrs, lost, is_failing: false };
        let thread =
            thread::Builder::new().name("journal".to_owned()).spawn(move || keeper.run())?;
        Ok((Self { inbox, thread }, sender, left))
    }

    /// Takes in what waits, and stops; what waits longer than `limit` is left.
    pub fn stop(self, limit: Duration) {
        let until = Instant::now() + limit;
        while let Err(mpsc::TrySendError::Full(_)) = self.inbox.try_send(Message::Stop) {
            if Instant::now() >= until {
                return;
            }
            thread::sleep(COALESCE);
        }
        if self.thread.join().is_err() {
            tracing::error!("the journal's thread failed");
        }
    }
}

enum Message {
    Event(Box<LegEvent>),
    Row(Box<Cdr>),
    Stop,
}

/// The thread.
struct Keeper {
    files: JournalFiles,
    messages: mpsc::Receiver<Message>,
    cdrs: CdrSender,
    lost: Arc<AtomicU64>,
    is_failing: bool,
}

impl Keeper {
    fn run(mut self) {
        let mut synced_at = Instant::now();
        let mut is_synced = true;
        loop {
            // With nobody in a call and nothing to force to the disk there is nothing to wake for.
            let is_idle = is_synced && self.files.living() == 0;
            let wait = if is_idle {
                Duration::MAX
            } else {
                SYNC_INTERVAL.saturating_sub(synced_at.elapsed())
            };
            let (mut entries, is_last) = self.take(wait);
            let is_due = synced_at.elapsed() >= SYNC_INTERVAL;
            if is_due && entries.is_empty() && self.files.living() > 0 {
                entries.push(Entry::Alive(clock::unix_now()));
            }
            if is_last {
                entries.push(Entry::Stopped(clock::unix_now()));
            }
            let has_written = !entries.is_empty();
            if has_written {
                self.keep(entries);
                is_synced = false;
            }
            if !is_synced && (is_due || is_last) {
                is_synced = self.sync();
                synced_at = Instant::now();
            }
            if is_last {
                return;
            }
            if has_written {
                thread::sleep(COALESCE);
            }
        }
    }

    /// What has come, waiting for it at most so long, and whether it is the last.
    fn take(&self, wait: Duration) -> (Vec<Entry>, bool) {
        let mut entries = Vec::new();
        let mut next = match self.messages.recv_timeout(wait) {
            Err(mpsc::RecvTimeoutError::Timeout) => return (entries, false),
            Err(mpsc::RecvTimeoutError::Disconnected) => return (entries, true),
            Ok(message) => Some(message),
        };
        while let Some(message) = next {
            match message {
                Message::Event(event) => entries.push(Entry::Leg(*event)),
                Message::Row(row) => entries.push(Entry::Ended(row)),
                Message::Stop => return (entries, true),
            }
            next = if entries.len() < APPEND_MAX { self.messages.try_recv().ok() } else { None };
        }
        (entries, false)
    }

    /// Writes `entries`, and hands their rows on whether that was possible or not.
    fn keep(&mut self, mut entries: Vec<Entry>) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            entries.push(Entry::Lost(clock::unix_now(), lost));
        }
        if let Err(error) = self.files.append(clock::unix_now(), &entries) {
            if !self.is_failing {
                tracing::error!(%error, "the journal cannot be written: calls and their rows go on without it");
            }
            self.is_failing = true;
            self.lost.fetch_add(entries.len() as u64, Ordering::Relaxed);
            counter!(names::JOURNAL_LOST).increment(entries.len() as u64);
        } else if std::mem::take(&mut self.is_failing) {
            tracing::info!("the journal can be written again");
        }
        gauge!(names::JOURNAL_FAILING).set(f64::from(u8::from(self.is_failing)));
        for entry in entries {
            if let Entry::Ended(row) = entry {
                self.cdrs.hand_over(row);
            }
        }
    }

    fn sync(&mut self) -> bool {
        let synced = self.files.sync();
        if let Err(error) = &synced {
            tracing::error!(%error, "the journal cannot be forced to the disk");
        }
        synced.is_ok()
    }
}

/// Entries that may wait for the disk, in memory.
const INBOX_MAX: usize = 65_536;

/// Most entries appended with one write.
const APPEND_MAX: usize = 1024;

/// The thread rests this long after each write and lets entries gather.
const COALESCE: Duration = Duration::from_millis(20);

/// How often the disk is forced to have it, and how exactly the time of a crash is known.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
