//! `[sip]`

use super::{Problems, SipListener};
use serde::{Deserialize, Serialize};
use sip::digest::Algorithm;
use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

/// Listeners, and what strangers may do.
#[derive(Clone, Debug, PartialEq)]
pub struct Sip {
    /// Where SIP is spoken; at least one.
    pub listen: Vec<SipListener>,
    /// What peers should see in place of an IPv4 listener's own address.
    pub advertised_ipv4: Option<Ipv4Addr>,
    /// What peers should see in place of an IPv6 listener's own address.
    pub advertised_ipv6: Option<Ipv6Addr>,
    /// What phones are challenged with, in this order; at least one.
    pub digest: Vec<Algorithm>,
    /// How long a digest nonce is good for.
    pub nonce_lifetime: Duration,
    /// Per source address, before anything is parsed.
    pub source: SourceLimits,
    /// Of stream connections.
    pub stream: StreamLimits,
}

/// Bounds of one source address.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceLimits {
    /// Datagrams and stream messages a second, sustained.
    pub messages_per_s: u32,
    /// How many may come at once.
    pub burst: u32,
    /// Stream connections at a time.
    pub connections_max: u32,
    /// Offences (messages over the limit, failed logins) within the window that earn a ban; 0 for
    /// no bans.
    pub offences_max: u32,
    /// How long an offence is remembered.
    pub offence_window: Duration,
    /// How long a ban lasts.
    pub ban: Duration,
    /// Addresses without these bounds; those of trunks are added to them.
    pub exempt: Vec<IpAddr>,
}

/// Bounds of stream connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StreamLimits {
    /// All connections together.
    pub connections_max: u32,
    /// A connection on which nothing came for this long is closed.
    pub idle_timeout: Duration,
    /// A new connection must bring its first message or keep-alive within this.
    pub first_message_timeout: Duration,
    /// A message that was begun must be complete after this long.
    pub message_timeout: Duration,
    /// A connection that we open must stand after this long.
    pub connect_timeout: Duration,
    /// A peer that refuses to read what we write for this long is cut off.
    pub write_timeout: Duration,
}

impl Sip {
    /// The address that peers should see for one of our sockets.
    pub fn advertised(&self, bound: SocketAddr) -> SocketAddr {
        let ip = match bound.ip() {
            IpAddr::V4(own) => IpAddr::V4(self.advertised_ipv4.unwrap_or(own)),
            IpAddr::V6(own) => IpAddr::V6(self.advertised_ipv6.unwrap_or(own)),
        };
        SocketAddr::new(ip, bound.port())
    }
}

/// An algorithm that phones are challenged with.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
enum DigestAlgorithm {
    #[serde(rename = "MD5")]
    Md5,
    #[serde(rename = "SHA-256")]
    Sha256,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) listen: Vec<String>,
    advertised_ipv4: Option<Ipv4Addr>,
    advertised_ipv6: Option<Ipv6Addr>,
    digest: Vec<DigestAlgorithm>,
    nonce_lifetime_s: u32,
    source_messages_per_s: u32,
    source_burst: u32,
    source_connections_max: u32,
    source_offences_max: u32,
    source_offence_window_s: u32,
    source_ban_s: u32,
    source_exempt: Vec<IpAddr>,
    connections_max: u32,
    idle_timeout_s: u32,
    first_message_timeout_s: u32,
    message_timeout_s: u32,
    connect_timeout_s: u32,
    write_timeout_s: u32,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            listen: vec!["127.0.0.1:5060/udp".to_owned(), "127.0.0.1:5060/tcp".to_owned()],
            advertised_ipv4: None,
            advertised_ipv6: None,
            // Phones in the field (baresip 1.0 is one) give up on a challenge that names SHA-256 at
            // all, even after MD5.
            digest: vec![DigestAlgorithm::Md5],
            nonce_lifetime_s: 300,
            source_messages_per_s: 200,
            source_burst: 1000,
            source_connections_max: 100,
            source_offences_max: 1000,
            source_offence_window_s: 60,
            source_ban_s: 300,
            source_exempt: vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
            connections_max: 10_000,
            idle_timeout_s: 3700,
            first_message_timeout_s: 10,
            message_timeout_s: 10,
            connect_timeout_s: 5,
            write_timeout_s: 10,
        }
    }
}

