//! What one far end says, as an even stream of samples: what mixers, recorders and detectors hear.
//!
//! Behind a jitter buffer each packet is decoded, what was lost is recovered or concealed, and
//! speech is made a little longer or shorter, a period of the voice at a time, where the buffer
//! asks for it. What is heard never stops: a silence is silence, or the far end's comfort noise.

use crate::{
    Format,
    codec::{Codec, ComfortNoise, Decoder, Rate, SAMPLES_MAX},
    jitter_buffer::{JitterBuffer, Next, Pace},
    level::{Level, LevelMeter},
    resample::Resampler,
    rtp::Header,
    stretch::{squeeze, stretch},
};
use base::Rng;
use std::time::Instant;

/// Hears one stream. Allocates when it is made and when the far end changes its codec.
#[derive(Debug)]
pub struct Hearing {
    rate: Rate,
    buffer: JitterBuffer,
    kinds: Vec<(u8, Kind)>,
    voice: Option<Voice>,
    noise: ComfortNoise,
    /// Decoded, not yet fetched; the first `ready` of it.
    samples: Box<[i16]>,
    ready: usize,
    meter: LevelMeter,
}

/// What the packets of a payload type are.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Voice(Codec),
    ComfortNoise,
}

/// The codec in use.
#[derive(Debug)]
struct Voice {
    payload_type: u8,
    rate: Rate,
    decoder: Decoder,
    resampler: Resampler,
    /// At the codec's rate: first `left` samples that were too few for the resampler, then a
    /// packet.
    packet: Box<[i16]>,
    left: usize,
    /// Samples of the last packet, before it was stretched.
    packet_len: usize,
}

impl Hearing {
    /// Hears `formats`, numbered as the far end sends them, at `rate`. Formats that we cannot
    /// decode are not heard.
    pub fn new(now: Instant, formats: &[Format], rate: Rate, rng: &mut Rng) -> Self {
        let kinds: Vec<_> = formats
            .iter()
            .filter_map(|format| Some((format.payload_type, Kind::of(format, rate)?)))
            .collect();
        let clock_rate = formats.first().map_or(Rate::Narrow.hz(), |it| it.clock_rate);
        Self {
            rate,
            buffer: JitterBuffer::new(now, clock_rate.max(1000)),
            kinds,
            voice: None,
            noise: ComfortNoise::new(rng),
            samples: vec![0; 2 * SAMPLES_MAX].into(),
            ready: 0,
            meter: LevelMeter::default(),
        }
    }

    /// Takes in a packet of the far end as it comes.
    pub fn hear(&mut self, now: Instant, header: &Header, payload: &[u8]) {
        if kind(&self.kinds, header.payload_type).is_some() {
            self.buffer.insert(now, header, payload);
        }
    }

    /// Fills `pcm`, 60 ms at most, with what is heard next.
    pub fn fetch(&mut self, now: Instant, pcm: &mut [i16]) {
        while self.ready < pcm.len() {
            self.play(now);
        }
        pcm.copy_from_slice(&self.samples[..pcm.len()]);
        self.samples.copy_within(pcm.len()..self.ready, 0);
        self.ready -= pcm.len();
        self.meter.add(pcm);
    }

    /// How loud it was since it was asked for last.
    pub fn take_level(&mut self) -> Level {
        self.meter.take()
    }

    /// The buffer, for its figures.
    pub fn buffer(&self) -> &JitterBuffer {
        &self.buffer
    }

    fn play(&mut self, now: Instant) {
        let Self { rate, buffer, kinds, voice, noise, samples, ready, .. } = self;
        let room = &mut samples[*ready..];
        let pace = buffer.pace();
        let heard = match buffer.next(now) {
            Next::Packet { payload_type, payload } => match kind(kinds, payload_type) {
                Some(Kind::Voice(codec)) => {
                    let voice = take_up(voice, payload_type, codec, *rate);
                    voice.and_then(|voice| voice.decode(payload, pace, room))
                }
                Some(Kind::ComfortNoise) => {
                    noise.describe(payload).ok();
                    None
                }
                None => None,
            },
            Next::Lost { next } => voice.as_mut().map(|voice| voice.conceal(next, room)),
            Next::Silence => None,
        };
        let heard = heard.unwrap_or_else(|| {
            let count = rate.samples(QUIET_MS);
            noise.fill(&mut room[..count]);
            Heard { count, squeezed_ticks: 0 }
        });
        *ready += heard.count;
        buffer.squeezed(heard.squeezed_ticks);
    }
}

