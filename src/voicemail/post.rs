//! The task that sends letters to owners of mailboxes, one after the other.
//!
//! A letter waits in the database until the mail server has taken it. Before it is sent, the database
//! has when it is to be tried again: a process that dies in between, or a database that takes no writes
//! any more, sends it once more at most after that pause. One that is not taken is tried again with
//! growing pauses, and given up after [`GIVEN_UP_AFTER`], or at once if the mail server will never take
//! it; its message is in the mailbox all the same. A panic over a letter is contained: that one waits, as
//! if the mail server had not taken it.

use super::{
    files,
    letter::{Letter, LetterError, Style, Whereabouts},
};
use crate::{
    causes::with_causes,
    clock,
    mail::{self, Mailer},
    store::{LetterRow, Store, StoreError},
    telemetry::{
        metrics::{LETTERS_FAILED, LETTERS_GIVEN_UP, LETTERS_SENT, LETTERS_WAITING},
        panics::{Owner, contained},
    },
};
use base::UnixMillis;
use call::voicemail::Mailbox;
use metrics::{counter, gauge};
use std::{future::pending, panic::resume_unwind, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, mpsc, watch},
    task::spawn_blocking,
    time::sleep,
};

/// Everything that the task works with.
#[derive(Debug)]
pub(super) struct Post {
    /// `None` where no mail server is configured.
    pub(super) writer: Option<Writer>,
    pub(super) dir: PathBuf,
    pub(super) store: Store,
    /// To whoever tells owners what is in their mailboxes.
    pub(super) changes: mpsc::Sender<Mailbox>,
    /// There is a new message, or one that was restored.
    pub(super) wake: Arc<Notify>,
    /// True once the task is to stop; so it is when nobody can say so any more.
    pub(super) stopping: watch::Receiver<bool>,
}

/// Writes letters and sends them.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    pub(super) style: Style,
    pub(super) mailer: Mailer,
}

