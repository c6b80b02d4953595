//! The fixed header of an RTP packet, RFC 3550 section 5.1.

/// Length of the fixed header, in bytes.
pub const HEADER_LEN: usize = 12;

/// Whether a packet on a port that carries both is RTCP: RFC 5761 section 4.
pub fn is_rtcp(packet: &[u8]) -> bool {
    packet.get(1).is_some_and(|it| (192..=223).contains(it))
}

/// What the relay needs to know of a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header {
    /// Start of a talk spurt for audio (RFC 3551 section 4.1).
    pub marker: bool,
    /// Payload type, 0 to 127.
    pub payload_type: u8,
    /// Sequence number; wraps.
    pub sequence: u16,
    /// In ticks of the payload type's clock; wraps.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
}

impl Header {
    /// Reads a packet that is valid by RFC 3550 appendix A.1, with the length of its payload in
    /// bytes; `None` for anything else.
    pub fn parse(packet: &[u8]) -> Option<(Self, usize)> {
        let fixed: &[u8; HEADER_LEN] = packet.first_chunk()?;
        if fixed[0] >> 6 != VERSION {
            return None;
        }
        let payload_len = payload_len(packet, fixed[0])?;
        let [_, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *fixed;
        let header = Self {
            marker: second & MARKER != 0,
            payload_type: second & !MARKER,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
        };
        Some((header, payload_len))
    }

    /// Writes the header over the first twelve bytes of `packet`, leaving the padding, extension
    /// and CSRC bits as they are.
    ///
    /// # Panics
    /// If `packet` is shorter than [`HEADER_LEN`].
    pub fn write_over(&self, packet: &mut [u8]) {
        packet[1] = u8::from(self.marker) << 7 | self.payload_type & !MARKER;
        packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        packet[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
    }

    /// The header of a packet of our own: no padding, no extension, no CSRC.
    pub fn to_bytes(self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[0] = VERSION << 6;
        self.write_over(&mut bytes);
        bytes
    }
}

/// The payload of a valid packet, `len` bytes long as [`Header::parse`] told.
pub(crate) fn payload(packet: &[u8], len: usize) -> &[u8] {
    let padding = match (packet[0] & PADDING, packet.last()) {
        (0, _) | (_, None) => 0,
        (_, Some(padding)) => usize::from(*padding),
    };
    let end = packet.len() - padding;
    &packet[end - len..end]
}

/// Bytes after CSRC list and extension, less the padding; `None` if they contradict the length.
fn payload_len(packet: &[u8], first: u8) -> Option<usize> {
    let csrc_count = usize::from(first & 0x0f);
    let mut start = HEADER_LEN + 4 * csrc_count;
    if first & EXTENSION != 0 {
        let words = packet.get(start + 2..start + 4)?;
        start += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    let rest = packet.len().checked_sub(start)?;
    if first & PADDING == 0 {
        return Some(rest);
    }
    let padding = usize::from(*packet.last()?);
    if padding == 0 { None } else { rest.checked_sub(padding) }
}

const VERSION: u8 = 2;
const PADDING: u8 = 0x20;
const EXTENSION: u8 = 0x10;
const MARKER: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header {
        marker: true,
        payload_type: 101,
        sequence: 0xfffe,
        timestamp: 0x0102_0304,
        ssrc: 0xa0b0_c0d0,
    };

    #[test]
    fn what_is_written_is_read_again() {
        let mut packet = HEADER.to_bytes().to_vec();
        packet.extend([0; 160]);

        assert_eq!(Header::parse(&packet), Some((HEADER, 160)));
    }

    #[test]
    fn rtcp_is_told_from_rtp_by_its_second_byte() {
        assert!(is_rtcp(&[0x80, 201, 0, 1]));
        assert!(!is_rtcp(&HEADER.to_bytes()), "payload type 101 with the marker");
        assert!(!is_rtcp(&[0x80]));
    }

    #[test]
    fn csrc_extension_and_padding_are_not_payload() {
        let mut packet = HEADER.to_bytes().to_vec();
        packet[0] |= PADDING | EXTENSION | 2;
        packet.extend([0; 8]); // two CSRC
        packet.extend([0xbe, 0xde, 0, 1, 1, 2, 3, 4]); // one word of extension
        packet.extend([9; 20]);
        packet.extend([0, 0, 3]); // padding

        assert_eq!(Header::parse(&packet), Some((HEADER, 20)));
        assert_eq!(payload(&packet, 20), [9; 20]);
    }

    #[test]
    fn packets_that_contradict_themselves_are_refused() {
        let good = HEADER.to_bytes();
        let with_first = |first: u8, tail: &[u8]| {
            let mut packet = good.to_vec();
            packet[0] = first;
            packet.extend(tail);
            packet
        };

        assert_eq!(Header::parse(&good[..11]), None);
        assert_eq!(Header::parse(&with_first(0x40, &[0; 160])), None, "version 1");
        assert_eq!(Header::parse(&with_first(0x8f, &[0; 59])), None, "15 CSRC need 60 bytes");
        assert_eq!(Header::parse(&with_first(0x90, &[0, 0, 0])), None, "extension cut off");
        assert_eq!(Header::parse(&with_first(0x90, &[0, 0, 0, 9, 1])), None, "extension too long");
        assert_eq!(Header::parse(&with_first(0xa0, &[1, 2, 9])), None, "more padding than payload");
        assert_eq!(Header::parse(&with_first(0xa0, &[1, 2, 0])), None, "padding of nothing");
    }
}
