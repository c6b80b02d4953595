//! The owner of the CDR spool.

use super::Store;
use crate::config::CdrWriting;
use call::Cdr;
use std::path::Path;

/// Hands records to the writer; clones share its inbox.
#[derive(Clone, Debug)]
pub struct CdrSender {}

impl CdrSender {
    /// Hands over one record; never waits. An inbox that is full (the disk has been failing for a
    /// while) refuses the record, which is then counted and logged as lost.
    pub fn record(&self, _cdr: Cdr) {
        todo!()
    }

    /// Waits until everything recorded before is in the spool: a `kill -9` does not lose it.
    pub async fn spooled(&self) {
        todo!()
    }
}

/// The writer at work: a thread that owns the spool, and a task that brings it to the database.
#[derive(Debug)]
pub struct CdrWriter {}

impl CdrWriter {
    /// Opens the spool below `dir` and starts; what an earlier process left there goes first.
    pub fn start(
        _store: Store,
        _config: &CdrWriting,
        _dir: &Path,
    ) -> std::io::Result<(Self, CdrSender)> {
        todo!()
    }

    /// Takes in what waits, brings what it can to the database until `limit` is over, and stops.
    /// Returns how many bytes of spool are left for the next start.
    pub async fn drain(self, _limit: std::time::Duration) -> u64 {
        todo!()
    }
}