impl Kind {
    fn of(format: &Format, rate: Rate) -> Option<Self> {
        if format.encoding.eq_ignore_ascii_case("CN") {
            return Some(Self::ComfortNoise);
        }
        Codec::of(format).map(|codec| Self::Voice(codec.near(rate)))
    }
}

fn kind(kinds: &[(u8, Kind)], payload_type: u8) -> Option<Kind> {
    kinds.iter().find(|it| it.0 == payload_type).map(|it| it.1)
}

/// The decoder of a payload type, made anew when the far end changed it.
fn take_up(
    voice: &mut Option<Voice>,
    payload_type: u8,
    codec: Codec,
    rate: Rate,
) -> Option<&mut Voice> {
    if voice.as_ref().is_none_or(|it| it.payload_type != payload_type) {
        *voice = Some(Voice {
            payload_type,
            rate,
            decoder: Decoder::new(codec).ok()?,
            resampler: Resampler::new(codec.rate(), rate),
            packet: vec![0; 2 * SAMPLES_MAX].into(),
            left: 0,
            packet_len: codec.rate().samples(20),
        });
    }
    voice.as_mut()
}

/// What a packet became.
struct Heard {
    count: usize,
    squeezed_ticks: i32,
}

impl Voice {
    /// Nothing if the payload is not valid.
    fn decode(&mut self, payload: &[u8], pace: Pace, room: &mut [i16]) -> Option<Heard> {
        let codec = self.decoder.codec();
        let packet = &mut self.packet[self.left..];
        let count = self.decoder.decode(payload, packet).ok()?;
        self.packet_len = count;
        let changed = match pace {
            Pace::Even => count,
            Pace::Squeeze => squeeze(&mut packet[..count], codec.rate()),
            Pace::Stretch => stretch(packet, count, codec.rate()),
        };
        let by = count as i64 - changed as i64;
        let squeezed_ticks = by * i64::from(codec.clock_rate()) / i64::from(codec.rate().hz());
        let count = self.resample(changed, room);
        Some(Heard { count, squeezed_ticks: squeezed_ticks as i32 })
    }

    fn conceal(&mut self, next: Option<&[u8]>, room: &mut [i16]) -> Heard {
        let lost = &mut self.packet[self.left..][..self.packet_len];
        match next {
            Some(next) => self.decoder.recover(next, lost),
            None => self.decoder.conceal(lost),
        }
        Heard { count: self.resample(self.packet_len, room), squeezed_ticks: 0 }
    }

    /// Moves whole blocks on, `new` samples being behind those that were left.
    fn resample(&mut self, new: usize, room: &mut [i16]) -> usize {
        let (from, to) = (self.decoder.codec().rate(), self.rate);
        let all = self.left + new;
        // Where nothing is resampled there are no blocks.
        let whole = if from == to { all } else { all / from.samples(10) * from.samples(10) };
        let count = whole * to.hz() as usize / from.hz() as usize;
        self.resampler.process(&self.packet[..whole], &mut room[..count]);
        self.packet.copy_within(whole..all, 0);
        self.left = all - whole;
        count
    }
}

