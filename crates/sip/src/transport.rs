//! Where messages come from and go to, as values.

use crate::uri::Host;
use std::{fmt, net::SocketAddr};

/// How a message travels.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Transport {
    /// Datagrams; we retransmit.
    Udp,
    /// A stream, RFC 3261 section 18.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// WebSocket, RFC 7118.
    Ws,
    /// WebSocket over TLS.
    Wss,
}

impl Transport {
    /// Whether the transport delivers or says that it could not, so that nothing is retransmitted.
    pub fn is_reliable(self) -> bool {
        match self {
            Self::Udp => false,
            Self::Tcp | Self::Tls | Self::Ws | Self::Wss => true,
        }
    }

    /// As in a Via header: `UDP`, `TCP`, …
    pub fn via_token(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// As in a URI's `transport` parameter: `udp`, `tcp`, …
    pub fn uri_token(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The port that is meant where none is written, RFC 3261 section 19.1.2.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }

    /// Reads a Via or URI token, in any case.
    pub fn from_token(token: &str) -> Option<Self> {
        [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss]
            .into_iter()
            .find(|it| it.uri_token().eq_ignore_ascii_case(token))
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.uri_token())
    }
}

/// One UDP listener, or one stream connection, of this process; never reused (RFC 5626 flow).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FlowId(pub u64);

/// Where a message came in.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Source {
    /// How it travelled.
    pub transport: Transport,
    /// The listener (UDP) or connection.
    pub flow: FlowId,
    /// Our address as the peer should see it: goes into Via and Contact.
    pub local: SocketAddr,
    /// Who sent it; IPv4-mapped IPv6 is unmapped.
    pub remote: SocketAddr,
}

/// Where a message is to go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Destination {
    /// How it travels.
    pub transport: Transport,
    /// Name or address of the next hop.
    pub host: Host,
    /// Port of the next hop.
    pub port: u16,
    /// The listener or connection to use. A stream flow that is gone is replaced by a new
    /// connection to `host`; `None` lets the transport choose.
    pub flow: Option<FlowId>,
    /// Our address as the peer should see it; `None` takes the listener's of that transport.
    pub local: Option<SocketAddr>,
}

impl From<Source> for Destination {
    /// Back the way it came.
    fn from(source: Source) -> Self {
        Self {
            transport: source.transport,
            host: Host::from(source.remote.ip()),
            port: source.remote.port(),
            flow: Some(source.flow),
            local: Some(source.local),
        }
    }
}

/// One of our listeners.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Listener {
    /// What it speaks.
    pub transport: Transport,
    /// Its address as peers should see it.
    pub advertised: SocketAddr,
    /// Its flow, for UDP; a stream listener has none.
    pub flow: Option<FlowId>,
}
