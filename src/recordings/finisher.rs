//! The task that makes sound files of journals that are over, and removes what is too old.

use super::{
    JOURNAL, files_with,
    made::{Made, Maker},
};
use crate::{
    clock,
    store::{MessageState, Store, StoreError},
    telemetry::metrics::{MESSAGES_KEPT, RECORDINGS_KEPT},
};
use base::{RecordingId, UnixMillis};
use call::voicemail::{Finish, MessageFinished};
use metrics::counter;
use std::{fs, io, path::Path, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, mpsc},
    task,
    time::sleep,
};

/// Everything that the task works with.
#[derive(Debug)]
pub(super) struct Finisher {
    pub(super) maker: Arc<Maker>,
    /// How long recordings of calls are kept; `None` for ever.
    pub(super) keep: Option<Duration>,
    pub(super) store: Store,
    pub(super) ended: Arc<Notify>,
    /// Hears of each message that is on the disk and in the database, or could not get there yet.
    pub(super) messages: mpsc::Sender<MessageFinished>,
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
        let journals = match files_with(&self.maker.directory, JOURNAL) {
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
        let (outcome, kept) = match self.keep_made(journal, id).await {
            Ok(outcome) => (outcome, Ok(())),
            Err(error) => (Finish::Waits, Err(error)),
        };
        // Whoever waits for no message does not mind, and who is gone has no use for it.
        let _ = self.messages.send(MessageFinished { message: id, outcome }).await;
        kept?;
        fs::remove_file(journal)?;
        Ok(())
    }

    /// Returns once what the journal holds is on the disk and in the database.
    async fn keep_made(&self, journal: &Path, id: RecordingId) -> Result<Finish, FinishError> {
        let (maker, path) = (self.maker.clone(), journal.to_owned());
        let made = task::spawn_blocking(move || maker.make(&path, id)).await;
        let made = made.map_err(|_| io::Error::other("a panic while it was stitched"))?;
        match made? {
            Made::Nothing => {}
            Made::Recording(row) => {
                self.store.add_recording(&row).await?;
                counter!(RECORDINGS_KEPT).increment(1);
                tracing::debug!(recording = %id, call = %row.call, ms = row.duration_ms, "recorded");
            }
            Made::Greeting(row) => self.store.add_greeting(&row).await?,
            Made::Message(row, mailbox) => {
                self.store.add_message(&row).await?;
                counter!(MESSAGES_KEPT).increment(1);
                tracing::debug!(message = %id, mailbox = %row.mailbox, ms = row.duration_ms, "kept");
                if row.state == MessageState::New {
                    return Ok(Finish::Delivered(mailbox));
                }
            }
        }
        Ok(Finish::Kept)
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
                let path = self.maker.directory.join(&row.file);
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

pub(super) fn id_of(journal: &Path) -> Option<RecordingId> {
    journal.file_stem()?.to_str()?.parse().ok()
}

/// Between two looks for what is too old.
const SWEEP_INTERVAL: Duration = Duration::from_secs(600);
/// Until what failed is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);
const SWEPT_AT_A_TIME: u32 = 100;
