//! The loop of one worker.
//!
//! Few sessions: the worker sleeps until a packet comes, and adds next to nothing to its delay.
//! Above [`COALESCE_ABOVE`] sessions it naps after each round with packets, so that one wake-up serves all the
//! packets of [`COALESCE`]; a wake-up costs as much as relaying a packet.

use super::{
    EventSink, LiveFigures, TapeOut, WorkerMetrics,
    handle::{Order, Wake},
    ports::{BELL, Ports, event_source},
};
use base::{MediaId, Rng};
use media::{Channel, MediaCommand, MediaEvent, Relay, Rtcp, Slot, StreamStats, Transmit};
use rustix::{
    buffer::spare_capacity,
    event::{Timespec, epoll},
    io::Errno,
    net::{RecvFlags, SendFlags, recvfrom, sendto},
};
use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering::Relaxed, mpsc::Receiver},
    thread,
    time::{Duration, Instant},
};

/// One worker: its sessions, their sockets, and the ways in and out.
pub(super) struct Worker {
    relay: Relay,
    ports: Ports,
    orders: Receiver<Order>,
    wake: Arc<Wake>,
    sinks: Vec<EventSink>,
    /// Events that found their sink full, oldest first.
    undelivered: VecDeque<(u8, MediaEvent)>,
    tape: TapeOut,
    figures: LiveFigures,
    metrics: Arc<WorkerMetrics>,
}

/// Where what a worker makes goes, besides to its sockets.
pub(super) struct Outs {
    /// Events, by shard.
    pub(super) sinks: Vec<EventSink>,
    /// What is recorded.
    pub(super) tape: TapeOut,
    /// How sessions do.
    pub(super) figures: LiveFigures,
}

/// The sockets that have something to read.
#[derive(Default)]
struct Ready {
    events: Vec<epoll::Event>,
    /// How many were seen to.
    seen: usize,
    /// Whether there was a socket among those.
    has_packets: bool,
}

impl Worker {
    pub(super) fn new(
        ports: Ports,
        orders: Receiver<Order>,
        wake: Arc<Wake>,
        outs: Outs,
        metrics: Arc<WorkerMetrics>,
        rng: Rng,
    ) -> io::Result<Self> {
        let bell = epoll::EventData::new_u64(BELL);
        epoll::add(ports.epoll(), wake.bell(), bell, epoll::EventFlags::IN)?;
        Ok(Self {
            relay: Relay::new(Instant::now(), rng),
            ports,
            orders,
            wake,
            sinks: outs.sinks,
            undelivered: VecDeque::new(),
            tape: outs.tape,
            figures: outs.figures,
            metrics,
        })
    }

    /// Works until told to stop.
    pub(super) fn run(mut self) {
        let mut ready = Ready { events: Vec::with_capacity(READY_MAX), ..Ready::default() };
        let mut round_at = Instant::now();
        while !self.wake.is_stopping() {
            self.wait(&mut ready);
            let now = Instant::now();
            let is_late = now.saturating_duration_since(round_at) > LATE;
            round_at = now;
            let reads = if is_late { READS_LATE } else { READS };
            // A session is opened before its far end learns of the port, so commands that wait come
            // first: else the packet of a quick far end would find no session yet.
            self.see_to_orders(now);
            self.see_to_packets(now, reads, &mut ready);
            self.see_to_time(now);
            self.hand_over_recorded(now);
            self.deliver_events();
            self.tell_figures();
            self.publish();
            self.nap(round_at, &ready);
        }
        if let Some(empty) = self.tape.empty() {
            self.tape.hand_over(self.relay.take_recorded(Instant::now(), empty));
        }
    }

    /// Sleeps until a packet, a command or a deadline comes. What the round took must not be slept
    /// again: a tick of a thousand listeners takes milliseconds.
    fn wait(&mut self, ready: &mut Ready) {
        let now = Instant::now();
        ready.events.clear();
        ready.seen = 0;
        ready.has_packets = false;
        self.wake.lie_down();
        let timeout = match self.orders.try_recv() {
            Ok(order) => {
                self.carry_out_guarded(now, order);
                Some(Duration::ZERO)
            }
            Err(_) => self.sleep_max(now),
        };
        let timeout = timeout.map(whole_millis);
        let spare = spare_capacity(&mut ready.events);
        if let Err(error) = epoll::wait(self.ports.epoll(), spare, timeout.as_ref())
            && error != Errno::INTR
        {
            tracing::error!(%error, "epoll failed; the worker tries again");
            thread::sleep(COALESCE);
        }
        self.wake.get_up();
    }

