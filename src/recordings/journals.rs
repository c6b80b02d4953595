//! The thread that writes journals: one file a recording that runs.
//!
//! A worker's records come many times a second; each file gets those of some of these times at once,
//! since a write costs as much as a dozen packets. It never waits for `fsync`: another thread forces
//! what was written to the disk, each second, and if that takes longer, the next time is later. A write that fails, on a full disk, costs the
//! records that it was for, which is counted and logged once; the next are tried again.

use super::{JOURNAL, LIVE};
use crate::{
    mediaserver::TapeIn,
    telemetry::metrics::{RECORDING_FAILING, RECORDING_RECORDS_LOST, RECORDINGS_RUNNING},
};
use base::RecordingId;
use media::recording::{Event, First, Record, first_record};
use metrics::{counter, gauge};
use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Starts the thread; it ends when the last worker has. `ended` hears of each journal that is over.
pub(super) fn start(
    directory: PathBuf,
    tape: TapeIn,
    ended: Arc<Notify>,
) -> io::Result<JoinHandle<()>> {
    let (dirty, receiver) = sync_channel(1);
    thread::Builder::new().name("recording-sync".to_owned()).spawn(move || force(&receiver))?;
    let journals = Journals { directory, open: HashMap::new(), ended, is_failing: false, dirty };
    thread::Builder::new().name("recording".to_owned()).spawn(move || journals.run(&tape))
}

struct Journals {
    directory: PathBuf,
    open: HashMap<RecordingId, Journal>,
    ended: Arc<Notify>,
    is_failing: bool,
    /// Files for the thread that forces them to the disk; none while it is busy with others.
    dirty: SyncSender<Vec<Arc<File>>>,
}

struct Journal {
    file: Arc<File>,
    path: PathBuf,
    /// Records that wait to be written.
    pending: Vec<u8>,
    /// When they are; before that if they are many.
    write_at: Instant,
    /// What is in the file, whole records only.
    len: u64,
    /// Records that the disk did not take.
    lost: u64,
    is_dirty: bool,
    is_over: bool,
}

