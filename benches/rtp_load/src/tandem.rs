//! Our media workers in a process of their own, as the relay under test.

use crate::{
    RelayPorts,
    mediaserver::{EventSink, MediaAddress, MediaConfig, MediaServer, tape},
    recordings,
    speech::Voice,
    work::{PACKET_TIME, Work},
};
use anyhow::{Context, Result, ensure};
use base::{CallId, DomainId, MediaId, RecordingId, Rng, RoomId, UnixMillis};
use media::{
    Direction, Family, MediaCommand, MediaEvent, PartyMode, PayloadMap, Playout, RecordedSource,
    Remote, Rtcp, Transcoding,
    codec::Rate,
    recording::{Label, Purpose},
    rtp::{HEADER_LEN, Header},
    sound::{Music, PieceOrder, Sound},
};
use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, atomic::Ordering::Relaxed, mpsc},
    thread,
    time::{Duration, Instant},
};

/// The relay, seen from the generator.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    pub(crate) fn start(work: Work) -> Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .args(["serve", &work.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().context("no pipe to the relay")?;
        let output = BufReader::new(child.stdout.take().context("no pipe from the relay")?);
        Ok(Self { child, input, output })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What its worker has counted so far.
    pub(crate) fn figures(&mut self) -> Result<Figures> {
        writeln!(self.input, "{ASK_FIGURES}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let (late, lost) = line.trim().split_once(' ').context("not a pair of figures")?;
        Ok(Figures { ticks_late: late.parse()?, recorded_lost: lost.parse()? })
    }

    /// Sets up a call for each pair of far ends.
    pub(crate) fn bridge(
        &mut self,
        far_ends: &[(SocketAddr, SocketAddr)],
    ) -> Result<Vec<RelayPorts>> {
        far_ends
            .iter()
            .map(|(a, b)| {
                writeln!(self.input, "{a} {b}")?;
                let mut line = String::new();
                self.output.read_line(&mut line)?;
                let (a, b) = parse_pair(&line)?;
                Ok(RelayPorts { a, b })
            })
            .collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a worker has counted since its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) ticks_late: u64,
    pub(crate) recorded_lost: u64,
}

/// The relay itself: a line in, a call set up, a line out; ends with its input.
pub(crate) fn serve(work: Work) -> Result<()> {
    if work == Work::Constant {
        return serve_constant();
    }
    let (sender, events) = mpsc::channel();
    let sink: EventSink = Arc::new(move |event| sender.send(event).map_err(|error| error.0));
    let localhost = Ipv4Addr::LOCALHOST.into();
    let config = MediaConfig {
        workers: 1,
        v4: Some(MediaAddress { bind: localhost, advertised: localhost }),
        v6: None,
        ports: FIRST_PORT..=FIRST_PORT + PORTS,
        cool_down: Duration::ZERO,
    };
    let (tape_out, tape_in) = tape(1);
    let folder = tempfile::tempdir()?;
    let _writer = recordings::start(folder.path().to_owned(), tape_in)?;
    let rng = &mut Rng::from_number(1);
    let server = MediaServer::start(&config, &[sink], &tape_out, rng)?;
    let music = Music::new("load", [Sound::new(Rate::Wide, hum())], PieceOrder::Listed);
    let music = Arc::new(music.context("a second of sound is music")?);
    let mut setup = Setup { work, server, events, music, media: 0, rng: rng.split() };
    for line in io::stdin().lock().lines() {
        let line = line?;
        if line == ASK_FIGURES {
            let [late, lost] = setup.figures();
            writeln!(io::stdout(), "{late} {lost}")?;
            continue;
        }
        let (a, b) = parse_pair(&line)?;
        let (a, port_a) = setup.session(a, Voice::Pcma)?;
        let (b, port_b) = setup.session(b, work.second())?;
        setup.put_to_work(a, b)?;
        writeln!(io::stdout(), "{port_a} {port_b}")?;
    }
    Ok(())
}

/// The least that could be done for so many listeners.
fn serve_constant() -> Result<()> {
    let mut sockets = Vec::new();
    let mut sender = None;
    for line in io::stdin().lock().lines() {
        let line = line?;
        if line == ASK_FIGURES {
            let sockets = std::mem::take(&mut sockets);
            sender.get_or_insert_with(|| thread::spawn(move || send_constantly(&sockets)));
            writeln!(io::stdout(), "0 0")?;
            continue;
        }
        let (a, b) = parse_pair(&line)?;
        for far_end in [a, b] {
            sockets.push((UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?, far_end));
        }
        let ports = sockets[sockets.len() - 2..].iter().map(|(socket, _)| socket.local_addr());
        let ports = ports.collect::<io::Result<Vec<_>>>()?;
        writeln!(io::stdout(), "{} {}", ports[0], ports[1])?;
    }
    Ok(())
}

