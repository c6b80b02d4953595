//! From a journal to a sound of two channels.
//!
//! Both tracks are heard as they were when they came, in virtual time. Since nothing has to be
//! heard at once any more, each packet is given the time at which it would have come over an even
//! network ([`Even`]), so that nothing is cut or stretched for jitter that is long over. What was
//! paused is left out.

use super::journal::{Event, Label, Record, Track};
use crate::{
    Format,
    codec::{Codec, Rate},
    hearing::Hearing,
    rtp::Header,
};
use base::Rng;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// What must be known of a journal before it is stitched: to be shown every record of it.
#[derive(Clone, Debug)]
pub struct Survey {
    /// What it is of; `None` if it does not even begin.
    pub label: Option<Label>,
    /// In which it should be stitched: that of the telephone if no packet has more to say.
    pub rate: Rate,
    /// Whether it came to its end.
    pub is_complete: bool,
    /// Packets that found no room.
    pub lost: u64,
    formats: [Vec<Format>; 2],
    /// Whether something is, or could be, on the right.
    has_right: bool,
}

/// Stitches one recording. Show it every record, in order, then [`Self::finish`].
#[derive(Debug)]
pub struct Stitcher {
    start: Instant,
    rate: Rate,
    rng: Rng,
    /// Left and right, or left alone.
    channels: Vec<Channel>,
    /// Where virtual time begins on the worker's clock, pauses being left out; `None` before the
    /// recording has begun.
    origin: Option<Duration>,
    /// Virtual time of the newest record.
    newest: Duration,
    /// Virtual time up to which everything was written.
    done: Duration,
    is_paused: bool,
    mixed: Box<[i16]>,
}

impl Survey {
    /// Of a journal that begins.
    pub fn new() -> Self {
        Self {
            label: None,
            rate: Rate::Narrow,
            is_complete: false,
            lost: 0,
            formats: [Vec::new(), Vec::new()],
            has_right: false,
        }
    }

    /// How many channels there are: one if nothing is on the right.
    pub fn channels(&self) -> usize {
        1 + usize::from(self.has_right)
    }

    /// Takes in a record.
    pub fn take(&mut self, record: &Record<'_>) {
        match &record.event {
            Event::Began(label) => self.label = Some(label.clone()),
            Event::Formats { track, formats } => {
                self.has_right |= *track == Track::Right;
                self.formats[*track as usize].clone_from(formats);
            }
            Event::Packet { track, header, .. } => {
                let formats = &self.formats[*track as usize];
                let codec = format_of(formats, header.payload_type).and_then(Codec::of);
                if codec.is_some_and(|it| it.rate() != Rate::Narrow) {
                    self.rate = Rate::Wide;
                }
            }
            Event::Paused | Event::Resumed => {}
            Event::Ended { lost } => {
                self.is_complete = true;
                self.lost = *lost;
            }
        }
    }
}

impl Default for Survey {
    fn default() -> Self {
        Self::new()
    }
}

impl Stitcher {
    /// For the recording of a survey; `start` is any moment, to count from.
    pub fn new(start: Instant, survey: &Survey, rng: Rng) -> Self {
        let (rate, channels) = (survey.rate, survey.channels());
        Self {
            start,
            rate,
            rng,
            channels: (0..channels).map(|_| Channel::default()).collect(),
            origin: None,
            newest: Duration::ZERO,
            done: Duration::ZERO,
            is_paused: false,
            mixed: vec![0; channels * rate.samples(STEP_MS)].into(),
        }
    }

    /// Takes in a record; `write` gets what is settled by it, a sample of each channel in turn.
    pub fn take<E>(
        &mut self,
        record: &Record<'_>,
        write: impl FnMut(&[i16]) -> Result<(), E>,
    ) -> Result<(), E> {
        let at = record.at.saturating_sub(*self.origin.get_or_insert(record.at));
        match &record.event {
            Event::Began(_) => {}
            Event::Formats { track, formats } => {
                if let Some(channel) = self.channels.get_mut(*track as usize) {
                    channel.formats.clone_from(formats);
                }
            }
            Event::Packet { .. } if self.is_paused => {}
            Event::Packet { track, header, payload } => {
                self.newest = at;
                if let Some(channel) = self.channels.get_mut(*track as usize) {
                    channel.queue(at, header, payload);
                }
                return self.run(at.saturating_sub(LATE_MAX), write);
            }
            Event::Paused => {
                self.run(at + TAIL, write)?;
                self.is_paused = true;
            }
            Event::Resumed => {
                self.origin = Some(record.at.saturating_sub(self.done));
                self.newest = self.done;
                self.is_paused = false;
                // What comes now has nothing to do with what came before.
                self.channels.iter_mut().for_each(Channel::begin_anew);
            }
            Event::Ended { .. } => self.newest = self.newest.max(at),
        }
        Ok(())
    }

    /// The journal is over.
    pub fn finish<E>(&mut self, write: impl FnMut(&[i16]) -> Result<(), E>) -> Result<(), E> {
        if self.is_paused { Ok(()) } else { self.run(self.newest + TAIL, write) }
    }

