//! RTCP of one session (RFC 3550 section 6): when we report and what, and what the far end told.
//!
//! Each leg has RTCP of its own: reports never pass from one far end to the other, which would
//! learn of packets that it neither sent nor heard wherever we splice, transcode or play.

use crate::rtcp::{Block, CNAME_LEN, REPORT_MAX, Report, Sent, Told, read};
use base::Rng;
use std::time::{Duration, Instant};

/// State of the reports between a far end and us.
#[derive(Debug)]
pub(crate) struct Reports {
    /// Names us while we have sent nothing.
    ssrc: u32,
    cname: [u8; CNAME_LEN],
    due_at: Instant,
    /// The middle of the NTP time in the far end's last sender report, and when it came.
    sender_report: Option<(u32, Instant)>,
    /// What the figures were when we reported last.
    reported: Counts,
    sent_reported: u64,
    /// What the far end told last of our stream, and when.
    told: Option<(Block, Instant)>,
    round_trips: RoundTrips,
}

/// Of the far end's stream, from its beginning.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts {
    /// Packets that it should have had.
    pub(crate) expected: u64,
    /// Packets that came.
    pub(crate) received: u64,
}

/// What a report of ours tells about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// The stream that we hear. Its fraction lost and the times of the sender report are for
    /// [`Reports`] to fill in.
    pub(crate) heard: Option<Block>,
    /// The counts of that stream.
    pub(crate) counts: Counts,
    /// SSRC of the stream that we send, and its clock's time now.
    pub(crate) stream: Option<(u32, u32)>,
    /// Packets that we sent in all.
    pub(crate) packets_sent: u64,
    /// Their payload, in bytes.
    pub(crate) bytes_sent: u64,
}

/// What the far end told of the stream that it hears of us.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FarView {
    /// Packets that it lost in all.
    pub(crate) packets_lost: i32,
    /// Share of the packets that it lost between its last two reports.
    pub(crate) fraction_lost: f32,
    /// Jitter, in ticks of our stream's clock.
    pub(crate) jitter_ticks: u32,
}

impl Reports {
    /// Of a session that begins. The first report is due after half the interval of the others.
    pub(crate) fn new(now: Instant, rng: &mut Rng) -> Self {
        Self {
            ssrc: rng.u32(),
            // 96 random bits, as RFC 7022 section 4.2 wants for a session alone.
            cname: std::array::from_fn(|_| BASE64[rng.u32() as usize % BASE64.len()]),
            due_at: now + interval(rng) / 2,
            sender_report: None,
            reported: Counts::default(),
            sent_reported: 0,
            told: None,
            round_trips: RoundTrips::default(),
        }
    }

    /// Takes in a valid packet of the far end. `ssrc` is that of our stream, if we send one, `age`
    /// the time on the clock of our sender reports.
    pub(crate) fn take(&mut self, now: Instant, age: Duration, ssrc: Option<u32>, packet: &[u8]) {
        for told in read(packet) {
            match told {
                Told::Sends(ntp) => self.sender_report = Some((ntp, now)),
                Told::Hears(block) if Some(block.ssrc) == ssrc => {
                    self.told = Some((block, now));
                    if block.last_sender_report != 0 {
                        let since_sent = middle(ntp(age)).wrapping_sub(block.last_sender_report);
                        self.round_trips.add(since_sent.wrapping_sub(block.since_sender_report));
                    }
                }
                Told::Hears(_) => {}
            }
        }
    }

