//! The way from a signalling shard to the workers: a bounded ring each, and a bell.

use media::MediaCommand;
use rustix::{
    event::{EventfdFlags, eventfd},
    fd::{AsFd, BorrowedFd, OwnedFd},
    io::{read, write},
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
};

/// Sends commands for one shard.
#[derive(Clone, Debug)]
pub struct MediaHandle {
    shard: u8,
    inboxes: Arc<[Inbox]>,
}

/// Why a command did not go through. The call that it belongs to should end with a cause.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SendError {
    /// The worker is behind by a whole ring of commands.
    #[error("media worker {0} is overloaded: its command ring is full")]
    Full(u8),
    /// There is no such worker, or it has stopped.
    #[error("media worker {0} does not run")]
    Stopped(u8),
}

impl MediaHandle {
    pub(super) fn new(shard: u8, inboxes: Arc<[Inbox]>) -> Self {
        Self { shard, inboxes }
    }

    /// How many workers there are; they are numbered from 0.
    pub fn workers(&self) -> u8 {
        self.inboxes.len() as u8
    }

    /// Hands a command to a worker, without waiting.
    pub fn send(&self, worker: u8, command: MediaCommand) -> Result<(), SendError> {
        self.post(worker, command)?;
        self.ring(worker);
        Ok(())
    }

    /// The same without waking the worker, for several commands in a row: [`Self::ring`] must
    /// follow the last one.
    pub fn post(&self, worker: u8, command: MediaCommand) -> Result<(), SendError> {
        let inbox = self.inboxes.get(usize::from(worker)).ok_or(SendError::Stopped(worker))?;
        let posted = inbox.orders.try_send(Order { shard: self.shard, command });
        posted.map_err(|error| match error {
            TrySendError::Full(_) => SendError::Full(worker),
            TrySendError::Disconnected(_) => SendError::Stopped(worker),
        })
    }

    /// Wakes a worker that sleeps.
    pub fn ring(&self, worker: u8) {
        if let Some(inbox) = self.inboxes.get(usize::from(worker)) {
            inbox.wake.ring_if_sleeping();
        }
    }
}

/// A command and who gave it.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) shard: u8,
    pub(super) command: MediaCommand,
}

/// The sending end of one worker's ring.
#[derive(Clone, Debug)]
pub(super) struct Inbox {
    orders: SyncSender<Order>,
    wake: Arc<Wake>,
}

impl Inbox {
    pub(super) fn new(wake: Arc<Wake>) -> (Self, Receiver<Order>) {
        let (orders, receiver) = sync_channel(RING_LEN);
        (Self { orders, wake }, receiver)
    }

    pub(super) fn stop(&self) {
        self.wake.stopping.store(true, Ordering::SeqCst);
        self.wake.ring();
    }
}

/// The bell of a worker. It costs a system call only when the worker really sleeps.
#[derive(Debug)]
pub(super) struct Wake {
    bell: OwnedFd,
    sleeping: AtomicBool,
    stopping: AtomicBool,
}

impl Wake {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            sleeping: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
        })
    }

    /// What the worker waits on besides its sockets.
    pub(super) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// The worker is about to sleep; it must look into its ring once more after this.
    pub(super) fn lie_down(&self) {
        self.sleeping.store(true, Ordering::SeqCst);
    }

    /// The worker is awake and will look into its ring by itself.
    pub(super) fn get_up(&self) {
        self.sleeping.store(false, Ordering::SeqCst);
    }

    /// Makes the bell silent again.
    pub(super) fn silence(&self) {
        // Fails only when the bell was silent already, which is as good.
        let _ = read(&self.bell, &mut [0; 8]);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn ring_if_sleeping(&self) {
        // The order was put into the ring before this, and the worker looks into the ring after
        // `lie_down`: one of the two sees the other.
        std::sync::atomic::fence(Ordering::SeqCst);
        if self.sleeping.swap(false, Ordering::SeqCst) {
            self.ring();
        }
    }

    fn ring(&self) {
        // Fails only when the count is at its maximum: then the bell is ringing anyway.
        let _ = write(&self.bell, &1_u64.to_ne_bytes());
    }
}

/// Commands that a worker may be behind. A call takes about eight from start to end.
const RING_LEN: usize = 4096;
