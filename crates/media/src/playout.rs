//! What a session plays by itself, a packet at a time, in whatever codec its far end agreed to and in
//! packets of the length that it wishes.

use crate::{
    Format,
    cadence::Cadence,
    codec::{Codec, Encoder, OpusWishes, Rate},
    command::Playout,
    ears::Ears,
    mixer::Mixer,
    packets::Packets,
    party::Party,
    radio::Radio,
    resample::Resampler,
    sound::{Music, Sound},
    tone::{Tone, ToneTable, linear_period},
};
use std::sync::Arc;

/// Length of a frame, and the time between two ticks, in milliseconds.
pub(crate) const FRAME_MS: u32 = 20;
/// Longest payload that we make: what is left of an Ethernet frame.
pub(crate) const PAYLOAD_MAX: usize = 1400;

/// How a far end is spoken to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Voice {
    pub(crate) codec: Codec,
    pub(crate) wishes: OpusWishes,
    pub(crate) cadence: Cadence,
    pub(crate) payload_type: u8,
}

impl Voice {
    /// In the first of the agreed formats that we can encode, in packets as near to the wished ones as
    /// it has them and no longer.
    pub(crate) fn of(formats: &[Format], wished: Cadence) -> Option<Self> {
        formats.iter().find_map(|format| {
            let codec = Codec::of(format)?;
            // A playout never pauses, so that its timestamps follow each other.
            let wishes = OpusWishes { has_dtx: false, ..OpusWishes::of(format.fmtp.as_deref()) };
            let cadence = Cadence::of(codec.packet_ms(wished.packet_ms() as u16));
            Some(Self { codec, wishes, cadence, payload_type: format.payload_type })
        })
    }

    /// Whether both are sent the same bytes.
    pub(crate) fn sounds_like(self, other: Self) -> bool {
        (self.codec, self.wishes, self.cadence) == (other.codec, other.wishes, other.cadence)
    }

    /// Samples of a packet.
    pub(crate) fn packet_samples(self) -> usize {
        self.codec.rate().samples(self.cadence.packet_ms())
    }

    /// Ticks of the RTP clock in a packet.
    pub(crate) fn packet_ticks(self) -> u32 {
        self.codec.clock_rate() / 1000 * self.cadence.packet_ms()
    }
}

/// What all players of a worker share.
#[derive(Debug, Default)]
pub(crate) struct Studio {
    tones: ToneTable,
    radio: Radio,
    pub(crate) mixer: Mixer,
}

impl Studio {
    /// Adds the packets of what a party of a conference hears.
    pub(crate) fn meet(
        &mut self,
        tick: u64,
        party: &mut Party,
        spoken: (Voice, Option<&Ears>),
        packets: &mut Packets,
    ) {
        self.mixer.fill(tick, party, spoken, &mut self.radio, packets);
    }

    /// Forgets what nobody has heard for a while.
    pub(crate) fn sweep(&mut self, tick: u64) {
        self.radio.sweep(tick);
    }
}

/// A playout that the tick drives.
#[derive(Debug)]
pub(crate) struct Player {
    source: Source,
    means: Means,
}

#[derive(Debug)]
enum Source {
    /// Without end; nothing to be heard.
    Silence,
    /// Without end.
    Tone { hz: u16, dbm0: i8 },
    /// Without end, from the beginning again.
    Loop { sound: Sound, position: usize },
    /// To its end.
    Prompt { sound: Sound, position: usize },
    /// Without end, together with everybody who hears it.
    Music(Arc<Music>),
}

/// How the source gets into packets; made when the voice is known, and again when it changes.
#[derive(Debug)]
enum Means {
    /// The voice is not known yet.
    None,
    /// Copying what was companded ahead.
    Companded(Voice, Tone),
    /// Resampling and encoding.
    Spoken(Box<Speaker>),
    /// Taking what the radio encodes for all.
    Broadcast(Voice),
}

impl Player {
    /// `None` for echo, which packets drive and not the tick.
    pub(crate) fn new(playout: Playout) -> Option<Self> {
        let source = match playout {
            Playout::Echo => return None,
            Playout::Silence => return Some(Self::silence()),
            Playout::Prompt { sound } => return Some(Self::prompt(sound)),
            Playout::Tone { hz, dbm0 } => Source::Tone { hz, dbm0 },
            Playout::Loop { sound } => Source::Loop { sound, position: 0 },
            Playout::Music { music } => Source::Music(music),
        };
        Some(Self { source, means: Means::None })
    }

    /// Says something once.
    pub(crate) fn prompt(sound: Sound) -> Self {
        Self { source: Source::Prompt { sound, position: 0 }, means: Means::None }
    }

    /// Says nothing, without end.
    pub(crate) fn silence() -> Self {
        Self { source: Source::Silence, means: Means::None }
    }

    /// Does ahead what would cost too much in the tick.
    pub(crate) fn prepare(&mut self, voice: Voice, studio: &mut Studio) {
        if self.voice() == Some(voice) {
            return;
        }
        self.means = match (&self.source, voice.codec) {
            (Source::Silence, _) => Speaker::means(voice, voice.codec.rate(), None),
            (Source::Tone { hz, dbm0 }, Codec::G711(law)) => {
                Means::Companded(voice, Tone::new(studio.tones.period(law, *hz, *dbm0)))
            }
            (Source::Tone { hz, dbm0 }, _) => {
                let period = linear_period(*hz, *dbm0);
                Speaker::means(voice, Rate::Narrow, Some(period))
            }
            (Source::Loop { sound, .. }, Codec::G711(law)) if sound.rate() == Rate::Narrow => {
                Means::Companded(voice, Tone::new(studio.tones.circle(law, sound)))
            }
            (Source::Loop { sound, .. } | Source::Prompt { sound, .. }, _) => {
                Speaker::means(voice, sound.rate(), None)
            }
            (Source::Music(_), _) => Means::Broadcast(voice),
        };
    }