    /// Whether a report is due.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.due_at <= now
    }

    /// Writes a report; returns its length, or `None` while there is nothing to tell. `age` is the
    /// time on our clock.
    pub(crate) fn write(
        &mut self,
        now: Instant,
        age: Duration,
        facts: &Facts,
        is_last: bool,
        out: &mut [u8; REPORT_MAX],
    ) -> Option<usize> {
        if facts.heard.is_none() && facts.packets_sent == 0 {
            return None;
        }
        let fraction_lost = self.fraction_lost(facts.counts);
        let heard = facts.heard.map(|block| Block {
            fraction_lost: (fraction_lost * 256.0).min(255.0) as u8,
            last_sender_report: self.sender_report.map_or(0, |(ntp, _)| ntp),
            since_sender_report: self
                .sender_report
                .map_or(0, |(_, came)| middle(ntp(now.saturating_duration_since(came)))),
            ..block
        });
        let has_sent = facts.packets_sent > self.sent_reported;
        let sent = facts.stream.filter(|_| has_sent).map(|(_, timestamp)| Sent {
            ntp: ntp(age),
            timestamp,
            packets: facts.packets_sent as u32,
            bytes: facts.bytes_sent as u32,
        });
        let ssrc = facts.stream.map_or(self.ssrc, |(ssrc, _)| ssrc);
        Some(Report { ssrc, sent, heard, cname: &self.cname, is_last }.write(out))
    }

    /// A report was made: the next comes after an interval of its own.
    pub(crate) fn made(&mut self, now: Instant, facts: &Facts, rng: &mut Rng) {
        self.reported = facts.counts;
        self.sent_reported = facts.packets_sent;
        self.due_at = now + interval(rng);
    }

    /// Share of the far end's packets that were lost since our last report.
    pub(crate) fn fraction_lost(&self, counts: Counts) -> f32 {
        let expected = counts.expected.saturating_sub(self.reported.expected);
        let received = counts.received.saturating_sub(self.reported.received);
        expected.saturating_sub(received) as f32 / expected.max(1) as f32
    }

    /// What the far end told last, however long ago.
    pub(crate) fn far_view(&self) -> Option<FarView> {
        self.told.map(|(block, _)| FarView::of(&block))
    }

    /// The same, if it told it lately.
    pub(crate) fn fresh_far_view(&self, now: Instant) -> Option<FarView> {
        let (block, at) = self.told.as_ref()?;
        (now.saturating_duration_since(*at) <= FRESH).then(|| FarView::of(block))
    }

    /// Round trip between the far end and us, in milliseconds: the last, and the mean of all.
    pub(crate) fn rtt_ms(&self) -> Option<(f32, f32)> {
        let RoundTrips { last_ms, sum_ms, count } = self.round_trips;
        (count > 0).then(|| (last_ms, sum_ms / count as f32))
    }
}

impl FarView {
    fn of(block: &Block) -> Self {
        Self {
            packets_lost: block.packets_lost,
            fraction_lost: f32::from(block.fraction_lost) / 256.0,
            jitter_ticks: block.jitter_ticks,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct RoundTrips {
    last_ms: f32,
    sum_ms: f32,
    count: u32,
}

impl RoundTrips {
    /// Adds one, in 65536ths of a second. Clocks that drift can make a short one negative; what no
    /// network does is not believed.
    fn add(&mut self, span: u32) {
        let ms = span.cast_signed() as f32 / 65.536;
        if (-RTT_DRIFT_MS..RTT_MS_MAX).contains(&ms) {
            self.last_ms = ms.max(0.0);
            self.sum_ms += self.last_ms;
            self.count += 1;
        }
    }
}

/// [`INTERVAL`], a half more or less by chance, so that reports do not come in step. Two members have
/// nothing to reconsider, so that nothing makes up for it (RFC 3550 section 6.3.1).
fn interval(rng: &mut Rng) -> Duration {
    let percent = 50 + rng.u32() % 101;
    INTERVAL * percent / 100
}

/// A span in NTP's format: seconds, and their 2³² parts.
fn ntp(span: Duration) -> u64 {
    (span.as_secs() << 32) | ((u64::from(span.subsec_nanos()) << 32) / 1_000_000_000)
}

/// The middle 32 bits: 65536ths of a second.
fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// What a name is written in.
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Between two reports on average: the shortest that section 6.2 recommends.
const INTERVAL: Duration = Duration::from_millis(5000);
/// How long what the far end told counts as what it hears now: three intervals.
const FRESH: Duration = Duration::from_secs(15);
const RTT_MS_MAX: f32 = 10_000.0;
const RTT_DRIFT_MS: f32 = 20.0;
