//! How the rest of the house sends.

use super::{
    flows::{Outgoing, Waiting},
    intake::Intake,
    listener,
    resolve::Resolver,
    tcp::Streams,
    udp::UdpListener,
};
use bytes::Bytes;
use sip::{ClientId, Destination, FlowId, Host, Transport};
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};
use tokio::{runtime::Handle, sync::watch};

/// Sends, reports offences, stops. Cheap to clone.
#[derive(Clone)]
pub struct TransportHandle(Arc<Shared>);

/// What all handles share.
pub(super) struct Shared {
    pub(super) udp: Vec<Arc<UdpListener>>,
    pub(super) streams: Arc<Streams>,
    pub(super) intake: Arc<Intake>,
    pub(super) resolver: Resolver,
    pub(super) stop: watch::Sender<bool>,
    pub(super) runtime: Handle,
}

impl TransportHandle {
    pub(super) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Sends a message, now or soon, and never blocks: UDP at once on the caller's thread, a stream
    /// through its connection's bounded queue. `shard` is told [`super::TransportEvent::SendFailed`]
    /// with `client` if it is known that the message did not leave.
    pub fn send(&self, to: &Destination, bytes: Bytes, client: Option<ClientId>, shard: u8) {
        let waiting = client.map_or(Waiting::Nobody, |client| Waiting::Client { client, shard });
        let outgoing = Outgoing { bytes, waiting };
        let hop = Hop { transport: to.transport, flow: to.flow, local: to.local };
        match &to.host {
            Host::Ip(ip) => self.0.send(hop, SocketAddr::new(ip.to_canonical(), to.port), outgoing),
            Host::Name(name) => self.send_to_name(hop, name, to.port, outgoing),
        }
    }

    /// Counts a failed login or the like against a source; enough of them are a ban.
    pub fn report_offence(&self, ip: IpAddr) {
        self.0.intake.sources.report_offence(Instant::now(), ip);
    }

    /// Lifts the limits of these addresses, and of no others that the configuration does not exempt.
    pub fn trust(&self, addresses: Vec<IpAddr>) {
        self.0.intake.sources.trust(addresses);
    }

    /// Stops accepting and reading, writes what is queued, closes. Back when all is closed, within
    /// [`super::StreamLimits::write_timeout`] as long as the shards still read their inboxes or are
    /// gone. UDP can be sent until the last handle is dropped; streams cannot.
    pub async fn stop(&self) {
        self.0.stop.send_replace(true);
        // Every task holds a receiver for as long as it lives.
        self.0.stop.closed().await;
    }

    fn send_to_name(&self, hop: Hop, name: &Bytes, port: u16, outgoing: Outgoing) {
        if let Some(known) = self.0.resolver.known(Instant::now(), name) {
            return self.0.send_to_one_of(hop, &known, port, outgoing);
        }
        let (shared, name) = (self.0.clone(), name.clone());
        self.0.runtime.spawn(async move {
            match shared.resolver.resolve(&name).await {
                Ok(addresses) => shared.send_to_one_of(hop, &addresses, port, outgoing),
                Err(error) => {
                    tracing::debug!(name = %String::from_utf8_lossy(&name), %error, "not looked up");
                    shared.fail(outgoing.waiting);
                }
            }
        });
    }
}

impl fmt::Debug for TransportHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportHandle").finish_non_exhaustive()
    }
}

/// A [`Destination`] without its host.
#[derive(Clone, Copy)]
struct Hop {
    transport: Transport,
    flow: Option<FlowId>,
    local: Option<SocketAddr>,
}

impl Shared {
    fn send(&self, hop: Hop, remote: SocketAddr, outgoing: Outgoing) {
        match hop.transport {
            Transport::Udp => match self.udp_listener(hop, remote) {
                Some(listener) => listener.send(remote, outgoing.bytes, outgoing.waiting),
                None => self.fail(outgoing.waiting),
            },
            Transport::Tcp => self.streams.send(hop.flow, hop.local, remote, outgoing),
            Transport::Tls | Transport::Ws | Transport::Wss => self.fail(outgoing.waiting),
        }
    }

    /// The first address that a listener of ours can reach.
    fn send_to_one_of(&self, hop: Hop, addresses: &[IpAddr], port: u16, outgoing: Outgoing) {
        let reachable = |ip: &&IpAddr| match hop.transport {
            Transport::Udp => self.udp_listener(hop, SocketAddr::new(**ip, port)).is_some(),
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => true,
        };
        match addresses.iter().find(reachable) {
            Some(ip) => self.send(hop, SocketAddr::new(*ip, port), outgoing),
            None => self.fail(outgoing.waiting),
        }
    }

    fn udp_listener(&self, hop: Hop, remote: SocketAddr) -> Option<&Arc<UdpListener>> {
        let named = |flow| self.udp.iter().find(|it| it.flow == flow);
        hop.flow.and_then(named).or_else(|| {
            listener::choose(&self.udp, |it| &it.place, Transport::Udp, hop.local, remote.ip())
        })
    }

    fn fail(&self, waiting: Waiting) {
        self.intake.meters.send_failures.increment(1);
        waiting.report(&self.intake.inboxes);
    }
}
