//! Conferences: everybody hears everybody else.
//!
//! Each tick adds up what the talkers of a room say, once for each sample rate that somebody there
//! needs. Whoever says nothing hears that sum, encoded once for all with the same codec and packet time;
//! a talker hears it without itself. So a listener costs a packet and no more, and a room of a thousand is
//! a thousand packets and the encoding of those few who talk.

mod minutes;

use crate::{
    codec::Rate,
    command::MediaEvent,
    ears::Ears,
    level::Level,
    outlet::{Outlet, outlet_of},
    packets::Packets,
    party::{FRAME_MAX, Party, saturate},
    playout::{FRAME_MS, Voice},
    radio::Radio,
    recording::buffer::Buffer,
    relay::Slot,
    session::{Session, session_mut},
    sound::Sound,
    talk::Talk,
};
use base::{MediaId, RecordingId, RoomId};
use minutes::Minutes;
use std::{
    collections::{BTreeMap, VecDeque},
    f64::consts::TAU,
    time::{Duration, Instant},
};

/// All rooms of one worker.
#[derive(Debug, Default)]
pub(crate) struct Mixer {
    rooms: BTreeMap<RoomKey, Room>,
}

/// What makes a room one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum RoomKey {
    /// It is a conference.
    Conference(RoomId),
    /// It is of those who supervise this session, and with it another.
    Supervision(MediaId),
}

/// One room, from its first party to its last.
#[derive(Debug)]
struct Room {
    parties: Vec<Slot>,
    /// Who is heard here, and hears the room only while it is spoken to.
    overheard: Vec<Slot>,
    buses: [Bus; Rate::ALL.len()],
    /// How loud those are who could be heard in this tick, and who they are.
    talkers: Vec<(u8, Slot)>,
    /// For those who hear what everybody says.
    listeners: Vec<Outlet>,
    /// For those who hear nothing.
    deaf: Vec<Outlet>,
    /// What everybody hears beside the talk, the first of them now.
    announced: VecDeque<Announced>,
    minutes: Option<Minutes>,
}

/// What a room says, at one rate.
#[derive(Debug)]
struct Bus {
    rate: Rate,
    /// Whether somebody hears it in this tick.
    is_wanted: bool,
    sum: Box<[i32]>,
    mixed: Box<[i16]>,
}

#[derive(Debug)]
enum Announced {
    Chime(Chime),
    Words(Words),
}

/// A sound at each rate that somebody may hear.
#[derive(Debug)]
struct Words {
    by_rate: [Sound; Rate::ALL.len()],
    ticks: usize,
}

/// Two notes: up for who comes, down for who leaves.
#[derive(Debug)]
struct Chime {
    notes_hz: [f64; 2],
    ticks: u32,
}

impl Mixer {
    /// A session comes into a room; the others hear it if `is_chimed`.
    pub(crate) fn join(&mut self, room: RoomKey, slot: Slot, is_chimed: bool) {
        let room = self.rooms.entry(room).or_insert_with(Room::new);
        if is_chimed {
            room.chime(Chime::COMING);
        }
        room.parties.push(slot);
    }

    /// All who hear a room hear sounds, one after the other.
    pub(crate) fn announce(&mut self, room: RoomKey, sounds: &[Sound]) {
        if let Some(room) = self.rooms.get_mut(&room) {
            let free = ANNOUNCED_MAX.saturating_sub(room.announced.len());
            let words = sounds.iter().take(free).map(|it| Announced::Words(Words::new(it)));
            room.announced.extend(words);
        }
    }

    /// A session is heard in a room from now on.
    pub(crate) fn overhear(&mut self, room: RoomKey, slot: Slot) {
        let room = self.rooms.entry(room).or_insert_with(Room::new);
        if !room.overheard.contains(&slot) {
            room.overheard.push(slot);
        }
    }

    /// Or no longer.
    pub(crate) fn stop_overhearing(&mut self, id: RoomKey, slot: Slot) {
        if let Some(room) = self.rooms.get_mut(&id) {
            room.overheard.retain(|it| *it != slot);
            // A room of supervisors is not recorded.
            let _ = self.close_if_empty(id);
        }
    }

