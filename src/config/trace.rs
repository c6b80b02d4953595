//! `[trace]`

use super::Problems;
use serde::{Deserialize, Serialize};

/// The SIP trace kept in memory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trace {
    /// Calls whose messages are kept, oldest forgotten first; 0 for none.
    pub calls: usize,
    /// Memory for their messages, in KiB; past it the oldest calls are forgotten earlier.
    pub kib_max: usize,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    calls: u32,
    kib_max: u32,
}

impl Default for Raw {
    fn default() -> Self {
        Self { calls: 200, kib_max: 8192 }
    }
}

impl Raw {
    pub(super) fn check(self, problems: &mut Problems) -> Trace {
        Trace {
            calls: problems.in_range("trace.calls", self.calls, 0..=100_000) as usize,
            kib_max: problems.in_range("trace.kib_max", self.kib_max, 64..=1_048_576) as usize,
        }
    }
}
