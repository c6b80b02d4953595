//! Mailboxes: what calls ask of them, and what of a message is where.
//!
//! ```text
//! a message's journal ─▶ `recordings`: file on the disk, row of a draft ──┐ it is finished
//! shards: deliver, discard, fetch, save, delete, open, PIN ───────────────┴▶ [`desk`], one task
//! [`desk`]: somebody has left a message ─▶ queue of letters, in the database ─▶ [`post`], one task
//! ```
//!
//! A draft belongs to its caller; the caller's verdict makes it a message that the owner of the
//! mailbox finds, or removes it. Nobody is told that a message is kept before its file, the file's
//! name and its row are on the disk. What a process leaves behind undecided is delivered at the next
//! start; files that no row knows are removed then.

mod desk;
mod files;
mod letter;
mod post;

use crate::{
    config,
    mail::Mailer,
    store::{Store, StoreError},
};
use call::voicemail::{Mailbox, MessageFinished, VoicemailReply, VoicemailRequest};
use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc, watch},
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

/// Answers that may wait for a shard. One that finds no room is lost, and its call tells its caller
/// after some seconds that voicemail is not available.
pub const REPLIES_MAX: usize = 256;
/// Finished recordings that may wait; whoever finishes them waits then.
pub const FINISHED_MAX: usize = 64;
/// Requests that may wait; shards keep what finds no room.
const REQUESTS_MAX: usize = 256;

/// The running keeper.
#[derive(Debug)]
pub struct Voicemail {
    desk: JoinHandle<()>,
    post: JoinHandle<()>,
    /// Says when the post is to stop.
    stop_post: watch::Sender<bool>,
}

/// Messages cannot be kept. Says what to do.
#[derive(Debug, thiserror::Error)]
pub enum VoicemailError {
    /// The directory cannot be used.
    #[error("cannot keep messages in {}: {error}; set voicemail.dir to a directory that this user may write to", .directory.display())]
    Directory {
        /// Which.
        directory: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// The database fails.
    #[error("the messages of mailboxes cannot be read: {0}; mend the database and start again")]
    Database(#[from] StoreError),
}

impl Voicemail {
    /// Delivers what an earlier process left undecided, removes files without a row, and waits for
    /// requests, which come by the other end of the channel. `changes` is told which mailboxes hold
    /// something else than before; what finds no room there waits, each mailbox once. To be started before whoever finishes
    /// recordings, whose files have no row yet.
    pub async fn start(
        config: &config::Voicemail,
        mailer: Option<Mailer>,
        store: Store,
        finished: mpsc::Receiver<MessageFinished>,
        shards: Vec<mpsc::Sender<VoicemailReply>>,
        changes: mpsc::Sender<Mailbox>,
    ) -> Result<(Self, mpsc::Sender<VoicemailRequest>), VoicemailError> {
        let delivered = store.deliver_drafts().await?;
        let homeless = store.delete_messages_of_nobody().await?
            + store.purge_all_messages().await?
            + store.delete_greetings_of_nobody().await?;
        let mut known: HashSet<_> = store.message_files().await?.into_iter().collect();
        known.extend(store.greeting_files().await?);
        let directory = config.dir.clone();
        let swept = spawn_blocking(move || sweep(&directory, &known)).await;
        let swept = swept
            .map_err(io::Error::other)
            .flatten()
            .map_err(|error| VoicemailError::Directory { directory: config.dir.clone(), error })?;
        if delivered + homeless + swept > 0 {
            tracing::info!(delivered, homeless, files = swept, "mailboxes were put in order");
        }
        let (requests, request_ear) = mpsc::channel(REQUESTS_MAX);
        let wake = Arc::new(Notify::new());
        let (stop_post, stopping) = watch::channel(false);
        let writer = |mailer: Mailer| post::Writer {
            style: letter::Style {
                from: mailer.from().clone(),
                format: config.mail_format,
                utc_offset_min: config.utc_offset_min,
            },
            mailer,
        };
        let post = post::Post {
            writer: mailer.map(writer),
            dir: config.dir.clone(),
            store: store.clone(),
            changes: changes.clone(),
            wake: wake.clone(),
            stopping,
        };
        let desk = desk::Desk::new(config.clone(), store, shards, changes, wake);
        let desk = tokio::spawn(desk.run(request_ear, finished));
        Ok((Self { desk, post: tokio::spawn(post.run()), stop_post }, requests))
    }

    /// Once nobody asks any more: lets the keeper do what it was asked, and the post finish the letter
    /// that it is sending. The other letters wait for the next start.
    pub async fn stop(self, limit: Duration) {
        let Self { desk, mut post, stop_post } = self;
        // It may have stopped by itself.
        let _ = stop_post.send(true);
        let (kept, sent) = tokio::join!(timeout(limit, desk), timeout(limit, &mut post));
        if kept.is_err() {
            tracing::warn!("messages wait to be delivered at the next start");
        }
        if sent.is_err() {
            tracing::warn!(
                "the mail server is slow: it may get a letter again after the next start"
            );
            post.abort();
        }
    }
}

/// Makes the directory, and removes files of mailboxes that no row knows; says how many.
fn sweep(directory: &Path, known: &HashSet<String>) -> io::Result<u64> {
    fs::create_dir_all(directory)?;
    let mut swept = 0;
    for mailbox in fs::read_dir(directory)? {
        let mailbox = mailbox?;
        if !mailbox.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(mailbox.path())? {
            let file = file?;
            let name = format!(
                "{}/{}",
                mailbox.file_name().to_string_lossy(),
                file.file_name().to_string_lossy()
            );
            let is_ours = OURS.iter().any(|extension| name.ends_with(extension));
            if is_ours && !known.contains(&name) {
                fs::remove_file(file.path())?;
                swept += 1;
            }
        }
    }
    Ok(swept)
}

/// How names of files end that are made here.
const OURS: [&str; 2] = [".wav", ".part"];

#[cfg(test)]
mod tests;
