//! What must hold for any packets and sound files: run by the fuzz targets, and by `fuzz_corpus.rs` on their
//! corpora.

use base::{MediaId, Rng, RoomId};
use media::{
    Channel, Direction, Format, MediaCommand, MediaEvent, PartyMode, PayloadMap, Playout, Relay,
    Remote, Rtcp, Slot, Transcoding, Transmit,
    audio_file::{self, LENGTH_MAX_S},
    codec::Rate,
    detection::{AnswerRules, Wanted},
    rtp::{HEADER_LEN, Header},
};
use std::{
    io::Cursor,
    net::SocketAddr,
    time::{Duration, Instant},
};

/// Packets for the RTP port, each after its length in two bytes, big end first; the last may be
/// shorter.
pub(crate) fn rtp(bytes: &[u8]) {
    World::new().take(Channel::Rtp, bytes);
}

/// The same for the RTCP port.
pub(crate) fn rtcp(bytes: &[u8]) {
    World::new().take(Channel::Rtcp, bytes);
}

/// A sound file of any format: it is heard, within bounds, or clearly refused.
pub(crate) fn wav(bytes: &[u8]) {
    for extension in [Some("wav"), None] {
        let file = Box::new(Cursor::new(bytes.to_vec()));
        match audio_file::read(file, extension, Rate::Narrow) {
            Ok(sound) => {
                assert!(!sound.samples().is_empty());
                assert!([Rate::Narrow, Rate::Wide].contains(&sound.rate()));
                let longest = u64::from(LENGTH_MAX_S) + 1;
                assert!(sound.duration().as_secs() <= longest, "{sound:?}");
            }
            Err(refusal) => assert!(!refusal.to_string().is_empty(), "{refusal:?}"),
        }
    }
}

/// As [`rtp`] takes them.
pub(crate) fn packets(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    while let Some(([high, low], rest)) = bytes.split_first_chunk() {
        let len = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (packet, rest) = rest.split_at(len);
        packets.push(packet.to_vec());
        bytes = rest;
    }
    packets
}

/// One worker with a session in everything that a session can do; each far end has said something.
struct World {
    relay: Relay,
    now: Instant,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        let mut world = Self { relay: Relay::new(now, Rng::from_number(1)), now };
        for n in 0..SESSIONS {
            world.relay.open(now, id(n), Slot(n));
            let formats = if n == TRANSCODED_TO { vec![opus()] } else { formats() };
            world.command(MediaCommand::Configure {
                media: id(n),
                remote: Remote { rtp: far_end(n, 0), rtcp: Rtcp::At(far_end(n, 1)) },
                direction: Direction::SendRecv,
                formats,
                packet_ms: PACKET_TIMES_MS[n as usize % PACKET_TIMES_MS.len()],
                timeout: Some(Duration::from_secs(60)),
            });
            let wanted = Wanted {
                silence: Some(Duration::from_secs(1)),
                answer: Some(AnswerRules::default()),
                fax: true,
            };
            if LISTENED_TO.contains(&n) {
                world.command(MediaCommand::Detect { media: id(n), wanted });
            }
        }
        let bridge =
            |a, b, a_to_b, b_to_a| MediaCommand::Bridge { a: id(a), b: id(b), a_to_b, b_to_a };
        world.command(bridge(0, 1, PayloadMap::Same, PayloadMap::Same));
        let (pcmu, opus) = (formats().swap_remove(0), opus());
        let map = |from: &Format, to: &Format| {
            let (from, to) = (from.clone(), to.clone());
            PayloadMap::Transcode(Transcoding { from, to, events: None, packet_ms: 20 })
        };
        world.command(bridge(2, TRANSCODED_TO, map(&pcmu, &opus), map(&opus, &pcmu)));
        world.command(MediaCommand::Play { media: id(4), playout: Playout::Echo });
        world.command(MediaCommand::Play { media: id(5), playout: Playout::Silence });
        for n in [6, 7] {
            let (media, room, mode) = (id(n), RoomId(1), PartyMode::default());
            world.command(MediaCommand::Join { media, room, mode, alone: None, is_chimed: true });
        }
        for n in 0..SESSIONS {
            for sequence in 0..LATCHING {
                let _ = world.send(n, Channel::Rtp, far_end(n, 0), &mut speech(n, sequence));
            }
        }
        world
    }

    /// Each far end sends the packets, and so does a stranger.
    fn take(&mut self, channel: Channel, bytes: &[u8]) {
        let before = self.relay.counters().clone();
        let mut verdicts = Verdicts::default();
        for packet in packets(bytes) {
            for n in 0..SESSIONS {
                let port = u16::from(channel == Channel::Rtcp);
                verdicts.count(&self.send(n, channel, far_end(n, port), &mut packet.clone()));
                let stranger = SocketAddr::from(([203, 0, 113, 9], 9));
                let verdict = self.send(n, channel, stranger, &mut packet.clone());
                assert!(verdict.is_err(), "{verdict:?} for a stranger's packet");
                verdicts.count(&verdict);
            }
            self.tick();
        }
        let after = self.relay.counters();
        let dropped = |it: &media::Counters| it.dropped.iter().sum::<u64>();
        assert_eq!(after.packets_in - before.packets_in, verdicts.taken + verdicts.dropped);
        assert_eq!(dropped(after) - dropped(&before), verdicts.dropped);
        self.assert_calls_go_on();
    }

    /// What came before has ended nothing, and nobody else is listened to.
    fn assert_calls_go_on(&mut self) {
        for _ in 0..3 {
            self.tick();
        }
        for n in 0..SESSIONS {
            assert_eq!(self.relay.slot_of(id(n)), Some(Slot(n)));
        }
        let sent = self.send(0, Channel::Rtp, far_end(0, 0), &mut speech(0, LATCHING));
        let to_peer = Transmit { slot: Slot(1), channel: Channel::Rtp, to: far_end(1, 0) };
        assert_eq!(sent, Ok(Some(to_peer)), "a good packet is relayed");
    }

    fn send(
        &mut self,
        n: u32,
        channel: Channel,
        from: SocketAddr,
        packet: &mut [u8],
    ) -> Result<Option<Transmit>, media::DropReason> {
        let sent = self.relay.handle_packet(self.now, Slot(n), channel, from, packet);
        while let Some((transmit, packet)) = self.relay.poll_transmit() {
            assert_eq!(transmit.to.ip(), far_end(transmit.slot.0, 0).ip());
            assert!(packet.len() <= PACKET_MAX);
        }
        sent
    }

    fn tick(&mut self) {
        self.now += Duration::from_millis(20);
        self.relay.handle_timeout(self.now, |transmit, packet| {
            assert_eq!(transmit.to.ip(), far_end(transmit.slot.0, 0).ip());
            assert!(packet.len() <= PACKET_MAX);
        });
        while let Some(event) = self.relay.poll_event() {
            let is_end = matches!(event, MediaEvent::Closed { .. } | MediaEvent::TimedOut { .. });
            assert!(!is_end, "{event:?}");
        }
        while self.relay.poll_figures().is_some() {}
    }

    fn command(&mut self, command: MediaCommand) {
        self.relay.handle_command(self.now, command);
    }
}

