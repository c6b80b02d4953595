//! RTCP packets: what a far end reports, and the reports that we write (RFC 3550 section 6).

/// Whether this is a compound packet whose parts fill it exactly (RFC 3550 appendix A.2; a first
/// part that is no report is let pass, RFC 5506).
pub(crate) fn is_valid(packet: &[u8]) -> bool {
    let mut rest = packet;
    while !rest.is_empty() {
        let Some(len) = part_len(rest) else { return false };
        let is_last = len == rest.len();
        if rest[0] & PADDING != 0 && !is_last {
            return false;
        }
        rest = &rest[len..];
    }
    !packet.is_empty()
}

/// What a far end says of a stream that it hears: one report block (section 6.4.1).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Block {
    /// SSRC of the stream.
    pub(crate) ssrc: u32,
    /// Share of the packets lost since its report before, in 256ths.
    pub(crate) fraction_lost: u8,
    /// Packets lost in all; duplicates can make it negative.
    pub(crate) packets_lost: i32,
    /// Highest sequence number, extended by its wraps.
    pub(crate) highest: u32,
    /// Interarrival jitter, in ticks of the stream's clock.
    pub(crate) jitter_ticks: u32,
    /// The middle of the NTP time in the sender report that it got last; 0 if none.
    pub(crate) last_sender_report: u32,
    /// How long ago that was, in 65536ths of a second.
    pub(crate) since_sender_report: u32,
}

/// One thing that a valid packet tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Told {
    /// The far end sends: the middle of the NTP time at which it said so.
    Sends(u32),
    /// It hears this.
    Hears(Block),
}

/// What a valid packet tells; the rest of it is passed over.
pub(crate) fn read(packet: &[u8]) -> impl Iterator<Item = Told> {
    parts(packet).flat_map(|part| {
        let (sends, blocks_at) = match part[1] {
            SENDER_REPORT => (u32_at(part, 10).map(Told::Sends), 28),
            RECEIVER_REPORT => (None, 8),
            _ => (None, part.len()),
        };
        let count = usize::from(part[0] & COUNT);
        let blocks = part.get(blocks_at..).unwrap_or_default().as_chunks::<BLOCK_LEN>().0;
        sends.into_iter().chain(blocks.iter().take(count).map(|it| Told::Hears(Block::read(it))))
    })
}

/// A report of ours, a compound packet.
#[derive(Clone, Debug)]
pub(crate) struct Report<'a> {
    /// SSRC of the stream that we send, or would send.
    pub(crate) ssrc: u32,
    /// What we sent, if we did since the last report but one.
    pub(crate) sent: Option<Sent>,
    /// What we hear, if we do.
    pub(crate) heard: Option<Block>,
    /// Names us for as long as the session lasts.
    pub(crate) cname: &'a [u8; CNAME_LEN],
    /// Whether the session ends.
    pub(crate) is_last: bool,
}

/// What a sender report tells of our stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Sent {
    /// Our time in NTP's format: seconds, and their 2³² parts.
    pub(crate) ntp: u64,
    /// The same moment on the stream's clock.
    pub(crate) timestamp: u32,
    /// Packets sent in all.
    pub(crate) packets: u32,
    /// Their payload, in bytes.
    pub(crate) bytes: u32,
}

impl Report<'_> {
    /// Writes it; returns its length in bytes.
    pub(crate) fn write(&self, out: &mut [u8; REPORT_MAX]) -> usize {
        let mut out = Cursor { bytes: out, len: 0 };
        let count = u8::from(self.heard.is_some());
        let blocks_len = BLOCK_LEN * usize::from(count);
        match self.sent {
            Some(sent) => {
                out.header(count, SENDER_REPORT, 28 + blocks_len);
                out.put(&self.ssrc.to_be_bytes());
                out.put(&sent.ntp.to_be_bytes());
                out.put(&sent.timestamp.to_be_bytes());
                out.put(&sent.packets.to_be_bytes());
                out.put(&sent.bytes.to_be_bytes());
            }
            None => {
                out.header(count, RECEIVER_REPORT, 8 + blocks_len);
                out.put(&self.ssrc.to_be_bytes());
            }
        }
        if let Some(block) = &self.heard {
            out.put(&block.to_bytes());
        }
        // SSRC, one item and at least one zero byte, in whole words.
        out.header(1, SOURCE_DESCRIPTION, DESCRIPTION_LEN);
        out.put(&self.ssrc.to_be_bytes());
        out.put(&[CNAME, CNAME_LEN as u8]);
        out.put(self.cname);
        out.put(&[0; DESCRIPTION_LEN - 4 - 4 - 2 - CNAME_LEN]);
        if self.is_last {
            out.header(1, GOODBYE, 8);
            out.put(&self.ssrc.to_be_bytes());
        }
        out.len
    }
}

impl Block {
    fn read(bytes: &[u8; BLOCK_LEN]) -> Self {
        let word = |n: usize| u32_at(bytes, 4 * n).unwrap_or_default();
        Self {
            ssrc: word(0),
            fraction_lost: bytes[4],
            // 24 bits with a sign.
            packets_lost: (word(1) << 8).cast_signed() >> 8,
            highest: word(2),
            jitter_ticks: word(3),
            last_sender_report: word(4),
            since_sender_report: word(5),
        }
    }

    fn to_bytes(self) -> [u8; BLOCK_LEN] {
        let lost = self.packets_lost.clamp(LOST_MIN, LOST_MAX).cast_unsigned() & 0x00ff_ffff;
        let words = [
            self.ssrc,
            u32::from(self.fraction_lost) << 24 | lost,
            self.highest,
            self.jitter_ticks,
            self.last_sender_report,
            self.since_sender_report,
        ];
        let mut bytes = [0; BLOCK_LEN];
        for (field, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *field = word.to_be_bytes();
        }
        bytes
    }
}

