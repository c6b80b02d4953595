//! What came in of one far end: counts, loss and jitter (RFC 3550 appendices A.1, A.3 and A.8).

use crate::{jitter::JitterEstimate, reports::Counts, rtcp::Block, rtp::Header};
use std::time::Duration;

/// Reception of a session over its whole life, through any number of streams (SSRC).
#[derive(Clone, Debug, Default)]
pub(crate) struct Reception {
    packets: u64,
    bytes: u64,
    stream: Option<Stream>,
    /// Packets that the streams before the one in hand should have had, and had.
    before: Counts,
    jitter: JitterEstimate,
    payload_type: Option<u8>,
    clock_rate: u32,
}

impl Reception {
    /// Adds a packet of the far end. `age` is the time since the session began, `payload_len` is
    /// in bytes, `clock_rate` is that of the packet's payload type, in Hz.
    pub(crate) fn add(
        &mut self,
        age: Duration,
        header: &Header,
        payload_len: usize,
        clock_rate: u32,
    ) {
        match &mut self.stream {
            Some(stream) if stream.ssrc == header.ssrc => match stream.advance(header.sequence) {
                Advance::Counted => {}
                Advance::Restarted => self.begin(header),
            },
            Some(_) | None => self.begin(header),
        }
        self.packets += 1;
        self.bytes += payload_len as u64;
        self.payload_type = Some(header.payload_type);
        if self.clock_rate != clock_rate {
            self.clock_rate = clock_rate;
            self.jitter.restart();
        }
        self.jitter.add(ticks(age, clock_rate), header.timestamp);
    }

    /// RTP packets that came in.
    pub(crate) fn packets(&self) -> u64 {
        self.packets
    }

    /// Their payload, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Packets that never came; duplicates can make it negative (section 6.4.1).
    pub(crate) fn lost(&self) -> i64 {
        self.expected().cast_signed() - self.packets.cast_signed()
    }

    /// Share of the packets that never came.
    pub(crate) fn loss(&self) -> f32 {
        self.lost().max(0) as f32 / self.expected().max(1) as f32
    }

    /// How much longer losses of the stream in hand are in a row than losses by chance (ITU-T
    /// G.107 section 7.5).
    pub(crate) fn burst_ratio(&self) -> f32 {
        match &self.stream {
            Some(stream) if stream.gaps > 0 => {
                let in_a_row = stream.missed as f32 / stream.gaps as f32;
                (in_a_row * (1.0 - self.loss())).max(1.0)
            }
            Some(_) | None => 1.0,
        }
    }

    /// Counts of the stream in hand.
    pub(crate) fn counts(&self) -> Counts {
        let expected = self.stream.as_ref().map_or(0, Stream::expected);
        Counts { expected, received: self.packets - self.before.received }
    }

    /// What a report tells of the stream in hand.
    pub(crate) fn block(&self) -> Option<Block> {
        let stream = self.stream.as_ref()?;
        let Counts { expected, received } = self.counts();
        let lost = expected.cast_signed() - received.cast_signed();
        Some(Block {
            ssrc: stream.ssrc,
            packets_lost: lost.clamp(i32::MIN.into(), i32::MAX.into()) as i32,
            highest: stream.highest,
            jitter_ticks: self.jitter.ticks(),
            ..Block::default()
        })
    }

    fn expected(&self) -> u64 {
        self.before.expected + self.stream.as_ref().map_or(0, Stream::expected)
    }

    /// Interarrival jitter, in milliseconds.
    pub(crate) fn jitter_ms(&self) -> f32 {
        match self.clock_rate {
            0 => 0.0,
            rate => self.jitter.ticks() as f32 * 1000.0 / rate as f32,
        }
    }

    /// Payload type seen most recently.
    pub(crate) fn payload_type(&self) -> Option<u8> {
        self.payload_type
    }

    fn begin(&mut self, header: &Header) {
        self.before = Counts { expected: self.expected(), received: self.packets };
        self.stream = Some(Stream::new(header));
        self.jitter.restart();
    }
}

/// `span` in ticks of a clock; wraps at 2³² as RTP timestamps do.
pub(crate) fn ticks(span: Duration, clock_rate: u32) -> u32 {
    let rate = u64::from(clock_rate);
    let whole = span.as_secs().wrapping_mul(rate);
    let part = u64::from(span.subsec_nanos()) * rate / 1_000_000_000;
    whole.wrapping_add(part) as u32
}

/// Sequence numbers of one SSRC, appendix A.1 without the probation that latching already did.
#[derive(Clone, Debug)]
struct Stream {
    ssrc: u32,
    base: u32,
    /// Highest sequence number seen, extended by its wraps.
    highest: u32,
    /// What the sequence number would be if the sender had begun anew.
    restart_at: Option<u16>,
    /// How often packets were missing at first sight, and how many.
    gaps: u32,
    missed: u32,
}

