//! rtpengine, forwarding in user space, set up through its ng protocol (bencoding over UDP).

use crate::RelayPorts;
use anyhow::{Context, Result, bail};
use std::{
    fmt::Write as _,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    process::{Child, Command, Stdio},
    str, thread,
    time::{Duration, Instant},
};

/// The relay, seen from the generator.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    control: UdpSocket,
    cookie: u64,
}

/// Whether there is a program of that name.
pub(crate) fn is_installed() -> bool {
    let mut version = Command::new(PROGRAM);
    version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    version.status().is_ok()
}

impl Process {
    /// Starts it with ports for so many calls, and waits until it answers.
    pub(crate) fn start(calls: usize) -> Result<Self> {
        let control = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let free = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let ng = free.local_addr()?;
        drop(free);
        control.connect(ng)?;
        let port_max = usize::from(PORT_MIN) + 4 * calls + SPARE_PORTS;
        let child = Command::new(PROGRAM)
            .args(["--foreground", "--table=-1", "--interface=127.0.0.1", "--log-level=2"])
            .arg("--log-stderr")
            .args([format!("--listen-ng={ng}"), format!("--port-min={PORT_MIN}")])
            .arg(format!("--port-max={port_max}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("start rtpengine")?;
        let mut process = Self { child, control, cookie: 0 };
        process.wait_until_it_answers()?;
        Ok(process)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sets up a call for each pair of far ends: the offer of A tells B's port, the answer of B
    /// tells A's.
    pub(crate) fn bridge(
        &mut self,
        far_ends: &[(SocketAddr, SocketAddr)],
    ) -> Result<Vec<RelayPorts>> {
        let mut ports = Vec::new();
        for (n, (a, b)) in far_ends.iter().enumerate() {
            let call = format!("bench-{n}");
            let offer = [
                ("command", "offer"),
                ("call-id", &call),
                ("from-tag", "a"),
                ("sdp", &description(*a)),
            ];
            let b_port = self.media_port(&offer)?;
            let answer = [
                ("command", "answer"),
                ("call-id", &call),
                ("from-tag", "a"),
                ("to-tag", "b"),
                ("sdp", &description(*b)),
            ];
            let a_port = self.media_port(&answer)?;
            let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            ports.push(RelayPorts { a: local(a_port), b: local(b_port) });
        }
        Ok(ports)
    }

    fn wait_until_it_answers(&mut self) -> Result<()> {
        let end = Instant::now() + START_TIMEOUT;
        self.control.set_read_timeout(Some(Duration::from_millis(100)))?;
        while Instant::now() < end {
            if let Ok(answer) = self.ask(&[("command", "ping")])
                && answer.contains("4:pong")
            {
                self.control.set_read_timeout(Some(ANSWER_TIMEOUT))?;
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("rtpengine has ended: {status}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        bail!("rtpengine does not answer")
    }

    fn media_port(&mut self, request: &[(&str, &str)]) -> Result<u16> {
        let answer = self.ask(request)?;
        let media = answer.split("m=audio ").nth(1);
        let port = media.and_then(|it| it.split(' ').next());
        port.and_then(|it| it.parse().ok()).with_context(|| format!("no port in {answer}"))
    }

    fn ask(&mut self, request: &[(&str, &str)]) -> Result<String> {
        self.cookie += 1;
        let mut text = format!("{} d", self.cookie);
        for (key, value) in request {
            write!(text, "{}:{key}{}:{value}", key.len(), value.len())?;
        }
        text.push('e');
        self.control.send(text.as_bytes())?;
        let mut buffer = [0; 4096];
        let len = self.control.recv(&mut buffer).context("rtpengine does not answer")?;
        Ok(str::from_utf8(&buffer[..len])?.to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn description(address: SocketAddr) -> String {
    let (ip, port) = (address.ip(), address.port());
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
    )
}

const PROGRAM: &str = "rtpengine";
/// Above our own relay's ports, below the ephemeral ones.
const PORT_MIN: u16 = 30_000;
/// RTP and RTCP of two legs a call, and some that may be in use by others.
const SPARE_PORTS: usize = 200;
const START_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
