//! Counters, looked up once: a message costs an atomic addition each.

use metrics::{Counter, Gauge, counter, gauge};
use sip::Transport;

/// Every number the transports count.
pub(super) struct Meters {
    udp: Traffic,
    stream: Traffic,
    /// Datagrams and messages dropped for their source's rate.
    pub(super) limited: Counter,
    /// Datagrams and messages dropped as their source is banned.
    pub(super) banned: Counter,
    /// CRLF and STUN keep-alives.
    pub(super) keep_alives: Counter,
    /// New requests answered 503 as the shard's inbox left no room for them.
    pub(super) overload_refused: Counter,
    /// Messages dropped as the shard's inbox was full to the brim.
    pub(super) overload_dropped: Counter,
    /// Messages that could not be sent.
    pub(super) send_failures: Counter,
    /// Live stream connections.
    pub(super) connections: Gauge,
    /// Connections closed at once for a cap or a ban.
    pub(super) connections_refused: Counter,
    /// Connections closed for a timer: idle, slow message, slow reader.
    pub(super) connections_timed_out: Counter,
}

/// One transport's messages.
pub(super) struct Traffic {
    pub(super) received: Counter,
    pub(super) sent: Counter,
    pub(super) parse_errors: Counter,
}

impl Meters {
    /// To be called after the recorder is installed.
    pub(super) fn new() -> Self {
        Self {
            udp: Traffic::new(Transport::Udp),
            stream: Traffic::new(Transport::Tcp),
            limited: counter!("tandem_sip_limited_total"),
            banned: counter!("tandem_sip_banned_total"),
            keep_alives: counter!("tandem_sip_keep_alives_total"),
            overload_refused: counter!("tandem_sip_overload_refused_total"),
            overload_dropped: counter!("tandem_sip_overload_dropped_total"),
            send_failures: counter!("tandem_sip_send_failures_total"),
            connections: gauge!("tandem_sip_connections"),
            connections_refused: counter!("tandem_sip_connections_refused_total"),
            connections_timed_out: counter!("tandem_sip_connections_timed_out_total"),
        }
    }

    /// The transport's own.
    pub(super) fn of(&self, transport: Transport) -> &Traffic {
        match transport {
            Transport::Udp => &self.udp,
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => &self.stream,
        }
    }
}

impl Traffic {
    fn new(transport: Transport) -> Self {
        let transport = transport.uri_token();
        Self {
            received: counter!(
                "tandem_sip_messages_total", "direction" => "in", "transport" => transport
            ),
            sent: counter!(
                "tandem_sip_messages_total", "direction" => "out", "transport" => transport
            ),
            parse_errors: counter!("tandem_sip_parse_errors_total", "transport" => transport),
        }
    }
}
