//! From the workers to whoever writes recordings: a fixed set of buffers that go round.
//!
//! A worker gives a filled buffer and takes an empty one, without waiting. While all of them are on
//! their way to a disk that does not keep up, its own buffer fills, and then packets are lost to
//! their recordings: counted, and told at their end. The calls themselves notice nothing.

use media::recording::BUFFER_BYTES;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Duration,
};

/// The workers' end.
#[derive(Clone, Debug)]
pub struct TapeOut {
    filled: SyncSender<Vec<u8>>,
    empty: Empty,
}

/// The writer's end.
#[derive(Debug)]
pub struct TapeIn {
    filled: Receiver<Vec<u8>>,
    empty: Empty,
}

type Empty = Arc<Mutex<Vec<Vec<u8>>>>;

/// Both ends, for this many workers.
pub fn tape(workers: u8) -> (TapeOut, TapeIn) {
    let count = BUFFERS_A_WORKER * usize::from(workers.max(1));
    let (filled, receiver) = sync_channel(count);
    let buffers = (0..count).map(|_| Vec::with_capacity(BUFFER_BYTES)).collect();
    let empty = Arc::new(Mutex::new(buffers));
    (TapeOut { filled, empty: empty.clone() }, TapeIn { filled: receiver, empty })
}

impl TapeOut {
    /// An empty buffer, if one is there.
    pub fn empty(&self) -> Option<Vec<u8>> {
        self.empty.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Hands over a filled one. There is room for all; if nobody writes any more, it is let go.
    pub fn hand_over(&self, buffer: Vec<u8>) {
        let _ = self.filled.try_send(buffer);
    }
}

impl TapeIn {
    /// The next filled buffer; `Disconnected` once no worker is left.
    pub fn next(&self, limit: Duration) -> Result<Vec<u8>, RecvTimeoutError> {
        self.filled.recv_timeout(limit)
    }

    /// Gives a buffer back when what was in it is written.
    pub fn give_back(&self, buffer: Vec<u8>) {
        self.empty.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}

/// 4 MiB: a second of 200 recorded calls.
const BUFFERS_A_WORKER: usize = 64;
