//! The payload of a `telephone-event` packet.

/// What one packet says of an event (RFC 4733 section 2.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Event {
    /// Which: 0 to 15 are the keys.
    pub code: u8,
    /// Whether it is over.
    pub is_end: bool,
    /// Level of the tone below 0 dBm0, 0 to 63 dB.
    pub volume_db: u8,
    /// How long it lasts by now, in ticks of the payload type's clock.
    pub duration_ticks: u16,
}

impl Event {
    /// Reads a payload; whatever follows the first event is for other kinds of events.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let [code, flags, high, low] = *payload.first_chunk()?;
        Some(Self {
            code,
            is_end: flags & END != 0,
            volume_db: flags & VOLUME,
            duration_ticks: u16::from_be_bytes([high, low]),
        })
    }

    /// The payload.
    pub fn to_bytes(self) -> [u8; 4] {
        let end = if self.is_end { END } else { 0 };
        let [high, low] = self.duration_ticks.to_be_bytes();
        [self.code, end | self.volume_db.min(VOLUME), high, low]
    }
}

const END: u8 = 0x80;
const VOLUME: u8 = 0x3f;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_less_is_nothing() {
        let event = Event { code: 11, is_end: true, volume_db: 10, duration_ticks: 0x0320 };

        assert_eq!(event.to_bytes(), [11, 0x8a, 0x03, 0x20]);
        assert_eq!(Event::parse(&event.to_bytes()), Some(event));
        assert_eq!(
            Event::parse(&[11, 0xca, 0x03, 0x20, 9]),
            Some(event),
            "the reserved bit says nothing"
        );
        assert_eq!(Event::parse(&[11, 0x8a, 0x03]), None);
    }
}
