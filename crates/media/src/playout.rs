//! What a session plays by itself, 20 ms at a time.

use crate::{
    command::Playout,
    g711::Law,
    rtp::HEADER_LEN,
    tone::{Tone, ToneTable},
};
use std::sync::Arc;

/// Samples of a packet: 20 ms at 8 kHz.
pub(crate) const PACKET_SAMPLES: usize = 160;
/// Length of a packet, in bytes.
pub(crate) const PACKET_LEN: usize = HEADER_LEN + PACKET_SAMPLES;

/// A playout that the tick drives.
#[derive(Debug)]
pub(crate) enum Player {
    /// Without end.
    Tone {
        hz: u16,
        dbm0: i8,
        /// Made when the law is known, and again when it changes.
        made: Option<(Law, Tone)>,
    },
    /// To its end.
    Prompt { samples: Arc<[i16]>, position: usize },
}

impl Player {
    /// `None` for echo, which packets drive and not the tick.
    pub(crate) fn new(playout: Playout) -> Option<Self> {
        match playout {
            Playout::Echo => None,
            Playout::Tone { hz, dbm0 } => Some(Self::Tone { hz, dbm0, made: None }),
            Playout::Prompt { samples } => Some(Self::Prompt { samples, position: 0 }),
        }
    }

    /// Does ahead what would cost too much in the tick.
    pub(crate) fn prepare(&mut self, law: Law, tones: &mut ToneTable) {
        if let Self::Tone { hz, dbm0, made } = self
            && !matches!(made, Some((made_law, _)) if *made_law == law)
        {
            *made = Some((law, Tone::new(tones.period(law, *hz, *dbm0))));
        }
    }

    /// The next 20 ms; a prompt that ends within them is followed by silence.
    pub(crate) fn fill(&mut self, law: Law, payload: &mut [u8]) {
        match self {
            Self::Tone { made: Some((_, tone)), .. } => tone.fill(payload),
            Self::Tone { made: None, .. } => payload.fill(law.encode(0)),
            Self::Prompt { samples, position } => {
                let rest = samples.get(*position..).unwrap_or_default();
                let padded = rest.iter().copied().chain(std::iter::repeat(0));
                for (byte, sample) in payload.iter_mut().zip(padded) {
                    *byte = law.encode(sample);
                }
                *position += payload.len();
            }
        }
    }

    /// There is nothing to play it in: a prompt is over at once, so that nobody waits for its end.
    pub(crate) fn give_up(&mut self) {
        if let Self::Prompt { samples, position } = self {
            *position = samples.len();
        }
    }

    /// Whether everything was played.
    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Tone { .. } => false,
            Self::Prompt { samples, position } => *position >= samples.len(),
        }
    }
}
