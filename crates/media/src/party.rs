//! One party of a conference: what it says, and what only it hears.

use crate::{
    codec::Rate,
    command::{PartyMode, TapMode},
    ears::Ears,
    gain::Gain,
    mixer::RoomKey,
    outlet::Outlet,
    playout::{FRAME_MS, Voice},
    resample::Resampler,
    sound::{Music, Sound},
    talk::{Talk, TalkDetector},
};
use std::{collections::VecDeque, sync::Arc};

/// A session's part in a room.
#[derive(Debug)]
pub(crate) struct Party {
    room: RoomKey,
    mode: PartyMode,
    alone: Option<Arc<Music>>,
    is_chimed: bool,
    /// Who hears it of those that it supervises, if it is no party of a conference.
    tap: Option<TapMode>,
    gain: Gain,
    talk: TalkDetector,
    /// Whether the others hear it in the tick in hand.
    is_mixed: bool,
    /// What it says, at the rates that others need.
    shares: [Option<Share>; Rate::ALL.len()],
    /// What it alone is told; the first of them now.
    told: VecDeque<Told>,
    /// Encodes what no other hears. Made when it is needed.
    outlet: Option<Outlet>,
}

/// What a party says, at another rate.
#[derive(Debug)]
struct Share {
    resampler: Resampler,
    frame: Box<[i16]>,
}

/// A sound on its way to one party, at the rate that it hears.
#[derive(Debug)]
struct Told {
    sound: Sound,
    position: usize,
}

impl Party {
    /// Comes into a room.
    pub(crate) fn new(
        room: RoomKey,
        mode: PartyMode,
        alone: Option<Arc<Music>>,
        is_chimed: bool,
    ) -> Self {
        Self {
            room,
            mode,
            alone,
            is_chimed,
            tap: None,
            gain: Gain::default(),
            talk: TalkDetector::default(),
            is_mixed: false,
            shares: [const { None }; Rate::ALL.len()],
            told: VecDeque::new(),
            outlet: None,
        }
    }

    /// Comes into the room of those who supervise a bridge.
    pub(crate) fn supervising(room: RoomKey, mode: TapMode) -> Self {
        let mut party = Self::new(room, PartyMode::default(), None, false);
        party.set_tap(mode);
        party
    }

    /// Is supervised itself: it is heard in the room of those who do.
    pub(crate) fn overheard(room: RoomKey) -> Self {
        Self::new(room, PartyMode::default(), None, false)
    }

    /// Who hears it of those that it supervises; `None` for a party of a conference.
    pub(crate) fn tap(&self) -> Option<TapMode> {
        self.tap
    }

    /// Supervises in another way.
    pub(crate) fn set_tap(&mut self, mode: TapMode) {
        self.tap = Some(mode);
        self.mode.is_muted = mode == TapMode::Listen;
    }

    /// Where it is.
    pub(crate) fn room(&self) -> RoomKey {
        self.room
    }

    /// How it takes part.
    pub(crate) fn mode(&self) -> PartyMode {
        self.mode
    }

    /// Takes part in another way.
    pub(crate) fn set_mode(&mut self, mode: PartyMode) {
        self.mode = mode;
    }

    /// Whether the others hear a chime when it comes and leaves.
    pub(crate) fn is_chimed(&self) -> bool {
        self.is_chimed
    }

    /// What it hears while nobody else is there.
    pub(crate) fn alone(&self) -> Option<&Arc<Music>> {
        self.alone.as_ref()
    }

    /// Tells it something, which it hears at a rate, when it was told all that came before.
    pub(crate) fn tell(&mut self, sound: &Sound, rate: Rate) {
        if self.told.len() < TOLD_MAX {
            self.told.push_back(Told { sound: sound.at_rate(rate), position: 0 });
        }
    }

    /// Brings what it says to the level of the others, if that is wanted.
    pub(crate) fn level(&mut self, frame: &mut [i16]) {
        if self.mode.is_levelled {
            self.gain.level(frame);
        }
    }

