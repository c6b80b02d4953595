//! All sessions of one worker: what becomes of each packet.
//!
//! Sans-IO. The owner has a socket pair a slot. It gives each received packet to
//! [`Relay::handle_packet`], which rewrites it in place and says where to send it (packets of two
//! that share no codec become others, which wait at [`Relay::poll_transmit`]); each command to
//! [`Relay::handle_command`] (and [`Relay::open`] and [`Relay::close`], which concern its sockets
//! too); it sleeps until [`Relay::poll_timeout`], calls [`Relay::handle_timeout`], and drains
//! [`Relay::poll_event`] after each of these. Neither a packet of a latched far end nor a tick
//! allocates.

mod keys;
mod recording;
mod reporting;
mod taps;

use crate::{
    capture::Capture,
    codec::CodecError,
    command::{MediaCommand, MediaEvent, PayloadMap, Playout},
    detection::Wanted,
    figures::Figures,
    mixer::RoomKey,
    outbox::Outbox,
    packets::Packets,
    party::Party,
    playout::{FRAME_MS, Studio},
    recording::buffer::{Buffer, Way},
    rtp::{self, Header},
    session::{Activity, Played, Session, Translation, session_mut},
    sound::Sound,
    transcode::Transcoder,
};
use base::{MediaId, Rng};
use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    time::{Duration, Instant},
};

/// The sessions of one worker.
#[derive(Debug)]
pub struct Relay {
    /// By slot.
    sessions: Vec<Option<Box<Session>>>,
    born_at: Instant,
    slots: HashMap<MediaId, Slot>,
    /// Sessions with something to play at the tick.
    players: Vec<Slot>,
    tick_at: Instant,
    sweep_at: Instant,
    studio: Studio,
    events: VecDeque<MediaEvent>,
    /// What transcoding made of the packet that came last.
    outbox: Outbox,
    /// What the tick makes for the session in hand.
    packets: Packets,
    recorded: Buffer,
    /// How sessions do that have just reported.
    figures: VecDeque<(MediaId, Figures)>,
    counters: Counters,
    rng: Rng,
    in_hand: Option<Slot>,
}

/// The owner's name for a socket pair; small numbers, used again.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Slot(pub u32);

/// Which socket of a pair.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Channel {
    /// The even port: RTP, and RTCP when muxed.
    Rtp,
    /// The odd port.
    Rtcp,
}

/// Where a packet goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Transmit {
    /// From this pair.
    pub slot: Slot,
    /// From this socket of it.
    pub channel: Channel,
    /// To this address.
    pub to: SocketAddr,
}

/// Why a packet goes nowhere.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DropReason {
    /// No session is open on the port: a late packet of an ended call, or noise.
    NoSession,
    /// Neither valid RTP nor valid RTCP.
    Malformed,
    /// Nobody is believed yet.
    Unlatched,
    /// From a stranger after lock-in.
    Foreign,
    /// The direction forbids it.
    Held,
    /// Nobody listens: no bridge, or a playout.
    NoListener,
    /// The other side is not described yet.
    NoDestination,
    /// Came after its successor, or twice, where speech is transcoded.
    Late,
    /// A key is told in its place.
    Replaced,
}

impl DropReason {
    /// All of them, in the order of [`Counters::dropped`].
    pub const ALL: [Self; 9] = [
        Self::NoSession,
        Self::Malformed,
        Self::Unlatched,
        Self::Foreign,
        Self::Held,
        Self::NoListener,
        Self::NoDestination,
        Self::Late,
        Self::Replaced,
    ];

    /// Name for a metric label.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoSession => "no_session",
            Self::Malformed => "malformed",
            Self::Unlatched => "unlatched",
            Self::Foreign => "foreign",
            Self::Held => "held",
            Self::NoListener => "no_listener",
            Self::NoDestination => "no_destination",
            Self::Late => "late",
            Self::Replaced => "replaced",
        }
    }
}

/// Figures of the worker since its start.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Packets taken in, RTP and RTCP.
    pub packets_in: u64,
    /// RTCP packets among them that were believed.
    pub reports_in: u64,
    /// Packets to be sent: relayed, played, and reports.
    pub packets_out: u64,
    /// Packets that went nowhere, by [`DropReason`].
    pub dropped: [u64; DropReason::ALL.len()],
    /// Ticks left out because the worker came too late.
    pub ticks_skipped: u64,
    /// Ticks that began [`TICK_LATE`] or more after their time.
    pub ticks_late: u64,
}

