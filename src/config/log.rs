//! `[log]`

use super::Problems;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// The process's own log, on standard error.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Log {
    /// `info`, or directives such as `info,tandem::registrar=debug`. SIGHUP takes a new one.
    pub level: String,
    /// For people or for machines.
    pub format: LogFormat,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) level: String,
    pub(super) format: LogFormat,
}

impl Default for Raw {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Text }
    }
}

impl Raw {
    pub(super) fn check(self, problems: &mut Problems) -> Log {
        if let Err(error) = EnvFilter::try_new(&self.level) {
            problems.add(
                "log.level",
                format!(
                    "{:?} is no level ({error}): write error, warn, info, debug or trace",
                    self.level
                ),
            );
        }
        Log { level: self.level, format: self.format }
    }
}
