//! A media worker that obeys and keeps the books: what a real one would do with each command, and
//! who hears whom by it.

use base::{MediaId, RecordingId, RoomId};
use media::{
    Direction, Family, MediaCommand, MediaEvent, PartyMode, Playout, PortLease, RecordedSource,
    Remote, StreamStats, TapMode,
    detection::Detected,
    dtmf::{Digit, KeyForm},
    sound::Sound,
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    time::{Duration, Instant},
};

/// First RTP port of worker 0; each worker has a range of its own.
const FIRST_PORT: u16 = 20_000;

/// How long a key is down.
const KEY_HELD: Duration = Duration::from_millis(160);

/// One worker. Panics at a command that breaks the contract of [`MediaCommand`].
#[derive(Debug)]
pub struct Worker {
    number: u8,
    capacity: usize,
    free: Vec<PortLease>,
    /// Leased and not given back.
    leased: HashSet<PortLease>,
    sessions: BTreeMap<MediaId, Session>,
    /// Far ends that send no packets any more, since when.
    silent: HashMap<SocketAddr, Instant>,
    bridges_made: usize,
    recordings: BTreeMap<RecordingId, Recorded>,
    announced: Vec<(RoomId, Vec<Sound>)>,
    /// Where parties heard something that no other heard, oldest first.
    told: Vec<SocketAddr>,
    /// Of rooms as a whole, and who they are of.
    room_recordings: BTreeMap<RoomId, (RecordingId, [String; 2])>,
}

/// A recording that runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recorded {
    /// What is on the left and on the right.
    pub sources: [RecordedSource; 2],
    /// Who they are, by the label.
    pub parties: [String; 2],
    /// Whether it pauses.
    pub is_paused: bool,
}

#[derive(Debug)]
struct Session {
    lease: PortLease,
    remote: Option<Remote>,
    direction: Direction,
    timeout: Option<Duration>,
    configured_at: Instant,
    is_timed_out: bool,
    /// Whether it was asked to tell something of the far end.
    is_listened_to: bool,
    /// Whether keys in its bridge are told to the call logic.
    tells_keys: bool,
    /// Keys that were pressed towards its far end.
    pressed: String,
    does: Does,
}

#[derive(Debug)]
enum Does {
    Nothing,
    Relays(MediaId),
    Plays(Playout),
    /// Is in a room.
    Meets(RoomId, PartyMode),
    /// Says what is kept.
    Speaks,
    /// Hears these, and is heard by some of them.
    Taps([MediaId; 2], TapMode),
}

impl Worker {
    pub(crate) fn new(number: u8, capacity: usize) -> Self {
        let free = (0..capacity).rev().map(|n| {
            let port = FIRST_PORT + u16::from(number) * 10_000 + 2 * n as u16;
            PortLease { worker: number, address: SocketAddr::from(([10, 0, 0, 1], port)) }
        });
        Self {
            number,
            capacity,
            free: free.collect(),
            leased: HashSet::new(),
            sessions: BTreeMap::new(),
            silent: HashMap::new(),
            bridges_made: 0,
            recordings: BTreeMap::new(),
            announced: Vec::new(),
            told: Vec::new(),
            room_recordings: BTreeMap::new(),
        }
    }

