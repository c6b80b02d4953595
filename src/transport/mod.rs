//! Sockets: SIP over UDP and TCP, IPv4 and IPv6; limits before any parsing costs.
//!
//! [`Transports::start`] binds every listener and hands out a [`TransportHandle`] to send with. What comes in
//! goes, parsed, to the inbox of the signalling shard that owns its Call-ID.

mod config;
mod connection;
mod event;
mod flows;
mod handle;
mod intake;
mod limiter;
mod listener;
mod meters;
mod network;
mod resolve;
mod sources;
mod stun;
mod tcp;
mod udp;

#[cfg(test)]
mod tests;

pub use config::{ListenConfig, SourceLimits, StreamLimits, TransportConfig};
pub use event::TransportEvent;
pub use handle::TransportHandle;
pub use network::{Network, NetworkError};

use self::{
    event::Inboxes,
    flows::{Flows, Population},
    handle::Shared,
    intake::Intake,
    listener::Place,
    resolve::Resolver,
    sources::Sources,
    tcp::Streams,
    udp::UdpListener,
};
use sip::{Transport, transport::Listener};
use std::{io, net::SocketAddr, sync::Arc, time::Instant};
use tokio::{
    net::TcpListener,
    runtime::Handle,
    sync::{mpsc, watch},
};

/// The transports' start.
#[derive(Debug)]
pub struct Transports;

impl Transports {
    /// Binds every listener, then reads from them all. `inboxes` has one sender a shard, in the
    /// shards' order. Must be called inside a tokio runtime. UDP sockets are read on `udp_readers`
    /// in turn, or on that runtime if there are none.
    ///
    /// The listeners come back in the order of the configuration, with the ports that were bound.
    pub fn start(
        config: TransportConfig,
        inboxes: Vec<mpsc::Sender<TransportEvent>>,
        udp_readers: &[Handle],
    ) -> Result<(TransportHandle, Vec<Listener>), StartError> {
        let sockets = config.listen.iter().map(Socket::bind).collect::<Result<Vec<_>, _>>()?;
        let sources = Sources::new(Instant::now(), config.sources);
        let intake = Arc::new(Intake::new(sources, Inboxes::new(inboxes)));
        let (stop, stopping) = watch::channel(false);
        let streams = Arc::new(Streams {
            flows: Arc::new(Flows::default()),
            population: Arc::new(Population::default()),
            limits: config.streams,
            intake: intake.clone(),
            places: sockets
                .iter()
                .map(Socket::place)
                .filter(|it| it.transport != Transport::Udp)
                .collect(),
            stop: stop.clone(),
            runtime: Handle::current(),
        });
        let mut udp = Vec::new();
        let mut listeners = Vec::new();
        let mut udp_readers = udp_readers.iter().cycle();
        for socket in sockets {
            let place = socket.place();
            let started = socket.start(&streams, &mut udp_readers, &stopping);
            let listener = started.map_err(|error| StartError::Bind {
                transport: place.transport,
                address: place.bound,
                error,
            })?;
            let flow = listener.as_ref().map(|it| it.flow);
            listeners.push(Listener {
                transport: place.transport,
                advertised: place.advertised,
                flow,
            });
            udp.extend(listener);
        }
        let runtime = Handle::current();
        let shared = Shared { udp, streams, intake, resolver: Resolver::new(), stop, runtime };
        Ok((TransportHandle::new(shared), listeners))
    }
}

/// A socket that is bound and not read from yet: either all of them start or none does.
enum Socket {
    Udp(std::net::UdpSocket, Place),
    Tcp(std::net::TcpListener, Place),
}

impl Socket {
    fn bind(config: &ListenConfig) -> Result<Self, StartError> {
        match config.transport {
            Transport::Udp => listener::bind_udp(config).map(|(it, place)| Self::Udp(it, place)),
            Transport::Tcp => listener::bind_tcp(config).map(|(it, place)| Self::Tcp(it, place)),
            Transport::Tls | Transport::Ws | Transport::Wss => {
                Err(StartError::Unsupported { transport: config.transport, address: config.bind })
            }
        }
    }

    fn place(&self) -> Place {
        match self {
            Self::Udp(_, place) | Self::Tcp(_, place) => *place,
        }
    }

    /// Starts reading; a UDP listener is also for sending.
    fn start<'a>(
        self,
        streams: &Arc<Streams>,
        udp_readers: &mut impl Iterator<Item = &'a Handle>,
        stop: &watch::Receiver<bool>,
    ) -> io::Result<Option<Arc<UdpListener>>> {
        match self {
            Self::Udp(socket, place) => {
                let _on = udp_readers.next().map(Handle::enter);
                let flow = streams.flows.next_id();
                UdpListener::start(socket, place, flow, streams.intake.clone(), stop.clone())
                    .map(Some)
            }
            Self::Tcp(listener, place) => {
                let listener = TcpListener::from_std(listener)?;
                tokio::spawn(streams.clone().accept(listener, place, stop.clone()));
                Ok(None)
            }
        }
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
