//! Figures of the media workers for whoever scrapes them.

use crate::{
    mediaserver::WorkerMetrics,
    telemetry::metrics::{
        RECORDING_PACKETS, RECORDING_PACKETS_LOST, RTCP_RECEIVED, RTP_DROPPED, RTP_RECEIVED,
        RTP_SENT, TICKS_LATE, TICKS_SKIPPED,
    },
};
use media::DropReason;
use metrics::counter;
use std::sync::{Arc, atomic::Ordering::Relaxed};

/// Brings the figures of all workers together for whoever scrapes them.
pub(super) fn report_media(workers: &[Arc<WorkerMetrics>]) {
    let total = |figure: &dyn Fn(&WorkerMetrics) -> u64| workers.iter().map(|it| figure(it)).sum();
    counter!(RTP_RECEIVED).absolute(total(&|it| it.packets_in.load(Relaxed)));
    counter!(RTCP_RECEIVED).absolute(total(&|it| it.reports_in.load(Relaxed)));
    counter!(RTP_SENT).absolute(total(&|it| it.packets_out.load(Relaxed)));
    counter!(TICKS_SKIPPED).absolute(total(&|it| it.ticks_skipped.load(Relaxed)));
    counter!(TICKS_LATE).absolute(total(&|it| it.ticks_late.load(Relaxed)));
    counter!(RECORDING_PACKETS).absolute(total(&|it| it.recorded.load(Relaxed)));
    counter!(RECORDING_PACKETS_LOST).absolute(total(&|it| it.recorded_lost.load(Relaxed)));
    for reason in DropReason::ALL {
        counter!(RTP_DROPPED, "reason" => reason.name()).absolute(total(&|it| it.dropped(reason)));
    }
}
