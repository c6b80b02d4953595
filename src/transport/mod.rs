//! Sockets: SIP over UDP and TCP, IPv4 and IPv6; limits before any parsing costs.
//!
//! [`Transports::start`] binds every listener and hands out a [`TransportHandle`] to send with. What comes in
//! goes, parsed, to the inbox of the signalling shard that owns its Call-ID.

mod config;
mod event;
mod handle;
mod network;

pub use config::{ListenConfig, SourceLimits, StreamLimits, TransportConfig};
pub use event::TransportEvent;
pub use handle::TransportHandle;
pub use network::{Network, NetworkError};

use sip::{Transport, transport::Listener};
use std::{io, net::SocketAddr};
use tokio::sync::mpsc;

/// The transports' start.
#[derive(Debug)]
pub struct Transports;

impl Transports {
    /// Binds every listener, then reads from them all. `inboxes` has one sender a shard, in the
    /// shards' order. Must be called inside a tokio runtime.
    ///
    /// The listeners come back in the order of the configuration, with the ports that were bound.
    pub fn start(
        _config: TransportConfig,
        _inboxes: Vec<mpsc::Sender<TransportEvent>>,
    ) -> Result<(TransportHandle, Vec<Listener>), StartError> {
        todo!()
    }
}

/// Why the transports could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else has the port.
    #[error(
        "{transport} {address} is in use: stop the program that holds it (`ss -lnp sport = :{}` \
         names it) or choose another port", .address.port()
    )]
    InUse {
        /// What was to be opened.
        transport: Transport,
        /// Where.
        address: SocketAddr,
    },
    /// The address is not one of this machine's, or the port needs more rights.
    #[error(
        "cannot listen on {transport} {address}: {error}; choose an address of this machine \
             and a port above 1023"
    )]
    Bind {
        /// What was to be opened.
        transport: Transport,
        /// Where.
        address: SocketAddr,
        /// What the operating system says.
        error: io::Error,
    },
    /// This transport cannot be listened on yet.
    #[error("cannot listen on {transport} {address}: only udp and tcp are built; remove it")]
    Unsupported {
        /// What was to be opened.
        transport: Transport,
        /// Where.
        address: SocketAddr,
    },
}
