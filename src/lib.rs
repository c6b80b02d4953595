//! The shell of Tandem: everything that touches a socket, a file, a clock or the database.
//!
//! The binary hands what [`cli`] has read to [`boot`] or [`cli::admin`]; tests use the rooms directly.
//! Cores live in `crates/`.

pub mod board;
pub mod boot;
pub mod causes;
pub mod cli;
pub mod clock;
pub mod config;
pub mod events;
pub mod fetcher;
pub mod http;
pub mod mail;
pub mod mediaserver;
pub mod recordings;
pub mod registrar;
pub mod signalling;
pub mod sound_file;
pub mod store;
pub mod subscriptions;
pub mod telemetry;
pub mod texts;
pub mod transport;
pub mod voicemail;
