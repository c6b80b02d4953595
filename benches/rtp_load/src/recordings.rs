//! The room of the server that writes what is recorded, without its finisher.

#[path = "../../../src/recordings/journals.rs"]
mod journals;

use crate::mediaserver::TapeIn;
use std::{io, path::PathBuf, sync::Arc, thread::JoinHandle};
use tokio::sync::Notify;

/// Writes what comes by the tape.
pub(crate) fn start(directory: PathBuf, tape: TapeIn) -> io::Result<JoinHandle<()>> {
    journals::start(directory, tape, Arc::new(Notify::new()))
}

/// A journal that is being written.
const LIVE: &str = "live";
/// A journal that is over.
const JOURNAL: &str = "journal";
