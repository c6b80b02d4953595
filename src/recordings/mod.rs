//! Recordings on disk: journals while calls run, sound files when they are over.
//!
//! ```text
//! workers ─▶ [`journals`], one thread: ID.live ─▶ ID.journal ─▶ [`finisher`], one task:
//!     stitched to ID.part, forced to the disk, renamed to DAY/ID.wav, a row in the database
//! ```
//!
//! What a process leaves behind, however it ended, is finished at the next start: a `.live` of
//! another process is a `.journal` that was cut off. A file is known to the database only when all
//! of it is on the disk, and a journal is removed only then.

mod finisher;
mod journals;
mod wav;

use crate::{
    config,
    mediaserver::{TapeIn, TapeOut, tape},
    store::Store,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};
use tokio::{sync::Notify, task};

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
    /// the other end of the tape.
    pub fn start(
        config: &config::Recording,
        store: Store,
        workers: u8,
    ) -> Result<(Self, TapeOut), RecordingsError> {
        let (tape_out, tape_in) = tape(workers);
        let recordings = Self::run(config, store, tape_in)
            .map_err(|error| RecordingsError { directory: config.dir.clone(), error })?;
        Ok((recordings, tape_out))
    }

    fn run(config: &config::Recording, store: Store, tape: TapeIn) -> io::Result<Self> {
        fs::create_dir_all(&config.dir)?;
        take_over(&config.dir)?;
        let ended = Arc::new(Notify::new());
        let stopping = Arc::new(Notify::new());
        let writer = journals::start(config.dir.clone(), tape, ended.clone())?;
        let finisher = finisher::Finisher::new(config, store, ended);
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

/// What was being written when its process ended will not be written on.
fn take_over(directory: &Path) -> io::Result<()> {
    for path in files_with(directory, LIVE)? {
        fs::rename(&path, path.with_extension(JOURNAL))?;
    }
    Ok(())
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
