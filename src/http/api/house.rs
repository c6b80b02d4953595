//! What the API asks of the running server: to take over a change, and how it is.

use crate::config::{Config, Written};
use base::UnixMillis;
use call::{
    dialplan::{PlanError, Plans},
    outbound::OutboundAlarm,
};
use std::{future::Future, path::PathBuf, pin::Pin, sync::Arc};

/// The running server.
pub trait House: Send + Sync {
    /// Takes over domains, extensions and trunks as the database has them.
    fn reload_directory(&self) -> Done<'_>;
    /// The configuration as it was read last: what can change without a restart is in force.
    fn config(&self) -> Arc<Config>;
    /// What that configuration is made of.
    fn written_config(&self) -> Arc<Written>;
    /// Puts plans in force, on all shards.
    fn use_plans(&self, plans: Arc<Plans>) -> Done<'_>;
    /// Where dialplans lie.
    fn dialplans_dir(&self) -> PathBuf;
    /// Reads all dialplans, with another text for one file; they may name the sounds in force.
    fn load_plans(&self, changed: Option<(&str, &str)>) -> Result<Arc<Plans>, PlanTrouble>;
    /// Names of the music that can be played, in order.
    fn music(&self) -> Vec<String>;
    /// Alarms about calls out, the latest first; of all domains.
    fn outbound_alarms(&self) -> Vec<ToldAlarm>;
    /// How it is.
    fn vitals(&self) -> Pin<Box<dyn Future<Output = Vitals> + Send + '_>>;
}

/// A handle on it.
pub type HouseHandle = Arc<dyn House>;

/// Work under way; the error is for the log.
pub type Done<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Why dialplans cannot be loaded.
#[derive(Clone, Debug)]
pub enum PlanTrouble {
    /// They have mistakes.
    Mistakes(Vec<PlanError>),
    /// A file cannot be read, or a prompt cannot be played.
    Files(String),
}

/// An alarm about calls out.
#[derive(Clone, Debug)]
pub struct ToldAlarm {
    /// When.
    pub at: UnixMillis,
    /// About what.
    pub alarm: OutboundAlarm,
}

/// How the server is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vitals {
    /// Whether it takes new calls.
    pub is_ready: bool,
    /// Live calls.
    pub calls: u64,
    /// Their legs.
    pub legs: u64,
    /// Media sessions.
    pub media_sessions: u64,
    /// Signalling shards.
    pub shards: u64,
    /// What waits in the spool of the call log, in bytes.
    pub spool_bytes: u64,
}
