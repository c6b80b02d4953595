//! Phones of one worker in virtual time: what each says and hears.

use crate::support::*;
use base::{Rng, RoomId};
use media::{
    Channel, Direction, Format, MediaCommand, MediaEvent, PartyMode, Relay, Slot,
    codec::{Codec, Decoder, Encoder, OpusWishes, Rate, SAMPLES_MAX},
    dtmf::{Digit, EventSender, KeyTone},
    rtp::{HEADER_LEN, Header, is_rtcp},
    sound::Music,
};
use std::{
    f64::consts::TAU,
    sync::Arc,
    time::{Duration, Instant},
};

/// Far ends of one worker in virtual time.
pub(crate) struct World {
    pub(crate) relay: Relay,
    pub(crate) now: Instant,
    pub(crate) formats: Vec<Vec<Format>>,
    /// What each wishes, in milliseconds.
    pub(crate) wishes_ms: Vec<u16>,
    phones: Vec<Phone>,
    /// What was passed on since the last tick: to whom, and the packet.
    relayed: Vec<(u32, Vec<u8>)>,
    /// All that was sent: to whom, and the packet.
    pub(crate) sent: Vec<(u32, Vec<u8>)>,
    pub(crate) music: Option<Arc<Music>>,
    pub(crate) is_chimed: bool,
}

/// What a far end says.
pub(crate) struct Phone {
    says: Says,
    encoder: Encoder,
    events: EventSender,
    sequence: u16,
    /// In frames of 20 ms.
    said: u32,
}

#[derive(Clone, Debug)]
pub(crate) enum Says {
    Nothing,
    Silence,
    /// A hum that rooms make.
    Noise,
    Tone(f64),
    ToneAt(f64, f64),
    Samples(Vec<i16>),
}

impl World {
    pub(crate) fn pcmu(parties: usize) -> Self {
        Self::with(&vec![format(0, "PCMU", 8000, 1); parties])
    }

    pub(crate) fn with(formats: &[Format]) -> Self {
        Self::wishing(&formats.iter().map(|it| (it.clone(), 20)).collect::<Vec<_>>())
    }

    /// Far ends that wish packets of a length in milliseconds.
    pub(crate) fn wishing(far_ends: &[(Format, u16)]) -> Self {
        let (formats, wishes_ms): (Vec<_>, Vec<_>) = far_ends.iter().cloned().unzip();
        let now = Instant::now();
        let phones = formats.iter().map(|format| Phone {
            says: Says::Nothing,
            encoder: Encoder::new(Codec::of(format).unwrap(), OpusWishes::default()).unwrap(),
            events: EventSender::new(8000, 160),
            sequence: 0,
            said: 0,
        });
        let mut world = Self {
            relay: Relay::new(now, Rng::from_number(7)),
            now,
            formats: formats.iter().map(|it| vec![it.clone()]).collect(),
            wishes_ms,
            phones: phones.collect(),
            relayed: Vec::new(),
            sent: Vec::new(),
            music: None,
            is_chimed: false,
        };
        for n in 0..formats.len() as u32 {
            world.relay.open(now, id(n), Slot(n));
            world.configure(n, Direction::SendRecv);
        }
        world
    }

    pub(crate) fn configure(&mut self, n: u32, direction: Direction) {
        let (formats, wished_ms) = (&self.formats[n as usize], self.wishes_ms[n as usize]);
        self.command(configure_with(n, direction, formats, wished_ms));
    }

    pub(crate) fn join(&mut self, n: u32) {
        self.join_room(n, RoomId(5));
    }

    pub(crate) fn join_room(&mut self, n: u32, room: RoomId) {
        self.command(MediaCommand::Join {
            media: id(n),
            room,
            mode: PartyMode::default(),
            alone: self.music.clone(),
            is_chimed: self.is_chimed,
        });
    }

    pub(crate) fn set_mode(&mut self, n: u32, mode: PartyMode) {
        self.command(MediaCommand::SetMode { media: id(n), mode });
    }

    pub(crate) fn says(&mut self, n: u32, says: Says) {
        self.phones[n as usize].says = says;
    }

    pub(crate) fn command(&mut self, command: MediaCommand) {
        self.relay.handle_command(self.now, command);
    }

    pub(crate) fn events(&mut self) -> Vec<MediaEvent> {
        std::iter::from_fn(|| self.relay.poll_event()).collect()
    }

