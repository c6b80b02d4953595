//! `[trace]`

use super::Problems;
use serde::Deserialize;

/// The SIP trace kept in memory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trace {
    /// Calls whose messages are kept, oldest forgotten first; 0 for none.
    pub calls: usize,
    /// Messages kept of one call.
    pub messages_max: usize,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    calls: u32,
    messages_max: u32,
}

impl Default for Raw {
    fn default() -> Self {
        Self { calls: 200, messages_max: 200 }
    }
}

impl Raw {
    pub(super) fn check(self, problems: &mut Problems) -> Trace {
        Trace {
            calls: problems.in_range("trace.calls", self.calls, 0..=100_000) as usize,
            messages_max: problems.in_range("trace.messages_max", self.messages_max, 1..=10_000)
                as usize,
        }
    }
}
