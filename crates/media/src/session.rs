//! One media session: a far end, what it may send, what it hears.

mod beep;
mod keys;
mod overheard;
mod reporting;

use crate::{
    cadence::Cadence,
    capture::Capture,
    command::{Direction, Format, MediaEvent, PartyMode, Playout, Remote},
    converter::{Converter, EventEar},
    detection::{Wanted, Watch},
    dialler::Dialler,
    dtmf::{self, Digit},
    ears::Ears,
    latch::{Belief, Latch},
    outgoing::Outgoing,
    packets::Packets,
    party::Party,
    playout::{Player, Studio, Voice},
    reception::Reception,
    recording::buffer::Tap,
    relay::{DropReason, Slot},
    rtp::Header,
    sound::Sound,
    transcode::Transcoder,
};
use base::{MediaId, Rng};
use overheard::Overheard;
use reporting::Rtcp;
use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

/// State of one session; [`crate::relay::Relay`] joins two.
#[derive(Debug)]
pub(crate) struct Session {
    media: MediaId,
    opened_at: Instant,
    latch: Latch,
    rtcp: Box<Rtcp>,
    direction: Direction,
    /// Packet time that the far end wishes.
    wished: Cadence,
    formats: SessionFormats,
    reception: Reception,
    outgoing: Outgoing,
    activity: Activity,
    /// Hears the far end where its packets are not only passed on.
    ears: Option<Box<Ears>>,
    /// What it is listened to for, in the same ears.
    watch: Option<Box<Watch>>,
    /// Keys of the far end, as events, where they are for us.
    keys: Option<Box<EventEar>>,
    /// Hears its keys for the peer, where that is told of them in another form.
    converter: Option<Box<Converter>>,
    /// Presses keys towards it.
    dialler: Option<Box<Dialler>>,
    /// Payload type of the packet that was passed on to it last.
    relayed_type: Option<u8>,
    foreign: u32,
    silence: Silence,
    has_transcoded: bool,
    /// A short sound for it alone, in a bridge.
    beep: Option<Box<Player>>,
    /// What supervisors have of it.
    overheard: Option<Box<Overheard>>,
    /// The recording that it is part of.
    pub(crate) tap: Option<Tap>,
}

/// What becomes of the far end's packets, and what it hears.
#[derive(Debug, Default)]
pub(crate) enum Activity {
    /// Nothing.
    #[default]
    Idle,
    /// Packets go to the peer, and the peer's come here.
    Bridged {
        /// The peer.
        peer: Slot,
        /// For packets from here to the peer.
        translation: Translation,
    },
    /// Packets come back.
    Echo,
    /// The tick plays.
    Playing(Player),
    /// What it says is kept.
    Capturing(Box<Capture>),
    /// It is in a conference.
    Meeting(Box<Party>),
}

/// How packets become those of the peer.
#[derive(Debug)]
pub(crate) enum Translation {
    /// They are.
    Same,
    /// Payload types, by number.
    Numbers(Box<[u8; 128]>),
    /// Speech is decoded and encoded.
    Transcode(Box<Transcoder>),
}

/// What a tick made of a session.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Played {
    /// It plays nothing: the tick may forget it.
    Nothing,
    /// It plays, but nothing is to be sent.
    Silently,
    /// Its packets are ready.
    To(SocketAddr),
}

impl Session {
    pub(crate) fn new(now: Instant, media: MediaId, rng: &mut Rng) -> Self {
        Self {
            media,
            opened_at: now,
            latch: Latch::default(),
            rtcp: Box::new(Rtcp::new(now, rng)),
            direction: Direction::Inactive,
            wished: Cadence::Ms20,
            formats: SessionFormats::default(),
            reception: Reception::default(),
            outgoing: Outgoing::default(),
            activity: Activity::Idle,
            ears: None,
            watch: None,
            keys: None,
            converter: None,
            dialler: None,
            relayed_type: None,
            foreign: 0,
            silence: Silence { limit: None, heard_at: now, is_reported: false },
            has_transcoded: false,
            beep: None,
            overheard: None,
            tap: None,
        }
    }

    pub(crate) fn media(&self) -> MediaId {
        self.media
    }