impl Journals {
    fn run(mut self, tape: &TapeIn) {
        let mut sync_at = Instant::now() + SYNC_INTERVAL;
        loop {
            let pending = self.open.values().filter(|it| !it.pending.is_empty());
            let until = pending.map(|it| it.write_at).fold(sync_at, Instant::min);
            match tape.next(until.saturating_duration_since(Instant::now())) {
                Ok(buffer) => {
                    self.take(Instant::now(), &buffer);
                    tape.give_back(buffer);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let now = Instant::now();
            self.write(now);
            if sync_at <= now {
                self.force();
                sync_at = Instant::now() + SYNC_INTERVAL;
            }
        }
        for journal in self.open.values_mut() {
            journal.is_over = true;
        }
        self.write(Instant::now());
    }

    /// Sorts the records of all recordings.
    fn take(&mut self, now: Instant, mut records: &[u8]) {
        while let First::Whole(record, len) = first_record(records) {
            let (bytes, rest) = records.split_at(len);
            records = rest;
            if matches!(record.event, Event::Began(_)) {
                self.open(record.recording);
            }
            // Of one that could not be opened there is nothing to keep.
            let Some(journal) = self.open.get_mut(&record.recording) else {
                counter!(RECORDING_RECORDS_LOST).increment(1);
                continue;
            };
            if journal.pending.is_empty() {
                journal.write_at = now + WRITE_INTERVAL;
            }
            if let Event::Ended { lost } = record.event {
                let event = Event::Ended { lost: lost + journal.lost };
                Record { event, ..record }.write(&mut journal.pending);
                journal.is_over = true;
            } else {
                journal.pending.extend_from_slice(bytes);
            }
        }
    }

    fn open(&mut self, recording: RecordingId) {
        let path = self.directory.join(format!("{recording}.{LIVE}"));
        match OpenOptions::new().append(true).create_new(true).open(&path) {
            Ok(file) => {
                let file = Arc::new(file);
                let journal = Journal {
                    file,
                    path,
                    pending: Vec::new(),
                    write_at: Instant::now(),
                    len: 0,
                    lost: 0,
                    is_dirty: false,
                    is_over: false,
                };
                self.open.insert(recording, journal);
                gauge!(RECORDINGS_RUNNING).set(self.open.len() as f64);
            }
            Err(error) => self.complain(&path, &error),
        }
    }

    /// Writes what is due.
    fn write(&mut self, now: Instant) {
        let mut failure = None;
        let mut has_written = false;
        for journal in self.open.values_mut().filter(|it| it.is_due(now)) {
            match journal.write() {
                Ok(()) => has_written = true,
                Err(error) => failure = Some((journal.path.clone(), error)),
            }
        }
        match failure {
            Some((path, error)) => self.complain(&path, &error),
            None if has_written && self.is_failing => {
                self.is_failing = false;
                gauge!(RECORDING_FAILING).set(0.0);
                tracing::info!("recordings are written again");
            }
            None => {}
        }
        self.close();
    }

    /// Closes journals that are over.
    fn close(&mut self) {
        let over: Vec<_> = self.open.iter().filter(|it| it.1.is_over).map(|it| *it.0).collect();
        for recording in &over {
            let Some(journal) = self.open.remove(recording) else { continue };
            if let Err(error) = fs::rename(&journal.path, journal.path.with_extension(JOURNAL)) {
                self.complain(&journal.path, &error);
            }
        }
        if !over.is_empty() {
            gauge!(RECORDINGS_RUNNING).set(self.open.len() as f64);
            self.ended.notify_one();
        }
    }

    fn force(&mut self) {
        let dirty: Vec<_> = self.open.values().filter(|it| it.is_dirty).collect();
        let files = dirty.iter().map(|it| it.file.clone()).collect();
        match self.dirty.try_send(files) {
            Ok(()) => self.open.values_mut().for_each(|it| it.is_dirty = false),
            // The disk is slow, or gone: they stay dirty.
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
        }
    }

    fn complain(&mut self, path: &Path, error: &io::Error) {
        gauge!(RECORDING_FAILING).set(1.0);
        if !std::mem::replace(&mut self.is_failing, true) {
            let path = path.display();
            tracing::error!(
                %path, %error,
                "recordings cannot be written, and calls go on without: make room on that disk"
            );
        }
    }
}

impl Journal {
    fn is_due(&self, now: Instant) -> bool {
        let is_time = self.is_over || self.write_at <= now || self.pending.len() >= WRITE_BYTES;
        is_time && !self.pending.is_empty()
    }

    /// Appends what is pending, all of it or nothing.
    fn write(&mut self) -> io::Result<()> {
        let written = (&*self.file).write_all(&self.pending);
        match &written {
            Ok(()) => {
                self.len += self.pending.len() as u64;
                self.is_dirty = true;
            }
            Err(_) => {
                let lost = count(&self.pending);
                self.lost += lost;
                counter!(RECORDING_RECORDS_LOST).increment(lost);
                // Half a record would hide those that follow it.
                self.file.set_len(self.len)?;
            }
        }
        self.pending.clear();
        written
    }
}

fn count(mut records: &[u8]) -> u64 {
    let mut count = 0;
    while let First::Whole(_, len) = first_record(records) {
        records = &records[len..];
        count += 1;
    }
    count
}

/// Forces files to the disk until there is no writer any more.
fn force(dirty: &Receiver<Vec<Arc<File>>>) {
    while let Ok(files) = dirty.recv() {
        for file in files {
            if let Err(error) = file.sync_data() {
                tracing::warn!(%error, "a recording may not survive a power cut: the disk fails");
            }
        }
    }
}

/// How long records may wait for others of their recording: what a kill may cost, beside as much in
/// the worker.
const WRITE_INTERVAL: Duration = Duration::from_millis(250);
/// So many bytes of a recording do not wait.
const WRITE_BYTES: usize = 16 * 1024;
/// How often what was written is forced to the disk: what a power cut may cost.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
