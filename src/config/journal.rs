//! `[journal]`

use super::{Problems, Server};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};

/// Where the journal of calls is, and how much of it is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JournalKeeping {
    /// The directory of its files.
    pub dir: PathBuf,
    /// Files whose last entry is older are deleted.
    pub keep: Duration,
    /// Most that it takes on the disk, in bytes; past it the oldest file is deleted.
    pub bytes_max: u64,
    /// Its files are about this long, in bytes.
    pub segment_bytes: u64,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    dir: Option<PathBuf>,
    keep_days: u32,
    mib_max: u32,
    segment_mib: u32,
}

impl Default for Raw {
    fn default() -> Self {
        Self { dir: None, keep_days: 90, mib_max: 4096, segment_mib: 8 }
    }
}

impl Raw {
    pub(super) fn check(self, server: &Server, problems: &mut Problems) -> JournalKeeping {
        let segment_mib = problems.in_range("journal.segment_mib", self.segment_mib, 1..=1024);
        let mib_max = problems.in_range("journal.mib_max", self.mib_max, 4..=1_048_576);
        if mib_max < segment_mib.saturating_mul(SEGMENTS_MIN) {
            problems.add("journal.mib_max", "must be at least four times journal.segment_mib");
        }
        if self.dir.as_ref().is_some_and(|it| it.as_os_str().is_empty()) {
            problems.add("journal.dir", "is empty: write a directory, or leave it out");
        }
        let days = problems.in_range("journal.keep_days", self.keep_days, 1..=3650);
        JournalKeeping {
            dir: self.dir.unwrap_or_else(|| server.data_dir.join("journal")),
            keep: Duration::from_hours(24) * days,
            bytes_max: u64::from(mib_max) << 20,
            segment_bytes: u64::from(segment_mib) << 20,
        }
    }
}

/// What the next start needs lies in the last files.
const SEGMENTS_MIN: u32 = 4;
