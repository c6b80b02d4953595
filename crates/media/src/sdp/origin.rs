//! Our `o=` line.

use bytes::Bytes;

/// The origin of our descriptions towards one leg: one session id for the life of the dialog, and
/// a version that rises by one whenever our description changes and stays while it does not
/// (RFC 3264 section 8).
#[derive(Clone, Debug)]
pub struct Origin {
    session_id: u64,
    version: u64,
    last: Bytes,
}

impl Origin {
    /// Starts with version 0. `session_id` should be random; its upper two bits are cleared, since
    /// some phones read it as a signed number.
    pub fn new(session_id: u64) -> Self {
        Self { session_id: session_id >> 2, version: 0, last: Bytes::new() }
    }

    /// Our current description towards this leg, empty before the first.
    pub fn description(&self) -> &Bytes {
        &self.last
    }
}
