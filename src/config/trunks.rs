//! `[[trunk]]`

use super::{Problems, Protocol};
use serde::Deserialize;
use sip::{Destination, Host};
use std::{collections::HashSet, net::IpAddr};

/// A link to a carrier, trusted by address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trunk {
    /// Its name in dialplans.
    pub name: String,
    /// Name of the domain whose calls use it.
    pub domain: String,
    /// Where calls go out.
    pub destination: Destination,
    /// Requests from these addresses are this trunk's; empty if it only takes calls.
    pub sources: Vec<IpAddr>,
    /// Port that they must come from, where trunks or phones share an address.
    pub source_port: Option<u16>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    name: String,
    domain: String,
    destination: String,
    sources: Vec<IpAddr>,
    source_port: Option<u16>,
}

/// Checks each alone and all against each other.
pub(super) fn check_all(raw: Vec<Raw>, problems: &mut Problems) -> Vec<Trunk> {
    let mut names = HashSet::new();
    let mut trunks = Vec::with_capacity(raw.len());
    for (n, raw) in raw.into_iter().enumerate() {
        let path = format!("trunk[{n}]");
        if !raw.name.is_empty() && !names.insert(raw.name.clone()) {
            problems
                .add(format!("{path}.name"), format!("{:?} is there twice: rename one", raw.name));
        }
        trunks.extend(raw.check(&path, problems));
    }
    check_sources(&trunks, problems);
    trunks
}

impl Raw {
    fn check(self, path: &str, problems: &mut Problems) -> Option<Trunk> {
        let is_name = |text: &str| {
            !text.is_empty() && text.chars().all(|it| it.is_alphanumeric() || "-_.".contains(it))
        };
        if !is_name(&self.name) {
            problems.add(
                format!("{path}.name"),
                "write a name of letters, digits, '-', '_' and '.': dialplans call it by that",
            );
        }
        if self.domain.is_empty() {
            problems.add(format!("{path}.domain"), "write the name of the domain that it serves");
        }
        if self.source_port == Some(0) {
            problems.add(format!("{path}.source_port"), "0 is no port: leave the key out for any");
        }
        let Some(destination) = parse_destination(&self.destination) else {
            problems.add(
                format!("{path}.destination"),
                format!(
                    "{:?} is not HOST:PORT/udp or HOST:PORT/tcp: write it as \
                     \"sip.provider.example:5060/udp\"",
                    self.destination
                ),
            );
            return None;
        };
        Some(Trunk {
            name: self.name,
            domain: self.domain.to_ascii_lowercase(),
            destination,
            sources: self.sources,
            source_port: self.source_port,
        })
    }
}

fn parse_destination(text: &str) -> Option<Destination> {
    let (address, protocol) = text.rsplit_once('/')?;
    let (host, port) = address.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    Some(Destination {
        transport: protocol.parse::<Protocol>().ok()?.transport(),
        host: parse_host(host)?,
        port: (port > 0).then_some(port)?,
        flow: None,
        local: None,
    })
}

fn parse_host(text: &str) -> Option<Host> {
    if let Some(ipv6) = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        return ipv6.parse().ok().map(|ip| Host::Ip(IpAddr::V6(ip)));
    }
    if let Ok(ip) = text.parse() {
        return Some(Host::Ip(IpAddr::V4(ip)));
    }
    let is_name = !text.is_empty()
        && text.chars().all(|it| it.is_ascii_alphanumeric() || it == '-' || it == '.');
    is_name.then(|| Host::Name(text.to_owned().into()))
}

/// A request must be of one trunk only.
fn check_sources(trunks: &[Trunk], problems: &mut Problems) {
    for (n, trunk) in trunks.iter().enumerate() {
        let rival = trunks[..n].iter().find(|other| {
            let shares_port = match (trunk.source_port, other.source_port) {
                (Some(own), Some(theirs)) => own == theirs,
                (None, _) | (_, None) => true,
            };
            shares_port && trunk.sources.iter().any(|ip| other.sources.contains(ip))
        });
        if let Some(rival) = rival {
            problems.add(
                format!("trunk[{n}].sources"),
                format!(
                    "share an address with trunk {:?}: give each a source_port, or remove one",
                    rival.name
                ),
            );
        }
    }
}
