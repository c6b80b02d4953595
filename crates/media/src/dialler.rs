//! Keys that we press towards one far end, in place of what it would be sent otherwise.

use crate::{
    Format,
    codec::Encoder,
    dtmf::{Digit, EventSender, KeyForm, ToneSender},
    outgoing::Outgoing,
    playout::{PACKET_MS, Voice},
    rtp::{HEADER_LEN, Header},
    session::PACKET_MAX,
};
use std::time::{Duration, Instant};

/// Makes packets of keys, one a tick while there are any. Allocates when it is made.
#[derive(Debug)]
pub(crate) struct Dialler {
    /// Payload type of the packets.
    payload_type: u8,
    /// The clock of the far end's stream: ticks of a packet, and in Hz.
    clock: (u32, u32),
    means: Means,
    /// Whether the packet before was one of a key.
    is_speaking: bool,
}

#[derive(Debug)]
enum Means {
    Events(Events),
    Tones(Box<Tones>),
}

#[derive(Debug)]
struct Events {
    sender: EventSender,
    /// The clock of the events, which may be another than the stream's, like `clock` above.
    clock: (u32, u32),
    /// Its time of the packet that comes next.
    timestamp: u32,
}

#[derive(Debug)]
struct Tones {
    sender: ToneSender,
    encoder: Encoder,
    pcm: Box<[i16]>,
}

impl Dialler {
    /// For a far end that agreed to `formats` and hears `voice` now. Nothing if it cannot be told
    /// keys that way.
    pub(crate) fn new(form: KeyForm, formats: &[Format], voice: Option<u8>) -> Option<Self> {
        let is_heard = |it: &&Format| Some(it.payload_type) == voice;
        let spoken = formats.iter().find(is_heard).or(formats.first())?;
        let clock = |it: &Format| (it.clock_rate / 1000 * PACKET_MS, it.clock_rate);
        let dialler =
            |payload_type, clock, means| Self { payload_type, clock, means, is_speaking: false };
        match form {
            KeyForm::Events => {
                let events = || formats.iter().filter(|it| it.is_event());
                let event =
                    events().find(|it| it.clock_rate == spoken.clock_rate).or(events().next())?;
                let event_clock = clock(event);
                let sender = EventSender::new(event_clock.1, event_clock.0);
                let means = Means::Events(Events { sender, clock: event_clock, timestamp: 0 });
                Some(dialler(event.payload_type, clock(spoken), means))
            }
            KeyForm::Tones => {
                let voice = Voice::of(std::slice::from_ref(spoken)).or(Voice::of(formats))?;
                let encoder = Encoder::new(voice.codec, voice.wishes).ok()?;
                let rate = voice.codec.rate();
                let tones = Tones {
                    sender: ToneSender::new(rate.hz()),
                    encoder,
                    pcm: vec![0; rate.samples(PACKET_MS)].into(),
                };
                let clock = (voice.packet_ticks(), voice.codec.clock_rate());
                Some(dialler(voice.payload_type, clock, Means::Tones(Box::new(tones))))
            }
            KeyForm::Info => None,
        }
    }

    /// How it tells of keys.
    pub(crate) fn form(&self) -> KeyForm {
        match self.means {
            Means::Events(_) => KeyForm::Events,
            Means::Tones(_) => KeyForm::Tones,
        }
    }

    /// A key goes down, to be up by [`Self::release`]. Too many at once are left out.
    pub(crate) fn hold(&mut self, digit: Digit) {
        let _ = match &mut self.means {
            Means::Events(it) => it.sender.hold(digit),
            Means::Tones(it) => it.sender.hold(digit),
        };
    }

    /// The key goes up.
    pub(crate) fn release(&mut self, held: Duration) {
        match &mut self.means {
            Means::Events(it) => it.sender.release(held),
            Means::Tones(it) => it.sender.release(held),
        }
    }

    /// A key goes down and up. Too many at once are left out.
    pub(crate) fn press(&mut self, digit: Digit, held: Duration) {
        let _ = match &mut self.means {
            Means::Events(it) => it.sender.press(digit, held),
            Means::Tones(it) => it.sender.press(digit, held),
        };
    }

    /// Whether there is nothing to press.
    pub(crate) fn is_idle(&self) -> bool {
        match &self.means {
            Means::Events(it) => it.sender.is_idle(),
            Means::Tones(it) => it.sender.is_idle(),
        }
    }

    /// Whether keys take the place of what comes for the far end in this moment.
    pub(crate) fn is_speaking(&self) -> bool {
        self.is_speaking
    }

    /// Writes the packet of a tick; says how long it is, 0 if others may speak.
    pub(crate) fn next(
        &mut self,
        now: Instant,
        outgoing: &mut Outgoing,
        packet: &mut [u8; PACKET_MAX],
    ) -> usize {
        self.is_speaking = !self.is_idle() && !self.pauses();
        if !self.is_speaking {
            outgoing.rest();
            return 0;
        }
        let (payload_type, clock) = (self.payload_type, self.clock);
        let (header, len) = match &mut self.means {
            Means::Events(events) => {
                let header = outgoing.play(now, payload_type, clock, EVENT_LEN);
                let Some((header, payload)) = events.next(header, clock.1) else { return 0 };
                packet[HEADER_LEN..HEADER_LEN + EVENT_LEN].copy_from_slice(&payload);
                (header, EVENT_LEN)
            }
            Means::Tones(tones) => {
                tones.sender.fill(&mut tones.pcm);
                let room = &mut packet[HEADER_LEN..];
                let len = tones.encoder.encode(&tones.pcm, room).unwrap_or(0);
                (outgoing.play(now, payload_type, clock, len), len)
            }
        };
        packet[..HEADER_LEN].copy_from_slice(&header.to_bytes());
        HEADER_LEN + len
    }

    /// Speech is heard between two events. Between two tones nothing is, so that they stay apart.
    fn pauses(&mut self) -> bool {
        match &mut self.means {
            Means::Events(it) => it.sender.pause(),
            Means::Tones(_) => false,
        }
    }
}

impl Events {
    /// What the packet at this place of the stream becomes: an event has the time of its start.
    fn next(&mut self, header: Header, stream_hz: u32) -> Option<(Header, [u8; EVENT_LEN])> {
        let event = self.sender.next(self.timestamp)?;
        let ago = u64::from(self.timestamp.wrapping_sub(event.timestamp));
        let ago = ago * u64::from(stream_hz) / u64::from(self.clock.1.max(1));
        let timestamp = header.timestamp.wrapping_sub(ago as u32);
        self.timestamp = self.timestamp.wrapping_add(self.clock.0);
        Some((Header { marker: event.marker, timestamp, ..header }, event.payload))
    }
}

/// Of an event's payload, in bytes.
const EVENT_LEN: usize = 4;
