//! `[recording]`

use super::{Problems, Server};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};

/// Where recordings of calls are, and for how long.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recording {
    /// The directory of the files.
    pub dir: PathBuf,
    /// How long a file is kept; `None` for ever.
    pub keep: Option<Duration>,
    /// Whether those who are recorded hear a tone each 15 s that tells them so.
    pub has_tone: bool,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    dir: Option<PathBuf>,
    keep_days: u32,
    tone: bool,
}

impl Raw {
    pub(super) fn check(self, server: &Server, problems: &mut Problems) -> Recording {
        let days = problems.in_range("recording.keep_days", self.keep_days, 0..=36_500);
        if self.dir.as_ref().is_some_and(|it| it.as_os_str().is_empty()) {
            problems.add("recording.dir", "is empty: write a directory, or leave it out");
        }
        Recording {
            dir: self.dir.unwrap_or_else(|| server.data_dir.join("recordings")),
            has_tone: self.tone,
            keep: (days > 0).then(|| DAY * days),
        }
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