    /// Judges what it said in this tick; says whether its talk is to be told of. Nobody hears it
    /// until [`Self::share`].
    pub(crate) fn hear(&mut self, level: u8) -> Option<Talk> {
        self.is_mixed = false;
        self.talk.hear(level)
    }

    /// Whether it says something that others should hear.
    pub(crate) fn talks(&self) -> bool {
        self.talk.is_open()
    }

    /// The others hear it in this tick.
    pub(crate) fn mix(&mut self) {
        self.is_mixed = true;
    }

    /// What it says in this tick, at a rate. Once a tick and rate.
    pub(crate) fn share<'a>(&'a mut self, ears: &'a Ears, rate: Rate) -> &'a [i16] {
        if rate == ears.rate() {
            return ears.frame();
        }
        let share = self.shares[rate as usize].get_or_insert_with(|| Share {
            resampler: Resampler::new(ears.rate(), rate),
            frame: vec![0; rate.samples(FRAME_MS)].into(),
        });
        share.resampler.process(ears.frame(), &mut share.frame);
        &share.frame
    }

    /// Its far end speaks another codec from now on; what it was being told is cut off.
    pub(crate) fn change_voice(&mut self) {
        self.told.clear();
        self.shares = [const { None }; Rate::ALL.len()];
        self.outlet = None;
    }

    /// Whether the others hear it in this tick, and it hears them without itself.
    pub(crate) fn is_mixed(&self) -> bool {
        self.is_mixed
    }

    /// Whether it is told something that no other hears.
    pub(crate) fn is_told(&self) -> bool {
        !self.told.is_empty()
    }

    /// Whether the packet in hand began with what it alone hears, so that it goes on so.
    pub(crate) fn is_amid_packet(&self, tick: u64, voice: Voice) -> bool {
        voice.cadence.is_amid_packet(tick)
            && self
                .outlet
                .as_ref()
                .is_some_and(|it| it.voice().sounds_like(voice) && it.is_amid_packet(tick))
    }

    /// Has what it alone hears, `sum` being what all say together and `begun` having the
    /// beginning of the packet in hand if it heard the same as others until now.
    pub(crate) fn outlet(
        &mut self,
        tick: u64,
        voice: Voice,
        ears: Option<&Ears>,
        (sum, begun): (&[i32], Option<&Outlet>),
    ) -> Option<&Outlet> {
        let rate = voice.codec.rate();
        let mut frame = [0; FRAME_MAX];
        let frame = &mut frame[..rate.samples(FRAME_MS)];
        for (place, sum) in frame.iter_mut().zip(sum) {
            *place = saturate(*sum);
        }
        if self.is_mixed
            && let Some(ears) = ears.filter(|it| it.rate() == rate)
        {
            for ((place, sum), own) in frame.iter_mut().zip(sum).zip(ears.frame()) {
                *place = saturate(sum - i32::from(*own));
            }
        }
        self.say_told(frame);
        if self.outlet.as_ref().is_none_or(|it| !it.voice().sounds_like(voice)) {
            self.outlet = Outlet::new(voice, rate);
        }
        let outlet = self.outlet.as_mut()?;
        if let Some(begun) = begun {
            outlet.go_on_from(begun, tick);
        }
        outlet.take(tick, frame);
        Some(outlet)
    }

    /// Adds what it is told to what it hears.
    fn say_told(&mut self, frame: &mut [i16]) {
        let Some(Told { sound, position }) = self.told.front_mut() else { return };
        let samples = &sound.samples()[*position..];
        for (place, sample) in frame.iter_mut().zip(samples) {
            *place = place.saturating_add(*sample);
        }
        if samples.len() <= frame.len() {
            self.told.pop_front();
        } else {
            *position += frame.len();
        }
    }
}

/// To what 16 bits can say.
pub(crate) fn saturate(sum: i32) -> i16 {
    sum.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// Longest frame.
pub(crate) const FRAME_MAX: usize = Rate::Full.samples(FRAME_MS);
/// Most sounds that wait to be told to one party; more would be heard when they are of no use.
const TOLD_MAX: usize = 8;
