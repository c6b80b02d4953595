//! Keys of one far end of a bridge that the other must be told in another form.

use crate::{
    Format,
    codec::{Codec, Decoder, Rate, SAMPLES_MAX},
    dtmf::{EventReceiver, Heard, KeyForm, ToneDetector},
    resample::Resampler,
    rtp::Header,
};
use std::time::Instant;

/// Hears keys in packets that are passed on. Allocates when it is made and when the far end changes
/// its codec.
#[derive(Debug)]
pub(crate) struct Converter {
    told: KeyForm,
    ear: Ear,
}

#[derive(Debug)]
enum Ear {
    Events(EventEar),
    Tones(Box<ToneEar>),
}

/// Keys of one source, as events beside its audio.
#[derive(Debug, Default)]
pub(crate) struct EventEar {
    source: Option<(u32, EventReceiver)>,
}

/// Keys of one source, as tones in its audio. Driven by packets, as they come; what is lost is left
/// out, so that a tone goes on over the gap.
#[derive(Debug)]
struct ToneEar {
    voice: Option<Voice>,
    /// Number of the packet that came last, its source, and the timestamp that should follow.
    last: Option<(u32, u16, u32)>,
    heard_at: Option<Instant>,
    is_down: bool,
    detector: ToneDetector,
    pcm: Box<[i16]>,
    narrow: Box<[i16]>,
}

/// The codec in use.
#[derive(Debug)]
struct Voice {
    payload_type: u8,
    decoder: Decoder,
    resampler: Resampler,
}

impl Converter {
    /// Hears keys that come as `heard`, which the other is told as `told`. Nothing for forms that
    /// are not in packets.
    pub(crate) fn new(heard: KeyForm, told: KeyForm) -> Option<Self> {
        let ear = match heard {
            KeyForm::Events => Ear::Events(EventEar::default()),
            KeyForm::Tones => Ear::Tones(Box::new(ToneEar::new())),
            KeyForm::Info => return None,
        };
        Some(Self { told, ear })
    }

    /// Whether keys stay what they are.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.ear, Ear::Events(_)) && self.told == KeyForm::Events
    }

    /// How the other is told.
    pub(crate) fn told(&self) -> KeyForm {
        self.told
    }

    /// Listens to a packet in the format of its payload type; says whether it must not be passed
    /// on, since it is nothing but a key.
    pub(crate) fn hear(
        &mut self,
        now: Instant,
        format: &Format,
        header: &Header,
        payload: &[u8],
        mut tell: impl FnMut(Heard),
    ) -> bool {
        match &mut self.ear {
            Ear::Events(ear) if format.is_event() => {
                ear.hear(now, format.clock_rate, header, payload).for_each(tell);
                true
            }
            Ear::Events(_) => false,
            Ear::Tones(ear) => {
                ear.hear(now, format, header, payload, &mut tell);
                ear.is_down
            }
        }
    }

    /// A key of which nothing is heard any more is up. To be called now and then.
    pub(crate) fn tick(&mut self, now: Instant) -> Option<Heard> {
        match &mut self.ear {
            Ear::Events(ear) => ear.source.as_mut()?.1.tick(now),
            Ear::Tones(ear) => ear.tick(now),
        }
    }
}

impl EventEar {
    /// Takes in a packet of events; in order, what it tells.
    pub(crate) fn hear(
        &mut self,
        now: Instant,
        clock_rate: u32,
        header: &Header,
        payload: &[u8],
    ) -> impl Iterator<Item = Heard> + use<> {
        let ssrc = header.ssrc;
        let (source, receiver) =
            self.source.get_or_insert_with(|| (ssrc, EventReceiver::new(clock_rate)));
        let released = if *source == ssrc { None } else { receiver.restart() };
        *source = ssrc;
        released.into_iter().chain(receiver.packet(now, header.timestamp, payload))
    }
}

impl ToneEar {
    fn new() -> Self {
        Self {
            voice: None,
            last: None,
            heard_at: None,
            is_down: false,
            detector: ToneDetector::new(),
            pcm: vec![0; SAMPLES_MAX].into(),
            narrow: vec![0; SAMPLES_MAX].into(),
        }
    }

    fn hear(
        &mut self,
        now: Instant,
        format: &Format,
        header: &Header,
        payload: &[u8],
        tell: &mut impl FnMut(Heard),
    ) {
        let Some(voice) = take_up(&mut self.voice, format) else { return };
        let Some(pause) = self.last.map_or(Some(0), |last| pause_before(last, header)) else {
            return;
        };
        let Ok(count) = voice.decoder.decode(payload, &mut self.pcm) else { return };
        let codec = voice.decoder.codec();
        let blocks = count / codec.rate().samples(BLOCK_MS);
        let narrow = &mut self.narrow[..blocks * Rate::Narrow.samples(BLOCK_MS)];
        voice.resampler.process(&self.pcm[..blocks * codec.rate().samples(BLOCK_MS)], narrow);
        let ticks = count as u64 * u64::from(codec.clock_rate()) / u64::from(codec.rate().hz());
        let next = header.timestamp.wrapping_add(ticks as u32);
        self.last = Some((header.ssrc, header.sequence, next));
        self.heard_at = Some(now);
        let is_down = &mut self.is_down;
        let mut hear = |heard| {
            *is_down = matches!(heard, Heard::Pressed(_));
            tell(heard);
        };
        if pause > 0 {
            self.detector.listen(&SILENCE, &mut hear);
        }
        self.detector.listen(narrow, &mut hear);
    }

    fn tick(&mut self, now: Instant) -> Option<Heard> {
        let silent_for = now.saturating_duration_since(self.heard_at?);
        if !self.is_down || silent_for < EventReceiver::SILENCE_MAX {
            return None;
        }
        self.is_down = false;
        let mut released = None;
        self.detector.listen(&SILENCE, |heard| released = Some(heard));
        released
    }
}

/// Ticks of a pause that the far end made before a packet, 0 if it made none or packets are lost;
/// `None` for a packet that comes too late.
fn pause_before((ssrc, sequence, timestamp): (u32, u16, u32), header: &Header) -> Option<u32> {
    if header.ssrc != ssrc {
        return Some(0);
    }
    let ahead = header.sequence.wrapping_sub(sequence);
    match ahead {
        1 => Some(header.timestamp.wrapping_sub(timestamp).cast_signed().max(0).cast_unsigned()),
        0 => None,
        _ if ahead > u16::MAX - BEHIND_MAX => None,
        _ => Some(0),
    }
}

/// The decoder of a payload type, made anew when the far end changed it.
fn take_up<'a>(voice: &'a mut Option<Voice>, format: &Format) -> Option<&'a mut Voice> {
    if voice.as_ref().is_none_or(|it| it.payload_type != format.payload_type) {
        let codec = Codec::of(format)?.near(Rate::Narrow);
        *voice = Some(Voice {
            payload_type: format.payload_type,
            decoder: Decoder::new(codec).ok()?,
            resampler: Resampler::new(codec.rate(), Rate::Narrow),
        });
    }
    voice.as_mut()
}

/// What the resampler takes at a time, in milliseconds; what is no whole block is not listened to.
const BLOCK_MS: u32 = 10;
/// Packets so far behind are late; those farther behind are of a far end that began anew.
const BEHIND_MAX: u16 = 100;
/// Ends a key whatever was there before it: 40 ms at 8 kHz.
const SILENCE: [i16; 320] = [0; 320];
