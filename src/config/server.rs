//! `[server]`

use super::Problems;
use serde::{Deserialize, Serialize, Serializer};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Where things lie and how the process ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Server {
    /// What the server writes: the database, the CDR spool.
    pub data_dir: PathBuf,
    /// Dialplans, one file each.
    pub dialplans_dir: PathBuf,
    /// Prompts.
    pub sounds_dir: PathBuf,
    /// How long SIGTERM waits for calls to end by themselves.
    pub drain_limit: Duration,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    #[serde(serialize_with = "as_far_as_text")]
    pub(super) data_dir: PathBuf,
    dialplans_dir: PathBuf,
    sounds_dir: PathBuf,
    drain_limit_s: u32,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            data_dir: "var".into(),
            dialplans_dir: "dialplans".into(),
            sounds_dir: "sounds".into(),
            drain_limit_s: 300,
        }
    }
}

impl Raw {
    pub(super) fn check(self, problems: &mut Problems) -> Server {
        let dirs = [
            ("server.data_dir", &self.data_dir),
            ("server.dialplans_dir", &self.dialplans_dir),
            ("server.sounds_dir", &self.sounds_dir),
        ];
        for (key, dir) in dirs {
            if dir.as_os_str().is_empty() {
                problems.add(key, "is empty: write a directory");
            }
        }
        Server {
            data_dir: self.data_dir,
            dialplans_dir: self.dialplans_dir,
            sounds_dir: self.sounds_dir,
            drain_limit: problems.seconds("server.drain_limit_s", self.drain_limit_s, 0..=86_400),
        }
    }
}

/// A flag may name a directory whose name is no text.
fn as_far_as_text<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&path.to_string_lossy())
}
