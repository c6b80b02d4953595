//! The threads that shards run on.

use std::{
    io,
    thread::{self, JoinHandle},
};
use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

/// A thread with an event loop of its own.
///
/// A shard and the UDP sockets that it reads share one: a message then goes from the socket through
/// the shard and out again without waking another thread, which would cost more than handling the
/// message. Whoever runs here must not block.
#[derive(Debug)]
pub struct EventLoop {
    handle: Handle,
    /// Dropped to stop the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl EventLoop {
    /// Starts the thread of the shard with this number.
    pub fn start(shard: u8) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread =
            thread::Builder::new().name(format!("signalling-{shard}")).spawn(move || {
                // Ends when the sender is dropped.
                let _ = runtime.block_on(stopped);
            })?;
        Ok(Self { handle, stop: Some(stop), thread: Some(thread) })
    }

    /// Runs tasks there.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for EventLoop {
    /// Drops the tasks and waits for the thread.
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.thread.take().is_some_and(|it| it.join().is_err()) {
            tracing::error!("a signalling thread had ended in a panic");
        }
    }
}