#[derive(Debug, Default)]
struct Verdicts {
    taken: u64,
    dropped: u64,
}

impl Verdicts {
    fn count(&mut self, verdict: &Result<Option<Transmit>, media::DropReason>) {
        match verdict {
            Ok(_) => self.taken += 1,
            Err(_) => self.dropped += 1,
        }
    }
}

/// A packet as phones send them.
pub(crate) fn speech(n: u32, sequence: u16) -> Vec<u8> {
    let payload_type = if n == TRANSCODED_TO { 111 } else { 0 };
    let timestamp = u32::from(sequence) * 160;
    let header = Header { marker: false, payload_type, sequence, timestamp, ssrc: 100 + n };
    [&header.to_bytes()[..], &[0x5a; 160]].concat()
}

fn formats() -> Vec<Format> {
    vec![
        format(0, "PCMU", 8000, 1),
        format(8, "PCMA", 8000, 1),
        format(9, "G722", 8000, 1),
        format(13, "CN", 8000, 1),
        opus(),
        format(101, "telephone-event", 8000, 1),
    ]
}

fn opus() -> Format {
    format(111, "opus", 48_000, 2)
}

fn format(payload_type: u8, encoding: &str, clock_rate: u32, channels: u8) -> Format {
    Format { payload_type, encoding: encoding.to_owned(), clock_rate, channels, fmtp: None }
}

fn id(n: u32) -> MediaId {
    MediaId(u64::from(n) + 1)
}

fn far_end(n: u32, port: u16) -> SocketAddr {
    ([192, 0, 2, n as u8], 4000 + port).into()
}

/// In a bridge, a transcoded one, echo, a playout and a conference.
const SESSIONS: u32 = 8;
/// What they wish, one after the other, in milliseconds.
const PACKET_TIMES_MS: [u16; 5] = [20, 10, 30, 40, 60];
const TRANSCODED_TO: u32 = 3;
/// One in a bridge, and one in a conference.
const LISTENED_TO: [u32; 2] = [0, 6];
/// Packets after which nobody else is believed.
const LATCHING: u16 = 60;
const PACKET_MAX: usize = HEADER_LEN + 1500;
