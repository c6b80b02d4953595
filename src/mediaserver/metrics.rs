//! Figures of a worker, written by it alone and read by anyone.

use media::{Counters, DropReason, recording::RecordedCounts};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Figures of one worker; totals since its start unless said otherwise.
#[derive(Debug, Default)]
pub struct WorkerMetrics {
    /// Packets taken in, RTP and RTCP.
    pub packets_in: AtomicU64,
    /// RTCP packets among them that were believed.
    pub reports_in: AtomicU64,
    /// Packets sent: relayed, played, and reports.
    pub packets_out: AtomicU64,
    /// Packets that went nowhere, in the order of [`DropReason::ALL`].
    pub dropped: [AtomicU64; DropReason::ALL.len()],
    /// Packets that the kernel did not take.
    pub send_errors: AtomicU64,
    /// Playout ticks left out because the worker came too late.
    pub ticks_skipped: AtomicU64,
    /// Playout ticks that began [`media::TICK_LATE`] or more after their time.
    pub ticks_late: AtomicU64,
    /// Packets copied for recordings.
    pub recorded: AtomicU64,
    /// Packets left out of recordings because there was no room for them.
    pub recorded_lost: AtomicU64,
    /// Sessions that were closed by a panic in their handling.
    pub panics: AtomicU64,
    /// Events thrown away because their shard took none for long.
    pub events_lost: AtomicU64,
    /// Open sessions, at the moment.
    pub sessions: AtomicU64,
    /// Port pairs leased or in use, at the moment.
    pub ports_leased: AtomicU64,
    /// Port pairs that can still be leased (some after their rest), at the moment.
    pub ports_free: AtomicU64,
}

impl WorkerMetrics {
    pub(super) fn publish(&self, counters: &Counters) {
        self.packets_in.store(counters.packets_in, Relaxed);
        self.reports_in.store(counters.reports_in, Relaxed);
        self.packets_out.store(counters.packets_out, Relaxed);
        self.ticks_skipped.store(counters.ticks_skipped, Relaxed);
        self.ticks_late.store(counters.ticks_late, Relaxed);
        for (metric, count) in self.dropped.iter().zip(counters.dropped) {
            metric.store(count, Relaxed);
        }
    }

    pub(super) fn publish_recorded(&self, counts: RecordedCounts) {
        self.recorded.store(counts.packets, Relaxed);
        self.recorded_lost.store(counts.lost, Relaxed);
    }

    /// Packets dropped for one reason.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize].load(Relaxed)
    }
}