/// Why a letter was not sent.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("there is no [mail] in the configuration: add it")]
    NoServer,
    #[error("{0}")]
    Unwritten(#[from] LetterError),
    #[error("it ended in a panic, which the log tells above")]
    Panicked,
    #[error("{}", with_causes(.0))]
    Refused(#[from] lettre::transport::smtp::Error),
}

impl Post {
    /// Works until it is told to stop, which it does between two letters.
    pub(super) async fn run(mut self) {
        if self.writer.is_none() {
            self.warn_without_mail().await;
        }
        while !self.is_stopping() {
            let pause = match self.work().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "letters wait for the database");
                    Some(RETRY_INTERVAL)
                }
            };
            tokio::select! {
                () = self.wake.notified() => {}
                // Whatever it says, and even that it is gone, is looked at above.
                _ = self.stopping.changed() => {}
                () = sleep_or_wait(pause) => {}
            }
        }
    }

    fn is_stopping(&self) -> bool {
        *self.stopping.borrow() || self.stopping.has_changed().is_err()
    }

    /// Sends what is due; gives how long the next one waits, `None` if there is none.
    async fn work(&self) -> Result<Option<Duration>, StoreError> {
        let now = clock::unix_now();
        while !self.is_stopping()
            && let Some(row) = self.store.due_letter(now).await?
        {
            self.handle(&row).await?;
        }
        let (waiting, next) = self.store.letters_waiting().await?;
        gauge!(LETTERS_WAITING).set(f64::from(waiting));
        let pause = |next: UnixMillis| {
            let until = next.0.saturating_sub(clock::unix_now().0).max(0);
            Duration::from_millis(until as u64).clamp(PAUSE_MIN, PAUSE_MAX)
        };
        Ok(next.map(pause))
    }

    /// Sends a letter, or sees to it that it is not due any more.
    async fn handle(&self, row: &LetterRow) -> Result<(), StoreError> {
        let (message, to, now) = (row.message.id, &row.settings.address, clock::unix_now());
        if row.tries > 0 && is_too_old(row, now) {
            return self.give_up(row, "it was tried for days").await;
        }
        let next = UnixMillis(now.0 + pause_after(row.tries).as_millis() as i64);
        if !self.store.claim_letter(message, next).await? {
            return Ok(());
        }
        let about = format!("the letter about message {message}");
        let sent = contained(Owner::Letters, about, self.send(row)).await;
        match sent.unwrap_or(Err(SendError::Panicked)) {
            Ok(whereabouts) => self.forget(row, whereabouts).await?,
            Err(error) if error.is_final() => self.give_up(row, &error.to_string()).await?,
            Err(error) => {
                counter!(LETTERS_FAILED).increment(1);
                let tries = row.tries + 1;
                tracing::warn!(%message, to, tries, %error, "a letter about a message waits");
            }
        }
        Ok(())
    }

    /// Where the reader of the letter, which was taken, finds its message.
    async fn send(&self, row: &LetterRow) -> Result<Whereabouts, SendError> {
        let Writer { style, mailer } = self.writer.clone().ok_or(SendError::NoServer)?;
        let (row, path) = (row.clone(), self.dir.join(&row.message.file));
        #[cfg(test)]
        tests::panic_if_poisoned(&row.message.caller);
        let written = spawn_blocking(move || style.letter(&row, &path)).await;
        // It is never cancelled; a panic over there is one here.
        let Letter { message, whereabouts } =
            written.unwrap_or_else(|error| resume_unwind(error.into_panic()))?;
        mailer.send(message).await?;
        Ok(whereabouts)
    }

    /// Forgets a letter that was sent, and its message if the mailbox is to do without.
    async fn forget(&self, row: &LetterRow, whereabouts: Whereabouts) -> Result<(), StoreError> {
        let message = &row.message;
        counter!(LETTERS_SENT).increment(1);
        tracing::debug!(message = %message.id, "a letter about a message was sent");
        let removed = match whereabouts {
            Whereabouts::Letter => self.store.replace_with_letter(message.id).await?,
            Whereabouts::Both | Whereabouts::Mailbox => {
                self.store.remove_letter(message.id).await?;
                None
            }
        };
        if let Some(file) = removed {
            files::remove(&self.dir.join(file));
            let (domain, extension) = (message.domain, message.mailbox);
            let mailbox = Mailbox { domain, extension, number: row.number.clone() };
            // A listener who is gone needs to know nothing.
            let _ = self.changes.send(mailbox).await;
        }
        Ok(())
    }

    async fn give_up(&self, row: &LetterRow, reason: &str) -> Result<(), StoreError> {
        let (message, to) = (row.message.id, &row.settings.address);
        self.store.remove_letter(message).await?;
        counter!(LETTERS_GIVEN_UP).increment(1);
        tracing::error!(%message, to, reason, "a letter about a message is given up");
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

impl SendError {
    /// Whether trying again is of no use.
    fn is_final(&self) -> bool {
        match self {
            Self::Refused(error) => mail::is_final(error),
            Self::NoServer | Self::Unwritten(_) | Self::Panicked => false,
        }
    }
}

/// Without a pause, for ever.
async fn sleep_or_wait(pause: Option<Duration>) {
    match pause {
        Some(pause) => sleep(pause).await,
        None => pending().await,
    }
}

/// By when the message came into the mailbox: what is forwarded was spoken earlier.
fn is_too_old(row: &LetterRow, now: UnixMillis) -> bool {
    now.0 - row.message.id.began().0 > GIVEN_UP_AFTER.as_millis() as i64
}

/// Twice as long each time.
fn pause_after(tries: u32) -> Duration {
    PAUSE_FIRST.saturating_mul(1 << tries.min(16)).min(PAUSE_MAX)
}

/// Until a letter is tried for the second time.
const PAUSE_FIRST: Duration = Duration::from_secs(5);
/// The longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(60 * 60);
/// A letter about an older message is tried no more, unless it never was.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// Until a database that failed is asked again.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);
/// The shortest pause, whatever the clock says.
const PAUSE_MIN: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