    /// As agreed last.
    pub(crate) fn formats(&self) -> &[Format] {
        &self.formats.all
    }

    pub(crate) fn activity(&self) -> &Activity {
        &self.activity
    }

    pub(crate) fn configure(
        &mut self,
        now: Instant,
        remote: Remote,
        direction: Direction,
        (formats, packet_ms): (&[Format], u16),
        timeout: Option<Duration>,
    ) {
        self.latch.describe(remote.rtp);
        self.rtcp.path.describe(remote.rtcp);
        self.direction = direction;
        let wished = Cadence::of(packet_ms);
        if (&self.formats.all[..], self.wished) != (formats, wished) {
            self.wished = wished;
            self.formats = SessionFormats::new(formats, wished);
            self.ears = None;
            self.dialler = None;
            self.beep = None;
            if let Some(party) = self.party_mut() {
                party.change_voice();
            }
        }
        self.silence = Silence { limit: timeout, heard_at: now, is_reported: false };
    }

    /// Takes up another activity; the outgoing stream goes on with another source.
    pub(crate) fn take_up(&mut self, activity: Activity) {
        self.activity = activity;
        self.converter = None;
        self.dialler = None;
        self.beep = None;
        self.has_transcoded |= self.transcodes();
        self.outgoing.change_source();
        if !self.needs_ears() {
            self.ears = None;
        }
    }

    /// Takes up a playout.
    pub(crate) fn play(&mut self, now: Instant, playout: Playout, rng: &mut Rng) {
        self.take_up(match Player::new(playout) {
            Some(player) => Activity::Playing(player),
            None => Activity::Echo,
        });
        self.outgoing.begin(now, rng);
    }

    /// Keeps what the far end says.
    pub(crate) fn capture(&mut self, now: Instant, capture: Capture, rng: &mut Rng) {
        self.take_up(Activity::Capturing(Box::new(capture)));
        self.outgoing.begin(now, rng);
    }

    /// What was kept of the far end is all that there is, if it was kept.
    pub(crate) fn end_capture(&mut self, events: &mut VecDeque<MediaEvent>) {
        if let Activity::Capturing(capture) = &mut self.activity {
            let sound = capture.take();
            events.push_back(MediaEvent::Captured { media: self.media, sound });
            self.take_up(Activity::Idle);
        }
    }

    /// Takes part in a conference.
    pub(crate) fn join(&mut self, now: Instant, party: Party, rng: &mut Rng) {
        self.take_up(Activity::Meeting(Box::new(party)));
        self.outgoing.begin(now, rng);
    }

    /// Gets ready to play and to hear in the agreed format.
    pub(crate) fn prepare(&mut self, now: Instant, studio: &mut Studio, rng: &mut Rng) {
        let Some(voice) = self.formats.voice else { return };
        match &mut self.activity {
            Activity::Playing(player) => player.prepare(voice, studio),
            Activity::Capturing(capture) => capture.prepare(voice, studio),
            Activity::Idle | Activity::Bridged { .. } | Activity::Echo | Activity::Meeting(_) => {}
        }
        self.grow_ears(now, rng);
    }

    /// Whether somebody must hear what the far end says: a conference, supervisors, or we where it is
    /// watched or may answer a playout with keys that are in the audio alone.
    fn needs_ears(&self) -> bool {
        self.overheard.is_some() || self.is_watched() || self.is_heard_by_activity()
    }

    fn is_heard_by_activity(&self) -> bool {
        match &self.activity {
            Activity::Meeting(_) | Activity::Capturing(_) => true,
            Activity::Playing(player) => {
                player.takes_keys() && !self.formats.all.iter().any(Format::is_event)
            }
            Activity::Idle | Activity::Bridged { .. } | Activity::Echo => false,
        }
    }

    /// A packet of the far end that goes nowhere by itself: it may tell of a key, and ears hear it.
    pub(crate) fn hear(
        &mut self,
        now: Instant,
        header: &Header,
        payload: &[u8],
        events: &mut VecDeque<MediaEvent>,
    ) {
        if let Some(digit) = self.key_in(now, header, payload) {
            events.push_back(MediaEvent::Key { media: self.media, digit });
        }
        if let Some(ears) = &mut self.ears {
            ears.hear(now, header, payload);
        }
    }