    fn sleep_max(&self, now: Instant) -> Option<Duration> {
        let timeouts = [self.relay.poll_timeout(), self.recorded_due_at(now)];
        let until = timeouts.into_iter().flatten().min();
        let until_timeout = until.map(|it| it.saturating_duration_since(now));
        if self.undelivered.is_empty() {
            return until_timeout;
        }
        Some(until_timeout.map_or(RETRY, |it| it.min(RETRY)))
    }

    fn nap(&self, round_at: Instant, ready: &Ready) {
        let is_worthwhile = ready.has_packets && self.relay.len() > COALESCE_ABOVE;
        if is_worthwhile && ready.events.len() < READY_MAX {
            thread::sleep(COALESCE.saturating_sub(round_at.elapsed()));
        }
    }

    /// A panic ends the session whose packet it was; the others' packets are seen to after it. The
    /// packets of a thousand sockets take some milliseconds, for which a tick does not wait.
    fn see_to_packets(&mut self, mut now: Instant, reads: usize, ready: &mut Ready) {
        while ready.seen < ready.events.len() {
            let until = ready.seen + SOCKETS_AT_A_TIME;
            let read = AssertUnwindSafe(|| self.read_ready(now, reads, ready, until));
            if catch_unwind(read).is_err() {
                self.bury(now);
            }
            now = Instant::now();
            self.see_to_time(now);
        }
    }

    fn read_ready(&mut self, now: Instant, reads: usize, ready: &mut Ready, until: usize) {
        let mut buffer = [0; PACKET_MAX];
        while ready.seen < until
            && let Some(event) = ready.events.get(ready.seen)
        {
            let data = event.data;
            ready.seen += 1;
            match event_source(data) {
                Some((slot, channel)) => {
                    ready.has_packets = true;
                    self.read(now, slot, channel, reads, &mut buffer);
                }
                None => self.wake.silence(),
            }
        }
    }

    /// Reads up to `reads` good packets. One is the rule, and asking for a second that is not
    /// there would cost as much as a packet; what is left keeps the socket in the next round's
    /// list. Noise is not counted, so that a flood does not push good packets back.
    fn read(
        &mut self,
        now: Instant,
        slot: Slot,
        channel: Channel,
        mut reads: usize,
        buffer: &mut [u8; PACKET_MAX],
    ) {
        let Some(socket) = self.ports.socket(slot, channel) else { return };
        for _ in 0..NOISE_MAX {
            let (len, from) = match recvfrom(socket, &mut buffer[..], RecvFlags::TRUNC) {
                Ok((_, len, Some(from))) => (len, from),
                Ok((_, _, None)) => continue,
                // Someone's ICMP error, reported and cleared by the read.
                Err(Errno::CONNREFUSED | Errno::HOSTUNREACH | Errno::NETUNREACH) => continue,
                Err(_) => return,
            };
            let (Some(packet), Ok(from)) = (buffer.get_mut(..len), SocketAddr::try_from(from))
            else {
                continue;
            };
            let verdict = self.relay.handle_packet(now, slot, channel, from, packet);
            #[cfg(test)]
            super::tests::panic_if_poisoned(packet);
            if let Ok(relayed) = verdict {
                match relayed {
                    Some(transmit) => send(&self.ports, &self.metrics, transmit, packet),
                    None => send_made(&mut self.relay, &self.ports, &self.metrics),
                }
                reads -= 1;
                if reads == 0 {
                    return;
                }
            }
        }
    }

    fn see_to_orders(&mut self, now: Instant) {
        for _ in 0..ORDERS_MAX {
            let Ok(order) = self.orders.try_recv() else { return };
            self.carry_out_guarded(now, order);
        }
    }

