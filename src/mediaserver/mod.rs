//! Media workers: OS threads that own the RTP sockets and do what [`media::Relay`] decides.
//!
//! A worker waits for packets of all its sockets at once, commands come to it through a bounded
//! ring, and its events go to the signalling shard that opened the session. Nothing here blocks:
//! a full ring is an error for the sender, a full sink is tried again a little later.

mod figures;
mod handle;
mod metrics;
mod ports;
mod tape;
#[cfg(test)]
mod tests;
mod worker;

pub use figures::LiveFigures;
pub use handle::{MediaHandle, SendError};
pub use metrics::WorkerMetrics;
pub use tape::{TapeIn, TapeOut, tape};

use base::Rng;
use handle::{Inbox, Wake};
use media::MediaEvent;
use ports::Ports;
use std::{
    io,
    net::IpAddr,
    ops::RangeInclusive,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};
use worker::{Outs, Worker};

/// The running workers. Dropping it stops and joins them.
#[derive(Debug)]
pub struct MediaServer {
    inboxes: Arc<[Inbox]>,
    metrics: Vec<Arc<WorkerMetrics>>,
    figures: LiveFigures,
    threads: Vec<JoinHandle<()>>,
}

/// What the workers need to know.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// How many threads; at least 1.
    pub workers: u8,
    /// Where IPv4 sockets are bound; `None` for no IPv4.
    pub v4: Option<MediaAddress>,
    /// Where IPv6 sockets are bound; `None` for no IPv6.
    pub v6: Option<MediaAddress>,
    /// Ports of all workers; a session takes an even one and the odd one above it.
    pub ports: RangeInclusive<u16>,
    /// How long a port rests after a call before another gets it.
    pub cool_down: Duration,
}

/// An address of this machine, as the kernel and as others know it.
#[derive(Clone, Copy, Debug)]
pub struct MediaAddress {
    /// To bind to.
    pub bind: IpAddr,
    /// To write into SDP.
    pub advertised: IpAddr,
}

/// Takes the events of one shard, without waiting; gives the event back when it has no room.
pub type EventSink = Arc<dyn Fn(MediaEvent) -> Result<(), MediaEvent> + Send + Sync>;

/// Why the workers cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The range has no pair for each worker.
    #[error(
        "media.ports {start}-{end} has fewer pairs (even port and the odd one above) than \
         media.workers ({workers}): widen the range"
    )]
    TooFewPorts {
        /// First of the range.
        start: u16,
        /// Last of the range.
        end: u16,
        /// Configured workers.
        workers: u8,
    },
    /// The address is not one of this machine.
    #[error("cannot bind RTP ports on {address}: {source}; set it to an address of this machine")]
    Bind {
        /// As configured.
        address: IpAddr,
        /// What the kernel said.
        source: io::Error,
    },
    /// The kernel gave no thread or descriptor.
    #[error("cannot start a media worker: {0}; raise the limits of threads and open files")]
    Resources(#[from] io::Error),
}

impl MediaServer {
    /// Starts the workers. `sinks` has one entry a signalling shard, in order; what is recorded goes
    /// to `tape`.
    pub fn start(
        config: &MediaConfig,
        sinks: &[EventSink],
        tape: &TapeOut,
        rng: &mut Rng,
    ) -> Result<Self, StartError> {
        check(config)?;
        let mut server = Self {
            inboxes: Arc::new([]),
            metrics: Vec::new(),
            figures: LiveFigures::default(),
            threads: Vec::new(),
        };
        let mut inboxes = Vec::new();
        for number in 0..config.workers {
            let metrics = Arc::new(WorkerMetrics::default());
            let wake = Arc::new(Wake::new()?);
            let (inbox, orders) = Inbox::new(Arc::clone(&wake));
            let ports = Ports::new(config, number)?;
            let worker = Worker::new(
                ports,
                orders,
                wake,
                Outs { sinks: sinks.to_vec(), tape: tape.clone(), figures: server.figures.clone() },
                Arc::clone(&metrics),
                rng.split(),
            )?;
            inboxes.push(inbox);
            server.inboxes = inboxes.clone().into();
            server.metrics.push(metrics);
            let name = format!("media-{number}");
            server.threads.push(thread::Builder::new().name(name).spawn(move || worker.run())?);
        }
        Ok(server)
    }

    /// The way to the workers for one shard.
    pub fn handle(&self, shard: u8) -> MediaHandle {
        MediaHandle::new(shard, Arc::clone(&self.inboxes))
    }

    /// How open sessions do.
    pub fn figures(&self) -> &LiveFigures {
        &self.figures
    }

    /// Counts, one entry a worker.
    pub fn metrics(&self) -> &[Arc<WorkerMetrics>] {
        &self.metrics
    }

    /// Stops the workers and waits for them. Sessions that are still open end without an event.
    pub fn stop(&mut self) {
        for inbox in self.inboxes.iter() {
            inbox.stop();
        }
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a media worker had ended in a panic");
            }
        }
    }
}

impl Drop for MediaServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn check(config: &MediaConfig) -> Result<(), StartError> {
    let (start, end) = (*config.ports.start(), *config.ports.end());
    if ports::pairs(&config.ports).count() < usize::from(config.workers.max(1)) {
        return Err(StartError::TooFewPorts { start, end, workers: config.workers });
    }
    for address in [config.v4, config.v6].into_iter().flatten() {
        // Port 0 asks about the address alone: a port of the range may be in use by another.
        ports::bind((address.bind, 0).into())
            .map_err(|source| StartError::Bind { address: address.bind, source })?;
    }
    Ok(())
}