    /// Lets time pass; gives what each far end heard, decoded.
    pub(crate) fn run(&mut self, span: Duration) -> Vec<Vec<i16>> {
        let mut decoders: Vec<_> = self
            .formats
            .iter()
            .map(|it| Decoder::new(Codec::of(&it[0]).unwrap()).unwrap())
            .collect();
        let mut heard = vec![Vec::new(); self.formats.len()];
        let mut room = vec![0; SAMPLES_MAX];
        for _ in 0..span.as_millis() / 20 {
            self.speak();
            let mut sent = std::mem::take(&mut self.relayed);
            self.relay.handle_timeout(self.now, |transmit, packet| {
                let n = transmit.slot.0;
                assert_eq!(transmit.to, far_end(n));
                sent.push((n, packet.to_vec()));
            });
            for (n, packet) in sent.iter().filter(|(_, packet)| !is_rtcp(packet)) {
                let (header, len) = Header::parse(packet).expect("we send valid packets");
                if header.payload_type == EVENT_TYPE {
                    continue;
                }
                let payload = &packet[packet.len() - len..];
                let count = decoders[*n as usize].decode(payload, &mut room).unwrap();
                heard[*n as usize].extend_from_slice(&room[..count]);
            }
            self.sent.extend(sent);
            self.now += millis(20);
        }
        heard
    }

    /// Each far end sends its next packet.
    fn speak(&mut self) {
        for n in 0..self.phones.len() as u32 {
            let format = &self.formats[n as usize][0];
            let (at, clock, packet_ms) = (rate(format), format.clock_rate, packet_ms(format));
            let payload_type = format.payload_type;
            let phone = &mut self.phones[n as usize];
            if let Some(event) = phone.events.next(phone.said * 160) {
                phone.said += 1;
                let mut packet = [0; HEADER_LEN + 4];
                let header = phone.header(EVENT_TYPE, event.timestamp, n);
                packet[..HEADER_LEN].copy_from_slice(&header.to_bytes());
                packet[HEADER_LEN..].copy_from_slice(&event.payload);
                self.send(n, &mut packet);
                continue;
            }
            let Some(pcm) = phone.next_frame(at) else { continue };
            let mut timestamp = phone.said * (clock / 50);
            for pcm in pcm.chunks(at.samples(packet_ms)) {
                let phone = &mut self.phones[n as usize];
                let mut packet = [0; 1500];
                let count = phone.encoder.encode(pcm, &mut packet[HEADER_LEN..]).unwrap();
                let header = phone.header(payload_type, timestamp, n);
                packet[..HEADER_LEN].copy_from_slice(&header.to_bytes());
                self.send(n, &mut packet[..HEADER_LEN + count]);
                timestamp += clock / 1000 * packet_ms;
            }
        }
    }

    fn send(&mut self, n: u32, packet: &mut [u8]) {
        // Dropped where nobody listens; keys are told all the same.
        let passed = self.relay.handle_packet(self.now, Slot(n), Channel::Rtp, far_end(n), packet);
        if let Ok(Some(transmit)) = passed {
            self.relayed.push((transmit.slot.0, packet.to_vec()));
        }
        while let Some((transmit, packet)) = self.relay.poll_transmit() {
            self.relayed.push((transmit.slot.0, packet.to_vec()));
        }
    }

    pub(crate) fn press(&mut self, n: u32, key: char, has_events: bool) {
        let digit = Digit::from_char(key).unwrap();
        let phone = &mut self.phones[n as usize];
        if has_events {
            phone.events.press(digit, millis(100)).unwrap();
        } else {
            let mut samples = vec![0; 800];
            KeyTone::new(digit, Rate::Narrow.hz(), samples.len()).fill(&mut samples);
            phone.says = Says::Samples(samples);
        }
    }
}

impl Phone {
    fn next_frame(&mut self, at: Rate) -> Option<Vec<i16>> {
        let frame = at.samples(20);
        let first = self.said as usize * frame;
        let sine = |hz: f64, loudness: f64| {
            let step = TAU * hz / f64::from(at.hz());
            (first..first + frame).map(|n| (loudness * (step * n as f64).sin()) as i16).collect()
        };
        let pcm = match &mut self.says {
            Says::Nothing => return None,
            Says::Silence => vec![0; frame],
            Says::Noise => sine(180.0, 60.0),
            Says::Tone(hz) => sine(*hz, 10_000.0),
            Says::ToneAt(hz, loudness) => sine(*hz, *loudness),
            Says::Samples(samples) => {
                let mut pcm: Vec<i16> = samples.drain(..frame.min(samples.len())).collect();
                pcm.resize(frame, 0);
                pcm
            }
        };
        self.said += 1;
        Some(pcm)
    }

    fn header(&mut self, payload_type: u8, timestamp: u32, n: u32) -> Header {
        self.sequence += 1;
        Header { marker: false, payload_type, sequence: self.sequence, timestamp, ssrc: n + 1 }
    }
}

/// Of the component at `hz` in what a G.711 party heard.
pub(crate) fn level(pcm: &[i16], hz: f64) -> f64 {
    tone_level_db(pcm, hz, Rate::Narrow)
}

/// Payload type of keys as events.
pub(crate) const EVENT_TYPE: u8 = 101;