    /// Does as told; most commands are not answered.
    pub(crate) fn handle(&mut self, now: Instant, command: MediaCommand) -> Vec<MediaEvent> {
        match command {
            MediaCommand::Lease { family, count } => return vec![self.lease(family, count)],
            MediaCommand::Return { lease } => {
                assert!(self.leased.remove(&lease), "{lease:?} returned twice");
                self.free.insert(0, lease);
            }
            MediaCommand::Open { media, lease } => self.open(now, media, lease),
            MediaCommand::Configure { media, remote, direction, formats, timeout, .. } => {
                assert!(!formats.is_empty(), "a stream without any format");
                let session = self.session(media);
                session.remote = Some(remote);
                session.direction = direction;
                session.timeout = timeout;
                session.configured_at = now;
                session.is_timed_out = false;
            }
            MediaCommand::Bridge { a, b, .. } => self.bridge(a, b),
            MediaCommand::Unbridge { media } => {
                if let Does::Relays(other) = self.session(media).does {
                    self.session(other).does = Does::Nothing;
                }
                self.session(media).does = Does::Nothing;
            }
            MediaCommand::ConvertKeys { media, told, .. } => {
                let session = self.session(media);
                let is_bridged = matches!(session.does, Does::Relays(_));
                session.tells_keys = is_bridged && told == KeyForm::Info;
            }
            MediaCommand::Press { media, digit, .. } => {
                self.session(media).pressed.push(digit.as_char());
            }
            MediaCommand::Detect { media, wanted } => {
                self.session(media).is_listened_to = !wanted.is_nothing();
            }
            MediaCommand::Play { media, playout } => self.take_up(media, Does::Plays(playout)),
            MediaCommand::Join { media, room, mode, .. } => {
                self.take_up(media, Does::Meets(room, mode));
            }
            MediaCommand::SetMode { media, mode } => {
                let Does::Meets(_, before) = &mut self.session(media).does else {
                    panic!("{media} is in no room")
                };
                *before = mode;
            }
            MediaCommand::Announce { room, sounds } => self.announced.push((room, sounds)),
            MediaCommand::Capture { media, .. } => self.take_up(media, Does::Speaks),
            MediaCommand::EndCapture { media } => {
                if let Does::Speaks = self.session(media).does {
                    return self.captured(media, Some(Sound::beep())).into_iter().collect();
                }
            }
            MediaCommand::Tell { media, .. } => {
                let session = self.session(media);
                let port = session.lease.address;
                let hears =
                    matches!(session.does, Does::Meets(..) | Does::Taps(..) | Does::Relays(_));
                self.told.extend(hears.then_some(port));
            }
            MediaCommand::Tap { media, of, mode } => {
                self.take_up(media, Does::Taps(of, mode));
                return self.taps_ended();
            }
            MediaCommand::Dismiss { room } => {
                let is_in = |does: &Does| matches!(does, Does::Meets(it, _) if *it == room);
                let parties = self.sessions.iter().filter(|(_, it)| is_in(&it.does));
                return parties.map(|(media, _)| MediaEvent::Dismissed { media: *media }).collect();
            }
            MediaCommand::Record { recording, label, sources, .. } => {
                for source in sources {
                    self.session(source.media());
                }
                let parties = label.parties;
                let recorded = Recorded { sources, parties, is_paused: false };
                let is_new = self.recordings.insert(recording, recorded).is_none();
                assert!(is_new, "{recording} begun twice");
            }
            MediaCommand::RecordRoom { recording, label, room, .. } => {
                let is_in = |does: &Does| matches!(does, Does::Meets(it, _) if *it == room);
                if self.sessions.values().any(|it| is_in(&it.does)) {
                    self.room_recordings.entry(room).or_insert((recording, label.parties));
                }
            }
            MediaCommand::StopRecordingRoom { room } => {
                self.room_recordings.remove(&room);
            }
            MediaCommand::PauseRecording { recording, pause } => {
                let recorded = self.recordings.get_mut(&recording);
                recorded.unwrap_or_else(|| panic!("{recording} does not run")).is_paused = pause;
            }
            MediaCommand::StopRecording { recording } => {
                assert!(self.recordings.remove(&recording).is_some(), "{recording} does not run");
            }
            MediaCommand::Close { media } => return self.close(media),
        }
        Vec::new()
    }