impl Raw {
    pub(super) fn check(self, problems: &mut Problems) -> Sip {
        let listen = check_listeners(&self.listen, problems);
        check_advertised(&listen, self.advertised_ipv4, self.advertised_ipv6, problems);
        let nonce_lifetime =
            problems.seconds("sip.nonce_lifetime_s", self.nonce_lifetime_s, 10..=86_400);
        Sip {
            listen,
            advertised_ipv4: self.advertised_ipv4,
            advertised_ipv6: self.advertised_ipv6,
            digest: self.check_digest(problems),
            nonce_lifetime,
            stream: self.check_stream(problems),
            source: self.check_source(problems),
        }
    }

    fn check_digest(&self, problems: &mut Problems) -> Vec<Algorithm> {
        if self.digest.is_empty() {
            let problem = "offers nothing: write [\"MD5\", \"SHA-256\"], or one of them";
            problems.add("sip.digest", problem);
        }
        let algorithm_of = |it: &DigestAlgorithm| match it {
            DigestAlgorithm::Md5 => Algorithm::Md5,
            DigestAlgorithm::Sha256 => Algorithm::Sha256,
        };
        self.digest.iter().map(algorithm_of).collect()
    }

    fn check_source(self, problems: &mut Problems) -> SourceLimits {
        let mut count = |key, value, least| problems.in_range(key, value, least..=1_000_000);
        let messages_per_s = count("sip.source_messages_per_s", self.source_messages_per_s, 1);
        let burst = count("sip.source_burst", self.source_burst, 1);
        let connections_max = count("sip.source_connections_max", self.source_connections_max, 1);
        let offences_max = count("sip.source_offences_max", self.source_offences_max, 0);
        let mut seconds = |key, value| problems.seconds(key, value, 1..=86_400);
        SourceLimits {
            messages_per_s,
            burst,
            connections_max,
            offences_max,
            offence_window: seconds("sip.source_offence_window_s", self.source_offence_window_s),
            ban: seconds("sip.source_ban_s", self.source_ban_s),
            exempt: self.source_exempt,
        }
    }

    fn check_stream(&self, problems: &mut Problems) -> StreamLimits {
        let connections_max =
            problems.in_range("sip.connections_max", self.connections_max, 1..=1_000_000);
        let mut seconds = |key, value, range| problems.seconds(key, value, range);
        StreamLimits {
            connections_max,
            idle_timeout: seconds("sip.idle_timeout_s", self.idle_timeout_s, 10..=86_400),
            first_message_timeout: seconds(
                "sip.first_message_timeout_s",
                self.first_message_timeout_s,
                1..=300,
            ),
            message_timeout: seconds("sip.message_timeout_s", self.message_timeout_s, 1..=300),
            connect_timeout: seconds("sip.connect_timeout_s", self.connect_timeout_s, 1..=30),
            write_timeout: seconds("sip.write_timeout_s", self.write_timeout_s, 1..=300),
        }
    }
}

fn check_listeners(texts: &[String], problems: &mut Problems) -> Vec<SipListener> {
    if texts.is_empty() {
        problems.add("sip.listen", "is empty: write at least one ADDRESS:PORT/udp");
    }
    let mut seen = HashSet::new();
    let mut listeners = Vec::with_capacity(texts.len());
    for (n, text) in texts.iter().enumerate() {
        let key = format!("sip.listen[{n}]");
        match text.parse::<SipListener>() {
            Ok(listener) if !seen.insert(listener) => {
                problems.add(key, format!("{text:?} is there twice: remove one"));
            }
            Ok(listener) => listeners.push(listener),
            Err(error) => problems.add(key, format!("{text:?} {error}")),
        }
    }
    listeners
}

/// Peers cannot answer to 0.0.0.0.
fn check_advertised(
    listeners: &[SipListener],
    ipv4: Option<Ipv4Addr>,
    ipv6: Option<Ipv6Addr>,
    problems: &mut Problems,
) {
    let needs = |is_v4: bool| {
        listeners
            .iter()
            .map(|it| it.address)
            .find(|it| it.is_ipv4() == is_v4 && it.ip().is_unspecified())
    };
    if let (Some(address), None) = (needs(true), ipv4) {
        problems.add("sip.advertised_ipv4", advice(address));
    }
    if let (Some(address), None) = (needs(false), ipv6) {
        problems.add("sip.advertised_ipv6", advice(address));
    }
}

fn advice(listener: SocketAddr) -> String {
    format!("sip.listen has {listener}, which peers cannot answer to: write the address they see")
}
