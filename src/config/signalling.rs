//! `[signalling]`

use super::Problems;
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;

/// How call signalling is spread over cores.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signalling {
    /// Shards; one unless set, since calls of different shards cannot be joined.
    pub shards: NonZeroUsize,
    /// Messages that may wait for a shard; past it new INVITEs are refused with 503.
    pub inbox_max: usize,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    shards: u32,
    inbox_max: u32,
}

impl Default for Raw {
    fn default() -> Self {
        Self { shards: 1, inbox_max: 8192 }
    }
}

impl Raw {
    pub(super) fn check(self, problems: &mut Problems) -> Signalling {
        Signalling {
            shards: count_or_half_the_cores("signalling.shards", self.shards, problems),
            inbox_max: problems.in_range("signalling.inbox_max", self.inbox_max, 64..=1_000_000)
                as usize,
        }
    }
}

/// 0 stands for half the cores, at least 1.
pub(super) fn count_or_half_the_cores(
    key: &str,
    count: u32,
    problems: &mut Problems,
) -> NonZeroUsize {
    let count = problems.in_range(key, count, 0..=WORKERS_MAX);
    NonZeroUsize::new(count as usize).unwrap_or_else(|| {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let most = WORKERS_MAX as usize;
        NonZeroUsize::new((cores / 2).min(most)).unwrap_or(NonZeroUsize::MIN)
    })
}

/// A shard's or worker's number fits a byte.
const WORKERS_MAX: u32 = 255;
