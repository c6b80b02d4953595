//! The one RTP stream that a far end hears of us, whatever feeds it.
//!
//! While the first source lasts, its packets pass as they are. When the source changes (another
//! party, a playout, a party that began a new stream) the far end must not notice: the SSRC stays,
//! the sequence number goes on by one and the timestamp by the time that passed, with the marker
//! bit set on the first packet.

use crate::{reception::ticks, rtp::Header};
use base::Rng;
use std::time::Instant;

/// State of the stream towards one far end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outgoing {
    stream: Option<Stream>,
    packets: u64,
    bytes: u64,
}

impl Outgoing {
    /// Makes sure that the stream has an SSRC of our own choosing if it has none yet. For
    /// playouts: a far end that hears its own SSRC must take it for a loop (RFC 3550 section 8.2).
    pub(crate) fn begin(&mut self, now: Instant, rng: &mut Rng) {
        if self.stream.is_none() {
            let clock_rate = DEFAULT_CLOCK_RATE;
            let [sequence, timestamp, ssrc] = [rng.u32(), rng.u32(), rng.u32()];
            self.stream = Some(Stream {
                ssrc,
                source: Source::Silent,
                sequence_offset: 0,
                timestamp_offset: 0,
                last: Last { sequence: sequence as u16, timestamp, at: now, clock_rate },
            });
        }
    }

    /// Rewrites a relayed packet where it must be, and counts it. `header` is the packet's, its
    /// payload type already translated; `clock_rate` is that of the payload type, in Hz.
    pub(crate) fn relay(
        &mut self,
        now: Instant,
        header: &Header,
        clock_rate: u32,
        payload_len: usize,
        packet: &mut [u8],
    ) {
        self.count(payload_len);
        let Some(stream) = &mut self.stream else {
            self.stream = Some(Stream::passing(now, header, clock_rate));
            return;
        };
        let spliced = stream.source != Source::Relayed(header.ssrc);
        if spliced {
            stream.splice(now, header, clock_rate);
        }
        let sequence = header.sequence.wrapping_add(stream.sequence_offset);
        let timestamp = header.timestamp.wrapping_add(stream.timestamp_offset);
        stream.last.advance(now, sequence, timestamp);
        if stream.rewrites() {
            let marker = header.marker || spliced;
            Header { marker, sequence, timestamp, ssrc: stream.ssrc, ..*header }.write_over(packet);
        }
    }

    /// Heads the next packet of a playout, which is `ticks` of a clock of `clock_rate` Hz long and
    /// follows the one before it without a gap; after another source it belongs to `now`.
    ///
    /// # Panics
    /// If [`Self::begin`] was never called.
    pub(crate) fn play(
        &mut self,
        now: Instant,
        payload_type: u8,
        (ticks, clock_rate): (u32, u32),
        payload_len: usize,
    ) -> Header {
        self.count(payload_len);
        let stream = self.stream.as_mut().expect("a playout begins the stream it plays into");
        let before = match stream.source {
            Source::Own { ticks } if stream.last.clock_rate == clock_rate => Some(ticks),
            Source::Own { .. } | Source::Silent | Source::Relayed(_) => None,
        };
        stream.source = Source::Own { ticks };
        stream.last.clock_rate = clock_rate;
        let timestamp = match before {
            Some(ticks) => stream.last.timestamp.wrapping_add(ticks),
            None => stream.last.timestamp_at(now),
        };
        let sequence = stream.last.sequence.wrapping_add(1);
        stream.last.advance(now, sequence, timestamp);
        Header { marker: before.is_none(), payload_type, sequence, timestamp, ssrc: stream.ssrc }
    }

    /// What we play pauses: its next packet is as much later as time passes until then.
    pub(crate) fn rest(&mut self) {
        if let Some(stream) = &mut self.stream
            && matches!(stream.source, Source::Own { .. })
        {
            stream.source = Source::Silent;
        }
    }

    /// SSRC of the stream and its clock's time now, if there is a stream.
    pub(crate) fn stream(&self, now: Instant) -> Option<(u32, u32)> {
        self.stream.as_ref().map(|it| (it.ssrc, it.last.timestamp_at(now)))
    }

    /// SSRC of the stream, if there is one.
    pub(crate) fn ssrc(&self) -> Option<u32> {
        self.stream.as_ref().map(|it| it.ssrc)
    }

    /// The stream's clock, in Hz.
    pub(crate) fn clock_rate(&self) -> Option<u32> {
        self.stream.as_ref().map(|it| it.last.clock_rate)
    }

    /// The next packet belongs to another source, even if its SSRC is the same.
    pub(crate) fn change_source(&mut self) {
        if let Some(stream) = &mut self.stream {
            stream.source = Source::Silent;
        }
    }

    /// RTP packets sent.
    pub(crate) fn packets(&self) -> u64 {
        self.packets
    }

    /// Their payload, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn count(&mut self, payload_len: usize) {
        self.packets += 1;
        self.bytes += payload_len as u64;
    }
}

