//! The process's log, on standard error.

use crate::config::{Log, LogFormat};
use std::io::IsTerminal as _;
use tracing_subscriber::{
    EnvFilter, Registry, layer::SubscriberExt as _, reload, util::SubscriberInitExt as _,
};

/// Changes the level of the running process.
#[derive(Clone, Debug)]
pub struct LogControl {
    filter: reload::Handle<EnvFilter, Registry>,
}

/// Why a level cannot be set.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Not a level, nor directives.
    #[error("{level:?} is no log level ({reason}): write error, warn, info, debug or trace")]
    Level {
        /// What was asked for.
        level: String,
        /// What is wrong with it.
        reason: tracing_subscriber::filter::ParseError,
    },
    /// Something else logs in this process already.
    #[error("the log is set up already")]
    SetUpAlready,
}

/// Starts logging; call once.
pub fn start(config: &Log) -> Result<LogControl, LogError> {
    let (filter, handle) = reload::Layer::new(filter(&config.level)?);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter);
    let started = match config.format {
        LogFormat::Text => {
            let is_terminal = std::io::stderr().is_terminal();
            registry.with(lines.with_ansi(is_terminal)).try_init()
        }
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    started.map_err(|_| LogError::SetUpAlready)?;
    Ok(LogControl { filter: handle })
}

impl LogControl {
    /// Takes another level, or directives, from now on.
    pub fn set_level(&self, level: &str) -> Result<(), LogError> {
        self.filter.reload(filter(level)?).map_err(|_| LogError::SetUpAlready)
    }
}

fn filter(level: &str) -> Result<EnvFilter, LogError> {
    // What the decoder of sound files finds in them is nobody's business unless asked for.
    let quiet = if level.contains(SOUND_LIBRARY) { "" } else { ",symphonia=warn" };
    EnvFilter::try_new(format!("{level}{quiet}"))
        .map_err(|reason| LogError::Level { level: level.to_owned(), reason })
}

/// Prefix of its crates' names.
const SOUND_LIBRARY: &str = "symphonia";
