//! One stream connection from its first byte to its last.
//!
//! Reading and writing are two futures of one task, so that a peer that does not read stops nothing
//! but itself. Timers close connections that bring nothing, bring a message too slowly, or do not
//! read.

use super::{
    config::StreamLimits,
    flows::{Flow, Flows, Outgoing, Waiting},
    intake::{Intake, Taken},
};
use bytes::Bytes;
use sip::{
    Source,
    framing::{Frame, PONG, StreamFramer},
    parse::Framing,
};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::{mpsc, watch},
    time::{Sleep, sleep, sleep_until, timeout},
};

/// Bytes asked from the kernel at a time; an INVITE with its SDP fits.
const READ_BYTES: usize = 4 * 1024;

/// Messages written with one call.
const BATCH_MESSAGES: usize = 32;

/// How long a source over its rate is not read from before it is tried again. On a stream a limit
/// slows the peer down; nothing is lost.
const LIMITED_PAUSE: Duration = Duration::from_millis(50);

/// What a connection needs of the house.
pub(super) struct Connection {
    pub(super) flow: Arc<Flow>,
    /// The flow with its two addresses.
    pub(super) source: Source,
    pub(super) limits: StreamLimits,
    pub(super) flows: Arc<Flows>,
    pub(super) intake: Arc<Intake>,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    /// The peer closed it.
    ByPeer,
    /// The network or the peer broke it.
    Broken,
    /// A timer: nothing came, a message took too long, or the peer did not read.
    TimedOut,
    /// The peer let its queue fill up.
    Overrun,
    /// What came was no SIP; the answer is queued.
    NotSip,
    /// The source is banned.
    Banned,
    /// Everything queued is written and nothing more can come.
    Drained,
    /// We are told to stop.
    Stopped,
}

impl Connection {
    /// Reads and writes until either ends, then writes what is queued where somebody may still read
    /// it, and reports the rest as failed.
    pub(super) async fn run(
        self,
        reader: impl AsyncRead + Unpin,
        writer: impl AsyncWrite + Unpin,
        queue: mpsc::Receiver<Outgoing>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut outbox = Outbox::new(queue);
        let mut writer = writer;
        let activity = Activity::new();
        let end = tokio::select! {
            biased;
            end = self.write(&mut writer, &mut outbox, &activity) => end,
            end = self.read(reader, &activity) => end,
            () = self.flow.overrun.notified() => End::Overrun,
            _ = stop.wait_for(|stop| *stop) => End::Stopped,
        };
        tracing::debug!(flow = self.flow.id.0, remote = %self.flow.remote, ?end, "connection ends");
        // In this order, so that a sender finds either a queue that is written or no flow at all.
        self.flows.remove(&self.flow);
        outbox.queue.close();
        match end {
            End::ByPeer | End::NotSip | End::Stopped => {
                let farewell = async {
                    self.write(&mut writer, &mut outbox, &activity).await;
                    writer.shutdown().await
                };
                // An error here only says that the peer was faster; a peer that reads slowly gets
                // what it takes in time.
                let _ = timeout(self.limits.write_timeout, farewell).await;
            }
            End::TimedOut | End::Overrun => self.intake.meters.connections_timed_out.increment(1),
            End::Broken | End::Banned | End::Drained => {}
        }
        outbox.report_rest(&self.intake).await;
    }

    async fn write(
        &self,
        writer: &mut (impl AsyncWrite + Unpin),
        outbox: &mut Outbox,
        activity: &Activity,
    ) -> End {
        while outbox.fill(&self.flow).await {
            match timeout(self.limits.write_timeout, writer.write_all_buf(&mut outbox.bytes)).await
            {
                Ok(Ok(())) => {
                    let sent = outbox.batch.len() as u64;
                    self.intake.meters.of(self.flow.transport).sent.increment(sent);
                    outbox.batch.clear();
                    activity.note();
                }
                Ok(Err(_)) => return End::Broken,
                Err(_) => return End::TimedOut,
            }
        }
        End::Drained
    }

    async fn read(&self, mut reader: impl AsyncRead + Unpin, activity: &Activity) -> End {
        let mut framer = StreamFramer::new();
        let mut watchdog = Watchdog::new(&self.limits);
        loop {
            framer.buffer().reserve(READ_BYTES);
            tokio::select! {
                biased;
                read = reader.read_buf(framer.buffer()) => match read {
                    Ok(0) => return End::ByPeer,
                    Ok(_) => {}
                    Err(_) => return End::Broken,
                },
                () = watchdog.bite(activity) => return End::TimedOut,
            }
            if let Err(end) = self.take_frames(&mut framer, &mut watchdog).await {
                return end;
            }
        }
    }