    /// Who is in a room, and who is overheard in it.
    pub(crate) fn members(&self, id: RoomKey) -> [Vec<Slot>; 2] {
        let room = self.rooms.get(&id);
        room.map(|it| [it.parties.clone(), it.overheard.clone()]).unwrap_or_default()
    }

    /// It leaves; a room that is empty is gone, and so is its recording.
    pub(crate) fn leave(
        &mut self,
        id: RoomKey,
        slot: Slot,
        is_chimed: bool,
    ) -> Option<RecordingId> {
        let room = self.rooms.get_mut(&id)?;
        room.parties.retain(|it| *it != slot);
        if is_chimed {
            room.chime(Chime::LEAVING);
        }
        self.close_if_empty(id)
    }

    fn close_if_empty(&mut self, id: RoomKey) -> Option<RecordingId> {
        let is_empty = |room: &Room| room.parties.is_empty() && room.overheard.is_empty();
        if self.rooms.get(&id).is_some_and(is_empty) {
            return self.rooms.remove(&id)?.minutes.map(|it| it.recording());
        }
        None
    }

    /// Whether a room is there and is not recorded yet.
    pub(crate) fn is_recordable(&self, id: RoomKey) -> bool {
        self.rooms.get(&id).is_some_and(|it| it.minutes.is_none())
    }

    /// Records a room from now on, with or without a tone that tells so.
    pub(crate) fn record(
        &mut self,
        now: Instant,
        id: RoomKey,
        (recording, has_tone): (RecordingId, bool),
        recorded: &mut Buffer,
    ) {
        if let Some(room) = self.rooms.get_mut(&id) {
            room.minutes = Minutes::new(now, recording, has_tone, recorded);
        }
    }

    /// Records a room no longer; gives the recording that is over.
    pub(crate) fn stop_recording(&mut self, id: RoomKey) -> Option<RecordingId> {
        self.rooms.get_mut(&id)?.minutes.take().map(|it| it.recording())
    }

    /// Tells rooms that are recorded, where that is wanted and is due.
    pub(crate) fn sweep_beeps(&mut self, now: Instant, interval: Duration) {
        for room in self.rooms.values_mut() {
            let Some(minutes) = &mut room.minutes else { continue };
            if minutes.beeps_at.is_some_and(|at| at <= now) {
                minutes.beeps_at = Some(now + interval);
                room.announced.push_back(Announced::Words(Words::new(&Sound::recording_tone())));
            }
        }
    }

    /// Adds up what is said in all rooms in this tick. `in_hand` is kept at the session that is
    /// worked on.
    pub(crate) fn mix(
        &mut self,
        (now, tick): (Instant, u64),
        sessions: &mut [Option<Box<Session>>],
        (events, recorded): (&mut VecDeque<MediaEvent>, &mut Buffer),
        in_hand: &mut Option<Slot>,
    ) {
        for room in self.rooms.values_mut() {
            room.listen(now, sessions, events, in_hand);
            room.mix(sessions, in_hand);
            room.write_minutes(now, tick, recorded);
            room.sweep(tick);
        }
    }

    /// Adds the packets of what a party hears in this tick.
    pub(crate) fn fill(
        &mut self,
        tick: u64,
        party: &mut Party,
        (voice, ears): (Voice, Option<&Ears>),
        radio: &mut Radio,
        packets: &mut Packets,
    ) {
        let Some(room) = self.rooms.get_mut(&party.room()) else { return };
        let rate = voice.codec.rate();
        let bus = &room.buses[rate as usize];
        let is_alone =
            room.parties.len() == 1 && room.overheard.is_empty() && room.announced.is_empty();
        let heard = match (is_alone || party.mode().is_deaf, party.is_told()) {
            (true, true) => party.outlet(tick, voice, None, (&NOTHING, None)),
            (true, false) if party.mode().is_deaf => {
                let outlet = outlet_of(&mut room.deaf, voice, rate);
                outlet.map(|it| {
                    it.take(tick, &SILENCE[..bus.mixed.len()]);
                    &*it
                })
            }
            (true, false) if let Some(music) = party.alone() => radio.outlet(tick, music, voice),
            (_, is_told) if is_told || party.is_mixed() || party.is_amid_packet(tick, voice) => {
                let begun = room.begun_for_all(tick, voice);
                party.outlet(tick, voice, ears, (&bus.sum, begun))
            }
            (_, _) => {
                let outlet = outlet_of(&mut room.listeners, voice, rate);
                outlet.map(|it| {
                    it.take(tick, &bus.mixed);
                    &*it
                })
            }
        };
        if let Some(outlet) = heard {
            packets.add_all(outlet);
        }
    }
}