    fn key_in(&mut self, now: Instant, header: &Header, payload: &[u8]) -> Option<Digit> {
        let format = self.formats.find(header.payload_type).filter(|it| it.is_event())?;
        let clock_rate = format.clock_rate;
        let keys = self.keys.get_or_insert_default();
        keys.hear(now, clock_rate, header, payload).find_map(|heard| match heard {
            dtmf::Heard::Pressed(digit) => Some(digit),
            dtmf::Heard::Released { .. } => None,
        })
    }

    /// Lets the ears hear the frame of a tick, if there are any.
    #[inline]
    pub(crate) fn listen(&mut self, now: Instant, events: &mut VecDeque<MediaEvent>) {
        if self.ears.is_some() {
            self.listen_closely(now, events);
        }
    }

    fn listen_closely(&mut self, now: Instant, events: &mut VecDeque<MediaEvent>) {
        let is_dialled_to = self.is_heard_by_activity();
        let Self { media, ears, watch, .. } = self;
        let Some(ears) = ears else { return };
        if let Some(digit) = ears.listen(now)
            && is_dialled_to
        {
            events.push_back(MediaEvent::Key { media: *media, digit });
        }
        if let Some(watch) = watch {
            watch.hear(ears.rate(), ears.frame(), |what| {
                events.push_back(MediaEvent::Detected { media: *media, what });
            });
            if watch.is_over() {
                self.watch(None);
            }
        }
        if let (Activity::Capturing(capture), Some(ears)) = (&mut self.activity, &self.ears)
            && capture.hear(ears.rate(), ears.frame())
        {
            self.end_capture(events);
        }
    }

    /// Listens to the far end for what is wanted; for nothing any more if that is nothing.
    pub(crate) fn detect(&mut self, wanted: Wanted) {
        self.watch((!wanted.is_nothing()).then(|| Box::new(Watch::new(wanted))));
    }

    fn watch(&mut self, watch: Option<Box<Watch>>) {
        self.watch = watch;
        if !self.needs_ears() {
            self.ears = None;
        }
    }

    /// Whether it is listened to for something, so that the tick must see to it.
    pub(crate) fn is_watched(&self) -> bool {
        self.watch.is_some()
    }

    /// Whether the mixer lets its ears hear.
    pub(crate) fn is_in_room(&self) -> bool {
        matches!(self.activity, Activity::Meeting(_)) || self.overheard.is_some()
    }

    /// Its part in a conference or in the room of its supervisors, and what was heard of it.
    pub(crate) fn party(&mut self) -> Option<(&mut Party, &mut Ears)> {
        match (&mut self.activity, &mut self.overheard, &mut self.ears) {
            (Activity::Meeting(party), _, Some(ears)) => Some((party, ears)),
            (_, Some(overheard), Some(ears)) => Some((overheard.party(), ears)),
            (_, _, _) => None,
        }
    }

    fn party_mut(&mut self) -> Option<&mut Party> {
        match (&mut self.activity, &mut self.overheard) {
            (Activity::Meeting(party), _) => Some(party),
            (_, Some(overheard)) => Some(overheard.party()),
            (_, None) => None,
        }
    }

    /// Changes how it takes part in its conference, if it is in one.
    pub(crate) fn set_mode(&mut self, mode: PartyMode) {
        if let Activity::Meeting(party) = &mut self.activity {
            party.set_mode(mode);
        }
    }

    /// Tells it alone something in its conference, if it is in one.
    fn tell(&mut self, sound: &Sound) {
        if let (Activity::Meeting(party), Some(voice)) = (&mut self.activity, self.formats.voice) {
            party.tell(sound, voice.codec.rate());
        }
    }

    /// Whether a room hears it. One that holds may well send music of its own.
    pub(crate) fn speaks(&self) -> bool {
        let is_heard = match &self.activity {
            Activity::Meeting(party) => !party.mode().is_muted,
            Activity::Idle
            | Activity::Bridged { .. }
            | Activity::Echo
            | Activity::Playing(_)
            | Activity::Capturing(_) => self.overheard.is_some(),
        };
        is_heard && self.direction == Direction::SendRecv
    }

