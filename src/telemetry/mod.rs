//! Logs and metrics.
//!
//! What may be logged: events at `info`, trouble at `warn` and `error`, anything personal (numbers,
//! addresses, names) at `debug` and below, a line for each packet or message at `trace` only.
//! Credentials never.

pub mod logs;
pub mod metrics;
pub mod panics;
