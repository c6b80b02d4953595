//! What the operating system tells the process to do.

use super::BootError;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that a server obeys. One that comes before anybody asks for it waits.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    /// Sent at a write beyond the limit of a file's size: that write fails like one to a full disk,
    /// and the process lives.
    _file_size: Signal,
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// SIGTERM and SIGINT: end in peace.
    Stop,
    /// SIGHUP: read the configuration again.
    Reload,
}

impl Signals {
    /// From here on no signal kills the process: whoever may be sent one as soon as the server
    /// answers must have called this before it does.
    pub(super) fn listen() -> Result<Self, BootError> {
        let listen = |kind| signal(kind).map_err(|error| BootError::System(error.to_string()));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hang_up: listen(SignalKind::hangup())?,
            _file_size: listen(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?,
        })
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Order {
        tokio::select! {
            _ = self.terminate.recv() => Order::Stop,
            _ = self.interrupt.recv() => Order::Stop,
            _ = self.hang_up.recv() => Order::Reload,
        }
    }
}