impl Relay {
    /// No session yet. `rng` names streams of our own.
    pub fn new(now: Instant, rng: Rng) -> Self {
        Self {
            sessions: Vec::new(),
            born_at: now,
            slots: HashMap::new(),
            players: Vec::new(),
            tick_at: now,
            sweep_at: now,
            studio: Studio::default(),
            events: VecDeque::new(),
            outbox: Outbox::default(),
            packets: Packets::new(),
            recorded: Buffer::new(now),
            figures: VecDeque::with_capacity(FIGURES_KEPT),
            counters: Counters::default(),
            rng,
            in_hand: None,
        }
    }

    /// Opens a session on a slot that has none.
    pub fn open(&mut self, now: Instant, media: MediaId, slot: Slot) {
        let index = slot.0 as usize;
        if self.sessions.len() <= index {
            self.sessions.resize_with(index + 1, || None);
        }
        if self.slots.is_empty() {
            self.sweep_at = now + SWEEP_INTERVAL;
        }
        self.in_hand = Some(slot);
        self.sessions[index] = Some(Box::new(Session::new(now, media, &mut self.rng)));
        self.slots.insert(media, slot);
    }

    /// Ends a session with a [`MediaEvent::Closed`]; gives its slot back. A goodbye to the far end
    /// may wait at [`Self::poll_transmit`].
    pub fn close(&mut self, now: Instant, media: MediaId) -> Option<Slot> {
        self.end_recording_of(now, media);
        let slot = self.slots.remove(&media)?;
        self.in_hand = None;
        self.part(now, slot);
        self.end_taps_of(now, slot);
        self.say_goodbye(now, slot);
        if let Some(session) = self.sessions[slot.0 as usize].take() {
            self.events.push_back(MediaEvent::Closed { media, stats: session.stats() });
        }
        Some(slot)
    }

    /// Carries out a command that is about sessions alone; those about ports are the owner's, and
    /// ignored here, as are those about unknown sessions.
    pub fn handle_command(&mut self, now: Instant, command: MediaCommand) {
        match command {
            MediaCommand::Configure { media, remote, direction, formats, packet_ms, timeout } => {
                let Some(slot) = self.slot(media) else { return };
                let studio = &mut self.studio;
                if let Some(session) = session_mut(&mut self.sessions, slot) {
                    session.configure(now, remote, direction, (&formats, packet_ms), timeout);
                    session.prepare(now, studio, &mut self.rng);
                }
                self.note_formats(now, media);
            }
            MediaCommand::Bridge { a, b, a_to_b, b_to_a } => {
                if let (Some(a), Some(b)) = (self.slot(a), self.slot(b))
                    && a != b
                {
                    self.bridge(now, (a, a_to_b), (b, b_to_a));
                }
            }
            MediaCommand::ConvertKeys { media, heard, told } => {
                self.convert_keys(media, heard, told);
            }
            MediaCommand::Press { media, form, digit, held } => {
                self.press_key(now, media, form, (digit, held));
            }
            MediaCommand::Unbridge { media } => {
                if let Some(slot) = self.slot(media) {
                    self.part(now, slot);
                }
            }
            MediaCommand::Play { media, playout } => {
                if let Some(slot) = self.slot(media) {
                    self.play(now, slot, playout);
                }
            }
            MediaCommand::Join { media, room, mode, alone, is_chimed } => {
                if let Some(slot) = self.slot(media) {
                    let room = RoomKey::Conference(room);
                    self.join(now, slot, Party::new(room, mode, alone, is_chimed));
                }
            }
            MediaCommand::SetMode { media, mode } => {
                if let Some(session) = self.session(media) {
                    session.set_mode(mode);
                }
            }
            MediaCommand::Tell { media, sound } => {
                if let Some(slot) = self.slot(media) {
                    self.beep(now, slot, sound);
                }
            }
            MediaCommand::Tap { media, of, mode } => self.tap(now, media, of, mode),
            MediaCommand::Detect { media, wanted } => self.detect(now, media, wanted),
            MediaCommand::Announce { room, sounds } => {
                self.studio.mixer.announce(RoomKey::Conference(room), &sounds);
            }
            MediaCommand::Capture { media, tone, longest, pause } => {
                if let Some(slot) = self.slot(media) {
                    self.capture(now, slot, Capture::new(tone, longest, pause));
                }
            }
            MediaCommand::EndCapture { media } => {
                if let Some(slot) = self.slot(media)
                    && let Some(session) = session_mut(&mut self.sessions, slot)
                {
                    session.end_capture(&mut self.events);
                }
            }
            MediaCommand::Dismiss { room } => {
                let [parties, _] = self.studio.mixer.members(RoomKey::Conference(room));
                for slot in parties {
                    if let Some(session) = session_mut(&mut self.sessions, slot) {
                        self.events.push_back(MediaEvent::Dismissed { media: session.media() });
                    }
                }
            }
            MediaCommand::Record { recording, label, sources, has_tone } => {
                self.record(now, recording, *label, (sources, has_tone));
            }
            MediaCommand::RecordRoom { recording, label, room, has_tone } => {
                self.record_room(now, (recording, *label), room, has_tone);
            }
            MediaCommand::PauseRecording { recording, pause } => {
                self.pause_recording(now, recording, pause);
            }
            MediaCommand::StopRecording { recording } => self.stop_recording(now, recording),
            MediaCommand::StopRecordingRoom { room } => self.stop_recording_room(now, room),
            MediaCommand::Lease { .. }
            | MediaCommand::Return { .. }
            | MediaCommand::Open { .. }
            | MediaCommand::Close { .. } => {}
        }
    }