    /// Translates packets for the peer in hand another way from now on.
    pub(crate) fn change_translation(&mut self, new: Translation) {
        if let Activity::Bridged { translation, .. } = &mut self.activity {
            *translation = new;
        }
        self.has_transcoded |= self.transcodes();
    }

    /// Whether what the peer is sent is not what comes from here.
    pub(crate) fn transcodes(&self) -> bool {
        matches!(self.activity, Activity::Bridged { translation: Translation::Transcode(_), .. })
    }

    /// What makes the peer's packets of ours.
    pub(crate) fn transcoder_mut(&mut self) -> Option<&mut Transcoder> {
        match &mut self.activity {
            Activity::Bridged { translation: Translation::Transcode(transcoder), .. } => {
                Some(transcoder)
            }
            Activity::Bridged {
                translation: Translation::Same | Translation::Numbers(_), ..
            }
            | Activity::Idle
            | Activity::Echo
            | Activity::Playing(_)
            | Activity::Capturing(_)
            | Activity::Meeting(_) => None,
        }
    }

    /// The next packet for the far end comes of another source.
    pub(crate) fn change_source(&mut self) {
        self.outgoing.change_source();
    }

    /// Judges and counts a valid RTP packet of the far end.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        from: SocketAddr,
        header: &Header,
        payload_len: usize,
    ) -> Result<(), DropReason> {
        match self.latch.judge(from, header) {
            Belief::Ours => {}
            Belief::NotYet => return Err(DropReason::Unlatched),
            Belief::Foreign => {
                self.foreign = self.foreign.saturating_add(1);
                return Err(DropReason::Foreign);
            }
        }
        self.silence.end(now);
        let age = now.saturating_duration_since(self.opened_at);
        let clock_rate = self.formats.clock_rate(header.payload_type);
        self.reception.add(age, header, payload_len, clock_rate);
        if self.direction.receives() { Ok(()) } else { Err(DropReason::Held) }
    }

    /// Sends on a packet of another far end (or its own, for echo); says where to.
    pub(crate) fn deliver(
        &mut self,
        now: Instant,
        header: &Header,
        payload_len: usize,
        packet: &mut [u8],
    ) -> Result<SocketAddr, DropReason> {
        if !self.direction.sends() {
            return Err(DropReason::Held);
        }
        if self.is_dialling() || self.is_beeping() || self.hears_room() {
            return Err(DropReason::Replaced);
        }
        let to = self.latch.destination().ok_or(DropReason::NoDestination)?;
        self.relayed_type = Some(header.payload_type);
        let clock_rate = self.formats.clock_rate(header.payload_type);
        self.outgoing.relay(now, header, clock_rate, payload_len, packet);
        Ok(to)
    }

    /// The tick stood still for a while: what it makes next is that much later.
    pub(crate) fn skip(&mut self) {
        let is_made = match self.activity {
            Activity::Playing(_) | Activity::Capturing(_) | Activity::Meeting(_) => true,
            Activity::Idle | Activity::Bridged { .. } | Activity::Echo => {
                self.dialler.is_some() || self.overheard.is_some() || self.beep.is_some()
            }
        };
        if is_made {
            self.outgoing.change_source();
        }
    }

    /// Makes the packets of a tick, of a playout or a conference, or of what is in a bridge but passed
    /// on: a key, a supervisor, the tone of a recording.
    ///
    /// Nothing moves before the far end is described. While it holds, the playout goes on unheard,
    /// so that a prompt ends when it should.
    pub(crate) fn tick(
        &mut self,
        now: Instant,
        tick: u64,
        studio: &mut Studio,
        packets: &mut Packets,
    ) -> Played {
        packets.clear();
        if matches!(self.activity, Activity::Bridged { .. }) {
            let dialled = self.dial(now, tick, packets);
            let is_silent = !self.is_beeping() && !self.hears_room();
            if matches!(dialled, Played::To(_)) || is_silent {
                return dialled;
            }
        }
        let Self { activity, latch, formats, ears, overheard, beep, .. } = self;
        let (to, voice) = (latch.destination(), formats.voice);
        let ears = ears.as_deref();
        match (activity, overheard, to, voice) {
            (Activity::Idle | Activity::Echo, _, _, _) => return Played::Nothing,
            (Activity::Playing(player), _, Some(_), Some(_)) => player.fill(tick, studio, packets),
            (Activity::Playing(player), _, Some(_), None) => player.give_up(),
            (Activity::Capturing(capture), _, Some(_), Some(voice)) => {
                capture.fill(tick, voice, studio, packets);
            }
            (Activity::Meeting(party), _, Some(_), Some(voice)) => {
                studio.meet(tick, party, (voice, ears), packets);
            }
            (Activity::Bridged { .. }, overheard, Some(_), Some(voice)) => {
                match (beep, overheard) {
                    (Some(beep), _) => beep.fill(tick, studio, packets),
                    (None, Some(overheard)) => {
                        studio.meet(tick, overheard.party(), (voice, ears), packets);
                    }
                    (None, None) => {}
                }
            }
            (
                Activity::Playing(_)
                | Activity::Capturing(_)
                | Activity::Meeting(_)
                | Activity::Bridged { .. },
                _,
                _,
                _,
            ) => {}
        }
        let (Some(to), Some(voice)) = (to, voice) else { return Played::Silently };
        if !self.direction.sends() || packets.is_empty() {
            return Played::Silently;
        }
        let clock = (voice.packet_ticks(), voice.codec.clock_rate());
        let times = voice.cadence.begin_at(now, tick);
        for (packet, at) in packets.iter_mut().zip(times) {
            let len = packet.payload_len();
            packet.head(&self.outgoing.play(at, voice.payload_type, clock, len));
        }
        Played::To(to)
    }

    /// Whether a prompt has just come to its end; it is over then.
    #[inline]
    pub(crate) fn finish(&mut self) -> bool {
        self.end_beep();
        let is_over = matches!(&self.activity, Activity::Playing(player) if player.is_over());
        if is_over {
            self.take_up(Activity::Idle);
        }
        is_over
    }

    /// Whether the far end has just been silent for too long; said once a silence.
    pub(crate) fn has_timed_out(&mut self, now: Instant) -> bool {
        self.direction.receives() && self.silence.has_run_out(now)
    }
}