#[derive(Clone, Debug)]
struct Stream {
    ssrc: u32,
    source: Source,
    sequence_offset: u16,
    timestamp_offset: u32,
    last: Last,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Source {
    /// Nothing since the last change.
    Silent,
    /// A party, by its SSRC.
    Relayed(u32),
    /// A playout of ours, whose last packet was so long.
    Own { ticks: u32 },
}

/// The newest packet, as the far end saw it.
#[derive(Clone, Debug)]
struct Last {
    sequence: u16,
    timestamp: u32,
    at: Instant,
    clock_rate: u32,
}

impl Stream {
    fn passing(now: Instant, header: &Header, clock_rate: u32) -> Self {
        let Header { sequence, timestamp, ssrc, .. } = *header;
        Self {
            ssrc,
            source: Source::Relayed(ssrc),
            sequence_offset: 0,
            timestamp_offset: 0,
            last: Last { sequence, timestamp, at: now, clock_rate },
        }
    }

    fn splice(&mut self, now: Instant, header: &Header, clock_rate: u32) {
        self.last.clock_rate = clock_rate;
        self.source = Source::Relayed(header.ssrc);
        self.sequence_offset = self.last.sequence.wrapping_add(1).wrapping_sub(header.sequence);
        self.timestamp_offset = self.last.timestamp_at(now).wrapping_sub(header.timestamp);
    }

    fn rewrites(&self) -> bool {
        self.sequence_offset != 0
            || self.timestamp_offset != 0
            || self.source != Source::Relayed(self.ssrc)
    }
}

impl Last {
    /// The timestamp of a packet that belongs to `now`; at least one tick on.
    fn timestamp_at(&self, now: Instant) -> u32 {
        let passed = ticks(now.saturating_duration_since(self.at), self.clock_rate);
        self.timestamp.wrapping_add(passed.max(1))
    }

    fn advance(&mut self, now: Instant, sequence: u16, timestamp: u32) {
        let is_newer = sequence.wrapping_sub(self.sequence) < 0x8000;
        if is_newer {
            self.sequence = sequence;
            self.timestamp = timestamp;
            self.at = now;
        }
    }
}

/// Of a stream that has not sent anything yet, in Hz.
const DEFAULT_CLOCK_RATE: u32 = 8000;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_first_source_passes_untouched() {
        let now = Instant::now();
        let mut outgoing = Outgoing::default();
        for n in 0..5 {
            let original = header(7, 65_534_u16.wrapping_add(n), 1000 + u32::from(n) * 160);
            assert_eq!(relay(&mut outgoing, now, original), original);
        }

        assert_eq!(outgoing.ssrc(), Some(7));
        assert_eq!((outgoing.packets(), outgoing.bytes()), (5, 800));
    }

    #[test]
    fn another_source_continues_the_stream() {
        let start = Instant::now();
        let mut outgoing = Outgoing::default();
        relay(&mut outgoing, start, header(7, 65_535, 5000));

        let second = start + Duration::from_secs(2);
        let first_of_new = relay(&mut outgoing, second, header(9, 100, 777_777));
        let next_of_new = relay(&mut outgoing, second, header(9, 102, 777_777 + 320));

        assert_eq!(first_of_new, Header { marker: true, ..header(7, 0, 5000 + 16_000) });
        assert_eq!(next_of_new, header(7, 2, 5000 + 16_320));
        let later = second + Duration::from_secs(1);
        assert_eq!(outgoing.stream(later), Some((7, 5000 + 16_320 + 8000)));
    }

    #[test]
    fn a_late_packet_does_not_turn_the_stream_back() {
        let now = Instant::now();
        let mut outgoing = Outgoing::default();
        for sequence in [10, 12, 11] {
            relay(&mut outgoing, now, header(7, sequence, u32::from(sequence) * 160));
        }

        let spliced = relay(&mut outgoing, now, header(9, 500, 0));

        assert_eq!((spliced.sequence, spliced.timestamp), (13, 12 * 160 + 1));
    }

    #[test]
    fn a_playout_between_two_parties_is_heard_as_one_stream() {
        let start = Instant::now();
        let mut rng = Rng::from_number(1);
        let mut outgoing = Outgoing::default();
        let at = |n: u64| start + Duration::from_millis(20) * n as u32;
        let mut heard = vec![relay(&mut outgoing, at(0), header(7, 50, 8000))];
        outgoing.begin(at(1), &mut rng);
        for n in 1..4 {
            let bytes = outgoing.play(at(n), 8, (160, 8000), 160).to_bytes();
            heard.push(Header::parse(&[&bytes[..], &[0; 160]].concat()).unwrap().0);
        }
        outgoing.change_source();
        heard.push(relay(&mut outgoing, at(4), header(7, 54, 90_000)));

        let numbers: Vec<_> =
            heard.iter().map(|it| (it.ssrc, it.sequence, it.timestamp, it.marker)).collect();
        assert_eq!(
            numbers,
            [
                (7, 50, 8000, false),
                (7, 51, 8160, true),
                (7, 52, 8320, false),
                (7, 53, 8480, false),
                (7, 54, 8640, true),
            ]
        );
    }

    fn relay(outgoing: &mut Outgoing, now: Instant, header: Header) -> Header {
        let mut packet = [&header.to_bytes()[..], &[0xd5; 160]].concat();
        outgoing.relay(now, &header, 8000, 160, &mut packet);
        let (seen, payload_len) = Header::parse(&packet).unwrap();
        assert_eq!(payload_len, 160);
        seen
    }

    fn header(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
        Header { marker: false, payload_type: 8, sequence, timestamp, ssrc }
    }
}