enum Advance {
    Counted,
    Restarted,
}

impl Stream {
    fn new(header: &Header) -> Self {
        let base = u32::from(header.sequence);
        Self { ssrc: header.ssrc, base, highest: base, restart_at: None, gaps: 0, missed: 0 }
    }

    fn advance(&mut self, sequence: u16) -> Advance {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if ahead < MAX_DROPOUT {
            if ahead > 1 {
                self.gaps = self.gaps.saturating_add(1);
                self.missed = self.missed.saturating_add(u32::from(ahead) - 1);
            }
            self.highest = self.highest.wrapping_add(u32::from(ahead));
        } else if ahead <= u16::MAX - MAX_MISORDER {
            // A jump is believed when a second packet follows it.
            if self.restart_at == Some(sequence) {
                return Advance::Restarted;
            }
            self.restart_at = Some(sequence.wrapping_add(1));
            return Advance::Counted;
        }
        self.restart_at = None;
        Advance::Counted
    }

    fn expected(&self) -> u64 {
        u64::from(self.highest.wrapping_sub(self.base)) + 1
    }
}

/// Largest jump ahead that is loss and not a new beginning, in packets.
const MAX_DROPOUT: u16 = 3000;
/// Largest step back that is reordering and not a new beginning, in packets.
const MAX_MISORDER: u16 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_is_counted_across_the_wrap_of_the_sequence_number() {
        let mut reception = Reception::default();
        for n in (0..1000_u32).filter(|n| n % 10 != 3) {
            add(&mut reception, n, 1, 65_000_u16.wrapping_add(n as u16));
        }

        assert_eq!((reception.packets(), reception.bytes()), (900, 900 * 160));
        assert_eq!(reception.lost(), 100);
        assert!(reception.jitter_ms() < 0.01);
    }

    #[test]
    fn duplicates_make_the_loss_negative_and_reordering_none() {
        let mut reception = Reception::default();
        for sequence in [1, 2, 4, 3, 5, 5, 5] {
            add(&mut reception, u32::from(sequence), 1, sequence);
        }

        assert_eq!(reception.lost(), -2);
    }

    #[test]
    fn losses_in_a_row_are_told_from_losses_by_chance() {
        let ratio = |is_lost: fn(u32) -> bool| {
            let mut reception = Reception::default();
            for n in (0..1000).filter(|n| !is_lost(*n)) {
                add(&mut reception, n, 1, n as u16);
            }
            reception.burst_ratio()
        };

        let near = |ratio: f32, expected: f32| (ratio - expected).abs() < 0.02;
        assert!(near(ratio(|_| false), 1.0));
        assert!(near(ratio(|n| n % 20 == 3), 1.0));
        assert!(near(ratio(|n| n % 100 >= 95 && n < 990), 5.0 * 0.955));
    }

    #[test]
    fn a_report_tells_of_the_stream_in_hand_alone() {
        let mut reception = Reception::default();
        for (ssrc, sequence) in [(1, 10), (1, 13), (2, 65_535), (2, 0), (2, 2)] {
            add(&mut reception, 0, ssrc, sequence);
        }

        let block = reception.block().unwrap();
        assert_eq!((block.ssrc, block.packets_lost, block.highest), (2, 1, 0x1_0002));
        assert_eq!(reception.counts(), Counts { expected: 4, received: 3 });
        assert_eq!(Reception::default().block(), None);
    }

    #[test]
    fn a_new_source_keeps_the_loss_of_the_one_before_and_adds_none() {
        let mut reception = Reception::default();
        for (ssrc, sequence) in [(1, 10), (1, 13), (2, 40_000), (2, 40_001)] {
            add(&mut reception, 0, ssrc, sequence);
        }

        assert_eq!(reception.lost(), 2);
    }

    #[test]
    fn a_sender_that_begins_anew_is_not_a_loss_of_thousands() {
        let mut reception = Reception::default();
        for sequence in [1, 2, 30_000, 30_001, 30_002] {
            add(&mut reception, u32::from(sequence), 1, sequence);
        }

        // The first packet after the jump was counted before the jump was believed.
        assert_eq!(reception.lost(), -1);
    }

    fn add(reception: &mut Reception, n: u32, ssrc: u32, sequence: u16) {
        let header = Header {
            marker: false,
            payload_type: 0,
            sequence,
            timestamp: n.wrapping_mul(160),
            ssrc,
        };
        reception.add(Duration::from_millis(20) * n, &header, 160, 8000);
    }
}
