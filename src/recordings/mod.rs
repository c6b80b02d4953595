//! Recordings on disk: journals while calls run, sound files when they are over.
//!
//! ```text
//! workers ─▶ [`journals`], one thread: ID.live ─▶ ID.journal ─▶ [`finisher`], one task:
//!     stitched to ID.part, forced to the disk, renamed to DAY/ID.wav, a row in the database
//! ```
//!
//! A message for a mailbox, or a greeting of one, goes the same way, to MAILBOX/ID.wav in the directory of
//! mailboxes and a row of its own; then `voicemail` hears of it, so that its caller is told only what is true.
//!
//! What a process leaves behind, however it ended, is finished at the next start: a `.live` of
//! another process is a `.journal` that was cut off. A file is known to the database only when all
//! of it is on the disk, and a journal is removed only then.

mod finisher;
mod journals;
mod made;
mod stitched;

use crate::{
    config::Config,
    mediaserver::{TapeIn, TapeOut, tape},
    store::Store,
};
use base::RecordingId;
use call::voicemail::MessageFinished;
use made::Maker;
use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
    task,
};

/// The running parts.
#[derive(Debug)]
pub struct Recordings {
    writer: JoinHandle<()>,
    finisher: task::JoinHandle<()>,
    stopping: Arc<Notify>,
}

/// The directory of recordings cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep recordings in {}: {error}; set recording.dir to a directory that this user may write to", .directory.display())]
pub struct RecordingsError {
    directory: PathBuf,
    error: io::Error,
}

impl Recordings {
    /// Takes over what an earlier process left and waits for what the workers record, which comes by
    /// the other end of the tape. `messages` hears of each message for a mailbox.
    pub fn start(
        config: &Config,
        store: Store,
        workers: u8,
        messages: mpsc::Sender<MessageFinished>,
    ) -> Result<(Self, TapeOut), RecordingsError> {
        let (tape_out, tape_in) = tape(workers);
        let directory = config.recording.dir.clone();
        let recordings = Self::run(config, store, tape_in, messages)
            .map_err(|error| RecordingsError { directory, error })?;
        Ok((recordings, tape_out))
    }

    fn run(
        Config { recording: config, voicemail, .. }: &Config,
        store: Store,
        tape: TapeIn,
        messages: mpsc::Sender<MessageFinished>,
    ) -> io::Result<Self> {
        fs::create_dir_all(&config.dir)?;
        let maker = Arc::new(Maker {
            directory: config.dir.clone(),
            format: config.format,
            mailboxes: voicemail.dir.clone(),
            message_min: voicemail.message_min,
            left_behind: take_over(&config.dir)?,
        });
        let ended = Arc::new(Notify::new());
        let stopping = Arc::new(Notify::new());
        let writer = journals::start(config.dir.clone(), tape, ended.clone())?;
        let finisher = finisher::Finisher { maker, keep: config.keep, store, ended, messages };
        let finisher = tokio::spawn(finisher.run(stopping.clone()));
        Ok(Self { writer, finisher, stopping })
    }

    /// Once the workers have stopped: finishes what has ended. What takes longer than `limit` is
    /// left to the next start.
    pub async fn stop(self, limit: Duration) {
        let written = task::spawn_blocking(move || self.writer.join());
        if !matches!(written.await, Ok(Ok(()))) {
            tracing::error!("the thread that writes recordings had ended in a panic");
        }
        self.stopping.notify_one();
        if tokio::time::timeout(limit, self.finisher).await.is_err() {
            tracing::warn!("recordings wait to be finished at the next start");
        }
    }
}

/// What was being written when its process ended will not be written on. Gives all that is to be
/// finished.
fn take_over(directory: &Path) -> io::Result<HashSet<RecordingId>> {
    for path in files_with(directory, LIVE)? {
        fs::rename(&path, path.with_extension(JOURNAL))?;
    }
    let journals = files_with(directory, JOURNAL)?;
    Ok(journals.iter().filter_map(|it| finisher::id_of(it)).collect())
}

/// Files of a directory with this extension, in the order of their names: that of time.
fn files_with(directory: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == extension) {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Forces a directory to the disk, so that names in it survive a power cut.
fn sync_directory(directory: &Path) -> io::Result<()> {
    fs::File::open(directory)?.sync_all()
}

/// A journal that is being written.
const LIVE: &str = "live";
/// A journal that is over.
const JOURNAL: &str = "journal";

#[cfg(test)]
mod tests;
