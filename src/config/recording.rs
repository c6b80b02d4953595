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
    /// What the files are in.
    pub format: RecordingFormat,
}

/// What the file of a recording is in.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingFormat {
    /// Linear samples: nothing is lost, and every program plays it.
    #[default]
    Wav,
    /// Opus in Ogg (RFC 7845): a fifth of the size or less.
    Opus,
}

impl RecordingFormat {
    /// How names of such files end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Opus => "opus",
        }
    }

    /// Of a file by its name, whatever new ones are in.
    pub fn of(file: &str) -> Self {
        if file.ends_with(".opus") { Self::Opus } else { Self::Wav }
    }

    /// What browsers are told that such a file is.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Wav => "audio/wav",
            Self::Opus => "audio/ogg; codecs=opus",
        }
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    dir: Option<PathBuf>,
    keep_days: u32,
    tone: bool,
    format: RecordingFormat,
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
            format: self.format,
            keep: (days > 0).then(|| DAY * days),
        }
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