    fn carry_out_guarded(&mut self, now: Instant, order: Order) {
        if catch_unwind(AssertUnwindSafe(|| self.carry_out(now, order))).is_err() {
            self.bury(now);
        }
    }

    fn carry_out(&mut self, now: Instant, order: Order) {
        match order.command {
            MediaCommand::Lease { family, count } => {
                let leases = (0..count).map_while(|_| self.ports.lease(now, family)).collect();
                let worker = self.ports.worker();
                let leased = MediaEvent::Leased { worker, family, leases };
                self.undelivered.push_back((order.shard, leased));
            }
            MediaCommand::Return { lease } => self.ports.give_back_lease(now, &lease),
            MediaCommand::Open { media, lease } => {
                if let Some(slot) = self.ports.open(&lease) {
                    self.relay.open(now, media, slot);
                } else {
                    tracing::warn!(%media, address = %lease.address, "not a lease of this worker");
                    let stats = StreamStats::default();
                    let closed = MediaEvent::Closed { media, stats };
                    self.undelivered.push_back((media.shard(), closed));
                }
            }
            MediaCommand::Close { media } => {
                self.read_rest(now, media);
                self.close(now, media);
            }
            command @ (MediaCommand::Configure { .. }
            | MediaCommand::Bridge { .. }
            | MediaCommand::Unbridge { .. }
            | MediaCommand::ConvertKeys { .. }
            | MediaCommand::Press { .. }
            | MediaCommand::Play { .. }
            | MediaCommand::Join { .. }
            | MediaCommand::SetMode { .. }
            | MediaCommand::Tell { .. }
            | MediaCommand::Tap { .. }
            | MediaCommand::Announce { .. }
            | MediaCommand::Capture { .. }
            | MediaCommand::EndCapture { .. }
            | MediaCommand::Detect { .. }
            | MediaCommand::Dismiss { .. }
            | MediaCommand::Record { .. }
            | MediaCommand::PauseRecording { .. }
            | MediaCommand::RecordRoom { .. }
            | MediaCommand::StopRecordingRoom { .. }
            | MediaCommand::StopRecording { .. }) => {
                self.open_rtcp(&command);
                self.relay.handle_command(now, command);
            }
        }
    }

    /// Binds the RTCP port of a session whose far end does not mux.
    fn open_rtcp(&mut self, command: &MediaCommand) {
        if let MediaCommand::Configure { media, remote, .. } = command
            && let Rtcp::At(_) = remote.rtcp
            && let Some(slot) = self.relay.slot_of(*media)
            && let Err(error) = self.ports.open_rtcp(slot)
        {
            tracing::warn!(%media, %error, "this session has no RTCP: its port is taken");
        }
    }

    /// What arrived before the end still counts and passes.
    fn read_rest(&mut self, now: Instant, media: MediaId) {
        if let Some(slot) = self.relay.slot_of(media) {
            self.read(now, slot, Channel::Rtp, READS_LATE, &mut [0; PACKET_MAX]);
        }
    }

    fn close(&mut self, now: Instant, media: MediaId) {
        if let Some(slot) = self.relay.close(now, media) {
            send_made(&mut self.relay, &self.ports, &self.metrics);
            self.figures.forget(media);
            self.ports.give_back(now, slot);
        }
    }

    fn see_to_time(&mut self, now: Instant) {
        while self.relay.poll_timeout().is_some_and(|it| it <= now) {
            let Self { relay, ports, metrics, .. } = self;
            let play = AssertUnwindSafe(|| {
                relay.handle_timeout(now, |transmit, packet| {
                    send(ports, metrics, transmit, packet);
                });
            });
            if catch_unwind(play).is_err() {
                self.bury(now);
            }
        }
    }

    /// Closes the session that was worked on when a panic came; the hook has printed the panic.
    fn bury(&mut self, now: Instant) {
        self.metrics.panics.fetch_add(1, Relaxed);
        if let Some(media) = self.relay.in_hand() {
            tracing::error!(%media, "a panic ended this media session");
            self.close(now, media);
        }
    }