/// The agreed formats.
#[derive(Debug, Default)]
struct SessionFormats {
    all: Box<[Format]>,
    /// What playouts are in.
    voice: Option<Voice>,
}

impl SessionFormats {
    fn new(formats: &[Format], wished: Cadence) -> Self {
        Self { all: formats.into(), voice: Voice::of(formats, wished) }
    }

    fn find(&self, payload_type: u8) -> Option<&Format> {
        self.all.iter().find(|it| it.payload_type == payload_type)
    }

    fn clock_rate(&self, payload_type: u8) -> u32 {
        self.find(payload_type).map_or(DEFAULT_CLOCK_RATE, |it| it.clock_rate)
    }
}

/// The watch for a far end that is gone.
#[derive(Debug)]
struct Silence {
    limit: Option<Duration>,
    heard_at: Instant,
    is_reported: bool,
}

impl Silence {
    fn end(&mut self, now: Instant) {
        self.heard_at = now;
        self.is_reported = false;
    }

    fn has_run_out(&mut self, now: Instant) -> bool {
        let Some(limit) = self.limit else { return false };
        if self.is_reported || now.saturating_duration_since(self.heard_at) < limit {
            return false;
        }
        self.is_reported = true;
        true
    }
}

/// The session open on a slot.
pub(crate) fn session_mut(
    sessions: &mut [Option<Box<Session>>],
    slot: Slot,
) -> Option<&mut Session> {
    sessions.get_mut(slot.0 as usize)?.as_deref_mut()
}

/// Of telephone audio, in Hz; for payload types that were never agreed.
const DEFAULT_CLOCK_RATE: u32 = 8000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_takes_little_of_the_25_kb_of_an_idle_call() {
        assert!(size_of::<Session>() <= 512, "{} bytes", size_of::<Session>());
    }
}
