//! How packets of one length follow from frames, of which one comes a tick.
//!
//! Where a packet begins is told by the number of the tick alone. So the packets of two far ends
//! that hear the same in packets of the same length are the same packets, and are encoded once.

use crate::playout::FRAME_MS;
use std::{
    ops::Range,
    time::{Duration, Instant},
};

/// The packet time of a stream of ours.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Cadence {
    /// Two packets a tick.
    Ms10,
    /// One a tick.
    Ms20,
    /// Two in three ticks.
    Ms30,
    /// One in two.
    Ms40,
    /// One in three.
    Ms60,
}

impl Cadence {
    /// With the longest packets that are no longer than this, in milliseconds; of 10 ms for less.
    pub(crate) fn of(packet_ms: u16) -> Self {
        match packet_ms {
            ..20 => Self::Ms10,
            20..30 => Self::Ms20,
            30..40 => Self::Ms30,
            40..60 => Self::Ms40,
            60.. => Self::Ms60,
        }
    }

    /// Length of a packet, in milliseconds.
    pub(crate) fn packet_ms(self) -> u32 {
        match self {
            Self::Ms10 => 10,
            Self::Ms20 => 20,
            Self::Ms30 => 30,
            Self::Ms40 => 40,
            Self::Ms60 => 60,
        }
    }

    /// Length of a cycle, at whose ends packets and frames end together, in milliseconds.
    pub(crate) fn cycle_ms(self) -> u32 {
        self.cycle_ticks() * FRAME_MS
    }

    fn cycle_ticks(self) -> u32 {
        match self {
            Self::Ms10 | Self::Ms20 => 1,
            Self::Ms40 => 2,
            Self::Ms30 | Self::Ms60 => 3,
        }
    }

    /// Where in its cycle the frame of a tick begins, in milliseconds.
    pub(crate) fn place_ms(self, tick: u64) -> u32 {
        if self.fits_ticks() {
            return 0;
        }
        (tick % u64::from(self.cycle_ticks())) as u32 * FRAME_MS
    }

    /// Whether the frame of a tick begins amid a packet.
    pub(crate) fn is_amid_packet(self, tick: u64) -> bool {
        !self.fits_ticks() && !self.place_ms(tick).is_multiple_of(self.packet_ms())
    }

    /// The packets that end in the frame of a tick, so that they are sent: what each covers of the
    /// cycle, in milliseconds.
    pub(crate) fn packets(self, tick: u64) -> impl Iterator<Item = Range<u32>> {
        let (packet, place) = (self.packet_ms(), self.place_ms(tick));
        (place / packet..(place + FRAME_MS) / packet).map(move |n| n * packet..(n + 1) * packet)
    }

    /// How many these are.
    pub(crate) fn due(self, tick: u64) -> usize {
        match self {
            Self::Ms10 => 2,
            Self::Ms20 => 1,
            Self::Ms30 | Self::Ms40 | Self::Ms60 => self.packets(tick).count(),
        }
    }

    /// When each of these packets began, if the frame of the tick begins at `now`.
    pub(crate) fn begin_at(self, now: Instant, tick: u64) -> [Instant; PACKETS_A_TICK] {
        let before_ms = match self {
            Self::Ms20 => return [now; PACKETS_A_TICK],
            Self::Ms10 => 0,
            Self::Ms30 | Self::Ms40 | Self::Ms60 => self.place_ms(tick) % self.packet_ms(),
        };
        let first = now.checked_sub(Duration::from_millis(before_ms.into())).unwrap_or(now);
        [first, first + Duration::from_millis(self.packet_ms().into())]
    }

    /// Whether each tick begins and ends with a packet.
    fn fits_ticks(self) -> bool {
        match self {
            Self::Ms10 | Self::Ms20 => true,
            Self::Ms30 | Self::Ms40 | Self::Ms60 => false,
        }
    }
}

/// Most packets that end in one frame.
pub(crate) const PACKETS_A_TICK: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_cover_all_frames_one_after_the_other() {
        for wished_ms in 0..100 {
            let cadence = Cadence::of(wished_ms);
            let mut covered_ms = 0;
            for tick in 0..12 {
                let cycle = tick * u64::from(FRAME_MS) - u64::from(cadence.place_ms(tick));
                let packets: Vec<_> = cadence.packets(tick).collect();
                assert_eq!(packets.len(), cadence.due(tick));
                for packet in &packets {
                    assert_eq!(cycle + u64::from(packet.start), covered_ms);
                    assert_eq!(packet.len() as u32, cadence.packet_ms());
                    covered_ms = cycle + u64::from(packet.end);
                }
                let passed_ms = (tick + 1) * u64::from(FRAME_MS);
                assert!(passed_ms - covered_ms < u64::from(cadence.packet_ms()), "none is late");
                assert!(packets.len() <= PACKETS_A_TICK);
                let is_amid = covered_ms < passed_ms;
                assert_eq!(cadence.is_amid_packet(tick + 1), is_amid, "{wished_ms} {tick}");
            }
        }
    }

    #[test]
    fn packets_are_as_long_as_is_wished_or_shorter() {
        let packet_ms = |wished| Cadence::of(wished).packet_ms();
        assert_eq!([10, 20, 30, 40, 60].map(packet_ms), [10, 20, 30, 40, 60]);
        assert_eq!([0, 15, 25, 50, 200].map(packet_ms), [10, 10, 20, 40, 60]);
    }

    #[test]
    fn a_packet_belongs_to_the_time_of_its_first_frame() {
        let start = Instant::now();
        let due_ms = |wished_ms, tick: u32| {
            let now = start + Duration::from_secs(1) + Duration::from_millis(20) * tick;
            let cadence = Cadence::of(wished_ms);
            (cadence.begin_at(now, tick.into())[0] - start).as_millis() - 1000
        };
        assert_eq!([1, 2, 4, 5].map(|tick| due_ms(30, tick)), [0, 30, 60, 90]);
        assert_eq!([2, 5].map(|tick| due_ms(60, tick)), [0, 60]);
        assert_eq!([1, 3].map(|tick| due_ms(40, tick)), [0, 40]);
        assert_eq!([0, 1].map(|tick| due_ms(20, tick)), [0, 20]);
        assert_eq!([0, 1].map(|tick| due_ms(10, tick)), [0, 20]);
    }
}
