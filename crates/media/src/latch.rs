//! Whose packets are believed: symmetric RTP that locks to one source.
//!
//! Behind a NAT the far end sends from an address that its description does not name. Before
//! lock-in the described address is believed at once, and any other after [`CONSISTENT_PACKETS`]
//! of one stream. After lock-in every other source is a stranger: nothing of it is forwarded and
//! nothing is sent to it. A lock is opened again only by a description with another address; a
//! NAT that rebinds in mid-call is not followed, because it cannot be told from an attacker.

use crate::rtp::Header;
use std::net::SocketAddr;

/// Packets of one stream, in order, that make an undescribed source believable.
pub(crate) const CONSISTENT_PACKETS: u8 = 3;

/// The source filter of one session.
#[derive(Clone, Debug, Default)]
pub(crate) enum Latch {
    /// No address described yet.
    #[default]
    Closed,
    /// Described, and waiting for who really sends.
    Waiting {
        /// The described address.
        described: SocketAddr,
        /// Others who ask for belief.
        candidates: Vec<Candidate>,
    },
    /// Locked.
    Locked {
        /// The described address.
        described: SocketAddr,
        /// The believed one.
        source: SocketAddr,
    },
}

/// What the latch says of a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Belief {
    /// It is the far end's.
    Ours,
    /// Nobody is believed yet.
    NotYet,
    /// It is a stranger's.
    Foreign,
}

impl Latch {
    /// Takes the address of a description; latching starts afresh if it is another one and the
    /// lock does not already hold its source. An address that nobody can send from (unspecified,
    /// or port 0: the old way to hold) changes nothing.
    pub(crate) fn describe(&mut self, address: SocketAddr) {
        if address.ip().is_unspecified() || address.port() == 0 {
            return;
        }
        match self {
            Self::Waiting { described, .. } | Self::Locked { described, .. }
                if *described == address => {}
            Self::Locked { described, source } if *source == address => *described = address,
            Self::Closed | Self::Waiting { .. } | Self::Locked { .. } => {
                *self = Self::Waiting { described: address, candidates: Vec::new() };
            }
        }
    }

    /// Judges a valid packet.
    pub(crate) fn judge(&mut self, from: SocketAddr, header: &Header) -> Belief {
        match self {
            Self::Locked { source, .. } if *source == from => Belief::Ours,
            Self::Locked { .. } => Belief::Foreign,
            Self::Closed => Belief::NotYet,
            Self::Waiting { described, candidates } => {
                let described = *described;
                if from == described || has_convinced(candidates, from, header) {
                    *self = Self::Locked { described, source: from };
                    return Belief::Ours;
                }
                Belief::NotYet
            }
        }
    }

    /// The believed source.
    pub(crate) fn source(&self) -> Option<SocketAddr> {
        match self {
            Self::Closed | Self::Waiting { .. } => None,
            Self::Locked { source, .. } => Some(*source),
        }
    }

    /// Where to send: to the believed source, else to the described address.
    pub(crate) fn destination(&self) -> Option<SocketAddr> {
        match self {
            Self::Closed => None,
            Self::Waiting { described, .. } => Some(*described),
            Self::Locked { source, .. } => Some(*source),
        }
    }
}

/// A source that is not the described one.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    from: SocketAddr,
    ssrc: u32,
    sequence: u16,
    consistent: u8,
}

fn has_convinced(candidates: &mut Vec<Candidate>, from: SocketAddr, header: &Header) -> bool {
    let (ssrc, sequence) = (header.ssrc, header.sequence);
    let Some(known) = candidates.iter_mut().find(|it| it.from == from) else {
        if candidates.len() == CANDIDATES_MAX
            && let Some(weakest) = (0..CANDIDATES_MAX).min_by_key(|n| candidates[*n].consistent)
        {
            candidates.remove(weakest);
        }
        candidates.push(Candidate { from, ssrc, sequence, consistent: 1 });
        return false;
    };
    let step = sequence.wrapping_sub(known.sequence);
    let follows = known.ssrc == ssrc && (1..=MAX_STEP).contains(&step);
    known.consistent = if follows { known.consistent + 1 } else { 1 };
    known.ssrc = ssrc;
    known.sequence = sequence;
    known.consistent >= CONSISTENT_PACKETS
}

/// Sources watched at once; one more displaces the least consistent.
const CANDIDATES_MAX: usize = 4;
/// Largest step of the sequence number between consistent packets: a few may be lost.
const MAX_STEP: u16 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_described_address_locks_at_once() {
        let mut latch = waiting_for(1);

        assert_eq!(latch.judge(address(1), &packet(7, 100)), Belief::Ours);
        assert_eq!(latch.judge(address(2), &packet(7, 101)), Belief::Foreign);
        assert_eq!(latch.source(), Some(address(1)));
    }

    #[test]
    fn another_source_locks_after_consistent_packets_only() {
        let mut latch = waiting_for(1);

        let beliefs = [100, 101, 103].map(|n| latch.judge(address(2), &packet(7, n)));

        assert_eq!(beliefs, [Belief::NotYet, Belief::NotYet, Belief::Ours]);
        assert_eq!(latch.judge(address(1), &packet(7, 104)), Belief::Foreign);
        assert_eq!(latch.destination(), Some(address(2)));
    }

    #[test]
    fn noise_from_another_source_never_locks() {
        let mut latch = waiting_for(1);
        for n in 0..1000_u16 {
            let noise = packet(u32::from(n), n.wrapping_mul(7919));
            assert_eq!(latch.judge(address(2), &noise), Belief::NotYet);
        }

        assert_eq!(latch.destination(), Some(address(1)));
    }

    #[test]
    fn a_repeated_packet_is_not_consistent() {
        let mut latch = waiting_for(1);
        for _ in 0..10 {
            assert_eq!(latch.judge(address(2), &packet(7, 100)), Belief::NotYet);
        }
    }

    #[test]
    fn the_same_description_again_keeps_the_lock_and_another_opens_it() {
        let mut latch = waiting_for(1);
        latch.judge(address(1), &packet(7, 100));

        latch.describe(address(1));
        latch.describe("0.0.0.0:9".parse().unwrap());
        assert_eq!(latch.source(), Some(address(1)));

        latch.describe(address(3));
        assert_eq!((latch.source(), latch.destination()), (None, Some(address(3))));
    }

    #[test]
    fn describing_the_believed_source_keeps_the_lock() {
        let mut latch = waiting_for(1);
        for n in 0..3 {
            latch.judge(address(2), &packet(7, n));
        }

        latch.describe(address(2));

        assert_eq!(latch.source(), Some(address(2)));
    }

    #[test]
    fn before_a_description_nobody_is_believed() {
        let mut latch = Latch::default();
        for n in 0..10 {
            assert_eq!(latch.judge(address(2), &packet(7, n)), Belief::NotYet);
        }
    }

    fn waiting_for(port: u16) -> Latch {
        let mut latch = Latch::default();
        latch.describe(address(port));
        latch
    }

    fn address(port: u16) -> SocketAddr {
        ([192, 0, 2, 1], port).into()
    }

    fn packet(ssrc: u32, sequence: u16) -> Header {
        Header { marker: false, payload_type: 0, sequence, timestamp: 0, ssrc }
    }
}