/// Played at a time when nothing is said, in milliseconds.
const QUIET_MS: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        codec::{Bands, Encoder, OpusWishes},
        g711::Law,
    };
    use std::{f64::consts::TAU, time::Duration};

    #[test]
    fn a_tone_is_heard_steadily_while_the_clocks_run_apart() {
        let cases = [
            (Codec::G711(Law::A), -200, 3000),
            (Codec::G711(Law::A), 200, 3000),
            (Codec::G722(Bands::Both), 200, 500),
            (Codec::Opus(Rate::Wide), -200, 500),
        ];
        for (codec, drift_ppm, packets) in cases {
            let heard = hear(codec, drift_ppm, 0, packets);

            let (power, step) = (power(&heard), step(&heard));
            assert!((0.8..1.2).contains(&(power / TONE_POWER)), "{codec:?} {drift_ppm}: {power}");
            assert!(step < 2200, "{codec:?} at {drift_ppm} ppm: a click of {step}");
        }
    }

    #[test]
    fn one_packet_of_ten_lost_is_hardly_heard() {
        let heard = hear(Codec::G711(Law::Mu), 0, 10, 500);

        assert!((0.7..1.2).contains(&(power(&heard) / TONE_POWER)), "{}", power(&heard));
        assert!(step(&heard) < 3500, "{}", step(&heard));
    }

    #[test]
    fn comfort_noise_sounds_until_speech_comes_again() {
        let start = Instant::now();
        let mut hearing = hearing(start, Codec::G711(Law::A));
        let mut pcm = [0; 320];
        let header = Header { marker: false, payload_type: 13, sequence: 1, timestamp: 0, ssrc: 1 };
        hearing.hear(start, &header, &[30]);
        for n in 1..50 {
            hearing.fetch(start + Duration::from_millis(20) * n, &mut pcm);
        }
        hearing.take_level();
        hearing.fetch(start + Duration::from_secs(1), &mut pcm);

        assert!(hearing.take_level().mean.abs_diff(30) <= 2, "{:?}", hearing.take_level());
    }

    #[test]
    fn what_cannot_be_decoded_is_silence() {
        let start = Instant::now();
        let mut hearing = hearing(start, Codec::G711(Law::A));
        for payload_type in [8, 18, 101] {
            let header = Header { marker: false, payload_type, sequence: 1, timestamp: 0, ssrc: 1 };
            hearing.hear(start, &header, &[]);
        }
        let mut pcm = [1; 320];
        hearing.fetch(start + Duration::from_secs(1), &mut pcm);

        assert_eq!(pcm, [0; 320]);
        assert_eq!(hearing.take_level(), Level::SILENCE);
    }

    /// A tone of a far end whose clock runs apart, from when it has settled; each so many a packet
    /// is lost.
    fn hear(codec: Codec, drift_ppm: i64, each_lost: u16, packets: u16) -> Vec<i16> {
        let start = Instant::now();
        let mut hearing = hearing(start, codec);
        let mut encoder = Encoder::new(codec, OpusWishes::default()).unwrap();
        let mut payload = [0; 1500];
        let samples = codec.rate().samples(20);
        let step = TAU * 400.0 / f64::from(codec.rate().hz());
        let mut heard = Vec::new();
        let mut fetched = 0;
        for n in 0..packets {
            let micros = i64::from(n) * 20_000 * (1_000_000 - drift_ppm) / 1_000_000;
            let arrives = start + Duration::from_micros(micros.cast_unsigned() + 3000);
            while start + Duration::from_millis(20) * fetched < arrives {
                let mut pcm = [0; 320];
                hearing.fetch(start + Duration::from_millis(20) * fetched, &mut pcm);
                heard.extend(pcm);
                fetched += 1;
            }
            let at = usize::from(n) * samples;
            let tone: Vec<i16> =
                (at..at + samples).map(|n| (TONE * (step * n as f64).sin()) as i16).collect();
            let count = encoder.encode(&tone, &mut payload).unwrap();
            let timestamp = u32::from(n) * codec.clock_rate() / 50;
            let header =
                Header { marker: n == 0, payload_type: 96, sequence: n, timestamp, ssrc: 7 };
            if each_lost == 0 || n % each_lost != 3 {
                hearing.hear(arrives, &header, &payload[..count]);
            }
        }
        heard.split_off(320 * 10)
    }

    fn hearing(now: Instant, codec: Codec) -> Hearing {
        let format = |payload_type, encoding: &str, clock_rate, channels| Format {
            payload_type,
            encoding: encoding.to_owned(),
            clock_rate,
            channels,
            fmtp: None,
        };
        let channels = if matches!(codec, Codec::Opus(_)) { 2 } else { 1 };
        let formats = [
            format(96, codec.encoding(), codec.clock_rate(), channels),
            format(13, "CN", 8000, 1),
            format(101, "telephone-event", codec.clock_rate(), 1),
        ];
        Hearing::new(now, &formats, Rate::Wide, &mut Rng::from_number(1))
    }

    fn power(pcm: &[i16]) -> f64 {
        pcm.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>() / pcm.len() as f64
    }

    fn step(pcm: &[i16]) -> i32 {
        pcm.windows(2).map(|it| (i32::from(it[1]) - i32::from(it[0])).abs()).max().unwrap()
    }

    const TONE: f64 = 10_000.0;
    const TONE_POWER: f64 = TONE * TONE / 2.0;
}