    /// Gives away what was recorded and is due, if there is an empty buffer to go on with.
    fn hand_over_recorded(&mut self, now: Instant) {
        if self.relay.recorded_due_at().is_some_and(|it| it <= now)
            && let Some(empty) = self.tape.empty()
        {
            self.tape.hand_over(self.relay.take_recorded(now, empty));
        }
    }

    /// When to try that; what is overdue waits for a buffer.
    fn recorded_due_at(&self, now: Instant) -> Option<Instant> {
        let due_at = self.relay.recorded_due_at()?;
        Some(if due_at <= now { now + RETRY } else { due_at })
    }

    fn deliver_events(&mut self) {
        while let Some(event) = self.relay.poll_event() {
            // Leases are answered where they are asked for; the relay makes none.
            let shard = event.media().map_or(0, MediaId::shard);
            self.undelivered.push_back((shard, event));
        }
        for _ in 0..self.undelivered.len() {
            let Some((shard, event)) = self.undelivered.pop_front() else { return };
            let Some(sink) = self.sinks.get(usize::from(shard)) else {
                self.metrics.events_lost.fetch_add(1, Relaxed);
                continue;
            };
            if let Err(event) = sink(event) {
                self.undelivered.push_back((shard, event));
            }
        }
        while self.undelivered.len() > UNDELIVERED_MAX {
            self.undelivered.pop_front();
            self.metrics.events_lost.fetch_add(1, Relaxed);
        }
    }

    fn tell_figures(&mut self) {
        while let Some((media, figures)) = self.relay.poll_figures() {
            // One that was closed meanwhile is forgotten already.
            if self.relay.slot_of(media).is_some() {
                self.figures.put(media, figures);
            }
        }
    }

    fn publish(&self) {
        self.metrics.publish(self.relay.counters());
        self.metrics.publish_recorded(self.relay.recorded_counts());
        self.metrics.sessions.store(self.relay.len() as u64, Relaxed);
        self.metrics.ports_leased.store(self.ports.leased() as u64, Relaxed);
        self.metrics.ports_free.store(self.ports.free() as u64, Relaxed);
    }
}

fn send(ports: &Ports, metrics: &WorkerMetrics, transmit: Transmit, packet: &[u8]) {
    let sent = ports
        .socket(transmit.slot, transmit.channel)
        .is_some_and(|it| sendto(it, packet, SendFlags::empty(), &transmit.to).is_ok());
    if !sent {
        metrics.send_errors.fetch_add(1, Relaxed);
    }
}

/// Sends what transcoding made, or the goodbye of a session.
fn send_made(relay: &mut Relay, ports: &Ports, metrics: &WorkerMetrics) {
    while let Some((transmit, packet)) = relay.poll_transmit() {
        send(ports, metrics, transmit, packet);
    }
}

/// Rounded up: epoll counts in milliseconds, and waking too early would only mean waiting again.
fn whole_millis(span: Duration) -> Timespec {
    let millis = span.as_nanos().div_ceil(1_000_000) as i64;
    Timespec { tv_sec: millis / 1000, tv_nsec: millis % 1000 * 1_000_000 }
}

/// Sessions above which packets are coalesced.
const COALESCE_ABOVE: usize = 50;
/// How long packets may wait for others to share a wake-up.
const COALESCE: Duration = Duration::from_millis(2);
/// A round that comes this late finds more than one packet a socket.
const LATE: Duration = Duration::from_millis(15);
/// Packets read of a socket a round.
const READS: usize = 1;
/// The same in a late round.
const READS_LATE: usize = 16;
/// Packets read of a socket a round at most, noise included.
const NOISE_MAX: usize = 64;
/// Sockets seen to in a round.
const READY_MAX: usize = 1024;
/// Sockets that are read before the time is looked at: half a millisecond.
const SOCKETS_AT_A_TIME: usize = 128;
/// Commands carried out in a round: packets do not wait for a flood of them.
const ORDERS_MAX: usize = 256;
/// Events kept for shards that take none at the moment.
const UNDELIVERED_MAX: usize = 8192;
/// Until a full sink, or a buffer for what was recorded, is tried again.
const RETRY: Duration = Duration::from_millis(5);
/// Longest packet taken in, in bytes: an Ethernet frame. Longer ones are dropped.
const PACKET_MAX: usize = 1500;
