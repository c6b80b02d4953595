//! Ports that no other test has, in this process or another.

use std::{
    net::{Ipv4Addr, TcpListener, UdpSocket},
    ops::RangeInclusive,
};

/// A run of [`PORTS_A_BLOCK`] ports. Its first port is held open as long as the block is in use, so
/// that tests in other processes see that it is taken.
#[derive(Debug)]
pub(crate) struct PortBlock {
    first: u16,
    _claim: TcpListener,
}

impl PortBlock {
    /// Claims a free block.
    pub(crate) fn claim() -> Self {
        (FIRST_PORT..LAST_PORT)
            .step_by(usize::from(PORTS_A_BLOCK))
            .find_map(Self::claim_at)
            .expect("a free block of ports: end the programs that hold ports 10000 to 19999")
    }

    /// The port at `offset` into the block; 0 is the claim itself.
    pub(crate) fn port(&self, offset: u16) -> u16 {
        assert!((1..PORTS_A_BLOCK).contains(&offset), "offset {offset} is outside the block");
        self.first + offset
    }

    /// The second half of the block, for RTP.
    pub(crate) fn rtp_range(&self) -> RangeInclusive<u16> {
        self.first + RTP_OFFSET..=self.first + PORTS_A_BLOCK - 1
    }

    fn claim_at(first: u16) -> Option<Self> {
        let claim = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).ok()?;
        let is_free = (1..CHECKED_PORTS).all(|offset| {
            UdpSocket::bind((Ipv4Addr::LOCALHOST, first + offset)).is_ok()
                && TcpListener::bind((Ipv4Addr::LOCALHOST, first + offset)).is_ok()
        });
        is_free.then_some(Self { first, _claim: claim })
    }
}

/// Below the demo's RTP ports and the kernel's ephemeral ones.
const FIRST_PORT: u16 = 10_000;
const LAST_PORT: u16 = 20_000;
const PORTS_A_BLOCK: u16 = 400;
const RTP_OFFSET: u16 = 200;
/// The fixed ports of server and phones sit at the start of a block.
const CHECKED_PORTS: u16 = 40;