fn send_constantly(sockets: &[(UdpSocket, SocketAddr)]) {
    let began = Instant::now();
    for n in 0_u32.. {
        thread::sleep((began + PACKET_TIME * n).saturating_duration_since(Instant::now()));
        for (ssrc, (socket, far_end)) in (0..).zip(sockets) {
            let header = Header {
                marker: false,
                payload_type: 8,
                sequence: n as u16,
                timestamp: n.wrapping_mul(160),
                ssrc,
            };
            let mut packet = [0xd5; HEADER_LEN + 160];
            packet[..HEADER_LEN].copy_from_slice(&header.to_bytes());
            // Somebody who does not listen is not waited for.
            let _ = socket.send_to(&packet, far_end);
        }
    }
}

struct Setup {
    work: Work,
    server: MediaServer,
    events: mpsc::Receiver<MediaEvent>,
    music: Arc<Music>,
    media: u64,
    rng: Rng,
}

impl Setup {
    fn session(&mut self, far_end: SocketAddr, voice: Voice) -> Result<(MediaId, SocketAddr)> {
        self.send(MediaCommand::Lease { family: Family::V4, count: 1 })?;
        let leases = loop {
            // Rooms tell who talks meanwhile.
            if let MediaEvent::Leased { leases, .. } = self.events.recv_timeout(SETUP_TIMEOUT)? {
                break leases;
            }
        };
        let lease = *leases.first().context("no free RTP port")?;
        self.media += 1;
        let media = MediaId::new(0, self.media);
        self.send(MediaCommand::Open { media, lease })?;
        self.send(MediaCommand::Configure {
            media,
            remote: Remote { rtp: far_end, rtcp: Rtcp::At(next_port(far_end)) },
            direction: Direction::SendRecv,
            formats: vec![voice.format()],
            packet_ms: 20,
            timeout: Some(Duration::from_mins(1)),
        })?;
        Ok((media, lease.address))
    }

    fn put_to_work(&mut self, a: MediaId, b: MediaId) -> Result<()> {
        match self.work {
            Work::Relay | Work::Recorded | Work::Pcmu | Work::G722 | Work::Opus => {
                let (from, to) = (Voice::Pcma, self.work.second());
                let [a_to_b, b_to_a] = [map(from, to), map(to, from)];
                self.send(MediaCommand::Bridge { a, b, a_to_b, b_to_a })?;
            }
            Work::Music => {
                for media in [a, b] {
                    let playout = Playout::Music { music: self.music.clone() };
                    self.send(MediaCommand::Play { media, playout })?;
                }
            }
            Work::Room => {
                for media in [a, b] {
                    let (room, mode) = (RoomId(1), PartyMode::default());
                    let (alone, is_chimed) = (None, false);
                    self.send(MediaCommand::Join { media, room, mode, alone, is_chimed })?;
                }
            }
            Work::Constant => {}
        }
        if self.work == Work::Recorded {
            let at = UnixMillis(0);
            let label = Label {
                call: CallId::new(at, &mut self.rng),
                domain: DomainId::new(at, &mut self.rng),
                started: at,
                parties: ["1001".to_owned(), "1002".to_owned()],
                purpose: Purpose::Call,
            };
            let recording = RecordingId::new(at, &mut self.rng);
            self.send(MediaCommand::Record {
                recording,
                label: Box::new(label),
                sources: [RecordedSource::Received(a), RecordedSource::Received(b)],
                has_tone: false,
            })?;
        }
        Ok(())
    }

    /// Ticks that were late, and packets that found no room in their recordings.
    fn figures(&self) -> [u64; 2] {
        let total = |figure: fn(&crate::mediaserver::WorkerMetrics) -> u64| {
            self.server.metrics().iter().map(|it| figure(it)).sum()
        };
        [total(|it| it.ticks_late.load(Relaxed)), total(|it| it.recorded_lost.load(Relaxed))]
    }

    fn send(&self, command: MediaCommand) -> Result<()> {
        Ok(self.server.handle(0).send(0, command)?)
    }
}

fn map(from: Voice, to: Voice) -> PayloadMap {
    if from == to {
        return PayloadMap::Same;
    }
    let (from, to) = (from.format(), to.format());
    PayloadMap::Transcode(Transcoding { from, to, events: None, packet_ms: 20 })
}

/// A second of a quiet saw.
fn hum() -> Vec<i16> {
    (0..16_000).map(|n| (n % 80) * 100).collect()
}

fn next_port(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port() + 1)
}

fn parse_pair(line: &str) -> Result<(SocketAddr, SocketAddr)> {
    let (a, b) = line.trim().split_once(' ').context("not a pair of addresses")?;
    ensure!(!b.contains(' '), "more than a pair of addresses");
    Ok((a.parse()?, b.parse()?))
}

/// Below the ephemeral ports that the generator gets. Ports in use are left out.
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 9_999;
/// Instead of a pair of far ends.
const ASK_FIGURES: &str = "figures";
const SETUP_TIMEOUT: Duration = Duration::from_secs(10);