impl Room {
    fn new() -> Self {
        Self {
            parties: Vec::new(),
            overheard: Vec::new(),
            buses: Rate::ALL.map(Bus::new),
            talkers: Vec::new(),
            listeners: Vec::new(),
            deaf: Vec::new(),
            announced: VecDeque::new(),
            minutes: None,
        }
    }

    /// Hears everybody, and finds who could be heard.
    fn listen(
        &mut self,
        now: Instant,
        sessions: &mut [Option<Box<Session>>],
        events: &mut VecDeque<MediaEvent>,
        in_hand: &mut Option<Slot>,
    ) {
        let Self { parties, overheard, buses, talkers, minutes, .. } = self;
        for bus in &mut *buses {
            bus.is_wanted = minutes.is_some() && bus.rate == Minutes::RATE;
        }
        talkers.clear();
        let is_small = parties.len() + overheard.len() <= ALL_MIXED_MAX;
        for slot in parties.iter().chain(&*overheard) {
            *in_hand = Some(*slot);
            let Some(session) = session_mut(sessions, *slot) else { continue };
            session.listen(now, events);
            let media = session.media();
            let is_heard = session.speaks();
            let Some((party, ears)) = session.party() else { continue };
            party.level(ears.frame_mut());
            buses[ears.rate() as usize].is_wanted = true;
            let level = ears.take_level().mean;
            let level = if is_heard { level } else { Level::SILENCE.mean };
            match party.hear(level) {
                Some(Talk::Sounds(level)) => {
                    events.push_back(MediaEvent::Talks { media, level: Some(level) });
                }
                Some(Talk::Ended) => events.push_back(MediaEvent::Talks { media, level: None }),
                None => {}
            }
            if is_heard && (is_small || party.talks()) {
                talkers.push((level, *slot));
            }
        }
        if talkers.len() > TALKERS_MAX {
            // The loudest come first: their levels are the smallest.
            talkers.select_nth_unstable(TALKERS_MAX);
            talkers.truncate(TALKERS_MAX);
        }
    }

    fn mix(&mut self, sessions: &mut [Option<Box<Session>>], in_hand: &mut Option<Slot>) {
        for bus in self.buses.iter_mut().filter(|it| it.is_wanted) {
            bus.sum.fill(0);
        }
        for (_, slot) in &self.talkers {
            *in_hand = Some(*slot);
            let Some((party, ears)) =
                session_mut(sessions, *slot).and_then(|session| session.party())
            else {
                continue;
            };
            party.mix();
            for bus in self.buses.iter_mut().filter(|it| it.is_wanted) {
                bus.add(party.share(ears, bus.rate));
            }
        }
        if let Some(announced) = self.announced.front_mut() {
            for bus in self.buses.iter_mut().filter(|it| it.is_wanted) {
                announced.sound(bus);
            }
            if announced.is_over_after_tick() {
                self.announced.pop_front();
            }
        }
        for bus in self.buses.iter_mut().filter(|it| it.is_wanted) {
            for (mixed, sum) in bus.mixed.iter_mut().zip(&bus.sum) {
                *mixed = saturate(*sum);
            }
        }
    }

    /// Has what those who listen were told of the packet in hand, if the tick is amid one.
    fn begun_for_all(&self, tick: u64, voice: Voice) -> Option<&Outlet> {
        let is_amid = voice.cadence.is_amid_packet(tick);
        is_amid.then(|| self.listeners.iter().find(|it| it.voice().sounds_like(voice)))?
    }

    fn write_minutes(&mut self, now: Instant, tick: u64, recorded: &mut Buffer) {
        if let Some(minutes) = &mut self.minutes {
            let bus = &self.buses[Minutes::RATE as usize];
            minutes.write(now, tick, &bus.mixed, recorded);
        }
    }

