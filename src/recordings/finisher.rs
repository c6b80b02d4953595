//! The task that makes sound files of journals that are over, and removes what is too old.

use super::{
    JOURNAL, files_with, sync_directory,
    wav::{self, Stitched},
};
use crate::{
    clock, config,
    store::{RecordingRow, RecordingState, Store, StoreError},
    telemetry::metrics::RECORDINGS_KEPT,
};
use base::{RecordingId, Rng, UnixMillis};
use metrics::counter;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use time::OffsetDateTime;
use tokio::{sync::Notify, task, time::sleep};

/// Everything that the task works with.
#[derive(Debug)]
pub(super) struct Finisher {
    directory: PathBuf,
    keep: Option<Duration>,
    store: Store,
    ended: Arc<Notify>,
}

/// Why a journal stays where it is.
#[derive(Debug, thiserror::Error)]
enum FinishError {
    #[error("{0}")]
    Disk(#[from] io::Error),
    #[error("{0}")]
    Database(#[from] StoreError),
}

impl Finisher {
    pub(super) fn new(config: &config::Recording, store: Store, ended: Arc<Notify>) -> Self {
        Self { directory: config.dir.clone(), keep: config.keep, store, ended }
    }

    /// Works until told to stop, and then finishes what is there.
    pub(super) async fn run(self, stopping: Arc<Notify>) {
        let mut is_stopping = false;
        loop {
            let left = self.finish_all().await;
            if is_stopping {
                return;
            }
            self.sweep().await;
            tokio::select! {
                () = self.ended.notified() => {}
                () = stopping.notified() => is_stopping = true,
                // What failed is tried again.
                () = sleep(if left > 0 { RETRY_INTERVAL } else { SWEEP_INTERVAL }) => {}
            }
        }
    }

    /// Finishes every journal that is over, one after the other; says how many could not be.
    async fn finish_all(&self) -> usize {
        let journals = match files_with(&self.directory, JOURNAL) {
            Ok(journals) => journals,
            Err(error) => {
                tracing::error!(%error, "the directory of recordings cannot be read");
                return 1;
            }
        };
        let mut left = 0;
        for journal in journals {
            if let Err(error) = self.finish(&journal).await {
                left += 1;
                let journal = journal.display();
                tracing::error!(%journal, %error, "a recording waits to be finished");
            }
        }
        left
    }

    async fn finish(&self, journal: &Path) -> Result<(), FinishError> {
        let Some(id) = id_of(journal) else {
            fs::rename(journal, journal.with_extension("unknown"))?;
            return Ok(());
        };
        let (directory, path) = (self.directory.clone(), journal.to_owned());
        let made = task::spawn_blocking(move || make(&directory, &path, id)).await;
        let made = made.map_err(|_| io::Error::other("a panic while it was stitched"))?;
        if let Some(row) = made? {
            self.store.add_recording(&row).await?;
            counter!(RECORDINGS_KEPT).increment(1);
            tracing::debug!(recording = %id, call = %row.call, ms = row.duration_ms, "recorded");
        }
        fs::remove_file(journal)?;
        Ok(())
    }

    /// Removes the sound of recordings that were kept long enough.
    async fn sweep(&self) {
        let Some(keep) = self.keep else { return };
        let before = UnixMillis(clock::unix_now().0.saturating_sub(keep.as_millis() as i64));
        loop {
            let old = match self.store.recordings_before(before, SWEPT_AT_A_TIME).await {
                Ok(old) => old,
                Err(error) => return tracing::warn!(%error, "old recordings stay for now"),
            };
            if old.is_empty() {
                return;
            }
            for row in old {
                let path = self.directory.join(&row.file);
                let removed = match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
                    Ok(()) | Err(_) => {
                        self.store.expire_recording(row.id).await.map_err(FinishError::from)
                    }
                };
                if let Err(error) = removed {
                    let path = path.display();
                    return tracing::warn!(%path, %error, "an old recording stays for now");
                }
            }
        }
    }
}

/// Makes the sound file; gives its row, or nothing if there is nothing to hear.
fn make(directory: &Path, journal: &Path, id: RecordingId) -> io::Result<Option<RecordingRow>> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(io::Error::other)?;
    let part = journal.with_extension("part");
    let Some(stitched) = wav::stitch(journal, &part, Rng::from_entropy(seed))? else {
        return Ok(None);
    };
    let (bytes, sha256) = wav::fingerprint(&part)?;
    let Stitched { label, duration, is_complete, packets_lost } = stitched;
    let day = day(label.started);
    let file = format!("{day}/{id}.wav");
    fs::create_dir_all(directory.join(&day))?;
    fs::rename(&part, directory.join(&file))?;
    sync_directory(&directory.join(&day))?;
    sync_directory(directory)?;
    let [left, right] = label.parties;
    Ok(Some(RecordingRow {
        id,
        domain: label.domain,
        call: label.call,
        started: label.started,
        duration_ms: duration.as_millis() as i64,
        bytes: bytes as i64,
        sha256,
        file,
        left,
        right,
        state: if is_complete { RecordingState::Complete } else { RecordingState::CutOff },
        packets_lost: packets_lost as i64,
    }))
}

/// `2025-11-17`, UTC.
fn day(at: UnixMillis) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000));
    moment.unwrap_or(OffsetDateTime::UNIX_EPOCH).date().to_string()
}

fn id_of(journal: &Path) -> Option<RecordingId> {
    journal.file_stem()?.to_str()?.parse().ok()
}

/// Between two looks for what is too old.
const SWEEP_INTERVAL: Duration = Duration::from_secs(600);
/// Until what failed is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);
const SWEPT_AT_A_TIME: u32 = 100;
