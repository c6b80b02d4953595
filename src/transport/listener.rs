//! Binding, and which address of ours a peer should see.

use super::{StartError, config::ListenConfig};
use sip::Transport;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

/// What the kernel holds for us while a reader is busy, in bytes: some 10,000 INVITEs. The kernel
/// cuts it to `net.core.rmem_max`.
const UDP_RECEIVE_BUFFER: usize = 8 * 1024 * 1024;

/// Answers of one burst that the kernel holds for a slow network card, in bytes.
const UDP_SEND_BUFFER: usize = 4 * 1024 * 1024;

/// Connections that wait to be accepted.
const TCP_BACKLOG: i32 = 1024;

/// Where a listener is, seen from both sides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) transport: Transport,
    /// Where it is bound, with the real port.
    pub(super) bound: SocketAddr,
    /// What the operator says that peers see, or the machine's own address.
    pub(super) advertised: SocketAddr,
    /// Whether `advertised` was found out and not configured, for a listener bound to a wildcard.
    is_guess: bool,
}

impl Place {
    fn new(config: &ListenConfig, bound: SocketAddr) -> Self {
        let with_port = |address: SocketAddr| match address.port() {
            0 => SocketAddr::new(address.ip(), bound.port()),
            _ => address,
        };
        let is_guess = config.advertised.is_none() && bound.ip().is_unspecified();
        let own =
            || if is_guess { SocketAddr::new(main_address(bound), bound.port()) } else { bound };
        Self {
            transport: config.transport,
            bound,
            advertised: config.advertised.map_or_else(own, with_port),
            is_guess,
        }
    }

    /// Our address as this peer should see it.
    pub(super) fn seen_by(&self, remote: IpAddr) -> SocketAddr {
        if self.is_guess && remote.is_loopback() {
            return SocketAddr::new(loopback(self.bound), self.bound.port());
        }
        self.advertised
    }

    /// As [`Self::seen_by`], when the kernel has told which of our addresses the peer talks to.
    pub(super) fn seen_at(&self, local: SocketAddr) -> SocketAddr {
        if self.is_guess { SocketAddr::new(local.ip(), self.bound.port()) } else { self.advertised }
    }

    /// Whether a peer at this address can be reached from here.
    pub(super) fn reaches(&self, remote: IpAddr) -> bool {
        let own = self.bound.ip();
        own.is_ipv4() == remote.is_ipv4()
            && (own.is_unspecified() || own.is_loopback() == remote.is_loopback())
    }
}

/// The listener to send from: the one that has `local`, else the first that reaches the peer, else
/// the first of its address family.
pub(super) fn choose<T>(
    listeners: &[T],
    place: impl Fn(&T) -> &Place,
    transport: Transport,
    local: Option<SocketAddr>,
    remote: IpAddr,
) -> Option<&T> {
    let find = |fits: &dyn Fn(&Place) -> bool| {
        listeners.iter().find(|it| {
            let place = place(it);
            let is_same_family = place.bound.is_ipv4() == remote.is_ipv4();
            place.transport == transport && is_same_family && fits(place)
        })
    };
    find(&|it| local.is_some_and(|local| it.seen_by(remote) == local))
        .or_else(|| find(&|it| it.reaches(remote)))
        .or_else(|| find(&|_| true))
}

/// Opens a UDP socket, ready for tokio.
pub(super) fn bind_udp(config: &ListenConfig) -> Result<(UdpSocket, Place), StartError> {
    let open = || {
        let socket = open(config.bind, Type::DGRAM, Protocol::UDP)?;
        socket.set_recv_buffer_size(UDP_RECEIVE_BUFFER)?;
        socket.set_send_buffer_size(UDP_SEND_BUFFER)?;
        socket.bind(&config.bind.into())?;
        let socket = UdpSocket::from(socket);
        let bound = socket.local_addr()?;
        Ok((socket, bound))
    };
    let (socket, bound) = open().map_err(|error| bind_error(config, error))?;
    Ok((socket, Place::new(config, bound)))
}