    /// Hears everything up to `until`.
    fn run<E>(
        &mut self,
        until: Duration,
        mut write: impl FnMut(&[i16]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut pcm = [0; Rate::Full.samples(STEP_MS)];
        let pcm = &mut pcm[..self.rate.samples(STEP_MS)];
        let channels = self.channels.len();
        while self.done + STEP <= until {
            for (n, channel) in self.channels.iter_mut().enumerate() {
                channel.hear(self.start, self.done, self.rate, &mut self.rng, pcm);
                for (place, sample) in self.mixed.iter_mut().skip(n).step_by(channels).zip(&*pcm) {
                    *place = *sample;
                }
            }
            write(&self.mixed)?;
            self.done += STEP;
        }
        Ok(())
    }
}

/// One track on its way.
#[derive(Debug, Default)]
struct Channel {
    formats: Vec<Format>,
    even: Even,
    /// By the time at which they come; those of the same time in the order in which they came.
    waiting: BTreeMap<(Duration, u64), Waiting>,
    count: u64,
    ear: Option<Ear>,
}

/// A packet whose time is to come, and what it is.
#[derive(Debug)]
struct Waiting {
    header: Header,
    format: Format,
    payload: Vec<u8>,
}

/// Hears packets of one list of formats and one RTP clock.
#[derive(Debug)]
struct Ear {
    hearing: Hearing,
    format: Format,
}

impl Channel {
    fn queue(&mut self, at: Duration, header: &Header, payload: &[u8]) {
        let Some(format) = format_of(&self.formats, header.payload_type) else { return };
        // Events have no sound; they sound as the voice packets beside them do.
        if Codec::of(format).is_none() && !is_noise(format) {
            return;
        }
        let comes_at = self.even.arrival(at, header, format.clock_rate);
        self.count += 1;
        let waiting =
            Waiting { header: *header, format: format.clone(), payload: payload.to_vec() };
        self.waiting.insert((comes_at, self.count), waiting);
    }

    /// Fills `pcm` with what is heard at `at`.
    fn hear(&mut self, start: Instant, at: Duration, rate: Rate, rng: &mut Rng, pcm: &mut [i16]) {
        while let Some(entry) = self.waiting.first_entry()
            && entry.key().0 <= at
        {
            let comes_at = start + entry.key().0;
            let Waiting { header, format, payload } = entry.remove();
            let is_understood = |ear: &Ear| ear.format == format || is_noise(&format);
            if !self.ear.as_ref().is_some_and(is_understood) {
                // Another codec may have another clock, and the same number for something else.
                let noise = self.formats.iter().find(|it| is_noise(it)).cloned();
                let formats: Vec<_> = std::iter::once(format.clone()).chain(noise).collect();
                let hearing = Hearing::new(comes_at, &formats, rate, rng);
                self.ear = Some(Ear { hearing, format });
            }
            if let Some(ear) = &mut self.ear {
                ear.hearing.hear(comes_at, &header, &payload);
            }
        }
        match &mut self.ear {
            Some(ear) => ear.hearing.fetch(start + at, pcm),
            None => pcm.fill(0),
        }
    }

    fn begin_anew(&mut self) {
        self.even = Even::default();
        self.waiting.clear();
        self.ear = None;
    }
}

/// When packets would have come if each had taken the same time on its way.
#[derive(Debug, Default)]
struct Even {
    last: Option<Placed>,
}

/// The newest packet.
#[derive(Debug)]
struct Placed {
    ssrc: u32,
    clock_rate: u32,
    timestamp: u32,
    at_us: i64,
}

impl Even {
    fn arrival(&mut self, at: Duration, header: &Header, clock_rate: u32) -> Duration {
        let came_us = at.as_micros() as i64;
        let expected = self.last.as_ref().and_then(|it| it.expects(header, clock_rate));
        let (at_us, is_newer) = match expected {
            Some((expected_us, is_newer))
                if (came_us - expected_us).unsigned_abs() < LATE_MAX.as_micros() as u64 =>
            {
                (expected_us + (came_us - expected_us) / FOLLOWING, is_newer)
            }
            Some(_) | None => (came_us, true),
        };
        if is_newer {
            let Header { ssrc, timestamp, .. } = *header;
            self.last = Some(Placed { ssrc, clock_rate, timestamp, at_us });
        }
        Duration::from_micros(at_us.max(0) as u64)
    }
}

impl Placed {
    /// When a packet of the same source comes, and whether it is newer.
    fn expects(&self, header: &Header, clock_rate: u32) -> Option<(i64, bool)> {
        if (header.ssrc, clock_rate) != (self.ssrc, self.clock_rate) || clock_rate == 0 {
            return None;
        }
        let ticks = i64::from(header.timestamp.wrapping_sub(self.timestamp).cast_signed());
        Some((self.at_us + ticks * 1_000_000 / i64::from(clock_rate), ticks > 0))
    }
}

fn format_of(formats: &[Format], payload_type: u8) -> Option<&Format> {
    formats.iter().find(|it| it.payload_type == payload_type)
}

fn is_noise(format: &Format) -> bool {
    format.encoding.eq_ignore_ascii_case("CN")
}

/// What is written at a time.
const STEP_MS: u32 = 20;
const STEP: Duration = Duration::from_millis(STEP_MS as u64);
/// A packet that far from its time begins anew: the far end paused, or changed its clock.
const LATE_MAX: Duration = Duration::from_millis(400);
/// What is heard of the last packets is behind them by this: the jitter buffer's least delay.
const TAIL: Duration = Duration::from_millis(60);
/// A clock that runs apart is followed by a part of the distance with each packet: 200 ppm are
/// followed from a distance of 1 ms.
const FOLLOWING: i64 = 256;
