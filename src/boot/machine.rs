//! What is asked of the operating system before anything starts.

use super::BootError;
use base::Rng;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A call holds up to four sockets; many systems start a process with 1024 files. Lifts the soft
/// limit to the hard one, which is all that may be asked for.
pub(super) fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, ..limit };
    match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => tracing::debug!(files = limit.maximum, "file limit raised"),
        Err(error) => tracing::warn!(%error, "the limit of open files stays as it is"),
    }
}

/// Chance that nobody can guess.
pub(super) fn entropy() -> Result<Rng, BootError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| BootError::System(error.to_string()))?;
    Ok(Rng::from_entropy(seed))
}
