//! Interarrival jitter of one RTP stream.

/// Running estimate of interarrival jitter (RFC 3550 section 6.4.1).
///
/// Kept in RTP clock ticks, as RTCP reports it: at 8 kHz one tick is 125 µs. The estimate is a
/// first-order filter with a gain of 1/16, computed in Q4 fixed point exactly as RFC 3550
/// appendix A.8, so that a recorded stream always gives the same report on every machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct JitterEstimate {
    q4_ticks: u32,
    last_transit_ticks: Option<i32>,
}

impl JitterEstimate {
    /// Adds one packet.
    ///
    /// `arrival_ticks` is the local receive time and `rtp_timestamp` the one in the packet, both
    /// in ticks of the payload type's clock. Both wrap at 2³²; wrapping is expected and harmless.
    /// Packets of a new talk spurt (marker bit set) still count, as section 6.4.1 asks.
    pub(crate) fn add(&mut self, arrival_ticks: u32, rtp_timestamp: u32) {
        let transit = arrival_ticks.wrapping_sub(rtp_timestamp).cast_signed();
        if let Some(last) = self.last_transit_ticks.replace(transit) {
            let distance = transit.wrapping_sub(last).unsigned_abs();
            let decay = self.q4_ticks.saturating_add(8) >> 4;
            // Saturates: the timestamp is the peer's to choose.
            self.q4_ticks = (self.q4_ticks - decay).saturating_add(distance);
        }
    }

    /// Forgets the last packet but not the estimate: the next one belongs to another stream, or
    /// another clock, and must not be compared with it.
    pub(crate) fn restart(&mut self) {
        self.last_transit_ticks = None;
    }

    /// The estimate for the `interarrival jitter` field of a report block, in ticks.
    pub(crate) fn ticks(&self) -> u32 {
        self.q4_ticks >> 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evenly_spaced_packets_have_no_jitter_across_the_timestamp_wrap() {
        let mut jitter = JitterEstimate::default();
        for n in 0..100_u32 {
            jitter.add(n * 160, (u32::MAX - 800).wrapping_add(n * 160));
        }
        assert_eq!(jitter.ticks(), 0);
    }

    #[test]
    fn packets_late_by_turns_settle_at_their_distance() {
        let mut jitter = JitterEstimate::default();
        for n in 0..1000_u32 {
            // Every second packet comes 5 ms (40 ticks) late, so that D is 40 each time.
            jitter.add(n * 160 + (n % 2) * 40, n * 160);
        }
        assert!((38..=40).contains(&jitter.ticks()), "{}", jitter.ticks());
    }

    #[test]
    fn a_new_stream_is_not_compared_with_the_old_one() {
        let mut jitter = JitterEstimate::default();
        jitter.add(0, 0);
        jitter.restart();
        jitter.add(160, 4_000_000);
        assert_eq!(jitter.ticks(), 0);
    }
}