    /// Takes in a packet; rewrites it in place and says where it goes, if anywhere. None is told
    /// of a packet that was transcoded: what became of it is to be fetched with
    /// [`Self::poll_transmit`]; and of RTCP, which ends here.
    pub fn handle_packet(
        &mut self,
        now: Instant,
        slot: Slot,
        channel: Channel,
        from: SocketAddr,
        packet: &mut [u8],
    ) -> Result<Option<Transmit>, DropReason> {
        self.counters.packets_in += 1;
        self.in_hand = Some(slot);
        let is_rtcp = channel == Channel::Rtcp || rtp::is_rtcp(packet);
        let verdict = if is_rtcp {
            self.take_rtcp(now, slot, (channel, from), packet).map(|()| None)
        } else {
            self.relay_rtp(now, slot, from, packet)
        };
        match verdict {
            Ok(Some(_)) => self.counters.packets_out += 1,
            Ok(None) if is_rtcp => self.counters.reports_in += 1,
            Ok(None) => self.counters.packets_out += self.outbox.len() as u64,
            Err(reason) => self.counters.dropped[reason as usize] += 1,
        }
        verdict
    }

    /// The next packet that transcoding made of the one taken in last.
    pub fn poll_transmit(&mut self) -> Option<(Transmit, &[u8])> {
        self.outbox.pop()
    }

