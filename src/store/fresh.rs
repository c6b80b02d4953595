//! Where new rows get their ids and times: the one place of the store that asks the system.

use super::StoreError;
use base::{Rng, UnixMillis};
use std::time::{SystemTime, UNIX_EPOCH};

/// The time and a generator seeded by the operating system.
pub(super) fn now_and_rng() -> Result<(UnixMillis, Rng), StoreError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|error| StoreError::Invalid(format!("the system gives no entropy: {error}")))?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    Ok((UnixMillis(millis), Rng::from_entropy(seed)))
}

/// A secret that nobody guesses, as text: 256 bits of chance.
pub(super) fn token() -> Result<String, StoreError> {
    let (_, mut rng) = now_and_rng()?;
    Ok(rng.hex(TOKEN_DIGITS))
}

const TOKEN_DIGITS: usize = 64;