    fn chime(&mut self, notes_hz: [f64; 2]) {
        if self.announced.len() < CHIMES_MAX {
            self.announced.push_back(Announced::Chime(Chime { notes_hz, ticks: 0 }));
        }
    }

    /// Forgets encoders that nobody has heard for a while.
    fn sweep(&mut self, tick: u64) {
        let is_heard = |outlet: &mut Outlet| {
            outlet.heard_at().is_some_and(|last| tick.saturating_sub(last) < KEPT_TICKS)
        };
        self.listeners.retain_mut(is_heard);
        self.deaf.retain_mut(is_heard);
    }
}

impl Bus {
    fn new(rate: Rate) -> Self {
        let len = rate.samples(FRAME_MS);
        Self { rate, is_wanted: false, sum: vec![0; len].into(), mixed: vec![0; len].into() }
    }

    fn add(&mut self, frame: &[i16]) {
        for (sum, sample) in self.sum.iter_mut().zip(frame) {
            *sum += i32::from(*sample);
        }
    }
}

impl Announced {
    /// Adds the tick in hand.
    fn sound(&self, bus: &mut Bus) {
        match self {
            Self::Chime(chime) => chime.sound(bus),
            Self::Words(words) => words.sound(bus),
        }
    }

    /// The tick in hand was heard; whether it was the last.
    fn is_over_after_tick(&mut self) -> bool {
        match self {
            Self::Chime(chime) => {
                chime.ticks += 1;
                chime.ticks == Chime::TICKS
            }
            Self::Words(words) => {
                words.ticks += 1;
                let narrow = words.by_rate[Rate::Narrow as usize].samples().len();
                words.ticks * Rate::Narrow.samples(FRAME_MS) >= narrow
            }
        }
    }
}

impl Words {
    fn new(sound: &Sound) -> Self {
        Self { by_rate: Rate::ALL.map(|rate| sound.at_rate(rate)), ticks: 0 }
    }

    fn sound(&self, bus: &mut Bus) {
        let samples = self.by_rate[bus.rate as usize].samples();
        let rest = samples.get(self.ticks * bus.mixed.len()..).unwrap_or_default();
        bus.add(rest);
    }
}

impl Chime {
    const COMING: [f64; 2] = [587.0, 880.0];
    const LEAVING: [f64; 2] = [880.0, 587.0];
    /// How long both notes are, in ticks.
    const TICKS: u32 = 14;
    const LOUDNESS: f64 = 2500.0;

    /// Adds the tick in hand, faded in and out at the ends of each note.
    fn sound(&self, bus: &mut Bus) {
        let note = self.notes_hz[usize::from(self.ticks >= Self::TICKS / 2)];
        let length = f64::from(Self::TICKS / 2) * f64::from(FRAME_MS) / 1000.0;
        let begins = f64::from(self.ticks % (Self::TICKS / 2)) * f64::from(FRAME_MS) / 1000.0;
        let step = 1.0 / f64::from(bus.rate.hz());
        for (n, sum) in (0..).zip(&mut bus.sum) {
            let at = begins + f64::from(n) * step;
            let swell = (at / FADE_S).min((length - at) / FADE_S).clamp(0.0, 1.0);
            *sum += (Self::LOUDNESS * swell * (TAU * note * at).sin()) as i32;
        }
    }
}

/// In rooms of so many parties everything is mixed, and nobody is judged by loudness.
const ALL_MIXED_MAX: usize = 8;
/// Most parties that are heard at once; of more, the loudest are.
const TALKERS_MAX: usize = 32;
/// A chime is left out where so much waits: a hundred who come at once need no hundred chimes.
const CHIMES_MAX: usize = 3;
/// Most that waits to be heard by a room; more would be heard when it is of no use.
const ANNOUNCED_MAX: usize = 12;
/// How long an encoder that nobody hears is kept: a minute.
const KEPT_TICKS: u64 = 60_000 / FRAME_MS as u64;
/// What is said where nobody is heard: their sum, and what is heard of it.
static NOTHING: [i32; FRAME_MAX] = [0; FRAME_MAX];
static SILENCE: [i16; FRAME_MAX] = [0; FRAME_MAX];
/// How long a note fades in and out, in seconds.
const FADE_S: f64 = 0.015;
