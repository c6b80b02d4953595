//! `[media]`

use super::{Problems, signalling::count_or_half_the_cores};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    num::NonZeroUsize,
    str::FromStr,
    time::Duration,
};

/// Workers, addresses and ports of RTP.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Media {
    /// Threads; half the cores unless set.
    pub workers: NonZeroUsize,
    /// Addresses to bind; at most one of a family.
    pub listen: Vec<IpAddr>,
    /// What goes into SDP in place of the IPv4 address.
    pub advertised_ipv4: Option<Ipv4Addr>,
    /// What goes into SDP in place of the IPv6 address.
    pub advertised_ipv6: Option<Ipv6Addr>,
    /// RTP on the even ports, RTCP on the odd.
    pub ports: PortRange,
    /// An answered call without a packet for this long is ended.
    pub rtp_timeout: Duration,
}

/// UDP ports, both ends included; a whole number of RTP and RTCP pairs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PortRange {
    /// The first, even.
    pub first: u16,
    /// The last, odd.
    pub last: u16,
}

impl Media {
    /// The address that goes into SDP for one of `listen`.
    pub fn advertised(&self, bound: IpAddr) -> IpAddr {
        match bound {
            IpAddr::V4(own) => IpAddr::V4(self.advertised_ipv4.unwrap_or(own)),
            IpAddr::V6(own) => IpAddr::V6(self.advertised_ipv6.unwrap_or(own)),
        }
    }
}

impl PortRange {
    /// How many sessions fit.
    pub fn pairs(self) -> usize {
        usize::from(self.last - self.first).div_ceil(2)
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl FromStr for PortRange {
    type Err = NotAPortRange;

    fn from_str(text: &str) -> Result<Self, NotAPortRange> {
        let (first, last) = text.split_once('-').ok_or(NotAPortRange)?;
        let first = first.trim().parse().map_err(|_| NotAPortRange)?;
        let last = last.trim().parse().map_err(|_| NotAPortRange)?;
        let is_pairs = first % 2 == 0 && last % 2 == 1;
        if is_pairs && 0 < first && first < last {
            Ok(Self { first, last })
        } else {
            Err(NotAPortRange)
        }
    }
}

/// The text is no range of port pairs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("is not FIRST-LAST with an even first and a greater odd last: write it as \"20000-29999\"")]
pub struct NotAPortRange;

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    workers: u32,
    pub(super) listen: Vec<IpAddr>,
    advertised_ipv4: Option<Ipv4Addr>,
    advertised_ipv6: Option<Ipv6Addr>,
    pub(super) ports: String,
    rtp_timeout_s: u32,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            workers: 0,
            listen: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            advertised_ipv4: None,
            advertised_ipv6: None,
            ports: DEFAULT_PORTS.to_string(),
            rtp_timeout_s: 60,
        }
    }
}

impl Raw {
    pub(super) fn check(self, problems: &mut Problems) -> Media {
        self.check_listen(problems);
        let ports = self.ports.parse().unwrap_or_else(|error| {
            problems.add("media.ports", format!("{:?} {error}", self.ports));
            DEFAULT_PORTS
        });
        Media {
            workers: count_or_half_the_cores("media.workers", self.workers, problems),
            listen: self.listen,
            advertised_ipv4: self.advertised_ipv4,
            advertised_ipv6: self.advertised_ipv6,
            ports,
            rtp_timeout: problems.seconds("media.rtp_timeout_s", self.rtp_timeout_s, 5..=86_400),
        }
    }

    fn check_listen(&self, problems: &mut Problems) {
        if self.listen.is_empty() {
            problems.add("media.listen", "is empty: write at least one address");
        }
        let families = [
            (true, "media.advertised_ipv4", self.advertised_ipv4.is_some()),
            (false, "media.advertised_ipv6", self.advertised_ipv6.is_some()),
        ];
        for (is_v4, key, is_advertised) in families {
            let mut own = self.listen.iter().filter(|it| it.is_ipv4() == is_v4);
            if let Some(ip) = own.next()
                && ip.is_unspecified()
                && !is_advertised
            {
                problems.add(
                    key,
                    format!("media.listen has {ip}, which no phone can send to: write the address they see"),
                );
            }
            if let Some(second) = own.next() {
                problems.add(
                    "media.listen",
                    format!("{second} is the second address of its family: keep one"),
                );
            }
        }
    }
}

const DEFAULT_PORTS: PortRange = PortRange { first: 20_000, last: 29_999 };