    async fn take_frames(
        &self,
        framer: &mut StreamFramer,
        watchdog: &mut Watchdog,
    ) -> Result<(), End> {
        let mut is_any_complete = false;
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => {
                    is_any_complete = true;
                    self.take(frame).await?;
                }
                Ok(None) => break,
                Err(broken) => {
                    self.intake.meters.of(self.flow.transport).parse_errors.increment(1);
                    let refusal = broken.refusal.map(|it| *it);
                    self.finish(self.intake.refuse(Instant::now(), &self.source, refusal)).await;
                    return Err(End::NotSip);
                }
            }
        }
        watchdog.note(is_any_complete, framer.is_inside_message());
        Ok(())
    }

    async fn take(&self, frame: Frame) -> Result<(), End> {
        while !self.intake.admit(Instant::now(), &self.source) {
            if self.intake.is_banned(Instant::now(), &self.source) {
                return Err(End::Banned);
            }
            sleep(LIMITED_PAUSE).await;
        }
        match frame {
            Frame::Ping => {
                self.intake.meters.keep_alives.increment(1);
                self.reply(Bytes::from_static(PONG));
            }
            Frame::Message(raw) => {
                let taken = self.intake.take(Instant::now(), self.source, raw, Framing::Stream);
                self.finish(taken).await;
            }
        }
        Ok(())
    }

    async fn finish(&self, taken: Taken) {
        match taken {
            Taken::Done => {}
            Taken::Reply(bytes) => self.reply(bytes),
            Taken::Wait(shard, event) => self.intake.inboxes.wait(shard, *event).await,
        }
    }

    fn reply(&self, bytes: Bytes) {
        // A queue that is full ends the connection, which is all there is to do.
        let _ = self.flow.push(Outgoing { bytes, waiting: Waiting::Nobody });
    }
}

/// What waits to be written to one connection, and who waits for it.
struct Outbox {
    queue: mpsc::Receiver<Outgoing>,
    taken: Vec<Outgoing>,
    /// What is left to write of the current batch.
    bytes: Bytes,
    /// Whose messages the current batch holds.
    batch: Vec<Waiting>,
}

impl Outbox {
    fn new(queue: mpsc::Receiver<Outgoing>) -> Self {
        Self { queue, taken: Vec::new(), bytes: Bytes::new(), batch: Vec::new() }
    }

    /// Waits for something to write; false once nothing can come. Loses nothing when cancelled.
    async fn fill(&mut self, flow: &Flow) -> bool {
        if !self.bytes.is_empty() {
            return true;
        }
        if self.queue.recv_many(&mut self.taken, BATCH_MESSAGES).await == 0 {
            return false;
        }
        self.batch.extend(self.taken.iter().map(|it| it.waiting));
        self.bytes = match self.taken.as_slice() {
            [one] => one.bytes.clone(),
            several => {
                several.iter().map(|it| it.bytes.as_ref()).collect::<Vec<_>>().concat().into()
            }
        };
        self.taken.clear();
        flow.taken(self.bytes.len());
        true
    }

    /// Tells everybody whose message is not known to be written.
    async fn report_rest(&mut self, intake: &Intake) {
        let mut waiting = std::mem::take(&mut self.batch);
        while let Some(outgoing) = self.queue.recv().await {
            waiting.push(outgoing.waiting);
        }
        for waiting in waiting {
            intake.meters.send_failures.increment(1);
            waiting.report(&intake.inboxes);
        }
    }
}

/// When the connection was last of use. Shared by its two futures.
struct Activity {
    opened: Instant,
    last_ms: AtomicU64,
}

impl Activity {
    fn new() -> Self {
        Self { opened: Instant::now(), last_ms: AtomicU64::new(0) }
    }

    fn note(&self) {
        self.last_ms.store(self.opened.elapsed().as_millis() as u64, Ordering::Relaxed);
    }

    fn last(&self) -> Instant {
        self.opened + Duration::from_millis(self.last_ms.load(Ordering::Relaxed))
    }
}

/// The reader's timers: one alarm that moves when it rings, not at every message.
struct Watchdog {
    alarm: Pin<Box<Sleep>>,
    phase: Phase,
    message_timeout: Duration,
    idle_timeout: Duration,
}

/// What the reader waits for.
enum Phase {
    /// The first message or keep-alive of the connection, or the rest of a message.
    Due(Instant),
    /// The next message.
    Idle(Instant),
}

impl Watchdog {
    fn new(limits: &StreamLimits) -> Self {
        let due = Instant::now() + limits.first_message_timeout;
        Self {
            alarm: Box::pin(sleep_until(due.into())),
            phase: Phase::Due(due),
            message_timeout: limits.message_timeout,
            idle_timeout: limits.idle_timeout,
        }
    }

    /// Something was read: did it complete a message, and does it hold the start of another?
    fn note(&mut self, is_any_complete: bool, is_inside_message: bool) {
        let now = Instant::now();
        self.phase = match self.phase {
            _ if is_any_complete && !is_inside_message => Phase::Idle(now),
            _ if is_any_complete => Phase::Due(now + self.message_timeout),
            Phase::Idle(_) if is_inside_message => Phase::Due(now + self.message_timeout),
            Phase::Idle(since) => Phase::Idle(since),
            Phase::Due(until) => Phase::Due(until),
        };
    }

    /// Returns when the connection has had its time.
    async fn bite(&mut self, activity: &Activity) {
        loop {
            let due = self.due(activity);
            if due <= Instant::now() {
                return;
            }
            if self.alarm.deadline() > due.into() || self.alarm.is_elapsed() {
                self.alarm.as_mut().reset(due.into());
            }
            self.alarm.as_mut().await;
        }
    }

    fn due(&self, activity: &Activity) -> Instant {
        match self.phase {
            Phase::Due(until) => until,
            Phase::Idle(since) => since.max(activity.last()) + self.idle_timeout,
        }
    }
}
