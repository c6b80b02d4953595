//! The recording of a whole room: what everybody hears together, encoded once a tick.

use crate::{
    Format,
    cadence::Cadence,
    codec::{Bands, Codec, OpusWishes, Rate},
    outlet::Outlet,
    playout::{FRAME_MS, Voice},
    recording::{Event, Track, buffer::Buffer},
    rtp::Header,
};
use base::RecordingId;
use std::time::Instant;

/// A recording of one room.
#[derive(Debug)]
pub(super) struct Minutes {
    recording: RecordingId,
    outlet: Outlet,
    /// When the room is told next that it is recorded, if it is told.
    pub(super) beeps_at: Option<Instant>,
}

impl Minutes {
    /// Of the sound that a room has.
    pub(super) const RATE: Rate = Rate::Wide;

    /// Begins to record; nothing if the codec cannot be set up.
    pub(super) fn new(
        now: Instant,
        recording: RecordingId,
        has_tone: bool,
        recorded: &mut Buffer,
    ) -> Option<Self> {
        let outlet = Outlet::new(VOICE, Self::RATE)?;
        let formats = vec![Format {
            payload_type: VOICE.payload_type,
            encoding: VOICE.codec.encoding().to_owned(),
            clock_rate: VOICE.codec.clock_rate(),
            channels: 1,
            fmtp: None,
        }];
        recorded.note(now, recording, Event::Formats { track: Track::Left, formats });
        Some(Self { recording, outlet, beeps_at: has_tone.then_some(now) })
    }

    pub(super) fn recording(&self) -> RecordingId {
        self.recording
    }

    /// Records the frame of a tick.
    pub(super) fn write(&mut self, now: Instant, tick: u64, frame: &[i16], recorded: &mut Buffer) {
        self.outlet.take(tick, frame);
        let payload = self.outlet.payloads().next().unwrap_or_default();
        let header = Header {
            marker: false,
            payload_type: VOICE.payload_type,
            sequence: tick as u16,
            timestamp: (tick as u32).wrapping_mul(VOICE.codec.clock_rate() / 1000 * FRAME_MS),
            ssrc: 0,
        };
        recorded.add_packet(now, self.recording, Track::Left, (&header, payload));
    }
}

/// 16 kHz in 64 kbit/s: a quarter of linear samples, for some microseconds a tick.
const VOICE: Voice = Voice {
    codec: Codec::G722(Bands::Both),
    wishes: OpusWishes { has_fec: false, has_dtx: false, bitrate_max: None },
    cadence: Cadence::Ms20,
    payload_type: 9,
};
