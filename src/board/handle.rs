//! How others talk to the board.

use super::LineView;
use crate::events::ActiveCall;
use base::{CallId, DomainId, UserId};
use call::Directory;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Commands that may wait. They come from people's requests; a sender waits while it is full.
const COMMANDS_MAX: usize = 256;

/// What the board can be asked and told.
#[derive(Debug)]
pub(super) enum Command {
    Directory(Arc<Directory>),
    Lines(DomainId, Option<UserId>, oneshot::Sender<Snapshot<LineView>>),
    Calls(DomainId, Option<UserId>, oneshot::Sender<Snapshot<Arc<ActiveCall>>>),
    Find(CallId, oneshot::Sender<Option<Found>>),
}

/// Some of what the board shows.
#[derive(Clone, Debug)]
pub struct Snapshot<T> {
    /// Frames of the stream with a greater number come on top of it.
    pub seq: u64,
    /// Lines by number, calls by age.
    pub items: Vec<T>,
}

/// Where a live call is and whose it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// Its domain.
    pub domain: DomainId,
    /// The shard that owns it.
    pub shard: u8,
    /// Users on whose lines it is.
    pub users: Vec<UserId>,
}

/// The way to the board.
#[derive(Clone, Debug)]
pub struct BoardHandle(mpsc::Sender<Command>);

/// The board does not run any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the board has stopped")]
pub struct BoardGone;

impl BoardHandle {
    pub(super) fn new() -> (Self, mpsc::Receiver<Command>) {
        let (sender, receiver) = mpsc::channel(COMMANDS_MAX);
        (Self(sender), receiver)
    }

    /// Who exists, from now on.
    pub async fn directory(&self, directory: Arc<Directory>) -> Result<(), BoardGone> {
        self.0.send(Command::Directory(directory)).await.map_err(|_| BoardGone)
    }

    /// The lines of a domain.
    pub async fn lines(&self, domain: DomainId) -> Result<Snapshot<LineView>, BoardGone> {
        self.ask(|reply| Command::Lines(domain, None, reply)).await
    }

    /// The lines at which a user sits.
    pub async fn lines_of(
        &self,
        domain: DomainId,
        user: UserId,
    ) -> Result<Snapshot<LineView>, BoardGone> {
        self.ask(|reply| Command::Lines(domain, Some(user), reply)).await
    }

    /// The live calls of a domain.
    pub async fn calls(&self, domain: DomainId) -> Result<Snapshot<Arc<ActiveCall>>, BoardGone> {
        self.ask(|reply| Command::Calls(domain, None, reply)).await
    }

    /// The live calls on a user's lines.
    pub async fn calls_of(
        &self,
        domain: DomainId,
        user: UserId,
    ) -> Result<Snapshot<Arc<ActiveCall>>, BoardGone> {
        self.ask(|reply| Command::Calls(domain, Some(user), reply)).await
    }

    /// Where a live call is.
    pub async fn find(&self, call: CallId) -> Result<Option<Found>, BoardGone> {
        self.ask(|reply| Command::Find(call, reply)).await
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, BoardGone> {
        let (reply, answer) = oneshot::channel();
        self.0.send(command(reply)).await.map_err(|_| BoardGone)?;
        answer.await.map_err(|_| BoardGone)
    }
}
