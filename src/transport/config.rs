//! What the transports are told once, and every bound they keep.

use super::network::Network;
use sip::Transport;
use std::{net::SocketAddr, time::Duration};

/// Listeners and limits.
#[derive(Clone, Debug, Default)]
pub struct TransportConfig {
    /// The listeners to open, in order; the first of a transport and address family is the one that
    /// messages without a flow leave from.
    pub listen: Vec<ListenConfig>,
    /// Limits on what one source may send.
    pub sources: SourceLimits,
    /// Limits on stream connections.
    pub streams: StreamLimits,
}

/// One listener.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ListenConfig {
    /// What it speaks.
    pub transport: Transport,
    /// Where it is bound. Port 0 takes any free one. `[::]` takes IPv6 only: an IPv4 listener is
    /// written beside it.
    pub bind: SocketAddr,
    /// Its address as peers should see it, when that is not `bind` (NAT, or a wildcard address on a
    /// host with several). Port 0 stands for the bound one.
    pub advertised: Option<SocketAddr>,
}

/// Limits on what one source address may send, kept before anything is parsed. An IPv6 source is
/// its /64.
#[derive(Clone, Debug)]
pub struct SourceLimits {
    /// Messages a second that a source may send for ever.
    pub messages_per_second: u32,
    /// Messages that it may send at once after a silence.
    pub burst: u32,
    /// Offences (messages over the limit, failed logins) within [`Self::offence_window`] that earn
    /// a ban; 0 bans nobody.
    pub offences_max: u32,
    /// How long an offence is remembered.
    pub offence_window: Duration,
    /// How long a ban lasts.
    pub ban: Duration,
    /// Sources without limits and bans: load generators. Those of trunks come and go: see
    /// [`super::TransportHandle::trust`].
    pub exempt: Vec<Network>,
}

/// Limits on stream connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StreamLimits {
    /// Most connections, in and out together.
    pub connections_max: usize,
    /// Most connections from one source address (an IPv6 /64); exempt sources have no such limit.
    pub connections_per_source_max: usize,
    /// How long setting up a connection may take.
    pub connect_timeout: Duration,
    /// How long a new connection may take to bring its first message or keep-alive.
    pub first_message_timeout: Duration,
    /// How long a message may take from its first byte to its last.
    pub message_timeout: Duration,
    /// How long a connection may bring and take nothing.
    pub idle_timeout: Duration,
    /// How long a peer may refuse to read what we write.
    pub write_timeout: Duration,
}

impl Default for SourceLimits {
    fn default() -> Self {
        Self {
            messages_per_second: 100,
            burst: 300,
            offences_max: 1_000,
            offence_window: Duration::from_mins(1),
            ban: Duration::from_mins(5),
            exempt: Vec::new(),
        }
    }
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            connections_max: 20_000,
            connections_per_source_max: 100,
            connect_timeout: Duration::from_secs(5),
            first_message_timeout: Duration::from_secs(10),
            message_timeout: Duration::from_secs(10),
            // Longer than the longest registration we grant, so that a phone which sends nothing but
            // its refresh keeps its connection. TCP keep-alives find the dead ones sooner.
            idle_timeout: Duration::from_secs(3_700),
            write_timeout: Duration::from_secs(10),
        }
    }
}
