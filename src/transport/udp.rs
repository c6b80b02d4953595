//! One UDP listener: a reader task, and sending on the caller's thread.

use super::{
    flows::Waiting,
    intake::{Intake, Taken},
    listener::Place,
    stun,
};
use bytes::Bytes;
use rustix::{
    io::Errno,
    net::{SendFlags, sendto},
};
use sip::{FlowId, Source, Transport, parse::Framing};
use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::UdpSocket,
    sync::{mpsc, watch},
};

/// Datagrams read before other tasks of the thread get their turn.
const DATAGRAMS_PER_TURN: usize = 64;

/// Largest datagram: one byte more than IPv4 and IPv6 can carry without jumbograms.
const DATAGRAM_BYTES_MAX: usize = 64 * 1024;

/// Datagrams that wait for the kernel's send buffer; further ones are lost, as on any full link.
const BACKLOG: usize = 256;

/// How long a reader rests after an error that is not the network's daily bread.
const ERROR_PAUSE: Duration = Duration::from_millis(10);

/// A bound socket.
pub(super) struct UdpListener {
    pub(super) place: Place,
    pub(super) flow: FlowId,
    socket: UdpSocket,
    intake: Arc<Intake>,
    backlog: mpsc::Sender<Datagram>,
}

/// A datagram that the kernel had no room for.
struct Datagram {
    bytes: Bytes,
    to: SocketAddr,
    waiting: Waiting,
}

impl UdpListener {
    /// Starts reading.
    pub(super) fn start(
        socket: std::net::UdpSocket,
        place: Place,
        flow: FlowId,
        intake: Arc<Intake>,
        stop: watch::Receiver<bool>,
    ) -> io::Result<Arc<Self>> {
        let (backlog, overdue) = mpsc::channel(BACKLOG);
        let socket = UdpSocket::from_std(socket)?;
        let listener = Arc::new(Self { place, flow, socket, intake, backlog });
        tokio::spawn(listener.clone().read(stop.clone()));
        tokio::spawn(listener.clone().write(overdue, stop));
        Ok(listener)
    }

    /// Sends at once; what the kernel has no room for waits in the backlog.
    pub(super) fn send(&self, to: SocketAddr, bytes: Bytes, waiting: Waiting) {
        match sendto(&self.socket, &bytes, SendFlags::empty(), &to) {
            Ok(_) => self.intake.meters.of(Transport::Udp).sent.increment(1),
            Err(Errno::AGAIN | Errno::NOBUFS) => {
                if let Err(full) = self.backlog.try_send(Datagram { bytes, to, waiting }) {
                    self.fail(&full.into_inner(), &io::Error::from(Errno::AGAIN));
                }
            }
            Err(error) => self.fail(&Datagram { bytes, to, waiting }, &error.into()),
        }
    }

    fn fail(&self, datagram: &Datagram, error: &io::Error) {
        tracing::debug!(to = %datagram.to, %error, "datagram not sent");
        self.intake.meters.send_failures.increment(1);
        datagram.waiting.report(&self.intake.inboxes);
    }

    async fn write(
        self: Arc<Self>,
        mut overdue: mpsc::Receiver<Datagram>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut stopping = pin!(stop.wait_for(|stop| *stop));
        loop {
            let datagram = tokio::select! {
                biased;
                Some(datagram) = overdue.recv() => datagram,
                _ = &mut stopping => return,
            };
            match self.socket.send_to(&datagram.bytes, datagram.to).await {
                Ok(_) => self.intake.meters.of(Transport::Udp).sent.increment(1),
                Err(error) => self.fail(&datagram, &error),
            }
        }
    }

    async fn read(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
        let mut stopping = pin!(stop.wait_for(|stop| *stop));
        loop {
            tokio::select! {
                biased;
                _ = &mut stopping => return,
                readable = self.socket.readable() => {
                    if let Err(error) = readable {
                        tracing::error!(listener = %self.place.bound, %error, "UDP reader ends");
                        return;
                    }
                }
            }
            match self.drain(&mut buffer) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => {
                    tracing::debug!(listener = %self.place.bound, %error, "cannot read");
                    tokio::time::sleep(ERROR_PAUSE).await;
                }
            }
            tokio::task::yield_now().await;
        }
    }

    /// Reads a turn's worth of datagrams; ends early with the socket's error, which is `WouldBlock`
    /// as a rule.
    fn drain(&self, buffer: &mut [u8]) -> io::Result<()> {
        let now = Instant::now();
        for _ in 0..DATAGRAMS_PER_TURN {
            let (length, remote) = self.socket.try_recv_from(buffer)?;
            self.handle(now, &buffer[..length], remote);
        }
        Ok(())
    }

    fn handle(&self, now: Instant, datagram: &[u8], remote: SocketAddr) {
        let local = self.place.seen_by(remote.ip());
        let source = Source { transport: Transport::Udp, flow: self.flow, local, remote };
        if !self.intake.admit(now, &source) {
            return;
        }
        if is_keep_alive(datagram) {
            self.intake.meters.keep_alives.increment(1);
        } else if stun::is_stun(datagram) {
            self.intake.meters.keep_alives.increment(1);
            if let Some(answer) = stun::answer(datagram, remote) {
                self.send(remote, answer.into(), Waiting::Nobody);
            }
        } else {
            let raw = Bytes::copy_from_slice(datagram);
            match self.intake.take(now, source, raw, Framing::Datagram) {
                Taken::Done => {}
                Taken::Reply(bytes) => self.send(remote, bytes, Waiting::Nobody),
                // The sender will retransmit.
                Taken::Wait(_, _) => self.intake.drop_for_overload(),
            }
        }
    }
}

/// Empty datagrams, line ends and zero bytes, which phones send to keep a NAT's mapping.
fn is_keep_alive(datagram: &[u8]) -> bool {
    datagram.len() <= KEEP_ALIVE_BYTES_MAX && datagram.iter().all(|it| b"\r\n\0".contains(it))
}

/// Longest keep-alive seen in the field.
const KEEP_ALIVE_BYTES_MAX: usize = 8;
