//! The packets that a tick makes for one far end.

use crate::{
    cadence::PACKETS_A_TICK,
    outlet::Outlet,
    playout::PAYLOAD_MAX,
    rtp::{HEADER_LEN, Header},
};

/// Room for them: none where the tick ends no packet, one, or two of 10 ms.
#[derive(Debug)]
pub(crate) struct Packets {
    packets: [Packet; PACKETS_A_TICK],
    count: usize,
}

/// A payload, with room for a header before it.
#[derive(Debug)]
pub(crate) struct Packet {
    bytes: [u8; HEADER_LEN + PAYLOAD_MAX],
    /// Of the packet.
    len: usize,
}

impl Packets {
    /// None yet.
    pub(crate) fn new() -> Self {
        let packets = [const { Packet { bytes: [0; _], len: 0 } }; PACKETS_A_TICK];
        Self { packets, count: 0 }
    }

    /// Forgets them, for the next far end.
    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds a packet that has no header yet, whose payload `write` writes and says how long it is. One
    /// without payload is none.
    #[inline]
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut [u8]) -> usize) {
        let Some(packet) = self.packets.get_mut(self.count) else { return };
        let len = write(&mut packet.bytes[HEADER_LEN..]);
        packet.len = HEADER_LEN + len;
        self.count += usize::from(len > 0);
    }

    /// Adds a packet that has no header yet; one without payload is none.
    #[inline]
    pub(crate) fn add(&mut self, payload: &[u8]) {
        self.write(|room| {
            room[..payload.len()].copy_from_slice(payload);
            payload.len()
        });
    }

    /// Adds what an outlet has for its hearers.
    #[inline]
    pub(crate) fn add_all(&mut self, outlet: &Outlet) {
        for payload in outlet.payloads() {
            self.add(payload);
        }
    }

    /// The packets in order, to be given their headers.
    #[inline]
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Packet> {
        self.packets.iter_mut().take(self.count)
    }

    /// The packets, in order.
    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.packets.iter().take(self.count).map(|it| &it.bytes[..it.len])
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl Packet {
    /// Length of its payload, in bytes.
    pub(crate) fn payload_len(&self) -> usize {
        self.len - HEADER_LEN
    }

    /// Gives it its header.
    pub(crate) fn head(&mut self, header: &Header) {
        self.bytes[..HEADER_LEN].copy_from_slice(&header.to_bytes());
    }
}