    /// When [`Self::handle_timeout`] wants to be called; `None` if never.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.slots.is_empty() {
            None
        } else if self.players.is_empty() {
            Some(self.sweep_at)
        } else {
            Some(self.tick_at.min(self.sweep_at))
        }
    }

    /// Plays what is due, reports, and looks for far ends that fell silent. `send` gets each packet.
    pub fn handle_timeout(&mut self, now: Instant, mut send: impl FnMut(Transmit, &[u8])) {
        self.in_hand = None;
        self.skip_missed_ticks(now);
        while !self.players.is_empty() && self.tick_at <= now {
            self.counters.ticks_late += u64::from(now - self.tick_at >= TICK_LATE);
            self.tick(now, &mut send);
            self.tick_at += TICK;
        }
        if self.sweep_at <= now {
            self.sweep(now, &mut send);
            self.sweep_at = now + SWEEP_INTERVAL;
        }
    }

    /// The next event, oldest first.
    pub fn poll_event(&mut self) -> Option<MediaEvent> {
        self.events.pop_front()
    }

    /// Figures since the start.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Open sessions.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether no session is open.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Where a session is open.
    pub fn slot_of(&self, media: MediaId) -> Option<Slot> {
        self.slots.get(&media).copied()
    }

    /// The session that was worked on last: the one to blame, and to close, after a panic.
    pub fn in_hand(&self) -> Option<MediaId> {
        self.media_at(self.in_hand?)
    }

    /// The session open on a slot.
    pub fn media_at(&self, slot: Slot) -> Option<MediaId> {
        self.sessions.get(slot.0 as usize)?.as_ref().map(|it| it.media())
    }

    fn relay_rtp(
        &mut self,
        now: Instant,
        slot: Slot,
        from: SocketAddr,
        packet: &mut [u8],
    ) -> Result<Option<Transmit>, DropReason> {
        let mut session = session_mut(&mut self.sessions, slot).ok_or(DropReason::NoSession)?;
        let (mut header, payload_len) = Header::parse(packet).ok_or(DropReason::Malformed)?;
        session.receive(now, from, &header, payload_len)?;
        if let Some(tap) = session.tap {
            let payload = rtp::payload(packet, payload_len);
            self.recorded.copy(now, tap, Way::Received, &header, payload);
        }
        session.be_overheard(now, &header, rtp::payload(packet, payload_len));
        if session.converts() {
            let payload = rtp::payload(packet, payload_len);
            if self.hear_keys(now, slot, &header, payload) {
                return Err(DropReason::Replaced);
            }
            session = session_mut(&mut self.sessions, slot).ok_or(DropReason::NoSession)?;
        }
        let target = match session.activity() {
            Activity::Bridged { peer, translation: Translation::Same } => *peer,
            Activity::Bridged { peer, translation: Translation::Numbers(numbers) } => {
                header.payload_type = numbers[usize::from(header.payload_type)];
                header.write_over(packet);
                *peer
            }
            Activity::Bridged { peer, translation: Translation::Transcode(_) } => {
                let peer = *peer;
                let payload = rtp::payload(packet, payload_len);
                return self.transcode(now, slot, peer, &header, payload).map(|()| None);
            }
            Activity::Echo => slot,
            Activity::Meeting(_)
            | Activity::Idle
            | Activity::Playing(_)
            | Activity::Capturing(_) => {
                let is_heard =
                    matches!(session.activity(), Activity::Meeting(_) | Activity::Capturing(_));
                let payload = rtp::payload(packet, payload_len);
                session.hear(now, &header, payload, &mut self.events);
                return if is_heard { Ok(None) } else { Err(DropReason::NoListener) };
            }
        };
        let hearer = session_mut(&mut self.sessions, target).ok_or(DropReason::NoListener)?;
        let to = hearer.deliver(now, &header, payload_len, packet)?;
        if target == slot
            && let Some(tap) = hearer.tap
        {
            let payload = rtp::payload(packet, payload_len);
            self.recorded.copy(now, tap, Way::Sent, &header, payload);
        }
        Ok(Some(Transmit { slot: target, channel: Channel::Rtp, to }))
    }

    /// Puts what becomes of a packet into the outbox.
    fn transcode(
        &mut self,
        now: Instant,
        slot: Slot,
        peer: Slot,
        header: &Header,
        payload: &[u8],
    ) -> Result<(), DropReason> {
        let Self { sessions, outbox, .. } = self;
        outbox.clear();
        let both = [slot.0 as usize, peer.0 as usize];
        let Ok([Some(session), Some(hearer)]) = sessions.get_disjoint_mut(both) else {
            return Err(DropReason::NoListener);
        };
        let transcoder = session.transcoder_mut().ok_or(DropReason::NoListener)?;
        let mut verdict = Ok(());
        transcoder.take(header, payload, |header, payload| {
            let packet = outbox.write(header, payload);
            match hearer.deliver(now, header, payload.len(), packet) {
                Ok(to) => outbox.push(Transmit { slot: peer, channel: Channel::Rtp, to }),
                Err(reason) => verdict = Err(reason),
            }
        })?;
        verdict
    }

    /// Joins two; a bridge that is already there only changes its translation. Nothing changes if
    /// a codec cannot be set up.
    fn bridge(
        &mut self,
        now: Instant,
        (a, from_a): (Slot, PayloadMap),
        (b, from_b): (Slot, PayloadMap),
    ) {
        let (Ok(from_a), Ok(from_b)) = (translation(&from_a), translation(&from_b)) else { return };
        let is_there = self.peer(a) == Some(b);
        if !is_there {
            self.part(now, a);
            self.part(now, b);
        }
        for (slot, peer, translation) in [(a, b, from_a), (b, a, from_b)] {
            let Some(session) = session_mut(&mut self.sessions, slot) else { continue };
            if !is_there {
                session.take_up(Activity::Bridged { peer, translation });
                continue;
            }
            session.set_converter(None);
            // Packets of a transcoder have numbers of its own.
            let is_spliced =
                session.transcodes() || matches!(translation, Translation::Transcode(_));
            session.change_translation(translation);
            if is_spliced && let Some(hearer) = session_mut(&mut self.sessions, peer) {
                hearer.change_source();
            }
        }
        self.resume_taps(now, a);
        self.resume_taps(now, b);
    }

    fn play(&mut self, now: Instant, slot: Slot, playout: Playout) {
        self.part(now, slot);
        let Some(session) = session_mut(&mut self.sessions, slot) else { return };
        session.play(now, playout, &mut self.rng);
        session.prepare(now, &mut self.studio, &mut self.rng);
        if matches!(session.activity(), Activity::Playing(_)) {
            self.drive(now, slot);
        }
    }

    fn capture(&mut self, now: Instant, slot: Slot, capture: Capture) {
        self.part(now, slot);
        let Some(session) = session_mut(&mut self.sessions, slot) else { return };
        session.capture(now, capture, &mut self.rng);
        session.prepare(now, &mut self.studio, &mut self.rng);
        self.drive(now, slot);
    }

    fn detect(&mut self, now: Instant, media: MediaId, wanted: Wanted) {
        let Some(slot) = self.slot(media) else { return };
        let Some(session) = session_mut(&mut self.sessions, slot) else { return };
        session.detect(wanted);
        session.prepare(now, &mut self.studio, &mut self.rng);
        if session.is_watched() {
            self.drive(now, slot);
        }
    }

    fn join(&mut self, now: Instant, slot: Slot, party: Party) {
        self.part(now, slot);
        self.end_taps_of(now, slot);
        let Some(session) = session_mut(&mut self.sessions, slot) else { return };
        self.studio.mixer.join(party.room(), slot, party.is_chimed());
        session.join(now, party, &mut self.rng);
        session.prepare(now, &mut self.studio, &mut self.rng);
        self.drive(now, slot);
    }

    /// Lets a far end hear a short sound, if it is in a bridge or a conference.
    fn beep(&mut self, now: Instant, slot: Slot, sound: Sound) {
        if let Some(session) = session_mut(&mut self.sessions, slot) {
            session.beep(now, sound, &mut self.studio, &mut self.rng);
            self.drive(now, slot);
        }
    }

    /// The tick sees to this session from now on.
    fn drive(&mut self, now: Instant, slot: Slot) {
        if self.players.is_empty() {
            // No tick twice: what was sent in it would be sent again.
            self.tick_at = self.tick_at.max(now);
        }
        if !self.players.contains(&slot) {
            self.players.push(slot);
        }
    }

    /// Ends what a session does, and the bridge of its peer.
    fn part(&mut self, now: Instant, slot: Slot) {
        for slot in [self.peer(slot), Some(slot)].into_iter().flatten() {
            let Some(session) = session_mut(&mut self.sessions, slot) else { continue };
            let left = match session.activity() {
                Activity::Meeting(party) => {
                    Some((party.room(), party.is_chimed(), party.tap().is_some()))
                }
                Activity::Idle
                | Activity::Bridged { .. }
                | Activity::Echo
                | Activity::Playing(_)
                | Activity::Capturing(_) => None,
            };
            session.take_up(Activity::Idle);
            if let Some((room, is_chimed, is_supervising)) = left {
                self.leave_room(now, room, slot, is_chimed);
                if is_supervising {
                    self.settle_taps(now, room);
                }
            }
        }
    }

    fn tick(&mut self, now: Instant, send: &mut impl FnMut(Transmit, &[u8])) {
        let tick = self.tick_number(self.tick_at);
        let Self {
            sessions, players, studio, events, recorded, packets, counters, in_hand, ..
        } = self;
        studio.mixer.mix((now, tick), sessions, (events, recorded), in_hand);
        players.retain(|slot| {
            *in_hand = Some(*slot);
            let Some(session) = session_mut(sessions, *slot) else { return false };
            // The mixer has listened to those in a room.
            if !session.is_in_room() {
                session.listen(now, events);
            }
            match session.tick(now, tick, studio, packets) {
                Played::Nothing => return session.is_watched(),
                Played::Silently => {}
                Played::To(to) => {
                    for packet in packets.iter() {
                        counters.packets_out += 1;
                        if let Some(tap) = session.tap
                            && let Some((header, len)) = Header::parse(packet)
                        {
                            recorded.copy(now, tap, Way::Sent, &header, rtp::payload(packet, len));
                        }
                        send(Transmit { slot: *slot, channel: Channel::Rtp, to }, packet);
                    }
                }
            }
            if session.finish() {
                events.push_back(MediaEvent::PlayFinished { media: session.media() });
                return session.is_watched();
            }
            true
        });
    }

    /// Since the worker began: what tells the place in music.
    fn tick_number(&self, at: Instant) -> u64 {
        let age = at.saturating_duration_since(self.born_at);
        (age.as_millis() / TICK.as_millis()) as u64
    }

    /// A worker that was stopped for long does not play all that it missed in one burst.
    fn skip_missed_ticks(&mut self, now: Instant) {
        let late = now.saturating_duration_since(self.tick_at);
        if self.players.is_empty() || late <= CATCH_UP_MAX {
            return;
        }
        self.counters.ticks_skipped += (late.as_millis() / TICK.as_millis()) as u64;
        self.tick_at = now;
        for slot in &self.players {
            if let Some(session) = session_mut(&mut self.sessions, *slot) {
                session.skip();
            }
        }
    }

    fn sweep(&mut self, now: Instant, send: &mut impl FnMut(Transmit, &[u8])) {
        let tick = self.tick_number(now);
        self.studio.sweep(tick);
        self.report(now, send);
        self.sweep_keys(now);
        self.sweep_beeps(now);
        for session in self.sessions.iter_mut().flatten() {
            if session.has_timed_out(now) {
                self.events.push_back(MediaEvent::TimedOut { media: session.media() });
            }
        }
    }

    fn slot(&mut self, media: MediaId) -> Option<Slot> {
        let slot = self.slots.get(&media).copied();
        self.in_hand = slot;
        slot
    }

    /// The session that a command is about, which is in hand from now on.
    fn session(&mut self, media: MediaId) -> Option<&mut Session> {
        let slot = self.slot(media)?;
        session_mut(&mut self.sessions, slot)
    }

    fn peer(&self, slot: Slot) -> Option<Slot> {
        match self.sessions.get(slot.0 as usize)?.as_ref()?.activity() {
            Activity::Bridged { peer, .. } => Some(*peer),
            Activity::Idle
            | Activity::Echo
            | Activity::Playing(_)
            | Activity::Capturing(_)
            | Activity::Meeting(_) => None,
        }
    }
}

fn translation(map: &PayloadMap) -> Result<Translation, CodecError> {
    let pairs = match map {
        PayloadMap::Same => return Ok(Translation::Same),
        PayloadMap::Pairs(pairs) => pairs,
        PayloadMap::Transcode(plan) => {
            return Ok(Translation::Transcode(Box::new(Transcoder::new(plan)?)));
        }
    };
    let mut numbers: Box<[u8; 128]> = Box::new(std::array::from_fn(|n| n as u8));
    for (from, to) in pairs {
        numbers[usize::from(from & 0x7f)] = to & 0x7f;
    }
    Ok(Translation::Numbers(numbers))
}

/// Between two frames.
const TICK: Duration = Duration::from_millis(FRAME_MS as u64);
/// From here on a tick is late: the far end's jitter buffer begins to feel it.
pub const TICK_LATE: Duration = Duration::from_millis(5);
/// A worker later than this leaves ticks out.
const CATCH_UP_MAX: Duration = Duration::from_millis(100);
/// Between two looks for far ends that fell silent and reports that are due: how late these come.
const SWEEP_INTERVAL: Duration = Duration::from_millis(500);
/// Figures that are taken in one go without making room for more.
const FIGURES_KEPT: usize = 64;
