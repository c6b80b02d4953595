//! Keys that we press towards one far end, in place of what it would be sent otherwise.

use crate::{
    Format,
    cadence::Cadence,
    codec::Encoder,
    dtmf::{Digit, EventSender, KeyForm, ToneSender},
    outgoing::Outgoing,
    packets::Packets,
    playout::{FRAME_MS, Voice},
    rtp::Header,
};
use std::time::{Duration, Instant};

/// Makes packets of keys, one a tick while there are any; of tones two, where the far end or its codec
/// wants shorter ones. Allocates when it is made.
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
    cadence: Cadence,
    /// A packet.
    pcm: Box<[i16]>,
}

impl Dialler {
    /// For a far end that agreed to `formats`, wishes packets of `wished` and hears `voice` now.
    /// Nothing if it cannot be told keys that way.
    pub(crate) fn new(
        form: KeyForm,
        (formats, wished): (&[Format], Cadence),
        voice: Option<u8>,
    ) -> Option<Self> {
        let is_heard = |it: &&Format| Some(it.payload_type) == voice;
        let spoken = formats.iter().find(is_heard).or(formats.first())?;
        let clock = |it: &Format| (it.clock_rate / 1000 * FRAME_MS, it.clock_rate);
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
                // In long packets Opus would swallow the beginning of the first key.
                let wished = wished.min(Cadence::Ms20);
                let voice = Voice::of(std::slice::from_ref(spoken), wished)
                    .or(Voice::of(formats, wished))?;
                let encoder = Encoder::new(voice.codec, voice.wishes).ok()?;
                let tones = Tones {
                    sender: ToneSender::new(voice.codec.rate().hz()),
                    encoder,
                    cadence: voice.cadence,
                    pcm: vec![0; voice.packet_samples()].into(),
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

    /// Adds the packets of a tick that belongs to keys; others may speak in the rest.
    pub(crate) fn next(
        &mut self,
        (now, tick): (Instant, u64),
        outgoing: &mut Outgoing,
        packets: &mut Packets,
    ) {
        self.is_speaking = !self.is_idle() && !self.pauses();
        if !self.is_speaking {
            outgoing.rest();
            return;
        }
        let (payload_type, clock) = (self.payload_type, self.clock);
        match &mut self.means {
            Means::Events(events) => {
                let header = outgoing.play(now, payload_type, clock, EVENT_LEN);
                if let Some((header, payload)) = events.next(header, clock.1) {
                    packets.add(&payload);
                    packets.iter_mut().for_each(|it| it.head(&header));
                }
            }
            Means::Tones(tones) => {
                for _ in 0..tones.cadence.due(tick) {
                    tones.sender.fill(&mut tones.pcm);
                    packets.write(|room| tones.encoder.encode(&tones.pcm, room).unwrap_or(0));
                }
                let times = tones.cadence.begin_at(now, tick);
                for (packet, at) in packets.iter_mut().zip(times) {
                    let len = packet.payload_len();
                    packet.head(&outgoing.play(at, payload_type, clock, len));
                }
            }
        }
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
