//! Our media workers in a process of their own, as the relay under test.

use crate::{
    RelayPorts,
    mediaserver::{EventSink, MediaAddress, MediaConfig, MediaServer, tape},
};
use anyhow::{Context, Result, bail, ensure};
use base::{MediaId, Rng};
use media::{Direction, Family, Format, MediaCommand, MediaEvent, PayloadMap, Remote, Rtcp};
use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, mpsc},
    time::Duration,
};

/// The relay, seen from the generator.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    pub(crate) fn start() -> Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .arg("serve")
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

/// The relay itself: a line in, a call set up, a line out; ends with its input.
pub(crate) fn serve() -> Result<()> {
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
    let (out, _recorded) = tape(1);
    let server = MediaServer::start(&config, &[sink], &out, &mut Rng::from_number(1))?;
    let mut setup = Setup { server, events, media: 0 };
    for line in io::stdin().lock().lines() {
        let (a, b) = parse_pair(&line?)?;
        let (media_a, port_a) = setup.session(a)?;
        let (media_b, port_b) = setup.session(b)?;
        setup.send(MediaCommand::Bridge {
            a: media_a,
            b: media_b,
            a_to_b: PayloadMap::Same,
            b_to_a: PayloadMap::Same,
        })?;
        writeln!(io::stdout(), "{port_a} {port_b}")?;
    }
    Ok(())
}

struct Setup {
    server: MediaServer,
    events: mpsc::Receiver<MediaEvent>,
    media: u64,
}

impl Setup {
    fn session(&mut self, far_end: SocketAddr) -> Result<(MediaId, SocketAddr)> {
        self.send(MediaCommand::Lease { family: Family::V4, count: 1 })?;
        let MediaEvent::Leased { leases, .. } = self.events.recv_timeout(SETUP_TIMEOUT)? else {
            bail!("another event than the lease that was asked for");
        };
        let lease = *leases.first().context("no free RTP port")?;
        self.media += 1;
        let media = MediaId::new(0, self.media);
        self.send(MediaCommand::Open { media, lease })?;
        self.send(MediaCommand::Configure {
            media,
            remote: Remote { rtp: far_end, rtcp: Rtcp::At(next_port(far_end)) },
            direction: Direction::SendRecv,
            formats: vec![Format {
                payload_type: 8,
                encoding: "PCMA".to_owned(),
                clock_rate: 8000,
                channels: 1,
                fmtp: None,
            }],
            timeout: Some(Duration::from_mins(1)),
        })?;
        Ok((media, lease.address))
    }

    fn send(&self, command: MediaCommand) -> Result<()> {
        Ok(self.server.handle(0).send(0, command)?)
    }
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
const SETUP_TIMEOUT: Duration = Duration::from_secs(10);