/// Bytes that are written one after the other.
struct Cursor<'a> {
    bytes: &'a mut [u8; REPORT_MAX],
    len: usize,
}

impl Cursor<'_> {
    /// The first word of a part that is `len` bytes long.
    fn header(&mut self, count: u8, kind: u8, len: usize) {
        let [high, low] = (len as u16 / 4 - 1).to_be_bytes();
        self.put(&[VERSION | count, kind, high, low]);
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

/// The parts of a valid packet.
fn parts(packet: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = packet;
    std::iter::from_fn(move || {
        let (part, after) = rest.split_at(part_len(rest)?);
        rest = after;
        Some(part)
    })
}

/// Length of the first part in bytes, if it is whole and of version 2.
fn part_len(rest: &[u8]) -> Option<usize> {
    let [first, _, high, low] = *rest.first_chunk()?;
    let len = 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
    (first >> 6 == 2 && len <= rest.len()).then_some(len)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|it| u32::from_be_bytes(*it))
}

/// A sender report with one block, the source description, and a goodbye.
pub(crate) const REPORT_MAX: usize = 28 + BLOCK_LEN + DESCRIPTION_LEN + 8;
/// Bytes of the name by which the far end knows us.
pub(crate) const CNAME_LEN: usize = 16;

const DESCRIPTION_LEN: usize = (4 + 4 + 2 + CNAME_LEN + 4) & !3;
const BLOCK_LEN: usize = 24;
const LOST_MIN: i32 = -(1 << 23);
const LOST_MAX: i32 = (1 << 23) - 1;
const VERSION: u8 = 2 << 6;
const PADDING: u8 = 0x20;
/// Of a part's first byte: how many blocks or chunks it has.
const COUNT: u8 = 0x1f;
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
/// The item of a source description that names its sender.
const CNAME: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp;

    const BLOCK: Block = Block {
        ssrc: 0xb,
        fraction_lost: 25,
        packets_lost: -3,
        highest: 0x0001_0007,
        jitter_ticks: 40,
        last_sender_report: 0x1234_5678,
        since_sender_report: 65_536,
    };
    const SENT: Sent =
        Sent { ntp: 0x0000_0007_8000_0000, timestamp: 1600, packets: 10, bytes: 1600 };

    #[test]
    fn what_we_write_is_valid_and_reads_back() {
        for (sent, heard, is_last) in [
            (Some(SENT), Some(BLOCK), false),
            (Some(SENT), None, true),
            (None, Some(BLOCK), true),
            (None, None, false),
        ] {
            let report = Report { ssrc: 0xa, sent, heard, cname: b"0123456789abcdef", is_last };
            let mut out = [0; REPORT_MAX];
            let len = report.write(&mut out);

            assert!(rtp::is_rtcp(&out[..len]) && is_valid(&out[..len]), "{report:?}");
            let told: Vec<_> = read(&out[..len]).collect();
            let sends = sent.map(|_| Told::Sends(0x0007_8000));
            assert_eq!(told, sends.into_iter().chain(heard.map(Told::Hears)).collect::<Vec<_>>());
            assert_eq!(out[len - 8..len].starts_with(&[0x81, GOODBYE, 0, 1]), is_last);
        }
    }

    #[test]
    fn the_longest_report_fills_its_room() {
        let report = Report {
            ssrc: 1,
            sent: Some(SENT),
            heard: Some(BLOCK),
            cname: b"0123456789abcdef",
            is_last: true,
        };

        assert_eq!(report.write(&mut [0; REPORT_MAX]), REPORT_MAX);
    }

    #[test]
    fn losses_beyond_24_bits_stay_at_their_end() {
        for (lost, kept) in [(i32::MAX, LOST_MAX), (i32::MIN, LOST_MIN), (-1, -1), (5, 5)] {
            let bytes = Block { packets_lost: lost, ..BLOCK }.to_bytes();
            assert_eq!(Block::read(&bytes).packets_lost, kept);
        }
    }

    #[test]
    fn parts_must_fill_the_packet_exactly() {
        let good = [words(0x80, RECEIVER_REPORT, &[1]), words(0x81, GOODBYE, &[1])].concat();

        assert!(is_valid(&good));
        assert!(!is_valid(&[]));
        assert!(!is_valid(&good[..good.len() - 1]));
        assert!(!is_valid(&[&good[..], &[0x80]].concat()));
        let mut padded_inside = good.clone();
        padded_inside[0] |= PADDING;
        assert!(!is_valid(&padded_inside));
        let mut version_1 = good;
        version_1[0] = 0x41;
        assert!(!is_valid(&version_1));
    }

    #[test]
    fn counts_that_reach_past_the_part_tell_only_what_is_there() {
        for kind in 192..=223 {
            let packet = words(0x9f, kind, &[0xa, 0xffff_ffff]);
            assert!(is_valid(&packet));
            assert_eq!(read(&packet).count(), 0);
        }
        let mut short = words(0x9f, RECEIVER_REPORT, &[0xa]);
        short.extend(BLOCK.to_bytes());
        short[3] = 7;
        assert_eq!(read(&short).collect::<Vec<_>>(), [Told::Hears(BLOCK)]);
    }

    fn words(first: u8, kind: u8, body: &[u32]) -> Vec<u8> {
        let mut part = vec![first, kind, 0, body.len() as u8];
        part.extend(body.iter().flat_map(|it| it.to_be_bytes()));
        part
    }
}