    /// The next session whose far end has been silent for too long.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<MediaEvent> {
        let silent = &self.silent;
        let due =
            self.sessions.iter_mut().find(|(_, it)| it.due(silent).is_some_and(|at| at <= now));
        let (media, session) = due?;
        session.is_timed_out = true;
        Some(MediaEvent::TimedOut { media: *media })
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.sessions.values().filter_map(|it| it.due(&self.silent)).min()
    }

    /// The far end that receives at `address` sends no more packets.
    pub(crate) fn fall_silent(&mut self, now: Instant, address: SocketAddr) {
        self.silent.entry(address).or_insert(now);
    }

    /// Ports that are no longer there when somebody asks: as another program would take them.
    pub fn lose_free_ports(&mut self) {
        self.capacity -= self.free.len();
        self.free.clear();
    }

    /// Who receives what `speaker`, who sends from the address that it receives at, sends to
    /// `port` of ours: the far end's address, or the speaker's own for an echo.
    pub fn listener(&self, speaker: SocketAddr, port: SocketAddr) -> Option<SocketAddr> {
        let session = self.sessions.values().find(|it| it.lease.address == port)?;
        if session.remote?.rtp != speaker || !session.direction.receives() {
            return None;
        }
        let ear = match &session.does {
            Does::Nothing => return None,
            Does::Relays(other) => self.sessions.get(other)?,
            Does::Plays(Playout::Echo) => session,
            Does::Plays(_) | Does::Speaks | Does::Meets(_, _) | Does::Taps(_, _) => return None,
        };
        ear.remote.filter(|_| ear.direction.sends()).map(|it| it.rtp)
    }

    /// What is played to the far end of `port`.
    pub fn plays_at(&self, port: SocketAddr) -> Option<&Playout> {
        match &self.sessions.values().find(|it| it.lease.address == port)?.does {
            Does::Plays(playout) => Some(playout),
            Does::Nothing
            | Does::Relays(_)
            | Does::Speaks
            | Does::Meets(_, _)
            | Does::Taps(_, _) => None,
        }
    }

    /// Whether what is said at a port of ours is kept.
    pub fn listens_at(&self, port: SocketAddr) -> bool {
        let session = self.sessions.values().find(|it| it.lease.address == port);
        session.is_some_and(|it| matches!(it.does, Does::Speaks))
    }

    /// What rooms were told, oldest first.
    pub fn announced(&self) -> &[(RoomId, Vec<Sound>)] {
        &self.announced
    }

    /// How often the party at `port` heard something that no other heard.
    pub fn told_at(&self, port: SocketAddr) -> usize {
        self.told.iter().filter(|it| **it == port).count()
    }

    /// The far ends that hear who speaks at `port` in its conference.
    pub fn audience(&self, port: SocketAddr) -> Vec<SocketAddr> {
        let Some((speaker, session)) = self.sessions.iter().find(|it| it.1.lease.address == port)
        else {
            return Vec::new();
        };
        let Does::Meets(room, mode) = session.does else { return Vec::new() };
        let hears = |does: &Does| matches!(does, Does::Meets(in_room, mode) if *in_room == room && !mode.is_deaf);
        let others =
            self.sessions.iter().filter(|(media, it)| *media != speaker && hears(&it.does));
        let heard = others.filter_map(|(_, it)| Some(it.remote?.rtp));
        if mode.is_muted { Vec::new() } else { heard.collect() }
    }

    /// Whom the supervisor at `port` hears, and who hears it.
    pub fn taps_at(&self, port: SocketAddr) -> Option<[Vec<SocketAddr>; 2]> {
        let session = self.sessions.values().find(|it| it.lease.address == port)?;
        let Does::Taps(of, mode) = session.does else { return None };
        let far_end = |media: &MediaId| Some(self.sessions.get(media)?.remote?.rtp);
        let hears = of.iter().filter_map(far_end).collect();
        let is_heard = of.iter().filter(|it| mode.is_heard_by(**it)).filter_map(far_end).collect();
        Some([hears, is_heard])
    }

    /// Recordings that run, oldest first.
    pub fn recordings(&self) -> Vec<Recorded> {
        self.recordings.values().cloned().collect()
    }

    /// Recordings of rooms that run: by whom they were begun.
    pub fn room_recordings(&self) -> Vec<[String; 2]> {
        self.room_recordings.values().map(|(_, parties)| parties.clone()).collect()
    }

    /// Open sessions.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Bridges made since the start.
    pub fn bridges_made(&self) -> usize {
        self.bridges_made
    }

    pub(crate) fn free(&self) -> usize {
        self.free.len()
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Ends the prompt at `port`.
    pub(crate) fn finish_playing(&mut self, port: SocketAddr) -> Option<MediaEvent> {
        let (media, session) = self.sessions.iter_mut().find(|(_, it)| it.lease.address == port)?;
        session.does = Does::Nothing;
        Some(MediaEvent::PlayFinished { media: *media })
    }

    /// What the worker tells of the far end of `port`, if it was asked to.
    pub(crate) fn detected(&self, port: SocketAddr, what: Detected) -> Option<MediaEvent> {
        let (media, session) = self.sessions.iter().find(|(_, it)| it.lease.address == port)?;
        session.is_listened_to.then_some(MediaEvent::Detected { media: *media, what })
    }

    /// The words at `port`, which are kept, come to their end.
    pub(crate) fn finish_speaking(
        &mut self,
        port: SocketAddr,
        words: Option<Sound>,
    ) -> Option<MediaEvent> {
        let (media, session) = self.sessions.iter().find(|(_, it)| it.lease.address == port)?;
        let media = matches!(session.does, Does::Speaks).then_some(*media)?;
        self.captured(media, words)
    }

    fn captured(&mut self, media: MediaId, sound: Option<Sound>) -> Option<MediaEvent> {
        self.sessions.get_mut(&media)?.does = Does::Nothing;
        Some(MediaEvent::Captured { media, sound })
    }

    /// What the worker tells of a key that is pressed at `port`.
    pub(crate) fn key_pressed(&self, port: SocketAddr, digit: Digit) -> Option<MediaEvent> {
        let (media, session) = self.sessions.iter().find(|(_, it)| it.lease.address == port)?;
        match session.does {
            Does::Relays(_) if session.tells_keys => {
                Some(MediaEvent::Dialled { media: *media, digit, held: KEY_HELD })
            }
            Does::Relays(_) | Does::Plays(Playout::Echo) => None,
            Does::Nothing
            | Does::Plays(_)
            | Does::Speaks
            | Does::Meets(_, _)
            | Does::Taps(_, _) => Some(MediaEvent::Key { media: *media, digit }),
        }
    }

    /// Keys that were pressed towards the far end of `port`, the first one first.
    pub fn pressed_at(&self, port: SocketAddr) -> Option<&str> {
        let session = self.sessions.values().find(|it| it.lease.address == port)?;
        Some(&session.pressed)
    }

    fn take_up(&mut self, media: MediaId, does: Does) {
        self.session(media).tells_keys = false;
        if let Does::Relays(other) = std::mem::replace(&mut self.session(media).does, does) {
            self.session(other).does = Does::Nothing;
        }
    }

    fn lease(&mut self, family: Family, count: u16) -> MediaEvent {
        let wanted = match family {
            Family::V4 => usize::from(count).min(self.free.len()),
            // The city is an IPv4 network.
            Family::V6 => 0,
        };
        let leases = self.free.split_off(self.free.len() - wanted);
        self.leased.extend(&leases);
        MediaEvent::Leased { worker: self.number, family, leases }
    }

    fn open(&mut self, now: Instant, media: MediaId, lease: PortLease) {
        assert_eq!(lease.worker, self.number, "the lease is another worker's");
        assert!(self.leased.contains(&lease), "{lease:?} is not leased");
        let is_used = self.sessions.values().any(|it| it.lease == lease);
        assert!(!is_used, "two sessions on {lease:?}");
        let session = Session {
            lease,
            remote: None,
            direction: Direction::Inactive,
            timeout: None,
            configured_at: now,
            is_timed_out: false,
            is_listened_to: false,
            tells_keys: false,
            pressed: String::new(),
            does: Does::Nothing,
        };
        assert!(self.sessions.insert(media, session).is_none(), "{media} opened twice");
    }

    fn bridge(&mut self, a: MediaId, b: MediaId) {
        assert_ne!(a, b, "a bridge has two ends");
        for (from, to) in [(a, b), (b, a)] {
            if let Does::Relays(old) = self.session(from).does
                && old != to
            {
                self.session(old).does = Does::Nothing;
            }
            self.session(from).does = Does::Relays(to);
            self.session(from).tells_keys = false;
        }
        self.bridges_made += 1;
    }

    fn close(&mut self, media: MediaId) -> Vec<MediaEvent> {
        let session = self.sessions.remove(&media);
        let session = session.unwrap_or_else(|| panic!("{media} is not open, and closed"));
        let sessions = &self.sessions;
        let is_in = |does: &Does, room: RoomId| matches!(does, Does::Meets(it, _) if *it == room);
        self.room_recordings.retain(|room, _| sessions.values().any(|it| is_in(&it.does, *room)));
        self.recordings.retain(|_, it| it.sources.iter().all(|source| source.media() != media));
        assert!(self.leased.remove(&session.lease), "{:?} given back twice", session.lease);
        // The oldest free port is used next: RTP of the last call must not reach the next one.
        self.free.insert(0, session.lease);
        if let Does::Relays(other) = session.does
            && let Some(other) = self.sessions.get_mut(&other)
        {
            other.does = Does::Nothing;
        }
        let stats =
            StreamStats { latched: session.remote.map(|it| it.rtp), ..StreamStats::default() };
        let mut events = self.taps_ended();
        events.push(MediaEvent::Closed { media, stats });
        events
    }

    /// Those who supervise nobody any more.
    fn taps_ended(&self) -> Vec<MediaEvent> {
        let is_deserted = |does: &Does| match does {
            Does::Taps(of, _) => !of.iter().any(|it| self.sessions.contains_key(it)),
            Does::Nothing | Does::Speaks | Does::Relays(_) | Does::Plays(_) | Does::Meets(_, _) => {
                false
            }
        };
        let deserted = self.sessions.iter().filter(|(_, it)| is_deserted(&it.does));
        deserted.map(|(media, _)| MediaEvent::TapEnded { media: *media }).collect()
    }

    #[track_caller]
    fn session(&mut self, media: MediaId) -> &mut Session {
        self.sessions.get_mut(&media).unwrap_or_else(|| panic!("{media} is not open"))
    }
}

impl Session {
    /// When it is to be told that nobody speaks.
    fn due(&self, silent: &HashMap<SocketAddr, Instant>) -> Option<Instant> {
        let since = *silent.get(&self.remote?.rtp)?;
        let timeout = self.timeout.filter(|_| !self.is_timed_out)?;
        Some(since.max(self.configured_at) + timeout)
    }
}
