//! `[cdr]`

use super::Problems;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How call detail records get to the database.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CdrWriting {
    /// Most records in one transaction.
    pub batch_max: usize,
    /// How long a record may wait for others of its batch.
    pub batch_interval: Duration,
    /// Records that may wait for the spool, in memory.
    pub inbox_max: usize,
    /// The spool's files are about this long, in bytes.
    pub segment_bytes: u64,
    /// Most that may lie in the spool while the database is away, in bytes.
    pub spool_bytes_max: u64,
    /// How often the spool is forced to the disk: what a power cut may cost.
    pub sync_interval: Duration,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    batch_max: u32,
    batch_interval_ms: u32,
    inbox_max: u32,
    segment_mib: u32,
    spool_mib_max: u32,
    sync_interval_ms: u32,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            batch_max: 512,
            batch_interval_ms: 200,
            inbox_max: 16_384,
            segment_mib: 8,
            spool_mib_max: 4096,
            sync_interval_ms: 1000,
        }
    }
}

impl Raw {
    pub(super) fn check(self, problems: &mut Problems) -> CdrWriting {
        let segment_mib = problems.in_range("cdr.segment_mib", self.segment_mib, 1..=1024);
        let spool_mib = problems.in_range("cdr.spool_mib_max", self.spool_mib_max, 2..=1_048_576);
        if spool_mib < segment_mib.saturating_mul(2) {
            problems.add("cdr.spool_mib_max", "must be at least twice cdr.segment_mib");
        }
        CdrWriting {
            batch_max: problems.in_range("cdr.batch_max", self.batch_max, 1..=BATCH_MOST) as usize,
            batch_interval: problems.millis(
                "cdr.batch_interval_ms",
                self.batch_interval_ms,
                1..=60_000,
            ),
            inbox_max: problems.in_range("cdr.inbox_max", self.inbox_max, 64..=1_000_000) as usize,
            segment_bytes: u64::from(segment_mib) << 20,
            spool_bytes_max: u64::from(spool_mib) << 20,
            sync_interval: problems.millis(
                "cdr.sync_interval_ms",
                self.sync_interval_ms,
                10..=60_000,
            ),
        }
    }
}

/// A transaction that holds SQLite's only write lock should be short.
const BATCH_MOST: u32 = 8192;