    /// Adds the packets of a tick. A prompt that ends within one is followed by silence, and one whose
    /// codec cannot be set up is over.
    pub(crate) fn fill(&mut self, tick: u64, studio: &mut Studio, packets: &mut Packets) {
        match (&mut self.means, &mut self.source) {
            (Means::Companded(voice, tone), _) => {
                let len = Rate::Narrow.samples(voice.cadence.packet_ms());
                for _ in 0..voice.cadence.due(tick) {
                    packets.write(|payload| {
                        tone.fill(&mut payload[..len]);
                        len
                    });
                }
            }
            (Means::Spoken(speaker), source) => {
                for _ in 0..speaker.voice.cadence.due(tick) {
                    packets.write(|payload| speaker.next(source, payload));
                }
            }
            (Means::Broadcast(voice), Source::Music(music)) => {
                if let Some(outlet) = studio.radio.outlet(tick, music, *voice) {
                    packets.add_all(outlet);
                }
            }
            (Means::None | Means::Broadcast(_), _) => self.give_up(),
        }
    }

    /// There is nothing to play it in: a prompt is over at once, so that nobody waits for its end.
    pub(crate) fn give_up(&mut self) {
        if let Source::Prompt { sound, position } = &mut self.source {
            *position = sound.samples().len();
        }
    }

    /// Whether it is played for somebody who may answer with keys.
    pub(crate) fn takes_keys(&self) -> bool {
        match &self.source {
            Source::Silence | Source::Prompt { .. } => true,
            Source::Tone { .. } | Source::Loop { .. } | Source::Music(_) => false,
        }
    }

    /// Whether everything was played.
    pub(crate) fn is_over(&self) -> bool {
        match &self.source {
            Source::Silence | Source::Tone { .. } | Source::Loop { .. } | Source::Music(_) => false,
            Source::Prompt { sound, position } => *position >= sound.samples().len(),
        }
    }

    fn voice(&self) -> Option<Voice> {
        match &self.means {
            Means::None => None,
            Means::Companded(voice, _) | Means::Broadcast(voice) => Some(*voice),
            Means::Spoken(speaker) => Some(speaker.voice),
        }
    }
}

/// Encodes samples of one rate for one far end.
#[derive(Debug)]
struct Speaker {
    voice: Voice,
    resampler: Resampler,
    encoder: Encoder,
    /// A packet at the source's rate, and at the codec's.
    room: Box<[i16]>,
    resampled: Box<[i16]>,
    /// What [`Self::say_on`] says without end, and how much of it was said.
    period: Box<[i16]>,
    position: usize,
}

impl Speaker {
    fn means(voice: Voice, from: Rate, period: Option<Vec<i16>>) -> Means {
        let to = voice.codec.rate();
        // A codec that cannot be set up says nothing: the call has its other direction.
        let Ok(encoder) = Encoder::new(voice.codec, voice.wishes) else { return Means::None };
        Means::Spoken(Box::new(Self {
            voice,
            resampler: Resampler::new(from, to),
            encoder,
            room: vec![0; from.samples(voice.cadence.packet_ms())].into(),
            resampled: vec![0; voice.packet_samples()].into(),
            period: period.unwrap_or_default().into(),
            position: 0,
        }))
    }

    /// Writes the payload of the next packet; says how long it is. Music is not its business.
    fn next(&mut self, source: &mut Source, payload: &mut [u8]) -> usize {
        match source {
            Source::Prompt { sound, position } => {
                let rest = sound.samples().get(*position..).unwrap_or_default();
                *position += self.room.len();
                self.say(rest, payload)
            }
            Source::Loop { sound, position } => {
                fill_round(&mut self.room, sound.samples(), position);
                self.encode(payload)
            }
            Source::Silence => self.say(&[], payload),
            Source::Tone { .. } => self.say_on(payload),
            Source::Music(_) => 0,
        }
    }

    /// The beginning of `samples`, with silence after their end.
    fn say(&mut self, samples: &[i16], payload: &mut [u8]) -> usize {
        let count = samples.len().min(self.room.len());
        self.room[..count].copy_from_slice(&samples[..count]);
        self.room[count..].fill(0);
        self.encode(payload)
    }

    /// The period goes on.
    fn say_on(&mut self, payload: &mut [u8]) -> usize {
        fill_round(&mut self.room, &self.period, &mut self.position);
        self.encode(payload)
    }

    fn encode(&mut self, payload: &mut [u8]) -> usize {
        self.resampler.process(&self.room, &mut self.resampled);
        self.encoder.encode(&self.resampled, payload).unwrap_or(0)
    }
}

/// Goes on with samples that are played in a circle.
fn fill_round(room: &mut [i16], samples: &[i16], position: &mut usize) {
    for place in room {
        *place = samples.get(*position).copied().unwrap_or(0);
        *position = (*position + 1) % samples.len().max(1);
    }
}
