//! What the parts are joined with, and what the process asks of the operating system.

use super::BootError;
use crate::mediaserver::EventSink;
use base::Rng;
use call::Directory;
use media::MediaEvent;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sip::{dialog::DialogRecord, shard::shard_of_dialog};
use std::{net::IpAddr, sync::Arc};
use tokio::sync::mpsc;

/// Subscriptions with the shards that go on with them.
pub(super) fn by_shard<T: Clone>(
    kept: Vec<T>,
    shards: u8,
    dialog: impl Fn(&T) -> &DialogRecord,
) -> Vec<Vec<T>> {
    let mut parts = vec![Vec::new(); usize::from(shards)];
    for it in kept {
        let DialogRecord { local_tag, call_id, .. } = dialog(&it);
        let shard = shard_of_dialog(local_tag.as_bytes(), call_id, shards);
        parts[usize::from(shard)].push(it);
    }
    parts
}

/// Addresses that bring the calls of many, and so are not held to the limits of one phone.
pub(super) fn sources_of_trunks(directory: &Directory) -> Vec<IpAddr> {
    directory.trunks.values().flat_map(|it| it.sources.iter().copied()).collect()
}

pub(super) fn sink(inbox: mpsc::Sender<MediaEvent>) -> EventSink {
    Arc::new(move |event| inbox.try_send(event).map_err(|it| it.into_inner()))
}

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