/// Opens a TCP listener, ready for tokio.
pub(super) fn bind_tcp(
    config: &ListenConfig,
) -> Result<(std::net::TcpListener, Place), StartError> {
    let open = || {
        let socket = open(config.bind, Type::STREAM, Protocol::TCP)?;
        // A restart must not wait for connections in TIME_WAIT. On Linux this lets nobody else in.
        socket.set_reuse_address(true)?;
        socket.bind(&config.bind.into())?;
        socket.listen(TCP_BACKLOG)?;
        let listener = std::net::TcpListener::from(socket);
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    let (listener, bound) = open().map_err(|error| bind_error(config, error))?;
    Ok((listener, Place::new(config, bound)))
}

fn open(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        // So that `[::]` and `0.0.0.0` can stand side by side and no IPv4 peer looks like IPv6.
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn bind_error(config: &ListenConfig, error: io::Error) -> StartError {
    let ListenConfig { transport, bind: address, .. } = *config;
    if error.kind() == io::ErrorKind::AddrInUse {
        StartError::InUse { transport, address }
    } else {
        StartError::Bind { transport, address, error }
    }
}

/// The address that the machine uses towards the rest of the world: connecting a UDP socket looks up
/// the route and sends nothing. Loopback on a machine without a network.
fn main_address(bound: SocketAddr) -> IpAddr {
    // Documentation addresses, RFC 5737 and RFC 3849: nobody's.
    let (any, elsewhere) =
        if bound.is_ipv4() { ("0.0.0.0:0", "192.0.2.1:9") } else { ("[::]:0", "[2001:db8::1]:9") };
    UdpSocket::bind(any)
        .and_then(|socket| socket.connect(elsewhere).and_then(|()| socket.local_addr()))
        .map_or_else(|_| loopback(bound), |address| address.ip())
}

fn loopback(bound: SocketAddr) -> IpAddr {
    match bound {
        SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_see_the_advertised_address_or_the_bound_one() {
        let seen = |bind: &str, advertised: Option<&str>, remote: &str| {
            let config = ListenConfig {
                transport: Transport::Udp,
                bind: addr(bind),
                advertised: advertised.map(addr),
            };
            let mut bound = config.bind;
            bound.set_port(5062);
            Place::new(&config, bound).seen_by(remote.parse().unwrap())
        };

        assert_eq!(seen("10.0.0.1:0", None, "10.0.0.2"), addr("10.0.0.1:5062"));
        assert_eq!(seen("10.0.0.1:0", Some("192.0.2.1:0"), "1.2.3.4"), addr("192.0.2.1:5062"));
        assert_eq!(seen("0.0.0.0:0", Some("192.0.2.1:5070"), "1.2.3.4"), addr("192.0.2.1:5070"));
        assert_eq!(seen("0.0.0.0:0", None, "127.0.0.1"), addr("127.0.0.1:5062"));
        assert_eq!(seen("[::]:0", None, "::1"), addr("[::1]:5062"));
    }

    #[test]
    fn sends_from_the_asked_listener_else_from_one_that_reaches_the_peer() {
        let places: Vec<_> =
            ["127.0.0.1:5060", "10.0.0.1:5060", "10.0.0.1:5070", "[2001:db8::5]:5060"]
                .map(|bind| {
                    let config = ListenConfig {
                        transport: Transport::Udp,
                        bind: addr(bind),
                        advertised: None,
                    };
                    Place::new(&config, config.bind)
                })
                .into();
        let chosen = |local: Option<&str>, remote: &str| {
            let remote = remote.parse().unwrap();
            choose(&places, |it| it, Transport::Udp, local.map(addr), remote)
                .map(|it| it.bound.to_string())
        };

        assert_eq!(chosen(None, "127.0.0.1").unwrap(), "127.0.0.1:5060");
        assert_eq!(chosen(None, "192.0.2.1").unwrap(), "10.0.0.1:5060");
        assert_eq!(chosen(Some("10.0.0.1:5070"), "192.0.2.1").unwrap(), "10.0.0.1:5070");
        assert_eq!(chosen(None, "2001:db8::9").unwrap(), "[2001:db8::5]:5060");
        assert_eq!(chosen(None, "::1").unwrap(), "[2001:db8::5]:5060");
        let remote = "192.0.2.1".parse().unwrap();
        assert!(choose(&places, |it| it, Transport::Tcp, None, remote).is_none());
    }

    fn addr(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }
}
