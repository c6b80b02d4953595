//! The owner of all registration bindings: one task, one copy in memory, one record in SQL.
//!
//! Shards send authenticated REGISTERs into the registrar's inbox. It applies the rules of
//! [`sip::bindings`], commits to the database, and only then answers and shows the bindings to the
//! shards through [`Locations`]. Requests that wait together are committed together.
//!
//! Bounds: [`INBOX_MAX`] requests wait; a shard that finds the inbox full answers 503 itself. A
//! shard's reply channel holds [`REPLIES_MAX`]; a reply that does not fit is dropped and logged, and
//! the phone asks again. Whoever shows lines is told who comes and goes through a channel of
//! [`FACTS_MAX`]; what does not fit waits, the latest of each address of record, and is tried again.
//! So are those who tell watchers and deliver messages, of every change of devices.

mod book;
mod locations;
mod store;
mod task;

pub use locations::Locations;
pub use store::{BindingStore, CommitError};
pub use task::Registrar;

use crate::config;
use sip::bindings::{BindingPolicy, Overflow};

/// Most commands that wait for the registrar.
pub const INBOX_MAX: usize = 4096;

/// Most requests that are committed in one transaction.
pub const BATCH_MAX: usize = 256;

/// Capacity of a shard's reply channel: as many as can be under way.
pub const REPLIES_MAX: usize = INBOX_MAX + BATCH_MAX;

/// Capacity of the channel to whoever shows lines.
pub const FACTS_MAX: usize = 1024;

/// The rules as configured.
pub fn policy(config: &config::Registrar) -> BindingPolicy {
    let seconds = |it: std::time::Duration| u32::try_from(it.as_secs()).unwrap_or(u32::MAX);
    BindingPolicy {
        expires_s_min: seconds(config.expires_min),
        expires_s_max: seconds(config.expires_max),
        expires_s_default: seconds(config.expires_default),
        bindings_max: config.contacts_max,
        overflow: Overflow::ReplaceOldest,
    }
}

#[cfg(test)]
mod tests;
