//! Packets that one packet became.

use crate::{
    relay::Transmit,
    rtp::{HEADER_LEN, Header},
};

/// Keeps what transcoding made until it is sent. Grows to the most that one packet ever became, and
/// allocates no more then.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    packets: Vec<Packet>,
    /// How many of them are there, and how many were fetched.
    count: usize,
    fetched: usize,
}

#[derive(Debug, Default)]
struct Packet {
    transmit: Option<Transmit>,
    bytes: Vec<u8>,
}

impl Outbox {
    /// Forgets what was not fetched.
    pub(crate) fn clear(&mut self) {
        self.count = 0;
        self.fetched = 0;
    }

    /// Writes a packet that [`Self::push`] may add.
    pub(crate) fn write(&mut self, header: &Header, payload: &[u8]) -> &mut [u8] {
        if self.packets.len() == self.count {
            let bytes = Vec::with_capacity(HEADER_LEN + payload.len());
            self.packets.push(Packet { transmit: None, bytes });
        }
        let bytes = &mut self.packets[self.count].bytes;
        bytes.clear();
        bytes.extend_from_slice(&header.to_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }

    /// Adds the packet that was written last.
    pub(crate) fn push(&mut self, transmit: Transmit) {
        if let Some(packet) = self.packets.get_mut(self.count) {
            packet.transmit = Some(transmit);
            self.count += 1;
        }
    }

    /// Adds a packet that is whole already.
    pub(crate) fn put(&mut self, transmit: Transmit, packet: &[u8]) {
        if self.packets.len() == self.count {
            self.packets.push(Packet::default());
        }
        let bytes = &mut self.packets[self.count].bytes;
        bytes.clear();
        bytes.extend_from_slice(packet);
        self.push(transmit);
    }

    /// How many are yet to be fetched.
    pub(crate) fn len(&self) -> usize {
        self.count - self.fetched
    }

    /// The next, oldest first.
    pub(crate) fn pop(&mut self) -> Option<(Transmit, &[u8])> {
        let packet = self.packets[..self.count].get(self.fetched)?;
        self.fetched += 1;
        Some((packet.transmit?, &packet.bytes))
    }
}
