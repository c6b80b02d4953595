//! A far end that speaks, in virtual time, to a session that is listened to.

use crate::{audio::HZ, support::*};
use base::{Rng, RoomId};
use media::{
    Channel, Direction, Format, MediaCommand, MediaEvent, PartyMode, PayloadMap, Playout, Relay,
    Slot, Transcoding,
    codec::{Codec, Encoder, OpusWishes},
    detection::{Detected, Wanted},
    resample::resample_whole,
    rtp::{HEADER_LEN, Header},
    sound::{Music, PieceOrder, Sound},
};
use std::{
    slice,
    sync::Arc,
    time::{Duration, Instant},
};

/// What a session does while it is listened to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Activity {
    Idle,
    Prompt,
    HoldMusic,
    Echo,
    Relay,
    Transcoding,
    Conference,
}

impl Activity {
    pub(crate) const ALL: [Self; 7] = [
        Self::Idle,
        Self::Prompt,
        Self::HoldMusic,
        Self::Echo,
        Self::Relay,
        Self::Transcoding,
        Self::Conference,
    ];
}

pub(crate) struct World {
    relay: Relay,
    started_at: Instant,
    now: Instant,
    format: Format,
    encoder: Encoder,
    packets: u16,
    /// Packets that are lost, of a thousand.
    loss: u32,
    rng: Rng,
    told: Vec<(Duration, Detected)>,
}

impl World {
    /// A far end that speaks a format, and a session that is listened to for `wanted`.
    pub(crate) fn new(format: &Format, wanted: Wanted) -> Self {
        let now = Instant::now();
        let codec = Codec::of(format).unwrap();
        let mut world = Self {
            relay: Relay::new(now, Rng::from_number(7)),
            started_at: now,
            now,
            format: format.clone(),
            encoder: Encoder::new(codec, OpusWishes::default()).unwrap(),
            packets: 0,
            loss: 0,
            rng: Rng::from_number(11),
            told: Vec::new(),
        };
        world.relay.open(now, id(0), Slot(0));
        world.command(configure(0, Direction::SendRecv, slice::from_ref(format)));
        world.detect(wanted);
        world
    }

    pub(crate) fn with_loss(mut self, per_mille: u32) -> Self {
        self.loss = per_mille;
        self
    }

    pub(crate) fn detect(&mut self, wanted: Wanted) {
        self.command(MediaCommand::Detect { media: id(0), wanted });
    }

    pub(crate) fn take_up(&mut self, activity: Activity) {
        let play = |playout| MediaCommand::Play { media: id(0), playout };
        match activity {
            Activity::Idle => self.command(MediaCommand::Unbridge { media: id(0) }),
            Activity::Prompt => {
                let sound = Sound::beep();
                self.command(play(Playout::Prompt { sound }));
            }
            Activity::HoldMusic => {
                let piece = Sound::new(Music::RATE, sine(Music::RATE, 500.0, 700));
                let music = Music::new("one", [piece], PieceOrder::Listed).unwrap();
                self.command(play(Playout::Music { music: Arc::new(music) }));
            }
            Activity::Echo => self.command(play(Playout::Echo)),
            Activity::Relay => self.bridge(&self.format.clone()),
            Activity::Transcoding => self.bridge(&format(97, "L16", 16_000, 1)),
            Activity::Conference => {
                let mode = PartyMode::default();
                let (media, room) = (id(0), RoomId(1));
                let command =
                    MediaCommand::Join { media, room, mode, alone: None, is_chimed: false };
                self.command(command);
            }
        }
    }

    /// Says samples at 8 kHz, and nothing more.
    pub(crate) fn say(&mut self, samples: &[i16]) {
        let codec = self.encoder.codec();
        let floats: Vec<f32> = samples.iter().map(|it| f32::from(*it) / 32_768.0).collect();
        let samples = resample_whole(&floats, HZ as u32, codec.rate()).unwrap();
        for frame in samples.chunks_exact(codec.rate().samples(20)) {
            for packet in frame.chunks(codec.rate().samples(packet_ms(&self.format))) {
                self.send(packet);
            }
            self.relay.handle_timeout(self.now, |_, _| {});
            self.now += millis(20);
            let at = self.now - self.started_at;
            while let Some(event) = self.relay.poll_event() {
                if let MediaEvent::Detected { media, what } = event {
                    assert_eq!(media, id(0));
                    self.told.push((at, what));
                }
            }
        }
    }

    /// What was told since it was asked last, and when.
    pub(crate) fn told(&mut self) -> Vec<(Duration, Detected)> {
        std::mem::take(&mut self.told)
    }

    /// When the worker wants to be woken next, from now; `None` if never.
    pub(crate) fn wakes_in(&self) -> Option<Duration> {
        Some(self.relay.poll_timeout()?.saturating_duration_since(self.now))
    }

    fn send(&mut self, frame: &[i16]) {
        let mut packet = [0; 1500];
        let len = self.encoder.encode(frame, &mut packet[HEADER_LEN..]).unwrap();
        let header = Header {
            marker: self.packets == 0,
            payload_type: self.format.payload_type,
            sequence: self.packets,
            timestamp: u32::from(self.packets)
                * (self.format.clock_rate / 1000 * packet_ms(&self.format)),
            ssrc: 5,
        };
        self.packets += 1;
        packet[..HEADER_LEN].copy_from_slice(&header.to_bytes());
        if !self.rng.chance(self.loss) {
            let packet = &mut packet[..HEADER_LEN + len];
            // It goes where the session's activity sends it, or nowhere.
            let _ = self.relay.handle_packet(self.now, Slot(0), Channel::Rtp, far_end(0), packet);
            while self.relay.poll_transmit().is_some() {}
        }
    }

    /// With another far end, which is there from then on.
    fn bridge(&mut self, other: &Format) {
        if self.relay.slot_of(id(1)).is_none() {
            self.relay.open(self.now, id(1), Slot(1));
        }
        self.command(configure(1, Direction::SendRecv, slice::from_ref(other)));
        let map = |from: &Format, to: &Format| {
            if from == to {
                return PayloadMap::Same;
            }
            let (from, to) = (from.clone(), to.clone());
            PayloadMap::Transcode(Transcoding { from, to, events: None, packet_ms: 20 })
        };
        let (a_to_b, b_to_a) = (map(&self.format, other), map(other, &self.format));
        self.command(MediaCommand::Bridge { a: id(0), b: id(1), a_to_b, b_to_a });
    }

    fn command(&mut self, command: MediaCommand) {
        self.relay.handle_command(self.now, command);
    }
}
