//! A few words of the far end, kept in memory: the name that a conference announces.

use crate::{
    codec::Rate,
    level::LevelMeter,
    packets::Packets,
    playout::{FRAME_MS, Player, Studio, Voice},
    sound::{AROUND_MS, Sound},
    talk::is_loud,
};
use std::time::Duration;

/// Plays a tone, then listens until the far end has said something and is silent, or has said too
/// much. Allocates when it is made and when the far end changes its codec.
#[derive(Debug)]
pub(crate) struct Capture {
    player: Player,
    /// Whether the tone is over, and what comes is kept.
    listens: bool,
    rate: Rate,
    longest: Duration,
    pause: Duration,
    samples: Vec<i16>,
    /// Where the first loud frame begins and the last one ends, in samples.
    loud: Option<(usize, usize)>,
}

impl Capture {
    /// Keeps no more than `longest`, and ends with a silence of `pause` after words.
    pub(crate) fn new(tone: Sound, longest: Duration, pause: Duration) -> Self {
        Self {
            player: Player::prompt(tone),
            listens: false,
            rate: Rate::Narrow,
            longest: longest.min(LONGEST),
            pause,
            samples: Vec::new(),
            loud: None,
        }
    }

    /// Gets ready to speak to the far end.
    pub(crate) fn prepare(&mut self, voice: Voice, studio: &mut Studio) {
        self.player.prepare(voice, studio);
        self.keep_up(voice.codec.rate());
    }

    /// Adds the packets of what the far end hears: the tone, and then nothing.
    pub(crate) fn fill(
        &mut self,
        tick: u64,
        voice: Voice,
        studio: &mut Studio,
        packets: &mut Packets,
    ) {
        if !self.listens && self.player.is_over() {
            self.listens = true;
            self.player = Player::silence();
            self.player.prepare(voice, studio);
        }
        self.player.fill(tick, studio, packets);
    }

    /// Keeps a frame of what the far end says; whether that is all.
    pub(crate) fn hear(&mut self, rate: Rate, frame: &[i16]) -> bool {
        if !self.listens {
            return false;
        }
        self.keep_up(rate);
        let before = self.samples.len();
        self.samples.extend_from_slice(frame);
        let now = self.samples.len();
        let mut meter = LevelMeter::default();
        meter.add(frame);
        if is_loud(meter.take().mean) {
            self.loud = Some((self.loud.map_or(before, |(first, _)| first), now));
        }
        let pause = rate.samples(self.pause.as_millis() as u32);
        let is_silent = self.loud.is_some_and(|(_, last)| now - last >= pause);
        is_silent || now + frame.len() > rate.samples(self.longest.as_millis() as u32)
    }

    /// The words, without the silence around them; nothing if there were none.
    pub(crate) fn take(&mut self) -> Option<Sound> {
        let (first, last) = self.loud.take()?;
        let around = self.rate.samples(AROUND_MS);
        let words = first.saturating_sub(around)..(last + around).min(self.samples.len());
        Some(Sound::new(self.rate, &self.samples[words]))
    }

    /// Goes on at the rate that comes, with room for all that may come.
    fn keep_up(&mut self, rate: Rate) {
        if rate != self.rate {
            let place = |at: usize| at * rate.hz() as usize / self.rate.hz() as usize;
            self.loud = self.loud.map(|(first, last)| (place(first), place(last)));
            let before = Sound::new(self.rate, &*self.samples).at_rate(rate);
            self.samples = before.samples().to_vec();
            self.rate = rate;
        }
        let room = rate.samples(self.longest.as_millis() as u32 + FRAME_MS);
        self.samples.reserve(room.saturating_sub(self.samples.len()));
    }
}

/// More is never kept: it is memory, and not disk.
const LONGEST: Duration = Duration::from_secs(10);
