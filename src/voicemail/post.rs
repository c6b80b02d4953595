//! The task that sends letters to owners of mailboxes, one after the other.
//!
//! A letter waits in the database until the mail server has taken it: a process that dies in between
//! sends it once more. One that is not taken is tried again with growing pauses, and given up after
//! [`GIVEN_UP_AFTER`]; its message is in the mailbox all the same.

use super::{
    files,
    letter::{Letter, Style},
};
use crate::{
    clock,
    mail::Mailer,
    store::{LetterRow, MessageState, Store, StoreError},
    telemetry::metrics::{LETTERS_FAILED, LETTERS_GIVEN_UP, LETTERS_SENT, LETTERS_WAITING},
};
use base::UnixMillis;
use call::voicemail::Mailbox;
use metrics::{counter, gauge};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, mpsc},
    task::spawn_blocking,
    time::sleep,
};

/// Everything that the task works with.
#[derive(Debug)]
pub(super) struct Post {
    /// `None` where no mail server is configured.
    pub(super) mailer: Option<Mailer>,
    pub(super) style: Option<Style>,
    pub(super) dir: PathBuf,
    pub(super) store: Store,
    /// To whoever tells owners what is in their mailboxes.
    pub(super) changes: mpsc::Sender<Mailbox>,
    /// Somebody has left a message.
    pub(super) wake: Arc<Notify>,
}

impl Post {
    /// Works for as long as the process runs.
    pub(super) async fn run(self) {
        let mut is_warned = false;
        loop {
            let pause = match self.work().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "letters wait for the database");
                    LOOK_INTERVAL
                }
            };
            if self.mailer.is_none() && !std::mem::replace(&mut is_warned, true) {
                self.warn_without_mail().await;
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Sends what is due; gives how long the next one waits at most.
    async fn work(&self) -> Result<Duration, StoreError> {
        self.store.remove_letters_to_nobody().await?;
        let now = clock::unix_now();
        while let Some(row) = self.store.due_letter(now).await? {
            self.handle(&row).await?;
        }
        let (waiting, next) = self.store.letters_waiting().await?;
        gauge!(LETTERS_WAITING).set(f64::from(waiting));
        let until = next.map_or(LOOK_INTERVAL, |it| {
            Duration::from_millis(it.0.saturating_sub(clock::unix_now().0).max(0) as u64)
        });
        Ok(until.clamp(PAUSE_MIN, LOOK_INTERVAL))
    }

    /// Sends a letter, or sees to it that it is not due any more.
    async fn handle(&self, row: &LetterRow) -> Result<(), StoreError> {
        let (message, to) = (row.message.id, &row.settings.address);
        match self.send(row).await {
            Ok(brought) => {
                self.store.remove_letter(message).await?;
                counter!(LETTERS_SENT).increment(1);
                tracing::debug!(%message, "a letter about a message was sent");
                if brought && row.settings.deletes_sent && row.message.state == MessageState::New {
                    self.empty(row).await?;
                }
            }
            Err(error) if is_too_old(row, clock::unix_now()) => {
                self.store.remove_letter(message).await?;
                counter!(LETTERS_GIVEN_UP).increment(1);
                tracing::error!(%message, to, error, "a letter about a message is given up");
            }
            Err(error) => {
                let next = clock::unix_now().0 + pause_after(row.tries).as_millis() as i64;
                self.store.postpone_letter(message, UnixMillis(next)).await?;
                counter!(LETTERS_FAILED).increment(1);
                let tries = row.tries + 1;
                tracing::warn!(%message, to, tries, error, "a letter about a message waits");
            }
        }
        Ok(())
    }

    /// Whether the letter that was taken brought the sound.
    async fn send(&self, row: &LetterRow) -> Result<bool, String> {
        let (Some(mailer), Some(style)) = (&self.mailer, self.style.clone()) else {
            return Err("there is no [mail] in the configuration: add it".to_owned());
        };
        let (row, path) = (row.clone(), self.dir.join(&row.message.file));
        let written = spawn_blocking(move || style.letter(&row, &path)).await;
        let Letter { message, brings_sound } =
            written.map_err(|it| it.to_string())?.map_err(|it| it.to_string())?;
        mailer.send(message).await.map_err(|error| with_sources(&error))?;
        Ok(brings_sound)
    }

    /// The message is with its owner: the mailbox can do without.
    async fn empty(&self, row: &LetterRow) -> Result<(), StoreError> {
        let message = &row.message;
        let removed =
            self.store.delete_message(message.domain, message.mailbox, message.id).await?;
        if let Some(file) = removed {
            files::remove(&self.dir.join(file));
        }
        let (domain, extension) = (message.domain, message.mailbox);
        // A listener who is gone needs to know nothing.
        let _ = self.changes.send(Mailbox { domain, extension, number: row.number.clone() }).await;
        Ok(())
    }

    async fn warn_without_mail(&self) {
        if let Ok((waiting @ 1.., _)) = self.store.letters_waiting().await {
            tracing::warn!(
                waiting,
                "letters about messages wait for a [mail] section in the configuration, or are \
                 given up some days after the messages"
            );
        }
    }
}

/// An error of the mail library tells what failed; its sources tell why.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        told = format!("{told}: {error}");
        source = error.source();
    }
    told
}

/// By when the message came into the mailbox, which its id tells (RFC 9562 section 5.7): what is
/// forwarded was spoken earlier.
fn is_too_old(row: &LetterRow, now: UnixMillis) -> bool {
    let came = (row.message.id.0.as_u128() >> 80) as i64;
    now.0 - came > GIVEN_UP_AFTER.as_millis() as i64
}

/// Twice as long each time.
fn pause_after(tries: u32) -> Duration {
    PAUSE_FIRST.saturating_mul(1 << tries.min(16)).min(PAUSE_MAX)
}

/// Until a letter is tried for the second time.
const PAUSE_FIRST: Duration = Duration::from_secs(5);
/// The longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(60 * 60);
/// A letter about an older message is tried no more.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// How often the task looks although nobody told it to: for letters of messages that a start delivers.
const LOOK_INTERVAL: Duration = Duration::from_secs(30);
/// The shortest pause, whatever the clock says.
const PAUSE_MIN: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_an_hour() {
        let pauses = [0, 1, 2, 9, 10, 1000].map(|it| pause_after(it).as_secs());
        assert_eq!(pauses, [5, 10, 20, 2560, 3600, 3600]);
    }
}
